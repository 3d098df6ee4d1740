/* SPDX-License-Identifier: BSD-2-Clause */
/* import.c - objects from outside, each of them once; see import.h. */
#include "core/import.h"

#include <search.h>
#include <stdlib.h>

#include "core/create.h"
#include "core/handle.h"
#include "crypto/prim.h"
#include "model/schema.h"

#define BATCH 48 /* objects from which on they are written: some ms without another writer */
/* Objects that belong together are not parted, up to so many: more certificates than any key has.
 * It is the most that other writers have to wait for (a fifth of a second). */
#define TOGETHER_MAX 4096
#define TRIES 256 /* somebody made an object in between: look again; nothing was written for it */

/* What is known, as MACs under a key of this run: a search tree of nodes of PRIM_HASH bytes. */
struct known {
    void *root;
};

struct waiting {
    struct attrs *attrs;
    enum import_fate *fate;
    bool is_named;
};

struct import {
    struct session *session;
    char *source;
    bool dry_run;
    struct mac *mac;
    struct known known; /* what is in the token below next_id, and what waits */
    uint64_t next_id;
    struct waiting *waiting;
    size_t n_waiting, room;
};

/* -- what an object is ------------------------------------------------------------------------- */

#define IDENTITY_MAX 5

/* The attributes that make an object the same as another one. */
static const struct identity {
    CK_OBJECT_CLASS class;
    CK_ATTRIBUTE_TYPE types[IDENTITY_MAX];
    size_t n;
    size_t n_name; /* of these, how many are its name alone; 0: it has none */
} identities[] = {
    {CKO_DATA, {CKA_APPLICATION, CKA_LABEL, CKA_OBJECT_ID, CKA_PRIVATE, CKA_VALUE}, 5, 3},
    {CKO_CERTIFICATE, {CKA_CERTIFICATE_TYPE, CKA_VALUE, CKA_URL, CKA_SUBJECT}, 4, 0},
    {CKO_PUBLIC_KEY, {CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO}, 2, 0},
    {CKO_PRIVATE_KEY, {CKA_KEY_TYPE, CKA_PUBLIC_KEY_INFO}, 2, 0},
    {CKO_SECRET_KEY, {CKA_KEY_TYPE, CKA_VALUE}, 2, 0},
};

static const struct identity *identity_find(CK_OBJECT_CLASS class)
{
    for (size_t i = 0; i < N_ELEMENTS(identities); i++) {
        if (identities[i].class == class)
            return &identities[i];
    }
    return NULL;
}

/* The MAC of the first n of its types. */
static CK_RV identity_mac(const struct import *i, const struct identity *what,
                          const struct attrs *a, size_t n, uint8_t ret[PRIM_HASH])
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct span all;

    buf_u64(&bytes, what->class);
    buf_u64(&bytes, n);
    for (size_t t = 0; t < n; t++)
        buf_var(&bytes, attrs_span(a, what->types[t]));
    TRY(buf_ok(&bytes));
    all = buf_span(&bytes);
    return mac_sum(i->mac, &all, 1, ret);
}

/* -- what is known ----------------------------------------------------------------------------- */

static int known_compare(const void *a, const void *b)
{
    return memcmp(a, b, PRIM_HASH);
}

static bool known_has(const struct known *k, const uint8_t mac[PRIM_HASH])
{
    return tfind(mac, &k->root, known_compare) != NULL;
}

static CK_RV known_put(struct known *k, const uint8_t mac[PRIM_HASH])
{
    uint8_t *copy;

    if (known_has(k, mac))
        return CKR_OK;
    copy = malloc(PRIM_HASH);
    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    memcpy(copy, mac, PRIM_HASH);
    if (tsearch(copy, &k->root, known_compare) == NULL) {
        free(copy);
        FAIL(CKR_HOST_MEMORY);
    }
    return CKR_OK;
}

static void known_clear(struct known *k)
{
    tdestroy(k->root, free);
    k->root = NULL;
}

/* An object is known by what it is and, if it has one, by its name. */
static CK_RV learn(const struct import *i, const struct attrs *a, struct known *into)
{
    const struct identity *what = identity_find(attrs_ulong(a, CKA_CLASS, SCHEMA_ANY));
    uint8_t mac[PRIM_HASH];

    if (what == NULL)
        return CKR_OK;
    TRY(identity_mac(i, what, a, what->n, mac));
    TRY(known_put(into, mac));
    if (what->n_name == 0)
        return CKR_OK;
    TRY(identity_mac(i, what, a, what->n_name, mac));
    return known_put(into, mac);
}

