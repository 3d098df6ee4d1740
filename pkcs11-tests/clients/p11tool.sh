# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# GnuTLS: p11tool (listing, generation, writing, signing), certtool (certificates, PKCS #7) and
# gnutls-serv (TLS with a key in the token).

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program p11tool certtool gnutls-serv pkcs11-tool openssl

readonly URL="pkcs11:token=$TOKEN"
export GNUTLS_PIN=$PIN GNUTLS_SO_PIN=$SO_PIN

# gtool ARG...: p11tool on the module. gtool_user: logged in.
gtool() {
    timeout "$PATIENCE" p11tool --provider "$TEST_MODULE" --batch "$@"
}

gtool_user() {
    gtool --login "$@"
}

ctool() {
    timeout "$PATIENCE" certtool --provider "$TEST_MODULE" "$@"
}

# url LABEL TYPE
url() {
    printf '%s;object=%s;type=%s' "$URL" "$1" "$2"
}

tokens() {
    says "URL: pkcs11:.*token=$TOKEN" gtool --list-tokens
    says "token=$TOKEN" gtool --list-token-urls
    says 'CKM_RSA_PKCS( |$)' gtool --list-mechanisms "$URL"
}

# A token made by p11tool alone, in a store of its own, where every URL means the free slot.
initialize() {
    conf_make initialize
    gtool --initialize --label made-by-gnutls --set-so-pin "$SO_PIN" pkcs11:
    says 'token=made-by-gnutls' gtool --list-token-urls
    gtool --initialize-pin --set-so-pin "$SO_PIN" --set-pin "$PIN" 'pkcs11:token=made-by-gnutls'
    gtool_user --generate-privkey rsa --bits 2048 --label first --outfile first.pub \
        'pkcs11:token=made-by-gnutls'
    says 'Label: first' gtool_user --list-all-privkeys 'pkcs11:token=made-by-gnutls'
}

# generate LABEL ID TYPE ARG...: the public key that GnuTLS writes is the one in the token.
generate() {
    local label=$1 id=$2 type=$3

    shift 3
    gtool_user --generate-privkey "$type" --label "$label" --id "$id" --outfile "$label.told" "$@" \
        "$URL"
    pubkey_export "$label"
    plain pkey -pubin -in "$label.told" -out told.pub
    same told.pub "$label.pub"
}

generate_ed25519() {
    [ "$TEST_BACKEND" = tee ] || skip "GnuTLS 3.7 generates it by CKM_EDDSA, which SoftHSM2 refuses"
    generate ed 13 ed25519
}

listing() {
    says 'Label: rsa' gtool_user --list-all-privkeys "$URL"
    says 'CKA_NEVER_EXTRACTABLE; CKA_SENSITIVE' gtool_user --list-all-privkeys "$URL"
    says 'Type: Public key' gtool --list-all "$URL"
    never_says 'Type: Private key' gtool --list-all "$URL"
    says 'Type: Private key' gtool_user --list-all "$URL"
}

test_sign() {
    says 'Verifying against public key in the token\.\.\. ok' gtool_user --test-sign "$(url "$1" private)"
}

test_sign_pss() {
    says 'ok' gtool_user --test-sign --sign-params RSA-PSS --hash SHA256 "$(url rsa private)"
}

export_pubkey() {
    gtool_user --export-pubkey --outfile exported "$(url "$1" private)"
    plain pkey -pubin -in exported -out exported.pub
    same exported.pub "$1.pub"
}

self_signed() {
    printf 'cn = "%s"\nexpiration_days = 20\nca\ncert_signing_key\nsigning_key\n' "$1" >self.template
    ctool --generate-self-signed --load-privkey "$(url "$1" private)" \
        --load-pubkey "$(url "$1" public)" --template self.template --outfile "self-$1.pem"
    says ': OK' plain verify -check_ss_sig -CAfile "self-$1.pem" "self-$1.pem"
    plain x509 -in "self-$1.pem" -noout -pubkey -out self.pub
    same self.pub "$1.pub"
}

request() {
    printf 'cn = "%s"\nsigning_key\n' "$1" >request.template
    ctool --generate-request --load-privkey "$(url "$1" private)" \
        --load-pubkey "$(url "$1" public)" --template request.template --outfile "$1.csr"
    says 'OK' plain req -in "$1.csr" -verify -noout
}

# The key in the token issues a certificate for a key outside.
issue() {
    plain req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout out.key -out out.csr \
        -subj /CN=outside
    printf 'expiration_days = 10\n' >issue.template
    ctool --generate-certificate --load-request out.csr --load-ca-certificate self-p256.pem \
        --load-ca-privkey "$(url p256 private)" --template issue.template --outfile issued.pem
    says ': OK' plain verify -CAfile self-p256.pem issued.pem
}

