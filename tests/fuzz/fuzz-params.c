/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-params.c - mechanism parameters and data for every row of the mechanism table, with fixed
 * keys: what starts keeps the output rule, what was encrypted is decrypted to the same, what was
 * signed verifies and does not after a bit was flipped, in one part or in several. What fails
 * leaves the attributes that it was to fill as they were.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "crypto/gen.h"
#include "crypto/op.h"
#include "crypto/ossl.h"
#include "fixed_keys.h"
#include "given_mech.h"
#include "model/record.h"
#include "util/policy.h"

#define MAX_DATA 160
#define MAX_OUT  4096

static struct attrs *objects[FIXED_N_OBJECTS];
static struct key *keys[FIXED_N_OBJECTS];

static const CK_FLAGS flag_of[OP_N_KINDS] = {
    [OP_ENCRYPT] = CKF_ENCRYPT,           [OP_DECRYPT] = CKF_DECRYPT,
    [OP_DIGEST] = CKF_DIGEST,             [OP_SIGN] = CKF_SIGN,
    [OP_VERIFY] = CKF_VERIFY,             [OP_SIGN_RECOVER] = CKF_SIGN_RECOVER,
    [OP_VERIFY_RECOVER] = CKF_VERIFY_RECOVER,
};

/* One mechanism with a parameter, the key that it is used with and the key that undoes it. */
struct use {
    const struct mech *row;
    CK_MECHANISM m;
    struct key *key, *other;
    const struct attrs *attrs; /* the key's */
    size_t n_data;             /* SIZE_MAX: any */
};

static void setup(void)
{
    uint32_t policy = policy_default();

    given_setup();
    /* Every row wraps and unwraps that can. */
    FUZZ_CHECK(policy_word("no-wrap-mechanisms", &policy));
    policy_install(policy);
    FUZZ_OK(crypto_ready());
    for (unsigned i = 0; i < FIXED_N_OBJECTS; i++) {
        FUZZ_OK(fixed_attrs(i, &objects[i]));
        FUZZ_OK(key_complete(objects[i]));
        FUZZ_OK(key_from_attrs(objects[i], &keys[i]));
    }
}

static void teardown(void)
{
    for (unsigned i = 0; i < FIXED_N_OBJECTS; i++) {
        key_unref(keys[i]);
        attrs_free(objects[i]);
    }
}

static bool may_use(const struct mech *row, const struct key *k, CK_FLAGS flag)
{
    const CK_ULONG size = mech_key_size(row, k);

    return mech_takes_key(row, key_class(k), key_type(k), flag) && size >= row->min &&
           size <= row->max;
}

/* The other half of a pair; a secret itself. */
static unsigned partner(unsigned i)
{
    return key_class(keys[i]) == CKO_SECRET_KEY ? i : i ^ 1u;
}

/* A key that core/ would let through; false: there is none. */
static bool pick_key(struct cursor *c, CK_FLAGS flag, struct use *u)
{
    const unsigned from = pick(c, FIXED_N_OBJECTS);

    for (unsigned n = 0; n < FIXED_N_OBJECTS; n++) {
        const unsigned i = (from + n) % FIXED_N_OBJECTS;

        if (may_use(u->row, keys[i], flag)) {
            u->key = keys[i];
            u->attrs = objects[i];
            u->other = keys[partner(i)];
            return true;
        }
    }
    return false;
}

/* -- steps under the output rule --------------------------------------------------------------- */

static void check_code(CK_RV rv)
{
    FUZZ_RV(rv, CKR_OK, CKR_BUFFER_TOO_SMALL, CKR_DATA_INVALID, CKR_DATA_LEN_RANGE,
            CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_SIGNATURE_INVALID,
            CKR_SIGNATURE_LEN_RANGE, CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_PARAM_INVALID,
            CKR_KEY_SIZE_RANGE, CKR_AEAD_DECRYPT_FAILED);
}

enum step { STEP_ONCE, STEP_UPDATE, STEP_FINAL };

static CK_RV do_step(struct op *o, enum step step, struct span in, struct out *out)
{
    if (step == STEP_ONCE)
        return op_once(o, in, out);
    return step == STEP_UPDATE ? op_update(o, in, out) : op_final(o, out);
}

