/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seal.h - one way to open the master key, as a row of the seal table.
 *
 * A seal has an X25519 key pair and an authentication key. What opens it (a root key, a
 * certificate's private key) opens the private half and the authentication key; the master is
 * encrypted to the public half, and every byte of the row is MACed under the authentication key. So
 * a new master reaches seals whose secret is absent, and a host, which knows all public halves,
 * can't offer a master of its own: it lacks the authentication key. The authentication key is boxed
 * under the master besides, for whoever rotates it.
 *
 * Rows are read before the tree key is known: seal_decode() takes hostile bytes.
 */
#ifndef TEE_KEYRING_SEAL_H
#define TEE_KEYRING_SEAL_H

#include "keyring/box.h"
#include "keyring/keyring.h"
#include "keyring/meta.h"

#define SEAL_ID             16
#define SEAL_MAX            64          /* seals of a store; more rows than that are not read */
#define SEAL_ROW_MAX        (64 * 1024) /* bytes */
#define SEAL_SECRET_BYTES   (PRIM_X25519 + PRIM_KEY)
#define SEAL_SALT           32 /* of scrypt */
#define SEAL_NAME_MAX       64 /* bytes of the name that an owner gives a recovery */
#define SEAL_PASSPHRASE_MIN 8  /* bytes */

/* The fields of a row. The spans are borrowed from the row. */
struct seal {
    uint8_t id[SEAL_ID]; /* the row's key */
    enum seal_kind kind;
    uint64_t created;
    uint64_t superseded;     /* when an image that came later got a seal; 0: this one is current */
    uint64_t epoch;          /* of the master inside */
    struct span certificate; /* DER; empty for all but a certificate */
    struct span subject;     /* of the certificate, or the owner's name for it, as text */
    struct span binding;     /* BINDING_BYTES; empty for all but a platform's */
    uint8_t log2_n;          /* of scrypt: SEAL_PASSPHRASE, SEAL_OWNED */
    uint8_t salt[SEAL_SALT]; /* the same */
    uint8_t threshold, shares; /* SEAL_SHARES */
    uint8_t public_key[PRIM_X25519];
    struct span wrapped; /* seal secret: boxed under what opens it, or CMS to the certificate */
    struct span master;  /* pbox to the public key */
    struct span auth;    /* box under the master: the authentication key */
    uint8_t mac[PRIM_HASH];
};

/* Of a platform: with or without an owner's secret. */
static inline bool seal_is_platform(const struct seal *s)
{
    return s->kind == SEAL_PLATFORM || s->kind == SEAL_OWNED;
}

/* When a superseded seal is not tried any more. */
static inline uint64_t seal_expiry(const struct seal *s, uint32_t days)
{
    return s->superseded + (uint64_t)days * 24 * 60 * 60;
}

/* Superseded longer than `days` ago (struct conf, rollback_days; 0: at all): it opens nothing any
 * more and goes with the next master rotation. */
static inline bool superseded_expired(uint64_t superseded, uint64_t now, uint32_t days)
{
    return superseded != 0 &&
           (days == 0 || (now > superseded && now - superseded > (uint64_t)days * 24 * 60 * 60));
}
static inline bool seal_expired(const struct seal *s, uint64_t now, uint32_t days)
{
    return superseded_expired(s->superseded, now, days);
}

/* Rows with their decoded fields. */
struct seal_set {
    struct seal_entry {
        struct buf row;
        struct seal seal;
    } v[SEAL_MAX];
    size_t n;
};
/* Free the rows; the set itself is freed too. NULL is allowed. */
void seal_set_free(struct seal_set *s);
DEFINE_AUTO(seal_set_freep, struct seal_set, seal_set_free)

/* The private half and the authentication key (SEAL_SECRET_BYTES), newly made. */
NODISCARD CK_RV seal_secret_new(uint8_t ret_public[PRIM_X25519], struct secret **ret);
static inline struct span seal_secret_auth(const struct secret *s)
{
    return span_of(s->p + PRIM_X25519, PRIM_KEY);
}

/* The first bytes of a seal's id in hex: how people name it. */
#define SEAL_ID_TEXT (2 * 4 + 1)
static inline const char *seal_id_text(const uint8_t id[SEAL_ID], char text[SEAL_ID_TEXT])
{
    return hex_encode(span_of(id, 4), text);
}

/* Split a row. The spans point into `row`. */
NODISCARD CK_RV seal_decode(const uint8_t id[SEAL_ID], struct span row, struct seal *ret);
/* All seals, verified or not. In an unverified set what can't be decoded is left out. */
NODISCARD CK_RV seal_set_read(struct txn *t, enum trust trust, struct seal_set **ret);

/*
 * Append the row of a seal: all fields of `s` but master, auth and mac, which are made here from
 * the master of `h->epoch` (s->epoch is not looked at) and the authentication key.
 */
NODISCARD CK_RV seal_encode(const struct header *h, const struct seal *s, struct span master,
                            struct span auth, struct buf *ret_row);
/* Put a row, and note its kind in the store's history (history.h). */
NODISCARD CK_RV seal_put(struct txn *t, const uint8_t id[SEAL_ID], const struct buf *row);

/* The master inside, from the seal secret. The MAC is checked first: CKR_DEVICE_ERROR. */
NODISCARD CK_RV seal_open(const struct header *h, const struct seal *s, const struct secret *secret,
                          struct secret **ret_master);
/* The authentication key, from the master; the row's MAC is checked under it: CKR_DEVICE_ERROR. */
NODISCARD CK_RV seal_open_auth(const struct header *h, const struct seal *s, struct span master,
                               struct secret **ret_auth);

#endif
