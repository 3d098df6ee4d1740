/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cli.h - the `tee-pkcs11` command: a table of subcommands, and what they share.
 *
 * Exit codes: 0 done; 1 failed; 2 refused (policy, wrong PIN, nothing to do it with); 3 the store
 * or the device cannot be opened here; 64 usage. Results go to standard output, errors and progress
 * to standard error; colour and progress bars only on a terminal.
 */
#ifndef TEE_CLI_CLI_H
#define TEE_CLI_CLI_H

#include <string.h>

#include "keyring/keyring.h"
#include "util/conf.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_REFUSED = 2, EXIT_CLOSED = 3, EXIT_USAGE = 64 };

struct cli_command {
    const char *name;
    const char *arguments; /* "--label LABEL [--so-pin-file FILE]" */
    const char *what;      /* one line */
    int (*run)(int argc, char **argv);
};

/* Move the public records of every token to the current DEKs, with a progress bar, and say so; a
 * token that fails is named and the others have their turn. Returns an exit code, of the first that
 * failed. (rotate.c) */
int reencrypt_all(struct keyring *k);

int command_import(int argc, char **argv);
int command_init_token(int argc, char **argv);
int command_status(int argc, char **argv);
int command_rotate(int argc, char **argv);
int command_recover(int argc, char **argv);
int command_handoff(int argc, char **argv);
int command_seal(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_restore(int argc, char **argv);
int command_verify_store(int argc, char **argv);
int command_attest(int argc, char **argv);
int command_csr(int argc, char **argv);
int command_doctor(int argc, char **argv);

/* Print "tee-pkcs11: text" to standard error; returns the code. */
int cli_fail(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The exit code and words for a CK_RV that ended `doing`. The log has said why. */
int cli_rv(CK_RV rv, const char *doing);
/* A usage error of a subcommand: says how it is called. */
int cli_usage(const char *command);

/* Load the configuration and make libcrypto ready; errors are printed. NULL on failure. */
struct conf *cli_conf(int *ret_code);
/* Open the store with the platform's seals. Errors are printed. */
NODISCARD CK_RV cli_open(const struct conf *c, struct keyring **ret);

/* -- PINs (pin.c): by prompt, file or descriptor, never as an argument --------------------------
 */

struct pin_source {
    const char *file; /* its first line */
    int fd;           /* -1: not given */
};
#define PIN_SOURCE_NONE ((struct pin_source){.file = NULL, .fd = -1})
bool pin_source_given(const struct pin_source *s);
/* Read a PIN, or what else is typed: from the file or descriptor, else by prompt on the terminal
 * (twice when `confirm`). The prompt says what it is, and errors call it so: "user PIN". Appends to
 * ret, which wipes itself. One of more than PIN_MAX bytes is refused. Errors are printed; false
 * then. */
bool pin_read(const struct pin_source *s, const char *prompt, bool confirm, struct buf *ret);
/* The number of a descriptor option; false when it is none. */
bool pin_fd(const char *text, int *ret);

/* How much of a PKCS#11 URI may be shown, for "%.*s": what stands before its query, which may hold
 * a PIN (RFC 7512, pin-value). */
static inline int uri_shown(const char *uri)
{
    return (int)strcspn(uri, "?");
}

/* -- output (output.c) ---------------------------------------------------------------------------
 */

bool output_is_terminal(void);
/* "ok", "warn" or "bad" mark in front of a line, coloured on a terminal. */
enum mark { MARK_OK, MARK_WARN, MARK_BAD, MARK_INFO };
void output_mark(enum mark m, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A bar on standard error, redrawn at most ten times a second; only on a terminal and only after a
 * second has passed. done == total ends it. */
void output_progress(const char *what, uint64_t done, uint64_t total);
/* "2026-11-20 12:00:00 UTC" into text[32]. */
const char *output_time(uint64_t seconds, char text[32]);
/* "3 days", "5 hours", ... since then. */
const char *output_age(uint64_t seconds, char text[32]);
/* The word for that many of them: `one` where it is one, else `several`. */
static inline const char *output_word(uint64_t n, const char *one, const char *several)
{
    return n == 1 ? one : several;
}
/* A token's label without its padding, into text[33]; control characters as '?'. */
const char *output_label(const uint8_t label[32], char text[33]);
/* Is it called that: by the text that output_label() makes of it, which is what a person has seen?
 */
bool output_label_is(const uint8_t label[32], const char *name);

#endif
