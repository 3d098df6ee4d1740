# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Java's SunPKCS11: keytool, jarsigner, and a program (programs/Client.java).

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program java javac keytool jarsigner pkcs11-tool openssl
program=$(realpath "$(dirname "$0")/../programs/Client.java")
readonly program
readonly KEY_HEX=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f
readonly IV_HEX=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf
# No files of the user's, and quick starts.
readonly JVM=(-Duser.home="$HOME" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto)

# conf_write: for SunPKCS11; secrets of a key agreement are to be read, so it asks for that.
conf_write() {
    local slot

    slot=$(p11 --list-token-slots | sed -n 's/^Slot [0-9]* (\(0x[0-9a-f]*\)).*/\1/p' | head -n 1)
    cat >java.conf <<END
name = Test
library = $TEST_MODULE
slot = $((slot))
attributes(generate, CKO_SECRET_KEY, CKK_GENERIC_SECRET) = {
  CKA_SENSITIVE = false
  CKA_EXTRACTABLE = true
}
END
    javac -d classes "$program"
}

ktool() {
    timeout "$PATIENCE" keytool "${JVM[@]/#/-J}" -addprovider SunPKCS11 -providerArg java.conf \
        -keystore NONE -storetype PKCS11 -storepass:env PIN "$@"
}

client() {
    timeout "$PATIENCE" java "${JVM[@]}" -cp classes Client java.conf "$PIN" "$@"
}

generate() {
    local label=$1

    shift
    ktool -genkeypair -alias "$label" -dname "CN=$label" -validity 20 "$@"
    ktool -exportcert -rfc -alias "$label" -file "$label-self.pem"
    says ': OK' plain verify -check_ss_sig -CAfile "$label-self.pem" "$label-self.pem"
    plain x509 -in "$label-self.pem" -noout -pubkey -out "$label.pub"
    # Java names a private key by its id alone: the alias.
    says "Private.*\\|$(printf '%s' "$label" | od -An -tx1 | tr -d ' ')\$" objects_user
}

list() {
    says 'jrsa, .*PrivateKeyEntry' ktool -list
    says 'jec, .*PrivateKeyEntry' ktool -list
}

# A request, a certificate from outside, and the answer into the token.
certified() {
    ktool -certreq -alias "$1" -file "$1.csr"
    says 'OK' plain req -in "$1.csr" -verify -noout
    [ -s ca.pem ] || ca_make
    cert_make "$1"
    cat "$1.pem" ca.pem >"$1.chain"
    ktool -importcert -noprompt -alias "$1" -file "$1.chain"
    ktool -exportcert -rfc -alias "$1" -file "$1.back"
    plain x509 -in "$1.back" -outform DER -out back.crt
    same back.crt "$1.crt"
}

# A key of pkcs11-tool's, with a certificate, is an entry of Java's key store.
foreign() {
    keys_make
    cert_make rsa
    cert_make p256
    cert_store rsa 01
    cert_store p256 02
    says 'rsa, .*PrivateKeyEntry' ktool -list
}

# The jar's signature block is a CMS message over the .SF file.
jar_sign() {
    rm -rf jar.tmp "$1.jar"
    mkdir jar.tmp
    cp "$DATA" jar.tmp/data
    jar --create --file "$1.jar" -C jar.tmp data
    timeout "$PATIENCE" jarsigner "${JVM[@]/#/-J}" -addprovider SunPKCS11 -providerArg java.conf \
        -keystore NONE -storetype PKCS11 -storepass:env PIN -sigfile SIGNER "$1.jar" "$1"
    says 'jar verified' timeout "$PATIENCE" jarsigner "${JVM[@]/#/-J}" -verify "$1.jar"
    (cd jar.tmp && jar --extract --file "../$1.jar")
    plain cms -verify -binary -inform DER -in jar.tmp/META-INF/SIGNER."$2" -noattr \
        -content jar.tmp/META-INF/SIGNER.SF -CAfile ca.pem -purpose any -out checked
    same checked jar.tmp/META-INF/SIGNER.SF
}

# sign LABEL ALGORITHM DIGEST [ARG...]
sign() {
    local label=$1 algorithm=$2 md=$3 file

    shift 3
    for file in "$DATA" "$BIG"; do
        client sign "$label" "$algorithm" "$file" sig
        verified "$label.pub" "$md" sig "$file" "$@"
    done
}

