/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator_report.c - the firmware's side of MSG_REPORT_REQ: reports of version 2 to 5 for
 * Milan, Genoa and Turin, signed by the emulated chip's VCEK or the cloud's VLEK.
 */
#include <openssl/evp.h>

#include "snp_chain.h"
#include "snp_emulator.h"

#define VMPL_MAX          3u
#define KEY_SEL_MASK      3u
#define SIGNING_KEY_SHIFT 2
#define FIRMWARE_MINOR    55u
#define FIRMWARE_MAJOR    1u
#define FIRMWARE_BUILD    25u
#define MIT_VECTOR        0xbu

enum signing_key { SIGNING_VCEK = 0, SIGNING_VLEK = 1, SIGNING_NONE = 7 };

struct cpuid {
    uint8_t family, model, step;
};

static const struct cpuid cpuids[] = {
    [SNP_MILAN] = {0x19, 0x01, 1},
    [SNP_GENOA] = {0x19, 0x11, 1},
    [SNP_TURIN] = {0x1a, 0x02, 1},
};

static void put_le(uint8_t *report, enum snp_report_offset at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        report[(size_t)at + i] = (uint8_t)(v >> (8 * i));
}

static void put_u32(uint8_t *report, enum snp_report_offset at, uint32_t v)
{
    put_le(report, at, v, 4);
}

static void put_u64(uint8_t *report, enum snp_report_offset at, uint64_t v)
{
    put_le(report, at, v, 8);
}

static void put_bytes(uint8_t *report, enum snp_report_offset at, struct span bytes)
{
    memcpy(report + at, bytes.p, bytes.n);
}

static void put_launch(const struct snp_state *s, uint8_t *report)
{
    const bool id_block = !mem_is_zero(s->id_key_digest, sizeof(s->id_key_digest));
    uint8_t no_agent[32];

    memset(no_agent, 0xff, sizeof(no_agent));
    put_u32(report, SNP_REPORT_GUEST_SVN, id_block ? s->guest_svn : 0);
    put_u64(report, SNP_REPORT_POLICY, s->policy);
    put_bytes(report, SNP_REPORT_FAMILY_ID, SPAN_ARRAY(s->family_id));
    put_bytes(report, SNP_REPORT_IMAGE_ID, SPAN_ARRAY(s->image_id));
    put_bytes(report, SNP_REPORT_MEASUREMENT, SPAN_ARRAY(s->measurement));
    put_bytes(report, SNP_REPORT_HOST_DATA, SPAN_ARRAY(s->host_data));
    put_bytes(report, SNP_REPORT_ID_KEY_DIGEST, SPAN_ARRAY(s->id_key_digest));
    if (id_block)
        put_bytes(report, SNP_REPORT_AUTHOR_KEY_DIGEST, SPAN_ARRAY(s->author_key_digest));
    put_bytes(report, SNP_REPORT_REPORT_ID, SPAN_ARRAY(s->report_id));
    put_bytes(report, SNP_REPORT_REPORT_ID_MA, SPAN_ARRAY(no_agent));
    put_u64(report, SNP_REPORT_LAUNCH_TCB, s->launch_tcb);
}

static void put_platform(const struct snp_state *s, uint8_t *report)
{
    const uint32_t firmware = FIRMWARE_BUILD | FIRMWARE_MINOR << 8 | FIRMWARE_MAJOR << 16;

    put_u64(report, SNP_REPORT_CURRENT_TCB, s->current_tcb);
    put_u64(report, SNP_REPORT_PLATFORM_INFO, s->platform_info);
    put_u64(report, SNP_REPORT_REPORTED_TCB, s->reported_tcb);
    put_u64(report, SNP_REPORT_COMMITTED_TCB, s->committed_tcb);
    put_u32(report, SNP_REPORT_CURRENT_VERSION, firmware);
    put_u32(report, SNP_REPORT_COMMITTED_VERSION, firmware);
    if (!s->mask_chip_id)
        put_bytes(report, SNP_REPORT_CHIP_ID, SPAN_ARRAY(s->chip_id));
    if (s->report_version >= 3) {
        report[SNP_REPORT_CPUID_FAMILY] = cpuids[s->product].family;
        report[SNP_REPORT_CPUID_MODEL] = cpuids[s->product].model;
        report[SNP_REPORT_CPUID_STEP] = cpuids[s->product].step;
    }
    if (s->report_version >= 5) {
        put_u64(report, SNP_REPORT_LAUNCH_MIT_VECTOR, MIT_VECTOR);
        put_u64(report, SNP_REPORT_CURRENT_MIT_VECTOR, MIT_VECTOR);
    }
}

