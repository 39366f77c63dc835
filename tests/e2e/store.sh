#!/bin/sh
# Results kept in a database: the same rows however often and however rudely they are
# put, and a clear word about every database that cannot be used.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
capture=$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst
db=$tmp/swarms.db

keep() { # database, input...
	into=$1
	shift
	"$SWARMSCOPE" analyze --no-progress --store "sqlite:$into" -o /dev/null "$@"
}

# All rows, less when the schema came and when a vantage was written.
dump() { # database, into
	$python - "$1" > "$2" <<'PY'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
for line in db.iterdump():
    if "schema_version" not in line and "change_log" not in line:
        print(line)
PY
}

sql() { # database, statement
	$python - "$1" "$2" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
for row in db.execute(sys.argv[2]):
    print(*row, sep="|")
db.commit()
PY
}

same() { # a, b
	cmp "$1" "$2"
}

run keep "$db" "$capture"
holds 'a capture is kept' test "$status" -eq 0
dump "$db" "$tmp/once"
holds 'its rows are there' test "$(sql "$db" 'SELECT count(*) FROM session')" -ge 9
"$SWARMSCOPE" analyze --format json "$capture" > "$tmp/report.json" 2> "$err"
jq -r '.sessions[] | select(.playing != null) | .startup_delay_s.best' "$tmp/report.json" |
    sort > "$tmp/reported"
sql "$db" 'SELECT startup_best_us FROM session WHERE playing_best_us IS NOT NULL' |
    $python -c 'import sys
for line in sys.stdin: print("%g" % (int(line) / 1e6))' | sort > "$tmp/kept"
jq -n '[inputs]' "$tmp/reported" | jq -r '.[] | tostring' > "$tmp/a"
jq -n '[inputs]' "$tmp/kept" | jq -r '.[] | tostring' > "$tmp/b"
holds 'the start-up delays are those of the report' same "$tmp/a" "$tmp/b"
holds 'addresses are not' test "$(sql "$db" 'SELECT count(address) FROM session')" -eq 0
holds 'the key is its owner'"'"'s alone' test "$(stat -c %a "$db.key")" = 600

keep "$db" "$capture" 2> "$err"
dump "$db" "$tmp/twice"
holds 'the same capture again changes nothing' same "$tmp/once" "$tmp/twice"

# Killed at any moment, then repeated.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	keep "$db" "$capture" > /dev/null 2>&1 &
	pid=$!
	sleep "0.0$i" # the moment is what differs
	kill -9 "$pid" 2> /dev/null
	wait "$pid" 2> /dev/null
done
dump "$db" "$tmp/killed"
holds 'twenty kills lose nothing' same "$tmp/once" "$tmp/killed"
keep "$db" "$capture" 2> "$err"
dump "$db" "$tmp/again"
holds 'and leave nothing behind' same "$tmp/once" "$tmp/again"

run "$SWARMSCOPE" db check --store "sqlite:$db"
holds 'the database is sound' test "$status" -eq 0
run "$SWARMSCOPE" db info --json --store "sqlite:$db"
holds 'what is in it is told' jq -e '.rows.session > 0 and .schema_version == 3' "$out"

# --- databases that cannot be used ---
echo 'this is no database, only a text of some length' > "$tmp/junk.db"
refuses 'a text' 3 'damaged or no database' keep "$tmp/junk.db" "$capture"
refuses 'a folder' 3 'is no file' keep "$tmp" "$capture"
refuses 'no folder' 3 'make it first' keep "$tmp/none/x.db" "$capture"
refuses 'another kind of URL' 2 'names no store' "$SWARMSCOPE" db info --store mysql:x
refuses 'no PostgreSQL' 2 'PostgreSQL is not built' "$SWARMSCOPE" db info --store postgresql://h/d
refuses 'nothing there yet' 3 'no database .*make one' "$SWARMSCOPE" db info --store "sqlite:$tmp/no.db"
refuses 'a pipe' 2 'no identity' keep "$db" -

cp "$db" "$tmp/newer.db" && cp "$db.key" "$tmp/newer.db.key"
sql "$tmp/newer.db" 'PRAGMA user_version = 99'
refuses 'a newer schema' 3 'use the newer program' keep "$tmp/newer.db" "$capture"

sql "$tmp/other.db" 'CREATE TABLE theirs (x)'
refuses "another program's" 3 "another program's database" keep "$tmp/other.db" "$capture"

head -c 60000 "$db" > "$tmp/cut.db" && cp "$db.key" "$tmp/cut.db.key"
run "$SWARMSCOPE" db check --store "sqlite:$tmp/cut.db"
holds 'one that was cut is found out' test "$status" -eq 3

# A full disk: files of this process may not grow.
full() {
	(ulimit -f 100 && keep "$tmp/full.db" "$capture")
}
trap '' XFSZ
refuses 'a full disk' 3 'no space left|input or output failed' full
trap - XFSZ

# Two writers: the second says who is in the way.
$python - "$db" "$tmp/held" <<'PY' &
import pathlib, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
pathlib.Path(sys.argv[2]).touch()
time.sleep(20)
PY
holder=$!
while [ ! -e "$tmp/held" ]; do sleep 0.05; done
refuses 'a second writer' 3 "written by process $holder" keep "$db" "$capture"
kill "$holder"
wait "$holder" 2> /dev/null
dump "$db" "$tmp/after"
holds 'and what was there is unharmed' same "$tmp/once" "$tmp/after"
done_testing
