"""A capture that can be replayed, of one whose packets were cut.

SPDX-License-Identifier: Apache-2.0
"""

import struct


def fill(cut, whole):
    """Writes it with as many bytes a packet as on the wire, zeros for those cut off."""
    with open(cut, "rb") as old, open(whole, "wb") as new:
        head = old.read(24)
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        new.write(head[:16] + struct.pack(order + "I", 262144) + head[20:])
        while len(record := old.read(16)) == 16:
            s, part, kept, wire = struct.unpack(order + "IIII", record)
            new.write(struct.pack(order + "IIII", s, part, wire, wire) +
                      old.read(kept).ljust(wire, b"\0"))
