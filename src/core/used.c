/* SPDX-License-Identifier: BSD-2-Clause */
/* used.c - the queue of uses that the audit log has not heard of yet; see used.h. */
#include "core/used.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/lib.h"
#include "core/token.h"
#include "core/unique.h"
#include "keyring/audit.h"
#include "keyring/counts.h"
#include "keyring/meta.h"
#include "util/log.h"

#define QUEUE_MAX   4096 /* records that wait; more only where writing them fails */
#define BATCH       256  /* so many are written whatever the time */
#define RECENT      16   /* records that another use of the same second may become one with */
#define COUNT_DELAY 60   /* seconds between counts, where nothing else is written */
#define STRICT_WAIT 1    /* seconds that a use waits at most which the token itself wants told */
#define KEY_TEXT    (2 * UNIQUE_ID + 1)

struct used {
    struct used *next;
    uint8_t token[TOKEN_ID];
    CK_FLAGS flag;
    const struct mech *row;
    char key[KEY_TEXT], about[KEY_TEXT]; /* CKA_UNIQUE_ID; empty: none */
    uint64_t time;                       /* when it ended */
    CK_RV rv;
    uint32_t n;  /* uses */
    bool told;   /* else: only counted */
    bool strict; /* by the token's own wish, of which no configuration makes less */
};

/* What is told, and how; constant between C_Initialize and C_Finalize. */
static struct {
    CK_FLAGS told;
    bool counted;
    bool refuses; /* a use that could not be told */
    uint32_t delay;
} how;