/* Ask for the length, offer too little, then exactly what was asked for; append what comes. */
static CK_RV take_step(struct op *o, enum step step, struct span in, struct buf *ret)
{
    CK_ULONG need = 0, n;
    struct out out = {.data = NULL, .len = &need};
    uint8_t *room;
    CK_RV rv = do_step(o, step, in, &out);

    check_code(rv);
    FUZZ_CHECK(rv != CKR_BUFFER_TOO_SMALL);
    if (rv != CKR_OK)
        return rv;
    FUZZ_CHECK(need <= MAX_OUT);
    room = malloc(need + 1);
    FUZZ_CHECK(room != NULL);
    if (need > 0) {
        n = need - 1;
        out = (struct out){.data = room, .len = &n};
        rv = do_step(o, step, in, &out);
        check_code(rv);
        /* The query may have been answered with the most that it can be. */
        FUZZ_CHECK(rv != CKR_BUFFER_TOO_SMALL || n <= need);
    }
    if (need == 0 || rv == CKR_BUFFER_TOO_SMALL) {
        n = need;
        out = (struct out){.data = room, .len = &n};
        rv = do_step(o, step, in, &out);
        check_code(rv);
        FUZZ_CHECK(rv != CKR_BUFFER_TOO_SMALL);
    }
    if (rv == CKR_OK) {
        FUZZ_CHECK(n <= need);
        buf_put(ret, span_of(room, n));
    }
    free(room);
    return rv;
}

static CK_RV start(enum op_kind kind, const struct use *u, struct key *key, struct op **ret)
{
    const CK_RV rv = op_start(kind, u->row, &u->m, key, ret);

    FUZZ_RV(rv, CKR_OK, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE);
    return rv;
}

static CK_RV run_once(enum op_kind kind, const struct use *u, struct key *key, struct span in,
                      struct buf *ret)
{
    AUTO(op_freep) struct op *o = NULL;

    TRY(start(kind, u, key, &o));
    return take_step(o, STEP_ONCE, in, ret);
}

/* In pieces whose lengths the input says. */
static CK_RV run_parts(enum op_kind kind, const struct use *u, struct key *key, struct span in,
                       struct cursor *c, struct buf *ret)
{
    const bool speaks = kind == OP_ENCRYPT || kind == OP_DECRYPT;
    AUTO(op_freep) struct op *o = NULL;

    TRY(start(kind, u, key, &o));
    ENSURE(op_is_multipart(o), CKR_FUNCTION_NOT_SUPPORTED);
    while (in.n > 0) {
        const size_t n = 1 + pick(c, (uint32_t)in.n);
        const struct span part = span_of(in.p, n);
        const CK_RV rv = speaks ? take_step(o, STEP_UPDATE, part, ret) : op_update(o, part, NULL);

        check_code(rv);
        TRY(rv);
        in = span_of(in.p + n, in.n - n);
    }
    return take_step(o, STEP_FINAL, SPAN_EMPTY, ret);
}

/* -- what must hold of two operations ---------------------------------------------------------- */

static CK_RV verify(const struct use *u, struct span in, struct span signature)
{
    AUTO(op_freep) struct op *o = NULL;
    CK_RV rv;

    TRY(start(OP_VERIFY, u, u->other, &o));
    rv = op_verify_once(o, in, signature);
    check_code(rv);
    return rv;
}

static CK_RV verify_parts(const struct use *u, struct span in, struct cursor *c,
                          struct span signature)
{
    AUTO(op_freep) struct op *o = NULL;
    CK_RV rv;

    TRY(start(OP_VERIFY, u, u->other, &o));
    ENSURE(op_is_multipart(o), CKR_FUNCTION_NOT_SUPPORTED);
    while (in.n > 0) {
        const size_t n = 1 + pick(c, (uint32_t)in.n);

        TRY(op_update(o, span_of(in.p, n), NULL));
        in = span_of(in.p + n, in.n - n);
    }
    rv = op_verify_final(o, signature);
    check_code(rv);
    return rv;
}

static void check_signature(const struct use *u, struct span in, struct cursor *c,
                            struct buf *signature)
{
    const struct span whole = buf_span(signature);

