/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-unseal-cache.c - what opened a seal, in the kernel's key ring: found by the next opening,
 * by nothing else, for a while; and its absence costs nothing but a question to the device.
 *
 * Link with -Wl,--wrap=ioctl,--wrap=log_err,--wrap=time and open, open64, add_key, keyctl_search,
 * keyctl_link, keyctl_set_timeout, keyctl_setperm wrapped. Where the kernel has no key ring for
 * this process, the tests that need one are skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keyring/unseal_cache.h"
#include "log_capture.h"
#include "snp_machine.h"

struct machine {
    struct keyring_fixture *f;
    struct snp_bench bench;
    char owner_key[128];
};

/* -- what the library is asked for ------------------------------------------------------------- */

static int refuse_error; /* an errno for every call; 0: the kernel decides */
static key_serial_t last_key;
static char last_name[128];
static char calls[64]; /* a letter each: t(imeout), p(ermissions), l(ink) */
static unsigned last_timeout;
static key_perm_t last_permissions;

static void note(char call)
{
    const size_t n = strlen(calls);

    if (n + 1 < sizeof(calls))
        calls[n] = call;
}

static bool refused(void)
{
    if (refuse_error == 0)
        return false;
    errno = refuse_error;
    return true;
}

key_serial_t __wrap_add_key(const char *type, const char *name, const void *p, size_t n,
                            key_serial_t ring);
key_serial_t __real_add_key(const char *type, const char *name, const void *p, size_t n,
                            key_serial_t ring);
key_serial_t __wrap_add_key(const char *type, const char *name, const void *p, size_t n,
                            key_serial_t ring)
{
    if (refused())
        return -1;
    memset(calls, 0, sizeof(calls));
    last_key = __real_add_key(type, name, p, n, ring);
    (void)strncpy(last_name, name, sizeof(last_name) - 1);
    return last_key;
}

long __wrap_keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t to);
long __real_keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t to);
long __wrap_keyctl_search(key_serial_t ring, const char *type, const char *name, key_serial_t to)
{
    return refused() ? -1 : __real_keyctl_search(ring, type, name, to);
}

long __wrap_keyctl_link(key_serial_t key, key_serial_t ring);
long __real_keyctl_link(key_serial_t key, key_serial_t ring);
long __wrap_keyctl_link(key_serial_t key, key_serial_t ring)
{
    note('l');
    return refused() ? -1 : __real_keyctl_link(key, ring);
}

long __wrap_keyctl_set_timeout(key_serial_t key, unsigned seconds);
long __real_keyctl_set_timeout(key_serial_t key, unsigned seconds);
long __wrap_keyctl_set_timeout(key_serial_t key, unsigned seconds)
{
    note('t');
    last_timeout = seconds;
    return __real_keyctl_set_timeout(key, seconds);
}

long __wrap_keyctl_setperm(key_serial_t key, key_perm_t permissions);
long __real_keyctl_setperm(key_serial_t key, key_perm_t permissions);
long __wrap_keyctl_setperm(key_serial_t key, key_perm_t permissions)
{
    note('p');
    last_permissions = permissions;
    return __real_keyctl_setperm(key, permissions);
}

/* -- another boot ------------------------------------------------------------------------------ */

static const char *boot_file; /* read in place of the kernel's; NULL: it is not */

static const char *boot_path(const char *path)
{
    return boot_file != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0 ? boot_file
                                                                                     : path;
}

static mode_t mode_of(int flags, va_list args)
{
    return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
}

int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return __real_open(boot_path(path), flags, mode);
}

int __wrap_open64(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...)
{
    mode_t mode;
    va_list args;

    va_start(args, flags);
    mode = mode_of(flags, args);
    va_end(args);
    return __real_open64(boot_path(path), flags, mode);
}

/* -- fixture ----------------------------------------------------------------------------------- */

