/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-import-kill.c - `tee-pkcs11 import` killed with SIGKILL at random points: afterwards every
 * key that is there is there once and works, a private key never without its public one, and the
 * next run completes the import. Several imports at once make each object once, too.
 *
 * TEE_TEST_KILLS: how many (default 12; TEE_TEST_LONG: 200). TEE_TEST_SEED repeats a run. Each kill
 * is of an import into an empty token.
 */
#include "support/reference.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_KEYS        40
#define N_CREDENTIALS 300
#define N_AT_ONCE     4

static EVP_PKEY *keys[N_KEYS];
static char key_file[512], env_file[512], pin_file[512];

static unsigned long number(const char *variable, unsigned long otherwise)
{
    const char *text = getenv(variable);

    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

/* -- the source ------------------------------------------------------------------------------- */

static FILE *source_open(char path[512], const char *name)
{
    FILE *f;

    (void)snprintf(path, 512, "%s/%s", scratch, name);
    f = fopen(path, "we");
    assert_non_null(f);
    return f;
}

static void source_make(void)
{
    FILE *f = source_open(key_file, "keys.pem");

    for (size_t i = 0; i < N_KEYS; i++) {
        keys[i] = evp_new("P-256");
        assert_int_equal(PEM_write_PrivateKey(f, keys[i], NULL, NULL, 0, NULL, NULL), 1);
    }
    assert_int_equal(fclose(f), 0);
    f = source_open(env_file, "env");
    for (size_t i = 0; i < N_CREDENTIALS; i++)
        fprintf(f, "CREDENTIAL_%zu=value %zu\n", i, i);
    assert_int_equal(fclose(f), 0);
    f = source_open(pin_file, "pin");
    fputs(USER_PIN "\n", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(pin_file, 0600), 0);
}

/* -- the command ------------------------------------------------------------------------------ */

static pid_t import_start(void)
{
    const char *command = getenv("TEE_TEST_COMMAND");
    const pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        execl(command, command, "import", key_file, "--env-file", env_file, "--token", TEST_LABEL,
              "--pin-file", pin_file, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int import_wait(pid_t pid)
{
    int status = -1;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static uint64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* -- what is in the token --------------------------------------------------------------------- */

/* How often each is there. */
struct content {
    unsigned private[N_KEYS], public[N_KEYS], data[N_CREDENTIALS], all;
};

static size_t key_of_point(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    uint8_t point[128], ours[128];
    const CK_ULONG n = attr_get(h, o, CKA_EC_POINT, point, sizeof(point));
    size_t i;

    for (i = 0; i < N_KEYS; i++) {
        size_t n_ours = 0;

        assert_int_equal(EVP_PKEY_get_octet_string_param(keys[i], "pub", ours, sizeof(ours),
                                                         &n_ours),
                         1);
        /* A DER OCTET STRING: two bytes in front. */
        if (n == n_ours + 2 && memcmp(point + 2, ours, n_ours) == 0)
            break;
    }
    assert_true(i < N_KEYS);
    return i;
}

static void key_works(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, EVP_PKEY *pkey)
{
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    const struct scheme scheme = {.md = "SHA256"};
    uint8_t data[] = "signed after the kill", signature[64];
    CK_ULONG n = sizeof(signature);

    ASSERT_OK(p11->C_SignInit(h, &m, o));
    ASSERT_OK(p11->C_Sign(h, data, sizeof(data), signature, &n));
    assert_true(evp_verify(pkey, &scheme, SPAN_ARRAY(data), span_of(signature, n)));
}

static void take_data(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, struct content *c)
{
    char label[64] = "", value[64] = "", expected[64];
    size_t i = N_CREDENTIALS;

    (void)attr_get(h, o, CKA_LABEL, label, sizeof(label) - 1);
    (void)attr_get(h, o, CKA_VALUE, value, sizeof(value) - 1);
    assert_int_equal(sscanf(label, "CREDENTIAL_%zu", &i), 1);
    assert_true(i < N_CREDENTIALS);
    (void)snprintf(expected, sizeof(expected), "value %zu", i);
    assert_string_equal(value, expected);
    c->data[i]++;
}

static void take_object(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, struct content *c)
{
    const CK_ULONG class = attr_ulong(h, o, CKA_CLASS);

    c->all++;
    if (class == CKO_DATA) {
        take_data(h, o, c);
        return;
    }
    if (class == CKO_PUBLIC_KEY) {
        c->public[key_of_point(h, o)]++;
        return;
    }
    assert_int_equal(class, CKO_PRIVATE_KEY);
    c->private[key_of_point(h, o)]++;
    assert_false(attr_bool(h, o, CKA_LOCAL));
    assert_true(attr_bool(h, o, CKA_SENSITIVE));
    assert_false(attr_bool(h, o, CKA_EXTRACTABLE));
    key_works(h, o, keys[key_of_point(h, o)]);
}

static void read_content(struct content *c)
{
    CK_SESSION_HANDLE h;
    CK_OBJECT_HANDLE o[2 * N_KEYS + N_CREDENTIALS + 64];
    CK_ULONG n = 0;

    memset(c, 0, sizeof(*c));
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    ASSERT_OK(p11->C_FindObjectsInit(h, NULL, 0));
    ASSERT_OK(p11->C_FindObjects(h, o, N_ELEMENTS(o), &n));
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    for (CK_ULONG i = 0; i < n; i++) {
        const CK_ULONG class = attr_ulong(h, o[i], CKA_CLASS);

        if (class == CKO_DATA || class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY)
            take_object(h, o[i], c);
    }
    ASSERT_OK(p11->C_Finalize(NULL));
}

#define CHILD_NONE 10
#define CHILD_SOME 11
#define CHILD_ALL  12

/* None twice, and whole pairs. Says how much there is. */
static int check_child(void *arg)
{
    struct content c;

    (void)arg;
    read_content(&c);
    for (size_t i = 0; i < N_KEYS; i++) {
        assert_true(c.private[i] <= 1);
        assert_int_equal(c.private[i], c.public[i]);
    }
    for (size_t i = 0; i < N_CREDENTIALS; i++)
        assert_true(c.data[i] <= 1);
    if (c.all == 0)
        return CHILD_NONE;
    return c.all == 2 * N_KEYS + N_CREDENTIALS ? CHILD_ALL : CHILD_SOME;
}

static int make_child(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* -- tests ------------------------------------------------------------------------------------ */

/* Copy a directory of the scratch directory over another one. */
static void copy_store(const char *from, const char *to)
{
    char command[1600];

    (void)snprintf(command, sizeof(command), "cd '%s' && rm -rf %s && cp -a %s %s", scratch, to,
                   from, to);
    assert_int_equal(system(command), 0);
}

static void empty_store(void)
{
    copy_store("empty", "store");
}

static int group_setup(void **state)
{
    (void)state;
    scratch_make(NULL);
    module_load();
    source_make();
    assert_int_equal(in_child(make_child, NULL), 0);
    copy_store("store", "empty");
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KEYS; i++)
        EVP_PKEY_free(keys[i]);
    module_unload();
    scratch_remove();
    return 0;
}

static struct timespec store_changed(void)
{
    char path[512];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/store/data.mdb", scratch);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mtim;
}

/* Wait until the store is another one than it was, a minute at most. */
static void wait_for_change(struct timespec before)
{
    const struct timespec step = {.tv_nsec = 100000};
    const uint64_t begin = now_us();
    struct timespec now;

    do {
        (void)nanosleep(&step, NULL);
        now = store_changed();
    } while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec &&
             now_us() - begin < 60000000);
}

/* How long an import takes, in microseconds, and when in it the store changes first. */
static uint64_t time_import(uint64_t *ret_first)
{
    struct timespec before;
    uint64_t begin;
    pid_t pid;

    empty_store();
    before = store_changed();
    begin = now_us();
    pid = import_start();
    wait_for_change(before);
    *ret_first = now_us() - begin;
    assert_int_equal(import_wait(pid), 0);
    return now_us() - begin;
}

/* One import, killed so long after its start, or after its first change of the store. */
static int killed_import(bool after_change, uint64_t us)
{
    const struct timespec wait = {.tv_sec = (time_t)(us / 1000000),
                                  .tv_nsec = (long)(us % 1000000) * 1000};
    struct timespec before;
    pid_t pid;

    empty_store();
    before = store_changed();
    pid = import_start();
    if (after_change)
        wait_for_change(before);
    (void)nanosleep(&wait, NULL);
    (void)kill(pid, SIGKILL);
    return import_wait(pid);
}

static void killed_anywhere(void **state)
{
    const unsigned long kills =
        number("TEE_TEST_KILLS", getenv("TEE_TEST_LONG") != NULL ? 200 : 12);
    const unsigned long seed = number("TEE_TEST_SEED", (unsigned long)time(NULL));
    unsigned seen[CHILD_ALL + 1] = {0};
    uint64_t usual, first;

    (void)state;
    srand48((long)seed);
    usual = time_import(&first);
    assert_int_equal(in_child(check_child, NULL), CHILD_ALL);
    for (unsigned long i = 0; i < kills; i++) {
        /* By turns in all its time, and in the part of it that writes. */
        const bool writing = i % 2 == 1;
        const double within = (double)(writing ? usual - first : usual);
        const int code = killed_import(writing, (uint64_t)(drand48() * within));
        int left;

        assert_true(code == 128 + SIGKILL || code == 0);
        left = in_child(check_child, NULL);
        assert_in_range(left, CHILD_NONE, CHILD_ALL);
        seen[left]++;
        assert_int_equal(import_wait(import_start()), 0);
        assert_int_equal(in_child(check_child, NULL), CHILD_ALL);
    }
    print_message("%lu kills in %llu us (seed %lu): nothing was there yet after %u, a part after "
                  "%u, all after %u\n",
                  kills, (unsigned long long)usual, seed, seen[CHILD_NONE], seen[CHILD_SOME],
                  seen[CHILD_ALL]);
}

/* Nobody knows of the others before the first transaction of each. */
static void several_at_once(void **state)
{
    pid_t pids[N_AT_ONCE];

    (void)state;
    empty_store();
    for (size_t i = 0; i < N_AT_ONCE; i++)
        pids[i] = import_start();
    for (size_t i = 0; i < N_AT_ONCE; i++)
        assert_int_equal(import_wait(pids[i]), 0);
    assert_int_equal(in_child(check_child, NULL), CHILD_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/import/killed-anywhere", killed_anywhere, NULL, NULL, NULL},
        {"/import/several-at-once", several_at_once, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
