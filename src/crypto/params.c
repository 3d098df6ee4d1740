/* SPDX-License-Identifier: BSD-2-Clause */
/* params.c - the parsers of mechanism parameters; see params.h. */
#include "crypto/params.h"

#include "crypto/bound.h"

#define CHACHA_NONCE_BITS 96 /* RFC 8439 */
#define CHACHA_TAG        16
#define EDDSA_MAX_CONTEXT 255  /* RFC 8032 5 */
#define MAX_PEER          1024 /* bytes of a peer's public key: more than any curve's */

CK_RV param_take(const CK_MECHANISM *m, void *ret, size_t n)
{
    ENSURE(m->pParameter != NULL && m->ulParameterLen == n, CKR_MECHANISM_PARAM_INVALID);
    memcpy(ret, m->pParameter, n);
    return CKR_OK;
}

CK_RV param_take_bytes(const void *p, CK_ULONG n, struct buf *ret)
{
    ENSURE(p != NULL || n == 0, CKR_MECHANISM_PARAM_INVALID);
    buf_put(ret, span_of(p, n));
    return buf_ok(ret);
}

/* Additional data. What only the token may say of wrapped keys (bound.h) is for nobody else. */
NODISCARD static CK_RV take_aad(const void *p, CK_ULONG n, union mech_param *ret)
{
    ENSURE(p == NULL || !bound_is(span_of(p, n)), CKR_MECHANISM_PARAM_INVALID);
    return param_take_bytes(p, n, &ret->aead.owned);
}

NODISCARD static CK_RV take_nonce(const void *p, size_t n, union mech_param *ret)
{
    ENSURE(p != NULL, CKR_MECHANISM_PARAM_INVALID);
    memcpy(ret->aead.nonce, p, n);
    ret->aead.n_nonce = n;
    return CKR_OK;
}

