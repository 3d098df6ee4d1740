/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seals.h - the ways into a store, changed: for the command.
 *
 * Each call is one write transaction with its entry in the audit log. Whatever is asked, the last
 * way in stays.
 */
#ifndef TEE_KEYRING_SEALS_H
#define TEE_KEYRING_SEALS_H

#include "crypto/shamir.h"
#include "keyring/seal.h"

struct seal_result;
/* Hand what the owner keeps to the owner. */
typedef CK_RV seal_show_fn(void *arg, const struct seal_result *made);

/* What is to be added; borrowed. */
struct seal_request {
    enum seal_kind kind;       /* not of the platform: that is seal_reseal() */
    struct span certificate;   /* SEAL_CERTIFICATE: PEM or DER */
    struct span name;          /* the others: at most SEAL_NAME_MAX bytes, may be empty */
    struct span passphrase;    /* SEAL_PASSPHRASE */
    uint8_t threshold, shares; /* SEAL_SHARES */
    /* Called before anything is written: what could not be shown opens nothing, and what was shown
     * and then not written does not either. What it returns other than CKR_OK ends the call. NULL:
     * the caller has `ret` only. */
    seal_show_fn *show;
    void *show_arg;
};
/* What came of it. `texts` is what the owner keeps and nobody else has: the recovery key, or one
 * share each. */
struct seal_result {
    uint8_t id[SEAL_ID];
    struct buf texts[SHAMIR_MAX];
    size_t n_texts;
};
void seal_result_clear(struct seal_result *r);

/*
 * Add a way in. CKR_ARGUMENTS_BAD: no certificate that can receive, a name that is too long, an
 * impossible number of shares, a passphrase of fewer than 8 bytes. CKR_FUNCTION_REJECTED, with a
 * log line: the certificate is a recipient already, or a passphrase for a store with a genuine
 * hardware root. Asks the device.
 */
NODISCARD CK_RV seal_add(struct keyring *k, const struct seal_request *q, struct seal_result *ret);

/* What the caller accepts when he takes a seal away. */
enum seal_accept {
    SEAL_ACCEPT_NO_RECOVERY = 1, /* then nothing but a platform opens the store */
    SEAL_ACCEPT_NO_PLATFORM = 2, /* then nothing but a recovery does */
};
/* May the seal be taken away? CKR_FUNCTION_REJECTED, with a log line naming the flag or the way
 * out. CKR_ARGUMENTS_BAD: there is no such seal. */
NODISCARD CK_RV seal_remove_check(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept);
/* Take it away; what it opened in an older copy of the store it opens there still. */
NODISCARD CK_RV seal_remove(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept);

/* Which seal opens the store here. Asks the device. CKR_FUNCTION_REJECTED: none, it was opened by a
 * recovery. */
NODISCARD CK_RV seal_in_use(struct keyring *k, uint8_t ret_id[SEAL_ID]);

/* Take it away, and renew at once what it opened: master, token secrets and DEKs. What is written
 * from now on it opens nowhere; what was there before has to be re-encrypted (vault_rotate_step()),
 * and was readable. Asks the device. After the seal that was in use here, nothing can be
 * re-encrypted until the store is recovered. */
NODISCARD CK_RV seal_revoke(struct keyring *k, const uint8_t id[SEAL_ID], unsigned accept);

/* A seal for the platform as it is now, in place of the one that opens the store here; and a new
 * master. Asks the device. CKR_FUNCTION_REJECTED: an owner's secret is demanded. */
NODISCARD CK_RV seal_reseal(struct keyring *k, uint8_t ret_id[SEAL_ID]);

/* Does the seal open? One of the platform by the platform (proof NULL), another by its owner's
 * proof. Nothing is written. CKR_ARGUMENTS_BAD: no such seal, or the proof is of another kind;
 * CKR_ENCRYPTED_DATA_INVALID: the proof does not open it; CKR_DEVICE_ERROR: the platform doesn't.
 */
NODISCARD CK_RV seal_try(struct keyring *k, const uint8_t id[SEAL_ID],
                         const struct seal_proof *proof);

#endif
