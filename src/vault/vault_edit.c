/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vault_edit.c - adding, replacing and destroying objects, and a key's successor: one write
 * transaction each, with the index rows; see vault.h.
 *
 * Records are encoded before the transaction begins. Ids, the current generation and what the index
 * says of the object before are read inside it, so that nothing depends on an older snapshot. A
 * transaction function may be run twice: results leave it only after token_write().
 */
#include <stdlib.h>

#include "keyring/audit.h"
#include "model/record.h"
#include "util/log.h"
#include "vault/rows.h"

/* An attribute set without CKA_PRIVATE counts as private: the safe side. */
static enum scope scope_of(const struct attrs *a)
{
    return attrs_bool(a, CKA_PRIVATE, true) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
}

/* The record of an object. Attributes that are each as they may be can be too many bytes for a row:
 * then nothing is begun. */
static CK_RV encode(const struct attrs *object, struct buf *ret)
{
    TRY(record_encode(object, ret));
    if (ret->n > ROW_PLAIN_MAX) {
        log_err("vault: an object of %zu bytes has no room in the store, which takes %u of one: "
                "make its values shorter, or keep it as a session object",
                ret->n, (unsigned)ROW_PLAIN_MAX);
        FAIL(CKR_DEVICE_MEMORY);
    }
    return CKR_OK;
}

struct add {
    const struct vault *v;
    const struct attrs *const *objects;
    size_t n;
    struct buf *plain; /* the encoded objects, one each */
    uint64_t *ids;
    struct stamp *stamps;
    uint64_t expected;  /* the first new id; 0: any */
    uint64_t next;      /* the next one, afterwards */
    const char *detail; /* for the audit log; NULL: an application's own, not told */
};

static void add_clear(struct add *a)
{
    for (size_t i = 0; a->plain != NULL && i < a->n; i++)
        buf_clear(&a->plain[i]);
    free(a->plain);
    free(a->ids);
    free(a->stamps);
}

static CK_RV add_one(struct rows *r, const struct attrs *object, struct span plain,
                     uint64_t *ret_id, struct stamp *ret_stamp)
{
    const struct index *x = NULL;

    TRY(txn_new_id(r->t, ret_id));
    TRY(rows_put(r, *ret_id, plain, ret_stamp->mac));
    ret_stamp->txn = txn_id(r->t);
    TRY(rows_index(r, &x));
    return index_change(x, r->t, *ret_id, NULL, object);
}

static CK_RV add_all(struct txn *t, void *arg)
{
    struct add *a = arg;
    AUTO(rows_clear) struct rows public = rows_of(a->v, t, SCOPE_PUBLIC);
    AUTO(rows_clear) struct rows private = rows_of(a->v, t, SCOPE_PRIVATE);

    ENSURE(a->expected == 0 || a->expected == txn_next_id(t), CKR_FUNCTION_FAILED);
    for (size_t i = 0; i < a->n; i++) {
        struct rows *r = scope_of(a->objects[i]) == SCOPE_PRIVATE ? &private : &public;

        TRY(add_one(r, a->objects[i], buf_span(&a->plain[i]), &a->ids[i], &a->stamps[i]));
    }
    if (a->detail != NULL)
        TRY(audit_add(a->v->keyring, t, AUDIT_OBJECTS_IMPORTED, a->v->token, "%s", a->detail));
    a->next = txn_next_id(t);
    return CKR_OK;
}

/* Check what is to be added, encode it, and make room for the ids. */
static CK_RV add_prepare(struct add *a)
{
    ENSURE(a->n > 0, CKR_ARGUMENTS_BAD);
    for (size_t i = 0; i < a->n; i++)
        ENSURE(rows_are_visible(a->v, scope_of(a->objects[i])), CKR_USER_NOT_LOGGED_IN);
    a->plain = calloc(a->n, sizeof(*a->plain));
    a->ids = calloc(a->n, sizeof(*a->ids));
    a->stamps = calloc(a->n, sizeof(*a->stamps));
    ENSURE(a->plain != NULL && a->ids != NULL && a->stamps != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < a->n; i++)
        TRY(encode(a->objects[i], &a->plain[i]));
    return CKR_OK;
}

/* Encode and write. */
static CK_RV add_run(struct add *a)
{
    TRY(add_prepare(a));
    return token_write(a->v->keyring, a->v->token, add_all, a);
}

CK_RV vault_add(const struct vault *v, const struct attrs *const *objects, size_t n,
                uint64_t *ret_ids, struct stamp *ret_stamps)
{
    AUTO(add_clear) struct add a = {.v = v, .objects = objects, .n = n};

    TRY(add_run(&a));
    memcpy(ret_ids, a.ids, n * sizeof(*ret_ids));
    if (ret_stamps != NULL)
        memcpy(ret_stamps, a.stamps, n * sizeof(*ret_stamps));
    return CKR_OK;
}

CK_RV vault_import(const struct vault *v, const struct attrs *const *objects, size_t n,
                   const char *detail, uint64_t *next_id)
{
    AUTO(add_clear)
    struct add a = {.v = v, .objects = objects, .n = n, .expected = *next_id, .detail = detail};

    TRY(add_run(&a));
    *next_id = a.next;
    return CKR_OK;
}

/* One object that changes (attrs) or goes (attrs NULL). */
struct edit {
    const struct vault *v;
    uint64_t id;
    enum scope scope;
    const struct attrs *attrs;
    struct span plain;
    const uint8_t *expected;   /* MAC of the row before; NULL: any */
    const struct attrs *known; /* the object before, if its row still has known_mac; or NULL */
    const uint8_t *known_mac;
    struct stamp after;
};

