/* SPDX-License-Identifier: BSD-2-Clause */
/* model_object.c - the model's objects and searches; see model_impl.h. */
#include <stdlib.h>
#include <string.h>

#include "material.h"
#include "model_impl.h"

/* -- what there is ----------------------------------------------------------------------------- */

bool object_bool(const struct m_object *o, enum at at)
{
    return o->has[at] && o->v[at].n == 1 && o->v[at].p[0] != 0;
}

bool object_is_private(const struct m_object *o)
{
    return object_bool(o, AT_PRIVATE);
}

static bool object_is_token(const struct m_object *o)
{
    return object_bool(o, AT_TOKEN);
}

bool object_is_closed(const struct m_object *o)
{
    return object_bool(o, AT_SENSITIVE) ||
           (o->has[AT_EXTRACTABLE] && !object_bool(o, AT_EXTRACTABLE));
}

static bool is_seen(const struct model *m, const struct m_object *o)
{
    return o->alive &&
           (!object_is_private(o) || m->user == CKU_USER || !HAS(PRIVATE_HIDDEN));
}

struct m_object *object_at(struct model *m, unsigned variable)
{
    const struct m_variable *v = &m->variables[variable];

    if (variable >= N_OBJECTS || v->o == NULL || !is_seen(m, v->o))
        return NULL;
    if ((object_is_private(v->o) && v->login != m->login && HAS(LOGOUT_HANDLES)) ||
        (v->closings != m->closings && HAS(CLOSE_HANDLES)))
        return NULL;
    return v->o;
}

void objects_logged_out(struct model *m)
{
    for (unsigned i = 0; i < MAX_OBJECTS; i++) {
        struct m_object *o = m->objects[i];

        if (o != NULL && !object_is_token(o) && object_is_private(o) && HAS(LOGOUT_OBJECTS))
            o->alive = false;
    }
}

void objects_session_closed(struct model *m, unsigned session)
{
    for (unsigned i = 0; i < MAX_OBJECTS; i++) {
        struct m_object *o = m->objects[i];

        if (o != NULL && !object_is_token(o) && o->session == session && HAS(CLOSE_OBJECTS))
            o->alive = false;
    }
}

/* -- templates --------------------------------------------------------------------------------- */

static bool kind_has(const struct model *m, enum kind k, enum at at)
{
    if (at == AT_EC_POINT && k == KIND_EC_PRIVATE)
        return HAS(PRIVATE_POINT);
    return (attributes[at].kinds & BIT(k)) != 0;
}

/* The last one, where there are more. */
static const struct item *item_of(const struct call *c, enum at at)
{
    const struct item *last = NULL;

    for (unsigned i = 0; i < c->n_items; i++) {
        if (c->items[i].at == at)
            last = &c->items[i];
    }
    return last;
}

static bool item_true(const struct call *c, enum at at)
{
    const struct item *i = item_of(c, at);

    return i != NULL && i->choice == 1; /* what has a wrong size is neither */
}

static bool has_bad_size(const struct call *c, enum at at)
{
    return c->fn != FN_GENERATE && item_of(c, at) != NULL && item_of(c, at)->choice == BAD_SIZE;
}

static bool is_twice(const struct call *c, unsigned at)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->n_items; i++)
        n += c->items[i].at == at ? 1 : 0;
    return n > 1;
}

/* What goes for each attribute of every template. */
static void expect_item(struct model *m, const struct call *c, enum kind k, const struct item *i)
{
    const struct attribute *a = &attributes[i->at];

    REFUSE(FOREIGN, !kind_has(m, k, i->at));
    REFUSE_ALSO(FOREIGN, !kind_has(m, k, i->at), CKR_TEMPLATE_INCONSISTENT);
    REFUSE(TWICE, is_twice(c, i->at));
    m->expected.any = m->expected.any || (is_twice(c, i->at) && lacks(m, RULE_TWICE));
    /* Passed over, what it would have said is the token's to say. */
    m->expected.any = m->expected.any || (c->fn == FN_GENERATE && a->form == FORM_BOOL &&
                                          i->choice == BAD_SIZE && lacks(m, RULE_GENERATE_SIZE));
    refuse(m, c->fn == FN_GENERATE && (i->at == AT_TOKEN || i->at == AT_PRIVATE)
                  ? RULE_GENERATE_SIZE
                  : RULE_SIZE,
           a->form == FORM_BOOL && i->choice == BAD_SIZE);
}

