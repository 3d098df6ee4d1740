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

/* One that is to be laid into a set. */
struct attr_value {
    CK_ATTRIBUTE_TYPE type;
    struct span value; /* borrowed, or where attrs_place() put it */
    bool placed;       /* the latter */
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
/* The same for one whose type is above all that are there: nothing is searched. CKR_GENERAL_ERROR
 * when it is not. */
NODISCARD CK_RV attrs_append(struct attrs *a, CK_ATTRIBUTE_TYPE type, struct span value);
NODISCARD CK_RV attrs_set_bool(struct attrs *a, CK_ATTRIBUTE_TYPE type, bool value);
NODISCARD CK_RV attrs_set_ulong(struct attrs *a, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void attrs_remove(struct attrs *a, CK_ATTRIBUTE_TYPE type);

/*
 * A set made whole: values first, as they are read, then the attributes that have them, which costs
 * a fraction of setting them one by one.
 *
 * attrs_place(): a copy of a value, as no attribute's yet. It stays where it is.
 * attrs_lay(): the attributes of a set that has none: sorted by type, each type once. Values that
 * were placed are taken as they stand, others are copied. All or none.
 */
NODISCARD CK_RV attrs_place(struct attrs *a, struct span value, struct span *ret_copy);
NODISCARD CK_RV attrs_lay(struct attrs *a, const struct attr_value *values, size_t n);

/* Bytes that the set takes, for C_GetObjectSize and cache bounds. */
size_t attrs_size(const struct attrs *a);

#endif
