/* SPDX-License-Identifier: BSD-2-Clause */
/* json_text.c - see json_text.h. */
#include "cli/json_text.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *text)
{
    json_t *j = json_string(text);
    char *copy;

    if (j != NULL)
        return j;
    copy = strdup(text);
    for (char *c = copy; c != NULL && *c != '\0'; c++) {
        if ((*c & 0x80) != 0)
            *c = '?';
    }
    j = json_string(copy); /* of NULL: NULL */
    free(copy);
    return j;
}
