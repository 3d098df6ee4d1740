/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line; see verifier.h. */
#include <getopt.h>

#include "verifier/verifier.h"

enum option_number {
    OPT_POLICY = 256,
    OPT_TIME,
    OPT_NONCE,
    OPT_REPORT_DATA,
    OPT_KEY,
    OPT_OLD_KEY,
    OPT_FILE,
    OPT_MAX_AGE,
    OPT_VEK,
    OPT_CHAIN,
    OPT_TABLE,
    OPT_CRL,
    OPT_ROOT,
    OPT_KDS,
    OPT_PATIENCE,
    OPT_CACHE,
    OPT_JSON,
    OPT_OFFLINE,
    OPT_NO_CACHE
};

static const struct option options[] = {
    {"policy", required_argument, NULL, OPT_POLICY},
    {"time", required_argument, NULL, OPT_TIME},
    {"nonce", required_argument, NULL, OPT_NONCE},
    {"report-data", required_argument, NULL, OPT_REPORT_DATA},
    {"key", required_argument, NULL, OPT_KEY},
    {"old-key", required_argument, NULL, OPT_OLD_KEY},
    {"file", required_argument, NULL, OPT_FILE},
    {"max-age", required_argument, NULL, OPT_MAX_AGE},
    {"vek", required_argument, NULL, OPT_VEK},
    {"chain", required_argument, NULL, OPT_CHAIN},
    {"table", required_argument, NULL, OPT_TABLE},
    {"crl", required_argument, NULL, OPT_CRL},
    {"root", required_argument, NULL, OPT_ROOT},
    {"kds", required_argument, NULL, OPT_KDS},
    {"patience", required_argument, NULL, OPT_PATIENCE},
    {"cache", required_argument, NULL, OPT_CACHE},
    {"json", no_argument, NULL, OPT_JSON},
    {"offline", no_argument, NULL, OPT_OFFLINE},
    {"no-cache", no_argument, NULL, OPT_NO_CACHE},
    {NULL, 0, NULL, 0},
};

/* Where the argument of an option goes; NULL: it has none. */
static const char **text_of(struct verifier_options *o, int number)
{
    const char **const texts[] = {
        &o->policy, &o->time,    &o->nonce,    &o->report_data, &o->key,   &o->old_key,
        &o->file,   &o->max_age, &o->vek,      &o->chain,       &o->table, &o->crl,
        &o->root,   &o->kds,     &o->patience, &o->cache,
    };
    const size_t i = (size_t)(number - OPT_POLICY);

    return i < N_ELEMENTS(texts) ? texts[i] : NULL;
}

bool verifier_parse(int argc, char **argv, struct verifier_options *ret)
{
    struct verifier_options o = {.evidence = NULL};
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char **text = c >= OPT_POLICY ? text_of(&o, c) : NULL;

        if (text != NULL && *text != NULL)
            return false; /* twice: which one was meant? */
        if (text != NULL)
            *text = optarg;
        else if (c == OPT_JSON)
            o.json = true;
        else if (c == OPT_OFFLINE)
            o.offline = true;
        else if (c == OPT_NO_CACHE)
            o.no_cache = true;
        else
            return false;
    }
    if (optind + 1 != argc || (o.cache != NULL && o.no_cache))
        return false;
    o.evidence = argv[optind];
    *ret = o;
    return true;
}
