/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_pbkdf2.c - secret keys from passwords (PKCS#11 v3.2 6.37, RFC 8018 5.2).
 *
 * A call can't be interrupted, and its session is busy until it ends: what one may cost is bounded.
 */
#include <inttypes.h>

#include <openssl/core_names.h>

#include "crypto/gen_class.h"
#include "crypto/kdf.h"
#include "crypto/key_secret.h"
#include "crypto/ossl_auto.h"
#include "util/log.h"

/* HMACs that one call may take: 5 seconds by SHA-256, 18 by SHA3-512 on a processor of 2024. Twice
 * what the dearest format that we know of asks for (backups of telephones, 10,000,000 for one block
 * of SHA-256); OWASP's advice for stored passwords is 1,300,000 of SHA-1, 600,000 of SHA-256. */
#define MAX_WORK UINT64_C(20000000)

/* Every block of the key takes all of the iterations (RFC 8018 5.2). */
static CK_RV work_check(const union mech_param *p, size_t n)
{
    const size_t n_hash = p->pbkdf2.hash->n, blocks = (n + n_hash - 1) / n_hash;
    const uint64_t most = MAX_WORK / blocks;

    if (p->pbkdf2.iterations <= most)
        return CKR_OK;
    log_warn("a key of %zu bytes by %" PRIu64 " iterations of PBKDF2 would take too long: at most "
             "%" PRIu64 " are done for that length (docs/policy.md)",
             n, p->pbkdf2.iterations, most);
    FAIL(CKR_MECHANISM_PARAM_INVALID);
}

static CK_RV pbkdf2_run(const union mech_param *p, size_t n, struct attrs *a)
{
    const struct buf *owned = &p->pbkdf2.owned;
    uint64_t iterations = p->pbkdf2.iterations;
    int any = 1; /* also the lengths and counts that NIST does not recommend any more */
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_int(OSSL_KDF_PARAM_PKCS5, &any),
        param_text(OSSL_KDF_PARAM_DIGEST, p->pbkdf2.hash->md),
        param_octets(OSSL_KDF_PARAM_SALT, span_of(owned->p, p->pbkdf2.n_salt)),
        param_octets(OSSL_KDF_PARAM_PASSWORD,
                     span_of(owned->p + p->pbkdf2.n_salt, owned->n - p->pbkdf2.n_salt)),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
        OSSL_PARAM_construct_end(),
    };

    return kdf_value(OSSL_KDF_NAME_PBKDF2, params, n, a);
}

static CK_RV pbkdf2_key(const struct mech *row, const union mech_param *param, struct attrs *a)
{
    const struct key_class *c =
        key_class_secret(attrs_ulong(a, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));
    CK_ULONG n;

    (void)row;
    ENSURE(c != NULL, CKR_TEMPLATE_INCONSISTENT);
    n = attrs_ulong(a, CKA_VALUE_LEN, c->min == c->max ? c->min : 0);
    ENSURE(attrs_has(a, CKA_VALUE_LEN) || n > 0, CKR_TEMPLATE_INCOMPLETE);
    ENSURE(key_secret_length(c, n), CKR_KEY_SIZE_RANGE);
    TRY(work_check(param, n));
    TRY(pbkdf2_run(param, n, a));
    return key_secret_follow(a);
}

static const CK_ATTRIBUTE_TYPE adds[] = {CKA_VALUE, CKA_VALUE_LEN, CKA_CHECK_VALUE};

const struct gen_class gen_pbkdf2 = {
    .name = "pbkdf2",
    .adds = adds,
    .n_adds = N_ELEMENTS(adds),
    .key = pbkdf2_key,
};
