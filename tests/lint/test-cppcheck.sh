#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-cppcheck.sh SOURCE_ROOT - cppcheck finds no error, warning or portability fault in src/.
# Its results are kept from run to run in the working directory, so that only what changed is
# looked at again.
set -eu

command -v cppcheck >/dev/null || { echo "cppcheck is missing"; exit 77; }
cache=$PWD/cppcheck-cache
mkdir -p "$cache"
cd "$1"
exec cppcheck --quiet --error-exitcode=1 --enable=warning,portability --inline-suppr \
    --suppressions-list=tests/lint/cppcheck.txt --std=c11 --library=posix,gnu \
    -D__x86_64__ -D_GNU_SOURCE -D__CPPCHECK__ -DTEE_VERSION='""' -I src -I include -j "$(nproc)" \
    --cppcheck-build-dir="$cache" src
