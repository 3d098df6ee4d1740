#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold the arrows between the layers: includes carry the folder, so they can be checked.

Usage: layers.py SOURCE_ROOT. Exit 1 with a line per wrong include.
"""
import pathlib
import re
import sys

# folder -> folders it may include; a value of (folder, files) allows these headers only
ALLOWED = {
    'util': set(),
    'model': {'util'},
    'root': {'util'},
    'crypto': {'model', 'util'},
    'store': {'crypto', 'util'},
    'keyring': {'store', 'root', 'crypto', 'util'},
    'vault': {'keyring', 'store', 'model', 'crypto', 'util'},
    'core': {'vault', 'keyring', 'store', 'attest', 'crypto', 'model', 'root', 'util'},
    'api': {'core', 'crypto', 'model', 'util'},
    'attest': {'crypto', 'util'},
    'verifier': {'attest', 'crypto', 'util'},
    'cli': {'verifier', 'core', 'vault', 'keyring', 'store', 'attest', 'crypto', 'model', 'root', 'util'},
}
# Layers that see only part of crypto/.
PRIMITIVES = {'prim.h', 'cms.h', 'ossl.h', 'shamir.h'}
X509 = {'prim.h', 'ossl.h', 'ossl_auto.h'}
CRYPTO_ONLY = {'store': PRIMITIVES, 'keyring': PRIMITIVES, 'vault': PRIMITIVES, 'attest': X509,
               'verifier': X509}
# What of attest/ may be linked into the module: no JSON, no network.
CORE_ATTEST = {'cert_table.h', 'evidence.h', 'statement.h'}
# Foreign headers and who may include them.
FOREIGN = {
    'lmdb.h': {'store'},
    'openssl/': {'crypto', 'attest', 'verifier', 'cli'},
    'ini.h': {'util'},
    'libtasn1.h': {'attest'},
    'jansson.h': {'attest', 'verifier', 'cli'},
    'curl/': {'attest'},
    'keyutils.h': {'keyring'},
    'linux/sev-guest.h': {'root'},
    'sys/ioctl.h': {'root', 'cli'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]')


def faults_of(path, layer):
    """Yield (line number, text) of the includes of one file that the rules forbid."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1)
        folder, _, name = target.partition('/')
        if folder in ALLOWED and folder != layer:
            if folder not in ALLOWED[layer]:
                yield number, f'{layer}/ may not include {target}'
            elif folder == 'crypto' and name not in CRYPTO_ONLY.get(layer, {name}):
                yield number, f'{layer}/ may see only {sorted(CRYPTO_ONLY[layer])} of crypto/'
            elif layer == 'core' and folder == 'attest' and name not in CORE_ATTEST:
                yield number, f'core/ may see only {sorted(CORE_ATTEST)} of attest/'
        for foreign, layers in FOREIGN.items():
            if target.startswith(foreign) and layer not in layers:
                yield number, f'only {sorted(layers)} may include {target}'
        if '/' not in target and (path.parent / target).exists():
            yield number, f'include "{layer}/{target}", with its folder'


def main():
    src = pathlib.Path(sys.argv[1]) / 'src'
    bad = 0
    seen = 0
    for path in sorted(src.glob('*/*.[ch]')):
        seen += 1
        for number, text in faults_of(path, path.parent.name):
            print(f'{path.relative_to(src.parent)}:{number}: {text}')
            bad += 1
    if seen == 0:
        print(f'no sources under {src}')
        return 1
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
