/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gen-mechanisms.c - writes docs/mechanisms.md from the mechanism table of src/crypto/.
 *
 *   gen-mechanisms                 the document, on standard output
 *   gen-mechanisms --check FILE    is FILE that document? Exit status 1 and where it differs if not
 */
#include <stdio.h>
#include <stdlib.h>

#include "crypto/curve.h"
#include "crypto/message.h"
#include "crypto/op_class.h"

static const char intro[] =
    "<!-- Made by gen-mechanisms from src/crypto/: change the table there, not this file. -->\n"
    "# Mechanisms\n\n"
    "What C_GetMechanismList and C_GetMechanismInfo report, with what each mechanism takes. Sizes\n"
    "are of keys, in the unit that the standard gives the mechanism: bits of an RSA modulus, of a\n"
    "curve's field, and of a generic secret to be generated; bytes of every other secret.\n\n"
    "- *uses*: `s` sign, `v` verify, `r` both with recovery of the data, `e` encrypt, `d` "
    "decrypt,\n"
    "  `h` digest, `g` generate a key, `p` generate a pair, `D` derive, `w` wrap, `u` unwrap,\n"
    "  `m` what of `s`, `v`, `e` and `d` is there, by the message-based functions too,\n"
    "  `c` encapsulate and decapsulate.\n"
    "- *parts*: does it take data in several parts? A dash where there is no data.\n"
    "- *(off)*: not there by default; see conf(5) for how to switch it on.\n\n"
    "What the table can't say:\n\n"
    "- RSA keys below 2048 bits verify signatures; they sign, decrypt and encrypt nothing, and "
    "are\n"
    "  neither generated nor imported as private keys. A private key's public exponent is at "
    "least\n"
    "  65537.\n"
    "- An ECDSA signature is *r* and *s* side by side. CKM_ECDSA uses the first bytes of a digest\n"
    "  that is longer than the curve's order. Each half is as long as the order, in verification "
    "too.\n"
    "- CKM_EDDSA without a parameter is Ed25519 and Ed448 in their pure form. CK_EDDSA_PARAMS with "
    "a\n"
    "  context or the prehash flag need OpenSSL 3.2 (Debian 13); with an older one, which would "
    "ignore\n"
    "  them, they are CKR_MECHANISM_PARAM_INVALID. It keeps the parts of a message until the end. "
    "It\n"
    "  generates pairs as well, because GnuTLS 3.7 asks for them so.\n"
    "- CKM_ECDH1_DERIVE serves Montgomery keys too. The peer's point may be raw or a DER OCTET\n"
    "  STRING; it is validated. Without CKA_VALUE_LEN a secret key gets all of the shared secret;\n"
    "  a key derivation function needs the length.\n"
    "- HMAC mechanisms take generic secrets too.\n"
    "- CKM_HKDF_DERIVE and CKM_HKDF_DATA take generic secrets too. CKM_HKDF_DATA takes the length "
    "of the\n"
    "  data from a CKA_VALUE_LEN in the template, which the object does not have afterwards.\n"
    "  Both take a data object as base, with extraction and as long as the hash; a salt key is "
    "always a\n"
    "  secret key of these types with CKA_DERIVE.\n"
    "- CKM_AES_ECB_ENCRYPT_DATA and CKM_AES_CBC_ENCRYPT_DATA give the first bytes of the "
    "ciphertext, and\n"
    "  refuse a key that also encrypts or wraps: it would tell everybody what was derived.\n"
    "- CKM_CONCATENATE_*, CKM_XOR_BASE_AND_DATA, CKM_EXTRACT_KEY_FROM_KEY and "
    "CKM_*_KEY_DERIVATION make\n"
    "  no key of less than 112 bits, unless the base key has less.\n"
    "- CKM_PUB_KEY_FROM_PRIV_KEY needs CKA_DERIVE of the private key, as every derivation does. "
    "Silent\n"
    "  templates take over its uses; CKA_TRUSTED stays behind.\n"
    "- CKM_SP800_108_*: counters and lengths of 8 to 64 bits, whole bytes; at most 32 fields and "
    "15 "
    "more\n"
    "  keys, which are token objects or session objects together. Silent templates take over "
    "CKA_SENSITIVE\n"
    "  and CKA_EXTRACTABLE. Its sizes are in bits. CKM_AES_CMAC needs an AES key, the HMACs one "
    "that "
    "is\n"
    "  none.\n"
    "- CKM_TLS12_* and CKM_TLS_* are TLS 1.2 only. A master secret has CKA_ALLOWED_MECHANISMS: it "
    "is good\n"
    "  for TLS and nothing else. CKM_TLS12_KEY_AND_MAC_DERIVE is off, as its IVs show any part of "
    "the\n"
    "  keys; CKM_TLS12_KEY_SAFE_DERIVE has none.\n"
    "- CKM_RSA_AES_KEY_WRAP wraps secret and private keys.\n"
    "- CKM_PKCS5_PBKD2 takes both structures of the standard; passwords below 64 KiB, and at most\n"
    "  20,000,000 iterations, divided by the blocks of the hash that the key is long.\n"
    "- AES-GCM: IVs of 1 to 128 bytes, tags of 96 to 128 bits. Decryption in parts gives nothing\n"
    "  before C_DecryptFinal has checked the tag.\n"
    "- CKM_AES_CTS is CBC-CS1 of the addendum to NIST SP 800-38A. With CKM_AES_XTS it keeps the "
    "parts\n"
    "  of a text until the end; an XTS data unit has 16 bytes to 16 MiB.\n"
    "- CKM_AES_GMAC takes CK_GCM_PARAMS without additional data: the message is that.\n"
    "- CKM_AES_CFB64 is not there, because OpenSSL has it not.\n"
    "- Messages that are encrypted take CK_GCM_MESSAGE_PARAMS, CK_CCM_MESSAGE_PARAMS and\n"
    "  CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS; C_MessageEncryptInit may be given none. The token\n"
    "  makes the IV as the generator function says: at least 32 bits of it. CKG_GENERATE counts\n"
    "  from a random number; counters begin anew, at 0, with every C_MessageEncryptInit, so that\n"
    "  CKG_GENERATE_COUNTER is for keys that have one process. Messages that are signed take "
    "none.\n"
    "  AES-GMAC is not for messages: its parameter has the IV, and serves one.\n"
    "- CKM_AES_GCM and CKM_AES_CCM wrap with CK_GCM_WRAP_PARAMS and CK_CCM_WRAP_PARAMS, and unwrap "
    "with\n"
    "  these or the parameters that encrypt; C_WrapKeyAuthenticated takes those of messages, and\n"
    "  binds the key's attributes ([formats.md](formats.md)). To wrap, the token makes the IV, 96\n"
    "  bits of it at least ([policy.md](policy.md), wrap-mechanisms).\n"
    "- Encapsulation by CKM_RSA_PKCS_OAEP makes a random key of CKA_VALUE_LEN; by ECDH the\n"
    "  parameter names no peer, and what is sent is the point of a pair that lives for the call.\n"
    "- CKM_AES_CTR refuses data for which the counter's bits are too few: CKR_DATA_LEN_RANGE.\n"
    "- Wrong padding and wrong tags are CKR_ENCRYPTED_DATA_INVALID, whatever is wrong with them; "
    "when\n"
    "  a key is unwrapped, CKR_WRAPPED_KEY_INVALID.\n"
    "- CKM_RSA_PKCS_OAEP wraps secret keys. CKM_AES_CBC_PAD unwraps private keys, as importing "
    "from\n"
    "  PKCS#12 needs it, and wraps nothing. [policy.md](policy.md) says what relaxing its rules "
    "adds:\n"
    "  wrapping by CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD and CKM_RSA_PKCS.\n\n"
    "| mechanism | number | uses | parts | keys | sizes | parameter |\n"
    "|---|---|---|---|---|---|---|\n";

