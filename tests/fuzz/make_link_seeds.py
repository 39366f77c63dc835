#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_link: inputs short of, at and over each limit.

Usage: make_link_seeds.py FOLDER. The input's form is in fuzz_link.c.
"""
import pathlib
import struct
import sys

(ETHERNET, COOKED, COOKED2, RAW, IPV4, IPV6, LOOPBACK,
 PPP, PPP_SERIAL, CISCO_HDLC, PPPOE, MPLS, VLAN) = range(13)
MAX_WRAPS, MAX_EXTENSIONS, MAX_HEADERS, MAX_BAD, FLOWS, DATAGRAMS = 16, 8, 8, 8, 4, 2
IPV4_TYPE, IPV6_TYPE, UDP = 0x0800, 0x86DD, 17


def record(packet, cut=0, dt=0):
    return struct.pack('<HHh', len(packet), cut, dt) + packet


def seed(link, *records):
    return bytes([link]) + b''.join(records)


def udp(payload, sport=5001, dport=5002):
    return struct.pack('>HHHH', sport, dport, 8 + len(payload), 0) + payload


def ipv4(payload, src=1, dst=2, protocol=UDP, ident=1, offset=0, more=False, options=b''):
    header = struct.pack('>BBHHHBBHII', 0x45 + len(options) // 4, 0,
                         20 + len(options) + len(payload), ident,
                         offset // 8 | (0x2000 if more else 0), 64, protocol, 0,
                         0x0A000000 + src, 0x0A000000 + dst)
    return header + options + payload


def ipv6(payload, following=UDP):
    net = bytes.fromhex('20010db8') + bytes(11)
    return (struct.pack('>IHBB', 0x60000000, len(payload), following, 64) +
            net + b'\x01' + net + b'\x02' + payload)


def extension(following, payload, words=0):
    return bytes([following, words]) + bytes(6 + 8 * words) + payload


def fragment6(following, payload, offset, more):
    return struct.pack('>BBHI', following, 0, offset | more, 9) + payload


def ethernet(packet, ethertype=IPV4_TYPE, tags=0):
    head = bytes(12)
    for _ in range(tags):
        head += struct.pack('>HH', 0x8100, 5)
    return head + struct.pack('>H', ethertype) + packet


def toy(code=0, more=6, name=b'TOY'):
    return name + bytes([code]) + bytes(more)


def link_seeds():
    plain = ipv4(udp(toy()))
    six = ipv6(udp(toy()))
    yield 'empty', b''
    yield 'ethernet', seed(ETHERNET, record(ethernet(plain)))
    yield 'ethernet_arp', seed(ETHERNET, record(ethernet(bytes(28), 0x0806)))
    for tags in (1, MAX_WRAPS, MAX_WRAPS + 1):
        yield f'tags_{tags}', seed(ETHERNET, record(ethernet(plain, tags=tags)))
    yield 'cooked', seed(COOKED, record(bytes(14) + struct.pack('>H', IPV4_TYPE) + plain))
    yield 'cooked2', seed(COOKED2, record(struct.pack('>H', IPV6_TYPE) + bytes(18) + six))
    yield 'raw', seed(RAW, record(plain), record(six), record(b'\x50' + bytes(40)))
    yield 'ipv4', seed(IPV4, record(plain))
    yield 'ipv6', seed(IPV6, record(six))
    yield 'loopback', seed(LOOPBACK, record(b'\x02\0\0\0' + plain), record(b'\0\0\0\x1e' + six))
    for n in (0, 13, 14, 33, 34, 41, 42, 45, 46):
        frame = ethernet(plain)
        yield f'snap_{n}', seed(ETHERNET, record(frame[:n], len(frame) - n))
        yield f'runt_{n}', seed(ETHERNET, record(frame[:n]))


def short(name, link, frame, need):
    """The frame one byte short of what a header needs: cut, and never sent."""
    yield f'{name}_cut', seed(link, record(frame[:need - 1], len(frame) - need + 1))
    yield f'{name}_runt', seed(link, record(frame[:need - 1]))


def short_seeds():
    plain, six = ipv4(udp(toy())), ipv6(udp(toy()))
    netlink = struct.pack('>H', 824)
    yield from short('tag', ETHERNET, ethernet(plain, tags=1), 18)
    yield from short('cooked', COOKED, bytes(14) + b'\x08\0' + plain, 16)
    yield from short('cooked2', COOKED2, b'\x08\0' + bytes(18) + plain, 20)
    yield from short('raw', RAW, plain, 1)
    yield from short('loopback', LOOPBACK, b'\x02\0\0\0' + plain, 4)
    yield 'loopback_other', seed(LOOPBACK, record(b'\x07\0\0\0' + plain))
    yield 'cooked_netlink', seed(COOKED, record(bytes(2) + netlink + bytes(10) + b'\x08\0'))
    yield 'cooked2_netlink', seed(COOKED2, record(b'\x08\0' + bytes(6) + netlink + bytes(10)))
    yield from short('options', IPV4, ipv4(udp(toy()), options=bytes(8)), 28)
    yield from short('ipv6', IPV6, six, 40)
    yield 'ipv6_length_over', seed(IPV6, record(six[:-1]))
    yield 'ipv6_length_zero', seed(IPV6, record(six[:4] + b'\0\0' + six[6:]))
    yield from short('extension_head', IPV6, ipv6(extension(UDP, udp(toy())), 60), 42)
    yield from short('extension', IPV6, ipv6(extension(UDP, udp(toy()), 1), 60), 56)
    yield from short('fragment_header', IPV6, ipv6(fragment6(UDP, udp(toy()), 0, True), 44), 48)
    yield from short('udp', IPV4, plain, 28)


def other_seeds():
    yield 'tcp', seed(IPV4, record(ipv4(bytes(20), protocol=6)))
    yield 'tcp_fragment', seed(IPV4, record(ipv4(bytes(24), protocol=6, more=True)))
    yield 'tcp_fragment_ipv6', seed(IPV6, record(ipv6(fragment6(6, bytes(24), 0, True), 44)))
    inner = extension(UDP, udp(toy(more=12)))
    first = ipv6(fragment6(60, inner[:16], 0, True), 44)
    yield 'extension_cut_in_fragment', seed(
        IPV6, record(first[:49], len(first) - 49),
        record(ipv6(fragment6(60, inner[16:], 16, False), 44)))


def labels(packet, n=1):
    return b''.join(bytes([0, 1, i + 1 == n, 64]) for i in range(n)) + packet


def pppoe(packet, code=0, short=0):
    return struct.pack('>BBHHH', 0x11, code, 1, len(packet) + 2 - short, 0x0021) + packet


def gre(packet, ethertype=IPV4_TYPE, flags=0, words=0):
    return struct.pack('>HH', flags, ethertype) + bytes(4 * words) + packet


def vxlan(frame, flags=8):
    return bytes([flags, 0, 0, 0, 0, 0, 7, 0]) + frame


def gtpu(packet, flags=0x30, options=b''):
    return struct.pack('>BBHI', flags, 255, len(options) + len(packet), 1) + options + packet


def wrap_seeds():
    plain, six = ipv4(udp(toy())), ipv6(udp(toy()))
    frame = ethernet(plain)
    yield 'ppp', seed(PPP, record(b'\0\x21' + plain), record(b'\xff\x03\0\x57' + six),
                      record(b'\x21' + plain), record(b'\xff\x03\xc0\x21'))
    yield 'ppp_serial', seed(PPP_SERIAL, record(b'\xff\x03\0\x21' + plain),
                             record(b'\x0f\0\x08\0' + plain), record(b'\x8f\0\x86\xdd' + six))
    yield 'cisco_hdlc', seed(CISCO_HDLC, record(b'\x0f\0\x08\0' + plain),
                             record(b'\x8f\0\x80\x35' + bytes(18)))
    yield 'pppoe', seed(PPPOE, record(pppoe(plain)), record(pppoe(plain, short=8)),
                        record(pppoe(plain, short=-1)), record(pppoe(plain, code=0xa7)))
    yield 'pppoe_ethernet', seed(ETHERNET, record(ethernet(pppoe(plain) + bytes(6), 0x8864)))
    for n in (1, MAX_WRAPS, MAX_WRAPS + 1):
        yield f'labels_{n}', seed(ETHERNET, record(ethernet(labels(plain, n), 0x8847)))
    yield 'pseudowire', seed(MPLS, record(labels(frame)), record(labels(bytes(4) + frame)),
                             record(labels(b'\x10\0\0\0' + frame)), record(labels(six)))
    yield from short('label', MPLS, labels(plain), 4)
    yield from short('behind_label', MPLS, labels(plain), 5)
    yield from short('control_word', MPLS, labels(bytes(4) + frame), 8)
    yield from short('ppp_protocol', PPP, b'\xff\x03\0\x21' + plain, 4)
    yield from short('pppoe_head', PPPOE, pppoe(plain), 6)
    yield from short('hdlc_head', CISCO_HDLC, b'\x0f\0\x08\0' + plain, 4)


def nested(n):
    packet = ipv4(udp(toy()))
    for _ in range(n):
        packet = ipv4(packet, protocol=4)
    return packet


def tunnel_seeds():
    plain, six = ipv4(udp(toy())), ipv6(udp(toy()))
    frame = ethernet(plain)
    yield 'ip_in_ip', seed(RAW, record(ipv4(plain, protocol=4)), record(ipv4(six, protocol=41)),
                           record(ipv6(plain, 4)), record(ipv6(six, 41)))
    for n in (MAX_WRAPS, MAX_WRAPS + 1):
        yield f'nested_{n}', seed(IPV4, record(nested(n)))
    yield 'gre', seed(IPV4, *(record(ipv4(gre(packet, kind, flags, words), protocol=47))
                              for packet, kind, flags, words in (
                                  (plain, IPV4_TYPE, 0, 0), (six, IPV6_TYPE, 0xB000, 3),
                                  (frame, 0x6558, 0x2000, 1), (b'\x21' + plain, 0x880B, 0, 0),
                                  (labels(plain), 0x8847, 0, 0), (plain, IPV4_TYPE, 0x4000, 1),
                                  (plain, 0x880B, 0x2001, 1), (b'', 0x88BE, 0, 0))))
    yield from short('gre_head', IPV4, ipv4(gre(plain), protocol=47), 24)
    yield from short('gre_key', IPV4, ipv4(gre(plain, flags=0x2000, words=1), protocol=47), 28)
    yield 'gre_runt', seed(IPV4, record(ipv4(gre(b'')[:3], protocol=47)))
    yield 'vxlan', seed(IPV4, *(record(ipv4(udp(vxlan(inner, flags), dport=port)))
                                for inner, flags, port in (
                                    (frame, 8, 4789), (frame, 8, 8472), (frame, 0x88, 4789),
                                    (bytes(14) + plain, 8, 4789), (frame[:13], 8, 4789),
                                    (ethernet(b'E' + bytes(19)), 8, 4789))))
    extension_headers = b'\0\0\0\x85' + b'\x01\0\0\x85' * (MAX_EXTENSIONS - 1)
    yield 'gtpu', seed(IPV4, *(record(ipv4(udp(gtpu(plain, flags, options), dport=2152)))
                               for flags, options in (
                                   (0x30, b''), (0x32, bytes(4)), (0x34, bytes(4)),
                                   (0x34, extension_headers + b'\x01\0\0\0'),
                                   (0x34, extension_headers + b'\x01\0\0\x85\x01\0\0\0'),
                                   (0x34, b'\0\0\0\x85\0'), (0x34, b'\0\0'), (0x50, b''))))
    yield 'gtpu_cut', seed(IPV4, record(ipv4(udp(gtpu(plain), dport=2152))[:37], 40),
                           record(ipv4(udp(gtpu(plain), dport=2152))[:35], 42))
    whole = gre(plain)
    yield 'fragments_gre', seed(
        IPV4, record(ipv4(whole[:24], protocol=47, more=True)),
        record(ipv4(whole[24:], protocol=47, offset=24)))
    parts = [ipv4(udp(toy(more=92))[:48], ident=5, more=True),
             ipv4(udp(toy(more=92))[48:], ident=5, offset=48)]
    yield 'fragments_in_fragments', seed(IPV4, *(
        record(ipv4(part[a:b], protocol=4, ident=8 + i, offset=a, more=b < len(part)))
        for i, part in enumerate(parts) for a, b in ((0, 32), (32, len(part)))))


def ip_seeds():
    for n in (0, 4, 40):
        yield f'options_{n}', seed(IPV4, record(ipv4(udp(toy()), options=bytes(n))))
    for n in (1, MAX_HEADERS, MAX_HEADERS + 1):
        packet, following = udp(toy()), UDP
        for _ in range(n):
            packet, following = extension(following, packet), 60
        yield f'extensions_{n}', seed(IPV6, record(ipv6(packet, following)))
    for name, word in (('short', 7), ('empty', 8), ('full', 18), ('over', 19), ('zero', 0)):
        packet = bytearray(ipv4(udp(toy())))
        struct.pack_into('>H', packet, 24, word)
        yield f'udp_length_{name}', seed(IPV4, record(bytes(packet)))
    for name, word in (('short', 19), ('header', 20), ('full', 38), ('over', 39), ('zero', 0)):
        packet = bytearray(ipv4(udp(toy())))
        struct.pack_into('>H', packet, 2, word)
        yield f'ip_length_{name}', seed(IPV4, record(bytes(packet)))
    ah = bytes([UDP, 4]) + bytes(22)
    yield 'authentication', seed(IPV6, record(ipv6(ah + udp(toy()), 51)))


def pieces(whole, cuts, ident=1, order=None, snap=None):
    edges = [0, *cuts, len(whole)]
    spans = list(zip(edges, edges[1:]))
    for i in order or range(len(spans)):
        start, end = spans[i]
        packet = ipv4(whole[start:end], ident=ident, offset=start, more=end < len(whole))
        kept = packet[:snap] if snap else packet
        yield record(kept, len(packet) - len(kept))


def fragment_seeds():
    whole = udp(toy(more=92))
    yield 'fragments', seed(IPV4, *pieces(whole, [48, 96]))
    yield 'fragments_reversed', seed(IPV4, *pieces(whole, [48, 96], order=[2, 1, 0]))
    yield 'fragments_cut', seed(IPV4, *pieces(whole, [48, 96], snap=40))
    yield 'fragments_repeated', seed(IPV4, *pieces(whole, [48, 96], order=[0, 0, 1, 2]))
    overlap = [(0, 48, True), (40, 96, True), (88, len(whole), False)]
    yield 'fragments_overlap', seed(IPV4, *(
        record(ipv4(whole[a:b], offset=a, more=m)) for a, b, m in overlap))
    for end in (65534, 65535, 65536):
        yield f'fragments_end_{end}', seed(
            IPV4, record(ipv4(bytes(end - 65528), offset=65528)),
            record(ipv4(bytes(65512), more=True)),
            record(ipv4(bytes(16), offset=65512, more=True)))
    for n in (DATAGRAMS, DATAGRAMS + 1):
        heads = [next(pieces(whole, [48], ident=i)) for i in range(n)]
        tails = [list(pieces(whole, [48], ident=i))[1] for i in range(n)]
        yield f'datagrams_{n}', seed(IPV4, *heads, *tails)
    for tenths in (300, 301, -301):
        first, second = pieces(whole, [48])
        late = second[:4] + struct.pack('<h', tenths) + second[6:]
        yield f'timeout_{tenths}'.replace('-', 'minus_'), seed(IPV4, first, late)
    yield 'fragment_odd_length', seed(IPV4, record(ipv4(bytes(13), more=True)))
    yield 'fragment_contradiction', seed(
        IPV4, record(ipv4(bytes(8), offset=8)), record(ipv4(bytes(8), offset=16)))
    inner = extension(UDP, udp(toy(more=12)))
    yield 'fragments_ipv6', seed(
        IPV6, record(ipv6(fragment6(60, inner[:16], 0, True), 44)),
        record(ipv6(fragment6(60, inner[16:], 16, False), 44)))
    yield 'fragment_atomic', seed(IPV6, record(ipv6(fragment6(UDP, udp(toy()), 0, False), 44)))
    inner = fragment6(UDP, udp(toy()), 0, True)
    yield 'fragment_in_fragment', seed(
        IPV6, record(ipv6(fragment6(44, inner[:16], 0, True), 44)),
        record(ipv6(fragment6(44, inner[16:], 16, False), 44)))


def flow_seeds():
    yield 'verdicts', seed(IPV4, *(record(ipv4(udp(toy(code)))) for code in range(6)))
    yield 'second_row', seed(IPV4, record(ipv4(udp(toy(name=b'TWO')))))
    yield 'both_ways', seed(IPV4, record(ipv4(udp(toy()))),
                            record(ipv4(udp(toy(), 5002, 5001), 2, 1)))
    yield 'to_itself', seed(IPV4, record(ipv4(udp(toy(), 1, 1), 1, 1)))
    for n in (FLOWS, FLOWS + 1):
        yield f'flows_{n}', seed(IPV4, *(record(ipv4(udp(toy()), src=i % n)) for i in range(2 * n)))
    for n in (MAX_BAD - 1, MAX_BAD):
        for name, code in (('short', 2), ('malformed', 3), ('foreign', 4)):
            yield f'bad_{name}_{n}', seed(
                IPV4, record(ipv4(udp(toy()))),
                *[record(ipv4(udp(toy(code))))] * n, record(ipv4(udp(toy()))))
    yield 'payload_empty', seed(IPV4, record(ipv4(udp(b''))))
    yield 'payload_short', seed(IPV4, record(ipv4(udp(b'TOY'))))
    yield 'payload_cut', seed(IPV4, record(ipv4(udp(toy()))),
                              record(ipv4(udp(toy()))[:30], 8), record(ipv4(udp(toy()))[:28], 10))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for group in (link_seeds, short_seeds, other_seeds, wrap_seeds, tunnel_seeds, ip_seeds,
                  fragment_seeds, flow_seeds):
        for name, data in group():
            (folder / name).write_bytes(data)


if __name__ == '__main__':
    main()
