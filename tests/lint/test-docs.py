#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Documents say what the code does, as far as a program can tell.

Usage: test-docs.py SOURCE_ROOT. Exit 1 with a line per fault:
- a configuration key that is not in the parser's table, conf/tee-pkcs11.conf and the manual alike;
- a subcommand that the manual does not have, or the other way round;
- an option of the verifier or a key of a policy that its manual does not have, or the other way round;
- a link in README.md or docs/ to a file that is not there;
- a test that docs/threat-model.md or docs/policy.md names and that does not exist;
- a promise of docs/threat-model.md without a test, a fuzz harness or a test's file that exists;
- a rule of the policy (src/util/policy.c) that docs/policy.md or the manual does not have, or the
  other way round, or that is marked otherwise than it is;
- a test with a longer form, or a variable that says how long, that docs/hacking.md does not have;
- SECURITY.md's table of versions without the one that is built;
- a path of the machine that something was written on.
"""
import pathlib
import re
import subprocess
import sys

OPTION = re.compile(r'^    (?:\{|CHOICE\(|NUMBER\()"([a-z0-9-]+)", ', re.M)
CONF_KEY = re.compile(r'^#?([a-z][a-z0-9-]*) = ', re.M)
ITEM = re.compile(r'^\.It Cm ([a-z][a-z0-9-]*)', re.M)
COMMAND = re.compile(r'^\s*\{"([a-z-]+)",', re.M)
LINK = re.compile(r'\[[^\]]*\]\(([^)#]+)(?:#[^)]*)?\)')
TEST_NAME = re.compile(r'`(/[a-z0-9-]+(?:/[a-z0-9-]+)+)`')
MACHINE = re.compile(r'(?<![\w.*}\-])/(?:work|root)/')
NAME_OF_A_TEST = re.compile(r'["`]/root/')


def compare(what, left, left_name, right, right_name):
    """Yield a line per element that only one of two sets has."""
    for name in sorted(left - right):
        yield f'{what} {name}: in {left_name}, not in {right_name}'
    for name in sorted(right - left):
        yield f'{what} {name}: in {right_name}, not in {left_name}'


def section(text, title):
    """A section of a manual page."""
    return text.split(f'.Sh {title}', 1)[1].split('\n.Sh ', 1)[0]


def conf_faults(root):
    """The keys of the configuration, in all three places."""
    parser = set(OPTION.findall((root / 'src/util/conf_keys.c').read_text()))
    example = set(CONF_KEY.findall((root / 'conf/tee-pkcs11.conf').read_text()))
    manual = set(ITEM.findall((root / 'docs/tee-pkcs11.conf.5').read_text()))
    if not parser:
        yield 'src/util/conf_keys.c: no option table found'
    yield from compare('key', parser, 'src/util/conf_keys.c', example, 'conf/tee-pkcs11.conf')
    yield from compare('key', parser, 'src/util/conf_keys.c', manual, 'docs/tee-pkcs11.conf.5')


def command_faults(root):
    """The subcommands, in the command and in its manual."""
    source = (root / 'src/cli/main.c').read_text()
    table = source.split('commands[] = {', 1)[1].split('\n};', 1)[0]
    manual = section((root / 'docs/tee-pkcs11.1').read_text(), 'DESCRIPTION')
    yield from compare('command', set(COMMAND.findall(table)), 'src/cli/main.c',
                       set(ITEM.findall(manual)), 'docs/tee-pkcs11.1')


RULE = re.compile(r'\[POLICY_\w+\] =\s*\{"([a-z0-9-]+)",\s*(?:"[^"]*"\s*)+,\s*POLICY_(\w+)\}')
HEADING = re.compile(r'^### ([a-z0-9-]+)$', re.M)
RULE_ITEM = re.compile(r'^\.It Ic ([a-z0-9-]+)( [*+])?$', re.M)
# What docs/policy.md says of a rule, and the mark of the manual, by how the rule may be relaxed.
SAYS = {'ALWAYS': "Can't be relaxed", 'RELAXABLE': '*Relax:*', 'STRICT': '*Enforce:*'}
MARKS = {'ALWAYS': ' *', 'RELAXABLE': '', 'STRICT': ' +'}


def policy_faults(root):
    """The rules of the policy: in the table, on their page and in the manual."""
    rules = dict(RULE.findall((root / 'src/util/policy.c').read_text()))
    page = (root / 'docs/policy.md').read_text()
    manual = (root / 'docs/tee-pkcs11.conf.5').read_text()
    manual = manual.split('.It Cm policy\n', 1)[1].split('\n.El\n', 1)[0]
    if not rules:
        yield 'src/util/policy.c: no table of rules found'
    yield from compare('rule', set(rules), 'src/util/policy.c', set(HEADING.findall(page)),
                       'docs/policy.md')
    yield from compare('rule', {(name, MARKS[mode]) for name, mode in rules.items()},
                       'src/util/policy.c', set(RULE_ITEM.findall(manual)),
                       'docs/tee-pkcs11.conf.5')
    for name, mode in rules.items():
        text = page.split(f'\n### {name}\n', 1)[-1].split('\n#', 1)[0]
        for phrase in (SAYS[mode], '*Stops*'):
            if phrase not in text:
                yield f'docs/policy.md: {name}: does not say "{phrase}"'


def verifier_faults(root):
    """The verifier's options and the keys of a policy, in source and manuals."""
    options = set(re.findall(r'^    \{"([a-z-]+)", (?:required|no)_argument', (
        root / 'src/verifier/options.c').read_text(), re.M))
    manual = section((root / 'docs/tee-pkcs11-verify.1').read_text(), 'DESCRIPTION')
    shown = set(re.findall(r'^\.It Fl -([a-z-]+)', manual, re.M))
    yield from compare('option', options, 'src/verifier/options.c', shown,
                       'docs/tee-pkcs11-verify.1')
    source = (root / 'src/attest/appraisal.c').read_text()
    tables = re.findall(r'static const struct option (\w+)\[\] = \{(.*?)\n\};', source, re.S)
    keys = {name: set(re.findall(r'^    \{"([a-z-]+)", read_', body, re.M)) for name, body in tables}
    policy = (root / 'docs/tee-pkcs11-policy.5').read_text()
    items = re.findall(r'^\.It Li (.+)$', policy, re.M)
    yield from compare('key', keys['options'], 'src/attest/appraisal.c',
                       {key for item in items for key in item.split(' , ')},
                       'docs/tee-pkcs11-policy.5')
    for key in sorted(set().union(*keys.values()) - keys['options']):
        if not re.search(rf'^\.Li {key}\b', policy, re.M):
            yield f'key {key} of a policy: not in docs/tee-pkcs11-policy.5'


