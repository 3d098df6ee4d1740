/* SPDX-License-Identifier: BSD-2-Clause */
/* test-metrics.c - what `status --prometheus` says of states that a healthy store is not in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/status.h"

#define DAY UINT64_C(86400)

/* An open store with a platform seal, current, made a day ago. */
struct given {
    struct conf conf;
    struct seal_info seals[4];
    struct dek_info deks[3];
    struct token_status tokens[2];
    struct status s;
};

static void given_make(struct given *g)
{
    const uint64_t now = (uint64_t)time(NULL);

    *g = (struct given){.conf = {.rollback_days = 30}};
    g->seals[0] = (struct seal_info){.kind = SEAL_PLATFORM, .created = now - DAY, .epoch = 7};
    g->s.conf = &g->conf;
    g->s.root = "sev-snp";
    g->s.opened = CKR_OK;
    g->s.opened_by = "sev-snp";
    g->s.store = (struct store_info){.created = now - 9 * DAY, .epoch = 7, .counter = 41};
    g->s.seals = g->seals;
    g->s.n_seals = 1;
    g->s.tokens = g->tokens;
    g->s.metrics.audit.master_since = now - 2 * DAY;
}

static const char *page(const struct given *g, struct buf *text)
{
    buf_clear(text);
    assert_int_equal(status_print_metrics(&g->s, text), CKR_OK);
    buf_u8(text, 0);
    assert_int_equal(buf_ok(text), CKR_OK);
    return (const char *)text->p;
}

/* A sample stands at the start of a line and has exactly this value. */
static void has(const char *page, const char *sample)
{
    char line[256];

    (void)snprintf(line, sizeof(line), "\ntee_pkcs11_%s\n", sample);
    if (strstr(page, line) == NULL)
        fail_msg("no sample %s in:\n%s", sample, page);
}

static void lacks(const char *page, const char *name)
{
    char line[256];

    (void)snprintf(line, sizeof(line), "\ntee_pkcs11_%s", name);
    assert_null(strstr(page, line));
}

/* An age that the test can know to a few seconds. */
static void has_age(const char *page, const char *sample, uint64_t seconds)
{
    char line[256];
    const char *at;
    unsigned long long is = 0;

    (void)snprintf(line, sizeof(line), "\ntee_pkcs11_%s ", sample);
    at = strstr(page, line);
    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(line), "%llu", &is), 1);
    assert_in_range(is, seconds, seconds + 60);
}

static void seals_by_state(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    const uint64_t now = (uint64_t)time(NULL);
    struct given g;
    const char *p;

    (void)state;
    given_make(&g);
    g.seals[1] = (struct seal_info){.kind = SEAL_PLATFORM,
                                    .created = now - 90 * DAY,
                                    .epoch = 7,
                                    .superseded = true,
                                    .superseded_at = now - 29 * DAY};
    g.seals[2] = g.seals[1];
    g.seals[2].superseded_at = now - 31 * DAY;
    g.seals[3] = (struct seal_info){.kind = SEAL_KEY, .created = now - DAY, .epoch = 6};
    g.s.n_seals = 4;
    p = page(&g, &text);
    has(p, "seals{kind=\"platform\",state=\"current\"} 1");
    has(p, "seals{kind=\"platform\",state=\"superseded\"} 1");
    has(p, "seals{kind=\"platform\",state=\"expired\"} 1");
    has(p, "seals{kind=\"recovery-key\",state=\"stale\"} 1");
    has(p, "seals{kind=\"recovery-key\",state=\"current\"} 0");
    /* Neither an older image's nor one of another master is how old the way in is. */
    has_age(p, "seal_age_seconds{kind=\"platform\"}", DAY);
    lacks(p, "seal_age_seconds{kind=\"recovery-key\"}");
}

