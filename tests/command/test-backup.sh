#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-backup.sh - a store copied while it is written, put back, and of no use without a way in;
# killed at any moment, nothing half made is left.
#
# TEE_TEST_LONG=1: 200 kills of each kind instead of 8, and more writing.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pkcs11-tool python3 flock pgrep
kills=8
writes=24
if [ -n "${TEE_TEST_LONG:-}" ]; then
    kills=200
    writes=60
fi

configure "so-reset = yes"
tee 3 backup none
complains "there is no store"
[ ! -e none ] || die "a backup of nothing"
make_token web
p11 --keygen --key-type AES:32 --label "a private key" --id 0a >/dev/null || die keygen
p11 --keypairgen --key-type EC:prime256v1 --label "a pair" --id 01 >/dev/null || die keypairgen
printf 'a public secret that is encrypted all the same' >data
p11 --write-object data --type data --label "the label" >/dev/null || die write
printf '0123456789abcdef' >block
p11 --encrypt -m AES-ECB --id 0a -i block -o before >/dev/null || die encrypt

# works: the store is open, and every object is there, once, and does what it did.
works() {
    local found

    found=$(p11 --list-objects --type secrkey | grep -c "a private key")
    [ "$found" -eq 1 ] || die "the key is there $found times"
    p11 --encrypt -m AES-ECB --id 0a -i block -o after >/dev/null || die encrypt
    cmp before after || die "the key is another one"
    p11 --read-object --type data --label "the label" -o read >/dev/null || die "the data is lost"
    cmp data read || die "the data is other data"
}

# -- a backup -----------------------------------------------------------------------------------

for bad in "" "one two" "--no-such one"; do
    # shellcheck disable=SC2086
    tee 64 backup $bad
done
tee 0 backup one
says "every row verified"
says "fingerprint $(fingerprint)"
complains "nothing but this platform opens this backup"
[ "$(grep -c "protects nothing from the host" err)" -eq 1 ] || die "not one warning of the software root"
tee 0 backup unverified --no-verify
[ "$(grep -c "protects nothing from the host" err)" -eq 1 ] || die "not one warning of the software root"
rm unverified
[ "$(stat -c %a one)" = 600 ] || die "others may read the backup"
[ "$(find . -name '*.part' -o -name 'one?*' | wc -l)" -eq 0 ] || die "something is left beside it"
tee 0 audit show
says "backup-taken"
tee 0 status --prometheus
grep -qE '^tee_pkcs11_backup_age_seconds [0-9]{1,3}$' out || die "no age of the backup"
cp one one.kept
tee 2 backup one
complains "is there already"
cmp one one.kept || die "a backup was overwritten"
tee 2 backup store/data.mdb
tee 3 backup no-such-directory/one
"$TEE_TEST_COMMAND" backup - >piped 2>err || die "a backup to standard output fails"
tee 0 verify-store piped
says "the store is whole"
says "seal $(seal_id platform) (platform): authentic, and opens here"
"$TEE_TEST_COMMAND" backup - 2>err | head -c 1000 >cut.off
[ "$(wc -c <cut.off)" -eq 1000 ] || die "no 1000 bytes"
tee 1 verify-store cut.off
trap '' XFSZ
ulimit -S -f 8 # KiB: as a disk that is full
tee 1 backup too-large
ulimit -S -f unlimited
[ ! -e too-large ] || die "a part of a backup is left"

# The log tells of a backup that there is: not of one whose name is taken while it is made. Whoever
# holds the lock of the store's directory keeps the copy waiting, when its name was looked at already.
taken() { "$TEE_TEST_COMMAND" audit export 2>/dev/null | grep -c '"event":"backup-taken"'; }
before=$(taken)
exec 8<store
flock 8
"$TEE_TEST_COMMAND" backup late >out 2>err 8<&- &
maker=$!
until pgrep -P "$maker" >/dev/null; do sleep 0.01; done # the child that copies
: >late
flock -u 8
exec 8<&-
wait "$maker"
[ $? -eq 2 ] || die "a backup took a name that was taken meanwhile"
complains "was made meanwhile"
[ "$(taken)" -eq "$before" ] || die "the log tells of a backup that there is not"
rm late
tee 0 backup late
[ "$(taken)" -eq $((before + 1)) ] || die "the log does not tell of a backup"
rm late
# One of a store that does not open here is good all the same, and has no entry: that is said.
mv store.key store.key.away
tee 0 backup late
says "not verified"
complains "the audit log has no entry for this backup"
mv store.key.away store.key
[ "$(taken)" -eq $((before + 1)) ] || die "the log tells of a backup that could not be told"
tee 0 verify-store late
rm late

