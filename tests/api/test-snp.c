/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-snp.c - what happens to a machine, and what the module and `status` say to it: updates,
 * roll-backs, another chip, image or policy, a host that withholds its keys or throttles. Through
 * real ioctls of the emulated device (with-snp-emulator.sh).
 */
#include "support/snp_module.h"

#include <stdio.h>
#include <string.h>

/* The cache would hide what changes within a minute; it has its own test. */
#define NO_CACHE "unseal-cache = 0\n"
#define OWNER                                                                                      \
    NO_CACHE "binding = owner\nid-key-digest = "                                                   \
             "1d0000000000000000000000000000000000000000000000"                                    \
             "000000000000000000000000000000000000000000000000\n"
#define OWNED "id_key_digest=1d\nguest_svn=3\nfamily_id=fa\nimage_id=1a\n"

static int setup(void **state)
{
    (void)state;
    snp_module_start(NO_CACHE);
    token_make();
    return 0;
}

static int setup_owner(void **state)
{
    (void)state;
    snp_module_start(OWNER);
    snp_control(OWNED);
    token_make();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    snp_module_stop();
    return 0;
}

/* A session opens and the user gets in; `status` says so. */
static void assert_opens(void)
{
    snp_module_again();
    (void)open_user();
    close_all();
    assert_int_equal(run("\"$TEE_PKCS11\" status"), 0);
    ASSERT_PRINTED("opened by sev-snp-emulated");
}

/* No session opens; the token is still shown; `status` has the reason and the way out. */
static void assert_refuses(const char *why)
{
    CK_SESSION_HANDLE h = 77;
    CK_TOKEN_INFO info;

    snp_module_again();
    ASSERT_RV(CKR_DEVICE_ERROR,
              p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &h));
    assert_int_equal(h, 77);
    ASSERT_RV(CKR_SESSION_HANDLE_INVALID,
              p11->C_Login(h, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN)));
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_true((info.flags & CKF_TOKEN_INITIALIZED) != 0);
    assert_int_not_equal(run("\"$TEE_PKCS11\" status"), 0);
    ASSERT_PRINTED("CANNOT BE OPENED HERE");
    ASSERT_PRINTED(why);
    ASSERT_PRINTED("tee-pkcs11 recover");
}

static void image_update(void **state)
{
    (void)state;
    snp_control("measurement=b1b2b3\nlaunch=1");
    assert_refuses("sealed to measurement a1a2a3");
    snp_control("measurement=a1a2a3\nlaunch=1");
    assert_opens();
}

static void tcb_update_and_rollback(void **state)
{
    (void)state;
    snp_control("tcb=3.0.11.100"); /* and SNP_COMMIT */
    assert_opens();
    ASSERT_PRINTED("TCB 640b000000000003"); /* sealed again, forward */
    snp_control("tcb=3.0.10.100");
    assert_refuses("rolled back");
    snp_control("current_tcb=3.0.12.100\ncommitted_tcb=3.0.11.100"); /* provisional firmware */
    assert_opens();
    ASSERT_PRINTED("TCB 640b000000000003"); /* which can be taken back: not sealed to */
}

static void svn_bump(void **state)
{
    (void)state;
    snp_control("measurement=b1b2b3\nlaunch=1"); /* another image of the owner */
    assert_opens();
    ASSERT_PRINTED("from guest SVN 3 on");
    snp_control("guest_svn=4\nlaunch=1");
    assert_opens();
    ASSERT_PRINTED("from guest SVN 4 on");
    snp_control("guest_svn=3\nlaunch=1");
    assert_refuses("sealed at guest SVN 4, this image is launched with 3");
    snp_control("guest_svn=4\nid_key_digest=\nlaunch=1");
    assert_refuses("without an ID block");
}

static void chip_change(void **state)
{
    (void)state;
    snp_control("chip=02\nlaunch=1");
    assert_refuses("sealed on chip 01");
    snp_control("mask_chip_id=1");
    assert_refuses("the host hides the identity of the chip");
    snp_control("chip=01\nmask_chip_id=0\nlaunch=1");
    assert_opens();
}

