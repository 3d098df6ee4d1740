/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-disk.c - an application's calls on a disk that fails: errors in any of its calls, once or
 * for ever, writes that come out short, a disk that is full from some byte on, read-only or closed
 * in the middle, the power that goes with sectors of what was not synced there or not, and kill -9
 * in each call that reaches the disk.
 *
 * Each case is a process of its own on the same store: one call meets one fault. It is done, or
 * refused with the right code and the cause in the log. Then the disk is well again, and in this
 * process as in the next one all objects are there, once, whole, and work: the state is the one
 * before the call or the one after it, and after it where the call said so.
 *
 * TEE_DISK_CASES: how many cases, evenly taken from all (default 300, 100 under
 * AddressSanitizer; TEE_TEST_LONG: all of them, and more of each kind).
 */
#include "fault/disk.h"
#include "fault/step.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/reference.h"
#include "support/sanitized.h"
#include "support/worker.h"

#define N_VALUE      40
#define N_BIG        200000
#define OTHER_PIN    "4321"
#define WRONG_PIN    "9999"
#define MAX_CASES    20000
#define HUNG_SECONDS 60

/* No code of the standard: what is there is not what should be there. */
#define NOT_TRUE ((CK_RV)0xdeadu)
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "line %d: not so: %s\n", __LINE__, #condition);                  \
            return NOT_TRUE;                                                                       \
        }                                                                                          \
    } while (0)

static char store[300];
static struct raw_file base;
static bool is_long;
static CK_SESSION_HANDLE session;

/* -- what is there ----------------------------------------------------------------------------- */

/* What may be there or not; the rest of the store is always the same. */
enum thing {
    NEW = 1 << 0,
    VICTIM = 1 << 1,
    OLD_NAME = 1 << 2,
    NEW_NAME = 1 << 3,
    PAIR = 1 << 4,
    COPY = 1 << 5,
    BIG = 1 << 6,
    THE_OTHER_PIN = 1 << 7,
    SECOND_TOKEN = 1 << 8,
};
#define AT_FIRST (VICTIM | OLD_NAME)

static const struct {
    const char *label;
    enum thing thing; /* 0: always there */
    CK_BBOOL is_private;
    const char *value_of; /* whose value it has */
} data[] = {
    {"public", 0, CK_FALSE, "public"},
    {"private", 0, CK_TRUE, "private"},
    {"new", NEW, CK_TRUE, "new"},
    {"victim", VICTIM, CK_TRUE, "victim"},
    {"old name", OLD_NAME, CK_FALSE, "old name"},
    {"new name", NEW_NAME, CK_FALSE, "old name"},
    {"copy", COPY, CK_TRUE, "private"},
};

static void value_of(const char *label, uint8_t ret[N_VALUE])
{
    fill_pattern(ret, N_VALUE, (unsigned)label[0] * 7 + (unsigned)strlen(label));
}

static CK_RV log_in(CK_USER_TYPE user, const char *pin)
{
    return p11->C_Login(session, user, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
}

static CK_RV enter(void)
{
    return p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);
}

static CK_RV find(CK_ATTRIBUTE *v, CK_ULONG n_v, CK_OBJECT_HANDLE found[32], CK_ULONG *ret_n)
{
    STEP(p11->C_FindObjectsInit(session, v, n_v));
    STEP(p11->C_FindObjects(session, found, 32, ret_n));
    return p11->C_FindObjectsFinal(session);
}

static CK_RV find_one(CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret,
                      bool *ret_found)
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR(CKA_LABEL, label, strlen(label))};
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n = 0;

    STEP(find(v, 2, found, &n));
    HOLDS(n <= 1);
    *ret_found = n == 1;
    *ret = n == 1 ? found[0] : CK_INVALID_HANDLE;
    return CKR_OK;
}

static CK_RV look_at_data(size_t i, unsigned *things)
{
    uint8_t value[N_VALUE] = {0}, expected[N_VALUE];
    CK_BBOOL is_private = 2;
    CK_ATTRIBUTE v[] = {{CKA_VALUE, value, sizeof(value)}, {CKA_PRIVATE, &is_private, 1}};
    CK_OBJECT_HANDLE o;
    bool found;

    STEP(find_one(CKO_DATA, data[i].label, &o, &found));
    HOLDS(found || data[i].thing != 0);
    if (!found)
        return CKR_OK;
    *things |= data[i].thing;
    STEP(p11->C_GetAttributeValue(session, o, v, 2));
    value_of(data[i].value_of, expected);
    HOLDS(memcmp(value, expected, N_VALUE) == 0 && is_private == data[i].is_private);
    return CKR_OK;
}

static CK_RV look_at_big(unsigned *things)
{
    static uint8_t value[N_BIG], expected[N_BIG];
    CK_ATTRIBUTE v = {CKA_VALUE, value, sizeof(value)};
    CK_OBJECT_HANDLE o;
    bool found;

    STEP(find_one(CKO_DATA, "big", &o, &found));
    if (!found)
        return CKR_OK;
    *things |= BIG;
    STEP(p11->C_GetAttributeValue(session, o, &v, 1));
    fill_pattern(expected, N_BIG, 77);
    HOLDS(v.ulValueLen == N_BIG && memcmp(value, expected, N_BIG) == 0);
    return CKR_OK;
}

static CK_RV sign_and_verify(CK_OBJECT_HANDLE priv, CK_OBJECT_HANDLE pub)
{
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    CK_BYTE text[16] = "a text", signature[64];
    CK_ULONG n = sizeof(signature);

    STEP(p11->C_SignInit(session, &m, priv));
    STEP(p11->C_Sign(session, text, sizeof(text), signature, &n));
    STEP(p11->C_VerifyInit(session, &m, pub));
    return p11->C_Verify(session, text, sizeof(text), signature, n);
}

/* Both halves, or none; and they belong together. */
static CK_RV look_at_pair(const char *label, bool *ret_there)
{
    CK_OBJECT_HANDLE priv, pub;
    bool has_priv, has_pub;

    STEP(find_one(CKO_PRIVATE_KEY, label, &priv, &has_priv));
    STEP(find_one(CKO_PUBLIC_KEY, label, &pub, &has_pub));
    HOLDS(has_priv == has_pub);
    *ret_there = has_pub;
    return has_pub ? sign_and_verify(priv, pub) : CKR_OK;
}

