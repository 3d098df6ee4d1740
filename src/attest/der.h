/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * der.h - DER values of the project's own ASN.1 module (evidence.asn) through libtasn1.
 *
 * Reading is strict: der_decode() and the functions that read a field take exactly the one encoding
 * that der_encode() would make, so equal values have equal bytes, and a hash of the bytes is a hash
 * of the value. There is no state
 * between calls; any thread may use any value of its own.
 *
 * Names of fields are libtasn1's: "store.id", "certificates.?1" (elements count from 1).
 * Errors: CKR_HOST_MEMORY, and CKR_DATA_INVALID for bytes or values that the type does not have.
 */
#ifndef TEE_ATTEST_DER_H
#define TEE_ATTEST_DER_H

#include "util/buf.h"

struct asn1_node_st; /* libtasn1's; its header does not go together with OpenSSL's */

struct der {
    struct asn1_node_st *node; /* NULL: nothing */
    struct span from;          /* what was decoded; der_span() points into it */
};

#define DER_INIT ((struct der){.node = NULL, .from = {.p = NULL, .n = 0}})

/* Usable with AUTO(). */
void der_clear(struct der *d);

/* An empty value of a type of the module, "Evidence". */
NODISCARD CK_RV der_new(const char *type, struct der *ret);
/* Decode; the bytes are borrowed and must outlive *ret. */
NODISCARD CK_RV der_decode(const char *type, struct span bytes, struct der *ret);
/* Append the encoding. CKR_DATA_INVALID: a field was not set. */
NODISCARD CK_RV der_encode(const struct der *d, struct buf *ret);

NODISCARD CK_RV der_set_bytes(struct der *d, const char *field, struct span bytes);
NODISCARD CK_RV der_set_number(struct der *d, const char *field, uint64_t v);
NODISCARD CK_RV der_set_bool(struct der *d, const char *field, bool v);
/* Choose an alternative of a CHOICE. */
NODISCARD CK_RV der_set_choice(struct der *d, const char *field, const char *alternative);
/* Leave an OPTIONAL field out. */
NODISCARD CK_RV der_set_absent(struct der *d, const char *field);
/* Append an element to a SEQUENCE OF of bytes. */
NODISCARD CK_RV der_add_bytes(struct der *d, const char *list, struct span bytes);

/* Of a decoded value: the content of an OCTET STRING or string, borrowed from the input. */
NODISCARD CK_RV der_span(const struct der *d, const char *field, struct span *ret);
/* Content of exactly n bytes, copied. */
NODISCARD CK_RV der_copy(const struct der *d, const char *field, void *ret, size_t n);
/* CKR_DATA_INVALID: negative, more than 64 bits, or not the shortest form. */
NODISCARD CK_RV der_number(const struct der *d, const char *field, uint64_t *ret);
NODISCARD CK_RV der_bool(const struct der *d, const char *field, bool *ret);
/* Which alternative a CHOICE has: its name into ret[32]. */
NODISCARD CK_RV der_choice(const struct der *d, const char *field, char ret[32]);
/* Is an OPTIONAL field there? */
bool der_present(const struct der *d, const char *field);
/* Elements of a SEQUENCE OF. */
NODISCARD CK_RV der_count(const struct der *d, const char *list, size_t *ret);

#endif
