/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timing_case.c - the pairs of inputs whose times are compared; see timing.h.
 *
 * Both inputs of a pair are made each time, whichever is then used: what making them leaves in the
 * caches is the same.
 */
#include "bench/timing.h"

#include <openssl/rsa.h>

#include "bench/export.h"
#include "bench/timing_input.h"

#define RSA_BYTES 256
#define BLOCK     16
#define TEXT      64   /* bytes of a plaintext under CBC */
#define SPIN_AES  64   /* turns of an empty loop, which a control has to see */
#define SPIN_RSA  4096

static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0};
static CK_RSA_AES_KEY_WRAP_PARAMS rsa_aes = {256, &oaep};
static CK_BYTE iv[BLOCK];

/* -- calls --------------------------------------------------------------------------------------- */

static CK_RV decrypt(struct timing *t, CK_OBJECT_HANDLE key, CK_MECHANISM m)
{
    uint8_t plain[TIMING_INPUT];
    CK_ULONG n = sizeof(plain);

    TRY(t->m.f->C_DecryptInit(t->m.session, &m, key));
    return t->m.f->C_Decrypt(t->m.session, t->in.p, t->in.n, plain, &n);
}

static CK_RV unwrap(struct timing *t, CK_OBJECT_HANDLE key, CK_MECHANISM m, CK_OBJECT_CLASS class,
                    CK_KEY_TYPE type)
{
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE v[] = {{CKA_CLASS, &class, sizeof(class)},
                        {CKA_KEY_TYPE, &type, sizeof(type)},
                        {CKA_TOKEN, &no, sizeof(no)}};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    return t->m.f->C_UnwrapKey(t->m.session, &m, key, t->in.p, t->in.n, v, N_ELEMENTS(v), &o);
}

static CK_RV run_pkcs1(struct timing *t, unsigned class)
{
    (void)class;
    return decrypt(t, t->rsa_key, (CK_MECHANISM){CKM_RSA_PKCS, NULL, 0});
}

static CK_RV run_oaep(struct timing *t, unsigned class)
{
    (void)class;
    return decrypt(t, t->rsa_key, (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)});
}

static CK_RV run_cbc(struct timing *t, unsigned class)
{
    (void)class;
    return decrypt(t, t->aes_decrypt, (CK_MECHANISM){CKM_AES_CBC_PAD, iv, sizeof(iv)});
}

static CK_RV run_unwrap_cbc(struct timing *t, unsigned class)
{
    (void)class;
    return unwrap(t, t->aes_unwrap, (CK_MECHANISM){CKM_AES_CBC_PAD, iv, sizeof(iv)},
                  CKO_PRIVATE_KEY, CKK_EC);
}

static CK_RV run_unwrap_kwp(struct timing *t, unsigned class)
{
    (void)class;
    return unwrap(t, t->aes_unwrap, (CK_MECHANISM){CKM_AES_KEY_WRAP_KWP, NULL, 0}, CKO_SECRET_KEY,
                  CKK_GENERIC_SECRET);
}

static CK_RV run_unwrap_oaep(struct timing *t, unsigned class)
{
    (void)class;
    return unwrap(t, t->rsa_key, (CK_MECHANISM){CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)},
                  CKO_SECRET_KEY, CKK_AES);
}

static CK_RV run_unwrap_rsa_aes(struct timing *t, unsigned class)
{
    (void)class;
    return unwrap(t, t->rsa_key, (CK_MECHANISM){CKM_RSA_AES_KEY_WRAP, &rsa_aes, sizeof(rsa_aes)},
                  CKO_SECRET_KEY, CKK_GENERIC_SECRET);
}

static CK_RV run_login(struct timing *t, unsigned class)
{
    (void)class;
    return t->m.f->C_Login(t->m.session, CKU_USER, t->in.p, t->in.n);
}

/* A right PIN, so that the wrong ones don't add up. */
static CK_RV after_login(struct timing *t)
{
    TRY(p11_login(&t->m));
    return t->m.f->C_Logout(t->m.session);
}

/* -- RSA ----------------------------------------------------------------------------------------- */

/* Blocks of PKCS#1 v1.5: without a zero, so without an end, but for what a case puts there. */
static CK_RV pkcs1_blocks(uint8_t block[2][RSA_BYTES])
{
    for (size_t c = 0; c < 2; c++) {
        TRY(input_random(block[c], RSA_BYTES));
        for (size_t i = 2; i < RSA_BYTES; i++)
            block[c][i] |= 1;
        block[c][0] = 0;
        block[c][1] = 2;
    }
    return CKR_OK;
}

