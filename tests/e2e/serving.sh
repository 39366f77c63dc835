# Sourced behind lib.sh by the tests of the server: a database of bundled captures and a
# simulated swarm, and the server on it.
#
# SPDX-License-Identifier: Apache-2.0
db=$tmp/swarms.db
pcaps="$srcdir/tests/pcap"

# Fills $db; the reports that it was written with are $tmp/*.report.json.
fill() {
	for capture in peerstreamer-engine-a libswift-live-a pyppspp-live-b; do
		"$SWARMSCOPE" analyze --store "sqlite:$db" -f json \
		    -o "$tmp/$capture.report.json" "$pcaps/$capture.pcap.zst" || exit 99
	done
	"$SWARMSCOPE" simulate zapping --seed 1 -o "$tmp/zapping.sso" \
	    --truth "$tmp/zapping.truth" 2> /dev/null || exit 99
	"$SWARMSCOPE" analyze --store "sqlite:$db" -f json \
	    -o "$tmp/zapping.report.json" "$tmp/zapping.sso" || exit 99
}

# Starts the server: its address is in $url, without the last slash, its process in $server.
start_server() { # options...
	"$SWARMSCOPE" serve --store "sqlite:$db" --listen 127.0.0.1:18480 --port-search "$@" \
	    > "$tmp/url" 2> "$tmp/serve.err" &
	server=$!
	trap 'kill $server 2> /dev/null; rm -rf "$tmp"' EXIT
	for _ in $(seq 100); do
		[ ! -s "$tmp/url" ] || break
		sleep 0.1
	done
	url=$(sed 's,/$,,' "$tmp/url")
	[ -n "$url" ] || { cat "$tmp/serve.err"; exit 99; }
}

stop_server() {
	kill -TERM "$server"
	status=0
	wait "$server" || status=$?
}
