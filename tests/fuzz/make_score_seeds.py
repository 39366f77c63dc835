#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of fuzz_score: short of, at and over each limit.

Usage: make_score_seeds.py CORPUS. The folder score is made there. A seed is a truth
log, a zero byte, and a report or events.
"""
import json
import pathlib
import sys

LABEL, SECONDS, DEPTH, CHANNEL = 63, 4600000000, 64, 289
AGES, NUMBERS = 48, 64
PEER = '10.77.0.5'


def truth(*events, **more):
    return ''.join(json.dumps({'t': t, 'event': event, 'peer': PEER, **more}) + '\n'
                   for t, event in events)


def estimate(best, by=1):
    return {'lo': best - by, 'best': best, 'hi': best + by}


def session(**more):
    return {'peer': PEER + ':6000', 'channel': 'grapes:01', 'run': 0, 'joined': estimate(10, 0),
            'playing': estimate(13), 'startup_delay_s': estimate(3), 'left': estimate(100, 0),
            'maps': 90, 'lag_s': 3, 'continuity_index': 0.9, 'left_censored': False,
            'stalls': [{'at': estimate(20), 'duration_s': estimate(2)}],
            'skips': [{'at': estimate(30), 'chunks': 5}], 'reboots': [{'at': estimate(40)}],
            **more}


def report(*sessions, schema='swarmscope/report/1'):
    return json.dumps({'schema': schema, 'sessions': sessions,
                       'channels': [{'retrieval': {'at_deadline': 0.9, 'at_deadline_n': 9}}]})


def events(*lines):
    start = {'event': 'start', 't': None, 'schema': 'swarmscope/1'}
    return '\n'.join(json.dumps(line) for line in (start,) + lines)


def event(name, t, **more):
    return {'event': name, 't': t, 'peer': PEER + ':6000', 'channel': 'grapes:01', 'run': 0,
            'ordinal': 1, 'at': estimate(t), **more}


RUN = truth((10, 'join'), (10.5, 'first_packet'), (13, 'play'), (20, 'stall'), (22, 'resume'),
            (30, 'skip'), (40, 'reboot'), (50, 'switch'), (53, 'play'), (60, 'stall'),
            (90, 'leave'), run='a') + \
    truth((15, 'chunk'), (16, 'missed'), run='a', chunk=7, chunks=1, lag_s=3.5)

CHUNKS = truth((10, 'first_packet'), run='a') + truth((12, 'play'), run='a', chunk=5, lag_s=2) + \
    truth((12.5, 'chunk'), run='a', chunk=5, age_s=2.5) + \
    truth((13, 'chunk'), run='a', chunk=6, age_s=-SECONDS) + \
    truth((15, 'reboot'), run='a') + truth((17, 'play'), run='a', chunk=8) + \
    truth((18, 'chunk'), run='a', chunk=8, age_s=SECONDS) + truth((30, 'leave'), run='a')


def seeds():
    yield 'report', RUN, report(session(), session(run=1, source=True, joined=None, left=None))
    yield 'events', RUN, events(
        event('startup', 13, startup_delay_s=estimate(3)), event('stall', 20, duration_s=None),
        event('skip', 30, chunks=5), event('switch', 53, switch_delay_s=estimate(3)),
        event('exit_before_start', 54), event('leave', 100),
        {'event': 'retrieval', 'at_deadline': 0.5, 'at_deadline_n': 2}, {'event': 'end'},
        dict(session(run=3), event='session'))
    yield 'startup_without_at', RUN, events(
        dict(event('startup', 13, startup_delay_s=estimate(3)), at=None))
    yield 'no_truth', '', report()
    yield 'no_report', RUN, ''
    yield 'empty_report', RUN, report()
    yield 'schema', RUN, report(schema='swarmscope/report/2')
    yield 'cut', RUN, report(session())[:300]
    for n in (LABEL, LABEL + 1):
        yield f'label_{n}', truth((1, 'play'), run='x' * n), report(session())
    for s in (SECONDS, SECONDS + 1):
        yield f'seconds_{s}', truth((s, 'play'), (-s, 'join')), report(session(joined=estimate(-s, 0)))
    for n in (DEPTH - 1, DEPTH):
        yield f'depth_{n}', '{"t":1,"event":"play","peer":"::1","x":' + '[' * n + ']' * n + '}', \
            report(session())
    for n in (CHANNEL, CHANNEL + 1):
        yield f'channel_{n}', RUN, report(session(channel='x' * n))
    for n in (1, AGES, AGES + 1, NUMBERS, NUMBERS + 1):
        curve = {'age_s': [0.5 * (i + 1) for i in range(n)], 'ratio': [0.5] * n, 'n': [9] * n}
        yield f'curve_{n}', CHUNKS, json.dumps({'schema': 'swarmscope/report/1', 'sessions': [],
                                                'channels': [{'retrieval': curve}]})
    yield 'curve_null', CHUNKS, json.dumps({'schema': 'swarmscope/report/1', 'channels': [
        {'retrieval': {'age_s': [1, None, 9e99], 'ratio': [None, 2, -1], 'n': [1, 1, 1e300]}}]})


def main():
    folder = pathlib.Path(sys.argv[1]) / 'score'
    folder.mkdir(parents=True, exist_ok=True)
    for name, log, claims in seeds():
        (folder / name).write_bytes(log.encode() + b'\0' + claims.encode())


main()
