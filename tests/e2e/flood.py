#!/usr/bin/env python3
"""Opens many connections to a server, some of which send a request a byte at a time and most
nothing, and checks that an honest client is answered within some seconds all the while.

    flood.py URL CONNECTIONS

SPDX-License-Identifier: Apache-2.0
"""
import resource
import socket
import sys
import time
import urllib.parse

PATIENCE_S = 15  # the server drops who says nothing for 10 s


def connect(where, n):
    idle = []
    for _ in range(n):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(where)
        idle.append(s)
    return idle


def honest(where):
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE_S:
        try:
            with socket.create_connection(where, timeout=PATIENCE_S) as s:
                s.settimeout(PATIENCE_S)
                s.sendall(b'GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n'
                          b'Connection: close\r\n\r\n')
                got = b''
                while True:
                    more = s.recv(4096)
                    if not more:
                        break
                    got += more
                if got.startswith(b'HTTP/1.1 200'):
                    return time.monotonic() - started
        except OSError:
            time.sleep(0.2)
    return None


def main():
    at = urllib.parse.urlsplit(sys.argv[1])
    where, n = (at.hostname, at.port), int(sys.argv[2])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    n = min(n, hard - 100)
    idle = connect(where, n)
    slow = idle[:50]
    took = []
    for i, byte in enumerate(b'GET /api/v1/channels HTTP/1.1\r\n'):
        for s in slow:
            try:
                s.send(bytes([byte]))
            except OSError:
                pass
        if i % 10 == 0:
            took.append(honest(where))
    for s in idle:
        s.close()
    took.append(honest(where))
    print(f'{n} connections; an honest client waited {took} s')
    return 0 if all(t is not None for t in took) else 1


if __name__ == '__main__':
    sys.exit(main())