static bool may_be_given(enum at at, bool generates)
{
    if (generates && at == AT_VALUE_LEN)
        return true;
    return (attributes[at].notes & NEVER) == 0 && !(generates && at == AT_VALUE);
}

static bool is_bad_material(const struct call *c)
{
    for (unsigned i = 0; i < c->n_items; i++) {
        if ((attributes[c->items[i].at].notes & HIDDEN) != 0 && c->kind != KIND_DATA &&
            c->items[i].choice == BAD_MATERIAL)
            return true;
    }
    return false;
}

static void expect_material(struct model *m, const struct call *c)
{
    const bool bad = is_bad_material(c);

    REFUSE(MATERIAL, bad);
    REFUSE_ALSO(MATERIAL, bad, CKR_TEMPLATE_INCONSISTENT);
    REFUSE_ALSO(MATERIAL, bad, CKR_CURVE_NOT_SUPPORTED);
    REFUSE_ALSO(MATERIAL, bad, CKR_DOMAIN_PARAMS_INVALID);
}

static void expect_new(struct model *m, const struct call *c, bool generates)
{
    for (unsigned i = 0; i < c->n_items; i++) {
        const enum at at = c->items[i].at;

        expect_item(m, c, c->kind, &c->items[i]);
        REFUSE(NEVER_GIVEN, kind_has(m, c->kind, at) && !may_be_given(at, generates));
    }
    for (unsigned at = 0; at < N_ATS; at++) {
        const bool must = generates ? at == AT_VALUE_LEN
                                    : (attributes[at].notes & MUST) != 0 &&
                                          !(c->kind == KIND_DATA && at == AT_VALUE);

        REFUSE(INCOMPLETE, must && kind_has(m, c->kind, (enum at)at) &&
                               !(at == AT_EC_POINT && c->kind == KIND_EC_PRIVATE) &&
                               item_of(c, (enum at)at) == NULL);
    }
    REFUSE_ALSO(SIZE, has_bad_size(c, AT_TOKEN) && !session_of(m, c)->rw, CKR_SESSION_READ_ONLY);
    REFUSE_ALSO(SIZE, has_bad_size(c, AT_PRIVATE) && m->user != CKU_USER, CKR_USER_NOT_LOGGED_IN);
    REFUSE(ASKS_PRIVATE, item_true(c, AT_ALWAYS_AUTHENTICATE) && !item_true(c, AT_PRIVATE));
    REFUSE(TOKEN_RO, item_true(c, AT_TOKEN) && !session_of(m, c)->rw);
    REFUSE(PRIVATE_LOGIN, item_true(c, AT_PRIVATE) && m->user != CKU_USER);
}

static bool says_no_kind(const struct call *c, enum at at)
{
    return item_of(c, at) != NULL && item_of(c, at)->choice >= N_KINDS;
}

static void expect_create(struct model *m, const struct call *c, const struct result *r)
{
    const bool no_kind = says_no_kind(c, AT_CLASS) || says_no_kind(c, AT_KEY_TYPE);

    (void)r;
    REFUSE(CLASS, no_kind);
    expect_new(m, c, false);
    expect_material(m, c);
}

static void expect_generate(struct model *m, const struct call *c, const struct result *r)
{
    const struct item *length = item_of(c, AT_VALUE_LEN);
    const bool bad = length != NULL && length->choice == BAD_MATERIAL;

    (void)r;
    REFUSE(GENERATE_PARAMETER, c->variant != 0);
    expect_new(m, c, true);
    REFUSE(GENERATE_LENGTH, bad);
    REFUSE_ALSO(GENERATE_LENGTH, bad, CKR_KEY_SIZE_RANGE);
}

