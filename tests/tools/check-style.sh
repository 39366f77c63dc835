#!/bin/sh
# What .clang-format cannot say: each source names its licence, lines have at
# most 100 columns, structs have no typedef, text files end in a line feed and no
# line in a blank. Prints file:line for each.
#
# SPDX-License-Identifier: Apache-2.0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
code=$(tree_files '*.[ch]' '*.sh' '*.py' '*.awk' '*.js' bootstrap build demo test run) || exit 99
text=$(tree_files '*.am' '*.ac' '*.inc' '*.md' '*.json' '*.yaml' LAYERS) || exit 99
c=$(tree_files '*.[ch]') || exit 99

rc=0
for file in $code; do
	grep -q 'SPDX-License-Identifier: Apache-2.0' "$file" ||
	    { echo "$file: no SPDX-License-Identifier"; rc=1; }
done
for file in $c; do
	expand "$file" | awk -v file="$file" '
	length($0) > 100 { print file ":" NR ": " length($0) " columns"; bad = 1 }
	/^typedef struct/ { print file ":" NR ": struct thing, no typedef"; bad = 1 }
	END { exit bad }' || rc=1
done
for file in $code $text; do
	case $file in *.md) ;; *) grep -nHE '[ 	]+$' "$file" && rc=1 ;; esac
	[ -z "$(tail -c 1 "$file")" ] || { echo "$file: does not end in a line feed"; rc=1; }
done
exit $rc
