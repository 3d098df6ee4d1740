/* SPDX-License-Identifier: BSD-2-Clause */
/* uri.c - slots and PINs of PKCS#11 URIs; see uri.h. */
#include "cli/uri.h"

#include <string.h>

#define FILE_URI "file:"

bool uri_fits_slot(const P11KitUri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info)
{
    /* p11-kit's signature only: it is not changed. */
    const CK_SLOT_ID said = p11_kit_uri_get_slot_id((P11KitUri *)(uintptr_t)uri);

    return (said == (CK_SLOT_ID)-1 || said == slot) &&
           p11_kit_uri_match_slot_info(uri, (CK_SLOT_INFO *)(uintptr_t)info) == 1;
}

/* "file:/path", "file:///path" (RFC 8089, 2). */
static const char *path_of(const char *source)
{
    const char *path = source;

    if (strncmp(path, FILE_URI, strlen(FILE_URI)) != 0)
        return path;
    path += strlen(FILE_URI);
    return strncmp(path, "///", 3) == 0 ? path + 2 : path;
}

void uri_pin_source(const P11KitUri *uri, struct pin_source *pin)
{
    const char *source = p11_kit_uri_get_pin_source(uri);

    if (!pin_source_given(pin) && source != NULL)
        pin->file = path_of(source);
}
