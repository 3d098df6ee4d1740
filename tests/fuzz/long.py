#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run the libFuzzer programs, and say how far each one came.

Usage: long.py BUILD_FUZZ [--minutes M] [--quiet M] [--jobs N] [--found DIRECTORY] [HARNESS...]

Each runs for M minutes (30), and on until its coverage has not grown for the quiet ones (10): minutes of
the processor's time, so that a busy machine takes nothing off; N (1) at once. It starts
from tests/fuzz/corpus and what a run before left in DIRECTORY/corpus; what it adds goes there, findings to
DIRECTORY (a new one of mktemp's unless it is named). A line per harness: inputs run, coverage (edges), features, size of the corpus, when
coverage last grew. Exit status 1 when anything was found.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

STATUS = re.compile(r'^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/')
KEEPS_MEMORY = {'store', 'api'}  # what a process has seen
MAX_LEN = 4096
ROOT = pathlib.Path(__file__).resolve().parent


class Run:
    """One harness at work."""

    def __init__(self, program, name, found):
        corpus = found / 'corpus' / name
        corpus.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.runs = self.coverage = self.features = self.size = 0
        self.used = self.grown = 0.0  # seconds of the processor
        self.log = (found / f'{name}.log').open('w')
        environment = dict(os.environ, UBSAN_OPTIONS='print_stacktrace=1:halt_on_error=1',
                           ASAN_OPTIONS='detect_stack_use_after_return=1:intercept_tls_get_addr=0')
        self.process = subprocess.Popen(
            ['nice', '-n', '19', program, f'-max_len={MAX_LEN}', '-timeout=60', '-rss_limit_mb=4096',
             f'-detect_leaks={int(name not in KEEPS_MEMORY)}', '-print_final_stats=1',
             f'-artifact_prefix={found / name}-', corpus, ROOT / 'corpus' / name],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors='replace', env=environment)
        os.set_blocking(self.process.stderr.fileno(), False)

    def read(self):
        """Take in what it has said since."""
        for line in iter(self.process.stderr.readline, ''):
            self.log.write(line)
            match = STATUS.match(line)
            if not match:
                continue
            runs, coverage, features, size = map(int, match.groups())
            if coverage > self.coverage:
                self.grown = self.used
            self.runs, self.features, self.size = runs, features, size
            self.coverage = max(coverage, self.coverage)

    def clock(self):
        """What it has used of the processor. The name in stat may hold anything but is in brackets."""
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        user, system = stat.rpartition(')')[2].split()[11:13]
        self.used = (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')

    def until(self, minutes, quiet):
        """Let it work; True when it ended as it was asked to."""
        while self.process.poll() is None:
            time.sleep(1)
            self.clock()
            self.read()
            if self.used >= 60 * minutes and self.used - self.grown >= 60 * quiet:
                self.process.send_signal(signal.SIGINT)
                self.process.wait()
                self.read()
                self.stats()
                return True
        self.read()
        return False

    def stats(self):
        """The exact number of runs is in its last words."""
        self.log.flush()
        text = pathlib.Path(self.log.name).read_text(errors='replace')
        match = re.search(r'number_of_executed_units: (\d+)', text)
        if match:
            self.runs = int(match.group(1))

    def line(self, good):
        """A row of the table."""
        took, idle = self.used / 60, (self.used - self.grown) / 60
        return (f'| {self.name} | {took:.1f} | {self.runs:,} | {self.coverage:,} | {self.features:,} | '
                f'{self.size:,} | {idle:.1f} | {"" if good else "**found something**"} |')


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--quiet', type=float, default=10)
    parser.add_argument('--jobs', type=int, default=1)
    parser.add_argument('--found', type=pathlib.Path)
    parser.add_argument('harness', nargs='*')
    options = parser.parse_intermixed_args()
    programs = {p.name.removeprefix('libfuzzer-'): p
                for p in sorted((options.build / 'tests/fuzz').glob('libfuzzer-*')) if p.is_file()}
    found = options.found or pathlib.Path(tempfile.mkdtemp(prefix='tee-fuzz-'))

    if not programs or not set(options.harness) <= programs.keys():
        sys.exit(f'long.py: there are {", ".join(programs) or "no fuzzers"} in {options.build}')
    found.mkdir(parents=True, exist_ok=True)
    print(f'found: {found}\n\n| harness | minutes | inputs | coverage | features | corpus | minutes since '
          'coverage grew | |\n|---|---|---|---|---|---|---|---|', flush=True)

    def work(name):
        run = Run(programs[name].resolve(), name, found.resolve())
        good = run.until(options.minutes, options.quiet)
        print(run.line(good), flush=True)
        return good

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(work, options.harness or programs))
    sys.exit(not all(results))


if __name__ == '__main__':
    main()
