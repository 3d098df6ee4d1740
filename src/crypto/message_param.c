/* SPDX-License-Identifier: BSD-2-Clause */
/* message_param.c - parameters of messages; see message_param.h. */
#include "crypto/message_param.h"

static CK_RV parse_gcm_message(const void *from, struct message_param *ret)
{
    CK_GCM_MESSAGE_PARAMS p;

    memcpy(&p, from, sizeof(p));
    ENSURE(param_gcm_fits(p.ulIvLen, p.ulTagBits), CKR_MECHANISM_PARAM_INVALID);
    *ret = (struct message_param){
        .iv = {p.ivGenerator, p.pIv, p.ulIvLen, p.ulIvFixedBits},
        .ret_iv = p.pIv,
        .tag = p.pTag,
        .n_tag = p.ulTagBits / 8,
        .n_data = PARAM_ANY_LENGTH,
    };
    return CKR_OK;
}

static CK_RV parse_ccm_message(const void *from, struct message_param *ret)
{
    CK_CCM_MESSAGE_PARAMS p;

    memcpy(&p, from, sizeof(p));
    ENSURE(param_ccm_fits(p.ulNonceLen, p.ulMACLen, p.ulDataLen), CKR_MECHANISM_PARAM_INVALID);
    *ret = (struct message_param){
        .iv = {p.nonceGenerator, p.pNonce, p.ulNonceLen, p.ulNonceFixedBits},
        .ret_iv = p.pNonce,
        .tag = p.pMAC,
        .n_tag = p.ulMACLen,
        .n_data = p.ulDataLen,
    };
    return CKR_OK;
}

/* The standard lets nobody generate these. */
static CK_RV parse_chacha_message(const void *from, struct message_param *ret)
{
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS p;

    memcpy(&p, from, sizeof(p));
    ENSURE(param_chacha_fits(p.ulNonceLen), CKR_MECHANISM_PARAM_INVALID);
    *ret = (struct message_param){
        .iv = {CKG_NO_GENERATE, p.pNonce, PARAM_CHACHA_NONCE, 0},
        .ret_iv = p.pNonce,
        .tag = p.pTag,
        .n_tag = PARAM_MAX_TAG,
        .n_data = PARAM_ANY_LENGTH,
    };
    return CKR_OK;
}

/* By the parser of the row's own parameter: each has its counterpart for messages. */
static const struct kind {
    mech_parse *of_row;
    CK_RV (*parse)(const void *from, struct message_param *ret);
    size_t size;
    const char *text;
} kinds[] = {
    {parse_gcm, parse_gcm_message, sizeof(CK_GCM_MESSAGE_PARAMS), "CK_GCM_MESSAGE_PARAMS"},
    {parse_ccm, parse_ccm_message, sizeof(CK_CCM_MESSAGE_PARAMS), "CK_CCM_MESSAGE_PARAMS"},
    {parse_chacha, parse_chacha_message, sizeof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS),
     "CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS"},
};

static const struct kind *kind_of(const struct mech *row)
{
    for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
        if (kinds[i].of_row == row->parse)
            return &kinds[i];
    }
    return NULL;
}

bool message_param_known(const struct mech *row)
{
    return kind_of(row) != NULL;
}

CK_RV message_param_parse(const struct mech *row, const void *p, CK_ULONG n,
                          struct message_param *ret)
{
    const struct kind *k = kind_of(row);

    ENSURE(k != NULL && p != NULL && n == k->size, CKR_MECHANISM_PARAM_INVALID);
    TRY(k->parse(p, ret));
    ENSURE(ret->ret_iv != NULL, CKR_MECHANISM_PARAM_INVALID);
    return CKR_OK;
}

bool message_param_fits(const struct mech *row, const void *p, CK_ULONG n)
{
    const struct kind *k = kind_of(row);

    return n == 0 || (k != NULL && p != NULL && n == k->size);
}

const char *message_param_text(const struct mech *row)
{
    const struct kind *k = kind_of(row);

    return k == NULL ? NULL : k->text;
}
