/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff.h - `tee-pkcs11 handoff request|approve|accept`: what the three steps share.
 *
 * Each step says what it checked: a line per check, on standard error where the step's message goes
 * to standard output, else on standard output. A refusal ends with the check that did not hold.
 */
#ifndef TEE_CLI_HANDOFF_H
#define TEE_CLI_HANDOFF_H

#include "attest/handoff_check.h"
#include "cli/attest_fetch.h"
#include "cli/cli.h"
#include "verifier/verifier.h"

#define HANDOFF_MAX_AGE 3600 /* seconds of a statement, where neither policy nor option says */

struct handoff_options {
    const char *message; /* file of the message that came; "-": standard input */
    const char *out;     /* file of the message that goes; NULL: standard output */
    const char *key;     /* file between request and accept */
    const char *store;   /* id in hex */
    const char *expect;  /* fingerprint in hex */
    bool yes, standby, dry_run;
    struct attest_fetch fetch;
    struct verifier_options verify; /* policy, nonce, max-age, and where certificates come from */
};

/* Whether the options are those of the step is checked before. Return exit codes. */
int handoff_request(const struct handoff_options *o); /* handoff_request.c */
int handoff_approve(const struct handoff_options *o); /* handoff_approve.c */
int handoff_accept(const struct handoff_options *o);  /* handoff_accept.c */

/* The message of a file or of standard input ("-"), of the kind that this step takes. `bytes` holds
 * what *ret points into. EXIT_DONE, or an exit code after an error was printed. */
int handoff_take(const char *path, enum handoff_kind wanted, struct buf *bytes,
                 struct handoff_message *ret);
/* Where the checks go. */
FILE *handoff_words_to(const struct handoff_options *o);

/* The other side's evidence, judged. */
struct handoff_judged {
    struct verifier_case of;
    struct result result;
    struct verified facts; /* borrows from `of` */
};
void handoff_judged_clear(struct handoff_judged *j); /* usable with AUTO() */
/* The configuration, of a platform that can attest: an exit code, after an error was printed. */
int handoff_conf(struct conf **ret);
/* Judge evidence (DER) by the policy and the options. `nonce` is what it must be over (empty: what
 * --nonce says, if anything). EXIT_DONE: it was judged, whatever came of it; else an exit code
 * after an error was printed. *ret is to be cleared whatever happens. */
int handoff_judge(const struct handoff_options *o, struct span evidence, struct span nonce,
                  struct handoff_judged *ret);
/* Is it genuine, so that its facts can be looked at? */
bool handoff_genuine(const struct handoff_judged *j);
/* Print the checks. EXIT_DONE, or EXIT_REFUSED after the one that did not hold was named. */
int handoff_verdict(const struct handoff_judged *j, FILE *to);

/* The name of a request: the first bytes of its hash, as its parties and the audit log have it. */
#define HANDOFF_NAME_TEXT (2 * 8 + 1)
const char *handoff_name_text(const uint8_t hash[HANDOFF_HASH], char text[HANDOFF_NAME_TEXT]);

#endif
