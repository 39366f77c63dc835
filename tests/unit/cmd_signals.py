#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signals end the program as shells expect: the earlier report stays, nothing half
written is left behind, nothing is said. Runs the swarmscope of the build folder."""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(os.environ.get('SWARMSCOPE', './swarmscope'))
# A capture of one packet of no swarm, and of more to come.
CAPTURE = bytes.fromhex('d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000'
                        '00000060 00000000 04000000 04000000 00000000')
held, broken = 0, 0


def holds(sentence, so):
    global held, broken
    if so:
        held += 1
    else:
        broken += 1
        print(f'FAIL: {sentence}')


def signals(ignored):
    """What the program starts with, whatever we were started with."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN if number == ignored else signal.SIG_DFL)


def start(folder, ignored=None):
    """A decode that waits for more input, its output file open."""
    child = subprocess.Popen([PROGRAM, 'decode', '--output', 'report', '-'], cwd=folder,
                             stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                             preexec_fn=lambda: signals(ignored))
    child.stdin.write(CAPTURE)
    child.stdin.flush()
    end = time.monotonic() + 20
    while len(os.listdir(folder)) < 2 and time.monotonic() < end:
        time.sleep(0.005)
    holds('a temporary is written beside the report', len(os.listdir(folder)) == 2)
    return child


def ends_by(number, status):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder, 'report')
        report.write_text('before')
        child = start(folder)
        child.send_signal(number)
        said = child.communicate(timeout=20)[1]
        name = signal.Signals(number).name
        holds(f'{name}: exit status {status}, not {child.returncode}', child.returncode == status)
        holds(f'{name}: nothing is said', said == b'')
        holds(f'{name}: the earlier report stays', report.read_text() == 'before')
        holds(f'{name}: nothing is left behind', os.listdir(folder) == ['report'])


def ignored_stays_ignored():
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'report').write_text('before')
        child = start(folder, ignored=signal.SIGHUP)
        child.send_signal(signal.SIGHUP)
        child.communicate(timeout=20)
        holds('under nohup a hang-up ends nothing', child.returncode == 5)


def reader_leaves():
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run([PROGRAM, 'help', 'decode'], stdout=writer, stderr=subprocess.PIPE,
                           preexec_fn=lambda: signals(None), timeout=20, check=False)
    os.close(writer)
    holds('a reader that leaves: SIGPIPE', child.returncode == -signal.SIGPIPE)
    holds('a reader that leaves: nothing is said', child.stderr == b'')


ends_by(signal.SIGINT, 130)
ends_by(signal.SIGTERM, 143)
ends_by(signal.SIGHUP, 129)
ignored_stays_ignored()
reader_leaves()
print(f'{held} held, {broken} broken')
sys.exit(1 if broken else 0)
