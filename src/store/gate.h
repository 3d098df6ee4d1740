/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.h - one process at a time opens or closes the database of a store.
 *
 * LMDB's last user destroys the mutexes in the lock file before it lets go of that file. A process
 * that opens it in between waits for the file, and then takes the mutexes for good ones: its
 * transactions, and everybody's who opens it later, get EINVAL or wait for ever, until all have
 * closed it (LMDB 0.9.31). The gate keeps openers out until the last user is gone.
 */
#ifndef TEE_STORE_GATE_H
#define TEE_STORE_GATE_H

#include <stdbool.h>

/* Wait at the gate of a store's directory and go in; for gate_leavep(). -1: there is no directory,
 * or this thread has the lock already, or a process stood in the gate for seconds (stopped, or a
 * child that inherited it from one that was killed): then the caller goes on, for a rare fault is
 * better than waiting for ever. */
int gate_enter(const char *directory);
/* This thread has the same lock already, for longer (who makes a store: keyring/storedir.c), or has
 * let it go: what it opens and closes meanwhile does not wait for itself. */
void gate_held(bool is_held);
/* Is nobody else at the gate that gave `gate`? */
bool gate_is_closed(int gate);
/* Let the next one in; for AUTO(). -1 is allowed. */
void gate_leavep(int *gate);

#endif
