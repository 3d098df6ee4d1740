/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-fd.c - in a program without standard descriptors no file of ours has their numbers. Each
 * test is a child that closes them; it tells by its exit code, for there is nothing to print to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/stdout.h"

/* The line of the test that does not hold. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            _exit(1 + __LINE__ % 255);                                                             \
    } while (0)

static void without_standard(void (*fn)(void))
{
    const pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        for (int fd = 0; fd < FD_STD; fd++)
            (void)close(fd);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) != 0)
        fail_msg("line %d (or 255 more) does not hold", WEXITSTATUS(status) - 1);
}

/* What a program that reads and writes finds. */
static bool is_as_closed(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;

    return write(fd, "printed", 7) == -1 && errno == EBADF && read(fd, &c, 1) == -1 &&
           errno == EBADF && poll(&p, 1, 0) == 1 && (p.revents & POLLNVAL) != 0;
}

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) == -1 && errno == EBADF;
}

static void check_all_closed(void)
{
    for (int fd = 0; fd < FD_STD; fd++)
        HOLDS(is_closed(fd));
}

static void check_above(int fd)
{
    HOLDS(fd >= FD_STD);
    HOLDS((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    check_all_closed();
    HOLDS(close(fd) == 0);
}

static void open_each_way(void)
{
    int dir;

    check_above(fd_open("/dev/null", O_RDWR));
    check_above(fd_off_std(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
    dir = fd_open("/", O_RDONLY | O_DIRECTORY);
    HOLDS(dir >= FD_STD);
    check_above(fd_openat(dir, "dev/null", O_WRONLY, 0));
    check_above(dir);
    HOLDS(fd_open("/no/such/file", O_RDONLY) == -1 && errno == ENOENT);
    HOLDS(fd_off_std(-1) == -1);
}

static void files_are_above(void **state)
{
    (void)state;
    without_standard(open_each_way);
}

static void files_are_made_as_asked(void **state)
{
    char path[] = "/tmp/tee-pkcs11-fd-XXXXXX";
    const int made = mkstemp(path);
    struct stat st;
    int fd;

    (void)state;
    assert_true(made >= 0);
    close(made);
    assert_int_equal(unlink(path), 0);
    fd = fd_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= FD_STD);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(fd_openat(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600), -1);
    assert_int_equal(errno, EEXIST);
    close(fd);
    assert_int_equal(unlink(path), 0);
}

static void take_and_give_back(void)
{
    struct fd_std std;
    int fd;

    HOLDS(open("/dev/null", O_RDWR) == 0);
    fd_std_take(&std);
    HOLDS(!std.taken[0] && std.taken[1] && std.taken[2]);
    HOLDS(!fd_std_is_taken(0) && fd_std_is_taken(1) && fd_std_is_taken(2));
    HOLDS(is_as_closed(1) && is_as_closed(2));
    fd = open("/dev/null", O_RDWR);
    HOLDS(fd >= FD_STD);
    fd_std_give_back(&std);
    HOLDS(!is_closed(0) && is_closed(1) && is_closed(2));
    HOLDS(!is_closed(fd));
}

static void numbers_are_taken(void **state)
{
    (void)state;
    without_standard(take_and_give_back);
}

/* A program that opens its standard descriptors meanwhile keeps what it has opened. */
static void replace_meanwhile(void)
{
    struct fd_std std;
    int fd;

    fd_std_take(&std);
    fd = open("/dev/null", O_RDWR);
    HOLDS(dup2(fd, 1) == 1);
    fd_std_give_back(&std);
    HOLDS(is_closed(0) && !is_closed(1) && is_closed(2));
    HOLDS(write(1, "printed", 7) == 7);
}

static void somebody_elses_stays(void **state)
{
    (void)state;
    without_standard(replace_meanwhile);
}

/* -- what was printed -------------------------------------------------------------------------- */

static void print_to(const char *path, const char *why)
{
    const char *lost, *later;

    if (path != NULL)
        HOLDS(open("/dev/null", O_RDONLY) == 0 && open(path, O_WRONLY) == 1);
    else {
        struct fd_std std;

        fd_std_take(&std);
    }
    printf("printed\n");
    lost = stdout_lost();
    HOLDS((lost == NULL) == (why == NULL));
    HOLDS(why == NULL || strcmp(lost, why) == 0);
    later = stdout_lost(); /* what was lost stays lost, though nothing is left to send */
    HOLDS((later == NULL) == (why == NULL));
}

static void print_to_null(void)
{
    print_to("/dev/null", NULL);
}

static void print_to_full(void)
{
    print_to("/dev/full", "No space left on device");
}

static void print_to_nothing(void)
{
    print_to(NULL, "it is closed");
}

static void what_was_lost_is_told(void **state)
{
    (void)state;
    without_standard(print_to_null);
    without_standard(print_to_full);
    without_standard(print_to_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/fd/open/is-above-standard-descriptors", files_are_above, NULL, NULL, NULL},
        {"/fd/open/as-asked", files_are_made_as_asked, NULL, NULL, NULL},
        {"/fd/std/taken-is-as-closed", numbers_are_taken, NULL, NULL, NULL},
        {"/fd/std/somebody-elses-stays", somebody_elses_stays, NULL, NULL, NULL},
        {"/stdout/what-was-lost-is-told", what_was_lost_is_told, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("fd", tests, NULL, NULL);
}
