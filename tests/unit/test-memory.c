/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-memory.c - what a process of the module has in its memory: after a login, a signature, a
 * logout and C_Finalize, all of its memory is read from outside and searched for every secret that
 * this test knows: PIN, master, T, role key, DEKs, key values.
 *
 * "A core file" is what the kernel would write into one: mappings without MADV_DONTDUMP. "Memory"
 * is everything, locked pages of wrapping keys too. Where the kernel writes cores as files, a real
 * one is made and searched as well.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyring/login.h"
#include "keyring/master.h"
#include "support/keyring_fixture.h"

extern char **environ;

/* -- what is looked for ------------------------------------------------------------------------ */

enum what {
    PIN,
    ROLE_KEY,
    PRIVATE_DEK,
    EC_VALUE,
    EC_LIMBS,
    AES_VALUE,
    READABLE_VALUE,
    PUBLIC_DEK,
    T,
    MASTER,
    N_WHAT
};
static const char *const names[N_WHAT] = {
    [PIN] = "the PIN",
    [ROLE_KEY] = "the user's role key",
    [PRIVATE_DEK] = "the private DEK",
    [EC_VALUE] = "the EC private key",
    [EC_LIMBS] = "the EC private key as a BIGNUM",
    [AES_VALUE] = "the AES key",
    [READABLE_VALUE] = "the readable secret key",
    [PUBLIC_DEK] = "the public DEK",
    [T] = "the token secret",
    [MASTER] = "the master key",
};

#define BIT(what)     (1u << (what))
#define OF_LOGIN      (BIT(PIN) | BIT(ROLE_KEY) | BIT(PRIVATE_DEK))
#define KEY_VALUES    (BIT(EC_VALUE) | BIT(EC_LIMBS) | BIT(AES_VALUE) | BIT(READABLE_VALUE))
#define WRAPPING_KEYS (BIT(ROLE_KEY) | BIT(PRIVATE_DEK) | BIT(PUBLIC_DEK) | BIT(T) | BIT(MASTER))

struct secrets {
    uint8_t p[N_WHAT][32];
    size_t n[N_WHAT];
};

static void know(struct secrets *s, enum what what, struct span value)
{
    assert_true(value.n >= 8 && value.n <= sizeof(s->p[what]));
    memcpy(s->p[what], value.p, value.n);
    s->n[what] = value.n;
}

/* Values for the keys that the client imports; a P-256 scalar below the order. */
static void make_values(struct secrets *s)
{
    uint8_t value[32], limbs[32];

    assert_int_equal(prim_random(value, sizeof(value)), CKR_OK);
    value[0] &= 0x7f;
    for (size_t i = 0; i < sizeof(value); i++)
        limbs[i] = value[sizeof(value) - 1 - i];
    know(s, EC_VALUE, SPAN_ARRAY(value));
    know(s, EC_LIMBS, SPAN_ARRAY(limbs));
    assert_int_equal(prim_random(value, sizeof(value)), CKR_OK);
    know(s, AES_VALUE, SPAN_ARRAY(value));
    assert_int_equal(prim_random(value, sizeof(value)), CKR_OK);
    know(s, READABLE_VALUE, SPAN_ARRAY(value));
    know(s, PIN, USER_PIN);
}

static void know_dek(struct secrets *s, enum what what, struct keyring *k, const uint8_t *token,
                     enum scope scope, const struct login *l)
{
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(dek_unrefp) struct dek *d = NULL;

    assert_int_equal(txn_begin_read(k->store, &t), CKR_OK);
    assert_int_equal(dek_get(k, t, token, scope, 0, l, &d), CKR_OK);
    know(s, what, dek_key(d));
}

/* The store's own secrets, by opening it here too. */
static void know_store(struct secrets *s, struct keyring_fixture *f)
{
    const struct token_info token = fixture_only_token(f);
    AUTO(login_unrefp) struct login *l = fixture_user(f, &token);
    AUTO(secret_freep) struct secret *master = NULL;
    struct ring_token *ring = NULL;
    struct header header;

    assert_int_equal(master_open(f->k, &master, &header), CKR_OK);
    assert_int_equal(ring_token_get(f->k, token.id, &ring), CKR_OK);
    know(s, MASTER, secret_span(master));
    know(s, T, secret_span(ring->t));
    know(s, ROLE_KEY, secret_span(l->private_key));
    know_dek(s, PRIVATE_DEK, f->k, token.id, SCOPE_PRIVATE, l);
    know_dek(s, PUBLIC_DEK, f->k, token.id, SCOPE_PUBLIC, NULL);
}

