/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen-attributes.c - writes docs/attributes.md from the schema tables of src/model/.
 *
 *   gen-attributes                 the document, on standard output
 *   gen-attributes --check FILE    is FILE that document? Exit status 1 and where it differs if not
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/schema.h"

static const char intro[] =
    "<!-- Made by gen-attributes from src/model/: change the tables there, not this file. -->\n"
    "# Attributes\n\n"
    "Which attributes an object has, what may be said about each when it is made, what may be\n"
    "changed later, and what holds when nobody says anything. An object has the rows of its own\n"
    "table and of those it is built on; the nearest row counts. Where this is not what the "
    "PKCS#11\n"
    "v3.2 standard says, `tests/data/schema.csv` has the reason, and a test compares the two.\n\n"
    "- *create*, *generate*, *unwrap*: with C_CreateObject, with C_GenerateKey and\n"
    "  C_GenerateKeyPair, with C_UnwrapKey: the template `must` have the attribute, `may` have "
    "it,\n"
    "  or must not (`no`). A derivation forbids what unwrapping forbids and requires nothing; its\n"
    "  template may leave out class and key type for a generic secret.\n"
    "- *change*: `set` with C_SetAttributeValue and C_CopyObject, `copy` with C_CopyObject only.\n"
    "  *to true*, *to false*: in that direction only. *SO*: only the SO can make it true.\n"
    "- *default*: the value when the template says nothing; `absent`: the object then has no such\n"
    "  attribute; a dash: it must be given or follows from the key.\n"
    "- *secret*: not readable, and not found by a search, while CKA_SENSITIVE is true or\n"
    "  CKA_EXTRACTABLE is false.\n"
    "- *index*: the store finds objects by it without reading all of them.\n\n"
    "Rules between attributes:\n\n"
    "- A template that asks for CKA_WRAP or CKA_UNWRAP and says nothing about encryption gets a "
    "key\n"
    "  that does not encrypt or decrypt. In a key that has one of them, CKA_ENCRYPT and "
    "CKA_DECRYPT\n"
    "  do not change; what a key does that has all of them says [policy.md](policy.md).\n"
    "- CKA_ALWAYS_AUTHENTICATE needs CKA_PRIVATE.\n"
    "- A certificate has a value, or a URL and both hashes. The SO alone changes one that is\n"
    "  trusted.\n"
    "- An RSA public exponent is odd and at least 3. An AES key has 16, 24 or 32 bytes, a "
    "ChaCha20\n"
    "  key 32, any other secret key at least one.\n"
    "- A value has at most 8 MiB (CKR_ATTRIBUTE_VALUE_INVALID), a token object 16 MiB less 56 bytes\n"
    "  and 12 for each attribute (CKR_DEVICE_MEMORY).\n"
    "- CKA_VALUE_LEN and CKA_MODULUS_BITS, where they are given, are what comes out.\n"
    "- CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_ENCAPSULATE_TEMPLATE and\n"
    "  CKA_DECAPSULATE_TEMPLATE add to what the application says; a contradiction is\n"
    "  CKR_TEMPLATE_INCONSISTENT.\n";

static const char *const kinds[] = {
    [AK_BOOL] = "CK_BBOOL", [AK_ULONG] = "CK_ULONG",        [AK_BYTES] = "bytes",
    [AK_DATE] = "CK_DATE",  [AK_ULONGS] = "CK_ULONG array", [AK_TEMPLATE] = "template",
};

static const char *const defaults[] = {
    [NO_DEFAULT] = "-",  [D_FALSE] = "CK_FALSE", [D_TRUE] = "CK_TRUE",
    [D_EMPTY] = "empty", [D_ZERO] = "0",         [D_UNAVAILABLE] = "CK_UNAVAILABLE_INFORMATION",
};

static const char *said(uint32_t notes, uint32_t must, uint32_t must_not)
{
    const char *otherwise = (notes & must_not) != 0 ? "no" : "may";

    return (notes & must) != 0 ? "must" : otherwise;
}

