/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * statement.h - what a report is bound to: a statement of the measured software, whose hash is the
 * report's REPORT_DATA.
 *
 *   REPORT_DATA = SHA-512("tee-pkcs11 statement 1" || 00 || DER of the statement)
 *
 * The label keeps these hashes apart from any other use of REPORT_DATA, the alternative of the
 * statement's CHOICE one kind of statement from another. The report proves which software said it,
 * not that it is true: that is what the relying party trusts the measured image for. The time is
 * the VM's clock, which its host can set.
 *
 * Encoded by evidence.asn (docs/formats.md). What belongs to a kind other than the statement's is
 * not read and not written.
 */
#ifndef TEE_ATTEST_STATEMENT_H
#define TEE_ATTEST_STATEMENT_H

#include "util/buf.h"

#define STATEMENT_REPORT_DATA 64   /* bytes of a hash of a statement */
#define STATEMENT_MAX         8192 /* bytes of an encoded one */
#define STATEMENT_MAX_NONCE   1024
#define STATEMENT_MAX_SEALS   16
#define STATEMENT_MAX_NAME    32 /* bytes of a seal's kind or a token's serial number */

enum statement_kind {
    STATEMENT_NOTHING, /* no more than nonce and time: the VM itself */
    STATEMENT_KEY,
    STATEMENT_FILE,
    STATEMENT_HANDOVER,
    STATEMENT_APPROVAL,
    STATEMENT_ROTATION,
    STATEMENT_N_KINDS
};

/* Attributes of a private key that are CK_BBOOLs, as bits. */
enum statement_key_flag {
    STATEMENT_LOCAL = 1 << 0,
    STATEMENT_TOKEN = 1 << 1,
    STATEMENT_PRIVATE = 1 << 2,
    STATEMENT_SENSITIVE = 1 << 3,
    STATEMENT_ALWAYS_SENSITIVE = 1 << 4,
    STATEMENT_EXTRACTABLE = 1 << 5,
    STATEMENT_NEVER_EXTRACTABLE = 1 << 6,
    STATEMENT_MODIFIABLE = 1 << 7,
    STATEMENT_COPYABLE = 1 << 8,
    STATEMENT_ALWAYS_AUTHENTICATE = 1 << 9,
    STATEMENT_WRAP_WITH_TRUSTED = 1 << 10,
    STATEMENT_SIGN = 1 << 11,
    STATEMENT_DECRYPT = 1 << 12,
    STATEMENT_UNWRAP = 1 << 13,
    STATEMENT_DERIVE = 1 << 14,
    STATEMENT_SIGN_RECOVER = 1 << 15,
    STATEMENT_DECAPSULATE = 1 << 16,
};
#define STATEMENT_N_FLAGS 17u
/* The name of bit `i` in evidence.asn ("neverExtractable"); NULL behind the last. */
const char *statement_flag_name(size_t i);

enum statement_measured { STATEMENT_UNSAID, STATEMENT_IMAGE, STATEMENT_FIRMWARE };

/* The store that holds a key. */
struct statement_store {
    uint8_t id[16];
    uint8_t fingerprint[32];
    struct span token; /* CK_TOKEN_INFO.serialNumber: printable ASCII without trailing blanks */
    enum statement_measured measured;
    /* Every kind of seal that it ever had: the name of a root ("sev-snp", "software"), or
     * "certificate". Printable ASCII, in strictly rising order of bytes. */
    struct span seals[STATEMENT_MAX_SEALS];
    size_t n_seals;
};

struct statement_key {
    struct span public_key; /* DER of SubjectPublicKeyInfo, not empty (but of a secret key) */
    struct span id;         /* CKA_ID */
    uint64_t key_type;      /* CKA_KEY_TYPE */
    uint64_t mechanism;     /* CKA_KEY_GEN_MECHANISM; UINT64_MAX: unknown */
    uint32_t flags;         /* enum statement_key_flag */
    struct statement_store store;
};

struct statement_file {
    uint8_t digest[64]; /* SHA-512 */
    uint64_t size;
};

/* A VM that asks another one for the master key of a store. */
struct statement_handover {
    uint8_t store[16];
    struct span public_key; /* DER of SubjectPublicKeyInfo, not empty: encrypt to it */
};

/* The VM that answers it: which request, which store, and the message that holds the master key. */
struct statement_approval {
    uint8_t store[16];
    uint8_t fingerprint[32];
    uint8_t seal[16];    /* that opens the store where it is given */
    uint8_t request[64]; /* handoff_message_hash() of the request */
    uint8_t sealed[64];  /* SHA-512 of the CMS message */
};

/* The key that `key` of the statement is the successor of. Of secret keys neither has a public key.
 */
struct statement_rotation {
    struct span old_public_key; /* DER of SubjectPublicKeyInfo; empty: a secret key */
    struct span old_id;         /* CKA_ID */
    struct span label;          /* CKA_LABEL of both */
    struct span signature; /* by the old key, over statement_signed_bytes(); empty: it can't sign */
};

struct statement {
    enum statement_kind kind;
    struct span nonce;        /* what the relying party sent; empty: nothing */
    uint64_t time;            /* seconds since 1970; 0: not said */
    struct statement_key key; /* of STATEMENT_KEY, and of STATEMENT_ROTATION the new one */
    struct statement_file file;
    struct statement_handover handover;
    struct statement_approval approval;
    struct statement_rotation rotation;
};

/* Does `key` say something? */
bool statement_has_key(const struct statement *s);

/* Hash what a descriptor has from its position on, to its end. CKR_DEVICE_ERROR: it can't be read.
 */
NODISCARD CK_RV statement_file_hash(int fd, struct statement_file *ret);

/* "nothing", "key", "file", "handover", "approval", "rotation" */
const char *statement_kind_name(enum statement_kind kind);

/* Append the DER. CKR_DATA_INVALID: a field is outside its range. */
NODISCARD CK_RV statement_encode(const struct statement *s, struct buf *ret_der);
/* Spans of *ret point into `der`. CKR_DATA_INVALID: not exactly the encoding of a statement. */
NODISCARD CK_RV statement_decode(struct span der, struct statement *ret);
/* Append what the old key of a rotation signs, whatever `signature` is now: label and DER of the
 * statement with an empty one. An RSA key does so by PKCS#1 v1.5 with SHA-256, an EC key by ECDSA
 * (DER of ECDSA-Sig-Value) with SHA-256, SHA-384 or SHA-512 by the size of its curve, an Edwards
 * key by EdDSA. */
NODISCARD CK_RV statement_signed_bytes(const struct statement *s, struct buf *ret);
/* What REPORT_DATA must be for this encoded statement. */
NODISCARD CK_RV statement_report_data(struct span der, uint8_t ret[STATEMENT_REPORT_DATA]);

#endif
