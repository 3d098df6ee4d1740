#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The verifier on public and hostile evidence, and the openssl command on the same.

Usage: test-vectors.py VERIFIER FOLDER

FOLDER has the vectors that its INDEX.md describes. Every file of certs/, reports/, veks/, negative/,
synthetic/ and certtable/ gives the verdict that is written there. Where openssl can check the same thing
(chain, signature of the report), both say the same. No folder: skipped; with CI=true a failure.
"""
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

GOOD, FALSE, AGAINST, UNKNOWN = 0, 1, 2, 3
VLEK_TIME = '2025-06-01T00:00:00Z'
NOW = '2026-11-27T00:00:00Z'
PROVISIONAL = {'allow-provisional-firmware': True}
SIGNED = 0x2a0

REPORTS = {
    # name: (product, time, [(policy, verdict, check that fails)])
    'milan-v2-gosev': ('milan', NOW, [
        ({}, AGAINST, 'guest-policy.allow'),
        ({'guest-policy': {'allow': ['smt', 'debug']}}, GOOD, None)]),
    'milan-v2-trustee': ('milan', NOW, [
        ({}, AGAINST, 'allow-provisional-firmware'), (PROVISIONAL, GOOD, None)]),
    'milan-v3-vlek-aws-trustee': ('milan', VLEK_TIME, [
        ({}, AGAINST, 'allow-provisional-firmware'), (PROVISIONAL, GOOD, None),
        ({**PROVISIONAL, 'csp-ids': 'CN=cc-us-east-2.amazonaws.com'}, GOOD, None),
        ({**PROVISIONAL, 'csp-ids': 'CN=cc-us-east-1.amazonaws.com'}, AGAINST, 'csp-ids'),
        ({**PROVISIONAL, 'endorsement-keys': ['vcek']}, AGAINST, 'endorsement-keys')]),
    'milan-v3-dstack': ('milan', NOW, [({}, GOOD, None)]),
    'turin-v5-microsoft': ('turin', NOW, [
        ({}, GOOD, None), ({'min-current-mitigations': '0x3f'}, GOOD, None),
        ({'min-current-mitigations': '0x40'}, AGAINST, 'min-current-mitigations'),
        ({'platform-info': {'require': ['0x40']}}, GOOD, None),
        ({'require-id-block': True}, GOOD, None)]),
    'genoa-v5-attestation-rs': ('genoa', NOW, [
        ({}, GOOD, None), ({'min-launch-mitigations': '0xb'}, GOOD, None),
        ({'require-id-block': True}, AGAINST, 'require-id-block')]),
}
FLIPS = {'measurement-flip': 'signature', 'r-flip': 'signature', 'chipid-flip': 'signature',
         'reportedtcb-flip': 'signature'}

# Under its own root: (verdict by the default policy, the check that decides).
FORGED = {
    'good': (GOOD, None), 'good-v2': (GOOD, None), 'good-v5': (GOOD, None),
    'idblock-author': (GOOD, None), 'vmpl3': (GOOD, None),
    'debug-policy': (AGAINST, 'guest-policy.allow'),
    'migrate-policy': (AGAINST, 'guest-policy.allow'),
    'provisional': (AGAINST, 'allow-provisional-firmware'),
    'chip-id-masked': (AGAINST, 'allow-masked-chip-id'),
    'policy-bit17-clear': (FALSE, 'report'), 'wrong-chip-id': (FALSE, 'endorsed-chip'),
    'reported-above-current': (FALSE, 'tcb-order'), 'version1': (FALSE, 'report'),
    # newer than the program: it can't be told what it says
    'version6': (UNKNOWN, 'report'),
    'sigalgo-2': (FALSE, 'report'), 'keyinfo-reserved': (FALSE, 'report'),
    'bad-sig-reserved-nonzero': (FALSE, 'report'), 'bad-measurement-flip': (FALSE, 'signature'),
    'bad-r-flip': (FALSE, 'signature'), 'bad-zero-signature': (FALSE, 'report'),
    'truncated': (FALSE, 'report'), 'trailing': (FALSE, 'report'),
}
# What the policy decides of them, both ways.
FORGED_POLICY = [
    ('debug-policy', {'guest-policy': {'allow': ['smt', 'debug']}}, GOOD, None),
    ('migrate-policy', {'guest-policy': {'allow': ['smt', 'migrate-ma']}}, GOOD, None),
    ('provisional', PROVISIONAL, GOOD, None),
    ('chip-id-masked', {'allow-masked-chip-id': True}, GOOD, None),
    ('vmpl3', {'max-vmpl': 2}, AGAINST, 'vmpl'), ('vmpl3', {'vmpl': 3}, GOOD, None),
    ('idblock-author', {'require-id-block': True, 'require-author-key': True}, GOOD, None),
    ('good', {'require-author-key': True}, AGAINST, 'require-author-key'),
    ('good-v2', {'report-version': {'min': 3}}, AGAINST, 'report-version'),
]


class Suite:
    """Counts checks; remembers which files were used."""

    def __init__(self, verifier, folder, scratch):
        self.verifier, self.folder, self.scratch = verifier, folder, scratch
        self.used, self.checks, self.faults = set(), 0, 0

    def file(self, name):
        """The path of a vector, which counts as used."""
        self.used.add(name)
        return str(self.folder / name)

    def expect(self, condition, text):
        self.checks += 1
        if not condition:
            self.faults += 1
            print(f'FAIL {text}')

    def verify(self, report, *args, policy=None, time=NOW):
        """Run the verifier; its exit status and outcomes by the name of the check."""
        command = [self.verifier, report, '--json', '--offline', '--no-cache', '--time', time, *args]
        if policy:
            path = self.scratch / 'policy.json'
            path.write_text(json.dumps(policy))
            command += ['--policy', str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        out = json.loads(done.stdout) if done.stdout else {'checks': []}
        outcomes = {c['name']: c['outcome'] for c in out['checks']}
        if done.returncode in (FALSE, UNKNOWN):
            self.expect('report' not in out, f'{report}: shows what was not proven')
        return done.returncode, outcomes

    def verdict(self, name, args, wanted, culprit, policy=None, time=NOW):
        """One verdict, and which check (alone) is behind it."""
        code, outcomes = self.verify(self.file(name), *args, policy=policy, time=time)
        bad = [n for n, o in outcomes.items() if o in ('failed', 'unknown')]
        self.expect(code == wanted and bad == ([culprit] if culprit else []),
                    f'{name} {args} {policy}: exit {code}, not {wanted}; '
                    f'decided by {bad}, not {culprit}')
        return outcomes

    # -- the same by openssl ------------------------------------------------------------------

    def pem(self, path):
        """The path of a certificate in PEM."""
        if path.endswith('.pem'):
            return path
        out = str(self.scratch / (pathlib.Path(path).name + '.pem'))
        subprocess.run(['openssl', 'x509', '-inform', 'DER', '-in', path, '-out', out], check=True,
                       capture_output=True)
        return out

    def openssl_chain(self, leaf, issuer, root, time):
        """Does the chain hold by `openssl verify`?"""
        seconds = subprocess.run(['date', '-u', '-d', time, '+%s'], capture_output=True, text=True,
                                 check=True).stdout.strip()
        return subprocess.run(
            ['openssl', 'verify', '-no-CApath', '-no-CAstore', '-CAfile', self.pem(root),
             '-untrusted', self.pem(issuer), '-check_ss_sig', '-attime', seconds, self.pem(leaf)],
            capture_output=True, check=False).returncode == 0

    def openssl_signature(self, report, leaf):
        """Did the leaf's key sign the report by `openssl dgst`?"""
        data = pathlib.Path(report).read_bytes()
        numbers = [data[at:at + 72][::-1].lstrip(b'\0') or b'\0' for at in (SIGNED, SIGNED + 72)]
        body = b''.join(b'\x02' + bytes([len(n)]) + n
                        for n in (b'\0' + n if n[0] & 0x80 else n for n in numbers))
        signed, der, key = (self.scratch / n for n in ('signed', 'signature', 'key.pem'))
        signed.write_bytes(data[:SIGNED])
        der.write_bytes(b'\x30' + bytes([len(body)]) + body)
        key.write_bytes(subprocess.run(['openssl', 'x509', '-in', self.pem(leaf), '-noout',
                                        '-pubkey'], capture_output=True, check=True).stdout)
        return subprocess.run(['openssl', 'dgst', '-sha384', '-verify', str(key), '-signature',
                               str(der), str(signed)], capture_output=True,
                              check=False).returncode == 0

    def agree(self, report, leaf, issuer, root, outcomes, time=NOW):
        """openssl finds of chain and signature what the verifier found."""
        if 'chain' not in outcomes or outcomes.get('root') != 'ok':
            return
        chain = self.openssl_chain(leaf, issuer, root, time)
        self.expect(chain == (outcomes['chain'] == 'ok'), f'{report}: openssl on the chain: {chain}')
        if outcomes['signature'] != 'not done':
            signature = self.openssl_signature(report, leaf)
            self.expect(signature == (outcomes['signature'] == 'ok'),
                        f'{report}: openssl on the signature: {signature}')


