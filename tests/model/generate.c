/* SPDX-License-Identifier: BSD-2-Clause */
/* generate.c - sequences from a seed; see generate.h. */
#include "generate.h"

#include <string.h>

#include "mechanism.h"

#define NOTHING N_KINDS
#define BIG     600u

/* What a variable probably holds. */
struct g_object {
    enum kind kind; /* NOTHING: nothing that is good */
    bool token, private, asks_login;
    unsigned owner; /* the session of a session object */
    unsigned ops;   /* what the key is for: BIT(enum op) */
};

/* What is probably so after the calls drawn so far. */
struct guess {
    uint64_t random;
    struct sequence *s;
    bool open[N_SESSIONS], rw[N_SESSIONS];
    struct g_object objects[N_OBJECTS];
    CK_USER_TYPE login;        /* CK_UNAVAILABLE_INFORMATION: nobody */
    unsigned user_pin, so_pin;
    unsigned wrong_pins; /* of the SO: once locked, the token is of no use any more */
};

/* -- chance ------------------------------------------------------------------------------------ */

/* splitmix64 */
static uint64_t draw(struct guess *g)
{
    uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(struct guess *g, unsigned n)
{
    return (unsigned)((draw(g) >> 32) * n >> 32);
}

static bool chance(struct guess *g, unsigned percent)
{
    return below(g, 100) < percent;
}

/* One of those of which wanted(i) holds, else (or now and then) any, or the one that is never good.
 */
static unsigned pick_session(struct guess *g)
{
    const unsigned from = below(g, N_SESSIONS);

    if (chance(g, 2))
        return N_SESSIONS;
    for (unsigned i = 0; i < N_SESSIONS && !chance(g, 4); i++) {
        if (g->open[(from + i) % N_SESSIONS])
            return (from + i) % N_SESSIONS;
    }
    return from;
}

static bool is_one(const struct g_object *o, unsigned kinds, unsigned ops)
{
    return o->kind != NOTHING && (BIT(o->kind) & kinds) != 0 && (o->ops & ops) == ops;
}

/* ops: what it must be for, as a key. */
static unsigned pick_object(struct guess *g, unsigned kinds, unsigned ops)
{
    const unsigned from = below(g, N_OBJECTS);

    if (chance(g, 2))
        return N_OBJECTS;
    for (unsigned i = 0; i < N_OBJECTS && !chance(g, 1); i++) {
        if (is_one(&g->objects[(from + i) % N_OBJECTS], kinds, ops))
            return (from + i) % N_OBJECTS;
    }
    return from;
}

static bool has_object(const struct guess *g, unsigned kinds, unsigned ops)
{
    bool has = false;

    for (unsigned i = 0; i < N_OBJECTS; i++)
        has = has || is_one(&g->objects[i], kinds, ops);
    return has;
}

static enum kind kind_at(const struct guess *g, unsigned object)
{
    return object < N_OBJECTS ? g->objects[object].kind : NOTHING;
}

/* Those of a session that closes, or (N_SESSIONS) private ones at a logout. */
static void lose_objects(struct guess *g, unsigned session)
{
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        struct g_object *o = &g->objects[i];

        if (session < N_SESSIONS ? !o->token && o->owner == session : o->private)
            o->kind = NOTHING;
    }
}

static unsigned pick_room(struct guess *g)
{
    static const unsigned rooms[] = {0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 128, 255, 256, 257};

    if (chance(g, 55))
        return BIG;
    return chance(g, 40) ? ROOM_QUERY : rooms[below(g, N_ELEMENTS(rooms))];
}

static unsigned pick_length(struct guess *g)
{
    static const unsigned lengths[] = {0, 1, 15, 16, 17, 20, 31, 32, 33, 48, 64, 100, 128, 200};

    return chance(g, 40) ? 16 * below(g, 8) : lengths[below(g, N_ELEMENTS(lengths))];
}

