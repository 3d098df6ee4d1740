/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-rotate.c - moving records to a new DEK generation: bounded, resumable, safe against kill -9
 * at any point, and harmless to who reads and writes beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vault/rows.h"
#include "vault_fixture.h"

struct advance {
    const struct vault *v;
    enum scope scope;
    uint32_t generation;
};

static CK_RV advance(struct txn *t, void *arg)
{
    struct advance *a = arg;

    return dek_advance(a->v->keyring, t, a->v->token, a->scope, &a->generation);
}

static uint32_t new_generation(const struct vault *v, enum scope scope)
{
    struct advance a = {.v = v, .scope = scope};

    assert_int_equal(store_write(keyring_store(v->keyring), advance, &a), CKR_OK);
    assert_true(a.generation > 1);
    return a.generation;
}

/* Generations of a scope. */
static size_t n_generations(const struct vault *v, enum scope scope)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct dek_info *deks = NULL;
    size_t n = 0;
    size_t in_scope = 0;

    assert_int_equal(txn_begin_read(keyring_store(v->keyring), &t), CKR_OK);
    assert_int_equal(dek_list(v->keyring, t, v->token, &deks, &n), CKR_OK);
    for (size_t i = 0; i < n; i++)
        in_scope += deks[i].scope == scope;
    free(deks);
    return in_scope;
}

static uint64_t n_meta_rows(const struct vault *v)
{
    AUTO(txn_endp) struct txn *t = NULL;

    assert_int_equal(txn_begin_read(keyring_store(v->keyring), &t), CKR_OK);
    return txn_count(t, STORE_META);
}

/* The generation that the record of an object names. */
static uint32_t generation_of(const struct vault *v, enum scope scope, uint64_t id)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(rows_clear) struct rows rows = {0};
    AUTO(row_clear) struct row row = {0};

    assert_int_equal(txn_begin_read(keyring_store(v->keyring), &t), CKR_OK);
    rows = rows_of(v, t, scope);
    assert_int_equal(rows_get(&rows, id, &row), CKR_OK);
    return row.generation;
}

static uint64_t populate(const struct vault *v, size_t n, bool is_private)
{
    uint64_t first = 0;

    for (size_t i = 0; i < n; i++) {
        const uint64_t id = object_store(v, object_aes("rotated", "id", is_private));

        if (i == 0)
            first = id;
    }
    return first;
}

static CK_RV read_all(const struct vault *v, size_t n)
{
    AUTO(attrs_freep) struct attrs *search = search_text(CKA_LABEL, "rotated");
    AUTO(found_clear) struct found f = {0};

    TRY(vault_find(v, search, &f));
    ENSURE(f.n == n, CKR_GENERAL_ERROR);
    for (size_t i = 0; i < f.n; i++) {
        AUTO(attrs_freep) struct attrs *a = NULL;
        struct stamp stamp;

        TRY(vault_get(v, f.ids[i], i < f.n_public ? SCOPE_PUBLIC : SCOPE_PRIVATE, &a, &stamp));
        ENSURE(span_equal(attrs_span(a, CKA_LABEL), SPAN_LIT("rotated")), CKR_GENERAL_ERROR);
    }
    return CKR_OK;
}

static size_t rotate_all(const struct vault *v, size_t limit)
{
    size_t total = 0;
    size_t done = 0;
    bool left = true;

    while (left) {
        assert_int_equal(vault_rotate_step(v, limit, &done, &left), CKR_OK);
        assert_true(done <= limit);
        total += done;
    }
    return total;
}

/* -- one process ------------------------------------------------------------------------------- */

static void test_nothing_to_do_writes_nothing(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    uint64_t before;
    size_t done = 9;
    bool left = true;

    (void)populate(v, 5, true);
    before = store_last_txn(keyring_store(v->keyring));
    assert_int_equal(vault_rotate_step(v, 10, &done, &left), CKR_OK);
    assert_int_equal(done, 0);
    assert_false(left);
    assert_int_equal(store_last_txn(keyring_store(v->keyring)), before);
    assert_int_equal(vault_rotate_step(v, 0, &done, &left), CKR_ARGUMENTS_BAD);
}

