/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-hostile-store.c - a store edited behind the module's back: every row flipped, removed,
 * swapped with another, replaced by its older self, put back after it was gone; and bytes of the
 * file flipped at random. What an application then sees is the truth or a clean refusal, never
 * another value.
 *
 * Each look is a process of its own, as the host edits while nobody has the store open.
 * TEE_TEST_FLIPS: how many bytes of the file are flipped, one at a time (default 150).
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
static struct raw_file new_file, old_file;
static struct raw_rows new_rows, old_rows;

/* -- what there is to see --------------------------------------------------------------------- */

#define N_OBJECTS 6
#define N_VALUE 40

static const struct {
    const char *label;
    CK_BBOOL private;
} objects[N_OBJECTS] = {{"public one", CK_FALSE},  {"public two", CK_FALSE},
                        {"private one", CK_TRUE},  {"private two", CK_TRUE},
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
    const CK_RV rv =
        p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret);

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
    CK_ATTRIBUTE v[] = {{CKA_VALUE, value, sizeof(value)}, {CKA_PRIVATE, &private, 1},
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
    value_of(i, 2, expected);
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

/* The destroyed object is gone, and there is nothing that was not made. */
static CK_RV look_for_others(CK_SESSION_HANDLE h, bool *ret_true)
{
    CK_ATTRIBUTE gone = ATTR_TEXT(CKA_LABEL, "destroyed");
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n = 0;
    CK_RV rv = find(h, &gone, 1, found, &n);

    *ret_true = *ret_true && n == 0;
    if (rv == CKR_OK)
        rv = find(h, NULL, 0, found, &n);
    if (rv == CKR_OK)
        *ret_true = *ret_true && n == N_OBJECTS + 2;
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

/* In a child: the first state of the store, and then the second, in which every object has another
 * value, one is gone, the keys that encrypt are new and so is the PIN. */
static int make_old(void *arg)
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

static int make_new(void *arg)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_UTF8CHAR other[] = "4321", pin[] = USER_PIN;
    CK_OBJECT_HANDLE o;
    CK_SESSION_HANDLE h;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_so();
    ASSERT_OK(p11->C_GenerateKey(h, &m, NULL, 0, &o));
    close_all();
    h = open_user();
    for (size_t i = 0; i < N_OBJECTS; i++) {
        uint8_t value[N_VALUE];

        value_of(i, 2, value);
        ASSERT_OK(p11->C_DestroyObject(h, object_of(h, objects[i].label)));
        make_data(h, CK_TRUE, objects[i].private, objects[i].label, value, sizeof(value));
    }
    while (find_label(h, "destroyed", &o) > 0)
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
    scratch_make(NULL);
    module_load();
    (void)snprintf(store, sizeof(store), "%s/store", scratch);
    assert_int_equal(in_child(make_old, NULL), 0);
    old_file = raw_file_read(store);
    old_rows = raw_rows_read(store);
    assert_int_equal(in_child(make_new, NULL), 0);
    new_file = raw_file_read(store);
    new_rows = raw_rows_read(store);
    return 0;
}

static int group_teardown(void **state)
{
    raw_rows_free(&old_rows);
    raw_rows_free(&new_rows);
    free(old_file.p);
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
        fail_msg("%s a row of %s (%zu bytes of key, %zu of value): %s", edit,
                 raw_tables[r->table], r->n_key, r->n_value, outcome_names[o]);
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
    return is_in(r, "object") || is_in(r, "token") || is_in(r, "seal");
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

        for (size_t j = 0; j < (is_many(r) ? 1 : N_ELEMENTS(places)); j++) {
            r->value[places[j]] ^= 0x10;
            raw_write(store, r, r->value, r->n_value);
            r->value[places[j]] ^= 0x10;
            expect_clean(r, "flipped", &c, is_used(r));
        }
    }
    say("flipped", &c);
}

