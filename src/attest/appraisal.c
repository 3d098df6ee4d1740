/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * appraisal.c - reads a policy from JSON; see appraisal.h and tee-pkcs11-policy(5).
 *
 * One row per key. Strict, because a policy that is misread accepts too much: an unknown key, a key
 * given twice, a value of another type or out of range is an error that names the key.
 */
#include "attest/appraisal.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "crypto/prim.h"

#define DIGEST_BYTES      48
#define FINGERPRINT_BYTES 32
#define ID_KEY_BYTES      1028 /* curve, Qx[72], Qy[72], zeros (AMD 56860, ID authentication) */
#define ID_KEY_NUMBER     72
#define ID_KEY_P384       2
#define MAX_ITEM_BYTES    64

DEFINE_AUTO(bio_freep, BIO, BIO_free_all)

/* -- names ----------------------------------------------------------------------------------- */

struct bit_name {
    const char *name;
    uint64_t bits;
};

/* GUEST_POLICY (AMD 56860, table of the guest policy) */
static const struct bit_name guest_bits[] = {
    {"smt", UINT64_C(1) << 16},
    {"migrate-ma", UINT64_C(1) << 18},
    {"debug", UINT64_C(1) << 19},
    {"single-socket", UINT64_C(1) << 20},
    {"cxl", UINT64_C(1) << 21},
    {"aes-256-xts", UINT64_C(1) << 22},
    {"rapl-disable", UINT64_C(1) << 23},
    {"ciphertext-hiding", UINT64_C(1) << 24},
    {"page-swap-disable", UINT64_C(1) << 25},
};

/* PLATFORM_INFO; bit 6 is set by genuine firmware and has no public name. */
static const struct bit_name platform_bits[] = {
    {"smt", 1},          {"tsme", 2},  {"ecc", 4}, {"rapl-disabled", 8}, {"ciphertext-hiding", 16},
    {"alias-check", 32}, {"tio", 128},
};

static const char *bit_name(const struct bit_name *names, size_t n, unsigned int bit)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i].bits == UINT64_C(1) << bit)
            return names[i].name;
    }
    return NULL;
}

const char *appraisal_guest_bit_name(unsigned int bit)
{
    return bit_name(guest_bits, N_ELEMENTS(guest_bits), bit);
}

const char *appraisal_platform_bit_name(unsigned int bit)
{
    return bit_name(platform_bits, N_ELEMENTS(platform_bits), bit);
}

static const struct bit_name signing_names[] = {{"vcek", 1u << SIGNING_VCEK},
                                                {"vlek", 1u << SIGNING_VLEK}};
static const struct bit_name product_bits[] = {
    {"Milan", 1u << PRODUCT_MILAN}, {"Genoa", 1u << PRODUCT_GENOA}, {"Turin", 1u << PRODUCT_TURIN}};
static const struct bit_name source_names[] = {{"evidence", APPRAISAL_FROM_EVIDENCE},
                                               {"cache", APPRAISAL_FROM_CACHE},
                                               {"kds", APPRAISAL_FROM_KDS}};
static const struct bit_name measured_names[] = {{"unsaid", 1u << STATEMENT_UNSAID},
                                                 {"image", 1u << STATEMENT_IMAGE},
                                                 {"firmware", 1u << STATEMENT_FIRMWARE}};
static const struct bit_name statement_names[] = {
    {"nothing", 1u << STATEMENT_NOTHING},   {"key", 1u << STATEMENT_KEY},
    {"file", 1u << STATEMENT_FILE},         {"handover", 1u << STATEMENT_HANDOVER},
    {"approval", 1u << STATEMENT_APPROVAL}, {"rotation", 1u << STATEMENT_ROTATION}};

/* -- values ---------------------------------------------------------------------------------- */

/* Where the reader is, for messages. */
struct reader {
    const char *key;
    char error[256]; /* empty: none yet */
};

