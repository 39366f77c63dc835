#!/bin/sh
# The page in headless Chromium: its figures, the console, axe, its weight, its speed.
# Pictures of it go to browser-shots in the build folder. Skipped where Chromium, Node.js or
# the packages of browser/package.json cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/serving.sh"
CHROMIUM=$(command -v "${CHROMIUM:-chromium}") || skip 'no chromium'
export CHROMIUM
command -v node > /dev/null && command -v npm > /dev/null || skip 'no Node.js with npm'

# Packages stay in the build folder, as long as the list of them is the same.
kit=$PWD/browser-kit
mkdir -p "$kit"
cp "$srcdir"/tests/e2e/browser/* "$kit"/ && chmod u+w "$kit"/*
if ! cmp -s "$kit/package-lock.json" "$kit/installed"; then
	(cd "$kit" && npm ci --ignore-scripts --omit=optional --no-audit --no-fund) \
	    > "$tmp/npm" 2>&1 || { tail -n 3 "$tmp/npm"; skip 'npm has no packages'; }
	cp "$kit/package-lock.json" "$kit/installed"
fi
fill
start_server
run node "$kit/page.mjs" "$url/" "$PWD/browser-shots"
cat "$out"
holds 'the page in a browser' test "$status" -eq 0

"$SWARMSCOPE" analyze -f html -o "$tmp/report.html" "$tmp/zapping.sso"
run node "$kit/report.mjs" "$tmp/report.html" "$PWD/browser-shots"
cat "$out"
holds 'the report that is one file' test "$status" -eq 0
done_testing