/* What waits. Guarded by `lock`. */
struct queue {
    struct used *first, **last;
    size_t n;
    bool strict;   /* one of them may not wait for longer than STRICT_WAIT */
    uint64_t lost; /* uses that there was no room for */
    struct used *recent[RECENT];
    size_t next_recent;
    struct counts counts;
    bool has_counts;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct queue queue;
static uint64_t begun_at;   /* seconds: C_Initialize. Constant after it */
static uint64_t written_at; /* seconds: when the queue was last written. Guarded by `lock` */
static bool blocked;        /* the last try failed. Guarded by `lock` */

static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER; /* held while a batch is written */

static atomic_bool any; /* something was told or counted: there may be something to write */

/* All threads of a server come by here: only the first writes. */
static void note_any(void)
{
    if (!atomic_load_explicit(&any, memory_order_relaxed))
        atomic_store(&any, true);
}

static struct queue queue_empty(void)
{
    return (struct queue){.first = NULL};
}

/* -- the configuration ----------------------------------------------------------------------- */

#define SECRET_FLAGS                                                                               \
    (CKF_SIGN | CKF_SIGN_RECOVER | CKF_DECRYPT | CKF_WRAP | CKF_UNWRAP | CKF_DERIVE |              \
     CKF_DECAPSULATE)
#define ALL_FLAGS (SECRET_FLAGS | CKF_ENCRYPT | CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_ENCAPSULATE)

static const CK_FLAGS flags_of[] = {
    [CONF_KEY_USE_NONE] = 0,
    [CONF_KEY_USE_SECRET] = SECRET_FLAGS,
    [CONF_KEY_USE_ALL] = ALL_FLAGS,
};

void used_install(const struct conf *c)
{
    how.told = flags_of[c->audit_key_use];
    how.counted = c->count_operations;
    how.refuses = c->audit_full == CONF_AUDIT_FULL_REFUSE;
    how.delay = c->audit_delay;
    queue = queue_empty();
    begun_at = meta_now();
    written_at = 0;
    blocked = false;
    atomic_store(&any, false);
}

void used_forget(void)
{
    static const pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;

    memcpy(&lock, &fresh, sizeof(lock));
    memcpy(&writing, &fresh, sizeof(writing));
    queue = queue_empty();
    atomic_store(&any, false);
}

/* -- writing --------------------------------------------------------------------------------- */

/* "sign CKM_ECDSA_SHA256 5f0c... ok 3": docs/formats.md. */
static CK_RV tell(const struct keyring *k, struct txn *t, const struct used *u)
{
    char outcome[2 + 16 + 1] = "ok";

    if (u->rv == USED_UNFINISHED)
        (void)snprintf(outcome, sizeof(outcome), "unfinished");
    else if (u->rv != CKR_OK)
        (void)snprintf(outcome, sizeof(outcome), "0x%lx", u->rv);
    return audit_add_at(k, t, u->time, AUDIT_KEY_USED, u->token, "%s %s %s %s %" PRIu32 "%s%s",
                        counts_name(u->flag), u->row->name, u->key[0] != '\0' ? u->key : "-",
                        outcome, u->n, u->about[0] != '\0' ? " " : "", u->about);
}

struct batch {
    const struct keyring *k;
    const struct queue *q;
};

static CK_RV write_txn(struct txn *t, void *arg)
{
    const struct batch *b = arg;

    for (const struct used *u = b->q->first; u != NULL; u = u->next)
        TRY(tell(b->k, t, u));
    if (b->q->lost > 0)
        TRY(audit_add(b->k, t, AUDIT_KEY_USES_LOST, NULL, "%" PRIu64 " uses of keys were not told",
                      b->q->lost));
    return b->q->has_counts ? counts_add(t, &b->q->counts) : CKR_OK;
}

static void free_all(struct used *u)
{
    while (u != NULL) {
        struct used *next = u->next;

        free(u);
        u = next;
    }
}

/* With `lock` held: what could not be written goes back in front of what came meanwhile. */
static void put_back_locked(struct queue *old)
{
    struct used **last = &old->first;

    while (*last != NULL)
        last = &(*last)->next;
    *last = queue.first;
    if (queue.first == NULL)
        queue.last = last == &old->first ? NULL : last;
    queue.first = old->first;
    queue.n += old->n;
    queue.strict = queue.strict || old->strict;
    queue.lost += old->lost;
    counts_merge(&queue.counts, &old->counts);
    queue.has_counts = queue.has_counts || old->has_counts;
}

static bool take_locked(struct queue *ret)
{
    if (queue.n == 0 && queue.lost == 0 && !queue.has_counts)
        return false;
    *ret = queue;
    queue = queue_empty();
    return true;
}

/* A disk that is full is full for every use: it is said once, and when it is over. */
static void say_how_it_went(CK_RV rv, bool was_blocked)
{
    if (rv != CKR_OK && !was_blocked)
        log_err("uses of keys can't be written to the audit log (error 0x%lx): %s", rv,
                how.refuses ? "keys are not used until they are"
                            : "those that find no room are only counted, and no key of a token "
                              "that asks for it is used");
    else if (rv == CKR_OK && was_blocked)
        log_info("uses of keys are written to the audit log again");
}

/* With `writing` held. */
static CK_RV write_all(struct keyring *k)
{
    struct queue q = queue_empty();
    struct batch b = {k, &q};
    bool waits, was_blocked;
    CK_RV rv;

    pthread_mutex_lock(&lock);
    waits = take_locked(&q);
    pthread_mutex_unlock(&lock);
    if (!waits)
        return CKR_OK;
    rv = store_write(keyring_store(k), write_txn, &b);
    pthread_mutex_lock(&lock);
    was_blocked = blocked;
    blocked = rv != CKR_OK;
    written_at = meta_now();
    if (blocked)
        put_back_locked(&q);
    pthread_mutex_unlock(&lock);
    if (rv == CKR_OK)
        free_all(q.first);
    say_how_it_went(rv, was_blocked);
    return rv;
}

/* `wait`: for who is writing already, so that afterwards all is written that waited before. */
static CK_RV write_now(bool wait)
{
    struct keyring *k;
    CK_RV rv;

    if (wait)
        pthread_mutex_lock(&writing);
    else if (pthread_mutex_trylock(&writing) != 0)
        return CKR_OK;
    k = lib_keyring_if_open();
    rv = k != NULL ? write_all(k) : CKR_OK;
    keyring_unref(k);
    pthread_mutex_unlock(&writing);
    return rv;
}

/* -- queueing -------------------------------------------------------------------------------- */

static bool is_same(const struct used *a, const struct used *b)
{
    return a->time == b->time && a->row == b->row && a->flag == b->flag && a->rv == b->rv &&
           memcmp(a->token, b->token, TOKEN_ID) == 0 && strcmp(a->key, b->key) == 0 &&
           strcmp(a->about, b->about) == 0;
}

static bool join_recent_locked(const struct used *u)
{
    for (size_t i = 0; i < RECENT; i++) {
        struct used *r = queue.recent[i];

        if (r == NULL || !is_same(r, u) || r->n == UINT32_MAX)
            continue;
        r->n++;
        queue.strict = queue.strict || u->strict;
        return true;
    }
    return false;
}

static void append_locked(struct used *u)
{
    if (queue.first == NULL)
        queue.last = &queue.first;
    *queue.last = u;
    queue.last = &u->next;
    queue.n++;
    queue.strict = queue.strict || u->strict;
    queue.recent[queue.next_recent++ % RECENT] = u;
}

/* Returns what is to be freed. */
static struct used *queue_locked(struct used *u)
{
    if (how.counted) {
        counts_note(&queue.counts, u->flag, u->rv == CKR_OK);
        queue.has_counts = true;
    }
    if (!u->told || join_recent_locked(u))
        return u;
    if (queue.n >= QUEUE_MAX) { /* only where uses are counted rather than refused, or many ended
                                   together while the disk was full */
        queue.lost++;
        return u;
    }
    append_locked(u);
    return NULL;
}

/* How long what waits may wait, and since when: counts alone since C_Initialize, so that a process
 * that ends soon writes once. */
static uint32_t delay_locked(uint64_t *ret_since)
{
    if (queue.n == 0 && queue.lost == 0) {
        *ret_since = written_at > begun_at ? written_at : begun_at;
        return COUNT_DELAY;
    }
    *ret_since = written_at;
    return queue.strict && how.delay > STRICT_WAIT ? STRICT_WAIT : how.delay;
}

/* A disk that took nothing is asked again once in a while, not for each use that waits. */
static bool is_due_locked(uint64_t now)
{
    uint64_t since;
    const uint32_t delay = delay_locked(&since);

    if (blocked)
        return now < since || now - since >= (delay > 0 ? delay : 1);
    return queue.n >= BATCH || now < since || now - since >= delay;
}

/* -- uses ------------------------------------------------------------------------------------ */

static void key_name(const struct object *o, char ret[KEY_TEXT])
{
    const struct span id = attrs_span(object_attrs(o), CKA_UNIQUE_ID);

    if (id.n == KEY_TEXT - 1)
        memcpy(ret, id.p, id.n);
}

/* Where a use that can't be told is refused, the log has to take them: it is asked again. */
static CK_RV check_room(bool told, bool strict)
{
    bool full;

    if (!told || (!how.refuses && !strict))
        return CKR_OK;
    pthread_mutex_lock(&lock);
    full = blocked || queue.n >= QUEUE_MAX;
    pthread_mutex_unlock(&lock);
    return full ? write_now(true) : CKR_OK;
}

static CK_RV used_new(struct used **ret)
{
    struct used *u = calloc(1, sizeof(*u));

    ENSURE(u != NULL, CKR_HOST_MEMORY);
    u->n = 1;
    *ret = u;
    return CKR_OK;
}

/* The rest of used_begin(): it is told, or counted. */
static CK_RV watch(const struct token *t, CK_FLAGS flag, const struct mech *row,
                   const struct object *o, bool strict, struct used **ret)
{
    const bool told = strict || (how.told & flag) != 0;
    struct used *u;

    TRY(check_room(told, strict));
    TRY(used_new(&u));
    note_any();
    u->told = told;
    u->strict = strict;
    memcpy(u->token, token_id(t), TOKEN_ID);
    u->flag = flag;
    u->row = row;
    key_name(o, u->key);
    u->next = *ret;
    *ret = u;
    return CKR_OK;
}

CK_RV used_begin(struct token *t, CK_FLAGS flag, const struct mech *row, const struct object *o,
                 struct used **ret)
{
    enum conf_key_use asked;
    bool strict;

