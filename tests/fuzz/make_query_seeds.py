#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_query: each path, each parameter short of, at and over its limits.

Usage: make_query_seeds.py CORPUS. The folder query is made there.
"""
import pathlib
import sys

ID = 'channels/mesh%3A0102'
PEER = 'p-0000000000000001:7000'


def seeds():
    for name in ('health', 'ready', 'version', 'vantages', 'channels', 'nothing', ''):
        yield 'path-' + (name or 'none'), name
    for part in ('sessions', 'series', 'histogram', 'buffermap', 'nothing'):
        yield 'part-' + part, f'{ID}/{part}'
    yield 'peer', f'{ID}/peers/{PEER}'
    yield 'peer-none', f'{ID}/peers/p-1'
    for n in (1, 100, 1000, 1001, 0, -1):
        yield f'limit{n}', f'{ID}/sessions?limit={n}'
    for n in (0, 3, 4, 5, 1 << 24, (1 << 24) + 1):
        yield f'cursor{n}', f'{ID}/sessions?cursor={n}'
    for n in (16, 15, 240, 2048, 2049):
        yield f'width{n}', f'{ID}/buffermap?width={n}'
    for n in ('0', '1800000000', '1800000060.5', '9e9', '9000000000', '9000000001', '-1', '.'):
        yield f'at{n}', f'{ID}/buffermap?at={n}'
    for a, b in ((1800000000, 1800000060), (5, 1), (0, 9000000000)):
        yield f'range{a}', f'{ID}/series?from={a}&to={b}'
    for n in ('0.1', '0.09', '86400', '86401'):
        yield f'step{n}', f'{ID}/series?step={n}'
    for sort in ('joined', 'peer', 'startup', 'stalls', 'stall_time', 'lag', 'mos',
                 'retrieval', 'x'):
        yield f'sort-{sort}', f'{ID}/sessions?sort={sort}&order=desc'
    for metric in ('startup', 'switch', 'lag', 'buffer', 'stall', 'x'):
        yield f'metric-{metric}', f'{ID}/histogram?metric={metric}'
    yield 'twice', 'channels?limit=1&limit=2'
    yield 'vantage', 'channels?vantage=input%3A1'
    yield 'vantage-none', f'{ID}?vantage=x'
    for n in (190, 191, 192):
        yield f'long{n}', f'{ID}/sessions?peer=' + 'x' * n
    yield 'escape', 'channels/%zz'
    yield 'escape-short', 'channels/%2'
    yield 'utf8', 'channels/%c3%a4'
    yield 'utf8-broken', 'channels/%c3'
    yield 'nul', 'channels/%00'
    yield 'deep', 'a/b/c/d/e'
    yield 'empty-part', 'channels//x'


def main():
    folder = pathlib.Path(sys.argv[1]) / 'query'
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in seeds():
        (folder / name.replace('/', '_')).write_bytes(text.encode())


if __name__ == '__main__':
    main()