static CK_RV rsa_both(struct timing *t, uint8_t block[2][RSA_BYTES])
{
    for (size_t c = 0; c < 2; c++) {
        t->class[c].n = TIMING_INPUT;
        TRY(input_rsa(t->rsa, RSA_NO_PADDING, block[c], RSA_BYTES, t->class[c].p, &t->class[c].n));
    }
    return CKR_OK;
}

static CK_RV make_pkcs1(struct timing *t)
{
    uint8_t block[2][RSA_BYTES];

    TRY(pkcs1_blocks(block));
    block[0][0] = 1;
    block[0][RSA_BYTES - TIMING_SECRET - 1] = 0;
    return rsa_both(t, block);
}

static CK_RV make_pkcs1_right(struct timing *t)
{
    uint8_t block[2][RSA_BYTES];

    TRY(pkcs1_blocks(block));
    block[0][RSA_BYTES - TIMING_SECRET - 1] = 0;
    return rsa_both(t, block);
}

/* Manger's question: is the first byte zero? */
static CK_RV make_oaep(struct timing *t)
{
    uint8_t block[2][RSA_BYTES];

    TRY(pkcs1_blocks(block));
    block[0][0] = 1;
    return rsa_both(t, block);
}

/* A wrapped AES key: padding wrong, or right with a key of no length that AES has. Who makes the
 * second knows what is in it. */
static CK_RV make_oaep_key(struct timing *t)
{
    uint8_t block[2][RSA_BYTES], wrong[20];

    TRY(pkcs1_blocks(block));
    TRY(rsa_both(t, block));
    TRY(input_random(wrong, sizeof(wrong)));
    return input_rsa(t->rsa, RSA_PKCS1_OAEP_PADDING, wrong, sizeof(wrong), t->class[1].p,
                     &t->class[1].n);
}

/* In front of a key that nothing wraps: wrong OAEP, or right OAEP of an AES key. */
static CK_RV make_rsa_aes(struct timing *t)
{
    uint8_t block[2][RSA_BYTES], key[TIMING_SECRET], behind[3 * 8];

    TRY(pkcs1_blocks(block));
    block[0][0] = 1;
    TRY(rsa_both(t, block));
    TRY(input_random(key, sizeof(key)));
    TRY(input_rsa(t->rsa, RSA_PKCS1_OAEP_PADDING, key, sizeof(key), t->class[1].p,
                  &t->class[1].n));
    TRY(input_random(behind, sizeof(behind)));
    for (size_t c = 0; c < 2; c++) {
        memcpy(t->class[c].p + RSA_BYTES, behind, sizeof(behind));
        t->class[c].n = RSA_BYTES + sizeof(behind);
    }
    return CKR_OK;
}

/* -- AES ----------------------------------------------------------------------------------------- */

static CK_RV cbc(struct timing *t, unsigned class, const uint8_t *plain, size_t n)
{
    return input_aes(EVP_aes_256_cbc(), t->secret, iv, plain, n, t->class[class].p,
                     &t->class[class].n);
}

/* Padding that can't be by its last byte, the first one looked at; and sixteen bytes of padding
 * where the one looked at last is another. */
static CK_RV make_cbc(struct timing *t)
{
    uint8_t plain[TEXT];

    TRY(input_random(plain, sizeof(plain)));
    plain[TEXT - 1] = 0xff;
    TRY(cbc(t, 0, plain, sizeof(plain)));
    memset(plain + TEXT - BLOCK, BLOCK, BLOCK);
    plain[TEXT - BLOCK] ^= 1;
    return cbc(t, 1, plain, sizeof(plain));
}

static CK_RV make_cbc_right(struct timing *t)
{
    uint8_t plain[TEXT];

    TRY(input_random(plain, sizeof(plain)));
    plain[TEXT - 1] = 1;
    TRY(cbc(t, 0, plain, sizeof(plain)));
    plain[TEXT - 1] = 0xff;
    return cbc(t, 1, plain, sizeof(plain));
}

/* The same wrong padding twice: for controls. */
static CK_RV make_cbc_same(struct timing *t)
{
    uint8_t plain[TEXT];

    TRY(input_random(plain, sizeof(plain)));
    plain[TEXT - 1] = 0xff;
    TRY(cbc(t, 0, plain, sizeof(plain)));
    TRY(input_random(plain, sizeof(plain) - 1));
    return cbc(t, 1, plain, sizeof(plain));
}

