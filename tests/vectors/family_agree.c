/* SPDX-License-Identifier: BSD-2-Clause */
/* family_agree.c - key agreement, ECDH and X25519/X448; see vectors.h. */
#include "vectors/vectors.h"

/* A peer's key that is no point, or gives no secret, is a wrong parameter. */
static const CK_RV refusals[] = {CKR_MECHANISM_PARAM_INVALID, CKR_OK};

static CK_MECHANISM_TYPE agree_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_ECDH1_DERIVE;
}

/* The secret as a readable generic secret. */
static CK_RV agree(CK_OBJECT_HANDLE private_key, struct span public_key, struct span shared)
{
    CK_ECDH1_DERIVE_PARAMS p = {CKD_NULL, 0, NULL, public_key.n,
                                (CK_BYTE *)(uintptr_t)public_key.p};
    CK_MECHANISM m = {CKM_ECDH1_DERIVE, &p, sizeof(p)};
    CK_ATTRIBUTE a[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                        ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_FALSE(CKA_SENSITIVE),
                        ATTR_TRUE(CKA_EXTRACTABLE)};
    uint8_t is[128];
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    CK_ULONG n;

    STEP(p11->C_DeriveKey(vector_session, &m, private_key, a, N_ELEMENTS(a), &o));
    n = attr_get(vector_session, o, CKA_VALUE, is, sizeof(is));
    ASSERT_OK(p11->C_DestroyObject(vector_session, o));
    return vector_same(span_of(is, n), shared, "another shared secret");
}

static CK_RV agree_run(const struct vector *v)
{
    CK_OBJECT_HANDLE key;

    STEP(key_curve_private(json_text(v->group, "curve"), json_bytes(v->test, "private"), &key));
    return agree(key, json_bytes(v->test, "public"), json_bytes(v->test, "shared"));
}

const struct family family_agree_point = {"EcdhEcpointTest", agree_mechanism, agree_run, refusals};
const struct family family_agree_raw = {"XdhComp", agree_mechanism, agree_run, refusals};
