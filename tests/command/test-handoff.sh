#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-handoff.sh - a store given to another image and another chip, as a person types it, between
# two emulated machines; every message that should not be believed is refused, and for its own
# reason; a hand-over that is killed at any moment loses nothing, and the next one completes.
#
# Run by with-snp-emulator.sh, whose device is the old machine's; TEE_TEST_SNP_EMULATOR is the program
# itself, for the new machine's. Each has a root of its own: one is a forger's to the other's policy.
#
# TEE_TEST_LONG=1: 200 hand-overs are killed instead of 8, and more bytes of messages are changed.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs python3 pkcs11-tool setsid
: "${SNP_EMULATOR_MOUNT:?}" "${TEE_TEST_SNP_EMULATOR:?}" "${TEE_TEST_SOURCE:?}"
kills=8
flips=12
if [ -n "${TEE_TEST_LONG:-}" ]; then
    kills=200
    flips=400
fi

# -- two machines ----------------------------------------------------------------------------------

old_device=$SNP_EMULATOR_MOUNT
new_device=$scratch/new-device
mkdir "$new_device"
"$TEE_TEST_SNP_EMULATOR" "$new_device" || die "there is no second device"
leave() {
    [ ! -e full/before ] || umount full
    umount "$new_device" || fusermount3 -u "$new_device"
    rm -rf "$scratch"
}
trap leave EXIT

# device MOUNT LINE...: what a machine is.
device() {
    local mount=$1

    shift
    printf '%s\n' "$@" >"$mount/control" || die "the emulator refuses $*"
}

# Every machine as it was launched: report_id is the launch.
machines() {
    device "$old_device" product=milan tcb=3.0.10.100 max_msg_version=1 certificates=1 host_data= \
        id_key_digest= author_key_digest= vmpck=0 fail=none policy=0x30000 chip=01 \
        measurement=a1a2a3 report_id=11
    device "$new_device" product=milan tcb=3.0.10.100 certificates=1 policy=0x30000 chip=01 \
        measurement=b1b2b3 report_id=22 fail=none
}
machines

# conf NAME MOUNT: the configuration of the service on that machine.
conf() {
    printf '%s\n' "store = $scratch/store" 'root = sev-snp' "device = \"$2/sev-guest\"" \
        'measured = image' 'hardware-only = yes' 'pin-log2-n = 10' 'unseal-cache = 0' >"$1"
}
conf conf.old "$old_device"
conf conf.new "$new_device"
old() { export TEE_PKCS11_CONF=$scratch/conf.old; }
new() { export TEE_PKCS11_CONF=$scratch/conf.new; }

# policy FILE MOUNT MEASUREMENT [MEMBER...]: who may get, or give, the key. A member of null is left
# out.
policy() {
    local file=$1 mount=$2 measurement=$3

    shift 3
    python3 - "$mount/ark.pem" "$measurement" "$@" >"$file" <<'PY'
import json, sys
policy = {"measurements": sys.argv[2].ljust(96, "0"), "roots": open(sys.argv[1]).read(),
          "min-tcb": {"Milan": {"bl": 3, "tee": 0, "snp": 10, "ucode": 100}}}
for member in sys.argv[3:]:
    policy.update(json.loads("{" + member + "}"))
print(json.dumps({k: v for k, v in policy.items() if v is not None}))
PY
}
policy gives "$new_device" b1b2b3
policy takes "$old_device" a1a2a3

# What is to be done to a message on its way: see there.
message() { python3 "$TEE_TEST_SOURCE/tests/command/handoff_message.py" "$@" || die "message $*"; }

# request, approve, accept CODE [OPTION...]: each on its machine. No network, no cache.
request() {
    new
    tee "$1" handoff request --key pending --out request "${@:2}"
}
approve() {
    old
    tee "$1" handoff approve "$2" --policy gives --out approval --offline --no-cache "${@:3}"
}
accept() {
    new
    tee "$1" handoff accept "$2" --key pending --policy takes --offline --no-cache \
        --expect "$(cat fingerprint.txt)" "${@:3}"
}

# not_approved MESSAGE REASON, not_accepted MESSAGE REASON: refused for it, and nothing came of it.
not_approved() {
    rm -f approval
    approve 2 "$@"
    [ ! -e approval ] || die "an approval was written"
}
commit() {
    "$TEE_TEST_COMMAND" status --json 2>/dev/null |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["store"]["commit"])'
}

# -- the happy path --------------------------------------------------------------------------------

