/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff.c - the master key of a store, given to another platform and taken there; see handoff.h.
 *
 * What is encrypted is more than the key: which store it is of, and of which epoch, so that one
 * that was rotated meanwhile is refused in words.
 */
#include "keyring/handoff.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/ossl.h"
#include "keyring/adopt.h"
#include "keyring/master.h"
#include "keyring/open.h"
#include "keyring/platform.h"
#include "util/log.h"

#define ROUNDS_MAX    8
#define GRANT_VERSION 1

/* -- the key file ------------------------------------------------------------------------------ */

#define FILE_MAGIC SPAN_LIT("tee-pkcs11 handoff key 1\n")

/*
 * A seal of the platform around a fresh key, as in a store, and a box under that key. The seal is
 * of a "store" that has an id drawn for this file, so that it is of no use in any store.
 */
struct key_file {
    struct header header;
    uint8_t seal_id[SEAL_ID];
    struct span seal, box;
};

static struct box_context key_context(const struct header *h)
{
    return (struct box_context){
        .purpose = "handoff-key",
        .store_id = SPAN_ARRAY(h->store_id),
    };
}

bool handoff_key_is(struct span file)
{
    return file.n >= FILE_MAGIC.n && memcmp(file.p, FILE_MAGIC.p, FILE_MAGIC.n) == 0;
}

static CK_RV key_file_decode(struct span bytes, struct key_file *ret)
{
    struct key_file f = {.header = {.epoch = 1}};
    struct cursor c = cursor_of(bytes);

    ENSURE(handoff_key_is(bytes), CKR_DATA_INVALID);
    (void)cursor_take(&c, FILE_MAGIC.n);
    cursor_copy(&c, f.header.store_id, sizeof(f.header.store_id));
    cursor_copy(&c, f.seal_id, sizeof(f.seal_id));
    f.seal = cursor_var(&c);
    f.box = cursor_var(&c);
    ENSURE(cursor_done(&c) && f.seal.n <= SEAL_ROW_MAX, CKR_DATA_INVALID);
    *ret = f;
    return CKR_OK;
}

static CK_RV key_box(const struct header *h, const struct secret *key, struct span private_key,
                     struct span request, struct buf *ret)
{
    const struct box_context context = key_context(h);
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    buf_var(&plain, private_key);
    buf_var(&plain, request);
    TRY(buf_ok(&plain));
    return box_seal(secret_span(key), &context, buf_span(&plain), ret);
}

CK_RV handoff_key_seal(const struct conf *c, struct span private_key, struct span request,
                       struct buf *ret)
{
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf box = BUF_INIT;
    struct header h = {.epoch = 1};
    const struct root *r;

    TRY(crypto_ready());
    TRY(root_select(c, &r));
    TRY(platform_owner_check(c, r, c->measured));
    TRY(prim_random(h.store_id, sizeof(h.store_id)));
    TRY(secret_new(PRIM_KEY, &key));
    TRY(prim_random(key->p, key->n));
    TRY(platform_make(c, r, true, &h, secret_span(key), 0, &made));
    TRY(key_box(&h, key, private_key, request, &box));
    buf_put(ret, FILE_MAGIC);
    buf_put(ret, SPAN_ARRAY(h.store_id));
    buf_put(ret, SPAN_ARRAY(made.id));
    buf_var(ret, buf_span(&made.row));
    buf_var(ret, buf_span(&box));
    return buf_ok(ret);
}

/* By this platform, as a store that has no other seal. */
static CK_RV key_unseal(const struct conf *c, const char *path, const struct key_file *f,
                        struct secret **ret)
{
    AUTO(seal_set_freep) struct seal_set *set = calloc(1, sizeof(*set));
    struct conf own = *c;
    const struct root *r;
    size_t which = 0;

    ENSURE(set != NULL, CKR_HOST_MEMORY);
    own.store = (char *)(uintptr_t)path; /* what a log line names */
    own.unseal_cache = 0;
    buf_put(&set->v[0].row, f->seal);
    set->n = 1;
    TRY(buf_ok(&set->v[0].row));
    ENSURE(seal_decode(f->seal_id, buf_span(&set->v[0].row), &set->v[0].seal) == CKR_OK,
           CKR_DATA_INVALID);
    TRY(root_select(&own, &r));
    return platform_open(&own, r, &f->header, set, ret, &which, NULL);
}

CK_RV handoff_key_open(const struct conf *c, const char *path, struct span file,
                       struct secret **ret_private, struct buf *ret_request)
{
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct box_context context;
    struct key_file f;
    struct cursor cursor;
    struct span private_key, request;

