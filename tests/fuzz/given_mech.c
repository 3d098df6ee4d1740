/* SPDX-License-Identifier: BSD-2-Clause */
/* given_mech.c - mechanism parameters from a harness's input; see given_mech.h. */
#include "given_mech.h"

#include "crypto/params.h"
#include "fixed_keys.h"

#define DER_POINT 2u /* fixed_part() of the P-256 public key: its CKA_EC_POINT */

/* What a parameter structure is built with. */
struct given {
    struct cursor *c;
    struct arena *mem;
    const struct mech *row;
    CK_MECHANISM *m;
    size_t n_data;
};

/* Bytes that a structure points at: `n` of them, copied, or NULL now and then. */
static CK_BYTE_PTR pointed(struct given *g, size_t n)
{
    const struct span bytes = pick_bytes(g->c, n);
    uint8_t *p;

    if (pick(g->c, 32) == 0)
        return NULL;
    p = arena_take(g->mem, n);
    if (p == NULL)
        return NULL;
    memset(p, 7, n);
    if (bytes.n > 0)
        memcpy(p, bytes.p, bytes.n);
    return p;
}

static void set(struct given *g, const void *p, size_t n)
{
    g->m->pParameter = arena_copy(g->mem, span_of(p, n), cursor_u8(g->c) & 1);
    g->m->ulParameterLen = n;
}

static void give_none(struct given *g)
{
    (void)g;
}

static void give_bytes_of(struct given *g, size_t n)
{
    uint8_t bytes[PARAM_BLOCK] = {0};
    const struct span from = pick_bytes(g->c, n);

    if (from.n > 0)
        memcpy(bytes, from.p, from.n);
    set(g, bytes, n);
}

static void give_iv(struct given *g)
{
    give_bytes_of(g, PARAM_BLOCK);
}

static void give_iv_wrap(struct given *g)
{
    if (pick_bool(g->c))
        give_bytes_of(g, 8);
}

static void give_iv_kwp(struct given *g)
{
    if (pick_bool(g->c))
        give_bytes_of(g, 4);
}

static void give_ctr(struct given *g)
{
    static const CK_ULONG bits[] = {0, 1, 2, 8, 32, 63, 64, 65, 127, 128, 129, (CK_ULONG)-1};
    CK_AES_CTR_PARAMS p;

    memset(&p, cursor_u8(g->c), sizeof(p));
    p.ulCounterBits = bits[pick(g->c, N_ELEMENTS(bits))];
    p.cb[15] = cursor_u8(g->c);
    set(g, &p, sizeof(p));
}

static void give_gcm(struct given *g)
{
    static const CK_ULONG tags[] = {0, 8, 32, 95, 96, 104, 112, 120, 128, 129, 136};
    CK_GCM_PARAMS p = {0};

    p.ulIvLen = pick_bool(g->c) ? PARAM_GCM_NONCE : pick(g->c, PARAM_MAX_NONCE + 2);
    p.pIv = pointed(g, p.ulIvLen);
    if (g->row->type != CKM_AES_GMAC || pick(g->c, 8) == 0)
        p.ulAADLen = pick(g->c, 40);
    p.pAAD = pointed(g, p.ulAADLen);
    p.ulTagBits = pick_bool(g->c) ? 128 : tags[pick(g->c, N_ELEMENTS(tags))];
    set(g, &p, sizeof(p));
}

static void give_ccm(struct given *g)
{
    CK_CCM_PARAMS p = {0};

    g->n_data = pick(g->c, 80);
    p.ulDataLen = g->n_data;
    p.ulNonceLen = 6 + pick(g->c, 9);
    p.pNonce = pointed(g, p.ulNonceLen);
    p.ulAADLen = pick(g->c, 40);
    p.pAAD = pointed(g, p.ulAADLen);
    p.ulMACLen = pick(g->c, 18);
    if (pick(g->c, 16) == 0)
        p.ulDataLen = (CK_ULONG)cursor_u64(g->c);
    set(g, &p, sizeof(p));
}