    FUZZ_OK(verify(u, in, whole));
    FUZZ_RV(verify_parts(u, in, c, whole), CKR_OK, CKR_FUNCTION_NOT_SUPPORTED);
    FUZZ_CHECK(whole.n > 0);
    signature->p[pick(c, (uint32_t)whole.n)] ^= (uint8_t)(1u << pick(c, 8));
    FUZZ_RV(verify(u, in, whole), CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE);
    FUZZ_RV(verify(u, in, span_of(whole.p, whole.n - 1)), CKR_SIGNATURE_INVALID,
            CKR_SIGNATURE_LEN_RANGE);
}

/* The same in parts; RSA pads at random, PSS and ECDSA too. */
static void check_parts(enum op_kind kind, const struct use *u, struct span in, struct cursor *c,
                        struct span once)
{
    AUTO(buf_clear) struct buf parts = BUF_INIT;
    const CK_RV rv = run_parts(kind, u, u->key, in, c, &parts);

    FUZZ_RV(rv, CKR_OK, CKR_FUNCTION_NOT_SUPPORTED);
    if (rv == CKR_OK && (u->key == NULL || key_class(u->key) == CKO_SECRET_KEY))
        FUZZ_CHECK(span_equal(once, buf_span(&parts)));
}

static void check_back(enum op_kind back, const struct use *u, struct span in, struct span out)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;

    FUZZ_OK(run_once(back, u, u->other, out, &again));
    if (u->row->type == CKM_RSA_X_509) { /* a number as long as the modulus */
        FUZZ_CHECK(again.n >= in.n && mem_is_zero(again.p, again.n - in.n));
        FUZZ_CHECK(span_equal(in, span_of(again.p + again.n - in.n, in.n)));
        return;
    }
    FUZZ_CHECK(span_equal(in, buf_span(&again)));
}

static void operate(struct cursor *c, enum op_kind kind, const struct use *u, struct span in)
{
    AUTO(buf_clear) struct buf out = BUF_INIT;

    if (kind == OP_VERIFY) {
        FUZZ_CHECK(verify(u, in, pick_bytes(c, cursor_u8(c))) != CKR_OK);
        return;
    }
    if (run_once(kind, u, u->key, in, &out) != CKR_OK)
        return;
    if (kind == OP_SIGN)
        check_signature(u, in, c, &out);
    else
        check_parts(kind, u, in, c, buf_span(&out));
    if (kind == OP_ENCRYPT)
        check_back(OP_DECRYPT, u, in, buf_span(&out));
    if (kind == OP_SIGN_RECOVER)
        check_back(OP_VERIFY_RECOVER, u, in, buf_span(&out));
}

/* -- keys made --------------------------------------------------------------------------------- */

static void encode(const struct attrs *a, struct buf *ret)
{
    FUZZ_OK(record_encode(a, ret));
}

/* After a failure the attributes are as they were. */
static void check_kept(const struct attrs *a, const struct buf *before)
{
    AUTO(buf_clear) struct buf after = BUF_INIT;

    encode(a, &after);
    FUZZ_CHECK(span_equal(buf_span(before), buf_span(&after)));
}

static void check_made(CK_RV rv, const struct attrs *a, const struct buf *before)
{
    FUZZ_RV(rv, CKR_OK, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE,
            CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_TEMPLATE_INCOMPLETE,
            CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID, CKR_WRAPPED_KEY_INVALID,
            CKR_WRAPPED_KEY_LEN_RANGE, CKR_KEY_NOT_WRAPPABLE, CKR_BUFFER_TOO_SMALL,
            CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT);
    if (rv != CKR_OK)
        check_kept(a, before);
}

static void start_attrs(struct cursor *c, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                        CK_ATTRIBUTE_TYPE says, struct attrs **ret)
{
    FUZZ_OK(attrs_new(ret));
    FUZZ_OK(attrs_set_ulong(*ret, CKA_CLASS, class));
    FUZZ_OK(attrs_set_ulong(*ret, CKA_KEY_TYPE, type));
    if (says == CKA_EC_PARAMS)
        FUZZ_OK(attrs_set(*ret, says, given_bytes(c, says)));
    else
        FUZZ_OK(attrs_set_ulong(*ret, says, given_ulong(c)));
}

