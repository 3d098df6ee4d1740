/* SPDX-License-Identifier: BSD-2-Clause */
/* test-box.c - boxes open where they were made, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "keyring/box.h"

static const uint8_t parent_bytes[PRIM_KEY] = {1, 2, 3};
static const uint8_t store_bytes[16] = {4, 5, 6};
static const uint8_t token_bytes[16] = {7, 8, 9};
#define PARENT SPAN_ARRAY(parent_bytes)
#define PLAIN  SPAN_LIT("what is inside")

static struct box_context context(void)
{
    return (struct box_context){
        .purpose = "record",
        .store_id = SPAN_ARRAY(store_bytes),
        .token_id = SPAN_ARRAY(token_bytes),
        .table = 4,
        .scope = 1,
        .id = 77,
        .generation = 3,
        .extra = SPAN_LIT("header"),
    };
}

static void make_box(struct buf *ret)
{
    const struct box_context c = context();

    assert_int_equal(box_seal(PARENT, &c, PLAIN, ret), CKR_OK);
}

static CK_RV try_open(const struct box_context *c, struct span box)
{
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    return box_open(PARENT, c, box, &plain);
}

static void box_round_trip(void **state)
{
    AUTO(buf_clear) struct buf box = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    AUTO(secret_freep) struct secret *secret = NULL;
    const struct box_context c = context();

    (void)state;
    make_box(&box);
    assert_int_equal(box.n, PLAIN.n + BOX_OVERHEAD);
    buf_put(&plain, SPAN_LIT("before "));
    assert_int_equal(box_open(PARENT, &c, buf_span(&box), &plain), CKR_OK);
    assert_true(span_equal(buf_span(&plain), SPAN_LIT("before what is inside")));
    assert_int_equal(box_open_secret(PARENT, &c, buf_span(&box), &secret), CKR_OK);
    assert_true(span_equal(secret_span(secret), PLAIN));
}

static void box_of_nothing(void **state)
{
    AUTO(buf_clear) struct buf box = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    const struct box_context c = context();

    (void)state;
    assert_int_equal(box_seal(PARENT, &c, SPAN_EMPTY, &box), CKR_OK);
    assert_int_equal(box.n, BOX_OVERHEAD);
    assert_int_equal(box_open(PARENT, &c, buf_span(&box), &plain), CKR_OK);
    assert_int_equal(plain.n, 0);
}

static void box_is_salted(void **state)
{
    AUTO(buf_clear) struct buf a = BUF_INIT;
    AUTO(buf_clear) struct buf b = BUF_INIT;

    (void)state;
    make_box(&a);
    make_box(&b);
    assert_memory_not_equal(a.p, b.p, BOX_SALT);
    assert_memory_not_equal(a.p + BOX_SALT, b.p + BOX_SALT, PLAIN.n);
}

static void put_field(struct buf *info, const void *p, uint32_t n)
{
    buf_u32(info, n);
    buf_put(info, span_of(p, n));
}

/* The bytes of docs/formats.md, put together by hand. */
static void box_has_the_documented_bytes(void **state)
{
    static const uint8_t table[] = {0, 0, 0, 4}, scope[] = {0, 0, 0, 1};
    static const uint8_t id[] = {0, 0, 0, 0, 0, 0, 0, 77}, generation[] = {0, 0, 0, 0, 0, 0, 0, 3};
    AUTO(buf_clear) struct buf box = BUF_INIT;
    AUTO(buf_clear) struct buf info = BUF_INIT;
    uint8_t key[PRIM_KEY], plain[64];

    (void)state;
    make_box(&box);
    buf_put(&info, SPAN_LIT("tee-pkcs11 box 1"));
    put_field(&info, "record", 6);
    put_field(&info, store_bytes, 16);
    put_field(&info, token_bytes, 16);
    put_field(&info, table, 4);
    put_field(&info, scope, 4);
    put_field(&info, id, 8);
    put_field(&info, generation, 8);
    put_field(&info, "header", 6);
    assert_int_equal(prim_hkdf(PARENT, span_of(box.p, 32), buf_span(&info), key, 32), CKR_OK);
    assert_int_equal(prim_gcm_open(key, SPAN_EMPTY, span_of(box.p + 32, box.n - 32), plain),
                     CKR_OK);
    assert_memory_equal(plain, PLAIN.p, PLAIN.n);
}

