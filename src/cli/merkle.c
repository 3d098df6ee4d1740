/* SPDX-License-Identifier: BSD-2-Clause */
/* merkle.c - Merkle tree heads; see merkle.h. */
#include "cli/merkle.h"

#include <string.h>

/* RFC 6962 keeps leaves and nodes apart by the first byte of what is hashed. */
static CK_RV leaf_hash(struct span leaf, uint8_t ret[PRIM_HASH])
{
    static const uint8_t kind[] = {0x00};
    const struct span parts[] = {SPAN_ARRAY(kind), leaf};

    return prim_sha256(parts, N_ELEMENTS(parts), ret);
}

static CK_RV node_hash(const uint8_t left[PRIM_HASH], const uint8_t right[PRIM_HASH],
                       uint8_t ret[PRIM_HASH])
{
    static const uint8_t kind[] = {0x01};
    const struct span parts[] = {SPAN_ARRAY(kind), span_of(left, PRIM_HASH),
                                 span_of(right, PRIM_HASH)};

    return prim_sha256(parts, N_ELEMENTS(parts), ret);
}

CK_RV merkle_add(struct merkle *m, struct span leaf)
{
    uint8_t hash[PRIM_HASH];
    size_t n_peaks = m->n_peaks;

    TRY(leaf_hash(leaf, hash));
    for (uint64_t bits = m->n; (bits & 1) != 0; bits >>= 1)
        TRY(node_hash(m->peaks[--n_peaks], hash, hash));
    memcpy(m->peaks[n_peaks], hash, PRIM_HASH);
    m->n_peaks = n_peaks + 1;
    m->n++;
    return CKR_OK;
}

CK_RV merkle_root(const struct merkle *m, uint8_t ret[PRIM_HASH])
{
    uint8_t hash[PRIM_HASH];

    if (m->n == 0)
        return prim_sha256(NULL, 0, ret);
    memcpy(hash, m->peaks[m->n_peaks - 1], PRIM_HASH);
    for (size_t i = m->n_peaks - 1; i > 0; i--)
        TRY(node_hash(m->peaks[i - 1], hash, hash));
    memcpy(ret, hash, PRIM_HASH);
    return CKR_OK;
}
