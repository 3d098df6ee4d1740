#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-import-token.sh - the objects of a SoftHSM2 token into one of ours: those that show their
# value, those that leave wrapped only, and those that stay.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl softhsm2-util pkcs11-tool

softhsm_begin
softhsm2-util --init-token --free --label "old & good" --so-pin 87654321 --pin 8765 >/dev/null ||
    die init
printf '8765\n' >hsm.pin

# old ARGUMENT...: pkcs11-tool on SoftHSM2.
old() { pkcs11-tool --module "$softhsm" --token-label "old & good" --login --pin 8765 "$@" 2>&1; }
# make ARGUMENT...: an object there.
make() { old "$@" >made || die "SoftHSM2 makes no $*: $(cat made)"; }
row() { awk -v kind="$1" 'index($0, kind) == 1 { print $(NF-3), $(NF-2), $(NF-1), $NF }' out; }
counts() { [ "$(row "$1")" = "$2" ] || die "$1: $(row "$1"), not $2"; }
contents() { p11 --list-objects | grep -v "^Using slot" | sort; }

# -- a token like those that people have --
make --keypairgen --key-type rsa:2048 --id 01 --label "rsa wrapped" --extractable
make --keypairgen --key-type EC:prime256v1 --id 02 --label "ec stays"
make --keypairgen --key-type EC:secp384r1 --id 03 --label "ec wrapped" --extractable
make --keypairgen --key-type EC:edwards25519 --id 04 --label "ed stays" --extractable
make --keygen --key-type AES:32 --id 05 --label "aes wrapped" --extractable --sensitive
make --keygen --key-type AES:16 --id 06 --label "aes stays" --sensitive
make --keypairgen --key-type EC:secp256k1 --id 07 --label "coin" --extractable
make --keygen --key-type GENERIC:36 --id 08 --label "36 bytes" --extractable --sensitive
printf '0123456789abcdef0123456789abcdef' >value
make --write-object value --type secrkey --key-type AES:32 --id 09 --label "aes shown" --extractable
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout shown.pem \
    -out cert.pem -subj "/CN=cert" -days 2 2>/dev/null || die cert
openssl pkey -in shown.pem -outform DER -out shown.der
openssl x509 -in cert.pem -outform DER -out cert.der
make --write-object shown.der --type privkey --id 0a --label "ec written" --extractable \
    --usage-sign --usage-derive
make --write-object cert.der --type cert --id 0a --label "cert"
printf 'a private value' >private
printf 'a public value' >public
make --write-object private --type data --label "private" --private --application-label app
make --write-object public --type data --label "public" --application-label app
old --list-objects | sort >before

configure "so-reset = yes"
make_token web
to=(--token web --pin-file user.pin)
from=(--softhsm2 "old & good" --source-pin-file hsm.pin)

tee 0 import "${from[@]}" "${to[@]}" --dry-run
says "to migrate"
counts "private keys" "6 4 2 0"
[ -z "$(contents)" ] || die "a dry run wrote"
tee 0 import "${from[@]}" "${to[@]}"
counts "private keys" "6 4 2 0"
counts "public keys" "5 5 0 0"
counts "secret keys" "4 3 1 0"
counts "certificates" "1 1 0 0"
counts "data objects" "2 2 0 0"
says "     2  not extractable at its source (CKA_EXTRACTABLE is false): "
says 'private key "ec stays"'
says 'secret key "aes stays"'
says 'its token does not wrap it under a key of ours (by AES key wrapping): private key "ed stays"'
first=$(contents)
tee 0 import "${from[@]}" "${to[@]}"
counts "total" "18 0 18 0"
[ "$(contents)" = "$first" ] || die "a second run changed the token"
old --list-objects | sort | cmp - before || die "the source was changed"

# -- each is the same key, and does what it did --
echo hello >data
openssl dgst -sha256 -binary -out digest data
# verifies ID MECHANISM FILE: signed here, right by the public key there.
verifies() {
    p11 --sign -m "$2" --id "$1" -i "$3" -o signature >/dev/null || die "sign by key $1"
    old --verify -m "$2" --id "$1" -i "$3" --signature-file signature >made ||
        die "key $1 is another key: $(cat made)"
}
verifies 01 SHA256-RSA-PKCS data
verifies 03 ECDSA digest
verifies 07 ECDSA digest
p11 --sign -m ECDSA-SHA256 --id 0a --signature-format openssl -i data -o signature >/dev/null ||
    die "sign by what was written"
openssl x509 -in cert.pem -noout -pubkey >cert.pub
openssl dgst -sha256 -verify cert.pub -signature signature data >/dev/null || die "ec written"
# same ACTION MECHANISM ID FILE: both answer the same.
same() {
    p11 "--$1" -m "$2" --id "$3" -i "$4" -o ours >/dev/null || die "$1 by key $3"
    old "--$1" -m "$2" --id "$3" -i "$4" -o theirs >/dev/null || die "$1 by key $3 there"
    cmp ours theirs || die "key $3 is another key"
}
same encrypt AES-ECB 05 value
same encrypt AES-ECB 09 value
same sign SHA256-HMAC 08 data # SoftHSM2 fills it up to 40 bytes on its way
for name in private public; do
    p11 --read-object --type data --label "$name" -o read >/dev/null || die "no $name data"
    cmp read "$name" || die "the $name data is another one"
