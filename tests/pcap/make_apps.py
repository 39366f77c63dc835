#!/usr/bin/python3
"""Writes a capture of what a link carries besides swarms, made from the protocols' documents: web,
name look-ups, BitTorrent, TLS, time, calls; over IPv4 and IPv6, TCP and UDP, in fragments, cut,
padded, and some that is nobody's.

  make_apps.py OUT.pcap

SPDX-License-Identifier: Apache-2.0
"""
import struct
import sys

SNAP = 300


def udp(sport, dport, payload):
    return 17, struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def tcp(sport, dport, seq, ack, flags, payload=b""):
    return 6, struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64000, 0, 0) + payload


def host(number):
    """Odd ones in one network, even ones in another."""
    return bytes([10, 2 - number % 2, 0, number])


def ipv4(src, dst, body, fragment=0):
    protocol, data = body
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, fragment, 64, protocol, 0,
                       host(src), host(dst)) + data


def ipv6(src, dst, body):
    protocol, data = body
    net = bytes.fromhex("20010db8") + bytes(11)
    return struct.pack(">IHBB", 6 << 28, len(data), protocol, 64) + net + bytes([src]) + \
        net + bytes([dst]) + data


def conversation(ip, a, b, dport, asks, answers):
    """A TCP connection: its opening, then what each side says."""
    sport, seq, ack = 40000 + a, 1000, 9000
    yield ip(a, b, tcp(sport, dport, seq, 0, 2))
    yield ip(b, a, tcp(dport, sport, ack, seq + 1, 0x12))
    seq, ack = seq + 1, ack + 1
    yield ip(a, b, tcp(sport, dport, seq, ack, 0x10))
    for ask, answer in zip(asks, answers):
        yield ip(a, b, tcp(sport, dport, seq, ack, 0x18, ask))
        seq += len(ask)
        yield ip(b, a, tcp(dport, sport, ack, seq, 0x18, answer))
        ack += len(answer)
    yield ip(a, b, tcp(sport, dport, seq, ack, 0x11))


def client_hello(name):
    sni = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(sni)) + sni
    body = b"\x03\x03" + bytes(range(32)) + b"\x00" + b"\x00\x02\xc0\x2f" + b"\x01\x00" + \
        struct.pack(">H", len(extensions)) + extensions
    shake = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16\x03\x01" + struct.pack(">H", len(shake)) + shake


def query(name, number, answer=b""):
    labels = b"".join(bytes([len(p)]) + p for p in name.split(b".")) + b"\0"
    return struct.pack(">HHHHHH", number, 0x8180 if answer else 0x0100, 1, 1 if answer else 0, 0,
                       0) + labels + b"\0\1\0\1" + answer


def frames():
    web = b"GET / HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: x\r\n\r\n"
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
    yield from conversation(ipv4, 1, 2, 80, [web] * 3, [page] * 3)
    yield from conversation(ipv6, 1, 2, 80, [web], [page])
    shake = b"\x13BitTorrent protocol" + bytes(8) + b"h" * 20 + b"-XX0001-" + b"p" * 12
    yield from conversation(ipv4, 3, 4, 6881, [shake], [shake])
    yield from conversation(ipv4, 5, 6, 443, [client_hello(b"www.example.org")], [b"\x15\x03\x03\0\2\2\x28"])
    yield from conversation(ipv4, 7, 8, 22, [b"SSH-2.0-OpenSSH_9\r\n"], [b"SSH-2.0-OpenSSH_9\r\n"])
    yield from conversation(ipv4, 9, 10, 2222, [b"nobody knows me " * 9] * 8, [b"nor me " * 9] * 8)
    for i in range(40):
        name = b"host%d.example.org" % i
        yield ipv4(20, 21, udp(5300 + i, 53, query(name, i)))
        yield ipv4(21, 20, udp(53, 5300 + i, query(name, i, b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4")))
    yield ipv6(22, 23, udp(5400, 53, query(b"six.example.org", 9)))
    yield ipv4(24, 25, udp(123, 123, b"\x23" + bytes(47)))
    yield ipv4(26, 27, udp(50000, 3478, struct.pack(">HHI", 1, 0, 0x2112A442) + b"t" * 12))
    yield ipv4(28, 29, (1, b"\x08\x00\xf7\xff\0\0\0\0"))
    yield ipv6(30, 31, (58, b"\x80\0\0\0\0\1\0\1"))
    yield ipv4(32, 33, (17, udp(7, 7777, b"f" * 1000)[1][:800]), 0x2000)
    yield ipv4(32, 33, (17, b"f" * 208), 100)
    for i in range(20):
        yield ipv4(34, 35, udp(60001, 60002, bytes((i * 37 + k * 11) & 255 for k in range(700))))
    yield ipv4(36, 37, (47, b"\0\0\x08\0" + ipv4(38, 39, udp(5500, 53, query(b"in.example.org", 4)))))


with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, SNAP, 101))
    for n, frame in enumerate(frames()):
        kept = frame[:SNAP]
        out.write(struct.pack("<IIII", 1795469677 + n // 50, n % 50 * 20000, len(kept), len(frame)) + kept)
