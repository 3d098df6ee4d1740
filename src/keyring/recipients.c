/* SPDX-License-Identifier: BSD-2-Clause */
/* recipients.c - recovery certificates of the configuration; see recipients.h. */
#include "keyring/recipients.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/cms.h"
#include "util/fd.h"
#include "util/log.h"

#define CERTIFICATE_MAX (32 * 1024) /* bytes of a certificate file */

struct descriptor {
    int fd;
};

static void descriptor_close(struct descriptor *d)
{
    if (d->fd >= 0)
        (void)close(d->fd);
}

void recipients_clear(struct recipients *r)
{
    for (size_t i = 0; i < N_ELEMENTS(r->v); i++) {
        buf_clear(&r->v[i].der);
        buf_clear(&r->v[i].subject);
    }
    r->n = 0;
    r->n_unread = 0;
}

const char *config_path(const struct conf *c)
{
    if (c->path != NULL)
        return c->path;
    return geteuid() == 0 ? "/etc/tee-pkcs11/tee-pkcs11.conf (there is none yet: make it)"
                          : "~/.config/tee-pkcs11/tee-pkcs11.conf (there is none yet: make it)";
}

const char *config_measured_name(enum conf_measured m)
{
    static const char *const names[] = {
        [CONF_MEASURED_UNSAID] = "nothing said",
        [CONF_MEASURED_IMAGE] = "image",
        [CONF_MEASURED_FIRMWARE] = "firmware",
    };

    return (size_t)m < N_ELEMENTS(names) ? names[m] : "unknown";
}

/* The whole file. NULL, or why not. */
static const char *file_read(const char *path, struct buf *ret)
{
    AUTO(descriptor_close) struct descriptor d = {.fd = -1};
    struct stat st;
    ssize_t got;

    d.fd = fd_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    if (d.fd < 0 || fstat(d.fd, &st) != 0)
        return strerror(errno);
    if (!S_ISREG(st.st_mode) || st.st_size > CERTIFICATE_MAX)
        return "not a file of at most 32 KiB";
    buf_reserve(ret, CERTIFICATE_MAX + 1);
    if (ret->failed)
        return "no memory";
    while ((got = read(d.fd, ret->p + ret->n, CERTIFICATE_MAX + 1 - ret->n)) > 0)
        ret->n += (size_t)got;
    if (got < 0)
        return strerror(errno);
    return ret->n > CERTIFICATE_MAX ? "it grew beyond 32 KiB while it was read" : NULL;
}

static bool recipients_have(const struct recipients *r, const uint8_t hash[PRIM_HASH])
{
    for (size_t i = 0; i < r->n; i++) {
        if (memcmp(r->v[i].hash, hash, PRIM_HASH) == 0)
            return true;
    }
    return false;
}

/* Parse a certificate into the next place; it counts only if it is new. */
static CK_RV recipients_add(struct recipients *r, struct span file)
{
    struct recipient *to = &r->v[r->n];
    struct span der;

    TRY(cms_certificate(file, &to->der, &to->subject));
    der = buf_span(&to->der);
    TRY(prim_sha256(&der, 1, to->hash));
    if (recipients_have(r, to->hash)) {
        buf_clear(&to->der);
        buf_clear(&to->subject);
        return CKR_OK;
    }
    r->n++;
    return CKR_OK;
}

static CK_RV recipients_read(const struct conf *c, bool creating, struct recipients *r)
{
    for (size_t i = 0; i < c->n_recovery; i++) {
        AUTO(buf_clear) struct buf file = BUF_INIT;
        const char *objection = file_read(c->recovery[i], &file);
        CK_RV rv;

        if (objection != NULL && !creating) {
            log_warn("recovery-certificate = %s: %s; it can't be compared with the recipients of "
                     "the store",
                     c->recovery[i], objection);
            r->n_unread++;
            continue;
        }
        rv = objection == NULL ? recipients_add(r, buf_span(&file)) : CKR_ARGUMENTS_BAD;
        if (rv == CKR_ARGUMENTS_BAD) {
            log_err("recovery-certificate = %s: %s. Correct it in %s", c->recovery[i],
                    objection != NULL ? objection
                                      : "not a certificate that can receive (RSA of 2048 bits or "
                                        "more, or EC on P-256, P-384 or P-521)",
                    config_path(c));
            FAIL(creating ? CKR_FUNCTION_REJECTED : CKR_DEVICE_ERROR);
        }
        TRY(rv);
    }
    return CKR_OK;
}

