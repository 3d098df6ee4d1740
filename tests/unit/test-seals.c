/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-seals.c - ways into a store are added, tried and taken away, each opens the store by its own
 * secret and no other, and the last one stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "keyring/ring.h"
#include "keyring/scope.h"
#include "keyring/seals.h"
#include "keyring/secret_text.h"
#include "keyring_fixture.h"
#include "log_capture.h"
#include "vault/vault.h"

static bool log_says(const char *text)
{
    return strstr(log_capture_text(), text) != NULL;
}

static size_t count(struct keyring_fixture *f)
{
    struct seal_info *v = NULL;
    size_t n = 0;

    assert_int_equal(seals_list(f->k, keyring_store(f->k), &v, &n), CKR_OK);
    seals_info_free(v, n);
    return n;
}

/* The id of the only seal of a kind. */
static void id_of(struct keyring_fixture *f, enum seal_kind kind, uint8_t ret[SEAL_ID])
{
    struct seal_info *v = NULL;
    size_t n = 0, found = 0;

    assert_int_equal(seals_list(f->k, keyring_store(f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == kind) {
            memcpy(ret, v[i].id, SEAL_ID);
            found++;
        }
    }
    assert_int_equal(found, 1);
    seals_info_free(v, n);
}

static struct seal_result add(struct keyring_fixture *f, const struct seal_request *q)
{
    struct seal_result made = {.n_texts = 0};

    assert_int_equal(seal_add(f->k, q, &made), CKR_OK);
    return made;
}

/* Lose the platform, recover with the proof, seal to a new one: the token's objects are there. */
static void recovers(struct keyring_fixture *f, const struct seal_proof *proof)
{
    AUTO(store_unrefp) struct store *s = NULL;
    struct token_info t;

    fixture_close(f);
    fixture_run("rm '%s'", f->key);
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(recover_open(&f->conf, s, proof, &f->k), CKR_OK);
    assert_int_equal(recover_adopt(f->k, &(bool){false}), CKR_OK);
    fixture_reopen(f);
    t = fixture_only_token(f);
    login_unref(fixture_so(f, &t));
}

static CK_RV recover_with(struct keyring_fixture *f, const struct seal_proof *proof)
{
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(keyring_unrefp) struct keyring *k = NULL;

    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    return recover_open(&f->conf, s, proof, &k);
}

/* -- each kind --------------------------------------------------------------------------------- */

static void key_opens(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY, .name = SPAN_LIT("the safe")};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(secret_freep) struct secret *key = NULL;
    struct seal_proof proof = {.kind = SEAL_KEY};

    assert_int_equal(made.n_texts, 1);
    assert_int_equal(key_text_decode(buf_span(&made.texts[0]), &key), CKR_OK);
    proof.secret = secret_span(key);
    assert_int_equal(seal_try(f->k, made.id, &proof), CKR_OK);
    recovers(f, &proof);
    key->p[31] ^= 1;
    log_capture_clear();
    assert_int_equal(seal_try(f->k, made.id, &proof), CKR_ENCRYPTED_DATA_INVALID);
    assert_int_equal(recover_with(f, &proof), CKR_ARGUMENTS_BAD);
    assert_true(log_says("recovery key \"the safe\""));
}

static void shares_open(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_SHARES, .threshold = 2, .shares = 3};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(secret_freep) struct secret *key = NULL;
    struct seal_proof proof = {.kind = SEAL_SHARES};
    struct span texts[2];
    uint8_t set[SHARE_SET];
    unsigned needed;
    size_t bad;

    assert_int_equal(made.n_texts, 3);
    texts[0] = buf_span(&made.texts[2]);
    texts[1] = buf_span(&made.texts[0]);
    assert_int_equal(shares_combine(texts, 2, &bad, &needed, set, &key), CKR_OK);
    assert_memory_equal(set, made.id, SHARE_SET); /* seal list and share name the same */
    proof.secret = secret_span(key);
    assert_int_equal(seal_try(f->k, made.id, &proof), CKR_OK);
    recovers(f, &proof);
    proof.kind = SEAL_KEY; /* a key of shares is no recovery key */
    assert_int_equal(recover_with(f, &proof), CKR_ARGUMENTS_BAD);
}

