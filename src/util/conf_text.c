/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf_text.c - see conf_text.h.
 *
 * inih finds the names and what belongs to them; it has no state of its own, and no exit(): two
 * copies of the module in one process, or a program that reads a configuration of its own, are not
 * in each other's way. It is given each line without its comment, and no semicolon, which to it
 * begins one. Its buffer holds INI_MAX_LINE bytes, 200 in Debian: a longer list is given to it in
 * pieces, as if it went on in indented lines; so are lines in the middle of a list that are not.
 */
#include "util/conf_text.h"

#include <ctype.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

/* A value without quotes ends before one of these. */
#define BARE_ENDS " \t\r\n\v\f\"'{},=#"
#define MARK      "\xef\xbb\xbf" /* of UTF-8, which some editors put before a text */

/* Where in the text we are. */
struct lines {
    const char *at; /* what is left of it */
    unsigned line;  /* that was read last */
    bool goes_on;   /* there is more of it than was given to inih */
    bool in_list;   /* behind a brace that is not closed */
    size_t room;    /* bytes that inih takes at once */
};

struct reading {
    struct lines lines;
    bool indented;  /* the last line belongs to the one before */
    char *name;     /* of the entry that more lines may belong to; NULL: none */
    unsigned first; /* its line */
    struct buf text;
    conf_entry_fn *take;
    void *arg;
    struct conf_fault *fault;
    CK_RV rv; /* the first failure */
};

void conf_fault_set(struct conf_fault *f, unsigned line, const char *fmt, ...)
{
    va_list args;

    if (f->line != 0)
        return;
    f->line = line;
    va_start(args, fmt);
    if (vasprintf(&f->text, fmt, args) < 0)
        f->text = NULL;
    va_end(args);
}

void conf_fault_clear(struct conf_fault *f)
{
    free(f->text);
    *f = (struct conf_fault){.line = 0};
}

/* -- values ------------------------------------------------------------------------------------ */

static void entry_clear(struct conf_entry *e)
{
    for (size_t i = 0; i < e->n; i++)
        free(e->values[i]);
    free(e->values);
    free(e->name);
}

static const char *skip(const char *p)
{
    while (isspace((unsigned char)*p))
        p++;
    return p;
}

static CK_RV value_add(struct conf_entry *e, const char *value, size_t n)
{
    char **more = reallocarray(e->values, e->n + 1, sizeof(*more));

    ENSURE(more != NULL, CKR_HOST_MEMORY);
    e->values = more;
    e->values[e->n] = strndup(value, n);
    ENSURE(e->values[e->n] != NULL, CKR_HOST_MEMORY);
    e->n++;
    return CKR_OK;
}

/* What other configurations expand is named, not taken for itself. */
static CK_RV check_plain(const struct reading *r, const char *value, size_t n)
{
    const void *backslash = memchr(value, '\\', n);

    if (backslash == NULL && memmem(value, n, "${", 2) == NULL)
        return CKR_OK;
    conf_fault_set(r->fault, r->first, "%s",
                   backslash != NULL ? "a value has no backslash: nothing is escaped"
                                     : "${...} is not supported: write the value out");
    FAIL(CKR_ARGUMENTS_BAD);
}

