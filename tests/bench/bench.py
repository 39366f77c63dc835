#!/usr/bin/env python3
"""bench - how fast a capture is read, beside references in the same run.

  bench.py CAPTURE.pcap SWARMSCOPE PCAPLOOP ACCOUNT

Every tool reads the same file, in turns, BENCH_RUNS times (5); the table shows
medians: packets a second of wall time and of processor time, peak memory, and
the ratio of processor times to the bare libpcap loop, which a busy machine
disturbs least. ACCOUNT is the probe with its decoders and
nothing behind. Tools that are missing are left out.

SPDX-License-Identifier: Apache-2.0
"""

import os
import shutil
import statistics
import subprocess
import sys
import time


def tools(capture, swarmscope, pcaploop, account):
    rows = [
        ("libpcap loop", [pcaploop, capture]),
        ("libpcap loop, 256 KiB buffer", [pcaploop, "-b", capture]),
        ("swarmscope's probe alone", [account, capture]),
        ("swarmscope analyze", [swarmscope, "analyze", capture]),
        ("swarmscope analyze --audit", [swarmscope, "analyze", "--audit", capture]),
        ("swarmscope decode", [swarmscope, "decode", capture]),
        ("ndpiReader -q", ["ndpiReader", "-q", "-i", capture]),
        ("softflowd -c none", ["softflowd", "-c", "none", "-d", "-r", capture, "-n", "127.0.0.1:9"]),
        ("tcpdump -w /dev/null", ["tcpdump", "-r", capture, "-w", "/dev/null"]),
        ("tshark -q", ["tshark", "-q", "-r", capture]),
        ("tshark, dissecting", ["tshark", "-q", "-z", "io,stat,0", "-r", capture]),
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
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    capture, swarmscope, pcaploop, account = sys.argv[1:]
    packets = count_packets(pcaploop, capture)
    runs = int(os.environ.get("BENCH_RUNS", "5"))
    rows, results, failed = list(tools(capture, swarmscope, pcaploop, account)), {}, {}
    for _ in range(runs):
        for name, command in rows:
            status, *figures = measure(command)
            results.setdefault(name, []).append(figures)
            if status:
                failed[name] = status
    base = statistics.median(cpu for _, cpu, _ in results[rows[0][0]])
    print(f"{os.path.basename(capture)}: {packets} packets, {os.path.getsize(capture) / 1e6:.0f} MB, "
          f"median of {runs} runs")
    print(f"{'million packets a second of:':30} {'time':>8} {'CPU':>8} {'MB':>6} {'x loop':>7}")
    for name, _ in rows:
        if name in failed:
            print(f"{name:30} failed: exit status {failed[name]}")
            continue
        wall, cpu, peak = (statistics.median(column) for column in zip(*results[name]))
        print(f"{name:30} {packets / wall / 1e6:8.2f} {packets / cpu / 1e6:8.2f} "
              f"{peak / 1024:6.0f} {base / cpu:7.2f}")


if __name__ == "__main__":
    main()
