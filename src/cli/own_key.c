/* SPDX-License-Identifier: BSD-2-Clause */
/* own_key.c - a key by its URI, used as the module uses it; see own_key.h. */
#include "cli/own_key.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/uri.h"
#include "core/lib.h"
#include "core/operation.h"
#include "core/slot.h"
#include "core/succession.h"

void own_key_close(struct own_key *k)
{
    buf_clear(&k->pin);
    object_unref(TAKE(k->object));
    session_leave(TAKE(k->session));
    /* Ends the session, and logs out. */
    if (k->initialized && lib_finalize() != CKR_OK)
        (void)cli_fail(EXIT_FAILED, "the token could not be closed");
    *k = OWN_KEY_INIT;
}

static void free_slots(CK_SLOT_ID **v)
{
    free(*v);
}

/* The slots whose token the URI means; more than one is one too many. */
static CK_RV slot_of_uri(P11KitUri *uri, CK_SLOT_ID *ret, size_t *ret_n)
{
    AUTO(free_slots) CK_SLOT_ID *slots = NULL;
    size_t n = 0;

    *ret_n = 0;
    TRY(slot_list(true, &slots, &n));
    for (size_t i = 0; i < n; i++) {
        CK_TOKEN_INFO info;
        CK_SLOT_INFO slot;

        TRY(slot_info(slots[i], &slot));
        TRY(slot_token_info(slots[i], &info));
        if (!uri_fits_slot(uri, slots[i], &slot) || p11_kit_uri_match_token_info(uri, &info) == 0)
            continue;
        *ret = slots[i];
        (*ret_n)++;
    }
    return CKR_OK;
}

static CK_RV search_make(P11KitUri *uri, CK_OBJECT_CLASS class, struct attrs **ret)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(attrs_set_ulong(a, CKA_CLASS, class));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const CK_ATTRIBUTE *said = p11_kit_uri_get_attribute(uri, types[i]);

        if (said != NULL)
            TRY(attrs_set(a, types[i], span_of(said->pValue, said->ulValueLen)));
    }
    *ret = TAKE(a);
    return CKR_OK;
}

/* The keys that fit. */
struct matches {
    CK_OBJECT_HANDLE *v;
    size_t n;
};

static void matches_clear(struct matches *m)
{
    free(m->v);
}

/* Those of a class, unless the URI says that it means another. */
static CK_RV find_class(P11KitUri *uri, struct token *t, CK_OBJECT_CLASS class, struct matches *m)
{
    const CK_ATTRIBUTE *said = p11_kit_uri_get_attribute(uri, CKA_CLASS);
    AUTO(matches_clear) struct matches found = {.n = 0};
    AUTO(attrs_freep) struct attrs *search = NULL;
    CK_OBJECT_HANDLE *grown;

    if (said != NULL &&
        (said->ulValueLen != sizeof(class) || memcmp(said->pValue, &class, sizeof(class)) != 0))
        return CKR_OK;
    TRY(search_make(uri, class, &search));
    TRY(token_find(t, search, &found.v, &found.n));
    if (found.n == 0)
        return CKR_OK;
    grown = reallocarray(m->v, m->n + found.n, sizeof(*m->v));
    ENSURE(grown != NULL, CKR_HOST_MEMORY);
    m->v = grown;
    memcpy(m->v + m->n, found.v, found.n * sizeof(*m->v));
    m->n += found.n;
    return CKR_OK;
}

static CK_RV find_all(P11KitUri *uri, struct token *t, unsigned how, struct matches *m)
{
    TRY(find_class(uri, t, CKO_PRIVATE_KEY, m));
    return (how & OWN_KEY_SECRET) != 0 ? find_class(uri, t, CKO_SECRET_KEY, m) : CKR_OK;
}

void own_key_print_id(struct span id, struct buf *ret)
{
    buf_printf(ret, "id=");
    for (size_t i = 0; i < id.n; i++)
        buf_printf(ret, "%%%02x", id.p[i]);
}

/* One line for one of several: what tells it apart, and whether it is still in use. */
static void tell_choice(struct token *t, CK_OBJECT_HANDLE h)
{
    static const char *const words[] = {
        [SUCCESSION_IN_USE] = "in use",
        [SUCCESSION_VERIFIES] = "verify-only: it has a successor",
        [SUCCESSION_READS] = "reads only: it has a successor",
    };
    enum succession_state state = SUCCESSION_IN_USE;
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(buf_clear) struct buf text = BUF_INIT;

    if (token_object(t, h, &o) != CKR_OK ||
        succession_state(t, object_attrs(o), &state) != CKR_OK)
        return;
    own_key_print_id(attrs_span(object_attrs(o), CKA_ID), &text);
    if (!text.failed)
        fprintf(stderr, "    %.*s  %s\n", (int)text.n, (const char *)text.p,
                words[state]);
}

