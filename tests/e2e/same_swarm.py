#!/usr/bin/env python3
"""The same scenario in the simulator and on real sockets, five seeds each: what is learned in one
must hold in the other.

  same_swarm.py SWARMSCOPE MESHPEER [SCENARIO [SECONDS]]

The scenario is one of its own (60 viewers, churn) or a name that both know. Medians over the
seeds of start-up and continuity must agree: start-up within the larger of 10 % and 0.15 s,
continuity within 0.005.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

SEEDS = range(1, 6)
SCENARIO = """name: same
about: 60 viewers, of whom many do not stay
duration: 90s
channels:
  - {name: one, bitrate: 300kbit/s, chunk: 250ms, origin_up: 4Mbit/s, origin_partners: 16}
classes:
  - {name: dsl, share: 50, up: 250kbit/s, down: 6Mbit/s, latency: 25ms}
  - {name: cable, share: 35, up: 500kbit/s, down: 16Mbit/s, latency: 15ms}
  - {name: fibre, share: 15, up: 1300kbit/s, down: 50Mbit/s, latency: 8ms}
viewers:
  {count: 60, first: 12s, over: 40s, per_minute: 20, sessions: exponential,
   mean: 150s, crash: 20%, at_most: 90}
"""


def figures(truth):
    """Start-up delays, chunks played and missed, from a truth log."""
    joined, delays, got, missed = {}, [], 0, 0
    with open(truth) as lines:
        for line in lines:
            e = json.loads(line)
            if e["event"] == "join":
                joined[e["run"]] = e["t"]
            elif e["event"] == "play" and e["run"] in joined:
                delays.append(e["t"] - joined.pop(e["run"]))
            got += e["event"] == "chunk"
            missed += e["event"] == "missed"
    return statistics.median(delays), 1 - missed / (got + missed), len(delays)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    swarmscope, meshpeer = sys.argv[1:3]
    work = tempfile.TemporaryDirectory()
    scenario = sys.argv[3] if len(sys.argv) > 3 else f"{work.name}/same.yaml"
    with open(f"{work.name}/same.yaml", "w") as f:
        f.write(SCENARIO)
    running = [subprocess.Popen([meshpeer, "swarm", "--scenario", scenario, "--seed", str(seed),
                                 "--truth", f"{work.name}/real{seed}", "--network",
                                 str(100 + seed + os.getpid() % 100)],
                                stdout=subprocess.DEVNULL) for seed in SEEDS]
    if any(p.wait() for p in running):
        sys.exit("a swarm failed")
    for seed in SEEDS:
        subprocess.run([swarmscope, "simulate", scenario, "--seed", str(seed), "--truth",
                        f"{work.name}/sim{seed}", "-q"], check=True, stdout=subprocess.DEVNULL)
    medians = {}
    for kind in ("sim", "real"):
        rows = [figures(f"{work.name}/{kind}{seed}") for seed in SEEDS]
        medians[kind] = [statistics.median(column) for column in zip(*rows)]
        print(f"{kind:5} start-up {medians[kind][0]:.3f} s, continuity {medians[kind][1]:.5f}, "
              f"{medians[kind][2]:.0f} began to play (medians of {len(rows)})")
    start = abs(medians["sim"][0] - medians["real"][0])
    apart = abs(medians["sim"][1] - medians["real"][1])
    good = start <= max(0.1 * medians["sim"][0], 0.15) and apart <= 0.005
    print(f"apart: start-up {start:.3f} s, continuity {apart:.5f}: {'held' if good else 'BROKEN'}")
    sys.exit(not good)


main()
