/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_device.c - the sev-guest device.
 *
 * The node is opened for each request and closed after it: nothing is inherited, and whatever
 * stands at the path is judged each time. It is the kernel's own when it is a character device that
 * sysfs lists as the misc device "sev-guest"; anything else (a file of the emulator, a FUSE or CUSE
 * node) is emulated. Requests are sent once: the driver retries a throttled host itself, and
 * a retry after a failure could only burn the next message.
 */
#include "root/snp_device.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "root/snp_error.h"
#include "util/fd.h"
#include "util/log.h"

#define CERTS_PAGE     4096u
#define EXT_TRIES      4  /* the host can want more room each time */
#define MSG_VERSION    1u /* never another on a guess: an unknown one costs the VMPCK */
#define NODE_NAME      "sev-guest"
#define NODE_SUBSYSTEM "misc"

static pthread_mutex_t request_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t request_lock_once = PTHREAD_ONCE_INIT;
static atomic_bool answered;

/* A thread of the parent may have been inside a request; the child has no such thread. */
static void request_lock_renew(void)
{
    (void)pthread_mutex_init(&request_lock, NULL);
}

static void request_lock_prepare(void)
{
    (void)pthread_atfork(NULL, NULL, request_lock_renew);
}

struct device {
    int fd;
    enum root_kind kind;
};

static void device_close(struct device *d)
{
    if (d->fd >= 0)
        (void)close(d->fd);
}

static void request_unlock(pthread_mutex_t **lock)
{
    (void)pthread_mutex_unlock(*lock);
}

static pthread_mutex_t *request_lock_take(void)
{
    (void)pthread_once(&request_lock_once, request_lock_prepare);
    (void)pthread_mutex_lock(&request_lock);
    return &request_lock;
}

/* The last part of what the link at /sys/dev/char/<major>:<minor><leaf> points to is `name`. */
static bool sysfs_link_is(dev_t rdev, const char *leaf, const char *name)
{
    char path[80];
    char target[256];
    const char *base;
    ssize_t n;

    (void)snprintf(path, sizeof(path), "/sys/dev/char/%u:%u%s", major(rdev), minor(rdev), leaf);
    n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0 || (size_t)n >= sizeof(target) - 1)
        return false;
    target[n] = '\0';
    base = strrchr(target, '/');
    return strcmp(base != NULL ? base + 1 : target, name) == 0;
}

static enum root_kind node_kind(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
        sysfs_link_is(st.st_rdev, "/subsystem", NODE_SUBSYSTEM) &&
        sysfs_link_is(st.st_rdev, "", NODE_NAME))
        return ROOT_SEV_SNP;
    return ROOT_SEV_SNP_EMULATED;
}

/* ret->fd belongs to the caller. */
static CK_RV device_open(const struct conf *c, struct device *ret)
{
    const int flags = O_NOCTTY | O_NONBLOCK;
    int fd;

    ENSURE(c->device != NULL, CKR_ARGUMENTS_BAD);
    fd = fd_open(c->device, O_RDWR | flags);
    /* The driver has neither read nor write: a node that is only readable serves. */
    if (fd < 0 && (errno == EACCES || errno == EROFS))
        fd = fd_open(c->device, O_RDONLY | flags);
    if (fd < 0)
        return snp_error_open(c->device, errno);
    ret->fd = fd;
    ret->kind = node_kind(fd);
    return CKR_OK;
}

bool snp_device_usable(const struct conf *c)
{
    return c->device != NULL && faccessat(AT_FDCWD, c->device, R_OK, AT_EACCESS) == 0;
}

CK_RV snp_device_kind(const struct conf *c, enum root_kind *ret)
{
    AUTO(device_close) struct device d = {.fd = -1};

    TRY(device_open(c, &d));
    *ret = d.kind;
    return CKR_OK;
}

struct request {
    unsigned long number;
    const char *what; /* for the log */
    const void *data;
    void *response; /* zeroed here before the call */
    size_t n_response;
    bool *ret_room; /* set, with CKR_OK, when the host wants more room; NULL: that is an error */
};

