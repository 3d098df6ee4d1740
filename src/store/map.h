/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - the authenticated map as a transaction sees it: recent changes over the tree.
 *
 * A change goes into the root row's list. When that is full, all of it goes into the tree, where
 * each touched bucket and its ancestors are written. A row that comes and goes between two such
 * moments never reaches the tree.
 */
#ifndef TEE_STORE_MAP_H
#define TEE_STORE_MAP_H

#include "store/txn.h"

/* The stamp of the row at `path`. */
NODISCARD CK_RV map_find(struct txn *t, const uint8_t path[PATH_BYTES], uint8_t ret_mac[STORE_MAC],
                         bool *ret_found);
/* Set it; *ret_added: there was none. Write transactions only, as what follows. After an error the
 * transaction may not be committed. */
NODISCARD CK_RV map_put(struct txn *t, const uint8_t path[PATH_BYTES], const uint8_t mac[STORE_MAC],
                        bool *ret_added);
/* Take it away; *ret_found: there was one. */
NODISCARD CK_RV map_del(struct txn *t, const uint8_t path[PATH_BYTES], bool *ret_found);
/* Write the changed nodes and set t->head.top. */
NODISCARD CK_RV map_save(struct txn *t);

#endif
