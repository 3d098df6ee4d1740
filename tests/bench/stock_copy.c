/* SPDX-License-Identifier: BSD-2-Clause */
/* stock_copy.c - the store's database once more; see stock_copy.h. */
#include "bench/stock_copy.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TABLES 16

CK_RV stock_lmdb_rv(int rc)
{
    if (rc != 0)
        fprintf(stderr, "p11store: LMDB: %s\n", mdb_strerror(rc));
    return rc == 0 ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV stock_env(const char *directory, unsigned flags, MDB_env **ret)
{
    MDB_env *env = NULL;

    TRY(stock_lmdb_rv(mdb_env_create(&env)));
    *ret = env;
    TRY(stock_lmdb_rv(mdb_env_set_maxdbs(env, TABLES)));
    TRY(stock_lmdb_rv(mdb_env_set_mapsize(env, (size_t)16 << 30)));
    return stock_lmdb_rv(mdb_env_open(env, directory, flags | MDB_NOTLS, 0600));
}

CK_RV stock_copy_make(const struct stock *s, struct stock_copy *ret)
{
    MDB_env *env = NULL;
    CK_RV rv;

    snprintf(ret->directory, sizeof(ret->directory), "%s.plain", s->conf->store);
    ENSURE(mkdir(ret->directory, 0700) == 0, CKR_DEVICE_ERROR);
    rv = stock_env(s->conf->store, MDB_RDONLY, &env);
    if (rv == CKR_OK)
        rv = stock_lmdb_rv(mdb_env_copy(env, ret->directory));
    mdb_env_close(env);
    TRY(rv);
    return stock_env(ret->directory, 0, &ret->env);
}

void stock_copy_clear(struct stock_copy *c)
{
    char file[PATH_MAX + 16];

    mdb_env_close(c->env);
    c->env = NULL;
    if (c->directory[0] == '\0')
        return;
    snprintf(file, sizeof(file), "%s/data.mdb", c->directory);
    unlink(file);
    snprintf(file, sizeof(file), "%s/lock.mdb", c->directory);
    unlink(file);
    rmdir(c->directory);
}