static void test_shortened(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        const struct raw_row *r = &new_rows.v[i];
        uint8_t *longer;

        if (is_many(r) && i % 4 != 0)
            continue;
        longer = calloc(1, r->n_value + 1);
        assert_non_null(longer);
        memcpy(longer, r->value, r->n_value);
        raw_write(store, r, longer, r->n_value + 1);
        expect_clean(r, "lengthened", &c, is_used(r));
        if (r->n_value > 1) {
            raw_write(store, r, longer, r->n_value - 1);
            expect_clean(r, "shortened", &c, is_used(r));
        }
        free(longer);
    }
    say("lengthened and shortened", &c);
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

static void test_swapped(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i + 1 < new_rows.n; i++) {
        struct raw_row pair[2] = {new_rows.v[i], new_rows.v[i + 1]};

        if (pair[0].table != pair[1].table)
            continue;
        pair[0].value = new_rows.v[i + 1].value;
        pair[0].n_value = new_rows.v[i + 1].n_value;
        pair[1].value = new_rows.v[i].value;
        pair[1].n_value = new_rows.v[i].n_value;
        raw_write_all(store, pair, 2);
        expect_clean(&pair[0], "swapped", &c, is_used(&pair[0]));
    }
    say("swapped", &c);
}

static void test_older_self(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t i = 0; i < new_rows.n; i++) {
        const struct raw_row *r = &new_rows.v[i], *old = raw_rows_find(&old_rows, r);

        if (old == NULL ||
            (old->n_value == r->n_value && memcmp(old->value, r->value, r->n_value) == 0))
            continue;
        raw_write(store, r, old->value, old->n_value);
        expect_clean(r, "put an older self in the place of", &c, is_used(r));
    }
    say("replaced by its older self", &c);
}

/* One at a time, and then all of them, which is the most that can be put back without the tree. */
static void test_put_back(void **state)
{
    struct raw_row *gone = calloc(old_rows.n, sizeof(*gone));
    struct count c = {{{0}}};
    size_t n = 0;

    (void)state;
    assert_non_null(gone);
    for (size_t i = 0; i < old_rows.n; i++) {
        if (raw_rows_find(&new_rows, &old_rows.v[i]) != NULL)
            continue;
        gone[n++] = old_rows.v[i];
        raw_write(store, &old_rows.v[i], old_rows.v[i].value, old_rows.v[i].n_value);
        expect_clean(&old_rows.v[i], "put back", &c, false);
    }
    assert_true(n > 0);
    raw_write_all(store, gone, n);
    expect_clean(&gone[0], "put back, with all others,", &c, false);
    free(gone);
    say("put back", &c);
}

/* Whole tables of the older store in the newer one. */
static void test_older_tables(void **state)
{
    struct count c = {{{0}}};

    (void)state;
    for (size_t table = 0; table < RAW_TABLES; table++) {
        size_t first = 0, n = 0;

        for (size_t i = 0; i < new_rows.n; i++) {
            if (new_rows.v[i].table == table && raw_rows_find(&old_rows, &new_rows.v[i]) == NULL)
                raw_write(store, &new_rows.v[i], NULL, 0);
        }
        for (size_t i = 0; i < old_rows.n; i++) {
            first = n == 0 ? i : first;
            n += old_rows.v[i].table == table ? 1 : 0;
        }
        while (first < old_rows.n && old_rows.v[first].table != table)
            first++;
        raw_write_all(store, old_rows.v + first, n);
        expect_clean(&(struct raw_row){.table = table}, "of the older store, put back all of", &c,
                     false);
    }
    say("older tables", &c);
}

/* -- the file --------------------------------------------------------------------------------- */

/* LMDB trusts its pages: a broken one may crash it (docs/threat-model.md says how often). But what
 * comes out of the module is true or nothing. */
static void test_file_bytes(void **state)
{
    const char *text = getenv("TEE_TEST_FLIPS");
    const unsigned n = text != NULL ? (unsigned)atoi(text) : 150;
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
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

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
