#!/bin/sh
# The server of a database: its answers are the reports' figures, and what it is asked
# wrongly it refuses clearly.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/serving.sh"
command -v curl > /dev/null || skip 'no curl'
fill
start_server

# Status of an answer; the answer is in $out.
code() {
	curl -s --path-as-is -o "$out" -w '%{http_code}' "$@"
}

answers() { # wanted status, arguments of curl...
	wanted=$1
	shift
	got=$(code "$@")
	[ "$got" = "$wanted" ] || { echo "status $got, not $wanted"; return 1; }
}

problem() { # wanted status, pattern, path
	answers "$1" "$url$3" && jq -e --arg p "$2" --argjson s "$1" \
	    '.status == $s and (.detail | test($p))' "$out"
}

reports() {
	$python "$srcdir/tests/e2e/same_figures.py" "$url" "$srcdir/schemas" "$tmp"/*.report.json
}
holds 'every figure is that of the report, every answer fits its schema' reports
holds 'the API describes itself' answers 200 "$url/api/v1/openapi.json"
holds 'as OpenAPI 3.0.3' jq -e '.openapi == "3.0.3" and (.paths | length) > 10' "$out"
known_paths() {
	jq -r '.paths | keys[]' "$out" | grep -vE '\{|stream' | while read -r path; do
		answers 200 "$url/api/v1$path" || return 1
	done
}
holds 'what it describes is there' known_paths

# Caches.
etag=$(curl -sI "$url/api/v1/channels" | tr -d '\r' | sed -n 's/^ETag: //p')
holds 'answers have an ETag' [ -n "$etag" ]
holds 'who has it gets 304' answers 304 -H "If-None-Match: $etag" "$url/api/v1/channels"
holds 'who has another gets all' answers 200 -H 'If-None-Match: "x"' "$url/api/v1/channels"
holds 'HEAD has no body' sh -c "curl -sI '$url/api/v1/channels' | grep -q '^Content-Length: [1-9]'"

# Headers.
curl -sI "$url/" | tr -d '\r' > "$tmp/headers"
for header in "script-src 'self'" "require-trusted-types-for 'script'" "default-src 'none'" \
    'X-Content-Type-Options: nosniff' 'Referrer-Policy: no-referrer'; do
	holds "the page is sent with $header" grep -qi "$header" "$tmp/headers"
done
zipped() {
	curl -s -H 'Accept-Encoding: gzip' "$url/app.js" | gzip -dc | cmp - "$srcdir/dashboard/web/app.js"
}
holds 'files come compressed to who takes it' zipped
holds 'and plain to who does not' \
    sh -c "curl -s '$url/style.css' | cmp - '$srcdir/dashboard/web/style.css'"

# Wrong questions.
holds 'an unknown parameter' problem 400 frm '/api/v1/channels?frm=1'
holds 'no number' problem 400 from '/api/v1/channels/x/series?from=yesterday'
holds 'not a number' problem 400 from '/api/v1/channels/x/series?from=nan'
holds 'a number too large' problem 400 limit '/api/v1/channels?limit=100000'
holds 'given twice' problem 400 twice '/api/v1/channels?limit=1&limit=2'
holds 'backwards' problem 400 before '/api/v1/channels/x/series?from=5&to=1'
holds 'a broken escape' problem 400 path '/api/v1/channels/%zz'
holds 'a NUL' problem 400 path '/api/v1/channels/a%00b'
holds 'too many parts' problem 400 path '/api/v1/a/b/c/d/e'
holds 'an empty part' problem 400 path '/api/v1//channels'
holds 'no such channel' problem 404 'not in the store' '/api/v1/channels/mesh%3A00'
holds 'no such part' problem 404 openapi '/api/v1/nothing'
for path in /../../etc/passwd /%2e%2e/%2e%2e/etc/passwd //etc/passwd /vendor/../../LICENSE \
    /report.html /api/v1/../../style.css; do
	holds "$path leads nowhere" sh -c "case \$(curl -s --path-as-is -o '$out' -w '%{http_code}' \
	    '$url$path') in 404|400) ;; *) false ;; esac"
done
holds 'POST is not taken' answers 405 -X POST -d x=1 "$url/api/v1/channels"
holds 'nor DELETE' answers 405 -X DELETE "$url/"
long=$($python -c 'print("x" * 3000)')
holds 'a long address' answers 414 "$url/api/v1/channels?peer=$long"
holds 'another host by its name' answers 421 -H 'Host: evil.example' "$url/"
holds 'one that begins like ours' answers 421 -H 'Host: localhost.evil.example' "$url/"
holds 'this host by its name' answers 200 -H 'Host: localhost:1' "$url/"

# Many at once, and slow ones.
flood() {
	$python "$srcdir/tests/e2e/flood.py" "$url" "$1"
}
holds 'thousands of connections and slow ones starve nobody for long' flood 10000
holds 'and it is still there' answers 200 "$url/api/v1/health"

# While it runs, another writes.
more() {
	"$SWARMSCOPE" analyze --store "sqlite:$db" "$pcaps/peerstreamer-classic-slice.pcap.zst" \
	    > /dev/null && answers 200 "$url/api/v1/channels" && jq -e '.total == 7' "$out"
}
holds 'what is added appears' more
stop_server
holds 'SIGTERM ends it well' [ "$status" -eq 0 ] || head -n 30 "$tmp/serve.err"

# What cannot be served.
$python -c 'import socket, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 18479)); s.listen(1); print("up", flush=True); time.sleep(20)' > "$tmp/up" &
taker=$!
while [ ! -s "$tmp/up" ]; do sleep 0.1; done
refuses 'a port that is taken' 3 'taken.*--port-search' \
    "$SWARMSCOPE" serve --store "sqlite:$db" --listen 127.0.0.1:18479
kill $taker
refuses 'no database' 3 'no database' "$SWARMSCOPE" serve --store "sqlite:$tmp/none.db"
refuses 'no address' 2 'ADDR:PORT' "$SWARMSCOPE" serve --store "sqlite:$db" --listen nowhere
refuses 'a name for an address' 2 'no address' \
    "$SWARMSCOPE" serve --store "sqlite:$db" --listen localhost:1
refuses 'no store' 2 'no --store' "$SWARMSCOPE" serve
head -c 4096 "$db" > "$tmp/cut.db"
cp "$db.key" "$tmp/cut.db.key" 2> /dev/null
refuses 'a database cut short' 3 'damaged' "$SWARMSCOPE" serve --store "sqlite:$tmp/cut.db"
done_testing
