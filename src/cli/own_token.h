/* SPDX-License-Identifier: BSD-2-Clause */
/* own_token.h - a R/W session of the user on one of this machine's own tokens, as the module opens
 * it for an application. */
#ifndef TEE_CLI_OWN_TOKEN_H
#define TEE_CLI_OWN_TOKEN_H

#include "cli/cli.h"
#include "core/session.h"

struct own_token {
    bool initialized;         /* the library */
    CK_SESSION_HANDLE opened; /* 0: none */
    struct session *session;  /* entered */
};

/* Open the token of that label, logged in with the user PIN from `pin` (asked for on the terminal
 * when the source is none). EXIT_DONE, or the code after the reason was printed; *ret is to be
 * closed in any case. */
int own_token_open(const char *label, const struct pin_source *pin, struct own_token *ret);
void own_token_close(struct own_token *t);

#endif
