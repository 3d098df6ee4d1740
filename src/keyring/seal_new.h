/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal_new.h - the seals of an owner: made for a certificate, a recovery key, shares or a
 * passphrase, and opened with what the owner brings. (Those of the platform: platform.h.)
 */
#ifndef TEE_KEYRING_SEAL_NEW_H
#define TEE_KEYRING_SEAL_NEW_H

#include "keyring/seal.h"

/* What a new seal is to be opened by; borrowed. */
struct seal_lock {
    enum seal_kind kind;       /* not of the platform */
    struct span certificate;   /* SEAL_CERTIFICATE: DER */
    struct span subject;       /* of the certificate; else a name, may be empty */
    struct span secret;        /* SEAL_KEY, SEAL_SHARES: 32 bytes; SEAL_PASSPHRASE */
    uint8_t log2_n;            /* SEAL_PASSPHRASE: scrypt's cost */
    uint8_t threshold, shares; /* SEAL_SHARES */
};

/* A row with its key, ready to be put. */
struct seal_made {
    uint8_t id[SEAL_ID];
    struct buf row;
};
static inline void seal_made_clear(struct seal_made *s)
{
    buf_clear(&s->row);
}

/* A new seal with this id around the master of `h`. scrypt may run: no transaction. */
NODISCARD CK_RV seal_new(const struct header *h, const struct seal_lock *lock, struct span master,
                         const uint8_t id[SEAL_ID], struct seal_made *ret);

/* The seal secret, by the owner's proof, which is of the seal's kind. CKR_ENCRYPTED_DATA_INVALID:
 * it does not open it. CKR_ARGUMENTS_BAD: it is no key at all. scrypt may run: no transaction. */
NODISCARD CK_RV seal_unwrap(const struct header *h, const struct seal *s,
                            const struct seal_proof *proof, struct secret **ret);

/* The context of the box around a seal's secret. */
struct box_context seal_wrapped_context(const struct header *h, const uint8_t id[SEAL_ID]);

#endif
