/* SPDX-License-Identifier: BSD-2-Clause */
/* test-attrs.c - src/model/attrs.c: a sorted, owned, wiped set. */
#include "model.h"

static size_t wiped; /* bytes that were overwritten before they were freed */

/* Ours are called instead of the C library's, so that wiping can be seen. */
void __explicit_bzero_chk(void *p, size_t n, size_t room);

void explicit_bzero(void *p, size_t n)
{
    wiped += n;
    memset(p, 0, n);
    __asm__ __volatile__("" : : "r"(p) : "memory");
}

void __explicit_bzero_chk(void *p, size_t n, size_t room)
{
    (void)room;
    explicit_bzero(p, n);
}

static int setup(void **state)
{
    struct attrs *a;

    if (attrs_new(&a) != CKR_OK)
        return -1;
    *state = a;
    return 0;
}

static int teardown(void **state)
{
    attrs_free(*state);
    return 0;
}

static void test_sorted_whatever_the_order(void **state)
{
    struct attrs *a = *state;

    for (CK_ULONG i = 0; i < 100; i++)
        T_OK(attrs_set_ulong(a, (i * 37) % 101, i));
    assert_int_equal(a->n, 100);
    for (size_t i = 1; i < a->n; i++)
        assert_true(a->v[i - 1].type < a->v[i].type);
    for (CK_ULONG i = 0; i < 100; i++)
        assert_int_equal(attrs_ulong(a, (i * 37) % 101, 9999), i);
}

static void test_set_replaces(void **state)
{
    struct attrs *a = *state;

    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("one")));
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("another")));
    assert_int_equal(a->n, 1);
    assert_true(span_equal(attrs_span(a, CKA_LABEL), SPAN_LIT("another")));
}

static void test_set_from_itself(void **state)
{
    struct attrs *a = *state;
    struct span tail;

    T_OK(attrs_set(a, CKA_ID, SPAN_LIT("abcdef")));
    tail = attrs_span(a, CKA_ID);
    T_OK(attrs_set(a, CKA_ID, span_of(tail.p + 2, 3)));
    assert_true(span_equal(attrs_span(a, CKA_ID), SPAN_LIT("cde")));
}

/* Above all that are there, or not at all: what is there stays as it was. */
static void test_append_keeps_the_order(void **state)
{
    struct attrs *a = *state;

    T_OK(attrs_append(a, CKA_LABEL, SPAN_LIT("label")));
    T_OK(attrs_append(a, CKA_ID, SPAN_EMPTY));
    T_RV(CKR_GENERAL_ERROR, attrs_append(a, CKA_ID, SPAN_LIT("id")));
    T_RV(CKR_GENERAL_ERROR, attrs_append(a, CKA_LABEL, SPAN_LIT("other")));
    T_RV(CKR_GENERAL_ERROR, attrs_append(a, CKA_TOKEN, SPAN_LIT("x")));
    assert_int_equal(a->n, 2);
    assert_true(span_equal(attrs_span(a, CKA_LABEL), SPAN_LIT("label")));
    assert_true(attrs_has(a, CKA_ID));
    assert_int_equal(attrs_span(a, CKA_ID).n, 0);
}

static void test_empty_is_not_absent(void **state)
{
    struct attrs *a = *state;

    assert_false(attrs_has(a, CKA_ID));
    assert_null(attrs_get(a, CKA_ID));
    T_OK(attrs_set(a, CKA_ID, SPAN_EMPTY));
    assert_true(attrs_has(a, CKA_ID));
    assert_null(attrs_get(a, CKA_ID)->p);
    assert_int_equal(attrs_span(a, CKA_ID).n, 0);
}

static void test_remove(void **state)
{
    struct attrs *a = *state;

    for (CK_ULONG i = 0; i < 5; i++)
        T_OK(attrs_set_ulong(a, i, i));
    attrs_remove(a, 2);
    attrs_remove(a, 2);
    attrs_remove(a, 77);
    assert_int_equal(a->n, 4);
    assert_false(attrs_has(a, 2));
    assert_int_equal(attrs_ulong(a, 3, 99), 3);
    assert_int_equal(attrs_ulong(a, 4, 99), 4);
}

