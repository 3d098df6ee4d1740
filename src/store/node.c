/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.c - reading encoded tree nodes.
 *
 * What is read here has been authenticated, so that a malformed node means a bug in the code that
 * wrote it; it is checked all the same, because everything after it indexes by what it says.
 */
#include "store/node.h"

static uint64_t bitmap_of(struct span content)
{
    struct cursor c = cursor_of(span_of(content.p + 1, content.n - 1));

    return cursor_u64(&c);
}

static bool bucket_well_formed(struct span content)
{
    const size_t n = (content.n - 1) / ENTRY_BYTES;
    const uint8_t *entry = content.p + 1;

    if (n < 1 || n > BUCKET_MAX || content.n != 1 + n * ENTRY_BYTES)
        return false;
    for (size_t i = 1; i < n; i++)
        if (memcmp(entry + (i - 1) * ENTRY_BYTES, entry + i * ENTRY_BYTES, PATH_BYTES) >= 0)
            return false;
    return true;
}

static bool inner_well_formed(struct span content, unsigned depth)
{
    uint64_t bitmap;

    if (content.n < 9 || depth >= PATH_DIGITS)
        return false;
    bitmap = bitmap_of(content);
    return bitmap != 0 && content.n == 9 + (size_t)__builtin_popcountll(bitmap) * STORE_MAC;
}

bool node_well_formed(struct span content, unsigned depth)
{
    if (content.n < 1 || content.n > NODE_MAX)
        return false;
    if (content.p[0] == NODE_BUCKET)
        return bucket_well_formed(content);
    return content.p[0] == NODE_INNER && inner_well_formed(content, depth);
}

static enum node_step bucket_look(struct span content, const uint8_t path[PATH_BYTES],
                                  uint8_t ret_mac[STORE_MAC])
{
    const uint8_t *entry = content.p + 1;
    size_t low = 0, high = (content.n - 1) / ENTRY_BYTES;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = memcmp(path, entry + middle * ENTRY_BYTES, PATH_BYTES);

        if (order == 0) {
            memcpy(ret_mac, entry + middle * ENTRY_BYTES + PATH_BYTES, STORE_MAC);
            return STEP_LEAF;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return STEP_ABSENT;
}

enum node_step node_look(struct span content, unsigned depth, const uint8_t path[PATH_BYTES],
                         uint8_t ret_mac[STORE_MAC])
{
    uint64_t bitmap, bit;
    size_t before;

    if (content.p[0] == NODE_BUCKET)
        return bucket_look(content, path, ret_mac);
    bitmap = bitmap_of(content);
    bit = child_bit(path_digit(path, depth));
    if ((bitmap & bit) == 0)
        return STEP_ABSENT;
    /* The children before this one are the bits above it. */
    before = (size_t)__builtin_popcountll(bitmap & ~(bit | (bit - 1)));
    memcpy(ret_mac, content.p + 9 + before * STORE_MAC, STORE_MAC);
    return STEP_CHILD;
}

size_t node_key(const uint8_t path[PATH_BYTES], unsigned depth, uint8_t ret[NODE_KEY_MAX])
{
    ret[0] = (uint8_t)depth;
    path_prefix(path, depth, ret + 1);
    return 1 + (depth * DIGIT_BITS + 7) / 8;
}
