/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-root-binding.c - bindings as bytes, what is allowed, what is explained; TCB order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "log_capture.h"
#include "root/root.h"
#include "root/snp_abi.h"
#include "root/snp_report.h"

#define MILAN_TCB UINT64_C(0xdb18000000000004) /* boot loader 4, TEE 0, SNP 24, microcode 219 */
#define TURIN_TCB                                                                                  \
    UINT64_C(0x5100000004010101) /* FMC 1, boot loader 1, TEE 1, SNP 4, microcode 81 */

static struct binding snp_binding(void)
{
    struct binding b = {
        .kind = ROOT_SEV_SNP,
        .root_key_select = SNP_KEY_SELECT_VCEK,
        .guest_field_select = SNP_FIELDS_IMAGE,
        .vmpl = 1,
        .tcb_version = MILAN_TCB,
        .report_version = 3,
        .cpuid_family = 0x19,
        .cpuid_model = 1,
        .cpuid_step = 2,
        .key_info = 1,
        .report_guest_svn = 7,
        .policy = 0x30000,
        .platform_info = 0x25,
        .current_tcb = MILAN_TCB + 1,
        .committed_tcb = MILAN_TCB,
        .reported_tcb = MILAN_TCB - 1,
        .launch_tcb = MILAN_TCB - 2,
    };

    memset(b.measurement, 0xa1, sizeof(b.measurement));
    memset(b.host_data, 0xa2, sizeof(b.host_data));
    memset(b.id_key_digest, 0xa3, sizeof(b.id_key_digest));
    memset(b.author_key_digest, 0xa4, sizeof(b.author_key_digest));
    memset(b.chip_id, 0xa5, sizeof(b.chip_id));
    memset(b.family_id, 0xa6, sizeof(b.family_id));
    memset(b.image_id, 0xa7, sizeof(b.image_id));
    return b;
}

static struct binding software_binding(void)
{
    struct binding b = {.kind = ROOT_SOFTWARE};

    memset(b.key_id, 0x5a, sizeof(b.key_id));
    return b;
}

static void encode(const struct binding *b, uint8_t ret[BINDING_BYTES])
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    binding_encode(b, &bytes);
    assert_int_equal(buf_ok(&bytes), CKR_OK);
    assert_int_equal(bytes.n, BINDING_BYTES);
    memcpy(ret, bytes.p, BINDING_BYTES);
}

static void assert_comes_back(const struct binding *b)
{
    uint8_t bytes[BINDING_BYTES];
    uint8_t again[BINDING_BYTES];
    struct binding back;

    encode(b, bytes);
    assert_int_equal(binding_decode(SPAN_ARRAY(bytes), &back), CKR_OK);
    encode(&back, again);
    assert_memory_equal(bytes, again, sizeof(bytes));
    assert_int_equal(back.kind, b->kind);
    assert_memory_equal(back.key_id, b->key_id, sizeof(b->key_id));
    assert_memory_equal(back.image_id, b->image_id, sizeof(b->image_id));
    assert_int_equal(back.launch_tcb, b->launch_tcb);
    assert_int_equal(back.tcb_version, b->tcb_version);
}

static void test_round_trip(void **state)
{
    struct binding snp = snp_binding();
    struct binding software = software_binding();

    (void)state;
    assert_comes_back(&snp);
    assert_comes_back(&software);
    snp.kind = ROOT_SEV_SNP_EMULATED;
    assert_comes_back(&snp);
}

/* Each byte of the encoding is one of the fields: a changed byte is refused or shows. */
static void test_every_byte_counts(void **state)
{
    const struct binding b = snp_binding();
    uint8_t bytes[BINDING_BYTES];
    uint8_t again[BINDING_BYTES];
    struct binding back;
    size_t read_back = 0;

    (void)state;
    encode(&b, bytes);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] ^= 0x01;
        if (binding_decode(SPAN_ARRAY(bytes), &back) == CKR_OK) {
            encode(&back, again);
            assert_memory_equal(bytes, again, sizeof(bytes));
            read_back++;
        }
        bytes[i] ^= 0x01;
    }
    assert_true(read_back > BINDING_BYTES / 2);
}

static void assert_refused(const uint8_t *bytes, size_t n)
{
    struct binding untouched = software_binding();
    const struct binding before = untouched;

    assert_int_equal(binding_decode(span_of(bytes, n), &untouched), CKR_DATA_INVALID);
    assert_memory_equal(&untouched, &before, sizeof(before));
}

static void test_wrong_length(void **state)
{
    const struct binding b = snp_binding();
    uint8_t bytes[BINDING_BYTES + 1] = {0};

    (void)state;
    encode(&b, bytes);
    for (size_t n = 0; n < BINDING_BYTES; n++)
        assert_refused(bytes, n);
    assert_refused(bytes, sizeof(bytes));
}

