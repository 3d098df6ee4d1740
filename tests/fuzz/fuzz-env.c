/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-env.c - .env files: any bytes. What is accepted, written again with every character that
 * could mean something quoted, reads as the same; what is refused names a line of the file.
 */
#include "fuzz.h"

#include "cli/env_file.h"

struct assignments {
    struct buf all; /* name and value of each */
    size_t n;
};

static CK_RV take(struct span name, struct span value, size_t line, void *arg)
{
    struct assignments *a = arg;

    FUZZ_CHECK(line > 0 && name.n > 0);
    FUZZ_CHECK(memchr(name.p, '=', name.n) == NULL && memchr(name.p, '\n', name.n) == NULL);
    buf_var(&a->all, name);
    buf_var(&a->all, value);
    a->n++;
    return CKR_OK;
}

static void put_quoted(struct buf *to, struct span value)
{
    buf_u8(to, '"');
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] == '"' || value.p[i] == '\\' || value.p[i] == '$')
            buf_u8(to, '\\');
        buf_u8(to, value.p[i]);
    }
    buf_u8(to, '"');
}

static void write_again(const struct assignments *a, struct buf *ret)
{
    struct cursor c = cursor_of(buf_span(&a->all));

    for (size_t i = 0; i < a->n; i++) {
        buf_put(ret, SPAN_LIT(" export  "));
        buf_put(ret, cursor_var(&c));
        buf_put(ret, SPAN_LIT("\t= "));
        put_quoted(ret, cursor_var(&c));
        buf_put(ret, SPAN_LIT(" # comment\r\n"));
    }
    FUZZ_CHECK(cursor_done(&c) && !ret->failed);
}

static void one(struct span input)
{
    AUTO(buf_clear) struct buf text = BUF_INIT;
    struct assignments first = {.n = 0}, second = {.n = 0};
    struct env_fault fault = {.line = 0};
    size_t lines = 1;
    const CK_RV rv = env_parse(input, take, &first, &fault);

    for (size_t i = 0; i < input.n; i++)
        lines += input.p[i] == '\n' ? 1 : 0;
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK(rv == CKR_OK || (fault.line > 0 && fault.line <= lines && fault.why != NULL));
    FUZZ_CHECK(first.n <= lines);
    if (rv == CKR_OK) {
        write_again(&first, &text);
        FUZZ_OK(env_parse(buf_span(&text), take, &second, &fault));
        FUZZ_CHECK(first.n == second.n && span_equal(buf_span(&first.all), buf_span(&second.all)));
    }
    buf_clear(&first.all);
    buf_clear(&second.all);
}

const struct fuzz_target fuzz_target = {
    .name = "env",
    .max_input = 4096,
    .one = one,
};
