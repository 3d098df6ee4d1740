/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-derive.c - derivation by every mechanism of the table but ECDH (test-gen.c has that): known
 * answers, lengths, other keys that a parameter names, and a sweep of all rows.
 */
#include "crypto_fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/curve.h"
#include "crypto/gen_class.h"
#include "crypto/hash.h"
#include "crypto/ossl.h"
#include "crypto/params.h"
#include "util/log.h"

#define BYTES(h) ((CK_BYTE *)(uintptr_t)(h).p)

/* -- deriving ------------------------------------------------------------------------------ */

static struct key *the_other; /* what a handle of 7 means */

static CK_RV find_other(void *arg, CK_OBJECT_HANDLE h, struct key **ret)
{
    (void)arg;
    ENSURE(h == 7 && the_other != NULL, CKR_KEY_HANDLE_INVALID);
    *ret = key_ref(the_other);
    return CKR_OK;
}

/* A generic secret (length 0: the mechanism's own) from a secret of these bytes. */
static CK_RV derive(const CK_MECHANISM *m, CK_KEY_TYPE base_type, struct span base, CK_ULONG length,
                    struct buf *ret)
{
    AUTO(key_unrefp) struct key *k = fixture_secret(base_type, base);
    AUTO(attrs_freep) struct attrs *base_attrs = fixture_secret_attrs(base_type, base);
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    const struct gen_keys keys = {k, base_attrs, find_other, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    CK_OBJECT_HANDLE handle;

    if (length > 0)
        T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, length));
    TRY(gen_derive_plan(mech_find(m->mechanism), m, &keys, NULL, 0, &handle, &d));
    TRY(gen_derive(d, &keys, &a));
    buf_clear(ret);
    buf_put(ret, attrs_span(a, CKA_VALUE));
    return buf_ok(ret);
}

static void derives(const CK_MECHANISM *m, CK_KEY_TYPE base_type, const char *base, CK_ULONG length,
                    const char *expected)
{
    const struct hex from = hex(base), to = hex(expected);
    AUTO(buf_clear) struct buf value = BUF_INIT;

    T_OK(derive(m, base_type, hex_span(&from), length, &value));
    assert_span_equal(buf_span(&value), hex_span(&to));
}

static void refuses(CK_RV rv, const CK_MECHANISM *m, CK_KEY_TYPE base_type, const char *base,
                    CK_ULONG length)
{
    const struct hex from = hex(base);
    AUTO(buf_clear) struct buf value = BUF_INIT;

    T_RV(rv, derive(m, base_type, hex_span(&from), length, &value));
    assert_int_equal(value.n, 0);
}

/* -- HKDF ---------------------------------------------------------------------------------- */

#define IKM "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define PRK "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
#define OKM "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"

/* RFC 5869 A.1, whole and in two steps; A.3 without salt and info. */
static void hkdf(void **state)
{
    const struct hex salt = hex("000102030405060708090a0b0c"), info = hex("f0f1f2f3f4f5f6f7f8f9");
    CK_HKDF_PARAMS p = {CK_TRUE,     CK_TRUE, CKM_SHA256,        CKF_HKDF_SALT_DATA,
                        BYTES(salt), salt.n,  CK_INVALID_HANDLE, BYTES(info),
                        info.n};
    const CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};

    (void)state;
    derives(&m, CKK_HKDF, IKM, 42, OKM);
    derives(&m, CKK_GENERIC_SECRET, IKM, 42, OKM);
    refuses(CKR_TEMPLATE_INCOMPLETE, &m, CKK_HKDF, IKM, 0);
    p.bExpand = CK_FALSE;
    derives(&m, CKK_HKDF, IKM, 0, PRK);
    derives(&m, CKK_HKDF, IKM, 32, PRK);
    refuses(CKR_KEY_SIZE_RANGE, &m, CKK_HKDF, IKM, 31);
    p.bExpand = CK_TRUE;
    p.bExtract = CK_FALSE;
    p.ulSaltType = 99; /* ignored */
    derives(&m, CKK_HKDF, PRK, 42, OKM);
    refuses(CKR_KEY_SIZE_RANGE, &m, CKK_HKDF, PRK, 4097);
    p.bExtract = CK_TRUE;
    p.ulSaltType = CKF_HKDF_SALT_NULL;
    p.ulInfoLen = 0;
    derives(&m, CKK_HKDF, IKM, 42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

/* The salt may be another key. */
static void hkdf_salt_key(void **state)
{
    const struct hex salt = hex("000102030405060708090a0b0c"), info = hex("f0f1f2f3f4f5f6f7f8f9");
    CK_HKDF_PARAMS p = {CK_TRUE, CK_TRUE,     CKM_SHA256, CKF_HKDF_SALT_KEY, NULL, 0,
                        7,       BYTES(info), info.n};
    const CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};

    (void)state;
    the_other = fixture_secret(CKK_GENERIC_SECRET, hex_span(&salt));
    derives(&m, CKK_HKDF, IKM, 42, OKM);
    p.hSaltKey = 8;
    refuses(CKR_KEY_HANDLE_INVALID, &m, CKK_HKDF, IKM, 42);
    p.hSaltKey = CK_INVALID_HANDLE;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 42);
    key_unref(TAKE(the_other));
}

/* CKM_HKDF_DATA: the length comes in a template of data objects, which have no such attribute. */
static void hkdf_data(void **state)
{
    const struct hex salt = hex("000102030405060708090a0b0c"), info = hex("f0f1f2f3f4f5f6f7f8f9");
    const struct hex ikm = hex(IKM), okm = hex(OKM);
    CK_HKDF_PARAMS p = {CK_TRUE,     CK_TRUE, CKM_SHA256,        CKF_HKDF_SALT_DATA,
                        BYTES(salt), salt.n,  CK_INVALID_HANDLE, BYTES(info),
                        info.n};
    const CK_MECHANISM m = {CKM_HKDF_DATA, &p, sizeof(p)};
    CK_ULONG n = 42;
    CK_BBOOL no = CK_FALSE;
    const CK_ATTRIBUTE v[] = {{CKA_VALUE_LEN, &n, sizeof(n)}, {CKA_PRIVATE, &no, sizeof(no)}};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_HKDF, hex_span(&ikm));
    AUTO(attrs_freep) struct attrs *base = fixture_secret_attrs(CKK_HKDF, hex_span(&ikm));
    const struct gen_keys keys = {k, base, NULL, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    CK_OBJECT_HANDLE handle = 1;

    (void)state;
    T_OK(gen_derive_plan(mech_find(CKM_HKDF_DATA), &m, &keys, v, 2, &handle, &d));
    assert_int_equal(d->how->class, CKO_DATA);
    assert_int_equal(d->outputs[0].n, 1);
    assert_int_equal(d->outputs[0].v[0].type, CKA_PRIVATE);
    T_OK(attrs_new(&a));
    T_OK(attrs_set_ulong(a, CKA_CLASS, CKO_DATA));
    T_OK(attrs_set(a, CKA_VALUE, SPAN_EMPTY)); /* as its default is */
    T_OK(gen_derive(d, &keys, &a));
    assert_span_equal(attrs_span(a, CKA_VALUE), hex_span(&okm));
    assert_int_equal(handle, 1);
    gen_derive_deliver(d, &(CK_OBJECT_HANDLE){4711});
    assert_int_equal(handle, 4711);
}

static void hkdf_parameters(void **state)
{
    CK_BYTE byte = 0;
    const CK_HKDF_PARAMS good = {
        CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, &byte, 1, CK_INVALID_HANDLE, &byte, 1};
    CK_HKDF_PARAMS p = good;
    const CK_MECHANISM m = {CKM_HKDF_DERIVE, &p, sizeof(p)};

    (void)state;
    p.bExtract = p.bExpand = CK_FALSE;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
    p = good;
    p.bExpand = 2;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
    p = good;
    p.prfHashMechanism = CKM_SHA256_HMAC;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
    p = good;
    p.ulSaltType = CKF_HKDF_SALT_DATA | CKF_HKDF_SALT_KEY;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
    p = good;
    p.pSalt = NULL;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
    p = good;
    p.pInfo = NULL;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_HKDF, IKM, 16);
}