static bool bad(struct reader *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool bad(struct reader *r, const char *fmt, ...)
{
    const int n = snprintf(r->error, sizeof(r->error), "%s: ", r->key);
    va_list args;

    va_start(args, fmt);
    if (n > 0 && (size_t)n < sizeof(r->error))
        (void)vsnprintf(r->error + n, sizeof(r->error) - (size_t)n, fmt, args);
    va_end(args);
    return false;
}

static bool number(struct reader *r, const json_t *j, uint64_t max, uint64_t *ret)
{
    if (!json_is_integer(j) || json_integer_value(j) < 0 || (uint64_t)json_integer_value(j) > max)
        return bad(r, "not a whole number from 0 to %llu", (unsigned long long)max);
    *ret = (uint64_t)json_integer_value(j);
    return true;
}

struct option;
typedef bool read_fn(struct reader *r, const struct option *o, const json_t *j, void *to);

struct option {
    const char *key;
    read_fn *read;
    size_t offset; /* of the value in struct appraisal */
    uint64_t arg;  /* largest number, bytes of an item, number of names */
    const struct bit_name *names;
};

static bool read_bool(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    if (!json_is_boolean(j))
        return bad(r, "neither true nor false");
    *(bool *)to = json_is_true(j);
    return true;
}

static bool read_u32(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    uint64_t v = 0;

    if (!number(r, j, o->arg, &v))
        return false;
    *(uint32_t *)to = (uint32_t)v;
    return true;
}

static bool read_i64(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    uint64_t v = 0;

    if (!number(r, j, o->arg, &v))
        return false;
    *(int64_t *)to = (int64_t)v;
    return true;
}

static bool read_u64(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return number(r, j, o->arg, to);
}

/* "0x2f" */
static bool hex_mask(const char *text, uint64_t *ret)
{
    char *end = NULL;

    if (text[0] != '0' || text[1] != 'x' || text[2] == '\0' || strlen(text) > 18 ||
        strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
        return false;
    *ret = strtoull(text + 2, &end, 16);
    return true;
}

static bool read_mask(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    if (!json_is_string(j) || !hex_mask(json_string_value(j), to))
        return bad(r, "not a mask such as \"0x2f\"");
    return true;
}

/* "1.55" into major, minor */
static bool read_version(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    const char *text = json_string_value(j);
    unsigned int major = 0, minor = 0;
    int n = 0;

    (void)o;
    if (text == NULL || strspn(text, "0123456789.") != strlen(text) || strlen(text) > 7 ||
        sscanf(text, "%3u.%3u%n", &major, &minor, &n) != 2 || text[n] != '\0' || major > 255 ||
        minor > 255)
        return bad(r, "not a version such as \"1.55\"");
    ((uint8_t *)to)[0] = (uint8_t)major;
    ((uint8_t *)to)[1] = (uint8_t)minor;
    return true;
}

static bool add_bits(const struct option *o, const char *name, uint64_t *bits)
{
    for (size_t i = 0; i < o->arg; i++) {
        if (strcmp(o->names[i].name, name) == 0) {
            *bits |= o->names[i].bits;
            return true;
        }
    }
    return false;
}

/* An array of names. With `masks`, "0x40" too. */
static bool names_of(struct reader *r, const struct option *o, const json_t *j, bool masks,
                     uint64_t *ret)
{
    uint64_t bits = 0;
    size_t i;
    json_t *item;

    if (!json_is_array(j))
        return bad(r, "not a list of names");
    json_array_foreach(j, i, item)
    {
        const char *name = json_string_value(item);
        uint64_t mask = 0;

        if (name != NULL && masks && hex_mask(name, &mask))
            bits |= mask;
        else if (name == NULL || !add_bits(o, name, &bits))
            return bad(r, "no such name: %.40s", name != NULL ? name : "(not a string)");
    }
    *ret = bits;
    return true;
}

static bool read_names32(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    uint64_t bits = 0;

    if (!names_of(r, o, j, false, &bits))
        return false;
    if (bits == 0)
        return bad(r, "an empty list would accept nothing");
    *(uint32_t *)to = (uint32_t)bits;
    return true;
}

static bool read_names64(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return names_of(r, o, j, true, to);
}

/* Attributes of a key. */
static bool read_flags(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    uint32_t flags = 0;
    size_t i;
    json_t *item;

    (void)o;
    if (!json_is_array(j))
        return bad(r, "not a list of names");
    json_array_foreach(j, i, item)
    {
        const char *name = json_string_value(item);
        size_t flag = 0;

        while (name != NULL && statement_flag_name(flag) != NULL &&
               strcmp(statement_flag_name(flag), name) != 0)
            flag++;
        if (name == NULL || statement_flag_name(flag) == NULL)
            return bad(r, "no such attribute: %.40s", name != NULL ? name : "(not a string)");
        flags |= UINT32_C(1) << flag;
    }
    *(uint32_t *)to = flags;
    return true;
}

/* -- lists of byte strings and texts --------------------------------------------------------- */

typedef bool item_fn(struct reader *r, const struct option *o, const char *text, void *to);

/* One string, or an array of them. */
static bool each_item(struct reader *r, const struct option *o, const json_t *j, item_fn *fn,
                      void *to)
{
    size_t i;
    json_t *item;

    if (json_is_string(j))
        return fn(r, o, json_string_value(j), to);
    if (!json_is_array(j) || json_array_size(j) == 0)
        return bad(r, "neither a string nor a list of strings");
    json_array_foreach(j, i, item)
    {
        if (!json_is_string(item))
            return bad(r, "neither a string nor a list of strings");
        if (!fn(r, o, json_string_value(item), to))
            return false;
    }
    return true;
}

static bool add_hex(struct reader *r, const struct option *o, const char *text, void *to)
{
    uint8_t bytes[MAX_ITEM_BYTES];

    if (!hex_decode(text, bytes, o->arg))
        return bad(r, "not %llu bytes in hexadecimal", (unsigned long long)o->arg);
    buf_put(to, span_of(bytes, o->arg));
    return true;
}

static bool read_hex(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return each_item(r, o, j, add_hex, to);
}

/* 64 bytes, or 8 of a Turin, which has zeros behind them in a report. */
static bool add_chip(struct reader *r, const struct option *o, const char *text, void *to)
{
    uint8_t bytes[REPORT_CHIP_ID] = {0};

    (void)o;
    if (!hex_decode(text, bytes, REPORT_CHIP_ID) && !hex_decode(text, bytes, REPORT_CHIP_ID_8))
        return bad(r, "neither 64 nor (Turin) 8 bytes in hexadecimal");
    if (mem_is_zero(bytes, sizeof(bytes)))
        return bad(r, "zeros are no chip: see allow-masked-chip-id");
    buf_put(to, SPAN_ARRAY(bytes));
    return true;
}

static bool read_chips(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return each_item(r, o, j, add_chip, to);
}

static bool add_text(struct reader *r, const struct option *o, const char *text, void *to)
{
    struct appraisal_texts *t = to;

    (void)o;
    if (t->n == APPRAISAL_MAX_TEXTS)
        return bad(r, "more than %d strings", APPRAISAL_MAX_TEXTS);
    t->item[t->n] = strdup(text);
    if (t->item[t->n] == NULL)
        return bad(r, "out of memory");
    t->n++;
    return true;
}

static bool read_texts(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return each_item(r, o, j, add_text, to);
}

static bool read_text(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    if (!json_is_string(j))
        return bad(r, "not a string");
    *(char **)to = strdup(json_string_value(j));
    return *(char **)to != NULL || bad(r, "out of memory");
}

static bool add_key(struct reader *r, const struct option *o, const char *text, void *to)
{
    uint8_t digest[DIGEST_BYTES];

    (void)o;
    if (!hex_decode(text, digest, sizeof(digest)) &&
        appraisal_key_digest(span_of(text, strlen(text)), digest) != CKR_OK)
        return bad(r, "neither a SHA-384 digest in hexadecimal nor a P-384 public key in PEM");
    buf_put(to, SPAN_ARRAY(digest));
    return true;
}

static bool read_keys(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return each_item(r, o, j, add_key, to);
}

static bool add_root(struct reader *r, const struct option *o, const char *text, void *to)
{
    (void)o;
    if (cert_read_file(span_of(text, strlen(text)), to) != CKR_OK)
        return bad(r, "not a certificate in PEM");
    return true;
}

static bool read_roots(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    return each_item(r, o, j, add_root, to);
}

/* -- the rest -------------------------------------------------------------------------------- */

static bool read_crl(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    static const char *const modes[] = {[APPRAISAL_CRL_REQUIRE] = "require",
                                        [APPRAISAL_CRL_IF_AVAILABLE] = "if-available",
                                        [APPRAISAL_CRL_IGNORE] = "ignore"};

    (void)o;
    for (size_t i = 0; json_is_string(j) && i < N_ELEMENTS(modes); i++) {
        if (strcmp(json_string_value(j), modes[i]) == 0) {
            *(enum appraisal_crl *)to = (enum appraisal_crl)i;
            return true;
        }
    }
    return bad(r, "none of \"require\", \"if-available\", \"ignore\"");
}

static bool read_time(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    struct tm tm = {0};
    const char *end;

    (void)o;
    end = json_is_string(j) ? strptime(json_string_value(j), "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
    if (end == NULL || *end != '\0' || timegm(&tm) < 0)
        return bad(r, "not a time such as \"2026-11-20T12:00:00Z\"");
    *(time_t *)to = timegm(&tm);
    return true;
}

static bool read_product_tcb(struct reader *r, enum product p, const json_t *j,
                             struct appraisal_tcb *t)
{
    const char *name;
    json_t *item;

    if (!json_is_object(j))
        return bad(r, "%s: not an object", product_name(p));
    json_object_foreach((json_t *)(uintptr_t)j, name, item)
    {
        enum tcb_part part = TCB_FMC;
        uint64_t v = 0;

        while (part < TCB_N_PARTS && strcmp(tcb_part_name(part), name) != 0)
            part++;
        if (part == TCB_N_PARTS || !tcb_has_part(p, part))
            return bad(r, "%s has no component %.20s", product_name(p), name);
        if (!number(r, item, UINT8_MAX, &v))
            return false;
        t->least[p].part[part] = (uint8_t)v;
    }
    t->has[p] = true;
    return true;
}

static bool read_tcb(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    struct appraisal_tcb *t = to;
    const char *name;
    json_t *item;

    (void)o;
    if (!json_is_object(j))
        return bad(r, "not an object with a member per product");
    t->given = true;
    json_object_foreach((json_t *)(uintptr_t)j, name, item)
    {
        enum product p = PRODUCT_MILAN;

        if (!product_named(name, &p))
            return bad(r, "no such product: %.40s", name);
        if (!read_product_tcb(r, p, item, t))
            return false;
    }
    return true;
}

#define AT(member)    offsetof(struct appraisal, member)
#define FIELD(field)  (offsetof(struct appraisal, fields) + (field) * sizeof(struct buf))
#define NAMES(table)  N_ELEMENTS(table), table
#define NO_NAMES(max) (max), NULL

static const struct option guest_options[] = {
    {"allow", read_names64, AT(guest_allow), NAMES(guest_bits)},
    {"require", read_names64, AT(guest_require), NAMES(guest_bits)},
    {"min-abi", read_version, AT(min_abi), NO_NAMES(0)},
};
static const struct option platform_options[] = {
    {"require", read_names64, AT(platform_require), NAMES(platform_bits)},
    {"forbid", read_names64, AT(platform_forbid), NAMES(platform_bits)},
};
static const struct option version_options[] = {
    {"min", read_u32, AT(version_min), NO_NAMES(REPORT_VERSION_MAX)},
    {"max", read_u32, AT(version_max), NO_NAMES(REPORT_VERSION_MAX)},
};
static const struct option key_options[] = {
    {"require", read_flags, AT(key_require), NO_NAMES(0)},
    {"forbid", read_flags, AT(key_forbid), NO_NAMES(0)},
    {"measured", read_names32, AT(measured), NAMES(measured_names)},
    {"seals", read_texts, AT(seals), NO_NAMES(0)},
    {"tokens", read_texts, AT(tokens), NO_NAMES(0)},
    {"stores", read_hex, AT(stores), NO_NAMES(FINGERPRINT_BYTES)},
};

static bool read_options(struct reader *r, const struct option *options, size_t n,
                         const json_t *object, struct appraisal *p);

static bool read_object(struct reader *r, const struct option *options, size_t n, const json_t *j,
                        void *p)
{
    if (!json_is_object(j))
        return bad(r, "not an object");
    return read_options(r, options, n, j, p);
}

static bool read_guest(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    return read_object(r, guest_options, N_ELEMENTS(guest_options), j, to);
}

static bool read_platform(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    return read_object(r, platform_options, N_ELEMENTS(platform_options), j, to);
}

static bool read_versions(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    return read_object(r, version_options, N_ELEMENTS(version_options), j, to);
}

static bool read_key(struct reader *r, const struct option *o, const json_t *j, void *to)
{
    (void)o;
    return read_object(r, key_options, N_ELEMENTS(key_options), j, to);
}

static const struct option options[] = {
    {"description", read_text, AT(description), NO_NAMES(0)},
    {"report-version", read_versions, 0, NO_NAMES(0)},
    {"endorsement-keys", read_names32, AT(signing_keys), NAMES(signing_names)},
    {"products", read_names32, AT(products), NAMES(product_bits)},
    {"csp-ids", read_texts, AT(csp_ids), NO_NAMES(0)},
    {"roots", read_roots, AT(roots), NO_NAMES(0)},
    {"time", read_time, AT(time), NO_NAMES(0)},
    {"crl", read_crl, AT(crl), NO_NAMES(0)},
    {"certificate-sources", read_names32, AT(sources), NAMES(source_names)},
    {"measurements", read_hex, FIELD(REPORT_MEASUREMENT), NO_NAMES(48)},
    {"host-data", read_hex, FIELD(REPORT_HOST_DATA), NO_NAMES(32)},
    {"family-id", read_hex, FIELD(REPORT_FAMILY_ID), NO_NAMES(16)},
    {"image-id", read_hex, FIELD(REPORT_IMAGE_ID), NO_NAMES(16)},
    {"report-data", read_hex, FIELD(REPORT_REPORT_DATA), NO_NAMES(64)},
    {"report-id", read_hex, FIELD(REPORT_REPORT_ID), NO_NAMES(32)},
    {"report-id-ma", read_hex, FIELD(REPORT_REPORT_ID_MA), NO_NAMES(32)},
    {"chip-ids", read_chips, FIELD(REPORT_CHIP), NO_NAMES(0)},
    {"allow-masked-chip-id", read_bool, AT(allow_masked_chip), NO_NAMES(0)},
    {"min-guest-svn", read_u32, AT(min_guest_svn), NO_NAMES(UINT32_MAX)},
    {"vmpl", read_i64, AT(vmpl), NO_NAMES(3)},
    {"max-vmpl", read_u32, AT(max_vmpl), NO_NAMES(3)},
    {"guest-policy", read_guest, 0, NO_NAMES(0)},
    {"platform-info", read_platform, 0, NO_NAMES(0)},
    {"min-tcb", read_tcb, AT(min_tcb), NO_NAMES(0)},
    {"min-launch-tcb", read_tcb, AT(min_launch_tcb), NO_NAMES(0)},
    {"min-firmware-build", read_u32, AT(min_build), NO_NAMES(UINT8_MAX)},
    {"min-firmware-api", read_version, AT(min_api), NO_NAMES(0)},
    {"allow-provisional-firmware", read_bool, AT(allow_provisional), NO_NAMES(0)},
    {"min-launch-mitigations", read_mask, AT(min_launch_mitigations), NO_NAMES(0)},
    {"min-current-mitigations", read_mask, AT(min_current_mitigations), NO_NAMES(0)},
    {"require-id-block", read_bool, AT(require_id_block), NO_NAMES(0)},
    {"require-author-key", read_bool, AT(require_author_key), NO_NAMES(0)},
    {"id-keys", read_keys, AT(id_keys), NO_NAMES(0)},
    {"author-keys", read_keys, AT(author_keys), NO_NAMES(0)},
    {"statements", read_names32, AT(statements), NAMES(statement_names)},
    {"max-age", read_u64, AT(max_age), NO_NAMES(INT_MAX)},
    {"key", read_key, 0, NO_NAMES(0)},
};

static const struct option *find_option(const struct option *from, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(from[i].key, key) == 0)
            return &from[i];
    }
    return NULL;
}

static bool read_options(struct reader *r, const struct option *from, size_t n,
                         const json_t *object, struct appraisal *p)
{
    const char *const outer = r->key;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        const struct option *o = find_option(from, n, key);

        r->key = key;
        if (o == NULL)
            return bad(r, "no such key%s%s", *outer != '\0' ? " in " : "", outer);
        if (!o->read(r, o, value, (uint8_t *)p + o->offset))
            return false;
    }
    r->key = outer;
    return true;
}

