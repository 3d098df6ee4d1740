#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-metrics.sh - what `status --prometheus` writes is valid, true, and tells nothing of the keys.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/command/lib.sh
. "$here/lib.sh"
needs python3 pkcs11-tool
reader=$here/exposition.py

# valid FILE: the page is of the format; promtool has a look where it is installed.
valid() {
    python3 "$reader" "$1" >samples || { cat samples >&2; die "$1 is not of the format"; }
    checks=$((checks + 1))
    if command -v promtool >/dev/null; then
        promtool check metrics <"$1" >out 2>err || die "promtool does not like $1"
    fi
}

# metric SAMPLE VALUE: of the last page.
metric() {
    local is

    is=$(python3 "$reader" page "$1") || die "$is"
    [ "$is" = "$2" ] || die "$1 is $is, not $2"
    checks=$((checks + 1))
}

# between SAMPLE LOW HIGH: the same for a number that can't be known.
between() {
    local is

    is=$(python3 "$reader" page "$1") || die "$is"
    python3 -c 'import sys; a, x, b = map(float, sys.argv[1:]); sys.exit(not a <= x <= b)' \
        "$2" "$is" "$3" || die "$1 is $is, not in $2..$3"
    checks=$((checks + 1))
}

absent() { ! grep -q "^tee_pkcs11_$1[{ ]" page || die "there is a sample of $1"; }

collect() {
    tee "$1" status --prometheus
    cp out page
    valid page
}

# -- the reader finds what is wrong: each of these pages has one fault --
printf '# HELP a_total a\n# TYPE a_total counter\na_total 1\n' >page
valid page
for fault in 's/^a_total 1/a_total one/' 's/^a_total 1/a_total{x=1} 1/' 's/ counter$/ gauge/' \
    '/HELP/d' '/TYPE/d' 's/^a_total 1/b_total 1/' 's/^\(a_total 1\)/\1\n\1/' 's/a_total/a_ms_total/g'; do
    sed "$fault" page >broken
    ! python3 "$reader" broken >/dev/null || die "the reader takes a page after $fault"
done

# -- no store --
configure "count-operations = yes"
collect 0
metric 'tee_pkcs11_store_state{state="absent"}' 1
metric 'tee_pkcs11_store_state{state="open"}' 0
metric tee_pkcs11_store_data_bytes 0
absent seals
absent audit_log_intact

# -- a store with a token, a key and a wrong PIN --
make_token "label of the token"
p11 --keypairgen --key-type EC:prime256v1 --label "label of the key" --id cafe42 >/dev/null ||
    die "no key pair"
