# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# Knot DNS: keymgr makes a zone's keys in the token (by GnuTLS), kzonesign signs the zone with them.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
PATH=$PATH:/usr/sbin
need_program keymgr kzonesign pkcs11-tool openssl

conf_write() {
    mkdir -p zones kasp
    cat >zones/example.com.zone <<END
\$TTL 600
example.com. IN SOA ns.example.com. admin.example.com. 1 600 60 3600 60
example.com. IN NS ns.example.com.
ns.example.com. IN A 192.0.2.1
www.example.com. IN AAAA 2001:db8::1
END
    cat >knot.conf <<END
database:
    storage: "$TEST_DIR/kasp"
keystore:
  - id: token
    backend: pkcs11
    config: "pkcs11:token=$TOKEN;pin-value=$PIN $TEST_MODULE"
policy:
  - id: test
    keystore: token
    manual: on
    algorithm: $1
zone:
  - domain: example.com
    storage: "$TEST_DIR/zones"
    file: example.com.zone
    dnssec-signing: on
    dnssec-policy: test
END
}

manager() {
    timeout "$PATIENCE" keymgr -c knot.conf "$@"
}

# zone ALGORITHM: keys, a signed zone, and Knot's verification by the public keys in that zone.
zone() {
    rm -rf kasp zones out
    conf_write "$1"
    mkdir out
    manager example.com generate "algorithm=$1" ksk=yes zsk=no
    manager example.com generate "algorithm=$1" ksk=no zsk=yes
    says 'ksk=yes|KSK' manager -e example.com list
    timeout "$PATIENCE" kzonesign -c knot.conf -o out example.com
    says 'RRSIG' cat out/example.com.zone
    says 'DNSKEY' cat out/example.com.zone
    cp out/example.com.zone zones/example.com.zone
    timeout "$PATIENCE" kzonesign -c knot.conf --verify example.com
    sed 's/192\.0\.2\.1/192.0.2.9/' out/example.com.zone >zones/example.com.zone
    refuses . timeout "$PATIENCE" kzonesign -c knot.conf --verify example.com
}

delete() {
    local id

    for id in $(manager example.com list | awk '{ print $1 }'); do
        manager example.com delete "$id"
    done
    says '^0$' count_keys
}

count_keys() {
    objects_user | grep -c 'Private Key' || true
}

token_make
check zone-ecdsa zone ecdsap256sha256
check delete delete
check zone-rsa zone rsasha256
