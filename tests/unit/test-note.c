/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-note.c - signed notes, Merkle tree heads and checkpoints: as the specifications have them,
 * and nothing else is taken for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "cli/checkpoint.h"
#include "cli/merkle.h"
#include "cli/note.h"
#include "crypto/ossl.h"

/* The example of Go's package golang.org/x/mod/sumdb/note. */
#define NEUMANN "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define PROBLEM                                                                                    \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define BY_NEUMANN                                                                                 \
    "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKv" \
    "qfqdngotpRZb6KE6RyyBwJnAM=\n"
/* A line as others add it: its key is unknown here. */
#define BY_ANOTHER "\xe2\x80\x94 another.example/log AAAAAQID\n"

static void key_read(const char *text, struct note_key *ret)
{
    assert_int_equal(note_key_decode(text, ret), CKR_OK);
}

static CK_RV verify(const char *note, const char *key, struct span *ret)
{
    struct note_key k;

    key_read(key, &k);
    return note_verify(span_of(note, strlen(note)), &k, ret);
}

static void published_example(void **state)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct note_key k;
    struct span text = SPAN_EMPTY;

    (void)state;
    key_read(NEUMANN, &k);
    assert_string_equal(k.name, "PeterNeumann");
    assert_int_equal(note_key_encode(&k, &again), CKR_OK);
    assert_true(span_equal(buf_span(&again), SPAN_LIT(NEUMANN)));
    assert_int_equal(verify(PROBLEM "\n" BY_NEUMANN, NEUMANN, &text), CKR_OK);
    assert_true(span_equal(text, SPAN_LIT(PROBLEM)));
    assert_int_equal(verify(PROBLEM "\n" BY_ANOTHER BY_NEUMANN BY_ANOTHER, NEUMANN, &text), CKR_OK);
    assert_int_equal(verify(PROBLEM "\n" BY_ANOTHER, NEUMANN, &text), CKR_KEY_HANDLE_INVALID);
}

static void keys_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanN+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* not its hash */
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", /* another type */
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
    };
    struct note_key k;

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_int_equal(note_key_decode(texts[i], &k), CKR_DATA_INVALID);
    assert_false(note_name_fits(""));
    assert_false(note_name_fits("a+b"));
    assert_false(note_name_fits("a b"));
    assert_false(note_name_fits("a\nb"));
    assert_true(note_name_fits("example.com/log"));
}

static void notes_refused(void **state)
{
    static const struct {
        const char *note;
        CK_RV rv;
    } notes[] = {
        {"", CKR_DATA_INVALID},
        {PROBLEM, CKR_DATA_INVALID},
        {PROBLEM "\n", CKR_DATA_INVALID},
        {PROBLEM BY_NEUMANN, CKR_DATA_INVALID},           /* no blank line */
        {PROBLEM "\n" BY_NEUMANN "\n", CKR_DATA_INVALID}, /* behind the last one is no signature */
        {PROBLEM "\n" BY_NEUMANN "more\n", CKR_DATA_INVALID},
        {PROBLEM "\n- PeterNeumann x08go/ZJ\n", CKR_DATA_INVALID}, /* a hyphen is no dash */
        {PROBLEM "\n\xe2\x80\x94  x08go/ZJ\n", CKR_DATA_INVALID},  /* no name */
        {PROBLEM "\n\xe2\x80\x94 PeterNeumann\n", CKR_DATA_INVALID},
        {"a\tb\n\n" BY_NEUMANN, CKR_DATA_INVALID},
        {"a\xff\n\n" BY_NEUMANN, CKR_DATA_INVALID},
        {"another text\n\n" BY_NEUMANN, CKR_SIGNATURE_INVALID},
        {PROBLEM "\n\n" BY_NEUMANN, CKR_SIGNATURE_INVALID}, /* the text has a newline more */
    };
    struct span text = SPAN_LIT("untouched");

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(notes); i++)
        assert_int_equal(verify(notes[i].note, NEUMANN, &text), notes[i].rv);
    assert_true(span_equal(text, SPAN_LIT("untouched")));
}

#define LINES_MAX 100

