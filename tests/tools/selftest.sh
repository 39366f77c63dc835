#!/bin/sh
# A check that cannot fail is worth nothing: each is run on a small sound tree,
# where it must pass, then on the same tree with one fault planted, where it must
# fail and name the fault.
#
# SPDX-License-Identifier: Apache-2.0
tools=$(cd "$(dirname "$0")" && pwd) || exit 99
: "${CC:=cc}" "${AR:=ar}" "${PCAP_LIBS:=-lpcap}"
export CC PCAP_LIBS
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
rc=0 planted=0

spdx='/* SPDX-License-Identifier: Apache-2.0 */'

# A sound tree: one source a folder, and the tables of the real one.
grow() {
	mkdir -p "$tmp/sound/tests/tools" "$tmp/sound/base" "$tmp/sound/record" \
	    "$tmp/sound/proto" "$tmp/sound/probe"
	cp "$tools/../../LAYERS" "$tmp/sound/"
	cp "$tools/sizes.ratchet" "$tmp/sound/tests/tools/"
	cd "$tmp/sound" || exit 99
	printf '%s\n' "$spdx" '#include <stdint.h>' 'uint32_t base_one(uint32_t);' > base/one.h
	printf '%s\n' "$spdx" '#include "base/one.h"' '#include <stdlib.h>' 'uint32_t' \
	    'base_one(uint32_t n)' '{' '	return malloc(n) ? n : 0;' '}' > base/one.c
	printf '%s\n' "$spdx" 'int record_two(void);' > record/two.h
	printf '%s\n' "$spdx" '#include "record/two.h"' '#include <string.h>' \
	    'static const char *const names[] = { "a" };' \
	    'int' 'record_two(void)' '{' '	return (int)strlen(names[0]);' '}' > record/two.c
	printf '%s\n' "$spdx" '#include "record/two.h"' 'int proto_three(void);' 'int' \
	    'proto_three(void)' '{' '	return record_two();' '}' > proto/three.c
	printf '%s\n' "$spdx" '#include <pcap/pcap.h>' 'int probe_four(void);' 'int' \
	    'probe_four(void)' '{' '	pcap_close(0);' '	return proto_three();' '}' > probe/four.c
	sed -i '2a int proto_three(void);' probe/four.c
	for source in base/one.c record/two.c proto/three.c probe/four.c; do
		build $source
	done
}

# Puts a source of the working directory into its folder's library.
build() { # source
	# shellcheck disable=SC2086 # flags are words
	$CC $SAN_CFLAGS -w -I. -c -o "${1%.c}.o" "$1" || exit 99
	"$AR" rc "lib${1%/*}.a" "${1%.c}.o" || exit 99
}

# A fresh copy of the sound tree in $tmp/tree.
sound() {
	rm -rf "$tmp/tree"
	cp -R "$tmp/sound" "$tmp/tree"
	cd "$tmp/tree" || exit 99
}

run() { # check
	srcdir=. "$tools/check-$1.sh" > "$tmp/out" 2>&1
}

passes() { # check
	sound
	run "$1" && return
	echo "$1: fails on a sound tree:"
	cat "$tmp/out"
	rc=1
}

# Plants lines into a file, appending, and wants the check to fail naming them:
# every one of the patterns, one a line, in its output.
fails() { # check, patterns, file, line...
	check=$1 patterns=$2 file=$3
	shift 3
	sound
	mkdir -p "$(dirname "$file")"
	printf '%s\n' "$@" >> "$file"
	planted=$((planted + 1))
	case $check in links|pure) build "$file" ;; esac
	run "$check"
	status=$?
	echo "$patterns" > "$tmp/patterns"
	missed=
	while read -r pattern; do
		grep -qE "$pattern" "$tmp/out" || missed="$missed /$pattern/"
	done < "$tmp/patterns"
	[ $status -eq 1 ] && [ -z "$missed" ] && return
	echo "$check: exit $status and no$missed with this in $file:"
	printf '	%s\n' "$@" | head -n 20
	cat "$tmp/out"
	rc=1
}

grow
passes layers
fails layers 'record may not use probe/x.h' record/two.c '#include "probe/x.h"'
fails layers 'record may not use probe/x.h' record/deep/er.h '#include "probe/x.h"'
fails layers 'record may not use probe/x.h' record/two.c ' # /* */ include /**/ "probe/x.h"'
# shellcheck disable=SC1003
fails layers 'record may not use probe/x.h' record/two.c '#inc\' 'lude "probe/x.h"'
fails layers 'record may not use probe/x.h' record/two.c '%:include "probe/x.h"'
fails layers 'write the name of the header' record/two.c '#define H "probe/x.h"' '#include H'
fails layers 'write the path plainly' record/two.c '#include "record/../probe/x.h"'
fails layers 'write the folder' record/two.c '#include "two.h"'
fails layers 'write the folder' record/two.c '#include "../probe/x.h"'
fails layers 'write the folder' record/two.c '#include "sys/time.h"'
fails layers 'pcap.h belongs to probe' base/one.c '#include <pcap.h>'
fails layers 'pcap/dlt.h belongs to probe' base/one.c '#include <pcap/dlt.h>'
fails layers 'zstd_errors.h belongs to base' probe/four.c '#include <zstd_errors.h>'
fails layers 'proto may not use <time.h>' proto/three.c '#include <time.h>'
fails layers 'record may not use <stdlib.h>' record/two.c '#include <stdlib.h>'
fails layers 'probe may not use <nids.h>' probe/four.c '#include <nids.h>'
fails layers 'probe may not use <record/two.h>' probe/four.c '#include <record/two.h>'
fails layers 'folder nowhere has no line' nowhere/x.c "$spdx"
fails layers 'outside the folders' x.c "$spdx"
fails layers 'names later, which is not above it' LAYERS 'early: base later' 'later: base'
fails layers 'base has two lines' LAYERS 'base: record'
fails layers 'pcap belongs to probe already' LAYERS 'mine: base | pcap |'
fails layers 'no list @nothing' LAYERS 'mine: base | | @nothing'
fails layers 'cannot read' LAYERS 'Probe record'

