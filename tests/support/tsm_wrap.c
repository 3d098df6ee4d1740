/* SPDX-License-Identifier: BSD-2-Clause */
/* tsm_wrap.c - configfs-tsm in a plain directory; see tsm_wrap.h. */
#include "tsm_wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snp_wrap.h"

#define CERTS_MAX 0x4000u

static const char *base;
static const char *provider_name = "sev_guest";
static int outblob_errno;
static bool somebody_else;
static int entries;
static int lowest = INT_MAX;
static int generation;

int __wrap_mkdir(const char *path, mode_t mode);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __real_rmdir(const char *path);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat64(int dir, const char *name, int flags, ...)
    __attribute__((alias("__wrap_openat")));
int __real_openat(int dir, const char *name, int flags, ...);

void tsm_wrap_start(const char *directory)
{
    base = directory;
    entries = 0;
    tsm_wrap_say("sev_guest", 0, false);
}

void tsm_wrap_say(const char *provider, int outblob_error, bool raced)
{
    provider_name = provider;
    outblob_errno = outblob_error;
    somebody_else = raced;
}

int tsm_wrap_entries(void)
{
    return entries;
}

int tsm_wrap_lowest(void)
{
    return lowest;
}

static const char *const attributes[] = {"provider", "generation", "privlevel",
                                         "inblob",   "outblob",    "auxblob"};

static bool is_below(const char *path)
{
    return base != NULL && strncmp(path, base, strlen(base)) == 0 && path[strlen(base)] == '/';
}

static void attribute_put(int dir, const char *name, const void *bytes, size_t n)
{
    const int fd =
        __real_openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
        abort();
    (void)close(fd);
}

static size_t attribute_get(int dir, const char *name, void *ret, size_t room)
{
    const int fd = __real_openat(dir, name, O_RDONLY | O_CLOEXEC);
    const ssize_t n = fd >= 0 ? read(fd, ret, room) : -1;

    (void)close(fd);
    return n > 0 ? (size_t)n : 0;
}

static void generation_put(int dir)
{
    char text[16];
    const int n = snprintf(text, sizeof(text), "%d\n", generation);

    attribute_put(dir, "generation", text, (size_t)n);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    char text[64];
    int dir, n;

    if (!is_below(path))
        return __real_mkdir(path, mode);
    if (__real_mkdir(path, mode) != 0)
        return -1;
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    n = snprintf(text, sizeof(text), "%s\n", provider_name);
    attribute_put(dir, "provider", text, (size_t)n);
    generation = 7;
    generation_put(dir);
    attribute_put(dir, "privlevel", "", 0);
    attribute_put(dir, "inblob", "", 0);
    (void)close(dir);
    entries++;
    return 0;
}

int __wrap_rmdir(const char *path)
{
    char name[512];

    if (is_below(path)) {
        for (size_t i = 0; i < N_ELEMENTS(attributes); i++) {
            (void)snprintf(name, sizeof(name), "%s/%s", path, attributes[i]);
            (void)unlink(name);
        }
        entries--;
    }
    return __real_rmdir(path);
}

/* What reading outblob makes the driver do. */
static int report_make(int dir)
{
    static uint8_t certs[CERTS_MAX];
    struct snp_ext_report_request request;
    struct snp_report_response response;
    struct snp_ioctl arg = {.msg_version = 1,
                            .req_data = (uint64_t)(uintptr_t)&request,
                            .resp_data = (uint64_t)(uintptr_t)&response};
    char privlevel[16] = "";
    bool written;
    int error;

    memset(&request, 0, sizeof(request));
    memset(&response, 0, sizeof(response));
    memset(certs, 0, sizeof(certs));
    if (attribute_get(dir, "inblob", request.data.user_data, 64) != 64)
        return EINVAL;
    (void)attribute_get(dir, "privlevel", privlevel, sizeof(privlevel) - 1);
    request.data.vmpl = (uint32_t)strtoul(privlevel, NULL, 10);
    request.certs_address = (uint64_t)(uintptr_t)certs;
    request.certs_len = CERTS_MAX;
    error =
        emulator_ioctl(snp_wrap_emulator(), SNP_IOC_EXT_REPORT, &arg, &written, &snp_memory_own);
    if (error != 0 || response.status != 0)
        return error != 0 ? error : EINVAL;
    attribute_put(dir, "outblob", response.report, response.report_size);
    attribute_put(dir, "auxblob", certs, mem_is_zero(certs, 24) ? 0 : CERTS_MAX);
    return 0;
}

int __wrap_openat(int dir, const char *name, int flags, ...)
{
    unsigned mode = 0;
    va_list args;
    int error;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0)
        mode = va_arg(args, unsigned);
    va_end(args);
    if (entries > 0 && dir < lowest)
        lowest = dir;
    if (entries > 0 && (flags & O_ACCMODE) == O_WRONLY &&
        (strcmp(name, "inblob") == 0 || strcmp(name, "privlevel") == 0)) {
        generation++;
        generation_put(dir);
    }
    if (entries > 0 && strcmp(name, "outblob") == 0) {
        generation += somebody_else ? 1 : 0;
        generation_put(dir);
        error = outblob_errno != 0 ? outblob_errno : report_make(dir);
        if (error != 0) {
            errno = error;
            return -1;
        }
    }
    return __real_openat(dir, name, flags, mode);
}