static CK_RV look_up(const struct import *i, const struct attrs *a, bool is_named,
                     const struct known *in, enum import_fate *ret)
{
    const struct identity *what = identity_find(attrs_ulong(a, CKA_CLASS, SCHEMA_ANY));
    uint8_t mac[PRIM_HASH];

    ENSURE(what != NULL, CKR_ATTRIBUTE_VALUE_INVALID);
    TRY(identity_mac(i, what, a, what->n, mac));
    if (known_has(in, mac)) {
        *ret = IMPORT_PRESENT;
        return CKR_OK;
    }
    *ret = IMPORT_WAITING;
    if (!is_named || what->n_name == 0)
        return CKR_OK;
    TRY(identity_mac(i, what, a, what->n_name, mac));
    if (known_has(in, mac))
        *ret = IMPORT_OTHER_VALUE;
    return CKR_OK;
}

static CK_RV learn_handle(struct import *i, CK_OBJECT_HANDLE h, struct known *fresh)
{
    AUTO(object_unrefp) struct object *o = NULL;
    const CK_RV rv = token_object(i->session->token, h, &o);

    /* Destroyed since it was found. */
    if (rv == CKR_OBJECT_HANDLE_INVALID)
        return CKR_OK;
    TRY(rv);
    if (fresh != NULL)
        TRY(learn(i, object_attrs(o), fresh));
    return learn(i, object_attrs(o), &i->known);
}

static bool is_stored_since(CK_OBJECT_HANDLE h, uint64_t first)
{
    return !handle_kind_is_session(handle_kind(h)) && !handle_kind_is_described(handle_kind(h)) &&
           handle_id(h) >= first;
}

static void free_handles(CK_OBJECT_HANDLE **v)
{
    free(*v);
}

/* Learn the token's objects from number i->next_id on; `fresh` (may be NULL) gets them too. The
 * number is read before the objects are: who comes in between is learnt now, and once more. */
static CK_RV learn_stored(struct import *i, struct known *fresh)
{
    AUTO(free_handles) CK_OBJECT_HANDLE *handles = NULL;
    AUTO(attrs_freep) struct attrs *all = NULL;
    uint64_t next = 0;
    struct vault v;
    size_t n = 0;
    CK_RV rv;

    token_vault(i->session->token, &v);
    rv = vault_next_id(&v, &next);
    vault_done(&v);
    TRY(rv);
    TRY(attrs_new(&all));
    TRY(token_find(i->session->token, all, &handles, &n));
    for (size_t h = 0; h < n; h++) {
        if (is_stored_since(handles[h], i->next_id))
            TRY(learn_handle(i, handles[h], fresh));
    }
    i->next_id = next;
    return CKR_OK;
}

/* -- begin and end ----------------------------------------------------------------------------- */

static void drop_waiting(struct import *i, size_t n)
{
    attrs_free(i->waiting[n].attrs);
    i->n_waiting--;
    memmove(&i->waiting[n], &i->waiting[n + 1], (i->n_waiting - n) * sizeof(i->waiting[0]));
}

void import_free(struct import *i)
{
    if (i == NULL)
        return;
    while (i->n_waiting > 0)
        drop_waiting(i, i->n_waiting - 1);
    free(i->waiting);
    known_clear(&i->known);
    mac_free(i->mac);
    free(i->source);
    free(i);
}

CK_RV import_begin(struct session *s, const char *source, bool dry_run, struct import **ret)
{
    AUTO(import_freep) struct import *i = calloc(1, sizeof(*i));
    uint8_t key[PRIM_KEY];
    CK_RV rv;

    ENSURE(i != NULL, CKR_HOST_MEMORY);
    i->session = s;
    i->dry_run = dry_run;
    i->source = strdup(source);
    ENSURE(i->source != NULL, CKR_HOST_MEMORY);
    TRY(session_may_write(s, true, true));
    TRY(prim_random(key, sizeof(key)));
    rv = mac_new(SPAN_ARRAY(key), &i->mac);
    mem_wipe(key, sizeof(key));
    TRY(rv);
    TRY(learn_stored(i, NULL));
    *ret = TAKE(i);
    return CKR_OK;
}

/* -- adding ------------------------------------------------------------------------------------ */

static CK_RV make_room(struct import *i)
{
    const size_t room = i->room == 0 ? BATCH : 2 * i->room;
    struct waiting *grown;

    if (i->n_waiting < i->room)
        return CKR_OK;
    grown = calloc(room, sizeof(*grown));
    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    if (i->n_waiting > 0)
        memcpy(grown, i->waiting, i->n_waiting * sizeof(*grown));
    free(i->waiting);
    i->waiting = grown;
    i->room = room;
    return CKR_OK;
}

