/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import.c - `tee-pkcs11 import`: keys, certificates and credentials from elsewhere into a token.
 *
 * Sources are read whole before the token is opened, so what can't be read changes nothing. What
 * the token has already stays; nothing is taken from the source.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "cli/own_token.h"
#include "model/record.h"

#define APPLICATION "env" /* of credentials, where none is given */

struct source {
    int letter; /* of its option; 'F': a file by its name alone */
    const char *of;
};

struct request {
    const char *token, *application, *module;
    struct import_keys keys;
    struct pin_source pin, passphrase, source_pin;
    bool dry_run;
    struct source *sources;
    size_t n_sources;
};

static const struct option options[] = {
    {"token", required_argument, NULL, 't'},
    {"env-file", required_argument, NULL, 'e'},
    {"env", required_argument, NULL, 'v'},
    {"from", required_argument, NULL, 'u'},
    {"softhsm2", required_argument, NULL, 's'},
    {"softhsm2-store", required_argument, NULL, 'd'},
    {"module", required_argument, NULL, 'm'},
    {"source-pin-file", required_argument, NULL, 'i'},
    {"source-pin-fd", required_argument, NULL, 'I'},
    {"label", required_argument, NULL, 'l'},
    {"application", required_argument, NULL, 'a'},
    {"extractable", no_argument, NULL, 'x'},
    {"passphrase-file", required_argument, NULL, 'w'},
    {"passphrase-fd", required_argument, NULL, 'W'},
    {"pin-file", required_argument, NULL, 'p'},
    {"pin-fd", required_argument, NULL, 'P'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static void request_clear(struct request *r)
{
    free(r->sources);
}

static bool take_text(int c, struct request *r)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'t', &r->token},   {'l', &r->keys.label},      {'a', &r->application},
                 {'m', &r->module},  {'i', &r->source_pin.file}, {'w', &r->passphrase.file},
                 {'p', &r->pin.file}};

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter == c) {
            *texts[i].to = optarg;
            return true;
        }
    }
    return false;
}

static bool take_option(int c, struct request *r)
{
    if (strchr("evusd", c) != NULL)
        r->sources[r->n_sources++] = (struct source){c, optarg};
    else if (c == 'x')
        r->keys.extractable = true;
    else if (c == 'n')
        r->dry_run = true;
    else if (c == 'I')
        return pin_fd(optarg, &r->source_pin.fd);
    else if (c == 'W')
        return pin_fd(optarg, &r->passphrase.fd);
    else if (c == 'P')
        return pin_fd(optarg, &r->pin.fd);
    else
        return take_text(c, r);
    return true;
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(c, r))
            return false;
    }
    while (optind < argc)
        r->sources[r->n_sources++] = (struct source){'F', argv[optind++]};
    return r->token != NULL && r->n_sources > 0;
}

/* -- reading ----------------------------------------------------------------------------------- */

static int collect_one(const struct request *r, const struct source *s, struct passphrase *p,
                       struct import_items *items)
{
    if (s->letter == 'e')
        return import_env_file(s->of, r->application, items);
    if (s->letter == 'v')
        return import_environment(s->of, r->application, items);
    if (s->letter == 'u')
        return import_token(s->of, &r->source_pin, &r->keys, items);
    if (s->letter == 's')
        return import_softhsm2(s->of, r->module, &r->source_pin, &r->keys, items);
    if (s->letter == 'd')
        return import_softhsm2_store(s->of, &r->source_pin, &r->keys, items);
    return import_file(s->of, p, &r->keys, items);
}

static int collect(const struct request *r, struct import_items *items)
{
    struct passphrase p = {.from = r->passphrase};
    int code = EXIT_DONE;

    for (size_t i = 0; i < r->n_sources && code == EXIT_DONE; i++)
        code = collect_one(r, &r->sources[i], &p, items);
    buf_clear(&p.text);
    if (code == EXIT_DONE && import_items_group(items) != CKR_OK)
        code = cli_fail(EXIT_FAILED, "out of memory");
    return code;
}

/* -- writing ----------------------------------------------------------------------------------- */

/* The store's fault, or the machine's, rather than this item's. */
static bool ends_all(CK_RV rv)
{
    return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY || rv == CKR_HOST_MEMORY ||
           rv == CKR_USER_NOT_LOGGED_IN;
}

static void free_template(CK_ATTRIBUTE **v)
{
    free(*v);
}

