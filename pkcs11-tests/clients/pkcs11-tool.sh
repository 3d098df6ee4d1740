# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# pkcs11-tool (OpenSC): its own tests, and every kind of object and operation that it knows.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program pkcs11-tool openssl

readonly EC_TYPES='prime256v1 secp384r1 secp521r1'
declare -rA ID=([rsa]=01 [rsa3072]=0102030405060708090a0b0c0d0e0f1011121314 [prime256v1]=10
    [secp384r1]=11 [secp521r1]=12 [ed]=20 [imported]=30 [imported-ec]=31 [careful]=40 [narrow]=41 [renamed]=50 [aes]=60 [generic]=61 [known]=62)

# --- the token --------------------------------------------------------------------------------

info() {
    says 'Cryptoki version +(2|3)\.' p11 --show-info
    says 'uninitialized' p11 --list-slots
    says 'token initialized, PIN initialized' p11 --list-token-slots
    says 'login required, rng' p11 --list-token-slots
}

interfaces() {
    only_tee
    says 'PKCS 11' p11 --list-interfaces
}

mechanisms() {
    local name

    for name in RSA-PKCS-KEY-PAIR-GEN RSA-PKCS SHA256-RSA-PKCS SHA512-RSA-PKCS RSA-PKCS-PSS \
        SHA256-RSA-PKCS-PSS RSA-PKCS-OAEP ECDSA-KEY-PAIR-GEN ECDSA ECDH1-DERIVE EDDSA AES-KEY-GEN \
        AES-CBC AES-CBC-PAD AES-CTR AES-GCM SHA256-HMAC SHA-1 SHA256 SHA384 SHA512; do
        has_mechanism "$name" || fail "not listed: $name"
    done
}

random() {
    p11 --token-label "$TOKEN" --generate-random 64 --output-file random.1
    p11 --token-label "$TOKEN" --generate-random 64 --output-file random.2
    [ "$(wc -c <random.1)" -eq 64 ] || fail "not 64 octets"
    ! cmp random.1 random.2 || fail "the same octets twice"
}

# digest MECHANISM OPENSSL-NAME
digest() {
    local file

    need_mechanism "$1"
    for file in "$DATA" "$BIG"; do
        p11 --token-label "$TOKEN" --hash --mechanism "$1" --input-file "$file" --output-file hash
        plain dgst "-$2" -binary -out hash.right "$file"
        same hash hash.right
    done
}

# --- PINs -------------------------------------------------------------------------------------

pin_wrong() {
    local try

    for try in 1 2 3 4 5; do
        echo "try $try"
        refuses CKR_PIN_INCORRECT env PIN=wrong-pin bash -c 'exec "$@"' - \
            timeout "$PATIENCE" pkcs11-tool --module "$TEST_MODULE" --token-label "$TOKEN" --login \
            --pin env:PIN --list-objects
    done
    says 'Public Key Object' p11_user --list-objects
    refuses CKR_PIN_INCORRECT p11 --token-label "$TOKEN" --login --login-type so --so-pin wrong-pin \
        --init-pin --new-pin other
    says 'Private Key Object' p11_user --list-objects
}

pin_change() {
    says 'PIN successfully changed' \
        p11 --token-label "$TOKEN" --login --pin env:PIN --change-pin --new-pin 999-changed
    refuses CKR_PIN_INCORRECT p11_user --list-objects
    says 'Private Key Object' p11 --token-label "$TOKEN" --login --pin 999-changed --list-objects
    says 'PIN successfully changed' \
        p11 --token-label "$TOKEN" --login --pin 999-changed --change-pin --new-pin "$PIN"
    says 'Private Key Object' p11_user --list-objects
}

# The SO sets a forgotten user PIN, and the objects of before can still be used.
pin_reset() {
    says 'successfully initialized' p11_so --init-pin --new-pin 555-reset
    refuses CKR_PIN_INCORRECT p11_user --list-objects
    says 'Private Key Object' p11 --token-label "$TOKEN" --login --pin 555-reset --list-objects
    p11 --token-label "$TOKEN" --login --pin 555-reset --sign --mechanism SHA256-RSA-PKCS --id 01 \
        --input-file "$DATA" --output-file reset.sig
    verified rsa.pub sha256 reset.sig "$DATA"
    says 'successfully initialized' p11_so --init-pin --new-pin "$PIN"
}

# --- key pairs --------------------------------------------------------------------------------

