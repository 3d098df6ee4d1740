/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport.h - a key on its way out of another token that does not show it but lets it leave:
 * wrapped there under an AES-256 key of ours, which lives for the session, and unwrapped here.
 */
#ifndef TEE_CLI_TRANSPORT_H
#define TEE_CLI_TRANSPORT_H

#include "cli/cli.h"
#include "util/secret.h"

struct transport {
    CK_FUNCTION_LIST *module;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;  /* CK_INVALID_HANDLE: not made yet, or the token takes none */
    struct secret *secret; /* its value; NULL: nothing was tried yet */
};

/* Wrap `key` there and put into ret, which is empty, what it is: the value of a secret key of n
 * bytes, or (n = 0) a PrivateKeyInfo (PKCS#8). CKR_KEY_NOT_WRAPPABLE: the token does not let it go
 * so; CKR_DATA_INVALID: what came does not unwrap, or is not that; CKR_HOST_MEMORY. */
NODISCARD CK_RV transport_get(struct transport *t, CK_OBJECT_HANDLE key, size_t n, struct buf *ret);
/* The key of the session is destroyed and wiped. */
void transport_end(struct transport *t);

#endif
