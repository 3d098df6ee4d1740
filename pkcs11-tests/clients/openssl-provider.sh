# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# The OpenSSL command through pkcs11-provider; and pkcs11-tool, itself a user of libcrypto, on the
# module while OPENSSL_CONF activates the provider that points back at the same module (re-entry).

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program openssl pkcs11-tool
modules=$(openssl version -m | sed 's/^MODULESDIR: "\(.*\)"$/\1/')
need_file "$modules/pkcs11.so" "pkcs11-provider"

readonly URL="pkcs11:token=$TOKEN"
readonly CONF=$TEST_DIR/provider.cnf

# conf_write FILE PIN-FILE: no quirks, except for SoftHSM2, which dies in exit handlers without.
conf_write() {
    cat >"$1" <<END
openssl_conf = init
[init]
providers = provider_list
[provider_list]
default = provider_default
pkcs11 = provider_pkcs11
[provider_default]
activate = 1
[provider_pkcs11]
module = $modules/pkcs11.so
pkcs11-module-path = $TEST_MODULE
pkcs11-module-token-pin = file:$2
pkcs11-module-encode-provider-uri-to-pem = true
activate = 1
END
    [ "$TEST_BACKEND" = tee ] || echo 'pkcs11-module-quirks = no-deinit' >>"$1"
}

# provider ARG...: openssl with the provider, and no other hint of it.
provider() {
    OPENSSL_CONF=$CONF timeout "$PATIENCE" openssl "$@"
}

key() {
    printf '%s;object=%s;type=private' "$URL" "$1"
}

listed() {
    says 'name: PKCS#11 Provider' provider list -providers
    says 'status: active' provider list -providers
}

store() {
    says 'Private-?[Kk]ey|Pkey' provider storeutl -noout -text "$URL;object=p256"
    says 'Total found: [1-9]' provider storeutl -noout "$URL"
}

pubout() {
    provider pkey -in "$(key "$1")" -pubout -out told
    plain pkey -pubin -in told -out told.pub # from the provider: "RSA PUBLIC KEY"
    same told.pub "$1.pub"
}

request() {
    provider req -new -key "$(key "$1")" -subj "/CN=$1" -out "$1.csr"
    says 'OK' plain req -in "$1.csr" -verify -noout
    plain req -in "$1.csr" -noout -pubkey -out request.pub
    same request.pub "$1.pub"
}

self_signed() {
    provider req -x509 -days 20 -key "$(key "$1")" -subj "/CN=self $1" -out "self-$1.pem" \
        -addext basicConstraints=critical,CA:true
    says ': OK' plain verify -check_ss_sig -CAfile "self-$1.pem" "self-$1.pem"
}

issue() {
    plain req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout out.key -out out.csr \
        -subj /CN=outside
    provider x509 -req -in out.csr -CA self-rsa.pem -CAkey "$(key rsa)" -days 10 -out issued.pem
    says ': OK' plain verify -CAfile self-rsa.pem issued.pem
}

# digest NAME LABEL: signed by the token, judged by plain openssl; and the other way about.
digest() {
    local file

    for file in "$DATA" "$BIG"; do
        provider dgst "-$1" -sign "$(key "$2")" -out sig "$file"
        verified "$2.pub" "$1" sig "$file"
    done
}

verify() {
    provider dgst -sha256 -sign "$(key "$1")" -out sig "$DATA"
    says 'Verified OK' provider dgst -sha256 -verify "$URL;object=$1;type=public" -signature sig \
        "$DATA"
    refuses 'Verification failure' provider dgst -sha256 -verify "$URL;object=$1;type=public" \
        -signature sig "$BIG"
}

pss() {
    provider dgst "-$1" -sign "$(key rsa)" -sigopt rsa_padding_mode:pss \
        -sigopt rsa_pss_saltlen:digest -out sig "$DATA"
    verified rsa.pub "$1" sig "$DATA" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
}

ed25519() {
    provider pkeyutl -sign -rawin -inkey "$(key ed)" -in "$DATA" -out sig
    says 'Verified Successfully' plain pkeyutl -verify -pubin -inkey ed.pub -rawin -in "$DATA" \
        -sigfile sig
}

decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret "$@"
    provider pkeyutl -decrypt -inkey "$(key rsa)" -in secret -out opened "$@"
    same secret.txt opened
}

derive() {
    plain genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out peer.pem
    plain pkey -in peer.pem -pubout -out peer.pub
    provider pkeyutl -derive -inkey "$(key "$1")" -peerkey peer.pub -out z
    plain pkeyutl -derive -inkey peer.pem -peerkey "$1.pub" -out z.right
    same z z.right
}

# generate LABEL ALGORITHM OPTION ID: by genpkey, in the token.
generate() {
    provider genpkey -propquery 'provider=pkcs11' -algorithm "$2" ${3:+-pkeyopt "$3"} \
        -pkeyopt "pkcs11_uri:$URL;object=$1;id=%$4" -out "$1.reference"
    says "Private.*\\|$1\\|$4" objects_user
    pubkey_export "$1"
    pubout "$1"
    says 'BEGIN PKCS#11 PROVIDER URI' cat "$1.reference"
}

# A file that holds the key's URI, where a program wants a file.
by_reference() {
    provider dgst -sha256 -sign made-rsa.reference -out sig "$DATA"
    verified made-rsa.pub sha256 sig "$DATA"
}

cms() {
    provider cms -sign -binary -nodetach -inkey "$(key "$1")" -signer "$1.pem" -in "$DATA" \
        -outform PEM -out signed.cms
    plain cms -verify -binary -inform PEM -in signed.cms -CAfile ca.pem -purpose any \
        -out signed.data
    same "$DATA" signed.data
}

