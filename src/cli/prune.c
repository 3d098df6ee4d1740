/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prune.c - `tee-pkcs11 prune`: drops the seals of images that were superseded longer ago than the
 * rollback window, with a new master key, so that old copies of them open nothing current.
 *
 * Each opening of a store does that too; this is for a timer, for --dry-run, and for who does not
 * want to wait for the window to end (--superseded).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "keyring/seal.h"

struct request {
    bool superseded, dry_run;
};

static const struct option options[] = {
    {"superseded", no_argument, NULL, 's'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 's')
            r->superseded = true;
        else if (c == 'n')
            r->dry_run = true;
        else
            return false;
    }
    return optind == argc;
}

struct list {
    struct seal_info *v;
    size_t n;
};

static void list_clear(struct list *l)
{
    seals_info_free(l->v, l->n);
}

static bool is_due(const struct seal_info *s, uint32_t days)
{
    return superseded_expired(s->superseded_at, meta_now(), days);
}

/* How many are due; each is told. */
static size_t tell(const struct list *l, uint32_t days, const char *what)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        char id[SEAL_ID_TEXT], when[32];

        if (!is_due(&l->v[i], days))
            continue;
        printf("%s seal %s (%s), superseded %s\n", what, seal_id_text(l->v[i].id, id),
               l->v[i].description, output_time(l->v[i].superseded_at, when));
        n++;
    }
    return n;
}

/* Opening drops what is due, and makes a new master. */
static int prune(const struct conf *c, const struct list *before)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(list_clear) struct list after = {.n = 0};
    CK_RV rv = cli_open(c, &k);

    if (rv == CKR_OK)
        rv = seals_list(k, keyring_store(k), &after.v, &after.n);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store");
    for (size_t i = 0; i < after.n; i++) {
        if (is_due(&after.v[i], c->rollback_days))
            return cli_fail(EXIT_FAILED, "what is due could not be dropped: the log says why");
    }
    if (tell(before, c->rollback_days, "dropped") == 0)
        puts("nothing to drop");
    else
        puts("the master key was rotated");
    return EXIT_DONE;
}

int command_prune(int argc, char **argv)
{
    struct request r = {false, false};
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(list_clear) struct list before = {.n = 0};
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (!parse(argc, argv, &r))
        return cli_usage("prune");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    if (r.superseded)
        c->rollback_days = 0;
    rv = store_open(c->store, false, c->map_size, &s);
    if (rv == CKR_OK)
        rv = seals_list(NULL, s, &before.v, &before.n); /* opening would drop them */
    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    if (!r.dry_run)
        return prune(c, &before);
    if (tell(&before, c->rollback_days, "would drop") == 0)
        puts("nothing to drop");
    return EXIT_DONE;
}
