/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-succession.c - `tee-pkcs11 rotate key` beside a running application: what the successor has
 * of the key before, what that one still may do, and what is refused without a change. Run by
 * with-snp-emulator.sh.
 */
#include "support/snp_module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED 2
#define ROOM    1024

static int setup(void **state)
{
    (void)state;
    snp_module_start("unseal-cache = 0\n");
    token_make();
    assert_int_equal(
        run("printf '%%s\\n' " USER_PIN " >\"$SCRATCH/pin\"; chmod 600 \"$SCRATCH/pin\""), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    snp_module_stop();
    return 0;
}

/* The command on the key of a label; `more` are further options. */
static int rotate(const char *label, const char *more)
{
    return run("\"$TEE_PKCS11\" rotate key 'pkcs11:token=test%%20token;object=%s' --pin-file "
               "\"$SCRATCH/pin\" %s",
               label, more);
}

static void rotates(const char *label, const char *more)
{
    const int code = rotate(label, more);

    if (code != 0)
        print_error("%s\n", run_output());
    assert_int_equal(code, 0);
}

/* The value of an attribute; its length is -1 where there is none. */
struct value {
    uint8_t p[ROOM];
    CK_ULONG n;
};

static struct value value_of(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    struct value v = {.n = 0};
    CK_ATTRIBUTE a = {type, v.p, sizeof(v.p)};
    const CK_RV rv = p11->C_GetAttributeValue(h, o, &a, 1);

    v.n = rv == CKR_OK ? a.ulValueLen : (CK_ULONG)-1;
    return v;
}

static bool flag_of(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
    const struct value v = value_of(h, o, type);

    assert_int_equal(v.n, 1);
    return v.p[0] == CK_TRUE;
}

static bool same(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b,
                 CK_ATTRIBUTE_TYPE type)
{
    const struct value is = value_of(h, a, type), was = value_of(h, b, type);

    return is.n == was.n && (is.n == (CK_ULONG)-1 || memcmp(is.p, was.p, is.n) == 0);
}

/* The objects of a class and label: the one before and its successor. */
static void find_both(CK_SESSION_HANDLE h, CK_OBJECT_CLASS class, const char *label,
                      CK_OBJECT_HANDLE old, CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), {CKA_LABEL, NULL, strlen(label)}};
    CK_OBJECT_HANDLE found[4];
    CK_ULONG n = 0;

    v[1].pValue = (void *)(uintptr_t)label;
    ASSERT_OK(p11->C_FindObjectsInit(h, v, 2));
    ASSERT_OK(p11->C_FindObjects(h, found, N_ELEMENTS(found), &n));
    ASSERT_OK(p11->C_FindObjectsFinal(h));
    assert_int_equal(n, 2);
    assert_true(found[0] == old || found[1] == old);
    *ret = found[0] == old ? found[1] : found[0];
}

/* -- what it has ------------------------------------------------------------------------------- */

