/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_capture.h - what log_err() said, for tests. Link with -Wl,--wrap=log_err.
 */
#ifndef TEE_TESTS_LOG_CAPTURE_H
#define TEE_TESTS_LOG_CAPTURE_H

#include "util/log.h"

/* Forget what was said. */
void log_capture_clear(void);
/* All errors since then, each ended by a newline; "" when there were none. Not while other threads
 * log. */
const char *log_capture_text(void);

void __wrap_log_err(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
