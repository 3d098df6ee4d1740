/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * platform.h - the seals of the platform: tried in order, made, explained. The only caller of
 * root/ beside create.c and recover.c, which select the root.
 *
 * Everything here may ask a device and block for a minute: no lock and no transaction is held.
 */
#ifndef TEE_KEYRING_PLATFORM_H
#define TEE_KEYRING_PLATFORM_H

#include "keyring/seal.h"
#include "root/root.h"

/*
 * Try the seals of the root's kind: current ones before superseded ones, newer ones first. A
 * binding that is not allowed is passed over before the device is asked. *ret_which is the index in
 * the set; *ret_asked (may be NULL) whether the device was asked, or a cache knew (unseal_cache.h).
 * CKR_DEVICE_ERROR, with a log line saying why none opens and what to do.
 */
NODISCARD CK_RV platform_open(const struct conf *c, const struct root *r, const struct header *h,
                              const struct seal_set *set, struct secret **ret_master,
                              size_t *ret_which, bool *ret_asked);

/* Which seals of the set open on this platform, superseded ones too: those are tried, with nothing
 * kept from a moment ago, whose binding says what the platform is now (`now`: of platform_make()).
 * The others are false. */
NODISCARD CK_RV platform_opening(const struct conf *c, const struct root *r, const struct header *h,
                                 const struct seal_set *set, const struct binding *now,
                                 bool ret_opens[SEAL_MAX]);

/* A seal of the platform as it is now. may_create: see root.h. */
struct platform_seal {
    uint8_t id[SEAL_ID];
    struct buf row;
    struct binding binding;
};
void platform_seal_clear(struct platform_seal *s);
NODISCARD CK_RV platform_make(const struct conf *c, const struct root *r, bool may_create,
                              const struct header *h, struct span master, uint64_t superseded,
                              struct platform_seal *ret);

/* A hardware root of which the vendor's firmware alone is measured seals only together with an
 * owner's secret: CKR_FUNCTION_REJECTED, with a log line, where none is configured. */
NODISCARD CK_RV platform_owner_check(const struct conf *c, const struct root *r,
                                     enum conf_measured measured);

/* One line per platform seal: what it is sealed to and how that differs from `now` (NULL: the
 * platform can't say). */
NODISCARD CK_RV platform_explain(const struct seal_set *set, const struct binding *now,
                                 struct buf *ret_text);

#endif
