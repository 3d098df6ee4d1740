/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules.c - what becomes of acceptable vectors, flag by flag, and the valid ones that can't be
 * served, with the reason; see vectors.h.
 */
#include "vectors/vectors.h"

#include <string.h>

static bool algorithm_is(const char *pattern, const struct vector *v)
{
    const size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, v->algorithm, n - 1) == 0;
    return strcmp(pattern, v->algorithm) == 0;
}

/* -- acceptable ------------------------------------------------------------------------------- */

enum answer { REFUSE, ACCEPT };

static const struct rule {
    const char *algorithm;
    const char *flag;
    enum answer answer;
} rules[] = {
    /* SP 800-38F wraps at least two blocks; one would be a mere block cipher. */
    {"AES-WRAP", "ShortKey", REFUSE},
    /* SEC 1 2.3.4: a compressed point is a point. */
    {"ECDH", "CompressedPoint", ACCEPT},
    {"ECDH", "CompressedPublic", ACCEPT},
    /* RFC 8017 9.2: one encoding of DigestInfo, with its NULL. */
    {"RSASSA-PKCS1-v1_5", "MissingNull", REFUSE},
    /* Who asks for CKM_SHA1_RSA_PKCS gets it: old protocols need it. */
    {"RSASSA-PKCS1-v1_5", "WeakHash", ACCEPT},
    /* Private keys have e >= 65537 (FIPS 186-5 A.1.1). */
    {"RSASSA-PKCS1-v1_5", "SmallPublicKey", REFUSE},
    /* RFC 7748 6.1: a secret of zeros says that the peer chose it. */
    {"XDH", "ZeroSharedSecret", REFUSE},
    /* RFC 7748 5: every string of the right length is a public key, reduced first. What is left of
     * these flags where the secret is not zero. */
    {"XDH", "LowOrderPublic", ACCEPT},
    {"XDH", "SmallPublicKey", ACCEPT},
    {"XDH", "NonCanonicalPublic", ACCEPT},
    {"XDH", "Twist", ACCEPT},
    {"XDH", "SpecialPublicKey", ACCEPT},
    {"XDH", "EdgeCaseShared", ACCEPT},
    {"XDH", "EdgeCaseMultiplication", ACCEPT},
    {"XDH", "Ktv", ACCEPT},
};

static enum answer answer_to(const struct vector *v, const char *flag)
{
    for (size_t i = 0; i < N_ELEMENTS(rules); i++) {
        if (algorithm_is(rules[i].algorithm, v) && strcmp(rules[i].flag, flag) == 0)
            return rules[i].answer;
    }
    fail_msg("no rule for the flag %s of %s", flag, v->algorithm);
    return REFUSE;
}

bool rule_accepts(const struct vector *v)
{
    const json_t *flags = json_object_get(v->test, "flags");
    bool accepts = true;

    assert_true(json_array_size(flags) > 0);
    for (size_t i = 0; i < json_array_size(flags); i++)
        accepts &= answer_to(v, json_string_value(json_array_get(flags, i))) == ACCEPT;
    return accepts;
}

/* -- limits ----------------------------------------------------------------------------------- */

#define MAX_GCM_IV 128 /* bytes: OpenSSL's */

static bool iv_is_long(const struct vector *v)
{
    return json_bytes(v->test, "iv").n > MAX_GCM_IV;
}

/* Keys of 48 bytes are two of AES-192. */
static bool key_is_192(const struct vector *v)
{
    return json_bytes(v->test, "key").n == 48;
}

static const struct limit limits[] = {
    {"AES-GCM", iv_is_long, CKR_MECHANISM_PARAM_INVALID,
     "OpenSSL takes GCM IVs of up to 128 bytes"},
    {"AES-XTS", key_is_192, CKR_KEY_SIZE_RANGE,
     "XTS is defined (IEEE 1619), and in OpenSSL, for AES-128 and AES-256 alone"},
};

const struct limit *limit_of(const struct vector *v)
{
    for (size_t i = 0; i < N_ELEMENTS(limits); i++) {
        if (algorithm_is(limits[i].algorithm, v) && limits[i].applies(v))
            return &limits[i];
    }
    return NULL;
}
