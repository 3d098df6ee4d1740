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
static char said[512];
static const char *passphrase; /* NULL: it must not be asked for */

/* -- in place of read_file.c, pin.c and main.c --------------------------------------------------
 */

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
    if (passphrase == NULL)
        fail_msg("a passphrase is asked for");
    buf_put(ret, span_of(passphrase, strlen(passphrase)));
    return !ret->failed;
}

int cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
    return code;
}

/* -- counting -----------------------------------------------------------------------------------
 */

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

/* -- files --------------------------------------------------------------------------------------
 */

static EVP_PKEY *keys[N_KEYS];

static int setup(void **state)
{
    (void)state;
    passphrase = NULL;
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
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (uint8_t *)text, -1, -1, 0), 1);
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

/* -- tests --------------------------------------------------------------------------------------
 */

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
    } expected[] = {{CKO_PRIVATE_KEY, "file"}, {CKO_PUBLIC_KEY, "file"},  {CKO_CERTIFICATE, "file"},
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

/* -- what a file has hashed ---------------------------------------------------------------------
 */

#define FOR_EVER       0x7fffffff
#define TAKES_TOO_LONG "hashed more than ten million times"

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
    X509_SIG *sealed = PKCS8_encrypt(-1, EVP_aes_256_cbc(), "", 0, NULL, 0, 1, p8);
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
    refused_for(TAKES_TOO_LONG);
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
        refused_for(TAKES_TOO_LONG);
        teardown(state);
        setup(state);
        assert_int_equal(i2d_PKCS8_bio(file, sealed), 1);
        refused_for(TAKES_TOO_LONG);
        teardown(state);
        setup(state);
        put_key(keys[0]);
        assert_int_equal(PEM_write_bio_PKCS8(file, sealed), 1);
        refused_for(TAKES_TOO_LONG);
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
    refused_for(TAKES_TOO_LONG);
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
    assert_int_equal(bag_rounds_spend(most, &total), CKR_FUNCTION_REJECTED);
    assert_int_equal(total, BAG_ROUNDS_TOTAL);
    assert_string_not_equal(bag_rounds_words(CKR_FUNCTION_REJECTED),
                            bag_rounds_words(CKR_DATA_LEN_RANGE));
    assert_null(bag_rounds_words(CKR_OK));
    X509_ALGOR_free(most);
    X509_ALGOR_free(more);
}

/* Some hundred keys as programs write them. */
static void usual_keys_are_not_too_many(void **state)
{
    X509_ALGOR *usual = pbes2(600000);
    uint64_t total = 0;

    (void)state;
    for (unsigned i = 0; i < 800; i++)
        assert_int_equal(bag_rounds_spend(usual, &total), CKR_OK);
    assert_int_equal(total, 480000000);
    X509_ALGOR_free(usual);
}

/* A file of so many that none is too many by itself says so. */
static void all_keys_that_take_for_ever(void **state)
{
    X509_SIG *sealed = sealed_key(pbes2((int)BAG_ROUNDS_MAX));

    (void)state;
    for (uint64_t i = 0; i <= BAG_ROUNDS_TOTAL / BAG_ROUNDS_MAX; i++)
        assert_int_equal(PEM_write_bio_PKCS8(file, sealed), 1);
    X509_SIG_free(sealed);
    refused_for("all its keys together");
}

static X509_ALGOR *scrypt(uint64_t n, uint64_t r, uint64_t p)
{
    return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, n, r, p);
}

/* OpenSSL bounds the memory that scrypt takes, and not how often it is filled. */
static void scrypt_that_takes_for_ever(void **state)
{
    X509_ALGOR *usual = scrypt(16384, 8, 1);
    X509_SIG *sealed = sealed_key(scrypt(65536, 2, 65000));
    uint64_t total = 0;

    (void)state;
    assert_int_equal(bag_rounds_spend(usual, &total), CKR_OK);
    assert_int_equal(total, 16384 * 8);
    X509_ALGOR_free(usual);
    assert_int_equal(i2d_PKCS8_bio(file, sealed), 1);
    X509_SIG_free(sealed);
    refused_for(TAKES_TOO_LONG);
}

