/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_tls.c - the keys of TLS 1.2 (PKCS#11 v3.2 6.40, RFC 5246): the master secret, the keys of a
 * connection, and what the exporter gives (RFC 5705), all by OpenSSL's PRF.
 *
 * The IVs of a connection are shown to the application. As it says how long the keys before them
 * are, it can have any part of the key block shown as an IV (6.40.6 says so itself): the mechanism
 * with IVs is off by default, the one without them (CKM_TLS12_KEY_SAFE_DERIVE) is not.
 */
#include <stddef.h>
#include <stdlib.h>

#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/kdf.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "crypto/tls_prf.h"
#include "model/record.h"

#define MASTER  48 /* bytes */
#define VERSION 2
#define N_KEYS  4

/* -- the PRF ------------------------------------------------------------------------------- */

CK_RV tls_prf(const struct hash *hash, const struct key *k, struct span seed, uint8_t *ret,
              size_t n)
{
    const OSSL_PARAM params[] = {
        param_text(OSSL_KDF_PARAM_DIGEST, hash->md),
        param_octets(OSSL_KDF_PARAM_SECRET, buf_span(&k->value)),
        param_octets(OSSL_KDF_PARAM_SEED, seed),
        OSSL_PARAM_construct_end(),
    };

    return kdf_run(OSSL_KDF_NAME_TLS1_PRF, params, ret, n);
}

static CK_RV derive_bytes(const struct gen_derivation *d, const struct gen_keys *keys, size_t n,
                          struct buf *ret)
{
    uint8_t *to = buf_extend(ret, n);

    ENSURE(to != NULL, CKR_HOST_MEMORY);
    return tls_prf(d->param->tls.hash, keys->base, buf_span(&d->param->tls.owned), to, n);
}

/* -- the master secret --------------------------------------------------------------------- */

/* It is good for these only (6.40.4). */
static const CK_MECHANISM_TYPE master_uses[] = {
    CKM_TLS12_KEY_AND_MAC_DERIVE,
    CKM_TLS12_KEY_SAFE_DERIVE,
    CKM_TLS_KDF,
    CKM_TLS_MAC,
    CKM_TLS12_KDF,
    CKM_TLS12_MAC,
};

static CK_RV master_plan(struct gen_derivation *d, const struct gen_keys *keys)
{
    (void)keys;
    d->outputs[0].key_type = CKK_GENERIC_SECRET;
    return CKR_OK;
}

/* The version is what the premaster secret of an RSA handshake begins with. */
static CK_RV master_derive(struct gen_derivation *d, const struct gen_keys *keys,
                           struct attrs *const *a)
{
    const struct span premaster = buf_span(&keys->base->value);
    AUTO(buf_clear) struct buf value = BUF_INIT;

    ENSURE(d->param->tls.shown == NULL || premaster.n == MASTER, CKR_KEY_SIZE_RANGE);
    ENSURE(!attrs_has(a[0], CKA_ALLOWED_MECHANISMS), CKR_TEMPLATE_INCONSISTENT);
    TRY(derive_bytes(d, keys, MASTER, &value));
    TRY(attrs_set(a[0], CKA_ALLOWED_MECHANISMS, SPAN_ARRAY(master_uses)));
    TRY(attrs_set(a[0], CKA_VALUE, buf_span(&value)));
    if (d->param->tls.shown != NULL)
        buf_put(&d->shown, span_of(premaster.p, VERSION));
    return buf_ok(&d->shown);
}

static void master_deliver(const struct gen_derivation *d)
{
    if (d->param->tls.shown != NULL)
        memcpy((void *)(uintptr_t)d->param->tls.shown, d->shown.p, d->shown.n);
}

/* -- the keys of a connection -------------------------------------------------------------- */

/* Where the application wants each, in the order of the key block (RFC 5246 6.3). */
static const size_t places[N_KEYS] = {
    offsetof(CK_SSL3_KEY_MAT_OUT, hClientMacSecret),
    offsetof(CK_SSL3_KEY_MAT_OUT, hServerMacSecret),
    offsetof(CK_SSL3_KEY_MAT_OUT, hClientKey),
    offsetof(CK_SSL3_KEY_MAT_OUT, hServerKey),
};

static CK_OBJECT_HANDLE *place_of(const struct gen_derivation *d, size_t i)
{
    uint8_t *out = (uint8_t *)(uintptr_t)d->param->tls.shown;

    return (CK_OBJECT_HANDLE *)(void *)(out + places[i]);
}

/* What of the template holds for a MAC key too: where and for whom it is, not what it is. */
static bool is_shared(CK_ATTRIBUTE_TYPE type)
{
    static const CK_ATTRIBUTE_TYPE shared[] = {CKA_TOKEN,      CKA_PRIVATE,     CKA_MODIFIABLE,
                                               CKA_COPYABLE,   CKA_DESTROYABLE, CKA_SENSITIVE,
                                               CKA_EXTRACTABLE};

    for (size_t i = 0; i < N_ELEMENTS(shared); i++) {
        if (shared[i] == type)
            return true;
    }
    return false;
}

static CK_RV mac_template(struct gen_derivation *d, CK_ULONG *ret_n)
{
    const struct gen_output *o = &d->outputs[0];
    CK_ULONG kept = 0;

    ENSURE(o->n <= RECORD_MAX_ATTRS, CKR_ARGUMENTS_BAD);
    d->templates = calloc(o->n + 1, sizeof(*d->templates));
    ENSURE(d->templates != NULL, CKR_HOST_MEMORY);
    for (CK_ULONG i = 0; i < o->n; i++) {
        memcpy(&d->templates[kept], (const uint8_t *)o->v + i * sizeof(*o->v), sizeof(*o->v));
        kept += is_shared(d->templates[kept].type);
    }
    *ret_n = kept;
    return CKR_OK;
}

/* The IVs need a place each. */
static CK_RV ivs_check(const struct gen_derivation *d)
{
    CK_SSL3_KEY_MAT_OUT out;

    memcpy(&out, d->param->tls.shown, sizeof(out));
    ENSURE(d->param->tls.n_iv == 0 || (out.pIVClient != NULL && out.pIVServer != NULL),
           CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

/* Two MAC keys and two keys, or two of those. */
static CK_RV keys_plan(struct gen_derivation *d, const struct gen_keys *keys)
{
    const struct gen_output asked = d->outputs[0];
    CK_ULONG n_mac_template = 0;

    (void)keys;
    TRY(ivs_check(d));
    TRY(mac_template(d, &n_mac_template));
    d->n_outputs = 0;
    for (size_t i = 0; i < N_KEYS; i++) {
        const bool is_mac = i < 2;

        if ((is_mac ? d->param->tls.n_mac : d->param->tls.n_key) == 0)
            continue;
        d->outputs[d->n_outputs++] = (struct gen_output){
            .v = is_mac ? d->templates : asked.v,
            .n = is_mac ? n_mac_template : asked.n,
            .key_type = is_mac ? CKK_GENERIC_SECRET : CK_UNAVAILABLE_INFORMATION,
            .handle = place_of(d, i),
            .length = is_mac ? d->param->tls.n_mac : d->param->tls.n_key};
    }
    return CKR_OK;
}

static CK_RV keys_derive(struct gen_derivation *d, const struct gen_keys *keys,
                         struct attrs *const *a)
{
    const union mech_param *p = d->param;
    AUTO(buf_clear) struct buf block = BUF_INIT;
    size_t at = 0;

    TRY(derive_bytes(d, keys, 2 * (p->tls.n_mac + p->tls.n_key + p->tls.n_iv), &block));
    for (size_t i = 0; i < d->n_outputs; i++) {
        TRY(attrs_set(a[i], CKA_VALUE, span_of(block.p + at, d->outputs[i].length)));
        at += d->outputs[i].length;
    }
    buf_put(&d->shown, span_of(block.p + at, block.n - at));
    return buf_ok(&d->shown);
}

static void keys_deliver(const struct gen_derivation *d)
{
    const CK_OBJECT_HANDLE none = CK_INVALID_HANDLE;
    const size_t n_iv = d->param->tls.n_iv;
    CK_SSL3_KEY_MAT_OUT out;

    for (size_t i = 0; i < N_KEYS; i++) {
        if ((i < 2 ? d->param->tls.n_mac : d->param->tls.n_key) == 0)
            memcpy((void *)place_of(d, i), &none, sizeof(none));
    }
    memcpy(&out, d->param->tls.shown, sizeof(out));
    if (n_iv > 0) {
        memcpy(out.pIVClient, d->shown.p, n_iv);
        memcpy(out.pIVServer, d->shown.p + n_iv, n_iv);
    }
}

/* -- the exporter -------------------------------------------------------------------------- */

static CK_RV kdf_derive(struct gen_derivation *d, const struct gen_keys *keys,
                        struct attrs *const *a)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    size_t n = 0;

    TRY(gen_length(d, 0, a[0], 0, 0, &n));
    TRY(derive_bytes(d, keys, n, &value));
    return attrs_set(a[0], CKA_VALUE, buf_span(&value));
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE, CKA_ALLOWED_MECHANISMS};

const struct gen_class gen_tls_master = {
    .name = "tls-master",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY},
    .derive = master_derive,
    .plan = master_plan,
    .deliver = master_deliver,
};

const struct gen_class gen_tls_keys = {
    .name = "tls-keys",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY, .protection = GEN_SAME},
    .derive = keys_derive,
    .plan = keys_plan,
    .inherit = gen_inherit_protection,
    .deliver = keys_deliver,
};

const struct gen_class gen_tls_kdf = {
    .name = "tls-kdf",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .derives = {.class = CKO_SECRET_KEY, .protection = GEN_KEPT},
    .derive = kdf_derive,
    .inherit = gen_inherit_protection,
};
