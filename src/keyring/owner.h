/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owner.h - the owner's secret: what a platform's seal needs besides the platform (SEAL_OWNED).
 *
 * It is the content of the file that `owner-secret` names, less one newline at its end: a file that
 * a secrets agent, systemd's credentials or a person puts there, never on the store's disk. A
 * descriptor that the process was started with is named /dev/fd/N and has to be a file that can be
 * read again (a memfd, say, not a pipe): the secret is not kept.
 */
#ifndef TEE_KEYRING_OWNER_H
#define TEE_KEYRING_OWNER_H

#include "keyring/seal.h"

#define OWNER_SECRET_MIN 16 /* bytes */

/*
 * The key that opens, or wraps, the secret of seal `s` (its salt and log2_n): root key and owner's
 * secret together, HKDF-SHA-256(root key || scrypt(secret), salt = store id). CKR_DEVICE_ERROR,
 * with a log line, when there is no secret to be had. Runs scrypt: no transaction, no lock.
 */
NODISCARD CK_RV owner_key(const struct conf *c, const struct header *h, const struct seal *s,
                          const struct secret *root_key, struct secret **ret);

#endif
