/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-import-file.c - files of keys and certificates as `tee-pkcs11 import` reads them: what
 * becomes an item, what goes together, and how often a key or certificate is taken apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "cli/bag.h"
#include "cli/read_file.h"
#include "crypto/material.h"
#include "crypto/ossl.h"

#define N_KEYS 60

static BIO *file; /* what is read */
static size_t n_taken_apart;
static char said[256];

/* -- in place of read_file.c, pin.c and main.c -------------------------------------------------- */

bool file_read_max(const char *path, size_t max, struct buf *ret)
{
    char *p = NULL;
    const long n = BIO_get_mem_data(file, &p);

    (void)path;
    assert_in_range(n, 1, max);
    buf_put(ret, span_of(p, (size_t)n));
    return !ret->failed;
}

bool pin_source_given(const struct pin_source *s)
{
    (void)s;
    return true;
}

bool pin_read(const struct pin_source *s, const char *prompt, bool twice, struct buf *ret)
{
    (void)s;
    (void)prompt;
    (void)twice;
    (void)ret;
    fail_msg("a passphrase is asked for");
    return false;
}

int cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
    return code;
}

/* -- counting ----------------------------------------------------------------------------------- */

CK_RV __real_material_spki_private(struct span pkcs8, struct buf *ret);
CK_RV __wrap_material_spki_private(struct span pkcs8, struct buf *ret);
CK_RV __real_material_spki_certificate(struct span certificate, struct buf *ret);
CK_RV __wrap_material_spki_certificate(struct span certificate, struct buf *ret);

CK_RV __wrap_material_spki_private(struct span pkcs8, struct buf *ret)
{
    n_taken_apart++;
    return __real_material_spki_private(pkcs8, ret);
}

CK_RV __wrap_material_spki_certificate(struct span certificate, struct buf *ret)
{
    n_taken_apart++;
    return __real_material_spki_certificate(certificate, ret);
}

/* -- files -------------------------------------------------------------------------------------- */

static EVP_PKEY *keys[N_KEYS];

static int setup(void **state)
{
    (void)state;
    file = BIO_new(BIO_s_mem());
    return file != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    BIO_free(file);
    return 0;
}

static void put_key(const EVP_PKEY *key)
{
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
}

/* A certificate for the key, by itself, with this number and the same as its common name. */
static X509 *certificate_new(EVP_PKEY *key, unsigned number)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);
    char text[16];

    (void)snprintf(text, sizeof(text), "%u", number);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (uint8_t *)text, -1, -1,
                                                0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), number), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void put_certificate(EVP_PKEY *key, unsigned number)
{
    X509 *cert = certificate_new(key, number);

    assert_int_equal(PEM_write_bio_X509(file, cert), 1);
    X509_free(cert);
}

static int read_file_items(struct import_items *ret)
{
    const struct import_keys how = {.label = NULL};
    struct passphrase p = {.have = false};
    int code;

    n_taken_apart = 0;
    said[0] = '\0';
    *ret = (struct import_items){.v = NULL};
    code = import_file("/a/file.pem", &p, &how, ret);
    buf_clear(&p.text);
    return code;
}

/* -- tests -------------------------------------------------------------------------------------- */

static struct span id_of(const struct import_item *item)
{
    return attrs_span(item->attrs, CKA_ID);
}

/* How many items of the class have this CKA_ID. */
static size_t n_with_id(const struct import_items *items, CK_OBJECT_CLASS class, struct span id)
{
    size_t n = 0;

    for (size_t i = 0; i < items->n; i++)
        n += items->v[i].class == class && span_equal(id_of(&items->v[i]), id) ? 1 : 0;
    return n;
}

/* Keys in front, then their certificates the other way round: each finds its own, and no more is
 * taken apart than there is. */
static void each_is_taken_apart_once(void **state)
{
    AUTO(import_items_clear) struct import_items items = {.v = NULL};

    (void)state;
    for (unsigned i = 0; i < N_KEYS; i++)
        put_key(keys[i]);
    for (unsigned i = N_KEYS; i-- > 0;)
        put_certificate(keys[i], i);
    assert_int_equal(read_file_items(&items), EXIT_DONE);
    assert_int_equal(n_taken_apart, 2 * N_KEYS);
    assert_int_equal(items.n, 3 * N_KEYS);
    for (size_t i = 0; i < items.n; i += 3) {
        const struct span id = id_of(&items.v[i]);

        assert_int_equal(items.v[i].class, CKO_PRIVATE_KEY);
        assert_int_equal(items.v[i + 1].class, CKO_PUBLIC_KEY);
        assert_int_equal(items.v[i + 2].class, CKO_CERTIFICATE);
        assert_string_equal(items.v[i + 2].name, "file");
        assert_int_equal(n_with_id(&items, CKO_PRIVATE_KEY, id), 1);
        assert_int_equal(n_with_id(&items, CKO_PUBLIC_KEY, id), 1);
        assert_int_equal(n_with_id(&items, CKO_CERTIFICATE, id), 1);
    }
}

