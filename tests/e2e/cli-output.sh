#!/bin/sh
# Where results go, what they look like, and what is left when they cannot go
# there: earlier results stay as they were.
#
# SPDX-License-Identifier: Apache-2.0

# Root tries a full disk too, in mounts of its own that vanish with it.
if [ "$(id -u)" -eq 0 ] && [ -z "${OWN_MOUNTS-}" ] && unshare -m true 2> /dev/null; then
	OWN_MOUNTS=yes exec unshare -m sh "$0"
fi
. "${srcdir:-.}/tests/e2e/lib.sh"
capture=$tmp/swarm.pcap
mkcap swarm "$capture"

# Results to stdout, in each format, the rest to stderr: here there is no rest.
works 'text' "$SWARMSCOPE" analyze "$capture"
cp "$out" "$tmp/text"
works 'text asked for' "$SWARMSCOPE" analyze --format text "$capture"
holds 'text is what comes unasked' cmp -s "$tmp/text" "$out"
holds 'no colour away from a terminal' test "$(tr -d '\033' < "$out" | wc -c)" -eq "$(wc -c < "$out")"
works 'json' "$SWARMSCOPE" analyze --format json "$capture"
cp "$out" "$tmp/json"
holds 'json is one document of its schema' fits report "$out"
holds 'json has four viewers' jq -e '[.sessions[] | select(.startup_delay_s)] | length == 4' "$out"
holds 'json knows its chunks last 0.1 s' \
    jq -e '.channels[0].chunk_s.best | . > 0.099 and . < 0.101' "$out"
works '--json' "$SWARMSCOPE" --json analyze "$capture"
holds '--json is --format json' cmp -s "$tmp/json" "$out"
works 'P.1203' "$SWARMSCOPE" analyze --format p1203 "$capture"
holds 'P.1203: each line is of its schema' fits p1203 "$out"
cp "$out" "$tmp/p1203"
"$SWARMSCOPE" analyze --format json "$capture" > "$tmp/p1203-report" 2> /dev/null
holds 'P.1203: a line for each session that played' test "$(wc -l < "$tmp/p1203")" -eq \
    "$(jq '[.sessions[] | select((.source | not) and .played_s > 0)] | length' "$tmp/p1203-report")"
holds 'P.1203: loading and stalls are the report'"'"'s' test \
    "$(jq -s '[.[].I23.stalling[][1]] | add * 1e3 | round' "$tmp/p1203")" = \
    "$(jq '[.sessions[] | select((.source | not) and .played_s > 0) | .startup_delay_s.best // 0,
	.stalls[].duration_s.best] | add * 1e3 | round' "$tmp/p1203-report")"
works 'ndjson' "$SWARMSCOPE" analyze --format ndjson "$capture"
holds 'ndjson: every line is an event of its schema' fits event "$out"
holds 'ndjson: a start, a start-up of each viewer, an end' jq -es '.[0].event == "start" and
    ([.[] | select(.event == "startup")] | length == 4) and .[-1].event == "end"' "$out"
works 'decode' "$SWARMSCOPE" decode "$capture"
works 'decode --json' "$SWARMSCOPE" decode --json "$capture"
holds 'decode --json: every line tells kind and time' \
    jq -es 'length > 100 and all(has("kind") and has("t") and has("peer"))' "$out"

# To a file: the same bytes.
run "$SWARMSCOPE" analyze --format json --output "$tmp/file.json" "$capture"
holds '--output: exit status 0' test "$status" -eq 0
holds '--output: nothing on stdout' test ! -s "$out"
holds '--output: the same report' cmp -s "$tmp/json" "$tmp/file.json"

# Where nothing can be written.
refuses 'a folder that is not there' 1 'nowhere.*no such file' \
    "$SWARMSCOPE" analyze --output "$tmp/nowhere/report" "$capture"
refuses 'a folder as output' 1 'director' "$SWARMSCOPE" analyze --output "$tmp" "$capture"
if [ -c /dev/full ]; then
	for format in text json ndjson; do
		status=0
		"$SWARMSCOPE" analyze --format $format "$capture" > /dev/full 2> "$err" || status=$?
		holds "$format to a full device: exit status 1" test $status -eq 1
		holds "$format to a full device: one line" lines "$err" 1
		holds "$format to a full device: says no space" grep -qi 'no space' "$err"
	done
	status=0
	"$SWARMSCOPE" decode "$capture" > /dev/full 2> "$err" || status=$?
	holds 'decode to a full device: exit status 1' test $status -eq 1
	refuses '--output to a full device' 1 'full.*no space' \
	    "$SWARMSCOPE" analyze --output /dev/full "$capture"
fi
status=0
"$SWARMSCOPE" analyze "$capture" >&- 2> "$err" || status=$?
holds 'stdout closed: exit status 1' test $status -eq 1
holds 'stdout closed: one line' lines "$err" 1

# A reader that leaves early is no failure worth words.
{ "$SWARMSCOPE" decode "$capture" 2> "$err" || :; } | head -n 1 > "$out"
holds 'a reader that leaves: nothing on stderr' test ! -s "$err"
holds 'a reader that leaves has its line' lines "$out" 1

# A failed run leaves the earlier report, and no litter, behind.
cp "$tmp/file.json" "$tmp/before.json"
run "$SWARMSCOPE" analyze --format json --output "$tmp/file.json" "$tmp/missing.pcap"
holds 'a failed run leaves the earlier report' cmp -s "$tmp/before.json" "$tmp/file.json"
if [ -n "${OWN_MOUNTS-}" ] && mkdir "$tmp/disk" && mount -t tmpfs -o size=256k none "$tmp/disk"; then
	cp "$tmp/file.json" "$tmp/disk/report"
	dd if=/dev/zero of="$tmp/disk/ballast" 2> /dev/null
	refuses '--output on a full disk' 1 'report.*no space' \
	    "$SWARMSCOPE" analyze --format json --output "$tmp/disk/report" "$capture"
	holds 'a full disk leaves the earlier report' cmp "$tmp/file.json" "$tmp/disk/report"
	holds 'a full disk: no litter' test "$(find "$tmp/disk" -type f | wc -l)" -eq 2
	umount "$tmp/disk"
else
	echo 'left out: a full disk (needs root and mounts)'
fi
done_testing
