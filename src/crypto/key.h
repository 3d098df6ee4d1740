/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * key.h - key material ready for use: made once from an object's attributes, shared by all
 * operations on it, immutable, reference-counted, usable from many threads.
 *
 * Holds an EVP_PKEY, or secret bytes (own wiped memory) with whatever keyed contexts are worth
 * keeping (a keyed EVP_CIPHER_CTX or EVP_MAC_CTX template to copy from). Wiped with its last
 * reference.
 */
#ifndef TEE_CRYPTO_KEY_H
#define TEE_CRYPTO_KEY_H

#include "model/attrs.h"

struct key;

/* From a complete public, private or secret key object. CKR_KEY_TYPE_INCONSISTENT when the object
 * is no key or of a type the token cannot use; CKR_ATTRIBUTE_VALUE_INVALID when the material is no
 * key of its type. */
NODISCARD CK_RV key_from_attrs(const struct attrs *a, struct key **ret);
/* From a data object, for mechanisms that derive from one (MECH_DATA_IS_BASE): its CKA_VALUE, of
 * class CKO_DATA and of no key type. CKR_HOST_MEMORY. */
NODISCARD CK_RV key_from_data(const struct attrs *a, struct key **ret);
struct key *key_ref(struct key *k);
void key_unref(struct key *k); /* NULL is allowed */
DEFINE_AUTO(key_unrefp, struct key, key_unref)

CK_OBJECT_CLASS key_class(const struct key *k);
CK_KEY_TYPE key_type(const struct key *k);
/* Size in bits (RSA modulus, EC field, secret value). */
CK_ULONG key_bits(const struct key *k);

/* Bits of security, at most 256, by which keys of different types compare (SP 800-57 part 1 table
 * 2; RSA sizes between its rows by the formula of FIPS 140's implementation guidance 7.5, rounded
 * down to 8). A secret of n bits has n. */
CK_ULONG key_strength(const struct key *k);

/*
 * For C_CreateObject, C_UnwrapKey and C_DeriveKey: check the key material in `a` (a point on its
 * curve, RSA components that belong together and are large enough, an EC private key in range,
 * AES lengths) and add what follows from it: CKA_MODULUS_BITS, CRT values, CKA_PUBLIC_EXPONENT,
 * CKA_VALUE_LEN, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE (never for secrets shorter than 128 bits), a
 * private EC key's... nothing that was not asked for otherwise. Certificates: CKA_VALUE must parse;
 * CKA_PUBLIC_KEY_INFO and CKA_CHECK_VALUE are added, and CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER
 * when empty. Objects that are neither are CKR_OK. CKR_ATTRIBUTE_VALUE_INVALID,
 * CKR_TEMPLATE_INCONSISTENT, CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED.
 */
NODISCARD CK_RV key_complete(struct attrs *a);

/*
 * CKA_CHECK_VALUE of a secret key that is a session object: it costs a tenth of making the key, and
 * most of these are used and forgotten without anybody asking. So key_complete() and gen_key()
 * leave it out where CKA_TOKEN is false and the application gave none, and the object owes it:
 * whoever shows, compares or stores attributes sees to it (core/object.h). Of what is stored it is
 * there from the start.
 *
 * key_check_value(): of a secret key; an EVP failure is CKR_FUNCTION_FAILED.
 * key_settle(): set it, in a set that owes it.
 */
#define KEY_CHECK_VALUE 3 /* bytes */
bool key_owes_check_value(const struct attrs *a);
NODISCARD CK_RV key_check_value(const struct attrs *a, uint8_t ret[KEY_CHECK_VALUE]);
NODISCARD CK_RV key_settle(struct attrs *a);

#endif
