# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Go through crypto11 and miekg/pkcs11, the distribution's (programs/client.go).

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program go gcc pkcs11-tool openssl
need_file /usr/share/gocode/src/github.com/ThalesIgnite/crypto11 crypto11
program=$(realpath "$(dirname "$0")/../programs/client.go")
readonly program

# The compiler knows the distribution's packages as those of the time before modules.
build() {
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$TEST_DIR/go-cache GOTOOLCHAIN=local \
        GOFLAGS=-p=1 timeout 600 go build -o client "$program"
    rm -rf go-cache
}

client() {
    timeout "$PATIENCE" ./client "$TEST_MODULE" "$TOKEN" "$PIN" "$@"
}

# sign LABEL HASH SCHEME [ARG...]
sign() {
    client sign "$1" "$2" "$3" "$BIG" sig
    verified "$1.pub" "$2" sig "$BIG" "${@:4}"
}

# generate KIND LABEL ID
generate() {
    client generate "$1" "$2" "$3" "$2.pub"
    says "Private.*\\|$2\\|" objects_user
    sign "$2" sha256 pkcs1
    client remove "$2"
    never_says "\\|$2\\|" objects_user
}

# decrypt SCHEME [ARG...]
decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret "${@:2}"
    client decrypt rsa "$1" secret opened
    same secret.txt opened
}

certificate() {
    client certificate "$1" "$1-go.pem"
    says ': OK' plain verify -check_ss_sig -CAfile "$1-go.pem" "$1-go.pem"
    plain x509 -in "$1-go.pem" -noout -pubkey -out told.pub
    same told.pub "$1.pub"
    p11_user --delete-object --type cert --id "$(printf go | od -An -tx1 | tr -d ' ')"
}

tls() {
    local port

    port=$(port_take)
    serve serv.log ./client "$TEST_MODULE" "$TOKEN" "$PIN" serve "$1" "$1-go.pem" "$port" 3
    wait_listen "$port" serv.log
    for _ in 1 2 3; do
        says 'served by go' plain s_client -connect "127.0.0.1:$port" "-$2" -CAfile "$1-go.pem" \
            -verify_return_error -quiet -ign_eof </dev/null
    done
}

crowd() {
    says 'made 200' client crowd 200 p256
}

token_make
check keys keys_make
check build build
[ -e client ] || exit 0 # that check has failed
for md in sha1 sha256 sha384 sha512; do
    check "sign-rsa-$md" sign rsa "$md" pkcs1
done
check sign-pss-sha256 sign rsa sha256 pss -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
check sign-p256 sign p256 sha256 ecdsa
check generate-rsa generate rsa go-rsa 61
check generate-p384 generate ec go-ec 62
check decrypt-pkcs1 decrypt pkcs1
check decrypt-oaep decrypt oaep -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 \
    -pkeyopt rsa_mgf1_md:sha256
for label in rsa p256; do
    check "certificate-$label" certificate "$label"
    check "tls1.2-$label" tls "$label" tls1_2
    check "tls1.3-$label" tls "$label" tls1_3
done
check secret-keys client secret
check aes-gcm client gcm
check codes client codes
check crowd crowd
