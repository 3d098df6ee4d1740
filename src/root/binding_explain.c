/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * binding_explain.c - why a seal made then does not open now, in words.
 *
 * Compares what enters a derived key, unasked inputs included (HOST_DATA and the key that signed
 * the ID block are always mixed), and leaves out what doesn't. Everything here is public and, on
 * the sealed side, unauthenticated: good for a hint, not for a decision.
 */
#include "root/root.h"
#include "root/snp_abi.h"

#define SHORT_BYTES 8u
#define DIGEST_MAX  64u

static void explain_begin(struct buf *text, size_t start)
{
    if (text->n > start)
        buf_printf(text, "; ");
}

/* The first bytes of a digest, or all of it where those are the same on both sides. */
static const char *digest_text(const uint8_t *a, const uint8_t *other, size_t n,
                               char ret[2 * DIGEST_MAX + 4])
{
    const bool in_full = memcmp(a, other, SHORT_BYTES) == 0;

    hex_encode(span_of(a, in_full ? n : SHORT_BYTES), ret);
    if (!in_full)
        memcpy(ret + 2 * SHORT_BYTES, "...", sizeof("..."));
    return ret;
}

struct digest_words {
    const char *then; /* "sealed to measurement" */
    const char *now;  /* "this VM measures" */
};

static void explain_digest(const struct digest_words *words, const uint8_t *then,
                           const uint8_t *now, size_t n, size_t start, struct buf *text)
{
    char a[2 * DIGEST_MAX + 4];
    char b[2 * DIGEST_MAX + 4];

    if (memcmp(then, now, n) == 0)
        return;
    explain_begin(text, start);
    buf_printf(text, "%s %s, %s %s", words->then, digest_text(then, now, n, a), words->now,
               digest_text(now, then, n, b));
}

static void explain_policy(uint64_t then, uint64_t now, size_t start, struct buf *text)
{
    if (then == now)
        return;
    explain_begin(text, start);
    buf_printf(text, "sealed under policy 0x%llx, this VM was launched with 0x%llx%s",
               (unsigned long long)then, (unsigned long long)now,
               (now & ~then & SNP_POLICY_DEBUG) != 0 ? " (DEBUG allowed)" : "");
}

/* The key that a derivation mixes: the author key if one was used, else the ID key, else none. */
struct signer {
    const char *what;
    const uint8_t *digest;
};

static struct signer signer_of(const struct binding *b)
{
    if ((b->key_info & SNP_KEY_INFO_AUTHOR_KEY) != 0)
        return (struct signer){"author key", b->author_key_digest};
    if (!mem_is_zero(b->id_key_digest, sizeof(b->id_key_digest)))
        return (struct signer){"ID key", b->id_key_digest};
    return (struct signer){"no ID block", b->id_key_digest};
}

static void signer_text(struct signer s, struct buf *text)
{
    char hex[2 * SHORT_BYTES + 1];

    buf_printf(text, "%s", s.what);
    if (!mem_is_zero(s.digest, SHORT_BYTES))
        buf_printf(text, " %s...", hex_encode(span_of(s.digest, SHORT_BYTES), hex));
}

static void explain_signer(const struct binding *sealed, const struct binding *now, size_t start,
                           struct buf *text)
{
    const struct signer a = signer_of(sealed);
    const struct signer b = signer_of(now);

    if (strcmp(a.what, b.what) == 0 && memcmp(a.digest, b.digest, sizeof(now->id_key_digest)) == 0)
        return;
    explain_begin(text, start);
    buf_printf(text, "sealed with ");
    signer_text(a, text);
    buf_printf(text, ", this VM was launched with ");
    signer_text(b, text);
}

/* Names of the eight bytes; NULL: no meaning. */
static const char *const component_names[][8] = {
    [TCB_MILAN] = {"boot loader", "TEE", NULL, NULL, NULL, NULL, "SNP firmware", "microcode"},
    [TCB_TURIN] = {"FMC", "boot loader", "TEE", "SNP firmware", NULL, NULL, NULL, "microcode"},
};