rsa_keys() {
    key_make rsa:2048 rsa "${ID[rsa]}"
    key_make rsa:3072 rsa3072 "${ID[rsa3072]}"
    pubkey_export rsa
    pubkey_export rsa3072
    says 'Public-Key: \(2048 bit\)' plain pkey -pubin -in rsa.pub -noout -text
    says 'Exponent: 65537' plain pkey -pubin -in rsa.pub -noout -text
}

ec_keys() {
    local type

    for type in $EC_TYPES; do
        key_make "EC:$type" "$type" "${ID[$type]}"
        pubkey_export "$type"
        says "ASN1 OID: $type" plain pkey -pubin -in "$type.pub" -noout -text
    done
}

ed25519_key() {
    key_make EC:edwards25519 ed "${ID[ed]}"
    pubkey_export ed
    says 'ED25519 Public-Key' plain pkey -pubin -in ed.pub -noout -text
}

# Private keys can't be seen without login, and are sensitive without being asked to be.
privacy() {
    never_says 'Private Key Object' objects_open
    says 'Public Key Object.*\|rsa\|01' objects_open
    says 'Private Key Object.*\|rsa\|01' objects_user
    says 'sensitive, always sensitive, never extractable, local' p11_user --list-objects
}

# sign MECHANISM LABEL FILE [ARG...]: writes sig. (pkcs11-tool picks keys to use by their id alone.)
sign() {
    local mechanism=$1 id=${ID[$2]} file=$3

    shift 3
    need_mechanism "$mechanism"
    p11_user --sign --mechanism "$mechanism" --id "$id" --input-file "$file" \
        --output-file sig "$@"
}

# rsa_hashed DIGEST LABEL: PKCS #1 v1.5, single- and multi-part
rsa_hashed() {
    local file

    for file in "$DATA" "$BIG"; do
        sign "${1^^}-RSA-PKCS" "$2" "$file"
        verified "$2.pub" "$1" sig "$file"
    done
}

rsa_raw() {
    head -c 40 "$DATA" >short
    sign RSA-PKCS rsa short
    plain pkeyutl -verifyrecover -pubin -inkey rsa.pub -in sig -out recovered
    same short recovered
    head -c 246 "$DATA" >too-long
    refuses CKR_ sign RSA-PKCS rsa too-long
}

rsa_pss() {
    local file

    for file in "$DATA" "$BIG"; do
        sign "${1^^}-RSA-PKCS-PSS" rsa "$file"
        verified rsa.pub "$1" sig "$file" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
    done
}

rsa_pss_raw() {
    plain dgst -sha384 -binary -out hash "$DATA"
    sign RSA-PKCS-PSS rsa hash --hash-algorithm SHA384 --mgf MGF1-SHA384 --salt-len 20
    verified rsa.pub sha384 sig "$DATA" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20
}

# ecdsa_raw TYPE DIGEST: the caller hashes
ecdsa_raw() {
    plain dgst "-$2" -binary -out hash "$DATA"
    sign ECDSA "$1" hash --signature-format openssl
    verified "$1.pub" "$2" sig "$DATA"
}

ecdsa_hashed() {
    sign "ECDSA-${1^^}" prime256v1 "$DATA" --signature-format openssl
    verified prime256v1.pub "$1" sig "$DATA"
}

eddsa() {
    local file

    head -c 1000 "$BIG" >kilo
    for file in "$DATA" kilo; do
        sign EDDSA ed "$file"
        says 'Verified Successfully' plain pkeyutl -verify -pubin -inkey ed.pub -rawin -in "$file" \
            -sigfile sig
    done
    refuses 'Verification Failure' plain pkeyutl -verify -pubin -inkey ed.pub -rawin -in "$DATA" \
        -sigfile sig
}

# The module verifies what openssl signed with a key that was imported, and nothing else.
verify() {
    plain dgst -sha256 -sign imported.pem -out right.sig "$DATA"
    says 'Signature is valid' p11_user --verify --mechanism SHA256-RSA-PKCS --id "${ID[imported]}" \
        --input-file "$DATA" --signature-file right.sig
    head -c 299 "$DATA" >other
    prints 'Invalid signature|CKR_SIGNATURE_INVALID' p11_user --verify \
        --mechanism SHA256-RSA-PKCS --id "${ID[imported]}" --input-file other --signature-file right.sig
}

