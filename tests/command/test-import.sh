#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-import.sh - keys, certificates and credentials from files and the environment into a token:
# what comes, as what it comes, what is refused, and that a second run changes nothing.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl pkcs11-tool python3

configure "so-reset = yes"
make_token web
pin=(--token web --pin-file user.pin)
printf 'of the file\n' >pass

# row KIND: found, migrated, skipped and failed of a line of the table.
row() { awk -v kind="$1" 'index($0, kind) == 1 { print $(NF-3), $(NF-2), $(NF-1), $NF }' out; }
# counts KIND "FOUND MIGRATED SKIPPED FAILED"
counts() { [ "$(row "$1")" = "$2" ] || die "$1: $(row "$1"), not $2"; }
# objects TYPE: how many the token has; the whole token's contents, to compare.
objects() { p11 --list-objects --type "$1" | grep -c "^[A-Z].*[Oo]b\?ject"; }
contents() { p11 --list-objects | grep -v "^Using slot" | sort; }

# -- every format of a file --
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.pem -out rsa-cert.pem -subj "/CN=web" \
    -days 2 2>/dev/null || die rsa
openssl pkcs8 -topk8 -in rsa.pem -outform DER -nocrypt -out rsa.der
openssl pkcs8 -topk8 -in rsa.pem -v2 aes-256-cbc -passout file:pass -out rsa.p8
openssl pkcs8 -topk8 -in rsa.pem -outform DER -v2 aes-256-cbc -passout file:pass -out rsa.p8.der
openssl rsa -in rsa.pem -traditional -aes128 -passout file:pass -out rsa-old.pem 2>/dev/null
openssl pkcs12 -export -inkey rsa.pem -in rsa-cert.pem -name "a friend" -passout file:pass \
    -out rsa.p12 || die p12
openssl x509 -in rsa-cert.pem -outform DER -out rsa-cert.der
openssl rsa -in rsa.pem -pubout -out rsa-pub.pem 2>/dev/null

tee 0 import rsa.pem "${pin[@]}" --dry-run
says "to migrate"
counts "private keys" "1 1 0 0"
counts "public keys" "1 1 0 0"
[ "$(objects privkey)" -eq 0 ] || die "a dry run wrote"
tee 0 import rsa.pem "${pin[@]}"
counts "total" "2 2 0 0"
before=$(contents)
# However it is written, it is the same key.
for file in rsa.pem rsa.der; do
    tee 0 import "$file" "${pin[@]}"
    counts "total" "2 0 2 0"
    says "the token has it already"
done
for file in rsa.p8 rsa.p8.der rsa-old.pem; do
    tee 0 import "$file" "${pin[@]}" --passphrase-file pass
    counts "total" "2 0 2 0"
done
tee 0 import rsa-pub.pem "${pin[@]}"
counts "public keys" "1 0 1 0"
[ "$(contents)" = "$before" ] || die "a second run changed the token"
# A PKCS#12 file: the certificate is new, and called as its key is there.
tee 0 import rsa.p12 "${pin[@]}" --passphrase-file pass
counts "private keys" "1 0 1 0"
counts "certificates" "1 1 0 0"
p11 --list-objects --type cert | grep -q "label:.*a friend" || die "the name is lost"
for file in rsa-cert.pem rsa-cert.der; do
    tee 0 import "$file" "${pin[@]}"
    counts "certificates" "1 0 1 0"
done

# -- what it is, once it is there --
p11 --list-objects --type privkey >list
grep -q "Access:.*sensitive" list || die "not sensitive"
grep -q "Access:.*\(local\|always sensitive\|never extractable\|[^ ] extractable\)" list &&
    die "said to be of this token, or to be able to leave: $(cat list)"
id=$(sed -n 's/^  ID: *//p' list)
[ "$(p11 --list-objects --type cert | sed -n 's/^  ID: *//p')" = "$id" ] || die "another CKA_ID"
echo hello >data
p11 --sign -m SHA256-RSA-PKCS --id "$id" -i data -o signature >/dev/null || die sign
openssl dgst -sha256 -verify rsa-pub.pem -signature signature data >/dev/null || die "wrong key"
openssl pkey -in rsa.pem -noout || die "the source is gone"
tee 0 audit show
says "objects-imported"
says "1 private key, 1 public key from rsa.pem"
says_not "$(cat pass)"

