/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify_policy.c - what a policy and a question ask of evidence that is genuine; see verify.h.
 *
 * One function per subject, each adding its checks; what nobody asked for adds none, except where
 * leaving it out would hide a danger (a replay).
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "attest/rotation.h"
#include "attest/verify.h"

#define CLOCK_SKEW 60u /* seconds that a VM's clock may be ahead of ours */

struct view {
    const struct verify_input *in;
    const struct appraisal *p;
    const struct verified *v;
    const struct report *r;
    struct result *res;
};

static void check(const struct view *w, const char *name, bool good, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static void check(const struct view *w, const char *name, bool good, const char *fmt, ...)
{
    char words[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(words, sizeof(words), fmt, args);
    va_end(args);
    result_add(w->res, name, ABOUT_POLICY, good ? OUTCOME_OK : OUTCOME_FAILED, "%s", words);
}

/* -- the report and its endorsement ---------------------------------------------------------- */

static void version(const struct view *w)
{
    check(w, "report-version",
          w->r->version >= w->p->version_min && w->r->version <= w->p->version_max,
          "%u; the policy takes %u to %u", w->r->version, w->p->version_min, w->p->version_max);
}

static void product(const struct view *w)
{
    check(w, "products", (w->p->products >> w->r->product & 1u) != 0, "%s",
          product_name(w->r->product));
}

static bool among(const struct appraisal_texts *t, const char *text)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->item[i], text) == 0)
            return true;
    }
    return false;
}

static void signing_key(const struct view *w)
{
    const bool vlek = w->r->signing_key == SIGNING_VLEK;

    check(w, "endorsement-keys", (w->p->signing_keys >> w->r->signing_key & 1u) != 0, "%s",
          vlek ? "VLEK" : "VCEK");
    if (vlek && w->p->csp_ids.n > 0)
        check(w, "csp-ids", among(&w->p->csp_ids, w->v->endorsement.csp_id), "%s",
              w->v->endorsement.csp_id);
}

/* A VLEK has no chip, so that its CHIP_ID proves nothing more than the report's word. */
static void chip(const struct view *w)
{
    const struct span id = report_field(w->r, REPORT_CHIP);

    if (w->r->signing_key == SIGNING_VCEK && mem_is_zero(id.p, id.n))
        check(w, "allow-masked-chip-id", w->p->allow_masked_chip, "the host masks CHIP_ID");
}

/* The policy's names of the fields; NULL: it has none. */
static const char *const field_keys[REPORT_N_FIELDS] = {
    [REPORT_FAMILY_ID] = "family-id",       [REPORT_IMAGE_ID] = "image-id",
    [REPORT_REPORT_DATA] = "report-data",   [REPORT_MEASUREMENT] = "measurements",
    [REPORT_HOST_DATA] = "host-data",       [REPORT_REPORT_ID] = "report-id",
    [REPORT_REPORT_ID_MA] = "report-id-ma", [REPORT_CHIP] = "chip-ids",
};

/* Is `item` one of the items of that size? */
static bool listed(const struct buf *items, struct span item)
{
    for (size_t at = 0; at + item.n <= items->n; at += item.n) {
        if (memcmp(items->p + at, item.p, item.n) == 0)
            return true;
    }
    return false;
}

static void fields(const struct view *w)
{
    char hex[2 * REPORT_CHIP_ID + 1];

    for (size_t f = 0; f < REPORT_N_FIELDS; f++) {
        const struct span value = report_field(w->r, (enum report_field)f);

        if (field_keys[f] != NULL && w->p->fields[f].n > 0)
            check(w, field_keys[f], listed(&w->p->fields[f], value), "%s %s",
                  report_field_name((enum report_field)f), hex_encode(value, hex));
    }
}

static void guest(const struct view *w)
{
    if (w->p->min_guest_svn > 0)
        check(w, "min-guest-svn", w->r->guest_svn >= w->p->min_guest_svn, "%u; at least %u",
              w->r->guest_svn, w->p->min_guest_svn);
    /* Above 3 there is none: a report that the host asked for has all ones. */
    check(w, "vmpl",
          w->r->vmpl <= w->p->max_vmpl && (w->p->vmpl < 0 || w->r->vmpl == (uint64_t)w->p->vmpl),
          "%" PRIu32, w->r->vmpl);
}

/* -- guest policy and platform --------------------------------------------------------------- */

typedef const char *bit_name_fn(unsigned int bit);