CK_RV import_add(struct import *i, const CK_ATTRIBUTE *v, CK_ULONG n, bool is_named,
                 enum import_fate *ret_fate)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    enum import_fate fate;

    TRY(object_make(i->session, v, n, &a));
    ENSURE(attrs_bool(a, CKA_TOKEN, false), CKR_TEMPLATE_INCONSISTENT);
    /* Before it is looked up: who writes may find that somebody has made the same meanwhile. */
    if (i->n_waiting == TOGETHER_MAX)
        TRY(import_flush(i));
    TRY(make_room(i));
    TRY(look_up(i, a, is_named, &i->known, &fate));
    if (fate == IMPORT_WAITING) {
        TRY(learn(i, a, &i->known));
        i->waiting[i->n_waiting++] =
            (struct waiting){.attrs = TAKE(a), .fate = ret_fate, .is_named = is_named};
    }
    *ret_fate = fate;
    return CKR_OK;
}

CK_RV import_settle(struct import *i)
{
    return i->n_waiting >= BATCH ? import_flush(i) : CKR_OK;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* "3 private keys, 1 certificate from FILE" */
static CK_RV tell(const struct import *i, struct buf *ret)
{
    static const struct {
        CK_OBJECT_CLASS class;
        const char *one, *more;
    } names[] = {{CKO_PRIVATE_KEY, "private key", "private keys"},
                 {CKO_PUBLIC_KEY, "public key", "public keys"},
                 {CKO_SECRET_KEY, "secret key", "secret keys"},
                 {CKO_CERTIFICATE, "certificate", "certificates"},
                 {CKO_DATA, "data object", "data objects"}};

    for (size_t c = 0; c < N_ELEMENTS(names); c++) {
        size_t n = 0;

        for (size_t w = 0; w < i->n_waiting; w++)
            n += attrs_ulong(i->waiting[w].attrs, CKA_CLASS, SCHEMA_ANY) == names[c].class ? 1 : 0;
        if (n > 0)
            buf_printf(ret, "%s%zu %s", ret->n > 0 ? ", " : "", n,
                       n == 1 ? names[c].one : names[c].more);
    }
    buf_printf(ret, " from ");
    buf_text(ret, span_of(i->source, strlen(i->source)));
    buf_u8(ret, 0);
    return buf_ok(ret);
}

static void free_objects(const struct attrs ***v)
{
    free(*v);
}

static CK_RV write_waiting(struct import *i)
{
    AUTO(buf_clear) struct buf detail = BUF_INIT;
    AUTO(free_objects) const struct attrs **objects = NULL;
    struct vault v;
    CK_RV rv;

    if (i->n_waiting == 0 || i->dry_run)
        return CKR_OK;
    objects = calloc(i->n_waiting, sizeof(*objects));
    ENSURE(objects != NULL, CKR_HOST_MEMORY);
    for (size_t w = 0; w < i->n_waiting; w++)
        objects[w] = i->waiting[w].attrs;
    TRY(tell(i, &detail));
    do {
        token_vault(i->session->token, &v);
        rv = vault_import(&v, (const struct attrs *const *)objects, i->n_waiting,
                          (const char *)detail.p, &i->next_id);
    } while (vault_again(i->session->token, &v, rv));
    return rv;
}

/* Somebody has made objects: what waits may be among them. */
static CK_RV look_again(struct import *i)
{
    struct known fresh = {NULL};
    CK_RV rv = learn_stored(i, &fresh);

    for (size_t w = i->n_waiting; rv == CKR_OK && w-- > 0;) {
        enum import_fate fate;

        rv = look_up(i, i->waiting[w].attrs, i->waiting[w].is_named, &fresh, &fate);
        if (rv != CKR_OK || fate == IMPORT_WAITING)
            continue;
        *i->waiting[w].fate = fate;
        drop_waiting(i, w);
    }
    known_clear(&fresh);
    return rv;
}

CK_RV import_flush(struct import *i)
{
    CK_RV rv = write_waiting(i);

    for (unsigned t = 1; rv == CKR_FUNCTION_FAILED && t < TRIES; t++) {
        TRY(look_again(i));
        rv = write_waiting(i);
    }
    TRY(rv);
    while (i->n_waiting > 0) {
        *i->waiting[i->n_waiting - 1].fate = IMPORT_STORED;
        drop_waiting(i, i->n_waiting - 1);
    }
    return CKR_OK;
}
