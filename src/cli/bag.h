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

/*
 * How often a passphrase is hashed for a file (bag_rounds.c): what it asks for is added to *total,
 * or CKR_DATA_LEN_RANGE: it is more than we do, for one key or in all. Programs have 2,048 to
 * 600,000 for a key; ten million take some seconds.
 */
#define BAG_ROUNDS_MAX   10000000u
#define BAG_ROUNDS_TOTAL (10 * BAG_ROUNDS_MAX)
#define BAG_ROUNDS_WORDS                                                                           \
    "%s: it wants its passphrase hashed more than %u times, which takes too long: write it again " \
    "with fewer iterations"
NODISCARD CK_RV bag_rounds_spend(const X509_ALGOR *a, uint64_t *total);
/* For PKCS#12's MAC, if it has one. */
NODISCARD CK_RV bag_rounds_mac(const PKCS12 *p12, uint64_t *total);
/* For all encrypted PKCS#8 keys of a file, PEM or DER. CKR_HOST_MEMORY. */
NODISCARD CK_RV bag_rounds_look(struct span bytes);

#endif
