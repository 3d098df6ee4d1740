# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Node through pkcs11js (programs/node). The binding comes from the npm registry in the version that
# package-lock.json pins, without running any script of it, and is compiled here: it is one of Node's
# native modules, three files of C++.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program node npm g++ pkcs11-tool openssl
programs=$(realpath "$(dirname "$0")/../programs/node")
readonly programs
readonly KEY_HEX=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
readonly IV_HEX=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
readonly KEK_HEX=f0f1f2f3f4f5f6f7f8f9fafbfcfdfeffe0e1e2e3e4e5e6e7e8e9eaebecedeeef

# Debian has Node's headers in one place, those who package Node themselves in another.
for headers in /usr/include/nodejs/src /usr/include/node none; do
    [ "$headers" != none ] || need_file /none "Node's headers"
    [ ! -e "$headers/node_api.h" ] || break
done

binding() {
    cp "$programs"/* .
    timeout "$PATIENCE" npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
    mkdir -p node_modules/pkcs11js/build/Release
    cd node_modules/pkcs11js
    g++ -O1 -shared -fPIC -std=c++17 -DNODE_GYP_MODULE_NAME=pkcs11 -DBUILDING_NODE_EXTENSION \
        -DNAPI_DISABLE_CPP_EXCEPTIONS -Iincludes -I"$headers" \
        src/dl.cpp src/common.cpp src/main.cpp -o build/Release/pkcs11.node
}

client() {
    timeout "$PATIENCE" node client.js "$TEST_MODULE" "$TOKEN" "$PIN" "$@"
}

sign() {
    client sign "$1" "$2" "$BIG" sig
    verified "$1.pub" sha256 sig "$BIG" "${@:3}"
}

# ecdsa_der RAW DER: the two numbers of a signature, as openssl wants them.
ecdsa_der() {
    local hex

    hex=$(od -An -v -tx1 "$1" | tr -d ' \n')
    printf 'asn1=SEQUENCE:s\n[s]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "${hex:0:64}" "${hex:64}" >der.cnf
    plain asn1parse -genconf der.cnf -noout -out "$2"
}

sign_ecdsa() {
    client sign p256 CKM_ECDSA_SHA256 "$BIG" raw
    ecdsa_der raw sig
    verified p256.pub sha256 sig "$BIG"
}

pairs() {
    plain dgst -sha256 -binary -out hash "$DATA"
    client pairs hash raw pair.der
    ecdsa_der raw sig
    plain pkey -pubin -inform DER -in pair.der -out pair.pub
    verified pair.pub sha256 sig "$DATA"
}

digest() {
    client digest "CKM_${1^^}" "$BIG" hash
    plain dgst "-$1" -binary -out hash.right "$BIG"
    same hash hash.right
}

hmac() {
    client hmac "$KEY_HEX" "$BIG" tag
    plain dgst -sha256 -mac HMAC -macopt "hexkey:$KEY_HEX" -binary -out tag.right "$BIG"
    same tag tag.right
}

# cipher CKM-NAME OPENSSL-NAME OCTETS [ARG...]
cipher() {
    head -c "$3" "$BIG" >input
    client cipher "$1" "$KEY_HEX" "$IV_HEX" input secret
    plain enc "-$2" -K "$KEY_HEX" -iv "$IV_HEX" "${@:4}" -in input -out secret.right
    same secret secret.right
}

oaep() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret \
        -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
    client oaep rsa secret opened
    same secret.txt opened
}

# The point of a key outside; the token's answers with its own.
agree() {
    plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
    plain pkey -in peer.pem -pubout -outform DER | tail -c 65 >peer.point
    client agree peer.point z
    { unhex '3059301306072a8648ce3d020106082a8648ce3d030107034200' && cat z.point; } >token.der
    plain pkey -pubin -inform DER -in token.der -out token.pub
    plain pkeyutl -derive -inkey peer.pem -peerkey token.pub -out z.right
    same z z.right
}

wrap() {
    client wrap "$KEY_HEX" "$KEK_HEX" wrapped
    unhex "$KEY_HEX" >key
    plain enc -id-aes256-wrap -K "$KEK_HEX" -iv a6a6a6a6a6a6a6a6 -in key -out wrapped.right
    same wrapped wrapped.right
}

threads() {
    says 'made 40' client threads 40 rsa "$DATA"
}

token_make
check keys keys_make
check binding binding
[ -e node_modules/pkcs11js/build/Release/pkcs11.node ] || exit 0 # that check has failed
check sign-rsa sign rsa CKM_SHA256_RSA_PKCS
check sign-pss sign rsa PSS -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
check sign-ecdsa sign_ecdsa
check pairs pairs
check digest-sha256 digest sha256
check digest-sha512 digest sha512
check hmac hmac
check aes-cbc cipher CKM_AES_CBC aes-256-cbc 4096 -nopad
check aes-cbc-pad cipher CKM_AES_CBC_PAD aes-256-cbc 5001
check aes-gcm client gcm "$BIG"
check oaep oaep
check agree agree
check wrap wrap
check codes client codes
check objects client objects
check threads threads
