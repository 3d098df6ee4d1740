/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-schema.c - the schema tables of src/model/: by themselves, and against the standard's tables
 * as typed into tests/data/schema.csv (first argument, or $SCHEMA_CSV).
 */
#include "model.h"

#include <stdio.h>

#include "tee-pkcs11.h"

#define MAX_LINES 400u
#define MAX_ROWS  80u

enum { ORIGIN, OBJECT, ATTRIBUTE, TYPE, FOOTNOTES, DEFAULT, REASON, N_FIELDS };

struct line {
    char *field[N_FIELDS];
    unsigned number;
};

/* A row as it should be. */
struct expected {
    const char *attribute, *type, *footnotes, *def;
};

static const char *csv_path = "tests/data/schema.csv";
static struct line lines[MAX_LINES];
static size_t n_lines;

static void split(char *text, unsigned number)
{
    struct line *line = &lines[n_lines];

    assert_true(n_lines < MAX_LINES);
    text[strcspn(text, "\n")] = '\0';
    if (text[0] == '#' || text[0] == '\0')
        return;
    for (size_t i = 0; i < N_FIELDS; i++) {
        const char *field = i == REASON ? text : strsep(&text, ",");

        line->field[i] = strdup(field == NULL ? "" : field);
    }
    line->number = number;
    n_lines++;
}

static int read_csv(void **state)
{
    FILE *file = fopen(csv_path, "re");
    char text[1024];

    (void)state;
    if (file == NULL) {
        fprintf(stderr, "%s: %m\n", csv_path);
        return -1;
    }
    for (unsigned number = 1; fgets(text, sizeof(text), file) != NULL; number++)
        split(text, number);
    fclose(file);
    return 0;
}

static int free_csv(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_lines; i++) {
        for (size_t f = 0; f < N_FIELDS; f++)
            free(lines[i].field[f]);
    }
    return 0;
}

static bool is(const struct line *line, size_t field, const char *text)
{
    return strcmp(line->field[field], text) == 0;
}

/* -- what the file says ------------------------------------------------------------------------ */

static const struct {
    const char *type;
    enum attr_kind kind;
} types[] = {
    {"CK_BBOOL", AK_BOOL},
    {"CK_ULONG", AK_ULONG},
    {"CK_OBJECT_CLASS", AK_ULONG},
    {"CK_KEY_TYPE", AK_ULONG},
    {"CK_CERTIFICATE_TYPE", AK_ULONG},
    {"CK_CERTIFICATE_CATEGORY", AK_ULONG},
    {"CK_JAVA_MIDP_SECURITY_DOMAIN", AK_ULONG},
    {"CK_MECHANISM_TYPE", AK_ULONG},
    {"CK_PROFILE_ID", AK_ULONG},
    {"CK_FLAGS", AK_ULONG},
    {"Byte array", AK_BYTES},
    {"Big integer", AK_BYTES},
    {"RFC2279 string", AK_BYTES},
    {"CK_DATE", AK_DATE},
    {"CK_MECHANISM_TYPE_PTR", AK_ULONGS},
    {"CK_ULONG_PTR", AK_ULONGS},
    {"CK_ATTRIBUTE_PTR", AK_TEMPLATE},
};

static enum attr_kind kind_of(const char *type)
{
    for (size_t i = 0; i < N_ELEMENTS(types); i++) {
        if (strcmp(types[i].type, type) == 0)
            return types[i].kind;
    }
    fail_msg("no such data type: %s", type);
    return AK_BYTES;
}

static uint32_t notes_of(const char *footnotes)
{
    char *copy = strdup(footnotes);
    char *rest = copy;
    uint32_t notes = 0;

    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (strcmp(word, "copy") == 0)
            notes |= ON_COPY;
        else if (word[0] != '\0')
            notes |= NOTE((unsigned)strtoul(word, NULL, 10));
    }
    free(copy);
    return notes;
}

static const char *const default_names[] = {
    [NO_DEFAULT] = "",   [D_FALSE] = "false", [D_TRUE] = "true",
    [D_EMPTY] = "empty", [D_ZERO] = "0",      [D_UNAVAILABLE] = "unavailable",
};

