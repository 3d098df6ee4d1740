# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# lib.sh - for the tests of the command as a person types it: a scratch directory, a configuration,
# and functions that run the command and look at what it said. Sourced by test-*.sh.
#
# TEE_TEST_COMMAND and TEE_TEST_MODULE name what is tested (meson sets them).

set -uo pipefail

: "${TEE_TEST_COMMAND:?}" "${TEE_TEST_MODULE:?}"
scratch=$(mktemp -d /tmp/tee-command-XXXXXX)
readonly scratch
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
umask 077
export TEE_PKCS11_CONF=$scratch/conf
printf '12345678\n' >so.pin
printf '1234\n' >user.pin
checks=0

die() {
    printf 'FAILED: %s\n' "$*" >&2
    [ -d "$scratch" ] || printf 'the scratch directory %s was removed by somebody\n' "$scratch" >&2
    sed 's/^/    | /' out err >&2 2>/dev/null
    exit 1
}

# configure LINE...: the configuration, on a software root, PIN checks at their cheapest.
configure() {
    printf '%s\n' "store = $scratch/store" "root = software" "pin-log2-n = 10" "$@" >conf
}

# tee CODE ARGUMENT...: run the command; what it printed goes to ./out and ./err.
tee() {
    local expected=$1 code=0

    shift
    "$TEE_TEST_COMMAND" "$@" >out 2>err </dev/null || code=$?
    checks=$((checks + 1))
    [ "$code" -eq "$expected" ] || die "tee-pkcs11 $* exits with $code, not $expected"
}

# says TEXT, complains TEXT: the last command's standard output, or standard error, has it.
says() { grep -qF -- "$1" out || die "standard output lacks: $1"; }
says_not() { ! grep -qF -- "$1" out || die "standard output has: $1"; }
complains() { grep -qF -- "$1" err || die "standard error lacks: $1"; }

# softhsm_begin: SoftHSM2's module in $softhsm, with a place for its tokens. Without it the test is
# skipped.
softhsm_begin() {
    local path

    softhsm=
    for path in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
        /usr/lib64/pkcs11/libsofthsm2.so; do
        [ ! -e "$path" ] || softhsm=$path
    done
    [ -n "$softhsm" ] || { echo "libsofthsm2.so is missing"; exit 77; }
    mkdir hsm
    printf 'directories.tokendir = %s/hsm\nobjectstore.backend = file\nlog.level = ERROR\n' \
        "$scratch" >softhsm.conf
    export SOFTHSM2_CONF=$scratch/softhsm.conf
}

# field NAME KIND: that field of the seals of a kind, one a line.
field() {
    "$TEE_TEST_COMMAND" seal list --json 2>/dev/null | python3 -c '
import json, sys
for seal in json.load(sys.stdin):
    if seal["kind"] == sys.argv[2]:
        print(seal[sys.argv[1]])' "$1" "$2"
}
seal_id() { field id "$1" | cut -c1-8; }

# fingerprint: of the store, as `status` shows it.
fingerprint() { "$TEE_TEST_COMMAND" status 2>/dev/null | sed -n 's/^fingerprint *//p'; }

make_token() {
    tee 0 init-token --label "$1" --so-pin-file so.pin --pin-file user.pin
}

# p11 ARGUMENT...: pkcs11-tool on the module, logged in as the user.
p11() { pkcs11-tool --module "$TEE_TEST_MODULE" --login --pin 1234 "$@" 2>&1; }

# change_row TABLE N: one digit in the middle of the N-th row of a table (mdb_dump, mdb_load).
change_row() {
    mdb_dump -s "$1" store >rows || die "the table can't be read"
    awk -v row="$2" '
        { print_as = $0 }
        body && NR == begin + 2 * row {
            middle = int(length($0) / 2)
            digit = substr($0, middle, 1) == "0" ? "1" : "0"
            print_as = substr($0, 1, middle - 1) digit substr($0, middle + 1)
        }
        /^HEADER=END/ { body = 1; begin = NR }
        { print print_as }' rows >changed
    ! cmp -s rows changed || die "no row was changed"
    mdb_load -f changed store 2>/dev/null || die "the table can't be written"
}

# needs PROGRAM...: else the test is skipped.
needs() {
    local program

    for program in "$@"; do
        command -v "$program" >/dev/null || { echo "$program is missing"; exit 77; }
    done
}

done_with() { printf '%s: %d commands ran as expected\n' "$1" "$checks"; }
