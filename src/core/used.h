/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * used.h - uses of keys: told in the audit log where the token (keyring/key_use.h) or the
 * configuration (audit-key-use) asks for it, and counted (count-operations).
 *
 * What the token asks for is looked up when a use begins, and no configuration makes less of it:
 * such a use is refused where it could not be told, and is written by what ends a second later or
 * by what ends the login (below), whatever audit-delay says.
 *
 * A use is begun before the key is used, so that there is room for what will be told: a use that
 * could not be told is refused then (audit-full = refuse), not after its result is out. It ends
 * with what came of it and waits in a queue of this process, where equal uses of one second become
 * one with a count. Whoever ends a use when the queue was last written `audit-delay` seconds ago,
 * or more, writes it all in one transaction; others only queue. It is written, too, at logout, with
 * the last session of a token, and at C_Finalize. There is no thread, and nothing at exit: a
 * process that is killed, or ends without C_Finalize, loses what waits, which is at most what was
 * ended less than audit-delay seconds after the queue was last written.
 *
 * Locks: one for moments, which guards the queue; one that is held while it is written. Both come
 * after the session mutex and before LMDB's writer.
 */
#ifndef TEE_CORE_USED_H
#define TEE_CORE_USED_H

#include "core/object.h"
#include "crypto/mech.h"

struct token;
struct conf;

/* By C_Initialize alone, as the policy is. */
void used_install(const struct conf *c);
void used_forget(void); /* forked child: what waits is the parent's to tell */

struct used;
/* The key of `o` is about to be used by `row` for what the flag (CKF_SIGN, ...) says; a record goes
 * in front of *ret where that is told or counted, else *ret stays. CKR_HOST_MEMORY; where it has to
 * be told (audit-full = refuse, or the token asks) and the log takes no more, what writing it gave:
 * CKR_DEVICE_MEMORY, CKR_DEVICE_ERROR; where what the token asks for can't be read,
 * CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED. */
NODISCARD CK_RV used_begin(struct token *t, CK_FLAGS flag, const struct mech *row,
                           const struct object *o, struct used **ret);
/* The key that it is about (that is wrapped). */
void used_about(struct used *u, const struct object *o);
/* The use is over, with this result; takes `u` and those behind it. NULL is allowed. */
void used_end_watched(struct used *u, CK_RV rv);
static inline void used_end(struct used *u, CK_RV rv)
{
    if (__builtin_expect(u != NULL, 0))
        used_end_watched(u, rv);
}
/* It never took place: takes `u` and those behind it. NULL is allowed. */
void used_drop_watched(struct used *u);
static inline void used_drop(struct used *u)
{
    if (__builtin_expect(u != NULL, 0))
        used_drop_watched(u);
}
/* Another use of the same key in the same way, as for the next message of a process. `u` stays. */
NODISCARD CK_RV used_again(const struct used *u, struct used **ret);
/* What ended without a result: an operation that was given data and then given up. */
#define USED_UNFINISHED CKR_CANCEL

/* The store was unsealed by this process: counted, and told nowhere. */
void used_note_unsealing(const struct unsealing *u);

/* Write what waits, if anything does. Errors are logged; what could not be written waits on. */
void used_flush(void);
/* The same before the library ends: what can't be written now is lost, and the log says how much.
 */
void used_finish(void);

#endif
