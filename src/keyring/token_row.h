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
    uint64_t epoch;     /* of the master that the secret is boxed under */
    struct span secret; /* box of T, borrowed from the row */
};
NODISCARD CK_RV token_row_decode(const uint8_t id[TOKEN_ID], struct span row,
                                 struct token_row *ret);
/* Append the info row with T boxed under the master of `h`. */
NODISCARD CK_RV token_row_encode(const struct header *h, const struct token_info *info,
                                 struct span master, struct span t, struct buf *ret_row);
/* The T of a row that was decoded. */
NODISCARD CK_RV token_row_open(const struct header *h, const struct token_row *token,
                               struct span master, struct secret **ret_t);
/* The verified info row; CKR_TOKEN_NOT_PRESENT. The spans of ret point into `row`. */
NODISCARD CK_RV token_row_get(struct txn *t, const uint8_t id[TOKEN_ID], struct buf *row,
                              struct token_row *ret);
/* The same row boxed under another master. In a write transaction. */
NODISCARD CK_RV token_row_rewrap(struct txn *t, const struct header *from, struct span old_master,
                                 const struct header *to, struct span new_master,
                                 const uint8_t id[TOKEN_ID]);

/* Wrong PINs in a row, by enum role. */
NODISCARD CK_RV fails_decode(struct span row, uint32_t ret[2]);
NODISCARD CK_RV fails_get(struct txn *t, const uint8_t id[TOKEN_ID], uint32_t ret[2]);
NODISCARD CK_RV fails_put(struct txn *t, const uint8_t id[TOKEN_ID], const uint32_t fails[2]);

/* The ids of all tokens in a snapshot (verified); *ret is malloc'd, n of TOKEN_ID bytes each. */
NODISCARD CK_RV token_row_ids(struct txn *t, uint8_t (**ret)[TOKEN_ID], size_t *ret_n);

#endif
