/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * txn.h - what the files of store/ share about stores and transactions.
 */
#ifndef TEE_STORE_TXN_H
#define TEE_STORE_TXN_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "store/head.h"
#include "store/tree.h"

#define STORE_ID_LIMIT (UINT64_C(1) << 36)
#define RETIRED_MAX    8u

/* The highest commit counter that this process has seen of one store: outlives its closing. */
struct seen {
    struct seen *next;
    dev_t dev;
    ino_t ino;
    uint8_t check[PRIM_HASH]; /* keys_check() of its key */
    _Atomic uint64_t counter;
};

struct store {
    struct store *next; /* in the registry, whose lock guards next and refs */
    unsigned refs;
    dev_t dev;
    ino_t ino;
    uint64_t procid; /* of the process that opened it: no other may use it */
    char *directory;
    struct env *env;
    struct cache *cache;
    _Atomic(struct keys *) keys;       /* NULL: not given yet */
    _Atomic(struct seen *) seen;       /* set before keys */
    atomic_bool fresh;                 /* the root row may be missing: the store is being made */
    pthread_mutex_t lock;              /* guards all below */
    uint64_t verified_id;              /* 0: nothing was verified yet */
    uint64_t verified_number;          /* how many root rows were remembered, with this one */
    struct head verified;              /* the root row of that transaction */
    uint8_t verified_row[HEAD_MAX];    /* and how it stands in the file */
    size_t n_verified_row;
    struct keys *retired[RETIRED_MAX]; /* fresh keys given up: transactions may still hold them */
    unsigned n_retired;
};

/* What the tree answered last: who reads a row and then writes it asks for the same path again. */
struct answer {
    bool known;
    bool found;
    uint8_t path[PATH_BYTES];
    uint8_t mac[STORE_MAC];
};

struct txn {
    struct store *store;
    MDB_txn *mdb;
    uint64_t id;             /* of the snapshot, also in a write transaction */
    const struct keys *keys; /* NULL: only peeks */
    struct seen *seen;
    uint64_t seen_before; /* its counter, and whether the store was fresh, before it began */
    bool fresh_before;
    uint64_t proof; /* verified_number of the head: its name in the cache; 0: not remembered */
    bool writes;
    bool changed;
    bool full;         /* LMDB's map was too small: run again in a larger one */
    CK_RV spoiled;     /* a change went wrong half-way: this may not be committed */
    struct tree *tree; /* NULL: the recent changes have not gone into it */
    struct answer last;
    struct head head;  /* last: what it does not use is not written */
};

/* Log that a row is not what the tree says; returns CKR_DEVICE_ERROR. */
CK_RV row_broken(const struct txn *t, enum store_table table, struct span key, const char *why);
/* Is the key of a length that rows can have? */
static inline bool key_fits(struct span key)
{
    return key.n > 0 && key.n <= STORE_KEY_MAX;
}

/* Check the row's bytes, a private copy, against the tree; ret_mac may be NULL. */
NODISCARD CK_RV row_verify(struct txn *t, enum store_table table, struct span key,
                           struct span value, uint8_t ret_mac[STORE_MAC]);
/* Append an LMDB value of believable length. */
NODISCARD CK_RV row_copy(const struct txn *t, enum store_table table, struct span key, MDB_val v,
                         struct buf *ret);

#endif