/* -- new objects ------------------------------------------------------------------------------- */

static void set_value(struct m_object *o, enum at at, const void *p, size_t n)
{
    o->has[at] = true;
    o->v[at].n = n;
    if (n > 0)
        memcpy(o->v[at].p, p, n);
}

static void set_bool(struct m_object *o, enum at at, bool value)
{
    const uint8_t byte = value ? 1 : 0;

    set_value(o, at, &byte, 1);
}

static void set_choice(struct m_object *o, enum at at, unsigned choice)
{
    uint8_t value[VALUE_MAX];

    set_value(o, at, value, attribute_value(at, choice, o->kind, o->number, value));
}

static struct m_object *object_new(struct model *m, const struct call *c, enum kind k)
{
    struct m_object *o = calloc(1, sizeof(*o));

    if (o == NULL)
        abort();
    o->number = c->number;
    o->kind = k;
    o->alive = true;
    m->objects[c->number] = o;
    m->variables[c->into] = (struct m_variable){o, m->login, m->closings};
    return o;
}

/* From the template, or from the standard's default. */
static void fill(struct model *m, struct m_object *o, const struct call *c)
{
    for (unsigned i = 0; i < N_ATS; i++) {
        const enum at at = (enum at)i;
        const struct item *item = item_of(c, at);

        if (!kind_has(m, o->kind, at))
            continue;
        if (item != NULL)
            set_choice(o, at, item->choice);
        else if (attributes[at].otherwise != NO_DEFAULT)
            set_choice(o, at, (unsigned)attributes[at].otherwise);
    }
    set_choice(o, AT_CLASS, o->kind);
    if (o->kind != KIND_DATA)
        set_choice(o, AT_KEY_TYPE, o->kind);
    else if (!o->has[AT_VALUE])
        set_value(o, AT_VALUE, NULL, 0);
    if (o->kind == KIND_EC_PRIVATE && HAS(PRIVATE_POINT))
        set_choice(o, AT_EC_POINT, 0);
}

static void set_history(struct model *m, struct m_object *o, bool generated)
{
    if ((BIT(o->kind) & ALL_KEYS) != 0)
        set_bool(o, AT_LOCAL, generated && HAS(LOCAL));
    if (!kind_has(m, o->kind, AT_SENSITIVE))
        return;
    set_bool(o, AT_ALWAYS_SENSITIVE,
             generated && object_bool(o, AT_SENSITIVE) && HAS(ALWAYS_SENSITIVE));
    set_bool(o, AT_NEVER_EXTRACTABLE,
             generated && !object_bool(o, AT_EXTRACTABLE) && HAS(NEVER_EXTRACTABLE));
}

static void set_length(struct m_object *o)
{
    const CK_ULONG n = o->v[AT_VALUE].n;

    if ((BIT(o->kind) & SECRET_KEYS) != 0 && !o->secret_unknown)
        set_value(o, AT_VALUE_LEN, &n, sizeof(n));
}

static void created(struct model *m, const struct call *c, const struct result *r)
{
    struct m_object *o = object_new(m, c, c->kind);

    (void)r;
    fill(m, o, c);
    set_history(m, o, false);
    set_length(o);
    o->session = object_is_token(o) ? N_SESSIONS : c->session;
}

static void generated(struct model *m, const struct call *c, const struct result *r)
{
    struct m_object *o = object_new(m, c, c->kind);

    fill(m, o, c);
    set_history(m, o, true);
    o->secret_unknown = r->secret.p == NULL;
    set_value(o, AT_VALUE, r->secret.p, r->secret.n);
    o->session = object_is_token(o) ? N_SESSIONS : c->session;
    ANSWER(GET_VALUE, object_is_closed(o) == o->secret_unknown);
}

static void not_made(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    m->refused[c->number] = true;
}

/* -- changes ----------------------------------------------------------------------------------- */

static bool stays(const struct m_object *o, const struct item *i, unsigned note, bool at_value)
{
    return (attributes[i->at].notes & note) != 0 && object_bool(o, i->at) == at_value &&
           (i->choice != 0) != at_value;
}

