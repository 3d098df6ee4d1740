/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PKCS#11 as this project sees it: the system's p11-kit header, completed to version 3.2.
 *
 * The p11-kit header is 2.40 in Debian 12, 3.0 in Debian 13 and 3.2 later on, and what it calls 3.x
 * is neither complete nor quite the standard's: among others CK_CCM_PARAMS and
 * CK_ECDH_AES_KEY_WRAP_PARAMS have other members, the name in CK_INTERFACE is a plain char, and
 * C_DecapsulateKey() takes a pointer to the ciphertext's length. So that this project is compiled
 * from the same declarations everywhere, only what p11-kit 0.24 had is taken from the system:
 *
 *  - a constant is defined here where the system has none, under its own guard, and replaced in the
 *    few cases where the system's number is not to be relied on;
 *  - a scalar type and most functions are declared here again, which C11 allows where nothing
 *    differs;
 *  - a structure newer than p11-kit 0.24 is always the one below. The names are turned into
 *    sys_* while the system header is read, so that its own declarations do not collide. The same
 *    is done for the four functions whose arguments differ.
 *
 * Hence this header comes before any other p11-kit header, and CRYPTOKI_VERSION_MAJOR and _MINOR,
 * which stay what the system says, are of no use to this project.
 *
 * Numbers, names and layouts are those of the OASIS standard, versions 2.40, 3.0, 3.1 and 3.2;
 * chapters are those of the 3.2 text. Left out are the parameter structures of the mechanisms that
 * the standard calls historical (KEA, RC2, RC5, Skipjack, SET).
 */

#ifndef TEE_UTIL_PKCS11_H
#define TEE_UTIL_PKCS11_H

#ifdef PKCS11_H
#error "util/pkcs11.h must be included before any p11-kit header"
#endif

/* The names of the system header that are kept out, in the order of their declaration below. */
#define CK_INTERFACE                                sys_CK_INTERFACE
#define CK_INTERFACE_PTR                            sys_CK_INTERFACE_PTR
#define CK_INTERFACE_PTR_PTR                        sys_CK_INTERFACE_PTR_PTR
#define CK_ASYNC_DATA                               sys_CK_ASYNC_DATA
#define CK_ASYNC_DATA_PTR                           sys_CK_ASYNC_DATA_PTR
#define CK_RSA_AES_KEY_WRAP_PARAMS                  sys_CK_RSA_AES_KEY_WRAP_PARAMS
#define CK_RSA_AES_KEY_WRAP_PARAMS_PTR              sys_CK_RSA_AES_KEY_WRAP_PARAMS_PTR
#define CK_DSA_PARAMETER_GEN_PARAM                  sys_CK_DSA_PARAMETER_GEN_PARAM
#define CK_DSA_PARAMETER_GEN_PARAM_PTR              sys_CK_DSA_PARAMETER_GEN_PARAM_PTR
#define CK_ECDH2_DERIVE_PARAMS                      sys_CK_ECDH2_DERIVE_PARAMS
#define CK_ECDH2_DERIVE_PARAMS_PTR                  sys_CK_ECDH2_DERIVE_PARAMS_PTR
#define CK_ECMQV_DERIVE_PARAMS                      sys_CK_ECMQV_DERIVE_PARAMS
#define CK_ECMQV_DERIVE_PARAMS_PTR                  sys_CK_ECMQV_DERIVE_PARAMS_PTR
#define CK_ECDH_AES_KEY_WRAP_PARAMS                 sys_CK_ECDH_AES_KEY_WRAP_PARAMS
#define CK_ECDH_AES_KEY_WRAP_PARAMS_PTR             sys_CK_ECDH_AES_KEY_WRAP_PARAMS_PTR
#define CK_X9_42_DH1_DERIVE_PARAMS                  sys_CK_X9_42_DH1_DERIVE_PARAMS
#define CK_X9_42_DH1_DERIVE_PARAMS_PTR              sys_CK_X9_42_DH1_DERIVE_PARAMS_PTR
#define CK_X9_42_DH2_DERIVE_PARAMS                  sys_CK_X9_42_DH2_DERIVE_PARAMS
#define CK_X9_42_DH2_DERIVE_PARAMS_PTR              sys_CK_X9_42_DH2_DERIVE_PARAMS_PTR
#define CK_X9_42_MQV_DERIVE_PARAMS                  sys_CK_X9_42_MQV_DERIVE_PARAMS
#define CK_X9_42_MQV_DERIVE_PARAMS_PTR              sys_CK_X9_42_MQV_DERIVE_PARAMS_PTR
#define CK_EDDSA_PARAMS                             sys_CK_EDDSA_PARAMS
#define CK_EDDSA_PARAMS_PTR                         sys_CK_EDDSA_PARAMS_PTR
#define CK_XEDDSA_PARAMS                            sys_CK_XEDDSA_PARAMS
#define CK_XEDDSA_PARAMS_PTR                        sys_CK_XEDDSA_PARAMS_PTR
#define CK_X3DH_INITIATE_PARAMS                     sys_CK_X3DH_INITIATE_PARAMS
#define CK_X3DH_INITIATE_PARAMS_PTR                 sys_CK_X3DH_INITIATE_PARAMS_PTR
#define CK_X3DH_RESPOND_PARAMS                      sys_CK_X3DH_RESPOND_PARAMS
#define CK_X3DH_RESPOND_PARAMS_PTR                  sys_CK_X3DH_RESPOND_PARAMS_PTR
#define CK_X2RATCHET_INITIALIZE_PARAMS              sys_CK_X2RATCHET_INITIALIZE_PARAMS
#define CK_X2RATCHET_INITIALIZE_PARAMS_PTR          sys_CK_X2RATCHET_INITIALIZE_PARAMS_PTR
#define CK_X2RATCHET_RESPOND_PARAMS                 sys_CK_X2RATCHET_RESPOND_PARAMS
#define CK_X2RATCHET_RESPOND_PARAMS_PTR             sys_CK_X2RATCHET_RESPOND_PARAMS_PTR
#define CK_GCM_MESSAGE_PARAMS                       sys_CK_GCM_MESSAGE_PARAMS
#define CK_GCM_MESSAGE_PARAMS_PTR                   sys_CK_GCM_MESSAGE_PARAMS_PTR
#define CK_GCM_WRAP_PARAMS                          sys_CK_GCM_WRAP_PARAMS
#define CK_GCM_WRAP_PARAMS_PTR                      sys_CK_GCM_WRAP_PARAMS_PTR
#define CK_CCM_PARAMS                               sys_CK_CCM_PARAMS
#define CK_CCM_PARAMS_PTR                           sys_CK_CCM_PARAMS_PTR
#define CK_CCM_MESSAGE_PARAMS                       sys_CK_CCM_MESSAGE_PARAMS
#define CK_CCM_MESSAGE_PARAMS_PTR                   sys_CK_CCM_MESSAGE_PARAMS_PTR
#define CK_CCM_WRAP_PARAMS                          sys_CK_CCM_WRAP_PARAMS
#define CK_CCM_WRAP_PARAMS_PTR                      sys_CK_CCM_WRAP_PARAMS_PTR
#define CK_AES_GCM_PARAMS                           sys_CK_AES_GCM_PARAMS
#define CK_AES_GCM_PARAMS_PTR                       sys_CK_AES_GCM_PARAMS_PTR
#define CK_AES_CCM_PARAMS                           sys_CK_AES_CCM_PARAMS
#define CK_AES_CCM_PARAMS_PTR                       sys_CK_AES_CCM_PARAMS_PTR
#define CK_CAMELLIA_CTR_PARAMS                      sys_CK_CAMELLIA_CTR_PARAMS
#define CK_CAMELLIA_CTR_PARAMS_PTR                  sys_CK_CAMELLIA_CTR_PARAMS_PTR
#define CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS         sys_CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS
#define CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS_PTR     sys_CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS_PTR
#define CK_ARIA_CBC_ENCRYPT_DATA_PARAMS             sys_CK_ARIA_CBC_ENCRYPT_DATA_PARAMS
#define CK_ARIA_CBC_ENCRYPT_DATA_PARAMS_PTR         sys_CK_ARIA_CBC_ENCRYPT_DATA_PARAMS_PTR
#define CK_SEED_CBC_ENCRYPT_DATA_PARAMS             sys_CK_SEED_CBC_ENCRYPT_DATA_PARAMS
#define CK_SEED_CBC_ENCRYPT_DATA_PARAMS_PTR         sys_CK_SEED_CBC_ENCRYPT_DATA_PARAMS_PTR
#define CK_CHACHA20_PARAMS                          sys_CK_CHACHA20_PARAMS
#define CK_CHACHA20_PARAMS_PTR                      sys_CK_CHACHA20_PARAMS_PTR
#define CK_SALSA20_PARAMS                           sys_CK_SALSA20_PARAMS
#define CK_SALSA20_PARAMS_PTR                       sys_CK_SALSA20_PARAMS_PTR
#define CK_SALSA20_CHACHA20_POLY1305_PARAMS         sys_CK_SALSA20_CHACHA20_POLY1305_PARAMS
#define CK_SALSA20_CHACHA20_POLY1305_PARAMS_PTR     sys_CK_SALSA20_CHACHA20_POLY1305_PARAMS_PTR
#define CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS     sys_CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS
#define CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS_PTR sys_CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS_PTR
#define CK_PKCS5_PBKD2_PARAMS                       sys_CK_PKCS5_PBKD2_PARAMS
#define CK_PKCS5_PBKD2_PARAMS_PTR                   sys_CK_PKCS5_PBKD2_PARAMS_PTR
#define CK_PKCS5_PBKD2_PARAMS2                      sys_CK_PKCS5_PBKD2_PARAMS2
#define CK_PKCS5_PBKD2_PARAMS2_PTR                  sys_CK_PKCS5_PBKD2_PARAMS2_PTR
#define CK_PBE_PARAMS                               sys_CK_PBE_PARAMS
#define CK_PBE_PARAMS_PTR                           sys_CK_PBE_PARAMS_PTR
#define CK_SSL3_RANDOM_DATA                         sys_CK_SSL3_RANDOM_DATA
#define CK_SSL3_RANDOM_DATA_PTR                     sys_CK_SSL3_RANDOM_DATA_PTR
#define CK_SSL3_MASTER_KEY_DERIVE_PARAMS            sys_CK_SSL3_MASTER_KEY_DERIVE_PARAMS
#define CK_SSL3_MASTER_KEY_DERIVE_PARAMS_PTR        sys_CK_SSL3_MASTER_KEY_DERIVE_PARAMS_PTR
#define CK_SSL3_KEY_MAT_OUT                         sys_CK_SSL3_KEY_MAT_OUT
#define CK_SSL3_KEY_MAT_OUT_PTR                     sys_CK_SSL3_KEY_MAT_OUT_PTR
#define CK_SSL3_KEY_MAT_PARAMS                      sys_CK_SSL3_KEY_MAT_PARAMS
#define CK_SSL3_KEY_MAT_PARAMS_PTR                  sys_CK_SSL3_KEY_MAT_PARAMS_PTR
#define CK_TLS_PRF_PARAMS                           sys_CK_TLS_PRF_PARAMS
#define CK_TLS_PRF_PARAMS_PTR                       sys_CK_TLS_PRF_PARAMS_PTR
#define CK_TLS12_MASTER_KEY_DERIVE_PARAMS           sys_CK_TLS12_MASTER_KEY_DERIVE_PARAMS
#define CK_TLS12_MASTER_KEY_DERIVE_PARAMS_PTR       sys_CK_TLS12_MASTER_KEY_DERIVE_PARAMS_PTR
#define CK_TLS12_KEY_MAT_PARAMS                     sys_CK_TLS12_KEY_MAT_PARAMS
#define CK_TLS12_KEY_MAT_PARAMS_PTR                 sys_CK_TLS12_KEY_MAT_PARAMS_PTR
#define CK_TLS_KDF_PARAMS                           sys_CK_TLS_KDF_PARAMS
#define CK_TLS_KDF_PARAMS_PTR                       sys_CK_TLS_KDF_PARAMS_PTR
#define CK_TLS_MAC_PARAMS                           sys_CK_TLS_MAC_PARAMS
#define CK_TLS_MAC_PARAMS_PTR                       sys_CK_TLS_MAC_PARAMS_PTR
#define CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS  sys_CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS
#define CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS_PTR                                             \
    sys_CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS_PTR
#define CK_WTLS_RANDOM_DATA                  sys_CK_WTLS_RANDOM_DATA
#define CK_WTLS_RANDOM_DATA_PTR              sys_CK_WTLS_RANDOM_DATA_PTR
#define CK_WTLS_MASTER_KEY_DERIVE_PARAMS     sys_CK_WTLS_MASTER_KEY_DERIVE_PARAMS
#define CK_WTLS_MASTER_KEY_DERIVE_PARAMS_PTR sys_CK_WTLS_MASTER_KEY_DERIVE_PARAMS_PTR
#define CK_WTLS_PRF_PARAMS                   sys_CK_WTLS_PRF_PARAMS
#define CK_WTLS_PRF_PARAMS_PTR               sys_CK_WTLS_PRF_PARAMS_PTR
#define CK_WTLS_KEY_MAT_OUT                  sys_CK_WTLS_KEY_MAT_OUT
#define CK_WTLS_KEY_MAT_OUT_PTR              sys_CK_WTLS_KEY_MAT_OUT_PTR
#define CK_WTLS_KEY_MAT_PARAMS               sys_CK_WTLS_KEY_MAT_PARAMS
#define CK_WTLS_KEY_MAT_PARAMS_PTR           sys_CK_WTLS_KEY_MAT_PARAMS_PTR
#define CK_PRF_DATA_PARAM                    sys_CK_PRF_DATA_PARAM
#define CK_PRF_DATA_PARAM_PTR                sys_CK_PRF_DATA_PARAM_PTR
#define CK_SP800_108_COUNTER_FORMAT          sys_CK_SP800_108_COUNTER_FORMAT
#define CK_SP800_108_COUNTER_FORMAT_PTR      sys_CK_SP800_108_COUNTER_FORMAT_PTR
#define CK_SP800_108_DKM_LENGTH_FORMAT       sys_CK_SP800_108_DKM_LENGTH_FORMAT
#define CK_SP800_108_DKM_LENGTH_FORMAT_PTR   sys_CK_SP800_108_DKM_LENGTH_FORMAT_PTR
#define CK_DERIVED_KEY                       sys_CK_DERIVED_KEY
#define CK_DERIVED_KEY_PTR                   sys_CK_DERIVED_KEY_PTR
#define CK_SP800_108_KDF_PARAMS              sys_CK_SP800_108_KDF_PARAMS
#define CK_SP800_108_KDF_PARAMS_PTR          sys_CK_SP800_108_KDF_PARAMS_PTR
#define CK_SP800_108_FEEDBACK_KDF_PARAMS     sys_CK_SP800_108_FEEDBACK_KDF_PARAMS
#define CK_SP800_108_FEEDBACK_KDF_PARAMS_PTR sys_CK_SP800_108_FEEDBACK_KDF_PARAMS_PTR
#define CK_HKDF_PARAMS                       sys_CK_HKDF_PARAMS
#define CK_HKDF_PARAMS_PTR                   sys_CK_HKDF_PARAMS_PTR
#define CK_IKE2_PRF_PLUS_DERIVE_PARAMS       sys_CK_IKE2_PRF_PLUS_DERIVE_PARAMS
#define CK_IKE2_PRF_PLUS_DERIVE_PARAMS_PTR   sys_CK_IKE2_PRF_PLUS_DERIVE_PARAMS_PTR
#define CK_IKE_PRF_DERIVE_PARAMS             sys_CK_IKE_PRF_DERIVE_PARAMS
#define CK_IKE_PRF_DERIVE_PARAMS_PTR         sys_CK_IKE_PRF_DERIVE_PARAMS_PTR
#define CK_IKE1_PRF_DERIVE_PARAMS            sys_CK_IKE1_PRF_DERIVE_PARAMS
#define CK_IKE1_PRF_DERIVE_PARAMS_PTR        sys_CK_IKE1_PRF_DERIVE_PARAMS_PTR
#define CK_IKE1_EXTENDED_DERIVE_PARAMS       sys_CK_IKE1_EXTENDED_DERIVE_PARAMS
#define CK_IKE1_EXTENDED_DERIVE_PARAMS_PTR   sys_CK_IKE1_EXTENDED_DERIVE_PARAMS_PTR
#define CK_CMS_SIG_PARAMS                    sys_CK_CMS_SIG_PARAMS
#define CK_CMS_SIG_PARAMS_PTR                sys_CK_CMS_SIG_PARAMS_PTR
#define CK_KIP_PARAMS                        sys_CK_KIP_PARAMS
#define CK_KIP_PARAMS_PTR                    sys_CK_KIP_PARAMS_PTR
#define CK_GOSTR3410_DERIVE_PARAMS           sys_CK_GOSTR3410_DERIVE_PARAMS
#define CK_GOSTR3410_DERIVE_PARAMS_PTR       sys_CK_GOSTR3410_DERIVE_PARAMS_PTR
#define CK_GOSTR3410_KEY_WRAP_PARAMS         sys_CK_GOSTR3410_KEY_WRAP_PARAMS
#define CK_GOSTR3410_KEY_WRAP_PARAMS_PTR     sys_CK_GOSTR3410_KEY_WRAP_PARAMS_PTR
#define CK_SIGN_ADDITIONAL_CONTEXT           sys_CK_SIGN_ADDITIONAL_CONTEXT
#define CK_SIGN_ADDITIONAL_CONTEXT_PTR       sys_CK_SIGN_ADDITIONAL_CONTEXT_PTR
#define CK_HASH_SIGN_ADDITIONAL_CONTEXT      sys_CK_HASH_SIGN_ADDITIONAL_CONTEXT
#define CK_HASH_SIGN_ADDITIONAL_CONTEXT_PTR  sys_CK_HASH_SIGN_ADDITIONAL_CONTEXT_PTR
#define CK_FUNCTION_LIST_3_0                 sys_CK_FUNCTION_LIST_3_0
#define CK_FUNCTION_LIST_3_0_PTR             sys_CK_FUNCTION_LIST_3_0_PTR
#define CK_FUNCTION_LIST_3_0_PTR_PTR         sys_CK_FUNCTION_LIST_3_0_PTR_PTR
#define CK_FUNCTION_LIST_3_2                 sys_CK_FUNCTION_LIST_3_2
#define CK_FUNCTION_LIST_3_2_PTR             sys_CK_FUNCTION_LIST_3_2_PTR
#define CK_FUNCTION_LIST_3_2_PTR_PTR         sys_CK_FUNCTION_LIST_3_2_PTR_PTR
#define C_GetInterfaceList                   sys_C_GetInterfaceList
#define CK_C_GetInterfaceList                sys_CK_C_GetInterfaceList
#define C_GetInterface                       sys_C_GetInterface
#define CK_C_GetInterface                    sys_CK_C_GetInterface
#define C_DecapsulateKey                     sys_C_DecapsulateKey
#define CK_C_DecapsulateKey                  sys_CK_C_DecapsulateKey
#define C_AsyncComplete                      sys_C_AsyncComplete
#define CK_C_AsyncComplete                   sys_CK_C_AsyncComplete

