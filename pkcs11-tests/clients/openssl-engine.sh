# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# The OpenSSL command through the PKCS#11 engine of libp11.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program openssl pkcs11-tool
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
need_file "$engines/pkcs11.so" "the OpenSSL engine for PKCS#11"

readonly URL="pkcs11:token=$TOKEN"

# engine COMMAND ARG...: openssl with the engine; the PIN comes from a file named in the URL.
engine() {
    local command=$1

    shift
    PKCS11_MODULE_PATH=$TEST_MODULE timeout "$PATIENCE" openssl "$command" -engine pkcs11 "$@"
}

key() {
    printf '%s;object=%s;type=private?pin-source=file:%s' "$URL" "$1" "$PIN_FILE"
}

listed() {
    says 'pkcs11 engine|pkcs11' env PKCS11_MODULE_PATH="$TEST_MODULE" timeout "$PATIENCE" \
        openssl engine -t -c pkcs11
    says '\[ available \]' env PKCS11_MODULE_PATH="$TEST_MODULE" timeout "$PATIENCE" \
        openssl engine -t -c pkcs11
}

request() {
    engine req -new -keyform engine -key "$(key "$1")" -subj "/CN=$1" -out "$1.csr"
    says 'OK' plain req -in "$1.csr" -verify -noout
    plain req -in "$1.csr" -noout -pubkey -out request.pub
    same request.pub "$1.pub"
}

self_signed() {
    engine req -x509 -days 20 -keyform engine -key "$(key "$1")" -subj "/CN=self $1" \
        -out "self-$1.pem"
    says ': OK' plain verify -check_ss_sig -CAfile "self-$1.pem" "self-$1.pem"
}

issue() {
    plain req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout out.key -out out.csr \
        -subj /CN=outside
    engine x509 -req -in out.csr -CA self-rsa.pem -CAkeyform engine -CAkey "$(key rsa)" -days 10 \
        -out issued.pem
    says ': OK' plain verify -CAfile self-rsa.pem issued.pem
}

# dgst DIGEST LABEL
digest() {
    local file

    for file in "$DATA" "$BIG"; do
        engine dgst "-$1" -keyform engine -sign "$(key "$2")" -out sig "$file"
        verified "$2.pub" "$1" sig "$file"
    done
}

pss() {
    engine dgst -sha256 -keyform engine -sign "$(key rsa)" -sigopt rsa_padding_mode:pss \
        -sigopt rsa_pss_saltlen:digest -out sig "$DATA"
    verified rsa.pub sha256 sig "$DATA" -sigopt rsa_padding_mode:pss \
        -sigopt rsa_pss_saltlen:digest
}

# The old form of a key's name: slot and id.
by_slot_and_id() {
    local slot

    slot=$(p11 --list-token-slots | sed -n 's/^Slot [0-9]* (\(0x[0-9a-f]*\)).*/\1/p' | head -n 1)
    engine dgst -sha256 -keyform engine -passin "pass:$PIN" -sign "slot_$((slot))-id_02" -out sig \
        "$DATA"
    verified p256.pub sha256 sig "$DATA"
}

# The module and the PIN in a configuration file, as servers have it.
by_configuration() {
    cat >engine.cnf <<END
openssl_conf = init
[init]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
MODULE_PATH = $TEST_MODULE
PIN = $PIN
init = 0
END
    OPENSSL_CONF=$TEST_DIR/engine.cnf timeout "$PATIENCE" openssl dgst -sha256 -engine pkcs11 \
        -keyform engine -sign "$URL;object=rsa;type=private" -out sig "$DATA"
    verified rsa.pub sha256 sig "$DATA"
}

decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret "$@"
    engine pkeyutl -decrypt -keyform engine -inkey "$(key rsa)" -in secret -out opened "$@"
    same secret.txt opened
}

derive() {
    plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
    plain pkey -in peer.pem -pubout -out peer.pub
    engine pkeyutl -derive -keyform engine -inkey "$(key p256)" -peerkey peer.pub -out z
    plain pkeyutl -derive -inkey peer.pem -peerkey p256.pub -out z.right
    same z z.right
}

cms() {
    engine cms -sign -binary -nodetach -keyform engine -inkey "$(key "$1")" -signer "$1.pem" \
        -in "$DATA" -outform PEM -out signed.cms
    plain cms -verify -binary -inform PEM -in signed.cms -CAfile ca.pem -purpose any -out signed.data
    same "$DATA" signed.data
}

cms_decrypt() {
    plain cms -encrypt -binary -aes256 -in "$DATA" -outform PEM -out encrypted.cms rsa.pem
    engine cms -decrypt -binary -inform PEM -in encrypted.cms -keyform engine \
        -inkey "$(key rsa)" -recip rsa.pem -out opened
    same "$DATA" opened
}

# tls LABEL VERSION: the server's key is in the token.
tls() {
    local port

    port=$(port_take)
    PKCS11_MODULE_PATH=$TEST_MODULE serve serv.log openssl s_server -engine pkcs11 \
        -accept "127.0.0.1:$port" -keyform engine -key "$(key "$1")" -cert "$1.pem" -www
    wait_listen "$port" serv.log
    for _ in 1 2 3; do
        says 'Verification: OK' plain s_client -connect "127.0.0.1:$port" "-$2" -CAfile ca.pem \
            -verify_return_error -brief </dev/null
    done
}

# tls_client LABEL VERSION: the client's key is in the token; the server's page names its certificate.
tls_client() {
    local port

    port=$(port_take)
    plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout serv.key \
        -out serv.pem -subj /CN=server -days 5
    serve serv.log openssl s_server -accept "127.0.0.1:$port" -key serv.key -cert serv.pem \
        -CAfile ca.pem -Verify 2 -verify_return_error -www
    wait_listen "$port" serv.log
    printf 'GET / HTTP/1.0\r\n\r\n' >request.http
    says "Subject: CN *= *$1" engine s_client -connect "127.0.0.1:$port" "-$2" -CAfile serv.pem \
        -verify_return_error -keyform engine -key "$(key "$1")" -cert "$1.pem" -ign_eof <request.http
}

pin_wrong() {
    printf wrong-pin >bad-pin
    refuses 'PIN|pin|login|authentication|CKR' env PKCS11_MODULE_PATH="$TEST_MODULE" \
        timeout "$PATIENCE" openssl dgst -engine pkcs11 -sha256 -keyform engine \
        -sign "$URL;object=rsa;type=private?pin-source=file:$TEST_DIR/bad-pin" -out sig "$DATA"
    digest sha256 rsa
}

certificates() {
    ca_make
    cert_make rsa
    cert_make p256
}

token_make
check keys keys_make
check certificates certificates
check engine listed
for label in rsa p256; do
    check "req-$label" request "$label"
    check "req-x509-$label" self_signed "$label"
    for md in sha256 sha384 sha512; do
        check "dgst-$md-$label" digest "$md" "$label"
    done
    check "cms-$label" cms "$label"
    check "s_server-tls1.2-$label" tls "$label" tls1_2
    check "s_server-tls1.3-$label" tls "$label" tls1_3
    check "s_client-tls1.2-$label" tls_client "$label" tls1_2
    check "s_client-tls1.3-$label" tls_client "$label" tls1_3
done
check x509-issue issue
check dgst-pss pss
check slot-and-id by_slot_and_id
check configuration by_configuration
check decrypt-pkcs1 decrypt
check decrypt-oaep decrypt -pkeyopt rsa_padding_mode:oaep
check decrypt-oaep-sha256 decrypt -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
check derive derive
check cms-decrypt cms_decrypt
check pin-wrong pin_wrong
