/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_file.c - the keys and certificates of a file as items of an import.
 *
 * A private key comes with its public key, as a generated pair does, and with the certificates for
 * it: the three have one CKA_ID, made from the public key, and one label, and are one transaction.
 * So private keys are taken first, and then what did not go with one. What key an entry is about is
 * found out once: taking a key or certificate apart costs a hundred times what a comparison does,
 * and a file may hold thousands.
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

struct entry {
    const struct bag_entry *of;
    struct buf spki;         /* of its public key */
    uint8_t id[MATERIAL_ID]; /* of that */
    CK_RV rv;                /* why there is neither */
    bool taken;              /* a certificate that went with its key */
};

struct file {
    const char *path;
    const struct import_keys *keys;
    struct entry *v;
    size_t n;
    struct entry *
        *certificates; /* those with an id, sorted by it, then as they stand in the file */
    size_t n_certificates;
    struct import_items *items;
};

static void file_clear(struct file *f)
{
    for (size_t i = 0; i < f->n; i++)
        buf_clear(&f->v[i].spki);
    free(f->v);
    free(f->certificates);
}

static struct span label_of(const struct file *f, const struct bag_entry *e)
{
    if (f->keys->label != NULL)
        return span_of(f->keys->label, strlen(f->keys->label));
    return e->alias.n > 0 ? buf_span(&e->alias) : stem_of(f->path);
}

/* The public key of an entry, and its identifier. */
static CK_RV entry_read(struct entry *e)
{
    const struct span der = buf_span(&e->of->der);

    switch (e->of->kind) {
    case BAG_PRIVATE:
        TRY(material_spki_private(der, &e->spki));
        break;
    case BAG_CERTIFICATE:
        TRY(material_spki_certificate(der, &e->spki));
        break;
    default:
        buf_put(&e->spki, der);
    }
    TRY(buf_ok(&e->spki));
    return material_id(buf_span(&e->spki), e->id);
}

static int by_id(const void *a, const void *b)
{
    const struct entry *const *x = a, *const *y = b;
    const int order = memcmp((*x)->id, (*y)->id, MATERIAL_ID);

    return order != 0 ? order : (*x > *y) - (*x < *y);
}

static CK_RV file_entries(struct file *f, const struct bag *bag)
{
    f->v = calloc(bag->n + 1, sizeof(*f->v));
    f->certificates = calloc(bag->n + 1, sizeof(*f->certificates));
    ENSURE(f->v != NULL && f->certificates != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < bag->n; i++) {
        struct entry *e = &f->v[f->n++];

        *e = (struct entry){.of = &bag->v[i], .spki = BUF_INIT};
        e->rv = e->of->kind != BAG_OTHER ? entry_read(e) : CKR_OK;
        ENSURE(e->rv != CKR_HOST_MEMORY, CKR_HOST_MEMORY);
        if (e->rv == CKR_OK && e->of->kind == BAG_CERTIFICATE)
            f->certificates[f->n_certificates++] = e;
    }
    qsort(f->certificates, f->n_certificates, sizeof(f->certificates[0]), by_id);
    return CKR_OK;
}

/* Where the first certificate of this key is, or would be. */
static size_t certificates_of(const struct file *f, const uint8_t id[MATERIAL_ID])
{
    size_t low = 0, high = f->n_certificates;

    while (low < high) {
        const size_t mid = low + (high - low) / 2;

        if (memcmp(f->certificates[mid]->id, id, MATERIAL_ID) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
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

/* The certificates for a key, unless they went with the same one before. */
static CK_RV take_certificates(const struct file *f, const struct entry *key, struct span label)
{
    for (size_t i = certificates_of(f, key->id);
         i < f->n_certificates && memcmp(f->certificates[i]->id, key->id, MATERIAL_ID) == 0; i++) {
        struct entry *e = f->certificates[i];

        if (!e->taken)
            TRY(certificate_item(f, e->of, label, e->id));
        e->taken = true;
    }
    return CKR_OK;
}

/* A private key, its public key, and the certificates for it. */
static CK_RV pair_items(const struct file *f, const struct entry *e)
{
    const struct span label = label_of(f, e->of);
    const size_t before = f->items->n;
    CK_RV rv = e->rv;

    if (rv == CKR_OK)
        rv = private_item(f, e->of, label, e->id);
    if (rv == CKR_OK)
        rv = public_item(f, buf_span(&e->spki), label, e->id);
    if (rv != CKR_OK)
        return to_reason(f->items, before, CKO_PRIVATE_KEY, label, rv);
    return take_certificates(f, e, label);
}

/* A certificate of somebody else's key. */
static CK_RV lone_certificate(const struct file *f, const struct entry *e)
{
    AUTO(buf_clear) struct buf name = BUF_INIT;
    const size_t before = f->items->n;
    struct span label;
    CK_RV rv = e->rv;

    if (e->taken)
        return CKR_OK;
    if (f->keys->label == NULL && e->of->alias.n == 0)
        common_name(buf_span(&e->of->der), &name);
    label = name.n > 0 ? buf_span(&name) : label_of(f, e->of);
    if (rv == CKR_OK)
        rv = certificate_item(f, e->of, label, e->id);
    return rv == CKR_OK ? CKR_OK : to_reason(f->items, before, CKO_CERTIFICATE, label, rv);
}

static CK_RV lone_public(const struct file *f, const struct entry *e)
{
    const struct span label = label_of(f, e->of);
    const size_t before = f->items->n;
    CK_RV rv = e->rv;

    if (rv == CKR_OK)
        rv = public_item(f, buf_span(&e->spki), label, e->id);
    return rv == CKR_OK ? CKR_OK : to_reason(f->items, before, CKO_PUBLIC_KEY, label, rv);
}

static CK_RV other(const struct file *f, const struct entry *e)
{
    return import_item_skip(f->items, CK_UNAVAILABLE_INFORMATION, label_of(f, e->of), e->of->what);
}

static CK_RV entries_to_items(const struct file *f)
{
    static CK_RV (*const take[])(const struct file *f, const struct entry *e) = {
        [BAG_PUBLIC] = lone_public,
        [BAG_CERTIFICATE] = lone_certificate,
        [BAG_OTHER] = other,
    };

    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].of->kind == BAG_PRIVATE)
            TRY(pair_items(f, &f->v[i]));
    }
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].of->kind != BAG_PRIVATE)
            TRY(take[f->v[i].of->kind](f, &f->v[i]));
    }
    return CKR_OK;
}

int import_file(const char *path, struct passphrase *p, const struct import_keys *keys,
                struct import_items *items)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(bag_clear) struct bag bag = {.v = NULL};
    AUTO(file_clear) struct file f = {.path = path, .keys = keys, .items = items};
    int code;

    passphrase_next(p, path);
    if (!file_read_max(path, KEY_FILE_MAX, &bytes))
        return EXIT_FAILED;
    code = bag_read(buf_span(&bytes), p, &bag);
    if (code == EXIT_DONE && (file_entries(&f, &bag) != CKR_OK || entries_to_items(&f) != CKR_OK))
        code = cli_fail(EXIT_FAILED, "%s: out of memory", path);
    return code;
}
