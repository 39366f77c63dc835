#!/bin/sh
# Fails when a folder includes what LAYERS does not give it, when a folder with
# sources has no line there, or when a line names a folder that is not above it.
# Prints file:line for each.
#
# SPDX-License-Identifier: Apache-2.0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
files=$(tree_files '*.[ch]' '*.cc' '*.cpp' '*.hh' '*.y' '*.l') || exit 99

# shellcheck disable=SC2086 # no blanks in the names of sources
{ [ -z "$files" ] || awk -f "$dir/code.awk" $files; } | awk -F '\t' '
function complain(where, what) { print where ": " what; bad = 1 }

function layer(line, where,    me, side, name, n, i) {
	sub(/#.*/, "", line)
	if (!match(line, /^@?[a-z]+:/)) {
		if (line ~ /[^ \t]/)
			complain(where, "cannot read this line")
		return
	}
	me = substr(line, 1, RLENGTH - 1)
	line = substr(line, RLENGTH + 1)
	if (me ~ /^@/) {
		list[me] = line
		return
	}
	if (me in known)
		complain(where, me " has two lines")
	may[me, me] = 1
	split(line, side, "|")
	n = split(side[1], name, " ")
	for (i = 1; i <= n; i++) {
		if (name[i] != "*" && !(name[i] in known))
			complain(where, me " names " name[i] ", which is not above it")
		may[me, name[i]] = 1
	}
	known[me] = 1
	n = split(side[2], name, " ")
	for (i = 1; i <= n; i++) {
		if (name[i] != "*" && name[i] in owner)
			complain(where, name[i] " belongs to " owner[name[i]] " already")
		if (name[i] == "*")
			any[me] = 1
		else
			owner[name[i]] = me
	}
	system_headers(me, side[3], where)
}

function system_headers(me, names, where,    name, n, i) {
	n = split(names, name, " ")
	for (i = 1; i <= n; i++)
		if (name[i] !~ /^@/)
			gives[me, name[i]] = 1
		else if (name[i] in list)
			system_headers(me, list[name[i]], where)
		else
			complain(where, "no list " name[i])
}

function quoted(me, path, where,    top) {
	top = path
	sub(/\/.*/, "", top)
	if (path == "config.h")
		return
	if (path !~ /\// || !(top in known))
		complain(where, "write the folder, one of LAYERS: " path)
	else if (path ~ /\/\/|(^|\/)\.\.?\//)
		complain(where, "write the path plainly: " path)
	else if (!((me, top) in may) && !((me, "*") in may))
		complain(where, me " may not use " path)
}

# The third-party name whose header this is: name.h, name/part.h, name_part.h.
function library(path,    name) {
	for (name in owner)
		if (index(path, name) == 1 && substr(path, length(name) + 1, 1) ~ /[\/._]/)
			return name
	return ""
}

function angled(me, path, where,    stem, top) {
	stem = path
	sub(/\.h$/, "", stem)
	top = library(path)
	if (top != "") {
		if (owner[top] != me && !(me in any))
			complain(where, path " belongs to " owner[top])
	} else if (!((me, stem) in gives) && !((me, "*") in gives))
		complain(where, me " may not use <" path ">; LAYERS lists what it may")
}

BEGIN {
	while ((getline line < "LAYERS") > 0)
		layer(line, "LAYERS:" ++nr)
}

!($1 in seen) {
	seen[$1] = 1
	me = $1
	if (!sub(/\/.*/, "", me))
		complain($1, "a source outside the folders of LAYERS")
	else if (!(me in known) && !(me in told)) {
		complain($1, "the folder " me " has no line in LAYERS")
		told[me] = 1
	}
}

$3 ~ /^[ \t]*(#|%:)[ \t]*(include|include_next|import)([^a-z_]|$)/ {
	where = $1 ":" $2
	sub(/^[ \t]*(#|%:)[ \t]*[a-z_]+[ \t]*/, "", $3)
	if (match($3, /^"[^"]+"/))
		quoted(me, substr($3, 2, RLENGTH - 2), where)
	else if (match($3, /^<[^>]+>/))
		angled(me, substr($3, 2, RLENGTH - 2), where)
	else
		complain(where, "write the name of the header here: " $3)
}

END { exit bad }
'
