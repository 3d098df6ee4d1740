/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator_certs.c - the certificates that fit the emulator's present state: singly as PEM, and
 * as the table of an extended report (GHCB 4.1.8.1: entries of GUID, offset, length; then the DER).
 */
#include <openssl/pem.h>

#include "snp_chain.h"
#include "snp_emulator.h"

#define GUID_BYTES    16u
#define ENTRY_BYTES   (GUID_BYTES + 8u)
#define TABLE_ENTRIES 3u
#define PAGE          4096u

/* The caller frees it. The state lock is held. */
static X509 *certificate_make(struct emulator *e, enum snp_certificate which)
{
    const struct snp_state *s = &e->state;
    uint8_t secret[48];
    const struct snp_leaf leaf = {s->product, s->chip_id, s->reported_tcb, secret};

    if (which == SNP_CERT_VLEK)
        snp_state_vlek(s, s->reported_tcb, secret);
    else
        snp_state_vcek(s, s->reported_tcb, secret);
    return snp_chain_certificate(which, &leaf);
}

bool emulator_certificate(struct emulator *e, enum snp_certificate which, struct buf *ret_pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *cert;
    char *text = NULL;
    long n;

    (void)pthread_mutex_lock(&e->state_lock);
    cert = certificate_make(e, which);
    (void)pthread_mutex_unlock(&e->state_lock);
    if (cert != NULL && bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        n = BIO_get_mem_data(bio, &text);
        buf_put(ret_pem, span_of(text, (size_t)n));
    }
    X509_free(cert);
    (void)BIO_free(bio);
    return text != NULL;
}

/* GUIDs as most hosts send them: RFC 4122 byte order. */
static const uint8_t guids[][GUID_BYTES] = {
    [SNP_CERT_VCEK] = {0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b,
                       0xe8, 0xac, 0xcd},
    [SNP_CERT_VLEK] = {0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45,
                       0xa0, 0xb8, 0xa1},
    [SNP_CERT_ASK] = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
                      0x27, 0xc7, 0x82},
    [SNP_CERT_ASVK] = {0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3,
                       0x27, 0xc7, 0x82},
    [SNP_CERT_ARK] = {0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01,
                      0x4c, 0xd0, 0xae},
};

/* Some hosts send a struct of one 32-bit, two 16-bit numbers and 8 bytes: the numbers reversed. */
static void guid_put(const struct snp_state *s, const uint8_t *guid, uint8_t *ret)
{
    static const uint8_t mixed[GUID_BYTES] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

    for (size_t i = 0; i < GUID_BYTES; i++)
        ret[i] = guid[s->guid_mixed ? mixed[i] : i];
}

static bool table_add(struct emulator *e, enum snp_certificate which, size_t entry, struct buf *ret)
{
    X509 *cert = certificate_make(e, which);
    uint8_t *der = NULL;
    const int n = cert != NULL ? i2d_X509(cert, &der) : -1;
    const uint32_t place[2] = {(uint32_t)ret->n, (uint32_t)n};

    if (n > 0) {
        buf_put(ret, span_of(der, (size_t)n));
        guid_put(&e->state, guids[which], ret->p + entry * ENTRY_BYTES);
        memcpy(ret->p + entry * ENTRY_BYTES + GUID_BYTES, place, sizeof(place));
    }
    OPENSSL_free(der);
    X509_free(cert);
    return n > 0;
}

bool emulator_certificate_table(struct emulator *e, struct buf *ret)
{
    const bool vlek = e->state.vlek_loaded;
    const size_t header = (TABLE_ENTRIES + 1) * ENTRY_BYTES;
    uint8_t *p = buf_extend(ret, header);
    size_t rest;

    if (p == NULL)
        return false;
    memset(p, 0, header);
    if (!table_add(e, vlek ? SNP_CERT_VLEK : SNP_CERT_VCEK, 0, ret) ||
        !table_add(e, vlek ? SNP_CERT_ASVK : SNP_CERT_ASK, 1, ret) ||
        !table_add(e, SNP_CERT_ARK, 2, ret))
        return false;
    rest = (PAGE - ret->n % PAGE) % PAGE;
    p = buf_extend(ret, rest);
    if (p == NULL)
        return false;
    memset(p, 0, rest);
    return true;
}
