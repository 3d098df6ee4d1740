/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotate.c - `tee-pkcs11 rotate dek|master`. (`rotate key`: rotate_key.c.)
 *
 * dek: new generations of both scopes of each token (or of one). Records of public scope are
 * re-encrypted at once; those of private scope with the SO's PIN, else when the user next logs in.
 * A rotation that was interrupted goes on. No running application notices.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_totals.h"
#include "cli/rotate.h"
#include "keyring/meta.h"
#include "vault/vault.h"

struct request {
    const char *what;
    const char *token; /* label; NULL: every token */
    struct pin_source so_pin;
    bool dry_run;
    bool if_older; /* what is younger than `age` stays */
    uint64_t age;  /* seconds */
};

static const struct option options[] = {
    {"token", required_argument, NULL, 't'},     {"so-pin-file", required_argument, NULL, 's'},
    {"so-pin-fd", required_argument, NULL, 'S'}, {"if-older", required_argument, NULL, 'o'},
    {"dry-run", no_argument, NULL, 'n'},         {NULL, 0, NULL, 0},
};

/* "90d", "12h", "30m", "45s", "2w". */
static bool parse_age(const char *text, uint64_t *ret)
{
    static const struct {
        char unit;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char *end = NULL;
    const unsigned long n = strtoul(text, &end, 10);

    for (size_t i = 0; i < N_ELEMENTS(units); i++) {
        if (text[0] >= '0' && text[0] <= '9' && n <= 1000000 && end[0] == units[i].unit &&
            end[1] == '\0') {
            *ret = n * units[i].seconds;
            return true;
        }
    }
    return false;
}

static bool is_due(const struct request *r, uint64_t since)
{
    const uint64_t now = meta_now();

    return !r->if_older || (now > since && now - since > r->age);
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool ok = true;

        if (c == 't')
            r->token = optarg;
        else if (c == 's')
            r->so_pin.file = optarg;
        else if (c == 'S')
            ok = pin_fd(optarg, &r->so_pin.fd);
        else if (c == 'o')
            ok = r->if_older = parse_age(optarg, &r->age);
        else if (c == 'n')
            r->dry_run = true;
        else
            ok = false;
        if (!ok)
            return false;
    }
    if (optind + 1 != argc)
        return false;
    r->what = argv[optind];
    return true;
}

struct advance {
    struct keyring *keyring;
    const uint8_t *token;
    const struct request *request;
    uint32_t generations[2]; /* new ones; 0: the scope's stays, or there is none yet */
    bool full[2];            /* due, and no room for another generation */
};

/* The scope has a current DEK, and it is old enough: *ret_due; else, where so many older ones wait
 * that dek_advance() would refuse, *ret_full. (Private scope has none before the user PIN is set.)
 */
static CK_RV scope_look(const struct advance *a, struct txn *t, enum scope scope, bool *ret_due,
                        bool *ret_full)
{
    struct dek_info *v = NULL;
    size_t n = 0, in_scope = 0;
    bool old = false;

    TRY(dek_list(a->keyring, t, a->token, &v, &n));
    for (size_t i = 0; i < n; i++) {
        in_scope += v[i].scope == scope;
        old = old || (v[i].scope == scope && v[i].current && is_due(a->request, v[i].created));
    }
    free(v);
    *ret_due = old && in_scope < DEK_GENERATIONS;
    *ret_full = old && in_scope >= DEK_GENERATIONS;
    return CKR_OK;
}

/* Both scopes, from a snapshot. */
static CK_RV scopes_look(struct advance *a, bool ret_due[2])
{
    AUTO(txn_endp) struct txn *t = NULL;

    TRY(txn_begin_read(keyring_store(a->keyring), &t));
    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++)
        TRY(scope_look(a, t, s, &ret_due[s], &a->full[s]));
    return CKR_OK;
}

static CK_RV advance(struct txn *t, void *arg)
{
    struct advance *a = arg;

    for (int scope = SCOPE_PUBLIC; scope <= SCOPE_PRIVATE; scope++) {
        bool due;

        a->generations[scope] = 0;
        TRY(scope_look(a, t, (enum scope)scope, &due, &a->full[scope]));
        if (due)
            TRY(dek_advance(a->keyring, t, a->token, (enum scope)scope, &a->generations[scope]));
    }
    return CKR_OK;
}

/* Can the SO open private scope? It is not there before the user PIN is set, and with so-reset = no
 * he has no share of its keys: then its records follow at the next user login. */
static bool so_opens_private(const struct token_info *t)
{
    return t->so_reset && t->user_pin_set;
}

/* The records that a rotation looks at. Asked before anything is changed: a list that can't be
 * walked must not cost a generation. */
static CK_RV records_count(const struct vault *v, bool with_private, uint64_t *ret)
{
    uint64_t n_public = 0, n_private = 0;

    TRY(vault_count(v, SCOPE_PUBLIC, &n_public));
    if (with_private)
        TRY(vault_count(v, SCOPE_PRIVATE, &n_private));
    *ret = n_public + n_private;
    return CKR_OK;
}

