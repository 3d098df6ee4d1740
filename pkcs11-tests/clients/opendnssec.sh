# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# OpenDNSSEC's ods-hsmutil: makes, lists, tests and removes keys.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program ods-hsmutil pkcs11-tool openssl

conf_write() {
    cat >conf.xml <<END
<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <RepositoryList>
    <Repository name="Test">
      <Module>$TEST_MODULE</Module>
      <TokenLabel>$TOKEN</TokenLabel>
      <PIN>$PIN</PIN>
    </Repository>
  </RepositoryList>
  <Common>
    <Logging><Verbosity>3</Verbosity></Logging>
    <PolicyFile>$TEST_DIR/kasp.xml</PolicyFile>
    <ZoneListFile>$TEST_DIR/zonelist.xml</ZoneListFile>
  </Common>
  <Enforcer><Datastore><SQLite>$TEST_DIR/kasp.db</SQLite></Datastore></Enforcer>
</Configuration>
END
}

hsm() {
    timeout "$PATIENCE" ods-hsmutil -c "$TEST_DIR/conf.xml" "$@"
}

info() {
    says "Token Label: *$TOKEN" hsm info
}

# generate TYPE SIZE: the key is listed, and pkcs11-tool sees it, labelled by its id.
generate() {
    local id

    says 'Key generation successful' hsm generate Test "$1" "$2"
    id=$(sed -n 's/^Key generation successful: *//p' <<<"$OUT")
    says "$id" hsm list Test
    says "Private.*\\|$id\\|$id" objects_user
    printf '%s' "$id" >"id-$1"
}

dnskey() {
    says 'example\.com\..*IN.*DNSKEY.*257 3 8' hsm dnskey "$(cat id-rsa)" example.com 257 8
    says 'example\.com\..*IN.*DNSKEY.*256 3 13' hsm dnskey "$(cat id-ecdsa)" example.com 256 13
}

# Its own test makes keys of many kinds and signs with them; it verifies nothing.
own_test() {
    capture hsm test Test
    matches 'Signing \(RSA/SHA256\) with key\.\.\. OK' || fail "no RSA signature"
    matches 'Signing \(ECDSA Curve P-256 with SHA-256\) with key\.\.\. OK|P-256.*OK' ||
        fail "no ECDSA signature"
    matches 'Generating 32 bytes of random data\.\.\. OK|random.*OK' || fail "no random data"
    ! grep -E 'Signing.*Failed|Deleting.*Failed' <<<"$OUT" || fail "something failed"
}

remove() {
    says 'Key remove successful' hsm remove "$(cat "id-$1")"
    never_says "$(cat "id-$1")" objects_user
}

token_make
check prepare conf_write
check info info
check generate-rsa generate rsa 2048
check generate-ecdsa generate ecdsa 256
check dnskey dnskey
check test own_test
check remove-rsa remove rsa
check remove-ecdsa remove ecdsa
