/* SPDX-License-Identifier: BSD-2-Clause */
/* mech.c - mechanisms and their parameters; see mech.h. */
#include "bench/mech.h"

#include <string.h>

void mech_init(struct mech *m, CK_MECHANISM_TYPE type, mech_fill *fill)
{
    memset(m, 0, sizeof(*m));
    m->m.mechanism = type;
    m->fill = fill;
    if (fill != NULL)
        fill(m);
}

void mech_next_iv(struct mech *m)
{
    uint32_t count = 0;

    memcpy(&count, m->iv, sizeof(count));
    count++;
    memcpy(m->iv, &count, sizeof(count));
    m->fill(m);
}

static void param_set(struct mech *m, void *param, size_t n)
{
    m->m.pParameter = param;
    m->m.ulParameterLen = (CK_ULONG)n;
}

void mech_pss_sha256(struct mech *m)
{
    m->param.pss.hashAlg = CKM_SHA256;
    m->param.pss.mgf = CKG_MGF1_SHA256;
    m->param.pss.sLen = 32;
    param_set(m, &m->param.pss, sizeof(m->param.pss));
}

void mech_oaep_sha1(struct mech *m)
{
    m->param.oaep.hashAlg = CKM_SHA_1;
    m->param.oaep.mgf = CKG_MGF1_SHA1;
    m->param.oaep.source = CKZ_DATA_SPECIFIED;
    param_set(m, &m->param.oaep, sizeof(m->param.oaep));
}

void mech_iv(struct mech *m)
{
    param_set(m, m->iv, sizeof(m->iv));
}

void mech_ctr(struct mech *m)
{
    m->param.ctr.ulCounterBits = 128;
    memcpy(m->param.ctr.cb, m->iv, sizeof(m->iv));
    param_set(m, &m->param.ctr, sizeof(m->param.ctr));
}

void mech_gcm(struct mech *m)
{
    m->param.gcm.pIv = m->iv;
    m->param.gcm.ulIvLen = MECH_GCM_IV_BYTES;
    m->param.gcm.ulIvBits = MECH_GCM_IV_BYTES * 8;
    m->param.gcm.ulTagBits = MECH_GCM_TAG_BYTES * 8;
    param_set(m, &m->param.gcm, sizeof(m->param.gcm));
}
