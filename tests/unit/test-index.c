/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-index.c - sets, posting lists against a model, list names, and what the schema lets a search
 * rely on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/prim.h"
#include "model/schema.h"
#include "vault/coverage.h"
#include "vault/index.h"
#include "vault/list_impl.h"

/* -- sets -------------------------------------------------------------------------------------- */

static struct block set_of(uint32_t n)
{
    struct block b = {0};

    while (block_count(&b) < n)
        block_put(&b, (uint32_t)random() % BLOCK_SIZE);
    return b;
}

static void test_block_each_set_has_one_encoding(void **state)
{
    static const uint32_t sizes[] = {1, 2, 62, 63, 64, 65, 500, 1023, 1024};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(sizes); i++) {
        const struct block b = set_of(sizes[i]);
        AUTO(buf_clear) struct buf bytes = BUF_INIT;
        struct block back = {0};

        block_encode(&b, &bytes);
        assert_int_equal(bytes.n, sizes[i] <= 63 ? 2 * sizes[i] : 128);
        assert_int_equal(block_decode(buf_span(&bytes), &back), CKR_OK);
        assert_memory_equal(&b, &back, sizeof(b));
    }
}

static void test_block_bytes_are_as_documented(void **state)
{
    struct block b = {0};
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    (void)state;
    block_put(&b, 1023);
    block_put(&b, 258);
    block_encode(&b, &bytes);
    assert_int_equal(bytes.n, 4);
    assert_memory_equal(bytes.p, "\x01\x02\x03\xff", 4);
    buf_clear(&bytes);
    for (uint32_t i = 0; i < 64; i++)
        block_put(&b, i);
    block_encode(&b, &bytes);
    assert_int_equal(bytes.n, 128);
    assert_int_equal(bytes.p[0], 0xff);
    assert_int_equal(bytes.p[8], 0);
    assert_int_equal(bytes.p[258 / 8], 1 << (258 % 8));
    assert_int_equal(bytes.p[127], 0x80);
}

