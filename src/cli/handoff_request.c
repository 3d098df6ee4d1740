/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_request.c - the first step, on the new VM: a key pair for this one hand-over, the public
 * half in an attested report, the private half in a file that only this platform opens.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/handoff.h"
#include "cli/own_evidence.h"
#include "cli/write_file.h"
#include "crypto/cms.h"
#include "crypto/prim.h"
#include "keyring/handoff.h"

#define KEY_FILE_START 64 /* bytes that tell such a file */

struct draft {
    struct secret *private_key;
    struct buf public_key, nonce, evidence, message, key_file;
};

static void draft_clear(struct draft *d)
{
    secret_free(d->private_key);
    buf_clear(&d->public_key);
    buf_clear(&d->nonce);
    buf_clear(&d->evidence);
    buf_clear(&d->message);
    buf_clear(&d->key_file);
}

/* A file that is there is replaced only where it is an earlier request's. */
static int check_path(const char *path)
{
    AUTO(buf_clear) struct buf start = BUF_INIT;
    FILE *f = fopen(path, "re");
    uint8_t *p = buf_extend(&start, KEY_FILE_START);

    if (f == NULL)
        return errno == ENOENT ? EXIT_DONE : cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
    start.n = p != NULL ? fread(p, 1, KEY_FILE_START, f) : 0;
    (void)fclose(f);
    if (handoff_key_is(buf_span(&start)))
        return EXIT_DONE;
    return cli_fail(EXIT_REFUSED, "%s is there and is no key of a hand-over: it is not replaced",
                    path);
}

static int store_id(const struct conf *c, const struct handoff_options *o, uint8_t ret[STORE_ID])
{
    CK_RV rv;

    if (o->store != NULL)
        return hex_decode(o->store, ret, STORE_ID)
                   ? EXIT_DONE
                   : cli_fail(EXIT_USAGE, "--store: the %d hex digits that `status` shows",
                              2 * STORE_ID);
    rv = handoff_store_id(c, ret);
    if (rv == CKR_TOKEN_NOT_PRESENT)
        return cli_fail(EXIT_CLOSED, "there is no store here yet: say which one is asked for by "
                                     "--store ID, as `tee-pkcs11 status` shows it where it is");
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "reading which store it is");
}

/* The other side's, or one of our own. */
static int nonce_take(const char *hex, struct buf *ret)
{
    const size_t n = hex != NULL ? strlen(hex) / 2 : HANDOFF_NONCE;
    uint8_t *p = n > 0 && n <= STATEMENT_MAX_NONCE ? buf_extend(ret, n) : NULL;

    if (p == NULL || (hex != NULL && !hex_decode(hex, p, n)))
        return cli_fail(EXIT_USAGE, "--nonce: hex digits, %d bytes at most", STATEMENT_MAX_NONCE);
    if (hex != NULL)
        return EXIT_DONE;
    return prim_random(p, n) == CKR_OK ? EXIT_DONE : cli_fail(EXIT_FAILED, "no random bytes");
}

static int attest(const struct conf *c, const struct handoff_options *o, const uint8_t *store,
                  struct draft *d)
{
    const time_t now = time(NULL);
    struct statement s = {
        .kind = STATEMENT_HANDOVER,
        .nonce = buf_span(&d->nonce),
        .time = now > 0 ? (uint64_t)now : 0,
        .handover = {.public_key = buf_span(&d->public_key)},
    };

    memcpy(s.handover.store, store, sizeof(s.handover.store));
    return own_evidence(c, NULL, &s, &o->fetch, &d->evidence);
}

static int draft_make(const struct conf *c, const struct handoff_options *o, struct draft *d)
{
    struct handoff_message m = {.kind = HANDOFF_REQUEST};
    uint8_t store[STORE_ID];
    int code = store_id(c, o, store);
    CK_RV rv;

    if (code == EXIT_DONE)
        code = nonce_take(o->verify.nonce, &d->nonce);
    if (code != EXIT_DONE)
        return code;
    rv = cms_key_new(&d->private_key, &d->public_key);
    if (rv != CKR_OK)
        return cli_rv(rv, "making a key");
    code = attest(c, o, store, d);
    if (code != EXIT_DONE)
        return code;
    m.evidence = buf_span(&d->evidence);
    rv = handoff_message_encode(&m, &d->message);
    if (rv == CKR_OK)
        rv = handoff_key_seal(c, secret_span(d->private_key), buf_span(&d->message), &d->key_file);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "sealing the key to this platform");
}

static void tell(const struct handoff_options *o, const struct draft *d)
{
    uint8_t hash[HANDOFF_HASH];
    char name[HANDOFF_NAME_TEXT];

    if (handoff_message_hash(buf_span(&d->message), hash) == CKR_OK)
        fprintf(handoff_words_to(o),
                "request %s is made; %s opens its answer, on this platform alone\n",
                handoff_name_text(hash, name), o->key);
}

/* An earlier request's key is in use until its answer comes, so it goes last, when the message of
 * this one is out; whatever fails before leaves it. In a pipe the next step ends its reading when
 * this process ends: then the key is there. */
static int deliver(const struct handoff_options *o, const struct draft *d)
{
    AUTO(late_file_clear) struct late_file key = LATE_FILE_NONE;
    AUTO(late_file_clear) struct late_file message = LATE_FILE_NONE;
    int code = late_file_begin(o->key, d->key_file.n, LATE_PRIVATE, &key);

    if (code == EXIT_DONE)
        code = late_file_write(&key, buf_span(&d->key_file));
    if (code == EXIT_DONE)
        code = late_file_begin(o->out, d->message.n, LATE_BINARY, &message);
    if (code == EXIT_DONE)
        code = late_file_write(&message, buf_span(&d->message));
    if (code == EXIT_DONE)
        code = late_file_publish(&message);
    if (code != EXIT_DONE)
        return code;
    code = late_file_publish(&key);
    if (code == EXIT_DONE)
        return code;
    if (o->out != NULL)
        (void)unlink(o->out);
    return cli_fail(code, "the request is worth nothing without its key: make another");
}

int handoff_request(const struct handoff_options *o)
{
    AUTO(conf_freep) struct conf *c = NULL;
    AUTO(draft_clear) struct draft d = {.private_key = NULL};
    int code;

    code = handoff_conf(&c);
    if (code != EXIT_DONE)
        return code;
    code = check_path(o->key);
    if (code == EXIT_DONE)
        code = draft_make(c, o, &d);
    if (code == EXIT_DONE)
        code = deliver(o, &d);
    if (code == EXIT_DONE)
        tell(o, &d);
    return code;
}
