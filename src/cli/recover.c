/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - `tee-pkcs11 recover`: open the store with what its owner brings, show which store it
 * is, and seal it to this platform once the owner says that it is the right one.
 */
#include <getopt.h>
#include <stdio.h>

#include "cli/confirm.h"
#include "cli/proof.h"

struct request {
    struct proof_options proof;
    const char *expect; /* fingerprint in hex */
    bool yes, dry_run;
};

static const struct option options[] = {
    PROOF_OPTIONS,
    {"expect", required_argument, NULL, 'e'},
    {"yes", no_argument, NULL, 'y'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'e')
            r->expect = optarg;
        else if (c == 'y')
            r->yes = true;
        else if (c == 'n')
            r->dry_run = true;
        else if (!proof_option(&r->proof, c, optarg))
            return false;
    }
    return optind == argc && proof_given(&r->proof) == 1;
}

static int adopt(struct keyring *k, const struct request *r)
{
    struct store_info info;
    char hex[2 * PRIM_HASH + 1], when[32];
    bool in_place = false;
    CK_RV rv = keyring_info(k, &info);

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    hex_encode(SPAN_ARRAY(info.fingerprint), hex);
    printf("store made %s\nfingerprint %s\n", output_time(info.created, when), hex);
    /* A rehearsal asks nobody, but what is expected is held against it all the same. */
    if (!confirm_store(r->expect, r->yes || r->dry_run, hex))
        return EXIT_REFUSED;
    if (r->dry_run) {
        puts("would seal it to this platform (where it opens here already: in place of the seal "
             "that does)");
        return EXIT_DONE;
    }
    rv = recover_adopt(k, &in_place);
    if (rv != CKR_OK)
        return cli_rv(rv, "sealing to this platform");
    puts(in_place ? "the store opened here already, by its seal of this platform: a new one is in "
                    "place of that"
                  : "sealed to this platform: the store opens here from now on");
    confirm_seals(k);
    return EXIT_DONE;
}

static int recover(const struct conf *c, const struct request *r, const struct proof *p)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    CK_RV rv = store_open(c->store, false, c->map_size, &s);

    if (rv == CKR_OK)
        rv = recover_open(c, s, &p->seal, &k);
    if (rv == CKR_ARGUMENTS_BAD)
        return cli_fail(EXIT_REFUSED, "opening the store: what was given opens none of its seals");
    return rv == CKR_OK ? adopt(k, r) : cli_rv(rv, "opening the store");
}

int command_recover(int argc, char **argv)
{
    struct request r = {.proof = PROOF_OPTIONS_NONE};
    AUTO(proof_clear) struct proof p = {.secret = NULL};
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("recover");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    code = proof_read(&r.proof, &p);
    return code == EXIT_DONE ? recover(c, &r, &p) : code;
}