def vek_of(suite, name):
    """The endorsement certificate that belongs to a report."""
    kind = 'vlek' if '-vlek-' in name else 'vcek'
    return suite.file(f'veks/{name}.{kind}.der')


def issuer_of(suite, name, product):
    kind = 'asvk' if '-vlek-' in name else 'ask'
    return suite.file(f'certs/{product}_{kind}.pem')


def genuine_reports(suite):
    for name, (product, time, cases) in REPORTS.items():
        leaf, root = vek_of(suite, name), suite.file(f'certs/{product}_ark.pem')
        issuer = issuer_of(suite, name, product)
        for policy, wanted, culprit in cases:
            outcomes = suite.verdict(f'reports/{name}.bin', ['--vek', leaf], wanted, culprit, policy,
                                     time)
        suite.agree(suite.file(f'reports/{name}.bin'), leaf, issuer, root, outcomes, time)
    leaf = vek_of(suite, 'milan-v3-vlek-aws-trustee')
    report = 'reports/milan-v3-vlek-aws-trustee.bin'
    suite.verdict(report, ['--vek', leaf], FALSE, 'chain', PROVISIONAL, NOW)
    suite.verdict(report, [], UNKNOWN, 'chain', PROVISIONAL, VLEK_TIME)


def negative(suite):
    for name, (product, time, _) in REPORTS.items():
        leaf, root = vek_of(suite, name), suite.file(f'certs/{product}_ark.pem')
        issuer = issuer_of(suite, name, product)
        for flip, culprit in FLIPS.items():
            path = f'negative/{name}.{flip}.bin'
            if (suite.folder / path).exists():
                outcomes = suite.verdict(path, ['--vek', leaf], FALSE, culprit, PROVISIONAL, time)
                suite.agree(suite.file(path), leaf, issuer, root, outcomes, time)
    report = 'reports/milan-v3-dstack.bin'
    root, issuer = suite.file('certs/milan_ark.pem'), suite.file('certs/milan_ask.pem')
    for leaf in ('milan-v3-dstack.vcek.corrupt.der', 'vcek-forged-hwid-raw64.der'):
        leaf = suite.file(f'negative/{leaf}')
        outcomes = suite.verdict(report, ['--vek', leaf], FALSE, 'chain')
        suite.agree(suite.file(report), leaf, issuer, root, outcomes)
    corrupt = suite.file('negative/milan_ark.corrupt-self-signature.der')
    suite.verdict(report, ['--vek', vek_of(suite, 'milan-v3-dstack'), '--chain', issuer, '--root',
                           corrupt], FALSE, 'root')


