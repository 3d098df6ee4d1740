/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * env.h - one LMDB environment: opened, its tables, its transactions, its map.
 *
 * Knows LMDB's rules and nothing of the authenticated map. A transaction of this process is between
 * env_read()/env_write() and its end: the map is only moved when there is none. Ended read
 * transactions are kept reset, reader slot and all, and renewed: no lock shared with other
 * processes is taken to read.
 */
#ifndef TEE_STORE_ENV_H
#define TEE_STORE_ENV_H

#include "store/db.h"

struct env;

/* Open `directory` (checked by place_look). With `create` missing files and tables are made;
 * without it missing tables are CKR_TOKEN_NOT_PRESENT. map_size 0: the default. */
NODISCARD CK_RV env_open(const char *directory, bool create, uint64_t map_size, struct env **ret);
/* Open a single file without locks, as db_open_file() does. */
NODISCARD CK_RV env_open_file(const char *path, bool write, uint64_t map_size, struct env **ret);
/* Release every reader slot and close. No transaction may be live. NULL is allowed. */
void env_close(struct env *e);
DEFINE_AUTO(env_closep, struct env, env_close)

/* Handle of a table, DB_TREE and DB_ROOT included. */
MDB_dbi env_table(const struct env *e, unsigned table);
/* Number of the newest committed transaction. */
uint64_t env_newest(const struct env *e);

NODISCARD CK_RV env_read(struct env *e, MDB_txn **ret);
/* Blocks while another writer, here or in another process, is at work. The file is long enough for
 * every page when this returns. */
NODISCARD CK_RV env_write(struct env *e, MDB_txn **ret);
/* End a read transaction. NULL is allowed. */
void env_read_done(struct env *e, MDB_txn *txn);
/* End a write transaction without keeping what it did. NULL is allowed. */
void env_abort(struct env *e, MDB_txn *txn);
/* Commit and end, whatever comes of it. *ret_full: the map was too small. */
NODISCARD CK_RV env_commit(struct env *e, MDB_txn *txn, bool *ret_full);
/* Write the newest snapshot to `fd` as a database of its own: the pages in use and no others, so
 * that nothing which was deleted is in it. Writers go on meanwhile. CKR_DEVICE_MEMORY: no room;
 * CKR_DEVICE_ERROR, logged. */
NODISCARD CK_RV env_copy(struct env *e, int fd);
/* Make the map larger, unless somebody did since it had `had` bytes. No transaction of this thread
 * may be live; those of others are waited for, for a while: then CKR_DEVICE_MEMORY. */
NODISCARD CK_RV env_grow(struct env *e, size_t had);
size_t env_map_size(struct env *e);
/* Is there room on the file system for some commits more? CKR_DEVICE_MEMORY: less than that is
 * left; CKR_DEVICE_ERROR: it is read-only, or can't be asked. */
NODISCARD CK_RV env_room(struct env *e);

#endif
