#!/bin/sh
# Runs each test program given under valgrind, a line each; fails on the first
# error or leak that it finds. Needs a build without sanitizers.
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
	*) set -- ;;
	esac
	if valgrind -q --error-exitcode=99 --leak-check=full "$program" "$@" \
	    > "$program.valgrind" 2>&1; then
		echo "PASS: $program"
	else
		echo "FAIL: $program"
		grep -A 12 '^==' "$program.valgrind" | head -n 40
		rc=1
	fi
done
exit $rc
