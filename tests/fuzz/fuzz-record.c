/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-record.c - attributes as bytes: a set of attributes has one encoding and nothing else is
 * read. The input is a record; and it is read a second time as instructions for making a set, so
 * that well-formed records come up often.
 */
#include "fuzz.h"

#include "given.h"
#include "model/record.h"

static void check_sorted(const struct attrs *a)
{
    for (size_t i = 0; i < a->n; i++) {
        FUZZ_CHECK(i == 0 || a->v[i - 1].type < a->v[i].type);
        FUZZ_CHECK((a->v[i].p == NULL) == (a->v[i].n == 0));
        FUZZ_CHECK(attr_name_find(a->v[i].type) != NULL);
    }
}

static void decode(struct span input)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    const CK_RV rv = record_decode(input, &a);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK((rv == CKR_OK) == (a != NULL));
    if (a == NULL)
        return;
    check_sorted(a);
    FUZZ_OK(record_encode(a, &again));
    FUZZ_CHECK(span_equal(input, buf_span(&again)));
}

static bool same(const struct attrs *a, const struct attrs *b)
{
    bool equal = a->n == b->n;

    for (size_t i = 0; equal && i < a->n; i++)
        equal = a->v[i].type == b->v[i].type &&
                span_equal(span_of(a->v[i].p, a->v[i].n), span_of(b->v[i].p, b->v[i].n));
    return equal;
}

/* Any set of registered attributes with any values: written or refused, and read as it was. */
static void encode(struct span input)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(attrs_freep) struct attrs *b = NULL;
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct cursor c = cursor_of(input);

    FUZZ_OK(attrs_new(&a));
    while (c.rest.n > 0 && !c.failed) {
        const CK_ATTRIBUTE_TYPE type = given_type(&c);

        FUZZ_OK(attrs_set(a, type, given_bytes(&c, type)));
    }
    if (record_encode(a, &bytes) != CKR_OK) {
        FUZZ_CHECK(bytes.n == 0);
        return;
    }
    FUZZ_OK(record_decode(buf_span(&bytes), &b));
    FUZZ_CHECK(same(a, b));
}

static void one(struct span input)
{
    decode(input);
    encode(input);
}

const struct fuzz_target fuzz_target = {
    .name = "record",
    .max_input = 4096,
    .setup = given_setup,
    .one = one,
};
