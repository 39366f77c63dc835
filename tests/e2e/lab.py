#!/usr/bin/env python3
"""The reference system as its users run it: servers, an origin fed by ffmpeg and peers, each a
process on a host of its own (tests/lib/lab.py), some of them watched by a real mpv.

  lab.py players MESHPEER SWARMSCOPE [--peers N] [--players N] [--transport udp|tcp] [--keep DIR]
  lab.py trouble MESHPEER SWARMSCOPE [--peers N] [--transport udp|tcp]
  lab.py live MESHPEER SWARMSCOPE [--peers N] [--transport udp|tcp] [--seconds N]
  lab.py congestion MESHPEER SWARMSCOPE [--peers N] [--transport udp|tcp]

players: lines of the watched peers break down in turn; mpv and the peers' own truth must tell
the same of it, and so must an analysis of the capture, with the play position hidden.
trouble: the tracker is killed, the origin is silent for five seconds, a third of the peers are
killed at once; the rest plays on.
live: the swarm and a replayed capture of another system at once, watched by `swarmscope run`; what
its database says is what an analysis of tcpdump's capture of the same minutes says.
congestion: peers promise five times what their lines can send. Prints figures; 77 where there can be no lab.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import functools
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import lab as labs  # noqa: E402
from filled import fill  # noqa: E402

UPLOADS = (400, 700, 1800)  # kbit/s
DOWN = 8000
BREAK_KBPS, BREAK_S, BREAK_EVERY_S = 20, 12, 24
CHUNK, CHUNK_FIXED, HEAD = 6, 90, 24  # doc/protocols/mesh.md
WITHIN_S = 0.3  # mpv's start and the peer's, apart from what mpv takes by itself


class Check:
    failed = 0

    def holds(self, what, true):
        print(("ok   " if true else "FAIL ") + what, flush=True)
        self.failed += not true


def make_film(path, seconds):
    """A film of moving bars and a tone, about 300 kbit/s, a key frame a second."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25",
         "-f", "lavfi", "-i", "sine=frequency=440", "-c:v", "libx264", "-preset", "ultrafast",
         "-tune", "zerolatency", "-g", "25", "-b:v", "230k", "-maxrate", "260k", "-bufsize",
         "130k", "-c:a", "aac", "-b:a", "32k", "-t", str(seconds), "-f", "mpegts", path],
        check=True)


class Swarm:
    """The servers, the origin and peers, on hosts of a lab."""

    def __init__(self, lab, meshpeer, film, work, transport, origin_kbps=4000):
        self.lab, self.meshpeer, self.work, self.transport = lab, meshpeer, work, transport
        self.server = lab.host("server")
        self.studio = lab.host("studio", up_kbps=int(origin_kbps * 1.1))
        self.studio.delay(20)
        self.url = f"http://{self.server.address}:8470"
        self.tracker = self.server.run(
            [meshpeer, "rendezvous", "--listen", f"{self.server.address}:6900", "--report", "5s"],
            stdout=open(f"{work}/rendezvous", "w"))
        token = f"{work}/token"
        with open(token, "w", opener=functools.partial(os.open, mode=0o600)) as f:
            f.write("secret\n")
        self.server.run([meshpeer, "channel-server", "--listen", f"{self.server.address}:8470",
                         "--token-file", token], stdout=subprocess.DEVNULL)
        feed = self.studio.run(["ffmpeg", "-v", "error", "-re", "-i", film, "-c", "copy",
                                "-f", "mpegts", "-"], stdout=subprocess.PIPE)
        self.origin = self.studio.run(
            [meshpeer, "origin", "bars", "--source", "-", "--listen",
             f"{self.studio.address}:7000", "--tracker", f"{self.server.address}:6900",
             "--channel-server", self.url, "--token-file", token, "--transport", transport,
             "--upload", f"{origin_kbps}kbit/s"],
            stdin=feed.stdout, stdout=open(f"{work}/origin", "w"))
        self.peers = []

    def peer(self, up=None, promise=1):
        number = len(self.peers)
        up = up or UPLOADS[number % len(UPLOADS)]
        host = self.lab.host(f"peer{number}", down_kbps=DOWN, up_kbps=int(up * 1.1))
        host.log = open(f"{self.work}/peer{number}", "w+")
        host.truth = f"{self.work}/truth{number}"
        host.peer = host.run(
            [self.meshpeer, "peer", "bars", "--channel-server", self.url, "--wait", "20s",
             "--listen", f"{host.address}:7001", "--upload", f"{up * promise}kbit/s", "--truth", host.truth,
             "--transport", self.transport], stdout=host.log)
        self.peers.append(host)
        return host

    def end(self):
        """Everybody leaves; their last lines."""
        for host in self.peers:
            if host.peer.poll() is None:
                host.peer.send_signal(signal.SIGTERM)
        for host in self.peers:
            host.status = self.lab.end(host.peer, how=None)
        self.lab.end(self.origin)
        ends = {}
        for host in self.peers:
            host.log.seek(0)
            last = [json.loads(line) for line in host.log if '"event":"end"' in line]
            if last:
                ends[host.name] = last[-1]
        return ends