static void policy_change(void **state)
{
    (void)state;
    snp_control("policy=0xb0000\nlaunch=1");
    assert_refuses("DEBUG allowed");
    snp_control("policy=0x20000\nlaunch=1");
    assert_refuses("sealed under policy 0x30000");
    snp_control("policy=0x30000\nlaunch=1");
    assert_opens();
}

static void host_data_change(void **state)
{
    (void)state;
    snp_control("host_data=77\nlaunch=1");
    assert_refuses("HOST_DATA");
    snp_control("host_data=\nlaunch=1");
    assert_opens();
}

/* A VLEK that the host loads changes nothing for a key of the VCEK, and none of it is asked for. */
static void vlek_loaded(void **state)
{
    (void)state;
    snp_control("vlek_loaded=1");
    assert_opens();
    snp_control("vcek_disabled=1\nlaunch=1");
    assert_refuses("chip-key-refused");
    snp_control("vlek_loaded=0\nvcek_disabled=0\nlaunch=1");
    assert_opens();
}

static void mask_chip_key(void **state)
{
    (void)state;
    snp_control("mask_chip_key=1");
    assert_refuses("MASK_CHIP_KEY");
    snp_control("mask_chip_key=0");
    assert_opens();
}

/* A request that the host spoils costs the channel; what is said names it. */
static void vmpck_lost(void **state)
{
    (void)state;
    snp_control("fail=ebadmsg\nfail_times=1");
    assert_refuses("vmpck-lost"); /* the module met the failure, the command what it left */
    snp_control("reload=1");
    assert_opens();
}

/* -- a host that throttles -----------------------------------------------------------------------
 */

#define PROCESSES 50

static int sign_once(void *arg)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE search[] = {ATTR_OBJ(CKA_CLASS, class), ATTR_TEXT(CKA_LABEL, "short")};
    CK_MECHANISM m = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE key = 0;
    uint8_t hash[32] = {1}, signature[64];
    CK_ULONG n = sizeof(signature);
    CK_SESSION_HANDLE h;

    (void)arg;
    ASSERT_OK(p11->C_Initialize(NULL));
    h = open_user();
    if (find_objects(h, search, N_ELEMENTS(search), &key) != 1)
        return 2;
    ASSERT_OK(p11->C_SignInit(h, &m, key));
    ASSERT_OK(p11->C_Sign(h, hash, sizeof(hash), signature, &n));
    ASSERT_OK(p11->C_Finalize(NULL));
    return n == sizeof(signature) ? 0 : 3;
}

static void throttled_short_processes(void **state)
{
    CK_OBJECT_HANDLE public_key, private_key;
    unsigned long long keys, requests;

    (void)state;
    snp_module_again();
    make_ec(open_user(), CK_TRUE, "short", &public_key, &private_key);
    ASSERT_OK(p11->C_Finalize(NULL));
    assert_int_equal(run("echo 'unseal-cache = 600' >>\"$SCRATCH/conf\""), 0);
    snp_control("delay_ms=2000");
    keys = snp_count("keys");
    requests = snp_count("requests");
    for (int i = 0; i < PROCESSES; i++)
        assert_int_equal(in_child(sign_once, NULL), 0);
    snp_control("delay_ms=0");
    /* one derivation, and the report that says whether the platform moved on */
    assert_int_equal(snp_count("keys") - keys, 1);
    assert_int_equal(snp_count("requests") - requests, 2);
    ASSERT_OK(p11->C_Initialize(NULL));
}

#define TEST(name, fn)                                                                             \
    {                                                                                              \
        name, fn, setup, teardown, NULL                                                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/snp/image-update", image_update),
        TEST("/snp/tcb-update-and-rollback", tcb_update_and_rollback),
        {"/snp/svn-bump", svn_bump, setup_owner, teardown, NULL},
        TEST("/snp/chip-change", chip_change),
        TEST("/snp/policy-change", policy_change),
        TEST("/snp/host-data-change", host_data_change),
        TEST("/snp/vlek-loaded", vlek_loaded),
        TEST("/snp/mask-chip-key", mask_chip_key),
        TEST("/snp/vmpck-lost", vmpck_lost),
        TEST("/snp/throttled-short-processes", throttled_short_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