/* The platform refuses a key for a TCB above the committed one. */
static void explain_tcb(const struct binding *sealed, const struct binding *now, size_t start,
                        struct buf *text)
{
    const enum tcb_layout layout = binding_tcb_layout(sealed);

    for (unsigned i = 0; i < 8; i++) {
        const uint8_t then = (uint8_t)(sealed->tcb_version >> (8 * i));
        const uint8_t committed = (uint8_t)(now->committed_tcb >> (8 * i));

        if (component_names[layout][i] != NULL && committed < then) {
            explain_begin(text, start);
            buf_printf(text, "the host's %s was rolled back: sealed at version %u, committed is %u",
                       component_names[layout][i], then, committed);
        }
    }
}

/* A VLEK belongs to one TCB and can't be derived for another. */
static void explain_vlek(const struct binding *sealed, const struct binding *now, size_t start,
                         struct buf *text)
{
    if (sealed->root_key_select != SNP_KEY_SELECT_VLEK || sealed->reported_tcb == now->reported_tcb)
        return;
    explain_begin(text, start);
    buf_printf(text, "sealed with the cloud's VLEK for TCB %016llx, the host reports TCB %016llx",
               (unsigned long long)sealed->reported_tcb, (unsigned long long)now->reported_tcb);
}

static void explain_svn(const struct binding *sealed, const struct binding *now, size_t start,
                        struct buf *text)
{
    if (sealed->guest_svn <= now->report_guest_svn)
        return;
    explain_begin(text, start);
    buf_printf(text, "sealed at guest SVN %u, this image is launched with %u: it is older",
               sealed->guest_svn, now->report_guest_svn);
}

static void explain_masked(const struct binding *now, size_t start, struct buf *text)
{
    if ((now->key_info & SNP_KEY_INFO_MASK_CHIP_KEY) == 0)
        return;
    explain_begin(text, start);
    buf_printf(text, "the host has set MASK_CHIP_KEY, so no key of the processor is given out");
}

static const char *fields_name(uint64_t fields)
{
    return fields == SNP_FIELDS_IMAGE ? "image" : fields == SNP_FIELDS_OWNER ? "owner" : "unknown";
}

/* What the configuration asks for now is in the binding that a seal made now would get. */
static void explain_profile(const struct binding *sealed, const struct binding *now, size_t start,
                            struct buf *text)
{
    if (sealed->guest_field_select != now->guest_field_select) {
        explain_begin(text, start);
        buf_printf(text, "sealed with binding = %s, configured is binding = %s",
                   fields_name(sealed->guest_field_select), fields_name(now->guest_field_select));
    }
    if (sealed->root_key_select != now->root_key_select) {
        const bool vlek = sealed->root_key_select == SNP_KEY_SELECT_VLEK;

        explain_begin(text, start);
        buf_printf(text, "sealed with endorsement = %s, configured is another",
                   vlek ? "vlek" : "vcek");
    }
}

static void explain_vmpl(const struct binding *sealed, const struct binding *now, size_t start,
                         struct buf *text)
{
    if (sealed->vmpl == now->vmpl)
        return;
    explain_begin(text, start);
    buf_printf(text, "sealed at VMPL %u, configured is VMPL %u", sealed->vmpl, now->vmpl);
}

/* Without both identities another chip can't be told from this one. */
static void explain_chip(const struct binding *sealed, const struct binding *now, size_t start,
                         struct buf *text)
{
    static const struct digest_words words = {"sealed on chip", "this VM runs on chip"};
    const size_t n = sizeof(now->chip_id);

    if (!mem_is_zero(sealed->chip_id, n) && !mem_is_zero(now->chip_id, n)) {
        explain_digest(&words, sealed->chip_id, now->chip_id, n, start, text);
    } else if (text->n == start) {
        buf_printf(text, "the host hides the identity of the chip: this may be another one");
    }
}