static void keys_and_pins(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    const uint64_t now = (uint64_t)time(NULL);
    struct given g;
    const char *p;

    (void)state;
    given_make(&g);
    g.deks[0] = (struct dek_info){SCOPE_PUBLIC, 1, false, now - 100 * DAY};
    g.deks[1] = (struct dek_info){SCOPE_PUBLIC, 2, true, now - 3 * DAY};
    g.deks[2] =
        (struct dek_info){SCOPE_PRIVATE, 1, true, now + DAY}; /* by a clock since put back */
    g.tokens[0] = (struct token_status){
        .info = {.pin_tries = 3, .fails = {3, 1}}, .deks = g.deks, .n_deks = 3, .n_public = 5};
    g.tokens[1] = (struct token_status){.info = {.pin_tries = 3, .fails = {0, 1}}, .n_public = 6};
    g.s.n_tokens = 2;
    p = page(&g, &text);
    has_age(p, "dek_age_seconds{scope=\"public\"}", 3 * DAY);
    has(p, "dek_age_seconds{scope=\"private\"} 0");
    has(p, "dek_generations{scope=\"public\",state=\"current\"} 1");
    has(p, "dek_generations{scope=\"public\",state=\"leaving\"} 1");
    has(p, "dek_generations{scope=\"private\",state=\"leaving\"} 0");
    has_age(p, "master_key_age_seconds", 2 * DAY);
    lacks(p, "backup_age_seconds"); /* there is none */
    g.s.metrics.audit.backup_at = (uint64_t)time(NULL) - 5 * DAY;
    p = page(&g, &text);
    has_age(p, "backup_age_seconds", 5 * DAY);
    has(p, "tokens 2");
    has(p, "public_objects 11");
    has(p, "locked_pins{role=\"so\"} 1");
    has(p, "locked_pins{role=\"user\"} 0");
    has(p, "pin_failures{role=\"user\"} 2");
    has(p, "store_commits_total 41");
    has(p, "hardware_bound 1");
}

static void a_broken_log_is_told(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct given g;
    const char *p;

    (void)state;
    given_make(&g);
    has(page(&g, &text), "audit_log_intact 1");
    g.s.metrics.audit_rv = CKR_DEVICE_ERROR;
    p = page(&g, &text);
    has(p, "audit_log_intact 0");
    lacks(p, "audit_entries_total");
    lacks(p, "master_key_age_seconds"); /* the log would have said it */
    lacks(p, "backup_age_seconds");
}

static void what_gave_the_key(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct given g;

    (void)state;
    given_make(&g);
    g.s.metrics.unsealing = (struct unsealing){.asked = true, .nanos = 2000000003};
    has(page(&g, &text), "unseal_seconds{source=\"root\"} 2.000000003");
    g.s.metrics.unsealing = (struct unsealing){.asked = false, .nanos = 41000};
    has(page(&g, &text), "unseal_seconds{source=\"key-ring\"} 0.000041000");
}

static void nothing_is_made_up(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct given g;
    const char *p;

    (void)state;
    given_make(&g);
    g.s.opened = CKR_DEVICE_ERROR;
    p = page(&g, &text);
    has(p, "store_state{state=\"closed\"} 1");
    has(p, "seals{kind=\"platform\",state=\"current\"} 1"); /* as the disk shows it */
    lacks(p, "tokens ");
    lacks(p, "master_key_epoch");
    lacks(p, "audit_log_intact");
    g.s.opened = CKR_TOKEN_NOT_PRESENT;
    p = page(&g, &text);
    has(p, "store_state{state=\"absent\"} 1");
    lacks(p, "seals{");
}

static void operations_where_they_are_counted(void **state)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct given g;
    const char *p;

    (void)state;
    given_make(&g);
    counts_note(&g.s.metrics.counts, CKF_SIGN, true);
    counts_note(&g.s.metrics.counts, CKF_SIGN, false);
    counts_note(&g.s.metrics.counts, CKF_UNWRAP, true);
    lacks(page(&g, &text), "operations_total");
    g.s.metrics.has_counts = true;
    p = page(&g, &text);
    has(p, "operations_total{operation=\"sign\"} 2");
    has(p, "operation_failures_total{operation=\"sign\"} 1");
    has(p, "operations_total{operation=\"unwrap\"} 1");
    has(p, "operation_failures_total{operation=\"unwrap\"} 0");
    has(p, "operations_total{operation=\"decapsulate\"} 0");
    counts_note_unsealing(&g.s.metrics.counts, &(struct unsealing){true, 1500000000});
    counts_note_unsealing(&g.s.metrics.counts, &(struct unsealing){true, 500000001});
    counts_note_unsealing(&g.s.metrics.counts, &(struct unsealing){false, 41});
    p = page(&g, &text);
    has(p, "unseals_total{source=\"root\"} 2");
    has(p, "unseals_seconds_total{source=\"root\"} 2.000000001");
    has(p, "unseals_total{source=\"key-ring\"} 1");
    has(p, "unseals_seconds_total{source=\"key-ring\"} 0.000000041");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/metrics/seals-by-state", seals_by_state, NULL, NULL, NULL},
        {"/metrics/keys-and-pins", keys_and_pins, NULL, NULL, NULL},
        {"/metrics/broken-log-is-told", a_broken_log_is_told, NULL, NULL, NULL},
        {"/metrics/what-gave-the-key", what_gave_the_key, NULL, NULL, NULL},
        {"/metrics/nothing-is-made-up", nothing_is_made_up, NULL, NULL, NULL},
        {"/metrics/operations-where-counted", operations_where_they_are_counted, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
