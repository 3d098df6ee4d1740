#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-drill-snp.sh - the second drill of docs/operations.md, its commands taken from there as they
# stand: image, firmware and chip change under a store on the emulated device, and its keys work on.
# Then what only hardware has: statements about rotated keys that a platform attests, and what is
# said when a development store with a passphrase moves there.
#
# Run by with-snp-emulator.sh. One device plays all machines, one after the other.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs openssl pkcs11-tool python3 shred softhsm2-util
: "${SNP_EMULATOR_MOUNT:?}"

softhsm_begin
mkdir bin
printf '8765\n' >hsm.pin
export HSM=$softhsm HSM_SO_PIN=87654321
ln -s "$TEE_TEST_COMMAND" bin/tee-pkcs11
PATH=$scratch/bin:$PATH

# -- machines --------------------------------------------------------------------------------------

device() { printf '%s\n' "$@" >"$SNP_EMULATOR_MOUNT/control" || die "the emulator refuses $*"; }
# on CHIP IMAGE: that VM runs now.
on() {
    tee_on="chip $1, image $2"
    device "chip=0$1" "measurement=${2}a${2}b${2}c" "report_id=$1$2"
}
device product=milan tcb=3.0.10.100 max_msg_version=1 certificates=1 policy=0x30000 host_data= \
    id_key_digest= author_key_digest= guest_svn=0 vmpck=0 fail=none
# The policy that takes an image.
takes() {
    python3 - "$SNP_EMULATOR_MOUNT/ark.pem" "$1" <<'END'
import json, sys
image = sys.argv[2]
print(json.dumps({"measurements": f"{image}a{image}b{image}c".ljust(96, "0"),
                  "roots": open(sys.argv[1]).read(), "crl": "ignore",
                  "certificate-sources": ["evidence"],
                  "min-tcb": {"Milan": {"bl": 3, "tee": 0, "snp": 10, "ucode": 100}}}))
END
}
# from IMAGE, to IMAGE: what the two sides of a hand-over take.
policies() { takes "$1" >before.json && takes "$2" >after.json; }

# drill NAME: the block of commands with this name, of the second drill.
drill() {
    sed -n '/^## The drill on SEV-SNP/,$p' "$TEE_TEST_SOURCE/docs/operations.md" |
        awk -v name="$1" '$0 == "```sh " name { on = 1; next } /^```/ { on = 0 } on' >block
    [ -s block ] || die "docs/operations.md has no block $1"
    bash -eu block >out 2>err </dev/null || die "$tee_on: the commands of $1 fail"
    checks=$((checks + 1))
}
shut() {
    tee 3 status
    says "CANNOT BE OPENED HERE"
}
# works: the object is there, once, and the key is what it was.
works() {
    drill look
    [ "$(p11 --list-objects --type data | grep -c "label:.*'kept'")" -eq 1 ] || die "$tee_on: the object is lost"
    p11 --encrypt -m AES-ECB --id 0a -i block16 -o encrypted >/dev/null ||
        die "$tee_on: the key is lost"
    cmp -s encrypted first || die "$tee_on: the key is another one"
}

# -- the drill ---------------------------------------------------------------------------------------

on 1 1
drill owner
[ ! -e token.key ] || die "the token's key is left behind"
printf '%s\n' "store = $scratch/store" 'root = sev-snp' 'measured = image' \
    "device = \"$SNP_EMULATOR_MOUNT/sev-guest\"" 'pin-log2-n = 10' 'unseal-cache = 0' \
    "recovery-certificate = $scratch/token.pem" "recovery-certificate = $scratch/paper.pem" >conf
drill make
[ "$(wc -c <fingerprint)" -eq 65 ] || die "no fingerprint was noted"
[ "$(field id certificate | wc -l)" -eq 2 ] || die "there are not two recovery certificates"
printf '0123456789abcdef' >block16
p11 --keygen --key-type AES:32 --label "a key" --id 0a >/dev/null || die keygen
p11 --write-object block16 --type data --label kept >/dev/null || die write
p11 --encrypt -m AES-ECB --id 0a -i block16 -o first >/dev/null || die encrypt

policies 1 2
on 1 2
shut
drill ask
on 1 1
drill give
on 1 2
drill take
works

device tcb=4.0.11.110
works
tee 0 status
says "TCB 6e0b000000000004"
on 1 1 # taken back, within the window, after the update
works
on 1 2 # and forward again
works

