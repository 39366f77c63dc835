# Validates the sample documents, then breaks each in every place that the schema
# speaks of and wants it refused: a schema that takes anything proves nothing.
#
# SPDX-License-Identifier: Apache-2.0
import copy
import json
import os
import sys

import jsonschema

schemas, samples = sys.argv[1:3]
wrong = []


def load(name):
    with open(os.path.join(samples, name), encoding="utf-8") as f:
        return json.load(f)


def validator(name):
    with open(os.path.join(schemas, name), encoding="utf-8") as f:
        schema = json.load(f)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def accept(v, document, name):
    for error in v.iter_errors(document):
        path = "/".join(str(p) for p in error.absolute_path)
        wrong.append(f"{name}: {path}: {error.message[:200]}")


def places(node, path=()):
    """Each place of a document: the path to it and the value there."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield path + (key,), value
            yield from places(value, path + (key,))
    elif isinstance(node, list) and node:
        yield from places(node[0], path + (0,))


def at(document, path):
    for p in path:
        document = document[p]
    return document


def refused_without(v, document, required, name):
    """Without a member that every document has, it is refused."""
    for path, _ in places(document):
        if path[-1] not in required or not isinstance(path[-1], str):
            continue
        broken = copy.deepcopy(document)
        del at(broken, path[:-1])[path[-1]]
        if v.is_valid(broken):
            wrong.append(f"{name}: taken without {'/'.join(map(str, path))}")


def refused_with(v, document, value, name):
    """With a value of no right type anywhere, it is refused."""
    kept = 0
    for path, _ in places(document):
        broken = copy.deepcopy(document)
        at(broken, path[:-1])[path[-1]] = value
        if v.is_valid(broken):
            wrong.append(f"{name}: {'/'.join(map(str, path))} may be {value!r}")
        kept += 1
    if kept < 10:
        wrong.append(f"{name}: only {kept} places were tried")


def all_names(document):
    return {path[-1] for path, _ in places(document)}


report, score, event = (validator(f"{n}.schema.json") for n in ("report", "score", "event"))

document = load("document.json")
accept(report, document, "document")
accept(report, load("empty.json"), "empty")
added = {"player", "aliases", "source_peer", "bitrate_kbps", "viewers", "left_censored", "pauses",
         "chunks_passed", "skew_n", "heard", "run", "source", "exit_before_start", "stall_s",
         "played_s", "lag_s", "buffer_s", "stall_count", "pause_count", "skip_count",
         "skipped_chunks", "reboot_count", "chunks_missed", "maps", "reasons", "viewing_s",
         "system_prebuffer_s", "system_prebuffer_bytes", "skip_window_chunks", "p50_lo", "p50_hi",
         "p95_lo", "p95_hi", "key_wait_s", "probe_bytes", "latency_s", "latency_error_s",
         "margin_s", "margin_error_s", "rebuffer_s", "rebuffer_error_s", "grapes", "duration_s",
         "transport", "protocol", "scores", "sketches", "churn", "stall_length_s", "ratio_lo",
         "ratio_hi", "heard_ratio", "heard_share", "inferred_share", "p50_of_all", "p95_of_all",
         "at_deadline_of_all"}
for i in range(len(document["sessions"])):
    one = dict(document, sessions=[document["sessions"][i]])
    refused_without(report, one, all_names(one) - added, f"document, session {i}")
refused_with(report, dict(document, sessions=document["sessions"][3:4]), {"a": [True]}, "document")

for name in ("score.json", "score2.json", "none.json"):
    accept(score, load(name), name)
refused_without(score, load("score.json"), all_names(load("score.json")), "score")
refused_with(score, load("score.json"), {"a": [True]}, "score")

truth = validator("truth.schema.json")
for path in sys.argv[3:] + [os.path.join(samples, "truth.ndjson")]:
    with open(path, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    for line in lines:
        accept(truth, line, path)
    if truth.is_valid({"t": 1, "event": "play"}) or truth.is_valid(dict(lines[0], t="1")):
        wrong.append("truth: anything is taken")

with open(os.path.join(samples, "events.ndjson"), encoding="utf-8") as f:
    lines = [json.loads(line) for line in f]
for line in lines:
    accept(event, line, line["event"])
    refused_without(event, line, set(line) | {"lo", "best", "hi"}, line["event"])
kinds = {line["event"] for line in lines}
if lines[0]["event"] != "start" or lines[-1]["event"] != "end" or len(kinds) < 9:
    wrong.append(f"events: {kinds}")

for text in wrong:
    print(text)
sys.exit(1 if wrong else 0)