def wrong_pairs(suite):
    """Certificates that are genuine and do not belong together."""
    dstack, gosev = (vek_of(suite, n) for n in ('milan-v3-dstack', 'milan-v2-gosev'))
    suite.verdict('reports/milan-v3-dstack.bin', ['--vek', gosev], FALSE, 'signature')
    suite.verdict('reports/milan-v2-gosev.bin', ['--vek', dstack], FALSE, 'signature')
    vlek = vek_of(suite, 'milan-v3-vlek-aws-trustee')
    ask = suite.file('certs/milan_ask.pem')
    suite.verdict('reports/milan-v3-vlek-aws-trustee.bin', ['--vek', vlek, '--chain', ask], FALSE,
                  'chain', PROVISIONAL, VLEK_TIME)
    genoa = vek_of(suite, 'genoa-v5-attestation-rs')
    suite.verdict('reports/milan-v3-dstack.bin', ['--vek', genoa], FALSE, 'chain')
    suite.verdict('reports/genoa-v5-attestation-rs.bin',
                  ['--vek', genoa, '--chain', suite.file('certs/genoa_ask.pem'), '--root',
                   suite.file('certs/milan_ark.pem')], FALSE, 'chain')
    suite.verdict('reports/milan-v3-dstack.bin',
                  ['--vek', dstack, '--chain', suite.file('certs/genoa_ask.pem')], FALSE, 'chain')
    suite.verdict('reports/milan-v3-dstack.bin', [], UNKNOWN, 'chain')


