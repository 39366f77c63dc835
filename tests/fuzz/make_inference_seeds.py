#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_inference: swarms, and values at and over each limit.

Usage: make_inference_seeds.py FOLDER. The input's form is in fuzz_inference.c.
"""
import pathlib
import struct
import sys

(MAP, HAVE, REQUEST, TRANSFER, MARK, VERIFY, CONTACTS, PARTNER, JOIN, LEAVE, CHANNEL, FLOW,
 GAP) = range(1, 14)
TIME, OFFSET, SOURCE, BITS = 1, 2, 4, 8
ALL, MINUS_ACKED, IS_SOURCE = 1, 4, 64
FAR = 2**62 - 1    # times
MOST = 2**62 - 1   # chunk numbers
ENDS = [0, 1, FAR - 1, FAR, FAR + 1, 2**63 - 1, 2**63, 2**64 - 1]


def head(id_bits=2, window=80, rate=0):
    return bytes([id_bits, window, rate, 0])


def say(kind, peer, to=1, channel=4, dt=0, move=0, how=0, flags=0, source=0, width=0,
        substreams=0, action=0, bits=b'\xff' * 6):
    mask = 2**64 - 1
    return struct.pack('<8B3QH', kind, flags, peer, to, channel, how, substreams, action,
                       dt & mask, move & mask, source & mask, width) + bits


def chunk(dt=100, to=2, source=1, move=1, **more):
    return (say(MARK, source, to, dt=dt, move=move, width=1, **more) +
            say(TRANSFER, to, source, width=1, flags=ALL, **more))


def swarm(chunks, flags=0, viewers=(2, 3), cut=range(0), lost=()):
    """A chunk each 100 ms to each viewer, who tell what they hold right after."""
    out = say(CHANNEL, 1, substreams=0) + say(JOIN, 2) + say(JOIN, 3, dt=10)
    out += say(MARK, 1, 2, dt=1000, how=OFFSET, move=1000, width=1, source=0)
    for i in range(chunks):
        out += say(MARK, 1, 2, dt=100, move=1, width=1)
        for viewer in viewers:
            if i not in cut and i not in lost:
                out += say(TRANSFER, viewer, 1, width=1, flags=ALL)
                held = min(i + 1, 60)
                out += say(MAP, viewer, 1, move=1 - held, width=held, flags=flags)
                out += say(REQUEST, viewer, 1, move=held - 1, width=1)
    return out


def seeds():
    yield 'empty', b''
    yield 'options', head()
    yield 'short', head() + say(JOIN, 2)[:39]
    yield 'one', head() + say(JOIN, 2)
    yield 'swarm', head() + swarm(60) + say(LEAVE, 2, action=12)
    yield 'acked', head() + swarm(60, MINUS_ACKED)
    yield 'stall', head() + swarm(120, cut=range(40, 90))
    yield 'skip', head(window=8) + swarm(120, lost=(50, 51))
    yield 'source', head() + swarm(30, IS_SOURCE)
    yield 'rates', head(rate=2) + swarm(20)
    yield 'rates_over', head(rate=3) + swarm(20)
    yield 'restart', head() + swarm(40) + say(JOIN, 2, dt=20000) + swarm(40)
    yield 'silence', head() + swarm(40) + say(CONTACTS, 5, dt=30000) * 3
    for n, name in ((3, 'at'), (4, 'over')):
        yield f'channels_{name}', head() + swarm(20) + b''.join(
            say(MARK, 1, 2, how=OFFSET, move=70000 * i, width=1, source=i * 10**12)
            for i in range(n - 1)) + swarm(20)
        yield f'peers_{name}', head() + b''.join(
            swarm(3, viewers=(2 * i,)) for i in range(1, n + 1))
    for i, t in enumerate(ENDS):
        yield f'time_{i}', head() + swarm(12) + say(MAP, 2, how=TIME, dt=t, width=9) + swarm(12)
        yield f'source_{i}', head() + swarm(12) + say(
            MARK, 1, 2, move=1, how=SOURCE, source=t, width=1) + swarm(12)
        yield f'offset_{i}', head(0) + swarm(12) + say(
            MAP, 2, channel=5, how=OFFSET, move=t, width=8) + say(
            MARK, 1, 2, channel=5, how=OFFSET | SOURCE, move=t, source=10**18, width=1) + say(
            HAVE, 2, channel=5, how=OFFSET, move=t, width=16)
    for width in (0, 1, 511, 512, 513, 16383, 16384, 16385):
        yield f'width_{width}', head() + swarm(12) + say(MAP, 2, width=width) + say(
            HAVE, 3, width=width, how=BITS, bits=b'\xff' * 6 if width % 8 == 0 else bytes(6))
    for k in (1, 63, 64, 65):
        yield f'substreams_{k}', head() + swarm(12) + say(MAP, 2, substreams=k) * 3
    for length in (1, 127, 128, 129):
        yield f'id_{length}', head() + say(CHANNEL, 1, channel=5, substreams=length) + say(
            MAP, 2, channel=5, width=20) * 3
    for bits, end in ((1, 2**31), (2, 2**32)):
        yield f'wrap_{bits}', head(bits) + say(
            MARK, 1, 2, how=OFFSET | SOURCE, move=end - 6, source=17 * 10**17, width=1) + b''.join(
            say(MARK, 1, 2, dt=100, how=OFFSET | SOURCE, move=(end - 5 + i) % end,
                source=17 * 10**17 + (i + 1) * 10**8, width=1) +
            say(MAP, 2, how=OFFSET, move=(end - 5) % end, width=i + 1) for i in range(12))
    yield 'jump', head() + swarm(30) + say(MAP, 2, channel=4, move=200, width=60) + say(
        TRANSFER, 2, move=5, width=1, flags=ALL) + swarm(30)
    yield 'estimated', head(0) + b''.join(
        say(MAP, 2 + i % 3, channel=6, dt=200, width=20 + i) for i in range(40))
    yield 'nobody', head() + swarm(12) + say(LEAVE, 0) + say(MAP, 0, width=5) + say(
        TRANSFER, 0, 0, width=1)
    yield 'period', head() + swarm(12) + b''.join(
        say(MAP, 2, how=TIME, dt=t, width=9) for t in (FAR, 0, 5, FAR, FAR, 7, 9))
    yield 'gap', head() + swarm(12) + say(GAP, 0, 0) + say(FLOW, 2, 3) + say(VERIFY, 2, 3)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in seeds():
        (folder / name).write_bytes(content)


main()
