/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * root.h - roots of trust: where a secret that is bound to the platform comes from.
 *
 * A root yields one 32-byte key per binding. The binding holds the exact inputs of the derivation,
 * is stored beside what the key opened, and is all that is needed to get the same key again after
 * the platform has moved on. It is public but not trusted: what is read from a store must pass
 * binding_decode() and binding_allowed() before a device is asked. The second half of a binding
 * says what the platform's report told when the binding was made: for diagnosis only, no key
 * depends on it.
 *
 * A device that is not the kernel's own sev-guest node has the kind ROOT_SEV_SNP_EMULATED: it
 * passes through the same code, but it neither opens nor renews a seal of ROOT_SEV_SNP, and the
 * other way round.
 *
 * Locks: the functions may be called from any thread; calls to a device are serialised inside.
 * Device calls can block for a minute (the kernel retries a throttled request): hold no lock that
 * another call needs.
 */
#ifndef TEE_ROOT_ROOT_H
#define TEE_ROOT_ROOT_H

#include "util/buf.h"
#include "util/conf.h"
#include "util/secret.h"

#define ROOT_KEY_BYTES         32u     /* of every root key */
#define ROOT_REPORT_BYTES      1184u   /* of a raw SEV-SNP report (0x4A0) */
#define ROOT_REPORT_DATA_BYTES 64      /* that a caller may have put into a report */
#define ROOT_CERTIFICATES_MAX  0x4000u /* bytes of a host's certificate table */
#define BINDING_BYTES          378u    /* of an encoded binding, always */

enum root_kind { ROOT_SOFTWARE = 1, ROOT_SEV_SNP = 2, ROOT_SEV_SNP_EMULATED = 3 };

/* guest_field_select bits of MSG_KEY_REQ (SNP ABI, message version 1) */
#define SNP_FIELD_POLICY      (UINT64_C(1) << 0)
#define SNP_FIELD_IMAGE_ID    (UINT64_C(1) << 1)
#define SNP_FIELD_FAMILY_ID   (UINT64_C(1) << 2)
#define SNP_FIELD_MEASUREMENT (UINT64_C(1) << 3)
#define SNP_FIELD_GUEST_SVN   (UINT64_C(1) << 4)
#define SNP_FIELD_TCB_VERSION (UINT64_C(1) << 5)
#define SNP_FIELD_KNOWN       UINT64_C(0x3f)
/* root_key_select: KEY_SEL 1 = VCEK, 2 = VLEK, and nothing else: with 0 the host would choose */
#define SNP_KEY_SELECT_VCEK 2u
#define SNP_KEY_SELECT_VLEK 4u
/* binding = image: locked to chip, policy and image; recomputable after a firmware update. */
#define SNP_FIELDS_IMAGE (SNP_FIELD_POLICY | SNP_FIELD_MEASUREMENT | SNP_FIELD_TCB_VERSION)
/* binding = owner: any image with an ID block of the same signer, family and image identity (the
 * signer is always mixed), of this guest SVN or a later one. Without an ID block that would be any
 * VM of the chip: see binding_owned(). */
#define SNP_FIELDS_OWNER                                                                           \
    (SNP_FIELD_POLICY | SNP_FIELD_IMAGE_ID | SNP_FIELD_FAMILY_ID | SNP_FIELD_GUEST_SVN |           \
     SNP_FIELD_TCB_VERSION)
#define SNP_POLICY_DEBUG (UINT64_C(1) << 19)

struct binding {
    enum root_kind kind;
    /* What a SEV-SNP key depends on, as passed to SNP_GET_DERIVED_KEY; zero for software. */
    uint32_t root_key_select;
    uint64_t guest_field_select;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version; /* the 8 bytes of a TCB_VERSION as little-endian number */
    /* The random name of a software key; zero for hardware. */
    uint8_t key_id[16];
    /* Diagnosis only: what the report said; zero for software. */
    uint8_t report_version;
    uint8_t cpuid_family, cpuid_model, cpuid_step; /* zero in version 2 reports */
    uint32_t key_info;                             /* bit 0 author key, bit 1 MASK_CHIP_KEY */
    uint32_t report_guest_svn;                     /* of the ID block */
    uint64_t policy;
    uint64_t platform_info;
    uint64_t current_tcb;
    uint64_t committed_tcb;
    uint64_t reported_tcb;
    uint64_t launch_tcb;
    uint8_t measurement[48];
    uint8_t host_data[32];
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t chip_id[64]; /* zero where the host masks it */
    uint8_t family_id[16];
    uint8_t image_id[16];
};