    TRY(crypto_ready());
    TRY(key_file_decode(file, &f));
    TRY(key_unseal(c, path, &f, &key));
    context = key_context(&f.header);
    if (box_open(secret_span(key), &context, f.box, &plain) != CKR_OK) {
        log_err("%s was changed: make a new request", path);
        FAIL(CKR_DEVICE_ERROR);
    }
    cursor = cursor_of(buf_span(&plain));
    private_key = cursor_var(&cursor);
    request = cursor_var(&cursor);
    ENSURE(cursor_done(&cursor) && private_key.n > 0 && private_key.n <= SECRET_MAX,
           CKR_DATA_INVALID);
    buf_put(ret_request, request);
    TRY(buf_ok(ret_request));
    return secret_from(private_key, ret_private);
}

CK_RV handoff_can_attest(const struct conf *c)
{
    const struct root *r;

    TRY(crypto_ready());
    TRY(root_select_report(c, &r));
    if (r->report != NULL)
        return CKR_OK;
    log_err("a hand-over is judged by evidence of both sides, and root = %s has none that anybody "
            "could judge: its key is a file. For development copy that file, or use tee-pkcs11 "
            "recover",
            r->name);
    FAIL(CKR_FUNCTION_NOT_SUPPORTED);
}

CK_RV handoff_store_id(const struct conf *c, uint8_t ret[STORE_ID])
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(opening_clear) struct opening o = {.seals = NULL};

    TRY(crypto_ready());
    TRY(store_open(c->store, false, c->map_size, &s));
    TRY(opening_read(s, &o));
    memcpy(ret, o.header.store_id, STORE_ID);
    return CKR_OK;
}

/* -- giving ------------------------------------------------------------------------------------ */

CK_RV handoff_release(struct keyring *k, struct span public_key, struct buf *ret_sealed,
                      uint8_t ret_seal[SEAL_ID])
{
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(buf_clear) struct buf grant = BUF_INIT;
    uint8_t seal[SEAL_ID];
    struct header h;

    TRY(master_open_here(k, &master, &h, seal));
    buf_u8(&grant, GRANT_VERSION);
    buf_put(&grant, SPAN_ARRAY(h.store_id));
    buf_u64(&grant, h.epoch);
    buf_put(&grant, secret_span(master));
    TRY(buf_ok(&grant));
    TRY(cms_seal_to_key(public_key, buf_span(&grant), ret_sealed));
    memcpy(ret_seal, seal, SEAL_ID);
    return CKR_OK;
}

/* "request 5f0c...": how an entry names it. */
#define NAME_TEXT (8 + 2 * HANDOFF_NAME + 1)
static const char *name_text(const uint8_t name[HANDOFF_NAME], char text[NAME_TEXT])
{
    memcpy(text, "request ", 8);
    (void)hex_encode(span_of(name, HANDOFF_NAME), text + 8);
    return text;
}

struct search {
    enum audit_event event;
    char text[NAME_TEXT];
    struct handoff_past past;
};

static CK_RV search_entry(const struct audit_entry *e, void *arg)
{
    struct search *s = arg;
    const size_t n = strlen(s->text);

    if (s->past.found || e->event != s->event || e->detail.n < n ||
        memcmp(e->detail.p, s->text, n) != 0)
        return CKR_OK;
    s->past = (struct handoff_past){.found = true, .number = e->number, .time = e->time};
    return CKR_OK;
}

CK_RV handoff_past(struct keyring *k, enum audit_event event, const uint8_t name[HANDOFF_NAME],
                   struct handoff_past *ret)
{
    struct search s = {.event = event};
    uint64_t n = 0;

    (void)name_text(name, s.text);
    TRY(audit_walk(k, search_entry, &s, &n, NULL));
    s.past.n_entries = n;
    *ret = s.past;
    return CKR_OK;
}

/* Of two who answer, or take, the same at once both found nothing: the second one finds it here, in
 * the transaction that writes. */
static CK_RV check_first(const struct keyring *k, struct txn *t, enum audit_event event,
                         const char *text, const struct handoff_past *past)
{
    struct search s = {.event = event};

    memcpy(s.text, text, NAME_TEXT);
    TRY(audit_since(k, t, past->n_entries, search_entry, &s));
    ENSURE(!s.past.found, CKR_FUNCTION_REJECTED);
    return CKR_OK;
}

struct note {
    const struct keyring *k;
    const char *text, *to;
    const struct handoff_past *past;
};

static CK_RV note_txn(struct txn *t, void *arg)
{
    const struct note *n = arg;

    TRY(check_first(n->k, t, AUDIT_HANDOFF_APPROVED, n->text, n->past));
    return audit_add(n->k, t, AUDIT_HANDOFF_APPROVED, NULL, "%s: %s", n->text, n->to);
}

