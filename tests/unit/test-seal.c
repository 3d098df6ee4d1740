/* SPDX-License-Identifier: BSD-2-Clause */
/* test-seal.c - a seal opens by its own secret, and a host can't offer a master of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "crypto/cms.h"
#include "keyring/seal.h"
#include "keyring_fixture.h"
#include "log_capture.h"

/* A certificate seal in memory: no device is needed for it. */
struct sealed {
    struct header header;
    struct secret *master;
    struct secret *secret; /* private half, authentication key */
    uint8_t id[SEAL_ID];
    uint8_t public_key[PRIM_X25519];
    struct buf row;
};

static void sealed_fields(const struct sealed *s, struct seal *ret)
{
    *ret = (struct seal){
        .kind = SEAL_CERTIFICATE,
        .created = 1000,
        .certificate = SPAN_LIT("a certificate"),
        .subject = SPAN_LIT("CN=owner"),
        .wrapped = SPAN_LIT("what CMS would hold"),
    };
    memcpy(ret->id, s->id, SEAL_ID);
    memcpy(ret->public_key, s->public_key, PRIM_X25519);
}

static int sealed_setup(void **state)
{
    struct sealed *s = calloc(1, sizeof(*s));
    struct seal fields;

    assert_non_null(s);
    s->header.epoch = 7;
    assert_int_equal(prim_random(s->header.store_id, STORE_ID), CKR_OK);
    assert_int_equal(prim_random(s->id, SEAL_ID), CKR_OK);
    assert_int_equal(secret_new(PRIM_KEY, &s->master), CKR_OK);
    assert_int_equal(prim_random(s->master->p, PRIM_KEY), CKR_OK);
    assert_int_equal(seal_secret_new(s->public_key, &s->secret), CKR_OK);
    sealed_fields(s, &fields);
    assert_int_equal(seal_encode(&s->header, &fields, secret_span(s->master),
                                 seal_secret_auth(s->secret), &s->row),
                     CKR_OK);
    *state = s;
    return 0;
}

static int sealed_teardown(void **state)
{
    struct sealed *s = *state;

    secret_free(s->master);
    secret_free(s->secret);
    buf_clear(&s->row);
    free(s);
    return 0;
}

/* Decode a row and open it by its secret; *ret_master only where wanted. */
static CK_RV row_open(const struct sealed *s, const struct header *h, struct span row)
{
    AUTO(secret_freep) struct secret *master = NULL;
    struct seal seal;

    TRY(seal_decode(s->id, row, &seal));
    TRY(seal_open(h, &seal, s->secret, &master));
    ENSURE(span_equal(secret_span(master), secret_span(s->master)), CKR_GENERAL_ERROR);
    return CKR_OK;
}

static CK_RV row_open_auth(const struct sealed *s, struct span row)
{
    AUTO(secret_freep) struct secret *auth = NULL;
    struct seal seal;

    TRY(seal_decode(s->id, row, &seal));
    TRY(seal_open_auth(&s->header, &seal, secret_span(s->master), &auth));
    ENSURE(span_equal(secret_span(auth), seal_secret_auth(s->secret)), CKR_GENERAL_ERROR);
    return CKR_OK;
}

static void seal_round_trip(void **state)
{
    const struct sealed *s = *state;
    struct seal seal;

    assert_int_equal(seal_decode(s->id, buf_span(&s->row), &seal), CKR_OK);
    assert_int_equal(seal.kind, SEAL_CERTIFICATE);
    assert_int_equal(seal.created, 1000);
    assert_int_equal(seal.epoch, 7);
    assert_true(span_equal(seal.subject, SPAN_LIT("CN=owner")));
    assert_int_equal(row_open(s, &s->header, buf_span(&s->row)), CKR_OK);
    assert_int_equal(row_open_auth(s, buf_span(&s->row)), CKR_OK);
}

/* Who had another seal once had the master that was, and with it every authentication key. They
 * outlive a revocation; but the master that is made then is not to go to a public key of his. */
static void seal_of_another_key_is_refused(void **state)
{
    struct sealed *s = *state;
    AUTO(secret_freep) struct secret *his = NULL;
    AUTO(mac_freep) struct mac *mac = NULL;
    uint8_t his_public[PRIM_X25519];
    uint8_t *at = memmem(s->row.p, s->row.n, s->public_key, PRIM_X25519);
    const struct span parts[] = {
        SPAN_LIT("tee-pkcs11 seal 1"),
        SPAN_ARRAY(s->header.store_id),
        SPAN_ARRAY(s->id),
        span_of(s->row.p, s->row.n - PRIM_HASH),
    };

    assert_non_null(at);
    assert_int_equal(seal_secret_new(his_public, &his), CKR_OK);
    memcpy(at, his_public, PRIM_X25519);
    assert_int_equal(mac_new(seal_secret_auth(s->secret), &mac), CKR_OK);
    assert_int_equal(mac_sum(mac, parts, N_ELEMENTS(parts), s->row.p + s->row.n - PRIM_HASH),
                     CKR_OK);
    assert_int_equal(row_open_auth(s, buf_span(&s->row)), CKR_DEVICE_ERROR);
}