/* -- PBKDF2 -------------------------------------------------------------------------------- */

struct password {
    CK_ULONG prf, iterations;
    const char *password, *salt, *key;
};

static CK_RV password_key(const CK_MECHANISM *m, CK_ULONG n, struct attrs **ret)
{
    *ret = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    T_OK(attrs_set_ulong(*ret, CKA_VALUE_LEN, n));
    return gen_key(mech_find(CKM_PKCS5_PBKD2), m, *ret);
}

/* What log_warn() says while it is caught: it goes to standard error, and that to a file. */
static FILE *caught_begin(int *ret_stderr)
{
    FILE *f = tmpfile();

    assert_non_null(f);
    (void)fflush(stderr);
    *ret_stderr = dup(STDERR_FILENO);
    assert_true(*ret_stderr >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
    log_to_stderr(true);
    return f;
}

static void caught_end(FILE *f, int was_stderr, char *text, size_t n)
{
    (void)fflush(stderr);
    log_to_stderr(false);
    assert_true(dup2(was_stderr, STDERR_FILENO) >= 0);
    (void)close(was_stderr);
    rewind(f);
    text[fread(text, 1, n - 1, f)] = '\0';
    (void)fclose(f);
}

/* One too many, of one block and of many, is refused before anything is computed: the test would
 * take a day otherwise. */
static void pbkdf2_too_much(void **state)
{
    static const struct {
        CK_ULONG prf, iterations, n;
    } much[] = {
        {CKP_PKCS5_PBKD2_HMAC_SHA256, 20000001, 32},
        {CKP_PKCS5_PBKD2_HMAC_SHA256, 10000001, 33},
        {CKP_PKCS5_PBKD2_HMAC_SHA1, 10000001, 21},
        {CKP_PKCS5_PBKD2_HMAC_SHA1, 20000000 / 205 + 1, 4096},
        {CKP_PKCS5_PBKD2_HMAC_SHA512, (CK_ULONG)-1, 1},
    };
    CK_BYTE byte = 0;
    char text[2048];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(much); i++) {
        CK_PKCS5_PBKD2_PARAMS2 p = {
            CKZ_SALT_SPECIFIED, &byte, 1, much[i].iterations, much[i].prf, NULL, 0, &byte, 1};
        const CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof(p)};
        AUTO(attrs_freep) struct attrs *a = NULL;
        int was;
        FILE *f = caught_begin(&was);
        const CK_RV rv = password_key(&m, much[i].n, &a);

        caught_end(f, was, text, sizeof(text));
        T_RV(CKR_MECHANISM_PARAM_INVALID, rv);
        assert_false(attrs_has(a, CKA_VALUE));
        assert_non_null(strstr(text, "iterations of PBKDF2 would take too long: at most "));
    }
}

/* What is done with a password elsewhere can be done here: OWASP's advice, and the key of an AES-XTS
 * disk. */
static void pbkdf2_enough(void **state)
{
    CK_BYTE byte = 0;
    CK_PKCS5_PBKD2_PARAMS2 p = {
        CKZ_SALT_SPECIFIED, &byte, 1, 1300000, CKP_PKCS5_PBKD2_HMAC_SHA1, NULL, 0, &byte, 1};
    const CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof(p)};
    AUTO(attrs_freep) struct attrs *sha1 = NULL;
    AUTO(attrs_freep) struct attrs *sha256 = NULL;

    (void)state;
    T_OK(password_key(&m, 20, &sha1));
    p.iterations = 600000;
    p.prf = CKP_PKCS5_PBKD2_HMAC_SHA256;
    T_OK(password_key(&m, 64, &sha256));
}

/* RFC 6070 1, 2 and 5; RFC 7914 11. The second form of the parameter gives the length of the
 * password by a pointer. */
