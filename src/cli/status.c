/* SPDX-License-Identifier: BSD-2-Clause */
/* status.c - `tee-pkcs11 status`: gathers; status_text.c and status_json.c print. */
#include "cli/status.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/write_file.h"
#include "keyring/key_use.h"
#include "vault/vault.h"

const char *measured_name(enum conf_measured m)
{
    static const char *const names[] = {
        [CONF_MEASURED_UNSAID] = "not said",
        [CONF_MEASURED_IMAGE] = "image",
        [CONF_MEASURED_FIRMWARE] = "firmware",
    };

    return names[m];
}

void status_clear(struct status *s)
{
    for (size_t i = 0; i < s->n_tokens; i++)
        free(s->tokens[i].deks);
    free(s->tokens);
    if (s->seals != NULL)
        seals_info_free(s->seals, s->n_seals);
    for (size_t i = 0; i < s->n_warnings; i++)
        free(s->warnings[i]);
    free(s->explanation);
}

static CK_RV warn(struct status *s, const char *text)
{
    char *copy = s->n_warnings < N_ELEMENTS(s->warnings) ? strdup(text) : NULL;

    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    s->warnings[s->n_warnings++] = copy;
    return CKR_OK;
}

static CK_RV gather_warnings(struct status *s)
{
    bool recovery = false, passphrase = false;

    for (size_t i = 0; i < s->n_seals; i++)
        recovery =
            recovery || (s->seals[i].kind != SEAL_PLATFORM && s->seals[i].kind != SEAL_OWNED);
    for (size_t i = 0; i < s->n_seals; i++)
        passphrase = passphrase || s->seals[i].kind == SEAL_PASSPHRASE;
    if (s->opened == CKR_OK && strcmp(s->opened_by, "sev-snp") != 0)
        TRY(warn(s, "the root is not hardware: whoever can read this machine's disk or memory can "
                    "read the keys"));
    if (s->n_seals > 0 && !recovery && s->conf->root != CONF_ROOT_SOFTWARE)
        TRY(warn(s, "no recovery: if this chip or image is lost, so are the keys"));
    if (passphrase && s->conf->root != CONF_ROOT_SOFTWARE)
        TRY(warn(s, "a passphrase opens the store: whoever guesses it needs no hardware. It is for "
                    "development; tee-pkcs11 seal revoke takes it away"));
    if (s->opened == CKR_OK && s->store.measured == CONF_MEASURED_FIRMWARE)
        TRY(warn(s, "only the vendor's firmware is measured: another VM with the same firmware on "
                    "this chip can derive the same key, and lacks the owner's secret alone"));
    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct token_info *t = &s->tokens[i].info;

        if (t->fails[ROLE_USER] >= t->pin_tries || t->fails[ROLE_SO] >= t->pin_tries) {
            TRY(warn(s, "a PIN is locked"));
            break;
        }
    }
    return CKR_OK;
}

static CK_RV gather_token(struct keyring *k, const struct token_info *info,
                          struct token_status *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;
    struct vault v = {.keyring = k};

    ret->info = *info;
    memcpy(v.token, info->id, sizeof(v.token));
    TRY(vault_count(&v, SCOPE_PUBLIC, &ret->n_public));
    TRY(txn_begin_read(keyring_store(k), &t));
    TRY(key_use_get(t, info->id, &ret->key_use));
    return dek_list(k, t, info->id, &ret->deks, &ret->n_deks);
}

static void free_tokens(struct token_info **v)
{
    free(*v);
}

static CK_RV gather_tokens(struct keyring *k, struct status *s)
{
    AUTO(free_tokens) struct token_info *tokens = NULL;
    size_t n = 0;

    TRY(tokens_list(k, &tokens, &n));
    s->tokens = calloc(n + 1, sizeof(*s->tokens));
    ENSURE(s->tokens != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n; i++) {
        TRY(gather_token(k, &tokens[i], &s->tokens[i]));
        s->n_tokens++;
    }
    return CKR_OK;
}