static void test_block_malformed_bytes_are_refused(void **state)
{
    static const struct {
        size_t n;
        uint8_t bytes[6];
    } bad[] = {
        {0, {0}},                /* empty */
        {1, {0}},                /* half a number */
        {3, {0, 1, 0}},          /* one and a half */
        {2, {4, 0}},             /* 1024 */
        {4, {0, 2, 0, 1}},       /* falling */
        {4, {0, 2, 0, 2}},       /* twice */
        {6, {0, 1, 0, 2, 0, 0}}, /* wraps */
    };
    uint8_t sparse_bitmap[BLOCK_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    uint8_t too_long[BLOCK_BYTES + 2];
    struct block untouched = {.words = {42}};

    (void)state;
    memset(too_long, 0xff, sizeof(too_long));
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_int_equal(block_decode(span_of(bad[i].bytes, bad[i].n), &untouched),
                         CKR_DATA_INVALID);
    assert_int_equal(block_decode(SPAN_ARRAY(sparse_bitmap), &untouched), CKR_DATA_INVALID);
    assert_int_equal(block_decode(SPAN_ARRAY(too_long), &untouched), CKR_DATA_INVALID);
    assert_int_equal(untouched.words[0], 42);
    sparse_bitmap[7] = 0xff; /* the 64th member */
    assert_int_equal(block_decode(SPAN_ARRAY(sparse_bitmap), &untouched), CKR_OK);
}

static void test_block_next_walks_all_members(void **state)
{
    const struct block b = set_of(300);
    uint32_t at = 0;

    (void)state;
    for (uint32_t i = 0; i <= BLOCK_SIZE; i++) {
        if (i < BLOCK_SIZE && !block_has(&b, i))
            continue;
        assert_int_equal(block_next(&b, at), i);
        at = i + 1;
    }
    assert_int_equal(block_next(&b, BLOCK_SIZE), BLOCK_SIZE);
}

/* -- lists on a store -------------------------------------------------------------------------- */

struct shelf {
    char directory[64];
    struct store *store;
};

static int shelf_setup(void **state)
{
    struct shelf *s = calloc(1, sizeof(*s));
    uint8_t key[32];

    assert_non_null(s);
    (void)snprintf(s->directory, sizeof(s->directory), "/tmp/tee-index-XXXXXX");
    assert_non_null(mkdtemp(s->directory));
    assert_int_equal(prim_random(key, sizeof(key)), CKR_OK);
    assert_int_equal(store_open(s->directory, true, 0, &s->store), CKR_OK);
    assert_int_equal(store_set_key(s->store, SPAN_ARRAY(key), true), CKR_OK);
    *state = s;
    return 0;
}

static int shelf_teardown(void **state)
{
    struct shelf *s = *state;
    char command[128];

    store_unref(s->store);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", s->directory);
    assert_int_equal(system(command), 0);
    free(s);
    return 0;
}

static const uint8_t list_name[LIST_KEY] = {'l'};

/* What the list should hold: rising ids. */
struct model {
    uint64_t *v;
    size_t n;
    size_t room;
};

static size_t model_find(const struct model *m, uint64_t id)
{
    size_t low = 0;
    size_t high = m->n;

    while (low < high) {
        const size_t middle = (low + high) / 2;

        if (m->v[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool model_has(const struct model *m, uint64_t id)
{
    const size_t at = model_find(m, id);

    return at < m->n && m->v[at] == id;
}

static void model_add(struct model *m, uint64_t id)
{
    const size_t at = model_find(m, id);

    if (m->n == m->room) {
        m->room = m->room == 0 ? 64 : 2 * m->room;
        m->v = realloc(m->v, m->room * sizeof(*m->v));
        assert_non_null(m->v);
    }
    memmove(&m->v[at + 1], &m->v[at], (m->n - at) * sizeof(*m->v));
    m->v[at] = id;
    m->n++;
}

static void model_remove(struct model *m, uint64_t id)
{
    const size_t at = model_find(m, id);

    memmove(&m->v[at], &m->v[at + 1], (m->n - at - 1) * sizeof(*m->v));
    m->n--;
}

/* Changes applied in one transaction: a positive id is added, a negative one removed. */
struct changes {
    const int64_t *v;
    size_t n;
};

static CK_RV apply_changes(struct txn *t, void *arg)
{
    const struct changes *c = arg;

    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i] > 0)
            TRY(list_add(t, list_name, (uint64_t)c->v[i], (uint8_t)(c->v[i] % LIST_TAGS)));
        else
            TRY(list_remove(t, list_name, (uint64_t)-c->v[i]));
    }
    return CKR_OK;
}

static CK_RV change(struct shelf *s, const int64_t *v, size_t n)
{
    struct changes c = {.v = v, .n = n};

    return store_write(s->store, apply_changes, &c);
}

static void check_list(struct shelf *s, const struct model *m, uint64_t below)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct list l;
    uint64_t id = 0;
    bool found = false;
    bool has = false;
    size_t at;

    assert_int_equal(txn_begin_read(s->store, &t), CKR_OK);
    assert_int_equal(list_open(t, list_name, &l), CKR_OK);
    assert_int_equal(l.count, m->n);
    for (size_t i = 0; i <= m->n; i++) {
        assert_int_equal(list_next(t, &l, i == 0 ? 0 : m->v[i - 1] + 1, &id, &found), CKR_OK);
        assert_int_equal(found, i < m->n);
        assert_true(!found || id == m->v[i]);
    }
    for (size_t i = 0; i < 200; i++) {
        id = i % 2 == 0 && m->n > 0 ? m->v[(size_t)random() % m->n]
                                    : ((uint64_t)random() << 20 ^ (uint64_t)random()) % below;
        assert_int_equal(list_has(t, &l, id, &has), CKR_OK);
        assert_int_equal(has, model_has(m, id));
        assert_int_equal(list_tag(&l, id),
                         has && l.form == LIST_IS_SHORT ? id % LIST_TAGS : 0);
        at = model_find(m, id);
        assert_int_equal(list_next(t, &l, id, &id, &found), CKR_OK);
        assert_int_equal(found, at < m->n);
        assert_true(!found || id == m->v[at]);
    }
}

/* Grow to `peak` members below `below`, in any order, and shrink to none, some steps back and
 * forth; compare after each transaction. */
static void run_model(struct shelf *s, size_t peak, uint64_t below, size_t batch)
{
    struct model m = {0};
    int64_t *v = calloc(batch, sizeof(*v));
    bool growing = true;

    assert_non_null(v);
    do {
        size_t n = 0;

        while (n < batch && (growing || m.n > 0)) {
            const bool add = growing ? random() % 8 != 0 : random() % 8 == 0;
            uint64_t id = 1 + ((uint64_t)random() << 20 ^ (uint64_t)random()) % (below - 1);

            if (!add && m.n > 0)
                id = m.v[(size_t)random() % m.n];
            if (add == model_has(&m, id))
                continue;
            (add ? model_add : model_remove)(&m, id);
            v[n++] = add ? (int64_t)id : -(int64_t)id;
        }
        assert_int_equal(change(s, v, n), CKR_OK);
        check_list(s, &m, below);
        growing = growing && m.n < peak;
    } while (m.n > 0);
    free(v);
    free(m.v);
}

static void assert_no_rows(struct shelf *s)
{
    AUTO(txn_endp) struct txn *t = NULL;

    assert_int_equal(txn_begin_read(s->store, &t), CKR_OK);
    assert_int_equal(txn_count(t, STORE_INDEX), 0);
}

static void test_list_model_short(void **state)
{
    run_model(*state, 64, 100, 7);
    assert_no_rows(*state);
    run_model(*state, 64, UINT64_C(1) << LIST_ID_BITS, 7);
    assert_no_rows(*state);
}

static void test_list_model_one_row(void **state)
{
    run_model(*state, 900, 1024, 50);
    assert_no_rows(*state);
}

static void test_list_model_dense(void **state)
{
    run_model(*state, 5000, 8000, 250);
    assert_no_rows(*state);
}

static void test_list_model_sparse(void **state)
{
    run_model(*state, 1500, 1000000, 250);
    assert_no_rows(*state);
}

static void test_list_model_wide(void **state)
{
    run_model(*state, 300, UINT64_C(1) << LIST_ID_BITS, 60);
    assert_no_rows(*state);
}

/* Heights 0, 1, 2, 3: the tree grows upwards as ids do, and the members stay. */
static void test_list_grows_upwards(void **state)
{
    struct model m = {0};
    int64_t v[70];
    static const int64_t far[] = {1023, 1024, (1 << 20) - 1, 1 << 20, (INT64_C(1) << 30) - 1,
                                  INT64_C(1) << 30, (INT64_C(1) << LIST_ID_BITS) - 1};

    for (int64_t i = 0; i < 70; i++) {
        v[i] = i + 1;
        model_add(&m, (uint64_t)v[i]);
    }
    assert_int_equal(change(*state, v, N_ELEMENTS(v)), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(far); i++) {
        assert_int_equal(change(*state, &far[i], 1), CKR_OK);
        model_add(&m, (uint64_t)far[i]);
        check_list(*state, &m, UINT64_C(1) << LIST_ID_BITS);
    }
    free(m.v);
}

static void test_list_id_out_of_range_is_refused(void **state)
{
    static const int64_t wide = INT64_C(1) << LIST_ID_BITS;
    struct shelf *s = *state;
    struct changes c = {.v = &wide, .n = 1};

    assert_int_equal(store_write(s->store, apply_changes, &c), CKR_GENERAL_ERROR);
    assert_no_rows(s);
}

static void test_list_contradictions_are_refused(void **state)
{
    int64_t v[100];

    for (size_t n = 5; n <= 100; n += 95) { /* short, then tall */
        for (size_t i = 0; i < n; i++)
            v[i] = (int64_t)(10 * (i + 1));
        assert_int_equal(change(*state, v, n), CKR_OK);
        assert_int_equal(change(*state, &(int64_t){30}, 1), CKR_DEVICE_ERROR);
        assert_int_equal(change(*state, &(int64_t){-31}, 1), CKR_DEVICE_ERROR);
        assert_int_equal(change(*state, &(int64_t){-5000000}, 1), CKR_DEVICE_ERROR);
        for (size_t i = 0; i < n; i++)
            v[i] = -v[i];
        assert_int_equal(change(*state, v, n), CKR_OK);
    }
    assert_int_equal(change(*state, &(int64_t){-1}, 1), CKR_DEVICE_ERROR); /* from an empty list */
    assert_no_rows(*state);
}

/* -- rows that authenticate and still contradict each other ------------------------------------ */

struct forgery {
    struct span key;
    struct span value; /* empty: remove */
};

static CK_RV forge(struct txn *t, void *arg)
{
    const struct forgery *f = arg;

    if (f->value.n > 0)
        return txn_put(t, STORE_INDEX, f->key, f->value, NULL);
    return txn_del(t, STORE_INDEX, f->key, NULL);
}

static void forge_row(struct shelf *s, struct span key, struct span value)
{
    struct forgery f = {.key = key, .value = value};

    assert_int_equal(store_write(s->store, forge, &f), CKR_OK);
}

static CK_RV open_only(struct shelf *s)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct list l;

    TRY(txn_begin_read(s->store, &t));
    return list_open(t, list_name, &l);
}

