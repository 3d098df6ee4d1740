/* SPDX-License-Identifier: BSD-2-Clause */
/* test-keyring.c - a store comes into being, is refused, and opens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/meta.h"
#include "keyring_fixture.h"
#include "log_capture.h"

static bool log_says(const char *text)
{
    return strstr(log_capture_text(), text) != NULL;
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

/* -- creation -------------------------------------------------------------------------------- */

int __wrap_flock(int fd, int operation);
int __real_flock(int fd, int operation);
static atomic_uint n_locks, n_refused; /* flock() calls that lock; those that found it locked */

int __wrap_flock(int fd, int operation)
{
    const int rc = __real_flock(fd, operation);

    n_locks += operation != LOCK_UN;
    n_refused += rc != 0;
    return rc;
}

/* Whoever makes a store has its directory's lock: what he opens meanwhile must not wait for it. */
static void create_does_not_wait_for_itself(void **state)
{
    struct keyring_fixture *f = *state;

    n_locks = n_refused = 0;
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    assert_int_equal(n_locks, 1);
    assert_int_equal(n_refused, 0);
    /* Let go again: the next one to open goes through the gate. */
    fixture_reopen(f);
    assert_true(n_locks > 1);
    assert_int_equal(n_refused, 0);
}

static void create_and_open(void **state)
{
    struct keyring_fixture *f = *state;
    struct store_info made, opened;
    struct stat st;

    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    assert_string_equal(keyring_root_name(f->k), "software");
    assert_int_equal(keyring_info(f->k, &made), CKR_OK);
    assert_int_equal(made.epoch, 1);
    assert_string_equal(made.root, "software");
    assert_false(mem_is_zero(made.fingerprint, sizeof(made.fingerprint)));
    assert_memory_equal(keyring_store_id(f->k).p, made.id, STORE_ID);
    assert_int_equal(stat(f->store, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    fixture_reopen(f);
    assert_int_equal(keyring_info(f->k, &opened), CKR_OK);
    assert_memory_equal(&made, &opened, sizeof(made));
}

static void create_opens_what_is_there(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(keyring_unrefp) struct keyring *again = NULL;
    struct store_info a, b;

    assert_int_equal(keyring_info(f->k, &a), CKR_OK);
    assert_int_equal(keyring_create(&f->conf, &again), CKR_OK);
    assert_int_equal(keyring_info(again, &b), CKR_OK);
    assert_memory_equal(a.id, b.id, sizeof(a.id));
}

static void create_outlives_its_configuration(void **state)
{
    struct keyring_fixture *f = *state;
    char store[96];

    memcpy(store, f->store, sizeof(store));
    memset(f->store, 'x', 10);
    memset(f->key, 'x', 10);
    (void)fixture_token(f, "made without the caller's conf");
    memcpy(f->store, store, sizeof(store));
}

static void create_refuses_no_way_back(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    /* A file: an emulated device, which would fail at the first request. */
    fixture_run("touch '%s/device'", f->directory);
    (void)snprintf(f->certificate[0], sizeof(f->certificate[0]), "%s/device", f->directory);
    f->conf.root = CONF_ROOT_SEV_SNP;
    f->conf.device = f->certificate[0];
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("recovery-certificate = FILE or hardware-only = yes in "));
    f->conf.hardware_only = true;
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("measured = image") && log_says("measured = firmware"));
    assert_null(k);
    assert_false(exists(f->store));
    f->conf.measured = CONF_MEASURED_IMAGE; /* now it comes to the device */
    assert_int_equal(keyring_create(&f->conf, &k), CKR_DEVICE_ERROR);
}

static void create_finds_a_missing_database(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    fixture_close(f);
    fixture_run("rm '%s/data.mdb'", f->store);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("seems to be missing") && log_says("lock.mdb"));
    assert_null(k);
    fixture_run("test ! -e '%s/data.mdb'", f->store);
}

static void create_finds_a_lone_software_key(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    fixture_close(f);
    fixture_run("rm -r '%s'", f->store);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("seems to be missing") && log_says(f->key));
    fixture_run("rm '%s'", f->key);
    assert_int_equal(keyring_create(&f->conf, &k), CKR_OK);
    keyring_unref(k);
}

/* A creator that was killed after it made the database leaves no rows. */
static void create_completes_an_empty_database(void **state)
{
    struct keyring_fixture *f = *state;
    struct store *s = NULL;

    assert_int_equal(mkdir(f->store, 0700), 0);
    assert_int_equal(store_open(f->store, true, 0, &s), CKR_OK);
    assert_int_equal(keyring_open(&f->conf, s, &f->k), CKR_TOKEN_NOT_PRESENT);
    store_unref(s);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    fixture_reopen(f);
}

