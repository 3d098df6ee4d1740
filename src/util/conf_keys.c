/* SPDX-License-Identifier: BSD-2-Clause */
/* conf_keys.c - see conf_keys.h. A key is a row: its name, how it is read, what it may be, where it
 * goes. */
#include "util/conf_keys.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/buf.h"
#include "util/policy.h"

#define TCB_MIN 4 /* components: one more on Turin */

struct key {
    const char *name;
    CK_RV(*take)
    (const struct key *k, const struct conf_entry *e, struct conf_fault *fault, struct conf *c);
    size_t at;                /* offset in struct conf */
    const char *const *names; /* of a choice, in the order of its enum; NULL ends */
    uint32_t min, max;        /* of a number */
    bool many;                /* takes a list */
};

static const char *const roots[] = {"sev-snp", "software", "auto", NULL};
static const char *const measured[] = {"", "image", "firmware", NULL}; /* "": unsaid */
static const char *const bindings[] = {"image", "owner", NULL};
static const char *const endorsements[] = {"vcek", "vlek", NULL};
static const char *const reports[] = {"auto", "device", "tsm", NULL};
static const char *const key_uses[] = {"none", "secret", "all", NULL};
static const char *const audit_fulls[] = {"refuse", "count", NULL};

static void *place(struct conf *c, const struct key *k)
{
    return (char *)c + k->at;
}

/* -- each kind --------------------------------------------------------------------------------- */

static int choice_index(const char *const *names, const char *value)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], value) == 0)
            return i;
    }
    return -1;
}

static CK_RV take_choice(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                         struct conf *c)
{
    const char *const *shown = k->names[0][0] != '\0' ? k->names : k->names + 1;
    const int i = choice_index(k->names, e->values[0]);

    if (i < 0 || e->values[0][0] == '\0') {
        conf_fault_set(fault, e->line, "%s = %s: not one of %s, %s%s%s", e->name, e->values[0],
                       shown[0], shown[1], shown[2] != NULL ? ", " : "",
                       shown[2] != NULL ? shown[2] : "");
        FAIL(CKR_ARGUMENTS_BAD);
    }
    *(unsigned *)place(c, k) = (unsigned)i; /* an enum's type: see the assertion below */
    return CKR_OK;
}

_Static_assert(sizeof(enum conf_root) == sizeof(unsigned) && (enum conf_root) - 1 > 0,
               "enums of the configuration are unsigned int");

static CK_RV take_flag(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                       struct conf *c)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};

    for (size_t i = 0; i < N_ELEMENTS(words); i++) {
        if (strcasecmp(words[i], e->values[0]) == 0) {
            *(bool *)place(c, k) = i % 2 == 1;
            return CKR_OK;
        }
    }
    conf_fault_set(fault, e->line, "%s = %s: not yes or no", e->name, e->values[0]);
    FAIL(CKR_ARGUMENTS_BAD);
}

