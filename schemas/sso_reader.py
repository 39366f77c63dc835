#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the observations of an .sso file, one JSON object a line.

Usage: sso_reader.py FILE

The format is in observation.md beside this file. Exit status: 0 all read, 1 not
such a file, newer, damaged or cut (what is before the damage is printed).
Needs python3-zstandard.
"""
import ipaddress
import json
import struct
import sys

import zstandard

SIZES = {'u8': 'B', 'u16': 'H', 'u32': 'I', 'u64': 'Q', 'i64': 'q'}
MAX_RAW, MAX_STORED = 1 << 20, (1 << 20) + (1 << 16)
ALL, SUBSTREAM_HEAD, CONTACT = 1, 8, 18

HEAD = [
    ('t_ns', 'i64'), ('channel', 'u64'), ('peer_id', 'u64'), ('offset', 'u64'),
    ('width', 'u32'), ('flags', 'u16'), ('vantage', 'u16'), ('origin', 'u8'),
    ('protocol', 'u8'), ('action', 'u8'), ('peer', 'endpoint'), ('to', 'endpoint'),
]
KINDS = {
    1: ('buffer_map', [('play', 'u64'), ('substreams', 'u16'), ('window', 'u16')]),
    2: ('have', []),
    3: ('request', []),
    4: ('transfer', [('bytes', 'u32'), ('hops', 'u16')]),
    5: ('mark', [('source_ns', 'i64'), ('error_ns', 'i64')]),
    6: ('verify', []),
    7: ('contacts', [('n', 'u32')]),
    8: ('partner', []),
    9: ('join', []),
    10: ('leave', []),
    11: ('channel', [
        ('chunk_lo_ns', 'i64'), ('chunk_ns', 'i64'), ('chunk_hi_ns', 'i64'),
        ('prebuffer_ns', 'i64'), ('clock_ns', 'i64'), ('head', 'u64'), ('alias_of', 'u64'),
        ('prebuffer_bytes', 'u32'), ('bitrate_kbps', 'u32'), ('id_bits', 'u8'),
        ('id_len', 'u8'), ('name_len', 'u8')]),
    12: ('flow', [
        ('packets', 'u64'), ('bytes', 'u64'), ('reply_packets', 'u64'), ('reply_bytes', 'u64'),
        ('first_ns', 'i64'), ('app', 'u16'), ('master', 'u16'), ('transport', 'u8'),
        ('confidence', 'u8'), ('began', 'u8')]),
    13: ('gap', [('from_ns', 'i64'), ('packets', 'u64'), ('bytes', 'u64'), ('cause', 'u8')]),
}
ACTIONS = ['none', 'asked', 'granted', 'refused', 'good', 'bad', 'added', 'removed', 'declined',
           'registered', 'handshake', 'bootstrap', 'goodbye', 'closed', 'reboots']


class Damaged(Exception):
    """The bytes break a rule of the format."""


class Cut(Exception):
    """The bytes end too early."""


class Reader:
    """A cursor over bytes."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        if n > self.left():
            raise Cut
        self.at += n
        return self.data[self.at - n:self.at]

    def get(self, kind):
        if kind == 'endpoint':
            return self.endpoint()
        return struct.unpack('<' + SIZES[kind], self.take(struct.calcsize(SIZES[kind])))[0]

    def endpoint(self):
        form = self.get('u8')
        if form not in (0, 4, 6):
            raise Damaged(f'endpoint of form {form}')
        return endpoint(self.take(4 if form == 4 else 16), self.get('u16')) if form else None


def endpoint(address, port):
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, 'ipv4_mapped', None) or ip
    return f'[{ip}]:{port}' if ip.version == 6 else f'{ip}:{port}'


def crc_table():
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82F63B78 if n & 1 else 0)
        yield n


CRC_TABLE = list(crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def runs(bits, first, n):
    """The set bits as [first, last] pairs of chunks."""
    out = []
    for i in range(n):
        if bits[i // 8] >> i % 8 & 1:
            if out and out[-1][1] == first + i - 1:
                out[-1][1] = first + i
            else:
                out.append([first + i, first + i])
    return out


def tail(record, o):
    """Takes what stands behind the fields, as its kind wants it."""
    k = o.get('substreams', 0)
    if k:
        o['heads'] = [record.get('u64') for _ in range(k)]
        bits = record.take((k + 7) // 8)
        o['subscribed'] = [i for i in range(k) if bits[i // 8] >> i % 8 & 1]
    elif o['kind'] in ('buffer_map', 'have', 'request'):
        first, width = o['offset'], o['width']
        if o['flags'] & ALL:
            o['ranges'] = [[first, first + width - 1]] if width else []
        else:
            o['ranges'] = runs(record.take((width + 7) // 8), first, width)
    elif o['kind'] == 'contacts':
        o['contacts'] = [endpoint(record.take(16), record.get('u16')) for _ in range(o['n'])]
    elif o['kind'] == 'channel':
        o['id'] = record.take(o['id_len']).hex()
        o['name'] = record.take(o['name_len']).decode('utf-8', 'replace')


def observations(data):
    """The records of a block; unknown kinds are passed over."""
    block = Reader(data)
    while block.left():
        length = block.get('u16')
        if length < 4:
            raise Damaged(f'record of {length} bytes')
        record = Reader(block.take(length - 2))
        kind, _version = record.get('u8'), record.get('u8')
        if kind not in KINDS:
            continue
        name, fields = KINDS[kind]
        o = {'kind': name}
        for field, kind in HEAD + fields:
            o[field] = record.get(kind)
        tail(record, o)
        o['action'] = ACTIONS[o['action']] if o['action'] < len(ACTIONS) else o['action']
        yield o


def read_head(file):
    """Checks it and answers what it says."""
    start = file.at
    if file.take(4) != b'SSO1':
        raise Damaged('not an .sso file')
    version, length = file.get('u16'), file.get('u16')
    if version != 1:
        raise Damaged(f'version {version} is newer')
    body = Reader(file.take(length))
    if crc32c(file.data[start:file.at]) != file.get('u32'):
        raise Damaged('wrong checksum of the head')
    return {'start_ns': body.get('i64'), 'clock': body.get('u8'),
            'vantage': body.take(body.get('u8')).decode('utf-8', 'replace')}


def read_block(file):
    """Its bytes, uncompressed."""
    start = file.at
    raw, stored = file.get('u32'), file.get('u32')
    file.get('i64'), file.get('u32')
    if not 0 < raw <= MAX_RAW or stored > MAX_STORED:
        raise Damaged(f'block of {raw} bytes stored in {stored}')
    frame = file.take(stored)
    if crc32c(file.data[start:file.at]) != file.get('u32'):
        raise Damaged('wrong checksum')
    data = zstandard.ZstdDecompressor().decompress(frame, max_output_size=raw)
    if len(data) != raw:
        raise Damaged(f'{len(data)} bytes in a block of {raw}')
    return data


def main(path):
    with open(path, 'rb') as f:
        file = Reader(f.read())
    start = 0
    try:
        read_head(file)
        while file.left():
            start = file.at
            for o in observations(read_block(file)):
                print(json.dumps(o))
    except (Damaged, Cut, zstandard.ZstdError) as e:
        what = 'ends early' if isinstance(e, Cut) else e
        print(f'{path}: at byte {start}: {what}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
