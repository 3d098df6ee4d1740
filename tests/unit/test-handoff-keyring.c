/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-handoff-keyring.c - a master key released, taken and adopted by another (emulated) platform;
 * what is refused on the way.
 *
 * Link with -Wl,--wrap=ioctl,--wrap=log_err,--wrap=time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "crypto/cms.h"
#include "keyring/handoff.h"
#include "keyring/seal_carry.h"
#include "log_capture.h"
#include "snp_machine.h"

#define REQUEST SPAN_LIT("a request's bytes")
#define PATH    "/run/handoff.key"

static const uint8_t name[HANDOFF_NAME] = {0xab, 1, 2, 3};
static const uint8_t other_name[HANDOFF_NAME] = {0xab, 1, 2, 4};
static const uint8_t third_name[HANDOFF_NAME] = {0xab, 1, 2, 5};

struct machine {
    struct keyring_fixture *f;
    struct snp_bench bench;
    struct store_info made;
    struct token_info token;
    char owner_key[128];
    struct secret *private_key;
    struct buf public_key, sealed;
    uint8_t seal[16]; /* of the old machine */
    uint8_t made_seal[16];
};

static void old_machine(struct machine *m)
{
    snp_bench_set(&m->bench, "chip=01\nmeasurement=a1a2a3");
}

static void new_machine(struct machine *m)
{
    snp_bench_set(&m->bench, "chip=01\nmeasurement=b1b2b3");
}

static int setup(void **state)
{
    struct machine *m = calloc(1, sizeof(*m));

    assert_non_null(m);
    snp_machine_open(&m->bench, &m->f);
    fixture_certificate(m->f, "ec", m->owner_key);
    old_machine(m);
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    m->token = fixture_token(m->f, "handed over");
    assert_int_equal(keyring_info(m->f->k, &m->made), CKR_OK);
    assert_int_equal(cms_key_new(&m->private_key, &m->public_key), CKR_OK);
    *state = m;
    return 0;
}

static int teardown(void **state)
{
    struct machine *m = *state;

    (void)fixture_teardown((void **)&m->f);
    snp_bench_close(&m->bench);
    secret_free(m->private_key);
    buf_clear(&m->public_key);
    buf_clear(&m->sealed);
    free(m);
    return 0;
}

/* The old machine gives it, and shuts the store. */
static void release(struct machine *m)
{
    buf_clear(&m->sealed);
    assert_int_equal(handoff_release(m->f->k, buf_span(&m->public_key), &m->sealed, m->seal),
                     CKR_OK);
    fixture_close(m->f);
}

static CK_RV take(struct machine *m, const struct secret *private_key)
{
    AUTO(store_unrefp) struct store *s = NULL;

    log_capture_clear();
    TRY(store_open(m->f->store, false, 0, &s));
    return handoff_open(&m->f->conf, s, buf_span(&m->sealed), private_key, &m->f->k);
}

static struct handoff_past accepted(struct machine *m, const uint8_t *request)
{
    struct handoff_past past = {.found = false};

    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_ACCEPTED, request, &past), CKR_OK);
    return past;
}

static CK_RV adopt(struct machine *m, const uint8_t *request, const uint8_t *supersedes)
{
    const struct handoff_past past = accepted(m, request);

    return handoff_adopt(m->f->k, request, supersedes, &past, m->made_seal);
}

static void opens(struct machine *m)
{
    struct token_info t;

    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    t = fixture_only_token(m->f);
    login_unref(fixture_so(m->f, &t));
    fixture_close(m->f);
}

