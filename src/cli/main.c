/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - the command `tee-pkcs11`: finds the subcommand and runs it; see cli.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "crypto/ossl.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/stdout.h"
#include "verifier/verifier.h"
#include "version.h"

static const struct cli_command commands[] = {
    {"init-token",
     "--label LABEL [--so-pin-file FILE | --so-pin-fd N] [--pin-file FILE | --pin-fd N]",
     "make a token (and the store, if there is none)", command_init_token},
    {"status", "[--json | --prometheus [--output FILE]]",
     "root, binding, seals, tokens, DEK ages, warnings", command_status},
    {"rotate",
     "dek|master [--if-older AGE] [--token LABEL] [--so-pin-file FILE | --so-pin-fd N] [--dry-run] "
     "| key URI [--keep-reading] [--nonce HEX] [--out FILE] [--pin-file FILE | --pin-fd N] "
     "[--dry-run] | key URI --statement [--out FILE] [--pin-file FILE | --pin-fd N]",
     "new data-encryption keys, a new master key, or a successor of an application's key",
     command_rotate},
    {"seal",
     "list [--json] | add (--certificate FILE | --new-recovery-key | --new-shares K/N | "
     "--passphrase FILE) [--name NAME] | remove|revoke ID [--no-recovery] [--no-platform] | "
     "test ID "
     "[--key FILE|URI | --opened FILE | --recovery-key FILE | --shares FILE | --passphrase FILE] | "
     "export ID | import FILE [--dry-run] | reseal [--dry-run]",
     "the ways into the store: list, add, remove, try, renew", command_seal},
    {"recover",
     "(--key FILE|URI | --opened FILE | --recovery-key FILE | --shares FILE | --passphrase FILE) "
     "[--pin-file FILE | --pin-fd N] [--expect FINGERPRINT | --yes] [--dry-run]",
     "open the store with what its owner keeps, and seal it to this platform", command_recover},
    {"import",
     "(FILE | --env-file FILE | --env NAME | --softhsm2 LABEL | --softhsm2-store DIRECTORY | "
     "--from URI)... --token LABEL "
     "[--pin-file FILE | --pin-fd N] [--passphrase-file FILE | --passphrase-fd N] "
     "[--module FILE] [--source-pin-file FILE | --source-pin-fd N] [--label LABEL] "
     "[--application NAME] [--extractable] [--dry-run]",
     "keys, certificates and credentials from elsewhere into a token", command_import},
    {"handoff",
     "request --key FILE [--store ID] [--nonce HEX] [--out FILE] "
     "[--fetch [--kds URL] [--cache DIRECTORY] [--root FILE]]\n"
     "       tee-pkcs11 handoff approve REQUEST --policy FILE [--nonce HEX] [--max-age SECONDS] "
     "[--out FILE]\n"
     "           [CERTIFICATES] [--fetch] [--dry-run]\n"
     "       tee-pkcs11 handoff accept APPROVAL --key FILE --policy FILE [--expect FINGERPRINT | "
     "--yes]\n"
     "           [--standby] [--max-age SECONDS] [CERTIFICATES] [--dry-run]\n"
     "CERTIFICATES: [--root FILE] [--crl FILE] [--offline] [--kds URL] [--patience SECONDS] "
     "[--cache DIRECTORY | --no-cache]",
     "give the store to another image, chip or node that is judged by a policy", command_handoff},
    {"prune", "[--superseded] [--dry-run]", "drop the seals of images that were superseded",
     command_prune},
    {"audit",
     "show | export | verify [FILE [--store]] [--checkpoint NOTE --key VKEY] | "
     "checkpoint --key URI [--origin NAME] [--vkey | --evidence FILE] [--out FILE] "
     "[--pin-file FILE | --pin-fd N] | "
     "key-use none|secret|all --token LABEL [--so-pin-file FILE | --so-pin-fd N] [--dry-run]",
     "what was done to the store, and whether uses of keys are told", command_audit},
    {"backup", "FILE | - [--no-verify]", "a copy of the store, while applications go on",
     command_backup},
    {"restore",
     "FILE | - [--key FILE|URI | --opened FILE | --recovery-key FILE | --shares FILE | "
     "--passphrase "
     "FILE] [--pin-file FILE | --pin-fd N] [--expect FINGERPRINT] | --unopened",
     "a store from a backup, where there is none", command_restore},
    {"verify-store",
     "[DIRECTORY | FILE] [--json] [--key FILE|URI | --opened FILE | --recovery-key FILE | --shares "
     "FILE | --passphrase FILE] [--pin-file FILE | --pin-fd N]",
     "is the store, or a backup of it, whole? Names each fault", command_verify_store},
    {"attest",
     "[--nonce HEX | --report-data HEX] [--key URI [--pin-file FILE | --pin-fd N] | --file FILE] "
     "[--json] [--out FILE] [--fetch [--kds URL] [--cache DIRECTORY] [--root FILE]]",
     "evidence about this VM, a key of a token or a file, for `verify`", command_attest},
    {"csr",
     "--key URI --subject NAME=VALUE... [--san VALUE]... [--nonce HEX] [--no-evidence] "
     "[--pin-file FILE | --pin-fd N] [--out FILE]",
     "a certificate request for a key of a token, with evidence about it", command_csr},
    {"verify", VERIFIER_ARGUMENTS,
     "is this evidence of a confidential VM genuine, and within a policy?", verifier_command},
    {"doctor", "", "check device, permissions, store and configuration; say how to mend each",
     command_doctor},
};

