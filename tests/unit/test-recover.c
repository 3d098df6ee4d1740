/* SPDX-License-Identifier: BSD-2-Clause */
/* test-recover.c - the owner's way back, by a certificate's private key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keyring/seal.h"
#include "keyring_fixture.h"
#include "log_capture.h"

struct recovery {
    struct keyring_fixture *f;
    char rsa_key[128], ec_key[128];
    struct store_info made;
    struct token_info token;
};

static int setup(void **state)
{
    struct recovery *r = calloc(1, sizeof(*r));

    assert_non_null(r);
    (void)fixture_setup((void **)&r->f);
    fixture_certificate(r->f, "rsa", r->rsa_key);
    fixture_certificate(r->f, "ec", r->ec_key);
    assert_int_equal(keyring_create(&r->f->conf, &r->f->k), CKR_OK);
    assert_int_equal(keyring_info(r->f->k, &r->made), CKR_OK);
    r->token = fixture_token(r->f, "precious");
    fixture_user_pin(r->f, &r->token);
    fixture_close(r->f);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct recovery *r = *state;

    (void)fixture_teardown((void **)&r->f);
    free(r);
    return 0;
}

static uint64_t commits(struct keyring_fixture *f)
{
    struct store_info info;

    assert_int_equal(keyring_info(f->k, &info), CKR_OK);
    return info.counter;
}

static void recover_shows_before_it_writes(void **state)
{
    struct recovery *r = *state;
    const char *keys[] = {r->rsa_key, r->ec_key};
    struct store_info info;

    fixture_run("rm '%s'", r->f->key); /* the platform is lost */
    for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
        uint64_t before;

        assert_int_equal(fixture_recover(r->f, keys[i]), CKR_OK);
        before = commits(r->f);
        assert_int_equal(keyring_info(r->f->k, &info), CKR_OK);
        assert_memory_equal(info.id, r->made.id, sizeof(info.id));
        assert_memory_equal(info.fingerprint, r->made.fingerprint, sizeof(info.fingerprint));
        assert_string_equal(keyring_root_name(r->f->k), "software");
        assert_int_equal(commits(r->f), before);
        assert_int_equal(access(r->f->key, F_OK), -1);
        fixture_close(r->f);
    }
}

static void recover_refuses_another_key(void **state)
{
    struct recovery *r = *state;
    char path[160];

    (void)snprintf(path, sizeof(path), "%s/other.key", r->f->directory);
    fixture_run("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out '%s'", path);
    log_capture_clear();
    assert_int_equal(fixture_recover(r->f, path), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(log_capture_text(), "\"CN=owner 0\""));
    assert_non_null(strstr(log_capture_text(), "\"CN=owner 1\""));
    fixture_run("echo nonsense > '%s'", path);
    assert_int_equal(fixture_recover(r->f, path), CKR_ARGUMENTS_BAD);
    assert_null(r->f->k);
}

static void recover_without_certificates(void **state)
{
    struct keyring_fixture *f = *state;
    char path[160];

    fixture_close(f);
    (void)snprintf(path, sizeof(path), "%s/other.key", f->directory);
    fixture_run("openssl genpkey -algorithm X25519 -out '%s'", path);
    log_capture_clear();
    assert_int_equal(fixture_recover(f, path), CKR_ARGUMENTS_BAD);
    assert_non_null(strstr(log_capture_text(), "no recovery seal"));
}

static void recover_adopts(void **state)
{
    struct recovery *r = *state;
    struct seal_info *v = NULL;
    size_t n = 0, superseded = 0;

    fixture_run("rm '%s'", r->f->key);
    assert_int_equal(fixture_recover(r->f, r->ec_key), CKR_OK);
    assert_int_equal(master_rotate(r->f->k, NULL), CKR_FUNCTION_REJECTED);
    assert_int_equal(recover_adopt(r->f->k, &(bool){false}), CKR_OK);
    assert_int_equal(recover_adopt(r->f->k, &(bool){false}),
                     CKR_FUNCTION_REJECTED); /* it is one of ours now */
    login_unref(fixture_user(r->f, &r->token));
    assert_int_equal(master_rotate(r->f->k, NULL), CKR_OK);
    fixture_reopen(r->f);
    login_unref(fixture_user(r->f, &r->token));
    assert_int_equal(seals_list(r->f->k, keyring_store(r->f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++)
        superseded += v[i].superseded;
    assert_int_equal(n, 4);
    assert_int_equal(superseded, 1);
    seals_info_free(v, n);
}

/* A recovered store is rotated by its platform, not by who looks at it: the key still fits after.
 */
static void recover_after_a_rotation(void **state)
{
    struct recovery *r = *state;

    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_OK);
    assert_int_equal(master_rotate(r->f->k, NULL), CKR_OK);
    fixture_close(r->f);
    assert_int_equal(fixture_recover(r->f, r->rsa_key), CKR_OK);
    assert_int_equal(recover_adopt(r->f->k, &(bool){false}), CKR_OK);
}

static void recover_beaten_by_a_rotation(void **state)
{
    struct recovery *r = *state;
    AUTO(keyring_unrefp) struct keyring *other = NULL;
    struct token_info made;
    uint8_t label[32] = "x";

    assert_int_equal(fixture_open(r->f, &other), CKR_OK);
    assert_int_equal(fixture_recover(r->f, r->rsa_key), CKR_OK);
    assert_int_equal(master_rotate(other, NULL), CKR_OK);
    assert_int_equal(token_create(r->f->k, 1, SO_PIN, label, &made), CKR_DEVICE_ERROR);
    log_capture_clear();
    assert_int_equal(recover_adopt(r->f->k, &(bool){false}), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "rotated meanwhile: recover again"));
}

