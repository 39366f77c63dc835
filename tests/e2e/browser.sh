#!/bin/sh
# The page in headless Chromium: its figures, the console, axe, its weight, its speed.
# Pictures of it go to browser-shots in the build folder. Skipped where Chromium, Node.js or
# the packages of browser/package.json cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
. "$srcdir/tests/e2e/serving.sh"
. "$srcdir/tests/e2e/browsing.sh"
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