/* Adds to *n_done. */
static CK_RV reencrypt(struct vault *v, uint64_t total, uint64_t *n_done)
{
    struct vault_pace pace = VAULT_PACE_INIT;
    bool left = true;

    while (left) {
        size_t done = 0;

        TRY(vault_rotate_paced(v, &pace, &done, &left));
        *n_done += done;
        output_progress("re-encrypting", left ? *n_done : total, total);
    }
    return CKR_OK;
}

static CK_RV reencrypt_public(struct keyring *k, const struct token_info *t, uint64_t *n_done)
{
    struct vault v = {.keyring = k};
    uint64_t n_records = 0;

    memcpy(v.token, t->id, sizeof(v.token));
    TRY(records_count(&v, false, &n_records));
    return reencrypt(&v, n_records, n_done);
}

/* As cli_rv(), of what is done to a token. */
static int token_rv(CK_RV rv, const char *doing, const struct token_info *t, const char *hint)
{
    char text[128], label[33];

    (void)snprintf(text, sizeof(text), "%s of token %s%s", doing, output_label(t->label, label),
                   hint);
    return cli_rv(rv, text);
}

/* As of rotate_deks(): one that fails keeps no other from its turn. */
int reencrypt_all(struct keyring *k)
{
    struct token_info *tokens = NULL;
    uint64_t total = 0;
    size_t n = 0;
    const CK_RV listed = tokens_list(k, &tokens, &n);
    int code = EXIT_DONE;

    if (listed != CKR_OK)
        return cli_rv(listed, "re-encrypting (tee-pkcs11 rotate dek goes on)");
    for (size_t i = 0; i < n; i++) {
        const CK_RV rv = reencrypt_public(k, &tokens[i], &total);
        const int ended = rv == CKR_OK ? EXIT_DONE
                                       : token_rv(rv, "re-encrypting the records", &tokens[i],
                                                  " (tee-pkcs11 rotate dek goes on)");

        code = code == EXIT_DONE ? ended : code;
    }
    free(tokens);
    printf("new master key, token secrets and DEKs; %llu public %s re-encrypted, private ones "
           "follow at the next user login\n",
           (unsigned long long)total, output_word(total, "record", "records"));
    return code;
}

static void tell_token(const struct token_info *t, const struct advance *a, bool with_so,
                       uint64_t done)
{
    char label[33];

    printf("token %s:", output_label(t->label, label));
    if (a->generations[SCOPE_PUBLIC] != 0)
        printf(" DEK generation %u (public),", a->generations[SCOPE_PUBLIC]);
    if (a->generations[SCOPE_PRIVATE] != 0)
        printf(" %s%u (private%s),", a->generations[SCOPE_PUBLIC] == 0 ? "DEK generation " : "",
               a->generations[SCOPE_PRIVATE],
               with_so && so_opens_private(t) ? "" : ": old objects follow at the next user login");
    if (a->generations[SCOPE_PUBLIC] == 0 && a->generations[SCOPE_PRIVATE] == 0 &&
        !a->full[SCOPE_PUBLIC] && !a->full[SCOPE_PRIVATE])
        printf(" the DEKs are young enough,");
    printf(" %llu %s re-encrypted\n", (unsigned long long)done,
           output_word(done, "record", "records"));
}

/* Where a scope is full, the records of the older generations make room by going first. */
static CK_RV make_room(struct advance *a, struct vault *v, uint64_t total, uint64_t *n_done)
{
    bool due[2];

    TRY(scopes_look(a, due));
    return a->full[SCOPE_PUBLIC] || a->full[SCOPE_PRIVATE] ? reencrypt(v, total, n_done) : CKR_OK;
}

/* Records that an interrupted rotation left behind are moved too, whatever the age. */
static CK_RV rotate_token(struct advance *a, const struct token_info *t, struct span so_pin)
{
    const bool with_so = pin_source_given(&a->request->so_pin);
    struct keyring *k = a->keyring;
    struct vault v = {.keyring = k};
    AUTO(login_unrefp) struct login *so = NULL;
    uint64_t total = 0, done = 0;

    if (with_so)
        TRY(token_login(k, t->id, ROLE_SO, so_pin, &so));
    memcpy(v.token, t->id, sizeof(v.token));
    v.login = so;
    TRY(records_count(&v, with_so && so_opens_private(t), &total));
    TRY(make_room(a, &v, total, &done));
    TRY(token_write(k, t->id, advance, a));
    TRY(reencrypt(&v, total, &done));
    tell_token(t, a, with_so, done);
    return CKR_OK;
}

/* What would be done, from a snapshot. */
static CK_RV foresee_token(struct advance *a, const struct token_info *t)
{
    bool due[2];
    char label[33];

    TRY(scopes_look(a, due));
    output_label(t->label, label);
    if (due[SCOPE_PUBLIC] || due[SCOPE_PRIVATE])
        printf("would rotate the DEKs of token %s (%s%s%s)\n", label,
               due[SCOPE_PUBLIC] ? "public" : "",
               due[SCOPE_PUBLIC] && due[SCOPE_PRIVATE] ? ", " : "",
               due[SCOPE_PRIVATE] ? "private" : "");
    else if (!a->full[SCOPE_PUBLIC] && !a->full[SCOPE_PRIVATE])
        printf("the DEKs of token %s are young enough\n", label);
    return CKR_OK;
}