# -- which is of no use without a way in ----------------------------------------------------------

tee 0 seal add --new-recovery-key
cp out recovery.key
tee 0 backup two
for secret in "$(cat data)" "the label" "a private key" 1234567 "$(sed 's/-//g' recovery.key)"; do
    ! grep -qaF -- "$secret" two || die "the backup shows: $secret"
done
cmp -s <(od -An -tx1 -v two | tr -d ' \n') /dev/null && die "the backup is empty"
mv store lost
mv store.key lost.key
tee 3 restore two
complains "nothing of it can be authenticated"
[ ! -e store ] || die "a store that nobody can open was made"
tee 3 verify-store two
says "NOT AUTHENTICATED"
"$TEE_TEST_COMMAND" init-token --label thief --so-pin-file so.pin >/dev/null 2>&1 || die init-token
thief=$(fingerprint)
mv store thief
tee 3 restore two # the thief has a platform, and it is another one
[ "$(fingerprint)" != "$thief" ] || die "nothing was there"
mv store.key thief.key

# -- put back with a way in, on another platform ----------------------------------------------------

tee 0 verify-store two --recovery-key recovery.key
says "the store is whole"
says "whether it opens is for its owner to try"
tee 0 restore two --recovery-key recovery.key
says "every row verified"
[ "$(stat -c %a store store/data.mdb | tr '\n' ' ')" = "700 600 " ] || die "modes of the store"
tee 3 verify-store
tee 0 recover --recovery-key recovery.key --yes
works
tee 0 audit verify
tee 0 audit show
says "store-restored"
tee 0 verify-store
says "the store is whole"

# as it is, with a recovery that stays offline
rm -rf store store.key
tee 64 restore two --unopened --recovery-key recovery.key
tee 0 restore two --unopened
says "NOT AUTHENTICATED"
tee 0 recover --recovery-key recovery.key --yes
works
tee 0 verify-store

# -- on the same platform -----------------------------------------------------------------------------

rm -rf store store.key
mv lost.key store.key
tee 2 restore two --expect "$thief"
complains "a backup of another store"
[ ! -e store ] || die "another store was restored"
"$TEE_TEST_COMMAND" restore - <two >out 2>err || die "restoring from standard input fails"
says "What was done after that commit is not in it"
works
tee 0 verify-store --json
python3 -c '
import json, sys
v = json.load(sys.stdin)
assert v["whole"] and v["authenticated"] == "whole" and v["n_faults"] == 0, v
assert v["private_objects"] == 1 and v["public_objects"] == 3, v
assert v["rows"]["object"] == 4 and v["rows"]["root"] == 1, v
assert [s["opens"] for s in v["seals"] if s["kind"] == "platform"] == [True], v
assert all(s["authentic"] for s in v["seals"]), v
' <out || die "the JSON is not what it should be"

# -- never over a store, nor under a process that has it -----------------------------------------------

cp store/data.mdb as-it-was
tee 2 restore one
complains "never overwritten"
cmp store/data.mdb as-it-was || die "a refused restoration changed the store"
# A backup that nobody reads on has the store open, and writers go on.
head -c 5000 /dev/urandom >large # the most that pkcs11-tool takes; a pipe takes 65536 bytes
for n in $(seq 1 20); do
    p11 --write-object large --type data --label "large $n" >/dev/null || die write
done
mkfifo slow
exec 9<>slow
"$TEE_TEST_COMMAND" backup - >slow 2>slow.err 9>&- &
holder=$!
read -r -N 1 -u 9 _ # it has begun, and the pipe is full soon
p11 --write-object data --type data --label "beside a slow backup" >/dev/null || die "a writer waits"
rm store/data.mdb
tee 2 restore two
complains "still has the store open"
[ ! -e store/data.mdb ] || die "restored under a process that has the store open"
exec 9>&-
wait "$holder" && die "a backup that nobody read ended well"
grep -q "Broken pipe" slow.err || die "a backup does not say that nobody read it"
head -c 20000 two >short
tee 1 restore short
complains "cut short"
[ ! -e store/data.mdb ] || die "a damaged backup was restored"
tee 1 restore no-such-file
tee 1 restore .
# On a disk with room for the store and not for the entry in its log the backup is not at fault.
ulimit -S -f $(($(stat -c %s two) / 1024))
tee 1 restore two
ulimit -S -f unlimited
complains "the restoration can't be logged"
complains "File too large"
! grep -q "damaged" err || die "a backup that is whole is called damaged"
[ ! -e store/data.mdb ] || die "restored without an entry in the log"
tee 0 restore two
works

