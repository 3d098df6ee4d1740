/* SPDX-License-Identifier: BSD-2-Clause */
/* audit.c - `tee-pkcs11 audit`: what was done to the store, shown and written out. */
#include "cli/audit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/audit_file.h"
#include "cli/cli.h"

/* -- gathering ------------------------------------------------------------------------------- */

static CK_RV compare(struct audit_reading *r)
{
    uint8_t root[PRIM_HASH];

    if (r->checkpoint == NULL || r->checkpoint->size != r->tree.n)
        return CKR_OK;
    TRY(merkle_root(&r->tree, root));
    r->met = memcmp(root, r->checkpoint->root, sizeof(root)) == 0;
    return CKR_OK;
}

CK_RV audit_reading_begin(struct audit_reading *r)
{
    return compare(r);
}

CK_RV audit_reading_add(const struct audit_entry *e, void *arg)
{
    struct audit_reading *r = arg;

    TRY(merkle_add(&r->tree, SPAN_ARRAY(e->hash)));
    memcpy(r->hash, e->hash, sizeof(r->hash));
    TRY(compare(r));
    return r->also != NULL ? r->also(e, r->arg) : CKR_OK;
}

/* -- show and export ------------------------------------------------------------------------- */

static CK_RV show_entry(const struct audit_entry *e, void *arg)
{
    AUTO(buf_clear) struct buf detail = BUF_INIT;
    char when[32], token[2 * 4 + 1];

    (void)arg;
    buf_text(&detail, e->detail);
    buf_u8(&detail, 0);
    TRY(buf_ok(&detail));
    printf("%6llu  %s  %-15s %s%s%s%s\n", (unsigned long long)e->number, output_time(e->time, when),
           audit_event_name(e->event), e->token.n > 0 ? "token " : "",
           e->token.n > 0 ? hex_encode(span_of(e->token.p, 4), token) : "",
           e->token.n > 0 ? ": " : "", (const char *)detail.p);
    return CKR_OK;
}

static CK_RV export_entry(const struct audit_entry *e, void *arg)
{
    AUTO(buf_clear) struct buf line = BUF_INIT;

    (void)arg;
    TRY(audit_line_encode(e, &line));
    ENSURE(fwrite(line.p, 1, line.n, stdout) == line.n, CKR_FUNCTION_FAILED);
    return CKR_OK;
}

int audit_fault_say(CK_RV rv)
{
    if (rv == CKR_DEVICE_ERROR)
        return cli_fail(EXIT_REFUSED, "the audit log is not whole");
    return cli_rv(rv, "reading the audit log");
}

int audit_store_walk(audit_fn *fn, void *arg)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;
    CK_RV rv;

    c = cli_conf(&code);
    if (c == NULL)
        return code;
    rv = cli_open(c, &k);
    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store");
    rv = audit_walk(k, fn, arg, NULL, NULL);
    if (rv == CKR_FUNCTION_FAILED && ferror(stdout) != 0)
        return cli_fail(EXIT_FAILED, "standard output: %s", strerror(errno));
    return rv == CKR_OK ? EXIT_DONE : audit_fault_say(rv);
}

static int print(int argc, audit_fn *fn)
{
    if (argc != 1)
        return cli_usage("audit");
    return audit_store_walk(fn, NULL);
}

static int command_show(int argc, char **argv)
{
    (void)argv;
    return print(argc, show_entry);
}

static int command_export(int argc, char **argv)
{
    (void)argv;
    return print(argc, export_entry);
}

int command_audit(int argc, char **argv)
{
    static const struct {
        const char *word;
        int (*run)(int argc, char **argv);
    } words[] = {
        {"show", command_show},           {"export", command_export}, {"verify", audit_verify},
        {"checkpoint", audit_checkpoint}, {"key-use", audit_key_use},
    };

    for (size_t i = 0; argc > 1 && i < N_ELEMENTS(words); i++) {
        if (strcmp(argv[1], words[i].word) == 0)
            return words[i].run(argc - 1, argv + 1);
    }
    return cli_usage("audit");
}
