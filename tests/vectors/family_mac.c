/* SPDX-License-Identifier: BSD-2-Clause */
/* family_mac.c - HMAC, CMAC and GMAC, of all lengths of tags; see vectors.h. */
#include "vectors/vectors.h"

#include <string.h>

/* The last two are for keys and IVs of a length that the algorithm does not have. */
static const CK_RV refusals[] = {CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE,
                                 CKR_ATTRIBUTE_VALUE_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_OK};
static const CK_ATTRIBUTE_TYPE usage[] = {CKA_SIGN, CKA_VERIFY, 0};

/* "HMACSHA256", "HMACSHA3-256" or "AES-CMAC". */
static const struct mac {
    const char *algorithm;
    const char *hash; /* NULL: CMAC */
    CK_ULONG n;       /* bytes of the whole MAC */
} macs[] = {
    {"AES-CMAC", NULL, 16},           {"HMACSHA1", "SHA-1", 20},
    {"HMACSHA224", "SHA-224", 28},    {"HMACSHA256", "SHA-256", 32},
    {"HMACSHA384", "SHA-384", 48},    {"HMACSHA512", "SHA-512", 64},
    {"HMACSHA3-256", "SHA3-256", 32}, {"HMACSHA3-512", "SHA3-512", 64},
};

static const struct mac *mac_of(const struct vector *v)
{
    for (size_t i = 0; i < N_ELEMENTS(macs); i++) {
        if (strcmp(macs[i].algorithm, v->algorithm) == 0)
            return &macs[i];
    }
    fail_msg("no MAC %s in the test", v->algorithm);
    return NULL;
}

static CK_MECHANISM_TYPE mac_mechanism(const struct vector *v)
{
    const struct mac *mac = mac_of(v);

    return mac->hash == NULL ? CKM_AES_CMAC : vector_hash_of(mac->hash)->hmac;
}

static CK_MECHANISM_TYPE mac_general(const struct vector *v)
{
    const struct mac *mac = mac_of(v);

    return mac->hash == NULL ? CKM_AES_CMAC_GENERAL : vector_hash_of(mac->hash)->hmac_general;
}

static CK_RV mac_check(const struct vector *v, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    const struct span msg = json_bytes(v->test, "msg"), tag = json_bytes(v->test, "tag");

    STEP(run_verify(m, key, msg, tag));
    return v->is_valid ? run_sign(m, key, msg, tag) : CKR_OK;
}

static CK_RV mac_run(const struct vector *v)
{
    const struct mac *mac = mac_of(v);
    const CK_KEY_TYPE type = mac->hash == NULL ? CKK_AES : vector_hash_of(mac->hash)->hmac_key;
    CK_MAC_GENERAL_PARAMS n = json_number(v->group, "tagSize") / 8;
    CK_MECHANISM general = {mac_general(v), &n, sizeof(n)}, whole = {mac_mechanism(v), NULL, 0};
    CK_OBJECT_HANDLE key;

    STEP(key_secret(type, json_bytes(v->test, "key"), usage, &key));
    STEP(mac_check(v, &general, key));
    /* A tag of full length is the plain mechanism's too. */
    return n == mac->n ? mac_check(v, &whole, key) : CKR_OK;
}

const struct family family_mac = {"MacTest", mac_mechanism, mac_run, refusals};

static CK_MECHANISM_TYPE gmac_mechanism(const struct vector *v)
{
    (void)v;
    return CKM_AES_GMAC;
}

static CK_RV gmac_run(const struct vector *v)
{
    const struct span iv = json_bytes(v->test, "iv");
    CK_GCM_PARAMS p = {.pIv = (CK_BYTE *)(uintptr_t)iv.p,
                       .ulIvLen = iv.n,
                       .ulIvBits = 8 * iv.n,
                       .ulTagBits = json_number(v->group, "tagSize")};
    CK_MECHANISM m = {CKM_AES_GMAC, &p, sizeof(p)};
    CK_OBJECT_HANDLE key;

    STEP(key_secret(CKK_AES, json_bytes(v->test, "key"), usage, &key));
    return mac_check(v, &m, key);
}

const struct family family_mac_iv = {"MacWithIvTest", gmac_mechanism, gmac_run, refusals};
