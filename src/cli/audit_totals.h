/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_totals.h - the audit log in numbers: how often each event, and what rotations go by.
 */
#ifndef TEE_CLI_AUDIT_TOTALS_H
#define TEE_CLI_AUDIT_TOTALS_H

#include "keyring/audit.h"

struct audit_totals {
    uint64_t events[AUDIT_N_EVENTS]; /* by enum audit_event; 0: those of a newer program */
    uint64_t n;                      /* all of them */
    uint64_t master_since;           /* when the master key was made: the last rotation's time */
    uint64_t backup_at;              /* when the last backup was taken; 0: none was */
};

/* Read the whole log, its chain checked on the way. `created` is the store's: what master_since is
 * where the master key was never rotated. CKR_DEVICE_ERROR: the log was tampered with. */
NODISCARD CK_RV audit_totals_read(struct keyring *k, uint64_t created, struct audit_totals *ret);

#endif
