/* SPDX-License-Identifier: BSD-2-Clause */
/* seal.c - seal rows: bytes, key pairs, MAC, opening; see seal.h. */
#include "keyring/seal.h"

#include <stdlib.h>

#include "keyring/history.h"
#include "util/log.h"

#define ROW_VERSION 1
#define MAC_LABEL   "tee-pkcs11 seal 1"

void seal_set_free(struct seal_set *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        buf_clear(&s->v[i].row);
    free(s);
}

CK_RV seal_secret_new(uint8_t ret_public[PRIM_X25519], struct secret **ret)
{
    AUTO(secret_freep) struct secret *s = NULL;

    TRY(secret_new(SEAL_SECRET_BYTES, &s));
    TRY(prim_random(s->p + PRIM_X25519, PRIM_KEY));
    TRY(prim_x25519_generate(s->p, ret_public));
    *ret = TAKE(s);
    return CKR_OK;
}

/* -- rows ------------------------------------------------------------------------------------ */

/* What a kind of seal has is exact: nothing can be hidden in a field that it doesn't use. */
static const struct form {
    bool certificate, subject, salt, binding, shares;
} forms[] = {
    [SEAL_PLATFORM] = {.binding = true},
    [SEAL_CERTIFICATE] = {.certificate = true, .subject = true},
    [SEAL_KEY] = {.subject = true},
    [SEAL_SHARES] = {.subject = true, .shares = true},
    [SEAL_PASSPHRASE] = {.subject = true, .salt = true},
    [SEAL_OWNED] = {.salt = true, .binding = true},
};

const char *seal_kind_name(enum seal_kind kind)
{
    static const char *const names[] = {
        [SEAL_PLATFORM] = "platform",     [SEAL_CERTIFICATE] = "recovery certificate",
        [SEAL_KEY] = "recovery key",      [SEAL_SHARES] = "recovery shares",
        [SEAL_PASSPHRASE] = "passphrase", [SEAL_OWNED] = "platform and owner's secret",
    };

    return kind >= SEAL_PLATFORM && kind <= SEAL_OWNED ? names[kind] : "unknown kind";
}

const char *seal_kind_code(enum seal_kind kind)
{
    static const char *const codes[] = {
        [SEAL_PLATFORM] = "platform",     [SEAL_CERTIFICATE] = "certificate",
        [SEAL_KEY] = "recovery-key",      [SEAL_SHARES] = "shares",
        [SEAL_PASSPHRASE] = "passphrase", [SEAL_OWNED] = "platform-and-owner",
    };

    return kind >= SEAL_PLATFORM && kind <= SEAL_OWNED ? codes[kind] : "unknown";
}

static bool seal_is_plausible(const struct seal *s)
{
    const struct form *f = &forms[s->kind];

    if (s->epoch == 0 || s->master.n != PBOX_OVERHEAD + PRIM_KEY ||
        s->auth.n != BOX_OVERHEAD + PRIM_KEY)
        return false;
    if ((s->certificate.n > 0) != f->certificate || (s->subject.n > 0 && !f->subject))
        return false;
    if (f->certificate)
        return s->wrapped.n > 0;
    return s->subject.n <= SEAL_NAME_MAX && s->wrapped.n == BOX_OVERHEAD + SEAL_SECRET_BYTES;
}

/* What a kind needs to be opened, beside the secret: one field of the row. */
static void put_parameters(const struct seal *s, struct buf *ret)
{
    const struct form *f = &forms[s->kind];

    if (f->salt) {
        buf_u8(ret, s->log2_n);
        buf_put(ret, SPAN_ARRAY(s->salt));
    }
    if (f->shares) {
        buf_u8(ret, s->threshold);
        buf_u8(ret, s->shares);
    }
    buf_put(ret, s->binding);
}

static bool take_parameters(struct span bytes, struct seal *s)
{
    const struct form *f = &forms[s->kind];
    struct cursor c = cursor_of(bytes);

    if (f->salt) {
        s->log2_n = cursor_u8(&c);
        cursor_copy(&c, s->salt, sizeof(s->salt));
    }
    if (f->shares) {
        s->threshold = cursor_u8(&c);
        s->shares = cursor_u8(&c);
    }
    s->binding = cursor_take(&c, f->binding ? BINDING_BYTES : 0);
    return cursor_done(&c);
}