static size_t count_superseded(struct machine *m, size_t *ret_platforms)
{
    AUTO(store_unrefp) struct store *s = NULL;
    struct seal_info *v = NULL;
    size_t n = 0, superseded = 0;

    *ret_platforms = 0;
    assert_int_equal(store_open(m->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(seals_list(NULL, s, &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        *ret_platforms += v[i].kind == SEAL_PLATFORM;
        superseded += v[i].superseded;
    }
    seals_info_free(v, n);
    return superseded;
}

static void adopts(struct machine *m, bool standby, size_t expect_superseded)
{
    struct store_info info;
    size_t platforms = 0;

    release(m);
    new_machine(m);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
    assert_int_equal(take(m, m->private_key), CKR_OK);
    assert_int_equal(keyring_info(m->f->k, &info), CKR_OK);
    assert_memory_equal(info.fingerprint, m->made.fingerprint, sizeof(info.fingerprint));
    assert_int_equal(info.counter, m->made.counter); /* nothing is written before it is adopted */
    assert_int_equal(adopt(m, name, standby ? NULL : m->seal), CKR_OK);
    fixture_close(m->f);
    assert_int_equal(count_superseded(m, &platforms), expect_superseded);
    assert_int_equal(platforms, 2);
    opens(m);
    old_machine(m);
    opens(m);
}

static void another_image_takes_over(void **state)
{
    adopts(*state, false, 1);
}

static void standby_leaves_others(void **state)
{
    struct machine *m = *state;

    adopts(m, true, 0);
    fixture_time_shift += (int64_t)KEEP_SECONDS + 60; /* and for how long that takes */
    opens(m);
    new_machine(m);
    opens(m);
}

/* Two take one approval at once: both find that nobody has, and both are at the seal. */
static void taken_twice_is_one_seal(void **state)
{
    struct machine *m = *state;
    struct keyring *other = NULL;
    struct handoff_past past;
    size_t platforms = 0;

    release(m);
    new_machine(m);
    assert_int_equal(take(m, m->private_key), CKR_OK);
    other = TAKE(m->f->k);
    assert_int_equal(take(m, m->private_key), CKR_OK);
    past = accepted(m, name);
    assert_false(past.found);
    assert_int_equal(handoff_adopt(other, name, m->seal, &past, m->made_seal), CKR_OK);
    keyring_unref(other);
    assert_int_equal(handoff_adopt(m->f->k, name, m->seal, &past, m->made_seal),
                     CKR_FUNCTION_REJECTED);
    past = accepted(m, name); /* who looks again sees it */
    assert_true(past.found);
    assert_int_equal(handoff_adopt(m->f->k, name, m->seal, &past, m->made_seal),
                     CKR_FUNCTION_REJECTED);
    fixture_close(m->f);
    assert_int_equal(count_superseded(m, &platforms), 1);
    assert_int_equal(platforms, 2); /* the one that was, and one more */
    opens(m);
}

/* An update of one node's image leaves the other node's seal alone. */
static void supersedes_the_giver_alone(void **state)
{
    struct machine *m = *state;
    struct seal_info *v = NULL;
    size_t platforms = 0, n = 0;

    adopts(m, true, 0); /* the other node: here the new machine */
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    release(m);
    snp_bench_set(&m->bench, "measurement=c1c2c3");
    assert_int_equal(take(m, m->private_key), CKR_OK);
    assert_int_equal(adopt(m, other_name, m->seal), CKR_OK);
    assert_int_equal(seals_list(m->f->k, keyring_store(m->f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        platforms += v[i].kind == SEAL_PLATFORM;
        assert_int_equal(v[i].superseded, memcmp(v[i].id, m->seal, sizeof(m->seal)) == 0);
    }
    assert_int_equal(platforms, 3);
    seals_info_free(v, n);
    fixture_close(m->f);
    fixture_time_shift += (int64_t)KEEP_SECONDS + 60;
    opens(m);
    new_machine(m);
    opens(m);
    old_machine(m);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
}

static void superseded_ends(void **state)
{
    struct machine *m = *state;

    adopts(m, false, 1);
    fixture_time_shift += (int64_t)KEEP_SECONDS + 60;
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR);
    new_machine(m);
    opens(m);
}

static void another_key_opens_nothing(void **state)
{
    struct machine *m = *state;
    AUTO(secret_freep) struct secret *other = NULL;
    AUTO(buf_clear) struct buf public_key = BUF_INIT;

    assert_int_equal(cms_key_new(&other, &public_key), CKR_OK);
    release(m);
    new_machine(m);
    assert_int_equal(take(m, other), CKR_ENCRYPTED_DATA_INVALID);
    m->sealed.p[m->sealed.n / 2] ^= 1;
    assert_int_equal(take(m, m->private_key), CKR_ENCRYPTED_DATA_INVALID);
    assert_null(m->f->k);
}

static void bad_receivers(void **state)
{
    struct machine *m = *state;
    static const struct span bad[] = {SPAN_EMPTY, SPAN_LIT("0"), SPAN_LIT("no key at all")};
    AUTO(buf_clear) struct buf out = BUF_INIT;

    for (size_t i = 0; i < N_ELEMENTS(bad); i++)
        assert_int_equal(handoff_release(m->f->k, bad[i], &out, m->seal), CKR_ARGUMENTS_BAD);
    for (size_t i = 0; i < m->public_key.n; i += 9) { /* a point that is not on the curve, ... */
        m->public_key.p[i] ^= 1;
        assert_int_not_equal(handoff_release(m->f->k, buf_span(&m->public_key), &out, m->seal),
                             CKR_OK);
        m->public_key.p[i] ^= 1;
    }
    assert_int_equal(out.n, 0);
}

/* The key that was handed over is of the epoch before. */
static void rotated_meanwhile(void **state)
{
    struct machine *m = *state;

    buf_clear(&m->sealed);
    assert_int_equal(handoff_release(m->f->k, buf_span(&m->public_key), &m->sealed, m->seal),
                     CKR_OK);
    assert_int_equal(master_rotate(m->f->k, NULL), CKR_OK);
    fixture_close(m->f);
    new_machine(m);
    assert_int_equal(take(m, m->private_key), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "rotated"));
    old_machine(m);
    opens(m);
}

/* Between opening and adopting, by the old machine. */
static void rotated_at_the_last_moment(void **state)
{
    struct machine *m = *state;
    struct keyring *old = m->f->k;

    m->f->k = NULL;
    assert_int_equal(handoff_release(old, buf_span(&m->public_key), &m->sealed, m->seal), CKR_OK);
    assert_int_equal(take(m, m->private_key), CKR_OK);
    assert_int_equal(master_rotate(old, NULL), CKR_OK);
    keyring_unref(old);
    new_machine(m);
    log_capture_clear();
    assert_int_equal(adopt(m, name, m->seal), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), "rotated meanwhile: make a new request"));
    fixture_close(m->f);
    old_machine(m);
    opens(m);
}

static void other_store_is_refused(void **state)
{
    struct machine *m = *state;

    release(m);
    fixture_run("mv '%s' '%s.ours'", m->f->store, m->f->store);
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    fixture_close(m->f);
    assert_int_equal(take(m, m->private_key), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "another store"));
    fixture_run("rm -r '%s' && mv '%s.ours' '%s'", m->f->store, m->f->store, m->f->store);
}

