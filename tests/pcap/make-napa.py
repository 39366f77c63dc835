#!/usr/bin/env python3
"""make-napa - a capture of classic PeerStreamer, said again over the NAPA layer.

  make-napa.py CLASSIC.pcap OUT.pcap

No capture of a real swarm over NAPA is at hand, so this writes one from what is
known of the layer (doc/protocols/grapes.md): the same messages of the same peers,
nodes named as NAPA names them, an INVITE, CONNECT and READY before the first words
of two peers, monitoring headers, and chunks in pieces of its own instead of IP
fragments. tests/pcap/napa.sh compares what both say. The input is a plain pcap,
Ethernet and IPv4, its media cut; here they are zeros.

SPDX-License-Identifier: Apache-2.0
"""

import socket
import struct
import sys

PMTU, HEAD, MESSAGES = 1372, 23, 700
CONTROL, TOPOLOGY, CHUNK, SIGNALLING = 127, 0x10, 0x11, 0x12
INVITE, CONNECT, READY = 0, 1, 2


def records(path):
    data = open(path, "rb").read()
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, wire = struct.unpack("<IIII", data[at:at + 16])
        yield (seconds, fraction), data[at + 16:at + 16 + kept], wire
        at += 16 + kept


def datagrams(path):
    """(time, source, destination, payload) of UDP; what was cut is zeros."""
    parts = {}
    for t, frame, wire in records(path):
        ip = frame[14:] + bytes(wire - len(frame))
        if frame[12:14] != b"\x08\x00" or ip[9] != 17:
            continue
        total, number, fragment = struct.unpack(">HHH", ip[2:8])
        key, offset = (ip[12:20], number), (fragment & 0x1FFF) * 8
        whole = parts.setdefault(key, {})
        whole[offset] = ip[20:total]
        if not fragment & 0x2000:
            whole["end"] = offset + total - 20
        if sum(len(part) for at, part in whole.items() if at != "end") == whole.get("end"):
            udp = b"".join(whole[at] for at in sorted(k for k in whole if k != "end"))
            del parts[key]
            ports = struct.unpack(">HH", udp[:4])
            yield t, (ip[12:16], ports[0]), (ip[16:20], ports[1]), udp[8:]


def node(storage):
    """Inside and outside are the same without address translation."""
    port, = struct.unpack(">H", storage[2:4])
    text = f"{socket.inet_ntoa(storage[4:8])}:{port}"
    return f"{text}-{text}\0".encode()


def renamed(message):
    """The message with its nodes as text instead of 128 bytes."""
    if message[0] == TOPOLOGY:
        size = 4 + 128 + 12
        entries = [message[at:at + size] for at in range(10, len(message), size)]
        return message[:10] + b"".join(e[:4] + node(e[4:132]) + e[132:] for e in entries)
    if message[0] == SIGNALLING:
        n, coding, meta = struct.unpack(">III", message[1:13])
        if meta == 4:
            return message
        name = node(message[-128:])
        return struct.pack(">BIII", SIGNALLING, n, coding, 4 + len(name)) + message[13:-128] + name
    return message


class Flow:
    """One peer's words to another: connection numbers, message numbers."""

    def __init__(self, here):
        self.here, self.there, self.number = here, 0xFFFFFFFF, 0

    def packets(self, kind, message, monitor=0):
        offset = 0
        while offset < len(message):
            extra = bytes(monitor if offset == 0 else 0)
            part = message[offset:offset + PMTU - HEAD - len(extra)]
            yield struct.pack(">IIIIIBBB", offset, len(message), self.here, self.there,
                              self.number, kind, monitor, 0) + extra + part
            offset += len(part)
        self.number += 1


def storage(peer):
    return struct.pack("<H", 2) + struct.pack(">H", peer[1]) + peer[0] + bytes(120)


def handshake(flows, src, dst):
    for command, one, other in ((INVITE, src, dst), (CONNECT, dst, src), (READY, src, dst)):
        text = struct.pack("<II", command, PMTU) + 2 * storage(one)
        for packet in flows[one, other].packets(CONTROL, text + bytes(PMTU - HEAD - len(text))):
            yield one, other, packet
        flows[other, one].there = flows[one, other].here


def conversation(path):
    flows = {}
    for count, (t, src, dst, payload) in enumerate(datagrams(path)):
        if count == MESSAGES:
            return
        if (src, dst) not in flows:
            flows[src, dst], flows[dst, src] = Flow(len(flows)), Flow(len(flows) + 1)
            for one, other, packet in handshake(flows, src, dst):
                yield t, one, other, packet
        message = renamed(payload[3:])
        for packet in flows[src, dst].packets(message[0], message, 8 if count % 2 else 0):
            yield t, src, dst, packet


def frame(src, dst, payload):
    udp = struct.pack(">HHHH", src[1], dst[1], 8 + len(payload), 0) + payload
    return (bytes.fromhex("0200000000020200000000010800") +
            struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0) +
            src[0] + dst[0] + udp)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    magic = open(sys.argv[1], "rb").read()[:4]
    with open(sys.argv[2], "wb") as f:
        f.write(struct.pack("<4sHHIIII", magic, 2, 4, 0, 0, 262144, 1))
        for (seconds, fraction), src, dst, payload in conversation(sys.argv[1]):
            data = frame(src, dst, payload)
            f.write(struct.pack("<IIII", seconds, fraction, len(data), len(data)) + data)


if __name__ == "__main__":
    main()