static void pbkdf2(void **state)
{
    static const struct password known[] = {
        {CKP_PKCS5_PBKD2_HMAC_SHA1, 1, "password", "salt",
         "0c60c80f961f0e71f3a9b524af6012062fe037a6"},
        {CKP_PKCS5_PBKD2_HMAC_SHA1, 2, "password", "salt",
         "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"},
        {CKP_PKCS5_PBKD2_HMAC_SHA1, 4096, "passwordPASSWORDpassword",
         "saltSALTsaltSALTsaltSALTsaltSALTsalt",
         "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038"},
        {CKP_PKCS5_PBKD2_HMAC_SHA256, 1, "passwd", "salt",
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
         "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(known); i++) {
        const struct password *k = &known[i];
        CK_ULONG n_password = strlen(k->password);
        CK_PKCS5_PBKD2_PARAMS2 p = {CKZ_SALT_SPECIFIED,
                                    (void *)(uintptr_t)k->salt,
                                    strlen(k->salt),
                                    k->iterations,
                                    k->prf,
                                    NULL,
                                    0,
                                    (CK_UTF8CHAR *)(uintptr_t)k->password,
                                    n_password};
        const CK_MECHANISM m = {CKM_PKCS5_PBKD2, &p, sizeof(p)};
        AUTO(attrs_freep) struct attrs *one = NULL;
        AUTO(attrs_freep) struct attrs *other = NULL;
        const struct hex key = hex(k->key);

        T_OK(password_key(&m, key.n, &one));
        assert_span_equal(attrs_span(one, CKA_VALUE), hex_span(&key));
        p.ulPasswordLen = (CK_ULONG)(uintptr_t)&n_password;
        T_OK(password_key(&m, key.n, &other));
        assert_span_equal(attrs_span(other, CKA_VALUE), hex_span(&key));
    }
}

static void pbkdf2_parameters(void **state)
{
    CK_BYTE byte = 0;
    CK_ULONG long_one = 65536;
    const CK_PKCS5_PBKD2_PARAMS2 good = {
        CKZ_SALT_SPECIFIED, &byte, 1, 1, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, &byte, 1};
    CK_PKCS5_PBKD2_PARAMS2 bad[10];
    AUTO(attrs_freep) struct attrs *none = fixture_attrs(CKO_SECRET_KEY, CKK_AES);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        bad[i] = good;
    bad[0].saltSource = 0;
    bad[1].iterations = 0;
    bad[2].iterations = (CK_ULONG)-1;
    bad[3].prf = CKP_PKCS5_PBKD2_HMAC_GOSTR3411;
    bad[4].ulPrfDataLen = 1;
    bad[5].pSaltSourceData = NULL;
    bad[6].pPassword = NULL;
    bad[7].ulPasswordLen = (CK_ULONG)-1;        /* neither a length nor a pointer */
    bad[8].ulPasswordLen = 0x4711000000004711u; /* nothing is there */
    bad[9].ulPasswordLen = (CK_ULONG)(uintptr_t)&long_one;
    for (size_t i = 0; i < N_ELEMENTS(bad); i++) {
        const CK_MECHANISM m = {CKM_PKCS5_PBKD2, &bad[i], sizeof(bad[i])};
        AUTO(attrs_freep) struct attrs *a = NULL;

        T_RV(CKR_MECHANISM_PARAM_INVALID, password_key(&m, 16, &a));
        assert_false(attrs_has(a, CKA_VALUE));
    }
    bad[0] = good;
    T_RV(CKR_TEMPLATE_INCOMPLETE,
         gen_key(mech_find(CKM_PKCS5_PBKD2),
                 &(CK_MECHANISM){CKM_PKCS5_PBKD2, &bad[0], sizeof(bad[0])}, none));
}

/* -- encryption ---------------------------------------------------------------------------- */

/* SP 800-38A F.1.1 and F.2.1, two blocks. */
static void encrypted_data(void **state)
{
    static const char key[] = "2b7e151628aed2a6abf7158809cf4f3c";
    const struct hex data = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    const struct hex iv = hex("000102030405060708090a0b0c0d0e0f");
    CK_KEY_DERIVATION_STRING_DATA p = {BYTES(data), data.n};
    CK_AES_CBC_ENCRYPT_DATA_PARAMS c = {.pData = BYTES(data), .length = data.n};
    const CK_MECHANISM ecb = {CKM_AES_ECB_ENCRYPT_DATA, &p, sizeof(p)};
    const CK_MECHANISM cbc = {CKM_AES_CBC_ENCRYPT_DATA, &c, sizeof(c)};

    (void)state;
    memcpy(c.iv, iv.p, sizeof(c.iv));
    derives(&ecb, CKK_AES, key, 0,
            "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf");
    derives(&ecb, CKK_AES, key, 24, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699d");
    derives(&cbc, CKK_AES, key, 0,
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2");
    refuses(CKR_KEY_SIZE_RANGE, &ecb, CKK_AES, key, 33);
    p.ulLen = c.length = 31;
    refuses(CKR_MECHANISM_PARAM_INVALID, &ecb, CKK_AES, key, 16);
    refuses(CKR_MECHANISM_PARAM_INVALID, &cbc, CKK_AES, key, 16);
    p.ulLen = c.length = 0;
    refuses(CKR_MECHANISM_PARAM_INVALID, &ecb, CKK_AES, key, 16);
    refuses(CKR_MECHANISM_PARAM_INVALID, &cbc, CKK_AES, key, 16);
}

/* -- mixtures ------------------------------------------------------------------------------ */

/* The examples of 6.43, and the digest of RFC 6234's "abc". */
static void mixtures(void **state)
{
    const struct hex data = hex("89abcdef"), other = hex("89abcdef");
    CK_KEY_DERIVATION_STRING_DATA p = {BYTES(data), data.n};
    CK_OBJECT_HANDLE handle = 7;
    const CK_MECHANISM with_key = {CKM_CONCATENATE_BASE_AND_KEY, &handle, sizeof(handle)};
    const CK_MECHANISM appended = {CKM_CONCATENATE_BASE_AND_DATA, &p, sizeof(p)};
    const CK_MECHANISM prepended = {CKM_CONCATENATE_DATA_AND_BASE, &p, sizeof(p)};
    const CK_MECHANISM mixed = {CKM_XOR_BASE_AND_DATA, &p, sizeof(p)};
    const CK_MECHANISM digest = {CKM_SHA256_KEY_DERIVATION, NULL, 0};

    (void)state;
    the_other = fixture_secret(CKK_GENERIC_SECRET, hex_span(&other));
    derives(&with_key, CKK_GENERIC_SECRET, "01234567", 0, "0123456789abcdef");
    derives(&appended, CKK_GENERIC_SECRET, "01234567", 0, "0123456789abcdef");
    derives(&prepended, CKK_GENERIC_SECRET, "01234567", 0, "89abcdef01234567");
    refuses(CKR_KEY_SIZE_RANGE, &prepended, CKK_GENERIC_SECRET, "01234567", 7);
    refuses(CKR_KEY_SIZE_RANGE, &appended, CKK_GENERIC_SECRET, "01234567", 9);
    derives(&mixed, CKK_GENERIC_SECRET, "01234567", 0, "88888888");
    derives(&digest, CKK_GENERIC_SECRET, "616263", 0,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    derives(&digest, CKK_AES, "00000000000000000000000000000000", 16,
            "374708fff7719dd5979ec875d56cd228");
    refuses(CKR_KEY_SIZE_RANGE, &digest, CKK_GENERIC_SECRET, "616263", 33);
    handle = 8;
    refuses(CKR_KEY_HANDLE_INVALID, &with_key, CKK_GENERIC_SECRET, "01234567", 0);
    key_unref(TAKE(the_other));
}

/* 6.43.7: bits from 21 on, and round the end. */
static void extraction(void **state)
{
    CK_EXTRACT_PARAMS bit = 21;
    const CK_MECHANISM m = {CKM_EXTRACT_KEY_FROM_KEY, &bit, sizeof(bit)};

    (void)state;
    derives(&m, CKK_GENERIC_SECRET, "329f84a9", 4, "952653f0");
    refuses(CKR_TEMPLATE_INCOMPLETE, &m, CKK_GENERIC_SECRET, "329f84a9", 0);
    refuses(CKR_KEY_SIZE_RANGE, &m, CKK_GENERIC_SECRET, "329f84a9", 5);
    bit = 0;
    derives(&m, CKK_GENERIC_SECRET, "329f84a9", 4, "329f84a9");
    bit = 31;
    derives(&m, CKK_GENERIC_SECRET, "329f84a9", 4, "994fc254");
    bit = 32;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_GENERIC_SECRET, "329f84a9", 4);
    bit = (CK_ULONG)-1;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_GENERIC_SECRET, "329f84a9", 4);
}

/* Clulow, CHES 2003: a key cut to a byte is found by trying, and then the next byte. */
static void small_pieces_are_refused(void **state)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f";
    const struct hex data = hex("000102030405060708090a0b0c");
    CK_KEY_DERIVATION_STRING_DATA p = {BYTES(data), data.n};
    CK_EXTRACT_PARAMS bit = 0;
    const CK_MECHANISM mechanisms[] = {
        {CKM_EXTRACT_KEY_FROM_KEY, &bit, sizeof(bit)},
        {CKM_CONCATENATE_BASE_AND_DATA, &p, sizeof(p)},
        {CKM_CONCATENATE_DATA_AND_BASE, &p, sizeof(p)},
        {CKM_SHA256_KEY_DERIVATION, NULL, 0},
    };
    const CK_MECHANISM mixed = {CKM_XOR_BASE_AND_DATA, &p, sizeof(p)};
    AUTO(buf_clear) struct buf value = BUF_INIT;
    CK_OBJECT_HANDLE handle = 7;
    const CK_MECHANISM with_key = {CKM_CONCATENATE_BASE_AND_KEY, &handle, sizeof(handle)};
    const struct hex base = hex(key);

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(mechanisms); i++) {
        for (CK_ULONG n = 1; n < 14; n++)
            refuses(CKR_KEY_SIZE_RANGE, &mechanisms[i], CKK_AES, key, n);
        if (mechanisms[i].mechanism != CKM_CONCATENATE_DATA_AND_BASE)
            T_OK(derive(&mechanisms[i], CKK_AES, hex_span(&base), 14, &value));
    }
    refuses(CKR_KEY_SIZE_RANGE, &mixed, CKK_AES, key, 0); /* of 13 bytes */
    /* What stands before a key and is known counts for nothing. */
    for (CK_ULONG n = 14; n < 13 + 14; n++)
        refuses(CKR_KEY_SIZE_RANGE, &mechanisms[2], CKK_AES, key, n);
    T_OK(derive(&mechanisms[2], CKK_AES, hex_span(&base), 13 + 14, &value));
    the_other = fixture_secret(CKK_GENERIC_SECRET, hex_span(&base));
    for (CK_ULONG n = 2; n < 1 + 14; n++)
        refuses(CKR_KEY_SIZE_RANGE, &with_key, CKK_GENERIC_SECRET, "00", n);
    buf_clear(&value);
    T_OK(derive(&with_key, CKK_GENERIC_SECRET, hex_span(&data), 13 + 14, &value));
    key_unref(TAKE(the_other));
}

/* -- SP 800-108 ---------------------------------------------------------------------------- */

#define KI "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static CK_PRF_DATA_PARAM field(CK_PRF_DATA_TYPE type, const void *p, CK_ULONG n)
{
    return (CK_PRF_DATA_PARAM){type, (void *)(uintptr_t)p, n};
}

