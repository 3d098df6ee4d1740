/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * appraisal.h - a relying party's policy, what it accepts: read from JSON (tee-pkcs11-policy(5)),
 * kept as plain data. A policy says nothing about whether evidence is genuine.
 */
#ifndef TEE_ATTEST_APPRAISAL_H
#define TEE_ATTEST_APPRAISAL_H

#include <time.h>

#include "attest/cert.h"
#include "attest/report.h"
#include "attest/statement.h"

#define APPRAISAL_MAX_BYTES (256u * 1024u)
#define APPRAISAL_MAX_TEXTS 32

struct appraisal_texts {
    char *item[APPRAISAL_MAX_TEXTS];
    size_t n;
};

/* A smallest TCB for each product that has one. */
struct appraisal_tcb {
    bool given; /* a product without one is refused then */
    bool has[N_PRODUCTS];
    struct tcb_parts least[N_PRODUCTS];
};

enum appraisal_crl { APPRAISAL_CRL_REQUIRE, APPRAISAL_CRL_IF_AVAILABLE, APPRAISAL_CRL_IGNORE };

/* Where certificates may come from. */
enum appraisal_source {
    APPRAISAL_FROM_EVIDENCE = 1 << 0,
    APPRAISAL_FROM_CACHE = 1 << 1,
    APPRAISAL_FROM_KDS = 1 << 2
};

struct appraisal {
    char *description;
    /* the report and its endorsement */
    uint32_t version_min, version_max;
    uint32_t signing_keys; /* bit per enum signing_key */
    uint32_t products;     /* bit per enum product */
    struct appraisal_texts csp_ids;
    struct cert_list roots; /* instead of AMD's */
    time_t time;            /* of the verification; -1: now */
    enum appraisal_crl crl;
    uint32_t sources; /* enum appraisal_source */
    /* exact values: byte strings of the field's size, one after another; empty: any */
    struct buf fields[REPORT_N_FIELDS];
    bool allow_masked_chip;
    uint32_t min_guest_svn;
    int64_t vmpl; /* -1: any up to max_vmpl */
    uint32_t max_vmpl;
    /* guest policy, platform */
    uint64_t guest_allow;   /* bits that are forbidden unless they are here */
    uint64_t guest_require; /* bits that must be set */
    uint8_t min_abi[2];     /* major, minor */
    uint64_t platform_require, platform_forbid;
    /* firmware */
    struct appraisal_tcb min_tcb, min_launch_tcb;
    uint32_t min_build;
    uint8_t min_api[2]; /* major, minor */
    bool allow_provisional;
    uint64_t min_launch_mitigations, min_current_mitigations;
    /* ID block */
    bool require_id_block, require_author_key;
    struct buf id_keys, author_keys; /* SHA-384 digests of 48 bytes; empty: any */
    /* statements */
    uint32_t statements;                  /* bit per enum statement_kind */
    uint64_t max_age;                     /* seconds; 0: any */
    uint32_t key_require, key_forbid;     /* enum statement_key_flag */
    uint32_t measured;                    /* bit per enum statement_measured */
    struct appraisal_texts seals, tokens; /* empty: any */
    struct buf stores;                    /* fingerprints of 32 bytes; empty: any */
};

/* GUEST_POLICY bits that make a guest weaker: forbidden unless allowed. */
#define APPRAISAL_GUEST_WEAK                                                                       \
    (UINT64_C(1) << 16 | UINT64_C(1) << 18 | UINT64_C(1) << 19 | UINT64_C(1) << 21)

/* The defaults: what an empty object means. */
void appraisal_init(struct appraisal *p);
/* Usable with AUTO(). */
void appraisal_clear(struct appraisal *p);
/* Read a policy. *p must be appraisal_init()ed, and is to be cleared whatever happens.
 * CKR_ARGUMENTS_BAD: *ret_error (malloc'd, the caller's) says where and why. */
NODISCARD CK_RV appraisal_read(struct span json, struct appraisal *p, char **ret_error);

/* Name of a bit of GUEST_POLICY or PLATFORM_INFO, NULL: it has none. */
const char *appraisal_guest_bit_name(unsigned int bit);
const char *appraisal_platform_bit_name(unsigned int bit);

/* SHA-384 of an ID key or author key as the firmware hashes it: a PEM public key on P-384.
 * CKR_DATA_INVALID. */
NODISCARD CK_RV appraisal_key_digest(struct span pem, uint8_t ret[48]);

#endif