done
pkcs11-tool --module "$TEE_TEST_MODULE" --list-objects --type data >list 2>&1
grep -q "'public'" list || die "what was public is not"
! grep -q "'private'" list || die "what was private is not"

# -- as what they come --
p11 --list-objects --type privkey >list
grep "Access:" list | grep -q "local\|extractable\|always" && die "as ours: $(cat list)"
[ "$(grep -c "Access:.*sensitive" list)" -eq 4 ] || die "not sensitive"
tee 0 audit show
says "4 private keys, 5 public keys, 3 secret keys, 1 certificate, 2 data objects from SoftHSM2 token old & good"

# -- through its files: also what its module never lets out --
make_token files
store=$(dirname "$(echo hsm/*/token.object)")
files=(--softhsm2-store "$store" --source-pin-file hsm.pin --token files --pin-file user.pin)
f11() { pkcs11-tool --module "$TEE_TEST_MODULE" --token-label files --login --pin 1234 "$@" 2>&1; }
tee 0 import "${files[@]}" --dry-run
counts "total" "18 18 0 0"
tee 0 import "${files[@]}"
counts "private keys" "6 6 0 0"
counts "public keys" "5 5 0 0"
counts "secret keys" "4 4 0 0"
counts "certificates" "1 1 0 0"
counts "data objects" "2 2 0 0"
tee 0 import "${files[@]}"
counts "total" "18 0 18 0"
# What came through the module came the same through the files.
tee 0 import "${from[@]}" --token files --pin-file user.pin
counts "total" "18 0 18 0"
old --list-objects | sort | cmp - before || die "the source was changed"
f11 --sign -m ECDSA --id 02 -i digest -o signature >/dev/null || die "sign by what stayed"
old --verify -m ECDSA --id 02 -i digest --signature-file signature >made || die "another key"
f11 --sign -m EDDSA --id 04 -i data -o ours >/dev/null || die "sign by Ed25519"
old --sign -m EDDSA --id 04 -i data -o theirs >/dev/null || die "sign by Ed25519 there"
cmp ours theirs || die "Ed25519 is another key"
f11 --encrypt -m AES-ECB --id 06 -i value -o ours >/dev/null || die "encrypt"
old --encrypt -m AES-ECB --id 06 -i value -o theirs >/dev/null || die "encrypt there"
cmp ours theirs || die "AES-128 is another key"
f11 --list-objects --type privkey | grep "Access:" | grep -q "local\|extractable\|always" &&
    die "as ours"
printf '1111\n' >wrong
tee 2 import --softhsm2-store "$store" --source-pin-file wrong --token files --pin-file user.pin
complains "the PIN is wrong"
tee 1 import --softhsm2-store hsm --source-pin-file hsm.pin --token files --pin-file user.pin
complains "not the directory of a token"
# A file that is damaged fails alone; the others come.
cp -r "$store" copy
object=$(find copy -name '*.object' -size +1k ! -name token.object | head -n 1)
head -c 500 "$object" >part && cp part "$object"
make_token rest
tee 1 import --softhsm2-store copy --source-pin-file hsm.pin --token rest --pin-file user.pin
counts "total" "18 17 0 1"
says "it can't be read: other object \"$(basename "$object")\""
# spoiled: so does aaa.object, whatever it is.
spoiled() {
    tee 1 import --softhsm2-store copy --source-pin-file hsm.pin --token rest --pin-file user.pin
    counts "total" "19 0 17 2"
    says "     2  it can't be read: other object \""
    says 'other object "aaa.object"'
}
mkdir copy/aaa.object
spoiled
complains "copy/aaa.object: not a regular file"
rmdir copy/aaa.object
mkfifo copy/aaa.object
spoiled
complains "copy/aaa.object: not a regular file"
rm copy/aaa.object
ln -s nowhere copy/aaa.object
spoiled
complains "copy/aaa.object: No such file"
rm copy/aaa.object
head -c 4194305 /dev/zero >copy/aaa.object
spoiled
complains "copy/aaa.object: longer than 4194304 bytes"
# Of more attributes than any object has: flags, each with the next number.
{
    printf '\0\0\0\0\0\0\0\1'
    for i in $(seq 256 512); do
        printf '%b' "$(printf '\\0\\0\\0\\0\\0\\0\\x%02x\\x%02x' $((i / 256)) $((i % 256)))"
        printf '\0\0\0\0\0\0\0\1\377'
    done
} >copy/aaa.object
spoiled
# The last one less, and it is read: an object of no class that there is.
truncate -s -17 copy/aaa.object
tee 1 import --softhsm2-store copy --source-pin-file hsm.pin --token rest --pin-file user.pin
counts "total" "19 0 18 1"
rm copy/aaa.object
mv copy/token.object token.object && mkfifo copy/token.object
tee 1 import --softhsm2-store copy --source-pin-file hsm.pin --token rest --pin-file user.pin
complains "copy/token.object: not a regular file"
mv -f token.object copy/token.object
head -c 100 copy/token.object >part && cp part copy/token.object
tee 2 import --softhsm2-store copy --source-pin-file hsm.pin --token rest --pin-file user.pin
complains "no token of SoftHSM2, or damaged"