/* A product that goes round is no small one. */
static void scrypt_of_large_numbers(void **state)
{
    X509_ALGOR *a = scrypt(16384, 8, 1);
    PBE2PARAM *two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
    SCRYPT_PARAMS *s =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), two->keyfunc->parameter);
    uint64_t total = 0;

    (void)state;
    assert_int_equal(ASN1_INTEGER_set_uint64(s->costParameter, UINT64_C(1) << 32), 1);
    assert_int_equal(ASN1_INTEGER_set_uint64(s->blockSize, UINT64_C(1) << 32), 1);
    assert_non_null(
        ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), s, &two->keyfunc->parameter));
    assert_non_null(ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PBE2PARAM), two, &a->parameter));
    assert_int_equal(bag_rounds_spend(a, &total), CKR_DATA_LEN_RANGE);
    SCRYPT_PARAMS_free(s);
    PBE2PARAM_free(two);
    X509_ALGOR_free(a);
}

/* -- what a look at the file could miss, and OpenSSL's loader does not ----------------------------
 */

static void put_text(const char *text)
{
    assert_int_equal(BIO_puts(file, text), (int)strlen(text));
}

static uint8_t *sealed_for_ever(int *ret_n)
{
    X509_SIG *sealed = sealed_key(pbes2(FOR_EVER));
    uint8_t *der = NULL;

    *ret_n = i2d_X509_SIG(sealed, &der);
    assert_true(*ret_n > 0);
    X509_SIG_free(sealed);
    return der;
}

static void blank_behind_the_label(void **state)
{
    static const char begin[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    int n;
    uint8_t *der = sealed_for_ever(&n);
    BIO *pem = BIO_new(BIO_s_mem());
    char *text = NULL;

    (void)state;
    assert_true(PEM_write_bio(pem, "ENCRYPTED PRIVATE KEY", "", der, n) > 0);
    assert_int_equal(BIO_write(pem, "", 1), 1);
    assert_true(BIO_get_mem_data(pem, &text) > (long)sizeof(begin));
    put_text(begin);
    put_text(" ");
    put_text(text + sizeof(begin) - 1);
    BIO_free(pem);
    OPENSSL_free(der);
    refused_for(TAKES_TOO_LONG);
}

static void label_of_something_else(void **state)
{
    static const char *const names[] = {"PRIVATE KEY", "RSA PRIVATE KEY", "CERTIFICATE"};

    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        int n;
        uint8_t *der = sealed_for_ever(&n);

        assert_true(PEM_write_bio(file, names[i], "", der, n) > 0);
        OPENSSL_free(der);
        refused_for(TAKES_TOO_LONG);
        teardown(state);
        setup(state);
    }
}

/* A block with the encryption of RFC 1421, which who made the file has the passphrase of. */
static void encrypted_twice(void **state)
{
    int n;
    uint8_t *der = sealed_for_ever(&n);
    const uint8_t *at = der;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, n);

    (void)state;
    passphrase = "secret";
    assert_int_equal(PEM_ASN1_write_bio((i2d_of_void *)i2d_X509_SIG, "ENCRYPTED PRIVATE KEY", file,
                                        sealed, EVP_aes_128_cbc(), (const uint8_t *)passphrase, 6,
                                        NULL, NULL),
                     1);
    X509_SIG_free(sealed);
    OPENSSL_free(der);
    refused_for(TAKES_TOO_LONG);
}

static void behind_a_certificate(void **state)
{
    X509 *cert = certificate_new(keys[0], 1);
    int n;
    uint8_t *der = sealed_for_ever(&n);

    (void)state;
    assert_int_equal(i2d_X509_bio(file, cert), 1);
    assert_int_equal(BIO_write(file, der, n), n);
    refused_for("something stands behind its first DER object");
    teardown(state);
    setup(state);
    assert_int_equal(i2d_X509_bio(file, cert), 1);
    assert_true(PEM_write_bio(file, "ENCRYPTED PRIVATE KEY", "", der, n) > 0);
    refused_for("something stands behind its first DER object");
    X509_free(cert);
    OPENSSL_free(der);
}

