#!/bin/sh
# Every link of a document to a file of the tree leads somewhere.
#
# SPDX-License-Identifier: Apache-2.0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
files=$(tree_files '*.md') || exit 99

rc=0
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
for file in $files; do
	grep -oE '\]\([^) ]+\)' "$file" | sed 's/^](//; s/)$//; s/#.*//' > "$tmp/targets"
	while read -r target; do
		case $target in ''|*://*|mailto:*) continue ;; esac
		[ -e "$(dirname "$file")/$target" ] ||
		    { echo "$file: leads to $target, which is not there"; rc=1; }
	done < "$tmp/targets"
done
exit $rc
