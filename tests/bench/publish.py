#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Tables and plots from what p11bench and p11store wrote.

Usage: publish.py FIGURES DOCS

Replaces what stands between `<!-- figures: NAME -->` and `<!-- end -->` in DOCS/performance.md, and
draws DOCS/plots/*.svg with gnuplot.
"""
import json
import pathlib
import re
import subprocess
import sys

SUFFIX = {
    'per_second': [(1e6, 'M/s'), (1e3, 'k/s'), (1, '/s')],
    'seconds': [(1, ' s'), (1e-3, ' ms'), (1e-6, ' us'), (1e-9, ' ns')],
    'bytes': [(1 << 20, ' MiB'), (1 << 10, ' KiB')],
    'share': [(1, '')],
}


def text_of(figure, unit):
    """Three digits and a unit; a difference of two figures may be below 0."""
    least, suffix = next((s for s in SUFFIX[unit] if abs(figure) >= s[0]), SUFFIX[unit][-1])
    value = figure / least
    return f'{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}{suffix}'


def cell_of(figure, unit):
    if figure is None:
        return ''
    if 'refused' in figure:
        return f"- {figure['refused']}"
    ratio = f" ({figure['ratio']:.2f})" if 'ratio' in figure else ''
    return text_of(figure['median'], unit) + ratio


class Figures:
    """All rows of some files: (case, count) -> unit and {contestant: figure}."""

    def __init__(self, folder, paths):
        self.folder = folder
        self.rows = {}
        for path in paths:
            for row in json.loads(path.read_text())['rows']:
                key = (row['case'], row['count'])
                unit, sides = self.rows.setdefault(key, (row['unit'], {}))
                for figure in row['figures']:
                    sides[figure['of']] = figure

    def sides(self, keys):
        """Contestants in these rows: raw first, the module next."""
        names = {name for key in keys for name in self.rows[key][1]}
        return sorted(names, key=lambda n: (n != 'raw OpenSSL', n != 'tee-pkcs11', n))

    def table(self, wanted):
        keys = [key for key in self.rows if wanted(*key)]
        sides = self.sides(keys)
        lines = ['| | ' + ' | '.join(sides) + ' |', '|---|' + '---:|' * len(sides)]
        for key in keys:
            name = key[0] if key[1] == 0 else f'{key[0]} at {key[1]:,}'
            unit, figures = self.rows[key]
            cells = [cell_of(figures.get(side), unit) for side in sides]
            lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
        return '\n'.join(lines)

    def series(self, case, scale):
        """{contestant: [(count, figure)]} of a case."""
        found = {}
        for (name, count), (_, figures) in sorted(self.rows.items()):
            if name != case:
                continue
            for side, figure in figures.items():
                if 'median' in figure:
                    found.setdefault(side, []).append((count, figure['median'] * scale))
        return found

    def goals(self):
        lines = ['| case | reached, goal |', '|---|---|']
        for path in sorted(self.folder.glob('*.md')):
            for line in path.read_text().splitlines():
                match = re.match(r'\| 6 \| ([^|]*) \| ([^|]*) \|', line)
                if match:
                    lines.append(f'| {match[1]} | {match[2].strip()} |')
        return '\n'.join(lines)

    def store(self):
        return '\n\n'.join((self.folder / name).read_text().strip()
                           for name in ('compare.md', 'pages.md'))


def is_object_case(case, count):
    return count > 0 and not case.startswith('ecdsa-p256-')


PLOTS = [
    # file, case, scale, title of y, title of x, logarithmic
    ('threads', 'ecdsa-p256-threads', 1e-3, 'P-256 signatures, 1000 per second', 'threads', False),
    ('search', 'find-by-label', 1e6, 'search by label, us', 'objects in the token', True),
    ('start-up', 'cold-sign', 1e3, 'process to signature, ms', 'objects in the token', True),
    ('memory', 'memory', 1.0 / (1 << 20), 'anonymous memory, MiB', 'objects in the token', True),
]


def draw(figures, folder, plot):
    """One plot; the peers' figures are in it where they were measured."""
    name, case, scale, y, x, logarithmic = plot
    series = figures.series(case, scale)
    blocks, curves = [], []
    for i, side in enumerate(figures.sides([k for k in figures.rows if k[0] == case])):
        points = series.get(side)
        if points:
            blocks.append(f'$s{i} << EOD\n' + '\n'.join(f'{n} {v:.6g}' for n, v in points) + '\nEOD')
            curves.append(f'$s{i} using 1:2 with linespoints lw 2 title "{side}"')
    script = '\n'.join(blocks) + f'''
set terminal svg size 640,400 font "sans,12" background "white"
set output "{folder / (name + '.svg')}"
set xlabel "{x}"
set ylabel "{y}"
set key outside right top
set grid
{'set logscale xy' if logarithmic else 'set yrange [0:*]'}
plot {', '.join(curves)}
'''
    if curves:
        subprocess.run(['gnuplot'], input=script, text=True, check=True)


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    folder, docs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    with_peers = sorted(folder.glob('peers*.json'))
    alone = sorted(set(folder.glob('*.json')) - set(with_peers))
    figures, peers = Figures(folder, alone), Figures(folder, with_peers)
    parts = {
        'goals': figures.goals(),
        'crypto': figures.table(lambda case, count: count == 0),
        'parallel': figures.table(lambda case, count: case.startswith('ecdsa-p256-')
                                  and count > 0),
        'objects': figures.table(is_object_case),
        'peers': peers.table(lambda case, count: True),
        'store': figures.store(),
    }
    page = docs / 'performance.md'
    text = page.read_text()
    for name, part in parts.items():
        pattern = rf'(<!-- figures: {name} -->\n).*?(<!-- end -->)'
        text, n = re.subn(pattern, lambda m, p=part: f'{m[1]}\n{p}\n\n{m[2]}', text, flags=re.S)
        if n != 1:
            sys.exit(f'publish.py: {page} has no place for {name}')
    page.write_text(text)
    (docs / 'plots').mkdir(exist_ok=True)
    for plot in PLOTS:
        draw(Figures(folder, with_peers + alone), docs / 'plots', plot)
    return 0


if __name__ == '__main__':
    sys.exit(main())
