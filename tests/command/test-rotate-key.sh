#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-rotate-key.sh - an application's key gets a successor, as a person types it; and who relies on
# it can tell the statement from a forged one.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl pkcs11-tool python3

configure "so-reset = yes"
make_token web
print=$(fingerprint)
echo "to sign" >data
printf '0123456789abcdef' >block

# key TYPE LABEL ID [OPTION]...: a key pair or secret key of the token.
key() { p11 --"$1" --key-type "$2" --label "$3" --id "$4" "${@:5}" >/dev/null || die "no key $3"; }
# public LABEL-OR-ID: its public half, in ./NAME.der.
public() { p11 --read-object --type pubkey --id "$1" -o "$2" >/dev/null || die "no public key $1"; }
# usage TYPE ID: what pkcs11-tool says that an object may do.
usage() {
    p11 --list-objects --type "$1" |
        awk -v id="$2" '$1 == "ID:" { on = $2 == id } on && sub(/^ *Usage: */, "") { print }'
}
# rotate CODE OPTION...: rotate key, with the PIN.
rotate() { tee "$1" rotate key --pin-file user.pin "${@:2}"; }
# new_id: of the successor that the last command made, as hex digits.
new_id() { sed -n 's/^new key *id=//p' out | tr -d %; }

# -- a signing key --
key keypairgen EC:prime256v1 tls 01
public 01 old.der
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null -outform DER \
    -out cert.der -subj /CN=tls -days 2 2>/dev/null
