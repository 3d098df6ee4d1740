/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * db.h - opening an LMDB environment with the store's tables, and what LMDB's codes mean.
 */
#ifndef TEE_STORE_DB_H
#define TEE_STORE_DB_H

#include <lmdb.h>

#include "store/store.h"

/* The tables after those of enum store_table: the nodes of the tree, and its root row alone: a
 * commit then rewrites one page for it, however large the tree's table is. */
#define DB_TREE     (STORE_N_TABLES)
#define DB_ROOT     (STORE_N_TABLES + 1)
#define DB_N_TABLES (STORE_N_TABLES + 2)

struct db {
    MDB_env *env;
    MDB_dbi table[DB_N_TABLES];
};

/* Open the database in `directory` (checked by place_look). With `create` missing files and tables
 * are made; without it missing tables are CKR_TOKEN_NOT_PRESENT. map_size in bytes, 0: the default;
 * where there is not so much address space, half of it, and so on. */
NODISCARD CK_RV db_open(const char *directory, bool create, uint64_t map_size, struct db *ret);
/* Open a single file without locks: for a copy that nobody else writes. Without `write` for reading
 * alone. Missing tables are CKR_TOKEN_NOT_PRESENT. */
NODISCARD CK_RV db_open_file(const char *path, bool write, uint64_t map_size, struct db *ret);
/* Close what was opened; no transaction may be left. */
void db_clear(struct db *d);
/* Name of a table, for messages and LMDB. */
const char *db_table_name(unsigned table);

/* What an LMDB return code means to a caller: CKR_DEVICE_MEMORY (map or disk full),
 * CKR_HOST_MEMORY, or CKR_DEVICE_ERROR with a line in the log. */
CK_RV mdb_rv(int rc);
/* The same; *full is set, and nothing logged, when it was the map. */
CK_RV mdb_rv_full(int rc, bool *full);

#endif
