/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-attest.c - evidence about keys and files: made by the module and the command on the emulated
 * device, judged by `tee-pkcs11 verify` with the emulator's root. Accepted only where it is true.
 * Run by with-snp-emulator.sh.
 */
#include "support/snp_module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_CACHE "unseal-cache = 0\n"
#define ATTEST   "attest-keys = yes\n"

/* What verify answers. */
#define GENUINE        0
#define NOT_GENUINE    1
#define AGAINST_POLICY 2

#define NONCE "6e6f6e6365" /* "nonce" */

static int setup(void **state)
{
    (void)state;
    snp_module_start(NO_CACHE);
    token_make();
    assert_int_equal(
        run("printf '%%s\\n' " USER_PIN " >\"$SCRATCH/pin\"; chmod 600 \"$SCRATCH/pin\""), 0);
    return 0;
}

static int setup_attesting(void **state)
{
    (void)setup(state);
    assert_int_equal(run("echo '" ATTEST "' >>\"$SCRATCH/conf\""), 0);
    snp_module_again();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    snp_module_stop();
    return 0;
}

/* -- helpers ----------------------------------------------------------------------------------- */

static void put_file(const char *name, const void *bytes, size_t n)
{
    char path[512];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t get_file(const char *name, uint8_t *ret, size_t room)
{
    char path[512];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
    f = fopen(path, "re");
    assert_non_null(f);
    n = fread(ret, 1, room, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

/* The public half as a file in DER that `verify --key` takes. */
static void put_public_key(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, const char *name)
{
    uint8_t spki[1024];
    CK_ATTRIBUTE a = {CKA_PUBLIC_KEY_INFO, spki, sizeof(spki)};

    ASSERT_OK(p11->C_GetAttributeValue(h, key, &a, 1));
    put_file(name, spki, a.ulValueLen);
}

static CK_RV attest(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, const char *nonce, uint8_t *ret,
                    CK_ULONG *n)
{
    CK_MECHANISM m = {CKM_TEE_ATTEST_KEY, NULL, 0};

    ASSERT_OK(p11->C_SignInit(h, &m, key));
    return p11->C_Sign(h, (CK_BYTE_PTR)(uintptr_t)nonce, strlen(nonce), ret, n);
}

/* Evidence about the key over "nonce" into a file. */
static void put_evidence(CK_SESSION_HANDLE h, CK_OBJECT_HANDLE key, const char *name)
{
    static uint8_t der[65536];
    CK_ULONG n = sizeof(der);

    ASSERT_OK(attest(h, key, "nonce", der, &n));
    put_file(name, der, n);
}

static int verify(const char *evidence, const char *options)
{
    return run("\"$TEE_PKCS11\" verify \"$SCRATCH/%s\" --root \"$SNP_EMULATOR_MOUNT/ark.pem\" "
               "--offline --no-cache %s",
               evidence, options);
}

static void assert_verdict(int expected, const char *evidence, const char *options)
{
    const int code = verify(evidence, options);

    if (code == expected)
        return;
    print_error("verify %s %s: %d\n%s\n", evidence, options, code, run_output());
    assert_int_equal(code, expected);
}

/* -- keys ----------------------------------------------------------------------------------------
 */

static void key_is_attested(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "attested", &public_key, &private_key);
    put_public_key(h, public_key, "key.der");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence",
                   "--nonce " NONCE " --key \"$SCRATCH/key.der\" --max-age 300");
}

static void every_type_of_key(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_rsa(h, 2048, CK_TRUE, "rsa", &public_key, &private_key);
    put_public_key(h, public_key, "key.der");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --key \"$SCRATCH/key.der\"");
    make_ed25519(h, CK_TRUE, "ed", &public_key, &private_key);
    put_public_key(h, public_key, "key.der");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --key \"$SCRATCH/key.der\"");
}