static CK_RV device_ask(const struct conf *c, enum root_kind expected, const struct request *r)
{
    AUTO(request_unlock) pthread_mutex_t *lock = request_lock_take();
    AUTO(device_close) struct device d = {.fd = -1};
    struct snp_ioctl arg = {.msg_version = MSG_VERSION};

    (void)lock;
    TRY(device_open(c, &d));
    if (d.kind != expected) {
        log_err("%s is a %s device, and a %s device is needed here", c->device,
                root_kind_name(d.kind), root_kind_name(expected));
        FAIL(CKR_DEVICE_ERROR);
    }
    memset(r->response, 0, r->n_response);
    arg.req_data = (uint64_t)(uintptr_t)r->data;
    arg.resp_data = (uint64_t)(uintptr_t)r->response;
    if (ioctl(d.fd, r->number, &arg) != 0) {
        if (r->ret_room != NULL && errno == EIO && arg.vmm_error == SNP_VMM_INVALID_LEN) {
            *r->ret_room = true;
            return CKR_OK;
        }
        return snp_error_ioctl(c->device, r->what, errno, arg.fw_error, arg.vmm_error,
                               atomic_load(&answered));
    }
    atomic_store(&answered, true);
    log_debug(LOG_ROOT, "%s answered a request for a %s", c->device, r->what);
    return CKR_OK;
}

CK_RV snp_device_key(const struct conf *c, enum root_kind expected,
                     const struct snp_key_request *request, struct snp_key_response *ret)
{
    const struct request r = {
        .number = SNP_IOC_DERIVED_KEY,
        .what = "derived key",
        .data = request,
        .response = ret,
        .n_response = sizeof(*ret),
    };

    TRY(device_ask(c, expected, &r));
    if (ret->status != SNP_STATUS_OK)
        return snp_error_status(c->device, r.what, ret->status);
    /* What a refused request leaves behind, whatever its status says. */
    if (mem_is_zero(ret->key, sizeof(ret->key))) {
        log_err("%s gave an all-zero key, which everybody knows: it was refused. Update the host's "
                "firmware, or use another root of trust (root)",
                c->device);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

static CK_RV report_check(const struct conf *c, const char *what,
                          const struct snp_report_response *response)
{
    if (response->status != SNP_STATUS_OK)
        return snp_error_status(c->device, what, response->status);
    if (response->report_size != sizeof(response->report)) {
        log_err("%s gave a report of %u bytes, %zu are right", c->device, response->report_size,
                sizeof(response->report));
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

CK_RV snp_device_report(const struct conf *c, enum root_kind expected,
                        const struct snp_report_request *request, struct snp_report_response *ret)
{
    const struct request r = {
        .number = SNP_IOC_REPORT,
        .what = "report",
        .data = request,
        .response = ret,
        .n_response = sizeof(*ret),
    };

    TRY(device_ask(c, expected, &r));
    return report_check(c, r.what, ret);
}

/* One try with so much room, which the driver wants in whole pages. The table that comes has no
 * length of its own but the room it was given. */
static CK_RV ext_report_try(const struct conf *c, enum root_kind expected,
                            struct snp_ext_report_request *request, struct buf *certificates,
                            struct snp_report_response *ret, bool *ret_room)
{
    const struct request r = {
        .number = SNP_IOC_EXT_REPORT,
        .what = "report with certificates",
        .data = request,
        .response = ret,
        .n_response = sizeof(*ret),
        .ret_room = ret_room,
    };
    uint8_t *room;

    buf_clear(certificates);
    if (request->certs_len > 0) {
        room = buf_extend(certificates, request->certs_len);
        TRY(buf_ok(certificates));
        memset(room, 0, request->certs_len);
        request->certs_address = (uint64_t)(uintptr_t)room;
    }
    TRY(device_ask(c, expected, &r));
    return *ret_room ? CKR_OK : report_check(c, r.what, ret);
}

/* The first call offers no room: a host without certificates answers it at once. */
CK_RV snp_device_ext_report(const struct conf *c, enum root_kind expected,
                            const struct snp_report_request *request,
                            struct snp_report_response *ret, struct buf *ret_certificates)
{
    AUTO(buf_clear) struct buf certificates = BUF_INIT;
    struct snp_ext_report_request asked;
    bool room = true;

    memset(&asked, 0, sizeof(asked));
    asked.data = *request;
    for (int i = 0; i < EXT_TRIES && room; i++) {
        if (asked.certs_len % CERTS_PAGE != 0 || asked.certs_len > ROOT_CERTIFICATES_MAX)
            break;
        room = false;
        TRY(ext_report_try(c, expected, &asked, &certificates, ret, &room));
    }
    if (room) {
        log_err("%s: the host wants %u bytes of room for its certificates; whole pages up to %u "
                "are possible, and it may not change its mind at every request. Set its "
                "certificates right, or reports = tsm",
                c->device, asked.certs_len, ROOT_CERTIFICATES_MAX);
        FAIL(CKR_DEVICE_ERROR);
    }
    buf_put(ret_certificates, buf_span(&certificates));
    return buf_ok(ret_certificates);
}
