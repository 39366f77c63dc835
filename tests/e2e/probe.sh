#!/bin/sh
# An interface watched live: what is kept of it gives the same sessions as tcpdump's capture of the
# same minutes; and what cannot be watched is told.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
refuses() { # sentence, status, pattern, arguments...
	what=$1 wanted=$2 pattern=$3
	shift 3
	run "$SWARMSCOPE" probe "$@"
	holds "$what: exit status $wanted" test "$status" -eq "$wanted"
	holds "$what: says '$pattern'" grep -qE "^swarmscope: probe: .*($pattern)" "$err"
}
refuses 'no interface' 2 'which interface'
refuses 'no protocol' 2 'unknown protocol' -i lo -p nonsense
run "$SWARMSCOPE" probe -i lo --duration 0.2s
if [ "$status" -eq 4 ]; then
	holds 'without permission it says what to do' grep -q 'setcap cap_net_raw' "$err"
	skip 'capturing is not permitted'
fi
holds 'a short look' test "$status" -eq 0
run "$SWARMSCOPE" probe -D
holds 'interfaces are listed' grep -q '^lo ' "$out"
refuses 'no such interface' 1 'no such device .*probe -D' -i none0
refuses 'no filter' 2 'filter .*pcap-filter' -i lo -f 'port what'
refuses 'nowhere to write' 1 'cannot write' -i lo -w "$tmp/none/x.sso" --duration 1s
if command -v setpriv > /dev/null && [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$tmp"
	cp "$SWARMSCOPE" "$tmp/program"
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/program" probe -i lo \
	    > "$out" 2> "$err" || status=$?
	holds 'without permission: exit status 4' test "$status" -eq 4
	holds 'and it says what to do' grep -q 'setcap cap_net_raw' "$err"
fi

command -v tcpdump > /dev/null || skip 'no tcpdump'
# Other swarms may run on loopback too.
one=$((20 + $$ % 100)) two=$((120 + $$ % 100))
filter="net 127.$one.0.0/16 or net 127.$two.0.0/16"
tcpdump -i lo -U -s 0 -B 65536 -w "$tmp/lo.pcap" "$filter" 2> "$tmp/tcpdump" &
dump=$!
"$SWARMSCOPE" probe --json -i lo -f "$filter" -w "$tmp/lo.sso" > "$tmp/said" 2> "$tmp/err1" &
probe=$!
trap 'kill $probe $dump 2> /dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 50); do
	! grep -q start "$tmp/said" || break
	sleep 0.1
done
sleep 0.5
"$PWD/meshpeer" swarm 8 --duration 7s --over 2s --network $one --transport tcp --truth "$tmp/truth" > "$tmp/swarm"
sleep 1.5
kill -TERM $probe $dump
status=0
wait $probe || status=$?
wait $dump 2> /dev/null
holds 'SIGTERM ends it well' [ "$status" -eq 0 ]
tail -n 1 "$tmp/said" > "$tmp/end"
holds 'nothing was dropped' jq -e '.event == "end" and .dropped == 0 and .packets > 1000' "$tmp/end"
holds 'no more was decoded than came' jq -e '.received >= .packets' "$tmp/end"
holds 'a line a second' [ "$(grep -c interval "$tmp/said")" -ge 6 ]
"$SWARMSCOPE" analyze -f json -o "$tmp/live.json" "$tmp/lo.sso"
"$SWARMSCOPE" analyze -f json -o "$tmp/dump.json" "$tmp/lo.pcap"
same='[.sessions[] | [.peer, .end, (.stalls | length)]]'
jq -c "$same" "$tmp/live.json" > "$tmp/a"
jq -c "$same" "$tmp/dump.json" > "$tmp/b"
holds 'there are sessions' grep -q 127 "$tmp/a"
holds 'the same sessions as from the capture' cmp "$tmp/a" "$tmp/b"
holds 'with the same times, to a millisecond' \
    $python "$srcdir/tests/e2e/same_sessions.py" "$tmp/live.json" "$tmp/dump.json"
# It goes on where the file ends; kill -9 costs the last second at most.
"$SWARMSCOPE" probe -q -i lo -f "$filter" -w "$tmp/lo.sso" > "$tmp/said2" 2>&1 &
probe=$!
sleep 0.5
"$PWD/meshpeer" swarm 4 --duration 5s --over 0 --network $two > "$tmp/swarm" &
sleep 5
kill -9 $probe
wait $probe 2> /dev/null
wait
run "$SWARMSCOPE" analyze -f json -o "$tmp/two.json" "$tmp/lo.sso"
holds 'after kill -9 the file is sound' test "$status" -eq 0
holds 'and holds both swarms' jq -e '[.sessions[].peer | split(".")[1]] | unique | length == 2' \
    "$tmp/two.json"
done_testing