/* What who hunts for a padding sends: a private key, blocks behind it, and a last byte that is right
 * padding or is not. Both are refused. */
static CK_RV make_unwrap_cbc(struct timing *t)
{
    uint8_t plain[TIMING_INPUT / 2];
    size_t n = 0;

    TRY(input_random(plain, sizeof(plain)));
    TRY(input_private_key(plain, sizeof(plain) - 3 * BLOCK, &n));
    n = (n / BLOCK + 3) * BLOCK;
    plain[n - 1] = 1;
    TRY(cbc(t, 0, plain, n));
    plain[n - 1] = 0xff;
    return cbc(t, 1, plain, n);
}

/* KWP (RFC 5649) is KW with an integrity value of its own: wrong in it, or in the padding behind it.
 * libcrypto looks at them one after the other. The second takes the key to make. */
static CK_RV make_kwp(struct timing *t)
{
    uint8_t integrity[8] = {0xa6, 0x59, 0x59, 0xa6, 0, 0, 0, 25}, plain[32];

    TRY(input_random(plain, sizeof(plain)));
    memset(plain + 25, 0, sizeof(plain) - 25);
    integrity[0] ^= 1;
    TRY(input_aes(EVP_aes_256_wrap(), t->secret, integrity, plain, sizeof(plain), t->class[0].p,
                  &t->class[0].n));
    integrity[0] ^= 1;
    plain[31] = 1;
    return input_aes(EVP_aes_256_wrap(), t->secret, integrity, plain, sizeof(plain), t->class[1].p,
                     &t->class[1].n);
}

/* -- PINs ---------------------------------------------------------------------------------------- */

static CK_RV make_pin(struct timing *t)
{
    for (size_t c = 0; c < 2; c++) {
        memcpy(t->class[c].p, t->m.pin, t->m.n_pin);
        t->class[c].n = t->m.n_pin;
    }
    t->class[0].p[0] ^= 1;
    t->class[1].p[t->m.n_pin - 1] ^= 1;
    return CKR_OK;
}

/* -- controls ------------------------------------------------------------------------------------ */

static void spin(unsigned n)
{
    for (volatile unsigned i = 0; i < n; i++)
        continue;
}

/* The same failure, and a little more work for one class. */
static CK_RV run_cbc_and_spin(struct timing *t, unsigned class)
{
    const CK_RV rv = run_cbc(t, class);

    spin(class * SPIN_AES);
    return rv;
}

static CK_RV run_oaep_and_spin(struct timing *t, unsigned class)
{
    const CK_RV rv = run_oaep(t, class);

    spin(class * SPIN_RSA);
    return rv;
}

static CK_RV make_oaep_same(struct timing *t)
{
    uint8_t block[2][RSA_BYTES];

    TRY(pkcs1_blocks(block));
    return rsa_both(t, block);
}

static CK_RV make_compare(struct timing *t)
{
    for (size_t c = 0; c < 2; c++) {
        memcpy(t->class[c].p, t->secret, TIMING_SECRET);
        t->class[c].n = TIMING_SECRET;
    }
    t->class[0].p[0] ^= 1;
    t->class[1].p[TIMING_SECRET - 1] ^= 1;
    return CKR_OK;
}

/* A comparison that stops where it knows enough. */
static CK_RV run_compare(struct timing *t, unsigned class)
{
    const volatile uint8_t *p = t->in.p;

    (void)class;
    for (size_t i = 0; i < TIMING_SECRET; i++) {
        if (p[i] != t->secret[i])
            return CKR_PIN_INCORRECT;
    }
    return CKR_OK;
}

/* -- the table ----------------------------------------------------------------------------------- */

#define BOTH(rv) {(rv), (rv)}
#define BAD_DATA CKR_ENCRYPTED_DATA_INVALID
#define BAD_KEY  CKR_WRAPPED_KEY_INVALID

