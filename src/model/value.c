/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value.c - the value of one attribute; see value.h.
 *
 * The application's memory is read once and copied. Attribute arrays are followed to
 * RECORD_MAX_DEPTH, RECORD_MAX_ATTRS entries and RECORD_MAX_VALUE bytes in all, so that a small
 * template that points at itself costs no more than a plain one.
 */
#include "model/value.h"

#include "model/record.h"

#define DATE_DIGITS 8 /* YYYYMMDD */

/* What a nested template may still cost. */
struct allowance {
    unsigned depth; /* levels left below this one */
    size_t attrs;
    size_t bytes;
};

static CK_RV take_template(const CK_ATTRIBUTE *given, struct allowance *left, struct buf *ret);

static unsigned number_at(const uint8_t *digits, size_t n)
{
    unsigned number = 0;

    for (size_t i = 0; i < n; i++)
        number = 10 * number + (unsigned)(digits[i] - '0');
    return number;
}

static bool fits_bool(struct span value)
{
    return value.n == sizeof(CK_BBOOL) && (value.p[0] == CK_FALSE || value.p[0] == CK_TRUE);
}

static bool fits_ulong(struct span value)
{
    return value.n == sizeof(CK_ULONG);
}

static bool fits_bytes(struct span value)
{
    return value.n <= RECORD_MAX_VALUE;
}

static bool fits_date(struct span value)
{
    if (value.n == 0)
        return true;
    if (value.n != DATE_DIGITS)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return false;
    }
    return number_at(value.p + 4, 2) - 1 < 12 && number_at(value.p + 6, 2) - 1 < 31;
}

static bool fits_ulongs(struct span value)
{
    return value.n <= RECORD_MAX_VALUE && value.n % sizeof(CK_ULONG) == 0;
}

static bool (*const fits[])(struct span value) = {
    [AK_BOOL] = fits_bool, [AK_ULONG] = fits_ulong,   [AK_BYTES] = fits_bytes,
    [AK_DATE] = fits_date, [AK_ULONGS] = fits_ulongs, [AK_TEMPLATE] = fits_bytes,
};

NODISCARD bool value_fits(enum attr_kind kind, struct span value)
{
    return fits[kind](value);
}

CK_ULONG value_bits(struct span number)
{
    CK_ULONG bits = 0;

    while (number.n > 0 && number.p[0] == 0)
        number = span_of(number.p + 1, number.n - 1);
    if (number.n > 0)
        bits = 8 * number.n - (CK_ULONG)(__builtin_clz(number.p[0]) - 24);
    return bits;
}

NODISCARD CK_RV value_check_array(const void *v, CK_ULONG n)
{
    ENSURE(v != NULL || n == 0, CKR_ARGUMENTS_BAD);
    ENSURE(n <= RECORD_MAX_ATTRS, CKR_ARGUMENTS_BAD);
    return CKR_OK;
}

/* Sizes first: nothing is read from a pointer whose length makes no sense. */
static CK_RV check_plain(const CK_ATTRIBUTE *given)
{
    ENSURE(given->pValue != NULL || given->ulValueLen == 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(given->ulValueLen <= RECORD_MAX_VALUE, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV take_plain(const CK_ATTRIBUTE *given, enum attr_kind kind, struct buf *ret)
{
    TRY(check_plain(given));
    buf_put(ret, span_of(given->pValue, given->ulValueLen));
    TRY(buf_ok(ret));
    ENSURE(value_fits(kind, buf_span(ret)), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV take_at(const CK_ATTRIBUTE *given, enum attr_kind kind, struct allowance *left,
                     struct buf *ret)
{
    return kind == AK_TEMPLATE ? take_template(given, left, ret) : take_plain(given, kind, ret);
}

/* One entry of a nested template into `nested`. */
static CK_RV take_nested(const CK_ATTRIBUTE *given, struct allowance *left, struct attrs *nested)
{
    const struct attr_name *name = attr_name_find(given->type);
    AUTO(buf_clear) struct buf value = BUF_INIT;

    ENSURE(name != NULL, CKR_ATTRIBUTE_TYPE_INVALID);
    ENSURE(!attrs_has(nested, given->type), CKR_TEMPLATE_INCONSISTENT);
    ENSURE(left->attrs > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    left->attrs--;
    ENSURE(name->kind == AK_TEMPLATE || given->ulValueLen <= left->bytes,
           CKR_ATTRIBUTE_VALUE_INVALID);
    TRY(take_at(given, name->kind, left, &value));
    if (name->kind != AK_TEMPLATE)
        left->bytes -= value.n;
    return attrs_set(nested, given->type, buf_span(&value));
}

static CK_RV take_template(const CK_ATTRIBUTE *given, struct allowance *left, struct buf *ret)
{
    const size_t n = given->ulValueLen / sizeof(CK_ATTRIBUTE);
    AUTO(attrs_freep) struct attrs *nested = NULL;

    ENSURE(given->pValue != NULL || given->ulValueLen == 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(given->ulValueLen % sizeof(CK_ATTRIBUTE) == 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(n <= RECORD_MAX_ATTRS, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(left->depth > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    TRY(attrs_new(&nested));
    left->depth--;
    for (size_t i = 0; i < n; i++) {
        const CK_ATTRIBUTE entry = value_entry(given->pValue, i);

        TRY(take_nested(&entry, left, nested));
    }
    left->depth++;
    TRY(record_encode(nested, ret));
    ENSURE(ret->n <= RECORD_MAX_VALUE, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV value_take(const CK_ATTRIBUTE *given, enum attr_kind kind, struct buf *ret)
{
    /* The object itself is the first of RECORD_MAX_DEPTH levels. */
    struct allowance left = {
        .depth = RECORD_MAX_DEPTH - 1,
        .attrs = RECORD_MAX_ATTRS,
        .bytes = RECORD_MAX_VALUE,
    };

    return take_at(given, kind, &left, ret);
}

/* Without a buffer in between: the copy in the set is what is looked at. */
static CK_RV place_plain(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into,
                         struct span *ret_copy)
{
    struct span copy;

    TRY(check_plain(given));
    TRY(attrs_place(into, span_of(given->pValue, given->ulValueLen), &copy));
    ENSURE(value_fits(kind, copy), CKR_ATTRIBUTE_VALUE_INVALID);
    *ret_copy = copy;
    return CKR_OK;
}

static CK_RV place_template(const CK_ATTRIBUTE *given, struct attrs *into, struct span *ret_copy)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;

    TRY(value_take(given, AK_TEMPLATE, &value));
    return attrs_place(into, buf_span(&value), ret_copy);
}

NODISCARD CK_RV value_place(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into,
                            struct span *ret_copy)
{
    return kind == AK_TEMPLATE ? place_template(given, into, ret_copy)
                               : place_plain(given, kind, into, ret_copy);
}

static CK_RV set_plain(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into)
{
    TRY(check_plain(given));
    TRY(attrs_set(into, given->type, span_of(given->pValue, given->ulValueLen)));
    ENSURE(value_fits(kind, attrs_span(into, given->type)), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV value_set(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;

    if (kind != AK_TEMPLATE)
        return set_plain(given, kind, into);
    TRY(value_take(given, kind, &value));
    return attrs_set(into, given->type, buf_span(&value));
}