static int setup(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    snp_machine_open(&m->bench, &m->f);
    m->f->conf.hardware_only = true;
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    fixture_close(m->f);
    m->f->conf.unseal_cache = 60;
    refuse_error = 0;
    boot_file = NULL;
    last_key = 0;
    memset(calls, 0, sizeof(calls));
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct machine *m = *state;

    if (last_key > 0)
        (void)keyctl_invalidate(last_key);
    (void)fixture_teardown((void **)&m->f);
    snp_bench_close(&m->bench);
    free(m);
    return 0;
}

/* Open and close; the requests that it took. */
static unsigned long long opening(struct machine *m)
{
    const unsigned long long before = snp_bench_requests(&m->bench);

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    fixture_close(m->f);
    return snp_bench_requests(&m->bench) - before;
}

/* A key and the report that says whether the platform moved on. */
#define ASKED 2

/* The first opening puts something into the key ring; else the test is skipped. */
static void opened_once(struct machine *m)
{
    assert_int_equal(opening(m), ASKED);
    if (last_key <= 0)
        skip();
}

static bool is_kept(const char *name)
{
    return __real_keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0) > 0;
}

static void cache_opens_the_next(void **state)
{
    struct machine *m = *state;

    opened_once(m);
    assert_int_equal(opening(m), 0);
    assert_int_equal(opening(m), 0);
    m->f->conf.unseal_cache = 0; /* off on request */
    assert_int_equal(opening(m), ASKED);
}

static int child_opens(struct keyring_fixture *f)
{
    struct keyring *k = NULL;

    if (fixture_open(f, &k) != CKR_OK)
        return 1;
    keyring_unref(k);
    return 0;
}

static void cache_is_for_other_processes(void **state)
{
    struct machine *m = *state;

    opened_once(m);
    /* the child's emulator is a copy: that it can't answer shows that it is not asked */
    snp_bench_set(&m->bench, "fail=zero");
    assert_int_equal(fixture_child(child_opens, m->f), 0);
    snp_bench_set(&m->bench, "fail=none");
}

static void cache_is_limited_before_it_is_seen(void **state)
{
    struct machine *m = *state;

    m->f->conf.unseal_cache = 17;
    opened_once(m);
    assert_string_equal(calls, "tpl");
    assert_int_equal(last_timeout, 17);
    assert_int_equal(last_permissions & (KEY_GRP_ALL | KEY_OTH_ALL), 0);
    assert_int_equal(last_permissions & (KEY_USR_WRITE | KEY_USR_SETATTR | KEY_USR_LINK), 0);
}

static void cache_ends(void **state)
{
    struct machine *m = *state;

    m->f->conf.unseal_cache = 1;
    opened_once(m);
    (void)sleep(3);
    assert_false(is_kept(last_name));
    assert_int_equal(opening(m), ASKED);
}

/* Containers forbid the calls, quotas run out: the device is asked, and nobody is told. */
static void cache_absent_is_tolerated(void **state)
{
    static const int errors[] = {ENOSYS, EPERM, EDQUOT, EACCES};
    struct machine *m = *state;

    log_capture_clear();
    for (size_t i = 0; i < N_ELEMENTS(errors); i++) {
        refuse_error = errors[i];
        assert_int_equal(opening(m), ASKED);
        assert_int_equal(opening(m), ASKED);
    }
    assert_string_equal(log_capture_text(), "");
}

static void cache_planted_key_opens_nothing(void **state)
{
    const uint8_t planted[SEAL_SECRET_BYTES] = {1, 2, 3};
    struct machine *m = *state;
    char name[sizeof(last_name)];

    opened_once(m);
    memcpy(name, last_name, sizeof(name));
    assert_true(__real_add_key("user", name, planted, sizeof(planted), KEY_SPEC_USER_KEYRING) > 0);
    assert_int_equal(opening(m), ASKED); /* and what was planted is gone */
    assert_int_equal(opening(m), 0);
    assert_true(__real_add_key("user", name, planted, 5, KEY_SPEC_USER_KEYRING) > 0);
    assert_int_equal(opening(m), ASKED);
}

