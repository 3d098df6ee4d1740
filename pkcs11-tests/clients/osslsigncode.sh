# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# osslsigncode: a signed Windows program, the key being in the token (OpenSSL engine).

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program osslsigncode openssl pkcs11-tool
engines=$(openssl version -e | sed 's/^ENGINESDIR: "\(.*\)"$/\1/')
need_file "$engines/pkcs11.so" "the OpenSSL engine for PKCS#11"

zeros() {
    printf '%0*d' "$(($1 * 2))" 0
}

# program_write: the smallest PE32+ file: headers, and one section with one instruction ("ret").
program_write() {
    local dos coff optional section

    dos="4d5a $(zeros 58) 40000000"
    coff='50450000 6486 0100 00000000 00000000 00000000 f000 2200'
    optional='0b020e00 00020000 00000000 00000000 00100000 00100000 0000004001000000'
    optional+=' 00100000 00020000 06000000 00000000 06000000 00000000 00200000 00020000'
    optional+=' 00000000 0300 6081 0000100000000000 0010000000000000 0000100000000000'
    optional+=" 0010000000000000 00000000 10000000 $(zeros 128)"
    section="2e74657874000000 01000000 00100000 00020000 00020000 $(zeros 12) 20000060"
    unhex "$dos$coff$optional$section" >program.exe
    truncate -s 512 program.exe
    printf '\303' >>program.exe
    truncate -s 1024 program.exe
}

prepare() {
    program_write
    ca_make
    cert_make rsa extendedKeyUsage=codeSigning
    cert_make p256 extendedKeyUsage=codeSigning
}

# sign LABEL DIGEST
sign() {
    local out=signed-$1-$2.exe

    rm -f "$out"
    timeout "$PATIENCE" osslsigncode sign -pkcs11engine "$engines/pkcs11.so" \
        -pkcs11module "$TEST_MODULE" -readpass "$PIN_FILE" -h "$2" -certs "$1.pem" \
        -key "pkcs11:token=$TOKEN;object=$1;type=private" -in program.exe -out "$out"
    says 'Signature verification: ok' timeout "$PATIENCE" osslsigncode verify -CAfile ca.pem \
        -TSA-CAfile ca.pem -in "$out"
    # What was changed after it was signed is refused. The last octets are the signature's: change code.
    { head -c 600 "$out" && printf X && tail -c +602 "$out"; } >forged.exe
    refuses 'verification: failed|MISMATCH|failed' timeout "$PATIENCE" osslsigncode verify \
        -CAfile ca.pem -TSA-CAfile ca.pem -in forged.exe
}

token_make
check keys keys_make
check prepare prepare
for label in rsa p256; do
    for md in sha256 sha384; do
        check "sign-$md-$label" sign "$label" "$md"
    done
done
