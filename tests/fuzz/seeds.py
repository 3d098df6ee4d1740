#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make the seeds of tests/fuzz/corpus that are written by hand.

Usage: seeds.py CORPUS_DIRECTORY. Run it again when a format changes. Files whose name is a hash
were found by a fuzzer; they stay.
"""
import base64
import json
import pathlib
import struct
import sys

P256 = bytes.fromhex('06082a8648ce3d030107')


def conf_seeds():
    """Configuration files: good ones, and each kind of mistake."""
    yield 'empty', b''
    yield 'all', b'''# everything
store = "/var/lib/tee-pkcs11"
root = software
device = /dev/sev-guest
software-key = /var/lib/tee.key
recovery-certificate = /etc/a.pem
recovery-certificate = /etc/b.pem
hardware-only = no
measured = image
vmpl = 2
pin-min = 6
pin-tries = 5
pin-log2-n = 12
so-reset = yes
map-size = 1024
cache-objects = 64
'''
    yield 'choices', b'root = auto\nmeasured = firmware\n'
    yield 'bad-choice', b'root = tpm\n'
    yield 'bad-measured', b'measured = ""\n'
    yield 'unknown-key', b'storage = /x\n'
    yield 'range', b'vmpl = 4\n'
    yield 'overflow', b'pin-min = 99999999999999999999\n'
    yield 'number', b'pin-tries = 0x10\nmap-size = 010\n'
    yield 'relative', b'store = here\n'
    yield 'expansion', b'store = "${TEE_FUZZ_MARK}"\n'
    yield 'expansion-default', b'store = /a${TEE_FUZZ_MARK:-/b}\n'
    yield 'expansion-in-comment', b'# ${TEE_FUZZ_MARK}\nroot = auto\n'
    yield 'expansion-behind-hash', b'store = "/a#${TEE_FUZZ_MARK}"\n'
    yield 'expansion-behind-comment', b'/* # */ store = "/${TEE_FUZZ_MARK}"\n'
    yield 'open-string', b'store = "/a\n'
    yield 'open-single', b"store = '/a\n"
    yield 'open-comment', b'/* root = auto\n'
    yield 'list', b'store = {/a, /b}\nrecovery-certificate += /c\n'
    yield 'escapes', b'store = "/a\\x41\\101\\n\\"b"\ndevice = \'/\\\'\'\n'
    yield 'continued', b'store = "/a\\\nb"\nroot \\\n= auto\n'
    yield 'comments', b'// one\n/* two\n*/ root = software # three\n'
    yield 'section', b'store { a = 1 }\n'
    yield 'include', b'include("/etc/passwd")\n'
    yield 'zero', b'root = auto\0\n'
    yield 'many', b'recovery-certificate = /c.pem\n' * 17
    yield 'long', b'store = "/' + b'a' * 1500 + b'"\n'
    yield 'crlf', b'root = auto\r\nvmpl = 1\r\n'
    yield 'bom', b'\xef\xbb\xbfvmpl = 1\n'
    yield 'indented', b'policy = {default, # first\n  # none\n\tno-wrap-strength\n }\nvmpl =\n 1\n'
    yield 'empty-list', b'mechanisms-deny = {}\nmechanisms-allow = { }\n'
    yield 'longest', b'store = "/' + b'a' * 187 + b'"\n'
    yield 'long-list', b'mechanisms-deny = {' + b'CKM_A, ' * 60 + b'"CKM_B, {" # }\n#\nCKM_C\n}\nvmpl = 1\n'
    yield 'semicolon', b'policy = {strict ;, x\n }\n'
    yield 'hash', b'pin-min = 8#0\nstore = "/a#b"#\n'
    yield 'colon', b'vmpl: 1\n[a]\n vmpl = 2\n'
    yield 'lines', b'vmpl\n = 1\n\n;\n#\nvmpl = 1'
    yield 'digests', b'id-key-digest = ' + b'1f' * 48 + b'\nauthor-key-digest = ' + b'e0' * 48 + b'\n'
    yield 'floors', b'min-tcb = 4.0.24.219\nmin-guest-svn = 4294967295\nbinding = owner\n'
    yield 'names', b'mechanisms-allow = {default, CKM_RSA_X_509}\nmechanisms-deny = CKM_SHA_1\n'
    yield 'binary', bytes(range(1, 256))


def env_seeds():
    """.env files: every form of a value, and each kind of mistake."""
    yield 'all', b'''# comment
A=bare text # comment
export B='single # $x \\n'
C="double \\n \\t \\\\ \\" \\$ \\` \\x # no comment"  # comment
 D.e-f_1 =\tx
E=
F=""
export=1
export export = 2
'''
    yield 'lines', b'A="one\ntwo"\r\nB=\'three\r\nfour\'\r\n'
    yield 'mark', b'\xef\xbb\xbfA=1'
    yield 'hash', b'A=a#b\nB=c #d\nC="#e" #f\n'
    yield 'hash-first', b'A=1\nB=#c\n'
    yield 'hash-blank', b'A= #c\n'
    yield 'no-name', b'=1\n'
    yield 'no-value', b'A\n'
    yield 'digit', b'1A=1\n'
    yield 'open-double', b'A="1\\'
    yield 'open-single', b"A='1\n"
    yield 'behind', b'A="1"2\n'
    yield 'zero', b'A=1\0\n'
    yield 'expansion', b'A=${HOME}$USER`id`\n'
    yield 'bytes', b'A=\xff\xfe\x01\n'


def softhsm2(*attributes):
    """A file of SoftHSM2: each attribute is a type and what a kind of value has."""
    kinds = {bool: lambda v: struct.pack('>QB', 1, 0xff if v else 0),
             int: lambda v: struct.pack('>QQ', 2, v),
             bytes: lambda v: struct.pack('>QQ', 3, len(v)) + v,
             dict: lambda v: struct.pack('>QQ', 4, len(v['nested'])) + v['nested'],
             list: lambda v: struct.pack('>QQ', 5, len(v)) + b''.join(
                 struct.pack('>Q', m) for m in v)}
    return struct.pack('>Q', 7) + b''.join(
        struct.pack('>Q', kind) + kinds[type(value)](value) for kind, value in attributes)


def softhsm2_seeds():
    """Objects and tokens: all kinds of values, and each kind of mistake. The first byte: a token."""
    label, pin = 0x80005349, 0x8000534d
    secret = [(0, 4), (1, True), (2, False), (3, b'aes'), (0x11, bytes(16)), (0x100, 0x1f),
              (0x110, b''), (0x40000600, [0x1081, 0x1082]), (0x40000212, {'nested': b''})]
    yield 'object', b'\0' + softhsm2(*secret)
    yield 'private', b'\0' + softhsm2((0, 3), (2, True), (0x110, b'20261127'), (0x11, bytes(48)))
    yield 'nested', b'\0' + softhsm2((0, 4), (0x40000211, {'nested': b'x' * 17}))
    yield 'twice', b'\0' + softhsm2((0, 4), (0, 4))
    yield 'flag', b'\0' + softhsm2((2, True))[:-1] + b'\1'
    yield 'kind', b'\0' + struct.pack('>QQQ', 7, 0, 6)
    yield 'long', b'\0' + struct.pack('>QQQQ', 7, 3, 3, 1 << 40)
    yield 'many', b'\0' + struct.pack('>QQQQ', 7, 0x40000600, 5, 1 << 61)
    yield 'cut', b'\0' + softhsm2(*secret)[:-5]
    yield 'empty', b'\0'
    yield 'token', b'\1' + softhsm2((label, b'old'.ljust(32)), (pin, bytes(72)))
    yield 'token-new', b'\1' + softhsm2((label, b'old'.ljust(32)))
    yield 'token-pin', b'\1' + softhsm2((label, b'old'.ljust(32)), (pin, bytes(8)))
    yield 'token-label', b'\1' + softhsm2((label, b'old'), (pin, bytes(72)))


def attr(kind, value):
    """One attribute of a record."""
    return struct.pack('>QI', kind, len(value)) + value


def record(*attrs):
    """A record: version, count, attributes."""
    return struct.pack('>BH', 1, len(attrs)) + b''.join(attrs)


def pem(label, der):
    """A block of PEM."""
    return b'-----BEGIN %s-----\n%s-----END %s-----\n' % (label, base64.encodebytes(der), label)


PKCS7 = '1.2.840.113549.1.7.'
PBES2 = '1.2.840.113549.1.5.13'


def pkcs12(*safes):
    """A PKCS#12 file without a MAC, of these ContentInfos."""
    content = tlv(0xa0, tlv(4, tlv(0x30, *safes)))
    return tlv(0x30, number(3), tlv(0x30, oid(PKCS7 + '1'), content))


