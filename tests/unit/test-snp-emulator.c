/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-snp-emulator.c - the emulated device itself: does it refuse, mix, sign and fail as a real
 * SEV-SNP guest device does? What is tested through it is worth no more than this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "root/snp_abi.h"
#include "snp_chain.h"
#include "snp_emulator.h"

#define TCB       UINT64_C(0xdb18000000000004)
#define PROFILE_A 0x29u
#define VMRK      1u
#define VCEK      2u
#define VLEK      4u

static int setup(void **state)
{
    *state = emulator_new();
    return *state != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    emulator_free(*state);
    return 0;
}

static void set(struct emulator *e, const char *lines)
{
    assert_true(emulator_control(e, lines));
}

static int ask(struct emulator *e, unsigned long number, const void *request, void *response)
{
    struct snp_ioctl arg = {
        .msg_version = 1,
        .req_data = (uint64_t)(uintptr_t)request,
        .resp_data = (uint64_t)(uintptr_t)response,
    };
    bool written;

    return emulator_ioctl(e, number, &arg, &written, &snp_memory_own);
}

/* The status; the key, all zero unless the status is 0. */
static uint32_t key(struct emulator *e, struct snp_key_request r, uint8_t ret[32])
{
    struct snp_key_response response;

    assert_int_equal(ask(e, SNP_IOC_DERIVED_KEY, &r, &response), 0);
    assert_int_equal(mem_is_zero(response.key, 32), response.status != 0);
    memcpy(ret, response.key, 32);
    return response.status;
}

static uint32_t status(struct emulator *e, struct snp_key_request r)
{
    uint8_t ignored[32];

    return key(e, r, ignored);
}

static struct snp_key_request profile_a(void)
{
    return (struct snp_key_request){
        .root_key_select = VCEK, .guest_field_select = PROFILE_A, .tcb_version = TCB};
}

/* ---- MSG_KEY_REQ: refusals ---- */

static void test_key_refusals(void **state)
{
    static const struct {
        const char *lines;
        uint32_t select, rsvd;
        uint64_t fields;
        uint32_t vmpl, svn;
        uint64_t tcb;
        uint32_t status;
    } cases[] = {
        {"", VCEK, 0, 0x29, 0, 0, TCB, 0},
        {"", VCEK, 1, 0x29, 0, 0, TCB, 0x16},        /* rsvd */
        {"", 8, 0, 0x29, 0, 0, TCB, 0x16},           /* unknown select bit */
        {"", 0x80000002, 0, 0x29, 0, 0, TCB, 0x16},  /* unknown select bit */
        {"", VMRK | VCEK, 0, 0x29, 0, 0, TCB, 0x16}, /* KEY_SEL means nothing with a VMRK */
        {"", 6, 0, 0x29, 0, 0, TCB, 0x27},           /* KEY_SEL 3 */
        {"", VLEK, 0, 0x29, 0, 0, TCB, 0x27},        /* none loaded */
        {"", VCEK, 0, 0x40, 0, 0, TCB, 0x16},        /* unknown field */
        {"", VCEK, 0, UINT64_C(1) << 63, 0, 0, TCB, 0x16},
        {"", VCEK, 0, 0x29, 4, 0, TCB, 0x16},          /* VMPL */
        {"vmpck=1\n", VCEK, 0, 0x29, 0, 0, TCB, 0x16}, /* below the VMPCK */
        {"", VCEK, 0, 0x29, 1, 0, TCB, 0},
        {"vmpck=0\n", VCEK, 0, 0x10, 0, 1, 0, 0x16}, /* SVN without ID block */
        {"guest_svn=5\n", VCEK, 0, 0x10, 0, 5, 0, 0x16},
        {"id_key_digest=01\n", VCEK, 0, 0x10, 0, 5, 0, 0},
        {"", VCEK, 0, 0x10, 0, 6, 0, 0x16},
        {"id_key_digest=\n", VCEK, 0, 0x20, 0, 0, 0, 0},
        {"", VCEK, 0, 0x20, 0, 0, 5, 0x16}, /* boot loader 5 > 4: as an integer less */
        {"", VCEK, 0, 0x20, 0, 0, 4, 0},
        {"", VCEK, 0, 0x20, 0, 0, TCB + 1, 0x16},
        {"", VCEK, 0, 0x20, 0, 0, 0x10000, 0x16}, /* byte 2 of a Milan */
        {"", VCEK, 0, 0x00, 0, 0, 5, 0},          /* the TCB is not looked at */
        {"product=turin\n", VCEK, 0, 0x20, 0, 0, 0x10000, 0},
        {"", VCEK, 0, 0x20, 0, 0, UINT64_C(0x100000000), 0x16},
        {"product=milan\nvcek_disabled=1\n", VCEK, 0, 0x29, 0, 0, TCB, 0x27},
        {"", 0, 0, 0x29, 0, 0, TCB, 0x27}, /* auto, no VLEK: VCEK */
        {"vlek_loaded=1\n", 0, 0, 0x29, 0, 0, TCB, 0},
        {"", VLEK, 0, 0x29, 0, 0, TCB, 0},
        {"vcek_disabled=0\nmask_chip_key=1\n", VLEK, 0, 0x29, 0, 0, TCB, 0x27},
        {"", VCEK, 0, 0x29, 0, 0, TCB, 0x27},
        {"", VMRK, 0, 0x29, 0, 0, TCB, 0}, /* not rooted in the chip */
        {"mask_chip_key=0\nhas_key_select=0\n", VCEK, 0, 0x29, 0, 0, TCB, 0x16},
        {"", 0, 0, 0x29, 0, 0, TCB, 0},
    };
    struct emulator *e = *state;

    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        const struct snp_key_request r = {cases[i].select, cases[i].rsvd, cases[i].fields,
                                          cases[i].vmpl,   cases[i].svn,  cases[i].tcb};

        set(e, cases[i].lines);
        if (status(e, r) != cases[i].status)
            fail_msg("case %zu: not status 0x%x", i, cases[i].status);
    }
}

