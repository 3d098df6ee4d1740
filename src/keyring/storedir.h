/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storedir.h - the directory of a store while the store is being made: made itself, locked against
 * others who create, and searched for what a missing store left behind.
 */
#ifndef TEE_KEYRING_STOREDIR_H
#define TEE_KEYRING_STOREDIR_H

#include <limits.h>

#include "util/guard.h"

/* Make the directory (0700) if it isn't there; missing parents too, where they are below the
 * caller's home directory. CKR_DEVICE_ERROR with a log line. */
NODISCARD CK_RV storedir_make(const char *path);

/* Wait for whoever is creating in this directory. By flock(): unlike fcntl() locks, it is not lost
 * when another descriptor closes, and it works between threads. */
struct storedir_lock {
    int fd; /* -1: not held */
};
NODISCARD CK_RV storedir_lock_take(const char *path, struct storedir_lock *l);
void storedir_lock_release(struct storedir_lock *l);

/* The name of a file in the directory, other than lost+found; empty: there is none. */
NODISCARD CK_RV storedir_leftover(const char *path, char ret[NAME_MAX + 1]);

#endif
