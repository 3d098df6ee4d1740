/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-softhsm2.c - the files of a SoftHSM2 token: any bytes. The first says whether they are a
 * token's or an object's. What is accepted has no more in it than the file, and is the same when it
 * is read again; a token's file opens with no PIN that it was not made with.
 */
#include "fuzz.h"

#include "cli/softhsm2_store.h"

static struct secret *key;

static void setup(void)
{
    static const uint8_t bytes[32] = {1, 2, 3};

    FUZZ_OK(secret_from(SPAN_ARRAY(bytes), &key));
}

static void teardown(void)
{
    secret_free(TAKE(key));
}

static void token(struct span file)
{
    AUTO(secret_freep) struct secret *opened = NULL;
    uint8_t label[SOFTHSM2_LABEL];
    const CK_RV rv = softhsm2_token(file, SPAN_LIT("8765"), &opened);

    FUZZ_RV(rv, CKR_DATA_INVALID, CKR_USER_PIN_NOT_INITIALIZED, CKR_PIN_INCORRECT);
    FUZZ_CHECK(opened == NULL);
    FUZZ_CHECK((rv == CKR_DATA_INVALID) || softhsm2_label(file, label) == CKR_OK);
}

static void same(const struct attrs *a, const struct attrs *b)
{
    FUZZ_CHECK(a->n == b->n);
    for (size_t i = 0; i < a->n; i++)
        FUZZ_CHECK(a->v[i].type == b->v[i].type &&
                   span_equal(span_of(a->v[i].p, a->v[i].n), span_of(b->v[i].p, b->v[i].n)));
}

static void object(struct span file)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(attrs_freep) struct attrs *b = NULL;
    bool nested = false, again = false;
    size_t total = 0;
    CK_RV rv;

    FUZZ_OK(attrs_new(&a));
    FUZZ_OK(attrs_new(&b));
    rv = softhsm2_object(file, key, a, &nested);
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK)
        return;
    for (size_t i = 0; i < a->n; i++)
        total += a->v[i].n;
    FUZZ_CHECK(total <= file.n);
    FUZZ_OK(softhsm2_object(file, key, b, &again));
    FUZZ_CHECK(nested == again);
    same(a, b);
}

static void one(struct span input)
{
    if (input.n == 0)
        return;
    if ((input.p[0] & 1) != 0)
        token(span_of(input.p + 1, input.n - 1));
    else
        object(span_of(input.p + 1, input.n - 1));
}

const struct fuzz_target fuzz_target = {
    .name = "softhsm2",
    .max_input = 4096,
    .setup = setup,
    .one = one,
    .teardown = teardown,
};
