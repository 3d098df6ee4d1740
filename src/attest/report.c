/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - reads attestation reports; see report.h. */
#include "attest/report.h"

#include <stdio.h>

enum offset {
    AT_VERSION = 0x000,
    AT_GUEST_SVN = 0x004,
    AT_POLICY = 0x008,
    AT_VMPL = 0x030,
    AT_SIGNATURE_ALGO = 0x034,
    AT_CURRENT_TCB = 0x038,
    AT_PLATFORM_INFO = 0x040,
    AT_KEY_INFO = 0x048,
    AT_REPORTED_TCB = 0x180,
    AT_CPUID = 0x188,
    AT_COMMITTED_TCB = 0x1e0,
    AT_CURRENT_FIRMWARE = 0x1e8,
    AT_COMMITTED_FIRMWARE = 0x1ec,
    AT_LAUNCH_TCB = 0x1f0,
    AT_LAUNCH_MITIGATIONS = 0x1f8,
    AT_CURRENT_MITIGATIONS = 0x200,
    AT_R = 0x2a0,
    AT_S = 0x2e8,
};

#define SIGNATURE_P384_SHA384  1u
#define KEY_INFO_AUTHOR_KEY    (1u << 0)
#define KEY_INFO_MASK_CHIP_KEY (1u << 1)
#define KEY_INFO_SIGNING_SHIFT 2
#define KEY_INFO_SIGNING_MASK  7u
#define KEY_INFO_RESERVED      0xffffffe0u
#define TCB_BYTES              8

/* -- products and TCBs ----------------------------------------------------------------------- */

static const char *const product_names[N_PRODUCTS] = {
    [PRODUCT_MILAN] = "Milan", [PRODUCT_GENOA] = "Genoa", [PRODUCT_TURIN] = "Turin"};

/* CPUID family and models, base and extended added up. Bergamo and Siena are Genoa to the KDS. */
static const struct {
    uint8_t family, model_from, model_to;
    enum product product;
} cpus[] = {
    {0x19, 0x00, 0x0f, PRODUCT_MILAN},
    {0x19, 0x10, 0x1f, PRODUCT_GENOA},
    {0x19, 0xa0, 0xaf, PRODUCT_GENOA},
    {0x1a, 0x00, 0x11, PRODUCT_TURIN},
};

static const char *const part_names[TCB_N_PARTS] = {[TCB_FMC] = "fmc",
                                                    [TCB_BOOT_LOADER] = "bl",
                                                    [TCB_TEE] = "tee",
                                                    [TCB_SNP] = "snp",
                                                    [TCB_MICROCODE] = "ucode"};

/* Which component each byte of a TCB version is; TCB_N_PARTS: zero. */
#define NONE TCB_N_PARTS
static const enum tcb_part layouts[N_PRODUCTS][TCB_BYTES] = {
    [PRODUCT_MILAN] = {TCB_BOOT_LOADER, TCB_TEE, NONE, NONE, NONE, NONE, TCB_SNP, TCB_MICROCODE},
    [PRODUCT_GENOA] = {TCB_BOOT_LOADER, TCB_TEE, NONE, NONE, NONE, NONE, TCB_SNP, TCB_MICROCODE},
    [PRODUCT_TURIN] = {TCB_FMC, TCB_BOOT_LOADER, TCB_TEE, TCB_SNP, NONE, NONE, NONE, TCB_MICROCODE},
};

const char *product_name(enum product p)
{
    return product_names[p];
}

bool product_named(const char *name, enum product *ret)
{
    for (size_t i = 0; i < N_PRODUCTS; i++) {
        if (strcmp(name, product_names[i]) == 0) {
            *ret = (enum product)i;
            return true;
        }
    }
    return false;
}

const char *tcb_part_name(enum tcb_part part)
{
    return part_names[part];
}

bool tcb_has_part(enum product p, enum tcb_part part)
{
    return part != TCB_FMC || p == PRODUCT_TURIN;
}

bool tcb_parts_reach(const struct tcb_parts *a, const struct tcb_parts *b)
{
    for (size_t i = 0; i < TCB_N_PARTS; i++) {
        if (a->part[i] < b->part[i])
            return false;
    }
    return true;
}