static void test_all_records_move_and_the_old_dek_goes(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t first = populate(v, 100, true);
    const uint64_t meta = n_meta_rows(v);
    uint32_t generation;

    (void)populate(v, 30, false);
    generation = new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 2);
    assert_int_equal(read_all(v, 130), CKR_OK);
    assert_int_equal(rotate_all(v, 7), 100);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
    assert_int_equal(n_generations(v, SCOPE_PUBLIC), 1);
    for (uint64_t id = first; id < first + 100; id++)
        assert_int_equal(generation_of(v, SCOPE_PRIVATE, id), generation);
    assert_int_equal(read_all(v, 130), CKR_OK);
    assert_int_equal(n_meta_rows(v), meta); /* no position left behind */
}

static void test_an_empty_scope_rotates(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];

    (void)new_generation(v, SCOPE_PUBLIC);
    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(rotate_all(v, 5), 0);
    assert_int_equal(n_generations(v, SCOPE_PUBLIC), 1);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
}

static void test_limit_bounds_both_scopes_together(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    size_t done = 0;
    bool left = false;

    (void)populate(v, 10, true);
    (void)populate(v, 10, false);
    (void)new_generation(v, SCOPE_PUBLIC);
    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(vault_rotate_step(v, 15, &done, &left), CKR_OK);
    assert_int_equal(done, 15);
    assert_true(left);
    assert_int_equal(n_generations(v, SCOPE_PUBLIC), 1);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 2);
    assert_int_equal(vault_rotate_step(v, 15, &done, &left), CKR_OK);
    assert_int_equal(done, 5);
    assert_false(left);
    assert_int_equal(read_all(v, 20), CKR_OK);
}

enum { LARGE = 8 << 20 }; /* bytes: as much as an attribute may have */

static void populate_large(const struct vault *v, size_t n)
{
    AUTO(attrs_freep) struct attrs *a = object_data("large", "test", false);
    const struct attrs *const objects[1] = {a};
    uint8_t *value = calloc(1, LARGE);
    uint64_t id;

    assert_non_null(value);
    assert_int_equal(attrs_set(a, CKA_VALUE, span_of(value, LARGE)), CKR_OK);
    free(value);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(vault_add(v, objects, 1, &id, NULL), CKR_OK);
}

/* Whoever may write public objects, without a PIN, would else say how much memory a rotation needs.
 */
static void test_large_records_make_steps_small(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->nobody;
    const size_t n_step = VAULT_ROTATE_BYTES / LARGE;
    size_t done = 0;
    bool left = false;

    populate_large(v, n_step + 1);
    (void)new_generation(v, SCOPE_PUBLIC);
    assert_int_equal(vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, &left), CKR_OK);
    assert_int_equal(done, n_step);
    assert_true(left);
    assert_int_equal(vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, &left), CKR_OK);
    assert_int_equal(done, 1);
    assert_false(left);
    assert_int_equal(n_generations(v, SCOPE_PUBLIC), 1);
}

/* Those that need no move cost as much to look at. */
static void test_large_records_are_passed_in_small_steps(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->nobody;
    size_t done = 0;
    bool left = false;

    (void)populate(v, 1, false);
    (void)new_generation(v, SCOPE_PUBLIC);
    populate_large(v, VAULT_ROTATE_BYTES / LARGE + 1);
    assert_int_equal(vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, &left), CKR_OK);
    assert_int_equal(done, 1);
    assert_true(left);
    assert_int_equal(vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, &left), CKR_OK);
    assert_int_equal(done, 0);
    assert_false(left);
}

/* So many at once that they fit into no transaction beside which others write. */
static void populate_crowd(const struct vault *v, size_t n)
{
    AUTO(attrs_freep) struct attrs *a = object_aes("rotated", "id", true);
    const struct attrs **objects = calloc(n, sizeof(const struct attrs *));
    uint64_t *ids = calloc(n, sizeof(*ids));

    assert_true(objects != NULL && ids != NULL);
    for (size_t i = 0; i < n; i++)
        objects[i] = a;
    assert_int_equal(vault_add(v, objects, n, ids, NULL), CKR_OK);
    free(ids);
    free(objects);
}

/* Alone a step is as large as its pace says; when somebody has written since the one before, it is
 * one beside which others write, and so is the start of what follows. */
