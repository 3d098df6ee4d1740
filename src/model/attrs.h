/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attrs.h - the attributes of one object: an owned, sorted set of (type, value).
 *
 * Values are kept in the form that C_GetAttributeValue returns (CK_ULONG native, CK_BBOOL one
 * byte, byte strings as they are), except attribute arrays (CKF_ARRAY_ATTRIBUTE): those are kept
 * encoded by model/record.h. Values are wiped when replaced, removed or freed.
 * Not synchronised: owners lock.
 */
#ifndef TEE_MODEL_ATTRS_H
#define TEE_MODEL_ATTRS_H

#include "util/buf.h"

struct attr {
    CK_ATTRIBUTE_TYPE type;
    uint8_t *p; /* NULL when n is 0 */
    size_t n;
};

/* One that is to be added. */
struct attr_value {
    CK_ATTRIBUTE_TYPE type;
    struct span value; /* borrowed */
};

struct attrs_chunk; /* values stand in a few of these */

struct attrs {
    struct attr *v; /* sorted by type, each type once */
    size_t n;
    size_t room;
    struct attrs_chunk *chunks; /* the newest first */
};

NODISCARD CK_RV attrs_new(struct attrs **ret);
void attrs_free(struct attrs *a); /* wipes; NULL is allowed */
DEFINE_AUTO(attrs_freep, struct attrs, attrs_free)
/* Room in an empty set for so many attributes with so many bytes in all, to take no more than that.
 */
NODISCARD CK_RV attrs_reserve(struct attrs *a, size_t n, size_t bytes);
NODISCARD CK_RV attrs_dup(const struct attrs *a, struct attrs **ret);

/* Borrowed; NULL when the attribute is not there. */
const struct attr *attrs_get(const struct attrs *a, CK_ATTRIBUTE_TYPE type);
/* The value, or an empty span. */
struct span attrs_span(const struct attrs *a, CK_ATTRIBUTE_TYPE type);
bool attrs_has(const struct attrs *a, CK_ATTRIBUTE_TYPE type);
/* A CK_BBOOL or CK_ULONG attribute, or the default when it is absent or of the wrong size. */
bool attrs_bool(const struct attrs *a, CK_ATTRIBUTE_TYPE type, bool otherwise);
CK_ULONG attrs_ulong(const struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise);

/* Set a copy of the value, replacing one that is there. */
NODISCARD CK_RV attrs_set(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value);
/* The same, unless the attribute is there already. */
NODISCARD CK_RV attrs_add(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value);
/* The same for n attributes that are sorted by type, each type once: one walk of both. All or none.
 */
NODISCARD CK_RV attrs_add_sorted(struct attrs *a, const struct attr_value *more, size_t n);
NODISCARD CK_RV attrs_set_bool(struct attrs *a, CK_ATTRIBUTE_TYPE type, bool value);
NODISCARD CK_RV attrs_set_ulong(struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void attrs_remove(struct attrs *a, CK_ATTRIBUTE_TYPE type);

/* Bytes that the set takes, for C_GetObjectSize and cache bounds. */
size_t attrs_size(const struct attrs *a);

#endif