#include <p11-kit/pkcs11.h>

#undef CK_INTERFACE
#undef CK_INTERFACE_PTR
#undef CK_INTERFACE_PTR_PTR
#undef CK_ASYNC_DATA
#undef CK_ASYNC_DATA_PTR
#undef CK_RSA_AES_KEY_WRAP_PARAMS
#undef CK_RSA_AES_KEY_WRAP_PARAMS_PTR
#undef CK_DSA_PARAMETER_GEN_PARAM
#undef CK_DSA_PARAMETER_GEN_PARAM_PTR
#undef CK_ECDH2_DERIVE_PARAMS
#undef CK_ECDH2_DERIVE_PARAMS_PTR
#undef CK_ECMQV_DERIVE_PARAMS
#undef CK_ECMQV_DERIVE_PARAMS_PTR
#undef CK_ECDH_AES_KEY_WRAP_PARAMS
#undef CK_ECDH_AES_KEY_WRAP_PARAMS_PTR
#undef CK_X9_42_DH1_DERIVE_PARAMS
#undef CK_X9_42_DH1_DERIVE_PARAMS_PTR
#undef CK_X9_42_DH2_DERIVE_PARAMS
#undef CK_X9_42_DH2_DERIVE_PARAMS_PTR
#undef CK_X9_42_MQV_DERIVE_PARAMS
#undef CK_X9_42_MQV_DERIVE_PARAMS_PTR
#undef CK_EDDSA_PARAMS
#undef CK_EDDSA_PARAMS_PTR
#undef CK_XEDDSA_PARAMS
#undef CK_XEDDSA_PARAMS_PTR
#undef CK_X3DH_INITIATE_PARAMS
#undef CK_X3DH_INITIATE_PARAMS_PTR
#undef CK_X3DH_RESPOND_PARAMS
#undef CK_X3DH_RESPOND_PARAMS_PTR
#undef CK_X2RATCHET_INITIALIZE_PARAMS
#undef CK_X2RATCHET_INITIALIZE_PARAMS_PTR
#undef CK_X2RATCHET_RESPOND_PARAMS
#undef CK_X2RATCHET_RESPOND_PARAMS_PTR
#undef CK_GCM_MESSAGE_PARAMS
#undef CK_GCM_MESSAGE_PARAMS_PTR
#undef CK_GCM_WRAP_PARAMS
#undef CK_GCM_WRAP_PARAMS_PTR
#undef CK_CCM_PARAMS
#undef CK_CCM_PARAMS_PTR
#undef CK_CCM_MESSAGE_PARAMS
#undef CK_CCM_MESSAGE_PARAMS_PTR
#undef CK_CCM_WRAP_PARAMS
#undef CK_CCM_WRAP_PARAMS_PTR
#undef CK_AES_GCM_PARAMS
#undef CK_AES_GCM_PARAMS_PTR
#undef CK_AES_CCM_PARAMS
#undef CK_AES_CCM_PARAMS_PTR
#undef CK_CAMELLIA_CTR_PARAMS
#undef CK_CAMELLIA_CTR_PARAMS_PTR
#undef CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS
#undef CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS_PTR
#undef CK_ARIA_CBC_ENCRYPT_DATA_PARAMS
#undef CK_ARIA_CBC_ENCRYPT_DATA_PARAMS_PTR
#undef CK_SEED_CBC_ENCRYPT_DATA_PARAMS
#undef CK_SEED_CBC_ENCRYPT_DATA_PARAMS_PTR
#undef CK_CHACHA20_PARAMS
#undef CK_CHACHA20_PARAMS_PTR
#undef CK_SALSA20_PARAMS
#undef CK_SALSA20_PARAMS_PTR
#undef CK_SALSA20_CHACHA20_POLY1305_PARAMS
#undef CK_SALSA20_CHACHA20_POLY1305_PARAMS_PTR
#undef CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS
#undef CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS_PTR
#undef CK_PKCS5_PBKD2_PARAMS
#undef CK_PKCS5_PBKD2_PARAMS_PTR
#undef CK_PKCS5_PBKD2_PARAMS2
#undef CK_PKCS5_PBKD2_PARAMS2_PTR
#undef CK_PBE_PARAMS
#undef CK_PBE_PARAMS_PTR
#undef CK_SSL3_RANDOM_DATA
#undef CK_SSL3_RANDOM_DATA_PTR
#undef CK_SSL3_MASTER_KEY_DERIVE_PARAMS
#undef CK_SSL3_MASTER_KEY_DERIVE_PARAMS_PTR
#undef CK_SSL3_KEY_MAT_OUT
#undef CK_SSL3_KEY_MAT_OUT_PTR
#undef CK_SSL3_KEY_MAT_PARAMS
#undef CK_SSL3_KEY_MAT_PARAMS_PTR
#undef CK_TLS_PRF_PARAMS
#undef CK_TLS_PRF_PARAMS_PTR
#undef CK_TLS12_MASTER_KEY_DERIVE_PARAMS
#undef CK_TLS12_MASTER_KEY_DERIVE_PARAMS_PTR
#undef CK_TLS12_KEY_MAT_PARAMS
#undef CK_TLS12_KEY_MAT_PARAMS_PTR
#undef CK_TLS_KDF_PARAMS
#undef CK_TLS_KDF_PARAMS_PTR
#undef CK_TLS_MAC_PARAMS
#undef CK_TLS_MAC_PARAMS_PTR
#undef CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS
#undef CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS_PTR
#undef CK_WTLS_RANDOM_DATA
#undef CK_WTLS_RANDOM_DATA_PTR
#undef CK_WTLS_MASTER_KEY_DERIVE_PARAMS
#undef CK_WTLS_MASTER_KEY_DERIVE_PARAMS_PTR
#undef CK_WTLS_PRF_PARAMS
#undef CK_WTLS_PRF_PARAMS_PTR
#undef CK_WTLS_KEY_MAT_OUT
#undef CK_WTLS_KEY_MAT_OUT_PTR
#undef CK_WTLS_KEY_MAT_PARAMS
#undef CK_WTLS_KEY_MAT_PARAMS_PTR
#undef CK_PRF_DATA_PARAM
#undef CK_PRF_DATA_PARAM_PTR
#undef CK_SP800_108_COUNTER_FORMAT
#undef CK_SP800_108_COUNTER_FORMAT_PTR
#undef CK_SP800_108_DKM_LENGTH_FORMAT
#undef CK_SP800_108_DKM_LENGTH_FORMAT_PTR
#undef CK_DERIVED_KEY
#undef CK_DERIVED_KEY_PTR
#undef CK_SP800_108_KDF_PARAMS
#undef CK_SP800_108_KDF_PARAMS_PTR
#undef CK_SP800_108_FEEDBACK_KDF_PARAMS
#undef CK_SP800_108_FEEDBACK_KDF_PARAMS_PTR
#undef CK_HKDF_PARAMS
#undef CK_HKDF_PARAMS_PTR
#undef CK_IKE2_PRF_PLUS_DERIVE_PARAMS
#undef CK_IKE2_PRF_PLUS_DERIVE_PARAMS_PTR
#undef CK_IKE_PRF_DERIVE_PARAMS
#undef CK_IKE_PRF_DERIVE_PARAMS_PTR
#undef CK_IKE1_PRF_DERIVE_PARAMS
#undef CK_IKE1_PRF_DERIVE_PARAMS_PTR
#undef CK_IKE1_EXTENDED_DERIVE_PARAMS
#undef CK_IKE1_EXTENDED_DERIVE_PARAMS_PTR
#undef CK_CMS_SIG_PARAMS
#undef CK_CMS_SIG_PARAMS_PTR
#undef CK_KIP_PARAMS
#undef CK_KIP_PARAMS_PTR
#undef CK_GOSTR3410_DERIVE_PARAMS
#undef CK_GOSTR3410_DERIVE_PARAMS_PTR
#undef CK_GOSTR3410_KEY_WRAP_PARAMS
#undef CK_GOSTR3410_KEY_WRAP_PARAMS_PTR
#undef CK_SIGN_ADDITIONAL_CONTEXT
#undef CK_SIGN_ADDITIONAL_CONTEXT_PTR
#undef CK_HASH_SIGN_ADDITIONAL_CONTEXT
#undef CK_HASH_SIGN_ADDITIONAL_CONTEXT_PTR
#undef CK_FUNCTION_LIST_3_0
#undef CK_FUNCTION_LIST_3_0_PTR
#undef CK_FUNCTION_LIST_3_0_PTR_PTR
#undef CK_FUNCTION_LIST_3_2
#undef CK_FUNCTION_LIST_3_2_PTR
#undef CK_FUNCTION_LIST_3_2_PTR_PTR
#undef C_GetInterfaceList
#undef CK_C_GetInterfaceList
#undef C_GetInterface
#undef CK_C_GetInterface
#undef C_DecapsulateKey
#undef CK_C_DecapsulateKey
#undef C_AsyncComplete
#undef CK_C_AsyncComplete

/* Lower-case helper macros that some versions of the system header forget to take back. */
#undef aad_len
#undef aad_ptr
#undef attribute_count
#undef ck_rsa_pkcs_mgf_type_t
#undef ck_rsa_pkcs_oaep_source_type_t
#undef context_data_length
#undef counter_bits
#undef data_params
#undef hash_alg
#undef iv_bits
#undef iv_len
#undef iv_ptr
#undef key_ptr
#undef public_data
#undef public_data_len
#undef s_len
#undef shared_data
#undef shared_data_len
#undef source_data
#undef source_data_len
#undef string_data
#undef string_data_len
#undef tag_bits
#undef templ

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 3: general data types                                                                  */
/* ---------------------------------------------------------------------------------------------- */

/* Versions 2.40 to 3.1: a pointer to flags, spelled by C_GetSessionValidationFlags. */
typedef CK_FLAGS *CK_FLAGS_PTR;

/* Version 3.0: flags of CK_INTERFACE. */
#ifndef CKF_INTERFACE_FORK_SAFE
#define CKF_INTERFACE_FORK_SAFE 0x00000001UL
#endif