/* -- the process ------------------------------------------------------------------------------- */

struct client {
    pid_t pid;
    int to, from;
    char log[128];
};

static CK_RV client_answer(struct client *c)
{
    CK_RV rv = CKR_GENERAL_ERROR;

    assert_int_equal(read(c->from, &rv, sizeof(rv)), sizeof(rv));
    return rv;
}

/* `directory`: where it runs, or NULL. */
static void client_start_in(struct client *c, const char *log, const char *directory)
{
    int in[2], out[2];
    posix_spawn_file_actions_t actions;
    char *argv[] = {getenv("TEE_TEST_MEMORY_CLIENT"), NULL};

    assert_non_null(argv[0]);
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    (void)snprintf(c->log, sizeof(c->log), "%s", log);
    assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
    (void)posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log,
                                           O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (directory != NULL)
        (void)posix_spawn_file_actions_addchdir_np(&actions, directory);
    assert_int_equal(posix_spawn(&c->pid, argv[0], &actions, NULL, argv, environ), 0);
    (void)posix_spawn_file_actions_destroy(&actions);
    assert_int_equal(close(in[0]), 0);
    assert_int_equal(close(out[1]), 0);
    c->to = in[1];
    c->from = out[0];
    assert_int_equal(client_answer(c), CKR_OK);
}

static void client_start(struct client *c, const char *log)
{
    client_start_in(c, log, NULL);
}

static void client_say(struct client *c, const void *p, size_t n)
{
    assert_int_equal(write(c->to, p, n), (ssize_t)n);
}

static void client_say_secret(struct client *c, const struct secrets *s, enum what what)
{
    const uint8_t n = (uint8_t)s->n[what];

    client_say(c, &n, 1);
    client_say(c, s->p[what], n);
}

static void client_step(struct client *c, const char *what)
{
    client_say(c, what, 1);
    assert_int_equal(client_answer(c), CKR_OK);
}

static void client_login(struct client *c, const struct secrets *s)
{
    client_say(c, "L", 1);
    client_say_secret(c, s, PIN);
    assert_int_equal(client_answer(c), CKR_OK);
}

static void client_end(struct client *c)
{
    int status = 0;

    assert_int_equal(close(c->to), 0);
    assert_int_equal(close(c->from), 0);
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* -- looking ----------------------------------------------------------------------------------- */

struct region {
    unsigned long start, end;
    bool readable, dumped, locked, wiped_on_fork;
    char name[128];
};

/* The next mapping of /proc/PID/smaps, with the flags that the kernel keeps of it. */
static bool region_next(FILE *smaps, struct region *ret)
{
    char line[512], mode[8], name[128];
    unsigned long start, end;
    bool have = false;

    while (fgets(line, sizeof(line), smaps) != NULL) {
        name[0] = '\0';
        if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %127[^\n]", &start, &end, mode, name) >= 3) {
            have = true;
            *ret = (struct region){.start = start, .end = end, .readable = mode[0] == 'r'};
            memcpy(ret->name, name, sizeof(name));
        } else if (have && strncmp(line, "VmFlags:", 8) == 0) {
            ret->dumped = strstr(line, " dd") == NULL;
            ret->locked = strstr(line, " lo") != NULL;
            ret->wiped_on_fork = strstr(line, " wf") != NULL;
            return true;
        }
    }
    return false;
}

/* What of `s` stands in these bytes, as BIT()s; said, where it stands. */
static unsigned search(const uint8_t *p, size_t n, const struct secrets *s, const struct region *r,
                       unsigned wanted)
{
    unsigned found = 0;

    for (unsigned i = 0; i < N_WHAT; i++) {
        const uint8_t *at = memmem(p, n, s->p[i], s->n[i]);

        if (at == NULL)
            continue;
        found |= BIT(i);
        if ((wanted & BIT(i)) != 0)
            print_message("%s at %lx in %s\n", names[i], r->start + (unsigned long)(at - p),
                          r->name);
    }
    return found;
}