CK_RV seal_decode(const uint8_t id[SEAL_ID], struct span row, struct seal *ret)
{
    struct cursor c = cursor_of(row);
    struct seal s = {0};
    struct span parameters;
    uint8_t version, kind;

    memcpy(s.id, id, SEAL_ID);
    version = cursor_u8(&c);
    kind = cursor_u8(&c);
    s.created = cursor_u64(&c);
    s.superseded = cursor_u64(&c);
    s.epoch = cursor_u64(&c);
    s.certificate = cursor_var(&c);
    s.subject = cursor_var(&c);
    parameters = cursor_var(&c);
    cursor_copy(&c, s.public_key, sizeof(s.public_key));
    s.wrapped = cursor_var(&c);
    s.master = cursor_var(&c);
    s.auth = cursor_var(&c);
    cursor_copy(&c, s.mac, sizeof(s.mac));
    ENSURE(cursor_done(&c) && version == ROW_VERSION, CKR_DEVICE_ERROR);
    ENSURE(kind >= SEAL_PLATFORM && kind <= SEAL_OWNED, CKR_DEVICE_ERROR);
    s.kind = (enum seal_kind)kind;
    ENSURE(take_parameters(parameters, &s) && seal_is_plausible(&s), CKR_DEVICE_ERROR);
    *ret = s;
    return CKR_OK;
}

struct set_reading {
    struct seal_set *set;
    enum trust trust;
};

static CK_RV set_add(struct seal_set *set, struct span key, struct span row)
{
    struct seal_entry *e = &set->v[set->n];
    struct seal seal;

    ENSURE(key.n == SEAL_ID && row.n <= SEAL_ROW_MAX, CKR_DEVICE_ERROR);
    TRY(seal_decode(key.p, row, &seal));
    buf_put(&e->row, row);
    if (e->row.failed) {
        buf_clear(&e->row);
        FAIL(CKR_HOST_MEMORY);
    }
    set->n++;
    /* Again, for spans into our copy. */
    return seal_decode(key.p, buf_span(&e->row), &e->seal);
}

static CK_RV set_row(struct txn *t, struct span key, struct span row, void *arg)
{
    const struct set_reading *r = arg;
    CK_RV rv;

    (void)t;
    if (r->set->n == SEAL_MAX) {
        log_warn("the store has more than %d seals: the rest is not looked at", SEAL_MAX);
        return r->trust == TRUST_TREE ? CKR_DEVICE_ERROR : CKR_CANCEL;
    }
    rv = set_add(r->set, key, row);
    if (rv == CKR_DEVICE_ERROR && r->trust == TRUST_NOTHING) {
        log_warn("a seal of the store is damaged and left out");
        return CKR_OK;
    }
    return rv;
}

CK_RV seal_set_read(struct txn *t, enum trust trust, struct seal_set **ret)
{
    AUTO(seal_set_freep) struct seal_set *set = calloc(1, sizeof(*set));
    struct set_reading reading = {.set = set, .trust = trust};
    CK_RV rv;

    ENSURE(set != NULL, CKR_HOST_MEMORY);
    rv = trust == TRUST_TREE ? txn_walk(t, STORE_SEAL, set_row, &reading)
                             : txn_peek_walk(t, STORE_SEAL, set_row, &reading);
    if (rv != CKR_CANCEL)
        TRY(rv);
    *ret = TAKE(set);
    return CKR_OK;
}

/* -- what is inside -------------------------------------------------------------------------- */

static struct box_context seal_context(const struct header *h, const char *purpose,
                                       const uint8_t id[SEAL_ID], uint64_t epoch)
{
    return (struct box_context){
        .purpose = purpose,
        .store_id = SPAN_ARRAY(h->store_id),
        .table = STORE_SEAL,
        .generation = epoch,
        .extra = span_of(id, SEAL_ID),
    };
}

/* The MAC of a row without its last field. */
static CK_RV seal_mac(const struct header *h, const uint8_t id[SEAL_ID], struct span auth,
                      struct span fields, uint8_t ret[PRIM_HASH])
{
    AUTO(mac_freep) struct mac *mac = NULL;
    const struct span parts[] = {
        SPAN_LIT(MAC_LABEL),
        SPAN_ARRAY(h->store_id),
        span_of(id, SEAL_ID),
        fields,
    };

    TRY(mac_new(auth, &mac));
    return mac_sum(mac, parts, N_ELEMENTS(parts), ret);
}

static void put_fields(const struct seal *s, uint64_t epoch, struct buf *row)
{
    AUTO(buf_clear) struct buf parameters = BUF_INIT;

    put_parameters(s, &parameters);
    row->failed = row->failed || parameters.failed;
    buf_u8(row, ROW_VERSION);
    buf_u8(row, (uint8_t)s->kind);
    buf_u64(row, s->created);
    buf_u64(row, s->superseded);
    buf_u64(row, epoch);
    buf_var(row, s->certificate);
    buf_var(row, s->subject);
    buf_var(row, buf_span(&parameters));
    buf_put(row, SPAN_ARRAY(s->public_key));
    buf_var(row, s->wrapped);
}