static void test_company_makes_steps_small(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct vault_pace pace = {.limit = VAULT_ROTATE_BATCH + 500};
    size_t done = 0;
    bool left = false;

    populate_crowd(v, 3 * VAULT_ROTATE_BATCH + 1000);
    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(vault_rotate_paced(v, &pace, &done, &left), CKR_OK);
    assert_int_equal(done, VAULT_ROTATE_BATCH + 500);
    assert_true(left);
    assert_int_equal(pace.last, store_last_txn(keyring_store(v->keyring)));

    pace.limit = VAULT_ROTATE_BATCH + 400;
    assert_int_equal(vault_rotate_paced(v, &pace, &done, &left), CKR_OK);
    assert_int_equal(done, VAULT_ROTATE_BATCH + 400); /* its own step is nobody else's */

    (void)populate(v, 1, false);
    pace.limit = VAULT_PACE_MAX;
    assert_int_equal(vault_rotate_paced(v, &pace, &done, &left), CKR_OK);
    assert_int_equal(done, VAULT_ROTATE_BATCH);
    assert_true(left);
    assert_in_range(pace.limit, VAULT_PACE_MIN, 2 * VAULT_ROTATE_BATCH);

    (void)populate(v, 1, false);
    pace.limit = 30;
    assert_int_equal(vault_rotate_paced(v, &pace, &done, &left), CKR_OK);
    assert_int_equal(done, 30); /* small ones stay as small */
    assert_int_equal(rotate_all(v, VAULT_ROTATE_BATCH), 70);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
}

static void test_pace_follows_the_time(void **state)
{
    const uint64_t aim = UINT64_C(1000000) * VAULT_PACE_MS;

    (void)state;
    assert_int_equal(vault_pace_next(1000, aim), 1000);
    assert_int_equal(vault_pace_next(1000, aim * 2), 500);
    assert_int_equal(vault_pace_next(1000, aim / 10), 2000); /* no leap */
    assert_int_equal(vault_pace_next(1000, 0), 2000);
    assert_int_equal(vault_pace_next(VAULT_PACE_MAX - 1, aim / 10), VAULT_PACE_MAX);
    assert_int_equal(vault_pace_next(SIZE_MAX / 2, aim), VAULT_PACE_MAX);
    assert_int_equal(vault_pace_next(1000, aim * 1000), VAULT_PACE_MIN);
    assert_int_equal(vault_pace_next(1, UINT64_MAX), VAULT_PACE_MIN);
}

/* New objects and changes in the middle use the new generation and are not moved again. */
static void test_writers_in_between_use_the_new_generation(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t first = populate(v, 20, true);
    const uint32_t generation = new_generation(v, SCOPE_PRIVATE);
    struct attrs *a = NULL;
    struct stamp stamp;
    size_t done = 0;
    bool left = false;
    uint64_t id;

    assert_int_equal(vault_rotate_step(v, 5, &done, &left), CKR_OK);
    id = object_store(v, object_aes("rotated", "id", true));
    assert_int_equal(generation_of(v, SCOPE_PRIVATE, id), generation);
    assert_int_equal(vault_get(v, first + 19, SCOPE_PRIVATE, &a, &stamp), CKR_OK);
    assert_int_equal(vault_replace(v, first + 19, SCOPE_PRIVATE, a, &stamp), CKR_OK);
    attrs_free(a);
    assert_int_equal(generation_of(v, SCOPE_PRIVATE, first + 19), generation);
    assert_int_equal(vault_destroy(v, first + 10, SCOPE_PRIVATE), CKR_OK);
    assert_int_equal(rotate_all(v, 5), 13);
    assert_int_equal(read_all(v, 20), CKR_OK);
}

static void test_a_second_advance_starts_over(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    const uint64_t first = populate(v, 20, true);
    uint32_t generation;
    size_t done = 0;
    bool left = false;

    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(vault_rotate_step(v, 15, &done, &left), CKR_OK);
    generation = new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 3);
    assert_int_equal(rotate_all(v, 6), 20);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
    for (uint64_t id = first; id < first + 20; id++)
        assert_int_equal(generation_of(v, SCOPE_PRIVATE, id), generation);
    assert_int_equal(read_all(v, 20), CKR_OK);
}

/* Records that need no move are many: a step stays bounded and still comes to an end. */
static void test_current_records_are_passed_in_bounded_steps(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    size_t done = 9;
    bool left = false;

    (void)populate(v, 3, true);
    (void)new_generation(v, SCOPE_PRIVATE);
    (void)populate(v, 60, true);
    assert_int_equal(vault_rotate_step(v, 3, &done, &left), CKR_OK);
    assert_int_equal(done, 3);
    assert_int_equal(vault_rotate_step(v, 1, &done, &left), CKR_OK);
    assert_int_equal(done, 0);
    assert_true(left); /* 16 of 60 were looked at */
    assert_int_equal(rotate_all(v, 1), 0);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
    assert_int_equal(read_all(v, 63), CKR_OK);
}

