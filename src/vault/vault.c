/* SPDX-License-Identifier: BSD-2-Clause */
/* vault.c - reading objects at rest; see vault.h. vault_edit.c, find.c and rotate.c do the rest. */
#include "vault/rows.h"

CK_RV vault_get(const struct vault *v, uint64_t id, enum scope scope, struct attrs **ret,
                struct stamp *ret_stamp)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(rows_clear) struct rows rows = {0};
    struct stamp stamp;

    ENSURE(rows_are_visible(v, scope), CKR_OBJECT_HANDLE_INVALID);
    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    rows = rows_of(v, t, scope);
    stamp.txn = txn_id(t);
    TRY(rows_get_attrs(&rows, id, ret, stamp.mac));
    *ret_stamp = stamp;
    return CKR_OK;
}

CK_RV vault_same(const struct vault *v, uint64_t id, enum scope scope, struct stamp *stamp,
                 bool *ret_same)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct store *store = keyring_store(v->keyring);
    uint8_t key[ROW_KEY];
    bool same = false;

    if (!rows_are_visible(v, scope)) {
        *ret_same = false;
        return CKR_OK;
    }
    if (stamp->txn == store_last_txn(store)) {
        *ret_same = true;
        return CKR_OK;
    }
    TRY(txn_begin_read(store, &t));
    if (scope == SCOPE_PRIVATE) /* read under this login, and shown for as long as it is one */
        TRY(login_check(v->keyring, t, v->login));
    row_key(v, scope, id, key);
    TRY(txn_same(t, STORE_OBJECT, SPAN_ARRAY(key), stamp->mac, &same));
    if (same)
        stamp->txn = txn_id(t);
    *ret_same = same;
    return CKR_OK;
}

CK_RV vault_count(const struct vault *v, enum scope scope, uint64_t *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(rows_clear) struct rows rows = {0};
    struct list all;

    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    rows = rows_of(v, t, scope);
    TRY(rows_all(&rows, &all));
    *ret = all.count;
    return CKR_OK;
}

CK_RV vault_next_id(const struct vault *v, uint64_t *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    *ret = txn_next_id(t);
    return CKR_OK;
}