/* -- calls ------------------------------------------------------------------------------------- */

/* The next call of the sequence; one that is thrown away when it is full. */
static struct call *add(struct guess *g, enum fn fn)
{
    static struct call none;
    struct call *c = g->s->n < MAX_CALLS ? &g->s->calls[g->s->n] : &none;

    *c = (struct call){.fn = fn, .session = pick_session(g), .from = FROM_PATTERN,
                       .signature = N_REGISTERS};
    if (c != &none)
        c->number = ++g->s->n;
    return c;
}

static void add_item(struct call *c, enum at at, unsigned choice)
{
    if (c->n_items < MAX_ITEMS)
        c->items[c->n_items++] = (struct item){at, choice};
}

static void do_open(struct guess *g)
{
    const unsigned s = below(g, N_SESSIONS);
    const bool rw = chance(g, 70);
    struct call *c = add(g, FN_OPEN);

    c->session = s;
    lose_objects(g, s);
    c->flags = (chance(g, 96) ? CKF_SERIAL_SESSION : 0) | (rw ? CKF_RW_SESSION : 0);
    g->open[s] = true;
    g->rw[s] = rw;
}

static bool any_open(const struct guess *g)
{
    bool any = false;

    for (unsigned i = 0; i < N_SESSIONS; i++)
        any = any || g->open[i];
    return any;
}

static void closed(struct guess *g, unsigned session)
{
    if (session >= N_SESSIONS)
        return;
    g->open[session] = false;
    lose_objects(g, session);
}

static void logged_out(struct guess *g)
{
    g->login = CK_UNAVAILABLE_INFORMATION;
    lose_objects(g, N_SESSIONS);
}

static void do_close(struct guess *g)
{
    if (chance(g, 15)) {
        (void)add(g, FN_CLOSE_ALL);
        for (unsigned i = 0; i < N_SESSIONS; i++)
            closed(g, i);
    } else {
        closed(g, add(g, FN_CLOSE)->session);
    }
    if (!any_open(g)) {
        logged_out(g);
        do_open(g);
    }
}

static void do_info(struct guess *g)
{
    (void)add(g, chance(g, 60) ? FN_SESSION_INFO : FN_TOKEN_INFO);
}

static void do_login(struct guess *g)
{
    struct call *c = add(g, FN_LOGIN);

    c->user = chance(g, 75) ? CKU_USER : chance(g, 70) ? CKU_SO : chance(g, 70) ? 2 : 77;
    c->pin = c->user == CKU_SO ? g->so_pin : g->user_pin;
    if (chance(g, 12) && (c->user != CKU_SO || g->wrong_pins++ < 2))
        c->pin = below(g, N_PINS);
    if (c->pin == (c->user == CKU_SO ? g->so_pin : g->user_pin) && c->user <= CKU_USER &&
        g->login == CK_UNAVAILABLE_INFORMATION)
        g->login = c->user;
}

/* Until it is locked, and once more. */
static void do_wrong_pins(struct guess *g)
{
    const bool by_set = chance(g, 40);

    for (unsigned i = 0; i < 3; i++) {
        struct call *c = add(g, by_set ? FN_SET_PIN : FN_LOGIN);

        c->user = CKU_USER;
        c->pin = (g->user_pin + 1) % 3;
        c->new_pin = g->user_pin;
    }
    do_login(g);
}

static void do_logout(struct guess *g)
{
    (void)add(g, FN_LOGOUT);
    logged_out(g);
    if (chance(g, 60))
        do_login(g);
}

static void do_pins(struct guess *g)
{
    struct call *c = add(g, chance(g, 40) ? FN_INIT_PIN : FN_SET_PIN);
    unsigned *pin = g->login == CKU_SO && c->fn == FN_SET_PIN ? &g->so_pin : &g->user_pin;

    c->pin = *pin;
    if (chance(g, 20) && (pin != &g->so_pin || g->wrong_pins++ < 2))
        c->pin = below(g, N_PINS);
    c->new_pin = below(g, N_PINS);
    if ((c->fn == FN_SET_PIN ? c->pin == *pin : g->login == CKU_SO) && c->new_pin != PIN_SHORT)
        *pin = c->new_pin;
}

