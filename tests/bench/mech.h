/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mech.h - a CK_MECHANISM with room for its parameter.
 *
 * The mechanism points into the struct: it stays where it was made. A case names its filler, so
 * nothing here or elsewhere decides by mechanism type.
 */
#ifndef TEE_BENCH_MECH_H
#define TEE_BENCH_MECH_H

#include "util/guard.h"

#define MECH_IV_BYTES      16
#define MECH_GCM_IV_BYTES  12
#define MECH_GCM_TAG_BYTES 16

struct mech;
typedef void mech_fill(struct mech *m);

struct mech {
    CK_MECHANISM m;
    mech_fill *fill;
    uint8_t iv[MECH_IV_BYTES]; /* of the mechanisms that have one */
    union {
        CK_RSA_PKCS_PSS_PARAMS pss;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
        CK_AES_CTR_PARAMS ctr;
        CK_GCM_PARAMS gcm;
        CK_ECDH1_DERIVE_PARAMS ecdh;
    } param;
};

/* Fill in the mechanism and its parameter; fill may be NULL: no parameter. */
void mech_init(struct mech *m, CK_MECHANISM_TYPE type, mech_fill *fill);
/* Another IV, as each encryption under one key needs. */
void mech_next_iv(struct mech *m);

void mech_pss_sha256(struct mech *m); /* SHA-256, MGF1 with SHA-256, salt of 32 bytes */
void mech_oaep_sha1(struct mech *m);  /* SHA-1, MGF1 with SHA-1: what every module has */
void mech_iv(struct mech *m);         /* the bare IV */
void mech_ctr(struct mech *m);        /* a counter of 128 bits */
void mech_gcm(struct mech *m);        /* IV of 96 bits, no additional data, tag of 128 bits */

#endif
