/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-bag.c - files of keys and certificates as `tee-pkcs11 import FILE` reads them (PEM, DER,
 * PKCS#8, PKCS#12): any bytes, with one passphrase, and so low a limit on how often it is hashed
 * (meson.build) that a file which evades it is seen by the time it takes. What comes is DER of what
 * it is said to be, and the same when the file is read again; what is refused says why, once.
 */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "cli/bag.h"
#include "crypto/ossl.h"

static unsigned said; /* by this reading */

/* -- in place of import_file.c and main.c -------------------------------------------------------
 */

bool passphrase_get(struct passphrase *p)
{
    p->used = true;
    if (!p->have)
        buf_put(&p->text, SPAN_LIT("secret"));
    p->have = !p->text.failed;
    return p->have;
}

int cli_fail(int code, const char *fmt, ...)
{
    char line[512];
    va_list args;

    va_start(args, fmt);
    FUZZ_CHECK(vsnprintf(line, sizeof(line), fmt, args) < (int)sizeof(line));
    va_end(args);
    said++;
    return code;
}

/* -- reading ------------------------------------------------------------------------------------
 */

static void setup(void)
{
    FUZZ_OK(crypto_ready());
}

static int read_bag(struct span file, struct bag *ret)
{
    struct passphrase p = {.of = "file"};
    int code;

    said = 0;
    code = bag_read(file, &p, ret);
    FUZZ_CHECK(code == EXIT_DONE || code == EXIT_REFUSED);
    FUZZ_CHECK(said == (code == EXIT_DONE ? 0 : 1));
    FUZZ_CHECK(code != EXIT_DONE || ret->n > 0);
    FUZZ_CHECK(ERR_peek_error() == 0);
    buf_clear(&p.text);
    return code;
}

/* Is it all of these bytes? */
static void whole(const struct bag_entry *e)
{
    const uint8_t *p = e->der.p;
    const long n = (long)e->der.n;
    PKCS8_PRIV_KEY_INFO *p8 = NULL;
    X509 *cert = NULL;
    X509_PUBKEY *key = NULL;

    FUZZ_CHECK((e->kind == BAG_OTHER) == (e->what != NULL));
    if (e->kind == BAG_OTHER)
        return;
    if (e->kind == BAG_PRIVATE)
        p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, n);
    else if (e->kind == BAG_CERTIFICATE)
        cert = d2i_X509(NULL, &p, n);
    else
        key = d2i_X509_PUBKEY(NULL, &p, n);
    FUZZ_CHECK(p8 != NULL || cert != NULL || key != NULL);
    FUZZ_CHECK(p == e->der.p + n);
    PKCS8_PRIV_KEY_INFO_free(p8);
    X509_free(cert);
    X509_PUBKEY_free(key);
    ERR_clear_error();
}

static void same(const struct bag *a, const struct bag *b)
{
    FUZZ_CHECK(a->n == b->n);
    for (size_t i = 0; i < a->n; i++) {
        FUZZ_CHECK(a->v[i].kind == b->v[i].kind);
        FUZZ_CHECK(span_equal(buf_span(&a->v[i].der), buf_span(&b->v[i].der)));
        FUZZ_CHECK(span_equal(buf_span(&a->v[i].alias), buf_span(&b->v[i].alias)));
    }
}

static void one(struct span input)
{
    AUTO(bag_clear) struct bag bag = {.v = NULL};
    AUTO(bag_clear) struct bag again = {.v = NULL};

    if (read_bag(input, &bag) != EXIT_DONE)
        return;
    for (size_t i = 0; i < bag.n; i++)
        whole(&bag.v[i]);
    FUZZ_CHECK(read_bag(input, &again) == EXIT_DONE);
    same(&bag, &again);
}

const struct fuzz_target fuzz_target = {
    .name = "bag",
    .max_input = 8192,
    .setup = setup,
    .one = one,
};