def certificates(suite):
    """Every certificate and chain file of AMD's serves, in both forms, under its own product."""
    for name, (product, time, cases) in REPORTS.items():
        kind = 'vlek' if '-vlek-' in name else 'vcek'
        authority = 'asvk' if kind == 'vlek' else 'ask'
        policy = cases[-1][0] if cases[-1][1] == GOOD else PROVISIONAL
        for root in (f'{product}_ark.pem', f'{product}_ark.der'):
            for chain in (f'{product}_{authority}.pem', f'{product}_{authority}.der',
                          f'{product}_{kind}_cert_chain.pem'):
                suite.verdict(f'reports/{name}.bin',
                              ['--vek', vek_of(suite, name), '--chain',
                               suite.file(f'certs/{chain}'), '--root',
                               suite.file(f'certs/{root}')], GOOD, None, policy, time)
    for product in ('milan', 'genoa', 'turin'):
        root = suite.file(f'certs/{product}_ark.pem')
        for name in (f'{product}_ask.der', f'{product}_asvk.der'):
            # There is no leaf of every one: at least openssl and the root agree about it.
            suite.expect(suite.openssl_chain(suite.file(f'certs/{name}'), root, root, NOW),
                         f'certs/{name}: not under its root')
        suite.file(f'certs/{product}_asvk.pem')
        chain = pathlib.Path(suite.file(f'certs/{product}_vlek_cert_chain.pem')).read_text()
        suite.expect(chain.count('BEGIN CERTIFICATE') == 2, f'{product}_vlek_cert_chain')
    # A VCEK without a report: its chain holds, and the report is another's.
    lone = suite.file('veks/turin-virtee-certonly.vcek.der')
    outcomes = suite.verdict('reports/turin-v5-microsoft.bin', ['--vek', lone], FALSE, 'signature')
    suite.agree(suite.file('reports/turin-v5-microsoft.bin'), lone,
                suite.file('certs/turin_ask.pem'), suite.file('certs/turin_ark.pem'), outcomes)


def forged(suite):
    base = 'synthetic/forged-milan/'
    leaf, issuer, root = (suite.file(f'{base}{n}.pem') for n in ('vcek', 'ask', 'ark'))
    own = ['--vek', leaf, '--chain', issuer, '--root', root]
    both = suite.scratch / 'chain.pem'
    both.write_text(pathlib.Path(issuer).read_text() + pathlib.Path(root).read_text())
    for name, (wanted, culprit) in FORGED.items():
        path = f'{base}report-{name}.bin'
        outcomes = suite.verdict(path, own, wanted, culprit)
        if outcomes.get('report') == 'ok':
            suite.agree(suite.file(path), leaf, issuer, root, outcomes)
        for given in (['--vek', leaf, '--chain', issuer], ['--vek', leaf],
                      ['--vek', leaf, '--chain', str(both)]):
            code, found = suite.verify(suite.file(path), *given)
            suite.expect(code in (FALSE, UNKNOWN) and found['chain'] != 'ok',
                         f'{path}: not refused under AMD\'s roots')
            suite.expect(found['report'] != 'ok' or code == FALSE, f'{path}: exit {code}')
    for name, policy, wanted, culprit in FORGED_POLICY:
        suite.verdict(f'{base}report-{name}.bin', own, wanted, culprit, policy)
    for form in ('der', 'pem'):
        good, revoked = (suite.file(f'{base}crl-{n}.{form}') for n in ('empty', 'ask-revoked'))
        require = {'crl': 'require'}
        report = f'{base}report-good.bin'
        suite.verdict(report, [*own, '--crl', good], GOOD, None, require)
        suite.verdict(report, [*own, '--crl', revoked], FALSE, 'crl')
        suite.verdict(report, [*own, '--crl', revoked], GOOD, None, {'crl': 'ignore'})
        # In force only at its time, and of this root alone.
        suite.verdict(report, [*own, '--crl', good], FALSE, 'root', require,
                      '2026-11-20T00:00:00Z')
        suite.verdict('reports/milan-v3-dstack.bin',
                      ['--vek', vek_of(suite, 'milan-v3-dstack'), '--crl', good], FALSE, 'crl')
    suite.verdict(f'{base}report-good.bin', own, UNKNOWN, 'crl', {'crl': 'require'})
    # Anybody could have made these keys: they are not read by anything.
    suite.used |= {f'{base}{n}.key' for n in ('ark', 'ask', 'vcek')}


