# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# haproxy with its keys in the token through pkcs11-provider: in the place of a key file it is given
# the provider's file that holds the key's URI.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
haproxy=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v haproxy)
need_file "${haproxy:-/usr/sbin/haproxy}" haproxy
need_program openssl pkcs11-tool
modules=$(openssl version -m | sed 's/^MODULESDIR: "\(.*\)"$/\1/')
need_file "$modules/pkcs11.so" "pkcs11-provider"

# Debian 13's haproxy takes its memory from jemalloc, and pkcs11-provider loads modules by
# RTLD_DEEPBIND, so that a module's free() is libc's while strdup(), in libc, asks jemalloc. No module
# can live with that (docs/clients.md); let all memory be libc's.
ALLOCATOR=()
if ldd "$haproxy" | grep jemalloc >/dev/null; then
    ALLOCATOR=(LD_PRELOAD=libc.so.6)
fi

conf_write() {
    cat >provider.cnf <<END
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
pkcs11-module-token-pin = file:$PIN_FILE
pkcs11-module-encode-provider-uri-to-pem = true
activate = 1
END
    [ "$TEST_BACKEND" = tee ] || echo 'pkcs11-module-quirks = no-deinit' >>provider.cnf
    ca_make
    cert_make rsa
    cert_make p256
    for label in rsa p256; do
        OPENSSL_CONF=$TEST_DIR/provider.cnf timeout "$PATIENCE" openssl pkey \
            -in "pkcs11:token=$TOKEN;object=$label;type=private" -out "$label.pem.key"
        says 'BEGIN PKCS#11 PROVIDER URI' cat "$label.pem.key"
    done
}

# conf_haproxy LABEL
conf_haproxy() {
    cat >haproxy.conf <<END
global
    nbthread 2
    log stderr format raw local0
    ssl-load-extra-files key
defaults
    mode http
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend test
    bind 127.0.0.1:$PORT ssl crt $TEST_DIR/$1.pem
    http-request return status 200 content-type text/plain string "served with $1"
END
}

haproxy_start() {
    PORT=$(port_take)
    conf_haproxy "$1"
    OPENSSL_CONF=$TEST_DIR/provider.cnf serve haproxy.log env "${ALLOCATOR[@]}" "$haproxy" -db \
        -f haproxy.conf
    wait_listen "$PORT" haproxy.log
}

ask() {
    printf 'GET / HTTP/1.0\r\n\r\n' |
        plain s_client -connect "127.0.0.1:$PORT" "-$2" -CAfile ca.pem -verify_return_error -quiet \
            -ign_eof 2>/dev/null | grep -F "served with $1"
}

serves() {
    haproxy_start "$1"
    for _ in 1 2 3 4; do
        says "served with $1" ask "$1" "$2"
    done
}

crowd() {
    local i pids=()

    haproxy_start p256
    for i in 1 2 3 4 5 6 7 8; do
        ask p256 tls1_3 >"answer.$i" &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i" || fail "an answer is missing"
    done
}

# Without that the module refuses, and says why; nothing dies.
own_allocator() {
    only_tee
    PORT=$(port_take)
    conf_haproxy rsa
    refuses 'unable to load|no start line|private key' env OPENSSL_CONF="$TEST_DIR/provider.cnf" \
        TEE_PKCS11_DEBUG=error timeout "$PATIENCE" "$haproxy" -c -f haproxy.conf
    says 'LD_PRELOAD=libc.so.6' cat log/own-allocator
}

token_make
check keys keys_make
check prepare conf_write
for label in rsa p256; do
    check "tls1.2-$label" serves "$label" tls1_2
    check "tls1.3-$label" serves "$label" tls1_3
done
check crowd crowd
[ ${#ALLOCATOR[@]} -eq 0 ] || check own-allocator own_allocator