# -- one object, by URI, from any module; and allowed to leave --
make_token second
uri="pkcs11:token=old%20%26%20good;type=private"
tee 0 import --from "$uri;object=ec%20wrapped?module-path=$softhsm&pin-value=8765" \
    --token second --pin-file user.pin --extractable
counts "total" "1 1 0 0"
pkcs11-tool --module "$TEE_TEST_MODULE" --token-label second --login --pin 1234 --list-objects >list 2>&1
grep -q "Access:.*sensitive, extractable" list || die "not extractable: $(cat list)"
tee 0 audit show
says "from $uri;object=ec%20wrapped"
says_not "pin-value"
# Nor is a PIN shown where something is wrong with the URI that it stands in.
hides_pin() { ! grep -qF 8765 out err || die "the PIN of a URI is shown"; }
tee 2 import --from "pkcs11:token=nobody?module-path=$softhsm&pin-value=8765" --token second \
    --pin-file user.pin
complains "0 tokens are named by pkcs11:token=nobody: it has to be one"
hides_pin
tee 64 import --from "pkcs11:token=%zz?pin-value=8765" --token second --pin-file user.pin
hides_pin
tee 64 rotate key "pkcs11:token=second;oops=1?pin-value=8765" --pin-file user.pin
hides_pin

# -- from a token of ours: its policy lets nothing out under a key that came from outside --
make_token origin
o11() { pkcs11-tool --module "$TEE_TEST_MODULE" --token-label origin --login --pin 1234 "$@" 2>&1; }
o11 --keypairgen --key-type EC:prime256v1 --id 01 --label ec --extractable >made || die "$(cat made)"
o11 --keygen --key-type GENERIC:33 --id 02 --label odd --extractable --sensitive >made ||
    die "$(cat made)"
ours=(--from "pkcs11:token=origin?module-path=$TEE_TEST_MODULE" --source-pin-file user.pin)
tee 0 import "${ours[@]}" --token rest --pin-file user.pin
counts "total" "3 1 2 0"
says "does not wrap it under a key of ours"
configure "so-reset = yes" "policy = compatible"
tee 0 import "${ours[@]}" --token rest --pin-file user.pin # by CKM_AES_KEY_WRAP_KWP
counts "total" "3 2 1 0"
r11() { pkcs11-tool --module "$TEE_TEST_MODULE" --token-label rest --login --pin 1234 "$@" 2>&1; }
o11 --sign -m SHA256-HMAC --id 02 -i data -o ours >/dev/null || die "HMAC"
r11 --sign -m SHA256-HMAC --id 02 -i data -o theirs >/dev/null || die "HMAC"
cmp ours theirs || die "the secret is another one"
configure "so-reset = yes"

# -- where a key does one thing or the other, it comes as one that works on data --
configure "so-reset = yes" "policy = strict"
make_token strict
tee 0 import "${from[@]}" --token strict --pin-file user.pin
counts "total" "18 15 3 0"
says "left behind:"
says "CKA_WRAP and CKA_UNWRAP: the policy has no key do that and encrypt"
pkcs11-tool --module "$TEE_TEST_MODULE" --token-label strict --login --pin 1234 --list-objects \
    --type secrkey >list 2>&1
grep -A 3 "AES length" list | grep "Usage:" | grep -q "wrap" && die "a key does both: $(cat list)"
configure "so-reset = yes"

# -- what goes wrong has its own words, and writes nothing --
first=$(contents)
printf '1111\n' >wrong
tee 2 import --softhsm2 "old & good" --source-pin-file wrong "${to[@]}"
complains "PIN is incorrect"
tee 2 import --softhsm2 nobody --source-pin-file hsm.pin "${to[@]}"
complains "0 tokens are named by"
tee 1 import "${from[@]}" --module /nonexistent.so "${to[@]}"
complains "no PKCS#11 module can be loaded"
tee 64 import --from "pkcs11:%zz" "${to[@]}"
complains "not a PKCS#11 URI"
tee 1 import --softhsm2 "old & good" "${to[@]}"
complains "no terminal to ask for the PIN of token old & good"
[ "$(contents)" = "$first" ] || die "a refusal changed the token"
tee 0 audit verify
done_with import-token