CK_RV recipients_load(const struct conf *c, struct recipients *ret)
{
    AUTO(recipients_clear) struct recipients r = {.n = 0};

    TRY(recipients_read(c, true, &r));
    *ret = r;
    r = (struct recipients){.n = 0};
    return CKR_OK;
}

/* -- configuration and store ----------------------------------------------------------------- */

static CK_RV contradiction(const struct conf *c, const char *key, const char *stored,
                           const char *said)
{
    log_err("the store %s was made with %s = %s, and %s says %s: change that file back; the "
            "configuration of a store changes by explicit commands only",
            c->store, key, stored, config_path(c), said);
    FAIL(CKR_DEVICE_ERROR);
}

static bool config_has(const struct config *stored, const uint8_t hash[PRIM_HASH])
{
    for (size_t i = 0; i < stored->n_recipients; i++) {
        if (memcmp(stored->recipients[i], hash, PRIM_HASH) == 0)
            return true;
    }
    return false;
}

static CK_RV recipients_check(const struct conf *c, const struct config *stored)
{
    AUTO(recipients_clear) struct recipients r = {.n = 0};

    TRY(recipients_read(c, false, &r));
    for (size_t i = 0; i < r.n; i++) {
        if (!config_has(stored, r.v[i].hash)) {
            log_err("the certificate \"%.*s\" that %s names is not a recipient of the store %s, "
                    "which can't be recovered with it: tee-pkcs11 seal add makes it one once it is "
                    "out of that file",
                    (int)r.v[i].subject.n, (const char *)r.v[i].subject.p, config_path(c),
                    c->store);
            FAIL(CKR_DEVICE_ERROR);
        }
    }
    return CKR_OK;
}

CK_RV recipients_name(const struct conf *c, const uint8_t hash[PRIM_HASH], bool *ret)
{
    AUTO(recipients_clear) struct recipients r = {.n = 0};

    TRY(recipients_read(c, false, &r));
    *ret = recipients_have(&r, hash);
    return CKR_OK;
}

static bool digest_differs(const struct conf_digest *said, const struct conf_digest *stored)
{
    return said->said && (!stored->said || memcmp(said->v, stored->v, sizeof(said->v)) != 0);
}

/* What the file leaves out is not a contradiction, except where its default is used all the same.
 */
static CK_RV snp_check(const struct conf *c, const struct config *stored)
{
    static const char *const bindings[] = {"image", "owner"}, *const endorsements[] = {"vcek",
                                                                                       "vlek"};

    if (c->binding != stored->binding)
        return contradiction(c, "binding", bindings[stored->binding], bindings[c->binding]);
    if (c->endorsement != stored->endorsement)
        return contradiction(c, "endorsement", endorsements[stored->endorsement],
                             endorsements[c->endorsement]);
    if (digest_differs(&c->id_key_digest, &stored->id_key_digest))
        return contradiction(c, "id-key-digest", stored->id_key_digest.said ? "another" : "nothing",
                             "otherwise");
    if (digest_differs(&c->author_key_digest, &stored->author_key_digest))
        return contradiction(c, "author-key-digest",
                             stored->author_key_digest.said ? "another" : "nothing", "otherwise");
    return CKR_OK;
}

struct conf config_with_floors(const struct conf *c, const struct config *stored)
{
    struct conf floors = *c;

    floors.min_guest_svn = stored->min_guest_svn;
    floors.min_tcb = stored->min_tcb;
    return floors;
}

CK_RV config_floors(const struct conf *c, const struct config *stored, const struct root *r,
                    const struct binding *b)
{
    const struct conf floors = config_with_floors(c, stored);

    return b->kind == ROOT_SOFTWARE ? CKR_OK : binding_allowed(&floors, r, b);
}

CK_RV config_check(const struct conf *c, const struct root *r, const struct config *stored)
{
    if (r->kind != stored->root)
        return contradiction(c, "root", root_kind_name(stored->root), r->name);
    if (c->measured != CONF_MEASURED_UNSAID && c->measured != stored->measured)
        return contradiction(c, "measured", config_measured_name(stored->measured),
                             config_measured_name(c->measured));
    if (stored->root != ROOT_SOFTWARE)
        TRY(snp_check(c, stored));
    return recipients_check(c, stored);
}
