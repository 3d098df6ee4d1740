/* SPDX-License-Identifier: BSD-2-Clause */
/* call.c - calls in words; see call.h. */
#include "call.h"

#include "mechanism.h"

const char *const pins[N_PINS] = {"1234", "12345678", "0000", "another pin", "12"};

static const char *const names[N_FNS] = {
    [FN_OPEN] = "C_OpenSession",
    [FN_CLOSE] = "C_CloseSession",
    [FN_CLOSE_ALL] = "C_CloseAllSessions",
    [FN_SESSION_INFO] = "C_GetSessionInfo",
    [FN_TOKEN_INFO] = "C_GetTokenInfo",
    [FN_LOGIN] = "C_Login",
    [FN_LOGOUT] = "C_Logout",
    [FN_INIT_PIN] = "C_InitPIN",
    [FN_SET_PIN] = "C_SetPIN",
    [FN_CREATE] = "C_CreateObject",
    [FN_COPY] = "C_CopyObject",
    [FN_DESTROY] = "C_DestroyObject",
    [FN_GET] = "C_GetAttributeValue",
    [FN_SET] = "C_SetAttributeValue",
    [FN_FIND_INIT] = "C_FindObjectsInit",
    [FN_FIND] = "C_FindObjects",
    [FN_FIND_FINAL] = "C_FindObjectsFinal",
    [FN_GENERATE] = "C_GenerateKey",
    [FN_CANCEL] = "C_SessionCancel",
    [FN_DIGEST_KEY] = "C_DigestKey",
    [FN_RANDOM] = "C_GenerateRandom",
    [FN_RESTART] = "C_Finalize, C_Initialize",
};

static const char *const op_names[][N_OPS] = {
    [FN_INIT] = {"C_EncryptInit", "C_DecryptInit", "C_DigestInit", "C_SignInit", "C_VerifyInit"},
    [FN_ONCE] = {"C_Encrypt", "C_Decrypt", "C_Digest", "C_Sign", "C_Verify"},
    [FN_UPDATE] = {"C_EncryptUpdate", "C_DecryptUpdate", "C_DigestUpdate", "C_SignUpdate",
                   "C_VerifyUpdate"},
    [FN_FINAL] = {"C_EncryptFinal", "C_DecryptFinal", "C_DigestFinal", "C_SignFinal",
                  "C_VerifyFinal"},
};

const char *call_name(const struct call *c)
{
    return names[c->fn] != NULL ? names[c->fn] : op_names[c->fn][c->op];
}

static void print_items(FILE *f, const struct call *c)
{
    (void)fprintf(f, " {");
    for (unsigned i = 0; i < c->n_items; i++) {
        (void)fprintf(f, "%s%s", i > 0 ? ", " : "", attributes[c->items[i].at].name + 4);
        if (c->fn == FN_GET && c->rooms[i] == ROOM_QUERY)
            (void)fprintf(f, "?");
        else
            (void)fprintf(f, ":%u", c->fn == FN_GET ? c->rooms[i] : c->items[i].choice);
    }
    (void)fprintf(f, "}");
}

static void print_room(FILE *f, unsigned room)
{
    if (room == ROOM_QUERY)
        (void)fprintf(f, " length?");
    else
        (void)fprintf(f, " room=%u", room);
}

static void print_input(FILE *f, const struct call *c)
{
    if (c->from == FROM_PATTERN)
        (void)fprintf(f, " in=%u bytes of pattern %u", c->n_in, c->fill);
    else
        (void)fprintf(f, " in=register %u", c->from);
}

static void print_operation(FILE *f, const struct call *c)
{
    if (c->fn == FN_INIT)
        (void)fprintf(f, " %s%s key=o%u", c->mech == N_MECHS ? "NULL" : mechanisms[c->mech].name,
                      c->variant == VARIANT_SHORT    ? " short parameter"
                      : c->variant == VARIANT_ABSENT ? " no parameter"
                                                     : "",
                      c->object);
    if (c->fn == FN_ONCE || c->fn == FN_UPDATE)
        print_input(f, c);
    if (c->op == OP_VERIFY && (c->fn == FN_ONCE || c->fn == FN_FINAL))
        (void)fprintf(f, " signature=register %u", c->signature);
    else if (c->fn == FN_ONCE || c->fn == FN_FINAL ||
             (c->fn == FN_UPDATE && (c->op == OP_ENCRYPT || c->op == OP_DECRYPT))) {
        print_room(f, c->room);
        (void)fprintf(f, " into=register %u", c->into);
    }
}

static void print_pins(FILE *f, const struct call *c)
{
    if (c->fn == FN_LOGIN)
        (void)fprintf(f, " user=%lu pin=%u", c->user, c->pin);
    else if (c->fn == FN_INIT_PIN)
        (void)fprintf(f, " new=%u", c->new_pin);
    else
        (void)fprintf(f, " old=%u new=%u", c->pin, c->new_pin);
}

static void print_object(FILE *f, const struct call *c)
{
    if (c->fn == FN_CREATE || c->fn == FN_GENERATE)
        (void)fprintf(f, " %s", kind_name(c->kind));
    else if (c->fn != FN_FIND_INIT)
        (void)fprintf(f, " o%u", c->object);
    if (c->fn != FN_DESTROY && c->fn != FN_DIGEST_KEY)
        print_items(f, c);
    if (c->fn == FN_CREATE || c->fn == FN_COPY || c->fn == FN_GENERATE)
        (void)fprintf(f, " into=o%u", c->into);
}

void call_print(FILE *f, const struct call *c)
{
    (void)fprintf(f, "%u: %s s%u", c->number, call_name(c), c->session);
    if (c->fn == FN_OPEN)
        (void)fprintf(f, " flags=%lu", c->flags);
    if (c->fn == FN_CANCEL)
        (void)fprintf(f, " flags=%lx", c->flags);
    if (c->fn == FN_FIND)
        (void)fprintf(f, " max=%u", c->room);
    if (c->fn == FN_LOGIN || c->fn == FN_INIT_PIN || c->fn == FN_SET_PIN)
        print_pins(f, c);
    if ((c->fn >= FN_CREATE && c->fn <= FN_FIND_INIT) || c->fn == FN_GENERATE ||
        c->fn == FN_DIGEST_KEY)
        print_object(f, c);
    if (c->fn >= FN_INIT && c->fn <= FN_FINAL)
        print_operation(f, c);
}
