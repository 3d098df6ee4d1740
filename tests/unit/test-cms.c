/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-cms.c - what is sealed to a recovery certificate is opened by the openssl command alone, and
 * the other way round; anything else is refused.
 *
 * Keys and certificates are made by the openssl command in a temporary directory.
 */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "crypto/cms.h"
#include "crypto/cms_form.h"

#define PLAIN "thirty-two bytes of a master key"

static char dir[] = "/tmp/test-cms-XXXXXX";

/* Run a shell command line in the temporary directory; returns its exit status. */
static int run(const char *fmt, ...) PRINTF_LIKE(1, 2);
static int run(const char *fmt, ...)
{
    AUTO(buf_clear) struct buf line = BUF_INIT;
    char command[1024];
    va_list ap;
    int n, status;

    va_start(ap, fmt);
    n = vsnprintf(command, sizeof(command), fmt, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof(command));
    buf_printf(&line, "cd %s && { %s; } >log 2>&1", dir, command);
    buf_u8(&line, 0);
    assert_int_equal(buf_ok(&line), CKR_OK);
    status = system((const char *)line.p);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int file_open(const char *name, int flags)
{
    char path[sizeof(dir) + 64];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, flags | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void file_read(const char *name, struct buf *ret)
{
    const int fd = file_open(name, O_RDONLY);
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    assert_true(st.st_size > 0);
    buf_extend(ret, (size_t)st.st_size);
    assert_int_equal(buf_ok(ret), CKR_OK);
    assert_int_equal(read(fd, ret->p, ret->n), st.st_size);
    assert_int_equal(close(fd), 0);
}

static void file_write(const char *name, struct span bytes)
{
    const int fd = file_open(name, O_WRONLY | O_CREAT | O_TRUNC);

    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    assert_int_equal(close(fd), 0);
}

/* name.key, name.pem and name.der of a self-signed certificate. */
static int make(const char *name, const char *newkey)
{
    return run("openssl req -x509 -newkey %s -nodes -keyout %s.key -out %s.pem -days 10 "
               "-subj '/O=Example, Ltd/CN=%s' && openssl x509 -in %s.pem -outform DER -out %s.der",
               newkey, name, name, name, name, name);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    return make("rsa", "rsa:2048") | make("other", "rsa:3072") | make("weak", "rsa:1024") |
           make("p256", "ec -pkeyopt ec_paramgen_curve:P-256") |
           make("p384", "ec -pkeyopt ec_paramgen_curve:P-384") |
           make("p521", "ec -pkeyopt ec_paramgen_curve:P-521") |
           make("k1", "ec -pkeyopt ec_paramgen_curve:secp256k1") | make("ed", "ed25519");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void certificate(const char *name, struct buf *ret_der)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;

    file_read(name, &file);
    assert_int_equal(cms_certificate(buf_span(&file), ret_der, NULL), CKR_OK);
}

static void reads_pem_and_der(void **state)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf subject = BUF_INIT;

    (void)state;
    file_read("rsa.pem", &file);
    assert_int_equal(cms_certificate(buf_span(&file), &pem, &subject), CKR_OK);
    certificate("rsa.der", &der);
    assert_true(span_equal(buf_span(&pem), buf_span(&der)));
    assert_true(span_equal(buf_span(&subject), SPAN_LIT("CN=rsa,O=Example\\, Ltd")));
}

static void assert_unfit(const char *name)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    file_read(name, &file);
    assert_int_equal(cms_certificate(buf_span(&file), &der, NULL), CKR_ARGUMENTS_BAD);
    assert_int_equal(der.n, 0);
}

static void unfit_certificates_are_refused(void **state)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    assert_unfit("weak.pem"); /* RSA with 1024 bits */
    assert_unfit("k1.pem");   /* a curve that is not ours */
    assert_unfit("ed.pem");   /* can't receive */
    assert_unfit("rsa.key");  /* no certificate */
    assert_int_equal(cms_certificate(SPAN_EMPTY, &der, NULL), CKR_ARGUMENTS_BAD);
    assert_int_equal(cms_certificate(SPAN_LIT("0 not DER"), &der, NULL), CKR_ARGUMENTS_BAD);
}