/* NIST's CAVP: KDFCTR, HMAC_SHA256, BEFORE_FIXED, RLEN 32, COUNT 0. */
static void sp800_counter(void **state)
{
    const struct hex fixed = hex("01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b8"
                                 "64a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac");
    const CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 32};
    CK_PRF_DATA_PARAM fields[] = {field(CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter)),
                                  field(CK_SP800_108_BYTE_ARRAY, fixed.p, fixed.n)};
    CK_SP800_108_KDF_PARAMS p = {CKM_SHA256_HMAC, 2, fields, 0, NULL};
    const CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &p, sizeof(p)};

    (void)state;
    derives(&m, CKK_GENERIC_SECRET,
            "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0", 16,
            "10621342bfb0fd40046c0e29f2cfdbf0");
    refuses(CKR_TEMPLATE_INCOMPLETE, &m, CKK_GENERIC_SECRET, KI, 0);
    refuses(CKR_KEY_TYPE_INCONSISTENT, &m, CKK_AES, KI, 16);
}

/* All fields, in both orders of bytes; what is expected was computed by Python's hmac from the
 * definitions of 5.1, 5.2 and 5.3. */
static void sp800_loops(void **state)
{
    const CK_SP800_108_COUNTER_FORMAT little_16 = {CK_TRUE, 16}, big_32 = {CK_FALSE, 32},
                                      big_8 = {CK_FALSE, 8};
    const CK_SP800_108_DKM_LENGTH_FORMAT length = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE,
                                                   16};
    const struct hex iv = hex("a0a1a2a3a4a5a6a7a8a9");
    CK_PRF_DATA_PARAM counted[] = {
        field(CK_SP800_108_ITERATION_VARIABLE, &little_16, sizeof(little_16)),
        field(CK_SP800_108_BYTE_ARRAY, "label\0context", 13),
        field(CK_SP800_108_DKM_LENGTH, &length, sizeof(length))};
    CK_PRF_DATA_PARAM fed_back[] = {field(CK_SP800_108_ITERATION_VARIABLE, NULL, 0),
                                    field(CK_SP800_108_COUNTER, &big_32, sizeof(big_32)),
                                    field(CK_SP800_108_BYTE_ARRAY, "label\0", 6),
                                    field(CK_SP800_108_KEY_HANDLE, NULL, 0),
                                    field(CK_SP800_108_DKM_LENGTH, &length, sizeof(length))};
    CK_OBJECT_HANDLE handle = 7;
    CK_SP800_108_KDF_PARAMS p = {CKM_SHA256_HMAC, 3, counted, 0, NULL};
    CK_SP800_108_FEEDBACK_KDF_PARAMS f = {CKM_SHA256_HMAC, 5, fed_back, iv.n, BYTES(iv), 0, NULL};
    const CK_MECHANISM counter = {CKM_SP800_108_COUNTER_KDF, &p, sizeof(p)};
    const CK_MECHANISM feedback = {CKM_SP800_108_FEEDBACK_KDF, &f, sizeof(f)};
    const CK_MECHANISM pipeline = {CKM_SP800_108_DOUBLE_PIPELINE_KDF, &p, sizeof(p)};

    (void)state;
    fed_back[3] = field(CK_SP800_108_KEY_HANDLE, &handle, sizeof(handle));
    the_other = fixture_secret(CKK_GENERIC_SECRET, SPAN_LIT("context"));
    derives(&counter, CKK_GENERIC_SECRET, KI, 40,
            "791da262d66811d4aad1f9d6f7a96270e034a77a5f3a2952d361054b7ef7d5089547346efd23a613");
    derives(&feedback, CKK_GENERIC_SECRET, KI, 40,
            "dc6283c03ac0b4e3396508399d8be88aef404551eb084c626211854e7c1b96deacdd2c80f0beb07b");
    p.pDataParams = fed_back;
    p.ulNumberOfDataParams = 5;
    fed_back[1] = field(CK_SP800_108_COUNTER, &big_8, sizeof(big_8));
    derives(&pipeline, CKK_GENERIC_SECRET, KI, 40,
            "7a8e4dce54e0c01d16a3ae1c569366eb9c3e7c02bcb8245a1f4d22e552579961d90afef5aa7d99fd");
    handle = 8;
    refuses(CKR_KEY_HANDLE_INVALID, &pipeline, CKK_GENERIC_SECRET, KI, 40);
    key_unref(TAKE(the_other));
}

/* 6.42.6: no two keys share a block; the length counts all keys, or all blocks. */
static void two_keys(const CK_SP800_108_DKM_LENGTH_FORMAT *length, const char *one_is,
                     const char *two_is)
{
    const CK_SP800_108_COUNTER_FORMAT counter = {CK_FALSE, 8};
    const struct hex ki = hex(KI), first = hex(one_is), second = hex(two_is);
    CK_PRF_DATA_PARAM fields[] = {field(CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter)),
                                  field(CK_SP800_108_BYTE_ARRAY, "label", 5),
                                  field(CK_SP800_108_DKM_LENGTH, length, sizeof(*length))};
    CK_OBJECT_HANDLE handles[2] = {1, 2};
    CK_DERIVED_KEY other = {NULL, 0, &handles[1]};
    CK_SP800_108_KDF_PARAMS p = {CKM_SHA256_HMAC, 3, fields, 1, &other};
    const CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &p, sizeof(p)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_GENERIC_SECRET, hex_span(&ki));
    AUTO(attrs_freep) struct attrs *base = fixture_secret_attrs(CKK_GENERIC_SECRET, hex_span(&ki));
    AUTO(attrs_freep) struct attrs *one = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    AUTO(attrs_freep) struct attrs *two = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    struct attrs *const both[] = {one, two};
    const struct gen_keys keys = {k, base, NULL, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;

    T_OK(attrs_set_bool(base, CKA_SENSITIVE, false));
    T_OK(attrs_set_ulong(one, CKA_VALUE_LEN, 40));
    T_OK(attrs_set_ulong(two, CKA_VALUE_LEN, 16));
    T_OK(gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, &handles[0], &d));
    assert_int_equal(d->n_outputs, 2);
    assert_false(attrs_bool(d->inherited, CKA_SENSITIVE, true));
    T_OK(gen_derive(d, &keys, both));
    assert_span_equal(attrs_span(one, CKA_VALUE), hex_span(&first));
    assert_span_equal(attrs_span(two, CKA_VALUE), hex_span(&second));
    gen_derive_deliver(d, (const CK_OBJECT_HANDLE[]){11, 12});
    assert_int_equal(handles[0], 11);
    assert_int_equal(handles[1], 12);
}

static void sp800_more_keys(void **state)
{
    const CK_SP800_108_DKM_LENGTH_FORMAT keys = {CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 16};
    const CK_SP800_108_DKM_LENGTH_FORMAT blocks = {CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS, CK_TRUE,
                                                   32};

    (void)state;
    two_keys(&keys,
             "ea60c312395ab137fb0328f0af7fd30429896d9cf178b1ae102c1c7ea2fea093de8587cfce81b752",
             "a800b411f5fa9f7734fea514c8a85fcc");
    two_keys(&blocks,
             "3f5363655a9144bc51f66de3f6634ed99fbb6d39ef36de8e6827eea752284f99a85e5d5e3f2852af",
             "c00934f9295d287c494cb338952003de");
}