static CK_RV walk(struct shelf *s)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct list l;
    uint64_t id = 0;
    bool found = true;

    TRY(txn_begin_read(s->store, &t));
    TRY(list_open(t, list_name, &l));
    for (uint64_t from = 0; found; from = id + 1)
        TRY(list_next(t, &l, from, &id, &found));
    return CKR_OK;
}

static void test_list_row_named_by_its_parent_must_exist(void **state)
{
    const struct list l = {.key = {'l'}};
    int64_t v[3000];
    uint8_t key[LIST_NODE_KEY];

    for (size_t i = 0; i < N_ELEMENTS(v); i++)
        v[i] = (int64_t)i + 1;
    assert_int_equal(change(*state, v, N_ELEMENTS(v)), CKR_OK);
    assert_int_equal(walk(*state), CKR_OK);
    list_node_key(&l, 0, 1, key);
    forge_row(*state, SPAN_ARRAY(key), SPAN_LIT("\x00\x07\x00\x05")); /* falls */
    assert_int_equal(walk(*state), CKR_DEVICE_ERROR);
    forge_row(*state, SPAN_ARRAY(key), SPAN_EMPTY);
    assert_int_equal(walk(*state), CKR_DEVICE_ERROR);
    assert_int_equal(change(*state, &(int64_t){-1500}, 1), CKR_DEVICE_ERROR);
    assert_int_equal(change(*state, &(int64_t){1500}, 1), CKR_DEVICE_ERROR);
}

