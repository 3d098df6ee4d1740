/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h - why a cell of the tables has no figure.
 *
 * A module's refusal is its own CKR_ code. The benchmark's own reasons use codes of the vendor
 * range. A wrong result (a signature that does not verify, a search that finds two objects) is
 * none of these reasons: it ends the run.
 */
#ifndef TEE_BENCH_FAULT_H
#define TEE_BENCH_FAULT_H

#include "util/guard.h"

#define FAULT_WRONG   (CKR_VENDOR_DEFINED | 0x62656e01UL) /* a result is not what it must be */
#define FAULT_OPENSSL (CKR_VENDOR_DEFINED | 0x62656e02UL) /* libcrypto itself refused */
#define FAULT_NONE    (CKR_VENDOR_DEFINED | 0x62656e03UL) /* nothing to measure here */
#define FAULT_DIED    (CKR_VENDOR_DEFINED | 0x62656e04UL) /* the contestant's process is gone */
#define FAULT_SLOW    (CKR_VENDOR_DEFINED | 0x62656e05UL) /* longer than --patience */
#define FAULT_CHILD   (CKR_VENDOR_DEFINED | 0x62656e06UL) /* a started process failed */
#define FAULT_CROWDED (CKR_VENDOR_DEFINED | 0x62656e07UL) /* the token has more keys already */

#define FAULT_TEXT 200

/* Keep the words (the first ones stay, any thread may call) and return FAULT_WRONG. */
NODISCARD CK_RV fault_wrong(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* The words kept by fault_wrong(), "" when there are none. */
const char *fault_words(void);
/* The name of a CKR_ code without its prefix, or of a reason above, or hexadecimal; into text. */
char *fault_name(CK_RV rv, char text[FAULT_TEXT]);

#endif
