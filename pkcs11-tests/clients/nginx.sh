# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# nginx with keys in the token through the OpenSSL engine: loaded in the master, used in its workers.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
nginx=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx)
need_file "${nginx:-/usr/sbin/nginx}" nginx
need_program openssl pkcs11-tool
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
need_file "$engines/pkcs11.so" "the OpenSSL engine for PKCS#11"

key() {
    printf 'engine:pkcs11:pkcs11:token=%s;object=%s;type=private?pin-source=file:%s' "$TOKEN" "$1" \
        "$PIN_FILE"
}

# The engine is initialised by OpenSSL's configuration: nginx itself does not.
conf_write() {
    cat >engine.cnf <<END
openssl_conf = init
[init]
engines = engine_list
[engine_list]
pkcs11 = engine_pkcs11
[engine_pkcs11]
engine_id = pkcs11
MODULE_PATH = $TEST_MODULE
init = 1
END
}

# server PORT LABEL
server() {
    cat <<END
    server {
        listen 127.0.0.1:$1 ssl;
        ssl_certificate $TEST_DIR/$2.pem;
        ssl_certificate_key "$(key "$2")";
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache off;
        ssl_session_tickets off;
        location / { return 200 "served with $2\n"; }
    }
END
}

# nginx_start: two servers, RSA on RSA_PORT and P-256 on EC_PORT, by four workers. Workers stay the
# user that the store belongs to.
nginx_start() {
    RSA_PORT=$(port_take)
    EC_PORT=$(port_take)
    mkdir -p nginx
    cat >nginx.conf <<END
daemon off;
worker_processes 4;
pid $TEST_DIR/nginx.pid;
error_log stderr info;
ssl_engine pkcs11;
env OPENSSL_CONF;
env TEE_PKCS11_CONF;
env SOFTHSM2_CONF;
$([ "$(id -u)" -ne 0 ] || echo 'user root;')
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $TEST_DIR/nginx;
    proxy_temp_path $TEST_DIR/nginx;
    fastcgi_temp_path $TEST_DIR/nginx;
    uwsgi_temp_path $TEST_DIR/nginx;
    scgi_temp_path $TEST_DIR/nginx;
$(server "$RSA_PORT" rsa)
$(server "$EC_PORT" p256)
}
END
    OPENSSL_CONF=$TEST_DIR/engine.cnf serve nginx.log "$nginx" -p "$TEST_DIR" -c "$TEST_DIR/nginx.conf" \
        -e stderr
    wait_listen "$RSA_PORT" nginx.log
}

# ask PORT LABEL VERSION: one connection, one answer.
ask() {
    printf 'GET / HTTP/1.0\r\n\r\n' |
        plain s_client -connect "127.0.0.1:$1" "-$3" -CAfile ca.pem -verify_return_error -quiet \
            -ign_eof 2>/dev/null | grep -F "served with $2"
}

port_of() {
    if [ "$1" = rsa ]; then echo "$RSA_PORT"; else echo "$EC_PORT"; fi
}

serves() {
    nginx_start
    for _ in 1 2 3 4 5 6; do
        says "served with $1" ask "$(port_of "$1")" "$1" "$2"
    done
}

# Eight clients at a time, five rounds: every worker gets some.
crowd() {
    local round i pids

    nginx_start
    for round in 1 2 3 4 5; do
        pids=()
        for i in 1 2 3 4; do
            ask "$RSA_PORT" rsa tls1_3 >"answer.$i" &
            pids+=($!)
            ask "$EC_PORT" p256 tls1_2 >"answer.ec.$i" &
            pids+=($!)
        done
        for i in "${pids[@]}"; do
            wait "$i" || fail "an answer is missing in round $round"
        done
    done
    never_says 'alert|crit|exited on signal' grep -v notice nginx.log
}

# New workers, and the master's configuration read again.
reload() {
    nginx_start
    says 'served with rsa' ask "$RSA_PORT" rsa tls1_3
    kill -HUP "$SERVED"
    wait_for 20 grep -c 'gracefully shutting down' nginx.log
    sleep 1
    for _ in 1 2 3 4; do
        says 'served with rsa' ask "$RSA_PORT" rsa tls1_3
        says 'served with p256' ask "$EC_PORT" p256 tls1_3
    done
    never_says 'exited on signal' cat nginx.log
}

prepare() {
    conf_write
    ca_make
    cert_make rsa
    cert_make p256
}

token_make
check keys keys_make
check prepare prepare
for label in rsa p256; do
    check "tls1.2-$label" serves "$label" tls1_2
    check "tls1.3-$label" serves "$label" tls1_3
done
check crowd crowd
check reload reload
