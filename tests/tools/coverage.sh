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
make -j"$(nproc)" check > check.log 2>&1 || grep -E "^(FAIL|ERROR)" check.log || :
{
	lcov -q -c -i -d . -o none.info
	lcov -q -c -d . -o run.info
	lcov -q -a none.info -a run.info -o all.info
	lcov -q -o tree.info --extract all.info "$source/*"
	lcov -q -o lines.info --remove tree.info "$source/tests/*"
	genhtml -q -o html lines.info
} > lcov.log 2>&1 || { tail -n 20 lcov.log; exit 1; }
awk -F : -v source="$source/" '
/^SF:/ { file = substr($2, 1 + length(source)) }
/^LF:/ { lines = $2; all += $2 }
/^LH:/ { reached = $2; met += $2 }
/^end_of_record/ && lines { printf "%-32s %5.1f %% of %4d\n", file, 100 * reached / lines, lines }
END { printf "%-32s %5.1f %% of %4d lines\n", "all", 100 * met / all, all }' lines.info
