#!/bin/sh
# How wrong the analysis of the bundled third-party captures may be, against what the
# real players did. Budgets are those of a swarm of which every map is seen (of PyPPSPP,
# whose maps come seldom, what is reached); what is reached is printed beside them.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
here=$srcdir/tests/pcap

score() { # capture
	echo "$1"
	"$SWARMSCOPE" analyze --format json -o "$tmp/report.json" "$here/$1.pcap.zst" || exit 99
	"$SWARMSCOPE" score --json --truth "$here/$1.truth.ndjson" \
	    "$tmp/report.json" > "$tmp/score.json" || exit 99
	holds "$1: the report has its form" fits report "$tmp/report.json"
	holds "$1: the score has its form" fits score "$tmp/score.json"
}

# A figure of the score lies between two numbers.
within() { # sentence, path in the score, least, most
	value=$(jq -r "$2" "$tmp/score.json")
	echo "$1: $value (from $3 to $4)"
	holds "$1" awk -v v="$value" -v a="$3" -v b="$4" \
	    'BEGIN { exit !(v ~ /^-?[0-9.]+$/ && v + 0 >= a && v + 0 <= b) }'
}

e=.errors.startup_from_first_packet_s
score peerstreamer-engine-a
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

score libswift-live-a
within 'eight runs are matched' .matched 8 8
within 'start-up error, median (s)' $e.median_abs 0 0.1
within 'start-up error, range (s)' $e.range 0 0.25
within 'starts inside their bounds' .intervals.startup.coverage 0.9 1
within 'width of these bounds, median (s)' .intervals.startup.median_width_s 0.01 1.3
within 'stalls found' '.stalls[1].recall' 0.9 1
within 'stalls that were real' '.stalls[1].precision' 0.9 1
within 'stalled time inferred over true' '.stalls[1] | .inferred_s / .true_s' 0.95 1.05
within 'stalls inside their bounds' .intervals.stall_duration.coverage 0.9 1

score pyppspp-live-b
within 'eight runs are matched' .matched 8 8
within 'start-up error, median (s)' $e.median_abs 0 0.15
within 'start-up error, range (s)' $e.range 0 0.35
within 'starts inside their bounds' .intervals.startup.coverage 0.9 1
within 'stalls of two map periods that were found' '.stalls[3].recall' 0.9 1
within 'stalls of two map periods that were real' '.stalls[3].precision' 0.9 1
within 'stalls of 0.5 s that were found' '.stalls[1].recall' 0.6 1
done_testing
