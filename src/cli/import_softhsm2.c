/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_softhsm2.c - a token of SoftHSM2 as a source: which module, and a URI that names the
 * token.
 *
 * Its objects come through its own module, as PKCS#11 lets them: a key that it was told never to
 * let out (CKA_EXTRACTABLE false) stays there, and the report says so.
 */
#include <unistd.h>

#include "cli/import.h"

static const char *module_find(void)
{
    static const char *const usual[] = {
        "/usr/lib/softhsm/libsofthsm2.so",       "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib64/pkcs11/libsofthsm2.so",      "/usr/lib64/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so", "/opt/softhsm2/lib/softhsm/libsofthsm2.so",
    };

    for (size_t i = 0; i < N_ELEMENTS(usual); i++) {
        if (access(usual[i], R_OK) == 0)
            return usual[i];
    }
    return NULL;
}

/* As an attribute of a URI has it (RFC 7512 2.3): all but the unreserved characters as %XX. */
static void put_escaped(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '/';

        if (plain)
            buf_u8(to, c);
        else
            buf_printf(to, "%%%02X", c);
    }
}

int import_softhsm2(const char *label, const char *module, const struct pin_source *pin,
                    const struct import_keys *keys, struct import_items *items)
{
    AUTO(buf_clear) struct buf uri = BUF_INIT;
    const char *path = module != NULL ? module : module_find();

    if (path == NULL)
        return cli_fail(EXIT_FAILED, "libsofthsm2.so is in none of its usual places: name it with "
                                     "--module");
    buf_printf(&uri, "pkcs11:token=");
    put_escaped(&uri, label);
    buf_printf(&uri, "?module-path=");
    put_escaped(&uri, path);
    buf_u8(&uri, 0);
    if (uri.failed)
        return cli_fail(EXIT_FAILED, "out of memory");
    return import_token((const char *)uri.p, pin, keys, items);
}