def pbes2(kdf, *parameters):
    """An encrypted PKCS#8 key that never opens, with this key derivation."""
    kdf = tlv(0x30, oid(kdf), tlv(0x30, tlv(4, bytes(8)), *parameters))
    aes = tlv(0x30, oid('2.16.840.1.101.3.4.1.42'), tlv(4, bytes(16)))
    return tlv(0x30, tlv(0x30, oid(PBES2), tlv(0x30, kdf, aes)), tlv(4, bytes(32)))


def bag_seeds():
    """What no program writes. The real files beside them, whose passphrase is "secret", were made
    by openssl's genpkey, pkcs8, req, x509 and pkcs12 with the fewest iterations they take."""
    data, encrypted = oid(PKCS7 + '1'), oid(PKCS7 + '6')
    algorithm = tlv(0x30, oid(PBES2))
    pbkdf2 = pbes2('1.2.840.113549.1.5.12', number(2**31 - 1))
    yield 'safe-data-absent', pkcs12(tlv(0x30, data))
    yield 'safe-encrypted-absent', pkcs12(tlv(0x30, encrypted))
    yield 'safe-nothing-encrypted', pkcs12(tlv(0x30, encrypted, tlv(0xa0, tlv(
        0x30, number(0), tlv(0x30, data, algorithm)))))
    yield 'content-absent', tlv(0x30, number(3), tlv(0x30, data))
    yield 'pbkdf2-for-ever', pbkdf2
    yield 'pbkdf2-blank', pem(b'ENCRYPTED PRIVATE KEY', pbkdf2).replace(b'KEY-----\n', b'KEY----- \n', 1)
    yield 'pbkdf2-label', pem(b'PRIVATE KEY', pbkdf2)
    yield 'pbkdf2-behind', tlv(0x30, number(0)) + pbkdf2
    yield 'scrypt-for-ever', pbes2('1.3.6.1.4.1.11591.4.11', number(65536), number(2), number(65000))


