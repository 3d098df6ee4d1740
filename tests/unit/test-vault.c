/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-vault.c - objects at rest: stored, read, found, changed, destroyed; seen only by whom they
 * are for; found broken when a host has touched any row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/prim.h"
#include "keyring/audit.h"
#include "model/schema.h"
#include "model/template.h"
#include "vault/rows.h"
#include "vault_fixture.h"

static void assert_attrs_equal(const struct attrs *a, const struct attrs *b)
{
    assert_int_equal(a->n, b->n);
    for (size_t i = 0; i < a->n; i++) {
        assert_int_equal(a->v[i].type, b->v[i].type);
        assert_int_equal(a->v[i].n, b->v[i].n);
        if (a->v[i].n > 0)
            assert_memory_equal(a->v[i].p, b->v[i].p, a->v[i].n);
    }
}

static CK_RV get(const struct vault *v, uint64_t id, enum scope scope)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct stamp stamp;

    return vault_get(v, id, scope, &a, &stamp);
}

static size_t n_found(const struct vault *v, struct attrs *search)
{
    AUTO(found_clear) struct found f = search_run(v, search);

    return f.n;
}

static size_t n_labelled(const struct vault *v, const char *label)
{
    return n_found(v, search_text(CKA_LABEL, label));
}

static struct attrs *search_all(void)
{
    struct attrs *a = NULL;

    assert_int_equal(attrs_new(&a), CKR_OK);
    return a;
}

static struct attrs *with_text(struct attrs *a, CK_ATTRIBUTE_TYPE type, const char *value)
{
    assert_int_equal(attrs_set(a, type, span_of(value, strlen(value))), CKR_OK);
    return a;
}

static struct attrs *with_flag(struct attrs *a, CK_ATTRIBUTE_TYPE type, bool value)
{
    assert_int_equal(attrs_set_bool(a, type, value), CKR_OK);
    return a;
}

/* -- add, get ---------------------------------------------------------------------------------- */

