/* SPDX-License-Identifier: BSD-2-Clause */
/* checkpoint.c - checkpoints as text; see checkpoint.h. */
#include "cli/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#define ROOT_TEXT ((PRIM_HASH + 2) / 3 * 4)

static void root_text(const uint8_t root[PRIM_HASH], char ret[ROOT_TEXT + 1])
{
    (void)EVP_EncodeBlock((uint8_t *)ret, root, PRIM_HASH);
}

CK_RV checkpoint_encode(const struct checkpoint *c, struct buf *ret)
{
    char root[ROOT_TEXT + 1];

    root_text(c->root, root);
    buf_printf(ret, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size, root);
    return buf_ok(ret);
}

/* The next line without its end; false: there is none, or it is empty. */
static bool next_line(struct span *text, struct span *ret)
{
    const uint8_t *end = text->n > 0 ? memchr(text->p, '\n', text->n) : NULL;

    if (end == NULL || end == text->p)
        return false;
    *ret = span_of(text->p, (size_t)(end - text->p));
    *text = span_of(end + 1, text->n - ret->n - 1);
    return true;
}

/* Decimal digits without leading zeros. */
static bool size_read(struct span text, uint64_t *ret)
{
    uint64_t size = 0;

    for (size_t i = 0; i < text.n; i++) {
        const uint8_t digit = (uint8_t)(text.p[i] - '0');

        if (digit > 9 || size > (UINT64_MAX - digit) / 10 || (i > 0 && size == 0))
            return false;
        size = 10 * size + digit;
    }
    *ret = size;
    return true;
}

static bool root_read(struct span text, uint8_t ret[PRIM_HASH])
{
    uint8_t bytes[ROOT_TEXT / 4 * 3];
    char again[ROOT_TEXT + 1];

    if (text.n != ROOT_TEXT || EVP_DecodeBlock(bytes, text.p, ROOT_TEXT) != (int)sizeof(bytes))
        return false;
    root_text(bytes, again);
    memcpy(ret, bytes, PRIM_HASH);
    return memcmp(again, text.p, ROOT_TEXT) == 0;
}

CK_RV checkpoint_decode(struct span text, struct checkpoint *ret)
{
    struct checkpoint c = {.size = 0};
    struct span rest = text, origin, size, root, extension;

    ENSURE(next_line(&rest, &origin) && next_line(&rest, &size) && next_line(&rest, &root),
           CKR_DATA_INVALID);
    ENSURE(origin.n < sizeof(c.origin), CKR_DATA_INVALID);
    memcpy(c.origin, origin.p, origin.n);
    ENSURE(size_read(size, &c.size) && root_read(root, c.root), CKR_DATA_INVALID);
    while (rest.n > 0)
        ENSURE(next_line(&rest, &extension), CKR_DATA_INVALID);
    *ret = c;
    return CKR_OK;
}

CK_RV checkpoint_verify(struct span note, const struct note_key *k, struct checkpoint *ret)
{
    struct checkpoint c;
    struct span text;

    TRY(note_verify(note, k, &text));
    TRY(checkpoint_decode(text, &c));
    ENSURE(strcmp(c.origin, k->name) == 0, CKR_DATA_INVALID);
    *ret = c;
    return CKR_OK;
}
