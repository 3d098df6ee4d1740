# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# GnuPG's S/MIME through gnupg-pkcs11-scd, which stands in for scdaemon.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program gpgsm gpg-agent gpg-connect-agent gpgconf gnupg-pkcs11-scd pkcs11-tool openssl

# gnupg-pkcs11-scd 0.10 puts a zero octet before an RSA signature whose top bit is set, which openssl
# refuses: half of the signatures. So many are made, and one at least must be right.
readonly TRIES=12

# A pinentry that always knows the PIN.
pinentry_write() {
    cat >pinentry <<END
#!/bin/sh
echo 'OK ready'
while read -r word rest; do
    case \$word in
        GETPIN) printf 'D $PIN\nOK\n' ;;
        BYE) echo OK; exit 0 ;;
        *) echo OK ;;
    esac
done
END
    chmod 700 pinentry
}

prepare() {
    mkdir -m 700 gnupg
    pinentry_write
    printf 'pinentry-program %s\nscdaemon-program %s\n' "$TEST_DIR/pinentry" \
        "$(command -v gnupg-pkcs11-scd)" >gnupg/gpg-agent.conf
    printf 'providers test\nprovider-test-library %s\n' "$TEST_MODULE" >gnupg/gnupg-pkcs11-scd.conf
    printf 'disable-crl-checks\n' >gnupg/gpgsm.conf
    ca_make
    cert_make rsa keyUsage=digitalSignature,keyEncipherment subjectKeyIdentifier=hash
    cert_store rsa 01
    plain x509 -in ca.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/$/ S relax/' \
        >gnupg/trustlist.txt
}

# The agent's process id. (gpg-connect-agent succeeds without an agent too.)
agent_pid() {
    gpg-connect-agent --no-autostart 'GETINFO pid' /bye 2>/dev/null | sed -n 's/^D //p'
}

# with_agent FUNCTION...: an agent of the check's own, gone when it ends: one on its way out would
# answer the next check, and take the socket with it.
with_agent() {
    local agent

    export GNUPGHOME=$TEST_DIR/gnupg
    gpg-agent --daemon >agent.log 2>&1 </dev/null # comes back when it can be asked
    agent=$(agent_pid)
    [ -n "$agent" ] || fail "no agent"
    SERVERS+=("$agent")
    "$@"
    gpgconf --kill all
    wait_for 20 gone "$agent" || fail "the agent does not end"
}

sm() {
    timeout "$PATIENCE" gpgsm --batch --no-tty "$@"
}

card() {
    says 'KEY-FRIEDNLY|KEY-FRIENDLY|KEYPAIRINFO' timeout "$PATIENCE" gpg-connect-agent \
        'SCD LEARN --force' /bye
}

learn() {
    sm --import ca.pem
    sm --learn-card
    says 'CN=rsa' sm --list-keys
    says 'crs|certificate|CN=rsa' sm --list-secret-keys
}

sign() {
    local i

    for ((i = 1; i <= TRIES; i++)); do
        { cat "$DATA" && echo "$i"; } >numbered # else signatures of the same second are the same
        sm --yes --local-user CN=rsa --output signed.p7 --sign numbered
        if plain cms -verify -binary -inform DER -in signed.p7 -CAfile ca.pem -purpose any \
            -out signed.data; then
            same numbered signed.data
            return
        fi
    done
    fail "none of $TRIES signatures is right"
}

decrypt() {
    plain cms -encrypt -binary -aes256 -in "$DATA" -outform DER -out encrypted.p7 rsa.pem
    sm --yes --output opened --decrypt encrypted.p7
    same "$DATA" opened
}

token_make
check keys keys_make
check prepare prepare
check card with_agent card
check learn with_agent learn
check sign with_agent sign
check decrypt with_agent decrypt
