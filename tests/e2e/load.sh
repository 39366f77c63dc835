#!/bin/sh
# Live capture under load: count.py, then soak.py for SOAK_SECONDS (60). Skipped where namespaces or
# programs cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
look() { # sentence, script, arguments...
	what=$1 script=$2
	shift 2
	status=0
	$python "$srcdir/tests/e2e/$script" "$SWARMSCOPE" "$@" > "$out" 2> "$err" || status=$?
	cat "$out"
	[ "$status" -ne 77 ] || skip "$(sed -n 's/^left out: //p' "$out")"
	holds "$what" test "$status" -eq 0
}
[ "${LOAD:-count}" = soak ] || look 'every packet is accounted for' count.py
look 'it lasts' soak.py "$PWD/meshpeer" --seconds "${SOAK_SECONDS:-60}"
done_testing
