/* SPDX-License-Identifier: BSD-2-Clause */
/* given.c - templates and buffers from a harness's input; see given.h. */
#include "given.h"

#include <stdlib.h>

#include "fixed_keys.h"
#include "tee-pkcs11.h"

#define MAX_TYPES  256
#define MAX_VALUE  4096
#define MAX_DEPTH  6 /* more than is accepted */

static CK_ATTRIBUTE_TYPE types[MAX_TYPES];
static size_t n_types;

/* -- memory ------------------------------------------------------------------------------------ */

void *arena_take(struct arena *a, size_t n)
{
    void *p = a->n < N_ELEMENTS(a->v) ? malloc(n > 0 ? n : 1) : NULL;

    if (p != NULL)
        a->v[a->n++] = p;
    return p;
}

void *arena_copy(struct arena *a, struct span bytes, size_t skew)
{
    uint8_t *p = arena_take(a, bytes.n + skew);

    if (p == NULL)
        return NULL;
    memset(p, 0, skew);
    if (bytes.n > 0)
        memcpy(p + skew, bytes.p, bytes.n);
    return p + skew;
}

void arena_clear(struct arena *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->v[i]);
    a->n = 0;
}

/* -- types, numbers, values -------------------------------------------------------------------- */

static CK_RV collect(const struct attr_rule *rule, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < n_types; i++) {
        if (types[i] == rule->type)
            return CKR_OK;
    }
    FUZZ_CHECK(n_types < MAX_TYPES);
    types[n_types++] = rule->type;
    return CKR_OK;
}

void given_setup(void)
{
    for (size_t i = 0; i < n_schemas; i++)
        FUZZ_OK(schema_each(schemas[i], collect, NULL));
}

CK_ATTRIBUTE_TYPE given_type(struct cursor *c)
{
    const uint8_t choice = cursor_u8(c);

    if (choice < 0xfc)
        return types[choice % n_types];
    return choice < 0xfe ? (CK_ATTRIBUTE_TYPE)cursor_u16(c) : (CK_ATTRIBUTE_TYPE)cursor_u64(c);
}

CK_ULONG given_ulong(struct cursor *c)
{
    static const CK_ULONG numbers[] = {
        0, 1, 2, 3, 8, 16, 24, 32, 255, 256, 1024, 2047, 2048, CKO_DATA, CKO_CERTIFICATE,
        CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY, CKO_PROFILE, CKO_MECHANISM, CKO_TEE_DEK,
        CKK_RSA, CKK_EC, CKK_GENERIC_SECRET, CKK_AES, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY,
        CKK_SHA256_HMAC, CKK_CHACHA20, CKK_HKDF, CKC_X_509, CKM_AES_GCM, CKM_ECDSA, CKM_RSA_PKCS,
        CKM_SHA256_HMAC, CKM_AES_KEY_WRAP, CK_UNAVAILABLE_INFORMATION, (CK_ULONG)-2,
    };
    const uint8_t choice = cursor_u8(c);

    return choice < 0xf8 ? numbers[choice % N_ELEMENTS(numbers)] : (CK_ULONG)cursor_u64(c);
}

static const struct span constants[] = {
    SPAN_LIT("20240229"), SPAN_LIT("00000000"), SPAN_LIT("\x06\x03\x2b\x65\x70"),
    SPAN_LIT("\x06\x03\x2b\x65\x6e"), SPAN_LIT("\x01\x00\x01"), SPAN_LIT("\x03"),
    SPAN_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), SPAN_LIT("\x13\x0a" "secp256r1"),
    SPAN_LIT("0123456789abcdef"), SPAN_LIT("0123456789abcdef0123456789abcdef"),
};

/* Bytes of no kind in particular. */
static struct span some_bytes(struct cursor *c)
{
    static uint8_t pattern[MAX_VALUE];
    const uint8_t choice = cursor_u8(c);

    if (choice < 0x20)
        return constants[choice % N_ELEMENTS(constants)];
    if (choice < 0x30)
        return fixed_part(cursor_u8(c));
    if (choice < 0xf0)
        return pick_bytes(c, choice - 0x30);
    memset(pattern, cursor_u8(c), sizeof(pattern));
    return span_of(pattern, pick(c, MAX_VALUE));
}

static struct span some_numbers(struct cursor *c, size_t n)
{
    static CK_ULONG v[16];

    for (size_t i = 0; i < n; i++)
        v[i] = given_ulong(c);
    return span_of(v, n * sizeof(v[0]));
}

static struct span some_bool(struct cursor *c)
{
    static CK_BBOOL v;

    v = (CK_BBOOL)(cursor_u8(c) & 1);
    return SPAN_OBJ(v);
}

struct span given_bytes(struct cursor *c, CK_ATTRIBUTE_TYPE type)
{
    const struct attr_name *name = attr_name_find(type);
    const bool as_it_should = name != NULL && pick(c, 8) != 0;

