#!/usr/bin/env python3
"""relay - a longer way: frames between two devices of this host, each some time later.

  relay.py DEVICE DEVICE MILLISECONDS      in both directions, until it is ended

For kernels without netem. Checksums and segments that the kernel has not done yet travel with
the frames as they are (PACKET_VNET_HDR).

SPDX-License-Identifier: Apache-2.0
"""

import collections
import select
import socket
import sys
import time

ETH_P_ALL, SOL_PACKET, PACKET_OUTGOING, PACKET_VNET_HDR = 3, 263, 4, 15
MOST = 4096  # frames under way, each direction


def listen(device):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    s.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind((device, 0))
    s.setblocking(False)
    return s


def take_in(s, queue, delay):
    while True:
        try:
            frame, where = s.recvfrom(70000)
        except BlockingIOError:
            return
        except OSError:  # the device is down for a moment
            return
        if where[2] != PACKET_OUTGOING and len(queue) < MOST:
            queue.append((time.monotonic() + delay, frame))


def give_out(s, queue):
    while queue and queue[0][0] <= time.monotonic():
        try:
            s.send(queue.popleft()[1])
        except OSError:
            pass


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    ends = [listen(sys.argv[1]), listen(sys.argv[2])]
    queues = {ends[0]: collections.deque(), ends[1]: collections.deque()}
    other, delay = {ends[0]: ends[1], ends[1]: ends[0]}, float(sys.argv[3]) / 1000
    while True:
        due = min((q[0][0] for q in queues.values() if q), default=None)
        wait = None if due is None else max(0, due - time.monotonic())
        for s in select.select(ends, [], [], wait)[0]:
            take_in(s, queues[s], delay)
        for s in ends:
            give_out(other[s], queues[s])


main()