struct patch {
    size_t at;
    uint8_t value;
};

static void test_out_of_range(void **state)
{
    static const struct patch snp_patches[] = {
        {0, 0},
        {0, 2}, /* version */
        {1, 0},
        {1, 4}, /* kind */
        {2, 1},
        {5, 8}, /* root_key_select above 7 */
        {6, 1},
        {13, 0x40}, /* a field beyond bit 5 */
        {17, 4},    /* VMPL above 3 */
        {30, 1},
        {45, 1},            /* a key id on hardware */
        {46, 1},            /* report version 1 */
        {1, ROOT_SOFTWARE}, /* fields of hardware on software */
    };
    const struct binding b = snp_binding();
    uint8_t bytes[BINDING_BYTES];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(snp_patches); i++) {
        encode(&b, bytes);
        bytes[snp_patches[i].at] = snp_patches[i].value;
        assert_refused(bytes, sizeof(bytes));
    }
}

static void test_software_hides_nothing(void **state)
{
    const struct binding b = software_binding();
    uint8_t bytes[BINDING_BYTES];

    (void)state;
    for (size_t i = 2; i < BINDING_BYTES; i++) {
        if (i >= 30 && i < 46)
            continue;
        encode(&b, bytes);
        bytes[i] = 1;
        assert_refused(bytes, sizeof(bytes));
    }
}

static void test_allowed(void **state)
{
    const struct conf c = {.vmpl = 1};
    struct binding b = snp_binding();
    const struct binding software = software_binding();

    (void)state;
    assert_int_equal(binding_allowed(&c, &root_sev_snp, &b), CKR_OK);
    assert_int_equal(binding_allowed(&c, &root_software, &software), CKR_OK);
    b.kind = ROOT_SEV_SNP_EMULATED;
    assert_int_equal(binding_allowed(&c, &root_sev_snp_emulated, &b), CKR_OK);
}

/* Each kind of root with each kind of binding: only the diagonal. */
static void test_kinds_do_not_mix(void **state)
{
    static const struct root *const roots[] = {&root_software, &root_sev_snp,
                                               &root_sev_snp_emulated};
    const struct conf c = {.vmpl = 1};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(roots); i++) {
        for (size_t j = 0; j < N_ELEMENTS(roots); j++) {
            struct binding b = snp_binding();

            b.kind = roots[j]->kind;
            log_capture_clear();
            assert_int_equal(binding_allowed(&c, roots[i], &b), i == j ? CKR_OK : CKR_DEVICE_ERROR);
            if (i != j)
                assert_non_null(strstr(log_capture_text(), roots[j]->name));
        }
    }
}

static void assert_not_allowed(const struct binding *b, const char *why)
{
    const struct conf c = {.vmpl = 1};

    log_capture_clear();
    assert_int_equal(binding_allowed(&c, &root_sev_snp, b), CKR_DEVICE_ERROR);
    assert_non_null(strstr(log_capture_text(), why));
}

static void test_only_profile_a(void **state)
{
    static const uint32_t selects[] = {0, 1, 3, 4, 5, 6, 7};
    struct binding b;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(selects); i++) {
        b = snp_binding();
        b.root_key_select = selects[i];
        assert_not_allowed(&b, "VCEK");
    }
    for (uint64_t fields = 0; fields <= SNP_FIELD_KNOWN; fields++) {
        b = snp_binding();
        b.guest_field_select = fields;
        if (fields != SNP_FIELDS_IMAGE)
            assert_not_allowed(&b, "mix exactly");
    }
    b = snp_binding();
    b.guest_svn = 1;
    assert_not_allowed(&b, "SVN");
    b = snp_binding();
    b.vmpl = 0;
    assert_not_allowed(&b, "VMPL");
    b = snp_binding();
    b.tcb_version = MILAN_TCB | UINT64_C(1) << 16;
    assert_not_allowed(&b, "TCB");
}

static void explain(const struct binding *sealed, const struct binding *now, char *ret, size_t room)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;

    binding_explain(sealed, now, &text);
    assert_int_equal(buf_ok(&text), CKR_OK);
    assert_true(text.n < room);
    if (text.n > 0)
        memcpy(ret, text.p, text.n);
    ret[text.n] = '\0';
}

static void assert_explains(const struct binding *now, const char *words)
{
    const struct binding sealed = snp_binding();
    char text[1024];

    explain(&sealed, now, text, sizeof(text));
    assert_string_equal(text, words);
}

static void test_explain_nothing(void **state)
{
    struct binding now = snp_binding();

    (void)state;
    assert_explains(&now, "");
    /* none of these enters a key of profile A */
    now.platform_info = 0;
    now.reported_tcb = 0;
    now.committed_tcb = MILAN_TCB + 1;
    now.id_key_digest[0] = 0; /* an author key stands above it */
    now.family_id[0] = 0;
    now.report_guest_svn = 9;
    assert_explains(&now, "");
}