# oaep DIGEST
oaep() {
    head -c 60 "$DATA" >plain.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in plain.txt -out secret \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
    p11_user --decrypt --mechanism RSA-PKCS-OAEP --hash-algorithm "${2:-${1^^}}" \
        --mgf "MGF1-${3:-${1^^}}" --id "${ID[rsa]}" --input-file secret --output-file opened
    same plain.txt opened
}

rsa_decrypt() {
    head -c 60 "$DATA" >plain.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in plain.txt -out secret
    p11_user --decrypt --mechanism RSA-PKCS --id "${ID[rsa]}" --input-file secret --output-file opened
    same plain.txt opened
}

# ecdh TYPE
ecdh() {
    need_mechanism ECDH1-DERIVE
    plain genpkey -algorithm EC -pkeyopt "ec_paramgen_curve:$1" -out peer.pem
    plain pkey -in peer.pem -pubout -outform DER -out peer.der
    p11_user --derive --mechanism ECDH1-DERIVE --id "${ID[$1]}" --input-file peer.der --output-file z
    plain pkeyutl -derive -inkey peer.pem -peerkey "$1.pub" -out z.right
    same z z.right
}

import_rsa() {
    plain genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out imported.pem
    plain pkey -in imported.pem -outform DER -out imported.key
    plain pkey -in imported.pem -pubout -out imported.pub
    plain pkey -in imported.pem -pubout -outform DER -out imported.pubkey
    says 'Private Key Object' p11_user --write-object imported.key --type privkey --label imported \
        --id "${ID[imported]}" --usage-sign --usage-decrypt
    says 'Public Key Object' p11_user --write-object imported.pubkey --type pubkey \
        --label imported --id "${ID[imported]}" --usage-sign
    rsa_hashed sha256 imported
}

import_ec() {
    plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out imported-ec.pem
    plain pkey -in imported-ec.pem -outform DER -out imported-ec.key
    plain pkey -in imported-ec.pem -pubout -out imported-ec.pub
    says 'Private Key Object' p11_user --write-object imported-ec.key --type privkey \
        --label imported-ec --id "${ID[imported-ec]}" --usage-sign
    plain dgst -sha256 -binary -out hash "$DATA"
    sign ECDSA imported-ec hash --signature-format openssl
    verified imported-ec.pub sha256 sig "$DATA"
}

always_authenticate() {
    key_make EC:prime256v1 careful "${ID[careful]}" --always-auth
    pubkey_export careful
    says 'Access:.*always authenticate' p11_user --list-objects
    plain dgst -sha256 -binary -out hash "$DATA"
    sign ECDSA careful hash --signature-format openssl
    verified careful.pub sha256 sig "$DATA"
}

allowed_mechanisms() {
    key_make rsa:2048 narrow "${ID[narrow]}" --allowed-mechanisms SHA256-RSA-PKCS
    pubkey_export narrow
    rsa_hashed sha256 narrow
    refuses CKR_MECHANISM_INVALID sign SHA512-RSA-PKCS narrow "$DATA"
}

set_id() {
    key_make EC:prime256v1 renamed "${ID[renamed]}"
    p11_user --set-id 51 --type privkey --id "${ID[renamed]}"
    p11_user --set-id 51 --type pubkey --id "${ID[renamed]}"
    says 'Private.*\|renamed\|51' objects_user
    says 'Public.*\|renamed\|51' objects_open
    never_says '\|50' objects_user
}

delete() {
    p11_user --delete-object --type privkey --id 51
    p11_user --delete-object --type pubkey --id 51
    never_says renamed objects_user
    says 'Private.*\|prime256v1\|10' objects_user
}

# --- secret keys ------------------------------------------------------------------------------

secret_keys() {
    local octets

    for octets in 16 24 32; do
        says "Secret Key Object; AES length $octets" p11_user --keygen --key-type AES:$octets \
            --label aes$octets --id "${ID[aes]}" --private --sensitive
    done
    says 'Secret Key Object; Generic secret length 64' p11_user --keygen --key-type GENERIC:64 \
        --label generic --id "${ID[generic]}" --private --extractable --usage-sign
    never_says 'Secret Key Object' objects_open
    refuses 'CKR_ATTRIBUTE_SENSITIVE|not found' p11_user --read-object --type secrkey --label aes16
    p11_user --read-object --type secrkey --label generic --output-file generic.key
    [ "$(wc -c <generic.key)" -eq 64 ] || fail "not 64 octets"
}

