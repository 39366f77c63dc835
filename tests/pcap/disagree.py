#!/usr/bin/env python3
# Compares observations with an independent decode of the same capture.
#
#   swarmscope decode --json CAPTURE | tests/pcap/disagree.py - CAPTURE.bm.jsonl.gz
#
# Both are one JSON a line (.gz too). Ours: t, kind, peer and to as "addr:port",
# and by kind ranges, chunk, bytes, source_t, action, contacts. Theirs: t, kind,
# peer and to without a port, r, size, ts, peers. A chunk line without a size has a
# ts that is its sender's clock, not the source's: then chunks are compared by number
# alone and times in signed lines. With --whole, each of
# their add lines is one range of a whole map. Two lines agree when kind, peers
# and content are the same and their times differ by no more than --within
# seconds; each line is used once, but a chunk of theirs is a transfer and a mark.
# Prints a count for each kind, then every line that only one side has. Exit status 1 when those are more than --most, 2 on bad input.
#
# SPDX-License-Identifier: Apache-2.0
import argparse
import collections
import gzip
import json
import sys

# Their kind -> ours, and the action that ours must have.
KINDS = {
    'full': ('buffer_map', None),
    'add': ('have', None),
    'need': ('request', 'asked'),
    'chunk': ('transfer', None),
    'gossip': ('contacts', None),
    'neigh-add': ('partner', 'added'),
    'neigh-remove': ('partner', 'removed'),
    'quit': ('leave', 'goodbye'),
    'leave': ('leave', 'closed'),
    'join': ('join', 'handshake'),
    'signed': ('mark', None),
}


def lines_of(path):
    if path == '-':
        return sys.stdin
    if path.endswith('.gz'):
        return gzip.open(path, 'rt', encoding='utf-8')
    return open(path, encoding='utf-8')


def fail(text):
    print(f'disagree.py: {text}', file=sys.stderr)
    sys.exit(2)


def address(endpoint):
    """10.77.0.5:6000 or [2001:db8::1]:6000 or 10.77.0.5 -> without the port."""
    if endpoint.startswith('['):
        return endpoint[1:endpoint.index(']')]
    return endpoint.rsplit(':', 1)[0] if endpoint.count(':') == 1 else endpoint


def joined(ranges):
    """Ranges sorted, neighbours made one, so that only the chunks count."""
    out = []
    for first, last in sorted(ranges):
        if out and first <= out[-1][1] + 1:
            out[-1][1] = max(out[-1][1], last)
        else:
            out.append([first, last])
    return tuple(tuple(r) for r in out)


def ours(line, sizes, whole):
    """What must be the same of our line, in a list; empty: it is not compared."""
    kind = line['kind']
    if kind == 'buffer_map' and whole:
        return [(kind, address(line['peer']), address(line['to']), joined([run]))
                for run in line['ranges']]
    if kind in ('buffer_map', 'have'):
        content = joined(line['ranges'])
    elif kind == 'request':
        content = (line['action'], joined(line['ranges']))
    elif kind == 'transfer':
        content = (line['chunk'], line['bytes'] if sizes else None)
    elif kind == 'mark':
        content = (line['chunk'], round(line['source_t'] * 1e6))
    elif kind == 'contacts':
        content = tuple(line['contacts'])
    elif kind in ('partner', 'leave', 'join'):
        content = line['action']
        if content == 'registered' or (content == 'goodbye' and line['protocol'] != 'grapes'):
            return []  # of a tracker, whose messages theirs keep as they are
    else:
        return []
    return [(kind, address(line['peer']), address(line['to']), content)]


