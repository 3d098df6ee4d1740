/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-hostile-store.c - a store edited behind the module's back: every row flipped, removed,
 * swapped with another, replaced by its older self, put back after it was gone; and bytes of the
 * file flipped at random. What an application then sees is the truth or a clean refusal, never
 * another value. With TEE_TEST_LONG every pair of rows is swapped, and every set of tables put back
 * in time.
 *
 * Each look is a process of its own, as the host edits while nobody has the store open.
 * TEE_TEST_FLIPS: how many bytes of the file are flipped, one at a time (default 150;
 * TEE_TEST_LONG: 5000).
 */
#include "support/raw_store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome { TRUTH, REFUSED, ANOTHER_VALUE, ANOTHER_CODE, CRASHED, HUNG, N_OUTCOMES };
static const char *const outcome_names[] = {"truth",        "refused", "ANOTHER VALUE",
                                            "ANOTHER CODE", "crashed", "hung"};

static char store[300];
static struct raw_file new_file;
static struct raw_rows new_rows;
/* Two states that it was in before. */
#define N_OLDER 2
static struct raw_rows older[N_OLDER];
static bool is_long; /* TEE_TEST_LONG: every pair, every set of tables */

/* -- what there is to see --------------------------------------------------------------------- */

#define N_OBJECTS 6
#define N_VALUE   40
#define LAST      3 /* version of the values */

static unsigned version_expected = LAST; /* which state is the truth */

static const struct {
    const char *label;
    CK_BBOOL private;
} objects[N_OBJECTS] = {{"public one", CK_FALSE},   {"public two", CK_FALSE},
                        {"private one", CK_TRUE},   {"private two", CK_TRUE},
                        {"private three", CK_TRUE}, {"public three", CK_FALSE}};

static void value_of(size_t i, unsigned version, uint8_t ret[N_VALUE])
{
    for (size_t j = 0; j < N_VALUE; j++)
        ret[j] = (uint8_t)(i * 50 + j * 3 + version * 101);
}

/* One look at everything, in a child: CKR_OK, with *ret_true false when something was not as it was
 * written; or the first code that was a refusal. */
static CK_RV log_in(CK_SESSION_HANDLE *ret)
{
    const CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);

    if (rv != CKR_OK)
        return rv;
    return p11->C_Login(*ret, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN));
}

static CK_RV find(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE found[32],
                  CK_ULONG *ret_n)
{
    CK_RV rv = p11->C_FindObjectsInit(h, v, n);

    if (rv == CKR_OK)
        rv = p11->C_FindObjects(h, found, 32, ret_n);
    if (rv == CKR_OK)
        rv = p11->C_FindObjectsFinal(h);
    return rv;
}

static CK_RV look_at_object(CK_SESSION_HANDLE h, size_t i, bool *ret_true)
{
    const char *label = objects[i].label;
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE wanted[] = {ATTR(CKA_LABEL, label, strlen(label)), ATTR_OBJ(CKA_CLASS, class)};
    uint8_t value[N_VALUE] = {0}, expected[N_VALUE];
    CK_BBOOL private = 2, modifiable = 2;
    CK_ATTRIBUTE v[] = {{CKA_VALUE, value, sizeof(value)},
                        {CKA_PRIVATE, &private, 1},
                        {CKA_MODIFIABLE, &modifiable, 1}};
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n = 0;
    CK_RV rv = find(h, wanted, 2, found, &n);

    if (rv != CKR_OK)
        return rv;
    *ret_true = *ret_true && n == 1;
    if (n != 1)
        return CKR_OK;
    rv = p11->C_GetAttributeValue(h, found[0], v, 3);
    value_of(i, version_expected, expected);
    if (rv == CKR_OK)
        *ret_true = *ret_true && memcmp(value, expected, N_VALUE) == 0 &&
                    private == objects[i].private && modifiable == CK_TRUE;
    return rv;
}

