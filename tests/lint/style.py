#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The style guide, executable: what docs/hacking.md forbids and a line of text can show.

Usage: style.py SOURCE_ROOT. Exit 1 with a line per fault.
"""
import pathlib
import re
import subprocess
import sys

MAX_FUNCTION = 100
MAX_COLUMNS = 100

RULES = [
    (re.compile(r'\bcase\s+(CKM|CKA)_'), 'a switch on a mechanism or an attribute: use its table'),
    (re.compile(r'\bgoto\s+\w+;'), 'goto: use AUTO and TRY'),
    (re.compile(r'(?<!secure_)\bgetenv\s*\('), 'getenv: use secure_getenv'),
    (re.compile(r'^\s*//|[;{}]\s*//'), 'a // comment: use /* */'),
    (re.compile(r'\b(realloc)\s*\('), 'realloc: it leaves a copy of what moved'),
    (re.compile(r'\b(strcpy|strcat|sprintf|gets|alloca)\s*\('), 'an unbounded call'),
    (re.compile(r'\batexit\s*\(|__attribute__\s*\(\(\s*(con|de)structor'), 'code at load or exit'),
    (re.compile(r'\b(TODO|FIXME|XXX)\b'), 'unfinished work belongs in an issue'),
    (re.compile(r'\t'), 'a tab'),
    (re.compile(r'\s+$'), 'white space at the end of a line'),
]
# What the module is made of: an application may have closed its standard output.
IN_MODULE = {'util', 'root', 'crypto', 'store', 'keyring', 'vault', 'core', 'attest', 'api'}
OPENS = (re.compile(r'(?<![\w>.])(open(at)?|creat|fopen|opendir|socket|dup|memfd_create)\s*\('),
         'a file that may get the number of standard output: use fd_open() or fd_openat()')
STRING = re.compile(r'"(\\.|[^"\\])*"')
FUNCTION_END = re.compile(r'^}')
FUNCTION_BEGIN = re.compile(r'^{')


def line_faults(path):
    """Yield (line, text) of single lines."""
    rules = RULES + ([OPENS] if path.parent.name in IN_MODULE and path.suffix == '.c' else [])
    for number, line in enumerate(path.read_text().split('\n'), 1):
        if len(line) > MAX_COLUMNS:
            yield number, f'{len(line)} columns'
        bare = STRING.sub('""', line)
        for rule, text in rules:
            if rule.search(bare) and 'lint:' not in line:
                yield number, text


def function_faults(path):
    """Yield (line, text) of functions that are too long."""
    begin = None
    for number, line in enumerate(path.read_text().split('\n'), 1):
        if FUNCTION_BEGIN.match(line):
            begin = number
        elif FUNCTION_END.match(line) and begin is not None:
            if number - begin > MAX_FUNCTION:
                yield begin, f'a function of {number - begin} lines'
            begin = None


def header_faults(path):
    """Yield (line, text) of a file's first lines."""
    first = path.read_text().split('\n')[0]
    if 'SPDX-License-Identifier: BSD-2-Clause' not in first:
        yield 1, 'the first line names the licence (SPDX-License-Identifier: BSD-2-Clause)'


def sources(root):
    """The C files of the project: tracked ones where git knows, else all."""
    listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard', 'src',
                             'include'], capture_output=True, text=True, check=False)
    names = listed.stdout.split() if listed.returncode == 0 else []
    if not names:
        names = [str(p.relative_to(root)) for p in pathlib.Path(root).glob('src/**/*.[ch]')]
    return [pathlib.Path(root) / n for n in sorted(names) if n.endswith(('.c', '.h'))]


def main():
    root = sys.argv[1]
    files = sources(root)
    bad = 0
    for path in files:
        for check in (header_faults, line_faults, function_faults):
            for number, text in check(path):
                print(f'{path.relative_to(root)}:{number}: {text}')
                bad += 1
    if not files:
        print(f'no sources under {root}')
        return 1
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
