/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag.h - what a file of keys and certificates holds, in one form: DER, whatever the file was (PEM,
 * DER, PKCS#8, PKCS#12, encrypted or not). OpenSSL reads all of them.
 */
#ifndef TEE_CLI_BAG_H
#define TEE_CLI_BAG_H

#include <openssl/pkcs12.h>

#include "cli/import.h"

enum bag_kind {
    BAG_PRIVATE,     /* PrivateKeyInfo */
    BAG_PUBLIC,      /* SubjectPublicKeyInfo */
    BAG_CERTIFICATE, /* X.509 */
    BAG_OTHER,       /* `what` says what */
};

struct bag_entry {
    enum bag_kind kind;
    struct buf der;
    struct buf alias; /* PKCS#12's friendlyName, UTF-8; may be empty */
    const char *what;
};

struct bag {
    struct bag_entry *v;
    size_t n, room;
};

void bag_clear(struct bag *b);
/* A new entry; good until the next one. CKR_HOST_MEMORY. */
NODISCARD CK_RV bag_add(struct bag *b, enum bag_kind kind, struct bag_entry **ret);

/* Read the bytes of p->of. An exit code; errors are printed. */
int bag_read(struct span bytes, struct passphrase *p, struct bag *ret);
/* The PKCS#12 part of it: *ret_is: it is one. (bag_pkcs12.c) */
int bag_read_pkcs12(struct span bytes, struct passphrase *p, struct bag *ret, bool *ret_is);

/* OpenSSL's question for a passphrase (pem_password_cb); `arg` is a struct passphrase. How many
 * bytes, -1: there is none. */
int bag_tell_passphrase(char *to, int room, int writing, void *arg);

/*
 * What OpenSSL's loader is given of a file that is no PKCS#12 (bag_sift.c), appended to *ret: the
 * one DER object that it is, or its PEM blocks, without the encryption of RFC 1421. How often the
 * loader will have a passphrase hashed was counted. CKR_DATA_INVALID: neither, or a part of it is
 * damaged, or the passphrase does not open it; CKR_HOST_MEMORY; bag_rounds_pkcs8()'s.
 */
NODISCARD CK_RV bag_sift(struct span bytes, struct passphrase *p, struct buf *ret);
/* Does something stand behind a DER object? */
bool bag_has_more(struct span bytes);

/*
 * How often a passphrase is hashed for a file (bag_rounds.c): what it asks for is added to *total,
 * unless it is more than we do: CKR_DATA_LEN_RANGE for one key, CKR_FUNCTION_REJECTED in all.
 * Programs have 2,048 to 600,000 rounds for a key, or scrypt of 131,072 (N * r * p, which counts
 * the same); ten million take some seconds, and the total is that of eight hundred keys of the
 * former.
 */
#ifndef BAG_ROUNDS_MAX /* a fuzzer has less time */
#define BAG_ROUNDS_MAX 10000000u
#endif
#define BAG_ROUNDS_TOTAL (50 * BAG_ROUNDS_MAX)
NODISCARD CK_RV bag_rounds_spend(const X509_ALGOR *a, uint64_t *total);
/* For PKCS#12's MAC, if it has one. */
NODISCARD CK_RV bag_rounds_mac(const PKCS12 *p12, uint64_t *total);
/* For an encrypted PKCS#8 key, if it is one. */
NODISCARD CK_RV bag_rounds_pkcs8(struct span der, uint64_t *total);
/* What is said of such a result; NULL: it is another. */
const char *bag_rounds_words(CK_RV rv);

#endif
