/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.h - an SEV-SNP attestation report as a relying party reads it: versions 2 to 5, the TCB
 * layout of Milan and Genoa and that of Turin (AMD 56860, table of ATTESTATION_REPORT).
 *
 * The bytes are hostile. Reading proves the form alone; attest/verify.h judges. Integers of the
 * report are little-endian.
 */
#ifndef TEE_ATTEST_REPORT_H
#define TEE_ATTEST_REPORT_H

#include "util/buf.h"

#define REPORT_BYTES     1184
#define REPORT_SIGNED    0x2a0 /* bytes that the signature covers */
#define REPORT_NUMBER    48    /* bytes of r and of s */
#define REPORT_CHIP_ID   64
#define REPORT_CHIP_ID_8 8 /* of those, what Turin fills in */

#define REPORT_VERSION_MIN 2u
#define REPORT_VERSION_MAX 5u

/* The product lines that AMD has roots for, by AMD's names. */
enum product { PRODUCT_MILAN, PRODUCT_GENOA, PRODUCT_TURIN, N_PRODUCTS };
/* "Milan", ... */
const char *product_name(enum product p);
/* The product of that name; false: none. */
bool product_named(const char *name, enum product *ret);

/* The components of a TCB version. FMC is Turin's; elsewhere it is 0. */
enum tcb_part { TCB_FMC, TCB_BOOT_LOADER, TCB_TEE, TCB_SNP, TCB_MICROCODE, TCB_N_PARTS };
/* The names that AMD's KDS uses, without "SPL": "fmc", "bl", "tee", "snp", "ucode". */
const char *tcb_part_name(enum tcb_part part);
/* Does the product's TCB have this component? */
bool tcb_has_part(enum product p, enum tcb_part part);

struct tcb_parts {
    uint8_t part[TCB_N_PARTS];
};
/* Is each component of `a` at least that of `b`? */
bool tcb_parts_reach(const struct tcb_parts *a, const struct tcb_parts *b);
bool tcb_parts_equal(const struct tcb_parts *a, const struct tcb_parts *b);
/* "bl 4, tee 0, snp 24, ucode 219" into text[64]. */
const char *tcb_parts_text(enum product p, const struct tcb_parts *t, char text[64]);

/* Byte strings of a report. */
enum report_field {
    REPORT_FAMILY_ID,
    REPORT_IMAGE_ID,
    REPORT_REPORT_DATA,
    REPORT_MEASUREMENT,
    REPORT_HOST_DATA,
    REPORT_ID_KEY_DIGEST,
    REPORT_AUTHOR_KEY_DIGEST,
    REPORT_REPORT_ID,
    REPORT_REPORT_ID_MA,
    REPORT_CHIP,
    REPORT_N_FIELDS
};

enum signing_key { SIGNING_VCEK = 0, SIGNING_VLEK = 1 };

struct firmware_version {
    uint8_t build, minor, major;
};

struct report {
    struct span raw; /* borrowed */
    uint32_t version, guest_svn, vmpl;
    uint64_t policy, platform_info;
    bool author_key_enabled, chip_key_masked;
    enum signing_key signing_key;
    bool has_cpuid; /* version 3 and later */
    uint8_t cpuid_family, cpuid_model, cpuid_step;
    struct firmware_version current_firmware, committed_firmware;
    uint64_t launch_mitigations, current_mitigations; /* zero before version 5 */
    /* Once the product is known: report_set_product(). */
    enum product product;
    struct tcb_parts current, committed, reported, launch;
};

/* GUEST_POLICY, bits */
#define REPORT_POLICY_DEBUG      (UINT64_C(1) << 19)
#define REPORT_POLICY_MIGRATE_MA (UINT64_C(1) << 18) /* a migration agent may be bound to it */
#define REPORT_POLICY_RESERVED   (UINT64_C(1) << 17) /* always 1 */

/*
 * Read everything that does not depend on the product. The span is borrowed by *ret.
 * CKR_DATA_INVALID: not a report; CKR_FUNCTION_NOT_SUPPORTED: of a version that is newer than this
 * program. *ret_objection then says why, a constant.
 */
NODISCARD CK_RV report_read(struct span bytes, struct report *ret, const char **ret_objection);
/* The product by CPUID. False: version 2 has none, or the CPU is not one that we have a root for.
 */
bool report_product(const struct report *r, enum product *ret);
/* Set the product, read the TCBs in its layout. CKR_DATA_INVALID and *ret_objection as above. */
NODISCARD CK_RV report_set_product(struct report *r, enum product p, const char **ret_objection);

/* The bytes of a field, borrowed from the report. */
struct span report_field(const struct report *r, enum report_field f);
/* "MEASUREMENT", as AMD names it. */
const char *report_field_name(enum report_field f);
size_t report_field_size(enum report_field f);
/* Does a version 2 report come from a Turin, whose TCB it cannot describe? */
bool report_looks_like_turin(const struct report *r);

#endif
