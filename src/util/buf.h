/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buf.h - owned bytes: built by appending, read by a cursor, always wiped when they go.
 *
 * Growth allocates, copies and wipes the old block: a secret never stays behind in the heap.
 * Multi-byte integers are big-endian (docs/formats.md). An allocation failure makes the buffer
 * `failed`, appends after it do nothing, and buf_ok() reports it: callers append freely and check
 * once.
 */
#ifndef TEE_UTIL_BUF_H
#define TEE_UTIL_BUF_H

#include "util/span.h"

struct buf {
    uint8_t *p;
    size_t n;    /* bytes in use */
    size_t room; /* bytes allocated */
    bool failed; /* an append could not be done */
};

#define BUF_INIT ((struct buf){0})

/* Wipe and free the bytes; the struct is empty and usable afterwards. NULL is allowed. */
void buf_clear(struct buf *b);
/* Make sure that `more` bytes can be appended without moving. */
void buf_reserve(struct buf *b, size_t more);
/* Append `n` bytes of unspecified content; returns where they start, NULL when failed. */
uint8_t *buf_extend(struct buf *b, size_t n);
void buf_put(struct buf *b, struct span bytes);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
/* Append a 32-bit length and the bytes. */
void buf_var(struct buf *b, struct span bytes);
/* Printable text of the format, without its terminator. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text that somebody else wrote, for a log or a terminal: control characters as '?', those behind
 * ASCII (U+0080 to U+009F in UTF-8) too, which a terminal takes for the start of a command. */
void buf_text(struct buf *b, struct span text);
/* The same in place, where it has n bytes: how many it has now. */
size_t text_mask(void *text, size_t n);
/* CKR_OK, or CKR_HOST_MEMORY if any append failed. */
NODISCARD CK_RV buf_ok(const struct buf *b);

static inline struct span buf_span(const struct buf *b)
{
    return span_of(b->p, b->n);
}

/* What was appended to it since it had `from` bytes. */
static inline struct span buf_since(const struct buf *b, size_t from)
{
    return b->n > from ? span_of(b->p + from, b->n - from) : SPAN_EMPTY;
}

/* Reading. A read past the end sets `failed` and yields zeros or an empty span. */
struct cursor {
    struct span rest;
    bool failed;
};

static inline struct cursor cursor_of(struct span bytes)
{
    return (struct cursor){.rest = bytes, .failed = false};
}

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* The next n bytes, borrowed from the input. */
struct span cursor_take(struct cursor *c, size_t n);
/* Copy the next n bytes to `ret`; zeros on failure. */
void cursor_copy(struct cursor *c, void *ret, size_t n);
/* A 32-bit length and that many bytes, borrowed. */
struct span cursor_var(struct cursor *c);
/* True when nothing failed and nothing is left over. */
static inline bool cursor_done(const struct cursor *c)
{
    return !c->failed && c->rest.n == 0;
}

/* Overwrite memory so that the compiler cannot leave it out. */
void mem_wipe(void *p, size_t n);
/* Compare without a data-dependent branch; for tags, MACs and PINs. */
NODISCARD bool mem_equal_ct(const void *a, const void *b, size_t n);
/* True when all bytes are zero (constant time). */
NODISCARD bool mem_is_zero(const void *p, size_t n);
/* Wipe, then free(). NULL is allowed. */
void mem_free(void *p, size_t n);

/* Lower-case hex of the bytes and a terminator into text[2 * n + 1]; returns text. */
char *hex_encode(struct span bytes, char *text);
/* Decode exactly n bytes of hex from text; false when it is not hex or not that long. */
NODISCARD bool hex_decode(const char *text, uint8_t *ret, size_t n);

#endif
