#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-seal.sh - ways in, added, listed, tried, used and taken away, as a person types it.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl python3 pkcs11-tool

certificate() {
    openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$1.key" -out "$1.pem" \
        -subj "/CN=$1" -days 2 2>/dev/null || die "openssl makes no certificate"
}

# lose_platform: what it was sealed to is gone.
lose_platform() {
    mv store.key gone.key
    tee 3 status
    says "CANNOT BE OPENED HERE"
}

configure
tee 3 seal list
complains "there is no store"
make_token web
print=$(fingerprint)
certificate ec ec ec_paramgen_curve:P-384
certificate rsa rsa:2048

# -- each kind is added, and opens the store after the platform is lost --
tee 0 seal add --certificate ec.pem
[ ! -s out ] || die "a certificate has nothing to print"
tee 0 seal add --certificate rsa.pem
tee 2 seal add --certificate ec.pem
tee 0 seal add --new-recovery-key --name "the safe"
cp out recovery.key
tee 0 seal add --new-shares 2/3
cp out shares
[ "$(wc -l <shares)" -eq 3 ] || die "three shares, three lines"
printf 'correct horse battery\nthis line is none of it\n' >passphrase
tee 0 seal add --passphrase passphrase
tee 0 seal list
says "recovery key"
says "the safe"
says "2 of 3 shares"
says "CN=ec"
tee 0 status
says "recovery shares, 2 of 3 shares"

key_id=$(seal_id recovery-key)
tee 0 seal test "$key_id" --recovery-key recovery.key
says "opens the store"
tee 2 seal test "$key_id" --passphrase passphrase
complains "seal $key_id (recovery key) can't be opened with that: give what opens its kind"
tee 2 seal test "$key_id"
tee 0 seal test "$(seal_id platform)"
tee 2 seal test "$(seal_id platform)" --recovery-key recovery.key
complains "(platform) can't be opened with that: it is tried without a proof"
tee 2 seal test 0123456789
tee 2 seal export "$key_id"
complains "a seal of that kind (recovery key) is not exported"

# -- what can't be a way in has words of its own --
printf 'short\n' >short
tee 2 seal add --passphrase short
complains "adding the seal: a passphrase has 8 bytes or more"
tee 2 seal add --certificate ec.key
complains "adding the seal: ec.key is no certificate that can receive"
openssl req -x509 -key ec.key -out huge.der -outform DER -subj /CN=huge -days 2 \
    -addext "nsComment=$(head -c 64900 /dev/zero | tr '\0' x)" 2>/dev/null || die "no huge certificate"
tee 1 seal add --certificate huge.der
complains "has no room in the store, which takes 65536 of one: give a certificate that is shorter"
complains "adding the seal: the disk is full, or it is too much for the store: the line before says what"
tee 2 seal add --new-recovery-key --name "$(printf '%065d' 0)"
complains "adding the seal: a name has at most 64 bytes"
[ ! -s out ] || die "a key is shown that opens nothing"

lose_platform
tee 2 recover --recovery-key recovery.key --expect 00
complains "not the expected one"
tee 2 recover --recovery-key recovery.key --expect 00 --dry-run
complains "not the expected one"
tee 3 status
tee 0 recover --recovery-key recovery.key --dry-run
says "$print"
tee 3 status
tee 0 recover --recovery-key recovery.key --expect "$print"
says "sealed to this platform"
tee 0 status

lose_platform
says "a software root, which does not answer"
says_not " | " # of two seals that have the same reason it is said once
sed -n 2,3p shares >two
tee 0 recover --shares two --yes
lose_platform
sed -n 1p shares >one
tee 2 recover --shares one --yes
complains "2 shares are needed and 1 was given"
cat one one >twice
tee 2 recover --shares twice --yes
complains "given twice"
{ cat two && head -c 65536 /dev/zero | tr '\0' '\n'; } >long
tee 1 recover --shares long --yes
complains "longer than 65536 bytes"
tr "[:lower:]" "[:upper:]" <two | tr -d - >spoken
tee 0 recover --shares spoken --yes
lose_platform
tee 0 recover --passphrase passphrase --yes
lose_platform
tee 0 recover --key rsa.key --yes
lose_platform
tee 2 recover --key rsa.pem --yes
tee 0 recover --key ec.key --yes

