#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-verify-store.sh - whatever becomes of the bytes of a store, verify-store makes a report of it:
# an exit code, the faults by name, no crash of its own, no waiting for ever.
#
# TEE_TEST_LONG=1: 4000 flipped bytes, 1000 spoiled pages and 500 cuts instead of 150, 60 and 30.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pkcs11-tool python3

configure "so-reset = yes"
tee 64 verify-store one two
tee 64 verify-store --no-such
tee 3 verify-store
complains "there is no store"
make_token web
p11 --keygen --key-type AES:32 --label "a private key" --sensitive >/dev/null || die keygen
p11 --keypairgen --key-type EC:prime256v1 --label "a pair" --id 01 >/dev/null || die keypairgen
for i in $(seq 1 40); do
    head -c $((i * 200)) /dev/urandom >data
    p11 --write-object data --type data --label "public $i" >/dev/null || die write
done
tee 0 seal add --new-recovery-key
cp out recovery.key
tee 0 rotate dek --so-pin-file so.pin
tee 0 verify-store
says "the store is whole"
says "fingerprint $(fingerprint)"
tee 0 verify-store store
tee 0 backup good
tee 0 verify-store good
head -c 4096 good >short.mdb
tee 1 verify-store short.mdb
says "BAD   1 fault: restore a backup"

# Nothing was changed by looking, nor does it take a right to.
before=$(sha256sum store/data.mdb)
chmod a-w store/data.mdb good
tee 0 verify-store good
chmod u+w store/data.mdb
[ "$before" = "$(sha256sum store/data.mdb)" ] || die "verify-store changed the store"
tee 3 verify-store no-such-file
tee 3 verify-store /dev/null
complains "not a regular file"
mkfifo pipe
tee 3 verify-store pipe

# Without standard descriptors nothing is printed into the files that are opened instead; and an
# answer that did not arrive is an error.
for word in status "seal list" "audit show" "rotate master" verify-store; do
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" $word <&- >&- 2>&-
    [ $? -eq 1 ] || die "$word says into nothing, and doesn't mind"
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" $word >&- 2>err && die "$word says into nothing, and doesn't mind"
    complains "standard output: it is closed"
done
for word in status "status --json" "seal list" "audit show" "audit export" "audit verify" doctor \
    "rotate dek" "verify-store" "verify-store --json"; do
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" $word >/dev/full 2>err && die "$word says into a full disk, and doesn't mind"
    complains "standard output: No space left on device"
done
tee 0 verify-store
# ... nor by the module, in a program that prints.
pkcs11-tool --module "$TEE_TEST_MODULE" --login --pin 1234 --list-objects <&- >&- 2>&-
tee 0 verify-store

# Another platform: what can be said is said, and no more.
mv store.key away.key
tee 3 verify-store good
says "NOT AUTHENTICATED"
says "(recovery key): not authenticated"
tee 3 verify-store good --json
python3 -c '
import json, sys
v = json.load(sys.stdin)
assert not v["whole"] and v["authenticated"] == "form" and v["n_faults"] == 0, v
assert "fingerprint" not in v and not any(s["authentic"] for s in v["seals"]), v
' <out || die "the JSON is not what it should be"
mv away.key store.key

# A configuration that says something else than the store: its rows are held against its tree.
configure "measured = firmware"
tee 3 verify-store good
complains "measured"
says "rows were held against its tree, and no more"
says "(recovery key): authentic"
configure "so-reset = yes"

# -- a file that is cut short is refused by everyone who opens it, before its pages are read -----------

cp -a store whole
printf 'A=b\n' >secrets.env
truncate -s -1 good.cut 2>/dev/null
cp good good.cut
chmod u+w good.cut
truncate -s -1 good.cut
for command in "status" "seal list" "verify-store" "doctor" "audit verify" "rotate master" "prune" \
    "init-token --label more --so-pin-file so.pin" "seal test 00" \
    "import --env-file secrets.env --token web --pin-file user.pin" "recover --recovery-key recovery.key --yes" "backup copied" "rotate dek"; do
    cp good.cut store/data.mdb
    # shellcheck disable=SC2086
    "$TEE_TEST_COMMAND" $command >out 2>err </dev/null
    code=$?
    [ "$code" -eq 1 ] || [ "$code" -eq 3 ] || die "$command exits with $code"
    complains "cut short"
    cmp good.cut store/data.mdb || die "$command changed a file that it should not have opened"
done
tee 1 verify-store good.cut
complains "cut short"
pkcs11-tool --module "$TEE_TEST_MODULE" --list-token-slots >out 2>&1 && grep -q "token label" out &&
    die "the module reads a file that is cut short"
rm -rf store
tee 1 restore good.cut
complains "cut short"
[ ! -e store ] || die "it was restored"
mv whole store

# -- bytes, pages and cuts at random ---------------------------------------------------------------------

cat >spoil.py <<'END'
import json, os, random, shutil, struct, subprocess, sys, time

command, good, long = sys.argv[1], open('good', 'rb').read(), sys.argv[2] != ""
random.seed(int(os.environ.get('TEE_TEST_SEED', '7')))
PAGE = 4096
pages = len(good) // PAGE
count = {'whole': 0, 'faults': 0, 'closed': 0, 'crashed inside': 0}
slowest = 0


