/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-root-software.c - the key file: made once, whole and private; never made behind one's back;
 * refused when anything about it is odd.
 *
 * Link with -Wl,--wrap=fsync,--wrap=log_err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log_capture.h"
#include "root/root.h"

#define FILE_BYTES (8 + 16 + 32)
#define RACERS     8

struct fixture {
    char directory[64];
    char path[128];
    struct conf conf;
};

/* The fsync() that fails, counting from 1; 0: none. */
static unsigned fsync_fails_at;
static atomic_uint fsync_calls;

int __wrap_fsync(int fd);
int __real_fsync(int fd);
int __wrap_fsync(int fd)
{
    if (atomic_fetch_add(&fsync_calls, 1) + 1 != fsync_fails_at)
        return __real_fsync(fd);
    errno = EIO;
    return -1;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    (void)snprintf(f->directory, sizeof(f->directory), "/tmp/tee-root-software-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    (void)snprintf(f->path, sizeof(f->path), "%s/store.key", f->directory);
    f->conf.root = CONF_ROOT_SOFTWARE;
    f->conf.software_key = f->path;
    log_capture_clear();
    *state = f;
    return 0;
}

static void tree_remove(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *entry;
    char child[512];

    while (d != NULL && (entry = readdir(d)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(child, sizeof(child), "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            tree_remove(child);
        else
            (void)unlink(child);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    tree_remove(f->directory);
    free(f);
    fsync_fails_at = 0;
    return 0;
}

static struct binding made(const struct fixture *f)
{
    struct binding b;

    assert_int_equal(root_software.bind(&f->conf, true, &b), CKR_OK);
    return b;
}

static void key_of(const struct fixture *f, const struct binding *b, uint8_t ret[ROOT_KEY_BYTES])
{
    AUTO(secret_freep) struct secret *key = NULL;

    assert_int_equal(root_software.derive(&f->conf, b, &key), CKR_OK);
    assert_int_equal(key->n, ROOT_KEY_BYTES);
    memcpy(ret, key->p, ROOT_KEY_BYTES);
}

/* derive() refuses, says why, and yields nothing. */
static void assert_derive_refused(const struct fixture *f, const struct binding *b, const char *why)
{
    struct secret *key = NULL;

    log_capture_clear();
    assert_int_equal(root_software.derive(&f->conf, b, &key), CKR_DEVICE_ERROR);
    assert_null(key);
    assert_non_null(strstr(log_capture_text(), why));
}

static void assert_bind_refused(const struct fixture *f, bool may_create, const char *why)
{
    struct binding b = {.vmpl = 77};

    log_capture_clear();
    assert_int_equal(root_software.bind(&f->conf, may_create, &b), CKR_DEVICE_ERROR);
    assert_int_equal(b.vmpl, 77);
    assert_non_null(strstr(log_capture_text(), why));
}

static unsigned entries_in(const char *directory)
{
    DIR *d = opendir(directory);
    unsigned n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n - 2;
}

static void test_select(void **state)
{
    const struct fixture *f = *state;
    const struct root *r = NULL;

    assert_int_equal(root_select(&f->conf, &r), CKR_OK);
    assert_ptr_equal(r, &root_software);
    assert_null(r->report);
}

static void test_made_private_and_whole(void **state)
{
    const struct fixture *f = *state;
    const mode_t before = umask(0);
    const struct binding b = made(f);
    struct stat st;

    (void)umask(before);
    assert_int_equal(lstat(f->path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, FILE_BYTES);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(entries_in(f->directory), 1);
    assert_int_equal(b.kind, ROOT_SOFTWARE);
    assert_false(mem_is_zero(b.key_id, sizeof(b.key_id)));
}

static void test_same_key_again(void **state)
{
    const struct fixture *f = *state;
    const struct binding first = made(f);
    const struct binding second = made(f);
    uint8_t a[ROOT_KEY_BYTES];
    uint8_t b[ROOT_KEY_BYTES];
    struct binding now;

    assert_memory_equal(first.key_id, second.key_id, sizeof(first.key_id));
    key_of(f, &first, a);
    key_of(f, &second, b);
    assert_memory_equal(a, b, sizeof(a));
    assert_false(mem_is_zero(a, sizeof(a)));
    assert_int_equal(root_software.current(&f->conf, &now), CKR_OK);
    assert_memory_equal(&now, &first, sizeof(now));
    assert_int_equal(root_software.bind(&f->conf, false, &now), CKR_OK);
    assert_memory_equal(&now, &first, sizeof(now));
}

static void test_other_file_other_key(void **state)
{
    struct fixture *f = *state;
    const struct binding first = made(f);
    struct binding second;
    uint8_t a[ROOT_KEY_BYTES];
    uint8_t b[ROOT_KEY_BYTES];

    key_of(f, &first, a);
    assert_int_equal(unlink(f->path), 0);
    second = made(f);
    key_of(f, &second, b);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(first.key_id, second.key_id, sizeof(first.key_id));
    assert_derive_refused(f, &first, "sealed with another software key");
}

/* The key is in the file's last 32 bytes: a copy of the file is a copy of the root. */
static void test_key_is_what_the_file_holds(void **state)
{
    const struct fixture *f = *state;
    const struct binding b = made(f);
    uint8_t bytes[FILE_BYTES];
    uint8_t key[ROOT_KEY_BYTES];
    const int fd = open(f->path, O_RDONLY);

    assert_int_equal(read(fd, bytes, sizeof(bytes)), sizeof(bytes));
    assert_int_equal(close(fd), 0);
    key_of(f, &b, key);
    assert_memory_equal(bytes, "TEESWK1\n", 8);
    assert_memory_equal(bytes + 8, b.key_id, 16);
    assert_memory_equal(bytes + 24, key, 32);
}

static void test_lost_key_is_not_remade(void **state)
{
    const struct fixture *f = *state;
    const struct binding b = made(f);
    struct binding now;

    assert_int_equal(unlink(f->path), 0);
    assert_derive_refused(f, &b, "is missing");
    assert_bind_refused(f, false, "is missing");
    assert_int_equal(root_software.current(&f->conf, &now), CKR_DEVICE_ERROR);
    assert_int_equal(root_software.probe(&f->conf), CKR_OK);
    assert_int_equal(entries_in(f->directory), 0);
}

static void test_modes_refused(void **state)
{
    static const mode_t modes[] = {0604, 0640, 0620, 0602, 0610, 0601, 0644, 0660};
    const struct fixture *f = *state;
    const struct binding b = made(f);

    for (size_t i = 0; i < N_ELEMENTS(modes); i++) {
        assert_int_equal(chmod(f->path, modes[i]), 0);
        assert_derive_refused(f, &b, "chmod 0600");
        assert_bind_refused(f, true, "chmod 0600");
        assert_int_equal(root_software.probe(&f->conf), CKR_DEVICE_ERROR);
    }
    assert_int_equal(chmod(f->path, 0400), 0);
    assert_int_equal(root_software.probe(&f->conf), CKR_OK);
}

static void test_foreign_owner_refused(void **state)
{
    const struct fixture *f = *state;
    const struct binding b = made(f);

    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(f->path, 12345, (gid_t)-1), 0);
    assert_derive_refused(f, &b, "belongs to another user");
}

static void test_wrong_size_refused(void **state)
{
    static const off_t sizes[] = {0, 1, FILE_BYTES - 1, FILE_BYTES + 1, 4096};
    const struct fixture *f = *state;
    const struct binding b = made(f);

    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        assert_int_equal(truncate(f->path, sizes[i]), 0);
        assert_derive_refused(f, &b, "wrong size");
        assert_bind_refused(f, true, "wrong size");
    }
}

static void file_patch(const char *path, off_t at, const void *bytes, size_t n)
{
    const int fd = open(path, O_WRONLY);

    assert_int_equal(pwrite(fd, bytes, n, at), n);
    assert_int_equal(close(fd), 0);
}

static void test_wrong_content_refused(void **state)
{
    static const uint8_t zeros[ROOT_KEY_BYTES];
    const struct fixture *f = *state;
    const struct binding b = made(f);

    file_patch(f->path, 24, zeros, sizeof(zeros));
    assert_derive_refused(f, &b, "not a software key");
    assert_int_equal(unlink(f->path), 0);
    (void)made(f);
    file_patch(f->path, 0, "X", 1);
    assert_bind_refused(f, true, "not a software key");
}

static void test_link_refused(void **state)
{
    struct fixture *f = *state;
    const struct binding b = made(f);
    char other[160];

    (void)snprintf(other, sizeof(other), "%s.real", f->path);
    assert_int_equal(rename(f->path, other), 0);
    assert_int_equal(symlink(other, f->path), 0);
    assert_derive_refused(f, &b, "symbolic link");
    assert_bind_refused(f, true, "symbolic link");
    /* nor does a dangling one make a key elsewhere */
    assert_int_equal(unlink(other), 0);
    assert_bind_refused(f, true, "symbolic link");
    assert_int_equal(access(other, F_OK), -1);
}

static void test_not_a_file_refused(void **state)
{
    const struct fixture *f = *state;

    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_bind_refused(f, true, "not a plain file");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_bind_refused(f, true, "not a plain file");
}

static void test_binding_of_hardware_refused(void **state)
{
    const struct fixture *f = *state;
    struct binding b = made(f);

    b.kind = ROOT_SEV_SNP;
    assert_derive_refused(f, &b, "belongs to a sev-snp root");
    b.kind = ROOT_SEV_SNP_EMULATED;
    assert_derive_refused(f, &b, "belongs to a sev-snp-emulated root");
}

static void test_directories_are_made(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char deep[160];

    (void)snprintf(deep, sizeof(deep), "%s/a/b/store.key", f->directory);
    f->conf.software_key = deep;
    (void)made(f);
    (void)snprintf(deep, sizeof(deep), "%s/a/b", f->directory);
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void test_directory_cannot_be_made(void **state)
{
    struct fixture *f = *state;
    char deep[160];

    (void)made(f);
    (void)snprintf(deep, sizeof(deep), "%s/below-a-file.key", f->path);
    f->conf.software_key = deep;
    assert_bind_refused(f, true, "Not a directory");
}

/* The file and its name are on disk before the key is used. */
static void test_disk_must_hold_it(void **state)
{
    const struct fixture *f = *state;

    fsync_calls = 0;
    fsync_fails_at = 1; /* the file */
    assert_bind_refused(f, true, "Input/output error");
    assert_int_equal(entries_in(f->directory), 0);
    fsync_calls = 0;
    fsync_fails_at = 2; /* the directory */
    assert_bind_refused(f, true, "Input/output error");
    fsync_fails_at = 0;
    (void)made(f);
    assert_int_equal(entries_in(f->directory), 1);
}

static void test_full_disk_leaves_nothing(void **state)
{
    const struct fixture *f = *state;
    struct rlimit before;
    struct rlimit tight;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = FILE_BYTES / 2;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_bind_refused(f, true, "File too large");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(entries_in(f->directory), 0);
    (void)made(f);
}

struct racer {
    pthread_barrier_t *start;
    const struct fixture *fixture;
    CK_RV rv;
    struct binding binding;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    (void)pthread_barrier_wait(r->start);
    r->rv = root_software.bind(&r->fixture->conf, true, &r->binding);
    return NULL;
}

static void test_racers_agree(void **state)
{
    const struct fixture *f = *state;
    pthread_barrier_t start;
    struct racer racers[RACERS];
    pthread_t threads[RACERS];

    for (unsigned round = 0; round < 20; round++) {
        assert_int_equal(pthread_barrier_init(&start, NULL, RACERS), 0);
        for (size_t i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.start = &start, .fixture = f};
            assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
        }
        for (size_t i = 0; i < RACERS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        for (size_t i = 0; i < RACERS; i++) {
            assert_int_equal(racers[i].rv, CKR_OK);
            assert_memory_equal(racers[i].binding.key_id, racers[0].binding.key_id, 16);
        }
        assert_int_equal(entries_in(f->directory), 1);
        assert_int_equal(unlink(f->path), 0);
        (void)pthread_barrier_destroy(&start);
    }
}

#define TEST(path, function)                                                                       \
    {                                                                                              \
        path, function, setup, teardown, NULL                                                      \
    }
int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("/root/software/select/by-name", test_select),
        TEST("/root/software/bind/file-is-private-and-whole", test_made_private_and_whole),
        TEST("/root/software/bind/makes-directories", test_directories_are_made),
        TEST("/root/software/bind/impossible-directory-is-said", test_directory_cannot_be_made),
        TEST("/root/software/bind/disk-must-hold-it", test_disk_must_hold_it),
        TEST("/root/software/bind/full-disk-leaves-nothing", test_full_disk_leaves_nothing),
        TEST("/root/software/bind/racers-agree-on-one-key", test_racers_agree),
        TEST("/root/software/derive/same-file-same-key", test_same_key_again),
        TEST("/root/software/derive/other-file-other-key", test_other_file_other_key),
        TEST("/root/software/derive/is-what-the-file-holds", test_key_is_what_the_file_holds),
        TEST("/root/software/derive/lost-key-is-not-remade", test_lost_key_is_not_remade),
        TEST("/root/software/derive/binding-of-hardware-is-refused",
             test_binding_of_hardware_refused),
        TEST("/root/software/file/readable-by-others-is-refused", test_modes_refused),
        TEST("/root/software/file/of-another-user-is-refused", test_foreign_owner_refused),
        TEST("/root/software/file/wrong-size-is-refused", test_wrong_size_refused),
        TEST("/root/software/file/wrong-content-is-refused", test_wrong_content_refused),
        TEST("/root/software/file/symbolic-link-is-refused", test_link_refused),
        TEST("/root/software/file/fifo-or-directory-is-refused", test_not_a_file_refused),
    };

    return cmocka_run_group_tests_name("root-software", tests, NULL, NULL);
}