def record_seeds():
    """Records: of each kind of value, nested, and with each fault."""
    number = lambda v: struct.pack('>Q', v)
    data = (attr(0x0, number(0)), attr(0x1, b'\1'), attr(0x2, b'\0'), attr(0x3, b'label'))
    deep = record(attr(0x1, b'\1'))
    yield 'empty', record()
    yield 'data', record(*data)
    yield 'key', record(attr(0x0, number(4)), attr(0x11, bytes(16)), attr(0x100, number(0x1f)),
                        attr(0x161, number(16)), attr(0x103, b'\1'))
    yield 'dates', record(attr(0x110, b'20240229'), attr(0x111, b''))
    yield 'mechanisms', record(attr(0x40000600, number(0x1087) + number(2**64 - 1)))
    for i in range(5):
        deep = record(attr(0x40000211, deep))
        yield f'nested-{i + 2}', deep
    yield 'disorder', record(data[1], data[0])
    yield 'twice', record(data[0], data[0])
    yield 'left-over', record(*data) + b'x'
    yield 'short', record(*data)[:-1]
    yield 'version', b'\2' + record(*data)[1:]
    yield 'count', b'\1\1\1' + record(*data)[3:]
    yield 'length', record(struct.pack('>QI', 3, 0xffffffff))
    yield 'unknown', record(attr(0x7fff0001, b'x'))
    yield 'bool', record(attr(0x1, b'\2'))


def binding(kind, select=2, fields=0x29, vmpl=0, tcb=0x4800000000000004, key=bytes(16)):
    """A binding as root/binding.c writes it."""
    head = struct.pack('>BBIQIIQ', 1, kind, select, fields, vmpl, 0, tcb) + key
    if kind == 1:
        return head + bytes(378 - len(head))
    report = struct.pack('>BBBBIIQQQQQQ', 5, 0x19, 0x11, 1, 0, 0, 0x30000, 1, tcb, tcb, tcb, tcb)
    tail = b'\x5a' * 48 + bytes(32) + b'\1' * 48 + bytes(48) + b'\7' * 64 + bytes(32)
    return head + report + tail


def report(version=5, family=0x19, vmpl=0, tcb=0x4800000000000004, chip=b'\7' * 64):
    """The fields of an attestation report that are read; the signature is not one of them."""
    r = bytearray(1184)
    struct.pack_into('<IIQ', r, 0, version, 0, 0x30000)
    struct.pack_into('<IIQQI', r, 0x30, vmpl, 1, tcb, 1, 0)
    r[0x50:0x90] = bytes(range(64))
    r[0x90:0xc0] = b'\x5a' * 48
    struct.pack_into('<QBBB', r, 0x180, tcb, family, 0x11, 1)
    r[0x1a0:0x1e0] = chip
    struct.pack_into('<Q', r, 0x1e0, tcb)
    struct.pack_into('<Q', r, 0x1f0, tcb)
    return bytes(r)


def binding_seeds():
    """Bindings and reports."""
    software = dict(select=0, fields=0, tcb=0, key=bytes(range(16)))
    yield 'software', binding(1, **software)
    yield 'snp', binding(2)
    yield 'emulated', binding(3)
    yield 'vlek', binding(2, select=4)
    yield 'fields', binding(2, fields=0x3f)
    yield 'vmpl', binding(2, vmpl=3)
    yield 'tcb', binding(2, tcb=2**64 - 1)
    yield 'kind', binding(2)[:1] + b'\4' + binding(2)[2:]
    yield 'short', binding(2)[:-1]
    for version in range(2, 7):
        yield f'report-{version}', report(version)
    yield 'report-turin', report(family=0x1a, tcb=0x4800000001020304)
    yield 'report-turin-2', report(version=2, chip=b'\7' * 8 + bytes(56))
    yield 'report-vmpl', report(vmpl=2)
    yield 'report-tcb', report(tcb=2**64 - 1)


def steps(seed, n):
    """Bytes that a harness reads as choices: the same every time."""
    state, out = seed, bytearray()
    for _ in range(n):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append(state >> 56)
    return bytes(out)


def step_seeds():
    """For harnesses whose input is a list of choices."""
    for i, n in enumerate((16, 48, 96, 192, 384, 768)):
        yield f'steps-{n}', steps(i + 1, n)


def tlv(tag, *content):
    """DER: a tag, the length, the content."""
    body = b''.join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, 'big')
    return bytes([tag, 128 + len(length)]) + length + body


def number(value):
    """INTEGER, not negative."""
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, 'big'))


