/* SPDX-License-Identifier: BSD-2-Clause */
/* counts.c - the row of counts; see counts.h. */
#include "keyring/counts.h"

#include "keyring/meta.h"

#define ROW_VERSION 1

static const struct {
    CK_FLAGS flag;
    const char *name;
} functions[COUNTS_N] = {
    {CKF_SIGN, "sign"},
    {CKF_SIGN_RECOVER, "sign-recover"},
    {CKF_DECRYPT, "decrypt"},
    {CKF_WRAP, "wrap"},
    {CKF_UNWRAP, "unwrap"},
    {CKF_DERIVE, "derive"},
    {CKF_DECAPSULATE, "decapsulate"},
    {CKF_ENCRYPT, "encrypt"},
    {CKF_VERIFY, "verify"},
    {CKF_VERIFY_RECOVER, "verify-recover"},
    {CKF_ENCAPSULATE, "encapsulate"},
};

const char *counts_name(CK_FLAGS flag)
{
    for (size_t i = 0; i < COUNTS_N; i++) {
        if (functions[i].flag == flag)
            return functions[i].name;
    }
    return "other";
}

const char *counts_name_at(size_t i)
{
    return functions[i].name;
}

void counts_note(struct counts *c, CK_FLAGS flag, bool good)
{
    for (size_t i = 0; i < COUNTS_N; i++) {
        if (functions[i].flag != flag)
            continue;
        c->v[i].ended++;
        c->v[i].failed += good ? 0 : 1;
    }
}

void counts_note_unsealing(struct counts *c, const struct unsealing *u)
{
    c->unsealed[u->asked].n++;
    c->unsealed[u->asked].nanos += u->nanos;
}

void counts_merge(struct counts *c, const struct counts *more)
{
    for (size_t i = 0; i < COUNTS_N; i++) {
        c->v[i].ended += more->v[i].ended;
        c->v[i].failed += more->v[i].failed;
    }
    for (size_t i = 0; i < N_ELEMENTS(c->unsealed); i++) {
        c->unsealed[i].n += more->unsealed[i].n;
        c->unsealed[i].nanos += more->unsealed[i].nanos;
    }
}

CK_RV counts_get(struct txn *t, struct counts *ret, bool *ret_any)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct counts counts = {0};
    struct cursor c;
    bool found = false;
    uint16_t n;

    TRY(meta_get(t, TRUST_TREE, META_COUNTS, &row, &found));
    if (found) {
        c = cursor_of(buf_span(&row));
        ENSURE(cursor_u8(&c) == ROW_VERSION, CKR_DEVICE_ERROR);
        for (size_t i = 0; i < N_ELEMENTS(counts.unsealed); i++) {
            counts.unsealed[i].n = cursor_u64(&c);
            counts.unsealed[i].nanos = cursor_u64(&c);
        }
        n = cursor_u16(&c);
        ENSURE(n <= COUNTS_N, CKR_DEVICE_ERROR);
        for (size_t i = 0; i < n; i++) {
            counts.v[i].ended = cursor_u64(&c);
            counts.v[i].failed = cursor_u64(&c);
        }
        ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    }
    *ret = counts;
    *ret_any = found;
    return CKR_OK;
}

CK_RV counts_add(struct txn *t, const struct counts *more)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct counts all;
    bool any;

    TRY(counts_get(t, &all, &any));
    counts_merge(&all, more);
    buf_u8(&row, ROW_VERSION);
    for (size_t i = 0; i < N_ELEMENTS(all.unsealed); i++) {
        buf_u64(&row, all.unsealed[i].n);
        buf_u64(&row, all.unsealed[i].nanos);
    }
    buf_u16(&row, COUNTS_N);
    for (size_t i = 0; i < COUNTS_N; i++) {
        buf_u64(&row, all.v[i].ended);
        buf_u64(&row, all.v[i].failed);
    }
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_COUNTS, buf_span(&row), NULL);
}