/* Version 3.0 (3.2 made the name CK_UTF8CHAR): one row of C_GetInterfaceList(). */
typedef struct CK_INTERFACE {
    CK_UTF8CHAR_PTR pInterfaceName;
    CK_VOID_PTR pFunctionList;
    CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

/* Versions 2.40 to 3.0: flags of CK_TOKEN_INFO. */
#ifndef CKF_ERROR_STATE
#define CKF_ERROR_STATE 0x01000000UL
#endif

/* Version 3.2: more flags of CK_TOKEN_INFO, and the one of CK_SESSION_INFO. */
#ifndef CKF_ASYNC_SESSION
#define CKF_ASYNC_SESSION 0x00000008UL
#endif
#ifndef CKF_SEED_RANDOM_REQUIRED
#define CKF_SEED_RANDOM_REQUIRED 0x02000000UL
#endif
#ifndef CKF_ASYNC_SESSION_SUPPORTED
#define CKF_ASYNC_SESSION_SUPPORTED 0x04000000UL
#endif

/* Version 3.0: flags of CK_MECHANISM_INFO (CKF_MULTI_MESSGE is the misspelling 3.0 shipped). */
#ifndef CKF_MESSAGE_ENCRYPT
#define CKF_MESSAGE_ENCRYPT 0x00000002UL
#endif
#ifndef CKF_MESSAGE_DECRYPT
#define CKF_MESSAGE_DECRYPT 0x00000004UL
#endif
#ifndef CKF_MESSAGE_SIGN
#define CKF_MESSAGE_SIGN 0x00000008UL
#endif
#ifndef CKF_MESSAGE_VERIFY
#define CKF_MESSAGE_VERIFY 0x00000010UL
#endif
#ifndef CKF_MULTI_MESSAGE
#define CKF_MULTI_MESSAGE 0x00000020UL
#endif
#ifndef CKF_FIND_OBJECTS
#define CKF_FIND_OBJECTS 0x00000040UL
#endif
#ifndef CKF_MULTI_MESSGE
#define CKF_MULTI_MESSGE CKF_MULTI_MESSAGE
#endif

/* Versions 2.40 and 3.0: elliptic curve flags of CK_MECHANISM_INFO. */
#ifndef CKF_EC_F_2M
#define CKF_EC_F_2M 0x00200000UL
#endif
#ifndef CKF_EC_ECPARAMETERS
#define CKF_EC_ECPARAMETERS 0x00400000UL
#endif
#ifndef CKF_EC_OID
#define CKF_EC_OID 0x00800000UL
#endif
#ifndef CKF_EC_CURVENAME
#define CKF_EC_CURVENAME 0x04000000UL
#endif

/* Version 3.2: encapsulation flags of CK_MECHANISM_INFO. */
#ifndef CKF_ENCAPSULATE
#define CKF_ENCAPSULATE 0x10000000UL
#endif
#ifndef CKF_DECAPSULATE
#define CKF_DECAPSULATE 0x20000000UL
#endif

/* Version 3.0: flag of the message functions. */
#ifndef CKF_END_OF_MESSAGE
#define CKF_END_OF_MESSAGE 0x00000001UL
#endif

/* Version 3.2: which flags C_GetSessionValidationFlags() is asked for. */
#ifndef CKS_LAST_VALIDATION_OK
#define CKS_LAST_VALIDATION_OK 0x00000001UL
#endif
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;

/* Version 3.2: what C_AsyncComplete() gives back. */
typedef struct CK_ASYNC_DATA {
    CK_ULONG ulVersion;
    CK_BYTE_PTR pValue;
    CK_ULONG ulValue;
    CK_OBJECT_HANDLE hObject;
    CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;
typedef CK_ASYNC_DATA *CK_ASYNC_DATA_PTR;

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 3: return values                                                                       */
/* ---------------------------------------------------------------------------------------------- */

/*
 * Versions 2.30 to 3.2. p11-kit (as of 0.26.5) has other numbers for these five, which no version
 * of the standard ever gave them, so they are replaced rather than guarded.
 */
#undef CKR_EXCEEDED_MAX_ITERATIONS
#define CKR_EXCEEDED_MAX_ITERATIONS 0x000001b5UL
#undef CKR_FIPS_SELF_TEST_FAILED
#define CKR_FIPS_SELF_TEST_FAILED 0x000001b6UL
#undef CKR_LIBRARY_LOAD_FAILED
#define CKR_LIBRARY_LOAD_FAILED 0x000001b7UL
#undef CKR_PIN_TOO_WEAK
#define CKR_PIN_TOO_WEAK 0x000001b8UL
#undef CKR_PUBLIC_KEY_INVALID
#define CKR_PUBLIC_KEY_INVALID 0x000001b9UL

/* Version 3.0. */
#ifndef CKR_AEAD_DECRYPT_FAILED
#define CKR_AEAD_DECRYPT_FAILED 0x00000042UL
#endif
#ifndef CKR_TOKEN_RESOURCE_EXCEEDED
#define CKR_TOKEN_RESOURCE_EXCEEDED 0x00000201UL
#endif
#ifndef CKR_OPERATION_CANCEL_FAILED
#define CKR_OPERATION_CANCEL_FAILED 0x00000202UL
#endif

/* Version 3.1. */
#ifndef CKR_KEY_EXHAUSTED
#define CKR_KEY_EXHAUSTED 0x00000203UL
#endif

/* Version 3.2. */
#ifndef CKR_PENDING
#define CKR_PENDING 0x00000204UL
#endif
#ifndef CKR_SESSION_ASYNC_NOT_SUPPORTED
#define CKR_SESSION_ASYNC_NOT_SUPPORTED 0x00000205UL
#endif
#ifndef CKR_SEED_RANDOM_REQUIRED
#define CKR_SEED_RANDOM_REQUIRED 0x00000206UL
#endif
#ifndef CKR_OPERATION_NOT_VALIDATED
#define CKR_OPERATION_NOT_VALIDATED 0x00000207UL
#endif
#ifndef CKR_TOKEN_NOT_INITIALIZED
#define CKR_TOKEN_NOT_INITIALIZED 0x00000208UL
#endif
#ifndef CKR_PARAMETER_SET_NOT_SUPPORTED
#define CKR_PARAMETER_SET_NOT_SUPPORTED 0x00000209UL
#endif

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 4: objects                                                                             */
/* ---------------------------------------------------------------------------------------------- */

/* Version 3.0: object classes. */
#ifndef CKO_PROFILE
#define CKO_PROFILE 0x00000009UL
#endif

/* Version 3.2: object classes. */
#ifndef CKO_VALIDATION
#define CKO_VALIDATION 0x0000000aUL
#endif
#ifndef CKO_TRUST
#define CKO_TRUST 0x0000000bUL
#endif

/* Version 3.0: profile identifiers. */
#ifndef CKP_INVALID_ID
#define CKP_INVALID_ID 0x00000000UL
#endif
#ifndef CKP_BASELINE_PROVIDER
#define CKP_BASELINE_PROVIDER 0x00000001UL
#endif
#ifndef CKP_EXTENDED_PROVIDER
#define CKP_EXTENDED_PROVIDER 0x00000002UL
#endif
#ifndef CKP_AUTHENTICATION_TOKEN
#define CKP_AUTHENTICATION_TOKEN 0x00000003UL
#endif
#ifndef CKP_PUBLIC_CERTIFICATES_TOKEN
#define CKP_PUBLIC_CERTIFICATES_TOKEN 0x00000004UL
#endif
#ifndef CKP_VENDOR_DEFINED
#define CKP_VENDOR_DEFINED 0x80000000UL
#endif

/* Version 3.1: profile identifiers. */
#ifndef CKP_COMPLETE_PROVIDER
#define CKP_COMPLETE_PROVIDER 0x00000005UL
#endif
#ifndef CKP_HKDF_TLS_TOKEN
#define CKP_HKDF_TLS_TOKEN 0x00000006UL
#endif
typedef CK_ULONG CK_PROFILE_ID;
typedef CK_PROFILE_ID *CK_PROFILE_ID_PTR;

/* Version 2.40: values of CKA_CERTIFICATE_CATEGORY. */
#ifndef CK_CERTIFICATE_CATEGORY_UNSPECIFIED
#define CK_CERTIFICATE_CATEGORY_UNSPECIFIED 0UL
#endif
#ifndef CK_CERTIFICATE_CATEGORY_TOKEN_USER
#define CK_CERTIFICATE_CATEGORY_TOKEN_USER 1UL
#endif
#ifndef CK_CERTIFICATE_CATEGORY_AUTHORITY
#define CK_CERTIFICATE_CATEGORY_AUTHORITY 2UL
#endif
#ifndef CK_CERTIFICATE_CATEGORY_OTHER_ENTITY
#define CK_CERTIFICATE_CATEGORY_OTHER_ENTITY 3UL
#endif
typedef CK_ULONG CK_CERTIFICATE_CATEGORY;

/* Version 2.40: values of CKA_JAVA_MIDP_SECURITY_DOMAIN. */
#ifndef CK_SECURITY_DOMAIN_UNSPECIFIED
#define CK_SECURITY_DOMAIN_UNSPECIFIED 0UL
#endif
#ifndef CK_SECURITY_DOMAIN_MANUFACTURER
#define CK_SECURITY_DOMAIN_MANUFACTURER 1UL
#endif
#ifndef CK_SECURITY_DOMAIN_OPERATOR
#define CK_SECURITY_DOMAIN_OPERATOR 2UL
#endif
#ifndef CK_SECURITY_DOMAIN_THIRD_PARTY
#define CK_SECURITY_DOMAIN_THIRD_PARTY 3UL
#endif
typedef CK_ULONG CK_JAVA_MIDP_SECURITY_DOMAIN;

/* Version 2.40: another name of CKK_CAST128. */
#ifndef CKK_CAST5
#define CKK_CAST5 0x00000018UL
#endif

/* Version 3.0: key types. */
#ifndef CKK_CHACHA20
#define CKK_CHACHA20 0x00000033UL
#endif
#ifndef CKK_POLY1305
#define CKK_POLY1305 0x00000034UL
#endif
#ifndef CKK_AES_XTS
#define CKK_AES_XTS 0x00000035UL
#endif
#ifndef CKK_SHA3_224_HMAC
#define CKK_SHA3_224_HMAC 0x00000036UL
#endif
#ifndef CKK_SHA3_256_HMAC
#define CKK_SHA3_256_HMAC 0x00000037UL
#endif
#ifndef CKK_SHA3_384_HMAC
#define CKK_SHA3_384_HMAC 0x00000038UL
#endif
#ifndef CKK_SHA3_512_HMAC
#define CKK_SHA3_512_HMAC 0x00000039UL
#endif
#ifndef CKK_BLAKE2B_160_HMAC
#define CKK_BLAKE2B_160_HMAC 0x0000003aUL
#endif
#ifndef CKK_BLAKE2B_256_HMAC
#define CKK_BLAKE2B_256_HMAC 0x0000003bUL
#endif
#ifndef CKK_BLAKE2B_384_HMAC
#define CKK_BLAKE2B_384_HMAC 0x0000003cUL
#endif
#ifndef CKK_BLAKE2B_512_HMAC
#define CKK_BLAKE2B_512_HMAC 0x0000003dUL
#endif
#ifndef CKK_SALSA20
#define CKK_SALSA20 0x0000003eUL
#endif
#ifndef CKK_X2RATCHET
#define CKK_X2RATCHET 0x0000003fUL
#endif
#ifndef CKK_EC_MONTGOMERY
#define CKK_EC_MONTGOMERY 0x00000041UL
#endif
#ifndef CKK_HKDF
#define CKK_HKDF 0x00000042UL
#endif
#ifndef CKK_SHA512_224_HMAC
#define CKK_SHA512_224_HMAC 0x00000043UL
#endif
#ifndef CKK_SHA512_256_HMAC
#define CKK_SHA512_256_HMAC 0x00000044UL
#endif
#ifndef CKK_SHA512_T_HMAC
#define CKK_SHA512_T_HMAC 0x00000045UL
#endif

/* Version 3.1: key types. */
#ifndef CKK_HSS
#define CKK_HSS 0x00000046UL
#endif

/* Version 3.2: key types. */
#ifndef CKK_XMSS
#define CKK_XMSS 0x00000047UL
#endif
#ifndef CKK_XMSSMT
#define CKK_XMSSMT 0x00000048UL
#endif
#ifndef CKK_ML_KEM
#define CKK_ML_KEM 0x00000049UL
#endif
#ifndef CKK_ML_DSA
#define CKK_ML_DSA 0x0000004aUL
#endif
#ifndef CKK_SLH_DSA
#define CKK_SLH_DSA 0x0000004bUL
#endif

/* Version 3.0: attributes (CKA_SUBPRIME_BITS is 2.40). */
#ifndef CKA_UNIQUE_ID
#define CKA_UNIQUE_ID 0x00000004UL
#endif
#ifndef CKA_SUBPRIME_BITS
#define CKA_SUBPRIME_BITS 0x00000134UL
#endif
#ifndef CKA_PROFILE_ID
#define CKA_PROFILE_ID 0x00000601UL
#endif
#ifndef CKA_X2RATCHET_BAG
#define CKA_X2RATCHET_BAG 0x00000602UL
#endif
#ifndef CKA_X2RATCHET_BAGSIZE
#define CKA_X2RATCHET_BAGSIZE 0x00000603UL
#endif
#ifndef CKA_X2RATCHET_BOBS1STMSG
#define CKA_X2RATCHET_BOBS1STMSG 0x00000604UL
#endif
#ifndef CKA_X2RATCHET_CKR
#define CKA_X2RATCHET_CKR 0x00000605UL
#endif
#ifndef CKA_X2RATCHET_CKS
#define CKA_X2RATCHET_CKS 0x00000606UL
#endif
#ifndef CKA_X2RATCHET_DHP
#define CKA_X2RATCHET_DHP 0x00000607UL
#endif
#ifndef CKA_X2RATCHET_DHR
#define CKA_X2RATCHET_DHR 0x00000608UL
#endif
#ifndef CKA_X2RATCHET_DHS
#define CKA_X2RATCHET_DHS 0x00000609UL
#endif
#ifndef CKA_X2RATCHET_HKR
#define CKA_X2RATCHET_HKR 0x0000060aUL
#endif
#ifndef CKA_X2RATCHET_HKS
#define CKA_X2RATCHET_HKS 0x0000060bUL
#endif
#ifndef CKA_X2RATCHET_ISALICE
#define CKA_X2RATCHET_ISALICE 0x0000060cUL
#endif
#ifndef CKA_X2RATCHET_NHKR
#define CKA_X2RATCHET_NHKR 0x0000060dUL
#endif
#ifndef CKA_X2RATCHET_NHKS
#define CKA_X2RATCHET_NHKS 0x0000060eUL
#endif
#ifndef CKA_X2RATCHET_NR
#define CKA_X2RATCHET_NR 0x0000060fUL
#endif
#ifndef CKA_X2RATCHET_NS
#define CKA_X2RATCHET_NS 0x00000610UL
#endif
#ifndef CKA_X2RATCHET_PNS
#define CKA_X2RATCHET_PNS 0x00000611UL
#endif
#ifndef CKA_X2RATCHET_RK
#define CKA_X2RATCHET_RK 0x00000612UL
#endif

/* Version 3.1: attributes. */
#ifndef CKA_HSS_LEVELS
#define CKA_HSS_LEVELS 0x00000617UL
#endif
#ifndef CKA_HSS_LMS_TYPE
#define CKA_HSS_LMS_TYPE 0x00000618UL
#endif
#ifndef CKA_HSS_LMOTS_TYPE
#define CKA_HSS_LMOTS_TYPE 0x00000619UL
#endif
#ifndef CKA_HSS_LMS_TYPES
#define CKA_HSS_LMS_TYPES 0x0000061aUL
#endif
#ifndef CKA_HSS_LMOTS_TYPES
#define CKA_HSS_LMOTS_TYPES 0x0000061bUL
#endif
#ifndef CKA_HSS_KEYS_REMAINING
#define CKA_HSS_KEYS_REMAINING 0x0000061cUL
#endif

/* Version 3.2: attributes. */
#ifndef CKA_PARAMETER_SET
#define CKA_PARAMETER_SET 0x0000061dUL
#endif
#ifndef CKA_OBJECT_VALIDATION_FLAGS
#define CKA_OBJECT_VALIDATION_FLAGS 0x0000061eUL
#endif
#ifndef CKA_VALIDATION_TYPE
#define CKA_VALIDATION_TYPE 0x0000061fUL
#endif
#ifndef CKA_VALIDATION_VERSION
#define CKA_VALIDATION_VERSION 0x00000620UL
#endif
#ifndef CKA_VALIDATION_LEVEL
#define CKA_VALIDATION_LEVEL 0x00000621UL
#endif
#ifndef CKA_VALIDATION_MODULE_ID
#define CKA_VALIDATION_MODULE_ID 0x00000622UL
#endif
#ifndef CKA_VALIDATION_FLAG
#define CKA_VALIDATION_FLAG 0x00000623UL
#endif
#ifndef CKA_VALIDATION_AUTHORITY_TYPE
#define CKA_VALIDATION_AUTHORITY_TYPE 0x00000624UL
#endif
#ifndef CKA_VALIDATION_COUNTRY
#define CKA_VALIDATION_COUNTRY 0x00000625UL
#endif
#ifndef CKA_VALIDATION_CERTIFICATE_IDENTIFIER
#define CKA_VALIDATION_CERTIFICATE_IDENTIFIER 0x00000626UL
#endif
#ifndef CKA_VALIDATION_CERTIFICATE_URI
#define CKA_VALIDATION_CERTIFICATE_URI 0x00000627UL
#endif
#ifndef CKA_VALIDATION_VENDOR_URI
#define CKA_VALIDATION_VENDOR_URI 0x00000628UL
#endif
#ifndef CKA_VALIDATION_PROFILE
#define CKA_VALIDATION_PROFILE 0x00000629UL
#endif
#ifndef CKA_TRUST_SERVER_AUTH
#define CKA_TRUST_SERVER_AUTH 0x0000062cUL
#endif
#ifndef CKA_TRUST_CLIENT_AUTH
#define CKA_TRUST_CLIENT_AUTH 0x0000062dUL
#endif
#ifndef CKA_TRUST_CODE_SIGNING
#define CKA_TRUST_CODE_SIGNING 0x0000062eUL
#endif
#ifndef CKA_TRUST_EMAIL_PROTECTION
#define CKA_TRUST_EMAIL_PROTECTION 0x0000062fUL
#endif
#ifndef CKA_TRUST_IPSEC_IKE
#define CKA_TRUST_IPSEC_IKE 0x00000630UL
#endif
#ifndef CKA_TRUST_TIME_STAMPING
#define CKA_TRUST_TIME_STAMPING 0x00000631UL
#endif
#ifndef CKA_TRUST_OCSP_SIGNING
#define CKA_TRUST_OCSP_SIGNING 0x00000632UL
#endif
#ifndef CKA_ENCAPSULATE
#define CKA_ENCAPSULATE 0x00000633UL
#endif
#ifndef CKA_DECAPSULATE
#define CKA_DECAPSULATE 0x00000634UL
#endif
#ifndef CKA_HASH_OF_CERTIFICATE
#define CKA_HASH_OF_CERTIFICATE 0x00000635UL
#endif
#ifndef CKA_PUBLIC_CRC64_VALUE
#define CKA_PUBLIC_CRC64_VALUE 0x00000636UL
#endif
#ifndef CKA_SEED
#define CKA_SEED 0x00000637UL
#endif

/*
 * Version 3.2 as published gives these two without CKF_ARRAY_ATTRIBUTE, though they hold templates
 * like CKA_WRAP_TEMPLATE; drafts after it add the flag. Applications are compiled with the
 * published numbers, so those are set here whatever a later system header says.
 */
#undef CKA_ENCAPSULATE_TEMPLATE
#define CKA_ENCAPSULATE_TEMPLATE 0x0000062aUL
#undef CKA_DECAPSULATE_TEMPLATE
#define CKA_DECAPSULATE_TEMPLATE 0x0000062bUL

/* Version 3.2: values of CKA_VALIDATION_TYPE. */
#ifndef CKV_TYPE_UNSPECIFIED
#define CKV_TYPE_UNSPECIFIED 0x00000000UL
#endif
#ifndef CKV_TYPE_SOFTWARE
#define CKV_TYPE_SOFTWARE 0x00000001UL
#endif
#ifndef CKV_TYPE_HARDWARE
#define CKV_TYPE_HARDWARE 0x00000002UL
#endif
#ifndef CKV_TYPE_FIRMWARE
#define CKV_TYPE_FIRMWARE 0x00000003UL
#endif
#ifndef CKV_TYPE_HYBRID
#define CKV_TYPE_HYBRID 0x00000004UL
#endif
typedef CK_ULONG CK_VALIDATION_TYPE;
typedef CK_VALIDATION_TYPE *CK_VALIDATION_TYPE_PTR;

/* Version 3.2: values of CKA_VALIDATION_AUTHORITY_TYPE. */
#ifndef CKV_AUTHORITY_TYPE_UNSPECIFIED
#define CKV_AUTHORITY_TYPE_UNSPECIFIED 0x00000000UL
#endif
#ifndef CKV_AUTHORITY_TYPE_NIST_CMVP
#define CKV_AUTHORITY_TYPE_NIST_CMVP 0x00000001UL
#endif
#ifndef CKV_AUTHORITY_TYPE_COMMON_CRITERIA
#define CKV_AUTHORITY_TYPE_COMMON_CRITERIA 0x00000002UL
#endif
typedef CK_ULONG CK_VALIDATION_AUTHORITY_TYPE;
typedef CK_VALIDATION_AUTHORITY_TYPE *CK_VALIDATION_AUTHORITY_TYPE_PTR;

/* Version 3.2: values of the CKA_TRUST_* attributes. */
#ifndef CKT_TRUST_UNKNOWN
#define CKT_TRUST_UNKNOWN 0x00000000UL
#endif
#ifndef CKT_TRUSTED
#define CKT_TRUSTED 0x00000001UL
#endif
#ifndef CKT_TRUST_ANCHOR
#define CKT_TRUST_ANCHOR 0x00000002UL
#endif
#ifndef CKT_NOT_TRUSTED
#define CKT_NOT_TRUSTED 0x00000003UL
#endif
#ifndef CKT_TRUST_MUST_VERIFY_TRUST
#define CKT_TRUST_MUST_VERIFY_TRUST 0x00000004UL
#endif
typedef CK_ULONG CK_TRUST;

/* Version 3.2: values of CKA_PARAMETER_SET of an ML-DSA key. */
#ifndef CKP_ML_DSA_44
#define CKP_ML_DSA_44 0x00000001UL
#endif
#ifndef CKP_ML_DSA_65
#define CKP_ML_DSA_65 0x00000002UL
#endif
#ifndef CKP_ML_DSA_87
#define CKP_ML_DSA_87 0x00000003UL
#endif
typedef CK_ULONG CK_ML_DSA_PARAMETER_SET_TYPE;

/* Version 3.2: values of CKA_PARAMETER_SET of an SLH-DSA key. */
#ifndef CKP_SLH_DSA_SHA2_128S
#define CKP_SLH_DSA_SHA2_128S 0x00000001UL
#endif
#ifndef CKP_SLH_DSA_SHAKE_128S
#define CKP_SLH_DSA_SHAKE_128S 0x00000002UL
#endif
#ifndef CKP_SLH_DSA_SHA2_128F
#define CKP_SLH_DSA_SHA2_128F 0x00000003UL
#endif
#ifndef CKP_SLH_DSA_SHAKE_128F
#define CKP_SLH_DSA_SHAKE_128F 0x00000004UL
#endif
#ifndef CKP_SLH_DSA_SHA2_192S
#define CKP_SLH_DSA_SHA2_192S 0x00000005UL
#endif
#ifndef CKP_SLH_DSA_SHAKE_192S
#define CKP_SLH_DSA_SHAKE_192S 0x00000006UL
#endif
#ifndef CKP_SLH_DSA_SHA2_192F
#define CKP_SLH_DSA_SHA2_192F 0x00000007UL
#endif
#ifndef CKP_SLH_DSA_SHAKE_192F
#define CKP_SLH_DSA_SHAKE_192F 0x00000008UL
#endif
#ifndef CKP_SLH_DSA_SHA2_256S
#define CKP_SLH_DSA_SHA2_256S 0x00000009UL
#endif
#ifndef CKP_SLH_DSA_SHAKE_256S
#define CKP_SLH_DSA_SHAKE_256S 0x0000000aUL
#endif
#ifndef CKP_SLH_DSA_SHA2_256F
#define CKP_SLH_DSA_SHA2_256F 0x0000000bUL
#endif
#ifndef CKP_SLH_DSA_SHAKE_256F
#define CKP_SLH_DSA_SHAKE_256F 0x0000000cUL
#endif
typedef CK_ULONG CK_SLH_DSA_PARAMETER_SET_TYPE;

/* Version 3.2: values of CKA_PARAMETER_SET of an ML-KEM key. */
#ifndef CKP_ML_KEM_512
#define CKP_ML_KEM_512 0x00000001UL
#endif
#ifndef CKP_ML_KEM_768
#define CKP_ML_KEM_768 0x00000002UL
#endif
#ifndef CKP_ML_KEM_1024
#define CKP_ML_KEM_1024 0x00000003UL
#endif
typedef CK_ULONG CK_ML_KEM_PARAMETER_SET_TYPE;

/* Version 3.2: types of CKA_PARAMETER_SET of an XMSS or XMSSMT key. */
typedef CK_ULONG CK_XMSS_PARAMETER_SET_TYPE;
typedef CK_ULONG CK_XMSSMT_PARAMETER_SET_TYPE;

/* Version 3.1: types of the CKA_HSS_* attributes. */
typedef CK_ULONG CK_HSS_LEVELS;
typedef CK_ULONG CK_LMS_TYPE;
typedef CK_ULONG CK_LMOTS_TYPE;

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 6: mechanism numbers                                                                   */
/* ---------------------------------------------------------------------------------------------- */

/* Versions 2.40 and 3.0: DSA and RSA. */
#ifndef CKM_DSA_SHA3_224
#define CKM_DSA_SHA3_224 0x00000018UL
#endif
#ifndef CKM_DSA_SHA3_256
#define CKM_DSA_SHA3_256 0x00000019UL
#endif
#ifndef CKM_DSA_SHA3_384
#define CKM_DSA_SHA3_384 0x0000001aUL
#endif
#ifndef CKM_DSA_SHA3_512
#define CKM_DSA_SHA3_512 0x0000001bUL
#endif
#ifndef CKM_SHA3_256_RSA_PKCS
#define CKM_SHA3_256_RSA_PKCS 0x00000060UL
#endif
#ifndef CKM_SHA3_384_RSA_PKCS
#define CKM_SHA3_384_RSA_PKCS 0x00000061UL
#endif
#ifndef CKM_SHA3_512_RSA_PKCS
#define CKM_SHA3_512_RSA_PKCS 0x00000062UL
#endif
#ifndef CKM_SHA3_256_RSA_PKCS_PSS
#define CKM_SHA3_256_RSA_PKCS_PSS 0x00000063UL
#endif
#ifndef CKM_SHA3_384_RSA_PKCS_PSS
#define CKM_SHA3_384_RSA_PKCS_PSS 0x00000064UL
#endif
#ifndef CKM_SHA3_512_RSA_PKCS_PSS
#define CKM_SHA3_512_RSA_PKCS_PSS 0x00000065UL
#endif
#ifndef CKM_SHA3_224_RSA_PKCS
#define CKM_SHA3_224_RSA_PKCS 0x00000066UL
#endif
#ifndef CKM_SHA3_224_RSA_PKCS_PSS
#define CKM_SHA3_224_RSA_PKCS_PSS 0x00000067UL
#endif
#ifndef CKM_DSA_PROBABILISTIC_PARAMETER_GEN
#define CKM_DSA_PROBABILISTIC_PARAMETER_GEN 0x00002003UL
#endif
#ifndef CKM_DSA_FIPS_G_GEN
#define CKM_DSA_FIPS_G_GEN 0x00002005UL
#endif

/* Version 3.0: elliptic curves. */
#ifndef CKM_ECDSA_SHA3_224
#define CKM_ECDSA_SHA3_224 0x00001047UL
#endif
#ifndef CKM_ECDSA_SHA3_256
#define CKM_ECDSA_SHA3_256 0x00001048UL
#endif
#ifndef CKM_ECDSA_SHA3_384
#define CKM_ECDSA_SHA3_384 0x00001049UL
#endif
#ifndef CKM_ECDSA_SHA3_512
#define CKM_ECDSA_SHA3_512 0x0000104aUL
#endif
#ifndef CKM_EC_MONTGOMERY_KEY_PAIR_GEN
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x00001056UL
#endif
#ifndef CKM_EC_KEY_PAIR_GEN_W_EXTRA_BITS
#define CKM_EC_KEY_PAIR_GEN_W_EXTRA_BITS 0x0000140bUL
#endif
#ifndef CKM_XEDDSA
#define CKM_XEDDSA 0x00004029UL
#endif

/* Version 3.0: SHA-3 digests and HMACs. */
#ifndef CKM_SHA3_256
#define CKM_SHA3_256 0x000002b0UL
#endif
#ifndef CKM_SHA3_256_HMAC
#define CKM_SHA3_256_HMAC 0x000002b1UL
#endif
#ifndef CKM_SHA3_256_HMAC_GENERAL
#define CKM_SHA3_256_HMAC_GENERAL 0x000002b2UL
#endif
#ifndef CKM_SHA3_256_KEY_GEN
#define CKM_SHA3_256_KEY_GEN 0x000002b3UL
#endif
#ifndef CKM_SHA3_224
#define CKM_SHA3_224 0x000002b5UL
#endif
#ifndef CKM_SHA3_224_HMAC
#define CKM_SHA3_224_HMAC 0x000002b6UL
#endif
#ifndef CKM_SHA3_224_HMAC_GENERAL
#define CKM_SHA3_224_HMAC_GENERAL 0x000002b7UL
#endif
#ifndef CKM_SHA3_224_KEY_GEN
#define CKM_SHA3_224_KEY_GEN 0x000002b8UL
#endif
#ifndef CKM_SHA3_384
#define CKM_SHA3_384 0x000002c0UL
#endif
#ifndef CKM_SHA3_384_HMAC
#define CKM_SHA3_384_HMAC 0x000002c1UL
#endif
#ifndef CKM_SHA3_384_HMAC_GENERAL
#define CKM_SHA3_384_HMAC_GENERAL 0x000002c2UL
#endif
#ifndef CKM_SHA3_384_KEY_GEN
#define CKM_SHA3_384_KEY_GEN 0x000002c3UL
#endif
#ifndef CKM_SHA3_512
#define CKM_SHA3_512 0x000002d0UL
#endif
#ifndef CKM_SHA3_512_HMAC
#define CKM_SHA3_512_HMAC 0x000002d1UL
#endif
#ifndef CKM_SHA3_512_HMAC_GENERAL
#define CKM_SHA3_512_HMAC_GENERAL 0x000002d2UL
#endif
#ifndef CKM_SHA3_512_KEY_GEN
#define CKM_SHA3_512_KEY_GEN 0x000002d3UL
#endif

/* Version 3.0: derivation by digest; the *_KEY_DERIVE names are the ones 3.0 drafts had. */
#ifndef CKM_SHA3_256_KEY_DERIVATION
#define CKM_SHA3_256_KEY_DERIVATION 0x00000397UL
#endif
#ifndef CKM_SHA3_224_KEY_DERIVATION
#define CKM_SHA3_224_KEY_DERIVATION 0x00000398UL
#endif
#ifndef CKM_SHA3_384_KEY_DERIVATION
#define CKM_SHA3_384_KEY_DERIVATION 0x00000399UL
#endif
#ifndef CKM_SHA3_512_KEY_DERIVATION
#define CKM_SHA3_512_KEY_DERIVATION 0x0000039aUL
#endif
#ifndef CKM_SHAKE_128_KEY_DERIVATION
#define CKM_SHAKE_128_KEY_DERIVATION 0x0000039bUL
#endif
#ifndef CKM_SHAKE_256_KEY_DERIVATION
#define CKM_SHAKE_256_KEY_DERIVATION 0x0000039cUL
#endif
#ifndef CKM_SHA3_256_KEY_DERIVE
#define CKM_SHA3_256_KEY_DERIVE CKM_SHA3_256_KEY_DERIVATION
#endif
#ifndef CKM_SHA3_224_KEY_DERIVE
#define CKM_SHA3_224_KEY_DERIVE CKM_SHA3_224_KEY_DERIVATION
#endif
#ifndef CKM_SHA3_384_KEY_DERIVE
#define CKM_SHA3_384_KEY_DERIVE CKM_SHA3_384_KEY_DERIVATION
#endif
#ifndef CKM_SHA3_512_KEY_DERIVE
#define CKM_SHA3_512_KEY_DERIVE CKM_SHA3_512_KEY_DERIVATION
#endif
#ifndef CKM_SHAKE_128_KEY_DERIVE
#define CKM_SHAKE_128_KEY_DERIVE CKM_SHAKE_128_KEY_DERIVATION
#endif
#ifndef CKM_SHAKE_256_KEY_DERIVE
#define CKM_SHAKE_256_KEY_DERIVE CKM_SHAKE_256_KEY_DERIVATION
#endif

/* Version 3.0: generation of HMAC keys. */
#ifndef CKM_SHA_1_KEY_GEN
#define CKM_SHA_1_KEY_GEN 0x00004003UL
#endif
#ifndef CKM_SHA224_KEY_GEN
#define CKM_SHA224_KEY_GEN 0x00004004UL
#endif
#ifndef CKM_SHA256_KEY_GEN
#define CKM_SHA256_KEY_GEN 0x00004005UL
#endif
#ifndef CKM_SHA384_KEY_GEN
#define CKM_SHA384_KEY_GEN 0x00004006UL
#endif
#ifndef CKM_SHA512_KEY_GEN
#define CKM_SHA512_KEY_GEN 0x00004007UL
#endif
#ifndef CKM_SHA512_224_KEY_GEN
#define CKM_SHA512_224_KEY_GEN 0x00004008UL
#endif
#ifndef CKM_SHA512_256_KEY_GEN
#define CKM_SHA512_256_KEY_GEN 0x00004009UL
#endif
#ifndef CKM_SHA512_T_KEY_GEN
#define CKM_SHA512_T_KEY_GEN 0x0000400aUL
#endif

/* Version 3.0: BLAKE2b. */
#ifndef CKM_BLAKE2B_160
#define CKM_BLAKE2B_160 0x0000400cUL
#endif
#ifndef CKM_BLAKE2B_160_HMAC
#define CKM_BLAKE2B_160_HMAC 0x0000400dUL
#endif
#ifndef CKM_BLAKE2B_160_HMAC_GENERAL
#define CKM_BLAKE2B_160_HMAC_GENERAL 0x0000400eUL
#endif
#ifndef CKM_BLAKE2B_160_KEY_DERIVE
#define CKM_BLAKE2B_160_KEY_DERIVE 0x0000400fUL
#endif
#ifndef CKM_BLAKE2B_160_KEY_GEN
#define CKM_BLAKE2B_160_KEY_GEN 0x00004010UL
#endif
#ifndef CKM_BLAKE2B_256
#define CKM_BLAKE2B_256 0x00004011UL
#endif
#ifndef CKM_BLAKE2B_256_HMAC
#define CKM_BLAKE2B_256_HMAC 0x00004012UL
#endif
#ifndef CKM_BLAKE2B_256_HMAC_GENERAL
#define CKM_BLAKE2B_256_HMAC_GENERAL 0x00004013UL
#endif
#ifndef CKM_BLAKE2B_256_KEY_DERIVE
#define CKM_BLAKE2B_256_KEY_DERIVE 0x00004014UL
#endif
#ifndef CKM_BLAKE2B_256_KEY_GEN
#define CKM_BLAKE2B_256_KEY_GEN 0x00004015UL
#endif
#ifndef CKM_BLAKE2B_384
#define CKM_BLAKE2B_384 0x00004016UL
#endif
#ifndef CKM_BLAKE2B_384_HMAC
#define CKM_BLAKE2B_384_HMAC 0x00004017UL
#endif
#ifndef CKM_BLAKE2B_384_HMAC_GENERAL
#define CKM_BLAKE2B_384_HMAC_GENERAL 0x00004018UL
#endif
#ifndef CKM_BLAKE2B_384_KEY_DERIVE
#define CKM_BLAKE2B_384_KEY_DERIVE 0x00004019UL
#endif
#ifndef CKM_BLAKE2B_384_KEY_GEN
#define CKM_BLAKE2B_384_KEY_GEN 0x0000401aUL
#endif
#ifndef CKM_BLAKE2B_512
#define CKM_BLAKE2B_512 0x0000401bUL
#endif
#ifndef CKM_BLAKE2B_512_HMAC
#define CKM_BLAKE2B_512_HMAC 0x0000401cUL
#endif
#ifndef CKM_BLAKE2B_512_HMAC_GENERAL
#define CKM_BLAKE2B_512_HMAC_GENERAL 0x0000401dUL
#endif
#ifndef CKM_BLAKE2B_512_KEY_DERIVE
#define CKM_BLAKE2B_512_KEY_DERIVE 0x0000401eUL
#endif
#ifndef CKM_BLAKE2B_512_KEY_GEN
#define CKM_BLAKE2B_512_KEY_GEN 0x0000401fUL
#endif

/* Version 3.0: AES in XTS mode, and key wrapping. */
#ifndef CKM_AES_XTS
#define CKM_AES_XTS 0x00001071UL
#endif
#ifndef CKM_AES_XTS_KEY_GEN
#define CKM_AES_XTS_KEY_GEN 0x00001072UL
#endif
#ifndef CKM_AES_KEY_WRAP_KWP
#define CKM_AES_KEY_WRAP_KWP 0x0000210bUL
#endif
#ifndef CKM_AES_KEY_WRAP_PKCS7
#define CKM_AES_KEY_WRAP_PKCS7 0x0000210cUL
#endif

/* Version 3.0: ChaCha20, Salsa20 and Poly1305. */
#ifndef CKM_CHACHA20_KEY_GEN
#define CKM_CHACHA20_KEY_GEN 0x00001225UL
#endif
#ifndef CKM_CHACHA20
#define CKM_CHACHA20 0x00001226UL
#endif
#ifndef CKM_POLY1305_KEY_GEN
#define CKM_POLY1305_KEY_GEN 0x00001227UL
#endif
#ifndef CKM_POLY1305
#define CKM_POLY1305 0x00001228UL
#endif
#ifndef CKM_SALSA20
#define CKM_SALSA20 0x00004020UL
#endif
#ifndef CKM_CHACHA20_POLY1305
#define CKM_CHACHA20_POLY1305 0x00004021UL
#endif
#ifndef CKM_SALSA20_POLY1305
#define CKM_SALSA20_POLY1305 0x00004022UL
#endif
#ifndef CKM_SALSA20_KEY_GEN
#define CKM_SALSA20_KEY_GEN 0x0000402dUL
#endif

/* Version 3.0: key derivation of SP 800-108, HKDF and IKE. */
#ifndef CKM_SP800_108_COUNTER_KDF
#define CKM_SP800_108_COUNTER_KDF 0x000003acUL
#endif
#ifndef CKM_SP800_108_FEEDBACK_KDF
#define CKM_SP800_108_FEEDBACK_KDF 0x000003adUL
#endif
#ifndef CKM_SP800_108_DOUBLE_PIPELINE_KDF
#define CKM_SP800_108_DOUBLE_PIPELINE_KDF 0x000003aeUL
#endif
#ifndef CKM_HKDF_DERIVE
#define CKM_HKDF_DERIVE 0x0000402aUL
#endif
#ifndef CKM_HKDF_DATA
#define CKM_HKDF_DATA 0x0000402bUL
#endif
#ifndef CKM_HKDF_KEY_GEN
#define CKM_HKDF_KEY_GEN 0x0000402cUL
#endif
#ifndef CKM_IKE2_PRF_PLUS_DERIVE
#define CKM_IKE2_PRF_PLUS_DERIVE 0x0000402eUL
#endif
#ifndef CKM_IKE_PRF_DERIVE
#define CKM_IKE_PRF_DERIVE 0x0000402fUL
#endif
#ifndef CKM_IKE1_PRF_DERIVE
#define CKM_IKE1_PRF_DERIVE 0x00004030UL
#endif
#ifndef CKM_IKE1_EXTENDED_DERIVE
#define CKM_IKE1_EXTENDED_DERIVE 0x00004031UL
#endif

/* Version 3.0: extended triple Diffie-Hellman and the double ratchet. */
#ifndef CKM_X3DH_INITIALIZE
#define CKM_X3DH_INITIALIZE 0x00004023UL
#endif
#ifndef CKM_X3DH_RESPOND
#define CKM_X3DH_RESPOND 0x00004024UL
#endif
#ifndef CKM_X2RATCHET_INITIALIZE
#define CKM_X2RATCHET_INITIALIZE 0x00004025UL
#endif
#ifndef CKM_X2RATCHET_RESPOND
#define CKM_X2RATCHET_RESPOND 0x00004026UL
#endif
#ifndef CKM_X2RATCHET_ENCRYPT
#define CKM_X2RATCHET_ENCRYPT 0x00004027UL
#endif
#ifndef CKM_X2RATCHET_DECRYPT
#define CKM_X2RATCHET_DECRYPT 0x00004028UL
#endif

/* Version 3.0: the null mechanism. */
#ifndef CKM_NULL
#define CKM_NULL 0x0000400bUL
#endif

/* Version 3.1: HSS. */
#ifndef CKM_HSS_KEY_PAIR_GEN
#define CKM_HSS_KEY_PAIR_GEN 0x00004032UL
#endif
#ifndef CKM_HSS
#define CKM_HSS 0x00004033UL
#endif

/* Version 2.40, historical. */
#ifndef CKM_KEA_DERIVE
#define CKM_KEA_DERIVE 0x00001012UL
#endif

/* Version 3.2: ML-KEM. */
#ifndef CKM_ML_KEM_KEY_PAIR_GEN
#define CKM_ML_KEM_KEY_PAIR_GEN 0x0000000fUL
#endif
#ifndef CKM_ML_KEM
#define CKM_ML_KEM 0x00000017UL
#endif

/* Version 3.2: ML-DSA. */
#ifndef CKM_ML_DSA_KEY_PAIR_GEN
#define CKM_ML_DSA_KEY_PAIR_GEN 0x0000001cUL
#endif
#ifndef CKM_ML_DSA
#define CKM_ML_DSA 0x0000001dUL
#endif
#ifndef CKM_HASH_ML_DSA
#define CKM_HASH_ML_DSA 0x0000001fUL
#endif
#ifndef CKM_HASH_ML_DSA_SHA224
#define CKM_HASH_ML_DSA_SHA224 0x00000023UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA256
#define CKM_HASH_ML_DSA_SHA256 0x00000024UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA384
#define CKM_HASH_ML_DSA_SHA384 0x00000025UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA512
#define CKM_HASH_ML_DSA_SHA512 0x00000026UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA3_224
#define CKM_HASH_ML_DSA_SHA3_224 0x00000027UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA3_256
#define CKM_HASH_ML_DSA_SHA3_256 0x00000028UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA3_384
#define CKM_HASH_ML_DSA_SHA3_384 0x00000029UL
#endif
#ifndef CKM_HASH_ML_DSA_SHA3_512
#define CKM_HASH_ML_DSA_SHA3_512 0x0000002aUL
#endif
#ifndef CKM_HASH_ML_DSA_SHAKE128
#define CKM_HASH_ML_DSA_SHAKE128 0x0000002bUL
#endif
#ifndef CKM_HASH_ML_DSA_SHAKE256
#define CKM_HASH_ML_DSA_SHAKE256 0x0000002cUL
#endif

/* Version 3.2: SLH-DSA. */
#ifndef CKM_SLH_DSA_KEY_PAIR_GEN
#define CKM_SLH_DSA_KEY_PAIR_GEN 0x0000002dUL
#endif
#ifndef CKM_SLH_DSA
#define CKM_SLH_DSA 0x0000002eUL
#endif
#ifndef CKM_HASH_SLH_DSA
#define CKM_HASH_SLH_DSA 0x00000034UL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA224
#define CKM_HASH_SLH_DSA_SHA224 0x00000036UL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA256
#define CKM_HASH_SLH_DSA_SHA256 0x00000037UL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA384
#define CKM_HASH_SLH_DSA_SHA384 0x00000038UL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA512
#define CKM_HASH_SLH_DSA_SHA512 0x00000039UL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA3_224
#define CKM_HASH_SLH_DSA_SHA3_224 0x0000003aUL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA3_256
#define CKM_HASH_SLH_DSA_SHA3_256 0x0000003bUL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA3_384
#define CKM_HASH_SLH_DSA_SHA3_384 0x0000003cUL
#endif
#ifndef CKM_HASH_SLH_DSA_SHA3_512
#define CKM_HASH_SLH_DSA_SHA3_512 0x0000003dUL
#endif
#ifndef CKM_HASH_SLH_DSA_SHAKE128
#define CKM_HASH_SLH_DSA_SHAKE128 0x0000003eUL
#endif
#ifndef CKM_HASH_SLH_DSA_SHAKE256
#define CKM_HASH_SLH_DSA_SHAKE256 0x0000003fUL
#endif

/* Version 3.2: XMSS. */
#ifndef CKM_XMSS_KEY_PAIR_GEN
#define CKM_XMSS_KEY_PAIR_GEN 0x00004034UL
#endif
#ifndef CKM_XMSSMT_KEY_PAIR_GEN
#define CKM_XMSSMT_KEY_PAIR_GEN 0x00004035UL
#endif
#ifndef CKM_XMSS
#define CKM_XMSS 0x00004036UL
#endif
#ifndef CKM_XMSSMT
#define CKM_XMSSMT 0x00004037UL
#endif

/* Version 3.2: the rest. */
#ifndef CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE
#define CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE 0x00000056UL
#endif
#ifndef CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH
#define CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH 0x00000057UL
#endif
#ifndef CKM_ECDH_X_AES_KEY_WRAP
#define CKM_ECDH_X_AES_KEY_WRAP 0x00004038UL
#endif
#ifndef CKM_ECDH_COF_AES_KEY_WRAP
#define CKM_ECDH_COF_AES_KEY_WRAP 0x00004039UL
#endif
#ifndef CKM_PUB_KEY_FROM_PRIV_KEY
#define CKM_PUB_KEY_FROM_PRIV_KEY 0x0000403aUL
#endif

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 6: mechanism parameters                                                                */
/* ---------------------------------------------------------------------------------------------- */

/* Version 3.0: mask generation functions. */
#ifndef CKG_MGF1_SHA3_224
#define CKG_MGF1_SHA3_224 0x00000006UL
#endif
#ifndef CKG_MGF1_SHA3_256
#define CKG_MGF1_SHA3_256 0x00000007UL
#endif
#ifndef CKG_MGF1_SHA3_384
#define CKG_MGF1_SHA3_384 0x00000008UL
#endif
#ifndef CKG_MGF1_SHA3_512
#define CKG_MGF1_SHA3_512 0x00000009UL
#endif

/* Version 2.40. */
typedef CK_RSA_PKCS_OAEP_SOURCE_TYPE *CK_RSA_PKCS_OAEP_SOURCE_TYPE_PTR;

/* Version 2.40: CKM_RSA_AES_KEY_WRAP. */
typedef struct CK_RSA_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    CK_RSA_PKCS_OAEP_PARAMS_PTR pOAEPParams;
} CK_RSA_AES_KEY_WRAP_PARAMS;
typedef CK_RSA_AES_KEY_WRAP_PARAMS *CK_RSA_AES_KEY_WRAP_PARAMS_PTR;

/* Version 2.40: generation of DSA parameters. */
typedef struct CK_DSA_PARAMETER_GEN_PARAM {
    CK_MECHANISM_TYPE hash;
    CK_BYTE_PTR pSeed;
    CK_ULONG ulSeedLen;
    CK_ULONG ulIndex;
} CK_DSA_PARAMETER_GEN_PARAM;
typedef CK_DSA_PARAMETER_GEN_PARAM *CK_DSA_PARAMETER_GEN_PARAM_PTR;

/* Version 3.0: key derivation functions of the Diffie-Hellman mechanisms. */
#ifndef CKD_SHA3_224_KDF
#define CKD_SHA3_224_KDF 0x0000000aUL
#endif
#ifndef CKD_SHA3_256_KDF
#define CKD_SHA3_256_KDF 0x0000000bUL
#endif
#ifndef CKD_SHA3_384_KDF
#define CKD_SHA3_384_KDF 0x0000000cUL
#endif
#ifndef CKD_SHA3_512_KDF
#define CKD_SHA3_512_KDF 0x0000000dUL
#endif
#ifndef CKD_SHA1_KDF_SP800
#define CKD_SHA1_KDF_SP800 0x0000000eUL
#endif
#ifndef CKD_SHA224_KDF_SP800
#define CKD_SHA224_KDF_SP800 0x0000000fUL
#endif
#ifndef CKD_SHA256_KDF_SP800
#define CKD_SHA256_KDF_SP800 0x00000010UL
#endif
#ifndef CKD_SHA384_KDF_SP800
#define CKD_SHA384_KDF_SP800 0x00000011UL
#endif
#ifndef CKD_SHA512_KDF_SP800
#define CKD_SHA512_KDF_SP800 0x00000012UL
#endif
#ifndef CKD_SHA3_224_KDF_SP800
#define CKD_SHA3_224_KDF_SP800 0x00000013UL
#endif
#ifndef CKD_SHA3_256_KDF_SP800
#define CKD_SHA3_256_KDF_SP800 0x00000014UL
#endif
#ifndef CKD_SHA3_384_KDF_SP800
#define CKD_SHA3_384_KDF_SP800 0x00000015UL
#endif
#ifndef CKD_SHA3_512_KDF_SP800
#define CKD_SHA3_512_KDF_SP800 0x00000016UL
#endif
#ifndef CKD_BLAKE2B_160_KDF
#define CKD_BLAKE2B_160_KDF 0x00000017UL
#endif
#ifndef CKD_BLAKE2B_256_KDF
#define CKD_BLAKE2B_256_KDF 0x00000018UL
#endif
#ifndef CKD_BLAKE2B_384_KDF
#define CKD_BLAKE2B_384_KDF 0x00000019UL
#endif
#ifndef CKD_BLAKE2B_512_KDF
#define CKD_BLAKE2B_512_KDF 0x0000001aUL
#endif
typedef CK_ULONG CK_EC_KDF_TYPE;
typedef CK_EC_KDF_TYPE *CK_EC_KDF_TYPE_PTR;
typedef CK_ULONG CK_X9_42_DH_KDF_TYPE;
typedef CK_X9_42_DH_KDF_TYPE *CK_X9_42_DH_KDF_TYPE_PTR;

/* Version 2.40: derivation from two key pairs of each side. */
typedef struct CK_ECDH2_DERIVE_PARAMS {
    CK_EC_KDF_TYPE kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE_PTR pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_OBJECT_HANDLE hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE_PTR pPublicData2;
} CK_ECDH2_DERIVE_PARAMS;
typedef CK_ECDH2_DERIVE_PARAMS *CK_ECDH2_DERIVE_PARAMS_PTR;

/* Version 2.40: CKM_ECMQV_DERIVE. */
typedef struct CK_ECMQV_DERIVE_PARAMS {
    CK_EC_KDF_TYPE kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE_PTR pSharedData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_OBJECT_HANDLE hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE_PTR pPublicData2;
    CK_OBJECT_HANDLE publicKey;
} CK_ECMQV_DERIVE_PARAMS;
typedef CK_ECMQV_DERIVE_PARAMS *CK_ECMQV_DERIVE_PARAMS_PTR;

/* Version 2.40: CKM_ECDH_AES_KEY_WRAP and its 3.2 relatives. */
typedef struct CK_ECDH_AES_KEY_WRAP_PARAMS {
    CK_ULONG ulAESKeyBits;
    CK_EC_KDF_TYPE kdf;
    CK_ULONG ulSharedDataLen;
    CK_BYTE_PTR pSharedData;
} CK_ECDH_AES_KEY_WRAP_PARAMS;
typedef CK_ECDH_AES_KEY_WRAP_PARAMS *CK_ECDH_AES_KEY_WRAP_PARAMS_PTR;

/* Version 2.40: X9.42 Diffie-Hellman. */
typedef struct CK_X9_42_DH1_DERIVE_PARAMS {
    CK_X9_42_DH_KDF_TYPE kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE_PTR pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
} CK_X9_42_DH1_DERIVE_PARAMS;
typedef CK_X9_42_DH1_DERIVE_PARAMS *CK_X9_42_DH1_DERIVE_PARAMS_PTR;

typedef struct CK_X9_42_DH2_DERIVE_PARAMS {
    CK_X9_42_DH_KDF_TYPE kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE_PTR pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_OBJECT_HANDLE hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE_PTR pPublicData2;
} CK_X9_42_DH2_DERIVE_PARAMS;
typedef CK_X9_42_DH2_DERIVE_PARAMS *CK_X9_42_DH2_DERIVE_PARAMS_PTR;

typedef struct CK_X9_42_MQV_DERIVE_PARAMS {
    CK_X9_42_DH_KDF_TYPE kdf;
    CK_ULONG ulOtherInfoLen;
    CK_BYTE_PTR pOtherInfo;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pPublicData;
    CK_ULONG ulPrivateDataLen;
    CK_OBJECT_HANDLE hPrivateData;
    CK_ULONG ulPublicDataLen2;
    CK_BYTE_PTR pPublicData2;
    CK_OBJECT_HANDLE publicKey;
} CK_X9_42_MQV_DERIVE_PARAMS;
typedef CK_X9_42_MQV_DERIVE_PARAMS *CK_X9_42_MQV_DERIVE_PARAMS_PTR;

/* Version 3.0: CKM_EDDSA. No parameter is plain Ed25519; phFlag is the prehashed variant. */
typedef struct CK_EDDSA_PARAMS {
    CK_BBOOL phFlag;
    CK_ULONG ulContextDataLen;
    CK_BYTE_PTR pContextData;
} CK_EDDSA_PARAMS;
typedef CK_EDDSA_PARAMS *CK_EDDSA_PARAMS_PTR;

/* Version 3.0: CKM_XEDDSA. */
typedef CK_ULONG CK_XEDDSA_HASH_TYPE;
typedef CK_XEDDSA_HASH_TYPE *CK_XEDDSA_HASH_TYPE_PTR;

typedef struct CK_XEDDSA_PARAMS {
    CK_XEDDSA_HASH_TYPE hash;
} CK_XEDDSA_PARAMS;
typedef CK_XEDDSA_PARAMS *CK_XEDDSA_PARAMS_PTR;

/* Version 3.0: extended triple Diffie-Hellman. */
typedef CK_ULONG CK_X3DH_KDF_TYPE;
typedef CK_X3DH_KDF_TYPE *CK_X3DH_KDF_TYPE_PTR;

typedef struct CK_X3DH_INITIATE_PARAMS {
    CK_X3DH_KDF_TYPE kdf;
    CK_OBJECT_HANDLE pPeer_identity;
    CK_OBJECT_HANDLE pPeer_prekey;
    CK_BYTE_PTR pPrekey_signature;
    CK_BYTE_PTR pOnetime_key;
    CK_OBJECT_HANDLE pOwn_identity;
    CK_OBJECT_HANDLE pOwn_ephemeral;
} CK_X3DH_INITIATE_PARAMS;
typedef CK_X3DH_INITIATE_PARAMS *CK_X3DH_INITIATE_PARAMS_PTR;

typedef struct CK_X3DH_RESPOND_PARAMS {
    CK_X3DH_KDF_TYPE kdf;
    CK_BYTE_PTR pIdentity_id;
    CK_BYTE_PTR pPrekey_id;
    CK_BYTE_PTR pOnetime_id;
    CK_OBJECT_HANDLE pInitiator_identity;
    CK_BYTE_PTR pInitiator_ephemeral;
} CK_X3DH_RESPOND_PARAMS;
typedef CK_X3DH_RESPOND_PARAMS *CK_X3DH_RESPOND_PARAMS_PTR;

/* Version 3.0: the double ratchet. */
typedef CK_ULONG CK_X2RATCHET_KDF_TYPE;
typedef CK_X2RATCHET_KDF_TYPE *CK_X2RATCHET_KDF_TYPE_PTR;

typedef struct CK_X2RATCHET_INITIALIZE_PARAMS {
    CK_BYTE_PTR sk;
    CK_OBJECT_HANDLE peer_public_prekey;
    CK_OBJECT_HANDLE peer_public_identity;
    CK_OBJECT_HANDLE own_public_identity;
    CK_BBOOL bEncryptedHeader;
    CK_ULONG eCurve;
    CK_MECHANISM_TYPE aeadMechanism;
    CK_X2RATCHET_KDF_TYPE kdfMechanism;
} CK_X2RATCHET_INITIALIZE_PARAMS;
typedef CK_X2RATCHET_INITIALIZE_PARAMS *CK_X2RATCHET_INITIALIZE_PARAMS_PTR;

typedef struct CK_X2RATCHET_RESPOND_PARAMS {
    CK_BYTE_PTR sk;
    CK_OBJECT_HANDLE own_prekey;
    CK_OBJECT_HANDLE initiator_identity;
    CK_OBJECT_HANDLE own_public_identity;
    CK_BBOOL bEncryptedHeader;
    CK_ULONG eCurve;
    CK_MECHANISM_TYPE aeadMechanism;
    CK_X2RATCHET_KDF_TYPE kdfMechanism;
} CK_X2RATCHET_RESPOND_PARAMS;
typedef CK_X2RATCHET_RESPOND_PARAMS *CK_X2RATCHET_RESPOND_PARAMS_PTR;

/* Version 2.40: the *_MAC_GENERAL and *_HMAC_GENERAL mechanisms: the length of the MAC. */
typedef CK_ULONG CK_MAC_GENERAL_PARAMS;
typedef CK_MAC_GENERAL_PARAMS *CK_MAC_GENERAL_PARAMS_PTR;

/* Versions 3.0 and 3.1: who makes the nonce of a message. */
#ifndef CKG_NO_GENERATE
#define CKG_NO_GENERATE 0x00000000UL
#endif
#ifndef CKG_GENERATE
#define CKG_GENERATE 0x00000001UL
#endif
#ifndef CKG_GENERATE_COUNTER
#define CKG_GENERATE_COUNTER 0x00000002UL
#endif
#ifndef CKG_GENERATE_RANDOM
#define CKG_GENERATE_RANDOM 0x00000003UL
#endif
#ifndef CKG_GENERATE_COUNTER_XOR
#define CKG_GENERATE_COUNTER_XOR 0x00000004UL
#endif
typedef CK_ULONG CK_GENERATOR_FUNCTION;

/* Version 3.0: CKM_AES_GCM in the message functions. */
typedef struct CK_GCM_MESSAGE_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvFixedBits;
    CK_GENERATOR_FUNCTION ivGenerator;
    CK_BYTE_PTR pTag;
    CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;
typedef CK_GCM_MESSAGE_PARAMS *CK_GCM_MESSAGE_PARAMS_PTR;

/* Version 3.2: CKM_AES_GCM in C_WrapKey() and C_UnwrapKey(). */
typedef struct CK_GCM_WRAP_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvFixedBits;
    CK_GENERATOR_FUNCTION ivGenerator;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_GCM_WRAP_PARAMS;
typedef CK_GCM_WRAP_PARAMS *CK_GCM_WRAP_PARAMS_PTR;

/* Version 2.40: CKM_AES_CCM. */
typedef struct CK_CCM_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulMACLen;
} CK_CCM_PARAMS;
typedef CK_CCM_PARAMS *CK_CCM_PARAMS_PTR;

