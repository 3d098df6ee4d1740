/* SPDX-License-Identifier: BSD-2-Clause */
/* import_report.c - the table of an import: found, migrated, skipped, failed; and why. */
#include <stdio.h>
#include <string.h>

#include "cli/import.h"

enum outcome { MIGRATED, SKIPPED, FAILED, N_OUTCOMES };

static const struct kind {
    CK_OBJECT_CLASS class;
    const char *one, *many;
} kinds[] = {
    {CKO_PRIVATE_KEY, "private key", "private keys"},
    {CKO_PUBLIC_KEY, "public key", "public keys"},
    {CKO_SECRET_KEY, "secret key", "secret keys"},
    {CKO_CERTIFICATE, "certificate", "certificates"},
    {CKO_DATA, "data object", "data objects"},
    {CK_UNAVAILABLE_INFORMATION, "other object", "other objects"}, /* whatever else there is */
};
#define N_KINDS N_ELEMENTS(kinds)

static size_t kind_of(const struct import_item *item)
{
    size_t k = 0;

    while (k < N_KINDS - 1 && kinds[k].class != item->class)
        k++;
    return k;
}

/* What became of it; *ret_why: NULL where there is nothing to say. */
static enum outcome outcome_of(const struct import_item *item, const char **ret_why)
{
    bool skipped = true;

    if (item->rv != CKR_OK) {
        *ret_why = import_objection(item->rv, &skipped);
        return skipped ? SKIPPED : FAILED;
    }
    if (item->attrs == NULL) {
        *ret_why = item->reason;
        return SKIPPED;
    }
    if (item->fate == IMPORT_STORED) {
        *ret_why = NULL;
        return MIGRATED;
    }
    *ret_why = item->fate == IMPORT_PRESENT       ? "the token has it already"
               : item->fate == IMPORT_OTHER_VALUE ? "the token has another value of that name, "
                                                    "which stays"
                                                  : "not written: the import ended before";
    return item->fate == IMPORT_WAITING ? FAILED : SKIPPED;
}

/* -- the table --------------------------------------------------------------------------------- */

static void row_print(const char *name, const size_t n[N_OUTCOMES])
{
    printf("%-15s %8zu %10zu %9zu %8zu\n", name, n[MIGRATED] + n[SKIPPED] + n[FAILED], n[MIGRATED],
           n[SKIPPED], n[FAILED]);
}

static void table_print(const struct import_items *items, bool dry_run, size_t total[N_OUTCOMES])
{
    size_t n[N_KINDS][N_OUTCOMES] = {{0}};
    const char *why;

    for (size_t i = 0; i < items->n; i++) {
        const enum outcome o = outcome_of(&items->v[i], &why);

        n[kind_of(&items->v[i])][o]++;
        total[o]++;
    }
    printf("%-15s %8s %10s %9s %8s\n", "", "found", dry_run ? "to migrate" : "migrated", "skipped",
           "failed");
    for (size_t k = 0; k < N_KINDS; k++) {
        if (n[k][MIGRATED] + n[k][SKIPPED] + n[k][FAILED] > 0)
            row_print(kinds[k].many, n[k]);
    }
    row_print("total", total);
}

/* -- the reasons ------------------------------------------------------------------------------- */

#define NAMES_SHOWN 3

/* What is said of an item under this heading: why it has this outcome, or its note. */
static const char *said_of(const struct import_item *item, enum outcome o)
{
    const char *why = NULL;

    if (outcome_of(item, &why) != o)
        return NULL;
    return o == MIGRATED ? item->note : why;
}

static bool is_first(const struct import_items *items, size_t i, enum outcome o, const char *why)
{
    for (size_t j = 0; j < i; j++) {
        const char *before = said_of(&items->v[j], o);

        if (before != NULL && strcmp(before, why) == 0)
            return false;
    }
    return true;
}

static void name_print(const struct import_item *item, const char *before)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    buf_text(&text, span_of(item->name, strlen(item->name)));
    printf("%s%s \"%.*s\"", before, kinds[kind_of(item)].one, (int)text.n,
           text.n > 0 ? (const char *)text.p : "");
}

/* All items of which the same is said: how many, and the first few by name. */
static void reason_print(const struct import_items *items, size_t first, enum outcome o,
                         const char *why)
{
    size_t n = 0;

    for (size_t i = first; i < items->n; i++) {
        const char *other = said_of(&items->v[i], o);

        n += other != NULL && strcmp(other, why) == 0 ? 1 : 0;
    }
    printf("%6zu  %s: ", n, why);
    n = 0;
    for (size_t i = first; i < items->n && n <= NAMES_SHOWN; i++) {
        const char *other = said_of(&items->v[i], o);

        if (other == NULL || strcmp(other, why) != 0)
            continue;
        if (n < NAMES_SHOWN)
            name_print(&items->v[i], n > 0 ? ", " : "");
        n++;
    }
    puts(n > NAMES_SHOWN ? ", ..." : "");
}

static void reasons_print(const struct import_items *items, enum outcome o, const char *heading)
{
    bool begun = false;

    for (size_t i = 0; i < items->n; i++) {
        const char *why = said_of(&items->v[i], o);

        if (why == NULL || !is_first(items, i, o, why))
            continue;
        if (!begun)
            printf("\n%s:\n", heading);
        begun = true;
        reason_print(items, i, o, why);
    }
}

size_t import_report(const struct import_items *items, bool dry_run)
{
    size_t total[N_OUTCOMES] = {0};

    table_print(items, dry_run, total);
    reasons_print(items, SKIPPED, "skipped");
    reasons_print(items, FAILED, "failed");
    reasons_print(items, MIGRATED, dry_run ? "would leave behind" : "left behind");
    return total[FAILED];
}