static void attributes_are_inherited(void **state)
{
    static const CK_ATTRIBUTE_TYPE kept[] = {CKA_CLASS,
                                             CKA_KEY_TYPE,
                                             CKA_TOKEN,
                                             CKA_PRIVATE,
                                             CKA_LABEL,
                                             CKA_MODIFIABLE,
                                             CKA_COPYABLE,
                                             CKA_DESTROYABLE,
                                             CKA_SUBJECT,
                                             CKA_START_DATE,
                                             CKA_END_DATE,
                                             CKA_SENSITIVE,
                                             CKA_EXTRACTABLE,
                                             CKA_WRAP_WITH_TRUSTED,
                                             CKA_ALWAYS_AUTHENTICATE,
                                             CKA_ALLOWED_MECHANISMS,
                                             CKA_DECRYPT,
                                             CKA_UNWRAP,
                                             CKA_LOCAL,
                                             CKA_NEVER_EXTRACTABLE,
                                             CKA_ALWAYS_SENSITIVE,
                                             CKA_EC_PARAMS,
                                             CKA_KEY_GEN_MECHANISM,
                                             CKA_VERIFY,
                                             CKA_ENCRYPT,
                                             CKA_WRAP};
    static const CK_ATTRIBUTE_TYPE fresh[] = {CKA_ID, CKA_UNIQUE_ID, CKA_EC_POINT,
                                              CKA_PUBLIC_KEY_INFO};
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_MECHANISM_TYPE allowed[] = {CKM_ECDSA_SHA256, CKM_ECDSA};
    CK_DATE date = {"2026", "11", "27"};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "all"),
                          ATTR_TEXT(CKA_ID, "one"), ATTR_TEXT(CKA_SUBJECT, "subject")};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_TOKEN),
                           ATTR_TEXT(CKA_LABEL, "all"),
                           ATTR_TEXT(CKA_ID, "one"),
                           ATTR_TEXT(CKA_SUBJECT, "subject"),
                           ATTR_OBJ(CKA_START_DATE, date),
                           ATTR_OBJ(CKA_END_DATE, date),
                           ATTR_TRUE(CKA_WRAP_WITH_TRUSTED),
                           ATTR_TRUE(CKA_ALWAYS_AUTHENTICATE),
                           ATTR_FALSE(CKA_COPYABLE),
                           ATTR_TRUE(CKA_SIGN),
                           ATTR_FALSE(CKA_DERIVE),
                           ATTR_OBJ(CKA_ALLOWED_MECHANISMS, allowed)};
    CK_OBJECT_HANDLE old[2], new[2];
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv), &old[0],
                                     &old[1]));
    rotates("all", "");
    ASSERT_PRINTED("by the old key and the platform"); /* which asked for the PIN once more */
    find_both(h, CKO_PUBLIC_KEY, "all", old[0], &new[0]);
    find_both(h, CKO_PRIVATE_KEY, "all", old[1], &new[1]);
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < N_ELEMENTS(kept); i++) {
            if (!same(h, old[half], new[half], kept[i]))
                fail_msg("attribute 0x%lx is another one", kept[i]);
        }
        for (size_t i = 0; i < N_ELEMENTS(fresh); i++) {
            if (same(h, old[half], new[half], fresh[i]))
                fail_msg("attribute 0x%lx is the same", fresh[i]);
        }
    }
    assert_true(same(h, new[0], new[1], CKA_ID));
    assert_true(same(h, new[0], new[1], CKA_PUBLIC_KEY_INFO));
    assert_true(flag_of(h, new[1], CKA_SIGN));
    assert_false(flag_of(h, new[1], CKA_DERIVE));
    assert_false(flag_of(h, old[1], CKA_SIGN));
    assert_true(flag_of(h, old[0], CKA_VERIFY));
    assert_true(value_of(h, new[1], CKA_TEE_ROTATION).n != 0);
    assert_int_equal(value_of(h, old[1], CKA_TEE_ROTATION).n, (CK_ULONG)-1);
}

/* A key that came from elsewhere gets a successor that is the token's own. */
static void successor_of_an_import_is_local(void **state)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    uint8_t d[32] = {1, 2, 3};
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class),
                        ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                        ATTR_OBJ(CKA_VALUE, d),
                        ATTR_TRUE(CKA_SIGN),
                        ATTR_TRUE(CKA_TOKEN),
                        ATTR_TEXT(CKA_LABEL, "import")};
    CK_OBJECT_HANDLE old, new;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &old));
    rotates("import", "");
    find_both(h, CKO_PRIVATE_KEY, "import", old, &new); /* and no public half: there was none */
    assert_int_equal(find_label(h, "import", NULL), 2);
    assert_false(flag_of(h, old, CKA_LOCAL));
    assert_true(flag_of(h, new, CKA_LOCAL));
    assert_true(flag_of(h, new, CKA_NEVER_EXTRACTABLE));
}

static void every_type_has_successors(void **state)
{
    CK_OBJECT_HANDLE public_key, old, new;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_rsa(h, 2048, CK_TRUE, "rsa", &public_key, &old);
    rotates("rsa", "");
    ASSERT_PRINTED("what was encrypted or wrapped for it is not read any more");
    find_both(h, CKO_PRIVATE_KEY, "rsa", old, &new);
    assert_int_equal(value_of(h, new, CKA_MODULUS).n, 256);
    assert_false(flag_of(h, old, CKA_DECRYPT));
    make_ed25519(h, CK_TRUE, "ed", &public_key, &old);
    rotates("ed", "");
    find_both(h, CKO_PRIVATE_KEY, "ed", old, &new);
    old = make_aes(h, 32, CK_TRUE, "aes");
    rotates("aes", "--keep-reading");
    find_both(h, CKO_SECRET_KEY, "aes", old, &new);
    assert_false(flag_of(h, old, CKA_ENCRYPT));
    assert_false(flag_of(h, old, CKA_SIGN));
    assert_true(flag_of(h, old, CKA_VERIFY));
    assert_true(flag_of(h, old, CKA_DECRYPT));
    assert_true(flag_of(h, new, CKA_ENCRYPT) && flag_of(h, new, CKA_DECRYPT));
    assert_false(same(h, old, new, CKA_CHECK_VALUE));
}