/* Signed right, with n lines of others beside it. */
static CK_RV verify_with_lines(size_t n)
{
    AUTO(buf_clear) struct buf note = BUF_INIT;
    struct note_key k;
    struct span text;

    buf_printf(&note, "%s\n%s", PROBLEM, BY_NEUMANN);
    for (size_t i = 0; i < n; i++)
        buf_put(&note, SPAN_LIT(BY_ANOTHER));
    assert_true(note.n < NOTE_MAX);
    key_read(NEUMANN, &k);
    return note_verify(buf_span(&note), &k, &text);
}

/* Signed right, and so long by a line of somebody else's. */
static CK_RV verify_of_length(size_t n)
{
    AUTO(buf_clear) struct buf note = BUF_INIT;
    struct note_key k;
    struct span text;

    buf_printf(&note, "%s\n%s\xe2\x80\x94 another.example/", PROBLEM, BY_NEUMANN);
    while (note.n < n - strlen(" AAAAAQID\n"))
        buf_u8(&note, 'x');
    buf_printf(&note, " AAAAAQID\n");
    assert_int_equal(note.n, n);
    key_read(NEUMANN, &k);
    return note_verify(buf_span(&note), &k, &text);
}

static void bounds(void **state)
{
    (void)state;
    assert_int_equal(verify_with_lines(LINES_MAX - 1), CKR_OK);
    assert_int_equal(verify_with_lines(LINES_MAX), CKR_DATA_INVALID);
    assert_int_equal(verify_of_length(NOTE_MAX), CKR_OK);
    assert_int_equal(verify_of_length(NOTE_MAX + 1), CKR_DATA_INVALID);
}

/* No byte of a note may be another one, and none may be missing. */
static void every_byte_counts(void **state)
{
    const char note[] = PROBLEM "\n" BY_NEUMANN;
    char changed[sizeof(note)];
    struct note_key k;
    struct span text;

    (void)state;
    key_read(NEUMANN, &k);
    for (size_t i = 0; i < sizeof(note) - 1; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, note, sizeof(note));
            changed[i] = (char)(changed[i] ^ (1 << bit));
            assert_int_not_equal(note_verify(span_of(changed, sizeof(note) - 1), &k, &text),
                                 CKR_OK);
        }
        assert_int_not_equal(note_verify(span_of(note, i), &k, &text), CKR_OK);
    }
}

/* -- Merkle trees ---------------------------------------------------------------------------- */

/* The test vectors of the Certificate Transparency implementations. */
static const struct {
    const char *leaf, *root; /* the root after it */
} heads[] = {
    {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"606162636465666768696a6b6c6d6e6f",
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

static void merkle_published_heads(void **state)
{
    struct merkle m = MERKLE_INIT;
    uint8_t leaf[16], root[PRIM_HASH], expected[PRIM_HASH];

    (void)state;
    assert_int_equal(merkle_root(&m, root), CKR_OK);
    assert_true(hex_decode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                           expected, sizeof(expected)));
    assert_memory_equal(root, expected, sizeof(root));
    for (size_t i = 0; i < N_ELEMENTS(heads); i++) {
        const size_t n = strlen(heads[i].leaf) / 2;

        assert_true(hex_decode(heads[i].leaf, leaf, n));
        assert_int_equal(merkle_add(&m, span_of(leaf, n)), CKR_OK);
        assert_int_equal(merkle_root(&m, root), CKR_OK);
        assert_true(hex_decode(heads[i].root, expected, sizeof(expected)));
        assert_memory_equal(root, expected, sizeof(root));
    }
    assert_int_equal(m.n, N_ELEMENTS(heads));
}

/* -- checkpoints ----------------------------------------------------------------------------- */

#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define HEAD "example.com/behind-the-sofa\n20852163\n" ROOT "\n"

static void checkpoint_of_the_specification(void **state)
{
    AUTO(buf_clear) struct buf again = BUF_INIT;
    struct checkpoint c;

    (void)state;
    assert_int_equal(checkpoint_decode(SPAN_LIT(HEAD), &c), CKR_OK);
    assert_string_equal(c.origin, "example.com/behind-the-sofa");
    assert_int_equal(c.size, 20852163);
    assert_int_equal(checkpoint_encode(&c, &again), CKR_OK);
    assert_true(span_equal(buf_span(&again), SPAN_LIT(HEAD)));
    assert_int_equal(checkpoint_decode(SPAN_LIT(HEAD "an extension\n"), &c), CKR_OK);
    assert_int_equal(checkpoint_decode(SPAN_LIT("a\n0\n" ROOT "\n"), &c), CKR_OK);
    assert_int_equal(c.size, 0);
    assert_int_equal(checkpoint_decode(SPAN_LIT("a\n18446744073709551615\n" ROOT "\n"), &c),
                     CKR_OK);
    assert_true(c.size == UINT64_MAX);
}

static void checkpoints_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "a\n",
        "a\n1\n",
        "a\n1\n" ROOT,       /* no end */
        "\n1\n" ROOT "\n",   /* no origin */
        "a\n\n" ROOT "\n",   /* no size */
        "a\n01\n" ROOT "\n", /* a leading zero */
        "a\n-1\n" ROOT "\n",
        "a\n1 \n" ROOT "\n",
        "a\n18446744073709551616\n" ROOT "\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", /* bits behind the last one */
        "a\n1\n" ROOT "\n\n",                                   /* an empty extension */
        "a\n1\n" ROOT "\nmore",
    };
    struct checkpoint c = {.size = 7};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(texts); i++)
        assert_int_equal(checkpoint_decode(span_of(texts[i], strlen(texts[i])), &c),
                         CKR_DATA_INVALID);
    assert_int_equal(c.size, 7);
}

