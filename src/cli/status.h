/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.h - what `tee-pkcs11 status` shows, gathered once and printed as text, as JSON or for
 * Prometheus.
 */
#ifndef TEE_CLI_STATUS_H
#define TEE_CLI_STATUS_H

#include "cli/audit_totals.h"
#include "cli/cli.h"
#include "keyring/counts.h"

struct token_status {
    struct token_info info;
    struct dek_info *deks;
    size_t n_deks;
    uint64_t n_public;         /* objects in public scope */
    enum conf_key_use key_use; /* uses of its keys that it wants told */
};

/* What only metrics show: the log is read from end to end for it. */
struct metrics {
    bool wanted;
    CK_RV audit_rv; /* CKR_DEVICE_ERROR: the log was tampered with, and audit says nothing */
    struct audit_totals audit;
    uint64_t rows[STORE_N_TABLES];
    struct unsealing unsealing;
    bool has_counts; /* somebody counts how often keys are used (count-operations) */
    struct counts counts;
    uint64_t data_bytes; /* of the database file; 0: there is none */
};

struct status {
    const struct conf *conf;
    const char *root;      /* configured */
    CK_RV opened;          /* CKR_OK, CKR_TOKEN_NOT_PRESENT (no store), or why not */
    char *explanation;     /* why it cannot be opened, in words; or NULL */
    const char *opened_by; /* "sev-snp", "sev-snp-emulated", "software" */
    struct store_info store;
    struct seal_info *seals;
    size_t n_seals;
    struct token_status *tokens;
    size_t n_tokens;
    char *warnings[8];
    size_t n_warnings;
    struct metrics metrics;
};

/* metrics.wanted is the caller's to set; all else of *ret is zero. */
NODISCARD CK_RV status_gather(const struct conf *c, struct status *ret);
void status_clear(struct status *s);
void status_print_text(const struct status *s);
/* One JSON object on standard output. CKR_HOST_MEMORY. */
NODISCARD CK_RV status_print_json(const struct status *s);
/* Appended, in the text exposition format of Prometheus. CKR_HOST_MEMORY. */
NODISCARD CK_RV status_print_metrics(const struct status *s, struct buf *ret);
const char *measured_name(enum conf_measured m);

#endif