static void give_chacha(struct given *g)
{
    static const CK_ULONG lengths[] = {96, 12, 8, 64, 192, 0};
    CK_SALSA20_CHACHA20_POLY1305_PARAMS p = {0};

    p.ulNonceLen = lengths[pick(g->c, 16) % (pick_bool(g->c) ? 1 : N_ELEMENTS(lengths))];
    p.pNonce = pointed(g, 24);
    p.ulAADLen = pick(g->c, 40);
    p.pAAD = pointed(g, p.ulAADLen);
    set(g, &p, sizeof(p));
}

static const struct {
    CK_MECHANISM_TYPE hash;
    CK_ULONG mgf, kdf;
} hashes[] = {
    {CKM_SHA256, CKG_MGF1_SHA256, CKD_SHA256_KDF},
    {CKM_SHA_1, CKG_MGF1_SHA1, CKD_SHA1_KDF},
    {CKM_SHA384, CKG_MGF1_SHA384, CKD_SHA384_KDF},
    {CKM_SHA512, CKG_MGF1_SHA512, CKD_SHA512_KDF},
    {CKM_SHA224, CKG_MGF1_SHA224, CKD_SHA224_KDF},
    {CKM_SHA3_256, CKG_MGF1_SHA3_256, CKD_SHA256_KDF_SP800},
    {CKM_AES_CBC, 0, CKD_NULL},
    {CK_UNAVAILABLE_INFORMATION, 99, 99},
};

static size_t pick_hash(struct given *g)
{
    return pick(g->c, pick_bool(g->c) ? 3 : N_ELEMENTS(hashes));
}

static void give_pss(struct given *g)
{
    const size_t hash = pick_hash(g);
    CK_RSA_PKCS_PSS_PARAMS p = {0};

    p.hashAlg = hashes[hash].hash;
    p.mgf = hashes[pick_bool(g->c) ? hash : pick_hash(g)].mgf;
    p.sLen = pick_bool(g->c) ? 32 : given_ulong(g->c);
    set(g, &p, sizeof(p));
}

static void give_oaep(struct given *g)
{
    const size_t hash = pick_hash(g);
    CK_RSA_PKCS_OAEP_PARAMS p = {0};

    p.hashAlg = hashes[hash].hash;
    p.mgf = hashes[pick_bool(g->c) ? hash : pick_hash(g)].mgf;
    p.source = pick(g->c, 16) == 0 ? pick(g->c, 3) : CKZ_DATA_SPECIFIED;
    p.ulSourceDataLen = pick(g->c, 24);
    p.pSourceData = pointed(g, p.ulSourceDataLen);
    set(g, &p, sizeof(p));
}

static void give_mac(struct given *g)
{
    const CK_MAC_GENERAL_PARAMS n = pick(g->c, 70);

    set(g, &n, sizeof(n));
}

static void give_eddsa(struct given *g)
{
    CK_EDDSA_PARAMS p = {0};

    if (pick_bool(g->c))
        return;
    p.phFlag = pick(g->c, 8) == 0 ? CK_TRUE : CK_FALSE;
    p.ulContextDataLen = pick(g->c, 8) == 0 ? 3 : 0;
    p.pContextData = pointed(g, p.ulContextDataLen);
    set(g, &p, sizeof(p));
}

static void give_ecdh(struct given *g)
{
    CK_ECDH1_DERIVE_PARAMS p = {0};
    const struct span point = fixed_part(pick_bool(g->c) ? DER_POINT + FIXED_N_OBJECTS
                                                         : cursor_u8(g->c));

    p.kdf = hashes[pick_hash(g)].kdf;
    p.ulSharedDataLen = pick_bool(g->c) ? 0 : pick(g->c, 24);
    p.pSharedData = pointed(g, p.ulSharedDataLen);
    p.ulPublicDataLen = point.n;
    p.pPublicData = arena_copy(g->mem, point, 0);
    if (pick(g->c, 4) == 0) {
        p.ulPublicDataLen = pick(g->c, 140);
        p.pPublicData = pointed(g, p.ulPublicDataLen);
    }
    set(g, &p, sizeof(p));
}

static void give_hkdf(struct given *g)
{
    CK_HKDF_PARAMS p = {0};

    p.bExtract = (CK_BBOOL)pick(g->c, pick(g->c, 16) == 0 ? 3 : 2);
    p.bExpand = (CK_BBOOL)pick(g->c, 2);
    p.prfHashMechanism = hashes[pick_hash(g)].hash;
    p.ulSaltType = (CK_ULONG)1 << pick(g->c, 4);
    p.ulSaltLen = pick(g->c, 40);
    p.pSalt = pointed(g, p.ulSaltLen);
    p.hSaltKey = pick(g->c, 20);
    p.ulInfoLen = pick(g->c, 40);
    p.pInfo = pointed(g, p.ulInfoLen);
    set(g, &p, sizeof(p));
}