/* The cache opens; whether to seal again is asked of the device by the next who asks it. */
static void cache_goes_with_the_seal(void **state)
{
    struct machine *m = *state;
    char name[sizeof(last_name)];

    opened_once(m);
    memcpy(name, last_name, sizeof(name));
    snp_bench_set(&m->bench, "tcb=4.0.10.100");
    assert_int_equal(opening(m), 0);
    assert_true(is_kept(name));
    m->f->conf.unseal_cache = 0;
    assert_true(opening(m) > ASKED); /* sealed again: by the device */
    assert_false(is_kept(name));     /* that seal is no more */
    m->f->conf.unseal_cache = 60;
    assert_int_equal(opening(m), ASKED);
    assert_string_not_equal(name, last_name);
}

static void cache_is_of_one_device(void **state)
{
    struct machine *m = *state;
    struct snp_bench other = m->bench;
    int fd;

    opened_once(m);
    (void)snprintf(other.device, sizeof(other.device), "/tmp/tee-sev-guest-XXXXXX");
    fd = mkstemp(other.device);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    m->f->conf.device = other.device;
    assert_int_equal(opening(m), ASKED);
    (void)keyctl_invalidate(last_key);
    assert_int_equal(unlink(other.device), 0);
    m->f->conf.device = m->bench.device;
    assert_int_equal(opening(m), 0);
}

/* A VM that was started anew, or another one that was given this one's memory: it asks. */
static void cache_is_of_one_boot(void **state)
{
    struct machine *m = *state;
    char path[128];

    opened_once(m);
    (void)snprintf(path, sizeof(path), "%s/boot_id", m->f->directory);
    fixture_run("echo 01234567-89ab-4cde-8f01-23456789abcd >'%s'", path);
    boot_file = path;
    assert_int_equal(opening(m), ASKED);
    assert_int_equal(opening(m), 0); /* and it has one of its own */
    (void)keyctl_invalidate(last_key);
    boot_file = NULL;
    assert_int_equal(opening(m), 0);
}

/* The floors and the profile of the configuration hold for what is kept as well. */
static void cache_obeys_the_configuration(void **state)
{
    struct machine *m = *state;

    opened_once(m);
    m->f->conf.min_tcb = (struct conf_tcb){.v = {9, 0, 0, 0}, .n = 4};
    log_capture_clear();
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "min-tcb"));
}

static void cache_is_for_hardware(void **state)
{
    const struct conf on = {.unseal_cache = 60};
    const struct conf off = {.unseal_cache = 0};

    (void)state;
    assert_false(unseal_cache_wanted(&on, &root_software));
    assert_true(unseal_cache_wanted(&on, &root_sev_snp));
    assert_true(unseal_cache_wanted(&on, &root_sev_snp_emulated));
    assert_false(unseal_cache_wanted(&off, &root_sev_snp));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/unseal-cache/opens-the-next", cache_opens_the_next),
        TEST("/unseal-cache/is-for-other-processes", cache_is_for_other_processes),
        TEST("/unseal-cache/is-limited-before-it-is-seen", cache_is_limited_before_it_is_seen),
        TEST("/unseal-cache/ends", cache_ends),
        TEST("/unseal-cache/absent-is-tolerated", cache_absent_is_tolerated),
        TEST("/unseal-cache/planted-key-opens-nothing", cache_planted_key_opens_nothing),
        TEST("/unseal-cache/goes-with-the-seal", cache_goes_with_the_seal),
        TEST("/unseal-cache/is-of-one-device", cache_is_of_one_device),
        TEST("/unseal-cache/is-of-one-boot", cache_is_of_one_boot),
        TEST("/unseal-cache/obeys-the-configuration", cache_obeys_the_configuration),
        TEST("/unseal-cache/is-for-hardware", cache_is_for_hardware),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