static const char curves_intro[] =
    "\n## Curves\n\n"
    "CKA_EC_PARAMS names a curve by its object identifier or by a PrintableString. Points are "
    "taken\n"
    "raw or as a DER OCTET STRING, compressed or not, and written as a DER OCTET STRING.\n\n"
    "| curve | key type | bits | names |\n"
    "|---|---|---|---|\n";

static const struct {
    CK_KEY_TYPE type;
    const char *name;
} key_types[] = {
    {CKK_RSA, "CKK_RSA"},
    {CKK_EC, "CKK_EC"},
    {CKK_EC_EDWARDS, "CKK_EC_EDWARDS"},
    {CKK_EC_MONTGOMERY, "CKK_EC_MONTGOMERY"},
    {CKK_AES, "CKK_AES"},
    {CKK_AES_XTS, "CKK_AES_XTS"},
    {CKK_CHACHA20, "CKK_CHACHA20"},
    {CKK_HKDF, "CKK_HKDF"},
    {CKK_GENERIC_SECRET, "CKK_GENERIC_SECRET"},
    {CKK_SHA_1_HMAC, "CKK_SHA_1_HMAC"},
    {CKK_SHA224_HMAC, "CKK_SHA224_HMAC"},
    {CKK_SHA256_HMAC, "CKK_SHA256_HMAC"},
    {CKK_SHA384_HMAC, "CKK_SHA384_HMAC"},
    {CKK_SHA512_HMAC, "CKK_SHA512_HMAC"},
    {CKK_SHA512_224_HMAC, "CKK_SHA512_224_HMAC"},
    {CKK_SHA512_256_HMAC, "CKK_SHA512_256_HMAC"},
    {CKK_SHA3_224_HMAC, "CKK_SHA3_224_HMAC"},
    {CKK_SHA3_256_HMAC, "CKK_SHA3_256_HMAC"},
    {CKK_SHA3_384_HMAC, "CKK_SHA3_384_HMAC"},
    {CKK_SHA3_512_HMAC, "CKK_SHA3_512_HMAC"},
    {ANY_KEY, "-"},
};

