/* SPDX-License-Identifier: BSD-2-Clause */
/* index.c - the lists that an object stands in, and their names; see index.h. */
#include "vault/index.h"

#include "vault/coverage.h"

#define NAME_BYTES 16 /* of the HMAC that names a list */
_Static_assert(TOKEN_ID + 1 + NAME_BYTES == LIST_KEY, "token, scope, name");

enum name_kind { NAME_ALL = 0, NAME_ATTRIBUTE = 1 }; /* the first byte under the HMAC */

static void put_big_endian(uint8_t *to, uint64_t v)
{
    for (size_t i = 0; i < 8; i++)
        to[i] = (uint8_t)(v >> (56 - 8 * i));
}

static bool is_coarse(const struct attr_name *name)
{
    return name != NULL && (name->kind == AK_ULONG || name->kind == AK_BOOL);
}

/* The value as the record has it at rest, so that a store means the same on every machine. */
static struct span value_at_rest(const struct attr_name *name, const struct attr *a,
                                 uint8_t room[8])
{
    CK_ULONG v;

    if (name == NULL || name->kind != AK_ULONG || a->n != sizeof(v))
        return span_of(a->p, a->n);
    memcpy(&v, a->p, sizeof(v));
    put_big_endian(room, v);
    return span_of(room, 8);
}

/* The name of all objects, and of values that many objects share, is asked for by every search. */
static CK_RV coarse_name(const struct mac *mac, const struct span parts[2], uint8_t ret[PRIM_HASH])
{
    uint8_t input[MAC_KEPT];

    memcpy(input, parts[0].p, parts[0].n);
    if (parts[1].n > 0)
        memcpy(input + parts[0].n, parts[1].p, parts[1].n);
    return mac_sum_kept(mac, span_of(input, parts[0].n + parts[1].n), ret);
}

CK_RV index_key(const struct index *x, const struct attr *a, uint8_t ret[LIST_KEY])
{
    const struct attr_name *name = NULL;
    uint8_t head[1 + 8] = {NAME_ALL};
    uint8_t number[8];
    uint8_t sum[PRIM_HASH];
    struct span parts[2] = {span_of(head, 1), SPAN_EMPTY};

    if (a != NULL) {
        name = attr_name_find(a->type);
        head[0] = NAME_ATTRIBUTE;
        put_big_endian(head + 1, a->type);
        parts[0].n = sizeof(head);
        parts[1] = value_at_rest(name, a, number);
    }
    if ((a == NULL || is_coarse(name)) && parts[0].n + parts[1].n <= MAC_KEPT)
        TRY(coarse_name(x->mac, parts, sum));
    else
        TRY(mac_sum(x->mac, parts, N_ELEMENTS(parts), sum));
    memcpy(ret, x->token, TOKEN_ID);
    ret[TOKEN_ID] = (uint8_t)x->scope;
    memcpy(ret + TOKEN_ID + 1, sum, NAME_BYTES);
    return CKR_OK;
}

/* Does the object, of this schema, stand in a list for the attribute? */
static bool is_listed(const struct schema *s, const struct attr *a)
{
    return a->n > 0 && coverage_is_listed(schema_rule(s, a->type));
}

/* Numbers are part of the format. */
static const struct {
    CK_OBJECT_CLASS class;
    uint8_t tag;
} tags[] = {
    {CKO_DATA, 1},        {CKO_CERTIFICATE, 2}, {CKO_PUBLIC_KEY, 3},
    {CKO_PRIVATE_KEY, 4}, {CKO_SECRET_KEY, 5},
};

uint8_t index_tag(CK_ULONG class)
{
    for (size_t i = 0; i < N_ELEMENTS(tags); i++) {
        if (tags[i].class == class)
            return tags[i].tag;
    }
    return 0;
}

typedef CK_RV list_fn(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id, uint8_t tag);

static CK_RV leave_list(struct txn *t, const uint8_t key[LIST_KEY], uint64_t id, uint8_t tag)
{
    (void)tag;
    return list_remove(t, key, id);
}

/* Call `fn` for the lists that an object with the attributes `these` is in and one with `others`
 * (NULL: none) is not. */
static CK_RV each_difference(const struct index *x, struct txn *t, uint64_t id,
                             const struct attrs *these, const struct attrs *others, list_fn *fn)
{
    const struct schema *s = schema_of(these);
    const struct schema *other = others == NULL ? NULL : schema_of(others);
    const uint8_t tag = index_tag(attrs_ulong(these, CKA_CLASS, SCHEMA_ANY));
    uint8_t key[LIST_KEY];

    ENSURE(s != NULL && (others == NULL || other != NULL), CKR_GENERAL_ERROR);
    for (size_t i = 0; i < these->n; i++) {
        const struct attr *a = &these->v[i];

        if (!is_listed(s, a))
            continue;
        if (others != NULL && span_equal(span_of(a->p, a->n), attrs_span(others, a->type)) &&
            is_listed(other, a))
            continue;
        TRY(index_key(x, a, key));
        TRY(fn(t, key, id, tag));
    }
    if (others != NULL)
        return CKR_OK;
    TRY(index_key(x, NULL, key));
    return fn(t, key, id, tag);
}

CK_RV index_change(const struct index *x, struct txn *t, uint64_t id, const struct attrs *before,
                   const struct attrs *after)
{
    if (before != NULL)
        TRY(each_difference(x, t, id, before, after, leave_list));
    if (after != NULL)
        TRY(each_difference(x, t, id, after, before, list_add));
    return CKR_OK;
}

bool index_covers(const struct attr *a, CK_ULONG class)
{
    return a->n > 0 && coverage_has(a->type, class);
}

bool index_is_coarse(CK_ATTRIBUTE_TYPE type)
{
    return is_coarse(attr_name_find(type));
}