static void test_add_get_gives_back_all_attributes(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct attrs *object = object_aes("a key", "\x01", true);
    const struct attrs *const objects[1] = {object};
    struct attrs *back = NULL;
    struct stamp stamp;
    uint64_t id = 0;

    assert_int_equal(vault_add(v, objects, 1, &id, NULL), CKR_OK);
    assert_int_equal(vault_get(v, id, SCOPE_PRIVATE, &back, &stamp), CKR_OK);
    assert_attrs_equal(object, back);
    attrs_free(back);
    attrs_free(object);
    assert_int_equal(get(v, id, SCOPE_PUBLIC), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(get(v, id + 1, SCOPE_PRIVATE), CKR_OBJECT_HANDLE_INVALID);
}

static void test_add_is_all_or_nothing(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct attrs *pair[2] = {object_ec(CKO_PUBLIC_KEY, "pair", "\x02", false),
                             object_ec(CKO_PRIVATE_KEY, "pair", "\x02", true)};
    const struct attrs *const objects[2] = {pair[0], pair[1]};
    uint64_t ids[2] = {7, 7};
    uint64_t n = 0;

    assert_int_equal(attrs_set_ulong(pair[1], CKA_CLASS, 0x1234), CKR_OK); /* no schema */
    assert_int_not_equal(vault_add(v, objects, 2, ids, NULL), CKR_OK);
    assert_int_equal(ids[0], 7);
    assert_int_equal(n_labelled(v, "pair"), 0);
    assert_int_equal(vault_count(v, SCOPE_PUBLIC, &n), CKR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(attrs_set_ulong(pair[1], CKA_CLASS, CKO_PRIVATE_KEY), CKR_OK);
    assert_int_equal(vault_add(v, objects, 2, ids, NULL), CKR_OK);
    assert_true(ids[0] > 0 && ids[1] > ids[0]);
    assert_int_equal(n_labelled(v, "pair"), 2);
    assert_int_equal(vault_add(v, objects, 0, ids, NULL), CKR_ARGUMENTS_BAD);
    attrs_free(pair[0]);
    attrs_free(pair[1]);
}

static void test_add_private_needs_the_user(void **state)
{
    const struct vault_fixture *f = *state;
    struct attrs *secret = object_aes("s", "s", true);
    struct attrs *open = object_data("o", "app", false);
    const struct attrs *const both[2] = {open, secret};
    uint64_t ids[2] = {0, 0};

    assert_int_equal(vault_add(&f->nobody, both, 2, ids, NULL), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(vault_add(&f->officer, both, 2, ids, NULL), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(vault_add(&f->nobody, both, 1, ids, NULL), CKR_OK);
    attrs_remove(secret, CKA_PRIVATE); /* unsaid is private */
    assert_int_equal(vault_add(&f->nobody, both + 1, 1, ids, NULL), CKR_USER_NOT_LOGGED_IN);
    assert_int_equal(n_found(&f->vault[0], search_all()), 1);
    attrs_free(secret);
    attrs_free(open);
}

static void test_ids_rise_and_are_never_given_twice(void **state)
{
    const struct vault_fixture *f = *state;
    uint64_t last = 0;

    for (int i = 0; i < 20; i++) {
        const struct vault *v = &f->vault[i % 2];
        const uint64_t id = object_store(v, object_data("x", "y", i % 3 == 0));

        assert_true(id > last);
        last = id;
        assert_int_equal(vault_destroy(v, id, i % 3 == 0 ? SCOPE_PRIVATE : SCOPE_PUBLIC), CKR_OK);
    }
}

/* -- who sees what ----------------------------------------------------------------------------- */

static void test_tokens_and_scopes_are_apart(void **state)
{
    const struct vault_fixture *f = *state;
    const uint64_t open = object_store(&f->vault[0], object_data("same", "app", false));
    const uint64_t secret = object_store(&f->vault[0], object_data("same", "app", true));
    struct stamp stamp = {0};
    struct attrs *a = object_data("n", "n", true);

    assert_int_equal(n_labelled(&f->vault[0], "same"), 2);
    assert_int_equal(n_labelled(&f->vault[1], "same"), 0);
    assert_int_equal(n_found(&f->vault[1], search_all()), 0);
    for (uint64_t id = open; id <= secret; id++) {
        for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
            assert_int_equal(get(&f->vault[1], id, s), CKR_OBJECT_HANDLE_INVALID);
            assert_int_equal(vault_destroy(&f->vault[1], id, s), CKR_OBJECT_HANDLE_INVALID);
        }
        assert_int_equal(vault_replace(&f->vault[1], id, SCOPE_PRIVATE, a, &stamp),
                         CKR_OBJECT_HANDLE_INVALID);
    }
    attrs_free(a);
    assert_int_equal(get(&f->vault[0], open, SCOPE_PUBLIC), CKR_OK);
    assert_int_equal(get(&f->vault[0], open, SCOPE_PRIVATE), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(get(&f->vault[0], secret, SCOPE_PRIVATE), CKR_OK);
}

static void check_sees_public_only(const struct vault *v, uint64_t open, uint64_t secret)
{
    struct attrs *a = object_data("n", "n", true);
    struct stamp stamp = {.txn = store_last_txn(keyring_store(v->keyring))};
    bool same = true;

    assert_int_equal(n_labelled(v, "same"), 1);
    assert_int_equal(n_found(v, search_all()), 1);
    assert_int_equal(n_found(v, with_flag(search_all(), CKA_PRIVATE, true)), 0);
    assert_int_equal(get(v, open, SCOPE_PUBLIC), CKR_OK);
    assert_int_equal(get(v, secret, SCOPE_PRIVATE), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(vault_destroy(v, secret, SCOPE_PRIVATE), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(vault_replace(v, secret, SCOPE_PRIVATE, a, &stamp), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(vault_same(v, secret, SCOPE_PRIVATE, &stamp, &same), CKR_OK);
    assert_false(same);
    attrs_free(a);
}

static void test_private_objects_are_the_users(void **state)
{
    const struct vault_fixture *f = *state;
    const uint64_t open = object_store(&f->vault[0], object_data("same", "app", false));
    const uint64_t secret = object_store(&f->vault[0], object_data("same", "app", true));

    check_sees_public_only(&f->nobody, open, secret);
    check_sees_public_only(&f->officer, open, secret);
    assert_int_equal(get(&f->vault[0], secret, SCOPE_PRIVATE), CKR_OK);
}

static void test_count_by_scope(void **state)
{
    const struct vault_fixture *f = *state;
    uint64_t n = 9;

    for (int i = 0; i < 100; i++)
        (void)object_store(&f->vault[0], object_data("c", "c", i % 4 == 0));
    assert_int_equal(vault_count(&f->vault[0], SCOPE_PUBLIC, &n), CKR_OK);
    assert_int_equal(n, 75);
    assert_int_equal(vault_count(&f->vault[0], SCOPE_PRIVATE, &n), CKR_OK);
    assert_int_equal(n, 25);
    assert_int_equal(vault_count(&f->vault[1], SCOPE_PUBLIC, &n), CKR_OK);
    assert_int_equal(n, 0);
    assert_int_equal(vault_count(&f->nobody, SCOPE_PRIVATE, &n), CKR_USER_NOT_LOGGED_IN);
}

/* -- stamps, replace, destroy ------------------------------------------------------------------ */

static void test_same_follows_the_row(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t id = object_store(v, object_data("s", "s", false));
    struct attrs *a = NULL;
    struct stamp stamp;
    struct stamp old;
    bool same = false;

    assert_int_equal(vault_get(v, id, SCOPE_PUBLIC, &a, &stamp), CKR_OK);
    assert_int_equal(vault_same(v, id, SCOPE_PUBLIC, &stamp, &same), CKR_OK);
    assert_true(same);
    (void)object_store(v, object_data("another", "s", false));
    old = stamp;
    assert_int_equal(vault_same(v, id, SCOPE_PUBLIC, &stamp, &same), CKR_OK);
    assert_true(same);
    assert_true(stamp.txn > old.txn); /* the next check is the fast one */
    assert_int_equal(stamp.txn, store_last_txn(keyring_store(v->keyring)));
    old = stamp;
    assert_int_equal(vault_replace(v, id, SCOPE_PUBLIC, a, &stamp), CKR_OK);
    assert_int_equal(vault_same(v, id, SCOPE_PUBLIC, &stamp, &same), CKR_OK);
    assert_true(same);
    assert_int_equal(vault_same(v, id, SCOPE_PUBLIC, &old, &same), CKR_OK);
    assert_false(same);
    assert_int_equal(vault_destroy(v, id, SCOPE_PUBLIC), CKR_OK);
    assert_int_equal(vault_same(v, id, SCOPE_PUBLIC, &stamp, &same), CKR_OK);
    assert_false(same);
    attrs_free(a);
}

static void test_replace_moves_the_index(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t id = object_store(v, object_aes("before", "id", true));
    struct attrs *a = NULL;
    struct stamp stamp;

    assert_int_equal(vault_get(v, id, SCOPE_PRIVATE, &a, &stamp), CKR_OK);
    (void)with_text(a, CKA_LABEL, "after");
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &stamp), CKR_OK);
    assert_int_equal(n_labelled(v, "before"), 0);
    assert_int_equal(n_labelled(v, "after"), 1);
    assert_int_equal(n_found(v, search_text(CKA_ID, "id")), 1);
    (void)with_text(a, CKA_LABEL, "");
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &stamp), CKR_OK);
    assert_int_equal(n_labelled(v, "after"), 0);
    assert_int_equal(n_labelled(v, ""), 1);
    (void)with_text(a, CKA_LABEL, "again");
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &stamp), CKR_OK);
    assert_int_equal(n_labelled(v, ""), 0);
    assert_int_equal(n_labelled(v, "again"), 1);
    attrs_free(a);
}

static void test_replace_of_a_changed_object_is_refused(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t id = object_store(v, object_data("r", "r", true));
    struct attrs *a = NULL;
    struct stamp mine;
    struct stamp theirs;

    assert_int_equal(vault_get(v, id, SCOPE_PRIVATE, &a, &mine), CKR_OK);
    theirs = mine;
    (void)with_text(a, CKA_LABEL, "theirs");
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &theirs), CKR_OK);
    (void)with_text(a, CKA_LABEL, "mine");
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &mine), CKR_FUNCTION_FAILED);
    assert_int_equal(n_labelled(v, "theirs"), 1);
    assert_int_equal(n_labelled(v, "mine"), 0);
    (void)with_flag(a, CKA_PRIVATE, false);
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &theirs), CKR_ATTRIBUTE_READ_ONLY);
    (void)with_flag(a, CKA_PRIVATE, true);
    assert_int_equal(vault_destroy(v, id, SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, a, &theirs), CKR_OBJECT_HANDLE_INVALID);
    attrs_free(a);
}

