#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The audit log by docs/formats.md and RFC 6962 alone, beside the command: reads an export, computes
every hash anew, and prints what a checkpoint over its first N entries has to say.

Usage: reference_log.py EXPORT [N]. Prints the size, the Merkle root in base64 and the last hash.
"""
import base64
import hashlib
import json
import struct
import sys


def entry_hash(e):
    """SHA-256 over what docs/formats.md names."""
    detail = bytes.fromhex(e['detail_hex']) if 'detail_hex' in e else e['detail'].encode()
    token = bytes.fromhex(e['token'])
    return hashlib.sha256(
        b'tee-pkcs11 audit 1' + struct.pack('>Q', e['number']) + bytes.fromhex(e['previous'])
        + struct.pack('>QH', e['time'], e['code']) + struct.pack('>I', len(token)) + token
        + struct.pack('>I', len(detail)) + detail).digest()


def root(leaves):
    """RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b'').digest()
    if len(leaves) == 1:
        return hashlib.sha256(b'\x00' + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b'\x01' + root(leaves[:k]) + root(leaves[k:])).digest()


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        entries = [json.loads(line) for line in f]
    previous, hashes = bytes(32), []
    for number, e in enumerate(entries, 1):
        digest = entry_hash(e)
        if e['number'] != number or e['previous'] != previous.hex() or e['hash'] != digest.hex():
            print(f'entry {number} is not what its line says')
            return 1
        previous = digest
        hashes.append(digest)
    n = int(sys.argv[2]) if len(sys.argv) > 2 else len(hashes)
    print(n, base64.b64encode(root(hashes[:n])).decode(), hashes[-1].hex())
    return 0


if __name__ == '__main__':
    sys.exit(main())