CK_RV parse_none(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    (void)ret;
    ENSURE(m->ulParameterLen == 0, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

CK_RV parse_iv(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    TRY(param_take(m, ret->iv.iv, PARAM_BLOCK));
    ret->iv.n = PARAM_BLOCK;
    return CKR_OK;
}

/* v3.2 6.16.2: present with its fixed length, or absent. */
static CK_RV optional_iv(const CK_MECHANISM *m, size_t n, union mech_param *ret)
{
    if (m->ulParameterLen == 0)
        return CKR_OK;
    TRY(param_take(m, ret->iv.iv, n));
    ret->iv.n = n;
    return CKR_OK;
}

CK_RV parse_iv_wrap(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return optional_iv(m, 8, ret);
}

CK_RV parse_iv_kwp(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return optional_iv(m, 4, ret);
}

static uint64_t load_be64(const uint8_t *p)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

/* Bytes that can be processed before the counter's bits overflow (v3.2 6.11.3). */
static uint64_t ctr_limit(const uint8_t block[PARAM_BLOCK], CK_ULONG bits)
{
    const uint64_t high = load_be64(block), low = load_be64(block + 8);
    const uint64_t high_mask = bits >= 128 ? UINT64_MAX : (UINT64_C(1) << ((bits - 64) & 63)) - 1;
    uint64_t blocks;

    if (bits > 64 && (high & high_mask) != high_mask)
        return UINT64_MAX;
    if (bits >= 64)
        blocks = low == 0 ? UINT64_MAX : 0 - low;
    else
        blocks = (UINT64_C(1) << bits) - (low & ((UINT64_C(1) << bits) - 1));
    return blocks > UINT64_MAX / PARAM_BLOCK ? UINT64_MAX : blocks * PARAM_BLOCK;
}

CK_RV parse_ctr(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_AES_CTR_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(p.ulCounterBits >= 1 && p.ulCounterBits <= 128, CKR_MECHANISM_PARAM_INVALID);
    memcpy(ret->ctr.block, p.cb, PARAM_BLOCK);
    ret->ctr.limit = ctr_limit(p.cb, p.ulCounterBits);
    return CKR_OK;
}

/* SP 800-38D 5.2.1.2; the short tags of its appendix C are for special protocols. */
bool param_gcm_fits(CK_ULONG n_iv, CK_ULONG tag_bits)
{
    return n_iv >= 1 && n_iv <= PARAM_MAX_NONCE && tag_bits >= 96 && tag_bits <= 128 &&
           tag_bits % 8 == 0;
}

CK_RV parse_gcm(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_GCM_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    /* ulIvBits says nothing: applications leave it 0, or set it to 8 * ulIvLen (6.13.5). */
    ENSURE(param_gcm_fits(p.ulIvLen, p.ulTagBits), CKR_MECHANISM_PARAM_INVALID);
    TRY(take_nonce(p.pIv, p.ulIvLen, ret));
    ret->aead.n_tag = p.ulTagBits / 8;
    ret->aead.n_data = PARAM_ANY_LENGTH;
    return take_aad(p.pAAD, p.ulAADLen, ret);
}

/* The length of the data has 15 - n octets in the first block: 2 to 8. */
bool param_ccm_fits(CK_ULONG n_nonce, CK_ULONG n_tag, uint64_t n_data)
{
    return n_nonce >= 7 && n_nonce <= 13 && n_tag >= 4 && n_tag <= 16 && n_tag % 2 == 0 &&
           (n_nonce == 7 || n_data >> (8 * (15 - n_nonce)) == 0);
}

CK_RV parse_ccm(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_CCM_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(param_ccm_fits(p.ulNonceLen, p.ulMACLen, p.ulDataLen), CKR_MECHANISM_PARAM_INVALID);
    TRY(take_nonce(p.pNonce, p.ulNonceLen, ret));
    ret->aead.n_tag = p.ulMACLen;
    ret->aead.n_data = p.ulDataLen;
    return take_aad(p.pAAD, p.ulAADLen, ret);
}

/* In bits, says 6.61.3; many applications give bytes. */
bool param_chacha_fits(CK_ULONG nonce_length)
{
    return nonce_length == CHACHA_NONCE_BITS || nonce_length == PARAM_CHACHA_NONCE;
}

CK_RV parse_chacha(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_SALSA20_CHACHA20_POLY1305_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(param_chacha_fits(p.ulNonceLen), CKR_MECHANISM_PARAM_INVALID);
    TRY(take_nonce(p.pNonce, PARAM_CHACHA_NONCE, ret));
    ret->aead.n_tag = CHACHA_TAG;
    ret->aead.n_data = PARAM_ANY_LENGTH;
    return take_aad(p.pAAD, p.ulAADLen, ret);
}

CK_RV parse_pss(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_RSA_PKCS_PSS_PARAMS p;

    TRY(param_take(m, &p, sizeof(p)));
    ret->pss.hash = hash_of_mechanism(p.hashAlg);
    ret->pss.mgf = hash_of_mgf(p.mgf);
    ENSURE(ret->pss.hash != NULL && ret->pss.mgf != NULL, CKR_MECHANISM_PARAM_INVALID);
    /* A mechanism that hashes itself must agree (6.1.10). */
    ENSURE(row->md == NULL || ret->pss.hash == hash_of_md(row->md), CKR_MECHANISM_PARAM_INVALID);
    /* No modulus of ours has room for more; the key's own limit is checked when it is known. */
    ENSURE(p.sLen <= 1024, CKR_MECHANISM_PARAM_INVALID);
    ret->pss.n_salt = p.sLen;
    return CKR_OK;
}

CK_RV parse_oaep(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_RSA_PKCS_OAEP_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ret->oaep.hash = hash_of_mechanism(p.hashAlg);
    ret->oaep.mgf = hash_of_mgf(p.mgf);
    ENSURE(ret->oaep.hash != NULL && ret->oaep.mgf != NULL, CKR_MECHANISM_PARAM_INVALID);
    /* A source of 0 with no data is what applications send that want no label. */
    ENSURE(p.source == CKZ_DATA_SPECIFIED || (p.source == 0 && p.ulSourceDataLen == 0),
           CKR_MECHANISM_PARAM_INVALID);
    return param_take_bytes(p.pSourceData, p.ulSourceDataLen, &ret->oaep.owned);
}

CK_RV parse_mac(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_MAC_GENERAL_PARAMS n = 0;

    TRY(param_take(m, &n, sizeof(n)));
    ENSURE(n >= 1 && n <= (row->md != NULL ? hash_of_md(row->md)->n : PARAM_BLOCK),
           CKR_MECHANISM_PARAM_INVALID);
    ret->mac.n = n;
    return CKR_OK;
}

CK_RV parse_eddsa(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_EDDSA_PARAMS p;

    (void)row;
    if (m->ulParameterLen == 0)
        return CKR_OK;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(p.phFlag <= CK_TRUE && p.ulContextDataLen <= EDDSA_MAX_CONTEXT,
           CKR_MECHANISM_PARAM_INVALID);
    ret->eddsa.prehash = p.phFlag;
    return param_take_bytes(p.pContextData, p.ulContextDataLen, &ret->eddsa.owned);
}

NODISCARD static CK_RV take_kdf(CK_ULONG kdf, union mech_param *ret)
{
    const struct hash *x963 = hash_of_kdf(kdf), *sp800 = hash_of_kdf_sp800(kdf);

    ENSURE(kdf == CKD_NULL || x963 != NULL || sp800 != NULL, CKR_MECHANISM_PARAM_INVALID);
    ret->ecdh.hash = x963 != NULL ? x963 : sp800;
    if (x963 != NULL)
        ret->ecdh.kdf = PARAM_KDF_X963;
    else
        ret->ecdh.kdf = sp800 != NULL ? PARAM_KDF_SP800 : PARAM_KDF_NONE;
    return CKR_OK;
}

CK_RV parse_ecdh(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_ECDH1_DERIVE_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    TRY(take_kdf(p.kdf, ret));
    ENSURE(p.pPublicData != NULL && p.ulPublicDataLen > 0 && p.ulPublicDataLen <= MAX_PEER,
           CKR_MECHANISM_PARAM_INVALID);
    /* 6.3.18: without a function there is no shared data. */
    ENSURE(ret->ecdh.kdf != PARAM_KDF_NONE || p.ulSharedDataLen == 0, CKR_MECHANISM_PARAM_INVALID);
    ret->ecdh.n_point = p.ulPublicDataLen;
    TRY(param_take_bytes(p.pPublicData, p.ulPublicDataLen, &ret->ecdh.owned));
    return param_take_bytes(p.pSharedData, p.ulSharedDataLen, &ret->ecdh.owned);
}

void param_clear(union mech_param *p)
{
    buf_clear(&p->any.owned);
    mem_wipe(p, sizeof(*p));
}

CK_RV param_copy(const union mech_param *p, union mech_param *ret)
{
    union mech_param copy = *p;

    copy.any.owned = BUF_INIT;
    buf_put(&copy.any.owned, buf_span(&p->any.owned));
    TRY(buf_ok(&copy.any.owned));
    *ret = copy;
    return CKR_OK;
}

const char *param_text_of(const struct mech *row)
{
    static const struct {
        mech_parse *parse;
        const char *text;
    } texts[] = {
        {parse_none, "none"},
        {parse_iv, "IV, 16 bytes"},
        {parse_iv_wrap, "none, or IV of 8 bytes"},
        {parse_iv_kwp, "none, or IV of 4 bytes"},
        {parse_ctr, "CK_AES_CTR_PARAMS"},
        {parse_gcm, "CK_GCM_PARAMS"},
        {parse_ccm, "CK_CCM_PARAMS"},
        {parse_chacha, "CK_SALSA20_CHACHA20_POLY1305_PARAMS"},
        {parse_pss, "CK_RSA_PKCS_PSS_PARAMS"},
        {parse_oaep, "CK_RSA_PKCS_OAEP_PARAMS"},
        {parse_mac, "CK_MAC_GENERAL_PARAMS"},
        {parse_eddsa, "none, or CK_EDDSA_PARAMS"},
        {parse_ecdh, "CK_ECDH1_DERIVE_PARAMS"},
        {parse_hkdf, "CK_HKDF_PARAMS"},
        {parse_pbkdf2, "CK_PKCS5_PBKD2_PARAMS2 or CK_PKCS5_PBKD2_PARAMS"},
        {parse_string, "CK_KEY_DERIVATION_STRING_DATA"},
        {parse_blocks, "CK_KEY_DERIVATION_STRING_DATA, blocks of 16 bytes"},
        {parse_cbc_data, "CK_AES_CBC_ENCRYPT_DATA_PARAMS"},
        {parse_handle, "CK_OBJECT_HANDLE"},
        {parse_extract, "CK_EXTRACT_PARAMS"},
        {parse_rsa_aes, "CK_RSA_AES_KEY_WRAP_PARAMS"},
        {parse_sp800_counter, "CK_SP800_108_KDF_PARAMS"},
        {parse_sp800_pipeline, "CK_SP800_108_KDF_PARAMS"},
        {parse_sp800_feedback, "CK_SP800_108_FEEDBACK_KDF_PARAMS"},
        {parse_tls_master, "CK_TLS12_MASTER_KEY_DERIVE_PARAMS"},
        {parse_tls_master_dh, "CK_TLS12_MASTER_KEY_DERIVE_PARAMS"},
        {parse_tls_extended, "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS"},
        {parse_tls_extended_dh, "CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS"},
        {parse_tls_keys, "CK_TLS12_KEY_MAT_PARAMS"},
        {parse_tls_keys_only, "CK_TLS12_KEY_MAT_PARAMS"},
        {parse_tls_kdf, "CK_TLS_KDF_PARAMS"},
        {parse_tls_mac, "CK_TLS_MAC_PARAMS"},
    };

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].parse == row->parse)
            return texts[i].text;
    }
    return NULL;
}
