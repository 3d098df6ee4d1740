/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rotate_key.c - `tee-pkcs11 rotate key URI`: a key of an application gets a successor, and whoever
 * relies on it a statement that says so.
 *
 * The statement is kept with the new key, in the transaction that makes it: whatever happens to the
 * file or the terminal that it is written to, `--statement` gives it again. All the same the old
 * key is retired only when --out can be a file and has room.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "cli/key_sign.h"
#include "cli/rotate.h"
#include "cli/write_file.h"
#include "core/operation.h"
#include "core/succession.h"
#include "tee-pkcs11.h"

struct request {
    const char *uri, *out, *nonce;
    struct pin_source pin;
    bool dry_run, keep_reading, statement;
};

static const struct option options[] = {
    {"pin-file", required_argument, NULL, 'p'}, {"pin-fd", required_argument, NULL, 'P'},
    {"out", required_argument, NULL, 'o'},      {"nonce", required_argument, NULL, 'n'},
    {"keep-reading", no_argument, NULL, 'k'},   {"statement", no_argument, NULL, 's'},
    {"dry-run", no_argument, NULL, 'd'},        {NULL, 0, NULL, 0},
};

static bool take_option(int c, struct request *r)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'p', &r->pin.file}, {'o', &r->out}, {'n', &r->nonce}};
    const struct {
        int letter;
        bool *to;
    } flags[] = {{'k', &r->keep_reading}, {'s', &r->statement}, {'d', &r->dry_run}};

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter == c) {
            *texts[i].to = optarg;
            return true;
        }
    }
    for (size_t i = 0; i < N_ELEMENTS(flags); i++) {
        if (flags[i].letter == c) {
            *flags[i].to = true;
            return true;
        }
    }
    return c == 'P' && pin_fd(optarg, &r->pin.fd);
}

/* --statement changes nothing, so that nothing else goes with it. */
static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(c, r))
            return false;
    }
    if (optind + 1 != argc || (r->statement && (r->dry_run || r->keep_reading || r->nonce != NULL)))
        return false;
    r->uri = argv[optind];
    return true;
}

static bool nonce_read(const char *hex, struct buf *ret)
{
    const size_t n = hex != NULL ? strlen(hex) / 2 : 0;
    uint8_t *to = n > 0 && n <= STATEMENT_MAX_NONCE ? buf_extend(ret, n) : NULL;

    return hex == NULL || (to != NULL && hex_decode(hex, to, n));
}

/* -- the old key's signature ------------------------------------------------------------------- */

DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)

/* How the old key can sign; NULL: it can't. */
static const struct key_scheme *old_scheme(const struct attrs *old)
{
    const struct span spki = attrs_span(old, CKA_PUBLIC_KEY_INFO);
    const uint8_t *p = spki.p;
    AUTO(pkey_freep) EVP_PKEY *pkey = NULL;

    if (spki.n == 0 || !attrs_bool(old, CKA_SIGN, false))
        return NULL;
    pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
    return pkey != NULL ? key_scheme_of(pkey) : NULL;
}

/* Not every key may do what its type could (CKA_ALLOWED_MECHANISMS, mechanisms switched off): then
 * it does not sign. */
static bool is_no(CK_RV rv)
{
    return rv == CKR_MECHANISM_INVALID || rv == CKR_KEY_FUNCTION_NOT_PERMITTED;
}

/* Would it? An operation that is begun and given nothing uses no key. */
static CK_RV would_sign(struct own_key *k, bool *ret)
{
    const struct key_scheme *scheme = old_scheme(object_attrs(k->object));
    const CK_MECHANISM m = {.mechanism = scheme != NULL ? scheme->mechanism : 0};
    CK_RV rv;

    *ret = false;
    if (scheme == NULL)
        return CKR_OK;
    rv = operation_init(k->session, OP_SIGN, &m, k->handle);
    ENSURE(rv == CKR_OK || is_no(rv), rv);
    *ret = rv == CKR_OK;
    return operation_init(k->session, OP_SIGN, NULL, CK_INVALID_HANDLE);
}