/* ---- MSG_KEY_REQ: what is mixed ---- */

static void assert_changes(struct emulator *e, struct snp_key_request r, const char *there,
                           const char *back, bool expected)
{
    uint8_t a[32];
    uint8_t b[32];

    assert_int_equal(key(e, r, a), 0);
    set(e, there);
    assert_int_equal(key(e, r, b), 0);
    set(e, back);
    if ((memcmp(a, b, 32) != 0) != expected)
        fail_msg("%s with fields 0x%llx", there, (unsigned long long)r.guest_field_select);
}

/* Each field of the launch counts where its bit is set, and only there. */
static void test_key_fields_are_mixed_when_asked(void **state)
{
    static const struct {
        uint64_t bit;
        const char *there, *back;
    } fields[] = {
        {0x01, "policy=0xb0000\n", "policy=0x30000\n"},
        {0x02, "image_id=01\n", "image_id=\n"},
        {0x04, "family_id=01\n", "family_id=\n"},
        {0x08, "measurement=01\n", "measurement=\n"},
    };
    struct emulator *e = *state;

    set(e, "measurement=\n");
    for (size_t i = 0; i < N_ELEMENTS(fields); i++) {
        for (uint64_t mask = 0; mask < 0x40; mask++) {
            struct snp_key_request r = profile_a();

            r.guest_field_select = mask;
            assert_changes(e, r, fields[i].there, fields[i].back, (mask & fields[i].bit) != 0);
        }
    }
}

static void test_key_always_mixed(void **state)
{
    static const char *const always[][2] = {
        {"chip=02\n", "chip=01\n"},
        {"host_data=01\n", "host_data=\n"},
        {"id_key_digest=01\n", "id_key_digest=\n"},
    };
    struct emulator *e = *state;
    struct snp_key_request r = profile_a();

    for (size_t i = 0; i < N_ELEMENTS(always); i++) {
        r.guest_field_select = 0;
        assert_changes(e, r, always[i][0], always[i][1], true);
        r.guest_field_select = PROFILE_A;
        assert_changes(e, r, always[i][0], always[i][1], true);
    }
    /* an author key stands above the ID key, which may change under it */
    set(e, "id_key_digest=01\n");
    assert_changes(e, r, "author_key_digest=02\n", "", true);
    assert_changes(e, r, "id_key_digest=03\n", "", false);
    /* an author key whose digest is the ID key's is not the ID key */
    set(e, "id_key_digest=02\nauthor_key_digest=\n");
    assert_changes(e, r, "id_key_digest=01\nauthor_key_digest=02\n", "", true);
}

