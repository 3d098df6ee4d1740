/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_report.c - reads report versions 2 to 5, which agree on every offset used here.
 *
 * A later version is refused rather than guessed at: sealing to a TCB read from the wrong place
 * would give a key that can't be derived again. Opening needs no report.
 */
#include "root/snp_report.h"

#include "root/snp_abi.h"
#include "util/log.h"

#define VERSION_MIN        2u
#define VERSION_MAX        5u
#define VERSION_WITH_CPUID 3u
#define CHIP_ID_TURIN      8u /* bytes of an identity that Turin fills in */

/* The caller has checked the length: the offsets are constants inside it. */
static uint32_t report_u32(struct span report, enum snp_report_offset at)
{
    const uint8_t *p = report.p + at;

    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t report_u64(struct span report, enum snp_report_offset at)
{
    const struct span high = span_of(report.p + 4, report.n - 4);

    return (uint64_t)report_u32(high, at) << 32 | report_u32(report, at);
}

static void report_bytes(struct span report, enum snp_report_offset at, void *ret, size_t n)
{
    memcpy(ret, report.p + at, n);
}

/* A version 2 report names no CPU. Its chip identity gives a Turin away, whose TCB differs. */
static bool looks_like_turin(const struct binding *b)
{
    const size_t rest = sizeof(b->chip_id) - CHIP_ID_TURIN;

    return !mem_is_zero(b->chip_id, CHIP_ID_TURIN) && mem_is_zero(b->chip_id + CHIP_ID_TURIN, rest);
}

static void report_facts(struct span report, struct binding *b)
{
    b->report_version = (uint8_t)report_u32(report, SNP_REPORT_VERSION);
    if (b->report_version >= VERSION_WITH_CPUID) {
        b->cpuid_family = report.p[SNP_REPORT_CPUID_FAMILY];
        b->cpuid_model = report.p[SNP_REPORT_CPUID_MODEL];
        b->cpuid_step = report.p[SNP_REPORT_CPUID_STEP];
    }
    b->key_info = report_u32(report, SNP_REPORT_KEY_INFO);
    b->report_guest_svn = report_u32(report, SNP_REPORT_GUEST_SVN);
    b->policy = report_u64(report, SNP_REPORT_POLICY);
    b->platform_info = report_u64(report, SNP_REPORT_PLATFORM_INFO);
    b->current_tcb = report_u64(report, SNP_REPORT_CURRENT_TCB);
    b->committed_tcb = report_u64(report, SNP_REPORT_COMMITTED_TCB);
    b->reported_tcb = report_u64(report, SNP_REPORT_REPORTED_TCB);
    b->launch_tcb = report_u64(report, SNP_REPORT_LAUNCH_TCB);
    report_bytes(report, SNP_REPORT_MEASUREMENT, b->measurement, sizeof(b->measurement));
    report_bytes(report, SNP_REPORT_HOST_DATA, b->host_data, sizeof(b->host_data));
    report_bytes(report, SNP_REPORT_ID_KEY_DIGEST, b->id_key_digest, sizeof(b->id_key_digest));
    report_bytes(report, SNP_REPORT_AUTHOR_KEY_DIGEST, b->author_key_digest,
                 sizeof(b->author_key_digest));
    report_bytes(report, SNP_REPORT_CHIP_ID, b->chip_id, sizeof(b->chip_id));
    report_bytes(report, SNP_REPORT_FAMILY_ID, b->family_id, sizeof(b->family_id));
    report_bytes(report, SNP_REPORT_IMAGE_ID, b->image_id, sizeof(b->image_id));
}

/* What is wrong with it, or NULL. */
static const char *report_objection(struct span report, const uint8_t *report_data, uint32_t vmpl)
{
    const uint32_t version = report_u32(report, SNP_REPORT_VERSION);

    if (version < VERSION_MIN)
        return "its version is unknown";
    if (version > VERSION_MAX)
        return "its version is newer than this program knows; update tee-pkcs11";
    if (memcmp(report.p + SNP_REPORT_REPORT_DATA, report_data, ROOT_REPORT_DATA_BYTES) != 0)
        return "it answers another request (REPORT_DATA)";
    if (report_u32(report, SNP_REPORT_VMPL) != vmpl)
        return "it answers another request (VMPL)";
    return NULL;
}

CK_RV snp_report_read(struct span report, const uint8_t report_data[ROOT_REPORT_DATA_BYTES],
                      uint32_t vmpl, struct binding *ret)
{
    struct binding b = *ret;
    const char *objection = "its length is wrong";

    if (report.n == ROOT_REPORT_BYTES)
        objection = report_objection(report, report_data, vmpl);
    if (objection == NULL) {
        report_facts(report, &b);
        if (b.report_version < VERSION_WITH_CPUID && looks_like_turin(&b))
            objection = "it is of version 2 and of a Turin chip, whose TCB it can't describe";
    }
    if (objection == NULL && !tcb_valid(binding_tcb_layout(&b), b.committed_tcb))
        objection = "its committed TCB is malformed";
    if (objection != NULL) {
        log_err("the attestation report of this VM was refused: %s", objection);
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret = b;
    return CKR_OK;
}
