/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-conf.c - the configuration file: any bytes. What is accepted keeps to the documented ranges
 * and holds nothing that the file doesn't (the environment is never read), what is refused is named
 * with the file; and neither leaves anything behind for the file that is read next.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/conf.h"

#define MARK "only-the-environment-says-this"

static const char good[] = "# plain\nstore = \"/s\"\nroot = software\npin-min = 6\nso-reset = no\n"
                           "recovery-certificate = /a.pem\nrecovery-certificate = /b.pem\n";

static int fd_input = -1, fd_good = -1;
static char path_input[32], path_good[32];

static int file_make(const char *name, char path[32])
{
    const int fd = memfd_create(name, MFD_CLOEXEC);

    FUZZ_CHECK(fd >= 0);
    FUZZ_CHECK(fchmod(fd, 0600) == 0); /* else it is refused for its mode */
    (void)snprintf(path, 32, "/proc/self/fd/%d", fd);
    return fd;
}

static void file_fill(int fd, struct span bytes)
{
    FUZZ_CHECK(ftruncate(fd, 0) == 0);
    FUZZ_CHECK(pwrite(fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n);
}

static void setup(void)
{
    FUZZ_CHECK(setenv("TEE_FUZZ_MARK", MARK, 1) == 0);
    FUZZ_CHECK(setenv("HOME", "/home/nobody", 1) == 0);
    fd_input = file_make("input", path_input);
    fd_good = file_make("good", path_good);
    file_fill(fd_good, span_of(good, sizeof(good) - 1));
}

static void check_path(const char *path)
{
    FUZZ_CHECK(path != NULL && path[0] == '/');
}

/* Does the file say so itself? Then nothing can be told from seeing it. */
static bool says_mark(struct span input)
{
    return input.p != NULL && input.n > 0 && memmem(input.p, input.n, MARK, sizeof(MARK) - 1) != NULL;
}

static void check_mark(const char *text)
{
    FUZZ_CHECK(strstr(text, MARK) == NULL);
}

static void check_values(const struct conf *c)
{
    check_path(c->store);
    check_path(c->device);
    check_path(c->software_key);
    FUZZ_CHECK(c->n_recovery <= CONF_MAX_RECOVERY);
    for (size_t i = 0; i < c->n_recovery; i++)
        check_path(c->recovery[i]);
    FUZZ_CHECK(c->root <= CONF_ROOT_AUTO);
    FUZZ_CHECK(c->measured <= CONF_MEASURED_FIRMWARE);
    FUZZ_CHECK(c->vmpl <= 3);
    FUZZ_CHECK(c->pin_min >= 4 && c->pin_min <= 255);
    FUZZ_CHECK(c->pin_tries >= 3 && c->pin_tries <= 100);
    FUZZ_CHECK(c->pin_log2_n >= 10 && c->pin_log2_n <= 20);
    FUZZ_CHECK(c->map_size <= UINT64_C(65536) << 20);
    FUZZ_CHECK(c->cache_objects >= 16 && c->cache_objects <= 1048576);
    FUZZ_CHECK(strcmp(c->path, path_input) == 0);
}

static void check_marks(const struct conf *c)
{
    check_mark(c->store);
    check_mark(c->device);
    check_mark(c->software_key);
    for (size_t i = 0; i < c->n_recovery; i++)
        check_mark(c->recovery[i]);
}

/* What one file leaves anywhere must not reach the next. */
static void check_next(void)
{
    struct conf *c = NULL;
    char *error = NULL;

    if (conf_load_file(path_good, &c, &error) != CKR_OK) {
        (void)fprintf(stderr, "a good file, read after this one: %s\n", error);
        abort();
    }
    FUZZ_CHECK(strcmp(c->store, "/s") == 0 && strcmp(c->software_key, "/s.key") == 0);
    FUZZ_CHECK(c->root == CONF_ROOT_SOFTWARE && c->pin_min == 6 && !c->so_reset);
    FUZZ_CHECK(c->n_recovery == 2 && strcmp(c->recovery[1], "/b.pem") == 0);
    FUZZ_CHECK(c->measured == CONF_MEASURED_UNSAID && !c->hardware_only && c->vmpl == 0);
    conf_free(c);
}

static void one(struct span input)
{
    AUTO(conf_freep) struct conf *c = NULL;
    char *error = NULL;
    CK_RV rv;

    file_fill(fd_input, input);
    rv = conf_load_file(path_input, &c, &error);
    FUZZ_RV(rv, CKR_OK, CKR_ARGUMENTS_BAD);
    FUZZ_CHECK((rv == CKR_OK) == (c != NULL));
    FUZZ_CHECK((rv == CKR_OK) == (error == NULL));
    if (c != NULL)
        check_values(c);
    if (c != NULL && !says_mark(input))
        check_marks(c);
    if (error != NULL) {
        FUZZ_CHECK(strncmp(error, path_input, strlen(path_input)) == 0);
        FUZZ_CHECK(says_mark(input) || strstr(error, MARK) == NULL);
    }
    free(error);
    check_next();
}

const struct fuzz_target fuzz_target = {
    .name = "conf",
    .max_input = 4096,
    .setup = setup,
    .one = one,
};
