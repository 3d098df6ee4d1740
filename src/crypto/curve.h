/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * curve.h - the elliptic curves: how each is named in CKA_EC_PARAMS, what OpenSSL calls it, how
 * long its keys, points and signatures are, and how points are wrapped (PKCS#11 v3.2 6.3).
 * Private to crypto/.
 */
#ifndef TEE_CRYPTO_CURVE_H
#define TEE_CRYPTO_CURVE_H

#include "model/attrs.h"

#define CURVE_MAX_POINT 133 /* P-521, uncompressed */
#define CURVE_MAX_FIELD 66
#define CURVE_MAX_DER   144 /* an ECDSA signature of P-521, DER: 139 bytes */

struct curve {
    const char *name;     /* OpenSSL's name of the group (CKK_EC) or of the key type */
    int nid;              /* OpenSSL's number of the object identifier */
    CK_KEY_TYPE key_type; /* CKK_EC, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY */
    CK_ULONG bits;        /* of the field, as PKCS#11 counts them */
    size_t n_private;     /* bytes of a private key, of r and of s: those of the order */
    size_t n_public;      /* bytes of a point as the token writes it: uncompressed, or raw */
    struct span oid;      /* DER of the object identifier */
    const char *names[3]; /* PrintableStrings that mean this curve; NULL-terminated if fewer */
};

/* The curve that the value of CKA_EC_PARAMS names. CKR_DOMAIN_PARAMS_INVALID: neither an object
 * identifier nor a name; CKR_CURVE_NOT_SUPPORTED: of no curve for this key type. */
NODISCARD CK_RV curve_of(struct span ec_params, CK_KEY_TYPE type, const struct curve **ret);

/* The point inside the value of CKA_EC_POINT, or inside a peer's public data: raw, or a DER OCTET
 * STRING around it. Which of the two is decided by the length, which no curve has in common. At
 * most CURVE_MAX_POINT bytes go to `ret`. CKR_ATTRIBUTE_VALUE_INVALID. */
NODISCARD CK_RV curve_point(const struct curve *c, struct span value, uint8_t *ret, size_t *ret_n);
/* Set CKA_EC_POINT to a point, as a DER OCTET STRING. */
NODISCARD CK_RV curve_set_point(struct span point, struct attrs *a);

/* For tests and documents: all curves. */
extern const struct curve curves[];
extern const size_t n_curves;

#endif