/* Version 3.0: CKM_AES_CCM in the message functions. */
typedef struct CK_CCM_MESSAGE_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_ULONG ulNonceFixedBits;
    CK_GENERATOR_FUNCTION nonceGenerator;
    CK_BYTE_PTR pMAC;
    CK_ULONG ulMACLen;
} CK_CCM_MESSAGE_PARAMS;
typedef CK_CCM_MESSAGE_PARAMS *CK_CCM_MESSAGE_PARAMS_PTR;

/* Version 3.2: CKM_AES_CCM in C_WrapKey() and C_UnwrapKey(). */
typedef struct CK_CCM_WRAP_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_ULONG ulNonceFixedBits;
    CK_GENERATOR_FUNCTION nonceGenerator;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulMACLen;
} CK_CCM_WRAP_PARAMS;
typedef CK_CCM_WRAP_PARAMS *CK_CCM_WRAP_PARAMS_PTR;

/* Version 2.40, deprecated: the same as CK_GCM_PARAMS and CK_CCM_PARAMS. */
typedef struct CK_AES_GCM_PARAMS {
    CK_BYTE_PTR pIv;
    CK_ULONG ulIvLen;
    CK_ULONG ulIvBits;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulTagBits;
} CK_AES_GCM_PARAMS;
typedef CK_AES_GCM_PARAMS *CK_AES_GCM_PARAMS_PTR;

