# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# lib.sh - what the client runners share. ./run starts them.
#
# A runner sources this file; it is a list of functions and of `check NAME FUNCTION [ARG...]` calls. Each check is one line
# of the result. Its function runs in a subshell under `set -eu -o pipefail`, in the runner's scratch
# directory, with its output kept in log/NAME; the first command that fails ends it. `fail` and `skip`
# end it with a reason. Servers that it starts with `serve` die with it.
#
# Results are judged by the plain openssl command (`plain`) and by the public key that was exported,
# never by the module that made them.
#
# Given by ./run:
#   TEST_MODULE   the module
#   TEST_COMMAND  the tee-pkcs11 command (may be absent: --softhsm)
#   TEST_BACKEND  tee or softhsm
#   TEST_CLIENT   the runner's name
#   TEST_DIR      the runner's scratch directory, its working directory and (home/) its HOME
#   TEST_RUN      the scratch directory of the whole run

set -uo pipefail
umask 077

readonly SKIPPED=77        # exit status of a check that could not be made
readonly PATIENCE=90       # seconds that one command may take
readonly TOKEN=tee-test    # label of the token
readonly PIN=7531-user     # of the user
readonly SO_PIN=8642-officer
readonly PIN_FILE=$TEST_DIR/pin
readonly SO_PIN_FILE=$TEST_DIR/so-pin
readonly DATA=$TEST_DIR/data       # 300 octets to sign
readonly BIG=$TEST_DIR/big         # 100 000 octets: more than any client sends in one call
RUN_AS=()  # a command that pkcs11-tool is run by, as another user
SERVERS=()

export HOME=$TEST_DIR/home PIN SO_PIN LC_ALL=C TZ=UTC
unset OPENSSL_CONF PKCS11_MODULE_PATH PKCS11_PROVIDER_MODULE SSH_AUTH_SOCK DISPLAY XDG_CONFIG_HOME \
    XDG_RUNTIME_DIR XDG_DATA_HOME P11_KIT_SERVER_ADDRESS

# --- results ----------------------------------------------------------------------------------

fail() {
    printf '%s\n' "$*" >"$TEST_DIR/reason"
    printf 'failed: %s\n' "$*"
    exit 1
}

skip() {
    printf '%s\n' "$*" >"$TEST_DIR/reason"
    exit "$SKIPPED"
}

# by_signal STATUS: whether it tells of a signal (ssh says 255 by itself).
by_signal() {
    [ "$1" -gt 128 ] && [ "$1" -le 192 ]
}

# check_reason STATUS LOG: why a check ended as it did, in one line.
check_reason() {
    if [ -s "$TEST_DIR/reason" ]; then
        head -n 1 "$TEST_DIR/reason"
    elif [ "$1" -eq 124 ]; then
        printf 'a command took more than %s seconds\n' "$PATIENCE"
    elif by_signal "$1"; then
        printf 'a command died by signal %s\n' "$(($1 - 128))"
    else
        printf 'exit status %s: %s\n' "$1" "$(grep -v '^ *$' "$2" | tail -n 1 | cut -c 1-200)"
    fi
}

check() {
    local name=$1 status log=$TEST_DIR/log/$1

    shift
    rm -f "$TEST_DIR/reason"
    (
        set -eu
        trap servers_stop EXIT
        cd "$TEST_DIR"
        "$@"
    ) </dev/null >"$log" 2>&1
    status=$?
    case $status in
        0) printf 'ok %s/%s\n' "$TEST_CLIENT" "$name" ;;
        "$SKIPPED") printf 'skip %s/%s: %s\n' "$TEST_CLIENT" "$name" "$(check_reason 77 "$log")" ;;
        *) printf 'FAIL %s/%s: %s\n' "$TEST_CLIENT" "$name" "$(check_reason $status "$log")" ;;
    esac
}

# need_program NAME...: ends the runner, as skipped, where one is not installed.
need_program() {
    local program

    for program in "$@"; do
        command -v "$program" >/dev/null && continue
        printf 'skip %s/program: %s is not installed\n' "$TEST_CLIENT" "$program"
        exit 0
    done
}

# need_file FILE WHAT: the same for a file.
need_file() {
    [ -e "$1" ] && return
    printf 'skip %s/program: %s is not installed\n' "$TEST_CLIENT" "$2"
    exit 0
}

# --- assertions, for use in checks ------------------------------------------------------------

# capture COMMAND...: its output and exit status in OUT and STATUS; dying by a signal is a failure.
capture() {
    STATUS=0
    OUT=$("$@" 2>&1) || STATUS=$?
    printf '%s\n' "$OUT"
    [ "$STATUS" -ne 124 ] || fail "took more than $PATIENCE seconds: $*"
    ! by_signal "$STATUS" || fail "died by signal $((STATUS - 128)): $*"
}

matches() {
    grep -E -e "$1" <<<"$OUT" >/dev/null
}

last_line() {
    grep -v '^ *$' <<<"$OUT" | tail -n 1 | cut -c 1-200
}

