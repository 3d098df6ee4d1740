/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snp_emulator_key.c - the firmware's side of MSG_KEY_REQ: what is refused and what is mixed.
 *
 * The order of refusals and the inputs are those of the SEV-SNP ABI (AMD 56860, message version 1).
 * Always mixed, unasked: the VMPL, the field mask itself, the kind of root, HOST_DATA and the key
 * that signed the ID block. Not mixed but implicit in the root: the chip.
 */
#include "snp_emulator.h"

#include "root/root.h"

#define SELECT_VMRK        1u
#define SELECT_KNOWN       7u
#define KEY_SEL_AUTO       0u
#define KEY_SEL_VCEK       1u
#define KEY_SEL_VLEK       2u
#define VMPL_MAX           3u
#define MIXED_DIGEST_BYTES 32u /* measurement and key digests are cut to this */

static const char seed[] = "tee-pkcs11 emulated SEV-SNP chips; nothing here is secret";

static void tcb_secret(struct span key, const char *what, uint64_t tcb, uint8_t ret[48])
{
    AUTO(buf_clear) struct buf data = BUF_INIT;

    buf_printf(&data, "%s", what);
    buf_u64(&data, tcb);
    snp_hmac(key, buf_span(&data), ret, 48);
}

void snp_state_vcek(const struct snp_state *s, uint64_t tcb, uint8_t ret[48])
{
    uint8_t chip[32];

    snp_hmac(SPAN_LIT(seed), SPAN_ARRAY(s->chip_id), chip, sizeof(chip));
    tcb_secret(SPAN_ARRAY(chip), snp_product_name(s->product), tcb, ret);
}

/* Of a cloud, not of a chip. */
void snp_state_vlek(const struct snp_state *s, uint64_t tcb, uint8_t ret[48])
{
    (void)s;
    tcb_secret(SPAN_LIT(seed), "VLEK", tcb, ret);
}

static bool has_id_block(const struct snp_state *s)
{
    return !mem_is_zero(s->id_key_digest, sizeof(s->id_key_digest));
}

static bool has_author_key(const struct snp_state *s)
{
    return has_id_block(s) && !mem_is_zero(s->author_key_digest, sizeof(s->author_key_digest));
}

/* Component by component against the committed TCB; bytes without meaning are zero. */
static bool tcb_permitted(const struct snp_state *s, uint64_t tcb)
{
    const uint64_t reserved =
        s->product == SNP_TURIN ? UINT64_C(0x00ffffff00000000) : UINT64_C(0x0000ffffffff0000);

    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((tcb >> shift & 0xff) > (s->committed_tcb >> shift & 0xff))
            return false;
    }
    return (tcb & reserved) == 0;
}

/* Reserved bits, unknown fields, VMPL, SVN and TCB. */
static bool inputs_permitted(const struct snp_state *s, const struct snp_key_request *r)
{
    const uint32_t known = s->has_key_select ? SELECT_KNOWN : SELECT_VMRK;
    const uint32_t svn = has_id_block(s) ? s->guest_svn : 0;
    const bool vmrk_with_key_sel =
        (r->root_key_select & SELECT_VMRK) != 0 && r->root_key_select != SELECT_VMRK;

    return (r->root_key_select & ~known) == 0 && !vmrk_with_key_sel && r->rsvd == 0 &&
           (r->guest_field_select & ~SNP_FIELD_KNOWN) == 0 && r->vmpl >= s->vmpck &&
           r->vmpl <= VMPL_MAX && r->guest_svn <= svn &&
           ((r->guest_field_select & SNP_FIELD_TCB_VERSION) == 0 ||
            tcb_permitted(s, r->tcb_version));
}

/* The endorsement key that KEY_SEL picks, at the TCB that applies; false: INVALID_KEY. */
static bool endorsement_root(const struct snp_state *s, const struct snp_key_request *r,
                             uint8_t ret[48])
{
    const uint32_t key_sel = r->root_key_select >> 1;
    const bool named = (r->guest_field_select & SNP_FIELD_TCB_VERSION) != 0;
    const bool vlek = key_sel == KEY_SEL_VLEK || (key_sel == KEY_SEL_AUTO && s->vlek_loaded);

    if (key_sel > KEY_SEL_VLEK || s->mask_chip_key)
        return false;
    if (vlek ? !s->vlek_loaded : s->vcek_disabled)
        return false;
    /* A VLEK belongs to the TCB that it was issued for; naming one only mixes the number. */
    if (vlek)
        snp_state_vlek(s, s->reported_tcb, ret);
    else
        snp_state_vcek(s, named ? r->tcb_version : s->reported_tcb, ret);
    return true;
}

static void mix(struct buf *b, bool selected, struct span bytes)
{
    buf_u8(b, selected);
    buf_var(b, selected ? bytes : SPAN_EMPTY);
}

static void context_build(const struct snp_state *s, const struct snp_key_request *r,
                          struct buf *ret)
{
    const uint64_t f = r->guest_field_select;
    const uint8_t *signer = has_author_key(s) ? s->author_key_digest : s->id_key_digest;

    buf_printf(ret, "emulated MSG_KEY_REQ");
    buf_u64(ret, f);
    buf_u32(ret, r->vmpl);
    buf_u8(ret, r->root_key_select & SELECT_VMRK);
    buf_put(ret, SPAN_ARRAY(s->host_data));
    buf_u8(ret, (uint8_t)(has_author_key(s) ? 2 : has_id_block(s) ? 1 : 0));
    buf_put(ret, span_of(signer, MIXED_DIGEST_BYTES));
    mix(ret, (f & SNP_FIELD_POLICY) != 0, SPAN_OBJ(s->policy));
    mix(ret, (f & SNP_FIELD_IMAGE_ID) != 0, SPAN_ARRAY(s->image_id));
    mix(ret, (f & SNP_FIELD_FAMILY_ID) != 0, SPAN_ARRAY(s->family_id));
    mix(ret, (f & SNP_FIELD_MEASUREMENT) != 0, span_of(s->measurement, MIXED_DIGEST_BYTES));
    mix(ret, (f & SNP_FIELD_GUEST_SVN) != 0, SPAN_OBJ(r->guest_svn));
    mix(ret, (f & SNP_FIELD_TCB_VERSION) != 0, SPAN_OBJ(r->tcb_version));
}

void snp_state_key(struct snp_state *s, const struct snp_key_request *request,
                   struct snp_key_response *ret)
{
    AUTO(buf_clear) struct buf context = BUF_INIT;
    uint8_t root[48] = {0};

    *ret = (struct snp_key_response){.status = SNP_STATUS_INVALID_PARAM};
    if (!inputs_permitted(s, request))
        return;
    ret->status = SNP_STATUS_INVALID_KEY;
    if ((request->root_key_select & SELECT_VMRK) != 0)
        memcpy(root, s->vmrk, sizeof(s->vmrk));
    else if (!endorsement_root(s, request, root))
        return;
    context_build(s, request, &context);
    snp_hmac(SPAN_ARRAY(root), buf_span(&context), ret->key, sizeof(ret->key));
    ret->status = SNP_STATUS_OK;
    s->keys++;
}