static CK_RV look_at_key(CK_SESSION_HANDLE h, bool *ret_true)
{
    CK_OBJECT_CLASS private = CKO_PRIVATE_KEY, public = CKO_PUBLIC_KEY;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, private)}, p[] = {ATTR_OBJ(CKA_CLASS, public)};
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_BYTE data[32] = {1}, signature[64];
    CK_OBJECT_HANDLE priv[32], pub[32];
    CK_ULONG n_priv = 0, n_pub = 0, n = sizeof(signature);
    CK_RV rv = find(h, v, 1, priv, &n_priv);

    if (rv == CKR_OK)
        rv = find(h, p, 1, pub, &n_pub);
    if (rv != CKR_OK)
        return rv;
    *ret_true = *ret_true && n_priv == 1 && n_pub == 1;
    if (n_priv != 1 || n_pub != 1)
        return CKR_OK;
    rv = p11->C_SignInit(h, &m, priv[0]);
    if (rv == CKR_OK)
        rv = p11->C_Sign(h, data, sizeof(data), signature, &n);
    if (rv == CKR_OK)
        rv = p11->C_VerifyInit(h, &m, pub[0]);
    if (rv != CKR_OK)
        return rv;
    rv = p11->C_Verify(h, data, sizeof(data), signature, n);
    *ret_true = *ret_true && rv != CKR_SIGNATURE_INVALID;
    return rv == CKR_SIGNATURE_INVALID ? CKR_OK : rv;
}

/* The destroyed objects are gone, and there is nothing that was not made. */
static CK_RV look_for_others(CK_SESSION_HANDLE h, bool *ret_true)
{
    const CK_ULONG n_then = version_expected == LAST ? 0 : 2;
    CK_ATTRIBUTE gone = ATTR_TEXT(CKA_LABEL, "destroyed");
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n = n_then;
    CK_RV rv = find(h, &gone, 1, found, &n);

    *ret_true = *ret_true && n == n_then;
    if (rv == CKR_OK)
        rv = find(h, NULL, 0, found, &n);
    if (rv == CKR_OK)
        *ret_true = *ret_true && n == N_OBJECTS + 2 + n_then;
    return rv;
}

static CK_RV look_at_all(bool *ret_true)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    CK_TOKEN_INFO info;
    CK_RV rv = p11->C_Initialize(NULL);

    if (rv == CKR_OK)
        rv = log_in(&h);
    for (size_t i = 0; rv == CKR_OK && i < N_OBJECTS; i++)
        rv = look_at_object(h, i, ret_true);
    if (rv == CKR_OK)
        rv = look_at_key(h, ret_true);
    if (rv == CKR_OK)
        rv = look_for_others(h, ret_true);
    if (rv == CKR_OK)
        rv = p11->C_GetTokenInfo(0, &info);
    if (rv == CKR_OK)
        *ret_true = *ret_true && memcmp(info.label, TEST_LABEL, strlen(TEST_LABEL)) == 0 &&
                    (info.flags & CKF_TOKEN_INITIALIZED) != 0;
    return rv;
}

/* -- looks in children ------------------------------------------------------------------------ */

static void child_main(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    bool is_true = true;
    CK_RV rv;

    /* cmocka's handlers would go on with the test in the child. */
    for (size_t i = 0; i < N_ELEMENTS(signals); i++)
        (void)signal(signals[i], SIG_DFL);
    (void)alarm(30);
    if (null >= 0)
        (void)dup2(null, STDERR_FILENO);
    rv = look_at_all(&is_true);
    if (!is_true)
        _exit(ANOTHER_VALUE);
    /* The one code for a store that is not what it should be. */
    if (rv != CKR_OK && rv != CKR_DEVICE_ERROR)
        fprintf(stdout, "  refused with 0x%lx\n", rv);
    (void)fflush(stdout);
    _exit(rv == CKR_OK ? TRUTH : rv == CKR_DEVICE_ERROR ? REFUSED : ANOTHER_CODE);
}

static enum outcome look(void)
{
    int status = 0;
    pid_t pid;

    (void)fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_main();
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        return WTERMSIG(status) == SIGALRM ? HUNG : CRASHED;
    return WEXITSTATUS(status) < CRASHED ? (enum outcome)WEXITSTATUS(status) : CRASHED;
}

/* -- the store -------------------------------------------------------------------------------- */

static CK_OBJECT_HANDLE object_of(CK_SESSION_HANDLE h, const char *label)
{
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    assert_int_equal(find_label(h, label, &o), 1);
    return o;
}

/* In a child: the first state of the store, and then later ones, in which every object has another
 * value, the keys that encrypt are new and so is the PIN; in the last one an object is gone. */
