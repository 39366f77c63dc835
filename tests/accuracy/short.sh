#!/bin/sh
# Simulated swarms, a few seconds of them: the errors stay below what was reached. The
# whole table with its budgets: make accuracy.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"

here=$srcdir/tests/accuracy
$python "$here/accuracy.py" --short --no-plain --ceilings "$here/ceilings.json" \
    --json "$tmp/figures.json" "$SWARMSCOPE"
holds 'no error is above its ceiling' test $? -eq 0
holds 'the figures are there' jq -e '.cases | length > 0' "$tmp/figures.json"
done_testing
