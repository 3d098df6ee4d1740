# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
#
# OpenSSH: ssh-keygen -D, logins through a real sshd on 127.0.0.1 (its own configuration, port and
# keys) by PKCS11Provider and by an agent, a certification authority in the token, and signatures.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"
need_program ssh ssh-keygen ssh-agent ssh-add pkcs11-tool openssl
sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v sshd)
need_file "${sshd:-/usr/sbin/sshd}" sshd

# ssh's programs ask for the PIN through this one.
askpass_write() {
    printf '#!/bin/sh\ncat %s\n' "$1" >"$2"
    chmod 700 "$2"
    export SSH_ASKPASS=$TEST_DIR/$2 SSH_ASKPASS_REQUIRE=force
}

# openssh_key LABEL: the public key as ssh writes it, from what the token exported.
openssh_key() {
    ssh-keygen -i -m PKCS8 -f "$1.pub"
}

list_keys() {
    local label

    timeout "$PATIENCE" ssh-keygen -D "$TEST_MODULE" >listed
    cat listed
    [ "$(wc -l <listed)" -eq 2 ] || fail "not two keys"
    for label in rsa p256; do
        grep -F "$(openssh_key "$label")" listed >/dev/null || fail "$label is not the exported key"
        openssh_key "$label" >"$label.ssh"
    done
}

# sshd_start [LINE...]: on PORT, with additional lines in its configuration.
sshd_start() {
    PORT=$(port_take)
    [ -s host.key ] || ssh-keygen -q -t ed25519 -N '' -f host.key
    cat >sshd.conf <<END
Port $PORT
ListenAddress 127.0.0.1
HostKey $TEST_DIR/host.key
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
PermitRootLogin prohibit-password
LogLevel VERBOSE
END
    printf '%s\n' "$@" >>sshd.conf
    printf '[127.0.0.1]:%s %s\n' "$PORT" "$(cut -d ' ' -f 1,2 host.key.pub)" >known_hosts
    # sshd's own directory, which its service makes; only root's sshd wants it.
    [ "$(id -u)" -ne 0 ] || (umask 022 && mkdir -p /run/sshd)
    serve sshd.log "$sshd" -D -e -f "$TEST_DIR/sshd.conf"
    wait_listen "$PORT" sshd.log
}

# login ARG...: a session; nothing of the user's own ssh is read.
login() {
    timeout "$PATIENCE" ssh -F none -p "$PORT" -o "UserKnownHostsFile=$TEST_DIR/known_hosts" \
        -o GlobalKnownHostsFile=none -o StrictHostKeyChecking=yes \
        -o PreferredAuthentications=publickey "$@" "$(id -un)@127.0.0.1" 'expr 6 "*" 7'
}

# login_provider LABEL
login_provider() {
    sshd_start "AuthorizedKeysFile $TEST_DIR/$1.ssh"
    says '^42$' login -o "PKCS11Provider=$TEST_MODULE"
    says "Accepted publickey for $(id -un)" cat sshd.log
}

# A key that the server was not told of opens nothing.
login_refused() {
    ssh-keygen -q -t ed25519 -N '' -f stranger
    sshd_start "AuthorizedKeysFile $TEST_DIR/stranger.pub"
    refuses 'Permission denied' login -o "PKCS11Provider=$TEST_MODULE"
}

pin_wrong() {
    printf wrong-pin >bad-pin
    askpass_write "$TEST_DIR/bad-pin" bad-askpass
    sshd_start "AuthorizedKeysFile $TEST_DIR/rsa.ssh"
    refuses 'Permission denied' login -o "PKCS11Provider=$TEST_MODULE"
    says 'Private Key Object' objects_user
}

# An agent holds the module. Started anew by each check, as a child of it.
agent_start() {
    export SSH_AUTH_SOCK=$TEST_DIR/agent.sock
    rm -f "$SSH_AUTH_SOCK"
    # -P: which modules it may load.
    serve agent.log ssh-agent -D -a "$SSH_AUTH_SOCK" -P "$TEST_MODULE"
    wait_for 20 test -S "$SSH_AUTH_SOCK" || fail "the agent does not start"
    timeout "$PATIENCE" ssh-add -s "$TEST_MODULE"
}

