/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backup.c - `tee-pkcs11 backup`: a copy of the store as it is at one moment, while applications go
 * on writing.
 *
 * What is copied is LMDB's data file, its pages in use and no others: all that a store is. What is
 * not: the lock file, which means nothing elsewhere; the configuration, which is the owner's; the
 * software key of a development store, which is what the hardware is to others, and would open the
 * backup for everybody who has it. So a backup is useless without a way in.
 *
 * The copy is looked at like a store (verdict.h) before it gets its name. The store's log has its
 * entry after that, so that an entry is never about a backup that there is not: whoever is killed
 * between the two leaves a good backup that the log does not know.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/child.h"
#include "cli/verdict.h"
#include "keyring/audit.h"
#include "root/root.h"
#include "store/draft.h"

struct request {
    bool no_verify;
    const char *file; /* "-": standard output */
};

static const struct option options[] = {
    {"no-verify", no_argument, NULL, 'n'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c != 'n')
            return false;
        r->no_verify = true;
    }
    if (optind + 1 != argc)
        return false;
    r->file = argv[optind];
    return true;
}

static bool to_stdout(const struct request *r)
{
    return strcmp(r->file, "-") == 0;
}

/* -- copying -------------------------------------------------------------------------------------
 */

/* What is done in a child, because it reads the store. */
struct task {
    const struct conf *conf;
    const struct request *request;
    const struct verdict *verdict; /* of the copy */
    int fd;                        /* that it goes to */
};

static int copy_run(void *arg, int to)
{
    const struct task *c = arg;
    AUTO(store_unrefp) struct store *s = NULL;
    CK_RV rv;

    (void)to;
    (void)signal(SIGPIPE, SIG_IGN); /* who reads standard output went away: told, not killed */
    rv = store_open(c->conf->store, false, c->conf->map_size, &s);
    if (rv == CKR_OK)
        rv = store_copy(s, c->fd);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "copying the store");
}

static void no_bytes(void *arg, struct span bytes)
{
    (void)arg;
    (void)bytes;
}

static int in_child(int (*run)(void *arg, int to), struct task *t, const char *what)
{
    const struct child_work work = {.run = run, .take = no_bytes, .arg = t};
    struct child_end end;
    const CK_RV rv = child_run(&work, &end);

    if (rv != CKR_OK)
        return cli_rv(rv, "starting a process");
    if (end.signal != 0)
        return cli_fail(EXIT_FAILED,
                        "the store can't be %s (%s): it is damaged; tee-pkcs11 verify-store says "
                        "where",
                        what, child_end_words(&end));
    return end.code;
}

/* -- what is told of it --------------------------------------------------------------------------
 */

struct logging {
    const struct keyring *keyring;
    char what[64];
};

static CK_RV taken_txn(struct txn *t, void *arg)
{
    const struct logging *l = arg;

    return audit_add(l->keyring, t, AUDIT_BACKUP_TAKEN, NULL, "%s", l->what);
}

/* A store that doesn't open here, or whose disk is full, is one that a backup is wanted of. */
static void log_taken(const struct task *task)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    struct logging l = {.what = ""};
    CK_RV rv = cli_open(task->conf, &k);

    l.keyring = k;
    if (task->verdict->depth == VERDICT_WHOLE)
        (void)snprintf(l.what, sizeof(l.what), "of commit %" PRIu64, task->verdict->store.counter);
    else
        (void)snprintf(l.what, sizeof(l.what), "%s",
                       to_stdout(task->request) ? "to standard output" : "not verified");
    if (rv == CKR_OK)
        rv = store_write(keyring_store(k), taken_txn, &l);
    if (rv != CKR_OK)
        (void)cli_fail(0, "the audit log has no entry for this backup: the store can't be opened "
                          "or written");
}