struct hold {
    int ready;
    int release;
};

/* Keep the store's only writer waiting until the pipe is closed. */
static CK_RV hold_writer(struct txn *t, void *arg)
{
    const struct hold *h = arg;
    char byte = 'r';

    (void)t;
    ENSURE(write(h->ready, &byte, 1) == 1, CKR_GENERAL_ERROR);
    ENSURE(read(h->release, &byte, 1) == 0, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static void test_nothing_to_do_waits_for_no_writer(void **state)
{
    struct vault_fixture *f = *state;
    int ready[2];
    int release[2];
    size_t done = 9;
    bool left = true;
    pid_t child;
    char byte;
    int status = -1;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct hold h = {.ready = ready[1], .release = release[0]};

        (void)close(release[1]);
        vault_fixture_after_fork(f);
        _exit(store_write(keyring_store(f->keyring), hold_writer, &h) == CKR_OK ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)alarm(20); /* or this blocks for ever */
    assert_int_equal(vault_rotate_step(&f->vault[0], 10, &done, &left), CKR_OK);
    (void)alarm(0);
    assert_false(left);
    (void)close(release[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    (void)close(ready[0]);
    (void)close(ready[1]);
    (void)close(release[0]);
}

/* -- who may ----------------------------------------------------------------------------------- */

static void test_without_login_only_public_scope_moves(void **state)
{
    const struct vault_fixture *f = *state;

    (void)populate(&f->vault[0], 10, true);
    (void)populate(&f->vault[0], 10, false);
    (void)new_generation(&f->nobody, SCOPE_PUBLIC);
    (void)new_generation(&f->nobody, SCOPE_PRIVATE);
    assert_int_equal(rotate_all(&f->nobody, 100), 10);
    assert_int_equal(n_generations(&f->nobody, SCOPE_PUBLIC), 1);
    assert_int_equal(n_generations(&f->nobody, SCOPE_PRIVATE), 2);
    assert_int_equal(read_all(&f->vault[0], 20), CKR_OK);
    assert_int_equal(rotate_all(&f->vault[0], 100), 10);
    assert_int_equal(n_generations(&f->nobody, SCOPE_PRIVATE), 1);
}

static void test_the_so_moves_private_records_it_cannot_read(void **state)
{
    const struct vault_fixture *f = *state;

    (void)populate(&f->vault[0], 10, true);
    (void)new_generation(&f->officer, SCOPE_PRIVATE);
    assert_int_equal(rotate_all(&f->officer, 4), 10);
    assert_int_equal(n_generations(&f->officer, SCOPE_PRIVATE), 1);
    assert_int_equal(read_all(&f->officer, 0), CKR_OK);
    assert_int_equal(read_all(&f->vault[0], 10), CKR_OK);
}

/* so-reset = no: the SO advances private scope, and leaves its records to the user. */
static void test_an_so_without_the_keys_leaves_private_records(void **state)
{
    const struct vault_fixture *f = *state;
    size_t done = 9;
    bool left = true;

    (void)populate(&f->vault[0], 10, true);
    (void)new_generation(&f->officer, SCOPE_PRIVATE);
    assert_int_equal(vault_rotate_step(&f->officer, 100, &done, &left), CKR_OK);
    assert_int_equal(done, 0);
    assert_false(left);
    assert_int_equal(n_generations(&f->officer, SCOPE_PRIVATE), 2);
    assert_int_equal(rotate_all(&f->vault[0], 100), 10);
    assert_int_equal(n_generations(&f->officer, SCOPE_PRIVATE), 1);
}

/* The memory map grows in the middle of a step, which then runs again from its start. */
static void test_a_step_may_run_twice(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct attrs *objects[100];
    uint64_t ids[100];

    for (size_t i = 0; i < N_ELEMENTS(objects); i++)
        objects[i] = object_aes("rotated", "id", true);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(vault_add(v, (const struct attrs *const *)objects, N_ELEMENTS(objects),
                                   ids, NULL),
                         CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(objects); i++)
        attrs_free(objects[i]);
    for (int i = 0; i < 2; i++) {
        (void)new_generation(v, SCOPE_PRIVATE);
        assert_int_equal(rotate_all(v, 10000), 4000);
    }
    assert_int_equal(read_all(v, 4000), CKR_OK);
}

static void test_tokens_rotate_apart(void **state)
{
    const struct vault_fixture *f = *state;

    (void)populate(&f->vault[0], 10, true);
    (void)populate(&f->vault[1], 10, true);
    (void)new_generation(&f->vault[1], SCOPE_PRIVATE);
    assert_int_equal(rotate_all(&f->vault[0], 100), 0);
    assert_int_equal(n_generations(&f->vault[1], SCOPE_PRIVATE), 2);
    assert_int_equal(rotate_all(&f->vault[1], 100), 10);
    assert_int_equal(read_all(&f->vault[0], 10), CKR_OK);
    assert_int_equal(read_all(&f->vault[1], 10), CKR_OK);
}

/* -- what must be refused ---------------------------------------------------------------------- */

struct stale {
    const struct vault *v;
    uint64_t id;
    struct buf row;
};

static CK_RV copy_row(struct txn *t, void *arg)
{
    struct stale *s = arg;
    uint8_t key[ROW_KEY];
    bool found = false;

    row_key(s->v, SCOPE_PRIVATE, s->id, key);
    return txn_get(t, STORE_OBJECT, SPAN_ARRAY(key), &s->row, NULL, &found);
}

static CK_RV put_row(struct txn *t, void *arg)
{
    struct stale *s = arg;
    uint8_t key[ROW_KEY];

    row_key(s->v, SCOPE_PRIVATE, s->id, key);
    return txn_put(t, STORE_OBJECT, SPAN_ARRAY(key), buf_span(&s->row), NULL);
}

/* A record under a generation that was rotated away does not open, even where its row stands. */
static void test_a_dropped_generation_is_refused(void **state)
{
    struct vault_fixture *f = *state;
    const struct vault *v = &f->vault[0];
    struct stale s = {.v = v, .id = populate(v, 3, true)};
    struct store *store = keyring_store(v->keyring);
    struct attrs *a = NULL;
    struct stamp stamp;

    assert_int_equal(store_write(store, copy_row, &s), CKR_OK);
    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(rotate_all(v, 10), 3);
    assert_int_equal(store_write(store, put_row, &s), CKR_OK);
    assert_int_equal(vault_get(v, s.id, SCOPE_PRIVATE, &a, &stamp), CKR_DEVICE_ERROR);
    buf_clear(&s.row);
}

static CK_RV remove_row(struct txn *t, void *arg)
{
    const struct stale *s = arg;
    uint8_t key[ROW_KEY];

    row_key(s->v, SCOPE_PRIVATE, s->id, key);
    return txn_del(t, STORE_OBJECT, SPAN_ARRAY(key), NULL);
}

/* A record that the list of all objects names and nobody finds must not cost it its DEK. */
static void test_a_missing_record_stops_the_rotation(void **state)
{
    const struct vault *v = &((struct vault_fixture *)*state)->vault[0];
    struct stale s = {.v = v, .id = populate(v, 3, true)};
    size_t done = 9;
    bool left = true;

    assert_int_equal(store_write(keyring_store(v->keyring), remove_row, &s), CKR_OK);
    (void)new_generation(v, SCOPE_PRIVATE);
    assert_int_equal(vault_rotate_step(v, 10, &done, &left), CKR_DEVICE_ERROR);
    assert_int_equal(done, 9);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 2);
}

/* -- processes --------------------------------------------------------------------------------- */

enum { KILLS = 30, RECORDS = 200 };

static pid_t start_rotating(struct vault_fixture *f, int fd)
{
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        vault_fixture_after_fork(f);
        if (write(fd, "r", 1) != 1)
            _exit(2);
        (void)rotate_all(&f->vault[0], 3);
        _exit(0);
    }
    return child;
}

/* Both scopes rotate in a child that is killed at random points, until all is done. */
static void test_kill_at_any_point_loses_nothing(void **state)
{
    struct vault_fixture *f = *state;
    const struct vault *v = &f->vault[0];
    int n_killed = 0;
    int pipes[2];

    (void)populate(v, RECORDS / 2, true);
    (void)populate(v, RECORDS / 2, false);
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < KILLS; i++) {
        int status = 0;
        pid_t child;
        char ready;

        if (n_generations(v, SCOPE_PUBLIC) == 1 && n_generations(v, SCOPE_PRIVATE) == 1) {
            (void)new_generation(v, SCOPE_PUBLIC);
            (void)new_generation(v, SCOPE_PRIVATE);
        }
        child = start_rotating(f, pipes[1]);
        assert_int_equal(read(pipes[0], &ready, 1), 1);
        (void)usleep((useconds_t)(random() % 40000));
        (void)kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        n_killed += WIFSIGNALED(status);
        assert_int_equal(read_all(v, RECORDS), CKR_OK);
    }
    assert_true(n_killed > 0);
    (void)rotate_all(v, 50);
    assert_int_equal(n_generations(v, SCOPE_PUBLIC), 1);
    assert_int_equal(n_generations(v, SCOPE_PRIVATE), 1);
    assert_int_equal(read_all(v, RECORDS), CKR_OK);
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

/* Another process reads everything, over and over, while five generations pass. */
static void test_a_reading_process_is_not_disturbed(void **state)
{
    struct vault_fixture *f = *state;
    const struct vault *v = &f->vault[0];
    int stop[2];
    int status = -1;
    pid_t child;

    (void)populate(v, 60, true);
    assert_int_equal(pipe(stop), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char byte;
        CK_RV rv = CKR_OK;

        (void)close(stop[1]);
        vault_fixture_after_fork(f);
        for (int i = 0; rv == CKR_OK && i < 150; i++)
            rv = read_all(&f->vault[0], 60);
        _exit(rv == CKR_OK && read(stop[0], &byte, 1) == 0 ? 0 : 1);
    }
    (void)close(stop[0]);
    for (int i = 0; i < 5; i++) {
        (void)new_generation(v, SCOPE_PRIVATE);
        assert_int_equal(rotate_all(v, 2), 60);
    }
    (void)close(stop[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read_all(v, 60), CKR_OK);
}

#define VAULT_TEST(name, fn) {name, fn, vault_fixture_setup, vault_fixture_teardown, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VAULT_TEST("/rotate/nothing-to-do", test_nothing_to_do_writes_nothing),
        VAULT_TEST("/rotate/waits-for-no-writer", test_nothing_to_do_waits_for_no_writer),
        VAULT_TEST("/rotate/all-records-move", test_all_records_move_and_the_old_dek_goes),
        VAULT_TEST("/rotate/empty-scope", test_an_empty_scope_rotates),
        VAULT_TEST("/rotate/limit-bounds-both-scopes", test_limit_bounds_both_scopes_together),
        VAULT_TEST("/rotate/large-records-make-steps-small", test_large_records_make_steps_small),
        VAULT_TEST("/rotate/large-records-are-passed",
                   test_large_records_are_passed_in_small_steps),
        VAULT_TEST("/rotate/company-makes-steps-small", test_company_makes_steps_small),
        VAULT_TEST("/rotate/pace-follows-the-time", test_pace_follows_the_time),
        VAULT_TEST("/rotate/writers-in-between", test_writers_in_between_use_the_new_generation),
        VAULT_TEST("/rotate/second-advance-starts-over", test_a_second_advance_starts_over),
        VAULT_TEST("/rotate/current-records-are-passed",
                   test_current_records_are_passed_in_bounded_steps),
        VAULT_TEST("/rotate/no-login-public-only", test_without_login_only_public_scope_moves),
        VAULT_TEST("/rotate/so-moves-private", test_the_so_moves_private_records_it_cannot_read),
        {"/rotate/so-without-keys-leaves-private",
         test_an_so_without_the_keys_leaves_private_records, vault_fixture_setup_no_reset,
         vault_fixture_teardown, NULL},
        {"/rotate/step-may-run-twice", test_a_step_may_run_twice, vault_fixture_setup_small_map,
         vault_fixture_teardown, NULL},
        VAULT_TEST("/rotate/tokens-apart", test_tokens_rotate_apart),
        VAULT_TEST("/rotate/dropped-generation-is-refused", test_a_dropped_generation_is_refused),
        VAULT_TEST("/rotate/missing-record-stops-it", test_a_missing_record_stops_the_rotation),
        VAULT_TEST("/rotate/kill-at-any-point", test_kill_at_any_point_loses_nothing),
        VAULT_TEST("/rotate/reading-process", test_a_reading_process_is_not_disturbed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
