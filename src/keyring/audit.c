/* SPDX-License-Identifier: BSD-2-Clause */
/* audit.c - the log of a store; see audit.h. */
#include "keyring/audit.h"

#include <stdarg.h>
#include <stdio.h>

#include "keyring/ring.h"
#include "util/log.h"

#define ROW_VERSION 1
#define HASH_LABEL  "tee-pkcs11 audit 1"
#define DETAIL_MAX  512 /* bytes */

const char *audit_event_name(enum audit_event event)
{
    static const char *const names[] = {
        [AUDIT_STORE_MADE] = "store-made",
        [AUDIT_STORE_RECOVERED] = "store-recovered",
        [AUDIT_SEAL_ADDED] = "seal-added",
        [AUDIT_SEAL_REMOVED] = "seal-removed",
        [AUDIT_SEAL_REVOKED] = "seal-revoked",
        [AUDIT_SEAL_RENEWED] = "seal-renewed",
        [AUDIT_SEAL_EXPIRED] = "seal-expired",
        [AUDIT_MASTER_ROTATED] = "master-rotated",
        [AUDIT_DEK_ADVANCED] = "dek-advanced",
        [AUDIT_DEK_DROPPED] = "dek-dropped",
        [AUDIT_TOKEN_MADE] = "token-made",
        [AUDIT_TOKEN_RENEWED] = "token-renewed",
        [AUDIT_PIN_CHANGED] = "pin-changed",
        [AUDIT_PIN_RESET] = "pin-reset",
        [AUDIT_LOGIN_FAILED] = "login-failed",
        [AUDIT_KEY_ROTATED] = "key-rotated",
        [AUDIT_OBJECTS_IMPORTED] = "objects-imported",
        [AUDIT_HANDOFF_APPROVED] = "handoff-approved",
        [AUDIT_HANDOFF_ACCEPTED] = "handoff-accepted",
        [AUDIT_BACKUP_TAKEN] = "backup-taken",
        [AUDIT_STORE_RESTORED] = "store-restored",
        [AUDIT_KEY_USED] = "key-used",
        [AUDIT_KEY_USES_LOST] = "key-uses-lost",
        [AUDIT_KEY_USE_SET] = "key-use-set",
    };

    return (size_t)event < N_ELEMENTS(names) && names[event] != NULL ? names[event] : "unknown";
}

/* -- entries as bytes -------------------------------------------------------------------------- */

static void fields_put(const struct audit_entry *e, struct buf *ret)
{
    buf_put(ret, SPAN_ARRAY(e->previous));
    buf_u64(ret, e->time);
    buf_u16(ret, (uint16_t)e->event);
    buf_var(ret, e->token);
    buf_var(ret, e->detail);
}

static CK_RV fields_take(struct span bytes, struct audit_entry *ret)
{
    struct cursor c = cursor_of(bytes);

    cursor_copy(&c, ret->previous, sizeof(ret->previous));
    ret->time = cursor_u64(&c);
    ret->event = (enum audit_event)cursor_u16(&c);
    ret->token = cursor_var(&c);
    ret->detail = cursor_var(&c);
    ENSURE(cursor_done(&c) && (ret->token.n == 0 || ret->token.n == TOKEN_ID), CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV audit_hash(const struct audit_entry *e, uint8_t ret[PRIM_HASH])
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct span all;

    buf_put(&bytes, SPAN_LIT(HASH_LABEL));
    buf_u64(&bytes, e->number);
    fields_put(e, &bytes);
    TRY(buf_ok(&bytes));
    all = buf_span(&bytes);
    return prim_sha256(&all, 1, ret);
}

static struct box_context entry_context(const struct keyring *k, uint64_t number)
{
    return (struct box_context){
        .purpose = "audit",
        .store_id = SPAN_ARRAY(k->store_id),
        .table = STORE_AUDIT,
        .id = number,
    };
}

/* -- the head: how many entries there are, and the hash of the last ---------------------------- */

struct head {
    uint64_t n;
    uint8_t hash[PRIM_HASH];
};

static CK_RV head_get(struct txn *t, struct head *ret)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct head h = {.n = 0};
    struct cursor c;
    bool found = false;

    TRY(meta_get(t, TRUST_TREE, META_AUDIT, &row, &found));
    if (found) {
        c = cursor_of(buf_span(&row));
        ENSURE(cursor_u8(&c) == ROW_VERSION, CKR_DEVICE_ERROR);
        h.n = cursor_u64(&c);
        cursor_copy(&c, h.hash, sizeof(h.hash));
        ENSURE(cursor_done(&c) && h.n > 0, CKR_DEVICE_ERROR);
    }
    *ret = h;
    return CKR_OK;
}

static CK_RV head_put(struct txn *t, const struct head *h)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, ROW_VERSION);
    buf_u64(&row, h->n);
    buf_put(&row, SPAN_ARRAY(h->hash));
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_AUDIT, buf_span(&row), NULL);
}

/* -- adding ------------------------------------------------------------------------------------ */

static CK_RV entry_put(const struct keyring *k, struct txn *t, const struct audit_entry *e)
{
    const struct box_context context = entry_context(k, e->number);
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u64(&key, e->number);
    fields_put(e, &plain);
    buf_u8(&row, ROW_VERSION);
    TRY(buf_ok(&key));
    TRY(buf_ok(&plain));
    TRY(box_seal(secret_span(k->audit), &context, buf_span(&plain), &row));
    return txn_put(t, STORE_AUDIT, buf_span(&key), buf_span(&row), NULL);
}

