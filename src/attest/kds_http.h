/* SPDX-License-Identifier: BSD-2-Clause */
/* kds_http.h - one GET of a small file through libcurl, bounded in time and size. */
#ifndef TEE_ATTEST_KDS_HTTP_H
#define TEE_ATTEST_KDS_HTTP_H

#include "util/buf.h"

enum http_outcome {
    HTTP_DONE,  /* 200, and a body that fits */
    HTTP_LATER, /* 429, 5xx, a time-out or a connection that broke: worth another try */
    HTTP_NEVER  /* anything else */
};

struct http_answer {
    enum http_outcome outcome;
    struct buf body;  /* HTTP_DONE */
    uint32_t wait_ms; /* HTTP_LATER: what the server asks for; 0: nothing */
    char words[256];  /* not HTTP_DONE: why */
};

struct http; /* a connection that is kept */

NODISCARD CK_RV http_new(struct http **ret);
void http_free(struct http *h); /* NULL is allowed */
/* GET within `limit_ms`. The answer's body must be empty at the call. */
void http_get(struct http *h, const char *url, uint32_t limit_ms, struct http_answer *ret);

#endif