static void box_opens_in_its_context_only(void **state)
{
    static const uint8_t other[16] = {1};
    struct box_context c[9];
    AUTO(buf_clear) struct buf box = BUF_INIT;

    (void)state;
    make_box(&box);
    for (size_t i = 0; i < N_ELEMENTS(c); i++)
        c[i] = context();
    c[0].purpose = "index";
    c[1].store_id = SPAN_ARRAY(other);
    c[2].token_id = SPAN_ARRAY(other);
    c[3].table = 5;
    c[4].scope = 0;
    c[5].id = 78;
    c[6].generation = 2;
    c[7].extra = SPAN_LIT("headed");
    c[8].extra = SPAN_EMPTY;
    for (size_t i = 0; i < N_ELEMENTS(c); i++)
        assert_int_equal(try_open(&c[i], buf_span(&box)), CKR_DEVICE_ERROR);
}

/* Bytes can't move from one field to the next. */
static void box_fields_have_lengths(void **state)
{
    struct box_context a = context(), b = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;

    (void)state;
    a.purpose = "ab";
    a.store_id = SPAN_LIT("c");
    b.purpose = "a";
    b.store_id = SPAN_LIT("bc");
    assert_int_equal(box_seal(PARENT, &a, PLAIN, &box), CKR_OK);
    assert_int_equal(try_open(&a, buf_span(&box)), CKR_OK);
    assert_int_equal(try_open(&b, buf_span(&box)), CKR_DEVICE_ERROR);
}

static void box_needs_its_parent(void **state)
{
    static const uint8_t other[PRIM_KEY] = {1, 2, 4};
    const struct box_context c = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    (void)state;
    make_box(&box);
    assert_int_equal(box_open(SPAN_ARRAY(other), &c, buf_span(&box), &plain), CKR_DEVICE_ERROR);
    assert_int_equal(box_open(SPAN_EMPTY, &c, buf_span(&box), &plain), CKR_GENERAL_ERROR);
    assert_int_equal(box_seal(SPAN_LIT("short"), &c, PLAIN, &plain), CKR_GENERAL_ERROR);
}

static void box_flipped_anywhere_is_refused(void **state)
{
    const struct box_context c = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;

    (void)state;
    make_box(&box);
    for (size_t i = 0; i < box.n; i++) {
        box.p[i] ^= 0x10;
        assert_int_equal(try_open(&c, buf_span(&box)), CKR_DEVICE_ERROR);
        box.p[i] ^= 0x10;
    }
    assert_int_equal(try_open(&c, buf_span(&box)), CKR_OK);
}

static void box_of_other_length_is_refused(void **state)
{
    const struct box_context c = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;
    const size_t n = PLAIN.n + BOX_OVERHEAD;

    (void)state;
    make_box(&box);
    buf_u8(&box, 0);
    for (size_t i = 0; i <= n + 1; i++)
        assert_int_equal(try_open(&c, span_of(box.p, i)), i == n ? CKR_OK : CKR_DEVICE_ERROR);
}

static void box_failure_leaves_the_output(void **state)
{
    const struct box_context c = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    struct secret *secret = NULL;

    (void)state;
    make_box(&box);
    box.p[box.n - 1] ^= 1;
    buf_put(&plain, SPAN_LIT("kept"));
    assert_int_equal(box_open(PARENT, &c, buf_span(&box), &plain), CKR_DEVICE_ERROR);
    assert_true(span_equal(buf_span(&plain), SPAN_LIT("kept")));
    assert_int_equal(box_open_secret(PARENT, &c, buf_span(&box), &secret), CKR_DEVICE_ERROR);
    assert_null(secret);
}

static void box_limits(void **state)
{
    static const uint8_t long_extra[1025], long_plain[SECRET_MAX + 1];
    struct box_context c = context();
    AUTO(buf_clear) struct buf box = BUF_INIT;
    struct secret *secret = NULL;

    (void)state;
    c.extra = SPAN_ARRAY(long_extra);
    assert_int_equal(box_seal(PARENT, &c, PLAIN, &box), CKR_GENERAL_ERROR);
    assert_int_equal(box.n, 0);
    c.extra = span_of(long_extra, 1024);
    assert_int_equal(box_seal(PARENT, &c, SPAN_ARRAY(long_plain), &box), CKR_OK);
    assert_int_equal(try_open(&c, buf_span(&box)), CKR_OK);
    assert_int_equal(box_open_secret(PARENT, &c, buf_span(&box), &secret), CKR_DEVICE_ERROR);
}

/* -- to a public key ------------------------------------------------------------------------- */

struct pair {
    uint8_t private_key[PRIM_X25519], public_key[PRIM_X25519];
};

static struct pair make_pair(void)
{
    struct pair p;

    assert_int_equal(prim_x25519_generate(p.private_key, p.public_key), CKR_OK);
    return p;
}

