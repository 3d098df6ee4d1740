/* SPDX-License-Identifier: BSD-2-Clause */
/* hash.c - the table of hash functions; see hash.h. */
#include "crypto/hash.h"

static const struct hash hashes[] = {
    {CKM_SHA_1, "SHA1", 20, CKG_MGF1_SHA1, CKD_SHA1_KDF, CKD_SHA1_KDF_SP800,
     CKP_PKCS5_PBKD2_HMAC_SHA1, CKM_SHA_1_HMAC},
    {CKM_SHA224, "SHA2-224", 28, CKG_MGF1_SHA224, CKD_SHA224_KDF, CKD_SHA224_KDF_SP800,
     CKP_PKCS5_PBKD2_HMAC_SHA224, CKM_SHA224_HMAC},
    {CKM_SHA256, "SHA2-256", 32, CKG_MGF1_SHA256, CKD_SHA256_KDF, CKD_SHA256_KDF_SP800,
     CKP_PKCS5_PBKD2_HMAC_SHA256, CKM_SHA256_HMAC},
    {CKM_SHA384, "SHA2-384", 48, CKG_MGF1_SHA384, CKD_SHA384_KDF, CKD_SHA384_KDF_SP800,
     CKP_PKCS5_PBKD2_HMAC_SHA384, CKM_SHA384_HMAC},
    {CKM_SHA512, "SHA2-512", 64, CKG_MGF1_SHA512, CKD_SHA512_KDF, CKD_SHA512_KDF_SP800,
     CKP_PKCS5_PBKD2_HMAC_SHA512, CKM_SHA512_HMAC},
    {CKM_SHA512_224, "SHA2-512/224", 28, 0, 0, 0, CKP_PKCS5_PBKD2_HMAC_SHA512_224,
     CKM_SHA512_224_HMAC},
    {CKM_SHA512_256, "SHA2-512/256", 32, 0, 0, 0, CKP_PKCS5_PBKD2_HMAC_SHA512_256,
     CKM_SHA512_256_HMAC},
    {CKM_SHA3_224, "SHA3-224", 28, CKG_MGF1_SHA3_224, CKD_SHA3_224_KDF, CKD_SHA3_224_KDF_SP800, 0,
     CKM_SHA3_224_HMAC},
    {CKM_SHA3_256, "SHA3-256", 32, CKG_MGF1_SHA3_256, CKD_SHA3_256_KDF, CKD_SHA3_256_KDF_SP800, 0,
     CKM_SHA3_256_HMAC},
    {CKM_SHA3_384, "SHA3-384", 48, CKG_MGF1_SHA3_384, CKD_SHA3_384_KDF, CKD_SHA3_384_KDF_SP800, 0,
     CKM_SHA3_384_HMAC},
    {CKM_SHA3_512, "SHA3-512", 64, CKG_MGF1_SHA3_512, CKD_SHA3_512_KDF, CKD_SHA3_512_KDF_SP800, 0,
     CKM_SHA3_512_HMAC},
};

const struct hash *hash_of_mechanism(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (hashes[i].type == type)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_mgf(CK_ULONG mgf)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (mgf != 0 && hashes[i].mgf == mgf)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_kdf(CK_ULONG kdf)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (kdf != 0 && hashes[i].kdf == kdf)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_kdf_sp800(CK_ULONG kdf)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (kdf != 0 && hashes[i].kdf_sp800 == kdf)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_md(const char *md)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (hashes[i].md == md || strcmp(hashes[i].md, md) == 0)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_pbkdf2(CK_ULONG prf)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (prf != 0 && hashes[i].pbkdf2 == prf)
            return &hashes[i];
    }
    return NULL;
}

const struct hash *hash_of_hmac(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(hashes); i++) {
        if (hashes[i].hmac == type)
            return &hashes[i];
    }
    return NULL;
}
