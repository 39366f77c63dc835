#!/bin/sh
# The bundled capture of a real swarm against what its players really did: how
# wrong the report may be, and the form of what score prints.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
swarm=$srcdir/tests/pcap/peerstreamer-engine-a
report=$tmp/report.json

run "$SWARMSCOPE" analyze --format json --output "$report" "$swarm.pcap.zst"
holds 'analyze: exit status 0' test "$status" -eq 0
holds 'the report is of its schema' fits report "$report"
holds 'nothing is malformed' jq -e '[.input.malformed[]] | add == 0' "$report"
holds 'every byte is of the swarm' jq -e '.input.not_swarm_bytes == 0' "$report"

works 'score as text' "$SWARMSCOPE" score --truth "$swarm.truth.ndjson" "$report"
works 'score as JSON' "$SWARMSCOPE" score --json --truth "$swarm.truth.ndjson" "$report"
cp "$out" "$tmp/score"
holds 'the score is of its schema' fits score "$tmp/score"
for budget in '.runs == 9 and .matched == 9' '.left_censored == 0 and .without_playing == 0' \
    '.errors.startup_from_first_packet_s.median_abs < 0.25' \
    '.errors.startup_from_first_packet_s.max_abs < 0.6' \
    '.errors.stall_duration_s.max_abs < 1.5' \
    '.intervals.startup | .coverage >= 0.85 and .median_width_s < 0.6' \
    '.stalls[] | select(.least_s == 0.5 and .least_map_periods == 0) | .true == 2 and .found == 2 and .false == 0'; do
	holds "score: $budget" jq -e "$budget" "$tmp/score"
done
works 'events instead of a report' "$SWARMSCOPE" analyze --format ndjson "$swarm.pcap.zst"
cp "$out" "$tmp/events.ndjson"
holds 'events are of their schema' fits event "$tmp/events.ndjson"
works 'score of events' "$SWARMSCOPE" score --json --truth "$swarm.truth.ndjson" \
    "$tmp/events.ndjson"
jq -S 'del(.report)' "$tmp/score" > "$tmp/one"
jq -S 'del(.report)' "$out" > "$tmp/two"
holds 'events score as the report does' diff "$tmp/one" "$tmp/two"

refuses 'a missing truth' 1 'nowhere.*no such file' \
    "$SWARMSCOPE" score --truth "$tmp/nowhere" "$report"
refuses 'no truth' 2 'truth' "$SWARMSCOPE" score "$report"
refuses 'a report that is none' 1 'LICENSE' \
    "$SWARMSCOPE" score --truth "$swarm.truth.ndjson" "$srcdir/LICENSE"
echo '{"t": 1, "event":' > "$tmp/broken"
refuses 'a truth that breaks off' 1 'broken' "$SWARMSCOPE" score --truth "$tmp/broken" "$report"
done_testing