def events_of(host):
    with open(host.truth) as f:
        return [json.loads(line) for line in f]


def spans_of(events, least_s=0.5):
    """Stalls, from when to when."""
    spans, begun = [], None
    for e in events:
        if e["event"] == "stall":
            begun = begun or e["t"]
        elif e["event"] in ("resume", "reboot", "leave") and begun:
            if e["t"] - begun >= least_s:
                spans.append((begun, e["t"]))
            begun = None
    return spans


def own_delay(lab, work, film):
    """What mpv takes from the wish to the first picture, of a plain web server: the median of 5."""
    host = lab.host("cinema", down_kbps=DOWN)
    web = lab.host("web")
    web.run([sys.executable, "-m", "http.server", "-d", os.path.dirname(film), "--bind",
             web.address, "8080"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    delays = []
    for i in range(5):
        mpv = labs.Mpv(host, f"{work}/own{i}")
        begun = time.time()
        mpv.say("loadfile", f"http://{web.address}:8080/{os.path.basename(film)}")
        while mpv.first("playback-restart") is None and time.time() < begun + 10:
            mpv.look()
            time.sleep(0.005)
        delays.append(mpv.first("playback-restart") - begun)
        mpv.process.kill()
    print(f"mpv by itself: {statistics.median(delays):.3f} s, of {', '.join(f'{d:.3f}' for d in delays)}")
    return statistics.median(delays)


def watch(players, seconds, every):
    """Looks at the players until so many seconds have passed; every(t) in between."""
    begun = time.time()
    while time.time() < begun + seconds:
        for mpv in players:
            mpv.look()
        every(time.time() - begun)
        time.sleep(0.005)


def overlap(span, others, slack=1.5):
    end = span[1] or span[0] + 600
    return any(o[0] < end + slack and (o[1] or o[0] + 600) > span[0] - slack for o in others)


def compare_starts(check, watched, own):
    for host, mpv in watched:
        play = next(e["t"] for e in events_of(host) if e["event"] == "play")
        shown = mpv.first("playback-restart")
        apart = (shown - own - play) if shown else None
        print(f"{host.name}: plays at {play - host.begun:.3f} s, mpv's picture at "
              f"{shown - host.begun if shown else float('nan'):.3f} s")
        check.holds(f"{host.name}: mpv starts when truth says, within {WITHIN_S} s "
                    f"({apart if apart is None else round(apart, 3)})",
                    apart is not None and abs(apart) <= WITHIN_S)


def compare_stalls(check, watched, least):
    """Those that were made: both must have seen them."""
    both = 0
    for host, mpv in watched:
        truth = spans_of(events_of(host))
        seen = [s for s in mpv.stalls() if (s[1] or s[0] + 9) - s[0] >= 0.3]
        print(f"{host.name}: truth " + ", ".join(f"{a - host.begun:.1f}-{b - host.begun:.1f}"
                                                  for a, b in truth) +
              "; mpv " + ", ".join(f"{a - host.begun:.1f}-{(b or 0) - host.begun:.1f}"
                                   for a, b in seen))
        for broken in host.broken:
            span = (broken, broken + BREAK_S + 6)
            hit = [s for s in truth if overlap(s, [span], 0)]
            both += bool(hit) and any(overlap(s, seen) for s in hit)
    made = sum(len(host.broken) for host, _ in watched)
    print(f"lines broken {made} times; a stall seen by truth and by mpv {both} times")
    check.holds(f"at least {least} stalls that were made are seen by both", both >= least)


def found(score):
    row = next(r for r in score["stalls"] if r["least_s"] == 0.5 and not r["least_map_periods"])
    return (f"{row['found']} of {row['true']} found, {row['false']} false, "
            f"{row['true_s']:.1f} s true, {row['inferred_s']:.1f} s inferred")


def analyze(check, swarmscope, work, pcap, hosts):
    with open(f"{work}/truth", "w") as out:
        lines = []
        for host in hosts:
            if os.path.exists(host.truth):
                lines += events_of(host)
        for line in sorted(lines, key=lambda e: e["t"]):
            line["run"] = line["peer"]
            out.write(json.dumps(line) + "\n")
    subprocess.run([swarmscope, "analyze", "--ignore-playpos", "-f", "json", "-o",
                    f"{work}/report.json", pcap], check=True)
    score = json.loads(subprocess.run([swarmscope, "score", "--json", "--truth", f"{work}/truth",
                                       f"{work}/report.json"], check=True, capture_output=True,
                                      text=True).stdout)
    start = score["errors"]["startup_from_join_s"]
    print(f"analysis of the capture, play position hidden: {score['matched']} of {len(hosts)} peers, "
          f"start-up off by {start['median_abs']:.3f} s (p95 {start['p95_abs']:.3f}); stalls of "
          f"0.5 s: {found(score)}")
    check.holds("every peer is found", score["matched"] == len(hosts))
    check.holds("start-up within 0.15 s, median", start["median_abs"] <= 0.15)


def dissect(check, work, pcap, lua):
    """tshark with the dissector: nothing malformed; what control costs."""
    if not shutil.which("tshark"):
        return
    out = subprocess.run(["tshark", "-X", f"lua_script:{lua}", "-r", pcap, "-Y", "swmesh and not icmp",
                          "-T", "fields", "-e", "swmesh.type", "-e", "swmesh.len", "-e",
                          "swmesh.bad"],
                         capture_output=True, text=True).stdout.splitlines()
    rows = [line.split("\t") for line in out]
    bad = sum(bool(row[2]) for row in rows)
    frames = [(int(kind), int(size)) for row in rows
              for kind, size in zip(row[0].split(","), row[1].split(","))]
    media = sum(size - CHUNK_FIXED for kind, size in frames if kind == CHUNK)
    everything = sum(size + HEAD for _, size in frames)
    print(f"tshark: {len(frames)} frames, {bad} packets with an error; control is "
          f"{100 * (everything - media) / max(media, 1):.1f} % of the media's bytes")
    check.holds("tshark decodes every frame", frames and not bad)


def players(o, check):
    work = o.keep or tempfile.mkdtemp(prefix="lab.")
    os.makedirs(work, exist_ok=True)
    film, seconds = f"{work}/film.ts", 40 + BREAK_EVERY_S * 2
    make_film(film, seconds + 30)
    with labs.Lab() as lab:
        own = own_delay(lab, work, film)
        pcap = f"{work}/lab.pcap"
        tap = lab.capture(pcap)
        swarm = Swarm(lab, o.meshpeer, film, work, o.transport)
        time.sleep(4)
        for _ in range(o.peers - o.players):
            swarm.peer()
            time.sleep(0.2)
        time.sleep(3)
        watched = []
        for i in range(o.players):
            host = swarm.peer()
            mpv = labs.Mpv(host, f"{work}/mpv{i}")
            host.broken, host.begun = [], time.time()
            wait_for_port(host)
            mpv.say("loadfile", f"http://{host.address}:8000/bars.ts")
            watched.append((host, mpv))
            watch([m for _, m in watched], 1, lambda t: None)
        break_lines(watched, o.players)
        ends = swarm.end()
        lab.end(tap)
        for _, mpv in watched:
            mpv.look()
        ended_well(check, swarm.peers)
        compare_starts(check, watched, own)
        compare_stalls(check, watched, 3 if o.players >= 3 else 1)
        figures(ends)
        analyze(check, o.swarmscope, work, pcap, swarm.peers)
        dissect(check, work, pcap, os.path.join(os.path.dirname(__file__),
                                                "../../packaging/wireshark/swarmscope-mesh.lua"))
    if not o.keep:
        shutil.rmtree(work)


def wait_for_port(host):
    until = time.time() + 20
    while '"event":"start"' not in open(host.log.name).read() and time.time() < until:
        time.sleep(0.01)


def break_lines(watched, n):
    """Twice each, in turn, so that there is time to come back."""
    plan = [(4 + BREAK_EVERY_S * r + i * 2, host) for r in range(2)
            for i, (host, _) in enumerate(watched)]
    restore = []

    def every(t):
        while plan and t >= plan[0][0]:
            _, host = plan.pop(0)
            host.line(down_kbps=BREAK_KBPS)
            host.broken.append(time.time())
            restore.append((t + BREAK_S, host))
        while restore and t >= restore[0][0]:
            restore.pop(0)[1].line(down_kbps=DOWN)

    plan.sort(key=lambda p: p[0])
    watch([m for _, m in watched], 6 + BREAK_EVERY_S * 2 + n * 2, every)


def ended_well(check, hosts):
    bad = {h.name: h.status for h in hosts if h.status}
    check.holds(f"all that were asked to leave ended well {bad or ''}", not bad)


def figures(ends):
    starts = sorted(e["startup_s"] for e in ends.values() if e["startup_s"] is not None)
    played = sum(e["played"] for e in ends.values())
    missed = sum(e["missed"] for e in ends.values())
    print(f"{len(ends)} peers: start-up median {statistics.median(starts):.2f} s, longest "
          f"{starts[-1]:.2f} s; chunks played {played}, missed {missed}; stalls "
          f"{sum(e['stalls'] for e in ends.values())} of "
          f"{sum(e['stalled_s'] for e in ends.values()):.1f} s in all")


def trouble(o, check):
    work = tempfile.mkdtemp(prefix="lab.")
    film = f"{work}/film.ts"
    make_film(film, 100)
    with labs.Lab() as lab:
        swarm = Swarm(lab, o.meshpeer, film, work, o.transport)
        time.sleep(4)
        for _ in range(o.peers):
            swarm.peer()
            time.sleep(0.2)
        time.sleep(12)
        marks = [("calm", time.time())]
        swarm.tracker.kill()
        marks.append(("tracker killed", time.time()))
        time.sleep(15)
        swarm.origin.send_signal(signal.SIGSTOP)
        marks.append(("origin silent for 5 s", time.time()))
        time.sleep(5)
        swarm.origin.send_signal(signal.SIGCONT)
        time.sleep(15)
        killed = swarm.peers[::3]
        for host in killed:
            host.peer.kill()
        marks.append((f"{len(killed)} of {len(swarm.peers)} peers killed", time.time()))
        time.sleep(20)
        left = [h for h in swarm.peers if h not in killed]
        ends = swarm.end()
        ended_well(check, left)
        stalls = {h.name: spans_of(events_of(h)) for h in left}
        for i, (name, t) in enumerate(marks[1:], 1):
            until = marks[i + 1][1] if i + 1 < len(marks) else time.time()
            hit = [s for spans in stalls.values() for s in spans if t <= s[0] < until]
            print(f"{name}: {len(hit)} stalls, {sum(b - a for a, b in hit):.1f} s in all, longest "
                  f"{max((b - a for a, b in hit), default=0):.1f} s, of {len(left)} viewers")
        figures({h.name: ends[h.name] for h in left if h.name in ends})
        check.holds("all that were not killed began to play",
                    all(ends[h.name]["startup_s"] is not None for h in left))
        played = sum(ends[h.name]["played"] for h in left)
        missed = sum(ends[h.name]["missed"] for h in left)
        check.holds("they played 97 % of what was due", played / (played + missed) >= 0.97)
        last = [max((e["t"] for e in events_of(h) if e["event"] == "chunk"), default=0)
                for h in left]
        check.holds("and all still got chunks at the end",
                    all(t > marks[-1][1] + 10 for t in last))
    shutil.rmtree(work)


HERE = os.path.dirname(os.path.abspath(__file__))


def replay(lab, work):
    """A capture of another system, given to the bridge as fast as it was taken."""
    cut, plain = f"{work}/cut.pcap", f"{work}/other.pcap"
    subprocess.run(["zstd", "-qdf", f"{HERE}/../pcap/peerstreamer-engine-a.pcap.zst", "-o", cut],
                   check=True)
    fill(cut, plain)
    labs.call("ip", "-n", lab.space, "link", "add", "re0", "type", "veth", "peer", "name", "re1")
    labs.call("ip", "-n", lab.space, "link", "set", "re1", "master", "br0", "up")
    labs.call("ip", "-n", lab.space, "link", "set", "re0", "up")
    process = subprocess.Popen(
        ["ip", "netns", "exec", lab.space, "tcpreplay", "-q", "-i", "re0", plain],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.processes.append(process)
    return process


def watch_live(lab, swarmscope, work):
    """run on the bridge; answers the process once it listens."""
    out = open(f"{work}/run", "w+")
    process = subprocess.Popen(
        ["ip", "netns", "exec", lab.space, swarmscope, "run", "--json", "-i", "br0", "--promiscuous",
         "--store", f"sqlite:{work}/live.db", "--clear-addresses"], stdout=out,
        stderr=open(f"{work}/run.err", "w"))
    lab.processes.append(process)
    until = time.time() + 10
    while '"event":"start"' not in open(out.name).read() and time.time() < until:
        time.sleep(0.05)
    return process


def kept_sessions(swarmscope, work):
    """All sessions in the database, as the API gives them."""
    serve = subprocess.Popen([swarmscope, "serve", "--store", f"sqlite:{work}/live.db", "--listen",
                              "127.0.0.1:18700", "--port-search"], stdout=subprocess.PIPE, text=True)
    url = serve.stdout.readline().strip() + "api/v1/channels"
    sessions = []
    for row in json.load(urllib.request.urlopen(url))["data"]:
        name = urllib.parse.quote(row["channel"]["id"], safe="")
        sessions += json.load(urllib.request.urlopen(f"{url}/{name}/sessions?limit=1000"))["data"]
    serve.terminate()
    serve.wait()
    return sessions


def live(o, check):
    work = o.keep or tempfile.mkdtemp(prefix="lab.")
    os.makedirs(work, exist_ok=True)
    film, pcap = f"{work}/film.ts", f"{work}/live.pcap"
    make_film(film, o.seconds + 20)
    with labs.Lab() as lab:
        tap = lab.capture(pcap)
        run = watch_live(lab, o.swarmscope, work)
        swarm = Swarm(lab, o.meshpeer, film, work, o.transport)
        other = replay(lab, work)
        time.sleep(3)
        until = time.time() + o.seconds
        for _ in range(o.peers):
            swarm.peer()
            time.sleep(0.3)
        while time.time() < until:  # a line breaks every 20 s
            host = swarm.peers[int(time.time() / 20) % len(swarm.peers)]
            host.line(down_kbps=BREAK_KBPS)
            time.sleep(8)
            host.line(down_kbps=DOWN)
            time.sleep(12)
        lab.end(other, how=signal.SIGINT)
        swarm.end()
        time.sleep(1)
        status = lab.end(run, how=signal.SIGINT)
        lab.end(tap)
    check.holds(f"run ended well {status}", status == 0)
    last = json.loads(open(f"{work}/run").read().splitlines()[-1])
    check.holds(f"{last['packets']} packets, nothing dropped or lost",
                last["dropped"] + last["interface_dropped"] + last["lost_observations"] == 0)
    subprocess.run([o.swarmscope, "analyze", "-f", "json", "-o", f"{work}/report.json", pcap],
                   check=False)
    with open(f"{work}/sessions.json", "w") as f:
        json.dump({"data": kept_sessions(o.swarmscope, work)}, f)
    same = subprocess.run([f"{HERE}/same_sessions.py", f"{work}/sessions.json",
                           f"{work}/report.json"], capture_output=True, text=True, check=False)
    report = json.load(open(f"{work}/report.json"))
    stalls = sum(len(s["stalls"]) for s in report["sessions"])
    check.holds(f"the database and the capture's analysis agree, {stalls} stalls among it: "
                f"{same.stdout.strip()}", same.returncode == 0)
    protocols = {c["protocol"] for c in report["channels"]}
    check.holds(f"both systems were seen: {sorted(protocols)}", {"mesh", "grapes"} <= protocols)
    if not o.keep:
        shutil.rmtree(work)


def congestion(o, check):
    work = tempfile.mkdtemp(prefix="lab.")
    film = f"{work}/film.ts"
    make_film(film, 100)
    with labs.Lab() as lab:
        swarm = Swarm(lab, o.meshpeer, film, work, o.transport, origin_kbps=1500)
        time.sleep(4)
        for i in range(o.peers):
            swarm.peer(up=(250, 400, 800)[i % 3], promise=5)
            time.sleep(0.5)
        time.sleep(50)
        lines = [dropped_of(host) for host in swarm.peers]
        ends = swarm.end()
        ended_well(check, swarm.peers)
        figures(ends)
        print(f"packets that lines dropped on their way up: {sum(d for d, _ in lines)} of "
              f"{sum(n for _, n in lines)}")
        played = sum(e["played"] for e in ends.values())
        missed = sum(e["missed"] for e in ends.values())
        check.holds("they played 95 % of what was due", played / (played + missed) >= 0.95)
    shutil.rmtree(work)


def dropped_of(host):
    """Of a host's line up: packets dropped, and all."""
    said = labs.call("tc", "-s", "-j", "-n", host.space, "qdisc", "show", "dev", "eth0").stdout
    row = json.loads(said)[0]
    return row["drops"], row["packets"] + row["drops"]


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("what", choices=["players", "trouble", "live", "congestion"])
    parse.add_argument("meshpeer")
    parse.add_argument("swarmscope")
    parse.add_argument("--peers", type=int, default=30)
    parse.add_argument("--players", type=int, default=3)
    parse.add_argument("--transport", default="udp")
    parse.add_argument("--seconds", type=int, default=60, help="of live")
    parse.add_argument("--keep")
    o = parse.parse_args()
    o.meshpeer, o.swarmscope = os.path.abspath(o.meshpeer), os.path.abspath(o.swarmscope)
    why = labs.can_make()
    for tool in ("ffmpeg",) + (("mpv", "tcpdump") if o.what == "players" else ()) + \
            (("tcpdump", "tcpreplay") if o.what == "live" else ()):
        why = why or ("" if shutil.which(tool) else f"{tool} is missing")
    if why:
        print(f"left out: {why}")
        sys.exit(77)
    check = Check()
    {"players": players, "trouble": trouble, "live": live, "congestion": congestion}[o.what](o, check)
    sys.exit(1 if check.failed else 0)


main()
