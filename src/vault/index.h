/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * index.h - which posting lists (vault/list.h) an object stands in, and which a search may use.
 *
 * Every stored object is in the list of all objects of its token and scope, and in one list per
 * attribute that its schema marks INDEXED and whose value is not empty. A list is named by
 * HMAC(index key, attribute type and value), so the database shows neither types nor values, only
 * how many objects share one. SECRET attributes are never listed whatever the schema says,
 * CKA_TOKEN and CKA_PRIVATE not either: the scope says them. An empty value is not listed: most
 * objects leave some attribute empty, and each would pay for a list that nobody searches by.
 *
 * A search may use the list of a type only where every schema that it could mean lists the type:
 * then an object that is not in the list does not match, and one that is does.
 */
#ifndef TEE_VAULT_INDEX_H
#define TEE_VAULT_INDEX_H

#include "keyring/keyring.h"
#include "model/attrs.h"
#include "vault/list.h"

/* The lists of one token and scope, within one transaction. */
struct index {
    const struct mac *mac; /* index_mac() of the keyring: borrowed */
    const uint8_t *token;  /* TOKEN_ID bytes: borrowed */
    enum scope scope;
};

/* The key of the list of an attribute value; of all objects when `a` is NULL. */
NODISCARD CK_RV index_key(const struct index *x, const struct attr *a, uint8_t ret[LIST_KEY]);

/* What the lists say of a member's class, as their tag; 0: nothing. */
uint8_t index_tag(CK_ULONG class);

/* In a write transaction: object `id`, which had the attributes `before` (NULL: it is new), now has
 * `after` (NULL: it goes). Lists of what did not change are not touched. */
NODISCARD CK_RV index_change(const struct index *x, struct txn *t, uint64_t id,
                             const struct attrs *before, const struct attrs *after);

/* Is the list of this attribute of a search exact for all objects that can match? `class` is the
 * class searched for, SCHEMA_ANY when the search does not say. */
NODISCARD bool index_covers(const struct attr *a, CK_ULONG class);
/* Values of this type are likely to be shared by many objects: numbers and flags. */
NODISCARD bool index_is_coarse(CK_ATTRIBUTE_TYPE type);

#endif
