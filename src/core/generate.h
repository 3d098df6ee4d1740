/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * generate.h - C_GenerateKey, C_GenerateKeyPair, C_DeriveKey, C_WrapKey, C_UnwrapKey (v3.2 5.18).
 * All refusals come before any entropy or disk is touched; both halves of a pair appear at once.
 */
#ifndef TEE_CORE_GENERATE_H
#define TEE_CORE_GENERATE_H

#include "core/session.h"

NODISCARD CK_RV key_generate(struct session *s, const CK_MECHANISM *m, const CK_ATTRIBUTE *v,
                             CK_ULONG n, CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV key_generate_pair(struct session *s, const CK_MECHANISM *m,
                                  const CK_ATTRIBUTE *public_v, CK_ULONG public_n,
                                  const CK_ATTRIBUTE *private_v, CK_ULONG private_n,
                                  CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private);
NODISCARD CK_RV key_derive(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
                           const CK_ATTRIBUTE *v, CK_ULONG n, CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV key_wrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
                         CK_OBJECT_HANDLE key, struct out *out);
NODISCARD CK_RV key_unwrap(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
                           struct span wrapped, const CK_ATTRIBUTE *v, CK_ULONG n,
                           CK_OBJECT_HANDLE *ret);

/* C_WrapKeyAuthenticated, C_UnwrapKeyAuthenticated: key_wrap() and key_unwrap() by an AEAD
 * mechanism, with the key's attributes bound to what comes out, and `aad`. Unwrapped under a
 * template that says something else of them it is CKR_WRAPPED_KEY_INVALID (docs/formats.md). */
NODISCARD CK_RV key_wrap_authenticated(struct session *s, const CK_MECHANISM *m,
                                       CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE key,
                                       struct span aad, struct out *out);
NODISCARD CK_RV key_unwrap_authenticated(struct session *s, const CK_MECHANISM *m,
                                         CK_OBJECT_HANDLE unwrapping, struct span wrapped,
                                         const CK_ATTRIBUTE *v, CK_ULONG n, struct span aad,
                                         CK_OBJECT_HANDLE *ret);

/* C_EncapsulateKey, C_DecapsulateKey: a new secret key, and what the other side needs for it. A
 * length query makes no key; `ret` may then be NULL. */
NODISCARD CK_RV key_encapsulate(struct session *s, const CK_MECHANISM *m,
                                CK_OBJECT_HANDLE public_key, const CK_ATTRIBUTE *v, CK_ULONG n,
                                struct out *out, CK_OBJECT_HANDLE *ret);
NODISCARD CK_RV key_decapsulate(struct session *s, const CK_MECHANISM *m,
                                CK_OBJECT_HANDLE private_key, const CK_ATTRIBUTE *v, CK_ULONG n,
                                struct span capsule, CK_OBJECT_HANDLE *ret);

#endif