static void passphrase_opens(void **state)
{
    struct keyring_fixture *f = *state;
    struct seal_request q = {.kind = SEAL_PASSPHRASE, .passphrase = SPAN_LIT("correct horse")};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(seal_result_clear) struct seal_result none = {.n_texts = 0};
    struct seal_proof proof = {.kind = SEAL_PASSPHRASE, .secret = SPAN_LIT("correct horse")};

    assert_int_equal(made.n_texts, 0);
    recovers(f, &proof);
    proof.secret = SPAN_LIT("correct house");
    assert_int_equal(seal_try(f->k, made.id, &proof), CKR_ENCRYPTED_DATA_INVALID);
    q.passphrase = SPAN_LIT("1234567");
    assert_int_equal(seal_add(f->k, &q, &none), CKR_ARGUMENTS_BAD);
}

static void certificate_opens(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf message = BUF_INIT;
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    struct seal_request q = {.kind = SEAL_CERTIFICATE};
    struct seal_proof proof = {.kind = SEAL_CERTIFICATE};
    char path[128];

    fixture_certificate(f, "ec", path);
    f->conf.n_recovery = 0; /* not in the file: by the command alone */
    fixture_file(f->certificate[0], &pem);
    fixture_file(path, &key);
    q.certificate = buf_span(&pem);
    proof.private_key = buf_span(&key);
    assert_int_equal(seal_add(f->k, &q, &made), CKR_OK);
    assert_int_equal(seal_try(f->k, made.id, &proof), CKR_OK);
    log_capture_clear();
    assert_int_equal(seal_add(f->k, &q, &made), CKR_FUNCTION_REJECTED);
    assert_true(log_says("a recipient of the store"));
    assert_int_equal(seal_message(keyring_store(f->k), made.id, &message), CKR_OK);
    recovers(f, &proof);
    f->conf.n_recovery = 1; /* now the file may name it */
    fixture_reopen(f);
}

struct meanwhile {
    struct keyring *k;
    const struct seal_request *q;
    CK_RV rv;
};

static void add_meanwhile(void *arg)
{
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    struct meanwhile *m = arg;

    m->rv = seal_add(m->k, m->q, &made);
}

/* The clock is asked when the adoption begins, and again when it makes the seal. */
static void add_at_next_time(void *arg)
{
    (void)arg;
    fixture_time_hook = add_meanwhile;
}

/* A certificate that another process adds while a store is adopted stays a recipient. */
static void added_during_adoption(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request of_key = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result made = add(f, &of_key);
    AUTO(secret_freep) struct secret *secret = NULL;
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(keyring_unrefp) struct keyring *recovered = NULL;
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    struct seal_request q = {.kind = SEAL_CERTIFICATE};
    struct meanwhile m = {f->k, &q, CKR_GENERAL_ERROR};
    struct seal_proof proof = {.kind = SEAL_KEY};
    char path[128];

    assert_int_equal(key_text_decode(buf_span(&made.texts[0]), &secret), CKR_OK);
    proof.secret = secret_span(secret);
    fixture_certificate(f, "ec", path);
    f->conf.n_recovery = 0;
    fixture_file(f->certificate[0], &pem);
    q.certificate = buf_span(&pem);
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(recover_open(&f->conf, s, &proof, &recovered), CKR_OK);
    fixture_time_hook_arg = &m;
    fixture_time_hook = add_at_next_time;
    assert_int_equal(recover_adopt(recovered, &(bool){false}), CKR_OK);
    assert_int_equal(m.rv, CKR_OK);
    f->conf.n_recovery = 1; /* the file may name it: it is a recipient */
    fixture_reopen(f);
}

/* Whoever opened the message elsewhere brings what was in it. */
static void opened_elsewhere(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(buf_clear) struct buf message = BUF_INIT;
    AUTO(buf_clear) struct buf opened = BUF_INIT;
    AUTO(seal_result_clear) struct seal_result made = {.n_texts = 0};
    struct seal_request q = {.kind = SEAL_CERTIFICATE};
    struct seal_proof proof = {.kind = SEAL_CERTIFICATE};
    char key[128], path[160];
    FILE *file;

    fixture_certificate(f, "rsa", key);
    f->conf.n_recovery = 0;
    fixture_file(f->certificate[0], &pem);
    q.certificate = buf_span(&pem);
    assert_int_equal(seal_add(f->k, &q, &made), CKR_OK);
    assert_int_equal(seal_message(keyring_store(f->k), made.id, &message), CKR_OK);
    (void)snprintf(path, sizeof(path), "%s/message", f->directory);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(message.p, 1, message.n, file), message.n);
    assert_int_equal(fclose(file), 0);
    fixture_run("openssl cms -decrypt -inform DER -in '%s' -recip '%s' -inkey '%s' -out '%s.out'",
                path, f->certificate[0], key, path);
    (void)snprintf(path, sizeof(path), "%s/message.out", f->directory);
    fixture_file(path, &opened);
    assert_int_equal(opened.n, SEAL_SECRET_BYTES);
    proof.opened = buf_span(&opened);
    recovers(f, &proof);
    opened.p[40] ^= 1; /* of the authentication key */
    assert_int_equal(recover_with(f, &proof), CKR_DEVICE_ERROR);
    proof.opened.n--;
    assert_int_equal(recover_with(f, &proof), CKR_ARGUMENTS_BAD);
}