CK_RV handoff_note(struct keyring *k, const uint8_t name[HANDOFF_NAME], const char *to,
                   const struct handoff_past *past)
{
    char text[NAME_TEXT];
    struct note n = {k, name_text(name, text), to, past};

    ENSURE(!past->found, CKR_FUNCTION_REJECTED);
    return store_write(k->store, note_txn, &n);
}

/* -- taking ------------------------------------------------------------------------------------ */

struct grant {
    uint8_t store_id[STORE_ID];
    uint64_t epoch;
    struct secret *master;
};

static void grant_clear(struct grant *g)
{
    secret_free(TAKE(g->master));
}

static CK_RV grant_open(struct span sealed, const struct secret *private_key, struct grant *ret)
{
    AUTO(secret_freep) struct secret *plain = NULL;
    struct cursor c;
    uint8_t version;

    TRY(cms_open_with_key(sealed, secret_span(private_key), &plain));
    c = cursor_of(secret_span(plain));
    version = cursor_u8(&c);
    cursor_copy(&c, ret->store_id, sizeof(ret->store_id));
    ret->epoch = cursor_u64(&c);
    ENSURE(version == GRANT_VERSION && c.rest.n == PRIM_KEY && !c.failed,
           CKR_ENCRYPTED_DATA_INVALID);
    return secret_from(c.rest, &ret->master);
}

static CK_RV grant_fits(const struct conf *c, const struct grant *g, const struct header *h)
{
    if (memcmp(g->store_id, h->store_id, STORE_ID) != 0) {
        log_err("the master key that was handed over is of another store than %s", c->store);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    if (g->epoch != h->epoch) {
        log_err("the master key that was handed over is of epoch %llu and the store %s is at %llu: "
                "it was rotated, or the disk is an older copy. Make a new request, of the store as "
                "it is",
                (unsigned long long)g->epoch, c->store, (unsigned long long)h->epoch);
        FAIL(CKR_FUNCTION_REJECTED);
    }
    return CKR_OK;
}

static CK_RV open_round(const struct conf *c, struct store *s, struct grant *g,
                        struct keyring **ret, bool *ret_moved)
{
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    AUTO(keyring_unrefp) struct keyring *k = NULL;

    TRY(opening_read(s, &o));
    TRY(grant_fits(c, g, &o.header));
    TRY(opening_finish(c, s, NULL, &o, OPENING_NO_SEAL, secret_span(g->master), &k, ret_moved));
    if (*ret_moved)
        return CKR_OK;
    k->master = TAKE(g->master);
    k->master_epoch = g->epoch;
    *ret = TAKE(k);
    return CKR_OK;
}

CK_RV handoff_open(const struct conf *c, struct store *s, struct span sealed,
                   const struct secret *private_key, struct keyring **ret)
{
    AUTO(grant_clear) struct grant g = {.master = NULL};
    bool moved = true;

    TRY(crypto_ready());
    TRY(grant_open(sealed, private_key, &g));
    for (int i = 0; i < ROUNDS_MAX && moved; i++)
        TRY(open_round(c, s, &g, ret, &moved));
    if (moved) {
        log_err("header or keys of the store %s are not the ones that its tree proves: they are "
                "older copies, or were changed. Restore a backup",
                store_directory(s));
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

struct taking {
    const char *text;
    const struct handoff_past *past;
};

static CK_RV may_take(const struct keyring *k, struct txn *t, void *arg)
{
    const struct taking *g = arg;

    return check_first(k, t, AUDIT_HANDOFF_ACCEPTED, g->text, g->past);
}

CK_RV handoff_adopt(struct keyring *k, const uint8_t name[HANDOFF_NAME], const uint8_t *supersedes,
                    const struct handoff_past *past, uint8_t ret_id[SEAL_ID])
{
    char text[NAME_TEXT];
    struct taking taking = {name_text(name, text), past};
    struct adopted adopted;
    const struct adopt_terms terms = {
        .event = AUDIT_HANDOFF_ACCEPTED,
        .by = text,
        .again = "make a new request",
        .others = supersedes != NULL ? ADOPT_SUPERSEDES_ONE : ADOPT_SUPERSEDES_NONE,
        .one = supersedes,
        .may = may_take,
        .arg = &taking,
    };

    ENSURE(!past->found, CKR_FUNCTION_REJECTED);
    TRY(keyring_adopt(k, &terms, &adopted));
    if (ret_id != NULL)
        memcpy(ret_id, adopted.id, SEAL_ID);
    return CKR_OK;
}
