/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keyring.h - the opened key hierarchy of one store: root -> seal -> master key -> { tree key,
 * token secrets } -> role keys, DEKs. The only code that sees a wrapping key, and the only caller
 * of root/.
 *
 * A keyring keeps in secret pages: the tree key's derived state (in the store), token secrets and
 * DEKs that were used. The master key is opened when it is needed and gone when the call returns.
 * It is shared by all sessions of a process and thread-safe; its own lock is never held while the
 * device is asked, while scrypt runs, or while a write transaction is waited for.
 *
 * Every function may return CKR_DEVICE_ERROR (the store, a seal or the device is not what it should
 * be; the log says which and what to do), CKR_HOST_MEMORY and CKR_DEVICE_MEMORY.
 */
#ifndef TEE_KEYRING_KEYRING_H
#define TEE_KEYRING_KEYRING_H

#include "crypto/cms.h"
#include "keyring/box.h"
#include "store/store.h"
#include "util/conf.h"

struct keyring;

#define STORE_ID 16
#define TOKEN_ID 16

enum scope { SCOPE_PUBLIC = 0, SCOPE_PRIVATE = 1 };
enum role { ROLE_SO = 0, ROLE_USER = 1 };

/*
 * Make a store in c->store: master key, seals (the platform's, and one per recovery certificate),
 * tree key, configuration row; one write transaction. Refused before the device is asked:
 * CKR_FUNCTION_REJECTED when a hardware root has no recovery certificate and hardware-only is not
 * set, or `measured` is not said for a hardware root, or it is `firmware` and no owner's secret is
 * configured, or a store seems to be missing (a lock file or software key is there without a
 * database): the log says what to write where. When another
 * process makes it first, that one is opened.
 */
NODISCARD CK_RV keyring_create(const struct conf *c, struct keyring **ret);

/*
 * Open the store with the configured platform's seals: root derives, seal opens, master opens the
 * tree key, the store's rows are verified from there. A configuration file that names another root,
 * recipients or `measured` than the store was made with is CKR_DEVICE_ERROR. After a TCB update the
 * platform's seal is renewed (written) before this returns. Asks the device: may block for a
 * minute; hold no lock that other calls need. CKR_TOKEN_NOT_PRESENT: the store has no rows, its
 * creation was never finished: keyring_create() completes it.
 */
NODISCARD CK_RV keyring_open(const struct conf *c, struct store *s, struct keyring **ret);
/* The same, and nothing is written: no seal renewed, none dropped. For who only looks. */
NODISCARD CK_RV keyring_look(const struct conf *c, struct store *s, struct keyring **ret);
struct keyring *keyring_ref(struct keyring *k);
void keyring_unref(struct keyring *k); /* NULL is allowed; the last one wipes all */
DEFINE_AUTO(keyring_unrefp, struct keyring, keyring_unref)
struct store *keyring_store(const struct keyring *k); /* borrowed */
/* "software", "sev-snp" or "sev-snp-emulated": what opened it. */
const char *keyring_root_name(const struct keyring *k);

/* How the platform's seal was opened by keyring_open(). */
struct unsealing {
    bool asked;     /* the root was asked; else it was the kernel's key ring (unseal_cache.h) */
    uint64_t nanos; /* how long it took, with every request to the device; 0: never done */
};
struct unsealing keyring_unsealing(const struct keyring *k);

/* -- tokens ---------------------------------------------------------------------------------- */

struct token_info {
    uint8_t id[TOKEN_ID];
    CK_SLOT_ID slot;      /* 0, 1, ...: never given twice in a store */
    uint8_t label[32];    /* blank-padded UTF-8 */
    char serial[17];      /* 16 hex digits and a terminator */
    uint64_t incarnation; /* changes with C_InitToken: handles and keys of another are void */
    uint64_t created;     /* seconds since 1970 */
    bool user_pin_set;
    bool so_reset;          /* the SO can open private objects and reset the user PIN */
    uint32_t pin_min;       /* bytes */
    uint32_t pin_tries;     /* wrong PINs in a row that lock */
    uint32_t fails[2];      /* by enum role: wrong PINs in a row */
    uint32_t secret_number; /* 1, 2, ...: changes when the token secret does */
};
#define PIN_MAX 255 /* bytes */