static void expect_change(struct model *m, const struct call *c, const struct m_object *o,
                          enum rule unchangeable, unsigned notes)
{
    const bool copies = c->fn == FN_COPY;

    for (unsigned n = 0; n < c->n_items; n++) {
        const struct item *i = &c->items[n];

        expect_item(m, c, o->kind, i);
        if (!kind_has(m, o->kind, i->at))
            continue;
        refuse(m, unchangeable, (attributes[i->at].notes & notes) == 0 &&
                                    !(copies && i->at == AT_COPYABLE && HAS(COPY_COPYABLE)));
        REFUSE(ONLY_TRUE, stays(o, i, ONLY_TRUE, true));
        REFUSE(ONLY_FALSE, stays(o, i, ONLY_FALSE, false));
    }
}

/* What a one-way attribute has already. */
static bool repeats_one_way(const struct m_object *o, const struct call *c)
{
    for (unsigned n = 0; n < c->n_items; n++) {
        const struct item *i = &c->items[n];
        const unsigned notes = attributes[i->at].notes;

        if ((notes & CHANGES) != 0 && o->has[i->at] &&
            (((notes & ONLY_TRUE) != 0 && object_bool(o, i->at) && i->choice != 0) ||
             ((notes & ONLY_FALSE) != 0 && !object_bool(o, i->at) && i->choice == 0)))
            return true;
    }
    return false;
}

/* What a copy's attribute will be. */
static bool copy_bool(const struct call *c, const struct m_object *o, enum at at)
{
    return item_of(c, at) != NULL ? item_true(c, at) : object_bool(o, at);
}

/* In the template's order: the copy is as its origin, and then as it says. */
static bool changes_what_is_fixed(const struct m_object *o, const struct call *c)
{
    bool fixed = !object_bool(o, AT_MODIFIABLE);

    for (unsigned i = 0; i < c->n_items; i++) {
        if (fixed)
            return true;
        fixed = c->items[i].at == AT_MODIFIABLE && c->items[i].choice == 0;
    }
    return false;
}

static void expect_copy(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    (void)r;
    REFUSE(OBJECT_HANDLE, o == NULL);
    if (o == NULL)
        return;
    REFUSE(COPYABLE, !object_bool(o, AT_COPYABLE));
    REFUSE(COPY_REPEAT, repeats_one_way(o, c));
    REFUSE(COPY_MODIFIABLE, changes_what_is_fixed(o, c));
    expect_change(m, c, o, RULE_COPY_UNCHANGEABLE, CHANGES | ON_COPY);
    REFUSE(COPY_PUBLIC, object_is_private(o) && !copy_bool(c, o, AT_PRIVATE));
    REFUSE(TOKEN_RO, copy_bool(c, o, AT_TOKEN) && !session_of(m, c)->rw);
    REFUSE(PRIVATE_LOGIN, copy_bool(c, o, AT_PRIVATE) && m->user != CKU_USER);
}

static void apply(struct m_object *o, const struct call *c)
{
    for (unsigned i = 0; i < c->n_items; i++)
        set_choice(o, c->items[i].at, c->items[i].choice);
}

static void copied(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object from = *object_at(m, c->object);
    struct m_object *o = object_new(m, c, from.kind);

    (void)r;
    memcpy(o->has, from.has, sizeof(o->has));
    memcpy(o->v, from.v, sizeof(o->v));
    o->secret_unknown = from.secret_unknown;
    apply(o, c);
    o->session = object_is_token(o) ? N_SESSIONS : c->session;
}

static void expect_destroy(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    (void)r;
    REFUSE(OBJECT_HANDLE, o == NULL);
    if (o == NULL)
        return;
    REFUSE(DESTROY_RO, object_is_token(o) && !session_of(m, c)->rw);
    REFUSE(DESTROYABLE, !object_bool(o, AT_DESTROYABLE));
}

static void destroyed(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (HAS(DESTROY))
        object_at(m, c->object)->alive = false;
}

