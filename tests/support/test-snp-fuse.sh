#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-snp-fuse.sh SNP-EMULATOR SNP-CLIENT TEST-ROOT-SEV-SNP
#
# Mounts the emulated sev-guest device, sends it real ioctls from another process, changes its state
# through the control file, and runs the tests of the SEV-SNP root over it. Where FUSE can't be had
# this is skipped (77); under CI=true that is a failure.
set -eu

emulator=$1
client=$2
root_test=$3
mount=$(mktemp -d "${TMPDIR:-/tmp}/tee-snp-fuse.XXXXXX")
device=$mount/sev-guest
checks=0

missing() {
    echo "skipped: $1"
    rmdir "$mount"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 77
}

unmount() {
    umount "$mount" 2>/dev/null || fusermount3 -u "$mount" 2>/dev/null || return 1
}

clean_up() {
    cd /
    unmount || true
    rmdir "$mount" 2>/dev/null || true
}

fail() {
    echo "FAILED: $1"
    exit 1
}

# equal WHAT GOT WANTED
equal() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

# starts WHAT GOT PREFIX
starts() {
    checks=$((checks + 1))
    case $2 in
    "$3"*) ;;
    *) fail "$1: got '$2', wanted '$3...'" ;;
    esac
}

differs() {
    checks=$((checks + 1))
    [ "$2" != "$3" ] || fail "$1: the same value twice"
}

control() {
    printf '%b\n' "$1" >"$mount/control" || fail "control: $1"
}

ask() {
    "$client" "$device" "$@"
}

[ -c /dev/fuse ] || missing "there is no /dev/fuse"
"$emulator" --set=measurement=aa "$mount" || missing "the emulator can't be mounted here"
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

equal "count at first" "$(cat "$mount/count")" 0
equal "--set" "$(sed -n s/^measurement=//p "$mount/control" | cut -c1-4)" aa00
tcb=0xdb18000000000004
first=$(ask key tcb=$tcb)
starts "a key" "$first" "written=0 key="
equal "the same key" "$(ask key tcb=$tcb)" "$first"
equal "count after two" "$(cat "$mount/count")" 2

control measurement=bb
differs "another image" "$(ask key tcb=$tcb)" "$first"
control measurement=aa
equal "the image again" "$(ask key tcb=$tcb)" "$first"
control "tcb=5.0.24.219"
equal "after an update" "$(ask key tcb=$tcb)" "$first"
control "tcb=4.0.24.218"
zeros=$(printf '%064d' 0)
equal "after a rollback" "$(ask key tcb=$tcb)" "written=0 status=0x16 key=$zeros"
control "tcb=4.0.24.219"

control "mask_chip_key=1"
equal "no chip key" "$(ask key tcb=$tcb)" "written=0 status=0x27 key=$zeros"
control "mask_chip_key=0"
equal "msg_version 0" "$(ask key version=0)" "errno=EINVAL fw=0x0 vmm=0x0 written=0 "
control "fail=busy\nfail_times=1"
equal "busy" "$(ask key tcb=$tcb)" "errno=EIO fw=0x0 vmm=0x2 written=1 "
equal "dead" "$(ask key tcb=$tcb)" "errno=ENOTTY fw=0x0 vmm=0x0 written=0 "
control "reload=1"
equal "alive" "$(ask key tcb=$tcb)" "$first"
equal "msg_version 2" "$(ask key version=2)" "errno=EIO fw=0x16 vmm=0x0 written=1 "
equal "dead of it" "$(ask key tcb=$tcb)" "errno=ENOTTY fw=0x0 vmm=0x0 written=0 "
control "reload=1\nfail=zero"
equal "all-zero key" "$(ask key tcb=$tcb)" "written=0 key=$zeros"
control "fail=none"

starts "a report" "$(ask report data=0xd5)" "written=0  size=1184 report=03000000"
control "certificates=1"
equal "room for certificates" "$(ask ext)" \
    "errno=EIO fw=0x0 vmm=0x1 written=1 certs_len=8192"
starts "with certificates" "$(ask ext certs=8192)" \
    "written=0 guid=63da758de6644564adc5f4b93be8accd size=1184 report=03000000"
equal "not a page" "$(ask ext certs=100)" "errno=EINVAL fw=0xff vmm=0x0 written=1 certs_len=100"
for name in ark ask vcek; do
    cp "$mount/$name.pem" "$mount.$name.pem"
done
verified=$(openssl verify -check_ss_sig -CAfile "$mount.ark.pem" -untrusted "$mount.ask.pem" \
    "$mount.vcek.pem") || fail "the certificates do not chain"
rm -f "$mount.ark.pem" "$mount.ask.pem" "$mount.vcek.pem"
equal "chain" "$verified" "$mount.vcek.pem: OK"

if (echo "no_such_field=1" >"$mount/control") 2>/dev/null; then
    fail "an unknown field was accepted"
fi
if (echo "requests=0" >"$mount/control") 2>/dev/null; then
    fail "a count could be set"
fi
echo "$checks checks of the device over FUSE passed"

SNP_EMULATOR_MOUNT=$mount "$root_test"