static void key_file_is_the_platforms(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf request = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;
    const struct span private_key = secret_span(m->private_key);

    m->f->conf.unseal_cache = 60; /* what opens it is not kept for the next process all the same */
    assert_int_equal(handoff_key_seal(&m->f->conf, private_key, REQUEST, &file), CKR_OK);
    assert_true(handoff_key_is(buf_span(&file)));
    assert_null(memmem(file.p, file.n, private_key.p + private_key.n - 40, 40));
    assert_int_equal(handoff_key_open(&m->f->conf, PATH, buf_span(&file), &key, &request), CKR_OK);
    assert_true(span_equal(secret_span(key), private_key));
    assert_true(span_equal(buf_span(&request), REQUEST));
    secret_free(TAKE(key));
    new_machine(m);
    log_capture_clear();
    assert_int_equal(handoff_key_open(&m->f->conf, PATH, buf_span(&file), &key, &request),
                     CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), PATH));
    snp_bench_set(&m->bench, "chip=02\nmeasurement=a1a2a3");
    assert_int_equal(handoff_key_open(&m->f->conf, PATH, buf_span(&file), &key, &request),
                     CKR_DEVICE_ERROR);
    assert_null(key);
}

static void key_file_changed(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf request = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;

    assert_int_equal(handoff_key_seal(&m->f->conf, secret_span(m->private_key), REQUEST, &file),
                     CKR_OK);
    for (size_t i = 0; i < file.n; i += 11) {
        CK_RV rv;

        file.p[i] ^= 0x40;
        rv = handoff_key_open(&m->f->conf, PATH, buf_span(&file), &key, &request);
        assert_true(rv == CKR_DATA_INVALID || rv == CKR_DEVICE_ERROR);
        assert_null(key);
        file.p[i] ^= 0x40;
    }
    for (size_t n = 0; n < file.n; n += 17)
        assert_int_equal(handoff_key_open(&m->f->conf, PATH, span_of(file.p, n), &key, &request),
                         CKR_DATA_INVALID);
    assert_int_equal(request.n, 0);
}

/* What only the firmware is measured of needs its owner's secret here as well. */
static void key_file_needs_an_owner(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf file = BUF_INIT;

    m->f->conf.measured = CONF_MEASURED_FIRMWARE;
    assert_int_equal(handoff_key_seal(&m->f->conf, secret_span(m->private_key), REQUEST, &file),
                     CKR_FUNCTION_REJECTED);
    assert_int_equal(file.n, 0);
}