static const char *default_of(const struct attr_rule *rule)
{
    if (rule->def == NO_DEFAULT && (rule->notes & OPTIONAL) != 0)
        return "absent";
    return default_names[rule->def];
}

/* -- the rows of one object, as the standard has them and then as we do -------------------------
 */

struct table {
    struct expected v[MAX_ROWS];
    size_t n;
};

static struct expected *row(struct table *t, const char *attribute)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->v[i].attribute, attribute) == 0)
            return &t->v[i];
    }
    return NULL;
}

static struct expected *new_row(struct table *t, const char *attribute)
{
    assert_true(t->n < MAX_ROWS);
    t->v[t->n] = (struct expected){.attribute = attribute};
    return &t->v[t->n++];
}

static void add_standard(struct table *t, const struct line *line)
{
    struct expected *e = row(t, line->field[ATTRIBUTE]);

    if (e == NULL)
        e = new_row(t, line->field[ATTRIBUTE]);
    e->type = line->field[TYPE];
    e->footnotes = line->field[FOOTNOTES];
    e->def = line->field[DEFAULT];
}

static void differ(const char **what, const struct line *line, size_t field, bool *ret_differs)
{
    if (is(line, field, "="))
        return;
    *ret_differs = *ret_differs || *what == NULL || strcmp(*what, line->field[field]) != 0;
    *what = line->field[field];
}

static void add_ours(struct table *t, const struct line *line)
{
    struct expected *e = row(t, line->field[ATTRIBUTE]);
    bool differs = false;

    if (line->field[REASON][0] == '\0')
        fail_msg("%s:%u: no reason", csv_path, line->number);
    if (e == NULL)
        e = new_row(t, line->field[ATTRIBUTE]);
    differ(&e->type, line, TYPE, &differs);
    differ(&e->footnotes, line, FOOTNOTES, &differs);
    differ(&e->def, line, DEFAULT, &differs);
    if (!differs)
        fail_msg("%s:%u: this is what the standard says", csv_path, line->number);
    if (strcmp(e->footnotes, "absent") == 0)
        *e = t->v[--t->n];
}

/* The tables of one object, in order; what they say, standard first. */
static void stack(const char *tables, struct table *ret)
{
    char *copy = strdup(tables);
    char *rest = copy;

    for (char *name = strsep(&rest, "+"); name != NULL; name = strsep(&rest, "+")) {
        for (size_t i = 0; i < n_lines; i++) {
            if (is(&lines[i], ORIGIN, "std") && is(&lines[i], OBJECT, name))
                add_standard(ret, &lines[i]);
        }
        for (size_t i = 0; i < n_lines; i++) {
            if (is(&lines[i], ORIGIN, "ours") && is(&lines[i], OBJECT, name))
                add_ours(ret, &lines[i]);
        }
    }
    free(copy);
}

static const char *tables_of(const char *schema)
{
    for (size_t i = 0; i < n_lines; i++) {
        if (is(&lines[i], ORIGIN, "stack") && is(&lines[i], OBJECT, schema))
            return lines[i].field[ATTRIBUTE];
    }
    fail_msg("%s has no tables for %s", csv_path, schema);
    return "";
}

struct comparison {
    const char *schema;
    struct table *table;
    size_t n_seen;
};

static CK_RV compare(const struct attr_rule *rule, void *arg)
{
    struct comparison *c = arg;
    const char *name = attr_name_find(rule->type)->name;
    const struct expected *e = row(c->table, name);

    c->n_seen++;
    if (e == NULL)
        fail_msg("%s: %s is not in %s", c->schema, name, csv_path);
    if (rule->kind != kind_of(e->type))
        fail_msg("%s: %s is not a %s", c->schema, name, e->type);
    if ((rule->notes & ~(uint32_t)(INDEXED | OPTIONAL)) != notes_of(e->footnotes))
        fail_msg("%s: %s has not footnotes %s", c->schema, name, e->footnotes);
    if (e->def[0] != '\0' && strcmp(e->def, default_of(rule)) != 0)
        fail_msg("%s: the default of %s is not %s", c->schema, name, e->def);
    return CKR_OK;
}

