/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_capture.c - log_err() into a buffer; what does not fit is dropped.
 */
#include "log_capture.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char text[8192];
static size_t used;

void log_capture_clear(void)
{
    (void)pthread_mutex_lock(&lock);
    used = 0;
    text[0] = '\0';
    (void)pthread_mutex_unlock(&lock);
}

const char *log_capture_text(void)
{
    return text;
}

void __wrap_log_err(const char *fmt, ...)
{
    va_list args;
    int n;

    (void)pthread_mutex_lock(&lock);
    va_start(args, fmt);
    n = vsnprintf(text + used, sizeof(text) - used, fmt, args);
    va_end(args);
    if (n > 0 && (size_t)n + 1 < sizeof(text) - used) {
        used += (size_t)n;
        text[used++] = '\n';
    }
    text[used] = '\0';
    (void)pthread_mutex_unlock(&lock);
}
