/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vectors.c - runs every file of a folder of test vectors, a test per file; see vectors.h.
 *
 *     vectors FOLDER
 *
 * Prints the counts of each file and why anything was not run. Exit status 77 (skipped) where there
 * is no folder; with CI=true that is a failure.
 */
#include "vectors/vectors.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIPPED 77
#define MAX_FILES    256
#define MAX_FAULTS   20 /* printed of a file */

CK_SESSION_HANDLE vector_session;

const struct family *const families[] = {
    &family_aead,         &family_agree_point,   &family_agree_raw, &family_cipher,
    &family_decrypt_oaep, &family_decrypt_pkcs1, &family_ecdsa,     &family_eddsa,
    &family_hkdf,         &family_mac,           &family_mac_iv,    &family_pbkdf,
    &family_pkcs1_sign,   &family_pkcs1_verify,  &family_pss,       &family_wrap,
};

/* Algorithms that the token does not have, by the beginning of their names. */
static const struct absent {
    const char *algorithm, *reason;
} absents[] = {
    {"ML-DSA", "the token has no ML-DSA: it needs OpenSSL 3.5"},
    {"ML-KEM", "the token has no ML-KEM: it needs OpenSSL 3.5"},
};

struct counts {
    unsigned valid, invalid, accepted, refused; /* done as they should be; the latter: acceptable */
    unsigned limited, faults;
    const char *limit;
};

/* -- one vector ------------------------------------------------------------------------------- */

static bool is_refusal(const struct family *f, CK_RV rv)
{
    for (const CK_RV *r = f->refusals; *r != CKR_OK; r++) {
        if (*r == rv)
            return true;
    }
    return false;
}

static void fault(const struct vector *v, struct counts *c, CK_RV rv, const char *what)
{
    if (c->faults++ < MAX_FAULTS)
        print_error("  vector %lu (%s; \"%s\"): %s%s%s (0x%lx)\n", json_number(v->test, "tcId"),
                    json_text(v->test, "result"), json_text(v->test, "comment"), what,
                    rv == CKR_OK ? "" : ": ", rv == CKR_OK ? "" : vector_said(), rv);
}

/* A valid vector that is over a limit: refused, by exactly the limit's code. */
static void count_limited(const struct vector *v, const struct limit *limit, CK_RV rv,
                          struct counts *c)
{
    if (rv != limit->rv)
        fault(v, c, rv, "over a limit, but another answer than the limit's");
    else {
        c->limited++;
        c->limit = limit->reason;
    }
}

static void count_valid(const struct vector *v, CK_RV rv, struct counts *c)
{
    const struct limit *limit = limit_of(v);

    if (limit != NULL)
        count_limited(v, limit, rv, c);
    else if (rv == CKR_OK)
        c->valid++;
    else
        fault(v, c, rv, "not accepted");
}

static void count_other(const struct vector *v, const struct family *f, bool acceptable, CK_RV rv,
                        struct counts *c)
{
    const bool accept = acceptable && rule_accepts(v);

    if (accept != (rv == CKR_OK))
        fault(v, c, rv, accept ? "not accepted, against the rule" : "accepted");
    else if (rv != CKR_OK && !is_refusal(f, rv))
        fault(v, c, rv, "refused by a code that says something else");
    else if (!acceptable)
        c->invalid++;
    else if (accept)
        c->accepted++;
    else
        c->refused++;
}

static void run_vector(const struct family *f, struct vector *v, struct counts *c)
{
    const char *result = json_text(v->test, "result");
    const bool acceptable = strcmp(result, "acceptable") == 0;
    CK_RV rv;

    assert_true(acceptable || strcmp(result, "valid") == 0 || strcmp(result, "invalid") == 0);
    v->is_valid = strcmp(result, "valid") == 0 || (acceptable && rule_accepts(v));
    rv = f->run(v);
    if (rv == VECTOR_WRONG)
        fault(v, c, rv, "wrong");
    else if (!acceptable && v->is_valid)
        count_valid(v, rv, c);
    else
        count_other(v, f, acceptable, rv, c);
    keys_drop();
    vector_bytes_free();
}

