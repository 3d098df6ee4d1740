/* SPDX-License-Identifier: BSD-2-Clause */
/* evidence_json.c - the container as JSON (jansson); see evidence_json.h. */
#include "attest/evidence_json.h"

#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#define JSON_MAX (2u * EVIDENCE_MAX) /* base64 and names */
#define VERSION  1

static void json_unref(json_t **j)
{
    json_decref(*j);
}

/* -- base64 (RFC 4648, 4) -------------------------------------------------------------------- */

static json_t *base64_json(struct span bytes)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    uint8_t *p = buf_extend(&text, (bytes.n + 2) / 3 * 4 + 1);
    int n;

    if (p == NULL)
        return NULL;
    n = EVP_EncodeBlock(p, bytes.p, (int)bytes.n);
    return json_stringn((const char *)p, (size_t)n);
}

/* Exactly one text per value: libcrypto's decoder is lenient, so what it read is written again. */
static CK_RV only_text(struct span bytes, const json_t *text)
{
    AUTO(json_unref) json_t *again = base64_json(bytes);

    ENSURE(again != NULL, CKR_HOST_MEMORY);
    ENSURE(json_equal(again, text), CKR_DATA_INVALID);
    return CKR_OK;
}

static CK_RV base64_read(const json_t *text, struct buf *ret)
{
    const char *p = json_string_value(text);
    const size_t n = json_string_length(text);
    size_t padding = 0;
    uint8_t *to;

    ENSURE(p != NULL && n > 0 && n % 4 == 0 && n <= JSON_MAX, CKR_DATA_INVALID);
    while (padding < 2 && p[n - 1 - padding] == '=')
        padding++;
    to = buf_extend(ret, n / 4 * 3);
    ENSURE(to != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_DecodeBlock(to, (const uint8_t *)p, (int)n) == (int)(n / 4 * 3), CKR_DATA_INVALID);
    ret->n -= padding;
    return only_text(buf_span(ret), text);
}

/* -- writing --------------------------------------------------------------------------------- */

static json_t *certificates_json(const struct evidence *e)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < e->n_certificates; i++) {
        if (json_array_append_new(list, base64_json(buf_span(&e->certificates[i]))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int append(const char *text, size_t n, void *to)
{
    buf_put(to, span_of(text, n));
    return ((struct buf *)to)->failed ? -1 : 0;
}

CK_RV evidence_json_encode(const struct evidence *e, struct buf *ret)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(json_unref) json_t *j = NULL;

    TRY(evidence_encode(e, &der)); /* what can't be encoded in DER is no evidence */
    j = json_pack("{s:s, s:i, s:s, s:o, s:o}", "format", EVIDENCE_JSON_FORMAT, "version", VERSION,
                  "platform", "sev-snp", "report", base64_json(buf_span(&e->report)),
                  "certificates", certificates_json(e));
    ENSURE(j != NULL, CKR_HOST_MEMORY);
    if (e->statement.n > 0)
        ENSURE(json_object_set_new(j, "statement", base64_json(buf_span(&e->statement))) == 0,
               CKR_HOST_MEMORY);
    ENSURE(json_dump_callback(j, append, ret, JSON_INDENT(1)) == 0, CKR_HOST_MEMORY);
    buf_u8(ret, '\n');
    return buf_ok(ret);
}

/* -- reading --------------------------------------------------------------------------------- */

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value != NULL && strcmp(value, text) == 0;
}

static CK_RV read_certificates(const json_t *list, struct evidence *e)
{
    size_t i;
    json_t *item;

    ENSURE(json_is_array(list), CKR_DATA_INVALID);
    json_array_foreach(list, i, item)
    {
        AUTO(buf_clear) struct buf der = BUF_INIT;

        TRY(base64_read(item, &der));
        TRY(evidence_add_certificate(e, buf_span(&der)));
    }
    return CKR_OK;
}

static CK_RV read_members(const json_t *j, struct evidence *e)
{
    const json_t *statement = json_object_get(j, "statement");

    ENSURE(is_text(j, "format", EVIDENCE_JSON_FORMAT) && is_text(j, "platform", "sev-snp"),
           CKR_DATA_INVALID);
    ENSURE(json_is_integer(json_object_get(j, "version")) &&
               json_integer_value(json_object_get(j, "version")) == VERSION,
           CKR_DATA_INVALID);
    ENSURE(json_object_size(j) == (statement != NULL ? 6 : 5), CKR_DATA_INVALID);
    TRY(base64_read(json_object_get(j, "report"), &e->report));
    if (statement != NULL)
        TRY(base64_read(statement, &e->statement));
    return read_certificates(json_object_get(j, "certificates"), e);
}

CK_RV evidence_json_decode(struct span json, struct evidence *ret)
{
    AUTO(evidence_clear) struct evidence e = EVIDENCE_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(json_unref) json_t *j = NULL;

    ENSURE(json.n > 0 && json.n <= JSON_MAX, CKR_DATA_INVALID);
    j = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
    ENSURE(json_is_object(j), CKR_DATA_INVALID);
    TRY(read_members(j, &e));
    TRY(evidence_encode(&e, &der)); /* its limits are those of DER */
    *ret = e;
    e = EVIDENCE_INIT;
    return CKR_OK;
}

CK_RV evidence_read(struct span bytes, struct evidence *ret)
{
    if (bytes.n > 0 && memchr("{ \t\r\n", bytes.p[0], 5) != NULL)
        return evidence_json_decode(bytes, ret);
    return evidence_decode(bytes, ret);
}
