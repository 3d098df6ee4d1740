/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verifier.h - the program of a relying party: reads evidence, policy and certificates, has them
 * judged, shows what was found. `tee-pkcs11 verify` and `tee-pkcs11-verify` are this.
 *
 * It needs no store, device or configuration of a token.
 */
#ifndef TEE_VERIFIER_VERIFIER_H
#define TEE_VERIFIER_VERIFIER_H

#include <stdio.h>

#include "attest/evidence.h"
#include "attest/kds.h"

enum { VERIFIER_UNKNOWN = 3, VERIFIER_USAGE = 64 };

#define VERIFIER_ARGUMENTS                                                                         \
    "EVIDENCE [--policy FILE] [--time TIME] [--json]\n"                                            \
    "    [--nonce HEX] [--report-data HEX] [--key FILE] [--old-key FILE] [--file FILE]\n"          \
    "    [--max-age SECONDS]\n"                                                                    \
    "    [--vek FILE] [--chain FILE] [--table FILE] [--crl FILE] [--root FILE]\n"                  \
    "    [--offline] [--kds URL] [--patience SECONDS] [--cache DIRECTORY | --no-cache]"

/* Asked about an open file before it is read, so that what is looked at is what is read. `what` it
 * is: "policy". 0, or the exit code after an error was printed. */
typedef int verifier_may_use(const char *what, const char *path, int fd);

/* What the command line says; strings are argv's. */
struct verifier_options {
    const char *evidence, *policy, *time;
    struct span evidence_bytes; /* instead of the file, where `evidence` is NULL */
    const char *nonce, *report_data, *key, *old_key, *file, *max_age;
    const char *vek, *chain, *table, *crl, *root;
    const char *kds, *patience, *cache;
    bool json, offline, no_cache;
    verifier_may_use *may_use; /* of policy and root; NULL: any will do */
};

/* False: it is not how the command is called. */
bool verifier_parse(int argc, char **argv, struct verifier_options *ret);

/* Everything that verify() borrows. */
struct verifier_case {
    struct evidence evidence;
    bool evidence_malformed;
    struct cert_list given;
    X509 *root;
    X509_CRL *crl;
    struct appraisal policy;
    struct question question;
    uint8_t nonce[STATEMENT_MAX_NONCE], report_data[64];
    struct statement_file file;
    EVP_PKEY *key, *old_key;
    char *cache;
    uint32_t patience_ms;
    time_t at;
};

/* Usable with AUTO(). */
void verifier_case_clear(struct verifier_case *c);
/* Read what the options name. 0, or the exit code after an error was printed. *ret is to be cleared
 * whatever happens. */
int verifier_load(const struct verifier_options *o, struct verifier_case *ret);

/* Have it judged, certificates fetched where options and policy let it. CKR_HOST_MEMORY. */
NODISCARD CK_RV verifier_judge(const struct verifier_options *o, const struct verifier_case *c,
                               struct result *ret_result, struct verified *ret_facts);

/* Show what was found, on standard output. */
void verifier_show(const struct verifier_case *c, const struct result *r, const struct verified *v);
/* A line per check. */
void verifier_show_checks(const struct result *r, FILE *to);
/* The same for programs. False: out of memory. */
bool verifier_show_json(const struct verifier_case *c, const struct result *r,
                        const struct verified *v);
/* "2026-11-20T12:00:00Z" */
const char *verifier_time_text(time_t t, char text[32]);

/* argv[0] is the command's name. Returns an exit code: 0 genuine and within policy, 1 not genuine,
 * 2 genuine but against policy, 3 could not tell, 64 usage. */
int verifier_command(int argc, char **argv);

/* Print "tee-pkcs11: text" to standard error; returns the code. */
int verifier_fail(int code, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
