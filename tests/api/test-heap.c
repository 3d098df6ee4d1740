/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-heap.c - a program with an allocator of its own, as haproxy has with jemalloc, loads the
 * module: as any program does, and by RTLD_DEEPBIND, with which a library's free() is no more the
 * one of the program's malloc(). The latter is refused in words, and nothing aborts.
 *
 * Each way in a process of its own: a process has one copy of a module.
 */
#include "support/module.h"
#include "support/sanitized.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- the allocator: libc's, each piece behind a header, so that libc's free() knows none ------- */

#if !SANITIZED

#define HEADER 64

void *__libc_malloc(size_t n);
void __libc_free(void *p);

static size_t *header_of(void *p)
{
    return (size_t *)(void *)((char *)p - HEADER);
}

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    char *p = n <= SIZE_MAX - HEADER ? __libc_malloc(n + HEADER) : NULL;

    if (p == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    *(size_t *)(void *)p = n;
    return p + HEADER;
}

__attribute__((visibility("default"))) void free(void *p)
{
    if (p != NULL)
        __libc_free(header_of(p));
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    void *p = size == 0 || n <= SIZE_MAX / size ? malloc(n * size) : NULL;

    return p != NULL ? memset(p, 0, n * size) : NULL;
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t n) /* lint: its definition */
{
    void *p = malloc(n);

    if (p != NULL && old != NULL) {
        memcpy(p, old, *header_of(old) < n ? *header_of(old) : n);
        free(old);
    }
    return p;
}

#endif

/* -- the two ways ----------------------------------------------------------------------------- */

static CK_RV initialize(int flags)
{
    void *handle = dlopen(getenv("TEE_TEST_MODULE"), RTLD_NOW | RTLD_LOCAL | flags);
    CK_FUNCTION_LIST *list = NULL;
    CK_C_GetFunctionList get;
    void *symbol;
    CK_RV rv;

    assert_non_null(handle);
    symbol = dlsym(handle, "C_GetFunctionList");
    assert_non_null(symbol);
    memcpy(&get, &symbol, sizeof(get));
    ASSERT_OK(get(&list));
    rv = list->C_Initialize(NULL);
    ASSERT_RV(rv == CKR_OK ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED, list->C_Finalize(NULL));
    return rv;
}

static int usual(void *arg)
{
    (void)arg;
    return initialize(0) == CKR_OK ? 0 : 1;
}

static int deep(void *arg)
{
    (void)arg;
    return initialize(RTLD_DEEPBIND) == CKR_GENERAL_ERROR ? 0 : 1;
}

static void test_usual(void **state)
{
    (void)state;
    assert_int_equal(in_child(usual, NULL), 0);
}

static void test_deep(void **state)
{
    (void)state;
#if SANITIZED
    skip(); /* a sanitizer's allocator takes this one's place, and refuses RTLD_DEEPBIND */
#endif
    assert_int_equal(in_child(deep, NULL), 0);
}

static int group_setup(void **state)
{
    (void)state;
    scratch_make(NULL);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/heap/own-allocator", test_usual),
        TEST("/heap/own-allocator-and-deep-binding", test_deep),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
