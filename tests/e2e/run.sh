#!/bin/sh
# The whole of it live: what the page and the database say of an interface is what tcpdump's
# capture of the same minutes gives; rights are given up; and it outlives a database that is
# locked, a full disk, and kill -9.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
refuses 'no interface' 2 'which interface' "$SWARMSCOPE" run
refuses 'twice the same' 2 'twice' "$SWARMSCOPE" run -i lo,lo
refuses 'no address' 2 'ADDR:PORT' "$SWARMSCOPE" run -i lo --listen nowhere
run "$SWARMSCOPE" probe -i lo --duration 0.2s
[ "$status" -ne 4 ] || skip 'capturing is not permitted'
refuses 'no such interface' 1 'no such device' "$SWARMSCOPE" run -i none0 --store "sqlite:$tmp/x.db"
refuses 'no such user' 2 'no user .*useradd' "$SWARMSCOPE" run -i lo --user nobody-here \
    --store "sqlite:$tmp/x.db"
refuses 'no folder for the database' 3 'no folder' "$SWARMSCOPE" run -i lo --store "sqlite:$tmp/no/x.db"
command -v tcpdump > /dev/null || skip 'no tcpdump'

# Loopback may have other swarms on it.
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

tcpdump -i lo -U -s 0 -B 65536 -w "$tmp/lo.pcap" "$filter" 2> "$tmp/tcpdump" &
dump=$!
for _ in $(seq 50); do ! grep -q listening "$tmp/tcpdump" || break; sleep 0.1; done
start
trap 'kill $run $dump 2> /dev/null; rm -rf "$tmp"' EXIT
holds 'nothing that it starts gains rights' proc 'NoNewPrivs:.*1'
holds 'system calls are limited' proc 'Seccomp:.*2'
[ "$(id -u)" -ne 0 ] || holds 'of all rights that to capture is left' proc 'CapEff:.*0000000000002000'
strict() {
	for thread in "/proc/$run/task"/*; do
		! grep -qE 'Seccomp_filters:.*2' "$thread/status" || return 0
	done
	return 1
}
holds 'and the thread that decodes has less' strict
"$PWD/meshpeer" swarm 8 --duration 14s --over 3s --network $one > "$tmp/swarm" &
swarm=$!
timeout 7 curl -sN "$url/api/v1/stream" > "$tmp/events"
holds 'events come while it runs' [ "$(grep -c '^event: tick' "$tmp/events")" -ge 5 ]
live() {
	curl -s "$url/api/v1/channels" > "$out"
	jq -e '.data[0].channel.viewers >= 4 and (.data[0].vantage | startswith("live:lo:"))' "$out"
}
holds 'viewers who are still there are shown' live
curl -s "$url/api/v1/probes" > "$out"
holds 'what the probe saw and missed is told' jq -e \
    '.data[0] | .packets > 100 and .dropped == 0 and .lost_observations == 0' "$out"
holds 'SIGHUP does not end it' kill -HUP $run
wait $swarm
sleep 1.5
stop
kill $dump
wait $dump 2> /dev/null
holds 'SIGTERM ends it well' [ "$status" -eq 0 ]
holds 'and nothing was said on the way' [ ! -s "$tmp/run.err" ]
"$SWARMSCOPE" analyze -f json -o "$tmp/dump.json" "$tmp/lo.pcap"

# The database read back beside the capture's analysis, number by number.
"$SWARMSCOPE" serve --store "sqlite:$db" --listen 127.0.0.1:18600 --port-search > "$tmp/url" &
run=$!
for _ in $(seq 50); do [ ! -s "$tmp/url" ] || break; sleep 0.1; done
url=$(sed 's,/$,,' "$tmp/url")
channel=$(curl -s "$url/api/v1/channels" | jq -r '.data[0].channel.id' | sed 's/:/%3A/')
curl -s "$url/api/v1/channels/$channel/sessions?limit=1000" > "$tmp/live.json"
holds 'sessions, stalls and times are those of the capture, to a millisecond' \
    $python "$srcdir/tests/e2e/same_sessions.py" "$tmp/live.json" "$tmp/dump.json"
stop

# Killed in the midst: what was there a second before is there, and it goes on.
start
"$PWD/meshpeer" swarm 4 --duration 9s --over 0 --network $one > "$tmp/swarm" &
swarm=$!
sleep 6
kill -9 $run
wait $run 2> /dev/null
run "$SWARMSCOPE" db check --store "sqlite:$db"
holds 'after kill -9 the database is sound' test "$status" -eq 0
rows() {
	$python - "$db" << 'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n, = db.execute("SELECT count(*) FROM session WHERE vantage = (SELECT id FROM vantage ORDER BY last_us DESC LIMIT 1)").fetchone()
late, = db.execute("SELECT max(t_us) FROM map_snapshot").fetchone()
last, = db.execute("SELECT max(last_us) FROM vantage").fetchone()
print(n, "sessions; last map", (last - late) / 1e6, "s before the end")
sys.exit(n < 4 or (last - late) > 3e6)
PY
}
holds 'the viewers are there, up to the last second or two' rows
wait $swarm

# Another holds the database: it waits, and nothing is lost.
start
"$PWD/meshpeer" swarm 4 --duration 12s --over 0 --network $one > "$tmp/swarm" &
swarm=$!
sleep 2
$python - "$db" << 'PY' &
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=20, isolation_level=None)
db.execute("BEGIN IMMEDIATE")
time.sleep(7)
db.execute("ROLLBACK")
PY
wait $swarm
sleep 1.5
stop
holds 'a locked database is told' grep -q 'tried again each second' "$tmp/run.err"
holds 'and that it is written again' grep -q 'written again' "$tmp/run.err"
holds 'it ends well' [ "$status" -eq 0 ]
holds 'and no viewer is missing' rows
done_testing