/* Where is looked: everywhere, in what a core file would have, or outside of the pages that are
 * made for wrapping keys, which are locked, in no core file and zeros in a child. */
enum place { ANYWHERE, IN_A_CORE, UNGUARDED };

#define LOCK_BYTES ((size_t)1 << 20) /* more than all wrapping keys of a client have */

/* A limit, a container or a security module may say no, to root as well. */
static bool lock_try(void)
{
    void *p = mmap(NULL, LOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool locked;

    assert_ptr_not_equal(p, MAP_FAILED);
    locked = mlock(p, LOCK_BYTES) == 0;
    if (!locked)
        print_message("memory can't be locked here (%s)\n", strerror(errno));
    assert_int_equal(munmap(p, LOCK_BYTES), 0);
    return locked;
}

/* Where the machine does not allow it, it is not asked for (util/secret.c warns); under CI=true
 * that is a failure. */
static bool can_lock(void)
{
    static enum { NOT_ASKED, NO, YES } answer;
    const char *ci = getenv("CI");

    if (answer == NOT_ASKED)
        answer = lock_try() ? YES : NO;
    if (answer == NO && ci != NULL && strcmp(ci, "true") == 0)
        fail_msg("memory can't be locked: raise RLIMIT_MEMLOCK");
    return answer == YES;
}

static bool region_is_in(const struct region *r, enum place place)
{
    if (place == IN_A_CORE)
        return r->dumped;
    return place == ANYWHERE || r->dumped || !r->wiped_on_fork || (!r->locked && can_lock());
}

/* The store's map is a file's: ciphertext, and gigabytes. The kernel's own pages can't be read. */
static bool region_counts(const struct region *r, enum place place)
{
    return r->readable && region_is_in(r, place) && strstr(r->name, "/tee-keyring-") == NULL &&
           strncmp(r->name, "[v", 2) != 0;
}

static unsigned region_search(int mem, const struct region *r, const struct secrets *s,
                              unsigned bad)
{
    const size_t n = r->end - r->start;
    uint8_t *copy = malloc(n);
    unsigned found;

    assert_non_null(copy);
    assert_int_equal(pread(mem, copy, n, (off_t)r->start), (ssize_t)n);
    found = search(copy, n, s, r, bad);
    free(copy);
    return found;
}

/* Which secrets are in that part of the client's memory; where those of `bad` are is said. */
static unsigned memory_search(const struct client *c, const struct secrets *s, enum place place,
                              unsigned bad)
{
    char path[64];
    struct region r;
    unsigned found = 0;
    FILE *smaps;
    int mem;

    (void)snprintf(path, sizeof(path), "/proc/%d/smaps", (int)c->pid);
    smaps = fopen(path, "re");
    (void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)c->pid);
    mem = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(smaps != NULL && mem >= 0);
    while (region_next(smaps, &r)) {
        if (region_counts(&r, place))
            found |= region_search(mem, &r, s, bad);
    }
    (void)fclose(smaps);
    (void)close(mem);
    return found;
}

/* -- the tests --------------------------------------------------------------------------------- */

struct memory_fixture {
    struct keyring_fixture *f;
    struct secrets s;
    char conf[128], log[128];
};

static void conf_write(const struct memory_fixture *m)
{
    FILE *file = fopen(m->conf, "we");

    assert_non_null(file);
    (void)fprintf(file, "store = \"%s\"\nroot = software\nsoftware-key = \"%s\"\n", m->f->store,
                  m->f->key);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("TEE_PKCS11_CONF", m->conf, 1), 0);
    assert_int_equal(setenv("TEE_PKCS11_DEBUG", "all", 1), 0);
}