/* Is the object what its caller knows? The stamp binds every byte of the row. */
static CK_RV is_known(const struct edit *e, struct txn *t, bool *ret)
{
    uint8_t key[ROW_KEY];

    *ret = false;
    if (e->known == NULL)
        return CKR_OK;
    row_key(e->v, e->scope, e->id, key);
    return txn_same(t, STORE_OBJECT, SPAN_ARRAY(key), e->known_mac, ret);
}

/* The object before, borrowed; what has to be read for that is *inout_read. */
static CK_RV edit_before(const struct edit *e, struct rows *r, struct attrs **inout_read,
                         const struct attrs **ret)
{
    uint8_t mac[STORE_MAC];
    bool known = false;

    TRY(is_known(e, r->t, &known));
    if (known) {
        *ret = e->known;
        return CKR_OK;
    }
    TRY(rows_get_attrs(r, e->id, inout_read, mac));
    ENSURE(e->expected == NULL || mem_equal_ct(mac, e->expected, STORE_MAC), CKR_FUNCTION_FAILED);
    *ret = *inout_read;
    return CKR_OK;
}

static CK_RV edit_object(struct txn *t, void *arg)
{
    struct edit *e = arg;
    AUTO(rows_clear) struct rows rows = rows_of(e->v, t, e->scope);
    AUTO(attrs_freep) struct attrs *read = NULL;
    const struct attrs *before = NULL;
    const struct index *x = NULL;

    TRY(edit_before(e, &rows, &read, &before));
    if (e->attrs != NULL)
        TRY(rows_put(&rows, e->id, e->plain, e->after.mac));
    else
        TRY(rows_remove(&rows, e->id));
    TRY(rows_index(&rows, &x));
    TRY(index_change(x, t, e->id, before, e->attrs));
    e->after.txn = txn_id(t);
    return CKR_OK;
}

/* Check and encode what an object is to be. */
static CK_RV edit_prepare(struct edit *e, struct buf *plain)
{
    ENSURE(rows_are_visible(e->v, e->scope), CKR_OBJECT_HANDLE_INVALID);
    ENSURE(scope_of(e->attrs) == e->scope, CKR_ATTRIBUTE_READ_ONLY);
    TRY(encode(e->attrs, plain));
    e->plain = buf_span(plain);
    return CKR_OK;
}

CK_RV vault_replace(const struct vault *v, uint64_t id, enum scope scope, const struct attrs *attrs,
                    struct stamp *stamp)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct edit e = {.v = v, .id = id, .scope = scope, .attrs = attrs, .expected = stamp->mac};

    TRY(edit_prepare(&e, &plain));
    TRY(token_write(v->keyring, v->token, edit_object, &e));
    *stamp = e.after;
    return CKR_OK;
}

static CK_RV destroy(struct edit *e)
{
    ENSURE(rows_are_visible(e->v, e->scope), CKR_OBJECT_HANDLE_INVALID);
    return token_write(e->v->keyring, e->v->token, edit_object, e);
}

CK_RV vault_destroy(const struct vault *v, uint64_t id, enum scope scope)
{
    struct edit e = {.v = v, .id = id, .scope = scope};

    return destroy(&e);
}

CK_RV vault_destroy_known(const struct vault *v, uint64_t id, enum scope scope,
                          const struct attrs *known, const struct stamp *stamp)
{
    struct edit e = {.v = v, .id = id, .scope = scope, .known = known, .known_mac = stamp->mac};

    return destroy(&e);
}

/* -- a successor ----------------------------------------------------------------------------- */

struct succession {
    struct add add;
    struct edit *edits;
    struct buf *plain; /* of the edits */
    size_t n;          /* edits */
};

static void succession_clear(struct succession *s)
{
    for (size_t i = 0; s->plain != NULL && i < s->n; i++)
        buf_clear(&s->plain[i]);
    free(s->plain);
    free(s->edits);
    add_clear(&s->add);
}

static CK_RV succeed(struct txn *t, void *arg)
{
    struct succession *s = arg;
    const struct vault *v = s->add.v;

    TRY(add_all(t, &s->add));
    for (size_t i = 0; i < s->n; i++)
        TRY(edit_object(t, &s->edits[i]));
    return audit_add(v->keyring, t, AUDIT_KEY_ROTATED, v->token, "object %llu in place of %llu",
                     (unsigned long long)s->add.ids[0], (unsigned long long)s->edits[0].id);
}

static CK_RV edits_prepare(struct succession *s, const struct vault_change *changes)
{
    ENSURE(s->n > 0, CKR_ARGUMENTS_BAD);
    s->edits = calloc(s->n, sizeof(*s->edits));
    s->plain = calloc(s->n, sizeof(*s->plain));
    ENSURE(s->edits != NULL && s->plain != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < s->n; i++) {
        s->edits[i] = (struct edit){.v = s->add.v,
                                    .id = changes[i].id,
                                    .scope = changes[i].scope,
                                    .attrs = changes[i].attrs,
                                    .expected = changes[i].stamp.mac};
        TRY(edit_prepare(&s->edits[i], &s->plain[i]));
    }
    return CKR_OK;
}

CK_RV vault_succeed(const struct vault *v, const struct attrs *const *objects, size_t n,
                    const struct vault_change *changes, size_t n_changes, uint64_t *ret_ids)
{
    AUTO(succession_clear)
    struct succession s = {.add = {.v = v, .objects = objects, .n = n}, .n = n_changes};

    TRY(add_prepare(&s.add));
    TRY(edits_prepare(&s, changes));
    TRY(token_write(v->keyring, v->token, succeed, &s));
    memcpy(ret_ids, s.add.ids, n * sizeof(*ret_ids));
    return CKR_OK;
}