/* -- objects ----------------------------------------------------------------------------------- */

static unsigned pick_bool(struct guess *g, unsigned percent)
{
    return chance(g, percent) ? 1 : 0;
}

/* What templates of all functions say. */
static void add_storage(struct guess *g, struct call *c)
{
    const bool rw = c->session < N_SESSIONS && g->rw[c->session];

    add_item(c, AT_LABEL, below(g, 3));
    if (chance(g, 70))
        add_item(c, AT_TOKEN, pick_bool(g, rw ? 50 : 8));
    add_item(c, AT_PRIVATE, pick_bool(g, g->login == CKU_USER ? 50 : 6));
    if (chance(g, 15))
        add_item(c, AT_MODIFIABLE, pick_bool(g, 30));
    if (chance(g, 15))
        add_item(c, AT_COPYABLE, pick_bool(g, 30));
    if (chance(g, 12))
        add_item(c, AT_DESTROYABLE, pick_bool(g, 30));
}

static void add_key(struct guess *g, struct call *c)
{
    static const enum at usages[] = {AT_ENCRYPT, AT_DECRYPT, AT_SIGN, AT_VERIFY};

    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        if ((attributes[usages[i]].kinds & BIT(c->kind)) != 0)
            add_item(c, usages[i], pick_bool(g, 88));
    }
    if ((attributes[AT_SENSITIVE].kinds & BIT(c->kind)) != 0) {
        add_item(c, AT_SENSITIVE, pick_bool(g, 40));
        add_item(c, AT_EXTRACTABLE, pick_bool(g, 60));
    }
    if (chance(g, 60))
        add_item(c, AT_ID, below(g, 4));
    if ((PRIVATE_KEYS & BIT(c->kind)) != 0 && chance(g, 25))
        add_item(c, AT_ALWAYS_AUTHENTICATE, 1);
}

static void add_material(struct guess *g, struct call *c)
{
    const unsigned choice = chance(g, 97) ? below(g, 3) : BAD_MATERIAL;

    for (unsigned at = 0; at < N_ATS; at++) {
        if ((attributes[at].notes & HIDDEN) != 0 && (attributes[at].kinds & BIT(c->kind)) != 0 &&
            ((attributes[at].notes & MUST) == 0 || !chance(g, 1)))
            add_item(c, (enum at)at, choice);
    }
}

/* Something that may not be. */
static void spoil(struct guess *g, struct call *c)
{
    static const enum at foreign[] = {AT_APPLICATION, AT_ENCRYPT, AT_ID, AT_MODULUS, AT_UNKNOWN};
    static const enum at never[] = {AT_LOCAL, AT_ALWAYS_SENSITIVE, AT_NEVER_EXTRACTABLE};
    struct item *i = &c->items[below(g, c->n_items > 0 ? c->n_items : 1)];

    switch (below(g, 5)) {
    case 0:
        add_item(c, foreign[below(g, N_ELEMENTS(foreign))], 1);
        break;
    case 1:
        add_item(c, never[below(g, N_ELEMENTS(never))], 1);
        break;
    case 2:
    case 3:
        if (c->n_items > 0 && attributes[i->at].form == FORM_BOOL)
            i->choice = BAD_SIZE;
        else
            add_item(c, AT_MODIFIABLE, BAD_SIZE);
        break;
    default:
        if (i->at <= AT_KEY_TYPE && c->n_items > 0)
            i->choice = N_KINDS;
        break;
    }
}

static bool says(const struct call *c, enum at at)
{
    bool so = false;

    for (unsigned i = 0; i < c->n_items; i++)
        so = so || (c->items[i].at == at && c->items[i].choice == 1);
    return so;
}

