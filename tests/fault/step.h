/* SPDX-License-Identifier: BSD-2-Clause */
/* step.h - a call of the module that has to succeed for the next one to make sense. */
#ifndef TEE_TESTS_FAULT_STEP_H
#define TEE_TESTS_FAULT_STEP_H

/* TRY() without the module's tracing. */
#define STEP(call)                                                                                 \
    do {                                                                                           \
        const CK_RV rv_ = (call);                                                                  \
        if (rv_ != CKR_OK)                                                                         \
            return rv_;                                                                            \
    } while (0)

#endif
