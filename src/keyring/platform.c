/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * platform.c - opening and making the seals of the platform; see platform.h.
 *
 * The rows may come from a hostile disk. So the number of device requests is bounded, a binding has
 * to be an allowed one, and what the root key opens still has to pass the seal's MAC.
 */
#include "keyring/platform.h"

#include "keyring/owner.h"
#include "keyring/recipients.h"
#include "keyring/seal_new.h"
#include "keyring/unseal_cache.h"
#include "util/log.h"

#define TRIES_MAX 8 /* device requests for one opening: hosts throttle to one in two seconds */

/* -- order ----------------------------------------------------------------------------------- */

struct candidates {
    size_t index[SEAL_MAX]; /* in the set, in the order of trying */
    size_t n;
};

/* a is to be tried before b. */
static bool tried_before(const struct seal *a, const struct seal *b)
{
    if ((a->superseded == 0) != (b->superseded == 0))
        return a->superseded == 0;
    return a->created > b->created;
}

static void candidates_insert(struct candidates *list, const struct seal_set *set, size_t which)
{
    size_t at = list->n++;

    for (; at > 0 && tried_before(&set->v[which].seal, &set->v[list->index[at - 1]].seal); at--)
        list->index[at] = list->index[at - 1];
    list->index[at] = which;
}

static void candidates_find(const struct conf *c, const struct root *r, const struct seal_set *set,
                            struct candidates *ret)
{
    const uint64_t now = meta_now();

    for (size_t i = 0; i < set->n; i++) {
        const struct seal *s = &set->v[i].seal;
        struct binding b;

        if (seal_is_platform(s) && !seal_expired(s, now, c->rollback_days) &&
            binding_decode(s->binding, &b) == CKR_OK && b.kind == r->kind)
            candidates_insert(ret, set, i);
    }
}

/* -- opening --------------------------------------------------------------------------------- */

static CK_RV candidate_allowed(const struct conf *c, const struct root *r, const struct seal *s,
                               struct binding *ret)
{
    TRY(binding_decode(s->binding, ret));
    return binding_allowed(c, r, ret);
}

/* What the box around the seal's secret is under: the root key of the binding (the device is asked,
 * always), with an owner's secret where the seal needs one. */
static CK_RV parent_key(const struct conf *c, const struct root *r, const struct header *h,
                        const struct seal *s, const struct binding *b, struct secret **ret)
{
    AUTO(secret_freep) struct secret *root_key = NULL;

    TRY(binding_allowed(c, r, b));
    TRY(r->derive(c, b, &root_key));
    if (s->kind == SEAL_OWNED)
        return owner_key(c, h, s, root_key, ret);
    *ret = TAKE(root_key);
    return CKR_OK;
}

static CK_RV try_device(const struct conf *c, const struct root *r, const struct header *h,
                        const struct seal *s, struct secret **ret_master)
{
    const struct box_context context = seal_wrapped_context(h, s->id);
    AUTO(secret_freep) struct secret *parent = NULL;
    AUTO(secret_freep) struct secret *secret = NULL;
    struct binding b;

    TRY(candidate_allowed(c, r, s, &b));
    TRY(parent_key(c, r, h, s, &b, &parent));
    TRY(box_open_secret(secret_span(parent), &context, s->wrapped, &secret));
    TRY(seal_open(h, s, secret, ret_master));
    if (s->kind == SEAL_PLATFORM) /* an owner's secret is asked for each time */
        unseal_cache_put(c, r, h, s, secret);
    return CKR_OK;
}

/* What another process of this user was told a moment ago. */
static bool try_cache(const struct conf *c, const struct root *r, const struct header *h,
                      const struct seal *s, struct secret **ret_master)
{
    AUTO(secret_freep) struct secret *secret = unseal_cache_find(c, r, h, s);
    struct binding b;

    if (secret == NULL || s->kind != SEAL_PLATFORM || candidate_allowed(c, r, s, &b) != CKR_OK)
        return false;
    if (seal_open(h, s, secret, ret_master) == CKR_OK)
        return true;
    unseal_cache_revoke(c, r, h, s);
    return false;
}

/* The kinds of root that the store is sealed by, for a reader. */
static void kinds_print(const struct seal_set *set, struct buf *text)
{
    unsigned seen = 0;

    for (size_t i = 0; i < set->n; i++) {
        struct binding b;

        if (!seal_is_platform(&set->v[i].seal) ||
            binding_decode(set->v[i].seal.binding, &b) != CKR_OK || (seen & 1u << b.kind) != 0)
            continue;
        buf_printf(text, "%s%s", seen != 0 ? ", " : "", root_kind_name(b.kind));
        seen |= 1u << b.kind;
    }
    if (seen == 0)
        buf_printf(text, "no root of trust at all");
}

static CK_RV refuse_kind(const struct conf *c, const struct root *r, const struct seal_set *set)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    kinds_print(set, &text);
    TRY(buf_ok(&text));
    log_err("the store %s is sealed by %.*s, and this root of trust is %s: open it where it was "
            "sealed, or run tee-pkcs11 recover",
            c->store, (int)text.n, (const char *)text.p, r->name);
    FAIL(CKR_DEVICE_ERROR);
}