static const char *default_of(const struct attr_rule *rule)
{
    const bool stays_absent = rule->def == NO_DEFAULT && (rule->notes & OPTIONAL) != 0;

    return stays_absent ? "absent" : defaults[rule->def];
}

static void put_change(struct buf *b, uint32_t notes)
{
    const char *copy = (notes & ON_COPY) != 0 ? "copy" : "";

    buf_printf(b, "%s%s%s%s", (notes & MODIFY) != 0 ? "set" : copy,
               (notes & ONCE_TRUE) != 0 ? ", to true" : "",
               (notes & ONCE_FALSE) != 0 ? ", to false" : "", (notes & SO_TRUE) != 0 ? ", SO" : "");
}

static void put_row(struct buf *b, const struct attr_rule *rule)
{
    const uint32_t n = rule->notes;
    const bool both = (n & SECRET) != 0 && (n & INDEXED) != 0;

    buf_printf(b, "| %s | %s | %s | %s | %s | ", attr_name_find(rule->type)->name,
               kinds[rule->kind], said(n, MUST_CREATE, NOT_CREATE), said(n, MUST_GEN, NOT_GEN),
               said(n, MUST_UNWRAP, NOT_UNWRAP));
    put_change(b, n);
    buf_printf(b, " | %s | %s%s%s |\n", default_of(rule), (n & SECRET) != 0 ? "secret" : "",
               both ? ", " : "", (n & INDEXED) != 0 ? "index" : "");
}

static void put_schema(struct buf *b, const struct schema *s)
{
    buf_printf(b, "\n## %s\n\n", s->name);
    if (s->base != NULL)
        buf_printf(b, "Built on: %s.", s->base->name);
    if (s->base != NULL && s->n_rules == 0)
        buf_printf(b, " No rows of its own.");
    if (s->base != NULL)
        buf_printf(b, "\n");
    if (s->n_rules == 0)
        return;
    buf_printf(b,
               "%s| attribute | type | create | generate | unwrap | change | default | |\n"
               "|---|---|---|---|---|---|---|---|\n",
               s->base == NULL ? "" : "\n");
    for (size_t i = 0; i < s->n_rules; i++)
        put_row(b, &s->rules[i]);
}

/* The schemas written so far: each base comes once, before what is built on it. */
struct written {
    const struct schema *v[64];
    size_t n;
};

static void put_chain(struct buf *b, const struct schema *s, struct written *w)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i] == s)
            return;
    }
    put_chain(b, s->base, w);
    put_schema(b, s);
    if (w->n < N_ELEMENTS(w->v))
        w->v[w->n++] = s;
}

static struct buf document(void)
{
    struct buf b = BUF_INIT;
    struct written w = {.n = 0};

    buf_printf(&b, "%s", intro);
    for (size_t i = 0; i < n_schemas; i++)
        put_chain(&b, schemas[i], &w);
    return b;
}

/* The first line that differs, or 0. */
static unsigned differs(struct span text, FILE *file)
{
    unsigned line = 1;

    for (size_t i = 0; i < text.n; i++) {
        if (getc(file) != text.p[i])
            return line;
        line += text.p[i] == '\n';
    }
    return getc(file) == EOF ? 0 : line;
}

static int check(struct span text, const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned line;

    if (file == NULL) {
        fprintf(stderr, "%s: %m\n", path);
        return EXIT_FAILURE;
    }
    line = differs(text, file);
    fclose(file);
    if (line != 0)
        fprintf(stderr, "%s:%u: not what the tables say: run gen-attributes > %s\n", path, line,
                path);
    return line == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    AUTO(buf_clear) struct buf b = document();

    if (buf_ok(&b) != CKR_OK)
        return EXIT_FAILURE;
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check(buf_span(&b), argv[2]);
    if (argc != 1) {
        fprintf(stderr, "usage: gen-attributes [--check FILE]\n");
        return 2;
    }
    return fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
