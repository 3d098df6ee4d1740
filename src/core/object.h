/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.h - one PKCS#11 object as the module holds it: immutable attributes and, once used, the
 * key made from them. A change makes a new struct object; who holds a reference to the old one
 * keeps a true picture of it. Reference-counted, safe to read from many threads.
 */
#ifndef TEE_CORE_OBJECT_H
#define TEE_CORE_OBJECT_H

#include "core/handle.h"
#include "crypto/key.h"
#include "vault/vault.h"

struct object;

/* A new object; attrs are taken. For session objects `owner` is the session's handle. */
NODISCARD CK_RV object_new(enum handle_kind kind, uint64_t id, struct attrs *attrs,
                           CK_SESSION_HANDLE owner, struct object **ret);
struct object *object_ref(struct object *o);
void object_unref(struct object *o); /* NULL is allowed; the last one wipes */
DEFINE_AUTO(object_unrefp, struct object, object_unref)

/* What rules and operations ask. A CKA_CHECK_VALUE that is owed (crypto/key.h) is not among them.
 */
const struct attrs *object_attrs(const struct object *o);
/* What applications see: with the CKA_CHECK_VALUE, which is computed at the first question and
 * kept. Borrowed, as long as the object is referenced. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED. */
NODISCARD CK_RV object_shown(struct object *o, const struct attrs **ret);
/* Would object_shown() have to compute? */
bool object_owes(const struct object *o);
/* Does it match a search that asks for CKA_CHECK_VALUE? Of an object that owes it, nothing is kept
 * that the search does not find: a search over a million keys may compute, but not double them. */
NODISCARD CK_RV object_matches(struct object *o, const struct attrs *search, bool *ret);
enum handle_kind object_kind(const struct object *o);
uint64_t object_id(const struct object *o);
CK_SESSION_HANDLE object_owner(const struct object *o);
bool object_is_private(const struct object *o);
bool object_is_token(const struct object *o);
/* The scope of a token object's record. */
enum scope object_scope(const struct object *o);

/* The key, made at first use and kept; a reference. Errors of key_from_attrs(). */
NODISCARD CK_RV object_key(struct object *o, struct key **ret);

#endif
