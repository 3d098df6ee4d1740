/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto_fixture.c - keys and mechanisms for the tests of src/crypto/; see crypto_fixture.h.
 *
 * RSA keys are made from fixed primes: generating 8192 bits takes too long.
 */
#include "crypto_fixture.h"

#include <openssl/bn.h>

#include "crypto/curve.h"
#include "crypto/ossl.h"
#include "crypto/op_class.h"
#include "crypto/params.h"
#include "crypto/rsa_factor.h"

#define N_KEPT 64

static const char prime_1024_p[] =
    "f6cd51be51e34d4c8201a0d9668207ac83e94a85ed5dd0f1745aadfc9b664099b30f9b27581574c98ba3aa75"
    "0baf42aa9ceefe2a0add295b2fabc13c51f427e2dd761de9470e5b557e7878c8af4a27638634a8f382374d92"
    "f74fb0b84ec7f4ebe0286bdb81f2be5d1c7778a8fad86c43f421066cccdb4b956fd355e4347b8c3f";
static const char prime_1024_q[] =
    "efaf3ef972adad351c0f3484471c445e0564e5222135749e6adb00420755654cfb8ef00a6f7f1983004315f9"
    "351f89d01adb42f89247d065217c765bf3be8d86de98cab98a5e6a29dbe7e97828ab2f44dd94830d8525fd23"
    "df43bea028b47e727455ed4958298f4cb3dcfa014a4062ff2abf28b361c2515c88bd2c753f336dff";
static const char prime_4096_p[] =
    "de064d2a74dc97c07652a322e4cbda27a473a494edbe9725d9fcfd7b0b3fed59df0de5b1a1830fcd344f2fc9"
    "68be5d50880cdf4c4be4b96873fa9a8c6dfb12c97e337af2e92714971b17648c2d2bbdc07a2fe74cd2b731c3"
    "43f804b62f5a14bb1c4225cc59da02b2f28829b17c21da32433be236f80e15691d4864ec25d4525567f3663c"
    "2df88861fe50843cb5bc7ee4a5f7b4a337b811c46cc09fde9b52d6150d0ad48286351f3369d611b9caf9fdda"
    "65bced893f43982e8f27863bd1875e83f7a5ca1993426827db3cecf056385909cde76cac7104259bd907b465"
    "9eea3f7ed1558b81f28e71761b04665f8cc04efd1dc64d62fad9c48156436280c22053e69d2d9865568a6791"
    "e496c6a72810ec53ceae2729efc386e77abd5cb554a185b26331eef8ea1a43004264aa74d843b2179b9fc7ed"
    "defce45d006c715d6300a15e461c4e3149250a66205138dd4a5a3e5ba8b92ed4aac262fce7643e776c212169"
    "65b8782766af1cc646a36e8732aa665acf42c09dbddce135ae088360e56ddd560db24c098588bdc1869703a1"
    "8aae6d5f2b775b7e46cbf21713556b202c0f7abd8d9eb93c26b38e69140a4a88da9bab4dd257b008b300f3c4"
    "0d0cb9d2df6744b7110142531f1cd7b34ce0111ddced5545c27bd58feaa8c54b8d7a49510bd31ea2ad8b6dc4"
    "12b78c2dd7c591a1908039fa887d620b06228b700951fdcf0cba720d";
