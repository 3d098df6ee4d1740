#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-rotate.sh - rotation as a person or a timer types it; killed at any moment, nothing is lost
# and the next one completes.
#
# TEE_TEST_LONG=1: 200 kills of each kind instead of 8, and so many objects that a rotation of the
# DEKs takes several transactions.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pkcs11-tool python3
kills=8
objects=40
if [ -n "${TEE_TEST_LONG:-}" ]; then
    kills=200
    objects=700
fi

configure "so-reset = yes"
make_token web
p11 --keygen --key-type AES:32 --label "a private key" >/dev/null || die keygen
for i in $(seq 1 "$objects"); do
    echo "value $i" >data
    p11 --write-object data --type data --label "public $i" >/dev/null || die write
done

# -- by age --
tee 0 rotate dek --if-older 1d
says "young enough"
tee 0 rotate dek --if-older 1d --dry-run
says "young enough"
tee 0 rotate master --if-older 90d
says "young enough"
sleep 1.1
tee 0 rotate dek --if-older 0s --dry-run
says "would rotate the DEKs of token web (public, private)"
tee 0 rotate dek --if-older 0s
says "DEK generation 2 (public)"
says "old objects follow at the next user login"
tee 0 rotate master --if-older 0s --dry-run
says "would make a new master key"
tee 0 rotate master --if-older 0s
says "epoch 2"
tee 0 rotate master --if-older 1h
says "young enough"
for bad in 90 d 1y -1d 1dd ""; do
    tee 64 rotate dek --if-older "$bad"
done
tee 0 rotate dek --so-pin-file so.pin
says "DEK generation 3 (public), 3 (private)"
tee 2 rotate dek --token nobody

# deks: how many generations there are of both scopes.
deks() {
    "$TEE_TEST_COMMAND" status --json 2>/dev/null |
        python3 -c 'import json, sys; print(len(json.load(sys.stdin)["tokens"][0]["deks"]))'
}

# all_there: every object once, and the key works.
all_there() {
    local found

    found=$(p11 --list-objects --type data | grep -c "label:.*'public ")
    [ "$found" -eq "$objects" ] || die "$found of $objects objects are there"
    found=$(p11 --list-objects --type secrkey | grep -c "a private key")
    [ "$found" -eq 1 ] || die "the key is there $found times"
    p11 --encrypt -m AES-ECB --label "a private key" -i block -o /dev/null >/dev/null ||
        die "the key does not encrypt"
}
printf '0123456789abcdef' >block
all_there
tee 0 audit verify

# killed ARGUMENT...: the command, killed by SIGKILL within its usual time, `kills` times.
killed() {
    local begin n usual

    begin=$(date +%s%N)
    "$TEE_TEST_COMMAND" "$@" >/dev/null 2>&1 || die "$* fails"
    usual=$((($(date +%s%N) - begin) / 1000))
    for n in $(seq 1 "$kills"); do
        "$TEE_TEST_COMMAND" "$@" >/dev/null 2>&1 &
        sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % usual)))"
        kill -9 $! 2>/dev/null
        wait $! 2>/dev/null
        [ $((n % 8)) -ne 0 ] || all_there
    done
    tee 0 "$@"
    tee 0 audit verify
}
killed rotate master
killed rotate dek --so-pin-file so.pin
[ "$(deks)" -eq 2 ] || die "$(deks) generations are left after a rotation that ended"

# A generation that an interrupted rotation left is gone after a run that finds all young.
tee 0 rotate dek
[ "$(deks)" -gt 2 ] || die "private scope moves without its PIN"
tee 0 rotate dek --if-older 1d --so-pin-file so.pin
says "young enough"
[ "$(deks)" -eq 2 ] || die "what was left behind stays"

# -- prune: superseded seals, dropped with a new master --
tee 0 seal add --new-recovery-key
cp out recovery.key
prepare() {
    mv store.key gone.key
    "$TEE_TEST_COMMAND" recover --recovery-key recovery.key --yes >/dev/null 2>&1 || die recover
}
prepare
sleep 1.1
for n in $(seq 1 "$kills"); do
    "$TEE_TEST_COMMAND" prune --superseded >/dev/null 2>&1 &
    sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % 40000)))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    if [ "$(field id platform | wc -l)" -eq 1 ]; then # it was faster
        all_there
        prepare
        sleep 1.1
    fi
done
tee 0 prune --superseded
[ "$(field id platform | wc -l)" -eq 1 ] || die "superseded seals are left"
tee 0 seal test "$(seal_id recovery-key)" --recovery-key recovery.key
all_there
tee 0 audit verify
done_with rotate
