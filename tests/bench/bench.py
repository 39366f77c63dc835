#!/usr/bin/env python3
"""bench - how fast a capture is read, beside references in the same run.

  bench.py CAPTURE.pcap SWARMSCOPE PCAPLOOP

Every tool reads the same file, in turns, BENCH_RUNS times (5); the table shows
medians: packets a second of wall time, seconds of processor time, peak memory,
and the ratio to the bare libpcap loop. Tools that are missing are left out.

SPDX-License-Identifier: Apache-2.0
"""

import os
import shutil
import statistics
import subprocess
import sys
import time


def tools(capture, swarmscope, pcaploop):
    rows = [
        ("libpcap loop", [pcaploop, capture]),
        ("libpcap loop, 256 KiB buffer", [pcaploop, "-b", capture]),
        ("swarmscope analyze", [swarmscope, "analyze", capture]),
        ("swarmscope decode", [swarmscope, "decode", capture]),
        ("tcpdump -w /dev/null", ["tcpdump", "-r", capture, "-w", "/dev/null"]),
        ("tshark -q", ["tshark", "-q", "-r", capture]),
    ]
    for name, command in rows:
        if shutil.which(command[0]):
            yield name, command
        else:
            print(f"{command[0]} is missing: left out")


def measure(command):
    """One run: (exit status, wall seconds, processor seconds, peak KiB)."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    return child.returncode, wall, used.ru_utime + used.ru_stime, used.ru_maxrss


def count_packets(pcaploop, capture):
    words = subprocess.run([pcaploop, capture], capture_output=True, text=True, check=True)
    return int(words.stdout.split()[0])


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    capture, swarmscope, pcaploop = sys.argv[1:]
    packets = count_packets(pcaploop, capture)
    runs = int(os.environ.get("BENCH_RUNS", "5"))
    rows, results, failed = list(tools(capture, swarmscope, pcaploop)), {}, {}
    for _ in range(runs):
        for name, command in rows:
            status, *figures = measure(command)
            results.setdefault(name, []).append(figures)
            if status:
                failed[name] = status
    base = statistics.median(wall for wall, _, _ in results[rows[0][0]])
    print(f"{packets} packets, {os.path.getsize(capture) / 1e6:.0f} MB, "
          f"median of {runs} runs")
    print(f"{'':30} {'Mpkt/s':>8} {'CPU s':>7} {'MB':>6} {'x loop':>7}")
    for name, _ in rows:
        wall, cpu, peak = (statistics.median(column) for column in zip(*results[name]))
        note = f"  exit status {failed[name]}" if name in failed else ""
        print(f"{name:30} {packets / wall / 1e6:8.2f} {cpu:7.2f} {peak / 1024:6.0f} "
              f"{base / wall:7.2f}{note}")


if __name__ == "__main__":
    main()