# -- other types, and several files at once --
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec.pem
openssl ecparam -name prime256v1 -genkey -out params.pem # parameters and the key behind them
openssl ec -in params.pem -outform DER -out sec1.der 2>/dev/null # RFC 5915, without PKCS#8
openssl genpkey -algorithm ED25519 -out ed.pem
openssl genpkey -algorithm X25519 -out x.pem
openssl genpkey -algorithm ED448 -out ed448.pem
tee 0 import ec.pem params.pem ed.pem x.pem ed448.pem "${pin[@]}" --extractable --label several
counts "private keys" "5 5 0 0"
counts "total" "10 10 0 0"
p11 --list-objects --type privkey --label several | grep -q "Access:.*sensitive, extractable" ||
    die "not extractable"
tee 0 audit show
says "5 private keys, 5 public keys from ec.pem and 4 more"

tee 0 import sec1.der "${pin[@]}"
counts "total" "2 0 2 0"

# A chain behind its key: those of others are called by their own names.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.pem -out ca-cert.pem \
    -subj "/O=x/CN=The authority" -days 2 2>/dev/null || die ca
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout leaf.pem -subj "/CN=leaf" \
    -out leaf.csr 2>/dev/null || die leaf
openssl x509 -req -in leaf.csr -CA ca-cert.pem -CAkey ca.pem -out leaf-cert.pem -days 2 2>/dev/null
cat leaf-cert.pem ca-cert.pem leaf.pem >chain.pem
tee 0 import chain.pem "${pin[@]}"
counts "total" "4 4 0 0"
p11 --list-objects --type cert >list
grep -q "label: *chain" list || die "the leaf is not called as its key"
grep -q "label: *The authority" list || die "the authority is not called by its name"

# A PKCS#12 file with several keys, one without any password, one of an older program.
openssl pkcs12 -export -inkey leaf.pem -in chain.pem -passout pass: -out empty.p12
tee 0 import empty.p12 "${pin[@]}"
counts "total" "4 0 4 0"
if openssl pkcs12 -export -legacy -inkey ca.pem -in ca-cert.pem -passout file:pass -out old.p12 \
    2>/dev/null; then
    tee 0 import old.p12 "${pin[@]}" --passphrase-file pass
    counts "private keys" "1 1 0 0"
    counts "certificates" "1 0 1 0"
fi

if command -v keytool >/dev/null; then
    for name in one two; do
        keytool -genkeypair -alias "$name" -keyalg EC -groupname secp256r1 -dname "CN=$name" \
            -keystore several.p12 -storetype PKCS12 -storepass "of the file" >/dev/null 2>&1 ||
            die keytool
    done
    tee 0 import several.p12 "${pin[@]}" --passphrase-file pass
    counts "private keys" "2 2 0 0"
    counts "certificates" "2 2 0 0"
    p11 --list-objects --type privkey >list
    grep -q "label: *one" list || die "the first name is lost"
    grep -q "label: *two" list || die "the second key is lost"
fi

# -- what can't come says why; what can, comes --
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out bitcoin.pem
openssl dsaparam -genkey -out dsa.pem 1024 2>/dev/null
openssl genpkey -algorithm ED25519 -out good.pem
tee 0 import small.pem dsa.pem good.pem "${pin[@]}"
counts "private keys" "3 1 2 0"
says 'rsa-size): private key "small"'
says 'of a type that the token has no keys of: private key "dsa"'

