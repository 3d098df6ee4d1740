/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - tables and JSON; see report.h. */
#include "bench/report.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

static void ratio_text(double ratio, char *text, size_t n)
{
    if (ratio > 0)
        snprintf(text, n, " (%.*f)", ratio < 0.1 ? 3 : 2, ratio);
    else
        snprintf(text, n, "%s", "");
}

char *report_cell(const struct row *row, size_t side, char text[REPORT_CELL])
{
    const struct cell *cell = &row->cells[side];
    char reason[FAULT_TEXT];
    char figure[STATS_TEXT];
    char ratio[STATS_TEXT];

    if (cell->rv == FAULT_NONE || (cell->rv == CKR_OK && cell->n == 0))
        snprintf(text, REPORT_CELL, "%s", "");
    else if (cell->rv == FAULT_DIED)
        snprintf(text, REPORT_CELL, "- %s", cell->words);
    else if (cell->rv != CKR_OK)
        snprintf(text, REPORT_CELL, "- %s", fault_name(cell->rv, reason));
    else {
        ratio_text(cell->ratio, ratio, sizeof(ratio));
        snprintf(text, REPORT_CELL, "%s%s",
                 stats_text(row->instance->c->unit, cell->median, figure), ratio);
    }
    return text;
}

static void heading_print(FILE *file, const struct results *r, enum cases_group group)
{
    fprintf(file, "\n### %s\n\n| case |", cases_heading(group));
    for (size_t side = 0; side < r->n_sides; side++)
        fprintf(file, " %s |", r->labels[side]);
    fprintf(file, "\n|---|");
    for (size_t side = 0; side < r->n_sides; side++)
        fprintf(file, "---:|");
    fprintf(file, "\n");
}

void report_table(FILE *file, const struct results *r, enum cases_group group, size_t first)
{
    char text[REPORT_CELL];
    bool headed = false;

    for (size_t i = first; i < r->n; i++) {
        if (r->rows[i].instance->c->group != group)
            continue;
        if (!headed)
            heading_print(file, r, group);
        headed = true;
        fprintf(file, "| %s |", r->rows[i].instance->name);
        for (size_t side = 0; side < r->n_sides; side++)
            fprintf(file, " %s |", report_cell(&r->rows[i], side, text));
        fprintf(file, "\n");
    }
    fflush(file);
}

static void json_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void json_cell(FILE *file, const char *label, const struct cell *cell)
{
    char reason[FAULT_TEXT];

    fprintf(file, "{\"of\": ");
    json_string(file, label);
    if (cell->rv == CKR_OK) {
        fprintf(file, ", \"median\": %.9g, \"rounds\": [", cell->median);
        for (size_t i = 0; i < cell->n; i++)
            fprintf(file, "%s%.9g", i > 0 ? ", " : "", cell->rounds[i]);
        fprintf(file, "]");
        if (cell->ratio > 0)
            fprintf(file, ", \"ratio\": %.5f", cell->ratio);
    } else {
        fprintf(file, ", \"refused\": ");
        json_string(file, fault_name(cell->rv, reason));
        fprintf(file, ", \"words\": ");
        json_string(file, cell->words);
    }
    fprintf(file, "}");
}

static void json_row(FILE *file, const struct results *r, const struct row *row)
{
    bool first = true;

    fprintf(file, "    {\"case\": \"%s\", \"count\": %zu, \"unit\": \"%s\", \"figures\": [",
            row->instance->c->name, row->instance->count, stats_unit_name(row->instance->c->unit));
    for (size_t side = 0; side < r->n_sides; side++) {
        const struct cell *cell = &row->cells[side];

        if (cell->rv == FAULT_NONE || (cell->rv == CKR_OK && cell->n == 0))
            continue;
        fprintf(file, "%s\n      ", first ? "" : ",");
        json_cell(file, r->labels[side], cell);
        first = false;
    }
    fprintf(file, "]}");
}

CK_RV report_json(const char *path, const struct options *o, const struct results *r)
{
    FILE *file = fopen(path, "w");
    bool good = file != NULL;

    if (good) {
        fprintf(file, "{\n  \"openssl\": ");
        json_string(file, OpenSSL_version(OPENSSL_VERSION));
        fprintf(file, ",\n  \"cpus\": %ld,\n  \"rounds\": %zu,\n  \"seconds\": %g,\n  \"rows\": [",
                sysconf(_SC_NPROCESSORS_ONLN), o->rounds, o->seconds);
        for (size_t i = 0; i < r->n; i++) {
            fprintf(file, "%s\n", i > 0 ? "," : "");
            json_row(file, r, &r->rows[i]);
        }
        fprintf(file, "\n  ]\n}\n");
        good = ferror(file) == 0;
        good = fclose(file) == 0 && good;
    }
    if (!good)
        fprintf(stderr, "p11bench: %s: %s\n", path, strerror(errno));
    ENSURE(good, CKR_GENERAL_ERROR);
    return CKR_OK;
}
