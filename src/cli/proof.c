/* SPDX-License-Identifier: BSD-2-Clause */
/* proof.c - what an owner brings, read from files, the terminal or a token; see proof.h. */
#include "cli/proof.h"

#include <stdio.h>
#include <string.h>

#include "keyring/secret_text.h"

bool proof_option(struct proof_options *o, int c, char *value)
{
    switch (c) {
    case 'k':
        o->key = value;
        return true;
    case 'o':
        o->opened = value;
        return true;
    case 'r':
        o->recovery_key = value;
        return true;
    case 'h':
        o->shares = value;
        return true;
    case 'w':
        o->passphrase = value;
        return true;
    case 'p':
        o->pin.file = value;
        return true;
    case 'P':
        return pin_fd(value, &o->pin.fd);
    default:
        return false;
    }
}

int proof_given(const struct proof_options *o)
{
    return (o->key != NULL) + (o->opened != NULL) + (o->recovery_key != NULL) +
           (o->shares != NULL) + (o->passphrase != NULL);
}

void proof_clear(struct proof *p)
{
    buf_clear(&p->bytes);
    secret_free(TAKE(p->secret));
    token_key_close(TAKE(p->token));
}

static bool is_prompt(const char *source)
{
    return strcmp(source, "-") == 0;
}

/* A line of secret text, from the terminal or a file. */
static bool text_read(const char *source, const char *prompt, struct buf *ret)
{
    const struct pin_source asked = PIN_SOURCE_NONE;

    return is_prompt(source) ? pin_read(&asked, prompt, false, ret) : file_read(source, ret);
}

/* -- each kind --------------------------------------------------------------------------------- */

static int read_key(const struct proof_options *o, struct proof *p)
{
    p->seal.kind = SEAL_CERTIFICATE;
    if (strncmp(o->key, "pkcs11:", 7) == 0) {
        const int code = token_key_open(o->key, &o->pin, &p->token);

        if (code != EXIT_DONE)
            return code;
        p->agent = token_key_agent(p->token);
        p->seal.agent = &p->agent;
        return EXIT_DONE;
    }
    if (!file_read(o->key, &p->bytes))
        return EXIT_FAILED;
    p->seal.private_key = buf_span(&p->bytes);
    return EXIT_DONE;
}

static int read_opened(const struct proof_options *o, struct proof *p)
{
    p->seal.kind = SEAL_CERTIFICATE;
    if (!file_read(o->opened, &p->bytes))
        return EXIT_FAILED;
    if (p->bytes.n == 0)
        return cli_fail(EXIT_REFUSED, "%s is empty", o->opened);
    p->seal.opened = buf_span(&p->bytes);
    return EXIT_DONE;
}

static int read_recovery_key(const struct proof_options *o, struct proof *p)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    p->seal.kind = SEAL_KEY;
    if (!text_read(o->recovery_key, "recovery key", &text))
        return EXIT_FAILED;
    if (key_text_decode(buf_span(&text), &p->secret) != CKR_OK)
        return cli_fail(EXIT_REFUSED, "this is no recovery key, or a character of it is wrong: it "
                                      "begins with teekey1 and ends with a checksum");
    p->seal.secret = secret_span(p->secret);
    return EXIT_DONE;
}

/* The first line, as `seal add` takes it. */
static int read_passphrase(const struct proof_options *o, struct proof *p)
{
    const struct pin_source from = {is_prompt(o->passphrase) ? NULL : o->passphrase, -1};

    p->seal.kind = SEAL_PASSPHRASE;
    if (!pin_read(&from, "passphrase", false, &p->bytes))
        return EXIT_FAILED;
    p->seal.secret = buf_span(&p->bytes);
    return EXIT_DONE;
}

/* -- shares ------------------------------------------------------------------------------------ */

struct shares {
    struct buf text[SHAMIR_MAX];
    size_t n;
};

static void shares_clear(struct shares *s)
{
    for (size_t i = 0; i < s->n; i++)
        buf_clear(&s->text[i]);
}

static int shares_add(struct shares *s, struct span text)
{
    struct share_text decoded;
    CK_RV rv;

    if (s->n == SHAMIR_MAX)
        return cli_fail(EXIT_REFUSED, "there are never more than %d shares", SHAMIR_MAX);
    rv = share_text_decode(text, &decoded);
    mem_wipe(&decoded, sizeof(decoded));
    if (rv != CKR_OK)
        return cli_fail(EXIT_REFUSED,
                        "share %zu is no share, or a character of it is wrong: it "
                        "begins with teeshare1 and ends with a checksum",
                        s->n + 1);
    buf_put(&s->text[s->n++], text);
    return EXIT_DONE;
}

static int shares_from_file(const char *path, struct shares *s)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    size_t at = 0;

    if (!file_read(path, &file))
        return EXIT_FAILED;
    while (at < file.n) {
        const uint8_t *end = memchr(file.p + at, '\n', file.n - at);
        const size_t n = end != NULL ? (size_t)(end - (file.p + at)) : file.n - at;
        const int code = n > 0 ? shares_add(s, span_of(file.p + at, n)) : EXIT_DONE;

        if (code != EXIT_DONE)
            return code;
        at += n + 1;
    }
    return EXIT_DONE;
}

/* As many as the first one says are needed; one that is mistyped is asked for again. */
static int shares_from_terminal(struct shares *s)
{
    const struct pin_source asked = PIN_SOURCE_NONE;
    unsigned needed = 2;

    while (s->n < needed) {
        AUTO(buf_clear) struct buf text = BUF_INIT;
        struct share_text first;
        char prompt[32];

        (void)snprintf(prompt, sizeof(prompt), "share %zu", s->n + 1);
        if (!pin_read(&asked, prompt, false, &text))
            return EXIT_FAILED;
        if (shares_add(s, buf_span(&text)) != EXIT_DONE)
            continue;
        if (share_text_decode(buf_span(&s->text[0]), &first) == CKR_OK)
            needed = first.threshold;
        mem_wipe(&first, sizeof(first));
    }
    return EXIT_DONE;
}

static int shares_join(const struct shares *s, struct proof *p)
{
    struct span texts[SHAMIR_MAX];
    uint8_t set[SHARE_SET];
    unsigned needed = 0;
    size_t bad = 0;
    CK_RV rv;

    for (size_t i = 0; i < s->n; i++)
        texts[i] = buf_span(&s->text[i]);
    rv = shares_combine(texts, s->n, &bad, &needed, set, &p->secret);
    if (rv != CKR_OK && needed > 0)
        return cli_fail(EXIT_REFUSED, "%u shares are needed and %zu %s given", needed, s->n,
                        output_word(s->n, "was", "were"));
    if (rv != CKR_OK)
        return cli_fail(EXIT_REFUSED, "the shares are not of one set, or one of them was given "
                                      "twice");
    p->seal.secret = secret_span(p->secret);
    return EXIT_DONE;
}

static int read_shares(const struct proof_options *o, struct proof *p)
{
    AUTO(shares_clear) struct shares s = {.n = 0};
    const int code =
        is_prompt(o->shares) ? shares_from_terminal(&s) : shares_from_file(o->shares, &s);

    p->seal.kind = SEAL_SHARES;
    return code == EXIT_DONE ? shares_join(&s, p) : code;
}

int proof_read(const struct proof_options *o, struct proof *ret)
{
    if (o->key != NULL)
        return read_key(o, ret);
    if (o->opened != NULL)
        return read_opened(o, ret);
    if (o->recovery_key != NULL)
        return read_recovery_key(o, ret);
    if (o->shares != NULL)
        return read_shares(o, ret);
    return read_passphrase(o, ret);
}