static void test_explain_each(void **state)
{
    struct binding now = snp_binding();

    (void)state;
    now.measurement[0] = 0x91;
    assert_explains(&now, "sealed to measurement a1a1a1a1a1a1a1a1..., this VM measures "
                          "91a1a1a1a1a1a1a1...");
    now = snp_binding();
    now.policy |= SNP_POLICY_DEBUG;
    assert_explains(&now, "sealed under policy 0x30000, this VM was launched with 0xb0000 "
                          "(DEBUG allowed)");
    now = snp_binding();
    now.policy = 0x3001f;
    assert_explains(&now, "sealed under policy 0x30000, this VM was launched with 0x3001f");
    now = snp_binding();
    memset(now.host_data, 0, sizeof(now.host_data));
    assert_explains(&now, "sealed with HOST_DATA a2a2a2a2a2a2a2a2..., this VM has "
                          "0000000000000000...");
    now = snp_binding();
    now.vmpl = 0;
    assert_explains(&now, "sealed at VMPL 1, configured is VMPL 0");
    now = snp_binding();
    now.chip_id[0] = 1;
    assert_explains(&now, "sealed on chip a5a5a5a5a5a5a5a5..., this VM runs on chip "
                          "01a5a5a5a5a5a5a5...");
    now = snp_binding();
    now.kind = ROOT_SEV_SNP_EMULATED;
    assert_explains(&now, "sealed by a sev-snp root, this one is sev-snp-emulated");
}

static void test_explain_signer(void **state)
{
    struct binding now = snp_binding();

    (void)state;
    now.author_key_digest[0] = 1;
    assert_explains(&now, "sealed with author key a4a4a4a4a4a4a4a4..., this VM was launched with "
                          "author key 01a4a4a4a4a4a4a4...");
    now = snp_binding();
    now.key_info = 0;
    assert_explains(&now, "sealed with author key a4a4a4a4a4a4a4a4..., this VM was launched with "
                          "ID key a3a3a3a3a3a3a3a3...");
    memset(now.id_key_digest, 0, sizeof(now.id_key_digest));
    assert_explains(&now, "sealed with author key a4a4a4a4a4a4a4a4..., this VM was launched with "
                          "no ID block");
}

static void test_explain_rollback(void **state)
{
    struct binding now = snp_binding();

    (void)state;
    now.committed_tcb = MILAN_TCB - (UINT64_C(4) << 56);
    assert_explains(&now, "the host's microcode was rolled back: sealed at version 219, committed "
                          "is 215");
    now.committed_tcb = UINT64_C(0xdb17000000000003);
    assert_explains(&now,
                    "the host's boot loader was rolled back: sealed at version 4, committed is 3; "
                    "the host's SNP firmware was rolled back: sealed at version 24, committed is "
                    "23");
}

/* Digests that agree in what is shown are shown in full; a hidden chip is said last, and alone. */
static void test_explain_edges(void **state)
{
    struct binding now = snp_binding();
    struct binding software = software_binding();
    struct binding other = software_binding();
    char text[1024];

    (void)state;
    now.measurement[47] = 0;
    memset(now.chip_id, 0, sizeof(now.chip_id));
    assert_explains(
        &now,
        "sealed to measurement "
        "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
        "a1a1a1a1, this VM measures "
        "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
        "a1a1a100");
    now = snp_binding();
    memset(now.chip_id, 0, sizeof(now.chip_id));
    assert_explains(&now, "the host hides the identity of the chip: this may be another one");
    other.key_id[0] = 1;
    explain(&software, &other, text, sizeof(text));
    assert_string_equal(text,
                        "sealed with software key 5a5a5a5a5a5a5a5a..., the key file holds key "
                        "015a5a5a5a5a5a5a...");
    explain(&software, &software, text, sizeof(text));
    assert_string_equal(text, "");
}

