/* SPDX-License-Identifier: BSD-2-Clause */
/* audit_file.c - exports of the audit log, written and read; see audit_file.h. */
#include "cli/audit_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#define LINE_MAX_BYTES 16384 /* an entry has some hundred */
#define LINE_ROOM      (LINE_MAX_BYTES + 1)

static void json_unref(json_t **j)
{
    json_decref(*j);
}

static void free_text(char **text)
{
    free(*text);
}

/* -- writing --------------------------------------------------------------------------------- */

static CK_RV hex_json(struct span bytes, json_t **ret)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    uint8_t *to = buf_extend(&text, 2 * bytes.n + 1);

    ENSURE(to != NULL, CKR_HOST_MEMORY);
    *ret = json_string(hex_encode(bytes, (char *)to));
    ENSURE(*ret != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}

/* As text, or in hex where it is none, or has a zero byte, which the reader takes from nobody; the
 * name of the member says which. */
static CK_RV set_detail(json_t *o, struct span detail)
{
    const char *p = detail.n > 0 ? (const char *)detail.p : "";
    json_t *text = memchr(p, 0, detail.n) == NULL ? json_stringn(p, detail.n) : NULL;
    const char *name = text != NULL ? "detail" : "detail_hex";

    if (text == NULL)
        TRY(hex_json(detail, &text));
    ENSURE(json_object_set_new(o, name, text) == 0, CKR_HOST_MEMORY);
    return CKR_OK;
}

static CK_RV set_hash(json_t *o, const char *name, const uint8_t hash[PRIM_HASH])
{
    char text[2 * PRIM_HASH + 1];

    ENSURE(json_object_set_new(o, name, json_string(hex_encode(span_of(hash, PRIM_HASH), text))) ==
               0,
           CKR_HOST_MEMORY);
    return CKR_OK;
}

CK_RV audit_line_encode(const struct audit_entry *e, struct buf *ret)
{
    char token[2 * TOKEN_ID + 1] = "";
    AUTO(json_unref) json_t *o = NULL;
    AUTO(free_text) char *line = NULL;

    if (e->token.n == TOKEN_ID)
        hex_encode(e->token, token);
    o = json_pack("{s:I,s:I,s:s,s:i,s:s}", "number", (json_int_t)e->number, "time",
                  (json_int_t)e->time, "event", audit_event_name(e->event), "code", (int)e->event,
                  "token", token);
    ENSURE(o != NULL, CKR_HOST_MEMORY);
    TRY(set_detail(o, e->detail));
    TRY(set_hash(o, "previous", e->previous));
    TRY(set_hash(o, "hash", e->hash));
    line = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
    ENSURE(line != NULL, CKR_HOST_MEMORY);
    buf_put(ret, span_of(line, strlen(line)));
    buf_u8(ret, '\n');
    return buf_ok(ret);
}

/* -- reading --------------------------------------------------------------------------------- */

/* A line's entry, and what its spans point into. */
struct line {
    json_t *o;
    struct buf detail;
    uint8_t token[TOKEN_ID];
    struct audit_entry e;
};

static void line_clear(struct line *l)
{
    json_decref(l->o);
    buf_clear(&l->detail);
}

static bool get_number(const json_t *o, const char *name, uint64_t max, uint64_t *ret)
{
    const json_t *j = json_object_get(o, name);

    if (!json_is_integer(j) || json_integer_value(j) < 0 || (uint64_t)json_integer_value(j) > max)
        return false;
    *ret = (uint64_t)json_integer_value(j);
    return true;
}

static bool get_hash(const json_t *o, const char *name, uint8_t ret[PRIM_HASH])
{
    const char *text = json_string_value(json_object_get(o, name));

    return text != NULL && hex_decode(text, ret, PRIM_HASH);
}

static bool get_detail(const json_t *o, struct buf *ret)
{
    const json_t *j = json_object_get(o, "detail");
    const char *hex = json_string_value(json_object_get(o, "detail_hex"));
    const size_t n = hex != NULL ? strlen(hex) / 2 : 0;

    if (json_is_string(j)) {
        buf_put(ret, span_of(json_string_value(j), json_string_length(j)));
        return !ret->failed;
    }
    return n > 0 && n <= LINE_MAX_BYTES && buf_extend(ret, n) != NULL && hex_decode(hex, ret->p, n);
}