/* A query, a buffer that is too small, and the call: one piece of evidence, one report. */
static void is_made_once(void **state)
{
    static uint8_t der[65536], again[65536];
    CK_MECHANISM m = {CKM_TEE_ATTEST_KEY, NULL, 0};
    CK_BYTE nonce[] = "nonce";
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    CK_ULONG asked = 0, n;
    unsigned long long before;

    (void)state;
    make_ec(h, CK_FALSE, "once", &public_key, &private_key);
    before = snp_count("reports");
    ASSERT_OK(p11->C_SignInit(h, &m, private_key));
    ASSERT_OK(p11->C_Sign(h, nonce, 5, NULL, &asked));
    n = asked - 1;
    ASSERT_RV(CKR_BUFFER_TOO_SMALL, p11->C_Sign(h, nonce, 5, der, &n));
    assert_int_equal(n, asked);
    ASSERT_OK(p11->C_Sign(h, nonce, 5, der, &n));
    assert_int_equal(n, asked);
    assert_int_equal(snp_count("reports") - before, 1);
    ASSERT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_Sign(h, nonce, 5, der, &n));
    put_file("evidence", der, n);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    n = sizeof(again); /* another operation, another report */
    ASSERT_OK(attest(h, private_key, "nonce", again, &n));
    assert_memory_not_equal(again, der, asked);
    assert_int_equal(snp_count("reports") - before, 2);
}

static void nonce_changed(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "nonce", &public_key, &private_key);
    put_evidence(h, private_key, "evidence");
    assert_verdict(AGAINST_POLICY, "evidence", "--nonce 6e6f6e6366"); /* a replay */
    assert_verdict(AGAINST_POLICY, "evidence", "--nonce 6e6f6e63");
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
}

static void replayed_later(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "late", &public_key, &private_key);
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence", "--max-age 300");
    assert_verdict(AGAINST_POLICY, "evidence", "--max-age 300 --time $(($(date +%s) + 400))");
}

static void another_key(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key, other;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "one", &public_key, &private_key);
    put_evidence(h, private_key, "evidence");
    make_ec(h, CK_TRUE, "other", &other, &private_key);
    put_public_key(h, other, "other.der");
    assert_verdict(AGAINST_POLICY, "evidence", "--key \"$SCRATCH/other.der\"");
    put_public_key(h, public_key, "key.der");
    assert_verdict(GENUINE, "evidence", "--key \"$SCRATCH/key.der\"");
}

/* What else opens things to who holds the key is said too: a relying party may forbid it. */
static void usages_are_told(void **state)
{
    static const CK_ATTRIBUTE_TYPE usages[] = {CKA_SIGN_RECOVER, CKA_DECAPSULATE};
    static const char *const names[] = {"signRecover", "decapsulate"};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    CK_BBOOL yes = CK_TRUE;
    char policy[64];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(usages); i++) {
        CK_ATTRIBUTE usage = {usages[i], &yes, sizeof(yes)};
        const int n =
            snprintf(policy, sizeof(policy), "{\"key\": {\"forbid\": [\"%s\"]}}", names[i]);

        put_file("policy", policy, (size_t)n);
        make_ec(h, CK_TRUE, names[i], &public_key, &private_key);
        put_evidence(h, private_key, "evidence");
        assert_verdict(GENUINE, "evidence", "--policy \"$SCRATCH/policy\"");
        ASSERT_OK(p11->C_SetAttributeValue(h, private_key, &usage, 1));
        put_evidence(h, private_key, "evidence");
        assert_verdict(AGAINST_POLICY, "evidence", "--policy \"$SCRATCH/policy\"");
    }
}

/* Every byte of the statement is bound: flags, id, public key, store and history. */
static void flipped_anywhere(void **state)
{
    static uint8_t der[65536], changed[65536];
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    size_t n, n_flags = 0;

    (void)state;
    make_ec(h, CK_TRUE, "flip", &public_key, &private_key);
    put_evidence(h, private_key, "evidence");
    n = get_file("evidence", der, sizeof(der));
    /* a boolean of the statement is 01 01 ff or 01 01 00 */
    for (size_t i = 1200; i + 2 < n && i < 1600; i++) {
        if (der[i] != 1 || der[i + 1] != 1 || (der[i + 2] != 0xff && der[i + 2] != 0))
            continue;
        memcpy(changed, der, n);
        changed[i + 2] ^= 0xff;
        put_file("changed", changed, n);
        assert_verdict(NOT_GENUINE, "changed", "");
        n_flags++;
    }
    assert_true(n_flags >= 15);
    memcpy(changed, der, n);
    changed[20 + 0x90] ^= 1; /* the report's measurement */
    put_file("changed", changed, n);
    assert_verdict(NOT_GENUINE, "changed", "");
}

