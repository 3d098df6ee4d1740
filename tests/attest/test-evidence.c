/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-evidence.c - statements and the evidence container: what was encoded is decoded again, any
 * other encoding is refused, and REPORT_DATA is what docs/formats.md says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "attest/evidence_json.h"

#define TIME UINT64_C(1795000000)

static const uint8_t spki[] = {0x30, 0x03, 0x02, 0x01, 0x05};
static const uint8_t old_spki[] = {0x30, 0x03, 0x02, 0x01, 0x04};

static struct statement a_key(void)
{
    struct statement s = {
        .kind = STATEMENT_KEY,
        .nonce = SPAN_LIT("a nonce of the relying party"),
        .time = TIME,
        .key =
            {
                .public_key = SPAN_ARRAY(spki),
                .id = SPAN_LIT("\001\002"),
                .key_type = 3,
                .mechanism = UINT64_MAX,
                .flags = STATEMENT_LOCAL | STATEMENT_SENSITIVE | STATEMENT_DERIVE,
                .store =
                    {
                        .id = {1, 2, 3},
                        .fingerprint = {[31] = 9},
                        .token = SPAN_LIT("0123456789abcdef"),
                        .measured = STATEMENT_IMAGE,
                        .seals = {SPAN_LIT("certificate"), SPAN_LIT("sev-snp")},
                        .n_seals = 2,
                    },
            },
    };
    return s;
}

static struct statement of_kind(enum statement_kind kind)
{
    struct statement s = a_key();

    s.kind = kind;
    memset(s.file.digest, 7, sizeof(s.file.digest));
    s.file.size = UINT64_C(1) << 63;
    s.handover.public_key = SPAN_ARRAY(spki);
    s.handover.store[15] = 0xff;
    s.approval.store[0] = 1;
    memset(s.approval.fingerprint, 2, sizeof(s.approval.fingerprint));
    memset(s.approval.seal, 5, sizeof(s.approval.seal));
    memset(s.approval.request, 3, sizeof(s.approval.request));
    memset(s.approval.sealed, 4, sizeof(s.approval.sealed));
    s.rotation = (struct statement_rotation){
        .old_public_key = SPAN_ARRAY(old_spki),
        .old_id = SPAN_LIT("\003"),
        .label = SPAN_LIT("a label"),
        .signature = SPAN_LIT("signed"),
    };
    return s;
}

static void encode(const struct statement *s, struct buf *ret)
{
    assert_int_equal(statement_encode(s, ret), CKR_OK);
}

static void assert_same_store(const struct statement_store *a, const struct statement_store *b)
{
    assert_memory_equal(a->id, b->id, sizeof(a->id));
    assert_memory_equal(a->fingerprint, b->fingerprint, sizeof(a->fingerprint));
    assert_true(span_equal(a->token, b->token));
    assert_int_equal(a->measured, b->measured);
    assert_int_equal(a->n_seals, b->n_seals);
    for (size_t i = 0; i < a->n_seals; i++)
        assert_true(span_equal(a->seals[i], b->seals[i]));
}

static void assert_same(const struct statement *a, const struct statement *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(span_equal(a->nonce, b->nonce));
    assert_int_equal(a->time, b->time);
    if (statement_has_key(a)) {
        assert_true(span_equal(a->key.public_key, b->key.public_key));
        assert_true(span_equal(a->key.id, b->key.id));
        assert_int_equal(a->key.key_type, b->key.key_type);
        assert_int_equal(a->key.mechanism, b->key.mechanism);
        assert_int_equal(a->key.flags, b->key.flags);
        assert_same_store(&a->key.store, &b->key.store);
    }
    if (a->kind == STATEMENT_FILE) {
        assert_memory_equal(a->file.digest, b->file.digest, 64);
        assert_int_equal(a->file.size, b->file.size);
    }
    if (a->kind == STATEMENT_ROTATION) {
        assert_true(span_equal(a->rotation.old_public_key, b->rotation.old_public_key));
        assert_true(span_equal(a->rotation.old_id, b->rotation.old_id));
        assert_true(span_equal(a->rotation.label, b->rotation.label));
        assert_true(span_equal(a->rotation.signature, b->rotation.signature));
    }
    if (a->kind == STATEMENT_HANDOVER) {
        assert_memory_equal(a->handover.store, b->handover.store, 16);
        assert_true(span_equal(a->handover.public_key, b->handover.public_key));
    }
    if (a->kind == STATEMENT_APPROVAL)
        assert_memory_equal(&a->approval, &b->approval, sizeof(a->approval));
}

