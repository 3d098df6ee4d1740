/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proof.h - what an owner brings to open a seal, from the command line: for recover and seal test.
 */
#ifndef TEE_CLI_PROOF_H
#define TEE_CLI_PROOF_H

#include <getopt.h>

#include "cli/cli.h"
#include "cli/read_file.h"
#include "crypto/cms.h"

/* Where it comes from; at most one of the first five. "-" asks on the terminal. */
struct proof_options {
    const char *key;          /* file, or a pkcs11: URI */
    const char *opened;       /* file: what the message of a certificate's seal held */
    const char *recovery_key; /* file */
    const char *shares;       /* file with a share per line */
    const char *passphrase;   /* file */
    struct pin_source pin;    /* of the token that the URI names */
};
#define PROOF_OPTIONS_NONE ((struct proof_options){.pin = PIN_SOURCE_NONE})
/* Rows for a command's getopt table. */
#define PROOF_OPTIONS                                                                              \
    {"key", required_argument, NULL, 'k'}, {"opened", required_argument, NULL, 'o'},               \
        {"recovery-key", required_argument, NULL, 'r'}, {"shares", required_argument, NULL, 'h'},  \
        {"passphrase", required_argument, NULL, 'w'}, {"pin-file", required_argument, NULL, 'p'},  \
    {                                                                                              \
        "pin-fd", required_argument, NULL, 'P'                                                     \
    }
/* Take an option of these; false: it is none of them, or its value is no good. */
bool proof_option(struct proof_options *o, int c, char *value);
/* How many of the five were given. */
int proof_given(const struct proof_options *o);

struct token_key;
struct proof {
    struct seal_proof seal; /* points into the rest */
    struct buf bytes;       /* private key, or passphrase */
    struct secret *secret;  /* recovery key */
    struct token_key *token;
    struct cms_agent agent;
};
void proof_clear(struct proof *p);
/* Read it, with prompts where asked for. Returns an exit code; errors are printed. */
int proof_read(const struct proof_options *o, struct proof *ret);

/* -- a private key in another token (token_key.c) -------------------------------------------------
 */

/* Find the key that the URI (RFC 7512) names, log in where the token wants it. The PIN: as given,
 * else the URI's pin-value or pin-source, else a prompt. Returns an exit code; errors are printed,
 * and *ret is NULL then. */
int token_key_open(const char *uri, const struct pin_source *pin, struct token_key **ret);
void token_key_close(struct token_key *k); /* NULL is allowed */
/* Its part in opening a message. */
struct cms_agent token_key_agent(struct token_key *k);

#endif
