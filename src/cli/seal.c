/* SPDX-License-Identifier: BSD-2-Clause */
/* seal.c - `tee-pkcs11 seal list|add|remove|revoke|test|reseal|export|import`: the ways into a
 * store. */
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/json_text.h"
#include "cli/proof.h"
#include "cli/seal.h"
#include "keyring/seal_carry.h"
#include "keyring/seals.h"
#include "util/stdout.h"

struct request {
    const char *what;
    const char *id; /* the first hex digits of a seal's id; NULL: none given */
    struct proof_options proof;
    const char *certificate, *name, *shares; /* "K/N" */
    bool recovery_key, json, dry_run;
    unsigned accept;
};

static const struct option options[] = {
    PROOF_OPTIONS,
    {"certificate", required_argument, NULL, 'c'},
    {"name", required_argument, NULL, 'N'},
    {"new-recovery-key", no_argument, NULL, 'R'},
    {"new-shares", required_argument, NULL, 'H'},
    {"no-recovery", no_argument, NULL, 'x'},
    {"no-platform", no_argument, NULL, 'X'},
    {"json", no_argument, NULL, 'j'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct request *r, int c)
{
    switch (c) {
    case 'c':
        r->certificate = optarg;
        return true;
    case 'N':
        r->name = optarg;
        return true;
    case 'R':
        r->recovery_key = true;
        return true;
    case 'H':
        r->shares = optarg;
        return true;
    case 'x':
        r->accept |= SEAL_ACCEPT_NO_RECOVERY;
        return true;
    case 'X':
        r->accept |= SEAL_ACCEPT_NO_PLATFORM;
        return true;
    case 'j':
        r->json = true;
        return true;
    case 'n':
        r->dry_run = true;
        return true;
    default:
        return proof_option(&r->proof, c, optarg);
    }
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(r, c))
            return false;
    }
    if (optind < argc)
        r->what = argv[optind++];
    if (optind < argc)
        r->id = argv[optind++];
    return r->what != NULL && optind == argc;
}

/* -- finding one ------------------------------------------------------------------------------- */

struct list {
    struct seal_info *v;
    size_t n;
};

static void list_clear(struct list *l)
{
    seals_info_free(l->v, l->n);
}

static bool id_fits(const struct seal_info *s, const char *prefix)
{
    char hex[2 * sizeof(s->id) + 1];

    return strncasecmp(hex_encode(SPAN_ARRAY(s->id), hex), prefix, strlen(prefix)) == 0;
}

/* The one seal whose id begins so. EXIT_DONE, or an exit code after an error was printed. */
static int find(const struct list *l, const char *prefix, const struct seal_info **ret)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (id_fits(&l->v[i], prefix)) {
            *ret = &l->v[i];
            n++;
        }
    }
    if (n != 1)
        return cli_fail(EXIT_REFUSED,
                        "%zu seals have an id that begins with %s: see tee-pkcs11 "
                        "seal list",
                        n, prefix);
    return EXIT_DONE;
}

static int find_open(struct keyring *k, const struct request *r, struct list *l,
                     const struct seal_info **ret)
{
    CK_RV rv;

    if (r->id == NULL)
        return cli_usage("seal");
    rv = seals_list(k, keyring_store(k), &l->v, &l->n);
    return rv == CKR_OK ? find(l, r->id, ret) : cli_rv(rv, "reading the seals");
}

/* -- list -------------------------------------------------------------------------------------- */

void seal_print_state(const struct seal_info *s, uint32_t rollback_days)
{
    char text[32];

    if (s->kind == SEAL_SHARES)
        printf(", %u of %u shares", s->threshold, s->shares);
    if (s->superseded)
        printf(", superseded: opens until %s",
               output_time(s->superseded_at + (uint64_t)rollback_days * 24 * 60 * 60, text));
}

static void list_text(const struct conf *c, const struct list *l)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct seal_info *s = &l->v[i];
        char id[2 * 4 + 1], when[32];

        printf("%s  %s", hex_encode(span_of(s->id, 4), id), seal_kind_name(s->kind));
        seal_print_state(s, c->rollback_days);
        printf("\n          %s%smade %s, epoch %llu\n", s->description,
               s->description[0] != '\0' ? "; " : "", output_time(s->created, when),
               (unsigned long long)s->epoch);
    }
}

