/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keywrap.h - AES key wrapping (SP 800-38F: KW, RFC 3394, and KWP, RFC 5649), of bytes. Used as a
 * cipher (op_key_wrap.c) and to wrap keys (gen_wrap.c). Private to crypto/.
 */
#ifndef TEE_CRYPTO_KEYWRAP_H
#define TEE_CRYPTO_KEYWRAP_H

#include "crypto/key.h"
#include "crypto/params.h"

#define KEYWRAP_SEMIBLOCK 8
#define KEYWRAP_MAX       (1u << 20) /* bytes of plaintext: it is for keys */

/* Does the row's mode pad (KWP)? */
bool keywrap_pads(const struct mech *row);
/* Bytes that n bytes wrap to; 0: the mode can't wrap that many. */
size_t keywrap_size(const struct mech *row, size_t n);
/* Append the wrapped bytes to ret. `param` as parse_iv_wrap() and parse_iv_kwp() make it. */
NODISCARD CK_RV keywrap_seal(const struct mech *row, const union mech_param *param,
                             const struct key *k, struct span plain, struct buf *ret);
/* Append the plaintext. CKR_ENCRYPTED_DATA_LEN_RANGE; CKR_ENCRYPTED_DATA_INVALID: not authentic. */
NODISCARD CK_RV keywrap_open(const struct mech *row, const union mech_param *param,
                             const struct key *k, struct span wrapped, struct buf *ret);

#endif
