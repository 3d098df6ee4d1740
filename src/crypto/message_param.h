/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * message_param.h - the parameters that come with every message: CK_GCM_MESSAGE_PARAMS and the like
 * (PKCS#11 v3.2 6.13, 6.61). They carry the IV and the tag in or out, so what is parsed points at
 * the application's memory, for the call that gave it and no longer. Private to crypto/.
 */
#ifndef TEE_CRYPTO_MESSAGE_PARAM_H
#define TEE_CRYPTO_MESSAGE_PARAM_H

#include "crypto/iv.h"
#include "crypto/message.h"

struct message_param {
    struct iv_request iv;
    uint8_t *ret_iv; /* iv.given, where a made one goes */
    uint8_t *tag;    /* may be NULL: check where it is needed */
    size_t n_tag;
    uint64_t n_data; /* of the text; PARAM_ANY_LENGTH: not said */
};

/* May the row's mechanism be used for messages that are encrypted? */
bool message_param_known(const struct mech *row);
/* CKR_MECHANISM_PARAM_INVALID. n is the application's word for the size at p. */
NODISCARD CK_RV message_param_parse(const struct mech *row, const void *p, CK_ULONG n,
                                    struct message_param *ret);
/* Is (p, n) what C_MessageEncryptInit may be given: nothing, or something of that size? */
bool message_param_fits(const struct mech *row, const void *p, CK_ULONG n);
/* message_crypt_once() with a parameter that is parsed already. */
NODISCARD CK_RV message_crypt_with(struct message *m, const struct message_param *p,
                                   struct span aad, struct span in, struct out *out);
/* For docs/mechanisms.md: "CK_GCM_MESSAGE_PARAMS". */
const char *message_param_text(const struct mech *row);

#endif
