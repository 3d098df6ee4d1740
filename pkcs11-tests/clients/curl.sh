# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# curl with a client key in the token, through the OpenSSL engine.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program curl openssl pkcs11-tool
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
need_file "$engines/pkcs11.so" "the OpenSSL engine for PKCS#11"
curl --version | grep OpenSSL >/dev/null || need_file /none "curl with OpenSSL"

# The server wants a certificate, and its page names the one that it saw.
server_start() {
    PORT=$(port_take)
    serve serv.log openssl s_server -accept "127.0.0.1:$PORT" -key serv.key -cert serv.pem \
        -CAfile ca.pem -Verify 2 -verify_return_error -www
    wait_listen "$PORT" serv.log
}

fetch() {
    local label=$1

    shift
    PKCS11_MODULE_PATH=$TEST_MODULE timeout "$PATIENCE" curl --disable --silent --show-error \
        --cacert serv.pem --engine pkcs11 --key-type ENG \
        --key "pkcs11:token=$TOKEN;object=$label;type=private?pin-source=file:$PIN_FILE" \
        --cert "$label.pem" "$@" "https://localhost:$PORT/"
}

client_key() {
    server_start
    for _ in 1 2; do
        says "Subject: CN *= *$1" fetch "$1" "--tlsv1.${2#tls1_}" --tls-max "1.${2#tls1_}"
    done
}

# Without the key, no page.
no_key() {
    server_start
    refuses 'certificate required|alert|handshake|SSL' timeout "$PATIENCE" curl --disable --silent \
        --show-error --cacert serv.pem "https://localhost:$PORT/"
}

certificates() {
    ca_make
    cert_make rsa
    cert_make p256
    plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout serv.key \
        -out serv.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 5
}

token_make
check keys keys_make
check certificates certificates
for label in rsa p256; do
    check "client-tls1.2-$label" client_key "$label" tls1_2
    check "client-tls1.3-$label" client_key "$label" tls1_3
done
check no-key no_key
