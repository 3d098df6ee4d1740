/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * params_tls.c - the parsers of TLS 1.2's parameters (PKCS#11 v3.2 6.40.2); see params.h. What they
 * keep is the label and seed of the PRF (RFC 5246 5), whole.
 */
#include "crypto/params.h"

#define MAX_SEED  1024 /* bytes that OpenSSL's PRF takes, with the label */
#define MAX_KEY   64   /* bytes of a key or MAC key of a connection */
#define MAX_IV    16
#define MIN_MAC   12 /* RFC 5246 7.4.9 */
#define MAX_MAC   64
#define TO_SERVER 2 /* ulServerOrClient */

static CK_RV take_prf(CK_MECHANISM_TYPE hash, union mech_param *ret)
{
    ret->tls.hash = hash_of_mechanism(hash);
    ENSURE(ret->tls.hash != NULL, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

static CK_RV seed_add(const void *p, CK_ULONG n, union mech_param *ret)
{
    ENSURE(n <= MAX_SEED - ret->tls.owned.n, CKR_MECHANISM_PARAM_INVALID);
    return param_take_bytes(p, n, &ret->tls.owned);
}

static CK_RV label_add(const char *label, union mech_param *ret)
{
    return seed_add(label, strlen(label), ret);
}

/* Both sides' random bytes; the key block has the server's first (RFC 5246 6.3). */
static CK_RV randoms_add(const CK_SSL3_RANDOM_DATA *r, bool server_first, union mech_param *ret)
{
    ENSURE(r->ulClientRandomLen > 0 && r->ulServerRandomLen > 0, CKR_MECHANISM_PARAM_INVALID);
    if (server_first)
        TRY(seed_add(r->pServerRandom, r->ulServerRandomLen, ret));
    TRY(seed_add(r->pClientRandom, r->ulClientRandomLen, ret));
    return server_first ? CKR_OK : seed_add(r->pServerRandom, r->ulServerRandomLen, ret);
}

/* The version is part of an RSA premaster secret, and of no other (6.40.4, 6.40.5). */
static CK_RV take_version(CK_VERSION_PTR version, bool has_version, union mech_param *ret)
{
    ENSURE((version != NULL) == has_version, CKR_MECHANISM_PARAM_INVALID);
    ret->tls.shown = version;
    return CKR_OK;
}

static CK_RV take_master(const CK_MECHANISM *m, bool has_version, union mech_param *ret)
{
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS p;

    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_prf(p.prfHashMechanism, ret));
    TRY(take_version(p.pVersion, has_version, ret));
    TRY(label_add("master secret", ret));
    return randoms_add(&p.RandomInfo, false, ret);
}

CK_RV parse_tls_master(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_master(m, true, ret);
}

CK_RV parse_tls_master_dh(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_master(m, false, ret);
}

/* RFC 7627 4. */
static CK_RV take_extended(const CK_MECHANISM *m, bool has_version, union mech_param *ret)
{
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS p;

    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_prf(p.prfHashMechanism, ret));
    TRY(take_version(p.pVersion, has_version, ret));
    ENSURE(p.ulSessionHashLen > 0, CKR_MECHANISM_PARAM_INVALID);
    TRY(label_add("extended master secret", ret));
    return seed_add(p.pSessionHash, p.ulSessionHashLen, ret);
}

CK_RV parse_tls_extended(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_extended(m, true, ret);
}

CK_RV parse_tls_extended_dh(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_extended(m, false, ret);
}

static CK_RV take_bits(CK_ULONG bits, size_t most, size_t *ret)
{
    ENSURE(bits % 8 == 0 && bits / 8 <= most, CKR_MECHANISM_PARAM_INVALID);
    *ret = bits / 8;
    return CKR_OK;
}

static CK_RV take_keys(const CK_MECHANISM *m, bool with_iv, union mech_param *ret)
{
    CK_TLS12_KEY_MAT_PARAMS p;

    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_prf(p.prfHashMechanism, ret));
    ENSURE(p.bIsExport == CK_FALSE && p.pReturnedKeyMaterial != NULL, CKR_MECHANISM_PARAM_INVALID);
    TRY(take_bits(p.ulMacSizeInBits, MAX_KEY, &ret->tls.n_mac));
    TRY(take_bits(p.ulKeySizeInBits, MAX_KEY, &ret->tls.n_key));
    if (with_iv)
        TRY(take_bits(p.ulIVSizeInBits, MAX_IV, &ret->tls.n_iv));
    ENSURE(ret->tls.n_mac + ret->tls.n_key > 0, CKR_MECHANISM_PARAM_INVALID);
    ret->tls.shown = p.pReturnedKeyMaterial;
    TRY(label_add("key expansion", ret));
    return randoms_add(&p.RandomInfo, true, ret);
}

CK_RV parse_tls_keys(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_keys(m, true, ret);
}

CK_RV parse_tls_keys_only(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return take_keys(m, false, ret);
}

/* RFC 5705 4: a context, if there is one, comes with its length. */
CK_RV parse_tls_kdf(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_TLS_KDF_PARAMS p;
    uint8_t length[2];

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_prf(p.prfMechanism, ret));
    ENSURE(p.ulLabelLength > 0, CKR_MECHANISM_PARAM_INVALID);
    TRY(seed_add(p.pLabel, p.ulLabelLength, ret));
    TRY(randoms_add(&p.RandomInfo, false, ret));
    if (p.pContextData == NULL && p.ulContextDataLength == 0)
        return CKR_OK;
    ENSURE(p.ulContextDataLength <= MAX_SEED, CKR_MECHANISM_PARAM_INVALID);
    length[0] = (uint8_t)(p.ulContextDataLength >> 8);
    length[1] = (uint8_t)p.ulContextDataLength;
    TRY(seed_add(length, sizeof(length), ret));
    return seed_add(p.pContextData, p.ulContextDataLength, ret);
}

CK_RV parse_tls_mac(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_TLS_MAC_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_prf(p.prfHashMechanism, ret));
    ENSURE(p.ulMacLength >= MIN_MAC && p.ulMacLength <= MAX_MAC, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(p.ulServerOrClient == 1 || p.ulServerOrClient == TO_SERVER, CKR_MECHANISM_PARAM_INVALID);
    ret->tls.n = p.ulMacLength;
    return label_add(p.ulServerOrClient == TO_SERVER ? "client finished" : "server finished", ret);
}
