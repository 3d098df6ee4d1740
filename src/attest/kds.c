/* SPDX-License-Identifier: BSD-2-Clause */
/* kds.c - asks cache and service, and waits as the service wants it; see kds.h. */
#include "attest/kds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "attest/kds_cache.h"
#include "attest/kds_http.h"
#include "util/log.h"

#define TRY_MS 30000u /* one request at most */

struct kds {
    struct kds_options o;
    struct http *http; /* NULL: offline */
};

CK_RV kds_new(const struct kds_options *o, struct kds **ret)
{
    AUTO(kds_freep) struct kds *k = calloc(1, sizeof(*k));

    ENSURE(k != NULL, CKR_HOST_MEMORY);
    k->o = *o;
    if (k->o.url == NULL)
        k->o.url = KDS_URL;
    if (k->o.patience_ms == 0)
        k->o.patience_ms = KDS_PATIENCE_MS;
    if (!k->o.offline)
        TRY(http_new(&k->http));
    *ret = TAKE(k);
    return CKR_OK;
}

void kds_free(struct kds *k)
{
    if (k != NULL)
        http_free(k->http);
    free(k);
}

struct verify_source kds_source(struct kds *k)
{
    return (struct verify_source){.vcek = kds_vcek, .issuer = kds_issuer, .crl = kds_crl, .ctx = k};
}

static void say(char **ret, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void say(char **ret, const char *fmt, ...)
{
    va_list args;

    free(*ret);
    va_start(args, fmt);
    if (vasprintf(ret, fmt, args) < 0)
        *ret = NULL;
    va_end(args);
}

/* -- the service ----------------------------------------------------------------------------- */

static void wait_for(const struct kds *k, uint32_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    if (k->o.wait_ms != NULL) {
        k->o.wait_ms(k->o.wait_ctx, ms);
        return;
    }
    while (nanosleep(&t, &t) != 0)
        ;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t ms_since(const struct timespec *start)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)((t.tv_sec - start->tv_sec) * 1000 + (t.tv_nsec - start->tv_nsec) / 1000000);
}

/* One GET; what it took is added to *spent. */
static void get_timed(struct kds *k, const char *url, uint32_t *spent, struct http_answer *ret)
{
    const uint32_t left = k->o.patience_ms - *spent;
    struct timespec start;

    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    http_get(k->http, url, smaller(TRY_MS, left), ret);
    *spent += smaller(ms_since(&start), left);
}

/* GET until there is an answer or the patience is at its end; both waiting and asking count. */
static CK_RV fetch(struct kds *k, const char *url, struct buf *ret, char **ret_why)
{
    const uint32_t patience = k->o.patience_ms;
    uint32_t spent = 0, wait = patience / 12;

    for (;;) {
        struct http_answer a = {.body = BUF_INIT};
        uint32_t pause;

        get_timed(k, url, &spent, &a);
        if (a.outcome == HTTP_DONE) {
            *ret = a.body;
            return CKR_OK;
        }
        say(ret_why, "%s: %s", url, a.words);
        pause = a.wait_ms > wait ? a.wait_ms : wait;
        if (a.outcome == HTTP_NEVER || pause >= patience - spent)
            FAIL(CKR_DEVICE_ERROR);
        log_warn("%s: %s; trying again in %u.%u s", k->o.url, a.words, pause / 1000,
                 pause % 1000 / 100);
        wait_for(k, pause);
        spent += pause;
        wait = smaller(wait * 2, patience / 4);
    }
}

static CK_RV ask(struct kds *k, struct span path, const char *name, verify_accept_fn *accept,
                 void *ctx, char **ret_why)
{
    AUTO(buf_clear) struct buf url = BUF_INIT;
    AUTO(buf_clear) struct buf answer = BUF_INIT;

    buf_printf(&url, "%s%.*s", k->o.url, (int)path.n, (const char *)path.p);
    buf_u8(&url, 0);
    TRY(buf_ok(&url));
    TRY(fetch(k, (const char *)url.p, &answer, ret_why));
    if (!accept(ctx, buf_span(&answer))) {
        say(ret_why, "%s: the answer is not what was asked for", (const char *)url.p);
        FAIL(CKR_DATA_INVALID);
    }
    if (k->o.cache != NULL && !k->o.no_cache)
        kds_cache_put(k->o.cache, name, buf_span(&answer));
    return CKR_OK;
}

/* -- the cache ------------------------------------------------------------------------------- */

static bool cached(const struct kds *k, const char *name, verify_accept_fn *accept, void *ctx,
                   uint64_t *ret_age)
{
    AUTO(buf_clear) struct buf bytes = BUF_INIT;

    if (k->o.cache == NULL || k->o.no_cache || !kds_cache_get(k->o.cache, name, &bytes, ret_age))
        return false;
    if (accept(ctx, buf_span(&bytes)))
        return true;
    log_warn("%s/%s is not what its name says, and is not used", k->o.cache, name);
    return false;
}

/* -- certificates ---------------------------------------------------------------------------- */