# -- a slip of the pen --
sed 's/.$/q/; t' recovery.key | tr q p >slip
tee 2 recover --recovery-key slip --yes
complains "a character of it is wrong"
tee 64 recover --recovery-key recovery.key --shares two
tee 64 recover --yes

# -- a recovery that nobody needed leaves nothing behind --
before=$("$TEE_TEST_COMMAND" seal list --json | grep -c '"kind"')
tee 0 recover --key ec.key --yes --dry-run
says "would seal it to this platform (where it opens here already: in place of the seal that does)"
tee 0 recover --key ec.key --yes
says "the store opened here already, by its seal of this platform: a new one is in place of that"
[ "$("$TEE_TEST_COMMAND" seal list --json | grep -c '"kind"')" -eq "$before" ] || die "one seal more"
tee 0 audit show
says "in place of what opened it there"

# -- with openssl alone, on the machine that has the private key --
for name in ec rsa; do
    id=$("$TEE_TEST_COMMAND" seal list 2>/dev/null | grep -B1 "CN=$name;" | sed -n '1s/ .*//p')
    "$TEE_TEST_COMMAND" seal export "$id" >/dev/full 2>err && die "what was not written was exported"
    complains "writing to standard output: No space left on device"
    tee 0 seal export "$id"
    cp out seal.cms
    openssl cms -decrypt -inform DER -in seal.cms -recip "$name.pem" -inkey "$name.key" \
        -out opened || die "openssl does not open it"
    tee 0 seal test "$id" --opened opened
    lose_platform
    tee 0 seal export "$id"
    cmp out seal.cms || die "the message is another one"
    tee 0 recover --opened opened --expect "$print"
done
tee 2 seal export "$key_id"

# -- taking away --
platforms=$(field id platform | wc -l)
[ "$platforms" -gt 1 ] || die "superseded seals are kept"
tee 0 prune --superseded --dry-run
says "would drop seal"
[ "$(field id platform | wc -l)" -eq "$platforms" ] || die "a dry run changed something"
tee 0 prune --superseded
says "dropped seal"
[ "$(field id platform | wc -l)" -eq 1 ] || die "they are not dropped"
tee 0 prune
says "nothing to drop"
for kind in certificate shares passphrase; do
    for id in $(field id "$kind"); do
        tee 0 seal remove "$id"
    done
done
tee 2 seal remove "$key_id"
complains "--no-recovery"
tee 2 seal remove "$(seal_id platform)"
complains "--no-platform"
tee 0 seal remove "$key_id" --no-recovery --dry-run
tee 0 seal remove "$key_id" --no-recovery
tee 2 seal remove "$(seal_id platform)" --no-recovery --no-platform
complains "the last way in"
tee 2 recover --recovery-key recovery.key --yes

# -- names that are no UTF-8 hide nothing from programs --
tee 0 seal add --new-recovery-key --name $'caf\xe9'
[ "$(field description recovery-key)" = 'caf?' ] || die "a seal is not in the list"
tee 0 seal remove "$(seal_id recovery-key)" --no-recovery

# -- a recovery key in wrong hands --
tee 0 seal add --new-recovery-key --name stolen
cp out stolen.key
p11 --write-object so.pin --type data --label kept >/dev/null || die "no object can be written"
id=$(seal_id recovery-key)
tee 2 seal revoke "$id"
complains "--no-recovery"
tee 0 seal revoke "$id" --no-recovery --dry-run
says "would revoke"
tee 0 seal revoke "$id" --no-recovery
says "revoked seal $id"
says "new master key, token secrets and DEKs; 1 public record re-encrypted"
tee 2 recover --recovery-key stolen.key --yes
p11 --list-objects --type data | grep -q kept || die "the object is lost"
tee 0 status
says "DEK private generation 2"

