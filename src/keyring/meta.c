/* SPDX-License-Identifier: BSD-2-Clause */
/* meta.c - the rows of the meta table as bytes; see meta.h. */
#include "keyring/meta.h"

#include <time.h>

#include "util/log.h"

#define FORMAT_VERSION 1
#define ROW_VERSION    1
#define CONFIG_VERSION 2 /* 1 had no fields of SEV-SNP: binding = image by the VCEK, no floors */

uint64_t meta_now(void)
{
    const time_t now = time(NULL);

    return now > 0 ? (uint64_t)now : 0;
}

CK_RV meta_get(struct txn *t, enum trust trust, struct span name, struct buf *ret, bool *ret_found)
{
    if (trust == TRUST_TREE)
        return txn_get(t, STORE_META, name, ret, NULL, ret_found);
    return txn_peek(t, STORE_META, name, ret, ret_found);
}

CK_RV meta_need(struct txn *t, enum trust trust, struct span name, struct buf *ret)
{
    bool found = false;

    TRY(meta_get(t, trust, name, ret, &found));
    if (!found) {
        log_err("the store lacks its row meta/%.*s: it is damaged; restore a backup", (int)name.n,
                (const char *)name.p);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

/* -- header ---------------------------------------------------------------------------------- */

CK_RV header_put(struct txn *t, const struct header *h)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u16(&row, FORMAT_VERSION);
    buf_put(&row, SPAN_ARRAY(h->store_id));
    buf_u64(&row, h->created);
    buf_u64(&row, h->epoch);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_HEADER, buf_span(&row), NULL);
}

CK_RV header_decode(struct span row, struct header *ret)
{
    struct cursor c = cursor_of(row);
    const uint16_t version = cursor_u16(&c);
    struct header h = {0};

    if (!c.failed && version != FORMAT_VERSION) {
        log_err("the store has format %u and this program knows format %u: use the version of "
                "tee-pkcs11 that wrote it, or a newer one",
                version, FORMAT_VERSION);
        FAIL(CKR_DEVICE_ERROR);
    }
    cursor_copy(&c, h.store_id, sizeof(h.store_id));
    h.created = cursor_u64(&c);
    h.epoch = cursor_u64(&c);
    ENSURE(cursor_done(&c) && h.epoch > 0, CKR_DEVICE_ERROR);
    *ret = h;
    return CKR_OK;
}

CK_RV header_get(struct txn *t, struct header *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    TRY(meta_need(t, TRUST_TREE, META_HEADER, &row));
    return header_decode(buf_span(&row), ret);
}

/* -- keys ------------------------------------------------------------------------------------ */

static struct box_context keys_context(const struct header *h)
{
    return (struct box_context){
        .purpose = "keys",
        .store_id = SPAN_ARRAY(h->store_id),
        .table = STORE_META,
        .generation = h->epoch,
    };
}

CK_RV keys_put(struct txn *t, const struct header *h, struct span master, struct span keys)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    const struct box_context context = keys_context(h);

    ENSURE(keys.n == KEYS_BYTES, CKR_GENERAL_ERROR);
    buf_u8(&row, ROW_VERSION);
    TRY(box_seal(master, &context, keys, &row));
    return txn_put(t, STORE_META, META_KEYS, buf_span(&row), NULL);
}

CK_RV keys_open(struct span row, const struct header *h, struct span master, struct secret **ret)
{
    const struct box_context context = keys_context(h);
    struct cursor c = cursor_of(row);

    ENSURE(cursor_u8(&c) == ROW_VERSION, CKR_DEVICE_ERROR);
    ENSURE(c.rest.n == KEYS_BYTES + BOX_OVERHEAD, CKR_DEVICE_ERROR);
    return box_open_secret(master, &context, c.rest, ret);
}

/* -- config ---------------------------------------------------------------------------------- */

void config_from(const struct conf *c, enum root_kind root, struct config *ret)
{
    ret->root = root;
    ret->measured = c->measured;
    ret->hardware_only = c->hardware_only;
    if (root == ROOT_SOFTWARE)
        return;
    ret->binding = c->binding;
    ret->endorsement = c->endorsement;
    ret->id_key_digest = c->id_key_digest;
    ret->author_key_digest = c->author_key_digest;
    ret->min_guest_svn = c->min_guest_svn;
    ret->min_tcb = c->min_tcb;
}

static void put_digest(const struct conf_digest *d, struct buf *row)
{
    buf_u8(row, d->said);
    buf_put(row, SPAN_ARRAY(d->v));
}

