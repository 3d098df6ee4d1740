/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - `tee-pkcs11-verify`: the verifier alone, for machines that have no token. */
#include <stdio.h>

#include "util/fd.h"
#include "util/log.h"
#include "util/stdout.h"
#include "verifier/verifier.h"
#include "version.h"

int main(int argc, char **argv)
{
    struct fd_std std;

    fd_std_take(&std); /* for good: no file of ours may be what is printed into */
    log_setup();
    log_to_stderr(true);
    if (argc > 1 && strcmp(argv[1], "--version") == 0) {
        puts("tee-pkcs11-verify " TEE_VERSION);
        return stdout_lost() == NULL ? 0 : VERIFIER_UNKNOWN;
    }
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("usage: tee-pkcs11-verify " VERIFIER_ARGUMENTS "\n\n"
             "Is this evidence of a confidential VM genuine, and within a policy?\n"
             "tee-pkcs11-verify(1) explains it.");
        return stdout_lost() == NULL ? 0 : VERIFIER_UNKNOWN;
    }
    return verifier_command(argc, argv);
}
