/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-wrap-rows.c - the mechanism table, row by row: every row that wraps, unwraps, encapsulates
 * or decapsulates at work with its smallest and its largest key. What comes back works as what went
 * does; a length query and a short buffer use nothing up; a parameter that is wrong has one code.
 */
#include "crypto_fixture.h"

#include "crypto/gen_class.h"
#include "crypto/ossl.h"
#include "util/policy.h"

#define P256       SPAN_LIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")
#define ROOM       8192
#define N_PRIVATE  2

static const CK_FLAGS wrapping = CKF_WRAP | CKF_UNWRAP;
static const CK_FLAGS encapsulating = CKF_ENCAPSULATE | CKF_DECAPSULATE;

/* -- keys that go and come back ---------------------------------------------------------------- */

struct target {
    struct attrs *a;          /* what is wrapped */
    struct attrs *public_key; /* its other half; NULL: a secret */
    CK_MECHANISM_TYPE by;     /* makes signatures with it */
};

static void target_clear(struct target *t)
{
    attrs_free(t->a);
    attrs_free(t->public_key);
}

static struct target secret_target(void)
{
    return (struct target){.a = fixture_secret_attrs(CKK_GENERIC_SECRET,
                                                     SPAN_LIT("a secret of 27 bytes length")),
                           .by = CKM_SHA256_HMAC};
}

static struct target private_target(size_t i)
{
    struct target t = {.by = i == 0 ? CKM_ECDSA_SHA256 : CKM_SHA256_RSA_PKCS};

    if (i == 0)
        fixture_ec_attrs(CKK_EC, P256, &t.public_key, &t.a);
    else
        fixture_rsa_attrs(2048, &t.public_key, &t.a);
    return t;
}

/* Attributes that the target is unwrapped into: what a template and its defaults would give. */
static struct attrs *room_for(const struct target *t)
{
    struct attrs *a = fixture_attrs(attrs_ulong(t->a, CKA_CLASS, CKO_DATA),
                                    attrs_ulong(t->a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));

    if (t->public_key == NULL) /* some rows fill up with zeros and need to be told */
        T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, attrs_span(t->a, CKA_VALUE).n));
    return a;
}

/* What `back` signs, the target's public half, or the secret itself, verifies. */
static void assert_works(const struct target *t, struct attrs *back)
{
    const struct mech *row = mech_find(t->by);
    const CK_MECHANISM m = {.mechanism = t->by};
    const struct span text = SPAN_LIT("signed by what came back");
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(key_unrefp)
    struct key *other = fixture_key_from(t->public_key != NULL ? t->public_key : t->a);
    AUTO(buf_clear) struct buf signature = BUF_INIT;

    T_OK(key_complete(back));
    k = fixture_key_from(back);
    fixture_once(OP_SIGN, row, &m, k, text, &signature);
    T_OK(fixture_verify(row, &m, other, text, buf_span(&signature)));
}

/* -- wrapping ---------------------------------------------------------------------------------- */

struct wrap_case {
    const struct mech *row;
    bool largest;
    struct fixture_mech f;
    CK_GCM_WRAP_PARAMS gcm;
    CK_CCM_WRAP_PARAMS ccm;
};

/* AEAD wraps under an IV that the token makes and writes there, for who unwraps. */
static void let_make_iv(struct wrap_case *c)
{
    c->gcm = (CK_GCM_WRAP_PARAMS){c->f.iv, 12, 0, CKG_GENERATE, NULL, 0, 128};
    c->ccm = (CK_CCM_WRAP_PARAMS){0, c->f.iv, 13, 0, CKG_GENERATE, NULL, 0, 16};
    if (c->row->parse == parse_gcm) {
        c->f.m.pParameter = &c->gcm;
        c->f.m.ulParameterLen = sizeof(c->gcm);
    } else if (c->row->parse == parse_ccm) {
        c->f.m.pParameter = &c->ccm;
        c->f.m.ulParameterLen = sizeof(c->ccm);
    }
}

static void wrap_case(struct wrap_case *c, const struct mech *row, bool largest)
{
    *c = (struct wrap_case){.row = row, .largest = largest};
    fixture_mech(&c->f, row, 0);
    let_make_iv(c);
}

static CK_RV wrap_to(struct wrap_case *c, const struct target *t, struct out *out)
{
    return gen_wrap(c->row, &c->f.m, fixture_key(c->row, c->largest, CKF_WRAP), t->a, out);
}

/* The length, twice the wrong room for it, and then the right one: exactly as if it was the first
 * call. `ret` gets what came. */