bool tcb_parts_equal(const struct tcb_parts *a, const struct tcb_parts *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

const char *tcb_parts_text(enum product p, const struct tcb_parts *t, char text[64])
{
    size_t n = 0;

    text[0] = '\0';
    for (enum tcb_part i = TCB_FMC; i < TCB_N_PARTS; i++) {
        if (tcb_has_part(p, i) && n < 64)
            n += (size_t)snprintf(text + n, 64 - n, "%s%s %u", n > 0 ? ", " : "", part_names[i],
                                  t->part[i]);
    }
    return text;
}

/* -- fields ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    uint16_t at, n;
} fields[REPORT_N_FIELDS] = {
    [REPORT_FAMILY_ID] = {"FAMILY_ID", 0x010, 16},
    [REPORT_IMAGE_ID] = {"IMAGE_ID", 0x020, 16},
    [REPORT_REPORT_DATA] = {"REPORT_DATA", 0x050, 64},
    [REPORT_MEASUREMENT] = {"MEASUREMENT", 0x090, 48},
    [REPORT_HOST_DATA] = {"HOST_DATA", 0x0c0, 32},
    [REPORT_ID_KEY_DIGEST] = {"ID_KEY_DIGEST", 0x0e0, 48},
    [REPORT_AUTHOR_KEY_DIGEST] = {"AUTHOR_KEY_DIGEST", 0x110, 48},
    [REPORT_REPORT_ID] = {"REPORT_ID", 0x140, 32},
    [REPORT_REPORT_ID_MA] = {"REPORT_ID_MA", 0x160, 32},
    [REPORT_CHIP] = {"CHIP_ID", 0x1a0, REPORT_CHIP_ID},
};

struct span report_field(const struct report *r, enum report_field f)
{
    return span_of(r->raw.p + fields[f].at, fields[f].n);
}

const char *report_field_name(enum report_field f)
{
    return fields[f].name;
}

size_t report_field_size(enum report_field f)
{
    return fields[f].n;
}

static uint32_t u32_at(struct span report, enum offset at)
{
    const uint8_t *p = report.p + at;

    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t u64_at(struct span report, enum offset at)
{
    uint64_t v = 0;

    for (size_t i = 8; i > 0; i--)
        v = v << 8 | report.p[at + i - 1];
    return v;
}

static struct firmware_version firmware_at(struct span report, enum offset at)
{
    const uint8_t *p = report.p + at;

    return (struct firmware_version){.build = p[0], .minor = p[1], .major = p[2]};
}

/* -- the form -------------------------------------------------------------------------------- */

/* What must be zero, up to `to`, in reports of these versions. Nothing behind REPORT_SIGNED is
 * signed: what it holds besides r and s anybody could change. */
static const struct {
    uint16_t from, to;
    uint8_t version_min, version_max;
} zeros[] = {
    {0x04c, 0x050, 2, 5},        {0x188, 0x1a0, 2, 2},    {0x18b, 0x1a0, 3, 5},
    {0x1eb, 0x1ec, 2, 5},        {0x1ef, 0x1f0, 2, 5},    {0x1f8, 0x2a0, 2, 4},
    {0x208, 0x2a0, 5, 5},        {AT_R + 48, AT_S, 2, 5}, {AT_S + 48, 0x330, 2, 5},
    {0x330, REPORT_BYTES, 2, 5},
};

static bool reserved_is_zero(struct span report, uint32_t version)
{
    for (size_t i = 0; i < N_ELEMENTS(zeros); i++) {
        if (version >= zeros[i].version_min && version <= zeros[i].version_max &&
            !mem_is_zero(report.p + zeros[i].from, (size_t)(zeros[i].to - zeros[i].from)))
            return false;
    }
    return true;
}

/* The order of P-384 (SP 800-186, 3.2.1.4), most significant byte first. */
static const uint8_t p384_order[REPORT_NUMBER] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

/* Is the little-endian number in 1 .. order - 1? */
static bool number_in_range(const uint8_t *number)
{
    if (mem_is_zero(number, REPORT_NUMBER))
        return false;
    for (size_t i = 0; i < REPORT_NUMBER; i++) {
        const uint8_t byte = number[REPORT_NUMBER - 1 - i];

        if (byte != p384_order[i])
            return byte < p384_order[i];
    }
    return false;
}

/* What is wrong with it, or NULL. */
static const char *objection_to(struct span report)
{
    const uint32_t key_info = u32_at(report, AT_KEY_INFO);
    const uint32_t signing_key = key_info >> KEY_INFO_SIGNING_SHIFT & KEY_INFO_SIGNING_MASK;

    if (!reserved_is_zero(report, u32_at(report, AT_VERSION)))
        return "bytes that are zero in every report of its version are not";
    if ((u64_at(report, AT_POLICY) & REPORT_POLICY_RESERVED) == 0)
        return "bit 17 of its guest policy, which is always 1, is 0";
    if (u32_at(report, AT_SIGNATURE_ALGO) != SIGNATURE_P384_SHA384)
        return "its signature algorithm is not ECDSA P-384 with SHA-384";
    if ((key_info & KEY_INFO_RESERVED) != 0)
        return "reserved bits of KEY_INFO are set";
    if (signing_key != SIGNING_VCEK && signing_key != SIGNING_VLEK)
        return "it says that it is signed by neither a VCEK nor a VLEK";
    if (!number_in_range(report.p + AT_R) || !number_in_range(report.p + AT_S))
        return "its signature is not a pair of numbers below the order of P-384";
    return NULL;
}

static void read_fields(struct span report, struct report *r)
{
    const uint32_t key_info = u32_at(report, AT_KEY_INFO);

    r->raw = report;
    r->version = u32_at(report, AT_VERSION);
    r->guest_svn = u32_at(report, AT_GUEST_SVN);
    r->vmpl = u32_at(report, AT_VMPL);
    r->policy = u64_at(report, AT_POLICY);
    r->platform_info = u64_at(report, AT_PLATFORM_INFO);
    r->author_key_enabled = (key_info & KEY_INFO_AUTHOR_KEY) != 0;
    r->chip_key_masked = (key_info & KEY_INFO_MASK_CHIP_KEY) != 0;
    r->signing_key = (enum signing_key)(key_info >> KEY_INFO_SIGNING_SHIFT & KEY_INFO_SIGNING_MASK);
    r->has_cpuid = r->version >= 3;
    r->cpuid_family = report.p[AT_CPUID];
    r->cpuid_model = report.p[AT_CPUID + 1];
    r->cpuid_step = report.p[AT_CPUID + 2];
    r->current_firmware = firmware_at(report, AT_CURRENT_FIRMWARE);
    r->committed_firmware = firmware_at(report, AT_COMMITTED_FIRMWARE);
    r->launch_mitigations = u64_at(report, AT_LAUNCH_MITIGATIONS);
    r->current_mitigations = u64_at(report, AT_CURRENT_MITIGATIONS);
}

CK_RV report_read(struct span bytes, struct report *ret, const char **ret_objection)
{
    struct report r = {.product = N_PRODUCTS};
    const char *objection;
    uint32_t version;

    if (bytes.n != REPORT_BYTES) {
        *ret_objection = "it does not have 1184 bytes";
        FAIL(CKR_DATA_INVALID);
    }
    version = u32_at(bytes, AT_VERSION);
    if (version > REPORT_VERSION_MAX) {
        *ret_objection = "its version is newer than this program";
        FAIL(CKR_FUNCTION_NOT_SUPPORTED);
    }
    objection =
        version < REPORT_VERSION_MIN ? "there are no reports of its version" : objection_to(bytes);
    if (objection != NULL) {
        *ret_objection = objection;
        FAIL(CKR_DATA_INVALID);
    }
    read_fields(bytes, &r);
    *ret = r;
    return CKR_OK;
}

bool report_product(const struct report *r, enum product *ret)
{
    for (size_t i = 0; r->has_cpuid && i < N_ELEMENTS(cpus); i++) {
        if (r->cpuid_family == cpus[i].family && r->cpuid_model >= cpus[i].model_from &&
            r->cpuid_model <= cpus[i].model_to) {
            *ret = cpus[i].product;
            return true;
        }
    }
    return false;
}

bool report_looks_like_turin(const struct report *r)
{
    const struct span chip = report_field(r, REPORT_CHIP);

    return !mem_is_zero(chip.p, REPORT_CHIP_ID_8) &&
           mem_is_zero(chip.p + REPORT_CHIP_ID_8, chip.n - REPORT_CHIP_ID_8);
}

/* False: a byte that the layout does not use is not zero. */
static bool tcb_at(const struct report *r, enum product p, enum offset at, struct tcb_parts *ret)
{
    struct tcb_parts t = {{0}};

    for (size_t i = 0; i < TCB_BYTES; i++) {
        const uint8_t byte = r->raw.p[at + i];

        if (layouts[p][i] != NONE)
            t.part[layouts[p][i]] = byte;
        else if (byte != 0)
            return false;
    }
    *ret = t;
    return true;
}

CK_RV report_set_product(struct report *r, enum product p, const char **ret_objection)
{
    struct report set = *r;

    if (!r->has_cpuid && (p == PRODUCT_TURIN || report_looks_like_turin(r))) {
        *ret_objection = "it is of version 2 and of a Turin chip, whose TCB it cannot describe";
        FAIL(CKR_DATA_INVALID);
    }
    if (!tcb_at(r, p, AT_CURRENT_TCB, &set.current) ||
        !tcb_at(r, p, AT_COMMITTED_TCB, &set.committed) ||
        !tcb_at(r, p, AT_REPORTED_TCB, &set.reported) ||
        !tcb_at(r, p, AT_LAUNCH_TCB, &set.launch)) {
        *ret_objection = "reserved bytes of a TCB version are not zero";
        FAIL(CKR_DATA_INVALID);
    }
    set.product = p;
    *r = set;
    return CKR_OK;
}
