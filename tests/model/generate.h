/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate.h - sequences of calls drawn from a seed. What is drawn next depends on what the calls
 * so far probably did, so that most calls are good ones; never on what a token answered, so that a
 * seed is a sequence.
 */
#ifndef TEE_TESTS_MODEL_GENERATE_H
#define TEE_TESTS_MODEL_GENERATE_H

#include "call.h"

void generate(uint64_t seed, struct sequence *ret);

#endif