static void give_pbkdf2(struct given *g)
{
    static const CK_ULONG counts[] = {0, 1, 2, 3, (CK_ULONG)-1};
    CK_PKCS5_PBKD2_PARAMS2 p = {0};

    p.saltSource = pick(g->c, 8) == 0 ? 0 : CKZ_SALT_SPECIFIED;
    p.ulSaltSourceDataLen = pick(g->c, 40);
    p.pSaltSourceData = pointed(g, p.ulSaltSourceDataLen);
    p.iterations = counts[pick(g->c, N_ELEMENTS(counts))];
    p.prf = pick(g->c, 10);
    p.ulPasswordLen = pick(g->c, 40);
    p.pPassword = pointed(g, p.ulPasswordLen);
    if (pick(g->c, 4) == 0) /* the older structure: a pointer to the length */
        p.ulPasswordLen =
            (CK_ULONG)(uintptr_t)arena_copy(g->mem, SPAN_OBJ(p.ulPasswordLen), 0);
    if (pick(g->c, 16) == 0) /* a pointer to nothing; not a length, which nobody can check */
        p.ulPasswordLen = (CK_ULONG)cursor_u64(g->c) | 1 << 20;
    set(g, &p, sizeof(p));
}

static void give_string(struct given *g)
{
    CK_KEY_DERIVATION_STRING_DATA p = {0};

    p.ulLen = pick_bool(g->c) ? 16 * pick(g->c, 5) : pick(g->c, 60);
    p.pData = pointed(g, p.ulLen);
    set(g, &p, sizeof(p));
}

static void give_cbc_data(struct given *g)
{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS p = {0};

    p.length = pick_bool(g->c) ? 16 * pick(g->c, 5) : pick(g->c, 60);
    p.pData = pointed(g, p.length);
    set(g, &p, sizeof(p));
}

static void give_rsa_aes(struct given *g)
{
    static const CK_ULONG bits[] = {128, 192, 256, 0, 64, 255};
    CK_RSA_AES_KEY_WRAP_PARAMS p = {0};

    give_oaep(g);
    p.ulAESKeyBits = bits[pick(g->c, pick_bool(g->c) ? 3 : N_ELEMENTS(bits))];
    p.pOAEPParams = pick(g->c, 16) == 0
                        ? NULL
                        : arena_copy(g->mem, span_of(g->m->pParameter, g->m->ulParameterLen), 0);
    set(g, &p, sizeof(p));
}

static CK_PRF_DATA_PARAM give_field(struct given *g, bool is_counter_mode)
{
    CK_SP800_108_COUNTER_FORMAT counter = {(CK_BBOOL)pick(g->c, 2), 8 * pick(g->c, 10)};
    CK_SP800_108_DKM_LENGTH_FORMAT length = {1 + pick(g->c, 2), (CK_BBOOL)pick(g->c, 2),
                                             8 * pick(g->c, 10)};
    CK_OBJECT_HANDLE handle = pick(g->c, 20);
    CK_PRF_DATA_PARAM p = {1 + pick(g->c, 6), NULL, 0};

    if (p.type == CK_SP800_108_COUNTER ||
        (p.type == CK_SP800_108_ITERATION_VARIABLE && is_counter_mode)) {
        p.pValue = arena_copy(g->mem, SPAN_OBJ(counter), 1);
        p.ulValueLen = sizeof(counter);
    } else if (p.type == CK_SP800_108_DKM_LENGTH) {
        p.pValue = arena_copy(g->mem, SPAN_OBJ(length), 1);
        p.ulValueLen = sizeof(length);
    } else if (p.type == CK_SP800_108_KEY_HANDLE) {
        p.pValue = arena_copy(g->mem, SPAN_OBJ(handle), 1);
        p.ulValueLen = sizeof(handle);
    } else if (p.type != CK_SP800_108_ITERATION_VARIABLE) {
        p.ulValueLen = pick(g->c, 20);
        p.pValue = pointed(g, p.ulValueLen);
    }
    return p;
}