static void test_rows_are_the_standards(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct table table = {.n = 0};
        struct comparison c = {.schema = schemas[i]->name, .table = &table};

        stack(tables_of(schemas[i]->name), &table);
        T_OK(schema_each(schemas[i], compare, &c));
        if (c.n_seen != table.n)
            fail_msg("%s: %zu rows, %s has %zu", c.schema, c.n_seen, csv_path, table.n);
    }
}

/* A line that no object uses would be a rule that nobody has. */
static bool is_used(const struct line *line)
{
    char tables[256];
    char name[128];

    snprintf(name, sizeof(name), "+%s+", line->field[OBJECT]);
    for (size_t i = 0; i < n_schemas; i++) {
        if (is(line, ORIGIN, "stack") && is(line, OBJECT, schemas[i]->name))
            return true;
        snprintf(tables, sizeof(tables), "+%s+", tables_of(schemas[i]->name));
        if (!is(line, ORIGIN, "stack") && strstr(tables, name) != NULL)
            return true;
    }
    return false;
}

static void test_every_line_is_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_lines; i++) {
        if (!is_used(&lines[i]))
            fail_msg("%s:%u: of no object", csv_path, lines[i].number);
    }
}

/* -- the tables by themselves ------------------------------------------------------------------ */

static CK_RV each_row(const struct attr_rule *rule, void *arg)
{
    const struct schema *s = arg;
    const struct attr_name *name = attr_name_find(rule->type);
    const uint32_t notes = rule->notes;

    assert_non_null(name);
    assert_int_equal(name->kind, rule->kind);
    assert_ptr_equal(schema_rule(s, rule->type), rule);
    assert_true((notes & MUST_CREATE) == 0 || (notes & NOT_CREATE) == 0);
    assert_true((notes & MUST_GEN) == 0 || (notes & NOT_GEN) == 0);
    assert_true((notes & MUST_UNWRAP) == 0 || (notes & NOT_UNWRAP) == 0);
    assert_true((notes & (ONCE_TRUE | ONCE_FALSE | SO_TRUE)) == 0 || rule->kind == AK_BOOL);
    assert_true((notes & OPTIONAL) == 0 || rule->def == NO_DEFAULT);
    assert_true((rule->def != D_TRUE && rule->def != D_FALSE) || rule->kind == AK_BOOL);
    assert_true((rule->def != D_ZERO && rule->def != D_UNAVAILABLE) || rule->kind == AK_ULONG);
    assert_true(rule->def != D_EMPTY || rule->kind == AK_BYTES || rule->kind == AK_DATE);
    return CKR_OK;
}

static void test_rows_make_sense(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        const struct schema *s = schemas[i];

        T_OK(schema_each(s, each_row, (void *)(uintptr_t)s));
    }
}

static CK_RV count_row(const struct attr_rule *rule, void *arg)
{
    struct attrs *seen = arg;

    assert_false(attrs_has(seen, rule->type));
    return attrs_set(seen, rule->type, SPAN_EMPTY);
}

static void test_each_attribute_comes_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *seen = NULL;

        T_OK(attrs_new(&seen));
        T_OK(schema_each(schemas[i], count_row, seen));
        assert_true(attrs_has(seen, CKA_CLASS));
        assert_true(attrs_has(seen, CKA_UNIQUE_ID));
        attrs_free(seen);
    }
}

static CK_RV stop(const struct attr_rule *rule, void *arg)
{
    unsigned *calls = arg;

    (void)rule;
    return ++*calls == 3 ? CKR_CANCEL : CKR_OK;
}

static void test_each_stops_at_an_error(void **state)
{
    unsigned calls = 0;

    (void)state;
    T_RV(CKR_CANCEL, schema_each(schemas[0], stop, &calls));
    assert_int_equal(calls, 3);
}

