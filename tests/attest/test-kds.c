/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-kds.c - AMD's key distribution service and its cache, against a stand-in on loopback
 * (tests/support/kds_stand_in.py): waiting, failures, hostile answers, hostile files. Waiting is
 * written down, not done.
 */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/kds.h"
#include "attest/kds_cache.h"

static char base[64];   /* "http://127.0.0.1:PORT" */
static char nobody[64]; /* where nobody listens */
static pid_t server;
static int server_in = -1;

struct fixture {
    char cache[64];
    uint32_t waits[16];
    size_t n_waits;
    struct span wanted; /* what accept() takes; empty: anything */
    struct buf got;
};

/* -- the stand-in ---------------------------------------------------------------------------- */

static int start_server(void **state)
{
    const char *source = getenv("TEE_TEST_SOURCE");
    char script[4096];
    int in[2], out[2], port = 0;
    FILE *f;

    (void)state;
    if (source == NULL || pipe(in) != 0 || pipe(out) != 0)
        return -1;
    (void)snprintf(script, sizeof(script), "%s/tests/support/kds_stand_in.py", source);
    server = fork();
    if (server == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)close(in[1]);
        (void)close(out[0]);
        (void)execlp("python3", "python3", script, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    server_in = in[1];
    f = fdopen(out[0], "r");
    if (f == NULL || fscanf(f, "%d", &port) != 1)
        return -1;
    (void)snprintf(base, sizeof(base), "http://127.0.0.1:%d", port);
    /* Port 1 of loopback: no service of ours, and none that a machine would have. */
    (void)snprintf(nobody, sizeof(nobody), "http://127.0.0.1:1");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    (void)close(server_in);
    (void)waitpid(server, NULL, 0);
    return 0;
}

static int setup(void **state)
{
    static struct fixture f;

    f = (struct fixture){.cache = "/tmp/test-kds-XXXXXX"};
    if (mkdtemp(f.cache) == NULL)
        return -1;
    *state = &f;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    buf_clear(&f->got);
    return nftw(f->cache, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* -- what the tests do ----------------------------------------------------------------------- */

/* A report of a chip whose identity is 00 01 02 ...; Turin's 8 bytes and zeros. */
static void make_report(enum product p, uint8_t bytes[REPORT_BYTES], struct report *ret)
{
    static const uint8_t tcbs[N_PRODUCTS][8] = {
        {4, 0, 0, 0, 0, 0, 23, 213}, {10, 0, 0, 0, 0, 0, 27, 27}, {1, 1, 1, 4, 0, 0, 0, 81}};
    const char *objection = NULL;
    const size_t n = p == PRODUCT_TURIN ? REPORT_CHIP_ID_8 : REPORT_CHIP_ID;

    memset(bytes, 0, REPORT_BYTES);
    bytes[0] = 5;
    bytes[0x0a] = 2; /* bit 17 of the policy */
    bytes[0x34] = 1;
    memcpy(bytes + 0x180, tcbs[p], 8);
    bytes[0x188] = p == PRODUCT_TURIN ? 0x1a : 0x19;
    bytes[0x189] = p == PRODUCT_MILAN ? 1 : 0x11;
    for (size_t i = 0; i < n; i++)
        bytes[0x1a0 + i] = (uint8_t)i;
    bytes[0x2a0] = bytes[0x2e8] = 1;
    assert_int_equal(report_read(span_of(bytes, REPORT_BYTES), ret, &objection), CKR_OK);
    assert_int_equal(report_set_product(ret, p, &objection), CKR_OK);
}

static void note_wait(void *ctx, uint32_t ms)
{
    struct fixture *f = ctx;

    if (f->n_waits < N_ELEMENTS(f->waits))
        f->waits[f->n_waits++] = ms;
}

static bool accept(void *ctx, struct span der)
{
    struct fixture *f = ctx;

    if (f->wanted.n > 0 && !span_equal(f->wanted, der))
        return false;
    buf_clear(&f->got);
    buf_put(&f->got, der);
    return true;
}

struct ask {
    const char *how; /* NULL: nobody listens */
    bool offline, no_cache, crl;
    uint32_t patience_ms;
};

static CK_RV run(struct fixture *f, const struct ask *a, char **ret_why)
{
    char url[128];
    const struct kds_options o = {
        .url = url,
        .cache = f->cache,
        .offline = a->offline,
        .no_cache = a->no_cache,
        .patience_ms = a->patience_ms,
        .wait_ms = note_wait,
        .wait_ctx = f,
    };
    AUTO(kds_freep) struct kds *k = NULL;
    uint8_t bytes[REPORT_BYTES];
    struct report r;

    (void)snprintf(url, sizeof(url), "%s/%s", a->how != NULL ? base : nobody,
                   a->how != NULL ? a->how : "ok");
    f->n_waits = 0;
    make_report(PRODUCT_MILAN, bytes, &r);
    assert_int_equal(kds_new(&o, &k), CKR_OK);
    if (a->crl)
        return kds_crl(k, PRODUCT_MILAN, SIGNING_VCEK, accept, f, ret_why);
    return kds_vcek(k, &r, accept, f, ret_why);
}

/* The call ends like this, with words that say this (NULL: with a certificate). */
static void expect(struct fixture *f, const struct ask *a, CK_RV wanted, const char *words)
{
    char *why = NULL;

    buf_clear(&f->got);
    assert_int_equal(run(f, a, &why), wanted);
    if (words != NULL && (why == NULL || strstr(why, words) == NULL))
        fail_msg("\"%s\" does not say \"%s\"", why != NULL ? why : "", words);
    assert_int_equal(f->got.n > 0, wanted == CKR_OK);
    free(why);
}

static void cache_path(const struct fixture *f, bool crl, char path[1024])
{
    AUTO(buf_clear) struct buf name = BUF_INIT;
    uint8_t bytes[REPORT_BYTES];
    struct report r;

    make_report(PRODUCT_MILAN, bytes, &r);
    if (crl)
        buf_printf(&name, "crl-vcek-Milan");
    else
        kds_vcek_name(&r, &name);
    (void)snprintf(path, 1024, "%s/%.*s", f->cache, (int)name.n, (const char *)name.p);
}

/* Files in the cache, temporary ones too. */
static size_t count_files(const struct fixture *f)
{
    char command[256];
    size_t n = 0;
    FILE *p;

    (void)snprintf(command, sizeof(command), "ls -A %s | wc -l", f->cache);
    p = popen(command, "r");
    assert_non_null(p);
    assert_int_equal(fscanf(p, "%zu", &n), 1);
    (void)pclose(p);
    return n;
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* -- tests ----------------------------------------------------------------------------------- */

#define HWID                                                                                       \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                             \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

/* As AMD 57230 has them. */
static void test_path(void **state)
{
    static const char *const paths[N_PRODUCTS] = {
        "/vcek/v1/Milan/" HWID "?blSPL=04&teeSPL=00&snpSPL=23&ucodeSPL=213",
        "/vcek/v1/Genoa/" HWID "?blSPL=10&teeSPL=00&snpSPL=27&ucodeSPL=27",
        "/vcek/v1/Turin/0001020304050607?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81",
    };

    (void)state;
    for (size_t p = 0; p < N_PRODUCTS; p++) {
        AUTO(buf_clear) struct buf path = BUF_INIT;
        uint8_t bytes[REPORT_BYTES];
        struct report r;

        make_report((enum product)p, bytes, &r);
        kds_vcek_path(&r, &path);
        assert_int_equal(path.n, strlen(paths[p]));
        assert_memory_equal(path.p, paths[p], path.n);
    }
}

/* Once asked, never again: the service may be gone. */
static void test_cache_keeps(void **state)
{
    struct fixture *f = *state;
    char path[1024];
    struct stat st;

    expect(f, &(struct ask){.how = "ok"}, CKR_OK, NULL);
    cache_path(f, false, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files(f), 1);
    expect(f, &(struct ask){.how = NULL}, CKR_OK, NULL);
    expect(f, &(struct ask){.how = NULL, .offline = true}, CKR_OK, NULL);
    expect(f, &(struct ask){.how = NULL, .no_cache = true}, CKR_DEVICE_ERROR, "");
}

static void test_no_cache(void **state)
{
    struct fixture *f = *state;

    expect(f, &(struct ask){.how = "ok", .no_cache = true}, CKR_OK, NULL);
    assert_int_equal(count_files(f), 0);
    expect(f, &(struct ask){.how = "ok", .offline = true}, CKR_DEVICE_ERROR, "offline");
}

/* 10 s doubling to 30 s, two minutes in all. */
static void test_busy(void **state)
{
    struct fixture *f = *state;

    expect(f, &(struct ask){.how = "busy-always"}, CKR_DEVICE_ERROR, "429");
    assert_int_equal(f->n_waits, 4);
    assert_int_equal(f->waits[0], 10000);
    assert_int_equal(f->waits[1], 20000);
    assert_int_equal(f->waits[2], 30000);
    assert_int_equal(f->waits[3], 30000);
    assert_int_equal(count_files(f), 0);
    expect(f, &(struct ask){.how = "busy-2"}, CKR_OK, NULL);
    assert_int_equal(f->n_waits, 2);
}

static void test_retry_after(void **state)
{
    struct fixture *f = *state;

    expect(f, &(struct ask){.how = "wait-45"}, CKR_OK, NULL);
    assert_int_equal(f->n_waits, 1);
    assert_int_equal(f->waits[0], 45000);
    /* Longer than the patience: not even begun. */
    expect(f, &(struct ask){.how = "wait-600", .no_cache = true}, CKR_DEVICE_ERROR, "429");
    assert_int_equal(f->n_waits, 0);
}

static void test_failures(void **state)
{
    struct fixture *f = *state;

    expect(f, &(struct ask){.how = "gone"}, CKR_DEVICE_ERROR, "404");
    assert_int_equal(f->n_waits, 0);
    expect(f, &(struct ask){.how = "moved"}, CKR_DEVICE_ERROR, "302");
    assert_int_equal(f->n_waits, 0);
    expect(f, &(struct ask){.how = "broken-1", .no_cache = true}, CKR_OK, NULL);
    assert_int_equal(f->n_waits, 1);
    expect(f, &(struct ask){.how = "drop-1", .no_cache = true}, CKR_OK, NULL);
    assert_int_equal(f->n_waits, 1);
    expect(f, &(struct ask){.how = NULL}, CKR_DEVICE_ERROR, "");
    assert_int_equal(f->n_waits, 0);
    assert_int_equal(count_files(f), 0);
}

/* Patience ends a request too, and what it took is not waited again. */
static void test_slow(void **state)
{
    struct fixture *f = *state;
    struct timespec a, b;

    (void)clock_gettime(CLOCK_MONOTONIC, &a);
    expect(f, &(struct ask){.how = "slow-30", .patience_ms = 600}, CKR_DEVICE_ERROR, "");
    expect(f, &(struct ask){.how = "trickle", .patience_ms = 600}, CKR_DEVICE_ERROR, "");
    (void)clock_gettime(CLOCK_MONOTONIC, &b);
    assert_true(b.tv_sec - a.tv_sec < 20);
    assert_int_equal(count_files(f), 0);
}

static void test_malformed(void **state)
{
    static const char *const hows[] = {"html", "garbage"};
    struct fixture *f = *state;

    f->wanted = SPAN_LIT("what was asked for");
    for (size_t i = 0; i < N_ELEMENTS(hows); i++)
        expect(f, &(struct ask){.how = hows[i]}, CKR_DATA_INVALID, "not what was asked for");
    expect(f, &(struct ask){.how = "empty"}, CKR_DATA_INVALID, "not what was asked for");
    expect(f, &(struct ask){.how = "huge"}, CKR_DEVICE_ERROR, "");
    expect(f, &(struct ask){.how = "cut"}, CKR_DEVICE_ERROR, "");
    assert_int_equal(count_files(f), 0);
}

/* What is in the cache and is not what it should be: passed over, and replaced. */
static void test_hostile_cache(void **state)
{
    struct fixture *f = *state;
    AUTO(buf_clear) struct buf right = BUF_INIT;
    char path[1024];

    expect(f, &(struct ask){.how = "ok"}, CKR_OK, NULL);
    buf_put(&right, buf_span(&f->got));
    f->wanted = buf_span(&right);
    cache_path(f, false, path);
    put_file(path, "-----BEGIN CERTIFICATE-----\n");
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
    expect(f, &(struct ask){.how = "ok"}, CKR_OK, NULL);
    expect(f, &(struct ask){.offline = true}, CKR_OK, NULL);

    f->wanted = SPAN_EMPTY;
}

/* What is no file of ours is not even read: here whatever was read would be taken. */
static void test_cache_not_ours(void **state)
{
    struct fixture *f = *state;
    char path[1024], other[1100];
    struct stat st;

    cache_path(f, false, path);
    (void)snprintf(other, sizeof(other), "%s.other", path);
    put_file(other, "a file that somebody else may not read");
    assert_int_equal(symlink(other, path), 0);
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
    expect(f, &(struct ask){.how = "ok"}, CKR_OK, NULL);
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    expect(f, &(struct ask){.offline = true}, CKR_OK, NULL);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
    assert_int_equal(rmdir(path), 0);
}

/* As long as an answer may be, and a byte more. */
static void test_cache_too_long(void **state)
{
    struct fixture *f = *state;
    char path[1024];

    cache_path(f, false, path);
    put_file(path, "");
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
    assert_int_equal(truncate(path, KDS_MAX_ANSWER), 0);
    expect(f, &(struct ask){.offline = true}, CKR_OK, NULL);
    assert_int_equal(f->got.n, KDS_MAX_ANSWER);
    assert_int_equal(truncate(path, KDS_MAX_ANSWER + 1), 0);
    expect(f, &(struct ask){.offline = true}, CKR_DEVICE_ERROR, "not in the cache");
}

/* The service is one of the web: a URL of another kind opens nothing, though the file is there. */
static void test_protocols(void **state)
{
    struct fixture *f = *state;
    AUTO(kds_freep) struct kds *k = NULL;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    uint8_t bytes[REPORT_BYTES];
    char url[256], path[1200];
    const struct kds_options o = {.url = url, .no_cache = true};
    struct report r;
    char *why = NULL;

    make_report(PRODUCT_MILAN, bytes, &r);
    kds_vcek_path(&r, &name);
    name.n = (size_t)((uint8_t *)memchr(name.p, '?', name.n) - name.p);
    for (size_t i = 1; i <= name.n; i++) { /* the folders, then the file */
        (void)snprintf(path, sizeof(path), "%s%.*s", f->cache, (int)i, (const char *)name.p);
        if (i == name.n)
            put_file(path, "a certificate");
        else if (name.p[i] == '/')
            assert_int_equal(mkdir(path, 0700), 0);
    }
    (void)snprintf(url, sizeof(url), "file://%s", f->cache);
    assert_int_equal(kds_new(&o, &k), CKR_OK);
    assert_int_equal(kds_vcek(k, &r, accept, f, &why), CKR_DEVICE_ERROR);
    assert_non_null(why);
    assert_non_null(strstr(why, "Protocol \"file\"")); /* libcurl's words: it is switched off */
    assert_int_equal(f->got.n, 0);
    free(why);
}

/* A cache that can't be written is none. */
static void test_cache_unwritable(void **state)
{
    struct fixture *f = *state;
    char path[1024];

    cache_path(f, false, path);
    assert_int_equal(mkdir(path, 0700), 0);
    expect(f, &(struct ask){.how = "ok"}, CKR_OK, NULL);
    assert_int_equal(count_files(f), 1);
}

static void test_crl_age(void **state)
{
    const struct timespec old[2] = {{.tv_sec = time(NULL) - 2 * KDS_FRESH_AGE},
                                    {.tv_sec = time(NULL) - 2 * KDS_FRESH_AGE}};
    struct fixture *f = *state;
    char path[1024];
    struct stat st;

    expect(f, &(struct ask){.how = "ok", .crl = true}, CKR_OK, NULL);
    expect(f, &(struct ask){.how = NULL, .crl = true}, CKR_OK, NULL);
    cache_path(f, true, path);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    /* An old one serves while there is no new one. */
    expect(f, &(struct ask){.how = NULL, .crl = true}, CKR_OK, NULL);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mtime, old[0].tv_sec);
    expect(f, &(struct ask){.how = "ok", .crl = true}, CKR_OK, NULL);
    assert_int_equal(stat(path, &st), 0);
    assert_true(st.st_mtime > old[0].tv_sec);
    expect(f, &(struct ask){.offline = true, .crl = true}, CKR_OK, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/kds/path", test_path, NULL, NULL, NULL},
        {"/kds/cache/keeps", test_cache_keeps, setup, teardown, NULL},
        {"/kds/cache/none", test_no_cache, setup, teardown, NULL},
        {"/kds/cache/hostile", test_hostile_cache, setup, teardown, NULL},
        {"/kds/cache/not-ours", test_cache_not_ours, setup, teardown, NULL},
        {"/kds/cache/too-long", test_cache_too_long, setup, teardown, NULL},
        {"/kds/cache/unwritable", test_cache_unwritable, setup, teardown, NULL},
        {"/kds/busy", test_busy, setup, teardown, NULL},
        {"/kds/retry-after", test_retry_after, setup, teardown, NULL},
        {"/kds/failures", test_failures, setup, teardown, NULL},
        {"/kds/protocols", test_protocols, setup, teardown, NULL},
        {"/kds/slow", test_slow, setup, teardown, NULL},
        {"/kds/malformed", test_malformed, setup, teardown, NULL},
        {"/kds/crl/age", test_crl_age, setup, teardown, NULL},
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
