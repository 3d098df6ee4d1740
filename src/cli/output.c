/* SPDX-License-Identifier: BSD-2-Clause */
/* output.c - marks, times and progress bars; see cli.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"

#define BAR_WIDTH 40

bool output_is_terminal(void)
{
    return isatty(STDOUT_FILENO) == 1;
}

void output_mark(enum mark m, const char *fmt, ...)
{
    static const struct {
        const char *plain, *coloured;
    } marks[] = {
        [MARK_OK] = {"ok    ", "\033[32mok\033[0m    "},
        [MARK_WARN] = {"warn  ", "\033[33mwarn\033[0m  "},
        [MARK_BAD] = {"BAD   ", "\033[31mBAD\033[0m   "},
        [MARK_INFO] = {"      ", "      "},
    };
    va_list args;

    fputs(output_is_terminal() ? marks[m].coloured : marks[m].plain, stdout);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void output_progress(const char *what, uint64_t done, uint64_t total)
{
    static double started, drawn;
    const double t = now();
    int filled;

    if (started == 0)
        started = t;
    if (isatty(STDERR_FILENO) != 1 || t - started < 1 || (t - drawn < 0.1 && done < total))
        return;
    drawn = t;
    filled = total == 0 ? BAR_WIDTH : (int)(done * BAR_WIDTH / total);
    fprintf(stderr, "\r%s [%.*s%*s] %" PRIu64 "/%" PRIu64 "%s", what, filled,
            "########################################", BAR_WIDTH - filled, "", done, total,
            done >= total ? "\n" : "");
}

const char *output_time(uint64_t seconds, char text[32])
{
    const time_t when = (time_t)seconds;
    struct tm tm;

    if (gmtime_r(&when, &tm) == NULL || strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        (void)snprintf(text, 32, "%" PRIu64, seconds);
    return text;
}

const char *output_age(uint64_t seconds, char text[32])
{
    static const struct {
        uint64_t unit;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    const uint64_t present = (uint64_t)time(NULL);
    const uint64_t age = present > seconds ? present - seconds : 0;
    size_t i = 0;

    while (i + 1 < N_ELEMENTS(units) && age < units[i].unit)
        i++;
    (void)snprintf(text, 32, "%" PRIu64 " %s%s", age / units[i].unit, units[i].name,
                   output_word(age / units[i].unit, "", "s"));
    return text;
}

const char *output_label(const uint8_t label[32], char text[33])
{
    size_t n = 32;

    while (n > 0 && label[n - 1] == ' ')
        n--;
    memcpy(text, label, n);
    text[text_mask(text, n)] = '\0';
    return text;
}

bool output_label_is(const uint8_t label[32], const char *name)
{
    size_t n = strlen(name);
    char text[33];

    while (n > 0 && name[n - 1] == ' ') /* the padding, or looks like it */
        n--;
    return strlen(output_label(label, text)) == n && memcmp(text, name, n) == 0;
}
