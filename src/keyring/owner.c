/* SPDX-License-Identifier: BSD-2-Clause */
/* owner.c - reading the owner's secret and joining it to a root key; see owner.h. */
#include "keyring/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/fd.h"
#include "util/log.h"

#define OWNER_SECRET_MAX 1024 /* bytes, the newline included */
#define OWNER_LABEL      "tee-pkcs11 owner 1"

struct descriptor {
    int fd;
};

static void descriptor_close(struct descriptor *d)
{
    if (d->fd >= 0)
        (void)close(d->fd);
}

/* Up to n bytes at `at`, fewer at the end alone; negative: errno says why not. */
static ssize_t read_at(const struct descriptor *d, uint8_t *to, size_t n, size_t at)
{
    size_t done = 0;
    ssize_t got = 1;

    while (got != 0 && done < n) {
        got = pread(d->fd, to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno != EINTR)
            return -1;
        done += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)done;
}

/* The bytes of the file; NULL, or why not. */
static const char *secret_read(const char *path, struct secret *ret)
{
    AUTO(descriptor_close)
    struct descriptor d = {.fd = fd_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)};
    struct stat st;
    uint8_t next = 0;
    ssize_t n, more;

    ret->n = 0;
    if (d.fd < 0 || fstat(d.fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode))
        return "not a file that can be read again";
    if (st.st_nlink > 0 && (st.st_mode & S_IRWXO) != 0) /* a memfd has no name to open it by */
        return "everybody may read or write it: chmod o-rwx";
    /* Through pread(): a descriptor of the process may stand anywhere, and is to be left there. */
    n = read_at(&d, ret->p, OWNER_SECRET_MAX, 0);
    more = read_at(&d, &next, 1, OWNER_SECRET_MAX);
    mem_wipe(&next, 1);
    /* The beginning of a file alone would be another secret than whoever wrote it thinks. */
    if (n < 0 || more < 0)
        return strerror(errno);
    ret->n = (size_t)n;
    if (more > 0)
        return "too long: an owner's secret has at most 1024 bytes";
    if (ret->n > 0 && ret->p[ret->n - 1] == '\n')
        ret->n--;
    if (ret->n < OWNER_SECRET_MIN)
        return "too short: an owner's secret has at least 16 bytes";
    return NULL;
}

static CK_RV secret_load(const struct conf *c, struct secret **ret)
{
    AUTO(secret_freep) struct secret *s = NULL;
    const char *objection;

    if (c->owner_secret == NULL) {
        log_err("the store %s opens only with this platform and its owner's secret: name the file "
                "with owner-secret = FILE in the configuration",
                c->store);
        FAIL(CKR_DEVICE_ERROR);
    }
    TRY(secret_new(OWNER_SECRET_MAX, &s));
    objection = secret_read(c->owner_secret, s);
    if (objection != NULL) {
        log_err("owner-secret = %s: %s", c->owner_secret, objection);
        FAIL(CKR_DEVICE_ERROR);
    }
    *ret = TAKE(s);
    return CKR_OK;
}

CK_RV owner_key(const struct conf *c, const struct header *h, const struct seal *s,
                const struct secret *root_key, struct secret **ret)
{
    AUTO(secret_freep) struct secret *owner = NULL;
    AUTO(secret_freep) struct secret *both = NULL;
    AUTO(secret_freep) struct secret *key = NULL;

    ENSURE(root_key->n == PRIM_KEY, CKR_GENERAL_ERROR);
    TRY(secret_load(c, &owner));
    TRY(secret_new(2 * PRIM_KEY, &both));
    TRY(secret_new(PRIM_KEY, &key));
    memcpy(both->p, root_key->p, PRIM_KEY);
    TRY(prim_scrypt(secret_span(owner), SPAN_ARRAY(s->salt), s->log2_n, both->p + PRIM_KEY));
    TRY(prim_hkdf(secret_span(both), SPAN_ARRAY(h->store_id), SPAN_LIT(OWNER_LABEL), key->p,
                  PRIM_KEY));
    *ret = TAKE(key);
    return CKR_OK;
}
