/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * draft.h - a file that appears under its name whole and on the disk, or not at all.
 *
 * While it is written it has no name (O_TMPFILE), so that whoever is killed leaves nothing behind.
 * Where the file system has no such files it is called NAME.part until it is done. What has the
 * name already stays: a draft never takes its place.
 */
#ifndef TEE_STORE_DRAFT_H
#define TEE_STORE_DRAFT_H

#include <limits.h>

#include "util/guard.h"

struct draft {
    int dir; /* of the file; -1: there is no draft */
    int fd;  /* for reading and writing, mode 0600 */
    bool named;
    char name[NAME_MAX + 1]; /* of the finished file, in dir */
    char part[NAME_MAX + 1]; /* what it is called until then, if it is named */
};
#define DRAFT_NONE ((struct draft){.dir = -1, .fd = -1})

/* Begin a file. CKR_FUNCTION_REJECTED, with a log line: something has the name already, or the name
 * of its part. CKR_DEVICE_ERROR, logged. */
NODISCARD CK_RV draft_new(const char *path, struct draft *ret);
/* A name by which the same file can be opened again, in this process and in its children; into
 * text. */
#define DRAFT_PATH 64
const char *draft_path(const struct draft *d, char text[DRAFT_PATH]);
/* To the disk, and under its name: CKR_FUNCTION_REJECTED when something has it by now,
 * CKR_DEVICE_MEMORY when the disk is full, CKR_DEVICE_ERROR; logged. */
NODISCARD CK_RV draft_publish(struct draft *d);
/* Close; what was not published goes. */
void draft_clear(struct draft *d);

#endif