/* Whether anything but the platform opens it. The seals are as the disk shows them. */
static void warn_ways_in(const struct conf *c)
{
    AUTO(store_unrefp) struct store *s = NULL;
    struct seal_info *v = NULL;
    size_t n = 0;
    bool recovery = false;

    if (store_open(c->store, false, c->map_size, &s) != CKR_OK ||
        seals_list(NULL, s, &v, &n) != CKR_OK)
        return;
    for (size_t i = 0; i < n; i++)
        recovery = recovery || (v[i].kind != SEAL_PLATFORM && v[i].kind != SEAL_OWNED);
    seals_info_free(v, n);
    if (!recovery)
        (void)cli_fail(0,
                       "warning: nothing but this platform opens this backup; if the platform is "
                       "lost, so is what is in it. Add a recovery: tee-pkcs11 seal add");
}

static int tell_run(void *arg, int to)
{
    const struct task *task = arg;

    (void)to;
    if (!to_stdout(task->request) && !task->request->no_verify)
        root_warned(); /* by the process that verified the copy */
    log_taken(task);
    warn_ways_in(task->conf);
    return EXIT_DONE;
}

/* -- to a file -----------------------------------------------------------------------------------
 */

static int verify(const struct conf *c, const struct request *r, const struct draft *d,
                  struct verdict *v)
{
    char path[DRAFT_PATH];
    const struct verdict_of of = {.conf = c, .path = draft_path(d, path), .name = r->file};
    const int code = r->no_verify ? EXIT_DONE : verdict_find(&of, v);

    if (code != EXIT_DONE || v->n_faults == 0)
        return code;
    verdict_print_faults(v);
    return cli_fail(EXIT_FAILED,
                    "the store is damaged, and so is a copy of it: no backup was made; "
                    "see tee-pkcs11 verify-store");
}

static void tell(const struct request *r, const struct verdict *v)
{
    char hex[2 * PRIM_HASH + 1];

    if (v->depth == VERDICT_WHOLE)
        printf("%s: commit %" PRIu64 ", %" PRIu64 " %s, every row verified\nfingerprint %s\n",
               r->file, v->store.counter, v->n_public + v->n_private,
               output_word(v->n_public + v->n_private, "object", "objects"),
               hex_encode(SPAN_ARRAY(v->store.fingerprint), hex));
    else
        printf("%s: not verified%s\n", r->file,
               r->no_verify ? ""
                            : ": the store does not open here, so only its form was looked at");
}

static int backup_file(const struct conf *c, const struct request *r)
{
    AUTO(draft_clear) struct draft d = DRAFT_NONE;
    AUTO(verdict_clear) struct verdict v = VERDICT_INIT;
    struct task task = {.conf = c, .request = r, .verdict = &v};
    CK_RV rv = draft_new(r->file, &d);
    int code;

    if (rv != CKR_OK)
        return cli_rv(rv, "writing the backup");
    task.fd = d.fd;
    code = in_child(copy_run, &task, "copied");
    if (code == EXIT_DONE)
        code = verify(c, r, &d, &v);
    if (code != EXIT_DONE)
        return code;
    rv = draft_publish(&d);
    if (rv != CKR_OK)
        return cli_rv(rv, "writing the backup");
    (void)in_child(tell_run, &task, "opened"); /* the backup is good without it */
    tell(r, &v);
    return EXIT_DONE;
}

/* -- to standard output --------------------------------------------------------------------------
 */

static int backup_stdout(const struct conf *c, const struct request *r)
{
    const struct verdict v = VERDICT_INIT;
    struct task task = {.conf = c, .request = r, .verdict = &v, .fd = STDOUT_FILENO};
    int code;

    if (output_is_terminal())
        return cli_fail(EXIT_USAGE, "a backup is binary and standard output is a terminal");
    code = in_child(copy_run, &task, "copied");
    if (code == EXIT_DONE)
        (void)in_child(tell_run, &task, "opened");
    return code;
}

int command_backup(int argc, char **argv)
{
    struct request r = {.file = NULL};
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("backup");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    return to_stdout(&r) ? backup_stdout(c, &r) : backup_file(c, &r);
}