static CK_RV add_template(struct import *to, struct import_item *item)
{
    const struct attrs *a = item->attrs;
    AUTO(free_template) CK_ATTRIBUTE *v = calloc(a->n, sizeof(*v));

    ENSURE(v != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < a->n; i++)
        v[i] = (CK_ATTRIBUTE){a->v[i].type, a->v[i].p, a->v[i].n};
    return import_add(to, v, a->n, item->is_named, &item->fate);
}

/* A key that may do everything, as other tokens make them, where the policy keeps what works on
 * keys and what works on data apart (usage-templates): it comes as one that works on data. */
static CK_RV add_for_data(struct import *to, struct import_item *item)
{
    attrs_remove(item->attrs, CKA_WRAP);
    attrs_remove(item->attrs, CKA_UNWRAP);
    item->note = "CKA_WRAP and CKA_UNWRAP: the policy has no key do that and encrypt "
                 "(docs/policy.md, usage-templates)";
    return add_template(to, item);
}

/* The token says of such a value what it says of a wrong one. */
static bool is_too_long(const struct attrs *a)
{
    bool is = false;

    for (size_t i = 0; i < a->n; i++)
        is = is || a->v[i].n > RECORD_MAX_VALUE;
    return is;
}

/* CKR_DATA_LEN_RANGE: it is too long for any token of ours; else the token's reason. */
static CK_RV add_item(struct import *to, struct import_item *item)
{
    const struct attrs *a = item->attrs;
    const bool on_keys = attrs_bool(a, CKA_WRAP, false) || attrs_bool(a, CKA_UNWRAP, false);
    CK_RV rv;

    ENSURE(!is_too_long(a), CKR_DATA_LEN_RANGE);
    rv = add_template(to, item);
    return rv == CKR_TEMPLATE_INCONSISTENT && on_keys ? add_for_data(to, item) : rv;
}

static CK_RV add_items(struct import *to, struct import_items *items)
{
    for (size_t i = 0; i < items->n; i++) {
        struct import_item *item = &items->v[i];

        if (item->begins)
            TRY(import_settle(to));
        if (item->attrs != NULL && item->rv == CKR_OK) {
            item->rv = add_item(to, item);
            if (ends_all(item->rv))
                return item->rv;
        }
        output_progress("importing", i + 1, items->n);
    }
    return import_flush(to);
}

/* For the audit log. A URI ends before its query, which may hold a PIN. */
static CK_RV describe(const struct request *r, struct buf *ret)
{
    const struct source *s = &r->sources[0];
    const char *what = s->letter == 'v'   ? "environment "
                       : s->letter == 's' ? "SoftHSM2 token "
                                          : "";
    const size_t n = s->letter == 'u' ? strcspn(s->of, "?") : strlen(s->of);

    buf_printf(ret, "%s%.*s", what, (int)n, s->of);
    if (r->n_sources > 1)
        buf_printf(ret, " and %zu more", r->n_sources - 1);
    buf_u8(ret, 0);
    return buf_ok(ret);
}

static CK_RV store(const struct request *r, struct own_token *t, struct import_items *items)
{
    AUTO(import_freep) struct import *to = NULL;
    AUTO(buf_clear) struct buf source = BUF_INIT;

    TRY(describe(r, &source));
    TRY(import_begin(t->session, (const char *)source.p, r->dry_run, &to));
    return add_items(to, items);
}

static int run(const struct request *r, struct import_items *items)
{
    AUTO(own_token_close) struct own_token t = {.initialized = false};
    int code = collect(r, items);
    size_t failed;
    CK_RV rv;

    if (code == EXIT_DONE)
        code = own_token_open(r->token, &r->pin, &t);
    if (code != EXIT_DONE)
        return code;
    rv = store(r, &t, items);
    failed = import_report(items, r->dry_run);
    if (rv != CKR_OK)
        return cli_rv(rv, "importing (what was migrated stays; the next run goes on)");
    return failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

int command_import(int argc, char **argv)
{
    AUTO(request_clear)
    struct request r = {
        .application = APPLICATION,
        .pin = PIN_SOURCE_NONE,
        .passphrase = PIN_SOURCE_NONE,
        .source_pin = PIN_SOURCE_NONE,
        .sources = calloc((size_t)argc, sizeof(struct source)),
    };
    AUTO(import_items_clear) struct import_items items = {.v = NULL};
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    if (r.sources == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (!parse(argc, argv, &r))
        return cli_usage("import");
    c = cli_conf(&code); /* so that a mistake in it is told by the file and line */
    return c != NULL ? run(&r, &items) : code;
}