static void test_statement_round_trip(void **state)
{
    (void)state;
    for (int kind = 0; kind < STATEMENT_N_KINDS; kind++) {
        const struct statement s = of_kind((enum statement_kind)kind);
        AUTO(buf_clear) struct buf der = BUF_INIT;
        struct statement back;

        encode(&s, &der);
        assert_int_equal(statement_decode(buf_span(&der), &back), CKR_OK);
        assert_same(&s, &back);
    }
}

/* Every flag is a bit of its own, in the encoding too. */
static void test_statement_flags(void **state)
{
    (void)state;
    for (size_t i = 0; i < STATEMENT_N_FLAGS; i++) {
        struct statement s = a_key(), back;
        AUTO(buf_clear) struct buf der = BUF_INIT;

        s.key.flags = UINT32_C(1) << i;
        encode(&s, &der);
        assert_int_equal(statement_decode(buf_span(&der), &back), CKR_OK);
        assert_int_equal(back.key.flags, s.key.flags);
        assert_non_null(statement_flag_name(i));
    }
    assert_null(statement_flag_name(STATEMENT_N_FLAGS));
}

static void test_statement_numbers(void **state)
{
    static const uint64_t numbers[] = {0, 1, 127, 128, 255, 256, UINT32_MAX, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
        struct statement s = of_kind(STATEMENT_FILE), back;
        AUTO(buf_clear) struct buf der = BUF_INIT;

        s.time = numbers[i];
        encode(&s, &der);
        assert_int_equal(statement_decode(buf_span(&der), &back), CKR_OK);
        assert_int_equal(back.time, numbers[i]);
    }
}

static void refused(const struct statement *s)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;

    assert_int_equal(statement_encode(s, &der), CKR_DATA_INVALID);
    assert_int_equal(der.n, 0);
}

static void test_statement_range(void **state)
{
    static const uint8_t big[STATEMENT_MAX] = {0};
    struct statement s = a_key();

    (void)state;
    s.nonce = span_of(big, STATEMENT_MAX_NONCE + 1);
    refused(&s);
    s = a_key();
    s.key.public_key = SPAN_EMPTY;
    refused(&s);
    s.key.public_key = SPAN_ARRAY(big);
    refused(&s);
    s = a_key();
    s.key.flags |= UINT32_C(1) << STATEMENT_N_FLAGS;
    refused(&s);
    s = a_key();
    s.key.store.token = SPAN_LIT("a\nb");
    refused(&s);
    s = a_key();
    s.key.store.seals[1] = SPAN_LIT("certificate");
    refused(&s);
    s.key.store.seals[1] = SPAN_LIT("cert");
    refused(&s);
    s = a_key();
    s.key.store.n_seals = STATEMENT_MAX_SEALS + 1;
    refused(&s);
    s = of_kind(STATEMENT_HANDOVER);
    s.handover.public_key = SPAN_EMPTY;
    refused(&s);
}

