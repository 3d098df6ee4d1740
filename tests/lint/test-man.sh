#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-man.sh SOURCE_ROOT - the manual pages have no fault that mandoc calls a warning or worse.
set -eu

command -v mandoc >/dev/null || { echo "mandoc is missing"; exit 77; }
cd "$1/docs"
set -- *.[15]
[ -e "$1" ] || { echo "no manual page in docs/"; exit 1; }
exec mandoc -T lint -W warning "$@"
