/* SPDX-License-Identifier: BSD-2-Clause */
/* show_text.c - what was found, for people; see verifier.h. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "verifier/verifier.h"

const char *verifier_time_text(time_t t, char text[32])
{
    struct tm tm;

    if (gmtime_r(&t, &tm) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(text, 32, "%lld", (long long)t);
    return text;
}

static void show_check(const struct check *c, bool colour, FILE *to)
{
    static const char *const colours[] = {
        [OUTCOME_OK] = "\033[32m",
        [OUTCOME_FAILED] = "\033[31m",
        [OUTCOME_UNKNOWN] = "\033[33m",
        [OUTCOME_NOT_DONE] = "",
    };

    fprintf(to, "%s%-8s%s  %-26s  %s\n", colour ? colours[c->outcome] : "",
            outcome_name(c->outcome), colour ? "\033[0m" : "", c->name, c->words);
}

void verifier_show_checks(const struct result *r, FILE *to)
{
    const bool colour = isatty(fileno(to)) == 1;

    for (size_t i = 0; i < r->n; i++)
        show_check(&r->checks[i], colour, to);
}

static void show_field(const struct report *r, enum report_field f)
{
    const struct span value = report_field(r, f);
    char hex[2 * REPORT_CHIP_ID + 1];

    if (!mem_is_zero(value.p, value.n))
        printf("%-18s  %s\n", report_field_name(f), hex_encode(value, hex));
}

static void show_report(const struct report *r)
{
    char text[64];

    for (size_t f = 0; f < REPORT_N_FIELDS; f++)
        show_field(r, (enum report_field)f);
    printf("%-18s  0x%" PRIx64 "\n", "POLICY", r->policy);
    printf("%-18s  0x%" PRIx64 "\n", "PLATFORM_INFO", r->platform_info);
    printf("%-18s  %s\n", "REPORTED_TCB", tcb_parts_text(r->product, &r->reported, text));
    printf("%-18s  %s\n", "LAUNCH_TCB", tcb_parts_text(r->product, &r->launch, text));
}

static void show_key(const struct statement_key *k)
{
    char hex[65];

    fputs("key is              ", stdout);
    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++) {
        if ((k->flags >> i & 1u) != 0)
            printf("%s ", statement_flag_name(i));
    }
    printf("\ntoken               %.*s\n", (int)k->store.token.n, k->store.token.p);
    printf("store               %s\n", hex_encode(SPAN_ARRAY(k->store.fingerprint), hex));
    fputs("seals, ever         ", stdout);
    for (size_t i = 0; i < k->store.n_seals; i++)
        printf("%.*s ", (int)k->store.seals[i].n, k->store.seals[i].p);
    putchar('\n');
}

/* Bytes of any length in hexadecimal. */
static void show_bytes(const char *name, struct span bytes)
{
    printf("%-18s  ", name);
    for (size_t i = 0; i < bytes.n; i++)
        printf("%02x", bytes.p[i]);
    putchar('\n');
}

static void show_rotation(const struct statement *s)
{
    const struct statement_rotation *r = &s->rotation;
    AUTO(buf_clear) struct buf label = BUF_INIT;

    buf_text(&label, r->label);
    printf("label               %.*s\n", (int)label.n, label.n > 0 ? (const char *)label.p : "");
    show_bytes("old key's id", r->old_id);
    show_bytes("new key's id", s->key.id);
    if (s->key.public_key.n > 0) {
        show_bytes("old public key", r->old_public_key);
        show_bytes("new public key", s->key.public_key);
    }
}

static void show_statement(const struct statement *s)
{
    char text[2 * 64 + 1];

    if (s->time != 0)
        printf("%-18s  %s (the VM's clock)\n", "said at",
               verifier_time_text((time_t)s->time, text));
    if (s->kind == STATEMENT_ROTATION)
        show_rotation(s);
    if (statement_has_key(s))
        show_key(&s->key);
    if (s->kind == STATEMENT_FILE)
        printf("%-18s  %s\n", "file SHA-512", hex_encode(SPAN_ARRAY(s->file.digest), text));
}

void verifier_show(const struct verifier_case *c, const struct result *r, const struct verified *v)
{
    const enum verdict verdict = result_verdict(r);
    char text[32];

    verifier_show_checks(r, stdout);
    /* What is not proven is not shown: somebody would read it. */
    if (verdict == VERDICT_GOOD || verdict == VERDICT_AGAINST_POLICY) {
        putchar('\n');
        show_report(&v->report);
        if (v->has_statement)
            show_statement(&v->statement);
    }
    printf("\n%s, as of %s\n", verdict_words(verdict), verifier_time_text(c->at, text));
}
