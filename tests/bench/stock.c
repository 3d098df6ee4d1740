/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stock.c - p11store: a token's store from inside, beside p11bench, which sees modules from
 * outside.
 *
 * It fills a token with a million objects in minutes, compares durable changes with plain LMDB that
 * writes the same rows, and counts pages. The configuration is the module's ($TEE_PKCS11_CONF).
 */
#include "bench/stock.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/ossl.h"

static const char usage[] =
    "usage: p11store COMMAND --token LABEL [options]\n"
    "\n"
    "  keys          bring the token to N private keys (p11bench made the first)\n"
    "  pairs         bring the token to N P-256 key pairs\n"
    "  compare       create and destroy objects, durably, beside plain LMDB with the same rows\n"
    "  pages         what N pairs take on the disk\n"
    "  rotate        a new master, a new seal; new DEKs beside plain LMDB with the same records\n"
    "\n"
    "  --token LABEL the token\n"
    "  --pin PIN     its user PIN (12345678)\n"
    "  --objects N   (100)\n"
    "  --seconds S   for each round of compare (1)\n"
    "  --rounds N    (5)\n";

static const struct {
    const char *name;
    CK_RV (*run)(struct stock *s);
} commands[] = {
    {"keys", stock_keys},   {"pairs", stock_pairs},   {"compare", stock_compare},
    {"pages", stock_pages}, {"rotate", stock_rotate},
};

typedef CK_RV stock_command(struct stock *s);

void stock_judge(const char *what, double figure, double goal, bool at_least, const char *unit)
{
    const bool met = at_least ? figure >= goal : figure <= goal;

    printf("| 6 | %s |%s %.3f %s, goal %g |\n", what, met ? "" : " **SHORT**", figure, unit, goal);
}

static bool parse(int argc, char **argv, struct stock *s, stock_command **ret)
{
    static const struct option options[] = {
        {"token", required_argument, NULL, 't'},   {"pin", required_argument, NULL, 'p'},
        {"objects", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 's'},
        {"rounds", required_argument, NULL, 'r'},  {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 't')
            s->token = optarg;
        else if (c == 'p')
            s->pin = optarg;
        else if (c == 'n')
            s->n = strtoul(optarg, NULL, 10);
        else if (c == 's')
            s->seconds = strtod(optarg, NULL);
        else if (c == 'r')
            s->rounds = (unsigned)strtoul(optarg, NULL, 10);
        else
            return false;
    }
    for (size_t i = 0; optind + 1 == argc && i < N_ELEMENTS(commands); i++) {
        if (strcmp(argv[optind], commands[i].name) == 0)
            *ret = commands[i].run;
    }
    return *ret != NULL && s->token != NULL && s->n > 0 && s->seconds > 0 && s->rounds > 0;
}

static CK_RV token_select(struct stock *s, const char *label)
{
    struct token_info *tokens = NULL;
    size_t n = 0;
    CK_RV rv = tokens_list(s->keyring, &tokens, &n);
    bool found = false;

    for (size_t i = 0; rv == CKR_OK && i < n; i++) {
        char padded[33];

        snprintf(padded, sizeof(padded), "%-32s", label);
        if (memcmp(padded, tokens[i].label, 32) != 0)
            continue;
        memcpy(s->vault.token, tokens[i].id, TOKEN_ID);
        found = true;
    }
    free(tokens);
    TRY(rv);
    ENSURE(found, CKR_TOKEN_NOT_PRESENT);
    return CKR_OK;
}

CK_RV stock_open(struct stock *s)
{
    AUTO(store_unrefp) struct store *store = NULL;

    TRY(store_open(s->conf->store, false, s->conf->map_size, &store));
    TRY(keyring_open(s->conf, store, &s->keyring));
    s->vault.keyring = s->keyring;
    TRY(token_select(s, s->token));
    return token_login(s->keyring, s->vault.token, ROLE_USER, span_of(s->pin, strlen(s->pin)),
                       &s->vault.login);
}

void stock_shut(struct stock *s)
{
    login_unref(TAKE(s->vault.login));
    keyring_unref(TAKE(s->keyring));
}

static CK_RV run(struct stock *s, stock_command *command)
{
    char *error = NULL;
    CK_RV rv = conf_load(&s->conf, &error);

    if (rv != CKR_OK)
        fprintf(stderr, "p11store: %s\n", error != NULL ? error : "no configuration");
    free(error);
    TRY(rv);
    TRY(crypto_ready());
    TRY(stock_open(s));
    return command(s);
}

int main(int argc, char **argv)
{
    struct stock s = {.pin = "12345678", .n = 100, .seconds = 1, .rounds = 5};
    stock_command *command = NULL;
    CK_RV rv;

    if (!parse(argc, argv, &s, &command)) {
        fputs(usage, stderr);
        return 2;
    }
    rv = run(&s, command);
    stock_shut(&s);
    conf_free(s.conf);
    if (rv != CKR_OK)
        fprintf(stderr, "p11store: failed with 0x%lx\n", rv);
    return rv == CKR_OK ? 0 : 1;
}
