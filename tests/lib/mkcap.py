#!/usr/bin/env python3
"""mkcap - makes small captures for tests, from nothing or from another capture.

  mkcap.py swarm OUT      a PeerStreamer swarm: a source, three viewers, a late one
  mkcap.py strangers OUT  sound traffic without any swarm in it
  mkcap.py none OUT       a header and no packet
  mkcap.py slice IN OUT FIRST COUNT   some packets of a plain pcap
  mkcap.py repeat IN OUT TIMES        the packets again and again, later each time
  mkcap.py later IN OUT SECONDS       the packets that much later, or earlier
  mkcap.py mixed OUT      a pcapng with two interfaces of different link types

Options for the first three: --link ether|vlan|qinq|sll|sll2|raw|ipv6, --format
pcap|pcapng, --order little|big, --nano, --fragment BYTES (IPv4 fragments),
--linktype N (claims another link type), --snap BYTES.

SPDX-License-Identifier: Apache-2.0
"""

import argparse
import ipaddress
import struct
import sys

DLT = {"ether": 1, "vlan": 1, "qinq": 1, "ipv6": 1, "raw": 101, "sll": 113, "sll2": 276}
START_NS = 1_700_000_000_000_000_000
CHUNK_NS = 100_000_000  # one chunk each tenth of a second
SECOND_NS = 1_000_000_000


# ---- what the swarm says: PeerStreamer's engine framing, big-endian ----


def node_id(peer):
    return f"{peer}:6000-".encode()


def gossip_query(me):
    """A newcomer's first words: a query that knows nobody but itself."""
    entry = struct.pack(">I", 4) + node_id(me) + struct.pack("<HB", 60, 0)
    return struct.pack(">BBII", 0x10, 1, 10, 3) + entry


def neighbour_add():
    return struct.pack(">BBHB", 0x22, 0, 60, 1)


def quit_swarm():
    return struct.pack(">BBHB", 0x22, 2, 60, 1)


