/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect.c - object rows looked at without a PIN; see inspect.h. */
#include "vault/inspect.h"

#include <stdlib.h>

#include "vault/rows.h"

/* What was found out about a token and scope, for the next rows of it. */
struct place_known {
    bool known, dead, there; /* there: the token, with this generation */
    uint8_t token[TOKEN_ID];
    enum scope scope;
    uint32_t generation;
};

struct vault_survey {
    struct keyring *k;
    struct inspector *inspector;
    struct txn *t;
    struct vault vault; /* of the token that the last row belonged to */
    struct rows rows;   /* of it: public scope */
    bool listed;        /* `all` was opened */
    struct list all;    /* of all objects of that scope */
    struct place_known at;
};

CK_RV vault_survey_new(struct keyring *k, struct inspector *i, struct txn *t,
                       struct vault_survey **ret)
{
    struct vault_survey *s = calloc(1, sizeof(*s));

    ENSURE(s != NULL, CKR_HOST_MEMORY);
    s->k = k;
    s->inspector = i;
    s->t = t;
    s->vault.keyring = k;
    s->rows = rows_of(&s->vault, t, SCOPE_PUBLIC);
    *ret = s;
    return CKR_OK;
}

void vault_survey_free(struct vault_survey *s)
{
    if (s == NULL)
        return;
    rows_clear(&s->rows);
    free(s);
}

/* Have s->at say what there is to know of this place. */
static CK_RV place_find(struct vault_survey *s, const uint8_t token[TOKEN_ID], enum scope scope,
                        uint32_t generation)
{
    struct place_known at = {.known = true, .scope = scope, .generation = generation};
    CK_RV rv;

    if (s->at.known && s->at.scope == scope && s->at.generation == generation &&
        memcmp(s->at.token, token, TOKEN_ID) == 0)
        return CKR_OK;
    memcpy(at.token, token, TOKEN_ID);
    rv = inspect_generation(s->inspector, s->t, token, scope, generation, &at.there);
    if (rv == CKR_TOKEN_NOT_PRESENT)
        rv = inspect_is_dead(s->t, token, &at.dead);
    TRY(rv);
    s->at = at;
    return CKR_OK;
}

static CK_RV rows_turn_to(struct vault_survey *s, const uint8_t token[TOKEN_ID])
{
    if (s->listed && memcmp(s->vault.token, token, TOKEN_ID) == 0)
        return CKR_OK;
    s->listed = false;
    rows_clear(&s->rows);
    memcpy(s->vault.token, token, TOKEN_ID);
    s->rows = rows_of(&s->vault, s->t, SCOPE_PUBLIC);
    TRY(rows_all(&s->rows, &s->all));
    s->listed = true;
    return CKR_OK;
}

static const char *record_look(struct vault_survey *s, const uint8_t token[TOKEN_ID], uint64_t id)
{
    AUTO(attrs_freep) struct attrs *attrs = NULL;
    bool listed = false;
    CK_RV rv = rows_turn_to(s, token);

    if (rv == CKR_OK)
        rv = rows_get_attrs(&s->rows, id, &attrs, NULL);
    /* The token got another secret since the snapshot: its DEKs are not to be had for that one. */
    if (rv == CKR_FUNCTION_FAILED)
        return NULL;
    if (rv != CKR_OK)
        return s->listed ? "doesn't open under its DEK, or holds no record"
                         : "is of a token whose list of objects can't be read";
    if (list_has(s->t, &s->all, id, &listed) != CKR_OK || !listed)
        return "is not in the list of its token's objects";
    return NULL;
}

bool vault_row_has_form(struct span key, struct span row)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);
    const uint32_t generation = cursor_u32(&c);

    return key.n == ROW_KEY && key.p[TOKEN_ID] <= SCOPE_PRIVATE && !c.failed && version == 1 &&
           generation > 0 && c.rest.n >= BOX_OVERHEAD;
}

const char *vault_survey_row(struct vault_survey *s, struct span key, struct span row)
{
    struct cursor c = cursor_of(row), k = cursor_of(key);
    const struct span token = cursor_take(&k, TOKEN_ID);
    const uint8_t scope = cursor_u8(&k);
    const uint64_t id = cursor_u64(&k);
    uint32_t generation;

    if (!vault_row_has_form(key, row))
        return "is no object that can be read";
    (void)cursor_u8(&c);
    generation = cursor_u32(&c);
    if (place_find(s, token.p, (enum scope)scope, generation) != CKR_OK)
        return "names a DEK that can't be looked at";
    if (s->at.dead)
        return NULL;
    if (!s->at.there)
        return "names a token or a DEK that there is not";
    return scope == SCOPE_PUBLIC ? record_look(s, token.p, id) : NULL;
}

/* -- the list of all objects ------------------------------------------------------------------- */

static CK_RV listed_look(struct vault_survey *s, struct list *all, uint64_t *ret_n,
                         uint64_t *ret_without)
{
    uint8_t key[ROW_KEY];
    bool found = true, there = false;
    uint64_t id = 0;

    for (;; id++) {
        TRY(list_next(s->t, all, id, &id, &found));
        if (!found)
            return CKR_OK;
        row_key(&s->vault, SCOPE_PUBLIC, id, key);
        TRY(txn_get(s->t, STORE_OBJECT, SPAN_ARRAY(key), NULL, NULL, &there));
        (*ret_n)++;
        *ret_without += !there;
    }
}

CK_RV vault_survey_list(struct vault_survey *s, const uint8_t token[TOKEN_ID], uint64_t *ret_listed,
                        uint64_t *ret_without_row)
{
    uint64_t listed = 0, without = 0;

    TRY(rows_turn_to(s, token));
    TRY(listed_look(s, &s->all, &listed, &without));
    *ret_listed = listed;
    *ret_without_row = without;
    return CKR_OK;
}
