/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_key_use.c - `tee-pkcs11 audit key-use`: which uses of its keys a token has told in the log.
 *
 * It takes the SO's PIN, as all does that changes what holds for a token.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit.h"
#include "cli/cli.h"
#include "keyring/key_use.h"

struct request {
    enum conf_key_use use;
    const char *token; /* label */
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
    return optind + 1 == argc && r->token != NULL && conf_key_use_find(argv[optind], &r->use);
}

static void free_tokens(struct token_info **v)
{
    free(*v);
}

/* The one token of that label, and what it asks for now. */
static int find(struct keyring *k, const char *label, struct token_info *ret,
                enum conf_key_use *ret_now)
{
    AUTO(free_tokens) struct token_info *tokens = NULL;
    size_t n = 0, n_found = 0;
    uint64_t txn;
    CK_RV rv = tokens_list(k, &tokens, &n);

    for (size_t i = 0; rv == CKR_OK && i < n; i++) {
        if (!output_label_is(tokens[i].label, label))
            continue;
        *ret = tokens[i];
        n_found++;
    }
    if (rv == CKR_OK && n_found != 1)
        return cli_fail(EXIT_REFUSED, "%zu tokens have the label %s, and one is needed", n_found,
                        label);
    if (rv == CKR_OK)
        rv = token_key_use_now(k, ret->id, ret_now, &txn);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "looking for the token");
}

static CK_RV set(struct keyring *k, const struct token_info *t, struct span so_pin,
                 enum conf_key_use use)
{
    AUTO(login_unrefp) struct login *so = NULL;

    TRY(token_login(k, t->id, ROLE_SO, so_pin, &so));
    return token_set_key_use(k, so, use);
}

static int run(struct keyring *k, const struct request *r)
{
    AUTO(buf_clear) struct buf so_pin = BUF_INIT;
    enum conf_key_use now = CONF_KEY_USE_NONE;
    struct token_info token;
    const int code = find(k, r->token, &token, &now);
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    if (r->dry_run) {
        printf("would have token %s tell of these uses of its keys: %s (now: %s)\n", r->token,
               conf_key_use_name(r->use), conf_key_use_name(now));
        return EXIT_DONE;
    }
    if (!pin_read(&r->so_pin, "SO PIN", false, &so_pin))
        return EXIT_FAILED;
    rv = set(k, &token, buf_span(&so_pin), r->use);
    if (rv != CKR_OK)
        return cli_rv(rv, "setting what the token tells of");
    printf("token %s: uses of keys that the audit log is told of, whatever the configuration: %s "
           "(before: %s)\n",
           r->token, conf_key_use_name(r->use), conf_key_use_name(now));
    return EXIT_DONE;
}

int audit_key_use(int argc, char **argv)
{
    struct request r = {.so_pin = PIN_SOURCE_NONE};
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (!parse(argc, argv, &r))
        return cli_usage("audit");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    rv = cli_open(c, &k);
    return rv == CKR_OK ? run(k, &r) : cli_rv(rv, "opening the store");
}