static CK_RV quoted_read(const struct reading *r, const char **p, struct conf_entry *e)
{
    const char *value = *p + 1;
    const char *end = strchr(value, **p);

    if (end == NULL || memchr(value, '\n', (size_t)(end - value)) != NULL) {
        conf_fault_set(r->fault, r->first, "%s: a quote is not closed", e->name);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    *p = end + 1;
    TRY(check_plain(r, value, (size_t)(end - value)));
    return value_add(e, value, (size_t)(end - value));
}

/* One value, bare or in quotes; *p moves behind it. */
static CK_RV value_read(const struct reading *r, const char **p, struct conf_entry *e)
{
    const char *value = *p;
    const size_t n = strcspn(value, BARE_ENDS);

    if (*value == '"' || *value == '\'')
        return quoted_read(r, p, e);
    if (n == 0) {
        conf_fault_set(r->fault, r->first, "%s: a value is missing", e->name);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    *p = value + n;
    TRY(check_plain(r, value, n + (value[n] == '{')));
    return value_add(e, value, n);
}

/* Behind the opening brace. */
static CK_RV list_read(const struct reading *r, const char **p, struct conf_entry *e)
{
    *p = skip(*p);
    if (**p == '}') {
        (*p)++;
        return CKR_OK;
    }
    for (;;) {
        char next;

        TRY(value_read(r, p, e));
        *p = skip(*p);
        next = **p;
        if (next == ',' || next == '}')
            *p = skip(*p + 1);
        if (next == '}')
            return CKR_OK;
        if (next != ',') {
            conf_fault_set(r->fault, r->first,
                           "%s: values of a list have commas between, and a brace behind the last",
                           e->name);
            FAIL(CKR_ARGUMENTS_BAD);
        }
    }
}

/* The entry is whole: nothing more belongs to it. */
static CK_RV entry_end(struct reading *r)
{
    AUTO(entry_clear) struct conf_entry e = {.line = r->first};
    const char *p;

    if (r->name == NULL)
        return CKR_OK;
    e.name = TAKE(r->name);
    buf_u8(&r->text, 0);
    TRY(buf_ok(&r->text));
    p = skip((const char *)r->text.p);
    if (*p == '{') {
        p++;
        TRY(list_read(r, &p, &e));
    } else {
        TRY(value_read(r, &p, &e));
    }
    if (*skip(p) != '\0') {
        conf_fault_set(r->fault, r->first,
                       "%s: a value with other than letters, digits and / . - _ stands in double "
                       "quotes, several stand in braces",
                       e.name);
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return r->take(&e, r->fault, r->arg);
}

/* -- lines ------------------------------------------------------------------------------------- */

/* What inih is to see at once: of the line that `p` is in, or of what is left of it. */
struct piece {
    const char *p;
    size_t n;
    bool belongs; /* to the line before */
    const char *fault;
};

/* How far a line goes before blanks and a comment, and how far at most `room` bytes of it do, which
 * end behind a comma; with each whether it ends in the middle of a list. */
struct extent {
    size_t n, cut; /* cut 0: there is none */
    bool in_list, cut_in_list;
};

/* What means something outside of quotes. */
static const bool is_mark[UINT8_MAX + 1] = {
    ['"'] = true, ['\''] = true, ['#'] = true, ['{'] = true, ['}'] = true, [','] = true,
};

/* `n` bytes are left of the line, without its end. */
static struct extent extent_of(const struct lines *l, size_t n)
{
    struct extent e = {.in_list = l->in_list};
    const char *p = l->at;

    for (; e.n < n; e.n++) {
        const char c = p[e.n];
        const char *end;

        if (!is_mark[(uint8_t)c])
            continue;
        if (c == '#' && (e.n > 0 ? isblank((unsigned char)p[e.n - 1]) : !l->goes_on))
            break;
        if (c == '{' || c == '}')
            e.in_list = c == '{';
        if (c == '"' || c == '\'') {
            end = memchr(p + e.n + 1, c, n - e.n - 1);
            e.n = end != NULL ? (size_t)(end - p) : n - 1;
        }
        if (c == ',' && e.n < l->room) {
            e.cut = e.n + 1;
            e.cut_in_list = e.in_list;
        }
    }
    while (e.n > 0 && isspace((unsigned char)p[e.n - 1]))
        e.n--;
    return e;
}

/* To inih a semicolon behind a blank begins a comment. */
static bool has_semicolon(const char *p, size_t n)
{
    const char *at = memchr(p, ';', n);

    while (at != NULL && at > p && !isspace((unsigned char)at[-1]))
        at = memchr(at + 1, ';', n - (size_t)(at + 1 - p));
    return at != NULL;
}

static const char *fault_of(const struct lines *l, const struct extent *e)
{
    if (!l->goes_on && l->at[strspn(l->at, " \t\r\v\f")] == '[')
        return "there are no sections";
    if (has_semicolon(l->at, e->n))
        return "a semicolon begins nothing: a comment begins with #";
    if (e->n > l->room && e->cut == 0)
        return "this line is too long: only lists may be";
    return NULL;
}

/* False: the text is at its end. */
static bool lines_next(struct lines *l, struct piece *ret)
{
    const size_t line = strcspn(l->at, "\n");
    const struct extent e = extent_of(l, line);
    const bool goes_on = e.n > l->room;

    *ret = (struct piece){.p = l->at, .n = goes_on ? e.cut : e.n};
    if (*l->at == '\0')
        return false;
    ret->belongs = l->goes_on || l->in_list;
    ret->fault = fault_of(l, &e);
    l->line += !l->goes_on;
    l->goes_on = goes_on;
    l->in_list = goes_on ? e.cut_in_list : e.in_list;
    l->at += goes_on ? e.cut : line + (l->at[line] == '\n');
    return true;
}

/* The line that the n-th piece (from 1) is of. */
static unsigned line_of(struct lines l, unsigned n)
{
    struct piece piece;

    while (n-- > 0 && lines_next(&l, &piece))
        ;
    return l.line;
}

/* A reader of inih's, into `str` of `num` bytes; NULL: there is no more. */
static char *next_piece(char *str, int num, void *arg)
{
    struct reading *r = arg;
    struct piece piece;
    size_t blank;

    /* Besides a blank before it, the line's end and the 0 behind it, there is a byte that shows
     * that it fits. */
    r->lines.room = num > 4 ? (size_t)num - 4 : 0;
    if (r->rv != CKR_OK || !lines_next(&r->lines, &piece))
        return NULL;
    if (piece.fault != NULL) {
        conf_fault_set(r->fault, r->lines.line, "%s", piece.fault);
        r->rv = CKR_ARGUMENTS_BAD;
        return NULL;
    }
    r->indented = piece.belongs || isspace((unsigned char)*piece.p) != 0;
    blank = piece.belongs;
    str[0] = ' ';
    memcpy(str + blank, piece.p, piece.n);
    memcpy(str + blank + piece.n, "\n", sizeof("\n"));
    return str;
}

static CK_RV line_take(struct reading *r, const char *name, const char *value)
{
    const size_t n = strlen(value);

    /* inih has the entry's name again then. */
    if (r->indented && r->name != NULL && strcmp(name, r->name) == 0) {
        buf_u8(&r->text, '\n');
        buf_put(&r->text, span_of(value, n));
        return CKR_OK;
    }
    TRY(entry_end(r));
    r->first = r->lines.line;
    r->name = strdup(name);
    ENSURE(r->name != NULL, CKR_HOST_MEMORY);
    r->text.n = 0;
    buf_put(&r->text, span_of(value, n));
    return CKR_OK;
}

/* A handler of inih's; 1: go on. It has no way to stop, so what follows a failure is let go by. */
static int on_line(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;

    (void)section; /* there are none */
    if (r->rv == CKR_OK)
        r->rv = line_take(r, name, value);
    return 1;
}

static void reading_clear(struct reading *r)
{
    free(r->name);
    buf_clear(&r->text);
}

static const char *behind_mark(const char *text)
{
    while (strncmp(text, MARK, strlen(MARK)) == 0)
        text += strlen(MARK);
    return text;
}

CK_RV conf_text_read(const char *text, conf_entry_fn *take, void *arg, struct conf_fault *fault)
{
    AUTO(reading_clear)
    struct reading r = {
        .lines.at = behind_mark(text), .text = BUF_INIT, .take = take, .arg = arg, .fault = fault};
    const int bad = ini_parse_stream(next_piece, &r, on_line, &r);
    unsigned bad_line;

    ENSURE(bad >= 0, CKR_HOST_MEMORY);
    r.lines = (struct lines){.at = behind_mark(text), .room = r.lines.room};
    bad_line = line_of(r.lines, (unsigned)bad);
    if (r.rv == CKR_OK && (bad == 0 || bad_line > r.first))
        r.rv = entry_end(&r);
    /* What inih could not read is told when all is over; an earlier fault is the first one. */
    if (bad > 0 && (fault->line == 0 || bad_line < fault->line)) {
        conf_fault_clear(fault);
        conf_fault_set(fault, bad_line, "not of the form key = value");
        FAIL(CKR_ARGUMENTS_BAD);
    }
    return r.rv;
}