static CK_RV refuse_all(const struct conf *c, const struct root *r, const struct seal_set *set)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct binding now;
    const bool known = r->current(c, &now) == CKR_OK;

    TRY(platform_explain(set, known ? &now : NULL, &text));
    log_err("the store %s does not open on this platform: %.*s. Start the image and the host that "
            "it was sealed on, have it handed over from there (tee-pkcs11 handoff), or run "
            "tee-pkcs11 recover with a recovery certificate's key",
            c->store, (int)text.n, (const char *)text.p);
    FAIL(CKR_DEVICE_ERROR);
}

static void warn_superseded(const struct conf *c, const struct seal *s)
{
    const uint64_t now = meta_now(), end = seal_expiry(s, c->rollback_days);

    if (s->superseded != 0)
        log_warn("the store %s was opened by an image that has been replaced: that works for %llu "
                 "more days; run tee-pkcs11 handoff or recover to seal to this image again",
                 c->store, (unsigned long long)(end > now ? (end - now) / (24 * 60 * 60) : 0));
}

/* All candidates, before the device is asked for the first. */
static bool open_cached(const struct conf *c, const struct root *r, const struct header *h,
                        const struct seal_set *set, const struct candidates *list,
                        struct secret **ret_master, size_t *ret_which)
{
    for (size_t i = 0; unseal_cache_wanted(c, r) && i < list->n && i < TRIES_MAX; i++) {
        if (try_cache(c, r, h, &set->v[list->index[i]].seal, ret_master)) {
            *ret_which = list->index[i];
            return true;
        }
    }
    return false;
}

static CK_RV open_asking(const struct conf *c, const struct root *r, const struct header *h,
                         const struct seal_set *set, const struct candidates *list,
                         struct secret **ret_master, size_t *ret_which)
{
    for (size_t i = 0; i < list->n && i < TRIES_MAX; i++) {
        const CK_RV rv = try_device(c, r, h, &set->v[list->index[i]].seal, ret_master);

        if (rv == CKR_HOST_MEMORY)
            return rv;
        if (rv != CKR_OK)
            continue;
        *ret_which = list->index[i];
        return CKR_OK;
    }
    return refuse_all(c, r, set);
}

CK_RV platform_open(const struct conf *c, const struct root *r, const struct header *h,
                    const struct seal_set *set, struct secret **ret_master, size_t *ret_which,
                    bool *ret_asked)
{
    struct candidates list = {.n = 0};
    bool asked = false;

    candidates_find(c, r, set, &list);
    if (list.n == 0)
        return refuse_kind(c, r, set);
    if (!open_cached(c, r, h, set, &list, ret_master, ret_which)) {
        TRY(open_asking(c, r, h, set, &list, ret_master, ret_which));
        asked = true;
    }
    if (ret_asked != NULL)
        *ret_asked = asked;
    warn_superseded(c, &set->v[*ret_which].seal);
    return CKR_OK;
}

/* Nothing that the platform says differs from what the seal is bound to. A hint: whether it opens,
 * the device says, and it alone where the host hides which chip this is. */
static CK_RV is_of_here(const struct conf *c, const struct seal *s, const struct binding *now,
                        bool *ret)
{
    AUTO(buf_clear) struct buf difference = BUF_INIT;
    struct binding b, here = *now;

    *ret = false;
    if (s->kind == SEAL_OWNED && c->owner_secret == NULL)
        return CKR_OK;
    TRY(binding_decode(s->binding, &b));
    if (mem_is_zero(b.chip_id, sizeof(b.chip_id)) || mem_is_zero(here.chip_id, sizeof(b.chip_id))) {
        memset(b.chip_id, UINT8_MAX, sizeof(b.chip_id));
        memset(here.chip_id, UINT8_MAX, sizeof(here.chip_id));
    }
    binding_explain(&b, &here, &difference);
    TRY(buf_ok(&difference));
    *ret = difference.n == 0;
    return CKR_OK;
}

CK_RV platform_opening(const struct conf *c, const struct root *r, const struct header *h,
                       const struct seal_set *set, const struct binding *now,
                       bool ret_opens[SEAL_MAX])
{
    struct conf asking = *c;
    struct candidates list = {.n = 0};

    asking.unseal_cache = 0;
    memset(ret_opens, 0, SEAL_MAX * sizeof(ret_opens[0]));
    candidates_find(c, r, set, &list);
    for (size_t i = 0, tried = 0; i < list.n && tried < TRIES_MAX; i++) {
        AUTO(secret_freep) struct secret *master = NULL;
        const struct seal *s = &set->v[list.index[i]].seal;
        bool is_here = false;
        CK_RV rv;

        TRY(is_of_here(c, s, now, &is_here));
        if (!is_here)
            continue;
        tried++;
        rv = try_device(&asking, r, h, s, &master);
        ENSURE(rv != CKR_HOST_MEMORY, rv);
        ret_opens[list.index[i]] = rv == CKR_OK;
    }
    return CKR_OK;
}

