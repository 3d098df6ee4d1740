/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiet_log.c - the functions of util/log.h, without a log: a fuzzer would write millions of lines.
 * Messages are formatted all the same, debugging ones too, so that a sanitizer sees what they read.
 */
#include "util/log.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char line[1024];

void log_setup(void)
{
}

void log_to_stderr(bool on)
{
    (void)on;
}

bool log_debugs(enum log_topic topic)
{
    return topic != LOG_ERROR_TRACE; /* the traces hold no input, and there are too many of them */
}

void log_debug(enum log_topic topic, const char *fmt, ...)
{
    va_list args;

    if (!log_debugs(topic))
        return;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
}

void log_warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
}

void log_err(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
}
