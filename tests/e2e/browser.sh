#!/bin/sh
# The page in headless Chromium: its figures, the console, axe, its weight, its speed.
# Pictures of it go to browser-shots in the build folder. Skipped where Chromium, Node.js or
# the packages of browser/package.json cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/serving.sh"
. "$srcdir/tests/e2e/browsing.sh"
fill
start_server
run node "$kit/page.mjs" "$url/" "$PWD/browser-shots"
cat "$out"
holds 'the page in a browser' test "$status" -eq 0

"$SWARMSCOPE" analyze -f html -o "$tmp/report.html" "$tmp/zapping.sso"
run node "$kit/report.mjs" "$tmp/report.html" "$PWD/browser-shots"
cat "$out"
holds 'the report that is one file' test "$status" -eq 0
# Live, where capturing is permitted: viewers come while it is looked at.
run "$SWARMSCOPE" probe -q -i lo --duration 0.1s
if [ "$status" -eq 0 ]; then
	net=$((30 + $$ % 90))
	"$SWARMSCOPE" run -i lo -f "net 127.$net.0.0/16" --store "sqlite:$tmp/live.db" \
	    --listen 127.0.0.1:18660 --port-search > "$tmp/live.url" 2> "$tmp/live.err" &
	live=$!
	"$PWD/meshpeer" swarm 60 --over 90s --duration 95s --network $net > "$tmp/live.swarm" &
	swarm=$!
	trap 'kill $server $live $swarm 2> /dev/null; rm -rf "$tmp"' EXIT
	sleep 6
	run node "$kit/live.mjs" "$(cat "$tmp/live.url")" "$PWD/browser-shots"
	cat "$out"
	holds 'the page of a live server' test "$status" -eq 0
	kill $live $swarm
	wait $live $swarm 2> /dev/null
fi
done_testing