static void generate(struct cursor *c, const struct use *u)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf before = BUF_INIT;

    start_attrs(c, CKO_SECRET_KEY,
                u->row->key_type == ANY_KEY ? given_ulong(c) : u->row->key_type, CKA_VALUE_LEN, &a);
    encode(a, &before);
    check_made(gen_key(u->row, &u->m, a), a, &before);
}

/* RSA keys that would be made are left out: they take too long. */
static bool is_slow(const struct attrs *a)
{
    const CK_ULONG bits = attrs_ulong(a, CKA_MODULUS_BITS, 0);

    return bits >= 2048 && bits <= 16384;
}

static void generate_pair(struct cursor *c, const struct use *u)
{
    AUTO(attrs_freep) struct attrs *pub = NULL;
    AUTO(attrs_freep) struct attrs *priv = NULL;
    AUTO(buf_clear) struct buf before = BUF_INIT;
    AUTO(buf_clear) struct buf before_private = BUF_INIT;
    const bool rsa = u->row->key_type == CKK_RSA;
    CK_RV rv;

    start_attrs(c, CKO_PUBLIC_KEY, u->row->key_type, rsa ? CKA_MODULUS_BITS : CKA_EC_PARAMS, &pub);
    FUZZ_OK(attrs_new(&priv));
    FUZZ_OK(attrs_set_ulong(priv, CKA_CLASS, CKO_PRIVATE_KEY));
    FUZZ_OK(attrs_set_ulong(priv, CKA_KEY_TYPE, u->row->key_type));
    if (is_slow(pub))
        return;
    encode(pub, &before);
    encode(priv, &before_private);
    rv = gen_pair(u->row, &u->m, pub, priv);
    check_made(rv, pub, &before);
    check_made(rv, priv, &before_private);
}

/* What one derivation makes. */
struct made {
    size_t n;
    struct attrs *a[GEN_MAX_OUTPUTS];
    struct buf before[GEN_MAX_OUTPUTS];
};

static void made_clear(struct made *m)
{
    for (size_t i = 0; i < m->n; i++) {
        attrs_free(m->a[i]);
        buf_clear(&m->before[i]);
    }
}

/* The other keys of a derivation: core/ lets secrets through, and refuses the rest. */
static CK_RV find_key(void *arg, CK_OBJECT_HANDLE h, struct key **ret)
{
    struct key *k = keys[h % FIXED_N_OBJECTS];

    (void)arg;
    ENSURE(key_class(k) == CKO_SECRET_KEY, CKR_KEY_HANDLE_INVALID);
    *ret = key_ref(k);
    return CKR_OK;
}

static void derive(struct cursor *c, struct use *u)
{
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    struct gen_keys from = {.find = find_key};
    struct made made = {.n = 0};
    CK_OBJECT_HANDLE handles[GEN_MAX_OUTPUTS] = {0}, handle;
    CK_RV rv;

    if (!pick_key(c, CKF_DERIVE, u))
        return;
    from.base = u->key;
    from.base_attrs = u->attrs;
    rv = gen_derive_plan(u->row, &u->m, &from, NULL, 0, &handle, &d);
    FUZZ_RV(rv, CKR_OK, CKR_MECHANISM_PARAM_INVALID);
    if (rv != CKR_OK)
        return;
    for (; made.n < d->n_outputs; made.n++) {
        const CK_ULONG type = d->outputs[made.n].key_type;

        start_attrs(c, d->how->class, type == CK_UNAVAILABLE_INFORMATION ? given_ulong(c) : type,
                    CKA_VALUE_LEN, &made.a[made.n]);
        encode(made.a[made.n], &made.before[made.n]);
    }
    rv = gen_derive(d, &from, made.a);
    for (size_t i = 0; i < made.n; i++)
        check_made(rv, made.a[i], &made.before[i]);
    if (rv == CKR_OK)
        gen_derive_deliver(d, handles);
    made_clear(&made);
}