/* A token, and three keys in it that another process imported. */
static int setup(void **state)
{
    struct memory_fixture *m = calloc(1, sizeof(*m));
    struct token_info token;
    struct client c;
    void *f = NULL;

    assert_non_null(m);
    (void)fixture_setup_token(&f);
    m->f = f;
    token = fixture_only_token(m->f);
    fixture_user_pin(m->f, &token);
    (void)snprintf(m->conf, sizeof(m->conf), "%s/conf", m->f->directory);
    (void)snprintf(m->log, sizeof(m->log), "%s/log", m->f->directory);
    conf_write(m);
    make_values(&m->s);
    client_start(&c, m->log);
    client_login(&c, &m->s);
    client_say(&c, "I", 1);
    client_say_secret(&c, &m->s, EC_VALUE);
    client_say_secret(&c, &m->s, AES_VALUE);
    client_say_secret(&c, &m->s, READABLE_VALUE);
    assert_int_equal(client_answer(&c), CKR_OK);
    client_end(&c);
    know_store(&m->s, m->f);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct memory_fixture *m = *state;
    void *f = m->f;

    free(m);
    return fixture_teardown(&f);
}

/* In the fixture's directory, where its core file goes. */
static void client_at_work(struct client *c, const struct memory_fixture *m)
{
    client_start_in(c, m->log, m->f->directory);
    client_login(c, &m->s);
    client_step(c, "S");
}

/* Logged in, with keys in use: wrapping keys are there, in pages that are locked, that no core file
 * gets and no child. */
static void test_logged_in(void **state)
{
    const struct memory_fixture *m = *state;
    const unsigned guarded = WRAPPING_KEYS | BIT(PIN);
    struct client c;

    client_at_work(&c, m);
    assert_int_equal(memory_search(&c, &m->s, IN_A_CORE, guarded) & guarded, 0);
    assert_int_equal(memory_search(&c, &m->s, UNGUARDED, guarded) & guarded, 0);
    /* It does look: what has to be somewhere is found. */
    assert_int_equal(memory_search(&c, &m->s, ANYWHERE, 0) &
                         (BIT(T) | BIT(ROLE_KEY) | BIT(AES_VALUE)),
                     BIT(T) | BIT(ROLE_KEY) | BIT(AES_VALUE));
    assert_int_equal(
        memory_search(&c, &m->s, ANYWHERE, BIT(MASTER) | BIT(PIN)) & (BIT(MASTER) | BIT(PIN)), 0);
    client_end(&c);
}

/* After C_Logout: nothing that the login opened, in no kind of memory. */
static void test_logged_out(void **state)
{
    const struct memory_fixture *m = *state;
    const unsigned gone = OF_LOGIN | KEY_VALUES;
    struct client c;

    client_at_work(&c, m);
    client_step(&c, "O");
    assert_int_equal(memory_search(&c, &m->s, ANYWHERE, gone) & gone, 0);
    client_end(&c);
}

/* The same where operations, processes and digests were begun, and the application has called
 * nothing on their sessions since. */
static void test_logged_out_in_the_middle(void **state)
{
    const struct memory_fixture *m = *state;
    const unsigned gone = OF_LOGIN | KEY_VALUES, used = BIT(AES_VALUE) | BIT(READABLE_VALUE);
    struct client c;

    client_at_work(&c, m);
    client_step(&c, "B");
    assert_int_equal(memory_search(&c, &m->s, ANYWHERE, 0) & used, used);
    client_step(&c, "O");
    assert_int_equal(memory_search(&c, &m->s, ANYWHERE, gone) & gone, 0);
    client_end(&c);
}

/* After C_Finalize: nothing at all, logged out before or not. */
static void test_finalized(void **state)
{
    const struct memory_fixture *m = *state;
    const unsigned all = OF_LOGIN | KEY_VALUES | WRAPPING_KEYS;

    for (int logged_out = 0; logged_out < 2; logged_out++) {
        struct client c;

        client_at_work(&c, m);
        if (logged_out)
            client_step(&c, "O");
        client_step(&c, "F");
        assert_int_equal(memory_search(&c, &m->s, ANYWHERE, all), 0);
        client_end(&c);
    }
}

/* -- a core file that the kernel wrote --------------------------------------------------------- */

/* Raises the limit for processes to come; false: this machine writes no core into the directory of
 * the process that dies (core(5)). */
