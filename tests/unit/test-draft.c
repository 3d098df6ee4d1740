/* SPDX-License-Identifier: BSD-2-Clause */
/* test-draft.c - a file that is there whole or not at all, and takes no other's place; also where
 * the file system has no files without a name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/draft.h"
#include "store_fixture.h"

static bool no_tmpfile; /* the file system has no O_TMPFILE */
static bool no_fsync;   /* the disk is full when it comes to it */

int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat64(int dir, const char *name, int flags, ...)
    __attribute__((alias("__wrap_openat")));
int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_fsync(int fd);
int __real_fsync(int fd);

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return __real_openat(dir, name, flags, 0600);
}

int __wrap_fsync(int fd)
{
    if (!no_fsync)
        return __real_fsync(fd);
    errno = ENOSPC;
    return -1;
}

static int setup_any(void **state, bool without)
{
    *state = scratch_new();
    no_tmpfile = without;
    no_fsync = false;
    return 0;
}

static int setup(void **state)
{
    return setup_any(state, false);
}

static int setup_named(void **state)
{
    return setup_any(state, true);
}

static int teardown(void **state)
{
    scratch_remove(*state);
    return 0;
}

static size_t n_files(const char *directory)
{
    DIR *d = opendir(directory);
    const struct dirent *e;
    size_t n = 0;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL)
        n += e->d_name[0] != '.';
    assert_int_equal(closedir(d), 0);
    return n;
}

static char *path_new(const char *directory)
{
    char *path = strdup(scratch_path(directory, "file"));

    assert_non_null(path);
    return path;
}

static void begin(const char *path, struct draft *ret)
{
    T_OK(draft_new(path, ret));
    assert_int_equal(write(ret->fd, "content", 7), 7);
}

static void published_file_is_whole(void **state)
{
    char *path = path_new(*state);
    struct draft d = DRAFT_NONE;
    char text[DRAFT_PATH], content[8] = "";
    struct stat st;
    int fd;

    begin(path, &d);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(n_files(*state), no_tmpfile ? 1 : 0);
    fd = open(draft_path(&d, text), O_RDWR | O_CLOEXEC); /* the same file, opened once more */
    assert_true(fd >= 0 && pread(fd, content, 7, 0) == 7 && close(fd) == 0);
    assert_string_equal(content, "content");
    T_OK(draft_publish(&d));
    draft_clear(&d);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 7);
    assert_int_equal(n_files(*state), 1);
    free(path);
}

static void dropped_draft_leaves_nothing(void **state)
{
    char *path = path_new(*state);
    struct draft d = DRAFT_NONE;

    begin(path, &d);
    draft_clear(&d);
    draft_clear(&d); /* again: nothing */
    assert_int_equal(n_files(*state), 0);
    free(path);
}

static void what_is_there_stays(void **state)
{
    char *path = path_new(*state);
    struct draft d = DRAFT_NONE, second = DRAFT_NONE;
    struct stat st;

    begin(path, &d);
    assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0); /* meanwhile */
    T_RV(CKR_FUNCTION_REJECTED, draft_publish(&d));
    draft_clear(&d);
    assert_true(stat(path, &st) == 0 && st.st_size == 0);
    T_RV(CKR_FUNCTION_REJECTED, draft_new(path, &second));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0); /* a link to nothing has the name, too */
    T_RV(CKR_FUNCTION_REJECTED, draft_new(path, &second));
    assert_int_equal(second.fd, -1);
    assert_int_equal(n_files(*state), 1);
    free(path);
}

static void part_of_another_is_not_taken(void **state)
{
    char *path = path_new(*state);
    struct draft first = DRAFT_NONE, second = DRAFT_NONE;

    begin(path, &first);
    T_RV(CKR_FUNCTION_REJECTED, draft_new(path, &second));
    T_OK(draft_publish(&first));
    draft_clear(&first);
    assert_int_equal(n_files(*state), 1);
    free(path);
}

static void what_can_not_reach_the_disk_is_not_published(void **state)
{
    char *path = path_new(*state);
    struct draft d = DRAFT_NONE;

    begin(path, &d);
    no_fsync = true;
    T_RV(CKR_DEVICE_MEMORY, draft_publish(&d));
    draft_clear(&d);
    assert_int_equal(n_files(*state), 0);
    free(path);
}

static void impossible_names_are_refused(void **state)
{
    struct draft d = DRAFT_NONE;
    char *directory = *state, name[400];

    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    T_RV(CKR_FUNCTION_REJECTED, draft_new("", &d));
    T_RV(CKR_FUNCTION_REJECTED, draft_new(scratch_path(directory, ""), &d));
    T_RV(CKR_FUNCTION_REJECTED, draft_new(scratch_path(directory, name), &d));
    T_RV(CKR_DEVICE_ERROR, draft_new(scratch_path(directory, "no/such"), &d));
    assert_int_equal(d.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/draft/published-is-whole", published_file_is_whole, setup, teardown, NULL},
        {"/draft/dropped-leaves-nothing", dropped_draft_leaves_nothing, setup, teardown, NULL},
        {"/draft/what-is-there-stays", what_is_there_stays, setup, teardown, NULL},
        {"/draft/not-on-the-disk", what_can_not_reach_the_disk_is_not_published, setup, teardown,
         NULL},
        {"/draft/impossible-names", impossible_names_are_refused, setup, teardown, NULL},
        {"/draft/named/published-is-whole", published_file_is_whole, setup_named, teardown, NULL},
        {"/draft/named/dropped-leaves-nothing", dropped_draft_leaves_nothing, setup_named, teardown,
         NULL},
        {"/draft/named/what-is-there-stays", what_is_there_stays, setup_named, teardown, NULL},
        {"/draft/named/anothers-part", part_of_another_is_not_taken, setup_named, teardown, NULL},
        {"/draft/named/not-on-the-disk", what_can_not_reach_the_disk_is_not_published, setup_named,
         teardown, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
