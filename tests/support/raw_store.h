/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * raw_store.h - what a hostile host does to a store while nobody has it open: rows changed through
 * LMDB's own calls, and whole files put back. The test program must not have the module's store
 * open itself; it looks on through child processes.
 */
#ifndef TEE_TESTS_RAW_STORE_H
#define TEE_TESTS_RAW_STORE_H

#include "support/module.h"

#define RAW_TABLES 9
extern const char *const raw_tables[RAW_TABLES];

struct raw_row {
    size_t table; /* in raw_tables */
    uint8_t key[160];
    size_t n_key;
    uint8_t *value;
    size_t n_value;
};

struct raw_rows {
    struct raw_row *v; /* by table, then in key order */
    size_t n;
};

/* Every row of every table of the store in `directory`. */
struct raw_rows raw_rows_read(const char *directory);
void raw_rows_free(struct raw_rows *rows);
/* The row with the key of r; NULL: there is none. */
const struct raw_row *raw_rows_find(const struct raw_rows *rows, const struct raw_row *r);
/* Give the key of `r` this value, or (n 0) remove the row. */
void raw_write(const char *directory, const struct raw_row *r, const void *value, size_t n);
/* Several at once: every row of `rows` is written as it is there. */
void raw_write_all(const char *directory, const struct raw_row *rows, size_t n);

/* The data file as it is, to be put back; free() it. */
struct raw_file {
    uint8_t *p;
    size_t n;
};
struct raw_file raw_file_read(const char *directory);
/* The same data in a file that has no page that is not used. */
struct raw_file raw_file_compact(const char *directory);
void raw_file_write(const char *directory, const struct raw_file *f);

#endif
