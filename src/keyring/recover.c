/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recover.c - opening a store with what its owner brings (a certificate's private key, a recovery
 * key, shares of one, a passphrase), and sealing it to this platform (adopt.c).
 *
 * A certificate is public, so a host can make a store of its own and seal it to the owner. What
 * tells that store from the owner's is the fingerprint: recover_open() writes nothing, its caller
 * shows the fingerprint (keyring_info) and asks before recover_adopt().
 */
#include "crypto/ossl.h"
#include "keyring/adopt.h"
#include "keyring/open.h"
#include "keyring/seal_new.h"
#include "util/log.h"

#define ROUNDS_MAX 8

/* -- opening --------------------------------------------------------------------------------- */

static CK_RV try_seal(const struct header *h, const struct seal *s, const struct seal_proof *proof,
                      struct secret **ret_master)
{
    AUTO(secret_freep) struct secret *secret = NULL;

    TRY(seal_unwrap(h, s, proof, &secret));
    return seal_open(h, s, secret, ret_master);
}

static void name_print(const struct seal *s, struct buf *ret)
{
    buf_printf(ret, "%s%s", ret->n > 0 ? ", " : "", seal_kind_name(s->kind));
    if (s->subject.n > 0) {
        buf_printf(ret, " \"");
        buf_text(ret, s->subject);
        buf_printf(ret, "\"");
    }
}

static CK_RV refuse_proof(const struct store *s, const struct seal_set *set)
{
    AUTO(buf_clear) struct buf names = BUF_INIT;

    for (size_t i = 0; i < set->n; i++) {
        if (!seal_is_platform(&set->v[i].seal))
            name_print(&set->v[i].seal, &names);
    }
    TRY(buf_ok(&names));
    if (names.n == 0)
        log_err("the store %s has no recovery seal, neither certificate nor key: nothing but its "
                "platform opens it",
                store_directory(s));
    else
        log_err("what was given opens none of the recovery seals of the store %s, which are: %.*s",
                store_directory(s), (int)names.n, (const char *)names.p);
    FAIL(CKR_ARGUMENTS_BAD);
}

/* The seal that the proof opens. One that opens a seal which was changed means a broken store, not
 * a wrong key. */
static CK_RV recovery_open(const struct store *s, const struct opening *o,
                           const struct seal_proof *proof, struct secret **ret_master,
                           size_t *ret_which)
{
    CK_RV found = CKR_ARGUMENTS_BAD;

    for (size_t i = 0; i < o->seals->n; i++) {
        const struct seal *seal = &o->seals->v[i].seal;
        CK_RV rv;

        if (seal->kind != proof->kind)
            continue;
        rv = try_seal(&o->header, seal, proof, ret_master);
        if (rv == CKR_OK)
            *ret_which = i;
        if (rv == CKR_OK || rv == CKR_HOST_MEMORY)
            return rv;
        if (rv == CKR_DEVICE_ERROR)
            found = rv;
    }
    if (found == CKR_ARGUMENTS_BAD)
        return refuse_proof(s, o->seals);
    FAIL(found);
}

static CK_RV recover_round(const struct conf *c, struct store *s, const struct seal_proof *proof,
                           struct keyring **ret, bool *ret_moved)
{
    AUTO(opening_clear) struct opening o = {.seals = NULL};
    AUTO(secret_freep) struct secret *master = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    size_t which = 0;

    TRY(opening_read(s, &o));
    TRY(recovery_open(s, &o, proof, &master, &which));
    TRY(opening_finish(c, s, NULL, &o, which, secret_span(master), &k, ret_moved));
    if (*ret_moved)
        return CKR_OK;
    k->master = TAKE(master);
    k->master_epoch = o.header.epoch;
    *ret = TAKE(k);
    return CKR_OK;
}

CK_RV recover_open(const struct conf *c, struct store *s, const struct seal_proof *proof,
                   struct keyring **ret)
{
    bool moved = true;

    TRY(crypto_ready());
    for (int i = 0; i < ROUNDS_MAX && moved; i++)
        TRY(recover_round(c, s, proof, ret, &moved));
    if (moved) {
        log_err("the recovery seal, header or keys of the store %s are not the ones that its tree "
                "proves: they are older copies, or were changed. Restore a backup",
                store_directory(s));
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

CK_RV recover_adopt(struct keyring *k, bool *ret_in_place)
{
    const struct adopt_terms terms = {
        .event = AUDIT_STORE_RECOVERED, .again = "recover again", .in_place = true};
    struct adopted adopted;

    TRY(keyring_adopt(k, &terms, &adopted));
    *ret_in_place = adopted.in_place;
    return CKR_OK;
}
