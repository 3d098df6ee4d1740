/* SPDX-License-Identifier: BSD-2-Clause */
/* succession.c - a key's successor; see succession.h. */
#include "core/succession.h"

#include <stdlib.h>

#include "core/create.h"
#include "core/generate_impl.h"
#include "core/operation.h"
#include "crypto/gen.h"
#include "crypto/prim.h"
#include "model/value.h"
#include "tee-pkcs11.h"
#include "util/log.h"

#define NAMES_MAX 2048 /* bytes of label and id, of the STATEMENT_MAX */

/* Everything that a key does but to verify. */
static const struct succession_usage usages[] = {
    {CKA_SIGN, "sign", false},
    {CKA_SIGN_RECOVER, "sign-recover", false},
    {CKA_ENCRYPT, "encrypt", false},
    {CKA_WRAP, "wrap", false},
    {CKA_ENCAPSULATE, "encapsulate", false},
    {CKA_DERIVE, "derive", false},
    {CKA_DECRYPT, "decrypt", true},
    {CKA_UNWRAP, "unwrap", true},
    {CKA_DECAPSULATE, "decapsulate", true},
};

const struct succession_usage *succession_usage(size_t i)
{
    return i < N_ELEMENTS(usages) ? &usages[i] : NULL;
}

static bool has_usage(const struct attrs *a, bool reads)
{
    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        if (usages[i].reads == reads && attrs_bool(a, usages[i].type, false))
            return true;
    }
    return false;
}

void succession_clear(struct succession *s)
{
    for (size_t i = 0; i < s->n_old; i++)
        token_edit_clear(&s->old[i]);
    for (size_t i = 0; i < N_ELEMENTS(s->made); i++)
        attrs_free(TAKE(s->made[i]));
    buf_clear(&s->proof);
    s->n_old = s->n_made = 0;
}

/* -- the old key ------------------------------------------------------------------------------- */

static CK_RV refuse(CK_RV rv, const char *why)
{
    log_err("the key gets no successor: %s", why);
    FAIL(rv);
}

static CK_RV check_old(const struct attrs *a)
{
    const CK_ULONG class = attrs_ulong(a, CKA_CLASS, CKO_DATA);

    if (class != CKO_PRIVATE_KEY && class != CKO_SECRET_KEY)
        return refuse(CKR_KEY_TYPE_INCONSISTENT, "it is neither a private nor a secret key");
    if (class == CKO_PRIVATE_KEY && attrs_span(a, CKA_PUBLIC_KEY_INFO).n == 0)
        return refuse(CKR_KEY_TYPE_INCONSISTENT, "its public half is not known");
    if (!attrs_bool(a, CKA_MODIFIABLE, false))
        return refuse(CKR_ACTION_PROHIBITED,
                      "CKA_MODIFIABLE is false, so that it can't be made verify-only. Make a new "
                      "key, and destroy this one when it is no longer used");
    return CKR_OK;
}

static CK_RV check_state(struct token *t, const struct attrs *a)
{
    enum succession_state state = SUCCESSION_IN_USE;

    TRY(succession_state(t, a, &state));
    if (state == SUCCESSION_VERIFIES)
        return refuse(
            CKR_KEY_FUNCTION_NOT_PERMITTED,
            "it only verifies: it has been rotated already, or was made for nothing else");
    if (state == SUCCESSION_READS)
        return refuse(CKR_KEY_FUNCTION_NOT_PERMITTED,
                      "it only reads what is there, and nobody can write for it: it has been "
                      "rotated already (--keep-reading), or was made for nothing else. Destroy it "
                      "when nothing of that is needed");
    return CKR_OK;
}

/* The attribute by which a private key's public objects are found: what both halves have, whatever
 * their CKA_ID says. */
static CK_ATTRIBUTE_TYPE shared_part(const struct attrs *private_key)
{
    return attrs_has(private_key, CKA_MODULUS) ? CKA_MODULUS : CKA_EC_POINT;
}

static void free_handles(CK_OBJECT_HANDLE **v)
{
    free(*v);
}

