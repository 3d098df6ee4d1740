/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_check.h - what the two sides of a hand-over ask of each other's evidence besides the
 * policy: that it was made for this, for this store, in this run, and by somebody else.
 *
 * The checks are added to the result of verify(), whose facts they use: they say nothing where
 * those are not proven. All are ABOUT_POLICY: the hardware did say it, but not what is wanted.
 *
 *   purpose        the statement is about a hand-over, and about this half of it
 *   store          it names the store that this side has, or asked for
 *   request        an approval answers this request, and no other one or other run
 *   sealed         the encrypted key that came with an approval is the one that it speaks of
 *   other-platform the report is of another launch than this side's: it was not sent back
 */
#ifndef TEE_ATTEST_HANDOFF_CHECK_H
#define TEE_ATTEST_HANDOFF_CHECK_H

#include "attest/handoff_message.h"
#include "attest/verify.h"

/*
 * May a policy decide who gets, or gives, a master key? It has to say which software (measurements,
 * or keys of an ID block) and the smallest TCB, which is not zeros alone, may not allow a debug
 * launch, which its host reads, nor a migration agent unless it says which, and may not stop the
 * clock. False: *ret_why is a constant that says what is missing.
 */
bool handoff_policy_decides(const struct appraisal *p, const char **ret_why);

/* A request, at the side that has the store. */
void handoff_check_request(const struct verified *v, const uint8_t store[16], struct result *res);

/* What the new side remembers of its request. */
struct handoff_pending {
    struct span request;   /* the message, DER */
    struct span report_id; /* of the report in it, 32 bytes */
    struct statement statement;
    uint8_t hash[HANDOFF_HASH];
};
/* Read it from the request's own bytes, which *ret borrows; `evidence` holds what the rest points
 * into, and is to be cleared whatever happens. CKR_DATA_INVALID; CKR_FUNCTION_NOT_SUPPORTED: its
 * report is of a version that is newer than this program. */
NODISCARD CK_RV handoff_pending_read(struct span request, struct evidence *evidence,
                                     struct handoff_pending *ret);

/* An approval, at the side that asked. */
void handoff_check_approval(const struct verified *v, const struct handoff_pending *asked,
                            struct span sealed, struct result *res);

/* Both: the report is not of this launch of this VM (REPORT_ID). */
void handoff_check_other(const struct verified *v, struct span own_report_id, struct result *res);
/* REPORT_ID of a report's bytes; borrowed. Errors as of report_read(). */
NODISCARD CK_RV handoff_report_id(struct span report, struct span *ret);

#endif
