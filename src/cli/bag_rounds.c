/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag_rounds.c - how often a file has a passphrase hashed: the count stands in the file, and
 * OpenSSL does what it says, for hours if need be; see bag.h.
 */
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "cli/bag.h"

#define TOO_MANY UINT64_MAX

DEFINE_AUTO(pbe_freep, PBEPARAM, PBEPARAM_free)
DEFINE_AUTO(pbe2_freep, PBE2PARAM, PBE2PARAM_free)
DEFINE_AUTO(kdf_freep, PBKDF2PARAM, PBKDF2PARAM_free)
DEFINE_AUTO(scrypt_freep, SCRYPT_PARAMS, SCRYPT_PARAMS_free)
DEFINE_AUTO(sig_freep, X509_SIG, X509_SIG_free)

/* Absent it is one; what is no count of anything is too many. */
static uint64_t number_of(const ASN1_INTEGER *n)
{
    uint64_t number = 1;

    return n == NULL || ASN1_INTEGER_get_uint64(&number, n) == 1 ? number : TOO_MANY;
}

static uint64_t product_of(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? TOO_MANY : product;
}

/* Of the key derivation of PBES2: PBKDF2's (RFC 8018, A.2) or scrypt's parameters (RFC 7914, 7.1).
 * OpenSSL bounds scrypt's memory, N*r, and not how often that is filled, p; filling 128 bytes of it
 * takes about as long as a round of PBKDF2. */
static uint64_t rounds_of_kdf(const X509_ALGOR *kdf)
{
    AUTO(kdf_freep)
    PBKDF2PARAM *p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM), kdf->parameter);
    AUTO(scrypt_freep)
    SCRYPT_PARAMS *s = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), kdf->parameter);

    if (s != NULL)
        return product_of(product_of(number_of(s->costParameter), number_of(s->blockSize)),
                          number_of(s->parallelizationParameter));
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
    ENSURE(rounds <= BAG_ROUNDS_MAX, CKR_DATA_LEN_RANGE);
    ENSURE(*total + rounds <= BAG_ROUNDS_TOTAL, CKR_FUNCTION_REJECTED);
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

CK_RV bag_rounds_pkcs8(struct span der, uint64_t *total)
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

const char *bag_rounds_words(CK_RV rv)
{
    if (rv == CKR_DATA_LEN_RANGE)
        return "a key or check of it wants its passphrase hashed more than ten million times "
               "(scrypt: N * r * p), which takes too long: write it again with fewer iterations";
    if (rv == CKR_FUNCTION_REJECTED)
        return "all its keys together want the passphrase hashed more than five hundred million "
               "times, which takes too long: write them into several files, or with fewer "
               "iterations";
    return NULL;
}
