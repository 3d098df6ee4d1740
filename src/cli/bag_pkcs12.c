/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag_pkcs12.c - PKCS#12 (RFC 7292): all keys and certificates of all its safes, with their names.
 *
 * OpenSSL's PKCS12_parse() would give the first key only. Files that older programs wrote are
 * encrypted by RC2 or triple DES: the first needs OpenSSL's legacy provider, which is loaded where
 * there is one, into this command's default context and no other.
 */
#include <string.h>

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "cli/bag.h"

#define NESTED_MAX 8 /* safes within safes */

DEFINE_AUTO(p12_freep, PKCS12, PKCS12_free)
DEFINE_AUTO(p8_freep, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
DEFINE_AUTO(x509_freep, X509, X509_free)

static void safes_free(STACK_OF(PKCS7) * *safes)
{
    sk_PKCS7_pop_free(*safes, PKCS7_free);
}

static void bags_free(STACK_OF(PKCS12_SAFEBAG) * *bags)
{
    sk_PKCS12_SAFEBAG_pop_free(*bags, PKCS12_SAFEBAG_free);
}

struct reading {
    const char *password; /* NULL: none at all, which is not the empty one */
    struct bag *bag;
    unsigned depth;
    uint64_t rounds; /* of hashing the password, so far */
};

/* -- one bag ----------------------------------------------------------------------------------- */

static CK_RV alias_set(const PKCS12_SAFEBAG *from, struct bag_entry *e)
{
    char *name = PKCS12_get_friendlyname((PKCS12_SAFEBAG *)(uintptr_t)from);

    if (name == NULL)
        return CKR_OK;
    buf_put(&e->alias, span_of(name, strlen(name)));
    OPENSSL_free(name);
    return buf_ok(&e->alias);
}

static CK_RV private_add(const struct reading *r, const PKCS12_SAFEBAG *from,
                         const PKCS8_PRIV_KEY_INFO *p8)
{
    struct bag_entry *e = NULL;
    uint8_t *der = NULL;
    const int n = p8 != NULL ? i2d_PKCS8_PRIV_KEY_INFO(p8, &der) : 0;

    ENSURE(n > 0, CKR_DATA_INVALID);
    if (bag_add(r->bag, BAG_PRIVATE, &e) == CKR_OK)
        buf_put(&e->der, span_of(der, (size_t)n));
    OPENSSL_clear_free(der, (size_t)n);
    ENSURE(e != NULL && !e->der.failed, CKR_HOST_MEMORY);
    return alias_set(from, e);
}

static CK_RV key_bag(struct reading *r, const PKCS12_SAFEBAG *from)
{
    return private_add(r, from, PKCS12_SAFEBAG_get0_p8inf(from));
}

static CK_RV shrouded_bag(struct reading *r, const PKCS12_SAFEBAG *from)
{
    const X509_SIG *sealed = PKCS12_SAFEBAG_get0_pkcs8(from);
    AUTO(p8_freep) PKCS8_PRIV_KEY_INFO *p8 = NULL;
    const X509_ALGOR *a = NULL;

    ENSURE(sealed != NULL, CKR_DATA_INVALID);
    X509_SIG_get0(sealed, &a, NULL);
    TRY(bag_rounds_spend(a, &r->rounds));
    p8 = PKCS12_decrypt_skey(from, r->password, -1);
    return private_add(r, from, p8);
}

static CK_RV certificate_bag(struct reading *r, const PKCS12_SAFEBAG *from)
{
    AUTO(x509_freep) X509 *cert = PKCS12_SAFEBAG_get1_cert(from);
    struct bag_entry *e = NULL;
    uint8_t *der = NULL;
    int n;

    TRY(bag_add(r->bag, cert != NULL ? BAG_CERTIFICATE : BAG_OTHER, &e));
    if (cert == NULL) {
        e->what = "a certificate, but none of X.509";
        return CKR_OK;
    }
    n = i2d_X509(cert, &der);
    if (n > 0)
        buf_put(&e->der, span_of(der, (size_t)n));
    OPENSSL_free(der);
    ENSURE(n > 0, CKR_DATA_INVALID);
    TRY(buf_ok(&e->der));
    return alias_set(from, e);
}

static CK_RV bags_add(struct reading *r, const STACK_OF(PKCS12_SAFEBAG) * bags);

static CK_RV safe_bag(struct reading *r, const PKCS12_SAFEBAG *from)
{
    CK_RV rv;

    ENSURE(r->depth < NESTED_MAX, CKR_DATA_INVALID);
    r->depth++;
    rv = bags_add(r, PKCS12_SAFEBAG_get0_safes(from));
    r->depth--;
    return rv;
}

static CK_RV other_bag(struct reading *r, const PKCS12_SAFEBAG *from)
{
    struct bag_entry *e = NULL;

    TRY(bag_add(r->bag, BAG_OTHER, &e));
    e->what = "neither a private key nor a certificate";
    return alias_set(from, e);
}

static CK_RV bag_take(struct reading *r, const PKCS12_SAFEBAG *from)
{
    static const struct {
        int nid;
        CK_RV (*take)(struct reading *r, const PKCS12_SAFEBAG *from);
    } kinds[] = {
        {NID_keyBag, key_bag},
        {NID_pkcs8ShroudedKeyBag, shrouded_bag},
        {NID_certBag, certificate_bag},
        {NID_safeContentsBag, safe_bag},
    };

    for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
        if (kinds[i].nid == PKCS12_SAFEBAG_get_nid(from))
            return kinds[i].take(r, from);
    }
    return other_bag(r, from);
}

