#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-token-key.sh - recovery by a certificate whose private key is in a SoftHSM2 token, named by
# its URI.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl python3 softhsm2-util pkcs11-tool

softhsm_begin
softhsm2-util --init-token --free --label owner --so-pin 87654321 --pin 8765 >/dev/null || die init

configure "so-reset = yes"
make_token web
print=$(fingerprint)
# P-521: a field that is no whole number of bytes.
for curve in P-256 P-521; do
    openssl req -x509 -newkey ec -pkeyopt "ec_paramgen_curve:$curve" -nodes -keyout key.pem \
        -out "$curve.pem" -subj "/CN=$curve" -days 2 2>/dev/null || die certificate
    openssl pkey -in key.pem -outform DER -out key.der
    pkcs11-tool --module "$softhsm" --token-label owner --login --pin 8765 --write-object key.der \
        --type privkey --label "$curve" --usage-derive >/dev/null 2>&1 || die "no key in the token"
    rm key.pem key.der
    tee 0 seal add --certificate "$curve.pem"
done
printf '8765\n' >hsm.pin

uri="pkcs11:token=owner;type=private"
for curve in P-256 P-521; do
    mv store.key gone.key
    tee 3 status
    tee 0 recover --key "$uri;object=$curve?module-path=$softhsm" --pin-file hsm.pin \
        --expect "$print"
    tee 0 status
done
id=$("$TEE_TEST_COMMAND" seal list 2>/dev/null | grep -B1 "CN=P-256;" | sed -n '1s/ .*//p')
tee 0 seal test "$id" --key "$uri;object=P-256?module-path=$softhsm&pin-value=8765"
tee 0 seal test "$id" --key "$uri;object=P-256?module-path=$softhsm&pin-source=file:$scratch/hsm.pin"
tee 0 seal test "$id" --key \
    "$uri;object=P-256?module-path=$softhsm&pin-source=file://localhost$scratch/hsm.pin"
tee 64 seal test "$id" --key \
    "$uri;object=P-256?module-path=$softhsm&pin-source=file://example.org$scratch/hsm.pin"
complains "a file of another host can't be read"

# -- the slot, by its number --
slot=$(softhsm2-util --show-slots | awk '/^Slot [0-9]/ { slot = $2 } /Label: *owner/ { print slot; exit }')
[ -n "$slot" ] || die "no slot of the owner's token"
key="type=private;object=P-256?module-path=$softhsm&pin-value=8765"
tee 0 seal test "$id" --key "pkcs11:slot-id=$slot;$key"
tee 2 seal test "$id" --key "pkcs11:slot-id=$((slot + 1));$key"
complains "0 private keys"

# -- what goes wrong has its own words --
tee 2 seal test "$id" --key "$uri;object=P-521?module-path=$softhsm&pin-value=8765"
complains "does not open it"
tee 2 seal test "$id" --key "$uri;object=P-256?module-path=$softhsm&pin-value=1111"
complains "PIN is incorrect"
tee 2 seal test "$id" --key "$uri?module-path=$softhsm&pin-value=8765"
complains "it has to be one"
tee 2 seal test "$id" --key "pkcs11:token=nobody?module-path=$softhsm"
complains "0 private keys"
tee 1 seal test "$id" --key "$uri?module-path=/nonexistent.so"
complains "no PKCS#11 module can be loaded"
tee 64 seal test "$id" --key "pkcs11:%zz"
complains "not a PKCS#11 URI"
mv store.key gone.key
tee 64 recover --key "pkcs11:%zz"
tee 2 recover --key "$uri;object=P-256?module-path=$softhsm&pin-value=1111"
complains "PIN is incorrect"
mv gone.key store.key
done_with token-key