static void make_pbox(const struct pair *to, struct buf *ret)
{
    const struct box_context c = context();

    assert_int_equal(pbox_seal(to->public_key, &c, PLAIN, ret), CKR_OK);
}

static CK_RV try_pbox(const struct pair *by, const struct box_context *c, struct span pbox)
{
    AUTO(secret_freep) struct secret *secret = NULL;

    return pbox_open_secret(by->private_key, c, pbox, &secret);
}

static void pbox_round_trip(void **state)
{
    const struct box_context c = context();
    const struct pair owner = make_pair(), other = make_pair();
    AUTO(buf_clear) struct buf pbox = BUF_INIT;
    AUTO(secret_freep) struct secret *secret = NULL;
    struct box_context elsewhere = c;

    (void)state;
    make_pbox(&owner, &pbox);
    assert_int_equal(pbox.n, PLAIN.n + PBOX_OVERHEAD);
    assert_int_equal(pbox_open_secret(owner.private_key, &c, buf_span(&pbox), &secret), CKR_OK);
    assert_true(span_equal(secret_span(secret), PLAIN));
    assert_int_equal(try_pbox(&other, &c, buf_span(&pbox)), CKR_DEVICE_ERROR);
    elsewhere.id++;
    assert_int_equal(try_pbox(&owner, &elsewhere, buf_span(&pbox)), CKR_DEVICE_ERROR);
}

static void pbox_has_the_documented_bytes(void **state)
{
    const struct box_context c = context();
    const struct pair owner = make_pair();
    AUTO(buf_clear) struct buf pbox = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;
    uint8_t shared[PRIM_KEY], parent[PRIM_KEY], salt[64];

    (void)state;
    make_pbox(&owner, &pbox);
    assert_int_equal(prim_x25519(owner.private_key, pbox.p, shared), CKR_OK);
    memcpy(salt, pbox.p, 32);
    memcpy(salt + 32, owner.public_key, 32);
    assert_int_equal(
        prim_hkdf(SPAN_ARRAY(shared), SPAN_ARRAY(salt), SPAN_LIT("tee-pkcs11 pbox 1"), parent, 32),
        CKR_OK);
    assert_int_equal(box_open(SPAN_ARRAY(parent), &c, span_of(pbox.p + 32, pbox.n - 32), &plain),
                     CKR_OK);
    assert_true(span_equal(buf_span(&plain), PLAIN));
}

static void pbox_changed_anywhere_is_refused(void **state)
{
    const struct box_context c = context();
    const struct pair owner = make_pair();
    AUTO(buf_clear) struct buf pbox = BUF_INIT;

    (void)state;
    make_pbox(&owner, &pbox);
    for (size_t i = 0; i < pbox.n; i++) {
        pbox.p[i] ^= 0x80; /* X25519 itself doesn't look at this bit of the last byte */
        assert_int_equal(try_pbox(&owner, &c, buf_span(&pbox)), CKR_DEVICE_ERROR);
        pbox.p[i] ^= 0x80;
        assert_int_equal(try_pbox(&owner, &c, span_of(pbox.p, i)), CKR_DEVICE_ERROR);
    }
    memset(pbox.p, 0, PRIM_X25519); /* a point of low order: everybody knows the secret */
    assert_int_equal(try_pbox(&owner, &c, buf_span(&pbox)), CKR_DEVICE_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/box/round-trip", box_round_trip, NULL, NULL, NULL},
        {"/box/of-nothing", box_of_nothing, NULL, NULL, NULL},
        {"/box/is-salted", box_is_salted, NULL, NULL, NULL},
        {"/box/has-the-documented-bytes", box_has_the_documented_bytes, NULL, NULL, NULL},
        {"/box/opens-in-its-context-only", box_opens_in_its_context_only, NULL, NULL, NULL},
        {"/box/fields-have-lengths", box_fields_have_lengths, NULL, NULL, NULL},
        {"/box/needs-its-parent", box_needs_its_parent, NULL, NULL, NULL},
        {"/box/flipped-anywhere-is-refused", box_flipped_anywhere_is_refused, NULL, NULL, NULL},
        {"/box/of-other-length-is-refused", box_of_other_length_is_refused, NULL, NULL, NULL},
        {"/box/failure-leaves-the-output", box_failure_leaves_the_output, NULL, NULL, NULL},
        {"/box/limits", box_limits, NULL, NULL, NULL},
        {"/box/pbox/round-trip", pbox_round_trip, NULL, NULL, NULL},
        {"/box/pbox/has-the-documented-bytes", pbox_has_the_documented_bytes, NULL, NULL, NULL},
        {"/box/pbox/changed-anywhere-is-refused", pbox_changed_anywhere_is_refused, NULL, NULL,
         NULL},
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