/* A successor of its own kind, and signed by what can sign. */
static void test_rotation_range(void **state)
{
    struct statement s = of_kind(STATEMENT_ROTATION);

    (void)state;
    s.rotation.old_public_key = SPAN_EMPTY; /* a secret key before a pair */
    refused(&s);
    s.key.public_key = SPAN_EMPTY; /* secret keys, and a signature */
    refused(&s);
    s.rotation.signature = SPAN_EMPTY;
    {
        AUTO(buf_clear) struct buf der = BUF_INIT;
        struct statement back;

        encode(&s, &der);
        assert_int_equal(statement_decode(buf_span(&der), &back), CKR_OK);
        assert_same(&s, &back);
    }
    s = of_kind(STATEMENT_ROTATION);
    s.key.public_key = SPAN_EMPTY; /* a pair before a secret key */
    refused(&s);
    s = of_kind(STATEMENT_ROTATION);
    s.rotation.old_public_key = s.key.public_key; /* its own successor */
    refused(&s);
    s = of_kind(STATEMENT_ROTATION);
    s.key.store.token = SPAN_EMPTY;
    refused(&s);
}

/* What is signed is the statement with an empty signature, whatever the signature is, behind its
 * label. */
static void test_rotation_signed_bytes(void **state)
{
    static const char label[] = "tee-pkcs11 rotation 1";
    struct statement s = of_kind(STATEMENT_ROTATION);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    AUTO(buf_clear) struct buf other = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    assert_int_equal(statement_signed_bytes(&s, &bytes), CKR_OK);
    s.rotation.signature = SPAN_EMPTY;
    encode(&s, &der);
    assert_int_equal(bytes.n, sizeof(label) + der.n);
    assert_memory_equal(bytes.p, label, sizeof(label));
    assert_memory_equal(bytes.p + sizeof(label), der.p, der.n);
    s.rotation.label = SPAN_LIT("another");
    assert_int_equal(statement_signed_bytes(&s, &other), CKR_OK);
    assert_false(span_equal(buf_span(&bytes), buf_span(&other)));
    s.kind = STATEMENT_KEY;
    assert_int_equal(statement_signed_bytes(&s, &other), CKR_DATA_INVALID);
}

/* Cut anywhere, longer, or with any one bit changed: refused, or another statement, never the same
 * one by other bytes. */
