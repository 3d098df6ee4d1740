/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.h - the data that C_WrapKeyAuthenticated binds to a wrapped key: what the key may do and
 * how it is protected, and then what the application gave (docs/formats.md, "Wrapped keys with
 * attributes"). A key that leaves so comes back only as what it was: unwrapping it computes the
 * same data from the template.
 *
 * Additional data that begins as this does is refused wherever an application gives some: else
 * whoever may decrypt or unwrap could say all this himself. Private to crypto/.
 */
#ifndef TEE_CRYPTO_BOUND_H
#define TEE_CRYPTO_BOUND_H

#include "model/attrs.h"
#include "util/buf.h"

/* Append the bound data of a key with the attributes `a`. CKR_HOST_MEMORY. */
NODISCARD CK_RV bound_data(const struct attrs *a, struct span aad, struct buf *ret);
/* Does `aad` begin as bound data does? */
bool bound_is(struct span aad);

#endif
