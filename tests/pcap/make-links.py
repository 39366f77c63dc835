#!/usr/bin/env python3
"""make-links - the same swarm in every wrapping that is read, a capture each.

  make-links.py CAPTURE.pcap FOLDER    writes FOLDER/plain.pcap and the others
  make-links.py --list                 their names

Takes the IP packets of the first frames of an Ethernet capture (plain pcap) and
puts other headers before them, one wrapping a file. All are hand-made from the
standards and the same each time: tests/pcap/links.sh compares what they say. Names
that begin with 6 or end in ipv6 have the swarm itself at 2001:db8::N.

SPDX-License-Identifier: Apache-2.0
"""

import pathlib
import struct
import sys

FRAMES = 150
ETHERNET, PPP, RAW, PPP_SERIAL, PPP_ETHER, HDLC = 1, 9, 101, 50, 51, 104
COOKED, COOKED2, NULL, LOOP, IPV4 = 113, 276, 0, 108, 228
IPV4_TYPE, IPV6_TYPE = 0x0800, 0x86DD
MACS = bytes.fromhex("020000000001020000000002")
# An address that looks like IPv4 to who only reads its first digit.
IP_LIKE_MACS = bytes.fromhex("455500000001020000000002")


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ethernet(kind, packet, macs=MACS):
    return macs + struct.pack(">H", kind) + packet


def tags(packet, *kinds):
    for kind, inner in zip(reversed(kinds), [IPV4_TYPE, *reversed(kinds)]):
        packet = struct.pack(">HH", 7, inner) + packet
    return ethernet(kinds[0], packet)


def labels(packet, n):
    return b"".join(struct.pack(">I", (100 + i) << 12 | (i + 1 == n) << 8 | 64)
                    for i in range(n)) + packet


def ipv4(packet, protocol, number=0, fragment=0):
    head = struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(packet), number & 0xFFFF, fragment, 64,
                       protocol, 0, bytes([192, 0, 2, 1, 192, 0, 2, 2]))
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + packet


def ipv6(packet, following):
    ends = b"".join(bytes.fromhex("20010db8") + bytes(11) + bytes([n]) for n in (1, 2))
    return struct.pack(">IHBB", 6 << 28, len(packet), following, 64) + ends + packet


def udp(packet, port):
    return struct.pack(">HHHH", 49152, port, 8 + len(packet), 0) + packet


def pppoe(packet):
    return struct.pack(">BBHHH", 0x11, 0, 1, 2 + len(packet), 0x0021) + packet


def gre(packet, kind, flags=0, options=b""):
    return struct.pack(">HH", flags, kind) + options + packet


def vxlan(frame):
    return struct.pack(">II", 8 << 24, 42 << 8) + frame


def gtpu(packet, flags=0x30, options=b""):
    return struct.pack(">BBHI", flags, 255, len(options) + len(packet), 77) + options + packet


