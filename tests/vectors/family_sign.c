/* SPDX-License-Identifier: BSD-2-Clause */
/* family_sign.c - signatures: ECDSA, EdDSA, RSA PKCS#1 v1.5 and PSS; see vectors.h. */
#include "vectors/vectors.h"

/* Whatever is wrong with a signature, these two say so (v3.2 5.15). */
static const CK_RV refusals[] = {CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE, CKR_OK};

static const struct vector_hash *hash_of(const struct vector *v)
{
    return vector_hash_of(json_text(v->group, "sha"));
}

static CK_RV verify(const struct vector *v, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    return run_verify(m, key, json_bytes(v->test, "msg"), json_bytes(v->test, "sig"));
}

/* -- curves ----------------------------------------------------------------------------------- */

static CK_MECHANISM_TYPE ecdsa_mechanism(const struct vector *v)
{
    return hash_of(v)->ecdsa;
}

static CK_RV ecdsa_run(const struct vector *v)
{
    CK_MECHANISM m = {ecdsa_mechanism(v), NULL, 0};
    CK_OBJECT_HANDLE key;

    STEP(key_curve_public(v, "uncompressed", &key));
    return verify(v, &m, key);
}

const struct family family_ecdsa = {"EcdsaP1363Verify", ecdsa_mechanism, ecdsa_run, refusals};

static CK_MECHANISM_TYPE eddsa_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_EDDSA;
}

static CK_RV eddsa_run(const struct vector *v)
{
    CK_MECHANISM m = {CKM_EDDSA, NULL, 0};
    CK_OBJECT_HANDLE key;

    STEP(key_curve_public(v, "pk", &key));
    return verify(v, &m, key);
}

const struct family family_eddsa = {"EddsaVerify", eddsa_mechanism, eddsa_run, refusals};

/* -- RSA -------------------------------------------------------------------------------------- */

static CK_MECHANISM_TYPE pkcs1_mechanism(const struct vector *v)
{
    return hash_of(v)->rsa_pkcs;
}

static CK_RV pkcs1_verify_run(const struct vector *v)
{
    CK_MECHANISM m = {pkcs1_mechanism(v), NULL, 0};
    CK_OBJECT_HANDLE key;

    STEP(key_rsa_public(v, &key));
    return verify(v, &m, key);
}

const struct family family_pkcs1_verify = {"RsassaPkcs1Verify", pkcs1_mechanism, pkcs1_verify_run,
                                           refusals};

/* A private key that the policy does not take is refused when it is imported. */
static const CK_RV refusals_of_keys[] = {CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK};

static CK_RV pkcs1_sign_run(const struct vector *v)
{
    CK_MECHANISM m = {pkcs1_mechanism(v), NULL, 0};
    CK_OBJECT_HANDLE key;

    STEP(key_rsa_private(v, &key));
    return run_sign(&m, key, json_bytes(v->test, "msg"), json_bytes(v->test, "sig"));
}

const struct family family_pkcs1_sign = {"RsassaPkcs1Generate", pkcs1_mechanism, pkcs1_sign_run,
                                         refusals_of_keys};

static CK_MECHANISM_TYPE pss_mechanism(const struct vector *v)
{
    return hash_of(v)->rsa_pss;
}

static CK_RV pss_run(const struct vector *v)
{
    CK_RSA_PKCS_PSS_PARAMS p = {hash_of(v)->digest,
                                vector_hash_of(json_text(v->group, "mgfSha"))->mgf,
                                json_number(v->group, "sLen")};
    CK_MECHANISM m = {pss_mechanism(v), &p, sizeof(p)};
    CK_OBJECT_HANDLE key;

    STEP(key_rsa_public(v, &key));
    return verify(v, &m, key);
}

const struct family family_pss = {"RsassaPssVerify", pss_mechanism, pss_run, refusals};
