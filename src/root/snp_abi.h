/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_abi.h - the kernel's sev-guest ioctls and the fields of their answers, byte for byte.
 *
 * Our own definitions, because older kernel headers lack the file or name fields differently; where
 * <linux/sev-guest.h> is there, the compiler compares the two. All integers are little-endian, as
 * x86-64 is, the only architecture with SEV-SNP. Sizes and numbers: Linux
 * Documentation/virt/coco/sev-guest.rst, answers: SEV-SNP ABI (AMD 56860).
 */
#ifndef TEE_ROOT_SNP_ABI_H
#define TEE_ROOT_SNP_ABI_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* The argument of every request. The kernel writes it back only when exitinfo2 is not zero. */
struct snp_ioctl {
    uint8_t msg_version; /* 1: a version the firmware lacks makes Linux drop the VMPCK */
    uint8_t pad[7];
    uint64_t req_data;  /* address of the request */
    uint64_t resp_data; /* address of the response */
    uint32_t fw_error;  /* SEV_RET_* when the firmware refused the command */
    uint32_t vmm_error; /* SNP_VMM_* when the host refused it */
};

struct snp_report_request {
    uint8_t user_data[64];
    uint32_t vmpl;
    uint8_t rsvd[28]; /* zero; newer firmware reads KEY_SEL from the first */
};

struct snp_report_response {
    uint32_t status;
    uint32_t report_size;
    uint8_t rsvd[24];
    uint8_t report[1184];
    uint8_t pad[4000 - 32 - 1184];
};

struct snp_key_request {
    uint32_t root_key_select;
    uint32_t rsvd;
    uint64_t guest_field_select;
    uint32_t vmpl;
    uint32_t guest_svn;
    uint64_t tcb_version;
};

struct snp_key_response {
    uint32_t status;
    uint8_t rsvd[28];
    uint8_t key[32];
};

struct snp_ext_report_request {
    struct snp_report_request data;
    uint64_t certs_address;
    uint32_t certs_len;
    uint32_t pad;
};

#define SNP_IOC_REPORT      _IOWR('S', 0, struct snp_ioctl)
#define SNP_IOC_DERIVED_KEY _IOWR('S', 1, struct snp_ioctl)
#define SNP_IOC_EXT_REPORT  _IOWR('S', 2, struct snp_ioctl)

/* status of a response */
#define SNP_STATUS_OK            0u
#define SNP_STATUS_INVALID_PARAM 0x16u
#define SNP_STATUS_INVALID_KEY   0x27u

/* vmm_error */
#define SNP_VMM_INVALID_LEN 1u
#define SNP_VMM_BUSY        2u
#define SNP_VMM_GENERIC     UINT32_MAX

/* fw_error: the request never reached the firmware */
#define SNP_FW_NOT_CALLED 0xffu

/* Where the fields of a report are. */
enum snp_report_offset {
    SNP_REPORT_VERSION = 0x000,
    SNP_REPORT_GUEST_SVN = 0x004,
    SNP_REPORT_POLICY = 0x008,
    SNP_REPORT_FAMILY_ID = 0x010,
    SNP_REPORT_IMAGE_ID = 0x020,
    SNP_REPORT_VMPL = 0x030,
    SNP_REPORT_SIGNATURE_ALGO = 0x034,
    SNP_REPORT_CURRENT_TCB = 0x038,
    SNP_REPORT_PLATFORM_INFO = 0x040,
    SNP_REPORT_KEY_INFO = 0x048,
    SNP_REPORT_REPORT_DATA = 0x050,
    SNP_REPORT_MEASUREMENT = 0x090,
    SNP_REPORT_HOST_DATA = 0x0c0,
    SNP_REPORT_ID_KEY_DIGEST = 0x0e0,
    SNP_REPORT_AUTHOR_KEY_DIGEST = 0x110,
    SNP_REPORT_REPORT_ID = 0x140,
    SNP_REPORT_REPORT_ID_MA = 0x160,
    SNP_REPORT_REPORTED_TCB = 0x180,
    SNP_REPORT_CPUID_FAMILY = 0x188,
    SNP_REPORT_CPUID_MODEL = 0x189,
    SNP_REPORT_CPUID_STEP = 0x18a,
    SNP_REPORT_CHIP_ID = 0x1a0,
    SNP_REPORT_COMMITTED_TCB = 0x1e0,
    SNP_REPORT_CURRENT_VERSION = 0x1e8,
    SNP_REPORT_COMMITTED_VERSION = 0x1ec,
    SNP_REPORT_LAUNCH_TCB = 0x1f0,
    SNP_REPORT_LAUNCH_MIT_VECTOR = 0x1f8,
    SNP_REPORT_CURRENT_MIT_VECTOR = 0x200,
    SNP_REPORT_SIGNATURE = 0x2a0, /* everything before it is signed */
};