/* What a variable holds when the call has been good. from: what it is a copy of. */
static void made(struct guess *g, const struct call *c, const struct g_object *from)
{
    static const enum at usages[] = {[OP_ENCRYPT] = AT_ENCRYPT, [OP_DECRYPT] = AT_DECRYPT,
                                     [OP_SIGN] = AT_SIGN, [OP_VERIFY] = AT_VERIFY};
    struct g_object o = from != NULL ? *from : (struct g_object){.kind = c->kind};

    o.owner = c->session;
    o.token = o.token || says(c, AT_TOKEN);
    o.private = o.private || says(c, AT_PRIVATE);
    o.asks_login = o.asks_login || says(c, AT_ALWAYS_AUTHENTICATE);
    for (unsigned op = 0; op < N_ELEMENTS(usages); op++) {
        if (op != OP_DIGEST && says(c, usages[op]))
            o.ops |= BIT(op);
    }
    if (c->session < N_SESSIONS && g->open[c->session] && (!o.token || g->rw[c->session]) &&
        (!o.private || g->login == CKU_USER) && (!o.asks_login || o.private))
        g->objects[c->into] = o;
}

static void create(struct guess *g, enum kind kind)
{
    struct call *c = add(g, FN_CREATE);

    c->kind = kind;
    c->into = below(g, N_OBJECTS);
    if (!chance(g, 1))
        add_item(c, AT_CLASS, c->kind);
    if (c->kind != KIND_DATA && !chance(g, 1))
        add_item(c, AT_KEY_TYPE, c->kind);
    add_storage(g, c);
    if (c->kind == KIND_DATA)
        add_item(c, AT_APPLICATION, below(g, 3));
    else
        add_key(g, c);
    add_material(g, c);
    if (chance(g, 10))
        spoil(g, c);
    made(g, c, NULL);
}

static void do_create(struct guess *g)
{
    create(g, (enum kind)below(g, N_KINDS));
}

/* A key for the mechanism, if there is none. */
static void need_key(struct guess *g, unsigned kinds, enum op op)
{
    const unsigned from = below(g, N_KINDS);

    if (has_object(g, kinds, BIT(op)) || op == OP_DIGEST || chance(g, 10))
        return;
    for (unsigned i = 0; i < N_KINDS; i++) {
        const unsigned k = (from + i) % N_KINDS;

        if ((BIT(k) & kinds) != 0) {
            create(g, (enum kind)k);
            return;
        }
    }
}

/* Where it comes from, and what it was all along. */
static void add_history(struct guess *g, unsigned object)
{
    static const enum at history[MAX_GET] = {AT_LOCAL, AT_ALWAYS_SENSITIVE, AT_NEVER_EXTRACTABLE,
                                             AT_VALUE_LEN};
    struct call *c = add(g, FN_GET);

    c->object = object;
    for (unsigned i = 0; i < MAX_GET; i++) {
        add_item(c, history[i], 0);
        c->rooms[i] = BIG;
    }
}

static void do_generate(struct guess *g)
{
    struct call *c = add(g, FN_GENERATE);

    c->kind = KIND_AES;
    c->into = below(g, N_OBJECTS);
    c->variant = chance(g, 3) ? 1 : 0;
    if (!chance(g, 3))
        add_item(c, AT_VALUE_LEN, chance(g, 95) ? below(g, 3) : BAD_MATERIAL);
    add_storage(g, c);
    add_key(g, c);
    if (chance(g, 10))
        spoil(g, c);
    made(g, c, NULL);
    if (chance(g, 40))
        add_history(g, c->into);
}

