#!/bin/sh
# Runs the unit tests and fuzz replays among the programs given under valgrind, a
# line each; fails on an error or leak that it finds. A test that fails for
# another reason (valgrind keeps some system limits for itself) is only noted.
# Needs a build without sanitizers.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
rc=0
for program; do
	case $program in
	tests/fuzz/*)
		name=${program##*/}
		set -- "$srcdir/tests/fuzz/corpus/$name" "$srcdir/tests/fuzz/corpus/${name#fuzz_}"
		[ -d "$1" ] || shift
		;;
	tests/unit/test_*) set -- ;;
	*) continue ;;
	esac
	valgrind -q --error-exitcode=99 --leak-check=full "$program" "$@" \
	    > "$program.valgrind" 2>&1
	case $? in
	0) echo "PASS: $program" ;;
	99)
		echo "FAIL: $program"
		grep -A 12 '^==' "$program.valgrind" | head -n 40
		rc=1
		;;
	*) echo "NOTE: $program fails under valgrind, without a fault that it sees" ;;
	esac
done
exit $rc
