#!/usr/bin/env python3
"""mix - a capture of what a link carries, a swarm among it; the same each time.

  mix.py SWARM.pcap OUT.pcap [TIMES]

Behind each packet of the swarm (a plain little-endian Ethernet pcap, given TIMES
times, one after the other) stand three of others: web pages and downloads over TCP,
name look-ups, QUIC, calls, a tenth each in VLANs and over IPv6, some IP fragments,
ARP. 40,000 flows, as few of them busy as on real links; bytes as random as cipher
text. Packets are whole, 500 bytes in the mean.

SPDX-License-Identifier: Apache-2.0
"""

import random
import struct
import sys

FLOWS, OTHERS, FRAMES_OF = 40_000, 3, 24
MACS = bytes.fromhex("020000000001020000000002")
ARP = MACS + b"\x08\x06" + bytes(46)


def ipv4(protocol, src, dst, payload, number=0, fragment=0):
    return struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), number, fragment, 64, protocol,
                       0, src, dst) + payload


def ipv6(protocol, src, dst, payload):
    net = bytes.fromhex("20010db80000000000000000")
    return struct.pack(">IHBB", 6 << 28, len(payload), protocol, 64) + \
        net + struct.pack(">I", src) + net + struct.pack(">I", dst) + payload


def tcp(ports, size, rng):
    return struct.pack(">HHIIHHHH", *ports, rng.getrandbits(32), rng.getrandbits(32), 0x5010,
                       501, 0, 0) + rng.randbytes(size)


def udp(ports, size, rng):
    return struct.pack(">HHHH", *ports, 8 + size, 0) + rng.randbytes(size)


def sizes_of(kind, rng):
    """Payload bytes of a flow's packets, one way and back."""
    if kind == "tcp":
        return [rng.choices((1448, 0, rng.randrange(1, 1400)), (30, 55, 15))[0] for _ in range(2)]
    return {"dns": [34, 130], "quic": [1250, 40], "call": [172, 172]}[kind]


def frames_of_flow(rng):
    """A few frames of one flow, both ways; they come again and again."""
    kind = rng.choices(("tcp", "quic", "dns", "call"), (70, 12, 12, 6))[0]
    here, there = 0x0A000000 + rng.getrandbits(16), 0x5D000000 + rng.getrandbits(24)
    port = {"tcp": 443, "quic": 443, "dns": 53, "call": 20000}[kind]
    ports, v6, tagged = (rng.randrange(1024, 65536), port), rng.random() < .1, rng.random() < .1
    frames = []
    for i in range(2 if kind == "dns" else rng.randrange(2, FRAMES_OF)):
        ends, numbers = ((here, there), ports) if i % 2 == 0 else ((there, here), ports[::-1])
        size = sizes_of(kind, rng)[i % 2]
        payload = tcp(numbers, size, rng) if kind == "tcp" else udp(numbers, size, rng)
        number = 6 if kind == "tcp" else 17
        packet = (ipv6 if v6 else ipv4)(number, *ends, payload)
        ethertype = b"\x86\xdd" if v6 else b"\x08\x00"
        frames.append(MACS + (b"\x81\x00\x00\x07" if tagged else b"") + ethertype + packet)
    return frames


def fragments(rng):
    payload = udp((5000, 5001), 2900, rng)
    ends = 0x0A000000 + rng.getrandbits(16), 0x5D000000 + rng.getrandbits(24)
    number = rng.getrandbits(16)
    return [MACS + b"\x08\x00" + ipv4(17, *ends, payload[at:at + 1480], number,
                                      (0x2000 if at < 1480 else 0) | at // 8)
            for at in (0, 1480)]


def others(rng):
    """Frames without end: at each moment some 400 flows are busy."""
    flows = [frames_of_flow(rng) for _ in range(FLOWS)]
    busy = [(flow, 0) for flow in flows[:400]]
    fresh = len(busy)
    while True:
        lot = rng.random()
        if lot < .005:
            yield from fragments(rng)
        elif lot < .01:
            yield ARP
        i = int(rng.random() ** 2 * len(busy))
        flow, at = busy[i]
        yield flow[at]
        if at + 1 < len(flow) or rng.random() < .5:
            busy[i] = (flow, (at + 1) % len(flow))
        else:
            busy[i] = (flows[fresh % FLOWS], 0)
            fresh += 1


def records(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        sys.exit(f"{path}: not a plain little-endian pcap")
    at, out = 24, []
    while at + 16 <= len(data):
        kept, = struct.unpack_from("<I", data, at + 8)
        out.append((*struct.unpack_from("<II", data, at), data[at + 8:at + 16 + kept]))
        at += 16 + kept
    return data[:24], out


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    head, swarm = records(sys.argv[1])
    times = int(sys.argv[3]) if len(sys.argv) == 4 else 3
    span = swarm[-1][0] - swarm[0][0] + 1
    stream = others(random.Random(1))
    with open(sys.argv[2], "wb") as f:
        f.write(head)
        for i in range(times):
            for seconds, fraction, rest in swarm:
                stamp = struct.pack("<II", seconds + i * span, fraction)
                parts = [stamp + rest]
                for _ in range(OTHERS):
                    frame = next(stream)
                    parts.append(stamp + struct.pack("<II", len(frame), len(frame)) + frame)
                f.write(b"".join(parts))


if __name__ == "__main__":
    main()