/* CKA_WRAP and CKA_UNWRAP can't be changed by anybody else, and CKA_TRUSTED is not handed on. */
static void wrapping_keys(void **state)
{
    CK_MECHANISM gen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG bytes = 32;
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_TRUE(CKA_TOKEN),
                        ATTR_TEXT(CKA_LABEL, "wrap"),   ATTR_TRUE(CKA_WRAP),
                        ATTR_TRUE(CKA_UNWRAP),          ATTR_FALSE(CKA_SIGN),
                        ATTR_FALSE(CKA_PRIVATE)};
    CK_ATTRIBUTE trusted[] = {ATTR_TRUE(CKA_TRUSTED)};
    CK_OBJECT_HANDLE old, new;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(h, &gen, v, N_ELEMENTS(v), &old));
    close_all();
    h = open_so();
    ASSERT_OK(p11->C_SetAttributeValue(h, old, trusted, 1));
    close_all();
    h = open_user();
    rotates("wrap", "");
    find_both(h, CKO_SECRET_KEY, "wrap", old, &new);
    assert_false(flag_of(h, old, CKA_WRAP) || flag_of(h, old, CKA_UNWRAP));
    assert_true(flag_of(h, new, CKA_WRAP) && flag_of(h, new, CKA_UNWRAP));
    assert_true(flag_of(h, old, CKA_TRUSTED));
    assert_false(flag_of(h, new, CKA_TRUSTED));
}

/* A report says something about a key only if that never leaves what is reported: of one that can,
 * the old key alone speaks, and of one that can and does not sign, nobody. */
static void extractable_is_not_attested(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, gen_aes = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG bytes = 32;
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "leaves")};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "leaves"),
                           ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_SIGN)};
    CK_ATTRIBUTE aes[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_TRUE(CKA_TOKEN),
                          ATTR_TEXT(CKA_LABEL, "aes-leaves"), ATTR_TRUE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv),
                                     &public_key, &private_key));
    rotates("leaves", "--out \"$SCRATCH/statement\"");
    ASSERT_PRINTED("vouched for    by the old key\n");
    assert_int_equal(run("\"$TEE_PKCS11\" verify \"$SCRATCH/statement\" --offline --no-cache"), 3);
    ASSERT_PRINTED("the old key signed that this is its successor");
    ASSERT_OK(p11->C_GenerateKey(h, &gen_aes, aes, N_ELEMENTS(aes), &private_key));
    assert_int_equal(rotate("aes-leaves", "--out \"$SCRATCH/nothing\""), REFUSED);
    assert_int_equal(run("test ! -e \"$SCRATCH/nothing\""), 0);
    rotates("aes-leaves", "");
    ASSERT_PRINTED("by nobody");
}

/* -- beside an application --------------------------------------------------------------------- */

/* An operation that was begun ends as it began; the next one is refused, in the same session. */
static void running_application_sees_it(void **state)
{
    CK_MECHANISM m = {CKM_ECDSA_SHA256, NULL, 0};
    uint8_t signature[64];
    CK_ULONG n = sizeof(signature);
    CK_BYTE data[] = "data";
    CK_OBJECT_HANDLE public_key, old, new;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "running", &public_key, &old);
    ASSERT_OK(p11->C_SignInit(h, &m, old));
    rotates("running", "");
    ASSERT_OK(p11->C_Sign(h, data, 4, signature, &n));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &m, old));
    ASSERT_OK(p11->C_VerifyInit(h, &m, public_key));
    ASSERT_OK(p11->C_Verify(h, data, 4, signature, n));
    find_both(h, CKO_PRIVATE_KEY, "running", old, &new);
    ASSERT_OK(p11->C_SignInit(h, &m, new));
    n = sizeof(signature);
    ASSERT_OK(p11->C_Sign(h, data, 4, signature, &n));
    ASSERT_OK(p11->C_VerifyInit(h, &m, public_key));
    ASSERT_RV(CKR_SIGNATURE_INVALID, p11->C_Verify(h, data, 4, signature, n));
}

/* -- refusals ---------------------------------------------------------------------------------- */

static void unmodifiable_is_refused(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "fixed")};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "fixed"),
                           ATTR_FALSE(CKA_MODIFIABLE), ATTR_TRUE(CKA_SIGN)};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv),
                                     &public_key, &private_key));
    assert_int_equal(rotate("fixed", ""), REFUSED);
    ASSERT_PRINTED("CKA_MODIFIABLE is false");
    assert_true(flag_of(h, private_key, CKA_SIGN));
    assert_int_equal(find_label(h, "fixed", NULL), 2);
}

