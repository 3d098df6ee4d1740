/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.h - attributes as bytes: what a record's box holds (docs/formats.md).
 *
 * Version byte, count, then per attribute in rising type order: type (8 bytes), length (4), value.
 * CK_ULONG values are 8 bytes big-endian at rest, CK_ULONG arrays likewise, whatever the machine;
 * the attribute registry of model/schema.h says which attributes those are. Strict: unknown
 * version, disorder, duplicates, lengths that do not fit the kind and left-over bytes are
 * CKR_DATA_INVALID. Attribute arrays nest, to RECORD_MAX_DEPTH.
 */
#ifndef TEE_MODEL_RECORD_H
#define TEE_MODEL_RECORD_H

#include "model/attrs.h"

#define RECORD_MAX_DEPTH 4
#define RECORD_MAX_ATTRS 256
#define RECORD_MAX_VALUE (8u * 1024u * 1024u)

/* Append the encoding to ret. */
NODISCARD CK_RV record_encode(const struct attrs *a, struct buf *ret);
NODISCARD CK_RV record_decode(struct span bytes, struct attrs **ret);

#endif
