#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-units.sh SOURCE_ROOT - systemd has nothing to say about the units in conf/. The programs that
# they run need not be installed here.
set -eu

command -v systemd-analyze >/dev/null || { echo "systemd-analyze is missing"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT

# judge FILE...: what systemd says about copies of these units, which run another program. It says as
# well what it thinks of the machine's units that they come after.
judge() {
    for unit in "$@"; do
        sed -E 's|^(Exec[A-Za-z]+=)/usr/bin/[^ ]+|\1/bin/true|' "$unit" >"$scratch/${unit##*/}"
    done
    systemd-analyze verify --man=no --recursive-errors=no \
        "$scratch"/*.service "$scratch"/*.socket "$scratch"/*.timer >"$scratch/said" 2>&1 ||
        echo "(failed)"
    grep -e "$scratch" -e tee-pkcs11 -e control.service "$scratch/said" || true
}

# It says what it thinks and calls it a success: no words are the sign.
said=$(judge "$1"/conf/*.service "$1"/conf/*.socket "$1"/conf/*.timer)
[ -z "$said" ] || { echo "$said"; cat "$scratch/said"; exit 1; }
printf '[Service]\nExecStart=/bin/true\nNoSuchKey=yes\n' >"$scratch/control.service"
case $(judge) in
    *NoSuchKey*) ;;
    *) echo "systemd-analyze does not say what is wrong"; exit 1 ;;
esac
