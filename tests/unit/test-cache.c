/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-cache.c - the store's cache: nodes by place and MAC, what is known of rows and under which
 * root row, and what displaces what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/cache.h"

#define FAR_DEPTH 3u /* the first level whose nodes share slots */

static int setup(void **state)
{
    struct cache *c = NULL;

    assert_int_equal(cache_new(&c), CKR_OK);
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    cache_free(*state);
    return 0;
}

/* The path whose first digits are those of `number`, at that depth. */
static void path_at(unsigned depth, uint32_t number, uint8_t ret[PATH_BYTES])
{
    const uint32_t bits = depth == 0 ? 0 : number << (32 - depth * DIGIT_BITS);

    memset(ret, 0, PATH_BYTES);
    for (size_t i = 0; i < sizeof(bits); i++)
        ret[i] = (uint8_t)(bits >> (24 - 8 * i));
}

/* Different for each number. */
static void mac_at(uint32_t number, uint8_t ret[STORE_MAC])
{
    memset(ret, 0x5a, STORE_MAC);
    memcpy(ret, &number, sizeof(number));
}

/* A bucket with one leaf: `path`, stamped with `mac`. */
static struct span bucket_of(const uint8_t path[PATH_BYTES], const uint8_t mac[STORE_MAC],
                             uint8_t room[1 + ENTRY_BYTES])
{
    room[0] = NODE_BUCKET;
    memcpy(room + 1, path, PATH_BYTES);
    memcpy(room + 1 + PATH_BYTES, mac, STORE_MAC);
    return span_of(room, 1 + ENTRY_BYTES);
}

/* An inner node with the first child alone. */
static struct span inner_of(const uint8_t mac[STORE_MAC], uint8_t room[1 + 8 + STORE_MAC])
{
    memset(room, 0, 1 + 8);
    room[0] = NODE_INNER;
    room[1] = 0x80;
    memcpy(room + 9, mac, STORE_MAC);
    return span_of(room, 1 + 8 + STORE_MAC);
}

static void bucket_keep(struct cache *c, uint32_t number, uint32_t mac_number)
{
    uint8_t path[PATH_BYTES], mac[STORE_MAC], room[1 + ENTRY_BYTES];

    path_at(FAR_DEPTH, number, path);
    mac_at(mac_number, mac);
    cache_keep(c, mac, FAR_DEPTH, path, bucket_of(path, mac, room));
}

static bool bucket_is_kept(struct cache *c, uint32_t number, uint32_t mac_number)
{
    uint8_t path[PATH_BYTES], mac[STORE_MAC], leaf[STORE_MAC];
    enum node_step step = STEP_ABSENT;

    path_at(FAR_DEPTH, number, path);
    mac_at(mac_number, mac);
    if (!cache_look(c, mac, FAR_DEPTH, path, &step, leaf))
        return false;
    assert_int_equal(step, STEP_LEAF);
    assert_memory_equal(leaf, mac, STORE_MAC);
    return true;
}

/* -- nodes ------------------------------------------------------------------------------------- */

static uint32_t number_of_top(unsigned depth, uint32_t i)
{
    return (depth << 16) + i;
}

/* None of the nodes above the fourth level pushes out another. */
static void upper_levels_are_all_kept(void **state)
{
    static const uint32_t n_nodes[] = {1, 64, 4096};
    uint8_t path[PATH_BYTES], mac[STORE_MAC], room[1 + 8 + STORE_MAC], got[NODE_MAX];

    for (unsigned depth = 0; depth < N_ELEMENTS(n_nodes); depth++)
        for (uint32_t i = 0; i < n_nodes[depth]; i++) {
            path_at(depth, i, path);
            mac_at(number_of_top(depth, i), mac);
            cache_keep(*state, mac, depth, path, inner_of(mac, room));
        }
    for (unsigned depth = 0; depth < N_ELEMENTS(n_nodes); depth++)
        for (uint32_t i = 0; i < n_nodes[depth]; i++) {
            path_at(depth, i, path);
            mac_at(number_of_top(depth, i), mac);
            assert_int_equal(cache_copy(*state, mac, depth, path, got), sizeof(room));
            assert_memory_equal(got, inner_of(mac, room).p, sizeof(room));
        }
}

/* Whatever stands in a slot: only a node with the MAC that is asked for comes out of it. */
static void another_mac_is_not_answered(void **state)
{
    uint8_t path[PATH_BYTES], mac[STORE_MAC], got[NODE_MAX];

    bucket_keep(*state, 7, 100);
    assert_true(bucket_is_kept(*state, 7, 100));
    assert_false(bucket_is_kept(*state, 7, 101));
    path_at(FAR_DEPTH, 7, path);
    for (size_t i = 0; i < STORE_MAC; i++) {
        mac_at(100, mac);
        mac[i] ^= 1;
        assert_int_equal(cache_copy(*state, mac, FAR_DEPTH, path, got), 0);
    }
}

