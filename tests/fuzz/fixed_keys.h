/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixed_keys.h - one key of each type, always the same, so that an input gives the same result
 * twice. They were made for these tests and protect nothing.
 */
#ifndef TEE_FUZZ_FIXED_KEYS_H
#define TEE_FUZZ_FIXED_KEYS_H

#include "model/attrs.h"

/* What the objects below are made of; any number is good. */
struct span fixed_part(unsigned i);

/* Attributes that make object number i: what C_CreateObject must be told, and nothing else. The
 * halves of a pair follow each other. */
#define FIXED_N_OBJECTS 16
NODISCARD CK_RV fixed_attrs(unsigned i, struct attrs **ret);

#endif