/* A pair whose private half may be changed, and with a public half that may not. */
static void make_fixed_public(CK_SESSION_HANDLE h, const char *label, CK_BBOOL encrypt,
                              CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    CK_MECHANISM gen = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 2048;
    CK_ATTRIBUTE pub[] = {ATTR_OBJ(CKA_MODULUS_BITS, bits),
                          ATTR_TRUE(CKA_TOKEN),
                          ATTR(CKA_LABEL, label, strlen(label)),
                          ATTR_FALSE(CKA_MODIFIABLE),
                          ATTR_TRUE(CKA_VERIFY),
                          ATTR_OBJ(CKA_ENCRYPT, encrypt),
                          ATTR_FALSE(CKA_VERIFY_RECOVER),
                          ATTR_FALSE(CKA_WRAP)};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR(CKA_LABEL, label, strlen(label)),
                           ATTR_TRUE(CKA_SIGN), ATTR_TRUE(CKA_DECRYPT)};

    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, N_ELEMENTS(pub), priv, N_ELEMENTS(priv),
                                     ret_public, ret_private));
}

/* What C_SetAttributeValue refuses, a rotation does not do; where there is nothing to do, it need
 * not. */
static void unmodifiable_public_is_refused(void **state)
{
    CK_ATTRIBUTE off[] = {ATTR_FALSE(CKA_ENCRYPT)};
    CK_OBJECT_HANDLE public_key, old, new;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_fixed_public(h, "half-fixed", CK_TRUE, &public_key, &old);
    ASSERT_RV(CKR_ACTION_PROHIBITED, p11->C_SetAttributeValue(h, public_key, off, 1));
    assert_int_equal(rotate("half-fixed", ""), REFUSED);
    ASSERT_PRINTED("CKA_MODIFIABLE of a public object of it is false");
    assert_true(flag_of(h, public_key, CKA_ENCRYPT));
    assert_true(flag_of(h, old, CKA_SIGN) && flag_of(h, old, CKA_DECRYPT));
    assert_int_equal(find_label(h, "half-fixed", NULL), 2);
    make_fixed_public(h, "verifies", CK_FALSE, &public_key, &old);
    rotates("verifies", "");
    find_both(h, CKO_PUBLIC_KEY, "verifies", public_key, &new);
    assert_true(flag_of(h, public_key, CKA_VERIFY) && flag_of(h, new, CKA_VERIFY));
    assert_false(flag_of(h, new, CKA_MODIFIABLE) || flag_of(h, public_key, CKA_MODIFIABLE));
}

/* All that change, change in one transaction: the key and seven more at most. */
static void many_publics_are_refused(void **state)
{
    CK_OBJECT_HANDLE public_key[8], old;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_rsa(h, 2048, CK_TRUE, "copied", &public_key[0], &old);
    for (size_t i = 1; i < N_ELEMENTS(public_key); i++)
        ASSERT_OK(p11->C_CopyObject(h, public_key[0], NULL, 0, &public_key[i]));
    assert_int_equal(rotate("copied", ""), REFUSED);
    ASSERT_PRINTED("it has too many public objects");
    assert_true(flag_of(h, old, CKA_SIGN));
    for (size_t i = 0; i < N_ELEMENTS(public_key); i++)
        assert_true(flag_of(h, public_key[i], CKA_ENCRYPT));
    assert_int_equal(find_label(h, "copied", NULL), 9);
    ASSERT_OK(p11->C_DestroyObject(h, public_key[0]));
    rotates("copied", "");
    for (size_t i = 1; i < N_ELEMENTS(public_key); i++)
        assert_false(flag_of(h, public_key[i], CKA_ENCRYPT));
    assert_int_equal(find_label(h, "copied", NULL), 10); /* and a new pair */
}

/* The platform does not answer: the key is what it was. */
static void device_that_fails_changes_nothing(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "fails", &public_key, &private_key);
    snp_control("fail=report-data");
    assert_int_not_equal(rotate("fails", "--out \"$SCRATCH/statement\""), 0);
    snp_control("fail=none");
    assert_int_equal(run("test ! -e \"$SCRATCH/statement\""), 0);
    assert_true(flag_of(h, private_key, CKA_SIGN));
    assert_int_equal(find_label(h, "fails", NULL), 2);
    rotates("fails", "--out \"$SCRATCH/statement\"");
    assert_int_equal(find_label(h, "fails", NULL), 4);
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        (name), (fn), setup, teardown, NULL                                                        \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/succession/attributes-are-inherited", attributes_are_inherited),
        TEST("/succession/of-an-import-is-local", successor_of_an_import_is_local),
        TEST("/succession/every-type", every_type_has_successors),
        TEST("/succession/wrapping-keys", wrapping_keys),
        TEST("/succession/extractable-is-not-attested", extractable_is_not_attested),
        TEST("/succession/running-application-sees-it", running_application_sees_it),
        TEST("/succession/unmodifiable-is-refused", unmodifiable_is_refused),
        TEST("/succession/unmodifiable-public-is-refused", unmodifiable_public_is_refused),
        TEST("/succession/many-publics-are-refused", many_publics_are_refused),
        TEST("/succession/failing-device-changes-nothing", device_that_fails_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