/* -- the whole ------------------------------------------------------------------------------- */

#define ALL(n) ((UINT32_C(1) << (n)) - 1)

void appraisal_init(struct appraisal *p)
{
    *p = (struct appraisal){
        .version_min = REPORT_VERSION_MIN,
        .version_max = REPORT_VERSION_MAX,
        .signing_keys = 1u << SIGNING_VCEK | 1u << SIGNING_VLEK,
        .products = ALL(N_PRODUCTS),
        .time = -1,
        .crl = APPRAISAL_CRL_IF_AVAILABLE,
        .sources = APPRAISAL_FROM_EVIDENCE | APPRAISAL_FROM_CACHE | APPRAISAL_FROM_KDS,
        .vmpl = -1,
        .max_vmpl = 3,
        .guest_allow = UINT64_C(1) << 16, /* SMT */
        .statements = ALL(STATEMENT_N_KINDS),
        .key_require = STATEMENT_LOCAL | STATEMENT_SENSITIVE | STATEMENT_ALWAYS_SENSITIVE |
                       STATEMENT_NEVER_EXTRACTABLE,
        .key_forbid = STATEMENT_EXTRACTABLE,
        .measured = ALL(STATEMENT_FIRMWARE + 1),
    };
}

static void texts_clear(struct appraisal_texts *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->item[i]);
    t->n = 0;
}

