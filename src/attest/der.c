/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * der.c - DER values through libtasn1; see der.h.
 *
 * The module's definitions are a constant table (asn1Parser made it from evidence.asn), expanded
 * for each value: some sixty small allocations, and no state that a fork or a thread could find
 * half-made.
 */
#include "attest/der.h"

#include <limits.h>
#include <stdio.h>

#include <libtasn1.h>

#define MODULE       "TeePkcs11."
#define NUMBER_BYTES 9 /* 64 bits and a sign */

/* What asn1Parser made of evidence.asn: the table tee_pkcs11_asn1[]. */
#define HAVE_CONFIG_H 0
#include "evidence_asn1.inc"

static void node_free(asn1_node *node)
{
    (void)asn1_delete_structure(node);
}

static CK_RV asn1_rv(int result)
{
    if (result == ASN1_SUCCESS)
        return CKR_OK;
    FAIL(result == ASN1_MEM_ALLOC_ERROR ? CKR_HOST_MEMORY : CKR_DATA_INVALID);
}

void der_clear(struct der *d)
{
    if (d->node != NULL)
        node_free(&d->node);
    *d = DER_INIT;
}

CK_RV der_new(const char *type, struct der *ret)
{
    AUTO(node_free) asn1_node definitions = NULL;
    asn1_node node = NULL;
    char name[64];

    (void)snprintf(name, sizeof(name), MODULE "%s", type);
    TRY(asn1_rv(asn1_array2tree(tee_pkcs11_asn1, &definitions, NULL)));
    TRY(asn1_rv(asn1_create_element(definitions, name, &node)));
    *ret = (struct der){.node = node, .from = SPAN_EMPTY};
    return CKR_OK;
}

CK_RV der_encode(const struct der *d, struct buf *ret)
{
    int n = 0;
    uint8_t *to;

    ENSURE(asn1_der_coding(d->node, "", NULL, &n, NULL) == ASN1_MEM_ERROR && n > 0,
           CKR_DATA_INVALID);
    to = buf_extend(ret, (size_t)n);
    ENSURE(to != NULL, CKR_HOST_MEMORY);
    ENSURE(asn1_der_coding(d->node, "", to, &n, NULL) == ASN1_SUCCESS, CKR_DATA_INVALID);
    return CKR_OK;
}

/* Whatever leniency a decoder has, the only encoding of a value is the one that we would make. */
static CK_RV only_encoding(const struct der *d)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;

    TRY(der_encode(d, &again));
    ENSURE(span_equal(buf_span(&again), d->from), CKR_DATA_INVALID);
    return CKR_OK;
}

CK_RV der_decode(const char *type, struct span bytes, struct der *ret)
{
    AUTO(der_clear) struct der d = DER_INIT;
    int n;

    ENSURE(bytes.n > 0 && bytes.n <= INT_MAX / 2, CKR_DATA_INVALID);
    TRY(der_new(type, &d));
    d.from = bytes;
    n = (int)bytes.n;
    /* On failure libtasn1 deletes the value. */
    TRY(asn1_rv(asn1_der_decoding2(&d.node, bytes.p, &n, ASN1_DECODE_FLAG_STRICT_DER, NULL)));
    TRY(only_encoding(&d));
    *ret = d;
    d = DER_INIT;
    return CKR_OK;
}

CK_RV der_set_bytes(struct der *d, const char *field, struct span bytes)
{
    static const uint8_t nothing[1] = {0};

    ENSURE(bytes.n <= INT_MAX / 2, CKR_DATA_INVALID);
    return asn1_rv(asn1_write_value(d->node, field, bytes.n > 0 ? bytes.p : nothing, (int)bytes.n));
}

CK_RV der_set_number(struct der *d, const char *field, uint64_t v)
{
    uint8_t bytes[NUMBER_BYTES] = {0};

    for (size_t i = 1; i < NUMBER_BYTES; i++)
        bytes[i] = (uint8_t)(v >> (8 * (NUMBER_BYTES - 1 - i)));
    /* libtasn1 drops the leading bytes that DER does not have. */
    return asn1_rv(asn1_write_value(d->node, field, bytes, NUMBER_BYTES));
}

CK_RV der_set_bool(struct der *d, const char *field, bool v)
{
    return asn1_rv(asn1_write_value(d->node, field, v ? "TRUE" : "FALSE", 1));
}

CK_RV der_set_choice(struct der *d, const char *field, const char *alternative)
{
    return asn1_rv(asn1_write_value(d->node, field, alternative, 1));
}

