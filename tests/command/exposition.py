#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Read a page in the text exposition format of Prometheus (0.0.4) and hold it to the format and to
what `promtool check metrics` holds names to.

Usage: exposition.py FILE [SAMPLE]. Prints the value of SAMPLE, written as NAME{label="is"}; without
one, every sample. Exit 1 with a line per fault, or where there is no such sample.
"""
import math
import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
HELP = re.compile(rf'^# HELP ({NAME}) (\S.*)$')
TYPE = re.compile(rf'^# TYPE ({NAME}) (counter|gauge)$')
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf'^({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (\S+)$')
RESERVED = ('_sum', '_count', '_bucket')
SHORT_UNITS = re.compile(r'_(s|ms|us|ns|sec|secs|b|kb|mb|milliseconds|minutes|hours|days|kilobytes)(_|$)')


class Page:
    """Families in the order of the page, each with its samples."""

    def __init__(self, text):
        self.faults = []
        self.samples = {}
        self._types, self._helps, self._closed, self._now = {}, set(), set(), None
        if not text.endswith('\n'):
            self.faults.append('the last line does not end')
        for number, line in enumerate(text.split('\n')[:-1], 1):
            fault = self._read(line)
            if fault:
                self.faults.append(f'line {number}: {fault}: {line}')

    def _read(self, line):
        for pattern, take in ((HELP, self._help), (TYPE, self._type), (SAMPLE, self._sample)):
            match = pattern.match(line)
            if match:
                return take(*match.groups())
        return 'not of the format'

    def _enter(self, name):
        if name != self._now:
            self._closed.add(self._now)
            self._now = name
        return 'a family in two places' if name in self._closed else None

    def _help(self, name, text):
        if name in self._helps:
            return 'a second HELP'
        self._helps.add(name)
        return self._enter(name) or ('a HELP that ends in white space' if text != text.strip() else None)

    def _type(self, name, kind):
        if name in self._types:
            return 'a second TYPE'
        self._types[name] = kind
        if (kind == 'counter') != name.endswith('_total'):
            return 'counters end in _total, and nothing else does'
        if name.endswith(RESERVED) or SHORT_UNITS.search(name) or kind in name.split('_'):
            return 'a suffix that has another meaning, a unit that is no base unit, or a type as name'
        return self._enter(name)

    def _sample(self, name, labels, value):
        key = name + (labels or '')
        if name not in self._types or name not in self._helps:
            return 'a sample without HELP and TYPE before it'
        if key in self.samples:
            return 'a sample twice'
        try:
            number = float(value)
        except ValueError:
            return 'not a number'
        if math.isnan(number) or number < 0:
            return 'not a number of this page: they are never negative'
        self.samples[key] = value
        return self._enter(name)

    def empty_families(self):
        """Families without a sample say nothing."""
        with_samples = {key.split('{')[0] for key in self.samples}
        return sorted(set(self._types) - with_samples)


def main():
    with open(sys.argv[1], encoding='utf-8') as f:
        page = Page(f.read())
    for fault in page.faults:
        print(fault)
    if page.faults or not page.samples:
        return 1
    if len(sys.argv) == 2:
        print('\n'.join(f'{key} {value}' for key, value in page.samples.items()))
        print('\n'.join(f'# no sample: {name}' for name in page.empty_families()))
        return 0
    if sys.argv[2] not in page.samples:
        print(f'no sample {sys.argv[2]}')
        return 1
    print(page.samples[sys.argv[2]])
    return 0


if __name__ == '__main__':
    sys.exit(main())
