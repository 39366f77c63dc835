"""Draws the figures of doc/accuracy.md as SVG.

SPDX-License-Identifier: Apache-2.0
"""
import math
import pathlib

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 400, 60, 50, 90, 20
COLORS = ("#1f6fb4", "#c8501e", "#2c8a4b", "#8a4fb0", "#777777")


class Plot:
    """Lines over a logarithmic axis of marked places; y from 0 to most."""

    def __init__(self, title, xs, x_name, most, y_name, x_text=str):
        self.lo, self.hi, self.most = math.log(min(xs)), math.log(max(xs)), most
        self.lines = 0
        self.out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
                    'font-family="sans-serif" font-size="12">',
                    '<rect width="100%" height="100%" fill="white"/>',
                    f'<text x="{LEFT}" y="20" font-size="14">{title}</text>']
        for i in range(6):
            value = most * i / 5
            self.out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(value):.1f}" '
                            f'y2="{self.y(value):.1f}" stroke="#ddd"/><text x="{LEFT - 8}" '
                            f'y="{self.y(value) + 4:.1f}" text-anchor="end">{value:.4g}</text>')
        for x in xs:
            self.out.append(f'<text x="{self.x(x):.1f}" y="{HEIGHT - BOTTOM + 18}" '
                            f'text-anchor="middle">{x_text(x)}</text>')
        self.out.append(f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" text-anchor="middle">{x_name}'
                        f'</text><text transform="translate(16,{HEIGHT / 2}) rotate(-90)" '
                        f'text-anchor="middle">{y_name}</text>')

    def x(self, value):
        part = (math.log(value) - self.lo) / (self.hi - self.lo)
        return LEFT + 20 + part * (WIDTH - LEFT - RIGHT - 40)

    def y(self, value):
        return HEIGHT - BOTTOM - min(max(value / self.most, 0), 1) * (HEIGHT - BOTTOM - TOP)

    def line(self, points, name, dashed=False):
        points = [(x, y) for x, y in points if y is not None]
        if not points:
            return
        color, dash = COLORS[self.lines], ' stroke-dasharray="6 4"' if dashed else ""
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.out.append(f'<polyline points="{path}" fill="none" stroke="{color}" '
                        f'stroke-width="2"{dash}/>')
        self.out += [f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{color}"/>'
                     for x, y in points]
        self.out.append(f'<text x="{LEFT}" y="{40 + 16 * self.lines}" fill="{color}">'
                        f'\u2014 {name}</text>')
        self.lines += 1

    def level(self, value, name):
        self.out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{self.y(value):.1f}" '
                        f'y2="{self.y(value):.1f}" stroke="#444" stroke-dasharray="2 3"/>'
                        f'<text x="{LEFT + 4}" y="{self.y(value) - 4:.1f}" fill="#444">{name}'
                        '</text>')

    def write(self, path):
        path.write_text("\n".join(self.out + ["</svg>", ""]))


def series(cases, key, factor=1):
    return [(f["period_s"], None if f[key] is None else factor * f[key]) for f in cases]


def recall(cases, plain, folder):
    periods = [f["period_s"] for f in cases]
    p = Plot("Stalls found, of those of 0.5 s and more, by how often maps are seen", periods,
             "map period (s)", 100, "stalls found (%)")
    p.line(series(cases, "stall_recall", 100), "swarmscope, play position hidden")
    p.line(series(cases, "plain_recall", 100), "plain rule on the same swarms")
    p.line([(x, 100 * y) for x, y in sorted(plain.items())], "plain rule, its own trial", True)
    p.level(98, "")
    p.write(folder / "accuracy-stalls.svg")


def startup(cases, folder):
    periods = [f["period_s"] for f in cases]
    p = Plot("Errors by how often maps are seen", periods, "map period (s)", 2,
             "error (s); 2 and more above")
    p.line(series(cases, "startup_median"), "start-up, median")
    p.line(series(cases, "startup_p95"), "start-up, 95 %")
    p.line(series(cases, "lag_median"), "lag, median")
    p.level(0.15, "budget of the median, at 1 s")
    p.level(0.6, "budget of 95 %, at 1 s")
    p.write(folder / "accuracy-startup.svg")


def coverage(cases, folder):
    shares = [f["heard"] for f in cases]
    p = Plot("Errors by the share of the peers that is heard", shares, "peers heard (%)", 5,
             "retrieval error (points)")
    p.line([(f["heard"], 100 * f["retrieval_error"]) for f in cases], "retrieval curve")
    p.line([(f["heard"], 10 * f["startup_median"]) for f in cases],
           "start-up median (tenths of a second)")
    p.line([(f["heard"], 10 * f["lag_median"]) for f in cases],
           "lag median (tenths of a second)")
    p.level(0.5, "budget of the curve, all heard")
    p.write(folder / "accuracy-coverage.svg")


def draw(figures, plain, folder):
    folder = pathlib.Path(folder)
    stalls = [f for f in figures if f["case"].startswith("stalls/")]
    parts = [dict(f, heard=int(f["case"].split("/")[1].rstrip("%")))
             for f in figures if f["case"].startswith("partial-view/")]
    if len(stalls) > 1:
        recall(stalls, plain, folder)
        startup(stalls, folder)
    if len(parts) > 1:
        coverage(sorted(parts, key=lambda f: f["heard"]), folder)
