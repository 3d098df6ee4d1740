#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Make the seeds of tests/fuzz/corpus that are written by hand.

Usage: seeds.py CORPUS_DIRECTORY. Run it again when a format changes. Files whose name is a hash
were found by a fuzzer; they stay.
"""
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
    yield 'binary', bytes(range(1, 256))


def attr(kind, value):
    """One attribute of a record."""
    return struct.pack('>QI', kind, len(value)) + value


def record(*attrs):
    """A record: version, count, attributes."""
    return struct.pack('>BH', 1, len(attrs)) + b''.join(attrs)


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


SEEDS = {'conf': conf_seeds, 'record': record_seeds, 'binding': binding_seeds,
         'template': step_seeds, 'params': step_seeds, 'api': step_seeds, 'store': step_seeds}


def main():
    for name, seeds in SEEDS.items():
        directory = pathlib.Path(sys.argv[1]) / name
        directory.mkdir(parents=True, exist_ok=True)
        for file, content in seeds():
            (directory / file).write_bytes(content)


if __name__ == '__main__':
    main()
