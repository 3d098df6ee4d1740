/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-device.c - a store of the SEV-SNP root in a world that fails: opening it, logging in, and
 * attesting a key, with each of the module's calls of the system (open, ioctl, read and so on),
 * memory, LMDB and OpenSSL failing alone. It is done, or refused by a code that says what failed,
 * and nothing is sealed anew, attested or locked for it: then the same is done.
 *
 * On the emulated device (with-snp-emulator.sh). Every seventh call fails, under TEE_TEST_LONG
 * every one; each ioctl() always.
 */
#include <stdlib.h>
#include <string.h>

#include "fault/step.h"
#include "fault/world.h"
#include "support/sanitized.h"
#include "support/snp_module.h"

static CK_OBJECT_HANDLE key;
static CK_SESSION_HANDLE session;
static unsigned n_faults, n_refused, n_ioctls, n_ioctls_refused;

static CK_RV start_up(void)
{
    STEP(p11->C_Initialize(NULL));
    STEP(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session));
    return p11->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)USER_PIN, strlen(USER_PIN));
}

static CK_RV before_start_up(void)
{
    const CK_RV rv = p11->C_Finalize(NULL);

    return rv == CKR_CRYPTOKI_NOT_INITIALIZED ? CKR_OK : rv;
}

static CK_RV attest(void)
{
    static uint8_t evidence[65536];
    CK_MECHANISM m = {CKM_TEE_ATTEST_KEY, NULL, 0};
    CK_BYTE nonce[] = "a nonce";
    CK_ULONG n = sizeof(evidence);

    STEP(p11->C_SignInit(session, &m, key));
    STEP(p11->C_Sign(session, nonce, sizeof(nonce), evidence, &n));
    return n > 1184 ? CKR_OK : CKR_GENERAL_ERROR; /* more than a report */
}

/* A session with the key, and no operation in it. */
static CK_RV before_attest(void)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE v = ATTR_OBJ(CKA_CLASS, class);

    STEP(before_start_up());
    STEP(start_up());
    return find_objects(session, &v, 1, &key) == 1 ? CKR_OK : CKR_GENERAL_ERROR;
}

static const struct use {
    const char *name;
    CK_RV (*before)(void);
    CK_RV (*run)(void);
} uses[] = {
    {"C_Initialize to C_Login", before_start_up, start_up},
    {"attestation of a key", before_attest, attest},
};

/* Returns whether the turn of call `number` came. */
static bool try_it(const struct use *u, unsigned kinds, unsigned number)
{
    const char *last = NULL;
    unsigned n;
    CK_RV rv;

    ASSERT_OK(u->before());
    world_break(number, 0, kinds);
    rv = u->run();
    n = world_mend(&last);
    if (rv != CKR_OK && (n == 0 || !world_explains(kinds, rv)))
        fail_msg("%s, call %u of kinds %u: 0x%lx, after a fault in %s", u->name, number, kinds, rv,
                 last != NULL ? last : "nothing");
    if (n > 0 && strcmp(last, "ioctl") == 0) {
        n_ioctls++;
        n_ioctls_refused += rv != CKR_OK; /* a seal is moved forward when it can be */
    }
    n_faults += n;
    n_refused += rv != CKR_OK;
    ASSERT_OK(u->before());
    ASSERT_OK(u->run());
    return n > 0;
}

static void test_device(void **state)
{
    const unsigned step = getenv("TEE_TEST_LONG") != NULL ? 1 : SANITIZED ? 23 : 7;
    CK_TOKEN_INFO info;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(uses); i++) {
        for (unsigned number = 1; try_it(&uses[i], FAULT_SYSTEM, number);)
            number++;
        for (unsigned number = 1; try_it(&uses[i], FAULT_ALL, number);)
            number += step;
    }
    print_message("%u calls failed alone, and %u were refused for it; of ioctl() %u and %u\n",
                  n_faults, n_refused, n_ioctls, n_ioctls_refused);
    assert_true(n_ioctls_refused > 1 && n_refused > n_faults / 4);
    ASSERT_OK(p11->C_GetTokenInfo(0, &info));
    assert_int_equal(info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_LOCKED), 0);
}

static int setup(void **state)
{
    CK_OBJECT_HANDLE public_key;

    (void)state;
    snp_module_start("unseal-cache = 0\nattest-keys = yes\n");
    token_make();
    make_ec(open_user(), CK_TRUE, "attested", &public_key, &key);
    close_all();
    world_find();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    snp_module_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/fault/device", test_device, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
