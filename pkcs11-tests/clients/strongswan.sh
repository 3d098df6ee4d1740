# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# strongSwan's pki command with keys in the token.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program pki openssl pkcs11-tool setsid
says_strongswan() { pki --help 2>&1 | grep -i strongswan >/dev/null; }
says_strongswan || need_file /none "strongSwan's pki"

conf_write() {
    cat >strongswan.conf <<END
libstrongswan {
    plugins {
        pkcs11 {
            load_certs = yes
            modules {
                test {
                    path = $TEST_MODULE
                }
            }
        }
    }
}
END
}

# swan ARG...: pki; it asks for the PIN on its terminal or, having none, on stdin.
swan() {
    STRONGSWAN_CONF=$TEST_DIR/strongswan.conf timeout "$PATIENCE" setsid --wait pki "$@" <pins
}

self_signed() {
    swan --self --type priv --keyid "$2" --dn "CN=$1" --ca --lifetime 20 --outform pem >"self-$1.pem"
    plain x509 -in "self-$1.pem" -noout -pubkey -out self.pub
    same self.pub "$1.pub"
    says ': OK' plain verify -check_ss_sig -CAfile "self-$1.pem" "self-$1.pem"
}

request() {
    swan --req --type priv --keyid "$2" --dn "CN=$1" --outform pem >"$1.csr"
    says 'OK' plain req -in "$1.csr" -verify -noout
}

issue() {
    plain genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out out.key
    plain pkey -in out.key -pubout -out out.pub
    swan --issue --type pub --in out.pub --cacert "self-$1.pem" --cakeyid "$2" --dn CN=outside \
        --lifetime 5 --outform pem >issued.pem
    says ': OK' plain verify -CAfile "self-$1.pem" issued.pem
}

public() {
    swan --pub --keyid "$2" --outform pem >told
    plain pkey -pubin -in told -out told.pub
    same told.pub "$1.pub"
}

printf '%s\n' "$PIN" >pins
token_make
check keys keys_make
check prepare conf_write
for pair in rsa:01 p256:02; do
    check "pub-${pair%:*}" public "${pair%:*}" "${pair#*:}"
    check "self-${pair%:*}" self_signed "${pair%:*}" "${pair#*:}"
    check "req-${pair%:*}" request "${pair%:*}" "${pair#*:}"
    check "issue-${pair%:*}" issue "${pair%:*}" "${pair#*:}"
done
