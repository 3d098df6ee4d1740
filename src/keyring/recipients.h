/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recipients.h - the recovery certificates that a configuration names, and whether a configuration
 * still says what a store was made with.
 */
#ifndef TEE_KEYRING_RECIPIENTS_H
#define TEE_KEYRING_RECIPIENTS_H

#include "keyring/meta.h"

struct recipients {
    struct recipient {
        struct buf der;
        struct buf subject; /* RFC 2253 text, no terminator */
        uint8_t hash[PRIM_HASH];
    } v[CONF_MAX_RECOVERY];
    size_t n;
    size_t n_unread; /* named, but the file can't be read now */
};
void recipients_clear(struct recipients *r);

/* Read every certificate that the configuration names (one named twice counts once), for a store
 * that is being made: CKR_FUNCTION_REJECTED, with a log line naming the file, when one is missing
 * or can't receive. */
NODISCARD CK_RV recipients_load(const struct conf *c, struct recipients *ret);

/*
 * The configuration against what the store was made with (verified). CKR_DEVICE_ERROR, with a log
 * line naming both sides, when it names another root or `measured`, or a certificate that is not a
 * recipient. What it doesn't say is not a contradiction (the command can have added recipients); a
 * certificate file that is missing now (it is needed at creation only) is a warning.
 */
NODISCARD CK_RV config_check(const struct conf *c, const struct root *r,
                             const struct config *stored);
/* The configuration with the floors of the store: a view, whose parts are those of `c`. */
struct conf config_with_floors(const struct conf *c, const struct config *stored);
/* A binding that a seal was opened by, or is made with, is not below the floors of the store, which
 * may be higher than those of the file. CKR_DEVICE_ERROR after a log line. */
NODISCARD CK_RV config_floors(const struct conf *c, const struct config *stored,
                              const struct root *r, const struct binding *b);
/* Does the configuration name the certificate with this hash? */
NODISCARD CK_RV recipients_name(const struct conf *c, const uint8_t hash[PRIM_HASH], bool *ret);
/* "image", "firmware" or "nothing said". */
const char *config_measured_name(enum conf_measured m);
/* The file that a log line asks to change: the one that was read, or where to make one. */
const char *config_path(const struct conf *c);

#endif