/* A note of this key about `text`. */
static void sign(const char *text, const char *name, struct note_key *ret_key, struct buf *ret)
{
    static const uint8_t seed[NOTE_KEY] = {1, 2, 3};
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[NOTE_SIGNATURE];
    size_t n = NOTE_KEY, n_signature = sizeof(signature);

    (void)snprintf(ret_key->name, sizeof(ret_key->name), "%s", name);
    assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, ret_key->public_key, &n), 1);
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &n_signature, (const uint8_t *)text, strlen(text)), 1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    assert_int_equal(note_encode(span_of(text, strlen(text)), ret_key, signature, ret), CKR_OK);
}

static void checkpoint_is_of_the_keys_log(void **state)
{
    AUTO(buf_clear) struct buf ours = BUF_INIT;
    AUTO(buf_clear) struct buf others = BUF_INIT;
    AUTO(buf_clear) struct buf none = BUF_INIT;
    struct note_key k, other;
    struct checkpoint c;

    (void)state;
    sign(HEAD, "example.com/behind-the-sofa", &k, &ours);
    assert_int_equal(checkpoint_verify(buf_span(&ours), &k, &c), CKR_OK);
    assert_int_equal(c.size, 20852163);
    /* The same key has signed it, under the name of another log. */
    sign(HEAD, "example.com/in-front-of-it", &other, &others);
    assert_int_equal(checkpoint_verify(buf_span(&others), &other, &c), CKR_DATA_INVALID);
    assert_int_equal(checkpoint_verify(buf_span(&others), &k, &c), CKR_KEY_HANDLE_INVALID);
    sign("something else\n", "example.com/behind-the-sofa", &k, &none);
    assert_int_equal(checkpoint_verify(buf_span(&none), &k, &c), CKR_DATA_INVALID);
}

static int setup(void **state)
{
    (void)state;
    return crypto_ready() == CKR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"/note/published-example", published_example, NULL, NULL, NULL},
        {"/note/keys-refused", keys_refused, NULL, NULL, NULL},
        {"/note/refused", notes_refused, NULL, NULL, NULL},
        {"/note/bounds", bounds, NULL, NULL, NULL},
        {"/note/every-byte-counts", every_byte_counts, NULL, NULL, NULL},
        {"/merkle/published-heads", merkle_published_heads, NULL, NULL, NULL},
        {"/checkpoint/of-the-specification", checkpoint_of_the_specification, NULL, NULL, NULL},
        {"/checkpoint/refused", checkpoints_refused, NULL, NULL, NULL},
        {"/checkpoint/of-the-keys-log", checkpoint_is_of_the_keys_log, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
