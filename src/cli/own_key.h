/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_key.h - a private or secret key of this machine's own tokens, by its PKCS#11 URI (RFC 7512),
 * as a session of the module sees it.
 */
#ifndef TEE_CLI_OWN_KEY_H
#define TEE_CLI_OWN_KEY_H

#include "cli/cli.h"
#include "core/session.h"

struct own_key {
    bool initialized;         /* the library */
    CK_SESSION_HANDLE opened; /* 0: none */
    struct session *session;  /* entered */
    CK_OBJECT_HANDLE handle;
    struct object *object; /* a reference */
    struct buf pin;        /* the user's: for keys that want it again (CKA_ALWAYS_AUTHENTICATE) */
};
#define OWN_KEY_INIT ((struct own_key){.initialized = false})

/* What is wanted: OWN_KEY_PRIVATE, or flags. */
enum own_key_how {
    OWN_KEY_PRIVATE = 0,
    OWN_KEY_SECRET = 1 << 0, /* a secret key will do too */
    OWN_KEY_CHANGE = 1 << 1, /* the session is to write */
};

/* Find exactly one key, logged in with the user PIN from `pin` (when it names no source, from the
 * URI's pin-source, else asked for on the terminal). Where several fit, they are shown, with what
 * tells them apart. A PIN in the URI is refused: others could read it. EXIT_DONE, or the code after
 * the reason was printed; *ret is to be closed in any case. */
int own_key_open(const char *uri, const struct pin_source *pin, unsigned how, struct own_key *ret);
void own_key_close(struct own_key *k);
/* The key's id as a URI has it, "id=%01%ab", appended. */
void own_key_print_id(struct span id, struct buf *ret);
/* A C_Sign in one part with the key, appended. */
NODISCARD CK_RV own_key_sign(struct own_key *k, const CK_MECHANISM *m, struct span in,
                             struct buf *ret);

#endif