def oid(dotted):
    """OBJECT IDENTIFIER."""
    arcs = [int(arc) for arc in dotted.split('.')]
    out = bytearray()
    for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]]:
        digits = [arc & 127]
        while arc > 127:
            arc >>= 7
            digits.append(arc & 127 | 128)
        out += bytes(reversed(digits))
    return tlv(6, bytes(out))


SPKI = tlv(0x30, tlv(0x30, oid('1.2.840.10045.2.1'), oid('1.3.132.0.34')), tlv(3, b'\0\4' + bytes.fromhex(
    'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7'
    '3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f')))


def statement(subject, nonce=b'nonce', time=1795000000):
    """A statement as src/attest/statement.c writes it."""
    return tlv(0x30, tlv(4, nonce), number(time), subject)


def a_key(flags=0x5b, seals=(b'certificate', b'sev-snp')):
    """A key and where it lives."""
    store = tlv(0x30, tlv(4, bytes(16)), tlv(4, bytes(32)), tlv(12, b'0123456789abcdef'), number(1),
                tlv(0x30, *(tlv(12, seal) for seal in seals)))
    bits = (tlv(1, b'\xff' if flags >> i & 1 else b'\0') for i in range(17))
    return tlv(0x30, tlv(4, SPKI), tlv(4, b'id'), number(3), number(0x1040), *bits, store)


def key_subject(**more):
    """A statement's subject: a key."""
    return tlv(0xa1, a_key(**more))


def rotation_subject(old=SPKI[:-1] + b'\4', signature=b'signed'):
    """A statement's subject: a key's successor."""
    return tlv(0xa5, tlv(0x30, a_key(), tlv(4, old), tlv(4, b'old'), tlv(4, b'tls'),
                         tlv(4, signature)))


def evidence(body=None, certificates=(), quote=None):
    """The container of src/attest/evidence.c."""
    inner = b'' if body is None else tlv(0x80, body)
    return tlv(0x30, number(1), number(1), tlv(4, quote or report()), inner,
               tlv(0x30, *(tlv(4, c) for c in certificates)))


def evidence_json(body=None, certificates=()):
    """The same in JSON."""
    text = lambda b: base64.b64encode(b).decode()
    out = {'format': 'tee-pkcs11-evidence', 'version': 1, 'platform': 'sev-snp',
           'report': text(report()), 'certificates': [text(c) for c in certificates]}
    if body is not None:
        out['statement'] = text(body)
    return json.dumps(out).encode()


def approval_subject():
    """A statement's subject: the answer of a hand-over."""
    return tlv(0xa4, tlv(0x30, tlv(4, bytes(16)), tlv(4, b'\2' * 32), tlv(4, b'\5' * 16),
                         tlv(4, b'\3' * 64), tlv(4, b'\4' * 64)))


def handoff_seeds():
    """Messages of a hand-over: of each kind, and with each fault."""
    asks = evidence(statement(tlv(0xa3, tlv(0x30, tlv(4, bytes(16)), tlv(4, SPKI)))), [SPKI])
    answers = evidence(statement(approval_subject()))
    request, sealed = tlv(0xa0, tlv(5)), tlv(0x81, b'sealed')
    message = lambda inner, body, version=1: tlv(0x30, number(version), tlv(4, inner), body)
    yield 'request', message(asks, request)
    yield 'approval', message(answers, sealed)
    yield 'small', message(b'e', request)
    yield 'small-approval', message(b'e', sealed)
    yield 'version', message(b'e', request, 2)
    yield 'sealed-empty', message(b'e', tlv(0x81))
    yield 'body-unknown', message(b'e', tlv(0xa2, tlv(5)))
    yield 'body-explicit', message(b'e', tlv(0xa1, tlv(4, b'sealed')))
    yield 'evidence-empty', message(b'', request)
    yield 'left-over', message(b'e', request) + b'\0'
    yield 'cut', message(b'e', request)[:-1]
    yield 'indefinite', b'\x30\x80' + message(b'e', request)[2:] + b'\0\0'
    yield 'pending', message(evidence(statement(tlv(0xa0, tlv(5)))), request)


def evidence_seeds():
    """Containers and statements: of each kind, and with each fault."""
    nothing = statement(tlv(0xa0, tlv(5)))
    key = statement(key_subject())
    file = statement(tlv(0xa2, tlv(0x30, tlv(4, b'\7' * 64), number(2**63))), b'')
    handover = statement(tlv(0xa3, tlv(0x30, tlv(4, bytes(16)), tlv(4, SPKI))))
    rotation = statement(rotation_subject())
    for name, body in (('nothing', nothing), ('key', key), ('file', file), ('handover', handover),
                       ('approval', statement(approval_subject())), ('rotation', rotation)):
        yield f'statement-{name}', body
        yield f'evidence-{name}', evidence(body, [SPKI])
    yield 'evidence-bare', evidence()
    yield 'evidence-small', evidence(nothing, [b'1', b'22', b'333', b'4444'], b'r')
    yield 'evidence-five', evidence(None, [b'x'] * 5, b'r')
    yield 'json', evidence_json(key, [SPKI])
    yield 'json-bare', evidence_json()
    yield 'json-more', evidence_json()[:-1] + b', "view": {}}'
    yield 'json-twice', evidence_json()[:-1] + b', "version": 1}'
    yield 'json-base64', evidence_json().replace(b'"BQAA', b'"BQAB')
    yield 'json-base64-bits', evidence_json().replace(b'A="', b'B="')
    yield 'seals-disorder', statement(key_subject(seals=(b'sev-snp', b'certificate')))
    yield 'integer-long', tlv(0x30, tlv(4), tlv(2, b'\0\1'), tlv(0xa0, tlv(5)))
    yield 'length-long', tlv(0x30, b'\4\x81\2hi', number(1), tlv(0xa0, tlv(5)))
    yield 'integer-negative', tlv(0x30, tlv(4), tlv(2, b'\xff'), tlv(0xa0, tlv(5)))
    yield 'rotation-unsigned', statement(rotation_subject(signature=b''))
    yield 'rotation-of-itself', statement(rotation_subject(old=SPKI))
    yield 'rotation-of-nothing', statement(rotation_subject(old=b''))
    yield 'boolean', key.replace(b'\1\1\xff', b'\1\1\1', 1)
    yield 'left-over', nothing + b'\0'
    yield 'indefinite', b'\x30\x80' + nothing[2:] + b'\0\0'