static void certificate_with_a_tail_is_refused(void **state)
{
    AUTO(buf_clear) struct buf file = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;

    (void)state;
    file_read("rsa.der", &file);
    buf_u8(&file, 0);
    assert_int_equal(cms_certificate(buf_span(&file), &der, NULL), CKR_ARGUMENTS_BAD);
}

static void seal_to(const char *name, struct buf *ret)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    char file[32];

    (void)snprintf(file, sizeof(file), "%s.pem", name);
    certificate(file, &der);
    assert_int_equal(cms_seal(buf_span(&der), SPAN_LIT(PLAIN), ret), CKR_OK);
}

static void openssl_opens(const char *name)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    seal_to(name, &sealed);
    assert_null(memmem(sealed.p, sealed.n, PLAIN, 8));
    file_write("sealed", buf_span(&sealed));
    assert_int_equal(run("openssl cms -decrypt -inform DER -in sealed -recip %s.pem -inkey %s.key "
                         "-out plain",
                         name, name),
                     0);
    file_read("plain", &plain);
    assert_true(span_equal(buf_span(&plain), SPAN_LIT(PLAIN)));
}

static void openssl_command_opens_rsa(void **state)
{
    (void)state;
    openssl_opens("rsa");
}

static void openssl_command_opens_ec(void **state)
{
    (void)state;
    openssl_opens("p256");
    openssl_opens("p384");
    openssl_opens("p521");
}

/* OpenSSL's defaults would be RSA PKCS#1 v1.5 and a KDF over SHA-1. */
static void modern_algorithms_are_named(void **state)
{
    AUTO(buf_clear) struct buf rsa = BUF_INIT;
    AUTO(buf_clear) struct buf ec = BUF_INIT;

    (void)state;
    seal_to("rsa", &rsa);
    file_write("sealed", buf_span(&rsa));
    assert_int_equal(run("openssl cms -cmsout -print -noout -inform DER -in sealed >text && "
                         "grep -q rsaesOaep text && grep -q sha256 text && "
                         "grep -q aes-256-gcm text && ! grep -qi sha1 text && "
                         "grep -q authEnvelopedData text"),
                     0);
    seal_to("p256", &ec);
    file_write("sealed", buf_span(&ec));
    assert_int_equal(run("openssl cms -cmsout -print -noout -inform DER -in sealed >text && "
                         "grep -q dhSinglePass-stdDH-sha256kdf-scheme text && "
                         "grep -q id-aes256-wrap text && grep -q aes-256-gcm text"),
                     0);
}

static void open_with(const char *name, const char *key_file, const struct buf *sealed, CK_RV want)
{
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf key = BUF_INIT;
    AUTO(secret_freep) struct secret *plain = NULL;
    char file[32];

    (void)snprintf(file, sizeof(file), "%s.pem", name);
    certificate(file, &der);
    file_read(key_file, &key);
    assert_int_equal(cms_open(buf_span(sealed), buf_span(&der), buf_span(&key), &plain), want);
    if (want == CKR_OK)
        assert_true(span_equal(secret_span(plain), SPAN_LIT(PLAIN)));
    else
        assert_null(plain);
    assert_int_equal(ERR_peek_error(), 0);
}

static void opens_what_it_sealed(void **state)
{
    static const char *const names[] = {"rsa", "p256", "p384", "p521"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        AUTO(buf_clear) struct buf sealed = BUF_INIT;
        char key[32];

        (void)snprintf(key, sizeof(key), "%s.key", names[i]);
        seal_to(names[i], &sealed);
        open_with(names[i], key, &sealed, CKR_OK);
    }
}

