/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bag_sift.c - what OpenSSL's loader gets to see of a file: one DER object, or PEM blocks that were
 * taken apart and are written anew; see bag.h.
 *
 * The loader reads on from wherever its last attempt ended, and opens whatever looks encrypted,
 * whatever its label says. A look at the file as it stands would miss what the loader finds; so it
 * finds nothing that was not looked at.
 */
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "cli/bag.h"

#define BEGIN "-----BEGIN "

DEFINE_AUTO(bio_freep, BIO, BIO_vfree)

/* -- which of the two -------------------------------------------------------------------------- */

/* Text up to the first block: DER has its tags, which are no characters, long before. */
static bool is_pem(struct span bytes)
{
    const uint8_t *begin = memmem(bytes.p, bytes.n, BEGIN, strlen(BEGIN));

    if (begin == NULL)
        return false;
    for (const uint8_t *p = bytes.p; p < begin; p++) {
        if (*p < ' ' && (*p < '\t' || *p > '\r')) /* \t \n \v \f \r */
            return false;
    }
    return true;
}

/* The length of the SEQUENCE that it begins with; 0: it begins with none. */
static size_t sequence_length(struct span bytes)
{
    const uint8_t *p = bytes.p;
    long n = 0;
    int tag = 0, class = 0;
    const int form = ASN1_get_object(&p, &n, &tag, &class, (long)bytes.n);

    ERR_clear_error();
    /* an error has the highest bit, an indefinite length, which is not DER, the lowest */
    return form == V_ASN1_CONSTRUCTED && class == V_ASN1_UNIVERSAL && tag == V_ASN1_SEQUENCE
               ? (size_t)(p - bytes.p) + (size_t)n
               : 0;
}

bool bag_has_more(struct span bytes)
{
    const size_t n = is_pem(bytes) ? 0 : sequence_length(bytes);

    return n != 0 && n < bytes.n;
}

/* A block within it would be found. */
static CK_RV sift_der(struct span bytes, struct buf *ret)
{
    uint64_t total = 0;

    ENSURE(sequence_length(bytes) == bytes.n, CKR_DATA_INVALID);
    ENSURE(memmem(bytes.p, bytes.n, BEGIN, strlen(BEGIN)) == NULL, CKR_DATA_INVALID);
    TRY(bag_rounds_pkcs8(bytes, &total));
    buf_put(ret, bytes);
    return buf_ok(ret);
}

/* -- PEM --------------------------------------------------------------------------------------- */

struct block {
    char *name, *header;
    uint8_t *der;
    long n;
};

/* Not encrypted it is a secret too: PEM_FLAG_SECURE had it wiped meanwhile. */
static void block_clear(struct block *b)
{
    OPENSSL_secure_free(b->name);
    OPENSSL_secure_free(b->header);
    OPENSSL_secure_clear_free(b->der, (size_t)b->n);
}

/* The next one; *ret_is: there is one. It is read as the loader does it, blanks at the ends of
 * lines and all. */
static CK_RV block_next(BIO *from, struct block *b, bool *ret_is)
{
    *ret_is = PEM_read_bio_ex(from, &b->name, &b->header, &b->der, &b->n,
                              PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE) == 1;
    return *ret_is || ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
               ? CKR_OK
               : CKR_DATA_INVALID;
}

/* RFC 1421's encryption, around the DER: what is in it may be encrypted once more. */
static CK_RV block_open(struct block *b, struct passphrase *p, struct span *ret)
{
    EVP_CIPHER_INFO cipher;
    long n = b->n;

    ENSURE(PEM_get_EVP_CIPHER_INFO(b->header, &cipher) == 1, CKR_DATA_INVALID);
    ENSURE(PEM_do_header(&cipher, b->der, &n, bag_tell_passphrase, p) == 1, CKR_DATA_INVALID);
    ENSURE(n > 0 && n <= b->n, CKR_DATA_INVALID);
    *ret = span_of(b->der, (size_t)n);
    return CKR_OK;
}

static bool is_name(const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name < ' ' || *name > '~')
            return false;
    }
    return true;
}

static CK_RV block_put(const char *name, struct span der, struct buf *ret)
{
    AUTO(bio_freep) BIO *to = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long n;

    ENSURE(to != NULL, CKR_HOST_MEMORY);
    ENSURE(PEM_write_bio(to, name, "", der.p, (long)der.n) > 0, CKR_HOST_MEMORY);
    n = BIO_get_mem_data(to, &text);
    buf_put(ret, span_of(text, (size_t)n));
    return buf_ok(ret);
}

static CK_RV sift_block(struct block *b, struct passphrase *p, uint64_t *total, struct buf *ret)
{
    struct span der = SPAN_EMPTY;

    ENSURE(is_name(b->name), CKR_DATA_INVALID);
    TRY(block_open(b, p, &der));
    TRY(bag_rounds_pkcs8(der, total)); /* whatever its name is */
    return block_put(b->name, der, ret);
}

static CK_RV sift_pem(struct span bytes, struct passphrase *p, struct buf *ret)
{
    AUTO(bio_freep) BIO *from = BIO_new_mem_buf(bytes.p, (int)bytes.n);
    uint64_t total = 0;
    bool is = true;

    ENSURE(from != NULL, CKR_HOST_MEMORY);
    while (is) {
        AUTO(block_clear) struct block b = {.name = NULL};

        TRY(block_next(from, &b, &is));
        if (is)
            TRY(sift_block(&b, p, &total, ret));
    }
    return CKR_OK;
}

CK_RV bag_sift(struct span bytes, struct passphrase *p, struct buf *ret)
{
    const CK_RV rv = is_pem(bytes) ? sift_pem(bytes, p, ret) : sift_der(bytes, ret);

    ERR_clear_error();
    return rv;
}