typedef struct CK_AES_CCM_PARAMS {
    CK_ULONG ulDataLen;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
    CK_ULONG ulMACLen;
} CK_AES_CCM_PARAMS;
typedef CK_AES_CCM_PARAMS *CK_AES_CCM_PARAMS_PTR;

/* Version 2.40: Camellia, ARIA and SEED. */
typedef struct CK_CAMELLIA_CTR_PARAMS {
    CK_ULONG ulCounterBits;
    CK_BYTE cb[16];
} CK_CAMELLIA_CTR_PARAMS;
typedef CK_CAMELLIA_CTR_PARAMS *CK_CAMELLIA_CTR_PARAMS_PTR;

typedef struct CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE_PTR pData;
    CK_ULONG length;
} CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS *CK_CAMELLIA_CBC_ENCRYPT_DATA_PARAMS_PTR;

typedef struct CK_ARIA_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE_PTR pData;
    CK_ULONG length;
} CK_ARIA_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_ARIA_CBC_ENCRYPT_DATA_PARAMS *CK_ARIA_CBC_ENCRYPT_DATA_PARAMS_PTR;

typedef struct CK_SEED_CBC_ENCRYPT_DATA_PARAMS {
    CK_BYTE iv[16];
    CK_BYTE_PTR pData;
    CK_ULONG length;
} CK_SEED_CBC_ENCRYPT_DATA_PARAMS;
typedef CK_SEED_CBC_ENCRYPT_DATA_PARAMS *CK_SEED_CBC_ENCRYPT_DATA_PARAMS_PTR;

