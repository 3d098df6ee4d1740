/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock_fill.c - very many objects, fast: clones of one, a thousand to a transaction, with the rows
 * and the tree that a module would have written for them one by one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/names.h"
#include "bench/stats.h"
#include "bench/stock.h"
#include "crypto/prim.h"

#define BATCH     1000
#define UNIQUE_ID 16
#define PROGRESS  5.0 /* seconds */

struct batch {
    struct attrs *v[2 * BATCH];
    uint64_t ids[2 * BATCH];
    size_t n;
};

static void batch_clear(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        attrs_free(b->v[i]);
    b->n = 0;
}

/* Object number i like `base`. */
static CK_RV clone_add(struct batch *b, const struct attrs *base, size_t i)
{
    char label[NAMES_TEXT], text[2 * UNIQUE_ID + 1];
    uint8_t id[NAMES_ID], unique[UNIQUE_ID];
    struct attrs *a = NULL;

    names_label(i, label);
    names_id(i, id);
    TRY(prim_random(unique, sizeof(unique)));
    TRY(attrs_dup(base, &a));
    b->v[b->n++] = a;
    TRY(attrs_set(a, CKA_LABEL, span_of(label, strlen(label))));
    TRY(attrs_set(a, CKA_ID, SPAN_ARRAY(id)));
    hex_encode(SPAN_ARRAY(unique), text);
    return attrs_set(a, CKA_UNIQUE_ID, span_of(text, 2 * sizeof(unique)));
}

static CK_RV batch_store(struct stock *s, struct batch *b)
{
    const CK_RV rv =
        b->n == 0 ? CKR_OK
                  : vault_add(&s->vault, (const struct attrs *const *)b->v, b->n, b->ids, NULL);

    batch_clear(b);
    return rv;
}

static void progress(size_t i, size_t n, double start, double *inout_last)
{
    const double now = stats_now();

    if (!isatty(STDERR_FILENO) || now - *inout_last < PROGRESS)
        return;
    fprintf(stderr, "\r  %zu of %zu, %.0f per second \r", i, n, (double)i / (now - start));
    *inout_last = now;
}

/* Numbers first to n - 1, each one clone of every base. */
static CK_RV fill(struct stock *s, struct attrs *const *bases, size_t n_bases, size_t first)
{
    struct batch *b = calloc(1, sizeof(*b));
    const double start = stats_now();
    double last = start;
    CK_RV rv = b == NULL ? CKR_HOST_MEMORY : CKR_OK;

    for (size_t i = first; rv == CKR_OK && i < s->n; i++) {
        for (size_t k = 0; rv == CKR_OK && k < n_bases; k++)
            rv = clone_add(b, bases[k], i);
        if (rv == CKR_OK && (i + 1 - first) % BATCH == 0)
            rv = batch_store(s, b);
        progress(i, s->n, start, &last);
    }
    if (rv == CKR_OK)
        rv = batch_store(s, b);
    if (b != NULL)
        batch_clear(b);
    free(b);
    if (rv == CKR_OK && s->n > first)
        fprintf(stderr, "filled from %zu to %zu in %.1f s\n", first, s->n, stats_now() - start);
    return rv;
}

/* How many numbers from 0 on have an object of the class: they have no gaps. */
static CK_RV filled(struct stock *s, CK_OBJECT_CLASS class, size_t *ret)
{
    size_t low = 0, high = s->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        char label[NAMES_TEXT];
        uint64_t id = 0;
        CK_RV rv;

        names_label(middle, label);
        rv = stock_find(s, label, class, &id);
        if (rv == CKR_OK)
            low = middle + 1;
        else if (rv == CKR_OBJECT_HANDLE_INVALID)
            high = middle;
        else
            return rv;
    }
    *ret = low;
    return CKR_OK;
}

CK_RV stock_keys(struct stock *s)
{
    AUTO(attrs_freep) struct attrs *base = NULL;
    char label[NAMES_TEXT];
    struct stamp stamp;
    size_t first = 0;
    uint64_t id = 0;
    CK_RV rv;

    names_label(0, label);
    rv = stock_find(s, label, CKO_PRIVATE_KEY, &id);
    if (rv == CKR_OBJECT_HANDLE_INVALID)
        fprintf(stderr, "p11store: no key to clone: run p11bench --token on it first\n");
    TRY(rv);
    TRY(vault_get(&s->vault, id, SCOPE_PRIVATE, &base, &stamp));
    TRY(filled(s, CKO_PRIVATE_KEY, &first));
    return fill(s, &base, 1, first);
}

CK_RV stock_pairs(struct stock *s)
{
    struct attrs *pair[2] = {NULL, NULL};
    size_t first = 0;
    CK_RV rv;

    TRY(filled(s, CKO_PUBLIC_KEY, &first));
    TRY(stock_pair(pair));
    rv = fill(s, pair, 2, first);
    attrs_free(pair[0]);
    attrs_free(pair[1]);
    return rv;
}