static void sp800_parameters(void **state)
{
    const CK_SP800_108_COUNTER_FORMAT good = {CK_FALSE, 8}, odd = {CK_FALSE, 7},
                                      none = {CK_FALSE, 0}, wide = {CK_FALSE, 72};
    const CK_PRF_DATA_PARAM i = field(CK_SP800_108_ITERATION_VARIABLE, &good, sizeof(good));
    const CK_PRF_DATA_PARAM bad[][2] = {
        {i, i},
        {i, field(CK_SP800_108_COUNTER, &good, sizeof(good))},
        {field(CK_SP800_108_BYTE_ARRAY, "x", 1), field(CK_SP800_108_BYTE_ARRAY, "x", 1)},
        {i, field(CK_SP800_108_BYTE_ARRAY, "x", 0)},
        {i, field(CK_SP800_108_BYTE_ARRAY, NULL, 1)},
        {i, field(99, "x", 1)},
        {i, field(CK_SP800_108_KEY_HANDLE, "x", 1)},
        {i, field(CK_SP800_108_DKM_LENGTH, NULL, sizeof(CK_SP800_108_DKM_LENGTH_FORMAT))},
        {field(CK_SP800_108_ITERATION_VARIABLE, &odd, sizeof(odd)),
         field(CK_SP800_108_BYTE_ARRAY, "x", 1)},
        {field(CK_SP800_108_ITERATION_VARIABLE, &none, sizeof(none)),
         field(CK_SP800_108_BYTE_ARRAY, "x", 1)},
        {field(CK_SP800_108_ITERATION_VARIABLE, &wide, sizeof(wide)),
         field(CK_SP800_108_BYTE_ARRAY, "x", 1)},
        {field(CK_SP800_108_ITERATION_VARIABLE, NULL, 0), field(CK_SP800_108_BYTE_ARRAY, "x", 1)},
    };
    CK_SP800_108_KDF_PARAMS p = {CKM_SHA256_HMAC, 2, NULL, 0, NULL};
    const CK_MECHANISM m = {CKM_SP800_108_COUNTER_KDF, &p, sizeof(p)};
    CK_PRF_DATA_PARAM enough[] = {i};

    (void)state;
    for (size_t n = 0; n < N_ELEMENTS(bad); n++) {
        p.pDataParams = (CK_PRF_DATA_PARAM *)(uintptr_t)bad[n];
        refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_GENERIC_SECRET, KI, 16);
    }
    p.pDataParams = enough;
    p.ulNumberOfDataParams = 1;
    p.prfType = CKM_SHA256;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_GENERIC_SECRET, KI, 16);
    p.prfType = CKM_SHA256_HMAC;
    p.ulAdditionalDerivedKeys = 1;
    refuses(CKR_MECHANISM_PARAM_INVALID, &m, CKK_GENERIC_SECRET, KI, 16);
    p.ulAdditionalDerivedKeys = 0;
    /* A counter of 8 bits gives 255 blocks (6.42.3). */
    refuses(CKR_KEY_SIZE_RANGE, &m, CKK_GENERIC_SECRET, KI, 4097);
    p.prfType = CKM_AES_CMAC;
    refuses(CKR_KEY_SIZE_RANGE, &m, CKK_AES, KI, 16 * 255 + 1);
    refuses(CKR_KEY_TYPE_INCONSISTENT, &m, CKK_GENERIC_SECRET, KI, 16);
}

/* -- TLS 1.2 ------------------------------------------------------------------------------- */

#define CLIENT "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
#define SERVER "505152535455565758595a5b5c5d5e5f505152535455565758595a5b5c5d5e5f"
#define MASTER                                                                                     \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d" \
    "2e2f"
#define PREMASTER                                                                                  \
    "0303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b" \
    "2c2d"

/* The PRF's vector that is widely used (P_SHA256, "test label"), as an exporter's. */
static void tls_prf_vector(void **state)
{
    const struct hex seed = hex("a0ba9f936cda311827a6f796ffd5198c");
    CK_TLS_KDF_PARAMS p = {CKM_SHA256, (CK_BYTE *)(uintptr_t) "test label",
                           10,         {BYTES(seed), 8, BYTES(seed) + 8, 8},
                           NULL,       0};
    const CK_MECHANISM m = {CKM_TLS_KDF, &p, sizeof(p)}, old = {CKM_TLS12_KDF, &p, sizeof(p)};
    static const char out[] =
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e"
        "14baf9af0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5"
        "a72e5a5110fff70187347b66";

    (void)state;
    derives(&m, CKK_GENERIC_SECRET, "9bbe436ba940f017b17652849a71db35", 100, out);
    derives(&old, CKK_GENERIC_SECRET, "9bbe436ba940f017b17652849a71db35", 100, out);
    refuses(CKR_TEMPLATE_INCOMPLETE, &m, CKK_GENERIC_SECRET, MASTER, 0);
}

/* The rest was computed by Python's hmac from RFC 5246, RFC 5705 and RFC 7627. */
static void tls_master(void **state)
{
    const struct hex client = hex(CLIENT), server = hex(SERVER);
    const struct hex hash = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CK_VERSION version = {0, 0};
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = {
        {BYTES(client), client.n, BYTES(server), server.n}, &version, CKM_SHA256};
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS e = {CKM_SHA256, BYTES(hash), hash.n, &version};
    const CK_MECHANISM rsa = {CKM_TLS12_MASTER_KEY_DERIVE, &p, sizeof(p)};
    const CK_MECHANISM dh = {CKM_TLS12_MASTER_KEY_DERIVE_DH, &p, sizeof(p)};
    const CK_MECHANISM extended = {CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &e, sizeof(e)};
    const CK_MECHANISM extended_dh = {CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &e, sizeof(e)};

    (void)state;
    derives(
        &rsa, CKK_GENERIC_SECRET, PREMASTER, 0,
        "f77ed1c64faaa27bcc2973644a73dc42d8e15fd6d57802153e7245856d36dd5d8365ace6bcf9128c570a2a62"
        "b5bcbb31");
    derives(
        &extended, CKK_GENERIC_SECRET, PREMASTER, 0,
        "80e7f646aa175138b863f739340780ed73ca9d939650043366a5e34886e3f11cd4382ea44568728492af9fef"
        "4ac7f5b0");
    assert_int_equal(version.major, 0); /* not before all is done */
    refuses(CKR_MECHANISM_PARAM_INVALID, &dh, CKK_GENERIC_SECRET, PREMASTER, 0);
    refuses(CKR_MECHANISM_PARAM_INVALID, &extended_dh, CKK_GENERIC_SECRET, PREMASTER, 0);
    refuses(CKR_KEY_SIZE_RANGE, &rsa, CKK_GENERIC_SECRET, "0303", 0);
    p.pVersion = e.pVersion = NULL;
    refuses(CKR_MECHANISM_PARAM_INVALID, &rsa, CKK_GENERIC_SECRET, PREMASTER, 0);
    derives(
        &dh, CKK_GENERIC_SECRET, PREMASTER, 0,
        "f77ed1c64faaa27bcc2973644a73dc42d8e15fd6d57802153e7245856d36dd5d8365ace6bcf9128c570a2a62"
        "b5bcbb31");
    derives(
        &extended_dh, CKK_GENERIC_SECRET, PREMASTER, 0,
        "80e7f646aa175138b863f739340780ed73ca9d939650043366a5e34886e3f11cd4382ea44568728492af9fef"
        "4ac7f5b0");
}

/* The version comes out at the end, and the master secret is good for TLS only (6.40.4). */
static void tls_master_delivers(void **state)
{
    const struct hex client = hex(CLIENT), premaster = hex(PREMASTER);
    CK_VERSION version = {0, 0};
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = {
        {BYTES(client), client.n, BYTES(client), client.n}, &version, CKM_SHA256};
    const CK_MECHANISM m = {CKM_TLS12_MASTER_KEY_DERIVE, &p, sizeof(p)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_GENERIC_SECRET, hex_span(&premaster));
    const struct gen_keys keys = {k, NULL, NULL, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    CK_OBJECT_HANDLE handle;
    struct span allowed;

    (void)state;
    T_OK(gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, &handle, &d));
    assert_int_equal(d->outputs[0].key_type, CKK_GENERIC_SECRET);
    T_OK(gen_derive(d, &keys, &a));
    gen_derive_deliver(d, &(CK_OBJECT_HANDLE){5});
    assert_int_equal(version.major, 3);
    assert_int_equal(version.minor, 3);
    assert_int_equal(handle, 5);
    allowed = attrs_span(a, CKA_ALLOWED_MECHANISMS);
    assert_int_equal(allowed.n % sizeof(CK_MECHANISM_TYPE), 0);
    for (size_t at = 0; at < allowed.n; at += sizeof(CK_MECHANISM_TYPE)) {
        CK_MECHANISM_TYPE type;

        memcpy(&type, allowed.p + at, sizeof(type));
        assert_int_equal(strncmp(mech_find(type)->name, "CKM_TLS", 7), 0);
    }
    /* A list of the application's own has no place beside it. */
    T_RV(CKR_TEMPLATE_INCONSISTENT, gen_derive(d, &keys, &a));
}

