#!/bin/sh
# Shows that the pure folders are pure: their objects want nothing of the system
# but the functions listed here (so no allocation, clock, randomness, printing,
# files or sockets), and have no data that can be written.
# proto, inference and peer must stay so with all they pull in from below;
# record keeps files through base, so only its own objects count.
# Reads lib*.a in the working directory.
#
# SPDX-License-Identifier: Apache-2.0
[ -r "${srcdir:-.}/LAYERS" ] || exit 99
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
rc=0 seen=0

# What a pure function may call: bytes, text in memory, arithmetic, assertions.
pure='mem(chr|cmp|cpy|mem|move|set)|__mem(cpy|move|set)_chk'
pure="$pure"'|str(chr|cmp|cspn|len|ncmp|nlen|pbrk|rchr|spn|str|tod)|bcmp'
pure="$pure"'|inet_(ntop|pton)|(hton|ntoh)[ls]'
pure="$pure"'|(a?(sin|cos|tan)h?|atan2|ceil|copysign|exp|exp2|expm1|fabs|floor|fma|fmax|fmin)f?'
pure="$pure"'|(fmod|frexp|hypot|ldexp|ll?round|ll?rint|log|log10|log1p|log2|modf|nearbyint|pow)f?'
pure="$pure"'|(rint|round|scalbn|sqrt|tgamma|lgamma|erfc?|trunc|cbrt|remainder)f?|__(isnan|isinf|finite|fpclassify|signbit)f?'
pure="$pure"'|__assert_fail|abort|__stack_chk_fail'
# Signatures; the library picks its code for this processor once, at sodium_init.
pure="$pure"'|crypto_sign_(seed_keypair|init|update|final_create|final_verify)|sodium_init'
# The compiler's own helpers, sanitizers and counters.
made='__(popcount|clz|ctz|bswap|parity|ffs|mul|u?div|u?mod|u?divmod)[a-z]*[dts]i[0-9]*|__float[a-z]*|__fix[a-z]*|__[a-z]*[dtsx]f[0-9]'
made="$made"'|_GLOBAL_OFFSET_TABLE_|__(asan|ubsan|sanitizer|sancov|gcov|llvm|start___sanc|stop___sanc|lsan)_?[A-Za-z0-9_.]*'

# Symbols that the objects want and do not define.
wanted() {
	nm -u "$1" | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u |
	    grep -vxE "$pure|$made"
}

# Objects that lie in a section that can be written once the program is loaded.
writable() {
	objdump -t "$1" | awk '
	/\*COM\*/ || (/^[0-9a-f]+ [^d]*(O |[ \t]\.t)/ && /[ \t]\.t?(data|bss)/ && !/[ \t]\.data\.rel\.ro/) {
		print $NF
	}' | grep -vE '^(__(asan|odr_asan|ubsan|gcov|sancov|llvm|prof[cdn]_|sanc)|\.L|_*[lL]ubsan|asan\.|__unnamed_[0-9]+$)'
}

check_folder() { # folder, archives below it that must be as pure
	folder=$1
	shift
	[ -f "lib$folder.a" ] || return 0
	seen=$((seen + 1))
	ld -r -o "$tmp/$folder.o" --whole-archive "lib$folder.a" --no-whole-archive "$@" ||
	    { rc=1; return; }
	wanted "$tmp/$folder.o" > "$tmp/calls"
	if [ $# -eq 0 ]; then # the rest of the tree may answer
		nm -g --defined-only lib*.a 2>/dev/null | awk 'NF == 3 { print $3 }' |
		    sort -u | comm -23 "$tmp/calls" - > "$tmp/own"
		mv "$tmp/own" "$tmp/calls"
	fi
	writable "$tmp/$folder.o" > "$tmp/data"
	[ -s "$tmp/calls" ] && { sed "s/^/$folder: calls /" "$tmp/calls"; rc=1; }
	[ -s "$tmp/data" ] && { sed "s/^/$folder: keeps data that can be written: /" "$tmp/data"; rc=1; }
}

below=
for lib in librecord.a libbase.a; do
	[ ! -f $lib ] || below="$below $lib"
done
check_folder record
# shellcheck disable=SC2086 # one word an archive
check_folder proto $below
# shellcheck disable=SC2086
check_folder inference $below
proto=
[ ! -f libproto.a ] || proto=libproto.a
# shellcheck disable=SC2086
check_folder peer $proto $below
[ $seen -gt 0 ] || { echo "no libraries in $PWD: build first"; exit 99; }
exit $rc