static CK_SP800_108_PRF_TYPE give_prf(struct given *g)
{
    static const CK_SP800_108_PRF_TYPE prfs[] = {CKM_SHA256_HMAC, CKM_AES_CMAC, CKM_SHA_1_HMAC,
                                                 CKM_SHA3_512_HMAC, CKM_SHA256};

    return prfs[pick(g->c, N_ELEMENTS(prfs))];
}

static CK_SP800_108_KDF_PARAMS give_kdf(struct given *g, bool is_counter_mode)
{
    CK_PRF_DATA_PARAM fields[5];
    CK_OBJECT_HANDLE *handles = arena_take(g->mem, 3 * sizeof(*handles));
    CK_DERIVED_KEY others[3];
    CK_SP800_108_KDF_PARAMS p = {.prfType = give_prf(g)};

    p.ulNumberOfDataParams = pick(g->c, N_ELEMENTS(fields) + 1);
    for (size_t i = 0; i < p.ulNumberOfDataParams; i++)
        fields[i] = give_field(g, is_counter_mode);
    p.pDataParams =
        arena_copy(g->mem, span_of(fields, p.ulNumberOfDataParams * sizeof(fields[0])), 0);
    p.ulAdditionalDerivedKeys = pick_bool(g->c) ? 0 : pick(g->c, N_ELEMENTS(others) + 1);
    for (size_t i = 0; i < p.ulAdditionalDerivedKeys; i++)
        others[i] = (CK_DERIVED_KEY){NULL, 0, handles != NULL ? handles + i : NULL};
    if (p.ulAdditionalDerivedKeys > 0)
        p.pAdditionalDerivedKeys =
            arena_copy(g->mem, span_of(others, p.ulAdditionalDerivedKeys * sizeof(others[0])), 0);
    return p;
}

static void give_sp800_counter(struct given *g)
{
    const CK_SP800_108_KDF_PARAMS p = give_kdf(g, true);

    set(g, &p, sizeof(p));
}

static void give_sp800_pipeline(struct given *g)
{
    const CK_SP800_108_KDF_PARAMS p = give_kdf(g, false);

    set(g, &p, sizeof(p));
}

static void give_sp800_feedback(struct given *g)
{
    const CK_SP800_108_KDF_PARAMS k = give_kdf(g, false);
    CK_SP800_108_FEEDBACK_KDF_PARAMS p = {k.prfType,
                                          k.ulNumberOfDataParams,
                                          k.pDataParams,
                                          pick(g->c, 80),
                                          NULL,
                                          k.ulAdditionalDerivedKeys,
                                          k.pAdditionalDerivedKeys};

    p.pIV = p.ulIVLen > 0 ? pointed(g, p.ulIVLen) : NULL;
    set(g, &p, sizeof(p));
}

static CK_SSL3_RANDOM_DATA give_randoms(struct given *g)
{
    CK_SSL3_RANDOM_DATA r = {NULL, pick(g->c, 40), NULL, pick(g->c, 40)};

    r.pClientRandom = pointed(g, r.ulClientRandomLen);
    r.pServerRandom = pointed(g, r.ulServerRandomLen);
    return r;
}

static CK_VERSION_PTR give_version(struct given *g)
{
    mech_parse *const parse = g->row->parse;
    const bool wanted = parse == parse_tls_master || parse == parse_tls_extended;

    return (pick(g->c, 8) == 0) != wanted ? arena_take(g->mem, sizeof(CK_VERSION)) : NULL;
}

static void give_tls_master(struct given *g)
{
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = {give_randoms(g), give_version(g),
                                           hashes[pick_hash(g)].hash};

    set(g, &p, sizeof(p));
}

static void give_tls_extended(struct given *g)
{
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS p = {hashes[pick_hash(g)].hash, NULL,
                                                    pick(g->c, 40), give_version(g)};

    p.pSessionHash = pointed(g, p.ulSessionHashLen);
    set(g, &p, sizeof(p));
}