void appraisal_clear(struct appraisal *p)
{
    free(p->description);
    texts_clear(&p->csp_ids);
    texts_clear(&p->seals);
    texts_clear(&p->tokens);
    cert_list_clear(&p->roots);
    for (size_t i = 0; i < REPORT_N_FIELDS; i++)
        buf_clear(&p->fields[i]);
    buf_clear(&p->id_keys);
    buf_clear(&p->author_keys);
    buf_clear(&p->stores);
    appraisal_init(p);
}

/* An append to any list failed for want of memory: a list that is too short accepts too little, an
 * empty one anything. */
static bool complete(const struct appraisal *p)
{
    bool failed = p->id_keys.failed || p->author_keys.failed || p->stores.failed;

    for (size_t i = 0; i < REPORT_N_FIELDS; i++)
        failed = failed || p->fields[i].failed;
    return !failed;
}

CK_RV appraisal_read(struct span json, struct appraisal *p, char **ret_error)
{
    struct reader r = {.key = "", .error = ""};
    json_error_t error = {.text = ""};
    json_t *root = NULL;
    bool ok = false;

    if (json.n <= APPRAISAL_MAX_BYTES)
        root = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &error);
    if (json.n > APPRAISAL_MAX_BYTES)
        (void)snprintf(r.error, sizeof(r.error), "larger than %u bytes", APPRAISAL_MAX_BYTES);
    else if (root == NULL)
        (void)snprintf(r.error, sizeof(r.error), "line %d: %s", error.line, error.text);
    else if (!json_is_object(root))
        (void)snprintf(r.error, sizeof(r.error), "not a JSON object");
    else
        ok = read_options(&r, options, N_ELEMENTS(options), root, p);
    json_decref(root);
    if (ok && p->version_min > p->version_max)
        ok = (r.key = "report-version", bad(&r, "min is above max"));
    if (ok && !complete(p))
        FAIL(CKR_HOST_MEMORY);
    if (!ok) {
        *ret_error = strdup(r.error);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return CKR_OK;
}