json_t *seal_json(const struct seal_info *s, uint32_t rollback_days)
{
    char id[2 * sizeof(s->id) + 1];
    json_t *o = json_pack("{s:s,s:s,s:o,s:I,s:I,s:b}", "id", hex_encode(SPAN_ARRAY(s->id), id),
                          "kind", seal_kind_code(s->kind), "description", json_text(s->description),
                          "created", (json_int_t)s->created, "epoch", (json_int_t)s->epoch,
                          "superseded", s->superseded);

    if (o != NULL && s->superseded)
        (void)json_object_set_new(
            o, "expires",
            json_integer((json_int_t)(s->superseded_at + (uint64_t)rollback_days * 86400)));
    if (o != NULL && s->kind == SEAL_SHARES) {
        (void)json_object_set_new(o, "threshold", json_integer(s->threshold));
        (void)json_object_set_new(o, "shares", json_integer(s->shares));
    }
    return o;
}

static int list_json(const struct conf *c, const struct list *l)
{
    json_t *all = json_array();

    for (size_t i = 0; all != NULL && i < l->n; i++)
        (void)json_array_append_new(all, seal_json(&l->v[i], c->rollback_days));
    if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0)
        return cli_fail(EXIT_FAILED, "out of memory");
    puts("");
    json_decref(all);
    return EXIT_DONE;
}

static int run_list(const struct conf *c, struct keyring *k, const struct request *r)
{
    AUTO(list_clear) struct list l = {.n = 0};
    const CK_RV rv = seals_list(k, keyring_store(k), &l.v, &l.n);

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the seals");
    if (r->json)
        return list_json(c, &l);
    list_text(c, &l);
    return EXIT_DONE;
}

/* -- add --------------------------------------------------------------------------------------- */

static bool parse_shares(const char *text, struct seal_request *q)
{
    unsigned k = 0, n = 0;
    int end = 0;

    if (sscanf(text, "%u/%u%n", &k, &n, &end) != 2 || text[end] != '\0' || k < 2 || k > n ||
        n > SHAMIR_MAX)
        return false;
    q->threshold = (uint8_t)k;
    q->shares = (uint8_t)n;
    return true;
}

/* What the options ask for; `bytes` holds what was read. EXIT_DONE or a code. */
static int request_make(const struct request *r, struct buf *bytes, struct seal_request *q)
{
    const char *secret = r->proof.passphrase;

    if ((r->certificate != NULL) + r->recovery_key + (r->shares != NULL) + (secret != NULL) != 1)
        return cli_usage("seal");
    if (r->name != NULL)
        q->name = span_of(r->name, strlen(r->name));
    if (r->certificate != NULL) {
        q->kind = SEAL_CERTIFICATE;
        if (!file_read(r->certificate, bytes))
            return EXIT_FAILED;
        q->certificate = buf_span(bytes);
        return EXIT_DONE;
    }
    if (secret != NULL) {
        const struct pin_source from = {strcmp(secret, "-") == 0 ? NULL : secret, -1};

        q->kind = SEAL_PASSPHRASE;
        if (!pin_read(&from, "passphrase", true, bytes))
            return EXIT_FAILED;
        q->passphrase = buf_span(bytes);
        return EXIT_DONE;
    }
    q->kind = r->recovery_key ? SEAL_KEY : SEAL_SHARES;
    return q->kind == SEAL_KEY || parse_shares(r->shares, q)
               ? EXIT_DONE
               : cli_fail(EXIT_USAGE, "--new-shares K/N: 2 <= K <= N <= %d", SHAMIR_MAX);
}

/* The only time that these are seen: to standard output, nothing else there but them. Before the
 * seal is written, so that there is none that nobody can open. *arg: were they lost? */
static CK_RV show_secret(void *arg, const struct seal_result *made)
{
    bool *unseen = arg;
    const char *lost;

    for (size_t i = 0; i < made->n_texts; i++)
        printf("%.*s\n", (int)made->texts[i].n, (const char *)made->texts[i].p);
    lost = stdout_lost();
    *unseen = lost != NULL;
    if (!*unseen)
        return CKR_OK;
    (void)cli_fail(EXIT_FAILED,
                   "writing the recovery key to standard output: %s. Nothing was added", lost);
    FAIL(CKR_FUNCTION_FAILED);
}

static void tell_secret(const struct seal_request *q)
{
    if (q->kind == SEAL_KEY)
        fputs("Write this recovery key down now: it is not shown again. Who has it and a copy of "
              "the store opens the store.\n",
              stderr);
    if (q->kind == SEAL_SHARES)
        fprintf(stderr,
                "Give each line to another person now: they are not shown again. %u of the "
                "%u open the store.\n",
                q->threshold, q->shares);
}

