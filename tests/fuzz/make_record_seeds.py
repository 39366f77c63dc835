#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_codec and fuzz_sso: short of, at and over each limit.

Usage: make_record_seeds.py CORPUS. The folders codec and sso are made there. The
forms are in schemas/observation.md; fuzz_sso.c says what its first byte means.
"""
import pathlib
import struct
import sys

MAX_WIDTH, MAX_CONTACTS, MAX_SUBSTREAMS, MAX_ID = 16384, 100, 64, 128
MAX_RAW, MAX_BODY = 1 << 20, 1024
LAST = (1 << 64) - 1
(BUFFER_MAP, HAVE, REQUEST, TRANSFER, MARK, VERIFY, CONTACTS, PARTNER, JOIN, LEAVE,
 CHANNEL, FLOW, GAP, KINDS) = range(1, 15)
IPV4 = bytes([4, 10, 77, 0, 5]) + struct.pack('<H', 6000)
IPV6 = b'\x06\x20\x01\x0d\xb8' + bytes(11) + b'\x01' + struct.pack('<H', 443)


def record(kind, fields=b'', tail=b'', offset=1000, width=0, flags=0, origin=0, action=0,
           ends=IPV4 + b'\x00', version=1, length=None, more=b''):
    body = struct.pack('<qQQQIHHBBB', 1795469677900000000, 7, 8, offset, width, flags, 0,
                       origin, 1, action) + ends + fields + tail + more
    size = len(body) + 4 if length is None else length
    return struct.pack('<HBB', size, kind, version) + body


def bitmap(width):
    bits = bytearray(b'\xff' * ((width + 7) // 8))
    if width % 8:
        bits[-1] = (1 << width % 8) - 1
    return bytes(bits)


def buffer_map(width, **more):
    return record(BUFFER_MAP, struct.pack('<QHH', 1001, 0, 50), bitmap(width), width=width, **more)


def substreams(k):
    return record(BUFFER_MAP, struct.pack('<QHH', 0, k, 0), bytes(8 * k) + bitmap(k))


def contacts(n):
    return record(CONTACTS, struct.pack('<I', n), (bytes(10) + b'\xff\xff\x0a\x4d\x00\x05\x70\x17') * n)


def channel(id_len, name_len, id_bits=31):
    return record(CHANNEL, struct.pack('<5qQQIIBBB', 1, 2, 3, 4, 5, 6, 7, 8, 9, id_bits, id_len,
                                       name_len), b'x' * (id_len + name_len))


def gap(cause):
    return record(GAP, struct.pack('<qQQB', 1, 2, 3, cause))


def codec_seeds():
    one = buffer_map(19)
    yield 'all_kinds', all_kinds()
    for width in (0, 7, 8, 9, MAX_WIDTH, MAX_WIDTH + 1):
        yield f'width_{width}', buffer_map(width)
    for width in (MAX_WIDTH, MAX_WIDTH + 1):
        yield f'have_all_{width}', record(HAVE, width=width, flags=1, offset=LAST - width)
        yield f'transfer_width_{width}', record(TRANSFER, bytes(6), width=width)
    yield 'set_past_last_number', record(HAVE, width=9, flags=1, offset=LAST - 8)
    yield 'padding', record(HAVE, tail=b'\xff\x02', width=9)
    for k in (1, MAX_SUBSTREAMS, MAX_SUBSTREAMS + 1):
        yield f'substreams_{k}', substreams(k)
    yield 'substreams_padding', record(BUFFER_MAP, struct.pack('<QHH', 0, 3, 0), bytes(24) + b'\x08')
    yield 'substreams_width', record(BUFFER_MAP, struct.pack('<QHH', 0, 1, 0), bytes(9), width=1)
    for n in (0, MAX_CONTACTS, MAX_CONTACTS + 1):
        yield f'contacts_{n}', contacts(n)
    yield 'contacts_wrap', record(CONTACTS, struct.pack('<I', (1 << 32) // 18 + 1), bytes(18))
    for id_len, name_len in ((0, 0), (MAX_ID, 255), (MAX_ID + 1, 0)):
        yield f'channel_{id_len}_{name_len}', channel(id_len, name_len)
    yield 'channel_bits', channel(0, 0, 33)
    for cause in (0, 1, 5, 6):
        yield f'gap_{cause}', gap(cause)
    for flags in (0x40, 0x80, 0xffff):
        yield f'flags_{flags}', record(JOIN, flags=flags)
    for action in (11, 12, 14, 255):
        yield f'join_action_{action}', record(JOIN, action=action)
    yield 'origin_4', record(JOIN, origin=4)
    yield 'ends_ipv6', record(JOIN, ends=IPV6 + IPV4)
    yield 'ends_mapped', record(JOIN, ends=b'\x06' + bytes(10) + b'\xff\xff\x0a\x00\x00\x01\x01\x00\x00')
    yield 'ends_none_long', record(JOIN, ends=b'\x06' + bytes(18) + b'\x00')
    yield 'ends_form', record(JOIN, ends=b'\x05' + bytes(20))
    for length in (0, 3, 4, len(one) - 1, len(one), len(one) + 1, 65535):
        yield f'set_length_{length}', struct.pack('<H', length) + one[2:] + record(JOIN)
    for cut in (1, 2, 3, 4, 20, 60, len(one) - 1):
        yield f'cut_{cut}', one[:cut]
    yield 'more', record(JOIN, more=b'more')
    yield 'newer_more', record(JOIN, more=b'more', version=2)
    yield 'newer_flags', record(JOIN, flags=0x8000, version=2)
    yield 'newer_value', record(JOIN, action=99, version=2)
    yield 'version_0', record(JOIN, version=0)
    yield 'kind_0', record(0)
    yield 'kind_next', record(KINDS) + record(JOIN)
    yield 'kind_255', b'\x04\x00\xff\xff' + record(JOIN)


def all_kinds():
    return b''.join([
        buffer_map(19), substreams(2), record(HAVE, tail=bitmap(9), width=9),
        record(REQUEST, width=4, flags=1, action=2), record(TRANSFER, struct.pack('<IH', 9, 1), width=1),
        record(MARK, struct.pack('<qq', 5, 6)), record(VERIFY, action=4), contacts(2),
        record(PARTNER, action=6, ends=IPV4 + IPV6), record(JOIN, action=11, flags=64),
        record(LEAVE, action=12), channel(3, 5),
        record(FLOW, struct.pack('<QQqHBB', 1, 2, 3, 4, 17, 6)), gap(3)])


def frame(data, size=None):
    """A zstd frame of stored, uncompressed blocks."""
    out = struct.pack('<IBI', 0xFD2FB528, 0xA0, len(data) if size is None else size)
    parts = [data[i:i + 65536] for i in range(0, len(data), 65536)] or [b'']
    for i, part in enumerate(parts):
        out += struct.pack('<I', (i == len(parts) - 1) | len(part) << 3)[:3] + part
    return out


def repeated(byte, n):
    """A zstd frame of n times one byte, in few bytes."""
    out = struct.pack('<IBI', 0xFD2FB528, 0xA0, n)
    while n > 0:
        part = min(n, 1 << 17)
        n -= part
        out += struct.pack('<I', (n == 0) | 2 | part << 3)[:3] + bytes([byte])
    return out


def block(records, count=1, raw=None, stored=None, framed=None):
    framed = frame(records) if framed is None else framed
    return struct.pack('<IIqI', len(records) if raw is None else raw,
                       len(framed) if stored is None else stored, 1, count) + framed + bytes(4)


def head(vantage=b'v', clock=0, version=1, length=None, magic=b'SSO1', more=b''):
    body = struct.pack('<qBB', 5, clock, len(vantage)) + vantage + more
    return magic + struct.pack('<HH', version, len(body) if length is None else length) + body + bytes(4)


def sso_seeds():
    one, two = block(record(JOIN)), block(record(LEAVE))
    yield 'kinds', head() + block(all_kinds(), 14)
    yield 'unsealed', None
    yield 'head_only', head()
    for n in (0, 1, 3, 4, 8, len(head()) - 1):
        yield f'head_{n}', head()[:n]
    yield 'magic', head(magic=b'SSO2')
    for version in (0, 2):
        yield f'version_{version}', head(version=version)
    for clock in (2, 3):
        yield f'clock_{clock}', head(clock=clock)
    yield 'vantage_255', head(vantage=b'v' * 255) + one
    yield 'vantage_long', head(vantage=b'v', more=b'')[:17] + b'\xff' + head()[18:] + one
    for n in (9, 10, MAX_BODY, MAX_BODY + 1):
        yield f'body_{n}', head(vantage=b'', more=bytes(max(0, n - 10)), length=n) + one
    for cut in (1, 8, 19, 20, 23, 24, len(two) - 4, len(two) - 1):
        yield f'cut_{cut}', head() + one + two[:cut]
    for raw in (0, 1, MAX_RAW, MAX_RAW + 1, (1 << 32) - 1):
        yield f'raw_{raw}', head() + block(record(JOIN), raw=raw) + two
    for stored in (0, 3, 4, MAX_RAW + 65536, MAX_RAW + 65537, (1 << 32) - 1):
        yield f'stored_{stored}', head() + block(record(JOIN), stored=stored) + two
    for n in (MAX_RAW, MAX_RAW + 1):
        yield f'zeros_{n}', head() + block(bytes(n), framed=repeated(0, n)) + two
    yield 'frame_size', head() + block(record(JOIN), framed=frame(record(JOIN), 1 << 30)) + two
    yield 'frame_magic', head() + block(record(JOIN), framed=b'\x00' + frame(record(JOIN))) + two
    yield 'frame_twice', head() + block(record(JOIN) * 2, framed=frame(record(JOIN)) * 2) + two
    yield 'no_frame', head() + b'\xff' * 40 + one + two
    for count in (0, 2, (1 << 32) - 1):
        yield f'count_{count}', head() + block(record(JOIN), count=count) + two
    yield 'record_cut', head() + block(record(JOIN)[:-1]) + two
    yield 'record_malformed', head() + block(record(JOIN, action=99) + record(JOIN), 2)
    yield 'record_unknown', head() + block(record(KINDS) + record(JOIN), 2)


def write(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def main(corpus):
    for name, data in codec_seeds():
        write(corpus / 'codec', name, data)
    for name, data in sso_seeds():
        if data is None:
            data = b'\x00' + head() + block(all_kinds(), 14)
        else:
            data = b'\x01' + data
        write(corpus / 'sso', name, data)


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