static void expect_set(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    (void)r;
    REFUSE(OBJECT_HANDLE, o == NULL);
    if (o == NULL)
        return;
    REFUSE(SET_RO, object_is_token(o) && !session_of(m, c)->rw);
    REFUSE(MODIFIABLE, !object_bool(o, AT_MODIFIABLE));
    REFUSE(REPEAT_ONE_WAY, repeats_one_way(o, c));
    expect_change(m, c, o, RULE_UNCHANGEABLE, CHANGES);
}

/* Would this attribute be refused if it was given alone? */
static bool is_item_refused(struct model *m, const struct call *c, const struct m_object *o,
                            unsigned i)
{
    const struct expected kept = m->expected;
    struct call alone = *c;
    bool refused;

    alone.items[0] = c->items[i];
    alone.n_items = 1;
    m->expected = (struct expected){0};
    REFUSE(REPEAT_ONE_WAY, repeats_one_way(o, &alone));
    expect_change(m, &alone, o, RULE_UNCHANGEABLE, CHANGES);
    refused = !is_free(m);
    m->expected = kept;
    return refused;
}

static void not_changed(struct model *m, const struct call *c, const struct result *r)
{
    struct m_object *o = object_at(m, c->object);

    (void)r;
    if (o == NULL || !HAS(HALF_CHANGED) || object_is_token(o) || !object_bool(o, AT_MODIFIABLE))
        return;
    for (unsigned i = 0; i < c->n_items && !is_item_refused(m, c, o, i); i++)
        set_choice(o, c->items[i].at, c->items[i].choice);
}

static void changed(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (HAS(CHANGE))
        apply(object_at(m, c->object), c);
}

/* -- reading ----------------------------------------------------------------------------------- */

static bool is_hidden(const struct m_object *o, enum at at)
{
    return (attributes[at].notes & HIDDEN) != 0 &&
           (attributes[at].kinds & attributes[at].hidden_in & BIT(o->kind)) != 0 &&
           object_is_closed(o);
}

static bool fits(const struct m_object *o, const struct call *c, unsigned i)
{
    return c->rooms[i] == ROOM_QUERY || c->rooms[i] >= o->v[c->items[i].at].n;
}

static void expect_get(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    (void)r;
    REFUSE(OBJECT_HANDLE, o == NULL);
    for (unsigned i = 0; o != NULL && i < c->n_items; i++) {
        const enum at at = c->items[i].at;
        const bool hidden = is_hidden(o, at);

        REFUSE(GET_SENSITIVE, hidden);
        REFUSE(GET_FOREIGN, !hidden && !o->has[at]);
        REFUSE(GET_ROOM, !hidden && o->has[at] && !fits(o, c, i));
    }
}

static void tell_entry(struct model *m, const struct m_object *o, const struct call *c,
                       const struct result *r, unsigned i)
{
    const enum at at = c->items[i].at;
    const struct value *v = &o->v[at];

    if (is_hidden(o, at) || !o->has[at] || !fits(o, c, i)) {
        ANSWER(GET_UNAVAILABLE, r->lengths[i] == CK_UNAVAILABLE_INFORMATION);
        return;
    }
    ANSWER(GET_LENGTH, r->lengths[i] == v->n);
    if (c->rooms[i] != ROOM_QUERY && r->lengths[i] == v->n)
        ANSWER(GET_VALUE, r->values[i].n == v->n &&
                              (v->n == 0 || memcmp(r->values[i].p, v->p, v->n) == 0));
}

/* Every entry is answered, whatever the call says. */
static void got(struct model *m, const struct call *c, const struct result *r)
{
    const struct m_object *o = object_at(m, c->object);

    for (unsigned i = 0; o != NULL && i < c->n_items; i++)
        tell_entry(m, o, c, r, i);
}

/* -- searches ---------------------------------------------------------------------------------- */

static bool matches_item(struct model *m, const struct m_object *o, const struct call *c,
                         const struct item *i)
{
    const struct m_object *named = m->variables[c->object].o;
    uint8_t value[VALUE_MAX];
    const size_t n = attribute_value(i->at, i->choice, c->kind, named != NULL ? named->number : 0,
                                     value);

    return o->has[i->at] && !(is_hidden(o, i->at) && HAS(FIND_HIDDEN)) &&
           o->v[i->at].n == n && memcmp(o->v[i->at].p, value, n) == 0;
}

