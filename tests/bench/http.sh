#!/bin/sh
# Requests a second of the server beside a bare libmicrohttpd that sends the same bytes,
# both in one thread, in turns. Needs wrk and curl.
#
#   http.sh SWARMSCOPE BAREHTTP
#
# SPDX-License-Identifier: Apache-2.0
swarmscope=$1 bare=$2 seconds=${BENCH_SECONDS:-5}
for tool in wrk curl; do
	command -v $tool > /dev/null || { echo "http: no $tool, not measured"; exit 0; }
done
tmp=$(mktemp -d) || exit 1
trap 'kill $servers 2> /dev/null; rm -rf "$tmp"' EXIT
servers=
"$swarmscope" simulate zapping --seed 1 -o "$tmp/z.sso" --truth "$tmp/z.truth" 2> /dev/null
"$swarmscope" analyze --store "sqlite:$tmp/z.db" "$tmp/z.sso" > /dev/null
"$swarmscope" serve --store "sqlite:$tmp/z.db" --listen 127.0.0.1:18490 > "$tmp/up" &
servers=$!
while [ ! -s "$tmp/up" ]; do sleep 0.1; done
path=/api/v1/channels
curl -s "http://127.0.0.1:18490$path" > "$tmp/answer"
"$bare" "$tmp/answer" 18491 > "$tmp/bare" &
servers="$servers $!"
while [ ! -s "$tmp/bare" ]; do sleep 0.1; done

load() { # port
	wrk -t1 -c32 -d"${seconds}s" "http://127.0.0.1:$1$path" |
	    sed -n 's,^Requests/sec: *,,p'
}
for _ in 1 2 3; do
	load 18490 >> "$tmp/ours"
	load 18491 >> "$tmp/theirs"
done
ours=$(sort -n "$tmp/ours" | sed -n 2p) theirs=$(sort -n "$tmp/theirs" | sed -n 2p)
echo "$ours $theirs $(wc -c < "$tmp/answer")" |
    awk '{ printf "serve: %.0f requests/s of %d bytes; bare libmicrohttpd: %.0f/s; %.2f of it\n",
           $1, $3, $2, $1 / $2 }'