/* What a change, or a copy, says. */
static void add_changes(struct guess *g, struct call *c, enum kind k)
{
    static const enum at some[] = {AT_LABEL, AT_ID, AT_SENSITIVE, AT_EXTRACTABLE, AT_ENCRYPT,
                                   AT_DECRYPT, AT_SIGN, AT_VERIFY, AT_TOKEN, AT_PRIVATE,
                                   AT_MODIFIABLE, AT_COPYABLE, AT_DESTROYABLE, AT_CLASS,
                                   AT_KEY_TYPE, AT_LOCAL, AT_VALUE, AT_UNKNOWN};
    const unsigned n = 1 + below(g, 2);

    for (unsigned i = 0; i < n; i++) {
        const enum at at = some[below(g, chance(g, 80) ? 13 : N_ELEMENTS(some))];
        const bool fits = k == NOTHING || (attributes[at].kinds & BIT(k)) != 0;

        if (!fits && !chance(g, 8))
            continue;
        add_item(c, at, at == AT_CLASS || at == AT_KEY_TYPE ? (k == NOTHING ? 0 : k)
                        : chance(g, 2)                      ? BAD_SIZE
                                                            : below(g, 2));
    }
}

static void do_copy(struct guess *g)
{
    struct call *c = add(g, FN_COPY);

    c->object = pick_object(g, ALL_KINDS, 0);
    c->kind = kind_at(g, c->object);
    c->into = below(g, N_OBJECTS);
    add_item(c, AT_LABEL, below(g, 3));
    if (c->kind != NOTHING && g->objects[c->object].private && chance(g, 20))
        add_item(c, AT_PRIVATE, 0);
    else if (chance(g, 70))
        add_changes(g, c, c->kind);
    if (c->kind != NOTHING)
        made(g, c, &g->objects[c->object]);
}

static void do_destroy(struct guess *g)
{
    struct call *c = add(g, FN_DESTROY);

    c->object = pick_object(g, ALL_KINDS, 0);
    if (c->object < N_OBJECTS && chance(g, 70))
        g->objects[c->object].kind = NOTHING;
}

static void do_get(struct guess *g)
{
    static const unsigned rooms[] = {ROOM_QUERY, 0, 1, 7, 8, 31, 32, 64};
    struct call *c = add(g, FN_GET);
    const unsigned n = 1 + below(g, MAX_GET);
    enum kind k;

    c->object = pick_object(g, ALL_KINDS, 0);
    k = kind_at(g, c->object);
    for (unsigned i = 0; i < n; i++) {
        static const enum at history[] = {AT_LOCAL, AT_ALWAYS_SENSITIVE, AT_NEVER_EXTRACTABLE,
                                          AT_SENSITIVE, AT_EXTRACTABLE, AT_EC_POINT};
        unsigned at = chance(g, 30) ? history[below(g, N_ELEMENTS(history))] : below(g, N_ATS);

        while (k != NOTHING && (attributes[at].kinds & BIT(k)) == 0 && !chance(g, 12) &&
               !(at == AT_EC_POINT && k == KIND_EC_PRIVATE))
            at = (at + 1) % N_ATS;
        add_item(c, (enum at)at, 0);
        c->rooms[i] = chance(g, 65) ? BIG : rooms[below(g, N_ELEMENTS(rooms))];
    }
}

static void do_set(struct guess *g)
{
    struct call *c = add(g, FN_SET);

    c->object = pick_object(g, ALL_KINDS, 0);
    c->kind = kind_at(g, c->object);
    add_changes(g, c, c->kind);
}

