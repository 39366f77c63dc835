#!/bin/sh
# The reference system on hosts of their own, with real players: see lab.py. LAB names the runs,
# LAB_PEERS how many peers take part. Skipped where namespaces or programs cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
for what in ${LAB:-players:udp players:tcp trouble:udp live:udp}; do
	echo "$what"
	run $python "$srcdir/tests/e2e/lab.py" "${what%:*}" "$PWD/meshpeer" "$SWARMSCOPE" \
	    --transport "${what#*:}" --peers "${LAB_PEERS:-30}"
	cat "$out"
	[ "$status" -ne 77 ] || skip "$(sed -n 's/^left out: //p' "$out")"
	[ "$status" -eq 0 ] || cat "$err"
	holds "$what" test "$status" -eq 0
done
done_testing