static bool matches(struct model *m, const struct m_object *o, const struct call *c)
{
    bool all = is_seen(m, o);

    for (unsigned i = 0; all && i < c->n_items; i++)
        all = matches_item(m, o, c, &c->items[i]);
    return all;
}

static void expect_find_init(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    REFUSE(FIND_ACTIVE, session_of(m, c)->find.active);
    REFUSE(ONE_AT_ALL, session_is_busy(session_of(m, c)));
    for (unsigned i = 0; i < c->n_items; i++)
        REFUSE(FIND_SIZE, attributes[c->items[i].at].form == FORM_BOOL &&
                              c->items[i].choice == BAD_SIZE);
}

static void find_began(struct model *m, const struct call *c, const struct result *r)
{
    struct m_find *f = &session_of(m, c)->find;

    (void)r;
    *f = (struct m_find){.active = true, .login = m->login};
    for (unsigned i = 0; i < MAX_OBJECTS; i++)
        f->wanted[i] = m->objects[i] != NULL && matches(m, m->objects[i], c);
}

static void expect_find(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    REFUSE(FIND_NONE, !session_of(m, c)->find.active);
}

/* It was there when the search began, and can't be asked who it is any more. */
static bool has_vanished(const struct model *m, const struct m_find *f, const struct m_object *o)
{
    return !o->alive || (object_is_private(o) && f->login != m->login);
}

/* Its variable has this handle from now on. */
static void seen_again(struct model *m, unsigned number)
{
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        if (m->variables[i].o != NULL && m->variables[i].o->number == number)
            m->variables[i] = (struct m_variable){m->variables[i].o, m->login, m->closings};
    }
}

static void found(struct model *m, const struct call *c, const struct result *r)
{
    struct m_find *f = &session_of(m, c)->find;
    unsigned n_vanished = 0, n_unknown = 0;
    bool only = true, every = true, half = false;

    for (CK_ULONG i = 0; i < r->n && i < MAX_FOUND; i++) {
        const unsigned number = r->found[i];

        n_unknown += number == UNKNOWN_OBJECT ? 1 : 0;
        if (number == UNKNOWN_OBJECT || (m->refused[number % MAX_OBJECTS] && HAS(HALF_MADE)))
            continue;
        only = only && number < MAX_OBJECTS && f->wanted[number] && !f->seen[number];
        if (number < MAX_OBJECTS)
            f->seen[number] = true;
        seen_again(m, number);
    }
    for (unsigned i = 0; i < MAX_OBJECTS; i++) {
        const bool vanished = f->wanted[i] && has_vanished(m, f, m->objects[i]);

        n_vanished += vanished ? 1 : 0;
        half = half || (m->refused[i] && HAS(HALF_MADE));
        every = every && (!f->wanted[i] || vanished || f->seen[i]);
    }
    ANSWER(FIND_ONLY, only && (half || n_unknown <= n_vanished));
    if (r->n < c->room)
        ANSWER(FIND_EVERY, every);
}

static void find_ended(struct model *m, const struct call *c, const struct result *r)
{
    (void)r;
    if (HAS(FIND_FINAL))
        session_of(m, c)->find.active = false;
}

const struct function object_functions[N_FNS] = {
    [FN_CREATE] = {expect_create, created, not_made},
    [FN_GENERATE] = {expect_generate, generated, not_made},
    [FN_COPY] = {expect_copy, copied, not_made},
    [FN_DESTROY] = {expect_destroy, destroyed, NULL},
    [FN_GET] = {expect_get, got, got},
    [FN_SET] = {expect_set, changed, not_changed},
    [FN_FIND_INIT] = {expect_find_init, find_began, NULL},
    [FN_FIND] = {expect_find, found, NULL},
    [FN_FIND_FINAL] = {expect_find, find_ended, NULL},
};