def in_pieces(packet, protocol, number):
    """The payload of a tunnel in two IPv4 fragments."""
    half = len(packet) // 16 * 8
    yield ethernet(IPV4_TYPE, ipv4(packet[:half], protocol, number, 0x2000))
    yield ethernet(IPV4_TYPE, ipv4(packet[half:], protocol, number, half // 8))


def as_ipv6(packet):
    """The same datagram between 2001:db8::N for 10.77.0.N, N in decimal digits."""
    ends = b"".join(bytes.fromhex("20010db8") + bytes(11) + bytes([int(str(n), 16)])
                    for n in (packet[15], packet[19]))
    return struct.pack(">IHBB", 6 << 28, len(packet) - 20, 17, 64) + ends + packet[20:]


def one(build):
    return lambda packet, number: [build(packet)]


def over_ipv4(protocol, build):
    return one(lambda packet: ethernet(IPV4_TYPE, ipv4(build(packet), protocol)))


def gtpu_with_extensions(packet):
    """Number, and the two extension headers that 4G and 5G use."""
    return gtpu(packet, 0x36, bytes([0, 9, 0, 0xC0, 1, 0x08, 0x68, 0x85, 1, 0x10, 1, 0]))


def everything(packet):
    """A subscriber's packet of a mobile network, mirrored from a provider's core."""
    inner = ipv6(gre(tags(packet, 0x8100), 0x6558), 47)
    mobile = ipv4(udp(gtpu_with_extensions(inner), 2152), 17)
    mirrored = ipv4(udp(vxlan(ethernet(IPV4_TYPE, mobile)), 4789), 17)
    return ethernet(0x88A8, struct.pack(">HHHH", 7, 0x8100, 8, 0x8847) + labels(mirrored, 3))


# name: link type of the file, frames of an IPv4 packet
LINKS = {
    "plain": (ETHERNET, one(lambda p: ethernet(IPV4_TYPE, p))),
    "raw": (RAW, one(lambda p: p)),
    "ipv4": (IPV4, one(lambda p: p)),
    "null": (NULL, one(lambda p: struct.pack("<I", 2) + p)),
    "loop": (LOOP, one(lambda p: struct.pack(">I", 2) + p)),
    "cooked": (COOKED, one(lambda p: struct.pack(">HHH8sH", 0, 1, 6, MACS[:8], IPV4_TYPE) + p)),
    "cooked2": (COOKED2, one(lambda p: struct.pack(">HHIHBB8s", IPV4_TYPE, 0, 1, 1, 0, 6,
                                                   MACS[:8]) + p)),
    "vlan": (ETHERNET, one(lambda p: tags(p, 0x8100))),
    "qinq": (ETHERNET, one(lambda p: tags(p, 0x88A8, 0x8100))),
    "qinq-old": (ETHERNET, one(lambda p: tags(p, 0x9100, 0x8100))),
    "mpls": (ETHERNET, one(lambda p: ethernet(0x8847, labels(p, 2)))),
    "mpls-one": (ETHERNET, one(lambda p: ethernet(0x8847, labels(p, 1)))),
    "mpls-ethernet": (ETHERNET, one(lambda p: ethernet(0x8847, labels(ethernet(
        IPV4_TYPE, p, IP_LIKE_MACS), 2)))),
    "mpls-control-word": (ETHERNET, one(lambda p: ethernet(0x8847, labels(
        bytes(4) + tags(p, 0x8100), 2)))),
    "pppoe": (ETHERNET, one(lambda p: ethernet(0x8864, pppoe(p)))),
    "pppoe-bare": (PPP_ETHER, one(pppoe)),
    "ppp": (PPP, one(lambda p: b"\x00\x21" + p)),
    "ppp-framed": (PPP, one(lambda p: b"\xff\x03\x00\x21" + p)),
    "ppp-compressed": (PPP, one(lambda p: b"\x21" + p)),
    "ppp-serial": (PPP_SERIAL, one(lambda p: b"\xff\x03\x00\x21" + p)),
    "ppp-serial-hdlc": (PPP_SERIAL, one(lambda p: b"\x0f\x00\x08\x00" + p)),
    "cisco-hdlc": (HDLC, one(lambda p: b"\x0f\x00\x08\x00" + p)),
    "4in4": (ETHERNET, over_ipv4(4, lambda p: p)),
    "4in6": (ETHERNET, one(lambda p: ethernet(IPV6_TYPE, ipv6(p, 4)))),
    "ipv6": (ETHERNET, one(lambda p: ethernet(IPV6_TYPE, as_ipv6(p)))),
    "6in4": (ETHERNET, over_ipv4(41, as_ipv6)),
    "6in6": (ETHERNET, one(lambda p: ethernet(IPV6_TYPE, ipv6(as_ipv6(p), 41)))),
    "4in6in4": (ETHERNET, over_ipv4(41, lambda p: ipv6(p, 4))),
    "4in6in6": (ETHERNET, one(lambda p: ethernet(IPV6_TYPE, ipv6(ipv6(p, 4), 41)))),
    "gre": (ETHERNET, over_ipv4(47, lambda p: gre(p, IPV4_TYPE))),
    "gre-options": (ETHERNET, over_ipv4(47, lambda p: gre(p, IPV4_TYPE, 0xB000, bytes(12)))),
    "gre-ethernet": (ETHERNET, over_ipv4(47, lambda p: gre(tags(p, 0x8100), 0x6558, 0x2000,
                                                           bytes(4)))),
    "gre-in-ipv6": (ETHERNET, one(lambda p: ethernet(IPV6_TYPE, ipv6(gre(p, IPV4_TYPE), 47)))),
    "gre-in-pieces": (ETHERNET, lambda p, n: in_pieces(gre(p, IPV4_TYPE), 47, n)),
    "vxlan": (ETHERNET, over_ipv4(17, lambda p: udp(vxlan(ethernet(IPV4_TYPE, p)), 4789))),
    "vxlan-linux": (ETHERNET, over_ipv4(17, lambda p: udp(vxlan(tags(p, 0x8100)), 8472))),
    "vxlan-in-pieces": (ETHERNET, lambda p, n: in_pieces(
        udp(vxlan(ethernet(IPV4_TYPE, p)), 4789), 17, n)),
    "gtpu": (ETHERNET, over_ipv4(17, lambda p: udp(gtpu(p), 2152))),
    "gtpu-number": (ETHERNET, over_ipv4(17, lambda p: udp(gtpu(p, 0x32, bytes(4)), 2152))),
    "gtpu-extensions": (ETHERNET, over_ipv4(17, lambda p: udp(gtpu_with_extensions(p), 2152))),
    "everything": (ETHERNET, one(everything)),
}


def read_packets(path):
    """Time and IP packet of each frame of an Ethernet pcap that is whole IPv4."""
    data = pathlib.Path(path).read_bytes()
    if struct.unpack("<I", data[:4])[0] not in (0xA1B2C3D4, 0xA1B23C4D):
        sys.exit(f"{path}: not a little-endian pcap")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, kept, length = struct.unpack("<IIII", data[at:at + 16])
        frame = data[at + 16:at + 16 + kept]
        if frame[12:14] == b"\x08\x00" and kept == length:
            yield (seconds, fraction), frame[14:]
        at += 16 + kept


def write_capture(path, magic, link, records):
    with open(path, "wb") as f:
        f.write(struct.pack("<4sHHIIII", magic, 2, 4, 0, 0, 262144, link))
        for (seconds, fraction), frame in records:
            f.write(struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame)


def main():
    if sys.argv[1:] == ["--list"]:
        print("\n".join(LINKS))
        return
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    magic = pathlib.Path(source).read_bytes()[:4]
    packets = [packet for _, packet in zip(range(FRAMES), read_packets(source))]
    for name, (link, wrap) in LINKS.items():
        write_capture(folder / f"{name}.pcap", magic, link,
                      [(t, frame) for number, (t, packet) in enumerate(packets)
                       for frame in wrap(packet, number)])


if __name__ == "__main__":
    main()
