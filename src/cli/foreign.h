/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foreign.h - tokens of other PKCS#11 modules, named by a URI (RFC 7512), through p11-kit: the
 * module by the path in the URI, else all that p11-kit's configuration names.
 */
#ifndef TEE_CLI_FOREIGN_H
#define TEE_CLI_FOREIGN_H

#include "cli/cli.h"

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

struct foreign {
    P11KitUri *uri;
    CK_FUNCTION_LIST **modules; /* NULL-terminated */
};

/* Parse the URI and load the modules. EXIT_DONE, or a code after the reason was printed; *ret is to
 * be closed in any case. */
int foreign_open(const char *uri, struct foreign *ret);
void foreign_close(struct foreign *f);

struct foreign_token {
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
};
#define FOREIGN_TOKENS_MAX 256

/* The tokens that the URI fits: how many there are, of which `room` are given. */
size_t foreign_tokens(const struct foreign *f, struct foreign_token *ret, size_t room);
/* A read-only session, logged in as the user where the token wants it. The PIN: from `pin`, else
 * the URI's pin-value or pin-source, else a prompt. EXIT_DONE, or a code after the reason was
 * printed. CK_INVALID_HANDLE: it opens none. */
int foreign_session(const struct foreign *f, const struct foreign_token *t,
                    const struct pin_source *pin, CK_SESSION_HANDLE *ret);

#endif
