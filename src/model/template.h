/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * template.h - the one engine that turns an application's template into attributes, under the rules
 * of the schema. Everything is refused here, before any entropy, key or disk is touched.
 *
 * Template pointers are the application's: values are copied, misaligned CK_ULONGs are read by
 * memcpy, lengths are bounded (RECORD_MAX_VALUE), nested templates to RECORD_MAX_DEPTH.
 */
#ifndef TEE_MODEL_TEMPLATE_H
#define TEE_MODEL_TEMPLATE_H

#include "model/schema.h"

enum template_op { TEMPLATE_CREATE, TEMPLATE_GENERATE, TEMPLATE_UNWRAP, TEMPLATE_DERIVE };

/* Which object a template is for, where the function implies it; else TEMPLATE_SAYS. */
#define TEMPLATE_SAYS ((CK_ULONG)-1)

struct template_context {
    enum template_op op;
    CK_OBJECT_CLASS class; /* implied by function or mechanism, or TEMPLATE_SAYS */
    CK_ULONG key_type;     /* likewise */
    bool is_so;            /* an SO session: may set SO_TRUE attributes */
    struct span nested;    /* encoded CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE or the like of the
                              key that brings this one, as if the template said it too; empty:
                              none */
    const struct attrs *inherited; /* what the object gets where neither says anything, before the
                                      defaults; NULL: nothing */
};

/*
 * Build the attributes of a new object: class and key type resolved (a template that contradicts
 * what is implied: CKR_TEMPLATE_INCONSISTENT), each attribute checked against its row
 * (CKR_ATTRIBUTE_TYPE_INVALID unknown; CKR_ATTRIBUTE_READ_ONLY forbidden for this operation or not
 * for this role; CKR_ATTRIBUTE_VALUE_INVALID wrong size, kind or content; given twice:
 * CKR_TEMPLATE_INCONSISTENT), missing ones CKR_TEMPLATE_INCOMPLETE, defaults filled in. The
 * schema's check() is NOT run here: the key material may not be there yet (template_finish).
 */
NODISCARD CK_RV template_build(const struct template_context *c, const CK_ATTRIBUTE *v, CK_ULONG n,
                               struct attrs **ret);

/* After key material is in: run the schema's check and set what only the token sets: CKA_LOCAL,
 * CKA_KEY_GEN_MECHANISM, CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE (v3.2 4.8-4.11),
 * CKA_UNIQUE_ID (random, hex; `unique` is 16 bytes). gen_mechanism: CK_UNAVAILABLE_INFORMATION
 * unless generated here. parent: the base key of a derivation, or NULL. */
NODISCARD CK_RV template_finish(const struct template_context *c, struct attrs *a,
                                CK_MECHANISM_TYPE gen_mechanism, const struct attrs *parent,
                                const uint8_t unique[16]);

/* C_SetAttributeValue: the attributes `a` with the template applied (MODIFY rows, one-way rules,
 * CKA_MODIFIABLE: CKR_ACTION_PROHIBITED; else CKR_ATTRIBUTE_READ_ONLY). */
NODISCARD CK_RV template_modify(const struct attrs *a, bool is_so, const CK_ATTRIBUTE *v,
                                CK_ULONG n, struct attrs **ret);
/* C_CopyObject: likewise with MODIFY or ON_COPY rows; CKA_COPYABLE false: CKR_ACTION_PROHIBITED;
 * v may be NULL when n is 0; a new CKA_UNIQUE_ID. */
NODISCARD CK_RV template_copy(const struct attrs *a, bool is_so, const CK_ATTRIBUTE *v, CK_ULONG n,
                              const uint8_t unique[16], struct attrs **ret);

/* C_GetAttributeValue (v3.2 5.7.5): every entry is processed; the soft errors
 * CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL set ulValueLen to
 * CK_UNAVAILABLE_INFORMATION in their entry and one of them is returned. Nested templates follow
 * the same rules inside. Writes only through v. */
NODISCARD CK_RV template_reveal(const struct attrs *a, CK_ATTRIBUTE *v, CK_ULONG n);

/* Does the application's array name the attribute? NULL names none. */
bool template_names(const CK_ATTRIBUTE *v, CK_ULONG n, CK_ATTRIBUTE_TYPE type);

/* Is this attribute of this object readable by the application? */
bool attr_is_revealed(const struct attrs *a, CK_ATTRIBUTE_TYPE type);

/* A search template, copied and checked (kinds and sizes; unknown attributes match nothing). */
NODISCARD CK_RV template_search(const CK_ATTRIBUTE *v, CK_ULONG n, struct attrs **ret);
/* Does the object match? A SECRET attribute that is not revealed never matches. */
bool template_matches(const struct attrs *a, const struct attrs *search);

/* The encoded nested template `nested` (any but CKA_WRAP_TEMPLATE) applied to `a`: absent
 * attributes are added, others must agree (CKR_TEMPLATE_INCONSISTENT). An empty span adds nothing
 * and agrees with everything. template_build() does this with context.nested, before the defaults
 * are filled in: afterwards they would seem to contradict. For CKA_WRAP_TEMPLATE use
 * template_agrees. */
NODISCARD CK_RV template_apply_nested(struct span nested, struct attrs *a);
NODISCARD CK_RV template_agrees(struct span nested, const struct attrs *a, bool *ret);

#endif
