/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict.c - has a store looked at by child processes, and sums up; see verdict.h. */
#include "cli/verdict.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/child.h"
#include "cli/verdict_impl.h"
#include "store/page.h"
#include "store/place.h"

#define CHILDREN_MAX 64 /* that end by a signal before it is given up */
#define STEPS        2
#define STRIDE       16 /* of the first byte of a key, where no row of a table could be read */
#define STUCK_MAX    2  /* that stand still: each takes a minute to find out */

void verdict_clear(struct verdict *v)
{
    free(v->faults);
    v->faults = NULL;
}

/* -- faults ------------------------------------------------------------------------------------ */

const char *verdict_table(const struct verdict_fault *f)
{
    return survey_table_name(f->table);
}

/* Names are for people where all of it is text; ids of tokens, seals and objects are bytes. */
static bool is_text(const struct verdict_fault *f)
{
    bool text = f->n_key > 0;

    for (size_t i = 0; i < f->n_key; i++)
        text = text && isprint(f->key[i]);
    return text;
}

const char *verdict_key(const struct verdict_fault *f, char text[VERDICT_KEY])
{
    if (!is_text(f))
        return hex_encode(span_of(f->key, f->n_key), text);
    memcpy(text, f->key, f->n_key);
    text[f->n_key] = '\0';
    return text;
}

void verdict_print_faults(const struct verdict *v)
{
    char key[VERDICT_KEY];

    for (size_t i = 0; i < v->n_kept; i++) {
        const struct verdict_fault *f = &v->faults[i];

        fprintf(stderr, "tee-pkcs11: FAULT: %s%s%s: %s\n", verdict_table(f),
                f->n_key > 0 ? ", row " : "", verdict_key(f, key), f->what);
    }
    if (v->n_faults > v->n_kept)
        fprintf(stderr, "tee-pkcs11: and %llu %s more\n",
                (unsigned long long)(v->n_faults - v->n_kept),
                output_word(v->n_faults - v->n_kept, "fault", "faults"));
}

static void fault_add(struct verdict *v, unsigned table, struct span key, struct span what)
{
    struct verdict_fault *f;

    v->n_faults++;
    if (v->n_kept == VERDICT_FAULTS_MAX)
        return;
    f = &v->faults[v->n_kept++];
    f->table = table;
    f->n_key = key.n <= sizeof(f->key) ? key.n : 0;
    if (f->n_key > 0)
        memcpy(f->key, key.p, f->n_key);
    (void)snprintf(f->what, sizeof(f->what), "%.*s", (int)what.n, (const char *)what.p);
}

int verdict_code(const struct verdict *v)
{
    if (v->n_faults > 0)
        return EXIT_FAILED;
    return v->depth == VERDICT_WHOLE ? EXIT_DONE : EXIT_CLOSED;
}

/* -- messages ---------------------------------------------------------------------------------- */

struct asking {
    struct verdict *v;
    struct verdict_task task;
    struct buf bytes; /* of a message that has not all come */
    bool done;
    size_t n_opening; /* faults that were told before the tree was walked: few */
    int n_children, n_stuck;
};

static void take_fault(struct asking *a, struct cursor *c)
{
    const uint8_t table = cursor_u8(c);
    const struct span key = cursor_var(c), what = cursor_var(c);

    if (cursor_done(c))
        fault_add(a->v, table, key, what);
}

static void take_opened(struct asking *a, struct cursor *c)
{
    const uint8_t depth = cursor_u8(c);
    struct store_info info;

    cursor_copy(c, &info, sizeof(info));
    if (!cursor_done(c) || depth > VERDICT_WHOLE)
        return;
    info.root[sizeof(info.root) - 1] = '\0';
    a->v->depth = (enum verdict_depth)depth;
    a->v->store = info;
    if (a->task.phase <= PHASE_TREE && a->task.n_poison == 0)
        a->n_opening = a->v->n_kept;
}

static void take_seal(struct asking *a, struct cursor *c)
{
    struct verdict_seal s = {.authentic = false};
    uint8_t kind;

    cursor_copy(c, s.id, sizeof(s.id));
    kind = cursor_u8(c);
    s.authentic = cursor_u8(c) == 1;
    s.opens = cursor_u8(c) == 1;
    s.kind = (enum seal_kind)kind;
    if (cursor_done(c) && kind >= SEAL_PLATFORM && kind <= SEAL_OWNED && a->v->n_seals < SEAL_MAX)
        a->v->seals[a->v->n_seals++] = s;
}