static CK_RV sign(const struct succession *s, struct own_key *k, struct buf *ret)
{
    const struct key_scheme *scheme = old_scheme(object_attrs(k->object));
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    CK_RV rv;

    if (scheme == NULL)
        return CKR_OK;
    TRY(succession_to_sign(s, &bytes));
    rv = key_sign(k, scheme, buf_span(&bytes), ret);
    return is_no(rv) ? CKR_OK : rv;
}

/* -- what is said ------------------------------------------------------------------------------ */

static const char *class_name(const struct attrs *a)
{
    return attrs_ulong(a, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY ? "secret key" : "key pair";
}

static void print_label(const struct attrs *a)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    buf_text(&text, attrs_span(a, CKA_LABEL));
    printf("\"%.*s\"", (int)text.n, text.p != NULL ? (const char *)text.p : "");
}

static void print_id(const struct attrs *a)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    own_key_print_id(attrs_span(a, CKA_ID), &text);
    printf("%.*s", (int)text.n, text.p != NULL ? (const char *)text.p : "");
}

/* What the old key could do and can no more, by its attributes before. */
static void tell_losses(const struct attrs *before, const struct attrs *after)
{
    const struct succession_usage *u;
    const char *between = "";
    bool reads = false;

    fputs("old key        ", stdout);
    print_id(after);
    fputs(", from now on without: ", stdout);
    for (size_t i = 0; (u = succession_usage(i)) != NULL; i++) {
        if (!attrs_bool(before, u->type, false) || attrs_bool(after, u->type, false))
            continue;
        printf("%s%s", between, u->name);
        between = ", ";
        reads = reads || u->reads;
    }
    putchar('\n');
    if (reads)
        puts("               what was encrypted or wrapped for it is not read any more: "
             "--keep-reading leaves it that");
}

static void free_handles(CK_OBJECT_HANDLE **v)
{
    free(*v);
}

/* Certificates name a public key, so they stay the old key's. */
static void tell_certificates(struct token *t, const struct attrs *old)
{
    AUTO(free_handles) CK_OBJECT_HANDLE *v = NULL;
    AUTO(attrs_freep) struct attrs *search = NULL;
    size_t n = 0;

    if (attrs_span(old, CKA_ID).n == 0 || attrs_new(&search) != CKR_OK ||
        attrs_set_ulong(search, CKA_CLASS, CKO_CERTIFICATE) != CKR_OK ||
        attrs_set(search, CKA_ID, attrs_span(old, CKA_ID)) != CKR_OK ||
        token_find(t, search, &v, &n) != CKR_OK || n == 0)
        return;
    printf("certificates   %zu with the old key's id: left as they are, and with the old key. The "
           "new key needs its own (tee-pkcs11 csr)\n",
           n);
}

static void tell(const struct succession *s, const struct own_key *k, bool dry_run)
{
    const struct attrs *before = object_attrs(k->object);

    printf("%s%s ", dry_run ? "would give a successor to the " : "successor made for the ",
           class_name(before));
    print_label(before);
    putchar('\n');
    tell_losses(before, s->old[0].attrs);
    if (!dry_run) {
        fputs("new key        ", stdout);
        print_id(s->made[0]);
        putchar('\n');
    }
    tell_certificates(k->session->token, before);
}

static void tell_proof(bool is_signed, bool is_attested)
{
    static const char *const by[2][2] = {
        {"nobody: the old key can't sign, and the platform can't attest", "the platform"},
        {"the old key", "the old key and the platform"},
    };

    printf("vouched for    by %s\n", by[is_signed][is_attested]);
}

/* -- the statement ----------------------------------------------------------------------------- */

/* What is in the way of --out is found before the old key is retired; room for n bytes is held. */
static int place(const struct request *r, size_t n, struct late_file *ret)
{
    return r->out != NULL ? late_file_begin(r->out, n, LATE_BESIDE, ret) : EXIT_DONE;
}

static int deliver(const struct request *r, struct span proof, struct late_file *f)
{
    int code = r->out != NULL ? late_file_write(f, proof) : EXIT_DONE;

    if (code == EXIT_DONE && r->out != NULL)
        code = late_file_publish(f);
    if (code == EXIT_DONE && r->out != NULL)
        printf("statement      %s\n", r->out);
    else if (proof.n > 0)
        puts("statement      kept with the new key: tee-pkcs11 rotate key URI --statement --out "
             "FILE, with the new key's id in the URI");
    return code;
}

