/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-key-stock.c - random bytes of keys to come: when there is a stock, that nothing is given
 * twice, and that nothing stays.
 *
 * Link with -Wl,--wrap=RAND_priv_bytes_ex,--wrap=clock_gettime,--wrap=secret_new. The generator
 * here gives words that are never the same, and the page is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/key_stock.h"
#include "crypto/ossl.h"
#include "util/buf.h"
#include "util/secret.h"

#define KEY  32
#define KEYS (KEY_STOCK_BYTES / KEY)
/* In the page the bytes stand behind when they were drawn and how many are left. */
#define STOCK_HEAD 16

/* -- the world -------------------------------------------------------------------------------- */

static uint64_t clock_now; /* nanoseconds */
static bool no_random, no_page;
static struct secret *page; /* the last that was made */
static atomic_size_t n_draws;
static atomic_size_t last_draw; /* bytes */
static _Atomic(uint64_t) word;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
    assert_int_equal(id, CLOCK_BOOTTIME); /* the one that goes on while a machine is suspended */
    *ret = (struct timespec){(time_t)(clock_now / 1000000000), (long)(clock_now % 1000000000)};
    return 0;
}

int __wrap_RAND_priv_bytes_ex(OSSL_LIB_CTX *ctx, unsigned char *ret, size_t n, unsigned strength);
int __wrap_RAND_priv_bytes_ex(OSSL_LIB_CTX *ctx, unsigned char *ret, size_t n, unsigned strength)
{
    (void)strength;
    assert_ptr_equal(ctx, ossl_ctx());
    if (no_random)
        return 0;
    for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
        const uint64_t next = (uint64_t)getpid() << 32 | (atomic_fetch_add(&word, 1) + 1);

        memcpy(ret + i, &next, n - i < sizeof(next) ? n - i : sizeof(next));
    }
    atomic_fetch_add(&n_draws, 1);
    atomic_store(&last_draw, n);
    return 1;
}

CK_RV __real_secret_new(size_t n, struct secret **ret);
CK_RV __wrap_secret_new(size_t n, struct secret **ret);
CK_RV __wrap_secret_new(size_t n, struct secret **ret)
{
    ENSURE(!no_page, CKR_HOST_MEMORY);
    TRY(__real_secret_new(n, ret));
    page = *ret;
    return CKR_OK;
}

static int each_setup(void **state)
{
    (void)state;
    key_stock_clear();
    clock_now += 100 * KEY_STOCK_AGE;
    no_random = no_page = false;
    page = NULL;
    atomic_store(&n_draws, 0);
    return 0;
}

static int group_setup(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

static bool is_in_page(const void *bytes, size_t n)
{
    return memmem(page->p, page->n, bytes, n) != NULL;
}

/* Two keys in a row: from then on there is a stock. */
static void fill(uint8_t ret[KEY])
{
    assert_int_equal(key_stock_take(ret, KEY), CKR_OK);
    assert_int_equal(key_stock_take(ret, KEY), CKR_OK);
    assert_int_equal(n_draws, 2);
    assert_int_equal(last_draw, KEY_STOCK_BYTES);
}

/* -- tests ------------------------------------------------------------------------------------ */

static void test_single_keys_have_no_stock(void **state)
{
    uint8_t key[KEY];

    (void)state;
    for (size_t i = 1; i < 10; i++) {
        assert_int_equal(key_stock_take(key, KEY), CKR_OK);
        assert_int_equal(n_draws, i);
        assert_int_equal(last_draw, KEY);
        clock_now += KEY_STOCK_AGE;
    }
    assert_null(page);
}

static void test_keys_in_a_row_share_a_draw(void **state)
{
    uint8_t keys[3 * KEYS + 1][KEY];

    (void)state;
    for (size_t i = 0; i < 3 * KEYS + 1; i++) {
        assert_int_equal(key_stock_take(keys[i], KEY), CKR_OK);
        assert_int_equal(n_draws, i == 0 ? 1 : 2 + (i - 1) / KEYS);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], sizeof(uint64_t));
    }
}