static void key_in_der_opens(void **state)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;

    (void)state;
    assert_int_equal(run("openssl pkcs8 -topk8 -nocrypt -in rsa.key -outform DER -out rsa.k8"), 0);
    seal_to("rsa", &sealed);
    open_with("rsa", "rsa.k8", &sealed, CKR_OK);
}

static void another_key_opens_nothing(void **state)
{
    AUTO(buf_clear) struct buf rsa = BUF_INIT;
    AUTO(buf_clear) struct buf ec = BUF_INIT;

    (void)state;
    seal_to("rsa", &rsa);
    seal_to("p256", &ec);
    open_with("other", "other.key", &rsa, CKR_ENCRYPTED_DATA_INVALID);
    open_with("rsa", "other.key", &rsa, CKR_ENCRYPTED_DATA_INVALID);
    open_with("p384", "p384.key", &ec, CKR_ENCRYPTED_DATA_INVALID);
    open_with("p256", "rsa.key", &ec, CKR_ENCRYPTED_DATA_INVALID);
}

/* No prompt may come up in somebody else's process. */
static void encrypted_key_is_refused_without_asking(void **state)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;

    (void)state;
    assert_int_equal(run("openssl pkcs8 -topk8 -in rsa.key -passout pass:x -out locked.key"), 0);
    seal_to("rsa", &sealed);
    open_with("rsa", "locked.key", &sealed, CKR_ARGUMENTS_BAD);
}

static void changed_message_is_refused(void **state)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    AUTO(buf_clear) struct buf der = BUF_INIT;
    AUTO(buf_clear) struct buf key = BUF_INIT;

    (void)state;
    seal_to("p256", &sealed);
    certificate("p256.pem", &der);
    file_read("p256.key", &key);
    for (size_t i = 0; i < sealed.n; i++) {
        AUTO(secret_freep) struct secret *plain = NULL;
        CK_RV rv;

        sealed.p[i] ^= 0x04;
        rv = cms_open(buf_span(&sealed), buf_span(&der), buf_span(&key), &plain);
        /* Some bytes say nothing that is used, such as attributes of a name: the truth, or no. */
        assert_true(rv != CKR_OK || span_equal(secret_span(plain), SPAN_LIT(PLAIN)));
        sealed.p[i] ^= 0x04;
    }
}

/* A message without a tag could be changed at will by whoever holds the disk. */
static void unauthenticated_message_is_refused(void **state)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;

    (void)state;
    file_write("plain-in", SPAN_LIT(PLAIN));
    assert_int_equal(run("openssl cms -encrypt -binary -aes-256-cbc -in plain-in -outform DER "
                         "-out cbc rsa.pem"),
                     0);
    file_read("cbc", &sealed);
    open_with("rsa", "rsa.key", &sealed, CKR_ENCRYPTED_DATA_INVALID);
}

static void command_seals_to(const char *name, const char *options, CK_RV want)
{
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    char key[32];

    (void)snprintf(key, sizeof(key), "%s.key", name);
    file_write("plain-in", SPAN_LIT(PLAIN));
    assert_int_equal(run("openssl cms -encrypt -binary -aes-256-gcm -in plain-in -outform DER "
                         "-out gcm -recip %s.pem %s",
                         name, options),
                     0);
    file_read("gcm", &sealed);
    open_with(name, key, &sealed, want);
}

