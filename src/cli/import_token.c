/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_token.c - the objects of another module's token as items of an import.
 *
 * What is asked of the source follows from the schema: every attribute that C_CreateObject may be
 * told for an object of this kind, less what the import says itself. A key whose value is shown is
 * read; one that is sensitive but extractable leaves wrapped (transport.h); one that is neither
 * stays where it is, as its owner wanted. The session is read-only: nothing can be taken away.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/foreign.h"
#include "cli/import.h"
#include "cli/transport.h"
#include "crypto/material.h"
#include "model/schema.h"

#define ATTRS_MAX 64
#define VALUE_MAX (1u << 20) /* bytes of one attribute: what a wrong length can make us take */
#define FIND_STEP 64
#define FIND_MAX  (1u << 20) /* objects: what a search without an end can make us take */

struct origin {
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
    struct transport transport;
    const struct import_keys *keys;
    struct import_items *items;
};

/* -- reading attributes ------------------------------------------------------------------------ */

/* A value of this size; false: it has none. */
static bool get_fixed(const struct origin *o, CK_OBJECT_HANDLE h, CK_ATTRIBUTE_TYPE type, void *ret,
                      CK_ULONG n)
{
    CK_ATTRIBUTE a = {type, ret, n};

    return o->module->C_GetAttributeValue(o->session, h, &a, 1) == CKR_OK && a.ulValueLen == n;
}

/* A number of the object; `otherwise` where it has none. */
static CK_ULONG get_ulong(const struct origin *o, CK_OBJECT_HANDLE h, CK_ATTRIBUTE_TYPE type,
                          CK_ULONG otherwise)
{
    CK_ULONG n = 0;

    return get_fixed(o, h, type, &n, sizeof(n)) ? n : otherwise;
}

static bool get_bool(const struct origin *o, CK_OBJECT_HANDLE h, CK_ATTRIBUTE_TYPE type,
                     bool otherwise)
{
    CK_BBOOL b = CK_FALSE;

    return get_fixed(o, h, type, &b, sizeof(b)) ? b != CK_FALSE : otherwise;
}

/* The schema that an object of the source would have here; NULL: none. */
static CK_RV schema_for(const struct origin *o, CK_OBJECT_HANDLE h, CK_OBJECT_CLASS class,
                        const struct schema **ret)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE};
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(attrs_set_ulong(a, CKA_CLASS, class));
    for (size_t i = 0; i < N_ELEMENTS(types); i++)
        TRY(attrs_set_ulong(a, types[i], get_ulong(o, h, types[i], SCHEMA_ANY)));
    *ret = import_schema(a);
    return CKR_OK;
}

struct reading {
    CK_ATTRIBUTE v[ATTRS_MAX];
    const struct attr_rule *rules[ATTRS_MAX];
    CK_ULONG room[ATTRS_MAX]; /* of each value in `bytes` */
    CK_ULONG n;
    struct buf bytes; /* all values */
};

static void reading_clear(struct reading *r)
{
    buf_clear(&r->bytes);
}

static CK_RV ask_for(const struct attr_rule *rule, void *arg)
{
    struct reading *r = arg;

    if (!import_carries(rule))
        return CKR_OK;
    ENSURE(r->n < ATTRS_MAX, CKR_GENERAL_ERROR);
    r->rules[r->n] = rule;
    r->v[r->n++] = (CK_ATTRIBUTE){rule->type, NULL, 0};
    return CKR_OK;
}

static bool is_there(const CK_ATTRIBUTE *a)
{
    return a->ulValueLen != CK_UNAVAILABLE_INFORMATION && a->ulValueLen > 0 &&
           a->ulValueLen <= VALUE_MAX;
}

/* Some attributes are not there, or not shown, or have grown: each says so in its length, and the
 * others are good (v3.2 5.7.5). After any other error none is: the lengths are as they were, and
 * room that was not written would pass for a value. CKR_DATA_INVALID. */
static CK_RV get_values(const struct origin *o, CK_OBJECT_HANDLE h, struct reading *r)
{
    const CK_RV rv = r->n > 0 ? o->module->C_GetAttributeValue(o->session, h, r->v, r->n) : CKR_OK;

    ENSURE(rv == CKR_OK || rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
               rv == CKR_BUFFER_TOO_SMALL,
           CKR_DATA_INVALID);
    return CKR_OK;
}

