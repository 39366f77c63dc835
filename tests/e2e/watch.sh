#!/bin/sh
# A viewer of a live swarm in headless Chromium, over HLS, for a minute (WATCH_SECONDS).
# Skipped where ffmpeg, Chromium, Node.js or the packages cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
command -v ffmpeg > /dev/null || skip 'no ffmpeg'
. "$srcdir/tests/e2e/browsing.sh"
seconds=${WATCH_SECONDS:-60}
ffmpeg -v error -re -f lavfi -i testsrc2=size=320x240:rate=25 -f lavfi -i sine=frequency=440 \
    -c:v libx264 -preset ultrafast -tune zerolatency -g 25 -b:v 230k -maxrate 260k -bufsize 130k \
    -c:a aac -b:a 32k -t $((seconds + 40)) -f mpegts - 2> "$tmp/ffmpeg" |
    "$PWD/meshpeer" swarm 10 --source - --over 4s --duration $((seconds + 38))s > "$tmp/said" &
trap 'kill $! 2> /dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 100); do
	[ ! -s "$tmp/said" ] || break
	sleep 0.1
done
player=$(jq -r '.peers[4].player' "$tmp/said")
for _ in $(seq 200); do
	! curl -s -m 2 "${player%.ts}.m3u8" | grep -q segment || break
	sleep 0.1
done
mkdir -p "$PWD/browser-shots"
run node "$kit/watch.mjs" "${player%.ts}.m3u8" "$seconds" "$PWD/browser-shots/watch.png"
cat "$out"
holds 'HLS in a browser' test "$status" -eq 0
done_testing