/* -- making ---------------------------------------------------------------------------------- */

void platform_seal_clear(struct platform_seal *s)
{
    buf_clear(&s->row);
}

static CK_RV wrap_secret(const struct conf *c, const struct root *r, const struct header *h,
                         const struct seal *s, const struct binding *b, const struct secret *secret,
                         struct buf *ret)
{
    const struct box_context context = seal_wrapped_context(h, s->id);
    AUTO(secret_freep) struct secret *parent = NULL;

    TRY(parent_key(c, r, h, s, b, &parent));
    return box_seal(secret_span(parent), &context, secret_span(secret), ret);
}

/* With an owner's secret wherever one is configured: it is what the owner wants, and more than the
 * platform alone. */
static CK_RV seal_begin(const struct conf *c, uint64_t superseded, struct seal *ret)
{
    ret->kind = c->owner_secret != NULL ? SEAL_OWNED : SEAL_PLATFORM;
    ret->created = meta_now();
    ret->superseded = superseded;
    ret->log2_n = (uint8_t)c->pin_log2_n;
    TRY(prim_random(ret->salt, sizeof(ret->salt)));
    return prim_random(ret->id, sizeof(ret->id));
}

CK_RV platform_make(const struct conf *c, const struct root *r, bool may_create,
                    const struct header *h, struct span master, uint64_t superseded,
                    struct platform_seal *ret)
{
    AUTO(platform_seal_clear) struct platform_seal made = {.row = BUF_INIT};
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(buf_clear) struct buf wrapped = BUF_INIT;
    AUTO(buf_clear) struct buf binding = BUF_INIT;
    struct seal s = {.epoch = 0};

    TRY(seal_begin(c, superseded, &s));
    TRY(r->bind(c, may_create, &made.binding));
    TRY(seal_secret_new(s.public_key, &secret));
    TRY(wrap_secret(c, r, h, &s, &made.binding, secret, &wrapped));
    binding_encode(&made.binding, &binding);
    TRY(buf_ok(&binding));
    memcpy(made.id, s.id, sizeof(made.id));
    s.binding = buf_span(&binding);
    s.wrapped = buf_span(&wrapped);
    TRY(seal_encode(h, &s, master, seal_secret_auth(secret), &made.row));
    *ret = made;
    made.row = BUF_INIT;
    return CKR_OK;
}

CK_RV platform_owner_check(const struct conf *c, const struct root *r, enum conf_measured measured)
{
    if (!r->hardware || measured != CONF_MEASURED_FIRMWARE || c->owner_secret != NULL)
        return CKR_OK;
    log_err("measured = firmware: any VM with the same firmware on this chip derives the same key, "
            "so the store %s is sealed to the platform only together with an owner's secret. Write "
            "owner-secret = FILE in %s, and see tee-pkcs11.conf(5)",
            c->store, config_path(c));
    FAIL(CKR_FUNCTION_REJECTED);
}

/* -- comparing ------------------------------------------------------------------------------- */

static void explain_one(const struct seal *s, const struct binding *now, struct buf *text)
{
    struct binding b;
    size_t start;

    if (binding_decode(s->binding, &b) != CKR_OK) {
        buf_printf(text, "its binding is damaged");
        return;
    }
    if (now == NULL) {
        buf_printf(text, "sealed by a %s root, which does not answer", root_kind_name(b.kind));
        return;
    }
    start = text->n;
    binding_explain(&b, now, text);
    if (text->n == start)
        buf_printf(text, "nothing that the platform reports differs, so the seal itself or the key "
                         "of the root was changed");
}

static CK_RV explain(const struct seal *s, const struct binding *now, struct buf *ret)
{
    explain_one(s, now, ret);
    return buf_ok(ret);
}

/* Does a seal before number `end` say just that? */
static CK_RV is_said(const struct seal_set *set, size_t end, const struct binding *now,
                     struct span text, bool *ret)
{
    *ret = false;
    for (size_t i = 0; i < end && !*ret; i++) {
        AUTO(buf_clear) struct buf other = BUF_INIT;

        if (!seal_is_platform(&set->v[i].seal))
            continue;
        TRY(explain(&set->v[i].seal, now, &other));
        *ret = span_equal(text, buf_span(&other));
    }
    return CKR_OK;
}

CK_RV platform_explain(const struct seal_set *set, const struct binding *now, struct buf *ret_text)
{
    size_t n = 0;

    for (size_t i = 0; i < set->n; i++) {
        AUTO(buf_clear) struct buf text = BUF_INIT;
        bool said = false;

        if (!seal_is_platform(&set->v[i].seal))
            continue;
        TRY(explain(&set->v[i].seal, now, &text));
        TRY(is_said(set, i, now, buf_span(&text), &said));
        if (said)
            continue;
        if (n++ > 0)
            buf_printf(ret_text, " | ");
        buf_put(ret_text, buf_span(&text));
    }
    if (n == 0)
        buf_printf(ret_text, "it has no seal of a platform");
    return buf_ok(ret_text);
}
