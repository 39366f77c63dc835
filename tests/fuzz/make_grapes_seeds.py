#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_grapes: inputs short of, at and over each limit.

Usage: make_grapes_seeds.py FOLDER [CAPTURE.pcap ...]. The input's form is in
fuzz_grapes.c. From each classic little-endian pcap with Ethernet and IPv4, the
first datagrams of each kind between 10.77.0.1 and 10.77.0.2 become a seed too.
"""
import pathlib
import struct
import sys

ENGINE, CLASSIC, NAPA = 'engine', 'classic', 'napa'
WIDTH, CONTACTS, PIECES, PENDING, HOLD, NAPA_RANGES = 16384, 100, 256, 8, 1280, 8
SELF, OTHER = ('10.77.0.1', 6000), ('10.77.0.2', 6000)
REQUEST, DELIVER, OFFER, ACCEPT, BMAP, ACK, BMREQ = 1, 2, 4, 6, 10, 11, 12
BITMAP, LIST, NONE = 1, 2, 0xffffffff
STALE = 41  # tenths of a second


def given(datagram, cut=0, dt=0, reply=False):
    return struct.pack('<HHb', len(datagram) | reply << 15, cut, dt) + datagram


def framed(dialect, message, number=1):
    if dialect == ENGINE:
        return struct.pack('>BHHHI', 0, number, 1, 0, len(message)) + message
    if dialect == NAPA:
        return napa(message, number)
    return bytes([number & 0xff, 1, 1]) + message


def napa(message, number=1, offset=0, length=None, kind=None, there=8, monitor=b'', of_packet=b''):
    return struct.pack('>IIIIIBBB', offset, len(message) if length is None else length, 7, there,
                       number, (message or b"\0")[0] if kind is None else kind, len(monitor),
                       len(of_packet)) + of_packet + (monitor if offset == 0 else b'') + message


def control(command, inside=('10.77.0.1', 6000), pmtu=1349):
    text = struct.pack('<II', command, 1372) + 2 * node(CLASSIC, inside)
    return napa((text + bytes(1400))[:pmtu], 0, kind=127, there=0xffffffff)


def pieces(dialect, message, unit, number=1):
    parts = [message[i:i + unit] for i in range(0, len(message), unit)]
    if dialect == ENGINE:
        return [struct.pack('>BHHHI', 0, number, len(parts), i, len(part)) + part
                for i, part in enumerate(parts)]
    if dialect == NAPA:
        return [napa(part, number, i * unit, len(message), message[0])
                for i, part in enumerate(parts)]
    return [bytes([number & 0xff, i + 1, len(parts)]) + part for i, part in enumerate(parts)]


def node(dialect, at):
    if dialect == ENGINE:
        return f'{at[0]}:{at[1]}-'.encode()
    if dialect == NAPA:
        return f'{at[0]}:{at[1]}-{at[0]}:{at[1]}\0'.encode()
    return struct.pack('<H', 2) + struct.pack('>H', at[1]) + \
        bytes(map(int, at[0].split('.'))) + bytes(120)


def metadata(dialect):
    if dialect == ENGINE:
        return struct.pack('<HB', 60, 8)
    return struct.pack('<HHff', 60, 25, float('nan'), float('nan'))


def gossip(dialect, sub, nodes, age=1, cache=None):
    head = struct.pack('>BBII', 0x10, sub, len(nodes) if cache is None else cache,
                       len(metadata(dialect)))
    return head + b''.join(struct.pack('>I', age) + node(dialect, at) + metadata(dialect)
                           for at in nodes)


def signalling(what, n, coding, chunks, owner=b'', deliver=0):
    return struct.pack('>BIII', 0x12, n, coding, 4 + len(owner)) + chunks + \
        struct.pack('<BBH', what, deliver, 7) + owner


def bitmap(what, base, n, owner=b'', deliver=0, fill=0xff):
    chunks = struct.pack('>I', base) + bytes([fill]) * ((n + 7) // 8)
    return signalling(what, n, BITMAP, chunks, owner, deliver)


def listed(what, *ids):
    return signalling(what, len(ids), LIST, b''.join(struct.pack('>I', i) for i in ids))


def chunk(dialect, number, size, us=1795469677500000, attributes=None):
    if attributes is None:
        attributes = struct.pack('<H', 3) if dialect == ENGINE else \
            struct.pack('<QHH', us + 5000000, 1, 3)
    return struct.pack('>BHIQII', 0x11, 3, number, us, size, len(attributes)) + \
        bytes(i & 0xff for i in range(size)) + attributes


def neighbour(dialect, sub):
    return bytes([0x22, sub]) + metadata(dialect)


def peers(n):
    return [SELF] + [(f'10.78.{i >> 8}.{i & 255}', 6000) for i in range(1, n)]


def of_dialect(d):
    """Seeds by name: lists of messages, each in one datagram."""
    me = node(d, SELF)
    last = len(framed(d, b''))
    hello = bitmap(ACCEPT, 0, 0)
    return {
        'newcomer': [gossip(d, 1, [SELF], 4)],
        'settled': [gossip(d, 1, [SELF]), gossip(d, 2, [SELF, OTHER]), gossip(d, 6, [SELF])],
        'gossip_kind_over': [hello, gossip(d, 0, [SELF]), gossip(d, 7, [SELF])],
        'gossip_empty': [hello, gossip(d, 1, [])],
        'gossip_cache_at': [gossip(d, 1, peers(3), cache=3)],
        'gossip_cache_over': [hello, gossip(d, 1, peers(3), cache=2)],
        'gossip_short': [hello, gossip(d, 1, peers(3))[:-1], gossip(d, 1, peers(1))[:9]],
        'contacts_short': [gossip(d, 1, peers(CONTACTS - 1))],
        'contacts_at': [gossip(d, 1, peers(CONTACTS))],
        'contacts_over': [hello, gossip(d, 1, peers(CONTACTS + 1))],
        'stranger': [gossip(d, 1, [('198.51.100.1', 6000)]),
                     bitmap(BMAP, 0, 0, node(d, ('198.51.100.1', 6000)))],
        'behind_nat': [gossip(d, 1, [(f'{a}.1', 6000)]) for a in
                       ('192.168.1', '172.31.1', '100.64.1', '169.254.1', '127.0.0', '0.0.0')],
        'other_owner': [hello, bitmap(BMAP, 5, 9, node(d, ('198.51.100.1', 6000)), 60)],
        'neighbours': [neighbour(d, 0), neighbour(d, 1), neighbour(d, 2), neighbour(d, 3),
                       neighbour(d, 0)[:-1], neighbour(d, 0) + b'\0'],
        'map': [bitmap(BMAP, 100, 12, me, 60)],
        'map_of_source': [bitmap(BMAP, 100, 12, me)],
        'map_empty': [bitmap(ACK, 0, 0)],
        'signals': [bitmap(what, 40, 9) for what in
                    (REQUEST, DELIVER, OFFER, ACCEPT, BMAP, ACK, BMREQ, 0, 3, 13)],
        'no_set': [signalling(what, 0, NONE, b'', me) for what in (BMREQ, ACK, ACCEPT)],
        'accept_list': [listed(ACCEPT, 52, 40, 51), listed(ACCEPT)],
        'accept_nothing': [bitmap(ACCEPT, 9, 8, fill=0)],
        'signal_short': [hello, bitmap(ACK, 7, 9)[:-1], bitmap(ACK, 7, 9)[:12]],
        'signal_over': [hello, bitmap(ACK, 7, 9) + b'\0'],
        'coding_over': [hello, signalling(ACK, 0, 0, b''), signalling(ACK, 0, 3, b'')],
        'width_short': [bitmap(ACK, 7, WIDTH - 1)],
        'width_at': [bitmap(ACK, 7, WIDTH)],
        'width_over': [hello, bitmap(ACK, 7, WIDTH + 1)],
        'span_short': [listed(ACCEPT, 7, WIDTH + 5)],
        'span_at': [listed(ACCEPT, 7, WIDTH + 6)],
        'span_over': [hello, listed(ACCEPT, 7, WIDTH + 7), listed(ACCEPT, 0, 0xffffffff)],
        'list_at': [listed(ACCEPT, *range(WIDTH // 8))],
        'ids_at': [bitmap(ACK, 0xfffffff8, 8)],
        'ids_over': [hello, bitmap(ACK, 0xfffffff9, 8)],
        'counts_hostile': [hello] + [signalling(ACK, n, coding, bytes(4)) for coding in (1, 2)
                                     for n in (0xffffffff, 0x40000001, 0x80000000)],
        'meta_short': [hello, bitmap(ACK, 0, 0)[:9] + struct.pack('>I', 3) + bytes(7)],
        'meta_at': [hello, bitmap(ACK, 0, 0, bytes(128))],
        'meta_over': [hello, bitmap(ACK, 0, 0, bytes(129))],
        'node_then_more': [hello, bitmap(BMAP, 0, 0, me[:128] + b'\0')],
        'types': [hello] + [bytes([t]) for t in (0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x22)],
        'type_unknown_flow': [b'\x13\x03'],
        'chunk': [chunk(d, 12, 90)],
        'chunk_empty': [chunk(d, 12, 0)],
        'chunk_short': [hello, chunk(d, 12, 90)[:-1], chunk(d, 12, 90)[:22]],
        'chunk_over': [hello, chunk(d, 12, 90) + b'\0'],
        'chunk_attributes': [chunk(d, 12, 9, attributes=b''), hello,
                             chunk(d, 12, 9, attributes=b''), chunk(d, 1, 0, attributes=b'1')],
        'source_time_at': [chunk(d, 1, 5, 4294967295999999)],
        'source_time_over': [hello, chunk(d, 1, 5, 4294967296000000)],
        'nothing': [hello, b''][:last],
    }


def nodes_as_text():
    texts = ['', ':', '1.2.3.4', '1.2.3.4:', '1.2.3.4:0', '1.2.3.4:65535', '1.2.3.4:65536',
             '1.2.3.4:123456', '1.2.3.4:6x', '1.2.3.4:6a', '1.2.3.400:6', 'x:6', '2001:db8::1:6000',
             '1' * 57 + ':65535', '1' * 58 + ':65535']
    return [bitmap(ACCEPT, 0, 0)] + [
        struct.pack('>BBII', 0x10, 1, 9, 3) + bytes(4) + t.encode() + b'-' + metadata(ENGINE)
        for t in texts]


def nodes_as_storage():
    v6 = struct.pack('<H', 10) + struct.pack('>HI', 6000, 0) + \
        bytes.fromhex('20010db8') + bytes(11) + b'\1' + bytes(104)
    head = struct.pack('>BBIII', 0x10, 1, 9, 12, 1)
    storages = [v6, b'\1' + v6[1:], v6[:2] + b'\0\0' + v6[4:]]
    return [bitmap(ACCEPT, 0, 0)] + [head + s + metadata(CLASSIC) for s in storages]


def implausible():
    good = neighbour(CLASSIC, 0)
    return [good[:at] + b'\xff' + good[at + 1:] for at in (3, 5, 9, 13)]


def in_pieces():
    """Seeds by name: lists of whole datagrams."""
    c, g = chunk(ENGINE, 12, 150), gossip(ENGINE, 1, peers(8))
    cp, gp = pieces(ENGINE, c, 50), pieces(ENGINE, g, 50, 2)
    other = pieces(ENGINE, chunk(ENGINE, 13, 150), 50, 3)
    more = pieces(ENGINE, gossip(ENGINE, 1, peers(7)), 50, 4)
    head = struct.pack
    seeds = {
        'pieces_in_order': map(given, cp + gp),
        'pieces_backwards': map(given, cp[::-1] + gp[::-1]),
        'pieces_mixed': map(given, [x for p in zip(cp, gp, other) for x in p]),
        'pieces_last_first': map(given, [gp[3], gp[1], gp[0], gp[2], cp[3], cp[0], cp[1], cp[2]]),
        'pieces_both_ways': [given(x, reply=i % 2 == 1) for p in zip(cp, gp)
                             for i, x in enumerate(p)],
        'pieces_again': map(given, [x for x in cp + gp for _ in range(3)]),
        'pieces_lost': map(given, cp[:3] + other),
        'pieces_hold_taken': map(given, [gp[0], more[0], more[1], gp[1], gp[2], more[2],
                                         gp[3], more[3]]),
        'pieces_stale': [given(x) for x in cp[:2]] + [given(cp[2], dt=STALE)] +
                        [given(x) for x in cp],
        'pieces_back_in_time': [given(x, dt=-5) for x in cp] + [given(cp[0], dt=-STALE)],
        'pieces_cut': [given(x[:34], max(0, len(x) - 34)) for x in cp],
        'pieces_head_cut': [given(x[:33], max(0, len(x) - 33)) for x in cp],
        'pieces_gossip_cut': [given(x[:40], max(0, len(x) - 40)) for x in gp],
        'pieces_nothing_left': [given(cp[0][:11], 50), given(gp[0][:11], 50)],
        'pieces_bad_total': map(given, [cp[0][:29] + b'\xc8' + cp[0][30:]]),
        'pieces_bad_last': map(given, pieces(ENGINE, c[:18] + b'\x95' + c[19:], 50)),
        'pieces_uneven': map(given, [cp[0], head('>BHHHI', 0, 1, 4, 1, 49) + bytes(49)]),
        'pieces_long_last': map(given, [head('>BHHHI', 0, 1, 2, 0, 2) + b'\x12\0',
                                        head('>BHHHI', 0, 1, 2, 1, 3) + bytes(3),
                                        head('>BHHHI', 0, 1, 2, 1, 3) + bytes(3),
                                        head('>BHHHI', 0, 1, 2, 0, 2) + b'\x12\0']),
        'pieces_crumbs': map(given, pieces(ENGINE, chunk(ENGINE, 1, 5), 8)),
        'pieces_units_at': map(given, pieces(ENGINE, chunk(ENGINE, 1, 31), 23)),
        'pieces_neighbour': map(given, pieces(ENGINE, neighbour(ENGINE, 0) + bytes(9), 7)),
        'pieces_bad_gossip': map(given, pieces(ENGINE, g[:1] + b'\0' + g[2:], 50)),
        'pieces_tail_of_1': map(given, pieces(ENGINE, chunk(ENGINE, 1, 26), 50)),
        'pieces_at': map(given, pieces(ENGINE, chunk(ENGINE, 1, PIECES * 23 - 25), 23)),
        'pieces_over': [given(head('>BHHHI', 0, 1, PIECES + 1, 0, 1) + b'1')],
        'piece_index_over': [given(head('>BHHHI', 0, 1, 2, 2, 1) + b'1')],
        'piece_of_none': [given(head('>BHHHI', 0, 1, 0, 0, 1) + b'1')],
        'piece_empty': [given(cp[1]), given(head('>BHHHI', 0, 1, 2, 1, 0))],
        'piece_length_short': [given(cp[1]), given(cp[2][:-1]), given(cp[2][:10])],
        'piece_length_over': [given(cp[1]), given(cp[2] + b'1')],
        'asked_again': [given(b'\1\0\1\0\1'), given(cp[1]), given(b'\1\0\1\0\1'),
                        given(b'\1\0\1\0'), given(b'\1\0\1\0\1\0'), given(b'\2')],
        'header_cut': [given(cp[1]), given(b'', 50), given(cp[2][:10], 50), given(b''),
                       given(cp[1][:1], 9)],
        'classic_pieces': map(given, pieces(CLASSIC, chunk(CLASSIC, 2022519257, 3000), 2000)),
        'classic_piece_first': map(given, pieces(CLASSIC, c, 50)[1:] + pieces(CLASSIC, g, 50)),
        'classic_index_over': [given(framed(CLASSIC, bitmap(ACCEPT, 0, 0))),
                               given(b'\1\0\1\x12'), given(b'\1\2\1\x12'), given(b'\1\1\1'),
                               given(b'\1\1'), given(b'\1\0\1\x12'), given(b'\1\3\2\x12')],
        'signal_cut': [given(framed(ENGINE, bitmap(ACK, 7, 9))[:n], 34 - n) for n in
                       (33, 32, 30, 28, 24, 23, 12, 11)],
        'stranger_ipv6': [given(framed(ENGINE, bitmap(BMAP, 0, 0, b'2001:db8::1:6000-')))],
        'classic_cut': [given(framed(CLASSIC, chunk(CLASSIC, 7, 90))[:26], 102)],
    }
    for name, n in (('short', PENDING - 1), ('at', PENDING), ('over', PENDING + 1)):
        all_pieces = [pieces(ENGINE, chunk(ENGINE, i, 60), 50, i) for i in range(n)]
        seeds['pending_' + name] = map(given, [p[0] for p in all_pieces] +
                                       [p[1] for p in all_pieces])
        size = 8 * (HOLD - 21 + n - PENDING)
        parts = pieces(ENGINE, bitmap(ACK, 5, size), 1000)
        seeds['hold_' + name] = map(given, parts + [parts[0], parts[1]])
        seeds['hold_backwards_' + name] = map(given, parts[::-1])
    seeds['hold_last_over'] = map(given, [head('>BHHHI', 0, 1, 2, 1, HOLD + 1) +
                                          bytes(HOLD + 1)])
    return seeds


def over_napa():
    """What is NAPA's own: headers, invitations, pieces that lie where they say."""
    map_ = bitmap(ACK, 7, 9)
    c = chunk(NAPA, 12, 150)
    parts = pieces(NAPA, c, 50)
    runs = chunk(NAPA, 13, 2 * (NAPA_RANGES + 1) * 20 - 35)
    runs = pieces(NAPA, runs, 20, 2)
    ack = napa(map_)
    seeds = {
        'napa_hello': map(given, [control(n) for n in (0, 1, 2, 3, 1 << 24, 2 << 24)]),
        'napa_hello_short': map(given, [control(0, pmtu=264), control(0, pmtu=263)]),
        'napa_hello_cut': [given(control(0)[:n], 1372 - n) for n in (286, 287, 30, 23)],
        'napa_hello_stranger': map(given, [control(0, ('198.51.100.1', 6000)), ack,
                                           control(0, ('198.51.100.1', 6000))]),
        'napa_nack': map(given, [napa(bytes(16), kind=128), ack, napa(bytes(16), kind=128)]),
        'napa_pieces': map(given, parts),
        'napa_pieces_backwards': map(given, [ack] + parts[::-1]),
        'napa_pieces_unknown': map(given, parts[1:]),
        'napa_pieces_again': map(given, [x for x in parts for _ in range(2)]),
        'napa_pieces_stale': [given(parts[0])] + [given(x, dt=STALE) for x in parts[1:]],
        'napa_pieces_cut': [given(x[:46], max(0, len(x) - 46)) for x in parts],
        'napa_head_cut': [given(ack), given(parts[0][:45], 28)],
        'napa_overlap': map(given, [napa(c[a:b], 1, a, len(c), 0x11) for a, b in
                                    ((0, 80), (120, 185), (60, 100), (90, 130))]),
        'napa_map_in_pieces': map(given, [ack] + pieces(NAPA, map_, 9)),
        'napa_runs_at': map(given, runs[:2 * NAPA_RANGES:2] + runs[1::2]),
        'napa_runs_over': map(given, runs[::2] + runs[1::2]),
        'napa_connections': map(given, [napa(map_, there=n) for n in (65535, 65536, 0xffffffff)]),
        'napa_monitors': map(given, [napa(map_, monitor=bytes(n), of_packet=bytes(m)) for n, m in
                                     ((32, 32), (33, 0), (0, 33), (5, 3))]),
        'napa_monitor_only': map(given, [ack, napa(b'\x11', monitor=bytes(5))[:-1],
                                         napa(b'\x11', monitor=bytes(5))[:-3]]),
        'napa_monitor_cut': [given(ack), given(napa(map_, monitor=bytes(9))[:26], 40)],
        'napa_length_at': map(given, [napa(c[:50], 1, 0, 1 << 20), ack,
                                      napa(c[:50], 1, (1 << 20) - 50, 1 << 20, 0x11)]),
        'napa_length_over': map(given, [ack, napa(c[:50], 1, 0, (1 << 20) + 1),
                                        napa(c[:50], 1, (1 << 20) - 49, 1 << 20, 0x11),
                                        napa(c[:50], 1, 51, 50, 0x11)]),
        'napa_type_differs': map(given, [napa(map_, kind=0x11), napa(map_, kind=0x14)]),
        'napa_bad_total': map(given, [ack, napa(c[:50], 1, 0, 186, 0x11),
                                      napa(c[:22], 1, 0, 185, 0x11)]),
    }
    for n in (PENDING - 1, PENDING, PENDING + 1):
        each = [pieces(NAPA, chunk(NAPA, i, 60), 50, i) for i in range(n)]
        seeds[f'napa_pending_{n}'] = map(given, [p[0] for p in each] + [p[1] for p in each])
    texts = ['1.2.3.4:5-6.7.8.9:10', '1.2.3.4:5-0.0.0.0:0', '1.2.3.4:0-0.0.0.0:0', '1.2.3.4:5',
             '10.77.0.1:6000-6.7.8.9:10', '1.2.3.4:5-6.7.8.9', '-', '1.2.3.4:5-']
    seeds['napa_nodes'] = [given(ack)] + [given(napa(bitmap(BMAP, 0, 0, t.encode() + end)))
                                          for t in texts for end in (b'\0', b'', b'\0x')]
    return seeds


