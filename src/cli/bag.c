/* SPDX-License-Identifier: BSD-2-Clause */
/* bag.c - PEM and DER files, sifted (bag_sift.c), through OpenSSL's store loader, which finds out
 * what they are and asks for the passphrase where one is needed; see bag.h. */
#include "cli/bag.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

DEFINE_AUTO(ui_freep, UI_METHOD, UI_destroy_method)
DEFINE_AUTO(info_freep, OSSL_STORE_INFO, OSSL_STORE_INFO_free)
DEFINE_AUTO(p8_freep, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

static void bio_freep(BIO **bio)
{
    (void)BIO_free(*bio);
}

static void store_closep(OSSL_STORE_CTX **ctx)
{
    if (*ctx != NULL)
        (void)OSSL_STORE_close(*ctx);
}

void bag_clear(struct bag *b)
{
    for (size_t i = 0; i < b->n; i++) {
        buf_clear(&b->v[i].der);
        buf_clear(&b->v[i].alias);
    }
    free(b->v);
    *b = (struct bag){.v = NULL};
}

CK_RV bag_add(struct bag *b, enum bag_kind kind, struct bag_entry **ret)
{
    if (b->n == b->room) {
        const size_t room = b->room == 0 ? 8 : 2 * b->room;
        struct bag_entry *grown = calloc(room, sizeof(*grown));

        ENSURE(grown != NULL, CKR_HOST_MEMORY);
        if (b->n > 0)
            memcpy(grown, b->v, b->n * sizeof(*grown));
        free(b->v);
        b->v = grown;
        b->room = room;
    }
    b->v[b->n] = (struct bag_entry){.kind = kind};
    *ret = &b->v[b->n++];
    return CKR_OK;
}

/* -- what the loader found --------------------------------------------------------------------- */

static CK_RV add_private(struct bag *b, const EVP_PKEY *pkey)
{
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(pkey);
    struct bag_entry *e = NULL;
    uint8_t *der = NULL;
    int n;

    ENSURE(p8 != NULL, CKR_DATA_INVALID);
    n = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
    ENSURE(n > 0, CKR_DATA_INVALID);
    if (bag_add(b, BAG_PRIVATE, &e) == CKR_OK)
        buf_put(&e->der, span_of(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    ENSURE(e != NULL, CKR_HOST_MEMORY);
    return buf_ok(&e->der);
}

/* What is public, by OpenSSL's encoder of it, whose result is `n` bytes at `der`. */
static CK_RV add_public(struct bag *b, enum bag_kind kind, uint8_t *der, int n)
{
    struct bag_entry *e = NULL;
    CK_RV rv = n > 0 ? bag_add(b, kind, &e) : CKR_DATA_INVALID;

    if (rv == CKR_OK) {
        buf_put(&e->der, span_of(der, (size_t)n));
        rv = buf_ok(&e->der);
    }
    OPENSSL_free(der);
    return rv;
}

static CK_RV add_other(struct bag *b, const char *what)
{
    struct bag_entry *e = NULL;

    TRY(bag_add(b, BAG_OTHER, &e));
    e->what = what;
    return CKR_OK;
}

static CK_RV add_info(struct bag *b, const OSSL_STORE_INFO *info)
{
    const int type = OSSL_STORE_INFO_get_type(info);
    uint8_t *der = NULL;
    int n;

    if (type == OSSL_STORE_INFO_PKEY)
        return add_private(b, OSSL_STORE_INFO_get0_PKEY(info));
    if (type == OSSL_STORE_INFO_PUBKEY) {
        n = i2d_PUBKEY(OSSL_STORE_INFO_get0_PUBKEY(info), &der);
        return add_public(b, BAG_PUBLIC, der, n);
    }
    if (type == OSSL_STORE_INFO_CERT) {
        n = i2d_X509(OSSL_STORE_INFO_get0_CERT(info), &der);
        return add_public(b, BAG_CERTIFICATE, der, n);
    }
    /* Parameters stand before a key that has them itself. */
    if (type == OSSL_STORE_INFO_PARAMS)
        return CKR_OK;
    return add_other(b, type == OSSL_STORE_INFO_CRL ? "revocation lists are not kept in a token"
                                                    : "neither a key nor a certificate");
}

/* -- reading ----------------------------------------------------------------------------------- */

int bag_tell_passphrase(char *to, int room, int writing, void *arg)
{
    struct passphrase *p = arg;

    (void)writing;
    if (!passphrase_get(p) || room < 0 || p->text.n > (size_t)room)
        return -1;
    if (p->text.n > 0)
        memcpy(to, p->text.p, p->text.n);
    return (int)p->text.n;
}

static bool has_text(struct span bytes, const char *text)
{
    return bytes.n > 0 && memmem(bytes.p, bytes.n, text, strlen(text)) != NULL;
}

static int refuse(struct span bytes, const struct passphrase *p)
{
    ERR_clear_error();
    if (p->used && !p->have)
        return EXIT_FAILED; /* that was said */
    if (p->used)
        return cli_fail(EXIT_REFUSED, "%s: the passphrase does not open it, or it is damaged",
                        p->of);
    if (has_text(bytes, "-----BEGIN OPENSSH PRIVATE KEY-----"))
        return cli_fail(EXIT_REFUSED,
                        "%s: OpenSSH's own format; on a copy, `ssh-keygen -p -m PKCS8 -f COPY` "
                        "makes PKCS#8 of it",
                        p->of);
    return cli_fail(EXIT_REFUSED, "%s: neither a key nor a certificate, or it is damaged", p->of);
}

/* All that is in it, or false. */
static bool load_all(OSSL_STORE_CTX *ctx, struct bag *ret)
{
    while (OSSL_STORE_eof(ctx) == 0) {
        AUTO(info_freep) OSSL_STORE_INFO *info = OSSL_STORE_load(ctx);

        if (info == NULL && OSSL_STORE_error(ctx) != 0)
            return false;
        if (info != NULL && add_info(ret, info) != CKR_OK)
            return false;
    }
    return true;
}

static int read_store(struct span bytes, struct passphrase *p, struct bag *ret)
{
    AUTO(ui_freep) UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(bag_tell_passphrase, 0);
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    AUTO(store_closep) OSSL_STORE_CTX *ctx = NULL;

    if (ui == NULL || bio == NULL)
        return cli_fail(EXIT_FAILED, "out of memory");
    ctx = OSSL_STORE_attach(bio, "file", NULL, NULL, ui, p, NULL, NULL, NULL);
    if (ctx == NULL || !load_all(ctx, ret) || ret->n == 0)
        return refuse(bytes, p);
    ERR_clear_error();
    return EXIT_DONE;
}

static int read_sifted(struct span bytes, struct passphrase *p, struct bag *ret)
{
    AUTO(buf_clear) struct buf sifted = BUF_INIT;
    const CK_RV rv = bag_sift(bytes, p, &sifted);

    if (bag_rounds_words(rv) != NULL)
        return cli_fail(EXIT_REFUSED, "%s: %s", p->of, bag_rounds_words(rv));
    if (rv == CKR_HOST_MEMORY || sifted.n > INT_MAX)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (rv != CKR_OK || sifted.n == 0)
        return refuse(bytes, p);
    return read_store(buf_span(&sifted), p, ret);
}

int bag_read(struct span bytes, struct passphrase *p, struct bag *ret)
{
    bool is_pkcs12 = false;
    int code;

    if (bytes.n == 0 || bytes.n > INT_MAX)
        return cli_fail(EXIT_REFUSED, "%s: %s", p->of, bytes.n == 0 ? "it is empty" : "too long");
    code = bag_read_pkcs12(bytes, p, ret, &is_pkcs12);
    if (is_pkcs12)
        return code;
    if (bag_has_more(bytes))
        return cli_fail(EXIT_REFUSED,
                        "%s: something stands behind its first DER object; in PEM it may have many",
                        p->of);
    return read_sifted(bytes, p, ret);
}