const struct timing_case timing_cases[] = {
    {"control-compare", {"first byte differs", "last byte differs"}, TIMING_CONTROL, 10,
     BOTH(CKR_PIN_INCORRECT), make_compare, run_compare, NULL},
    {"control-cbc-pad", {"wrong padding", "the same, and 64 turns of a loop"}, TIMING_CONTROL, 10,
     BOTH(BAD_DATA), make_cbc_same, run_cbc_and_spin, NULL},
    {"control-oaep", {"wrong padding", "the same, and 4096 turns of a loop"}, TIMING_CONTROL, 1,
     BOTH(BAD_DATA), make_oaep_same, run_oaep_and_spin, NULL},
    {"null-cbc-pad", {"wrong padding", "the same"}, TIMING_JUDGED, 10, BOTH(BAD_DATA),
     make_cbc_same, run_cbc, NULL},
    {"pkcs1-decrypt", {"wrong at its first byte", "without an end"}, TIMING_JUDGED, 1,
     BOTH(BAD_DATA), make_pkcs1, run_pkcs1, NULL},
    {"pkcs1-decrypt-right", {"right padding", "without an end"}, TIMING_TOLD, 1,
     {CKR_OK, BAD_DATA}, make_pkcs1_right, run_pkcs1, NULL},
    {"oaep-decrypt", {"first byte not zero", "first byte zero, the rest wrong"}, TIMING_JUDGED, 1,
     BOTH(BAD_DATA), make_oaep, run_oaep, NULL},
    {"oaep-unwrap", {"wrong padding", "right padding, wrong length"}, TIMING_TOLD, 1,
     BOTH(BAD_KEY), make_oaep_key, run_unwrap_oaep, NULL},
    {"rsa-aes-unwrap", {"OAEP wrong (first byte)", "OAEP right, what is behind wrong"},
     TIMING_JUDGED, 1, BOTH(BAD_KEY), make_rsa_aes, run_unwrap_rsa_aes, NULL},
    {"cbc-pad-decrypt", {"wrong by its last byte", "wrong by its first byte"}, TIMING_JUDGED, 10,
     BOTH(BAD_DATA), make_cbc, run_cbc, NULL},
    {"cbc-pad-decrypt-right", {"right padding", "wrong padding"}, TIMING_TOLD, 10,
     {CKR_OK, BAD_DATA}, make_cbc_right, run_cbc, NULL},
    {"cbc-pad-unwrap", {"right padding behind garbage", "wrong padding behind garbage"},
     TIMING_JUDGED, 3, BOTH(BAD_KEY), make_unwrap_cbc, run_unwrap_cbc, NULL},
    {"kwp-unwrap", {"wrong integrity value", "wrong padding"}, TIMING_TOLD, 10, BOTH(BAD_KEY),
     make_kwp, run_unwrap_kwp, NULL},
    {"pin-login", {"wrong at its first byte", "wrong at its last byte"}, TIMING_JUDGED, 0,
     BOTH(CKR_PIN_INCORRECT), make_pin, run_login, after_login},
};
const size_t timing_n_cases = N_ELEMENTS(timing_cases);

/* -- keys ---------------------------------------------------------------------------------------- */

static CK_RV aes_key(struct timing *t, CK_ATTRIBUTE_TYPE use, CK_OBJECT_HANDLE *ret)
{
    struct template v;

    template_init(&v);
    template_ulong(&v, CKA_CLASS, CKO_SECRET_KEY);
    template_ulong(&v, CKA_KEY_TYPE, CKK_AES);
    template_bytes(&v, CKA_VALUE, span_of(t->secret, sizeof(t->secret)));
    template_bool(&v, use, true);
    template_secrecy(&v, false);
    return t->m.f->C_CreateObject(t->m.session, v.a, v.n, ret);
}

static CK_RV rsa_pair(struct timing *t)
{
    CK_MECHANISM m = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_OBJECT_HANDLE public_key = CK_INVALID_HANDLE;
    struct template public_v, private_v;

    template_init(&public_v);
    template_ulong(&public_v, CKA_MODULUS_BITS, 8 * RSA_BYTES);
    template_init(&private_v);
    template_bool(&private_v, CKA_DECRYPT, true);
    template_bool(&private_v, CKA_UNWRAP, true);
    template_secrecy(&private_v, false);
    TRY(t->m.f->C_GenerateKeyPair(t->m.session, &m, public_v.a, public_v.n, private_v.a,
                                  private_v.n, &public_key, &t->rsa_key));
    return export_rsa(&t->m, public_key, NULL, &t->rsa);
}

CK_RV timing_keys(struct timing *t)
{
    TRY(input_random(t->secret, sizeof(t->secret)));
    TRY(aes_key(t, CKA_DECRYPT, &t->aes_decrypt));
    TRY(aes_key(t, CKA_UNWRAP, &t->aes_unwrap));
    return rsa_pair(t);
}
