#!/bin/sh
# The reference swarm on loopback: viewers play, players read, what is wrong is refused, and
# what a capture of it tells is what its viewers lived through.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
meshpeer=$PWD/meshpeer
[ -x "$meshpeer" ] || exit 99
capture=
if command -v tcpdump > /dev/null; then
	tcpdump -i lo -U -s 0 -B 16384 -w "$tmp/lo.pcap" net 127.0.0.0/8 and not host 127.0.0.1 2> "$tmp/tcpdump" &
	capture=$!
	sleep 1
	kill -0 $capture 2> /dev/null || capture=
fi

"$meshpeer" swarm 12 --duration 14s --over 5s --truth "$tmp/truth" > "$tmp/said" 2> "$tmp/err1" &
swarm=$!
trap 'kill $swarm $capture 2> /dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 100); do
	[ ! -s "$tmp/said" ] || break
	kill -0 $swarm 2> /dev/null || { cat "$tmp/err1"; exit 1; }
	sleep 0.1
done
holds 'it says first what runs where' jq -e '.event == "start" and (.peers | length) == 12 and
    (.peers[0].player | test("^http://127.[0-9]+.0.65:8000/live.ts$"))' "$tmp/said"
net=$(jq -r '.tracker | split(".")[1]' "$tmp/said")
refuses_twice() {
	status=0
	"$meshpeer" swarm 3 --duration 2s --network "$net" > "$out" 2> "$err" || status=$?
	[ $status -eq 3 ] && grep -q 'meshpeer: swarm: .*taken.*--network' "$err"
}
holds 'a second one is told that the addresses are taken' refuses_twice

# Garbage at a viewer, the origin and the tracker, while they play.
$python - "$net" << 'PYTHON'
import random, socket, sys
rng, s = random.Random(1), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(3000):
    data = rng.randbytes(rng.choice((0, 1, 23, 24, 200, 1400, 60000)))
    if i % 2:
        data = b'\x53\x57\x4d\x50\x01' + data
    for host, port in ((66, 7000), (2, 7000), (1, 7000)):
        s.sendto(data, (f'127.{sys.argv[1]}.0.{host}', port))
PYTHON
if command -v curl > /dev/null; then
	sleep 5
	curl -s -m 3 "http://127.$net.0.66:8000/live.ts" > "$tmp/live.ts"
	holds 'a player reads a transport stream' $python -c '
import sys
data = open(sys.argv[1], "rb").read()
assert len(data) > 50000, len(data)
assert all(data[i] == 0x47 for i in range(0, len(data) - 188, 188))' "$tmp/live.ts"
	holds 'another path is not there' \
	    [ "$(curl -s -m 3 -o /dev/null -w '%{http_code}' "http://127.$net.0.66:8000/x")" = 404 ]
fi
status=0
wait $swarm || status=$?
holds 'it ends by itself' [ "$status" -eq 0 ]
tail -n 1 "$tmp/said" > "$tmp/end"
holds 'everybody began to play' jq -e '.event == "end" and .started == 12' "$tmp/end"
holds 'within a second, most' jq -e '.startup_p50_s < 1' "$tmp/end"
holds 'and missed nothing' jq -e '.continuity_index > 0.99' "$tmp/end"
holds 'the truth is as its schema says' fits truth "$tmp/truth"

if [ -n "$capture" ]; then
	sleep 1
	kill $capture
	wait $capture 2> /dev/null
	"$SWARMSCOPE" analyze --ignore-playpos -f json -o "$tmp/report" "$tmp/lo.pcap"
	"$SWARMSCOPE" score --json --truth "$tmp/truth" "$tmp/report" > "$tmp/score"
	holds 'a capture of it shows everybody' jq -e '.matched == 12' "$tmp/score"
	holds 'and when each began to play' jq -e \
	    '.errors.startup.median_abs < 0.15' "$tmp/score"
fi

# What is wrong is refused; what is cut short is kept.
refuses_mesh() { # sentence, status, pattern, arguments...
	what=$1 wanted=$2 pattern=$3
	shift 3
	run "$meshpeer" swarm "$@"
	holds "$what: exit status $wanted" test "$status" -eq "$wanted"
	holds "$what: says '$pattern'" grep -qE "^meshpeer: .*($pattern)" "$err"
}
refuses_mesh 'neither number nor scenario' 2 'how many viewers'
refuses_mesh 'no such scenario' 2 'no such scenario' --scenario nowhere
refuses_mesh 'no address' 2 'no address' 3 --source udp://nowhere
refuses_mesh 'no number' 2 'no number of viewers' many
refuses_mesh 'too many' 2 'no number of viewers' 100000
refuses_mesh 'no classes' 2 'no list of kbit/s' 3 --upload fast
refuses_mesh 'no such source' 1 'cannot read .*MPEG-TS' 3 --source "$tmp/none.ts"
refuses_mesh 'nowhere for the truth' 1 'cannot write' 3 --truth "$tmp/none/truth"
refuses_mesh 'a full disk' 1 'cannot write .*space' 2 --over 0 --duration 1s --truth /dev/full
"$meshpeer" swarm 3 --over 0 --truth "$tmp/cut" > "$tmp/said" &
swarm=$!
sleep 3
kill -TERM $swarm
status=0
wait $swarm || status=$?
holds 'SIGTERM ends it well' [ "$status" -eq 0 ]
holds 'and what happened until then is kept' grep -q '"event":"play"' "$tmp/cut"

# A source from a pipe that stops.
head -c 400000 "$tmp/live.ts" 2> /dev/null | "$meshpeer" swarm 2 --over 0 \
    --duration 4s --source - > "$tmp/said" 2>&1
holds 'a source that ends is no failure' jq -e 'select(.event == "end") | .chunks > 3' "$tmp/said"
done_testing
