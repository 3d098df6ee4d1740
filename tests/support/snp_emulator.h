/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator.h - a SEV-SNP guest device in software: the sev-guest driver, the host and the
 * firmware behind it, answering the real ioctls.
 *
 * What it gives back depends on its state and the request alone. The state is what a real machine,
 * its host and the launch of the VM decide, plus ways to fail; emulator_control() changes it at run
 * time, one "name=value" line each. Keys follow the rules of MSG_KEY_REQ (AMD 56860) exactly; their
 * values are the emulator's own. Nothing is secret here: the chips derive from a constant.
 *
 * Any thread may call any function: the emulator locks itself. As in the driver, requests go one at
 * a time.
 */
#ifndef TEE_TESTS_SNP_EMULATOR_H
#define TEE_TESTS_SNP_EMULATOR_H

#include <pthread.h>

#include "root/snp_abi.h"
#include "util/buf.h"

enum snp_product { SNP_MILAN, SNP_GENOA, SNP_TURIN };
const char *snp_product_name(enum snp_product p);

/* One way to fail; the table is in snp_emulator_control.c. */
struct snp_failure {
    const char *name; /* the value of "fail=" up to a colon */
    enum {
        SNP_FAIL_DRIVER, /* the ioctl fails with `error` and `exitinfo2` */
        SNP_FAIL_EIO,    /* the same with EIO and the number after the colon as exitinfo2 */
        SNP_FAIL_STATUS, /* the ioctl succeeds, status is the number after the colon */
        SNP_FAIL_ANSWER  /* the answer is spoilt as `spoil` says */
    } kind;
    int error;
    uint64_t exitinfo2;
    bool kills; /* the driver drops the VMPCK */
    enum {
        SNP_SPOIL_NONE,
        SNP_SPOIL_ZERO,        /* status 0 and an all-zero key or report */
        SNP_SPOIL_SILENT,      /* nothing is written at all */
        SNP_SPOIL_REPORT_SIZE, /* one byte short */
        SNP_SPOIL_REPORT_DATA, /* a report over other data */
        SNP_SPOIL_REPORT_VMPL  /* a report for another VMPL */
    } spoil;
};

struct snp_state {
    /* the chip and its firmware */
    enum snp_product product;
    uint8_t chip_id[64]; /* its secret follows from it */
    uint64_t current_tcb, committed_tcb, reported_tcb;
    uint8_t report_version;  /* 2..5 */
    uint8_t max_msg_version; /* a request above it is a command error */
    bool has_key_select;     /* firmware 1.54 and later */
    /* the host */
    bool vlek_loaded, vcek_disabled, mask_chip_key, mask_chip_id;
    bool host_asks;      /* reports are asked for by the host: their VMPL is all ones (56860,
                            ATTESTATION_REPORT) */
    bool certificates;   /* offered with an extended report */
    bool guid_mixed;     /* their GUIDs in the order of Windows: three fields little-endian */
    uint32_t certs_need; /* bytes that it asks for whatever its table is; 0: as many as it has */
    bool certs_grow;     /* a page more each time */
    uint64_t platform_info;
    /* the launch of this VM */
    uint8_t measurement[48];
    uint64_t policy;
    uint8_t host_data[32];
    uint8_t id_key_digest[48];     /* zero: launched without an ID block */
    uint8_t author_key_digest[48]; /* zero: without an author key */
    uint8_t family_id[16], image_id[16];
    uint32_t guest_svn; /* of the ID block; counts only with one */
    uint64_t launch_tcb;
    uint8_t report_id[32], vmrk[32]; /* random per launch */
    /* the guest's driver */
    uint32_t vmpck; /* number of the key it uses: the lowest VMPL it may ask for */
    bool vmpck_dead;
    /* failures */
    const struct snp_failure *failure; /* NULL: none */
    uint64_t failure_value;
    uint32_t failures_left; /* requests that still fail; 0: for ever */
    uint32_t delay_ms;      /* before each answer: a host that throttles */
    /* counts */
    uint64_t requests, keys, reports; /* asked; answered with a key; with a report */
};

struct emulator {
    pthread_mutex_t request_lock; /* held while one request is served, delay included */
    pthread_mutex_t state_lock;   /* inside request_lock */
    struct snp_state state;
};

/* NULL: out of memory. A Milan with plausible values, freshly launched. */
struct emulator *emulator_new(void);
void emulator_free(struct emulator *e);
DEFINE_AUTO(emulator_freep, struct emulator, emulator_free)

/* How to reach the memory of whoever calls. False: EFAULT. */
struct snp_memory {
    bool (*read)(void *ctx, uint64_t address, void *ret, size_t n);
    bool (*write)(void *ctx, uint64_t address, const void *bytes, size_t n);
    void *ctx;
};
/* The memory of this process. */
extern const struct snp_memory snp_memory_own;

/*
 * ioctl(fd, number, arg). Returns 0 or a positive errno; *ret_written tells whether the driver
 * writes *arg back, as it does only where exitinfo2 is not zero.
 */
int emulator_ioctl(struct emulator *e, unsigned long number, struct snp_ioctl *arg,
                   bool *ret_written, const struct snp_memory *memory);

/*
 * Apply lines "name=value", separated by newlines. False at the first one that is not understood;
 * those before it hold. Names and forms: the table in snp_emulator_control.c.
 */
bool emulator_control(struct emulator *e, const char *lines);
/* The state as such lines, counts included. */
void emulator_dump(struct emulator *e, struct buf *text);
/* Requests that reached the device, whatever became of them. */
uint64_t emulator_requests(struct emulator *e);

/* Certificates of the present chip at the reported TCB, PEM. The first call makes RSA keys, which
 * takes seconds. */
enum snp_certificate { SNP_CERT_ARK, SNP_CERT_ASK, SNP_CERT_VCEK, SNP_CERT_ASVK, SNP_CERT_VLEK };
bool emulator_certificate(struct emulator *e, enum snp_certificate which, struct buf *ret_pem);

/* Between the files of the emulator; the state lock is held. */

/* MSG_KEY_REQ: the whole response. */
void snp_state_key(struct snp_state *s, const struct snp_key_request *request,
                   struct snp_key_response *ret);
/* MSG_REPORT_REQ: the whole response. False: OpenSSL failed. */
bool snp_state_report(struct snp_state *s, const struct snp_report_request *request,
                      struct snp_report_response *ret);
/* The secret of an endorsement key at a TCB: the VCEK's belongs to the chip. */
void snp_state_vcek(const struct snp_state *s, uint64_t tcb, uint8_t ret[48]);
void snp_state_vlek(const struct snp_state *s, uint64_t tcb, uint8_t ret[48]);
/* The certificate table of an extended report. */
bool emulator_certificate_table(struct emulator *e, struct buf *ret);
/* What a new launch draws: REPORT_ID, VMRK, LAUNCH_TCB, a live VMPCK. */
void snp_state_launch(struct snp_state *s);
/* HMAC-SHA-256 or -SHA-384 by length of the output (32, 48). Aborts when OpenSSL fails. */
void snp_hmac(struct span key, struct span data, uint8_t *ret, size_t n);

#endif