static void test_found_by_class_and_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++)
        assert_ptr_equal(schema_find(schemas[i]->class, schemas[i]->key_type), schemas[i]);
    assert_null(schema_find(CKO_SECRET_KEY, CKK_DES3));
    assert_null(schema_find(CKO_SECRET_KEY, SCHEMA_ANY));
    assert_null(schema_find(CKO_PUBLIC_KEY, CKK_AES));
    assert_null(schema_find(CKO_CERTIFICATE, CKC_WTLS));
    assert_null(schema_find(CKO_CERTIFICATE, CKC_X_509_ATTR_CERT));
    assert_null(schema_find(CKO_DOMAIN_PARAMETERS, CKK_DSA));
    assert_null(schema_find(SCHEMA_ANY, SCHEMA_ANY));
    assert_non_null(schema_find(CKO_DATA, 12345));
}

static void test_of_an_object(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        struct attrs *a = model_generated(schemas[i]);

        assert_ptr_equal(schema_of(a), schemas[i]);
        attrs_remove(a, CKA_CLASS);
        assert_null(schema_of(a));
        attrs_free(a);
    }
}

/* A table has one row for an attribute: of two, the one that is not found could say anything. */
static void test_rows_are_unique(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        for (const struct schema *s = schemas[i]; s != NULL; s = s->base) {
            for (size_t a = 0; a < s->n_rules; a++) {
                for (size_t b = a + 1; b < s->n_rules; b++)
                    assert_int_not_equal(s->rules[a].type, s->rules[b].type);
            }
        }
    }
}

static void test_nearest_row_wins(void **state)
{
    const struct schema *public = schema_find(CKO_PUBLIC_KEY, CKK_RSA);
    const struct schema *private = schema_find(CKO_PRIVATE_KEY, CKK_RSA);

    (void)state;
    assert_int_equal(schema_rule(public, CKA_PRIVATE)->def, D_FALSE);
    assert_int_equal(schema_rule(private, CKA_PRIVATE)->def, D_TRUE);
    assert_null(schema_rule(public, CKA_SENSITIVE));
    assert_null(schema_rule(private, CKA_MODULUS_BITS));
}

/* The usages that a silent template gives, which clients lean on; all others are false. */
static const struct {
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_ATTRIBUTE_TYPE usage[4];
} usages[] = {
    {CKO_PUBLIC_KEY, CKK_RSA, {CKA_ENCRYPT, CKA_VERIFY}},
    {CKO_PRIVATE_KEY, CKK_RSA, {CKA_DECRYPT, CKA_SIGN}},
    {CKO_PUBLIC_KEY, CKK_EC, {CKA_VERIFY}},
    {CKO_PRIVATE_KEY, CKK_EC, {CKA_SIGN, CKA_DERIVE}},
    {CKO_PUBLIC_KEY, CKK_EC_EDWARDS, {CKA_VERIFY}},
    {CKO_PRIVATE_KEY, CKK_EC_EDWARDS, {CKA_SIGN}},
    {CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, {0}},
    {CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, {CKA_DERIVE}},
    {CKO_SECRET_KEY, CKK_AES, {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_AES_XTS, {CKA_ENCRYPT, CKA_DECRYPT}},
    {CKO_SECRET_KEY, CKK_CHACHA20, {CKA_ENCRYPT, CKA_DECRYPT}},
    {CKO_SECRET_KEY, CKK_GENERIC_SECRET, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA_1_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA224_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA256_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA384_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA512_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA512_224_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA512_256_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA3_224_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA3_256_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA3_384_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_SHA3_512_HMAC, {CKA_SIGN, CKA_VERIFY}},
    {CKO_SECRET_KEY, CKK_HKDF, {0}},
};

static const CK_ATTRIBUTE_TYPE all_usages[] = {
    CKA_ENCRYPT, CKA_DECRYPT,      CKA_SIGN,           CKA_VERIFY,      CKA_WRAP,        CKA_UNWRAP,
    CKA_DERIVE,  CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER, CKA_ENCAPSULATE, CKA_DECAPSULATE,
};

static bool is_among(CK_ATTRIBUTE_TYPE type, const CK_ATTRIBUTE_TYPE *v, size_t n)
{
    bool found = false;

    for (size_t i = 0; i < n; i++)
        found = found || v[i] == type;
    return found;
}

/* The row by its place is the row by its type; a type that is none of them has no row, be it near
 * one or in the upper half of a CK_ULONG. */
static void test_rows_have_their_places(void **state)
{
    const struct schema stranger = *schemas[0];

    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        size_t n, found = 0;
        const struct attr_rule *const *rules = schema_sorted(schemas[i], &n);

        assert_non_null(rules);
        for (size_t k = 0; k < n; k++) {
            const CK_ATTRIBUTE_TYPE type = rules[k]->type;

            assert_int_equal(schema_row(schemas[i], type), k);
            assert_ptr_equal(schema_rule(schemas[i], type), rules[k]);
            assert_int_equal(schema_row(schemas[i], type | ~(CK_ULONG)0 << 32), SCHEMA_MAX_RULES);
            assert_null(schema_rule(schemas[i], type | ~(CK_ULONG)0 << 32));
        }
        for (CK_ATTRIBUTE_TYPE type = 0; type < 0x1000; type++)
            found += schema_row(schemas[i], type) < n ? 1 : 0;
        for (size_t k = 0; k < n; k++)
            found -= rules[k]->type < 0x1000 ? 1 : 0;
        assert_int_equal(found, 0);
    }
    /* One that is not among them is walked. */
    assert_int_equal(schema_row(&stranger, CKA_CLASS), SCHEMA_MAX_RULES);
    assert_ptr_equal(schema_rule(&stranger, CKA_CLASS), schema_rule(schemas[0], CKA_CLASS));
}

