/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict_child.c - looks at a store from its first row to its last, and tells; see verdict_impl.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/verdict_impl.h"
#include "keyring/audit.h"
#include "keyring/inspect.h"
#include "keyring/token_row.h"
#include "vault/inspect.h"

#define PATIENCE_OPEN 600 /* seconds: a host may throttle its device */
#define PATIENCE_ROW  60

struct looking {
    const struct verdict_task *task;
    struct verdict_place *place;
    int to;
    struct store *store;
    struct keyring *keyring;     /* NULL: it doesn't open */
    struct inspector *inspector; /* NULL: the same */
    struct txn *txn;
    struct vault_survey *vault;
    struct survey *survey;
    enum verdict_depth depth;
    uint8_t authentic[SEAL_MAX][SEAL_ID]; /* seals */
    size_t n_authentic;
    uint64_t n_faults;
    bool logged;
};

static void survey_end_all(struct looking *l)
{
    survey_free(TAKE(l->survey));
    vault_survey_free(TAKE(l->vault));
    txn_end(TAKE(l->txn));
    inspector_free(TAKE(l->inspector));
}

static void looking_clear(struct looking *l)
{
    survey_end_all(l);
    keyring_unref(l->keyring);
    store_unref(l->store);
}

/* -- telling ----------------------------------------------------------------------------------- */

/* A parent that is gone takes this process with it. */
static void send(struct looking *l, const struct buf *message)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    size_t at = 0;

    buf_var(&bytes, buf_span(message));
    while (!message->failed && !bytes.failed && at < bytes.n) {
        const ssize_t n = write(l->to, bytes.p + at, bytes.n - at);

        if (n < 0 && errno != EINTR)
            _exit(EXIT_FAILED);
        at += n > 0 ? (size_t)n : 0;
    }
}

static void tell_fault(struct looking *l, unsigned table, struct span key, const char *what)
{
    AUTO(buf_clear) struct buf message = BUF_INIT;

    l->n_faults++;
    buf_u8(&message, MESSAGE_FAULT);
    buf_u8(&message, (uint8_t)table);
    buf_var(&message, key);
    buf_var(&message, span_of(what, strlen(what)));
    send(l, &message);
}

static void tell_opened(struct looking *l, const struct store_info *info)
{
    AUTO(buf_clear) struct buf message = BUF_INIT;

    buf_u8(&message, MESSAGE_OPENED);
    buf_u8(&message, (uint8_t)l->depth);
    buf_put(&message, SPAN_OBJ(*info));
    send(l, &message);
}

static void tell_done(struct looking *l)
{
    AUTO(buf_clear) struct buf message = BUF_INIT;

    buf_u8(&message, MESSAGE_DONE);
    buf_u8(&message, l->logged);
    send(l, &message);
}

static void at(struct looking *l, enum verdict_phase phase, unsigned patience)
{
    l->place->phase = phase;
    atomic_store(&l->place->patience, patience);
    atomic_fetch_add(&l->place->beat, 1);
}

/* -- opening ----------------------------------------------------------------------------------- */

static CK_RV store_start(struct looking *l)
{
    const struct verdict_of *of = l->task->of;

    if (of->path != NULL)
        return store_open_file(of->path, of->name, of->restored, of->conf->map_size, &l->store);
    return store_open(of->conf->store, false, of->conf->map_size, &l->store);
}

/* By the owner's proof, or by the platform. An exit code: EXIT_DONE also when it doesn't open. */
static int keyring_start(struct looking *l)
{
    AUTO(proof_clear) struct proof p = {.secret = NULL};
    const struct verdict_of *of = l->task->of;
    int code = EXIT_DONE;

    if (l->task->no_keyring)
        return EXIT_DONE;
    if (of->proof == NULL || proof_given(of->proof) == 0) {
        if (keyring_look(of->conf, l->store, &l->keyring) != CKR_OK)
            l->keyring = NULL;
        return EXIT_DONE;
    }
    at(l, PHASE_OPEN, 0); /* a person may be asked */
    code = proof_read(of->proof, &p);
    if (code != EXIT_DONE)
        return code;
    at(l, PHASE_OPEN, PATIENCE_OPEN);
    if (recover_open(of->conf, l->store, &p.seal, &l->keyring) == CKR_ARGUMENTS_BAD)
        return cli_fail(EXIT_REFUSED, "what was given opens none of the seals of %s",
                        of->path != NULL ? of->name : of->conf->store);
    return EXIT_DONE;
}

