#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-audit.sh - the audit log shown, exported, checked and signed; and whatever somebody does to it
# afterwards, in the store or in a file, is found.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/command/lib.sh
. "$here/lib.sh"
needs openssl python3 pkcs11-tool mdb_dump mdb_load
reference=$here/reference_log.py
key="pkcs11:token=web;object=log"

# refused WORDS ARGUMENT...: audit verify says no, with these words.
refused() {
    local words=$1

    shift
    tee 2 audit verify "$@"
    complains "$words"
}

# documented NAME: the block of docs/operations.md with this name works as it stands.
documented() {
    awk -v name="$1" '$0 == "```sh " name { on = 1; next } /^```/ { on = 0 } on' \
        "$TEE_TEST_SOURCE/docs/operations.md" >block
    [ -s block ] || die "docs/operations.md has no block $1"
    PATH=$scratch/bin:$PATH bash -eu block >out 2>err </dev/null ||
        die "the commands of $1 fail"
    checks=$((checks + 1))
}

checkpoint() { tee 0 audit checkpoint --key "$key" --pin-file user.pin --out "$1"; }

# lines N...: those lines of log.jsonl, in that order.
lines() {
    local n

    for n in "$@"; do
        sed -n "${n}p" log.jsonl
    done
}

# reference EXPORT N: what the second implementation makes of it, in $size, $root and $last.
reference() {
    local said

    said=$(python3 "$reference" "$@") || die "the reference: $said"
    read -r size root last <<<"$said"
}

configure "pin-tries = 10"
make_token web
p11 --keypairgen --key-type EC:edwards25519 --label log --id 01 >/dev/null || die "no Ed25519 key"
p11 --keypairgen --key-type EC:prime256v1 --label other --id 02 >/dev/null || die "no P-256 key"
pkcs11-tool --module "$TEE_TEST_MODULE" --login --pin 9999 --list-objects >/dev/null 2>&1
tee 0 seal add --new-recovery-key --name $'a name with "quotes", \303\274mlaut and\ttab'

# -- shown, exported, whole --
tee 0 audit show
says "store-made"
says "wrong user PIN: 1 of 10 tries"
tee 0 audit export
cp out log.jsonl
reference log.jsonl
tee 0 audit verify
says "the audit log is whole: $size entries"
says "$last"
tee 0 audit verify log.jsonl
says "log.jsonl is whole: $size entries"
says "$last"
tee 0 audit verify log.jsonl --store
says "has 0 entries more"

# A file is checked where there is no store, and no configuration that would name one.
echo "root = nonsense" >elsewhere
TEE_PKCS11_CONF=$scratch/elsewhere tee 0 audit verify log.jsonl

# -- an exported file that was changed --
total=$size
sed 's/wrong user PIN/wrong SO PIN/' log.jsonl >changed
refused "was changed" changed
sed '2d' log.jsonl >changed
refused "line 2 is not the next entry: entries are missing" changed
lines 1 3 2 >changed
refused "entries are missing before it" changed
lines 1 2 2 >changed
refused "out of its order" changed
sed 's/"event":"login-failed"/"event":"pin-changed"/' log.jsonl >changed
refused "is not as audit export writes that entry" changed
head -c -20 log.jsonl >changed
refused "does not end" changed
: >changed
refused "no entry is in it" changed
tee 1 audit verify nowhere.jsonl

# -- a checkpoint, and its signature by somebody else's program --
tee 0 audit checkpoint --key "$key" --pin-file user.pin --vkey
vkey=$(cat out)
checkpoint first.note
complains "the root is software"
reference log.jsonl
[ "$(sed -n 2p first.note)" = "$size" ] || die "the checkpoint has another size"
[ "$(sed -n 3p first.note)" = "$root" ] || die "the checkpoint has another root"
[ "$(sed -n 1p first.note)" = "${vkey%%+*}" ] || die "the origin is not the key's name"
[ "$(stat -c %a first.note)" = 644 ] || die "the checkpoint can't be read by others"
head -n 3 first.note >text
sed -n 5p first.note | cut -d' ' -f3 | base64 -d | tail -c +5 >signature
{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'
    echo "${vkey#*+*+}" | base64 -d | tail -c +2; } >public.der
openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey public.der -in text -sigfile signature \
    >/dev/null || die "openssl does not verify the checkpoint"

with=(--checkpoint first.note --key "$vkey")
tee 0 audit verify "${with[@]}"
says "its first $total entries are those of the checkpoint"
tee 0 audit verify log.jsonl "${with[@]}"

# -- a log that goes on still has what it had --
tee 0 rotate master
tee 0 audit verify "${with[@]}"
says "whole: $((total + 1)) entries"
tee 0 audit export
cp out longer.jsonl
tee 0 audit verify longer.jsonl "${with[@]}"
tee 0 audit verify log.jsonl --store
says "has 1 entry more"
checkpoint second.note

# -- cut off at the end: the chain of a file can't tell, a checkpoint and the store can --
head -n $((total - 1)) longer.jsonl >shorter
tee 0 audit verify shorter
refused "the checkpoint is of $total entries and this log has $((total - 1))" shorter "${with[@]}"
refused "the checkpoint is of $((total + 1)) entries" log.jsonl --checkpoint second.note --key "$vkey"

# -- made anew from an entry on, with every hash right --
python3 - "$here" <<'PYTHON' || die "no forgery"
import json, sys
sys.path.insert(0, sys.argv[1])
from reference_log import entry_hash
previous = bytes(32)
with open('longer.jsonl') as f, open('forged', 'w') as out:
    for line in f:
        e = json.loads(line)
        if e['event'] == 'login-failed':
            e['detail'] = 'nothing happened'
        e['previous'] = previous.hex()
        previous = entry_hash(e)
        e['hash'] = previous.hex()
        out.write(json.dumps(e, separators=(',', ':'), ensure_ascii=False) + '\n')
PYTHON
tee 0 audit verify forged
refused "are not those that the checkpoint was signed over" forged "${with[@]}"
refused "of the store is another one than in forged" forged --store

# -- checkpoints that are none --
sed "2s/.*/$((total - 1))/" first.note >changed
refused "the signature is not the key's" longer.jsonl --checkpoint changed --key "$vkey"
head -n 4 first.note >changed
refused "not a checkpoint" longer.jsonl --checkpoint changed --key "$vkey"
tee 0 audit checkpoint --key "$key" --pin-file user.pin --origin example.com/log --out other.note
tee 0 audit checkpoint --key "$key" --pin-file user.pin --origin example.com/log --vkey
other=$(cat out)
[ "${other%%+*}" = example.com/log ] || die "the origin is not the one given"
tee 0 audit verify --checkpoint other.note --key "$other"
refused "nothing in it is signed by" longer.jsonl --checkpoint other.note --key "$vkey"
tee 64 audit verify --checkpoint first.note --key "${vkey}x"
tee 1 audit verify --checkpoint nowhere.note --key "$vkey"
tee 64 audit checkpoint --key "$key" --pin-file user.pin --origin "two words"
tee 2 audit checkpoint --key "pkcs11:token=web;object=other" --pin-file user.pin
complains "Ed25519"

# -- evidence: the software root has none, and says so before anything is written --
tee 2 audit checkpoint --key "$key" --pin-file user.pin --evidence evidence --out third.note
complains "can't attest"
if [ -e evidence ] || [ -e third.note ]; then
    die "a refused checkpoint was written"
fi

# -- an older copy of the store, whole in itself, put back --
cp -r store before
tee 0 rotate master
tee 0 audit export
cp out newest.jsonl
checkpoint third.note
rm -rf store
cp -r before store
tee 0 audit verify
refused "cut off, or is an older copy" --checkpoint third.note --key "$vkey"
refused "the store is an older copy" newest.jsonl --store
# ... and it goes on from there, until it is as long as it was.
tee 0 seal add --new-recovery-key
tee 0 audit verify
refused "are not those that the checkpoint was signed over" --checkpoint third.note --key "$vkey"
refused "the store was put back and went on from there" newest.jsonl --store