static void imported_is_refused(void **state)
{
    CK_MECHANISM m = {CKM_TEE_ATTEST_KEY, NULL, 0};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    uint8_t d[32] = {1, 2, 3};
    CK_ATTRIBUTE v[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type),
                        ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                        ATTR_OBJ(CKA_VALUE, d), ATTR_TRUE(CKA_SIGN)};
    CK_OBJECT_HANDLE key;
    CK_SESSION_HANDLE h = open_user();
    unsigned long long before = snp_count("requests");

    (void)state;
    ASSERT_OK(p11->C_CreateObject(h, v, N_ELEMENTS(v), &key));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &m, key));
    assert_int_equal(snp_count("requests"), before);
}

static void extractable_is_refused(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, m = {CKM_TEE_ATTEST_KEY, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_SIGN)};
    CK_ATTRIBUTE closed[] = {ATTR_FALSE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, 1, priv, 2, &public_key, &private_key));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &m, private_key));
    /* what was extractable once stays what it was */
    ASSERT_OK(p11->C_SetAttributeValue(h, private_key, closed, 1));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &m, private_key));
    ASSERT_RV(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(h, &m, public_key));
}

/* A key that came in wrapped was somewhere else before. */
static void unwrapped_is_refused(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0}, kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0};
    CK_MECHANISM gen_aes = {CKM_AES_KEY_GEN, NULL, 0}, m = {CKM_TEE_ATTEST_KEY, NULL, 0};
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_ULONG bytes = 32, n = 4096;
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params))};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_EXTRACTABLE), ATTR_TRUE(CKA_SIGN)};
    CK_ATTRIBUTE aes[] = {ATTR_OBJ(CKA_VALUE_LEN, bytes), ATTR_TRUE(CKA_WRAP),
                          ATTR_TRUE(CKA_UNWRAP)};
    CK_ATTRIBUTE in[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_OBJ(CKA_KEY_TYPE, type),
                         ATTR_TRUE(CKA_SIGN), ATTR_FALSE(CKA_EXTRACTABLE)};
    CK_OBJECT_HANDLE public_key, private_key, wrapping, back;
    CK_SESSION_HANDLE h = open_user();
    uint8_t wrapped[4096];

    (void)state;
    ASSERT_OK(p11->C_GenerateKey(h, &gen_aes, aes, N_ELEMENTS(aes), &wrapping));
    ASSERT_OK(p11->C_GenerateKeyPair(h, &gen, pub, 1, priv, 2, &public_key, &private_key));
    ASSERT_OK(p11->C_WrapKey(h, &kwp, wrapping, private_key, wrapped, &n));
    ASSERT_OK(p11->C_UnwrapKey(h, &kwp, wrapping, wrapped, n, in, N_ELEMENTS(in), &back));
    ASSERT_RV(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_SignInit(h, &m, back));
}

static void device_that_fails(void **state)
{
    static uint8_t der[65536];
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    CK_ULONG n = sizeof(der);

    (void)state;
    make_ec(h, CK_FALSE, "fails", &public_key, &private_key);
    snp_control("fail=status:0x16");
    ASSERT_RV(CKR_DEVICE_ERROR, attest(h, private_key, "nonce", der, &n));
    assert_int_equal(n, sizeof(der));
    snp_control("fail=report-data"); /* an answer to another question */
    ASSERT_RV(CKR_DEVICE_ERROR, attest(h, private_key, "nonce", der, &n));
    snp_control("fail=none");
    ASSERT_OK(attest(h, private_key, "nonce", der, &n));
}

