/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verify.h - judges evidence: is it genuine, and does it fit a policy and a question?
 *
 * The order of checks is fixed, and the first failure of genuineness ends them, so that nothing is
 * believed that an earlier check should have proven:
 *
 *   report     form, version, reserved bytes
 *   product    by CPUID, else by the endorsement key's certificate
 *   root       the caller's own copy of AMD's root, by its pinned key
 *   chain      root -> ASK or ASVK -> VCEK or VLEK, at the time of verification
 *   crl        AMD has not revoked the chain
 *   signature  of the report, by the endorsement key
 *   tcb, chip  the endorsement key belongs to this chip at this TCB
 *   order      of the report's TCBs
 *   statement  REPORT_DATA is the hash of the statement; a rotation is signed by the key before
 *
 * then, all of them, what policy and question say. Nothing here uses the network: `source` does.
 */
#ifndef TEE_ATTEST_VERIFY_H
#define TEE_ATTEST_VERIFY_H

#include "attest/appraisal.h"
#include "attest/chain.h"
#include "attest/evidence.h"
#include "attest/result.h"
#include "attest/statement.h"

/* Does the verifier want this certificate or list? */
typedef bool verify_accept_fn(void *ctx, struct span der);

/* What may be fetched: a report's VCEK; of a product and a kind of endorsement key, certificates
 * with the issuer's among them, or the revocation list. CKR_OK once `accept` took something;
 * otherwise any error, with *ret_why (malloc'd, the caller's; may stay NULL). */
typedef CK_RV verify_vcek_fn(void *ctx, const struct report *r, verify_accept_fn *accept,
                             void *accept_ctx, char **ret_why);
typedef CK_RV verify_common_fn(void *ctx, enum product p, enum signing_key k,
                               verify_accept_fn *accept, void *accept_ctx, char **ret_why);

/* Where certificates come from that were not given: a cache, AMD's key distribution service. What
 * `accept` does not take is no answer, and must not be kept. */
struct verify_source {
    verify_vcek_fn *vcek;
    verify_common_fn *issuer;
    verify_common_fn *crl;
    void *ctx;
};

/* What the relying party asks; what is empty or 0 is not asked. All borrowed. */
struct question {
    bool has_nonce;
    struct span nonce;
    struct span report_data; /* 64 bytes */
    EVP_PKEY *key;           /* the public key that must be the attested one */
    EVP_PKEY *old_key;       /* and the one whose successor it must be */
    const struct statement_file *file;
    uint64_t max_age; /* seconds; besides the policy's */
};

struct verify_input {
    /* Statement empty: none. Report empty, with a statement about a rotation: at best
     * VERDICT_UNKNOWN, with the old key's signature judged. */
    struct span report, statement;
    const struct cert_list *given; /* certificates that may be used; never as a root */
    bool given_only;               /* the issuer too must be among them */
    X509 *root;                    /* a root instead of AMD's; NULL: policy's roots, else AMD's */
    X509_CRL *crl;                 /* NULL: ask the source */
    time_t at;
    const struct appraisal *policy;
    const struct question *question;
    const struct verify_source *source; /* NULL: offline */
};

/* What was learnt on the way, for those who show it; parts are valid as far as checks went. */
struct verified {
    bool has_report, has_statement, has_endorsement;
    struct report report;       /* borrows the input's bytes */
    struct statement statement; /* likewise */
    struct endorsement endorsement;
    uint8_t root_hash[32]; /* SHA-256 of the root's public key */
    char leaf_name[64];
};

/* Make all checks; *ret_result (empty at the call) has them, *ret_facts what was learnt.
 * CKR_HOST_MEMORY when checks could not be recorded. */
NODISCARD CK_RV verify(const struct verify_input *in, struct result *ret_result,
                       struct verified *ret_facts);

/*
 * For whoever makes evidence: find the certificates of the report's endorsement key and of its
 * issuer, among those given, in this program and from the source, so that a relying party needs no
 * network. Appends the two to *ret, as far as it does not have them; where it is full, certificates
 * that are not of the chain make room. Policy and question are not looked at. CKR_DEVICE_ERROR:
 * they are not to be had, CKR_DATA_INVALID: the chain does not hold; *ret_why (malloc'd, the
 * caller's) says what, and *ret is untouched. CKR_HOST_MEMORY: some may be added or gone already.
 */
NODISCARD CK_RV verify_certificates(const struct verify_input *in, struct evidence *ret,
                                    char **ret_why);

/* For verify.c (verify_policy.c): the checks that the policy and the question ask for, of evidence
 * that is genuine. */
void verify_policy(const struct verify_input *in, const struct verified *v, struct result *res);
void verify_question(const struct verify_input *in, const struct verified *v, struct result *res);

#endif