static void tls_keys(void **state)
{
    const struct hex client = hex(CLIENT), server = hex(SERVER), master = hex(MASTER);
    const struct hex block =
        hex("f3c783cab3099c1e754aed106febc90b76d0472ba4020db749394c205f89cf8e4fc383143f890f3b30d0"
            "aec89f8ad99a9ce34a4be087d31b4ecd14bfd67858e3cfcca88b8a6d2a17e67ff9acf1551d22");
    CK_BYTE iv[2][4] = {{0}, {0}};
    CK_SSL3_KEY_MAT_OUT out = {9, 9, 9, 9, iv[0], iv[1]};
    CK_TLS12_KEY_MAT_PARAMS p = {
        160,  128,       32, CK_FALSE, {BYTES(client), client.n, BYTES(server), server.n},
        &out, CKM_SHA256};
    const CK_MECHANISM m = {CKM_TLS12_KEY_AND_MAC_DERIVE, &p, sizeof(p)};
    const CK_BBOOL yes = CK_TRUE;
    const CK_ATTRIBUTE v[] = {{CKA_TOKEN, (void *)(uintptr_t)&yes, 1},
                              {CKA_ENCRYPT, (void *)(uintptr_t)&yes, 1}};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_GENERIC_SECRET, hex_span(&master));
    AUTO(attrs_freep)
    struct attrs *base = fixture_secret_attrs(CKK_GENERIC_SECRET, hex_span(&master));
    const struct gen_keys keys = {k, base, NULL, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    struct attrs *a[4];
    size_t at = 0;

    (void)state;
    T_OK(gen_derive_plan(mech_find(m.mechanism), &m, &keys, v, 2, NULL, &d));
    assert_int_equal(d->n_outputs, 4);
    for (size_t i = 0; i < 4; i++) {
        /* Where they are is the same for all, what they do is not. */
        assert_int_equal(d->outputs[i].n, i < 2 ? 1 : 2);
        assert_int_equal(d->outputs[i].v[0].type, CKA_TOKEN);
        a[i] = fixture_attrs(CKO_SECRET_KEY, i < 2 ? CKK_GENERIC_SECRET : CKK_AES);
    }
    T_OK(gen_derive(d, &keys, a));
    gen_derive_deliver(d, (const CK_OBJECT_HANDLE[]){1, 2, 3, 4});
    for (size_t i = 0; i < 4; i++) {
        const size_t n = i < 2 ? 20 : 16;

        assert_span_equal(attrs_span(a[i], CKA_VALUE), span_of(block.p + at, n));
        at += n;
        attrs_free(a[i]);
    }
    assert_memory_equal(iv[0], block.p + at, 4);
    assert_memory_equal(iv[1], block.p + at + 4, 4);
    assert_int_equal(out.hClientMacSecret, 1);
    assert_int_equal(out.hServerMacSecret, 2);
    assert_int_equal(out.hClientKey, 3);
    assert_int_equal(out.hServerKey, 4);
}

/* CKM_TLS12_KEY_SAFE_DERIVE: no IV, whatever is asked; no MAC keys where none are. */
static void tls_keys_without_ivs(void **state)
{
    const struct hex client = hex(CLIENT), server = hex(SERVER), master = hex(MASTER);
    CK_SSL3_KEY_MAT_OUT out = {9, 9, 9, 9, NULL, NULL};
    CK_TLS12_KEY_MAT_PARAMS p = {
        0,    128,       128, CK_FALSE, {BYTES(client), client.n, BYTES(server), server.n},
        &out, CKM_SHA256};
    const CK_MECHANISM m = {CKM_TLS12_KEY_SAFE_DERIVE, &p, sizeof(p)};
    const CK_MECHANISM with_ivs = {CKM_TLS12_KEY_AND_MAC_DERIVE, &p, sizeof(p)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_GENERIC_SECRET, hex_span(&master));
    AUTO(attrs_freep)
    struct attrs *base = fixture_secret_attrs(CKK_GENERIC_SECRET, hex_span(&master));
    const struct gen_keys keys = {k, base, NULL, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    AUTO(attrs_freep) struct attrs *one = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    AUTO(attrs_freep) struct attrs *two = fixture_attrs(CKO_SECRET_KEY, CKK_AES);
    struct attrs *const a[] = {one, two};
    struct gen_derivation *none = NULL;

    (void)state;
    T_OK(gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, NULL, &d));
    assert_int_equal(d->n_outputs, 2);
    T_OK(gen_derive(d, &keys, a));
    assert_int_equal(d->shown.n, 0);
    gen_derive_deliver(d, (const CK_OBJECT_HANDLE[]){3, 4});
    assert_int_equal(out.hClientMacSecret, CK_INVALID_HANDLE);
    assert_int_equal(out.hServerMacSecret, CK_INVALID_HANDLE);
    assert_int_equal(out.hClientKey, 3);
    assert_int_equal(out.hServerKey, 4);
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_derive_plan(mech_find(with_ivs.mechanism), &with_ivs, &keys, NULL, 0, NULL, &none));
    p.bIsExport = CK_TRUE;
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, NULL, &none));
    p.bIsExport = CK_FALSE;
    p.ulKeySizeInBits = 127;
    T_RV(CKR_MECHANISM_PARAM_INVALID,
         gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, NULL, &none));
}

static void tls_exporter_and_mac(void **state)
{
    const struct hex client = hex(CLIENT), server = hex(SERVER), master = hex(MASTER);
    const struct hex hash = hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const struct hex of_client = hex("2e723a1a81c1f0d7fed5d17c"),
                     of_server = hex("5f03db3de833f2d3ef6080fe");
    CK_TLS_KDF_PARAMS p = {CKM_SHA256,
                           (CK_BYTE *)(uintptr_t) "EXPORTER-x",
                           10,
                           {BYTES(client), client.n, BYTES(server), server.n},
                           (CK_BYTE *)(uintptr_t) "ctx",
                           3};
    CK_TLS_MAC_PARAMS f = {CKM_SHA256, 12, 2};
    const CK_MECHANISM exporter = {CKM_TLS_KDF, &p, sizeof(p)}, mac = {CKM_TLS_MAC, &f, sizeof(f)};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_GENERIC_SECRET, hex_span(&master));
    AUTO(buf_clear) struct buf one = BUF_INIT;
    AUTO(buf_clear) struct buf two = BUF_INIT;
    struct op *o = NULL;

    (void)state;
    derives(&exporter, CKK_GENERIC_SECRET, MASTER, 20, "ec1a00c027a81f2934a240e64281cc8cbf42ba91");
    fixture_once(OP_SIGN, mech_find(CKM_TLS_MAC), &mac, k, hex_span(&hash), &one);
    assert_span_equal(buf_span(&one), hex_span(&of_client));
    f.ulServerOrClient = 1;
    fixture_once(OP_SIGN, mech_find(CKM_TLS12_MAC), &mac, k, hex_span(&hash), &two);
    assert_span_equal(buf_span(&two), hex_span(&of_server));
    f.ulServerOrClient = 3;
    T_RV(CKR_MECHANISM_PARAM_INVALID, op_start(OP_SIGN, mech_find(CKM_TLS_MAC), &mac, k, &o));
    f.ulServerOrClient = 1;
    f.ulMacLength = 11;
    T_RV(CKR_MECHANISM_PARAM_INVALID, op_start(OP_SIGN, mech_find(CKM_TLS_MAC), &mac, k, &o));
}

