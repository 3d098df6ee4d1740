/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen_wrap_aead.c - wrapping and unwrapping by AEAD mechanisms: C_WrapKey and C_UnwrapKey, where
 * the tag follows the wrapped key, and C_WrapKeyAuthenticated and C_UnwrapKeyAuthenticated, where
 * it stands in the parameter and the key's attributes are bound (bound.h).
 *
 * One wrapping is one message of a process of its own (message.h): so IVs are made as for messages.
 * Both modes add a stream to the key that only the wrapping key and the IV determine: two keys
 * under one IV tell each other. So while the policy says how keys may be wrapped, the token makes
 * the IV, and so much of it at random that nobody can wait for one to come again.
 */
#include "crypto/gen_wrap_aead.h"

#include "crypto/bound.h"
#include "crypto/message.h"
#include "crypto/message_param.h"
#include "crypto/ossl_auto.h"
#include "util/log.h"
#include "util/policy.h"

#define FRESH_BITS 96 /* of an IV */

/* What C_WrapKey's parameter says; `tag` is for who wraps. */
struct wrap_param {
    struct message_param message;
    struct span aad;
};

static CK_RV parse_gcm_wrap(const CK_MECHANISM *m, struct wrap_param *ret)
{
    CK_GCM_WRAP_PARAMS w;
    CK_GCM_PARAMS p;

    if (m->ulParameterLen == sizeof(p)) {
        memcpy(&p, m->pParameter, sizeof(p));
        w = (CK_GCM_WRAP_PARAMS){p.pIv,  p.ulIvLen,  0,          CKG_NO_GENERATE,
                                 p.pAAD, p.ulAADLen, p.ulTagBits};
    } else {
        ENSURE(m->ulParameterLen == sizeof(w), CKR_MECHANISM_PARAM_INVALID);
        memcpy(&w, m->pParameter, sizeof(w));
    }
    ENSURE(param_gcm_fits(w.ulIvLen, w.ulTagBits), CKR_MECHANISM_PARAM_INVALID);
    ret->message = (struct message_param){
        .iv = {w.ivGenerator, w.pIv, w.ulIvLen, w.ulIvFixedBits},
        .ret_iv = w.pIv,
        .n_tag = w.ulTagBits / 8,
    };
    ret->aad = span_of(w.pAAD, w.ulAADLen);
    return CKR_OK;
}

static CK_RV parse_ccm_wrap(const CK_MECHANISM *m, struct wrap_param *ret)
{
    CK_CCM_WRAP_PARAMS w;
    CK_CCM_PARAMS p;

    if (m->ulParameterLen == sizeof(p)) {
        memcpy(&p, m->pParameter, sizeof(p));
        w = (CK_CCM_WRAP_PARAMS){0,      p.pNonce,   p.ulNonceLen, 0, CKG_NO_GENERATE,
                                 p.pAAD, p.ulAADLen, p.ulMACLen};
    } else {
        ENSURE(m->ulParameterLen == sizeof(w), CKR_MECHANISM_PARAM_INVALID);
        memcpy(&w, m->pParameter, sizeof(w));
    }
    ENSURE(param_ccm_fits(w.ulNonceLen, w.ulMACLen, 0), CKR_MECHANISM_PARAM_INVALID);
    ret->message = (struct message_param){
        .iv = {w.nonceGenerator, w.pNonce, w.ulNonceLen, w.ulNonceFixedBits},
        .ret_iv = w.pNonce,
        .n_tag = w.ulMACLen,
    };
    ret->aad = span_of(w.pAAD, w.ulAADLen);
    return CKR_OK;
}

/* By the parser of the row's own parameter. */
static const struct {
    mech_parse *of_row;
    CK_RV (*parse)(const CK_MECHANISM *m, struct wrap_param *ret);
} parsers[] = {{parse_gcm, parse_gcm_wrap}, {parse_ccm, parse_ccm_wrap}};

static CK_RV parse_wrap(const struct mech *row, const CK_MECHANISM *m, struct wrap_param *ret)
{
    ENSURE(m->pParameter != NULL, CKR_MECHANISM_PARAM_INVALID);
    for (size_t i = 0; i < N_ELEMENTS(parsers); i++) {
        if (parsers[i].of_row != row->parse)
            continue;
        TRY(parsers[i].parse(m, ret));
        ENSURE(ret->message.ret_iv != NULL && (ret->aad.p != NULL || ret->aad.n == 0),
               CKR_MECHANISM_PARAM_INVALID);
        ENSURE(!bound_is(ret->aad), CKR_MECHANISM_PARAM_INVALID);
        /* The standard lets nobody say how long the key is. */
        ret->message.n_data = PARAM_ANY_LENGTH;
        return CKR_OK;
    }
    FAIL(CKR_MECHANISM_INVALID);
}

/* C_WrapKeyAuthenticated's parameter: a message's. */
static CK_RV parse_message(const struct mech *row, const CK_MECHANISM *m, struct message_param *ret)
{
    TRY(message_param_parse(row, m->pParameter, m->ulParameterLen, ret));
    ENSURE(ret->tag != NULL, CKR_MECHANISM_PARAM_INVALID);
    ret->n_data = PARAM_ANY_LENGTH;
    return CKR_OK;
}

