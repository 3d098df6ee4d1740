/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey.h - a whole store looked at: every node of the tree and every row of every table, in one
 * snapshot, told what is wrong with each and going on.
 *
 * A reader stops at the first row that is not what the tree says, because it wants that row. Who
 * asks whether a store is whole wants to know all of them, and which rows are gone. So the tree is
 * walked once, from its verified top, and its leaves are kept; then each row is held against them.
 * What no row came for is missing.
 *
 * LMDB follows what a damaged page says, and may take the process with it. So a survey says where
 * it is before it asks LMDB for more, for somebody outside the process to see; and it can leave out
 * nodes and begin a table anywhere.
 */
#ifndef TEE_STORE_SURVEY_H
#define TEE_STORE_SURVEY_H

#include "store/store.h"

/* Tables of a survey: those of enum store_table, then the nodes of the tree and the root row. */
#define SURVEY_TREE     ((unsigned)STORE_N_TABLES)
#define SURVEY_ROOT     ((unsigned)STORE_N_TABLES + 1)
#define SURVEY_N_TABLES ((unsigned)STORE_N_TABLES + 2)
const char *survey_table_name(unsigned table);

/* What a survey tells; all borrowed for the call. */
struct survey_watch {
    /* LMDB is asked for this node of the tree, or for what follows this row (empty: for the first)
     * of a table. False: leave the node out. */
    bool (*enter)(void *arg, unsigned table, struct span key);
    /* Something is wrong with a row or a node; an empty key: with the table. */
    void (*fault)(void *arg, unsigned table, struct span key, const char *what);
    /* A row that is what was stored (without leaves: a row that could be read). */
    void (*row)(void *arg, struct txn *t, enum store_table table, struct span key,
                struct span value);
    void *arg;
};

/* Rows so far, by table; zero at first. The caller's, so that a survey can go on where another one
 * was killed. */
struct survey_counts {
    uint64_t seen[SURVEY_N_TABLES];
    uint64_t known[SURVEY_N_TABLES]; /* of these: the map has a place for them */
};

struct survey;
/* Walk the tree of a read transaction. In one of txn_begin_peek() nothing is authenticated: only
 * the form of what is read is looked at then. Borrows all until survey_free(). */
NODISCARD CK_RV survey_new(struct txn *t, const struct survey_watch *w,
                           struct survey_counts *counts, struct survey **ret);
void survey_free(struct survey *s); /* NULL is allowed */
DEFINE_AUTO(survey_freep, struct survey, survey_free)
/* Look at the rows of a table from the first one whose key is not below `from` on. */
NODISCARD CK_RV survey_table(struct survey *s, unsigned table, struct span from);
/* After all tables: tell what is missing. */
void survey_end(struct survey *s);

#endif
