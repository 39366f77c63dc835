#!/bin/sh
# The same swarm comes out of every wrapping: each capture of tests/pcap/links is
# what make-links.py makes of the bundled one, says what the plain one says, has
# every header counted by its kind, and loses no byte.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
here=$srcdir/tests/pcap
frames=150

zstd -qdc "$here/peerstreamer-engine-a.pcap.zst" > "$tmp/source.pcap" || exit 99
mkdir "$tmp/made"
$python "$here/make-links.py" "$tmp/source.pcap" "$tmp/made" || exit 99

# An IPv6 address has the digits of the IPv4 address that it stands for.
observations() { # capture, into
	"$SWARMSCOPE" decode --json "$1" 2> "$err" |
	    sed 's/\[2001:db8::\([0-9]*\)\]/10.77.0.\1/g' > "$2" && [ -s "$2" ]
}

# The headers that each file must have had taken off, by kind, for each packet.
wraps() { # name
	case $1 in
	vlan) echo vlan 1 ;;
	qinq*) echo vlan 2 ;;
	mpls) echo mpls 2 ;;
	mpls-one) echo mpls 1 ;;
	mpls-ethernet) echo mpls 2 ;;
	mpls-control-word) echo vlan 1 mpls 2 ;;
	pppoe*) echo pppoe 1 ;;
	4in4|4in6|6in4|6in6) echo "$1" 1 ;;
	4in6in4) echo 6in4 1 4in6 1 ;;
	4in6in6) echo 4in6 1 6in6 1 ;;
	gre-ethernet) echo vlan 1 gre 1 ;;
	gre*) echo gre 1 ;;
	vxlan-linux) echo vlan 1 vxlan 1 ;;
	vxlan*) echo vxlan 1 ;;
	gtpu*) echo gtpu 1 ;;
	everything) echo vlan 3 mpls 3 gre 1 vxlan 1 gtpu 1 ;;
	esac
}

counted() { # name, capture
	kinds='^(vlan|mpls|pppoe|[46]in[46]|gre|vxlan|gtpu) '
	wanted=$(wraps "$1" | tr ' ' '\n' | paste -d ' ' - - |
	    awk -v n=$frames '{ print $1, $2 * n }')
	got=$(./tests/pcap/account "$2" | grep -E "$kinds" || true)
	[ "$got" = "$wanted" ] || { echo "wanted $wanted, got $got"; false; }
}

all_swarm() { # capture
	./tests/pcap/account "$1" | awk '
	$1 == "bytes" { all = $2 }
	$1 == "class" && $2 == "swarm" { swarm = $4 }
	END { exit all == 0 || swarm != all }'
}

unchanged() { # name
	zstd -qdc "$here/links/$1.pcap.zst" | cmp - "$tmp/made/$1.pcap"
}

holds 'the plain capture decodes' observations "$here/links/plain.pcap.zst" "$tmp/plain.obs"
for name in $($python "$here/make-links.py" --list); do
	capture=$here/links/$name.pcap.zst
	holds "$name: the capture is what the script makes" unchanged "$name"
	holds "$name decodes" observations "$capture" "$tmp/$name.obs"
	holds "$name says what the plain capture says" cmp "$tmp/plain.obs" "$tmp/$name.obs"
	holds "$name: its headers are counted by kind" counted "$name" "$capture"
	holds "$name: every byte is the swarm's" all_swarm "$capture"
done
for file in "$here"/links/*.zst; do
	name=${file##*/}
	holds "$name is in the script's list" test -e "$tmp/made/${name%.zst}"
done
done_testing