/* Every public token object of the key: none of a secret one. *ret is to be freed. */
static CK_RV find_publics(struct token *t, const struct attrs *key, CK_OBJECT_HANDLE **ret,
                          size_t *ret_n)
{
    const CK_ATTRIBUTE_TYPE part = shared_part(key);
    AUTO(attrs_freep) struct attrs *search = NULL;

    if (attrs_ulong(key, CKA_CLASS, CKO_DATA) != CKO_PRIVATE_KEY || attrs_span(key, part).n == 0)
        return CKR_OK;
    TRY(attrs_new(&search));
    TRY(attrs_set_ulong(search, CKA_CLASS, CKO_PUBLIC_KEY));
    TRY(attrs_set_bool(search, CKA_TOKEN, true));
    TRY(attrs_set(search, part, attrs_span(key, part)));
    return token_find(t, search, ret, ret_n);
}

/* Can anybody protect something for a key that reads? By a secret key itself, else by a public
 * object of it; where there is none here, somebody elsewhere may have one. */
static CK_RV is_written_for(struct token *t, const struct attrs *key, bool *ret)
{
    AUTO(free_handles) CK_OBJECT_HANDLE *v = NULL;
    size_t n = 0;

    TRY(find_publics(t, key, &v, &n));
    *ret = n == 0 && attrs_ulong(key, CKA_CLASS, CKO_DATA) == CKO_PRIVATE_KEY;
    for (size_t i = 0; i < n; i++) {
        AUTO(object_unrefp) struct object *o = NULL;

        TRY(token_object(t, v[i], &o));
        *ret = *ret || has_usage(object_attrs(o), false);
    }
    return CKR_OK;
}

CK_RV succession_state(struct token *t, const struct attrs *key, enum succession_state *ret)
{
    bool is_written = false;

    *ret = SUCCESSION_IN_USE;
    if (has_usage(key, false))
        return CKR_OK;
    *ret = SUCCESSION_VERIFIES;
    if (!has_usage(key, true))
        return CKR_OK;
    TRY(is_written_for(t, key, &is_written));
    *ret = is_written ? SUCCESSION_IN_USE : SUCCESSION_READS;
    return CKR_OK;
}

/* One that has nothing to lose stays what it is, so that it need not be modifiable. */
static CK_RV check_public(const struct attrs *a)
{
    if (has_usage(a, false) && !attrs_bool(a, CKA_MODIFIABLE, false))
        return refuse(
            CKR_ACTION_PROHIBITED,
            "CKA_MODIFIABLE of a public object of it is false, so that it can't be made "
            "verify-only. Make a new key, and destroy this one when it is no longer used");
    return CKR_OK;
}

/* Begin to change them. */
static CK_RV add_publics(struct token *t, struct succession *s)
{
    AUTO(free_handles) CK_OBJECT_HANDLE *v = NULL;
    size_t n = 0;

    TRY(find_publics(t, s->old[0].attrs, &v, &n));
    if (n >= SUCCESSION_OLD_MAX)
        return refuse(CKR_KEY_TYPE_INCONSISTENT, "it has too many public objects");
    for (size_t i = 0; i < n; i++) {
        TRY(token_edit_begin(t, v[i], &s->old[s->n_old]));
        s->n_old++;
        TRY(check_public(s->old[i + 1].attrs));
    }
    return CKR_OK;
}

/* Only ever less: that a usage can't be given back by C_SetAttributeValue (CKA_WRAP, or a rule of
 * the policy) forbids nothing here. */
static CK_RV retire(struct attrs *a, bool keep_reading)
{
    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        if (attrs_bool(a, usages[i].type, false) && !(keep_reading && usages[i].reads))
            TRY(attrs_set_bool(a, usages[i].type, false));
    }
    return CKR_OK;
}

/* -- the new key ------------------------------------------------------------------------------- */

/* What the successor has of its own. CKA_TRUSTED is for the SO to set. */
static const CK_ATTRIBUTE_TYPE own[] = {
    CKA_ID, CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE, CKA_PUBLIC_EXPONENT, CKA_TRUSTED,
};

static bool is_own(const struct attr_rule *rule)
{
    for (size_t i = 0; i < N_ELEMENTS(own); i++) {
        if (own[i] == rule->type)
            return true;
    }
    return (rule->notes & NOT_GEN) != 0;
}

struct inheritance {
    const struct attrs *from;
    struct attrs *to;
};

static CK_RV inherit(const struct attr_rule *rule, void *arg)
{
    const struct inheritance *i = arg;

    if (is_own(rule) || !attrs_has(i->from, rule->type))
        return CKR_OK;
    return attrs_set(i->to, rule->type, attrs_span(i->from, rule->type));
}