/* A snapshot at the greatest depth that can be had. */
static void snapshot(struct looking *l)
{
    struct store_info info = {.epoch = 0};

    if (l->keyring != NULL && keyring_info(l->keyring, &info) == CKR_OK &&
        inspector_new(l->keyring, &l->inspector, &l->txn) == CKR_OK) {
        l->depth = VERDICT_WHOLE;
    } else if (store_has_key(l->store) && !l->task->no_keyring) {
        if (txn_begin_read(l->store, &l->txn) == CKR_OK)
            l->depth = VERDICT_ROWS;
        else
            tell_fault(l, SURVEY_ROOT, SPAN_EMPTY, "is not authentic: see the log");
    }
    tell_opened(l, &info);
}

/* -- looking ----------------------------------------------------------------------------------- */

static bool on_enter(void *arg, unsigned table, struct span key)
{
    struct looking *l = arg;

    l->place->table = table;
    l->place->n_key = key.n <= sizeof(l->place->key) ? key.n : 0;
    if (l->place->n_key > 0)
        memcpy(l->place->key, key.p, key.n);
    atomic_fetch_add(&l->place->beat, 1);
    for (size_t i = 0; table == SURVEY_TREE && i < l->task->n_poison; i++) {
        if (span_equal(key, span_of(l->task->poison[i].key, l->task->poison[i].n_key)))
            return false;
    }
    return true;
}

/* The tree is walked anew by each child: what it has to say was said. */
static void on_fault(void *arg, unsigned table, struct span key, const char *what)
{
    struct looking *l = arg;

    if (l->place->phase > PHASE_TREE || l->task->phase <= PHASE_TREE)
        tell_fault(l, table, key, what);
}

/* What is wrong with the form of a row that nothing vouches for. */
static const char *form_of(enum store_table table, struct span key, struct span row)
{
    struct header h;
    struct seal s;

    if (table == STORE_META && span_equal(key, META_HEADER))
        return header_decode(row, &h) == CKR_OK ? NULL : "can't be read";
    if (table == STORE_SEAL)
        return key.n == SEAL_ID && row.n <= SEAL_ROW_MAX && seal_decode(key.p, row, &s) == CKR_OK
                   ? NULL
                   : "is no seal that can be read";
    if (table == STORE_OBJECT)
        return vault_row_has_form(key, row) ? NULL : "is no object that can be read";
    return NULL;
}

static void object_count(struct looking *l, struct span key)
{
    if (key.n > TOKEN_ID && key.p[TOKEN_ID] == SCOPE_PRIVATE)
        l->place->n_private++;
    else
        l->place->n_public++;
}

static void on_row(void *arg, struct txn *t, enum store_table table, struct span key,
                   struct span row)
{
    struct looking *l = arg;
    const char *why = NULL;

    if (l->depth != VERDICT_WHOLE)
        why = form_of(table, key, row);
    else if (table == STORE_OBJECT)
        why = vault_survey_row(l->vault, key, row);
    else
        why = inspect_row(l->inspector, t, table, key, row);
    if (why != NULL) {
        on_fault(l, table, key, why);
        return;
    }
    if (table == STORE_OBJECT)
        object_count(l, key);
    if (table == STORE_SEAL && l->depth != VERDICT_FORM && l->n_authentic < SEAL_MAX)
        memcpy(l->authentic[l->n_authentic++], key.p, SEAL_ID);
}

static CK_RV tables_walk(struct looking *l)
{
    const struct verdict_task *task = l->task;

    at(l, PHASE_ROWS, PATIENCE_ROW);
    for (unsigned table = task->table; table < SURVEY_N_TABLES; table++) {
        const struct span from =
            table == task->table ? span_of(task->from, task->n_from) : SPAN_EMPTY;

        TRY(survey_table(l->survey, table, from));
    }
    survey_end(l->survey);
    return CKR_OK;
}

static CK_RV survey_all(struct looking *l)
{
    const struct survey_watch watch = {on_enter, on_fault, on_row, l};

    at(l, PHASE_TREE, PATIENCE_ROW);
    l->place->total = 0;
    for (unsigned i = 0; i < STORE_N_TABLES && l->depth != VERDICT_FORM; i++)
        l->place->total += txn_count(l->txn, (enum store_table)i);
    if (l->depth == VERDICT_WHOLE)
        TRY(vault_survey_new(l->keyring, l->inspector, l->txn, &l->vault));
    TRY(survey_new(l->txn, &watch, &l->place->counts, &l->survey));
    return l->task->phase <= PHASE_ROWS ? tables_walk(l) : CKR_OK;
}

/* -- what no single row shows --------------------------------------------------------------------
 */