static void test_wrong_size_is_the_default(void **state)
{
    struct attrs *a = *state;

    T_OK(attrs_set(a, CKA_TOKEN, SPAN_LIT("xy")));
    T_OK(attrs_set(a, CKA_CLASS, SPAN_LIT("xyz")));
    assert_true(attrs_bool(a, CKA_TOKEN, true));
    assert_false(attrs_bool(a, CKA_TOKEN, false));
    assert_int_equal(attrs_ulong(a, CKA_CLASS, 42), 42);
    assert_true(attrs_bool(a, CKA_PRIVATE, true));
    assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 7), 7);
    T_OK(attrs_set_bool(a, CKA_TOKEN, true));
    assert_true(attrs_bool(a, CKA_TOKEN, false));
    T_OK(attrs_set_bool(a, CKA_TOKEN, false));
    assert_false(attrs_bool(a, CKA_TOKEN, true));
}

static void test_dup_is_deep(void **state)
{
    struct attrs *a = *state;
    struct attrs *copy = NULL;

    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("label")));
    T_OK(attrs_set(a, CKA_ID, SPAN_EMPTY));
    T_OK(attrs_dup(a, &copy));
    T_OK(attrs_set(a, CKA_LABEL, SPAN_LIT("other")));
    assert_true(span_equal(attrs_span(copy, CKA_LABEL), SPAN_LIT("label")));
    assert_true(attrs_has(copy, CKA_ID));
    attrs_free(copy);
}

static void test_size_grows_with_values(void **state)
{
    static const uint8_t large[1000] = {1};
    struct attrs *a = *state;
    size_t before;

    T_OK(attrs_set(a, CKA_VALUE, SPAN_EMPTY));
    before = attrs_size(a);
    T_OK(attrs_set(a, CKA_VALUE, SPAN_ARRAY(large)));
    assert_true(attrs_size(a) >= before + sizeof(large));
}

static void test_values_are_wiped(void **state)
{
    struct attrs *a = NULL;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("0123456789")));
    T_OK(attrs_set(a, CKA_PRIME_1, SPAN_LIT("01234")));
    wiped = 0;
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("abc"))); /* over the old value, of which 7 are left */
    assert_memory_equal(attrs_span(a, CKA_VALUE).p, "abc\0\0\0\0\0\0", 10);
    assert_int_equal(wiped, 7);
    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("ABCDEFGHIJ0123456789"))); /* elsewhere */
    assert_int_equal(wiped, 10);
    attrs_remove(a, CKA_PRIME_1);
    assert_int_equal(wiped, 15);
    attrs_free(a); /* whatever was ever written */
    assert_int_equal(wiped, 15 + 10 + 5 + 20);
}

/* Values stay where they are while others come, and many fit whatever their sizes. */
static void test_values_do_not_move(void **state)
{
    static const uint8_t bytes[700] = {7};
    struct attrs *a = *state;
    const uint8_t *first;

    T_OK(attrs_set(a, CKA_VALUE, SPAN_LIT("first")));
    first = attrs_span(a, CKA_VALUE).p;
    for (CK_ULONG i = 0; i < 600; i++) {
        T_OK(attrs_set(a, CKA_VENDOR_DEFINED + i, span_of(bytes, i)));
        T_OK(attrs_set_ulong(a, CKA_VENDOR_DEFINED + 1000 + i, i));
    }
    assert_ptr_equal(attrs_span(a, CKA_VALUE).p, first);
    assert_memory_equal(first, "first", 5);
    for (CK_ULONG i = 0; i < 600; i++) {
        assert_true(
            span_equal(attrs_span(a, CKA_VENDOR_DEFINED + i), span_of(i > 0 ? bytes : NULL, i)));
        assert_int_equal(attrs_ulong(a, CKA_VENDOR_DEFINED + 1000 + i, 9999), i);
    }
}

static void test_add_keeps_what_is_there(void **state)
{
    struct attrs *a = *state;

    T_OK(attrs_add(a, CKA_LABEL, SPAN_LIT("first")));
    T_OK(attrs_add(a, CKA_LABEL, SPAN_LIT("second")));
    assert_true(span_equal(attrs_span(a, CKA_LABEL), SPAN_LIT("first")));
    assert_int_equal(a->n, 1);
}

/* Placed and borrowed values side by side, whatever room the first ones leave: each is what it was,
 * numbers are aligned, and the set is one like any other. */