def look(bytes_, what, proof=()):
    global slowest
    with open('spoiled', 'wb') as f:
        f.write(bytes_)
    begin = time.monotonic()
    done = subprocess.run([command, 'verify-store', 'spoiled', '--json', *proof], timeout=300,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    slowest = max(slowest, time.monotonic() - begin)
    assert done.returncode in (0, 1, 3), (what, done.returncode, done.stderr[-500:])
    report = json.loads(done.stdout)
    assert report['whole'] == (done.returncode == 0), (what, report)
    assert (report['n_faults'] > 0) == (done.returncode == 1), (what, report)
    count['whole' if done.returncode == 0 else 'faults' if done.returncode == 1 else 'closed'] += 1
    count['crashed inside'] += any('(' in fault['what'] for fault in report['faults'])
    return report


def flipped(at, bits):
    return good[:at] + bytes([good[at] ^ bits]) + good[at + 1:]


# A row whose length leads out of the file: reading it is a bus error. The rows around it, and all
# tables behind its own, are looked at all the same.
def nodes(page):
    """The nodes of a leaf page: where each begins, and the length of its key. Later pages of a long
    value begin with anything, and may look like one: what they lead to is left out."""
    at = page * PAGE
    flags, lower = struct.unpack_from('<HH', good, at + 10)
    if page < 2 or flags & 0x1f != 2 or struct.unpack_from('<Q', good, at)[0] != page:
        return
    for i in range((min(lower, PAGE) - 16) // 2):
        node = at + struct.unpack_from('<H', good, at + 16 + 2 * i)[0]
        if node + 8 > at + PAGE:
            continue
        yield node, struct.unpack_from('<H', good, node + 6)[0]


objects = [node for page in range(pages) for node, n_key in nodes(page) if n_key == 25]
assert len(objects) > 20, objects
count_before = look(good, 'nothing')['rows']
node = objects[len(objects) // 2]
report = look(good[:node + 2] + b'\x80\x00' + good[node + 4:], 'a length that leads out of the file')
assert [f for f in report['faults'] if 'Bus error' in f['what'] and f['table'] == 'object'], report
assert len(report['faults']) <= 4, report
for table, rows in report['rows'].items():
    assert rows == count_before[table] - (table == 'object'), (table, report)

for n in range(4000 if long else 150):
    at = random.randrange(len(good))
    look(flipped(at, 1 << random.randrange(8)), f'byte {at}')
# LMDB's own headers: where most of what it believes stands.
for n in range(1000 if long else 60):
    page = random.randrange(pages)
    at = page * PAGE + random.randrange(64)
    look(flipped(at, random.randrange(1, 256)), f'byte {at} in a header')
for n in range(1000 if long else 60):
    page, other = random.randrange(pages), random.randrange(pages)
    put = random.choice([bytes(PAGE), b'\xff' * PAGE, random.randbytes(PAGE),
                         good[other * PAGE:(other + 1) * PAGE]])
    look(good[:page * PAGE] + put + good[(page + 1) * PAGE:], f'page {page} from {other}')
for n in range(500 if long else 30):
    size = random.randrange(len(good))
    report = look(good[:size], f'cut to {size}')
    assert report['n_faults'] == 1 and report['faults'][0]['table'] == 'database', (size, report)
# What is damaged is not restored, and leaves nothing; what is restored is whole.
restored = 0
for n in range(1000 if long else 40):
    page = random.randrange(2, pages)
    spoiled = flipped(page * PAGE + random.randrange(PAGE), 1 << random.randrange(8))
    with open('spoiled', 'wb') as f:
        f.write(spoiled)
    done = subprocess.run([command, 'restore', 'spoiled'], timeout=300, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode in (0, 1, 3), (page, done)
    assert os.path.exists('store') == (done.returncode == 0), (page, done)
    if done.returncode == 0:
        restored += 1
        subprocess.run([command, 'verify-store'], check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
        shutil.rmtree('store')
print(f'restore: {restored} of {1000 if long else 40} spoiled backups were whole all the same')
# A damaged store is not copied as if it were whole, and takes nobody with it.
copied = 0
for n in range(1000 if long else 40):
    page = random.randrange(2, pages)
    at = page * PAGE + random.choice([random.randrange(64), random.randrange(PAGE)])
    os.makedirs('store', mode=0o700)
    with open('store/data.mdb', 'wb') as f:
        f.write(flipped(at, random.randrange(1, 256)))
    done = subprocess.run([command, 'backup', 'copy'], timeout=300, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode in (0, 1, 3), (at, done)
    assert os.path.exists('copy') == (done.returncode == 0), (at, done)
    if done.returncode == 0 and b'every row verified' in done.stdout:
        copied += 1
        subprocess.run([command, 'verify-store', 'copy'], check=True, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if os.path.exists('copy'):
        os.remove('copy')
    shutil.rmtree('store')
print(f'backup: {copied} of {1000 if long else 40} spoiled stores were whole all the same')
print('verify-store:', ', '.join(f'{n} {name}' for name, n in count.items()),
      f'; the slowest took {slowest:.1f} s')
assert count['faults'] > 50 and count['whole'] > 0, count
END
mv store kept
python3 spoil.py "$TEE_TEST_COMMAND" "${TEE_TEST_LONG:-}" 2>spoil.err || {
    cat spoil.err >&2
    die "a spoiled file"
}
mv kept store
tee 0 verify-store
done_with verify-store