static void list_look(struct looking *l, const uint8_t token[TOKEN_ID])
{
    const struct span id = span_of(token, TOKEN_ID);
    uint64_t listed = 0, without = 0;
    const CK_RV rv = vault_survey_list(l->vault, token, &listed, &without);

    if (rv == CKR_FUNCTION_FAILED)
        return; /* the token got another secret since: the snapshot can't be looked into any more */
    if (rv != CKR_OK)
        tell_fault(l, STORE_INDEX, id, "the list of the token's public objects can't be read");
    else if (without > 0)
        tell_fault(l, STORE_OBJECT, id, "the token's list names objects that are not there");
}

static void free_ids(uint8_t (**ids)[TOKEN_ID])
{
    free(*ids);
}

/* Of the tokens in the snapshot: one that is made meanwhile is not among them. */
static void lists_look(struct looking *l)
{
    AUTO(free_ids) uint8_t(*ids)[TOKEN_ID] = NULL;
    size_t n = 0;

    if (token_row_ids(l->txn, &ids, &n) != CKR_OK)
        tell_fault(l, STORE_TOKEN, SPAN_EMPTY, "the tokens can't be listed");
    for (size_t i = 0; i < n; i++)
        list_look(l, ids[i]);
}

static void seals_tell(struct looking *l)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    uint8_t opened[SEAL_ID] = {0};
    const bool known = l->inspector != NULL && inspector_opened_by(l->inspector, opened);

    if (seal_set_read(l->txn, TRUST_NOTHING, &set) != CKR_OK)
        return; /* its rows were looked at one by one */
    for (size_t i = 0; i < set->n; i++) {
        AUTO(buf_clear) struct buf message = BUF_INIT;
        const struct seal *s = &set->v[i].seal;
        bool authentic = false;

        for (size_t n = 0; n < l->n_authentic; n++)
            authentic = authentic || memcmp(l->authentic[n], s->id, SEAL_ID) == 0;
        buf_u8(&message, MESSAGE_SEAL);
        buf_put(&message, SPAN_ARRAY(s->id));
        buf_u8(&message, (uint8_t)s->kind);
        buf_u8(&message, authentic);
        buf_u8(&message, authentic && known && memcmp(opened, s->id, SEAL_ID) == 0);
        send(l, &message);
    }
}

static void rest_look(struct looking *l)
{
    at(l, PHASE_REST, PATIENCE_OPEN);
    seals_tell(l);
    if (l->depth != VERDICT_WHOLE)
        return;
    lists_look(l);
    if (audit_walk(l->keyring, NULL, NULL, &l->place->n_audit, NULL) != CKR_OK)
        tell_fault(l, STORE_AUDIT, SPAN_EMPTY, "the chain of the log is broken: see the log");
}

/* -- a restoration goes into the log
 * ---------------------------------------------------------------
 */

static CK_RV restored_txn(struct txn *t, void *arg)
{
    const struct looking *l = arg;

    return audit_add(l->keyring, t, AUDIT_STORE_RESTORED, NULL,
                     "from a backup at commit %llu; nothing that was done after it is in the store",
                     (unsigned long long)txn_counter(t));
}

/* Without locks a writer may take the pages of a reader: there is none any more. That there is no
 * room for the entry is no fault of what was looked at. */
static void restored_log(struct looking *l)
{
    survey_end_all(l);
    l->logged = store_write(l->store, restored_txn, l) == CKR_OK;
}

/* -- all of it
 * ------------------------------------------------------------------------------------- */

static int look(struct looking *l)
{
    CK_RV rv;
    int code;

    at(l, PHASE_OPEN, PATIENCE_OPEN);
    if (store_start(l) != CKR_OK) {
        tell_fault(l, SURVEY_N_TABLES, SPAN_EMPTY, "can't be opened: see the log");
        return EXIT_DONE;
    }
    code = keyring_start(l);
    if (code != EXIT_DONE)
        return code;
    snapshot(l);
    if (l->txn == NULL && txn_begin_peek(l->store, &l->txn) != CKR_OK) {
        tell_fault(l, SURVEY_N_TABLES, SPAN_EMPTY, "can't be read: see the log");
        return EXIT_DONE;
    }
    rv = survey_all(l);
    if (rv == CKR_HOST_MEMORY)
        return cli_rv(rv, "looking at the store");
    if (rv != CKR_OK)
        tell_fault(l, SURVEY_TREE, SPAN_EMPTY, "can't be walked: see the log");
    rest_look(l);
    if (l->task->of->restored && l->depth == VERDICT_WHOLE && l->n_faults == 0 &&
        l->task->phase == PHASE_OPEN)
        restored_log(l);
    return EXIT_DONE;
}

int verdict_look(const struct verdict_task *task, int to)
{
    AUTO(looking_clear) struct looking l = {.task = task, .place = task->place, .to = to};
    const int code = look(&l);

    if (code == EXIT_DONE)
        tell_done(&l);
    return code;
}