CK_RV der_set_absent(struct der *d, const char *field)
{
    return asn1_rv(asn1_write_value(d->node, field, NULL, 0));
}

CK_RV der_add_bytes(struct der *d, const char *list, struct span bytes)
{
    char last[64];

    TRY(asn1_rv(asn1_write_value(d->node, list, "NEW", 1)));
    (void)snprintf(last, sizeof(last), "%s.?LAST", list);
    return der_set_bytes(d, last, bytes);
}

/* Bytes of a length in DER (X.690 10.1). */
static int length_bytes(long n)
{
    int bytes = 1;

    if (n > 127)
        for (; n > 0; n >>= 8)
            bytes++;
    return bytes;
}

/* The content of a field: what follows tag and length. libtasn1 keeps a length as it came, so one
 * that is longer than it need be survives only_encoding(). */
static CK_RV content_of(const struct der *d, const char *field, struct span *ret)
{
    int start = 0, end = 0, tag_len = 0, length_len = 0;
    unsigned char class = 0;
    unsigned long tag = 0;
    const uint8_t *p;
    long n;

    TRY(asn1_rv(
        asn1_der_decoding_startEnd(d->node, d->from.p, (int)d->from.n, field, &start, &end)));
    ENSURE(start >= 0 && end >= start && (size_t)end < d->from.n, CKR_DATA_INVALID);
    p = d->from.p + start;
    TRY(asn1_rv(asn1_get_tag_der(p, end - start + 1, &class, &tag_len, &tag)));
    n = asn1_get_length_der(p + tag_len, end - start + 1 - tag_len, &length_len);
    ENSURE(n >= 0 && n == end - start + 1 - tag_len - length_len, CKR_DATA_INVALID);
    ENSURE(length_len == length_bytes(n), CKR_DATA_INVALID);
    *ret = span_of(p + tag_len + length_len, (size_t)n);
    return CKR_OK;
}

CK_RV der_span(const struct der *d, const char *field, struct span *ret)
{
    return content_of(d, field, ret);
}

CK_RV der_copy(const struct der *d, const char *field, void *ret, size_t n)
{
    struct span bytes;

    TRY(content_of(d, field, &bytes));
    ENSURE(bytes.n == n, CKR_DATA_INVALID);
    memcpy(ret, bytes.p, n);
    return CKR_OK;
}

CK_RV der_number(const struct der *d, const char *field, uint64_t *ret)
{
    struct span bytes;
    uint64_t v = 0;

    TRY(content_of(d, field, &bytes));
    ENSURE(bytes.n > 0 && (bytes.p[0] & 0x80) == 0, CKR_DATA_INVALID);
    ENSURE(bytes.n < NUMBER_BYTES || (bytes.n == NUMBER_BYTES && bytes.p[0] == 0),
           CKR_DATA_INVALID);
    /* libtasn1 keeps an INTEGER as it came, so leading zeros survive only_encoding(). */
    ENSURE(bytes.n == 1 || bytes.p[0] != 0 || (bytes.p[1] & 0x80) != 0, CKR_DATA_INVALID);
    for (size_t i = 0; i < bytes.n; i++)
        v = v << 8 | bytes.p[i];
    *ret = v;
    return CKR_OK;
}

CK_RV der_bool(const struct der *d, const char *field, bool *ret)
{
    struct span bytes;

    TRY(content_of(d, field, &bytes));
    ENSURE(bytes.n == 1 && (bytes.p[0] == 0 || bytes.p[0] == 0xff), CKR_DATA_INVALID);
    *ret = bytes.p[0] != 0;
    return CKR_OK;
}

CK_RV der_choice(const struct der *d, const char *field, char ret[32])
{
    char name[32] = "";
    int n = (int)sizeof(name) - 1;

    TRY(asn1_rv(asn1_read_value(d->node, field, name, &n)));
    memcpy(ret, name, sizeof(name));
    return CKR_OK;
}

bool der_present(const struct der *d, const char *field)
{
    int n = 0;
    const int result = asn1_read_value(d->node, field, NULL, &n);

    return result == ASN1_SUCCESS || result == ASN1_MEM_ERROR;
}

CK_RV der_count(const struct der *d, const char *list, size_t *ret)
{
    int n = 0;

    TRY(asn1_rv(asn1_number_of_elements(d->node, list, &n)));
    ENSURE(n >= 0, CKR_DATA_INVALID);
    *ret = (size_t)n;
    return CKR_OK;
}
