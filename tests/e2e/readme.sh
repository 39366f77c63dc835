#!/bin/sh
# The report that README shows is one that the program writes: each of its lines
# stands in the report of the bundled capture.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"

works 'the report' "$SWARMSCOPE" analyze "$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst"
# The first block after its announcement.
awk '/Of the report:$/ { told = 1; next } told && /^```/ { if (inside) exit; inside = 1; next }
    inside && NF' "$srcdir/README.md" > "$tmp/shown"
holds 'README shows a report' test "$(wc -l < "$tmp/shown")" -gt 5
while IFS= read -r line; do
	holds "README: $line" grep -qxF -- "$line" "$out"
done < "$tmp/shown"
done_testing
