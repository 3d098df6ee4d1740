/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attacks.h - the attacks of docs/policy.md, each as a program against a fresh token that says
 * whether it got what it wanted. test-policy.c runs each of them twice: with the rules as they are,
 * where it must fail, and without the one rule that stops it, where it must succeed.
 *
 * Letters are those of the table of attacks in docs/policy.md.
 */
#ifndef TEE_TESTS_ATTACKS_H
#define TEE_TESTS_ATTACKS_H

#include "support/reference.h"
#include "util/policy.h"

struct attack {
    const char *name; /* the test's path */
    enum policy_rule rule;
    bool (*succeeds)(CK_SESSION_HANDLE user);
    bool held_twice; /* the library below refuses as well: without the rule it fails still */
};

extern const struct attack attacks_on_wrapping[], attacks_on_values[];
extern const size_t n_attacks_on_wrapping, n_attacks_on_values;

/* -- what attackers need ------------------------------------------------------------------------
 */

/* Bytes that the attacker knows; those of the victim's key nobody does. */
extern const uint8_t known_bytes[32];

/* A generated AES key of n bytes with these attributes true besides the defaults. */
CK_OBJECT_HANDLE attack_generate(CK_SESSION_HANDLE h, CK_ULONG n, const CK_ATTRIBUTE_TYPE *usages,
                                 size_t n_usages);
/* The victim's: AES of n bytes, generated, sensitive, extractable, encrypts. */
CK_OBJECT_HANDLE attack_victim(CK_SESSION_HANDLE h, CK_ULONG n);
/* An AES key of known_bytes (n of them), sensitive, not extractable, with one usage. */
CK_OBJECT_HANDLE attack_import(CK_SESSION_HANDLE h, CK_ULONG n, CK_ATTRIBUTE_TYPE usage);
/* Are these the bytes of the AES key? Asked by what it encrypts. */
bool attack_knows(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, const uint8_t *value, size_t n);
/* Wrap; false: refused. */
bool attack_wrap(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with,
                 CK_OBJECT_HANDLE key, uint8_t ret[1024], CK_ULONG *ret_n);
/* Unwrap an AES key with these attributes besides; false: refused. */
bool attack_unwrap(CK_SESSION_HANDLE h, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE with,
                   const uint8_t *wrapped, CK_ULONG n, const CK_ATTRIBUTE *more, size_t n_more,
                   CK_OBJECT_HANDLE *ret);
/* One call of C_Encrypt or C_Decrypt; false: refused. */
bool attack_crypt(CK_SESSION_HANDLE h, bool encrypt, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE key,
                  const uint8_t *in, CK_ULONG n, uint8_t ret[1024], CK_ULONG *ret_n);
/* Read CKA_VALUE; false: refused. */
bool attack_read(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, uint8_t ret[1024], CK_ULONG *ret_n);
CK_RV attack_set(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL to);
CK_RV attack_copy(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_BBOOL to,
                  CK_OBJECT_HANDLE *ret);

#endif
