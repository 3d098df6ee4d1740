#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# with-disk-faults.sh DISK-FAULTS PROGRAM [ARGUMENT...]
#
# Mounts a scratch directory as a disk that fails by plan, runs the program with TMPDIR and
# DISK_FAULTS_MOUNT naming the mount, and unmounts it again. Where FUSE can't be had the program is
# skipped (77); under CI=true that is a failure.
set -eu

faults=$1
shift
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tee-disk-faults.XXXXXX")
mkdir "$scratch/backing" "$scratch/disk"

missing() {
    echo "skipped: $1"
    rm -rf "$scratch"
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 77
}

clean_up() {
    umount "$scratch/disk" 2>/dev/null || fusermount3 -u "$scratch/disk" 2>/dev/null || true
    rmdir "$scratch/disk" 2>/dev/null && rm -rf "$scratch"
}

[ -c /dev/fuse ] || missing "there is no /dev/fuse"
"$faults" "$scratch/backing" "$scratch/disk" || missing "a directory can't be mounted here"
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
TMPDIR=$scratch/disk DISK_FAULTS_MOUNT=$scratch/disk "$@"
