/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsm.c - configfs-tsm: make a directory, write what is to be reported, read the answer, remove it.
 *
 * Each write raises the directory's generation by one; a generation that is not what our writes
 * make it means that somebody else wrote there in between, and the answer is not to our question.
 * The device and configfs share one channel to the firmware, so the same failures are behind these
 * errno values as behind those of the ioctl.
 */
#include "root/tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "root/entropy.h"
#include "root/snp_error.h"
#include "util/fd.h"
#include "util/log.h"

#define CONFIGFS 0x62656570 /* statfs: CONFIGFS_MAGIC of Linux fs/configfs */
#define PROVIDER "sev_guest\n"
#define TEXT_MAX 64 /* of an attribute that is a word or a number */

/* A directory of our own below c->tsm, removed when it goes. */
struct entry {
    char path[512];
    int fd; /* -1: none */
};

static void entry_remove(struct entry *e)
{
    if (e->fd < 0)
        return;
    (void)close(e->fd);
    (void)rmdir(e->path);
}

static void fd_close(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

CK_RV tsm_kind(const struct conf *c, enum root_kind *ret)
{
    struct statfs fs;

    ENSURE(c->tsm != NULL, CKR_ARGUMENTS_BAD);
    if (statfs(c->tsm, &fs) != 0)
        return snp_error_tsm(c->tsm, "", errno);
    *ret = fs.f_type == CONFIGFS ? ROOT_SEV_SNP : ROOT_SEV_SNP_EMULATED;
    return CKR_OK;
}

static CK_RV entry_make(const struct conf *c, struct entry *ret)
{
    uint8_t tag[8];
    char hex[2 * sizeof(tag) + 1];
    int n;

    TRY(entropy_fill(tag, sizeof(tag)));
    n = snprintf(ret->path, sizeof(ret->path), "%s/tee-pkcs11-%s", c->tsm,
                 hex_encode(SPAN_ARRAY(tag), hex));
    ENSURE(n > 0 && (size_t)n < sizeof(ret->path), CKR_ARGUMENTS_BAD);
    if (mkdir(ret->path, S_IRWXU) != 0)
        return snp_error_tsm(c->tsm, "", errno);
    ret->fd = fd_open(ret->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (ret->fd < 0) {
        const int error = errno;

        (void)rmdir(ret->path);
        return snp_error_tsm(c->tsm, "", error);
    }
    return CKR_OK;
}

/* Append an attribute; more than `max` bytes are an error. */
static CK_RV attribute_read(const struct entry *e, const char *name, size_t max, struct buf *ret)
{
    AUTO(fd_close) int fd = fd_openat(e->fd, name, O_RDONLY | O_NOFOLLOW, 0);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    ssize_t got = 0;

    if (fd < 0)
        return snp_error_tsm(e->path, name, errno);
    buf_reserve(&bytes, max + 1);
    TRY(buf_ok(&bytes));
    do {
        got = read(fd, bytes.p + bytes.n, max + 1 - bytes.n);
        bytes.n += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && bytes.n <= max) || (got < 0 && errno == EINTR));
    if (got < 0)
        return snp_error_tsm(e->path, name, errno);
    if (bytes.n > max)
        return snp_error_tsm(e->path, name, EFBIG);
    buf_put(ret, buf_span(&bytes));
    return buf_ok(ret);
}

static CK_RV attribute_write(const struct entry *e, const char *name, struct span bytes)
{
    AUTO(fd_close) int fd = fd_openat(e->fd, name, O_WRONLY | O_NOFOLLOW, 0);

    if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
        return snp_error_tsm(e->path, name, errno);
    return CKR_OK;
}

static CK_RV generation_get(const struct entry *e, uint64_t *ret)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    TRY(attribute_read(e, "generation", TEXT_MAX, &text));
    buf_u8(&text, 0);
    TRY(buf_ok(&text));
    *ret = strtoull((const char *)text.p, NULL, 10);
    return CKR_OK;
}

static CK_RV provider_check(const struct entry *e)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    TRY(attribute_read(e, "provider", TEXT_MAX, &text));
    if (!span_equal(buf_span(&text), SPAN_LIT(PROVIDER))) {
        log_err("%s: reports are made by another provider than sev_guest: this is not a SEV-SNP "
                "guest, or a paravisor keeps its device. Correct tsm, or use another root of trust",
                e->path);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

/* The VMPL goes first: it is part of what is asked. */
static CK_RV entry_ask(const struct entry *e, uint32_t vmpl, const uint8_t *report_data,
                       uint64_t *ret_writes)
{
    char text[16];
    const int n = snprintf(text, sizeof(text), "%u", vmpl);

    TRY(attribute_write(e, "privlevel", span_of(text, (size_t)n)));
    TRY(attribute_write(e, "inblob", span_of(report_data, ROOT_REPORT_DATA_BYTES)));
    *ret_writes = 2;
    return CKR_OK;
}

CK_RV tsm_report(const struct conf *c, enum root_kind expected,
                 const uint8_t report_data[ROOT_REPORT_DATA_BYTES], struct buf *ret_report,
                 struct buf *ret_certificates)
{
    AUTO(entry_remove) struct entry e = {.fd = -1};
    uint64_t before, after, writes;
    enum root_kind kind;

    TRY(tsm_kind(c, &kind));
    if (kind != expected) {
        log_err("%s makes %s reports, and a %s report is needed here", c->tsm, root_kind_name(kind),
                root_kind_name(expected));
        FAIL(CKR_DEVICE_ERROR);
    }
    TRY(entry_make(c, &e));
    TRY(provider_check(&e));
    TRY(generation_get(&e, &before));
    TRY(entry_ask(&e, c->vmpl, report_data, &writes));
    TRY(attribute_read(&e, "outblob", ROOT_REPORT_BYTES, ret_report));
    if (ret_certificates != NULL)
        TRY(attribute_read(&e, "auxblob", ROOT_CERTIFICATES_MAX, ret_certificates));
    TRY(generation_get(&e, &after));
    if (after != before + writes) {
        log_err("%s: somebody else wrote there while a report was made: it was dropped. Try again",
                e.path);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}