static void test_statement_bytes(void **state)
{
    const struct statement s = a_key();
    AUTO(buf_clear) struct buf der = BUF_INIT;
    struct statement back;

    (void)state;
    encode(&s, &der);
    for (size_t n = 0; n < der.n; n++)
        assert_int_equal(statement_decode(span_of(der.p, n), &back), CKR_DATA_INVALID);
    for (size_t bit = 0; bit < der.n * 8; bit++) {
        der.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (statement_decode(buf_span(&der), &back) == CKR_OK) {
            AUTO(buf_clear) struct buf again = BUF_INIT;

            encode(&back, &again);
            assert_true(span_equal(buf_span(&again), buf_span(&der)));
        }
        der.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    buf_u8(&der, 0);
    assert_int_equal(statement_decode(buf_span(&der), &back), CKR_DATA_INVALID);
}

/* By libcrypto's one-shot function over bytes put together here. */
static void test_report_data(void **state)
{
    static const char label[] = "tee-pkcs11 statement 1";
    const struct statement s = a_key();
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf all = BUF_INIT;
    uint8_t is[STATEMENT_REPORT_DATA], expected[64];

    (void)state;
    encode(&s, &der);
    buf_put(&all, span_of(label, strlen(label)));
    buf_u8(&all, 0);
    buf_put(&all, buf_span(&der));
    (void)SHA512(all.p, all.n, expected);
    assert_int_equal(statement_report_data(buf_span(&der), is), CKR_OK);
    assert_memory_equal(is, expected, sizeof(is));
}

/* The bytes of docs/formats.md: a change of them is a new version. */
static void test_statement_golden(void **state)
{
    static const uint8_t golden[] = {0x30, 0x0d, 0x04, 0x02, 'h',  'i',  0x02, 0x03,
                                     0x01, 0x00, 0x00, 0xa0, 0x02, 0x05, 0x00};
    const struct statement s = {.kind = STATEMENT_NOTHING, .nonce = SPAN_LIT("hi"), .time = 65536};
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    encode(&s, &der);
    assert_int_equal(der.n, sizeof(golden));
    assert_memory_equal(der.p, golden, sizeof(golden));
}

/* Lengths and numbers in more bytes than they need, which libtasn1 reads: other bytes for the same
 * value. */
static void test_statement_long_forms(void **state)
{
    static const uint8_t length[] = {0x30, 0x0e, 0x04, 0x81, 0x02, 'h',  'i',  0x02,
                                     0x03, 0x01, 0x00, 0x00, 0xa0, 0x02, 0x05, 0x00};
    static const uint8_t outer[] = {0x30, 0x81, 0x0d, 0x04, 0x02, 'h',  'i',  0x02,
                                    0x03, 0x01, 0x00, 0x00, 0xa0, 0x02, 0x05, 0x00};
    static const uint8_t number[] = {0x30, 0x0e, 0x04, 0x02, 'h',  'i',  0x02, 0x04,
                                     0x00, 0x01, 0x00, 0x00, 0xa0, 0x02, 0x05, 0x00};
    static const uint8_t null[] = {0x30, 0x0e, 0x04, 0x02, 'h',  'i',  0x02, 0x03,
                                   0x01, 0x00, 0x00, 0xa0, 0x03, 0x05, 0x81, 0x00};
    static const uint8_t indefinite[] = {0x30, 0x80, 0x04, 0x02, 'h',  'i',  0x02, 0x03, 0x01,
                                         0x00, 0x00, 0xa0, 0x02, 0x05, 0x00, 0x00, 0x00};
    const struct span all[] = {SPAN_ARRAY(length), SPAN_ARRAY(outer), SPAN_ARRAY(number),
                               SPAN_ARRAY(null), SPAN_ARRAY(indefinite)};
    struct statement s;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(all); i++)
        assert_int_equal(statement_decode(all[i], &s), CKR_DATA_INVALID);
}

/* -- the container --------------------------------------------------------------------------- */

static void fill(struct evidence *e, size_t n_certificates, bool with_statement)
{
    const struct statement s = a_key();

    assert_non_null(buf_extend(&e->report, 1184));
    memset(e->report.p, 0x5a, 1184);
    if (with_statement)
        encode(&s, &e->statement);
    for (size_t i = 0; i < n_certificates; i++)
        assert_int_equal(evidence_add_certificate(e, SPAN_ARRAY(spki)), CKR_OK);
}

static void test_evidence_round_trip(void **state)
{
    (void)state;
    for (size_t n = 0; n <= EVIDENCE_MAX_CERTIFICATES; n++) {
        AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
        AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;
        AUTO(buf_clear) struct buf der = BUF_INIT;

        fill(&e, n, n % 2 == 0);
        assert_int_equal(evidence_encode(&e, &der), CKR_OK);
        assert_int_equal(evidence_decode(buf_span(&der), &back), CKR_OK);
        assert_int_equal(back.platform, EVIDENCE_SEV_SNP);
        assert_true(span_equal(buf_span(&e.report), buf_span(&back.report)));
        assert_true(span_equal(buf_span(&e.statement), buf_span(&back.statement)));
        assert_int_equal(back.n_certificates, n);
        for (size_t i = 0; i < n; i++)
            assert_true(span_equal(buf_span(&back.certificates[i]), SPAN_ARRAY(spki)));
    }
}

