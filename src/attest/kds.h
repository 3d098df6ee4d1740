/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kds.h - AMD's key distribution service (AMD 57230) through libcurl and a cache on disk: the
 * certificate of the VCEK that signed a report, and revocation lists.
 *
 * For programs of a relying party and for the command; nothing of it is linked into the module.
 * One value serves one thread. The service limits its clients (429): between tries this waits
 * 1/12 of the patience, then twice that, at most 1/4 (10, 20, 30, 30 seconds of two minutes),
 * or as long as the service says. What does not pass the caller's check is neither used nor kept.
 */
#ifndef TEE_ATTEST_KDS_H
#define TEE_ATTEST_KDS_H

#include "attest/verify.h"

#define KDS_URL         "https://kdsintf.amd.com"
#define KDS_PATIENCE_MS 120000u
#define KDS_FRESH_AGE   86400u /* seconds: an older list or chain is asked for anew */

struct kds_options {
    const char *url;      /* of the service, without a slash at its end; NULL: KDS_URL */
    const char *cache;    /* directory; NULL: none */
    bool offline;         /* the cache alone */
    bool no_cache;        /* the service alone */
    uint32_t patience_ms; /* 0: KDS_PATIENCE_MS */
    /* For tests: instead of sleeping. NULL: nanosleep. */
    void (*wait_ms)(void *ctx, uint32_t ms);
    void *wait_ctx;
};

struct kds;

/* Strings are borrowed and must outlive it. CKR_HOST_MEMORY, CKR_FUNCTION_FAILED (libcurl). */
NODISCARD CK_RV kds_new(const struct kds_options *o, struct kds **ret);
void kds_free(struct kds *k); /* NULL is allowed */
DEFINE_AUTO(kds_freep, struct kds, kds_free)

/* As a source of verify(); borrows k. */
struct verify_source kds_source(struct kds *k);

/*
 * The certificate of the report's VCEK, from the cache or the service; the report's product must be
 * set. Functions of struct verify_source: CKR_OK once `accept` took something; else
 * CKR_DEVICE_ERROR (not to be had now), CKR_DATA_INVALID (an answer that was not accepted), and
 * *ret_why.
 */
NODISCARD CK_RV kds_vcek(void *k, const struct report *r, verify_accept_fn *accept,
                         void *accept_ctx, char **ret_why);
NODISCARD CK_RV kds_issuer(void *k, enum product p, enum signing_key key, verify_accept_fn *accept,
                           void *accept_ctx, char **ret_why);
NODISCARD CK_RV kds_crl(void *k, enum product p, enum signing_key key, verify_accept_fn *accept,
                        void *accept_ctx, char **ret_why);

/* The path of the report's VCEK below the service's URL ("/vcek/v1/Milan/..."), and the name of
 * its file in the cache. */
void kds_vcek_path(const struct report *r, struct buf *ret);
void kds_vcek_name(const struct report *r, struct buf *ret);

/* The cache directory of this user: /var/cache/tee-pkcs11 for root, else $XDG_CACHE_HOME or
 * ~/.cache + /tee-pkcs11. NULL: it has none. malloc'd. */
char *kds_default_cache(void);

#endif
