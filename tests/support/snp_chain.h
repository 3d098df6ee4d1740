/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_chain.h - certificates and signatures of emulated chips: ARK, ASK, ASVK, VCEK, VLEK in the
 * shape of AMD's (names, PSS parameters, extensions), with keys of our own.
 */
#ifndef TEE_TESTS_SNP_CHAIN_H
#define TEE_TESTS_SNP_CHAIN_H

#include <openssl/x509.h>

#include "snp_emulator.h"

#define SNP_SIGNATURE_BYTES 512 /* r[72], s[72] little-endian, zeros */

/* What an endorsement key belongs to. */
struct snp_leaf {
    enum snp_product product;
    const uint8_t *chip_id; /* 64 bytes */
    uint64_t tcb;
    const uint8_t *secret; /* 48 bytes, snp_state_vcek() or _vlek() */
};

/* One certificate; ARK, ASK and ASVK use only leaf->product. The caller frees it. The first use of
 * an authority in a process makes its RSA-4096 key, which takes seconds. NULL: OpenSSL failed. */
X509 *snp_chain_certificate(enum snp_certificate which, const struct snp_leaf *leaf);

/* The P-384 key pair that belongs to the secret of an endorsement key: same secret, same key. */
EVP_PKEY *snp_chain_leaf_key(const uint8_t secret[48]);
/* ECDSA with SHA-384 over the bytes by that key, into all of a report's signature field. */
bool snp_chain_sign(const uint8_t secret[48], struct span bytes, uint8_t ret[SNP_SIGNATURE_BYTES]);

#endif
