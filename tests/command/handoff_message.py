#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a hostile network does to the messages of a hand-over (docs/formats.md), for test-handoff.sh.

  cut FILE BYTES OUT            the first bytes
  flip FILE OFFSET OUT          one byte inverted
  grow FILE OUT                 a byte behind the end
  splice FILE PART FROM OUT     FILE with that part of FROM: evidence, sealed, report, statement,
                                certificates
  of-evidence FILE EVIDENCE OUT FILE's statement in a report that another VM made over its hash
  report-data FILE              that hash: what such a report is to be over
  restate FILE FIELD OUT        the statement with one field changed: store, time, nonce, kind; key of a
                                request, fingerprint of an approval
  version FILE OUT              a version that does not exist yet
  size FILE                     in bytes
"""
import hashlib
import sys


def read_tlv(data, at=0):
    """One value: tag, content, where it ends."""
    tag, first = data[at], data[at + 1]
    at += 2
    size = first
    if first & 0x80:
        n = first & 0x7F
        size = int.from_bytes(data[at:at + n], 'big')
        at += n
    return tag, data[at:at + size], at + size


def tlvs(content):
    at, found = 0, []
    while at < len(content):
        tag, value, at = read_tlv(content, at)
        found.append((tag, value))
    return found


def tlv(tag, content):
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(size)]) + size + content


def join(tag, parts):
    return tlv(tag, b''.join(tlv(t, v) for t, v in parts))


class Message:
    """Handoff { version, evidence Evidence, body }."""

    def __init__(self, data):
        self.version, (_, evidence), self.body = tlvs(read_tlv(data)[1])
        self.evidence = Evidence(evidence)

    def encode(self):
        return join(0x30, [self.version, (4, self.evidence.encode()), self.body])


class Evidence:
    """Evidence { version, platform, report, statement, certificates }."""

    def __init__(self, data):
        parts = tlvs(read_tlv(data)[1])
        self.head, self.report = parts[:2], parts[2]
        self.statement = parts[3] if parts[3][0] == 0x80 else None
        self.certificates = parts[-1]

    def encode(self):
        middle = [self.report] + ([self.statement] if self.statement else [])
        return join(0x30, self.head + middle + [self.certificates])


def load(path):
    with open(path, 'rb') as f:
        return f.read()


def store(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def report_data(statement):
    return hashlib.sha512(b'tee-pkcs11 statement 1\0' + statement).hexdigest()


def splice(message, part, other):
    if part == 'evidence':
        message.evidence = other.evidence
    elif part == 'sealed':
        message.body = other.body
    else:
        setattr(message.evidence, part, getattr(other.evidence, part))
    return message.encode()


def restate(message, field):
    nonce, time, (tag, subject) = tlvs(read_tlv(message.evidence.statement[1])[1])
    inner = tlvs(read_tlv(subject)[1])
    if field == 'store':
        inner[0] = (4, bytes([inner[0][1][0] ^ 1]) + inner[0][1][1:])
    elif field in ('key', 'fingerprint'):
        inner[1] = (4, inner[1][1][:-1] + bytes([inner[1][1][-1] ^ 1]))
    elif field == 'time':
        time = (2, (int.from_bytes(time[1], 'big') + 1).to_bytes(len(time[1]), 'big'))
    elif field == 'nonce':
        nonce = (4, bytes([nonce[1][0] ^ 1]) + nonce[1][1:])
    body = tlv(0x30, b''.join(tlv(t, v) for t, v in inner))
    parts = [nonce, time, (tag, body)]
    if field == 'kind':
        parts[2] = (0xA0, tlv(5, b''))
    message.evidence.statement = (0x80, join(0x30, parts))
    return message.encode()


def main(what, path, *rest):
    data = load(path)
    if what == 'size':
        print(len(data))
    elif what == 'cut':
        store(rest[1], data[:int(rest[0])])
    elif what == 'flip':
        at = int(rest[0])
        store(rest[1], data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1:])
    elif what == 'grow':
        store(rest[0], data + b'\0')
    elif what == 'version':
        message = Message(data)
        message.version = (2, bytes([message.version[1][0] + 1]))
        store(rest[0], message.encode())
    elif what == 'report-data':
        print(report_data(Message(data).evidence.statement[1]))
    elif what == 'splice':
        store(rest[2], splice(Message(data), rest[0], Message(load(rest[1]))))
    elif what == 'restate':
        store(rest[1], restate(Message(data), rest[0]))
    elif what == 'of-evidence':
        message, evidence = Message(data), Evidence(load(rest[0]))
        evidence.statement = message.evidence.statement
        message.evidence = evidence
        store(rest[1], message.encode())
    else:
        sys.exit(f'{sys.argv[0]}: {what}?')


if __name__ == '__main__':
    main(*sys.argv[1:])
