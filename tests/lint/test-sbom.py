#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bill of materials names what the built files are linked with, all of it and nothing else.

Usage: test-sbom.py SBOM FILE... (FILE: module, command, verifier). Exit 1 with a line per fault.
"""
import json
import re
import subprocess
import sys

OF_THE_SYSTEM = {'libc', 'ld-linux-x86-64', 'ld-linux-aarch64', 'libpthread', 'libdl', 'libgcc_s'}
VERSION = re.compile(r'^\d+(\.\d+)*')


def needed(path):
    """The libraries that the file asks the loader for, without version."""
    text = subprocess.run(['readelf', '-dW', path], check=True, capture_output=True, text=True).stdout
    return {name.split('.so')[0] for name in re.findall(r'\(NEEDED\).*\[(.*)\]', text)}


def faults(sbom, paths):
    """Yield what is missing, too much or without version."""
    named = {}
    for component in sbom['components']:
        if not VERSION.match(component['version']):
            yield f"{component['name']}: no version: {component['version']!r}"
        if component['name'] not in sbom['dependencies'][0]['dependsOn']:
            yield f"{component['name']}: not among the dependencies"
        for each in component.get('properties', []):
            named[each['value']] = component['name']
    linked = set().union(*(needed(path) for path in paths)) - OF_THE_SYSTEM
    for name in sorted(linked - set(named)):
        yield f'{name}: linked, and not in packaging/sbom.cdx.json.in'
    for name in sorted(set(named) - linked):
        yield f'{name}: in packaging/sbom.cdx.json.in, and not linked'


def main():
    """Print the faults."""
    with open(sys.argv[1], encoding='utf-8') as file:
        found = list(faults(json.load(file), sys.argv[2:]))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
