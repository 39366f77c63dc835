#!/bin/sh
# What the command line says to those who hold it wrong, and to those who ask.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
mkcap swarm "$tmp/swarm.pcap"
capture=$tmp/swarm.pcap

run "$SWARMSCOPE"
holds 'no command: exit status 2' test "$status" -eq 2
holds 'no command: nothing on stdout' test ! -s "$out"
holds 'no command: says where they are listed' grep -q 'swarmscope help' "$err"
refuses 'an unknown command' 2 'analize.*analyze' "$SWARMSCOPE" analize
refuses 'an unknown option' 2 'no-such-option' "$SWARMSCOPE" analyze --no-such-option "$capture"
refuses 'an unknown global option' 2 'no-such-option' "$SWARMSCOPE" --no-such-option
refuses 'an unknown format' 2 'format.*json' "$SWARMSCOPE" analyze --format xml "$capture"
refuses 'an unknown protocol' 2 'nosuch.*grapes' "$SWARMSCOPE" analyze --protocol nosuch "$capture"
refuses 'a rate that is no number' 2 'channel-rate' \
    "$SWARMSCOPE" analyze --channel-rate fast "$capture"
refuses 'a rate of nothing' 2 'channel-rate' "$SWARMSCOPE" analyze --channel-rate 0 "$capture"
refuses 'an option without its value' 2 'format' "$SWARMSCOPE" analyze "$capture" --format
for command in analyze decode score; do
	refuses "$command without an input" 2 '(input|argument|file|report)' "$SWARMSCOPE" $command
done

works 'version' "$SWARMSCOPE" version
# shellcheck disable=SC2016
holds 'version begins with name and number' \
    sh -c 'head -n 1 "$1" | grep -qxE "swarmscope [0-9.]+"' sh "$out"
works '--version' "$SWARMSCOPE" --version
works 'version --json' "$SWARMSCOPE" version --json
holds 'version --json is JSON' jq -e '.program == "swarmscope"' "$out"
works 'help' "$SWARMSCOPE" help
for command in analyze decode score simulate help version completion; do
	run "$SWARMSCOPE" help
	holds "help names $command" grep -qw -- "$command" "$out"
	works "help $command" "$SWARMSCOPE" help $command
	cp "$out" "$tmp/help"
	works "$command --help" "$SWARMSCOPE" $command --help
	holds "help $command and $command --help say the same" cmp -s "$tmp/help" "$out"
done
for command in analyze decode score; do
	run "$SWARMSCOPE" help $command
	holds "help $command shows examples" grep -qi example "$out"
	holds "help $command names the manual" grep -q "swarmscope-$command(1)" "$out"
done
refuses 'help for nothing we have' 2 'nosuch' "$SWARMSCOPE" help nosuch
for shell in bash zsh fish; do
	works "completion $shell" "$SWARMSCOPE" completion $shell
	holds "completion $shell knows analyze" grep -q analyze "$out"
done
run "$SWARMSCOPE" completion bash
holds 'the completion is sound bash' bash -n "$out"
refuses 'completion of an unknown shell' 2 'csh' "$SWARMSCOPE" completion csh
done_testing
