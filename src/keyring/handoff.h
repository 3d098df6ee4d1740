/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff.h - a store's master key on its way to another platform: another image, another chip, a
 * second node.
 *
 * The new platform makes a key pair for one request and keeps the private half, sealed to itself
 * (handoff_key_seal). The old one encrypts the master to the public half (handoff_release). The new
 * one opens the store by what came (handoff_open), looks which store it is, and seals it to
 * itself (handoff_adopt). Whom the two may trust is for the callers to find out before: nothing
 * here looks at evidence.
 *
 * A request is named by the hash of its message. That name is in the audit log's entry of each
 * half, which is how a request is found that was used already (handoff_past).
 */
#ifndef TEE_KEYRING_HANDOFF_H
#define TEE_KEYRING_HANDOFF_H

#include "keyring/audit.h"

#define HANDOFF_NAME 32 /* bytes: the first ones of the request's hash */

/* A hand-over needs evidence on both sides. CKR_FUNCTION_NOT_SUPPORTED, with a log line: the
 * configured root has none. */
NODISCARD CK_RV handoff_can_attest(const struct conf *c);

/* -- the new platform, asking ------------------------------------------------------------------ */

/* The id of the store in the configured directory, as the disk has it. CKR_TOKEN_NOT_PRESENT. */
NODISCARD CK_RV handoff_store_id(const struct conf *c, uint8_t ret[STORE_ID]);

/*
 * What is kept until the approval comes: private half and request, sealed to this platform as a
 * store would be (with the owner's secret where one is configured), so that the file is worth
 * nothing elsewhere. Appends its bytes. CKR_FUNCTION_REJECTED: an owner's secret is demanded and
 * not configured. Asks the device.
 */
NODISCARD CK_RV handoff_key_seal(const struct conf *c, struct span private_key, struct span request,
                                 struct buf *ret);
/* `path` is for the log. CKR_DATA_INVALID: it is no such file. CKR_DEVICE_ERROR, with a log line:
 * it was made on another platform, or changed. */
NODISCARD CK_RV handoff_key_open(const struct conf *c, const char *path, struct span file,
                                 struct secret **ret_private, struct buf *ret_request);
/* Does a file begin as such a file does? */
bool handoff_key_is(struct span file);

/* -- the platform that has the store ----------------------------------------------------------- */

/* The master key, encrypted to the public half (cms_seal_to_key()): CMS, appended; and the id of
 * the seal by which the store opens here. Asks the device. CKR_ARGUMENTS_BAD: it is no key that can
 * receive. */
NODISCARD CK_RV handoff_release(struct keyring *k, struct span public_key, struct buf *ret_sealed,
                                uint8_t ret_seal[16]);
/* The first entry of the event about this request. */
struct handoff_past {
    bool found;
    uint64_t number, time;
    uint64_t n_entries; /* of the log, when it was looked at */
};
NODISCARD CK_RV handoff_past(struct keyring *k, enum audit_event event,
                             const uint8_t name[HANDOFF_NAME], struct handoff_past *ret);
/* The entry in the audit log: to be written before the approval leaves. `to` says in words who gets
 * it; `past` is what was found before, nothing. CKR_FUNCTION_REJECTED: somebody approved the same
 * request since. */
NODISCARD CK_RV handoff_note(struct keyring *k, const uint8_t name[HANDOFF_NAME], const char *to,
                             const struct handoff_past *past);

/* -- the new platform, receiving --------------------------------------------------------------- */

/*
 * Open the store with a master that was handed over; nothing is written.
 * CKR_ENCRYPTED_DATA_INVALID: the private half does not open it. CKR_FUNCTION_REJECTED, with a log
 * line: it is of another store, or of an epoch that is over.
 */
NODISCARD CK_RV handoff_open(const struct conf *c, struct store *s, struct span sealed,
                             const struct secret *private_key, struct keyring **ret);
/* Seal it to this platform: keyring_adopt() with the entry of a hand-over. `supersedes` is the seal
 * of the platform that gave it; NULL: that one lives on, as all others do. `past` is what
 * handoff_past() found of AUDIT_HANDOFF_ACCEPTED before, nothing. CKR_FUNCTION_REJECTED also where
 * somebody accepted the same request since: then nothing was written. */
NODISCARD CK_RV handoff_adopt(struct keyring *k, const uint8_t name[HANDOFF_NAME],
                              const uint8_t *supersedes, const struct handoff_past *past,
                              uint8_t ret_id[16]);

#endif
