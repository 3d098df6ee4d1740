/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - members of JSON objects, and the bytes that vectors are made of; see vectors.h. */
#include "vectors/vectors.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PIECES 64

static uint8_t *pieces[MAX_PIECES];
static size_t n_pieces;

uint8_t *vector_bytes_new(size_t n)
{
    assert_true(n_pieces < MAX_PIECES);
    /* Of exactly its size, so that a sanitizer sees one byte read too many. */
    pieces[n_pieces] = calloc(1, n > 0 ? n : 1);
    assert_non_null(pieces[n_pieces]);
    return pieces[n_pieces++];
}

void vector_bytes_free(void)
{
    while (n_pieces > 0)
        free(pieces[--n_pieces]);
}

static const json_t *member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (value == NULL)
        fail_msg("a vector has no \"%s\"", name);
    return value;
}

const char *json_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(member(object, name));

    if (text == NULL)
        fail_msg("\"%s\" of a vector is no text", name);
    return text;
}

CK_ULONG json_number(const json_t *object, const char *name)
{
    const json_t *value = member(object, name);

    if (!json_is_integer(value) || json_integer_value(value) < 0)
        fail_msg("\"%s\" of a vector is no whole number", name);
    return (CK_ULONG)json_integer_value(value);
}

static uint8_t nibble(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    if (at == NULL)
        fail_msg("not hexadecimal: %c", c);
    return (uint8_t)(at - digits);
}

struct span json_bytes(const json_t *object, const char *name)
{
    const char *text = json_text(object, name);
    const size_t n = strlen(text) / 2;
    uint8_t *bytes = vector_bytes_new(n);

    assert_int_equal(strlen(text) % 2, 0);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return span_of(bytes, n);
}

bool json_has_flag(const json_t *test, const char *flag)
{
    const json_t *flags = member(test, "flags");

    for (size_t i = 0; i < json_array_size(flags); i++) {
        if (strcmp(json_string_value(json_array_get(flags, i)), flag) == 0)
            return true;
    }
    return false;
}