# A key without its primes is the same key; they are computed.
{
    echo "asn1 = SEQUENCE:key"
    echo "[key]"
    echo "version = INTEGER:0"
    openssl rsa -in rsa.pem -noout -text 2>/dev/null | awk '
        /^[a-z]/ { name = $1 }
        /^ / { gsub(/[ :]/, ""); hex[name] = hex[name] $0 }
        END { print "n = INTEGER:0x" hex["modulus:"]; print "e = INTEGER:65537"
              print "d = INTEGER:0x" hex["privateExponent:"] }'
    for part in p q dp dq qi; do echo "$part = INTEGER:0"; done
} >primeless.conf
openssl asn1parse -genconf primeless.conf -noout -out primeless.der || die primeless
openssl genpkey -algorithm ED25519 -out better.pem
tee 0 import primeless.der better.pem "${pin[@]}"
counts "private keys" "2 1 1 0"
make_token primes
tee 0 import primeless.der --token primes --pin-file user.pin
counts "private keys" "1 1 0 0"
pkcs11-tool --module "$TEE_TEST_MODULE" --token-label primes --login --pin 1234 --sign \
    -m SHA256-RSA-PKCS -i data -o signature >/dev/null 2>&1 || die "sign without primes"
openssl dgst -sha256 -verify rsa-pub.pem -signature signature data >/dev/null || die "primeless"

# -- refusals: nothing is written --
before=$(contents)
printf 'another\n' >wrong
head -c 500 rsa.pem >torn.pem
echo nothing >text.pem
: >nought.pem
head -c 700 rsa.p12 >torn.p12
for file in rsa.p8 rsa-old.pem rsa.p12; do
    tee 2 import good.pem "$file" "${pin[@]}" --passphrase-file wrong
    complains "passphrase"
    tee 1 import "$file" "${pin[@]}"
    complains "no terminal to ask for the passphrase of $file"
done
for file in torn.pem text.pem torn.p12; do
    tee 2 import good.pem "$file" "${pin[@]}"
    complains "$file: neither a key nor a certificate, or it is damaged"
done
tee 2 import nought.pem "${pin[@]}"
complains "it is empty"
tee 1 import absent.pem "${pin[@]}"
complains "No such file"
head -c 17000000 /dev/zero >huge
tee 1 import huge "${pin[@]}"
complains "longer than 16777216 bytes"
ssh-keygen -q -t ed25519 -N "" -f ssh 2>/dev/null && {
    tee 2 import ssh "${pin[@]}"
    complains "ssh-keygen -p -m PKCS8"
}
tee 2 import rsa.pem --token nobody --pin-file user.pin
complains "0 tokens have the label nobody"
tee 2 import rsa.pem --token web --pin-file wrong
complains "the PIN is wrong"
tee 64 import rsa.pem
tee 64 import --token web
tee 64 import rsa.pem --token web --no-such-option
tee 0 import --help
says "--env-file FILE"
[ "$(contents)" = "$before" ] || die "a refusal changed the token"

# -- credentials --
cat >.env <<'END'
# what the application used to read
DB_PASSWORD=pa$$word # not for git
export API_KEY='s3cr#t'
PEM="-----BEGIN-----
line\n-----END-----"
EMPTY=
INNER=a#b
HASH="#hunter2" # not for git
END
tee 0 import --env-file .env "${pin[@]}" --dry-run
counts "data objects" "6 6 0 0"
tee 0 import --env-file .env "${pin[@]}"
counts "data objects" "6 6 0 0"
tee 0 import --env-file .env "${pin[@]}"
counts "data objects" "6 0 6 0"
# value NAME: as another program reads it, with the PIN.
value() {
    p11 --read-object --type data --label "$1" --application-label env -o value >/dev/null &&
        cat value
}
[ "$(value DB_PASSWORD)" = "pa\$\$word" ] || die "DB_PASSWORD is $(value DB_PASSWORD)"
[ "$(value API_KEY)" = 's3cr#t' ] || die "API_KEY is $(value API_KEY)"
[ "$(value INNER)" = 'a#b' ] || die "INNER is $(value INNER)"
[ "$(value HASH)" = '#hunter2' ] || die "HASH is $(value HASH)"
[ "$(value PEM)" = $'-----BEGIN-----\nline\n-----END-----' ] || die "PEM is $(value PEM)"
pkcs11-tool --module "$TEE_TEST_MODULE" --list-objects --type data 2>&1 | grep -q API_KEY &&
    die "seen without the PIN"
