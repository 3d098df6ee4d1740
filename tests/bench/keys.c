/* SPDX-License-Identifier: BSD-2-Clause */
/* keys.c - the table of keys, and how each is made; see keys.h. */
#include "bench/keys.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/export.h"
#include "bench/fault.h"

struct key_row;
typedef CK_RV raw_make(const struct key_row *row, EVP_PKEY **ret);
typedef CK_RV p11_make(struct side *s, const struct key_row *row, const char *label);
typedef CK_RV p11_export(const struct p11 *m, CK_OBJECT_HANDLE public, const char *group,
                         EVP_PKEY **ret);

struct key_row {
    const char *name;
    raw_make *raw; /* NULL: raw needs nothing but keys_secret */
    p11_make *make;
    p11_export *export; /* NULL: a secret key */
    const char *group;  /* as OpenSSL calls the curve */
    size_t bits;        /* of an RSA modulus */
    CK_MECHANISM_TYPE generate;
    CK_KEY_TYPE type;     /* of an imported key */
    struct span params;   /* CKA_EC_PARAMS */
    bool decrypt, derive; /* usages besides signing */
    bool ecdsa;
};

const uint8_t keys_secret[KEYS_SECRET_BYTES] = "p11bench: one key for two sides";

static const uint8_t oid_p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_ed25519[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
/* PKCS#11 v3.0 6.3.5: the curve may be named too, and some modules take nothing else. */
static const uint8_t name_ed25519[] = "\x13\x0c"
                                      "edwards25519";

static CK_RV raw_rsa(const struct key_row *row, EVP_PKEY **ret)
{
    *ret = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", row->bits);
    ENSURE(*ret != NULL, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV raw_ec(const struct key_row *row, EVP_PKEY **ret)
{
    *ret = EVP_PKEY_Q_keygen(NULL, NULL, "EC", row->group);
    ENSURE(*ret != NULL, FAULT_OPENSSL);
    return CKR_OK;
}

static CK_RV raw_named(const struct key_row *row, EVP_PKEY **ret)
{
    *ret = EVP_PKEY_Q_keygen(NULL, NULL, row->group);
    ENSURE(*ret != NULL, FAULT_OPENSSL);
    return CKR_OK;
}

static void private_template(const struct key_row *row, const char *label, struct template *t)
{
    template_init(t);
    template_secrecy(t, true);
    template_label(t, label);
    template_bytes(t, CKA_ID, span_of(label, strlen(label)));
    template_bool(t, CKA_SIGN, true);
    if (row->decrypt)
        template_bool(t, CKA_DECRYPT, true);
    if (row->derive)
        template_bool(t, CKA_DERIVE, true);
}

static void public_template(const struct key_row *row, const char *label, struct template *t)
{
    template_init(t);
    template_bool(t, CKA_TOKEN, true);
    template_bool(t, CKA_PRIVATE, false);
    template_label(t, label);
    template_bytes(t, CKA_ID, span_of(label, strlen(label)));
    template_bool(t, CKA_VERIFY, true);
    if (row->decrypt)
        template_bool(t, CKA_ENCRYPT, true);
}

NODISCARD static CK_RV pair_generate(struct side *s, const struct key_row *row, const char *label,
                                     struct template *public)
{
    CK_MECHANISM mech = {.mechanism = row->generate};
    CK_OBJECT_HANDLE pair[2] = {0};
    struct template private;

    private_template(row, label, &private);
    return s->p11.f->C_GenerateKeyPair(s->p11.session, &mech, public->a, public->n, private.a,
                                       private.n, &pair[0], &pair[1]);
}

static CK_RV p11_make_rsa(struct side *s, const struct key_row *row, const char *label)
{
    static const uint8_t exponent[] = {1, 0, 1};
    struct template public;

    public_template(row, label, &public);
    template_ulong(&public, CKA_MODULUS_BITS, row->bits);
    template_bytes(&public, CKA_PUBLIC_EXPONENT, SPAN_ARRAY(exponent));
    return pair_generate(s, row, label, &public);
}

static CK_RV p11_make_ec(struct side *s, const struct key_row *row, const char *label)
{
    struct template public;

    public_template(row, label, &public);
    template_bytes(&public, CKA_EC_PARAMS, row->params);
    return pair_generate(s, row, label, &public);
}

static CK_RV p11_make_ed(struct side *s, const struct key_row *row, const char *label)
{
    struct template public;

    if (p11_make_ec(s, row, label) == CKR_OK)
        return CKR_OK;
    public_template(row, label, &public);
    template_bytes(&public, CKA_EC_PARAMS, span_of(name_ed25519, sizeof(name_ed25519) - 1));
    return pair_generate(s, row, label, &public);
}

static CK_RV p11_make_secret(struct side *s, const struct key_row *row, const char *label)
{
    CK_OBJECT_HANDLE handle = 0;
    struct template t;

    template_init(&t);
    template_secrecy(&t, true);
    template_label(&t, label);
    template_ulong(&t, CKA_CLASS, CKO_SECRET_KEY);
    template_ulong(&t, CKA_KEY_TYPE, row->type);
    template_bool(&t, row->decrypt ? CKA_ENCRYPT : CKA_SIGN, true);
    template_bool(&t, row->decrypt ? CKA_DECRYPT : CKA_VERIFY, true);
    template_bytes(&t, CKA_VALUE, SPAN_ARRAY(keys_secret));
    return s->p11.f->C_CreateObject(s->p11.session, t.a, t.n, &handle);
}

#define RSA(size)                                                                                  \
    {                                                                                              \
        .name = "rsa" #size, .raw = raw_rsa, .make = p11_make_rsa, .export = export_rsa,           \
        .bits = size, .generate = CKM_RSA_PKCS_KEY_PAIR_GEN, .decrypt = true                       \
    }
#define EC(label, curve, oid)                                                                      \
    {                                                                                              \
        .name = label, .raw = raw_ec, .make = p11_make_ec, .export = export_ec, .group = curve,    \
        .generate = CKM_EC_KEY_PAIR_GEN, .params = {oid, sizeof(oid)}, .derive = true,             \
        .ecdsa = true                                                                              \
    }

static const struct key_row rows[KEY_N_KINDS] = {
    [KEY_RSA2048] = RSA(2048),
    [KEY_RSA3072] = RSA(3072),
    [KEY_RSA4096] = RSA(4096),
    [KEY_P256] = EC("p256", "prime256v1", oid_p256),
    [KEY_P384] = EC("p384", "secp384r1", oid_p384),
    [KEY_ED25519] = {.name = "ed25519",
                     .raw = raw_named,
                     .make = p11_make_ed,
                     .export = export_ed,
                     .group = "ED25519",
                     .generate = CKM_EC_EDWARDS_KEY_PAIR_GEN,
                     .params = {oid_ed25519, sizeof(oid_ed25519)}},
    [KEY_AES256] = {.name = "aes256", .make = p11_make_secret, .type = CKK_AES, .decrypt = true},
    [KEY_HMAC] = {.name = "hmac", .make = p11_make_secret, .type = CKK_GENERIC_SECRET},
};

bool keys_is_ecdsa(enum key_kind kind)
{
    return rows[kind].ecdsa;
}

void keys_p256_params(struct template *t)
{
    template_bytes(t, CKA_EC_PARAMS, SPAN_ARRAY(oid_p256));
}

void keys_label(const struct side *s, enum key_kind kind, char text[KEYS_LABEL])
{
    snprintf(text, KEYS_LABEL, "p11bench-%s-%s", s->run, rows[kind].name);
}

/* How many objects of the class have the label (0, 1, or 2 for more), the first into *ret. */
NODISCARD static CK_RV labelled_find(const struct side *s, CK_OBJECT_CLASS class, const char *label,
                                     CK_OBJECT_HANDLE *ret, size_t *ret_n)
{
    CK_OBJECT_HANDLE found[2] = {0};
    struct template t;

    template_init(&t);
    template_ulong(&t, CKA_CLASS, class);
    template_label(&t, label);
    TRY(p11_find(&s->p11, s->p11.session, &t, found, N_ELEMENTS(found), ret_n));
    *ret = found[0];
    return CKR_OK;
}

NODISCARD static CK_RV secret_find(struct side *s, const struct key_row *row, const char *label,
                                   CK_OBJECT_HANDLE *ret)
{
    const CK_OBJECT_CLASS class = row->export != NULL ? CKO_PRIVATE_KEY : CKO_SECRET_KEY;
    size_t n = 0;

    TRY(labelled_find(s, class, label, ret, &n));
    if (n == 0) {
        TRY(row->make(s, row, label));
        TRY(labelled_find(s, class, label, ret, &n));
    }
    if (n != 1)
        return fault_wrong("%zu objects have the label \"%s\" of the one just made", n, label);
    return CKR_OK;
}

NODISCARD static CK_RV module_get(struct side *s, enum key_kind kind, struct key *ret)
{
    const struct key_row *row = &rows[kind];
    char label[KEYS_LABEL];
    struct key key = {0};
    size_t n = 0;

    keys_label(s, kind, label);
    TRY(secret_find(s, row, label, &key.secret));
    if (row->export != NULL) {
        TRY(labelled_find(s, CKO_PUBLIC_KEY, label, &key.public, &n));
        if (n != 1)
            return fault_wrong("%zu public keys have the label \"%s\"", n, label);
        if (s->pkey[kind] == NULL)
            TRY(row->export(&s->p11, key.public, row->group, &s->pkey[kind]));
    }
    key.pkey = s->pkey[kind];
    *ret = key;
    return CKR_OK;
}

CK_RV keys_get(struct side *s, enum key_kind kind, struct key *ret)
{
    if (!side_is_raw(s))
        return module_get(s, kind, ret);
    if (s->pkey[kind] == NULL && rows[kind].raw != NULL)
        TRY(rows[kind].raw(&rows[kind], &s->pkey[kind]));
    *ret = (struct key){.pkey = s->pkey[kind]};
    return CKR_OK;
}

static void labelled_destroy(struct side *s, enum key_kind kind)
{
    char label[KEYS_LABEL];
    CK_OBJECT_HANDLE found[2] = {0};
    struct template t;
    size_t n = 0;

    keys_label(s, kind, label);
    template_init(&t);
    template_label(&t, label);
    if (p11_find(&s->p11, s->p11.session, &t, found, N_ELEMENTS(found), &n) != CKR_OK)
        return;
    for (size_t i = 0; i < n; i++)
        s->p11.f->C_DestroyObject(s->p11.session, found[i]);
}

void keys_clear(struct side *s)
{
    for (enum key_kind kind = KEY_NONE + 1; kind < KEY_N_KINDS; kind++) {
        if (!side_is_raw(s) && s->p11.up)
            labelled_destroy(s, kind);
        EVP_PKEY_free(s->pkey[kind]);
        s->pkey[kind] = NULL;
    }
    if (s->pem[0] != '\0')
        unlink(s->pem);
}

CK_RV keys_write_pem(struct side *s)
{
    char path[sizeof(s->pem)] = P_tmpdir "/p11bench-XXXXXX";
    struct key key;
    FILE *file = NULL;
    int written = 0;
    int fd = -1;

    if (s->pem[0] != '\0')
        return CKR_OK;
    TRY(keys_get(s, KEY_P256, &key));
    fd = mkstemp(path);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    ENSURE(file != NULL, CKR_GENERAL_ERROR);
    memcpy(s->pem, path, sizeof(path));
    written = PEM_write_PrivateKey(file, key.pkey, NULL, NULL, 0, NULL, NULL);
    ENSURE(fclose(file) == 0 && written == 1, FAULT_OPENSSL);
    return CKR_OK;
}