/* What one seal's secret opens, another's does not; nor does a row in which the host exchanged what
 * is wrapped. */
static void exchanged_rows(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result a = add(f, &q);
    AUTO(seal_result_clear) struct seal_result b = add(f, &q);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    struct seal_proof proof = {.kind = SEAL_KEY};

    assert_int_equal(key_text_decode(buf_span(&a.texts[0]), &key), CKR_OK);
    proof.secret = secret_span(key);
    assert_int_equal(seal_try(f->k, b.id, &proof), CKR_ENCRYPTED_DATA_INVALID);
    raw_get(f, STORE_SEAL, SPAN_ARRAY(a.id), &name, &row);
    fixture_close(f);
    raw_put(f, "seal", SPAN_ARRAY(b.id), buf_span(&row)); /* a's row under b's id */
    raw_del(f, "seal", SPAN_ARRAY(a.id));
    assert_int_equal(recover_with(f, &proof), CKR_ARGUMENTS_BAD);
}

/* Every byte of a row with parameters: refused, or not this seal any more. */
static void flipped_rows(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_SHARES, .threshold = 2, .shares = 2};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    struct seal_proof proof = {.kind = SEAL_SHARES};
    struct span texts[2] = {buf_span(&made.texts[0]), buf_span(&made.texts[1])};
    uint8_t set[SHARE_SET];
    unsigned needed;
    size_t bad;

    assert_int_equal(shares_combine(texts, 2, &bad, &needed, set, &key), CKR_OK);
    proof.secret = secret_span(key);
    raw_get(f, STORE_SEAL, SPAN_ARRAY(made.id), &name, &row);
    fixture_close(f);
    assert_int_equal(recover_with(f, &proof), CKR_OK);
    for (size_t i = 0; i < row.n; i += 7) {
        row.p[i] ^= 0x10;
        raw_put(f, "seal", SPAN_ARRAY(made.id), buf_span(&row));
        assert_int_not_equal(recover_with(f, &proof), CKR_OK);
        row.p[i] ^= 0x10;
    }
}

/* -- taking away ------------------------------------------------------------------------------- */

static void last_way_in_stays(void **state)
{
    struct keyring_fixture *f = *state;
    const unsigned all = SEAL_ACCEPT_NO_RECOVERY | SEAL_ACCEPT_NO_PLATFORM;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result key = {.n_texts = 0};
    uint8_t platform[SEAL_ID], nobody[SEAL_ID] = {0};

    id_of(f, SEAL_PLATFORM, platform);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, platform, all), CKR_FUNCTION_REJECTED);
    assert_true(log_says("the last way in"));
    key = add(f, &q);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, key.id, 0), CKR_FUNCTION_REJECTED);
    assert_true(log_says("the last recovery") && log_says("--no-recovery"));
    assert_int_equal(seal_remove_check(f->k, key.id, SEAL_ACCEPT_NO_PLATFORM),
                     CKR_FUNCTION_REJECTED);
    assert_int_equal(seal_remove_check(f->k, key.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    assert_int_equal(count(f), 2);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, platform, 0), CKR_FUNCTION_REJECTED);
    assert_true(log_says("--no-platform"));
    assert_int_equal(seal_remove(f->k, nobody, all), CKR_ARGUMENTS_BAD);
    assert_int_equal(seal_remove(f->k, platform, SEAL_ACCEPT_NO_PLATFORM), CKR_OK);
    assert_int_equal(seal_remove(f->k, key.id, all),
                     CKR_FUNCTION_REJECTED); /* now it is the last */
    assert_int_equal(count(f), 1);
    fixture_close(f);
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
}

