/* SPDX-License-Identifier: BSD-2-Clause */
/* audit.h - the parts of `tee-pkcs11 audit`, and what they gather on a walk over the log. */
#ifndef TEE_CLI_AUDIT_H
#define TEE_CLI_AUDIT_H

#include "cli/checkpoint.h"
#include "cli/merkle.h"
#include "keyring/audit.h"

/* A log from its first entry on: its Merkle tree, and the hash of the last one. An audit_fn adds an
 * entry; `also` is called behind it. */
struct audit_reading {
    struct merkle tree;
    uint8_t hash[PRIM_HASH];
    const struct checkpoint *checkpoint; /* to be compared on the way; NULL: none */
    bool met;                            /* the log is what it was at the checkpoint, and went on */
    audit_fn *also;                      /* or NULL */
    void *arg;
};
/* Before the first entry: a checkpoint may be of an empty log. */
NODISCARD CK_RV audit_reading_begin(struct audit_reading *r);
NODISCARD CK_RV audit_reading_add(const struct audit_entry *e, void *arg);

/* Walk over the log of the store that the configuration names: an exit code, after an error was
 * printed. */
int audit_store_walk(audit_fn *fn, void *arg);

/* Say why the log of a store that is open could not be read to its end: an exit code, EXIT_REFUSED
 * where it is not whole. */
int audit_fault_say(CK_RV rv);

/* `audit verify`, `audit checkpoint` and `audit key-use`; their arguments from the word on. Exit
 * codes. */
int audit_verify(int argc, char **argv);
int audit_checkpoint(int argc, char **argv);
int audit_key_use(int argc, char **argv);

#endif