/* -- public keys --------------------------------------------------------------------------- */

static void public_key_of(struct attrs *public_key, struct attrs *private_key)
{
    const CK_MECHANISM m = {CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0};
    static const CK_ATTRIBUTE_TYPE compared[] = {CKA_MODULUS,      CKA_PUBLIC_EXPONENT,
                                                 CKA_MODULUS_BITS, CKA_EC_PARAMS,
                                                 CKA_EC_POINT,     CKA_PUBLIC_KEY_INFO};
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;

    T_OK(key_complete(public_key));
    T_OK(key_complete(private_key));
    k = fixture_key_from(private_key);
    a = fixture_attrs(CKO_PUBLIC_KEY, key_type(k));
    T_OK(fixture_derive(mech_find(m.mechanism), &m, k, private_key, a));
    T_OK(key_complete(a));
    for (size_t i = 0; i < N_ELEMENTS(compared); i++)
        assert_span_equal(attrs_span(a, compared[i]), attrs_span(public_key, compared[i]));
    /* What the template says of it must be true. */
    T_OK(attrs_set(a, key_type(k) == CKK_RSA ? CKA_MODULUS : CKA_EC_POINT, SPAN_LIT("other")));
    T_RV(CKR_TEMPLATE_INCONSISTENT, fixture_derive(mech_find(m.mechanism), &m, k, private_key, a));
}

static void public_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i <= n_curves; i++) {
        AUTO(attrs_freep) struct attrs *public_key = NULL;
        AUTO(attrs_freep) struct attrs *private_key = NULL;

        if (i == n_curves)
            fixture_rsa_attrs(2048, &public_key, &private_key);
        else
            fixture_ec_attrs(curves[i].key_type, curves[i].oid, &public_key, &private_key);
        public_key_of(public_key, private_key);
    }
}

static void public_keys_inherit_uses(void **state)
{
    const CK_MECHANISM m = {CKM_PUB_KEY_FROM_PRIV_KEY, NULL, 0};
    AUTO(attrs_freep) struct attrs *public_key = NULL;
    AUTO(attrs_freep) struct attrs *private_key = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    struct gen_keys keys = {0};
    CK_OBJECT_HANDLE handle;

    (void)state;
    fixture_rsa_attrs(2048, &public_key, &private_key);
    T_OK(attrs_set_bool(private_key, CKA_SIGN, true));
    T_OK(attrs_set_bool(private_key, CKA_DECRYPT, false));
    T_OK(attrs_set_bool(private_key, CKA_TRUSTED, true));
    T_OK(attrs_set(private_key, CKA_ID, SPAN_LIT("id")));
    k = fixture_key_from(private_key);
    keys = (struct gen_keys){k, private_key, NULL, NULL};
    T_OK(gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, &handle, &d));
    assert_true(attrs_bool(d->inherited, CKA_VERIFY, false));
    assert_false(attrs_bool(d->inherited, CKA_ENCRYPT, true));
    assert_span_equal(attrs_span(d->inherited, CKA_ID), SPAN_LIT("id"));
    assert_false(attrs_has(d->inherited, CKA_TRUSTED));
    assert_false(attrs_has(d->inherited, CKA_WRAP));
    assert_int_equal(d->outputs[0].key_type, CKK_RSA);
}

/* -- every row ----------------------------------------------------------------------------- */

/* A parameter that is right, for every parser of a row that derives. */
union good {
    CK_ECDH1_DERIVE_PARAMS ecdh;
    CK_HKDF_PARAMS hkdf;
    CK_KEY_DERIVATION_STRING_DATA string;
    CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc;
    CK_SP800_108_KDF_PARAMS kdf;
    CK_SP800_108_FEEDBACK_KDF_PARAMS feedback;
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS master;
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS extended;
    CK_TLS12_KEY_MAT_PARAMS keys;
    CK_TLS_KDF_PARAMS exporter;
    CK_ULONG number;
};

static CK_BYTE bytes_32[32] = {1, 2, 3};
static CK_VERSION the_version;
static CK_SSL3_KEY_MAT_OUT the_keys = {0, 0, 0, 0, bytes_32, bytes_32};
static struct span the_peer;

static const CK_SP800_108_COUNTER_FORMAT the_counter = {CK_FALSE, 32};
static CK_PRF_DATA_PARAM counted = {CK_SP800_108_ITERATION_VARIABLE,
                                    (void *)(uintptr_t)&the_counter, sizeof(the_counter)};
static CK_PRF_DATA_PARAM iterated[] = {{CK_SP800_108_ITERATION_VARIABLE, NULL, 0},
                                       {CK_SP800_108_BYTE_ARRAY, bytes_32, 32}};

#define RANDOMS                                                                                    \
    {                                                                                              \
        bytes_32, 32, bytes_32, 32                                                                 \
    }

static const struct {
    mech_parse *parse;
    size_t n;
    union good p;
} goods[] = {
    {parse_none, 0, {.number = 0}},
    {parse_hkdf,
     sizeof(CK_HKDF_PARAMS),
     {.hkdf = {CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, bytes_32, 32}}},
    {parse_string, sizeof(CK_KEY_DERIVATION_STRING_DATA), {.string = {bytes_32, 32}}},
    {parse_blocks, sizeof(CK_KEY_DERIVATION_STRING_DATA), {.string = {bytes_32, 32}}},
    {parse_cbc_data, sizeof(CK_AES_CBC_ENCRYPT_DATA_PARAMS), {.cbc = {{0}, bytes_32, 32}}},
    {parse_handle, sizeof(CK_OBJECT_HANDLE), {.number = 7}},
    {parse_extract, sizeof(CK_EXTRACT_PARAMS), {.number = 1}},
    {parse_sp800_counter,
     sizeof(CK_SP800_108_KDF_PARAMS),
     {.kdf = {CKM_SHA256_HMAC, 1, &counted, 0, NULL}}},
    {parse_sp800_pipeline,
     sizeof(CK_SP800_108_KDF_PARAMS),
     {.kdf = {CKM_SHA256_HMAC, 2, iterated, 0, NULL}}},
    {parse_sp800_feedback,
     sizeof(CK_SP800_108_FEEDBACK_KDF_PARAMS),
     {.feedback = {CKM_SHA256_HMAC, 2, iterated, 0, NULL, 0, NULL}}},
    {parse_tls_master,
     sizeof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS),
     {.master = {RANDOMS, &the_version, CKM_SHA256}}},
    {parse_tls_master_dh,
     sizeof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS),
     {.master = {RANDOMS, NULL, CKM_SHA256}}},
    {parse_tls_extended,
     sizeof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS),
     {.extended = {CKM_SHA256, bytes_32, 32, &the_version}}},
    {parse_tls_extended_dh,
     sizeof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS),
     {.extended = {CKM_SHA256, bytes_32, 32, NULL}}},
    {parse_tls_keys,
     sizeof(CK_TLS12_KEY_MAT_PARAMS),
     {.keys = {256, 128, 128, CK_FALSE, RANDOMS, &the_keys, CKM_SHA256}}},
    {parse_tls_keys_only,
     sizeof(CK_TLS12_KEY_MAT_PARAMS),
     {.keys = {256, 128, 0, CK_FALSE, RANDOMS, &the_keys, CKM_SHA256}}},
    {parse_tls_kdf,
     sizeof(CK_TLS_KDF_PARAMS),
     {.exporter = {CKM_SHA256, bytes_32, 5, RANDOMS, NULL, 0}}},
};

