#!/bin/sh
# How wrong the analysis of the bundled third-party capture may be, against what the
# real players did. Budgets are those of a swarm of which every map is seen; what is
# reached is printed beside them.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
here=$srcdir/tests/pcap

"$SWARMSCOPE" analyze --format json -o "$tmp/report.json" \
    "$here/peerstreamer-engine-a.pcap.zst" || exit 99
"$SWARMSCOPE" score --json --truth "$here/peerstreamer-engine-a.truth.ndjson" \
    "$tmp/report.json" > "$tmp/score.json" || exit 99
holds 'the report has its form' fits report "$tmp/report.json"
holds 'the score has its form' fits score "$tmp/score.json"

# A figure of the score lies between two numbers.
within() { # sentence, path in the score, least, most
	value=$(jq -r "$2" "$tmp/score.json")
	echo "$1: $value (from $3 to $4)"
	holds "$1" awk -v v="$value" -v a="$3" -v b="$4" \
	    'BEGIN { exit !(v ~ /^-?[0-9.]+$/ && v + 0 >= a && v + 0 <= b) }'
}

e=.errors.startup_from_first_packet_s
within 'nine runs are matched' .matched 9 9
within 'start-up error, median (s)' $e.median_abs 0 0.15
within 'start-up error, range (s)' $e.range 0 0.35
within 'start-up error, 95 % (s)' $e.p95_abs 0 0.3
within 'starts inside their bounds' .intervals.startup.coverage 0.9 1
within 'width of these bounds, median (s)' .intervals.startup.median_width_s 0.01 1.2
within 'stalls found' '.stalls[1].recall' 0.9 1
within 'stalls that were real' '.stalls[1].precision' 0.9 1
within 'stalled time inferred over true' '.stalls[1] | .inferred_s / .true_s' 0.9 1.1
within 'stalls inside their bounds' .intervals.stall_duration.coverage 0.9 1
done_testing
