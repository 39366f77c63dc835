#!/bin/sh
# Are packets and bytes of captures all accounted for? Compares what account says
# with capinfos, which counts on its own, and the classes' sums with both; then
# lets analyze read each file, which must end in a report or a line that says why
# there is none.
#
#   tests/pcap/conserve.sh [FILE | FOLDER]...     by hand, in the build folder
#
# Without arguments: the bundled captures, and the folders of SWARMSCOPE_CAPTURES.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
command -v capinfos > /dev/null || skip 'no capinfos'

# shellcheck disable=SC2086 # SWARMSCOPE_CAPTURES may name several folders
[ $# -gt 0 ] || set -- "$srcdir/tests/pcap" "$srcdir/tests/pcap/links" ${SWARMSCOPE_CAPTURES-}

plain() { # capture, into
	case $1 in
	*.zst) zstd -qdc "$1" > "$2" ;;
	*.gz) gzip -dc "$1" > "$2" ;;
	*) cat "$1" > "$2" ;;
	esac 2> /dev/null || true # what comes before the damage
}

# The packets and bytes that capinfos finds; the classes of account add up to them.
conserved() { # capture
	plain "$1" "$tmp/plain"
	said=$(capinfos -T -r -c -d "$tmp/plain" 2> /dev/null | awk -F '\t' '{ print $2, $3 }')
	echo "$said" > "$tmp/said"
	awk -v said="$said" '
	$1 == "class" { packets += $3; bytes += $4; line = line " " $2 " " $4 }
	$1 == "packets" || $1 == "bytes" { all[$1] = $2 }
	END {
		print "capinfos " said ", here " all["packets"] " " all["bytes"] ", sums " \
		    packets " " bytes ":" line
		exit said != (all["packets"] " " all["bytes"]) || packets != all["packets"] ||
		    bytes != all["bytes"]
	}' "$tmp/account" > "$tmp/line" && return
	cat "$tmp/line"
	false
}

# A report of as many packets and bytes, or one line.
tells_what_happened() {
	case $status in
	0|5)
		jq -e --arg said "$(cat "$tmp/said")" '
		    (.input | "\(.packets) \(.bytes)") == $said and
		    ([.audit.by_protocol[].packets] | add // 0) == .input.packets and
		    ([.audit.by_protocol[].bytes] | add // 0) == .input.bytes and
		    ([.audit.by_protocol[] |
		      select(.protocol | IN("not-ip", "cut", "undecodable") | not) |
		      [.packets, .bytes]] | transpose | map(add)) as $flows |
		    ([.audit.applications, .audit.by_transport, .audit.by_locality] |
		     all(([.[] | [.packets, .bytes]] | transpose | map(add)) == $flows))
		    ' "$out" ;;
	1) [ ! -s "$out" ] && lines "$err" 1 && grep -q '^swarmscope: .*: .*(.*)$' "$err" ;;
	*) false ;;
	esac
}

look_at() { # capture
	name=${1##*/}
	if ./tests/pcap/account "$1" > "$tmp/account" 2> "$err"; then
		holds "$name: packets and bytes are conserved" conserved "$1" &&
		    cut -d : -f 2 "$tmp/line" | sed "s|^|$name:|"
	else
		echo "$name: refused: $(cat "$err")"
	fi
	run "$SWARMSCOPE" analyze --audit --format json "$1"
	holds "$name: analyze ends in a report or a line, flows conserved" tells_what_happened
	jq -r '.warnings[]? | "    " + .' "$out" 2> /dev/null
	sed 's/^/    /' "$err"
}

for given; do
	if [ -d "$given" ]; then
		for file in "$given"/*.pcap "$given"/*.pcapng "$given"/*.pcap.gz \
		    "$given"/*.pcap.zst; do
			[ ! -f "$file" ] || look_at "$file"
		done
	else
		look_at "$given"
	fi
done
done_testing