static void test_key_request_is_mixed(void **state)
{
    struct emulator *e = *state;
    uint8_t keys[8][32];
    struct snp_key_request r[8];

    set(e, "id_key_digest=01\nguest_svn=5\n");
    for (size_t i = 0; i < N_ELEMENTS(r); i++)
        r[i] = profile_a();
    r[1].vmpl = 1;
    r[2].guest_field_select = 0x2b; /* image id zero: the mask itself counts */
    r[3].tcb_version = TCB - 1;
    r[4].root_key_select = VMRK;
    r[5].guest_field_select = 0x39;
    r[6].guest_field_select = 0x39;
    r[6].guest_svn = 5;
    r[7].guest_field_select = 0x09;
    for (size_t i = 0; i < N_ELEMENTS(r); i++) {
        assert_int_equal(key(e, r[i], keys[i]), 0);
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(keys[i], keys[j], 32);
    }
    /* an SVN that is named without its bit counts for nothing */
    r[0].guest_svn = 3;
    assert_int_equal(key(e, r[0], keys[1]), 0);
    assert_memory_equal(keys[0], keys[1], 32);
}

/* With the TCB named the key outlives updates; without, it goes with what the host reports. */
static void test_key_and_tcb(void **state)
{
    struct emulator *e = *state;
    struct snp_key_request r = profile_a();

    assert_changes(e, r, "tcb=4.0.24.220\n", "tcb=4.0.24.219\n", false);
    r.guest_field_select &= ~UINT64_C(0x20);
    assert_changes(e, r, "tcb=4.0.24.220\n", "tcb=4.0.24.219\n", true);
    assert_changes(e, r, "reported_tcb=4.0.24.218\n", "tcb=4.0.24.219\n", true);
}

static void test_key_roots(void **state)
{
    struct emulator *e = *state;
    struct snp_key_request r = profile_a();
    uint8_t vcek[32];
    uint8_t chosen[32];

    /* VCEK: a VLEK changes nothing. Auto: the host swaps the root. */
    assert_changes(e, r, "vlek_loaded=1\n", "vlek_loaded=0\n", false);
    assert_int_equal(key(e, r, vcek), 0);
    r.root_key_select = 0;
    assert_int_equal(key(e, r, chosen), 0);
    assert_memory_equal(vcek, chosen, 32);
    assert_changes(e, r, "vlek_loaded=1\n", "", true);
    /* VLEK: the same on another chip; gone with another TCB. */
    r.root_key_select = VLEK;
    assert_changes(e, r, "chip=02\n", "chip=01\n", false);
    assert_changes(e, r, "reported_tcb=4.0.24.200\n", "tcb=4.0.24.219\n", true);
    /* VMRK: another with each launch. */
    r.root_key_select = VMRK;
    assert_changes(e, r, "launch=1\n", "", true);
}

/* ---- MSG_REPORT_REQ ---- */

static uint32_t report(struct emulator *e, struct snp_report_request r,
                       struct snp_report_response *ret)
{
    assert_int_equal(ask(e, SNP_IOC_REPORT, &r, ret), 0);
    assert_int_equal(ret->report_size, ret->status == 0 ? 1184 : 0);
    return ret->status;
}

static void test_report_refusals(void **state)
{
    struct emulator *e = *state;
    struct snp_report_response out;

    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 3}, &out), 0);
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 4}, &out), 0x16);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {4}}, &out), 0x16);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {0, 1}}, &out), 0x16);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {[27] = 1}}, &out), 0x16);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {2}}, &out), 0x27);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {3}}, &out), 0x27);
    set(e, "vcek_disabled=1\n");
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {1}}, &out), 0x27);
    set(e, "vmpck=2\nvcek_disabled=0\n");
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 1}, &out), 0x16);
    assert_true(mem_is_zero(out.report, sizeof(out.report)));
}

/* The certificate, which the caller frees. */
static X509 *certificate(struct emulator *e, enum snp_certificate which)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    BIO *bio;
    X509 *cert;

    assert_true(emulator_certificate(e, which, &pem));
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    assert_non_null(bio);
    cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(cert);
    (void)BIO_free(bio);
    return cert;
}