/* NULL fails the tool: a key type that the table has and this list has not. */
static const char *key_type_name(CK_KEY_TYPE type)
{
    for (size_t i = 0; i < N_ELEMENTS(key_types); i++) {
        if (key_types[i].type == type)
            return key_types[i].name;
    }
    return NULL;
}

#define MESSAGES (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY)

static void put_uses(struct buf *b, CK_FLAGS flags)
{
    static const struct {
        CK_FLAGS flag;
        const char *letter;
    } letters[] = {
        {CKF_SIGN, "s"},     {CKF_VERIFY, "v"},  {CKF_SIGN_RECOVER, "r"},
        {CKF_ENCRYPT, "e"},  {CKF_DECRYPT, "d"}, {CKF_DIGEST, "h"},
        {CKF_GENERATE, "g"}, {CKF_DERIVE, "D"},  {CKF_GENERATE_KEY_PAIR, "p"},
        {CKF_WRAP, "w"},     {CKF_UNWRAP, "u"},  {MESSAGES, "m"},
        {CKF_ENCAPSULATE, "c"},
    };

    for (size_t i = 0; i < N_ELEMENTS(letters); i++) {
        if ((flags & letters[i].flag) != 0)
            buf_printf(b, "%s", letters[i].letter);
    }
}

static const char *takes_parts(const struct mech *row)
{
    for (size_t i = 0; row->op != NULL && i < OP_N_KINDS; i++) {
        if (row->op->kinds[i] != NULL)
            return row->op->kinds[i]->update != NULL ? "yes" : "no";
    }
    return "-";
}

static const char *keys_of(const struct mech *row)
{
    if ((row->traits & MECH_ANY_SECRET) != 0)
        return "any secret";
    return (row->traits & MECH_ANY_PRIVATE) != 0 ? "any private" : key_type_name(row->key_type);
}

static void put_mech(struct buf *b, const struct mech *row)
{
    const char *keys = keys_of(row);

    if (keys == NULL) {
        fprintf(stderr, "%s: key type 0x%lx has no name here\n", row->name, row->key_type);
        b->failed = true;
        return;
    }
    buf_printf(b, "| %s%s | 0x%lx | ", row->name,
               (row->traits & MECH_OFF_BY_DEFAULT) != 0 ? " (off)" : "", row->type);
    put_uses(b, mech_flags(row) | message_flags(row));
    buf_printf(b, " | %s | %s | ", takes_parts(row), keys);
    if (row->min != row->max)
        buf_printf(b, "%lu-%lu", row->min, row->max);
    else if (row->max != 0)
        buf_printf(b, "%lu", row->max);
    else
        buf_printf(b, "-");
    buf_printf(b, " | %s |\n", param_text_of(row));
}

static void put_curve(struct buf *b, const struct curve *c)
{
    buf_printf(b, "| %s | %s | %lu |", c->name, key_type_name(c->key_type), c->bits);
    for (size_t i = 0; i < N_ELEMENTS(c->names) && c->names[i] != NULL; i++)
        buf_printf(b, "%s %s", i > 0 ? "," : "", c->names[i]);
    buf_printf(b, " |\n");
}

static struct buf document(void)
{
    struct buf b = BUF_INIT;

    buf_printf(&b, "%s", intro);
    for (size_t i = 0; i < n_mechs; i++)
        put_mech(&b, &mechs[i]);
    buf_printf(&b, "%s", curves_intro);
    for (size_t i = 0; i < n_curves; i++)
        put_curve(&b, &curves[i]);
    return b;
}

/* The first line that differs, or 0. */
static unsigned differs(struct span text, FILE *file)
{
    unsigned line = 1;

    for (size_t i = 0; i < text.n; i++) {
        if (getc(file) != text.p[i])
            return line;
        line += text.p[i] == '\n';
    }
    return getc(file) == EOF ? 0 : line;
}

static int check(struct span text, const char *path)
{
    FILE *file = fopen(path, "re");
    unsigned line;

    if (file == NULL) {
        fprintf(stderr, "%s: %m\n", path);
        return EXIT_FAILURE;
    }
    line = differs(text, file);
    fclose(file);
    if (line != 0)
        fprintf(stderr, "%s:%u: not what the table says: run gen-mechanisms > %s\n", path, line,
                path);
    return line == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    AUTO(buf_clear) struct buf b = document();

    if (buf_ok(&b) != CKR_OK)
        return EXIT_FAILURE;
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check(buf_span(&b), argv[2]);
    if (argc != 1) {
        fprintf(stderr, "usage: gen-mechanisms [--check FILE]\n");
        return 2;
    }
    return fwrite(b.p, 1, b.n, stdout) == b.n && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