def theirs(line, whole):
    """The same of their line."""
    if line['kind'] not in KINDS:
        return []
    kind, action = KINDS[line['kind']]
    if whole and kind == 'have':
        kind = 'buffer_map'
    peer, to = address(line['peer']), address(line['to'])
    if kind == 'transfer' and 'size' not in line:
        return [(kind, peer, to, (line['r'][0][0], None))]
    if kind == 'transfer':
        chunk = line['r'][0][0]
        return [(kind, peer, to, (chunk, line['size'])),
                ('mark', to, peer, (chunk, round(line['ts'] * 1e6)))]
    if kind == 'contacts':
        content = tuple(line['peers'])
    elif kind == 'request':
        content = (action, joined(line['r']))
    elif kind in ('buffer_map', 'have'):
        content = joined(line['r'])
    elif kind == 'mark':
        content = (line['r'][-1][1], round(line['ts'] * 1e6))
    else:
        content = action
    return [(kind, peer, to, content)]


def load(path, read):
    found, skipped = collections.defaultdict(list), collections.Counter()
    number = 0
    try:
        with lines_of(path) as lines:
            for number, text in enumerate(lines, 1):
                line = json.loads(text)
                keys = read(line)
                skipped[line['kind']] += not keys
                for key in keys:
                    found[key].append(line['t'])
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError) as e:
        fail(f'{path}:{number}: {type(e).__name__}: {e}')
    return found, skipped


def match(a, b, within):
    """Times of two sorted lists that have no partner in the other."""
    i = j = 0
    only_a, only_b, worst = [], [], 0.0
    while i < len(a) and j < len(b):
        if abs(a[i] - b[j]) <= within:
            worst = max(worst, abs(a[i] - b[j]))
            i, j = i + 1, j + 1
        elif a[i] < b[j]:
            only_a.append(a[i])
            i += 1
        else:
            only_b.append(b[j])
            j += 1
    return only_a + a[i:], only_b + b[j:], worst


def main():
    parser = argparse.ArgumentParser(description='Compare observations with another decode.')
    parser.add_argument('observations', help='NDJSON of decode --json; - reads standard input')
    parser.add_argument('independent', help='the other decode, .jsonl or .jsonl.gz')
    parser.add_argument('--within', type=float, default=0.001, help='seconds (0.001)')
    parser.add_argument('--most', type=int, default=20, help='disagreements allowed (20)')
    parser.add_argument('--whole', action='store_true', help='their gains are whole maps')
    options = parser.parse_args()

    other, other_rest = load(options.independent, lambda line: theirs(line, options.whole))
    sizes = any(key[0] == 'transfer' and key[3][1] is not None for key in other)
    mine, my_rest = load(options.observations, lambda line: ours(line, sizes, options.whole))
    compared = sorted({key[0] for key in other})
    table = {kind: [0, 0, 0, 0] for kind in compared}
    alone, worst = [], 0.0
    for key in mine.keys() | other.keys():
        if key[0] not in table:
            my_rest[key[0]] += len(mine[key])
            continue
        a, b = sorted(mine.get(key, [])), sorted(other.get(key, []))
        extra, missing, apart = match(a, b, options.within)
        worst = max(worst, apart)
        for column, count in enumerate((len(a), len(b), len(missing), len(extra))):
            table[key[0]][column] += count
        alone += [(t, 'missing', key) for t in missing] + [(t, 'extra', key) for t in extra]

    print(f'{"kind":<12}{"ours":>8}{"theirs":>8}{"missing":>9}{"extra":>7}')
    for kind in compared:
        print(f'{kind:<12}' + ''.join(f'{n:>{w}}' for n, w in zip(table[kind], (8, 8, 9, 7))))
    print(f'times differ by at most {worst * 1e6:.1f} us')
    for side, rest in (('ours', my_rest), ('theirs', other_rest)):
        names = ', '.join(f'{kind} {n}' for kind, n in sorted(rest.items()) if n)
        if names:
            print(f'not compared, {side}: {names}')
    for t, side, (kind, peer, to, content) in sorted(alone):
        print(f'{side} {t:.6f} {kind} {peer} > {to} {content}')
    print(f'{len(alone)} disagreements')
    if not compared:
        fail(f'{options.independent}: nothing to compare')
    return 1 if len(alone) > options.most else 0


if __name__ == '__main__':
    sys.exit(main())
