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

/*
 * Makes evidence that a private key was made in this token, can't leave it, and lives in the
 * confidential VM of a report: C_Sign() over a relying party's nonce (0 to 1024 bytes, in one part)
 * gives it in DER, as docs/formats.md of the project has it and `tee-pkcs11 verify` takes it. It is
 * made once per nonce, and the answer to a length query is the one that the next call gives.
 * CKR_KEY_FUNCTION_NOT_PERMITTED: the key was imported, or was ever extractable.
 * CKR_FUNCTION_NOT_SUPPORTED: the root of trust can't attest.
 */
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

/* Of a private key: evidence made over an empty nonce when the key was generated, where the
 * configuration says attest-keys = yes. Bytes, as of CKM_TEE_ATTEST_KEY. */
#define CKA_TEE_EVIDENCE (CKA_VENDOR_DEFINED | 0x00544501UL)

/* Of a private or secret key that `tee-pkcs11 rotate key` made: the statement that it is the
 * successor of another, signed by that one where it could and attested where the root can. Bytes,
 * as docs/formats.md has them and `tee-pkcs11 verify` takes them. */
#define CKA_TEE_ROTATION (CKA_VENDOR_DEFINED | 0x00544506UL)

/* Of a CKO_TEE_DEK: the number of the generation, higher with each rotation. CK_ULONG. */
#define CKA_TEE_DEK_GENERATION (CKA_VENDOR_DEFINED | 0x00544502UL)

/* Of a CKO_TEE_DEK: which of the token's objects this key protects. CK_ULONG. */
#define CKA_TEE_DEK_SCOPE (CKA_VENDOR_DEFINED | 0x00544503UL)

/* Of a CKO_TEE_DEK: whether it still encrypts, only decrypts, or is gone. CK_ULONG. */
#define CKA_TEE_DEK_STATE (CKA_VENDOR_DEFINED | 0x00544504UL)

/* Of a CKO_TEE_DEK: when the generation was made. */
#define CKA_TEE_DEK_CREATED (CKA_VENDOR_DEFINED | 0x00544505UL)

/*
 * X.509.
 */

/* The extension of a certificate request that holds evidence about its key: DER, as C_Sign() gives
 * it. An arc under 2.25, which needs no registration (ITU-T X.667). */
#define TEE_EVIDENCE_OID "2.25.168880678793330590818884709755297633495"

#endif /* TEE_PKCS11_H */
