/* SPDX-License-Identifier: BSD-2-Clause */
/* buf.c - owned bytes and the cursor that reads them; see buf.h. */
#include "util/buf.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define BUF_MAX ((size_t)1 << 30) /* no row, report or file of ours comes near */

void mem_wipe(void *p, size_t n)
{
    if (n > 0)
        explicit_bzero(p, n);
}

void mem_free(void *p, size_t n)
{
    if (p != NULL)
        mem_wipe(p, n);
    free(p);
}

bool mem_equal_ct(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t differ = 0;

    for (size_t i = 0; i < n; i++)
        differ = (uint8_t)(differ | (x[i] ^ y[i]));
    return differ == 0;
}

bool mem_is_zero(const void *p, size_t n)
{
    const volatile uint8_t *x = p;
    uint8_t any = 0;

    for (size_t i = 0; i < n; i++)
        any = (uint8_t)(any | x[i]);
    return any == 0;
}

void buf_clear(struct buf *b)
{
    if (b == NULL)
        return;
    mem_free(b->p, b->room);
    *b = BUF_INIT;
}

void buf_reserve(struct buf *b, size_t more)
{
    uint8_t *grown;
    size_t room;

    if (b->failed || b->room - b->n >= more)
        return;
    if (more > BUF_MAX - b->n) {
        b->failed = true;
        return;
    }
    room = b->room < 64 ? 64 : b->room;
    while (room < b->n + more)
        room *= 2;
    grown = malloc(room);
    if (grown == NULL) {
        b->failed = true;
        return;
    }
    if (b->n > 0)
        memcpy(grown, b->p, b->n);
    mem_free(b->p, b->room);
    b->p = grown;
    b->room = room;
}

uint8_t *buf_extend(struct buf *b, size_t n)
{
    uint8_t *start;

    buf_reserve(b, n);
    if (b->failed)
        return NULL;
    start = b->p == NULL ? NULL : b->p + b->n;
    b->n += n;
    return start;
}

void buf_put(struct buf *b, struct span bytes)
{
    uint8_t *to;

    if (bytes.n == 0)
        return;
    to = buf_extend(b, bytes.n);
    if (to != NULL)
        memcpy(to, bytes.p, bytes.n);
}

/* n is a constant where this is used: a swap and a store. What binds a box has six of them. */
static inline void put_big_endian(struct buf *b, uint64_t v, size_t n)
{
    uint8_t *to = buf_extend(b, n);
    const uint64_t swapped = htobe64(v);

    if (to != NULL)
        memcpy(to, (const uint8_t *)&swapped + sizeof(swapped) - n, n);
}

void buf_u8(struct buf *b, uint8_t v)
{
    put_big_endian(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
    put_big_endian(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
    put_big_endian(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
    put_big_endian(b, v, 8);
}

void buf_var(struct buf *b, struct span bytes)
{
    if (bytes.n > BUF_MAX) {
        b->failed = true;
        return;
    }
    buf_u32(b, (uint32_t)bytes.n);
    buf_put(b, bytes);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    int n;

    va_start(args, fmt);
    n = vasprintf(&text, fmt, args);
    va_end(args);
    if (n < 0) {
        b->failed = true;
        return;
    }
    buf_put(b, span_of(text, (size_t)n));
    mem_free(text, (size_t)n);
}

/* Bytes of the control character at p, where n > 0 are left; 0: there is none. C1 in UTF-8 (U+0080
 * to U+009F, with CSI among them) are C2 80 to C2 9F, and C2 begins nothing else. */
static size_t control_bytes(const uint8_t *p, size_t n)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    return n > 1 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

size_t text_mask(void *text, size_t n)
{
    uint8_t *p = text;
    size_t to = 0;

    for (size_t from = 0; from < n; to++) {
        const size_t control = control_bytes(p + from, n - from);

        p[to] = control > 0 ? '?' : p[from];
        from += control > 1 ? control : 1;
    }
    return to;
}

void buf_text(struct buf *b, struct span text)
{
    const size_t before = b->n;

    buf_put(b, text);
    if (!b->failed && text.n > 0)
        b->n = before + text_mask(b->p + before, text.n);
}

CK_RV buf_ok(const struct buf *b)
{
    ENSURE(!b->failed, CKR_HOST_MEMORY);
    return CKR_OK;
}

struct span cursor_take(struct cursor *c, size_t n)
{
    struct span taken;

    if (c->failed || c->rest.n < n) {
        c->failed = true;
        return SPAN_EMPTY;
    }
    taken = span_of(c->rest.p, n);
    if (n > 0)
        c->rest = span_of(c->rest.p + n, c->rest.n - n);
    return taken;
}

/* n is a constant where this is used: a load and a swap. A record has sixty of them. */
static inline uint64_t take_big_endian(struct cursor *c, size_t n)
{
    const struct span bytes = cursor_take(c, n);
    uint64_t v = 0;

    if (bytes.n == n)
        memcpy((uint8_t *)&v + sizeof(v) - n, bytes.p, n);
    return be64toh(v);
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)take_big_endian(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)take_big_endian(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)take_big_endian(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return take_big_endian(c, 8);
}

void cursor_copy(struct cursor *c, void *ret, size_t n)
{
    const struct span bytes = cursor_take(c, n);

    if (n == 0)
        return;
    if (bytes.n == n)
        memcpy(ret, bytes.p, n);
    else
        memset(ret, 0, n);
}

struct span cursor_var(struct cursor *c)
{
    return cursor_take(c, cursor_u32(c));
}

char *hex_encode(struct span bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.n; i++) {
        text[2 * i] = digits[bytes.p[i] >> 4];
        text[2 * i + 1] = digits[bytes.p[i] & 15];
    }
    text[2 * bytes.n] = '\0';
    return text;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, uint8_t *ret, size_t n)
{
    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (hex_digit(text[2 * i]) < 0 || hex_digit(text[2 * i + 1]) < 0)
            return false;
    }
    for (size_t i = 0; i < n; i++)
        ret[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return true;
}
