/* SPDX-License-Identifier: BSD-2-Clause */
/* statement_file.c - hashes a file for a statement about it; see statement.h. Apart from
 * statement.c because the headers of OpenSSL and libtasn1 do not go together. */
#include <errno.h>
#include <unistd.h>

#include "attest/statement.h"
#include "crypto/ossl_auto.h"

/* False: an error. At the end *ret_n is 0. */
static bool read_some(int fd, uint8_t *to, size_t room, size_t *ret_n)
{
    ssize_t n;

    do
        n = read(fd, to, room);
    while (n < 0 && errno == EINTR);
    *ret_n = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

CK_RV statement_file_hash(int fd, struct statement_file *ret)
{
    KEEP_ERRORS;
    AUTO(md_ctx_freep) EVP_MD_CTX *ctx = NULL;
    struct statement_file f = {.size = 0};
    uint8_t block[32768];
    size_t n = 0;

    TRY(crypto_ready());
    ctx = EVP_MD_CTX_new();
    ENSURE(ctx != NULL, CKR_HOST_MEMORY);
    ENSURE(EVP_DigestInit_ex2(ctx, ossl_md("SHA2-512"), NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    do {
        ENSURE(read_some(fd, block, sizeof(block), &n), CKR_DEVICE_ERROR);
        ENSURE(EVP_DigestUpdate(ctx, block, n) == 1, ossl_rv(CKR_FUNCTION_FAILED));
        f.size += n;
    } while (n > 0);
    ENSURE(EVP_DigestFinal_ex(ctx, f.digest, NULL) == 1, ossl_rv(CKR_FUNCTION_FAILED));
    *ret = f;
    return CKR_OK;
}
