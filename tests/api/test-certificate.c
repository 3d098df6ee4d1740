/* SPDX-License-Identifier: BSD-2-Clause */
/* test-certificate.c - X.509 certificates (PKCS#11 v3.2 4.6), made by the openssl command. */
#include "support/reference.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DER_MAX 4096

static struct certificate {
    uint8_t der[DER_MAX], subject[DER_MAX], issuer[DER_MAX], serial[64], spki[DER_MAX], hash[20];
    size_t n_der, n_subject, n_issuer, n_serial, n_spki;
} cert;

/* One part of the certificate as DER. */
static size_t part(int n, uint8_t *der, uint8_t *ret, size_t room)
{
    assert_true(n > 0 && (size_t)n <= room);
    memcpy(ret, der, (size_t)n);
    OPENSSL_free(der);
    return (size_t)n;
}

static void take_apart(void)
{
    const uint8_t *p = cert.der;
    X509 *x = d2i_X509(NULL, &p, (long)cert.n_der);
    uint8_t *der = NULL;
    int n;

    assert_non_null(x);
    n = i2d_X509_NAME(X509_get_subject_name(x), &der);
    cert.n_subject = part(n, der, cert.subject, DER_MAX);
    der = NULL;
    n = i2d_X509_NAME(X509_get_issuer_name(x), &der);
    cert.n_issuer = part(n, der, cert.issuer, DER_MAX);
    der = NULL;
    n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &der);
    cert.n_serial = part(n, der, cert.serial, sizeof(cert.serial));
    der = NULL;
    n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    cert.n_spki = part(n, der, cert.spki, DER_MAX);
    X509_free(x);
    assert_int_equal(EVP_Digest(cert.der, cert.n_der, cert.hash, NULL, EVP_sha1(), NULL), 1);
}

static int group_setup(void **state)
{
    char command[1024], path[512];
    FILE *f;

    (void)setup_token(state);
    (void)snprintf(path, sizeof(path), "%s/cert.der", scratch);
    (void)snprintf(command, sizeof(command),
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 "
                   "-subj '/C=SE/O=Test/CN=a certificate' -keyout %s/cert.key -outform DER "
                   "-out %s 2>%s/openssl.log",
                   scratch, path, scratch);
    assert_int_equal(system(command), 0);
    f = fopen(path, "rbe");
    assert_non_null(f);
    cert.n_der = fread(cert.der, 1, sizeof(cert.der), f);
    assert_int_equal(fclose(f), 0);
    take_apart();
    return 0;
}

static int each_setup(void **state)
{
    (void)state;
    close_all();
    return 0;
}

static CK_RV create(CK_SESSION_HANDLE h, CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE all[16] = {ATTR_ULONG(CKA_CLASS, CKO_CERTIFICATE),
                            ATTR_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509)};

    assert_true(n + 2 <= N_ELEMENTS(all));
    memcpy(all + 2, v, n * sizeof(*v));
    return p11->C_CreateObject(h, all, n + 2, ret);
}

static void assert_bytes(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
                         const void *expected, size_t n)
{
    uint8_t value[DER_MAX];

    assert_int_equal(attr_get(h, o, type, value, sizeof(value)), n);
    assert_memory_equal(value, expected, n);
}

/* What p11tool and pkcs11-tool write is what comes back; what they leave out is worked out. */
static void test_create(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR(CKA_VALUE, cert.der, cert.n_der), ATTR_TRUE(CKA_TOKEN),
                        ATTR(CKA_SUBJECT, cert.subject, cert.n_subject),
                        ATTR_TEXT(CKA_ID, "cert"), ATTR_TEXT(CKA_LABEL, "a certificate")};
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_OK(create(h, v, N_ELEMENTS(v), &o));
    close_all();
    /* Read before any login, as SSH and NSS do. */
    h = open_session();
    assert_int_equal(find_label(h, "a certificate", &o), 1);
    assert_int_equal(attr_bool(h, o, CKA_PRIVATE), CK_FALSE);
    assert_int_equal(attr_bool(h, o, CKA_TRUSTED), CK_FALSE);
    assert_int_equal(attr_ulong(h, o, CKA_CERTIFICATE_TYPE), CKC_X_509);
    assert_int_equal(attr_ulong(h, o, CKA_CERTIFICATE_CATEGORY), 0);
    assert_bytes(h, o, CKA_VALUE, cert.der, cert.n_der);
    assert_bytes(h, o, CKA_SUBJECT, cert.subject, cert.n_subject);
    assert_bytes(h, o, CKA_ISSUER, cert.issuer, cert.n_issuer);
    assert_bytes(h, o, CKA_SERIAL_NUMBER, cert.serial, cert.n_serial);
    assert_bytes(h, o, CKA_PUBLIC_KEY_INFO, cert.spki, cert.n_spki);
    /* v3.2 4.6.2: the first three bytes of the SHA-1 of the certificate. */
    assert_bytes(h, o, CKA_CHECK_VALUE, cert.hash, 3);
}