static void test_tcb_order(void **state)
{
    static const struct {
        uint64_t a, b;
        enum tcb_order milan, turin;
    } cases[] = {
        {MILAN_TCB, MILAN_TCB, TCB_EQUAL, TCB_INCOMPARABLE},
        {MILAN_TCB, MILAN_TCB + 1, TCB_LESS, TCB_INCOMPARABLE},
        {MILAN_TCB + 1, MILAN_TCB, TCB_GREATER, TCB_INCOMPARABLE},
        /* as integers the first is the greater one; its boot loader is older */
        {UINT64_C(0xdc18000000000003), MILAN_TCB, TCB_INCOMPARABLE, TCB_INCOMPARABLE},
        {UINT64_C(0x0100000000000000), UINT64_C(0x0000000000000001), TCB_INCOMPARABLE,
         TCB_INCOMPARABLE},
        {TURIN_TCB, TURIN_TCB, TCB_INCOMPARABLE, TCB_EQUAL},
        {TURIN_TCB, TURIN_TCB + (UINT64_C(1) << 24), TCB_INCOMPARABLE, TCB_LESS},
        {TURIN_TCB, TURIN_TCB - (UINT64_C(1) << 16), TCB_INCOMPARABLE, TCB_GREATER},
        /* reserved bytes */
        {UINT64_C(0x0000010000000000), UINT64_C(0x0000010000000000), TCB_INCOMPARABLE,
         TCB_INCOMPARABLE},
        {0, UINT64_C(0xff00000000000000), TCB_LESS, TCB_LESS},
        {0x0302, 0x0203, TCB_INCOMPARABLE, TCB_INCOMPARABLE},
    };

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        assert_int_equal(tcb_compare(TCB_MILAN, cases[i].a, cases[i].b), cases[i].milan);
        assert_int_equal(tcb_compare(TCB_TURIN, cases[i].a, cases[i].b), cases[i].turin);
    }
}

static void test_tcb_layout(void **state)
{
    struct binding b = snp_binding();

    (void)state;
    assert_int_equal(binding_tcb_layout(&b), TCB_MILAN);
    b.cpuid_family = 0x1a;
    assert_int_equal(binding_tcb_layout(&b), TCB_TURIN);
    b.cpuid_family = 0; /* version 2 reports */
    assert_int_equal(binding_tcb_layout(&b), TCB_MILAN);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(root_kind_name(ROOT_SOFTWARE), "software");
    assert_string_equal(root_kind_name(ROOT_SEV_SNP), "sev-snp");
    assert_string_equal(root_kind_name(ROOT_SEV_SNP_EMULATED), "sev-snp-emulated");
    assert_string_equal(root_kind_name((enum root_kind)0), "unknown");
    assert_string_equal(root_kind_name((enum root_kind)4), "unknown");
    /* CK_TOKEN_INFO.model has 16 bytes */
    assert_true(strlen(root_sev_snp_emulated.name) <= 16);
    assert_true(root_sev_snp.genuine && root_sev_snp.hardware);
    assert_true(!root_sev_snp_emulated.genuine && root_sev_snp_emulated.hardware);
    assert_true(!root_software.genuine && !root_software.hardware);
}

/* A length that is not the report's is refused before anything is read. */
static void test_report_length(void **state)
{
    static const size_t lengths[] = {0, 1, ROOT_REPORT_BYTES - 1, ROOT_REPORT_BYTES + 1};
    const uint8_t data[ROOT_REPORT_DATA_BYTES] = {0};
    struct binding b = snp_binding();
    const struct binding before = b;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
        uint8_t *report = calloc(1, lengths[i] + 1);

        assert_non_null(report);
        report[SNP_REPORT_VERSION] = 3;
        log_capture_clear();
        assert_int_equal(snp_report_read(span_of(report, lengths[i]), data, 0, &b),
                         CKR_DEVICE_ERROR);
        assert_non_null(strstr(log_capture_text(), "length"));
        assert_memory_equal(&b, &before, sizeof(b));
        free(report);
    }
}

#define TEST(path, function)                                                                       \
    {                                                                                              \
        path, function, NULL, NULL, NULL                                                           \
    }
int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST("/root/binding/encode/comes-back", test_round_trip),
        TEST("/root/binding/encode/every-byte-counts", test_every_byte_counts),
        TEST("/root/binding/decode/wrong-length-is-refused", test_wrong_length),
        TEST("/root/binding/decode/out-of-range-is-refused", test_out_of_range),
        TEST("/root/binding/decode/software-hides-nothing", test_software_hides_nothing),
        TEST("/root/binding/allowed/profile-a-and-software", test_allowed),
        TEST("/root/binding/allowed/kinds-do-not-mix", test_kinds_do_not_mix),
        TEST("/root/binding/allowed/nothing-but-profile-a", test_only_profile_a),
        TEST("/root/binding/explain/nothing-where-nothing-matters", test_explain_nothing),
        TEST("/root/binding/explain/each-difference", test_explain_each),
        TEST("/root/binding/explain/signer-of-the-id-block", test_explain_signer),
        TEST("/root/binding/explain/rollback-names-components", test_explain_rollback),
        TEST("/root/binding/explain/edges", test_explain_edges),
        TEST("/root/tcb/order-is-by-component", test_tcb_order),
        TEST("/root/tcb/layout-is-by-cpu", test_tcb_layout),
        TEST("/root/snp-report/wrong-length-is-refused", test_report_length),
        TEST("/root/kind/names-and-claims", test_names),
    };

    return cmocka_run_group_tests_name("root-binding", tests, NULL, NULL);
}