/* Lengths first; then what there is, in one block that does not move. */
static CK_RV read_values(const struct origin *o, CK_OBJECT_HANDLE h, struct reading *r)
{
    CK_ULONG n = 0;
    size_t total = 0;

    TRY(get_values(o, h, r));
    for (CK_ULONG i = 0; i < r->n; i++) {
        if (!is_there(&r->v[i]) || r->rules[i]->kind == AK_TEMPLATE)
            continue;
        r->rules[n] = r->rules[i];
        r->v[n++] = r->v[i];
        total += r->v[i].ulValueLen;
    }
    r->n = n;
    buf_reserve(&r->bytes, total);
    TRY(buf_ok(&r->bytes));
    for (CK_ULONG i = 0; i < n; i++) {
        r->room[i] = r->v[i].ulValueLen;
        r->v[i].pValue = buf_extend(&r->bytes, r->room[i]);
    }
    return get_values(o, h, r);
}

static CK_RV take_values(const struct reading *r, struct import_item *item)
{
    for (CK_ULONG i = 0; i < r->n; i++) {
        const CK_ATTRIBUTE *a = &r->v[i];

        /* Not more than there was room for, whatever it says now. */
        if (is_there(a) && a->pValue != NULL && a->ulValueLen <= r->room[i])
            TRY(attrs_set(item->attrs, a->type, span_of(a->pValue, a->ulValueLen)));
    }
    return CKR_OK;
}

static CK_RV attributes_read(const struct origin *o, CK_OBJECT_HANDLE h, const struct schema *s,
                             struct import_item *item)
{
    AUTO(reading_clear) struct reading r = {.n = 0};

    TRY(schema_each(s, ask_for, &r));
    TRY(read_values(o, h, &r));
    return take_values(&r, item);
}

/* -- keys -------------------------------------------------------------------------------------- */

struct secrets {
    const struct origin *o;
    CK_OBJECT_HANDLE h;
    const struct import_item *item;
    bool missing;  /* a part of the key that is needed was not shown */
    bool template; /* it rules over other keys by a template of attributes */
};

static CK_RV look_at(const struct attr_rule *rule, void *arg)
{
    struct secrets *s = arg;
    CK_ATTRIBUTE a = {rule->type, NULL, 0};

    if ((rule->notes & SECRET) != 0 && (rule->notes & MUST_CREATE) != 0 &&
        !attrs_has(s->item->attrs, rule->type))
        s->missing = true;
    if (rule->kind == AK_TEMPLATE &&
        s->o->module->C_GetAttributeValue(s->o->session, s->h, &a, 1) == CKR_OK && is_there(&a))
        s->template = true;
    return CKR_OK;
}

/* The key comes wrapped. Its public parts were read; they are the same ones. */
static CK_RV take_wrapped(struct origin *o, CK_OBJECT_HANDLE h, struct import_item *item)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    if (item->class == CKO_SECRET_KEY) {
        const CK_ULONG n = get_ulong(o, h, CKA_VALUE_LEN, 0);

        ENSURE(n > 0 && n <= VALUE_MAX, CKR_DATA_INVALID);
        TRY(transport_get(&o->transport, h, n, &plain));
        return attrs_set(item->attrs, CKA_VALUE, buf_span(&plain));
    }
    TRY(transport_get(&o->transport, h, 0, &plain));
    return material_private(buf_span(&plain), item->attrs);
}

/* NULL, or why the key can't be moved. */
static const char *key_objection(const struct origin *o, CK_OBJECT_HANDLE h,
                                 const struct secrets *s)
{
    if (s->template)
        return IMPORT_HAS_TEMPLATE;
    if (s->missing && !get_bool(o, h, CKA_EXTRACTABLE, false))
        return "not extractable at its source (CKA_EXTRACTABLE is false)";
    return NULL;
}

static CK_RV key_take(struct origin *o, CK_OBJECT_HANDLE h, const struct schema *s,
                      struct import_item *item)
{
    struct secrets found = {.o = o, .h = h, .item = item};
    CK_RV rv = CKR_OK;

    TRY(schema_each(s, look_at, &found));
    item->reason = key_objection(o, h, &found);
    if (item->reason == NULL && found.missing)
        rv = take_wrapped(o, h, item);
    if (rv == CKR_KEY_NOT_WRAPPABLE)
        item->reason = "extractable, but its token does not wrap it under a key of ours (by AES "
                       "key wrapping)";
    else if (rv != CKR_HOST_MEMORY)
        item->rv = rv;
    if (item->reason != NULL)
        attrs_free(TAKE(item->attrs));
    ENSURE(rv != CKR_HOST_MEMORY, rv);
    return CKR_OK;
}

/* -- objects ----------------------------------------------------------------------------------- */

