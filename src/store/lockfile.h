/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockfile.h - LMDB's lock file, looked at and made ready before LMDB opens it.
 */
#ifndef TEE_STORE_LOCKFILE_H
#define TEE_STORE_LOCKFILE_H

#include "util/guard.h"

/* To be called at the gate of the directory, just before mdb_env_open(). CKR_DEVICE_ERROR: this
 * process has the store open through another copy of the module; CKR_DEVICE_MEMORY: the disk has no
 * room for the file. */
NODISCARD CK_RV lockfile_prepare(const char *directory);

#endif