static void wrap_by_the_rule(struct wrap_case *c, const struct target *t, struct buf *ret)
{
    CK_ULONG need = 0, n;
    uint8_t *p = buf_extend(ret, ROOM);

    assert_non_null(p);
    memset(p, 0, ROOM);
    T_OK(wrap_to(c, t, &(struct out){NULL, &need}));
    assert_in_range(need, 1, ROOM);
    for (CK_ULONG less = need; less > 0; less = less == need ? 1 : 0) {
        n = need - less;
        T_RV(CKR_BUFFER_TOO_SMALL, wrap_to(c, t, &(struct out){p, &n}));
        assert_int_equal(n, need);
        assert_true(mem_is_zero(p, ROOM));
    }
    n = need;
    T_OK(wrap_to(c, t, &(struct out){p, &n}));
    assert_int_equal(n, need);
    assert_true(mem_is_zero(p + need, ROOM - need));
    ret->n -= ROOM - need;
}

static void wrap_and_back(struct wrap_case *c, const struct target *t)
{
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(attrs_freep) struct attrs *back = room_for(t);
    struct key *k = fixture_key(c->row, c->largest, CKF_UNWRAP);

    wrap_by_the_rule(c, t, &wrapped);
    T_OK(gen_unwrap(c->row, &c->f.m, k, buf_span(&wrapped), back));
    if (t->public_key == NULL)
        assert_span_equal(attrs_span(back, CKA_VALUE), attrs_span(t->a, CKA_VALUE));
    assert_works(t, back);
}

/* What goes under the row, and comes back by it while the policy is what it is. */
static unsigned wrap_row(const struct mech *row, bool largest)
{
    const struct gen_class *g = row->gen;
    struct wrap_case c;
    unsigned n = 0;

    wrap_case(&c, row, largest);
    if (g->wraps_secrets && (!g->secrets_relaxed || !policy_holds(POLICY_WRAP_MECHANISMS))) {
        AUTO(target_clear) struct target t = secret_target();

        assert_true(g->unwraps_secrets);
        wrap_and_back(&c, &t);
        n++;
    }
    for (size_t i = 0; g->wraps_privates && i < N_PRIVATE; i++) {
        AUTO(target_clear) struct target t = private_target(i);

        assert_true(g->unwraps_privates);
        wrap_and_back(&c, &t);
        n++;
    }
    return n;
}

/* All rows that have one of the flags now. */
static unsigned wrap_rows(void)
{
    unsigned n_rows = 0;

    for (size_t i = 0; i < n_mechs; i++) {
        if ((mech_flags(&mechs[i]) & wrapping) == 0)
            continue;
        assert_true(wrap_row(&mechs[i], false) > 0);
        assert_true(wrap_row(&mechs[i], true) > 0);
        n_rows++;
    }
    return n_rows;
}

static unsigned rows_with(CK_FLAGS flags)
{
    unsigned n = 0;

    for (size_t i = 0; i < n_mechs; i++)
        n += (mechs[i].flags & flags) != 0;
    return n;
}

/* By default, and with the rows that the rule wrap-mechanisms takes away. */
static void every_wrapping_comes_back(void **state)
{
    uint32_t relaxed = policy_default();
    unsigned n_default, n_relaxed;

    (void)state;
    assert_true(policy_word("no-wrap-mechanisms", &relaxed));
    n_default = wrap_rows();
    policy_install(relaxed);
    n_relaxed = wrap_rows();
    policy_install(policy_default());
    assert_true(n_default > 0 && n_default < n_relaxed);
    assert_int_equal(n_relaxed, rows_with(wrapping));
}

/* -- encapsulation ----------------------------------------------------------------------------- */

/* A readable secret whose length every row has: 224 bits are the smallest that a curve agrees on. */
static struct attrs *new_secret(void)
{
    struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, 28));
    return a;
}

/* The parameter of a row for encapsulation: of ECDH one that names no peer. */
static void kem_mech(struct fixture_mech *f, const struct mech *row)
{
    fixture_mech(f, row, 0);
    if (row->parse != parse_ecdh)
        return;
    f->param.ecdh = (CK_ECDH1_DERIVE_PARAMS){.kdf = CKD_NULL};
    f->m.pParameter = &f->param.ecdh;
    f->m.ulParameterLen = sizeof(f->param.ecdh);
}