static void give_tls_keys(struct given *g)
{
    CK_SSL3_KEY_MAT_OUT out = {0, 0, 0, 0, arena_take(g->mem, 16), arena_take(g->mem, 16)};
    CK_TLS12_KEY_MAT_PARAMS p = {8 * pick(g->c, 70),
                                 8 * pick(g->c, 70),
                                 pick_bool(g->c) ? 0 : 8 * pick(g->c, 18),
                                 (CK_BBOOL)(pick(g->c, 16) == 0),
                                 give_randoms(g),
                                 NULL,
                                 hashes[pick_hash(g)].hash};

    if (pick(g->c, 16) == 0)
        out.pIVServer = NULL;
    if (pick(g->c, 16) != 0)
        p.pReturnedKeyMaterial = arena_copy(g->mem, SPAN_OBJ(out), cursor_u8(g->c) & 1);
    set(g, &p, sizeof(p));
}

static void give_tls_kdf(struct given *g)
{
    CK_TLS_KDF_PARAMS p = {hashes[pick_hash(g)].hash, NULL, pick(g->c, 20), give_randoms(g), NULL,
                           0};

    p.pLabel = pointed(g, p.ulLabelLength);
    if (pick_bool(g->c)) {
        p.ulContextDataLength = pick(g->c, 20);
        p.pContextData = pointed(g, p.ulContextDataLength);
    }
    set(g, &p, sizeof(p));
}

static void give_tls_mac(struct given *g)
{
    CK_TLS_MAC_PARAMS p = {hashes[pick_hash(g)].hash, pick_bool(g->c) ? 12 : pick(g->c, 70),
                           pick(g->c, 4)};

    set(g, &p, sizeof(p));
}

static void give_number(struct given *g)
{
    const CK_ULONG n = pick_bool(g->c) ? pick(g->c, 300) : given_ulong(g->c);

    set(g, &n, sizeof(n));
}

static const struct {
    mech_parse *parse;
    void (*give)(struct given *g);
} givers[] = {
    {parse_none, give_none},       {parse_iv, give_iv},         {parse_iv_wrap, give_iv_wrap},
    {parse_iv_kwp, give_iv_kwp},   {parse_ctr, give_ctr},       {parse_gcm, give_gcm},
    {parse_ccm, give_ccm},         {parse_chacha, give_chacha}, {parse_pss, give_pss},
    {parse_oaep, give_oaep},       {parse_mac, give_mac},       {parse_eddsa, give_eddsa},
    {parse_ecdh, give_ecdh},       {parse_hkdf, give_hkdf},     {parse_pbkdf2, give_pbkdf2},
    {parse_string, give_string},   {parse_blocks, give_string}, {parse_cbc_data, give_cbc_data},
    {parse_handle, give_number},   {parse_extract, give_number},
    {parse_rsa_aes, give_rsa_aes},
    {parse_sp800_counter, give_sp800_counter},
    {parse_sp800_pipeline, give_sp800_pipeline},
    {parse_sp800_feedback, give_sp800_feedback},
    {parse_tls_master, give_tls_master},
    {parse_tls_master_dh, give_tls_master},
    {parse_tls_extended, give_tls_extended},
    {parse_tls_extended_dh, give_tls_extended},
    {parse_tls_keys, give_tls_keys},
    {parse_tls_keys_only, give_tls_keys},
    {parse_tls_kdf, give_tls_kdf},
    {parse_tls_mac, give_tls_mac},
};

/* Any bytes, or none at an address that can't be. Of an odd number: such as no structure has that
 * holds pointers, and a pointer to nowhere is not for the module to find out. */
static void give_any(struct given *g)
{
    const struct span bytes = pick_bytes(g->c, (cursor_u8(g->c) & 0x7f) | 1);

    set(g, bytes.p, bytes.n);
    if (pick(g->c, 4) == 0)
        g->m->pParameter = NULL;
}

void given_mechanism(struct cursor *c, struct arena *a, const struct mech *row, CK_MECHANISM *ret,
                     size_t *ret_n_data)
{
    struct given g = {.c = c, .mem = a, .row = row, .m = ret, .n_data = SIZE_MAX};

    *ret = (CK_MECHANISM){row->type, NULL, 0};
    if (pick(c, 16) == 0)
        give_any(&g);
    else
        for (size_t i = 0; i < N_ELEMENTS(givers); i++)
            if (givers[i].parse == row->parse)
                givers[i].give(&g);
    *ret_n_data = g.n_data;
}
