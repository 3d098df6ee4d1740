/* SPDX-License-Identifier: BSD-2-Clause */
/* history.c - the kinds of seal that a store ever had; see history.h. */
#include "keyring/history.h"

#include <stdio.h>

#include "root/root.h"
#include "util/log.h"

#define ROW_VERSION  1
#define META_HISTORY SPAN_LIT("history")
#define UNKNOWN      "unknown"

/* Seals that are not a platform's, by enum seal_kind. */
static const char *const names[] = {
    [SEAL_CERTIFICATE] = "certificate",
    [SEAL_KEY] = "recovery-key",
    [SEAL_SHARES] = "recovery-shares",
    [SEAL_PASSPHRASE] = "passphrase",
};

/* The name of its root; what makes it more or less than the image on this chip is added. */
static void platform_name(const struct seal *s, char ret[HISTORY_NAME])
{
    struct binding b;

    if (binding_decode(s->binding, &b) != CKR_OK) {
        (void)snprintf(ret, HISTORY_NAME, UNKNOWN);
        return;
    }
    (void)snprintf(ret, HISTORY_NAME, "%s%s%s%s", root_kind_name(b.kind),
                   s->kind == SEAL_OWNED ? "-dual" : "",
                   b.guest_field_select == SNP_FIELDS_OWNER ? "-owner" : "",
                   b.root_key_select == SNP_KEY_SELECT_VLEK ? "-vlek" : "");
}

static void name_of(const struct seal *s, char ret[HISTORY_NAME])
{
    const size_t kind = (size_t)s->kind;

    if (seal_is_platform(s))
        platform_name(s, ret);
    else if (kind < N_ELEMENTS(names) && names[kind] != NULL)
        (void)snprintf(ret, HISTORY_NAME, "%s", names[kind]);
    else
        (void)snprintf(ret, HISTORY_NAME, "kind-%u", (unsigned)s->kind);
}

/* In rising order, each once. *ret_new: it was not there. */
static CK_RV insert(struct seal_history *h, const char *name, bool *ret_new)
{
    size_t at = 0;

    while (at < h->n && strcmp(h->names[at], name) < 0)
        at++;
    *ret_new = at == h->n || strcmp(h->names[at], name) != 0;
    if (!*ret_new)
        return CKR_OK;
    if (h->n >= HISTORY_MAX) {
        log_err(
            "the store had seals of %d kinds, and its record of them has no room for %s: add one "
            "of a kind that it had, or make another store",
            HISTORY_MAX, name);
        FAIL(CKR_DEVICE_MEMORY);
    }
    memmove(h->names[at + 1], h->names[at], (h->n - at) * HISTORY_NAME);
    memset(h->names[at], 0, HISTORY_NAME);
    memcpy(h->names[at], name, strlen(name));
    h->n++;
    return CKR_OK;
}

static CK_RV row_put(struct txn *t, const struct seal_history *h)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;

    buf_u8(&row, ROW_VERSION);
    buf_u16(&row, (uint16_t)h->n);
    for (size_t i = 0; i < h->n; i++)
        buf_var(&row, span_of(h->names[i], strlen(h->names[i])));
    TRY(buf_ok(&row));
    return txn_put(t, STORE_META, META_HISTORY, buf_span(&row), NULL);
}

static CK_RV row_decode(struct span row, struct seal_history *ret)
{
    struct cursor c = cursor_of(row);
    const uint8_t version = cursor_u8(&c);
    const uint16_t n = cursor_u16(&c);

    ENSURE(!c.failed && version == ROW_VERSION && n <= HISTORY_MAX, CKR_DEVICE_ERROR);
    for (size_t i = 0; i < n; i++) {
        const struct span name = cursor_var(&c);

        ENSURE(name.n > 0 && name.n < HISTORY_NAME, CKR_DEVICE_ERROR);
        memcpy(ret->names[i], name.p, name.n);
    }
    ENSURE(cursor_done(&c), CKR_DEVICE_ERROR);
    ret->n = n;
    return CKR_OK;
}

/* No row: the store is older than the record. */
static CK_RV row_get(struct txn *t, struct seal_history *ret, bool *ret_found)
{
    AUTO(buf_clear) struct buf row = BUF_INIT;
    bool is_new;

    TRY(meta_get(t, TRUST_TREE, META_HISTORY, &row, ret_found));
    if (*ret_found)
        return row_decode(buf_span(&row), ret);
    return insert(ret, UNKNOWN, &is_new);
}

CK_RV history_begin(struct txn *t)
{
    const struct seal_history none = {.n = 0};

    return row_put(t, &none);
}

CK_RV history_note(struct txn *t, const struct seal *s)
{
    struct seal_history h = {.n = 0};
    char name[HISTORY_NAME];
    bool found = false, is_new;

    TRY(row_get(t, &h, &found));
    name_of(s, name);
    TRY(insert(&h, name, &is_new));
    return is_new || !found ? row_put(t, &h) : CKR_OK;
}

CK_RV history_get(struct txn *t, struct seal_history *ret)
{
    AUTO(seal_set_freep) struct seal_set *set = NULL;
    struct seal_history h = {.n = 0};
    char name[HISTORY_NAME];
    bool found = false, is_new;

    TRY(row_get(t, &h, &found));
    if (!found)
        TRY(seal_set_read(t, TRUST_TREE, &set));
    for (size_t i = 0; set != NULL && i < set->n; i++) {
        name_of(&set->v[i].seal, name);
        TRY(insert(&h, name, &is_new));
    }
    *ret = h;
    return CKR_OK;
}
