/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * procid.h - a number that differs in a forked child, read without a system call.
 *
 * LMDB environments must not be used across fork. Every transaction asks whether the store was
 * opened by this very process, so the answer has to cost nothing.
 */
#ifndef TEE_STORE_PROCID_H
#define TEE_STORE_PROCID_H

#include "util/guard.h"

/* This process's number; another one in a forked child, however it was forked. Never 0. */
uint64_t procid(void);

#endif