def signed_report(version=5, family=0x19, key_info=0, **more):
    """A report whose signature has the form of one."""
    r = bytearray(report(version, family, **more))
    struct.pack_into('<I', r, 0x48, key_info)
    r[0x188:0x18b] = bytes(3) if version == 2 else bytes([family, 1 if family == 0x19 else 2, 1])
    r[0x2a0:0x2d0] = r[0x2e8:0x318] = b'\1' * 48
    return bytes(r)


def report_seeds():
    """Reports as a verifier reads them."""
    for version in range(1, 7):
        yield f'v{version}', signed_report(version)
    yield 'turin', signed_report(5, 0x1a, tcb=0x5100000004010101, chip=b'\7' * 8 + bytes(56))
    yield 'vlek', signed_report(3, key_info=4, chip=bytes(64))
    yield 'unsigned', signed_report(3, key_info=0x1c)
    yield 'reserved', signed_report(3, key_info=0x20)
    yield 'masked', signed_report(5, chip=bytes(64))
    yield 'tcb-reserved', signed_report(3, tcb=0x4800010000000004)
    yield 'tail', signed_report()[:-1] + b'\1'
    yield 'order', signed_report()[:0x2a0] + b'\xff' * 48 + signed_report()[0x2d0:]


GUIDS = [bytes.fromhex(g) for g in (
    '63da758de6644564adc5f4b93be8accd', 'a8074bc2a25a483eaae639c045a0b8a1',
    '4ab7b379bbac4fe4a02f05aef327c782', 'c0b406a4a803495297433fb6014cd0ae')]


def mixed(guid):
    """The same GUID as guid_t."""
    return guid[3::-1] + guid[5:3:-1] + guid[7:5:-1] + guid[8:]


def table(entries, end=bytes(24), size=512):
    """A certificate table: entries of (GUID, offset or None, bytes)."""
    head, blobs = b'', b''
    start = 24 * len(entries) + len(end)
    for guid, offset, blob in entries:
        head += guid + struct.pack('<II', start + len(blobs) if offset is None else offset, len(blob))
        blobs += blob
    return (head + end + blobs).ljust(size, b'\0')


def certtable_seeds():
    """Tables in both orders, and with each fault."""
    three = [(g, None, bytes([i + 1]) * 40) for i, g in enumerate(GUIDS)]
    yield 'all', table(three)
    yield 'mixed', table([(mixed(g), o, b) for g, o, b in three])
    yield 'empty', bytes(64)
    yield 'nothing', b''
    yield 'unknown', table([(b'\x5a' * 16, None, b'x'), three[0]])
    yield 'twice', table([three[0], (mixed(GUIDS[0]), None, b'y')])
    yield 'in-head', table([(GUIDS[0], 8, b'x' * 8)])
    yield 'overflow', table([(GUIDS[0], 2**32 - 1, b'x' * 8)])
    yield 'beyond', table([(GUIDS[0], 510, b'x' * 8)])
    yield 'no-end', table(three, b'', 24 * 4)
    yield 'zero-length', table([(GUIDS[0], 60, b'')])


NAME = lambda cn: tlv(0x30, *(tlv(0x31, tlv(0x30, oid(f'2.5.4.{kind}'), tlv(12, value))) for kind, value in (
    (11, b'Engineering'), (6, b'US'), (7, b'Santa Clara'), (8, b'CA'), (10, b'Advanced Micro Devices'),
    (3, cn))))
SHA384 = tlv(0x30, oid('2.16.840.1.101.3.4.2.2'), tlv(5))
PSS = tlv(0x30, oid('1.2.840.113549.1.1.10'), tlv(
    0x30, tlv(0xa0, SHA384), tlv(0xa1, tlv(0x30, oid('1.2.840.113549.1.1.8'), SHA384)),
    tlv(0xa2, number(48))))
FROM, TO = tlv(23, b'200101000000Z'), tlv(23, b'450101000000Z')