static void test_evidence_limits(void **state)
{
    static const uint8_t big[EVIDENCE_MAX_CERTIFICATE + 1] = {0};
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    assert_int_equal(evidence_encode(&e, &der), CKR_DATA_INVALID); /* no report */
    fill(&e, EVIDENCE_MAX_CERTIFICATES, false);
    assert_int_equal(evidence_add_certificate(&e, SPAN_ARRAY(spki)), CKR_DATA_INVALID);
    e.n_certificates = 0;
    assert_int_equal(evidence_add_certificate(&e, SPAN_EMPTY), CKR_DATA_INVALID);
    assert_int_equal(evidence_add_certificate(&e, SPAN_ARRAY(big)), CKR_DATA_INVALID);
    e.n_certificates = EVIDENCE_MAX_CERTIFICATES;
    buf_put(&e.statement, SPAN_ARRAY(spki)); /* not a statement */
    assert_int_equal(evidence_encode(&e, &der), CKR_DATA_INVALID);
    assert_int_equal(der.n, 0);
}

static void test_evidence_bytes(void **state)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    fill(&e, 2, true);
    assert_int_equal(evidence_encode(&e, &der), CKR_OK);
    for (size_t i = 0; i < der.n * 8; i++) {
        AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;

        der.p[i / 8] ^= (uint8_t)(1u << i % 8);
        if (evidence_decode(buf_span(&der), &back) == CKR_OK) {
            AUTO(buf_clear) struct buf again = BUF_INIT;

            assert_int_equal(evidence_encode(&back, &again), CKR_OK);
            assert_true(span_equal(buf_span(&again), buf_span(&der)));
        }
        der.p[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t n = 0; n < der.n; n += 7) {
        AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;

        assert_int_equal(evidence_decode(span_of(der.p, n), &back), CKR_DATA_INVALID);
        assert_null(back.report.p);
    }
}

/* In JSON too: base64 has bits at its end that are not read, and a text with others there is
 * another text for the same bytes. */
static void test_evidence_json(void **state)
{
    (void)state;
    for (size_t n = 1183; n <= 1185; n++) { /* 2, 1 and no characters of padding */
        AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
        AUTO(evidence_clear) struct evidence back = EVIDENCE_INIT;
        AUTO(buf_clear) struct buf text = BUF_INIT;
        uint8_t *padding;

        memset(buf_extend(&e.report, n), 0, n);
        assert_int_equal(evidence_json_encode(&e, &text), CKR_OK);
        assert_int_equal(evidence_json_decode(buf_span(&text), &back), CKR_OK);
        assert_true(span_equal(buf_span(&e.report), buf_span(&back.report)));
        padding = memchr(text.p, '=', text.n);
        assert_int_equal(padding != NULL, n % 3 != 0);
        if (padding == NULL)
            continue;
        evidence_clear(&back);
        back = EVIDENCE_INIT;
        assert_int_equal(padding[-1], 'A');
        padding[-1] = 'B';
        assert_int_equal(evidence_json_decode(buf_span(&text), &back), CKR_DATA_INVALID);
        assert_null(back.report.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/statement/round-trip", test_statement_round_trip, NULL, NULL, NULL},
        {"/statement/flags-are-separate", test_statement_flags, NULL, NULL, NULL},
        {"/statement/numbers", test_statement_numbers, NULL, NULL, NULL},
        {"/statement/out-of-range-is-refused", test_statement_range, NULL, NULL, NULL},
        {"/statement/rotation-out-of-range-is-refused", test_rotation_range, NULL, NULL, NULL},
        {"/statement/rotation-signed-bytes", test_rotation_signed_bytes, NULL, NULL, NULL},
        {"/statement/one-encoding", test_statement_bytes, NULL, NULL, NULL},
        {"/statement/no-long-forms", test_statement_long_forms, NULL, NULL, NULL},
        {"/statement/report-data", test_report_data, NULL, NULL, NULL},
        {"/statement/golden-bytes", test_statement_golden, NULL, NULL, NULL},
        {"/evidence/round-trip", test_evidence_round_trip, NULL, NULL, NULL},
        {"/evidence/limits", test_evidence_limits, NULL, NULL, NULL},
        {"/evidence/one-encoding", test_evidence_bytes, NULL, NULL, NULL},
        {"/evidence/json/one-text", test_evidence_json, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
