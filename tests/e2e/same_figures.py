#!/usr/bin/env python3
"""What the API of a running server says against the reports of 'analyze --format json' that
its database was written with, member by member; and each answer against its schema.

    same_figures.py URL SCHEMAS REPORT.json...

Only the names of peers may differ: the database holds pseudonyms.

SPDX-License-Identifier: Apache-2.0
"""
import json
import os
import sys
import urllib.parse
import urllib.request

import jsonschema

NAMES = ('peer', 'source_peer')


def main():
    url, schemas = sys.argv[1].rstrip('/'), sys.argv[2]
    with open(os.path.join(schemas, 'report.schema.json'), encoding='utf-8') as f:
        report_schema = json.load(f)
    with open(os.path.join(schemas, 'api.schema.json'), encoding='utf-8') as f:
        api_schema = json.load(f)
    base = 'file:///schemas/'
    store = {base + 'report.schema.json': report_schema, base + 'api.schema.json': api_schema}
    resolver = jsonschema.RefResolver(base + 'api.schema.json', api_schema, store=store)
    counts = {'answers': 0, 'values': 0, 'wrong': 0}

    def complain(text):
        counts['wrong'] += 1
        if counts['wrong'] <= 20:
            print(text)

    def ask(path, name):
        with urllib.request.urlopen(url + '/api/v1/' + path) as answer:
            got = json.load(answer)
        counts['answers'] += 1
        validator = jsonschema.Draft202012Validator(api_schema['$defs'][name],
                                                    resolver=resolver)
        for error in validator.iter_errors(got):
            complain(f'{path}: {error.message[:200]}')
        return got

    def compare(where, a, b):
        if isinstance(a, dict) and isinstance(b, dict):
            if set(a) != set(b):
                complain(f'{where}: members differ: {sorted(set(a) ^ set(b))}')
            for key in set(a) & set(b) - set(NAMES):
                compare(f'{where}/{key}', a[key], b[key])
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                complain(f'{where}: {len(a)} against {len(b)}')
            for i, (x, y) in enumerate(zip(a, b)):
                compare(f'{where}/{i}', x, y)
        else:
            counts['values'] += 1
            if a != b:
                complain(f'{where}: {a} against {b}')

    def all_sessions(channel):
        rows, cursor = [], 0
        while cursor is not None:
            got = ask(f'{channel}/sessions?limit=50&cursor={cursor}', 'sessions')
            rows += got['data']
            cursor = got['next_cursor']
        return rows

    def order(session):
        return (session['joined']['best'], session['peer_id'] or '', session['run'],
                session['maps'], json.dumps(session['left']))

    def check_channel(report, mine):
        channel = 'channels/' + urllib.parse.quote(mine['id'], safe='')
        compare(mine['id'], mine, ask(channel, 'channel')['channel'])
        sessions = [s for s in report['sessions'] if s['channel'] == mine['id']]
        theirs = all_sessions(channel)
        compare(mine['id'] + '/sessions', sorted(sessions, key=order),
                sorted(theirs, key=order))
        series = ask(channel + '/series', 'series')
        if any(len(c) != len(series['data'][0]) for c in series['data']):
            complain(f'{channel}/series: columns differ in length')
        for metric, member in (('startup', 'startup_delay_s'), ('switch', 'switch_delay_s'),
                               ('lag', 'lag_s')):
            histogram = ask(f'{channel}/histogram?metric={metric}', 'histogram')
            if sum(histogram['counts']) != mine[member]['n']:
                complain(f'{channel}: {metric} counts {sum(histogram["counts"])} '
                         f'of {mine[member]["n"]}')
        ask(channel + '/buffermap', 'buffermap')
        for s in theirs[:3]:
            ask(f'{channel}/peers/{urllib.parse.quote(s["peer"], safe="")}', 'peer')

    ask('health', 'state')
    ask('ready', 'state')
    ask('version', 'version')
    ask('vantages', 'vantages')
    listed = ask('channels?limit=1000', 'channels')['data']
    wanted = 0
    for name in sys.argv[3:]:
        with open(name, encoding='utf-8') as f:
            report = json.load(f)
        wanted += len(report['channels'])
        for channel in report['channels']:
            check_channel(report, channel)
    if len(listed) != wanted:
        complain(f'{len(listed)} channels are listed, the reports have {wanted}')
    print(f'{counts["answers"]} answers, {counts["values"]} values, {counts["wrong"]} wrong')
    return counts['wrong'] > 0 or counts['values'] == 0


if __name__ == '__main__':
    sys.exit(main())
