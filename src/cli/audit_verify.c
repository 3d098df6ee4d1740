/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_verify.c - `tee-pkcs11 audit verify`: is the log whole? The store's, or an exported file,
 * which needs no store. A checkpoint that was kept elsewhere shows what a chain can't: that entries
 * are missing at its end, or that all of it was made anew. An exported file does so for the store.
 */
#include "cli/audit.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_file.h"
#include "cli/cli.h"
#include "cli/proof.h"
#include "crypto/ossl.h"

struct request {
    const char *file;       /* NULL: the store's log */
    const char *checkpoint; /* file with a note */
    const char *key;        /* verifier key */
    bool store;             /* with a file: the store's log must begin with it */
};

static const struct option options[] = {
    {"checkpoint", required_argument, NULL, 'c'},
    {"key", required_argument, NULL, 'k'},
    {"store", no_argument, NULL, 's'},
    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'c')
            r->checkpoint = optarg;
        else if (c == 'k')
            r->key = optarg;
        else if (c == 's')
            r->store = true;
        else
            return false;
    }
    r->file = optind < argc ? argv[optind++] : NULL;
    return optind == argc && (r->checkpoint == NULL) == (r->key == NULL) &&
           (!r->store || r->file != NULL);
}

/* -- checkpoints ----------------------------------------------------------------------------- */

static int checkpoint_fault(CK_RV rv, const struct request *r)
{
    if (rv == CKR_KEY_HANDLE_INVALID)
        return cli_fail(EXIT_REFUSED, "%s: nothing in it is signed by %s", r->checkpoint, r->key);
    if (rv == CKR_SIGNATURE_INVALID)
        return cli_fail(EXIT_REFUSED,
                        "%s: the signature is not the key's: it was forged or changed",
                        r->checkpoint);
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s: not a checkpoint of this key's log", r->checkpoint);
    return cli_rv(rv, "reading the checkpoint");
}

static int checkpoint_load(const struct request *r, struct checkpoint *ret)
{
    AUTO(buf_clear) struct buf note = BUF_INIT;
    struct note_key k;
    CK_RV rv = note_key_decode(r->key, &k);

    if (rv != CKR_OK)
        return cli_fail(EXIT_USAGE, "--key %s: no Ed25519 verifier key (NAME+HASH+BASE64)", r->key);
    if (!file_read(r->checkpoint, &note))
        return EXIT_FAILED;
    rv = checkpoint_verify(buf_span(&note), &k, ret);
    return rv == CKR_OK ? EXIT_DONE : checkpoint_fault(rv, r);
}

static int checkpoint_compare(const struct audit_reading *log)
{
    const unsigned long long was = log->checkpoint->size, is = log->tree.n;

    if (log->met)
        return EXIT_DONE;
    if (is < was)
        return cli_fail(EXIT_REFUSED,
                        "the checkpoint is of %llu %s and this log has %llu: it was cut off, or "
                        "is an older copy",
                        was, output_word(was, "entry", "entries"), is);
    return cli_fail(EXIT_REFUSED,
                    "the first %llu entries are not those that the checkpoint was signed over: the "
                    "log was made anew, or is another one",
                    was);
}

/* -- a file ---------------------------------------------------------------------------------- */

static CK_RV note_hash(const struct audit_entry *e, void *arg)
{
    buf_put(arg, SPAN_ARRAY(e->hash));
    return buf_ok(arg);
}

static int file_fault(CK_RV rv, const char *file, const struct audit_fault *fault)
{
    if (rv == CKR_DATA_INVALID)
        return cli_fail(EXIT_REFUSED, "%s: line %llu %s", file, (unsigned long long)fault->line,
                        fault->why);
    if (rv == CKR_FUNCTION_FAILED)
        return cli_fail(EXIT_FAILED, "%s: %s", file, strerror(errno));
    return cli_rv(rv, "reading the file");
}

