/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain.h - does a chain of AMD's certificates hold, and did its end sign this report?
 *
 * Strict where OpenSSL alone is not: a chain has exactly three certificates with AMD's names for
 * one product, each signed as AMD signs; the root is the caller's own and its self-signature is
 * checked too.
 */
#ifndef TEE_ATTEST_CHAIN_H
#define TEE_ATTEST_CHAIN_H

#include <time.h>

#include "attest/cert.h"

struct chain {
    X509 *root, *issuer, *leaf; /* borrowed */
    enum product product;
    enum signing_key signing_key;
};

/* The roles of a signing key's certificate and of its issuer. */
enum cert_role chain_leaf_role(enum signing_key k);
enum cert_role chain_issuer_role(enum signing_key k);

/* Is it a root that may be trusted: an ARK by name, key and signature, valid at that time? False:
 * words are appended to *ret_words. */
bool chain_root_ok(X509 *root, time_t at, struct buf *ret_words);
/* Did the issuer's key sign the certificate? No more than that. */
bool chain_signed_by(X509 *x, X509 *issuer);
/* The whole chain, at that time. False: words, naming the certificate. */
bool chain_ok(const struct chain *c, time_t at, struct buf *ret_words);
/* The revocation list is the root's and in force, and names no certificate of the chain. */
bool chain_crl_ok(const struct chain *c, X509_CRL *crl, time_t at, struct buf *ret_words);
/* Was one of two lists of a root made before the other one? By their numbers; by their times where
 * a number is missing or both have the same. What can't be compared counts as older. */
bool chain_crl_is_older(const X509_CRL *crl, const X509_CRL *than);
/* Is the list's signature the root's, and is it in force? What a cache may keep. */
bool chain_crl_is_of_root(X509_CRL *crl, X509 *root, enum product p, time_t at,
                          struct buf *ret_words);
/* ECDSA over the signed part of the report's bytes by the leaf's key. */
bool chain_report_signed(const struct chain *c, const struct report *r);

#endif