static void do_find(struct guess *g)
{
    static const enum at by[] = {AT_CLASS, AT_KEY_TYPE, AT_TOKEN, AT_PRIVATE, AT_ID, AT_ENCRYPT,
                                 AT_SENSITIVE, AT_APPLICATION, AT_VALUE, AT_LABEL, AT_UNKNOWN};
    static const unsigned max[] = {0, 1, 2, 5, 20, 20};
    struct call *c = add(g, FN_FIND_INIT);
    const unsigned s = c->session, n = below(g, 3), n_steps = 1 + below(g, 3);

    c->kind = kind_at(g, pick_object(g, ALL_KINDS, 0));
    if (c->kind == NOTHING)
        c->kind = KIND_DATA;
    if (chance(g, 15) && (BIT(c->kind) & SECRET_KEYS) != 0)
        add_item(c, AT_VALUE, below(g, 3)); /* a guess */
    for (unsigned i = 0; i < n; i++) {
        const enum at at = by[below(g, chance(g, 70) ? 6 : N_ELEMENTS(by))];

        add_item(c, at, at == AT_CLASS || at == AT_KEY_TYPE ? c->kind
                        : chance(g, 3)                      ? BAD_SIZE
                        : at == AT_VALUE                    ? below(g, 3)
                                                            : below(g, 2));
    }
    for (unsigned i = 0; i < n_steps; i++) {
        c = add(g, FN_FIND);
        c->session = chance(g, 95) ? s : c->session;
        c->room = max[below(g, N_ELEMENTS(max))];
    }
    if (chance(g, 85))
        add(g, FN_FIND_FINAL)->session = s;
}

/* -- what seldom comes about by itself --------------------------------------------------------- */

/* A private object's handle, kept over a logout. */
static void do_stale_handle(struct guess *g)
{
    struct call *c;

    if (g->login != CKU_USER)
        return;
    c = add(g, FN_CREATE);
    c->kind = KIND_DATA;
    c->into = below(g, N_OBJECTS);
    add_item(c, AT_CLASS, KIND_DATA);
    add_item(c, AT_LABEL, 0);
    add_item(c, AT_PRIVATE, 1);
    add_item(c, AT_TOKEN, 1);
    do_logout(g);
    add(g, FN_GET)->object = c->into;
}

/* A change that is refused behind one that is not, and what became of that. */
static void do_half_change(struct guess *g)
{
    struct call *c = add(g, FN_SET), *look;

    c->object = pick_object(g, ALL_KINDS, 0);
    c->kind = kind_at(g, c->object);
    add_item(c, AT_LABEL, 3 + below(g, 3));
    add_item(c, AT_CLASS, c->kind == NOTHING ? 0 : c->kind);
    look = add(g, FN_GET);
    look->session = c->session;
    look->object = c->object;
    add_item(look, AT_LABEL, 0);
    look->rooms[0] = BIG;
}

/* Whoever guesses a secret looks for it. */
static void do_guess_secret(struct guess *g)
{
    struct call *c = add(g, FN_CREATE), *find;
    const unsigned s = c->session, choice = below(g, 3);

    c->kind = KIND_AES;
    c->into = below(g, N_OBJECTS);
    add_item(c, AT_CLASS, KIND_AES);
    add_item(c, AT_KEY_TYPE, KIND_AES);
    add_item(c, AT_LABEL, 0);
    add_item(c, AT_PRIVATE, 0);
    add_key(g, c);
    add_item(c, AT_VALUE, choice);
    made(g, c, NULL);
    find = add(g, FN_FIND_INIT);
    find->session = s;
    find->kind = KIND_AES;
    add_item(find, AT_VALUE, choice);
    find = add(g, FN_FIND);
    find->session = s;
    find->room = 20;
    add(g, FN_FIND_FINAL)->session = s;
}

/* -- operations -------------------------------------------------------------------------------- */

/* The kinds of keys that an operation takes: public halves encrypt and verify. */
static unsigned keys_for(enum op op, unsigned mech)
{
    const bool public = op == OP_ENCRYPT || op == OP_VERIFY;

    return mechanisms[mech].keys & ~(public ? PRIVATE_KEYS : PUBLIC_KEYS);
}

static unsigned pick_mech(struct guess *g, enum op op)
{
    const unsigned from = below(g, N_MECHS);

    if (chance(g, 3))
        return from;
    /* One for which there is a key, if possible. */
    for (unsigned i = 0; i < N_MECHS; i++) {
        const unsigned m = (from + i) % N_MECHS;

        if ((mechanisms[m].ops & BIT(op)) != 0 &&
            (op == OP_DIGEST || has_object(g, keys_for(op, m), BIT(op)) || chance(g, 35)))
            return m;
    }
    return from;
}

