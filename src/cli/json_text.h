/* SPDX-License-Identifier: BSD-2-Clause */
/* json_text.h - text that may have come from anywhere, for programs. */
#ifndef TEE_CLI_JSON_TEXT_H
#define TEE_CLI_JSON_TEXT_H

#include <jansson.h>

/* A string, the caller's; NULL: out of memory. JSON is UTF-8: in a text that is none, every byte
 * beyond ASCII becomes a question mark, so that what it names is not left out. */
json_t *json_text(const char *text);

#endif
