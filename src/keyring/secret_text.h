/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * secret_text.h - a recovery key, and the shares of one, as text to be printed, read aloud and
 * typed in: Bech32m (util/bech32.h) with the prefixes "teekey" and "teeshare".
 *
 * A share also says of which set it is (the first bytes of its seal's id), how many are needed and
 * how many there are, so that shares of two sets are never mixed.
 */
#ifndef TEE_KEYRING_SECRET_TEXT_H
#define TEE_KEYRING_SECRET_TEXT_H

#include "crypto/shamir.h"
#include "util/buf.h"

#define SHARE_SET 4 /* bytes of the seal's id that name a set */

struct share_text {
    uint8_t set[SHARE_SET];
    uint8_t threshold, shares;
    struct shamir_share share;
};

NODISCARD CK_RV key_text_encode(const uint8_t key[PRIM_KEY], struct buf *ret);
/* CKR_DATA_INVALID: a slip of the pen, or no recovery key. */
NODISCARD CK_RV key_text_decode(struct span text, struct secret **ret);
NODISCARD CK_RV share_text_encode(const struct share_text *s, struct buf *ret);
NODISCARD CK_RV share_text_decode(struct span text, struct share_text *ret);

/*
 * The recovery key that shares, one per text, give. CKR_DATA_INVALID: a text is no share, or has a
 * slip (ret_bad: which one, from 0); CKR_ARGUMENTS_BAD: they are of different sets, one comes
 * twice, or there are fewer than are needed (ret_needed says how many; 0: another reason).
 */
NODISCARD CK_RV shares_combine(const struct span *texts, size_t n, size_t *ret_bad,
                               unsigned *ret_needed, uint8_t ret_set[SHARE_SET],
                               struct secret **ret);

#endif
