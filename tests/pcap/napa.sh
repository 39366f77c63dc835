#!/bin/sh
# Over the NAPA layer a swarm says what it says over plain UDP: grapes-napa-made is
# what make-napa.py makes of the classic slice, and decodes to the beginning of what
# the slice decodes to, with a handshake more for each two peers.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
here=$srcdir/tests/pcap
classic=$here/peerstreamer-classic-slice.pcap.zst made=$here/grapes-napa-made.pcap.zst

zstd -qdc "$classic" > "$tmp/classic.pcap" || exit 99
zstd -qdc "$made" > "$tmp/made.pcap" || exit 99
$python "$here/make-napa.py" "$tmp/classic.pcap" "$tmp/again.pcap" || exit 99
holds 'the capture is what the script makes' cmp "$tmp/again.pcap" "$tmp/made.pcap"

# Media bytes are cut in the one and zeros in the other, and the hops stand behind them.
meaning() { # capture, into
	"$SWARMSCOPE" decode --json "$1" 2> "$err" |
	    jq -c 'select(.action != "handshake") | del(.cut, .hops)' > "$2" && [ -s "$2" ]
}

holds 'the classic decodes' meaning "$classic" "$tmp/classic.obs"
holds 'the made one decodes' meaning "$made" "$tmp/made.obs"
head -n "$(wc -l < "$tmp/made.obs")" "$tmp/classic.obs" > "$tmp/beginning.obs"
holds 'both say the same' cmp "$tmp/beginning.obs" "$tmp/made.obs"
run "$SWARMSCOPE" decode --json "$made"
jq -r 'select(.action == "handshake") | "\(.kind) \(.peer) \(.to)"' "$out" > "$tmp/hands"
holds 'each two peers shake hands once' lines "$tmp/hands" 8
./tests/pcap/account "$made" > "$tmp/account"
holds 'every packet is understood' \
    grep -q '^grapes packets 864 .* cut 0 broken 0 short 0 foreign 0 doubtful 0$' "$tmp/account"
done_testing
