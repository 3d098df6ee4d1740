/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-history.c - the record of the kinds of seal that a store ever had.
 *
 * Link with -Wl,--wrap=time,--wrap=log_err.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "keyring/history.h"
#include "keyring_fixture.h"
#include "log_capture.h"
#include "root/root.h"

static void assert_history(struct keyring_fixture *f, const char *const *names, size_t n)
{
    struct seal_history h;

    assert_int_equal(seals_history(f->k, &h), CKR_OK);
    assert_int_equal(h.n, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(h.names[i], names[i]);
}

static void history_begins_with_the_store(void **state)
{
    static const char *const names[] = {"certificate", "software"};
    struct keyring_fixture *f = *state;
    char key[128];

    fixture_certificate(f, "ec", key);
    assert_int_equal(keyring_create(&f->conf, &f->k), CKR_OK);
    assert_history(f, names, 2);
}

/* Seals of every kind that a SEV-SNP root can make. */
static CK_RV note_kinds(struct txn *t, void *arg)
{
    const struct binding kinds[] = {
        {.kind = ROOT_SEV_SNP,
         .report_version = 3,
         .root_key_select = SNP_KEY_SELECT_VCEK,
         .guest_field_select = SNP_FIELDS_IMAGE},
        {.kind = ROOT_SEV_SNP,
         .report_version = 3,
         .root_key_select = SNP_KEY_SELECT_VLEK,
         .guest_field_select = SNP_FIELDS_IMAGE},
        {.kind = ROOT_SEV_SNP,
         .report_version = 3,
         .root_key_select = SNP_KEY_SELECT_VCEK,
         .guest_field_select = SNP_FIELDS_OWNER},
    };

    (void)arg;
    for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
        AUTO(buf_clear) struct buf binding = BUF_INIT;
        struct seal s = {.kind = SEAL_PLATFORM};

        binding_encode(&kinds[i], &binding);
        TRY(buf_ok(&binding));
        s.binding = buf_span(&binding);
        TRY(history_note(t, &s));
        TRY(history_note(t, &s)); /* once is enough */
    }
    return CKR_OK;
}

static void history_only_grows(void **state)
{
    static const char *const names[] = {"sev-snp", "sev-snp-owner", "sev-snp-vlek", "software"};
    struct keyring_fixture *f = *state;

    assert_int_equal(store_write(keyring_store(f->k), note_kinds, NULL), CKR_OK);
    assert_history(f, names, 4); /* although there is one seal now */
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK);
    assert_history(f, names, 4);
    fixture_reopen(f);
    assert_history(f, names, 4);
}

/* Seals of `*arg` kinds that no version knows yet. */
static CK_RV note_future_kinds(struct txn *t, void *arg)
{
    const unsigned *n = arg;

    for (unsigned i = 0; i < *n; i++) {
        const struct seal s = {.kind = (enum seal_kind)(100 + i)};

        TRY(history_note(t, &s));
    }
    return CKR_OK;
}

/* A record that is full takes no other kind, and stays one that can be read. */
static void history_is_bounded(void **state)
{
    unsigned fits = HISTORY_MAX - 1, too_many = HISTORY_MAX; /* "software" is there */
    struct keyring_fixture *f = *state;
    struct seal_history h;

    assert_int_equal(store_write(keyring_store(f->k), note_future_kinds, &too_many),
                     CKR_DEVICE_MEMORY);
    assert_int_equal(seals_history(f->k, &h), CKR_OK);
    assert_int_equal(h.n, 1);
    assert_int_equal(store_write(keyring_store(f->k), note_future_kinds, &fits), CKR_OK);
    log_capture_clear();
    assert_int_equal(store_write(keyring_store(f->k), note_future_kinds, &too_many),
                     CKR_DEVICE_MEMORY);
    assert_non_null(strstr(log_capture_text(),
                           "seals of 16 kinds, and its record of them has no room "
                           "for kind-115: add one of a kind that it had"));
    assert_int_equal(seals_history(f->k, &h), CKR_OK);
    assert_int_equal(h.n, HISTORY_MAX);
    assert_string_equal(h.names[0], "kind-100");
    assert_string_equal(h.names[HISTORY_MAX - 1], "software");
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK); /* notes what is there already */
}

static CK_RV drop_record(struct txn *t, void *arg)
{
    (void)arg;
    return txn_del(t, STORE_META, SPAN_LIT("history"), NULL);
}

/* A store of a version that kept no record: what was before is not known, and stays so. */
static void history_of_an_older_store(void **state)
{
    static const char *const names[] = {"software", "unknown"};
    struct keyring_fixture *f = *state;

    assert_int_equal(store_write(keyring_store(f->k), drop_record, NULL), CKR_OK);
    assert_history(f, names, 2);
    assert_int_equal(master_rotate(f->k, NULL), CKR_OK); /* puts its seals, and the record */
    assert_history(f, names, 2);
}

static void history_row_is_authentic(void **state)
{
    static const uint8_t shorter[] = {1, 0, 0};
    struct keyring_fixture *f = *state;
    struct seal_history h;

    raw_put(f, "meta", SPAN_LIT("history"), SPAN_ARRAY(shorter));
    assert_int_equal(seals_history(f->k, &h), CKR_DEVICE_ERROR);
    raw_del(f, "meta", SPAN_LIT("history"));
    assert_int_equal(seals_history(f->k, &h), CKR_DEVICE_ERROR);
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
        {"/history/begins-with-the-store", history_begins_with_the_store, fixture_setup,
         fixture_teardown, NULL},
        {"/history/only-grows", history_only_grows, fixture_setup_store, fixture_teardown, NULL},
        {"/history/is-bounded", history_is_bounded, fixture_setup_store, fixture_teardown, NULL},
        {"/history/of-an-older-store", history_of_an_older_store, fixture_setup_store,
         fixture_teardown, NULL},
        {"/history/row-is-authentic", history_row_is_authentic, fixture_setup_store,
         fixture_teardown, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, group_teardown);
}