static void kem_row(const struct mech *row, bool largest)
{
    struct key *public_key = fixture_key(row, largest, CKF_ENCAPSULATE);
    struct key *private_key = fixture_key(row, largest, CKF_DECAPSULATE);
    AUTO(target_clear) struct target t = {.a = new_secret(), .by = CKM_SHA256_HMAC};
    AUTO(attrs_freep) struct attrs *back = new_secret();
    AUTO(attrs_freep) struct attrs *another = new_secret();
    AUTO(buf_clear) struct buf capsule = BUF_INIT;
    AUTO(buf_clear) struct buf other = BUF_INIT;
    struct fixture_mech f;
    size_t size = 0;

    kem_mech(&f, row);
    T_OK(gen_capsule_size(row, public_key, &size));
    T_OK(gen_encapsulate(row, &f.m, public_key, t.a, &capsule));
    assert_int_equal(capsule.n, size); /* what a length query says */
    T_OK(gen_decapsulate(row, &f.m, private_key, buf_span(&capsule), back));
    assert_int_equal(attrs_span(back, CKA_VALUE).n, 28);
    assert_span_equal(attrs_span(back, CKA_VALUE), attrs_span(t.a, CKA_VALUE));
    T_OK(key_complete(t.a));
    assert_works(&t, back);
    T_OK(gen_encapsulate(row, &f.m, public_key, another, &other));
    assert_false(span_equal(attrs_span(another, CKA_VALUE), attrs_span(t.a, CKA_VALUE)));
}

static void every_encapsulation_comes_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        const bool has = mechs[i].gen != NULL && mechs[i].gen->kem != NULL;

        assert_int_equal((mechs[i].flags & CKF_ENCAPSULATE) != 0, has);
        assert_int_equal((mechs[i].flags & CKF_DECAPSULATE) != 0, has);
        if (!has)
            continue;
        kem_row(&mechs[i], false);
        kem_row(&mechs[i], true);
    }
    assert_true(rows_with(encapsulating) > 0);
}

/* -- parameters -------------------------------------------------------------------------------- */

/* Each use of the row with one parameter, which is wrong for it; nothing comes of it. */
static void refuse_wrap(const struct mech *row, const CK_MECHANISM *m)
{
    AUTO(target_clear)
    struct target t = row->gen->wraps_privates ? private_target(0) : secret_target();
    AUTO(attrs_freep) struct attrs *back = room_for(&t);
    const size_t n_before = back->n;
    uint8_t bytes[ROOM] = {0};
    CK_ULONG n = sizeof(bytes);

    T_RV(CKR_MECHANISM_PARAM_INVALID, gen_wrap(row, m, fixture_key(row, false, CKF_WRAP), t.a,
                                               &(struct out){bytes, &n}));
    assert_int_equal(n, sizeof(bytes));
    assert_true(mem_is_zero(bytes, sizeof(bytes)));
    T_RV(CKR_MECHANISM_PARAM_INVALID, gen_unwrap(row, m, fixture_key(row, false, CKF_UNWRAP),
                                                 span_of(bytes, 256), back));
    assert_int_equal(back->n, n_before);
}

static void refuse_kem(const struct mech *row, const CK_MECHANISM *m)
{
    AUTO(attrs_freep) struct attrs *a = new_secret();
    AUTO(buf_clear) struct buf capsule = BUF_INIT;
    const size_t n_before = a->n;

    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_encapsulate(row, m, fixture_key(row, false, CKF_ENCAPSULATE), a, &capsule));
    assert_int_equal(a->n, n_before);
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_decapsulate(row, m, fixture_key(row, false, CKF_DECAPSULATE),
                         SPAN_LIT("no capsule, but nobody gets as far as that"), a));
    assert_int_equal(a->n, n_before);
}

/* Does the row do without a parameter? */
static bool may_have_none(const struct mech *row)
{
    return row->parse == parse_none || row->parse == parse_iv_wrap || row->parse == parse_iv_kwp;
}

static void refuse_all(const struct mech *row, void (*refuse)(const struct mech *,
                                                              const CK_MECHANISM *))
{
    uint8_t garbage[200];
    struct fixture_mech f;

    memset(garbage, 0xff, sizeof(garbage));
    refuse(row, &(CK_MECHANISM){row->type, garbage, 3});
    refuse(row, &(CK_MECHANISM){row->type, garbage, sizeof(garbage)});
    refuse(row, &(CK_MECHANISM){row->type, NULL, 16});
    if (may_have_none(row))
        return;
    refuse(row, &(CK_MECHANISM){row->type, NULL, 0});
    kem_mech(&f, row);
    f.m.ulParameterLen--;
    refuse(row, &f.m);
}

static void wrong_parameters_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & wrapping) != 0)
            refuse_all(&mechs[i], refuse_wrap);
        if ((mechs[i].flags & encapsulating) != 0)
            refuse_all(&mechs[i], refuse_kem);
    }
}

static int set_up(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    policy_install(policy_default());
    fixture_keys_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/wrap-rows/wrapping-comes-back", every_wrapping_comes_back, NULL, NULL, NULL},
        {"/wrap-rows/encapsulation-comes-back", every_encapsulation_comes_back, NULL, NULL, NULL},
        {"/wrap-rows/wrong-parameters", wrong_parameters_are_refused, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("wrap-rows", tests, set_up, tear_down);
}
