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

# The same swarm, told in three ways: only the maps differ.
for offset in play oldest head; do
	works "offset $offset" "$SWARMSCOPE" simulate "$tmp/short.yaml" --seed 7 --json \
	    --map-offset $offset -o "$tmp/$offset.sso" --truth "$tmp/$offset.ndjson" \
	    --pcap "$tmp/$offset.pcap"
	holds "offset $offset is told" jq -e --arg w $offset '.map_offset == $w' "$out"
	holds "offset $offset: the same truth" cmp "$tmp/1.ndjson" "$tmp/$offset.ndjson"
	for kind in pcap sso; do
		works "decode takes the $kind" "$SWARMSCOPE" decode --json "$tmp/$offset.$kind"
		sed 's/,"origin":"[a-z]*"//' "$out" > "$tmp/$offset-$kind"
	done
	holds "offset $offset: both say the same" cmp "$tmp/$offset-pcap" "$tmp/$offset-sso"
	jq -c 'select(.kind == "buffer_map" and .source == null and .width > 0 and .play)
	    | [.t, .peer, .to, .offset, .play, (.offset + .width), .ranges[0][0]]' \
	    "$tmp/$offset-sso" > "$tmp/$offset.maps"
	jq -c 'select(.kind != "buffer_map")' "$tmp/$offset-sso" > "$tmp/$offset.rest"
done
holds 'play by default' cmp "$tmp/1.sso" "$tmp/play.sso"
holds 'the oldest: a chunk that is there' jq -es 'length > 500 and all(.[3] == .[6])' \
    "$tmp/oldest.maps"
holds 'the oldest: before the play point' jq -es 'map(select(.[3] < .[4])) | length > 500' \
    "$tmp/oldest.maps"
holds 'the head: a constant width' jq -es 'map(.[5] - .[3]) | unique | length == 1' \
    "$tmp/head.maps"
holds 'the same rest' cmp "$tmp/play.rest" "$tmp/head.rest"
works 'offsets by seed' sh -c 'for seed in 1 2 3 4 5 6 7 8 9; do
	"$0" simulate "$1" --seed $seed --json --map-offset by-seed | jq -r .map_offset
done' "$SWARMSCOPE" "$tmp/short.yaml"
holds 'all three are drawn' test "$(sort -u "$out" | wc -l)" -eq 3

works 'a hidden play position' "$SWARMSCOPE" analyze --json --ignore-playpos "$tmp/play.sso"
cp "$out" "$tmp/hidden.json"
holds 'hiding it matters' sh -c '"$0" analyze --json "$1" | cmp -s - "$2"; test $? -eq 1' \
    "$SWARMSCOPE" "$tmp/play.sso" "$tmp/hidden.json"

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
