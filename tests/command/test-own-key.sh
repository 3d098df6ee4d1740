#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
#
# test-own-key.sh - a key of this store, named by its URI: the PIN in the file that it names, slots
# told apart.

# shellcheck source=tests/command/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs pkcs11-tool

configure "so-reset = yes"
make_token web
make_token other
p11 --slot 0 --keypairgen --key-type EC:prime256v1 --label tls --id 01ff00 >/dev/null || die "no key"
request() { tee "$1" csr --subject CN=web.example --no-evidence --key "$2" "${@:3}"; }
request 0 "pkcs11:token=web;id=%01%ff%00?pin-source=$scratch/user.pin"
request 0 "pkcs11:slot-id=0;object=tls?pin-source=file:$scratch/user.pin"
request 0 "pkcs11:slot-description=TEE%20token%20slot%200;object=tls?pin-source=file://$scratch/user.pin"
for host in // //localhost //LocalHost; do
    request 0 "pkcs11:token=web;object=tls?pin-source=file:$host$scratch/user.pin"
done
request 0 "pkcs11:token=web;object=tls?pin-source=FILE:$scratch/user.pin"
for host in //example.org //localhost.example //local //127.0.0.1; do
    request 64 "pkcs11:token=web;object=tls?pin-source=file:$host$scratch/user.pin"
    complains "pin-source=file:$host$scratch/user.pin: a file of another host can't be read"
done
request 64 "pkcs11:token=web;object=tls?pin-source=file://localhost"
for command in '|' '%7c'; do
    request 64 "pkcs11:token=web;object=tls?pin-source=${command}touch%20ran"
    complains "pin-source=|touch ran: a command is not run for a PIN"
done
[ ! -e ran ] || die "the URI's command ran"
# A source on the command line counts, whatever the URI says.
request 0 "pkcs11:token=web;object=tls?pin-source=file://example.org/x" --pin-file user.pin
request 1 "pkcs11:token=web;object=tls?pin-source=$scratch/none.pin"
complains "none.pin: No such file"
request 2 "pkcs11:token=web;object=tls?pin-source=$scratch/so.pin"
complains "the PIN is wrong"
request 0 "pkcs11:token=web;object=tls?pin-source=$scratch/so.pin" --pin-file user.pin
request 2 "pkcs11:slot-id=1;object=tls?pin-source=$scratch/user.pin"
complains "0 private keys fit"
request 2 "pkcs11:slot-id=9;object=tls?pin-source=$scratch/user.pin"
complains "0 tokens fit"
request 64 "pkcs11:token=web;object=tls?pin-value=1234"
complains "a PIN on the command line can be read by others"
done_with own-key
