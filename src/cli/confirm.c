/* SPDX-License-Identifier: BSD-2-Clause */
/* confirm.c - the owner's word that a store is his; see confirm.h. */
#include "cli/confirm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

bool confirm_store(const char *expect, bool yes, const char *fingerprint)
{
    char answer[16];

    if (expect != NULL) {
        if (strcasecmp(expect, fingerprint) == 0)
            return true;
        cli_fail(EXIT_REFUSED, "the fingerprint is not the expected one: nothing was changed");
        return false;
    }
    if (yes)
        return true;
    if (isatty(STDIN_FILENO) != 1) {
        cli_fail(EXIT_REFUSED, "no terminal to ask: give --expect FINGERPRINT");
        return false;
    }
    fputs("Is this the store that you know by that fingerprint? Seal it to this platform? [y/N] ",
          stdout);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

void confirm_seals(struct keyring *k)
{
    struct seal_info *v = NULL;
    size_t n = 0;

    if (seals_list(k, keyring_store(k), &v, &n) != CKR_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        char id[2 * 4 + 1];

        printf("seal %s  %s%s\n", hex_encode(span_of(v[i].id, 4), id), seal_kind_name(v[i].kind),
               v[i].superseded ? ", superseded: kept for going back, see tee-pkcs11 status" : "");
    }
    seals_info_free(v, n);
}
