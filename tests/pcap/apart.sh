#!/bin/sh
# Several swarms, channels and protocols in one capture come out apart: each channel with the
# sessions and events that it has when it is captured alone.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
pcaps=$srcdir/tests/pcap
names='peerstreamer-engine-a peerstreamer-classic-slice libswift-live-a pyppspp-live-b'

set --
for name in $names; do
	zstd -qdcf "$pcaps/$name.pcap.zst" > "$tmp/$name" || exit 99
	set -- "$@" "$tmp/$name"
done
"$SWARMSCOPE" simulate zapping --seed 2 -o "$tmp/z.sso" --pcap "$tmp/zapping" \
    --truth "$tmp/z.truth" 2> /dev/null || exit 99
set -- "$@" "$tmp/zapping"
$python "$pcaps/blend.py" "$tmp/all" "$@" || exit 99

# Channels and sessions, less what only tells which input they are from.
results() { # capture
	"$SWARMSCOPE" analyze --format json "$1" |
	    jq -c '[.channels[] | {k: .id, v: .}], [.sessions[] | {k: .channel, v: .}] | .[]'
}
i=0
for _; do
	results "$tmp/all.$i" > "$tmp/alone.$i" || exit 99
	i=$((i + 1))
done
cat "$tmp"/alone.? | sort > "$tmp/alone"
results "$tmp/all" | sort > "$tmp/together"
holds 'there are channels of every capture' \
    [ "$(cut -d'"' -f4 "$tmp/alone" | sort -u | wc -l)" -ge 7 ]
holds 'each channel and session is as when captured alone' cmp "$tmp/alone" "$tmp/together"

observed() {
	"$SWARMSCOPE" decode --json "$1"
}
i=0
for _; do
	observed "$tmp/all.$i"
	i=$((i + 1))
done | sort > "$tmp/alone"
observed "$tmp/all" | sort > "$tmp/together"
holds 'so is each observation' cmp "$tmp/alone" "$tmp/together"
done_testing