/* The old key file, back within the window: opens, says so, and goes after thirty days. */
static void recover_and_going_back(void **state)
{
    struct recovery *r = *state;
    struct seal_info *v = NULL;
    struct store_info info;
    size_t n = 0;

    fixture_run("mv '%s' '%s.old'", r->f->key, r->f->key);
    assert_int_equal(fixture_recover(r->f, r->ec_key), CKR_OK);
    assert_int_equal(recover_adopt(r->f->k, &(bool){false}), CKR_OK);
    fixture_close(r->f);
    fixture_run("mv '%s' '%s.new' && mv '%s.old' '%s'", r->f->key, r->f->key, r->f->key, r->f->key);
    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_OK);
    fixture_close(r->f);
    fixture_time_shift = (int64_t)KEEP_SECONDS + 60;
    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_DEVICE_ERROR);
    fixture_run("mv '%s.new' '%s'", r->f->key, r->f->key);
    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_OK);
    /* Gone with it: the old seal, and the master that it opened. */
    assert_int_equal(seals_list(r->f->k, keyring_store(r->f->k), &v, &n), CKR_OK);
    assert_int_equal(n, 3);
    seals_info_free(v, n);
    assert_int_equal(keyring_info(r->f->k, &info), CKR_OK);
    assert_int_equal(info.epoch, 2);
}

