/* SPDX-License-Identifier: BSD-2-Clause */
/* emulated.h - what a guest and a verifier get of an emulated machine: evidence, and its root. */
#ifndef TEE_TESTS_ATTEST_EMULATED_H
#define TEE_TESTS_ATTEST_EMULATED_H

#include "attest/cert.h"
#include "attest/evidence.h"
#include "support/snp_emulator.h"

/* The ARK that it signs under, in place of *held, which may be NULL. Asserts. */
void emulated_root(struct emulator *e, X509 **held);
/* An extended report over these bytes with its certificates, as the kernel gives it, added to an
 * empty *ret. Asserts. */
void emulated_report(struct emulator *e, const uint8_t data[64], struct evidence *ret);

#endif
