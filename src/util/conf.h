/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.h - the configuration file: found, checked, parsed (libconfuse), kept as plain data.
 *
 * $TEE_PKCS11_CONF (secure_getenv), else ~/.config/tee-pkcs11/tee-pkcs11.conf, else
 * /etc/tee-pkcs11/tee-pkcs11.conf. No file at all is not an error: the defaults stand. A file that
 * somebody other than root or the caller owns, or that group or others may write, is refused.
 * Every key is documented in conf/tee-pkcs11.conf and tee-pkcs11.conf(5).
 */
#ifndef TEE_UTIL_CONF_H
#define TEE_UTIL_CONF_H

#include "util/guard.h"

#define CONF_MAX_BYTES    (64u * 1024u) /* a larger file is refused */
#define CONF_MAX_RECOVERY 16u           /* recovery certificates */

enum conf_root { CONF_ROOT_SEV_SNP, CONF_ROOT_SOFTWARE, CONF_ROOT_AUTO };
enum conf_measured { CONF_MEASURED_UNSAID, CONF_MEASURED_IMAGE, CONF_MEASURED_FIRMWARE };

struct conf {
    char *path;  /* the file that was read; NULL: none was found, these are the defaults */
    char *store; /* directory; default: /var/lib/tee-pkcs11 for root, else
                    $XDG_DATA_HOME or ~/.local/share + /tee-pkcs11 */
    enum conf_root root;
    char *device;                      /* default /dev/sev-guest */
    char *software_key;                /* default: <store>.key beside the store directory */
    char *recovery[CONF_MAX_RECOVERY]; /* PEM or DER certificate files */
    size_t n_recovery;
    bool hardware_only; /* the owner accepts a store with no way back */
    enum conf_measured measured;
    uint32_t vmpl;          /* asked of the firmware; 0..3 */
    uint32_t pin_min;       /* shortest PIN, in bytes; default 4 */
    uint32_t pin_tries;     /* wrong PINs in a row before the lock; default 10, 3..100 */
    uint32_t pin_log2_n;    /* scrypt cost, log2(N); default 14, 10..20 */
    bool so_reset;          /* the SO can set a forgotten user PIN (an escrow); default yes */
    uint64_t map_size;      /* bytes of address space first given to LMDB */
    uint32_t cache_objects; /* decrypted objects kept per process; default 4096 */
};

/* Find and read the configuration. On failure *ret_error (malloc'd text naming file and line, owned
 * by the caller) says why, and CKR_ARGUMENTS_BAD (file unfit) or CKR_HOST_MEMORY is returned. */
NODISCARD CK_RV conf_load(struct conf **ret, char **ret_error);
/* The same for a named file. */
NODISCARD CK_RV conf_load_file(const char *path, struct conf **ret, char **ret_error);
/* NULL is allowed. */
void conf_free(struct conf *c);
DEFINE_AUTO(conf_freep, struct conf, conf_free)

const char *conf_root_name(enum conf_root root);
/* In a forked child: put the parser's lock, which another thread may have held, back to its start.
 */
void conf_forget(void);

#endif
