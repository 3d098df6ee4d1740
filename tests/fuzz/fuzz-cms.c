/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-cms.c - what comes with a recovery certificate: messages to its key, from a disk that a host
 * may write; certificates, from a configuration; private keys, from an owner's file. The first byte
 * says which: m, c or k.
 *
 * Both ways of opening a message are tried. Whatever opens is the one text that was ever sealed to
 * these keys, and nothing else comes out.
 */
#include "fuzz.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "cms_keys.h"
#include "crypto/cms.h"
#include "crypto/ossl.h"

#define PLAIN "what was sealed to the owner"

static EVP_PKEY *ec, *rsa;
static struct buf to_ec; /* a message of ours */
static bool asked;       /* the agent was, by this input */

static EVP_PKEY *key_of(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    BIO_free(bio);
    FUZZ_CHECK(key != NULL);
    return key;
}

static struct span text_span(const char *text)
{
    return span_of(text, strlen(text));
}

static void setup(void)
{
    FUZZ_OK(crypto_ready());
    ec = key_of(ec_key);
    rsa = key_of(rsa_key);
    FUZZ_OK(cms_seal(text_span(ec_pem), SPAN_LIT(PLAIN), &to_ec));
}

static void teardown(void)
{
    EVP_PKEY_free(ec);
    EVP_PKEY_free(rsa);
    buf_clear(&to_ec);
}

/* -- an agent with both keys ---------------------------------------------------------------------
 */

static CK_RV agent_decrypt(void *arg, struct span encrypted, struct secret **ret)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(rsa, NULL);
    uint8_t plain[512];
    size_t n = sizeof(plain);
    bool ok;

    (void)arg;
    asked = true;
    ok = EVP_PKEY_decrypt_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
         EVP_PKEY_decrypt(ctx, plain, &n, encrypted.p, encrypted.n) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return ok ? secret_from(span_of(plain, n), ret) : CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV agent_agree(void *arg, struct span point, struct secret **ret)
{
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ec, NULL);
    uint8_t z[128];
    size_t n = sizeof(z);
    bool ok;

    (void)arg;
    asked = true;
    ok = EVP_PKEY_copy_parameters(peer, ec) == 1 &&
         EVP_PKEY_set1_encoded_public_key(peer, point.p, point.n) == 1 &&
         EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
         EVP_PKEY_derive(ctx, z, &n) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return ok ? secret_from(span_of(z, n), ret) : CKR_ENCRYPTED_DATA_INVALID;
}

static const struct cms_agent agent = {NULL, agent_decrypt, agent_agree};

/* -- messages ------------------------------------------------------------------------------------
 */

static bool is_plain(const struct secret *s)
{
    return s != NULL && span_equal(secret_span(s), SPAN_LIT(PLAIN));
}

/* Does the key itself open it? */
static bool opens(struct span message, const char *pem, const char *key)
{
    AUTO(secret_freep) struct secret *plain = NULL;
    const CK_RV rv = cms_open(message, text_span(pem), text_span(key), &plain);

    FUZZ_RV(rv, CKR_OK, CKR_ENCRYPTED_DATA_INVALID);
    FUZZ_CHECK(rv == CKR_OK ? is_plain(plain) : plain == NULL);
    return rv == CKR_OK;
}

static void message(struct span input)
{
    AUTO(secret_freep) struct secret *plain = NULL;
    CK_RV rv;

    asked = false;
    rv = cms_open_by(input, &agent, &plain);
    FUZZ_RV(rv, CKR_OK, CKR_ENCRYPTED_DATA_INVALID, CKR_FUNCTION_FAILED);
    FUZZ_CHECK(rv == CKR_OK ? is_plain(plain) : plain == NULL);
    /* Reading the key takes the most of the time: not for every message that is none. */
    if (asked || input.n % 8 == 0)
        (void)opens(input, ec_pem, ec_key);
    if (asked)
        (void)opens(input, rsa_pem, rsa_key);
}

/* -- certificates and keys -----------------------------------------------------------------------
 */

/* What is taken can be sealed to, and is read again as what it was written as. */
static void certificate(struct span input)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf again = BUF_INIT;
    AUTO(buf_clear) struct buf subject = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    CK_RV rv = cms_certificate(input, &der, &subject);

    FUZZ_RV(rv, CKR_OK, CKR_ARGUMENTS_BAD);
    if (rv != CKR_OK) {
        FUZZ_CHECK(der.n == 0 && subject.n == 0);
        return;
    }
    FUZZ_OK(cms_certificate(buf_span(&der), &again, NULL));
    FUZZ_CHECK(span_equal(buf_span(&der), buf_span(&again)));
    rv = cms_seal(buf_span(&der), SPAN_LIT(PLAIN), &sealed);
    FUZZ_RV(rv, CKR_OK, CKR_FUNCTION_FAILED);
    FUZZ_CHECK((rv == CKR_OK) == (sealed.n > 0));
}

static void private_key(struct span input)
{
    AUTO(secret_freep) struct secret *plain = NULL;
    const CK_RV rv = cms_open(buf_span(&to_ec), text_span(ec_pem), input, &plain);

    FUZZ_RV(rv, CKR_OK, CKR_ARGUMENTS_BAD, CKR_ENCRYPTED_DATA_INVALID);
    FUZZ_CHECK(rv == CKR_OK ? is_plain(plain) : plain == NULL);
}

static void one(struct span input)
{
    const struct span rest = input.n > 0 ? span_of(input.p + 1, input.n - 1) : SPAN_EMPTY;

    if (input.n > 0 && input.p[0] == 'c')
        certificate(rest);
    else if (input.n > 0 && input.p[0] == 'k')
        private_key(rest);
    else
        message(rest);
    FUZZ_CHECK(ERR_peek_error() == 0);
}

const struct fuzz_target fuzz_target = {
    .name = "cms",
    .max_input = 4096,
    .setup = setup,
    .one = one,
    .teardown = teardown,
};