/* The bytes of CHIP_ID that the service names a chip by. */
static struct span chip_of(const struct report *r)
{
    const struct span chip = report_field(r, REPORT_CHIP);

    return r->product == PRODUCT_TURIN ? span_of(chip.p, REPORT_CHIP_ID_8) : chip;
}

void kds_vcek_path(const struct report *r, struct buf *ret)
{
    char hex[2 * REPORT_CHIP_ID + 1];
    char mark = '?';

    buf_printf(ret, "/vcek/v1/%s/%s", product_name(r->product), hex_encode(chip_of(r), hex));
    for (enum tcb_part part = TCB_FMC; part < TCB_N_PARTS; part++) {
        if (!tcb_has_part(r->product, part))
            continue;
        buf_printf(ret, "%c%sSPL=%02u", mark, tcb_part_name(part), r->reported.part[part]);
        mark = '&';
    }
}

void kds_vcek_name(const struct report *r, struct buf *ret)
{
    char hex[2 * REPORT_CHIP_ID + 1];

    buf_printf(ret, "vcek-%s-%s", product_name(r->product), hex_encode(chip_of(r), hex));
    for (enum tcb_part part = TCB_FMC; part < TCB_N_PARTS; part++) {
        if (tcb_has_part(r->product, part))
            buf_printf(ret, "-%s%02u", tcb_part_name(part), r->reported.part[part]);
    }
    buf_printf(ret, ".der");
}

CK_RV kds_vcek(void *ctx, const struct report *r, verify_accept_fn *accept, void *accept_ctx,
               char **ret_why)
{
    struct kds *k = ctx;
    AUTO(buf_clear) struct buf path = BUF_INIT;
    AUTO(buf_clear) struct buf name = BUF_INIT;

    kds_vcek_path(r, &path);
    kds_vcek_name(r, &name);
    buf_u8(&name, 0);
    TRY(buf_ok(&path));
    TRY(buf_ok(&name));
    if (cached(k, (const char *)name.p, accept, accept_ctx, NULL))
        return CKR_OK;
    if (k->o.offline) {
        say(ret_why, "the certificate of the VCEK is not in the cache, and AMD is not to be asked "
                     "(offline)");
        FAIL(CKR_DEVICE_ERROR);
    }
    return ask(k, buf_span(&path), (const char *)name.p, accept, accept_ctx, ret_why);
}

/* -- issuers and revocation lists ------------------------------------------------------------- */

/* What there is one of per product and kind of endorsement key. */
struct common_file {
    const char *path; /* the last part of it below /vcek/v1/PRODUCT/ */
    const char *name; /* the first part of the file's in the cache */
    const char *none; /* offline, and not in the cache */
};

static const struct common_file cert_chain = {"cert_chain", "chain",
                                              "the issuer's certificate is not in the cache"};
static const struct common_file crl_file = {"crl", "crl", "none in the cache that is in force"};

/* From the cache while it is fresh, else from the service; an older one that `accept` takes is
 * better than none. */
static CK_RV common(struct kds *k, const struct common_file *file, enum product p,
                    enum signing_key key, verify_accept_fn *accept, void *ctx, char **ret_why)
{
    const char *kind = key == SIGNING_VLEK ? "vlek" : "vcek";
    char path[64], name[64];
    uint64_t age = 0;
    bool have;

    (void)snprintf(path, sizeof(path), "/%s/v1/%s/%s", kind, product_name(p), file->path);
    (void)snprintf(name, sizeof(name), "%s-%s-%s", file->name, kind, product_name(p));
    have = cached(k, name, accept, ctx, &age);
    if (have && (k->o.offline || age < KDS_FRESH_AGE))
        return CKR_OK;
    if (k->o.offline) {
        say(ret_why, "%s, and AMD is not to be asked (offline)", file->none);
        FAIL(CKR_DEVICE_ERROR);
    }
    if (ask(k, span_of(path, strlen(path)), name, accept, ctx, ret_why) == CKR_OK)
        return CKR_OK;
    ENSURE(have, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV kds_issuer(void *ctx, enum product p, enum signing_key key, verify_accept_fn *accept,
                 void *accept_ctx, char **ret_why)
{
    return common(ctx, &cert_chain, p, key, accept, accept_ctx, ret_why);
}

CK_RV kds_crl(void *ctx, enum product p, enum signing_key key, verify_accept_fn *accept,
              void *accept_ctx, char **ret_why)
{
    return common(ctx, &crl_file, p, key, accept, accept_ctx, ret_why);
}

char *kds_default_cache(void)
{
    const char *xdg = secure_getenv("XDG_CACHE_HOME");
    const char *home = secure_getenv("HOME");
    char *path = NULL;

    if (geteuid() == 0)
        return strdup("/var/cache/tee-pkcs11");
    if (xdg != NULL && xdg[0] == '/')
        return asprintf(&path, "%s/tee-pkcs11", xdg) > 0 ? path : NULL;
    if (home == NULL || home[0] != '/')
        return NULL;
    return asprintf(&path, "%s/.cache/tee-pkcs11", home) > 0 ? path : NULL;
}
