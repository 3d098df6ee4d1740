/* SPDX-License-Identifier: BSD-2-Clause */
/* stock_objects.c - objects as the module makes them, from the same layers; and finding one. */
#include "bench/stock.h"
#include "crypto/gen.h"
#include "crypto/key.h"
#include "crypto/prim.h"
#include "model/template.h"

#define DATA_BYTES 256
#define UNIQUE_ID  16

static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define ENTRY(type, value)                                                                         \
    {                                                                                              \
        type, (void *)(uintptr_t) & (value), sizeof(value)                                         \
    }

CK_RV stock_find(struct stock *s, const char *label, CK_OBJECT_CLASS class, uint64_t *ret_id)
{
    const CK_ATTRIBUTE v[] = {ENTRY(CKA_CLASS, class),
                              {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
    AUTO(attrs_freep) struct attrs *search = NULL;
    AUTO(found_clear) struct found f = {0};

    TRY(template_search(v, N_ELEMENTS(v), &search));
    TRY(vault_find(&s->vault, search, &f));
    ENSURE(f.n > 0, CKR_OBJECT_HANDLE_INVALID);
    *ret_id = f.ids[0];
    return CKR_OK;
}

static CK_RV finish(const struct template_context *c, struct attrs *a, CK_MECHANISM_TYPE made_by)
{
    uint8_t unique[UNIQUE_ID];

    TRY(prim_random(unique, sizeof(unique)));
    return template_finish(c, a, made_by, NULL, unique);
}

CK_RV stock_data(struct attrs **ret)
{
    static const uint8_t value[DATA_BYTES] = {1};
    static const CK_OBJECT_CLASS class = CKO_DATA;
    static const char label[] = "p11bench data";
    const struct template_context c = {
        .op = TEMPLATE_CREATE, .class = TEMPLATE_SAYS, .key_type = TEMPLATE_SAYS};
    const CK_ATTRIBUTE v[] = {ENTRY(CKA_CLASS, class),
                              ENTRY(CKA_TOKEN, yes),
                              ENTRY(CKA_PRIVATE, yes),
                              {CKA_LABEL, (void *)(uintptr_t)label, sizeof(label) - 1},
                              ENTRY(CKA_VALUE, value)};
    AUTO(attrs_freep) struct attrs *a = NULL;

    TRY(template_build(&c, v, N_ELEMENTS(v), &a));
    TRY(finish(&c, a, CK_UNAVAILABLE_INFORMATION));
    *ret = TAKE(a);
    return CKR_OK;
}

static struct template_context half_of(CK_OBJECT_CLASS class)
{
    return (struct template_context){.op = TEMPLATE_GENERATE, .class = class, .key_type = CKK_EC};
}

CK_RV stock_pair(struct attrs *ret[2])
{
    static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const char label[] = "p11bench";
    const CK_ATTRIBUTE public[] = {ENTRY(CKA_TOKEN, yes),
                                   ENTRY(CKA_PRIVATE, no),
                                   ENTRY(CKA_VERIFY, yes),
                                   ENTRY(CKA_EC_PARAMS, p256),
                                   {CKA_LABEL, (void *)(uintptr_t)label, sizeof(label) - 1}};
    const CK_ATTRIBUTE private[] = {
        ENTRY(CKA_TOKEN, yes),     ENTRY(CKA_PRIVATE, yes),
        ENTRY(CKA_SENSITIVE, yes), ENTRY(CKA_EXTRACTABLE, no),
        ENTRY(CKA_SIGN, yes),      {CKA_LABEL, (void *)(uintptr_t)label, sizeof(label) - 1}};
    const struct template_context c[2] = {half_of(CKO_PUBLIC_KEY), half_of(CKO_PRIVATE_KEY)};
    const CK_MECHANISM m = {.mechanism = CKM_EC_KEY_PAIR_GEN};
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(attrs_freep) struct attrs *b = NULL;

    TRY(template_build(&c[0], public, N_ELEMENTS(public), &a));
    TRY(template_build(&c[1], private, N_ELEMENTS(private), &b));
    TRY(gen_pair(mech_find(m.mechanism), &m, a, b));
    TRY(finish(&c[0], a, m.mechanism));
    TRY(finish(&c[1], b, m.mechanism));
    ret[0] = TAKE(a);
    ret[1] = TAKE(b);
    return CKR_OK;
}