/* The ids of the two platforms' seals that a recovery leaves. */
static void ids_of_platforms(struct keyring_fixture *f, uint8_t current[SEAL_ID],
                             uint8_t superseded[SEAL_ID])
{
    struct seal_info *v = NULL;
    size_t n = 0, found = 0;

    assert_int_equal(seals_list(f->k, keyring_store(f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind != SEAL_PLATFORM)
            continue;
        memcpy(v[i].superseded ? superseded : current, v[i].id, SEAL_ID);
        found++;
    }
    assert_int_equal(found, 2);
    seals_info_free(v, n);
}

/* A superseded seal opens for some days more: whoever relies on it alone loses the store then. So
 * it is no way in, not even before its window is over. */
static void superseded_is_no_way_in(void **state)
{
    struct keyring_fixture *f = *state;
    const unsigned all = SEAL_ACCEPT_NO_RECOVERY | SEAL_ACCEPT_NO_PLATFORM;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result key = add(f, &q);
    AUTO(secret_freep) struct secret *secret = NULL;
    struct seal_proof proof = {.kind = SEAL_KEY};
    uint8_t current[SEAL_ID], superseded[SEAL_ID];

    assert_int_equal(key_text_decode(buf_span(&key.texts[0]), &secret), CKR_OK);
    proof.secret = secret_span(secret);
    recovers(f, &proof); /* the first platform's seal is superseded */
    ids_of_platforms(f, current, superseded);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, current, 0), CKR_FUNCTION_REJECTED);
    assert_true(log_says("--no-platform"));
    assert_int_equal(seal_remove(f->k, key.id, all), CKR_OK);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, current, all), CKR_FUNCTION_REJECTED);
    assert_true(log_says("the last way in"));
    fixture_time_shift = (int64_t)KEEP_SECONDS + 60;
    assert_int_equal(seal_revoke(f->k, current, all), CKR_FUNCTION_REJECTED);
    assert_int_equal(seal_remove(f->k, superseded, 0), CKR_OK);
    fixture_reopen(f);
}

static void removed_certificate(void **state)
{
    struct keyring_fixture *f = *state;
    uint8_t id[SEAL_ID];
    char key[128];

    fixture_certificate(f, "ec", key);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    id_of(f, SEAL_CERTIFICATE, id);
    log_capture_clear();
    assert_int_equal(seal_remove(f->k, id, SEAL_ACCEPT_NO_RECOVERY), CKR_FUNCTION_REJECTED);
    assert_true(log_says("take it out of that file first"));
    f->conf.n_recovery = 0;
    fixture_reopen(f);
    assert_int_equal(seal_remove(f->k, id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    fixture_reopen(f);
    fixture_close(f);
    f->conf.n_recovery = 1; /* and whoever names it again is told */
    log_capture_clear();
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("is not a recipient"));
}

/* -- the platform's ---------------------------------------------------------------------------- */

static void reseals(void **state)
{
    struct keyring_fixture *f = *state;
    struct store_info before, after;
    uint8_t old[SEAL_ID], made[SEAL_ID];

    id_of(f, SEAL_PLATFORM, old);
    assert_int_equal(keyring_info(f->k, &before), CKR_OK);
    assert_int_equal(seal_reseal(f->k, made), CKR_OK);
    id_of(f, SEAL_PLATFORM, old);
    assert_memory_equal(old, made, SEAL_ID);
    assert_int_equal(keyring_info(f->k, &after), CKR_OK);
    assert_int_equal(after.epoch, before.epoch + 1);
    assert_int_equal(seal_try(f->k, made, NULL), CKR_OK);
    fixture_reopen(f);
}

static void secret_file(struct keyring_fixture *f, char path[160], const char *text)
{
    FILE *file;

    (void)snprintf(path, 160, "%s/owner", f->directory);
    fixture_run("umask 077; : > '%s'", path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "%s\n", text) > 0);
    assert_int_equal(fclose(file), 0);
    f->conf.owner_secret = path;
}

/* The platform alone does not open it, nor a wrong secret; both together do. */
static void owned_needs_both(void **state)
{
    struct keyring_fixture *f = *state;
    char path[160];
    uint8_t id[SEAL_ID];

    secret_file(f, path, "0123456789abcdef");
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    id_of(f, SEAL_OWNED, id);
    assert_int_equal(seal_try(f->k, id, NULL), CKR_OK);
    fixture_reopen(f);
    fixture_close(f);
    secret_file(f, path, "0123456789abcdeF");
    log_capture_clear();
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
    f->conf.owner_secret = NULL;
    log_capture_clear();
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("owner-secret = FILE"));
    secret_file(f, path, "0123456789abcdef");
    fixture_run("mv '%s' '%s.away'", f->key, f->key);
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
    fixture_run("mv '%s.away' '%s'", f->key, f->key);
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    fixture_reopen(f);
}