static CK_RV bags_add(struct reading *r, const STACK_OF(PKCS12_SAFEBAG) * bags)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
        TRY(bag_take(r, sk_PKCS12_SAFEBAG_value(bags, i)));
    return CKR_OK;
}

/* -- the file ---------------------------------------------------------------------------------- */

/* Its content is optional, and so is what is encrypted in that. */
static CK_RV safe_open(struct reading *r, PKCS7 *safe, STACK_OF(PKCS12_SAFEBAG) * *ret)
{
    const PKCS7_ENC_CONTENT *c = safe->d.encrypted != NULL ? safe->d.encrypted->enc_data : NULL;

    ENSURE(c != NULL && c->algorithm != NULL && c->enc_data != NULL, CKR_DATA_INVALID);
    TRY(bag_rounds_spend(c->algorithm, &r->rounds));
    *ret = PKCS12_unpack_p7encdata(safe, r->password, -1);
    return CKR_OK;
}

static CK_RV safe_add(struct reading *r, PKCS7 *safe)
{
    AUTO(bags_free) STACK_OF(PKCS12_SAFEBAG) *bags = NULL;

    if (PKCS7_type_is_data(safe) && safe->d.data != NULL)
        bags = PKCS12_unpack_p7data(safe);
    else if (PKCS7_type_is_encrypted(safe))
        TRY(safe_open(r, safe, &bags));
    ENSURE(bags != NULL, CKR_DATA_INVALID);
    return bags_add(r, bags);
}

static CK_RV safes_add(struct reading *r, const PKCS12 *p12)
{
    AUTO(safes_free) STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);

    ENSURE(safes != NULL, CKR_DATA_INVALID);
    for (int i = 0; i < sk_PKCS7_num(safes); i++)
        TRY(safe_add(r, sk_PKCS7_value(safes, i)));
    return CKR_OK;
}

/* Which password is it? No password and the empty one are different keys to PKCS#12, and programs
 * differ in which of them they mean by "none". *ret_code: EXIT_DONE, or why there is none. */
static bool password_find(PKCS12 *p12, struct passphrase *p, const char **ret, int *ret_code)
{
    static const char *const none[] = {NULL, ""};

    *ret_code = EXIT_DONE;
    for (size_t i = 0; PKCS12_mac_present(p12) && i < N_ELEMENTS(none); i++) {
        if (PKCS12_verify_mac(p12, none[i], none[i] == NULL ? 0 : -1) == 1) {
            *ret = none[i];
            return true;
        }
    }
    if (!passphrase_get(p)) {
        *ret_code = EXIT_FAILED;
        return false;
    }
    buf_u8(&p->text, 0); /* its terminator, which is not counted */
    if (p->text.failed) {
        *ret_code = cli_fail(EXIT_FAILED, "out of memory");
        return false;
    }
    p->text.n--;
    *ret = (const char *)p->text.p;
    if (!PKCS12_mac_present(p12) || PKCS12_verify_mac(p12, *ret, -1) == 1)
        return true;
    *ret_code =
        cli_fail(EXIT_REFUSED, "%s: the passphrase is wrong, or the file is damaged", p->of);
    return false;
}

/* An exit code. */
static int read_all(struct reading *r, PKCS12 *p12, struct passphrase *p)
{
    int code = EXIT_DONE;
    CK_RV rv = bag_rounds_mac(p12, &r->rounds);

    if (rv == CKR_OK && password_find(p12, p, &r->password, &code))
        rv = safes_add(r, p12);
    if (bag_rounds_words(rv) != NULL)
        return cli_fail(EXIT_REFUSED, "%s: %s", p->of, bag_rounds_words(rv));
    if (rv != CKR_OK)
        return cli_fail(EXIT_REFUSED,
                        "%s: a part of it can't be opened: it is damaged, or encrypted in a way "
                        "that this OpenSSL does not have (the legacy provider has RC2)",
                        p->of);
    return code;
}

int bag_read_pkcs12(struct span bytes, struct passphrase *p, struct bag *ret, bool *ret_is)
{
    const uint8_t *at = bytes.p;
    AUTO(p12_freep) PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)bytes.n);
    struct reading r = {.bag = ret};
    int code = EXIT_DONE;

    *ret_is = p12 != NULL;
    if (p12 == NULL) {
        ERR_clear_error();
        return EXIT_DONE;
    }
    (void)OSSL_PROVIDER_try_load(NULL, "legacy", 1);
    if (at == bytes.p + bytes.n)
        code = read_all(&r, p12, p);
    else
        code = cli_fail(EXIT_REFUSED, "%s: something stands behind the PKCS#12 file", p->of);
    if (code == EXIT_DONE && ret->n == 0)
        code = cli_fail(EXIT_REFUSED, "%s: it is empty", p->of);
    ERR_clear_error();
    return code;
}
