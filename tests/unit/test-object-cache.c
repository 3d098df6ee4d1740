/* SPDX-License-Identifier: BSD-2-Clause */
/* test-object-cache.c - what stays in the cache of token objects, and what makes room in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/object_cache.h"

#define ROOM  4    /* objects */
#define SMALL 1000 /* bytes of a value */

static const struct stamp stamp = {.txn = 7};

static int setup(void **state)
{
    struct object_cache *c = NULL;

    assert_int_equal(object_cache_new(ROOM, &c), CKR_OK);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    object_cache_free(*state);
    return 0;
}

static struct object *make(enum handle_kind kind, uint64_t id, size_t bytes)
{
    static const uint8_t value[OBJECT_CACHE_LARGEST];
    struct attrs *a = NULL;
    struct object *o = NULL;

    assert_true(bytes <= sizeof(value));
    assert_int_equal(attrs_new(&a), CKR_OK);
    assert_int_equal(attrs_set(a, CKA_VALUE, span_of(value, bytes)), CKR_OK);
    assert_int_equal(object_new(kind, id, a, CK_INVALID_HANDLE, &o), CKR_OK);
    return o;
}

static void put(struct object_cache *c, enum handle_kind kind, uint64_t id, size_t bytes)
{
    AUTO(object_unrefp) struct object *o = make(kind, id, bytes);

    object_cache_put(c, o, &stamp);
}

static bool has(struct object_cache *c, enum handle_kind kind, uint64_t id)
{
    struct stamp read = {.txn = 0};
    AUTO(object_unrefp) struct object *o = object_cache_get(c, kind, id, &read);

    assert_int_equal(read.txn, o != NULL ? stamp.txn : 0);
    assert_true(o == NULL || (object_kind(o) == kind && object_id(o) == id));
    return o != NULL;
}

static void oldest_goes(void **state)
{
    struct object_cache *c = *state;

    for (uint64_t id = 1; id <= ROOM; id++)
        put(c, HANDLE_TOKEN_PUBLIC, id, SMALL);
    assert_true(has(c, HANDLE_TOKEN_PUBLIC, 1)); /* used: now 2 is the oldest */
    put(c, HANDLE_TOKEN_PUBLIC, ROOM + 1, SMALL);
    assert_false(has(c, HANDLE_TOKEN_PUBLIC, 2));
    assert_true(has(c, HANDLE_TOKEN_PUBLIC, 1));
    for (uint64_t id = 3; id <= ROOM + 1; id++)
        assert_true(has(c, HANDLE_TOKEN_PUBLIC, id));
}

static void private_ones_go_together(void **state)
{
    struct object_cache *c = *state;

    put(c, HANDLE_TOKEN_PRIVATE, 1, SMALL);
    put(c, HANDLE_TOKEN_PUBLIC, 2, SMALL);
    put(c, HANDLE_TOKEN_PRIVATE, 3, SMALL);
    assert_false(has(c, HANDLE_TOKEN_PUBLIC, 1));
    object_cache_drop_private(c);
    assert_false(has(c, HANDLE_TOKEN_PRIVATE, 1));
    assert_false(has(c, HANDLE_TOKEN_PRIVATE, 3));
    assert_true(has(c, HANDLE_TOKEN_PUBLIC, 2));
}

/* The largest value with which an object is kept. */
static size_t largest(void)
{
    AUTO(object_unrefp) struct object *o = make(HANDLE_TOKEN_PUBLIC, 1, SMALL);

    return OBJECT_CACHE_LARGEST - (attrs_size(object_attrs(o)) - SMALL);
}

/* One too large does not stay, makes no room for itself, and is not what is there under its id. */
static void large_are_not_kept(void **state)
{
    struct object_cache *c = *state;

    for (uint64_t id = 1; id <= ROOM; id++)
        put(c, HANDLE_TOKEN_PUBLIC, id, largest());
    put(c, HANDLE_TOKEN_PUBLIC, ROOM + 1, largest() + 1);
    assert_false(has(c, HANDLE_TOKEN_PUBLIC, ROOM + 1));
    for (uint64_t id = 1; id <= ROOM; id++)
        assert_true(has(c, HANDLE_TOKEN_PUBLIC, id));
    put(c, HANDLE_TOKEN_PUBLIC, 1, largest() + 1);
    assert_false(has(c, HANDLE_TOKEN_PUBLIC, 1));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        (name), (fn), setup, teardown, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/object-cache/oldest-goes", oldest_goes),
        TEST("/object-cache/private-ones-go-together", private_ones_go_together),
        TEST("/object-cache/large-are-not-kept", large_are_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