/* Nothing is there but what was named. */
static CK_RV look_for_others(unsigned things)
{
    CK_OBJECT_HANDLE found[32];
    CK_ULONG n = 0, expected = 4; /* two of data, a pair */

    for (unsigned bit = 1; bit <= BIG; bit <<= 1)
        expected += (things & bit) == 0 ? 0 : bit == PAIR ? 2 : 1;
    STEP(find(NULL, 0, found, &n));
    HOLDS(n == expected);
    return CKR_OK;
}

/* Something made, found and gone again: the store can be written to. */
static CK_RV work(void)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TRUE(CKA_TOKEN),
                        ATTR_TEXT(CKA_LABEL, "passing")};
    CK_OBJECT_HANDLE made, o;
    bool found;

    STEP(p11->C_CreateObject(session, v, 3, &made));
    STEP(find_one(CKO_DATA, "passing", &o, &found));
    HOLDS(found && o == made);
    STEP(p11->C_DestroyObject(session, made));
    return CKR_OK;
}

static CK_RV look_at_objects(unsigned *things)
{
    bool there;

    for (size_t i = 0; i < N_ELEMENTS(data); i++)
        STEP(look_at_data(i, things));
    STEP(look_at_big(things));
    STEP(look_at_pair("key", &there));
    HOLDS(there);
    STEP(look_at_pair("pair", &there));
    *things |= there ? PAIR : 0;
    return look_for_others(*things);
}

/* As the user, whichever PIN he has, in new sessions. */
static CK_RV look_as_user(unsigned *things)
{
    CK_RV rv;

    (void)p11->C_CloseAllSessions(0);
    STEP(enter());
    rv = log_in(CKU_USER, USER_PIN);
    if (rv == CKR_PIN_INCORRECT) {
        *things |= THE_OTHER_PIN;
        rv = log_in(CKU_USER, OTHER_PIN);
    }
    return rv;
}

static CK_RV look(unsigned *ret_things)
{
    unsigned things = 0;
    CK_TOKEN_INFO info;

    STEP(look_as_user(&things));
    STEP(look_at_objects(&things));
    STEP(work());
    STEP(p11->C_GetTokenInfo(1, &info));
    things |= (info.flags & CKF_TOKEN_INITIALIZED) != 0 ? SECOND_TOKEN : 0;
    *ret_things = things;
    return CKR_OK;
}

/* -- the calls that meet a fault --------------------------------------------------------------- */

static CK_RV create(const char *label, CK_BBOOL is_private, const void *value, CK_ULONG n)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TRUE(CKA_TOKEN),
                        ATTR_OBJ(CKA_PRIVATE, is_private), ATTR(CKA_LABEL, label, strlen(label)),
                        ATTR(CKA_VALUE, value, n)};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    const CK_RV rv = p11->C_CreateObject(session, v, N_ELEMENTS(v), &o);

    HOLDS((rv == CKR_OK) == (o != CK_INVALID_HANDLE));
    return rv;
}

static CK_RV create_data(const char *label, CK_BBOOL is_private)
{
    uint8_t value[N_VALUE];

    value_of(label, value);
    return create(label, is_private, value, sizeof(value));
}

static CK_OBJECT_HANDLE target; /* found before the fault */

static CK_RV target_find(CK_OBJECT_CLASS class, const char *label)
{
    bool found;

    STEP(find_one(class, label, &target, &found));
    HOLDS(found);
    return CKR_OK;
}

static CK_RV run_create(void)
{
    return create_data("new", CK_TRUE);
}

static CK_RV run_big(void)
{
    static uint8_t value[N_BIG];

    fill_pattern(value, N_BIG, 77);
    return create("big", CK_TRUE, value, N_BIG);
}

static CK_RV before_destroy(void)
{
    return target_find(CKO_DATA, "victim");
}

static CK_RV run_destroy(void)
{
    return p11->C_DestroyObject(session, target);
}

static CK_RV before_rename(void)
{
    return target_find(CKO_DATA, "old name");
}

static CK_RV run_rename(void)
{
    CK_ATTRIBUTE v = ATTR_TEXT(CKA_LABEL, "new name");

    return p11->C_SetAttributeValue(session, target, &v, 1);
}

static CK_RV before_copy(void)
{
    return target_find(CKO_DATA, "private");
}

static CK_RV run_copy(void)
{
    CK_ATTRIBUTE v = ATTR_TEXT(CKA_LABEL, "copy");
    CK_OBJECT_HANDLE o;

    return p11->C_CopyObject(session, target, &v, 1, &o);
}

static CK_RV generate(const char *label)
{
    CK_MECHANISM m = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE v[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)), ATTR_TRUE(CKA_TOKEN),
                        ATTR(CKA_LABEL, label, strlen(label))};
    CK_OBJECT_HANDLE pub = CK_INVALID_HANDLE, priv = CK_INVALID_HANDLE;
    const CK_RV rv = p11->C_GenerateKeyPair(session, &m, v, 3, v + 1, 2, &pub, &priv);

    HOLDS((rv == CKR_OK) == (pub != CK_INVALID_HANDLE && priv != CK_INVALID_HANDLE));
    return rv;
}

static CK_RV run_pair(void)
{
    return generate("pair");
}

static CK_UTF8CHAR *text(const char *s)
{
    return (CK_UTF8CHAR *)(uintptr_t)s;
}

static CK_RV run_set_pin(void)
{
    return p11->C_SetPIN(session, text(USER_PIN), strlen(USER_PIN), text(OTHER_PIN),
                         strlen(OTHER_PIN));
}

static CK_RV run_init_pin(void)
{
    return p11->C_InitPIN(session, text(OTHER_PIN), strlen(OTHER_PIN));
}

static CK_RV run_rotate(void)
{
    CK_MECHANISM m = {CKM_TEE_DEK_KEY_GEN, NULL, 0};
    CK_OBJECT_HANDLE o;

    return p11->C_GenerateKey(session, &m, NULL, 0, &o);
}

static CK_RV run_init_token(void)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    return p11->C_InitToken(1, text(SO_PIN), strlen(SO_PIN), label);
}

