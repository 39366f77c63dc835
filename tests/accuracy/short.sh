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

# What a tenth of a swarm tells of the whole.
$python "$here/accuracy.py" --only partial-view/10% --seeds 1-6 --json "$tmp/tenth.json" \
    "$SWARMSCOPE" > "$tmp/tenth.txt"
# shellcheck disable=SC2317 # called by holds
tenth() {
	jq -e ".cases[0] | $1" "$tmp/tenth.json"
}
holds 'intervals of the retrieval curve were given' tenth '.ratio_n > 100'
holds 'they hold the whole swarm'"'"'s curve' tenth '.ratio_coverage >= 0.93'
holds 'they are no wider than that takes' tenth '.ratio_width < 0.25'
holds 'the figures are there' jq -e '.cases | length > 0' "$tmp/figures.json"
done_testing