static void host_without_certificates(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_FALSE, "bare", &public_key, &private_key);
    snp_control("certificates=0");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence",
                   "--nonce " NONCE " --vek \"$SNP_EMULATOR_MOUNT/vcek.pem\" "
                   "--chain \"$SNP_EMULATOR_MOUNT/ask.pem\"");
    snp_control("certificates=1\nguid_mixed=1");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    snp_control("vlek_loaded=1");
    put_evidence(h, private_key, "evidence");
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE); /* by a cloud's key */
    put_file("policy", "{\"endorsement-keys\": [\"vcek\"]}", 30);
    assert_verdict(AGAINST_POLICY, "evidence", "--nonce " NONCE " --policy \"$SCRATCH/policy\"");
}

/* What the host does not hand out comes from the key distribution service, once, and is checked. */
static void command_fetches_certificates(void **state)
{
    static const char attest_fetch[] =
        "\"$TEE_PKCS11\" attest --nonce " NONCE " --out \"$SCRATCH/evidence\" --fetch "
        "--root \"$SNP_EMULATOR_MOUNT/ark.pem\" --cache \"$SCRATCH/cache\" --kds %s";
    /* The stand-in lives as long as its standard input; its first line is its port. */
    static const char with_service[] =
        "openssl x509 -in \"$SNP_EMULATOR_MOUNT/vcek.pem\" -outform DER -out \"$SCRATCH/vcek\" && "
        "mkfifo \"$SCRATCH/in\" && { python3 \"$TEE_TEST_SOURCE/tests/support/kds_stand_in.py\" "
        "--vcek \"$SCRATCH/vcek\" --chain \"$SNP_EMULATOR_MOUNT/ask.pem\" <\"$SCRATCH/in\" "
        ">\"$SCRATCH/log\" & exec 3>\"$SCRATCH/in\"; while ! [ -s \"$SCRATCH/log\" ]; do sleep "
        "0.1; "
        "done; url=http://127.0.0.1:$(head -n 1 \"$SCRATCH/log\")/ok; ";
    char line[2048];

    (void)state;
    snp_control("certificates=0");
    assert_int_equal(run(attest_fetch, "http://127.0.0.1:1"), 1);
    ASSERT_PRINTED("no certificates for the evidence");
    assert_int_equal(run("test -e \"$SCRATCH/evidence\""), 1);
    (void)snprintf(line, sizeof(line), attest_fetch, "\"$url\"");
    assert_int_equal(run("%s%s; code=$?; exec 3>&-; wait; exit $code; }", with_service, line), 0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    /* The service is gone; the VCEK is in the cache, its issuer's certificate too. */
    assert_int_equal(run(attest_fetch, "http://127.0.0.1:1"), 0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    assert_int_equal(run("\"$TEE_PKCS11\" attest --kds http://127.0.0.1:1"), 64);
    snp_control("certificates=1");
    assert_int_equal(run("\"$TEE_PKCS11\" attest --nonce " NONCE
                         " --out \"$SCRATCH/evidence\" --fetch "
                         "--cache \"$SCRATCH/none\" --kds http://127.0.0.1:1 "
                         "--root \"$SNP_EMULATOR_MOUNT/ark.pem\""),
                     0); /* the host's are enough */
    /* Under AMD's root the emulated chip's chain is no chain. */
    assert_int_equal(
        run("\"$TEE_PKCS11\" attest --out \"$SCRATCH/x\" --fetch --kds http://127.0.0.1:1"), 1);
}

/* The statement names every kind of seal that the store ever had. */
static void history_is_told(void **state)
{
    static uint8_t der[65536];
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    size_t n;

    (void)state;
    make_ec(h, CK_TRUE, "history", &public_key, &private_key);
    put_evidence(h, private_key, "evidence");
    n = get_file("evidence", der, sizeof(der));
    assert_non_null(memmem(der, n, "\x0c\x10sev-snp-emulated", 18));
    assert_null(memmem(der, n, "certificate", 11));
}

/* -- CKA_TEE_EVIDENCE
 * ------------------------------------------------------------------------------ */

static void generation_asks_nobody(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    const unsigned long long before = snp_count("requests");
    CK_ATTRIBUTE a = {CKA_TEE_EVIDENCE, NULL, 0};

    (void)state;
    make_ec(h, CK_TRUE, "quiet", &public_key, &private_key);
    ASSERT_RV(CKR_ATTRIBUTE_TYPE_INVALID, p11->C_GetAttributeValue(h, private_key, &a, 1));
    assert_int_equal(snp_count("requests"), before);
}

static void generation_makes_evidence(void **state)
{
    static uint8_t der[65536];
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    const unsigned long long before = snp_count("reports");
    CK_ATTRIBUTE a = {CKA_TEE_EVIDENCE, der, sizeof(der)};

    (void)state;
    make_ec(h, CK_TRUE, "loud", &public_key, &private_key);
    ASSERT_OK(p11->C_GetAttributeValue(h, private_key, &a, 1));
    assert_int_equal(snp_count("reports") - before, 1);
    put_file("evidence", der, a.ulValueLen);
    put_public_key(h, public_key, "key.der");
    assert_verdict(GENUINE, "evidence", "--key \"$SCRATCH/key.der\"");
    ASSERT_RV(CKR_ATTRIBUTE_READ_ONLY, p11->C_SetAttributeValue(h, private_key, &a, 1));
    make_ec(h, CK_FALSE, "in memory", &public_key, &private_key); /* token keys alone */
    assert_int_equal(snp_count("reports") - before, 1);
}

static void generation_without_evidence_fails(void **state)
{
    CK_MECHANISM gen = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE pub[] = {ATTR(CKA_EC_PARAMS, p256_params, sizeof(p256_params)),
                          ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "never")};
    CK_ATTRIBUTE priv[] = {ATTR_TRUE(CKA_TOKEN), ATTR_TEXT(CKA_LABEL, "never")};
    CK_OBJECT_HANDLE public_key = 5, private_key = 6;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    snp_control("fail=status:0x16");
    ASSERT_RV(CKR_DEVICE_ERROR,
              p11->C_GenerateKeyPair(h, &gen, pub, 3, priv, 2, &public_key, &private_key));
    assert_int_equal(public_key, 5);
    assert_int_equal(find_label(h, "never", NULL), 0);
}

/* -- the command
 * ----------------------------------------------------------------------------------- */

#define KEY_URI "'pkcs11:token=test%20token;object=web'"

static void command_attests_keys(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "web", &public_key, &private_key);
    put_public_key(h, public_key, "key.der");
    assert_int_equal(
        run("\"$TEE_PKCS11\" attest --key %s --pin-file \"$SCRATCH/pin\" --nonce " NONCE
            " --out \"$SCRATCH/evidence\"",
            KEY_URI),
        0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --key \"$SCRATCH/key.der\"");
    assert_int_equal(
        run("\"$TEE_PKCS11\" attest --key %s --pin-file \"$SCRATCH/pin\" --nonce " NONCE
            " --json --out \"$SCRATCH/evidence\"",
            KEY_URI),
        0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --key \"$SCRATCH/key.der\"");
    assert_int_equal(run("\"$TEE_PKCS11\" attest --key 'pkcs11:token=test%%20token;object=none' "
                         "--pin-file \"$SCRATCH/pin\" --out \"$SCRATCH/nothing\""),
                     2);
    ASSERT_PRINTED("0 private keys fit");
    assert_int_equal(run("\"$TEE_PKCS11\" attest --key 'pkcs11:token=test%%20token;object=web"
                         "?pin-value=1234'"),
                     64);
    assert_int_equal(run("test ! -e \"$SCRATCH/nothing\""), 0);
}

