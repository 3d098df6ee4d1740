/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiet_log.c - the functions of util/log.h, without a log: a fuzzer would write millions of lines.
 * Messages are formatted all the same, debugging ones too, so that a sanitizer sees what they read.
 * With TEE_FUZZ_LOG in the environment they go to standard error, error traces too.
 */
#include "util/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_loud(void)
{
    static int loud = -1;

    if (loud < 0)
        loud = secure_getenv("TEE_FUZZ_LOG") != NULL;
    return loud > 0;
}

static void emit(const char *fmt, va_list args) PRINTF_LIKE(1, 0);

static void emit(const char *fmt, va_list args)
{
    static _Thread_local char line[1024];

    (void)vsnprintf(line, sizeof(line), fmt, args);
    if (is_loud())
        (void)fprintf(stderr, "log: %s\n", line);
}

void log_setup(void)
{
}

void log_to_stderr(bool on)
{
    (void)on;
}

bool log_debugs(enum log_topic topic)
{
    return topic != LOG_ERROR_TRACE || is_loud(); /* traces hold no input, and they are many */
}

void log_debug(enum log_topic topic, const char *fmt, ...)
{
    va_list args;

    if (!log_debugs(topic))
        return;
    va_start(args, fmt);
    emit(fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(fmt, args);
    va_end(args);
}

void log_warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(fmt, args);
    va_end(args);
}

void log_err(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(fmt, args);
    va_end(args);
}
