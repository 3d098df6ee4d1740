/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sev_snp.c - AMD SEV-SNP as root of trust: keys that only this chip derives, for this image.
 *
 * The root key is named (VCEK, or VLEK where the owner chose it: a host can't swap them), policy is
 * mixed (no DEBUG twin of the image), and the TCB version is named, which makes the key derivable
 * again after every firmware update and refused after a rollback. binding = image mixes the
 * measurement; binding = owner mixes the identity and SVN of an ID block instead, and then the
 * signer of this VM's ID block is checked before each derivation. A new binding names the committed
 * TCB, the highest that can't be taken back, and the SVN that the VM was launched with.
 *
 * The genuine and the emulated device run the same code; each of the two roots accepts one kind of
 * node and one kind of binding.
 */
#include "root/root.h"

#include "root/entropy.h"
#include "root/snp_device.h"
#include "root/snp_report.h"
#include "root/tsm.h"
#include "util/log.h"

_Static_assert(sizeof(((struct snp_report_response *)NULL)->report) == ROOT_REPORT_BYTES, "ABI");
_Static_assert(sizeof(((struct snp_key_response *)NULL)->key) == ROOT_KEY_BYTES, "ABI");

static CK_RV snp_probe(enum root_kind kind, const struct conf *c)
{
    enum root_kind found;

    TRY(snp_device_kind(c, &found));
    if (found != kind) {
        log_err("%s is a %s device, and a %s device is needed here", c->device,
                root_kind_name(found), root_kind_name(kind));
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

/* Ask for a report, and read it into the diagnosis half of *facts. */
static CK_RV snp_report_get(enum root_kind kind, const struct conf *c, const uint8_t *report_data,
                            struct binding *facts, struct snp_report_response *ret)
{
    struct snp_report_request request = {.vmpl = c->vmpl};

    memcpy(request.user_data, report_data, sizeof(request.user_data));
    TRY(snp_device_report(c, kind, &request, ret));
    TRY(snp_report_read(SPAN_ARRAY(ret->report), report_data, c->vmpl, facts));
    return CKR_OK;
}

static CK_RV snp_current(enum root_kind kind, const struct conf *c, struct binding *ret)
{
    const bool owner = c->binding == CONF_BINDING_OWNER;
    const bool vlek = c->endorsement == CONF_ENDORSEMENT_VLEK;
    struct binding now = {
        .kind = kind,
        .root_key_select = vlek ? SNP_KEY_SELECT_VLEK : SNP_KEY_SELECT_VCEK,
        .guest_field_select = owner ? SNP_FIELDS_OWNER : SNP_FIELDS_IMAGE,
        .vmpl = c->vmpl,
    };
    struct snp_report_response response;
    uint8_t nonce[ROOT_REPORT_DATA_BYTES];

    TRY(entropy_fill(nonce, sizeof(nonce)));
    TRY(snp_report_get(kind, c, nonce, &now, &response));
    now.tcb_version = now.committed_tcb;
    now.guest_svn = owner ? now.report_guest_svn : 0;
    *ret = now;
    return CKR_OK;
}

/* The ID block can change only with a launch, but its check belongs where the key is asked for: no
 * caller can forget it. */
static CK_RV snp_owner_check(enum root_kind kind, const struct conf *c)
{
    struct binding now;

    if (c->binding != CONF_BINDING_OWNER)
        return CKR_OK;
    TRY(snp_current(kind, c, &now));
    return binding_owned(c, &now);
}

static CK_RV snp_bind(enum root_kind kind, const struct conf *c, struct binding *ret)
{
    struct binding now;

    TRY(snp_current(kind, c, &now));
    if ((now.policy & SNP_POLICY_DEBUG) != 0) {
        log_err("this VM was launched with DEBUG allowed (policy 0x%llx): its host can read its "
                "memory, so nothing is sealed to it. Launch it without policy bit 19",
                (unsigned long long)now.policy);
        FAIL(CKR_DEVICE_ERROR);
    }
    if (now.report_guest_svn < c->min_guest_svn) {
        log_err("this VM was launched with guest SVN %u, below the floor of %u (min-guest-svn): "
                "nothing is sealed to it. Launch a newer image",
                now.report_guest_svn, c->min_guest_svn);
        FAIL(CKR_DEVICE_ERROR);
    }
    if (c->binding == CONF_BINDING_OWNER)
        TRY(binding_owned(c, &now));
    *ret = now;
    return CKR_OK;
}

static CK_RV snp_derive(const struct root *r, const struct conf *c, const struct binding *b,
                        struct secret **ret)
{
    AUTO(secret_freep) struct secret *response = NULL;
    const struct snp_key_response *answer;
    struct snp_key_request request;

    TRY(binding_allowed(c, r, b));
    TRY(snp_owner_check(r->kind, c));
    TRY(secret_new(sizeof(struct snp_key_response), &response));
    /* Field by field after the memset: no stack bytes reach the host. */
    memset(&request, 0, sizeof(request));
    request.root_key_select = b->root_key_select;
    request.guest_field_select = b->guest_field_select;
    request.vmpl = b->vmpl;
    request.guest_svn = b->guest_svn;
    request.tcb_version = b->tcb_version;
    TRY(snp_device_key(c, r->kind, &request, (void *)response->p));
    answer = (const void *)response->p;
    TRY(secret_from(SPAN_ARRAY(answer->key), ret));
    return CKR_OK;
}

/* The device, or configfs-tsm: by the configuration, or whichever this process can use. */
static bool reports_by_tsm(const struct conf *c)
{
    return c->reports == CONF_REPORTS_TSM ||
           (c->reports == CONF_REPORTS_AUTO && !snp_device_usable(c));
}

static CK_RV device_report(enum root_kind kind, const struct conf *c, const uint8_t *report_data,
                           struct buf *ret_report, struct buf *ret_certificates)
{
    struct snp_report_request request = {.vmpl = c->vmpl};
    struct snp_report_response response;

    memcpy(request.user_data, report_data, sizeof(request.user_data));
    if (ret_certificates == NULL)
        TRY(snp_device_report(c, kind, &request, &response));
    else
        TRY(snp_device_ext_report(c, kind, &request, &response, ret_certificates));
    buf_put(ret_report, SPAN_ARRAY(response.report));
    return buf_ok(ret_report);
}

static CK_RV snp_report(enum root_kind kind, const struct conf *c, const uint8_t *report_data,
                        struct buf *ret_report, struct buf *ret_certificates)
{
    AUTO(buf_clear) struct buf report = BUF_INIT;
    AUTO(buf_clear) struct buf certificates = BUF_INIT;
    struct binding facts = {.kind = kind};
    struct buf *wanted = ret_certificates != NULL ? &certificates : NULL;

    if (reports_by_tsm(c))
        TRY(tsm_report(c, kind, report_data, &report, wanted));
    else
        TRY(device_report(kind, c, report_data, &report, wanted));
    TRY(snp_report_read(buf_span(&report), report_data, c->vmpl, &facts));
    buf_put(ret_report, buf_span(&report));
    TRY(buf_ok(ret_report));
    if (ret_certificates == NULL)
        return CKR_OK;
    buf_put(ret_certificates, buf_span(&certificates));
    return buf_ok(ret_certificates);
}

static CK_RV genuine_probe(const struct conf *c)
{
    return snp_probe(ROOT_SEV_SNP, c);
}

static CK_RV genuine_bind(const struct conf *c, bool may_create, struct binding *ret)
{
    (void)may_create;
    return snp_bind(ROOT_SEV_SNP, c, ret);
}

static CK_RV genuine_derive(const struct conf *c, const struct binding *b, struct secret **ret)
{
    return snp_derive(&root_sev_snp, c, b, ret);
}

static CK_RV genuine_report(const struct conf *c, const uint8_t report_data[ROOT_REPORT_DATA_BYTES],
                            struct buf *ret_report, struct buf *ret_certificates)
{
    return snp_report(ROOT_SEV_SNP, c, report_data, ret_report, ret_certificates);
}

static CK_RV genuine_current(const struct conf *c, struct binding *ret)
{
    return snp_current(ROOT_SEV_SNP, c, ret);
}

static CK_RV emulated_probe(const struct conf *c)
{
    return snp_probe(ROOT_SEV_SNP_EMULATED, c);
}

static CK_RV emulated_bind(const struct conf *c, bool may_create, struct binding *ret)
{
    (void)may_create;
    return snp_bind(ROOT_SEV_SNP_EMULATED, c, ret);
}

static CK_RV emulated_derive(const struct conf *c, const struct binding *b, struct secret **ret)
{
    return snp_derive(&root_sev_snp_emulated, c, b, ret);
}

static CK_RV emulated_report(const struct conf *c,
                             const uint8_t report_data[ROOT_REPORT_DATA_BYTES],
                             struct buf *ret_report, struct buf *ret_certificates)
{
    return snp_report(ROOT_SEV_SNP_EMULATED, c, report_data, ret_report, ret_certificates);
}

static CK_RV emulated_current(const struct conf *c, struct binding *ret)
{
    return snp_current(ROOT_SEV_SNP_EMULATED, c, ret);
}

const struct root root_sev_snp = {
    .name = "sev-snp",
    .kind = ROOT_SEV_SNP,
    .hardware = true,
    .genuine = true,
    .probe = genuine_probe,
    .bind = genuine_bind,
    .derive = genuine_derive,
    .report = genuine_report,
    .current = genuine_current,
};

const struct root root_sev_snp_emulated = {
    .name = "sev-snp-emulated",
    .kind = ROOT_SEV_SNP_EMULATED,
    .hardware = true,
    .genuine = false,
    .probe = emulated_probe,
    .bind = emulated_bind,
    .derive = emulated_derive,
    .report = emulated_report,
    .current = emulated_current,
};
