#!/bin/sh
# The whole of it live: what the page and the database say of an interface is what tcpdump's
# capture of the same minutes gives; and rights are given up. What it outlives: endure.sh.
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

# A configuration file: what no option says.
"$SWARMSCOPE" config init > "$tmp/all.yaml"
sed 's/# \([a-z_]*: \)/\1/' "$tmp/all.yaml" > "$tmp/given.yaml"
run "$SWARMSCOPE" config check --config "$tmp/given.yaml"
holds 'the file to begin with is sound, also with every key' test "$status" -eq 0
run env SWARMSCOPE_KEEP_MAPS=7m "$SWARMSCOPE" config show --json --config "$tmp/given.yaml"
holds 'values have an origin' jq -e '.["storage.keep_maps"] == {value: "7m", origin: "environment"} and
    .["probe.workers"].origin == "file"' "$out"
printf 'probe:\n  interfaces: [none0]\n  snaplen: 9\n' > "$tmp/bad.yaml"
refuses 'a value out of range' 2 'bad.yaml:3: probe.snaplen: must be' "$SWARMSCOPE" config check \
    --config "$tmp/bad.yaml"
refuses 'and by run' 2 'bad.yaml:3: probe.snaplen' "$SWARMSCOPE" run --config "$tmp/bad.yaml"
printf 'probe:\n  interfacs: [none0]\n' > "$tmp/bad.yaml"
refuses 'a key misspelt' 2 'bad.yaml:2: .*did you mean probe.interfaces' "$SWARMSCOPE" run -c "$tmp/bad.yaml"
printf 'probe:\n  interfaces: [none0]\n' > "$tmp/fine.yaml"
refuses 'the interface is the file'"'"'s' 1 'none0: no such device' "$SWARMSCOPE" run -c "$tmp/fine.yaml" \
    --store "sqlite:$tmp/x.db"
refuses 'named by the environment' 1 'none0: no such device' env "SWARMSCOPE_CONFIG=$tmp/fine.yaml" \
    "$SWARMSCOPE" run --store "sqlite:$tmp/x.db"
refuses 'no file' 1 'cannot read' "$SWARMSCOPE" run -c "$tmp/nothing.yaml"

# Somebody with the right to capture alone, as under packaging/systemd.
if command -v setpriv > /dev/null && [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$tmp"
	cp "$SWARMSCOPE" "$tmp/program"
	mkdir -m 777 "$tmp/state"
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+net_raw \
	    --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw --no-new-privs \
	    "$tmp/program" run --json -i lo --store "sqlite:$tmp/state/x.db" \
	    --listen 127.0.0.1:18610 --port-search --duration 3s > "$tmp/said" 2> "$err" &
	run=$!
	for _ in $(seq 50); do ! grep -q '"start"' "$tmp/said" || break; sleep 0.1; done
	cat "/proc/$run/status" > "$tmp/status"
	status=0
	wait $run || status=$?
	holds 'it runs as nobody with CAP_NET_RAW alone' test "$status" -eq 0
	holds 'as nobody' grep -qE '^Uid:.65534.65534' "$tmp/status"
	holds 'with that right' grep -qE '^CapEff:.0000000000002000' "$tmp/status"
	holds 'and saw packets' jq -es '.[-1] | .event == "end"' "$tmp/said"
fi

. "$srcdir/tests/e2e/running.sh"

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
"$PWD/meshpeer" swarm 8 --duration 9s --over 2s --network $one > "$tmp/swarm" &
swarm=$!
timeout 6 curl -sN "$url/api/v1/stream" > "$tmp/events"
holds 'events come while it runs' [ "$(grep -c '^event: tick' "$tmp/events")" -ge 4 ]
live() {
	curl -s "$url/api/v1/channels" > "$out"
	jq -e '.data[0].channel.viewers >= 4 and (.data[0].vantage | startswith("live:lo:"))' "$out"
}
holds 'viewers who are still there are shown' live
curl -s "$url/api/v1/probes" > "$out"
holds 'what the probe saw and missed is told' jq -e \
    '.data[0] | .packets > 100 and .dropped == 0 and .lost_observations == 0' "$out"
curl -s "$url/metrics" > "$out"
holds 'and for Prometheus' grep -qE '^swarmscope_capture_packets_total\{interface="lo"\} [1-9]' "$out"
holds 'in its form' sh -c "! grep -vqE '^(# (HELP|TYPE) swarmscope_|swarmscope_[a-z_]+(\{[^}]*\})? [0-9.]+\$)' '$out'"
if command -v promtool > /dev/null; then
	holds 'which promtool finds sound' sh -c "promtool check metrics < '$out'"
fi
kill -HUP $run
sleep 1
holds 'SIGHUP has the networks read again, and does not end it' \
    grep -q 'networks were read again' "$tmp/run.err"
wait $swarm
sleep 1.5
stop
kill $dump
wait $dump 2> /dev/null
holds 'SIGTERM ends it well' [ "$status" -eq 0 ]
holds 'and nothing else was said on the way' lines "$tmp/run.err" 1
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
done_testing
