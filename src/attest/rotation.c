/* SPDX-License-Identifier: BSD-2-Clause */
/* rotation.c - the signature of the key before; see rotation.h. */
#include "attest/rotation.h"

/* How a key signs, by its type: the first row that fits. statement_signed_bytes() says the same in
 * words, cli/key_sign.c makes such signatures. */
static const struct {
    int type;       /* EVP_PKEY_ */
    int max_bits;   /* of keys that the hash is enough for; 0: all */
    const char *md; /* NULL: the scheme has its own */
} schemes[] = {
    {EVP_PKEY_RSA, 0, "SHA2-256"}, {EVP_PKEY_EC, 256, "SHA2-256"}, {EVP_PKEY_EC, 384, "SHA2-384"},
    {EVP_PKEY_EC, 0, "SHA2-512"},  {EVP_PKEY_ED25519, 0, NULL},    {EVP_PKEY_ED448, 0, NULL},
};

/* False: keys of this type don't sign. */
static bool scheme_of(const EVP_PKEY *key, const char **ret_md)
{
    const int type = EVP_PKEY_get_base_id(key), bits = EVP_PKEY_get_bits(key);

    for (size_t i = 0; i < N_ELEMENTS(schemes); i++) {
        if (schemes[i].type == type && (schemes[i].max_bits == 0 || bits <= schemes[i].max_bits)) {
            *ret_md = schemes[i].md;
            return true;
        }
    }
    return false;
}

static EVP_PKEY *key_of(struct span spki)
{
    const uint8_t *p = spki.p;
    EVP_PKEY *key = d2i_PUBKEY_ex(NULL, &p, (long)spki.n, ossl_ctx(), NULL);

    if (key != NULL && p == spki.p + spki.n)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static bool verifies(EVP_PKEY *key, const char *md, struct span bytes, struct span signature)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return ctx != NULL &&
           EVP_DigestVerifyInit_ex(ctx, NULL, md, ossl_ctx(), NULL, key, NULL) == 1 &&
           EVP_DigestVerify(ctx, signature.p, signature.n, bytes.p, bytes.n) == 1;
}

bool rotation_signature_ok(const struct statement *s, const char **ret_objection)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *key = key_of(s->rotation.old_public_key);
    AUTO(buf_clear) struct buf bytes = BUF_INIT;
    const char *md = NULL;

    if (key == NULL)
        *ret_objection = "the old public key is none";
    else if (!scheme_of(key, &md))
        *ret_objection = "a key of the old one's type doesn't sign";
    else if (statement_signed_bytes(s, &bytes) != CKR_OK)
        *ret_objection = "the statement can't be encoded";
    else if (!verifies(key, md, buf_span(&bytes), s->rotation.signature))
        *ret_objection = "it is not the old key's over this statement";
    else
        return true;
    return false;
}

bool rotation_same_key(EVP_PKEY *wanted, struct span spki)
{
    KEEP_ERRORS;
    AUTO(pkey_freep) EVP_PKEY *is = key_of(spki);

    return is != NULL && EVP_PKEY_eq(wanted, is) == 1;
}
