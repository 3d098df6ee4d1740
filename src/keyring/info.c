/* SPDX-License-Identifier: BSD-2-Clause */
/* info.c - what a store is and how it is sealed, for those who look at it or attest it. */
#include <stdlib.h>

#include "crypto/ossl.h"
#include "keyring/history.h"
#include "keyring/platform.h"
#include "keyring/ring.h"
#include "util/log.h"

CK_RV keyring_info(struct keyring *k, struct store_info *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct store_info info = {.epoch = 0};
    struct header header;
    struct config config;

    TRY(txn_begin_read(k->store, &t));
    TRY(header_get(t, &header));
    TRY(config_get(t, &config));
    memcpy(info.id, header.store_id, sizeof(info.id));
    memcpy(info.fingerprint, k->fingerprint, sizeof(info.fingerprint));
    info.created = header.created;
    info.epoch = header.epoch;
    info.counter = txn_counter(t);
    info.measured = config.measured;
    memcpy(info.root, root_kind_name(config.root), strlen(root_kind_name(config.root)));
    *ret = info;
    return CKR_OK;
}

/* -- seals ----------------------------------------------------------------------------------- */

void seals_info_free(struct seal_info *v, size_t n)
{
    for (size_t i = 0; v != NULL && i < n; i++)
        free(v[i].description);
    free(v);
}

struct seal_list {
    struct seal_info *v;
    size_t n;
};

static void seal_list_clear(struct seal_list *l)
{
    seals_info_free(l->v, l->n);
}

/* A platform seal in words: its root, and what of the binding a reader can recognise. */
static void describe_binding(const struct seal *s, struct buf *text)
{
    struct binding b;

    if (binding_decode(s->binding, &b) != CKR_OK)
        buf_printf(text, "damaged binding");
    else
        binding_describe(&b, text);
}

static CK_RV describe(const struct seal *s, char **ret)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    if (seal_is_platform(s))
        describe_binding(s, &text);
    else
        buf_text(&text, s->subject);
    buf_u8(&text, 0);
    TRY(buf_ok(&text));
    *ret = strdup((const char *)text.p);
    ENSURE(*ret != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

static CK_RV list_add(struct seal_list *l, const struct seal *s)
{
    struct seal_info *to = &l->v[l->n];

    TRY(describe(s, &to->description));
    memcpy(to->id, s->id, sizeof(to->id));
    to->kind = s->kind;
    to->created = s->created;
    to->epoch = s->epoch;
    to->superseded = s->superseded != 0;
    to->superseded_at = s->superseded;
    to->threshold = s->threshold;
    to->shares = s->shares;
    l->n++;
    return CKR_OK;
}

static CK_RV seals_read(struct store *s, enum trust trust, struct seal_set **ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(trust == TRUST_TREE ? txn_begin_read(s, &t) : txn_begin_peek(s, &t));
    return seal_set_read(t, trust, ret);
}

CK_RV seals_list(struct keyring *k, struct store *s, struct seal_info **ret, size_t *ret_n)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    AUTO(seal_list_clear) struct seal_list list = {.n = 0};

    TRY(seals_read(s, k != NULL ? TRUST_TREE : TRUST_NOTHING, &set));
    list.v = calloc(set->n + 1, sizeof(*list.v));
    ENSURE(list.v != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < set->n; i++)
        TRY(list_add(&list, &set->v[i].seal));
    *ret = TAKE(list.v);
    *ret_n = list.n;
    return CKR_OK;
}

CK_RV seal_message(struct store *s, const uint8_t id[SEAL_ID], struct buf *ret_der)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;

    TRY(crypto_ready());
    TRY(seals_read(s, TRUST_NOTHING, &set));
    for (size_t i = 0; i < set->n; i++) {
        const struct seal *seal = &set->v[i].seal;

        if (seal->kind == SEAL_CERTIFICATE && memcmp(seal->id, id, SEAL_ID) == 0) {
            buf_put(ret_der, seal->wrapped);
            return buf_ok(ret_der);
        }
    }
    FAIL(CKR_ARGUMENTS_BAD);
}

CK_RV seals_explain(const struct conf *c, struct store *s, struct buf *ret_text)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    const struct root *r;
    struct binding now;
    bool known;

    TRY(crypto_ready());
    TRY(seals_read(s, TRUST_NOTHING, &set));
    known = root_select(c, &r) == CKR_OK && r->current(c, &now) == CKR_OK;
    return platform_explain(set, known ? &now : NULL, ret_text);
}

CK_RV seals_history(struct keyring *k, struct seal_history *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    return history_get(t, ret);
}

/* -- reports --------------------------------------------------------------------------------- */

_Static_assert(KEYRING_REPORT_DATA == ROOT_REPORT_DATA_BYTES, "the report's");

bool keyring_attests(const struct keyring *k)
{
    return k->root != NULL && k->root->report != NULL;
}

CK_RV keyring_report(struct keyring *k, const uint8_t report_data[KEYRING_REPORT_DATA],
                     struct buf *ret_report, struct buf *ret_certificates)
{
    if (!keyring_attests(k)) {
        log_err("the store %s is opened by %s, which can't attest anything: evidence comes from a "
                "sev-snp root",
                k->conf->store, k->root == NULL ? "a recovery" : k->root->name);
        FAIL(CKR_FUNCTION_NOT_SUPPORTED);
    }
    return k->root->report(k->conf, report_data, ret_report, ret_certificates);
}

CK_RV platform_report(const struct conf *c, const uint8_t report_data[KEYRING_REPORT_DATA],
                      struct buf *ret_report, struct buf *ret_certificates)
{
    const struct root *r;

    TRY(root_select_report(c, &r));
    if (r->report == NULL) {
        log_err("root = %s can't attest anything: evidence comes from a sev-snp root", r->name);
        FAIL(CKR_FUNCTION_NOT_SUPPORTED);
    }
    return r->report(c, report_data, ret_report, ret_certificates);
}
