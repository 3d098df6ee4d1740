/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status_metrics.c - `tee-pkcs11 status --prometheus`: the text exposition format of Prometheus
 * (version 0.0.4), for the node exporter's textfile collector.
 *
 * What is shown are sums over the store: no label, id or name of a key, an object or a token is in
 * it, and a label's value is always a word of this program. What can't be known (the store does not
 * open here) has no sample, so that an alert on its absence fires, and no made-up zero.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/status.h"
#include "keyring/meta.h"
#include "version.h"

#define PREFIX "tee_pkcs11_"

static void family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name, type);
}

static void sample(struct buf *out, const char *name, uint64_t value)
{
    buf_printf(out, PREFIX "%s %" PRIu64 "\n", name, value);
}

static void sample1(struct buf *out, const char *name, const char *label, const char *is,
                    uint64_t value)
{
    buf_printf(out, PREFIX "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, is, value);
}

static void single(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    family(out, name, type, help);
    sample(out, name, value);
}

/* A clock that was put back makes nothing older than new. */
static uint64_t age(uint64_t now, uint64_t since)
{
    return now > since ? now - since : 0;
}

static bool is_open(const struct status *s)
{
    return s->opened == CKR_OK;
}

/* -- the store ------------------------------------------------------------------------------- */

static void print_identity(const struct status *s, uint64_t now, struct buf *out)
{
    family(out, "build_info", "gauge", "The version of the program that wrote this.");
    sample1(out, "build_info", "version", TEE_VERSION, 1);
    single(out, "collected_timestamp_seconds", "gauge",
           "When this was written, by the clock of the VM.", now);
    family(out, "root_info", "gauge", "The root of trust that the configuration names.");
    sample1(out, "root_info", "root", s->root, 1);
}

static void print_state(const struct status *s, struct buf *out)
{
    family(out, "store_state", "gauge",
           "1 for the state that the store is in: open, closed (it does not open here), absent.");
    sample1(out, "store_state", "state", "open", is_open(s));
    sample1(out, "store_state", "state", "closed",
            !is_open(s) && s->opened != CKR_TOKEN_NOT_PRESENT);
    sample1(out, "store_state", "state", "absent", s->opened == CKR_TOKEN_NOT_PRESENT);
    single(out, "store_data_bytes", "gauge", "Size of the database file.", s->metrics.data_bytes);
    single(out, "warnings", "gauge", "Warnings that tee-pkcs11 status shows.", s->n_warnings);
}

static const char *const tables[STORE_N_TABLES] = {
    [STORE_META] = "meta",   [STORE_SEAL] = "seal",     [STORE_TOKEN] = "token",
    [STORE_DEK] = "dek",     [STORE_OBJECT] = "object", [STORE_INDEX] = "index",
    [STORE_AUDIT] = "audit",
};

/* What gave the key of the platform's seal, by struct unsealing's asked. */
static const char *const sources[] = {"key-ring", "root"};

static void sample_seconds(struct buf *out, const char *name, const char *source, uint64_t nanos)
{
    buf_printf(out, PREFIX "%s{source=\"%s\"} %" PRIu64 ".%09" PRIu64 "\n", name, source,
               nanos / 1000000000, nanos % 1000000000);
}

static void print_opened(const struct status *s, struct buf *out)
{
    const struct unsealing *u = &s->metrics.unsealing;

    single(out, "hardware_bound", "gauge",
           "1 where the store was opened by a key of the processor, 0 by software.",
           strcmp(s->opened_by, "sev-snp") == 0);
    family(out, "unseal_seconds", "gauge",
           "How long this command took to open the platform's seal, and what gave the key: the "
           "root (device requests included), or the kernel's key ring.");
    sample_seconds(out, "unseal_seconds", sources[u->asked], u->nanos);
    single(out, "store_commits_total", "counter", "Commits of the store since it was made.",
           s->store.counter);
    family(out, "store_rows", "gauge", "Rows of each table of the store.");
    for (size_t i = 0; i < STORE_N_TABLES; i++)
        sample1(out, "store_rows", "table", tables[i], s->metrics.rows[i]);
}

/* -- seals ----------------------------------------------------------------------------------- */

/* "current"; "superseded": of an image before, which still opens; "expired": that no more; "stale":
 * of another master key than the store's, which should not be. */
static const char *const seal_states[] = {"current", "superseded", "expired", "stale"};

static size_t seal_state(const struct status *s, const struct seal_info *seal, uint64_t now)
{
    const uint64_t kept = (uint64_t)s->conf->rollback_days * 24 * 60 * 60;

    if (is_open(s) && seal->epoch != s->store.epoch)
        return 3;
    if (!seal->superseded)
        return 0;
    return age(now, seal->superseded_at) > kept ? 2 : 1;
}

static uint64_t count_seals(const struct status *s, enum seal_kind kind, size_t state, uint64_t now)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s->n_seals; i++)
        n += s->seals[i].kind == kind && seal_state(s, &s->seals[i], now) == state;
    return n;
}

