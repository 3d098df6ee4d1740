/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value.h - private to model/: the value of one attribute, between an application's CK_ATTRIBUTE
 * and the form that struct attrs keeps.
 */
#ifndef TEE_MODEL_VALUE_H
#define TEE_MODEL_VALUE_H

#include "model/schema.h"

/* Is the kept form right for the kind: size, CK_BBOOL 0 or 1, a calendar date? Of an AK_TEMPLATE
 * only the size is judged here; what is in it, by record.c. */
NODISCARD bool value_fits(enum attr_kind kind, struct span value);

/* Of a big integer (v3.2 2.1), which may begin with zeros. */
CK_ULONG value_bits(struct span number);
/* Entry i of an array of CK_ATTRIBUTE that need not be aligned, read once. */
static inline CK_ATTRIBUTE value_entry(const void *v, size_t i)
{
    CK_ATTRIBUTE entry;

    memcpy(&entry, (const uint8_t *)v + i * sizeof(entry), sizeof(entry));
    return entry;
}

/* May n entries at v be read at all? CKR_ARGUMENTS_BAD for NULL or more than RECORD_MAX_ATTRS. */
NODISCARD CK_RV value_check_array(const void *v, CK_ULONG n);

/* Append to ret (empty; the caller clears it) the kept form of what an application gave.
 * CKR_ATTRIBUTE_VALUE_INVALID: wrong size, content or NULL with a length; nested templates may also
 * give CKR_ATTRIBUTE_TYPE_INVALID and CKR_TEMPLATE_INCONSISTENT (given twice). */
NODISCARD CK_RV value_take(const CK_ATTRIBUTE *given, enum attr_kind kind, struct buf *ret);
/* The same into a set of attributes that has none of this type, and that the caller drops when this
 * fails: what was refused may stand in it. */
NODISCARD CK_RV value_set(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into);
/* Likewise by attrs_place(): as no attribute's yet. */
NODISCARD CK_RV value_place(const CK_ATTRIBUTE *given, enum attr_kind kind, struct attrs *into,
                            struct span *ret_copy);

#endif
