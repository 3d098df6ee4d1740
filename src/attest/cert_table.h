/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cert_table.h - the table of certificates that a host hands out with an extended report (AMD
 * 56421, SNP Extended Guest Request): entries {GUID, offset, length} from the start, ended by a
 * zero one, then the blobs.
 *
 * The host made it: offsets and lengths may be anything. Hosts write GUIDs in the order of RFC 4122
 * or with the first three groups byte-swapped; both are read.
 */
#ifndef TEE_ATTEST_CERT_TABLE_H
#define TEE_ATTEST_CERT_TABLE_H

#include "attest/evidence.h"

/* Append what the table holds to e->certificates: VCEK, VLEK, their issuer, the root. Unknown
 * entries are left out. CKR_DATA_INVALID: an entry points outside the table or into its head, an
 * entry comes twice, the end is missing, a certificate is too long; *e is as it was then. */
NODISCARD CK_RV cert_table_read(struct span table, struct evidence *e);

#endif
