#!/bin/sh
# The parts of the reference system as processes: channel server, rendezvous, origin, peers, over
# TCP and IPv6 too; and what they say to those who ask for what cannot be.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
meshpeer=$PWD/meshpeer
[ -x "$meshpeer" ] || exit 99
net=127.$((40 + $$ % 200)).$(($$ / 200 % 250))
started=
trap 'kill $started 2> /dev/null; rm -rf "$tmp"' EXIT
start() { # log, command...
	log=$tmp/$1
	shift
	"$meshpeer" "$@" > "$log" 2> "$log.err" &
	last=$!
	started="$started $last"
}
until_said() { # log, pattern
	for _ in $(seq 100); do
		! grep -q "$2" "$tmp/$1" || return 0
		sleep 0.1
	done
	cat "$tmp/$1" "$tmp/$1.err"
	return 1
}

run "$meshpeer" keygen "$tmp/key"
holds 'a key is made' test "$status" -eq 0
holds 'and its public half told' grep -qxE '[0-9a-f]{64}' "$out"
holds 'nobody else can read it' [ "$(stat -c %a "$tmp/key")" = 600 ]
run "$meshpeer" keygen "$tmp/key"
holds 'it is not made over' test "$status" -eq 1

(umask 077 && echo secret > "$tmp/token")
server=http://$net.1:8470
start server channel-server --listen "$net.1:8470" --token-file "$tmp/token"
start tracker rendezvous --listen "$net.1:6900" --report 1s --near
until_said server start && until_said tracker start || exit 99
for transport in udp tcp; do
	start origin-$transport origin "bars-$transport" --listen "$net.2:7000" --admin "$net.2:7800" \
	    --tracker "$net.1:6900" --channel-server "$server" --token-file "$tmp/token" \
	    --key "$tmp/key" --transport $transport
	origin=$last peers=
	for i in 1 2 3; do
		start peer$i-$transport peer "bars-$transport" --wait 10s --channel-server "$server" \
		    --listen "$net.1$i:7001" --transport $transport --duration 8s \
		    --truth "$tmp/truth$i-$transport"
		peers="$peers $last"
	done
	until_said peer2-$transport start
	sleep 4
	curl -s "$server/channels" > "$tmp/channels"
	holds "$transport: the channel is listed" jq -e --arg name "bars-$transport" \
	    '.channels | any(.name == $name and .chunk_s == 0.25)' "$tmp/channels"
	curl -s -m 3 "http://$net.12:8000/bars-$transport.ts" > "$tmp/ts"
	holds "$transport: a player reads a transport stream" [ "$(head -c 1 "$tmp/ts")" = G ]
	curl -s -m 3 "http://$net.12:8000/bars-$transport.m3u8" > "$tmp/m3u8"
	holds "$transport: and a playlist" grep -q 'segment-[0-9]*.ts' "$tmp/m3u8"
	segment=$(grep -m 1 segment "$tmp/m3u8")
	holds "$transport: with segments that are there" [ "$(curl -s -m 3 -o "$tmp/segment" \
	    -w '%{http_code}' "http://$net.12:8000/$segment")" = 200 ]
	holds "$transport: one to come is not" [ "$(curl -s -m 3 -o /dev/null -w '%{http_code}' \
	    "http://$net.12:8000/segment-99999999999.ts")" = 404 ]
	# Garbage by both transports, a frame that never ends, one that is none.
	$python - "$net" << 'PYTHON'
import random, socket, sys
rng = random.Random(2)
for host, port in (('12', 7001), ('2', 7000)):
    for i in range(30):
        s = socket.socket()
        s.settimeout(2)
        try:
            s.connect((f'{sys.argv[1]}.{host}', port))
            s.sendall((b'\xe7SWM\x01\x02\xff\xff', b'', b'\xe7SWM\x01\x63')[i % 3] +
                      rng.randbytes(rng.choice((1, 100, 5000))))
        except OSError:
            pass
        s.close()
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for _ in range(300):
        s.sendto(rng.randbytes(500), (f'{sys.argv[1]}.{host}', port))
PYTHON
	answers() { [ "$(curl -s -m 3 -o "$out" -w '%{http_code}' "$@")" = "$wanted" ]; }
	wanted=403
	holds "$transport: the admin's port wants the token" answers "http://$net.2:7800/capacity"
	wanted=200
	holds "$transport: capacity is changed" answers -H 'Authorization: Bearer secret' -X PUT \
	    -d '{"upload_kbps": 2500}' "http://$net.2:7800/capacity"
	holds "$transport: and told" jq -e '.upload_kbps == 2500' "$out"
	wanted=400
	holds "$transport: nonsense is refused" answers -H 'Authorization: Bearer secret' -X PUT \
	    -d '{"upload_kbps": -1}' "http://$net.2:7800/capacity"
	for peer in $peers; do
		wait "$peer" || echo "peer $peer: $?"
	done
	for i in 1 2 3; do
		tail -n 1 "$tmp/peer$i-$transport" > "$tmp/end"
		holds "$transport: peer $i played what was due" \
		    jq -e '.event == "end" and .startup_s < 3 and .continuity_index > 0.98' "$tmp/end"
		holds "$transport: peer $i's truth is as its schema says" \
		    fits truth "$tmp/truth$i-$transport"
	done
	kill -TERM "$origin"
	status=0
	wait "$origin" || status=$?
	holds "$transport: the origin ends well" [ "$status" -eq 0 ]
	wanted=404
	holds "$transport: and its channel is withdrawn" answers "$server/channels/bars-$transport"
done
holds 'the tracker counts' jq -e 'select(.event == "interval") | .registered > 3' "$tmp/tracker"

wanted=403
holds 'who has no token publishes nothing' answers -X PUT -d '{}' "$server/channels/x"
wanted=400
holds 'what is no channel is none' answers -H 'Authorization: Bearer secret' -X PUT -d '{"name":1}' \
    "$server/channels/x"
wanted=413
head -c 20000 /dev/zero | tr '\0' ' ' > "$tmp/long"
holds 'nor what is too long' answers -H 'Authorization: Bearer secret' -X PUT \
    --data-binary "@$tmp/long" "$server/channels/x"

# Other sources: a web server's file, again and again; datagrams that stop, and begin anew.
start web origin web --source "http://$net.1:8080/ts" --listen "$net.4:7000" \
    --tracker "$net.1:6900" --duration 7s
web=$last
$python -m http.server -d "$tmp" --bind "$net.1" 8080 > /dev/null 2>&1 & # later than who asks
started="$started $!"
start udp origin udp --source "udp://$net.5:5000" --listen "$net.5:7000" \
    --tracker "$net.1:6900" --duration 7s
udp=$last
$python - "$net.5" "$tmp/ts" << 'PYTHON'
import socket, sys, time
data = open(sys.argv[2], 'rb').read()
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for again in range(2):
    for at in range(0, len(data), 1316):
        s.sendto(data[at:at + 1316], (sys.argv[1], 5000))
        time.sleep(0.01)
    time.sleep(1)
PYTHON
wait "$web" "$udp"
tail -n 1 "$tmp/web" > "$tmp/end"
holds 'a web server is a source' jq -e '.event == "end" and .chunks > 5' "$tmp/end"
tail -n 1 "$tmp/udp" > "$tmp/end"
holds 'so are datagrams, and they may stop' jq -e '.event == "end" and .chunks > 5' "$tmp/end"

# IPv6, where there is any.
if $python -c 'import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(("::1", 0))' \
    2> /dev/null; then
	start tracker6 rendezvous --listen '[::1]:16900'
	start origin6 origin six --listen '[::1]:17000' --tracker '[::1]:16900' \
	    --channel-server "$server" --token-file "$tmp/token"
	start peer6 peer six --wait 10s --channel-server "$server" --listen '[::1]:17001' \
	    --player '[::1]:18000' --duration 6s
	wait $last
	tail -n 1 "$tmp/peer6" > "$tmp/end"
	holds 'over IPv6 too' jq -e '.event == "end" and .played > 5' "$tmp/end"
fi

refuses() { # sentence, status, pattern, arguments...
	what=$1 wanted=$2 pattern=$3
	shift 3
	run "$meshpeer" "$@"
	holds "$what: exit status $wanted" test "$status" -eq "$wanted"
	holds "$what: says '$pattern'" grep -qE "^meshpeer: .*($pattern)" "$err"
}
refuses 'no such channel' 2 'has no channel nothing' peer nothing --channel-server "$server"
refuses 'no such server' 3 'connect' peer x --channel-server http://127.0.0.1:1
refuses 'no address' 2 'no ADDR:PORT' peer x --listen nowhere
refuses 'no name' 2 'no name of a channel' origin 'a b'
refuses 'no key' 2 'no key' origin x --key "$tmp/token"
refuses 'a taken address' 3 'cannot listen on' rendezvous --listen "$net.1:6900"
refuses 'no such source' 1 'cannot read .*MPEG-TS' origin x --listen "$net.3:7000" --source /none
chmod 644 "$tmp/token"
refuses 'a token for all to read' 2 'chmod 600' channel-server --token-file "$tmp/token"
done_testing
