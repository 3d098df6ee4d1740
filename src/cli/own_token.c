/* SPDX-License-Identifier: BSD-2-Clause */
/* own_token.c - a token by its label, opened for its user; see own_token.h. */
#include "cli/own_token.h"

#include <stdlib.h>

#include "core/lib.h"
#include "core/slot.h"

void own_token_close(struct own_token *t)
{
    session_leave(TAKE(t->session));
    /* Ends the session, and logs out. */
    if (t->initialized && lib_finalize() != CKR_OK)
        (void)cli_fail(EXIT_FAILED, "the token could not be closed");
    *t = (struct own_token){.initialized = false};
}

static void free_slots(CK_SLOT_ID **v)
{
    free(*v);
}

static CK_RV slot_of_label(const char *label, CK_SLOT_ID *ret, size_t *ret_n)
{
    AUTO(free_slots) CK_SLOT_ID *slots = NULL;
    size_t n = 0;

    *ret_n = 0;
    TRY(slot_list(true, &slots, &n));
    for (size_t i = 0; i < n; i++) {
        CK_TOKEN_INFO info;

        TRY(slot_token_info(slots[i], &info));
        if (!output_label_is(info.label, label))
            continue;
        *ret = slots[i];
        (*ret_n)++;
    }
    return CKR_OK;
}

static CK_RV session_start(CK_SLOT_ID slot, struct span pin, struct own_token *t)
{
    TRY(session_open(slot, true, &t->opened));
    TRY(session_enter(t->opened, &t->session));
    return token_log_in(t->session->token, ROLE_USER, pin);
}

int own_token_open(const char *label, const struct pin_source *source, struct own_token *ret)
{
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    CK_SLOT_ID slot = 0;
    size_t n = 0;
    CK_RV rv;

    *ret = (struct own_token){.initialized = false};
    rv = lib_initialize();
    ret->initialized = rv == CKR_OK;
    if (rv == CKR_OK)
        rv = slot_of_label(label, &slot, &n);
    if (rv != CKR_OK)
        return cli_rv(rv, "looking for the token");
    if (n != 1)
        return cli_fail(EXIT_REFUSED, "%zu tokens have the label %s, and one is needed", n, label);
    if (!pin_read(source, "user PIN", false, &pin))
        return EXIT_FAILED;
    rv = session_start(slot, buf_span(&pin), ret);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "opening the token");
}
