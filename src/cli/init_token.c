/* SPDX-License-Identifier: BSD-2-Clause */
/* init_token.c - `tee-pkcs11 init-token`: a token, and the store when there is none. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

struct request {
    const char *label;
    struct pin_source so_pin, user_pin;
};

static const struct option options[] = {
    {"label", required_argument, NULL, 'l'},     {"so-pin-file", required_argument, NULL, 's'},
    {"so-pin-fd", required_argument, NULL, 'S'}, {"pin-file", required_argument, NULL, 'p'},
    {"pin-fd", required_argument, NULL, 'P'},    {NULL, 0, NULL, 0},
};

static bool parse(int argc, char **argv, struct request *r)
{
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        bool ok = true;

        if (c == 'l')
            r->label = optarg;
        else if (c == 's')
            r->so_pin.file = optarg;
        else if (c == 'S')
            ok = pin_fd(optarg, &r->so_pin.fd);
        else if (c == 'p')
            r->user_pin.file = optarg;
        else
            ok = c == 'P' && pin_fd(optarg, &r->user_pin.fd);
        if (!ok)
            return false;
    }
    return optind == argc && r->label != NULL && r->label[0] != '\0' && strlen(r->label) <= 32;
}

static CK_RV open_or_create(const struct conf *c, struct keyring **ret, bool *ret_created)
{
    const CK_RV rv = cli_open(c, ret);

    *ret_created = rv == CKR_TOKEN_NOT_PRESENT;
    return *ret_created ? keyring_create(c, ret) : rv;
}

/* Slot numbers rise, so the next one is free. */
static CK_RV next_slot(struct keyring *k, CK_SLOT_ID *ret)
{
    struct token_info *tokens = NULL;
    size_t n = 0;

    TRY(tokens_list(k, &tokens, &n));
    *ret = n == 0 ? 0 : tokens[n - 1].slot + 1;
    free(tokens);
    return CKR_OK;
}

static CK_RV make_token(struct keyring *k, const char *name, struct span so_pin,
                        struct token_info *ret)
{
    uint8_t label[32];
    CK_SLOT_ID slot;

    memset(label, ' ', sizeof(label));
    memcpy(label, name, strlen(name));
    TRY(next_slot(k, &slot));
    return token_create(k, slot, so_pin, label, ret);
}

static CK_RV set_user_pin(struct keyring *k, const struct token_info *t, struct span so_pin,
                          struct span pin)
{
    AUTO(login_unrefp) struct login *so = NULL;

    TRY(token_login(k, t->id, ROLE_SO, so_pin, &so));
    return token_init_pin(k, so, pin);
}

static void tell_store(struct keyring *k, const struct conf *c)
{
    struct store_info info;
    char hex[2 * PRIM_HASH + 1];

    if (keyring_info(k, &info) != CKR_OK)
        return;
    printf("store        %s (new, root %s)\n", c->store, keyring_root_name(k));
    printf("fingerprint  %s\n", hex_encode(SPAN_ARRAY(info.fingerprint), hex));
    printf("             keep it: `tee-pkcs11 recover` shows it before it adopts a store\n");
    if (strcmp(keyring_root_name(k), "sev-snp") != 0)
        printf("             NOT hardware: root %s is for development\n", keyring_root_name(k));
}

static int make(const struct conf *c, const struct request *r, struct span so_pin, struct span pin)
{
    AUTO(keyring_unrefp) struct keyring *k = NULL;
    struct token_info t;
    bool created = false;
    CK_RV rv = open_or_create(c, &k, &created);

    if (rv != CKR_OK)
        return cli_rv(rv, "opening the store");
    rv = make_token(k, r->label, so_pin, &t);
    if (rv != CKR_OK)
        return cli_rv(rv, "making the token");
    if (pin_source_given(&r->user_pin))
        rv = set_user_pin(k, &t, so_pin, pin);
    if (rv != CKR_OK)
        return cli_rv(rv, "setting the user PIN");
    if (created)
        tell_store(k, c);
    printf("token        %s in slot %lu, serial %s\n", r->label, t.slot, t.serial);
    if (!pin_source_given(&r->user_pin))
        printf("             set the user PIN: pkcs11-tool --module tee-pkcs11.so --slot %lu "
               "--init-pin --login --login-type so\n",
               t.slot);
    return EXIT_DONE;
}

int command_init_token(int argc, char **argv)
{
    struct request r = {NULL, PIN_SOURCE_NONE, PIN_SOURCE_NONE};
    AUTO(buf_clear) struct buf so_pin = BUF_INIT;
    AUTO(buf_clear) struct buf pin = BUF_INIT;
    AUTO(conf_freep) struct conf *c = NULL;
    int code = EXIT_FAILED;

    if (!parse(argc, argv, &r))
        return cli_usage("init-token");
    c = cli_conf(&code);
    if (c == NULL)
        return code;
    if (!pin_read(&r.so_pin, "SO PIN", true, &so_pin))
        return EXIT_FAILED;
    if (pin_source_given(&r.user_pin) && !pin_read(&r.user_pin, "user PIN", true, &pin))
        return EXIT_FAILED;
    return make(c, &r, buf_span(&so_pin), buf_span(&pin));
}
