#!/usr/bin/python3
"""Are the sessions of an API's answer, or of a report, those of another? Times to a millisecond and a half: the
one keeps nanoseconds, the other microseconds, and both are written in whole ms.

  same_sessions.py SESSIONS.json SESSIONS.json

SPDX-License-Identifier: Apache-2.0
"""
import json
import sys

SLACK = 0.0015
LEFT_OUT = {"left", "vantage"}  # of who was there to the end: when each of the two stopped


def numbers(x, path=""):
    if isinstance(x, dict):
        for k, v in x.items():
            if k not in LEFT_OUT:
                yield from numbers(v, f"{path}/{k}")
    elif isinstance(x, list):
        for i, v in enumerate(x):
            yield from numbers(v, f"{path}/{i}")
    elif isinstance(x, (int, float)) and not isinstance(x, bool):
        yield path, x


def by_peer(sessions):
    return {(s["peer"], round(s["joined"]["best"], 1)): dict(numbers(s)) for s in sessions}


def sessions(path):
    document = json.load(open(path))
    return by_peer(document.get("data") or document["sessions"])


a, b = sessions(sys.argv[1]), sessions(sys.argv[2])
wrong = [f"{k} only in one" for k in a.keys() ^ b.keys()]
for k in a.keys() & b.keys():
    for path in a[k].keys() | b[k].keys():
        x, y = a[k].get(path), b[k].get(path)
        if x is None or y is None or abs(x - y) > SLACK:
            wrong.append(f"{k}{path}: {x} {y}")
print(len(a), "sessions;", wrong[:10])
sys.exit(bool(wrong) or not a)
