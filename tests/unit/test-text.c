/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-text.c - text that somebody else wrote sends a terminal no commands and begins no line, and
 * nothing else of it is changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "util/buf.h"

static const struct {
    struct span text, masked;
} cases[] = {
    {SPAN_LIT("plain text"), SPAN_LIT("plain text")},
    {SPAN_LIT(""), SPAN_LIT("")},
    {SPAN_LIT("a\033[2Jb\nc\x7f"), SPAN_LIT("a?[2Jb?c?")},
    {SPAN_LIT("a\0b"), SPAN_LIT("a?b")},
    {SPAN_LIT("\xc2\x80\xc2\x9b"
              "2J\xc2\x9f"),
     SPAN_LIT("??2J?")},
    /* what is around them stays: no-break space, umlauts, three and four bytes */
    {SPAN_LIT("\xc2\xa0\xc3\x9b\xc3\x80 \xe2\x82\x9b \xf0\x9f\x98\x80"),
     SPAN_LIT("\xc2\xa0\xc3\x9b\xc3\x80 \xe2\x82\x9b \xf0\x9f\x98\x80")},
    {SPAN_LIT("cut off \xc2"), SPAN_LIT("cut off \xc2")},
    {SPAN_LIT("\xc2\xc2\x9b"), SPAN_LIT("\xc2?")},
};

static void controls_are_masked(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(buf_clear) struct buf b = BUF_INIT;

        buf_text(&b, cases[i].text);
        assert_true(span_equal(buf_span(&b), cases[i].masked));
        buf_text(&b, cases[i].text); /* behind what is there */
        assert_int_equal(buf_ok(&b), CKR_OK);
        assert_int_equal(b.n, 2 * cases[i].masked.n);
        assert_true(
            span_equal(span_of(b.p + cases[i].masked.n, cases[i].masked.n), cases[i].masked));
    }
}

/* A label is 32 bytes, padded; what is cut off at its end is not looked behind. */
static void labels_are_masked(void **state)
{
    char text[33], wanted[33];

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        uint8_t label[32];

        memset(label, ' ', sizeof(label));
        memcpy(label, cases[i].text.p, cases[i].text.n);
        (void)snprintf(wanted, sizeof(wanted), "%.*s", (int)cases[i].masked.n,
                       (const char *)cases[i].masked.p);
        assert_string_equal(output_label(label, text), wanted);
    }
    assert_string_equal(
        output_label((const uint8_t *)"0123456789012345678901234567890\xc2\x9b", text),
        "0123456789012345678901234567890\xc2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/text/controls-are-masked", controls_are_masked, NULL, NULL, NULL},
        {"/text/labels-are-masked", labels_are_masked, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
