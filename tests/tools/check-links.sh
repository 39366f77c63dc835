#!/bin/sh
# Links every folder's library whole against only what LAYERS allows it, so that
# a call into a higher layer, or into another folder's third-party library,
# through a bare prototype fails too. Reads lib*.a in the working directory and
# CC, SAN_CFLAGS, LDFLAGS and NAME_LIBS for each third-party NAME.
#
# A folder's own libraries are linked, those of the folders below it are not:
# what these define stands in as empty symbols.
#
# SPDX-License-Identifier: Apache-2.0
layers=${srcdir:-.}/LAYERS
[ -r "$layers" ] || exit 99
: "${CC:=cc}"
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

# Defined external symbols of the objects given, one a line.
defined() {
	nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }'
}

# Libraries that the folder owns, from the environment.
own_libs() {
	for name; do
		case $name in
		\*) ;;
		*) name=${name%%/*}
		   eval "echo \${$(echo "$name" | tr 'a-z-' 'A-Z_')_LIBS}" ;;
		esac
	done
}

link_folder() { # folder, its folders, its third-party headers
	archives=
	for dep in $2; do
		[ ! -f "lib$dep.a" ] || archives="$archives lib$dep.a"
	done
	ld -r -o "$tmp/whole.o" --whole-archive "lib$1.a" || return 1
	nm -u "$tmp/whole.o" | awk '{ print $2 }' | sort -u > "$tmp/wanted"
	# shellcheck disable=SC2086 # one word an archive
	{ [ -z "$archives" ] || defined $archives; } | sort -u > "$tmp/below"
	comm -12 "$tmp/wanted" "$tmp/below" |
	    awk '{ print ".globl " $1; print $1 ":" } END { print ".section .note.GNU-stack" }' \
	    > "$tmp/below.s"
	echo 'int main(void) { return 0; }' > "$tmp/main.c"
	# shellcheck disable=SC2046,SC2086 # flags are words
	$CC $SAN_CFLAGS $LDFLAGS -o "$tmp/program" "$tmp/main.c" "$tmp/whole.o" "$tmp/below.s" \
	    $(own_libs $3) -lm 2> "$tmp/err"
}

rc=0 linked=0
while IFS=":|" read -r folder deps own rest; do
	case $folder in ''|\#*|@*) continue ;; esac
	[ -f "lib$folder.a" ] || continue
	linked=$((linked + 1))
	link_folder "$folder" "$deps" "$own" && continue
	rc=1
	echo "$folder: reaches what LAYERS does not give it"
	grep -E 'undefined reference|error' "$tmp/err" || cat "$tmp/err"
done < "$layers"
[ "$linked" -gt 0 ] || { echo "no libraries in $PWD: build first"; exit 99; }
exit $rc
