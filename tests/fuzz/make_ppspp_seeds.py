#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_ppspp and fuzz_tcp: short of, at and over each limit.

Usage: make_ppspp_seeds.py CORPUS (the folders ppspp and tcp in it).
"""
import pathlib
import struct
import sys

NOW_US = 1795470988000000
UDP, REPLY, TCP, CUT = 0, 1, 2, 4


def one(data, how=UDP):
    return bytes([how]) + struct.pack('>H', len(data)) + data


def rng(kind, first, last):
    return struct.pack('>BII', kind, first, last)


def hello(source=0x11, swarm=b'\x0d' + bytes(64), method=2, extra=b'', end=b'\xff'):
    out = struct.pack('>BI', 0, source) + b'\0\1\1\1'
    if swarm is not None:
        out += b'\2' + struct.pack('>H', len(swarm)) + swarm
    return out + b'\3\3\4\0\5\x0d\6' + bytes([method]) + extra + end


def udp(channel, *messages, how=UDP):
    return one(struct.pack('>I', channel) + b''.join(messages), how)


def frame(data, how=TCP, by=0):
    return one(struct.pack('>I', len(data) + by) + data, how)


def tracker(text):
    return frame(text.encode())


OPEN = udp(0, hello()) + udp(0x11, hello(0x22, None), how=REPLY)
DATA = rng(1, 7, 7) + struct.pack('>Q', NOW_US)
SIGNED = rng(7, 0, 31) + struct.pack('>Q', NOW_US)
LEGACY = b'\4\x7f\xff\xff\xff' + bytes(20)

PPSPP = {
    'open': OPEN, 'keep-alive': OPEN + udp(0x22), 'close': OPEN + udp(0x22, b'\0' + bytes(4)),
    'swarm-128': udp(0, hello(swarm=bytes(128))), 'swarm-129': udp(0, hello(swarm=bytes(129))),
    'swarm-none': udp(0, hello(swarm=None)), 'swarm-empty': udp(0, hello(swarm=b'')),
    'no-end': udp(0, hello(end=b'')), 'source-0': udp(0, hello(source=0)),
    'method-4': udp(0, hello(method=4, extra=b'\7' + bytes(8))),
    'method-5': udp(0, hello(method=5)),
    'rsa': udp(0, hello(swarm=b'\5\3\1\0\1' + bytes(120))) + udp(0x11, SIGNED, bytes(120)),
    'rsa-long': udp(0, hello(swarm=b'\5\0\0\3' + bytes(90))),
    'p384': udp(0, hello(swarm=b'\x0e' + bytes(96))) + udp(0x11, SIGNED, bytes(96)),
    'chunk-size-0': udp(0, hello(extra=b'\x09' + bytes(4))),
    'window': udp(0, hello(extra=b'\7\0\0\4\0\x08\2\xff\xff')),
    'have-widest': OPEN + udp(0x22, rng(3, 5, 5 + 16383)),
    'have-wider': OPEN + udp(0x22, rng(3, 5, 5 + 16384)),
    'have-all': OPEN + udp(0x22, rng(3, 0, 0xffffffff)),
    'have-last': OPEN + udp(0x22, rng(3, 0xffffffff, 0xffffffff)),
    'have-back': OPEN + udp(0x22, rng(3, 5, 4)), 'have-short': OPEN + udp(0x22, rng(3, 5, 6)[:-1]),
    'ack': OPEN + udp(0x22, rng(2, 5, 5) + bytes(8)),
    'ack-short': OPEN + udp(0x22, rng(2, 5, 5) + bytes(7)),
    'data': OPEN + udp(0x22, DATA + bytes(40)), 'data-cut': OPEN + udp(0x22, DATA, how=CUT),
    'data-empty': OPEN + udp(0x22, DATA), 'data-short': OPEN + udp(0x22, DATA[:-1]),
    'signed': OPEN + udp(0x22, SIGNED, bytes(64)),
    'signed-short': OPEN + udp(0x22, SIGNED, bytes(63)),
    'signed-ntp': OPEN + udp(0x22, rng(7, 0, 31), struct.pack('>II', NOW_US // 1000000 + 2208988800, 9), bytes(64)),
    'integrity': OPEN + udp(0x22, rng(4, 0, 0), bytes(20)),
    'integrity-short': OPEN + udp(0x22, rng(4, 0, 0), bytes(19)),
    'pex': OPEN + udp(0x22, b'\5' + bytes(6), b'\x0c' + bytes(18), b'\x0d\0\2ab', b'\6\x0a\x0b'),
    'pex-short': OPEN + udp(0x22, b'\5' + bytes(5)),
    'pex6-short': OPEN + udp(0x22, b'\x0c' + bytes(17)),
    'cert-over': OPEN + udp(0x22, b'\x0d\0\3ab'), 'type-14': OPEN + udp(0x22, b'\x0e'),
    'request': OPEN + udp(0x22, rng(8, 0, 99), rng(9, 0, 99)),
    'late': udp(0x77, rng(3, 64, 127)), 'late-data': udp(0x77, DATA, bytes(10)),
    'channels-9': b''.join(udp(0, hello(source=i)) for i in range(1, 10)) + udp(1, rng(3, 0, 0), how=REPLY),
    'legacy': udp(0, LEGACY, b'\0\0\0\0\x66', b'\3\0\0\x28\xbf') + udp(0x66, b'\1\0\0\0\2', bytes(9), how=REPLY),
    'legacy-root': udp(0, b'\4\x7f\xff\xff\xff' + b'r' * 20, b'\0\0\0\0\x66'),
    'bins': udp(0, hello(method=0)) + udp(0x11, b'\3\0\0\0\7\3\xff\xff\xff\xff\3\x7f\xff\xff\xff', how=REPLY),
    'bins-64': udp(0, hello(method=3)) + udp(0x11, b'\3' + b'\xff' * 8 + b'\3' + bytes(8), how=REPLY),
    'bytes-64': udp(0, hello(method=1)) + udp(0x11, b'\3' + struct.pack('>QQ', 0, 2 ** 64 - 1), how=REPLY),
    'chunks-64': udp(0, hello(method=4)) + udp(0x11, b'\3' + struct.pack('>QQ', 2 ** 64 - 1, 2 ** 64 - 1), how=REPLY),
    'tcp-open': frame(bytes(4) + hello(extra=b'\x0a' + bytes(16))),
    'tcp-uuid-short': frame(bytes(4) + hello(extra=b'\x0a' + bytes(15))),
    'tcp-map': frame(struct.pack('>I', 5) + rng(3, 0, 98) + rng(3, 100, 100)),
    'tcp-map-wide': frame(struct.pack('>I', 5) + rng(3, 0, 98) + rng(3, 20000, 20000)),
    'tcp-map-all': frame(struct.pack('>I', 5) + rng(3, 0, 0xffffffff)),
    'tcp-data': frame(struct.pack('>I', 5) + DATA + bytes(1024)),
    'tcp-len-short': frame(bytes(8), by=-1),
    'tcp-len-over': frame(bytes(8), by=1), 'tcp-len-3': one(struct.pack('>I', 3) + bytes(3), TCP),
    'tcp-len-64k': one(struct.pack('>I', 65536) + bytes(20), TCP),
    'tcp-len-64k1': one(struct.pack('>I', 65537) + bytes(20), TCP),
    'tracker-register': tracker('{"type":"register","swarm_id":"5600","endpoint":["10.77.0.2",6778]}'),
    'tracker-peers': tracker('{"swarm_id":"5600","type":"other_peers","details":[["10.77.0.1",6778],["::1",1]]}'),
    'tracker-101': tracker('{"swarm_id":"56","type":"other_peers","details":[' + ','.join(['["10.0.0.1",1]'] * 101) + ']}'),
    'tracker-128': tracker('{"type":"unregister","swarm_id":"' + '56' * 128 + '"}'),
    'tracker-129': tracker('{"type":"unregister","swarm_id":"' + '56' * 129 + '"}'),
    'tracker-odd': tracker('{"type":"get_peers","swarm_id":"560"}'),
    'tracker-port': tracker('{"type":"new_node","swarm_id":"56","endpoint":["10.77.0.2",65536]}'),
    'tracker-cut': frame(b'{"type":"register","swarm_id"', how=TCP | CUT),
    'tracker-other': tracker('{"type":"x","swarm_id":"56","more":[{"a":null}]}'),
}


def seg(place, length, flags=0, ms=0):
    return struct.pack('>BBHHB', flags, place >> 16, place & 0xffff, length, ms)


TCP_SEEDS = {
    'order': seg(0, 10) + seg(10, 10) + seg(20, 5), 'hole': seg(0, 10) + seg(20, 10) + seg(10, 10),
    'overlap': seg(0, 10) + seg(15, 10) + seg(5, 30),
    'inside': seg(0, 4) + seg(20, 30) + seg(25, 5) + seg(4, 60),
    'never': seg(0, 10) + seg(20, 10) + seg(90, 4, ms=250),
    'acked': seg(0, 10) + seg(20, 10) + seg(30, 0, flags=32, ms=20),
    'wrap': seg(0, 16) + seg(16, 8) + seg(8, 20),
    'cut': seg(0, 40, flags=64) + seg(60, 20, flags=64) + seg(40, 20),
    'blocks-16': seg(0, 1) + b''.join(seg(2 + 2 * i, 1) for i in range(16)),
    'blocks-17': seg(0, 1) + b''.join(seg(2 + 2 * i, 1) for i in range(17)),
    'block-2036': seg(0, 1) + seg(5, 2036),
    'block-2037': seg(0, 1) + seg(5, 2037), 'big': seg(0, 1) + seg(9, 4095),
    'ahead': seg(0, 1) + seg(0xfffff, 9),
    'stray': seg(0, 1) + seg(0x100001, 9), 'strays-8': seg(0, 1) + seg(0x200000, 9) * 8,
    'fin': seg(0, 5, flags=1) + seg(5, 5), 'fin-hole': seg(0, 5) + seg(10, 5, flags=1) + seg(5, 5),
}


def main():
    for folder, seeds in (('ppspp', PPSPP), ('tcp', TCP_SEEDS)):
        path = pathlib.Path(sys.argv[1]) / folder
        path.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (path / name).write_bytes(data)


if __name__ == '__main__':
    main()