static int make_first(void *arg)
{
    CK_OBJECT_HANDLE pub, priv;
    CK_SESSION_HANDLE h;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    h = open_user();
    for (size_t i = 0; i < N_OBJECTS; i++) {
        uint8_t value[N_VALUE];

        value_of(i, 1, value);
        make_data(h, CK_TRUE, objects[i].private, objects[i].label, value, sizeof(value));
    }
    make_data(h, CK_TRUE, CK_TRUE, "destroyed", "v", 1);
    make_data(h, CK_TRUE, CK_FALSE, "destroyed", "v", 1);
    make_ec(h, CK_TRUE, "key", &pub, &priv);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* Rows that come and go, so that the tree has been written since, and not only the root row's list
 * of recent changes. */
static void churn(CK_SESSION_HANDLE h)
{
    CK_OBJECT_HANDLE made[20];

    for (size_t i = 0; i < N_ELEMENTS(made); i++)
        made[i] = make_data(h, CK_TRUE, i % 2 == 0, "passing", &i, sizeof(i));
    for (size_t i = 0; i < N_ELEMENTS(made); i++)
        ASSERT_OK(p11->C_DestroyObject(h, made[i]));
}

static int make_next(void *arg)
{
    const unsigned version = *(const unsigned *)arg;
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_UTF8CHAR other[] = "4321", pin[] = USER_PIN;
    CK_OBJECT_HANDLE o;
    CK_SESSION_HANDLE h;

    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_so();
    ASSERT_OK(p11->C_GenerateKey(h, &m, NULL, 0, &o));
    close_all();
    h = open_user();
    for (size_t i = 0; i < N_OBJECTS; i++) {
        uint8_t value[N_VALUE];

        value_of(i, version, value);
        ASSERT_OK(p11->C_DestroyObject(h, object_of(h, objects[i].label)));
        make_data(h, CK_TRUE, objects[i].private, objects[i].label, value, sizeof(value));
    }
    while (version == LAST && find_label(h, "destroyed", &o) > 0)
        ASSERT_OK(p11->C_DestroyObject(h, o));
    ASSERT_OK(p11->C_SetPIN(h, pin, 4, other, 4));
    ASSERT_OK(p11->C_SetPIN(h, other, 4, pin, 4));
    churn(h);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static int group_setup(void **state)
{
    (void)state;
    is_long = getenv("TEE_TEST_LONG") != NULL;
    scratch_make(NULL);
    module_load();
    (void)snprintf(store, sizeof(store), "%s/store", scratch);
    assert_int_equal(in_child(make_first, NULL), 0);
    for (unsigned version = 2; version <= LAST; version++) {
        older[version - 2] = raw_rows_read(store);
        assert_int_equal(in_child(make_next, &version), 0);
    }
    new_file = raw_file_read(store);
    new_rows = raw_rows_read(store);
    return 0;
}

static int group_teardown(void **state)
{
    for (size_t i = 0; i < N_OLDER; i++)
        raw_rows_free(&older[i]);
    raw_rows_free(&new_rows);
    free(new_file.p);
    return teardown_module(state);
}

/* -- edits ------------------------------------------------------------------------------------ */

struct count {
    unsigned n[RAW_TABLES][N_OUTCOMES];
};

static void say_line(const char *what, const unsigned n[N_OUTCOMES])
{
    print_message("%-28s", what);
    for (size_t i = 0; i < N_OUTCOMES; i++) {
        if (n[i] > 0)
            print_message(" %u %s", n[i], outcome_names[i]);
    }
    print_message("\n");
}

static void say(const char *what, const struct count *c)
{
    print_message("%s:\n", what);
    for (size_t i = 0; i < RAW_TABLES; i++)
        say_line(raw_tables[i], c->n[i]);
}

/* Row edits never reach anything but the truth or a refusal. The truth is for rows that nothing of
 * what was looked at depends on; one that is `used` must be refused. */
static void expect_clean(const struct raw_row *r, const char *edit, struct count *c, bool used)
{
    const enum outcome o = look();

    c->n[r->table][o]++;
    if (o > REFUSED || (used && o != REFUSED))
        fail_msg("%s a row of %s (%zu bytes of key, %zu of value): %s", edit, raw_tables[r->table],
                 r->n_key, r->n_value, outcome_names[o]);
    raw_file_write(store, &new_file);
}

static bool is_in(const struct raw_row *r, const char *table)
{
    return strcmp(raw_tables[r->table], table) == 0;
}

/* Tables of many small rows, all handled alike: they are not tried in every way, for the time. */
static bool is_many(const struct raw_row *r)
{
    return is_in(r, "index") || is_in(r, "tree");
}

/* Tables of which every row is needed for the look. */
static bool is_used(const struct raw_row *r)
{
    return is_in(r, "object") || is_in(r, "token") || is_in(r, "seal") || is_in(r, "root");
}

static void test_untouched(void **state)
{
    (void)state;
    raw_file_write(store, &new_file);
    assert_int_equal(look(), TRUTH);
    print_message("%zu rows in %zu bytes\n", new_rows.n, new_file.n);
}

static void test_flipped(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        const struct raw_row *r = &new_rows.v[i];
        const size_t places[] = {r->n_value / 2, r->n_value - 1, 0};

        for (size_t j = 0; j < (is_many(r) && !is_long ? 1 : N_ELEMENTS(places)); j++) {
            r->value[places[j]] ^= 0x10;
            raw_write(store, r, r->value, r->n_value);
            r->value[places[j]] ^= 0x10;
            expect_clean(r, "flipped", &c, is_used(r));
        }
    }
    say("flipped", &c);
}

/* Lengthened by a byte, and cut to each of some lengths. */
static void cut_and_lengthen(const struct raw_row *r, struct count *c)
{
    const size_t lengths[] = {r->n_value + 1, r->n_value - 1, r->n_value / 2, 1};
    uint8_t *bytes = calloc(1, r->n_value + 1);

    assert_non_null(bytes);
    memcpy(bytes, r->value, r->n_value);
    for (size_t i = 0; i < (is_many(r) && !is_long ? 2 : N_ELEMENTS(lengths)); i++) {
        if (lengths[i] == 0 || lengths[i] == r->n_value)
            continue;
        raw_write(store, r, bytes, lengths[i]);
        expect_clean(r, "cut or lengthened", c, is_used(r));
    }
    free(bytes);
}

static void test_shortened(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        if (is_long || !is_many(&new_rows.v[i]) || i % 4 == 0)
            cut_and_lengthen(&new_rows.v[i], &c);
    }
    say("lengthened and cut", &c);
}

