# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# stunnel, as server and as client, with its key in the token through the OpenSSL engine.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program stunnel openssl pkcs11-tool
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
need_file "$engines/pkcs11.so" "the OpenSSL engine for PKCS#11"

# stunnel_start LABEL LINE...: a service on PORT
stunnel_start() {
    local label=$1

    shift
    PORT=$(port_take)
    cat >stunnel.conf <<END
foreground = yes
pid =
debug = info
syslog = no
engine = pkcs11
engineCtrl = MODULE_PATH:$TEST_MODULE
engineCtrl = PIN:$PIN
engineCtrl = INIT
[service]
engineId = pkcs11
accept = 127.0.0.1:$PORT
cert = $TEST_DIR/$label.pem
key = pkcs11:token=$TOKEN;object=$label;type=private
END
    printf '%s\n' "$@" >>stunnel.conf
    serve stunnel.log stunnel "$TEST_DIR/stunnel.conf"
    wait_listen "$PORT" stunnel.log
}

# The page behind it comes from a plain openssl s_server.
behind_start() {
    BEHIND=$(port_take)
    plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout serv.key \
        -out serv.pem -subj /CN=behind -days 5
    serve behind.log openssl s_server -accept "127.0.0.1:$BEHIND" -key serv.key -cert serv.pem \
        -CAfile ca.pem "$@" -www
    wait_listen "$BEHIND" behind.log
}

# server LABEL VERSION: TLS ends at stunnel; what is inside goes to echo.
server() {
    stunnel_start "$1" 'exec = /bin/echo' 'execArgs = echo inside 42'
    for _ in 1 2 3; do
        says 'inside 42' plain s_client -connect "127.0.0.1:$PORT" "-$2" -CAfile ca.pem \
            -verify_return_error -quiet -ign_eof </dev/null
    done
}

# client LABEL: stunnel speaks TLS for a program that can't, and shows the key of the token.
client() {
    behind_start -Verify 2 -verify_return_error
    stunnel_start "$1" 'client = yes' "connect = 127.0.0.1:$BEHIND"
    exec 3<>"/dev/tcp/127.0.0.1/$PORT"
    cat request.http >&3
    says "Subject: CN *= *$1" timeout 20 cat <&3
}

certificates() {
    ca_make
    cert_make rsa
    cert_make p256
    printf 'GET / HTTP/1.0\r\n\r\n' >"request.http"
}

token_make
check keys keys_make
check certificates certificates
for label in rsa p256; do
    check "server-tls1.2-$label" server "$label" tls1_2
    check "server-tls1.3-$label" server "$label" tls1_3
    check "client-$label" client "$label"
done
