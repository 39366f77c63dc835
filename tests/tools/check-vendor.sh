#!/bin/sh
# Vendored files are as their authors published them, each with its licence; and the page's
# modules still make one script for the HTML report.
#
# SPDX-License-Identifier: Apache-2.0
cd "${srcdir:-.}/dashboard/web/vendor" || exit 99
sha256sum --quiet -c SHA256SUMS || exit 1
for file in *; do
	case $file in
	SHA256SUMS|*.LICENSE) ;;
	*) grep -q " $file\$" SHA256SUMS || { echo "$file has no checksum"; exit 1; } ;;
	esac
done
for name in htm preact uPlot; do
	grep -qiE 'MIT|Apache' "$name.LICENSE" || { echo "no licence of $name"; exit 1; }
done
cd ..
twice=$(sed -nE 's/^(export )?(async )?(function|const|class) ([A-Za-z]+).*/\4/p' *.js | sort | uniq -d)
[ -z "$twice" ] || { echo "at the top of two modules: $twice"; exit 1; }
