#!/bin/sh
# Simulated swarms: same seed, same bytes; packets and observations that give the
# same report; one clear line for each mistake in a scenario.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"

works 'a list of scenarios' "$SWARMSCOPE" simulate --list
for name in steady flash-crowd churn dips zapping reboots coarse-maps-5 partial-view-10 \
    lossy-capture polluter map-liar; do
	holds "$name is built in" grep -q "^$name " "$out"
done
works 'a scenario is shown' "$SWARMSCOPE" simulate --show dips
sed 's/duration: .*/duration: 75s/; /at: \(9\|1[0-9]\)[0-9]*s/d' "$out" > "$tmp/short.yaml"

for again in 1 2; do
	works "run $again of a file" "$SWARMSCOPE" simulate "$tmp/short.yaml" --seed 7 --json \
	    -o "$tmp/$again.sso" --truth "$tmp/$again.ndjson" --pcap "$tmp/$again.pcap"
	cp "$out" "$tmp/$again.json"
done
holds 'the summary is JSON' jq -e '.viewers == 60 and .observations > 1000' "$tmp/1.json"
for kind in sso ndjson pcap json; do
	holds "same seed, same $kind" cmp "$tmp/1.$kind" "$tmp/2.$kind"
done
holds 'truth is JSON, an event a line' jq -es 'length > 1000 and all(.t > 1.8e9)' "$tmp/1.ndjson"

for kind in pcap sso; do # only the origin differs: captured, simulated
	works "decode takes the $kind" "$SWARMSCOPE" decode --json "$tmp/1.$kind"
	sed 's/,"origin":"[a-z]*"//' "$out" > "$tmp/decoded-$kind"
done
holds 'both say the same' cmp "$tmp/decoded-pcap" "$tmp/decoded-sso"
for kind in pcap sso; do
	works "analyze takes the $kind" "$SWARMSCOPE" analyze --format json "$tmp/1.$kind"
	jq -S 'del(.input, .audit)' "$out" > "$tmp/report-$kind"
done
holds 'both give the same report' cmp "$tmp/report-pcap" "$tmp/report-sso"

refuses 'no scenario' 2 'which scenario' "$SWARMSCOPE" simulate
refuses 'an unknown scenario' 2 'stedy.*steady' "$SWARMSCOPE" simulate stedy
refuses 'nothing to show' 2 'nosuch' "$SWARMSCOPE" simulate --show nosuch
bad() { # sentence, pattern, text
	printf '%b' "$3" > "$tmp/bad.yaml"
	refuses "$1" 2 "$2" "$SWARMSCOPE" simulate "$tmp/bad.yaml" -o "$tmp/bad.sso"
	holds "$1: nothing is written" test ! -e "$tmp/bad.sso"
}
bad 'no YAML' 'bad.yaml:2' 'name: x\nview: [1, 2\n'
bad 'an unknown key' 'bad.yaml:2:.*viewers.cuont' 'name: x\nviewers: {cuont: 5}\n'
bad 'a value out of range' 'bad.yaml:1:.*too large' 'viewers: {count: 1000000}\n'
bad 'a rate without a unit' 'bad.yaml:2:.*classes\[0\].up.*unit' 'classes:\n- {up: 3}\n'
bad 'impossible values' 'bad.yaml.*impossible' 'channels:\n- {bitrate: 99Mbit/s}\n'
refuses 'an output that cannot be' 1 'no-such-folder' \
    "$SWARMSCOPE" simulate "$tmp/short.yaml" --truth "$tmp/no-such-folder/t.ndjson"

done_testing
