/* SPDX-License-Identifier: BSD-2-Clause */
/* params_derive.c - the parsers of the parameters that keys are derived with; see params.h. */
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/params.h"

#define FIRST_POINTER 65536 /* below it Linux maps nothing */

CK_RV parse_hkdf(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_HKDF_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(p.bExtract <= CK_TRUE && p.bExpand <= CK_TRUE && (p.bExtract || p.bExpand),
           CKR_MECHANISM_PARAM_INVALID);
    ret->hkdf.hash = hash_of_mechanism(p.prfHashMechanism);
    ENSURE(ret->hkdf.hash != NULL, CKR_MECHANISM_PARAM_INVALID);
    ret->hkdf.extract = p.bExtract;
    ret->hkdf.expand = p.bExpand;
    ret->hkdf.salt_key = CK_INVALID_HANDLE;
    if (p.bExtract) { /* else the salt is ignored (6.62.3), and so is the info of what follows */
        ENSURE(p.ulSaltType == CKF_HKDF_SALT_NULL || p.ulSaltType == CKF_HKDF_SALT_DATA ||
                   p.ulSaltType == CKF_HKDF_SALT_KEY,
               CKR_MECHANISM_PARAM_INVALID);
        if (p.ulSaltType == CKF_HKDF_SALT_DATA)
            TRY(param_take_bytes(p.pSalt, p.ulSaltLen, &ret->hkdf.owned));
        ENSURE(p.ulSaltType != CKF_HKDF_SALT_KEY || p.hSaltKey != CK_INVALID_HANDLE,
               CKR_MECHANISM_PARAM_INVALID);
        if (p.ulSaltType == CKF_HKDF_SALT_KEY)
            ret->hkdf.salt_key = p.hSaltKey;
    }
    ret->hkdf.n_salt = ret->hkdf.owned.n;
    return p.bExpand ? param_take_bytes(p.pInfo, p.ulInfoLen, &ret->hkdf.owned) : CKR_OK;
}

/* Read a CK_ULONG at an address that may be none: the kernel is asked, and says no. */
static bool read_elsewhere(CK_ULONG address, CK_ULONG *ret)
{
    struct iovec here = {ret, sizeof(*ret)};
    struct iovec there = {(void *)(uintptr_t)address, sizeof(*ret)};

    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)sizeof(*ret);
}

/* The deprecated structure differs in its last member, a pointer to the length (by a mistake of
 * 2.40's header), and has the same size. A number too small to be a pointer is a length; for
 * another one the length that it points at is taken. */
static CK_RV password_length(const CK_PKCS5_PBKD2_PARAMS2 *p, CK_ULONG *ret)
{
    CK_ULONG n = p->ulPasswordLen;

    _Static_assert(sizeof(CK_PKCS5_PBKD2_PARAMS) == sizeof(CK_PKCS5_PBKD2_PARAMS2),
                   "told apart by the length");
    if (n >= FIRST_POINTER)
        ENSURE(read_elsewhere(n, &n) && n < FIRST_POINTER, CKR_MECHANISM_PARAM_INVALID);
    *ret = n;
    return CKR_OK;
}

CK_RV parse_pbkdf2(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_PKCS5_PBKD2_PARAMS2 p;
    CK_ULONG n = 0;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ret->pbkdf2.hash = hash_of_pbkdf2(p.prf);
    ENSURE(ret->pbkdf2.hash != NULL && p.ulPrfDataLen == 0, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(p.saltSource == CKZ_SALT_SPECIFIED, CKR_MECHANISM_PARAM_INVALID);
    ENSURE(p.iterations >= 1, CKR_MECHANISM_PARAM_INVALID);
    ret->pbkdf2.iterations = p.iterations;
    TRY(password_length(&p, &n));
    TRY(param_take_bytes(p.pSaltSourceData, p.ulSaltSourceDataLen, &ret->pbkdf2.owned));
    ret->pbkdf2.n_salt = ret->pbkdf2.owned.n;
    return param_take_bytes(p.pPassword, n, &ret->pbkdf2.owned);
}

CK_RV parse_string(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_KEY_DERIVATION_STRING_DATA p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    ENSURE(p.ulLen > 0, CKR_MECHANISM_PARAM_INVALID);
    return param_take_bytes(p.pData, p.ulLen, &ret->any.owned);
}

/* What is encrypted becomes a key: no more than the longest. */
static CK_RV take_blocks(const void *p, CK_ULONG n, struct buf *ret)
{
    ENSURE(n > 0 && n % PARAM_BLOCK == 0 && n <= PARAM_MAX_BLOCKS, CKR_MECHANISM_PARAM_INVALID);
    return param_take_bytes(p, n, ret);
}

CK_RV parse_blocks(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_KEY_DERIVATION_STRING_DATA p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    return take_blocks(p.pData, p.ulLen, &ret->any.owned);
}

CK_RV parse_cbc_data(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS p;

    (void)row;
    TRY(param_take(m, &p, sizeof(p)));
    memcpy(ret->iv.iv, p.iv, PARAM_BLOCK);
    ret->iv.n = PARAM_BLOCK;
    return take_blocks(p.pData, p.length, &ret->iv.owned);
}

CK_RV parse_handle(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return param_take(m, &ret->other.key, sizeof(ret->other.key));
}

CK_RV parse_extract(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    (void)row;
    return param_take(m, &ret->extract.bit, sizeof(ret->extract.bit));
}

/* Both halves are parsed where they are used (gen_wrap_rsa_aes.c): nothing is to be kept here. */
CK_RV parse_rsa_aes(const struct mech *row, const CK_MECHANISM *m, union mech_param *ret)
{
    CK_RSA_AES_KEY_WRAP_PARAMS p;

    (void)row;
    (void)ret;
    return param_take(m, &p, sizeof(p));
}