cms_decrypt() {
    plain cms -encrypt -binary -aes256 -in "$DATA" -outform PEM -out encrypted.cms "$1.pem"
    provider cms -decrypt -binary -inform PEM -in encrypted.cms -inkey "$(key "$1")" \
        -recip "$1.pem" -out opened
    same "$DATA" opened
}

# The certificate, too, is in the token.
certificate() {
    cert_store rsa 01
    provider x509 -in "$URL;object=rsa;type=cert" -outform DER -out read.crt
    same rsa.crt read.crt
}

tls() {
    local port

    port=$(port_take)
    OPENSSL_CONF=$CONF serve serv.log openssl s_server -accept "127.0.0.1:$port" \
        -key "$(key "$1")" -cert "$1.pem" -www
    wait_listen "$port" serv.log
    for _ in 1 2 3; do
        says 'Verification: OK' plain s_client -connect "127.0.0.1:$port" "-$2" -CAfile ca.pem \
            -verify_return_error -brief </dev/null
    done
}

tls_client() {
    local port

    port=$(port_take)
    plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout serv.key \
        -out serv.pem -subj /CN=server -days 5
    serve serv.log openssl s_server -accept "127.0.0.1:$port" -key serv.key -cert serv.pem \
        -CAfile ca.pem -Verify 2 -verify_return_error -www
    wait_listen "$port" serv.log
    printf 'GET / HTTP/1.0\r\n\r\n' >request.http
    says "Subject: CN *= *$1" provider s_client -connect "127.0.0.1:$port" "-$2" \
        -CAfile serv.pem -verify_return_error -key "$(key "$1")" -cert "$1.pem" -ign_eof <request.http
}

pin_wrong() {
    printf wrong-pin >bad-pin
    conf_write bad.cnf "$TEST_DIR/bad-pin"
    refuses . env OPENSSL_CONF="$TEST_DIR/bad.cnf" timeout "$PATIENCE" openssl dgst -sha256 \
        -sign "$(key rsa)" -out sig "$DATA"
    digest sha256 rsa
}

# --- re-entry: the application is no friend of the provider, but its OPENSSL_CONF brings it in ---

# reentry WHEN FUNCTION: WHEN the provider loads the module: lazily, at its first use, or early, at
# once: then inside the first call of the module that comes to libcrypto.
reentry() {
    { cat "$CONF" && echo "pkcs11-module-load-behavior = $1"; } >"$1.cnf"
    [ "$1" = early ] || cp "$CONF" "$1.cnf"
    export OPENSSL_CONF=$TEST_DIR/$1.cnf
    "reentry_$2"
}

reentry_list() {
    says 'Private Key Object.*\|rsa\|01' objects_user
    says 'token initialized' p11 --list-token-slots
}

reentry_sign() {
    p11_user --sign --mechanism SHA256-RSA-PKCS --id 01 --input-file "$BIG" --output-file sig
    verified rsa.pub sha256 sig "$BIG"
    plain dgst -sha256 -binary -out hash "$DATA"
    p11_user --sign --mechanism ECDSA --signature-format openssl --id 02 --input-file hash \
        --output-file sig
    verified p256.pub sha256 sig "$DATA"
}

reentry_decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret
    p11_user --decrypt --mechanism RSA-PKCS --id 01 --input-file secret --output-file opened
    same secret.txt opened
}

reentry_test() {
    says 'No errors' p11_user --test
}

# A store of its own, from the first C_InitToken on; in a folder of its own, so that its public keys
# do not take the place of the others.
reentry_init() {
    conf_make "reentry-${OPENSSL_CONF##*/}"
    cd "reentry-${OPENSSL_CONF##*/}"
    token_init
    keys_make
}

certificates() {
    ca_make
    cert_make rsa
    cert_make p256
}

ed_key() {
    key_make EC:edwards25519 ed 03
    pubkey_export ed
}

conf_write "$CONF" "$PIN_FILE"
token_make
check keys keys_make
check key-ed25519 ed_key
check certificates certificates
check provider listed
check storeutl store
check pkey-ed25519 pubout ed
check ed25519 ed25519
for label in rsa p256; do
    check "pkey-$label" pubout "$label"
    check "req-$label" request "$label"
    check "req-x509-$label" self_signed "$label"
    for md in sha256 sha384 sha512; do
        check "dgst-$md-$label" digest "$md" "$label"
    done
    check "verify-$label" verify "$label"
    check "cms-$label" cms "$label"
    check "s_server-tls1.2-$label" tls "$label" tls1_2
    check "s_server-tls1.3-$label" tls "$label" tls1_3
    check "s_client-tls1.2-$label" tls_client "$label" tls1_2
    check "s_client-tls1.3-$label" tls_client "$label" tls1_3
done
check x509-issue issue
check x509-in-token certificate
check dgst-pss-sha256 pss sha256
check dgst-pss-sha384 pss sha384
check decrypt-pkcs1 decrypt
for md in sha1 sha256; do # both are named: the provider's defaults are not openssl's
    check "decrypt-oaep-$md" decrypt -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$md" \
        -pkeyopt "rsa_mgf1_md:$md"
done
check cms-decrypt cms_decrypt rsa
check derive derive p256 P-256
check genpkey-rsa generate made-rsa RSA rsa_keygen_bits:2048 11
check genpkey-p256 generate made-ec EC ec_paramgen_curve:P-256 12
check genpkey-ed25519 generate made-ed ED25519 '' 13
check key-reference by_reference
check pin-wrong pin_wrong
for what in list sign decrypt test; do
    check "reentry-lazy-$what" reentry lazy "$what"
    check "reentry-early-$what" reentry early "$what"
done
# Not early: that provider logs in as the user, so that the SO can't.
check reentry-lazy-init reentry lazy init
