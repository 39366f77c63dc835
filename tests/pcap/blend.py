#!/usr/bin/env python3
"""Blends captures of swarms into one, as if they had been on one link at one time: each gets
a network of its own (its IPv4 addresses 10.X become 10.X+20 times its place) and begins at
the same moment. Writes each by itself too, changed in the same way, and as long as all: at the
end stands a packet of nobody's.

    blend.py OUT.pcap IN.pcap...     (plain, little-endian, Ethernet or raw IPv4) OUT.pcap, OUT.pcap.0 ...

SPDX-License-Identifier: Apache-2.0
"""
import heapq
import itertools
import struct
import sys

BEGIN_NS = 1_800_000_000_000_000_000
UNITS = {0xA1B2C3D4: 1000, 0xA1B23C4D: 1}
ETHERNET = bytes.fromhex('0200000000010200000000020800')
NOBODYS = ETHERNET[:12] + b'\x08\x06' + bytes(46)
HEAD = struct.pack('<IHHiIII', 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)


def records(path):
    with open(path, 'rb') as f:
        data = f.read()
    unit = UNITS[struct.unpack_from('<I', data)[0]]
    before = {1: b'', 101: ETHERNET}[struct.unpack_from('<I', data, 20)[0]]
    at = 24
    while at + 16 <= len(data):
        s, fraction, captured, wire = struct.unpack_from('<IIII', data, at)
        frame = before + data[at + 16:at + 16 + captured]
        yield s * 1_000_000_000 + fraction * unit, len(before) + wire, frame
        at += 16 + captured


def moved(frame, by):
    """With another second byte in its 10.X addresses; checksums of headers are not read."""
    if len(frame) < 34 or frame[12:14] != b'\x08\x00':
        return frame
    frame = bytearray(frame)
    for at in (26, 30):
        if frame[at] == 10:
            frame[at + 1] = (frame[at + 1] + by) % 256
    return bytes(frame)


def changed(path, place):
    first = None
    for t_ns, wire, frame in records(path):
        first = t_ns if first is None else first
        yield BEGIN_NS + t_ns - first, place, wire, moved(frame, 20 * place)


def write(path, packets):
    with open(path, 'wb') as out:
        out.write(HEAD)
        for t_ns, _, wire, frame in packets:
            out.write(struct.pack('<IIII', t_ns // 1_000_000_000, t_ns % 1_000_000_000,
                                  len(frame), wire) + frame)


def main():
    inputs = sys.argv[2:]
    end_ns = max(t_ns for i, p in enumerate(inputs) for t_ns, *_ in changed(p, i))
    last = [(end_ns, 0, len(NOBODYS), NOBODYS)]
    for place, path in enumerate(inputs):
        write(f'{sys.argv[1]}.{place}', itertools.chain(changed(path, place), last))
    write(sys.argv[1], heapq.merge(*(changed(p, i) for i, p in enumerate(inputs))))


if __name__ == '__main__':
    main()
