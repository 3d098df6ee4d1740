/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-command.c - command lines, a word per line: every subcommand's arguments, up to where it
 * would read its configuration, which can't be had here (denied.h). Nothing comes of a command line
 * but its exit code, one of those that cli.h lists; and a wrong one touches nothing.
 */
#include "fuzz.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/cli.h"
#include "core/lib.h"
#include "denied.h"
#include "verifier/verifier.h"

#define MAX_WORDS 40

/* main() of cli/main.c, by the name that it is compiled under here. */
int cli_main(int argc, char **argv);

/* -- where a command would leave its arguments ---------------------------------------------------
 */

/* A process that dumps no core is one that no leak checker can look at. */
int __wrap_prctl(int option, ...);
int __wrap_prctl(int option, ...)
{
    (void)option;
    return 0;
}

int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit)
{
    (void)resource;
    (void)limit;
    return 0;
}

CK_RV __wrap_conf_load(struct conf **ret, char **ret_error);
CK_RV __wrap_conf_load(struct conf **ret, char **ret_error)
{
    (void)ret;
    *ret_error = NULL;
    return CKR_ARGUMENTS_BAD;
}

CK_RV __wrap_lib_initialize(void);
CK_RV __wrap_lib_initialize(void)
{
    return CKR_GENERAL_ERROR;
}

int __wrap_verifier_command(int argc, char **argv);
int __wrap_verifier_command(int argc, char **argv)
{
    struct verifier_options o;

    return verifier_parse(argc, argv, &o) ? EXIT_FAILED : EXIT_USAGE;
}

/* -- words ---------------------------------------------------------------------------------------
 */

/* argv[0] and the lines; `text` is cut up. */
static int words_of(char *text, char *argv[MAX_WORDS + 2])
{
    static char name[] = "tee-pkcs11";
    int argc = 0;

    argv[argc++] = name;
    while (text != NULL && *text != '\0' && argc <= MAX_WORDS) {
        char *end = strchr(text, '\n');

        argv[argc++] = text;
        if (end != NULL)
            *end++ = '\0';
        text = end;
    }
    argv[argc] = NULL;
    return argc;
}

static bool asks(const char *word)
{
    return word != NULL && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 ||
                            strcmp(word, "help") == 0 || strcmp(word, "--version") == 0);
}

static void one(struct span input)
{
    char *text = strndup(input.n > 0 ? (const char *)input.p : "", input.n);
    char *argv[MAX_WORDS + 2];
    int argc, code;
    bool helps;
    unsigned n;

    FUZZ_CHECK(text != NULL);
    argc = words_of(text, argv);
    helps = argc > 1 && (asks(argv[1]) || asks(argv[2]));
    optind = 0; /* getopt starts anew */
    denied_begin();
    code = cli_main(argc, argv);
    n = denied_end();
    FUZZ_CHECK(code == EXIT_DONE || code == EXIT_FAILED || code == EXIT_REFUSED ||
               code == EXIT_CLOSED || code == EXIT_USAGE);
    FUZZ_CHECK(code != EXIT_DONE || helps);
    FUZZ_CHECK(code != EXIT_USAGE || n == 0);
    free(text);
}

const struct fuzz_target fuzz_target = {
    .name = "command",
    .max_input = 1024,
    .one = one,
};
