#!/bin/sh
# All traffic, ours or not: what it carries is what the library's own reader says, every byte of it
# is in a class, and where it goes is what the user's files say.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
apps=$tmp/apps.pcap
$python "$srcdir/tests/pcap/make_apps.py" "$apps" || exit 99

audit() { # options...
	run "$SWARMSCOPE" analyze --audit --json "$@" "$apps"
}

has() { # jq condition on the report
	jq -e "$1" "$out"
}

audit
holds 'traffic without a swarm has a report' test "$status" -eq 5
holds 'that fits its schema' fits_schema "$out"
holds 'all of it is accounted for' has \
    '([.audit.applications[].bytes] | add) == .input.bytes and
     ([.audit.as_pairs[].bytes] | add) == .input.bytes'
run "$SWARMSCOPE" version --json
if jq -e '.classifier_library != "none"' "$out" > /dev/null; then
	audit
	for app in HTTP DNS BitTorrent TLS SSH NTP STUN ICMP ICMPV6; do
		holds "$app is known by its payload" has "[.audit.applications[] |
		    select(.confidence == \"payload\" or .confidence == \"cache\") | .application] | any(startswith(\"$app\"))"
	done
	if command -v ndpiReader > /dev/null; then
		echo 'apps.pcap - 80 1 tunnels are opened: what is inside is told' > "$tmp/list"
		echo 'apps.pcap 5 0 1 likewise' >> "$tmp/list"
		holds 'verdicts are those of the reader' $python "$srcdir/tests/pcap/verdicts.py" \
		    "$SWARMSCOPE" "$tmp/list" "$apps"
		# shellcheck disable=SC2086 # several folders
		for folder in ${SWARMSCOPE_CAPTURES-}; do
			holds "and in $folder" $python "$srcdir/tests/pcap/verdicts.py" "$SWARMSCOPE" \
			    "$srcdir/tests/pcap/verdicts.known" "$folder"/*.pcap*
			cat "$tmp/why"
		done
	fi
fi

# Users know better.
printf '# mine\nudp 60001-60002 My stream\nany 10.1.0.9/32 Office\n' > "$tmp/rules"
printf '10.1.0.0/16,64500,One\n10.2.0.0,10.2.255.255,AS64501\n2001:db8::/32,64502\n' > "$tmp/as.csv"
printf '10.1.0.0/16,inside\n' > "$tmp/own.csv"
audit --rules "$tmp/rules" --as-table "$tmp/as.csv" --own-prefixes "$tmp/own.csv"
holds 'a rule by ports' has '[.audit.applications[] | select(.confidence == "rule") |
    [.application, .flows]] | index([["My stream", 1]]) != null'
holds 'a rule by prefix' has '[.audit.applications[] | select(.application == "Office")] | length == 1'
jq -c .audit.as_pairs "$out" > "$tmp/pairs"
holds 'networks are named' has '.audit.as_pairs | any(.from_as == 64500 and .to_as == 64501)'
holds 'what leaves is told apart from what comes' has \
    '[.audit.by_locality[].locality] | (index("out") != null and index("in") != null)'
holds 'traffic outside is transit' has '.audit.by_locality | any(.locality == "transit")'
holds 'sums are the same' has '([.audit.by_locality[].bytes] | add) == .input.bytes'
audit --own-prefixes "$tmp/own.csv"
holds 'what is in no table is unknown, not outside' has \
    '[.audit.by_locality[].locality] | (index("unknown") != null and index("transit") == null)'
audit --as-table "$srcdir/tests/pcap/as.mmdb"
jq -c .audit.as_pairs "$out" > "$tmp/same"
holds 'a MaxMind DB of the same says the same' cmp "$tmp/pairs" "$tmp/same"
printf '10.1.0.0/16,nowhere\n' > "$tmp/own.csv"
refuses 'neither inside nor outside' 2 'own.csv:1: .nowhere' \
    "$SWARMSCOPE" analyze --audit --own-prefixes "$tmp/own.csv" "$apps"
refuses 'no table there' 1 'cannot read .*none.csv' \
    "$SWARMSCOPE" analyze --audit --as-table "$tmp/none.csv" "$apps"

# Kept, and read back.
"$SWARMSCOPE" analyze --audit --store "sqlite:$tmp/a.db" --as-table "$tmp/as.csv" "$apps" \
    > "$tmp/text" 2> "$err"
holds 'a text for people' grep -q 'all traffic  *known by' "$tmp/text"
kept() {
	$python - "$tmp/a.db" "$(stat -c %s "$apps")" << 'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n, b, p = db.execute("SELECT count(*), sum(bytes), sum(packets) FROM traffic").fetchone()
report, = db.execute("SELECT report FROM vantage").fetchone()
import json
want = json.loads(report)["input"]
print(n, b, p, want["bytes"], want["packets"])
sys.exit((b, p) != (want["bytes"], want["packets"]))
PY
}
holds 'the database has every byte' kept
run "$SWARMSCOPE" decode --flows --json --kind flow "$apps"
holds 'and decode lists the flows' jq -es 'length > 15 and all(.kind == "flow")' "$out"
done_testing
