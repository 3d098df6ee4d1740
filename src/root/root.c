/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * root.c - which root of trust the configuration means.
 *
 * A root that is not genuine hardware is used only where it was asked for by name, and says so in
 * the log once per process.
 */
#include "root/root.h"

#include <stdatomic.h>

#include "root/snp_device.h"
#include "root/tsm.h"
#include "util/log.h"

static const struct root *const roots[] = {
    [ROOT_SOFTWARE] = &root_software,
    [ROOT_SEV_SNP] = &root_sev_snp,
    [ROOT_SEV_SNP_EMULATED] = &root_sev_snp_emulated,
};

const char *root_kind_name(enum root_kind kind)
{
    const size_t i = (size_t)kind;

    return i < N_ELEMENTS(roots) && roots[i] != NULL ? roots[i]->name : "unknown";
}

static CK_RV select_software(const struct conf *c, enum root_kind *ret)
{
    (void)c;
    *ret = ROOT_SOFTWARE;
    return CKR_OK;
}

static CK_RV select_sev_snp(const struct conf *c, enum root_kind *ret)
{
    return snp_device_kind(c, ret);
}

static CK_RV select_auto(const struct conf *c, enum root_kind *ret)
{
    enum root_kind kind;

    TRY(snp_device_kind(c, &kind));
    if (kind != ROOT_SEV_SNP) {
        log_err("%s is not the kernel's own sev-guest device, and root = auto takes only hardware. "
                "Correct `device`, or ask for it by name with root = sev-snp (for tests), or for "
                "root = software (for development)",
                c->device);
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret = kind;
    return CKR_OK;
}

static CK_RV (*const selectors[])(const struct conf *c, enum root_kind *ret) = {
    [CONF_ROOT_SEV_SNP] = select_sev_snp,
    [CONF_ROOT_SOFTWARE] = select_software,
    [CONF_ROOT_AUTO] = select_auto,
};

static atomic_bool warned;

void root_warned(void)
{
    atomic_store(&warned, true);
}

static void warn_once(const struct root *r)
{
    if (!r->genuine && !atomic_exchange(&warned, true))
        log_warn("the root of trust is %s: it is not hardware and protects nothing from the host. "
                 "For development and tests only",
                 r->name);
}

CK_RV root_select(const struct conf *c, const struct root **ret)
{
    enum root_kind kind;

    ENSURE((size_t)c->root < N_ELEMENTS(selectors), CKR_ARGUMENTS_BAD);
    TRY(selectors[c->root](c, &kind));
    warn_once(roots[kind]);
    *ret = roots[kind];
    return CKR_OK;
}

CK_RV root_select_report(const struct conf *c, const struct root **ret)
{
    const bool by_tsm = c->reports == CONF_REPORTS_TSM ||
                        (c->reports == CONF_REPORTS_AUTO && !snp_device_usable(c));
    enum root_kind kind;

    if (c->root == CONF_ROOT_SOFTWARE || !by_tsm)
        return root_select(c, ret);
    TRY(tsm_kind(c, &kind));
    if (c->root == CONF_ROOT_AUTO && kind != ROOT_SEV_SNP) {
        log_err("%s is not the kernel's own configfs, and root = auto takes only hardware. Correct "
                "`tsm`, or ask for it by name with root = sev-snp (for tests)",
                c->tsm);
        FAIL(CKR_DEVICE_ERROR);
    }
    warn_once(roots[kind]);
    *ret = roots[kind];
    return CKR_OK;
}