/* The hashes of its entries are appended to `hashes`. */
static int file_walk(const char *file, struct audit_reading *r, struct buf *hashes)
{
    const bool is_stdin = strcmp(file, "-") == 0;
    FILE *f = is_stdin ? stdin : fopen(file, "re");
    struct audit_fault fault;
    CK_RV rv;

    if (f == NULL)
        return cli_fail(EXIT_FAILED, "%s: %s", file, strerror(errno));
    r->also = note_hash;
    r->arg = hashes;
    rv = audit_file_walk(f, audit_reading_add, r, &fault);
    if (!is_stdin)
        (void)fclose(f);
    if (rv != CKR_OK)
        return file_fault(rv, file, &fault);
    return r->tree.n > 0 ? EXIT_DONE : cli_fail(EXIT_REFUSED, "%s: no entry is in it", file);
}

/* -- the store ------------------------------------------------------------------------------- */

/* What was read of a file, compared with the store's entries as they come. */
struct prefix {
    const struct buf *hashes;
    uint64_t differs; /* the first entry that is another one; 0: none */
};

static CK_RV compare_entry(const struct audit_entry *e, void *arg)
{
    struct prefix *p = arg;
    const size_t at = (size_t)(e->number - 1) * PRIM_HASH;

    if (p->differs == 0 && at < p->hashes->n && memcmp(p->hashes->p + at, e->hash, PRIM_HASH) != 0)
        p->differs = e->number;
    return CKR_OK;
}

static int store_compare(const char *file, const struct buf *hashes)
{
    struct prefix p = {.hashes = hashes};
    struct audit_reading log = {.tree = MERKLE_INIT, .also = compare_entry, .arg = &p};
    const unsigned long long n = hashes->n / PRIM_HASH;
    const int code = audit_store_walk(audit_reading_add, &log);

    if (code != EXIT_DONE)
        return code;
    if (p.differs != 0)
        return cli_fail(EXIT_REFUSED,
                        "entry %llu of the store is another one than in %s: the store was put back "
                        "and went on from there, or it is another store",
                        (unsigned long long)p.differs, file);
    if (log.tree.n < n)
        return cli_fail(EXIT_REFUSED,
                        "the store's log has %llu entries and %s has %llu: the store is an older "
                        "copy",
                        (unsigned long long)log.tree.n, file, n);
    printf("the store's log begins with it, and has %llu %s more\n",
           (unsigned long long)log.tree.n - n, output_word(log.tree.n - n, "entry", "entries"));
    return EXIT_DONE;
}

/* -- the command ----------------------------------------------------------------------------- */

static int report(const struct request *r, const struct audit_reading *log)
{
    char hex[2 * PRIM_HASH + 1];

    printf("%s is whole: %llu %s\nhash of the last one: %s\n",
           r->file != NULL ? r->file : "the audit log", (unsigned long long)log->tree.n,
           output_word(log->tree.n, "entry", "entries"), hex_encode(SPAN_ARRAY(log->hash), hex));
    if (log->checkpoint != NULL)
        printf("its first %llu entries are those of the checkpoint of %s\n",
               (unsigned long long)log->checkpoint->size, log->checkpoint->origin);
    return EXIT_DONE;
}

int audit_verify(int argc, char **argv)
{
    AUTO(buf_clear) struct buf hashes = BUF_INIT;
    struct request r = {.file = NULL};
    struct audit_reading log = {.tree = MERKLE_INIT};
    struct checkpoint c;
    int code = EXIT_DONE;

    if (!parse(argc, argv, &r))
        return cli_usage("audit");
    if (crypto_ready() != CKR_OK)
        return cli_fail(EXIT_FAILED, "libcrypto cannot be used");
    if (r.checkpoint != NULL)
        code = checkpoint_load(&r, &c);
    if (code != EXIT_DONE)
        return code;
    log.checkpoint = r.checkpoint != NULL ? &c : NULL;
    if (audit_reading_begin(&log) != CKR_OK)
        return cli_fail(EXIT_FAILED, "out of memory");
    code = r.file != NULL ? file_walk(r.file, &log, &hashes)
                          : audit_store_walk(audit_reading_add, &log);
    if (code == EXIT_DONE && r.checkpoint != NULL)
        code = checkpoint_compare(&log);
    if (code == EXIT_DONE)
        code = report(&r, &log);
    if (code == EXIT_DONE && r.store)
        code = store_compare(r.file, &hashes);
    return code;
}
