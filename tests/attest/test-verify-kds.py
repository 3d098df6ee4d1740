#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The verifier with a stand-in for AMD's key distribution service, on real evidence.

Usage: test-verify-kds.py VERIFIER STAND_IN FOLDER

A report without certificates is genuine once the service, or the cache, has its VCEK; whatever else they
answer makes nothing genuine, and is not kept. No folder of vectors: skipped; with CI=true a failure.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

GOOD, FALSE, UNKNOWN, USAGE = 0, 1, 3, 64
NOW = '2026-11-27T00:00:00Z'
REPORTS = ('milan-v3-dstack', 'turin-v5-microsoft', 'genoa-v5-attestation-rs')


class Service:
    """A stand-in that lives as long as the `with`."""

    def __init__(self, script, **files):
        options = [word for name, path in files.items() for word in (f'--{name}', str(path))]
        self.process = subprocess.Popen([sys.executable, script, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.url = f'http://127.0.0.1:{self.process.stdout.readline().strip()}'

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Relying:
    """A relying party with a cache of its own; counts what it did not expect."""

    faults = checks = 0

    def __init__(self, verifier, cache):
        self.verifier, self.cache = verifier, cache

    def verify(self, wanted, report, *args, says=''):
        cache = [] if '--no-cache' in args else ['--cache', self.cache]
        done = subprocess.run([self.verifier, report, '--time', NOW, *cache, *args],
                              capture_output=True, text=True, check=False)
        Relying.checks += 1
        if done.returncode != wanted or says not in done.stdout + done.stderr:
            Relying.faults += 1
            print(f'FAIL {report} {args}: exit {done.returncode}, not {wanted}; "{says}"\n'
                  + done.stdout + done.stderr)

    def files(self):
        return sorted(p.name for p in pathlib.Path(self.cache).glob('*'))


def expect(condition, text):
    Relying.checks += 1
    if not condition:
        Relying.faults += 1
        print(f'FAIL {text}')


def fetched_and_kept(relying, script, report, vcek):
    with Service(script, vcek=vcek) as kds:
        relying.verify(UNKNOWN, report, '--offline', says='not in the cache')
        # Without a list in force (the answer is none of AMD's) it is told, and does not decide.
        relying.verify(GOOD, report, '--kds', f'{kds.url}/ok', says='(fetched)')
        url = kds.url
    expect(len(relying.files()) == 1 and relying.files()[0].startswith('vcek-'),
           f'the cache has {relying.files()}')
    relying.verify(GOOD, report, '--offline')
    relying.verify(GOOD, report, '--kds', f'{url}/ok')  # nobody there: not needed
    relying.verify(UNKNOWN, report, '--kds', f'{url}/ok', '--no-cache')


def failures(relying, script, report, vcek, other):
    with Service(script, vcek=vcek) as kds:
        for how, words in (('busy-always', '429'), ('gone', '404'), ('broken-9', '500'),
                           ('html', 'not what was asked for'), ('garbage', 'not what was asked'),
                           ('empty', 'not what was asked for'), ('huge', ''), ('cut', ''),
                           ('moved', '302'), ('slow-9', ''), ('trickle', '')):
            started = time.monotonic()
            relying.verify(UNKNOWN, report, '--kds', f'{kds.url}/{how}', '--patience', '1',
                           says=words)
            expect(time.monotonic() - started < 30, f'{how}: took too long')
        expect(not relying.files(), f'a failure was kept: {relying.files()}')
        relying.verify(GOOD, report, '--kds', f'{kds.url}/busy-2', '--patience', '3')
    # A certificate of AMD's, of another chip.
    with Service(script, vcek=other) as kds:
        empty = Relying(relying.verifier, relying.cache + '-2')
        empty.verify(UNKNOWN, report, '--kds', f'{kds.url}/ok', says='not what was asked for')
        expect(not empty.files(), 'the certificate of another chip was kept')


def hostile_cache(relying, script, report, vcek, other):
    file, = pathlib.Path(relying.cache).glob('vcek-*')
    for content in (other.read_bytes(), vcek.read_bytes()[:-1] + b'\0', b'', b'0' * 70000):
        file.write_bytes(content)
        relying.verify(UNKNOWN, report, '--offline')
        with Service(script, vcek=vcek) as kds:
            relying.verify(GOOD, report, '--kds', f'{kds.url}/ok')
        expect(file.read_bytes() == vcek.read_bytes(), 'the cache was not mended')


def revocation(relying, script, folder):
    """Lists of a root of one's own, from the service and the cache."""
    forged = folder / 'synthetic/forged-milan'
    report = str(forged / 'report-good.bin')
    own = ['--vek', str(forged / 'vcek.pem'), '--chain', str(forged / 'ask.pem'), '--root',
           str(forged / 'ark.pem')]
    policy = pathlib.Path(relying.cache + '.json')
    policy.write_text('{"crl": "require"}')
    own += ['--policy', str(policy)]
    relying.verify(UNKNOWN, report, *own, '--offline', says='no revocation list')
    with Service(script, crl=forged / 'crl-ask-revoked.der') as kds:
        relying.verify(FALSE, report, *own, '--kds', f'{kds.url}/ok', says='revoked')
    relying.verify(FALSE, report, *own, '--offline', says='revoked')
    never_older(relying, script, forged, report, own)
    for file in pathlib.Path(relying.cache).glob('crl-*'):
        file.unlink()
    with Service(script, crl=forged / 'crl-empty.der') as kds:
        relying.verify(GOOD, report, *own, '--kds', f'{kds.url}/ok')
        # AMD's own chains are not under this list, whoever serves it.
        real = [str(folder / 'reports/milan-v3-dstack.bin'), '--vek',
                str(folder / 'veks/milan-v3-dstack.vcek.der'), '--policy', str(policy)]
        relying.verify(UNKNOWN, *real, '--kds', f'{kds.url}/ok', '--patience', '1')
    relying.verify(GOOD, report, *own, '--offline')
    relying.verify(UNKNOWN, *real, '--offline')


def never_older(relying, script, forged, report, own):
    """A revocation that is known is not undone by the list before it, nor is that one kept."""
    file, = pathlib.Path(relying.cache).glob('crl-*')
    two_days_ago = time.time() - 2 * 86400
    os.utime(file, (two_days_ago, two_days_ago))
    with Service(script, crl=forged / 'crl-empty.der') as kds:
        relying.verify(FALSE, report, *own, '--kds', f'{kds.url}/ok', says='revoked')
    expect(file.read_bytes() == (forged / 'crl-ask-revoked.der').read_bytes(),
           'an older list took the place of the one in the cache')
    relying.verify(FALSE, report, *own, '--offline', says='revoked')
    # The later one takes the earlier one's.
    file.write_bytes((forged / 'crl-empty.der').read_bytes())
    relying.verify(GOOD, report, *own, '--offline')
    os.utime(file, (two_days_ago, two_days_ago))
    with Service(script, crl=forged / 'crl-ask-revoked.der') as kds:
        relying.verify(FALSE, report, *own, '--kds', f'{kds.url}/ok', says='revoked')
    relying.verify(FALSE, report, *own, '--offline', says='revoked')


def usage(relying, report):
    for args in ([], ['--no-such-option'], ['--time', 'today'], ['--nonce', '0'],
                 ['--nonce', 'xx'], ['--report-data', '00'], ['--max-age', '0'],
                 ['--max-age', '1x'], ['--patience', '-1'], ['a second one'],
                 ['--policy', 'a', '--policy', 'b'], ['--cache', 'x', '--no-cache']):
        command = [relying.verifier, *([report] if args else []), *args]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        expect(done.returncode == USAGE and not done.stdout and done.stderr,
               f'{args}: exit {done.returncode}')
    for args in (['/nonexistent'], [report, '--policy', '/nonexistent'],
                 [report, '--vek', report], [report, '--root', report], [report, '--crl', report],
                 [report, '--key', report], [report, '--file', '/nonexistent'],
                 [report, '--policy', report], [report, '--table', '/dev/null']):
        done = subprocess.run([relying.verifier, *args], capture_output=True, text=True, check=False)
        expect(done.returncode == UNKNOWN and not done.stdout and done.stderr,
               f'{args}: exit {done.returncode}')


def main():
    verifier, script, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    if not (folder / 'INDEX.md').exists():
        fails = os.environ.get('CI') == 'true'
        print(f'no vectors in {folder}' + (', which fails under CI' if fails else ': skipped'))
        return 1 if fails else 77
    with tempfile.TemporaryDirectory() as scratch:
        for name in REPORTS:
            report = str(folder / f'reports/{name}.bin')
            vcek = folder / f'veks/{name}.vcek.der'
            fetched_and_kept(Relying(verifier, f'{scratch}/kept/{name}'), script, report, vcek)
        report = str(folder / 'reports/milan-v3-dstack.bin')
        vcek = folder / 'veks/milan-v3-dstack.vcek.der'
        other = folder / 'veks/milan-v2-gosev.vcek.der'
        relying = Relying(verifier, f'{scratch}/failures')
        failures(relying, script, report, vcek, other)
        hostile_cache(relying, script, report, vcek, other)
        revocation(Relying(verifier, f'{scratch}/crl'), script, folder)
        usage(relying, report)
    print(f'{Relying.checks} checks, {Relying.faults} failed')
    return 1 if Relying.faults else 0


if __name__ == '__main__':
    sys.exit(main())