static void take_message(struct asking *a, struct span message)
{
    struct cursor c = cursor_of(message);
    const uint8_t kind = cursor_u8(&c);

    if (kind == MESSAGE_FAULT)
        take_fault(a, &c);
    else if (kind == MESSAGE_OPENED)
        take_opened(a, &c);
    else if (kind == MESSAGE_SEAL)
        take_seal(a, &c);
    else if (kind == MESSAGE_DONE)
        a->v->logged = cursor_u8(&c) == 1;
    a->done = a->done || kind == MESSAGE_DONE;
}

/* Take what has come whole, and keep the rest. */
static void on_bytes(void *arg, struct span bytes)
{
    struct asking *a = arg;
    AUTO(buf_clear) struct buf rest = BUF_INIT;
    struct cursor c;

    buf_put(&a->bytes, bytes);
    for (c = cursor_of(buf_span(&a->bytes));;) {
        const struct cursor before = c;
        const struct span message = cursor_var(&c);

        if (c.failed) {
            buf_put(&rest, before.rest);
            break;
        }
        take_message(a, message);
    }
    if (rest.n > MESSAGE_MAX + 4) /* no message is so long: nothing sensible follows */
        rest.n = 0;
    buf_clear(&a->bytes);
    a->bytes = rest;
    rest = BUF_INIT;
}

static void on_tick(void *arg)
{
    const struct asking *a = arg;
    const struct verdict_place *p = a->task.place;
    uint64_t seen = 0;

    for (unsigned i = 0; i < STORE_N_TABLES; i++)
        seen += p->counts.seen[i];
    if (p->phase == PHASE_ROWS && seen < p->total)
        output_progress("verifying", seen, p->total);
}

/* -- going on where a child ended ----------------------------------------------------------------
 */

static void crashed(struct asking *a, unsigned table, struct span key, const char *what,
                    const struct child_end *end)
{
    char text[160];
    const int n = snprintf(text, sizeof(text), "%s (%s)", what, child_end_words(end));

    fault_add(a->v, table, key, span_of(text, (size_t)n));
}

/* Go on behind all keys that start with the first n bytes of this one. False: there are none. */
static bool key_after(const uint8_t *key, size_t n, struct verdict_task *task)
{
    while (n > 0 && key[n - 1] == UINT8_MAX)
        n--;
    if (n == 0)
        return false;
    memmove(task->from, key, n);
    task->from[n - 1]++;
    task->n_from = n;
    return true;
}

/* Nothing could be read from where it began: begin later, at first by a row or so, as ids of
 * objects follow each other. */
static bool from_later(struct verdict_task *task)
{
    if (task->n_from > 1 && task->n_steps++ < STEPS)
        return key_after(task->from, task->n_from, task);
    if (task->n_from > 1)
        return key_after(task->from, task->n_from - 1, task);
    if (task->n_from == 0)
        task->from[0] = 0;
    task->n_from = 1;
    if (task->from[0] > UINT8_MAX - STRIDE)
        return false;
    task->from[0] = (uint8_t)(task->from[0] + STRIDE);
    return true;
}

/* To behind a page that can't be read. How many rows are on it is not known, so each leap from the
 * same row is longer than the one before; then comes the next table. */
static void leap(struct verdict_task *task)
{
    const struct verdict_place *p = task->place;

    if (task->phase != PHASE_ROWS || task->table != p->table)
        task->n_from = 0;
    task->phase = PHASE_ROWS;
    task->table = p->table;
    if (p->n_key > 0)
        task->n_steps = 0;
    if (p->n_key > 0 ? key_after(p->key, p->n_key, task) : from_later(task))
        return;
    task->table++;
    task->n_from = 0;
}

/* The next child leaves the node out, walks the rest of the tree and tells what it has to tell. */
static bool leave_out(struct asking *a, const struct child_end *end)
{
    struct verdict_task *task = &a->task;
    const struct verdict_place *p = task->place;

    if (task->n_poison == POISON_MAX || task->phase > PHASE_TREE) {
        crashed(a, SURVEY_TREE, span_of(p->key, p->n_key), "can't be read", end);
        return false;
    }
    memcpy(task->poison[task->n_poison].key, p->key, p->n_key);
    task->poison[task->n_poison++].n_key = p->n_key;
    a->v->n_kept = a->n_opening;
    a->v->n_faults = a->n_opening;
    for (size_t i = 0; i < task->n_poison; i++)
        crashed(a, SURVEY_TREE, span_of(task->poison[i].key, task->poison[i].n_key),
                "can't be read", end);
    return true;
}