# says PATTERN COMMAND...: the command succeeds and prints a line that matches (grep -E).
says() {
    local pattern=$1

    shift
    capture "$@"
    [ "$STATUS" -eq 0 ] || fail "exit status $STATUS: $*: $(last_line)"
    matches "$pattern" || fail "no line like '$pattern' from: $*"
}

# prints PATTERN COMMAND...: a line matches, whatever the exit status.
prints() {
    local pattern=$1

    shift
    capture "$@"
    matches "$pattern" || fail "no line like '$pattern' from: $*"
}

# refuses PATTERN COMMAND...: the command fails, and prints a line that matches.
refuses() {
    local pattern=$1

    shift
    capture "$@"
    [ "$STATUS" -ne 0 ] || fail "should have failed: $*"
    matches "$pattern" || fail "refused, but no line like '$pattern': $*"
}

# never_says PATTERN COMMAND...: the command succeeds and no line matches.
never_says() {
    local pattern=$1

    shift
    capture "$@"
    [ "$STATUS" -eq 0 ] || fail "exit status $STATUS: $*: $(last_line)"
    ! matches "$pattern" || fail "a line like '$pattern' from: $*"
}

same() {
    cmp "$1" "$2" || fail "$1 and $2 differ"
}

# --- the module under test --------------------------------------------------------------------

# conf_make NAME: a configuration and an empty store of its own, made the current one.
conf_make() {
    local dir=$TEST_DIR/$1

    mkdir -p "$dir"
    if [ "$TEST_BACKEND" = softhsm ]; then
        mkdir -p "$dir/tokens"
        printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' \
            "$dir/tokens" >"$dir/softhsm2.conf"
        export SOFTHSM2_CONF=$dir/softhsm2.conf
    else
        printf 'store = "%s"\nroot = software\nsoftware-key = "%s"\n' \
            "$dir/store" "$dir/software.key" >"$dir/tee-pkcs11.conf"
        export TEE_PKCS11_CONF=$dir/tee-pkcs11.conf
    fi
}

only_tee() {
    [ "$TEST_BACKEND" = tee ] || skip "a matter of tee-pkcs11 alone"
}

command_tee() {
    timeout "$PATIENCE" "$TEST_COMMAND" "$@"
}

# p11 ARG...: pkcs11-tool on the module (by RUN_AS). p11_user, p11_so: on the token, logged in.
p11() {
    "${RUN_AS[@]}" timeout "$PATIENCE" pkcs11-tool --module "$TEST_MODULE" "$@"
}

p11_user() {
    p11 --token-label "$TOKEN" --login --pin env:PIN "$@"
}

p11_so() {
    p11 --token-label "$TOKEN" --login --login-type so --so-pin env:SO_PIN "$@"
}

# objects [ARG...]: what --list-objects shows, one line each: "Public Key Object; RSA 2048 bits|label|id".
# OpenSC 0.23 doesn't filter the list itself.
objects() {
    "$@" --list-objects 2>/dev/null | awk '
        function flush() { if (class != "") print class "|" label "|" id; class = label = id = "" }
        /^[A-Z].*[Oo]bject/ { flush(); class = $0 }
        $1 == "label:" { label = $2; gsub(/\047/, "", label) }
        $1 == "ID:" { id = $2 }
        END { flush() }'
}

# objects_open: what is seen without login; objects_user: what the user sees.
objects_open() {
    objects p11 --token-label "$TOKEN"
}

objects_user() {
    objects p11_user
}

token_init() {
    says 'successfully initialized' p11 --init-token --label "$TOKEN" --so-pin env:SO_PIN
    says 'successfully initialized' p11_so --init-pin --new-pin env:PIN
    says "token label *: $TOKEN" p11 --list-token-slots
}

# token_make: configuration, token and PINs; the first check of nearly every runner.
token_make() {
    conf_make token
    check token token_init
}

# has_mechanism NAME: by pkcs11-tool's name for it. need_mechanism: tee-pkcs11 must list it.
has_mechanism() {
    [ -s "$TEST_DIR/mechanisms" ] ||
        p11 --token-label "$TOKEN" --list-mechanisms >"$TEST_DIR/mechanisms" 2>/dev/null
    grep -E -e "^ *$1(,|\$)" "$TEST_DIR/mechanisms" >/dev/null
}

need_mechanism() {
    if ! has_mechanism "$1"; then
        [ "$TEST_BACKEND" = tee ] || skip "the module has no $1"
        fail "the module does not list $1"
    fi
}

# --- keys, certificates, judgement ------------------------------------------------------------

# key_make TYPE LABEL ID [ARG...]: a key pair by pkcs11-tool; TYPE in its words (rsa:2048, EC:...).
key_make() {
    local type=$1 label=$2 id=$3

    shift 3
    says 'Private Key Object' p11_user --keypairgen --key-type "$type" --label "$label" --id "$id" "$@"
}

