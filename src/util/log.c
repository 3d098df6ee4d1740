/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c - the system's log or standard error; see log.h.
 *
 * A line goes to /dev/log as one datagram of RFC 3164's form, without glibc's syslog(): that keeps
 * a lock which a forked child of a threaded program may find taken for ever, and state (ident,
 * facility) that is the application's. There is no time stamp: the log daemon has a clock, and
 * formatting one takes another lock of the same kind.
 */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fd.h"

static const char *const topic_names[LOG_N_TOPICS] = {
    [LOG_ERROR_TRACE] = "error", [LOG_CONF] = "conf",       [LOG_ROOT] = "root",
    [LOG_STORE] = "store",       [LOG_KEYRING] = "keyring", [LOG_VAULT] = "vault",
    [LOG_CORE] = "core",         [LOG_CRYPTO] = "crypto",
};

static atomic_uint debug_topics; /* bit per topic */
static atomic_bool to_stderr;    /* the command, or any debugging */

static unsigned int topic_bits(const char *name, size_t n)
{
    if (n == 3 && strncmp(name, "all", n) == 0)
        return (1u << LOG_N_TOPICS) - 1;
    for (unsigned int i = 0; i < LOG_N_TOPICS; i++) {
        if (strlen(topic_names[i]) == n && strncmp(topic_names[i], name, n) == 0)
            return 1u << i;
    }
    return 0;
}

static void print_help(void)
{
    fputs("TEE_PKCS11_DEBUG is a comma-separated list of: all", stderr);
    for (size_t i = 0; i < LOG_N_TOPICS; i++)
        fprintf(stderr, ", %s", topic_names[i]);
    fputc('\n', stderr);
}

void log_setup(void)
{
    const char *list = secure_getenv("TEE_PKCS11_DEBUG");
    unsigned int bits = 0;

    while (list != NULL && *list != '\0') {
        const size_t n = strcspn(list, ",");

        if (n == 4 && strncmp(list, "help", n) == 0)
            print_help();
        bits |= topic_bits(list, n);
        list += n + (list[n] == ',' ? 1 : 0);
    }
    atomic_store(&debug_topics, bits);
    if (bits != 0)
        atomic_store(&to_stderr, true);
}

void log_to_stderr(bool on)
{
    atomic_store(&to_stderr, on);
}

bool log_debugs(enum log_topic topic)
{
    return (atomic_load_explicit(&debug_topics, memory_order_relaxed) >> topic & 1u) != 0;
}

/* Best effort: no log daemon, no line. */
static void send_line(int priority, const char *line)
{
    static const struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    const int fd = fd_off_std(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)); /* lint: moved */
    char text[1200];
    int n;

    if (fd < 0)
        return;
    n = snprintf(text, sizeof(text), "<%d>tee-pkcs11[%d]: %s", LOG_AUTHPRIV | priority, getpid(),
                 line);
    if (n > 0)
        (void)sendto(fd, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1,
                     MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&log, sizeof(log));
    close(fd);
}

/* A name that a message quotes may come from the host's disk: it makes no second line, and sends a
 * terminal no commands. */
static void mask_controls(char *line)
{
    line[text_mask(line, strlen(line))] = '\0';
}

/* One line, whole, to where the log goes. errno is the caller's (%m) and stays as it was. */
static void emit(int priority, const char *prefix, const char *fmt, va_list args) PRINTF_LIKE(3, 0);

static void emit(int priority, const char *prefix, const char *fmt, va_list args)
{
    const int saved = errno;
    char line[1024];
    int n = snprintf(line, sizeof(line), "%s", prefix);

    if (n < 0 || (size_t)n >= sizeof(line))
        return;
    errno = saved;
    (void)vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, args);
    mask_controls(line);
    if (atomic_load(&to_stderr))
        fprintf(stderr, "tee-pkcs11: %s\n", line);
    else
        send_line(priority, line);
    errno = saved;
}

void log_debug(enum log_topic topic, const char *fmt, ...)
{
    char prefix[32];
    va_list args;

    if (!log_debugs(topic))
        return;
    (void)snprintf(prefix, sizeof(prefix), "[%s] ", topic_names[topic]);
    va_start(args, fmt);
    emit(LOG_DEBUG, prefix, fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(LOG_INFO, "", fmt, args);
    va_end(args);
}

void log_warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(LOG_WARNING, "warning: ", fmt, args);
    va_end(args);
}

void log_err(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    emit(LOG_ERR, "error: ", fmt, args);
    va_end(args);
}
