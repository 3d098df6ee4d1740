/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * note.h - C2SP signed notes (c2sp.org/signed-note) by Ed25519: a text, a blank line, and signature
 * lines that name their key. Written by one key; read with the one key that is trusted, whatever
 * others have signed besides.
 */
#ifndef TEE_CLI_NOTE_H
#define TEE_CLI_NOTE_H

#include "util/buf.h"

#define NOTE_MAX       65536 /* bytes of a note that is read */
#define NOTE_NAME_MAX  255
#define NOTE_KEY       32 /* bytes of an Ed25519 public key (RFC 8032) */
#define NOTE_SIGNATURE 64

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint8_t public_key[NOTE_KEY];
};

/* A name that a key may have here: printable ASCII without blanks and plus. */
bool note_name_fits(const char *name);
/* The key as text, "name+hash+base64"; appended. CKR_HOST_MEMORY, or what prim_sha256() says. */
NODISCARD CK_RV note_key_encode(const struct note_key *k, struct buf *ret);
/* CKR_DATA_INVALID: no Ed25519 verifier key. */
NODISCARD CK_RV note_key_decode(const char *text, struct note_key *ret);
/* A text that ends in a newline, with its signature by `k`; appended. */
NODISCARD CK_RV note_encode(struct span text, const struct note_key *k,
                            const uint8_t signature[NOTE_SIGNATURE], struct buf *ret);

/* CKR_OK: *ret_text, borrowed from the note, is signed by the key. CKR_DATA_INVALID: no signed
 * note; CKR_KEY_HANDLE_INVALID: nothing in it is by that key; CKR_SIGNATURE_INVALID: something says
 * to be, and is not. */
NODISCARD CK_RV note_verify(struct span note, const struct note_key *k, struct span *ret_text);

#endif
