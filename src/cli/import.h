/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import.h - what `tee-pkcs11 import` found in its sources, and what became of it.
 *
 * Sources (import_file.c, import_env.c, import_token.c) are read whole, into items, before the own
 * token is opened: one that can't be read leaves everything as it is. An item is a template for
 * C_CreateObject, or the reason why something can't be moved.
 */
#ifndef TEE_CLI_IMPORT_H
#define TEE_CLI_IMPORT_H

#include "cli/cli.h"
#include "core/import.h"
#include "model/schema.h"

struct import_item {
    CK_OBJECT_CLASS class;
    char *name;          /* for people; may hold anything */
    struct attrs *attrs; /* the template; NULL: it can't be moved */
    const char *reason;  /* why not; a constant */
    const char *note;    /* what it leaves behind; a constant; NULL: nothing */
    bool begins;         /* a group that is written in one transaction (import_items_group) */
    bool is_named;       /* a data object that has to be the only one of its name */
    CK_RV rv;            /* CKR_OK, or why the token did not take it */
    enum import_fate fate;
};

struct import_items {
    struct import_item *v;
    size_t n, room;
};

/* What is said of keys on the command line. */
struct import_keys {
    const char *label; /* of keys and their certificates; NULL: what the source says */
    bool extractable;
};

void import_items_clear(struct import_items *items);
/* A new item, with an empty template that has its class; the pointer is good until the next one.
 * CKR_HOST_MEMORY. */
NODISCARD CK_RV import_item_new(struct import_items *items, CK_OBJECT_CLASS class, struct span name,
                                struct import_item **ret);
/* Something that can't be moved, with a constant that says why. */
NODISCARD CK_RV import_item_skip(struct import_items *items, CK_OBJECT_CLASS class,
                                 struct span name, const char *reason);

/* Something that went wrong by itself. */
NODISCARD CK_RV import_item_fail(struct import_items *items, CK_OBJECT_CLASS class,
                                 struct span name, CK_RV why);

/* -- objects of other tokens ---------------------------------------------------------------------
 */

#define IMPORT_NO_SUCH_TYPE "of a type that the token has no objects of"
#define IMPORT_HAS_TEMPLATE                                                                        \
    "it has a template for other keys (CKA_UNWRAP_TEMPLATE or the like), which can't be carried "  \
    "over"

/* The schema that an object with these CKA_CLASS, CKA_KEY_TYPE and CKA_CERTIFICATE_TYPE would have
 * here; NULL: the token has none such that an application makes. */
const struct schema *import_schema(const struct attrs *a);
/* Does the attribute come along? What the import says itself, what only the token or the SO says,
 * and what follows from the rest, does not. */
bool import_carries(const struct attr_rule *rule);
/* At the end, for an object of another token: label, protection, and what is left behind. */
NODISCARD CK_RV import_settle_item(struct import_item *item, const struct import_keys *keys,
                                   bool was_trusted);

/* Objects of one CKA_ID, the halves of a pair and its certificates, go next to each other, where
 * the first of them is, and are written in one transaction: they are marked so, and what has no
 * CKA_ID is by itself. Before anything points at an item. CKR_HOST_MEMORY: nothing changed. */
NODISCARD CK_RV import_items_group(struct import_items *items);

/* What a key from outside is: not to be read, and not to leave unless `extractable`. */
NODISCARD CK_RV import_protect(struct import_item *item, bool extractable);

/* Why the token does not take an item; a constant. *ret_skipped: it can't (by its type or by
 * policy), rather than that something is wrong with it. */
const char *import_objection(CK_RV rv, bool *ret_skipped);

/* Print the table and the reasons. How many failed. */
size_t import_report(const struct import_items *items, bool dry_run);

/* -- sources: an exit code; errors are printed ------------------------------------------------- */

/* The words that open what is encrypted: asked for when first needed. */
struct passphrase {
    struct pin_source from;
    const char *of; /* the file that is being read */
    struct buf text;
    bool have; /* text was read */
    bool used; /* for this file */
};
bool passphrase_get(struct passphrase *p);

/* Keys and certificates of a file: PEM, DER, PKCS#8, PKCS#12. */
int import_file(const char *path, struct passphrase *p, const struct import_keys *keys,
                struct import_items *items);
/* The objects of another module's token that a URI (RFC 7512) names, as far as they may leave. The
 * PIN: from `pin`, else the URI's, else a prompt. */
int import_token(const char *uri, const struct pin_source *pin, const struct import_keys *keys,
                 struct import_items *items);
/* All objects of the SoftHSM2 token of that label, through SoftHSM2's module: `module`, or where it
 * usually is (NULL). */
int import_softhsm2(const char *label, const char *module, const struct pin_source *pin,
                    const struct import_keys *keys, struct import_items *items);
/* The same through its files, whose directory is named: of all objects, extractable or not. */
int import_softhsm2_store(const char *directory, const struct pin_source *pin,
                          const struct import_keys *keys, struct import_items *items);
/* The assignments of an .env file (env_file.h), as data objects of an application. */
int import_env_file(const char *path, const char *application, struct import_items *items);
/* The variables of this process's environment whose names fit the pattern (fnmatch). */
int import_environment(const char *pattern, const char *application, struct import_items *items);

#endif