static int tell_number(const char *text, unsigned how, struct token *t, const struct matches *m)
{
    const char *what = (how & OWN_KEY_SECRET) != 0 ? "private and secret" : "private";

    (void)cli_fail(EXIT_REFUSED, "%s: %zu %s keys fit, and one is needed%s", text, m->n, what,
                   m->n > 1 ? ". Add the id of one of these to the URI:" : "");
    for (size_t i = 0; i < m->n && m->n > 1; i++)
        tell_choice(t, m->v[i]);
    return EXIT_REFUSED;
}

static CK_RV session_start(CK_SLOT_ID slot, bool rw, struct own_key *k)
{
    TRY(session_open(slot, rw, &k->opened));
    TRY(session_enter(k->opened, &k->session));
    return token_log_in(k->session->token, ROLE_USER, buf_span(&k->pin));
}

/* The URI as p11-kit reads it; EXIT_DONE, or a code after the reason was printed. */
static int uri_read(const char *text, P11KitUri *uri)
{
    if (uri == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN | P11_KIT_URI_FOR_SLOT, uri) !=
            P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri) != 0)
        return cli_fail(EXIT_USAGE,
                        "%.*s: not a PKCS#11 URI of an object (pkcs11:token=...;object=...)",
                        uri_shown(text), text);
    if (p11_kit_uri_get_pin_value(uri) != NULL)
        return cli_fail(EXIT_USAGE, "a PIN on the command line can be read by others: take it out "
                                    "of the URI and use --pin-file or --pin-fd");
    return EXIT_DONE;
}

static int open_found(P11KitUri *uri, const char *text, CK_SLOT_ID slot,
                      const struct pin_source *source, unsigned how, struct own_key *k)
{
    AUTO(matches_clear) struct matches m = {.n = 0};
    struct pin_source from = *source;
    const int code = uri_pin_source(uri, &from);
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    if (!pin_read(&from, "PIN", false, &k->pin))
        return EXIT_FAILED;
    rv = session_start(slot, (how & OWN_KEY_CHANGE) != 0, k);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the token");
    rv = find_all(uri, k->session->token, how, &m);
    if (rv == CKR_OK && m.n != 1)
        return tell_number(text, how, k->session->token, &m);
    if (rv == CKR_OK)
        rv = token_object(k->session->token, m.v[0], &k->object);
    if (rv != CKR_OK)
        return cli_rv(rv, "looking for the key");
    k->handle = m.v[0];
    return EXIT_DONE;
}

int own_key_open(const char *text, const struct pin_source *pin, unsigned how, struct own_key *ret)
{
    AUTO(uri_freep) P11KitUri *uri = p11_kit_uri_new();
    const int code = uri_read(text, uri);
    CK_SLOT_ID slot = 0;
    size_t n = 0;
    CK_RV rv;

    *ret = OWN_KEY_INIT;
    if (code != EXIT_DONE)
        return code;
    rv = lib_initialize();
    ret->initialized = rv == CKR_OK;
    if (rv == CKR_OK)
        rv = slot_of_uri(uri, &slot, &n);
    if (rv != CKR_OK)
        return cli_rv(rv, "looking for the token");
    if (n != 1)
        return cli_fail(EXIT_REFUSED, "%s: %zu tokens fit, and one is needed", text, n);
    return open_found(uri, text, slot, pin, how, ret);
}

CK_RV own_key_sign(struct own_key *k, const CK_MECHANISM *m, struct span in, struct buf *ret)
{
    CK_ULONG n = 0;
    uint8_t *to;

    TRY(operation_init(k->session, OP_SIGN, m, k->handle));
    if (k->session->ops[OP_SIGN].needs_login)
        TRY(operation_authenticate(k->session, buf_span(&k->pin)));
    TRY(operation_once(k->session, OP_SIGN, in, &(struct out){NULL, &n}));
    to = buf_extend(ret, n);
    ENSURE(to != NULL, CKR_HOST_MEMORY);
    TRY(operation_once(k->session, OP_SIGN, in, &(struct out){to, &n}));
    ret->n = (size_t)(to - ret->p) + n;
    return CKR_OK;
}