static void seal_flipped_anywhere_is_refused(void **state)
{
    struct sealed *s = *state;

    for (size_t i = 0; i < s->row.n; i++) {
        for (unsigned bit = 1; bit < 256; bit <<= 3) {
            s->row.p[i] ^= (uint8_t)bit;
            assert_int_equal(row_open(s, &s->header, buf_span(&s->row)), CKR_DEVICE_ERROR);
            assert_int_equal(row_open_auth(s, buf_span(&s->row)), CKR_DEVICE_ERROR);
            s->row.p[i] ^= (uint8_t)bit;
        }
        assert_int_equal(row_open(s, &s->header, span_of(s->row.p, i)), CKR_DEVICE_ERROR);
    }
    assert_int_equal(row_open(s, &s->header, buf_span(&s->row)), CKR_OK);
}

static void seal_of_another_store_is_refused(void **state)
{
    const struct sealed *s = *state;
    struct header other = s->header;

    other.store_id[0] ^= 1;
    assert_int_equal(row_open(s, &other, buf_span(&s->row)), CKR_DEVICE_ERROR);
    other = s->header;
    other.epoch++; /* a seal of the epoch before */
    assert_int_equal(row_open(s, &other, buf_span(&s->row)), CKR_DEVICE_ERROR);
}

static void seal_under_another_id_is_refused(void **state)
{
    struct sealed *s = *state;

    s->id[0] ^= 1;
    assert_int_equal(row_open(s, &s->header, buf_span(&s->row)), CKR_DEVICE_ERROR);
}

/* A host knows every public half: it can encrypt a master of its own, but not MAC it. */
static void seal_with_a_forged_master_is_refused(void **state)
{
    const struct sealed *s = *state;
    static const uint8_t evil_master[PRIM_KEY] = {0x66}, evil_auth[PRIM_KEY] = {0x67};
    AUTO(buf_clear) struct buf forged = BUF_INIT;
    struct seal fields, seal;
    struct secret *master = NULL;

    sealed_fields(s, &fields);
    assert_int_equal(
        seal_encode(&s->header, &fields, SPAN_ARRAY(evil_master), SPAN_ARRAY(evil_auth), &forged),
        CKR_OK);
    assert_int_equal(seal_decode(s->id, buf_span(&forged), &seal), CKR_OK);
    log_capture_clear();
    assert_int_equal(seal_open(&s->header, &seal, s->secret, &master), CKR_DEVICE_ERROR);
    assert_null(master);
    assert_non_null(strstr(log_capture_text(), "a seal was changed"));
}

static void seal_of_unknown_form_is_refused(void **state)
{
    struct sealed *s = *state;
    struct seal seal;

    buf_u8(&s->row, 0); /* something behind the MAC */
    assert_int_equal(seal_decode(s->id, buf_span(&s->row), &seal), CKR_DEVICE_ERROR);
    s->row.n--;
    s->row.p[1] = 3; /* no such kind */
    assert_int_equal(seal_decode(s->id, buf_span(&s->row), &seal), CKR_DEVICE_ERROR);
    s->row.p[1] = SEAL_PLATFORM; /* one that has a certificate and no binding */
    assert_int_equal(seal_decode(s->id, buf_span(&s->row), &seal), CKR_DEVICE_ERROR);
}

static void seal_expires(void **state)
{
    struct seal seal = {.superseded = 0};

    (void)state;
    assert_false(seal_expired(&seal, UINT64_MAX, 30));
    seal.superseded = 1000;
    assert_false(seal_expired(&seal, 0, 30));
    assert_false(seal_expired(&seal, 1000 + KEEP_SECONDS, 30));
    assert_true(seal_expired(&seal, 1001 + KEEP_SECONDS, 30));
    assert_true(seal_expired(&seal, 1000, 0)); /* no window: at once */
}

/* -- in a store ------------------------------------------------------------------------------ */

/* Bytes of the stored seal row changed, a sample of them: opening refuses, and says why. */
static void seal_row_changed_in_the_store(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;

    raw_get(f, STORE_SEAL, SPAN_EMPTY, &key, &row);
    fixture_close(f);
    for (size_t at = 0; at < row.n; at += 23) {
        struct keyring *k = NULL;

        row.p[at] ^= 0x40;
        raw_put(f, "seal", buf_span(&key), buf_span(&row));
        log_capture_clear();
        assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
        assert_true(log_capture_text()[0] != '\0');
        row.p[at] ^= 0x40;
    }
    raw_put(f, "seal", buf_span(&key), buf_span(&row));
    assert_int_equal(fixture_open(f, &f->k), CKR_OK);
}