    TRY(token_key_use(t, &asked));
    strict = (flags_of[asked] & flag) != 0;
    if (__builtin_expect(!strict && (how.told & flag) == 0 && !how.counted, 1))
        return CKR_OK;
    return watch(t, flag, row, o, strict, ret);
}

CK_RV used_again(const struct used *u, struct used **ret)
{
    struct used *made;

    if (u == NULL)
        return CKR_OK;
    TRY(check_room(u->told, u->strict));
    TRY(used_new(&made));
    *made = *u;
    made->next = NULL;
    *ret = made;
    return CKR_OK;
}

void used_about(struct used *u, const struct object *o)
{
    if (u != NULL)
        key_name(o, u->about);
}

void used_drop_watched(struct used *u)
{
    free_all(u);
}

void used_end_watched(struct used *u, CK_RV rv)
{
    const uint64_t now = meta_now();
    struct used *unneeded = NULL;
    bool due;

    pthread_mutex_lock(&lock);
    while (u != NULL) {
        struct used *next = u->next, *left;

        u->next = NULL;
        u->time = now;
        u->rv = rv;
        left = queue_locked(u);
        if (left != NULL) {
            left->next = unneeded;
            unneeded = left;
        }
        u = next;
    }
    due = is_due_locked(now);
    pthread_mutex_unlock(&lock);
    free_all(unneeded);
    if (due && write_now(how.delay == 0) != CKR_OK)
        return; /* logged; the next use is refused, or it waits on */
}

void used_note_unsealing(const struct unsealing *u)
{
    if (!how.counted)
        return;
    note_any();
    pthread_mutex_lock(&lock);
    counts_note_unsealing(&queue.counts, u);
    queue.has_counts = true;
    pthread_mutex_unlock(&lock);
}

void used_flush(void)
{
    if (atomic_load(&any) && write_now(true) != CKR_OK)
        return; /* logged */
}

void used_finish(void)
{
    if (!atomic_load(&any))
        return;
    if (write_now(true) != CKR_OK)
        log_err("%zu records of uses of keys, and %" PRIu64 " uses besides, are lost to the audit "
                "log",
                queue.n, queue.lost);
    free_all(queue.first);
    queue = queue_empty();
    atomic_store(&any, false);
}