# pair ALGORITHM SIZE SIGNATURE DIGEST: keys of the session
pair() {
    client pair "$1" "$2" "$3" "$DATA" sig pair.der
    plain pkey -pubin -inform DER -in pair.der -out pair.pub
    verified pair.pub "$4" sig "$DATA"
}

digest() {
    client digest "$1" "$BIG" hash
    plain dgst "-$2" -binary -out hash.right "$BIG"
    same hash hash.right
}

# cipher TRANSFORMATION OPENSSL-NAME FILE [ARG...]
cipher() {
    local name=$1 openssl=$2 file=$3

    shift 3
    client cipher encrypt "$name" "$KEY_HEX" "$IV_HEX" "$file" secret
    plain enc "-$openssl" -K "$KEY_HEX" -iv "$IV_HEX" "$@" -in "$file" -out secret.right
    same secret secret.right
    client cipher decrypt "$name" "$KEY_HEX" "$IV_HEX" secret.right opened
    same "$file" opened
}

aes_cbc() {
    head -c 99984 "$BIG" >blocks
    cipher AES/CBC/NoPadding aes-256-cbc blocks -nopad
}

hmac() {
    client hmac "Hmac${1^^}" "$KEY_HEX$KEY_HEX" "$BIG" tag
    plain dgst "-$1" -mac HMAC -macopt "hexkey:$KEY_HEX$KEY_HEX" -binary -out tag.right "$BIG"
    same tag tag.right
}

decrypt() {
    head -c 60 "$DATA" >secret.txt
    plain pkeyutl -encrypt -pubin -inkey rsa.pub -in secret.txt -out secret
    client decrypt rsa RSA/ECB/PKCS1Padding secret opened
    same secret.txt opened
}

agree() {
    plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out peer.pem
    plain pkey -in peer.pem -pubout -outform DER -out peer.der
    client agree p256 peer.der z
    plain pkeyutl -derive -inkey peer.pem -peerkey p256.pub -out z.right
    same z z.right
}

threads() {
    says 'made 240' client threads "$1" "$2"
}

pin_wrong() {
    refuses 'PIN_INCORRECT|LoginException|password was incorrect|load failed' \
        env PIN=wrong-pin timeout "$PATIENCE" keytool "${JVM[@]/#/-J}" -addprovider SunPKCS11 \
        -providerArg java.conf -keystore NONE -storetype PKCS11 -storepass:env PIN -list
    list
}

delete() {
    ktool -delete -alias jec
    never_says 'jec,' ktool -list
    never_says '\|jec\|' objects_user
}

token_make
check prepare conf_write
check keytool-rsa generate jrsa -keyalg RSA -keysize 2048
check keytool-ec generate jec -keyalg EC -groupname secp256r1
check keytool-list list
check certified-rsa certified jrsa
check certified-ec certified jec
check foreign foreign
check jarsigner-rsa jar_sign jrsa RSA
check jarsigner-ec jar_sign jec EC
for md in 256 384 512; do
    check "sign-rsa-sha$md" sign rsa "SHA${md}withRSA" "sha$md"
    check "sign-ec-sha$md" sign p256 "SHA${md}withECDSA" "sha$md"
done
check sign-pss sign rsa RSASSA-PSS sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32
check pair-rsa pair RSA 2048 SHA256withRSA sha256
check pair-ec pair EC secp384r1 SHA384withECDSA sha384
for md in SHA-1:sha1 SHA-256:sha256 SHA-384:sha384 SHA-512:sha512; do
    check "digest-${md#*:}" digest "${md%:*}" "${md#*:}"
done
check aes-cbc aes_cbc
check aes-cbc-padding cipher AES/CBC/PKCS5Padding aes-256-cbc "$BIG"
check aes-ctr cipher AES/CTR/NoPadding aes-256-ctr "$BIG"
check aes-gcm client gcm "$BIG"
for md in sha256 sha384 sha512; do
    check "hmac-$md" hmac "$md"
done
check decrypt decrypt
check agree agree
check threads-rsa threads rsa SHA256withRSA
check threads-ec threads p256 SHA256withECDSA
check pin-wrong pin_wrong
check delete delete
