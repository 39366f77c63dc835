#!/bin/sh
# Observations kept in a file say the same as the capture they came from, whatever
# becomes of the process that writes them.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
capture=$tmp/swarm.pcap kept=$tmp/swarm.sso
mkcap swarm "$capture"

viewers() { # input, into
	"$SWARMSCOPE" analyze --format json "$1" 2> "$err" | jq -S '.sessions, .channels' > "$2"
}

run "$SWARMSCOPE" decode --write "$kept" "$capture"
holds 'decode --write: exit status 0' test "$status" -eq 0
holds 'decode --write: nothing on stdout' test ! -s "$out"
works 'decode of the file' "$SWARMSCOPE" decode --json "$kept"
cp "$out" "$tmp/from-file"
works 'decode of the capture' "$SWARMSCOPE" decode --json "$capture"
holds 'the file says what the capture says' cmp "$tmp/from-file" "$out"
viewers "$capture" "$tmp/one"
viewers "$kept" "$tmp/two"
holds 'there are viewers' grep -q startup_delay_s "$tmp/one"
holds 'a report of the file is the report of the capture' cmp "$tmp/one" "$tmp/two"
"$SWARMSCOPE" decode --write "$tmp/again.sso" "$capture" 2> "$err"
holds 'the same file twice' cmp "$kept" "$tmp/again.sso"

# In two parts, the second behind the first.
mkcap slice "$capture" "$tmp/a.pcap" 0 700
mkcap slice "$capture" "$tmp/b.pcap" 700 100000
"$SWARMSCOPE" decode --write "$tmp/parts.sso" "$tmp/a.pcap" 2> "$err"
run "$SWARMSCOPE" decode --append "$tmp/parts.sso" "$tmp/b.pcap"
holds 'decode --append: exit status 0' test "$status" -eq 0
viewers "$tmp/parts.sso" "$tmp/two"
holds 'a file made in two parts says the same' cmp "$tmp/one" "$tmp/two"

# Cut as by a crash: what is whole is read, and appending goes on behind it.
size=$(wc -c < "$kept")
head -c $((size - 5)) "$kept" > "$tmp/cut.sso"
warns 'a file that a crash cut' 'cut\.sso.*(end|cut|damage)' "$SWARMSCOPE" analyze "$tmp/cut.sso"
run "$SWARMSCOPE" decode --append "$tmp/cut.sso" "$capture"
holds 'appending behind a crash: exit status 0' test "$status" -eq 0
works 'the file is sound again' "$SWARMSCOPE" decode "$tmp/cut.sso"
echo 'Dear diary, today I kept nothing.' > "$tmp/diary"
cp "$tmp/diary" "$tmp/before"
refuses 'appending to what is no such file' 1 'diary.*not' \
    "$SWARMSCOPE" decode --append "$tmp/diary" "$capture"
holds 'and it is left alone' cmp "$tmp/before" "$tmp/diary"

# One writes at a time. The lock is held by a writer whose input does not end.
mkfifo "$tmp/pipe"
"$SWARMSCOPE" decode --append "$kept" "$tmp/pipe" 2> "$tmp/writer" &
writer=$!
exec 9> "$tmp/pipe"
head -c 100000 "$capture" >&9
# It holds the lock as soon as it has seen a packet; a second one that comes before
# appends nothing.
mkcap none "$tmp/none.pcap"
for turn in $(seq 100); do
	run "$SWARMSCOPE" decode --append "$kept" "$tmp/none.pcap"
	[ "$status" -ne 1 ] || break
	sleep 0.05
done
holds "the first writer has the lock (turn $turn)" test "$status" -eq 1
refuses 'a second writer' 1 'swarm\.sso.*(use|lock)' \
    "$SWARMSCOPE" decode --append "$kept" "$capture"
works 'a reader meanwhile' "$SWARMSCOPE" decode "$kept"
kill "$writer"
exec 9>&-
wait "$writer" 2> /dev/null
works 'the file after its writer was killed' "$SWARMSCOPE" decode "$kept"
done_testing