p7_sign() {
    ctool --p7-sign --load-privkey "$(url "$1" private)" --load-certificate "$1.pem" \
        --infile "$DATA" --outfile signed.p7
    plain cms -verify -binary -inform PEM -in signed.p7 -CAfile ca.pem -purpose any -out signed.data
    same "$DATA" signed.data
}

certificate_write() {
    gtool_user --write --load-certificate rsa.pem --label rsa-cert --id 0101 "$URL"
    says 'Label: rsa-cert' gtool --list-all-certs "$URL"
    gtool --export --outfile read.pem "$(url rsa-cert cert)"
    plain x509 -in read.pem -outform DER -out read.crt
    same rsa.crt read.crt
}

# Trusted certificates are written by the SO, and read by everybody.
certificate_trusted() {
    gtool --so-login --write --mark-trusted --mark-ca --load-certificate ca.pem --label root "$URL"
    says 'Label: root' gtool --list-all-trusted "$URL"
    says 'CKA_CERTIFICATE_CATEGORY=CA; CKA_TRUSTED' gtool --list-all-trusted "$URL"
}

# import KIND FILE LABEL
import_privkey() {
    plain genpkey -algorithm "$1" -pkeyopt "$2" -out imported.pem
    plain pkey -in imported.pem -pubout -out "$3.pub"
    plain rsa -in imported.pem -traditional -out imported.pem 2>/dev/null || true
    gtool_user --write --load-privkey imported.pem --label "$3" --id "$4" "$URL"
    gtool_user --write --load-pubkey "$3.pub" --label "$3" --id "$4" "$URL"
    test_sign "$3"
}

import_secret() {
    gtool_user --write --secret-key 000102030405060708090a0b0c0d0e0f --label secret "$URL"
    says 'Label: secret' gtool_user --list-all "$URL"
}

set_id() {
    gtool_user --set-id 0777 "$(url p384 private)"
    says 'ID: 07:77' gtool_user --list-all-privkeys "$URL"
    gtool_user --set-label renamed "$(url p384 private)"
    says 'Label: renamed' gtool_user --list-all-privkeys "$URL"
    never_says 'Label: p384' gtool_user --list-all-privkeys "$URL"
}

delete() {
    gtool_user --delete "$(url renamed private)"
    never_says 'Label: renamed' gtool_user --list-all "$URL"
    says 'Label: rsa' gtool_user --list-all-privkeys "$URL"
}

random() {
    gtool --generate-random 48 --outraw --outfile random "$URL"
    [ "$(wc -c <random)" -eq 48 ] || fail "not 48 octets"
}

pin_wrong() {
    refuses 'PIN|authentication' env GNUTLS_PIN=wrong-pin timeout "$PATIENCE" p11tool \
        --provider "$TEST_MODULE" --batch --login --list-all-privkeys "$URL"
    says 'Label: rsa' gtool_user --list-all-privkeys "$URL"
}

# tls LABEL VERSION: gnutls-serv with the key in the token, openssl's client outside.
tls() {
    local port

    port=$(port_take)
    serve serv.log gnutls-serv --provider "$TEST_MODULE" --port "$port" --echo \
        --x509keyfile "$(url "$1" private)" --x509certfile "$1.pem"
    wait_listen "$port" serv.log
    says "Verification: OK" plain s_client -connect "127.0.0.1:$port" "-$2" -CAfile ca.pem \
        -verify_return_error -brief </dev/null
}

certificates() {
    ca_make
    cert_make rsa
    cert_make p256
}

token_make
check tokens tokens
check initialize initialize
check generate-rsa generate rsa 01 rsa --bits 2048
check generate-p256 generate p256 02 ecdsa --curve secp256r1
check generate-p384 generate p384 03 ecdsa --curve secp384r1
check generate-ed25519 generate_ed25519
check list listing
check test-sign-rsa test_sign rsa
check test-sign-pss test_sign_pss
check test-sign-p256 test_sign p256
check test-sign-p384 test_sign p384
for label in rsa p256 p384; do
    check "export-$label" export_pubkey "$label"
done
for label in rsa p256; do
    check "certtool-self-signed-$label" self_signed "$label"
    check "certtool-request-$label" request "$label"
done
check certtool-issue issue
check certificates certificates
for label in rsa p256; do
    check "certtool-p7-$label" p7_sign "$label"
done
check write-certificate certificate_write
check write-trusted certificate_trusted
check import-rsa import_privkey RSA rsa_keygen_bits:2048 rsa-in 21
check import-p256 import_privkey EC ec_paramgen_curve:P-256 ec-in 22
check import-secret import_secret
check set-id set_id
check delete delete
check random random
check pin-wrong pin_wrong
for label in rsa p256; do
    check "tls1.2-$label" tls "$label" tls1_2
    check "tls1.3-$label" tls "$label" tls1_3
done
