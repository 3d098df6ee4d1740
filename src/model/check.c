/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - what the rows of a schema cannot say; see check.h. */
#include "model/check.h"

#include "util/policy.h"

/* Without leading zeros: the standard's big integers may have some. */
static struct span big_integer(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    struct span number = attrs_span(a, type);

    while (number.n > 0 && number.p[0] == 0)
        number = span_of(number.p + 1, number.n - 1);
    return number;
}

static bool is_given(const struct attrs *a, CK_ATTRIBUTE_TYPE type)
{
    return attrs_span(a, type).n > 0;
}

/* v3.2 4.6.3: a certificate, or the place of one with the hashes that tell whose it is. */
NODISCARD CK_RV check_x509(const struct attrs *a)
{
    ENSURE(is_given(a, CKA_VALUE) || is_given(a, CKA_URL), CKR_TEMPLATE_INCOMPLETE);
    ENSURE(!is_given(a, CKA_URL) || is_given(a, CKA_HASH_OF_SUBJECT_PUBLIC_KEY),
           CKR_TEMPLATE_INCOMPLETE);
    ENSURE(!is_given(a, CKA_URL) || is_given(a, CKA_HASH_OF_ISSUER_PUBLIC_KEY),
           CKR_TEMPLATE_INCOMPLETE);
    return CKR_OK;
}

/* RFC 8017 3.1: e is odd and at least 3. */
NODISCARD CK_RV check_rsa_public(const struct attrs *a)
{
    const struct span e = big_integer(a, CKA_PUBLIC_EXPONENT);

    ENSURE(big_integer(a, CKA_MODULUS).n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(e.n > 0 && (e.p[e.n - 1] & 1) == 1, CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(e.n > 1 || e.p[0] >= 3, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_rsa_private(const struct attrs *a)
{
    TRY(check_rsa_public(a));
    ENSURE(big_integer(a, CKA_PRIVATE_EXPONENT).n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* Whether the point is on the curve is for crypto/ to say. */
NODISCARD CK_RV check_ec_public(const struct attrs *a)
{
    ENSURE(is_given(a, CKA_EC_PARAMS), CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(is_given(a, CKA_EC_POINT), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_ec_private(const struct attrs *a)
{
    ENSURE(is_given(a, CKA_EC_PARAMS), CKR_ATTRIBUTE_VALUE_INVALID);
    ENSURE(big_integer(a, CKA_VALUE).n > 0, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_secret(const struct attrs *a)
{
    ENSURE(is_given(a, CKA_VALUE), CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_aes(const struct attrs *a)
{
    const size_t n = attrs_span(a, CKA_VALUE).n;

    ENSURE(n == 16 || n == 24 || n == 32, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_xts(const struct attrs *a)
{
    const size_t n = attrs_span(a, CKA_VALUE).n;

    ENSURE(n == 32 || n == 64, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

NODISCARD CK_RV check_chacha20(const struct attrs *a)
{
    ENSURE(attrs_span(a, CKA_VALUE).n == 32, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

/* What one key should not do both. Derivation conflicts for some mechanisms alone (those that
 * encrypt), so no template is refused for it and no default yields to it. */
static const struct {
    CK_ATTRIBUTE_TYPE key;  /* to keys */
    CK_ATTRIBUTE_TYPE data; /* to data */
    bool always;
} conflicts[] = {
    {CKA_WRAP, CKA_DECRYPT, true},    {CKA_WRAP, CKA_ENCRYPT, true},
    {CKA_UNWRAP, CKA_ENCRYPT, true},  {CKA_UNWRAP, CKA_DECRYPT, true},
    {CKA_DERIVE, CKA_ENCRYPT, false}, {CKA_DERIVE, CKA_DECRYPT, false},
};

/* A key of this type can do this to data at all. By a public key anybody can, so that it does not
 * count. */
static bool can_at_all(const struct schema *s, CK_ATTRIBUTE_TYPE usage)
{
    const struct attr_rule *rule = schema_rule(s, usage);

    return s->class != CKO_PUBLIC_KEY && rule != NULL && rule->def == D_TRUE;
}

static bool has_conflict(const struct schema *s, const struct attrs *a)
{
    CK_ATTRIBUTE_TYPE key = CK_UNAVAILABLE_INFORMATION;
    bool does = false; /* what `key` says */

    for (size_t i = 0; i < N_ELEMENTS(conflicts); i++) {
        if (conflicts[i].key != key)
            does = attrs_bool(a, conflicts[i].key, false);
        key = conflicts[i].key;
        if (does && conflicts[i].always && can_at_all(s, conflicts[i].data) &&
            attrs_bool(a, conflicts[i].data, false))
            return true;
    }
    return false;
}

NODISCARD CK_RV check_policy(const struct schema *s, const struct attrs *a)
{
    ENSURE(!policy_holds(POLICY_USAGE_TEMPLATES) || !has_conflict(s, a), CKR_TEMPLATE_INCONSISTENT);
    ENSURE(!attrs_bool(a, CKA_ALWAYS_AUTHENTICATE, false) || attrs_bool(a, CKA_PRIVATE, false),
           CKR_TEMPLATE_INCONSISTENT);
    return CKR_OK;
}

bool check_yields(CK_ATTRIBUTE_TYPE usage, check_asked *asked, const void *arg)
{
    for (size_t i = 0; i < N_ELEMENTS(conflicts); i++) {
        if (conflicts[i].always && conflicts[i].data == usage && asked(arg, conflicts[i].key))
            return true;
    }
    return false;
}

bool check_settled(const struct schema *s, const struct attrs *a, CK_ATTRIBUTE_TYPE usage)
{
    for (size_t i = 0; i < N_ELEMENTS(conflicts); i++) {
        if (can_at_all(s, conflicts[i].data) &&
            (conflicts[i].key == usage ||
             (conflicts[i].data == usage && attrs_bool(a, conflicts[i].key, false))))
            return policy_holds(POLICY_USAGE_CONFLICTS);
    }
    return false;
}
