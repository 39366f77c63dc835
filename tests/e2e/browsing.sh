# Chromium and the packages of browser/, for the tests that source it after lib.sh: $CHROMIUM,
# $kit. Skips where they cannot be had.
#
# SPDX-License-Identifier: Apache-2.0
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