/* Digits alone: a number that begins with 0 is octal to some, and so to nobody here. */
static CK_RV number_read(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                         uint32_t *ret)
{
    const char *text = e->values[0];
    const size_t n = strlen(text);
    unsigned long long v = 0;

    if (n > 0 && n <= 10 && strspn(text, "0123456789") == n && (text[0] != '0' || n == 1))
        v = strtoull(text, NULL, 10);
    else
        v = UINT64_MAX;
    if (v < k->min || v > k->max) {
        conf_fault_set(fault, e->line, "%s = %s: not a whole number in %u..%u", e->name, text,
                       k->min, k->max);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    *ret = (uint32_t)v;
    return CKR_OK;
}

static CK_RV take_number(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                         struct conf *c)
{
    return number_read(k, e, fault, place(c, k));
}

static CK_RV take_mebibytes(const struct key *k, const struct conf_entry *e,
                            struct conf_fault *fault, struct conf *c)
{
    uint32_t n;

    TRY(number_read(k, e, fault, &n));
    *(uint64_t *)place(c, k) = (uint64_t)n << 20;
    return CKR_OK;
}

static CK_RV path_read(const struct conf_entry *e, struct conf_fault *fault, char **ret)
{
    char *copy;

    if (e->values[0][0] != '/') {
        conf_fault_set(fault, e->line, "%s = %s: not an absolute path", e->name, e->values[0]);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    copy = strdup(e->values[0]);
    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    free(*ret);
    *ret = copy;
    return CKR_OK;
}

static CK_RV take_path(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                       struct conf *c)
{
    return path_read(e, fault, place(c, k));
}

static CK_RV take_recovery(const struct key *k, const struct conf_entry *e,
                           struct conf_fault *fault, struct conf *c)
{
    (void)k;
    if (c->n_recovery == CONF_MAX_RECOVERY) {
        conf_fault_set(fault, e->line, "more than %u recovery certificates", CONF_MAX_RECOVERY);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    TRY(path_read(e, fault, &c->recovery[c->n_recovery]));
    c->n_recovery++;
    return CKR_OK;
}

/* "4.0.24.219": four or five numbers of a byte. */
static bool tcb_parse(const char *text, struct conf_tcb *ret)
{
    struct conf_tcb tcb = {.n = 0};
    const char *p = text;

    while (tcb.n < CONF_TCB_MAX) {
        char *end;
        const unsigned long v = strtoul(p, &end, 10);

        if (end == p || *p < '0' || *p > '9' || v > UINT8_MAX || (*end != '.' && *end != '\0'))
            return false;
        tcb.v[tcb.n++] = (uint8_t)v;
        if (*end == '\0') {
            *ret = tcb;
            return tcb.n >= TCB_MIN;
        }
        p = end + 1;
    }
    return false;
}

static CK_RV take_tcb(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                      struct conf *c)
{
    if (tcb_parse(e->values[0], place(c, k)))
        return CKR_OK;
    conf_fault_set(fault, e->line,
                   "%s = %s: not four numbers of 0..255 with dots between (five on Turin)", e->name,
                   e->values[0]);
    FAIL(CKR_ARGUMENTS_BAD);
}

static CK_RV take_digest(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                         struct conf *c)
{
    struct conf_digest *digest = place(c, k);
    uint8_t v[CONF_DIGEST];

    if (!hex_decode(e->values[0], v, sizeof(v)) || mem_is_zero(v, sizeof(v))) {
        conf_fault_set(fault, e->line, "%s = %s: not the %u hex digits of a SHA-384", e->name,
                       e->values[0], 2 * CONF_DIGEST);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    memcpy(digest->v, v, sizeof(v));
    digest->said = true;
    return CKR_OK;
}

static CK_RV take_policy(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                         struct conf *c)
{
    uint32_t set = policy_default();

    for (size_t i = 0; i < e->n; i++) {
        if (!policy_word(e->values[i], &set)) {
            conf_fault_set(fault, e->line,
                           "%s = %s: not default, strict, compatible, nor a rule (or no- and a "
                           "rule that can be relaxed): see tee-pkcs11.conf(5)",
                           e->name, e->values[i]);
            FAIL(CKR_ARGUMENTS_BAD);
        }
    }
    *(uint32_t *)place(c, k) = set;
    return CKR_OK;
}

static CK_RV take_names(const struct key *k, const struct conf_entry *e, struct conf_fault *fault,
                        struct conf *c)
{
    struct conf_names *names = place(c, k);

    (void)fault;
    conf_names_clear(names);
    names->v = calloc(e->n + 1, sizeof(*names->v));
    ENSURE(names->v != NULL, CKR_HOST_MEMORY);
    for (size_t i = 0; i < e->n; i++) {
        names->v[names->n] = strdup(e->values[i]);
        ENSURE(names->v[names->n] != NULL, CKR_HOST_MEMORY);
        names->n++;
    }
    return CKR_OK;
}

/* -- the table --------------------------------------------------------------------------------- */

#define AT(member) .at = offsetof(struct conf, member)
#define CHOICE(name, member, words)                                                                \
    {                                                                                              \
        name, take_choice, AT(member), .names = (words)                                            \
    }
#define NUMBER(name, member, least, most)                                                          \
    {                                                                                              \
        name, take_number, AT(member), .min = (least), .max = (most)                               \
    }

static const struct key keys[] = {
    {"store", take_path, AT(store)},
    CHOICE("root", root, roots),
    {"device", take_path, AT(device)},
    {"software-key", take_path, AT(software_key)},
    {"recovery-certificate", take_recovery, AT(recovery)},
    {"hardware-only", take_flag, AT(hardware_only)},
    CHOICE("measured", measured, measured),
    CHOICE("binding", binding, bindings),
    CHOICE("endorsement", endorsement, endorsements),
    {"id-key-digest", take_digest, AT(id_key_digest)},
    {"author-key-digest", take_digest, AT(author_key_digest)},
    NUMBER("min-guest-svn", min_guest_svn, 0, UINT32_MAX),
    {"min-tcb", take_tcb, AT(min_tcb)},
    CHOICE("reports", reports, reports),
    {"tsm", take_path, AT(tsm)},
    NUMBER("unseal-cache", unseal_cache, 0, 3600),
    {"owner-secret", take_path, AT(owner_secret)},
    NUMBER("rollback-days", rollback_days, 0, 3650),
    {"attest-keys", take_flag, AT(attest_keys)},
    NUMBER("vmpl", vmpl, 0, 3),
    NUMBER("pin-min", pin_min, 4, 255),
    NUMBER("pin-tries", pin_tries, 3, 100),
    NUMBER("pin-log2-n", pin_log2_n, 10, 20),
    {"so-reset", take_flag, AT(so_reset)},
    CHOICE("audit-key-use", audit_key_use, key_uses),
    CHOICE("audit-full", audit_full, audit_fulls),
    NUMBER("audit-delay", audit_delay, 0, 3600),
    {"count-operations", take_flag, AT(count_operations)},
    {"policy", take_policy, AT(policy), .many = true},
    {"mechanisms-allow", take_names, AT(mechanisms_allow), .many = true},
    {"mechanisms-deny", take_names, AT(mechanisms_deny), .many = true},
    {"map-size", take_mebibytes, AT(map_size), .min = 1, .max = 65536},
    NUMBER("cache-objects", cache_objects, 16, 1048576),
};

CK_RV conf_key_take(const struct conf_entry *e, struct conf_fault *fault, void *conf)
{
    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, e->name) != 0)
            continue;
        if (!keys[i].many && e->n != 1) {
            conf_fault_set(fault, e->line, "%s has one value", e->name);
            FAIL(CKR_ARGUMENTS_BAD);
        }
        return keys[i].take(&keys[i], e, fault, conf);
    }
    conf_fault_set(fault, e->line, "there is no key %s", e->name);
    FAIL(CKR_ARGUMENTS_BAD);
}

/* -- names for others -------------------------------------------------------------------------- */

const char *conf_root_name(enum conf_root root)
{
    return roots[root];
}

const char *conf_key_use_name(enum conf_key_use use)
{
    return key_uses[use];
}

bool conf_key_use_find(const char *name, enum conf_key_use *ret)
{
    const int i = choice_index(key_uses, name);

    if (i < 0)
        return false;
    *ret = (enum conf_key_use)i;
    return true;
}
