/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_file.c - the keys and certificates of a file as items of an import.
 *
 * A private key comes with its public key, as a generated pair does, and with the certificates for
 * it: the three have one CKA_ID, made from the public key, and one label, and are one transaction.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "cli/bag.h"
#include "cli/read_file.h"
#include "crypto/material.h"

#define KEY_FILE_MAX (16u << 20) /* bytes: a PKCS#12 file may hold a whole directory of keys */

DEFINE_AUTO(x509_freep, X509, X509_free)

bool passphrase_get(struct passphrase *p)
{
    AUTO(buf_clear) struct buf prompt = BUF_INIT;

    p->used = true;
    if (p->have)
        return true;
    buf_printf(&prompt, "passphrase of ");
    buf_text(&prompt, span_of(p->of, strlen(p->of)));
    buf_u8(&prompt, 0);
    if (prompt.failed)
        return false;
    p->have = pin_read(&p->from, (const char *)prompt.p, false, &p->text);
    return p->have;
}

/* One that was typed is for one file; one from a file or descriptor for all. */
static void passphrase_next(struct passphrase *p, const char *path)
{
    p->of = path;
    p->used = false;
    if (pin_source_given(&p->from))
        return;
    buf_clear(&p->text);
    p->have = false;
}

/* -- names ------------------------------------------------------------------------------------- */

/* "web" of "/etc/ssl/web.pem" */
static struct span stem_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');

    return span_of(name, dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name));
}

/* The first common name of a certificate's subject, appended; nothing when there is none. */
static void common_name(struct span der, struct buf *ret)
{
    const uint8_t *p = der.p;
    AUTO(x509_freep) X509 *cert = d2i_X509(NULL, &p, (long)der.n);
    X509_NAME *name = cert != NULL ? X509_get_subject_name(cert) : NULL;
    const int at = name != NULL ? X509_NAME_get_index_by_NID(name, NID_commonName, -1) : -1;
    uint8_t *text = NULL;
    int n;

    if (at >= 0) {
        n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
        if (n > 0)
            buf_put(ret, span_of(text, (size_t)n));
        OPENSSL_free(text);
    }
    ERR_clear_error();
}

/* -- items ------------------------------------------------------------------------------------- */

struct file {
    const char *path;
    const struct import_keys *keys;
    const struct bag *bag;
    struct import_items *items;
};

static struct span label_of(const struct file *f, const struct bag_entry *e)
{
    if (f->keys->label != NULL)
        return span_of(f->keys->label, strlen(f->keys->label));
    return e->alias.n > 0 ? buf_span(&e->alias) : stem_of(f->path);
}

/* The identifier of an entry's public key. */
static CK_RV entry_spki(const struct bag_entry *e, struct buf *ret, uint8_t ret_id[MATERIAL_ID])
{
    switch (e->kind) {
    case BAG_PRIVATE:
        TRY(material_spki_private(buf_span(&e->der), ret));
        break;
    case BAG_CERTIFICATE:
        TRY(material_spki_certificate(buf_span(&e->der), ret));
        break;
    default:
        buf_put(ret, buf_span(&e->der));
    }
    TRY(buf_ok(ret));
    return material_id(buf_span(ret), ret_id);
}

static CK_RV name_set(struct import_item *item, struct span label, const uint8_t id[MATERIAL_ID])
{
    TRY(attrs_set(item->attrs, CKA_LABEL, label));
    return attrs_set(item->attrs, CKA_ID, span_of(id, MATERIAL_ID));
}

static CK_RV certificate_item(const struct file *f, const struct bag_entry *e, struct span label,
                              const uint8_t id[MATERIAL_ID])
{
    struct import_item *item = NULL;

    TRY(import_item_new(f->items, CKO_CERTIFICATE, label, &item));
    TRY(name_set(item, label, id));
    TRY(attrs_set_ulong(item->attrs, CKA_CERTIFICATE_TYPE, CKC_X_509));
    TRY(attrs_set(item->attrs, CKA_SUBJECT, SPAN_EMPTY)); /* the token fills it in */
    return attrs_set(item->attrs, CKA_VALUE, buf_span(&e->der));
}

static CK_RV public_item(const struct file *f, struct span spki, struct span label,
                         const uint8_t id[MATERIAL_ID])
{
    struct import_item *item = NULL;

    TRY(import_item_new(f->items, CKO_PUBLIC_KEY, label, &item));
    TRY(name_set(item, label, id));
    return material_public(spki, item->attrs);
}

static CK_RV private_item(const struct file *f, const struct bag_entry *e, struct span label,
                          const uint8_t id[MATERIAL_ID])
{
    struct import_item *item = NULL;

    TRY(import_item_new(f->items, CKO_PRIVATE_KEY, label, &item));
    TRY(name_set(item, label, id));
    TRY(import_protect(item, f->keys->extractable));
    return material_private(buf_span(&e->der), item->attrs);
}