old
make_token web
p11 --keygen --key-type AES:32 --label "a key" --id 0a >/dev/null || die keygen
printf '0123456789abcdef' >block16
p11 --write-object block16 --type data --label kept >/dev/null || die write
p11 --encrypt -m AES-ECB --id 0a -i block16 -o before >/dev/null || die encrypt
fingerprint >fingerprint.txt
store_id=$("$TEE_TEST_COMMAND" status 2>/dev/null | sed -n 's/^store id *//p')
[ ${#store_id} -eq 32 ] || die "status shows no id"
cp -r store made

# works: the store is open, its objects are there, once, and the key works.
works() {
    tee 0 status
    says "fingerprint    $(cat fingerprint.txt)"
    [ "$(p11 --list-objects --type data | grep -c "label:.*'kept'")" -eq 1 ] || die "the object is not there once"
    [ "$(p11 --list-objects --type secrkey | grep -c 'a key')" -eq 1 ] ||
        die "the key is not there once"
    p11 --encrypt -m AES-ECB --id 0a -i block16 -o encrypted >/dev/null ||
        die "the key does not work"
    cmp -s encrypted before || die "the key is another one"
}
again() {
    rm -rf store pending request approval
    cp -r made store
}
works

new
tee 3 status
request 0
says "request"
[ "$(stat -c %a pending)" = 600 ] || die "the key file is not private"
approve 0 request
says "ok        purpose"
says "ok        store"
says "ok        measurements"
says "genuine and within policy"
tee 0 audit show
says "handoff-approved"
accept 0 approval --dry-run
says "would seal it"
tee 3 status
tee 2 handoff accept approval --key pending --policy takes --offline --no-cache --expect 00 --dry-run
complains "not the expected one"
tee 2 handoff accept approval --key pending --policy takes --offline --no-cache
complains "no terminal to ask"
tee 2 handoff accept approval --key pending --policy takes --offline --no-cache --expect 00
complains "not the expected one"
accept 0 approval
says "ok        request"
says "ok        sealed"
says "ok        other-platform"
says "superseded"
[ ! -e pending ] || die "the key of the request is left behind"
works
tee 0 audit show
says "handoff-accepted"
tee 0 audit verify
old # the way back, for rollback-days
works
new
tee 0 prune --superseded
old
tee 3 status
says_not "fingerprint "

# A disk that is full: nothing is approved, and the key of the request before stays. (A disk of its
# own takes the right to mount one, as the emulated device does for root.)
again
request 0
cp pending pending.kept
new
"$TEE_TEST_COMMAND" handoff request --key pending >/dev/full 2>err && die "a request went nowhere"
complains "No space left"
cmp pending pending.kept || die "the key of the request before is lost"
mkdir full directory
mkfifo pipe
ln -s pipe to-pipe
# goes_nowhere FILE WORDS: nothing is asked for or approved for want of a place.
goes_nowhere() {
    new
    tee 1 handoff request --key pending --out "$1"
    complains "$2"
    cmp pending pending.kept || die "the key of the request before is lost"
    old
    tee 1 handoff approve request --policy gives --out "$1" --offline --no-cache
    complains "$2"
}
goes_nowhere directory "Is a directory"
goes_nowhere pipe "pipe: no regular file"
goes_nowhere to-pipe "to-pipe: no regular file"
[[ -p pipe && -L to-pipe ]] || die "a file is where a pipe or a link was"
tee 0 audit show
says_not "handoff-approved"
if mount -t tmpfs -o size=64k none full 2>/dev/null; then
    filled() { # all but one page, which is too little for a message
        rm -f full/before
        head -c 65536 /dev/zero >full/before 2>/dev/null
        truncate -s -4096 full/before
    }
    filled
    new
    tee 1 handoff request --key pending --out full/request
    complains "No space left"
    cmp pending pending.kept || die "the key of the request before is lost"
    rm full/before
    cp pending full/pending
    filled
    tee 1 handoff request --key full/pending --out request.other
    complains "No space left"
    [ ! -e request.other ] || die "a request without its key is left"
    cmp full/pending pending.kept || die "the key of the request before is half written"
    rm full/pending
    filled
    old
    tee 1 handoff approve request --policy gives --out full/approval --offline --no-cache
    complains "No space left"
    "$TEE_TEST_COMMAND" handoff approve request --policy gives --offline --no-cache \
        >full/approval 2>err && die "an approval on a full disk"
    complains "No space left"
    [ "$(cd full && echo *)" = "approval before" ] || die "left on the full disk: $(ls full)"
    tee 0 audit show
    says_not "handoff-approved"
    umount full
else
    echo "a full disk was not tried: none can be mounted"
fi
approve 0 request # it was not used up
accept 0 approval
works

# Two take one approval at once: one seal, and who is later is told, or finds the request's key gone.
again
request 0
approve 0 request
new
takers=()
for n in 1 2; do
    "$TEE_TEST_COMMAND" handoff accept approval --key pending --policy takes --offline --no-cache \
        --expect "$(cat fingerprint.txt)" >"out.$n" 2>"err.$n" &
    takers+=($!)
done
sealed=0
for n in 1 2; do
    code=0
    wait "${takers[$((n - 1))]}" || code=$?
    if grep -q "sealed to this platform" "out.$n"; then
        sealed=$((sealed + 1))
    else
        grep -q "accepted already" "out.$n" "err.$n" || die "taker $n exits with $code: $(cat "err.$n")"
    fi
done
[ "$sealed" -eq 1 ] || die "one approval made $sealed seals"
[ "$(field id platform | wc -l)" -eq 2 ] || die "there are more seals than two"
works

# By a pipe, to a machine that has no store when it asks; all three run at once.
again
device "$new_device" chip=02 measurement=a1a2a3 report_id=33 # a second node, of the same image
policy gives "$new_device" a1a2a3
new
TEE_PKCS11_CONF=conf.new "$TEE_TEST_COMMAND" handoff request --key pending --store "$store_id" 2>err.1 |
    TEE_PKCS11_CONF=conf.old "$TEE_TEST_COMMAND" handoff approve - --policy gives --offline \
        --no-cache 2>err.2 |
    TEE_PKCS11_CONF=conf.new "$TEE_TEST_COMMAND" handoff accept - --key pending --policy takes \
        --offline --no-cache --expect "$(cat fingerprint.txt)" --standby >out 2>err ||
    die "the pipe"
says "sealed to this platform"
says_not "superseded"
grep -q "ok        measurements" err.2 || die "approve does not say what it checked"
works
old
works
new
tee 0 prune --superseded # there is none: both stay
old
works
tee 0 rotate master # serves both
works
new
works
# The first node's store, as it was before: the second one's seal is brought there.
again
old
request 0
approve 0 request
cp -r store first
accept 0 approval --standby
second=$(sed -n 's/^sealed to this platform by seal \([0-9a-f]*\):.*/\1/p' out)
tee 0 seal export "$second"
cp out second.seal
rm -rf store
mv first store
tee 3 status
old
works
tee 0 seal import second.seal --dry-run
says "would add seal $second"
tee 0 seal import second.seal
tee 2 seal import second.seal
complains "it is there already"
tee 2 seal import block16
complains "no seal of a platform"
tee 0 audit show
says "of another node"
tee 0 rotate master
works
new
works
machines
policy gives "$new_device" b1b2b3

# -- hostile requests ------------------------------------------------------------------------------

again
old
before=$(commit)
request 0
cp request honest
message cut request 700 bad
not_approved bad
complains "it is cut off"
message grow request bad
not_approved bad
complains "something behind its end"
message version request bad
not_approved bad
complains "a version that this program does not know"
echo "no message" >bad
not_approved bad
complains "it is not one in DER"
head -c 100000 /dev/zero >bad
approve 1 bad
complains "longer than 73728 bytes"
for field in store key time nonce kind; do
    message restate request "$field" bad
    not_approved bad
    complains "statement: REPORT_DATA is not its hash"
done
# Without --out on a terminal: nothing is approved, and no key of a request takes another's place.
on_terminal() {
    python3 -c 'import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$TEE_TEST_COMMAND" handoff "$@" \
        >out 2>err </dev/null
    [ $? -eq 64 ] || die "handoff $* does not refuse a terminal"
    says "standard output is a terminal"
}
python3 -c 'import pty; pty.openpty()' || die "there are no pseudo-terminals"
cp pending kept
old
on_terminal approve request --policy gives --offline --no-cache
tee 1 handoff approve request --policy gives --offline --no-cache --out nowhere/approval
complains "nowhere/approval: No such file"
[ "$(commit)" = "$before" ] || die "what went nowhere was approved"
new
on_terminal request --key pending --store "$store_id"
tee 1 handoff request --key pending --store "$store_id" --out nowhere/request
cmp -s pending kept || die "the key of the request before is gone"
rm -f approval
approve 0 request --dry-run # and so it is the change that was refused
says "would approve"
[ ! -e approval ] || die "a dry run wrote"
size=$(message size request)
for at in $(seq 0 $((size / flips)) $((size - 1))); do
    message flip request "$at" bad
    not_approved bad
    complains "tee-pkcs11: "
done

# hostile_request LINE...: what a VM says that is launched so, and does not refuse by itself.
hostile_request() {
    device "$new_device" "$@"
    new
    tee 0 attest --report-data "$(message report-data honest)" --out evidence
    message of-evidence honest evidence bad
    machines
}
hostile_request measurement=c1c2c3
not_approved bad
complains "measurements: MEASUREMENT c1c2c3"
hostile_request policy=0xb0000
not_approved bad
complains "guest-policy.allow: the guest was launched with what the policy does not allow: debug"
hostile_request tcb=3.0.9.100
not_approved bad
complains "min-tcb: "
hostile_request fail=none
approve 0 bad --dry-run # nothing is wrong with it
policy gives.other "$old_device" b1b2b3 # signed, but not by whom this policy trusts
tee 2 handoff approve request --policy gives.other --out approval --offline --no-cache
complains "chain: "
sleep 2
not_approved request --max-age 1
complains "max-age: "
not_approved request --nonce 00
complains "nonce: "
request 0 --store 00112233445566778899aabbccddeeff
not_approved request
complains "store: 00112233445566778899aabbccddeeff: not this one"
tee 0 handoff request --key pending.own --out own # of the very VM that is to approve
device "$new_device" report_id=11
request 0
not_approved request
complains "other-platform: "
machines
old
[ "$(commit)" = "$before" ] || die "what was refused was written"

# A nonce of the approving side; once answered, a request is none any more.
request 0 --nonce c0ffee
approve 0 request --nonce c0ffee
cp approval first
not_approved request --nonce c0ffee
complains "a replay: this request was approved on"
cp pending kept
accept 0 first
mv kept pending # as if it had been killed before its last act
before=$(commit)
accept 0 first
says "accepted already"
[ ! -e pending ] || die "the key is left behind"
[ "$(commit)" = "$before" ] || die "it was sealed twice"
accept 1 first
complains "no request that waits"

# Policies that don't decide.
again
request 0
for bad in '"measurements": null' '"min-tcb": null' '"guest-policy": {"allow": ["smt", "debug"]}' \
    '"time": "2026-01-01T00:00:00Z"'; do
    policy gives.bad "$new_device" b1b2b3 "$bad"
    old
    tee 2 handoff approve request --policy gives.bad --out approval --offline --no-cache
    complains "can't decide about a hand-over"
done
chmod 666 gives
not_approved request
complains "the policy gives can be written by others"
chmod 600 gives
echo '{}' >root.pem
chmod 602 root.pem
old
tee 2 handoff approve request --policy gives --root root.pem --out approval --offline --no-cache
complains "the root root.pem can be written by others"
# Another root under the name while the policy is still awaited: the file that is read is looked at,
# not one that had its name before.
mkfifo -m 600 slow
chmod 600 root.pem
"$TEE_TEST_COMMAND" handoff approve request --policy slow --root root.pem --out approval --offline \
    --no-cache >out 2>err &
approver=$!
exec 7>slow # the policy is being opened
echo '{}' >root.other
chmod 602 root.other
mv root.other root.pem
cat gives >&7
exec 7>&-
wait "$approver" && die "approved by a root that anybody could write"
complains "the root root.pem can be written by others"
tee 1 handoff approve request --policy absent --out approval --offline --no-cache
complains "absent: No such file"
tee 64 handoff approve request # no policy at all
tee 64 handoff approve --policy gives
tee 64 handoff approve request --policy gives --key pending
tee 64 handoff give
tee 64 handoff request
echo mine >precious
new
tee 2 handoff request --key precious --out request
complains "it is not replaced"
[ "$(cat precious)" = mine ] || die "a file was replaced"

# -- hostile approvals -----------------------------------------------------------------------------

again
request 0
cp pending pending.1
approve 0 request
cp approval approval.1
request 0 # an earlier request is replaced
approve 0 request
cp approval approval.2
before=$(commit)

not_accepted() {
    accept 2 "$@"
    [ -e pending ] || die "the key is gone"
}
not_accepted request # reflected
complains "this is the request of a hand-over, and here its approval is taken"
old
tee 2 handoff approve approval --policy gives --out bad --offline --no-cache
complains "this is the approval of a hand-over, and here its request is taken"
message splice request sealed approval bad # the request's own evidence, dressed up
policy takes.self "$new_device" b1b2b3
new
tee 2 handoff accept bad --key pending --policy takes.self --yes --offline --no-cache
complains "purpose: the evidence is about: handover; wanted: approval"
not_accepted approval.1 # of the run before
complains "nonce: "
says "failed    request"
message splice approval sealed approval.1 bad # mixed
not_accepted bad
complains "sealed: the encrypted key is not the one that the evidence speaks of"
message splice approval report approval.1 bad
not_accepted bad
complains "statement: REPORT_DATA is not its hash"
message cut approval 1500 bad
not_accepted bad
complains "it is cut off"
size=$(message size approval)
for at in $(seq 0 $((size / flips)) $((size - 1))); do
    message flip approval "$at" bad
    not_accepted bad
    complains "tee-pkcs11: "
done

# hostile_approval LINE...: what an old machine says that is launched so.
hostile_approval() {
    device "$old_device" "$@"
    old
    tee 0 attest --report-data "$(message report-data approval)" --out evidence
    message of-evidence approval evidence bad
    machines
}
hostile_approval measurement=c1c2c3
not_accepted bad
complains "measurements: MEASUREMENT c1c2c3"
hostile_approval policy=0xb0000
not_accepted bad
complains "guest-policy.allow: "
hostile_approval tcb=3.0.9.100
not_accepted bad
complains "min-tcb: "
hostile_approval report_id=22
not_accepted bad
complains "other-platform: "
message restate approval fingerprint changed # of the image that is allowed, about a store that is not
old
tee 0 attest --report-data "$(message report-data changed)" --out evidence
message of-evidence changed evidence bad
not_accepted bad
complains "the store here has another fingerprint than the one that was handed over"
new
policy takes.other "$new_device" a1a2a3
tee 2 handoff accept approval --key pending --policy takes.other --yes --offline --no-cache
complains "chain: "
sleep 2
not_accepted approval --max-age 1
complains "max-age: "

# The wrong machine, and the wrong store.
device "$new_device" measurement=d1d2d3
accept 3 approval
complains "does not open here: accept where the request was made"
machines
mv store ours
old
make_token web
accept 2 approval
complains "of another store than"
rm -rf store
mv ours store
new
tee 1 handoff accept approval --key nowhere --policy takes --yes --offline --no-cache
complains "no request that waits"
old
[ "$(commit)" = "$before" ] || die "what was refused was written"
tee 0 rotate master
accept 2 approval
complains "it was rotated, or the disk is an older copy"
works_not=$(TEE_PKCS11_CONF=conf.new "$TEE_TEST_COMMAND" status 2>/dev/null | grep -c "CANNOT BE OPENED")
[ "$works_not" -eq 1 ] || die "it opens on the new machine"
request 0
approve 0 request
accept 0 approval
works

# -- a software root has no evidence ---------------------------------------------------------------

printf '%s\n' "store = $scratch/soft" 'root = software' 'pin-log2-n = 10' >conf.soft
export TEE_PKCS11_CONF=$scratch/conf.soft
for step in "request" "approve request --policy gives" "accept approval --policy takes"; do
    # shellcheck disable=SC2086
    case $step in
    approve*) tee 2 handoff $step ;;
    *) tee 2 handoff $step --key pending ;;
    esac
    complains "root = software has none"
