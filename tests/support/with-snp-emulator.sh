#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# with-snp-emulator.sh SNP-EMULATOR PROGRAM [ARGUMENT...]
#
# Mounts the emulated sev-guest device, runs the program with SNP_EMULATOR_MOUNT naming the mount,
# and unmounts it again. Where FUSE can't be had the program is skipped (77); under CI=true that is
# a failure.
set -eu

emulator=$1
shift
mount=$(mktemp -d "${TMPDIR:-/tmp}/tee-snp-fuse.XXXXXX")

missing() {
    echo "skipped: $1"
    rmdir "$mount"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 77
}

clean_up() {
    umount "$mount" 2>/dev/null || fusermount3 -u "$mount" 2>/dev/null || true
    rmdir "$mount" 2>/dev/null || true
}

[ -c /dev/fuse ] || missing "there is no /dev/fuse"
"$emulator" "$mount" || missing "the emulator can't be mounted here"
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
SNP_EMULATOR_MOUNT=$mount "$@"