/* Of the platform: how many, and how many of them superseded. */
static void assert_platforms(struct recovery *r, size_t expected, size_t expected_superseded)
{
    struct seal_info *v = NULL;
    size_t n = 0, platforms = 0, superseded = 0;

    assert_int_equal(seals_list(r->f->k, keyring_store(r->f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        platforms += v[i].kind == SEAL_PLATFORM;
        superseded += v[i].superseded;
    }
    seals_info_free(v, n);
    assert_int_equal(platforms, expected);
    assert_int_equal(superseded, expected_superseded);
}

static void recovers(struct recovery *r, bool expected_in_place)
{
    bool in_place = !expected_in_place;

    fixture_close(r->f);
    assert_int_equal(fixture_recover(r->f, r->ec_key), CKR_OK);
    assert_int_equal(recover_adopt(r->f->k, &in_place), CKR_OK);
    assert_int_equal(in_place, expected_in_place);
    fixture_reopen(r->f);
}

/* Nothing was lost: the new seal is in the place of the one that opens the store anyway. */
static void recover_of_what_opens(void **state)
{
    struct recovery *r = *state;

    for (int i = 0; i < 3; i++) {
        recovers(r, true);
        assert_platforms(r, 1, 0);
    }
    login_unref(fixture_user(r->f, &r->token));
}

/* ... and what other platforms have is theirs. Back on an older one, which opens the store by what
 * was superseded, it is the newer one's turn to be so. */
static void recover_in_place_beside_others(void **state)
{
    struct recovery *r = *state;
    const char *key = r->f->key;

    fixture_run("mv '%s' '%s.old'", key, key);
    recovers(r, false);
    assert_platforms(r, 2, 1);
    recovers(r, true);
    assert_platforms(r, 2, 1);
    fixture_run("mv '%s' '%s.new' && mv '%s.old' '%s'", key, key, key, key);
    fixture_reopen(r->f);
    recovers(r, false);
    assert_platforms(r, 2, 1);
    fixture_run("mv '%s' '%s.old' && mv '%s.new' '%s'", key, key, key, key);
    fixture_reopen(r->f);
    fixture_time_shift = (int64_t)KEEP_SECONDS + 60;
    fixture_close(r->f);
    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_DEVICE_ERROR);
    fixture_run("mv '%s.old' '%s'", key, key);
    assert_int_equal(fixture_open(r->f, &r->f->k), CKR_OK);
    assert_platforms(r, 1, 0);
}

/* A host makes a store of its own for the owner's certificate: another fingerprint. */
static void recover_of_a_false_store(void **state)
{
    struct recovery *r = *state;
    struct store_info info;

    fixture_run("rm -r '%s' '%s'", r->f->store, r->f->key);
    assert_int_equal(keyring_create(&r->f->conf, &r->f->k), CKR_OK);
    fixture_close(r->f);
    assert_int_equal(fixture_recover(r->f, r->ec_key), CKR_OK);
    assert_int_equal(keyring_info(r->f->k, &info), CKR_OK);
    assert_memory_not_equal(info.fingerprint, r->made.fingerprint, sizeof(info.fingerprint));
}

struct found_seal {
    struct buf key, row;
};

static CK_RV find_certificate(struct txn *t, struct span key, struct span row, void *arg)
{
    struct found_seal *to = arg;

    (void)t;
    if (row.p[1] != SEAL_CERTIFICATE || to->key.n > 0)
        return CKR_OK;
    buf_put(&to->key, key);
    buf_put(&to->row, row);
    return CKR_OK;
}

/* Every sampled byte of both certificate seals, changed: no key opens a seal that was touched. */
static void recover_of_a_changed_seal(void **state)
{
    struct recovery *r = *state;
    struct found_seal to = {BUF_INIT, BUF_INIT};
    struct store *s = NULL;
    struct txn *t = NULL;

    assert_int_equal(store_open(r->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    assert_int_equal(txn_peek_walk(t, STORE_SEAL, find_certificate, &to), CKR_OK);
    txn_end(t);
    store_unref(s);
    for (size_t at = 0; at < to.row.n; at += 41) {
        const char *keys[] = {r->rsa_key, r->ec_key};

        to.row.p[at] ^= 0x02;
        raw_put(r->f, "seal", buf_span(&to.key), buf_span(&to.row));
        for (size_t i = 0; i < N_ELEMENTS(keys); i++) {
            const CK_RV rv = fixture_recover(r->f, keys[i]);

            assert_true(rv == CKR_ARGUMENTS_BAD || rv == CKR_DEVICE_ERROR);
            assert_null(r->f->k);
        }
        to.row.p[at] ^= 0x02;
    }
    raw_put(r->f, "seal", buf_span(&to.key), buf_span(&to.row));
    assert_int_equal(fixture_recover(r->f, r->rsa_key), CKR_OK);
    buf_clear(&to.key);
    buf_clear(&to.row);
}

/* The openssl command alone opens what CMS sealed. */
static void recover_by_the_openssl_command(void **state)
{
    struct recovery *r = *state;
    struct found_seal to = {BUF_INIT, BUF_INIT};
    struct store *s = NULL;
    struct txn *t = NULL;
    struct seal seal;
    char path[160];
    FILE *file;

    assert_int_equal(store_open(r->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(txn_begin_peek(s, &t), CKR_OK);
    assert_int_equal(txn_peek_walk(t, STORE_SEAL, find_certificate, &to), CKR_OK);
    txn_end(t);
    store_unref(s);
    assert_int_equal(seal_decode(to.key.p, buf_span(&to.row), &seal), CKR_OK);
    (void)snprintf(path, sizeof(path), "%s/seal.cms", r->f->directory);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(seal.wrapped.p, 1, seal.wrapped.n, file), seal.wrapped.n);
    assert_int_equal(fclose(file), 0);
    fixture_run("i=0; if echo '%.*s' | grep -q 'owner 1'; then i=1; fi; "
                "test $(openssl cms -decrypt -binary -inform DER -in '%s' -recip '%s/owner'$i.pem "
                "-inkey '%s/owner'$i.key | wc -c) = 64",
                (int)seal.subject.n, (const char *)seal.subject.p, path, r->f->directory,
                r->f->directory);
    buf_clear(&to.key);
    buf_clear(&to.row);
}

#define RECOVERY_TEST(name, fn)                                                                    \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
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
        RECOVERY_TEST("/recover/shows-before-it-writes", recover_shows_before_it_writes),
        RECOVERY_TEST("/recover/refuses-another-key", recover_refuses_another_key),
        {"/recover/without-certificates", recover_without_certificates, fixture_setup_store,
         fixture_teardown, NULL},
        RECOVERY_TEST("/recover/adopts", recover_adopts),
        RECOVERY_TEST("/recover/after-a-rotation", recover_after_a_rotation),
        RECOVERY_TEST("/recover/beaten-by-a-rotation", recover_beaten_by_a_rotation),
        RECOVERY_TEST("/recover/and-going-back", recover_and_going_back),
        RECOVERY_TEST("/recover/of-what-opens-is-in-place", recover_of_what_opens),
        RECOVERY_TEST("/recover/in-place-beside-others", recover_in_place_beside_others),
        RECOVERY_TEST("/recover/of-a-false-store", recover_of_a_false_store),
        RECOVERY_TEST("/recover/of-a-changed-seal", recover_of_a_changed_seal),
        RECOVERY_TEST("/recover/by-the-openssl-command", recover_by_the_openssl_command),
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
