/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unseal_cache.c - the kernel's key ring as a cache of opened seals; see unseal_cache.h.
 *
 * A key is made in the key ring of this thread, where nobody else sees it, gets its time limit and
 * its permissions there, and only then a link from the user's key ring. Readers are processes of
 * the same user: "possession" alone would shut out services whose session key ring does not lead to
 * the user's (systemd gives each its own).
 */
#include "keyring/unseal_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <keyutils.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/fd.h"
#include "util/log.h"

#define LABEL       "tee-pkcs11 unseal 1"
#define KEY_TYPE    "user"
#define NAME_PREFIX "tee-pkcs11:"
#define NAME_BYTES  (sizeof(NAME_PREFIX) + 2 * PRIM_HASH)
#define BOOT_ID     "/proc/sys/kernel/random/boot_id"
#define BOOT_MAX    64
#define PERMISSIONS (KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ | KEY_USR_SEARCH)

bool unseal_cache_wanted(const struct conf *c, const struct root *r)
{
    return c->unseal_cache > 0 && r->hardware;
}

static void put_boot_id(struct buf *ret)
{
    uint8_t text[BOOT_MAX];
    const int fd = fd_open(BOOT_ID, O_RDONLY);
    const ssize_t got = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

    buf_var(ret, span_of(text, got > 0 ? (size_t)got : 0));
    if (fd >= 0)
        (void)close(fd);
}

/* The node, and not only its name: another one at the same place is another device. */
static void put_device(const struct conf *c, const struct root *r, struct buf *ret)
{
    struct stat st = {0};

    if (c->device != NULL && stat(c->device, &st) == 0) {
        buf_var(ret, span_of(c->device, strlen(c->device)));
        buf_u64(ret, st.st_dev);
        buf_u64(ret, st.st_ino);
        buf_u64(ret, st.st_rdev);
    }
    buf_u8(ret, (uint8_t)r->kind);
}

/* What makes the seal this one; not what a rotation of the master or a later image changes in its
 * row, so that its key is found again when the seal goes. */
static void put_seal(const struct seal *s, struct buf *ret)
{
    buf_put(ret, SPAN_ARRAY(s->id));
    buf_u64(ret, s->created);
    buf_var(ret, s->binding);
    buf_put(ret, SPAN_ARRAY(s->public_key));
    buf_var(ret, s->wrapped);
}

static CK_RV name_make(const struct conf *c, const struct root *r, const struct header *h,
                       const struct seal *s, char ret[NAME_BYTES])
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    char hex[2 * PRIM_HASH + 1];
    uint8_t hash[PRIM_HASH];
    struct span all;

    buf_var(&text, SPAN_LIT(LABEL));
    buf_put(&text, SPAN_ARRAY(h->store_id));
    put_seal(s, &text);
    put_boot_id(&text);
    put_device(c, r, &text);
    TRY(buf_ok(&text));
    all = buf_span(&text);
    TRY(prim_sha256(&all, 1, hash));
    (void)snprintf(ret, NAME_BYTES, "%s%s", NAME_PREFIX, hex_encode(SPAN_ARRAY(hash), hex));
    return CKR_OK;
}

static key_serial_t key_find(const char *name)
{
    return (key_serial_t)keyctl_search(KEY_SPEC_USER_KEYRING, KEY_TYPE, name, 0);
}

/* A key of another length was not made here. */
static struct secret *key_read(key_serial_t key)
{
    AUTO(secret_freep) struct secret *secret = NULL;

    if (secret_new(SEAL_SECRET_BYTES, &secret) != CKR_OK ||
        keyctl_read(key, (char *)secret->p, secret->n) != (long)secret->n)
        return NULL;
    return TAKE(secret);
}

struct secret *unseal_cache_find(const struct conf *c, const struct root *r, const struct header *h,
                                 const struct seal *s)
{
    char name[NAME_BYTES];
    key_serial_t key;

    if (!unseal_cache_wanted(c, r) || name_make(c, r, h, s, name) != CKR_OK)
        return NULL;
    key = key_find(name);
    return key > 0 ? key_read(key) : NULL;
}

/* Limited in time, then readable by this user's processes, then where they look. */
static bool key_publish(key_serial_t key, unsigned seconds)
{
    return keyctl_set_timeout(key, seconds) == 0 && keyctl_setperm(key, PERMISSIONS) == 0 &&
           keyctl_link(key, KEY_SPEC_USER_KEYRING) == 0;
}

void unseal_cache_put(const struct conf *c, const struct root *r, const struct header *h,
                      const struct seal *s, const struct secret *secret)
{
    char name[NAME_BYTES];
    key_serial_t key;

    if (!unseal_cache_wanted(c, r) || name_make(c, r, h, s, name) != CKR_OK)
        return;
    key = add_key(KEY_TYPE, name, secret->p, secret->n, KEY_SPEC_THREAD_KEYRING);
    if (key < 0 || !key_publish(key, c->unseal_cache))
        log_debug(LOG_KEYRING, "no cache of the opened seal: the kernel's key ring says %s",
                  strerror(errno));
    if (key > 0)
        (void)keyctl_unlink(key, KEY_SPEC_THREAD_KEYRING);
}

void unseal_cache_revoke(const struct conf *c, const struct root *r, const struct header *h,
                         const struct seal *s)
{
    char name[NAME_BYTES];
    key_serial_t key;

    if (r == NULL || !r->hardware || name_make(c, r, h, s, name) != CKR_OK)
        return;
    key = key_find(name);
    if (key > 0)
        (void)keyctl_invalidate(key);
}
