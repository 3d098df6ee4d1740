/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign.c - other modules' tokens by URI; see foreign.h. */
#include "cli/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/uri.h"

void foreign_close(struct foreign *f)
{
    if (f->modules != NULL)
        p11_kit_modules_finalize_and_release(f->modules);
    p11_kit_uri_free(f->uri);
    *f = (struct foreign){.uri = NULL};
}

static CK_FUNCTION_LIST **modules_load(P11KitUri *uri)
{
    const char *path = p11_kit_uri_get_module_path(uri);
    CK_FUNCTION_LIST **list;

    if (path == NULL)
        return p11_kit_modules_load_and_initialize(0);
    list = calloc(2, sizeof(CK_FUNCTION_LIST *));
    if (list == NULL)
        return NULL;
    list[0] = p11_kit_module_load(path, 0);
    if (list[0] == NULL || p11_kit_module_initialize(list[0]) != CKR_OK) {
        if (list[0] != NULL)
            p11_kit_module_release(list[0]);
        free(list);
        return NULL;
    }
    return list;
}

int foreign_open(const char *uri, struct foreign *ret)
{
    *ret = (struct foreign){.uri = p11_kit_uri_new()};
    if (ret->uri == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, ret->uri) != P11_KIT_URI_OK)
        return cli_fail(EXIT_USAGE, "%.*s: not a PKCS#11 URI (RFC 7512)", uri_shown(uri), uri);
    ret->modules = modules_load(ret->uri);
    if (ret->modules == NULL)
        return cli_fail(EXIT_FAILED, "no PKCS#11 module can be loaded: %s",
                        p11_kit_message() != NULL ? p11_kit_message() : "none is configured");
    return EXIT_DONE;
}

/* -- tokens ------------------------------------------------------------------------------------ */

static size_t tokens_of(const struct foreign *f, CK_FUNCTION_LIST *m, struct foreign_token *ret,
                        size_t room)
{
    CK_SLOT_ID slots[FOREIGN_TOKENS_MAX];
    CK_ULONG n_slots = FOREIGN_TOKENS_MAX;
    size_t n = 0;
    CK_INFO info;

    if (m->C_GetInfo(&info) != CKR_OK || p11_kit_uri_match_module_info(f->uri, &info) != 1)
        return 0;
    if (m->C_GetSlotList(CK_TRUE, slots, &n_slots) != CKR_OK || n_slots > FOREIGN_TOKENS_MAX)
        return 0;
    for (CK_ULONG i = 0; i < n_slots; i++) {
        struct foreign_token t = {.module = m, .slot = slots[i]};
        CK_SLOT_INFO slot;

        if (m->C_GetSlotInfo(t.slot, &slot) != CKR_OK || !uri_fits_slot(f->uri, t.slot, &slot) ||
            m->C_GetTokenInfo(t.slot, &t.info) != CKR_OK ||
            p11_kit_uri_match_token_info(f->uri, &t.info) != 1)
            continue;
        if (n < room)
            ret[n] = t;
        n++;
    }
    return n;
}

size_t foreign_tokens(const struct foreign *f, struct foreign_token *ret, size_t room)
{
    size_t n = 0;

    for (size_t i = 0; f->modules[i] != NULL; i++)
        n += tokens_of(f, f->modules[i], ret + (n < room ? n : room), n < room ? room - n : 0);
    return n;
}

/* -- sessions ---------------------------------------------------------------------------------- */

static int pin_get(const struct foreign *f, const CK_TOKEN_INFO *info, const struct pin_source *pin,
                   struct buf *ret)
{
    const char *value = p11_kit_uri_get_pin_value(f->uri);
    struct pin_source from = *pin;
    char label[33], prompt[64];
    int code;

    if (!pin_source_given(&from) && value != NULL) {
        buf_put(ret, span_of(value, strlen(value)));
        return ret->failed ? EXIT_FAILED : EXIT_DONE;
    }
    code = uri_pin_source(f->uri, &from);
    if (code != EXIT_DONE)
        return code;
    (void)snprintf(prompt, sizeof(prompt), "PIN of token %s", output_label(info->label, label));
    return pin_read(&from, prompt, false, ret) ? EXIT_DONE : EXIT_FAILED;
}

static int log_in(const struct foreign *f, const struct foreign_token *t, CK_SESSION_HANDLE h,
                  const struct pin_source *from)
{
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    char label[33];
    int code;
    CK_RV rv;

    if ((t->info.flags & CKF_LOGIN_REQUIRED) == 0)
        return EXIT_DONE;
    code = pin_get(f, &t->info, from, &pin);
    if (code != EXIT_DONE)
        return code;
    rv = t->module->C_Login(h, CKU_USER, pin.p, pin.n);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED, "token %s: %s", output_label(t->info.label, label),
                    p11_kit_strerror(rv));
}

int foreign_session(const struct foreign *f, const struct foreign_token *t,
                    const struct pin_source *pin, CK_SESSION_HANDLE *ret)
{
    CK_SESSION_HANDLE h = CK_INVALID_HANDLE;
    int code;

    *ret = CK_INVALID_HANDLE;
    if (t->module->C_OpenSession(t->slot, CKF_SERIAL_SESSION, NULL, NULL, &h) != CKR_OK)
        return EXIT_DONE;
    code = log_in(f, t, h, pin);
    if (code != EXIT_DONE) {
        (void)t->module->C_CloseSession(h);
        return code;
    }
    *ret = h;
    return EXIT_DONE;
}