static void unwrap(const struct use *u, const struct attrs *like, struct span wrapped, bool is_ours)
{
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf before = BUF_INIT;
    CK_RV rv;

    FUZZ_OK(attrs_new(&a));
    FUZZ_OK(attrs_set(a, CKA_CLASS, attrs_span(like, CKA_CLASS)));
    FUZZ_OK(attrs_set(a, CKA_KEY_TYPE, attrs_span(like, CKA_KEY_TYPE)));
    if (attrs_has(like, CKA_VALUE_LEN))
        FUZZ_OK(attrs_set(a, CKA_VALUE_LEN, attrs_span(like, CKA_VALUE_LEN)));
    encode(a, &before);
    rv = gen_unwrap(u->row, &u->m, u->other, wrapped, a);
    check_made(rv, a, &before);
    if (!is_ours)
        return;
    FUZZ_OK(rv);
    FUZZ_CHECK(span_equal(attrs_span(a, CKA_VALUE), attrs_span(like, CKA_VALUE)));
    FUZZ_CHECK(span_equal(attrs_span(a, CKA_PRIVATE_EXPONENT),
                          attrs_span(like, CKA_PRIVATE_EXPONENT)));
}

static void wrap(struct cursor *c, struct use *u)
{
    const struct attrs *target = objects[pick(c, FIXED_N_OBJECTS)];
    uint8_t *room = malloc(MAX_OUT);
    CK_ULONG n = 0, need;
    struct out out = {.data = NULL, .len = &n};
    CK_RV rv = CKR_KEY_NOT_WRAPPABLE;

    FUZZ_CHECK(room != NULL);
    if (pick_key(c, CKF_WRAP, u) || pick_key(c, CKF_UNWRAP, u)) {
        rv = gen_wrap(u->row, &u->m, u->key, target, &out);
        FUZZ_RV(rv, CKR_OK, CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID,
                CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE);
        unwrap(u, target, pick_bytes(c, 64), false);
    }
    need = n;
    if (rv == CKR_OK) {
        out.data = room;
        FUZZ_OK(gen_wrap(u->row, &u->m, u->key, target, &out));
        FUZZ_CHECK(n <= need);
        /* A mechanism that wraps nothing by the policy need not bring in what it could. */
        unwrap(u, target, span_of(room, n), (mech_flags(u->row) & CKF_WRAP) != 0);
        room[pick(c, (uint32_t)n)] ^= (uint8_t)(1u << pick(c, 8));
        unwrap(u, target, span_of(room, n), false);
    }
    free(room);
}

static void make(struct cursor *c, struct use *u)
{
    if ((u->row->flags & CKF_GENERATE) != 0)
        generate(c, u);
    if ((u->row->flags & CKF_GENERATE_KEY_PAIR) != 0)
        generate_pair(c, u);
    if ((u->row->flags & CKF_DERIVE) != 0)
        derive(c, u);
    if ((u->row->flags & (CKF_WRAP | CKF_UNWRAP)) != 0)
        wrap(c, u);
}

static void one_use(struct cursor *c, struct arena *mem)
{
    struct use u = {.row = &mechs[pick(c, (uint32_t)n_mechs)]};
    const enum op_kind kind = (enum op_kind)pick(c, OP_N_KINDS);
    struct span in;
    uint8_t data[MAX_DATA] = {0};
    size_t n;

    given_mechanism(c, mem, u.row, &u.m, &u.n_data);
    n = u.n_data != SIZE_MAX && pick_bool(c) ? u.n_data : pick(c, MAX_DATA);
    in = pick_bytes(c, n);
    if (in.n > 0)
        memcpy(data, in.p, in.n);
    if ((u.row->flags & flag_of[kind]) != 0 &&
        (kind == OP_DIGEST || pick_key(c, flag_of[kind], &u)))
        operate(c, kind, &u, span_of(data, n));
    make(c, &u);
}

static void one(struct span input)
{
    static struct arena mem;
    struct cursor c = cursor_of(input);

    for (unsigned i = 0; i < 8 && c.rest.n > 0 && !c.failed; i++) {
        one_use(&c, &mem);
        arena_clear(&mem);
    }
}

const struct fuzz_target fuzz_target = {
    .name = "params",
    .max_input = 1024,
    .setup = setup,
    .one = one,
    .teardown = teardown,
};