#define SNP_KEY_INFO_AUTHOR_KEY    (1u << 0)
#define SNP_KEY_INFO_MASK_CHIP_KEY (1u << 1)

_Static_assert(sizeof(struct snp_ioctl) == 32 && offsetof(struct snp_ioctl, fw_error) == 24, "ABI");
_Static_assert(sizeof(struct snp_report_request) == 96, "ABI");
_Static_assert(sizeof(struct snp_report_response) == 4000, "ABI");
_Static_assert(sizeof(struct snp_key_request) == 32, "ABI");
_Static_assert(sizeof(struct snp_key_response) == 64, "ABI");
_Static_assert(offsetof(struct snp_ext_report_request, certs_len) == 104, "ABI");
_Static_assert(SNP_IOC_REPORT == 0xc0205300u && SNP_IOC_DERIVED_KEY == 0xc0205301u &&
                   SNP_IOC_EXT_REPORT == 0xc0205302u,
               "ABI");

#if defined(__has_include)
#if __has_include(<linux/sev-guest.h>)
#include <linux/sev-guest.h>
#define SNP_SAME(a, b) _Static_assert((a) == (b), "differs from linux/sev-guest.h")
SNP_SAME(sizeof(struct snp_ioctl), sizeof(struct snp_guest_request_ioctl));
SNP_SAME(offsetof(struct snp_ioctl, req_data), offsetof(struct snp_guest_request_ioctl, req_data));
SNP_SAME(offsetof(struct snp_ioctl, resp_data),
         offsetof(struct snp_guest_request_ioctl, resp_data));
SNP_SAME(sizeof(struct snp_report_request), sizeof(struct snp_report_req));
SNP_SAME(offsetof(struct snp_report_request, vmpl), offsetof(struct snp_report_req, vmpl));
SNP_SAME(sizeof(struct snp_report_response), sizeof(struct snp_report_resp));
SNP_SAME(sizeof(struct snp_key_request), sizeof(struct snp_derived_key_req));
SNP_SAME(offsetof(struct snp_key_request, guest_field_select),
         offsetof(struct snp_derived_key_req, guest_field_select));
SNP_SAME(offsetof(struct snp_key_request, vmpl), offsetof(struct snp_derived_key_req, vmpl));
SNP_SAME(offsetof(struct snp_key_request, guest_svn),
         offsetof(struct snp_derived_key_req, guest_svn));
SNP_SAME(offsetof(struct snp_key_request, tcb_version),
         offsetof(struct snp_derived_key_req, tcb_version));
SNP_SAME(sizeof(struct snp_key_response), sizeof(struct snp_derived_key_resp));
SNP_SAME(sizeof(struct snp_ext_report_request), sizeof(struct snp_ext_report_req));
SNP_SAME(offsetof(struct snp_ext_report_request, certs_address),
         offsetof(struct snp_ext_report_req, certs_address));
SNP_SAME(SNP_IOC_REPORT, SNP_GET_REPORT);
SNP_SAME(SNP_IOC_DERIVED_KEY, SNP_GET_DERIVED_KEY);
SNP_SAME(SNP_IOC_EXT_REPORT, SNP_GET_EXT_REPORT);
#undef SNP_SAME
#endif
#endif

#endif