/* The attributes of a new object that is to be like another. */
static CK_RV build_like(struct session *s, const struct attrs *old, struct attrs *inherited,
                        struct attrs **ret)
{
    const struct schema *schema = schema_of(old);
    struct inheritance i = {.from = old, .to = inherited};
    struct template_context c;

    ENSURE(schema != NULL, CKR_KEY_TYPE_INCONSISTENT);
    TRY(schema_each(schema, inherit, &i));
    c = generate_context(s, TEMPLATE_GENERATE, schema->class, schema->key_type);
    c.inherited = inherited;
    return template_build(&c, NULL, 0, ret);
}

/* A public half for the making: of one that is here, or what the private key says. */
static CK_RV build_public(struct succession *s, struct attrs **ret)
{
    const struct attrs *key = s->old[0].attrs;
    AUTO(attrs_freep) struct attrs *inherited = NULL;
    AUTO(attrs_freep) struct attrs *like = NULL;

    TRY(attrs_new(&inherited));
    if (s->n_old > 1)
        return build_like(s->session, s->old[1].attrs, inherited, ret);
    TRY(attrs_new(&like));
    TRY(attrs_set_ulong(like, CKA_CLASS, CKO_PUBLIC_KEY));
    TRY(attrs_set_ulong(like, CKA_KEY_TYPE, attrs_ulong(key, CKA_KEY_TYPE, 0)));
    if (attrs_has(key, CKA_EC_PARAMS))
        TRY(attrs_set(like, CKA_EC_PARAMS, attrs_span(key, CKA_EC_PARAMS)));
    if (attrs_has(key, CKA_MODULUS))
        TRY(attrs_set_ulong(like, CKA_MODULUS_BITS, value_bits(attrs_span(key, CKA_MODULUS))));
    return build_like(s->session, like, inherited, ret);
}

/* The row that makes such keys: the one that made the old key, else the first. None whose keys
 * follow from a parameter. */