/* An operation from its beginning to its end. */
struct plan {
    enum op op;
    unsigned session, mech, from, fill, signature, into;
    bool whole;         /* in one call */
    unsigned n_parts;   /* else in so many */
    unsigned n_in[4];   /* of each; of the one call the first */
};

static void add_init(struct guess *g, const struct plan *p)
{
    struct call *c = add(g, FN_INIT);

    c->op = p->op;
    c->session = p->session;
    c->mech = p->mech;
    c->object = pick_object(g, keys_for(p->op, p->mech), p->op == OP_DIGEST ? 0 : BIT(p->op));
    if (mechanisms[p->mech].has_parameter && chance(g, 5))
        c->variant = 1 + below(g, 2);
    if (chance(g, 2))
        c->mech = N_MECHS; /* NULL: cancel */
    if (c->object < N_OBJECTS && g->objects[c->object].asks_login && chance(g, 65)) {
        c = add(g, FN_LOGIN);
        c->session = p->session;
        c->user = CKU_CONTEXT_SPECIFIC;
        c->pin = chance(g, 90) ? g->user_pin : below(g, N_PINS);
    }
}

static void add_step(struct guess *g, const struct plan *p, enum fn fn, unsigned n_in)
{
    struct call *c = add(g, fn);

    c->op = p->op;
    c->session = chance(g, 97) ? p->session : c->session;
    c->from = p->from;
    c->n_in = n_in;
    c->fill = p->fill;
    c->signature = p->signature;
    c->into = p->into;
    c->room = pick_room(g);
}

static void disturb(struct guess *g);

static void add_parts(struct guess *g, const struct plan *p)
{
    for (unsigned i = 0; i < p->n_parts; i++) {
        add_step(g, p, FN_UPDATE, p->n_in[i]);
        if (chance(g, 8))
            disturb(g);
    }
    add_step(g, p, chance(g, 95) ? FN_FINAL : FN_ONCE, p->n_in[0]);
    if (chance(g, 50))
        add_step(g, p, FN_FINAL, 0);
}

static void run_plan(struct guess *g, const struct plan *p)
{
    add_init(g, p);
    if (chance(g, 5))
        disturb(g);
    if (chance(g, 3))
        add_init(g, p);
    if (!p->whole) {
        add_parts(g, p);
        return;
    }
    add_step(g, p, FN_ONCE, p->n_in[0]);
    if (chance(g, 45))
        add_step(g, p, FN_ONCE, chance(g, 85) ? p->n_in[0] : pick_length(g));
}

static void pick_data(struct guess *g, struct plan *p)
{
    p->from = p->mech == MECH_ECDSA || chance(g, 85) ? FROM_PATTERN : below(g, N_REGISTERS);
    p->whole = !chance(g, mechanisms[p->mech].multi ? 55 : 8);
    p->n_parts = below(g, N_ELEMENTS(p->n_in) + 1);
    for (unsigned i = 0; i < N_ELEMENTS(p->n_in); i++)
        p->n_in[i] = p->mech == MECH_ECDSA ? 20 + 12 * below(g, 2) : pick_length(g);
    p->fill = below(g, 3);
    /* As long as the modulus, or not much shorter. */
    if (p->mech == MECH_RSA && p->op == OP_ENCRYPT && p->fill == 2)
        p->n_in[0] = 246 + p->n_in[0] % 11;
}