def endorsement(product, vlek=False, skip=None, twice=None):
    """The extensions of a VCEK or VLEK."""
    turin = product == b'Turin'
    values = {'1': number(int(turin)), '2': tlv(22, product), '3.1': number(4), '3.2': number(0),
              '3.3': number(23), '3.8': number(213), '3.5': number(0), '3.6': number(0),
              '3.7': number(0)}
    if turin:
        values['3.9'] = number(1)
    else:
        values['3.4'] = number(0)
    values.update({'5': tlv(22, b'CN=cloud.example')} if vlek
                  else {'4': b'\7' * (8 if turin else 64)})
    names = [n for n in values if n != skip] + ([twice] if twice else [])
    return [tlv(0x30, oid(f'1.3.6.1.4.1.3704.1.{n}'), tlv(4, values[n])) for n in names]


def certificate(subject, issuer, extensions, algorithm=PSS):
    """An X.509 certificate with a signature that is none."""
    tbs = tlv(0x30, tlv(0xa0, number(2)), number(0), algorithm, NAME(issuer), tlv(0x30, FROM, TO),
              NAME(subject), SPKI, tlv(0xa3, tlv(0x30, *extensions)))
    return tlv(0x30, tbs, algorithm, tlv(3, b'\0' + b'\x5a' * 512))


def kds_seeds():
    """What a key distribution service may say."""
    vcek = certificate(b'SEV-VCEK', b'SEV-Milan', endorsement(b'Milan'))
    crl = tlv(0x30, tlv(0x30, number(1), PSS, NAME(b'ARK-Milan'), FROM, TO,
                        tlv(0x30, tlv(0x30, number(0x10001), FROM))), PSS, tlv(3, b'\0' + b'\1' * 512))
    pem = lambda kind, der: (f'-----BEGIN {kind}-----\n'.encode() + base64.encodebytes(der)
                             + f'-----END {kind}-----\n'.encode())
    yield 'vcek', vcek
    yield 'vcek-turin', certificate(b'SEV-VCEK', b'SEV-Turin', endorsement(b'Turin'))
    yield 'vlek', certificate(b'SEV-VLEK', b'SEV-VLEK-Milan', endorsement(b'Milan', vlek=True))
    yield 'ark', certificate(b'ARK-Milan', b'ARK-Milan', [])
    yield 'missing', certificate(b'SEV-VCEK', b'SEV-Milan', endorsement(b'Milan', skip='4'))
    yield 'twice', certificate(b'SEV-VCEK', b'SEV-Milan', endorsement(b'Milan', twice='3.1'))
    yield 'no-pss', certificate(b'SEV-VCEK', b'SEV-Milan', endorsement(b'Milan'), SHA384)
    yield 'crl', crl
    yield 'crl-pem', pem('X509 CRL', crl)
    yield 'pem', pem('CERTIFICATE', vcek)
    yield 'chain', pem('CERTIFICATE', vcek)[:-1] + b'\n' + pem('CERTIFICATE', vcek)
    yield 'encrypted', pem('CERTIFICATE', vcek).replace(
        b'-\n', b'-\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n', 1)
    yield 'html', b'<html><body>429 Too Many Requests</body></html>'
    yield 'left-over', vcek + b'\0'
    yield 'short', vcek[:-1]


def policy_seeds():
    """Policies of a relying party: every key, and each kind of mistake."""
    whole = {
        'description': 'all', 'report-version': {'min': 2, 'max': 5}, 'endorsement-keys': ['vcek'],
        'csp-ids': ['a', 'b'], 'products': ['Milan', 'Turin'], 'time': '2026-11-20T12:00:00Z',
        'crl': 'require', 'certificate-sources': ['evidence', 'cache', 'kds'],
        'measurements': ['00' * 48], 'host-data': '11' * 32, 'family-id': '00' * 16,
        'image-id': ['00' * 16], 'report-data': '00' * 64, 'report-id': '00' * 32,
        'report-id-ma': 'ff' * 32, 'chip-ids': ['07' * 64, '07' * 8],
        'allow-masked-chip-id': True, 'min-guest-svn': 1, 'vmpl': 0, 'max-vmpl': 3,
        'guest-policy': {'allow': ['smt', 'debug', '0x4000000'], 'require': ['single-socket'],
                         'min-abi': '1.55'},
        'platform-info': {'require': ['ecc', 'alias-check'], 'forbid': ['tsme', '0x40']},
        'min-tcb': {'Milan': {'bl': 4, 'snp': 23}, 'Turin': {'fmc': 1}},
        'min-launch-tcb': {'Genoa': {}}, 'min-firmware-build': 29, 'min-firmware-api': '1.55',
        'allow-provisional-firmware': False, 'min-launch-mitigations': '0xb',
        'min-current-mitigations': '0x3f', 'require-id-block': False, 'require-author-key': False,
        'id-keys': ['22' * 48], 'author-keys': '33' * 48, 'statements': ['key', 'file', 'nothing'],
        'max-age': 300, 'key': {'require': ['local', 'neverExtractable'], 'forbid': ['extractable'],
                                'measured': ['image'], 'seals': ['software'], 'tokens': '1',
                                'stores': ['44' * 32]}}
    pem = ('-----BEGIN PUBLIC KEY-----\n' + base64.encodebytes(SPKI).decode()
           + '-----END PUBLIC KEY-----\n')
    yield 'all', json.dumps(whole).encode()
    for name, value in whole.items():
        yield f'key-{name}', json.dumps({name: value}).encode()
    yield 'id-key', json.dumps({'id-keys': pem}).encode()
    yield 'empty', b'{}'
    yield 'list', b'[]'
    yield 'unknown', b'{"measurement": []}'
    yield 'twice', b'{"max-age": 1, "max-age": 2}'
    yield 'type', b'{"max-age": "1"}'
    yield 'range', b'{"vmpl": 4}'
    yield 'hex', b'{"host-data": "0g"}'
    yield 'zero', b'{"csp-ids": "a\\u0000b"}'
    yield 'versions', b'{"report-version": {"min": 5, "max": 3}}'
    yield 'deep', b'{"key": ' * 40 + b'{}' + b'}' * 40


