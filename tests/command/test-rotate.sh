#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-rotate.sh - rotation as a person or a timer types it; killed at any moment, nothing is lost
# and the next one completes.
#
# TEE_TEST_LONG=1: 200 kills of each kind instead of 8 (or as many as TEE_TEST_KILLS says), so many
# objects that a rotation of the DEKs takes several transactions, and so many rotations that a token
# is full of generations.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pkcs11-tool python3 mdb_dump mdb_load
kills=${TEE_TEST_KILLS:-8}
objects=40
if [ -n "${TEE_TEST_LONG:-}" ]; then
    kills=${TEE_TEST_KILLS:-200}
    objects=700
fi

configure "so-reset = yes"
make_token web
p11 --keygen --key-type AES:32 --label "a private key" --id 0a >/dev/null || die keygen
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

# -- what the example of a service runs --
lines=$(sed -n 's|^ExecStart=/usr/bin/tee-pkcs11 ||p' "$TEE_TEST_SOURCE/conf/tee-pkcs11-rotate.service")
[ "$(wc -l <<<"$lines")" -eq 3 ] || die "the service runs something else"
while read -r -a words; do
    tee 0 "${words[@]}"
done <<<"$lines"

# deks [LABEL]: how many generations there are of both scopes.
deks() {
    "$TEE_TEST_COMMAND" status --json 2>/dev/null | python3 -c '
import json, sys
for token in json.load(sys.stdin)["tokens"]:
    if token["label"] == sys.argv[1]:
        print(len(token["deks"]))' "${1:-web}"
}

# all_there: every object once, and the key works.
all_there() {
    local found

    found=$(p11 --list-objects --type data | grep -c "label:.*'public ")
    [ "$found" -eq "$objects" ] || die "$found of $objects objects are there"
    found=$(p11 --list-objects --type secrkey | grep -c "a private key")
    [ "$found" -eq 1 ] || die "the key is there $found times"
    p11 --encrypt -m AES-ECB --id 0a -i block -o /dev/null >/dev/null ||
        die "the key does not encrypt"
}
printf '0123456789abcdef' >block
all_there
tee 0 audit verify

# usual ARGUMENT...: run the command; $usual is how long it took, in microseconds, at most a second.
usual() {
    local begin

    begin=$(date +%s%N)
    "$TEE_TEST_COMMAND" "$@" >/dev/null 2>&1 || die "$* fails"
    usual=$((($(date +%s%N) - begin) / 1000))
    [ "$usual" -lt 1000000 ] || usual=999999
}

# more: are there blows left to strike? As many as are to be killed, not counting those that found
# the command at its end.
struck=0
n=0
more() {
    n=$((n + 1))
    [ "$struck" -lt "$kills" ] && [ "$n" -le $((4 * kills)) ]
}

# strike ARGUMENT...: the command, killed by SIGKILL at some moment of its usual time.
strike() {
    "$TEE_TEST_COMMAND" "$@" >/dev/null 2>&1 &
    sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % usual)))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    [ $? -ne 137 ] || struck=$((struck + 1))
}

# told WHAT: how many were killed; enough of them.
told() {
    printf '%s: %d killed, %d ended before the blow\n' "$1" "$struck" $((n - 1 - struck))
    [ "$struck" -ge $((kills / 2)) ] || die "$1: the blows come too late"
    struck=0
    n=0
}

