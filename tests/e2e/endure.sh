#!/bin/sh
# What run outlives: kill -9, a database that is locked, a full disk, an interface that goes away.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
run "$SWARMSCOPE" probe -i lo --duration 0.2s
[ "$status" -ne 4 ] || skip 'capturing is not permitted'
run "$SWARMSCOPE" demo --json --viewers 6 --listen 127.0.0.1:18640 --duration 8s
holds 'a swarm of its own is watched' test "$status" -eq 0
holds 'and seen' jq -es 'last | .event == "end" and .swarm_bytes > 100000' "$out"
. "$srcdir/tests/e2e/running.sh"
trap 'kill $run 2> /dev/null; rm -rf "$tmp"' EXIT

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

# Killed in the midst: what was there a second before is there, and it goes on.
start
"$PWD/meshpeer" swarm 4 --duration 9s --over 0 --network $one > "$tmp/swarm" &
swarm=$!
sleep 6
kill -9 $run
wait $run 2> /dev/null
run "$SWARMSCOPE" db check --store "sqlite:$db"
holds 'after kill -9 the database is sound' test "$status" -eq 0
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

# No room on the disk: results wait in memory until there is.
if [ "$(id -u)" -eq 0 ] && mkdir "$tmp/small" && mount -t tmpfs -o size=1200k tmpfs "$tmp/small" 2> /dev/null; then
	trap 'kill $run 2> /dev/null; umount -l "$tmp/small"; rm -rf "$tmp"' EXIT
	db=$tmp/small/live.db
	start
	"$PWD/meshpeer" swarm 6 --duration 16s --over 0 --network $one > "$tmp/swarm" &
	swarm=$!
	sleep 3
	dd if=/dev/zero of="$tmp/small/filler" bs=64k > /dev/null 2>&1
	sleep 8
	holds 'a full disk is told' grep -q 'no space left .*tried again' "$tmp/run.err"
	curl -s "$url/api/v1/probes" > "$out"
	holds 'and shown' jq -e '.data[0] | .store_failing and .unwritten_bytes > 0' "$out"
	rm "$tmp/small/filler"
	wait $swarm
	sleep 2
	stop
	holds 'once there is room it is written' grep -q 'written again' "$tmp/run.err"
	holds 'it ends well' [ "$status" -eq 0 ]
	holds 'and no viewer is missing' rows
	maps() {
		$python - "$db" << 'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n, seconds = db.execute("SELECT count(*), count(DISTINCT t_us / 1000000) FROM map_snapshot").fetchone()
print(n, "maps in", seconds, "seconds")
sys.exit(seconds < 13)
PY
	}
	holds 'nor a second of their maps' maps
	umount -l "$tmp/small"
fi

# An interface that goes away and comes back, and one that goes down and up.
if [ "$(id -u)" -eq 0 ] && ip link add swe0 type veth peer name swe1 2> /dev/null; then
	trap 'kill $run 2> /dev/null; ip link del swe0 2> /dev/null; rm -rf "$tmp"' EXIT
	ip link set swe0 up
	ip link set swe1 up
	db=$tmp/device.db
	"$SWARMSCOPE" run --json -i swe0 --store "sqlite:$db" --listen 127.0.0.1:18630 --port-search \
	    > "$tmp/said" 2> "$tmp/run.err" &
	run=$!
	sleep 1
	ip link set swe0 down
	sleep 1
	ip link set swe0 up
	sleep 1
	ip link del swe0
	sleep 2
	ip link add swe0 type veth peer name swe1
	ip link set swe0 up
	ip link set swe1 up
	sleep 3
	before=$(jq -s 'last.packets' "$tmp/said")
	ping -c 3 -i 0.2 -W 1 -I swe1 224.0.0.1 > /dev/null 2>&1
	sleep 1.5
	stop
	holds 'an interface that went away is told' grep -q 'opened again when it is back' "$tmp/run.err"
	holds 'and that it is back' grep -q 'swe0: is back' "$tmp/run.err"
	holds 'it ends well' [ "$status" -eq 0 ]
	holds 'and its packets are seen again' jq -es --argjson b "$before" \
	    'last | .packets > $b and .outages >= 1' "$tmp/said"
fi
done_testing