static bool get_token(const json_t *o, struct line *l)
{
    const char *text = json_string_value(json_object_get(o, "token"));

    if (text == NULL || (text[0] != '\0' && !hex_decode(text, l->token, TOKEN_ID)))
        return false;
    l->e.token = text[0] != '\0' ? SPAN_ARRAY(l->token) : SPAN_EMPTY;
    return true;
}

static bool get_event(const json_t *o, struct audit_entry *e)
{
    uint64_t code = 0;

    if (!get_number(o, "code", UINT16_MAX, &code))
        return false;
    e->event = (enum audit_event)code;
    return true;
}

/* What is hashed is the entry, not the line: a name of an event that is not its code's, or a member
 * that nobody knows, would stand there unproven. So a line is what the writer makes of its entry,
 * byte for byte. */
static bool is_only_line(const struct audit_entry *e, struct span line)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;

    return audit_line_encode(e, &again) == CKR_OK && span_equal(buf_span(&again), line);
}

/* NULL, or what is wrong. */
static const char *line_decode(struct span line, struct line *l)
{
    json_error_t error;

    l->o = json_loadb((const char *)line.p, line.n, JSON_REJECT_DUPLICATES, &error);
    if (!get_number(l->o, "number", INT64_MAX, &l->e.number) ||
        !get_number(l->o, "time", INT64_MAX, &l->e.time) || !get_event(l->o, &l->e) ||
        !get_token(l->o, l) || !get_detail(l->o, &l->detail) ||
        !get_hash(l->o, "previous", l->e.previous) || !get_hash(l->o, "hash", l->e.hash))
        return "is not an entry";
    l->e.detail = buf_span(&l->detail);
    return is_only_line(&l->e, line) ? NULL : "is not as audit export writes that entry";
}

/* The entry before. */
struct place {
    uint64_t n;
    uint8_t hash[PRIM_HASH];
};

/* NULL, or what is wrong. */
static const char *follows(const struct place *at, const struct audit_entry *e)
{
    uint8_t hash[PRIM_HASH];

    if (e->number != at->n + 1)
        return e->number > at->n ? "is not the next entry: entries are missing before it"
                                 : "is not the next entry: it is out of its order";
    if (audit_hash(e, hash) != CKR_OK || memcmp(hash, e->hash, sizeof(hash)) != 0)
        return "was changed: its hash is not the hash of what it says";
    if (memcmp(e->previous, at->hash, sizeof(at->hash)) != 0)
        return "does not follow the one before: its chain is another one";
    return NULL;
}

static CK_RV read_line(const char *text, size_t n, struct place *at, audit_fn *fn, void *arg,
                       struct audit_fault *fault)
{
    AUTO(line_clear) struct line l = {.o = NULL};

    fault->line++;
    fault->why = n > LINE_MAX_BYTES    ? "is longer than an entry can be"
                 : text[n - 1] != '\n' ? "does not end"
                                       : NULL;
    if (fault->why == NULL)
        fault->why = line_decode(span_of(text, n), &l);
    if (fault->why == NULL)
        fault->why = follows(at, &l.e);
    ENSURE(fault->why == NULL, CKR_DATA_INVALID);
    at->n = l.e.number;
    memcpy(at->hash, l.e.hash, sizeof(at->hash));
    return fn(&l.e, arg);
}

/* The next line with its end, which a file's last one may lack; of one that is too long LINE_ROOM
 * bytes, whatever comes behind them. 0: there is none, or it can't be read. */
static size_t line_get(FILE *f, char text[LINE_ROOM])
{
    size_t n = 0;
    int c = 0;

    while (n < LINE_ROOM && c != '\n' && (c = getc(f)) != EOF)
        text[n++] = (char)c;
    return ferror(f) == 0 ? n : 0;
}

CK_RV audit_file_walk(FILE *f, audit_fn *fn, void *arg, struct audit_fault *ret_fault)
{
    char text[LINE_ROOM];
    struct place at = {.n = 0};
    size_t n;

    *ret_fault = (struct audit_fault){.line = 0};
    while ((n = line_get(f, text)) > 0)
        TRY(read_line(text, n, &at, fn, arg, ret_fault));
    ENSURE(ferror(f) == 0 && feof(f) != 0, CKR_FUNCTION_FAILED);
    return CKR_OK;
}