static void print_seals(const struct status *s, uint64_t now, struct buf *out)
{
    family(out, "seals", "gauge",
           "Ways into the store by kind and state: current, superseded (an image before, still "
           "opens), expired (that no more), stale (of another master key).");
    for (int kind = SEAL_PLATFORM; kind <= SEAL_OWNED; kind++) {
        for (size_t state = 0; state < N_ELEMENTS(seal_states); state++)
            buf_printf(out, PREFIX "seals{kind=\"%s\",state=\"%s\"} %" PRIu64 "\n",
                       seal_kind_code((enum seal_kind)kind), seal_states[state],
                       count_seals(s, (enum seal_kind)kind, state, now));
    }
}

static void print_seal_ages(const struct status *s, uint64_t now, struct buf *out)
{
    family(out, "seal_age_seconds", "gauge", "Age of the oldest current seal of each kind.");
    for (int kind = SEAL_PLATFORM; kind <= SEAL_OWNED; kind++) {
        uint64_t oldest = UINT64_MAX;

        for (size_t i = 0; i < s->n_seals; i++) {
            const struct seal_info *seal = &s->seals[i];

            if (seal->kind == (enum seal_kind)kind && seal_state(s, seal, now) == 0 &&
                seal->created < oldest)
                oldest = seal->created;
        }
        if (oldest != UINT64_MAX)
            sample1(out, "seal_age_seconds", "kind", seal_kind_code((enum seal_kind)kind),
                    age(now, oldest));
    }
}

/* -- keys ------------------------------------------------------------------------------------ */

static const char *const scopes[] = {[SCOPE_PUBLIC] = "public", [SCOPE_PRIVATE] = "private"};

static void print_dek_ages(const struct status *s, uint64_t now, struct buf *out)
{
    family(out, "dek_age_seconds", "gauge",
           "Age of the oldest current data-encryption key of each scope, over all tokens.");
    for (size_t scope = 0; scope < N_ELEMENTS(scopes); scope++) {
        uint64_t oldest = UINT64_MAX;

        for (size_t i = 0; i < s->n_tokens; i++) {
            for (size_t j = 0; j < s->tokens[i].n_deks; j++) {
                const struct dek_info *d = &s->tokens[i].deks[j];

                if (d->scope == (enum scope)scope && d->current && d->created < oldest)
                    oldest = d->created;
            }
        }
        if (oldest != UINT64_MAX)
            sample1(out, "dek_age_seconds", "scope", scopes[scope], age(now, oldest));
    }
}

static void print_dek_generations(const struct status *s, struct buf *out)
{
    uint64_t n[N_ELEMENTS(scopes)][2] = {{0}};

    for (size_t i = 0; i < s->n_tokens; i++) {
        for (size_t j = 0; j < s->tokens[i].n_deks; j++)
            n[s->tokens[i].deks[j].scope][s->tokens[i].deks[j].current ? 0 : 1]++;
    }
    family(out, "dek_generations", "gauge",
           "Generations of data-encryption keys: current ones, and those being rotated away.");
    for (size_t scope = 0; scope < N_ELEMENTS(scopes); scope++) {
        for (int leaving = 0; leaving < 2; leaving++)
            buf_printf(out, PREFIX "dek_generations{scope=\"%s\",state=\"%s\"} %" PRIu64 "\n",
                       scopes[scope], leaving ? "leaving" : "current", n[scope][leaving]);
    }
}

static void print_master(const struct status *s, uint64_t now, struct buf *out)
{
    single(out, "master_key_epoch", "gauge", "Epoch of the master key: rises with each rotation.",
           s->store.epoch);
    if (s->metrics.audit_rv == CKR_OK) /* the log says when it was made */
        single(out, "master_key_age_seconds", "gauge", "Age of the master key.",
               age(now, s->metrics.audit.master_since));
}

