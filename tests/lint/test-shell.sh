#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-shell.sh SOURCE_ROOT - shellcheck has nothing to say about any shell script of the project.
set -eu

command -v shellcheck >/dev/null || { echo "shellcheck is missing"; exit 77; }
cd "$1"
set -- check quickstart .ci/run packaging/install-packages pkcs11-tests/run tests/bench/run tests/bench/publish tests/bench/rotations
for file in "$@"; do
    [ -f "$file" ] || { echo "$file is missing"; exit 1; }
done
# Names without spaces: they are the project's own.
# shellcheck disable=SC2046
exec shellcheck -x "$@" $(find pkcs11-tests tests -name '*.sh' | sort)