def link_faults(root):
    """Relative links point at something."""
    for page in [root / 'README.md', root / 'SECURITY.md', *sorted((root / 'docs').glob('*.md'))]:
        for target in LINK.findall(page.read_text()):
            if '://' not in target and not (page.parent / target).exists():
                yield f'{page.relative_to(root)}: links to {target}, which is not there'


def promise_faults(root):
    """The tests that two pages call as witnesses exist."""
    tests = ''.join(p.read_text() for p in sorted((root / 'tests').glob('*/*.c')))
    for page in ('docs/threat-model.md', 'docs/policy.md'):
        if not (root / page).exists():
            yield f'{page} is not there'
            continue
        named = TEST_NAME.findall((root / page).read_text())
        if not named:
            yield f'{page}: names no test'
        for name in named:
            if f'"{name}"' not in tests:
                yield f'{page}: there is no test {name}'


WITNESS = re.compile(r'`(/[a-z0-9-]+(?:/[a-z0-9-]+)+)`|\b(fuzz-[a-z]+)\b|\b(tests/[\w/.-]+\w)')


def promise_rows(page):
    """The rows of the tables that begin with a column `promise`."""
    inside = False
    for line in page.split('\n'):
        header = line.startswith('| promise |')
        inside = header or (inside and line.startswith('|'))
        if inside and not header and not line.startswith('|-'):
            yield line


def witness_faults(root):
    """Each promise of docs/threat-model.md names a test, a harness or a test's file, which exists."""
    rows = list(promise_rows((root / 'docs/threat-model.md').read_text()))
    if len(rows) < 50:
        yield 'docs/threat-model.md: the promises were not found'
    for row in rows:
        named = WITNESS.findall(row.rsplit(' | ', 1)[-1])
        if not named:
            yield f'docs/threat-model.md: no test tries to break: {row[2:70]}...'
        for _, harness, path in named:
            if harness and not (root / f'tests/fuzz/{harness}.c').exists():
                yield f'docs/threat-model.md: there is no harness {harness}'
            if path and not list(root.glob(path + '*')):
                yield f'docs/threat-model.md: there is no {path}'


ASKED = re.compile(r'"(TEE_(?:TEST|FAULT|DISK)_(?:[A-Z]+_)?[A-Z]+)"|\$\{(TEE_TEST_[A-Z_]+):-')
# What meson sets, or the test itself for what it starts.
BY_MESON = re.compile(r'TEE_TEST_(?:MODULE|LOOSE_MODULE|COMMAND|SOURCE|MEMORY_CLIENT|SNP_EMULATOR|TWO)')


def long_faults(root):
    """Each test that has a longer form stands in docs/hacking.md, and what it can be told."""
    page = (root / 'docs/hacking.md').read_text()
    tests = [*(root / 'tests').glob('*/*.c'), *(root / 'tests').glob('*/*.sh')]
    for path in sorted(tests):
        name, text = str(path.relative_to(root)), path.read_text()
        if 'TEE_TEST_LONG' in text and name not in page:
            yield f'docs/hacking.md: the long form of {name} is not there'
        for variable in sorted({a or b for a, b in ASKED.findall(text)}):
            if not BY_MESON.fullmatch(variable) and variable not in page:
                yield f'docs/hacking.md: {variable} of {name} is not there'


def version_faults(root):
    """The version that is built gets fixes, as SECURITY.md says."""
    built = re.search(r"version: '(\d+\.\d+)", (root / 'meson.build').read_text()).group(1)
    if f'| {built} | yes |' not in (root / 'SECURITY.md').read_text():
        yield f'SECURITY.md: does not say that version {built} gets fixes'


def tracked(root):
    """The files of the project as git has them, with new ones that it does not ignore."""
    listed = subprocess.run(['git', '-C', root, 'ls-files', '-co', '--exclude-standard', '-z'],
                            capture_output=True, text=True, check=False)
    names = listed.stdout.split('\0') if listed.returncode == 0 else []
    return [root / n for n in names if n and (root / n).is_file()]


def machine_faults(root):
    """No path of a build machine."""
    here = str(root.resolve()) + '/'
    for path in tracked(root):
        if path.resolve() == pathlib.Path(__file__).resolve():
            continue
        text = path.read_bytes().decode('utf-8', 'replace')
        for number, line in enumerate(text.split('\n'), 1):
            bare = NAME_OF_A_TEST.sub('"', line)
            if here in line or MACHINE.search(bare):
                yield f'{path.relative_to(root)}:{number}: a path of the build machine'


def main():
    root = pathlib.Path(sys.argv[1])
    bad = 0
    for check in (conf_faults, policy_faults, command_faults, verifier_faults, link_faults,
                  promise_faults, witness_faults, long_faults, version_faults, machine_faults):
        for text in check(root):
            print(text)
            bad += 1
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
