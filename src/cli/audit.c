/* SPDX-License-Identifier: BSD-2-Clause */
/* audit.c - `tee-pkcs11 audit show|verify|export`: what was done to the store. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli/cli.h"
#include "keyring/audit.h"

/* Text that may have come from anywhere, as an owned string without control characters. */
static CK_RV detail_text(const struct audit_entry *e, struct buf *ret)
{
    buf_text(ret, e->detail);
    buf_u8(ret, 0);
    return buf_ok(ret);
}

static CK_RV show_entry(const struct audit_entry *e, void *arg)
{
    AUTO(buf_clear) struct buf detail = BUF_INIT;
    char when[32], token[2 * 4 + 1];

    (void)arg;
    TRY(detail_text(e, &detail));
    printf("%6llu  %s  %-15s %s%s%s%s\n", (unsigned long long)e->number, output_time(e->time, when),
           audit_event_name(e->event), e->token.n > 0 ? "token " : "",
           e->token.n > 0 ? hex_encode(span_of(e->token.p, 4), token) : "",
           e->token.n > 0 ? ": " : "", (const char *)detail.p);
    return CKR_OK;
}

/* One JSON object a line. The hash is over the entry and the one before, as docs/formats.md says,
 * so who has an export can check that it is whole up to its last line. */
static CK_RV export_entry(const struct audit_entry *e, void *arg)
{
    AUTO(buf_clear) struct buf detail = BUF_INIT;
    char token[2 * TOKEN_ID + 1] = "", previous[2 * PRIM_HASH + 1], hash[2 * PRIM_HASH + 1];
    json_t *o;
    int bad;

    (void)arg;
    TRY(detail_text(e, &detail));
    if (e->token.n > 0)
        hex_encode(e->token, token);
    o = json_pack("{s:I,s:I,s:s,s:i,s:s,s:s,s:s,s:s}", "number", (json_int_t)e->number, "time",
                  (json_int_t)e->time, "event", audit_event_name(e->event), "code", (int)e->event,
                  "token", token, "detail", (const char *)detail.p, "previous",
                  hex_encode(SPAN_ARRAY(e->previous), previous), "hash",
                  hex_encode(SPAN_ARRAY(e->hash), hash));
    ENSURE(o != NULL, CKR_HOST_MEMORY);
    bad = json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(o);
    ENSURE(bad == 0 && putchar('\n') != EOF, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

static int run(struct keyring *k, const char *what)
{
    const bool verify = strcmp(what, "verify") == 0;
    audit_fn *const fn = strcmp(what, "export") == 0 ? export_entry : show_entry;
    uint8_t hash[PRIM_HASH];
    char hex[2 * PRIM_HASH + 1];
    uint64_t n = 0;
    const CK_RV rv = audit_walk(k, verify ? NULL : fn, NULL, &n, hash);

    if (rv != CKR_OK)
        return cli_rv(rv, "reading the audit log");
    if (verify)
        printf("the audit log is whole: %llu entries\nhash of the last one: %s\n",
               (unsigned long long)n, hex_encode(SPAN_ARRAY(hash), hex));
    return fflush(stdout) == 0 ? EXIT_DONE : cli_fail(EXIT_FAILED, "writing failed");
}

int command_audit(int argc, char **argv)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    if (argc != 2 || (strcmp(argv[1], "show") != 0 && strcmp(argv[1], "verify") != 0 &&
                      strcmp(argv[1], "export") != 0))
        return cli_usage("audit");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    rv = cli_open(c, &k);
    return rv == CKR_OK ? run(k, argv[1]) : cli_rv(rv, "opening the store");
}
