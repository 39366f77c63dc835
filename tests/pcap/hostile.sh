#!/bin/sh
# Every capture made hostile (see hostile.c): cut to each length, and its bytes flipped, in
# equal shares of HOSTILE_PACKETS (10 million) in all. A line a capture, and the sum.
#
#   hostile.sh [FILE | FOLDER]...     in a build folder, one with sanitizers at best
#
# Without arguments: the bundled captures, and the folders of SWARMSCOPE_CAPTURES.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}" "${HOSTILE_PACKETS:=10000000}" "${HOSTILE_SLICE:=400}"
# shellcheck disable=SC2086 # SWARMSCOPE_CAPTURES may name several folders
[ $# -gt 0 ] || set -- "$srcdir/tests/pcap" "$srcdir/tests/pcap/links" ${SWARMSCOPE_CAPTURES-}
[ -x tests/pcap/hostile ] || { echo 'no tests/pcap/hostile: build it first'; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

for place; do
	if [ -d "$place" ]; then
		find "$place" -maxdepth 1 -type f \
		    \( -name '*.pcap' -o -name '*.pcapng' -o -name '*.pcap.*' -o -name '*.cap' \) |
		    LC_ALL=C sort
	else
		echo "$place"
	fi
done > "$tmp/files"
files=$(wc -l < "$tmp/files")
[ "$files" -gt 0 ] || { echo 'no captures'; exit 99; }
each=$((HOSTILE_PACKETS / files + 1))

faults=0
while read -r file; do
	if tests/pcap/hostile --total $each "$file" "$HOSTILE_SLICE" > "$tmp/out" 2>&1; then
		awk -v name="${file##*/}" '
		{ for (i = 2; i <= NF; i++) if ($i == "packets") n += $(i - 1) }
		match($0, /peak [0-9]+ MiB/) { peak = substr($0, RSTART, RLENGTH) }
		END { printf "%-44s %9d packets, %s\n", name, n, peak }' "$tmp/out" |
		    tee -a "$tmp/lines"
	elif grep -q 'no packets\|not a capture\|cannot\|damaged' "$tmp/out"; then
		echo "${file##*/}: $(tail -n 1 "$tmp/out")"
	else
		faults=$((faults + 1))
		echo "FAULT: $file"
		tail -n 20 "$tmp/out"
	fi
done < "$tmp/files"
awk -v faults=$faults '{ for (i = 2; i <= NF; i++) if ($i == "packets,") n += $(i - 1) }
    END { printf "%d packets, %d faults\n", n, faults }' "$tmp/lines"
[ $faults -eq 0 ]
