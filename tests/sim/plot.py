#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws the simulator's figures as SVG, the mean of the runs.

Usage: plot.py SUPPLY.csv RATIO.csv FOLDER (writes simulator-supply.svg and
simulator-ratio.svg there).
"""
import csv
import pathlib
import sys

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 50, 20, 20
COLORS = ('#1f6fb4', '#c8501e', '#2c8a4b', '#777777')


class Plot:
    def __init__(self, xs, x_name, y_name):
        self.lo, self.hi = min(xs), max(xs)
        self.out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
                    'font-family="sans-serif" font-size="12">',
                    '<rect width="100%" height="100%" fill="white"/>']
        for i in range(6):
            y = i / 5
            self.out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(y):.1f}" '
                            f'y2="{self.y(y):.1f}" stroke="#ddd"/>'
                            f'<text x="{LEFT - 8}" y="{self.y(y) + 4:.1f}" '
                            f'text-anchor="end">{y:.1f}</text>')
        for x in xs[::max(1, len(xs) // 10)]:
            self.out.append(f'<text x="{self.x(x):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                            f'text-anchor="middle">{x:.2f}</text>')
        self.out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" '
                        f'text-anchor="middle">{x_name}</text>'
                        f'<text transform="translate(16,{HEIGHT / 2}) rotate(-90)" '
                        f'text-anchor="middle">{y_name}</text>')
        self.lines = 0

    def x(self, value):
        return LEFT + (value - self.lo) / (self.hi - self.lo) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - min(value, 1.1) / 1.1 * (HEIGHT - BOTTOM - TOP)

    def line(self, points, name, dashed=False):
        color = COLORS[self.lines]
        path = ' '.join(f'{self.x(x):.1f},{self.y(y):.1f}' for x, y in points)
        dash = ' stroke-dasharray="6 4"' if dashed else ''
        self.out.append(f'<polyline points="{path}" fill="none" stroke="{color}" '
                        f'stroke-width="2"{dash}/>'
                        f'<text x="{WIDTH - RIGHT - 8}" y="{HEIGHT - BOTTOM - 12 - 18 * self.lines}" '
                        f'text-anchor="end" fill="{color}">{name}</text>')
        self.lines += 1

    def mark(self, x, name):
        self.out.append(f'<line x1="{self.x(x):.1f}" x2="{self.x(x):.1f}" y1="{TOP}" '
                        f'y2="{HEIGHT - BOTTOM}" stroke="#777" stroke-dasharray="2 3"/>'
                        f'<text x="{self.x(x) + 4:.1f}" y="{TOP + 12}" fill="#555">{name}</text>')

    def write(self, path):
        path.write_text('\n'.join(self.out + ['</svg>', '']))


def rows(path):
    with open(path, newline='') as f:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(f)]


def means(path, key):
    """One row for each value of key: the mean over its runs."""
    at = {}
    for row in rows(path):
        at.setdefault(row[key], []).append(row)
    return [{k: sum(r[k] for r in runs) / len(runs) for k in runs[0]}
            for _, runs in sorted(at.items())]


def main():
    supply, ratio = means(sys.argv[1], 'supply'), means(sys.argv[2], 'of_critical')
    folder = pathlib.Path(sys.argv[3])
    plot = Plot([r['supply'] for r in supply], 'upload supply / demand', 'share of the stream')
    plot.line([(r['supply'], r['fluid_limit']) for r in supply], 'fluid limit', True)
    plot.line([(r['supply'], r['received']) for r in supply], 'received')
    plot.line([(r['supply'], r['played']) for r in supply], 'played')
    plot.write(folder / 'simulator-supply.svg')
    plot = Plot([r['of_critical'] for r in ratio],
                'super peers per ordinary peer / critical ratio', 'share of the stream')
    plot.line([(r['of_critical'], r['received']) for r in ratio], 'received')
    plot.line([(r['of_critical'], r['played']) for r in ratio], 'played')
    plot.mark(1.0, 'critical ratio')
    plot.mark(1.15, '+ 15 %')
    plot.write(folder / 'simulator-ratio.svg')


if __name__ == '__main__':
    main()
