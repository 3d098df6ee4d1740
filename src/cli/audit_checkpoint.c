/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_checkpoint.c - `tee-pkcs11 audit checkpoint`: what the log is now, signed by a key of a
 * token, for somebody outside to keep. The key's evidence is over the hash of what it signed, so
 * that one report shows the key, where it lives, and that it did so at that time.
 */
#include "cli/audit.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "cli/own_key.h"
#include "cli/write_file.h"
#include "core/attestation.h"

#define HARDWARE_ROOT "sev-snp"

struct request {
    const char *key, *origin, *out, *evidence;
    bool vkey; /* print the verifier key, and sign nothing */
    struct pin_source pin;
};

static const struct option options[] = {
    {"key", required_argument, NULL, 'k'},    {"origin", required_argument, NULL, 'n'},
    {"out", required_argument, NULL, 'o'},    {"evidence", required_argument, NULL, 'e'},
    {"vkey", no_argument, NULL, 'v'},         {"pin-file", required_argument, NULL, 'p'},
    {"pin-fd", required_argument, NULL, 'P'}, {NULL, 0, NULL, 0},
};

static bool take_option(int c, struct request *r)
{
    const struct {
        int letter;
        const char **to;
    } texts[] = {{'k', &r->key},
                 {'n', &r->origin},
                 {'o', &r->out},
                 {'e', &r->evidence},
                 {'p', &r->pin.file}};

    for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
        if (texts[i].letter != c)
            continue;
        *texts[i].to = optarg;
        return true;
    }
    r->vkey = r->vkey || c == 'v';
    return c == 'v' || (c == 'P' && pin_fd(optarg, &r->pin.fd));
}

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!take_option(c, r))
            return false;
    }
    return optind == argc && r->key != NULL && !(r->vkey && r->evidence != NULL);
}

/* -- the key --------------------------------------------------------------------------------- */

DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)

static bool public_key_get(struct span spki, uint8_t ret[NOTE_KEY])
{
    const uint8_t *p = spki.p;
    AUTO(pkey_freep) EVP_PKEY *pkey = d2i_PUBKEY(NULL, &p, (long)spki.n);
    size_t n = NOTE_KEY;

    return pkey != NULL && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_ED25519 &&
           EVP_PKEY_get_raw_public_key(pkey, ret, &n) == 1 && n == NOTE_KEY;
}

/* The log's name is the key's: what the owner gave, else one that no other store has. */
static int key_describe(const struct request *r, const struct own_key *k, struct note_key *ret)
{
    char id[2 * STORE_ID + 1];

    hex_encode(keyring_store_id(token_keyring(k->session->token)), id);
    if (r->origin == NULL)
        (void)snprintf(ret->name, sizeof(ret->name), "tee-pkcs11/%s/audit", id);
    else if (note_name_fits(r->origin))
        memcpy(ret->name, r->origin, strlen(r->origin) + 1);
    else
        return cli_fail(EXIT_USAGE,
                        "--origin %s: a name of at most %d printable characters is needed, without "
                        "blanks and plus",
                        r->origin, NOTE_NAME_MAX);
    if (!public_key_get(attrs_span(object_attrs(k->object), CKA_PUBLIC_KEY_INFO), ret->public_key))
        return cli_fail(EXIT_REFUSED, "%s: checkpoints are signed by an Ed25519 key", r->key);
    return EXIT_DONE;
}

static int vkey_print(const struct note_key *name)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    const CK_RV rv = note_key_encode(name, &text);

    if (rv != CKR_OK)
        return cli_rv(rv, "encoding the key");
    buf_u8(&text, '\n');
    return write_file(NULL, buf_span(&text), LATE_TEXT);
}

/* -- evidence -------------------------------------------------------------------------------- */

static CK_RV evidence_make(const struct own_key *k, struct span text, struct buf *ret)
{
    uint8_t nonce[PRIM_HASH];

    TRY(prim_sha256(&text, 1, nonce));
    return attestation_make(k->session->token, object_attrs(k->object), SPAN_ARRAY(nonce), ret);
}

