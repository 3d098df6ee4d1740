/* SPDX-License-Identifier: BSD-2-Clause */
/* cipher_name.c - the names of ciphers by mode and key length; see cipher_name.h. */
#include "crypto/cipher_name.h"

#include "crypto/ossl.h"

static const struct {
    const char *mode; /* the cipher column of mech.c */
    size_t n;         /* bytes of the key */
    const char *name;
} ciphers[] = {
    {"ECB", 16, "AES-128-ECB"},           {"ECB", 24, "AES-192-ECB"},
    {"ECB", 32, "AES-256-ECB"},           {"CBC", 16, "AES-128-CBC"},
    {"CBC", 24, "AES-192-CBC"},           {"CBC", 32, "AES-256-CBC"},
    {"CTR", 16, "AES-128-CTR"},           {"CTR", 24, "AES-192-CTR"},
    {"CTR", 32, "AES-256-CTR"},           {"GCM", 16, "AES-128-GCM"},
    {"GCM", 24, "AES-192-GCM"},           {"GCM", 32, "AES-256-GCM"},
    {"CCM", 16, "AES-128-CCM"},           {"CCM", 24, "AES-192-CCM"},
    {"CCM", 32, "AES-256-CCM"},           {"WRAP", 16, "AES-128-WRAP"},
    {"WRAP", 24, "AES-192-WRAP"},         {"WRAP", 32, "AES-256-WRAP"},
    {"WRAP-PAD", 16, "AES-128-WRAP-PAD"}, {"WRAP-PAD", 24, "AES-192-WRAP-PAD"},
    {"WRAP-PAD", 32, "AES-256-WRAP-PAD"}, {"ChaCha20-Poly1305", 32, "ChaCha20-Poly1305"},
    {"OFB", 16, "AES-128-OFB"},           {"OFB", 24, "AES-192-OFB"},
    {"OFB", 32, "AES-256-OFB"},           {"CFB", 16, "AES-128-CFB"},
    {"CFB", 24, "AES-192-CFB"},           {"CFB", 32, "AES-256-CFB"},
    {"CFB8", 16, "AES-128-CFB8"},         {"CFB8", 24, "AES-192-CFB8"},
    {"CFB8", 32, "AES-256-CFB8"},         {"CFB1", 16, "AES-128-CFB1"},
    {"CFB1", 24, "AES-192-CFB1"},         {"CFB1", 32, "AES-256-CFB1"},
    {"CBC-CTS", 16, "AES-128-CBC-CTS"},   {"CBC-CTS", 24, "AES-192-CBC-CTS"},
    {"CBC-CTS", 32, "AES-256-CBC-CTS"},   {"XTS", 32, "AES-128-XTS"},
    {"XTS", 64, "AES-256-XTS"},
};

const EVP_CIPHER *cipher_of(const struct mech *row, size_t n)
{
    for (size_t i = 0; i < N_ELEMENTS(ciphers); i++) {
        if (ciphers[i].n == n && strcmp(ciphers[i].mode, row->cipher) == 0)
            return ossl_cipher(ciphers[i].name);
    }
    return NULL;
}