static const char prime_4096_q[] =
    "ca8e5ff658a6fad9acda4957f0a999c4d246e9c95240e5eb1d9ddf90191773c7643f93052d4ef3d3c1616f68"
    "22435066a78ac6a658b201a085b25aa6eb533bd59f9bd5d4de047bf1332980ec2f5f0286f05cbca1a4b8430a"
    "a00416f639842f7693b327b34af5251ca2ef9c39f58bdcce9cdc18191ee79941c83356b383cbb51ee5ff118b"
    "0c2867a78d10fb668227bafeb2655e08eda42ef82a1df6634944eea477600b1683cf2e9fc29b3d190110704e"
    "1dc416a16917fff824609d72663710b887efd1d350386a0389d0397d6dbfd0e97f52881228e9da9135445729"
    "c0db84f0cb3e08658d1348774aa4e798ffd0cdc6aa110172f75cc57f445e72e75b60c222c25fc69eec03d897"
    "90d3a44024b19e633ed8e3ddd527202fc2e894f720be0a44e4d7f76a78325b181fc9c68caf37e79501289ea5"
    "73fcb2db7aaf681fde1edce981357a76100a084e12f57bd5eae0816a26911a01b3b68bb879dd99c098ea9291"
    "aaba8a9c9408ee3676a6ad26629e5a9a1f2965c48b5f971a7d667bc2a1b3b14e387c61f206dd8019368939f1"
    "9a838fed03bc2658ac6971bf0cc92c0c2ca4b4b873223b3f25ce7971b88b89e0d7f3205c8b446d2f5439788e"
    "111fcc6ee195c95f2c761fb0670baf46ebd0e635f7c54c99f0f54efd51a24a9ebacdfd5dae0cd8f719fa8285"
    "a3b442e9f0feecce20d53c6e4b622665884c1a80c9251f9febb1eb45";

static uint8_t nibble(char c)
{
    assert_non_null(strchr("0123456789abcdef", c));
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

struct hex hex(const char *text)
{
    struct hex h = {0};

    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        assert_true(h.n < HEX_MAX && text[1] != '\0');
        h.p[h.n++] = (uint8_t)(nibble(text[0]) << 4 | nibble(text[1]));
        text++;
    }
    return h;
}

void assert_span_equal(struct span a, struct span b)
{
    assert_int_equal(a.n, b.n);
    if (a.n > 0)
        assert_memory_equal(a.p, b.p, a.n);
}

/* -- mechanisms ---------------------------------------------------------------------------- */

static const uint8_t aad[] = "additional data";

static void param_iv(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->m.pParameter = f->iv;
    f->m.ulParameterLen = sizeof(f->iv);
}

static void param_set(struct fixture_mech *f, void *p, size_t n)
{
    f->m.pParameter = p;
    f->m.ulParameterLen = n;
}

static void param_ctr(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->param.ctr.ulCounterBits = 64;
    memcpy(f->param.ctr.cb, f->iv, sizeof(f->iv));
    param_set(f, &f->param.ctr, sizeof(f->param.ctr));
}

static void param_gcm(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)n_data;
    f->param.gcm = (CK_GCM_PARAMS){f->iv, 12, 0, (CK_BYTE *)(uintptr_t)aad, sizeof(aad), 128};
    if (row->op == &op_gmac) /* whose message that is */
        f->param.gcm.ulAADLen = 0;
    param_set(f, &f->param.gcm, sizeof(f->param.gcm));
}

static void param_ccm(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    f->param.ccm = (CK_CCM_PARAMS){n_data, f->iv, 13, (CK_BYTE *)(uintptr_t)aad, sizeof(aad), 16};
    param_set(f, &f->param.ccm, sizeof(f->param.ccm));
}

static void param_chacha(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->param.chacha =
        (CK_SALSA20_CHACHA20_POLY1305_PARAMS){f->iv, 96, (CK_BYTE *)(uintptr_t)aad, sizeof(aad)};
    param_set(f, &f->param.chacha, sizeof(f->param.chacha));
}

static void param_pss(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    const struct hash *h = row->md != NULL ? hash_of_md(row->md) : hash_of_mechanism(CKM_SHA256);

    (void)n_data;
    f->param.pss = (CK_RSA_PKCS_PSS_PARAMS){h->type, h->mgf, h->n};
    param_set(f, &f->param.pss, sizeof(f->param.pss));
}

static void param_oaep(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->param.oaep = (CK_RSA_PKCS_OAEP_PARAMS){CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED,
                                              (void *)(uintptr_t)aad, 3};
    param_set(f, &f->param.oaep, sizeof(f->param.oaep));
}

