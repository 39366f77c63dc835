#!/bin/sh
# Each command has a manual page that was built, and no page is of a command that
# is gone; what reads manual pages has nothing to say of them; a shell has nothing
# to say of its completion. Works in the build folder.
#
# SPDX-License-Identifier: Apache-2.0
: "${SWARMSCOPE:=./swarmscope}"
export LC_ALL=C.UTF-8
unset SWARMSCOPE_JSON SWARMSCOPE_MAN MANROFFOPT
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
rc=0

complain() {
	echo "$*"
	rc=1
}

for program in "$SWARMSCOPE" ./meshpeer; do
	name=${program##*/}
	"$program" help | sed -n '/^COMMANDS/,/^$/s/^  \([a-z-]*\)  .*/\1/p' > "$tmp/commands"
	[ -s "$tmp/commands" ] || complain "$name: help lists no commands"
	echo "$name.1"
	sed "s/.*/$name-&.1/" "$tmp/commands"
done | sort > "$tmp/wanted"
ls doc/man > "$tmp/built" || complain 'no pages were built'
diff "$tmp/wanted" "$tmp/built" || complain 'doc/man: pages missing (<) or of no command (>)'

for page in doc/man/*.1; do
	if command -v mandoc > /dev/null; then
		mandoc -T lint "$page" || complain "$page: mandoc complains"
	fi
	if man --version > /dev/null 2>&1; then
		man --warnings -l "$page" > "$tmp/page" 2> "$tmp/warnings"
		[ -s "$tmp/page" ] || complain "$page: empty"
		[ ! -s "$tmp/warnings" ] || complain "$page: $(cat "$tmp/warnings")"
	fi
done

for shell in bash zsh fish; do
	"$SWARMSCOPE" completion $shell > "$tmp/completion" || complain "completion $shell fails"
	command -v $shell > /dev/null || continue
	$shell -n "$tmp/completion" || complain "completion: $shell complains"
done
exit $rc
