/* SPDX-License-Identifier: BSD-2-Clause */
/* status_json.c - `tee-pkcs11 status --json` for programs. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_text.h"
#include "cli/seal.h"
#include "cli/status.h"

static void json_unref(json_t **j)
{
    json_decref(*j);
}

static json_t *hex_json(struct span bytes)
{
    char text[2 * PRIM_HASH + 1];

    return json_string(hex_encode(bytes, text));
}

static json_t *number(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *seals_json(const struct status *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_seals; i++)
        (void)json_array_append_new(list, seal_json(&s->seals[i], s->conf->rollback_days));
    return list;
}

static json_t *deks_json(const struct token_status *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->n_deks; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:i, s:b, s:o}", "scope",
                            t->deks[i].scope == SCOPE_PRIVATE ? "private" : "public", "generation",
                            (int)t->deks[i].generation, "current", t->deks[i].current, "created",
                            number(t->deks[i].created)));
    return list;
}

static json_t *tokens_json(const struct status *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_tokens; i++) {
        const struct token_info *t = &s->tokens[i].info;
        char label[33];

        (void)json_array_append_new(
            list, json_pack("{s:o, s:o, s:s, s:b, s:i, s:i, s:i, s:o, s:s*, s:o}", "slot",
                            number(t->slot), "label", json_text(output_label(t->label, label)),
                            "serial", t->serial, "user_pin_set", t->user_pin_set, "so_pin_failures",
                            (int)t->fails[ROLE_SO], "user_pin_failures", (int)t->fails[ROLE_USER],
                            "pin_tries", (int)t->pin_tries, "public_objects",
                            number(s->tokens[i].n_public), "audit_key_use",
                            s->opened == CKR_OK ? conf_key_use_name(s->tokens[i].key_use) : NULL,
                            "deks", deks_json(&s->tokens[i])));
    }
    return list;
}

static json_t *warnings_json(const struct status *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->n_warnings; i++)
        (void)json_array_append_new(list, json_string(s->warnings[i]));
    return list;
}

static const char *state_name(const struct status *s)
{
    if (s->opened == CKR_OK)
        return "open";
    return s->opened == CKR_TOKEN_NOT_PRESENT ? "absent" : "closed";
}

static json_t *store_json(const struct status *s)
{
    json_t *j = json_pack("{s:s, s:s, s:s*}", "directory", s->conf->store, "state", state_name(s),
                          "explanation", s->explanation);

    if (s->opened != CKR_OK || j == NULL)
        return j;
    (void)json_object_set_new(j, "opened_by", json_string(s->opened_by));
    (void)json_object_set_new(j, "measured", json_string(measured_name(s->store.measured)));
    (void)json_object_set_new(j, "id", hex_json(SPAN_ARRAY(s->store.id)));
    (void)json_object_set_new(j, "fingerprint", hex_json(SPAN_ARRAY(s->store.fingerprint)));
    (void)json_object_set_new(j, "created", number(s->store.created));
    (void)json_object_set_new(j, "epoch", number(s->store.epoch));
    (void)json_object_set_new(j, "commit", number(s->store.counter));
    return j;
}

CK_RV status_print_json(const struct status *s)
{
    AUTO(json_unref)
    json_t *j = json_pack("{s:s*, s:s, s:o, s:o, s:o, s:o}", "configuration", s->conf->path, "root",
                          s->root, "store", store_json(s), "seals", seals_json(s), "tokens",
                          tokens_json(s), "warnings", warnings_json(s));

    ENSURE(j != NULL, CKR_HOST_MEMORY);
    ENSURE(json_dumpf(j, stdout, JSON_INDENT(2)) == 0, CKR_HOST_MEMORY);
    putchar('\n');
    return CKR_OK;
}
