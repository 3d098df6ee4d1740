/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-copied-store.c - a store taken to a machine with another root of trust (here: another
 * software key): it opens nothing, shows that there is a token, and is not written to by anything,
 * not even by C_InitToken. And a store put back in time under a process that has seen a later one.
 */
#include "support/raw_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char original[300], copy[300];
static CK_TOKEN_INFO original_info;

/* A configuration of this store and key; it is the one that is read from here on. */
static void use_conf(const char *store, const char *key)
{
    static unsigned n;
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/conf-%u", scratch, n++);
    f = fopen(path, "we");
    assert_non_null(f);
    (void)fprintf(f, "store = \"%s\"\nsoftware-key = \"%s/%s\"\nroot = software\npin-log2-n = 10\n",
                  store, scratch, key);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(setenv("TEE_PKCS11_CONF", path, 1), 0);
}

/* Both files, as a copy of the directory has them. */
static void copy_store(const char *from, const char *to)
{
    struct raw_file data = raw_file_read(from);

    assert_true(mkdir(to, 0700) == 0 || access(to, F_OK) == 0);
    raw_file_write(to, &data);
    free(data.p);
    {
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/data.mdb", to);
        assert_int_equal(chmod(path, 0600), 0);
    }
}

static bool exists(const char *name)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    return access(path, F_OK) == 0;
}

static CK_RV init_token(CK_SLOT_ID slot)
{
    CK_UTF8CHAR label[32];

    memset(label, ' ', sizeof(label));
    return p11->C_InitToken(slot, (CK_UTF8CHAR_PTR)(uintptr_t)SO_PIN, strlen(SO_PIN), label);
}

static CK_RV open_slot(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE h;

    return p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h);
}

/* -- in children: each is an application of its own -------------------------------------------- */

