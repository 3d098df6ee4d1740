/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_softhsm2_store.c - a SoftHSM2 token as a source, through its files instead of its module:
 * so also those keys come that its module never lets out. Whoever has the files and the PIN has
 * them anyway.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "cli/read_file.h"
#include "cli/softhsm2_store.h"

#define OBJECT_MAX (4u << 20) /* bytes of a file */

struct origin {
    const char *directory;
    const struct import_keys *keys;
    struct import_items *items;
    struct secret *key;
};

static void origin_clear(struct origin *o)
{
    secret_free(TAKE(o->key));
}

/* CKR_DATA_INVALID: it can't be read, which was said; CKR_HOST_MEMORY. */
static CK_RV file_get(const char *directory, const char *name, struct buf *ret)
{
    char *path = NULL;
    bool good;

    ENSURE(asprintf(&path, "%s/%s", directory, name) >= 0, CKR_HOST_MEMORY);
    good = file_read_regular(path, OBJECT_MAX, ret);
    free(path);
    TRY(buf_ok(ret));
    return good ? CKR_OK : CKR_DATA_INVALID;
}

/* -- objects ----------------------------------------------------------------------------------- */

struct carrying {
    const struct attrs *from;
    struct attrs *to;
};

static CK_RV carry(const struct attr_rule *rule, void *arg)
{
    const struct carrying *c = arg;
    const struct span value = attrs_span(c->from, rule->type);

    if (!import_carries(rule) || rule->kind == AK_TEMPLATE || value.n == 0)
        return CKR_OK;
    return attrs_set(c->to, rule->type, value);
}

static CK_RV object_to_item(const struct origin *o, const struct attrs *from, bool nested,
                            const struct schema *s)
{
    struct import_item *item = NULL;
    struct carrying c = {.from = from};

    if (nested)
        return import_item_skip(o->items, s->class, attrs_span(from, CKA_LABEL),
                                IMPORT_HAS_TEMPLATE);
    TRY(import_item_new(o->items, s->class, attrs_span(from, CKA_LABEL), &item));
    c.to = item->attrs;
    TRY(schema_each(s, carry, &c));
    return import_settle_item(item, o->keys, attrs_bool(from, CKA_TRUSTED, false));
}

/* A file that can't be used, whatever it is, spoils nothing but its own object. */
static CK_RV object_take(const struct origin *o, const char *name)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(attrs_freep) struct attrs *a = NULL;
    const struct schema *s;
    bool nested = false;
    CK_RV rv;

    TRY(attrs_new(&a));
    rv = file_get(o->directory, name, &file);
    if (rv == CKR_OK)
        rv = softhsm2_object(buf_span(&file), o->key, a, &nested);
    ENSURE(rv != CKR_HOST_MEMORY, rv);
    if (rv != CKR_OK)
        return import_item_fail(o->items, CK_UNAVAILABLE_INFORMATION, span_of(name, strlen(name)),
                                rv);
    s = import_schema(a);
    if (s == NULL)
        return import_item_skip(o->items, attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION),
                                attrs_span(a, CKA_LABEL), IMPORT_NO_SUCH_TYPE);
    return object_to_item(o, a, nested, s);
}

/* -- the directory ----------------------------------------------------------------------------- */

static int is_object(const struct dirent *e)
{
    const char *dot = strrchr(e->d_name, '.');

    return dot != NULL && strcmp(dot, ".object") == 0 && strcmp(e->d_name, "token.object") != 0;
}

static int objects_take(const struct origin *o)
{
    struct dirent **v = NULL;
    const int n = scandir(o->directory, &v, is_object, alphasort);
    int code = n >= 0 ? EXIT_DONE : cli_fail(EXIT_FAILED, "%s: %s", o->directory, strerror(errno));

    for (int i = 0; i < n; i++) {
        if (code == EXIT_DONE && object_take(o, v[i]->d_name) != CKR_OK)
            code = cli_fail(EXIT_FAILED, "out of memory");
        free(v[i]);
    }
    free(v);
    return code;
}

/* The token's key, by its PIN. */
static int token_open(struct origin *o, const struct pin_source *from)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    uint8_t label[SOFTHSM2_LABEL];
    char name[33], prompt[64];
    CK_RV rv;

    rv = file_get(o->directory, "token.object", &file);
    if (rv == CKR_HOST_MEMORY)
        return cli_fail(EXIT_FAILED, "out of memory");
    if (rv != CKR_OK)
        return cli_fail(EXIT_FAILED,
                        "%s: not the directory of a token, one of those in SoftHSM2's "
                        "directories.tokendir",
                        o->directory);
    if (softhsm2_label(buf_span(&file), label) != CKR_OK)
        return cli_fail(EXIT_REFUSED, "%s/token.object: no token of SoftHSM2, or damaged",
                        o->directory);
    (void)snprintf(prompt, sizeof(prompt), "PIN of token %s", output_label(label, name));
    if (!pin_read(from, prompt, false, &pin))
        return EXIT_FAILED;
    rv = softhsm2_token(buf_span(&file), buf_span(&pin), &o->key);
    return rv == CKR_OK ? EXIT_DONE : cli_rv(rv, "opening the token of SoftHSM2");
}

int import_softhsm2_store(const char *directory, const struct pin_source *pin,
                          const struct import_keys *keys, struct import_items *items)
{
    AUTO(origin_clear)
    struct origin o = {.directory = directory, .keys = keys, .items = items};
    const int code = token_open(&o, pin);

    return code == EXIT_DONE ? objects_take(&o) : code;
}
