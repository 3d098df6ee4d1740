# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# NSS: certutil (keys, requests, certificates), pk12util (import), cmsutil, selfserv, and poppler's
# pdfsig, with the module in NSS's own module database.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program certutil modutil pk12util cmsutil selfserv pdfsig pkcs11-tool openssl
readonly DB=sql:$TEST_DIR/nssdb

# nss PROGRAM ARG...
nss() {
    local program=$1

    shift
    timeout "$PATIENCE" "$program" -d "$DB" "$@"
}

database() {
    mkdir nssdb
    printf '%s\n' "$PIN" >pins
    nss certutil -N --empty-password
    ca_make
    nss certutil -A -n root -t CT,CT,CT -a -i ca.pem
    says 'added to database' timeout "$PATIENCE" modutil -dbdir "$DB" -force -add test \
        -libfile "$TEST_MODULE" -mechanisms FRIENDLY
    says "Token Name: *$TOKEN " timeout "$PATIENCE" modutil -dbdir "$DB" -list test
}

# request LABEL TYPE [ARG...]: a key pair made by certutil, its request, its certificate.
request() {
    local label=$1 type=$2

    shift 2
    nss certutil -R -h "$TOKEN" -f pins -k "$type" "$@" -s "CN=$label" -z "$BIG" -a -o "$label.csr"
    says 'OK' plain req -in "$label.csr" -verify -noout
    plain req -in "$label.csr" -noout -pubkey -out "$label.pub"
    cert_make "$label"
    nss certutil -A -h "$TOKEN" -f pins -n "$label" -t ,, -a -i "$label.pem"
    says "$TOKEN:$label" nss certutil -L -h "$TOKEN"
    nss certutil -L -h "$TOKEN" -n "$TOKEN:$label" -r >read.crt
    same "$label.crt" read.crt
}

list_keys() {
    says 'rsa .*n-rsa|n-rsa' nss certutil -K -h "$TOKEN" -f pins
    says 'ec .*n-ec|n-ec' nss certutil -K -h "$TOKEN" -f pins
}

# NSS issues a certificate by the key in the token.
issue() {
    nss certutil -S -h "$TOKEN" -f pins -k ec -q nistp256 -s CN=issuer -n issuer -x -t CTu,CTu,CTu \
        -m 77 -v 12 -z "$BIG" -2 --keyUsage certSigning,critical <<<$'y\n\ny\n'
    nss certutil -L -h "$TOKEN" -n "$TOKEN:issuer" -a >issuer.pem
    says ': OK' plain verify -check_ss_sig -CAfile issuer.pem issuer.pem
    plain req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout out.key -out out.csr \
        -subj /CN=outside
    nss certutil -C -f pins -c "$TOKEN:issuer" -i out.csr -a -o issued.pem -m 78 -v 6
    says ': OK' plain verify -CAfile issuer.pem issued.pem
}

# A key from outside, by PKCS #12: NSS unwraps it into the token with a key that it makes there.
pkcs12() {
    plain req -x509 -newkey rsa:2048 -nodes -keyout p12.key -out p12.pem -subj /CN=packed -days 9 \
        2>/dev/null
    plain pkcs12 -export -inkey p12.key -in p12.pem -name packed -passout pass:secret -out packed.p12
    says 'IMPORT SUCCESSFUL' nss pk12util -h "$TOKEN" -k pins -i packed.p12 -W secret
    says 'packed' nss certutil -K -h "$TOKEN" -f pins
    plain x509 -in p12.pem -noout -pubkey -out packed.pub
    nss certutil -L -h "$TOKEN" -n "$TOKEN:packed" -a >packed.pem
    nss certutil -M -h "$TOKEN" -f pins -n "$TOKEN:packed" -t CTu,CTu,CTu
    cms_sign packed packed.pem
}

# cms_sign LABEL CA
cms_sign() {
    nss cmsutil -S -N "$TOKEN:$1" -f pins -i "$DATA" -o signed.cms -H SHA256
    plain cms -verify -binary -inform DER -in signed.cms -CAfile "$2" -purpose any -out signed.data
    same "$DATA" signed.data
}

# server LABEL VERSION: NSS's own test server with its key in the token.
server() {
    local port option=-n

    [ "$1" = n-rsa ] || option=-e
    port=$(port_take)
    serve serv.log selfserv -d "$DB" -p "$port" -f pins "$option" "$TOKEN:$1" -V "$2:$2"
    wait_listen "$port" serv.log
    plain s_client -connect "127.0.0.1:$port" -CAfile ca.pem -verify_return_error -brief </dev/null
}

# pdf_write FILE: a document of one empty page.
pdf_write() {
    local object at=() objects=('<< /Type /Catalog /Pages 2 0 R >>'
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>'
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Resources << >> >>')

    printf '%%PDF-1.7\n' >"$1"
    for object in 0 1 2; do
        at+=("$(wc -c <"$1")")
        printf '%d 0 obj\n%s\nendobj\n' "$((object + 1))" "${objects[object]}" >>"$1"
    done
    at+=("$(wc -c <"$1")")
    {
        printf 'xref\n0 4\n0000000000 65535 f \n'
        printf '%010d 00000 n \n' "${at[@]:0:3}"
        printf 'trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n' "${at[3]}"
    } >>"$1"
}

# pdf_add_signature NICK: poppler makes room for a first signature, then signs again, and gives up
# ("unable update signature") unless the second is as long; of ECDSA's, in DER, about one in three is.
# So it may try again.
pdf_add_signature() {
    local i

    for ((i = 1; i <= 40; i++)); do
        rm -f signed.pdf
        if timeout "$PATIENCE" pdfsig -nssdir "$DB" -nss-pwd "$PIN" -add-signature -nick "$1" \
            -digest SHA256 plain.pdf signed.pdf >signing 2>&1; then
            return
        fi
        cat signing
        grep -q 'unable update signature' signing || fail "pdfsig does not sign"
    done
    fail "pdfsig did not find room for its signature in $((i - 1)) tries"
}

# pdf_sign LABEL: the signature in the document is a CMS message over the ranges that it names. (tail
# comes last where a file is cut: a head that has enough ends whoever writes to it.)
pdf_sign() {
    local range

    pdf_write plain.pdf
    pdf_add_signature "$TOKEN:$1"
    read -r -a range < <(grep -a -o '/ByteRange *\[[0-9 ]*\]' signed.pdf | tr -d '/A-Za-z[]')
    [ "${#range[@]}" -eq 4 ] || fail "no signature in the document"
    {
        head -c "${range[1]}" signed.pdf
        head -c "$((range[2] + range[3]))" signed.pdf | tail -c "${range[3]}"
    } >signed.content
    head -c "$((range[2] - 1))" signed.pdf | tail -c "$((range[2] - range[1] - 2))" >signed.hex
    unhex "$(cat signed.hex)" >signed.p7
    plain cms -verify -binary -inform DER -in signed.p7 -content signed.content -CAfile ca.pem \
        -purpose any -out checked
    same checked signed.content
}

token_make
check database database
check certutil-rsa request n-rsa rsa -g 2048
check certutil-ec request n-ec ec -q nistp256
check certutil-keys list_keys
check certutil-issue issue
check pk12util pkcs12
check cmsutil-rsa cms_sign n-rsa ca.pem
check cmsutil-ec cms_sign n-ec ca.pem
check selfserv-tls1.2-rsa server n-rsa tls1.2
check selfserv-tls1.3-rsa server n-rsa tls1.3
check selfserv-tls1.3-ec server n-ec tls1.3
check pdfsig-rsa pdf_sign n-rsa
check pdfsig-ec pdf_sign n-ec
