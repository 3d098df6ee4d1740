/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * encapsulate.c - C_EncapsulateKey and C_DecapsulateKey (PKCS#11 v3.2 5.18): a secret key that two
 * sides get, one from a public key, the other from what the first one sends. Both are keys that
 * came from outside: neither local nor always protected. CKA_ENCAPSULATE_TEMPLATE and
 * CKA_DECAPSULATE_TEMPLATE, of which 3.2 has the numbers and no text, are to them what
 * CKA_UNWRAP_TEMPLATE is to C_UnwrapKey.
 */
#include "core/create.h"
#include "core/generate_impl.h"
#include "core/protection.h"
#include "crypto/gen.h"
#include "model/record.h"

static const struct key_use encapsulating = {CKF_ENCAPSULATE, CKA_ENCAPSULATE,
                                             CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT,
                                             CKR_KEY_SIZE_RANGE};
static const struct key_use decapsulating = {
    CKF_DECAPSULATE, CKA_DECAPSULATE, CKR_UNWRAPPING_KEY_HANDLE_INVALID,
    CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_UNWRAPPING_KEY_SIZE_RANGE};

static CK_RV encapsulate(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE public_key,
                         const CK_ATTRIBUTE *v, CK_ULONG n, struct out *out, CK_OBJECT_HANDLE *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf capsule = BUF_INIT;
    struct template_context c;
    const struct mech *row;
    size_t size = 0;

    TRY(generate_find_row(m, CKF_ENCAPSULATE, &row));
    TRY(generate_usable(s, public_key, row, &encapsulating, &o, &k));
    c = generate_context(s, TEMPLATE_UNWRAP, CKO_SECRET_KEY, TEMPLATE_SAYS);
    c.nested = attrs_span(object_attrs(o), CKA_ENCAPSULATE_TEMPLATE);
    TRY(template_build(&c, v, n, &a));
    TRY(new_object_allowed(s, a));
    TRY(gen_capsule_size(row, k, &size));
    TRY(out_room(out, size));
    if (out_is_query(out))
        return CKR_OK;
    TRY(gen_encapsulate(row, m, k, a, &capsule));
    TRY(key_complete(a));
    TRY(new_object_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL));
    TRY(token_add(s->token, s->handle, &a, 1, ret));
    return out_bytes(out, buf_span(&capsule)); /* there is room: it can't fail */
}

CK_RV key_encapsulate(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE public_key,
                      const CK_ATTRIBUTE *v, CK_ULONG n, struct out *out, CK_OBJECT_HANDLE *ret)
{
    return session_used(s, encapsulate(s, m, public_key, v, n, out, ret), out);
}

/* Is decapsulation by the row a derivation (6.3.20)? Else it is an unwrapping (6.1.8). */
static bool agrees(const struct mech *row)
{
    return (row->flags & CKF_DERIVE) != 0;
}

/* What the private key says of keys that it brings in: its template for decapsulation, and the one
 * for the same computation by another function. Both hold, as decapsulation, which anybody may
 * switch on who may change the key, is no way round the second. CKR_TEMPLATE_INCONSISTENT: they
 * contradict. */
static CK_RV carried(const struct mech *row, const struct attrs *private_key, struct buf *ret)
{
    AUTO(attrs_freep) struct attrs *said = NULL;

    TRY(attrs_new(&said));
    TRY(template_apply_nested(
        attrs_span(private_key, agrees(row) ? CKA_DERIVE_TEMPLATE : CKA_UNWRAP_TEMPLATE), said));
    TRY(template_apply_nested(attrs_span(private_key, CKA_DECAPSULATE_TEMPLATE), said));
    return said->n == 0 ? CKR_OK : record_encode(said, ret);
}

static CK_RV decapsulate(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE private_key,
                         const CK_ATTRIBUTE *v, CK_ULONG n, struct span capsule,
                         CK_OBJECT_HANDLE *ret)
{
    AUTO(object_unrefp) struct object *o = NULL;
    AUTO(key_unrefp) struct key *k = NULL;
    AUTO(attrs_freep) struct attrs *a = NULL;
    AUTO(buf_clear) struct buf nested = BUF_INIT;
    struct template_context c;
    const struct mech *row;

    TRY(generate_find_row(m, CKF_DECAPSULATE, &row));
    TRY(generate_usable(s, private_key, row, &decapsulating, &o, &k));
    c = generate_context(s, TEMPLATE_UNWRAP, CKO_SECRET_KEY, TEMPLATE_SAYS);
    TRY(carried(row, object_attrs(o), &nested));
    c.nested = buf_span(&nested);
    TRY(template_build(&c, v, n, &a));
    TRY(protection_unwrapped(object_attrs(o), c.nested, a));
    TRY(new_object_allowed(s, a));
    TRY(gen_decapsulate(row, m, k, capsule, a));
    TRY(generate_unwrapped(a));
    if (agrees(row))
        TRY(protection_derived(object_attrs(o), a));
    TRY(new_object_finish(&c, a, CK_UNAVAILABLE_INFORMATION, NULL));
    return token_add(s->token, s->handle, &a, 1, ret);
}

CK_RV key_decapsulate(struct session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE private_key,
                      const CK_ATTRIBUTE *v, CK_ULONG n, struct span capsule, CK_OBJECT_HANDLE *ret)
{
    return session_used(s, decapsulate(s, m, private_key, v, n, capsule, ret), NULL);
}