/* What was given can't be a way in. */
static int add_unfit(const struct request *r, const struct seal_request *q)
{
    if (q->name.n > SEAL_NAME_MAX)
        return cli_fail(EXIT_REFUSED, "adding the seal: a name has at most %d bytes",
                        SEAL_NAME_MAX);
    if (q->kind == SEAL_PASSPHRASE)
        return cli_fail(EXIT_REFUSED, "adding the seal: a passphrase has %d bytes or more",
                        SEAL_PASSPHRASE_MIN);
    /* Keys and shares are made here: nothing else of them can be unfit. */
    return cli_fail(EXIT_REFUSED,
                    "adding the seal: %s is no certificate that can receive: one X.509 "
                    "certificate, PEM or DER, of an RSA key of 2048 bits or more or of an EC key",
                    r->certificate);
}

static int add_failed(const struct request *r, const struct seal_request *q, CK_RV rv)
{
    if (rv == CKR_ARGUMENTS_BAD)
        return add_unfit(r, q);
    if (q->kind == SEAL_KEY || q->kind == SEAL_SHARES)
        (void)cli_fail(0, "no seal was added: what was printed, if anything, opens nothing");
    return cli_rv(rv, "adding the seal");
}

static int run_add(struct keyring *k, const struct request *r)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    bool unseen = false;
    struct seal_request q = {.kind = SEAL_KEY, .show = show_secret, .show_arg = &unseen};
    char id[SEAL_ID_TEXT];
    int code = request_make(r, &bytes, &q);
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    if (r->dry_run) {
        printf("would add a seal: %s\n", seal_kind_name(q.kind));
        return EXIT_DONE;
    }
    rv = seal_add(k, &q, &made);
    if (unseen)
        return EXIT_FAILED;
    if (rv != CKR_OK)
        return add_failed(r, &q, rv);
    fprintf(stderr, "added seal %s: %s\n", seal_id_text(made.id, id), seal_kind_name(q.kind));
    tell_secret(&q);
    return EXIT_DONE;
}

/* -- remove, revoke ---------------------------------------------------------------------------- */

/* After a revocation. The seal that opened the store here took with it what re-encrypts. */
static int revoked(struct keyring *k, bool own)
{
    if (!own)
        return reencrypt_all(k);
    puts(
        "new master key, token secrets and DEKs. This platform opens the store no more, so nothing "
        "is re-encrypted yet: after tee-pkcs11 recover, tee-pkcs11 rotate dek does it");
    return EXIT_DONE;
}

static int run_remove(struct keyring *k, const struct request *r, bool revoke)
{
    AUTO(list_clear) struct list l = {.n = 0};
    const struct seal_info *s = NULL;
    const char *what = revoke ? "revoke" : "remove";
    char id[SEAL_ID_TEXT];
    const int code = find_open(k, r, &l, &s);
    uint8_t here[SEAL_ID];
    bool own;
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    own = seal_in_use(k, here) == CKR_OK && memcmp(here, s->id, SEAL_ID) == 0;
    if (r->dry_run)
        rv = seal_remove_check(k, s->id, r->accept);
    else
        rv = revoke ? seal_revoke(k, s->id, r->accept) : seal_remove(k, s->id, r->accept);
    if (rv != CKR_OK)
        return cli_rv(rv, revoke ? "revoking the seal" : "removing the seal");
    printf("%s%s%s seal %s: %s\n", r->dry_run ? "would " : "", what, r->dry_run ? "" : "d",
           seal_id_text(s->id, id), seal_kind_name(s->kind));
    if (r->dry_run)
        return EXIT_DONE;
    if (revoke)
        return revoked(k, own);
    puts("It still opens what was copied from this disk before: when it is in wrong hands, revoke "
         "instead.");
    return EXIT_DONE;
}

/* -- test, reseal ------------------------------------------------------------------------------ */

static int run_test(struct keyring *k, const struct request *r)
{
    AUTO(list_clear) struct list l = {.n = 0};
    AUTO(proof_clear) struct proof p = {.secret = NULL};
    const struct seal_info *s = NULL;
    char id[SEAL_ID_TEXT];
    int code = find_open(k, r, &l, &s);
    const bool given = proof_given(&r->proof) == 1;
    CK_RV rv;

    if (code == EXIT_DONE && given)
        code = proof_read(&r->proof, &p);
    if (code != EXIT_DONE)
        return code;
    rv = seal_try(k, s->id, given ? &p.seal : NULL);
    if (rv == CKR_ARGUMENTS_BAD)
        return cli_fail(EXIT_REFUSED, "seal %s (%s) can't be opened with that: %s",
                        seal_id_text(s->id, id), seal_kind_name(s->kind),
                        s->kind == SEAL_PLATFORM || s->kind == SEAL_OWNED
                            ? "it is tried without a proof"
                            : "give what opens its kind");
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the seal");
    printf("seal %s opens the store: %s\n", seal_id_text(s->id, id), seal_kind_name(s->kind));
    return EXIT_DONE;
}

