/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entropy.c - getrandom(2), blocking until the kernel's pool is ready, never short.
 */
#include "root/entropy.h"

#include <errno.h>
#include <sys/random.h>

CK_RV entropy_fill(uint8_t *ret, size_t n)
{
    ssize_t got;

    ENSURE(n <= ENTROPY_MAX, CKR_GENERAL_ERROR);
    do
        got = getrandom(ret, n, 0);
    while (got < 0 && errno == EINTR);
    ENSURE(got == (ssize_t)n, CKR_DEVICE_ERROR);
    return CKR_OK;
}
