/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.h - slots: one per token of the store, and one more that is always free for C_InitToken.
 * Numbers start at 0 and are never given to another token, so they stay below 2^31 (Java) and true
 * over restarts. Reading slots never asks the device: what stands in clear is shown, verified or
 * not.
 */
#ifndef TEE_CORE_SLOT_H
#define TEE_CORE_SLOT_H

#include "keyring/keyring.h"

/* C_GetSlotList: all slots, or those with a token. *ret is malloc'd. */
NODISCARD CK_RV slot_list(bool token_present, CK_SLOT_ID **ret, size_t *ret_n);
/* C_GetSlotInfo, C_GetTokenInfo. CKR_SLOT_ID_INVALID. */
NODISCARD CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *ret);
NODISCARD CK_RV slot_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *ret);
/* CKR_SLOT_ID_INVALID unless the slot exists. */
NODISCARD CK_RV slot_check(CK_SLOT_ID slot);
/* The token of a slot, verified, the keyring opened (asks the device at the first call).
 * CKR_TOKEN_NOT_RECOGNIZED: the free slot; CKR_DEVICE_ERROR on the free slot of a store that cannot
 * be opened. */
NODISCARD CK_RV slot_open(CK_SLOT_ID slot, struct keyring **ret_keyring, struct token_info *ret);
/* C_InitToken. */
NODISCARD CK_RV slot_init_token(CK_SLOT_ID slot, struct span so_pin, const uint8_t label[32]);

/* The strings of CK_INFO, CK_SLOT_INFO and CK_TOKEN_INFO: blank-padded, not terminated. */
void text_pad(const char *text, uint8_t *ret, size_t n);

#endif