def bech32m(prefix, data, good=True):
    """BIP-350's text, without dashes."""
    alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l'
    bits = ''.join(f'{b:08b}' for b in data)
    bits += '0' * (-len(bits) % 5)
    words = [int(bits[i:i + 5], 2) for i in range(0, len(bits), 5)]
    check = 1
    for v in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + words + [0] * 6:
        top = check >> 25
        check = (check & 0x1ffffff) << 5 ^ v
        for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
            check ^= g if top >> i & 1 else 0
    check ^= 0x2bc830a3 ^ (not good)
    words += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return (prefix + '1' + ''.join(alphabet[w] for w in words)).encode()


def share(x, threshold=2, shares=3, data=bytes(32), of=b'set1'):
    """A share as people keep it."""
    return bech32m('teeshare', struct.pack('>B4sBBB', 1, of, threshold, shares, x) + data)


def seal_row(kind=1, version=1, certificate=b'', subject=b'', parameters=b'', wrapped=112):
    """A row of the seal table, as it stands; nothing in it opens."""
    var = lambda b: struct.pack('>I', len(b)) + b
    head = struct.pack('>BBQQQ', version, kind, 1795000000, 0, 7)
    return (b'\1' + head + var(certificate) + var(subject) + var(parameters) + bytes(32)
            + var(bytes(wrapped)) + var(bytes(32 + 48 + 32)) + var(bytes(48 + 32)) + bytes(32))


def owner_seeds():
    """Recovery keys, shares, seals."""
    key = bech32m('teekey', b'\1' + bytes(range(32)))
    groups = b'-'.join(key[i:i + 4] for i in range(0, len(key), 4))
    yield 'key', key
    yield 'key-capitals', key.upper() + b'\n'
    yield 'key-groups', groups
    yield 'key-both-cases', key[:9] + key[9:].upper()
    yield 'key-slip', key[:20] + (b'q' if key[20:21] != b'q' else b'p') + key[21:]
    yield 'key-checksum', bech32m('teekey', b'\1' + bytes(32), good=False)
    yield 'key-short', bech32m('teekey', b'\1' + bytes(31))
    yield 'key-version', bech32m('teekey', b'\2' + bytes(32))
    yield 'key-left-over', bech32m('teekey', b'\1' + bytes(33))
    yield 'share', share(1)
    yield 'shares', b'\n'.join(share(x, data=bytes([x]) * 32) for x in (1, 2, 3)) + b'\n'
    yield 'shares-twice', share(2) + b'\n' + share(2)
    yield 'shares-few', share(1, threshold=3)
    yield 'shares-mixed', share(1) + b'\n' + share(2, of=b'set2')
    yield 'shares-many', b'\n'.join(share(x, shares=32) for x in range(1, 33))
    yield 'share-zero', share(0)
    yield 'share-beyond', share(4)
    for kind in range(0, 8):
        yield f'row-{kind}', seal_row(kind)
    yield 'row-certificate', seal_row(2, certificate=b'certificate', subject=b'CN=owner', wrapped=9)
    yield 'row-platform', seal_row(1, parameters=bytes(378))
    yield 'row-owned', seal_row(6, parameters=bytes(33 + 378))
    yield 'row-shares', seal_row(4, subject=b'safe', parameters=b'\2\3')
    yield 'row-version', seal_row(1, version=2)
    for name, content in step_seeds():
        yield f'seal-{name}', b'\0' + content[:200]


def lines(*words):
    """A command line: a word per line."""
    return '\n'.join(words).encode()


