#!/bin/sh
# Decodes each bundled capture and compares what it says with the expected file:
# how many observations of each kind there are, a digest of all of them, and the
# first ones in full. Meaning only: no versions, sizes or clocks of this machine.
#
#   tests/pcap/golden.sh           compares (make check)
#   tests/pcap/golden.sh write     writes the expected files anew (make golden)
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
here=$srcdir/tests/pcap

summary() { # capture
	"$SWARMSCOPE" decode --json "$1" > "$tmp/all.ndjson" || return
	jq -r .kind "$tmp/all.ndjson" | sort | uniq -c | sed 's/^ *//'
	echo "sha256 $(sha256sum < "$tmp/all.ndjson" | cut -d' ' -f1)"
	"$SWARMSCOPE" decode --count 120 "$1"
}

while read -r name capture; do
	case $name in ''|'#'*) continue ;; esac
	summary "$here/$capture" > "$tmp/$name.txt"
	if [ "${1-}" = write ]; then
		cp "$tmp/$name.txt" "$here/expected/$name.txt"
		echo "wrote expected/$name.txt"
	else
		holds "$name decodes as expected" diff -u "$here/expected/$name.txt" "$tmp/$name.txt"
	fi
done < "$here/rows"
[ "${1-}" = write ] || done_testing