struct root {
    const char *name; /* "software", "sev-snp", "sev-snp-emulated": fits CK_TOKEN_INFO.model */
    enum root_kind kind;
    /* Bound to a platform that can be lost, so a seal of it alone is not a way back. True for the
     * emulated device too, so that the same rules are exercised there. */
    bool hardware;
    /* Protects against the host. False for software and for the emulated device. */
    bool genuine;
    /* It is there and may be used; a software key may also be still to be made. CKR_DEVICE_ERROR
     * after a log line that says why not. Cheap: no key is derived and no report asked for. */
    CK_RV (*probe)(const struct conf *c);
    /* What a new seal is bound to now. may_create: the key of a software root may be made if it is
     * missing; pass false wherever a store exists already, so that a lost key is an error and not
     * silently replaced (hardware ignores it). CKR_DEVICE_ERROR with a log line. */
    CK_RV (*bind)(const struct conf *c, bool may_create, struct binding *ret);
    /* The key of the binding: same binding, same key, ROOT_KEY_BYTES long; the caller owns it.
     * Refuses what binding_allowed() refuses before the device is asked. Creates nothing.
     * CKR_DEVICE_ERROR with a log line naming cause and way out; CKR_HOST_MEMORY. */
    CK_RV (*derive)(const struct conf *c, const struct binding *b, struct secret **ret);
    /* NULL where the root can't attest. Append ROOT_REPORT_BYTES of raw report over report_data:
     * checked for length, version and that it answers this request; its signature is not. Append
     * the host's certificate table to ret_certificates (may be NULL: not asked for), unchecked and
     * at most ROOT_CERTIFICATES_MAX long; nothing where the host has none. */
    CK_RV(*report)
    (const struct conf *c, const uint8_t report_data[ROOT_REPORT_DATA_BYTES],
     struct buf *ret_report, struct buf *ret_certificates);
    /* What bind() would return were a seal made now, without creating anything or judging the
     * launch policy: for diagnosis and for comparing TCBs. */
    CK_RV (*current)(const struct conf *c, struct binding *ret);
};

extern const struct root root_software;
extern const struct root root_sev_snp;
extern const struct root root_sev_snp_emulated;

/* The root that the configuration names; *ret is constant data. `sev-snp` yields root_sev_snp or
 * root_sev_snp_emulated, whichever the device is; `auto` takes hardware that is there and never
 * software. CKR_DEVICE_ERROR, with a log line that names cause and way out, when it is absent. */
NODISCARD CK_RV root_select(const struct conf *c, const struct root **ret);
/* root_select() warns once in a process of a root that protects nothing. Here another process has
 * done so for the same command: this one does not. */
void root_warned(void);
/* root_select() for whoever wants a report and no key: where only configfs-tsm is there, or the
 * configuration says reports = tsm, the root is of the kind of that. */
NODISCARD CK_RV root_select_report(const struct conf *c, const struct root **ret);
/* "software", "sev-snp", "sev-snp-emulated", or "unknown". */
const char *root_kind_name(enum root_kind kind);

/* A binding may be used with this root now: kind is the root's kind and the inputs are exactly the
 * configured profile (`binding`, `endorsement`, `vmpl`), its SVN and TCB not below the floors; TCB
 * bytes without meaning zero. Otherwise CKR_DEVICE_ERROR after a log line. Asks no device. */
NODISCARD CK_RV binding_allowed(const struct conf *c, const struct root *r,
                                const struct binding *b);
/* The ID block that this VM was launched with, as a report said it, is the one that binding = owner
 * names: its author key, or its ID key and no author key. Otherwise CKR_DEVICE_ERROR after a log
 * line: a key bound to no owner would be everybody's. */
NODISCARD CK_RV binding_owned(const struct conf *c, const struct binding *now);
/* The seal of `sealed` should be made again for `now`: TCB or guest SVN went up and neither down.
 */
bool binding_moved_on(const struct binding *sealed, const struct binding *now);
/* Append what the key is bound to, in words: "sev-snp, measurement ...". Public values
 * only. */
void binding_describe(const struct binding *b, struct buf *text);
/* Append the BINDING_BYTES of docs/formats.md (failure shows in buf_ok). */
void binding_encode(const struct binding *b, struct buf *ret);
/* The inverse. CKR_DATA_INVALID: length, version or a field out of range. */
NODISCARD CK_RV binding_decode(struct span bytes, struct binding *ret);
/*
 * Append one sentence per difference that can explain why `sealed` does not open on `now` (chip,
 * image, policy, HOST_DATA, ID block keys, VMPL, firmware rolled back, another software key, other
 * kind of root), separated by "; ", without a trailing one. Nothing is appended when nothing
 * differs that matters. Public values only.
 */
void binding_explain(const struct binding *sealed, const struct binding *now, struct buf *text);

/* A TCB_VERSION is a vector of security version numbers, one per byte; the layout says which bytes
 * count. Values are little-endian numbers as in struct binding. */
enum tcb_layout { TCB_MILAN = 1 /* and Genoa */, TCB_TURIN = 2 };
enum tcb_order { TCB_LESS = -1, TCB_EQUAL = 0, TCB_GREATER = 1, TCB_INCOMPARABLE = 2 };

/* By CPUID family and model of the report; Milan for version 2 reports, which carry none. */
enum tcb_layout binding_tcb_layout(const struct binding *b);
/* The bytes without meaning in this layout are zero. */
bool tcb_valid(enum tcb_layout layout, uint64_t tcb);
/* The TCB of a configured floor; false: it has another number of components than the layout. */
bool tcb_floor(enum tcb_layout layout, const struct conf_tcb *floor, uint64_t *ret);
/* a against b, component by component: TCB_LESS when no component is greater and one is less.
 * TCB_INCOMPARABLE also when a reserved byte is not zero. */
enum tcb_order tcb_compare(enum tcb_layout layout, uint64_t a, uint64_t b);

#endif