static bool cores_are_files(void)
{
    const int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
    struct rlimit limit;
    char pattern[128] = "";
    const ssize_t n = fd >= 0 ? read(fd, pattern, sizeof(pattern) - 1) : -1;

    if (fd >= 0)
        (void)close(fd);
    assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_CORE, &limit), 0);
    return n > 0 && strncmp(pattern, "core", 4) == 0 && strchr(pattern, '/') == NULL &&
           limit.rlim_max == RLIM_INFINITY;
}

/* The only core file of the directory, which is removed. */
static void core_take(const char *directory, struct buf *ret)
{
    DIR *d = opendir(directory);
    const struct dirent *e;
    char path[512] = "";
    FILE *file;
    size_t n;

    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        if (strncmp(e->d_name, "core", 4) == 0)
            (void)snprintf(path, sizeof(path), "%s/%s", directory, e->d_name);
    }
    (void)closedir(d);
    file = fopen(path, "re");
    assert_non_null(file);
    do {
        uint8_t part[65536];

        n = fread(part, 1, sizeof(part), file);
        buf_put(ret, span_of(part, n));
    } while (n > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(buf_ok(ret), CKR_OK);
}

/* The client dies, and which secrets are in its core is told; where those of `bad` are is said. It
 * has the client's environment, so it is that process's and whole. */
static unsigned client_core(struct client *c, const struct memory_fixture *m, unsigned bad)
{
    static const struct region whole = {.name = "the core file"};
    AUTO(buf_clear) struct buf core = BUF_INIT;
    int status = 0;

    assert_int_equal(kill(c->pid, SIGABRT), 0);
    assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
    assert_int_equal(close(c->to), 0);
    assert_int_equal(close(c->from), 0);
    assert_true(WIFSIGNALED(status) && WCOREDUMP(status));
    core_take(m->f->directory, &core);
    assert_non_null(memmem(core.p, core.n, m->conf, strlen(m->conf)));
    return search(core.p, core.n, &m->s, &whole, bad);
}

/* Logged in, logged out, finalized: no wrapping key and no PIN in any of the three, and of the
 * keys' values only what a login has still open. */
static void test_core_file(void **state)
{
    static const char *const steps[] = {"", "O", "OF", "F"};
    const struct memory_fixture *m = *state;

    if (!cores_are_files()) {
        print_message("no core files here: kernel.core_pattern or the hard limit\n");
        skip();
    }
    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        const unsigned bad = WRAPPING_KEYS | OF_LOGIN | (i == 0 ? 0 : KEY_VALUES);
        struct client c;
        unsigned found;

        client_at_work(&c, m);
        for (const char *step = steps[i]; *step != '\0'; step++)
            client_step(&c, (char[]){*step, '\0'});
        found = client_core(&c, m, bad);
        assert_int_equal(found & bad, 0);
        /* It does look: an application's core has the values of keys in use. */
        if (i == 0)
            assert_int_equal(found & BIT(AES_VALUE), BIT(AES_VALUE));
    }
}

/* The log, with all of its topics on: no secret as bytes or in hexadecimal. */
static void test_log(void **state)
{
    const struct memory_fixture *m = *state;
    AUTO(buf_clear) struct buf log = BUF_INIT;
    struct client c;

    client_at_work(&c, m);
    client_step(&c, "F");
    client_end(&c);
    fixture_file(m->log, &log);
    assert_true(log.n > 0);
    for (unsigned i = 0; i < N_WHAT; i++) {
        char hex[17];

        for (size_t b = 0; b < 8; b++)
            (void)snprintf(hex + 2 * b, 3, "%02x", m->s.p[i][b]);
        assert_null(memmem(log.p, log.n, m->s.p[i], 8));
        assert_null(memmem(log.p, log.n, hex, 16));
    }
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/memory/logged-in", test_logged_in),
        TEST("/memory/logged-out", test_logged_out),
        TEST("/memory/logged-out-in-the-middle", test_logged_out_in_the_middle),
        TEST("/memory/finalized", test_finalized),
        TEST("/memory/core-file", test_core_file),
        TEST("/memory/log", test_log),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