static void test_laid_whole(void **state)
{
    static const uint8_t bytes[400] = {5};
    const CK_ULONG numbers[] = {17, CK_UNAVAILABLE_INFORMATION};
    const CK_BBOOL yes = CK_TRUE;

    (void)state;
    for (size_t n = 0; n <= sizeof(bytes); n++) {
        struct attrs *a = NULL;
        struct attr_value v[] = {
            {CKA_CLASS, SPAN_OBJ(numbers[0]), false},
            {CKA_TOKEN, SPAN_OBJ(yes), false},
            {CKA_LABEL, SPAN_EMPTY, false},
            {CKA_VALUE, SPAN_EMPTY, true},
            {CKA_KEY_TYPE, SPAN_OBJ(numbers[1]), true},
            {CKA_ID, SPAN_LIT("id"), false},
            {CKA_SENSITIVE, SPAN_OBJ(yes), true},
        };

        T_OK(attrs_new(&a));
        T_OK(attrs_place(a, span_of(bytes, n), &v[3].value));
        assert_int_equal(v[3].value.p == NULL, n == 0);
        T_OK(attrs_place(a, v[6].value, &v[6].value));
        T_OK(attrs_place(a, v[4].value, &v[4].value));
        assert_int_equal(a->n, 0);
        T_OK(attrs_lay(a, v, N_ELEMENTS(v)));
        assert_int_equal(a->n, N_ELEMENTS(v));
        assert_int_equal(attrs_ulong(a, CKA_CLASS, 0), 17);
        assert_int_equal(attrs_ulong(a, CKA_KEY_TYPE, 0), CK_UNAVAILABLE_INFORMATION);
        assert_int_equal((uintptr_t)attrs_span(a, CKA_CLASS).p % sizeof(CK_ULONG), 0);
        assert_int_equal((uintptr_t)attrs_span(a, CKA_KEY_TYPE).p % sizeof(CK_ULONG), 0);
        assert_true(attrs_bool(a, CKA_TOKEN, false) && attrs_bool(a, CKA_SENSITIVE, false));
        assert_true(attrs_has(a, CKA_LABEL) && attrs_span(a, CKA_LABEL).p == NULL);
        assert_true(span_equal(attrs_span(a, CKA_VALUE), span_of(n > 0 ? bytes : NULL, n)));
        assert_ptr_equal(attrs_span(a, CKA_VALUE).p, v[3].value.p);
        T_OK(attrs_set_bool(a, CKA_SENSITIVE, false));
        T_OK(attrs_set(a, CKA_ID, SPAN_LIT("another")));
        assert_true(span_equal(attrs_span(a, CKA_ID), SPAN_LIT("another")));
        attrs_free(a);
    }
}

/* Also what was placed and never became an attribute's. */
static void test_placed_values_are_wiped(void **state)
{
    struct attrs *a = NULL;
    struct span copy;

    (void)state;
    T_OK(attrs_new(&a));
    T_OK(attrs_place(a, SPAN_LIT("0123456789"), &copy));
    assert_true(span_equal(copy, SPAN_LIT("0123456789")));
    wiped = 0;
    attrs_free(a);
    assert_int_equal(wiped, 10);
}

static void test_free_takes_null(void **state)
{
    (void)state;
    attrs_free(NULL);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, setup, teardown, NULL                                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/attrs/sorted-whatever-the-order", test_sorted_whatever_the_order),
        TEST("/attrs/set-replaces", test_set_replaces),
        TEST("/attrs/set-from-itself", test_set_from_itself),
        TEST("/attrs/append-keeps-the-order", test_append_keeps_the_order),
        TEST("/attrs/empty-is-not-absent", test_empty_is_not_absent),
        TEST("/attrs/remove", test_remove),
        TEST("/attrs/wrong-size-is-the-default", test_wrong_size_is_the_default),
        TEST("/attrs/dup-is-deep", test_dup_is_deep),
        TEST("/attrs/size-grows-with-values", test_size_grows_with_values),
        TEST("/attrs/values-are-wiped", test_values_are_wiped),
        TEST("/attrs/values-do-not-move", test_values_do_not_move),
        TEST("/attrs/add-keeps-what-is-there", test_add_keeps_what_is_there),
        TEST("/attrs/laid-whole", test_laid_whole),
        TEST("/attrs/placed-values-are-wiped", test_placed_values_are_wiped),
        TEST("/attrs/free-takes-null", test_free_takes_null),
    };

    return cmocka_run_group_tests_name("attrs", tests, NULL, NULL);
}
