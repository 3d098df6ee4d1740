/* SPDX-License-Identifier: BSD-2-Clause */
/* env_file.c - the reader of .env files; see env_file.h. */
#include "cli/env_file.h"

#define BEHIND "text behind the closing quote"

struct reader {
    struct span rest;
    size_t line;
    struct env_fault *fault;
};

static CK_RV refuse(const struct reader *r, size_t line, const char *why)
{
    r->fault->line = line;
    r->fault->why = why;
    FAIL(CKR_DATA_INVALID);
}

/* The next byte, -1 at the end. */
static int peek(const struct reader *r)
{
    return r->rest.n > 0 ? r->rest.p[0] : -1;
}

static void skip(struct reader *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        r->line += r->rest.p[i] == '\n' ? 1 : 0;
    r->rest = span_of(r->rest.p + n, r->rest.n - n);
}

static bool is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct reader *r)
{
    while (is_blank(peek(r)))
        skip(r, 1);
}

static bool at_end(const struct reader *r)
{
    return peek(r) == -1 || peek(r) == '\n';
}

static void skip_line(struct reader *r)
{
    while (!at_end(r))
        skip(r, 1);
    if (r->rest.n > 0)
        skip(r, 1);
}

/* -- names ------------------------------------------------------------------------------------- */

static bool begins_name(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool continues_name(int c)
{
    return begins_name(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static CK_RV name_take(struct reader *r, struct span *ret)
{
    const uint8_t *from = r->rest.p;
    size_t n = 0;

    if (!begins_name(peek(r)))
        return refuse(r, r->line, "a name begins with a letter or _");
    while (continues_name(peek(r))) {
        skip(r, 1);
        n++;
    }
    *ret = span_of(from, n);
    return CKR_OK;
}

/* The name, and an "export" in front of it left out, up to the value. */
static CK_RV assignment_begin(struct reader *r, struct span *ret_name)
{
    TRY(name_take(r, ret_name));
    if (span_equal(*ret_name, SPAN_LIT("export")) && is_blank(peek(r))) {
        skip_blanks(r);
        if (peek(r) != '=')
            TRY(name_take(r, ret_name));
    }
    skip_blanks(r);
    if (peek(r) != '=')
        return refuse(r, r->line, "no = behind the name");
    skip(r, 1);
    skip_blanks(r);
    return CKR_OK;
}

/* -- values ------------------------------------------------------------------------------------ */

static CK_RV single_take(struct reader *r, struct buf *ret)
{
    const size_t line = r->line;
    const uint8_t *end;

    skip(r, 1);
    end = r->rest.n > 0 ? memchr(r->rest.p, '\'', r->rest.n) : NULL;
    if (end == NULL)
        return refuse(r, line, "the quote ' is not closed");
    buf_put(ret, span_of(r->rest.p, (size_t)(end - r->rest.p)));
    skip(r, (size_t)(end - r->rest.p) + 1);
    return CKR_OK;
}

/* What a backslash and this byte stand for; false: for themselves. */
static bool escape_find(int c, uint8_t *ret)
{
    static const struct {
        char from, to;
    } escapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'},
                   {'"', '"'},  {'$', '$'},  {'`', '`'}};

    for (size_t i = 0; i < N_ELEMENTS(escapes); i++) {
        if (escapes[i].from == c) {
            *ret = (uint8_t)escapes[i].to;
            return true;
        }
    }
    return false;
}

static CK_RV double_take(struct reader *r, struct buf *ret)
{
    const size_t line = r->line;
    uint8_t escaped;

    skip(r, 1);
    while (peek(r) != '"') {
        if (r->rest.n == 0)
            return refuse(r, line, "the quote \" is not closed");
        if (peek(r) == '\\' && r->rest.n > 1 && escape_find(r->rest.p[1], &escaped)) {
            buf_u8(ret, escaped);
            skip(r, 2);
            continue;
        }
        buf_u8(ret, r->rest.p[0]);
        skip(r, 1);
    }
    skip(r, 1);
    return CKR_OK;
}

/* To the end of the line, or to a comment, which has a blank in front. A # in front of everything
 * is the value's first byte to the shell, systemd, docker and python-dotenv, and a comment to other
 * readers, which leave the variable empty: whose file it is does not show. */
static CK_RV bare_take(struct reader *r, struct buf *ret)
{
    const uint8_t *from = r->rest.p;
    size_t n = 0;

    if (peek(r) == '#')
        return refuse(r, r->line,
                      "a # where the value begins is text to some programs and a comment to "
                      "others: put the value in quotes, \"\" if it is empty");
    while (!at_end(r) && !(peek(r) == '#' && is_blank(from[n - 1]))) {
        skip(r, 1);
        n++;
    }
    while (n > 0 && is_blank(from[n - 1]))
        n--;
    buf_put(ret, span_of(from, n));
    return CKR_OK;
}

static CK_RV value_take(struct reader *r, struct buf *ret)
{
    if (peek(r) != '\'' && peek(r) != '"')
        return bare_take(r, ret);
    TRY(peek(r) == '\'' ? single_take(r, ret) : double_take(r, ret));
    if (peek(r) == '#') /* without a blank it is text to the shell */
        return refuse(r, r->line, BEHIND);
    skip_blanks(r);
    if (!at_end(r) && peek(r) != '#')
        return refuse(r, r->line, BEHIND);
    return CKR_OK;
}

/* -- lines ------------------------------------------------------------------------------------- */

static CK_RV assignment(struct reader *r, env_fn *fn, void *arg)
{
    AUTO(buf_clear) struct buf value = BUF_INIT;
    const size_t line = r->line;
    struct span name;

    TRY(assignment_begin(r, &name));
    TRY(value_take(r, &value));
    TRY(buf_ok(&value));
    return fn(name, buf_span(&value), line, arg);
}

/* The line of the first NUL byte. */
static CK_RV refuse_nul(struct reader r)
{
    const uint8_t *nul = r.rest.n > 0 ? memchr(r.rest.p, 0, r.rest.n) : NULL;

    if (nul == NULL)
        return CKR_OK;
    skip(&r, (size_t)(nul - r.rest.p));
    return refuse(&r, r.line, "a NUL byte: this is no text");
}

CK_RV env_parse(struct span text, env_fn *fn, void *arg, struct env_fault *ret)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    struct reader r = {.rest = text, .line = 1, .fault = ret};

    TRY(refuse_nul(r));
    if (text.n >= sizeof(mark) && memcmp(text.p, mark, sizeof(mark)) == 0)
        skip(&r, sizeof(mark));
    while (r.rest.n > 0) {
        skip_blanks(&r);
        if (!at_end(&r) && peek(&r) != '#')
            TRY(assignment(&r, fn, arg));
        skip_line(&r);
    }
    return CKR_OK;
}
