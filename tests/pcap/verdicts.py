#!/usr/bin/python3
"""Are the verdicts on flows those of the library's own reader? For each capture and flow, its
two ends and transport, what `swarmscope decode --flows` says of it beside what ndpiReader says.

  verdicts.py SWARMSCOPE DIFFERENCES CAPTURE...

DIFFERENCES lists those that are known, a line each: CAPTURE OURS THEIRS FLOWS reason. One that is
not listed, or more flows than listed, fails; so does a share of equal ones below 95 %.

SPDX-License-Identifier: Apache-2.0
"""
import collections
import csv
import json
import os
import subprocess
import sys
import tempfile

LEAST_SHARE = 0.95
UNKNOWN = "0"  # the reader's list leaves such flows out


def end(address, port=0):
    # The reader writes an IPv6 address' single zero as two colons, even a second time.
    return address.replace(":0:", "::"), int(port)


def split(text):
    """An end as our JSON has it."""
    if text is None:
        return end("::")
    if text.startswith("["):
        return end(*text[1:].split("]:"))
    return end(*text.split(":")) if text.count(":") == 1 else end(text)


def key(transport, a, b):
    return (transport, *sorted((a, b)))


def ours(program, path):
    run = subprocess.run([program, "decode", "--json", "--flows", "--kind", "flow", path],
                         capture_output=True, text=True, check=False)
    flows = collections.OrderedDict()
    for line in run.stdout.splitlines():
        o = json.loads(line)
        verdict = o["protocol"] or (f"{o['master']}.{o['app']}" if o["master"] else str(o["app"]))
        flows.setdefault(key(o["transport"], split(o["peer"]), split(o["to"])), set()).add(verdict)
    return flows


def theirs(path):
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "flows.csv")
        subprocess.run(["ndpiReader", "-q", "-t", "-i", path, "-C", out], capture_output=True,
                       check=False)
        if not os.path.exists(out):
            return None
        flows = collections.OrderedDict()
        with open(out, newline="") as lines:
            for r in csv.DictReader(lines):
                k = key(int(r["protocol"]), end(r["src_ip"], r["src_port"]),
                        end(r["dst_ip"], r["dst_port"]))
                flows.setdefault(k, set()).add(r["ndpi_proto_num"])
    return flows


def known_differences(path):
    known = {}
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                capture, a, b, n, _ = line.split(None, 4)
                known[capture, a, b] = int(n)
    return known


def main():
    program, differences, *captures = sys.argv[1:]
    known = known_differences(differences)
    same = both = 0
    apart = collections.Counter()
    for path in captures:
        a, b = ours(program, path), theirs(path)
        if b is None:
            continue
        name = os.path.basename(path)
        for k in a.keys() | b.keys():
            x, y = a.get(k, {"-"}), b.get(k, {UNKNOWN})
            both += 1
            if x & y:
                same += 1
            else:
                apart[name, "/".join(sorted(x)), "/".join(sorted(y))] += 1
    new = {k: n for k, n in apart.items() if n > known.get(k, 0)}
    for (name, x, y), n in sorted(new.items()):
        print(f"not listed: {name} {x} {y} {n}")
    share = same / both if both else 0
    print(f"{same} of {both} flows alike ({100 * share:.1f} %), {sum(apart.values())} apart, "
          f"{len(new)} of their classes not listed")
    sys.exit(bool(new) or share < LEAST_SHARE or not both)


main()