/* It is one DER object, and in it is a block that starts a line. */
static void block_within_der(void **state)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    STACK_OF(ASN1_TYPE) *sequence = sk_ASN1_TYPE_new_null();
    ASN1_TYPE *one = ASN1_TYPE_new();
    int n;
    uint8_t *der = sealed_for_ever(&n), *all = NULL;
    BIO *pem = BIO_new(BIO_s_mem());
    char *text = NULL;

    (void)state;
    assert_int_equal(BIO_puts(pem, "\n"), 1);
    assert_true(PEM_write_bio(pem, "ENCRYPTED PRIVATE KEY", "", der, n) > 0);
    n = (int)BIO_get_mem_data(pem, &text);
    assert_int_equal(ASN1_OCTET_STRING_set(octets, (const uint8_t *)text, n), 1);
    ASN1_TYPE_set(one, V_ASN1_OCTET_STRING, octets);
    assert_true(sk_ASN1_TYPE_push(sequence, one) > 0);
    n = i2d_ASN1_SEQUENCE_ANY(sequence, &all);
    assert_true(n > 0);
    assert_int_equal(BIO_write(file, all, n), n);
    sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
    BIO_free(pem);
    OPENSSL_free(all);
    OPENSSL_free(der);
    refused_for("neither a key nor a certificate");
}

/* The control of these: what is usual comes, whatever stands between the blocks. */
static void usual_blocks(void **state)
{
    AUTO(import_items_clear) struct import_items items = {.v = NULL};
    X509 *cert = certificate_new(keys[0], 1);
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(keys[3]);
    X509_SIG *sealed = PKCS8_set0_pbe("secret", 6, p8, scrypt(2, 1, 1));

    (void)state;
    assert_non_null(sealed);
    passphrase = "secret";
    put_text("Bag Attributes\n    friendlyName: caf\xc3\xa9\n");
    assert_int_equal(PEM_write_bio_X509_AUX(file, cert), 1);
    put_text("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n");
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(file, keys[0], NULL, NULL, 0, NULL, NULL),
                     1);
    put_text("\n\n# with RFC 1421's encryption\n");
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(file, keys[1], EVP_aes_128_cbc(),
                                                          (const uint8_t *)passphrase, 6, NULL,
                                                          NULL),
                     1);
    assert_int_equal(
        PEM_write_bio_PKCS8PrivateKey(file, keys[2], EVP_aes_256_cbc(), passphrase, 6, NULL, NULL),
        1);
    assert_int_equal(PEM_write_bio_PKCS8(file, sealed), 1);
    assert_int_equal(PEM_write_bio_PUBKEY(file, keys[4]), 1);
    assert_int_equal(read_file_items(&items), EXIT_DONE);
    assert_int_equal(items.n, 1 + 4 * 2 + 1);
    X509_SIG_free(sealed);
    PKCS8_PRIV_KEY_INFO_free(p8);
    X509_free(cert);
}

static void damaged_block(void **state)
{
    (void)state;
    put_key(keys[0]);
    put_text("-----BEGIN CERTIFICATE-----\nMII*\n-----END CERTIFICATE-----\n");
    refused_for("neither a key nor a certificate, or it is damaged");
}

/* -- what is not there in a decoded structure -----------------------------------------------------
 */

#define OID(last) "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07" last
#define DATA      OID("\x01")
#define ENCRYPTED OID("\x06")

/* A tag, a length below 128, and this. */
static struct span tlv(uint8_t tag, struct span of, uint8_t *to)
{
    assert_in_range(of.n, 0, 127);
    memmove(to + 2, of.p, of.n);
    to[0] = tag;
    to[1] = (uint8_t)of.n;
    return span_of(to, of.n + 2);
}

/* A PKCS#12 file without a MAC, of one safe, which has this in it. */
static void put_safe(struct span safe)
{
    static const uint8_t version[] = {0x02, 0x01, 0x03};
    uint8_t bytes[256], all[256];
    struct span s = safe;
    static const uint8_t wraps[] = {0x30, 0x30, 0x04, 0xa0}; /* the safe, their list, its content */

    for (size_t i = 0; i < sizeof(wraps); i++)
        s = tlv(wraps[i], s, bytes);
    memcpy(all, DATA, sizeof(DATA) - 1);
    memcpy(all + sizeof(DATA) - 1, s.p, s.n);
    s = tlv(0x30, span_of(all, sizeof(DATA) - 1 + s.n), bytes);
    memcpy(all, version, sizeof(version));
    memcpy(all + sizeof(version), s.p, s.n);
    s = tlv(0x30, span_of(all, sizeof(version) + s.n), bytes);
    assert_int_equal(BIO_write(file, s.p, (int)s.n), (int)s.n);
}

