/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.h - the object rows of one token and scope, within one transaction: sealed and opened.
 *
 * Key: token id (16), scope (1), object id (8). Value: version byte, generation (4), box of the
 * encoded attributes under the DEK of that generation. The generation stands in clear because it
 * says which DEK opens the box, and is bound into the box; the row is authenticated by the store.
 * Writers use the current generation only, as the rows of their own transaction say; readers the
 * one that the row names, which keyring/ refuses unless it is current or being rotated away.
 *
 * A struct rows holds on to the DEKs that it used. Not synchronised; ends before its transaction.
 */
#ifndef TEE_VAULT_ROWS_H
#define TEE_VAULT_ROWS_H

#include "vault/index.h"
#include "vault/vault.h"

#define ROW_KEY       (TOKEN_ID + 1 + 8)
#define ROW_HEAD      (1 + 4)                                     /* version, generation */
#define ROW_PLAIN_MAX (STORE_VALUE_MAX - ROW_HEAD - BOX_OVERHEAD) /* bytes of a record */

struct rows {
    const struct vault *v; /* borrowed */
    struct txn *t;         /* borrowed */
    enum scope scope;
    struct dek *current; /* NULL until something is written */
    struct dek *reading; /* of the record read last, NULL before */
    struct index index;  /* its mac is NULL until it is needed */
};

/* May v read objects of this scope? Private ones: the user, not the SO (PKCS#11 v3.2 2.4). */
bool rows_are_visible(const struct vault *v, enum scope scope);

struct rows rows_of(const struct vault *v, struct txn *t, enum scope scope);
void rows_clear(struct rows *r);

void row_key(const struct vault *v, enum scope scope, uint64_t id, uint8_t ret[ROW_KEY]);

/* A record as read. */
struct row {
    uint32_t generation;
    uint8_t mac[STORE_MAC];
    struct buf plain; /* the encoded attributes */
};
void row_clear(struct row *r);

/* Read and open. CKR_OBJECT_HANDLE_INVALID: there is none (proven); CKR_DEVICE_ERROR: the row can't
 * be opened (logged). */
NODISCARD CK_RV rows_get(struct rows *r, uint64_t id, struct row *ret);
/* The same, decoded; ret_mac may be NULL. */
NODISCARD CK_RV rows_get_attrs(struct rows *r, uint64_t id, struct attrs **ret,
                               uint8_t ret_mac[STORE_MAC]);
/* In a write transaction: seal under the current generation and put; `plain` has at most
 * ROW_PLAIN_MAX bytes. ret_mac may be NULL. */
NODISCARD CK_RV rows_put(struct rows *r, uint64_t id, struct span plain,
                         uint8_t ret_mac[STORE_MAC]);
/* In a write transaction: the row must be there. */
NODISCARD CK_RV rows_remove(struct rows *r, uint64_t id);
/* The current generation, as this transaction sees it. */
NODISCARD CK_RV rows_generation(struct rows *r, uint32_t *ret);

/* In a write transaction: seal a record anew if it names another generation than the current one;
 * *ret_turned tells, and *ret_size how many bytes its row has. */
NODISCARD CK_RV rows_turn(struct rows *r, uint64_t id, bool *ret_turned, size_t *ret_size);

/* The index of the same token and scope; borrowed. */
NODISCARD CK_RV rows_index(struct rows *r, const struct index **ret);
/* Open the list of all objects. */
NODISCARD CK_RV rows_all(struct rows *r, struct list *ret);

/* Pass on the result of a call on an object that the index names: it must be there. */
NODISCARD CK_RV rows_expect(const struct rows *r, uint64_t id, CK_RV rv);

#endif