static void test_removed(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        raw_write(store, &new_rows.v[i], NULL, 0);
        expect_clean(&new_rows.v[i], "removed", &c, is_used(&new_rows.v[i]));
    }
    say("removed", &c);
}

static void swap(const struct raw_row *a, const struct raw_row *b, struct count *c)
{
    struct raw_row pair[2] = {*a, *b};

    pair[0].value = b->value;
    pair[0].n_value = b->n_value;
    pair[1].value = a->value;
    pair[1].n_value = a->n_value;
    raw_write_all(store, pair, 2);
    expect_clean(&pair[0], "swapped", c, is_used(a) || is_used(b));
}

/* Is this pair tried? Neighbours always; every pair of a table that has few rows; with --long every
 * pair there is, of two tables too. */
static bool is_tried(size_t i, size_t j)
{
    const struct raw_row *a = &new_rows.v[i], *b = &new_rows.v[j];

    if (a->n_value == b->n_value && memcmp(a->value, b->value, a->n_value) == 0)
        return false;
    if (is_long)
        return true;
    return a->table == b->table && (j == i + 1 || (!is_many(a) && !is_in(a, "audit")));
}

static void test_swapped(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        for (size_t j = i + 1; j < new_rows.n; j++) {
            if (is_tried(i, j))
                swap(&new_rows.v[i], &new_rows.v[j], &c);
        }
    }
    say("swapped", &c);
}

static bool is_same(const struct raw_row *a, const struct raw_row *b)
{
    return a->n_value == b->n_value && memcmp(a->value, b->value, a->n_value) == 0;
}

static void put_older_selves(const struct raw_rows *old, struct count *c)
{
    for (size_t i = 0; i < new_rows.n; i++) {
        const struct raw_row *r = &new_rows.v[i], *was = raw_rows_find(old, r);

        if (was == NULL || is_same(was, r))
            continue;
        raw_write(store, r, was->value, was->n_value);
        expect_clean(r, "put an older self in the place of", c, is_used(r));
    }
}

static void test_older_self(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < N_OLDER; i++)
        put_older_selves(&older[i], &c);
    say("replaced by each older self", &c);
}

/* One at a time, and then all of them, which is the most that can be put back without the tree. */
static void put_back(const struct raw_rows *old, struct count *c)
{
    struct raw_row *gone = calloc(old->n, sizeof(*gone));
    size_t n = 0;

    assert_non_null(gone);
    for (size_t i = 0; i < old->n; i++) {
        if (raw_rows_find(&new_rows, &old->v[i]) != NULL)
            continue;
        gone[n++] = old->v[i];
        raw_write(store, &old->v[i], old->v[i].value, old->v[i].n_value);
        expect_clean(&old->v[i], "put back", c, false);
    }
    assert_true(n > 0);
    raw_write_all(store, gone, n);
    expect_clean(&gone[0], "put back, with all others,", c, false);
    free(gone);
}