/* Version 3.0: CKM_CHACHA20. */
typedef struct CK_CHACHA20_PARAMS {
    CK_BYTE_PTR pBlockCounter;
    CK_ULONG blockCounterBits;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceBits;
} CK_CHACHA20_PARAMS;
typedef CK_CHACHA20_PARAMS *CK_CHACHA20_PARAMS_PTR;

/* Version 3.0: CKM_SALSA20. */
typedef struct CK_SALSA20_PARAMS {
    CK_BYTE_PTR pBlockCounter;
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceBits;
} CK_SALSA20_PARAMS;
typedef CK_SALSA20_PARAMS *CK_SALSA20_PARAMS_PTR;

/* Version 3.0: CKM_CHACHA20_POLY1305 and CKM_SALSA20_POLY1305. */
typedef struct CK_SALSA20_CHACHA20_POLY1305_PARAMS {
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE_PTR pAAD;
    CK_ULONG ulAADLen;
} CK_SALSA20_CHACHA20_POLY1305_PARAMS;
typedef CK_SALSA20_CHACHA20_POLY1305_PARAMS *CK_SALSA20_CHACHA20_POLY1305_PARAMS_PTR;

/* Version 3.0: the same two in the message functions. */
typedef struct CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
    CK_BYTE_PTR pNonce;
    CK_ULONG ulNonceLen;
    CK_BYTE_PTR pTag;
} CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS;
typedef CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS *CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS_PTR;

/* Version 2.40: salt sources and pseudo-random functions of CKM_PKCS5_PBKD2. */
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA1
#define CKP_PKCS5_PBKD2_HMAC_SHA1 0x00000001UL
#endif
#ifndef CKZ_SALT_SPECIFIED
#define CKZ_SALT_SPECIFIED 0x00000001UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_GOSTR3411
#define CKP_PKCS5_PBKD2_HMAC_GOSTR3411 0x00000002UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA224
#define CKP_PKCS5_PBKD2_HMAC_SHA224 0x00000003UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA256
#define CKP_PKCS5_PBKD2_HMAC_SHA256 0x00000004UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA384
#define CKP_PKCS5_PBKD2_HMAC_SHA384 0x00000005UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA512
#define CKP_PKCS5_PBKD2_HMAC_SHA512 0x00000006UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA512_224
#define CKP_PKCS5_PBKD2_HMAC_SHA512_224 0x00000007UL
#endif
#ifndef CKP_PKCS5_PBKD2_HMAC_SHA512_256
#define CKP_PKCS5_PBKD2_HMAC_SHA512_256 0x00000008UL
#endif
typedef CK_ULONG CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE;
typedef CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE *CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE_PTR;
typedef CK_ULONG CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE;
typedef CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE *CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE_PTR;

/* Version 2.40, deprecated: the length of the password is a pointer here, by an old mistake. */
typedef struct CK_PKCS5_PBKD2_PARAMS {
    CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE saltSource;
    CK_VOID_PTR pSaltSourceData;
    CK_ULONG ulSaltSourceDataLen;
    CK_ULONG iterations;
    CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
    CK_VOID_PTR pPrfData;
    CK_ULONG ulPrfDataLen;
    CK_UTF8CHAR_PTR pPassword;
    CK_ULONG_PTR ulPasswordLen;
} CK_PKCS5_PBKD2_PARAMS;
typedef CK_PKCS5_PBKD2_PARAMS *CK_PKCS5_PBKD2_PARAMS_PTR;

/* Version 2.40: CKM_PKCS5_PBKD2. */
typedef struct CK_PKCS5_PBKD2_PARAMS2 {
    CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE saltSource;
    CK_VOID_PTR pSaltSourceData;
    CK_ULONG ulSaltSourceDataLen;
    CK_ULONG iterations;
    CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE prf;
    CK_VOID_PTR pPrfData;
    CK_ULONG ulPrfDataLen;
    CK_UTF8CHAR_PTR pPassword;
    CK_ULONG ulPasswordLen;
} CK_PKCS5_PBKD2_PARAMS2;
typedef CK_PKCS5_PBKD2_PARAMS2 *CK_PKCS5_PBKD2_PARAMS2_PTR;

/* Version 2.40: the CKM_PBE_* mechanisms. */
typedef struct CK_PBE_PARAMS {
    CK_BYTE_PTR pInitVector;
    CK_UTF8CHAR_PTR pPassword;
    CK_ULONG ulPasswordLen;
    CK_BYTE_PTR pSalt;
    CK_ULONG ulSaltLen;
    CK_ULONG ulIteration;
} CK_PBE_PARAMS;
typedef CK_PBE_PARAMS *CK_PBE_PARAMS_PTR;

/* Version 2.40: SSL 3.0 and TLS. */
typedef struct CK_SSL3_RANDOM_DATA {
    CK_BYTE_PTR pClientRandom;
    CK_ULONG ulClientRandomLen;
    CK_BYTE_PTR pServerRandom;
    CK_ULONG ulServerRandomLen;
} CK_SSL3_RANDOM_DATA;
typedef CK_SSL3_RANDOM_DATA *CK_SSL3_RANDOM_DATA_PTR;

typedef struct CK_SSL3_MASTER_KEY_DERIVE_PARAMS {
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_VERSION_PTR pVersion;
} CK_SSL3_MASTER_KEY_DERIVE_PARAMS;
typedef CK_SSL3_MASTER_KEY_DERIVE_PARAMS *CK_SSL3_MASTER_KEY_DERIVE_PARAMS_PTR;

typedef struct CK_SSL3_KEY_MAT_OUT {
    CK_OBJECT_HANDLE hClientMacSecret;
    CK_OBJECT_HANDLE hServerMacSecret;
    CK_OBJECT_HANDLE hClientKey;
    CK_OBJECT_HANDLE hServerKey;
    CK_BYTE_PTR pIVClient;
    CK_BYTE_PTR pIVServer;
} CK_SSL3_KEY_MAT_OUT;
typedef CK_SSL3_KEY_MAT_OUT *CK_SSL3_KEY_MAT_OUT_PTR;

typedef struct CK_SSL3_KEY_MAT_PARAMS {
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_BBOOL bIsExport;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_SSL3_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
} CK_SSL3_KEY_MAT_PARAMS;
typedef CK_SSL3_KEY_MAT_PARAMS *CK_SSL3_KEY_MAT_PARAMS_PTR;

typedef struct CK_TLS_PRF_PARAMS {
    CK_BYTE_PTR pSeed;
    CK_ULONG ulSeedLen;
    CK_BYTE_PTR pLabel;
    CK_ULONG ulLabelLen;
    CK_BYTE_PTR pOutput;
    CK_ULONG_PTR pulOutputLen;
} CK_TLS_PRF_PARAMS;
typedef CK_TLS_PRF_PARAMS *CK_TLS_PRF_PARAMS_PTR;

/* Version 2.40: TLS 1.2. */
typedef struct CK_TLS12_MASTER_KEY_DERIVE_PARAMS {
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_VERSION_PTR pVersion;
    CK_MECHANISM_TYPE prfHashMechanism;
} CK_TLS12_MASTER_KEY_DERIVE_PARAMS;
typedef CK_TLS12_MASTER_KEY_DERIVE_PARAMS *CK_TLS12_MASTER_KEY_DERIVE_PARAMS_PTR;

typedef struct CK_TLS12_KEY_MAT_PARAMS {
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_BBOOL bIsExport;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_SSL3_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
    CK_MECHANISM_TYPE prfHashMechanism;
} CK_TLS12_KEY_MAT_PARAMS;
typedef CK_TLS12_KEY_MAT_PARAMS *CK_TLS12_KEY_MAT_PARAMS_PTR;

typedef struct CK_TLS_KDF_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BYTE_PTR pLabel;
    CK_ULONG ulLabelLength;
    CK_SSL3_RANDOM_DATA RandomInfo;
    CK_BYTE_PTR pContextData;
    CK_ULONG ulContextDataLength;
} CK_TLS_KDF_PARAMS;
typedef CK_TLS_KDF_PARAMS *CK_TLS_KDF_PARAMS_PTR;

typedef struct CK_TLS_MAC_PARAMS {
    CK_MECHANISM_TYPE prfHashMechanism;
    CK_ULONG ulMacLength;
    CK_ULONG ulServerOrClient;
} CK_TLS_MAC_PARAMS;
typedef CK_TLS_MAC_PARAMS *CK_TLS_MAC_PARAMS_PTR;

/* Version 3.2: the extended master secret of TLS 1.2. */
typedef struct CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfHashMechanism;
    CK_BYTE_PTR pSessionHash;
    CK_ULONG ulSessionHashLen;
    CK_VERSION_PTR pVersion;
} CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS;
typedef CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS *CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS_PTR;

/* Version 2.40: WTLS. */
typedef struct CK_WTLS_RANDOM_DATA {
    CK_BYTE_PTR pClientRandom;
    CK_ULONG ulClientRandomLen;
    CK_BYTE_PTR pServerRandom;
    CK_ULONG ulServerRandomLen;
} CK_WTLS_RANDOM_DATA;
typedef CK_WTLS_RANDOM_DATA *CK_WTLS_RANDOM_DATA_PTR;

typedef struct CK_WTLS_MASTER_KEY_DERIVE_PARAMS {
    CK_MECHANISM_TYPE DigestMechanism;
    CK_WTLS_RANDOM_DATA RandomInfo;
    CK_BYTE_PTR pVersion;
} CK_WTLS_MASTER_KEY_DERIVE_PARAMS;
typedef CK_WTLS_MASTER_KEY_DERIVE_PARAMS *CK_WTLS_MASTER_KEY_DERIVE_PARAMS_PTR;