static void is_remembered(void **state)
{
    struct machine *m = *state;
    struct handoff_past past, before;

    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_APPROVED, name, &before), CKR_OK);
    assert_false(before.found);
    assert_int_equal(handoff_note(m->f->k, other_name, "to another", &before), CKR_OK);
    assert_int_equal(handoff_note(m->f->k, name, "to somebody", &before), CKR_OK);
    /* Who looked before that, and comes second, is refused, whatever is between. */
    assert_int_equal(handoff_note(m->f->k, name, "to somebody", &before), CKR_FUNCTION_REJECTED);
    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_APPROVED, name, &past), CKR_OK);
    assert_true(past.found);
    assert_true(past.number > 0 && past.time > 0);
    assert_int_equal(handoff_note(m->f->k, name, "to somebody", &past), CKR_FUNCTION_REJECTED);
    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_APPROVED, third_name, &past), CKR_OK);
    assert_false(past.found);
    assert_int_equal(past.n_entries, before.n_entries + 2);
    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_ACCEPTED, name, &past), CKR_OK);
    assert_false(past.found);
    assert_int_equal(keyring_info(m->f->k, &m->made), CKR_OK); /* with the entry in it */
    adopts(m, false, 1);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    assert_int_equal(handoff_past(m->f->k, AUDIT_HANDOFF_ACCEPTED, name, &past), CKR_OK);
    assert_true(past.found);
    fixture_close(m->f);
}

static void software_has_no_part(void **state)
{
    struct machine *m = *state;

    assert_int_equal(handoff_can_attest(&m->f->conf), CKR_OK);
    m->f->conf.root = CONF_ROOT_SOFTWARE;
    log_capture_clear();
    assert_int_equal(handoff_can_attest(&m->f->conf), CKR_FUNCTION_NOT_SUPPORTED);
    assert_non_null(strstr(log_capture_text(), "recover"));
    m->f->conf.root = CONF_ROOT_SEV_SNP;
}

static void names_the_store(void **state)
{
    struct machine *m = *state;
    uint8_t id[STORE_ID];

    fixture_close(m->f);
    new_machine(m); /* which can't open it */
    assert_int_equal(handoff_store_id(&m->f->conf, id), CKR_OK);
    assert_memory_equal(id, m->made.id, sizeof(id));
    fixture_run("mv '%s' '%s.ours'", m->f->store, m->f->store);
    assert_int_equal(handoff_store_id(&m->f->conf, id), CKR_TOKEN_NOT_PRESENT);
    fixture_run("mv '%s.ours' '%s'", m->f->store, m->f->store);
}

/* -- the seal of a second node, carried to the first one's store --------------------------------
 */

/* A copy goes to the second node, which seals it and exports its seal; the copy is thrown away. */
static void second_node(struct machine *m, struct buf *ret_seal)
{
    AUTO(store_unrefp) struct store *s = NULL;

    release(m);
    fixture_run("cp -r '%s' '%s.first'", m->f->store, m->f->store);
    snp_bench_set(&m->bench, "chip=02");
    assert_int_equal(take(m, m->private_key), CKR_OK);
    assert_int_equal(adopt(m, name, NULL), CKR_OK);
    fixture_close(m->f);
    assert_int_equal(store_open(m->f->store, false, 0, &s), CKR_OK);
    assert_int_equal(seal_carry_out(s, m->made_seal, ret_seal), CKR_OK);
    store_unref(TAKE(s));
    fixture_run("rm -r '%s' && mv '%s.first' '%s'", m->f->store, m->f->store, m->f->store);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_DEVICE_ERROR); /* without it */
    old_machine(m);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    log_capture_clear();
}

static void second_node_opens_later_copies(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    uint8_t id[SEAL_ID];

    second_node(m, &seal);
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), true, id), CKR_OK);
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_OK);
    assert_memory_equal(id, m->made_seal, sizeof(id));
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "there already"));
    assert_int_equal(master_rotate(m->f->k, NULL), CKR_OK);
    fixture_close(m->f);
    opens(m);
    snp_bench_set(&m->bench, "chip=02");
    opens(m);
}

static void changed_seal_is_refused(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    struct store_info before, after;
    uint8_t id[SEAL_ID];

    second_node(m, &seal);
    assert_int_equal(keyring_info(m->f->k, &before), CKR_OK);
    for (size_t i = 0; i < seal.n; i++) {
        seal.p[i] ^= 4;
        assert_int_not_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_OK);
        seal.p[i] ^= 4;
    }
    for (size_t n = 0; n < seal.n; n += 7)
        assert_int_equal(seal_carry_in(m->f->k, span_of(seal.p, n), false, id), CKR_DATA_INVALID);
    assert_int_equal(keyring_info(m->f->k, &after), CKR_OK);
    assert_int_equal(after.counter, before.counter);
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_OK);
}