/* A store that cannot be opened: its tokens and seals as the disk shows them. */
static CK_RV gather_closed(struct store *st, struct status *s)
{
    AUTO(buf_clear) struct buf why = BUF_INIT;
    AUTO(free_tokens) struct token_info *tokens = NULL;
    size_t n = 0;

    TRY(seals_list(NULL, st, &s->seals, &s->n_seals));
    TRY(tokens_peek(st, &tokens, &n));
    s->tokens = calloc(n + 1, sizeof(*s->tokens));
    ENSURE(s->tokens != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < n; i++)
        s->tokens[s->n_tokens++].info = tokens[i];
    TRY(seals_explain(s->conf, st, &why));
    buf_u8(&why, 0);
    TRY(buf_ok(&why));
    s->explanation = strdup((const char *)why.p);
    ENSURE(s->explanation != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

static CK_RV gather_data_bytes(const struct conf *c, struct metrics *ret)
{
    char *path = NULL;
    struct stat st;

    ENSURE(asprintf(&path, "%s/data.mdb", c->store) >= 0, CKR_HOST_MEMORY);
    if (stat(path, &st) == 0)
        ret->data_bytes = (uint64_t)st.st_size;
    free(path);
    return CKR_OK;
}

/* A log that was tampered with is something to be told, not a reason to tell nothing. */
static CK_RV gather_metrics(struct keyring *k, const struct store_info *store, struct metrics *ret)
{
    AUTO(txn_endp) struct txn *t = NULL;

    ret->unsealing = keyring_unsealing(k);
    ret->audit_rv = audit_totals_read(k, store->created, &ret->audit);
    ENSURE(ret->audit_rv == CKR_OK || ret->audit_rv == CKR_DEVICE_ERROR, ret->audit_rv);
    TRY(txn_begin_read(keyring_store(k), &t));
    for (int i = 0; i < STORE_N_TABLES; i++)
        ret->rows[i] = txn_count(t, (enum store_table)i);
    return counts_get(t, &ret->counts, &ret->has_counts);
}

static CK_RV gather_open(struct keyring *k, struct status *s)
{
    s->opened_by = keyring_root_name(k);
    TRY(keyring_info(k, &s->store));
    TRY(seals_list(k, keyring_store(k), &s->seals, &s->n_seals));
    if (s->metrics.wanted)
        TRY(gather_metrics(k, &s->store, &s->metrics));
    return gather_tokens(k, s);
}

CK_RV status_gather(const struct conf *c, struct status *ret)
{
    AUTO(store_unrefp) struct store *st = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;

    ret->conf = c;
    ret->root = conf_root_name(c->root);
    ret->opened = store_open(c->store, false, c->map_size, &st);
    if (ret->opened == CKR_OK)
        ret->opened = keyring_open(c, st, &k);
    if (ret->opened == CKR_OK)
        TRY(gather_open(k, ret));
    else if (st != NULL)
        TRY(gather_closed(st, ret));
    if (ret->metrics.wanted)
        TRY(gather_data_bytes(c, &ret->metrics));
    return gather_warnings(ret);
}

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"prometheus", no_argument, NULL, 'm'},
    {"output", required_argument, NULL, 'o'},
    {NULL, 0, NULL, 0},
};

struct request {
    bool json, metrics;
    const char *output; /* NULL: standard output */
};

static int print(const struct status *s, const struct request *r)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    CK_RV rv = CKR_OK;

    if (r->json)
        rv = status_print_json(s);
    else if (r->metrics)
        rv = status_print_metrics(s, &text);
    else
        status_print_text(s);
    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    return r->metrics ? write_file(r->output, buf_span(&text), LATE_TEXT) : EXIT_DONE;
}

static int show(const struct conf *c, const struct request *r)
{
    AUTO(status_clear) struct status s = {.metrics = {.wanted = r->metrics}};
    const CK_RV rv = status_gather(c, &s);
    const int code = rv == CKR_OK ? print(&s, r) : cli_rv(rv, "reading the store");

    if (code != EXIT_DONE)
        return code;
    return s.opened == CKR_OK || s.opened == CKR_TOKEN_NOT_PRESENT ? EXIT_DONE : EXIT_CLOSED;
}

static bool parse(int argc, char **argv, struct request *r)
{
    int o;

    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (o == 'o')
            r->output = optarg;
        else if (o == 'j')
            r->json = true;
        else if (o == 'm')
            r->metrics = true;
        else
            return false;
    }
    return optind == argc && !(r->json && r->metrics) && (r->metrics || r->output == NULL);
}

int command_status(int argc, char **argv)
{
    AUTO(conf_freep) struct conf *c = NULL;
    struct request r = {.output = NULL};
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("status");
    c = cli_conf(&code);
    return c != NULL ? show(c, &r) : code;
}
