/* SPDX-License-Identifier: BSD-2-Clause */
/* poison.c - secrets for memcheck to follow; see poison.h. */
#include "poison.h"

#include <valgrind/memcheck.h>

bool poison_rsa;
unsigned poison_told;

bool poison_works(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void poison(const void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

void reveal(const void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

unsigned poison_reports(void)
{
    return VALGRIND_COUNT_ERRORS;
}

/* -- what may be told --------------------------------------------------------------------------- */

size_t __wrap_ct_public(size_t v)
{
    size_t told = __real_ct_public(v);

    poison_told++;
    reveal(&told, sizeof(told));
    return told;
}

bool __wrap_mem_equal_ct(const void *a, const void *b, size_t n)
{
    bool told = __real_mem_equal_ct(a, b, n);

    reveal(&told, sizeof(told));
    return told;
}

bool __wrap_mem_is_zero(const void *p, size_t n)
{
    bool told = __real_mem_is_zero(p, n);

    reveal(&told, sizeof(told));
    return told;
}

CK_RV __wrap_prim_gcm_seal(const uint8_t key[PRIM_KEY], struct span aad, struct span plain,
                           uint8_t *ret)
{
    const CK_RV rv = __real_prim_gcm_seal(key, aad, plain, ret);

    reveal(ret, plain.n + PRIM_TAG);
    return rv;
}

/* -- what libcrypto made of a ciphertext -------------------------------------------------------- */

int __wrap_EVP_PKEY_decrypt(EVP_PKEY_CTX *ctx, unsigned char *out, size_t *n_out,
                            const unsigned char *in, size_t n_in)
{
    const size_t room = *n_out;
    int done = __real_EVP_PKEY_decrypt(ctx, out, n_out, in, n_in);

    if (poison_rsa) {
        poison(&done, sizeof(done));
        poison(n_out, sizeof(*n_out));
        poison(out, room);
    }
    return done;
}
