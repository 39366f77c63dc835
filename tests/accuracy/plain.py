"""The plain rule, a yardstick: a stall is where the play position falls behind the clock.

Between two maps of a viewer the clock goes on by D and its play position by A seconds of
media; D - A above a quarter of a second and a bit for jitter is a stall of that length,
and such gaps that follow one another are one stall. It is given what the analysis is not:
the play position, which it reads from the maps.

SPDX-License-Identifier: Apache-2.0
"""
import bisect
import json

FLOOR_S = 0.3


def positions(lines):
    """By viewer: (time, play position) of each map that tells one."""
    seen = {}
    for line in lines:
        if '"buffer_map"' not in line or '"play"' not in line:
            continue
        o = json.loads(line)
        seen.setdefault(o["peer"], []).append((o["t"], o["play"]))
    return seen


def claims(maps, chunk_s):
    """Stalls as (from, to, length), merged."""
    out = []
    for (t1, p1), (t2, p2) in zip(maps, maps[1:]):
        short = (t2 - t1) - (p2 - p1) * chunk_s
        if p2 < p1 or short <= FLOOR_S:
            continue
        if out and out[-1][1] == t1:
            out[-1] = (out[-1][0], t2, out[-1][2] + short)
        else:
            out.append((t1, t2, short))
    return out


def true_stalls(path):
    """By viewer: stalls as (from, to), of 0.5 s at least."""
    stalls, open_ = {}, {}
    with open(path) as f:
        for line in f:
            if '"chunk"' in line and '"event":"chunk"' in line:
                continue
            e = json.loads(line)
            who = e.get("peer")
            if e["event"] == "stall":
                open_[who] = e["t"]
            elif e["event"] in ("resume", "play", "leave") and who in open_:
                if e["t"] - open_[who] >= 0.5:
                    stalls.setdefault(who, []).append((open_[who], e["t"]))
                del open_[who]
    return stalls


def match(true, claimed):
    """How many true ones have a claimed one of their own that overlaps."""
    found, used = 0, set()
    starts = [c[0] for c in claimed]
    for a, b in true:
        i = max(bisect.bisect_right(starts, a) - 1, 0)
        while i < len(claimed) and claimed[i][0] < b:
            if i not in used and claimed[i][1] > a:
                used.add(i)
                found += 1
                break
            i += 1
    return found


def score(decoded, truth_path, chunk_s=0.25):
    """Counts that add up over runs."""
    true = true_stalls(truth_path)
    seen = positions(decoded)
    sums = {"true": 0, "found": 0, "claimed": 0, "true_s": 0.0, "claimed_s": 0.0}
    for who in set(true) | set(seen):
        mine = claims(seen.get(who, []), chunk_s)
        sums["true"] += len(true.get(who, []))
        sums["found"] += match(true.get(who, []), mine)
        sums["claimed"] += sum(c[2] >= 0.5 for c in mine)
        sums["true_s"] += sum(b - a for a, b in true.get(who, []))
        sums["claimed_s"] += sum(c[2] for c in mine)
    return sums