# -- while four processes write ------------------------------------------------------------------------

writer() {
    local n

    for n in $(seq 1 "$2"); do
        echo "value $1 $n" >"data-$1"
        p11 --write-object "data-$1" --type data --label "written $1 $n" >/dev/null || exit 1
        echo "written $1 $n" >>"journal-$1"
    done
}
writers=()
for i in 1 2 3 4; do
    : >"journal-$i"
    writer "$i" "$writes" &
    writers+=($!)
done
for n in 1 2 3; do
    cat journal-* >"before-$n"
    tee 0 backup "hot-$n"
    tee 0 verify-store # which is one moment of a store that goes on
    says "the store is whole"
done
for pid in "${writers[@]}"; do
    wait "$pid" || die "a writer failed while a backup was taken"
done
tee 0 verify-store
for n in 1 2 3; do
    rm -rf store
    tee 0 restore "hot-$n"
    p11 --list-objects --type data | sed -n "s/.*label: *'\(written .*\)'/\1/p" | sort >"there-$n"
    sort "before-$n" | comm -23 - "there-$n" >gone
    [ ! -s gone ] || die "written before the backup and not in it: $(head -n 1 gone)"
    while read -r _ i k; do
        p11 --read-object --type data --label "written $i $k" -o read >/dev/null || die "not whole"
        [ "$(cat read)" = "value $i $k" ] || die "object $i $k is: $(cat read)"
    done <"there-$n"
    works
done

# -- several at once: one store, and whoever was later is refused ----------------------------------------

rm -rf store
restorers=()
for n in 1 2 3 4; do
    "$TEE_TEST_COMMAND" restore hot-3 >/dev/null 2>&1 &
    restorers+=($!)
done
"$TEE_TEST_COMMAND" init-token --label another --so-pin-file so.pin >/dev/null 2>&1 # waits, or is first
done=0
for pid in "${restorers[@]}"; do
    wait "$pid"
    case $? in
    0) done=$((done + 1)) ;;
    2) ;;
    *) die "a restoration beside others exits with $?" ;;
    esac
done
tee 0 verify-store
if [ "$done" -eq 1 ]; then works; else [ "$done" -eq 0 ] || die "$done restorations of one store"; fi

# -- killed at any moment ------------------------------------------------------------------------------

# usual COMMAND...: how long it takes, in microseconds, into $took
usual() {
    local begin

    begin=$(date +%s%N)
    "$TEE_TEST_COMMAND" "$@" >out 2>err || die "$* fails"
    took=$((($(date +%s%N) - begin) / 1000))
}

# kill_at ARGUMENT...: the command, killed within its usual time.
kill_at() {
    "$TEE_TEST_COMMAND" "$@" >/dev/null 2>&1 &
    sleep "$(printf '0.%06d' $(((RANDOM * 32768 + RANDOM) % took)))"
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
}

# nothing_else DIRECTORY NAME...: no other file is in it.
nothing_else() {
    local directory=$1 left

    shift
    left=$(find "$directory" -mindepth 1 -printf '%f\n' | grep -vxF "$(printf '%s\n' "$@")")
    [ -z "$left" ] || die "left in $directory: $left"
}

mkdir backups
usual backup backups/usual
rm backups/usual
made=0
before=$(taken)
for n in $(seq 1 "$kills"); do
    kill_at backup backups/killed
    nothing_else backups killed
    if [ -e backups/killed ]; then
        tee 0 verify-store backups/killed
        made=$((made + 1))
        rm backups/killed
    fi
done
[ $(($(taken) - before)) -le "$made" ] || die "the log tells of more backups than there were"
tee 0 backup backups/killed
tee 0 verify-store
tee 0 audit verify
printf 'backup: killed %d times, done %d times before that\n' "$kills" "$made"

rm -rf store
usual restore hot-3
made=0
for n in $(seq 1 "$kills"); do
    rm -rf store
    kill_at restore hot-3
    [ ! -d store ] || nothing_else store data.mdb
    if [ -e store/data.mdb ]; then
        tee 0 verify-store
        tee 0 audit verify
        made=$((made + 1))
        rm -rf store
    fi
    if [ $((n % 8)) -eq 0 ]; then # what was killed is no hindrance
        tee 0 restore hot-3
        works
    fi
done
tee 0 status
works
tee 0 verify-store
says "the store is whole"
printf 'restore: killed %d times, done %d times before that\n' "$kills" "$made"
done_with backup