static void create_makes_parents_below_home_only(void **state)
{
    struct keyring_fixture *f = *state;
    char deep[160];

    (void)snprintf(deep, sizeof(deep), "%s/a/b/store", f->directory);
    f->conf.store = deep;
    assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("store directory"));
    assert_int_equal(setenv("HOME", f->directory, 1), 0);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
}

static int create_in_child(struct keyring_fixture *f)
{
    struct keyring *k = NULL;

    return keyring_create(&f->conf, &k) == CKR_OK ? 0 : 1;
}

static void create_by_several_at_once(void **state)
{
    struct keyring_fixture *f = *state;
    pid_t pids[6];

    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            _exit(create_in_child(f));
    }
    for (size_t i = 0; i < N_ELEMENTS(pids); i++) {
        int status = 1;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

static void *create_in_thread(void *arg)
{
    struct keyring_fixture *f = arg;
    AUTO(keyring_unrefp) struct keyring *k = NULL;

    return keyring_create(&f->conf, &k) == CKR_OK ? f : NULL;
}

static void create_by_several_threads(void **state)
{
    struct keyring_fixture *f = *state;
    pthread_t threads[4];

    for (size_t i = 0; i < N_ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, create_in_thread, f), 0);
    for (size_t i = 0; i < N_ELEMENTS(threads); i++) {
        void *ret = NULL;

        assert_int_equal(pthread_join(threads[i], &ret), 0);
        assert_ptr_equal(ret, f);
    }
}

static void create_killed_anywhere_can_go_on(void **state)
{
    struct keyring_fixture *f = *state;

    for (useconds_t delay = 0; delay < 12000; delay += 400) {
        const pid_t pid = fork();
        CK_RV rv;

        if (pid == 0)
            _exit(create_in_child(f));
        (void)usleep(delay);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        rv = keyring_create(&f->conf, &f->k);
        /* Killed between two files, LMDB leaves a lock without a database: that is refused. */
        assert_true(rv == CKR_OK || rv == CKR_FUNCTION_REJECTED);
        fixture_close(f);
        fixture_run("rm -rf '%s' '%s'", f->store, f->key);
    }
}

/* -- opening --------------------------------------------------------------------------------- */

static void open_refuses_without_header(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    fixture_close(f);
    raw_del(f, "meta", META_HEADER);
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("no header"));
    assert_int_equal(keyring_create(&f->conf, &k), CKR_DEVICE_ERROR);
}

static void open_refuses_another_format(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct keyring *k = NULL;

    raw_get(f, STORE_META, META_HEADER, &key, &row);
    fixture_close(f);
    row.p[1] = 2;
    raw_put(f, "meta", META_HEADER, buf_span(&row));
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("has format 2"));
}

/* Each byte of each small row of meta, changed: none opens as if nothing had happened. */
static void open_refuses_changed_meta(void **state)
{
    static const struct span names[] = {{(const uint8_t *)"header", 6},
                                        {(const uint8_t *)"keys", 4},
                                        {(const uint8_t *)"config", 6}};
    struct keyring_fixture *f = *state;

    fixture_close(f);
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        AUTO(buf_clear) struct buf key = BUF_INIT;
        AUTO(buf_clear) struct buf row = BUF_INIT;

        raw_get(f, STORE_META, names[i], &key, &row);
        for (size_t at = 0; at < row.n; at += 3) {
            struct keyring *k = NULL;

            row.p[at] ^= 0x04;
            raw_put(f, "meta", names[i], buf_span(&row));
            assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
            row.p[at] ^= 0x04;
        }
        raw_put(f, "meta", names[i], buf_span(&row));
    }
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

static void open_refuses_another_root(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    fixture_close(f);
    f->conf.root = CONF_ROOT_SEV_SNP;
    f->conf.device = f->key; /* any file: an emulated device */
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("sealed by software") && log_says("sev-snp-emulated"));
}

static void open_refuses_another_statement(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;
    char key[128];

    fixture_close(f);
    f->conf.measured = CONF_MEASURED_IMAGE;
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("measured"));
    f->conf.measured = CONF_MEASURED_UNSAID;
    fixture_certificate(f, "ec", key);
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("not a recipient") && log_says("owner 0"));
}

