#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Hold the cost of hot calls to a budget, in instructions: valgrind's callgrind counts the same ones
whatever else the machine does.

Usage: count.py P11BENCH MODULE [--record]

Each case of BUDGETS runs a fixed number of turns on a token made for it. Counted are the instructions
of the module's own code, and how often it calls out of itself into libcrypto. Both are the same on
every processor: what libcrypto does inside for a given call depends on the processor's features and on
its version, and is left out. Beyond that no turn may fetch an algorithm or parse a key. A case fails
when it takes more than its budget and the margin, and when it takes so much less that the budget says
nothing any more. --record prints the table anew. Exit status: 0 all within, 1 not, 77 no valgrind.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TURNS = 50
MARGIN = 0.15  # for other compilers of the same code
SLACK = 0.40   # below this share less the budget is out of date

# case: instructions of the module per turn, calls into libcrypto per turn; a row of the store that
# shares its place in a cache with another costs a call now and then, which the numbers have room for
BUDGETS = {
    'sign-ecdsa-p256-sha256': (2617, 15),
    'sign-rsa2048-pkcs-sha256': (2657, 9),
    'aes256-gcm-enc-1k': (2405, 11),
    'hmac-sha256-64': (2581, 10),
    'find-by-id': (9800, 14),
    'find-miss': (9620, 17),
    'get-attributes-one': (2307, 1),
    'get-attributes-any': (15190, 33),  # of objects that are not cached
    'init-finalize': (16650, 0),
    'genkey-aes256-session': (10194, 4),
    'create-data': (60400, 121),  # and destroyed
}

# What the module never does with a ready key: fetch by name, decode (but for a signature's two
# numbers), build a key.
FORBIDDEN = re.compile(r'_fetch$|^d2i_(?!ECDSA_SIG)|^EVP_PKEY_fromdata$|^OSSL_DECODER|^EVP_PKEY_new_raw')

FN = re.compile(r'^c?fn=\((\d+)\)(?: (.*))?$')
OB = re.compile(r'^c?ob=\((\d+)\)(?: (.*))?$')


class Profile:
    """What callgrind wrote: self cost per object file, calls from the module to other objects."""

    def __init__(self, text, module):
        self.module = module
        self.own = 0
        self.calls = 0
        self.called = set()
        self._objects, self._functions = {}, {}
        self._read(text)

    def _named(self, table, match):
        number, name = match.groups()
        if name is not None:
            table[number] = name
        return table.get(number, '')

    def _read(self, text):
        here = callee_object = ''
        callee = ''
        skip = False
        for line in text.splitlines():
            if line.startswith('ob='):
                here = self._named(self._objects, OB.match(line))
                callee_object = here
            elif line.startswith('cob='):
                callee_object = self._named(self._objects, OB.match(line))
            elif line.startswith('fn='):
                self._named(self._functions, FN.match(line))
                callee_object = here
            elif line.startswith('cfn='):
                callee = self._named(self._functions, FN.match(line))
            elif line.startswith('calls='):
                self._call(here, callee_object, callee, int(line[6:].split()[0]))
                callee_object = here
                skip = True  # the next line is the callee's inclusive cost
            elif line[:1] in '+-*0123456789' and line:
                if not skip and here.endswith(self.module):
                    self.own += int(line.split()[1])
                skip = False

    def _call(self, here, callee_object, callee, n):
        if here.endswith(self.module) and 'libcrypto' in callee_object:
            self.called.add(re.sub(r"@.*|'\d+$", '', callee))
            self.calls += n


def run(bench, module, case):
    """One case, on a store and token of its own."""
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        conf, out = pathlib.Path(folder, 'tee-pkcs11.conf'), pathlib.Path(folder, 'callgrind.out')
        # Fewer objects in the cache than get-attributes-any reads in turn: each is read anew.
        conf.write_text(f'root = software\nstore = "{folder}/store"\npin-log2-n = 10\n'
                        'cache-objects = 16\n'
                        f'software-key = "{folder}/software.key"\n')
        conf.chmod(0o600)
        done = subprocess.run(
            ['valgrind', '--tool=callgrind', '--instr-atstart=no',
             f'--callgrind-out-file={out}', bench, '--module', module,
             '--turns', str(TURNS), '--cases', case, '--objects', '100'],
            env=dict(os.environ, TEE_PKCS11_CONF=str(conf), OPENSSL_CONF='/dev/null'),
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f'count.py: {case}: {done.stderr}')
        profile = Profile(out.read_text(), pathlib.Path(module).name)
    if profile.own == 0:
        sys.exit('count.py: nothing was counted: p11bench was built without valgrind\'s headers')
    return profile


def judge(case, profile):
    """A line for the table, and what is wrong with it."""
    own, calls = profile.own / TURNS, profile.calls / TURNS
    budget, most = BUDGETS[case]
    faults = []
    if own > budget * (1 + MARGIN):
        faults.append(f'{own:.0f} instructions, budget {budget}: slower')
    if own < budget * (1 - SLACK):
        faults.append(f'{own:.0f} instructions, budget {budget}: faster; lower the budget')
    if calls > most:
        faults.append(f'{calls:.2f} calls into libcrypto, budget {most}')
    faults += [f'calls {name}' for name in sorted(profile.called) if FORBIDDEN.search(name)]
    return f'{case:28} {own:8.0f} of {budget:6} instructions, {calls:6.2f} of {most} calls', faults


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__)
        return 2
    if shutil.which('valgrind') is None:
        print('count.py: skipped: no valgrind')
        return 77
    bench, module = (str(pathlib.Path(p).resolve()) for p in sys.argv[1:3])
    wrong = False
    for case in BUDGETS:
        profile = run(bench, module, case)
        if sys.argv[3:] == ['--record']:
            print(f"    '{case}': ({profile.own / TURNS:.0f}, {profile.calls / TURNS:.2f}),")
            continue
        line, faults = judge(case, profile)
        print(line)
        for fault in faults:
            print(f'  FAIL: {fault}')
        wrong = wrong or bool(faults)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
