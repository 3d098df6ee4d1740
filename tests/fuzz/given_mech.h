/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * given_mech.h - a CK_MECHANISM made from a harness's input: parameter structures of the form that
 * the mechanism takes, with fields that are right, on a border or absurd, or any bytes instead.
 */
#ifndef TEE_FUZZ_GIVEN_MECH_H
#define TEE_FUZZ_GIVEN_MECH_H

#include "crypto/mech.h"
#include "given.h"

/* ret_n_data: the length of data that the parameter speaks of (CCM); SIZE_MAX: of none. */
void given_mechanism(struct cursor *c, struct arena *a, const struct mech *row, CK_MECHANISM *ret,
                     size_t *ret_n_data);

#endif
