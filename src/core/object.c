/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - immutable, reference-counted objects; see object.h. */
#include "core/object.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "model/template.h"

struct object {
    atomic_uint refs;
    enum handle_kind kind;
    uint64_t id;
    CK_SESSION_HANDLE owner;
    struct attrs *attrs;
    _Atomic(struct attrs *) shown; /* a copy with what `attrs` owe; NULL until asked for */
    _Atomic(struct key *) key;     /* NULL until used */
};

CK_RV object_new(enum handle_kind kind, uint64_t id, struct attrs *attrs, CK_SESSION_HANDLE owner,
                 struct object **ret)
{
    AUTO(attrs_freep) struct attrs *taken = attrs;
    struct object *o = malloc(sizeof(*o)); /* all of it is set below */

    ENSURE(o != NULL, CKR_HOST_MEMORY);
    atomic_init(&o->refs, 1);
    atomic_init(&o->shown, NULL);
    atomic_init(&o->key, NULL);
    o->kind = kind;
    o->id = id;
    o->owner = owner;
    o->attrs = TAKE(taken);
    *ret = o;
    return CKR_OK;
}

struct object *object_ref(struct object *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    return o;
}

void object_unref(struct object *o)
{
    if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
        return;
    key_unref(atomic_load(&o->key));
    attrs_free(atomic_load(&o->shown));
    attrs_free(o->attrs);
    free(o);
}

const struct attrs *object_attrs(const struct object *o)
{
    return o->attrs;
}

static struct attrs *shown_already(const struct object *o)
{
    return atomic_load_explicit(&o->shown, memory_order_acquire);
}

bool object_owes(const struct object *o)
{
    return !object_is_token(o) && shown_already(o) == NULL && key_owes_check_value(o->attrs);
}

CK_RV object_shown(struct object *o, const struct attrs **ret)
{
    AUTO(attrs_freep) struct attrs *settled = NULL;
    struct attrs *none = NULL;

    if (object_owes(o)) {
        TRY(attrs_dup(o->attrs, &settled));
        TRY(key_settle(settled));
        /* Two threads may make it at once: the first one stays. */
        if (atomic_compare_exchange_strong(&o->shown, &none, settled))
            settled = NULL;
    }
    *ret = shown_already(o) != NULL ? shown_already(o) : o->attrs;
    return CKR_OK;
}

CK_RV object_matches(struct object *o, const struct attrs *search, bool *ret)
{
    const struct span wanted = attrs_span(search, CKA_CHECK_VALUE);
    uint8_t check[KEY_CHECK_VALUE];
    const struct attrs *a;

    if (object_owes(o)) {
        TRY(key_check_value(o->attrs, check));
        if (!span_equal(wanted, SPAN_ARRAY(check))) {
            *ret = false;
            return CKR_OK;
        }
    }
    TRY(object_shown(o, &a));
    *ret = template_matches(a, search);
    return CKR_OK;
}

enum handle_kind object_kind(const struct object *o)
{
    return o->kind;
}

uint64_t object_id(const struct object *o)
{
    return o->id;
}

CK_SESSION_HANDLE object_owner(const struct object *o)
{
    return o->owner;
}

bool object_is_private(const struct object *o)
{
    return handle_kind_is_private(o->kind);
}

bool object_is_token(const struct object *o)
{
    return !handle_kind_is_session(o->kind);
}

enum scope object_scope(const struct object *o)
{
    return object_is_private(o) ? SCOPE_PRIVATE : SCOPE_PUBLIC;
}

CK_RV object_key(struct object *o, struct key **ret)
{
    struct key *k = atomic_load_explicit(&o->key, memory_order_acquire);
    struct key *none = NULL;

    if (k == NULL) {
        TRY(key_from_attrs(o->attrs, &k));
        /* Two threads may make it at once: the first one stays. */
        if (!atomic_compare_exchange_strong(&o->key, &none, k)) {
            key_unref(k);
            k = none;
        }
    }
    *ret = key_ref(k);
    return CKR_OK;
}
