/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_client.c - snp-client DEVICE key|report|ext [name=value]...: one ioctl, said in words.
 *
 * Fields are those of the request (version, select, rsvd, fields, vmpl, svn, tcb; for reports data,
 * a byte that fills REPORT_DATA, and for `ext` certs, the room for certificates in bytes). The
 * answer is one line: "key=<hex>", "report=<hex>" (with "certs=<length>" or "certs_len=<needed>"),
 * "status=0x..", or "errno=<name> fw=0x.. vmm=0x..". `written=1` when the argument was written
 * back.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "root/snp_abi.h"

#define CERTS_ROOM 0x8000u

struct options {
    uint64_t version, select, rsvd, fields, vmpl, svn, tcb, data, certs;
};

static const struct {
    const char *name;
    size_t offset;
} names[] = {
    {"version", offsetof(struct options, version)}, {"select", offsetof(struct options, select)},
    {"rsvd", offsetof(struct options, rsvd)},       {"fields", offsetof(struct options, fields)},
    {"vmpl", offsetof(struct options, vmpl)},       {"svn", offsetof(struct options, svn)},
    {"tcb", offsetof(struct options, tcb)},         {"data", offsetof(struct options, data)},
    {"certs", offsetof(struct options, certs)},
};

static int option_set(struct options *o, const char *arg)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const size_t n = strlen(names[i].name);
        char *end;

        if (strncmp(arg, names[i].name, n) == 0 && arg[n] == '=') {
            const uint64_t v = strtoull(arg + n + 1, &end, 0);

            memcpy((char *)o + names[i].offset, &v, sizeof(v));
            return *end == '\0' ? 0 : -1;
        }
    }
    return -1;
}

static void hex_print(const char *name, const uint8_t *p, size_t n)
{
    printf("%s=", name);
    for (size_t i = 0; i < n; i++)
        printf("%02x", p[i]);
}

/* Send it; prints the failure and returns -1 where there is no response. */
static int ask(const char *device, unsigned long number, const void *request, void *response,
               uint8_t version)
{
    struct snp_ioctl arg = {
        .msg_version = version,
        .req_data = (uint64_t)(uintptr_t)request,
        .resp_data = (uint64_t)(uintptr_t)response,
    };
    const struct snp_ioctl before = arg;
    const int fd = open(device, O_RDWR | O_CLOEXEC);
    int error;

    if (fd < 0) {
        printf("open=%s\n", strerrorname_np(errno));
        return -1;
    }
    error = ioctl(fd, number, &arg) == 0 ? 0 : errno;
    (void)close(fd);
    if (error != 0)
        printf("errno=%s fw=0x%x vmm=0x%x ", strerrorname_np(error), arg.fw_error, arg.vmm_error);
    printf("written=%d ", memcmp(&arg, &before, sizeof(arg)) != 0);
    return error == 0 ? 0 : -1;
}

static void key(const char *device, const struct options *o)
{
    const struct snp_key_request request = {
        .root_key_select = (uint32_t)o->select,
        .rsvd = (uint32_t)o->rsvd,
        .guest_field_select = o->fields,
        .vmpl = (uint32_t)o->vmpl,
        .guest_svn = (uint32_t)o->svn,
        .tcb_version = o->tcb,
    };
    struct snp_key_response response = {0};

    if (ask(device, SNP_IOC_DERIVED_KEY, &request, &response, (uint8_t)o->version) != 0)
        return;
    if (response.status != 0)
        printf("status=0x%x ", response.status);
    hex_print("key", response.key, sizeof(response.key));
}

static void report(const char *device, const struct options *o, int extended)
{
    uint8_t *certs =
        mmap(NULL, CERTS_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct snp_ext_report_request request = {
        .data = {.vmpl = (uint32_t)o->vmpl},
        .certs_address = o->certs != 0 ? (uint64_t)(uintptr_t)certs : 0,
        .certs_len = (uint32_t)o->certs,
    };
    static struct snp_report_response response;

    if (certs == MAP_FAILED)
        return;
    memset(request.data.user_data, (int)o->data, sizeof(request.data.user_data));
    request.data.rsvd[0] = (uint8_t)o->rsvd;
    if (ask(device, extended ? SNP_IOC_EXT_REPORT : SNP_IOC_REPORT, &request, &response,
            (uint8_t)o->version) != 0) {
        printf("certs_len=%u", request.certs_len);
        return;
    }
    if (extended)
        hex_print("guid", certs, 16);
    printf(" size=%u ", response.report_size);
    if (response.status != 0)
        printf("status=0x%x ", response.status);
    hex_print("report", response.report, sizeof(response.report));
}

int main(int argc, char **argv)
{
    struct options o = {.version = 1, .select = 2, .fields = 0x29};

    for (int i = 3; i < argc; i++) {
        if (option_set(&o, argv[i]) != 0) {
            (void)fprintf(stderr, "snp-client: not understood: %s\n", argv[i]);
            return 2;
        }
    }
    if (argc >= 3 && strcmp(argv[2], "key") == 0)
        key(argv[1], &o);
    else if (argc >= 3 && (strcmp(argv[2], "report") == 0 || strcmp(argv[2], "ext") == 0))
        report(argv[1], &o, strcmp(argv[2], "ext") == 0);
    else
        return 2;
    printf("\n");
    return 0;
}
