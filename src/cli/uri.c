/* SPDX-License-Identifier: BSD-2-Clause */
/* uri.c - slots and PINs of PKCS#11 URIs; see uri.h. */
#include "cli/uri.h"

#include <string.h>

#define FILE_URI "file:"
#define HERE     "localhost"

bool uri_fits_slot(const P11KitUri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info)
{
    /* p11-kit's signature only: it is not changed. */
    const CK_SLOT_ID said = p11_kit_uri_get_slot_id((P11KitUri *)(uintptr_t)uri);

    return (said == (CK_SLOT_ID)-1 || said == slot) &&
           p11_kit_uri_match_slot_info(uri, (CK_SLOT_INFO *)(uintptr_t)info) == 1;
}

/* The path that a source means: "/path", "file:/path", "file:///path" and "file://localhost/path"
 * (RFC 7512, 2.4; RFC 8089, 2). NULL: it is on another host. */
static const char *path_of(const char *source)
{
    const char *host;
    size_t n;

    if (strncasecmp(source, FILE_URI, strlen(FILE_URI)) != 0)
        return source;
    if (strncmp(source + strlen(FILE_URI), "//", 2) != 0)
        return source + strlen(FILE_URI);
    host = source + strlen(FILE_URI "//");
    n = strcspn(host, "/");
    if (host[n] != '/' || (n > 0 && (n != strlen(HERE) || strncasecmp(host, HERE, n) != 0)))
        return NULL;
    return host + n;
}

int uri_pin_source(const P11KitUri *uri, struct pin_source *pin)
{
    const char *source = p11_kit_uri_get_pin_source(uri);
    const char *path;

    if (pin_source_given(pin) || source == NULL)
        return EXIT_DONE;
    /* RFC 7512, 2.4 lets a source be a command, and 7 warns of it: a URI may come from anywhere. */
    if (source[0] == '|')
        return cli_fail(
            EXIT_USAGE,
            "pin-source=%s: a command is not run for a PIN: use --pin-fd, or file:/PATH", source);
    path = path_of(source);
    if (path == NULL)
        return cli_fail(EXIT_USAGE,
                        "pin-source=%s: a file of another host can't be read: use file:/PATH, "
                        "file:///PATH or file://localhost/PATH",
                        source);
    pin->file = path;
    return EXIT_DONE;
}
