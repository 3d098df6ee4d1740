/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * adopt.h - a store whose master was opened by something else than this platform, sealed to it: the
 * end of a recovery and of a hand-over.
 */
#ifndef TEE_KEYRING_ADOPT_H
#define TEE_KEYRING_ADOPT_H

#include "keyring/audit.h"
#include "keyring/ring.h"

/* Which seals of other platforms are superseded: they open for rollback-days more. */
enum adopt_others { ADOPT_SUPERSEDES_ALL, ADOPT_SUPERSEDES_ONE, ADOPT_SUPERSEDES_NONE };

struct adopt_terms {
    enum audit_event event; /* what it is told as */
    const char *by;         /* words in front of the entry; NULL: none */
    const char *again;      /* what to do when the master was rotated meanwhile */
    enum adopt_others others;
    /* What opens the store on this platform already is replaced and not superseded, and where it
     * was not superseded itself, nothing else changes. */
    bool in_place;
    const uint8_t *one; /* ADOPT_SUPERSEDES_ONE: its id; where it is not there any more, none is */
    /* Asked in the transaction that writes: what it returns other than CKR_OK ends the adoption.
     * NULL: nothing is. */
    CK_RV (*may)(const struct keyring *k, struct txn *t, void *arg);
    void *arg;
};

/*
 * Seal to this platform: k was opened without a root, and its master is at hand (k->master). For
 * one thread, with no other user of the keyring. CKR_FUNCTION_REJECTED when the configured root
 * protects less than the one that the store was made for, or an owner's secret is demanded and not
 * configured. CKR_DEVICE_ERROR: the master was rotated meanwhile. Asks the device.
 */
struct adopted {
    uint8_t id[16]; /* of the new seal */
    bool in_place;  /* the terms', and a seal that was not superseded opened the store here */
};
NODISCARD CK_RV keyring_adopt(struct keyring *k, const struct adopt_terms *terms,
                              struct adopted *ret);

#endif
