#!/usr/bin/python3
"""How wrong the results are: simulated swarms, scored, pooled, held against budgets.

    accuracy.py [--short] [--seeds A-B] [--offsets LIST] [--only NAME,...] [--json FILE]
                [--markdown FILE] [--svg FOLDER] [--ceilings FILE [--lower]] [--keep FOLDER]
                SWARMSCOPE

Runs scenarios x map periods x seeds. A case is a built-in scenario seen through a map
period, a share of the peers or a lossy capture; its maps carry no play position that
the analysis may use (--ignore-playpos), and what their offset means is drawn by seed.
Prints one row a case, one for all cases of a full view together, and the budgets. Exit
status 1: the full view misses one, or a swarm with many stalls finds fewer than the plain
rule (plain.py) does.

Errors are pooled over a case's runs before medians and percentiles are taken. Of a
case that hears only a share of the peers the runs of those heard count.

SPDX-License-Identifier: Apache-2.0
"""
import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

import plain
import plot

HERE = os.path.dirname(os.path.abspath(__file__))

# name: scenario, map period seen (None: each map as sent), view besides it. A full view is
# a capture of all that goes over the wire, chunks too; without them maps tell alone.
CASES = {
    "steady/1": ("steady", 1, "chunks: yes"),
    "churn/1": ("churn", 1, "chunks: yes"),
    "dips/1": ("dips", 1, "chunks: yes"),
    "flash-crowd/1": ("flash-crowd", 1, "chunks: yes"),
    "zapping/1": ("zapping", 1, "chunks: yes"),
    "reboots/1": ("reboots", 1, "chunks: yes"),
    "polluter/1": ("polluter", 1, "chunks: yes"),
    "map-liar/1": ("map-liar", 1, "chunks: yes"),
    "lossy-capture/1": ("lossy-capture", 1, "chunks: yes, loss: 10%"),
    "dips/1 maps": ("dips", 1, ""),
    "zapping/1 maps": ("zapping", 1, ""),
    "dips/5": ("dips", 5, ""),
    "coarse-maps/5": ("coarse-maps-1", 5, ""),
    "coarse-maps/10": ("coarse-maps-1", 10, ""),
    "stalls/1": ("stalls", 1, ""),
    "stalls/2": ("stalls", 2, ""),
    "stalls/5": ("stalls", 5, ""),
    "stalls/10": ("stalls", 10, ""),
    "stalls/30": ("stalls", 30, ""),
    "stalls/60": ("stalls", 60, ""),
    "partial-view/100%": ("partial-view-100", 1, "chunks: yes"),
    "partial-view/30%": ("partial-view-30", 1, "chunks: yes, share: 30%"),
    "partial-view/10%": ("partial-view-10", 1, "chunks: yes, share: 10%"),
}
SHORT = ["dips/1", "zapping/1", "reboots/1", "dips/5"]
# What inference.md promises of maps a second and a full view.
BUDGETS = {
    "startup_median": (0.15, "most"), "startup_p95": (0.6, "most"),
    "switch_median": (0.25, "most"), "switch_p95": (0.8, "most"),
    "stall_recall": (0.98, "least"), "stall_precision": (0.98, "least"),
    "stall_time_error": (0.01, "most"), "reboot_f1": (1.0, "least"),
    "lag_median": (0.1, "most"), "retrieval_error": (0.005, "most"),
    "coverage": (0.93, "least"), "width": (1.2, "most"),
}
BUDGET_CASES = ("steady/1", "churn/1", "dips/1", "flash-crowd/1", "zapping/1", "reboots/1")
FULL = "all of a full view"
# Recall of the plain rule by map period, in a trial of its own.
PLAIN = {1: 0.985, 5: 0.926, 10: 0.855, 60: 0.388}