# killed ARGUMENT...: the command, struck `kills` times; then one that is left alone completes.
killed() {
    usual "$@"
    while more; do
        strike "$@"
        [ $((n % 8)) -ne 0 ] || all_there
    done
    told "$1 $2"
    tee 0 "$@"
    all_there
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
usual prune --superseded
prepare
sleep 1.1
while more; do
    strike prune --superseded
    if [ "$(field id platform | wc -l)" -eq 1 ]; then # it was faster
        all_there
        prepare
        sleep 1.1
    fi
done
tee 0 prune --superseded
[ "$(field id platform | wc -l)" -eq 1 ] || die "superseded seals are left"
told prune
tee 0 seal test "$(seal_id recovery-key)" --recovery-key recovery.key
all_there
tee 0 audit verify

# -- a recovery in wrong hands is revoked: it opens the store, or it does not --
keep=$(seal_id recovery-key)
# stolen: the seal that is to go, if it is there.
stolen() {
    "$TEE_TEST_COMMAND" seal list --json 2>/dev/null | python3 -c '
import json, sys
for seal in json.load(sys.stdin):
    if seal["description"] == "stolen":
        print(seal["id"])'
}
tee 0 seal add --new-recovery-key --name stolen
usual seal revoke "$(stolen)"
while more; do
    [ -n "$(stolen)" ] || tee 0 seal add --new-recovery-key --name stolen
    strike seal revoke "$(stolen)"
    if [ $((n % 8)) -eq 0 ]; then
        all_there
        tee 0 seal test "$keep" --recovery-key recovery.key
    fi
done
told "seal revoke"
[ -z "$(stolen)" ] || tee 0 seal revoke "$(stolen)"
[ -z "$(stolen)" ] || die "a revoked seal is there"
tee 0 rotate dek --if-older 1d --so-pin-file so.pin
[ "$(deks)" -eq 2 ] || die "$(deks) generations are left after revocations"
tee 0 seal test "$keep" --recovery-key recovery.key
all_there
tee 0 audit verify

# -- a key of an application: it has a successor, or it is as it was --
uri="pkcs11:token=web;object=app"
p11 --keypairgen --key-type EC:prime256v1 --label app --id 01 >/dev/null || die keypairgen
# in_use: the ids, as a URI has them, of the keys that still do what they were made for.
in_use() {
    if "$TEE_TEST_COMMAND" rotate key "$uri" --pin-file user.pin --dry-run >dry 2>choices; then
        sed -n 's/^old key *\(id=[^,]*\),.*/\1/p' dry
    else
        sed -n 's/^ *\(id=[^ ]*\)  in use$/\1/p' choices
    fi
}
# app_whole: as many halves of either kind, one pair in use, and it signs.
app_whole() {
    local private public id

    private=$(p11 --list-objects --type privkey | grep -c "label: *app")
    public=$(p11 --list-objects --type pubkey | grep -c "label: *app")
    [ "$private" -eq "$public" ] || die "$private private and $public public halves"
    [ "$(in_use | wc -l)" -eq 1 ] || die "$(in_use | wc -l) keys are in use"
    id=$(in_use | sed 's/^id=//; s/%//g')
    p11 --sign -m ECDSA-SHA256 --id "$id" -i block -o sig -f openssl >/dev/null || die "it does not sign"
    p11 --read-object --type pubkey --id "$id" -o public.der >/dev/null || die "no public half"
    openssl dgst -sha256 -verify public.der -keyform DER -signature sig block >/dev/null ||
        die "the halves are not of one key"
}
usual rotate key "$uri" --pin-file user.pin
while more; do
    strike rotate key "$uri;$(in_use)" --pin-file user.pin
    [ $((n % 8)) -ne 0 ] || app_whole
done
told "rotate key"
app_whole
before=$(in_use)
tee 0 rotate key "$uri;$before" --pin-file user.pin
[ "$(in_use)" != "$before" ] || die "the key was not rotated"
app_whole
all_there
tee 0 audit verify

# -- several tokens: each has its turn, whatever becomes of the others, but for the SO's PIN --
mv store first
mv store.key first.key
printf 'another SO\n' >strange.pin
configure "so-reset = no"
make_token own
configure "so-reset = yes"
tee 0 init-token --label strange --so-pin-file strange.pin --pin-file user.pin
tee 0 init-token --label bare --so-pin-file so.pin
make_token last
tee 0 init-token --label other --so-pin-file strange.pin --pin-file user.pin
for label in own last; do
    p11 --token-label "$label" --write-object data --type data --label private --private >/dev/null ||
        die write
done
tee 2 rotate dek --so-pin-file so.pin
says "token own: DEK generation 2 (public), 2 (private: old objects follow at the next user login), 0"
complains "rotating the DEKs of token strange: the PIN is wrong"
complains "the 3 tokens after it were not tried: where tokens have different SO PINs, rotate each by --token"
[ "$(grep -c "^token " out) $(grep -c "rotating the DEKs" err)" = "1 1" ] ||
    die "more is said than what became of two tokens"
[ "$(deks own) $(deks strange) $(deks bare) $(deks last)" = "3 2 1 2" ] ||
    die "generations: $(deks own) $(deks strange) $(deks bare) $(deks last)"
tee 0 rotate dek --so-pin-file so.pin --token bare
says "token bare: DEK generation 2 (public), 0 records"
tee 0 rotate dek --so-pin-file so.pin --token last
says "token last: DEK generation 2 (public), 2 (private), 1 record"
tee 0 rotate dek --so-pin-file so.pin --token own
[ "$(deks own) $(deks bare) $(deks last)" = "4 1 2" ] || die "the next rotations leave more behind"
p11 --token-label own --list-objects >/dev/null || die "list"
[ "$(deks own)" -eq 2 ] || die "the user's login leaves old generations of $(deks own)"
tee 0 rotate dek --so-pin-file strange.pin --token strange
says "token strange: DEK generation 2 (public), 2 (private), 0 records"
# As from a timer, run by run: one token is locked at last, and no try was taken from another.
for i in $(seq 1 10); do
    tee 2 rotate dek --so-pin-file so.pin
    complains "token strange: the PIN is wrong"
done
for i in $(seq 1 10); do
    tee 2 rotate dek --so-pin-file so.pin
    complains "token strange: the PIN is locked"
    complains "the 3 tokens after it were not tried"
    says_not "token bare"
done
tee 0 rotate dek --so-pin-file strange.pin --token other
tee 2 rotate dek --so-pin-file so.pin --token other
complains "token other: the PIN is wrong"
says_not "not tried"
# Without a PIN none is tried.
tee 0 rotate dek
p11 --token-label own --list-objects >/dev/null || die "list"

# -- a token that nobody logs in to is full at last: the command says so, and what makes room --
# As an application of the SO does it, by CKM_TEE_DEK_KEY_GEN in slot 0, until it is refused.
python3 - <<'EOF' || die "a token is not filled by CKM_TEE_DEK_KEY_GEN"
import ctypes, os

ulong, pointer = ctypes.c_ulong, ctypes.c_void_p
table, session, key = pointer(), ulong(), ulong()
module = ctypes.CDLL(os.environ["TEE_TEST_MODULE"])
assert module.C_GetFunctionList(ctypes.byref(table)) == 0

def call(place, *arguments):
    """The function at this place of CK_FUNCTION_LIST, whose version stands before the first."""
    address = ctypes.cast(table.value + 8, ctypes.POINTER(pointer))[place]
    return ctypes.CFUNCTYPE(ulong, *[type(a) for a in arguments])(address)(*arguments)

mechanism = (ulong * 3)(0xd4450001, 0, 0)
assert call(0, pointer()) == 0
assert call(12, ulong(0), ulong(6), pointer(), pointer(), ctypes.pointer(session)) == 0
assert call(18, session, ulong(0), ctypes.c_char_p(b"12345678"), ulong(8)) == 0
for i in range(2000):
    rv = call(58, session, mechanism, pointer(), ulong(0), ctypes.pointer(key))
    if rv != 0:
        break
assert rv == 0x31 and 890 < i < 900, (rv, i)
EOF
[ "$(deks own)" -eq 901 ] || die "$(deks own) generations are full"
full="there are 900 private DEK generations and no new one is made: a login of its user re-encrypts"
tee 2 rotate dek --token own --dry-run
says "would rotate the DEKs of token own (public)"
complains "token own: $full"
tee 2 rotate dek --so-pin-file so.pin --token own
says "token own: DEK generation"
says_not "private"
complains "token own: $full"
tee 0 rotate dek --token own --if-older 1d
p11 --token-label own --list-objects >/dev/null || die "list"
[ "$(deks own)" -eq 2 ] || die "the user's login leaves $(deks own) generations"
tee 0 rotate dek --token own
says "(private: old objects follow at the next user login)"

if [ -n "${TEE_TEST_LONG:-}" ]; then # the SO's share makes room as the user's login does
    while [ "$(deks last)" -lt 901 ]; do
        tee 0 rotate dek --token last
    done
    tee 2 rotate dek --token last
    complains "a login of its user, or --so-pin-file, re-encrypts"
    tee 0 rotate dek --token last --so-pin-file so.pin
    [ "$(deks last)" -eq 2 ] || die "the SO leaves $(deks last) generations"
fi

# -- after a revocation too: a token whose records are damaged keeps no other from its turn --
rm -rf store store.key
make_token first
make_token second
# object_keys: of the rows; a token's begin with its id, which is random.
object_keys() { mdb_dump -s object store | awk '/^HEADER=END/ { body = NR } body && (NR - body) % 2 == 1 && /^ /'; }
p11 --token-label first --write-object data --type data --label public >/dev/null || die write
of_first=$(object_keys)
p11 --token-label second --write-object data --type data --label public >/dev/null || die write
[ "$(object_keys | wc -l)" -eq 2 ] || die "not one row of each token"
tee 0 seal add --new-recovery-key --name kept
cp out recovery.key
tee 0 seal add --new-recovery-key --name stolen
change_row object "$(object_keys | grep -nxF -- "$of_first" | cut -d: -f1)"
tee 3 seal revoke "$(stolen)"
complains "re-encrypting the records of token first (tee-pkcs11 rotate dek goes on)"
says "revoked seal"
says "new master key, token secrets and DEKs; 1 public record re-encrypted"
[ -z "$(stolen)" ] || die "a revoked seal is there"
[ "$(deks first) $(deks second)" = "4 3" ] ||
    die "generations: $(deks first) $(deks second)"
done_with rotate
