#!/bin/sh
# clang-tidy, cppcheck and shellcheck over the sources; says which were missing.
# Run by make lint in a build folder, which gives CPPFLAGS.
#
# SPDX-License-Identifier: Apache-2.0
build=$PWD rc=0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
sources=$(tree_files '*.c' | grep -v '^tests/') || exit 99
scripts=$(tree_files '*.sh' bootstrap build demo test run) || exit 99
flags=$(echo "$CPPFLAGS" | sed "s,-I\([^/ ]\),-I$build/\1,g")

if command -v clang-tidy > /dev/null; then
	# What it finds inside the system's headers is not ours to mend.
	# shellcheck disable=SC2086 # flags and names are words
	clang-tidy --quiet $sources -- $flags -std=gnu11 2> /dev/null | awk '
	/^[^ ].*: (warning|error): / { ours = !/^\/usr\//; found += ours }
	ours
	END { exit found > 0 }' || rc=1
else
	echo 'lint: no clang-tidy'
fi
if command -v cppcheck > /dev/null; then
	# It does not follow a sort by insertion, nor a length of nothing.
	# shellcheck disable=SC2086
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr --suppress=missingIncludeSystem --suppress=autoVariables \
	    --suppress=uninitvar:peer/schedule.c --suppress=nullPointerArithmetic:base/reader.h \
	    --enable=warning,performance,portability -I. $sources || rc=1
else
	echo 'lint: no cppcheck'
fi
if command -v shellcheck > /dev/null; then
	# shellcheck disable=SC2086
	shellcheck -s sh -x -P SCRIPTDIR $scripts || rc=1
else
	echo 'lint: no shellcheck'
fi
exit $rc
