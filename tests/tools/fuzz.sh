#!/bin/sh
# Builds the libFuzzer targets with clang in DIR and runs each for SECONDS over
# its corpus; prints executions and edges. New inputs and crashes stay in DIR.
#
#   tests/tools/fuzz.sh DIR SECONDS [TARGET...]
#
# SPDX-License-Identifier: Apache-2.0
set -eu
[ $# -ge 2 ] || { echo 'usage: fuzz.sh DIR SECONDS [TARGET...]' >&2; exit 2; }
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd) seconds=$2
shift 2

"$source/script/build" "$dir" CC="${CLANG:-clang}" --enable-fuzz
cd "$dir"
make -s -j"$(nproc)" check TESTS= > check-programs.log 2>&1 ||
    { tail -n 20 check-programs.log; exit 1; }

rc=0
for program in tests/fuzz/*; do
	name=${program##*/}
	if [ ! -f "$program" ] || [ ! -x "$program" ]; then
		continue
	fi
	case " $* " in '  '|*" $name "*) ;; *) continue ;; esac
	corpus=$source/tests/fuzz/corpus/$name
	[ -d "$corpus" ] || corpus=$source/tests/fuzz/corpus/${name#fuzz_}
	[ -d "$corpus" ] || { echo "$name: no corpus folder"; rc=1; continue; }
	mkdir -p "found/$name"
	status=0
	"$program" -max_total_time="$seconds" -print_final_stats=1 -artifact_prefix="found/$name-" \
	    -rss_limit_mb=1024 -timeout=10 "found/$name" "$corpus" > "$name.log" 2>&1 || status=$?
	awk -v name="$name" -v status=$status '
	/ cov: / { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
	/number_of_executed_units:/ { runs = $2 }
	/new_units_added:/ { new = $2 }
	END {
		printf "%-20s %10d executions %6d edges %5d new inputs%s\n", name, runs,
		    edges, new, status ? "  FAILED" : ""
	}' "$name.log"
	[ $status -eq 0 ] || { rc=1; grep -E 'ERROR|SUMMARY|Test unit' "$name.log" || :; }
done
exit $rc