static void test_usage_defaults(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        const struct schema *s = schema_find(usages[i].class, usages[i].type);

        for (size_t u = 0; u < N_ELEMENTS(all_usages); u++) {
            const struct attr_rule *rule = schema_rule(s, all_usages[u]);
            const bool want = is_among(all_usages[u], usages[i].usage, 4);

            assert_true(rule == NULL ? !want : rule->def == (want ? D_TRUE : D_FALSE));
        }
    }
}

static void test_every_key_has_its_usages_tested(void **state)
{
    size_t n_keys = 0;

    (void)state;
    for (size_t i = 0; i < n_schemas; i++)
        n_keys += schema_rule(schemas[i], CKA_KEY_TYPE) != NULL;
    assert_int_equal(n_keys, N_ELEMENTS(usages));
}

/* What the store keeps an index for. */
static const CK_ATTRIBUTE_TYPE indexed[] = {
    CKA_CLASS,   CKA_UNIQUE_ID, CKA_KEY_TYPE, CKA_CERTIFICATE_TYPE, CKA_ID,
    CKA_LABEL,   CKA_SUBJECT,   CKA_ISSUER,   CKA_SERIAL_NUMBER,    CKA_APPLICATION,
    CKA_MODULUS, CKA_OBJECT_ID, CKA_EC_POINT,
};

static CK_RV index_row(const struct attr_rule *rule, void *arg)
{
    const struct schema *s = arg;
    const bool of_certificate = rule->type == CKA_VALUE && s->class == CKO_CERTIFICATE;

    assert_int_equal((rule->notes & INDEXED) != 0,
                     of_certificate || is_among(rule->type, indexed, N_ELEMENTS(indexed)));
    assert_true((rule->notes & INDEXED) == 0 || (rule->notes & SECRET) == 0);
    return CKR_OK;
}

static void test_indexed_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        const struct schema *s = schemas[i];

        T_OK(schema_each(s, index_row, (void *)(uintptr_t)s));
    }
}

/* -- the registry ------------------------------------------------------------------------------ */

