/* SPDX-License-Identifier: BSD-2-Clause */
/* conf.c - find, check and read the configuration; see conf.h. */
#include "util/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/buf.h"
#include "util/conf_keys.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/policy.h"

#define SYSTEM_CONF    "/etc/tee-pkcs11/tee-pkcs11.conf"
#define USER_CONF      ".config/tee-pkcs11/tee-pkcs11.conf"
#define SYSTEM_STORE   "/var/lib/tee-pkcs11"
#define DEFAULT_DEVICE "/dev/sev-guest"
#define DEFAULT_TSM    "/sys/kernel/config/tsm/report"

static void free_text(char **text)
{
    free(*text);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

/* -- errors ------------------------------------------------------------------------------------ */

static void error_set(char **slot, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void error_set(char **slot, const char *fmt, ...)
{
    va_list args;

    if (slot == NULL || *slot != NULL)
        return;
    va_start(args, fmt);
    if (vasprintf(slot, fmt, args) < 0)
        *slot = NULL;
    va_end(args);
}

/* -- the defaults ------------------------------------------------------------------------------ */

static CK_RV text_copy(const char *text, char **ret)
{
    char *copy = strdup(text);

    ENSURE(copy != NULL, CKR_HOST_MEMORY);
    free(*ret);
    *ret = copy;
    return CKR_OK;
}

static CK_RV text_print(char **ret, const char *fmt, const char *a, const char *b)
{
    char *text = NULL;

    /* The formats are constants of this file with two %s. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    ENSURE(asprintf(&text, fmt, a, b) >= 0, CKR_HOST_MEMORY);
#pragma GCC diagnostic pop
    free(*ret);
    *ret = text;
    return CKR_OK;
}

/* The home directory as the password file has it when the environment cannot be trusted. Empty:
 * there is none. The text is the caller's to free. */
static CK_RV home_directory(char **ret)
{
    const char *home = secure_getenv("HOME");
    char room[4096];
    struct passwd entry;
    struct passwd *found = NULL;

    if (home != NULL && home[0] == '/')
        return text_copy(home, ret);
    if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found != NULL)
        return text_copy(found->pw_dir, ret);
    return text_copy("", ret);
}

static CK_RV default_store(char **ret)
{
    const char *data = secure_getenv("XDG_DATA_HOME");
    AUTO(free_text) char *home = NULL;

    if (geteuid() == 0)
        return text_copy(SYSTEM_STORE, ret);
    if (data != NULL && data[0] == '/')
        return text_print(ret, "%s%s", data, "/tee-pkcs11");
    TRY(home_directory(&home));
    return text_print(ret, "%s%s", home, "/.local/share/tee-pkcs11");
}

static CK_RV conf_defaults(struct conf *c)
{
    c->root = CONF_ROOT_SEV_SNP;
    c->measured = CONF_MEASURED_UNSAID;
    c->pin_min = 4;
    c->pin_tries = 10;
    c->pin_log2_n = 14;
    c->so_reset = true;
    c->cache_objects = 2048;
    c->unseal_cache = 60;
    c->policy = policy_default();
    c->rollback_days = 30;
    c->audit_delay = 1;
    TRY(default_store(&c->store));
    TRY(text_copy(DEFAULT_DEVICE, &c->device));
    return text_copy(DEFAULT_TSM, &c->tsm);
}

/* What depends on what the file says. */
static CK_RV conf_finish(struct conf *c)
{
    return c->software_key != NULL ? CKR_OK
                                   : text_print(&c->software_key, "%s%s", c->store, ".key");
}

/* -- the file -------------------------------------------------------------------------------- */

/* Only root or the caller may be able to say what this program does. */
static CK_RV check_owner(const char *path, int fd, char **error)
{
    struct stat st;

    ENSURE(fstat(fd, &st) == 0, CKR_ARGUMENTS_BAD);
    if (!S_ISREG(st.st_mode)) {
        error_set(error, "%s: not a regular file", path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        error_set(error, "%s: owned by user %u: only root or the caller may own it (chown)", path,
                  (unsigned int)st.st_uid);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        error_set(error, "%s: group or others may write it: chmod go-w %s", path, path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (st.st_size > (off_t)CONF_MAX_BYTES) {
        error_set(error, "%s: larger than %u bytes", path, CONF_MAX_BYTES);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return CKR_OK;
}

/* The whole file as text. */
static CK_RV read_text(const char *path, char **error, struct buf *ret)
{
    AUTO(close_fd) int fd = fd_open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
    ssize_t n;

    if (fd < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        FAIL(CKR_ARGUMENTS_BAD);
    }
    TRY(check_owner(path, fd, error));
    buf_reserve(ret, CONF_MAX_BYTES + 1);
    TRY(buf_ok(ret));
    while ((n = read(fd, ret->p + ret->n, CONF_MAX_BYTES - ret->n)) > 0)
        ret->n += (size_t)n;
    if (n < 0) {
        error_set(error, "%s: %s", path, strerror(errno));
        FAIL(CKR_ARGUMENTS_BAD);
    }
    if (memchr(ret->p, 0, ret->n) != NULL) {
        error_set(error, "%s: holds a zero byte: not a text file", path);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    ret->p[ret->n] = '\0';
    return CKR_OK;
}

static CK_RV conf_new(struct conf **ret)
{
    AUTO(conf_freep) struct conf *c = calloc(1, sizeof(*c));

    ENSURE(c != NULL, CKR_HOST_MEMORY);
    TRY(conf_defaults(c));
    *ret = TAKE(c);
    return CKR_OK;
}

CK_RV conf_load_file(const char *path, struct conf **ret, char **ret_error)
{
    AUTO(conf_freep) struct conf *c = NULL;
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(conf_fault_clear) struct conf_fault fault = {.line = 0};
    CK_RV rv;

    TRY(conf_new(&c));
    TRY(read_text(path, ret_error, &text));
    rv = conf_text_read((const char *)text.p, conf_key_take, c, &fault);
    if (rv == CKR_ARGUMENTS_BAD && fault.text != NULL)
        error_set(ret_error, "%s:%u: %s", path, fault.line, fault.text);
    TRY(rv);
    TRY(conf_finish(c));
    TRY(text_copy(path, &c->path));
    log_debug(LOG_CONF, "read %s", path);
    *ret = TAKE(c);
    return CKR_OK;
}

/* The file that is to be read; NULL: there is none. A file named by the environment must exist. */
static CK_RV find_file(char **ret)
{
    const char *named = secure_getenv("TEE_PKCS11_CONF");
    AUTO(free_text) char *home = NULL;
    AUTO(free_text) char *path = NULL;

    if (named != NULL && named[0] != '\0')
        return text_copy(named, ret);
    TRY(home_directory(&home));
    TRY(text_print(&path, "%s/%s", home, USER_CONF));
    if (home[0] == '/' && access(path, F_OK) == 0) {
        *ret = TAKE(path);
        return CKR_OK;
    }
    if (access(SYSTEM_CONF, F_OK) == 0)
        return text_copy(SYSTEM_CONF, ret);
    return CKR_OK;
}

CK_RV conf_load(struct conf **ret, char **ret_error)
{
    AUTO(free_text) char *path = NULL;
    AUTO(conf_freep) struct conf *c = NULL;

    TRY(find_file(&path));
    if (path != NULL)
        return conf_load_file(path, ret, ret_error);
    TRY(conf_new(&c));
    TRY(conf_finish(c));
    *ret = TAKE(c);
    return CKR_OK;
}

void conf_names_clear(struct conf_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->v[i]);
    free(names->v);
    *names = (struct conf_names){.n = 0};
}

void conf_free(struct conf *c)
{
    if (c == NULL)
        return;
    free(c->path);
    free(c->store);
    free(c->device);
    free(c->tsm);
    free(c->software_key);
    free(c->owner_secret);
    for (size_t i = 0; i < c->n_recovery; i++)
        free(c->recovery[i]);
    conf_names_clear(&c->mechanisms_allow);
    conf_names_clear(&c->mechanisms_deny);
    free(c);
}
