/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restore.c - `tee-pkcs11 restore`: a store from a backup, where there is none.
 *
 * The backup is copied into the store's directory under no name, every row and every seal of it is
 * authenticated there, the log gets its entry, and then it is linked to its name: killed before, it
 * leaves nothing; after, it is done. A store that is there is never overwritten, and the lock on
 * the directory keeps those away who would make a new one meanwhile.
 *
 * A restored store is an older one. A process that has seen a later commit of it says so and
 * refuses it: it is to be started anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/verdict.h"
#include "keyring/storedir.h"
#include "store/draft.h"
#include "store/place.h"
#include "util/fd.h"

struct request {
    struct proof_options proof;
    const char *expect; /* fingerprint in hex */
    bool unopened;
    const char *file; /* "-": standard input */
};

static const struct option options[] = {
    PROOF_OPTIONS,
    {"expect", required_argument, NULL, 'e'},
    {"unopened", no_argument, NULL, 'u'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'e')
            r->expect = optarg;
        else if (c == 'u')
            r->unopened = true;
        else if (!proof_option(&r->proof, c, optarg))
            return false;
    }
    if (optind + 1 != argc || proof_given(&r->proof) > 1)
        return false;
    r->file = argv[optind];
    return !r->unopened || (r->expect == NULL && proof_given(&r->proof) == 0);
}

static bool from_stdin(const struct request *r)
{
    return strcmp(r->file, "-") == 0;
}

static const char *name_of(const struct request *r)
{
    return from_stdin(r) ? "standard input" : r->file;
}

/* -- the bytes -----------------------------------------------------------------------------------
 */

static bool copy_bytes(int from, int to)
{
    static uint8_t room[1 << 18];

    for (;;) {
        const ssize_t n = read(from, room, sizeof(room));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        if (!fd_write_all(to, span_of(room, (size_t)n)))
            return false;
    }
}

static int fill(const struct request *r, const struct draft *d)
{
    AUTO(place_closep) int fd = -1;
    struct stat st;

    if (!from_stdin(r) && place_open_file(r->file, r->file, &fd, &st) != CKR_OK)
        return EXIT_FAILED;
    if (!copy_bytes(from_stdin(r) ? STDIN_FILENO : fd, d->fd))
        return cli_fail(EXIT_FAILED, "copying %s: %s", name_of(r), strerror(errno));
    return EXIT_DONE;
}

/* -- is it good enough?
 * ---------------------------------------------------------------------------- */

static int judge_closed(const struct request *r, const struct verdict *v)
{
    if (r->unopened)
        return EXIT_DONE;
    return cli_fail(verdict_code(v),
                    "the backup doesn't open here, so that nothing of it can be authenticated: "
                    "bring an owner's proof (--key, --recovery-key, ...); or put it there as it "
                    "is (--unopened), then recover it and verify it. Nothing was restored");
}

static int judge(const struct request *r, const struct verdict *v)
{
    char hex[2 * PRIM_HASH + 1];

    if (v->n_faults > 0) {
        verdict_print_faults(v);
        return cli_fail(EXIT_FAILED, "the backup is damaged: nothing was restored");
    }
    if (v->depth != VERDICT_WHOLE)
        return judge_closed(r, v);
    if (!v->logged)
        return cli_fail(EXIT_FAILED,
                        "the restoration can't be logged, as the copy can't be written (see "
                        "above): nothing was restored");
    hex_encode(SPAN_ARRAY(v->store.fingerprint), hex);
    if (r->expect != NULL && strcasecmp(r->expect, hex) != 0)
        return cli_fail(EXIT_REFUSED,
                        "this is a backup of another store (fingerprint %s): nothing was restored",
                        hex);
    return EXIT_DONE;
}

static void tell(const struct conf *c, const struct verdict *v)
{
    char hex[2 * PRIM_HASH + 1], when[32];

    if (v->depth != VERDICT_WHOLE) {
        printf("restored to %s, NOT AUTHENTICATED: it doesn't open here yet\n"
               "next: tee-pkcs11 recover, then tee-pkcs11 verify-store\n",
               c->store);
        return;
    }
    printf(
        "restored to %s: commit %" PRIu64 " of the store made %s, %" PRIu64
        " objects, every row verified\nfingerprint %s\n"
        "What was done after that commit is not in it: compare its audit log with an export, and "
        "start applications anew.\n",
        c->store, v->store.counter, output_time(v->store.created, when), v->n_public + v->n_private,
        hex_encode(SPAN_ARRAY(v->store.fingerprint), hex));
}

/* -- restoring
 * ------------------------------------------------------------------------------------- */

static int restore_draft(const struct conf *c, const struct request *r, struct draft *d)
{
    AUTO(verdict_clear) struct verdict v = VERDICT_INIT;
    char path[DRAFT_PATH];
    const struct verdict_of of = {
        .conf = c,
        .path = draft_path(d, path),
        .name = name_of(r),
        .proof = &r->proof,
        .restored = true,
    };
    int code = fill(r, d);
    CK_RV rv;

    if (code == EXIT_DONE)
        code = verdict_find(&of, &v);
    if (code == EXIT_DONE)
        code = judge(r, &v);
    if (code != EXIT_DONE)
        return code;
    rv = draft_publish(d);
    if (rv != CKR_OK)
        return cli_rv(rv, "restoring");
    tell(c, &v);
    return EXIT_DONE;
}

/* The name of the part of a restoration that was killed, on a file system where it needs one: under
 * the lock there is nobody else's. */
static void remove_part(const char *path)
{
    AUTO(buf_clear) struct buf part = BUF_INIT;

    buf_printf(&part, "%s.part", path);
    buf_u8(&part, 0);
    if (!part.failed)
        (void)unlink((const char *)part.p);
}

static int restore_locked(const struct conf *c, const struct request *r)
{
    AUTO(draft_clear) struct draft d = DRAFT_NONE;
    AUTO(buf_clear) struct buf path = BUF_INIT;
    CK_RV rv = place_is_free(c->store);

    buf_printf(&path, "%s/" PLACE_DATA, c->store);
    buf_u8(&path, 0);
    if (rv == CKR_OK)
        rv = buf_ok(&path);
    if (rv == CKR_OK) {
        remove_part((const char *)path.p);
        rv = draft_new((const char *)path.p, &d);
    }
    return rv == CKR_OK ? restore_draft(c, r, &d) : cli_rv(rv, "restoring");
}

static int restore(const struct conf *c, const struct request *r)
{
    AUTO(storedir_lock_release) struct storedir_lock lock = {.fd = -1};
    struct stat st;
    const bool was_there = stat(c->store, &st) == 0;
    CK_RV rv = storedir_make(c->store);
    int code;

    if (rv == CKR_OK)
        rv = storedir_lock_take(c->store, &lock);
    if (rv != CKR_OK)
        return cli_rv(rv, "making the store's directory");
    code = restore_locked(c, r);
    if (code != EXIT_DONE && !was_there)
        (void)rmdir(c->store);
    return code;
}

int command_restore(int argc, char **argv)
{
    struct request r = {.proof = PROOF_OPTIONS_NONE};
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("restore");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    c->unseal_cache = 0; /* whether the platform opens it is for the platform to say */
    return restore(c, &r);
}
