/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * binding.c - a binding as bytes, and which bindings may be used at all.
 *
 * The encoding has one length and one form per binding: what a root doesn't use is zero, so a
 * hostile store can't hide anything in it. What was decoded is well-formed but still the choice of
 * whoever wrote the store: binding_allowed() (binding_allowed.c) decides.
 */
#include "root/root.h"

#define BINDING_VERSION     1u
#define VMPL_MAX            3u
#define ROOT_KEY_SELECT_MAX 7u
#define REPORT_VERSION_MIN  2u

void binding_encode(const struct binding *b, struct buf *ret)
{
    buf_reserve(ret, BINDING_BYTES);
    buf_u8(ret, BINDING_VERSION);
    buf_u8(ret, (uint8_t)b->kind);
    buf_u32(ret, b->root_key_select);
    buf_u64(ret, b->guest_field_select);
    buf_u32(ret, b->vmpl);
    buf_u32(ret, b->guest_svn);
    buf_u64(ret, b->tcb_version);
    buf_put(ret, SPAN_ARRAY(b->key_id));
    buf_u8(ret, b->report_version);
    buf_u8(ret, b->cpuid_family);
    buf_u8(ret, b->cpuid_model);
    buf_u8(ret, b->cpuid_step);
    buf_u32(ret, b->key_info);
    buf_u32(ret, b->report_guest_svn);
    buf_u64(ret, b->policy);
    buf_u64(ret, b->platform_info);
    buf_u64(ret, b->current_tcb);
    buf_u64(ret, b->committed_tcb);
    buf_u64(ret, b->reported_tcb);
    buf_u64(ret, b->launch_tcb);
    buf_put(ret, SPAN_ARRAY(b->measurement));
    buf_put(ret, SPAN_ARRAY(b->host_data));
    buf_put(ret, SPAN_ARRAY(b->id_key_digest));
    buf_put(ret, SPAN_ARRAY(b->author_key_digest));
    buf_put(ret, SPAN_ARRAY(b->chip_id));
    buf_put(ret, SPAN_ARRAY(b->family_id));
    buf_put(ret, SPAN_ARRAY(b->image_id));
}

static void binding_read_report(struct cursor *c, struct binding *b)
{
    b->report_version = cursor_u8(c);
    b->cpuid_family = cursor_u8(c);
    b->cpuid_model = cursor_u8(c);
    b->cpuid_step = cursor_u8(c);
    b->key_info = cursor_u32(c);
    b->report_guest_svn = cursor_u32(c);
    b->policy = cursor_u64(c);
    b->platform_info = cursor_u64(c);
    b->current_tcb = cursor_u64(c);
    b->committed_tcb = cursor_u64(c);
    b->reported_tcb = cursor_u64(c);
    b->launch_tcb = cursor_u64(c);
    cursor_copy(c, b->measurement, sizeof(b->measurement));
    cursor_copy(c, b->host_data, sizeof(b->host_data));
    cursor_copy(c, b->id_key_digest, sizeof(b->id_key_digest));
    cursor_copy(c, b->author_key_digest, sizeof(b->author_key_digest));
    cursor_copy(c, b->chip_id, sizeof(b->chip_id));
    cursor_copy(c, b->family_id, sizeof(b->family_id));
    cursor_copy(c, b->image_id, sizeof(b->image_id));
}

/* All that follows the kind, but the key id, is zero. */
static bool software_is_plain(struct span bytes)
{
    const size_t key_id = 30;
    const size_t report = key_id + sizeof(((struct binding *)NULL)->key_id);

    return mem_is_zero(bytes.p + 2, key_id - 2) && mem_is_zero(bytes.p + report, bytes.n - report);
}

static bool snp_in_range(const struct binding *b)
{
    return mem_is_zero(b->key_id, sizeof(b->key_id)) && b->vmpl <= VMPL_MAX &&
           b->root_key_select <= ROOT_KEY_SELECT_MAX &&
           (b->guest_field_select & ~SNP_FIELD_KNOWN) == 0 &&
           b->report_version >= REPORT_VERSION_MIN;
}

CK_RV binding_decode(struct span bytes, struct binding *ret)
{
    struct cursor c = cursor_of(bytes);
    struct binding b = {0};
    uint8_t kind;

    ENSURE(cursor_u8(&c) == BINDING_VERSION, CKR_DATA_INVALID);
    kind = cursor_u8(&c);
    ENSURE(kind >= ROOT_SOFTWARE && kind <= ROOT_SEV_SNP_EMULATED, CKR_DATA_INVALID);
    b.kind = (enum root_kind)kind;
    b.root_key_select = cursor_u32(&c);
    b.guest_field_select = cursor_u64(&c);
    b.vmpl = cursor_u32(&c);
    b.guest_svn = cursor_u32(&c);
    b.tcb_version = cursor_u64(&c);
    cursor_copy(&c, b.key_id, sizeof(b.key_id));
    binding_read_report(&c, &b);
    ENSURE(cursor_done(&c), CKR_DATA_INVALID);
    ENSURE(b.kind == ROOT_SOFTWARE ? software_is_plain(bytes) : snp_in_range(&b), CKR_DATA_INVALID);
    *ret = b;
    return CKR_OK;
}
