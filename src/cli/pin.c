/* SPDX-License-Identifier: BSD-2-Clause */
/* pin.c - PINs from a file, a descriptor or the terminal; see cli.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "util/log.h"

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

bool pin_source_given(const struct pin_source *s)
{
    return s->file != NULL || s->fd >= 0;
}

bool pin_fd(const char *text, int *ret)
{
    char *end = NULL;
    const long n = strtol(text, &end, 10);

    if (end == text || *end != '\0' || n < 0 || n > 65535)
        return false;
    *ret = (int)n;
    return true;
}

/* The bytes up to the first newline or the end: all of them, or none and the reason. `what` they
 * are: "user PIN", "passphrase". */
static bool read_line(int fd, const char *what, struct buf *ret)
{
    uint8_t c = 0;
    ssize_t n;

    while ((n = read(fd, &c, 1)) == 1 && c != '\n') {
        if (ret->n == PIN_MAX) {
            cli_fail(EXIT_REFUSED, "%s: longer than %d bytes: refused, not cut", what, PIN_MAX);
            return false;
        }
        buf_u8(ret, c);
    }
    c = 0;
    if (n < 0 && errno != EINTR) /* that is the user's, at the terminal: ask() tells it */
        cli_fail(EXIT_FAILED, "%s: %s", what, strerror(errno));
    else if (ret->failed)
        cli_fail(EXIT_FAILED, "out of memory");
    return n >= 0 && !ret->failed;
}

static bool read_file(const char *path, const char *what, struct buf *ret)
{
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        cli_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
        return false;
    }
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRGRP | S_IROTH)) != 0)
        log_warn("%s: group or others may read this %s: chmod 600 %s", path, what, path);
    return read_line(fd, what, ret);
}

/* -- the terminal ------------------------------------------------------------------------------ */

/* Those that would end or stop the process while the terminal is silent. */
static const int interrupting[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
static volatile sig_atomic_t interrupted; /* by this signal; 0: not */

static void interrupt(int number)
{
    interrupted = number;
}

/* Without SA_RESTART: they end a read(). What is ignored stays so. */
static void signals_catch(struct sigaction before[N_ELEMENTS(interrupting)])
{
    const struct sigaction ours = {.sa_handler = interrupt};

    interrupted = 0;
    for (size_t i = 0; i < N_ELEMENTS(interrupting); i++) {
        (void)sigaction(interrupting[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            (void)sigaction(interrupting[i], &ours, NULL);
    }
}

/* And do now what the signal that came meanwhile asked for. */
static void signals_release(const struct sigaction before[N_ELEMENTS(interrupting)])
{
    for (size_t i = 0; i < N_ELEMENTS(interrupting); i++)
        (void)sigaction(interrupting[i], &before[i], NULL);
    if (interrupted != 0)
        (void)raise(interrupted);
}

/* Ask without echo; the terminal is put back whatever happens. */
static bool ask(int tty, const char *prompt, struct buf *ret)
{
    struct sigaction signals[N_ELEMENTS(interrupting)];
    struct termios before, quiet;
    bool ok = false;

    if (tcgetattr(tty, &before) != 0)
        return false;
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(tcflag_t)ECHO;
    signals_catch(signals);
    if (dprintf(tty, "%s: ", prompt) >= 0 && tcsetattr(tty, TCSAFLUSH, &quiet) == 0) {
        ok = interrupted == 0 && read_line(tty, prompt, ret);
        (void)tcsetattr(tty, TCSAFLUSH, &before);
        (void)dprintf(tty, "\n");
    }
    signals_release(signals);
    if (interrupted != 0)
        (void)cli_fail(EXIT_FAILED, "interrupted");
    return ok && interrupted == 0;
}

static bool ask_terminal(const char *prompt, bool confirm, struct buf *ret)
{
    AUTO(close_fd) int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    AUTO(buf_clear) struct buf again = BUF_INIT;

    if (tty < 0) {
        cli_fail(EXIT_USAGE, "no terminal to ask for the %s: give it by file or descriptor",
                 prompt);
        return false;
    }
    if (!ask(tty, prompt, ret))
        return false;
    if (!confirm)
        return true;
    if (!ask(tty, "once more", &again))
        return false;
    if (again.n != ret->n || !mem_equal_ct(again.p, ret->p, ret->n)) {
        cli_fail(EXIT_REFUSED, "the two are not the same");
        return false;
    }
    return true;
}

bool pin_read(const struct pin_source *s, const char *prompt, bool confirm, struct buf *ret)
{
    /* So that it never moves while it grows. */
    buf_reserve(ret, PIN_MAX + 1);
    if (s->file != NULL)
        return read_file(s->file, prompt, ret);
    if (s->fd >= 0)
        return read_line(s->fd, prompt, ret);
    return ask_terminal(prompt, confirm, ret);
}
