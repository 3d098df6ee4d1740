/* SPDX-License-Identifier: BSD-2-Clause */
/* uri.h - what a PKCS#11 URI (RFC 7512) says besides token and object: the slot, and where the PIN
 * is. */
#ifndef TEE_CLI_URI_H
#define TEE_CLI_URI_H

#include "cli/cli.h"

#include <p11-kit/uri.h>

DEFINE_AUTO(uri_freep, P11KitUri, p11_kit_uri_free)

/* Does it mean a token in this slot (slot-id, slot-description, slot-manufacturer)? */
bool uri_fits_slot(const P11KitUri *uri, CK_SLOT_ID slot, const CK_SLOT_INFO *info);
/* Where `pin` names no source, the file that pin-source names: its path, or a file: URI of this
 * host. Borrowed from the URI. EXIT_DONE, or a code after the reason was printed: then *pin is as
 * it was. */
int uri_pin_source(const P11KitUri *uri, struct pin_source *pin);

#endif
