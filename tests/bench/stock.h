/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock.h - a token's store seen from inside: opened with the layers below the module, for what no
 * PKCS#11 call can do or measure. See stock.c.
 */
#ifndef TEE_BENCH_STOCK_H
#define TEE_BENCH_STOCK_H

#include "util/conf.h"
#include "vault/vault.h"

struct stock {
    const char *token, *pin;
    struct conf *conf;
    struct keyring *keyring;
    struct vault vault; /* the user's, logged in */
    size_t n;           /* objects asked for */
    double seconds;     /* to measure for, per round */
    unsigned rounds;
};

/* Open the store and log the user in; close both. LMDB must not have a file open twice in a
 * process, so whoever looks at it with LMDB itself closes it first. */
NODISCARD CK_RV stock_open(struct stock *s);
void stock_shut(struct stock *s);

/* Bring the token to n private keys, clones of key 0, which is there. */
NODISCARD CK_RV stock_keys(struct stock *s);
/* Bring the token to n key pairs. */
NODISCARD CK_RV stock_pairs(struct stock *s);
/* Create and destroy objects, durably, beside plain LMDB that writes the same rows. */
NODISCARD CK_RV stock_compare(struct stock *s);
/* What a new master, a new seal and new DEKs cost, these beside plain LMDB. */
NODISCARD CK_RV stock_rotate(struct stock *s);
/* What n pairs take on the disk. */
NODISCARD CK_RV stock_pages(struct stock *s);

/* One object that has this label and class. CKR_OBJECT_HANDLE_INVALID where there is none. */
NODISCARD CK_RV stock_find(struct stock *s, const char *label, CK_OBJECT_CLASS class,
                           uint64_t *ret_id);
/* A private data object of 256 bytes, as C_CreateObject makes it. */
NODISCARD CK_RV stock_data(struct attrs **ret);
/* A P-256 pair as C_GenerateKeyPair makes it, in the token: public half, private half. */
NODISCARD CK_RV stock_pair(struct attrs *ret[2]);

/* A line of the table of goals, as p11bench prints them. */
void stock_judge(const char *what, double figure, double goal, bool at_least, const char *unit);

#endif