static void param_mac(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->param.mac = 10;
    param_set(f, &f->param.mac, sizeof(f->param.mac));
}

static void param_rsa_aes(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    param_oaep(f, row, n_data);
    f->oaep = f->param.oaep;
    f->param.rsa_aes = (CK_RSA_AES_KEY_WRAP_PARAMS){256, &f->oaep};
    param_set(f, &f->param.rsa_aes, sizeof(f->param.rsa_aes));
}

static void param_tls_mac(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    (void)row;
    (void)n_data;
    f->param.tls_mac = (CK_TLS_MAC_PARAMS){CKM_SHA256, 12, 1};
    param_set(f, &f->param.tls_mac, sizeof(f->param.tls_mac));
}

void fixture_mech(struct fixture_mech *f, const struct mech *row, size_t n_data)
{
    static const struct {
        mech_parse *parse;
        void (*fill)(struct fixture_mech *f, const struct mech *row, size_t n_data);
    } fills[] = {
        {parse_iv, param_iv},           {parse_ctr, param_ctr},
        {parse_gcm, param_gcm},         {parse_ccm, param_ccm},
        {parse_pss, param_pss},         {parse_oaep, param_oaep},
        {parse_chacha, param_chacha},   {parse_tls_mac, param_tls_mac},
        {parse_rsa_aes, param_rsa_aes}, {parse_mac, param_mac},
    };

    *f = (struct fixture_mech){.m = {.mechanism = row->type}};
    for (size_t i = 0; i < sizeof(f->iv); i++)
        f->iv[i] = (uint8_t)(0xa0 + i);
    for (size_t i = 0; i < N_ELEMENTS(fills); i++) {
        if (fills[i].parse == row->parse)
            fills[i].fill(f, row, n_data);
    }
}

/* -- keys ---------------------------------------------------------------------------------- */

struct attrs *fixture_attrs(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
    struct attrs *a = NULL;

    T_OK(attrs_new(&a));
    T_OK(attrs_set_ulong(a, CKA_CLASS, class));
    T_OK(attrs_set_ulong(a, CKA_KEY_TYPE, type));
    return a;
}

struct attrs *fixture_secret_attrs(CK_KEY_TYPE type, struct span value)
{
    struct attrs *a = fixture_attrs(CKO_SECRET_KEY, type);

    T_OK(attrs_set(a, CKA_VALUE, value));
    return a;
}

struct key *fixture_key_from(const struct attrs *a)
{
    struct key *k = NULL;

    T_OK(key_from_attrs(a, &k));
    return k;
}

struct key *fixture_secret(CK_KEY_TYPE type, struct span value)
{
    AUTO(attrs_freep) struct attrs *a = fixture_secret_attrs(type, value);

    return fixture_key_from(a);
}

static void set_number(struct attrs *a, CK_ATTRIBUTE_TYPE type, const BIGNUM *number)
{
    uint8_t bytes[1024];
    const int n = BN_bn2bin(number, bytes);

    T_OK(attrs_set(a, type, span_of(bytes, (size_t)n)));
}

/* n, e and d from the primes; rsa_add_crt() does the rest. */
static void set_rsa(struct attrs *a, const BIGNUM *p, const BIGNUM *q)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *n = BN_new(), *e = BN_new(), *d = BN_new(), *phi = BN_new(), *q1 = BN_dup(q);

    assert_true(BN_set_word(e, 65537) && BN_mul(n, p, q, ctx) && BN_sub_word(q1, 1));
    assert_true(BN_copy(phi, p) && BN_sub_word(phi, 1) && BN_mul(phi, phi, q1, ctx));
    assert_non_null(BN_mod_inverse(d, e, phi, ctx));
    set_number(a, CKA_MODULUS, n);
    set_number(a, CKA_PUBLIC_EXPONENT, e);
    set_number(a, CKA_PRIVATE_EXPONENT, d);
    set_number(a, CKA_PRIME_1, p);
    set_number(a, CKA_PRIME_2, q);
    T_OK(rsa_add_crt(a));
    BN_free(n);
    BN_free(e);
    BN_free(d);
    BN_free(phi);
    BN_free(q1);
    BN_CTX_free(ctx);
}

