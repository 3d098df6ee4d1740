/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag_rounds.c - how often a file has a passphrase hashed: the count stands in the file, and
 * OpenSSL does what it says, for hours if need be; see bag.h.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "cli/bag.h"

#define TOO_MANY UINT64_MAX

DEFINE_AUTO(bio_freep, BIO, BIO_vfree)
DEFINE_AUTO(pbe_freep, PBEPARAM, PBEPARAM_free)
DEFINE_AUTO(pbe2_freep, PBE2PARAM, PBE2PARAM_free)
DEFINE_AUTO(kdf_freep, PBKDF2PARAM, PBKDF2PARAM_free)
DEFINE_AUTO(sig_freep, X509_SIG, X509_SIG_free)

/* Absent it is one; what is no count of anything is too many. */
static uint64_t number_of(const ASN1_INTEGER *n)
{
    uint64_t number = 1;

    return n == NULL || ASN1_INTEGER_get_uint64(&number, n) == 1 ? number : TOO_MANY;
}

/* Of the key derivation of PBES2 (RFC 8018, A.4); scrypt is bounded by OpenSSL's own limit. */
static uint64_t rounds_of_kdf(const X509_ALGOR *kdf)
{
    AUTO(kdf_freep)
    PBKDF2PARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);

    return p != NULL ? number_of(p->iter) : 1;
}

/* PBMAC1 (RFC 9579) has parameters of the form that PBES2 has. */
static uint64_t rounds_of(const X509_ALGOR *a)
{
    AUTO(pbe2_freep)
    PBE2PARAM *two = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), a->parameter);
    AUTO(pbe_freep)
    PBEPARAM *one = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM), a->parameter);

    if (two != NULL)
        return rounds_of_kdf(two->keyfunc);
    return one != NULL ? number_of(one->iter) : 1;
}

static CK_RV spend(uint64_t rounds, uint64_t *total)
{
    ENSURE(rounds <= BAG_ROUNDS_MAX && *total + rounds <= BAG_ROUNDS_TOTAL, CKR_DATA_LEN_RANGE);
    *total += rounds;
    return CKR_OK;
}

CK_RV bag_rounds_spend(const X509_ALGOR *a, uint64_t *total)
{
    const uint64_t rounds = rounds_of(a);

    ERR_clear_error();
    return spend(rounds, total);
}

CK_RV bag_rounds_mac(const PKCS12 *p12, uint64_t *total)
{
    const ASN1_OCTET_STRING *mac = NULL, *salt = NULL;
    const ASN1_INTEGER *n = NULL;
    const X509_ALGOR *a = NULL;

    PKCS12_get0_mac(&mac, &a, &salt, &n, p12);
    if (a == NULL)
        return CKR_OK;
    TRY(spend(number_of(n), total));
    return bag_rounds_spend(a, total);
}

/* -- PKCS#8 ------------------------------------------------------------------------------------ */

static CK_RV spend_pkcs8(struct span der, uint64_t *total)
{
    const uint8_t *p = der.p;
    AUTO(sig_freep) X509_SIG *sig = d2i_X509_SIG(NULL, &p, (long)der.n);
    const X509_ALGOR *a = NULL;

    ERR_clear_error();
    if (sig == NULL)
        return CKR_OK;
    X509_SIG_get0(sig, &a, NULL);
    return bag_rounds_spend(a, total);
}

/* What is not encrypted is seen here too: PEM_FLAG_SECURE has it wiped. */
static CK_RV spend_block(BIO *from, uint64_t *total)
{
    char *name = NULL, *header = NULL;
    uint8_t *der = NULL;
    long n = 0;
    CK_RV rv = CKR_OK;

    if (PEM_read_bio_ex(from, &name, &header, &der, &n, PEM_FLAG_SECURE) == 1 &&
        strcmp(name, PEM_STRING_PKCS8) == 0)
        rv = spend_pkcs8(span_of(der, (size_t)n), total);
    ERR_clear_error();
    OPENSSL_secure_free(name);
    OPENSSL_secure_free(header);
    OPENSSL_secure_clear_free(der, (size_t)n);
    return rv;
}

CK_RV bag_rounds_look(struct span bytes)
{
    AUTO(bio_freep) BIO *from = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    uint64_t total = 0;

    ENSURE(from != NULL, CKR_HOST_MEMORY);
    TRY(spend_pkcs8(bytes, &total));
    while (!BIO_eof(from)) /* a block that is no good is left out, as OpenSSL's loader does it */
        TRY(spend_block(from, &total));
    return CKR_OK;
}