static void command_attests_files(void **state)
{
    (void)state;
    put_file("data", "attested data", 13);
    put_file("other", "attested date", 13);
    assert_int_equal(run("\"$TEE_PKCS11\" attest --file \"$SCRATCH/data\" --nonce " NONCE
                         " --out \"$SCRATCH/evidence\""),
                     0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --file \"$SCRATCH/data\" --max-age 300");
    assert_verdict(AGAINST_POLICY, "evidence", "--file \"$SCRATCH/other\"");
    assert_verdict(AGAINST_POLICY, "evidence",
                   "--file \"$SCRATCH/data\" --max-age 300 --time $(($(date +%s) + 400))");
}

static void command_attests_the_vm(void **state)
{
    (void)state;
    assert_int_equal(run("\"$TEE_PKCS11\" attest --nonce " NONCE " --out \"$SCRATCH/evidence\""),
                     0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    assert_int_equal(run("\"$TEE_PKCS11\" attest --report-data $(printf '%%0128d' 7) --out "
                         "\"$SCRATCH/evidence\""),
                     0);
    assert_verdict(GENUINE, "evidence", "--report-data $(printf '%0128d' 7)");
    assert_verdict(AGAINST_POLICY, "evidence", "--report-data $(printf '%0128d' 8)");
    assert_int_equal(run("\"$TEE_PKCS11\" attest --report-data 00"), 64);
    assert_int_equal(run("\"$TEE_PKCS11\" attest --nonce 0g"), 64);
    assert_int_equal(run("\"$TEE_PKCS11\" attest --nonce 00 --report-data 00"), 64);
}

/* Every product and version of report that there is; version 2 does not say its product. */
static void every_report(void **state)
{
    static const char *const machines[] = {
        "report_version=3",
        "report_version=4",
        "report_version=5",
        "product=genoa\nlaunch=1",
        "product=turin\nchip=0102030405060708\nlaunch=1",
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(machines); i++) {
        snp_control(machines[i]);
        assert_int_equal(
            run("\"$TEE_PKCS11\" attest --nonce " NONCE " --out \"$SCRATCH/evidence\""), 0);
        assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
    }
    /* nor is there more than the length of its CHIP_ID to tell it from a Turin */
    snp_control("product=milan\nchip=010203040506070809\nreport_version=2\nlaunch=1");
    assert_int_equal(run("\"$TEE_PKCS11\" attest --nonce " NONCE " --out \"$SCRATCH/evidence\""),
                     0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE);
}

/* The extension of the request is evidence about the request's own key. */
static void request_carries_evidence(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ec(h, CK_TRUE, "web", &public_key, &private_key);
    assert_int_equal(
        run("\"$TEE_PKCS11\" csr --key %s --pin-file \"$SCRATCH/pin\" --subject CN=web "
            "--subject O=Example --san DNS:web.example --nonce " NONCE
            " --out \"$SCRATCH/csr.pem\"",
            KEY_URI),
        0);
    assert_int_equal(
        run("openssl req -in \"$SCRATCH/csr.pem\" -verify -noout -text -nameopt oneline"), 0);
    ASSERT_PRINTED("CN = web, O = Example");
    ASSERT_PRINTED("DNS:web.example");
    ASSERT_PRINTED(TEE_EVIDENCE_OID);
    assert_int_equal(
        run("openssl req -in \"$SCRATCH/csr.pem\" -pubkey -noout >\"$SCRATCH/key.pem\" "
            "&& at=$(openssl asn1parse -in \"$SCRATCH/csr.pem\" | sed -n '/%s/{n;p;}' | "
            "sed 's/:.*//') && openssl asn1parse -in \"$SCRATCH/csr.pem\" -strparse $at "
            "-noout -out \"$SCRATCH/evidence\"",
            TEE_EVIDENCE_OID),
        0);
    assert_verdict(GENUINE, "evidence", "--nonce " NONCE " --key \"$SCRATCH/key.pem\"");
    assert_int_equal(
        run("\"$TEE_PKCS11\" csr --key %s --pin-file \"$SCRATCH/pin\" --subject web", KEY_URI), 64);
}

static void requests_of_every_type(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_rsa(h, 2048, CK_TRUE, "rsa", &public_key, &private_key);
    make_ed25519(h, CK_TRUE, "ed", &public_key, &private_key);
    assert_int_equal(run("for key in rsa ed; do \"$TEE_PKCS11\" csr --key "
                         "\"pkcs11:token=test%%20token;object=$key\" --pin-file \"$SCRATCH/pin\" "
                         "--subject CN=$key --no-evidence --out \"$SCRATCH/$key.pem\" && "
                         "openssl req -in \"$SCRATCH/$key.pem\" -verify -noout || exit 1; done"),
                     0);
}

/* A checkpoint of the audit log, and that its key is one of this token. */
static void checkpoint_is_attested(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();

    (void)state;
    make_ed25519(h, CK_TRUE, "log", &public_key, &private_key);
    put_public_key(h, public_key, "key.der");
    assert_int_equal(
        run("cd \"$SCRATCH\" && log=\"pkcs11:token=test%%20token;object=log\" && "
            "\"$TEE_PKCS11\" audit checkpoint --key \"$log\" --pin-file pin --vkey >vkey && "
            "\"$TEE_PKCS11\" audit checkpoint --key \"$log\" --pin-file pin --evidence evidence "
            "--out note && \"$TEE_PKCS11\" audit verify --checkpoint note --key \"$(cat vkey)\""),
        0);
    assert_verdict(GENUINE, "evidence",
                   "--key \"$SCRATCH/key.der\" --max-age 300 --nonce "
                   "$(head -n 3 \"$SCRATCH/note\" | sha256sum | cut -c1-64)");
    assert_verdict(AGAINST_POLICY, "evidence",
                   "--nonce $(head -n 2 \"$SCRATCH/note\" | sha256sum | cut -c1-64)");
    /* Where there can be no note the evidence of the last one stays. */
    assert_int_equal(run("cd \"$SCRATCH\" && cp evidence before && "
                         "\"$TEE_PKCS11\" audit checkpoint --key "
                         "\"pkcs11:token=test%%20token;object=log\" --pin-file pin "
                         "--evidence evidence --out /dev/null"),
                     1);
    ASSERT_PRINTED("/dev/null: no regular file");
    assert_int_equal(run("cd \"$SCRATCH\" && cmp evidence before && "
                         "[ \"$(echo evidence*)\" = evidence ]"),
                     0);
}

/* -- without hardware
 * ------------------------------------------------------------------------------ */

static int setup_software(void **state)
{
    (void)setup_token(state);
    return 0;
}

static void software_can_not(void **state)
{
    static uint8_t der[65536];
    CK_OBJECT_HANDLE public_key, private_key;
    CK_SESSION_HANDLE h = open_user();
    CK_ULONG n = sizeof(der);

    (void)state;
    make_ec(h, CK_FALSE, "soft", &public_key, &private_key);
    ASSERT_RV(CKR_FUNCTION_NOT_SUPPORTED, attest(h, private_key, "nonce", der, &n));
    assert_int_equal(run("\"$TEE_PKCS11\" attest --out \"$SCRATCH/evidence\""), 2);
    ASSERT_PRINTED("can't attest");
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }
#define ATTESTING_TEST(name, fn)                                                                   \
    {                                                                                              \
        name, fn, setup_attesting, teardown, NULL                                                  \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/attest/key/accepted", key_is_attested),
        TEST("/attest/key/of-every-type", every_type_of_key),
        TEST("/attest/key/is-made-once", is_made_once),
        TEST("/attest/key/nonce-changed", nonce_changed),
        TEST("/attest/key/replayed-later", replayed_later),
        TEST("/attest/key/another-key", another_key),
        TEST("/attest/key/flipped-anywhere", flipped_anywhere),
        TEST("/attest/key/imported-is-refused", imported_is_refused),
        TEST("/attest/key/extractable-is-refused", extractable_is_refused),
        TEST("/attest/key/usages-are-told", usages_are_told),
        TEST("/attest/key/unwrapped-is-refused", unwrapped_is_refused),
        TEST("/attest/key/device-that-fails", device_that_fails),
        TEST("/attest/key/certificates-of-the-host", host_without_certificates),
        TEST("/attest/key/history-is-told", history_is_told),
        TEST("/attest/generation/asks-nobody", generation_asks_nobody),
        ATTESTING_TEST("/attest/generation/makes-evidence", generation_makes_evidence),
        ATTESTING_TEST("/attest/generation/fails-without", generation_without_evidence_fails),
        TEST("/attest/command/keys", command_attests_keys),
        TEST("/attest/command/files", command_attests_files),
        TEST("/attest/command/vm", command_attests_the_vm),
        TEST("/attest/command/fetches-certificates", command_fetches_certificates),
        TEST("/attest/command/every-report", every_report),
        TEST("/attest/csr/carries-evidence", request_carries_evidence),
        TEST("/attest/csr/of-every-type", requests_of_every_type),
        TEST("/attest/checkpoint/of-the-audit-log", checkpoint_is_attested),
        {"/attest/software/can-not", software_can_not, setup_software, teardown_module, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