static int give_statement(const struct request *r)
{
    AUTO(own_key_close) struct own_key k = OWN_KEY_INIT;
    const int code = own_key_open(r->uri, &r->pin, OWN_KEY_SECRET, &k);
    struct span proof;

    if (code != EXIT_DONE)
        return code;
    proof = attrs_span(object_attrs(k.object), CKA_TEE_ROTATION);
    if (proof.n == 0)
        return cli_fail(EXIT_REFUSED,
                        "%s: there is no statement with this key: it is nobody's "
                        "successor",
                        r->uri);
    return write_file(r->out, proof, LATE_BINARY);
}

/* -- the rotation ------------------------------------------------------------------------------ */

static int no_statement(void)
{
    return cli_fail(EXIT_REFUSED,
                    "there is no statement to write: the old key can't sign, and the platform "
                    "can't attest. Without --out the key is rotated all the same");
}

/* What the rotation would say, a refusal too. The place that is tried is given back. */
static int foresee(const struct request *r, const struct succession *s, struct own_key *k)
{
    AUTO(late_file_clear) struct late_file f = LATE_FILE_NONE;
    const bool attests = succession_may_be_attested(s);
    bool signs = false;
    const CK_RV rv = would_sign(k, &signs);
    int code;

    if (rv != CKR_OK)
        return cli_rv(rv, "looking whether the old key can sign");
    if (!signs && !attests && r->out != NULL)
        return no_statement();
    code = place(r, 0, &f);
    if (code != EXIT_DONE)
        return code;
    tell(s, k, true);
    tell_proof(signs, attests);
    return EXIT_DONE;
}

static int failed(CK_RV rv)
{
    if (rv == CKR_FUNCTION_FAILED || rv == CKR_OBJECT_HANDLE_INVALID)
        return cli_fail(EXIT_FAILED, "somebody changed the key meanwhile: nothing was done");
    return cli_rv(rv, "rotating the key");
}

static int commit(const struct request *r, struct succession *s, struct own_key *k, bool is_signed)
{
    AUTO(late_file_clear) struct late_file f = LATE_FILE_NONE;
    const int code = place(r, s->proof.n, &f);
    CK_RV rv;

    if (code != EXIT_DONE)
        return code;
    rv = succession_commit(s);
    if (rv != CKR_OK)
        return failed(rv);
    tell(s, k, false);
    tell_proof(is_signed, s->attested);
    return deliver(r, buf_span(&s->proof), &f);
}

static int rotate(const struct request *r, struct span nonce, struct own_key *k)
{
    AUTO(succession_clear) struct succession s = {.n_old = 0};
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    CK_RV rv = succession_prepare(k->session, k->handle, r->keep_reading, nonce, &s);

    if (rv == CKR_OK && r->dry_run)
        return foresee(r, &s, k);
    if (rv == CKR_OK)
        rv = sign(&s, k, &signature);
    if (rv == CKR_OK)
        rv = succession_prove(&s, buf_span(&signature));
    if (rv != CKR_OK)
        return failed(rv);
    if (s.proof.n == 0 && r->out != NULL)
        return no_statement();
    return commit(r, &s, k, signature.n > 0);
}

int rotate_key(int argc, char **argv)
{
    struct request r = {.pin = PIN_SOURCE_NONE};
    AUTO(own_key_close) struct own_key k = OWN_KEY_INIT;
    AUTO(buf_clear) struct buf nonce = BUF_INIT;
    int code;

    if (!parse(argc, argv, &r))
        return cli_usage("rotate");
    if (!nonce_read(r.nonce, &nonce))
        return cli_fail(EXIT_USAGE, "--nonce: hex digits, %d bytes at most", STATEMENT_MAX_NONCE);
    if (r.statement)
        return give_statement(&r);
    code = own_key_open(r.uri, &r.pin, OWN_KEY_SECRET | OWN_KEY_CHANGE, &k);
    return code == EXIT_DONE ? rotate(&r, buf_span(&nonce), &k) : code;
}