# -- a key that can't be shown is none that opens the store --
before=$(field id recovery-key)
for new in "--new-recovery-key" "--new-shares 2/3"; do
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" seal add $new >/dev/full 2>err && die "what was not printed was added"
    complains "to standard output: No space left on device. Nothing was added"
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" seal add $new >&- 2>err && die "what was not printed was added"
    complains "to standard output: it is closed. Nothing was added"
done
[ "$(field id recovery-key)" = "$before" ] || die "a seal was added that nobody can open"
[ -z "$(field id shares)" ] || die "shares were added that nobody has"

# -- this platform is the one that shall not open it any more --
tee 0 seal add --new-recovery-key --name back
cp out back.key
tee 2 seal revoke "$(seal_id platform)"
complains "--no-platform"
tee 0 seal revoke "$(seal_id platform)" --no-platform
says "revoked seal"
says "This platform opens the store no more"
tee 3 status
tee 0 recover --recovery-key back.key --yes
tee 0 rotate dek --if-older 1d
says "1 record re-encrypted"
p11 --list-objects --type data | grep -q kept || die "the object is lost"
tee 0 seal remove "$(seal_id recovery-key)" --no-recovery

# -- the platform and an owner's secret --
openssl rand -hex 32 >owner
configure "owner-secret = $scratch/owner"
tee 0 status
tee 0 seal reseal --dry-run
[ -z "$(field id platform-and-owner)" ] || die "a dry run changed something"
tee 0 seal reseal
[ -n "$(field id platform-and-owner)" ] || die "not sealed with the owner's secret"
mv owner owner.away
tee 3 status
complains "owner-secret"
mv owner.away owner
tee 0 status

# Never the beginning of a secret for the whole: one that is too long is refused, and so is one that can't be
# read to its end.
cp owner owner.good
head -c 1025 /dev/zero | tr '\0' x >owner
tee 3 status
complains "too long: an owner's secret has at most 1024 bytes"
cp owner.good owner
configure "owner-secret = /proc/self/mem"
tee 3 status
grep -qE "Input/output error|Permission denied" err || die "a secret that can't be read is told otherwise"
configure "owner-secret = $scratch/owner"
tee 0 status

# -- secrets of a line: what they are is said, and none is cut --
head -c 256 /dev/zero | tr '\0' x >long
chmod 644 long
tee 1 seal add --passphrase long
complains "passphrase: longer than 255 bytes: refused, not cut"
complains "long: group or others may read this passphrase: chmod 600 long"
tee 1 seal add --passphrase .
complains "passphrase: Is a directory"
tee 1 recover --passphrase long --yes
complains "passphrase: longer than 255 bytes: refused, not cut"
tee 1 init-token --label long --so-pin-file long
complains "SO PIN: longer than 255 bytes: refused, not cut"
chmod 600 long

# -- what was done --
tee 0 audit verify
says "the audit log is whole"
tee 0 audit show
says "store-recovered"
says "seal-expired"
says "seal-removed"
says "seal-revoked"
tee 0 audit export
python3 - out <<'END' || die "the chain of the export is not the documented one"
import hashlib, json, struct, sys
previous = bytes(32)
for number, line in enumerate(open(sys.argv[1]), 1):
    e = json.loads(line)
    token, detail = bytes.fromhex(e['token']), e['detail'].encode()
    assert e['number'] == number and bytes.fromhex(e['previous']) == previous
    previous = hashlib.sha256(
        b'tee-pkcs11 audit 1' + struct.pack('>Q', number) + previous
        + struct.pack('>QH', e['time'], e['code']) + struct.pack('>I', len(token)) + token
        + struct.pack('>I', len(detail)) + detail).digest()
    assert e['hash'] == previous.hex()
assert number > 20
END

make_token $'caf\xe9'
"$TEE_TEST_COMMAND" status --json 2>/dev/null >out
says '"label": "caf?"'
make_token $'csi\302\2332J'
tee 0 status
says "csi?2J"

# -- what the host calls its files writes no lines into a log, nor to a terminal --
rm "$scratch"/store/*
: >"$scratch/store/$(printf 'a\nforged \033[2Jb\302\2332J')"
tee 2 init-token --label new --so-pin-file so.pin
complains 'a?forged ?[2Jb?2J'
done_with seal
