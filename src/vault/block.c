/* SPDX-License-Identifier: BSD-2-Clause */
/* block.c - a set of numbers below 1024; see block.h. */
#include "vault/block.h"

#define WORD_BITS 64u
#define N_WORDS   (BLOCK_SIZE / WORD_BITS)

static uint64_t bit_of(uint32_t number)
{
    return UINT64_C(1) << (number % WORD_BITS);
}

bool block_has(const struct block *b, uint32_t number)
{
    return (b->words[number / WORD_BITS] & bit_of(number)) != 0;
}

void block_put(struct block *b, uint32_t number)
{
    b->words[number / WORD_BITS] |= bit_of(number);
}

void block_drop(struct block *b, uint32_t number)
{
    b->words[number / WORD_BITS] &= ~bit_of(number);
}

uint32_t block_count(const struct block *b)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < N_WORDS; i++)
        n += (uint32_t)__builtin_popcountll(b->words[i]);
    return n;
}

uint32_t block_next(const struct block *b, uint32_t from)
{
    uint64_t mask = UINT64_MAX << (from % WORD_BITS);

    for (uint32_t i = from / WORD_BITS; i < N_WORDS; i++) {
        const uint64_t word = b->words[i] & mask;

        if (word != 0)
            return i * WORD_BITS + (uint32_t)__builtin_ctzll(word);
        mask = UINT64_MAX;
    }
    return BLOCK_SIZE;
}

void block_encode(const struct block *b, struct buf *ret)
{
    uint8_t bitmap[BLOCK_BYTES];

    if (block_count(b) <= BLOCK_SPARSE) {
        for (uint32_t i = block_next(b, 0); i < BLOCK_SIZE; i = block_next(b, i + 1))
            buf_u16(ret, (uint16_t)i);
        return;
    }
    for (uint32_t i = 0; i < BLOCK_BYTES; i++)
        bitmap[i] = (uint8_t)(b->words[i / 8] >> (8 * (i % 8)));
    buf_put(ret, SPAN_ARRAY(bitmap));
}

static CK_RV decode_sparse(struct span bytes, struct block *ret)
{
    struct cursor c = cursor_of(bytes);
    uint32_t least = 0;

    while (c.rest.n > 0) {
        const uint32_t number = cursor_u16(&c);

        ENSURE(!c.failed && number >= least && number < BLOCK_SIZE, CKR_DATA_INVALID);
        block_put(ret, number);
        least = number + 1;
    }
    return CKR_OK;
}

static void decode_bitmap(struct span bytes, struct block *ret)
{
    for (uint32_t i = 0; i < N_WORDS; i++) {
        const uint8_t *p = bytes.p + 8 * i;

        /* Low byte first; compilers make one load of it. */
        ret->words[i] = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
                        (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
                        (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
    }
}

CK_RV block_decode(struct span bytes, struct block *ret)
{
    struct block b = {0};

    ENSURE(bytes.n > 0 && bytes.n <= BLOCK_BYTES, CKR_DATA_INVALID);
    if (bytes.n < BLOCK_BYTES) {
        TRY(decode_sparse(bytes, &b));
    } else {
        decode_bitmap(bytes, &b);
        ENSURE(block_count(&b) > BLOCK_SPARSE, CKR_DATA_INVALID);
    }
    *ret = b;
    return CKR_OK;
}
