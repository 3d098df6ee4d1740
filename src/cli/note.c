/* SPDX-License-Identifier: BSD-2-Clause */
/* note.c - signed notes as text; see note.h. */
#include "cli/note.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "crypto/ossl.h"
#include "crypto/prim.h"

#define TYPE_ED25519  0x01
#define LINE_BEGIN    "\xe2\x80\x94 " /* U+2014 and a blank */
#define KEY_ID        4
#define SIGNED        (KEY_ID + NOTE_SIGNATURE)
#define BASE64(bytes) (((size_t)(bytes) + 2) / 3 * 4)
#define LINES_MAX     100

DEFINE_AUTO(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_AUTO(md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)

/* -- base64 (RFC 4648, 4) -------------------------------------------------------------------- */

static void base64_put(struct span bytes, struct buf *ret)
{
    uint8_t *to = buf_extend(ret, BASE64(bytes.n) + 1);

    if (to == NULL)
        return;
    (void)EVP_EncodeBlock(to, bytes.p, (int)bytes.n);
    ret->n--; /* its terminator */
}

/* Exactly n bytes (100 at most), in the one text that they have: libcrypto's decoder is lenient,
 * so what it read is written again. */
static bool base64_get(struct span text, uint8_t *ret, size_t n)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    uint8_t room[104];

    if (text.n != BASE64(n) || text.n / 4 * 3 > sizeof(room) ||
        EVP_DecodeBlock(room, text.p, (int)text.n) != (int)(text.n / 4 * 3))
        return false;
    base64_put(span_of(room, n), &again);
    if (again.failed || !span_equal(buf_span(&again), text))
        return false;
    memcpy(ret, room, n);
    return true;
}

/* -- keys ------------------------------------------------------------------------------------ */

bool note_name_fits(const char *name)
{
    const size_t n = strlen(name);

    if (n == 0 || n > NOTE_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (name[i] <= ' ' || name[i] > '~' || name[i] == '+')
            return false;
    }
    return true;
}

static CK_RV key_id(const struct note_key *k, uint8_t ret[KEY_ID])
{
    static const uint8_t middle[] = {'\n', TYPE_ED25519};
    const struct span parts[] = {span_of(k->name, strlen(k->name)), SPAN_ARRAY(middle),
                                 SPAN_ARRAY(k->public_key)};
    uint8_t hash[PRIM_HASH];

    TRY(prim_sha256(parts, N_ELEMENTS(parts), hash));
    memcpy(ret, hash, KEY_ID);
    return CKR_OK;
}

CK_RV note_key_encode(const struct note_key *k, struct buf *ret)
{
    uint8_t id[KEY_ID], typed[1 + NOTE_KEY] = {TYPE_ED25519};
    char hex[2 * KEY_ID + 1];

    TRY(key_id(k, id));
    memcpy(typed + 1, k->public_key, NOTE_KEY);
    buf_printf(ret, "%s+%s+", k->name, hex_encode(SPAN_ARRAY(id), hex));
    base64_put(SPAN_ARRAY(typed), ret);
    return buf_ok(ret);
}

CK_RV note_key_decode(const char *text, struct note_key *ret)
{
    const char *hash = strchr(text, '+'), *rest = hash != NULL ? strchr(hash + 1, '+') : NULL;
    uint8_t typed[1 + NOTE_KEY], id[KEY_ID];
    char hex[2 * KEY_ID + 1];
    struct note_key k = {.name = ""};

    ENSURE(rest != NULL && (size_t)(hash - text) < sizeof(k.name), CKR_DATA_INVALID);
    memcpy(k.name, text, (size_t)(hash - text));
    ENSURE(note_name_fits(k.name), CKR_DATA_INVALID);
    ENSURE(base64_get(span_of(rest + 1, strlen(rest + 1)), typed, sizeof(typed)) &&
               typed[0] == TYPE_ED25519,
           CKR_DATA_INVALID);
    memcpy(k.public_key, typed + 1, NOTE_KEY);
    TRY(key_id(&k, id));
    hex_encode(SPAN_ARRAY(id), hex);
    ENSURE(rest - hash - 1 == 2 * KEY_ID && memcmp(hex, hash + 1, 2 * KEY_ID) == 0,
           CKR_DATA_INVALID);
    *ret = k;
    return CKR_OK;
}

/* -- notes ----------------------------------------------------------------------------------- */