/* "debug, cxl, 0x40" */
static const char *bits_text(uint64_t bits, bit_name_fn *name_of, char text[256])
{
    size_t n = 0;

    text[0] = '\0';
    for (unsigned int bit = 0; bit < 64 && n < 200; bit++) {
        const char *name = (bits >> bit & 1u) != 0 ? name_of(bit) : NULL;

        if ((bits >> bit & 1u) == 0)
            continue;
        n += (size_t)(name != NULL ? snprintf(text + n, 256 - n, "%s%s", n > 0 ? ", " : "", name)
                                   : snprintf(text + n, 256 - n, "%s0x%" PRIx64, n > 0 ? ", " : "",
                                              UINT64_C(1) << bit));
    }
    return text;
}

/* One check of bits that must not be there. */
static void no_bits(const struct view *w, const char *name, uint64_t wrong, bit_name_fn *name_of,
                    const char *fault, const char *fine)
{
    char text[256];

    if (wrong != 0)
        check(w, name, false, "%s: %s", fault, bits_text(wrong, name_of, text));
    else
        check(w, name, true, "%s", fine);
}

#define ABI_BITS      UINT64_C(0xffff)
#define RESERVED_BITS (~UINT64_C(0) << 26) /* zero as far as is known */

static void guest_policy(const struct view *w)
{
    const uint64_t policy = w->r->policy;
    const uint8_t minor = (uint8_t)policy, major = (uint8_t)(policy >> 8);
    const uint64_t weak = (APPRAISAL_GUEST_WEAK | RESERVED_BITS) & ~w->p->guest_allow;

    no_bits(w, "guest-policy.allow", policy & weak, appraisal_guest_bit_name,
            "the guest was launched with what the policy does not allow",
            (policy & UINT64_C(1) << 16) != 0 ? "smt" : "none of debug, migrate-ma, smt, cxl");
    if (w->p->guest_require != 0)
        no_bits(w, "guest-policy.require", w->p->guest_require & ~policy, appraisal_guest_bit_name,
                "the guest was launched without", "all that is required");
    if (w->p->min_abi[0] != 0 || w->p->min_abi[1] != 0)
        check(w, "guest-policy.min-abi",
              major > w->p->min_abi[0] || (major == w->p->min_abi[0] && minor >= w->p->min_abi[1]),
              "%u.%u; at least %u.%u", major, minor, w->p->min_abi[0], w->p->min_abi[1]);
}

static void platform_info(const struct view *w)
{
    const uint64_t is = w->r->platform_info;

    if (w->p->platform_require != 0)
        no_bits(w, "platform-info.require", w->p->platform_require & ~is,
                appraisal_platform_bit_name, "the platform lacks", "all that is required");
    if (w->p->platform_forbid != 0)
        no_bits(w, "platform-info.forbid", w->p->platform_forbid & is, appraisal_platform_bit_name,
                "the platform has", "nothing that is forbidden");
}

/* -- firmware -------------------------------------------------------------------------------- */

static void least_tcb(const struct view *w, const char *name, const struct appraisal_tcb *least,
                      const struct tcb_parts *is)
{
    const enum product p = w->r->product;
    char have[64], want[64];

    if (!least->given)
        return;
    if (!least->has[p])
        check(w, name, false, "the policy has none for %s", product_name(p));
    else
        check(w, name, tcb_parts_reach(is, &least->least[p]), "%s; at least %s",
              tcb_parts_text(p, is, have), tcb_parts_text(p, &least->least[p], want));
}

static void tcb(const struct view *w)
{
    least_tcb(w, "min-tcb", &w->p->min_tcb, &w->r->reported);
    least_tcb(w, "min-tcb.committed", &w->p->min_tcb, &w->r->committed);
    least_tcb(w, "min-tcb.current", &w->p->min_tcb, &w->r->current);
    least_tcb(w, "min-launch-tcb", &w->p->min_launch_tcb, &w->r->launch);
}

static bool firmware_equal(const struct firmware_version *a, const struct firmware_version *b)
{
    return a->build == b->build && a->major == b->major && a->minor == b->minor;
}

/* Firmware that is running but could still be taken back by the host. */
static void provisional(const struct view *w)
{
    const bool same = tcb_parts_equal(&w->r->current, &w->r->committed) &&
                      firmware_equal(&w->r->current_firmware, &w->r->committed_firmware);

    check(w, "allow-provisional-firmware", same || w->p->allow_provisional, "%s",
          same ? "the running firmware is committed"
               : "the running firmware is not committed: the host can still roll it back");
}

static bool api_reaches(const struct firmware_version *f, const uint8_t least[2])
{
    return f->major > least[0] || (f->major == least[0] && f->minor >= least[1]);
}