on 2 2 # chip A is destroyed
shut
drill chip
says "sealed to this platform"
works

policies 2 1
on 2 1 # back to image 1, which no seal on this chip was made for
shut
drill ask
on 2 2
drill give
on 2 1
drill take
works
on 2 2 # image 2's seal is the superseded one now
works
on 2 1
works
drill settle
works
[ "$(field id platform | wc -l)" -eq 1 ] || die "superseded seals are left"
[ "$(field id certificate | wc -l)" -eq 2 ] || die "the recovery certificates are gone"
on 2 2
shut
on 1 2
shut
tee 0 recover --key paper.key --expect "$(cat fingerprint)"
works

# -- rotated keys, attested --------------------------------------------------------------------------

p11 --keypairgen --key-type EC:prime256v1 --label tls --id 01 >/dev/null || die keypairgen
p11 --read-object --type pubkey --id 01 -o old.der >/dev/null || die "no public key"
tee 0 rotate key "pkcs11:token=web;object=tls" --pin-file user.pin --nonce 6e6f6e6365 --out tls.rotation
says "vouched for    by the old key and the platform"
new=$(sed -n 's/^new key *id=//p' out | tr -d %)
p11 --read-object --type pubkey --id "$new" -o new.der >/dev/null || die "no public key"
takes 2 >policy.json
verify() { tee "$1" verify --offline --no-cache --policy policy.json "${@:2}"; }
verify 0 tls.rotation --nonce 6e6f6e6365 --old-key old.der --key new.der
says "the old key signed that this is its successor"
says "new public key      $(od -An -tx1 -v new.der | tr -d ' \n')"
verify 0 tls.rotation --json
python3 - out "$(cat fingerprint)" <<'END' || die "the statement says something else"
import json, sys
statement = json.load(open(sys.argv[1]))['statement']
assert statement['about'] == 'rotation'
assert statement['rotation']['old_public_key'] == open('old.der', 'rb').read().hex()
assert statement['key']['public_key'] == open('new.der', 'rb').read().hex()
assert statement['key']['store']['fingerprint'] == sys.argv[2]
assert statement['key']['attributes']['neverExtractable'] and statement['key']['attributes']['local']
END
verify 2 tls.rotation --old-key new.der
says "failed    old-key"
verify 2 tls.rotation --nonce 00
takes 1 >policy.json
verify 2 tls.rotation
takes 2 >policy.json
python3 - <<'END'
evidence = bytearray(open('tls.rotation', 'rb').read())
old = open('old.der', 'rb').read()
at = evidence.index(old)
evidence[at + len(old) - 1] ^= 1
open('forged', 'wb').write(evidence)
END
verify 1 forged
says "failed    statement"
p11 --keygen --key-type AES:32 --label sealing --id 02 --sensitive --private >/dev/null || die keygen
tee 0 rotate key "pkcs11:token=web;object=sealing" --pin-file user.pin --keep-reading --out aes.rotation
says "vouched for    by the platform"
verify 0 aes.rotation
says "the old key can't sign: the report alone vouches for its successor"
# The device fails: the key is as it was.
device fail=status:0x16
tee 3 rotate key "pkcs11:token=web;object=tls;id=$(printf '%s' "$new" | sed 's/../%&/g')" --pin-file user.pin
device fail=none
p11 --sign -m ECDSA-SHA256 --id "$new" -i block16 -o signature >/dev/null || die "the key was rotated"

# -- a development store with a passphrase moves here ---------------------------------------------------

printf 'correct horse battery\n' >passphrase
configure "so-reset = yes"
mv store hardware
make_token web
tee 0 seal add --passphrase passphrase
tee 0 status
grep -q "a passphrase opens the store" out && die "a development store is warned about its passphrase"
printf '%s\n' "store = $scratch/store" 'root = sev-snp' 'measured = image' \
    "device = \"$SNP_EMULATOR_MOUNT/sev-guest\"" 'pin-log2-n = 10' 'unseal-cache = 0' >conf
tee 0 recover --passphrase passphrase --yes
complains "a passphrase still opens the store"
tee 0 status
says "a passphrase opens the store: whoever guesses it needs no hardware"
tee 0 seal add --new-recovery-key
tee 0 seal revoke "$(seal_id passphrase)"
tee 0 status
says_not "a passphrase opens the store"
done_with drill-snp