static void do_operation(struct guess *g)
{
    struct plan p = {.op = (enum op)below(g, N_OPS), .session = pick_session(g)};

    p.mech = pick_mech(g, p.op);
    need_key(g, keys_for(p.op, p.mech), p.op);
    pick_data(g, &p);
    p.signature = below(g, N_REGISTERS);
    p.into = below(g, N_REGISTERS);
    run_plan(g, &p);
    if ((p.op != OP_ENCRYPT && p.op != OP_SIGN) || chance(g, 25))
        return;
    /* And the way back: decrypt, verify. */
    if (p.op == OP_ENCRYPT)
        p.from = p.into;
    p.signature = p.into;
    p.into = (p.into + 1) % N_REGISTERS;
    p.op = p.op == OP_ENCRYPT ? OP_DECRYPT : OP_VERIFY;
    if (p.mech == MECH_RSA && p.op == OP_DECRYPT && chance(g, 20))
        p.mech = MECH_OAEP; /* that it is not */
    need_key(g, keys_for(p.op, p.mech), p.op);
    run_plan(g, &p);
}

static void do_digest_key(struct guess *g)
{
    struct plan p = {.op = OP_DIGEST, .session = pick_session(g), .from = FROM_PATTERN,
                     .mech = MECH_SHA256};
    struct call *c;

    if (chance(g, 80))
        add_init(g, &p);
    c = add(g, FN_DIGEST_KEY);
    c->session = p.session;
    c->object = pick_object(g, chance(g, 80) ? SECRET_KEYS : ALL_KINDS, 0);
    add_step(g, &p, FN_FINAL, 0);
}

static void do_cancel(struct guess *g)
{
    static const CK_FLAGS flags[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_DIGEST, CKF_SIGN, CKF_VERIFY,
                                     CKF_FIND_OBJECTS, CKF_SIGN | CKF_VERIFY | CKF_DIGEST};

    add(g, FN_CANCEL)->flags = flags[below(g, N_ELEMENTS(flags))];
}

static void do_random(struct guess *g)
{
    add(g, FN_RANDOM)->room = below(g, 64);
}

static void do_restart(struct guess *g)
{
    if (!chance(g, 15))
        return;
    (void)add(g, FN_RESTART);
    for (unsigned i = 0; i < N_SESSIONS; i++)
        closed(g, i);
    for (unsigned i = 0; i < N_OBJECTS; i++)
        g->objects[i].kind = NOTHING;
    g->login = CK_UNAVAILABLE_INFORMATION;
    do_open(g);
}

/* -- the whole --------------------------------------------------------------------------------- */

/* Something else in the middle of an operation. */
static void disturb(struct guess *g)
{
    static void (*const others[])(struct guess *) = {do_info, do_logout, do_login, do_get,
                                                     do_cancel, do_destroy, do_close, do_random};

    others[below(g, N_ELEMENTS(others))](g);
}

void generate(uint64_t seed, struct sequence *ret)
{
    static void (*const acts[])(struct guess *) = {
        do_open, do_open, do_close, do_info, do_info, do_login, do_login, do_logout, do_pins,
        do_wrong_pins,
        do_create, do_create, do_create, do_create, do_create, do_generate, do_generate, do_copy,
        do_copy, do_destroy, do_get, do_get, do_get, do_set, do_set, do_set, do_find, do_find,
        do_stale_handle, do_half_change, do_guess_secret,
        do_operation, do_operation, do_operation, do_operation, do_operation, do_operation,
        do_digest_key, do_cancel, do_random, do_restart};
    struct guess g = {.random = seed, .s = ret, .login = CK_UNAVAILABLE_INFORMATION,
                      .user_pin = PIN_USER, .so_pin = PIN_SO};
    unsigned n;

    *ret = (struct sequence){.seed = seed};
    for (unsigned i = 0; i < N_OBJECTS; i++)
        g.objects[i].kind = NOTHING;
    n = 30 + below(&g, MAX_CALLS - 30);
    do_open(&g);
    if (chance(&g, 70))
        do_login(&g);
    for (unsigned i = 0; i < 3; i++)
        do_create(&g);
    while (ret->n < n)
        acts[below(&g, N_ELEMENTS(acts))](&g);
}