/* The tokens of a store by slot, without opening it: labels and flags as the disk says, unverified
 * (C_GetSlotList, C_GetTokenInfo before the first session). *ret is malloc'd. */
NODISCARD CK_RV tokens_peek(struct store *s, struct token_info **ret, size_t *ret_n);
/* The same, verified. */
NODISCARD CK_RV tokens_list(struct keyring *k, struct token_info **ret, size_t *ret_n);
/* One token, verified, read in `t`. CKR_DEVICE_REMOVED when it is gone. */
NODISCARD CK_RV token_read(struct keyring *k, struct txn *t, const uint8_t id[TOKEN_ID],
                           struct token_info *ret);

/* Have the token's secret at hand, so that nothing after it has to ask the device. For a token that
 * another process made since this keyring was opened, this asks it: call it with no transaction
 * (when a session is opened, say). Otherwise it costs a look into a list. token_login() does it by
 * itself, dek_get() as a last resort. CKR_DEVICE_REMOVED. */
NODISCARD CK_RV token_prepare(struct keyring *k, const uint8_t id[TOKEN_ID]);
/* store_write(), for what uses the token's DEKs or makes new ones. Where `fn` needs a token secret
 * that is not at hand (another process has revoked a seal since), the transaction is given up, the
 * device asked while every other writer goes on, and `fn` run again from its start. `fn` itself
 * never gives CKR_CANCEL but for that. Otherwise it costs nothing. */
NODISCARD CK_RV token_write(struct keyring *k, const uint8_t id[TOKEN_ID], txn_fn *fn, void *arg);

/* C_InitToken on a free slot: T, public DEK, SO role. The slot must not be taken
 * (CKR_SLOT_ID_INVALID). CKR_PIN_LEN_RANGE. scrypt runs outside the transaction. */
NODISCARD CK_RV token_create(struct keyring *k, CK_SLOT_ID slot, struct span so_pin,
                             const uint8_t label[32], struct token_info *ret);
/* C_InitToken on a token: the SO PIN is checked and counted (CKR_PIN_INCORRECT, CKR_PIN_LOCKED);
 * then every row of the old incarnation is gone, with new T, DEKs and SO role under that PIN. The
 * slot stays; the token id is a new one (in *ret): whoever holds the old one gets
 * CKR_DEVICE_REMOVED from then on. */
NODISCARD CK_RV token_renew(struct keyring *k, const uint8_t id[TOKEN_ID], struct span so_pin,
                            const uint8_t label[32], struct token_info *ret);

/* -- login ----------------------------------------------------------------------------------- */

/* An opened role: its private key in secret pages, valid for one token incarnation. Immutable,
 * reference-counted, thread-safe. */
struct login;
struct login *login_ref(struct login *l);
void login_unref(struct login *l); /* NULL is allowed */
DEFINE_AUTO(login_unrefp, struct login, login_unref)
enum role login_role(const struct login *l);
/* Is it the login of its role still, as the rows in `t` say? CKR_USER_NOT_LOGGED_IN: no, its PIN
 * was changed, by whatever process; CKR_DEVICE_REMOVED. One number compared in a snapshot that was
 * looked at, else one look into the tree where the row is what it was. A write transaction is asked
 * before it puts a pair itself. */
NODISCARD CK_RV login_check(struct keyring *k, struct txn *t, struct login *l);

/*
 * Check a PIN and open the role. The token row is authenticated first (failure: CKR_DEVICE_ERROR,
 * not counted); scrypt runs with no lock held; one write transaction then checks the lock-out,
 * tries, and counts a failure before it answers. CKR_PIN_INCORRECT, CKR_PIN_LOCKED,
 * CKR_USER_PIN_NOT_INITIALIZED. CKR_PIN_LEN_RANGE is never given here: a wrong length is a wrong
 * PIN.
 */
NODISCARD CK_RV token_login(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                            struct span pin, struct login **ret);
/* C_SetPIN: old PIN checked and counted as above; a new role pair and a new private DEK generation;
 * *ret is the login under the new pair (the caller replaces its own). CKR_DEVICE_MEMORY: as of
 * dek_advance(). */
NODISCARD CK_RV token_set_pin(struct keyring *k, const uint8_t id[TOKEN_ID], enum role role,
                              struct span old_pin, struct span new_pin, struct login **ret);