/* The image, or what an owner's signature says about it, by what the key depends on. */
static void explain_image(const struct binding *sealed, const struct binding *now, size_t start,
                          struct buf *text)
{
    static const struct digest_words image = {"sealed to measurement", "this VM measures"};
    static const struct digest_words family = {"sealed to family", "this VM is of family"};
    static const struct digest_words id = {"sealed to image identity", "this VM has"};
    const uint64_t fields = sealed->guest_field_select;

    if ((fields & SNP_FIELD_MEASUREMENT) != 0)
        explain_digest(&image, sealed->measurement, now->measurement, sizeof(now->measurement),
                       start, text);
    if ((fields & SNP_FIELD_FAMILY_ID) != 0)
        explain_digest(&family, sealed->family_id, now->family_id, sizeof(now->family_id), start,
                       text);
    if ((fields & SNP_FIELD_IMAGE_ID) != 0)
        explain_digest(&id, sealed->image_id, now->image_id, sizeof(now->image_id), start, text);
}

static void explain_snp(const struct binding *sealed, const struct binding *now, size_t start,
                        struct buf *text)
{
    static const struct digest_words host = {"sealed with HOST_DATA", "this VM has"};

    explain_image(sealed, now, start, text);
    explain_policy(sealed->policy, now->policy, start, text);
    explain_digest(&host, sealed->host_data, now->host_data, sizeof(now->host_data), start, text);
    explain_signer(sealed, now, start, text);
    explain_profile(sealed, now, start, text);
    explain_vmpl(sealed, now, start, text);
    explain_svn(sealed, now, start, text);
    explain_tcb(sealed, now, start, text);
    explain_vlek(sealed, now, start, text);
    explain_masked(now, start, text);
    if (sealed->root_key_select != SNP_KEY_SELECT_VLEK)
        explain_chip(sealed, now, start, text);
}

/* -- one binding in words ---------------------------------------------------------------------- */

static void describe_digest(const char *what, const uint8_t *digest, size_t n, struct buf *text)
{
    char hex[2 * SHORT_BYTES + 1];

    if (!mem_is_zero(digest, n))
        buf_printf(text, ", %s %s...", what, hex_encode(span_of(digest, SHORT_BYTES), hex));
}

static void describe_snp(const struct binding *b, struct buf *text)
{
    const struct signer signer = signer_of(b);

    if (b->root_key_select == SNP_KEY_SELECT_VLEK)
        buf_printf(text, ", by the cloud's VLEK, which other chips share");
    if (b->guest_field_select == SNP_FIELDS_OWNER) {
        buf_printf(text, ", images of the owner with ");
        signer_text(signer, text);
        buf_printf(text, " from guest SVN %u on", b->guest_svn);
    } else {
        describe_digest("measurement", b->measurement, sizeof(b->measurement), text);
    }
    describe_digest("chip", b->chip_id, sizeof(b->chip_id), text);
    buf_printf(text, ", TCB %016llx", (unsigned long long)b->tcb_version);
}

void binding_describe(const struct binding *b, struct buf *text)
{
    buf_printf(text, "%s", root_kind_name(b->kind));
    if (b->kind == ROOT_SOFTWARE)
        describe_digest("key", b->key_id, sizeof(b->key_id), text);
    else
        describe_snp(b, text);
}

void binding_explain(const struct binding *sealed, const struct binding *now, struct buf *text)
{
    static const struct digest_words key = {"sealed with software key", "the key file holds key"};
    const size_t start = text->n;

    if (sealed->kind != now->kind)
        buf_printf(text, "sealed by a %s root, this one is %s", root_kind_name(sealed->kind),
                   root_kind_name(now->kind));
    else if (sealed->kind == ROOT_SOFTWARE)
        explain_digest(&key, sealed->key_id, now->key_id, sizeof(now->key_id), start, text);
    else
        explain_snp(sealed, now, start, text);
}