/* Several certificates of a key go with it in their order, and once, though the key is there twice;
 * one of another key goes by its own name. */
static void certificates_go_with_their_key(void **state)
{
    static const struct {
        CK_OBJECT_CLASS class;
        const char *name;
    } expected[] = {{CKO_PRIVATE_KEY, "file"}, {CKO_PUBLIC_KEY, "file"}, {CKO_CERTIFICATE, "file"},
                    {CKO_CERTIFICATE, "file"}, {CKO_CERTIFICATE, "file"}, {CKO_PRIVATE_KEY, "file"},
                    {CKO_PUBLIC_KEY, "file"},  {CKO_CERTIFICATE, "9"}};
    AUTO(import_items_clear) struct import_items items = {.v = NULL};

    (void)state;
    put_certificate(keys[0], 1);
    put_certificate(keys[1], 9);
    put_key(keys[0]);
    put_certificate(keys[0], 2);
    put_key(keys[0]);
    put_certificate(keys[0], 3);
    assert_int_equal(read_file_items(&items), EXIT_DONE);
    assert_int_equal(items.n, N_ELEMENTS(expected));
    for (size_t i = 0; i < items.n; i++) {
        assert_int_equal(items.v[i].class, expected[i].class);
        assert_string_equal(items.v[i].name, expected[i].name);
        assert_int_equal(items.v[i].rv, CKR_OK);
    }
    for (unsigned i = 0; i < 3; i++) {
        const struct span der = attrs_span(items.v[2 + i].attrs, CKA_VALUE);
        const uint8_t *p = der.p;
        X509 *cert = d2i_X509(NULL, &p, (long)der.n);

        assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(cert)), i + 1);
        X509_free(cert);
    }
}

/* -- what a file has hashed --------------------------------------------------------------------- */

#define FOR_EVER 0x7fffffff

static void refused_for(const char *words)
{
    AUTO(import_items_clear) struct import_items items = {.v = NULL};

    assert_int_equal(read_file_items(&items), EXIT_REFUSED);
    if (strstr(said, words) == NULL)
        fail_msg("it says: %s", said);
    assert_int_equal(items.n, 0);
}

/* A file of one safe with these bags, which no password protects; written to `file`. */
static PKCS12 *pkcs12_new(PKCS7 *safe)
{
    STACK_OF(PKCS7) *safes = sk_PKCS7_new_null();
    PKCS12 *p12;

    assert_true(sk_PKCS7_push(safes, safe) > 0);
    p12 = PKCS12_add_safes(safes, 0);
    assert_non_null(p12);
    assert_int_equal(PKCS12_set_mac(p12, "", 0, NULL, 0, 2, NULL), 1);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return p12;
}

static STACK_OF(PKCS12_SAFEBAG) * bags_of(PKCS12_SAFEBAG *bag)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();

    assert_non_null(bag);
    assert_true(sk_PKCS12_SAFEBAG_push(bags, bag) > 0);
    return bags;
}

static void bags_free(STACK_OF(PKCS12_SAFEBAG) * bags)
{
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static PKCS12_SAFEBAG *key_bag(void)
{
    return PKCS12_SAFEBAG_create0_p8inf(EVP_PKEY2PKCS8(keys[0]));
}

static void put_pkcs12(PKCS12 *p12)
{
    assert_int_equal(i2d_PKCS12_bio(file, p12), 1);
    PKCS12_free(p12);
}

/* A key that says how often its passphrase is hashed. */
static X509_SIG *sealed_key(X509_ALGOR *a)
{
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(keys[0]);
    X509_SIG *sealed =
        PKCS8_encrypt(-1, EVP_aes_256_cbc(), "", 0, NULL, 0, 1, p8);
    X509_ALGOR *old = NULL;

    assert_non_null(sealed);
    assert_non_null(a);
    X509_SIG_getm(sealed, &old, NULL);
    assert_int_equal(X509_ALGOR_copy(old, a), 1);
    X509_ALGOR_free(a);
    PKCS8_PRIV_KEY_INFO_free(p8);
    return sealed;
}

static X509_ALGOR *pbes2(int rounds)
{
    return PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), rounds, NULL, 0, NULL, -1);
}

static X509_ALGOR *pbes1(int rounds)
{
    return PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, rounds, NULL, 0);
}

/* The control: it opens without a passphrase, and the key comes. */
static void pkcs12_without_password(void **state)
{
    AUTO(import_items_clear) struct import_items items = {.v = NULL};
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(key_bag());

    (void)state;
    put_pkcs12(pkcs12_new(PKCS12_pack_p7data(bags)));
    bags_free(bags);
    assert_int_equal(read_file_items(&items), EXIT_DONE);
    assert_int_equal(items.n, 2);
}