static void opens_what_the_command_sealed(void **state)
{
    (void)state;
    command_seals_to("rsa", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256", CKR_OK);
    command_seals_to("p256", "-keyopt ecdh_kdf_md:sha256", CKR_OK);
}

/* What the command does when it is not told how. */
static void other_algorithms_are_refused(void **state)
{
    (void)state;
    command_seals_to("rsa", "-keyopt rsa_padding_mode:pkcs1", CKR_ENCRYPTED_DATA_INVALID);
    command_seals_to("p256", "-keyopt ecdh_kdf_md:sha1", CKR_ENCRYPTED_DATA_INVALID);
    command_seals_to("p256", "-keyopt ecdh_kdf_md:sha256 p384.pem", CKR_ENCRYPTED_DATA_INVALID);
}

/* DER again, its OCTET STRINGs of `from` bytes with `to` bytes: cut, or lengthened by zeros. */
static void resize_octets(struct span der, long from, long to, struct buf *ret)
{
    const uint8_t *p = der.p, *end = der.p + der.n;

    while (p < end) {
        AUTO(buf_clear) struct buf content = BUF_INIT;
        const uint8_t *start = p;
        long n = 0;
        int tag = 0, class = 0;
        const int form = ASN1_get_object(&p, &n, &tag, &class, (long)(end - p));
        const bool is_octets = tag == V_ASN1_OCTET_STRING && class == V_ASN1_UNIVERSAL;
        uint8_t header[16], *at = header;

        assert_int_equal(form & 0x80, 0);
        if ((form & V_ASN1_CONSTRUCTED) != 0)
            resize_octets(span_of(p, (size_t)n), from, to, &content);
        else
            buf_put(&content, span_of(p, (size_t)(is_octets && n == from && to < n ? to : n)));
        while (is_octets && n == from && (long)content.n < to)
            buf_u8(&content, 0);
        ASN1_put_object(&at, form & V_ASN1_CONSTRUCTED, (int)content.n, tag, class);
        assert_true(start < p);
        buf_put(ret, span_of(header, (size_t)(at - header)));
        buf_put(ret, buf_span(&content));
        p += n;
    }
    assert_int_equal(buf_ok(ret), CKR_OK);
}

static void form_is(struct span der, CK_RV want)
{
    AUTO(cms_form_clear) struct cms_form form = {.message = NULL};

    assert_int_equal(cms_form_read(der, &form), want);
}

/* Lengths that OpenSSL would take: a tag of a few bytes can be guessed, and what a key wrap of
 * another length opens to is no key of this content. */
static void other_lengths_are_refused(void **state)
{
    static const struct {
        long from, to;
    } cases[] = {{16, 15}, {16, 12}, {16, 4},  {16, 0}, {16, 17},
                 {40, 32}, {40, 24}, {40, 48}, {12, 8}};
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    AUTO(buf_clear) struct buf same = BUF_INIT;

    (void)state;
    seal_to("p256", &sealed);
    resize_octets(buf_span(&sealed), 16, 16, &same);
    assert_true(span_equal(buf_span(&sealed), buf_span(&same)));
    form_is(buf_span(&sealed), CKR_OK);
    for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
        AUTO(buf_clear) struct buf changed = BUF_INIT;

        resize_octets(buf_span(&sealed), cases[i].from, cases[i].to, &changed);
        assert_false(span_equal(buf_span(&sealed), buf_span(&changed)));
        form_is(buf_span(&changed), CKR_ENCRYPTED_DATA_INVALID);
        open_with("p256", "p256.key", &changed, CKR_ENCRYPTED_DATA_INVALID);
    }
}

/* CMS_decrypt() opens this one, and where it doesn't open, writes behind a block of the heap. */
static void key_wrap_with_padding_is_refused(void **state)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    CMS_ContentInfo *cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
    BIO *in = BIO_new_mem_buf(PLAIN, (int)strlen(PLAIN)), *out = BIO_new(BIO_s_mem()), *bio;
    CMS_RecipientInfo *info;
    char *p = NULL;
    X509 *x;
    long n;

    (void)state;
    file_read("p256.pem", &pem);
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_true(x != NULL && cms != NULL && CMS_set_detached(cms, 0) == 1);
    info = CMS_add1_recipient(cms, x, NULL, NULL, CMS_KEY_PARAM);
    assert_non_null(info);
    assert_int_equal(
        EVP_PKEY_CTX_set_ecdh_kdf_md(CMS_RecipientInfo_get0_pkey_ctx(info), EVP_sha256()), 1);
    assert_int_equal(EVP_EncryptInit_ex(CMS_RecipientInfo_kari_get0_ctx(info),
                                        EVP_aes_256_wrap_pad(), NULL, NULL, NULL),
                     1);
    assert_int_equal(CMS_final(cms, in, NULL, CMS_BINARY), 1);
    assert_int_equal(i2d_CMS_bio(out, cms), 1);
    n = BIO_get_mem_data(out, &p);
    buf_put(&sealed, span_of(p, (size_t)n));
    open_with("p256", "p256.key", &sealed, CKR_ENCRYPTED_DATA_INVALID);
    X509_free(x);
    CMS_ContentInfo_free(cms);
    BIO_free(bio);
    BIO_free(in);
    BIO_free(out);
}