static uint32_t key_info(const struct snp_state *s, enum signing_key key)
{
    const bool author = !mem_is_zero(s->id_key_digest, sizeof(s->id_key_digest)) &&
                        !mem_is_zero(s->author_key_digest, sizeof(s->author_key_digest));

    return (author ? SNP_KEY_INFO_AUTHOR_KEY : 0) |
           (s->mask_chip_key ? SNP_KEY_INFO_MASK_CHIP_KEY : 0) | (uint32_t)key << SIGNING_KEY_SHIFT;
}

static bool report_sign(const struct snp_state *s, enum signing_key key, uint8_t *report)
{
    uint8_t secret[48];

    if (key == SIGNING_NONE)
        return true;
    if (key == SIGNING_VLEK)
        snp_state_vlek(s, s->reported_tcb, secret);
    else
        snp_state_vcek(s, s->reported_tcb, secret);
    return snp_chain_sign(secret, span_of(report, SNP_REPORT_SIGNATURE),
                          report + SNP_REPORT_SIGNATURE);
}

/* KEY_SEL of the request: 0 VLEK if loaded, else VCEK; 1 VCEK; 2 VLEK. False: INVALID_KEY. */
static bool signing_key(const struct snp_state *s, uint32_t key_sel, enum signing_key *ret)
{
    const bool vlek = key_sel == 2 || (key_sel == 0 && s->vlek_loaded);

    if (key_sel > 2 || (vlek ? !s->vlek_loaded : s->vcek_disabled))
        return false;
    *ret = s->mask_chip_key ? SIGNING_NONE : vlek ? SIGNING_VLEK : SIGNING_VCEK;
    return true;
}

static bool request_permitted(const struct snp_state *s, const struct snp_report_request *r)
{
    const uint8_t known = s->has_key_select ? KEY_SEL_MASK : 0;

    return r->vmpl >= s->vmpck && r->vmpl <= VMPL_MAX && (r->rsvd[0] & ~known) == 0 &&
           mem_is_zero(r->rsvd + 1, sizeof(r->rsvd) - 1);
}

bool snp_state_report(struct snp_state *s, const struct snp_report_request *request,
                      struct snp_report_response *ret)
{
    enum signing_key key;
    uint8_t *report = ret->report;

    *ret = (struct snp_report_response){.status = SNP_STATUS_INVALID_PARAM};
    if (!request_permitted(s, request))
        return true;
    ret->status = SNP_STATUS_INVALID_KEY;
    if (!signing_key(s, request->rsvd[0], &key))
        return true;
    put_u32(report, SNP_REPORT_VERSION, s->report_version);
    put_u32(report, SNP_REPORT_VMPL, s->host_asks ? UINT32_MAX : request->vmpl);
    put_u32(report, SNP_REPORT_SIGNATURE_ALGO, 1);
    put_u32(report, SNP_REPORT_KEY_INFO, key_info(s, key));
    put_bytes(report, SNP_REPORT_REPORT_DATA, SPAN_ARRAY(request->user_data));
    put_launch(s, report);
    put_platform(s, report);
    if (!report_sign(s, key, report))
        return false;
    ret->status = SNP_STATUS_OK;
    ret->report_size = sizeof(ret->report);
    s->reports++;
    return true;
}