passes links
fails links 'probe_four' record/two.c 'int probe_four(void); int f(void) { return probe_four(); }'
fails links 'proto: reaches' proto/three.c 'int probe_four(void); int f(void) { return probe_four(); }'
fails links 'pcap_open_dead' base/one.c 'int pcap_open_dead(); int f(void) { return pcap_open_dead(); }'
fails links 'no_such_function' base/one.c 'int no_such_function(); int f(void) { return no_such_function(); }'

passes pure
calls='malloc calloc realloc free time clock_gettime gettimeofday rand random getrandom printf
    snprintf fopen open read write socket getenv pthread_create localtime qsort getline'
# shellcheck disable=SC2086 # one word a function
fails pure "$(printf 'record: calls %s$\n' $calls)" record/two.c \
    "$(printf 'int %s();\n' $calls)" 'int f(void)' '{' "$(printf '%s();\n' $calls)" 'return 0; }'
fails pure 'proto: calls malloc' proto/three.c 'int base_one(); int f(void) { return base_one(); }'
fails pure 'can be written: count' record/two.c 'int count = 1;'
fails pure 'can be written: (f\.)?seen' proto/three.c 'int f(void) { static int seen; return seen++; }'
fails pure 'can be written: shared' proto/three.c '__attribute__((common)) int shared;'
fails pure 'can be written: mine' proto/three.c '_Thread_local int mine = 3;'
fails pure 'can be written: names' proto/three.c 'const char *names[] = { "a", "b" };'

lines() { # how many, text
	awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) print text }'
}
passes sizes
fails sizes 'function base/one.c:long_one has 51 lines' base/one.c \
    'int' 'long_one(void)' '{' "$(lines 48 '	;')" '}'
fails sizes 'function base/one.c:long_one has 52 lines' base/one.c \
    'static int long_one(int a,' '    struct { int x; } *b) {' '/* { */' "$(lines 48 '	;')" '}'
fails sizes 'file base/one.c has 60[0-9] lines' base/one.c "$(lines 595 '/* */')"
fails sizes 'file base/one.h has 20[0-9] lines' base/one.h "$(lines 200 '/* */')"
fails sizes 'shrink its entry' tests/tools/sizes.ratchet 'file base/one.c 601'
fails sizes 'is gone' tests/tools/sizes.ratchet 'file base/none.c 700'

passes words
set -- 'T''ODO' 'F''IXME' 'X''XX' 'place''holder text' '/wo''rk/main' '/ho''me/me/x' \
    '/tm''p/wt' 'deb.de''bian.org' 'iss''ue 12' 'see #1''2'
fails words "$(printf 'README.md:%d:\n' 1 2 3 4 5 6 7 8 9 10)" README.md "$@"
fails words 'base/one.c:9:' base/one.c "/* $1: later */"

passes style
fails style 'no SPDX' base/two.c 'int x;'
fails style '101 columns' base/one.c "$(lines 101 x | tr -d '\n')"
fails style '104 columns' base/one.c "$(printf '\t\t')$(lines 88 x | tr -d '\n')"
fails style 'no typedef' base/one.c 'typedef struct x x;'
fails style 'base/one.c:9' base/one.c 'int x; '

passes docs
fails docs 'README.md: leads to doc/none.md' README.md 'See [this](doc/none.md#there).'
fails docs 'doc/a.md: leads to base/one.c' doc/a.md 'See [this](../base/one.c), [that](base/one.c).'

# A program whose words are files: what it says of its one command, look.
cat > "$tmp/sound/program" << 'END'
#!/bin/sh
case "$*" in
help) printf 'COMMANDS\n  look   looks\n\n' ;;
'help look') cat look.help ;;
'help --man look') cat look.1 ;;
'completion bash') cat look.bash ;;
esac
END
chmod +x "$tmp/sound/program"
printf '%s\n' 'EXAMPLES' '  swarmscope look --far -n 3' '      looks far' '' 'Options:' \
    '  -n, --near N   text' '      --far      text' '  -h, --help     text' > "$tmp/sound/look.help"
printf '%s\n' '.TH LOOK 1 2000-01-01' '.SH NAME' 'look \- looks' '.SH OPTIONS' \
    '.B \-\-near' '.B \-\-far' > "$tmp/sound/look.1"
printf "    look) COMPREPLY=(\$(compgen -W '--help --near --far' -- x)) ;;\n" > "$tmp/sound/look.bash"
SWARMSCOPE=./program
export SWARMSCOPE
passes options
fails options 'look: --wide is not in the manual
look: --wide is not in the completion' look.help '      --wide     text'
fails options 'look: --far is there twice' look.help '      --far     text'
fails options 'example uses --wide, which' look.help '  swarmscope look --wide'
fails options 'example uses -w, which' look.help '  tcpdump | swarmscope look -w'
fails options 'README.md: no command watch' README.md 'swarmscope watch all'
# shellcheck disable=SC2016
fails options 'README.md: look does not take --wide' README.md 'Run `swarmscope look --wide`.'

echo "$planted faults planted"
exit $rc
