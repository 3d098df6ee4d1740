/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * succession.h - a key gets a successor: a new pair or secret key with its attributes and its
 * label, another CKA_ID and material of its own; the old one can from then on verify and nothing
 * else.
 *
 * In steps, because whoever asks has a say in between: prepare makes everything in memory, then the
 * old key signs the statement, which the platform attests, and commit writes it all in one
 * transaction, the statement with the new key (CKA_TEE_ROTATION). Before commit nothing is changed.
 */
#ifndef TEE_CORE_SUCCESSION_H
#define TEE_CORE_SUCCESSION_H

#include "core/attestation.h"

#define SUCCESSION_ID      16 /* bytes of a new CKA_ID: random */
#define SUCCESSION_OLD_MAX 8  /* the old key and its public objects */

struct succession {
    struct session *session;
    struct token_edit old[SUCCESSION_OLD_MAX]; /* [0]: the private or secret key */
    size_t n_old;
    struct attrs *made[2]; /* [0]: likewise; [1]: the public half, if the old key has one here */
    size_t n_made;
    struct attestation_home home;
    struct statement statement; /* borrows from all of this */
    struct buf proof;           /* what becomes CKA_TEE_ROTATION; empty: nobody vouches */
    bool attested;
};
/* Usable with AUTO(). */
void succession_clear(struct succession *s);

/* What a key loses when it gets a successor, in their order; NULL behind the last. */
struct succession_usage {
    CK_ATTRIBUTE_TYPE type;
    const char *name; /* "sign" */
    bool reads;       /* it opens what was protected before: stays with keep_reading */
};
const struct succession_usage *succession_usage(size_t i);
/* What a private or secret key of the token is for: from its usages, and those of its public
 * objects. */
enum succession_state {
    SUCCESSION_IN_USE,
    SUCCESSION_VERIFIES, /* it has none of these usages: it was rotated already */
    SUCCESSION_READS,    /* nothing is protected for it any more: rotated, with keep_reading */
};
NODISCARD CK_RV succession_state(struct token *t, const struct attrs *key,
                                 enum succession_state *ret);

/*
 * Make the successor of a private or secret token key in memory, and what the old one becomes; the
 * session must be the user's, and may write. keep_reading: the old key still decrypts, unwraps and
 * decapsulates. Borrows the session. With a log line each: CKR_KEY_TYPE_INCONSISTENT (it is
 * neither, has no public half, or too many public objects), CKR_ACTION_PROHIBITED (CKA_MODIFIABLE
 * is false, its own or that of a public object that would lose a usage),
 * CKR_KEY_FUNCTION_NOT_PERMITTED (it is not in use: succession_state), CKR_MECHANISM_INVALID
 * (nothing here makes such keys), CKR_TEMPLATE_INCONSISTENT (nor with such attributes),
 * CKR_DATA_LEN_RANGE (its label or id is too long).
 */
NODISCARD CK_RV succession_prepare(struct session *s, CK_OBJECT_HANDLE h, bool keep_reading,
                                   struct span nonce, struct succession *ret);
/* Will the platform vouch for the new key? */
bool succession_may_be_attested(const struct succession *s);
/* What the old key is to sign, appended. */
NODISCARD CK_RV succession_to_sign(const struct succession *s, struct buf *ret);
/* Make the proof from the old key's signature (attest/statement.h says of what form; empty: it
 * can't sign), and have it attested where the root can and the new key never leaves it. Asks the
 * device. */
NODISCARD CK_RV succession_prove(struct succession *s, struct span signature);
/* Write it. CKR_FUNCTION_FAILED: somebody changed the old key meanwhile, and nothing is done. */
NODISCARD CK_RV succession_commit(struct succession *s);

#endif
