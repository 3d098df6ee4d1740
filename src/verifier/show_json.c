/* SPDX-License-Identifier: BSD-2-Clause */
/* show_json.c - what was found, for programs (jansson); tee-pkcs11-verify(1) has the form. */
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "verifier/verifier.h"

static void json_unref(json_t **j)
{
    json_decref(*j);
}

/* Every setter below takes a member that may be NULL, for want of memory: what is missing then
 * makes the whole fail. */
static bool set(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static json_t *hex_json(struct span bytes)
{
    AUTO(buf_clear) struct buf hex = BUF_INIT;
    uint8_t *p = buf_extend(&hex, 2 * bytes.n + 1);

    return p != NULL ? json_string(hex_encode(bytes, (char *)p)) : NULL;
}

/* A number of 64 bits, which JSON readers would round. */
static json_t *mask_json(uint64_t v)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "0x%" PRIx64, v);
    return json_string(text);
}

static json_t *text_json(struct span text)
{
    return json_stringn((const char *)text.p, text.n);
}

static json_t *tcb_json(enum product p, const struct tcb_parts *t)
{
    AUTO(json_unref) json_t *j = json_object();

    for (enum tcb_part part = TCB_FMC; part < TCB_N_PARTS; part++) {
        if (tcb_has_part(p, part) && !set(j, tcb_part_name(part), json_integer(t->part[part])))
            return NULL;
    }
    return TAKE(j);
}

static json_t *firmware_json(const struct firmware_version *f)
{
    return json_pack("{s:i, s:i, s:i}", "major", f->major, "minor", f->minor, "build", f->build);
}

/* The members of the report that are byte strings. */
static const struct {
    const char *key;
    enum report_field field;
} fields[] = {
    {"family_id", REPORT_FAMILY_ID},
    {"image_id", REPORT_IMAGE_ID},
    {"report_data", REPORT_REPORT_DATA},
    {"measurement", REPORT_MEASUREMENT},
    {"host_data", REPORT_HOST_DATA},
    {"id_key_digest", REPORT_ID_KEY_DIGEST},
    {"author_key_digest", REPORT_AUTHOR_KEY_DIGEST},
    {"report_id", REPORT_REPORT_ID},
    {"report_id_ma", REPORT_REPORT_ID_MA},
    {"chip_id", REPORT_CHIP},
};

static json_t *report_json(const struct report *r)
{
    AUTO(json_unref) json_t *j = json_object();
    bool good = set(j, "version", json_integer(r->version)) &&
                set(j, "product", json_string(product_name(r->product))) &&
                set(j, "guest_svn", json_integer(r->guest_svn)) &&
                set(j, "vmpl", json_integer(r->vmpl)) && set(j, "policy", mask_json(r->policy)) &&
                set(j, "platform_info", mask_json(r->platform_info)) &&
                set(j, "author_key_enabled", json_boolean(r->author_key_enabled)) &&
                set(j, "current_tcb", tcb_json(r->product, &r->current)) &&
                set(j, "committed_tcb", tcb_json(r->product, &r->committed)) &&
                set(j, "reported_tcb", tcb_json(r->product, &r->reported)) &&
                set(j, "launch_tcb", tcb_json(r->product, &r->launch)) &&
                set(j, "current_firmware", firmware_json(&r->current_firmware)) &&
                set(j, "committed_firmware", firmware_json(&r->committed_firmware)) &&
                set(j, "launch_mitigations", mask_json(r->launch_mitigations)) &&
                set(j, "current_mitigations", mask_json(r->current_mitigations));

    for (size_t i = 0; i < N_ELEMENTS(fields); i++)
        good = good && set(j, fields[i].key, hex_json(report_field(r, fields[i].field)));
    return good ? TAKE(j) : NULL;
}

static json_t *store_json(const struct statement_store *s)
{
    static const char *const measured[] = {"unsaid", "image", "firmware"};
    AUTO(json_unref) json_t *j = json_object();
    AUTO(json_unref) json_t *seals = json_array();

    for (size_t i = 0; i < s->n_seals; i++) {
        if (json_array_append_new(seals, text_json(s->seals[i])) != 0)
            return NULL;
    }
    if (!set(j, "id", hex_json(SPAN_ARRAY(s->id))) ||
        !set(j, "fingerprint", hex_json(SPAN_ARRAY(s->fingerprint))) ||
        !set(j, "token", text_json(s->token)) ||
        !set(j, "measured", json_string(measured[s->measured])) || !set(j, "seals", TAKE(seals)))
        return NULL;
    return TAKE(j);
}

