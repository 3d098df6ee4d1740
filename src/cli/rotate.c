/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotate.c - `tee-pkcs11 rotate dek|master`.
 *
 * dek: new generations of both scopes of each token (or of one). Records of public scope are
 * re-encrypted at once; those of private scope with the SO's PIN, else when the user next logs in.
 * A rotation that was interrupted goes on. No running application notices.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "vault/vault.h"

struct request {
    const char *what;
    const char *token; /* label; NULL: every token */
    struct pin_source so_pin;
    bool dry_run;
};

static const struct option options[] = {
    {"token", required_argument, NULL, 't'},
    {"so-pin-file", required_argument, NULL, 's'},
    {"so-pin-fd", required_argument, NULL, 'S'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

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
    uint32_t generations[2];
};

/* Private scope has no DEK before the user PIN is set. */
static CK_RV has_scope(struct advance *a, struct txn *t, enum scope scope, bool *ret)
{
    struct dek_info *v = NULL;
    size_t n = 0;

    TRY(dek_list(a->keyring, t, a->token, &v, &n));
    *ret = false;
    for (size_t i = 0; i < n; i++)
        *ret = *ret || v[i].scope == scope;
    free(v);
    return CKR_OK;
}

static CK_RV advance(struct txn *t, void *arg)
{
    struct advance *a = arg;

    for (int scope = SCOPE_PUBLIC; scope <= SCOPE_PRIVATE; scope++) {
        bool there;

        TRY(has_scope(a, t, (enum scope)scope, &there));
        if (there)
            TRY(dek_advance(a->keyring, t, a->token, (enum scope)scope, &a->generations[scope]));
    }
    return CKR_OK;
}

static CK_RV reencrypt(struct vault *v, uint64_t *ret_done)
{
    uint64_t total = 0, n = 0;
    bool left = true;

    TRY(vault_count(v, SCOPE_PUBLIC, &total));
    if (v->login != NULL) {
        TRY(vault_count(v, SCOPE_PRIVATE, &n));
        total += n;
    }
    *ret_done = 0;
    while (left) {
        size_t done = 0;

        TRY(vault_rotate_step(v, VAULT_ROTATE_BATCH, &done, &left));
        *ret_done += done;
        output_progress("re-encrypting", left ? *ret_done : total, total);
    }
    return CKR_OK;
}

static CK_RV rotate_token(struct keyring *k, const struct token_info *t, struct span so_pin,
                          bool with_so)
{
    struct advance a = {.keyring = k, .token = t->id};
    struct vault v = {.keyring = k};
    AUTO(login_unrefp) struct login *so = NULL;
    char label[33];
    uint64_t done = 0;

    if (with_so)
        TRY(token_login(k, t->id, ROLE_SO, so_pin, &so));
    TRY(store_write(keyring_store(k), advance, &a));
    memcpy(v.token, t->id, sizeof(v.token));
    v.login = so;
    TRY(reencrypt(&v, &done));
    printf("token %s: DEK generation %u (public)", output_label(t->label, label),
           a.generations[SCOPE_PUBLIC]);
    if (a.generations[SCOPE_PRIVATE] != 0)
        printf(", %u (private%s)", a.generations[SCOPE_PRIVATE],
               with_so && t->so_reset ? "" : ": old objects follow at the next user login");
    printf(", %llu records re-encrypted\n", (unsigned long long)done);
    return CKR_OK;
}

static bool wanted(const struct request *r, const struct token_info *t)
{
    char label[33];

    return r->token == NULL || strcmp(output_label(t->label, label), r->token) == 0;
}

static int rotate_deks(struct keyring *k, const struct request *r, struct span so_pin)
{
    struct token_info *tokens = NULL;
    size_t n = 0, rotated = 0;
    CK_RV rv = tokens_list(k, &tokens, &n);

    for (size_t i = 0; rv == CKR_OK && i < n; i++) {
        char label[33];

        if (!wanted(r, &tokens[i]))
            continue;
        rotated++;
        if (r->dry_run)
            printf("would rotate the DEKs of token %s\n", output_label(tokens[i].label, label));
        else
            rv = rotate_token(k, &tokens[i], so_pin, pin_source_given(&r->so_pin));
    }
    free(tokens);
    if (rv != CKR_OK)
        return cli_rv(rv, "rotating the DEKs");
    if (rotated == 0)
        return cli_fail(EXIT_REFUSED, "no token%s%s", r->token != NULL ? " labelled " : "",
                        r->token != NULL ? r->token : "");
    return EXIT_DONE;
}

static int rotate_master(struct keyring *k, const struct request *r)
{
    uint64_t epoch = 0;
    CK_RV rv;

    if (r->dry_run) {
        puts("would make a new master key and re-encrypt it to every seal");
        return EXIT_DONE;
    }
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