/* Of the box around the authentication key: with every field that the key vouches for. Who once had
 * the master has the authentication keys, and can MAC a row; the box he can't make for another. */
#define AUTH_EXTRA (SEAL_ID + PRIM_HASH)
static CK_RV auth_context(const struct header *h, const struct seal *s, uint64_t epoch,
                          uint8_t extra[AUTH_EXTRA], struct box_context *ret)
{
    AUTO(buf_clear) struct buf fields = BUF_INIT;
    struct span all;

    put_fields(s, epoch, &fields);
    TRY(buf_ok(&fields));
    all = buf_span(&fields);
    memcpy(extra, s->id, SEAL_ID);
    TRY(prim_sha256(&all, 1, extra + SEAL_ID));
    *ret = seal_context(h, "seal-auth", s->id, epoch);
    ret->extra = span_of(extra, AUTH_EXTRA);
    return CKR_OK;
}

CK_RV seal_encode(const struct header *h, const struct seal *s, struct span master,
                  struct span auth, struct buf *ret_row)
{
    const struct box_context of_master = seal_context(h, "master", s->id, h->epoch);
    struct box_context of_auth;
    AUTO(buf_clear) struct buf master_box = BUF_INIT;
    AUTO(buf_clear) struct buf auth_box = BUF_INIT;
    uint8_t mac[PRIM_HASH], extra[AUTH_EXTRA];

    TRY(auth_context(h, s, h->epoch, extra, &of_auth));
    TRY(pbox_seal(s->public_key, &of_master, master, &master_box));
    TRY(box_seal(master, &of_auth, auth, &auth_box));
    put_fields(s, h->epoch, ret_row);
    buf_var(ret_row, buf_span(&master_box));
    buf_var(ret_row, buf_span(&auth_box));
    TRY(buf_ok(ret_row));
    TRY(seal_mac(h, s->id, auth, buf_span(ret_row), mac));
    buf_put(ret_row, SPAN_ARRAY(mac));
    TRY(buf_ok(ret_row));
    if (ret_row->n > SEAL_ROW_MAX) {
        log_err("a seal of %zu bytes has no room in the store, which takes %d of one: give a "
                "certificate that is shorter",
                ret_row->n, SEAL_ROW_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    return CKR_OK;
}

CK_RV seal_put(struct txn *t, const uint8_t id[SEAL_ID], const struct buf *row)
{
    struct seal s;

    TRY(seal_decode(id, buf_span(row), &s));
    TRY(history_note(t, &s));
    return txn_put(t, STORE_SEAL, span_of(id, SEAL_ID), buf_span(row), NULL);
}

static CK_RV refuse_changed(void)
{
    log_err("a seal was changed by somebody who can write the store but can't open it: its master "
            "key is not taken. Restore a backup");
    FAIL(CKR_DEVICE_ERROR);
}

/* The row again from its fields, byte for byte as it was read, and its MAC under `auth`. */
static CK_RV seal_verify(const struct header *h, const struct seal *s, struct span auth)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    uint8_t mac[PRIM_HASH];

    put_fields(s, s->epoch, &row);
    buf_var(&row, s->master);
    buf_var(&row, s->auth);
    TRY(buf_ok(&row));
    TRY(seal_mac(h, s->id, auth, buf_span(&row), mac));
    if (!mem_equal_ct(mac, s->mac, sizeof(mac)))
        return refuse_changed();
    return CKR_OK;
}

CK_RV seal_open(const struct header *h, const struct seal *s, const struct secret *secret,
                struct secret **ret_master)
{
    const struct box_context context = seal_context(h, "master", s->id, s->epoch);
    AUTO(secret_freep) struct secret *master = NULL;

    ENSURE(secret->n == SEAL_SECRET_BYTES && s->epoch == h->epoch, CKR_DEVICE_ERROR);
    TRY(seal_verify(h, s, seal_secret_auth(secret)));
    TRY(pbox_open_secret(secret->p, &context, s->master, &master));
    *ret_master = TAKE(master);
    return CKR_OK;
}

CK_RV seal_open_auth(const struct header *h, const struct seal *s, struct span master,
                     struct secret **ret_auth)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    struct box_context context;
    uint8_t extra[AUTH_EXTRA];
    CK_RV rv;

    ENSURE(s->epoch == h->epoch, CKR_DEVICE_ERROR);
    TRY(auth_context(h, s, s->epoch, extra, &context));
    rv = box_open_secret(master, &context, s->auth, &auth);
    if (rv == CKR_DEVICE_ERROR)
        return refuse_changed();
    TRY(rv);
    TRY(seal_verify(h, s, secret_span(auth)));
    *ret_auth = TAKE(auth);
    return CKR_OK;
}