static void firmware(const struct view *w)
{
    const struct firmware_version *current = &w->r->current_firmware;
    const struct firmware_version *committed = &w->r->committed_firmware;

    provisional(w);
    if (w->p->min_build > 0)
        check(w, "min-firmware-build",
              current->build >= w->p->min_build && committed->build >= w->p->min_build,
              "current %u, committed %u; at least %u", current->build, committed->build,
              w->p->min_build);
    if (w->p->min_api[0] != 0 || w->p->min_api[1] != 0)
        check(w, "min-firmware-api",
              api_reaches(current, w->p->min_api) && api_reaches(committed, w->p->min_api),
              "current %u.%u, committed %u.%u; at least %u.%u", current->major, current->minor,
              committed->major, committed->minor, w->p->min_api[0], w->p->min_api[1]);
}

/* Reports before version 5 have no vectors, which read as zero: nothing is mitigated. */
static void mitigations(const struct view *w)
{
    const struct {
        const char *name;
        uint64_t least, is;
    } vectors[] = {
        {"min-launch-mitigations", w->p->min_launch_mitigations, w->r->launch_mitigations},
        {"min-current-mitigations", w->p->min_current_mitigations, w->r->current_mitigations},
    };

    for (size_t i = 0; i < N_ELEMENTS(vectors); i++) {
        if (vectors[i].least != 0)
            check(w, vectors[i].name,
                  w->r->version >= 5 && (vectors[i].least & ~vectors[i].is) == 0,
                  "0x%" PRIx64 "; at least 0x%" PRIx64 "%s", vectors[i].is, vectors[i].least,
                  w->r->version >= 5 ? "" : " (reports have it from version 5 on)");
    }
}

/* -- ID block -------------------------------------------------------------------------------- */

static void id_key(const struct view *w, const char *require_name, bool required,
                   const char *keys_name, const struct buf *keys, enum report_field field,
                   bool enabled)
{
    const struct span digest = report_field(w->r, field);
    const bool there = enabled && !mem_is_zero(digest.p, digest.n);
    char hex[2 * 48 + 1];

    if (required)
        check(w, require_name, there, "%s", there ? "there is one" : "there is none");
    if (keys->n > 0)
        check(w, keys_name, there && listed(keys, digest), "%s %s", report_field_name(field),
              hex_encode(digest, hex));
}

static void id_block(const struct view *w)
{
    id_key(w, "require-id-block", w->p->require_id_block, "id-keys", &w->p->id_keys,
           REPORT_ID_KEY_DIGEST, true);
    id_key(w, "require-author-key", w->p->require_author_key, "author-keys", &w->p->author_keys,
           REPORT_AUTHOR_KEY_DIGEST, w->r->author_key_enabled);
}

/* -- statements ------------------------------------------------------------------------------ */

static const char *flags_text(uint32_t flags, char text[256])
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++) {
        if ((flags >> i & 1u) != 0)
            n += (size_t)snprintf(text + n, 256 - n, "%s%s", n > 0 ? ", " : "",
                                  statement_flag_name(i));
    }
    return text;
}

static void key_flags(const struct view *w, const struct statement_key *k)
{
    const uint32_t lacks = w->p->key_require & ~k->flags;
    const uint32_t has = w->p->key_forbid & k->flags;
    char text[256];

    check(w, "key.require", lacks == 0, "%s%s", lacks == 0 ? "" : "the key is not: ",
          flags_text(lacks == 0 ? w->p->key_require : lacks, text));
    check(w, "key.forbid", has == 0, "%s%s", has == 0 ? "the key is none of: " : "the key is: ",
          flags_text(has == 0 ? w->p->key_forbid : has, text));
}

static bool among_span(const struct appraisal_texts *t, struct span text)
{
    for (size_t i = 0; i < t->n; i++) {
        if (span_equal(span_of(t->item[i], strlen(t->item[i])), text))
            return true;
    }
    return false;
}

/* Every kind of seal that the store ever had is one that the policy takes. */
static void key_seals(const struct view *w, const struct statement_store *s)
{
    size_t wrong = s->n_seals;

    for (size_t i = s->n_seals; i > 0; i--) {
        if (!among_span(&w->p->seals, s->seals[i - 1]))
            wrong = i - 1;
    }
    if (s->n_seals == 0)
        check(w, "key.seals", false, "the statement names none");
    else if (wrong < s->n_seals)
        check(w, "key.seals", false, "the store has, or had, a seal of kind %.*s",
              (int)s->seals[wrong].n, s->seals[wrong].p);
    else
        check(w, "key.seals", true, "%zu kinds, all taken", s->n_seals);
}

static void key(const struct view *w)
{
    static const char *const measured[] = {"unsaid", "image", "firmware"};
    const struct statement_key *k = &w->v->statement.key;
    const struct statement_store *s = &k->store;
    char hex[65];

    if (!w->v->has_statement || !statement_has_key(&w->v->statement))
        return;
    key_flags(w, k);
    check(w, "key.measured", (w->p->measured >> s->measured & 1u) != 0, "%s",
          measured[s->measured]);
    if (w->p->seals.n > 0)
        key_seals(w, s);
    if (w->p->tokens.n > 0)
        check(w, "key.tokens", among_span(&w->p->tokens, s->token), "%.*s", (int)s->token.n,
              s->token.p);
    if (w->p->stores.n > 0)
        check(w, "key.stores", listed(&w->p->stores, SPAN_ARRAY(s->fingerprint)), "%s",
              hex_encode(SPAN_ARRAY(s->fingerprint), hex));
}

