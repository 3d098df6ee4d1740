/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto_fixture.h - for the tests of src/crypto/: keys of every type and size that the mechanism
 * table knows, mechanisms with parameters that are right, and bytes written as hex.
 */
#ifndef TEE_TEST_CRYPTO_FIXTURE_H
#define TEE_TEST_CRYPTO_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/gen.h"
#include "crypto/op.h"

#define T_OK(call)     assert_int_equal((call), CKR_OK)
#define T_RV(rv, call) assert_int_equal((call), (rv))

#define HEX_MAX 4096 /* bytes */

/* Bytes from hex; blanks are skipped. */
struct hex {
    size_t n;
    uint8_t p[HEX_MAX];
};
struct hex hex(const char *text);
static inline struct span hex_span(const struct hex *h)
{
    return span_of(h->p, h->n);
}
void assert_span_equal(struct span a, struct span b);

/* A mechanism with a right parameter for its row. Points into itself: it stays where it is made. */
struct fixture_mech {
    CK_MECHANISM m;
    uint8_t iv[16];
    CK_RSA_PKCS_OAEP_PARAMS oaep; /* inside another */
    union {
        CK_RSA_PKCS_PSS_PARAMS pss;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
        CK_AES_CTR_PARAMS ctr;
        CK_GCM_PARAMS gcm;
        CK_CCM_PARAMS ccm;
        CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha;
        CK_MAC_GENERAL_PARAMS mac;
        CK_TLS_MAC_PARAMS tls_mac;
        CK_RSA_AES_KEY_WRAP_PARAMS rsa_aes;
        CK_ECDH1_DERIVE_PARAMS ecdh;
    } param;
};
/* n_data: bytes that will be encrypted, which CCM wants to know. */
void fixture_mech(struct fixture_mech *f, const struct mech *row, size_t n_data);

/* An object's first attributes: class and key type. */
struct attrs *fixture_attrs(CK_OBJECT_CLASS class, CK_KEY_TYPE type);
/* A secret key object and key with a value of n bytes (1, 2, 3, ...). */
struct attrs *fixture_secret_attrs(CK_KEY_TYPE type, struct span value);
struct key *fixture_secret(CK_KEY_TYPE type, struct span value);
/* An RSA pair of 2048 or 8192 bits: fixed, complete with CRT values. */
void fixture_rsa_attrs(unsigned bits, struct attrs **ret_public, struct attrs **ret_private);
/* A new pair on a curve, by the value of CKA_EC_PARAMS. */
void fixture_ec_attrs(CK_KEY_TYPE type, struct span params, struct attrs **ret_public,
                      struct attrs **ret_private);
struct key *fixture_key_from(const struct attrs *a);

/* The smallest or largest key that the row makes signatures or ciphertexts with; for RSA 2048 or
 * 8192 bits. `use` says which half: CKF_SIGN, CKF_VERIFY, ... A reference; kept until
 * fixture_keys_free(). */
struct key *fixture_key(const struct mech *row, bool largest, CK_FLAGS use);
void fixture_keys_free(void);

/* Single-part operations, with asserts. The result is appended to ret. */
void fixture_once(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m, struct key *k,
                  struct span in, struct buf *ret);
/* The same in parts of `part` bytes. */
void fixture_parts(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m, struct key *k,
                   struct span in, size_t part, struct buf *ret);
/* Derive one object from a key that was made of `base` (NULL: whose attributes nobody asks for). */
CK_RV fixture_derive(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                     const struct attrs *base, struct attrs *a);
CK_RV fixture_verify(const struct mech *row, const CK_MECHANISM *m, struct key *k, struct span in,
                     struct span signature);

#endif
