/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - `tee-pkcs11 recover`: open the store with a recovery certificate's private key, show
 * which store it is, and seal it to this platform once its owner says that it is the right one.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cli/cli.h"

#define KEY_FILE_MAX 65536

struct request {
    const char *key;
    const char *expect; /* fingerprint in hex */
    bool yes, dry_run;
};

static const struct option options[] = {
    {"key", required_argument, NULL, 'k'},
    {"expect", required_argument, NULL, 'e'},
    {"yes", no_argument, NULL, 'y'},
    {"dry-run", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'k')
            r->key = optarg;
        else if (c == 'e')
            r->expect = optarg;
        else if (c == 'y')
            r->yes = true;
        else if (c == 'n')
            r->dry_run = true;
        else
            return false;
    }
    return optind == argc && r->key != NULL;
}

static bool read_key(const char *path, struct buf *ret)
{
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = -1;

    buf_reserve(ret, KEY_FILE_MAX);
    if (fd >= 0 && !ret->failed)
        while ((n = read(fd, ret->p + ret->n, KEY_FILE_MAX - ret->n)) > 0)
            ret->n += (size_t)n;
    if (n != 0) {
        cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

/* Does the owner say that this is the store? */
static bool confirmed(const struct request *r, const char *fingerprint)
{
    char answer[16];

    if (r->expect != NULL) {
        if (strcasecmp(r->expect, fingerprint) == 0)
            return true;
        cli_fail(EXIT_REFUSED, "the fingerprint is not the expected one: nothing was changed");
        return false;
    }
    if (r->yes)
        return true;
    if (isatty(STDIN_FILENO) != 1) {
        cli_fail(EXIT_REFUSED, "no terminal to ask: give --expect FINGERPRINT");
        return false;
    }
    fputs("Is this the store that you know by that fingerprint? Seal it to this platform? [y/N] ",
          stdout);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int adopt(struct keyring *k, const struct request *r)
{
    struct store_info info;
    char hex[2 * PRIM_HASH + 1], when[32];
    CK_RV rv = keyring_info(k, &info);

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the store");
    hex_encode(SPAN_ARRAY(info.fingerprint), hex);
    printf("store made %s\nfingerprint %s\n", output_time(info.created, when), hex);
    if (r->dry_run) {
        puts("would seal it to this platform");
        return EXIT_DONE;
    }
    if (!confirmed(r, hex))
        return EXIT_REFUSED;
    rv = recover_adopt(k);
    if (rv != CKR_OK)
        return cli_rv(rv, "sealing to this platform");
    puts("sealed to this platform: the store opens here from now on");
    return EXIT_DONE;
}

int command_recover(int argc, char **argv)
{
    struct request r = {0};
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (!parse(argc, argv, &r))
        return cli_usage("recover");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    if (!read_key(r.key, &key))
        return EXIT_FAILED;
    rv = store_open(c->store, false, c->map_size, &s);
    if (rv == CKR_OK)
        rv = recover_open(c, s, buf_span(&key), &k);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store with this key");
    return adopt(k, &r);
}