static CK_RV count_rows(const struct vault *v, uint64_t *ret_objects, uint64_t *ret_index)
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    *ret_objects = txn_count(t, STORE_OBJECT);
    *ret_index = txn_count(t, STORE_INDEX);
    return CKR_OK;
}

/* What is known of an object is used only while it is true: else the lists that it stands in now
 * are left, and none that it stood in. */
static void test_destroy_known(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    AUTO(attrs_freep) struct attrs *a = object_data("known", "k", true);
    AUTO(attrs_freep) struct attrs *changed = object_data("changed", "k", true);
    const struct attrs *const objects[] = {a};
    uint64_t before[2], after[2], id = 0;
    struct stamp made, later;
    bool same = false;

    (void)object_store(v, object_data("stays", "k", true));
    assert_int_equal(count_rows(v, &before[0], &before[1]), CKR_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(vault_add(v, objects, 1, &id, &made), CKR_OK);
        assert_int_equal(vault_same(v, id, SCOPE_PRIVATE, &made, &same), CKR_OK);
        assert_true(same);
        later = made;
        if (i == 1)
            assert_int_equal(vault_replace(v, id, SCOPE_PRIVATE, changed, &later), CKR_OK);
        assert_int_equal(vault_destroy_known(v, id, SCOPE_PRIVATE, a, &made), CKR_OK);
        assert_int_equal(n_labelled(v, "known") + n_labelled(v, "changed"), 0);
        assert_int_equal(count_rows(v, &after[0], &after[1]), CKR_OK);
        assert_memory_equal(before, after, sizeof(before));
        assert_int_equal(vault_destroy_known(v, id, SCOPE_PRIVATE, a, &made),
                         CKR_OBJECT_HANDLE_INVALID);
    }
    assert_int_equal(
        vault_destroy_known(&((struct vault_fixture *)*state)->nobody, id, SCOPE_PRIVATE, a, &made),
        CKR_OBJECT_HANDLE_INVALID);
}

/* -- a successor: what is new and what becomes of the old is one transaction ---------------------
 */

struct heir {
    const struct vault *v;
    struct attrs *new_pair[2], *old_after[2];
    uint64_t old_ids[2];
    struct vault_change changes[2];
};

static void read_change(struct heir *h, size_t i, enum scope scope)
{
    h->changes[i] = (struct vault_change){.id = h->old_ids[i], .scope = scope};
    assert_int_equal(vault_get(h->v, h->old_ids[i], scope, &h->old_after[i], &h->changes[i].stamp),
                     CKR_OK);
    (void)with_flag(h->old_after[i], i == 0 ? CKA_SIGN : CKA_ENCRYPT, false);
    h->changes[i].attrs = h->old_after[i];
}

static struct heir heir_make(const struct vault *v)
{
    struct heir h = {.v = v};

    h.old_ids[0] =
        object_store(v, with_flag(object_ec(CKO_PRIVATE_KEY, "heir", "old", true), CKA_SIGN, true));
    h.old_ids[1] = object_store(
        v, with_flag(object_ec(CKO_PUBLIC_KEY, "heir", "old", false), CKA_ENCRYPT, true));
    h.new_pair[0] = object_ec(CKO_PRIVATE_KEY, "heir", "new", true);
    h.new_pair[1] = object_ec(CKO_PUBLIC_KEY, "heir", "new", false);
    read_change(&h, 0, SCOPE_PRIVATE);
    read_change(&h, 1, SCOPE_PUBLIC);
    return h;
}

static void heir_clear(struct heir *h)
{
    for (size_t i = 0; i < 2; i++) {
        attrs_free(h->new_pair[i]);
        attrs_free(h->old_after[i]);
    }
}

static CK_RV heir_commit(const struct heir *h, uint64_t ids[2])
{
    return vault_succeed(h->v, (const struct attrs *const *)h->new_pair, 2, h->changes, 2, ids);
}

static bool flag_of(const struct vault *v, uint64_t id, enum scope scope, CK_ATTRIBUTE_TYPE type)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct stamp stamp;

    assert_int_equal(vault_get(v, id, scope, &a, &stamp), CKR_OK);
    return attrs_bool(a, type, false);
}

static CK_RV last_event(const struct audit_entry *e, void *arg)
{
    *(enum audit_event *)arg = e->event;
    return CKR_OK;
}

