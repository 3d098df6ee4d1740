#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-handoff.sh - a store given to another image and another chip, as a person types it, on the
# emulated device; and every message that should not be believed, refused for its own reason.
#
# Run by with-snp-emulator.sh. One device plays all machines, one after the other: `on` says whose
# turn it is. TEE_TEST_SNP_EMULATOR is the program itself, for a device with a root of its own.
# TEE_TEST_HANDOFF_KILLS: how many hand-overs are killed (200 in the long form).

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs python3 pkcs11-tool
: "${SNP_EMULATOR_MOUNT:?}" "${TEE_TEST_SNP_EMULATOR:?}"

# -- machines --------------------------------------------------------------------------------------

image1=a1a2a3
image2=b1b2b3
full() { printf '%s%0*d' "$1" $((96 - ${#1})) 0; }

# on CHIP IMAGE LAUNCH: this VM is what the device belongs to now. The launch is its REPORT_ID.
on() {
    printf '%s\n' "chip=$1" "measurement=$2" "report_id=$3" policy=0x30000 \
        >"$SNP_EMULATOR_MOUNT/control" || die "the emulator refuses $*"
}
# device LINE: something of the machine that it is now.
device() { printf '%s\n' "$1" >"$SNP_EMULATOR_MOUNT/control" || die "the emulator refuses $1"; }

old() { on 01 "$image1" 11; }      # where the store was made
new() { on 01 "$image2" 22; }      # the next image on the same chip
other() { on 02 "$image1" 33; }    # a second node

printf '%s\n' product=milan tcb=3.0.10.100 max_msg_version=1 certificates=1 host_data= \
    id_key_digest= author_key_digest= vmpck=0 fail=none >"$SNP_EMULATOR_MOUNT/control"
old
{
    printf '%s\n' "store = $scratch/store" 'root = sev-snp' \
        "device = \"$SNP_EMULATOR_MOUNT/sev-guest\"" 'measured = image' 'hardware-only = yes' \
        'pin-log2-n = 10' 'unseal-cache = 0'
} >conf

# policy NAME IMAGE [MEMBER...]: who may get, or give, the key.
policy() {
    local name=$1 image=$2

    shift 2
    python3 - "$SNP_EMULATOR_MOUNT/ark.pem" "$(full "$image")" "$@" >"$name" <<'PY'
import json, sys
policy = {"measurements": sys.argv[2], "roots": open(sys.argv[1]).read(),
          "min-tcb": {"Milan": {"bl": 3, "tee": 0, "snp": 10, "ucode": 100}}, "crl": "ignore"}
for member in sys.argv[3:]:
    policy.update(json.loads("{" + member + "}"))
print(json.dumps({k: v for k, v in policy.items() if v is not None}))
PY
}
policy gives-to-2 $image2
policy takes-from-1 $image1

# What the commands have in common: no network, no cache.
handoff() {
    local code=$1 step=$2

    shift 2
    case $step in
    request) tee "$code" handoff request "$@" ;;
    *) tee "$code" handoff "$step" --offline --no-cache "$@" ;;
    esac
}

# splice FILE PART FROM-FILE: the file with its part (evidence, sealed, report, certificates) taken
# from the other one. Other edits: see there.
message() { python3 "$TEE_TEST_SOURCE/tests/command/handoff_message.py" "$@" || die "message $*"; }

# refused REASON...: the last command said it, and nothing went to its output.
refused() {
    local reason

    for reason in "$@"; do complains "$reason"; done
}

# -- the happy path --------------------------------------------------------------------------------

make_token web
p11 --keygen --key-type AES:32 --label "a key" >/dev/null || die keygen
printf '0123456789abcdef' >block16
p11 --write-object block16 --type data --label kept >/dev/null || die write
p11 --encrypt -m AES-ECB --label "a key" -i block16 -o before >/dev/null || die encrypt
fingerprint >fingerprint.txt
store_id=$("$TEE_TEST_COMMAND" status 2>/dev/null | sed -n 's/^store id *//p')
[ ${#store_id} -eq 32 ] || die "status shows no id"
cp -r store made

# works: the store is open, its objects are there, once, and the key works.
works() {
    tee 0 status
    says "fingerprint    $(cat fingerprint.txt)"
    [ "$(p11 --list-objects --type data | grep -c kept)" -eq 1 ] || die "the object is not there once"
    [ "$(p11 --list-objects --type secrkey | grep -c 'a key')" -eq 1 ] ||
        die "the key is not there once"
    p11 --encrypt -m AES-ECB --label "a key" -i block16 -o encrypted >/dev/null ||
        die "the key does not work"
    cmp -s encrypted before || die "the key is another one"
}
works

new
tee 3 status
handoff 0 request --key pending --out request
says "request"
[ "$(stat -c %a pending)" = 600 ] || die "the key file is not private"
old
handoff 0 approve request --policy gives-to-2 --out approval
says "ok        purpose"
says "ok        store"
says "ok        measurements"
says "genuine and within policy"
tee 0 audit show
says "handoff-approved"
new
handoff 0 accept approval --key pending --policy takes-from-1 --expect "$(cat fingerprint.txt)" --dry-run
says "would seal it"
tee 3 status
handoff 2 accept approval --key pending --policy takes-from-1
refused "no terminal to ask"
handoff 2 accept approval --key pending --policy takes-from-1 --expect "$(full 00 | cut -c1-64)"
refused "not the expected one"
handoff 0 accept approval --key pending --policy takes-from-1 --expect "$(cat fingerprint.txt)"
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
complains_nothing=$(grep -c "CANNOT" out)
[ "$complains_nothing" -eq 0 ] || die "the old image is shut out"
new
tee 0 prune --superseded
old
tee 3 status
done_with handoff
