/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_file.h - the audit log as a file: what `audit export` writes, one JSON object a line, and
 * its reader, which takes nothing but what an export can be.
 *
 * An entry's hash is over its bytes, so the file has every one of them: a detail that is not UTF-8,
 * or has a zero byte, is in hex.
 */
#ifndef TEE_CLI_AUDIT_FILE_H
#define TEE_CLI_AUDIT_FILE_H

#include <stdio.h>

#include "keyring/audit.h"

/* Append the entry as a line. CKR_HOST_MEMORY. */
NODISCARD CK_RV audit_line_encode(const struct audit_entry *e, struct buf *ret);

/* What is wrong with a file. */
struct audit_fault {
    uint64_t line; /* 1, 2, ... */
    const char *why;
};
/* Every entry in its order, its hash, number and place in the chain checked; what `fn` returns
 * other than CKR_OK ends it. CKR_DATA_INVALID: *ret_fault says where and why. CKR_FUNCTION_FAILED:
 * it can't be read (errno). */
NODISCARD CK_RV audit_file_walk(FILE *f, audit_fn *fn, void *arg, struct audit_fault *ret_fault);

#endif