static void test_find(void **state)
{
    const CK_SESSION_HANDLE h = open_session();
    CK_ATTRIBUTE issuer[] = {ATTR_ULONG(CKA_CLASS, CKO_CERTIFICATE),
                             ATTR(CKA_ISSUER, cert.issuer, cert.n_issuer),
                             ATTR(CKA_SERIAL_NUMBER, cert.serial, cert.n_serial)};
    CK_ATTRIBUTE subject = ATTR(CKA_SUBJECT, cert.subject, cert.n_subject);
    CK_ATTRIBUTE value = ATTR(CKA_VALUE, cert.der, cert.n_der);
    CK_ATTRIBUTE type[] = {ATTR_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509), ATTR_FALSE(CKA_TRUSTED)};

    (void)state;
    assert_int_equal(find_objects(h, issuer, 3, NULL), 1);
    assert_int_equal(find_objects(h, &subject, 1, NULL), 1);
    assert_int_equal(find_objects(h, &value, 1, NULL), 1);
    assert_int_equal(find_objects(h, type, 2, NULL), 1);
    cert.serial[cert.n_serial - 1] ^= 1;
    assert_int_equal(find_objects(h, issuer, 3, NULL), 0);
    cert.serial[cert.n_serial - 1] ^= 1;
}

static void test_refused(void **state)
{
    const CK_SESSION_HANDLE h = open_user();
    uint8_t broken[DER_MAX];
    CK_ATTRIBUTE subject = ATTR(CKA_SUBJECT, cert.subject, cert.n_subject);
    CK_ATTRIBUTE value = ATTR(CKA_VALUE, cert.der, cert.n_der);
    CK_ATTRIBUTE v[] = {subject, value};
    CK_OBJECT_HANDLE o = 4711;

    (void)state;
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, create(h, &value, 1, &o));
    ASSERT_RV(CKR_TEMPLATE_INCOMPLETE, create(h, &subject, 1, &o));
    memcpy(broken, cert.der, cert.n_der);
    v[1] = (CK_ATTRIBUTE)ATTR(CKA_VALUE, broken, cert.n_der - 1);
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(h, v, 2, &o));
    v[1].ulValueLen = cert.n_der + 1;
    ASSERT_RV(CKR_ATTRIBUTE_VALUE_INVALID, create(h, v, 2, &o));
    assert_int_equal(o, 4711);
    assert_int_equal(find_objects(h, &subject, 1, NULL), 1);
}

/* CKA_TRUSTED is the SO's word, and a trusted certificate is the SO's to change. */
static void test_trusted(void **state)
{
    CK_SESSION_HANDLE h = open_user();
    CK_ATTRIBUTE v[] = {ATTR(CKA_VALUE, cert.der, cert.n_der), ATTR_TRUE(CKA_TOKEN),
                        ATTR(CKA_SUBJECT, cert.subject, cert.n_subject),
                        ATTR_TEXT(CKA_LABEL, "an authority"), ATTR_TRUE(CKA_TRUSTED),
                        ATTR_ULONG(CKA_CERTIFICATE_CATEGORY, CK_CERTIFICATE_CATEGORY_AUTHORITY)};
    CK_ATTRIBUTE trusted = ATTR_TRUE(CKA_TRUSTED), label = ATTR_TEXT(CKA_LABEL, "changed");
    CK_OBJECT_HANDLE o = CK_INVALID_HANDLE;

    (void)state;
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, create(h, v, N_ELEMENTS(v), &o));
    assert_int_equal(find_label(h, "a certificate", &o), 1);
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(h, o, &trusted, 1));
    close_all();
    h = open_so();
    ASSERT_OK(create(h, v, N_ELEMENTS(v), &o));
    close_all();
    h = open_user();
    assert_int_equal(find_objects(h, &trusted, 1, &o), 1);
    assert_int_equal(attr_ulong(h, o, CKA_CERTIFICATE_CATEGORY),
                     CK_CERTIFICATE_CATEGORY_AUTHORITY);
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(h, o, &label, 1));
}

#define TEST(name, fn) {name, fn, each_setup, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/certificate/create", test_create),
        TEST("/certificate/find", test_find),
        TEST("/certificate/refused", test_refused),
        TEST("/certificate/trusted", test_trusted),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