static json_t *key_json(const struct statement_key *k)
{
    AUTO(json_unref) json_t *j = json_object();
    AUTO(json_unref) json_t *attributes = json_object();

    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++) {
        if (!set(attributes, statement_flag_name(i), json_boolean((k->flags >> i & 1u) != 0)))
            return NULL;
    }
    if (!set(j, "public_key", hex_json(k->public_key)) || !set(j, "id", hex_json(k->id)) ||
        !set(j, "key_type", mask_json(k->key_type)) ||
        !set(j, "mechanism", mask_json(k->mechanism)) || !set(j, "attributes", TAKE(attributes)) ||
        !set(j, "store", store_json(&k->store)))
        return NULL;
    return TAKE(j);
}

static json_t *file_json(const struct statement_file *f)
{
    return json_pack("{s:o, s:I}", "sha512", hex_json(SPAN_ARRAY(f->digest)), "size",
                     (json_int_t)f->size);
}

static json_t *handover_json(const struct statement_handover *h)
{
    return json_pack("{s:o, s:o}", "store", hex_json(SPAN_ARRAY(h->store)), "public_key",
                     hex_json(h->public_key));
}

static json_t *approval_json(const struct statement_approval *a)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "store", hex_json(SPAN_ARRAY(a->store)),
                     "fingerprint", hex_json(SPAN_ARRAY(a->fingerprint)), "seal",
                     hex_json(SPAN_ARRAY(a->seal)), "request", hex_json(SPAN_ARRAY(a->request)),
                     "sealed", hex_json(SPAN_ARRAY(a->sealed)));
}

/* The new key is the member "key" beside it. */
static json_t *rotation_json(const struct statement_rotation *r)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "old_public_key", hex_json(r->old_public_key),
                     "old_id", hex_json(r->old_id), "label", hex_json(r->label), "signature",
                     hex_json(r->signature));
}

static json_t *statement_json(const struct statement *s)
{
    AUTO(json_unref)
    json_t *j = json_pack("{s:s, s:o, s:I}", "about", statement_kind_name(s->kind), "nonce",
                          hex_json(s->nonce), "time", (json_int_t)s->time);
    bool good = j != NULL;

    if (statement_has_key(s))
        good = good && set(j, "key", key_json(&s->key));
    if (s->kind == STATEMENT_ROTATION)
        good = good && set(j, "rotation", rotation_json(&s->rotation));
    if (s->kind == STATEMENT_FILE)
        good = good && set(j, "file", file_json(&s->file));
    if (s->kind == STATEMENT_HANDOVER)
        good = good && set(j, "handover", handover_json(&s->handover));
    if (s->kind == STATEMENT_APPROVAL)
        good = good && set(j, "approval", approval_json(&s->approval));
    return good ? TAKE(j) : NULL;
}

static json_t *checks_json(const struct result *r)
{
    AUTO(json_unref) json_t *list = json_array();

    for (size_t i = 0; i < r->n; i++) {
        const struct check *c = &r->checks[i];

        if (json_array_append_new(
                list, json_pack("{s:s, s:s, s:s, s:s}", "name", c->name, "about",
                                c->about == ABOUT_POLICY ? "policy" : "genuineness", "outcome",
                                outcome_name(c->outcome), "words", c->words)) != 0)
            return NULL;
    }
    return TAKE(list);
}

bool verifier_show_json(const struct verifier_case *c, const struct result *r,
                        const struct verified *v)
{
    const enum verdict verdict = result_verdict(r);
    const bool genuine = verdict == VERDICT_GOOD || verdict == VERDICT_AGAINST_POLICY;
    char text[32], hex[65];
    AUTO(json_unref)
    json_t *j =
        json_pack("{s:s, s:i, s:s, s:o}", "verdict", verdict_words(verdict), "code", (int)verdict,
                  "time", verifier_time_text(c->at, text), "checks", checks_json(r));
    bool good = j != NULL;

    /* What is not proven is not shown: a program would read it without looking at the verdict. */
    if (genuine) {
        good = good && set(j, "report", report_json(&v->report)) &&
               set(j, "root", json_string(hex_encode(SPAN_ARRAY(v->root_hash), hex)));
        if (v->report.signing_key == SIGNING_VLEK)
            good = good && set(j, "csp_id", json_string(v->endorsement.csp_id));
        if (v->has_statement)
            good = good && set(j, "statement", statement_json(&v->statement));
    }
    if (!good || json_dumpf(j, stdout, JSON_INDENT(2)) != 0)
        return false;
    putchar('\n');
    return true;
}