static CK_RV find_row(const struct attrs *old, CK_FLAGS flag, const struct mech **ret)
{
    const CK_ULONG by = attrs_ulong(old, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION);
    const CK_ULONG type = attrs_ulong(old, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
    const struct mech *found = NULL;

    for (size_t i = 0; i < n_mechs; i++) {
        const struct mech *row = &mechs[i];

        if (row->key_type != type || (mech_flags(row) & flag) == 0 || !mech_enabled(row) ||
            (row->traits & (MECH_KEY_IS_KNOWN | MECH_OF_TOKEN)) != 0)
            continue;
        if (found == NULL || row->type == by)
            found = row;
    }
    if (found == NULL)
        return refuse(CKR_MECHANISM_INVALID, "no mechanism that is switched on makes such keys");
    *ret = found;
    return CKR_OK;
}

static CK_RV finish(struct session *s, struct attrs *a, CK_MECHANISM_TYPE by, struct span id)
{
    const struct template_context c =
        generate_context(s, TEMPLATE_GENERATE, attrs_ulong(a, CKA_CLASS, TEMPLATE_SAYS),
                         attrs_ulong(a, CKA_KEY_TYPE, TEMPLATE_SAYS));

    TRY(attrs_set(a, CKA_ID, id));
    return new_object_finish(&c, a, by, NULL);
}

static CK_RV make_pair(struct succession *s, struct span id)
{
    AUTO(attrs_freep) struct attrs *public_key = NULL;
    const struct mech *row = NULL;
    CK_MECHANISM m = {0};

    TRY(find_row(s->old[0].attrs, CKF_GENERATE_KEY_PAIR, &row));
    TRY(build_public(s, &public_key));
    m.mechanism = row->type;
    TRY(gen_pair(row, &m, public_key, s->made[0]));
    TRY(finish(s->session, s->made[0], row->type, id));
    TRY(finish(s->session, public_key, row->type, id));
    s->n_made = 1;
    if (s->n_old > 1) {
        s->made[1] = TAKE(public_key);
        s->n_made = 2;
    }
    return CKR_OK;
}

static CK_RV make_secret(struct succession *s, struct span id)
{
    const struct mech *row = NULL;
    CK_MECHANISM m = {0};

    TRY(find_row(s->old[0].attrs, CKF_GENERATE, &row));
    m.mechanism = row->type;
    TRY(gen_key(row, &m, s->made[0]));
    s->n_made = 1;
    return finish(s->session, s->made[0], row->type, id);
}

static CK_RV make(struct succession *s)
{
    AUTO(attrs_freep) struct attrs *inherited = NULL;
    const struct attrs *old = s->old[0].attrs;
    uint8_t id[SUCCESSION_ID];
    CK_RV rv;

    TRY(attrs_new(&inherited));
    rv = build_like(s->session, old, inherited, &s->made[0]);
    ENSURE(rv != CKR_HOST_MEMORY, rv);
    if (rv != CKR_OK)
        return refuse(CKR_TEMPLATE_INCONSISTENT,
                      "the policy makes no keys with its attributes (docs/policy.md)");
    TRY(prim_random(id, sizeof(id)));
    return attrs_ulong(old, CKA_CLASS, CKO_DATA) == CKO_PRIVATE_KEY
               ? make_pair(s, SPAN_ARRAY(id))
               : make_secret(s, SPAN_ARRAY(id));
}

/* -- the statement ----------------------------------------------------------------------------- */

static CK_RV describe(struct succession *s, struct span nonce)
{
    const struct attrs *old = s->old[0].attrs;

    ENSURE(nonce.n <= STATEMENT_MAX_NONCE, CKR_DATA_LEN_RANGE);
    if (attrs_span(old, CKA_LABEL).n + attrs_span(old, CKA_ID).n > NAMES_MAX)
        return refuse(CKR_DATA_LEN_RANGE, "its label or id is too long for a statement");
    s->statement = (struct statement){.kind = STATEMENT_ROTATION, .nonce = nonce};
    TRY(attestation_describe(s->session->token, s->made[0], &s->home, &s->statement));
    s->statement.rotation = (struct statement_rotation){
        .old_public_key = attrs_span(old, CKA_PUBLIC_KEY_INFO),
        .old_id = attrs_span(old, CKA_ID),
        .label = attrs_span(old, CKA_LABEL),
    };
    return CKR_OK;
}

CK_RV succession_to_sign(const struct succession *s, struct buf *ret)
{
    return statement_signed_bytes(&s->statement, ret);
}

/* A report says something about a key only if the key never leaves what is reported. */
bool succession_may_be_attested(const struct succession *s)
{
    const struct attrs *a = s->made[0];

    return keyring_attests(token_keyring(s->session->token)) &&
           attrs_bool(a, CKA_NEVER_EXTRACTABLE, false) && attrs_bool(a, CKA_LOCAL, false);
}

CK_RV succession_prove(struct succession *s, struct span signature)
{
    AUTO(buf_clear) struct buf statement = BUF_INIT;
    AUTO(buf_clear) struct buf proof = BUF_INIT;

    s->attested = succession_may_be_attested(s);
    if (!s->attested && signature.n == 0)
        return CKR_OK;
    s->statement.rotation.signature = signature;
    TRY(statement_encode(&s->statement, &statement));
    s->statement.rotation.signature = SPAN_EMPTY;
    if (s->attested)
        TRY(attestation_report(s->session->token, buf_span(&statement), &proof));
    else
        buf_put(&proof, buf_span(&statement));
    TRY(buf_ok(&proof));
    TRY(attrs_set(s->made[0], CKA_TEE_ROTATION, buf_span(&proof)));
    s->proof = proof;
    proof = BUF_INIT;
    return CKR_OK;
}

/* -- the calls --------------------------------------------------------------------------------- */

CK_RV succession_prepare(struct session *s, CK_OBJECT_HANDLE h, bool keep_reading,
                         struct span nonce, struct succession *ret)
{
    TRY(session_may_write(s, true, true));
    ret->session = s;
    TRY(token_edit_begin(s->token, h, &ret->old[0]));
    ret->n_old = 1;
    TRY(check_old(ret->old[0].attrs));
    TRY(check_state(s->token, ret->old[0].attrs));
    TRY(add_publics(s->token, ret));
    TRY(make(ret));
    for (size_t i = 0; i < ret->n_old; i++)
        TRY(retire(ret->old[i].attrs, keep_reading));
    return describe(ret, nonce);
}

CK_RV succession_commit(struct succession *s)
{
    return token_succeed(s->session->token, (const struct attrs *const *)s->made, s->n_made, s->old,
                         s->n_old);
}