/* What the checkpoint is worth to who trusts the hardware alone. */
static void say_root(const struct request *r, const struct own_key *k)
{
    const char *root = keyring_root_name(token_keyring(k->session->token));

    if (strcmp(root, HARDWARE_ROOT) != 0)
        fprintf(stderr,
                "the root is %s, not the processor: whoever can read this machine's disk or memory "
                "can sign with this key\n",
                root);
    else if (r->evidence == NULL)
        fputs("without --evidence nothing shows where the key lives\n", stderr);
}

/* -- making ---------------------------------------------------------------------------------- */

static CK_RV log_read(const struct own_key *k, const struct note_key *name, struct checkpoint *ret)
{
    struct audit_reading log = {.tree = MERKLE_INIT};

    TRY(audit_walk(token_keyring(k->session->token), audit_reading_add, &log, NULL, NULL));
    memcpy(ret->origin, name->name, sizeof(ret->origin));
    ret->size = log.tree.n;
    return merkle_root(&log.tree, ret->root);
}

static CK_RV note_sign(struct own_key *k, const struct note_key *name, struct span text,
                       struct buf *ret)
{
    CK_MECHANISM m = {CKM_EDDSA, NULL, 0};
    AUTO(buf_clear) struct buf signature = BUF_INIT;
    struct span signed_text;

    TRY(own_key_sign(k, &m, text, &signature));
    ENSURE(signature.n == NOTE_SIGNATURE, CKR_GENERAL_ERROR);
    TRY(note_encode(text, name, signature.p, ret));
    return note_verify(buf_span(ret), name, &signed_text);
}

/* Both places come before either file is replaced: the evidence of an earlier checkpoint is of use
 * as long as that checkpoint stays. Evidence first: a checkpoint that was written has it. */
static int deliver(const struct request *r, struct span note, struct span evidence)
{
    AUTO(late_file_clear) struct late_file first = LATE_FILE_NONE;
    AUTO(late_file_clear) struct late_file second = LATE_FILE_NONE;
    int code = EXIT_DONE;

    if (r->evidence != NULL)
        code = late_file_begin(r->evidence, evidence.n, LATE_BESIDE, &first);
    if (code == EXIT_DONE)
        code = late_file_begin(r->out, note.n, LATE_TEXT, &second);
    if (code == EXIT_DONE && r->evidence != NULL)
        code = late_file_write(&first, evidence);
    if (code == EXIT_DONE && r->evidence != NULL)
        code = late_file_publish(&first);
    if (code == EXIT_DONE)
        code = late_file_write(&second, note);
    return code == EXIT_DONE ? late_file_publish(&second) : code;
}

static int make(const struct request *r, struct own_key *k, const struct note_key *name)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(buf_clear) struct buf note = BUF_INIT;
    AUTO(buf_clear) struct buf evidence = BUF_INIT;
    struct checkpoint c;
    CK_RV rv = log_read(k, name, &c);

    if (rv != CKR_OK)
        return audit_fault_say(rv);
    rv = checkpoint_encode(&c, &text);
    if (rv == CKR_OK)
        rv = note_sign(k, name, buf_span(&text), &note);
    if (rv != CKR_OK)
        return cli_rv(rv, "signing the checkpoint");
    if (r->evidence != NULL)
        rv = evidence_make(k, buf_span(&text), &evidence);
    if (rv != CKR_OK)
        return cli_rv(rv, "attesting the key");
    say_root(r, k);
    return deliver(r, buf_span(&note), buf_span(&evidence));
}

int audit_checkpoint(int argc, char **argv)
{
    struct request r = {.pin = PIN_SOURCE_NONE};
    AUTO(own_key_close) struct own_key k = {.initialized = false};
    struct note_key name = {.name = ""};
    int code;

    if (!parse(argc, argv, &r))
        return cli_usage("audit");
    code = own_key_open(r.key, &r.pin, OWN_KEY_PRIVATE, &k);
    if (code == EXIT_DONE)
        code = key_describe(&r, &k, &name);
    if (code != EXIT_DONE)
        return code;
    return r.vkey ? vkey_print(&name) : make(&r, &k, &name);
}
