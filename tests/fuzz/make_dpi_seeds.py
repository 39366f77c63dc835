#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_dpi: packets short of, at and over each limit, and what the library is
known to fall over. Usage: make_dpi_seeds.py FOLDER. The input's form is in fuzz_dpi.c.
"""
import pathlib
import struct
import sys

SHOWN, FILLED, ALL = 2048, 12, 32
TCP, UDP, ICMPV6 = 6, 17, 58


def seed(*packets):
    return b''.join(struct.pack('>H', len(p)) + p for p in packets)


def tcp(payload, doff=5, options=b'', flags=0x18, sport=40000, dport=6881):
    return struct.pack('>HHIIBBHHH', sport, dport, 1, 1, doff << 4, flags, 512, 0, 0) + \
        options + payload


def udp(payload, length=None, sport=40000, dport=443):
    return struct.pack('>HHHH', sport, dport, 8 + len(payload) if length is None else length,
                       0) + payload


def ipv4(payload, protocol, ihl=5, total=None, fragment=0, options=b''):
    n = 20 + len(options) + len(payload) if total is None else total
    return struct.pack('>BBHHHBBHII', 0x40 | ihl, 0, n, 1, fragment, 64, protocol, 0, 0x0A000001,
                       0x0A000002) + options + payload


def ipv6(payload, following, length=None):
    net = bytes.fromhex('20010db8') + bytes(11)
    return struct.pack('>IHBB', 0x60000000, len(payload) if length is None else length, following,
                       64) + net + b'\x01' + net + b'\x02' + payload


HANDSHAKE = b'\x13BitTorrent protocol' + bytes(48)
QUIC = bytes.fromhex('c3ff00001d0883947a5d4f6a6ee10000449e') + bytes(1200)
SEEDS = {
    'nothing': b'',
    'short_19': seed(bytes([0x45]) + bytes(18)),
    'version_5': seed(bytes([0x55]) + bytes(60)),
    # IPv4's own lengths
    'ihl_4': seed(ipv4(tcp(b'x'), TCP, ihl=4)),
    'ihl_15_short': seed(ipv4(tcp(b''), TCP, ihl=15)[:40]),
    'ihl_15': seed(ipv4(tcp(HANDSHAKE), TCP, ihl=15, options=bytes(40))),
    'total_19': seed(ipv4(udp(b'abc'), UDP, total=19)),
    'total_20': seed(ipv4(udp(b'abc'), UDP, total=20)),
    'total_over': seed(ipv4(udp(b'abc'), UDP, total=65535)),
    'fragment_first': seed(ipv4(udp(b'abc'), UDP, fragment=0x2000)),
    'fragment_later': seed(ipv4(udp(b'abc'), UDP, fragment=1)),
    # transport headers
    'udp_7': seed(ipv4(udp(b'abc', length=7), UDP)),
    'udp_8': seed(ipv4(udp(b'', length=8), UDP)),
    'udp_over': seed(ipv4(udp(b'abc', length=12), UDP)),
    'udp_cut': seed(ipv4(udp(b'abc'), UDP)[:25]),
    'tcp_19': seed(ipv4(tcp(b'')[:19], TCP)),
    'tcp_doff_0': seed(ipv4(tcp(HANDSHAKE, doff=0), TCP)),
    'tcp_doff_4': seed(ipv4(tcp(HANDSHAKE, doff=4), TCP)),
    'tcp_doff_at': seed(ipv4(tcp(b'', doff=15, options=bytes(40)), TCP)),
    'tcp_doff_over': seed(ipv4(tcp(b'', doff=15, options=bytes(39)), TCP)),
    # IPv6 and what may stand behind its header
    'v6_short': seed(ipv6(udp(b'abc'), UDP)[:39]),
    'v6_length_over': seed(ipv6(udp(b'abc'), UDP, length=65535)),
    'v6_hop_by_hop': seed(ipv6(bytes([ICMPV6, 0, 5, 2, 0, 0, 1, 0]) + bytes(8), 0)),
    'v6_hop_by_hop_over': seed(ipv6(bytes([ICMPV6, 255, 5, 2, 0, 0, 1, 0]) + bytes(8), 0)),
    'v6_extensions_without_end': seed(ipv6(bytes([0, 0, 1, 4, 0, 0, 0, 0]) * 400, 0)),
    'v6_fragment': seed(ipv6(bytes([UDP, 0, 0, 1, 0, 0, 0, 1]) + udp(b'abc'), 44)),
    # how much of a packet is shown
    'shown_at': seed(ipv4(udp(b'q' * (SHOWN - 28)), UDP)),
    'shown_over': seed(ipv4(udp(b'q' * (SHOWN - 27)), UDP)),
    'shown_far_over': seed(ipv4(tcp(b'GET / HTTP/1.1\r\nHost: ' + b'a' * 9000), TCP)),
    # how many
    'filled_at': seed(*[ipv4(udp(b'zzzz', dport=9), UDP)] * FILLED),
    'filled_over': seed(*[ipv4(udp(b'zzzz', dport=9), UDP)] * (FILLED + 1)),
    'all_at': seed(*[ipv4(tcp(b'', flags=0x10), TCP)] * ALL),
    'all_over': seed(*[ipv4(tcp(b'', flags=0x10), TCP)] * (ALL + 1)),
    # what the library reads past, or falls over
    'bittorrent_then_no_header': seed(ipv4(tcp(HANDSHAKE[:12]), TCP),
                                      ipv4(tcp(HANDSHAKE, doff=2), TCP)),
    'tinc_without_end': seed(ipv4(tcp(b'', flags=2), TCP),
                             ipv4(tcp(b'0 node 17'), TCP), ipv4(tcp(b'0 other 17'), TCP)),
    'quic_then_nothing': seed(ipv4(udp(QUIC), UDP), ipv4(udp(b''), UDP), ipv4(udp(b''), UDP)),
    'bittorrent': seed(ipv4(tcp(HANDSHAKE), TCP)),
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (folder / name).write_bytes(data)