def command_seeds():
    """Command lines: of every command, right and wrong."""
    yield 'nothing', b''
    yield 'help', b'--help'
    yield 'version', b'--version'
    yield 'unknown', b'unknown'
    for name in ('init-token', 'status', 'rotate', 'seal', 'recover', 'prune', 'audit', 'attest',
                 'csr', 'verify', 'doctor'):
        yield f'help-{name}', lines(name, '--help')
        yield f'bare-{name}', lines(name)
    yield 'init-token', lines('init-token', '--label', 'a', '--so-pin-fd', '3', '--pin-file', '/p')
    yield 'status', lines('status', '--json')
    yield 'rotate', lines('rotate', 'dek', '--if-older', '90d', '--token', 'a', '--dry-run')
    yield 'rotate-master', lines('rotate', 'master', '--if-older', '1w')
    yield 'rotate-age', lines('rotate', 'dek', '--if-older', '99999999999999999999d')
    yield 'seal-list', lines('seal', 'list', '--json')
    yield 'seal-add', lines('seal', 'add', '--new-shares', '3/5', '--name', 'safe')
    yield 'seal-add-wrong', lines('seal', 'add', '--new-shares', '5/3')
    yield 'seal-remove', lines('seal', 'remove', '0011', '--no-recovery', '--no-platform')
    yield 'seal-test', lines('seal', 'test', '0011', '--key', 'pkcs11:object=a', '--pin-fd', '3')
    yield 'recover', lines('recover', '--shares', '/s', '--expect', '00:11', '--dry-run')
    yield 'recover-two', lines('recover', '--key', '/k', '--opened', '/o', '--yes')
    yield 'prune', lines('prune', '--superseded', '--dry-run')
    yield 'audit', lines('audit', 'show')
    yield 'attest', lines('attest', '--nonce', '0011', '--file', '/f', '--json', '--out', '/o')
    yield 'attest-key', lines('attest', '--key', 'pkcs11:token=a;object=b', '--pin-fd', '3')
    yield 'attest-fetch', lines('attest', '--report-data', '00' * 64, '--fetch', '--kds', 'u')
    yield 'csr', lines('csr', '--key', 'pkcs11:token=a;object=b', '--subject', 'CN=x', '--san',
                       'DNS:x', '--nonce', '00', '--no-evidence')
    yield 'csr-pin', lines('csr', '--key', 'pkcs11:object=b?pin-value=1', '--subject', 'CN=x')
    yield 'verify', lines('verify', '/e', '--policy', '/p', '--json', '--offline', '--no-cache')
    yield 'abbreviated', lines('seal', 'add', '--new-s', '3/5', '--', 'x')


def uri_seeds():
    """URIs, and after a zero byte what the modules that they lead to answer."""
    answers = bytes(range(256)) * 2
    for name, text in {'plain': 'pkcs11:token=a;object=b;type=private',
                       'id': 'pkcs11:id=%01%02;object=b',
                       'module': 'pkcs11:object=b?module-path=/m.so&pin-value=1234',
                       'pin-file': 'pkcs11:object=b?pin-source=file:/pin',
                       'pin-file-here': 'pkcs11:object=b?pin-source=file://localhost/pin',
                       'pin-file-there': 'pkcs11:object=b?pin-source=file://there',
                       'empty': 'pkcs11:', 'scheme': 'http:', 'percent': 'pkcs11:object=%',
                       'twice': 'pkcs11:object=a;object=b', 'unknown': 'pkcs11:x=y',
                       'slot': 'pkcs11:slot-id=99999999999999999999'}.items():
        yield name, text.encode() + b'\0' + answers
    yield 'found', b'pkcs11:?pin-value=1\0' + bytes(48)


def audit_seeds():
    """Exports of the audit log: choices for whole ones, and lines as somebody may have written them."""
    line = {'number': 1, 'time': 1795000000, 'event': 'store-made', 'code': 1, 'token': '',
            'detail': 'a store', 'previous': '00' * 32, 'hash': '00' * 32}
    text = lambda o: json.dumps(o, separators=(',', ':')).encode() + b'\n'
    for name, content in step_seeds():
        yield name, b'\0' + content[:600]
    yield 'zero-in-detail', b'\0\0' + bytes(4) + b'\0\1\0' + b'\3a\0b' + bytes(8)
    yield 'line', text(line)
    yield 'no-end', text(line)[:-1]
    yield 'spaces', json.dumps(line).encode() + b'\n'
    yield 'hex', text({k if k != 'detail' else 'detail_hex': v for k, v in
                       (line | {'detail': 'ff00'}).items()})
    yield 'twice', text(line)[:-2] + b',"code":2}\n'
    yield 'more', text(line | {'x': 1})
    yield 'negative', text(line | {'number': -1})
    yield 'large', text(line | {'time': 2**64})
    yield 'nothing', b'\n'
    yield 'list', b'[]\n'


SEEDS = {'audit': audit_seeds, 'owner': owner_seeds, 'command': command_seeds, 'uri': uri_seeds,
         'report': report_seeds, 'certtable': certtable_seeds, 'evidence': evidence_seeds,
         'handoff': handoff_seeds,
         'kds': kds_seeds, 'policy': policy_seeds,
         'conf': conf_seeds, 'env': env_seeds, 'softhsm2': softhsm2_seeds, 'bag': bag_seeds,
         'record': record_seeds, 'binding': binding_seeds,
         'template': step_seeds, 'params': step_seeds, 'api': step_seeds, 'store': step_seeds}


def main():
    for name, seeds in SEEDS.items():
        directory = pathlib.Path(sys.argv[1]) / name
        directory.mkdir(parents=True, exist_ok=True)
        for file, content in seeds():
            (directory / file).write_bytes(content)


if __name__ == '__main__':
    main()
