/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-import-core.c - two imports beside each other, step by step: what the one has made in the
 * meantime the other one finds; and what belongs together, which is one transaction.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/import.h"
#include "core/lib.h"
#include "core/slot.h"
#include "core/token.h"
#include "keyring/audit.h"
#include "support/core_fixture.h"

#define N_WAITING  64  /* more than are waited for */
#define N_TOGETHER 200 /* of one group */

static CK_SESSION_HANDLE opened;
static struct session *session;

static int group_setup(void **state)
{
    const CK_SLOT_ID slot = core_start("");

    (void)state;
    assert_int_equal(session_open(slot, true, &opened), CKR_OK);
    assert_int_equal(session_enter(opened, &session), CKR_OK);
    assert_int_equal(token_log_in(session->token, ROLE_USER, USER_PIN), CKR_OK);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    session_leave(session);
    return core_end();
}

/* A data object of that number. */
static CK_RV add(struct import *i, unsigned number, enum import_fate *fate)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    char label[16];
    const CK_ATTRIBUTE v[] = {
        {CKA_CLASS, &class, sizeof(class)},
        {CKA_TOKEN, &yes, sizeof(yes)},
        {CKA_LABEL, label, (CK_ULONG)snprintf(label, sizeof(label), "%u", number)},
    };

    return import_add(i, v, N_ELEMENTS(v), false, fate);
}

static size_t n_objects(unsigned number)
{
    struct attrs *search = NULL;
    CK_OBJECT_HANDLE *v = NULL;
    char label[16];
    size_t n = 0;

    assert_int_equal(attrs_new(&search), CKR_OK);
    (void)snprintf(label, sizeof(label), "%u", number);
    assert_int_equal(attrs_set(search, CKA_LABEL, span_of(label, strlen(label))), CKR_OK);
    assert_int_equal(token_find(session->token, search, &v, &n), CKR_OK);
    attrs_free(search);
    free(v);
    return n;
}

static CK_RV any_entry(const struct audit_entry *e, void *arg)
{
    (void)e;
    (void)arg;
    return CKR_OK;
}

static uint64_t audit_length(void)
{
    struct keyring *k = lib_keyring_if_open();
    uint64_t n = 0;

    assert_non_null(k);
    assert_int_equal(audit_walk(k, any_entry, NULL, &n, NULL), CKR_OK);
    keyring_unref(k);
    return n;
}

static void full_batch_looks_again(void **state)
{
    enum import_fate fates[N_WAITING + 1], other = IMPORT_WAITING;
    struct import *a = NULL, *b = NULL;

    (void)state;
    assert_int_equal(import_begin(session, "a", false, &a), CKR_OK);
    assert_int_equal(import_begin(session, "b", false, &b), CKR_OK);
    for (unsigned i = 0; i < N_WAITING; i++)
        assert_int_equal(add(a, i, &fates[i]), CKR_OK);
    assert_int_equal(fates[0], IMPORT_WAITING);
    assert_int_equal(add(b, N_WAITING, &other), CKR_OK);
    assert_int_equal(import_flush(b), CKR_OK);
    assert_int_equal(other, IMPORT_STORED);
    assert_int_equal(add(a, N_WAITING, &fates[N_WAITING]), CKR_OK);
    assert_int_equal(fates[N_WAITING], IMPORT_WAITING);
    assert_int_equal(import_settle(a), CKR_OK);
    assert_int_equal(fates[0], IMPORT_STORED);
    assert_int_equal(fates[N_WAITING], IMPORT_PRESENT);
    for (unsigned i = 0; i <= N_WAITING; i++)
        assert_int_equal(n_objects(i), 1);
    import_free(a);
    import_free(b);
}

/* However many there are: what the log has of them is one entry, as there is one transaction. */
static void what_belongs_together_is_not_parted(void **state)
{
    enum import_fate fates[N_TOGETHER];
    struct import *a = NULL;
    uint64_t before = 0, after = 0;

    (void)state;
    assert_int_equal(import_begin(session, "c", false, &a), CKR_OK);
    before = audit_length();
    for (unsigned i = 0; i < N_TOGETHER; i++)
        assert_int_equal(add(a, 1000 + i, &fates[i]), CKR_OK);
    assert_int_equal(fates[0], IMPORT_WAITING);
    assert_int_equal(audit_length(), before);
    assert_int_equal(import_settle(a), CKR_OK);
    after = audit_length();
    assert_int_equal(after, before + 1);
    for (unsigned i = 0; i < N_TOGETHER; i++)
        assert_int_equal(fates[i], IMPORT_STORED);
    assert_int_equal(n_objects(1000), 1);
    assert_int_equal(n_objects(1000 + N_TOGETHER - 1), 1);
    import_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/import-core/full-batch-looks-again", full_batch_looks_again, NULL, NULL, NULL},
        {"/import-core/together", what_belongs_together_is_not_parted, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