/* A policy that takes some kinds only does not take a report that says nothing at all. */
static void statement(const struct view *w)
{
    const uint32_t all = (UINT32_C(1) << STATEMENT_N_KINDS) - 1;

    if (w->v->has_statement)
        check(w, "statements", (w->p->statements >> w->v->statement.kind & 1u) != 0, "%s",
              statement_kind_name(w->v->statement.kind));
    else if (w->p->statements != all)
        check(w, "statements", false, "the evidence has no statement");
    key(w);
}

/* How old the statement is by its own word. */
static void age(const struct view *w)
{
    const uint64_t asked = w->in->question->max_age;
    const uint64_t most =
        asked != 0 && (w->p->max_age == 0 || asked < w->p->max_age) ? asked : w->p->max_age;
    const uint64_t now = (uint64_t)w->in->at;
    const uint64_t then = w->v->has_statement ? w->v->statement.time : 0;

    if (most == 0)
        return;
    if (then == 0)
        check(w, "max-age", false, "the evidence says no time");
    else if (then > now)
        check(w, "max-age", then - now <= CLOCK_SKEW, "it is %" PRIu64 " s in the future",
              then - now);
    else
        check(w, "max-age", now - then <= most, "%" PRIu64 " s; at most %" PRIu64, now - then,
              most);
}

void verify_policy(const struct verify_input *in, const struct verified *v, struct result *res)
{
    static void (*const parts[])(const struct view *) = {
        version, product,  signing_key, chip,          fields,   guest,     guest_policy,
        tcb,     firmware, mitigations, platform_info, id_block, statement, age,
    };
    const struct view w = {.in = in, .p = in->policy, .v = v, .r = &v->report, .res = res};

    for (size_t i = 0; i < N_ELEMENTS(parts); i++)
        parts[i](&w);
}

/* -- the question ---------------------------------------------------------------------------- */

static void nonce(const struct view *w)
{
    const struct question *q = w->in->question;

    if (q->has_nonce)
        check(w, "nonce", w->v->has_statement && span_equal(q->nonce, w->v->statement.nonce), "%s",
              !w->v->has_statement ? "the evidence has no statement"
                                   : "compared with the one that was sent");
    else if (q->report_data.n == 0)
        result_add(w->res, "nonce", ABOUT_POLICY, OUTCOME_NOT_DONE,
                   "none was given: the evidence could be an old one");
}

static void report_data(const struct view *w)
{
    const struct question *q = w->in->question;

    if (q->report_data.n > 0)
        check(w, "report-data", span_equal(q->report_data, report_field(w->r, REPORT_REPORT_DATA)),
              "compared with what was given");
}

static void public_key(const struct view *w)
{
    const struct statement *s = &w->v->statement;

    if (w->in->question->key == NULL)
        return;
    if (!w->v->has_statement || !statement_has_key(s))
        check(w, "public-key", false, "the evidence is not about a key");
    else
        check(w, "public-key", rotation_same_key(w->in->question->key, s->key.public_key),
              "compared with the one given");
}

static void old_key(const struct view *w)
{
    const struct statement *s = &w->v->statement;

    if (w->in->question->old_key == NULL)
        return;
    if (!w->v->has_statement || s->kind != STATEMENT_ROTATION)
        check(w, "old-key", false, "the evidence is not about a rotation");
    else
        check(w, "old-key", rotation_same_key(w->in->question->old_key, s->rotation.old_public_key),
              "compared with the one given");
}

static void file(const struct view *w)
{
    const struct statement_file *wanted = w->in->question->file;
    const struct statement *s = &w->v->statement;

    if (wanted == NULL)
        return;
    if (!w->v->has_statement || s->kind != STATEMENT_FILE)
        check(w, "file", false, "the evidence is not about a file");
    else
        check(w, "file",
              wanted->size == s->file.size &&
                  memcmp(wanted->digest, s->file.digest, sizeof(wanted->digest)) == 0,
              "%" PRIu64 " bytes, compared by SHA-512", s->file.size);
}

void verify_question(const struct verify_input *in, const struct verified *v, struct result *res)
{
    const struct view w = {.in = in, .p = in->policy, .v = v, .r = &v->report, .res = res};

    nonce(&w);
    report_data(&w);
    public_key(&w);
    old_key(&w);
    file(&w);
}
