# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# p11-kit: the module registered in a user's configuration, found by p11-kit's own commands, by
# p11tool and through p11-kit-proxy; behind p11-kit server, several clients at once; and behind
# p11-kit remote.
#
# p11-kit reads no user's configuration for root, so that root's run is made as nobody.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program p11-kit pkcs11-tool p11tool openssl setpriv

# library NAME: where Debian, or another system, has one of p11-kit's modules.
library() {
    local dir

    for dir in /usr/lib /usr/lib/*-linux-gnu* /usr/lib64 /usr/local/lib; do
        if [ -e "$dir/$1" ]; then
            printf '%s\n' "$dir/$1"
            return
        fi
    done
}

proxy=$(library p11-kit-proxy.so)
client=$(library pkcs11/p11-kit-client.so)
need_file "${proxy:-p11-kit-proxy.so}" p11-kit-proxy
need_file "${client:-p11-kit-client.so}" p11-kit-client

readonly URL="pkcs11:token=$TOKEN"
readonly REGISTERED=$HOME/.config/pkcs11/modules
export GNUTLS_PIN=$PIN

# Everything runs as one user who is not root, with a copy of the module that he can read.
user_prepare() {
    cp "$TEST_MODULE" module.so
    TEST_MODULE=$TEST_DIR/module.so
    mkdir -p "$REGISTERED"
    printf 'user-config: only\n' >"$HOME/.config/pkcs11/pkcs11.conf"
    printf 'module: %s\n' "$TEST_MODULE" >"$REGISTERED/tee-pkcs11.module"
    conf_make token
    [ "$(id -u)" -eq 0 ] || return 0
    RUN_AS=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
    chmod 711 "$TEST_RUN"
    chown -R nobody "$TEST_DIR"
}

# as_user COMMAND...
as_user() {
    "${RUN_AS[@]}" timeout "$PATIENCE" "$@"
}

list_modules() {
    says '^(module|tee-pkcs11): |path: .*module.so' as_user p11-kit list-modules
    says "token: $TOKEN" as_user p11-kit list-modules
}

# Debian 12's p11-kit has no list-objects; p11tool lists by the same library.
list_objects() {
    if p11-kit --help 2>&1 | grep list-objects >/dev/null; then
        says 'object: rsa|label: rsa|rsa' as_user p11-kit list-objects "$URL"
        says 'private-key|Private' as_user p11-kit list-objects --login "$URL" <<<"$PIN"
    fi
    says 'Label: rsa' as_user p11tool --list-all "$URL"
    says 'Type: Private key' as_user p11tool --login --batch --list-all "$URL"
}

registered_sign() {
    says '\.\.\. ok' as_user p11tool --login --batch --test-sign "$URL;object=rsa;type=private"
    says '\.\.\. ok' as_user p11tool --login --batch --test-sign "$URL;object=p256;type=private"
}

# through MODULE FUNCTION...: the check's pkcs11-tool uses another module in place of ours.
through() {
    TEST_MODULE=$1
    shift
    "$@"
}

list() {
    says "token label *: $TOKEN" p11 --list-token-slots
    says 'Public.*\|rsa\|01' objects_open
    never_says 'Private' objects_open
    says 'Private.*\|p256\|02' objects_user
}

sign() {
    p11_user --sign --mechanism SHA256-RSA-PKCS --id 01 --input-file "$BIG" --output-file sig
    verified rsa.pub sha256 sig "$BIG"
    plain dgst -sha256 -binary -out hash "$DATA"
    p11_user --sign --mechanism ECDSA --signature-format openssl --id 02 --input-file hash \
        --output-file sig
    verified p256.pub sha256 sig "$DATA"
}

decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret
    p11_user --decrypt --mechanism RSA-PKCS --id 01 --input-file secret --output-file opened
    same secret.txt opened
}

# keygen ID: made through the detour, there for everybody afterwards.
keygen() {
    key_make EC:prime256v1 "made-$1" "$1"
    p11_user --write-object "$DATA" --type data --label "data-$1" --private
    p11_user --read-object --type data --label "data-$1" --output-file read
    same "$DATA" read
}

made_elsewhere() {
    says 'made-21' objects_user
    says 'made-22' objects_user
}

server_start() {
    rm -f server.sock
    serve server.log "${RUN_AS[@]}" p11-kit server --foreground --name "$TEST_DIR/server.sock" \
        --provider "$TEST_MODULE" "$URL"
    wait_for 20 test -S server.sock || fail "the server does not start: $(tail -n 1 server.log)"
    export P11_KIT_SERVER_ADDRESS=unix:path=$TEST_DIR/server.sock
}

# by_server FUNCTION ARG...
by_server() {
    server_start
    through "$client" "$@"
}

# Four clients, ten signatures each, at one server.
server_crowd() {
    local i pids=()

    server_start
    TEST_MODULE=$client
    for i in 1 2 3 4; do
        crowd_member "$i" >"member.$i.log" 2>&1 &
        pids+=($!)
    done
    for i in 1 2 3 4; do
        wait "${pids[i - 1]}" || fail "client $i: $(tail -n 1 "member.$i.log")"
    done
}

crowd_member() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        p11_user --sign --mechanism SHA256-RSA-PKCS --id 01 --input-file "$DATA" \
            --output-file "member.$1.sig"
        plain dgst -sha256 -verify rsa.pub -signature "member.$1.sig" "$DATA"
    done
}

# by_remote FUNCTION ARG...: registered as a command that speaks p11-kit's protocol on its pipe.
by_remote() {
    local local_module=$TEST_MODULE

    mv "$REGISTERED/tee-pkcs11.module" kept.module
    printf 'remote: |p11-kit remote %s\n' "$local_module" >"$REGISTERED/remote.module"
    as_user cat "$REGISTERED/remote.module" || chown nobody "$REGISTERED/remote.module"
    through "$proxy" "$@"
}

remote_end() {
    rm -f "$REGISTERED/remote.module"
    mv kept.module "$REGISTERED/tee-pkcs11.module"
}

umask 022
user_prepare
check token token_init
check keys keys_make
check list-modules list_modules
check list-objects list_objects
check registered-sign registered_sign
check proxy-list through "$proxy" list
check proxy-sign through "$proxy" sign
check proxy-decrypt through "$proxy" decrypt
check proxy-keygen through "$proxy" keygen 21
check server-list by_server list
check server-sign by_server sign
check server-decrypt by_server decrypt
check server-keygen by_server keygen 22
check server-crowd server_crowd
check made-elsewhere made_elsewhere
check remote-list by_remote list
remote_end
check remote-sign by_remote sign
remote_end