static int run_reseal(struct keyring *k, const struct request *r)
{
    uint8_t made[SEAL_ID];
    char id[SEAL_ID_TEXT];
    CK_RV rv;

    if (r->dry_run) {
        puts("would seal the store to this platform as it is now, and make a new master key");
        return EXIT_DONE;
    }
    rv = seal_reseal(k, made);
    if (rv != CKR_OK)
        return cli_rv(rv, "sealing to this platform");
    printf("sealed to this platform as it is now: seal %s\n", seal_id_text(made, id));
    return EXIT_DONE;
}

/* -- export ------------------------------------------------------------------------------------ */

/* The CMS message of a certificate's seal, for the openssl command on the machine where the private
 * key is; or a platform's seal, for another copy of the store. Works where the store does not open.
 */
static CK_RV export_one(struct store *s, const struct seal_info *which, struct buf *ret)
{
    if (which->kind == SEAL_PLATFORM || which->kind == SEAL_OWNED)
        return seal_carry_out(s, which->id, ret);
    return seal_message(s, which->id, ret);
}

static int run_export(const struct conf *c, const struct request *r)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(list_clear) struct list l = {.n = 0};
    AUTO(buf_clear) struct buf der = BUF_INIT;
    const struct seal_info *found = NULL;
    const char *lost;
    CK_RV rv = store_open(c->store, false, c->map_size, &s);
    int code;

    if (rv == CKR_OK)
        rv = seals_list(NULL, s, &l.v, &l.n);
    if (rv != CKR_OK)
        return cli_rv(rv, "reading the seals");
    code = r->id != NULL ? find(&l, r->id, &found) : cli_usage("seal");
    if (code != EXIT_DONE)
        return code;
    if (export_one(s, found, &der) != CKR_OK)
        return cli_fail(EXIT_REFUSED, "a seal of that kind (%s) is not exported",
                        seal_kind_name(found->kind));
    (void)fwrite(der.p, 1, der.n, stdout);
    lost = stdout_lost();
    return lost == NULL ? EXIT_DONE : cli_fail(EXIT_FAILED, "writing to standard output: %s", lost);
}

/* The seal of another node, into this store. */
static int run_import(struct keyring *k, const struct request *r)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    uint8_t id[SEAL_ID];
    char text[SEAL_ID_TEXT];
    CK_RV rv;

    if (r->id == NULL)
        return cli_usage("seal");
    if (!file_read(r->id, &file))
        return EXIT_FAILED;
    rv = seal_carry_in(k, buf_span(&file), r->dry_run, id);
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s is no seal of a platform, as `seal export` writes it",
                        r->id);
    if (rv == CKR_DEVICE_ERROR)
        return cli_fail(EXIT_REFUSED, "%s is no seal that the store's own key made: refused",
                        r->id);
    if (rv != CKR_OK)
        return cli_rv(rv, "importing the seal");
    printf("%s seal %s of another node\n", r->dry_run ? "would add" : "added",
           seal_id_text(id, text));
    return EXIT_DONE;
}

static int run(const struct conf *c, struct keyring *k, const struct request *r)
{
    if (strcmp(r->what, "list") == 0)
        return run_list(c, k, r);
    if (strcmp(r->what, "add") == 0)
        return run_add(k, r);
    if (strcmp(r->what, "remove") == 0)
        return run_remove(k, r, false);
    if (strcmp(r->what, "revoke") == 0)
        return run_remove(k, r, true);
    if (strcmp(r->what, "test") == 0)
        return run_test(k, r);
    if (strcmp(r->what, "reseal") == 0)
        return run_reseal(k, r);
    if (strcmp(r->what, "import") == 0)
        return run_import(k, r);
    return cli_usage("seal");
}

int command_seal(int argc, char **argv)
{
    struct request r = {.proof = PROOF_OPTIONS_NONE};
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (!parse(argc, argv, &r))
        return cli_usage("seal");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    if (strcmp(r.what, "export") == 0)
        return run_export(c, &r);
    rv = cli_open(c, &k);
    return rv == CKR_OK ? run(c, k, &r) : cli_rv(rv, "opening the store");
}
