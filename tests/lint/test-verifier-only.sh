#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-verifier-only.sh SOURCE_ROOT - the verifier builds, installs and runs alone: the build looks for
# nothing that only a token needs, and what it installs asks the loader for none of it.
set -eu

for tool in meson ninja readelf; do
    command -v "$tool" >/dev/null || { echo "$tool is missing"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# meson keeps its own log of every dependency that it asked for.
unset DESTDIR
meson setup "$work/build" "$1" -Dverifier-only=true -Dwerror=true --prefix=/usr >"$work/setup.log" 2>&1 || {
    cat "$work/setup.log"
    exit 1
}
if grep -Ei 'dependency (lmdb|inih|libkeyutils|fuse3)' "$work/setup.log"; then
    echo "a build of the verifier alone looks for what it does not need"
    exit 1
fi
ninja -C "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
DESTDIR=$work/root meson install -C "$work/build" --no-rebuild >/dev/null

installed=$(cd "$work/root" && find . -type f | sort | tr '\n' ' ')
wanted="./usr/bin/tee-pkcs11-verify ./usr/share/man/man1/tee-pkcs11-verify.1 \
./usr/share/man/man5/tee-pkcs11-policy.5 "
[ "$installed" = "$wanted" ] || { echo "installed: $installed"; exit 1; }

program=$work/root/usr/bin/tee-pkcs11-verify
needed=$(readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' | sort | tr '\n' ' ')
[ "$needed" = "ld-linux-x86-64 libc libcrypto libcurl libjansson libtasn1 " ] ||
    [ "$needed" = "libc libcrypto libcurl libjansson libtasn1 " ] || { echo "needs: $needed"; exit 1; }
"$program" --version | grep -q '^tee-pkcs11-verify [0-9]'
# It judges: 1184 zero bytes are no report (1), and no argument is a mistake (64).
status=0
head -c 1184 /dev/zero | "$program" - --offline >"$work/out" || status=$?
grep -q '^not genuine' "$work/out"
[ "$status" -eq 1 ] || { cat "$work/out"; exit 1; }
status=0
"$program" 2>/dev/null || status=$?
[ "$status" -eq 64 ]