# -- a row of the store that was changed: the store opens, its log is not whole --
cp -r store before
change_row audit 2
refused "table audit, row 0000000000000002"
refused "the audit log is not whole"
tee 2 audit verify log.jsonl --store
tee 2 audit checkpoint --key "$key" --pin-file user.pin --out fourth.note
complains "the audit log is not whole"
[ ! -e fourth.note ] || die "a checkpoint was signed over a log that is not whole"
rm -rf store
# ... and a store that does not open here says so, not that
tee 3 audit verify
mv before store
tee 0 audit verify

# -- uses of keys, by processes beside each other: every one is told, and the chain holds --
configure "audit-key-use = secret"
head -c 32 /dev/zero >digest
sign_some() {
    local i

    for i in 1 2 3 4 5; do
        p11 --sign -m ECDSA --id 02 -i digest -o "signature.$1.$i" >/dev/null || return 1
    done
}
workers=()
for i in 1 2 3 4; do
    sign_some "$i" &
    workers+=($!)
done
for worker in "${workers[@]}"; do
    wait "$worker" || die "a process could not sign"
done
tee 0 audit verify
tee 0 audit show
told=$(sed -n 's/.* key-used .*: sign CKM_ECDSA [0-9a-f]\{32\} ok \([0-9]*\)$/\1/p' out |
    awk "{ n += \$1 } END { print n }")
[ "$told" = 20 ] || die "$told uses are told, not 20"

# -- what the token asks for, whatever a configuration says --
configure "pin-tries = 10" "audit-key-use = none"
asked() { tee "$1" audit key-use "${@:2}"; }
# told: how many uses there are in the log
told() { "$TEE_TEST_COMMAND" audit show 2>/dev/null | grep -c ' key-used ' || :; }
sign_one() { p11 --sign -m ECDSA --id 02 -i digest -o signature >/dev/null || die "no signature"; }
tee 0 status
says "uses of keys that are told: none by the token's policy, none by this configuration"
before=$(told)
sign_one
asked 0 secret --token web --dry-run
says "would have token web tell of these uses of its keys: secret (now: none)"
asked 2 secret --token web --so-pin-file user.pin
complains "the PIN is wrong"
asked 2 secret --token nobody --so-pin-file so.pin
complains "0 tokens have the label nobody"
sign_one
[ "$(told)" = "$before" ] || die "a use is told that nobody asks for"
asked 0 secret --token web --so-pin-file so.pin
says "(before: none)"
sign_one
[ "$(told)" = $((before + 1)) ] || die "a use is not told that the token asks for"
tee 0 status
says "uses of keys that are told: secret by the token's policy, none by this configuration"
tee 0 status --json
python3 -c 'import json; print(json.load(open("out"))["tokens"][0]["audit_key_use"])' >field ||
    die "status --json can't be read"
[ "$(cat field)" = secret ] || die "status --json says $(cat field)"
tee 0 verify-store
tee 0 audit show
says "key-use-set     token"
says "secret, before: none, by the SO"
# ... it comes back with a backup
tee 0 backup copy
mv store aside
tee 0 restore copy
sign_one
[ "$(told)" = $((before + 2)) ] || die "a restored store has forgotten what its token asks for"
rm -rf store
mv aside store
asked 0 none --token web --so-pin-file so.pin
says "none (before: secret)"
sign_one
[ "$(told)" = $((before + 1)) ] || die "a use is told that nobody asks for any more"
tee 0 audit verify
for wrong in some "" SECRET; do
    asked 64 "$wrong" --token web --so-pin-file so.pin
done
asked 64 all --so-pin-file so.pin
asked 64 --token web
asked 64 all none --token web
configure "pin-tries = 10"

# -- the page for administrators, as it stands --
mkdir bin
ln -s "$TEE_TEST_COMMAND" bin/tee-pkcs11
documented checkpoint-key
documented checkpoint
documented checked
says "its first"
says "the store's log begins with it"

# -- usage --
tee 64 audit
tee 64 audit verify --store
tee 64 audit verify one two
tee 64 audit verify --checkpoint first.note
tee 64 audit show more
tee 64 audit checkpoint
tee 64 audit checkpoint --key "$key" --vkey --evidence evidence

done_with test-audit.sh
