#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# test-spelling.sh SOURCE_ROOT - codespell finds no misspelt word in documents and comments.
# What it takes for one and is none (a macro of mdoc, a name) stands in spelling.txt.
set -eu

command -v codespell >/dev/null || { echo "codespell is missing"; exit 77; }
cd "$1"
exec codespell --ignore-words tests/lint/spelling.txt \
    --skip '*/fuzz/corpus/*,*.csv,*.der,*.bin,*.pem,*.pyc' \
    README.md CHANGELOG.md SECURITY.md docs src include conf packaging pkcs11-tests \
    tests check quickstart meson.build meson_options.txt