# The same name with another value: what is there stays, and is said.
sed -i 's/s3cr#t/changed/' .env
tee 0 import --env-file .env "${pin[@]}"
counts "data objects" "6 0 6 0"
says 'another value of that name, which stays: data object "API_KEY"'
[ "$(value API_KEY)" = 's3cr#t' ] || die "it was changed"
tee 0 import --env-file .env --application other "${pin[@]}"
counts "data objects" "6 6 0 0"
# From the environment.
export TEE_TEST_ONE=1 TEE_TEST_TWO='2 = two'
tee 0 import --env 'TEE_TEST_[NOT]*' "${pin[@]}"
counts "data objects" "2 2 0 0"
[ "$(value TEE_TEST_TWO)" = '2 = two' ] || die "TEE_TEST_TWO"
tee 2 import --env NOT_THERE "${pin[@]}"
complains "no variable NOT_THERE"
grep -q "s3cr#t\|two" <("$TEE_TEST_COMMAND" audit show 2>&1) && die "a value in the audit log"

# Faults name their line, and nothing is written.
before=$(contents)
refused() {
    printf '%b' "$1" >bad.env
    tee 2 import --env-file bad.env "${pin[@]}"
    complains "$2"
}
refused 'GOOD=1\nnot an assignment\n' "bad.env:2: no = behind the name"
refused 'GOOD=1\n\nA="open\n\n' 'bad.env:3: the quote " is not closed'
refused "GOOD=1\nA='open\n" "bad.env:2: the quote ' is not closed"
refused 'GOOD="1"#2\n' "bad.env:1: text behind the closing quote"
refused 'GOOD="1"2\n' "bad.env:1: text behind the closing quote"
# What is a value to some readers and nothing to others.
refused 'GOOD=1\nA=#hunter2\n' "bad.env:2: a # where the value begins"
refused 'A= #hunter2\n' "bad.env:1: a # where the value begins"
refused '1A=1\n' "bad.env:1: a name begins with a letter"
refused 'GOOD=1\nB=\0\n' "bad.env:2: a NUL byte"
refused 'A=1\nB=2\nA=3\n' "A is set twice, in lines 1 and 3"
[ "$(contents)" = "$before" ] || die "a fault changed the token"
tee 0 audit verify

# What is longer than a value may be says so, by itself.
{
    printf 'SHORT=1\nLONG='
    head -c 8388609 /dev/zero | tr '\0' x
} >long.env
tee 1 import --env-file long.env --application long "${pin[@]}"
counts "data objects" "2 1 0 1"
says 'longer than a value of an object may be (8 MiB): data object "LONG"'
truncate -s -1 long.env
tee 0 import --env-file long.env --application long "${pin[@]}"
counts "data objects" "2 1 1 0"

# -- a key of many certificates: all of it comes at once, or nothing --
openssl ecparam -name prime256v1 -genkey -noout -out busy.key 2>/dev/null || die "no key"
cp busy.key busy.pem
for i in $(seq 1 70); do
    openssl req -x509 -key busy.key -subj "/CN=busy" -set_serial "$i" -days 30 >>busy.pem || die "no certificate"
done
tee 0 import busy.pem "${pin[@]}"
counts "certificates" "70 70 0 0"
entries=$("$TEE_TEST_COMMAND" audit show 2>/dev/null | grep -c "busy.pem")
[ "$entries" -eq 1 ] || die "a key and its certificates came in $entries transactions"

# -- many: they fit into few transactions --
for i in $(seq 1 1000); do echo "CREDENTIAL_$i=value of $i"; done >many.env
tee 0 import --env-file many.env --application many "${pin[@]}"
counts "data objects" "1000 1000 0 0"
tee 0 import --env-file many.env --application many "${pin[@]}"
counts "data objects" "1000 0 1000 0"
entries=$("$TEE_TEST_COMMAND" audit show 2>/dev/null | grep -c "many.env")
[ "$entries" -gt 0 ] || die "no entry in the audit log"
[ "$entries" -le 40 ] || die "$entries transactions for 1000 credentials"

# -- a label is a whole one --
long=$(printf '%032d' 7)
make_token "$long"
tee 2 import --env-file many.env --token "${long}8" --pin-file user.pin
complains "0 tokens have the label ${long}8"
tee 0 import --env-file many.env --token "$long" --pin-file user.pin --dry-run
done_with import
