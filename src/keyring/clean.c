/* SPDX-License-Identifier: BSD-2-Clause */
/* clean.c - the list of dead token ids, and removing their rows; see clean.h. */
#include "keyring/clean.h"

#include "util/log.h"

#define ROWS_PER_TXN 256

struct cleaning {
    bool left; /* something waits after this step */
};

static CK_RV clean_get(struct txn *t, struct buf *ret)
{
    bool found = false;

    TRY(meta_get(t, TRUST_TREE, META_CLEAN, ret, &found));
    ENSURE(ret->n % TOKEN_ID == 0, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV clean_add(struct txn *t, const uint8_t id[TOKEN_ID])
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    TRY(clean_get(t, &row));
    if (row.n >= CLEAN_MAX * TOKEN_ID) {
        log_err("the remains of %d tokens wait to be removed: open the store with room on its disk "
                "first",
                CLEAN_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    buf_put(&row, span_of(id, TOKEN_ID));
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_CLEAN, buf_span(&row), NULL);
}

/* Remove up to *room rows of a dead token from a table. */
static CK_RV clean_table(struct txn *t, enum store_table table, struct span id, size_t *room)
{
    bool found = true;

    while (*room > 0 && found) {
        AUTO(buf_clear) struct buf key = BUF_INIT;
        AUTO(buf_clear) struct buf row = BUF_INIT;

        TRY(txn_seek(t, table, id, id, &key, &row, &found));
        if (found) {
            TRY(txn_del(t, table, buf_span(&key), NULL));
            (*room)--;
        }
    }
    return CKR_OK;
}

/* The first id of the list is done. */
static CK_RV clean_pop(struct txn *t, const struct buf *row, bool *ret_left)
{
    const struct span rest = span_of(row->p + TOKEN_ID, row->n - TOKEN_ID);

    *ret_left = rest.n > 0;
    if (rest.n == 0)
        return txn_del(t, STORE_META, META_CLEAN, NULL);
    return txn_put(t, STORE_META, META_CLEAN, rest, NULL);
}

static CK_RV clean_step(struct txn *t, void *arg)
{
    struct cleaning *c = arg;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    size_t room = ROWS_PER_TXN;
    struct span id;

    TRY(clean_get(t, &row));
    c->left = row.n > 0;
    if (!c->left)
        return CKR_CANCEL;
    id = span_of(row.p, TOKEN_ID);
    TRY(clean_table(t, STORE_INDEX, id, &room));
    TRY(clean_table(t, STORE_OBJECT, id, &room));
    return room > 0 ? clean_pop(t, &row, &c->left) : CKR_OK;
}

static CK_RV clean_waits(struct keyring *k, bool *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(k->store, &t));
    return txn_get(t, STORE_META, META_CLEAN, NULL, NULL, ret);
}

void clean_run(struct keyring *k)
{
    struct cleaning c = {.left = false};
    CK_RV rv = clean_waits(k, &c.left);

    while (rv == CKR_OK && c.left)
        rv = store_write(k->store, clean_step, &c);
    if (rv != CKR_OK && rv != CKR_CANCEL)
        log_warn("the remains of a token that was initialised again could not be removed from %s "
                 "(error 0x%lx): the next process that opens it tries again",
                 store_directory(k->store), rv);
}
