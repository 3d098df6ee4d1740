/* SPDX-License-Identifier: BSD-2-Clause */
/* attest_fetch.h - the certificates of an endorsement key for evidence that the host gave none for.
 */
#ifndef TEE_CLI_ATTEST_FETCH_H
#define TEE_CLI_ATTEST_FETCH_H

#include "util/buf.h"

struct attest_fetch {
    bool wanted;
    const char *kds;   /* URL; NULL: AMD's */
    const char *cache; /* directory; NULL: the user's */
    const char *root;  /* a certificate file instead of AMD's root; NULL: AMD's */
};

/* Put the certificates of endorsement key and issuer into encoded evidence, from itself, the cache
 * or the key distribution service. Each is checked against the root and the report. EXIT_DONE, or
 * an exit code after an error was printed; *der is untouched then. */
int attest_fetch(const struct attest_fetch *f, struct buf *der);

#endif