static void test_successor_comes_with_the_change(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    AUTO(heir_clear) struct heir h = heir_make(v);
    enum audit_event last = AUDIT_STORE_MADE;
    uint64_t ids[2] = {0, 0};

    assert_int_equal(heir_commit(&h, ids), CKR_OK);
    assert_int_equal(n_labelled(v, "heir"), 4);
    assert_int_equal(n_found(v, search_text(CKA_ID, "new")), 2);
    assert_int_equal(get(v, ids[0], SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(get(v, ids[1], SCOPE_PUBLIC), CKR_OK);
    assert_false(flag_of(v, h.old_ids[0], SCOPE_PRIVATE, CKA_SIGN));
    assert_false(flag_of(v, h.old_ids[1], SCOPE_PUBLIC, CKA_ENCRYPT));
    assert_int_equal(audit_walk(v->keyring, last_event, &last, NULL, NULL), CKR_OK);
    assert_int_equal(last, AUDIT_KEY_ROTATED);
}

/* One of the old objects was changed meanwhile, or is gone: nothing of it happens, and what was
 * changed first stays as somebody made it. */
static void test_successor_of_a_changed_key_is_refused(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    AUTO(heir_clear) struct heir h = heir_make(v);
    AUTO(attrs_freep) struct attrs *now = NULL;
    enum audit_event last = AUDIT_STORE_MADE;
    struct stamp stamp;
    uint64_t ids[2] = {7, 7};

    assert_int_equal(vault_get(v, h.old_ids[1], SCOPE_PUBLIC, &now, &stamp), CKR_OK);
    assert_int_equal(
        vault_replace(v, h.old_ids[1], SCOPE_PUBLIC, with_text(now, CKA_ID, "moved"), &stamp),
        CKR_OK);
    assert_int_equal(heir_commit(&h, ids), CKR_FUNCTION_FAILED);
    assert_int_equal(ids[0], 7);
    assert_int_equal(n_labelled(v, "heir"), 2);
    assert_true(flag_of(v, h.old_ids[0], SCOPE_PRIVATE, CKA_SIGN));
    assert_true(flag_of(v, h.old_ids[1], SCOPE_PUBLIC, CKA_ENCRYPT));
    assert_int_equal(vault_destroy(v, h.old_ids[1], SCOPE_PUBLIC), CKR_OK);
    assert_int_equal(heir_commit(&h, ids), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(n_labelled(v, "heir"), 1);
    assert_true(flag_of(v, h.old_ids[0], SCOPE_PRIVATE, CKA_SIGN));
    assert_int_equal(audit_walk(v->keyring, last_event, &last, NULL, NULL), CKR_OK);
    assert_int_not_equal(last, AUDIT_KEY_ROTATED);
}

/* Who has not seen what somebody else made imports nothing, and is not told of in the log. */
static void test_import_of_what_was_seen(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct attrs *pair[2] = {object_data("import", "one", true), object_data("import", "two", false)};
    const struct attrs *const objects[2] = {pair[0], pair[1]};
    enum audit_event last = AUDIT_STORE_MADE;
    uint64_t next = 0, seen;

    assert_int_equal(vault_next_id(v, &next), CKR_OK);
    seen = next;
    assert_true(object_store(v, object_data("theirs", "app", true)) == next);
    assert_int_equal(vault_import(v, objects, 2, "two from a test", &next), CKR_FUNCTION_FAILED);
    assert_int_equal(next, seen);
    assert_int_equal(n_labelled(v, "import"), 0);
    assert_int_equal(audit_walk(v->keyring, last_event, &last, NULL, NULL), CKR_OK);
    assert_int_not_equal(last, AUDIT_OBJECTS_IMPORTED);

    assert_int_equal(vault_next_id(v, &next), CKR_OK);
    assert_int_equal(next, seen + 1);
    assert_int_equal(vault_import(v, objects, 2, "two from a test", &next), CKR_OK);
    assert_int_equal(next, seen + 3);
    assert_int_equal(n_labelled(v, "import"), 2);
    assert_int_equal(audit_walk(v->keyring, last_event, &last, NULL, NULL), CKR_OK);
    assert_int_equal(last, AUDIT_OBJECTS_IMPORTED);
    attrs_free(pair[0]);
    attrs_free(pair[1]);
}

static void test_successor_needs_the_user(void **state)
{
    const struct vault_fixture *f = *state;
    AUTO(heir_clear) struct heir h = heir_make(&f->vault[0]);
    uint64_t ids[2] = {7, 7};

    h.v = &f->nobody;
    assert_int_equal(heir_commit(&h, ids), CKR_USER_NOT_LOGGED_IN);
    h.v = &f->officer;
    assert_int_equal(heir_commit(&h, ids), CKR_USER_NOT_LOGGED_IN);
    h.v = &f->vault[1]; /* another token's user */
    assert_int_equal(heir_commit(&h, ids), CKR_OBJECT_HANDLE_INVALID);
    assert_int_equal(
        vault_succeed(&f->vault[0], (const struct attrs *const *)h.new_pair, 2, h.changes, 0, ids),
        CKR_ARGUMENTS_BAD);
    assert_int_equal(n_labelled(&f->vault[0], "heir"), 2);
    assert_int_equal(n_labelled(&f->vault[1], "heir"), 0);
}

static void test_destroy_leaves_no_row(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    uint64_t ids[150];
    uint64_t objects = 1;
    uint64_t index = 1;

    for (size_t i = 0; i < N_ELEMENTS(ids); i++)
        ids[i] = object_store(v, object_ec(CKO_PUBLIC_KEY, "many", "same", false));
    for (size_t i = N_ELEMENTS(ids); i-- > 0;) {
        const size_t other = (size_t)random() % (i + 1);
        const uint64_t id = ids[other];

        ids[other] = ids[i];
        assert_int_equal(vault_destroy(v, id, SCOPE_PUBLIC), CKR_OK);
        assert_int_equal(vault_destroy(v, id, SCOPE_PUBLIC), CKR_OBJECT_HANDLE_INVALID);
        assert_int_equal(n_labelled(v, "many"), i);
    }
    assert_int_equal(count_rows(v, &objects, &index), CKR_OK);
    assert_int_equal(objects, 0);
    assert_int_equal(index, 0);
}

/* -- find -------------------------------------------------------------------------------------- */

static void test_find_orders_public_before_private(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    AUTO(found_clear) struct found f = {0};
    uint64_t n_public = 0;

    for (int i = 0; i < 200; i++)
        (void)object_store(v, object_data("o", "o", i % 3 == 0));
    f = search_run(v, search_all());
    assert_int_equal(f.n, 200);
    assert_int_equal(vault_count(v, SCOPE_PUBLIC, &n_public), CKR_OK);
    assert_int_equal(f.n_public, n_public);
    for (size_t i = 0; i < f.n; i++) {
        assert_true(i == 0 || i == f.n_public || f.ids[i] > f.ids[i - 1]);
        assert_int_equal(get(v, f.ids[i], i < f.n_public ? SCOPE_PUBLIC : SCOPE_PRIVATE), CKR_OK);
    }
}

static void test_find_token_and_private_need_no_record(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];

    (void)object_store(v, object_data("o", "o", false));
    (void)object_store(v, object_data("o", "o", true));
    (void)object_store(v, object_data("o", "o", true));
    assert_int_equal(n_found(v, with_flag(search_all(), CKA_TOKEN, true)), 3);
    assert_int_equal(n_found(v, with_flag(search_all(), CKA_TOKEN, false)), 0);
    assert_int_equal(n_found(v, with_flag(search_all(), CKA_PRIVATE, true)), 2);
    assert_int_equal(n_found(v, with_flag(search_all(), CKA_PRIVATE, false)), 1);
    assert_int_equal(n_found(v, with_flag(search_text(CKA_LABEL, "o"), CKA_PRIVATE, true)), 2);
}

static void test_find_never_by_what_is_not_revealed(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    static const uint8_t key[32] = {1, 2, 3}; /* of object_aes() */
    struct attrs *search = search_class(CKO_SECRET_KEY);
    struct attrs *open = object_aes("open", "o", true);

    (void)object_store(v, object_aes("closed", "c", true));
    assert_int_equal(attrs_set(search, CKA_VALUE, SPAN_ARRAY(key)), CKR_OK);
    assert_int_equal(n_found(v, search), 0);
    search = search_all();
    assert_int_equal(attrs_set(search, CKA_VALUE, SPAN_ARRAY(key)), CKR_OK);
    assert_int_equal(n_found(v, search), 0);
    (void)with_flag(with_flag(open, CKA_SENSITIVE, false), CKA_EXTRACTABLE, true);
    (void)object_store(v, open);
    search = search_all();
    assert_int_equal(attrs_set(search, CKA_VALUE, SPAN_ARRAY(key)), CKR_OK);
    assert_int_equal(n_found(v, search), 1);
}

static void test_find_unknown_attributes_match_nothing(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    CK_BBOOL yes = CK_TRUE;
    const CK_ATTRIBUTE unknown = {CKA_VENDOR_DEFINED | 0x77, &yes, sizeof(yes)};
    struct attrs *search = NULL;

    (void)object_store(v, object_data("o", "o", false));
    assert_int_equal(template_search(&unknown, 1, &search), CKR_OK);
    assert_int_equal(n_found(v, search), 0);
    assert_int_equal(n_found(v, search_class(CKO_PROFILE)), 0);
    assert_int_equal(n_found(v, search_class(CKO_MECHANISM)), 0);
}

static const char *pick(const char *const *words, size_t n)
{
    return words[(size_t)random() % n];
}

static const char *const labels[] = {NULL, "red", "green", "blue", "a", "b", "c"};
static const char *const key_ids[] = {NULL, "1", "2", "3", "4", "5"};

static struct attrs *random_object(void)
{
    const bool is_private = random() % 2 == 0;
    const char *label = pick(labels, N_ELEMENTS(labels));
    const char *id = pick(key_ids, N_ELEMENTS(key_ids));

    if (random() % 4 == 0)
        return object_data(label, id, is_private);
    if (random() % 3 == 0)
        return object_aes(label, id, is_private);
    return object_ec(random() % 2 == 0 ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY, label, id, is_private);
}

static struct attrs *random_search(void)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_DATA, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
                                              CKO_SECRET_KEY, CKO_CERTIFICATE};
    struct attrs *s = random() % 2 == 0
                          ? search_all()
                          : search_class(classes[(size_t)random() % N_ELEMENTS(classes)]);
    const char *word = pick(labels, N_ELEMENTS(labels));

    if (random() % 2 == 0)
        (void)with_text(s, CKA_LABEL, word == NULL ? "" : word);
    word = pick(key_ids, N_ELEMENTS(key_ids));
    if (random() % 3 == 0)
        (void)with_text(s, random() % 3 == 0 ? CKA_APPLICATION : CKA_ID, word == NULL ? "" : word);
    if (random() % 4 == 0)
        (void)with_flag(s, CKA_ENCRYPT, random() % 4 != 0);
    if (random() % 4 == 0)
        (void)with_flag(s, CKA_PRIVATE, random() % 2 == 0);
    if (random() % 4 == 0)
        assert_int_equal(attrs_set_ulong(s, CKA_KEY_TYPE, random() % 2 == 0 ? CKK_EC : CKK_AES),
                         CKR_OK);
    return s;
}