static void mac_that_takes_for_ever(void **state)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(key_bag());
    PKCS12 *p12 = pkcs12_new(PKCS12_pack_p7data(bags));
    const ASN1_INTEGER *rounds = NULL;

    (void)state;
    PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p12);
    assert_non_null(rounds);
    assert_int_equal(ASN1_INTEGER_set((ASN1_INTEGER *)(uintptr_t)rounds, FOR_EVER), 1);
    put_pkcs12(p12);
    bags_free(bags);
    refused_for("hashed more than 10000000 times");
}

static void keys_that_take_for_ever(void **state)
{
    X509_ALGOR *(*const forms[])(int rounds) = {pbes1, pbes2};

    for (size_t i = 0; i < N_ELEMENTS(forms); i++) {
        STACK_OF(PKCS12_SAFEBAG) *bags =
            bags_of(PKCS12_SAFEBAG_create0_pkcs8(sealed_key(forms[i](FOR_EVER))));
        X509_SIG *sealed = sealed_key(forms[i](FOR_EVER));

        put_pkcs12(pkcs12_new(PKCS12_pack_p7data(bags)));
        bags_free(bags);
        refused_for("hashed more than 10000000 times");
        teardown(state);
        setup(state);
        assert_int_equal(i2d_PKCS8_bio(file, sealed), 1);
        refused_for("hashed more than 10000000 times");
        teardown(state);
        setup(state);
        put_key(keys[0]);
        assert_int_equal(PEM_write_bio_PKCS8(file, sealed), 1);
        refused_for("hashed more than 10000000 times");
        teardown(state);
        setup(state);
        X509_SIG_free(sealed);
    }
}

static void safe_that_takes_for_ever(void **state)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(key_bag());
    PKCS7 *safe = PKCS12_pack_p7encdata(NID_aes_256_cbc, "", 0, NULL, 0, 1, bags);
    X509_ALGOR *a = pbes2(FOR_EVER);

    (void)state;
    assert_non_null(safe);
    assert_int_equal(X509_ALGOR_copy(safe->d.encrypted->enc_data->algorithm, a), 1);
    put_pkcs12(pkcs12_new(safe));
    X509_ALGOR_free(a);
    bags_free(bags);
    refused_for("hashed more than 10000000 times");
}

/* Each within bounds, and all of them. */
static void rounds_add_up(void **state)
{
    X509_ALGOR *most = pbes2((int)BAG_ROUNDS_MAX), *more = pbes2((int)BAG_ROUNDS_MAX + 1);
    uint64_t total = 0;

    (void)state;
    assert_int_equal(bag_rounds_spend(more, &total), CKR_DATA_LEN_RANGE);
    for (uint64_t i = 0; i < BAG_ROUNDS_TOTAL / BAG_ROUNDS_MAX; i++)
        assert_int_equal(bag_rounds_spend(most, &total), CKR_OK);
    assert_int_equal(total, BAG_ROUNDS_TOTAL);
    assert_int_equal(bag_rounds_spend(most, &total), CKR_DATA_LEN_RANGE);
    assert_int_equal(total, BAG_ROUNDS_TOTAL);
    X509_ALGOR_free(most);
    X509_ALGOR_free(more);
}

/* What stands behind a PKCS#12 file is nobody's: nothing comes, nor is a passphrase asked for. */
static void bytes_behind_pkcs12(void **state)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = bags_of(key_bag());

    (void)state;
    put_pkcs12(pkcs12_new(PKCS12_pack_p7data(bags)));
    bags_free(bags);
    assert_int_equal(BIO_write(file, "", 1), 1);
    refused_for("something stands behind the PKCS#12 file");
    teardown(state);
    setup(state);
    put_pkcs12(PKCS12_create("secret", "name", keys[0], NULL, NULL, 0, 0, 1, 1, 0));
    assert_int_equal(BIO_write(file, "\n", 1), 1);
    refused_for("something stands behind the PKCS#12 file");
}

/* -- the program -------------------------------------------------------------------------------- */

static int group_setup(void **state)
{
    (void)state;
    assert_int_equal(crypto_ready(), CKR_OK);
    for (size_t i = 0; i < N_KEYS; i++) {
        keys[i] = EVP_EC_gen("P-256");
        assert_non_null(keys[i]);
    }
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_KEYS; i++)
        EVP_PKEY_free(keys[i]);
    return 0;
}

#define FILE_TEST(name, function)                                                                  \
    {                                                                                              \
        name, function, setup, teardown, NULL                                                      \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST("/import-file/each-is-taken-apart-once", each_is_taken_apart_once),
        FILE_TEST("/import-file/certificates-go-with-their-key", certificates_go_with_their_key),
        FILE_TEST("/import-file/pkcs12-without-password", pkcs12_without_password),
        FILE_TEST("/import-file/mac-that-takes-for-ever", mac_that_takes_for_ever),
        FILE_TEST("/import-file/keys-that-take-for-ever", keys_that_take_for_ever),
        FILE_TEST("/import-file/safe-that-takes-for-ever", safe_that_takes_for_ever),
        FILE_TEST("/import-file/rounds-add-up", rounds_add_up),
        FILE_TEST("/import-file/bytes-behind-pkcs12", bytes_behind_pkcs12),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