static void test_list_malformed_heads_are_refused(void **state)
{
    static const struct span bad[] = {
        {(const uint8_t *)"\x03\x00\x00\x00\x00\x01", 6},                     /* no such form */
        {(const uint8_t *)"\x01", 1},                                         /* no members */
        {(const uint8_t *)"\x01\x00\x00\x00\x01", 5},                         /* cut */
        {(const uint8_t *)"\x01\x00\x00\x00\x00\x00", 6},                     /* id 0 */
        {(const uint8_t *)"\x01\x00\x00\x00\x00\x02\x00\x00\x00\x00\x01", 11}, /* falls */
        {(const uint8_t *)"\x01\x00\x00\x00\x00\x02\x00\x00\x00\x00\x02", 11}, /* twice */
        {(const uint8_t *)"\x02\x00\x00\x00\x00\x00\x01", 7},                 /* empty top */
        {(const uint8_t *)"\x02\x04\x00\x00\x00\x00\x01\x00\x01", 9},         /* too high */
        {(const uint8_t *)"\x02\x00\x00\x00\x00\x00\x00\x00\x01", 9},         /* counts none */
        {(const uint8_t *)"\x02\x00\x00\x00", 4},                             /* cut */
    };
    uint8_t long_head[1 + 65 * LIST_ID] = {1};

    for (size_t i = 0; i < 65; i++)
        long_head[LIST_ID * (i + 1)] = (uint8_t)(i + 1);
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        forge_row(*state, SPAN_ARRAY(list_name), bad[i]);
        assert_int_equal(open_only(*state), CKR_DEVICE_ERROR);
    }
    forge_row(*state, SPAN_ARRAY(list_name), SPAN_ARRAY(long_head));
    assert_int_equal(open_only(*state), CKR_DEVICE_ERROR);
    forge_row(*state, SPAN_ARRAY(list_name), span_of(long_head, sizeof(long_head) - LIST_ID));
    assert_int_equal(open_only(*state), CKR_OK);
    forge_row(*state, SPAN_ARRAY(list_name),
              span_of("\x02\x00\x00\x00\x00\x00\x02\x00\x01", 9)); /* counts two, has one */
    assert_int_equal(open_only(*state), CKR_OK);
    assert_int_equal(change(*state, &(int64_t){-1}, 1), CKR_DEVICE_ERROR);
}