static void put_snp(const struct config *c, struct buf *row)
{
    buf_u8(row, (uint8_t)c->binding);
    buf_u8(row, (uint8_t)c->endorsement);
    put_digest(&c->id_key_digest, row);
    put_digest(&c->author_key_digest, row);
    buf_u32(row, c->min_guest_svn);
    buf_u8(row, c->min_tcb.n);
    buf_put(row, SPAN_ARRAY(c->min_tcb.v));
}

CK_RV config_put(struct txn *t, const struct config *c)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, CONFIG_VERSION);
    buf_u8(&row, (uint8_t)c->root);
    buf_u8(&row, (uint8_t)c->measured);
    buf_u8(&row, c->hardware_only);
    put_snp(c, &row);
    buf_u16(&row, (uint16_t)c->n_recipients);
    for (size_t i = 0; i < c->n_recipients; i++)
        buf_put(&row, SPAN_ARRAY(c->recipients[i]));
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_CONFIG, buf_span(&row), NULL);
}

static bool get_digest(struct cursor *cur, struct conf_digest *ret)
{
    const uint8_t said = cursor_u8(cur);

    cursor_copy(cur, ret->v, sizeof(ret->v));
    ret->said = said == 1;
    return said <= 1 && (ret->said || mem_is_zero(ret->v, sizeof(ret->v)));
}

static CK_RV get_snp(struct cursor *cur, struct config *c)
{
    const uint8_t binding = cursor_u8(cur), endorsement = cursor_u8(cur);

    ENSURE(binding <= CONF_BINDING_OWNER && endorsement <= CONF_ENDORSEMENT_VLEK, CKR_DEVICE_ERROR);
    c->binding = (enum conf_binding)binding;
    c->endorsement = (enum conf_endorsement)endorsement;
    ENSURE(get_digest(cur, &c->id_key_digest), CKR_DEVICE_ERROR);
    ENSURE(get_digest(cur, &c->author_key_digest), CKR_DEVICE_ERROR);
    c->min_guest_svn = cursor_u32(cur);
    c->min_tcb.n = cursor_u8(cur);
    cursor_copy(cur, c->min_tcb.v, sizeof(c->min_tcb.v));
    ENSURE(c->min_tcb.n <= CONF_TCB_MAX, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV config_decode(struct span row, struct config *ret)
{
    struct cursor cur = cursor_of(row);
    struct config c = {0};
    uint8_t version = cursor_u8(&cur), root = cursor_u8(&cur), measured = cursor_u8(&cur);
    uint8_t hardware_only = cursor_u8(&cur);

    ENSURE(version == 1 || version == CONFIG_VERSION, CKR_DEVICE_ERROR);
    ENSURE(root >= ROOT_SOFTWARE && root <= ROOT_SEV_SNP_EMULATED, CKR_DEVICE_ERROR);
    ENSURE(measured <= CONF_MEASURED_FIRMWARE && hardware_only <= 1, CKR_DEVICE_ERROR);
    if (version == CONFIG_VERSION)
        TRY(get_snp(&cur, &c));
    c.n_recipients = cursor_u16(&cur);
    ENSURE(!cur.failed && c.n_recipients <= CONF_MAX_RECOVERY, CKR_DEVICE_ERROR);
    c.root = (enum root_kind)root;
    c.measured = (enum conf_measured)measured;
    c.hardware_only = hardware_only == 1;
    for (size_t i = 0; i < c.n_recipients; i++)
        cursor_copy(&cur, c.recipients[i], PRIM_HASH);
    ENSURE(cursor_done(&cur), CKR_DEVICE_ERROR);
    *ret = c;
    return CKR_OK;
}

CK_RV config_get(struct txn *t, struct config *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    TRY(meta_need(t, TRUST_TREE, META_CONFIG, &row));
    return config_decode(buf_span(&row), ret);
}

/* -- slots ----------------------------------------------------------------------------------- */

CK_RV slots_get(struct txn *t, CK_SLOT_ID *ret_next)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct cursor c;
    uint64_t next;

    TRY(meta_need(t, TRUST_TREE, META_SLOTS, &row));
    c = cursor_of(buf_span(&row));
    next = cursor_u64(&c);
    ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    *ret_next = next;
    return CKR_OK;
}

CK_RV slots_put(struct txn *t, CK_SLOT_ID next)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u64(&row, next);
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_SLOTS, buf_span(&row), NULL);
}