/* C_InitPIN by the SO: a new user role pair; the private DEKs that the SO can open are given to it;
 * the user's failure counter is reset. CKR_FUNCTION_REJECTED when there already is a user PIN and
 * the token was made with so-reset = no. CKR_DEVICE_MEMORY: as of dek_advance(). */
NODISCARD CK_RV token_init_pin(struct keyring *k, const struct login *so, struct span new_pin);

/* -- DEKs and index keys --------------------------------------------------------------------- */

struct dek;                    /* reference-counted; the key in secret pages */
void dek_unref(struct dek *d); /* NULL is allowed */
DEFINE_AUTO(dek_unrefp, struct dek, dek_unref)
uint32_t dek_generation(const struct dek *d);
struct span dek_key(const struct dek *d); /* 32 bytes */

/*
 * The DEK of a generation, or (generation 0) the current one, as the rows in `t` say. `login` opens
 * private scope and may be NULL for public scope; without one, private scope is
 * CKR_USER_NOT_LOGGED_IN, and so it is with a login whose PIN was changed by another process since.
 * Private scope before the first C_InitPIN is CKR_USER_PIN_NOT_INITIALIZED. A generation that is
 * neither current nor being rotated away is refused (CKR_DEVICE_ERROR).
 */
NODISCARD CK_RV dek_get(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                        enum scope scope, uint32_t generation, const struct login *login,
                        struct dek **ret);
/* The index key of a token and scope, 32 bytes, as a keyed MAC; it outlives DEK rotation. Owned by
 * the keyring for its life. Every look into lists and every change of objects asks for it, so this
 * is where a login is checked (login_check()): the user's for private scope, the SO's for both,
 * since public objects are more to him than to others (CKA_TRUSTED). */
NODISCARD CK_RV index_mac(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                          enum scope scope, const struct login *login, const struct mac **ret);

struct dek_info {
    enum scope scope;
    uint32_t generation;
    bool current;     /* else: being rotated away */
    uint64_t created; /* seconds since 1970 */
};
/* All generations of a token, ordered by scope and generation; *ret is malloc'd. */
NODISCARD CK_RV dek_list(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                         struct dek_info **ret, size_t *ret_n);
/* So many generations of a scope, and no other is made before the records of the older ones have
 * been moved: what a head row holds beyond them is for revocations (seals.h), which no token that
 * nobody logs in to may keep from being done. */
#define DEK_GENERATIONS 900
/* In a transaction of token_write(): a new current generation; the old one is now being rotated
 * away. Private scope needs no login: the new DEK is encrypted to the role keys. CKR_DEVICE_MEMORY,
 * with a log line: the scope has DEK_GENERATIONS. */
NODISCARD CK_RV dek_advance(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                            enum scope scope, uint32_t *ret_generation);
/* In a write transaction: forget a generation that no record names any more (vault/rotate.c). */
NODISCARD CK_RV dek_drop(struct keyring *k, struct txn *t, const uint8_t token[TOKEN_ID],
                         enum scope scope, uint32_t generation);

/* The 16-byte store id, for box contexts. */
struct span keyring_store_id(const struct keyring *k);

/* -- seals, master rotation, recovery: for cli/ ----------------------------------------------- */

enum seal_kind {
    SEAL_PLATFORM = 1,
    SEAL_CERTIFICATE = 2, /* an owner's, by CMS */
    SEAL_KEY = 3,         /* a recovery key that was printed once */
    SEAL_SHARES = 4,      /* a recovery key that was never printed but in shares */
    SEAL_PASSPHRASE = 5,  /* for development */
    SEAL_OWNED = 6,       /* the platform and an owner's secret, both */
};
struct seal_info {
    uint8_t id[16];
    enum seal_kind kind;
    uint64_t created;
    uint64_t epoch;    /* of the master key that it opens */
    char *description; /* malloc'd: root and binding in words, the certificate's subject, a name */
    bool superseded;   /* an older seal of this platform, kept for going back */
    uint64_t superseded_at;
    uint8_t threshold, shares; /* SEAL_SHARES */
};
/* "platform", "recovery certificate", ... */
const char *seal_kind_name(enum seal_kind kind);
/* "platform", "certificate", ...: for programs, and so they never change. */
const char *seal_kind_code(enum seal_kind kind);
void seals_info_free(struct seal_info *v, size_t n);
/* Unverified when k is NULL (a store that can't be opened still shows how it is sealed). */
NODISCARD CK_RV seals_list(struct keyring *k, struct store *s, struct seal_info **ret,
                           size_t *ret_n);