/* What stayed as it was, and what makes room. Returns an exit code. */
static int tell_full(const struct token_info *t, const struct advance *a)
{
    static const char *const names[] = {[SCOPE_PUBLIC] = "public", [SCOPE_PRIVATE] = "private"};
    int code = EXIT_DONE;
    char label[33];

    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
        if (a->full[s])
            code = cli_fail(EXIT_REFUSED,
                            "token %s: there are %d %s DEK generations and no new one is made: a "
                            "login of its user%s re-encrypts what is under the older ones",
                            output_label(t->label, label), DEK_GENERATIONS, names[s],
                            t->so_reset ? ", or --so-pin-file," : "");
    }
    return code;
}

/* Returns an exit code. *ret_pin: the SO's PIN is not this token's, or is locked. */
static int rotate_or_foresee(struct keyring *k, const struct request *r, const struct token_info *t,
                             struct span so_pin, bool *ret_pin)
{
    struct advance a = {.keyring = k, .token = t->id, .request = r};
    const CK_RV rv = r->dry_run ? foresee_token(&a, t) : rotate_token(&a, t, so_pin);

    *ret_pin = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED;
    return rv == CKR_OK ? tell_full(t, &a) : token_rv(rv, "rotating the DEKs", t, "");
}

/* A PIN that a token refuses is not tried on those after it, which nobody named: from a timer it
 * would be counted against each of them, run by run, until all are locked. One that is locked
 * already ends the run too: else the next one would be locked in its turn. */
static bool ends_run(const struct request *r, size_t n_left)
{
    if (r->token != NULL)
        return false;
    if (n_left > 0)
        (void)cli_fail(0,
                       "the %zu %s after it %s not tried: where tokens have different SO PINs, "
                       "rotate each by --token LABEL",
                       n_left, output_word(n_left, "token", "tokens"),
                       output_word(n_left, "was", "were"));
    return true;
}

/* One that fails keeps no other from its turn, but for its SO's PIN; the first failure is the exit
 * code. */
static int rotate_deks(struct keyring *k, const struct request *r, struct span so_pin)
{
    struct token_info *tokens = NULL;
    size_t n = 0, n_asked = 0;
    const CK_RV rv = tokens_list(k, &tokens, &n);
    int code = EXIT_DONE;

    if (rv != CKR_OK)
        return cli_rv(rv, "rotating the DEKs");
    for (size_t i = 0; i < n; i++) {
        bool pin;
        int ended;

        if (r->token != NULL && !output_label_is(tokens[i].label, r->token))
            continue;
        n_asked++;
        ended = rotate_or_foresee(k, r, &tokens[i], so_pin, &pin);
        code = code == EXIT_DONE ? ended : code;
        if (pin && ends_run(r, n - i - 1))
            break;
    }
    free(tokens);
    if (n_asked == 0)
        return cli_fail(EXIT_REFUSED, "no token%s%s", r->token != NULL ? " labelled " : "",
                        r->token != NULL ? r->token : "");
    return code;
}

/* When the master was made: the log has it. */
static CK_RV master_since(struct keyring *k, uint64_t *ret)
{
    struct store_info info;
    struct audit_totals totals;

    TRY(keyring_info(k, &info));
    TRY(audit_totals_read(k, info.created, &totals));
    *ret = totals.master_since;
    return CKR_OK;
}

static int rotate_master(struct keyring *k, const struct request *r)
{
    uint64_t epoch = 0, since = 0;
    char age[32];
    CK_RV rv = r->if_older ? master_since(k, &since) : CKR_OK;

    if (rv == CKR_OK && !is_due(r, since)) {
        printf("the master key is young enough: %s\n", output_age(since, age));
        return EXIT_DONE;
    }
    if (rv == CKR_OK && r->dry_run) {
        puts("would make a new master key and re-encrypt it to every seal");
        return EXIT_DONE;
    }
    if (rv == CKR_OK)
        rv = master_rotate(k, &epoch);
    if (rv != CKR_OK)
        return cli_rv(rv, "rotating the master key");
    printf("master key: epoch %llu\n", (unsigned long long)epoch);
    return EXIT_DONE;
}

int command_rotate(int argc, char **argv)
{
    struct request r = {.so_pin = PIN_SOURCE_NONE};
    AUTO(buf_clear) struct buf so_pin = BUF_INIT;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (argc > 1 && strcmp(argv[1], "key") == 0)
        return rotate_key(argc - 1, argv + 1);
    if (!parse(argc, argv, &r) || (strcmp(r.what, "dek") != 0 && strcmp(r.what, "master") != 0))
        return cli_usage("rotate");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    if (pin_source_given(&r.so_pin) && !pin_read(&r.so_pin, "SO PIN", false, &so_pin))
        return EXIT_FAILED;
    rv = cli_open(c, &k);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store");
    return strcmp(r.what, "dek") == 0 ? rotate_deks(k, &r, buf_span(&so_pin))
                                      : rotate_master(k, &r);
}
