#!/bin/sh
# Builds with counters in DIR, runs the tests and prints the share of lines that
# they reach, a folder a line; the page with each line is in DIR/html.
#
#   tests/tools/coverage.sh DIR
#
# SPDX-License-Identifier: Apache-2.0
set -eu
[ $# -eq 1 ] || { echo 'usage: coverage.sh DIR' >&2; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)

"$source/script/build" "$dir" --enable-coverage
cd "$dir"
find . -name '*.gcda' -delete
make -j"$(nproc)" check > check.log 2>&1 || { grep -E '^(FAIL|ERROR)' check.log; exit 1; }
lcov -q -c -d . -o all.info --rc lcov_branch_coverage=0
lcov -q -o tree.info --extract all.info "$source/*" --rc lcov_branch_coverage=0
lcov -q -o lines.info --remove tree.info "$source/tests/*"
genhtml -q -o html lines.info
lcov --list lines.info | awk -F '|' -v source="$source/" '
/^\[/ { folder = $1; sub(/^\[/, "", folder); sub(/\].*/, "", folder) }
/\.[ch] *\|/ {
	split($2, lines, " ")
	share = lines[1]
	sub(/%/, "", share)
	printf "%-12s %-24s %5.1f %% of %d lines\n", substr(folder, 1 + index(folder, source) *
	    length(source)), $1, share, lines[2]
}
/Total:/ { split($2, lines, " "); print "all lines: " lines[1] " of " lines[2] }'
