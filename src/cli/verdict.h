/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.h - is a store, or a backup of one, whole? Every row and every seal authenticated,
 * without a PIN; every fault named; whatever LMDB makes of the file. For verify-store, backup and
 * restore.
 *
 * The work is done in child processes (child.h): where one ends by a signal, the next goes on
 * behind the place. What can't be opened here is still read to its end, and its form is looked at.
 */
#ifndef TEE_CLI_VERDICT_H
#define TEE_CLI_VERDICT_H

#include "cli/proof.h"
#include "keyring/seal.h"
#include "store/survey.h"

/* What is looked at. Borrowed. */
struct verdict_of {
    const struct conf *conf;
    const char *path;                  /* a file of store_copy(); NULL: the store of the conf */
    const char *name;                  /* of that file, for people */
    const struct proof_options *proof; /* what opens it; none given: the platform */
    bool restored;                     /* the file is ours to write: log that it was restored */
};

enum verdict_depth {
    VERDICT_FORM,  /* it doesn't open here: nothing was authenticated */
    VERDICT_ROWS,  /* its tree is authentic, but what hangs on it does not open as it should */
    VERDICT_WHOLE, /* opened, and all of it was looked at */
};

#define VERDICT_FAULTS_MAX 1000 /* that are kept; all are counted */
struct verdict_fault {
    unsigned table; /* of survey.h; SURVEY_N_TABLES: the database as a whole */
    uint8_t key[STORE_KEY_MAX];
    size_t n_key;
    char what[160];
};

struct verdict_seal {
    uint8_t id[SEAL_ID];
    enum seal_kind kind;
    bool authentic; /* every byte of the row */
    bool opens;     /* it is what opened the store now */
};

struct verdict {
    enum verdict_depth depth;
    struct store_info store; /* at depth VERDICT_WHOLE */
    struct verdict_fault *faults;
    size_t n_kept;
    uint64_t n_faults;
    struct verdict_seal seals[SEAL_MAX];
    size_t n_seals;
    struct survey_counts counts;
    uint64_t n_public, n_private; /* objects */
    uint64_t n_audit;             /* entries of the log */
    bool logged;                  /* `restored`: the entry is written */
};
#define VERDICT_INIT ((struct verdict){.depth = VERDICT_FORM})
void verdict_clear(struct verdict *v);

/* Find it out. EXIT_DONE, whatever the verdict is, or an exit code after the reason was printed:
 * there is nothing that could be looked at. */
int verdict_find(const struct verdict_of *of, struct verdict *ret);
/* The exit code for it: EXIT_DONE: whole; EXIT_FAILED: faults; EXIT_CLOSED: no fault was seen, and
 * it could not be authenticated. */
int verdict_code(const struct verdict *v);
/* The faults, one a line, to standard error. */
void verdict_print_faults(const struct verdict *v);
/* "token", "object", ...; "database". */
const char *verdict_table(const struct verdict_fault *f);
/* The key of a fault for people: a name where it has one, else hex; into text. */
#define VERDICT_KEY (2 * STORE_KEY_MAX + 1)
const char *verdict_key(const struct verdict_fault *f, char text[VERDICT_KEY]);

#endif
