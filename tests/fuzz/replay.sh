#!/bin/sh
# Replays each fuzz target that was built, tests/fuzz/fuzz_NAME, over its seeds,
# tests/fuzz/corpus/NAME. Files are named one by one: on a folder libFuzzer would
# go on fuzzing.
#
# SPDX-License-Identifier: Apache-2.0
corpus=${srcdir:-.}/tests/fuzz/corpus
rc=0 targets=0
for program in ./tests/fuzz/fuzz_*; do
	name=${program##*/fuzz_}
	case $name in *.*) continue ;; esac
	if [ ! -f "$program" ] || [ ! -x "$program" ]; then
		continue
	fi
	targets=$((targets + 1))
	set -- "$corpus/$name"/*
	if [ ! -f "$1" ]; then
		echo "$name: no seeds in $corpus/$name"
		rc=1
	elif said=$("$program" "$@" 2>&1); then
		echo "$name: $# seeds"
	else
		echo "$name: failed"
		echo "$said" | tail -n 40
		rc=1
	fi
done
[ $targets -gt 0 ] || { echo 'no fuzz target was built'; rc=1; }
exit $rc
