#!/usr/bin/env python3
"""Is every packet accounted for? A capture is replayed at rising rates over a pair of virtual
Ethernet devices; what the receiving one counted is what the probe decoded and what it says was
dropped, to the packet, and it drops no more than tcpdump does beside it.

  count.py SWARMSCOPE [--packets N] [--workers N]

Then the probe is stopped for 200 ms at 50,000 packets a second, which its ring must hold, and for
two seconds with a small ring, which it must not: what it lost is told, in its counts and as a gap
among the observations. 77 where there can be no lab.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import lab as labs  # noqa: E402
from filled import fill  # noqa: E402

RATES = (10_000, 50_000, 200_000, 0)  # packets a second; 0: as fast as it goes
FILE_PACKETS = 20_000


class Link:
    """tx0 -> rx0 in a namespace of its own, with nothing else on it."""

    def __enter__(self):
        self.space = f"swc{os.getpid()}"
        labs.call("ip", "netns", "add", self.space)
        labs.call("ip", "-n", self.space, "link", "add", "tx0", "type", "veth", "peer", "name", "rx0")
        for device in ("tx0", "rx0"):
            self.run("sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{device}/disable_ipv6").wait()
            labs.call("ip", "-n", self.space, "link", "set", device, "mtu", "9000", "up")
        return self

    def __exit__(self, *unused):
        labs.call("ip", "netns", "del", self.space, check=False)

    def run(self, *words, **more):
        return subprocess.Popen(["ip", "netns", "exec", self.space, *words], **more)

    def received(self):
        said = labs.call("ip", "-n", self.space, "-j", "-s", "link", "show", "rx0").stdout
        return json.loads(said)[0]["stats64"]["rx"]["packets"]

    def send(self, capture, packets, rate):
        pace = ["--pps", str(rate)] if rate else ["--topspeed"]
        subprocess.run(["ip", "netns", "exec", self.space, "tcpreplay", "-q", "-K", "-i", "tx0",
                        "--loop", str(packets // FILE_PACKETS), *pace, capture],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


class Probe:
    def __init__(self, link, swarmscope, work, *options):
        self.out = open(f"{work}/probe", "w+")
        self.process = link.run(swarmscope, "probe", "--json", "--flows", "-i", "rx0", *options,
                                stdout=self.out, stderr=subprocess.DEVNULL)
        while '"start"' not in open(self.out.name).read():
            time.sleep(0.02)

    def stall(self, seconds):
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        time.sleep(0.5)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        return json.loads(open(self.out.name).read().splitlines()[-1])


def tcpdump(link, work):
    process = link.run("tcpdump", "-i", "rx0", "-B", "65536", "-w", "/dev/null", "-Z", "root",
                       stderr=open(f"{work}/tcpdump", "w"))
    while "listening" not in open(f"{work}/tcpdump").read():
        time.sleep(0.02)
    return process


def dropped_by(process, work):
    process.send_signal(signal.SIGINT)
    process.wait()
    return int(re.search(r"(\d+) packets? dropped by kernel", open(f"{work}/tcpdump").read())[1])


def rates(link, o, work, capture, holds):
    for rate in RATES:
        other = tcpdump(link, work)
        probe = Probe(link, o.swarmscope, work, "--workers", str(o.workers))
        before, began = link.received(), time.time()
        link.send(capture, o.packets, rate)
        took = time.time() - began
        end, sent = probe.end(), link.received() - before
        theirs = dropped_by(other, work)
        lost = end["dropped"] + end["interface_dropped"]
        holds(f"{sent / took / 1000:.0f} kpps: {sent} packets = {end['packets']} decoded + {lost} "
              f"dropped; tcpdump dropped {theirs}", sent == end["packets"] + lost)
        holds("no more dropped than by tcpdump", lost <= theirs or lost == 0)


def stalls(link, o, work, capture, holds):
    for seconds, options in ((0.2, ()), (2, ("--buffer", "1"))):
        sso = f"{work}/stall{seconds}.sso"
        probe = Probe(link, o.swarmscope, work, "-w", sso, *options)
        before = link.received()
        sender = link.run("tcpreplay", "-q", "-K", "-i", "tx0", "--loop", str(200_000 // FILE_PACKETS),
                          "--pps", "50000", capture, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL)
        time.sleep(1)
        probe.stall(seconds)
        sender.wait()
        end, sent = probe.end(), link.received() - before
        lost = end["dropped"] + end["interface_dropped"]
        said = subprocess.run([o.swarmscope, "decode", "--json", "--kind", "gap", sso],
                              capture_output=True, text=True, check=False).stdout
        gaps = [json.loads(line) for line in said.splitlines()]
        gaps = [g for g in gaps if g["cause"] == "dropped"]
        holds(f"stopped for {seconds} s at 50 kpps {' '.join(options)}: {sent} packets = "
              f"{end['packets']} decoded + {lost} dropped", sent == end["packets"] + lost)
        if options:
            holds(f"what was lost is told as {len(gaps)} gaps of {sum(g['packets'] for g in gaps)} "
                  "packets", lost > 0 and sum(g["packets"] for g in gaps) == lost)
        else:
            holds("and nothing was lost", lost == 0 and not gaps)


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("swarmscope")
    parse.add_argument("--packets", type=int, default=200_000, help="at each rate")
    parse.add_argument("--workers", type=int, default=1)
    o = parse.parse_args()
    o.swarmscope = os.path.abspath(o.swarmscope)
    why = labs.can_make()
    for tool in ("tcpreplay", "tcpdump", "zstd"):
        why = why or ("" if labs.shutil.which(tool) else f"{tool} is missing")
    if why:
        print(f"left out: {why}")
        sys.exit(77)
    failed = 0

    def holds(what, true):
        nonlocal failed
        print(("ok   " if true else "FAIL ") + what, flush=True)
        failed += not true

    with tempfile.TemporaryDirectory(prefix="count.") as work, Link() as link:
        cut, capture = f"{work}/cut.pcap", f"{work}/whole.pcap"
        subprocess.run(["zstd", "-qdf", f"{HERE}/../pcap/peerstreamer-engine-a.pcap.zst", "-o",
                        f"{work}/all.pcap"], check=True)
        subprocess.run(["tcpdump", "-r", f"{work}/all.pcap", "-c", str(FILE_PACKETS), "-w", cut],
                       check=True, stderr=subprocess.DEVNULL)
        fill(cut, capture)
        rates(link, o, work, capture, holds)
        stalls(link, o, work, capture, holds)
    sys.exit(1 if failed else 0)


main()