/* -- names ------------------------------------------------------------------------------------- */

struct names {
    struct mac *mac;
    struct mac *other_mac;
    uint8_t token[TOKEN_ID];
};

static int names_setup(void **state)
{
    static const uint8_t key[32] = {1};
    static const uint8_t other_key[32] = {2};
    struct names *n = calloc(1, sizeof(*n));

    assert_non_null(n);
    assert_int_equal(mac_new(SPAN_ARRAY(key), &n->mac), CKR_OK);
    assert_int_equal(mac_new(SPAN_ARRAY(other_key), &n->other_mac), CKR_OK);
    memset(n->token, 't', sizeof(n->token));
    *state = n;
    return 0;
}

static int names_teardown(void **state)
{
    struct names *n = *state;

    mac_free(n->mac);
    mac_free(n->other_mac);
    free(n);
    return 0;
}

static void name_of(const struct index *x, CK_ATTRIBUTE_TYPE type, const char *value,
                    uint8_t ret[LIST_KEY])
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    assert_int_equal(attrs_new(&a), CKR_OK);
    assert_int_equal(attrs_set(a, type, span_of(value, strlen(value))), CKR_OK);
    assert_int_equal(index_key(x, attrs_get(a, type), ret), CKR_OK);
}

static void test_index_names_differ(void **state)
{
    struct names *n = *state;
    uint8_t other_token[TOKEN_ID] = {'u'};
    const struct index x = {.mac = n->mac, .token = n->token, .scope = SCOPE_PUBLIC};
    const struct index private = {.mac = n->mac, .token = n->token, .scope = SCOPE_PRIVATE};
    const struct index token = {.mac = n->mac, .token = other_token, .scope = SCOPE_PUBLIC};
    const struct index key = {.mac = n->other_mac, .token = n->token, .scope = SCOPE_PUBLIC};
    uint8_t names[8][LIST_KEY];

    name_of(&x, CKA_LABEL, "one", names[0]);
    name_of(&x, CKA_LABEL, "two", names[1]);
    name_of(&x, CKA_ID, "one", names[2]);
    name_of(&private, CKA_LABEL, "one", names[3]);
    name_of(&token, CKA_LABEL, "one", names[4]);
    name_of(&key, CKA_LABEL, "one", names[5]);
    name_of(&x, CKA_LABEL, "one", names[6]);
    assert_int_equal(index_key(&x, NULL, names[7]), CKR_OK);
    assert_memory_equal(names[0], names[6], LIST_KEY);
    for (size_t i = 0; i < 6; i++) {
        assert_memory_not_equal(names[i], names[7], LIST_KEY);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(names[i], names[j], LIST_KEY);
    }
    assert_memory_equal(names[0], n->token, TOKEN_ID);
    assert_memory_equal(names[3] + TOKEN_ID, "\1", 1);
    assert_memory_not_equal(names[0] + TOKEN_ID + 1, names[5] + TOKEN_ID + 1, 16);
}

/* A CK_ULONG is named by eight big-endian bytes, whatever the machine: docs/formats.md. */
static void test_index_numbers_are_named_as_at_rest(void **state)
{
    struct names *n = *state;
    const struct index x = {.mac = n->mac, .token = n->token, .scope = SCOPE_PUBLIC};
    static const uint8_t text[] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, CKO_SECRET_KEY};
    const struct span part = SPAN_ARRAY(text);
    AUTO(attrs_freep) struct attrs *a = NULL;
    uint8_t name[LIST_KEY];
    uint8_t sum[PRIM_HASH];

    assert_int_equal(attrs_new(&a), CKR_OK);
    assert_int_equal(attrs_set_ulong(a, CKA_CLASS, CKO_SECRET_KEY), CKR_OK);
    assert_int_equal(index_key(&x, attrs_get(a, CKA_CLASS), name), CKR_OK);
    assert_int_equal(mac_sum(n->mac, &part, 1, sum), CKR_OK);
    assert_memory_equal(name + TOKEN_ID + 1, sum, 16);
}

/* -- what a search may rely on ----------------------------------------------------------------- */