void fixture_rsa_attrs(unsigned bits, struct attrs **ret_public, struct attrs **ret_private)
{
    struct attrs *public_key = fixture_attrs(CKO_PUBLIC_KEY, CKK_RSA);
    struct attrs *private_key = fixture_attrs(CKO_PRIVATE_KEY, CKK_RSA);
    BIGNUM *p = NULL, *q = NULL;

    assert_true(bits == 2048 || bits == 8192);
    assert_true(BN_hex2bn(&p, bits == 2048 ? prime_1024_p : prime_4096_p) > 0);
    assert_true(BN_hex2bn(&q, bits == 2048 ? prime_1024_q : prime_4096_q) > 0);
    set_rsa(private_key, p, q);
    T_OK(attrs_set(public_key, CKA_MODULUS, attrs_span(private_key, CKA_MODULUS)));
    T_OK(attrs_set(public_key, CKA_PUBLIC_EXPONENT, attrs_span(private_key, CKA_PUBLIC_EXPONENT)));
    BN_free(p);
    BN_free(q);
    *ret_public = public_key;
    *ret_private = private_key;
}

void fixture_ec_attrs(CK_KEY_TYPE type, struct span params, struct attrs **ret_public,
                      struct attrs **ret_private)
{
    static const CK_MECHANISM_TYPE generators[][2] = {
        {CKK_EC, CKM_EC_KEY_PAIR_GEN},
        {CKK_EC_EDWARDS, CKM_EC_EDWARDS_KEY_PAIR_GEN},
        {CKK_EC_MONTGOMERY, CKM_EC_MONTGOMERY_KEY_PAIR_GEN},
    };
    CK_MECHANISM m = {0};

    for (size_t i = 0; i < N_ELEMENTS(generators); i++) {
        if (generators[i][0] == type)
            m.mechanism = generators[i][1];
    }
    *ret_public = fixture_attrs(CKO_PUBLIC_KEY, type);
    *ret_private = fixture_attrs(CKO_PRIVATE_KEY, type);
    T_OK(attrs_set(*ret_public, CKA_EC_PARAMS, params));
    T_OK(gen_pair(mech_find(m.mechanism), &m, *ret_public, *ret_private));
}

/* The curve of the type with this many bits; of several, the first. */
static struct span curve_params(CK_KEY_TYPE type, CK_ULONG bits)
{
    for (size_t i = 0; i < n_curves; i++) {
        if (curves[i].key_type == type && curves[i].bits == bits)
            return curves[i].oid;
    }
    fail_msg("no curve of %lu bits", bits);
    return SPAN_EMPTY;
}

static struct kept {
    CK_KEY_TYPE type;
    CK_ULONG size;
    struct key *public_key, *private_key; /* a secret key: both */
} kept[N_KEPT];
static size_t n_kept;

static void make_pair(struct kept *k)
{
    AUTO(attrs_freep) struct attrs *public_key = NULL;
    AUTO(attrs_freep) struct attrs *private_key = NULL;

    if (k->type == CKK_RSA)
        fixture_rsa_attrs((unsigned)k->size, &public_key, &private_key);
    else
        fixture_ec_attrs(k->type, curve_params(k->type, k->size), &public_key, &private_key);
    k->public_key = fixture_key_from(public_key);
    k->private_key = fixture_key_from(private_key);
}

static void make_secret(struct kept *k)
{
    uint8_t value[4096];

    assert_true(k->size <= sizeof(value));
    for (size_t i = 0; i < k->size; i++)
        value[i] = (uint8_t)(i + 1);
    k->private_key = fixture_secret(k->type, span_of(value, k->size));
    k->public_key = key_ref(k->private_key);
}

