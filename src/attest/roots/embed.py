#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""AMD's certificates as C: one array of DER bytes per PEM file, named after the file.

Usage: embed.py OUTPUT PEM_FILE...
"""
import base64
import pathlib
import sys


def der_of(path):
    """The bytes of the one certificate in a PEM file."""
    lines = path.read_text().split('\n')
    begin, end = (f'-----{word} CERTIFICATE-----' for word in ('BEGIN', 'END'))
    if lines.count(begin) != 1 or lines.count(end) != 1:
        raise SystemExit(f'{path}: not one certificate')
    return base64.b64decode(''.join(lines[lines.index(begin) + 1:lines.index(end)]))


def main():
    out = []
    for path in map(pathlib.Path, sys.argv[2:]):
        der = der_of(path)
        out.append(f'static const uint8_t {path.stem.replace("-", "_")}[] = {{')
        for at in range(0, len(der), 16):
            out.append('    ' + ' '.join(f'0x{byte:02x},' for byte in der[at:at + 16]))
        out.append('};')
    pathlib.Path(sys.argv[1]).write_text('\n'.join(out) + '\n')


if __name__ == '__main__':
    main()
