/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock_copy.h - a copy of the store's database on the same disk, for plain LMDB to write to.
 */
#ifndef TEE_BENCH_STOCK_COPY_H
#define TEE_BENCH_STOCK_COPY_H

#include <limits.h>
#include <lmdb.h>

#include "bench/stock.h"

struct stock_copy {
    char directory[PATH_MAX]; /* empty: none */
    MDB_env *env;
};

/* LMDB must not have a file open twice in a process: stock_shut() before. */
NODISCARD CK_RV stock_copy_make(const struct stock *s, struct stock_copy *ret);
/* Close and delete it. */
void stock_copy_clear(struct stock_copy *c);

/* An LMDB environment of the store's layout. */
NODISCARD CK_RV stock_env(const char *directory, unsigned flags, MDB_env **ret);
/* CKR_DEVICE_ERROR, said on standard error, for what LMDB reports. */
NODISCARD CK_RV stock_lmdb_rv(int rc);

#endif