/* OpenSSL's verdict on the signature of a report under a certificate. */
static int report_verify(X509 *cert, const uint8_t *bytes)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t *der = NULL;
    int n;
    int verdict;

    assert_int_equal(ECDSA_SIG_set0(sig, BN_lebin2bn(bytes + 0x2a0, 72, NULL),
                                    BN_lebin2bn(bytes + 0x2e8, 72, NULL)),
                     1);
    n = i2d_ECDSA_SIG(sig, &der);
    assert_true(n > 0);
    assert_int_equal(
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA384", NULL, NULL, X509_get0_pubkey(cert), NULL), 1);
    verdict = EVP_DigestVerify(ctx, der, (size_t)n, bytes, 0x2a0);
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    ECDSA_SIG_free(sig);
    return verdict;
}

/* The leaf chains to the root alone through the intermediate; all three are freed. */
static bool chains(struct emulator *e, enum snp_certificate leaf, enum snp_certificate between)
{
    X509 *certs[] = {certificate(e, leaf), certificate(e, between), certificate(e, SNP_CERT_ARK)};
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    bool good;

    assert_int_equal(X509_STORE_add_cert(store, certs[2]), 1);
    assert_int_equal(X509_STORE_set_flags(store, X509_V_FLAG_CHECK_SS_SIGNATURE), 1);
    assert_true(sk_X509_push(untrusted, certs[1]) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, certs[0], untrusted), 1);
    good = X509_verify_cert(ctx) == 1;
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(untrusted);
    for (size_t i = 0; i < N_ELEMENTS(certs); i++)
        X509_free(certs[i]);
    return good;
}

static void test_report_is_signed(void **state)
{
    static const char *const products[] = {"product=milan\n", "product=genoa\n", "product=turin\n"};
    struct emulator *e = *state;
    struct snp_report_response out;

    set(e, "chip=0102030405060708\n");
    for (size_t i = 0; i < N_ELEMENTS(products); i++) {
        X509 *vcek;

        set(e, products[i]);
        vcek = certificate(e, SNP_CERT_VCEK);
        assert_int_equal(report(e, (struct snp_report_request){.vmpl = 1}, &out), 0);
        assert_int_equal(report_verify(vcek, out.report), 1);
        assert_true(mem_is_zero(out.report + 0x330, 1184 - 0x330));
        out.report[0x90] ^= 1;
        assert_int_equal(report_verify(vcek, out.report), 0);
        assert_true(chains(e, SNP_CERT_VCEK, SNP_CERT_ASK));
        assert_false(chains(e, SNP_CERT_VCEK, SNP_CERT_ASVK));
        X509_free(vcek);
    }
}

static void test_report_by_vlek(void **state)
{
    struct emulator *e = *state;
    struct snp_report_response out;
    X509 *vcek;
    X509 *vlek;

    set(e, "vlek_loaded=1\nmask_chip_id=1\n");
    vcek = certificate(e, SNP_CERT_VCEK);
    vlek = certificate(e, SNP_CERT_VLEK);
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 0}, &out), 0);
    assert_int_equal(out.report[0x48], 1 << 2);
    assert_true(mem_is_zero(out.report + 0x1a0, 64));
    assert_int_equal(report_verify(vlek, out.report), 1);
    assert_int_equal(report_verify(vcek, out.report), 0);
    assert_int_equal(report(e, (struct snp_report_request){.rsvd = {1}}, &out), 0);
    assert_int_equal(report_verify(vcek, out.report), 1);
    assert_true(chains(e, SNP_CERT_VLEK, SNP_CERT_ASVK));
    set(e, "mask_chip_key=1\n");
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 0}, &out), 0);
    assert_int_equal(out.report[0x48], 7 << 2 | 2);
    assert_true(mem_is_zero(out.report + 0x2a0, 512));
    X509_free(vcek);
    X509_free(vlek);
}

/* What must be zero in each version is. */
static void test_report_versions(void **state)
{
    struct emulator *e = *state;
    struct snp_report_response out;

    set(e, "product=genoa\nreport_version=2\n");
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 0}, &out), 0);
    assert_true(mem_is_zero(out.report + 0x188, 0x18));
    assert_true(mem_is_zero(out.report + 0x1f8, 0x2a0 - 0x1f8));
    set(e, "report_version=3\n");
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 0}, &out), 0);
    assert_false(mem_is_zero(out.report + 0x188, 3));
    assert_true(mem_is_zero(out.report + 0x18b, 21));
    assert_true(mem_is_zero(out.report + 0x1f8, 0x2a0 - 0x1f8));
    set(e, "report_version=5\n");
    assert_int_equal(report(e, (struct snp_report_request){.vmpl = 0}, &out), 0);
    assert_false(mem_is_zero(out.report + 0x1f8, 16));
    assert_true(mem_is_zero(out.report + 0x208, 0x2a0 - 0x208));
}

