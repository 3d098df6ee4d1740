/* SPDX-License-Identifier: BSD-2-Clause */
/* keywrap.c - AES key wrapping by OpenSSL's WRAP modes; see keywrap.h. */
#include "crypto/keywrap.h"

#include "crypto/cipher_name.h"
#include "crypto/key_class.h"
#include "crypto/ossl_auto.h"
#include "util/ct.h"

bool keywrap_pads(const struct mech *row)
{
    return row->parse == parse_iv_kwp;
}

size_t keywrap_size(const struct mech *row, size_t n)
{
    const size_t blocks = (n + KEYWRAP_SEMIBLOCK - 1) / KEYWRAP_SEMIBLOCK;

    if (n > KEYWRAP_MAX || n == 0)
        return 0;
    if (keywrap_pads(row))
        return (blocks + 1) * KEYWRAP_SEMIBLOCK;
    /* KW: whole semiblocks, two at least (SP 800-38F 5.3.1). */
    return n % KEYWRAP_SEMIBLOCK != 0 || blocks < 2 ? 0 : n + KEYWRAP_SEMIBLOCK;
}

/* One call of OpenSSL does all. `to` has room for in.n + 16 bytes: unwrapping with padding writes
 * more than the plaintext. */
static CK_RV keywrap_run(const struct mech *row, const union mech_param *param, const struct key *k,
                         bool encrypt, struct span in, uint8_t *to, size_t *ret_n)
{
    const struct span key = buf_span(&k->value);
    const EVP_CIPHER *cipher = cipher_of(row, key.n);
    const uint8_t *iv = param->iv.n > 0 ? param->iv.iv : NULL; /* NULL: the standard's */
    AUTO(cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    size_t n_out;
    int n = 0, done;

    ENSURE(cipher != NULL, CKR_MECHANISM_INVALID);
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ENSURE(EVP_CipherInit_ex2(ctx, cipher, key.p, iv, encrypt, NULL) == 1,
           ossl_rv(CKR_FUNCTION_FAILED));
    done = EVP_CipherUpdate(ctx, to, &n, in.p, (int)in.n);
    n_out = ct_public((size_t)n); /* KWP reads it in what it decrypted, and it goes out with that */
    ENSURE(done == 1 && n_out > 0 && n_out <= in.n + 2 * KEYWRAP_SEMIBLOCK,
           ossl_rv(encrypt ? CKR_FUNCTION_FAILED : CKR_ENCRYPTED_DATA_INVALID));
    *ret_n = n_out;
    return CKR_OK;
}

static CK_RV keywrap_append(const struct mech *row, const union mech_param *param,
                            const struct key *k, bool encrypt, struct span in, struct buf *ret)
{
    const size_t before = ret->n;
    uint8_t *to = buf_extend(ret, in.n + 2 * KEYWRAP_SEMIBLOCK);
    size_t n = 0;
    CK_RV rv;

    ENSURE(to != NULL, CKR_HOST_MEMORY);
    rv = keywrap_run(row, param, k, encrypt, in, to, &n);
    /* Bytes behind the result stay in the block that the buffer wipes. */
    ret->n = rv == CKR_OK ? before + n : before;
    return rv;
}

CK_RV keywrap_seal(const struct mech *row, const union mech_param *param, const struct key *k,
                   struct span plain, struct buf *ret)
{
    KEEP_ERRORS;

    ENSURE(keywrap_size(row, plain.n) != 0, CKR_DATA_LEN_RANGE);
    return keywrap_append(row, param, k, true, plain, ret);
}

CK_RV keywrap_open(const struct mech *row, const union mech_param *param, const struct key *k,
                   struct span wrapped, struct buf *ret)
{
    KEEP_ERRORS;
    const size_t least = keywrap_pads(row) ? 2 * KEYWRAP_SEMIBLOCK : 3 * KEYWRAP_SEMIBLOCK;

    ENSURE(wrapped.n % KEYWRAP_SEMIBLOCK == 0 && wrapped.n >= least &&
               wrapped.n <= KEYWRAP_MAX + KEYWRAP_SEMIBLOCK,
           CKR_ENCRYPTED_DATA_LEN_RANGE);
    return keywrap_append(row, param, k, false, wrapped, ret);
}
