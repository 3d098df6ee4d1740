/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-own-objects.c - CKO_PROFILE and CKO_MECHANISM objects (PKCS#11 v3.2 4.13, 4.14): what the
 * token says of itself, to be looked at and no more.
 */
#include "support/reference.h"

#include <string.h>

#define MAX 512

static CK_SESSION_HANDLE session;

static int group_setup(void **state)
{
    (void)setup_token(state);
    session = open_session();
    return 0;
}

/* All objects of a class; returns how many. */
static CK_ULONG all_of(CK_SESSION_HANDLE h, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE ret[MAX])
{
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_CLASS, class);
    CK_ULONG n = 0;

    ASSERT_OK(p11->C_FindObjectsInit(h, &v, 1));
    ASSERT_OK(p11->C_FindObjects(h, ret, MAX, &n));
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    return n;
}

static void test_profiles(void **state)
{
    static const CK_PROFILE_ID always[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
                                           CKP_AUTHENTICATION_TOKEN};
    CK_OBJECT_HANDLE found[MAX];
    CK_MECHANISM_INFO info;
    const bool has_hkdf_data = p11->C_GetMechanismInfo(0, CKM_HKDF_DATA, &info) == CKR_OK;
    const CK_ULONG n = all_of(session, CKO_PROFILE, found);

    (void)state;
    assert_int_equal(n, N_ELEMENTS(always) + (has_hkdf_data ? 1 : 0));
    for (size_t i = 0; i < N_ELEMENTS(always); i++) {
        CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_PROFILE),
                            ATTR_ULONG(CKA_PROFILE_ID, always[i])};
        CK_OBJECT_HANDLE o = 0;

        assert_int_equal(find_objects(session, v, 2, &o), 1);
        assert_int_equal(attr_ulong(session, o, CKA_PROFILE_ID), always[i]);
        assert_int_equal(attr_ulong(session, o, CKA_CLASS), CKO_PROFILE);
    }
}

/* One object for each mechanism of the list, and no other. */
static void test_mechanisms(void **state)
{
    CK_MECHANISM_TYPE types[MAX];
    CK_OBJECT_HANDLE found[MAX];
    CK_ULONG n_types = MAX;

    (void)state;
    ASSERT_OK(p11->C_GetMechanismList(0, types, &n_types));
    assert_int_equal(all_of(session, CKO_MECHANISM, found), n_types);
    for (CK_ULONG i = 0; i < n_types; i++) {
        CK_ATTRIBUTE v[] = {ATTR_ULONG(CKA_CLASS, CKO_MECHANISM),
                            ATTR_ULONG(CKA_MECHANISM_TYPE, types[i])};

        assert_int_equal(find_objects(session, v, 2, NULL), 1);
        assert_int_equal(attr_ulong(session, found[i], CKA_MECHANISM_TYPE), types[i]);
    }
}

/* Read-only token objects that everybody sees. */
static void test_attributes(void **state)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PROFILE, CKO_MECHANISM};
    static const CK_ATTRIBUTE_TYPE no[] = {CKA_PRIVATE, CKA_MODIFIABLE, CKA_COPYABLE,
                                           CKA_DESTROYABLE};
    CK_OBJECT_HANDLE found[MAX];
    char unique[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(classes); i++) {
        const CK_ULONG n = all_of(session, classes[i], found);

        for (CK_ULONG j = 0; j < n; j++) {
            CK_ULONG size = 0;
            CK_ULONG n_unique;

            assert_int_equal(attr_bool(session, found[j], CKA_TOKEN), CK_TRUE);
            for (size_t k = 0; k < N_ELEMENTS(no); k++)
                assert_int_equal(attr_bool(session, found[j], no[k]), CK_FALSE);
            ASSERT_OK(p11->C_GetObjectSize(session, found[j], &size));
            assert_true(size > 0);
            n_unique = attr_get(session, found[j], CKA_UNIQUE_ID, unique, sizeof(unique));
            assert_true(n_unique > 8);
            for (CK_ULONG k = 0; k < j && j < 20; k++) {
                char other[64];
                const CK_ULONG n_other =
                    attr_get(session, found[k], CKA_UNIQUE_ID, other, sizeof(other));

                assert_true(n_other != n_unique || memcmp(other, unique, n_unique) != 0);
            }
        }
    }
}

/* Who lists a token finds what somebody put there, as ever. */
static void test_not_in_other_searches(void **state)
{
    CK_ATTRIBUTE token = ATTR_TRUE(CKA_TOKEN), label = ATTR_TEXT(CKA_LABEL, "CKM_SHA256"),
                 profile = ATTR_ULONG(CKA_PROFILE_ID, CKP_BASELINE_PROVIDER);

    (void)state;
    assert_int_equal(find_objects(session, NULL, 0, NULL), 0);
    assert_int_equal(find_objects(session, &token, 1, NULL), 0);
    assert_int_equal(find_objects(session, &label, 1, NULL), 0);
    assert_int_equal(find_objects(session, &profile, 1, NULL), 0);
}

static void test_can_not_be_changed(void **state)
{
    const CK_SESSION_HANDLE so = open_so();
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "mine");
    CK_ATTRIBUTE made[] = {ATTR_ULONG(CKA_CLASS, CKO_PROFILE),
                           ATTR_ULONG(CKA_PROFILE_ID, CKP_COMPLETE_PROVIDER)};
    CK_ATTRIBUTE made_mechanism[] = {ATTR_ULONG(CKA_CLASS, CKO_MECHANISM),
                                     ATTR_ULONG(CKA_MECHANISM_TYPE, 0x4711)};
    static const CK_OBJECT_CLASS classes[] = {CKO_PROFILE, CKO_MECHANISM};
    CK_OBJECT_HANDLE found[MAX], o = 4711;
    CK_MECHANISM gcm = {CKM_SHA256_HMAC, NULL, 0};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(classes); i++) {
        const CK_ULONG n = all_of(so, classes[i], found);

        ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(so, found[0], &label, 1));
        ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_CopyObject(so, found[0], NULL, 0, &o));
        ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(so, found[0]));
        ASSERT_RV(CKR_KEY_HANDLE_INVALID, p11->C_SignInit(so, &gcm, found[0]));
        assert_int_equal(all_of(so, classes[i], found), n);
        /* There is none behind the last one, nor with a login in its handle. */
        ASSERT_RV(CKR_OBJECT_HANDLE_INVALID,
                  p11->C_SetAttributeValue(so, found[0] + 1000, &label, 1));
        ASSERT_RV(CKR_OBJECT_HANDLE_INVALID,
                  p11->C_GetAttributeValue(so, found[0] | 1UL << 45, &label, 1));
    }
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CreateObject(so, made, 2, &o));
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_CreateObject(so, made_mechanism, 2, &o));
    assert_int_equal(o, 4711);
    ASSERT_OK(p11->C_CloseSession(so));
}

#define TEST(name, fn) {name, fn, NULL, NULL, NULL}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/own-objects/profiles", test_profiles),
        TEST("/own-objects/mechanisms", test_mechanisms),
        TEST("/own-objects/attributes", test_attributes),
        TEST("/own-objects/not-in-other-searches", test_not_in_other_searches),
        TEST("/own-objects/can-not-be-changed", test_can_not_be_changed),
    };

    return cmocka_run_group_tests(tests, group_setup, teardown_module);
}