CK_RV note_encode(struct span text, const struct note_key *k,
                  const uint8_t signature[NOTE_SIGNATURE], struct buf *ret)
{
    uint8_t bytes[SIGNED];

    ENSURE(text.n > 0 && text.p[text.n - 1] == '\n', CKR_GENERAL_ERROR);
    TRY(key_id(k, bytes));
    memcpy(bytes + KEY_ID, signature, NOTE_SIGNATURE);
    buf_put(ret, text);
    buf_printf(ret, "\n" LINE_BEGIN "%s ", k->name);
    base64_put(SPAN_ARRAY(bytes), ret);
    buf_u8(ret, '\n');
    return buf_ok(ret);
}

/* UTF-8 without control characters but newlines. */
static bool is_text(struct span note)
{
    json_t *utf8 = json_stringn((const char *)note.p, note.n);
    bool good = utf8 != NULL;

    json_decref(utf8);
    for (size_t i = 0; i < note.n; i++)
        good = good && (note.p[i] >= ' ' || note.p[i] == '\n');
    return good;
}

/* The text and the signature lines: what stands before and behind the last blank line. */
static bool split(struct span note, struct span *ret_text, struct span *ret_lines)
{
    for (size_t at = note.n; at >= 2; at--) {
        if (note.p[at - 1] != '\n' || note.p[at - 2] != '\n')
            continue;
        *ret_text = span_of(note.p, at - 1);
        *ret_lines = span_of(note.p + at, note.n - at);
        return ret_lines->n > 0 && note.p[note.n - 1] == '\n';
    }
    return false;
}

struct line {
    struct span name, signature; /* in base64 */
};

/* The next line, which ends in a newline: *ret, and *lines goes on behind it. */
static bool next_line(struct span *lines, struct line *ret)
{
    const size_t begin = strlen(LINE_BEGIN);
    const uint8_t *end = memchr(lines->p, '\n', lines->n), *blank;
    const size_t n = end != NULL ? (size_t)(end - lines->p) : 0;

    if (n <= begin || memcmp(lines->p, LINE_BEGIN, begin) != 0)
        return false;
    blank = memchr(lines->p + begin, ' ', n - begin);
    if (blank == NULL || blank == lines->p + begin || blank + 1 == end)
        return false;
    ret->name = span_of(lines->p + begin, (size_t)(blank - lines->p) - begin);
    ret->signature = span_of(blank + 1, (size_t)(end - blank) - 1);
    *lines = span_of(end + 1, lines->n - n - 1);
    return true;
}

static CK_RV check_signature(struct span text, const struct note_key *k, const uint8_t *signature)
{
    AUTO(pkey_freep)
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key_ex(ossl_ctx(), "ED25519", NULL, k->public_key, NOTE_KEY);
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    ENSURE(pkey != NULL && ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_DigestVerifyInit_ex(ctx, NULL, NULL, ossl_ctx(), NULL, pkey, NULL) == 1,
           CKR_FUNCTION_FAILED);
    ENSURE(EVP_DigestVerify(ctx, signature, NOTE_SIGNATURE, text.p, text.n) == 1,
           CKR_SIGNATURE_INVALID);
    return CKR_OK;
}

/* CKR_KEY_HANDLE_INVALID: the line is by another key, and says nothing. */
static CK_RV check_line(const struct line *l, struct span text, const struct note_key *k)
{
    uint8_t bytes[SIGNED], id[KEY_ID];

    TRY(key_id(k, id));
    ENSURE(span_equal(l->name, span_of(k->name, strlen(k->name))) &&
               base64_get(l->signature, bytes, sizeof(bytes)) && memcmp(bytes, id, KEY_ID) == 0,
           CKR_KEY_HANDLE_INVALID);
    return check_signature(text, k, bytes + KEY_ID);
}

CK_RV note_verify(struct span note, const struct note_key *k, struct span *ret_text)
{
    struct span text, lines;
    bool good = false;

    ENSURE(note.n <= NOTE_MAX && is_text(note) && split(note, &text, &lines), CKR_DATA_INVALID);
    for (size_t n = 0; lines.n > 0; n++) {
        struct line l;
        CK_RV rv;

        ENSURE(n < LINES_MAX && next_line(&lines, &l), CKR_DATA_INVALID);
        rv = check_line(&l, text, k);
        ENSURE(rv == CKR_OK || rv == CKR_KEY_HANDLE_INVALID, rv);
        good = good || rv == CKR_OK;
    }
    ENSURE(good, CKR_KEY_HANDLE_INVALID);
    *ret_text = text;
    return CKR_OK;
}