p11 --write-object cert.der --type cert --label tls --id 01 >/dev/null || die "no certificate"
rotate 0 "pkcs11:token=web;object=tls" --dry-run
says 'would give a successor to the key pair "tls"'
says "id=%01, from now on without: sign, derive"
says "certificates   1 with the old key's id"
says "vouched for    by the old key"
rotate 0 "pkcs11:token=web;object=tls" --dry-run --out foreseen
[ ! -e foreseen ] || die "a dry run wrote a statement"
[ "$(usage privkey 01)" = "sign, derive" ] || die "a dry run changed something: $(usage privkey 01)"
rotate 0 "pkcs11:token=web;object=tls" --nonce 6e6f6e6365 --out statement
says 'successor made for the key pair "tls"'
says "vouched for    by the old key"
says "left as they are, and with the old key"
new=$(new_id)
[ ${#new} -eq 32 ] || die "the new id is $new"
public "$new" new.der
cmp -s old.der new.der && die "the successor is the same key"
[ "$(usage privkey 01)" = none ] || die "the old key still does: $(usage privkey 01)"
[ "$(usage pubkey 01)" = verify ] || die "the old public half does: $(usage pubkey 01)"
[ "$(usage privkey "$new")" = "sign, derive" ] || die "the successor does: $(usage privkey "$new")"
p11 --list-objects --type cert | grep -q tls || die "the certificate is gone"
p11 --sign -m ECDSA-SHA256 --id "$new" -i data -o sig -f openssl >/dev/null || die "it does not sign"
openssl dgst -sha256 -verify new.der -keyform DER -signature sig data >/dev/null ||
    die "what it signs is nothing"
p11 --sign -m ECDSA-SHA256 --id 01 -i data -o sig >/dev/null && die "the old key signs"

# -- again: which one? --
rotate 2 "pkcs11:token=web;object=tls"
complains "2 private and secret keys fit, and one is needed. Add the id of one of these to the URI"
complains "id=%01  verify-only: it has a successor"
complains "  in use"
rotate 2 "pkcs11:token=web;object=tls;id=%01"
complains "it has been rotated already"
tee 2 csr --key "pkcs11:token=web;object=tls" --subject CN=tls --no-evidence --pin-file user.pin
complains "2 private keys fit, and one is needed. Add the id of one of these to the URI"
rotate 2 "pkcs11:token=web;object=nobody"
complains "0 private and secret keys fit"
rotate 2 "pkcs11:token=web;object=tls;type=cert"
printf '9999\n' >wrong.pin
tee 2 rotate key --pin-file wrong.pin "pkcs11:token=web;object=tls"
complains "the PIN is wrong"
tee 64 rotate key
tee 64 rotate key a b
tee 64 rotate key --statement --dry-run "pkcs11:token=web;object=tls"
rotate 64 "pkcs11:token=web;object=tls" --nonce xx
# id_uri ID: as a URI has it: %01%02...
id_uri() { printf '%s' "$1" | sed 's/../%&/g'; }

# -- the statement: by the old key alone, as nothing here can attest --
verify() { tee "$1" verify --offline --no-cache "${@:2}"; }
verify 3 statement --old-key old.der --nonce 6e6f6e6365
says "rotation-signature"
says "the old key signed that this is its successor"
says "there is none: the old key alone vouches for its successor"
cp statement edited
python3 - <<'END' || die "an edited statement passes"
import os, subprocess
command = os.environ['TEE_TEST_COMMAND']
good = open('statement', 'rb').read()
codes = set()
for at in range(0, len(good), 3):
    with open('edited', 'wb') as f:
        f.write(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
    run = subprocess.run([command, 'verify', '--offline', '--no-cache', 'edited'],
                         capture_output=True, text=True, check=False)
    codes.add(run.returncode)
    assert run.returncode == 1, (at, run.returncode, run.stdout)
assert codes == {1}
END
head -c 300 statement >edited
verify 1 edited
# By openssl alone, over the bytes that docs/formats.md describes: the statement without signature.
python3 - <<'END' || die "the documented bytes can't be made"
d = open('statement', 'rb').read()
def head(b, i):
    n, h = b[i + 1], 2
    if n & 0x80:
        h += n & 0x7f
        n = int.from_bytes(b[i + 2:i + h], 'big')
    return i + h, n
def tlv(tag, v):
    n = len(v)
    return bytes([tag]) + (bytes([n]) if n < 128 else bytes([0x81, n]) if n < 256
                           else bytes([0x82, n >> 8, n & 255])) + v
body, n = head(d, 0)
parts, at = [], body
while at < body + n:
    v, m = head(d, at)
    parts.append((d[at], d[v:v + m]))
    at = v + m
assert parts[2][0] == 0xa5
inner, m = head(parts[2][1], 0)
rotation, fields, at = parts[2][1], [], inner
while at < inner + m:
    v, k = head(rotation, at)
    fields.append((rotation[at], rotation[v:v + k]))
    at = v + k
signature = fields[4][1]
fields[4] = (4, b'')
subject = tlv(0xa5, tlv(0x30, b''.join(tlv(*f) for f in fields)))
bare = tlv(0x30, tlv(*parts[0]) + tlv(*parts[1]) + subject)
open('signed', 'wb').write(b'tee-pkcs11 rotation 1\0' + bare)
open('signature', 'wb').write(signature)
END
openssl dgst -sha256 -verify old.der -keyform DER -signature signature signed >/dev/null ||
    die "openssl does not verify the statement"

# -- the statement is kept with the new key --
rotate 0 --statement "pkcs11:token=web;object=tls;id=$(id_uri "$new")" --out again
cmp statement again || die "the statement is another one"
rotate 2 --statement "pkcs11:token=web;object=tls;id=%01" --out again
complains "it is nobody's successor"

# -- where there can be no file nothing is done, and a dry run says so too --
ln -s nowhere dangling
mkdir place
for out in /dev/null dangling place /nonexistent/statement; do
    for dry in "" --dry-run; do
        # shellcheck disable=SC2086
        rotate 1 "pkcs11:token=web;object=tls;id=$(id_uri "$new")" --out $out $dry
        complains "$out"
        [ ! -s out ] || die "with --out $out $dry something is told as done"
        [ "$(usage privkey "$new")" = "sign, derive" ] || die "--out $out $dry: the key was retired"
    done
done
[ "$(ls -d place* dangling* foreseen* 2>/dev/null)" = "dangling
place" ] || die "something was left behind"
rotate 0 "pkcs11:token=web;object=tls;id=$(id_uri "$new")"
says "statement      kept with the new key"
third=$(new_id)
rotate 0 --statement "pkcs11:token=web;object=tls;id=$(id_uri "$third")" --out chained
verify 3 chained --old-key new.der
says "the old key signed"
tee 0 audit show
says "key-rotated"

# -- other types sign too --
n=16
for type in rsa:2048 EC:secp384r1 EC:secp521r1 EC:edwards25519; do
    n=$((n + 1))
    key keypairgen "$type" "$type" "$n" --usage-sign
    rotate 0 "pkcs11:token=web;object=$type" --out "statement.$n"
    says "vouched for    by the old key"
    verify 3 "statement.$n"
    says "the old key signed"
done

# -- keys that read: what they protected stays readable where that was asked for --
key keygen AES:32 aes 21
p11 --encrypt -m AES-ECB --id 21 -i block -o secret >/dev/null || die "the key does not encrypt"
for dry in "" --dry-run; do # which says what the other one would
    # shellcheck disable=SC2086
    rotate 2 "pkcs11:token=web;object=aes" --out statement.aes $dry
    complains "there is no statement to write: the old key can't sign, and the platform can't attest"
done
rotate 0 "pkcs11:token=web;object=aes" --dry-run
says "vouched for    by nobody"
rotate 0 "pkcs11:token=web;object=aes" --keep-reading
says "vouched for    by nobody"
p11 --decrypt -m AES-ECB --id 21 -i secret -o plain >/dev/null || die "what it protected is lost"
cmp plain block || die "it decrypts to something else"
p11 --encrypt -m AES-ECB --id 21 -i block -o secret >/dev/null && die "the old key encrypts"
aes=$(new_id)
p11 --encrypt -m AES-ECB --id "$aes" -i block -o secret2 >/dev/null || die "its successor does not"
cmp -s secret secret2 && die "the successor is the same key"
rotate 2 "pkcs11:token=web;object=aes"
complains "id=%21  reads only: it has a successor"
complains "id=$(id_uri "$aes")  in use"
for again in "" --keep-reading --dry-run; do
    # shellcheck disable=SC2086
    rotate 2 "pkcs11:token=web;object=aes;id=%21" $again
    complains "it has been rotated already (--keep-reading)"
done
rotate 0 "pkcs11:token=web;object=aes;id=$(id_uri "$aes")"
says "what was encrypted or wrapped for it is not read any more: --keep-reading leaves it that"
p11 --decrypt -m AES-ECB --id "$aes" -i secret2 -o plain >/dev/null && die "it still decrypts"
# A pair whose public half encrypts no more; one whose public half is elsewhere may still be written for.
key keypairgen rsa:2048 mail 34 --usage-decrypt
rotate 0 "pkcs11:token=web;object=mail" --keep-reading
mail=$(new_id)
rotate 2 "pkcs11:token=web;object=mail;id=%34" --keep-reading
complains "it has been rotated already (--keep-reading)"
p11 --delete-object --type pubkey --id "$mail" >/dev/null || die delete
rotate 0 "pkcs11:token=web;object=mail;id=$(id_uri "$mail")" --dry-run
key keygen GENERIC:32 mac 22
rotate 0 "pkcs11:token=web;object=mac"

# -- many at once: one successor --
key keypairgen EC:prime256v1 race 23
for n in 1 2 3 4 5 6; do
    { "$TEE_TEST_COMMAND" rotate key "pkcs11:token=web;object=race" --pin-file user.pin >"race.$n" 2>&1; echo $? >>codes; } &
done
wait
[ "$(grep -c '^0$' codes)" -eq 1 ] || die "of six rotations of one key $(grep -c '^0$' codes) succeed"
[ "$(p11 --list-objects --type privkey | grep -c 'label: *race')" -eq 2 ] || die "not one successor"
[ "$(p11 --list-objects --type pubkey | grep -c 'label: *race')" -eq 2 ] || die "not one public half"

# -- a label that no statement can hold --
head -c 3000 /dev/zero | tr '\0' x >long
key keypairgen EC:prime256v1 "$(cat long)" 24
rotate 2 "pkcs11:token=web;id=%24"
complains "its label or id is too long for a statement"
[ "$(usage privkey 24)" = "sign, derive" ] || die "a refused rotation changed something"

# -- what does not change stays --
python3 - "$print" <<'END' || die "the statement says something else"
import sys
statement = open('statement', 'rb').read()
assert bytes.fromhex(sys.argv[1]) in statement, 'fingerprint'
for name in ('old.der', 'new.der'):
    assert open(name, 'rb').read() in statement, name
assert b'tls' in statement and b'nonce' in statement
END
done_with rotate-key