readonly AES_HEX=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
readonly IV_HEX=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf

import_aes() {
    unhex "$AES_HEX" >aes.key
    says 'Secret Key Object; AES length 32' p11_user --write-object aes.key --type secrkey \
        --key-type AES:32 --label known --id "${ID[known]}" --usage-decrypt
}

# cipher VERB INPUT OUTPUT MECHANISM
cipher() {
    p11_user "--$1" --input-file "$2" --output-file "$3" --mechanism "$4" --iv "$IV_HEX" \
        --id "${ID[known]}"
}

# aes MECHANISM OPENSSL-CIPHER FILE [ARG...]: both ways, against openssl
aes() {
    local mechanism=$1 name=$2 file=$3

    shift 3
    need_mechanism "$mechanism"
    cipher encrypt "$file" secret "$mechanism"
    plain enc "-$name" -K "$AES_HEX" -iv "$IV_HEX" "$@" -in "$file" -out secret.right
    same secret secret.right
    cipher decrypt secret.right opened "$mechanism"
    same "$file" opened
}

aes_cbc() {
    head -c 288 "$DATA" >blocks
    aes AES-CBC aes-256-cbc blocks -nopad
}

# 48 octets, of which the last but 16 is changed: the padding of the last block becomes wrong.
aes_pad_wrong() {
    head -c 32 "$DATA" >blocks
    plain enc -aes-256-cbc -K "$AES_HEX" -iv "$IV_HEX" -in blocks -out secret
    plain enc -aes-256-cbc -K "$AES_HEX" -iv "$IV_HEX" -in "$DATA" -out other
    { head -c 16 secret && tail -c 16 other && tail -c 16 secret; } >forged
    refuses 'CKR_ENCRYPTED_DATA_INVALID' cipher decrypt forged opened AES-CBC-PAD
}

# hmac DIGEST
hmac() {
    local file key mechanism

    mechanism=${1^^}-HMAC
    [ "$1" != sha1 ] || mechanism=SHA-1-HMAC
    need_mechanism "$mechanism"
    key=$(od -An -v -tx1 generic.key | tr -d ' \n')
    for file in "$DATA" "$BIG"; do
        sign "$mechanism" generic "$file"
        plain dgst "-$1" -mac HMAC -macopt "hexkey:$key" -binary -out tag.right "$file"
        same sig tag.right
    done
}

# --- data objects and certificates ------------------------------------------------------------

# pkcs11-tool writes up to 5000 octets.
data_public() {
    says 'Data object' p11_user --write-object "$DATA" --type data --label open-data \
        --application-label test
    says '\|open-data\|' objects_open
    p11 --token-label "$TOKEN" --read-object --type data --label open-data --output-file read
    same "$DATA" read
}

data_private() {
    head -c 4096 "$BIG" >secret-data
    says 'Data object' p11_user --write-object secret-data --type data --label sealed --private
    never_says sealed objects_open
    sealed_is_there
    refuses 'not found|CKR_' p11 --token-label "$TOKEN" --read-object --type data --label sealed
}

sealed_is_there() {
    p11_user --read-object --type data --label sealed --output-file read
    same secret-data read
}

data_delete() {
    p11_user --delete-object --type data --label open-data
    never_says open-data objects_user
    says sealed objects_user
}

certificate() {
    ca_make
    cert_make rsa
    cert_store rsa 01
    says 'subject: *DN: CN ?= ?rsa' p11 --token-label "$TOKEN" --list-objects --type cert
    p11 --token-label "$TOKEN" --read-object --type cert --id 01 --output-file read
    same rsa.crt read
}

# --- pkcs11-tool's own tests ------------------------------------------------------------------

own_test() {
    says 'No errors' p11_user --test
    never_says 'ERR|error:' cat log/test
}

own_test_ec() {
    need_mechanism ECDSA-SHA1
    says 'Verify.*OK|OK|successfully' p11_user --session-rw --test-ec --id 70 --label test-ec \
        --key-type EC:prime256v1
    never_says 'ERR|error:|FAIL' cat log/test-ec
}

own_test_fork() {
    says 'Calling C_Initialize in forked child' p11 --test-fork
    never_says 'CKR_|rror' cat log/test-fork
}