static void seal_row_removed_or_moved(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf row = BUF_INIT;
    struct keyring *k = NULL;

    raw_get(f, STORE_SEAL, SPAN_EMPTY, &key, &row);
    fixture_close(f);
    raw_del(f, "seal", buf_span(&key));
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    key.p[3] ^= 1;
    raw_put(f, "seal", buf_span(&key), buf_span(&row));
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
}

/* Header, keys and seal of an epoch ago are authentic among themselves; the tree is not fooled. */
static void seal_of_an_epoch_ago_is_refused(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    AUTO(buf_clear) struct buf header = BUF_INIT;
    AUTO(buf_clear) struct buf keys = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;
    struct keyring *k = NULL;
    uint64_t epoch = 0;

    raw_get(f, STORE_SEAL, SPAN_EMPTY, &key, &seal);
    raw_get(f, STORE_META, META_HEADER, &name, &header);
    raw_get(f, STORE_META, META_KEYS, &name, &keys);
    assert_int_equal(master_rotate(f->k, &epoch), CKR_OK);
    assert_int_equal(epoch, 2);
    fixture_close(f);
    raw_put(f, "seal", buf_span(&key), buf_span(&seal));
    raw_put(f, "meta", META_HEADER, buf_span(&header));
    raw_put(f, "meta", META_KEYS, buf_span(&keys));
    log_capture_clear();
    assert_int_equal(fixture_open(f, &k), CKR_DEVICE_ERROR);
    assert_true(log_capture_text()[0] != '\0');
}

static void seal_list_says_what_is_there(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(store_unrefp) struct store *s = NULL;
    struct seal_info *v = NULL;
    char key[128];
    size_t n = 0, certificates = 0;

    fixture_certificate(f, "ec", key);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    assert_int_equal(seals_list(f->k, keyring_store(f->k), &v, &n), CKR_OK);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(v[i].epoch, 1);
        assert_false(v[i].superseded);
        certificates += v[i].kind == SEAL_CERTIFICATE;
        assert_non_null(strstr(v[i].description,
                               v[i].kind == SEAL_CERTIFICATE ? "CN=owner 0" : "software, key "));
    }
    assert_int_equal(certificates, 1);
    seals_info_free(v, n);
    fixture_close(f);
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    assert_int_equal(seals_list(NULL, s, &v, &n), CKR_OK);
    assert_int_equal(n, 2);
    seals_info_free(v, n);
}

static void seal_explains_itself(void **state)
{
    struct keyring_fixture *f = *state;
    AUTO(store_unrefp) struct store *s = NULL;
    AUTO(buf_clear) struct buf text = BUF_INIT;

    fixture_close(f);
    assert_int_equal(store_open(f->store, false, 0, &s), CKR_OK);
    fixture_run("mv '%s' '%s.away'", f->key, f->key);
    assert_int_equal(seals_explain(&f->conf, s, &text), CKR_OK);
    buf_u8(&text, 0);
    assert_non_null(strstr((const char *)text.p, "does not answer"));
    buf_clear(&text);
    fixture_run("(head -c 8 '%s.away'; head -c 48 /dev/urandom) > '%s'; chmod 600 '%s'", f->key,
                f->key, f->key);
    assert_int_equal(seals_explain(&f->conf, s, &text), CKR_OK);
    buf_u8(&text, 0);
    assert_non_null(strstr((const char *)text.p, "sealed with software key"));
}

#define ROW_TEST(name, fn)                                                                         \
    {                                                                                              \
        name, fn, sealed_setup, sealed_teardown, NULL                                              \
    }
#define STORE_TEST(name, fn)                                                                       \
    {                                                                                              \
        name, fn, fixture_setup_store, fixture_teardown, NULL                                      \
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
        ROW_TEST("/seal/row/round-trip", seal_round_trip),
        ROW_TEST("/seal/row/flipped-anywhere-is-refused", seal_flipped_anywhere_is_refused),
        ROW_TEST("/seal/row/of-another-store-is-refused", seal_of_another_store_is_refused),
        ROW_TEST("/seal/row/under-another-id-is-refused", seal_under_another_id_is_refused),
        ROW_TEST("/seal/row/with-a-forged-master-is-refused", seal_with_a_forged_master_is_refused),
        ROW_TEST("/seal/row/of-another-key-is-refused", seal_of_another_key_is_refused),
        ROW_TEST("/seal/row/of-unknown-form-is-refused", seal_of_unknown_form_is_refused),
        {"/seal/expires", seal_expires, NULL, NULL, NULL},
        STORE_TEST("/seal/store/changed-row-is-refused", seal_row_changed_in_the_store),
        STORE_TEST("/seal/store/removed-or-moved-row-is-refused", seal_row_removed_or_moved),
        STORE_TEST("/seal/store/epoch-ago-is-refused", seal_of_an_epoch_ago_is_refused),
        {"/seal/list/says-what-is-there", seal_list_says_what_is_there, fixture_setup,
         fixture_teardown, NULL},
        STORE_TEST("/seal/explains-itself", seal_explains_itself),
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