static void test_coverage_agrees_with_the_schemas(void **state)
{
    size_t n_covered = 0;

    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        for (const struct schema *s = schemas[i]; s != NULL; s = s->base) {
            for (size_t j = 0; j < s->n_rules; j++) {
                const CK_ATTRIBUTE_TYPE type = s->rules[j].type;
                const bool everywhere = coverage_has(type, SCHEMA_ANY);
                const bool in_class = coverage_has(type, schemas[i]->class);

                n_covered += everywhere;
                assert_true(!everywhere || in_class);
                if (in_class)
                    assert_true(coverage_is_listed(schema_rule(schemas[i], type)));
            }
        }
    }
    assert_true(n_covered > 0);
}

static void test_coverage_of_what_clients_search_by(void **state)
{
    (void)state;
    assert_true(coverage_has(CKA_CLASS, SCHEMA_ANY));
    assert_true(coverage_has(CKA_ID, SCHEMA_ANY));
    assert_true(coverage_has(CKA_LABEL, SCHEMA_ANY));
    assert_true(coverage_has(CKA_KEY_TYPE, CKO_PRIVATE_KEY));
    assert_true(coverage_has(CKA_VALUE, CKO_CERTIFICATE));
    assert_false(coverage_has(CKA_VALUE, SCHEMA_ANY)); /* secret in keys */
    assert_false(coverage_has(CKA_VALUE, CKO_SECRET_KEY));
    assert_false(coverage_has(CKA_TOKEN, SCHEMA_ANY));
    assert_false(coverage_has(CKA_PRIVATE, SCHEMA_ANY));
    assert_false(coverage_has(CKA_SIGN, SCHEMA_ANY));
}

static void test_coverage_secret_is_never_listed(void **state)
{
    const struct attr_rule both = {CKA_VALUE, AK_BYTES, SECRET | INDEXED, NO_DEFAULT};
    const struct attr_rule token = {CKA_TOKEN, AK_BOOL, INDEXED, NO_DEFAULT};
    const struct attr_rule label = {CKA_LABEL, AK_BYTES, INDEXED, NO_DEFAULT};
    const struct attr_rule plain = {CKA_LABEL, AK_BYTES, MODIFY, NO_DEFAULT};

    (void)state;
    assert_false(coverage_is_listed(&both));
    assert_false(coverage_is_listed(&token));
    assert_true(coverage_is_listed(&label));
    assert_false(coverage_is_listed(&plain));
    assert_false(coverage_is_listed(NULL));
}

#define LIST_TEST(name, fn) {name, fn, shelf_setup, shelf_teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/block/encode/one-encoding", test_block_each_set_has_one_encoding, NULL, NULL, NULL},
        {"/block/encode/documented-bytes", test_block_bytes_are_as_documented, NULL, NULL, NULL},
        {"/block/decode/malformed-is-refused", test_block_malformed_bytes_are_refused, NULL, NULL,
         NULL},
        {"/block/next/walks-all", test_block_next_walks_all_members, NULL, NULL, NULL},
        LIST_TEST("/list/model/short", test_list_model_short),
        LIST_TEST("/list/model/one-row", test_list_model_one_row),
        LIST_TEST("/list/model/dense", test_list_model_dense),
        LIST_TEST("/list/model/sparse", test_list_model_sparse),
        LIST_TEST("/list/model/wide", test_list_model_wide),
        LIST_TEST("/list/add/grows-upwards", test_list_grows_upwards),
        LIST_TEST("/list/add/id-out-of-range-is-refused", test_list_id_out_of_range_is_refused),
        LIST_TEST("/list/contradictions-are-refused", test_list_contradictions_are_refused),
        LIST_TEST("/list/named-row-must-exist", test_list_row_named_by_its_parent_must_exist),
        LIST_TEST("/list/malformed-heads-are-refused", test_list_malformed_heads_are_refused),
        {"/index/key/names-differ", test_index_names_differ, names_setup, names_teardown, NULL},
        {"/index/key/numbers-as-at-rest", test_index_numbers_are_named_as_at_rest, names_setup,
         names_teardown, NULL},
        {"/coverage/agrees-with-schemas", test_coverage_agrees_with_the_schemas, NULL, NULL, NULL},
        {"/coverage/what-clients-search-by", test_coverage_of_what_clients_search_by, NULL, NULL,
         NULL},
        {"/coverage/secret-is-never-listed", test_coverage_secret_is_never_listed, NULL, NULL,
         NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