static CK_RV label_read(const struct origin *o, CK_OBJECT_HANDLE h, struct buf *ret)
{
    CK_ATTRIBUTE a = {CKA_LABEL, NULL, 0};

    if (o->module->C_GetAttributeValue(o->session, h, &a, 1) != CKR_OK || !is_there(&a))
        return CKR_OK;
    a.pValue = buf_extend(ret, a.ulValueLen);
    TRY(buf_ok(ret));
    if (o->module->C_GetAttributeValue(o->session, h, &a, 1) != CKR_OK || a.ulValueLen > ret->n)
        a.ulValueLen = 0;
    ret->n = a.ulValueLen;
    return CKR_OK;
}

static CK_RV object_take(struct origin *o, CK_OBJECT_HANDLE h)
{
    AUTO(buf_clear) struct buf label = BUF_INIT;
    const CK_OBJECT_CLASS class = get_ulong(o, h, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    const struct schema *s = NULL;
    struct import_item *item = NULL;

    TRY(label_read(o, h, &label));
    TRY(schema_for(o, h, class, &s));
    if (s == NULL)
        return import_item_skip(o->items, class, buf_span(&label), IMPORT_NO_SUCH_TYPE);
    TRY(import_item_new(o->items, class, buf_span(&label), &item));
    item->rv = attributes_read(o, h, s, item);
    if (item->rv != CKR_OK) {
        ENSURE(item->rv == CKR_DATA_INVALID, item->rv);
        return CKR_OK;
    }
    TRY(import_settle_item(item, o->keys, get_bool(o, h, CKA_TRUSTED, false)));
    return class == CKO_DATA || class == CKO_CERTIFICATE ? CKR_OK : key_take(o, h, s, item);
}

/* -- the token --------------------------------------------------------------------------------- */

/* Handles of all that the URI fits, as one block of CK_OBJECT_HANDLE. */
static CK_RV handles_find(const struct origin *o, P11KitUri *uri, struct buf *ret)
{
    CK_ULONG n = 0, got = 0;
    CK_ATTRIBUTE *template = p11_kit_uri_get_attributes(uri, &n);
    CK_OBJECT_HANDLE step[FIND_STEP];
    CK_RV rv = o->module->C_FindObjectsInit(o->session, template, n);

    TRY(rv);
    do {
        rv = o->module->C_FindObjects(o->session, step, FIND_STEP, &got);
        if (rv == CKR_OK && got > 0 && got <= FIND_STEP)
            buf_put(ret, span_of(step, got * sizeof(step[0])));
    } while (rv == CKR_OK && got > 0 && !ret->failed && ret->n / sizeof(step[0]) <= FIND_MAX);
    (void)o->module->C_FindObjectsFinal(o->session);
    TRY(rv);
    ENSURE(ret->n / sizeof(step[0]) <= FIND_MAX, CKR_DATA_LEN_RANGE);
    return buf_ok(ret);
}

static CK_RV objects_take(struct origin *o, P11KitUri *uri)
{
    AUTO(buf_clear) struct buf handles = BUF_INIT;
    const size_t size = sizeof(CK_OBJECT_HANDLE);

    TRY(handles_find(o, uri, &handles));
    for (size_t i = 0; i < handles.n / size; i++) {
        CK_OBJECT_HANDLE h;

        memcpy(&h, handles.p + i * size, size);
        TRY(object_take(o, h));
    }
    return CKR_OK;
}

static int token_take(const struct foreign *f, const struct foreign_token *t,
                      const struct pin_source *pin, const struct import_keys *keys,
                      struct import_items *items)
{
    struct origin o = {.module = t->module, .keys = keys, .items = items};
    const int code = foreign_session(f, t, pin, &o.session);
    char label[33];
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    if (o.session == CK_INVALID_HANDLE)
        return cli_fail(EXIT_FAILED, "token %s opens no session",
                        output_label(t->info.label, label));
    o.transport = (struct transport){.module = o.module, .session = o.session};
    rv = objects_take(&o, f->uri);
    transport_end(&o.transport);
    (void)o.module->C_CloseSession(o.session);
    return rv == CKR_OK ? EXIT_DONE
                        : cli_fail(EXIT_FAILED, "token %s can't be read: %s",
                                   output_label(t->info.label, label), p11_kit_strerror(rv));
}

int import_token(const char *uri, const struct pin_source *pin, const struct import_keys *keys,
                 struct import_items *items)
{
    AUTO(foreign_close) struct foreign f = {.uri = NULL};
    struct foreign_token t;
    int code = foreign_open(uri, &f);
    size_t n;

    if (code != EXIT_DONE)
        return code;
    n = foreign_tokens(&f, &t, 1);
    if (n != 1)
        return cli_fail(EXIT_REFUSED, "%zu tokens are named by %.*s: it has to be one", n,
                        uri_shown(uri), uri);
    return token_take(&f, &t, pin, keys, items);
}
