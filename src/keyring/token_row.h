/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token.h - the rows of a token: what stands in clear and the token secret (info), its roles
 * (keyring/role.h) and its failure counters.
 *
 * The key of each row starts with the 16-byte token id, then a byte says which row it is. The clear
 * part is shown before the store opens, so decoders take hostile bytes.
 */
#ifndef TEE_KEYRING_TOKEN_ROW_H
#define TEE_KEYRING_TOKEN_ROW_H

#include "keyring/ring.h"

#define TOKENS_MAX 4096 /* of a store */

enum token_row_kind { TOKEN_ROW_INFO = 0, TOKEN_ROW_ROLE = 1, TOKEN_ROW_FAILS = 2 };

/* A row's key: token id, enum token_row_kind, and for role rows enum role. */
struct token_row_key {
    uint8_t p[TOKEN_ID + 2];
    size_t n;
};
struct token_row_key token_row_key(const uint8_t id[TOKEN_ID], enum token_row_kind row,
                                   enum role role);
static inline struct span token_row_key_span(const struct token_row_key *k)
{
    return span_of(k->p, k->n);
}

/* An info row: user_pin_set and fails of the info are not part of it. */
struct token_row {
    struct token_info info;
    uint64_t epoch;     /* of the master that the secrets are boxed under */
    struct span secret; /* box of the token secrets, borrowed from the row */
};

/*
 * The secrets of a token as one string of bytes: T, which wraps DEKs and index keys; then, after
 * a revocation, older ones that a role's row is still made with, each with its number. T's own
 * number is in the info (secret_number), in clear, so that whoever keeps T sees that it is another.
 */
#define SECRETS_OLDER     2 /* at most: one per role */
#define SECRETS_OLDER_ONE (4 + PRIM_KEY)
#define SECRETS_MAX       (PRIM_KEY + SECRETS_OLDER * SECRETS_OLDER_ONE)
/* The secret with this number; `number_of_t` is T's. CKR_DEVICE_ERROR: there is none. */
NODISCARD CK_RV secrets_find(struct span secrets, uint32_t number_of_t, uint32_t number,
                             struct span *ret);
NODISCARD CK_RV token_row_decode(const uint8_t id[TOKEN_ID], struct span row,
                                 struct token_row *ret);
/* Append the info row with the secrets boxed under the master of `h`. */
NODISCARD CK_RV token_row_encode(const struct header *h, const struct token_info *info,
                                 struct span master, struct span secrets, struct buf *ret_row);
/* The secrets of a row that was decoded. */
NODISCARD CK_RV token_row_open(const struct header *h, const struct token_row *token,
                               struct span master, struct secret **ret_secrets);
/* The verified info row; CKR_DEVICE_REMOVED. The spans of ret point into `row`. */
NODISCARD CK_RV token_row_get(struct txn *t, const uint8_t id[TOKEN_ID], struct buf *row,
                              struct token_row *ret);
/* The same row boxed under another master. In a write transaction. */
NODISCARD CK_RV token_row_rewrap(struct txn *t, const struct header *from, struct span old_master,
                                 const struct header *to, struct span new_master,
                                 const uint8_t id[TOKEN_ID]);

/*
 * A new T for the token, boxed under another master: every DEK and index key is wrapped anew, and
 * each scope gets a new generation. Of the secrets so far those stay that a role's row is made
 * with, for the PIN that goes with it. In a write transaction. Records still name the old
 * generations: vault_rotate_step() moves them.
 */
NODISCARD CK_RV token_secret_renew(struct txn *t, const struct header *from, struct span old_master,
                                   const struct header *to, struct span new_master,
                                   const uint8_t id[TOKEN_ID]);

/* Wrong PINs in a row, by enum role. */
NODISCARD CK_RV fails_decode(struct span row, uint32_t ret[2]);
NODISCARD CK_RV fails_get(struct txn *t, const uint8_t id[TOKEN_ID], uint32_t ret[2]);
NODISCARD CK_RV fails_put(struct txn *t, const uint8_t id[TOKEN_ID], const uint32_t fails[2]);

/* The ids of all tokens in a snapshot (verified); *ret is malloc'd, n of TOKEN_ID bytes each. */
NODISCARD CK_RV token_row_ids(struct txn *t, uint8_t (**ret)[TOKEN_ID], size_t *ret_n);
/* Has the store an info row of this token? It is not looked into. */
NODISCARD CK_RV token_there(struct txn *t, const uint8_t id[TOKEN_ID], bool *ret);

#endif