/* The longest that there may be. */
static void owner_secret_is_whole(void **state)
{
    struct keyring_fixture *f = *state;
    char path[160], text[1023 + 1] = "";

    memset(text, 'x', sizeof(text) - 1);
    secret_file(f, path, text);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    fixture_close(f);
    text[1022] = 'y';
    secret_file(f, path, text);
    log_capture_clear();
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
}

static void owner_secret_is_looked_at(void **state)
{
    struct keyring_fixture *f = *state;
    char path[160], text[1024 + 1] = "";

    secret_file(f, path, "too short");
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("at least 16 bytes"));
    memset(text, 'x', sizeof(text) - 1);
    secret_file(f, path, text);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("at most 1024 bytes"));
    secret_file(f, path, "long enough, it seems");
    fixture_run("chmod o+r '%s'", path);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("chmod o-rwx"));
    fixture_run("rm '%s' && mkfifo -m 600 '%s'", path, path);
    log_capture_clear();
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
    assert_true(log_says("read again"));
    fixture_run("rm '%s'", path);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_DEVICE_ERROR);
}

/* A store that was the platform's alone takes an owner's secret by being sealed again. */
static void owner_joins(void **state)
{
    struct keyring_fixture *f = *state;
    char path[160];
    uint8_t id[SEAL_ID];

    secret_file(f, path, "joined afterwards");
    fixture_reopen(f); /* still by the platform alone */
    assert_int_equal(seal_reseal(f->k, id), CKR_OK);
    id_of(f, SEAL_OWNED, id);
    fixture_close(f);
    f->conf.owner_secret = NULL;
    assert_int_equal(fixture_open(f, &f->k), CKR_DEVICE_ERROR);
}

/* -- revoking ---------------------------------------------------------------------------------- */

struct dek_seen {
    uint32_t generation;
    uint8_t key[PRIM_KEY];
};

/* Generation 0: the current one. */
static CK_RV see(struct keyring *k, const struct token_info *t, struct login *l, enum scope scope,
                 uint32_t generation, struct dek_seen *ret)
{
    AUTO(txn_endp) struct txn *txn = NULL;
    AUTO(dek_unrefp) struct dek *d = NULL;

    TRY(txn_begin_read(keyring_store(k), &txn));
    TRY(dek_get(k, txn, t->id, scope, generation, l, &d));
    ret->generation = dek_generation(d);
    memcpy(ret->key, dek_key(d).p, PRIM_KEY);
    return CKR_OK;
}

static CK_RV advance_public(struct txn *t, void *arg)
{
    struct keyring_fixture *f = arg;
    const struct token_info info = fixture_only_token(f);

    return dek_advance(f->k, t, info.id, SCOPE_PUBLIC, NULL);
}

/* The wrap of the current public DEK opens under this T. */
static bool t_opens(struct keyring_fixture *f, const struct token_info *t,
                    const struct secret *secret)
{
    const struct scope_of of = {keyring_store_id(f->k).p, t->id, SCOPE_PUBLIC, secret};
    AUTO(txn_endp) struct txn *txn = NULL;
    AUTO(buf_clear) struct buf head_row = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    struct scope_generation g;
    struct scope_head head;
    struct wrap_place place;
    bool found = false;

    assert_int_equal(txn_begin_read(keyring_store(f->k), &txn), CKR_OK);
    assert_int_equal(scope_head_get(txn, &of, &head_row, &head, NULL, &found), CKR_OK);
    place = scope_place(&of, scope_current(&head));
    assert_int_equal(scope_generation_get(txn, &of, place.generation, &row, &g, NULL, &found),
                     CKR_OK);
    return wrap_open(&place, secret, NULL, g.wrap, &key) == CKR_OK;
}

/* Another process that has everything open goes on: it reads what was, and writes what both read.
 */