/* Will the IV of this wrapping be one that no other had? */
static CK_RV check_fresh(const struct iv_request *iv)
{
    const bool is_random =
        iv->generator == CKG_GENERATE || iv->generator == CKG_GENERATE_RANDOM;

    if (!policy_holds(POLICY_WRAP_MECHANISMS) ||
        (is_random && iv->fixed <= 8 * iv->n && 8 * iv->n - iv->fixed >= FRESH_BITS))
        return CKR_OK;
    log_warn("wrapping by AES-GCM and AES-CCM wants an IV that the token makes: give a parameter "
             "with a generator, CKG_GENERATE, and %d bits at least that are not fixed",
             FRESH_BITS);
    FAIL(CKR_MECHANISM_PARAM_INVALID);
}

static CK_RV process(enum message_kind kind, const struct mech *row, struct key *key,
                     struct message **ret)
{
    const CK_MECHANISM bare = {row->type, NULL, 0};

    return message_start(kind, row, &bare, key, ret);
}

/* One message under the output rule. */
static CK_RV seal(const struct mech *row, struct key *key, const struct message_param *p,
                  struct span aad, struct span plain, struct out *out)
{
    AUTO(message_freep) struct message *m = NULL;

    TRY(process(MESSAGE_ENCRYPT, row, key, &m));
    return message_crypt_with(m, p, aad, plain, out);
}

static CK_RV unseal(const struct mech *row, struct key *key, const struct message_param *p,
                    struct span aad, struct span sealed, struct buf *ret)
{
    AUTO(message_freep) struct message *m = NULL;
    CK_ULONG n = sealed.n;
    struct out out = {.len = &n};
    CK_RV rv;

    ENSURE(sealed.n > 0, CKR_WRAPPED_KEY_LEN_RANGE);
    TRY(process(MESSAGE_DECRYPT, row, key, &m));
    out.data = buf_extend(ret, sealed.n);
    ENSURE(out.data != NULL, CKR_HOST_MEMORY);
    rv = message_crypt_with(m, p, aad, sealed, &out);
    ENSURE(rv != CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_WRAPPED_KEY_LEN_RANGE);
    ENSURE(rv != CKR_AEAD_DECRYPT_FAILED, CKR_WRAPPED_KEY_INVALID);
    return rv;
}

/* Too long for the mode. */
static CK_RV wrap_code(CK_RV rv)
{
    return rv == CKR_DATA_LEN_RANGE ? CKR_KEY_SIZE_RANGE : rv;
}

CK_RV wrap_aead(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                const struct attrs *target, struct out *out)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    uint8_t tag[PARAM_MAX_TAG];
    struct wrap_param p;
    CK_ULONG n;
    struct out text = {.data = out->data, .len = &n};

    TRY(parse_wrap(row, m, &p));
    TRY(check_fresh(&p.message.iv));
    TRY(wrap_encode(row->gen, target, &plain));
    n = plain.n;
    TRY(out_room(out, n + p.message.n_tag));
    if (out_is_query(out))
        return CKR_OK;
    p.message.tag = tag;
    TRY(wrap_code(seal(row, wrapping, &p.message, p.aad, buf_span(&plain), &text)));
    memcpy(out->data + n, tag, p.message.n_tag);
    out_done(out, n + p.message.n_tag);
    return CKR_OK;
}

CK_RV unwrap_aead(const struct mech *row, const CK_MECHANISM *m, struct key *unwrapping,
                  struct span wrapped, struct buf *ret)
{
    uint8_t tag[PARAM_MAX_TAG];
    struct wrap_param p;
    size_t n;

    TRY(parse_wrap(row, m, &p));
    ENSURE(wrapped.n > p.message.n_tag, CKR_WRAPPED_KEY_LEN_RANGE);
    n = wrapped.n - p.message.n_tag;
    memcpy(tag, wrapped.p + n, p.message.n_tag);
    p.message.tag = tag;
    return unseal(row, unwrapping, &p.message, p.aad, span_of(wrapped.p, n), ret);
}

CK_RV gen_wrap_authenticated(const struct mech *row, const CK_MECHANISM *m, struct key *wrapping,
                             const struct attrs *target, struct span aad, struct out *out)
{
    KEEP_ERRORS;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf bound = BUF_INIT;
    struct message_param p;

    ENSURE(row->gen != NULL && row->gen->is_aead, CKR_MECHANISM_INVALID);
    TRY(parse_message(row, m, &p));
    TRY(check_fresh(&p.iv));
    TRY(wrap_encode(row->gen, target, &plain));
    TRY(bound_data(target, aad, &bound));
    return wrap_code(seal(row, wrapping, &p, buf_span(&bound), buf_span(&plain), out));
}

CK_RV gen_unwrap_authenticated(const struct mech *row, const CK_MECHANISM *m,
                               struct key *unwrapping, const struct attrs *said, struct span aad,
                               struct span wrapped, struct attrs *a)
{
    KEEP_ERRORS;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(buf_clear) struct buf bound = BUF_INIT;
    struct message_param p;

    ENSURE(row->gen != NULL && row->gen->is_aead, CKR_MECHANISM_INVALID);
    TRY(wrap_check_class(row->gen, attrs_ulong(a, CKA_CLASS, CK_UNAVAILABLE_INFORMATION)));
    TRY(parse_message(row, m, &p));
    TRY(bound_data(said, aad, &bound));
    TRY(unseal(row, unwrapping, &p, buf_span(&bound), wrapped, &plain));
    return wrap_decode(row->gen, buf_span(&plain), a);
}

const struct gen_class gen_wrap_with_aead = {
    .name = "wrap-aead",
    .wraps_secrets = true,
    .wraps_privates = true,
    .unwraps_secrets = true,
    .unwraps_privates = true,
    .is_aead = true,
};