static void print_backup(const struct status *s, uint64_t now, struct buf *out)
{
    if (s->metrics.audit_rv == CKR_OK && s->metrics.audit.backup_at != 0)
        single(out, "backup_age_seconds", "gauge", "Time since the last backup.",
               age(now, s->metrics.audit.backup_at));
}

/* -- tokens ---------------------------------------------------------------------------------- */

static void print_tokens(const struct status *s, struct buf *out)
{
    uint64_t objects = 0, locked[2] = {0}, failures[2] = {0};

    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct token_info *t = &s->tokens[i].info;

        objects += s->tokens[i].n_public;
        for (int role = ROLE_SO; role <= ROLE_USER; role++) {
            locked[role] += t->fails[role] >= t->pin_tries;
            failures[role] += t->fails[role];
        }
    }
    single(out, "tokens", "gauge", "Tokens in the store.", s->n_tokens);
    single(out, "public_objects", "gauge", "Objects in public scope, over all tokens.", objects);
    family(out, "locked_pins", "gauge", "PINs that are locked, over all tokens.");
    sample1(out, "locked_pins", "role", "so", locked[ROLE_SO]);
    sample1(out, "locked_pins", "role", "user", locked[ROLE_USER]);
    family(out, "pin_failures", "gauge", "Wrong PINs since the last right one, over all tokens.");
    sample1(out, "pin_failures", "role", "so", failures[ROLE_SO]);
    sample1(out, "pin_failures", "role", "user", failures[ROLE_USER]);
}

/* -- the log --------------------------------------------------------------------------------- */

#define UNKNOWN "unknown" /* what audit_event_name() says of one */

static void print_audit(const struct metrics *m, struct buf *out)
{
    uint64_t unknown = m->audit.events[0];

    single(out, "audit_log_intact", "gauge",
           "1 where the chain of the audit log is whole, 0 where it was tampered with.",
           m->audit_rv == CKR_OK);
    if (m->audit_rv != CKR_OK)
        return;
    family(out, "audit_entries_total", "counter", "Entries of the audit log, by event.");
    for (int event = 1; event < AUDIT_N_EVENTS; event++) {
        const char *name = audit_event_name((enum audit_event)event);

        if (strcmp(name, UNKNOWN) == 0) /* a number that no event has */
            unknown += m->audit.events[event];
        else
            sample1(out, "audit_entries_total", "event", name, m->audit.events[event]);
    }
    sample1(out, "audit_entries_total", "event", UNKNOWN, unknown);
}

/* -- uses of keys ---------------------------------------------------------------------------- */

static void print_counts(const struct counts *c, struct buf *out)
{
    family(out, "operations_total", "counter",
           "Operations with keys that ended, by function, as far as processes count them "
           "(count-operations) and have written it.");
    for (size_t i = 0; i < COUNTS_N; i++)
        sample1(out, "operations_total", "operation", counts_name_at(i), c->v[i].ended);
    family(out, "operation_failures_total", "counter",
           "Those of them that ended with an error, a wrong signature among them.");
    for (size_t i = 0; i < COUNTS_N; i++)
        sample1(out, "operation_failures_total", "operation", counts_name_at(i), c->v[i].failed);
    family(out, "unseals_total", "counter",
           "How often processes opened the platform's seal, as far as they count and have written "
           "it, by what gave the key.");
    for (int asked = 1; asked >= 0; asked--)
        sample1(out, "unseals_total", "source", sources[asked], c->unsealed[asked].n);
    family(out, "unseals_seconds_total", "counter", "How long they took, together.");
    for (int asked = 1; asked >= 0; asked--)
        sample_seconds(out, "unseals_seconds_total", sources[asked], c->unsealed[asked].nanos);
}

CK_RV status_print_metrics(const struct status *s, struct buf *ret)
{
    const uint64_t now = meta_now();

    print_identity(s, now, ret);
    print_state(s, ret);
    if (s->opened != CKR_TOKEN_NOT_PRESENT) {
        print_seals(s, now, ret);
        print_seal_ages(s, now, ret);
    }
    if (is_open(s)) {
        print_opened(s, ret);
        print_master(s, now, ret);
        print_backup(s, now, ret);
        print_dek_ages(s, now, ret);
        print_dek_generations(s, ret);
        print_tokens(s, ret);
        print_audit(&s->metrics, ret);
        if (s->metrics.has_counts)
            print_counts(&s->metrics.counts, ret);
    }
    return buf_ok(ret);
}
