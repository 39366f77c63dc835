#!/bin/sh
# Every option of every command stands in its help, its manual page and its
# completion; examples, there and in the documents, use options and commands that
# exist; no letter has two meanings; the manual pages are sound.
# Runs the swarmscope of the working directory.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}" "${SWARMSCOPE:=./swarmscope}"
export LC_ALL=C
unset SWARMSCOPE_JSON
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
rc=0

complain() {
	echo "$*"
	rc=1
}

# Long options and letters that a command's help lists: "--name" and "-n" lines.
options_of() { # help
	sed -n 's/^  \(-[a-zA-Z]\), *\(--[a-z][a-z-]*\).*/\1\n\2/p; s/^ \{6\}\(--[a-z][a-z-]*\).*/\1/p' "$1"
}

# Options that command lines use: lines on stdin, "--name" and "-n" out.
options_used() {
	sed 's/[#|].*//; s/ *--  *.*//' | tr ' ' '\n' | sed -n 's/^\(--[a-z][a-z-]*\).*/\1/p; s/^\(-[a-zA-Z]\)$/\1/p'
}

"$SWARMSCOPE" help > "$tmp/all.help" || complain "help: exit status $?"
"$SWARMSCOPE" completion bash > "$tmp/bash" || complain "completion: exit status $?"
commands=$(sed -n '/^COMMANDS/,/^$/s/^  \([a-z]*\)  .*/\1/p' "$tmp/all.help")
[ -n "$commands" ] || complain 'help lists no commands'

for command in $commands; do
	"$SWARMSCOPE" help "$command" > "$tmp/$command.help" ||
	    complain "help $command: exit status $?"
	options_of "$tmp/$command.help" | sort > "$tmp/$command.options"
	for option in $(uniq -d "$tmp/$command.options"); do
		complain "$command: $option is there twice"
	done

	"$SWARMSCOPE" help --man "$command" > "$tmp/$command.1" ||
	    complain "help --man $command: exit status $?"
	sed 's/\\-/-/g; s/\\f.//g' "$tmp/$command.1" | tr -c 'a-zA-Z-' '\n' > "$tmp/words"
	sed -n "s/^ *$command) .*-W '\([^']*\)'.*/\1/p" "$tmp/bash" | tr ' ' '\n' > "$tmp/offers"
	grep -- -- "$tmp/$command.options" | grep -v '^--help$' > "$tmp/long"
	while read -r option; do
		grep -qx -- "$option" "$tmp/words" ||
		    complain "$command: $option is not in the manual page"
		grep -qx -- "$option" "$tmp/offers" ||
		    complain "$command: $option is not in the completion"
	done < "$tmp/long"

	grep "^  .*swarmscope $command" "$tmp/$command.help" | sed 's/.*swarmscope/swarmscope/' |
	    options_used | sort -u > "$tmp/used"
	for option in $(comm -23 "$tmp/used" "$tmp/$command.options"); do
		complain "$command: an example uses $option, which it does not take"
	done
	if command -v mandoc > /dev/null; then
		mandoc -Tlint -W error "$tmp/$command.1" || complain "$command: manual page"
	fi
done

# Command lines in the documents: in code, "swarmscope COMMAND ...".
for document in "$srcdir"/*.md "$srcdir"/doc/*.md; do
	[ -f "$document" ] || continue
	# shellcheck disable=SC2016
	grep -oE '(^|`)swarmscope [a-z]+( [^`]*)?' "$document" | sed 's/^`//' > "$tmp/lines"
	while read -r line; do
		command=${line#swarmscope }
		command=${command%% *}
		if [ ! -f "$tmp/$command.options" ]; then
			complain "${document##*/}: no command $command"
			continue
		fi
		for option in $(echo "$line" | options_used | sort -u |
		    comm -23 - "$tmp/$command.options"); do
			complain "${document##*/}: $command does not take $option"
		done
	done < "$tmp/lines"
done
exit $rc