/* -- with the key in other hands --------------------------------------------------------------- */

struct holder {
    EVP_PKEY *key;
    bool spoil; /* a token that answers wrongly */
};

static CK_RV holder_decrypt(void *arg, struct span encrypted, struct secret **ret)
{
    const struct holder *h = arg;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(h->key, NULL);
    uint8_t plain[512];
    size_t n = sizeof(plain);
    int ok;

    if (!EVP_PKEY_is_a(h->key, "RSA")) {
        EVP_PKEY_CTX_free(ctx);
        return CKR_ARGUMENTS_BAD;
    }
    assert_int_equal(EVP_PKEY_decrypt_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()), 1);
    ok = EVP_PKEY_decrypt(ctx, plain, &n, encrypted.p, encrypted.n);
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    plain[0] ^= h->spoil;
    return ok == 1 ? secret_from(span_of(plain, n), ret) : CKR_ENCRYPTED_DATA_INVALID;
}

static CK_RV holder_agree(void *arg, struct span point, struct secret **ret)
{
    const struct holder *h = arg;
    EVP_PKEY *peer = EVP_PKEY_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(h->key, NULL);
    uint8_t z[128];
    size_t n = sizeof(z);
    CK_RV rv = CKR_ARGUMENTS_BAD;

    if (EVP_PKEY_is_a(h->key, "EC") && EVP_PKEY_copy_parameters(peer, h->key) == 1 &&
        EVP_PKEY_set1_encoded_public_key(peer, point.p, point.n) == 1) {
        assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
        assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
        assert_int_equal(EVP_PKEY_derive(ctx, z, &n), 1);
        z[0] ^= h->spoil;
        rv = secret_from(span_of(z, n), ret);
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    ERR_clear_error();
    return rv;
}

static CK_RV open_by(const char *key_file, bool spoil, const struct buf *sealed)
{
    AUTO(buf_clear) struct buf pem = BUF_INIT;
    AUTO(secret_freep) struct secret *plain = NULL;
    struct holder h = {.spoil = spoil};
    const struct cms_agent agent = {&h, holder_decrypt, holder_agree};
    BIO *bio;
    CK_RV rv;

    file_read(key_file, &pem);
    bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    h.key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    assert_non_null(h.key);
    BIO_free(bio);
    rv = cms_open_by(buf_span(sealed), &agent, &plain);
    if (rv == CKR_OK)
        assert_true(span_equal(secret_span(plain), SPAN_LIT(PLAIN)));
    else
        assert_null(plain);
    EVP_PKEY_free(h.key);
    return rv;
}

static void agent_opens(void **state)
{
    static const char *const names[] = {"rsa", "p256"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        AUTO(buf_clear) struct buf sealed = BUF_INIT;
        char key[32], other[32];

        (void)snprintf(key, sizeof(key), "%s.key", names[i]);
        (void)snprintf(other, sizeof(other), "%s.key", names[1 - i]);
        seal_to(names[i], &sealed);
        assert_int_equal(open_by(key, false, &sealed), CKR_OK);
        assert_int_equal(open_by(key, true, &sealed), CKR_ENCRYPTED_DATA_INVALID);
        assert_int_equal(open_by(other, false, &sealed), CKR_ARGUMENTS_BAD);
    }
}

/* A message from a disk: flipped anywhere, cut anywhere. */
static void agent_changed_message(void **state)
{
    static const char *const names[] = {"rsa", "p256"};

    (void)state;
    for (size_t i = 0; i < N_ELEMENTS(names); i++) {
        AUTO(buf_clear) struct buf sealed = BUF_INIT;
        size_t n, opened = 0;
        char key[32];

        (void)snprintf(key, sizeof(key), "%s.key", names[i]);
        seal_to(names[i], &sealed);
        n = sealed.n;
        for (size_t at = 0; at < n; at += 3) {
            sealed.p[at] ^= 0x04;
            opened += open_by(key, false, &sealed) == CKR_OK; /* what says nothing that is used */
            sealed.p[at] ^= 0x04;
            sealed.n = at;
            assert_int_equal(open_by(key, false, &sealed), CKR_ENCRYPTED_DATA_INVALID);
            sealed.n = n;
        }
        assert_true(opened < n / 6);
    }
}

static void nonsense_is_refused(void **state)
{
    AUTO(buf_clear) struct buf junk = BUF_INIT;

    (void)state;
    buf_put(&junk, SPAN_LIT("0\x82\x01\x01 no message"));
    open_with("rsa", "rsa.key", &junk, CKR_ENCRYPTED_DATA_INVALID);
}

/* -- to a key without a certificate ------------------------------------------------------------ */

#define MASTER SPAN_LIT("a master key and more")

static void key_opens_what_it_was_sent(void **state)
{
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(secret_freep) struct secret *other = NULL;
    AUTO(secret_freep) struct secret *plain = NULL;
    AUTO(buf_clear) struct buf public_key = BUF_INIT;
    AUTO(buf_clear) struct buf other_public = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;

    (void)state;
    assert_int_equal(cms_key_new(&key, &public_key), CKR_OK);
    assert_int_equal(cms_key_new(&other, &other_public), CKR_OK);
    assert_false(span_equal(buf_span(&public_key), buf_span(&other_public)));
    assert_int_equal(cms_seal_to_key(buf_span(&public_key), MASTER, &sealed), CKR_OK);
    assert_null(memmem(sealed.p, sealed.n, MASTER.p, MASTER.n));
    assert_int_equal(cms_open_with_key(buf_span(&sealed), secret_span(other), &plain),
                     CKR_ENCRYPTED_DATA_INVALID);
    assert_null(plain);
    assert_int_equal(cms_open_with_key(buf_span(&sealed), secret_span(key), &plain), CKR_OK);
    assert_true(span_equal(secret_span(plain), MASTER));
}

/* As the documents say: the key alone is enough. */
static void openssl_command_opens_to_key(void **state)
{
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf public_key = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    AUTO(buf_clear) struct buf plain = BUF_INIT;

    (void)state;
    assert_int_equal(cms_key_new(&key, &public_key), CKR_OK);
    assert_int_equal(cms_seal_to_key(buf_span(&public_key), MASTER, &sealed), CKR_OK);
    file_write("handoff.key", secret_span(key));
    file_write("handoff.cms", buf_span(&sealed));
    assert_int_equal(run("openssl cms -decrypt -inform DER -in handoff.cms -keyform DER "
                         "-inkey handoff.key -out handoff.plain"),
                     0);
    file_read("handoff.plain", &plain);
    assert_true(span_equal(buf_span(&plain), MASTER));
}

static void key_message_changed(void **state)
{
    AUTO(secret_freep) struct secret *key = NULL;
    AUTO(buf_clear) struct buf public_key = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;

    (void)state;
    assert_int_equal(cms_key_new(&key, &public_key), CKR_OK);
    assert_int_equal(cms_seal_to_key(buf_span(&public_key), MASTER, &sealed), CKR_OK);
    for (size_t i = 0; i < sealed.n; i++) {
        AUTO(secret_freep) struct secret *plain = NULL;
        CK_RV rv;

        sealed.p[i] ^= 0x20;
        rv = cms_open_with_key(buf_span(&sealed), secret_span(key), &plain);
        /* whom it names as recipient is not what opens it */
        if (rv == CKR_OK)
            assert_true(span_equal(secret_span(plain), MASTER));
        else
            assert_int_equal(rv, CKR_ENCRYPTED_DATA_INVALID);
        sealed.p[i] ^= 0x20;
    }
}

static void unfit_keys_are_refused(void **state)
{
    static const char *const unfit[] = {"rsa", "k1", "ed"};
    AUTO(buf_clear) struct buf public_key = BUF_INIT;
    AUTO(buf_clear) struct buf sealed = BUF_INIT;
    AUTO(secret_freep) struct secret *key = NULL;

    (void)state;
    assert_int_equal(cms_key_new(&key, &public_key), CKR_OK);
    assert_int_equal(cms_seal_to_key(SPAN_EMPTY, MASTER, &sealed), CKR_ARGUMENTS_BAD);
    assert_int_equal(cms_seal_to_key(SPAN_LIT("not a key"), MASTER, &sealed), CKR_ARGUMENTS_BAD);
    buf_u8(&public_key, 0); /* something behind its end */
    assert_int_equal(cms_seal_to_key(buf_span(&public_key), MASTER, &sealed), CKR_ARGUMENTS_BAD);
    for (size_t i = 0; i < N_ELEMENTS(unfit); i++) {
        AUTO(buf_clear) struct buf spki = BUF_INIT;

        assert_int_equal(run("openssl pkey -in %s.key -pubout -outform DER -out spki", unfit[i]),
                         0);
        file_read("spki", &spki);
        assert_int_equal(cms_seal_to_key(buf_span(&spki), MASTER, &sealed), CKR_ARGUMENTS_BAD);
    }
    assert_int_equal(sealed.n, 0);
}

#define TEST(path, fn)                                                                             \
    {                                                                                              \
        path, fn, NULL, NULL, NULL                                                                 \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST("/cms/certificate/pem-and-der", reads_pem_and_der),
        TEST("/cms/certificate/unfit-is-refused", unfit_certificates_are_refused),
        TEST("/cms/certificate/tail-is-refused", certificate_with_a_tail_is_refused),
        TEST("/cms/seal/openssl-command-opens-rsa", openssl_command_opens_rsa),
        TEST("/cms/seal/openssl-command-opens-ec", openssl_command_opens_ec),
        TEST("/cms/seal/algorithms", modern_algorithms_are_named),
        TEST("/cms/open/round-trip", opens_what_it_sealed),
        TEST("/cms/open/key-in-der", key_in_der_opens),
        TEST("/cms/open/from-openssl-command", opens_what_the_command_sealed),
        TEST("/cms/open/other-algorithms-are-refused", other_algorithms_are_refused),
        TEST("/cms/open/other-lengths-are-refused", other_lengths_are_refused),
        TEST("/cms/open/key-wrap-with-padding-is-refused", key_wrap_with_padding_is_refused),
        TEST("/cms/open/another-key-opens-nothing", another_key_opens_nothing),
        TEST("/cms/open/encrypted-key-is-refused", encrypted_key_is_refused_without_asking),
        TEST("/cms/open/changed-message-is-refused", changed_message_is_refused),
        TEST("/cms/open/unauthenticated-is-refused", unauthenticated_message_is_refused),
        TEST("/cms/open/nonsense-is-refused", nonsense_is_refused),
        TEST("/cms/key/opens-what-it-was-sent", key_opens_what_it_was_sent),
        TEST("/cms/key/openssl-command-opens", openssl_command_opens_to_key),
        TEST("/cms/key/changed-message-is-refused", key_message_changed),
        TEST("/cms/key/unfit-is-refused", unfit_keys_are_refused),
        TEST("/cms/agent/opens", agent_opens),
        TEST("/cms/agent/changed-message-is-refused", agent_changed_message),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
