/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-kds.c - what a key distribution service, or a cache, may answer: certificates and revocation
 * lists, and what is read out of them. Nobody's bytes become a certificate of AMD's.
 */
#include "fuzz.h"

#include "attest/chain.h"
#include "attest/roots.h"

#define AT ((time_t)1795000000)

static void check_endorsement(const X509 *x, enum cert_role role, enum product p)
{
    struct endorsement e;
    const char *objection = NULL;
    const CK_RV rv = cert_endorsement(x, role, p, &e, &objection);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK((rv == CKR_OK) == (objection == NULL));
    if (rv != CKR_OK)
        return;
    FUZZ_CHECK(p == PRODUCT_TURIN || e.tcb.part[TCB_FMC] == 0);
    FUZZ_CHECK(role == CERT_VCEK || strlen(e.csp_id) > 0);
    FUZZ_CHECK(p != PRODUCT_TURIN ||
               mem_is_zero(e.hwid + REPORT_CHIP_ID_8, REPORT_CHIP_ID - REPORT_CHIP_ID_8));
}

/* What is taken for a root has at least signed itself, and what is taken for a chain's end AMD has
 * signed, by the issuer's key alone too. */
static void check_chain(X509 *x, enum cert_role role, enum product p)
{
    const enum signing_key key = role == CERT_VLEK ? SIGNING_VLEK : SIGNING_VCEK;
    AUTO(x509_freep) X509 *root = NULL;
    AUTO(x509_freep) X509 *issuer = NULL;
    AUTO(buf_clear) struct buf words = BUF_INIT;
    struct chain c = {.leaf = x, .product = p, .signing_key = key};

    if (role == CERT_ARK) {
        FUZZ_CHECK(!chain_root_ok(x, AT, &words) || chain_signed_by(x, x));
        return;
    }
    FUZZ_OK(roots_get(p, CERT_ARK, &root));
    FUZZ_OK(roots_get(p, chain_issuer_role(key), &issuer));
    c.root = root;
    c.issuer = issuer;
    FUZZ_CHECK(!chain_ok(&c, AT, &words) || chain_signed_by(x, issuer));
}

static void certificate(X509 *x)
{
    enum cert_role role = N_CERT_ROLES;
    enum product p = N_PRODUCTS;
    uint8_t hash[32];
    char cn[64];

    FUZZ_CHECK(strlen(cert_common_name(x, cn)) < sizeof(cn));
    FUZZ_RV(cert_key_hash(x, hash), CKR_OK, CKR_DATA_INVALID);
    (void)cert_key_fits(x, CERT_ARK);
    (void)cert_key_fits(x, CERT_VCEK);
    for (size_t i = 0; i < N_PRODUCTS; i++) {
        check_endorsement(x, CERT_VCEK, (enum product)i);
        check_endorsement(x, CERT_VLEK, (enum product)i);
    }
    if (cert_identify(x, &role, &p)) {
        FUZZ_CHECK(role < N_CERT_ROLES && p < N_PRODUCTS);
        check_chain(x, role, p);
    }
}

static void one(struct span input)
{
    AUTO(cert_list_clear) struct cert_list l = {.n = 0};
    AUTO(x509_freep) X509 *x = NULL;
    AUTO(crl_freep) X509_CRL *crl = NULL;
    AUTO(buf_clear) struct buf words = BUF_INIT;
    CK_RV rv = cert_read(input, &x);

    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv == CKR_OK)
        certificate(x);
    rv = cert_read_file(input, &l);
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    FUZZ_CHECK(rv != CKR_OK || l.n > 0);
    rv = cert_read_crl(input, &crl);
    FUZZ_RV(rv, CKR_OK, CKR_DATA_INVALID);
    if (rv == CKR_OK) {
        AUTO(x509_freep) X509 *root = NULL;

        FUZZ_OK(roots_get(PRODUCT_MILAN, CERT_ARK, &root));
        (void)chain_crl_is_of_root(crl, root, PRODUCT_MILAN, AT, &words);
    }
}

const struct fuzz_target fuzz_target = {
    .name = "kds",
    .max_input = 4096,
    .one = one,
};
