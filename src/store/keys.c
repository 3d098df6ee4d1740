/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.c - the four keys of the authenticated map and the sums made with them.
 *
 * The inputs are prefix-free per key: fixed-width fields first, the row's key with its length, then
 * one variable part at the end.
 */
#include "store/keys.h"

#include <stdlib.h>

struct keys {
    struct mac *path;
    struct mac *leaf;
    struct mac *node;
    struct mac *head;
    uint8_t check[PRIM_HASH]; /* tells two tree keys apart without keeping either */
};

/* HKDF(tree key, purpose). */
static CK_RV derive(struct span tree_key, struct span purpose, uint8_t ret[PRIM_KEY])
{
    return prim_hkdf(tree_key, SPAN_EMPTY, purpose, ret, PRIM_KEY);
}

static CK_RV derive_mac(struct span tree_key, struct span purpose, struct mac **ret)
{
    uint8_t key[PRIM_KEY];
    CK_RV rv = derive(tree_key, purpose, key);

    if (rv == CKR_OK)
        rv = mac_new(SPAN_ARRAY(key), ret);
    mem_wipe(key, sizeof(key));
    return rv;
}

CK_RV keys_new(struct span tree_key, struct keys **ret)
{
    AUTO(keys_freep) struct keys *k = NULL;

    ENSURE(tree_key.n == PRIM_KEY, CKR_ARGUMENTS_BAD);
    k = calloc(1, sizeof(*k));
    ENSURE(k != NULL, CKR_HOST_MEMORY);
    TRY(derive_mac(tree_key, SPAN_LIT("tee-pkcs11 tree path 1"), &k->path));
    TRY(derive_mac(tree_key, SPAN_LIT("tee-pkcs11 tree leaf 1"), &k->leaf));
    TRY(derive_mac(tree_key, SPAN_LIT("tee-pkcs11 tree node 1"), &k->node));
    TRY(derive_mac(tree_key, SPAN_LIT("tee-pkcs11 tree root 1"), &k->head));
    TRY(derive(tree_key, SPAN_LIT("tee-pkcs11 tree check 1"), k->check));
    *ret = TAKE(k);
    return CKR_OK;
}

void keys_free(struct keys *k)
{
    if (k == NULL)
        return;
    mac_free(k->path);
    mac_free(k->leaf);
    mac_free(k->node);
    mac_free(k->head);
    mem_free(k, sizeof(*k));
}

const uint8_t *keys_check(const struct keys *k)
{
    return k->check;
}

/* The first n bytes of a sum. */
static CK_RV sum_cut(const struct mac *m, const struct span *parts, size_t n_parts, uint8_t *ret,
                     size_t n)
{
    uint8_t sum[PRIM_HASH];

    TRY(mac_sum(m, parts, n_parts, sum));
    memcpy(ret, sum, n);
    return CKR_OK;
}

CK_RV path_sum(const struct keys *k, enum store_table table, struct span key,
               uint8_t ret[PATH_BYTES])
{
    const uint8_t first = (uint8_t)table;
    const struct span parts[] = {SPAN_OBJ(first), key};

    return sum_cut(k->path, parts, N_ELEMENTS(parts), ret, PATH_BYTES);
}

CK_RV leaf_sum(const struct keys *k, enum store_table table, struct span key, struct span value,
               uint8_t ret[STORE_MAC])
{
    const uint8_t first[2] = {(uint8_t)table, (uint8_t)key.n}; /* STORE_KEY_MAX is below 256 */
    const struct span parts[] = {SPAN_ARRAY(first), key, value};

    return sum_cut(k->leaf, parts, N_ELEMENTS(parts), ret, STORE_MAC);
}

CK_RV node_sum(const struct keys *k, unsigned depth, const uint8_t path[PATH_BYTES],
               struct span content, uint8_t ret[STORE_MAC])
{
    uint8_t first[1 + PATH_BYTES] = {(uint8_t)depth};
    const struct span parts[] = {SPAN_ARRAY(first), content};

    path_prefix(path, depth, first + 1);
    return sum_cut(k->node, parts, N_ELEMENTS(parts), ret, STORE_MAC);
}

CK_RV head_sum(const struct keys *k, struct span row, uint8_t ret[PRIM_HASH])
{
    return mac_sum(k->head, &row, 1, ret);
}

unsigned path_digit(const uint8_t path[PATH_BYTES], unsigned depth)
{
    const unsigned bit = depth * DIGIT_BITS;
    const unsigned byte = bit / 8;
    const unsigned next = byte + 1 < PATH_BYTES ? path[byte + 1] : 0;
    const unsigned window = (unsigned)path[byte] << 8 | next;

    return window >> (16 - DIGIT_BITS - bit % 8) & (DIGITS - 1);
}

void path_prefix(const uint8_t path[PATH_BYTES], unsigned depth, uint8_t ret[PATH_BYTES])
{
    const unsigned bits = depth * DIGIT_BITS;
    const unsigned whole = bits / 8;

    memset(ret, 0, PATH_BYTES);
    memcpy(ret, path, whole);
    if (bits % 8 != 0)
        ret[whole] = (uint8_t)(path[whole] & (0xff00u >> bits % 8));
}

void path_extend(const uint8_t prefix[PATH_BYTES], unsigned depth, unsigned digit,
                 uint8_t ret[PATH_BYTES])
{
    const unsigned bit = depth * DIGIT_BITS;
    const unsigned window = digit << (16 - DIGIT_BITS - bit % 8);

    path_prefix(prefix, depth, ret);
    ret[bit / 8] = (uint8_t)(ret[bit / 8] | window >> 8);
    if (bit / 8 + 1 < PATH_BYTES)
        ret[bit / 8 + 1] = (uint8_t)(window & 0xff);
}