static void test_put_back(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < N_OLDER; i++)
        put_back(&older[i], &c);
    say("put back", &c);
}

/* The rows of one table as they were. */
static void table_roll_back(const struct raw_rows *old, size_t table)
{
    size_t first = 0, n = 0;

    for (size_t i = 0; i < new_rows.n; i++) {
        if (new_rows.v[i].table == table && raw_rows_find(old, &new_rows.v[i]) == NULL)
            raw_write(store, &new_rows.v[i], NULL, 0);
    }
    while (first < old->n && old->v[first].table != table)
        first++;
    while (first + n < old->n && old->v[first + n].table == table)
        n++;
    raw_write_all(store, old->v + first, n);
}

#define ROOT (RAW_TABLES - 1)

/* Older copies of the tables of one set, bits, under the newer others. With the root row among them
 * the truth is that older state, whole: the store was rolled back (docs/threat-model.md says so of
 * new processes). Else it is the newer one; and never a mixture. */
static void put_older_tables(size_t which, unsigned set, struct count *c)
{
    size_t first = RAW_TABLES;

    for (size_t table = 0; table < RAW_TABLES; table++) {
        if ((set >> table & 1) == 0)
            continue;
        first = first == RAW_TABLES ? table : first;
        table_roll_back(&older[which], table);
    }
    version_expected = (set >> ROOT & 1) != 0 ? (unsigned)which + 1 : LAST;
    expect_clean(&(struct raw_row){.table = first}, "of the older store, put back all of", c,
                 false);
    version_expected = LAST;
}

static bool is_single(unsigned set)
{
    return (set & (set - 1)) == 0;
}

/* Each table; all but one; with --long every set of tables. */
static void test_older_tables(void **state)
{
    const unsigned all = (1u << RAW_TABLES) - 1;
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < N_OLDER; i++) {
        for (unsigned set = 1; set <= all; set++) {
            if (is_long || is_single(set) || is_single(all & ~set))
                put_older_tables(i, set, &c);
        }
    }
    say("older tables", &c);
}

/* -- the file --------------------------------------------------------------------------------- */

/* LMDB trusts its pages: a broken one may crash it (docs/threat-model.md says how often). But what
 * comes out of the module is true or nothing. */
static void test_file_bytes(void **state)
{
    const char *text = getenv("TEE_TEST_FLIPS");
    const unsigned n = text != NULL ? (unsigned)atoi(text) : is_long ? 5000 : 150;
    struct raw_file whole = raw_file_compact(store), broken = {malloc(whole.n), whole.n};
    unsigned c[N_OUTCOMES] = {0};
    uint64_t random = 88172645463325252u;

    (void)state;
    assert_non_null(broken.p);
    memcpy(broken.p, whole.p, whole.n);
    raw_file_write(store, &whole);
    assert_int_equal(look(), TRUTH);
    for (unsigned i = 0; i < n; i++) {
        size_t place;
        enum outcome o;

        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        place = random % whole.n;
        broken.p[place] ^= (uint8_t)(1u << (random >> 60 & 7));
        raw_file_write(store, &broken);
        o = look();
        c[o]++;
        if (o >= ANOTHER_VALUE)
            print_message("byte %zu (page %zu, at %zu) flipped to 0x%02x: %s\n", place,
                          place / 4096, place % 4096, broken.p[place], outcome_names[o]);
        broken.p[place] = whole.p[place];
    }
    free(broken.p);
    print_message("%zu bytes of used pages\n", whole.n);
    free(whole.p);
    raw_file_write(store, &new_file);
    say_line("one byte of the file flipped", c);
    assert_int_equal(c[ANOTHER_VALUE], 0);
    assert_int_equal(c[ANOTHER_CODE], 0);
    assert_int_equal(c[HUNG], 0);
    assert_true(c[CRASHED] <= n / 100); /* more would be our own reading of lengths */
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/hostile-store/untouched", test_untouched),
        TEST("/hostile-store/flipped", test_flipped),
        TEST("/hostile-store/shortened", test_shortened),
        TEST("/hostile-store/removed", test_removed),
        TEST("/hostile-store/swapped", test_swapped),
        TEST("/hostile-store/older-self", test_older_self),
        TEST("/hostile-store/put-back", test_put_back),
        TEST("/hostile-store/older-tables", test_older_tables),
        TEST("/hostile-store/file-bytes", test_file_bytes),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