/* The row's parameter; ECDH's peer is the key itself. */
static CK_MECHANISM good_mechanism(const struct mech *row, union good *room)
{
    for (size_t i = 0; i < N_ELEMENTS(goods); i++) {
        if (goods[i].parse == row->parse) {
            *room = goods[i].p;
            return (CK_MECHANISM){row->type, goods[i].n > 0 ? room : NULL, goods[i].n};
        }
    }
    if (row->parse != parse_ecdh)
        fail_msg("%s: no parameter here", row->name);
    room->ecdh = (CK_ECDH1_DERIVE_PARAMS){CKD_SHA256_KDF, 0, NULL, the_peer.n, BYTES(the_peer)};
    return (CK_MECHANISM){row->type, room, sizeof(room->ecdh)};
}

/* The smallest or largest base key, with its attributes; of pairs the private half, whose point is
 * the peer's. */
static struct attrs *base_of(const struct mech *row, bool largest)
{
    const CK_ULONG unit = row->gen == &gen_sp800 ? 8 : 1, size = largest ? row->max : row->min;
    static uint8_t value[4096];
    struct attrs *public_key = NULL, *private_key = NULL;

    memset(value, 0x5a, sizeof(value));
    if (row->key_type != CKK_EC && row->key_type != ANY_KEY)
        return fixture_secret_attrs(row->key_type, span_of(value, size / unit));
    if (row->key_type == ANY_KEY && largest) {
        fixture_rsa_attrs(8192, &public_key, &private_key);
    } else {
        for (size_t i = 0; i < n_curves && private_key == NULL; i++) {
            if (curves[i].key_type == CKK_EC && curves[i].bits == size)
                fixture_ec_attrs(CKK_EC, curves[i].oid, &public_key, &private_key);
        }
    }
    assert_non_null(private_key);
    T_OK(key_complete(private_key));
    the_peer = attrs_span(private_key, CKA_EC_POINT);
    attrs_free(public_key);
    return private_key;
}

static void derive_row(const struct mech *row, bool largest)
{
    AUTO(attrs_freep) struct attrs *base = base_of(row, largest);
    AUTO(key_unrefp) struct key *k = fixture_key_from(base);
    const struct gen_keys keys = {k, base, find_other, NULL};
    AUTO(gen_derivation_freep) struct gen_derivation *d = NULL;
    struct attrs *a[GEN_MAX_OUTPUTS] = {NULL};
    CK_OBJECT_HANDLE handle, handles[GEN_MAX_OUTPUTS] = {0};
    union good room;
    const CK_MECHANISM m = good_mechanism(row, &room);

    assert_true(mech_takes_key(row, key_class(k), key_type(k), CKF_DERIVE));
    assert_int_equal(mech_key_size(row, k), largest ? row->max : row->min);
    T_OK(gen_derive_plan(row, &m, &keys, NULL, 0, &handle, &d));
    for (size_t i = 0; i < d->n_outputs; i++) {
        const bool is_public = d->how->class == CKO_PUBLIC_KEY;
        const CK_ULONG n_before = row->gen == &gen_prepend ? 32 : 0; /* known bytes */

        a[i] = fixture_attrs(d->how->class, is_public ? key_type(k) : CKK_GENERIC_SECRET);
        if (d->outputs[i].length == 0 && !is_public && row->gen != &gen_tls_master)
            T_OK(attrs_set_ulong(a[i], CKA_VALUE_LEN,
                                 n_before + (row->max == 4096 && !largest ? 1 : 16)));
    }
    T_OK(gen_derive(d, &keys, a));
    for (size_t i = 0; i < d->n_outputs; i++) {
        T_OK(d->how->class == CKO_DATA ? CKR_OK : key_complete(a[i]));
        attrs_free(a[i]);
    }
    gen_derive_deliver(d, handles);
}

static void every_row_derives(void **state)
{
    (void)state;
    the_other = fixture_secret(CKK_GENERIC_SECRET, SPAN_LIT("0123456789abcdef"));
    for (size_t i = 0; i < n_mechs; i++) {
        if ((mechs[i].flags & CKF_DERIVE) == 0)
            continue;
        derive_row(&mechs[i], false);
        derive_row(&mechs[i], true);
    }
    key_unref(TAKE(the_other));
}

static void wrong_parameters_are_refused(void **state)
{
    uint8_t garbage[200];

    (void)state;
    memset(garbage, 0xff, sizeof(garbage));
    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];
        const CK_MECHANISM wrong[] = {
            {row->type, garbage, 3}, {row->type, garbage, sizeof(garbage)}, {row->type, NULL, 16}};
        AUTO(attrs_freep) struct attrs *a = fixture_attrs(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
        AUTO(key_unrefp) struct key *k = fixture_secret(CKK_AES, SPAN_LIT("0123456789abcdef"));

        T_OK(attrs_set_ulong(a, CKA_VALUE_LEN, 16));
        for (size_t j = 0; j < N_ELEMENTS(wrong); j++) {
            if ((row->flags & CKF_DERIVE) != 0)
                T_RV(CKR_MECHANISM_PARAM_INVALID, fixture_derive(row, &wrong[j], k, a, a));
            if ((row->flags & CKF_GENERATE) != 0)
                T_RV(CKR_MECHANISM_PARAM_INVALID, gen_key(row, &wrong[j], a));
        }
        assert_int_equal(a->n, 3);
    }
}

/* C_DeriveKey without a place for the handle. */
static void handles_need_a_place(void **state)
{
    const CK_MECHANISM m = {CKM_SHA256_KEY_DERIVATION, NULL, 0};
    AUTO(key_unrefp) struct key *k = fixture_secret(CKK_AES, SPAN_LIT("0123456789abcdef"));
    const struct gen_keys keys = {.base = k};
    struct gen_derivation *d = NULL;

    (void)state;
    T_RV(CKR_ARGUMENTS_BAD, gen_derive_plan(mech_find(m.mechanism), &m, &keys, NULL, 0, NULL, &d));
    assert_null(d);
}

static int set_up(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/derive/hkdf/known", hkdf),
        TEST("/derive/hkdf/salt-key", hkdf_salt_key),
        TEST("/derive/hkdf/data", hkdf_data),
        TEST("/derive/hkdf/parameters", hkdf_parameters),
        TEST("/derive/pbkdf2/known", pbkdf2),
        TEST("/derive/pbkdf2/parameters", pbkdf2_parameters),
        TEST("/derive/pbkdf2/too-much", pbkdf2_too_much),
        TEST("/derive/pbkdf2/enough", pbkdf2_enough),
        TEST("/derive/encrypt/known", encrypted_data),
        TEST("/derive/mix/known", mixtures),
        TEST("/derive/mix/extract", extraction),
        TEST("/derive/mix/small-pieces-are-refused", small_pieces_are_refused),
        TEST("/derive/sp800/counter", sp800_counter),
        TEST("/derive/sp800/loops", sp800_loops),
        TEST("/derive/sp800/more-keys", sp800_more_keys),
        TEST("/derive/sp800/parameters", sp800_parameters),
        TEST("/derive/tls/prf", tls_prf_vector),
        TEST("/derive/tls/master", tls_master),
        TEST("/derive/tls/master/delivers", tls_master_delivers),
        TEST("/derive/tls/keys", tls_keys),
        TEST("/derive/tls/keys/without-ivs", tls_keys_without_ivs),
        TEST("/derive/tls/exporter-and-mac", tls_exporter_and_mac),
        TEST("/derive/public/every-type", public_keys),
        TEST("/derive/public/inherits-uses", public_keys_inherit_uses),
        TEST("/derive/row/every", every_row_derives),
        TEST("/derive/parameter/wrong-ones-are-refused", wrong_parameters_are_refused),
        TEST("/derive/handle/needs-a-place", handles_need_a_place),
    };

    return cmocka_run_group_tests_name("derive", tests, set_up, NULL);
}
