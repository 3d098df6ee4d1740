/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify_store.c - `tee-pkcs11 verify-store`: is the store, or a backup of one, whole?
 *
 * Nothing is changed, and applications go on meanwhile: it is one snapshot that is looked at.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "cli/seal.h"
#include "cli/verdict.h"

struct request {
    struct proof_options proof;
    bool json;
    char *what; /* a directory or a file; NULL: the store of the configuration */
};

static const struct option options[] = {
    PROOF_OPTIONS,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'j')
            r->json = true;
        else if (!proof_option(&r->proof, c, optarg))
            return false;
    }
    if (optind < argc)
        r->what = argv[optind++];
    return optind == argc && proof_given(&r->proof) <= 1;
}

/* -- as text -------------------------------------------------------------------------------------
 */

static const char *seal_words(const struct verdict_seal *s)
{
    if (!s->authentic)
        return "not authenticated";
    if (s->opens)
        return "authentic, and opens here";
    return s->kind == SEAL_PLATFORM || s->kind == SEAL_OWNED
               ? "authentic; of another platform, or superseded: can't be tried here"
               : "authentic; whether it opens is for its owner to try: tee-pkcs11 seal test";
}

static void print_seals(const struct verdict *v)
{
    char id[SEAL_ID_TEXT];

    for (size_t i = 0; i < v->n_seals; i++) {
        const struct verdict_seal *s = &v->seals[i];

        output_mark(s->authentic ? MARK_OK : MARK_WARN, "seal %s (%s): %s", seal_id_text(s->id, id),
                    seal_kind_name(s->kind), seal_words(s));
    }
}

static uint64_t rows_of(const struct verdict *v)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < STORE_N_TABLES; i++)
        n += v->counts.seen[i];
    return n;
}

static void print_whole(const struct verdict *v)
{
    char hex[2 * PRIM_HASH + 1];

    output_mark(MARK_INFO, "fingerprint %s, commit %" PRIu64,
                hex_encode(SPAN_ARRAY(v->store.fingerprint), hex), v->store.counter);
    output_mark(MARK_OK, "looked at %" PRIu64 " %s and %" PRIu64 " %s of the tree", rows_of(v),
                output_word(rows_of(v), "row", "rows"), v->counts.seen[SURVEY_TREE],
                output_word(v->counts.seen[SURVEY_TREE], "node", "nodes"));
    output_mark(MARK_OK, "%" PRIu64 " public %s can be opened and read", v->n_public,
                output_word(v->n_public, "object", "objects"));
    output_mark(MARK_OK, "%" PRIu64 " private %s: to look inside takes a PIN", v->n_private,
                output_word(v->n_private, "object", "objects"));
    output_mark(MARK_OK, "%" PRIu64 " %s of the audit log", v->n_audit,
                output_word(v->n_audit, "entry", "entries"));
}

static void print_form(const struct verdict *v)
{
    if (v->depth == VERDICT_ROWS)
        output_mark(MARK_WARN,
                    "it doesn't open as it should: rows were held against its tree, and no more");
    else
        output_mark(MARK_WARN,
                    "NOT AUTHENTICATED: it doesn't open here, so that only the form of %" PRIu64
                    " rows was looked at; bring an owner's proof, or ask on its platform",
                    rows_of(v));
}

static void print_text(const struct verdict *v)
{
    char key[VERDICT_KEY];

    if (v->depth == VERDICT_WHOLE)
        print_whole(v);
    else
        print_form(v);
    print_seals(v);
    for (size_t i = 0; i < v->n_kept; i++) {
        const struct verdict_fault *f = &v->faults[i];

        output_mark(MARK_BAD, "%s%s%s: %s", verdict_table(f), f->n_key > 0 ? ", row " : "",
                    verdict_key(f, key), f->what);
    }
    if (v->n_faults > v->n_kept)
        output_mark(MARK_BAD, "and %" PRIu64 " %s more", v->n_faults - v->n_kept,
                    output_word(v->n_faults - v->n_kept, "fault", "faults"));
    if (v->n_faults > 0)
        output_mark(MARK_BAD, "%" PRIu64 " %s: restore a backup", v->n_faults,
                    output_word(v->n_faults, "fault", "faults"));
    else if (v->depth == VERDICT_WHOLE)
        output_mark(MARK_OK, "the store is whole");
}

