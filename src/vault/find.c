/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * find.c - searching: posting lists first, records only where the lists don't say enough.
 *
 * The plan of a search says in which scopes it looks, which of its attributes have lists, and
 * whether these say all ("exact"). In a scope the lists are opened in the order of the plan, and
 * the first one that is missing ends it. Those of values that many objects share (class, key type,
 * flags) come first: their heads are few and in every cache, each is needed anyway where there is a
 * match, and where a scope has no object of the class at all, nothing else is looked at. Then the
 * members of the shortest list are looked up in the others.
 */
#include <stdlib.h>

#include "model/template.h"
#include "vault/rows.h"

#define PLAN_LISTS 8u /* more listed attributes than this are compared with the record */

struct plan {
    const struct attrs *search;
    bool scope[2];                         /* by enum scope */
    bool exact;                            /* the lists say all */
    const struct attr *listed[PLAN_LISTS]; /* borrowed from the search */
    size_t n_listed;
};

void found_clear(struct found *f)
{
    free(f->ids);
    *f = (struct found){0};
}

static CK_RV found_add(struct found *f, size_t *room, uint64_t id)
{
    if (f->n == *room) {
        const size_t grown = *room == 0 ? 16 : 2 * *room;
        uint64_t *ids = reallocarray(f->ids, grown, sizeof(*ids)); /* no secrets */

        ENSURE(ids != NULL, CKR_HOST_MEMORY);
        f->ids = ids;
        *room = grown;
    }
    f->ids[f->n++] = id;
    return CKR_OK;
}

static bool is_scope_attribute(CK_ATTRIBUTE_TYPE type)
{
    return type == CKA_TOKEN || type == CKA_PRIVATE;
}

/* The attributes that have lists, coarse ones first. */
static void plan_lists(struct plan *p)
{
    const CK_ULONG class = attrs_ulong(p->search, CKA_CLASS, SCHEMA_ANY);
    size_t n_coarse = 0;

    for (size_t i = 0; i < p->search->n && p->n_listed < PLAN_LISTS; i++) {
        const struct attr *a = &p->search->v[i];
        size_t at = p->n_listed;

        if (is_scope_attribute(a->type) || !index_covers(a, class))
            continue;
        if (index_is_coarse(a->type)) {
            at = n_coarse++;
            memmove(&p->listed[at + 1], &p->listed[at], (p->n_listed - at) * sizeof(p->listed[0]));
        }
        p->listed[at] = a;
        p->n_listed++;
    }
}

static size_t count_compared(const struct attrs *search)
{
    size_t n = 0;

    for (size_t i = 0; i < search->n; i++)
        n += !is_scope_attribute(search->v[i].type);
    return n;
}

/* No stored object has an attribute that no schema knows, or is a session object. */
static bool is_hopeless(const struct attrs *search)
{
    for (size_t i = 0; i < search->n; i++) {
        if (attr_name_find(search->v[i].type) == NULL)
            return true;
    }
    return !attrs_bool(search, CKA_TOKEN, true);
}

static struct plan plan_make(const struct vault *v, const struct attrs *search)
{
    const bool is_private = attrs_bool(search, CKA_PRIVATE, true);
    const bool is_public = !attrs_bool(search, CKA_PRIVATE, false);
    struct plan p = {.search = search};

    if (is_hopeless(search))
        return p;
    p.scope[SCOPE_PUBLIC] = is_public;
    p.scope[SCOPE_PRIVATE] = is_private && rows_are_visible(v, SCOPE_PRIVATE);
    plan_lists(&p);
    p.exact = p.n_listed == count_compared(search);
    return p;
}

/* The lists of the plan in one scope. */
struct opened {
    struct list list[PLAN_LISTS]; /* in the plan's order */
    size_t n;
    size_t shortest;
};

/* Open them up to the first empty one. Without any listed attribute that is the list of all
 * objects. */
static CK_RV open_lists(const struct plan *p, struct rows *r, struct opened *ret)
{
    const struct index *x = NULL;
    uint8_t key[LIST_KEY];

    ret->n = 0;
    ret->shortest = 0;
    TRY(rows_index(r, &x));
    do {
        TRY(index_key(x, p->n_listed == 0 ? NULL : p->listed[ret->n], key));
        TRY(list_open(r->t, key, &ret->list[ret->n]));
        if (ret->list[ret->n].count < ret->list[ret->shortest].count)
            ret->shortest = ret->n;
        ret->n++;
    } while (ret->n < p->n_listed && ret->list[ret->shortest].count > 0);
    return CKR_OK;
}

/* Is the member of the shortest list one of the i-th? Its class is known without looking. */
static CK_RV is_in(const struct plan *p, struct rows *r, struct opened *o, size_t i, uint64_t id,
                   bool *ret)
{
    const uint8_t tag = list_tag(&o->list[o->shortest], id);

    if (p->listed[i]->type != CKA_CLASS || tag == 0)
        return list_has(r->t, &o->list[i], id, ret);
    *ret = tag == index_tag(attrs_ulong(p->search, CKA_CLASS, SCHEMA_ANY));
    return CKR_OK;
}

static CK_RV is_match(const struct plan *p, struct rows *r, struct opened *o, uint64_t id,
                      bool *ret)
{
    AUTO(attrs_freep) struct attrs *attrs = NULL;
    bool has = true;

    for (size_t i = 0; has && i < o->n; i++) {
        if (i != o->shortest)
            TRY(is_in(p, r, o, i, id, &has));
    }
    if (has && !p->exact) {
        TRY(rows_expect(r, id, rows_get_attrs(r, id, &attrs, NULL)));
        has = template_matches(attrs, p->search);
    }
    *ret = has;
    return CKR_OK;
}

static CK_RV find_in(const struct plan *p, struct rows *r, struct found *f, size_t *room)
{
    struct opened lists;
    struct list *from;
    uint64_t id = 0;
    bool found = false;
    bool matches = false;

    TRY(open_lists(p, r, &lists));
    from = &lists.list[lists.shortest];
    TRY(list_next(r->t, from, 0, &id, &found));
    while (found) {
        TRY(is_match(p, r, &lists, id, &matches));
        if (matches)
            TRY(found_add(f, room, id));
        TRY(list_next(r->t, from, id + 1, &id, &found));
    }
    return CKR_OK;
}

CK_RV vault_find(const struct vault *v, const struct attrs *search, struct found *ret)
{
    const struct plan p = plan_make(v, search);
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(found_clear) struct found f = {0};
    size_t room = 0;

    TRY(txn_begin_read(keyring_store(v->keyring), &t));
    for (enum scope scope = SCOPE_PUBLIC; scope <= SCOPE_PRIVATE; scope++) {
        AUTO(rows_clear) struct rows rows = rows_of(v, t, scope);

        if (p.scope[scope])
            TRY(find_in(&p, &rows, &f, &room));
        if (scope == SCOPE_PUBLIC)
            f.n_public = f.n;
    }
    *ret = f;
    f = (struct found){0};
    return CKR_OK;
}
