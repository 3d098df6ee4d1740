#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-install.sh BUILD_ROOT - what the documents call by a path or by its bare name is installed so.
set -eu
unset DESTDIR

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
DESTDIR=$work meson install -C "$1" --no-rebuild >/dev/null

# one KIND PATH: there is exactly one such file (f) or link (l); prints it.
one() {
    found=$(find "$work" -type "$1" -path "*/$2")
    [ "$(printf '%s\n' "$found" | grep -c .)" -eq 1 ] || { echo "$2: installed at '$found'"; exit 1; }
    printf '%s\n' "$found"
}

module=$(one f pkcs11/tee-pkcs11.so)
link=$(one l tee-pkcs11.so)
[ "$(readlink -f "$link")" = "$(readlink -f "$module")" ] || { echo "$link does not lead to the module"; exit 1; }
[ "$(dirname "$link")" = "$(dirname "$(dirname "$module")")" ] || { echo "$link: not in the library directory"; exit 1; }
for file in bin/tee-pkcs11 bin/tee-pkcs11-verify tee-pkcs11/tee-pkcs11.conf \
    p11-kit/modules/tee-pkcs11.module doc/tee-pkcs11/tee-pkcs11-rotate.service \
    doc/tee-pkcs11/tee-pkcs11-rotate.timer include/tee-pkcs11.h man1/tee-pkcs11.1 \
    man5/tee-pkcs11.conf.5; do
    one f "$file" >/dev/null
done
# An example is not one that systemd finds.
[ -z "$(find "$work" -path '*/systemd/*' -name '*rotate*')" ] || { echo "the example is where systemd reads"; exit 1; }