def tool(args, *more, **kw):
    done = subprocess.run([args.swarmscope, *more], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **kw)
    if done.returncode != 0:
        sys.exit(f"accuracy: {' '.join(more)}: status {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def scenario_text(args, name, period, more):
    own = os.path.join(HERE, name + ".yaml")
    if os.path.exists(own):
        with open(own) as f:
            text = f.read()
    else:
        text = tool(args, "simulate", "--show", name)
    text = re.sub(r"(?m)^view:.*\n", "", text)
    view = [] if "chunks" in more else ["chunks: no"]
    view += [f"map_period: {period}s"] if period else []
    view += [more] if more else []
    return text + "view: {%s}\n" % ", ".join(view)


def check_sane(report, stem):
    """No session may tell what cannot be: nobody is an hour behind in minutes of video."""
    for session in report["sessions"]:
        for key in ("lag_s", "buffer_s", "played_s"):
            if session[key] is not None and not -60 < session[key] < 3600:
                sys.exit(f"{stem}: {session['peer']} has {key} {session[key]}")


def run_one(args, case, seed):
    """One simulated swarm, scored: what score --json says and what the run was."""
    scenario, period, more = CASES[case]
    semantics = args.offsets[seed % len(args.offsets)]
    with tempfile.TemporaryDirectory() as tmp:
        base = tmp if not args.keep else args.keep
        stem = os.path.join(base, f"{case.replace('/', '-').replace(' ', '-')}-{seed}")
        with open(stem + ".yaml", "w") as f:
            f.write(scenario_text(args, scenario, period, more))
        told = json.loads(tool(args, "simulate", stem + ".yaml", "--seed", str(seed), "--json",
                               "--map-offset", semantics, "-o", stem + ".sso",
                               "--truth", stem + ".truth.ndjson"))
        tool(args, "analyze", *args.analyze, "-f", "json", "-o", stem + ".json", stem + ".sso")
        score = json.loads(tool(args, "score", "--json", "--truth", stem + ".truth.ndjson",
                                stem + ".json"))
        with open(stem + ".json") as f:
            report = json.load(f)
        check_sane(report, stem)
        if "chunks" not in more and args.plain:
            told["plain"] = plain_counts(args, stem, seed)
    return case, told, score, report


def plain_counts(args, stem, seed):
    """The plain rule, whose maps begin at the play point."""
    tool(args, "simulate", stem + ".yaml", "--seed", str(seed), "--map-offset", "play",
         "-o", stem + ".sso")
    decoded = subprocess.Popen([args.swarmscope, "decode", "--json", stem + ".sso"],
                               stdout=subprocess.PIPE, text=True)
    counts = plain.score(decoded.stdout, stem + ".truth.ndjson")
    if decoded.wait() != 0:
        sys.exit(f"accuracy: decode {stem}.sso: status {decoded.returncode}")
    return counts


def quantile(values, p):
    v = sorted(values)
    if not v:
        return None
    at = (len(v) - 1) * p
    low = int(at)
    high = min(low + 1, len(v) - 1)
    return v[low] + (at - low) * (v[high] - v[low])


def ratio(a, b):
    return a / b if b else None


class Pool:
    """What the runs of a case add up to."""

    def __init__(self, case, period=1, partial=False):
        self.case, self.period, self.partial = case, period, partial
        self.runs = self.matched = self.censored = self.silent = 0
        self.startup, self.playing, self.switch, self.lag = [], [], [], []
        self.true = self.found = self.inferred = self.false = 0
        self.true_s = self.inferred_s = 0.0
        self.reboots = [0, 0, 0, 0]
        self.retrieval = []
        self.bounds = {"startup": [], "onset": [], "duration": [], "switch": []}
        self.offsets = set()
        self.plain = {}
        self.ratios = [0, 0]  # ages whose interval was given; of these true
        self.ratio_widths = []

    def bound(self, kind, estimate, true):
        lo, hi = estimate["lo"], estimate["hi"]
        held = (lo is None or lo <= true) and (hi is None or true <= hi)
        width = float("inf") if lo is None or hi is None else hi - lo
        self.bounds[kind].append((held, width))

    def add_row(self, row):
        self.runs += 1
        self.matched += row["session"] is not None
        self.censored += row["left_censored"]
        guess, true = row["startup_inferred_s"], row["startup_true_s"]
        if guess and true is not None:
            self.startup.append(guess["best"] - true)
            self.bound("startup", guess, true)
        elif true is not None and row["session"] and not row["left_censored"]:
            self.silent += 1
        if row["playing_error_s"] is not None:
            self.playing.append(row["playing_error_s"])
        guess, true = row["switch_inferred_s"], row["switch_true_s"]
        if guess and true is not None:
            self.switch.append(guess["best"] - true)
            self.bound("switch", guess, true)
        if row["lag_true_s"] is not None and row["lag_inferred_s"] is not None:
            self.lag.append(row["lag_inferred_s"] - row["lag_true_s"])
        self.true += row["stalls_true"]
        self.found += row["stalls_found"]
        self.true_s += row["stall_s_true"]

    def add_ratios(self, score, report):
        """Do the intervals of the swarm's curve hold it? Of one channel, where it rises."""
        curve = score["retrieval"]["curve"]
        if len(report["channels"]) != 1 or not curve["age_s"]:
            return
        ours = report["channels"][0]["retrieval"]
        for i in range(score["retrieval"]["curve_first"], score["retrieval"]["curve_last"]):
            lo, hi, true = ours["ratio_lo"][i], ours["ratio_hi"][i], curve["true"][i]
            if None in (lo, hi, true) or curve["age_s"][i] > 30:
                continue
            self.ratios[0] += 1
            self.ratios[1] += lo <= true <= hi
            self.ratio_widths.append(hi - lo)

    def add(self, told, score, report):
        self.offsets.add(told["map_offset"])
        self.add_ratios(score, report)
        for key, n in told.get("plain", {}).items():
            self.plain[key] = self.plain.get(key, 0) + n
        for row in score["rows"]:
            if not self.partial or row["maps"] > 0:
                self.add_row(row)
        stalls = score["stalls"][1]
        self.inferred += stalls["inferred"]
        self.false += stalls["false"]
        self.inferred_s += stalls["inferred_s"]
        for i, key in enumerate(("true", "found", "inferred", "false")):
            self.reboots[i] += score["reboots"][key]
        for pair in score["stall_pairs"]:
            if pair["true_s"] < 0.5:
                continue
            self.bound("onset", pair["at"], pair["true_at"])
            if pair["duration_s"]:
                self.bound("duration", pair["duration_s"], pair["true_s"])
        error = score["retrieval"].get("curve_mean_abs_error")
        if error is not None:
            self.retrieval.append(error)

    def interval(self, *kinds):
        all_ = [b for k in kinds for b in self.bounds[k]]
        width = quantile([w for _, w in all_], 0.5)
        return len(all_), ratio(sum(h for h, _ in all_), len(all_)), \
            None if width is None else width / (self.period or 1)

    def f1(self):
        true, found, inferred, false = self.reboots
        if self.partial or (not true and not inferred):
            return None  # of reboots nobody says whose they were, heard or not
        recall, precision = ratio(found, true) or 0, ratio(inferred - false, inferred) or 0
        return 2 * recall * precision / (recall + precision) if recall + precision else 0.0

    def figures(self):
        size = {k: [abs(e) for e in getattr(self, k)] for k in
                ("startup", "playing", "switch", "lag")}
        n, coverage, width = self.interval(*self.bounds)
        f = {
            "case": self.case, "period_s": self.period, "sessions": self.runs,
            "matched": self.matched, "left_censored": self.censored,
            "without_start": self.silent, "offsets": sorted(self.offsets),
            "startup_n": len(self.startup),
            "startup_median": quantile(size["startup"], 0.5),
            "startup_p95": quantile(size["startup"], 0.95),
            "playing_median": quantile(size["playing"], 0.5),
            "playing_p95": quantile(size["playing"], 0.95),
            "switch_n": len(self.switch),
            "switch_median": quantile(size["switch"], 0.5),
            "switch_p95": quantile(size["switch"], 0.95),
            "stalls_true": self.true, "stalls_inferred": self.inferred,
            "stall_recall": ratio(self.found, self.true),
            "stall_precision": ratio(self.inferred - self.false, self.inferred),
            "stall_s_true": self.true_s, "stall_s_inferred": self.inferred_s,
            "stall_time_error": ratio(self.inferred_s - self.true_s, self.true_s),
            "reboots_true": self.reboots[0], "reboot_f1": self.f1(),
            "lag_n": len(self.lag), "lag_median": quantile(size["lag"], 0.5),
            "retrieval_error": ratio(sum(self.retrieval), len(self.retrieval)),
            "bounds_n": n, "coverage": coverage, "width": width,
            "plain_recall": ratio(self.plain.get("found", 0), self.plain.get("true", 0)),
            "plain_time_error": ratio(self.plain.get("claimed_s", 0) -
                                      self.plain.get("true_s", 0), self.plain.get("true_s", 0)),
            "ratio_n": self.ratios[0],
            "ratio_coverage": ratio(self.ratios[1], self.ratios[0]) if self.partial else None,
            "ratio_width": quantile(self.ratio_widths, 0.5) if self.partial else None,
        }
        for kind in self.bounds:
            f[kind + "_bounds_n"], f[kind + "_coverage"], f[kind + "_width"] = self.interval(kind)
        return f


def keeps(key, value):
    """Does this figure keep its budget? Signed errors count by their size."""
    limit, side = BUDGETS[key]
    if value is None:
        return None
    if key == "coverage":
        return 0.93 <= value <= 0.98
    return abs(value) <= limit if side == "most" else value >= limit


def holds_ceilings(path, figures, lower):
    """Are the figures no worse than what the file says? lower: it says these from now on."""
    with open(path) as f:
        said = json.load(f)
    bad = 0
    for f in figures:
        limits = said.setdefault(f["case"], {}) if lower else said.get(f["case"], {})
        if lower:
            limits.update({k: round(abs(f[k]) * (1.25 if side == "most" else 0.96), 3)
                           for k, (_, side) in BUDGETS.items() if f[k] is not None})
        for key, limit in limits.items():
            value = f[key]
            side = BUDGETS[key][1]
            if value is not None and (abs(value) > limit if side == "most" else value < limit):
                print(f"{f['case']}: {key} is {value}, the ceiling {limit}")
                bad += 1
    if lower:
        with open(path, "w") as f:
            json.dump(said, f, indent=1)
            f.write("\n")
    return bad == 0


def misses(f):
    if f["case"] == FULL:
        return [k for k in BUDGETS if keeps(k, f[k]) is False]
    if not f["case"].startswith("stalls/"):
        return []
    least = f["plain_recall"] or PLAIN.get(f["period_s"], 0)
    return ["stall_recall under the plain rule"] if f["stall_recall"] <= least else []


COLUMNS = [  # heading, key, decimals, factor
    ("sessions", "sessions", 0, 1), ("start med", "startup_median", 3, 1),
    ("start p95", "startup_p95", 3, 1), ("play med", "playing_median", 3, 1),
    ("play p95", "playing_p95", 3, 1), ("switch med", "switch_median", 3, 1),
    ("switch p95", "switch_p95", 3, 1), ("stalls", "stalls_true", 0, 1),
    ("recall %", "stall_recall", 1, 100), ("precision %", "stall_precision", 1, 100),
    ("stall time %", "stall_time_error", 2, 100), ("reboot F1", "reboot_f1", 3, 1),
    ("lag med", "lag_median", 3, 1), ("retrieval pt", "retrieval_error", 2, 100),
    ("cover %", "coverage", 1, 100), ("width T", "width", 2, 1),
    ("start cov %", "startup_coverage", 1, 100), ("start w T", "startup_width", 2, 1),
    ("onset cov %", "onset_coverage", 1, 100), ("onset w T", "onset_width", 2, 1),
    ("dur cov %", "duration_coverage", 1, 100), ("dur w T", "duration_width", 2, 1),
    ("plain recall %", "plain_recall", 1, 100), ("ratio cov %", "ratio_coverage", 1, 100),
]


def cell(f, key, decimals, factor, marks=True):
    value = f.get(key)
    if value is None:
        return "-"
    text = f"{value * factor:.{decimals}f}"
    if marks and key in BUDGETS and (f["case"] in BUDGET_CASES or f["case"] == FULL):
        text += "" if keeps(key, value) else "!"
    return text


def table(figures):
    rows = [["case"] + [c[0] for c in COLUMNS] + ["budgets"]]
    for f in figures:
        missed = misses(f)
        rows.append([f["case"]] + [cell(f, k, d, x) for _, k, d, x in COLUMNS] +
                    ["MISS: " + ", ".join(missed) if missed else "ok"])
    rows.append(["budget (1 s)"] + [
        "" if k not in BUDGETS else
        ("93..98" if k == "coverage" else
         ("<= " if BUDGETS[k][1] == "most" else ">= ") + f"{BUDGETS[k][0] * x:g}")
        for _, k, _, x in COLUMNS] + [""])
    return rows


def print_table(rows):
    widths = [max(len(r[i]) for r in rows) for i in range(len(rows[0]))]
    for r in rows:
        print("  ".join(t.ljust(w) if i in (0, len(r) - 1) else t.rjust(w)
                        for i, (t, w) in enumerate(zip(r, widths))).rstrip())


def markdown(rows):
    """Two tables: errors, then intervals and the yardstick."""
    split = 1 + [c[1] for c in COLUMNS].index("coverage")
    out = []
    for part in ([r[:split] + r[-1:] for r in rows], [r[:1] + r[split:-1] for r in rows]):
        out += ["| " + " | ".join(part[0]) + " |", "|" + "---|" * len(part[0])]
        out += ["| " + " | ".join(r) + " |" for r in part[1:]] + [""]
    return "\n".join(out)


def into_document(path, text):
    with open(path) as f:
        page = f.read()
    before, rest = page.split("<!-- table -->\n")
    after = rest.split("<!-- end -->\n")[1]
    with open(path, "w") as f:
        f.write(f"{before}<!-- table -->\n{text}<!-- end -->\n{after}")


def seed_range(text):
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def arguments():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("swarmscope")
    p.add_argument("--short", action="store_true", help="a few cases, one seed each")
    p.add_argument("--seeds", type=seed_range, default=None, help="A-B; default 1-3")
    p.add_argument("--offsets", default="by-seed", type=lambda t: t.split(","),
                   help="play,oldest,head or by-seed, taken in turn by seed")
    p.add_argument("--analyze", default=["--ignore-playpos"], type=lambda t: t.split(),
                   help="options of analyze")
    p.add_argument("--only", type=lambda t: t.split(","), help="cases, or beginnings of them")
    p.add_argument("--jobs", type=int, default=2)
    p.add_argument("--json", help="write the figures there")
    p.add_argument("--markdown", help="write the table there")
    p.add_argument("--ceilings", help="hold the figures of this file instead of the budgets")
    p.add_argument("--lower", action="store_true", help="write the ceilings anew")
    p.add_argument("--svg", help="draw into this folder")
    p.add_argument("--document", help="write the table between the marks of this page")
    p.add_argument("--no-plain", dest="plain", action="store_false",
                   help="leave the plain rule out: it takes as long as all the rest")
    p.add_argument("--keep", help="leave scenarios, observations, truths and reports there")
    args = p.parse_args()
    args.swarmscope = os.path.abspath(args.swarmscope)
    args.seeds = args.seeds or (range(1, 2) if args.short else range(1, 4))
    names = SHORT if args.short else list(CASES)
    if args.only:
        names = [n for n in CASES if any(n.startswith(o) for o in args.only)]
    return args, names


def main():
    args, names = arguments()
    pools = {name: Pool(name, CASES[name][1], "share" in CASES[name][2]) for name in names}
    full = Pool(FULL)
    work = [(name, seed) for name in names for seed in args.seeds]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for case, *run in pool.map(lambda w: run_one(args, *w), work):
            pools[case].add(*run)
            if case in BUDGET_CASES:
                full.add(*run)
    figures = [pools[name].figures() for name in names] + [full.figures()]
    rows = table(figures)
    print_table(rows)
    of = (f"{sum(f['sessions'] for f in figures[:-1])} sessions, seeds {args.seeds.start}-"
          f"{args.seeds.stop - 1}")
    print(f"\n{of}; errors in seconds, widths in map periods (T); '!' misses")
    if args.json:
        with open(args.json, "w") as f:
            json.dump({"seeds": list(args.seeds), "cases": figures}, f, indent=1)
    if args.markdown:
        with open(args.markdown, "w") as f:
            f.write(markdown(rows))
    if args.document:
        into_document(args.document, f"{markdown(rows)}\n{of}\n")
    if args.svg:
        plot.draw(figures, PLAIN, args.svg)
    if args.ceilings:
        sys.exit(not holds_ceilings(args.ceilings, figures, args.lower))
    sys.exit(any(misses(f) for f in figures))


if __name__ == "__main__":
    main()
