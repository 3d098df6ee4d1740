# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Python through PyKCS11 (programs/client.py): nearly the whole interface, with its error codes.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program python3 pkcs11-tool openssl
program=$(realpath "$(dirname "$0")/../programs/client.py")
readonly program
readonly KEY_HEX=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
readonly IV_HEX=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf

# The distribution's python has the distribution's PyKCS11, whatever else is in PATH.
for python in /usr/bin/python3 python3 none; do
    [ "$python" != none ] || need_file /none PyKCS11
    ! "$python" -c 'import PyKCS11' 2>/dev/null || break
done

client() {
    timeout "$PATIENCE" "$python" "$program" "$TEST_MODULE" "$TOKEN" "$PIN" "$@"
}

sign() {
    client sign rsa "CKM_${1^^}_RSA_PKCS" "$BIG" sig
    verified rsa.pub "$1" sig "$BIG"
}

sign_pss() {
    client sign_pss rsa "$BIG" sig
    verified rsa.pub sha256 sig "$BIG" -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
}

# ecdsa_der RAW DER: the two numbers of a signature, as openssl wants them.
ecdsa_der() {
    local hex

    hex=$(od -An -v -tx1 "$1" | tr -d ' \n')
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:64}" "${hex:64}" >der.cnf
    plain asn1parse -genconf der.cnf -noout -out "$2"
}

pairs() {
    plain dgst -sha256 -binary -out hash "$DATA"
    client pairs hash raw pair.der
    ecdsa_der raw sig
    plain pkey -pubin -inform DER -in pair.der -out pair.pub
    verified pair.pub sha256 sig "$DATA"
}

# oaep CKM-NAME DIGEST LABEL
oaep() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$2" -pkeyopt "rsa_mgf1_md:$2" \
        ${3:+-pkeyopt "rsa_oaep_label:$(printf '%s' "$3" | od -An -tx1 | tr -d ' ')"}
    client decrypt_oaep rsa "$1" secret opened "$3"
    same secret.txt opened
}

# cipher CKM-NAME OPENSSL-NAME OCTETS [ARG...]
cipher() {
    local name=$1 openssl=$2

    head -c "$3" "$BIG" >input
    shift 3
    client cipher "$name" "$KEY_HEX" "$IV_HEX" input secret
    plain enc "-$openssl" -K "$KEY_HEX" -iv "$IV_HEX" "$@" -in input -out secret.right
    same secret secret.right
}

token_make
check keys keys_make
for md in sha1 sha256 sha384 sha512; do
    check "sign-$md" sign "$md"
done
check sign-pss sign_pss
check pairs pairs
check oaep-sha1 oaep SHA_1 sha1 ''
check oaep-sha256 oaep SHA256 sha256 ''
check oaep-sha256-label oaep SHA256 sha256 abc
check oaep-sha512 oaep SHA512 sha512 ''
check aes-cbc cipher CKM_AES_CBC aes-256-cbc 4096 -nopad
check aes-cbc-pad cipher CKM_AES_CBC_PAD aes-256-cbc 5001
check aes-ctr cipher CKM_AES_CTR aes-256-ctr 5001
check aes-gcm client gcm
for verb in login_codes session_codes object_codes mechanism_codes flags session_objects attributes \
    fork; do
    check "${verb//_/-}" client "$verb"
done
check search client search 200
check threads client threads 6