static void test_registry_finds(void **state)
{
    (void)state;
    assert_string_equal(attr_name_find(CKA_CLASS)->name, "CKA_CLASS");
    assert_string_equal(attr_name_find(CKA_LABEL)->name, "CKA_LABEL");
    assert_string_equal(attr_name_find(CKA_TEE_DEK_CREATED)->name, "CKA_TEE_DEK_CREATED");
    assert_int_equal(attr_name_find(CKA_WRAP_TEMPLATE)->kind, AK_TEMPLATE);
    assert_null(attr_name_find(0x7fff));
    assert_null(attr_name_find((CK_ATTRIBUTE_TYPE)-1));
}

/* The walk finds what the search finds, for all attributes of a schema and for one of them alone, and
 * nothing that does not come after. */
static void test_registry_is_walked(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++) {
        const struct attr_name *before = NULL;
        size_t n = 0;
        const struct attr_rule *const *rules = schema_sorted(schemas[i], &n);

        assert_true(n > 0);
        for (size_t k = 0; k < n; k++) {
            const CK_ATTRIBUTE_TYPE type = rules[k]->type;
            const struct attr_name *found = attr_name_find(type);

            assert_non_null(found);
            assert_ptr_equal(attr_name_after(NULL, type), found);
            assert_ptr_equal(attr_name_after(before, type), found);
            assert_null(attr_name_after(found, type));
            if (before != NULL)
                assert_null(attr_name_after(found, before->type));
            before = found;
        }
    }
    assert_null(attr_name_after(NULL, 0x7fff));
    assert_null(attr_name_after(NULL, (CK_ATTRIBUTE_TYPE)-1));
}

static CK_RV array_row(const struct attr_rule *rule, void *arg)
{
    /* Published without the bit: util/pkcs11.h. */
    const bool lacks_it =
        rule->type == CKA_ENCAPSULATE_TEMPLATE || rule->type == CKA_DECAPSULATE_TEMPLATE;
    const bool is_array = rule->kind == AK_TEMPLATE || rule->kind == AK_ULONGS;

    (void)arg;
    assert_int_equal((rule->type & CKF_ARRAY_ATTRIBUTE) != 0, is_array && !lacks_it);
    assert_true(is_array || !lacks_it);
    return CKR_OK;
}

/* v3.2 5.7.5: an array is known by this bit of its type. */
static void test_arrays_have_the_array_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_schemas; i++)
        T_OK(schema_each(schemas[i], array_row, NULL));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        {"/schema/rows-are-the-standards", test_rows_are_the_standards, NULL, NULL, NULL},
        {"/schema/every-line-is-used", test_every_line_is_used, NULL, NULL, NULL},
        {"/schema/rows-make-sense", test_rows_make_sense, NULL, NULL, NULL},
        {"/schema/each-attribute-comes-once", test_each_attribute_comes_once, NULL, NULL, NULL},
        {"/schema/each-stops-at-an-error", test_each_stops_at_an_error, NULL, NULL, NULL},
        {"/schema/found-by-class-and-type", test_found_by_class_and_type, NULL, NULL, NULL},
        {"/schema/of-an-object", test_of_an_object, NULL, NULL, NULL},
        {"/schema/rows-are-unique", test_rows_are_unique, NULL, NULL, NULL},
        {"/schema/nearest-row-wins", test_nearest_row_wins, NULL, NULL, NULL},
        {"/schema/rows-have-their-places", test_rows_have_their_places, NULL, NULL, NULL},
        {"/schema/usage-defaults", test_usage_defaults, NULL, NULL, NULL},
        {"/schema/every-key-has-its-usages-tested", test_every_key_has_its_usages_tested, NULL,
         NULL, NULL},
        {"/schema/indexed-rows", test_indexed_rows, NULL, NULL, NULL},
        {"/schema/registry-finds", test_registry_finds, NULL, NULL, NULL},
        {"/schema/registry-is-walked", test_registry_is_walked, NULL, NULL, NULL},
        {"/schema/arrays-have-the-array-bit", test_arrays_have_the_array_bit, NULL, NULL, NULL},
    };

    if (getenv("SCHEMA_CSV") != NULL)
        csv_path = getenv("SCHEMA_CSV");
    if (argc > 1)
        csv_path = argv[1];
    return cmocka_run_group_tests_name("schema", tests, read_csv, free_csv);
}