    if (as_it_should && name->kind == AK_BOOL)
        return some_bool(c);
    if (as_it_should && name->kind == AK_ULONG)
        return some_numbers(c, 1);
    if (as_it_should && name->kind == AK_ULONGS)
        return some_numbers(c, pick(c, 16));
    return some_bytes(c);
}

/* -- templates --------------------------------------------------------------------------------- */

static CK_ATTRIBUTE *template_at(struct cursor *c, struct arena *a, uint32_t most, unsigned depth,
                                 CK_ULONG *ret_n);

static CK_ATTRIBUTE nested_entry(struct cursor *c, struct arena *a, unsigned depth,
                                 CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG n = 0;
    CK_ATTRIBUTE *v = template_at(c, a, 6, depth + 1, &n);

    return (CK_ATTRIBUTE){type, v, n * sizeof(*v)};
}

/* An entry whose pointer and length don't belong together, none of which may be read. */
static CK_ATTRIBUTE odd_entry(struct cursor *c, struct arena *a, CK_ATTRIBUTE_TYPE type)
{
    static const CK_ULONG lengths[] = {CK_UNAVAILABLE_INFORMATION, (CK_ULONG)-8, 1u << 31,
                                       8 * 1024 * 1024 + 1, (CK_ULONG)1 << 40};
    CK_ATTRIBUTE entry = {type, NULL, 0};

    if (pick_bool(c))
        entry.ulValueLen = 1 + pick(c, 255);
    if (pick_bool(c)) {
        entry.pValue = arena_copy(a, SPAN_LIT("x"), 0);
        entry.ulValueLen = lengths[pick(c, N_ELEMENTS(lengths))];
    }
    return entry;
}

static CK_ATTRIBUTE given_entry(struct cursor *c, struct arena *a, unsigned depth)
{
    const CK_ATTRIBUTE_TYPE type = given_type(c);
    const struct attr_name *name = attr_name_find(type);
    const uint32_t shape = pick(c, 32);
    struct span value;

    if (shape == 0)
        return odd_entry(c, a, type);
    if (name != NULL && name->kind == AK_TEMPLATE && shape < 28 && depth < MAX_DEPTH)
        return nested_entry(c, a, depth, type);
    value = given_bytes(c, type);
    return (CK_ATTRIBUTE){type, arena_copy(a, value, shape % 3), value.n};
}

static CK_ATTRIBUTE *template_at(struct cursor *c, struct arena *a, uint32_t most, unsigned depth,
                                 CK_ULONG *ret_n)
{
    CK_ATTRIBUTE v[32];
    uint32_t n = pick(c, (most < N_ELEMENTS(v) ? most : (uint32_t)N_ELEMENTS(v)) + 1);

    for (uint32_t i = 0; i < n; i++)
        v[i] = given_entry(c, a, depth);
    *ret_n = n;
    return arena_copy(a, span_of(v, n * sizeof(v[0])), 0);
}

CK_ATTRIBUTE *given_template(struct cursor *c, struct arena *a, uint32_t most, CK_ULONG *ret_n)
{
    return template_at(c, a, most, 0, ret_n);
}

/* Elements of an attribute array, each with room of its own. */
static CK_ATTRIBUTE room_entry(struct cursor *c, struct arena *a, unsigned depth)
{
    static const CK_ULONG sizes[] = {0, 1, 7, 8, 9, 16, 32, 255, 256, 4096};
    CK_ATTRIBUTE entry = {given_type(c), NULL, sizes[pick(c, N_ELEMENTS(sizes))]};
    const struct attr_name *name = attr_name_find(entry.type);
    const uint32_t shape = pick(c, 8);

    if (shape == 0)
        return entry; /* a query */
    if (name != NULL && name->kind == AK_TEMPLATE && depth < MAX_DEPTH) {
        CK_ATTRIBUTE v[4];
        const uint32_t n = pick(c, N_ELEMENTS(v) + 1);

        for (uint32_t i = 0; i < n; i++)
            v[i] = room_entry(c, a, depth + 1);
        entry.pValue = arena_copy(a, span_of(v, n * sizeof(v[0])), 0);
        entry.ulValueLen = n * sizeof(v[0]);
        return entry;
    }
    entry.pValue = arena_take(a, entry.ulValueLen);
    if (entry.pValue != NULL)
        memset(entry.pValue, 0, entry.ulValueLen); /* an array in it would hold queries */
    if (shape == 1) /* handed in again after an error, unread */
        entry.ulValueLen = CK_UNAVAILABLE_INFORMATION;
    return entry;
}

CK_ATTRIBUTE *given_room(struct cursor *c, struct arena *a, uint32_t most, CK_ULONG *ret_n)
{
    CK_ATTRIBUTE v[16];
    const uint32_t n = pick(c, (most < N_ELEMENTS(v) ? most : (uint32_t)N_ELEMENTS(v)) + 1);

    for (uint32_t i = 0; i < n; i++)
        v[i] = room_entry(c, a, 0);
    *ret_n = n;
    return arena_copy(a, span_of(v, n * sizeof(v[0])), 0);
}
