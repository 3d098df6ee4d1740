/* SPDX-License-Identifier: BSD-2-Clause */
/* side.c - calls made on a token; see side.h. */
#include "side.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mechanism.h"
#include "support/reference.h"

#define NEVER_GOOD 0xdeadbeefu
#define FILL       0xa5
#define GUARD      32u
#define FAST       "/dev/shm" /* stores are synced at every commit */

struct side {
    const char *name;
    char folder[64];
    void *dl;
    CK_FUNCTION_LIST *f;
    CK_FUNCTION_LIST_3_2 *f3; /* NULL: not that version */
    CK_SLOT_ID slot;
    unsigned so_pin;
    bool restarts;
    bool dirty;        /* something was made */
    bool pins_touched; /* tried wrong, or changed */
    struct {
        CK_SESSION_HANDLE h;
        bool open;
    } session[N_SESSIONS + 1];
    struct {
        CK_OBJECT_HANDLE h;
        unsigned number;
    } object[N_OBJECTS + 1];
    struct bytes reg[N_REGISTERS + 1];
};

/* -- the token --------------------------------------------------------------------------------- */

static CK_UTF8CHAR *pin_text(unsigned pin)
{
    return (CK_UTF8CHAR *)(uintptr_t)pins[pin];
}

static int remove_entry(const char *name, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static void find_slot(struct side *s)
{
    CK_SLOT_ID slots[8];
    CK_ULONG n = N_ELEMENTS(slots);
    CK_TOKEN_INFO info;

    ASSERT_OK(s->f->C_GetSlotList(CK_TRUE, slots, &n));
    for (CK_ULONG i = 0; i < n; i++) {
        ASSERT_OK(s->f->C_GetTokenInfo(slots[i], &info));
        if ((info.flags & CKF_TOKEN_INITIALIZED) != 0)
            s->slot = slots[i];
    }
}

static CK_RV init_token(struct side *s)
{
    CK_UTF8CHAR label[32];
    CK_SESSION_HANDLE h;
    CK_RV rv;

    memset(label, ' ', sizeof(label));
    rv = s->f->C_InitToken(s->slot, pin_text(s->so_pin), strlen(pins[s->so_pin]), label);
    if (rv != CKR_OK)
        return rv;
    find_slot(s);
    ASSERT_OK(s->f->C_OpenSession(s->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    ASSERT_OK(s->f->C_Login(h, CKU_SO, pin_text(s->so_pin), strlen(pins[s->so_pin])));
    ASSERT_OK(s->f->C_InitPIN(h, pin_text(PIN_USER), strlen(pins[PIN_USER])));
    if (s->so_pin != PIN_SO)
        ASSERT_OK(s->f->C_SetPIN(h, pin_text(s->so_pin), strlen(pins[s->so_pin]), pin_text(PIN_SO),
                                 strlen(pins[PIN_SO])));
    s->so_pin = PIN_SO;
    ASSERT_OK(s->f->C_CloseAllSessions(s->slot));
    return CKR_OK;
}

static void load(struct side *s, const char *module)
{
    CK_VERSION version = {3, 2};
    CK_INTERFACE_PTR interface = NULL;
    CK_C_GetFunctionList get_list;
    CK_C_GetInterface get_interface;
    void *symbol;

    s->dl = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    if (s->dl == NULL)
        fail_msg("%s", dlerror());
    symbol = dlsym(s->dl, "C_GetFunctionList");
    assert_non_null(symbol);
    memcpy(&get_list, &symbol, sizeof(get_list));
    ASSERT_OK(get_list(&s->f));
    symbol = dlsym(s->dl, "C_GetInterface");
    if (symbol == NULL)
        return;
    memcpy(&get_interface, &symbol, sizeof(get_interface));
    if (get_interface(NULL, &version, &interface, 0) == CKR_OK)
        s->f3 = interface->pFunctionList;
}

static void make_folder(struct side *s)
{
    (void)snprintf(s->folder, sizeof(s->folder), "%s/tee-model-XXXXXX",
                   access(FAST, W_OK) == 0 ? FAST : "/tmp");
    assert_non_null(mkdtemp(s->folder));
}

static void remove_folder(struct side *s)
{
    assert_int_equal(nftw(s->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A locked SO is locked for good: everything anew. */
static void begin_anew(struct side *s)
{
    char sub[128];

    ASSERT_OK(s->f->C_Finalize(NULL));
    (void)snprintf(sub, sizeof(sub), "%s/store", s->folder);
    assert_int_equal(nftw(sub, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    (void)snprintf(sub, sizeof(sub), "%s/key", s->folder);
    (void)unlink(sub);
    ASSERT_OK(s->f->C_Initialize(NULL));
    s->slot = 0;
    s->so_pin = PIN_SO;
    ASSERT_OK(init_token(s));
}

struct side *side_new(const char *name, const char *module, void (*configure)(const char *folder),
                      bool restarts)
{
    struct side *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    s->name = name;
    s->restarts = restarts;
    s->so_pin = PIN_SO;
    make_folder(s);
    configure(s->folder);
    load(s, module);
    ASSERT_OK(s->f->C_Initialize(NULL));
    ASSERT_OK(init_token(s));
    side_reset(s);
    return s;
}

static void clear(struct bytes *b)
{
    free(b->p);
    *b = (struct bytes){0};
}

static void clear_variables(struct side *s)
{
    memset(s->session, 0, sizeof(s->session));
    memset(s->object, 0, sizeof(s->object));
    s->session[N_SESSIONS].h = NEVER_GOOD;
    s->object[N_OBJECTS].h = NEVER_GOOD;
}

/* False: one can't be destroyed. */
static bool remove_objects(struct side *s)
{
    CK_OBJECT_HANDLE found[8];
    CK_SESSION_HANDLE h;
    CK_ULONG n = 0;
    bool all = true;

    ASSERT_OK(s->f->C_OpenSession(s->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    ASSERT_OK(s->f->C_Login(h, CKU_USER, pin_text(PIN_USER), strlen(pins[PIN_USER])));
    do {
        ASSERT_OK(s->f->C_FindObjectsInit(h, NULL, 0));
        ASSERT_OK(s->f->C_FindObjects(h, found, N_ELEMENTS(found), &n));
        ASSERT_OK(s->f->C_FindObjectsFinal(h));
        for (CK_ULONG i = 0; i < n && all; i++)
            all = s->f->C_DestroyObject(h, found[i]) == CKR_OK;
    } while (n > 0 && all);
    ASSERT_OK(s->f->C_CloseAllSessions(s->slot));
    return all;
}

void side_reset(struct side *s)
{
    ASSERT_OK(s->f->C_CloseAllSessions(s->slot));
    clear_variables(s);
    for (unsigned i = 0; i < N_REGISTERS; i++)
        clear(&s->reg[i]);
    if (s->dirty && s->restarts) {
        ASSERT_OK(s->f->C_Finalize(NULL));
        ASSERT_OK(s->f->C_Initialize(NULL));
        find_slot(s);
    }
    if ((s->pins_touched || (s->dirty && !remove_objects(s))) && init_token(s) != CKR_OK)
        begin_anew(s);
    s->dirty = s->pins_touched = false;
}

void side_free(struct side *s)
{
    if (s == NULL)
        return;
    side_reset(s);
    ASSERT_OK(s->f->C_Finalize(NULL));
    assert_int_equal(dlclose(s->dl), 0);
    remove_folder(s);
    free(s);
}

const char *side_name(const struct side *s)
{
    return s->name;
}

void result_clear(struct result *r)
{
    clear(&r->in);
    clear(&r->signature);
    clear(&r->out);
    clear(&r->secret);
    for (unsigned i = 0; i < MAX_GET; i++)
        clear(&r->values[i]);
}

/* -- arguments --------------------------------------------------------------------------------- */

static struct bytes copy_of(const void *p, size_t n)
{
    struct bytes b = {malloc(n + 1), n}; /* never NULL */

    assert_non_null(b.p);
    if (n > 0)
        memcpy(b.p, p, n);
    return b;
}

struct templ {
    CK_ATTRIBUTE v[MAX_ITEMS];
    uint8_t values[MAX_ITEMS][VALUE_MAX];
};

/* number: of the object that the template is about. */
static struct templ *template_of(const struct call *c, unsigned number)
{
    struct templ *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    for (unsigned i = 0; i < c->n_items; i++) {
        const struct item *item = &c->items[i];

        t->v[i] = (CK_ATTRIBUTE){attributes[item->at].type, t->values[i],
                                 attribute_value(item->at, item->choice, c->kind, number,
                                                 t->values[i])};
    }
    return t;
}

/* An output with a border around it. */
struct output {
    CK_BYTE *p; /* NULL: a query */
    CK_ULONG room;
};

static struct output output_of(unsigned room)
{
    struct output o = {NULL, room == ROOM_QUERY ? 0 : room};

    if (room != ROOM_QUERY) {
        o.p = malloc(room + GUARD);
        assert_non_null(o.p);
        memset(o.p, FILL, room + GUARD);
    }
    return o;
}

static bool is_filled(const CK_BYTE *p, size_t n, CK_BYTE with, CK_BYTE or_with)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != with && p[i] != or_with)
            return false;
    }
    return true;
}

/* Look at the border, and let go. */
static void output_done(struct output *o, struct result *r)
{
    if (o->p == NULL)
        return;
    r->overrun = r->overrun || !is_filled(o->p + o->room, GUARD, FILL, FILL);
    r->touched = r->touched || (r->rv != CKR_OK && !is_filled(o->p, o->room, FILL, 0));
    free(o->p);
}

static void keep_object(struct side *s, unsigned into, CK_OBJECT_HANDLE h, unsigned number)
{
    s->object[into].h = h;
    s->object[into].number = number;
    s->dirty = true;
}

/* -- sessions and PINs ------------------------------------------------------------------------- */

static void call_open(struct side *s, const struct call *c, struct result *r)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;

    r->rv = s->f->C_OpenSession(s->slot, c->flags, NULL, NULL, &h);
    if (r->rv != CKR_OK)
        return;
    if (s->session[c->session].open)
        ASSERT_OK(s->f->C_CloseSession(s->session[c->session].h));
    s->session[c->session].h = h;
    s->session[c->session].open = true;
}

static void call_close(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_CloseSession(s->session[c->session].h);
    if (r->rv == CKR_OK)
        s->session[c->session].open = false;
}

static void call_close_all(struct side *s, const struct call *c, struct result *r)
{
    (void)c;
    r->rv = s->f->C_CloseAllSessions(s->slot);
    for (unsigned i = 0; i < N_SESSIONS; i++)
        s->session[i].open = false;
}

static void call_session_info(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_GetSessionInfo(s->session[c->session].h, &r->session);
}

static void call_token_info(struct side *s, const struct call *c, struct result *r)
{
    (void)c;
    r->rv = s->f->C_GetTokenInfo(s->slot, &r->token);
}

static void call_login(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_Login(s->session[c->session].h, c->user, pin_text(c->pin),
                          strlen(pins[c->pin]));
    s->pins_touched = s->pins_touched || r->rv == CKR_PIN_INCORRECT || r->rv == CKR_PIN_LOCKED;
}

static void call_logout(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_Logout(s->session[c->session].h);
}

static void call_init_pin(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_InitPIN(s->session[c->session].h, pin_text(c->new_pin),
                            strlen(pins[c->new_pin]));
    s->pins_touched = true;
}

static void call_set_pin(struct side *s, const struct call *c, struct result *r)
{
    CK_SESSION_INFO info = {0};

    (void)s->f->C_GetSessionInfo(s->session[c->session].h, &info);
    r->rv = s->f->C_SetPIN(s->session[c->session].h, pin_text(c->pin), strlen(pins[c->pin]),
                           pin_text(c->new_pin), strlen(pins[c->new_pin]));
    if (r->rv == CKR_OK && info.state == CKS_RW_SO_FUNCTIONS)
        s->so_pin = c->new_pin;
    s->pins_touched = true;
}

static void call_restart(struct side *s, const struct call *c, struct result *r)
{
    (void)c;
    r->rv = s->f->C_Finalize(NULL);
    if (r->rv == CKR_OK)
        r->rv = s->f->C_Initialize(NULL);
    find_slot(s);
    clear_variables(s);
}

/* -- objects ----------------------------------------------------------------------------------- */

static void call_create(struct side *s, const struct call *c, struct result *r)
{
    struct templ *t = template_of(c, c->number);
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    r->rv = s->f->C_CreateObject(s->session[c->session].h, t->v, c->n_items, &o);
    if (r->rv == CKR_OK)
        keep_object(s, c->into, o, c->number);
    s->dirty = true;
    free(t);
}

static void call_copy(struct side *s, const struct call *c, struct result *r)
{
    struct templ *t = template_of(c, c->number);
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    r->rv = s->f->C_CopyObject(s->session[c->session].h, s->object[c->object].h, t->v, c->n_items,
                               &o);
    if (r->rv == CKR_OK)
        keep_object(s, c->into, o, c->number);
    s->dirty = true;
    free(t);
}

static void call_generate(struct side *s, const struct call *c, struct result *r)
{
    struct templ *t = template_of(c, c->number);
    CK_MECHANISM m = {CKM_AES_KEY_GEN, t, c->variant == 0 ? 0 : 1};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;
    uint8_t secret[64];
    CK_ATTRIBUTE value = {CKA_VALUE, secret, sizeof(secret)};

    if (c->variant == 0)
        m.pParameter = NULL;
    r->rv = s->f->C_GenerateKey(s->session[c->session].h, &m, t->v, c->n_items, &o);
    if (r->rv == CKR_OK) {
        keep_object(s, c->into, o, c->number);
        if (s->f->C_GetAttributeValue(s->session[c->session].h, o, &value, 1) == CKR_OK)
            r->secret = copy_of(secret, value.ulValueLen);
    }
    free(t);
}

static void call_destroy(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_DestroyObject(s->session[c->session].h, s->object[c->object].h);
}

static void call_get(struct side *s, const struct call *c, struct result *r)
{
    CK_ATTRIBUTE v[MAX_GET];
    struct output o[MAX_GET];

    for (unsigned i = 0; i < c->n_items; i++) {
        o[i] = output_of(c->rooms[i]);
        v[i] = (CK_ATTRIBUTE){attributes[c->items[i].at].type, o[i].p, o[i].room};
    }
    r->rv = s->f->C_GetAttributeValue(s->session[c->session].h, s->object[c->object].h, v,
                                      c->n_items);
    for (unsigned i = 0; i < c->n_items; i++) {
        const bool written = o[i].p != NULL && v[i].ulValueLen <= o[i].room;

        r->lengths[i] = v[i].ulValueLen;
        if (written)
            r->values[i] = copy_of(o[i].p, v[i].ulValueLen);
        r->overrun = r->overrun || (o[i].p != NULL &&
                                    !is_filled(o[i].p + o[i].room, GUARD, FILL, FILL));
        free(o[i].p);
    }
}

static void call_set(struct side *s, const struct call *c, struct result *r)
{
    struct templ *t = template_of(c, s->object[c->object].number);

    r->rv = s->f->C_SetAttributeValue(s->session[c->session].h, s->object[c->object].h, t->v,
                                      c->n_items);
    free(t);
}

static void call_find_init(struct side *s, const struct call *c, struct result *r)
{
    struct templ *t = template_of(c, s->object[c->object].number);

    r->rv = s->f->C_FindObjectsInit(s->session[c->session].h, c->n_items > 0 ? t->v : NULL,
                                    c->n_items);
    free(t);
}

/* Who is it? The variable that holds it gets this handle. */
static unsigned identify(struct side *s, CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o)
{
    uint8_t label[64];
    CK_ATTRIBUTE v = {CKA_LABEL, label, sizeof(label)};
    unsigned number;

    if (s->f->C_GetAttributeValue(h, o, &v, 1) != CKR_OK)
        return UNKNOWN_OBJECT;
    number = label_number(label, v.ulValueLen);
    for (unsigned i = 0; i < N_OBJECTS; i++) {
        if (number != 0 && s->object[i].number == number)
            s->object[i].h = o;
    }
    return number;
}

static void call_find(struct side *s, const struct call *c, struct result *r)
{
    CK_OBJECT_HANDLE found[MAX_FOUND] = {0};

    r->rv = s->f->C_FindObjects(s->session[c->session].h, found, c->room, &r->n);
    r->overrun = r->rv == CKR_OK && r->n > c->room;
    for (CK_ULONG i = 0; r->rv == CKR_OK && !r->overrun && i < r->n; i++)
        r->found[i] = identify(s, s->session[c->session].h, found[i]);
}

static void call_find_final(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_FindObjectsFinal(s->session[c->session].h);
}

/* -- operations -------------------------------------------------------------------------------- */

static void call_init(struct side *s, const struct call *c, struct result *r)
{
    CK_C_EncryptInit const inits[] = {[OP_ENCRYPT] = s->f->C_EncryptInit,
                                      [OP_DECRYPT] = s->f->C_DecryptInit,
                                      [OP_SIGN] = s->f->C_SignInit,
                                      [OP_VERIFY] = s->f->C_VerifyInit};
    CK_MECHANISM m = {0};
    CK_MECHANISM_PTR given = c->mech == N_MECHS ? NULL : &m;

    if (given != NULL)
        m = mechanism_of((enum mech_id)c->mech, c->variant);
    if (c->op == OP_DIGEST)
        r->rv = s->f->C_DigestInit(s->session[c->session].h, given);
    else
        r->rv = inits[c->op](s->session[c->session].h, given, s->object[c->object].h);
}

static void take_input(struct side *s, const struct call *c, struct result *r)
{
    uint8_t pattern[OUT_MAX];

    if (c->from != FROM_PATTERN) {
        r->in = copy_of(s->reg[c->from].p, s->reg[c->from].n);
        return;
    }
    fill_pattern(pattern, c->n_in, c->fill);
    r->in = copy_of(pattern, c->n_in);
}

static void run_once(struct side *s, const struct call *c, struct result *r, struct output *o)
{
    CK_C_Encrypt const singles[] = {[OP_ENCRYPT] = s->f->C_Encrypt, [OP_DECRYPT] = s->f->C_Decrypt,
                                  [OP_DIGEST] = s->f->C_Digest, [OP_SIGN] = s->f->C_Sign};

    r->rv = singles[c->op](s->session[c->session].h, r->in.p, r->in.n, o->p, &r->n);
}

static void run_update(struct side *s, const struct call *c, struct result *r, struct output *o)
{
    CK_C_EncryptUpdate const crypts[] = {[OP_ENCRYPT] = s->f->C_EncryptUpdate,
                                         [OP_DECRYPT] = s->f->C_DecryptUpdate};
    CK_C_DigestUpdate const eats[] = {[OP_DIGEST] = s->f->C_DigestUpdate,
                                      [OP_SIGN] = s->f->C_SignUpdate,
                                      [OP_VERIFY] = s->f->C_VerifyUpdate};

    if (c->op <= OP_DECRYPT)
        r->rv = crypts[c->op](s->session[c->session].h, r->in.p, r->in.n, o->p, &r->n);
    else
        r->rv = eats[c->op](s->session[c->session].h, r->in.p, r->in.n);
}

static void run_final(struct side *s, const struct call *c, struct result *r, struct output *o)
{
    CK_C_EncryptFinal const finals[] = {[OP_ENCRYPT] = s->f->C_EncryptFinal,
                                        [OP_DECRYPT] = s->f->C_DecryptFinal,
                                        [OP_DIGEST] = s->f->C_DigestFinal,
                                        [OP_SIGN] = s->f->C_SignFinal};

    r->rv = finals[c->op](s->session[c->session].h, o->p, &r->n);
}

static void call_verify(struct side *s, const struct call *c, struct result *r)
{
    const struct bytes *signature = &s->reg[c->signature];

    r->signature = copy_of(signature->p, signature->n);
    if (c->fn == FN_ONCE)
        r->rv = s->f->C_Verify(s->session[c->session].h, r->in.p, r->in.n, r->signature.p,
                               r->signature.n);
    else
        r->rv = s->f->C_VerifyFinal(s->session[c->session].h, r->signature.p, r->signature.n);
}

static void call_step(struct side *s, const struct call *c, struct result *r)
{
    const bool has_output = c->fn != FN_UPDATE || c->op <= OP_DECRYPT;
    struct output o = has_output ? output_of(c->room) : (struct output){0};

    take_input(s, c, r);
    r->n = o.room;
    if (c->op == OP_VERIFY && c->fn != FN_UPDATE)
        call_verify(s, c, r);
    else
        (c->fn == FN_ONCE ? run_once : c->fn == FN_UPDATE ? run_update : run_final)(s, c, r, &o);
    if (r->rv == CKR_OK && o.p != NULL && c->op != OP_VERIFY && r->n <= o.room) {
        r->out = copy_of(o.p, r->n);
        clear(&s->reg[c->into]);
        s->reg[c->into] = copy_of(o.p, r->n);
    }
    output_done(&o, r);
}

static void call_cancel(struct side *s, const struct call *c, struct result *r)
{
    r->absent = s->f3 == NULL;
    r->rv = r->absent ? CKR_FUNCTION_NOT_SUPPORTED
                      : s->f3->C_SessionCancel(s->session[c->session].h, c->flags);
}

static void call_digest_key(struct side *s, const struct call *c, struct result *r)
{
    r->rv = s->f->C_DigestKey(s->session[c->session].h, s->object[c->object].h);
}

static void call_random(struct side *s, const struct call *c, struct result *r)
{
    struct output o = output_of(c->room);

    r->rv = s->f->C_GenerateRandom(s->session[c->session].h, o.p, c->room);
    output_done(&o, r);
}

void side_call(struct side *s, const struct call *c, struct result *ret)
{
    static void (*const calls[N_FNS])(struct side *, const struct call *, struct result *) = {
        [FN_OPEN] = call_open,           [FN_CLOSE] = call_close,
        [FN_CLOSE_ALL] = call_close_all, [FN_SESSION_INFO] = call_session_info,
        [FN_TOKEN_INFO] = call_token_info, [FN_LOGIN] = call_login,
        [FN_LOGOUT] = call_logout,       [FN_INIT_PIN] = call_init_pin,
        [FN_SET_PIN] = call_set_pin,     [FN_CREATE] = call_create,
        [FN_COPY] = call_copy,           [FN_DESTROY] = call_destroy,
        [FN_GET] = call_get,             [FN_SET] = call_set,
        [FN_FIND_INIT] = call_find_init, [FN_FIND] = call_find,
        [FN_FIND_FINAL] = call_find_final, [FN_GENERATE] = call_generate,
        [FN_INIT] = call_init,           [FN_ONCE] = call_step,
        [FN_UPDATE] = call_step,         [FN_FINAL] = call_step,
        [FN_CANCEL] = call_cancel,       [FN_DIGEST_KEY] = call_digest_key,
        [FN_RANDOM] = call_random,       [FN_RESTART] = call_restart,
    };

    *ret = (struct result){0};
    calls[c->fn](s, c, ret);
}
