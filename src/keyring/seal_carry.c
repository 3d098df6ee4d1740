/* SPDX-License-Identifier: BSD-2-Clause */
/* seal_carry.c - a platform's seal as a file, out of one copy of a store and into another; see
 * seal_carry.h. */
#include "keyring/seal_carry.h"

#include "keyring/audit.h"
#include "keyring/master.h"
#include "keyring/recipients.h"
#include "util/log.h"

#define FILE_MAGIC SPAN_LIT("tee-pkcs11 seal 1\n")
#define TRIES_MAX  8 /* another process can rotate between opening and writing */

struct seal_file {
    uint8_t store_id[STORE_ID];
    struct seal seal; /* points into row */
    struct buf row;
};

static void seal_file_clear(struct seal_file *f)
{
    buf_clear(&f->row);
}

/* -- out -----------------------------------------------------------------------------------------
 */

static CK_RV file_encode(struct txn *t, const struct seal_entry *e, struct buf *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct header h;

    TRY(meta_need(t, TRUST_NOTHING, META_HEADER, &row));
    TRY(header_decode(buf_span(&row), &h));
    buf_put(ret, FILE_MAGIC);
    buf_put(ret, SPAN_ARRAY(h.store_id));
    buf_put(ret, SPAN_ARRAY(e->seal.id));
    buf_var(ret, buf_span(&e->row));
    return buf_ok(ret);
}

CK_RV seal_carry_out(struct store *s, const uint8_t id[SEAL_ID], struct buf *ret)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_peek(s, &t));
    TRY(seal_set_read(t, TRUST_NOTHING, &set));
    for (size_t i = 0; i < set->n; i++) {
        const struct seal_entry *e = &set->v[i];

        if (seal_is_platform(&e->seal) && memcmp(e->seal.id, id, SEAL_ID) == 0)
            return file_encode(t, e, ret);
    }
    FAIL(CKR_ARGUMENTS_BAD);
}

/* -- in ------------------------------------------------------------------------------------------
 */

static CK_RV file_decode(struct span bytes, struct seal_file *ret)
{
    struct cursor c = cursor_of(bytes);
    uint8_t id[SEAL_ID];
    struct span row;

    ENSURE(span_equal(cursor_take(&c, FILE_MAGIC.n), FILE_MAGIC), CKR_DATA_INVALID);
    cursor_copy(&c, ret->store_id, sizeof(ret->store_id));
    cursor_copy(&c, id, sizeof(id));
    row = cursor_var(&c);
    ENSURE(cursor_done(&c) && row.n <= SEAL_ROW_MAX, CKR_DATA_INVALID);
    buf_put(&ret->row, row);
    TRY(buf_ok(&ret->row));
    ENSURE(seal_decode(id, buf_span(&ret->row), &ret->seal) == CKR_OK &&
               seal_is_platform(&ret->seal),
           CKR_DATA_INVALID);
    return CKR_OK;
}

static CK_RV reject(const struct keyring *k, const char *why)
{
    log_err("the seal is not put into the store %s: %s", k->conf->store, why);
    FAIL(CKR_FUNCTION_REJECTED);
}

/* It is of this store, as it is, and a platform that the store takes. */
static CK_RV file_fits(struct keyring *k, const struct seal_file *f, const struct header *h)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct config config;
    struct binding b;

    if (memcmp(f->store_id, h->store_id, STORE_ID) != 0)
        return reject(k, "it is of another store");
    if (f->seal.epoch != h->epoch)
        return reject(k, "the master key was rotated since; export it again, from a copy of the "
                         "store as it is");
    if (f->seal.superseded != 0)
        return reject(k, "it is superseded");
    TRY(txn_begin_read(k->store, &t));
    TRY(config_get(t, &config));
    ENSURE(binding_decode(f->seal.binding, &b) == CKR_OK, CKR_DATA_INVALID);
    if (b.kind != k->root->kind)
        return reject(k, "it is of another kind of root");
    if (binding_allowed(k->conf, k->root, &b) != CKR_OK ||
        config_floors(k->conf, &config, k->root, &b) != CKR_OK)
        return reject(k, "its platform is none that the configuration allows");
    return CKR_OK;
}

struct carrying {
    struct keyring *keyring;
    const struct seal_file *file;
    struct header header;
    bool moved;
};

static CK_RV carry_txn(struct txn *t, void *arg)
{
    struct carrying *c = arg;
    const struct seal *s = &c->file->seal;
    char id[SEAL_ID_TEXT];
    bool same = false, there = false;

    TRY(header_same(t, &c->header, &same));
    c->moved = !same;
    if (c->moved)
        return CKR_CANCEL;
    TRY(txn_get(t, STORE_SEAL, SPAN_ARRAY(s->id), NULL, NULL, &there));
    if (there)
        return reject(c->keyring, "it is there already");
    if (txn_count(t, STORE_SEAL) >= SEAL_MAX)
        return reject(c->keyring, "it has as many as it can have");
    TRY(audit_add(c->keyring, t, AUDIT_SEAL_ADDED, NULL, "%s %s of another node",
                  seal_kind_name(s->kind), seal_id_text(s->id, id)));
    return seal_put(t, s->id, &c->file->row);
}

static CK_RV carry_once(struct carrying *c, bool dry_run)
{
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(secret_freep) struct secret *auth = NULL;
    CK_RV rv;

    TRY(master_open(c->keyring, &master, &c->header));
    TRY(file_fits(c->keyring, c->file, &c->header));
    TRY(seal_open_auth(&c->header, &c->file->seal, secret_span(master), &auth));
    c->moved = false;
    if (dry_run)
        return CKR_OK;
    rv = store_write(c->keyring->store, carry_txn, c);
    return rv == CKR_CANCEL ? CKR_OK : rv;
}

CK_RV seal_carry_in(struct keyring *k, struct span file, bool dry_run, uint8_t ret_id[SEAL_ID])
{
    AUTO(seal_file_clear) struct seal_file f = {.row = BUF_INIT};
    struct carrying c = {.keyring = k, .file = &f, .moved = true};

    ENSURE(k->root != NULL, CKR_FUNCTION_REJECTED);
    TRY(file_decode(file, &f));
    for (int i = 0; i < TRIES_MAX && c.moved; i++)
        TRY(carry_once(&c, dry_run));
    ENSURE(!c.moved, CKR_FUNCTION_FAILED);
    memcpy(ret_id, f.seal.id, SEAL_ID);
    return CKR_OK;
}