/* Of any length: no word comes twice, whatever is left over. */
static void test_lengths_mix(void **state)
{
    static const size_t lengths[] = {16, 32, 24, KEY_STOCK_MOST, 8, 40};
    uint64_t words[600], key[KEY_STOCK_MOST / 8 + 1];
    size_t n = 0;

    (void)state;
    for (size_t i = 0; n < N_ELEMENTS(words) - N_ELEMENTS(key); i++) {
        const size_t bytes = lengths[i % N_ELEMENTS(lengths)];

        assert_int_equal(key_stock_take((uint8_t *)key, bytes), CKR_OK);
        for (size_t k = 0; k < bytes / 8; k++) {
            for (size_t j = 0; j < n; j++)
                assert_true(words[j] != key[k]);
            words[n++] = key[k];
        }
    }
    assert_true(n_draws < 20);
}

static void test_long_keys_are_drawn(void **state)
{
    uint8_t key[KEY], more[KEY_STOCK_MOST + 1];

    (void)state;
    fill(key);
    assert_int_equal(key_stock_take(more, sizeof(more)), CKR_OK);
    assert_int_equal(n_draws, 3);
    assert_int_equal(last_draw, sizeof(more));
}

static void test_what_was_given_is_wiped(void **state)
{
    uint8_t key[KEY], before[SECRET_MAX];

    (void)state;
    fill(key);
    assert_false(is_in_page(key, sizeof(uint64_t)));
    for (size_t i = 2; i <= KEYS; i++) {
        memcpy(before, page->p, page->n);
        assert_int_equal(key_stock_take(key, KEY), CKR_OK);
        assert_non_null(memmem(before, page->n, key, KEY)); /* it was there */
        for (size_t at = 0; at < KEY; at += sizeof(uint64_t))
            assert_false(is_in_page(key + at, sizeof(uint64_t)));
    }
    assert_int_equal(n_draws, 2);
}

/* By any clock that does not say so clearly that it is fresh. */
static void test_what_is_old_is_wiped(void **state)
{
    const int64_t steps[] = {(int64_t)KEY_STOCK_AGE, (int64_t)KEY_STOCK_AGE * 1000, -1};

    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        uint8_t key[KEY], before[SECRET_MAX];

        (void)each_setup(state);
        fill(key);
        clock_now += KEY_STOCK_AGE - 1;
        assert_int_equal(key_stock_take(key, KEY), CKR_OK);
        assert_int_equal(n_draws, 2); /* not old yet */
        memcpy(before, page->p, page->n);
        clock_now = clock_now - (KEY_STOCK_AGE - 1) + (uint64_t)steps[i];
        assert_int_equal(key_stock_take(key, KEY), CKR_OK);
        assert_int_equal(n_draws, 3);
        assert_null(memmem(before, page->n, key, sizeof(uint64_t)));
        for (size_t at = STOCK_HEAD; at < page->n; at += sizeof(uint64_t))
            assert_true(mem_is_zero(before + at, sizeof(uint64_t)) ||
                        !is_in_page(before + at, sizeof(uint64_t)));
    }
}

static void test_no_random(void **state)
{
    uint8_t key[KEY], next[KEY];

    (void)state;
    no_random = true;
    assert_int_equal(key_stock_take(key, KEY), CKR_RANDOM_NO_RNG);
    assert_int_equal(key_stock_take(key, KEY), CKR_RANDOM_NO_RNG); /* of a stock */
    assert_null(page);
    no_random = false;
    assert_int_equal(key_stock_take(key, KEY), CKR_OK);
    assert_int_equal(key_stock_take(next, KEY), CKR_OK);
    assert_memory_not_equal(key, next, KEY);
}

static void test_no_page(void **state)
{
    uint8_t key[KEY], next[KEY];

    (void)state;
    no_page = true;
    assert_int_equal(key_stock_take(key, KEY), CKR_OK);
    for (size_t i = 2; i < 10; i++) {
        assert_int_equal(key_stock_take(next, KEY), CKR_OK);
        assert_memory_not_equal(key, next, KEY);
        memcpy(key, next, KEY);
        assert_int_equal(n_draws, i); /* each by its own */
    }
}

