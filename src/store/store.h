/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - rows in one LMDB environment, each a leaf of an authenticated map.
 *
 * The store moves opaque bytes. Every row of every table is a leaf of one 64-ary trie over
 * HMAC(tree key, table, key); the top, a commit counter, the next object id and the number of rows
 * per table stand in one MACed root row, rewritten by each write transaction. A verified read
 * proves that a row is there with these bytes, or that it is absent; a verified walk of a table
 * proves that no row is hidden. docs/formats.md has the bytes. What is left to a host is rolling
 * back the whole file; a process refuses a commit counter below one that it has seen.
 *
 * LMDB's rules: one environment per directory and process (a registry by device and inode),
 * MDB_NOTLS, never MDB_NOMEMINIT or MDB_WRITEMAP, no use across fork (store_forget_all), readers
 * short, the map grown on MDB_MAP_FULL and followed on MDB_MAP_RESIZED.
 *
 * Errors of all calls: CKR_DEVICE_ERROR: the store can't be read, or a row is not what the tree
 * says (one loud log line names table and row); CKR_DEVICE_MEMORY: disk or map full;
 * CKR_HOST_MEMORY. Threads: a store may be used by many, a transaction by one at a time.
 */
#ifndef TEE_STORE_STORE_H
#define TEE_STORE_STORE_H

#include "util/buf.h"

enum store_table {
    STORE_META,
    STORE_SEAL,
    STORE_TOKEN,
    STORE_DEK,
    STORE_OBJECT,
    STORE_INDEX,
    STORE_AUDIT,
    STORE_N_TABLES
};

#define STORE_MAC       16          /* bytes of a leaf MAC: the stamp of a row */
#define STORE_KEY_MAX   128         /* bytes of a row key (LMDB allows 511) */
#define STORE_VALUE_MAX (16u << 20) /* bytes of a row: what a broken length can make us copy */

struct store;
struct txn;

/* Open the environment in `directory`, or share the one this process has. With `create` directory
 * (0700) and files (0600) are made. Without it a directory that holds no database gives
 * CKR_TOKEN_NOT_PRESENT and nothing is touched. map_size: bytes of address space, 0: default. */
NODISCARD CK_RV store_open(const char *directory, bool create, uint64_t map_size,
                           struct store **ret);
/* Open a single file that store_copy() made, which nobody else may write meanwhile: no locks, no
 * lock file, not shared. `name` is what messages call it. Without `write` for reading alone.
 * CKR_TOKEN_NOT_PRESENT: a database without the store's tables. */
NODISCARD CK_RV store_open_file(const char *path, const char *name, bool write, uint64_t map_size,
                                struct store **ret);
/* After store_open() has said CKR_TOKEN_NOT_PRESENT: is there a database all the same, to which
 * nobody ever committed? Who began to make it was killed, or his disk failed. */
bool store_is_begun(const char *directory);
struct store *store_ref(struct store *s);
/* Drop a reference; the last one closes the environment. NULL is allowed. */
void store_unref(struct store *s);
DEFINE_AUTO(store_unrefp, struct store, store_unref)
/* In a forked child: forget every environment without closing it (lmdb.h: caveats). */
void store_forget_all(void);
const char *store_directory(const struct store *s);

/* Give the tree key (32 bytes). From here on txn_get() and friends verify. With `fresh` the store
 * has no rows yet and the first write transaction makes the root row. Giving the same key again is
 * CKR_OK; another key is CKR_DEVICE_ERROR. */
NODISCARD CK_RV store_set_key(struct store *s, struct span tree_key, bool fresh);
bool store_has_key(const struct store *s);

/* Write the newest snapshot to `fd`, as a file of its own for store_open_file(). Needs no key, and
 * does not hold up writers; a slow `fd` keeps the snapshot's pages from being used again. */
NODISCARD CK_RV store_copy(struct store *s, int fd);

/* Number of the newest committed LMDB transaction: one memory read, no lock, no system call. */
uint64_t store_last_txn(const struct store *s);