static void seal_that_does_not_fit(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    AUTO(buf_clear) struct buf none = BUF_INIT;
    struct seal_info *v = NULL;
    uint8_t id[SEAL_ID];
    size_t n = 0;

    second_node(m, &seal);
    assert_int_equal(seals_list(m->f->k, keyring_store(m->f->k), &v, &n), CKR_OK);
    for (size_t i = 0; i < n; i++) {
        if (v[i].kind == SEAL_CERTIFICATE)
            assert_int_equal(seal_carry_out(keyring_store(m->f->k), v[i].id, &none),
                             CKR_ARGUMENTS_BAD);
    }
    seals_info_free(v, n);
    assert_int_equal(master_rotate(m->f->k, NULL), CKR_OK);
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "rotated since"));
    fixture_close(m->f);
    fixture_run("mv '%s' '%s.ours'", m->f->store, m->f->store);
    assert_int_equal(keyring_create(&m->f->conf, &m->f->k), CKR_OK);
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "of another store"));
    fixture_close(m->f);
    fixture_run("rm -r '%s' && mv '%s.ours' '%s'", m->f->store, m->f->store, m->f->store);
}

static void superseded_seal_is_not_carried(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    uint8_t id[SEAL_ID];

    adopts(m, false, 1);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    assert_int_equal(seal_carry_out(keyring_store(m->f->k), m->seal, &seal), CKR_OK);
    log_capture_clear();
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "it is superseded"));
}

/* The second node's configuration asks for keys of another VMPL: the first one's does not. */
static void seal_of_another_profile_is_not_carried(void **state)
{
    struct machine *m = *state;
    AUTO(buf_clear) struct buf seal = BUF_INIT;
    uint8_t id[SEAL_ID];

    release(m);
    fixture_run("cp -r '%s' '%s.first'", m->f->store, m->f->store);
    snp_bench_set(&m->bench, "chip=02");
    m->f->conf.vmpl = 1;
    assert_int_equal(take(m, m->private_key), CKR_OK);
    assert_int_equal(adopt(m, name, NULL), CKR_OK);
    assert_int_equal(seal_carry_out(keyring_store(m->f->k), m->made_seal, &seal), CKR_OK);
    fixture_close(m->f);
    fixture_run("rm -r '%s' && mv '%s.first' '%s'", m->f->store, m->f->store, m->f->store);
    m->f->conf.vmpl = 0;
    old_machine(m);
    assert_int_equal(fixture_open(m->f, &m->f->k), CKR_OK);
    log_capture_clear();
    assert_int_equal(seal_carry_in(m->f->k, buf_span(&seal), false, id), CKR_FUNCTION_REJECTED);
    assert_non_null(strstr(log_capture_text(), "none that the configuration allows"));
}

static int group_teardown(void **state)
{
    (void)state;
    fixture_certificates_forget();
    return 0;
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/keyring/handoff/another-image-takes-over", another_image_takes_over),
        TEST("/keyring/handoff/standby-leaves-others", standby_leaves_others),
        TEST("/keyring/handoff/taken-twice-is-one-seal", taken_twice_is_one_seal),
        TEST("/keyring/handoff/supersedes-the-giver-alone", supersedes_the_giver_alone),
        TEST("/keyring/handoff/superseded-ends", superseded_ends),
        TEST("/keyring/handoff/another-key-opens-nothing", another_key_opens_nothing),
        TEST("/keyring/handoff/bad-receivers", bad_receivers),
        TEST("/keyring/handoff/rotated-meanwhile", rotated_meanwhile),
        TEST("/keyring/handoff/rotated-at-the-last-moment", rotated_at_the_last_moment),
        TEST("/keyring/handoff/other-store-is-refused", other_store_is_refused),
        TEST("/keyring/handoff/key-file-is-the-platforms", key_file_is_the_platforms),
        TEST("/keyring/handoff/key-file-changed", key_file_changed),
        TEST("/keyring/handoff/key-file-needs-an-owner", key_file_needs_an_owner),
        TEST("/keyring/handoff/is-remembered", is_remembered),
        TEST("/keyring/handoff/software-has-no-part", software_has_no_part),
        TEST("/keyring/handoff/names-the-store", names_the_store),
        TEST("/keyring/carry/second-node", second_node_opens_later_copies),
        TEST("/keyring/carry/changed-is-refused", changed_seal_is_refused),
        TEST("/keyring/carry/what-does-not-fit", seal_that_does_not_fit),
        TEST("/keyring/carry/superseded-is-not", superseded_seal_is_not_carried),
        TEST("/keyring/carry/another-profile-is-not", seal_of_another_profile_is_not_carried),
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