static bool is_pair(CK_KEY_TYPE type)
{
    return type == CKK_RSA || type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY;
}

static struct kept *find_kept(CK_KEY_TYPE type, CK_ULONG size)
{
    struct kept *k = kept;

    while (k < kept + n_kept && (k->type != type || k->size != size))
        k++;
    if (k < kept + n_kept)
        return k;
    assert_true(n_kept < N_KEPT);
    n_kept++;
    *k = (struct kept){.type = type, .size = size};
    if (is_pair(type))
        make_pair(k);
    else
        make_secret(k);
    return k;
}

struct key *fixture_key(const struct mech *row, bool largest, CK_FLAGS use)
{
    const CK_FLAGS public_uses =
        CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_ENCRYPT | CKF_WRAP | CKF_ENCAPSULATE;
    CK_ULONG size = largest ? row->max : row->min;
    const struct kept *k;

    if (row->key_type == CKK_RSA && size < 2048)
        size = 2048; /* smaller ones verify only */
    k = find_kept(row->key_type, size);
    return (use & public_uses) != 0 ? k->public_key : k->private_key;
}

void fixture_keys_free(void)
{
    while (n_kept > 0) {
        n_kept--;
        key_unref(kept[n_kept].public_key);
        key_unref(kept[n_kept].private_key);
    }
}

/* -- operations ---------------------------------------------------------------------------- */

#define OUT_MORE 8192 /* room beyond the input: a signature, a tag, padding */

void fixture_once(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m, struct key *k,
                  struct span in, struct buf *ret)
{
    AUTO(op_freep) struct op *o = NULL;
    CK_ULONG n = in.n + OUT_MORE;
    const size_t before = ret->n;
    struct out out = {.data = buf_extend(ret, n), .len = &n};

    assert_non_null(out.data);
    T_OK(op_start(kind, row, m, k, &o));
    T_OK(op_once(o, in, &out));
    ret->n = before + n;
}

static bool gives_output(enum op_kind kind)
{
    return kind == OP_ENCRYPT || kind == OP_DECRYPT;
}

void fixture_parts(enum op_kind kind, const struct mech *row, const CK_MECHANISM *m, struct key *k,
                   struct span in, size_t part, struct buf *ret)
{
    AUTO(op_freep) struct op *o = NULL;
    size_t at = ret->n;

    T_OK(op_start(kind, row, m, k, &o));
    assert_non_null(buf_extend(ret, in.n + OUT_MORE));
    for (size_t done = 0; done < in.n; done += part) {
        const size_t step = in.n - done < part ? in.n - done : part;
        CK_ULONG n = ret->n - at;
        struct out out = {.data = ret->p + at, .len = &n};

        T_OK(op_update(o, span_of(in.p + done, step), gives_output(kind) ? &out : NULL));
        at += gives_output(kind) ? n : 0;
    }
    {
        CK_ULONG n = ret->n - at;
        struct out out = {.data = ret->p + at, .len = &n};

        T_OK(op_final(o, &out));
        ret->n = at + n;
    }
}

CK_RV fixture_derive(const struct mech *row, const CK_MECHANISM *m, struct key *k,
                     const struct attrs *base, struct attrs *a)
{
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    const struct gen_keys keys = {.base = k, .base_attrs = base};
    CK_OBJECT_HANDLE handle;

    TRY(gen_derive_plan(row, m, &keys, NULL, 0, &handle, &d));
    assert_int_equal(d->n_outputs, 1);
    return gen_derive(d, &keys, &a);
}

CK_RV fixture_verify(const struct mech *row, const CK_MECHANISM *m, struct key *k, struct span in,
                     struct span signature)
{
    AUTO(op_freep) struct op *o = NULL;

    T_OK(op_start(OP_VERIFY, row, m, k, &o));
    return op_verify_once(o, in, signature);
}