head -c 32 /dev/zero >digest
p11 --sign -m ECDSA --id cafe42 -i digest -o signature >/dev/null || die "no signature"
pkcs11-tool --module "$TEE_TEST_MODULE" --login --pin 9999 --list-objects >/dev/null 2>&1
tee 0 seal add --new-recovery-key
collect 0
metric 'tee_pkcs11_store_state{state="open"}' 1
metric 'tee_pkcs11_root_info{root="software"}' 1
metric tee_pkcs11_hardware_bound 0
metric 'tee_pkcs11_seals{kind="platform",state="current"}' 1
metric 'tee_pkcs11_seals{kind="recovery-key",state="current"}' 1
metric 'tee_pkcs11_seals{kind="shares",state="current"}' 0
metric tee_pkcs11_tokens 1
metric tee_pkcs11_public_objects 1
metric 'tee_pkcs11_pin_failures{role="user"}' 1
metric 'tee_pkcs11_locked_pins{role="user"}' 0
metric tee_pkcs11_audit_log_intact 1
metric 'tee_pkcs11_audit_entries_total{event="store-made"}' 1
metric 'tee_pkcs11_audit_entries_total{event="login-failed"}' 1
metric 'tee_pkcs11_audit_entries_total{event="seal-added"}' 1
metric tee_pkcs11_master_key_epoch 1
metric 'tee_pkcs11_operations_total{operation="sign"}' 1
metric 'tee_pkcs11_operation_failures_total{operation="sign"}' 0
between 'tee_pkcs11_unseals_total{source="root"}' 2 50
between 'tee_pkcs11_unseals_seconds_total{source="root"}' 0.000001 600
metric 'tee_pkcs11_store_rows{table="seal"}' 2
between tee_pkcs11_master_key_age_seconds 0 600
between 'tee_pkcs11_seal_age_seconds{kind="recovery-key"}' 0 600
between 'tee_pkcs11_dek_age_seconds{scope="private"}' 0 600
between 'tee_pkcs11_unseal_seconds{source="root"}' 0.000001 600
between tee_pkcs11_store_data_bytes "$(stat -c %s store/data.mdb)" "$(stat -c %s store/data.mdb)"
between tee_pkcs11_collected_timestamp_seconds $(($(date +%s) - 600)) "$(date +%s)"
commits=$("$TEE_TEST_COMMAND" status --json 2>/dev/null | python3 -c 'import json, sys
print(json.load(sys.stdin)["store"]["commit"])')
metric tee_pkcs11_store_commits_total "$commits"

# Nothing by which a key, a token or the store is told from another.
serial=$("$TEE_TEST_COMMAND" status --json 2>/dev/null | python3 -c 'import json, sys
print(json.load(sys.stdin)["tokens"][0]["serial"])')
for word in "label of the" cafe42 "$(fingerprint)" "$serial" "$scratch"; do
    ! grep -qiF -- "$word" page || die "the page has $word"
done

tee 0 rotate master
collect 0
metric tee_pkcs11_master_key_epoch 2
metric 'tee_pkcs11_audit_entries_total{event="master-rotated"}' 1

# -- a platform that is gone: the page is written, and the exit status says it --
mv store.key gone.key
collect 3
metric 'tee_pkcs11_store_state{state="closed"}' 1
metric 'tee_pkcs11_seals{kind="recovery-key",state="current"}' 1
absent audit_entries_total
absent master_key_age_seconds
tee 3 status --prometheus --output page.prom
valid page.prom
mv gone.key store.key

# -- as a file: whole, readable for the exporter, nothing left beside it --
mkdir collector
tee 0 status --prometheus --output collector/tee-pkcs11.prom
[ ! -s out ] || die "there is something on standard output too"
valid collector/tee-pkcs11.prom
[ "$(stat -c %a collector/tee-pkcs11.prom)" = 644 ] || die "the exporter can't read the file"
[ "$(ls collector)" = tee-pkcs11.prom ] || die "there is more than the file"
cp collector/tee-pkcs11.prom before
mkdir collector/nothing.prom
tee 1 status --prometheus --output collector/nothing.prom
[ "$(find collector | wc -l)" -eq 3 ] || die "a failed write leaves something behind"
cmp -s collector/tee-pkcs11.prom before || die "a file that was not meant was changed"
# What is no file is left alone, as a rename would put one in its place: a pipe, links to it, to
# nothing, and to what standard output is. A link to a file becomes the file.
mkdir odd
mkfifo odd/pipe
ln -s pipe odd/to-pipe
ln -s nothing odd/to-nothing
ln -s /proc/self/fd/1 odd/to-stdout
listed() { find odd -printf '%P %y %l\n' | sort; }
listed >list
for name in pipe to-pipe to-stdout; do
    tee 1 status --prometheus --output "odd/$name"
    complains "odd/$name: no regular file, so it is not replaced by one; for standard output leave"
    [ ! -s out ] || die "something is on standard output"
done
tee 1 status --prometheus --output odd/to-nothing
complains "odd/to-nothing: a link that leads nowhere (No such file"
listed | cmp - list || die "what is no file was replaced: $(listed)"
ln -s ../before odd/to-file
tee 0 status --prometheus --output odd/to-file
valid odd/to-file
[ ! -L odd/to-file ] || die "the link is still one"
cmp -s collector/tee-pkcs11.prom before || die "the file behind a link was changed"

tee 64 status --json --prometheus
tee 64 status --output page.prom
tee 64 status --prometheus more

done_with test-metrics.sh
