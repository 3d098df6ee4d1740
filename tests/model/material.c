/* SPDX-License-Identifier: BSD-2-Clause */
/* material.c - the keys of the model test; see material.h. */
#include "material.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/reference.h"

static EVP_PKEY *rsa, *ec;

static EVP_PKEY *read_pair(const char *name)
{
    const char *root = getenv("TEE_TEST_SOURCE");
    char path[512];
    EVP_PKEY *pair;
    FILE *f;

    assert_non_null(root);
    (void)snprintf(path, sizeof(path), "%s/tests/model/%s", root, name);
    f = fopen(path, "re");
    assert_non_null(f);
    pair = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    (void)fclose(f);
    assert_non_null(pair);
    return pair;
}

void material_setup(void)
{
    rsa = read_pair("rsa.pem");
    ec = read_pair("ec.pem");
}

void material_teardown(void)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    rsa = ec = NULL;
}

EVP_PKEY *material_pair(enum kind kind)
{
    return (BIT(kind) & RSA_KEYS) != 0 ? rsa : ec;
}

size_t material_length(enum kind kind, unsigned choice)
{
    static const size_t lengths[][4] = {
        [KIND_DATA] = {0, 7, 64, 200},
        [KIND_AES] = {16, 24, 32, 17},
        [KIND_GENERIC] = {64, 32, 100, 0},
    };

    return kind <= KIND_GENERIC ? lengths[kind][choice % 4] : 32;
}

static size_t number(EVP_PKEY *pair, const char *param, uint8_t *ret)
{
    BIGNUM *bn = NULL;
    int n;

    assert_int_equal(EVP_PKEY_get_bn_param(pair, param, &bn), 1);
    n = BN_bn2bin(bn, ret);
    BN_clear_free(bn);
    return (size_t)n;
}

static size_t scalar(uint8_t *ret)
{
    BIGNUM *bn = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(ec, OSSL_PKEY_PARAM_PRIV_KEY, &bn), 1);
    assert_int_equal(BN_bn2binpad(bn, ret, 32), 32);
    BN_clear_free(bn);
    return 32;
}

/* A DER OCTET STRING around the point, which has 65 bytes. */
static size_t point(uint8_t *ret)
{
    size_t n = 0;

    assert_int_equal(EVP_PKEY_get_octet_string_param(ec, OSSL_PKEY_PARAM_PUB_KEY, ret + 2,
                                                     VALUE_MAX - 2, &n), 1);
    assert_int_equal(n, 65);
    ret[0] = 0x04;
    ret[1] = 65;
    return n + 2;
}

static size_t pair_value(enum at at, uint8_t *ret)
{
    static const char *const params[N_ATS] = {
        [AT_MODULUS] = OSSL_PKEY_PARAM_RSA_N,
        [AT_PUBLIC_EXPONENT] = OSSL_PKEY_PARAM_RSA_E,
        [AT_PRIVATE_EXPONENT] = OSSL_PKEY_PARAM_RSA_D,
        [AT_PRIME_1] = OSSL_PKEY_PARAM_RSA_FACTOR1,
        [AT_PRIME_2] = OSSL_PKEY_PARAM_RSA_FACTOR2,
        [AT_EXPONENT_1] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
        [AT_EXPONENT_2] = OSSL_PKEY_PARAM_RSA_EXPONENT2,
        [AT_COEFFICIENT] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };

    if (params[at] != NULL)
        return number(rsa, params[at], ret);
    if (at == AT_EC_POINT)
        return point(ret);
    if (at == AT_EC_PARAMS) {
        memcpy(ret, p256_params, sizeof(p256_params));
        return sizeof(p256_params);
    }
    return scalar(ret);
}

size_t material_value(enum at at, unsigned choice, enum kind kind, uint8_t ret[VALUE_MAX])
{
    if (kind <= KIND_GENERIC) {
        fill_pattern(ret, material_length(kind, choice), 17 + choice);
        return material_length(kind, choice);
    }
    if (choice == BAD_MATERIAL) {
        memset(ret, 0, 3);
        return 3;
    }
    return pair_value(at, ret);
}
