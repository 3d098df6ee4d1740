/* SPDX-License-Identifier: BSD-2-Clause */
/* test-path.c - directories that are missing are made, and what can't be made is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/path.h"

struct fixture {
    char top[32];
    char path[PATH_MAX + 8], part[PATH_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    memcpy(f->top, "/tmp/tee-path-XXXXXX", sizeof("/tmp/tee-path-XXXXXX"));
    assert_non_null(mkdtemp(f->top));
    *state = f;
    return 0;
}

static const char *below(struct fixture *f, const char *name)
{
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->top, name);
    return f->path;
}

static int teardown(void **state)
{
    static const char *const made[] = {"a/b/c", "a/b", "a", "file"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        (void)remove(below(f, made[i]));
    assert_int_equal(rmdir(f->top), 0);
    free(f);
    return 0;
}

static bool is_private_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == S_IRWXU;
}

static void parents_alone(void **state)
{
    struct fixture *f = *state;

    assert_true(path_make(below(f, "a/b/c"), false, f->part));
    assert_int_equal(access(f->path, F_OK), -1);
    assert_true(is_private_directory(below(f, "a/b")));
    assert_true(is_private_directory(below(f, "a")));
}

static void itself_too(void **state)
{
    struct fixture *f = *state;

    assert_true(path_make(below(f, "a//b/c"), true, f->part));
    assert_true(is_private_directory(f->path));
    assert_true(path_make(f->path, true, f->part));
    assert_true(path_make(below(f, "a/b/"), true, f->part));
    assert_true(path_make("/", true, f->part));
}

/* What is there is nobody's to change. */
static void modes_stay(void **state)
{
    struct fixture *f = *state;
    struct stat st;

    assert_int_equal(mkdir(below(f, "a"), 0755), 0);
    assert_int_equal(chmod(f->path, 0755), 0);
    assert_true(path_make(below(f, "a/b"), true, f->part));
    assert_int_equal(stat(below(f, "a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0755);
}

static void what_fails_is_named(void **state)
{
    struct fixture *f = *state;
    const int fd = open(below(f, "file"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    (void)close(fd);
    assert_false(path_make(below(f, "file/b/c"), true, f->part));
    assert_int_equal(errno, ENOTDIR);
    assert_string_equal(f->part, below(f, "file/b"));
    assert_false(path_make("", true, f->part));
    assert_int_equal(errno, ENOENT);
    memset(f->path, 'x', PATH_MAX);
    f->path[PATH_MAX] = '\0';
    assert_false(path_make(f->path, true, f->part));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(strlen(f->part), PATH_MAX - 1);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/path/make/parents", parents_alone),
        TEST("/path/make/itself", itself_too),
        TEST("/path/make/modes-stay", modes_stay),
        TEST("/path/make/what-fails-is-named", what_fails_is_named),
    };

    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