static void open_takes_the_same_certificates(void **state)
{
    struct keyring_fixture *f = *state;
    char key[128];

    fixture_certificate(f, "ec", key);
    fixture_certificate(f, "rsa", key);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    fixture_reopen(f);
    fixture_close(f);
    f->conf.n_recovery = 0; /* nothing said */
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
    fixture_close(f);
    f->conf.n_recovery = 1; /* one of two: the command may have added the other */
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
    fixture_close(f);
    f->conf.n_recovery = 2; /* a file that is not needed any more */
    fixture_run("rm '%s'", f->certificate[1]);
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

static void create_counts_a_certificate_once(void **state)
{
    struct keyring_fixture *f = *state;
    struct seal_info *v = NULL;
    char key[128];
    size_t n = 0;

    fixture_certificate(f, "ec", key);
    f->conf.recovery[f->conf.n_recovery++] = f->certificate[0];
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    assert_int_equal(seals_list(f->k, keyring_store(f->k), &v, &n), CKR_OK);
    assert_int_equal(n, 2);
    seals_info_free(v, n);
    fixture_reopen(f);
}

static void create_refuses_a_bad_certificate(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    f->conf.recovery[0] = f->certificate[0];
    f->conf.n_recovery = 1;
    (void)snprintf(f->certificate[0], sizeof(f->certificate[0]), "/nonexistent.pem");
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("/nonexistent.pem"));
    (void)snprintf(f->certificate[0], sizeof(f->certificate[0]), "/etc/passwd");
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &k), CKR_FUNCTION_REJECTED);
    assert_true(log_says("/etc/passwd") && log_says("not a certificate"));
    assert_false(exists(f->store));
}

static void open_refuses_another_software_key(void **state)
{
    struct keyring_fixture *f = *state;
    struct keyring *k = NULL;

    fixture_close(f);
    fixture_run("mv '%s' '%s.away'", f->key, f->key);
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_false(exists(f->key));
    assert_true(log_says("recover"));
    /* Another file, and one with the id of ours and another key. */
    fixture_run("head -c 56 /dev/urandom > '%s' && chmod 600 '%s'", f->key, f->key);
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    fixture_run("(head -c 24 '%s.away'; head -c 32 /dev/urandom) > '%s'", f->key, f->key);
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_says("does not open on this platform"));
    fixture_run("mv '%s.away' '%s'", f->key, f->key);
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

#define PLAIN_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, fixture_setup, fixture_teardown, NULL                                            \
    }
#define STORE_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, fixture_setup_store, fixture_teardown, NULL                                      \
    }

static int group_teardown(void **state)
{
    (void)state;
    fixture_certificates_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN_TEST("/keyring/create/and-open", create_and_open),
        PLAIN_TEST("/keyring/create/does-not-wait-for-itself", create_does_not_wait_for_itself),
        STORE_TEST("/keyring/create/opens-what-is-there", create_opens_what_is_there),
        STORE_TEST("/keyring/create/outlives-its-configuration", create_outlives_its_configuration),
        PLAIN_TEST("/keyring/create/refuses-no-way-back", create_refuses_no_way_back),
        PLAIN_TEST("/keyring/create/counts-a-certificate-once", create_counts_a_certificate_once),
        PLAIN_TEST("/keyring/create/refuses-a-bad-certificate", create_refuses_a_bad_certificate),
        STORE_TEST("/keyring/create/finds-a-missing-database", create_finds_a_missing_database),
        STORE_TEST("/keyring/create/finds-a-lone-software-key", create_finds_a_lone_software_key),
        PLAIN_TEST("/keyring/create/completes-an-empty-database",
                   create_completes_an_empty_database),
        PLAIN_TEST("/keyring/create/makes-parents-below-home-only",
                   create_makes_parents_below_home_only),
        PLAIN_TEST("/keyring/create/by-several-at-once", create_by_several_at_once),
        PLAIN_TEST("/keyring/create/by-several-threads", create_by_several_threads),
        PLAIN_TEST("/keyring/create/killed-anywhere-can-go-on", create_killed_anywhere_can_go_on),
        STORE_TEST("/keyring/open/refuses-without-header", open_refuses_without_header),
        STORE_TEST("/keyring/open/refuses-another-format", open_refuses_another_format),
        STORE_TEST("/keyring/open/refuses-changed-meta", open_refuses_changed_meta),
        STORE_TEST("/keyring/open/refuses-another-root", open_refuses_another_root),
        STORE_TEST("/keyring/open/refuses-another-statement", open_refuses_another_statement),
        PLAIN_TEST("/keyring/open/takes-the-same-certificates", open_takes_the_same_certificates),
        STORE_TEST("/keyring/open/refuses-another-software-key", open_refuses_another_software_key),
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