def kind_of(payload):
    """What a datagram is by its first bytes, so that a few of each can be taken."""
    if payload[1:3] == b'\1\1':
        return payload[1:5] if payload[3] != 0x12 else payload[1:4] + payload[-4:-3]
    return payload[3:7] + payload[11:13] if payload[5:7] == b'\0\0' else payload[5:7]


def captured(path, most_each=2):
    data, seeds, taken = pathlib.Path(path).read_bytes(), [], {}
    at = 24
    while at + 16 <= len(data):
        kept, wire = struct.unpack_from('<II', data, at + 8)
        packet = data[at + 16:at + 16 + kept]
        at += 16 + kept
        ip = packet[14:]
        ends = (ip[12:16], ip[16:20])
        ours = (bytes([10, 77, 0, 1]), bytes([10, 77, 0, 2]))
        if ip[9] != 17 or set(ends) != set(ours) or ip[6] & 0x1f or ip[7]:
            continue
        size = struct.unpack_from('>H', ip, 24)[0] - 8
        payload = ip[28:28 + min(size, kept - 42)]
        kind = kind_of(payload)
        taken[kind] = taken.get(kind, 0) + 1
        if taken[kind] <= most_each:
            seeds.append(given(payload, size - len(payload), 0, ends != ours))
    return seeds


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seeds = {'empty': [], 'header_only': [b'\1'], 'nodes_text': [], 'nodes_storage': []}
    for dialect in (ENGINE, CLASSIC, NAPA):
        for name, messages in of_dialect(dialect).items():
            seeds[f'{dialect}_{name}'] = [given(framed(dialect, m, i))
                                          for i, m in enumerate(messages)]
    seeds['nodes_text'] = [given(framed(ENGINE, m)) for m in nodes_as_text()]
    seeds['nodes_storage'] = [given(framed(CLASSIC, m)) for m in nodes_as_storage()]
    seeds['classic_implausible'] = [given(framed(CLASSIC, m)) for m in implausible()]
    seeds.update(in_pieces())
    seeds.update(over_napa())
    for path in sys.argv[2:]:
        seeds['real_' + pathlib.Path(path).stem.replace('-', '_')] = captured(path)
    for name, records in seeds.items():
        (folder / name).write_bytes(b''.join(records))
    print(f'{len(seeds)} seeds')


if __name__ == '__main__':
    main()
