/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * login.h - an opened role, and the one way to check a PIN.
 *
 * A login has the DEKs of private scope that it opened: they go when the last session that is
 * logged in does, and no other caller gets them from a cache.
 */
#ifndef TEE_KEYRING_LOGIN_H
#define TEE_KEYRING_LOGIN_H

#include "keyring/wrap.h"

struct login {
    atomic_uint refs;
    uint8_t token[TOKEN_ID];
    enum role role;
    uint32_t generation; /* of the role pair */
    uint8_t public_key[PRIM_X25519];
    struct secret *private_key;
    struct dek_cache deks; /* private scope; guarded by the keyring's lock */
    bool index_opened;     /* it has opened the private index key itself; same lock */
    uint8_t stamp[STORE_MAC]; /* of the role's row when it had this pair last; same lock */
    atomic_uint_fast64_t proven; /* the last snapshot in which it was seen to; 0: none */
};

/* The pair of `row`; private_key is taken. */
NODISCARD CK_RV login_new(const uint8_t token[TOKEN_ID], enum role role, const struct role_row *row,
                          struct secret *private_key, struct login **ret);
static inline struct wrap_opener login_opener(const struct login *l)
{
    return (struct wrap_opener){l->role, l->generation, l->private_key};
}

/*
 * A PIN that is being checked. pin_check() fills it in; `prepare` (NULL: nothing) runs after each
 * reading of the role row with no transaction open, `then` (NULL: nothing) in the write transaction
 * that found the PIN right, and may be run again from the start.
 */
struct pin_check {
    struct keyring *k;
    const uint8_t *token;
    enum role role;
    struct span pin;
    CK_RV (*prepare)(struct pin_check *c);
    CK_RV (*then)(struct txn *t, struct pin_check *c);
    void *arg;
    /* Filled in. */
    struct ring_token *ring;
    struct token_info info;     /* as read before scrypt */
    struct role_row row;        /* the same row that the PIN was checked against */
    struct secret *key;         /* what the PIN makes of row.salt */
    struct secret *private_key; /* set when the PIN was right */
    CK_RV verdict;
    uint32_t failures; /* in a row, this one counted, when the PIN was wrong */
    bool again;        /* the PIN was changed meanwhile */
};
void pin_check_clear(struct pin_check *c);
/*
 * Check the PIN as token_login() says. CKR_OK: c->private_key and c->row are the role's. Nothing is
 * written where the PIN is right, the failure counter is zero and there is no `then`.
 */
NODISCARD CK_RV pin_check(struct pin_check *c);
/* A new PIN is within the token's limits: CKR_PIN_LEN_RANGE. */
NODISCARD CK_RV pin_length_check(struct span pin, uint32_t pin_min);

#endif