/* -- ID keys --------------------------------------------------------------------------------- */

static bool put_number(const EVP_PKEY *key, const char *name, uint8_t to[ID_KEY_NUMBER])
{
    AUTO(bn_freep) BIGNUM *n = NULL;

    return EVP_PKEY_get_bn_param(key, name, &n) == 1 &&
           BN_bn2lebinpad(n, to, ID_KEY_NUMBER) == ID_KEY_NUMBER;
}

CK_RV appraisal_key_digest(struct span pem, uint8_t ret[48])
{
    KEEP_ERRORS;
    AUTO(bio_freep) BIO *bio = NULL;
    AUTO(pkey_freep) EVP_PKEY *key = NULL;
    uint8_t bytes[ID_KEY_BYTES] = {ID_KEY_P384};
    const struct span all = SPAN_ARRAY(bytes);
    char group[32] = "";

    TRY(crypto_ready());
    ENSURE(pem.n > 0 && pem.n <= APPRAISAL_MAX_BYTES, CKR_DATA_INVALID);
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    ENSURE(bio != NULL, ossl_rv(CKR_HOST_MEMORY));
    key = PEM_read_bio_PUBKEY_ex(bio, NULL, cert_no_passphrase, NULL, ossl_ctx(), NULL);
    ENSURE(key != NULL, ossl_rv(CKR_DATA_INVALID));
    ENSURE(EVP_PKEY_is_a(key, "EC") &&
               EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
               strcmp(group, "secp384r1") == 0,
           CKR_DATA_INVALID);
    ENSURE(put_number(key, OSSL_PKEY_PARAM_EC_PUB_X, bytes + 4) &&
               put_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, bytes + 4 + ID_KEY_NUMBER),
           ossl_rv(CKR_DATA_INVALID));
    return prim_sha384(&all, 1, ret);
}
