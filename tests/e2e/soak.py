#!/usr/bin/env python3
"""Does it last? `swarmscope run` under load for a long time: packets of ever new flows beside a live
swarm's; its memory and descriptors stay what they were.

  soak.py SWARMSCOPE MESHPEER [--seconds N] [--kpps N] [--flows N]

Sends --kpps thousand packets a second in --flows new flows a second over a pair of virtual Ethernet
devices, from a file that is made anew each turn. Prints figures every minute (every ten seconds in
the first); fails when descriptors grew in the last two thirds of the time, or memory by more than a tenth (only in
ten minutes and more: before, tables of a fixed size still fill), when a packet of the link is not accounted for,
or when it does not end well. 77 where there can be no lab.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import lab as labs  # noqa: E402

FILE_S = 5  # seconds of traffic in a file
MACS = bytes.fromhex("020000000001020000000002") + b"\x08\x00"


def make(path, turn, kpps, flows):
    """Flows of kpps * 1000 / flows packets each, one after another begun; addresses of this turn."""
    each = max(1, kpps * 1000 // flows)
    total, step = kpps * 1000 * FILE_S, 1_000_000 / (kpps * 1000)
    body = os.urandom(60)
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for i in range(total):
            n = turn * flows * FILE_S + i // each
            src, sport = 0x0A000000 | n >> 14 & 0xFFFFFF, 1024 + (n & 0x3FFF)
            udp = struct.pack(">HHHH", sport, 4000 + n % 7, 8 + len(body), 0) + body
            frame = MACS + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(udp), n & 0xFFFF, 0, 64, 17,
                                       0, src, 0x0B000001) + udp
            at = int(i * step)
            out.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(frame), len(frame)))
            out.write(frame)


def look(process):
    with open(f"/proc/{process}/status") as f:
        kib = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    with open(f"/proc/{process}/stat") as f:
        ticks = sum(int(x) for x in f.read().rsplit(")", 1)[1].split()[11:13])
    return kib, len(os.listdir(f"/proc/{process}/fd")), ticks / os.sysconf("SC_CLK_TCK")


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("swarmscope")
    parse.add_argument("meshpeer")
    parse.add_argument("--seconds", type=int, default=3600)
    parse.add_argument("--kpps", type=int, default=50)
    parse.add_argument("--flows", type=int, default=1000, help="new ones a second")
    o = parse.parse_args()
    o.swarmscope, o.meshpeer = os.path.abspath(o.swarmscope), os.path.abspath(o.meshpeer)
    why = labs.can_make() or ("" if labs.shutil.which("tcpreplay") else "tcpreplay is missing")
    if why:
        print(f"left out: {why}")
        sys.exit(77)
    space = f"sws{os.getpid()}"
    labs.call("ip", "netns", "add", space)
    started = []
    try:
        with tempfile.TemporaryDirectory(prefix="soak.") as work:
            sys.exit(soak(o, space, work, started))
    finally:
        for process in started:
            process.kill()
        labs.call("ip", "netns", "del", space, check=False)


def begin(o, space, work, started):
    inside = ["ip", "netns", "exec", space]
    labs.call("ip", "-n", space, "link", "add", "tx0", "type", "veth", "peer", "name", "rx0")
    for device in ("tx0", "rx0"):
        labs.call(*inside, "sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{device}/disable_ipv6")
        labs.call("ip", "-n", space, "link", "set", device, "up")
    labs.call("ip", "-n", space, "link", "set", "lo", "up")
    run = subprocess.Popen([*inside, o.swarmscope, "run", "--json", "-i", "rx0,lo", "--filter",
                            "not host 127.0.0.1", "--store", f"sqlite:{work}/soak.db"],
                           stdout=open(f"{work}/said", "w"), stderr=open(f"{work}/err", "w"))
    swarm = subprocess.Popen([*inside, o.meshpeer, "swarm", "20", "--over", "5s", "--stay", "60s"],
                             stdout=subprocess.DEVNULL)
    started += [run, swarm]
    while '"start"' not in open(f"{work}/said").read():
        time.sleep(0.05)
    return run, swarm, inside


def received(space):
    said = labs.call("ip", "-n", space, "-j", "-s", "link", "show", "rx0").stdout
    return json.loads(said)[0]["stats64"]["rx"]["packets"]


def accounted(inside, said):
    """Of the link's device alone: packets decoded, and those dropped wherever."""
    url = json.loads(open(said).readline())["url"]
    text = labs.call(*inside, "curl", "-s", url + "metrics").stdout
    rows = [line.split() for line in text.splitlines() if 'interface="rx0"' in line]
    return (sum(int(v) for name, v in rows if "capture_packets_total" in name),
            sum(int(v) for name, v in rows if "capture_dropped_packets_total" in name))


def soak(o, space, work, started):
    run, swarm, inside = begin(o, space, work, started)
    files = [f"{work}/0.pcap", f"{work}/1.pcap"]
    make(files[0], 0, o.kpps, o.flows)
    began, turn, told, looks = time.time(), 0, 0, []
    while time.time() - began < o.seconds:
        sender = subprocess.Popen([*inside, "tcpreplay", "-q", "-K", "-i", "tx0", "--timer=nano",
                                   "--pps-multi=50", "--pps", str(o.kpps * 1000), files[turn % 2]],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        turn += 1
        make(files[turn % 2], turn, o.kpps, o.flows)
        sender.wait()
        at = time.time() - began
        looks.append((at, *look(run.pid)))
        if at - told >= (10 if at < 60 else 60):
            told = at
            last = json.loads(open(f"{work}/said").read().splitlines()[-1])
            print(f"{at:6.0f} s: {looks[-1][1] / 1024:.1f} MiB, {looks[-1][2]} descriptors, "
                  f"{100 * looks[-1][3] / at:.1f} % of a core, {last['packets']} packets, "
                  f"{last['dropped']} dropped, {last['lost_observations']} observations lost", flush=True)
    time.sleep(1)
    sent = received(space)
    decoded, dropped = accounted(inside, f"{work}/said")
    swarm.send_signal(signal.SIGTERM)
    swarm.wait()
    run.send_signal(signal.SIGTERM)
    status = run.wait()
    last = json.loads(open(f"{work}/said").read().splitlines()[-1])
    early = [x for x in looks if x[0] >= o.seconds / 3]
    grown = looks[-1][1] / early[0][1] - 1
    descriptors = looks[-1][2] - early[0][2]
    size = os.path.getsize(f"{work}/soak.db") / 1e6
    print(f"{sent} packets sent in {o.seconds} s ({sent / o.seconds / 1000:.1f} kpps), "
          f"{turn * FILE_S * o.flows} flows; {decoded} decoded, {dropped} dropped, memory {100 * grown:+.1f} % "
          f"in the last two thirds, descriptors {descriptors:+d}, database {size:.1f} MB, "
          f"exit {status}; {open(f'{work}/err').read().strip() or 'nothing said'}")
    return int((grown > 0.1 and o.seconds >= 600) or descriptors > 0 or status != 0 or
               decoded + dropped != sent)


main()