static int make_original(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    token_make();
    make_data(open_user(), CK_TRUE, CK_TRUE, "sealed", "v", 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* All that an application can do to a store that it cannot open. */
static int try_everything(void *arg)
{
    CK_SLOT_ID slots[4];
    CK_ULONG n = N_ELEMENTS(slots);
    CK_TOKEN_INFO info;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetSlotList(CK_TRUE, slots, &n));
    assert_int_equal(n, 2);
    /* Twice: before anybody asked for the keys, and after that failed. */
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(p11->C_GetTokenInfo(0, &info));
        assert_true(info.flags & CKF_TOKEN_INITIALIZED);
        assert_memory_equal(info.label, original_info.label, sizeof(info.label));
        assert_memory_equal(info.serialNumber, original_info.serialNumber,
                            sizeof(info.serialNumber));
        ASSERT_RV(CKR_DEVICE_ERROR, open_slot(0));
        ASSERT_RV(CKR_DEVICE_ERROR, open_slot(1));
        ASSERT_RV(CKR_DEVICE_ERROR, init_token(0));
        ASSERT_RV(CKR_DEVICE_ERROR, init_token(1));
        ASSERT_RV(CKR_SLOT_ID_INVALID, init_token(2));
        ASSERT_RV(CKR_SLOT_ID_INVALID, open_slot(2));
    }
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static int open_and_read(void *arg)
{
    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    assert_int_equal(find_label(open_user(), "sealed", NULL), 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* -- tests ------------------------------------------------------------------------------------ */

static int read_info(void *arg)
{
    const int *ends = arg;
    CK_TOKEN_INFO info;

    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    return write(ends[1], &info, sizeof(info)) == sizeof(info) ? 0 : 1;
}

static int group_setup(void **state)
{
    int ends[2];

    (void)state;
    scratch_make(NULL);
    module_load();
    (void)snprintf(original, sizeof(original), "%s/original", scratch);
    (void)snprintf(copy, sizeof(copy), "%s/copy", scratch);
    use_conf(original, "key");
    assert_int_equal(in_child(make_original, NULL), 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(in_child(read_info, ends), 0);
    assert_int_equal(read(ends[0], &original_info, sizeof(original_info)), sizeof(original_info));
    close(ends[0]);
    close(ends[1]);
    /* Another machine: a store and a key of its own. */
    {
        char other[300];

        (void)snprintf(other, sizeof(other), "%s/other", scratch);
        use_conf(other, "other-key");
        assert_int_equal(in_child(make_original, NULL), 0);
    }
    return 0;
}

static void assert_unwritten(const char *store, const struct raw_file *before)
{
    struct raw_file after = raw_file_read(store);

    assert_int_equal(after.n, before->n);
    assert_memory_equal(after.p, before->p, after.n);
    free(after.p);
}

static void refuse_everything(const char *key)
{
    struct raw_file before;

    copy_store(original, copy);
    before = raw_file_read(copy);
    use_conf(copy, key);
    assert_int_equal(in_child(try_everything, NULL), 0);
    assert_unwritten(copy, &before);
    free(before.p);
}

static void test_same_key(void **state)
{
    (void)state;
    copy_store(original, copy);
    use_conf(copy, "key");
    assert_int_equal(in_child(open_and_read, NULL), 0);
}

static void test_other_key(void **state)
{
    (void)state;
    refuse_everything("other-key");
    /* Where it came from it opens as ever. */
    use_conf(original, "key");
    assert_int_equal(in_child(open_and_read, NULL), 0);
}

/* The root's secret is gone: none is made in its place. */
static void test_no_key(void **state)
{
    (void)state;
    refuse_everything("no-key");
    assert_false(exists("no-key"));
}

/* -- a store that is not there ---------------------------------------------------------------- */

static int init_refused(void *arg)
{
    CK_TOKEN_INFO info;
    CK_RV rv;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_false(info.flags & CKF_TOKEN_INITIALIZED);
    rv = init_token(0);
    assert_true(rv == CKR_FUNCTION_REJECTED || rv == CKR_DEVICE_ERROR);
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

/* Its key is there: the store was lost, or its disk is not mounted. None is made silently. */
static void test_missing_beside_its_key(void **state)
{
    char missing[400];

    (void)state;
    (void)snprintf(missing, sizeof(missing), "%s/missing", scratch);
    use_conf(missing, "key");
    assert_int_equal(in_child(init_refused, NULL), 0);
    assert_false(exists("missing/data.mdb"));
}

static void test_missing_beside_its_lock_file(void **state)
{
    char path[400];
    FILE *f;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/emptied", scratch);
    assert_int_equal(mkdir(path, 0700), 0);
    use_conf(path, "no-key");
    (void)snprintf(path, sizeof(path), "%s/emptied/lock.mdb", scratch);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs("what LMDB leaves", f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(in_child(init_refused, NULL), 0);
    assert_false(exists("emptied/data.mdb"));
    assert_false(exists("no-key"));
}

/* -- back in time ----------------------------------------------------------------------------- */

/* Rolling back a whole store is what is left to a host; not under a process that has seen more. */
static int seen_later(void *arg)
{
    struct raw_file *old = arg;

    ASSERT_OK(p11->C_Initialize(NULL));
    make_data(open_user(), CK_TRUE, CK_TRUE, "made later", "v", 1);
    ASSERT_OK(p11->C_Finalize(NULL));
    raw_file_write(copy, old);
    ASSERT_OK(p11->C_Initialize(NULL));
    ASSERT_RV(CKR_DEVICE_ERROR, open_slot(0));
    ASSERT_RV(CKR_DEVICE_ERROR, init_token(1));
    ASSERT_OK(p11->C_Finalize(NULL));
    return 0;
}

static void test_put_back_in_time(void **state)
{
    struct raw_file old;

    (void)state;
    copy_store(original, copy);
    old = raw_file_read(copy);
    use_conf(copy, "key");
    assert_int_equal(in_child(seen_later, &old), 0);
    assert_unwritten(copy, &old);
    free(old.p);
}

static int group_teardown(void **state)
{
    (void)state;
    module_unload();
    scratch_remove();
    return 0;
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/copied-store/same-key", test_same_key),
        TEST("/copied-store/other-key", test_other_key),
        TEST("/copied-store/no-key", test_no_key),
        TEST("/copied-store/missing-beside-its-key", test_missing_beside_its_key),
        TEST("/copied-store/missing-beside-its-lock-file", test_missing_beside_its_lock_file),
        TEST("/copied-store/put-back-in-time", test_put_back_in_time),
    };

    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