agent() {
    agent_start
    says 'RSA' timeout "$PATIENCE" ssh-add -l
    says 'ECDSA' timeout "$PATIENCE" ssh-add -l
    timeout "$PATIENCE" ssh-add -T rsa.ssh
    timeout "$PATIENCE" ssh-add -T p256.ssh
    timeout "$PATIENCE" ssh-add -e "$TEST_MODULE"
    refuses 'no identities' timeout "$PATIENCE" ssh-add -l
}

# login_agent LABEL: several at once by one agent.
login_agent() {
    local i pids=()

    agent_start
    sshd_start "AuthorizedKeysFile $TEST_DIR/$1.ssh" 'MaxStartups 100'
    for i in 1 2 3 4; do
        login -o IdentitiesOnly=yes -o "IdentityFile=$TEST_DIR/$1.ssh" >"session.$i" 2>&1 &
        pids+=($!)
    done
    for i in 1 2 3 4; do
        wait "${pids[i - 1]}" || fail "session $i: $(tail -n 1 "session.$i")"
        says '^42$' cat "session.$i"
    done
}

# A certification authority whose key is in the token, and a login with what it certified.
authority() {
    ssh-keygen -q -t ed25519 -N '' -f "user-$1"
    timeout "$PATIENCE" ssh-keygen -s "$1.ssh" -D "$TEST_MODULE" -I test-user \
        -n "$(id -un)" -V +1h "user-$1.pub"
    ssh-keygen -L -f "user-$1-cert.pub" >described
    grep -F "$(ssh-keygen -lf "$1.ssh" | cut -d ' ' -f 2)" described || fail "not signed by $1"
    sshd_start "TrustedUserCAKeys $TEST_DIR/$1.ssh" 'AuthorizedKeysFile none'
    says '^42$' login -o IdentitiesOnly=yes -o "IdentityFile=$TEST_DIR/user-$1"
    says 'CA .*ID test-user|ID test-user .*CA' cat sshd.log
}

# sign LABEL: ssh-keygen -Y by the agent; it verifies, and not for other data.
sign() {
    agent_start
    timeout "$PATIENCE" ssh-keygen -Y sign -f "$1.ssh" -n file <"$DATA" >signature
    printf 'user@test %s\n' "$(cat "$1.ssh")" >allowed
    says 'Good "file" signature' ssh-keygen -Y verify -f allowed -I user@test -n file \
        -s signature <"$DATA"
    refuses 'incorrect signature|Could not verify' ssh-keygen -Y verify -f allowed -I user@test \
        -n file -s signature <"$BIG"
}

git_commit() {
    command -v git >/dev/null || skip "git is not installed"
    agent_start
    rm -rf repository
    git init -q repository
    git -C repository config user.name Test
    git -C repository config user.email user@test
    git -C repository config gpg.format ssh
    git -C repository config user.signingkey "$TEST_DIR/p256.ssh"
    git -C repository config gpg.ssh.allowedSignersFile "$TEST_DIR/allowed"
    printf 'user@test %s\n' "$(cat p256.ssh)" >allowed
    timeout "$PATIENCE" git -C repository commit -q -S --allow-empty -m signed
    says 'Good "git" signature' git -C repository verify-commit HEAD
}

# The agent's session stays open, in another process, while the keys of the token are changed.
rotate() {
    only_tee
    agent_start
    timeout "$PATIENCE" ssh-add -T p256.ssh
    says 'Key generated|Profile|object|Secret' \
        p11_so --keygen --key-type GENERIC:32 --mechanism 0xD4450001
    timeout "$PATIENCE" ssh-add -T p256.ssh
    command_tee rotate dek --token "$TOKEN" --so-pin-file "$SO_PIN_FILE"
    timeout "$PATIENCE" ssh-add -T rsa.ssh
    command_tee rotate master
    timeout "$PATIENCE" ssh-add -T rsa.ssh
    timeout "$PATIENCE" ssh-add -T p256.ssh
}

askpass_write "$PIN_FILE" askpass
token_make
check keys keys_make
check list list_keys
for label in rsa p256; do
    check "login-$label" login_provider "$label"
    check "login-agent-$label" login_agent "$label"
    check "authority-$label" authority "$label"
    check "sign-$label" sign "$label"
done
check agent agent
check login-refused login_refused
check pin-wrong pin_wrong
check git-commit git_commit
check rotate rotate
