/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-binding.c - what a store says a seal is bound to, and what a report says this VM is: both
 * hostile bytes. The input is a binding and, besides, a report.
 */
#include "fuzz.h"

#include "root/root.h"
#include "root/snp_abi.h"
#include "root/snp_report.h"

static const struct root *const roots[] = {&root_software, &root_sev_snp, &root_sev_snp_emulated};

static const struct binding here = {
    .kind = ROOT_SEV_SNP,
    .root_key_select = SNP_KEY_SELECT_VCEK,
    .guest_field_select = SNP_FIELDS_IMAGE,
    .report_version = 5,
    .cpuid_family = 0x19,
    .cpuid_model = 0x11,
    .tcb_version = UINT64_C(0x4800000000000004),
    .committed_tcb = UINT64_C(0x4800000000000004),
    .chip_id = {1, 2, 3, 4, 5, 6, 7, 8, 9},
};

/* Nothing was written: compared by encoding, as padding has no value. */
static void check_untouched(const struct binding *b)
{
    AUTO(buf_clear) struct buf is = BUF_INIT;
    AUTO(buf_clear) struct buf was = BUF_INIT;

    binding_encode(b, &is);
    binding_encode(&here, &was);
    FUZZ_CHECK(span_equal(buf_span(&is), buf_span(&was)));
}

/* Only exactly the allowed profile gets as far as the device. */
static void check_allowed(const struct binding *b)
{
    struct conf conf = {.vmpl = 0};

    for (size_t i = 0; i < N_ELEMENTS(roots); i++) {
        const CK_RV rv = binding_allowed(&conf, roots[i], b);

        FUZZ_RV(rv, CKR_OK, CKR_DEVICE_ERROR);
        if (rv != CKR_OK)
            continue;
        FUZZ_CHECK(b->kind == roots[i]->kind);
        FUZZ_CHECK(b->kind == ROOT_SOFTWARE ||
                   (b->root_key_select == SNP_KEY_SELECT_VCEK && b->vmpl == 0 &&
                    b->guest_field_select == SNP_FIELDS_IMAGE && b->guest_svn == 0));
    }
}

static void check_explain(const struct binding *b)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    AUTO(buf_clear) struct buf none = BUF_INIT;

    binding_explain(b, &here, &text);
    FUZZ_OK(buf_ok(&text));
    FUZZ_CHECK(text.n < 2 || text.p[text.n - 1] != ' ');
    /* Its own firmware or image could be older than what it is sealed to, or its chip have no name
     * or give no keys. */
    if (b->tcb_version != b->committed_tcb || mem_is_zero(b->chip_id, sizeof(b->chip_id)) ||
        b->guest_svn > b->report_guest_svn || (b->key_info & SNP_KEY_INFO_MASK_CHIP_KEY) != 0)
        return;
    binding_explain(b, b, &none);
    FUZZ_CHECK(none.n == 0);
}

static void check_tcb(const struct binding *b)
{
    const enum tcb_layout layout = binding_tcb_layout(b);
    const enum tcb_order order = tcb_compare(layout, b->tcb_version, b->committed_tcb);
    const enum tcb_order back = tcb_compare(layout, b->committed_tcb, b->tcb_version);

    if (!tcb_valid(layout, b->tcb_version) || !tcb_valid(layout, b->committed_tcb))
        FUZZ_CHECK(order == TCB_INCOMPARABLE && back == TCB_INCOMPARABLE);
    else if (order == TCB_LESS || order == TCB_GREATER)
        FUZZ_CHECK((int)back == -(int)order);
    else
        FUZZ_CHECK(back == order);
}

static void binding(struct span input)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct binding b = here;
    const CK_RV rv = binding_decode(input, &b);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv != CKR_OK) {
        check_untouched(&b);
        return;
    }
    binding_encode(&b, &again);
    FUZZ_OK(buf_ok(&again));
    FUZZ_CHECK(again.n == BINDING_BYTES && span_equal(input, buf_span(&again)));
    check_allowed(&b);
    check_explain(&b);
    check_tcb(&b);
}

/* What was asked for is in the report: the same bytes then answer the request. */
static void report(struct span input)
{
    uint8_t asked[ROOT_REPORT_DATA_BYTES] = {0};
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    struct binding b = here, back;
    uint32_t vmpl = 0;
    CK_RV rv;

    if (input.n >= SNP_REPORT_REPORT_DATA + sizeof(asked)) {
        memcpy(asked, input.p + SNP_REPORT_REPORT_DATA, sizeof(asked));
        vmpl = input.p[SNP_REPORT_VMPL];
    }
    rv = snp_report_read(input, asked, vmpl, &b);
    FUZZ_RV(rv, CKR_OK, CKR_DEVICE_ERROR);
    if (rv != CKR_OK) {
        check_untouched(&b);
        return;
    }
    FUZZ_CHECK(input.n == ROOT_REPORT_BYTES);
    FUZZ_CHECK(b.report_version >= 2 && b.report_version <= 5);
    FUZZ_CHECK(tcb_valid(binding_tcb_layout(&b), b.committed_tcb));
    binding_encode(&b, &bytes);
    FUZZ_OK(buf_ok(&bytes));
    FUZZ_OK(binding_decode(buf_span(&bytes), &back));
    check_explain(&b);
    asked[0] ^= 1;
    FUZZ_CHECK(snp_report_read(input, asked, vmpl, &b) == CKR_DEVICE_ERROR);
}

static void one(struct span input)
{
    binding(input);
    report(input);
}

const struct fuzz_target fuzz_target = {
    .name = "binding",
    .max_input = 1280,
    .one = one,
};
