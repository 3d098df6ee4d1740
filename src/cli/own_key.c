/* SPDX-License-Identifier: BSD-2-Clause */
/* own_key.c - a private key by its URI, used as the module uses it; see own_key.h. */
#include "cli/own_key.h"

#include <stdlib.h>

#include <p11-kit/uri.h>

#include "core/lib.h"
#include "core/operation.h"
#include "core/slot.h"

DEFINE_AUTO(uri_freep, P11KitUri, p11_kit_uri_free)

void own_key_close(struct own_key *k)
{
    object_unref(TAKE(k->object));
    session_leave(TAKE(k->session));
    /* Ends the session, and logs out. */
    if (k->initialized && lib_finalize() != CKR_OK)
        (void)cli_fail(EXIT_FAILED, "the token could not be closed");
    *k = (struct own_key){.initialized = false};
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

        TRY(slot_token_info(slots[i], &info));
        if (p11_kit_uri_match_token_info(uri, &info) == 0)
            continue;
        *ret = slots[i];
        (*ret_n)++;
    }
    return CKR_OK;
}

static CK_RV search_make(P11KitUri *uri, struct attrs **ret)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL, CKA_ID};
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(attrs_new(&a));
    TRY(attrs_set_ulong(a, CKA_CLASS, CKO_PRIVATE_KEY));
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        const CK_ATTRIBUTE *said = p11_kit_uri_get_attribute(uri, types[i]);

        if (said != NULL)
            TRY(attrs_set(a, types[i], span_of(said->pValue, said->ulValueLen)));
    }
    *ret = TAKE(a);
    return CKR_OK;
}

static void free_handles(CK_OBJECT_HANDLE **v)
{
    free(*v);
}

static CK_RV find_one(P11KitUri *uri, struct own_key *k, size_t *ret_n)
{
    AUTO(free_handles) CK_OBJECT_HANDLE *v = NULL;
    AUTO(attrs_freep) struct attrs *search = NULL;

    TRY(search_make(uri, &search));
    TRY(token_find(k->session->token, search, &v, ret_n));
    if (*ret_n != 1)
        return CKR_OK;
    k->handle = v[0];
    return token_object(k->session->token, v[0], &k->object);
}

static CK_RV session_start(CK_SLOT_ID slot, struct span pin, struct own_key *k)
{
    TRY(session_open(slot, false, &k->opened));
    TRY(session_enter(k->opened, &k->session));
    return token_log_in(k->session->token, ROLE_USER, pin);
}

/* The URI as p11-kit reads it; EXIT_DONE, or a code after the reason was printed. */
static int uri_read(const char *text, P11KitUri *uri)
{
    if (uri == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (p11_kit_uri_parse(text, P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri) != P11_KIT_URI_OK ||
        p11_kit_uri_any_unrecognized(uri) != 0)
        return cli_fail(EXIT_USAGE,
                        "%s: not a PKCS#11 URI of an object (pkcs11:token=...;object=...)", text);
    if (p11_kit_uri_get_pin_value(uri) != NULL)
        return cli_fail(EXIT_USAGE, "a PIN on the command line can be read by others: take it out "
                                    "of the URI and use --pin-file or --pin-fd");
    return EXIT_DONE;
}

static int open_found(P11KitUri *uri, const char *text, CK_SLOT_ID slot,
                      const struct pin_source *source, struct own_key *k)
{
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    size_t n = 0;
    CK_RV rv;

    if (!pin_read(source, "PIN", false, &pin))
        return EXIT_FAILED;
    rv = session_start(slot, buf_span(&pin), k);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the token");
    rv = find_one(uri, k, &n);
    if (rv != CKR_OK)
        return cli_rv(rv, "looking for the key");
    if (n != 1)
        return cli_fail(EXIT_REFUSED, "%s: %zu private keys fit, and one is needed", text, n);
    return EXIT_DONE;
}

int own_key_open(const char *text, const struct pin_source *pin, struct own_key *ret)
{
    AUTO(uri_freep) P11KitUri *uri = p11_kit_uri_new();
    const int code = uri_read(text, uri);
    CK_SLOT_ID slot = 0;
    size_t n = 0;
    CK_RV rv;

    *ret = (struct own_key){.initialized = false};
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
    return open_found(uri, text, slot, pin, ret);
}

CK_RV own_key_sign(struct own_key *k, const CK_MECHANISM *m, struct span in, struct buf *ret)
{
    CK_ULONG n = 0;
    uint8_t *to;

    TRY(operation_init(k->session, OP_SIGN, m, k->handle));
    TRY(operation_once(k->session, OP_SIGN, in, &(struct out){NULL, &n}));
    to = buf_extend(ret, n);
    ENSURE(to != NULL, CKR_HOST_MEMORY);
    TRY(operation_once(k->session, OP_SIGN, in, &(struct out){to, &n}));
    ret->n = (size_t)(to - ret->p) + n;
    return CKR_OK;
}