/* ---- SNP_GET_EXT_REPORT ---- */

static void test_ext_report_sizing(void **state)
{
    static uint8_t certs[8192];
    struct emulator *e = *state;
    struct snp_ext_report_request r = {.certs_len = 0};
    struct snp_report_response out = {.status = 1};

    assert_int_equal(ask(e, SNP_IOC_EXT_REPORT, &r, &out), 0);
    assert_int_equal(out.status, 0);
    set(e, "certificates=1\n");
    memset(&out, 0, sizeof(out));
    assert_int_equal(ask(e, SNP_IOC_EXT_REPORT, &r, &out), EIO);
    assert_int_equal(r.certs_len, sizeof(certs));
    assert_int_equal(out.report_size, 0);
    r.certs_address = (uint64_t)(uintptr_t)certs;
    assert_int_equal(ask(e, SNP_IOC_EXT_REPORT, &r, &out), 0);
    assert_int_equal(out.report_size, 1184);
    assert_int_equal(certs[0], 0x63);
    assert_true(mem_is_zero(certs + 72, 24));
    r.certs_len = 4095;
    assert_int_equal(ask(e, SNP_IOC_EXT_REPORT, &r, &out), EINVAL);
    r.certs_len = 0x5000;
    assert_int_equal(ask(e, SNP_IOC_EXT_REPORT, &r, &out), EINVAL);
}

/* ---- the driver ---- */

static bool no_memory_read(void *ctx, uint64_t address, void *ret, size_t n)
{
    (void)ctx;
    (void)address;
    (void)ret;
    (void)n;
    return false;
}

static bool no_memory_write(void *ctx, uint64_t address, const void *bytes, size_t n)
{
    (void)ctx;
    (void)address;
    (void)bytes;
    (void)n;
    return false;
}

/* One request whose argument is looked at afterwards. */
static int ask_arg(struct emulator *e, unsigned long number, uint8_t version,
                   const struct snp_memory *memory, struct snp_ioctl *arg, bool *written)
{
    static const struct snp_key_request r = {VCEK, 0, PROFILE_A, 0, 0, TCB};
    static struct snp_key_response response;

    *arg = (struct snp_ioctl){
        .msg_version = version,
        .req_data = (uint64_t)(uintptr_t)&r,
        .resp_data = (uint64_t)(uintptr_t)&response,
    };
    return emulator_ioctl(e, number, arg, written, memory);
}

static void test_driver_argument(void **state)
{
    static const struct snp_memory unreadable = {no_memory_read, no_memory_write, NULL};
    static const struct snp_memory unwritable = {NULL, no_memory_write, NULL};
    struct snp_memory read_only = unwritable;
    struct emulator *e = *state;
    const unsigned long key_req = SNP_IOC_DERIVED_KEY;
    struct snp_ioctl arg;
    bool written;

    read_only.read = snp_memory_own.read;
    assert_int_equal(ask_arg(e, key_req, 1, &snp_memory_own, &arg, &written), 0);
    assert_false(written);
    assert_int_equal(ask_arg(e, key_req, 0, &snp_memory_own, &arg, &written), EINVAL);
    assert_false(written);
    assert_int_equal(ask_arg(e, key_req, 1, &unreadable, &arg, &written), EFAULT);
    assert_true(written);
    assert_int_equal(arg.fw_error, 0xff);
    assert_int_equal(ask_arg(e, key_req, 1, &read_only, &arg, &written), EFAULT);
    assert_int_equal(ask_arg(e, _IO('S', 9), 1, &snp_memory_own, &arg, &written), ENOTTY);
    assert_int_equal(ask_arg(e, key_req, 1, &snp_memory_own, &arg, &written), 0);
    arg.resp_data = 0;
    assert_int_equal(emulator_ioctl(e, key_req, &arg, &written, &snp_memory_own), EINVAL);
    assert_int_equal(emulator_requests(e), 7);
}