/* Note what ended the child; false: there is no going on. */
static bool go_on(struct asking *a, const struct child_end *end)
{
    struct verdict_task *task = &a->task;
    const struct verdict_place *p = task->place;
    const struct span key = span_of(p->key, p->n_key);
    const bool again = !task->no_keyring;

    if (p->phase == PHASE_TREE)
        return leave_out(a, end);
    if (p->phase == PHASE_OPEN) {
        crashed(a, SURVEY_N_TABLES, SPAN_EMPTY,
                again ? "what is needed to open it can't be read" : "can't be opened", end);
        task->no_keyring = true;
        return again;
    }
    crashed(a, p->table, key,
            p->phase == PHASE_ROWS ? "what follows can't be read" : "can't be read", end);
    if (p->phase == PHASE_ROWS)
        leap(task);
    return p->phase == PHASE_ROWS;
}

static int run(void *arg, int to)
{
    const struct asking *a = arg;

    return verdict_look(&a->task, to);
}

/* What the child wrote where both can: by whatever ended it, it may have written anything. */
static void place_check(struct verdict_place *p)
{
    if (p->n_key > sizeof(p->key))
        p->n_key = 0;
    if (p->table > SURVEY_N_TABLES)
        p->table = SURVEY_N_TABLES;
}

static CK_RV one_child(struct asking *a, struct child_end *end)
{
    struct verdict_place *p = a->task.place;
    const struct child_work work = {
        .run = run,
        .take = on_bytes,
        .tick = on_tick,
        .arg = a,
        .beat = &p->beat,
        .patience = &p->patience,
    };

    if (a->task.phase <= PHASE_TREE)
        memset(&p->counts, 0, sizeof(p->counts));
    p->phase = PHASE_OPEN;
    p->n_key = 0;
    buf_clear(&a->bytes);
    a->v->n_seals = 0;
    TRY(child_run(&work, end));
    place_check(p);
    return CKR_OK;
}

static int ask(struct asking *a)
{
    struct child_end end;

    while (!a->done) {
        const CK_RV rv = one_child(a, &end);

        if (rv != CKR_OK)
            return cli_rv(rv, "starting a process");
        if (a->done)
            break;
        if (end.signal == 0 && end.code != EXIT_DONE)
            return end.code;
        a->n_stuck += end.stuck;
        if (!go_on(a, &end) || ++a->n_children == CHILDREN_MAX || a->n_stuck == STUCK_MAX)
            break;
    }
    return EXIT_DONE;
}

/* -- the whole -----------------------------------------------------------------------------------
 */

/* The file is there, and LMDB may be shown it. An exit code; *ret_fit. */
static int look_first(const struct verdict_of *of, bool *ret_fit)
{
    AUTO(place_closep) int fd = -1;
    struct place place;
    struct stat st;
    CK_RV rv;

    if (of->path != NULL)
        rv = place_open_file(of->path, of->name, &fd, &st);
    else
        rv = place_look(of->conf->store, false, &place);
    if (rv == CKR_OK && of->path == NULL)
        rv = place_open_data(of->conf->store, &fd);
    if (rv != CKR_OK)
        return cli_rv(rv, "looking at the store");
    *ret_fit = page_check(fd, of->path != NULL ? of->name : of->conf->store) == CKR_OK;
    return EXIT_DONE;
}

static int find(const struct verdict_of *of, struct verdict *v, struct verdict_place *place)
{
    struct asking a = {.v = v, .task = {.of = of, .place = place}, .bytes = BUF_INIT};
    int code;

    code = ask(&a);
    buf_clear(&a.bytes);
    v->counts = place->counts;
    v->n_public = place->n_public;
    v->n_private = place->n_private;
    v->n_audit = place->n_audit;
    return code;
}

int verdict_find(const struct verdict_of *of, struct verdict *ret)
{
    struct verdict_place *place;
    bool fit = false;
    int code = look_first(of, &fit);

    if (code != EXIT_DONE)
        return code;
    ret->faults = calloc(VERDICT_FAULTS_MAX, sizeof(*ret->faults));
    place = child_shared(sizeof(*place));
    if (ret->faults == NULL || place == NULL) {
        child_shared_free(place, sizeof(*place));
        return cli_rv(CKR_HOST_MEMORY, "looking at the store");
    }
    if (fit)
        code = find(of, ret, place);
    else
        fault_add(ret, SURVEY_N_TABLES, SPAN_EMPTY,
                  SPAN_LIT("is damaged, or cut short: see the log"));
    child_shared_free(place, sizeof(*place));
    return code;
}
