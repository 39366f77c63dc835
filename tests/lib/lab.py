"""lab - hosts of their own on one machine: network namespaces on a bridge.

  with Lab() as lab:
      a = lab.host("a", down_kbps=4000, up_kbps=600)
      a.run([...])            a process there
      a.line(down_kbps=50)    its access line from now on
      lab.capture("all.pcap") everything that crosses the bridge

Each host has an address in 10.77.0.0/16 and an access line: a token bucket each way and, where
it is wanted, loss by packet and a longer way (relay.py). Needs root; can_make() tells whether it can be had.

SPDX-License-Identifier: Apache-2.0
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

QUEUE = "400ms"  # of an access line's buffer


def call(*words, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


def can_make():
    """Why there can be no lab; empty: there can."""
    for tool in ("ip", "tc", "nft"):
        if not shutil.which(tool):
            return f"{tool} is missing"
    if os.geteuid() != 0:
        return "only root can make network namespaces"
    name = f"swtry{os.getpid()}"
    if call("ip", "netns", "add", name, check=False).returncode != 0:
        return "network namespaces cannot be made here"
    inside = call("ip", "-n", name, "link", "add", "br0", "type", "bridge", check=False)
    call("ip", "netns", "del", name)
    return f"a bridge cannot be made here: {inside.stderr.strip()}" if inside.returncode else ""


class Host:
    def __init__(self, lab, name, number):
        self.lab, self.name, self.number = lab, name, number
        self.space = f"{lab.prefix}h{number}"
        self.address = f"10.77.{number // 250}.{number % 250 + 1}"
        self.veth = f"{lab.prefix}v{number}"

    def open(self):
        bridge = self.lab.space
        call("ip", "netns", "add", self.space)
        call("ip", "-n", bridge, "link", "add", self.veth, "type", "veth", "peer", "name", "eth0",
             "netns", self.space)
        call("ip", "-n", bridge, "link", "set", self.veth, "up")
        self.join(self.veth)
        call("ip", "-n", self.space, "address", "add", f"{self.address}/16", "dev", "eth0")
        call("ip", "-n", self.space, "link", "set", "lo", "up")
        call("ip", "-n", self.space, "link", "set", "eth0", "up")
        # Frames as on a wire, not as large as the kernel likes them.
        if shutil.which("ethtool"):
            call("ip", "netns", "exec", self.space, "ethtool", "-K", "eth0", "tso", "off", "gso",
                 "off", "gro", "off", check=False)

    def join(self, device):
        call("ip", "-n", self.lab.space, "link", "set", device, "master", "br0", "up")

    def delay(self, ms):
        """A way so much longer, in each direction; once."""
        near, far = f"{self.lab.prefix}r{self.number}", f"{self.lab.prefix}s{self.number}"
        bridge = self.lab.space
        call("ip", "-n", bridge, "link", "set", self.veth, "nomaster")
        call("ip", "-n", bridge, "link", "add", near, "type", "veth", "peer", "name", far)
        call("ip", "-n", bridge, "link", "set", near, "up")
        self.join(far)
        relay = os.path.join(os.path.dirname(os.path.abspath(__file__)), "relay.py")
        self.lab.processes.append(subprocess.Popen(
            ["ip", "netns", "exec", bridge, sys.executable, relay, self.veth, near, str(ms)]))

    def line(self, down_kbps=None, up_kbps=None):
        """The rates of its access line, where they are given."""
        for space, device, kbps in ((self.lab.space, self.veth, down_kbps),
                                    (self.space, "eth0", up_kbps)):
            if kbps:
                burst = max(3200, int(kbps * 125 / 50))  # 20 ms, two packets at least
                call("tc", "-n", space, "qdisc", "replace", "dev", device, "root", "tbf", "rate",
                     f"{kbps}kbit", "burst", str(burst), "latency", QUEUE)

    def loss(self, permille):
        """Of the packets that come in."""
        rules = "table inet lab\ndelete table inet lab\n"
        if permille:
            rules += ("table inet lab { chain in { type filter hook input priority 0; "
                      f"numgen random mod 1000 < {permille} drop; }} }}\n")
        subprocess.run(["ip", "netns", "exec", self.space, "nft", "-f", "-"], input=rules,
                       text=True, check=True, capture_output=True)

    def run(self, words, **more):
        process = subprocess.Popen(["ip", "netns", "exec", self.space, *words], **more)
        self.lab.processes.append(process)
        return process


class Lab:
    def __init__(self):
        self.prefix = f"sw{os.getpid() % 100000}"
        self.space = f"{self.prefix}br"
        self.hosts, self.processes = [], []

    def __enter__(self):
        call("ip", "netns", "add", self.space)
        call("ip", "-n", self.space, "link", "add", "br0", "type", "bridge")
        call("ip", "-n", self.space, "link", "set", "br0", "up")
        call("ip", "-n", self.space, "link", "set", "lo", "up")
        return self

    def host(self, name, **line):
        host = Host(self, name, len(self.hosts) + 1)
        self.hosts.append(host)
        host.open()
        host.line(**line)
        return host

    def capture(self, path):
        """tcpdump on the bridge, once it listens; end it with end()."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.space, "tcpdump", "-i", "br0", "-U", "-s", "0", "-B",
             "65536", "-w", path], stderr=subprocess.DEVNULL)
        self.processes.append(process)
        until = time.time() + 5
        while time.time() < until and not (os.path.exists(path) and os.path.getsize(path) >= 24):
            time.sleep(0.05)
        return process

    def end(self, process, how=signal.SIGTERM, wait_s=10):
        """Sends it the signal, unless that is None, and waits."""
        if process.poll() is None and how is not None:
            process.send_signal(how)
        try:
            return process.wait(wait_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def __exit__(self, *unused):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        for host in self.hosts:
            call("ip", "netns", "del", host.space, check=False)
        call("ip", "netns", "del", self.space, check=False)


class Mpv:
    """A real player, driven over its socket; events with the times at which they came."""

    def __init__(self, host, path):
        self.path = path
        self.process = host.run(
            ["mpv", "--no-config", "--idle=yes", "--vo=null", "--ao=null", "--no-terminal",
             "--cache-pause-initial=no", f"--input-ipc-server={path}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        until = time.time() + 10
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.time() > until:
                    raise
                time.sleep(0.02)
        self.socket.setblocking(False)
        self.rest, self.events = b"", []
        self.say("observe_property", 1, "paused-for-cache")
        self.say("observe_property", 2, "core-idle")

    def say(self, *words):
        self.socket.sendall(json.dumps({"command": words}).encode() + b"\n")

    def look(self):
        """Takes in what it has said since; to be called often, times are of the call."""
        try:
            while True:
                got = self.socket.recv(65536)
                if not got:
                    break
                self.rest += got
        except BlockingIOError:
            pass
        except OSError:
            return
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "event" in message:
                self.events.append((time.time(), message))

    def first(self, event, after=0):
        for t, message in self.events:
            if t >= after and message["event"] == event:
                return t
        return None

    def stalls(self):
        """From when to when it waited for its cache."""
        spans, begun = [], None
        for t, message in self.events:
            if message["event"] != "property-change" or message.get("name") != "paused-for-cache":
                continue
            if message.get("data") and begun is None:
                begun = t
            elif not message.get("data") and begun is not None:
                spans.append((begun, t))
                begun = None
        return spans + ([(begun, None)] if begun is not None else [])
