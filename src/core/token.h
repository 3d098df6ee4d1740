/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * token.h - a token as this process uses it: who is logged in, its session objects, its cache of
 * decrypted token objects. One struct per token and process, made by the first C_OpenSession.
 *
 * Login belongs to the application: all sessions of the token change together, and it ends with
 * the last session (PKCS#11 v3.2 5.6.8). The login generation rises with every login and logout;
 * handles and operations of private objects name it and die with it.
 */
#ifndef TEE_CORE_TOKEN_H
#define TEE_CORE_TOKEN_H

#include "core/object.h"
#include "core/table.h"

struct token;

/* -- slots: read from the store; see slot.c --------------------------------------------------- */

/* The token of an initialised slot, with the keyring open; a reference. CKR_SLOT_ID_INVALID,
 * CKR_TOKEN_NOT_RECOGNIZED for the free slot, CKR_DEVICE_ERROR. */
NODISCARD CK_RV token_of_slot(CK_SLOT_ID slot, struct token **ret);
struct token *token_ref(struct token *t);
void token_unref(struct token *t); /* NULL is allowed */
DEFINE_AUTO(token_unrefp, struct token, token_unref)
void tokens_free_all(void); /* C_Finalize: no session is left */
void tokens_forget(void);   /* forked child */
/* C_InitToken made a new incarnation: the old struct serves nobody any more. */
void token_retire(const uint8_t id[TOKEN_ID]);

CK_SLOT_ID token_slot(const struct token *t);
const uint8_t *token_id(const struct token *t);
struct keyring *token_keyring(const struct token *t); /* borrowed */
/* Which uses of its keys the token itself wants told, as of the newest transaction. Read from the
 * store where one was committed since the last look; else one comparison. CKR_DEVICE_ERROR;
 * CKR_DEVICE_REMOVED: another process has made the token anew. */
NODISCARD CK_RV token_key_use(struct token *t, enum conf_key_use *ret);

/* -- sessions of the token -------------------------------------------------------------------- */

/* Count a session in; CKR_SESSION_READ_WRITE_SO_EXISTS for a read-only one while the SO is in. */
NODISCARD CK_RV token_join(struct token *t, bool rw);
/* Count it out; returns whether it was the last one, which logs out. */
bool token_part(struct token *t, bool rw);

/* -- login ------------------------------------------------------------------------------------ */

enum token_state { TOKEN_PUBLIC, TOKEN_USER, TOKEN_SO };

enum token_state token_login_state(struct token *t);
/* C_Login. Codes of v3.2 5.6.8. */
NODISCARD CK_RV token_log_in(struct token *t, enum role role, struct span pin);
/* CKU_CONTEXT_SPECIFIC: the PIN of who is logged in, once more. */
NODISCARD CK_RV token_authenticate(struct token *t, struct span pin);
/* What sessions have of private objects is theirs to drop: session_log_out(). */
NODISCARD CK_RV token_log_out(struct token *t);
/* Both begin a rotation of private scope, and move what who is logged in can open, as C_Login does.
 */
NODISCARD CK_RV token_change_pin(struct token *t, struct span old_pin, struct span new_pin);
NODISCARD CK_RV token_set_user_pin(struct token *t, struct span new_pin);
/* Changes with every login and logout. */
uint64_t token_login_generation(const struct token *t);
/* Did a logout end what has something of a private object, and was begun under that login (v3.2
 * 5.6.9)? */
static inline bool token_made_void(const struct token *t, bool is_private, uint64_t generation)
{
    return is_private && generation != token_login_generation(t);
}
/* May private objects be seen and made? */
bool token_sees_private(struct token *t);

/* Fill `ret` for a call of the vault; it holds a reference to the login. */
void token_vault(struct token *t, struct vault *ret);
void vault_done(struct vault *v);
/* The call of the vault returned rv, and `v` is done with. True: it was refused because this
 * process itself was changing the PIN meanwhile, and is to be made again, with token_vault()
 * before. */
bool vault_again(struct token *t, struct vault *v, CK_RV rv);
/* Is who is logged in that still, as the store says now? CKR_USER_NOT_LOGGED_IN: nobody is, or the
 * PIN was changed by another process. */
NODISCARD CK_RV token_check_login(struct token *t);

/* -- objects ---------------------------------------------------------------------------------- */

/* The object of a handle, as it is now; a reference. CKR_OBJECT_HANDLE_INVALID: not there, not
 * visible, or of another login. */
NODISCARD CK_RV token_object(struct token *t, CK_OBJECT_HANDLE h, struct object **ret);
#define TOKEN_ADD_MAX 16 /* objects at once */
/* Publish n new objects (attrs are taken, and NULL afterwards, if they are session objects, and on
 * success if they are token objects): token objects in one store transaction,
 * session objects in memory; handles are written last. All are token objects or all are not. */
NODISCARD CK_RV token_add(struct token *t, CK_SESSION_HANDLE session, struct attrs **objects,
                          size_t n, CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV token_destroy(struct token *t, struct object *o);
/* Replace by what `change` makes of the present attributes; run again when another process was
 * faster. */
typedef CK_RV object_change(const struct attrs *now, void *arg, struct attrs **ret);
NODISCARD CK_RV token_change(struct token *t, CK_OBJECT_HANDLE h, object_change *change, void *arg);

/* A token object that is to change together with others: read anew, not from the cache. */
struct token_edit {
    CK_OBJECT_HANDLE handle;
    struct attrs *attrs; /* owned: as stored, for the caller to change */
    struct stamp stamp;
};
void token_edit_clear(struct token_edit *e);
/* CKR_OBJECT_HANDLE_INVALID, and CKR_ACTION_PROHIBITED for what is no stored object. */
NODISCARD CK_RV token_edit_begin(struct token *t, CK_OBJECT_HANDLE h, struct token_edit *ret);
/* In one transaction: n new token objects in, and what `edits` became (vault_succeed()).
 * CKR_FUNCTION_FAILED: one of those was changed meanwhile, and nothing is done. `made` stay the
 * caller's. */
NODISCARD CK_RV token_succeed(struct token *t, const struct attrs *const *made, size_t n,
                              const struct token_edit *edits, size_t n_edits);

/* Handles of everything that matches: a snapshot; *ret is malloc'd. */
NODISCARD CK_RV token_find(struct token *t, const struct attrs *search, CK_OBJECT_HANDLE **ret,
                           size_t *ret_n);
/* C_CloseSession: the session's own objects go. */
void token_drop_session_objects(struct token *t, CK_SESSION_HANDLE session);

#endif
