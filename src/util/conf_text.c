/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * conf_text.c - see conf_text.h.
 *
 * inih finds the lines, their names and comments; it has no state of its own, and no exit(): two
 * copies of the module in one process, or a program that reads a configuration of its own, are not
 * in each other's way. Its buffer holds INI_MAX_LINE bytes, 200 in Debian: a longer list is given
 * to it in pieces, as if it went on in indented lines.
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

struct reading {
    const char *at; /* what is left of the text */
    unsigned line;  /* that was read last */
    bool indented;  /* it begins with a blank */
    bool goes_on;   /* there is more of it than was given to inih */
    size_t room;    /* bytes that inih takes at once */
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
    while (*p == '#' || isspace((unsigned char)*p))
        p += *p == '#' ? strcspn(p, "\n") : 1;
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
                           "%s: values of a list have commas between, and a brace behind them",
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

/* What inih is to see of a line at once, `n` bytes of the text. */
struct piece {
    size_t n;
    bool is_comment, goes_on;
};

/* The next piece, of at most `room` bytes. A list is cut behind a comma, where nothing is in the
 * line that a comma could be part of. False: it can't be. */
static bool piece_find(const char *text, size_t room, struct piece *ret)
{
    const size_t line = strcspn(text, "\n"), blanks = strspn(text, " \t");

    *ret = (struct piece){.n = line + (text[line] == '\n')};
    ret->is_comment = text[blanks] == '#' || text[blanks] == ';';
    if (ret->is_comment || ret->n <= room)
        return true;
    if (strcspn(text, "#;\"'") < line)
        return false;
    ret->goes_on = true;
    for (ret->n = room; ret->n > 0 && text[ret->n - 1] != ',';)
        ret->n--;
    return ret->n > 0;
}

/* The line that the n-th piece (from 1) is of. */
static unsigned line_of(const char *text, unsigned n, size_t room)
{
    struct piece piece = {.goes_on = false};
    unsigned line = 0;

    for (; n > 0; n--) {
        line += !piece.goes_on;
        if (!piece_find(text, room, &piece))
            break;
        text += piece.n;
    }
    return line;
}

/* A reader of inih's, into `str` of `num` bytes; NULL: there is no more. */
static char *next_piece(char *str, int num, void *arg)
{
    struct reading *r = arg;
    const size_t blank = r->goes_on; /* before what goes on */
    struct piece piece;

    r->room = num > 2 ? (size_t)num - 2 : 0; /* the blank, and the 0 behind it all */
    if (r->rv != CKR_OK || *r->at == '\0')
        return NULL;
    r->line += !r->goes_on;
    if (!piece_find(r->at, r->room, &piece)) {
        conf_fault_set(r->fault, r->line, "a line has at most %zu bytes, but for a list", r->room);
        r->rv = CKR_ARGUMENTS_BAD;
        return NULL;
    }
    r->indented = r->goes_on || isspace((unsigned char)*r->at) != 0;
    r->goes_on = piece.goes_on;
    r->at += piece.n;
    if (piece.is_comment)
        return memcpy(str, "\n", sizeof("\n"));
    str[0] = ' ';
    memcpy(str + blank, r->at - piece.n, piece.n);
    str[blank + piece.n] = '\0';
    return str;
}

static CK_RV line_take(struct reading *r, const char *section, const char *name, const char *value)
{
    const size_t n = strlen(value);

    /* inih has the entry's name again then; another one comes behind a section. */
    if (r->indented && r->name != NULL && strcmp(name, r->name) == 0) {
        buf_u8(&r->text, '\n');
        buf_put(&r->text, span_of(value, n));
        return CKR_OK;
    }
    TRY(entry_end(r));
    if (section[0] != '\0') {
        conf_fault_set(r->fault, r->line, "there are no sections");
        FAIL(CKR_ARGUMENTS_BAD);
    }
    r->first = r->line;
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

    if (r->rv == CKR_OK)
        r->rv = line_take(r, section, name, value);
    return 1;
}

static void reading_clear(struct reading *r)
{
    free(r->name);
    buf_clear(&r->text);
}

CK_RV conf_text_read(const char *text, conf_entry_fn *take, void *arg, struct conf_fault *fault)
{
    AUTO(reading_clear)
    struct reading r = {.at = text, .text = BUF_INIT, .take = take, .arg = arg, .fault = fault};
    const int bad = ini_parse_stream(next_piece, &r, on_line, &r);
    const unsigned bad_line = bad > 0 ? line_of(text, (unsigned)bad, r.room) : 0;

    ENSURE(bad >= 0, CKR_HOST_MEMORY);
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
