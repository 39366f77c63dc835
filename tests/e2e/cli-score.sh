#!/bin/sh
# 'swarmscope score': the bundled capture's report against its truth, and what it
# says of inputs that it cannot use.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
truth=$srcdir/tests/pcap/peerstreamer-engine-a.truth.ndjson
capture=$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst

"$SWARMSCOPE" analyze --format json -o "$tmp/report.json" "$capture" &&
    "$SWARMSCOPE" analyze --format ndjson -o "$tmp/events.ndjson" "$capture" || exit 1

holds 'the report fits its schema' fits report "$tmp/report.json"
holds 'each event fits its schema' fits event "$tmp/events.ndjson"

works 'a report' "$SWARMSCOPE" score --truth "$truth" "$tmp/report.json"
holds 'nine runs have their sessions' grep -q '^9 runs, .* 9 matched' "$out"
works 'a report, as JSON' "$SWARMSCOPE" score --json --truth "$truth" "$tmp/report.json"
cp "$out" "$tmp/score.json"
holds 'the score fits its schema' fits score "$tmp/score.json"
holds 'the score knows two true stalls' jq -e '.stalls[1].true == 2' "$tmp/score.json"
works 'events, as JSON' "$SWARMSCOPE" score --json --truth "$truth" "$tmp/events.ndjson"
jq 'del(.report)' "$out" > "$tmp/a"
jq 'del(.report)' "$tmp/score.json" > "$tmp/b"
holds 'events score what the report scores' cmp "$tmp/a" "$tmp/b"

sort -r "$truth" > "$tmp/shuffled.ndjson"
works 'a shuffled truth' "$SWARMSCOPE" score --json --truth "$tmp/shuffled.ndjson" "$tmp/report.json"
jq 'del(.truth)' "$out" > "$tmp/a"
jq 'del(.truth)' "$tmp/score.json" > "$tmp/b"
holds 'the order of the lines changes nothing' cmp "$tmp/a" "$tmp/b"
sort -r "$tmp/events.ndjson" > "$tmp/shuffled-events.ndjson"
works 'shuffled events' "$SWARMSCOPE" score --json --truth "$truth" "$tmp/shuffled-events.ndjson"
jq 'del(.report)' "$out" > "$tmp/a"
jq 'del(.report)' "$tmp/score.json" > "$tmp/b"
holds 'nor that of the events' cmp "$tmp/a" "$tmp/b"

gzip -c "$truth" > "$tmp/truth.gz"
works 'a compressed truth' "$SWARMSCOPE" score --truth "$tmp/truth.gz" "$tmp/report.json"
run "$SWARMSCOPE" score --truth "$truth" -o "$tmp/written" "$tmp/report.json"
holds '-o writes a file' test -s "$tmp/written"
holds '-o leaves stdout alone' test ! -s "$out"

refuses 'no truth' 2 'truth' "$SWARMSCOPE" score "$tmp/report.json"
refuses 'a truth that is not there' 1 'nowhere.*no such file' \
    "$SWARMSCOPE" score --truth "$tmp/nowhere" "$tmp/report.json"
refuses 'a report that is not there' 1 'nowhere.*no such file' \
    "$SWARMSCOPE" score --truth "$truth" "$tmp/nowhere"
{ cat "$truth"; echo '{"t":1,'; } > "$tmp/cut.ndjson"
refuses 'a truth that ends early' 1 "cut.ndjson:$(($(wc -l < "$truth") + 1)): " \
    "$SWARMSCOPE" score --truth "$tmp/cut.ndjson" "$tmp/report.json"
head -c 3000 "$tmp/report.json" > "$tmp/cut.json"
refuses 'a report that ends early' 1 'cut.json:[0-9]+: ' \
    "$SWARMSCOPE" score --truth "$truth" "$tmp/cut.json"
jq '.schema = "other/1"' "$tmp/report.json" > "$tmp/other.json"
refuses 'a document of another kind' 1 'schema is "other/1", "swarmscope/report/1" is expected' \
    "$SWARMSCOPE" score --truth "$truth" "$tmp/other.json"
refuses 'a truth for a report' 1 'start.*not what swarmscope analyze writes' \
    "$SWARMSCOPE" score --truth "$truth" "$truth"
refuses 'a folder that is not there' 1 'cannot write' \
    "$SWARMSCOPE" score --truth "$truth" -o "$tmp/no/where" "$tmp/report.json"
done_testing
