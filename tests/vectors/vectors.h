/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors.h - test vectors in Wycheproof's JSON form, driven through the PKCS#11 interface.
 *
 * A file holds groups, a group holds vectors, each with a result: valid, invalid or acceptable. A
 * *family* knows how to run the vectors of one type; it answers CKR_OK (the module does what the
 * vector says), one of the codes by which the module may refuse such a vector, or something else,
 * which is a fault whatever the vector's result. Acceptable vectors are judged by a rule for each
 * of their flags, and what a valid vector may be refused for is in a table of limits (rules.c).
 */
#ifndef TEE_TESTS_VECTORS_H
#define TEE_TESTS_VECTORS_H

#include "support/reference.h"

#include <jansson.h>

/* The module answered, but not what the vector says; vector_wrong() has the words. */
#define VECTOR_WRONG ((CK_RV)0xf0000001UL)

struct vector {
    const char *algorithm; /* of the file */
    const json_t *group, *test;
    bool is_valid; /* its result is "valid" */
};

typedef CK_RV vector_run(const struct vector *v);
typedef CK_MECHANISM_TYPE vector_mechanism(const struct vector *v);

struct family {
    const char *type;            /* of the groups */
    vector_mechanism *mechanism; /* which the token must list; of the file's first vector */
    vector_run *run;
    const CK_RV *refusals; /* by which the module may refuse a vector; ends with CKR_OK */
};

extern const struct family *const families[];
extern const struct family family_aead, family_agree_point, family_agree_raw, family_cipher,
    family_decrypt_oaep, family_decrypt_pkcs1, family_ecdsa, family_eddsa, family_hkdf, family_mac,
    family_mac_iv, family_pbkdf, family_pkcs1_sign, family_pkcs1_verify, family_pss, family_wrap;

/* A user's session, for all vectors. */
extern CK_SESSION_HANDLE vector_session;

/* -- steps ------------------------------------------------------------------------------------ */

/* The call succeeds, or the function returns what it returned; the call is named in reports. */
#define STEP(call)                                                                                 \
    do {                                                                                           \
        const CK_RV step_rv_ = vector_step(#call, (call));                                         \
        if (step_rv_ != CKR_OK)                                                                    \
            return step_rv_;                                                                       \
    } while (0)

CK_RV vector_step(const char *call, CK_RV rv);
/* Returns VECTOR_WRONG, with the words for the report (a literal). */
CK_RV vector_wrong(const char *why);
/* CKR_OK when both are the same bytes, else vector_wrong(why). */
CK_RV vector_same(struct span is, struct span expected, const char *why);
/* For a report: what the last step or vector_wrong() was about. */
const char *vector_said(void);

/* -- JSON (json.c) ---------------------------------------------------------------------------- */

/* Members that must be there, else the test fails: text, whole number, hexadecimal bytes. Bytes
 * live until vector_bytes_free(), and are never NULL. */
const char *json_text(const json_t *object, const char *name);
CK_ULONG json_number(const json_t *object, const char *name);
struct span json_bytes(const json_t *object, const char *name);
bool json_has_flag(const json_t *test, const char *flag);
/* Room for n bytes, zeroed, that lives as long. */
uint8_t *vector_bytes_new(size_t n);
void vector_bytes_free(void);

/* -- keys (keys.c): session objects that live until keys_drop() or, of a group, group_drop() --- */

/* A secret key with the usages of `usage`, a list that ends with 0: CKA_SIGN, ... */
CK_RV key_secret(CK_KEY_TYPE type, struct span value, const CK_ATTRIBUTE_TYPE *usage,
                 CK_OBJECT_HANDLE *ret);
CK_RV key_curve_private(const char *curve, struct span value, CK_OBJECT_HANDLE *ret);
/* The key of the vector's group: made for the first vector of a group and kept for the others. */
CK_RV key_rsa_public(const struct vector *v, CK_OBJECT_HANDLE *ret);
CK_RV key_rsa_private(const struct vector *v, CK_OBJECT_HANDLE *ret);
CK_RV key_curve_public(const struct vector *v, const char *point, CK_OBJECT_HANDLE *ret);
void keys_drop(void);
void group_drop(void);

/* -- operations (run.c): in one call and in parts, which must agree -----------------------------
 */

CK_RV run_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data, struct span signature);
/* The signature must be the one given. */
CK_RV run_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct span data, struct span signature);
/* Into *ret, which lives as long as json_bytes(). `parts`: in parts as well. */
CK_RV run_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, bool parts, struct span in,
                  struct span *ret);
CK_RV run_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, bool parts, struct span in,
                  struct span *ret);

/* -- hashes by the names that vectors give them ------------------------------------------------ */

struct vector_hash {
    const char *name; /* SHA-256 */
    CK_MECHANISM_TYPE digest, hmac, hmac_general, rsa_pkcs, rsa_pss, ecdsa;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_KEY_TYPE hmac_key;
};
/* The test fails where there is none. */
const struct vector_hash *vector_hash_of(const char *name);

/* -- rules (rules.c) --------------------------------------------------------------------------- */

/* Whether an acceptable vector is to be accepted: every flag has a rule, and one that refuses
 * decides. A flag without a rule fails the test. */
bool rule_accepts(const struct vector *v);

struct limit {
    const char *algorithm; /* or its beginning, ending in '*' */
    bool (*applies)(const struct vector *v);
    CK_RV rv; /* the code that the module answers with */
    const char *reason;
};
/* NULL: none, so a valid vector has to be accepted. */
const struct limit *limit_of(const struct vector *v);

#endif