/* Those that all reads share stay while many others pass by once; asked for again, one comes in. */
static void bucket_is_displaced_at_the_second_offer(void **state)
{
    const uint32_t others = 1u << (FAR_DEPTH * DIGIT_BITS);

    bucket_keep(*state, 7, 7);
    for (uint32_t i = 8; i < others; i++)
        bucket_keep(*state, i, i);
    assert_true(bucket_is_kept(*state, 7, 7));
    for (uint32_t i = 8; i < others; i++) {
        if (bucket_is_kept(*state, i, i))
            continue;
        bucket_keep(*state, i, i);
        bucket_keep(*state, i, i);
        assert_true(bucket_is_kept(*state, i, i));
    }
    assert_false(bucket_is_kept(*state, 7, 7));
}

static void newer_bucket_takes_the_place_of_the_older(void **state)
{
    bucket_keep(*state, 7, 100);
    bucket_keep(*state, 7, 101);
    assert_true(bucket_is_kept(*state, 7, 101));
    assert_false(bucket_is_kept(*state, 7, 100));
}

/* -- rows -------------------------------------------------------------------------------------- */

static struct known known_of(bool present)
{
    struct known k = {.proven = true, .present = present, .compared = true};

    memset(k.path, 1, sizeof(k.path));
    memset(k.stamp, 2, sizeof(k.stamp));
    return k;
}

static void row_is_known_under_its_root_row_alone(void **state)
{
    const struct span key = SPAN_LIT("a key");
    const struct known kept = known_of(true);
    struct known got = {.proven = false};

    assert_false(cache_known(*state, STORE_INDEX, key, 5, &got));
    cache_keep_known(*state, STORE_INDEX, key, 5, &kept);
    assert_true(cache_known(*state, STORE_INDEX, key, 5, &got));
    assert_true(got.proven && got.present && got.compared);
    assert_memory_equal(got.path, kept.path, PATH_BYTES);
    assert_memory_equal(got.stamp, kept.stamp, STORE_MAC);
    for (uint64_t head = 0; head < 10; head++) {
        assert_true(cache_known(*state, STORE_INDEX, key, head, &got));
        assert_int_equal(got.proven, head == 5);
        assert_memory_equal(got.path, kept.path, PATH_BYTES);
    }
    assert_false(cache_known(*state, STORE_OBJECT, key, 5, &got));
    assert_false(cache_known(*state, STORE_INDEX, SPAN_LIT("a kez"), 5, &got));
}

/* Under a root row that has no number nothing is proven, whatever is said. */
static void without_root_row_the_path_alone_is_known(void **state)
{
    const struct known kept = known_of(false);
    struct known got = {.proven = true};

    cache_keep_known(*state, STORE_DEK, SPAN_LIT("a key"), 0, &kept);
    assert_true(cache_known(*state, STORE_DEK, SPAN_LIT("a key"), 0, &got));
    assert_false(got.proven);
    assert_memory_equal(got.path, kept.path, PATH_BYTES);
}

static void long_key_is_not_kept(void **state)
{
    const uint8_t key[STORE_KEY_MAX] = {1};
    const struct known kept = known_of(true);
    struct known got = {.proven = false};

    for (size_t n = 1; n <= sizeof(key); n++) {
        cache_keep_known(*state, STORE_INDEX, span_of(key, n), 5, &kept);
        assert_int_equal(cache_known(*state, STORE_INDEX, span_of(key, n), 5, &got), n <= 38);
    }
}

/* Whatever slots they fall on. */
static void two_rows_are_known_beside_each_other(void **state)
{
    const struct known kept = known_of(true);
    struct known got = {.proven = false};

    for (uint32_t i = 0; i < 20000; i++) {
        cache_keep_known(*state, STORE_DEK, SPAN_LIT("a key"), 5, &kept);
        cache_keep_known(*state, STORE_INDEX, SPAN_OBJ(i), 5, &kept);
        assert_true(cache_known(*state, STORE_DEK, SPAN_LIT("a key"), 5, &got));
        assert_true(cache_known(*state, STORE_INDEX, SPAN_OBJ(i), 5, &got));
    }
}

#define TEST(name, function) {name, function, setup, teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/cache/node/upper-levels-are-all-kept", upper_levels_are_all_kept),
        TEST("/cache/node/another-mac-is-not-answered", another_mac_is_not_answered),
        TEST("/cache/node/second-offer-displaces", bucket_is_displaced_at_the_second_offer),
        TEST("/cache/node/newer-takes-place-of-older", newer_bucket_takes_the_place_of_the_older),
        TEST("/cache/row/known-under-its-root-row-alone", row_is_known_under_its_root_row_alone),
        TEST("/cache/row/no-root-row-no-proof", without_root_row_the_path_alone_is_known),
        TEST("/cache/row/two-beside-each-other", two_rows_are_known_beside_each_other),
        TEST("/cache/row/long-key-is-not-kept", long_key_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
