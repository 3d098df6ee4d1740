#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-drill.sh - every platform seal is lost: the drill of docs/operations.md, its commands taken
# from there as they stand.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl jq pkcs11-tool python3 shred

mkdir bin
ln -s "$TEE_TEST_COMMAND" bin/tee-pkcs11
PATH=$scratch/bin:$PATH

# drill NAME: the block of commands with this name.
drill() {
    awk -v name="$1" '$0 == "```sh " name { on = 1; next } /^```/ { on = 0 } on' \
        "$TEE_TEST_SOURCE/docs/operations.md" >block
    [ -s block ] || die "docs/operations.md has no block $1"
    bash -eu block >out 2>err </dev/null || die "the commands of $1 fail"
    checks=$((checks + 1))
}

# works: the store is open, the object is there, the key works.
works() {
    tee 0 status
    p11 --list-objects --type data | grep -q "kept" || die "the object is lost"
    p11 --encrypt -m AES-ECB --id 0a -i block16 -o encrypted >/dev/null || die "the key is lost"
    cmp encrypted before || die "the key is another one"
}

configure "so-reset = yes"
make_token web
printf '0123456789abcdef' >block16
p11 --keygen --key-type AES:32 --label "a key" --id 0a >/dev/null || die keygen
p11 --write-object block16 --type data --label kept >/dev/null || die write
p11 --encrypt -m AES-ECB --id 0a -i block16 -o before >/dev/null || die encrypt

drill prepare
[ "$(wc -c <fingerprint)" -eq 65 ] || die "no fingerprint was noted"
for way in offline shares; do
    rm store.key # the chip dies
    tee 3 status
    says "CANNOT BE OPENED HERE"
    drill "$way"
    says "sealed to this platform"
    works
done
[ ! -e opened ] || die "what was opened is left behind"
drill after
says "the audit log is whole"
works
[ "$(field id platform | wc -l)" -eq 1 ] || die "dead chips still have seals"

# The host offers a store of its own, sealed to the owner's certificate.
mv store ours
mv store.key ours.key
make_token web
tee 0 seal add --certificate recovery.pem
tee 2 recover --key recovery.key --expect "$(cat fingerprint)"
complains "not the expected one"
done_with drill