static void revoked_beside_a_process(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    struct token_info t = fixture_only_token(f);
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    AUTO(login_unrefp) struct login *l = NULL;
    struct dek_seen before[2], after[2], seen;
    const struct ring_token *old;

    fixture_user_pin(f, &t);
    l = fixture_user(f, &t);
    old = ring_token_find(f->k, t.id);
    assert_true(t_opens(f, &t, old->t));
    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++)
        assert_int_equal(see(f->k, &t, l, s, 0, &before[s]), CKR_OK);
    assert_int_equal(fixture_open(f, &other), CKR_OK);
    assert_int_equal(seal_revoke(other, made.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    for (enum scope s = SCOPE_PUBLIC; s <= SCOPE_PRIVATE; s++) {
        assert_int_equal(see(f->k, &t, l, s, 0, &after[s]), CKR_OK);
        assert_int_equal(after[s].generation, before[s].generation + 1);
        assert_memory_not_equal(after[s].key, before[s].key, PRIM_KEY);
        assert_int_equal(see(f->k, &t, l, s, before[s].generation, &seen), CKR_OK);
        assert_memory_equal(seen.key, before[s].key, PRIM_KEY);
    }
    assert_false(t_opens(f, &t, old->t));
    assert_true(t_opens(f, &t, ring_token_find(f->k, t.id)->t));
    /* What the older process makes now, the newer one opens. */
    assert_int_equal(store_write(keyring_store(f->k), advance_public, f), CKR_OK);
    assert_int_equal(see(other, &t, NULL, SCOPE_PUBLIC, 0, &seen), CKR_OK);
    assert_int_equal(seen.generation, after[SCOPE_PUBLIC].generation + 1);
    assert_int_equal(see(f->k, &t, NULL, SCOPE_PUBLIC, 0, &after[0]), CKR_OK);
    assert_memory_equal(seen.key, after[0].key, PRIM_KEY);
}

/* A device that takes its time, and looks whether others could write meanwhile. */
static struct root watched;
static struct store *watched_store;
static size_t n_asked, n_blocked;

static CK_RV nothing(struct txn *t, void *arg)
{
    (void)t;
    (void)arg;
    return CKR_CANCEL;
}

static CK_RV watched_derive(const struct conf *c, const struct binding *b, struct secret **ret)
{
    n_asked++;
    /* In a write transaction of this thread it is refused. */
    n_blocked += store_write(watched_store, nothing, NULL) != CKR_CANCEL;
    return root_software.derive(c, b, ret);
}

static struct attrs *data_object(void)
{
    struct attrs *a = NULL;

    assert_int_equal(attrs_new(&a), CKR_OK);
    assert_int_equal(attrs_set_ulong(a, CKA_CLASS, CKO_DATA), CKR_OK);
    assert_int_equal(attrs_set_bool(a, CKA_TOKEN, true), CKR_OK);
    assert_int_equal(attrs_set_bool(a, CKA_PRIVATE, true), CKR_OK);
    assert_int_equal(attrs_set(a, CKA_LABEL, SPAN_LIT("object")), CKR_OK);
    return a;
}

/* What the keyring knows of every token is out of date from now on. */
static void revoke_elsewhere(struct keyring_fixture *f)
{
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(keyring_unrefp) struct keyring *other = NULL;

    assert_int_equal(fixture_open(f, &other), CKR_OK);
    assert_int_equal(seal_revoke(other, made.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    n_asked = 0;
}

/* After this the device was asked, and no writer waited for it. */
#define ASKED_UNHINDERED(call)                                                                     \
    do {                                                                                           \
        revoke_elsewhere(f);                                                                       \
        assert_int_equal((call), CKR_OK);                                                          \
        assert_int_equal(n_asked, 1);                                                              \
        assert_int_equal(n_blocked, 0);                                                            \
    } while (0)

/* The first call of a process after another's revocation asks the device, and lets all others write
 * while that takes its time. */
static void revoked_and_no_writer_waits(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    AUTO(attrs_freep) struct attrs *object = data_object();
    const struct attrs *const objects[1] = {object};
    AUTO(login_unrefp) struct login *l = NULL;
    struct vault v = {.keyring = f->k};
    struct vault_change change = {.scope = SCOPE_PRIVATE, .attrs = object};
    struct stamp stamp;
    uint64_t id = 0, next = 0;
    size_t done = 0;
    bool left = false;

    fixture_user_pin(f, &t);
    l = v.login = fixture_user(f, &t);
    memcpy(v.token, t.id, TOKEN_ID);
    watched = *f->k->root;
    watched.derive = watched_derive;
    watched_store = keyring_store(f->k);
    f->k->root = &watched;
    n_blocked = 0;
    ASKED_UNHINDERED(vault_add(&v, objects, 1, &id, &stamp));
    assert_int_equal(vault_replace(&v, id, SCOPE_PRIVATE, object, &stamp), CKR_OK);
    assert_int_equal(n_asked, 1); /* once is enough */
    ASKED_UNHINDERED(vault_replace(&v, id, SCOPE_PRIVATE, object, &stamp));
    change.id = id;
    change.stamp = stamp;
    ASKED_UNHINDERED(vault_succeed(&v, objects, 1, &change, 1, &id));
    assert_int_equal(vault_next_id(&v, &next), CKR_OK);
    ASKED_UNHINDERED(vault_import(&v, objects, 1, "one", &next));
    ASKED_UNHINDERED(vault_rotate_step(&v, 10, &done, &left));
    ASKED_UNHINDERED(token_write(f->k, t.id, advance_public, f));
    ASKED_UNHINDERED(vault_destroy(&v, id, SCOPE_PRIVATE));
}

/* Every PIN works as before, however often something is revoked and whichever PIN is changed. */
static void revoked_again_and_again(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    struct span so = SO_PIN, user = USER_PIN, swap;
    const struct seal_request q = {.kind = SEAL_KEY};
    struct dek_seen seen;

    fixture_user_pin(f, &t);
    for (int i = 0; i < 6; i++) {
        AUTO(seal_result_clear) struct seal_result made = add(f, &q);
        AUTO(login_unrefp) struct login *l = NULL;

        assert_int_equal(seal_revoke(f->k, made.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
        if (i % 2 == 1) /* the opened keyring notices, and so does a new one */
            fixture_reopen(f);
        assert_int_equal(token_login(f->k, t.id, ROLE_SO, WRONG_PIN, &l), CKR_PIN_INCORRECT);
        assert_int_equal(token_login(f->k, t.id, ROLE_SO, so, &l), CKR_OK);
        login_unref(TAKE(l));
        if (i == 1 || i == 4) {
            assert_int_equal(
                token_set_pin(f->k, t.id, ROLE_USER, user, i == 1 ? NEW_PIN : USER_PIN, &l),
                CKR_OK);
            user = i == 1 ? NEW_PIN : USER_PIN;
            login_unref(TAKE(l));
        }
        if (i == 3) {
            swap = SPAN_LIT("another so pin");
            assert_int_equal(token_set_pin(f->k, t.id, ROLE_SO, so, swap, &l), CKR_OK);
            so = swap;
            login_unref(TAKE(l));
        }
        assert_int_equal(token_login(f->k, t.id, ROLE_USER, user, &l), CKR_OK);
        assert_int_equal(see(f->k, &t, l, SCOPE_PRIVATE, 0, &seen), CKR_OK);
        assert_int_equal(see(f->k, &t, l, SCOPE_PRIVATE, 1, &seen), CKR_OK);
    }
}

/* Who had the key, and the disk before and after: the old master opens none of the new rows. */
static void revoked_is_cut_off(void **state)
{
    struct keyring_fixture *f = *state;
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result made = add(f, &q);
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    AUTO(buf_clear) struct buf header = BUF_INIT;
    AUTO(buf_clear) struct buf keys = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    struct seal_proof proof = {.kind = SEAL_KEY};

    assert_int_equal(key_text_decode(buf_span(&made.texts[0]), &key), CKR_OK);
    proof.secret = secret_span(key);
    raw_get(f, STORE_SEAL, SPAN_ARRAY(made.id), &name, &seal);
    raw_get(f, STORE_META, META_HEADER, &name, &header);
    raw_get(f, STORE_META, META_KEYS, &name, &keys);
    assert_int_equal(recover_with(f, &proof), CKR_OK);
    assert_int_equal(seal_revoke(f->k, made.id, 0), CKR_FUNCTION_REJECTED);
    assert_int_equal(seal_revoke(f->k, made.id, SEAL_ACCEPT_NO_RECOVERY), CKR_OK);
    assert_int_equal(recover_with(f, &proof), CKR_ARGUMENTS_BAD);
    fixture_close(f);
    raw_put(f, "seal", SPAN_ARRAY(made.id), buf_span(&seal)); /* put back alone */
    assert_int_equal(recover_with(f, &proof), CKR_DEVICE_ERROR);
    raw_put(f, "meta", META_HEADER, buf_span(&header)); /* and all that the old master opens */
    raw_put(f, "meta", META_KEYS, buf_span(&keys));
    assert_int_equal(recover_with(f, &proof), CKR_DEVICE_ERROR);
}

static size_t n_generations(struct keyring_fixture *f, const struct token_info *token,
                            enum scope scope)
{
    const struct scope_of of = {keyring_store_id(f->k).p, token->id, scope, NULL};
    AUTO(txn_endp) struct txn *t = NULL;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct scope_head head;
    bool found = false;

    assert_int_equal(txn_begin_read(keyring_store(f->k), &t), CKR_OK);
    assert_int_equal(scope_head_get(t, &of, &row, &head, NULL, &found), CKR_OK);
    assert_true(found);
    return head.n;
}

/* One token that nobody logs in to, whatever was done to it, is no reason to leave a stolen key
 * good; where there is no place in the row at all, nothing is done, and the log says why. */
static void revoked_with_a_full_scope(void **state)
{
    struct keyring_fixture *f = *state;
    const struct token_info t = fixture_only_token(f);
    const struct seal_request q = {.kind = SEAL_KEY};
    AUTO(seal_result_clear) struct seal_result stolen = add(f, &q);
    AUTO(seal_result_clear) struct seal_result another = add(f, &q);
    AUTO(login_unrefp) struct login *none = NULL;
    struct dek_seen seen;

    fixture_user_pin(f, &t);
    fixture_generations(f, &t, SCOPE_PRIVATE, DEK_GENERATIONS);
    assert_int_equal(token_set_pin(f->k, t.id, ROLE_USER, USER_PIN, NEW_PIN, &none),
                     CKR_DEVICE_MEMORY);
    assert_int_equal(seal_revoke(f->k, stolen.id, 0), CKR_OK);
    assert_int_equal(n_generations(f, &t, SCOPE_PRIVATE), DEK_GENERATIONS + 1);
    assert_int_equal(count(f), 2);

    fixture_generations(f, &t, SCOPE_PRIVATE, GENERATIONS_MAX);
    log_capture_clear();
    assert_int_equal(seal_revoke(f->k, another.id, SEAL_ACCEPT_NO_RECOVERY), CKR_DEVICE_MEMORY);
    assert_true(log_says(t.serial));
    assert_true(log_says("1000 private DEK generations"));
    assert_true(log_says("log in to it once as its user"));
    assert_int_equal(count(f), 2);
    assert_int_equal(n_generations(f, &t, SCOPE_PRIVATE), GENERATIONS_MAX);
    assert_int_equal(n_generations(f, &t, SCOPE_PUBLIC), 2);
    fixture_reopen(f);
    none = fixture_user(f, &t);
    assert_int_equal(see(f->k, &t, none, SCOPE_PRIVATE, 0, &seen), CKR_OK);
    assert_int_equal(see(f->k, &t, none, SCOPE_PRIVATE, 1, &seen), CKR_OK);
}

#define TOKEN_TEST(path, fn)                                                                       \
    {                                                                                              \
        path, fn, fixture_setup_token, fixture_teardown, NULL                                      \
    }
#define EMPTY_TEST(path, fn)                                                                       \
    {                                                                                              \
        path, fn, fixture_setup, fixture_teardown, NULL                                            \
    }

static int group_teardown(void **state)
{
    (void)state;
    fixture_certificates_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOKEN_TEST("/seals/key/opens", key_opens),
        TOKEN_TEST("/seals/shares/open", shares_open),
        TOKEN_TEST("/seals/passphrase/opens", passphrase_opens),
        TOKEN_TEST("/seals/certificate/opens", certificate_opens),
        TOKEN_TEST("/seals/certificate/added-during-adoption", added_during_adoption),
        TOKEN_TEST("/seals/certificate/opened-elsewhere", opened_elsewhere),
        TOKEN_TEST("/seals/exchanged-rows-are-refused", exchanged_rows),
        TOKEN_TEST("/seals/flipped-rows-are-refused", flipped_rows),
        TOKEN_TEST("/seals/remove/last-way-in-stays", last_way_in_stays),
        TOKEN_TEST("/seals/remove/superseded-is-no-way-in", superseded_is_no_way_in),
        EMPTY_TEST("/seals/remove/certificate", removed_certificate),
        TOKEN_TEST("/seals/revoke/beside-a-process", revoked_beside_a_process),
        TOKEN_TEST("/seals/revoke/no-writer-waits-for-the-device", revoked_and_no_writer_waits),
        TOKEN_TEST("/seals/revoke/again-and-again", revoked_again_and_again),
        TOKEN_TEST("/seals/revoke/is-cut-off", revoked_is_cut_off),
        TOKEN_TEST("/seals/revoke/with-a-full-scope", revoked_with_a_full_scope),
        TOKEN_TEST("/seals/reseal", reseals),
        EMPTY_TEST("/seals/owned/needs-both", owned_needs_both),
        EMPTY_TEST("/seals/owned/secret-is-looked-at", owner_secret_is_looked_at),
        EMPTY_TEST("/seals/owned/secret-is-whole", owner_secret_is_whole),
        TOKEN_TEST("/seals/owned/joins-later", owner_joins),
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
