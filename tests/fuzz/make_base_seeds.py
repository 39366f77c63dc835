#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_reader, fuzz_json, fuzz_yaml and fuzz_zio: inputs short
of, at and over each limit.

Usage: make_base_seeds.py CORPUS. The forms of the inputs are in the targets.
"""
import gzip
import pathlib
import sys

import zstandard

JSON_DEPTH, JSON_NUMBER = 64, 400
YAML_DEPTH, YAML_KEYS = 32, 1000
U8, BE16, BE32, BE64, LE16, LE32, LE64, TAKE = range(8)
WIDTHS = {U8: 1, BE16: 2, BE32: 4, BE64: 8, LE16: 2, LE32: 4, LE64: 8}
NAMES = {U8: 'u8', BE16: 'be16', BE32: 'be32', BE64: 'be64', LE16: 'le16', LE32: 'le32',
         LE64: 'le64'}


def around(name, limit, make):
    """Three seeds: one short of the limit, at it, one over."""
    return {f'{name}_{n}': make(n) for n in (limit - 1, limit, limit + 1)}


def script(operations, data):
    return bytes([len(operations)]) + bytes(operations) + data


def take(n):
    return TAKE | n << 3


def reader_seeds():
    data = bytes(range(1, 65))
    seeds = {'empty': b'', 'none': script([], b''), 'cut': bytes([3, U8])}
    for op, width in WIDTHS.items():
        for n in (width - 1, width, width + 1):
            seeds[f'{NAMES[op]}_{n}'] = script([op, U8], data[:n])
    for n in (6, 7, 8):
        seeds[f'take_7_of_{n}'] = script([take(7), take(0)], data[:n])
    seeds['take_31'] = script([take(31), take(31)], data[:62])
    seeds['all'] = script(list(WIDTHS) + [take(4)], data[:33])
    seeds['after_end'] = script([BE64, U8, take(1), LE16], data[:4])
    return seeds


def nested(depth, opening='[', closing=']', inner=''):
    return (opening * depth + inner + closing * depth).encode()


def json_seeds():
    seeds = {
        'empty': b'', 'words': b'[true,false,null]', 'tru': b'tru', 'number': b'-1.25e-3',
        'zero_first': b'01', 'minus': b'-', 'point': b'1.', 'exponent': b'1e+',
        'object': b'{"a":1,"b":[{"c":"d"},{}]}', 'comma': b'[1,]', 'colon': b'{"a"1}',
        'escapes': rb'"\"\\\/\b\f\n\r\t\u0041\ud83d\ude00\ud800\udc00"',
        'half_escape': rb'"\u12', 'lone': rb'["\ud800","\udc00","\ud800\u0041"]',
        'control': b'"\x1f"', 'utf8': '"é€😀\u0000"'.encode(), 'utf8_cut': b'"\xe2\x82',
        'overlong': b'"\xc0\x80"', 'surrogate': b'"\xed\xa0\x80"', 'two': b'1 2',
        'int64': b'[9223372036854775807,9223372036854775808,-9223372036854775808,'
                 b'-9223372036854775809]',
        'huge': b'[1e308,1e309,-1e309,1e-400]', 'open_string': b'"abc', 'space': b' \t\r\n1\n',
        'ndjson': b'{"t":1.5,"event":"play","peer":"10.0.0.1:5000"}\n{}',
        'nul': b'[1\x00]',
    }
    seeds |= around('depth', JSON_DEPTH, nested)
    seeds |= around('depth_objects', JSON_DEPTH,
                    lambda n: b'{"a":' * n + b'1' + b'}' * n)
    seeds |= around('digits', JSON_NUMBER, lambda n: b'1' * n)
    seeds |= around('text', 7, lambda n: b'"' + b'x' * n + b'"')
    return seeds


# Scripts of eight bytes: what is done with each value that is met.
MAPS, VALUES, FILLS = bytes(8), bytes([0x05, 0x10] * 4), bytes([0xff] * 8)
LISTS = bytes([0xaa] * 8)


def yaml_seeds():
    config = (b'flag: yes\nword: two\ntext: "a b"\ncount: 3\nsize: 10G\nrate: 2.5Mbit/s\n'
              b'share: 0.5\nwait: 250ms\n')
    seeds = {
        'empty': MAPS, 'short': b'\x00' * 7, 'fill': FILLS + config, 'map': MAPS + config,
        'values': VALUES + b'a: 1\nb: [1, 2]\nc: {d: e}\n',
        'lists': LISTS + b'[[1, 2], [], [[3]]]', 'block': MAPS + b'a:\n  - b: 1\n    c:\n  - d\n',
        'null': MAPS + b'a: ~\nb: null\nc:\n', 'unknown': FILLS + b'shares: 1\n',
        'wrong': FILLS + b'count: 10\n', 'twice': MAPS + b'a: 1\na: 2\n',
        'anchor': MAPS + b'a: &x [1]\nb: *x\n', 'tag': MAPS + b'a: !!int 3\n',
        'nul': MAPS + b'a: "\\0"\n', 'key': MAPS + b'? [a]\n: b\n', 'two': MAPS + b'--- 1\n--- 2\n',
        'stop': MAPS + b'stop: {a: 1}\nb: 2\n', 'tab': MAPS + b'\ta: 1\n', 'flow': MAPS + b'{a: [',
        'utf16': MAPS + 'a: 1\n'.encode('utf-16'), 'bytes': MAPS + b'a: \xff\n',
        'literal': MAPS + b'a: |\n  b\n  c\nd: >\n  e\n', 'end': MAPS + b'---\n...\n',
        'laughs': MAPS + b'a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n',
    }
    seeds |= around('depth', YAML_DEPTH, lambda n: LISTS + nested(n))
    seeds |= around('depth_skipped', YAML_DEPTH, lambda n: b'\xff\xfe' * 4 + nested(n))
    seeds |= around('keys', YAML_KEYS,
                    lambda n: MAPS + ''.join(f'{i:x}: {{}}\n' for i in range(n)).encode())
    return seeds


def zstd(data, window=0, checksum=True):
    parameters = zstandard.ZstdCompressionParameters(
        window_log=window or 17, write_checksum=checksum, write_content_size=False)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return stream.compress(data) + stream.flush()


def zio_seeds():
    text = b''.join(b'line %d of some text\n' % i for i in range(300))
    gz, zst = gzip.compress(text, mtime=0), zstd(text)
    skip = b'\x50\x2a\x4d\x18\x04\x00\x00\x00skip'
    seeds = {
        'empty': b'', 'plain': text[:100], 'plain_1': b'\x1f', 'plain_3': zst[:3],
        'gzip': gz, 'gzip_head': gz[:2], 'gzip_magic': b'\x1f\x8b\x09' + gz[3:], 'gzip_half':
        gz[:len(gz) // 2], 'gzip_short': gz[:-1], 'gzip_sum': gz[:-5] + b'\x00' + gz[-4:],
        'gzip_two': gz + gz, 'gzip_padded': gz + bytes(40), 'gzip_padding_ends':
        gz + bytes(40) + gz, 'gzip_garbage': gz + b'x', 'gzip_second_cut': gz + gz[:9],
        'gzip_bomb': gzip.compress(bytes(1 << 20), mtime=0), 'gzip_nothing':
        gzip.compress(b'', mtime=0),
        'zstd': zst, 'zstd_head': zst[:4], 'zstd_half': zst[:len(zst) // 2],
        'zstd_short': zst[:-1], 'zstd_sum': zst[:-1] + bytes([zst[-1] ^ 1]),
        'zstd_two': zst + zst, 'zstd_garbage': zst + b'x', 'zstd_second_cut': zst + zst[:9],
        'zstd_bare': zstd(text, checksum=False), 'zstd_nothing': zstd(b''),
        'zstd_bomb': zstd(bytes(1 << 20)), 'skip_first': skip + zst, 'skip_only': skip,
        'skip_cut': skip[:-1], 'skip_long': skip[:4] + b'\xff\xff\xff\xff', 'skip_magic':
        b'\x60' + skip[1:],
    }
    # The window's size stands in the sixth byte: 10 + the top five bits.
    for log in (26, 27, 28):
        seeds[f'window_{log}'] = zst[:5] + bytes([(log - 10) << 3]) + zst[6:]
    return seeds


def main():
    corpus = pathlib.Path(sys.argv[1])
    for name, seeds in (('reader', reader_seeds()), ('json', json_seeds()),
                        ('yaml', yaml_seeds()), ('zio', zio_seeds())):
        (corpus / name).mkdir(parents=True, exist_ok=True)
        for seed, data in seeds.items():
            (corpus / name / seed).write_bytes(data)


if __name__ == '__main__':
    main()