/* Something that is not to be: the item that was begun for it becomes the reason. */
static CK_RV to_reason(struct import_items *items, size_t before, CK_OBJECT_CLASS class,
                       struct span name, CK_RV rv)
{
    ENSURE(rv != CKR_HOST_MEMORY, rv);
    while (items->n > before) {
        items->n--;
        attrs_free(TAKE(items->v[items->n].attrs));
        free(TAKE(items->v[items->n].name));
    }
    return import_item_fail(items, class, name, rv);
}

static bool same_key(const struct bag_entry *e, enum bag_kind kind, const uint8_t id[MATERIAL_ID])
{
    AUTO(buf_clear) struct buf spki = BUF_INIT;
    uint8_t other[MATERIAL_ID];

    return e->kind == kind && entry_spki(e, &spki, other) == CKR_OK &&
           memcmp(id, other, MATERIAL_ID) == 0;
}

/* A private key, its public key, and the certificates for it. */
static CK_RV pair_items(const struct file *f, const struct bag_entry *e)
{
    AUTO(buf_clear) struct buf spki = BUF_INIT;
    const struct span label = label_of(f, e);
    const size_t before = f->items->n;
    uint8_t id[MATERIAL_ID];
    CK_RV rv = entry_spki(e, &spki, id);

    if (rv == CKR_OK)
        rv = private_item(f, e, label, id);
    if (rv == CKR_OK)
        rv = public_item(f, buf_span(&spki), label, id);
    if (rv != CKR_OK)
        return to_reason(f->items, before, CKO_PRIVATE_KEY, label, rv);
    for (size_t i = 0; i < f->bag->n; i++) {
        if (same_key(&f->bag->v[i], BAG_CERTIFICATE, id))
            TRY(certificate_item(f, &f->bag->v[i], label, id));
    }
    return CKR_OK;
}

/* A certificate of somebody else's key. */
static CK_RV lone_certificate(const struct file *f, const struct bag_entry *e)
{
    AUTO(buf_clear) struct buf spki = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    const size_t before = f->items->n;
    uint8_t id[MATERIAL_ID];
    struct span label;
    CK_RV rv = entry_spki(e, &spki, id);

    for (size_t i = 0; rv == CKR_OK && i < f->bag->n; i++) {
        if (same_key(&f->bag->v[i], BAG_PRIVATE, id))
            return CKR_OK; /* it went with its key */
    }
    if (f->keys->label == NULL && e->alias.n == 0)
        common_name(buf_span(&e->der), &name);
    label = name.n > 0 ? buf_span(&name) : label_of(f, e);
    if (rv == CKR_OK)
        rv = certificate_item(f, e, label, id);
    return rv == CKR_OK ? CKR_OK : to_reason(f->items, before, CKO_CERTIFICATE, label, rv);
}

static CK_RV lone_public(const struct file *f, const struct bag_entry *e)
{
    AUTO(buf_clear) struct buf spki = BUF_INIT;
    const size_t before = f->items->n;
    uint8_t id[MATERIAL_ID];
    CK_RV rv = entry_spki(e, &spki, id);

    if (rv == CKR_OK)
        rv = public_item(f, buf_span(&spki), label_of(f, e), id);
    return rv == CKR_OK ? CKR_OK : to_reason(f->items, before, CKO_PUBLIC_KEY, label_of(f, e), rv);
}

static CK_RV other(const struct file *f, const struct bag_entry *e)
{
    return import_item_skip(f->items, CK_UNAVAILABLE_INFORMATION, label_of(f, e), e->what);
}

static CK_RV entries_to_items(const struct file *f)
{
    static CK_RV (*const take[])(const struct file *f, const struct bag_entry *e) = {
        [BAG_PRIVATE] = pair_items,
        [BAG_PUBLIC] = lone_public,
        [BAG_CERTIFICATE] = lone_certificate,
        [BAG_OTHER] = other,
    };

    for (size_t i = 0; i < f->bag->n; i++)
        TRY(take[f->bag->v[i].kind](f, &f->bag->v[i]));
    return CKR_OK;
}

int import_file(const char *path, struct passphrase *p, const struct import_keys *keys,
                struct import_items *items)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(bag_clear) struct bag bag = {.v = NULL};
    const struct file f = {.path = path, .keys = keys, .bag = &bag, .items = items};
    int code;

    passphrase_next(p, path);
    if (!file_read_max(path, KEY_FILE_MAX, &bytes))
        return EXIT_FAILED;
    code = bag_read(buf_span(&bytes), p, &bag);
    if (code == EXIT_DONE && entries_to_items(&f) != CKR_OK)
        code = cli_fail(EXIT_FAILED, "%s: out of memory", path);
    return code;
}