/* -- as JSON
 * --------------------------------------------------------------------------------------- */

static json_t *faults_json(const struct verdict *v)
{
    json_t *list = json_array();
    char hex[VERDICT_KEY];

    for (size_t i = 0; i < v->n_kept; i++) {
        const struct verdict_fault *f = &v->faults[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "table", verdict_table(f), "row",
                            hex_encode(span_of(f->key, f->n_key), hex), "what", f->what));
    }
    return list;
}

static json_t *seals_json(const struct verdict *v)
{
    json_t *list = json_array();
    char id[2 * SEAL_ID + 1];

    for (size_t i = 0; i < v->n_seals; i++) {
        const struct verdict_seal *s = &v->seals[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:b}", "id", hex_encode(SPAN_ARRAY(s->id), id), "kind",
                            seal_kind_code(s->kind), "authentic", s->authentic, "opens", s->opens));
    }
    return list;
}

static json_t *rows_json(const struct verdict *v)
{
    json_t *o = json_object();

    for (unsigned i = 0; i < SURVEY_N_TABLES; i++)
        (void)json_object_set_new(o, survey_table_name(i),
                                  json_integer((json_int_t)v->counts.seen[i]));
    return o;
}

static void json_unref(json_t **j)
{
    json_decref(*j);
}

static CK_RV print_json(const struct verdict *v)
{
    static const char *const depths[] = {
        [VERDICT_FORM] = "form", [VERDICT_ROWS] = "rows", [VERDICT_WHOLE] = "whole"};
    char hex[2 * PRIM_HASH + 1] = "";
    const bool opened = v->depth == VERDICT_WHOLE;
    AUTO(json_unref)
    json_t *j = json_pack("{s:b, s:s, s:I, s:o, s:o, s:o}", "whole", verdict_code(v) == EXIT_DONE,
                          "authenticated", depths[v->depth], "n_faults", (json_int_t)v->n_faults,
                          "faults", faults_json(v), "seals", seals_json(v), "rows", rows_json(v));

    ENSURE(j != NULL, CKR_HOST_MEMORY);
    if (opened) {
        hex_encode(SPAN_ARRAY(v->store.fingerprint), hex);
        (void)json_object_set_new(j, "fingerprint", json_string(hex));
        (void)json_object_set_new(j, "commit", json_integer((json_int_t)v->store.counter));
        (void)json_object_set_new(j, "public_objects", json_integer((json_int_t)v->n_public));
        (void)json_object_set_new(j, "private_objects", json_integer((json_int_t)v->n_private));
        (void)json_object_set_new(j, "audit_entries", json_integer((json_int_t)v->n_audit));
    }
    ENSURE(json_dumpf(j, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* -- the command
 * ----------------------------------------------------------------------------------- */

static int verify(const struct request *r, const struct conf *c, bool is_file)
{
    AUTO(verdict_clear) struct verdict v = VERDICT_INIT;
    const struct verdict_of of = {
        .conf = c,
        .path = is_file ? r->what : NULL,
        .name = r->what,
        .proof = &r->proof,
    };
    const int code = verdict_find(&of, &v);
    CK_RV rv = CKR_OK;

    if (code != EXIT_DONE)
        return code;
    if (r->json)
        rv = print_json(&v);
    else
        print_text(&v);
    return rv == CKR_OK ? verdict_code(&v) : cli_rv(rv, "printing");
}

int command_verify_store(int argc, char **argv)
{
    struct request r = {.proof = PROOF_OPTIONS_NONE};
    AUTO(conf_freep) struct conf *c = NULL;
    struct stat st;
    bool is_file;
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("verify-store");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    c->unseal_cache = 0; /* whether the platform opens it is for the platform to say */
    is_file = r.what != NULL && (stat(r.what, &st) != 0 || !S_ISDIR(st.st_mode));
    if (r.what != NULL && !is_file) {
        free(c->store);
        c->store = strdup(r.what);
        if (c->store == NULL)
            return cli_rv(CKR_HOST_MEMORY, "looking at the store");
    }
    return verify(&r, c, is_file);
}