def tables(suite):
    table = lambda name: ['--table', suite.file(f'certtable/{name}.bin')]
    for order in ('be', 'mixed-endian'):
        suite.verdict('reports/milan-v3-dstack.bin', table(f'milan-v3-dstack-{order}'), GOOD, None)
    suite.verdict('reports/milan-v3-vlek-aws-trustee.bin', table('milan-v3-vlek-aws-be'), GOOD, None,
                  PROVISIONAL, VLEK_TIME)
    suite.verdict('reports/milan-v3-dstack.bin', table('empty-4096'), UNKNOWN, 'chain')
    for name in ('offset-overflow', 'length-past-end', 'offset-in-header', 'no-terminator'):
        code, outcomes = suite.verify(suite.file('reports/milan-v3-dstack.bin'),
                                      *table(f'bad-{name}'))
        suite.expect(code == UNKNOWN and not outcomes, f'bad-{name}: exit {code}')


def full_table(suite):
    """A table is beside what the evidence has, which may be as much as evidence can have."""
    b64 = lambda data: base64.b64encode(data).decode()
    other = (suite.folder / 'veks/milan-v2-gosev.vcek.der').read_bytes()
    report = (suite.folder / 'reports/milan-v3-dstack.bin').read_bytes()
    table = str(suite.folder / 'certtable/milan-v3-dstack-be.bin')
    path = suite.scratch / 'full.json'
    for n in (2, 4):
        path.write_text(json.dumps({
            'format': 'tee-pkcs11-evidence', 'version': 1, 'platform': 'sev-snp',
            'report': b64(report), 'certificates': [b64(other)] * n}))
        code, _ = suite.verify(str(path), '--table', table)
        suite.expect(code == GOOD, f'a table beside {n} certificates: exit {code}')
        code, outcomes = suite.verify(str(path), '--table', table,
                                      policy={'certificate-sources': ['cache']})
        suite.expect(code == UNKNOWN and outcomes['chain'] == 'unknown',
                     f'a table that the policy does not want: exit {code}')


def lost_answers(suite):
    """An answer that did not arrive is no answer."""
    report = suite.file('reports/milan-v3-dstack.bin')
    for args, words in (([report, '--offline', '--no-cache', '--time', NOW],
                         'standard output cannot be written'),
                        (['--help'], ''), (['--version'], '')):
        for closed in (False, True):
            with open('/dev/full', 'w', encoding='ascii') as full:
                done = subprocess.run(
                    [suite.verifier, *args], stdout=full, stderr=subprocess.PIPE, text=True,
                    check=False, preexec_fn=(lambda: os.close(1)) if closed else None)
            suite.expect(done.returncode == UNKNOWN and words in done.stderr,
                         f'{args}, {"closed" if closed else "full"}: exit {done.returncode}')


def all_files(suite):
    """No vector was passed over."""
    for sub in ('certs', 'reports', 'veks', 'negative', 'synthetic', 'certtable'):
        for path in sorted((suite.folder / sub).rglob('*')):
            name = str(path.relative_to(suite.folder))
            suite.expect(path.is_dir() or name in suite.used, f'{name}: no test uses it')


def main():
    verifier, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (folder / 'INDEX.md').exists():
        fails = os.environ.get('CI') == 'true'
        print(f'no vectors in {folder}' + (', which fails under CI' if fails else ': skipped'))
        return 1 if fails else 77
    with tempfile.TemporaryDirectory() as scratch:
        suite = Suite(verifier, folder, pathlib.Path(scratch))
        for part in (genuine_reports, negative, wrong_pairs, certificates, forged, tables,
                     full_table, lost_answers, all_files):
            before = suite.checks, suite.faults
            part(suite)
            name = re.sub('_', '-', part.__name__)
            print(f'{name}: {suite.checks - before[0]} checks, {suite.faults - before[1]} failed')
    return 1 if suite.faults else 0


if __name__ == '__main__':
    sys.exit(main())