/* -- one file --------------------------------------------------------------------------------- */

static const struct family *family_of(const char *type)
{
    for (size_t i = 0; i < N_ELEMENTS(families); i++) {
        if (strcmp(families[i]->type, type) == 0)
            return families[i];
    }
    fail_msg("no family of vectors is called %s", type);
    return NULL;
}

static void run_group(const json_t *group, const char *algorithm, struct counts *c)
{
    const struct family *f = family_of(json_text(group, "type"));
    const json_t *tests = json_object_get(group, "tests");
    struct vector v = {.algorithm = algorithm, .group = group};

    for (size_t i = 0; i < json_array_size(tests); i++) {
        v.test = json_array_get(tests, i);
        if (i == 0) {
            CK_MECHANISM_INFO info;

            ASSERT_OK(p11->C_GetMechanismInfo(0, f->mechanism(&v), &info));
        }
        run_vector(f, &v, c);
    }
    group_drop();
}

static const char *why_absent(const char *algorithm)
{
    for (size_t i = 0; i < N_ELEMENTS(absents); i++) {
        if (strncmp(absents[i].algorithm, algorithm, strlen(absents[i].algorithm)) == 0)
            return absents[i].reason;
    }
    return NULL;
}

static void print_counts(const char *file, const struct counts *c, unsigned total)
{
    printf("%s: %u vectors: %u valid accepted, %u invalid refused", file, total, c->valid,
           c->invalid);
    if (c->accepted + c->refused > 0)
        printf(", %u acceptable accepted, %u acceptable refused", c->accepted, c->refused);
    if (c->limited > 0)
        printf(", %u valid over a limit (%s)", c->limited, c->limit);
    if (c->faults > 0)
        printf(", %u FAULTS", c->faults);
    printf("\n");
}

static json_t *file_load(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);

    if (root == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

static void test_file(void **state)
{
    const char *path = *state, *name = strrchr(path, '/') + 1;
    json_t *root = file_load(path);
    const char *algorithm = json_text(root, "algorithm"), *absent = why_absent(algorithm);
    const json_t *groups = json_object_get(root, "testGroups");
    const unsigned total = (unsigned)json_number(root, "numberOfTests");
    struct counts c = {0};

    if (absent != NULL) {
        printf("%s: %u vectors skipped: %s\n", name, total, absent);
        json_decref(root);
        skip();
    }
    for (size_t i = 0; i < json_array_size(groups); i++)
        run_group(json_array_get(groups, i), algorithm, &c);
    print_counts(name, &c, total);
    json_decref(root);
    assert_int_equal(c.faults, 0);
    /* Each vector was judged, and once. */
    assert_int_equal(c.valid + c.invalid + c.accepted + c.refused + c.limited, total);
}

/* -- a folder --------------------------------------------------------------------------------- */

static int group_setup(void **state)
{
    (void)setup_token(state);
    vector_session = open_user();
    return 0;
}

static int absent_folder(const char *folder)
{
    const char *ci = getenv("CI");
    const bool fails = ci != NULL && strcmp(ci, "true") == 0;

    printf("no test vectors in %s: %s\n", folder, fails ? "which fails under CI" : "skipped");
    return fails ? EXIT_FAILURE : EXIT_SKIPPED;
}

int main(int argc, char **argv)
{
    static struct CMUnitTest tests[MAX_FILES];
    char pattern[4096];
    glob_t found;
    int failed;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return EXIT_FAILURE;
    }
    (void)snprintf(pattern, sizeof(pattern), "%s/*.json", argv[1]);
    if (glob(pattern, 0, NULL, &found) != 0 || found.gl_pathc == 0)
        return absent_folder(argv[1]);
    if (found.gl_pathc > MAX_FILES)
        return EXIT_FAILURE;
    for (size_t i = 0; i < found.gl_pathc; i++)
        tests[i] = (struct CMUnitTest){.name = strrchr(found.gl_pathv[i], '/') + 1,
                                       .test_func = test_file,
                                       .initial_state = found.gl_pathv[i]};
    failed =
        _cmocka_run_group_tests("vectors", tests, found.gl_pathc, group_setup, teardown_module);
    globfree(&found);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
