/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.c - attributes as bytes; see record.h.
 *
 *   version (1) = 1, count (2), then count times: type (8), length (4), value
 *
 * all big-endian. There is one encoding of a set of attributes, and it is the only one that is
 * read: encodings can be compared as bytes. An attribute that the registry does not know is refused
 * both ways: whoever cannot tell what a restriction means must not act on an object that has it.
 */
#include "model/record.h"

#include "model/value.h"

#define RECORD_VERSION 1u
#define ATTR_HEAD      (8 + 4) /* type and length of an attribute */
#define ALIGNING       64
#define WIDE           8u /* bytes of a CK_ULONG at rest */

static CK_RV read_record(struct span bytes, unsigned depth, struct attrs *into);

static bool is_number(enum attr_kind kind)
{
    return kind == AK_ULONG || kind == AK_ULONGS;
}

/* CK_UNAVAILABLE_INFORMATION is all ones in either width. */
static uint64_t widen(CK_ULONG number)
{
    return number == (CK_ULONG)-1 ? UINT64_MAX : (uint64_t)number;
}

/* Is the attribute fit to be written? */
static CK_RV check_attr(const struct attr *attr)
{
    const struct attr_name *name = attr_name_find(attr->type);
    const struct span value = span_of(attr->p, attr->n);

    ENSURE(name != NULL, CKR_GENERAL_ERROR);
    ENSURE(value_fits(name->kind, value), CKR_GENERAL_ERROR);
    if (name->kind == AK_TEMPLATE)
        ENSURE(read_record(value, 2, NULL) == CKR_OK, CKR_GENERAL_ERROR);
    return CKR_OK;
}

static void put_numbers(struct buf *ret, struct span numbers)
{
    const size_t n = numbers.n / sizeof(CK_ULONG);

    buf_u32(ret, (uint32_t)(n * WIDE));
    for (size_t i = 0; i < n; i++) {
        CK_ULONG number;

        memcpy(&number, numbers.p + i * sizeof(number), sizeof(number));
        buf_u64(ret, widen(number));
    }
}

static void put_attr(struct buf *ret, const struct attr *attr)
{
    const struct attr_name *name = attr_name_find(attr->type);
    const struct span value = span_of(attr->p, attr->n);

    buf_u64(ret, attr->type);
    if (name != NULL && is_number(name->kind))
        put_numbers(ret, value);
    else
        buf_var(ret, value);
}

NODISCARD CK_RV record_encode(const struct attrs *a, struct buf *ret)
{
    ENSURE(a->n <= RECORD_MAX_ATTRS, CKR_GENERAL_ERROR);
    for (size_t i = 0; i < a->n; i++)
        TRY(check_attr(&a->v[i]));

    buf_u8(ret, RECORD_VERSION);
    buf_u16(ret, (uint16_t)a->n);
    for (size_t i = 0; i < a->n; i++)
        put_attr(ret, &a->v[i]);
    return buf_ok(ret);
}

/* The next WIDE bytes, big-endian, as a CK_ULONG. */
static CK_RV take_number(struct cursor *c, CK_ULONG *ret)
{
    const uint64_t v = cursor_u64(c);
    const CK_ULONG number = v == UINT64_MAX ? (CK_ULONG)-1 : (CK_ULONG)v;

    ENSURE(!c->failed && widen(number) == v, CKR_DATA_INVALID);
    *ret = number;
    return CKR_OK;
}

/* A value in the form that it has in memory. */
static CK_RV keep_value(const struct attr_name *name, struct span value, struct attrs *into)
{
    ENSURE(value_fits(name->kind, value), CKR_DATA_INVALID);
    return into == NULL ? CKR_OK : attrs_append(into, name->type, value);
}

static CK_RV read_number(const struct attr_name *name, struct span wide, struct attrs *into)
{
    struct cursor c = cursor_of(wide);
    CK_ULONG number = 0;

    TRY(take_number(&c, &number));
    ENSURE(cursor_done(&c), CKR_DATA_INVALID);
    return keep_value(name, SPAN_OBJ(number), into);
}

static CK_RV read_numbers(const struct attr_name *name, struct span wide, struct attrs *into)
{
    AUTO(buf_clear) struct buf numbers = BUF_INIT;
    struct cursor c = cursor_of(wide);

    while (c.rest.n > 0) {
        CK_ULONG number = 0;

        TRY(take_number(&c, &number));
        buf_put(&numbers, SPAN_OBJ(number));
    }
    TRY(buf_ok(&numbers));
    return keep_value(name, buf_span(&numbers), into);
}

static CK_RV read_attr(const struct attr_name *name, struct span value, unsigned depth,
                       struct attrs *into)
{
    if (name->kind == AK_ULONG)
        return read_number(name, value, into);
    if (name->kind == AK_ULONGS)
        return read_numbers(name, value, into);
    if (name->kind == AK_TEMPLATE) {
        ENSURE(depth < RECORD_MAX_DEPTH, CKR_DATA_INVALID);
        ENSURE(value_fits(name->kind, value), CKR_DATA_INVALID);
        TRY(read_record(value, depth + 1, NULL));
    }
    return keep_value(name, value, into);
}

/* As much room as n attributes in these bytes take, with some for aligning the few numbers. */
static CK_RV reserve(struct attrs *into, size_t n, struct span rest)
{
    const size_t heads = n * ATTR_HEAD;

    ENSURE(rest.n >= heads, CKR_DATA_INVALID);
    return attrs_reserve(into, n, rest.n - heads + ALIGNING);
}

/* Check the bytes and, unless into is NULL, keep what they say. */
static CK_RV read_record(struct span bytes, unsigned depth, struct attrs *into)
{
    struct cursor c = cursor_of(bytes);
    const uint8_t version = cursor_u8(&c);
    const uint16_t n = cursor_u16(&c);
    const struct attr_name *name = NULL;

    ENSURE(version == RECORD_VERSION, CKR_DATA_INVALID);
    ENSURE(n <= RECORD_MAX_ATTRS, CKR_DATA_INVALID);
    if (into != NULL)
        TRY(reserve(into, n, c.rest));
    for (uint16_t i = 0; i < n; i++) {
        const uint64_t type = cursor_u64(&c);
        const struct span value = cursor_var(&c);

        ENSURE(!c.failed, CKR_DATA_INVALID);
        ENSURE((CK_ATTRIBUTE_TYPE)type == type, CKR_DATA_INVALID);
        name = attr_name_after(name, (CK_ATTRIBUTE_TYPE)type);
        ENSURE(name != NULL, CKR_DATA_INVALID); /* unknown, a second one, or not in order */
        TRY(read_attr(name, value, depth, into));
    }
    ENSURE(cursor_done(&c), CKR_DATA_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV record_decode(struct span bytes, struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(read_record(bytes, 1, a));
    *ret = TAKE(a);
    return CKR_OK;
}