typedef struct CK_WTLS_PRF_PARAMS {
    CK_MECHANISM_TYPE DigestMechanism;
    CK_BYTE_PTR pSeed;
    CK_ULONG ulSeedLen;
    CK_BYTE_PTR pLabel;
    CK_ULONG ulLabelLen;
    CK_BYTE_PTR pOutput;
    CK_ULONG_PTR pulOutputLen;
} CK_WTLS_PRF_PARAMS;
typedef CK_WTLS_PRF_PARAMS *CK_WTLS_PRF_PARAMS_PTR;

typedef struct CK_WTLS_KEY_MAT_OUT {
    CK_OBJECT_HANDLE hMacSecret;
    CK_OBJECT_HANDLE hKey;
    CK_BYTE_PTR pIV;
} CK_WTLS_KEY_MAT_OUT;
typedef CK_WTLS_KEY_MAT_OUT *CK_WTLS_KEY_MAT_OUT_PTR;

typedef struct CK_WTLS_KEY_MAT_PARAMS {
    CK_MECHANISM_TYPE DigestMechanism;
    CK_ULONG ulMacSizeInBits;
    CK_ULONG ulKeySizeInBits;
    CK_ULONG ulIVSizeInBits;
    CK_ULONG ulSequenceNumber;
    CK_BBOOL bIsExport;
    CK_WTLS_RANDOM_DATA RandomInfo;
    CK_WTLS_KEY_MAT_OUT_PTR pReturnedKeyMaterial;
} CK_WTLS_KEY_MAT_PARAMS;
typedef CK_WTLS_KEY_MAT_PARAMS *CK_WTLS_KEY_MAT_PARAMS_PTR;

/* Version 3.0 (the key handle: 3.2): the pieces of data that enter an SP 800-108 derivation. */
#ifndef CK_SP800_108_ITERATION_VARIABLE
#define CK_SP800_108_ITERATION_VARIABLE 0x00000001UL
#endif
#ifndef CK_SP800_108_COUNTER
#define CK_SP800_108_COUNTER 0x00000002UL
#endif
#ifndef CK_SP800_108_DKM_LENGTH
#define CK_SP800_108_DKM_LENGTH 0x00000003UL
#endif
#ifndef CK_SP800_108_BYTE_ARRAY
#define CK_SP800_108_BYTE_ARRAY 0x00000004UL
#endif
#ifndef CK_SP800_108_KEY_HANDLE
#define CK_SP800_108_KEY_HANDLE 0x00000005UL
#endif
#ifndef CK_SP800_108_OPTIONAL_COUNTER
#define CK_SP800_108_OPTIONAL_COUNTER CK_SP800_108_COUNTER
#endif
typedef CK_ULONG CK_PRF_DATA_TYPE;
typedef CK_MECHANISM_TYPE CK_SP800_108_PRF_TYPE;

/* Version 3.0: what the length of the derived keying material counts. */
#ifndef CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS
#define CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS 0x00000001UL
#endif
#ifndef CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS
#define CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS 0x00000002UL
#endif
typedef CK_ULONG CK_SP800_108_DKM_LENGTH_METHOD;

/* Version 3.0: SP 800-108. */
typedef struct CK_PRF_DATA_PARAM {
    CK_PRF_DATA_TYPE type;
    CK_VOID_PTR pValue;
    CK_ULONG ulValueLen;
} CK_PRF_DATA_PARAM;
typedef CK_PRF_DATA_PARAM *CK_PRF_DATA_PARAM_PTR;

typedef struct CK_SP800_108_COUNTER_FORMAT {
    CK_BBOOL bLittleEndian;
    CK_ULONG ulWidthInBits;
} CK_SP800_108_COUNTER_FORMAT;
typedef CK_SP800_108_COUNTER_FORMAT *CK_SP800_108_COUNTER_FORMAT_PTR;

typedef struct CK_SP800_108_DKM_LENGTH_FORMAT {
    CK_SP800_108_DKM_LENGTH_METHOD dkmLengthMethod;
    CK_BBOOL bLittleEndian;
    CK_ULONG ulWidthInBits;
} CK_SP800_108_DKM_LENGTH_FORMAT;
typedef CK_SP800_108_DKM_LENGTH_FORMAT *CK_SP800_108_DKM_LENGTH_FORMAT_PTR;

typedef struct CK_DERIVED_KEY {
    CK_ATTRIBUTE_PTR pTemplate;
    CK_ULONG ulAttributeCount;
    CK_OBJECT_HANDLE_PTR phKey;
} CK_DERIVED_KEY;
typedef CK_DERIVED_KEY *CK_DERIVED_KEY_PTR;

typedef struct CK_SP800_108_KDF_PARAMS {
    CK_SP800_108_PRF_TYPE prfType;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM_PTR pDataParams;
    CK_ULONG ulAdditionalDerivedKeys;
    CK_DERIVED_KEY_PTR pAdditionalDerivedKeys;
} CK_SP800_108_KDF_PARAMS;
typedef CK_SP800_108_KDF_PARAMS *CK_SP800_108_KDF_PARAMS_PTR;

typedef struct CK_SP800_108_FEEDBACK_KDF_PARAMS {
    CK_SP800_108_PRF_TYPE prfType;
    CK_ULONG ulNumberOfDataParams;
    CK_PRF_DATA_PARAM_PTR pDataParams;
    CK_ULONG ulIVLen;
    CK_BYTE_PTR pIV;
    CK_ULONG ulAdditionalDerivedKeys;
    CK_DERIVED_KEY_PTR pAdditionalDerivedKeys;
} CK_SP800_108_FEEDBACK_KDF_PARAMS;
typedef CK_SP800_108_FEEDBACK_KDF_PARAMS *CK_SP800_108_FEEDBACK_KDF_PARAMS_PTR;

/* Version 2.40: CKM_EXTRACT_KEY_FROM_KEY: the first bit to take. */
typedef CK_ULONG CK_EXTRACT_PARAMS;
typedef CK_EXTRACT_PARAMS *CK_EXTRACT_PARAMS_PTR;

/* Version 3.0: where the salt of an HKDF comes from. */
#ifndef CKF_HKDF_SALT_NULL
#define CKF_HKDF_SALT_NULL 0x00000001UL
#endif
#ifndef CKF_HKDF_SALT_DATA
#define CKF_HKDF_SALT_DATA 0x00000002UL
#endif
#ifndef CKF_HKDF_SALT_KEY
#define CKF_HKDF_SALT_KEY 0x00000004UL
#endif

/* Version 3.0: CKM_HKDF_DERIVE and CKM_HKDF_DATA. */
typedef struct CK_HKDF_PARAMS {
    CK_BBOOL bExtract;
    CK_BBOOL bExpand;
    CK_MECHANISM_TYPE prfHashMechanism;
    CK_ULONG ulSaltType;
    CK_BYTE_PTR pSalt;
    CK_ULONG ulSaltLen;
    CK_OBJECT_HANDLE hSaltKey;
    CK_BYTE_PTR pInfo;
    CK_ULONG ulInfoLen;
} CK_HKDF_PARAMS;
typedef CK_HKDF_PARAMS *CK_HKDF_PARAMS_PTR;

/* Version 3.0: IKE. */
typedef struct CK_IKE2_PRF_PLUS_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BBOOL bHasSeedKey;
    CK_OBJECT_HANDLE hSeedKey;
    CK_BYTE_PTR pSeedData;
    CK_ULONG ulSeedDataLen;
} CK_IKE2_PRF_PLUS_DERIVE_PARAMS;
typedef CK_IKE2_PRF_PLUS_DERIVE_PARAMS *CK_IKE2_PRF_PLUS_DERIVE_PARAMS_PTR;

typedef struct CK_IKE_PRF_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BBOOL bDataAsKey;
    CK_BBOOL bRekey;
    CK_BYTE_PTR pNi;
    CK_ULONG ulNiLen;
    CK_BYTE_PTR pNr;
    CK_ULONG ulNrLen;
    CK_OBJECT_HANDLE hNewKey;
} CK_IKE_PRF_DERIVE_PARAMS;
typedef CK_IKE_PRF_DERIVE_PARAMS *CK_IKE_PRF_DERIVE_PARAMS_PTR;

typedef struct CK_IKE1_PRF_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BBOOL bHasPrevKey;
    CK_OBJECT_HANDLE hKeygxy;
    CK_OBJECT_HANDLE hPrevKey;
    CK_BYTE_PTR pCKYi;
    CK_ULONG ulCKYiLen;
    CK_BYTE_PTR pCKYr;
    CK_ULONG ulCKYrLen;
    CK_BYTE keyNumber;
} CK_IKE1_PRF_DERIVE_PARAMS;
typedef CK_IKE1_PRF_DERIVE_PARAMS *CK_IKE1_PRF_DERIVE_PARAMS_PTR;

typedef struct CK_IKE1_EXTENDED_DERIVE_PARAMS {
    CK_MECHANISM_TYPE prfMechanism;
    CK_BBOOL bHasKeygxy;
    CK_OBJECT_HANDLE hKeygxy;
    CK_BYTE_PTR pExtraData;
    CK_ULONG ulExtraDataLen;
} CK_IKE1_EXTENDED_DERIVE_PARAMS;
typedef CK_IKE1_EXTENDED_DERIVE_PARAMS *CK_IKE1_EXTENDED_DERIVE_PARAMS_PTR;

/* Version 2.40: CKM_CMS_SIG. */
typedef struct CK_CMS_SIG_PARAMS {
    CK_OBJECT_HANDLE certificateHandle;
    CK_MECHANISM_PTR pSigningMechanism;
    CK_MECHANISM_PTR pDigestMechanism;
    CK_UTF8CHAR_PTR pContentType;
    CK_BYTE_PTR pRequestedAttributes;
    CK_ULONG ulRequestedAttributesLen;
    CK_BYTE_PTR pRequiredAttributes;
    CK_ULONG ulRequiredAttributesLen;
} CK_CMS_SIG_PARAMS;
typedef CK_CMS_SIG_PARAMS *CK_CMS_SIG_PARAMS_PTR;

/* Version 2.40: one-time passwords. */
#ifndef CK_OTP_OUTPUT_FORMAT
#define CK_OTP_OUTPUT_FORMAT 0x00000007UL
#endif
typedef CK_ULONG CK_OTP_PARAM_TYPE;
typedef CK_OTP_PARAM *CK_OTP_PARAM_PTR;
typedef CK_OTP_PARAMS *CK_OTP_PARAMS_PTR;
typedef CK_OTP_SIGNATURE_INFO *CK_OTP_SIGNATURE_INFO_PTR;

/* Version 2.40: CT-KIP. */
typedef struct CK_KIP_PARAMS {
    CK_MECHANISM_PTR pMechanism;
    CK_OBJECT_HANDLE hKey;
    CK_BYTE_PTR pSeed;
    CK_ULONG ulSeedLen;
} CK_KIP_PARAMS;
typedef CK_KIP_PARAMS *CK_KIP_PARAMS_PTR;

/* Version 2.40: GOST R 34.10-2001. */
typedef struct CK_GOSTR3410_DERIVE_PARAMS {
    CK_EC_KDF_TYPE kdf;
    CK_BYTE_PTR pPublicData;
    CK_ULONG ulPublicDataLen;
    CK_BYTE_PTR pUKM;
    CK_ULONG ulUKMLen;
} CK_GOSTR3410_DERIVE_PARAMS;
typedef CK_GOSTR3410_DERIVE_PARAMS *CK_GOSTR3410_DERIVE_PARAMS_PTR;

typedef struct CK_GOSTR3410_KEY_WRAP_PARAMS {
    CK_BYTE_PTR pWrapOID;
    CK_ULONG ulWrapOIDLen;
    CK_BYTE_PTR pUKM;
    CK_ULONG ulUKMLen;
    CK_OBJECT_HANDLE hKey;
} CK_GOSTR3410_KEY_WRAP_PARAMS;
typedef CK_GOSTR3410_KEY_WRAP_PARAMS *CK_GOSTR3410_KEY_WRAP_PARAMS_PTR;

/* Version 3.2: how much randomness an ML-DSA or SLH-DSA signature takes. */
#ifndef CKH_HEDGE_PREFERRED
#define CKH_HEDGE_PREFERRED 0x00000000UL
#endif
#ifndef CKH_HEDGE_REQUIRED
#define CKH_HEDGE_REQUIRED 0x00000001UL
#endif
#ifndef CKH_DETERMINISTIC_REQUIRED
#define CKH_DETERMINISTIC_REQUIRED 0x00000002UL
#endif
typedef CK_ULONG CK_HEDGE_TYPE;

/* Version 3.2: CKM_ML_DSA, CKM_SLH_DSA and the ones that name their digest. */
typedef struct CK_SIGN_ADDITIONAL_CONTEXT {
    CK_HEDGE_TYPE hedgeVariant;
    CK_BYTE_PTR pContext;
    CK_ULONG ulContextLen;
} CK_SIGN_ADDITIONAL_CONTEXT;
typedef CK_SIGN_ADDITIONAL_CONTEXT *CK_SIGN_ADDITIONAL_CONTEXT_PTR;

/* Version 3.2: CKM_HASH_ML_DSA and CKM_HASH_SLH_DSA. */
typedef struct CK_HASH_SIGN_ADDITIONAL_CONTEXT {
    CK_HEDGE_TYPE hedgeVariant;
    CK_BYTE_PTR pContext;
    CK_ULONG ulContextLen;
    CK_MECHANISM_TYPE hash;
} CK_HASH_SIGN_ADDITIONAL_CONTEXT;
typedef CK_HASH_SIGN_ADDITIONAL_CONTEXT *CK_HASH_SIGN_ADDITIONAL_CONTEXT_PTR;

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 5: functions                                                                           */
/* ---------------------------------------------------------------------------------------------- */

/* Version 3.0: interfaces, sessions and messages. */

typedef CK_RV (*CK_C_GetInterfaceList)(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount);
CK_RV C_GetInterfaceList(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount);

typedef CK_RV (*CK_C_GetInterface)(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
                                   CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags);
CK_RV C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
                     CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags);

typedef CK_RV (*CK_C_LoginUser)(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType,
                                CK_UTF8CHAR_PTR pPin, CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername,
                                CK_ULONG ulUsernameLen);
CK_RV C_LoginUser(CK_SESSION_HANDLE hSession, CK_USER_TYPE userType, CK_UTF8CHAR_PTR pPin,
                  CK_ULONG ulPinLen, CK_UTF8CHAR_PTR pUsername, CK_ULONG ulUsernameLen);

typedef CK_RV (*CK_C_SessionCancel)(CK_SESSION_HANDLE hSession, CK_FLAGS flags);
CK_RV C_SessionCancel(CK_SESSION_HANDLE hSession, CK_FLAGS flags);

typedef CK_RV (*CK_C_MessageEncryptInit)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                         CK_OBJECT_HANDLE hKey);
CK_RV C_MessageEncryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                           CK_OBJECT_HANDLE hKey);

typedef CK_RV (*CK_C_EncryptMessage)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                     CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pPlaintext,
                                     CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext,
                                     CK_ULONG_PTR pulCiphertextLen);
CK_RV C_EncryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                       CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                       CK_BYTE_PTR pPlaintext, CK_ULONG ulPlaintextLen, CK_BYTE_PTR pCiphertext,
                       CK_ULONG_PTR pulCiphertextLen);

typedef CK_RV (*CK_C_EncryptMessageBegin)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                          CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                          CK_ULONG ulAssociatedDataLen);
CK_RV C_EncryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                            CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                            CK_ULONG ulAssociatedDataLen);

typedef CK_RV (*CK_C_EncryptMessageNext)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                         CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart,
                                         CK_ULONG ulPlaintextPartLen, CK_BYTE_PTR pCiphertextPart,
                                         CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags);
CK_RV C_EncryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                           CK_ULONG ulParameterLen, CK_BYTE_PTR pPlaintextPart,
                           CK_ULONG ulPlaintextPartLen, CK_BYTE_PTR pCiphertextPart,
                           CK_ULONG_PTR pulCiphertextPartLen, CK_FLAGS flags);

typedef CK_RV (*CK_C_MessageEncryptFinal)(CK_SESSION_HANDLE hSession);
CK_RV C_MessageEncryptFinal(CK_SESSION_HANDLE hSession);

typedef CK_RV (*CK_C_MessageDecryptInit)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                         CK_OBJECT_HANDLE hKey);
CK_RV C_MessageDecryptInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                           CK_OBJECT_HANDLE hKey);

typedef CK_RV (*CK_C_DecryptMessage)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                     CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                     CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pCiphertext,
                                     CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext,
                                     CK_ULONG_PTR pulPlaintextLen);
CK_RV C_DecryptMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                       CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                       CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen, CK_BYTE_PTR pPlaintext,
                       CK_ULONG_PTR pulPlaintextLen);

typedef CK_RV (*CK_C_DecryptMessageBegin)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                          CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                                          CK_ULONG ulAssociatedDataLen);
CK_RV C_DecryptMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                            CK_ULONG ulParameterLen, CK_BYTE_PTR pAssociatedData,
                            CK_ULONG ulAssociatedDataLen);