done

# -- killed at any moment --------------------------------------------------------------------------

# hand_over: the three steps; as a program of its own, to be killed as a whole.
cat >hand_over <<'SH'
set -eu
TEE_PKCS11_CONF=conf.new "$TEE_TEST_COMMAND" handoff request --key pending --out request
TEE_PKCS11_CONF=conf.old "$TEE_TEST_COMMAND" handoff approve request --policy gives --out approval \
    --offline --no-cache
TEE_PKCS11_CONF=conf.new "$TEE_TEST_COMMAND" handoff accept approval --key pending --policy takes \
    --offline --no-cache --expect "$(cat fingerprint.txt)"
SH
again
begin=$(date +%s%N)
bash hand_over >out 2>err || die "a hand-over"
usual=$((($(date +%s%N) - begin) / 1000))
killed=0
for n in $(seq 1 $((3 * kills))); do # some end before their moment comes
    [ "$killed" -lt "$kills" ] || break
    again
    setsid bash hand_over >/dev/null 2>&1 &
    pid=$! # its process group too
    moment=$(((RANDOM * 32768 + RANDOM) % usual))
    sleep "$((moment / 1000000)).$(printf %06d $((moment % 1000000)))"
    kill -9 -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    [ $? -ne 137 ] || killed=$((killed + 1))
    old
    works
    bash hand_over >out 2>err || die "the hand-over after kill $n"
    new
    works
    tee 0 audit verify
done
[ "$killed" -gt 0 ] || die "none was killed on the way"
printf '%d hand-overs were killed on the way\n' "$killed"
done_with handoff