static void test_driver_vmpck_death(void **state)
{
    struct emulator *e = *state;
    const unsigned long key_req = SNP_IOC_DERIVED_KEY;
    struct snp_ioctl arg;
    bool written;

    assert_int_equal(ask_arg(e, key_req, 2, &snp_memory_own, &arg, &written), EIO);
    assert_true(written);
    assert_int_equal(arg.fw_error, 0x16);
    assert_int_equal(ask_arg(e, key_req, 1, &snp_memory_own, &arg, &written), ENOTTY);
    assert_int_equal(ask_arg(e, SNP_IOC_REPORT, 1, &snp_memory_own, &arg, &written), ENOTTY);
    set(e, "reload=1\n");
    assert_int_equal(ask_arg(e, key_req, 1, &snp_memory_own, &arg, &written), 0);
    set(e, "max_msg_version=2\n");
    assert_int_equal(ask_arg(e, key_req, 2, &snp_memory_own, &arg, &written), 0);
}

/* ---- control ---- */

static void test_control_refuses(void **state)
{
    static const char *const lines[] = {
        "measurement",
        "measurement=a",
        "measurement=zz",
        "no_such=1",
        "policy=",
        "policy=x",
        "policy=-1",
        "guest_svn=0x100000000",
        "vlek_loaded=2",
        "report_version=256",
        "tcb=1.2.3",
        "tcb=1.2.3.256",
        "product=rome",
        "fail=never",
        "fail=eio",
        "fail=busy:1",
        "fail=status:",
        "launch=0",
        "requests=0",
        "keys=0",
        "host_data=000000000000000000000000000000000000000000000000000000000000000000",
    };
    AUTO(buf_clear) struct buf before = BUF_INIT;
    AUTO(buf_clear) struct buf after = BUF_INIT;
    struct emulator *e = *state;

    emulator_dump(e, &before);
    for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
        if (emulator_control(e, lines[i]))
            fail_msg("%s was accepted", lines[i]);
    }
    emulator_dump(e, &after);
    assert_true(span_equal(buf_span(&before), buf_span(&after)));
}

/* What is shown can be set again, counts apart. */
static void test_control_shows_what_it_takes(void **state)
{
    AUTO(buf_clear) struct buf dump = BUF_INIT;
    struct emulator *e = *state;
    struct emulator *other = emulator_new();
    uint8_t a[32];
    uint8_t b[32];
    char *rest = NULL;

    set(e, "product=turin\nmeasurement=0102\nhost_data=03\npolicy=0x3001f\nfail=status:0x27\n");
    set(e, "fail_times=3\n");
    emulator_dump(e, &dump);
    buf_u8(&dump, 0);
    for (char *line = strtok_r((char *)dump.p, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const bool count = strncmp(line, "requests=", 9) == 0 || strncmp(line, "keys=", 5) == 0 ||
                           strncmp(line, "reports=", 8) == 0;

        assert_int_equal(emulator_control(other, line), !count);
    }
    set(e, "fail=none\n");
    set(other, "fail=none\n");
    assert_int_equal(key(e, (struct snp_key_request){VCEK, 0, 9, 0, 0, 0}, a), 0);
    assert_int_equal(key(other, (struct snp_key_request){VCEK, 0, 9, 0, 0, 0}, b), 0);
    assert_memory_equal(a, b, 32);
    emulator_free(other);
}

#define TEST(path, function)                                                                       \
    {                                                                                              \
        path, function, setup, teardown, NULL                                                      \
    }
int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("/snp-emulator/key/refusals", test_key_refusals),
        TEST("/snp-emulator/key/fields-are-mixed-when-asked", test_key_fields_are_mixed_when_asked),
        TEST("/snp-emulator/key/always-mixed", test_key_always_mixed),
        TEST("/snp-emulator/key/request-is-mixed", test_key_request_is_mixed),
        TEST("/snp-emulator/key/tcb-named-or-not", test_key_and_tcb),
        TEST("/snp-emulator/key/roots", test_key_roots),
        TEST("/snp-emulator/report/refusals", test_report_refusals),
        TEST("/snp-emulator/report/is-signed", test_report_is_signed),
        TEST("/snp-emulator/report/by-vlek", test_report_by_vlek),
        TEST("/snp-emulator/report/versions", test_report_versions),
        TEST("/snp-emulator/ext-report/sizing", test_ext_report_sizing),
        TEST("/snp-emulator/driver/argument", test_driver_argument),
        TEST("/snp-emulator/driver/vmpck-death", test_driver_vmpck_death),
        TEST("/snp-emulator/control/refuses", test_control_refuses),
        TEST("/snp-emulator/control/shows-what-it-takes", test_control_shows_what_it_takes),
    };

    return cmocka_run_group_tests_name("snp-emulator", tests, NULL, NULL);
}
