/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf.h - the configuration file: found, checked, parsed (inih), kept as plain data.
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
#define CONF_TCB_MAX      5u            /* components of a TCB */
#define CONF_DIGEST       48u           /* bytes of a SHA-384 */

enum conf_root { CONF_ROOT_SEV_SNP, CONF_ROOT_SOFTWARE, CONF_ROOT_AUTO };
enum conf_measured { CONF_MEASURED_UNSAID, CONF_MEASURED_IMAGE, CONF_MEASURED_FIRMWARE };
enum conf_binding { CONF_BINDING_IMAGE, CONF_BINDING_OWNER };
enum conf_endorsement { CONF_ENDORSEMENT_VCEK, CONF_ENDORSEMENT_VLEK };
enum conf_reports { CONF_REPORTS_AUTO, CONF_REPORTS_DEVICE, CONF_REPORTS_TSM };
/* Which uses of keys the audit log is told of, and what becomes of one that it can't take. */
enum conf_key_use { CONF_KEY_USE_NONE, CONF_KEY_USE_SECRET, CONF_KEY_USE_ALL };
enum conf_audit_full { CONF_AUDIT_FULL_REFUSE, CONF_AUDIT_FULL_COUNT };

/* A TCB floor, one number per component: four from the boot loader on (Milan, Genoa) or five from
 * the FMC on (Turin). */
struct conf_tcb {
    uint8_t v[CONF_TCB_MAX];
    uint8_t n; /* 0: none */
};
/* SHA-384 of a key of an ID block. */
struct conf_digest {
    uint8_t v[CONF_DIGEST];
    bool said;
};

/* Names as the file has them; what they mean is for who uses them to say. */
struct conf_names {
    char **v;
    size_t n;
};
void conf_names_clear(struct conf_names *names);

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
    enum conf_binding binding;            /* what the root's keys are bound to */
    enum conf_endorsement endorsement;    /* which key of the processor they come from */
    struct conf_digest id_key_digest;     /* of the ID block that binding = owner expects */
    struct conf_digest author_key_digest; /* the same; said: the author key is required */
    uint32_t min_guest_svn;               /* no seal of a lower one is opened or made */
    struct conf_tcb min_tcb;              /* the same */
    enum conf_reports reports;            /* where attestation reports come from */
    char *tsm;             /* configfs-tsm directory; default /sys/kernel/config/tsm/report */
    uint32_t unseal_cache; /* seconds that a hardware root's unsealing is kept; 0: not */
    char *owner_secret; /* file with what the platform's seal needs besides the platform; or NULL */
    uint32_t rollback_days; /* how long the seal of a superseded image still opens; default 30 */
    bool attest_keys;       /* make evidence when a key pair is generated (CKA_TEE_EVIDENCE) */
    uint32_t vmpl;          /* asked of the firmware; 0..3 */
    uint32_t pin_min;       /* shortest PIN, in bytes; default 4 */
    uint32_t pin_tries;     /* wrong PINs in a row before the lock; default 10, 3..100 */
    uint32_t pin_log2_n;    /* scrypt cost, log2(N); default 14, 10..20 */
    bool so_reset;          /* the SO can set a forgotten user PIN (an escrow); default yes */
    uint64_t map_size;      /* bytes of address space first given to LMDB */
    uint32_t cache_objects; /* decrypted objects kept per process; default 2048 */
    enum conf_key_use audit_key_use;
    enum conf_audit_full audit_full;
    uint32_t audit_delay;  /* seconds between writings of uses of keys; default 1; 0: each */
    bool count_operations; /* how often keys were used, for metrics */
    uint32_t policy;       /* the rules that hold: util/policy.h */
    struct conf_names mechanisms_allow; /* empty: not said */
    struct conf_names mechanisms_deny;
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
/* "none", "secret", "all", and back: false where it is no such name. */
const char *conf_key_use_name(enum conf_key_use use);
bool conf_key_use_find(const char *name, enum conf_key_use *ret);

#endif
