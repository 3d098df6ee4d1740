/* SPDX-License-Identifier: BSD-2-Clause */
/* emulated.c - see emulated.h. */
#include "emulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "attest/cert_table.h"

#define TABLE_ROOM 16384u

void emulated_root(struct emulator *e, X509 **held)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};

    assert_true(emulator_certificate(e, SNP_CERT_ARK, &pem));
    assert_int_equal(cert_read_file(buf_span(&pem), &l), CKR_OK);
    X509_free(*held);
    *held = l.item[0];
    l.n = 0;
}

void emulated_report(struct emulator *e, const uint8_t data[64], struct evidence *ret)
{
    static uint8_t table[TABLE_ROOM];
    struct snp_ext_report_request request = {
        .data = {.vmpl = 0}, .certs_address = (uintptr_t)table, .certs_len = sizeof(table)};
    static struct snp_report_response response;
    struct snp_ioctl arg = {
        .msg_version = 1, .req_data = (uintptr_t)&request, .resp_data = (uintptr_t)&response};
    bool written = false;

    memset(table, 0, sizeof(table));
    memcpy(request.data.user_data, data, 64);
    assert_int_equal(emulator_ioctl(e, SNP_IOC_EXT_REPORT, &arg, &written, &snp_memory_own), 0);
    assert_int_equal(response.status, SNP_STATUS_OK);
    buf_put(&ret->report, SPAN_ARRAY(response.report));
    assert_int_equal(cert_table_read(SPAN_ARRAY(table), ret), CKR_OK);
}