/* The CMS message of a certificate's seal, as the disk has it (unverified: no secret is in it but
 * for who has the private key). CKR_ARGUMENTS_BAD: no such seal, or of another kind. */
NODISCARD CK_RV seal_message(struct store *s, const uint8_t id[16], struct buf *ret_der);
/* Why a store can't be opened here, in words, from its platform seals and what the platform says
 * now: other chip, other image, debug policy, rolled-back firmware, other software key. */
NODISCARD CK_RV seals_explain(const struct conf *c, struct store *s, struct buf *ret_text);

struct store_info {
    uint8_t id[STORE_ID];
    uint64_t created;
    uint64_t epoch;
    uint64_t counter;               /* commit counter */
    uint8_t fingerprint[PRIM_HASH]; /* shown at creation and before recovery */
    enum conf_measured measured;
    char root[32];
};
NODISCARD CK_RV keyring_info(struct keyring *k, struct store_info *ret);

/* Every kind of seal that the store ever had, by name, in rising order: the name of a platform's
 * root ("sev-snp", "software"), with "-dual" behind it where an owner's secret is needed too,
 * "-owner" for binding = owner and "-vlek" for endorsement = vlek; "certificate", "recovery-key",
 * "recovery-shares", "passphrase"; "unknown" where the store is older than the record. */
#define HISTORY_MAX  16
#define HISTORY_NAME 33 /* bytes, with the terminator */
struct seal_history {
    char names[HISTORY_MAX + 1][HISTORY_NAME];
    size_t n;
};
NODISCARD CK_RV seals_history(struct keyring *k, struct seal_history *ret);

/* A report of the root that opened the store over these 64 bytes, and the host's table of
 * certificates (may be NULL: not wanted), appended. Asks the device: no lock, no transaction.
 * CKR_FUNCTION_NOT_SUPPORTED, with a log line: that root can't attest. */
#define KEYRING_REPORT_DATA 64
NODISCARD CK_RV keyring_report(struct keyring *k, const uint8_t report_data[KEYRING_REPORT_DATA],
                               struct buf *ret_report, struct buf *ret_certificates);

/* Can the root that opened the store attest at all? */
bool keyring_attests(const struct keyring *k);

/* The same by the root that the configuration names, without a store. */
NODISCARD CK_RV platform_report(const struct conf *c,
                                const uint8_t report_data[KEYRING_REPORT_DATA],
                                struct buf *ret_report, struct buf *ret_certificates);

/* A new master key: re-encrypted to every seal's public key, token secrets and keys re-wrapped, one
 * write transaction. Running processes keep working. */
NODISCARD CK_RV master_rotate(struct keyring *k, uint64_t *ret_epoch);

/* What an owner brings to open a seal; borrowed. */
struct seal_proof {
    enum seal_kind kind;           /* a recovery: not of the platform */
    struct span private_key;       /* SEAL_CERTIFICATE: PEM or DER */
    const struct cms_agent *agent; /* SEAL_CERTIFICATE: who holds the key, when it is elsewhere */
    struct span opened;            /* SEAL_CERTIFICATE: what the message held, opened elsewhere */
    struct span secret;            /* SEAL_KEY, SEAL_SHARES: 32 bytes; SEAL_PASSPHRASE */
};

/* Open with what an owner brings, show what store it is. Nothing is written until recover_adopt(),
 * which seals to this platform. CKR_ARGUMENTS_BAD: it opens none of the store's seals.
 *
 * The platform's seals so far are superseded. Where one of them, not superseded yet, opens the
 * store here anyway (*ret_in_place), the new one is in its place, and the others stay as they are.
 *
 * recover_adopt() is for one thread, with no other user of the keyring; CKR_FUNCTION_REJECTED when
 * the configured root protects less than the one that the store was made for, or an owner's secret
 * is demanded and not configured. */
NODISCARD CK_RV recover_open(const struct conf *c, struct store *s, const struct seal_proof *proof,
                             struct keyring **ret);
NODISCARD CK_RV recover_adopt(struct keyring *k, bool *ret_in_place);

#endif
