/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * material.h - what the keys of the model test are made of: always the same, so that a seed says
 * all. They were made for this test and protect nothing.
 */
#ifndef TEE_TESTS_MODEL_MATERIAL_H
#define TEE_TESTS_MODEL_MATERIAL_H

#include <openssl/evp.h>

#include "attribute.h"

/* Read the pairs from the folder of the test, once; fails the test when they are not there. */
void material_setup(void);
void material_teardown(void);

/* The bytes of such an attribute, by choice; returns how many. BAD_MATERIAL is bytes that make no
 * such key. */
size_t material_value(enum at at, unsigned choice, enum kind kind, uint8_t ret[VALUE_MAX]);
/* The bytes of a secret by choice. */
size_t material_length(enum kind kind, unsigned choice);
/* The pair behind an RSA or EC key. */
EVP_PKEY *material_pair(enum kind kind);

#endif
