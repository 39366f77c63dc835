# Sourced behind lib.sh by the tests of run: starts it on loopback, where other swarms may be too,
# so on the network 127.$one.0.0/16 alone. Its process is in $run, the page's address in $url.
#
# SPDX-License-Identifier: Apache-2.0
one=$((20 + $$ % 100))
filter="net 127.$one.0.0/16"
db=$tmp/live.db

start() { # options...
	: > "$tmp/said"
	"$SWARMSCOPE" run --json -i lo -f "$filter" --store "sqlite:$db" --listen 127.0.0.1:18600 \
	    --port-search --clear-addresses "$@" > "$tmp/said" 2> "$tmp/run.err" &
	run=$!
	for _ in $(seq 100); do
		! grep -q '"start"' "$tmp/said" || break
		sleep 0.1
	done
	url=$(jq -rs '.[0].url // empty' "$tmp/said" | sed 's,/$,,')
	[ -n "$url" ] || { cat "$tmp/run.err"; exit 99; }
}

stop() {
	kill -TERM $run
	status=0
	wait $run || status=$?
}

proc() { # pattern
	grep -qE "$1" "/proc/$run/status"
}
