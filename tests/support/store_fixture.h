/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store_fixture.h - what the tests of src/store/ share: a directory that goes away, a store in it,
 * one-line writes, and a model of what the store must hold.
 */
#ifndef TEE_TESTS_STORE_FIXTURE_H
#define TEE_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store.h"

#define T_OK(call)     assert_int_equal((call), CKR_OK)
#define T_RV(rv, call) assert_int_equal((call), (rv))

/* A new directory under $TMPDIR or /tmp, to be freed; removed with everything in it. */
char *scratch_new(void);
void scratch_remove(char *directory);
/* `name` in `directory`; a static buffer. */
const char *scratch_path(const char *directory, const char *name);
/* Copy a file over another, without making that one shorter first. */
void file_copy(const char *from, const char *to);

/* Open with the tree key of the newest scratch directory. */
struct store *store_start(const char *directory, bool fresh);
/* The same, for tests in which it may fail. */
CK_RV store_try(const char *directory, struct store **ret);
struct span store_key(void);

/* One row, and one write transaction, each. */
CK_RV row_put(struct store *s, enum store_table table, struct span key, struct span value);
CK_RV row_delete(struct store *s, enum store_table table, struct span key, bool *ret_found);
/* The value in a read transaction of its own; ret may be NULL. */
CK_RV row_read(struct store *s, enum store_table table, struct span key, struct buf *ret,
               bool *ret_found);

/* What a row must be. The key and values follow from the number; `version` 0: it is not there. */
struct model_row {
    enum store_table table;
    uint64_t number;
    unsigned version;
};

/* The row's key: 24 bytes. */
#define MODEL_KEY 24
void model_key(const struct model_row *r, uint8_t ret[MODEL_KEY]);
/* Append its value of that version: 1 to 900 bytes, never the same for two versions. */
void model_value(const struct model_row *r, unsigned version, struct buf *ret);

/* Write (or, at version 0, delete) a row in a running write transaction. */
CK_RV model_write(struct txn *t, const struct model_row *r);

enum verdict { MODEL_TRUE, MODEL_REFUSED, MODEL_WRONG };
/* Read a row and judge the answer. */
enum verdict model_judge(struct txn *t, const struct model_row *r);

struct census {
    unsigned n[MODEL_WRONG + 1]; /* rows and walks of each verdict */
};
/* Read every row and walk every table. When the transaction can't be begun all is refused. */
struct census model_census(struct store *s, const struct model_row *rows, size_t n_rows);

#endif