/* What a search must find: every object of the model compared by the template engine. */
static void check_search(const struct vault *v, struct attrs *const *objects, const uint64_t *ids,
                         size_t n)
{
    struct attrs *search = random_search();
    AUTO(found_clear) struct found f = {0};
    size_t at = 0;

    assert_int_equal(vault_find(v, search, &f), CKR_OK);
    for (int private = 0; private < 2; private ++) {
        for (size_t i = 0; i < n; i++) {
            if (objects[i] == NULL || attrs_bool(objects[i], CKA_PRIVATE, true) != private ||
                !template_matches(objects[i], search))
                continue;
            assert_true(at < f.n);
            assert_int_equal(f.ids[at++], ids[i]);
        }
        assert_true(private || f.n_public == at);
    }
    assert_int_equal(at, f.n);
    attrs_free(search);
}

static void change_randomly(const struct vault *v, struct attrs **object, uint64_t id)
{
    const enum scope scope = attrs_bool(*object, CKA_PRIVATE, true) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
    AUTO(attrs_freep) struct attrs *stored = NULL;
    const char *label = pick(labels, N_ELEMENTS(labels));
    struct stamp stamp;

    if (random() % 2 == 0) {
        assert_int_equal(vault_destroy(v, id, scope), CKR_OK);
        attrs_free(TAKE(*object));
        return;
    }
    (void)with_text(*object, CKA_LABEL, label == NULL ? "" : label);
    assert_int_equal(vault_get(v, id, scope, &stored, &stamp), CKR_OK);
    assert_int_equal(vault_replace(v, id, scope, *object, &stamp), CKR_OK);
}