static CK_RV run_login(void)
{
    return log_in(CKU_USER, USER_PIN);
}

static CK_RV before_login(void)
{
    const CK_RV rv = log_in(CKU_USER, WRONG_PIN);

    return rv == CKR_PIN_INCORRECT ? CKR_OK : rv;
}

/* A wrong PIN is called wrong only once it is counted. */
static CK_RV run_wrong_pin(void)
{
    const CK_RV rv = log_in(CKU_USER, WRONG_PIN);
    CK_TOKEN_INFO info;

    HOLDS(rv != CKR_OK);
    if (rv != CKR_PIN_INCORRECT)
        return rv;
    STEP(p11->C_GetTokenInfo(0, &info));
    HOLDS((info.flags & CKF_USER_PIN_COUNT_LOW) != 0);
    return CKR_OK;
}

static CK_RV run_start_up(void)
{
    STEP(p11->C_Initialize(NULL));
    STEP(enter());
    return log_in(CKU_USER, USER_PIN);
}

/* What only reads, from a disk of which nothing is in memory. */
static CK_RV run_read(void)
{
    unsigned things = 0;

    STEP(look_at_objects(&things));
    HOLDS(things == AT_FIRST);
    return CKR_OK;
}

#define NOBODY ((CK_USER_TYPE)99) /* has a session, is not logged in */
#define NOT_UP ((CK_USER_TYPE)98) /* C_Initialize is the step's own */

static const struct step {
    const char *name;
    CK_USER_TYPE user; /* who is logged in when the fault comes */
    CK_RV (*before)(void);
    CK_RV (*run)(void);
    unsigned makes, takes; /* enum thing */
    bool reads;            /* cases are about reading */
} steps[] = {
    {"C_CreateObject", CKU_USER, NULL, run_create, NEW, 0, false},
    {"C_DestroyObject", CKU_USER, before_destroy, run_destroy, 0, VICTIM, false},
    {"C_SetAttributeValue", CKU_USER, before_rename, run_rename, NEW_NAME, OLD_NAME, false},
    {"C_CopyObject", CKU_USER, before_copy, run_copy, COPY, 0, false},
    {"C_GenerateKeyPair", CKU_USER, NULL, run_pair, PAIR, 0, false},
    {"C_CreateObject, 200 kB", CKU_USER, NULL, run_big, BIG, 0, false},
    {"C_SetPIN", CKU_USER, NULL, run_set_pin, THE_OTHER_PIN, 0, false},
    {"C_InitPIN", CKU_SO, NULL, run_init_pin, THE_OTHER_PIN, 0, false},
    {"DEK rotation", CKU_SO, NULL, run_rotate, 0, 0, false},
    {"C_InitToken", NOBODY, NULL, run_init_token, SECOND_TOKEN, 0, false},
    {"C_Login", NOBODY, before_login, run_login, 0, 0, false},
    {"C_Login, wrong PIN", NOBODY, NULL, run_wrong_pin, 0, 0, false},
    {"C_Initialize to C_Login", NOT_UP, NULL, run_start_up, 0, 0, false},
    {"find, read, sign", CKU_USER, NULL, run_read, 0, 0, true},
    {"C_Initialize to C_Login, cold", NOT_UP, NULL, run_start_up, 0, 0, true},
};

/* -- a case, in a child ------------------------------------------------------------------------ */

enum outcome { DONE, REFUSED, DONE_THOUGH_REFUSED, DIED_READING, CRASHED, HUNG, WRONG, N_OUTCOMES };
static const char *const outcome_names[] = {
    "done", "refused", "done though refused", "killed by SIGBUS", "CRASHED", "HUNG", "WRONG"};

enum kind {
    EIO_KIND,
    SHORT_KIND,
    FULL_KIND,
    READ_ONLY_KIND,
    DENIED_KIND,
    POWER_KIND,
    KILL_KIND,
    READ_KIND,
    N_KINDS
};
static const char *const kind_names[] = {"EIO",       "short write",     "disk full",
                                         "read-only", "permission lost", "power cut",
                                         "kill -9",   "EIO on reading"};

struct trial {
    const struct step *step;
    enum kind kind;
    char plan[64];  /* before the call; "": none */
    char after[32]; /* after it; "": the disk is well again */
};

/* What the child has to tell: shared memory. */
static struct report {
    bool ran, looked;
    CK_RV rv, look_rv;
    unsigned things;
    struct disk_counts counts;
} * report;

static int log_fd = -1; /* the child's standard error */

static void log_clear(void)
{
    assert_int_equal(ftruncate(log_fd, 0), 0);
    assert_int_equal(lseek(log_fd, 0, SEEK_SET), 0);
}

static CK_RV child_prepare(const struct step *s)
{
    if (s->user == NOT_UP)
        return CKR_OK;
    STEP(p11->C_Initialize(NULL));
    STEP(enter());
    if (s->user == CKU_USER)
        STEP(log_in(CKU_USER, USER_PIN));
    if (s->user == CKU_SO)
        STEP(log_in(CKU_SO, SO_PIN));
    return s->before != NULL ? s->before() : CKR_OK;
}

/* The call meets the fault. What the log has been told before is not about that. */
static void child_run(const struct trial *t)
{
    log_clear();
    disk_plan("reset");
    if (t->plan[0] != '\0')
        disk_plan("%s", t->plan);
    report->rv = t->step->run();
    report->counts = disk_counts();
    report->ran = true;
    if (t->after[0] != '\0')
        disk_plan("%s", t->after);
}