static void safe_without_content(void **state)
{
    static const struct span safes[] = {
        {(const uint8_t *)DATA, sizeof(DATA) - 1},
        {(const uint8_t *)ENCRYPTED, sizeof(ENCRYPTED) - 1},
        /* EncryptedData of version 0: an algorithm, and nothing that is encrypted */
        SPAN_LIT(ENCRYPTED "\xa0\x1f\x30\x1d\x02\x01\x00\x30\x18" DATA
                           "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"),
    };

    for (size_t i = 0; i < N_ELEMENTS(safes); i++) {
        passphrase = "secret";
        put_safe(safes[i]);
        refused_for("a part of it can't be opened");
        teardown(state);
        setup(state);
    }
}

static void file_without_content(void **state)
{
    static const struct span files[] = {SPAN_LIT("\x30\x10\x02\x01\x03\x30\x0b" DATA),
                                        SPAN_LIT("\x30\x10\x02\x01\x03\x30\x0b" ENCRYPTED)};

    for (size_t i = 0; i < N_ELEMENTS(files); i++) {
        passphrase = "secret";
        assert_int_equal(BIO_write(file, files[i].p, (int)files[i].n), (int)files[i].n);
        refused_for("a part of it can't be opened");
        teardown(state);
        setup(state);
    }
}

/* Parameters of PBES1 and PBES2 that are none, or of another type; and PBES2 whose key derivation
 * has none. */
static X509_ALGOR *algorithm_without(size_t which)
{
    static const int schemes[] = {NID_pbes2, NID_pbe_WithSHA1And3_Key_TripleDES_CBC};
    static const int types[] = {V_ASN1_UNDEF, V_ASN1_NULL, V_ASN1_OCTET_STRING};
    X509_ALGOR *a;
    PBE2PARAM *two;

    if (which == 6) {
        a = pbes2(1);
        two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
        assert_non_null(two);
        ASN1_TYPE_free(two->keyfunc->parameter);
        two->keyfunc->parameter = NULL;
        assert_non_null(ASN1_TYPE_pack_sequence(ASN1_ITEM_rptr(PBE2PARAM), two, &a->parameter));
        PBE2PARAM_free(two);
        return a;
    }
    a = X509_ALGOR_new();
    assert_int_equal(X509_ALGOR_set0(a, OBJ_nid2obj(schemes[which % 2]), types[which / 2],
                                     which / 2 == 2 ? ASN1_OCTET_STRING_new() : NULL),
                     1);
    return a;
}

static void key_without_parameters(void **state)
{
    for (size_t i = 0; i <= 6; i++) {
        X509_SIG *sealed = sealed_key(algorithm_without(i));
        STACK_OF(PKCS12_SAFEBAG) * bags;

        passphrase = "secret";
        assert_int_equal(i2d_PKCS8_bio(file, sealed), 1);
        refused_for("it is damaged");
        teardown(state);
        setup(state);
        bags = bags_of(PKCS12_SAFEBAG_create0_pkcs8(sealed));
        put_pkcs12(pkcs12_new(PKCS12_pack_p7data(bags)));
        bags_free(bags);
        refused_for("a part of it can't be opened");
        teardown(state);
        setup(state);
    }
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

/* -- the program --------------------------------------------------------------------------------
 */

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
        FILE_TEST("/import-file/usual-keys-are-not-too-many", usual_keys_are_not_too_many),
        FILE_TEST("/import-file/all-keys-that-take-for-ever", all_keys_that_take_for_ever),
        FILE_TEST("/import-file/scrypt-that-takes-for-ever", scrypt_that_takes_for_ever),
        FILE_TEST("/import-file/scrypt-of-large-numbers", scrypt_of_large_numbers),
        FILE_TEST("/import-file/blank-behind-the-label", blank_behind_the_label),
        FILE_TEST("/import-file/label-of-something-else", label_of_something_else),
        FILE_TEST("/import-file/encrypted-twice", encrypted_twice),
        FILE_TEST("/import-file/behind-a-certificate", behind_a_certificate),
        FILE_TEST("/import-file/block-within-der", block_within_der),
        FILE_TEST("/import-file/usual-blocks", usual_blocks),
        FILE_TEST("/import-file/damaged-block", damaged_block),
        FILE_TEST("/import-file/safe-without-content", safe_without_content),
        FILE_TEST("/import-file/file-without-content", file_without_content),
        FILE_TEST("/import-file/key-without-parameters", key_without_parameters),
        FILE_TEST("/import-file/bytes-behind-pkcs12", bytes_behind_pkcs12),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
