/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tee-pkcs11 module adds to PKCS#11 in the vendor's range of numbers.
 *
 * For applications: include any PKCS#11 header first (p11-kit's, the standard's or one's own), as
 * these names stand on its CK*_VENDOR_DEFINED. 0x5445 is "TE", as in TEE.
 */

#ifndef TEE_PKCS11_H
#define TEE_PKCS11_H

/*
 * Mechanisms.
 */

/*
 * Rotates a data encryption key (DEK), the key under which the token keeps its objects: called
 * through C_GenerateKey() by the security officer, it makes a new generation and returns the handle
 * of the CKO_TEE_DEK object that describes it. No key value ever leaves the token this way.
 */
#define CKM_TEE_DEK_KEY_GEN (CKM_VENDOR_DEFINED | 0x54450001UL)

/* Makes evidence that a key is held by this token in its trusted execution environment. */
#define CKM_TEE_ATTEST_KEY (CKM_VENDOR_DEFINED | 0x54450002UL)

/*
 * Object classes.
 */

/*
 * One generation of a DEK: a public, read-only token object without a value, which the token itself
 * makes. C_FindObjects() returns it only if the template names this class, so that a search for
 * everything finds what the application put there and nothing else.
 */
#define CKO_TEE_DEK (CKO_VENDOR_DEFINED | 0x54450001UL)

/*
 * Attributes. All of them are read-only. Bit 30 stays clear: it is CKF_ARRAY_ATTRIBUTE.
 */

/* The evidence about a key or a generation, in the form of the attestation in use. Bytes. */
#define CKA_TEE_EVIDENCE (CKA_VENDOR_DEFINED | 0x00544501UL)

/* Of a CKO_TEE_DEK: the number of the generation, higher with each rotation. CK_ULONG. */
#define CKA_TEE_DEK_GENERATION (CKA_VENDOR_DEFINED | 0x00544502UL)

/* Of a CKO_TEE_DEK: which of the token's objects this key protects. CK_ULONG. */
#define CKA_TEE_DEK_SCOPE (CKA_VENDOR_DEFINED | 0x00544503UL)

/* Of a CKO_TEE_DEK: whether it still encrypts, only decrypts, or is gone. CK_ULONG. */
#define CKA_TEE_DEK_STATE (CKA_VENDOR_DEFINED | 0x00544504UL)

/* Of a CKO_TEE_DEK: when the generation was made. */
#define CKA_TEE_DEK_CREATED (CKA_VENDOR_DEFINED | 0x00544505UL)

#endif /* TEE_PKCS11_H */
