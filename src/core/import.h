/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import.h - objects from outside into a token, many in one transaction, each of them once.
 *
 * Every object is made and checked as C_CreateObject makes it (object_make). What is there already
 * is known by what it *is*, not by what it is called: a key by its type and public half, or value;
 * a certificate by its bytes; a data object by application, label, object id and value. So a second
 * run of an import that was interrupted anywhere completes it, and a third one changes nothing.
 *
 * Objects wait until there are enough for a transaction; those between two calls of import_settle()
 * belong together and are written in one, up to 4,096 of them: more would hold other writers up. It
 * commits only if nobody made an object
 * since the known ones were read; else what came is read, and what has come to be there is dropped.
 * An entry of the audit log is part of each transaction.
 */
#ifndef TEE_CORE_IMPORT_H
#define TEE_CORE_IMPORT_H

#include "core/session.h"

/* What became of one object. */
enum import_fate {
    IMPORT_WAITING,     /* accepted, not stored yet */
    IMPORT_STORED,      /* or, in a dry run: would be */
    IMPORT_PRESENT,     /* the same is in the token */
    IMPORT_OTHER_VALUE, /* a data object of that name is, with another value */
};

struct import;

/* Begin: the token's objects are read. The session is a R/W one of the user, borrowed until
 * import_free(). `source` is told in the audit log. With dry_run nothing is ever written. */
NODISCARD CK_RV import_begin(struct session *s, const char *source, bool dry_run,
                             struct import **ret);
void import_free(struct import *i); /* what waits is dropped. NULL is allowed */
DEFINE_AUTO(import_freep, struct import, import_free)

/* Take a template as C_CreateObject would; its errors, for this object alone. With `is_named` a
 * data object must be the only one of its name. *ret_fate, which has to stay where it is until
 * import_free(), changes from IMPORT_WAITING when the object is written. */
NODISCARD CK_RV import_add(struct import *i, const CK_ATTRIBUTE *v, CK_ULONG n, bool is_named,
                           enum import_fate *ret_fate);
/* Between objects that belong together and the next ones: writes if enough are waiting. Errors are
 * the store's: what waited is not written. */
NODISCARD CK_RV import_settle(struct import *i);
/* Write what waits. */
NODISCARD CK_RV import_flush(struct import *i);

#endif
