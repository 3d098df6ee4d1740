/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cert.h - AMD's certificates: which one it is, whether it is signed as AMD signs, and what the
 * extensions of an endorsement key say (AMD 57230).
 *
 * X.509 itself is OpenSSL's. Certificates live in the module's library context.
 */
#ifndef TEE_ATTEST_CERT_H
#define TEE_ATTEST_CERT_H

#include <openssl/x509.h>

#include "attest/report.h"
#include "crypto/ossl_auto.h"

DEFINE_AUTO(crl_freep, X509_CRL, X509_CRL_free)

enum cert_role { CERT_ARK, CERT_ASK, CERT_ASVK, CERT_VCEK, CERT_VLEK, N_CERT_ROLES };

/* Certificates, owned. */
struct cert_list {
    X509 *item[16];
    size_t n;
};
/* Usable with AUTO(). */
void cert_list_clear(struct cert_list *l);
/* Append; the list owns it. CKR_DATA_INVALID: full; it is freed then. */
NODISCARD CK_RV cert_list_add(struct cert_list *l, X509 *x);

/* One DER certificate and nothing behind it. CKR_DATA_INVALID. */
NODISCARD CK_RV cert_read(struct span der, X509 **ret);
/* All certificates of a file: DER (one) or PEM. CKR_DATA_INVALID: none, or one that is broken. */
NODISCARD CK_RV cert_read_file(struct span bytes, struct cert_list *l);
/* A pem_password_cb that has none: nothing here may ask the terminal. */
int cert_no_passphrase(char *buf, int size, int rwflag, void *arg);
/* A DER or PEM revocation list. CKR_DATA_INVALID. */
NODISCARD CK_RV cert_read_crl(struct span bytes, X509_CRL **ret);

/*
 * Which of AMD's certificates its names say it is: subject and issuer are compared as wholes. The
 * product of an endorsement key is its issuer's. False: none of them. Names prove nothing.
 */
bool cert_identify(const X509 *x, enum cert_role *ret_role, enum product *ret_product);
/* Is the name that of an ARK of the product? */
bool cert_name_is_ark(const X509_NAME *name, enum product p);
/* The CN of the subject, printable, into text[64]. */
const char *cert_common_name(const X509 *x, char text[64]);

/* RSASSA-PSS with SHA-384, MGF1 with SHA-384, 48 bytes of salt and trailer 1, as all AMD signs. */
bool cert_is_pss(const X509_ALGOR *algorithm);
/* RSA of 4096 bits for authorities, P-384 for endorsement keys. */
bool cert_key_fits(const X509 *x, enum cert_role role);
/* SHA-256 of the SubjectPublicKeyInfo. */
NODISCARD CK_RV cert_key_hash(const X509 *x, uint8_t ret[32]);

/* What an endorsement key belongs to. */
struct endorsement {
    struct tcb_parts tcb;
    uint8_t hwid[REPORT_CHIP_ID]; /* VCEK; Turin: 8 bytes and zeros, as in CHIP_ID */
    char csp_id[256];             /* VLEK */
};

/* Read and check the extensions of a VCEK or VLEK of the product. CKR_DATA_INVALID: one that must
 * be there is missing, comes twice, or is not what it must be; *ret_objection says which, a
 * constant. */
NODISCARD CK_RV cert_endorsement(const X509 *x, enum cert_role role, enum product p,
                                 struct endorsement *ret, const char **ret_objection);

#endif