own_test_threads() {
    p11 --token-label "$TOKEN" --test-threads ILGISLT0 --test-threads ILGISLT0 \
        --test-threads ILGISLT0 --test-threads ILGISLT0
    never_says 'CKR_GENERAL_ERROR|CKR_HOST' cat log/test-threads
}

# --- tee-pkcs11's own mechanism, reached by a program that has not heard of it -----------------

rotate_dek() {
    only_tee
    says 'Key generated|Profile|object' p11_so --keygen --key-type GENERIC:32 -m 0xD4450001
    sealed_is_there
    rsa_hashed sha256 rsa
}

rotate_command() {
    only_tee
    command_tee rotate dek --token "$TOKEN" --so-pin-file "$SO_PIN_FILE"
    command_tee rotate master
    sealed_is_there
    ecdsa_raw prime256v1 sha256
}

second_token() {
    local slot

    slot=$(p11 --list-slots | awk '/^Slot/ { slot = $2 } /uninitialized/ { print slot; exit }')
    says 'successfully initialized' p11 --slot-index "$slot" --init-token --label second \
        --so-pin other-so
    says 'second' p11 --list-token-slots
    says "$TOKEN" p11 --list-token-slots
    says 'uninitialized' p11 --list-slots
    rsa_hashed sha256 rsa
}

# The token is made anew: nothing of before is left.
init_again() {
    says 'successfully initialized' p11 --token-label second --init-token --label second \
        --so-pin other-so
    refuses CKR_PIN_INCORRECT p11 --token-label "$TOKEN" --init-token --label "$TOKEN" \
        --so-pin wrong-pin
    says 'Private Key Object' p11_user --list-objects
    says 'successfully initialized' p11 --token-label "$TOKEN" --init-token --label "$TOKEN" \
        --so-pin env:SO_PIN
    never_says 'Object' p11 --token-label "$TOKEN" --list-objects
}

token_make
check info info
check interfaces interfaces
check mechanisms mechanisms
check random random
for pair in SHA-1:sha1 SHA224:sha224 SHA256:sha256 SHA384:sha384 SHA512:sha512 \
    SHA3-256:sha3-256; do
    check "digest-${pair#*:}" digest "${pair%:*}" "${pair#*:}"
done
check keygen-rsa rsa_keys
check keygen-ec ec_keys
check keygen-ed25519 ed25519_key
check privacy privacy
check sign-rsa-raw rsa_raw
for md in sha1 sha224 sha256 sha384 sha512; do
    check "sign-rsa-$md" rsa_hashed "$md" rsa
done
check sign-rsa3072 rsa_hashed sha256 rsa3072
for md in sha1 sha256 sha384 sha512; do
    check "sign-pss-$md" rsa_pss "$md"
done
check sign-pss-raw rsa_pss_raw
check sign-p256 ecdsa_raw prime256v1 sha256
check sign-p384 ecdsa_raw secp384r1 sha384
check sign-p521 ecdsa_raw secp521r1 sha512
for md in sha1 sha224 sha256 sha384 sha512; do
    check "sign-ecdsa-$md" ecdsa_hashed "$md"
done
check sign-ed25519 eddsa
check import-rsa import_rsa
check import-ec import_ec
check verify verify
check decrypt-pkcs1 rsa_decrypt
check decrypt-oaep-sha1 oaep sha1 SHA-1 SHA1
check decrypt-oaep-sha256 oaep sha256
check decrypt-oaep-sha512 oaep sha512
for type in $EC_TYPES; do
    check "derive-$type" ecdh "$type"
done
check keygen-secret secret_keys
check import-secret import_aes
check aes-cbc aes_cbc
check aes-cbc-pad aes AES-CBC-PAD aes-256-cbc "$DATA"
check aes-cbc-pad-big aes AES-CBC-PAD aes-256-cbc "$BIG"
check aes-cbc-pad-wrong aes_pad_wrong
for md in sha1 sha256 sha384 sha512; do
    check "hmac-$md" hmac "$md"
done
check data-public data_public
check data-private data_private
check certificate certificate
check always-authenticate always_authenticate
check allowed-mechanisms allowed_mechanisms
check set-id set_id
check delete delete
check test own_test
check test-ec own_test_ec
check test-fork own_test_fork
check test-threads own_test_threads
check pin-wrong pin_wrong
check pin-change pin_change
check pin-reset pin_reset
check rotate-dek rotate_dek
check rotate-command rotate_command
check second-token second_token
check data-delete data_delete
check init-again init_again
