/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shamir.h - a 32-byte secret in n shares, of which any k give it back (Shamir 1979).
 *
 * Byte by byte over GF(2^8) with the polynomial of AES (0x11B). Without a look-up table and without
 * a branch on a value, so that what is in the caches says nothing about the secret. That is why it
 * stands here: what Debian has, libgfshare, multiplies by tables of logarithms that the secret's
 * bytes index, and leaves the random numbers to its caller.
 *
 * Nothing here tells a wrong share from a right one: shares carry a checksum
 * (keyring/secret_text.h), and what they give opens an authenticated seal or it does not.
 */
#ifndef TEE_CRYPTO_SHAMIR_H
#define TEE_CRYPTO_SHAMIR_H

#include "crypto/prim.h"
#include "util/secret.h"

#define SHAMIR_MAX 32 /* shares */

struct shamir_share {
    uint8_t x; /* 1, 2, ... */
    uint8_t y[PRIM_KEY];
};

/* n shares, x = 1..n, into ret_shares[n]; 2 <= k <= n <= SHAMIR_MAX (CKR_ARGUMENTS_BAD). The caller
 * wipes them. CKR_RANDOM_NO_RNG. */
NODISCARD CK_RV shamir_split(const uint8_t secret[PRIM_KEY], uint8_t k, uint8_t n,
                             struct shamir_share *ret_shares);
/* The secret from k shares (more do no harm). CKR_ARGUMENTS_BAD: none, an x twice, or x = 0. */
NODISCARD CK_RV shamir_combine(const struct shamir_share *shares, size_t n, struct secret **ret);

#endif
