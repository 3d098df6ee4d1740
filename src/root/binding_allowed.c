/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * binding_allowed.c - which bindings a configuration allows: decided before a device is asked.
 *
 * A store is hostile: a binding that mixed less (no measurement, no policy, the root of a cloud
 * instead of the chip's) would make the device yield a key that others can have too. So a binding
 * is not judged field by field but has to be the configured profile, at or above the floors.
 */
#include "root/root.h"

#include "root/snp_abi.h"
#include "util/log.h"

/* What a profile passes to MSG_KEY_REQ, by enum conf_binding. */
static const struct {
    uint64_t fields;
    const char *objection;
} profiles[] = {
    [CONF_BINDING_IMAGE] = {SNP_FIELDS_IMAGE,
                            "it does not mix exactly policy, measurement and TCB version, as "
                            "binding = image does"},
    [CONF_BINDING_OWNER] = {SNP_FIELDS_OWNER,
                            "it does not mix exactly policy, image and family identity, guest SVN "
                            "and TCB version, as binding = owner does"},
};

/* The root key, by enum conf_endorsement. */
static const struct {
    uint32_t select;
    const char *objection;
} endorsements[] = {
    [CONF_ENDORSEMENT_VCEK] = {SNP_KEY_SELECT_VCEK,
                               "its root key is not the chip's VCEK (endorsement = vcek)"},
    [CONF_ENDORSEMENT_VLEK] = {SNP_KEY_SELECT_VLEK,
                               "its root key is not the cloud's VLEK (endorsement = vlek)"},
};

static const char *svn_objection(const struct conf *c, const struct binding *b)
{
    if (c->binding == CONF_BINDING_IMAGE)
        return b->guest_svn != 0 ? "it names a guest SVN, which binding = image does not" : NULL;
    return b->guest_svn < c->min_guest_svn ? "its guest SVN is below the floor (min-guest-svn)"
                                           : NULL;
}

static const char *tcb_objection(const struct conf *c, const struct binding *b)
{
    const enum tcb_layout layout = binding_tcb_layout(b);
    enum tcb_order order;
    uint64_t floor = 0;

    if (!tcb_valid(layout, b->tcb_version))
        return "its TCB version is malformed";
    if (c->min_tcb.n == 0)
        return NULL;
    if (!tcb_floor(layout, &c->min_tcb, &floor))
        return "min-tcb has another number of components than the TCB of this processor (four; "
               "five on Turin)";
    order = tcb_compare(layout, b->tcb_version, floor);
    return order == TCB_EQUAL || order == TCB_GREATER ? NULL
                                                      : "its TCB is below the floor (min-tcb)";
}

/* Why an SNP binding is not the configured profile, or NULL when it is. */
static const char *snp_objection(const struct conf *c, const struct binding *b)
{
    const char *objection;

    if (b->root_key_select != endorsements[c->endorsement].select)
        return endorsements[c->endorsement].objection;
    if (b->guest_field_select != profiles[c->binding].fields)
        return profiles[c->binding].objection;
    if (b->vmpl != c->vmpl)
        return "its VMPL is not the configured one (vmpl)";
    objection = svn_objection(c, b);
    return objection != NULL ? objection : tcb_objection(c, b);
}

CK_RV binding_allowed(const struct conf *c, const struct root *r, const struct binding *b)
{
    const char *objection = NULL;

    if (b->kind != r->kind) {
        log_err("the seal belongs to a %s root, but this root of trust is %s: it can neither open "
                "nor renew it; open the store where it was sealed or run tee-pkcs11 recover",
                root_kind_name(b->kind), r->name);
        FAIL(CKR_DEVICE_ERROR);
    }
    if (b->kind != ROOT_SOFTWARE)
        objection = snp_objection(c, b);
    if (objection != NULL) {
        log_err("the device was not asked for the key of a seal: %s. A store that others can write "
                "may have been tampered with; run tee-pkcs11 doctor, or recover",
                objection);
        FAIL(CKR_DEVICE_ERROR);
    }
    return CKR_OK;
}

/* -- the owner ------------------------------------------------------------------------------- */

static bool digest_is(const struct conf_digest *expected, const uint8_t *digest)
{
    return memcmp(expected->v, digest, sizeof(expected->v)) == 0;
}

/* Why the ID block of this VM is not the owner's, or NULL. An author key, where one is used, is
 * mixed into keys in place of the ID key: one that nobody expects would make them another's. */
static const char *owner_objection(const struct conf *c, const struct binding *now)
{
    const bool author = (now->key_info & SNP_KEY_INFO_AUTHOR_KEY) != 0;

    if (!c->author_key_digest.said && !c->id_key_digest.said)
        return "the configuration does not say whose ID block it has to be: write "
               "author-key-digest or id-key-digest";
    if (mem_is_zero(now->id_key_digest, sizeof(now->id_key_digest)))
        return "this VM was launched without an ID block, so any VM of this chip would get the "
               "same key: launch it with the owner's, or use binding = image";
    if (c->author_key_digest.said && !author)
        return "the ID block of this VM has no author key, and author-key-digest asks for one";
    if (c->author_key_digest.said && !digest_is(&c->author_key_digest, now->author_key_digest))
        return "the author key of this VM's ID block is not the one of author-key-digest";
    if (!c->author_key_digest.said && author)
        return "the ID block of this VM has an author key, and the configuration names none "
               "(author-key-digest)";
    if (c->id_key_digest.said && !digest_is(&c->id_key_digest, now->id_key_digest))
        return "the ID key of this VM's ID block is not the one of id-key-digest";
    return NULL;
}

CK_RV binding_owned(const struct conf *c, const struct binding *now)
{
    const char *objection = owner_objection(c, now);

    if (objection == NULL)
        return CKR_OK;
    log_err("binding = owner: %s", objection);
    FAIL(CKR_DEVICE_ERROR);
}

bool binding_moved_on(const struct binding *sealed, const struct binding *now)
{
    const enum tcb_order tcb =
        tcb_compare(binding_tcb_layout(now), now->tcb_version, sealed->tcb_version);

    if (sealed->kind == ROOT_SOFTWARE || sealed->kind != now->kind)
        return false;
    if (now->guest_svn < sealed->guest_svn)
        return false;
    return tcb == TCB_GREATER || (tcb == TCB_EQUAL && now->guest_svn > sealed->guest_svn);
}
