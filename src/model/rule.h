/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule.h - private to model/: one row of a schema against one value. What template_*.c share.
 */
#ifndef TEE_MODEL_RULE_H
#define TEE_MODEL_RULE_H

#include "model/schema.h"

/* Take an application's value into `into`, where the type must not be yet.
 * CKR_TEMPLATE_INCONSISTENT: given twice; CKR_ATTRIBUTE_VALUE_INVALID: not of the row's kind;
 * CKR_ATTRIBUTE_READ_ONLY: only the SO may set it so. */
NODISCARD CK_RV rule_take(const struct attr_rule *rule, const CK_ATTRIBUTE *given, bool is_so,
                          struct attrs *into);

/* May this role give the attribute this value (footnote 10)? */
bool rule_allows(const struct attr_rule *rule, struct span value, bool is_so);

/* Is the attribute of this object kept from applications (footnote 7)? Fails closed. */
bool rule_hides(const struct attr_rule *rule, const struct attrs *a);

/* Run the schema's check and the rules for every object. */
NODISCARD CK_RV rule_check_object(const struct schema *s, const struct attrs *a);

/* CKA_UNIQUE_ID from 16 random bytes. */
NODISCARD CK_RV rule_set_unique_id(struct attrs *a, const uint8_t unique[16]);

#endif