def buffer_map(me, held):
    """The sender's whole map; held is a sorted list of chunk numbers."""
    meta = struct.pack(">BBH", 10, 60, 0) + node_id(me)
    base = held[0] if held else 0
    width = held[-1] - base + 1 if held else 0
    bits = bytearray((width + 7) // 8)
    for chunk in held:
        bits[(chunk - base) // 8] |= 1 << ((chunk - base) % 8)
    head = struct.pack(">BIII", 0x12, width, 1, len(meta))
    return head + (struct.pack(">I", base) + bytes(bits) if held else struct.pack(">I", 0)) + meta


def chunk_message(chunk, made_ns):
    data = bytes(600)
    head = struct.pack(">BHIQII", 0x11, 0, chunk, made_ns // 1000, len(data), 2)
    return head + data + struct.pack("<H", 1)


def framed(message, counter):
    return struct.pack(">BHHHI", 0, counter & 0xFFFF, 1, 0, len(message)) + message


def swarm():
    """Datagrams (t_ns, src, dst, payload): every chunk goes to each viewer
    200 ms after it is made; each viewer tells its map four times a second."""
    source, viewers = "10.0.0.1", ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
    joins = {v: START_NS + (1 + i) * SECOND_NS for i, v in enumerate(viewers)}
    joins["10.0.0.5"] = START_NS + 12 * SECOND_NS
    out, counter, end = [], 0, START_NS + 30 * SECOND_NS

    def say(t, src, dst, message):
        nonlocal counter
        counter += 1
        out.append((t, src, dst, framed(message, counter)))

    for viewer, joined in joins.items():
        say(joined, viewer, source, gossip_query(viewer))
        say(joined + 10_000_000, source, viewer, neighbour_add())
        say(joined + 11_000_000, viewer, source, neighbour_add())
        say(joined + 20_000_000, viewer, source, buffer_map(viewer, []))
        other = viewers[0] if viewer != viewers[0] else viewers[1]
        held = []
        for step in range(0, (end - joined) // 50_000_000):
            t = joined + step * 50_000_000 + 60_000_000
            if step % 2 == 0:
                chunk = (t - START_NS) // CHUNK_NS - 2
                made = START_NS + chunk * CHUNK_NS
                if chunk >= 0:
                    say(t, source, viewer, chunk_message(chunk, made))
                    held = (held + [chunk])[-60:]
            if step % 5 == 0:
                say(t + 5_000_000, viewer, other, buffer_map(viewer, held))
        say(end, viewer, source, quit_swarm())
    return sorted(out, key=lambda datagram: datagram[0])


def strangers():
    """Name look-ups and their answers: sound UDP that is no swarm."""
    for i in range(200):
        query = struct.pack(">HHHHHH", i, 0x0100, 1, 0, 0, 0)
        query += b"\x07example\x03com\x00" + struct.pack(">HH", 1, 1)
        yield START_NS + i * 10_000_000, "10.0.0.2", "10.0.0.9", query


# ---- layers below ----


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ip_packets(src, dst, payload, number, args):
    """The IP packets of one datagram; ports are 6000, or 53 for strangers."""
    port = 53 if args.kind == "strangers" else 6000
    udp = struct.pack(">HHHH", port, port, 8 + len(payload), 0) + payload
    if args.link == "ipv6":
        ends = b"".join(ipaddress.ip_address("2001:db8::" + a.split(".")[3]).packed
                        for a in (src, dst))
        check = checksum(ends + struct.pack(">II", len(udp), 17) + udp)
        udp = udp[:6] + struct.pack(">H", check or 0xFFFF) + payload
        yield struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + ends + udp
        return
    size = args.fragment // 8 * 8 or len(udp)
    for at in range(0, len(udp), size):
        part = udp[at:at + size]
        more = 0x2000 if at + size < len(udp) else 0
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(part), number & 0xFFFF,
                           more | at // 8, 64, 17, 0,
                           ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed)
        yield head[:10] + struct.pack(">H", checksum(head)) + head[12:] + part


def link_frame(packet, link):
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    macs = bytes.fromhex("020000000001020000000002")
    if link in ("ether", "ipv6"):
        return macs + struct.pack(">H", kind) + packet
    if link == "vlan":
        return macs + struct.pack(">HHH", 0x8100, 7, kind) + packet
    if link == "qinq":
        return macs + struct.pack(">HHHHH", 0x88A8, 9, 0x8100, 7, kind) + packet
    if link == "sll":
        return struct.pack(">HHH8sH", 0, 1, 6, macs[:6] + bytes(2), kind) + packet
    if link == "sll2":
        return struct.pack(">HHIHBB8s", kind, 0, 1, 1, 0, 6, macs[:6] + bytes(2)) + packet
    return packet


def frames(args):
    source = {"swarm": swarm, "strangers": strangers, "none": list}[args.kind]
    for number, (t, src, dst, payload) in enumerate(source()):
        for packet in ip_packets(src, dst, payload, number, args):
            yield t, link_frame(packet, args.link)


# ---- files ----


def write_pcap(out, packets, args, link):
    mark = "<" if args.order == "little" else ">"
    unit = 1 if args.nano else 1000
    out.write(struct.pack(mark + "IHHiIII", 0xA1B23C4D if args.nano else 0xA1B2C3D4, 2, 4,
                          0, 0, args.snap, link))
    for t, frame in packets:
        kept = frame[:args.snap]
        out.write(struct.pack(mark + "IIII", t // SECOND_NS, t % SECOND_NS // unit,
                              len(kept), len(frame)) + kept)


def block(mark, kind, body):
    body += bytes(-len(body) % 4)
    size = 12 + len(body)
    return struct.pack(mark + "II", kind, size) + body + struct.pack(mark + "I", size)


def interface(mark, link, args):
    option = struct.pack(mark + "HHB3x", 9, 1, 9 if args.nano else 6) + bytes(4)
    return block(mark, 1, struct.pack(mark + "HHI", link, 0, args.snap) + option)


def write_pcapng(out, packets, args, links):
    mark = "<" if args.order == "little" else ">"
    unit = 1 if args.nano else 1000
    out.write(block(mark, 0x0A0D0D0A, struct.pack(mark + "IHHq", 0x1A2B3C4D, 1, 0, -1)))
    for link in links:
        out.write(interface(mark, link, args))
    for i, (t, frame) in enumerate(packets):
        kept = frame[:args.snap]
        stamp = t // unit
        out.write(block(mark, 6, struct.pack(mark + "IIIII", i % len(links), stamp >> 32,
                                             stamp & 0xFFFFFFFF, len(kept), len(frame)) + kept))


def read_pcap(path):
    """The head of a plain pcap, and its records as (seconds, fraction, rest)."""
    with open(path, "rb") as f:
        data = f.read()
    mark = {0xA1B2C3D4: "<", 0xA1B23C4D: "<"}.get(struct.unpack("<I", data[:4])[0], ">")
    records, at = [], 24
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack(mark + "IIII", data[at:at + 16])
        records.append((seconds, fraction, data[at + 8:at + 16 + kept]))
        at += 16 + kept
    return data[:24], mark, records


def write_records(path, head, mark, batches):
    with open(path, "wb") as f:
        f.write(head)
        for records, later in batches:
            f.write(b"".join(struct.pack(mark + "II", seconds + later, fraction) + rest
                             for seconds, fraction, rest in records))


def slice_capture(args):
    head, mark, records = read_pcap(args.input)
    write_records(args.output, head, mark,
                  [(records[args.first:args.first + args.count], 0)])


def repeat_capture(args):
    head, mark, records = read_pcap(args.input)
    span = records[-1][0] - records[0][0] + 1
    write_records(args.output, head, mark, ((records, i * span) for i in range(args.times)))


def later_capture(args):
    head, mark, records = read_pcap(args.input)
    write_records(args.output, head, mark, [(records, args.seconds)])


def make(args):
    with open(args.output, "wb") as out:
        if args.kind == "mixed":
            args.kind, args.link = "swarm", "ether"
            write_pcapng(out, frames(args), args, [1, 101])
            return
        link = DLT[args.link] if args.linktype is None else args.linktype
        if args.format == "pcapng":
            write_pcapng(out, frames(args), args, [link])
        else:
            write_pcap(out, frames(args), args, link)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="kind", required=True)
    for kind in ("swarm", "strangers", "none", "mixed"):
        one = commands.add_parser(kind)
        one.add_argument("output")
        one.add_argument("--link", choices=sorted(DLT), default="ether")
        one.add_argument("--format", choices=("pcap", "pcapng"), default="pcap")
        one.add_argument("--order", choices=("little", "big"), default="little")
        one.add_argument("--nano", action="store_true")
        one.add_argument("--fragment", type=int, default=0)
        one.add_argument("--linktype", type=int)
        one.add_argument("--snap", type=int, default=262144)
        one.set_defaults(run=make)
    one = commands.add_parser("slice")
    for name, kind in (("input", str), ("output", str), ("first", int), ("count", int)):
        one.add_argument(name, type=kind)
    one.set_defaults(run=slice_capture)
    one = commands.add_parser("repeat")
    for name, kind in (("input", str), ("output", str), ("times", int)):
        one.add_argument(name, type=kind)
    one.set_defaults(run=repeat_capture)
    one = commands.add_parser("later")
    for name, kind in (("input", str), ("output", str), ("seconds", int)):
        one.add_argument(name, type=kind)
    one.set_defaults(run=later_capture)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