static void print_help(FILE *f)
{
    fputs("tee-pkcs11 " TEE_VERSION
          ": a PKCS#11 token whose keys open only in this confidential VM\n\n"
          "usage: tee-pkcs11 COMMAND [OPTIONS]\n\n",
          f);
    for (size_t i = 0; i < N_ELEMENTS(commands); i++)
        fprintf(f, "  %-12s %s\n", commands[i].name, commands[i].what);
    fputs("\n`tee-pkcs11 COMMAND --help` shows a command's options; tee-pkcs11(1) explains them.\n",
          f);
}

int cli_fail(int code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fputs("tee-pkcs11: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    return code;
}

/* What a CK_RV means to the person who typed the command. */
static const struct {
    CK_RV rv;
    int code;
    const char *words;
} meanings[] = {
    {CKR_PIN_INCORRECT, EXIT_REFUSED, "the PIN is wrong"},
    {CKR_PIN_LOCKED, EXIT_REFUSED, "the PIN is locked after too many wrong ones"},
    {CKR_PIN_LEN_RANGE, EXIT_REFUSED, "the PIN is too short or too long"},
    {CKR_USER_PIN_NOT_INITIALIZED, EXIT_REFUSED, "the user PIN is not set"},
    {CKR_FUNCTION_REJECTED, EXIT_REFUSED, "refused"},
    {CKR_FUNCTION_NOT_SUPPORTED, EXIT_REFUSED, "the root of trust cannot do that"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, EXIT_REFUSED, "the key is not for that"},
    {CKR_KEY_TYPE_INCONSISTENT, EXIT_REFUSED, "the key is not of a type for that"},
    {CKR_ACTION_PROHIBITED, EXIT_REFUSED, "the key does not allow it"},
    {CKR_DATA_LEN_RANGE, EXIT_REFUSED, "it is too long"},
    {CKR_TEMPLATE_INCONSISTENT, EXIT_REFUSED, "the policy does not allow it"},
    {CKR_MECHANISM_INVALID, EXIT_REFUSED, "no mechanism for that is switched on"},
    {CKR_TOKEN_NOT_PRESENT, EXIT_CLOSED,
     "there is no store; make one with `tee-pkcs11 init-token`"},
    {CKR_DEVICE_REMOVED, EXIT_FAILED, "the token is gone: it was initialised anew meanwhile"},
    {CKR_DEVICE_ERROR, EXIT_CLOSED, "the store or the device cannot be used"},
    {CKR_DEVICE_MEMORY, EXIT_FAILED,
     "the disk is full, or it is too much for the store: the line before says what"},
    {CKR_HOST_MEMORY, EXIT_FAILED, "out of memory"},
    {CKR_ENCRYPTED_DATA_INVALID, EXIT_REFUSED, "the key does not open it"},
};

int cli_rv(CK_RV rv, const char *doing)
{
    for (size_t i = 0; i < N_ELEMENTS(meanings); i++) {
        if (meanings[i].rv == rv)
            return cli_fail(meanings[i].code, "%s: %s", doing, meanings[i].words);
    }
    return cli_fail(EXIT_FAILED, "%s: failed (CKR 0x%lx)", doing, rv);
}

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

int cli_usage(const char *command)
{
    const struct cli_command *c = find_command(command);

    if (c != NULL)
        fprintf(stderr, "usage: tee-pkcs11 %s %s\n", c->name, c->arguments);
    return EXIT_USAGE;
}

struct conf *cli_conf(int *ret_code)
{
    struct conf *c = NULL;
    char *error = NULL;
    const CK_RV rv = conf_load(&c, &error);

    if (rv != CKR_OK)
        *ret_code =
            cli_fail(EXIT_FAILED, "%s", error != NULL ? error : "the configuration cannot be read");
    free(error);
    if (rv == CKR_OK && crypto_ready() != CKR_OK) {
        *ret_code = cli_fail(EXIT_FAILED, "libcrypto cannot be used");
        conf_free(c);
        return NULL;
    }
    return c;
}

CK_RV cli_open(const struct conf *c, struct keyring **ret)
{
    AUTO(store_unrefp) struct store *s = NULL;

    TRY(store_open(c->store, false, c->map_size, &s));
    return keyring_open(c, s, ret);
}

/* The command sees PINs and wrapping keys: no core files, no debugger of the same user. */
static void harden(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static bool asks_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

static int said(int code)
{
    const char *lost = stdout_lost();

    if (lost == NULL || code != EXIT_DONE)
        return code;
    return cli_fail(EXIT_FAILED,
                    "standard output: %s: what was done is done, and was not all shown", lost);
}

static int run(int argc, char **argv)
{
    const struct cli_command *c;

    log_setup();
    log_to_stderr(true);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (asks_help(argv[1])) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("tee-pkcs11 " TEE_VERSION);
        return EXIT_DONE;
    }
    c = find_command(argv[1]);
    if (c == NULL)
        return cli_fail(EXIT_USAGE, "no command `%s`: see tee-pkcs11 --help", argv[1]);
    if (argc > 2 && asks_help(argv[2])) {
        printf("usage: tee-pkcs11 %s %s\n\n%s\n", c->name, c->arguments, c->what);
        return EXIT_DONE;
    }
    return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    struct fd_std std;

    fd_std_take(&std); /* for good: no file of ours may be what is printed into */
    harden();
    return said(run(argc, argv));
}