/* Read transaction: a snapshot. Verifies the root row unless this transaction id was verified. */
NODISCARD CK_RV txn_begin_read(struct store *s, struct txn **ret);
/* End a read transaction, or abort a write transaction. NULL is allowed. */
void txn_end(struct txn *t);
DEFINE_AUTO(txn_endp, struct txn, txn_end)
/* The snapshot's LMDB transaction id. */
uint64_t txn_id(const struct txn *t);
/* The authenticated commit counter of the snapshot. */
uint64_t txn_counter(const struct txn *t);

/*
 * Run `fn` in a write transaction and commit what it did; nothing is kept if it fails. fn may be
 * run again from the start (map growth), so it must not have effects outside the transaction that
 * a second run would spoil. One writer at a time over all processes: keep it short, never block.
 */
typedef CK_RV txn_fn(struct txn *t, void *arg);
NODISCARD CK_RV store_write(struct store *s, txn_fn *fn, void *arg);
/* Is it such a transaction, for whose end every other writer waits? */
bool txn_writes(const struct txn *t);

/* Verified read: *ret_found, and the row appended to ret. ret may be NULL (presence alone).
 * ret_mac, when not NULL, receives the row's stamp. */
NODISCARD CK_RV txn_get(struct txn *t, enum store_table table, struct span key, struct buf *ret,
                        uint8_t ret_mac[STORE_MAC], bool *ret_found);
/* Is the row still there with this stamp? Checks the path in the tree, does not read the row. */
NODISCARD CK_RV txn_same(struct txn *t, enum store_table table, struct span key,
                         const uint8_t mac[STORE_MAC], bool *ret_same);
/* Verified walk of a whole table in key order; `fn` gets each row; what fn returns other than
 * CKR_OK ends the walk and is returned. After the last row the number of rows is compared with the
 * authenticated one, so a hidden row is CKR_DEVICE_ERROR. For small tables. */
typedef CK_RV row_fn(struct txn *t, struct span key, struct span value, void *arg);
NODISCARD CK_RV txn_walk(struct txn *t, enum store_table table, row_fn *fn, void *arg);
/* Number of rows of a table: authenticated. */
uint64_t txn_count(const struct txn *t, enum store_table table);

/* The first row of `table` whose key is >= `from` and starts with `prefix`, verified (its absence
 * further on is not proven: for work lists such as rotation, not for answers). */
NODISCARD CK_RV txn_seek(struct txn *t, enum store_table table, struct span prefix,
                         struct span from, struct buf *ret_key, struct buf *ret_value,
                         bool *ret_found);

/* In store_write() only. */
NODISCARD CK_RV txn_put(struct txn *t, enum store_table table, struct span key, struct span value,
                        uint8_t ret_mac[STORE_MAC] /* NULL: not wanted */);
/* CKR_OK whether or not the row was there; *ret_found (may be NULL) tells. */
NODISCARD CK_RV txn_del(struct txn *t, enum store_table table, struct span key, bool *ret_found);
/* A number never given before in this store: 1, 2, ... below 2^36. */
NODISCARD CK_RV txn_new_id(struct txn *t, uint64_t *ret);
/* The number that the next txn_new_id() gives, as this snapshot or write transaction has it: while
 * it stays, nothing was made. Authenticated. */
uint64_t txn_next_id(const struct txn *t);

/* Is there room on the disk for some commits more? For who gives an answer away that he would have
 * to take back if a commit failed. CKR_DEVICE_MEMORY: the file system is as good as full;
 * CKR_DEVICE_ERROR: it is read-only. */
NODISCARD CK_RV txn_room(const struct txn *t);

/* Unverified: for what must be read before the tree key is known (the header, seals, and labels of
 * tokens that can't be opened). Treat the bytes as hostile; verify them with txn_get() later. */
NODISCARD CK_RV txn_peek(struct txn *t, enum store_table table, struct span key, struct buf *ret,
                         bool *ret_found);
NODISCARD CK_RV txn_peek_walk(struct txn *t, enum store_table table, row_fn *fn, void *arg);
/* Read transaction that verifies nothing, for txn_peek() before store_set_key(). */
NODISCARD CK_RV txn_begin_peek(struct store *s, struct txn **ret);

#endif
