/* SPDX-License-Identifier: BSD-2-Clause */
/* grow.c - populating a token, and finding what is in it; see grow.h. */
#include "bench/grow.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <unistd.h>

#include "bench/export.h"
#include "bench/fault.h"
#include "bench/keys.h"
#include "bench/names.h"
#include "bench/stats.h"

#define SCALAR           32
#define POINT_MAX        133
#define PROGRESS_SECONDS 2

DEFINE_AUTO(group_freep, EC_GROUP, EC_GROUP_free)
DEFINE_AUTO(point_freep, EC_POINT, EC_POINT_free)
DEFINE_AUTO(bn_freep, BIGNUM, BN_free)

/* Any scalar below the order of the curve will do: this key guards nothing. */
static const uint8_t scalar[SCALAR] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                       12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                       23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

CK_RV grow_public(EVP_PKEY **ret)
{
    AUTO(group_freep) EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    AUTO(bn_freep) BIGNUM *d = BN_bin2bn(scalar, sizeof(scalar), NULL);
    AUTO(point_freep) EC_POINT *q = NULL;
    uint8_t bytes[POINT_MAX];
    size_t n = 0;

    ENSURE(group != NULL && d != NULL, FAULT_OPENSSL);
    q = EC_POINT_new(group);
    ENSURE(q != NULL && EC_POINT_mul(group, q, d, NULL, NULL, NULL) == 1, FAULT_OPENSSL);
    n = EC_POINT_point2oct(group, q, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof(bytes), NULL);
    ENSURE(n > 0, FAULT_OPENSSL);
    return export_ec_parts("prime256v1", span_of(bytes, n), SPAN_EMPTY, ret);
}

size_t grow_scatter(size_t turn, size_t n)
{
    /* A prime larger than any count visits every number before it comes back to one. */
    return (size_t)((uint64_t)turn * 2654435761u % n);
}

static void name_add(struct template *t, CK_ATTRIBUTE_TYPE by, size_t i)
{
    uint8_t id[NAMES_ID];
    char label[NAMES_TEXT];

    if (by == CKA_ID) {
        names_id(i, id);
        template_bytes(t, CKA_ID, SPAN_ARRAY(id));
    } else {
        names_label(i, label);
        template_label(t, label);
    }
}

static void search_template(struct template *t, CK_ATTRIBUTE_TYPE by, size_t i)
{
    template_init(t);
    template_ulong(t, CKA_CLASS, CKO_PRIVATE_KEY);
    name_add(t, by, i);
}

CK_RV grow_find(const struct p11 *m, CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE by, size_t i,
                CK_OBJECT_HANDLE *ret)
{
    struct template t;

    search_template(&t, by, i);
    return p11_find_one(m, session, &t, ret);
}

CK_RV grow_count(const struct p11 *m, CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE by, size_t i,
                 size_t *ret)
{
    CK_OBJECT_HANDLE found[2] = {0};
    struct template t;

    search_template(&t, by, i);
    return p11_find(m, session, &t, found, N_ELEMENTS(found), ret);
}

NODISCARD static CK_RV is_present(const struct side *s, size_t i, bool *ret)
{
    size_t n = 0;

    TRY(grow_count(&s->p11, s->p11.session, CKA_LABEL, i, &n));
    *ret = n > 0;
    return CKR_OK;
}

/* How many keys the token has: the first number that is not there. */
NODISCARD static CK_RV grown_find(const struct side *s, size_t *ret)
{
    size_t low = 0; /* all numbers below are there */
    size_t high = 1;
    bool present = true;

    TRY(is_present(s, 0, &present));
    while (present) {
        low = high;
        high *= 2;
        TRY(is_present(s, high - 1, &present));
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        TRY(is_present(s, middle, &present));
        if (present)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return CKR_OK;
}

NODISCARD static CK_RV key_create(const struct side *s, size_t i)
{
    CK_OBJECT_HANDLE handle = 0;
    struct template t;

    template_init(&t);
    template_ulong(&t, CKA_CLASS, CKO_PRIVATE_KEY);
    template_ulong(&t, CKA_KEY_TYPE, CKK_EC);
    template_secrecy(&t, true);
    template_bool(&t, CKA_SIGN, true);
    name_add(&t, CKA_ID, i);
    name_add(&t, CKA_LABEL, i);
    keys_p256_params(&t);
    template_bytes(&t, CKA_VALUE, SPAN_ARRAY(scalar));
    return s->p11.f->C_CreateObject(s->p11.session, t.a, t.n, &handle);
}

static void progress_print(size_t now, size_t n, double *inout_last)
{
    const double time = stats_now();

    if (!isatty(STDERR_FILENO) || time - *inout_last < PROGRESS_SECONDS)
        return;
    fprintf(stderr, "\r  populating: %zu of %zu keys \r", now, n);
    *inout_last = time;
}

NODISCARD static CK_RV keys_add(struct side *s, size_t n, double until)
{
    double last = stats_now();

    while (s->n_grown < n) {
        TRY(key_create(s, s->n_grown));
        s->n_grown++;
        progress_print(s->n_grown, n, &last);
        ENSURE(stats_now() < until, FAULT_SLOW);
    }
    return CKR_OK;
}

CK_RV grow_to(struct side *s, size_t n, size_t *ret_added, double *ret_seconds)
{
    double start = 0;
    double spent = 0;
    size_t before = 0;
    CK_RV rv = CKR_OK;

    ENSURE(s->n_refused == 0 || n < s->n_refused, s->refusal);
    if (s->n_grown == 0)
        TRY(grown_find(s, &s->n_grown));
    ENSURE(s->n_grown <= n, FAULT_CROWDED);
    before = s->n_grown;
    start = stats_now();
    rv = keys_add(s, n, start + s->opts->patience);
    spent = stats_now() - start;
    if (s->n_grown > before)
        fprintf(stderr, "  populated %s from %zu to %zu keys in %.1f s\n", s->token, before,
                s->n_grown, spent);
    if (rv != CKR_OK) {
        s->n_refused = n;
        s->refusal = rv;
    }
    TRY(rv);
    *ret_added = s->n_grown - before;
    *ret_seconds = spent;
    return CKR_OK;
}
