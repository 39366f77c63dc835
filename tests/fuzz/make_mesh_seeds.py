#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_mesh and fuzz_engine: short of, at and over each limit.

Usage: make_mesh_seeds.py CORPUS (the folders mesh and engine in it).
The frames' form is in doc/protocols/mesh.md, that of fuzz_engine in its source.
"""
import pathlib
import struct
import sys

CHANNEL = 42
MAX_WIDTH, MAX_CONTACTS, MAX_TICKET, MAX_SUBSTREAMS, SPAN = 16384, 32, 256, 64, 448
(HELLO, MAP, SUBMAP, MAP_REQUEST, REQUEST, CHUNK, CANCEL, SUBSCRIBE, UNSUBSCRIBE, GOSSIP,
 OFFER, ACCEPT, REFUSE, PING, GOODBYE) = range(1, 16)


def frame(kind, body=b'', version=1, length=None):
    return (b'\xe7SWM' + struct.pack('>BBHQQ', version, kind,
                                     len(body) if length is None else length, CHANNEL, 5) + body)


def chunks(offset, width, fill=0xff):
    bits = bytearray([fill]) * ((width + 7) // 8)
    if width % 8:
        bits[-1] &= (1 << width % 8) - 1
    return struct.pack('>QH', offset, width) + bytes(bits)


def contact(n=1):
    return bytes(10) + b'\xff\xff\x0a\0\0' + bytes([n & 255]) + struct.pack('>HQHB', 7000, n, 60, 3)


def contacts(n):
    return bytes([n & 255]) + b''.join(contact(i) for i in range(n))


def hello(flags=0, ticket=0):
    return struct.pack('>IIIQ', flags, 250000, 400, 9) + bytes(32) + \
        struct.pack('>H', ticket) + bytes(ticket)


def buffer_map(offset, width, play=None, busy=0):
    play = offset if play is None else play
    return struct.pack('>QIHH', play, 5000, SPAN, busy) + chunks(offset, width)


def chunk(number=1000, fragment=0, fragments=1, total=10, media=10):
    return struct.pack('>QqHHHI', number, 1, 0, fragment, fragments, total) + bytes(64 + media)


def substreams(k):
    return bytes([k]) + bytes(8 * k) + bytes((k + 7) // 8)


def mesh_seeds():
    good = {
        'hello': frame(HELLO, hello(7, 5)), 'map': frame(MAP, buffer_map(1000, 41)),
        'submap': frame(SUBMAP, substreams(4)), 'map-request': frame(MAP_REQUEST),
        'request': frame(REQUEST, b'\0\x90' + chunks(1000, 9)), 'chunk': frame(CHUNK, chunk()),
        'cancel': frame(CANCEL, b'\1' + chunks(1000, 9)),
        'subscribe': frame(SUBSCRIBE, struct.pack('>BBQ', 1, 4, 9)),
        'gossip': frame(GOSSIP, contacts(3)), 'offer': frame(OFFER, b'\1\3'),
        'accept': frame(ACCEPT, b'\3' + contacts(1)), 'refuse': frame(REFUSE, b'\0' + contacts(4)),
        'ping': frame(PING, b'\0' + bytes(8)), 'goodbye': frame(GOODBYE, b'\3' + contacts(1)),
    }
    yield from good.items()
    for name, whole in good.items():
        yield name + '-short', whole[:-1]
        yield name + '-long', whole + b'\0'
    yield 'ticket-at', frame(HELLO, hello(0, MAX_TICKET))
    yield 'ticket-over', frame(HELLO, hello(0, MAX_TICKET + 1))
    yield 'flags-over', frame(HELLO, hello(8))
    yield 'width-0', frame(MAP, buffer_map(0, 0))
    yield 'width-at', frame(MAP, buffer_map(1, MAX_WIDTH))
    yield 'width-over', frame(MAP, buffer_map(1, MAX_WIDTH + 1))
    yield 'offset-at', frame(MAP, buffer_map(2**64 - 9, 8))
    yield 'offset-over', frame(MAP, buffer_map(2**64 - 8, 9))
    yield 'tail-bits', frame(MAP, buffer_map(1000, 9)[:-1] + b'\3')
    yield 'substreams-at', frame(SUBMAP, substreams(MAX_SUBSTREAMS))
    yield 'substreams-over', frame(SUBMAP, substreams(MAX_SUBSTREAMS + 1))
    yield 'substreams-0', frame(SUBMAP, substreams(0))
    yield 'contacts-at', frame(GOSSIP, contacts(MAX_CONTACTS))
    yield 'contacts-over', frame(GOSSIP, contacts(MAX_CONTACTS + 1))
    yield 'fragment-at', frame(CHUNK, chunk(fragment=1, fragments=2))
    yield 'fragment-over', frame(CHUNK, chunk(fragment=2, fragments=2))
    yield 'media-over', frame(CHUNK, chunk(total=9))
    yield 'chunk-fixed', frame(CHUNK, chunk(media=0, total=0))
    yield 'type-0', frame(0)
    yield 'type-over', frame(16)
    yield 'version-2', frame(PING, bytes(9), version=2)
    yield 'length-over', frame(PING, bytes(9), length=10)
    yield 'length-most', frame(PING, bytes(9), length=65535)
    yield 'magic-part', b'\xe7SW'
    yield 'other', b'GET / HTTP/1.1\r\n'
    yield 'empty', b''


def step(sender, data, later=1, offer=False, switch=False):
    return struct.pack('>BBH', sender | offer << 4 | 0x20 | switch << 6, later, len(data)) + data


def engine_seeds():
    partners = b''.join(step(n, frame(MAP, buffer_map(1000, 40)), offer=True) for n in range(2, 6))
    wait = step(9, b'', 60)
    yield 'partners', partners + wait * 4
    yield 'tracker', step(0, frame(GOSSIP, contacts(MAX_CONTACTS))) + wait * 4
    yield 'requests', b'\x80' + partners[1:] + step(2, frame(REQUEST, b'\0\0' + chunks(1000, 40))) + wait
    yield 'request-at', partners + step(2, frame(REQUEST, b'\0\0' + chunks(1000, SPAN)))
    yield 'request-over', partners + step(2, frame(REQUEST, b'\0\0' + chunks(1000, SPAN + 1)))
    yield 'chunks', partners + wait + b''.join(
        step(2, frame(CHUNK, chunk(n))) for n in range(1000, 1040))
    yield 'cancel', partners + wait + step(2, frame(CANCEL, b'\2' + chunks(1000, 40))) + wait
    yield 'not-held', partners + wait + step(3, frame(CANCEL, b'\1' + chunks(1000, 40))) + wait
    yield 'withdraw', partners + step(3, frame(CANCEL, b'\0' + chunks(1000, 40))) + wait
    yield 'goodbye', partners + step(2, frame(GOODBYE, b'\3' + contacts(1))) + wait * 8
    yield 'split', b''.join(step(n, frame(OFFER, b'\1\0'), 200) for n in range(16)) + wait
    yield 'switch', partners + step(2, b'', switch=True) + partners + wait
    yield 'jump', partners + step(2, frame(MAP, buffer_map(2**64 - 400, 390))) + wait * 4
    yield 'back', partners + wait + step(2, frame(MAP, buffer_map(1, 40))) + wait
    yield 'wide', step(2, frame(MAP, buffer_map(1000, SPAN)), offer=True) + wait * 4
    yield 'play-over', step(2, frame(MAP, buffer_map(1000, 8, 2**64 - 2)), offer=True) + wait * 4
    yield 'faults', partners + step(2, frame(GOSSIP, b'\xff')) * 4
    yield 'most-steps', step(2, frame(PING, bytes(9))) * 401
    yield 'short', step(2, b'abc')[:5]
    yield 'empty', b''


def main():
    corpus = pathlib.Path(sys.argv[1])
    for folder, seeds in (('mesh', mesh_seeds()), ('engine', engine_seeds())):
        (corpus / folder).mkdir(parents=True, exist_ok=True)
        for name, data in seeds:
            (corpus / folder / name).write_bytes(data)


if __name__ == '__main__':
    main()