static void test_cleared(void **state)
{
    uint8_t key[KEY];

    (void)state;
    fill(key);
    key_stock_clear();
    assert_int_equal(key_stock_take(key, KEY), CKR_OK);
    assert_int_equal(last_draw, KEY); /* nobody asked before */
    assert_int_equal(n_draws, 3);
}

/* Also where no kernel wiped the page. */
static void test_forgotten(void **state)
{
    uint8_t key[KEY], before[SECRET_MAX];

    (void)state;
    memset(before, 0, sizeof(before));
    fill(key);
    memcpy(before, page->p, page->n);
    key_stock_forget();
    for (size_t i = 0; i < 2 * KEYS; i++) {
        assert_int_equal(key_stock_take(key, KEY), CKR_OK);
        assert_null(memmem(before, sizeof(before), key, sizeof(uint64_t)));
    }
}

/* Exit status of the child: 0 as it must be. */
static int child(const uint8_t *parents_bytes, size_t n)
{
    uint8_t key[KEY];
    pid_t pid;

    if (memmem(page->p, page->n + sizeof(*page), parents_bytes, n) != NULL)
        return 1; /* the kernel left the stock */
    key_stock_forget();
    for (size_t i = 0; i < 2 * KEYS; i++) {
        if (key_stock_take(key, KEY) != CKR_OK)
            return 2;
        memcpy(&pid, key + sizeof(uint32_t), sizeof(pid));
        if (pid != getpid())
            return 3; /* not drawn by this process */
    }
    return 0;
}

static void test_forked(void **state)
{
    uint8_t key[KEY], before[SECRET_MAX];
    int status = -1;
    pid_t pid;

    (void)state;
    fill(key);
    memcpy(before, page->p, page->n);
    assert_int_equal(key_stock_take(key, KEY), CKR_OK);
    assert_non_null(memmem(before, page->n, key, KEY));
    memcpy(before, page->p, page->n);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child(before + STOCK_HEAD, KEY));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(key_stock_take(key, KEY), CKR_OK);
    assert_int_equal(n_draws, 2); /* the parent's goes on */
}

/* -- threads ---------------------------------------------------------------------------------- */

#define N_THREADS 4
#define N_EACH    2000

static void *take_many(void *arg)
{
    uint64_t *first = arg; /* the first word of each key */

    for (size_t i = 0; i < N_EACH; i++) {
        uint8_t key[KEY] = {0};

        if (key_stock_take(key, KEY) == CKR_OK)
            memcpy(&first[i], key, sizeof(*first));
    }
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void test_threads(void **state)
{
    static uint64_t first[N_THREADS * N_EACH];
    pthread_t threads[N_THREADS];

    (void)state;
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &first[i * N_EACH]), 0);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    qsort(first, N_ELEMENTS(first), sizeof(first[0]), by_size);
    assert_true(first[0] != 0);
    for (size_t i = 1; i < N_ELEMENTS(first); i++)
        assert_true(first[i - 1] != first[i]);
}

#define TEST(name, function)                                                                       \
    {                                                                                              \
        name, function, each_setup, NULL, NULL                                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/key-stock/single-keys-have-no-stock", test_single_keys_have_no_stock),
        TEST("/key-stock/keys-in-a-row-share-a-draw", test_keys_in_a_row_share_a_draw),
        TEST("/key-stock/lengths-mix", test_lengths_mix),
        TEST("/key-stock/long-keys-are-drawn", test_long_keys_are_drawn),
        TEST("/key-stock/what-was-given-is-wiped", test_what_was_given_is_wiped),
        TEST("/key-stock/what-is-old-is-wiped", test_what_is_old_is_wiped),
        TEST("/key-stock/no-random", test_no_random),
        TEST("/key-stock/no-page", test_no_page),
        TEST("/key-stock/cleared", test_cleared),
        TEST("/key-stock/forgotten", test_forgotten),
        TEST("/key-stock/forked", test_forked),
        TEST("/key-stock/threads", test_threads),
    };

    return cmocka_run_group_tests_name("key-stock", tests, group_setup, NULL);
}
