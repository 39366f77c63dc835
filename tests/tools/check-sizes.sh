#!/bin/sh
# Small things: a function has at most 50 lines, a source 600, a header 200.
# sizes.ratchet holds the exceptions, "function path:name lines" or
# "file path lines" a line. They may only shrink: an entry larger than the thing
# it excuses fails, and so does one that the first committed ratchet did not have.
#
# SPDX-License-Identifier: Apache-2.0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
ratchet=tests/tools/sizes.ratchet
files=$(tree_files '*.[ch]') || exit 99
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# Length of every function: from the line of its name to its closing brace.
functions() {
	awk -f "$dir/code.awk" "$@" | awk -F '\t' '
	$1 != file { file = $1; depth = parens = 0; head = named = "" }
	{
		gsub(/"([^"\\]|\\.)*"/, "\"\"", $3)
		gsub(/\047([^\047\\]|\\.)*\047/, "0", $3)
		if ($3 ~ /^[ \t]*(#|%:)/)
			next
		rest = $3
		while (match(rest, /[{};()]/)) {
			text = substr(rest, 1, RSTART - 1)
			mark = substr(rest, RSTART, 1)
			rest = substr(rest, RSTART + 1)
			if (depth == 0) {
				head = head text
				if (mark == "(" && named == "") {
					named = head
					sub(/[ \t]+$/, "", named)
					sub(/.*[^A-Za-z0-9_]/, "", named)
					from = $2
				}
				head = head mark
				parens += (mark == "(") - (mark == ")")
				if (parens > 0)
					continue
			}
			if (mark == "{") {
				if (depth == 0)
					body = head ~ /\)[ \t]*\{$/ && head !~ /=/ ? named : ""
				depth++
			} else if (mark == "}" && depth > 0) {
				depth--
				if (depth == 0 && body != "")
					print file ":" body, $2 - from + 1
			}
			if (depth == 0 && (mark == ";" || mark == "}")) {
				head = ""
				named = ""
			}
		}
		if (depth == 0)
			head = head rest " "
	}'
}

# shellcheck disable=SC2086 # no blanks in the names of sources
if [ -n "$files" ]; then
	functions $files | sed 's/^/function /'
	for file in $files; do
		echo "file $file $(wc -l < "$file")"
	done
fi > "$tmp/sizes"

# The ratchet as first committed; without a repository, as it is.
born=$(git log --diff-filter=A --format=%H -- $ratchet 2>/dev/null | tail -n 1)
git show "$born:$ratchet" > "$tmp/born" 2>/dev/null || cp $ratchet "$tmp/born" || exit 99

awk -v ratchet=$ratchet -v born="$tmp/born" '
function limit(kind, name) {
	if (kind == "function")
		return 50
	return name ~ /\.h$/ ? 200 : 600
}
function complain(what) { print what; bad = 1 }
BEGIN {
	while ((getline < born) > 0)
		if ($1 !~ /^#/ && NF == 3)
			first[$1, $2] = $3
	while ((getline < ratchet) > 0) {
		if ($1 ~ /^#/ || !NF)
			continue
		if (!(($1, $2) in first) || first[$1, $2] + 0 < $3 + 0)
			complain(ratchet ": " $1 " " $2 ": the ratchet may only shrink")
		excused[$1, $2] = $3
	}
}
{
	most = limit($1, $2)
	if (($1, $2) in excused) {
		met[$1, $2] = 1
		if ($3 < excused[$1, $2] || excused[$1, $2] <= most)
			complain(ratchet ": " $1 " " $2 " has " $3 " lines now: shrink its entry")
		most = excused[$1, $2]
	}
	if ($3 > most)
		complain($1 " " $2 " has " $3 " lines, more than " most)
}
END {
	for (key in excused)
		if (!(key in met)) {
			sub(SUBSEP, " ", key)
			complain(ratchet ": " key " is gone: remove its entry")
		}
	exit bad
}' "$tmp/sizes"
