/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ossl.h - the module's OpenSSL: its own OSSL_LIB_CTX with the default provider, algorithms fetched
 * at first use and kept, foreign errors mapped in one place.
 *
 * libcrypto loads the application's configuration at its first use, on any context, and that file
 * may activate a PKCS#11 provider that calls back into this module on the same thread. So
 * crypto_ready() must be called with no lock held, before anything else of crypto/; it survives
 * re-entry (the inner call then gets CKR_CRYPTOKI_NOT_INITIALIZED or waits for nothing).
 */
#ifndef TEE_CRYPTO_OSSL_H
#define TEE_CRYPTO_OSSL_H

#include <openssl/evp.h>

#include "util/guard.h"

/* Create the library context if it is not there yet. Call with no lock held. CKR_GENERAL_ERROR
 * after the end of libcrypto. */
NODISCARD CK_RV crypto_ready(void);
/* Has libcrypto ended (OPENSSL_cleanup: the process exits)? Then it crashes who still uses it; only
 * freeing is safe. */
bool crypto_ended(void);
/* In a forked child whose parent had threads in the middle of OpenSSL: the context's locks may be
 * held for ever. It is left where it stands, with all that came from it, and crypto_ready() makes
 * another. */
void crypto_forget(void);
/* The context; never NULL after crypto_ready(). */
OSSL_LIB_CTX *ossl_ctx(void);

/* A fetched algorithm, kept for the life of the process; NULL when this libcrypto has none. The
 * name must be a string constant. Lock-free after the first fetch of a name. */
const EVP_MD *ossl_md(const char *name);
const EVP_CIPHER *ossl_cipher(const char *name);

/* The OID of a key type ("RSA", "EC", "ED25519", "X25519", ...) by which to ask for it; the name
 * itself when it has none. libcrypto takes a key type that it knows by name to a default ENGINE
 * first, in any library context, and that engine may be the application's own, built on this
 * module. */
const char *ossl_key_type(const char *name);

/* Guard the caller's error queue around OpenSSL calls: AUTO(ossl_errors_pop) int mark =
 * ossl_errors_mark(); drops what we added. */
int ossl_errors_mark(void);
void ossl_errors_pop(int *mark);

/* Map the newest OpenSSL error to a CK_RV: `fallback` unless it is an allocation failure. The
 * reasons go to the debug log (topic crypto), the queue back to its mark. */
CK_RV ossl_rv(CK_RV fallback);

#endif