# Octets before the point in a SubjectPublicKeyInfo, for keys that OpenSC 0.23 can't export.
readonly SPKI_P384=3076301006072a8648ce3d020106052b81040022036200
readonly SPKI_ED25519=302a300506032b6570032100

# unhex TEXT: the octets; blanks are for the reader.
unhex() {
    local i hex=${1// /}

    for ((i = 0; i < ${#hex}; i += 2)); do
        printf '%b' "\\x${hex:i:2}"
    done
}

# spki_write PREFIX HEADER POINT-HEX: wraps an EC_POINT, shorn of its OCTET STRING header, as DER.
spki_write() {
    unhex "$1${3#"$2"}"
}

# pubkey_export LABEL: the token's public key as LABEL.pub (PEM), without login.
pubkey_export() {
    local label=$1 point

    point=$(p11 --token-label "$TOKEN" --list-objects --type pubkey 2>/dev/null |
        awk -v label="$label" '/^Public Key Object/ { point = "" }
            $1 == "EC_POINT:" { point = $2 } $1 == "label:" && $2 == label { print point; exit }')
    case $point in
        046104*) spki_write "$SPKI_P384" 0461 "$point" ;;
        0420*) spki_write "$SPKI_ED25519" 0420 "$point" ;;
        *) p11 --token-label "$TOKEN" --read-object --type pubkey --label "$label" ;;
    esac >"$label.der"
    plain pkey -pubin -inform DER -in "$label.der" -out "$label.pub"
}

# keys_make: the pair of keys that most clients need: "rsa" (id 01) and "p256" (id 02).
keys_make() {
    key_make rsa:2048 rsa 01
    key_make EC:prime256v1 p256 02
    pubkey_export rsa
    pubkey_export p256
}

# plain ARG...: openssl without the module: the judge.
plain() {
    env -u OPENSSL_CONF -u PKCS11_MODULE_PATH -u PKCS11_PROVIDER_MODULE \
        timeout "$PATIENCE" openssl "$@"
}

# verified PUBKEY DIGEST SIGNATURE DATA [ARG...]: the signature is right, and wrong for other data.
verified() {
    local pub=$1 md=$2 signature=$3 data=$4

    shift 4
    says 'Verified OK' plain dgst "-$md" -verify "$pub" -signature "$signature" "$@" "$data"
    { cat "$data" && printf x; } >forged
    refuses 'Verification failure' \
        plain dgst "-$md" -verify "$pub" -signature "$signature" "$@" forged
}

# ca_make: a certification authority outside the token: ca.key, ca.pem.
ca_make() {
    plain req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
        -subj '/CN=test authority' -days 30
}

# cert_make LABEL [EXTENSION...]: LABEL.pem for LABEL.pub, issued by that authority.
cert_make() {
    local label=$1

    shift
    printf '%s\n' subjectAltName=DNS:localhost,IP:127.0.0.1 basicConstraints=CA:FALSE "$@" >cert.ext
    plain x509 -new -force_pubkey "$label.pub" -CA ca.pem -CAkey ca.key -extfile cert.ext \
        -subj "/CN=$label" -days 20 -out "$label.pem"
    plain x509 -in "$label.pem" -outform DER -out "$label.crt"
}

# cert_store LABEL ID: into the token, beside its key.
cert_store() {
    says 'Certificate Object' \
        p11_user --write-object "$1.crt" --type cert --label "$1" --id "$2"
}

# --- servers ----------------------------------------------------------------------------------

# port_take: prints a port of 127.0.0.1 where nothing listens and that no other runner was given.
port_take() {
    local port

    while :; do
        port=$((20000 + RANDOM % 10000))
        mkdir "$TEST_RUN/port.$port" 2>/dev/null || continue
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%s\n' "$port"
}

# serve LOG COMMAND...: in the background until the check ends; SERVED is its process id.
serve() {
    local log=$1

    shift
    "$@" >"$log" 2>&1 </dev/null &
    SERVED=$!
    SERVERS+=("$SERVED")
}

servers_stop() {
    local pid

    for pid in "${SERVERS[@]}"; do
        kill "$pid" 2>/dev/null || continue
        wait_for 5 gone "$pid" || kill -KILL "$pid" 2>/dev/null
    done
    SERVERS=()
}

gone() {
    ! kill -0 "$1" 2>/dev/null
}

listening() {
    (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    local end=$((SECONDS + $1))

    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

# wait_listen PORT LOG: until the server just started listens; fails with its log if it dies.
wait_listen() {
    until listening "$1"; do
        if gone "$SERVED"; then
            cat "$2"
            fail "the server ended: $(tail -n 1 "$2")"
        fi
        sleep 0.1
    done
}

# --- beginning --------------------------------------------------------------------------------

cd "$TEST_DIR" || exit 1
mkdir -p log home
printf '%s' "$PIN" >"$PIN_FILE"
printf '%s' "$SO_PIN" >"$SO_PIN_FILE"
head -c 300 /dev/urandom >"$DATA"
head -c 100000 /dev/urandom >"$BIG"
trap 'exit 143' TERM