typedef CK_RV (*CK_C_DecryptMessageNext)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                         CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart,
                                         CK_ULONG ulCiphertextPartLen, CK_BYTE_PTR pPlaintextPart,
                                         CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags);
CK_RV C_DecryptMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                           CK_ULONG ulParameterLen, CK_BYTE_PTR pCiphertextPart,
                           CK_ULONG ulCiphertextPartLen, CK_BYTE_PTR pPlaintextPart,
                           CK_ULONG_PTR pulPlaintextPartLen, CK_FLAGS flags);

typedef CK_RV (*CK_C_MessageDecryptFinal)(CK_SESSION_HANDLE hSession);
CK_RV C_MessageDecryptFinal(CK_SESSION_HANDLE hSession);

typedef CK_RV (*CK_C_MessageSignInit)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                      CK_OBJECT_HANDLE hKey);
CK_RV C_MessageSignInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                        CK_OBJECT_HANDLE hKey);

typedef CK_RV (*CK_C_SignMessage)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                  CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                                  CK_BYTE_PTR pSignature, CK_ULONG_PTR pulSignatureLen);
CK_RV C_SignMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                    CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                    CK_ULONG_PTR pulSignatureLen);

typedef CK_RV (*CK_C_SignMessageBegin)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                       CK_ULONG ulParameterLen);
CK_RV C_SignMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                         CK_ULONG ulParameterLen);

typedef CK_RV (*CK_C_SignMessageNext)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                      CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
                                      CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                                      CK_ULONG_PTR pulSignatureLen);
CK_RV C_SignMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                        CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                        CK_ULONG_PTR pulSignatureLen);

typedef CK_RV (*CK_C_MessageSignFinal)(CK_SESSION_HANDLE hSession);
CK_RV C_MessageSignFinal(CK_SESSION_HANDLE hSession);

typedef CK_RV (*CK_C_MessageVerifyInit)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                        CK_OBJECT_HANDLE hKey);
CK_RV C_MessageVerifyInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                          CK_OBJECT_HANDLE hKey);

typedef CK_RV (*CK_C_VerifyMessage)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                    CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                                    CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);
CK_RV C_VerifyMessage(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter, CK_ULONG ulParameterLen,
                      CK_BYTE_PTR pData, CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                      CK_ULONG ulSignatureLen);

typedef CK_RV (*CK_C_VerifyMessageBegin)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                         CK_ULONG ulParameterLen);
CK_RV C_VerifyMessageBegin(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                           CK_ULONG ulParameterLen);

typedef CK_RV (*CK_C_VerifyMessageNext)(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                                        CK_ULONG ulParameterLen, CK_BYTE_PTR pData,
                                        CK_ULONG ulDataLen, CK_BYTE_PTR pSignature,
                                        CK_ULONG ulSignatureLen);
CK_RV C_VerifyMessageNext(CK_SESSION_HANDLE hSession, CK_VOID_PTR pParameter,
                          CK_ULONG ulParameterLen, CK_BYTE_PTR pData, CK_ULONG ulDataLen,
                          CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);

typedef CK_RV (*CK_C_MessageVerifyFinal)(CK_SESSION_HANDLE hSession);
CK_RV C_MessageVerifyFinal(CK_SESSION_HANDLE hSession);

/* Version 3.2: encapsulation, signature first, validation, asynchronous calls, AEAD wrapping. */

typedef CK_RV (*CK_C_EncapsulateKey)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                     CK_OBJECT_HANDLE hPublicKey, CK_ATTRIBUTE_PTR pTemplate,
                                     CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext,
                                     CK_ULONG_PTR pulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey);
CK_RV C_EncapsulateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                       CK_OBJECT_HANDLE hPublicKey, CK_ATTRIBUTE_PTR pTemplate,
                       CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext,
                       CK_ULONG_PTR pulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey);

typedef CK_RV (*CK_C_DecapsulateKey)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                     CK_OBJECT_HANDLE hPrivateKey, CK_ATTRIBUTE_PTR pTemplate,
                                     CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext,
                                     CK_ULONG ulCiphertextLen, CK_OBJECT_HANDLE_PTR phKey);
CK_RV C_DecapsulateKey(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                       CK_OBJECT_HANDLE hPrivateKey, CK_ATTRIBUTE_PTR pTemplate,
                       CK_ULONG ulAttributeCount, CK_BYTE_PTR pCiphertext, CK_ULONG ulCiphertextLen,
                       CK_OBJECT_HANDLE_PTR phKey);

typedef CK_RV (*CK_C_VerifySignatureInit)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                          CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pSignature,
                                          CK_ULONG ulSignatureLen);
CK_RV C_VerifySignatureInit(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                            CK_OBJECT_HANDLE hKey, CK_BYTE_PTR pSignature, CK_ULONG ulSignatureLen);

typedef CK_RV (*CK_C_VerifySignature)(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData,
                                      CK_ULONG ulDataLen);
CK_RV C_VerifySignature(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pData, CK_ULONG ulDataLen);

typedef CK_RV (*CK_C_VerifySignatureUpdate)(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart,
                                            CK_ULONG ulPartLen);
CK_RV C_VerifySignatureUpdate(CK_SESSION_HANDLE hSession, CK_BYTE_PTR pPart, CK_ULONG ulPartLen);

typedef CK_RV (*CK_C_VerifySignatureFinal)(CK_SESSION_HANDLE hSession);
CK_RV C_VerifySignatureFinal(CK_SESSION_HANDLE hSession);

typedef CK_RV (*CK_C_GetSessionValidationFlags)(CK_SESSION_HANDLE hSession,
                                                CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                                CK_FLAGS_PTR pFlags);
CK_RV C_GetSessionValidationFlags(CK_SESSION_HANDLE hSession, CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                  CK_FLAGS_PTR pFlags);

typedef CK_RV (*CK_C_AsyncComplete)(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
                                    CK_ASYNC_DATA_PTR pResult);
CK_RV C_AsyncComplete(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
                      CK_ASYNC_DATA_PTR pResult);

typedef CK_RV (*CK_C_AsyncGetID)(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
                                 CK_ULONG_PTR pulID);
CK_RV C_AsyncGetID(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG_PTR pulID);

typedef CK_RV (*CK_C_AsyncJoin)(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName,
                                CK_ULONG ulID, CK_BYTE_PTR pData, CK_ULONG ulData);
CK_RV C_AsyncJoin(CK_SESSION_HANDLE hSession, CK_UTF8CHAR_PTR pFunctionName, CK_ULONG ulID,
                  CK_BYTE_PTR pData, CK_ULONG ulData);

typedef CK_RV (*CK_C_WrapKeyAuthenticated)(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                                           CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey,
                                           CK_BYTE_PTR pAssociatedData,
                                           CK_ULONG ulAssociatedDataLen, CK_BYTE_PTR pWrappedKey,
                                           CK_ULONG_PTR pulWrappedKeyLen);
CK_RV C_WrapKeyAuthenticated(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                             CK_OBJECT_HANDLE hWrappingKey, CK_OBJECT_HANDLE hKey,
                             CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
                             CK_BYTE_PTR pWrappedKey, CK_ULONG_PTR pulWrappedKeyLen);

typedef CK_RV (*CK_C_UnwrapKeyAuthenticated)(
    CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism, CK_OBJECT_HANDLE hUnwrappingKey,
    CK_BYTE_PTR pWrappedKey, CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate,
    CK_ULONG ulAttributeCount, CK_BYTE_PTR pAssociatedData, CK_ULONG ulAssociatedDataLen,
    CK_OBJECT_HANDLE_PTR phKey);
CK_RV C_UnwrapKeyAuthenticated(CK_SESSION_HANDLE hSession, CK_MECHANISM_PTR pMechanism,
                               CK_OBJECT_HANDLE hUnwrappingKey, CK_BYTE_PTR pWrappedKey,
                               CK_ULONG ulWrappedKeyLen, CK_ATTRIBUTE_PTR pTemplate,
                               CK_ULONG ulAttributeCount, CK_BYTE_PTR pAssociatedData,
                               CK_ULONG ulAssociatedDataLen, CK_OBJECT_HANDLE_PTR phKey);

/* ---------------------------------------------------------------------------------------------- */
/* Chapter 5: function lists                                                                      */
/* ---------------------------------------------------------------------------------------------- */

/* The rows the three lists share: those of CK_FUNCTION_LIST, and those 3.0 and 3.2 append. */
#define PKCS11_ROWS_2_40                                                                           \
    CK_VERSION version;                                                                            \
    CK_C_Initialize C_Initialize;                                                                  \
    CK_C_Finalize C_Finalize;                                                                      \
    CK_C_GetInfo C_GetInfo;                                                                        \
    CK_C_GetFunctionList C_GetFunctionList;                                                        \
    CK_C_GetSlotList C_GetSlotList;                                                                \
    CK_C_GetSlotInfo C_GetSlotInfo;                                                                \
    CK_C_GetTokenInfo C_GetTokenInfo;                                                              \
    CK_C_GetMechanismList C_GetMechanismList;                                                      \
    CK_C_GetMechanismInfo C_GetMechanismInfo;                                                      \
    CK_C_InitToken C_InitToken;                                                                    \
    CK_C_InitPIN C_InitPIN;                                                                        \
    CK_C_SetPIN C_SetPIN;                                                                          \
    CK_C_OpenSession C_OpenSession;                                                                \
    CK_C_CloseSession C_CloseSession;                                                              \
    CK_C_CloseAllSessions C_CloseAllSessions;                                                      \
    CK_C_GetSessionInfo C_GetSessionInfo;                                                          \
    CK_C_GetOperationState C_GetOperationState;                                                    \
    CK_C_SetOperationState C_SetOperationState;                                                    \
    CK_C_Login C_Login;                                                                            \
    CK_C_Logout C_Logout;                                                                          \
    CK_C_CreateObject C_CreateObject;                                                              \
    CK_C_CopyObject C_CopyObject;                                                                  \
    CK_C_DestroyObject C_DestroyObject;                                                            \
    CK_C_GetObjectSize C_GetObjectSize;                                                            \
    CK_C_GetAttributeValue C_GetAttributeValue;                                                    \
    CK_C_SetAttributeValue C_SetAttributeValue;                                                    \
    CK_C_FindObjectsInit C_FindObjectsInit;                                                        \
    CK_C_FindObjects C_FindObjects;                                                                \
    CK_C_FindObjectsFinal C_FindObjectsFinal;                                                      \
    CK_C_EncryptInit C_EncryptInit;                                                                \
    CK_C_Encrypt C_Encrypt;                                                                        \
    CK_C_EncryptUpdate C_EncryptUpdate;                                                            \
    CK_C_EncryptFinal C_EncryptFinal;                                                              \
    CK_C_DecryptInit C_DecryptInit;                                                                \
    CK_C_Decrypt C_Decrypt;                                                                        \
    CK_C_DecryptUpdate C_DecryptUpdate;                                                            \
    CK_C_DecryptFinal C_DecryptFinal;                                                              \
    CK_C_DigestInit C_DigestInit;                                                                  \
    CK_C_Digest C_Digest;                                                                          \
    CK_C_DigestUpdate C_DigestUpdate;                                                              \
    CK_C_DigestKey C_DigestKey;                                                                    \
    CK_C_DigestFinal C_DigestFinal;                                                                \
    CK_C_SignInit C_SignInit;                                                                      \
    CK_C_Sign C_Sign;                                                                              \
    CK_C_SignUpdate C_SignUpdate;                                                                  \
    CK_C_SignFinal C_SignFinal;                                                                    \
    CK_C_SignRecoverInit C_SignRecoverInit;                                                        \
    CK_C_SignRecover C_SignRecover;                                                                \
    CK_C_VerifyInit C_VerifyInit;                                                                  \
    CK_C_Verify C_Verify;                                                                          \
    CK_C_VerifyUpdate C_VerifyUpdate;                                                              \
    CK_C_VerifyFinal C_VerifyFinal;                                                                \
    CK_C_VerifyRecoverInit C_VerifyRecoverInit;                                                    \
    CK_C_VerifyRecover C_VerifyRecover;                                                            \
    CK_C_DigestEncryptUpdate C_DigestEncryptUpdate;                                                \
    CK_C_DecryptDigestUpdate C_DecryptDigestUpdate;                                                \
    CK_C_SignEncryptUpdate C_SignEncryptUpdate;                                                    \
    CK_C_DecryptVerifyUpdate C_DecryptVerifyUpdate;                                                \
    CK_C_GenerateKey C_GenerateKey;                                                                \
    CK_C_GenerateKeyPair C_GenerateKeyPair;                                                        \
    CK_C_WrapKey C_WrapKey;                                                                        \
    CK_C_UnwrapKey C_UnwrapKey;                                                                    \
    CK_C_DeriveKey C_DeriveKey;                                                                    \
    CK_C_SeedRandom C_SeedRandom;                                                                  \
    CK_C_GenerateRandom C_GenerateRandom;                                                          \
    CK_C_GetFunctionStatus C_GetFunctionStatus;                                                    \
    CK_C_CancelFunction C_CancelFunction;                                                          \
    CK_C_WaitForSlotEvent C_WaitForSlotEvent;

#define PKCS11_ROWS_3_0                                                                            \
    CK_C_GetInterfaceList C_GetInterfaceList;                                                      \
    CK_C_GetInterface C_GetInterface;                                                              \
    CK_C_LoginUser C_LoginUser;                                                                    \
    CK_C_SessionCancel C_SessionCancel;                                                            \
    CK_C_MessageEncryptInit C_MessageEncryptInit;                                                  \
    CK_C_EncryptMessage C_EncryptMessage;                                                          \
    CK_C_EncryptMessageBegin C_EncryptMessageBegin;                                                \
    CK_C_EncryptMessageNext C_EncryptMessageNext;                                                  \
    CK_C_MessageEncryptFinal C_MessageEncryptFinal;                                                \
    CK_C_MessageDecryptInit C_MessageDecryptInit;                                                  \
    CK_C_DecryptMessage C_DecryptMessage;                                                          \
    CK_C_DecryptMessageBegin C_DecryptMessageBegin;                                                \
    CK_C_DecryptMessageNext C_DecryptMessageNext;                                                  \
    CK_C_MessageDecryptFinal C_MessageDecryptFinal;                                                \
    CK_C_MessageSignInit C_MessageSignInit;                                                        \
    CK_C_SignMessage C_SignMessage;                                                                \
    CK_C_SignMessageBegin C_SignMessageBegin;                                                      \
    CK_C_SignMessageNext C_SignMessageNext;                                                        \
    CK_C_MessageSignFinal C_MessageSignFinal;                                                      \
    CK_C_MessageVerifyInit C_MessageVerifyInit;                                                    \
    CK_C_VerifyMessage C_VerifyMessage;                                                            \
    CK_C_VerifyMessageBegin C_VerifyMessageBegin;                                                  \
    CK_C_VerifyMessageNext C_VerifyMessageNext;                                                    \
    CK_C_MessageVerifyFinal C_MessageVerifyFinal;

#define PKCS11_ROWS_3_2                                                                            \
    CK_C_EncapsulateKey C_EncapsulateKey;                                                          \
    CK_C_DecapsulateKey C_DecapsulateKey;                                                          \
    CK_C_VerifySignatureInit C_VerifySignatureInit;                                                \
    CK_C_VerifySignature C_VerifySignature;                                                        \
    CK_C_VerifySignatureUpdate C_VerifySignatureUpdate;                                            \
    CK_C_VerifySignatureFinal C_VerifySignatureFinal;                                              \
    CK_C_GetSessionValidationFlags C_GetSessionValidationFlags;                                    \
    CK_C_AsyncComplete C_AsyncComplete;                                                            \
    CK_C_AsyncGetID C_AsyncGetID;                                                                  \
    CK_C_AsyncJoin C_AsyncJoin;                                                                    \
    CK_C_WrapKeyAuthenticated C_WrapKeyAuthenticated;                                              \
    CK_C_UnwrapKeyAuthenticated C_UnwrapKeyAuthenticated;

/* Version 3.0. */
typedef struct CK_FUNCTION_LIST_3_0 {
    PKCS11_ROWS_2_40
    PKCS11_ROWS_3_0
} CK_FUNCTION_LIST_3_0;
typedef CK_FUNCTION_LIST_3_0 *CK_FUNCTION_LIST_3_0_PTR;
typedef CK_FUNCTION_LIST_3_0_PTR *CK_FUNCTION_LIST_3_0_PTR_PTR;

/* Version 3.2. */
typedef struct CK_FUNCTION_LIST_3_2 {
    PKCS11_ROWS_2_40
    PKCS11_ROWS_3_0
    PKCS11_ROWS_3_2
} CK_FUNCTION_LIST_3_2;
typedef CK_FUNCTION_LIST_3_2 *CK_FUNCTION_LIST_3_2_PTR;
typedef CK_FUNCTION_LIST_3_2_PTR *CK_FUNCTION_LIST_3_2_PTR_PTR;

#undef PKCS11_ROWS_2_40
#undef PKCS11_ROWS_3_0
#undef PKCS11_ROWS_3_2

#endif /* TEE_UTIL_PKCS11_H */
