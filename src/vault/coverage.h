/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * coverage.h - what the schema tables say about searching, worked out once per process.
 *
 * A type is covered for a class when every schema of that class that has the attribute lists it,
 * and for no class in particular when every schema does. Constant after the first call, which any
 * thread may make.
 */
#ifndef TEE_VAULT_COVERAGE_H
#define TEE_VAULT_COVERAGE_H

#include "model/schema.h"

/* Does an object with this row (NULL: not an attribute of it) stand in a list for it? */
NODISCARD bool coverage_is_listed(const struct attr_rule *rule);
/* Is the type covered for the class (SCHEMA_ANY: for all)? */
NODISCARD bool coverage_has(CK_ATTRIBUTE_TYPE type, CK_ULONG class);

#endif