static CK_RV entry_append(const struct keyring *k, struct txn *t, struct audit_entry *e)
{
    struct head head;

    TRY(head_get(t, &head));
    e->number = head.n + 1;
    memcpy(e->previous, head.hash, sizeof(e->previous));
    TRY(entry_put(k, t, e));
    head.n = e->number;
    TRY(audit_hash(e, head.hash));
    return head_put(t, &head);
}

/* How much of a text of `n` bytes stays when what follows was cut off: the last character only if
 * it is all there (RFC 3629, 3). */
static size_t whole_characters(const char *text, size_t n)
{
    size_t lead = n;
    unsigned first;

    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
        lead--;
    if (lead == 0)
        return n;
    first = (unsigned char)text[--lead];
    if (first < 0xc0)
        return n;
    return n - lead < (first >= 0xf0 ? 4u : first >= 0xe0 ? 3u : 2u) ? lead : n;
}

static CK_RV add(const struct keyring *k, struct txn *t, struct audit_entry *e,
                 const uint8_t *token, const char *fmt, va_list args) PRINTF_LIKE(5, 0);

static CK_RV add(const struct keyring *k, struct txn *t, struct audit_entry *e,
                 const uint8_t *token, const char *fmt, va_list args)
{
    char detail[DETAIL_MAX] = "";
    const int n = vsnprintf(detail, sizeof(detail), fmt, args);

    e->detail = span_of(detail, n < (int)sizeof(detail)
                                    ? strlen(detail)
                                    : whole_characters(detail, strlen(detail)));
    if (token != NULL)
        e->token = span_of(token, TOKEN_ID);
    return entry_append(k, t, e);
}

CK_RV audit_add(const struct keyring *k, struct txn *t, enum audit_event event,
                const uint8_t *token, const char *fmt, ...)
{
    struct audit_entry e = {.event = event, .time = meta_now()};
    va_list args;
    CK_RV rv;

    va_start(args, fmt);
    rv = add(k, t, &e, token, fmt, args);
    va_end(args);
    return rv;
}

CK_RV audit_add_at(const struct keyring *k, struct txn *t, uint64_t time, enum audit_event event,
                   const uint8_t *token, const char *fmt, ...)
{
    struct audit_entry e = {.event = event, .time = time};
    va_list args;
    CK_RV rv;

    va_start(args, fmt);
    rv = add(k, t, &e, token, fmt, args);
    va_end(args);
    return rv;
}

/* -- reading ----------------------------------------------------------------------------------- */

struct reading {
    const struct keyring *k;
    audit_fn *fn;
    void *arg;
    struct head at; /* the last entry that was read */
};

static CK_RV chain_broken(const struct keyring *k, uint64_t number, const char *why)
{
    log_err("entry %llu of the audit log of the store %s %s: the log was tampered with",
            (unsigned long long)number, store_directory(k->store), why);
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV entry_open(const struct keyring *k, uint64_t number, struct span row,
                        struct buf *plain, struct audit_entry *ret)
{
    const struct box_context context = entry_context(k, number);
    struct cursor c = cursor_of(row);
    struct audit_entry e = {.number = number};

    if (cursor_u8(&c) != ROW_VERSION ||
        box_open(secret_span(k->audit), &context, c.rest, plain) != CKR_OK ||
        fields_take(buf_span(plain), &e) != CKR_OK)
        return chain_broken(k, number, "does not open");
    TRY(audit_hash(&e, e.hash));
    *ret = e;
    return CKR_OK;
}

static CK_RV read_row(struct txn *t, struct span key, struct span row, void *arg)
{
    struct reading *r = arg;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct cursor c = cursor_of(key);
    const uint64_t number = cursor_u64(&c);
    struct audit_entry e;

    (void)t;
    if (!cursor_done(&c) || number != r->at.n + 1)
        return chain_broken(r->k, r->at.n + 1, "is missing");
    TRY(entry_open(r->k, number, row, &plain, &e));
    if (memcmp(e.previous, r->at.hash, sizeof(e.previous)) != 0)
        return chain_broken(r->k, number, "does not follow the one before");
    r->at.n = number;
    memcpy(r->at.hash, e.hash, sizeof(r->at.hash));
    return r->fn != NULL ? r->fn(&e, r->arg) : CKR_OK;
}

CK_RV audit_walk(struct keyring *k, audit_fn *fn, void *arg, uint64_t *ret_n,
                 uint8_t ret_hash[PRIM_HASH])
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct reading r = {.k = k, .fn = fn, .arg = arg};
    struct head head;

    TRY(txn_begin_read(k->store, &t));
    TRY(head_get(t, &head));
    TRY(txn_walk(t, STORE_AUDIT, read_row, &r));
    if (r.at.n != head.n || memcmp(r.at.hash, head.hash, sizeof(head.hash)) != 0)
        return chain_broken(k, head.n, "is not the last one");
    if (ret_n != NULL)
        *ret_n = head.n;
    if (ret_hash != NULL)
        memcpy(ret_hash, head.hash, PRIM_HASH);
    return CKR_OK;
}

static CK_RV read_entry(const struct keyring *k, struct txn *t, uint64_t number, audit_fn *fn,
                        void *arg)
{
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct audit_entry e;
    bool found = false;

    buf_u64(&key, number);
    TRY(buf_ok(&key));
    TRY(txn_get(t, STORE_AUDIT, buf_span(&key), &row, NULL, &found));
    if (!found)
        return chain_broken(k, number, "is missing");
    TRY(entry_open(k, number, buf_span(&row), &plain, &e));
    return fn(&e, arg);
}

CK_RV audit_since(const struct keyring *k, struct txn *t, uint64_t after, audit_fn *fn, void *arg)
{
    struct head head;

    TRY(head_get(t, &head));
    for (uint64_t number = after + 1; number <= head.n; number++)
        TRY(read_entry(k, t, number, fn, arg));
    return CKR_OK;
}
