#!/bin/sh
# The same packets give the same report, however they are packed, compressed,
# framed or split into files.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds
. "${srcdir:-.}/tests/e2e/lib.sh"
mkcap swarm "$tmp/plain.pcap"
zstd -qdc "$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst" > "$tmp/real.pcap" || exit 99

# A report without what names its files.
report() { # into, input...
	into=$1
	shift
	"$SWARMSCOPE" analyze --format json "$@" 2> "$err" > "$tmp/report" &&
	    jq -S 'del(.input.files)' "$tmp/report" > "$into"
}

observations() { # into, input...
	into=$1
	shift
	"$SWARMSCOPE" decode --json "$@" 2> "$err" > "$into" && [ -s "$into" ]
}

same() { # a, b
	diff "$1" "$2" | head -n 10 > "$tmp/difference"
	cat "$tmp/difference"
	[ ! -s "$tmp/difference" ]
}

# Twice.
for name in plain real; do
	holds "$name.pcap: a report" report "$tmp/$name.once" "$tmp/$name.pcap"
	holds "$name.pcap: a second report" report "$tmp/$name.twice" "$tmp/$name.pcap"
	holds "$name.pcap: the same bytes twice" same "$tmp/$name.once" "$tmp/$name.twice"
done

# Compressed.
gzip -c "$tmp/real.pcap" > "$tmp/real.pcap.gz"
holds 'gzip' report "$tmp/gz" "$tmp/real.pcap.gz"
holds 'gzip changes nothing' same "$tmp/real.once" "$tmp/gz"
holds 'zstd' report "$tmp/zst" "$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst"
holds 'zstd changes nothing' same "$tmp/real.once" "$tmp/zst"
{ head -c 1000000 "$tmp/real.pcap" | gzip -c; tail -c +1000001 "$tmp/real.pcap" | gzip -c; } \
    > "$tmp/members.pcap.gz"
holds 'gzip of two members' report "$tmp/members" "$tmp/members.pcap.gz"
holds 'two members change nothing' same "$tmp/real.once" "$tmp/members"
cp "$tmp/real.pcap.gz" "$tmp/odd.name"
holds 'a name without an ending' report "$tmp/odd" "$tmp/odd.name"
holds 'the content tells what a file is' same "$tmp/real.once" "$tmp/odd"

# Split: at a place in the middle of everything, and at the first packet.
for at in 60000 1; do
	mkcap slice "$tmp/real.pcap" "$tmp/one.pcap" 0 $at
	mkcap slice "$tmp/real.pcap" "$tmp/two.pcap" $at 1000000
	holds "split at $at" report "$tmp/split" "$tmp/one.pcap" "$tmp/two.pcap"
	holds "split at $at changes nothing" same "$tmp/real.once" "$tmp/split"
done
holds 'files in the wrong order' report "$tmp/order" "$tmp/two.pcap" "$tmp/one.pcap"
holds 'the order of files changes nothing' same "$tmp/real.once" "$tmp/order"

# Framed in another way: the same observations, the addresses of IPv6 apart.
holds 'decode' observations "$tmp/plain.obs" "$tmp/plain.pcap"
frame() { # name, options...
	name=$1
	shift
	mkcap swarm "$tmp/$name.cap" "$@"
	holds "$name" observations "$tmp/$name.obs" "$tmp/$name.cap"
	sed 's/\[2001:db8::\([0-9]\)\]/10.0.0.\1/g' "$tmp/$name.obs" > "$tmp/$name.v4"
	holds "$name says what plain Ethernet says" same "$tmp/plain.obs" "$tmp/$name.v4"
}
frame vlan --link vlan
frame two-vlans --link qinq
frame cooked --link sll
frame cooked-2 --link sll2
frame raw-ip --link raw
frame pcapng --format pcapng
frame pcapng-big-endian-ns --format pcapng --order big --nano
frame big-endian --order big
frame nanoseconds --nano
frame fragments --fragment 200
frame fragments-in-vlan --fragment 64 --link vlan
frame ipv6 --link ipv6 || :
"$SWARMSCOPE" simulate zapping --seed 3 -o "$tmp/zap.sso" --truth "$tmp/zap.truth" 2> "$err"
for input in "$tmp/real.pcap" "$tmp/zap.sso"; do
	report "$tmp/one" --threads 1 "$input"
	for threads in 2 4; do
		report "$tmp/some" --threads $threads "$input"
		holds "$threads threads find what one does" same "$tmp/one" "$tmp/some"
	done
done

done_testing