static void child_main(const struct trial *t)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    const struct rlimit none = {0};

    for (size_t i = 0; i < N_ELEMENTS(signals); i++)
        (void)signal(signals[i], SIG_DFL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setenv("CMOCKA_TEST_ABORT", "1", 1);
    (void)alarm(HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    if (child_prepare(t->step) != CKR_OK)
        _exit(2);
    child_run(t);
    if (t->kind == POWER_KIND)
        _exit(0); /* dead with its machine */
    disk_plan("reset");
    if (t->step->user == NOT_UP && report->rv != CKR_OK) {
        (void)p11->C_Finalize(NULL);
        report->look_rv = p11->C_Initialize(NULL);
    }
    if (report->look_rv == CKR_OK)
        report->look_rv = look(&report->things);
    report->looked = true;
    (void)p11->C_Finalize(NULL);
    _exit(0);
}

static int child_look(void *arg)
{
    (void)arg;
    (void)alarm(HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    *report = (struct report){.looked = true};
    report->look_rv = p11->C_Initialize(NULL);
    if (report->look_rv == CKR_OK)
        report->look_rv = look(&report->things);
    (void)p11->C_Finalize(NULL);
    return 0;
}

/* What a child said, from its first line on. */
static const char *log_from(off_t at)
{
    static char text[16384];
    const ssize_t n = pread(log_fd, text, sizeof(text) - 1, at);

    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* What was said first. Printed by fprintf(): cmocka's print_error() cuts at 1 KiB. */
static const char *log_text(void)
{
    return log_from(0);
}

/* What was said last. */
static const char *log_end(void)
{
    const off_t n = lseek(log_fd, 0, SEEK_END);

    return log_from(n > 4096 ? n - 4096 : 0);
}

/* -- judgement --------------------------------------------------------------------------------- */

static unsigned state_after(const struct step *s)
{
    return (AT_FIRST | s->makes) & ~s->takes;
}

static bool is_right_code(enum kind kind, CK_RV rv)
{
    if (kind == FULL_KIND)
        return rv == CKR_DEVICE_MEMORY;
    return rv == CKR_DEVICE_ERROR;
}

static const char *cause_of(enum kind kind)
{
    static const char *const causes[] = {
        [EIO_KIND] = "Input/output error",   [SHORT_KIND] = "Input/output error",
        [FULL_KIND] = "full|No space left",  [READ_ONLY_KIND] = "Read-only file system",
        [DENIED_KIND] = "Permission denied", [READ_KIND] = "Input/output error",
    };

    return causes[kind];
}

/* Does the log name the cause, in a line that is an error's? */
static bool log_names(const char *causes)
{
    const char *log = log_text();
    char one[64];

    if (strstr(log, "error: ") == NULL)
        return false;
    for (const char *at = causes; *at != '\0';) {
        const size_t n = strcspn(at, "|");

        (void)snprintf(one, sizeof(one), "%.*s", (int)n, at);
        if (strstr(log, one) != NULL)
            return true;
        at += n + (at[n] == '|' ? 1 : 0);
    }
    return false;
}

static enum outcome say_wrong(const struct trial *t, const char *what, CK_RV rv, unsigned things)
{
    (void)fprintf(stderr, "%s, \"%s\" %s: %s: 0x%lx, state 0x%x\n%s\n", t->step->name, t->plan,
                  t->after, what, rv, things, log_text());
    return WRONG;
}

/* The call itself: *ret is what it said. */
static enum outcome judge_call(const struct trial *t, const struct report *r)
{
    if (r->rv == CKR_OK)
        return DONE;
    if (t->kind == POWER_KIND)
        return REFUSED; /* nobody was told */
    if (r->counts.hits == 0 && t->kind != FULL_KIND)
        return say_wrong(t, "refused without a fault", r->rv, 0);
    if (!is_right_code(t->kind, r->rv))
        return say_wrong(t, "not the right code", r->rv, 0);
    if (!log_names(cause_of(t->kind)))
        return say_wrong(t, "the log does not name the cause", r->rv, 0);
    return REFUSED;
}

/* What is there afterwards, if the call was `o`. */
static enum outcome judge_look(const struct trial *t, enum outcome o, const struct report *r,
                               const char *where)
{
    const unsigned after = state_after(t->step);

    if (r->look_rv != CKR_OK)
        return say_wrong(t, where, r->look_rv, r->things);
    if (r->things == after && after != AT_FIRST && o == REFUSED)
        return DONE_THOUGH_REFUSED;
    if (r->things == (o == REFUSED ? AT_FIRST : after))
        return o;
    return say_wrong(t, where, r->look_rv, r->things);
}

static enum outcome of_death(const struct trial *t, int status)
{
    if (WTERMSIG(status) == SIGALRM)
        return HUNG;
    return WTERMSIG(status) == SIGBUS && t->kind == READ_KIND ? DIED_READING : CRASHED;
}

/* In its call, or never: it was done without. Nobody was told. */
static bool was_killed(const struct trial *t, int status)
{
    return t->kind == KILL_KIND && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static enum outcome judge_next_process(const struct trial *t, enum outcome o)
{
    log_clear();
    if (in_child(child_look, NULL) != 0)
        return say_wrong(t, "the next process died", 0, 0);
    return judge_look(t, o, report, "in the next process");
}

/* The case, from a whole store to the judgement; *ret_counts: the calls that reached the disk. */
static enum outcome try_it(const struct trial *t, struct disk_counts *ret_counts)
{
    enum outcome o;
    int status = 0;
    pid_t pid;

    disk_restore(store, &base);
    *report = (struct report){0};
    (void)fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_main(t);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *ret_counts = report->counts;
    if (was_killed(t, status)) /* the lock file stays as the dead one left it */
        return judge_next_process(t, REFUSED);
    if (WIFSIGNALED(status)) {
        disk_reboot(store);
        o = of_death(t, status);
        if (o != DIED_READING)
            return say_wrong(t, outcome_names[o], 0, 0);
        return judge_next_process(t, REFUSED) == REFUSED ? o : WRONG;
    }
    if (WEXITSTATUS(status) != 0 || !report->ran)
        return say_wrong(t, "could not be tried", report->rv, 0);
    o = judge_call(t, report);
    if (o == WRONG)
        return o;
    if (t->kind == POWER_KIND) {
        disk_reboot(store);
        return judge_next_process(t, o);
    }
    o = judge_look(t, o, report, "in the same process");
    if (o == WRONG || judge_next_process(t, o) == o)
        return o;
    return say_wrong(t, "another state in the next process", report->look_rv, report->things);
}

/* -- the cases --------------------------------------------------------------------------------- */

static struct trial trials[MAX_CASES];
static size_t n_trials;

static void add(const struct step *s, enum kind kind, const char *after, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

static void add(const struct step *s, enum kind kind, const char *after, const char *fmt, ...)
{
    struct trial *t = &trials[n_trials++];
    va_list args;

    assert_true(n_trials < MAX_CASES);
    *t = (struct trial){.step = s, .kind = kind};
    (void)snprintf(t->after, sizeof(t->after), "%s", after);
    va_start(args, fmt);
    (void)vsnprintf(t->plan, sizeof(t->plan), fmt, args);
    va_end(args);
}

/* Each call of one kind fails, once and from there on. */
static void add_each(const struct step *s, const char *op, unsigned n, enum kind kind, int error)
{
    for (unsigned i = 0; i < n; i++) {
        add(s, kind, "", "fail %s %d %u 1 0", op, error, i);
        add(s, kind, "", "fail %s %d %u 0 0", op, error, i);
    }
}

static void add_short(const struct step *s, unsigned n)
{
    static const unsigned parts[] = {512, 4096, 1, 4095};

    for (unsigned i = 0; i < n; i++) {
        for (size_t p = 0; p < (is_long ? N_ELEMENTS(parts) : 1); p++)
            add(s, SHORT_KIND, "", "fail write %d %u 1 %u", EIO, i, parts[p]);
    }
}

/* Pages that a disk has left; the last ones are more than is needed. */
static void add_full(const struct step *s)
{
    for (unsigned pages = 0; pages < (is_long ? 80 : 24); pages += pages < 16 ? 1 : 4)
        add(s, FULL_KIND, "", "room %u", pages * 4096);
}

static void add_power(const struct step *s, const struct disk_counts *c)
{
    const unsigned n_seeds = is_long ? 40 : 4;

    for (unsigned seed = 1; seed <= n_seeds; seed++) {
        for (unsigned i = 0; i < c->write; i++)
            add(s, POWER_KIND, "", "cut write %u %u", i, seed);
        for (unsigned i = 0; i < c->sync; i++)
            add(s, POWER_KIND, "", "cut sync %u %u", i, seed);
        {
            char now[32];

            (void)snprintf(now, sizeof(now), "cut now 0 %u", seed);
            add(s, POWER_KIND, now, "%s", "");
        }
    }
}

/* In each call that changes the disk, before it is done and after. */
static void add_kills(const struct step *s, const struct disk_counts *c)
{
    const unsigned n = c->write + c->sync + c->size + c->open + c->make;

    for (unsigned i = 0; i < n; i++) {
        add(s, KILL_KIND, "", "kill any %u 0", i);
        add(s, KILL_KIND, "", "kill any %u 1", i);
    }
}

static void add_step(const struct step *s, const struct disk_counts *c)
{
    if (s->reads) {
        add_each(s, "read", c->read, READ_KIND, EIO);
        return;
    }
    add_each(s, "write", c->write, EIO_KIND, EIO);
    add_each(s, "sync", c->sync, EIO_KIND, EIO);
    add_each(s, "size", c->size, EIO_KIND, EIO);
    add_each(s, "open", c->open, EIO_KIND, EIO);
    add_each(s, "make", c->make, EIO_KIND, EIO);
    add_each(s, "write", c->write, FULL_KIND, ENOSPC);
    add_each(s, "size", c->size, FULL_KIND, ENOSPC);
    add_short(s, c->write);
    add_full(s);
    add(s, READ_ONLY_KIND, "", "read-only");
    for (unsigned i = 0; i < c->write + c->sync; i++)
        add(s, READ_ONLY_KIND, "", "fail any %d %u 0 0", EROFS, i);
    add(s, DENIED_KIND, "", "denied");
    add_power(s, c);
    add_kills(s, c);
}

/* How often a step calls, when nothing fails: what can fail is that. */
static void cases_make(void)
{
    for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
        const struct trial t = {.step = &steps[i], .kind = EIO_KIND};
        struct disk_counts counts;

        assert_int_equal(try_it(&t, &counts), DONE);
        add_step(&steps[i], &counts);
    }
}

static void say_counts(unsigned n[N_KINDS][N_OUTCOMES])
{
    for (size_t k = 0; k < N_KINDS; k++) {
        print_message("%-16s", kind_names[k]);
        for (size_t o = 0; o < N_OUTCOMES; o++) {
            if (n[k][o] > 0)
                print_message(" %u %s", n[k][o], outcome_names[o]);
        }
        print_message("\n");
    }
}

static size_t wanted(void)
{
    const char *number = getenv("TEE_DISK_CASES");
    const size_t usual = SANITIZED_ADDRESS ? 100 : 300;
    const size_t n = number != NULL ? strtoul(number, NULL, 10) : is_long ? MAX_CASES : usual;

    return n < n_trials ? n : n_trials;
}

static void test_cases(void **state)
{
    static unsigned n[N_KINDS][N_OUTCOMES];
    unsigned n_wrong = 0;
    size_t n_wanted;

    (void)state;
    cases_make();
    n_wanted = wanted();
    for (size_t i = 0; i < n_wanted; i++) {
        const struct trial *t = &trials[i * n_trials / n_wanted];
        struct disk_counts counts;
        const enum outcome o = try_it(t, &counts);

        n[t->kind][o]++;
        n_wrong += o >= CRASHED ? 1 : 0;
    }
    print_message("%zu of %zu cases\n", n_wanted, n_trials);
    say_counts(n);
    assert_int_equal(n_wrong, 0);
}

/* A whole store, and a child that asserts what it says to log_fd. */
static void in_child_or_say(int (*fn)(void *))
{
    int status;

    disk_restore(store, &base);
    log_clear();
    status = in_child(fn, NULL);
    if (status != 0)
        (void)fprintf(stderr, "%s\nchild: %d\n", log_end(), status);
    assert_int_equal(status, 0);
}

/* -- a full disk and PINs ---------------------------------------------------------------------- */

static int child_full(void *arg)
{
    CK_TOKEN_INFO info;

    (void)arg;
    (void)dup2(log_fd, STDERR_FILENO);
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(enter());
    disk_plan("room 0");
    for (unsigned i = 0; i < 20; i++)
        ASSERT_RV(CKR_DEVICE_MEMORY, log_in(CKU_USER, WRONG_PIN));
    ASSERT_RV(CKR_DEVICE_MEMORY, log_in(CKU_USER, USER_PIN));
    ASSERT_RV(CKR_DEVICE_MEMORY, log_in(CKU_SO, SO_PIN));
    assert_true(log_names("no PIN is tried"));
    disk_plan("reset");
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_int_equal(info.flags & CKF_USER_PIN_COUNT_LOW, 0);
    ASSERT_OK(log_in(CKU_USER, USER_PIN));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* A try that could not be counted is no try: the right PIN is not told from a wrong one. */
static void test_full_disk_tries_no_pin(void **state)
{
    (void)state;
    in_child_or_say(child_full);
}

/* -- a map that can't grow --------------------------------------------------------------------- */

#define N_LARGE    ((CK_ULONG)4 << 20)
#define MAX_LARGE  64
#define SPACE_LEFT ((rlim_t)160 << 20) /* the map gets 128 MiB of it, or 64 */

/* Address space that this process has in use. */
static rlim_t space_used(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%lu", &pages), 1);
    (void)fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void space_limit(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
}

static CK_RV create_large(unsigned i)
{
    static uint8_t value[N_LARGE];
    char label[16];

    (void)snprintf(label, sizeof(label), "large %u", i);
    fill_pattern(value, 4096, i);
    return create(label, CK_FALSE, value, N_LARGE);
}

static void assert_large(unsigned n)
{
    static uint8_t value[N_LARGE];
    CK_ATTRIBUTE v = {CKA_VALUE, value, sizeof(value)};
    uint8_t expected[4096];
    char label[16];

    for (unsigned i = 0; i < n; i++) {
        CK_OBJECT_HANDLE o;

        (void)snprintf(label, sizeof(label), "large %u", i);
        assert_int_equal(find_label(session, label, &o), 1);
        v.ulValueLen = sizeof(value);
        ASSERT_OK(p11->C_GetAttributeValue(session, o, &v, 1));
        fill_pattern(expected, sizeof(expected), i);
        assert_memory_equal(value, expected, sizeof(expected));
    }
}

static int child_map_full(void *arg)
{
    CK_RV rv = CKR_OK;
    unsigned n = 0;

    (void)arg;
    (void)dup2(log_fd, STDERR_FILENO);
    space_limit(space_used() + SPACE_LEFT);
    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    while (rv == CKR_OK && n < MAX_LARGE) {
        rv = create_large(n);
        n += rv == CKR_OK;
    }
    ASSERT_RV(CKR_DEVICE_MEMORY, rv);
    assert_true(n > 0 && log_names("no address space"));
    assert_null(strstr(strstr(log_text(), "no address space") + 1, "no address space"));
    space_limit(RLIM_INFINITY);
    assert_large(n);
    ASSERT_OK(create_large(n));
    assert_large(n + 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    assert_large(n + 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* LMDB's map is full and there is no address space for a larger one: refused, until there is. */
static void test_map_full(void **state)
{
    (void)state;
    if (SANITIZED_ADDRESS)
        skip(); /* has its own terabytes */
    in_child_or_say(child_map_full);
}

/* -- many threads ------------------------------------------------------------------------------ */

#define N_THREADS 6
#define N_BLOWS   40

static atomic_uint rounds;
static atomic_bool is_over;

struct worker {
    pthread_t thread;
    unsigned n_refused;
    struct failure failure; /* one that no disk is to blame for */
};

static struct failure one_round(void)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    struct failure f;
    CK_RV rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h);

    if (rv != CKR_OK)
        return (struct failure){"C_OpenSession", rv, __LINE__};
    f = worker_round(h, atomic_fetch_add(&rounds, 1) * 8); /* each writes */
    rv = p11->C_CloseSession(h);
    if (f.what == NULL && rv != CKR_OK)
        return (struct failure){"C_CloseSession", rv, __LINE__};
    return f;
}

static void *work_on(void *arg)
{
    struct worker *w = arg;

    while (!atomic_load(&is_over) && w->failure.what == NULL) {
        const struct failure f = one_round();

        if (f.what != NULL && f.rv == CKR_DEVICE_ERROR)
            w->n_refused++;
        else if (f.what != NULL)
            w->failure = f;
    }
    return NULL;
}

/* The disk fails a write or a sync now and then, and each time is well again at once. */
static void strike(void)
{
    for (unsigned i = 0; i < N_BLOWS; i++) {
        disk_plan("fail %s %d %u 1 0", i % 2 == 0 ? "write" : "sync", EIO, i % 7);
        usleep(40000);
    }
    disk_plan("reset");
}

static int child_threads(void *arg)
{
    struct worker workers[N_THREADS] = {{0}};
    unsigned n_refused = 0;

    (void)arg;
    (void)alarm(2 * HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    ASSERT_OK(p11->C_Initialize(NULL));
    session = open_user();
    worker_setup(session);
    for (size_t i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work_on, &workers[i]), 0);
    strike();
    atomic_store(&is_over, true);
    for (size_t i = 0; i < N_THREADS; i++) {
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        assert_no_failure(workers[i].failure);
        n_refused += workers[i].n_refused;
    }
    assert_no_failure(one_round());
    report->counts.hits = n_refused;
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* One thread opens the database anew while others are in it, or want to be. */
static void test_threads(void **state)
{
    (void)state;
    in_child_or_say(child_threads);
    print_message("%u rounds refused\n", report->counts.hits);
    assert_true(report->counts.hits > 0);
}

/* -- a store made on a disk that fails -----------------------------------------------------------
 */

/* From nothing to an object. */
static CK_RV make(void)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    STEP(p11->C_Initialize(NULL));
    STEP(p11->C_InitToken(0, text(SO_PIN), strlen(SO_PIN), label));
    STEP(enter());
    STEP(log_in(CKU_SO, SO_PIN));
    STEP(p11->C_InitPIN(session, text(USER_PIN), strlen(USER_PIN)));
    STEP(p11->C_Logout(session));
    STEP(log_in(CKU_USER, USER_PIN));
    return work();
}

static bool is_refusal(CK_RV rv)
{
    return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY || rv == CKR_TOKEN_NOT_PRESENT;
}

/* The plan is met on the way; when it is over the same process gets there, and the next. */
static int child_make(void *arg)
{
    CK_RV rv;

    (void)alarm(HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    disk_plan("reset");
    disk_plan("%s", (const char *)arg);
    rv = make();
    *report = (struct report){.rv = rv, .counts = disk_counts()};
    disk_plan("reset");
    (void)p11->C_Finalize(NULL);
    if (rv != CKR_OK && !is_refusal(rv))
        return 1;
    ASSERT_OK(make());
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void store_remove(void)
{
    static const char *const names[] = {"store/data.mdb", "store/lock.mdb", "store", "key"};
    char path[512];

    disk_plan("reset");
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", scratch, names[i]);
        (void)remove(path);
    }
}

/* Returns whether the plan was met. */
static bool make_once(const char *plan, unsigned *n_refused)
{
    store_remove();
    log_clear();
    if (in_child(child_make, (void *)(uintptr_t)plan) != 0) {
        (void)fprintf(stderr, "\"%s\": 0x%lx\n%s\n", plan, report->rv, log_text());
        fail();
    }
    *n_refused += report->rv != CKR_OK;
    return report->counts.hits > 0;
}

/* Each call of a kind in turn, until there is none. */
static unsigned make_each(const char *op, int error, unsigned times, unsigned *n_refused)
{
    const unsigned step = is_long || strcmp(op, "write") == 0 ? 1 : 3;
    unsigned i = 0;
    char plan[64];

    do {
        (void)snprintf(plan, sizeof(plan), "fail %s %d %u %u 0", op, error, i * step, times);
    } while (make_once(plan, n_refused) && ++i < 200);
    assert_true(i > 0);
    return i;
}

/* Dead with its machine. */
static int child_make_in_the_dark(void *arg)
{
    (void)alarm(HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    disk_plan("%s", (const char *)arg);
    (void)make();
    report->counts = disk_counts();
    return 0;
}

/* Then there is a store, or nothing, or what a person has to look at and the log says so. */
static int child_make_again(void *arg)
{
    (void)arg;
    (void)alarm(HUNG_SECONDS);
    (void)dup2(log_fd, STDERR_FILENO);
    report->rv = make();
    (void)p11->C_Finalize(NULL);
    if (report->rv == CKR_OK)
        return 0;
    return (is_refusal(report->rv) || report->rv == CKR_FUNCTION_REJECTED) &&
                   strstr(log_text(), "error: ") != NULL
               ? 0
               : 1;
}

static void test_power_cut_while_made(void **state)
{
    unsigned n = 0, n_made = 0, n_looked_at = 0;

    (void)state;
    for (unsigned seed = 1; seed <= (is_long ? 10 : 2); seed++) {
        unsigned i = 0;

        do {
            char plan[64];

            (void)snprintf(plan, sizeof(plan), "cut any %u %u", i, seed);
            store_remove();
            log_clear();
            assert_int_equal(in_child(child_make_in_the_dark, plan), 0);
            if (report->counts.hits == 0)
                break;
            disk_reboot(store);
            log_clear();
            if (in_child(child_make_again, NULL) != 0) {
                (void)fprintf(stderr, "\"%s\": 0x%lx\n%s\n", plan, report->rv, log_text());
                fail();
            }
            n++;
            n_made += report->rv == CKR_OK;
            n_looked_at += report->rv != CKR_OK;
            i += is_long ? 1 : 4;
        } while (i < 200);
    }
    print_message("%u power cuts on the way to a token: %u made later, %u to be looked at\n", n,
                  n_made, n_looked_at);
    assert_true(n > 0);
}

/* What could not be made is taken back: no lock file is left that tells of a store that was lost.
 */
static void test_made_on_it(void **state)
{
    unsigned n = 0, n_refused = 0;

    (void)state;
    n += make_each("write", EIO, 1, &n_refused);
    n += make_each("write", ENOSPC, 0, &n_refused);
    n += make_each("sync", EIO, 1, &n_refused);
    n += make_each("open", EACCES, 1, &n_refused);
    n += make_each("make", ENOSPC, 1, &n_refused);
    print_message("%u faults on the way to a token: %u refused\n", n, n_refused);
    assert_true(n_refused > n / 2);
}

/* -- a lock file without room --------------------------------------------------------------------
 */

/* Takes all that is left of the file system of the scratch directory. */
static void disk_fill(void)
{
    static const char zeros[65536];
    char path[512];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/filler", scratch);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t n = sizeof(zeros); n > 0;) {
        if (write(fd, zeros, n) <= 0)
            n = n > 1 ? n / 2 : 0;
    }
    assert_int_equal(close(fd), 0);
}

static void disk_empty(void)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/filler", scratch);
    assert_int_equal(unlink(path), 0);
}

static int child_makes(void *arg)
{
    (void)arg;
    ASSERT_OK(make());
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* The lock file is there, or it is not: then it can't be made. */
static int child_enters(void *arg)
{
    const CK_RV expected = *(const CK_RV *)arg;

    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(expected, enter());
    if (expected == CKR_OK)
        ASSERT_RV(CKR_DEVICE_MEMORY, log_in(CKU_USER, USER_PIN));
    else
        assert_true(log_names("no room on the disk"));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* In a name space of its own, with a file system of 16 MiB that goes with it. */
static int child_full_lock_file(void *arg)
{
    CK_RV expected = CKR_OK;

    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", arg, "tmpfs", 0, "size=16m,mode=0700") != 0)
        return 77;
    (void)dup2(log_fd, STDERR_FILENO);
    (void)snprintf(scratch, 256, "%s", (const char *)arg);
    scratch_configure(NULL);
    (void)snprintf(store, sizeof(store), "%s/store", scratch);
    assert_int_equal(in_child(child_makes, NULL), 0);
    disk_fill();
    assert_int_equal(in_child(child_enters, &expected), 0);
    expected = CKR_DEVICE_MEMORY;
    disk_empty();
    disk_lock_remove(store);
    disk_fill();
    assert_int_equal(in_child(child_enters, &expected), 0);
    disk_empty();
    assert_int_equal(in_child(child_makes, NULL), 0);
    return 0;
}

/* LMDB writes to its lock file through a map: on a full disk that would be SIGBUS. */
static void test_full_lock_file(void **state)
{
    char directory[] = "/tmp/tee-full-XXXXXX";
    int status;

    (void)state;
    assert_non_null(mkdtemp(directory));
    log_clear();
    status = in_child(child_full_lock_file, directory);
    assert_int_equal(rmdir(directory), 0);
    if (status == 77) {
        print_message("nothing can be mounted here\n");
        skip();
    }
    if (status == 0)
        return;
    (void)fprintf(stderr, "%s\n", log_text());
    fail();
}

/* -- who is there while the disk fails others ----------------------------------------------------
 */

/* Looks for each byte that it is sent, and answers with one: did it find what the next one finds?
 */
static int child_witness(void *arg)
{
    const int *ends = arg; /* what it reads, what it writes */
    char byte;

    (void)dup2(log_fd, STDERR_FILENO);
    ASSERT_OK(p11->C_Initialize(NULL));
    while (write(ends[1], "", 1) == 1 && read(ends[0], &byte, 1) == 1) {
        report->look_rv = look(&report->things);
        report->looked = true;
    }
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

struct witness {
    pid_t pid;
    int to, from;
};

static void witness_wait(const struct witness *w)
{
    char byte;

    assert_int_equal(read(w->from, &byte, 1), 1);
}

static struct witness witness_start(void)
{
    int in[2], out[2];
    struct witness w;

    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    w = (struct witness){.pid = fork(), .to = in[1], .from = out[0]};
    assert_true(w.pid >= 0);
    if (w.pid == 0) {
        const int ends[2] = {in[0], out[1]};

        close(in[1]);
        _exit(child_witness((void *)(uintptr_t)ends));
    }
    close(in[0]);
    close(out[1]);
    witness_wait(&w);
    return w;
}

static void witness_end(const struct witness *w)
{
    int status = 0;

    close(w->to);
    assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
    close(w->from);
    assert_int_equal(status, 0);
}

/* In a child, which may die of it. */
static void run_trial(const struct step *s, const char *plan)
{
    struct trial t = {.step = s, .kind = EIO_KIND};
    pid_t pid;

    (void)snprintf(t.plan, sizeof(t.plan), "%s", plan);
    *report = (struct report){0};
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child_main(&t);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void assert_witness_sees(const struct witness *w, unsigned things, const char *plan)
{
    *report = (struct report){0};
    assert_int_equal(write(w->to, "", 1), 1);
    witness_wait(w);
    if (report->look_rv != CKR_OK || report->things != things)
        fail_msg("beside another, \"%s\": 0x%lx, state 0x%x and 0x%x\n%s", plan, report->look_rv,
                 report->things, things, log_text());
}

/* One call of another process fails, and the power stays on: both go on with the same objects. */
static void one_beside_a_witness(const struct step *s, const char *plan)
{
    struct witness w;

    disk_restore(store, &base);
    w = witness_start();
    run_trial(s, plan);
    assert_true(report->looked && report->look_rv == CKR_OK);
    assert_witness_sees(&w, report->things, plan);
    witness_end(&w);
}

/* Another process is killed in its call, with whatever locks it holds: who lives goes on at once,
 * and sees the call done or not, as does who comes new. Returns whether it came to that. */
static bool one_killed_beside_a_witness(const struct step *s, const char *plan)
{
    struct witness w;
    bool was_killed_in_it;
    unsigned things;

    disk_restore(store, &base);
    w = witness_start();
    run_trial(s, plan);
    was_killed_in_it = !report->ran;
    assert_int_equal(in_child(child_look, NULL), 0);
    things = report->things;
    assert_true(report->look_rv == CKR_OK && (things == AT_FIRST || things == state_after(s)));
    assert_witness_sees(&w, things, plan);
    witness_end(&w);
    return was_killed_in_it;
}

static void test_witness(void **state)
{
    char plan[64];

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(plan, sizeof(plan), "fail write %d %u 1 0", EIO, i);
        one_beside_a_witness(&steps[i % 6], plan);
        (void)snprintf(plan, sizeof(plan), "fail any %d %u 0 0", EIO, i);
        one_beside_a_witness(&steps[i % 6], plan);
        (void)snprintf(plan, sizeof(plan), "fail sync %d %u 1 0", EIO, i % 2);
        one_beside_a_witness(&steps[i / 2], plan);
    }
}

static void test_killed_beside_a_witness(void **state)
{
    unsigned n_killed = 0;

    (void)state;
    for (unsigned i = 0; i < (is_long ? 13 * 16 : 26); i++) {
        char plan[64];

        (void)snprintf(plan, sizeof(plan), "kill any %u %u", is_long ? i / 13 : i % 5, i % 2);
        n_killed += one_killed_beside_a_witness(&steps[i % 13], plan);
    }
    print_message("%u killed in their call beside another\n", n_killed);
    assert_true(n_killed > 10);
}

/* -- fixture ----------------------------------------------------------------------------------- */

static int make_store(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    session = open_user();
    for (size_t i = 0; i < N_ELEMENTS(data); i++) {
        if (data[i].thing == 0 || (data[i].thing & AT_FIRST) != 0)
            ASSERT_OK(create_data(data[i].label, data[i].is_private));
    }
    ASSERT_OK(generate("key"));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static int group_setup(void **state)
{
    (void)state;
    assert_true(disk_is_there());
    is_long = getenv("TEE_TEST_LONG") != NULL;
    (void)setenv("TEE_PKCS11_DEBUG", "conf", 1);
    scratch_make(NULL);
    module_load();
    (void)snprintf(store, sizeof(store), "%s/store", scratch);
    log_fd = memfd_create("log", MFD_CLOEXEC);
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(log_fd >= 0 && report != MAP_FAILED);
    assert_int_equal(in_child(make_store, NULL), 0);
    base = disk_keep(store);
    return 0;
}

static int group_teardown(void **state)
{
    disk_plan("reset");
    free(base.p);
    return teardown_module(state);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/disk/cases", test_cases),
        TEST("/disk/full-tries-no-pin", test_full_disk_tries_no_pin),
        TEST("/disk/map-full", test_map_full),
        TEST("/disk/full-lock-file", test_full_lock_file),
        TEST("/disk/beside-others", test_witness),
        TEST("/disk/killed-beside-others", test_killed_beside_a_witness),
        TEST("/disk/threads", test_threads),
        TEST("/disk/store-made", test_made_on_it), /* from here on the others' store is gone */
        TEST("/disk/store-made/power-cut", test_power_cut_while_made),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