static void test_find_agrees_with_comparing_every_object(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct attrs *objects[400];
    uint64_t ids[400];

    for (size_t i = 0; i < N_ELEMENTS(objects); i++) {
        objects[i] = random_object();
        assert_int_equal(vault_add(v, (const struct attrs *const *)&objects[i], 1, &ids[i], NULL),
                         CKR_OK);
    }
    for (int round = 0; round < 400; round++) {
        const size_t i = (size_t)random() % N_ELEMENTS(objects);

        check_search(v, objects, ids, N_ELEMENTS(objects));
        if (objects[i] != NULL)
            change_randomly(v, &objects[i], ids[i]);
    }
    for (size_t i = 0; i < N_ELEMENTS(objects); i++)
        attrs_free(objects[i]);
}

/* -- a hostile host ---------------------------------------------------------------------------- */

static CK_RV expect_found(const struct vault *v, struct attrs *search, size_t n)
{
    AUTO(attrs_freep) struct attrs *owned = search;
    AUTO(found_clear) struct found f = {0};

    TRY(vault_find(v, owned, &f));
    ENSURE(f.n == n, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static struct attrs *with_number(struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    assert_int_equal(attrs_set_ulong(a, type, value), CKR_OK);
    return a;
}

/* Use everything that is private: every object, and by every list that they share. CKR_OK, or the
 * first error. */
static CK_RV use_all(const struct vault *v, const uint64_t *ids, size_t n)
{
    TRY(expect_found(v, with_flag(search_all(), CKA_PRIVATE, true), n));
    TRY(expect_found(v, search_text(CKA_LABEL, "target"), n));
    TRY(expect_found(v, search_text(CKA_ID, "id"), n));
    TRY(expect_found(v, search_class(CKO_SECRET_KEY), n));
    TRY(expect_found(v, with_number(search_all(), CKA_KEY_TYPE, CKK_AES), n));
    for (size_t i = 0; i < n; i++)
        TRY(get(v, ids[i], SCOPE_PRIVATE));
    return CKR_OK;
}

/* So many objects that ids pass 1024 and lists have rows below their heads. */
static void pass_first_block(const struct vault *v)
{
    struct attrs *objects[128];
    uint64_t ids[128];

    for (size_t i = 0; i < N_ELEMENTS(objects); i++)
        objects[i] = object_data("filler", "filler", false);
    do
        assert_int_equal(
            vault_add(v, (const struct attrs *const *)objects, N_ELEMENTS(objects), ids, NULL),
            CKR_OK);
    while (ids[N_ELEMENTS(ids) - 1] < 1024);
    for (size_t i = 0; i < N_ELEMENTS(objects); i++)
        attrs_free(objects[i]);
}

enum { TARGETS = 70 }; /* enough for tall lists */

static void store_targets(struct vault_fixture *f, uint64_t ids[TARGETS])
{
    pass_first_block(&f->vault[0]);
    for (size_t i = 0; i < TARGETS; i++)
        ids[i] = object_store(&f->vault[0], object_aes("target", "id", true));
    assert_int_equal(use_all(&f->vault[0], ids, TARGETS), CKR_OK);
}

/* Put the row back as it was, and see that all is well again. */
static void restore(struct vault_fixture *f, const char *table, const struct raw_row *row,
                    const uint64_t *ids)
{
    vault_fixture_close(f);
    raw_write(f, table, row, row);
    vault_fixture_open(f);
    assert_int_equal(use_all(&f->vault[0], ids, TARGETS), CKR_OK);
    vault_fixture_close(f);
}

static void attack(struct vault_fixture *f, const char *table, const struct raw_row *key,
                   const struct raw_row *value, const uint64_t *ids)
{
    raw_write(f, table, key, value);
    vault_fixture_open(f);
    assert_int_equal(use_all(&f->vault[0], ids, TARGETS), CKR_DEVICE_ERROR);
    restore(f, table, key, ids);
}

/* A row of private scope that use_all() needs: an object, a tall list's head, or a row below one.
 * (Short lists are those of unique ids, which nobody searches for here.) */
static bool is_used(const struct raw_row *r)
{
    return r->key[TOKEN_ID] == SCOPE_PRIVATE && (r->n_key != LIST_KEY || r->value[0] == 2);
}

/* The next row of the table that is used too. */
static const struct raw_row *used_after(const struct raw_rows *rows, size_t i)
{
    do
        i = (i + 1) % rows->n;
    while (!is_used(&rows->v[i]));
    return &rows->v[i];
}

/* Remove, swap, and flip a byte of one row in `step`; each is found, and mended by the true row. */
static size_t check_attacks(struct vault_fixture *f, const char *table, const uint64_t *ids,
                            size_t step)
{
    struct raw_rows rows;
    size_t n = 0;

    vault_fixture_close(f);
    rows = raw_read(f, table);
    for (size_t i = 0; i < rows.n; i++) {
        struct raw_row flipped = rows.v[i];
        uint8_t bytes[4096];

        if (!is_used(&rows.v[i]) || n++ % step != 0)
            continue;
        attack(f, table, &rows.v[i], NULL, ids);
        attack(f, table, &rows.v[i], used_after(&rows, i), ids);
        memcpy(bytes, flipped.value, flipped.n_value);
        flipped.value = bytes;
        bytes[flipped.n_value - 1] ^= 1;
        attack(f, table, &rows.v[i], &flipped, ids);
    }
    raw_free(&rows);
    vault_fixture_open(f);
    return n;
}

static void test_touched_object_rows_are_found(void **state)
{
    uint64_t ids[TARGETS];

    store_targets(*state, ids);
    assert_int_equal(check_attacks(*state, "object", ids, 25), TARGETS);
}

/* All objects, label, id, class, key type: a head and a row below it each. */
static void test_touched_index_rows_are_found(void **state)
{
    uint64_t ids[TARGETS];

    store_targets(*state, ids);
    assert_int_equal(check_attacks(*state, "index", ids, 1), 10);
}

static const struct raw_row *row_like(const struct raw_rows *rows, const struct raw_row *key)
{
    for (size_t i = 0; i < rows->n; i++) {
        if (rows->v[i].n_key == key->n_key && memcmp(rows->v[i].key, key->key, key->n_key) == 0)
            return &rows->v[i];
    }
    return NULL;
}

static bool is_same_value(const struct raw_row *a, const struct raw_row *b)
{
    return span_equal(span_of(a->value, a->n_value), span_of(b->value, b->n_value));
}

/* One object is encrypted anew, one more goes. */
static void change_some(struct vault_fixture *f, const uint64_t ids[TARGETS], uint64_t extra)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    struct stamp stamp;

    assert_int_equal(vault_get(&f->vault[0], ids[3], SCOPE_PRIVATE, &a, &stamp), CKR_OK);
    assert_int_equal(vault_replace(&f->vault[0], ids[3], SCOPE_PRIVATE, a, &stamp), CKR_OK);
    assert_int_equal(vault_destroy(&f->vault[0], extra, SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(use_all(&f->vault[0], ids, TARGETS), CKR_OK);
}

/* An older copy of each row that has changed since. */
static void test_older_rows_are_found(void **state)
{
    static const char *const tables[] = {"object", "index"};
    struct vault_fixture *f = *state;
    uint64_t ids[TARGETS];
    size_t n = 0;

    store_targets(f, ids);
    for (size_t t = 0; t < N_ELEMENTS(tables); t++) {
        struct raw_rows older;
        struct raw_rows newer;
        const uint64_t extra = object_store(&f->vault[0], object_aes("target", "id", true));

        vault_fixture_close(f);
        older = raw_read(f, tables[t]);
        vault_fixture_open(f);
        change_some(f, ids, extra);
        vault_fixture_close(f);
        newer = raw_read(f, tables[t]);
        for (size_t i = 0; i < older.n; i++) {
            const struct raw_row *now = row_like(&newer, &older.v[i]);

            if (now == NULL || !is_used(now) || is_same_value(now, &older.v[i]))
                continue;
            attack(f, tables[t], now, &older.v[i], ids);
            n++;
        }
        raw_free(&older);
        raw_free(&newer);
        vault_fixture_open(f);
    }
    assert_int_equal(n, 1 + 10); /* a record; of each shared list the head and the row below */
}

/* A destroyed object's rows, put back, are not an object again. */
static void test_destroyed_object_put_back_stays_gone(void **state)
{
    struct vault_fixture *f = *state;
    const uint64_t id = object_store(&f->vault[0], object_aes("gone", "id", true));
    const uint64_t other = object_store(&f->vault[0], object_aes("stays", "id", true));
    struct raw_rows rows;
    uint64_t count = 0;

    vault_fixture_close(f);
    rows = raw_read(f, "object");
    vault_fixture_open(f);
    assert_int_equal(vault_destroy(&f->vault[0], id, SCOPE_PRIVATE), CKR_OK);
    vault_fixture_close(f);
    assert_int_equal(rows.v[0].key[TOKEN_ID + 8], id);
    raw_write(f, "object", &rows.v[0], &rows.v[0]);
    vault_fixture_open(f);
    assert_int_not_equal(get(&f->vault[0], id, SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(n_labelled(&f->vault[0], "gone"), 0);
    assert_int_equal(get(&f->vault[0], other, SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(vault_count(&f->vault[0], SCOPE_PRIVATE, &count), CKR_OK);
    assert_int_equal(count, 1);
    raw_free(&rows);
}

/* -- rows that authenticate but do not fit ----------------------------------------------------- */

struct transplant {
    const struct vault *v;
    uint64_t from;
    uint64_t to;
    int flip; /* offset of a byte to change, or -1 */
};

static CK_RV transplant(struct txn *t, void *arg)
{
    const struct transplant *p = arg;
    AUTO(buf_clear) struct buf value = BUF_INIT;
    uint8_t key[ROW_KEY];
    bool found = false;

    row_key(p->v, SCOPE_PRIVATE, p->from, key);
    TRY(txn_get(t, STORE_OBJECT, SPAN_ARRAY(key), &value, NULL, &found));
    if (p->flip >= 0)
        value.p[p->flip] ^= 1;
    row_key(p->v, SCOPE_PRIVATE, p->to, key);
    return txn_put(t, STORE_OBJECT, SPAN_ARRAY(key), buf_span(&value), NULL);
}

static CK_RV get_after(const struct vault *v, uint64_t from, uint64_t to, int flip)
{
    struct transplant p = {.v = v, .from = from, .to = to, .flip = flip};

    assert_int_equal(store_write(keyring_store(v->keyring), transplant, &p), CKR_OK);
    return get(v, to, SCOPE_PRIVATE);
}

/* Listed attributes are answered by the lists alone: a record that can't be opened is not looked
 * at; others need it. */
static void test_find_by_listed_attributes_opens_no_record(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t id = object_store(v, object_aes("listed", "a", true));
    struct attrs *search = with_text(search_class(CKO_SECRET_KEY), CKA_LABEL, "listed");
    AUTO(attrs_freep) struct attrs *compared = with_flag(search_all(), CKA_ENCRYPT, true);
    AUTO(found_clear) struct found f = {0};

    assert_int_equal(get_after(v, id, id, 60), CKR_DEVICE_ERROR);
    assert_int_equal(n_found(v, search), 1);
    assert_int_equal(n_found(v, search_all()), 1);
    assert_int_equal(vault_find(v, compared, &f), CKR_DEVICE_ERROR);
    assert_null(f.ids);
}

/* The box itself is bound to id and generation, whatever the store lets through. */
static void test_boxes_open_only_in_their_place(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t a = object_store(v, object_aes("a", "a", true));
    const uint64_t b = object_store(v, object_aes("b", "b", true));

    assert_int_equal(get_after(v, a, b, -1), CKR_DEVICE_ERROR);
    assert_int_equal(get_after(v, a, a, -1), CKR_OK);
    assert_int_equal(get_after(v, a, a, 0), CKR_DEVICE_ERROR); /* version */
    assert_int_equal(get_after(v, a, a, 0), CKR_OK);
    assert_int_equal(get_after(v, a, a, 3), CKR_DEVICE_ERROR); /* a generation there never was */
    assert_int_equal(get_after(v, a, a, 3), CKR_OK);
    assert_int_equal(get_after(v, a, a, 60), CKR_DEVICE_ERROR); /* box */
    assert_int_equal(get_after(v, a, a, 60), CKR_OK);
}

/* -- many at once ------------------------------------------------------------------------------ */

enum { EACH = 40 };

static bool work(const struct vault *v, int number)
{
    for (int i = 0; i < EACH; i++) {
        AUTO(attrs_freep) struct attrs *object = NULL;
        AUTO(attrs_freep) struct attrs *search = NULL;
        AUTO(attrs_freep) struct attrs *back = NULL;
        AUTO(found_clear) struct found f = {0};
        struct stamp stamp;
        char label[32];
        uint64_t id = 0;

        (void)snprintf(label, sizeof(label), "worker %d", number);
        object = object_aes(label, "shared", i % 2 == 0);
        search = search_text(CKA_LABEL, label);
        if (vault_add(v, (const struct attrs *const *)&object, 1, &id, NULL) != CKR_OK ||
            vault_find(v, search, &f) != CKR_OK || f.n != (size_t)i + 1 ||
            vault_get(v, id, i % 2 == 0 ? SCOPE_PRIVATE : SCOPE_PUBLIC, &back, &stamp) != CKR_OK)
            return false;
    }
    return true;
}

struct worker {
    pthread_t thread;
    const struct vault *v;
    int number;
    bool ok;
};

static void *run_worker(void *arg)
{
    struct worker *w = arg;

    w->ok = work(w->v, w->number);
    return NULL;
}

static bool run_two_threads(const struct vault *v, int first)
{
    struct worker w[2];

    for (int i = 0; i < 2; i++) {
        w[i] = (struct worker){.v = v, .number = first + i};
        if (pthread_create(&w[i].thread, NULL, run_worker, &w[i]) != 0)
            return false;
    }
    for (int i = 0; i < 2; i++)
        (void)pthread_join(w[i].thread, NULL);
    return w[0].ok && w[1].ok;
}

static void test_threads_and_processes_at_once(void **state)
{
    struct vault_fixture *f = *state;
    pid_t children[2];
    uint64_t n = 0;

    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0) {
            vault_fixture_after_fork(f);
            _exit(run_two_threads(&f->vault[0], 10 * (i + 1)) ? 0 : 1);
        }
    }
    assert_true(run_two_threads(&f->vault[0], 0));
    for (int i = 0; i < 2; i++) {
        int status = -1;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(n_found(&f->vault[0], search_text(CKA_ID, "shared")), 6 * EACH);
    assert_int_equal(vault_count(&f->vault[0], SCOPE_PUBLIC, &n), CKR_OK);
    assert_int_equal(n, 3 * EACH);
}

#define VAULT_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, vault_fixture_setup, vault_fixture_teardown, NULL                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        VAULT_TEST("/vault/get/all-attributes", test_add_get_gives_back_all_attributes),
        VAULT_TEST("/vault/add/all-or-nothing", test_add_is_all_or_nothing),
        VAULT_TEST("/vault/add/private-needs-the-user", test_add_private_needs_the_user),
        VAULT_TEST("/vault/add/ids-rise", test_ids_rise_and_are_never_given_twice),
        VAULT_TEST("/vault/see/tokens-and-scopes-apart", test_tokens_and_scopes_are_apart),
        VAULT_TEST("/vault/see/private-is-the-users", test_private_objects_are_the_users),
        VAULT_TEST("/vault/count/by-scope", test_count_by_scope),
        VAULT_TEST("/vault/same/follows-the-row", test_same_follows_the_row),
        VAULT_TEST("/vault/replace/moves-the-index", test_replace_moves_the_index),
        VAULT_TEST("/vault/destroy/known-while-it-is-true", test_destroy_known),
        VAULT_TEST("/vault/replace/changed-is-refused",
                   test_replace_of_a_changed_object_is_refused),
        VAULT_TEST("/vault/import/of-what-was-seen", test_import_of_what_was_seen),
        VAULT_TEST("/vault/succeed/comes-with-the-change", test_successor_comes_with_the_change),
        VAULT_TEST("/vault/succeed/changed-is-refused", test_successor_of_a_changed_key_is_refused),
        VAULT_TEST("/vault/succeed/needs-the-user", test_successor_needs_the_user),
        VAULT_TEST("/vault/destroy/leaves-no-row", test_destroy_leaves_no_row),
        VAULT_TEST("/vault/find/public-before-private", test_find_orders_public_before_private),
        VAULT_TEST("/vault/find/token-and-private", test_find_token_and_private_need_no_record),
        VAULT_TEST("/vault/find/not-revealed-never-matches",
                   test_find_never_by_what_is_not_revealed),
        VAULT_TEST("/vault/find/unknown-matches-nothing",
                   test_find_unknown_attributes_match_nothing),
        VAULT_TEST("/vault/find/agrees-with-comparing-all",
                   test_find_agrees_with_comparing_every_object),
        VAULT_TEST("/vault/host/object-rows", test_touched_object_rows_are_found),
        VAULT_TEST("/vault/host/index-rows", test_touched_index_rows_are_found),
        VAULT_TEST("/vault/host/older-rows", test_older_rows_are_found),
        VAULT_TEST("/vault/host/destroyed-put-back", test_destroyed_object_put_back_stays_gone),
        VAULT_TEST("/vault/find/listed-opens-no-record",
                   test_find_by_listed_attributes_opens_no_record),
        VAULT_TEST("/vault/get/boxes-open-in-their-place", test_boxes_open_only_in_their_place),
        VAULT_TEST("/vault/threads-and-processes", test_threads_and_processes_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
