/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.h - how large this process is.
 */
#ifndef TEE_BENCH_MEMORY_H
#define TEE_BENCH_MEMORY_H

#include <stddef.h>

#include "util/guard.h"

/* RssAnon of this process, in bytes: what no file stands behind. */
NODISCARD CK_RV memory_read(size_t *ret);

#endif
