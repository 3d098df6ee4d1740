/* SPDX-License-Identifier: BSD-2-Clause */
/* kds_http.c - libcurl; see kds_http.h. */
#include "attest/kds_http.h"

#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "attest/kds_cache.h"
#include "version.h"

#define CONNECT_MS 10000L

struct http {
    CURL *curl;
};

CK_RV http_new(struct http **ret)
{
    struct http *h;

    ENSURE(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, CKR_FUNCTION_FAILED);
    h = calloc(1, sizeof(*h));
    ENSURE(h != NULL, CKR_HOST_MEMORY);
    h->curl = curl_easy_init();
    if (h->curl == NULL) {
        free(h);
        FAIL(CKR_FUNCTION_FAILED);
    }
    *ret = h;
    return CKR_OK;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    curl_easy_cleanup(h->curl);
    free(h);
}

/* More than fits ends the transfer. */
static size_t take(char *bytes, size_t size, size_t n, void *to)
{
    struct buf *body = to;

    if (n > KDS_MAX_ANSWER - body->n)
        return 0;
    buf_put(body, span_of(bytes, size * n));
    return body->failed ? 0 : size * n;
}

/* No redirects, no files, no cookies, no credentials: one GET of what was asked for. */
static bool set_up(CURL *c, const char *url, uint32_t limit_ms, struct buf *body, char *words)
{
    curl_easy_reset(c);
    return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
                            limit_ms < CONNECT_MS ? (long)limit_ms : CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)limit_ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_MAXFILESIZE, (long)KDS_MAX_ANSWER) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "tee-pkcs11/" TEE_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEDATA, body) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, words) == CURLE_OK;
}

static enum http_outcome outcome_of(CURLcode code, long status)
{
    if (code == CURLE_OK && status == 200)
        return HTTP_DONE;
    if (code == CURLE_OK)
        return status == 429 || status >= 500 ? HTTP_LATER : HTTP_NEVER;
    return code == CURLE_OPERATION_TIMEDOUT || code == CURLE_RECV_ERROR ||
                   code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING ||
                   code == CURLE_PARTIAL_FILE
               ? HTTP_LATER
               : HTTP_NEVER;
}

void http_get(struct http *h, const char *url, uint32_t limit_ms, struct http_answer *ret)
{
    char words[CURL_ERROR_SIZE] = "";
    curl_off_t wait = 0;
    long status = 0;
    CURLcode code = CURLE_FAILED_INIT;

    if (set_up(h->curl, url, limit_ms, &ret->body, words))
        code = curl_easy_perform(h->curl);
    (void)curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait);
    (void)curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, NULL);
    ret->outcome = outcome_of(code, status);
    ret->wait_ms = wait > 0 ? (uint32_t)(wait < 3600 ? wait : 3600) * 1000 : 0;
    if (code == CURLE_OK)
        (void)snprintf(ret->words, sizeof(ret->words), "HTTP status %ld", status);
    else
        (void)snprintf(ret->words, sizeof(ret->words), "%s",
                       words[0] != '\0' ? words : curl_easy_strerror(code));
    if (ret->outcome != HTTP_DONE)
        buf_clear(&ret->body);
}
