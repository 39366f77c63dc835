#!/bin/sh
# Are the bytes of captures all accounted for? Compares tests/pcap/account with
# capinfos, which counts on its own. Run by hand in the build folder:
#
#   tests/pcap/conserve.sh FILE...
#
# SPDX-License-Identifier: Apache-2.0
[ $# -gt 0 ] || { echo 'usage: conserve.sh FILE...' >&2; exit 2; }
bad=0
for file in "$@"; do
	if ! got=$(./tests/pcap/account "$file" 2>/dev/null); then
		echo "skipped  $(./tests/pcap/account "$file" 2>&1 >/dev/null)"
		continue
	fi
	said=$(capinfos -T -r -c -d "$file" 2>/dev/null | awk -F '\t' '{ print $2, $3 }')
	echo "$got" | awk -v file="$file" -v said="$said" '
	{ value[$1] = $2 }
	END {
		sum = value["swarm_bytes"] + value["not_swarm_bytes"] + value["not_ip_bytes"] \
		    + value["cut_bytes"] + value["undecodable_bytes"] + value["waiting_bytes"]
		counted = value["packets"] " " value["bytes"]
		wrong = counted != said || sum != value["bytes"]
		printf "%-8s %s: capinfos %s, here %s = %d swarm + %d other + %d not IP + " \
		    "%d cut + %d undecodable\n", wrong ? "WRONG" : "good", file, said, counted,
		    value["swarm_bytes"], value["not_swarm_bytes"], value["not_ip_bytes"],
		    value["cut_bytes"], value["undecodable_bytes"]
		exit wrong
	}' || bad=1
done
exit $bad
