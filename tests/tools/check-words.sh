#!/bin/sh
# The tree speaks of the project alone, and of what is done: no notes of work
# left, no paths of one machine, no hosts of package registries, no numbers of
# issues. Prints file:line for each.
#
# SPDX-License-Identifier: Apache-2.0
dir=$(cd "$(dirname "$0")" && pwd) || exit 99
. "$dir/sources.sh"
files=$(tree_files '*.[ch]' '*.sh' '*.py' '*.md' '*.am' '*.ac' '*.inc' '*.json' '*.yaml' \
    '*.js' '*.css' '*.html' '*.svg' '*.sql' '*.awk' '*.1' '*.5' '*.7' LAYERS bootstrap build demo \
    test run '.clang-*' .gitignore .editorconfig) || exit 99

# Each word is written so that it does not match itself.
unfinished='(^|[^A-Za-z])(T[O]DO|F[I]XME|X[X]X|H[A]CK)([^A-Za-z]|$)|[Pp]lace[h]older([^=]|$)'
machine='(^|[^A-Za-z0-9_.$}/-])/(w[o]rk|h[o]me|r[o]ot|mn[t])/|/tm[p]/[a-zA-Z]'
registry='(de[b]|snapsho[t]|securit[y])\.debian\.org|p[y]pi\.org|np[m]js\.(org|com)|crates\.i[o]'
registry="$registry"'|artifac[t]registry|(proxy|sum)\.golan[g]\.org|githu[b]usercontent'
tracker='[Ii]ssu[e]s? #?[0-9]|(^|[ (])#[0-9]+([ ).,]|$)'

rc=0
for file in $files; do
	grep -nHE "$unfinished|$machine|$registry|$tracker" "$file" && rc=1
done
exit $rc
