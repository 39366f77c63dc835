#!/bin/sh
# The report's page as one file that asks nobody: styles and scripts inline, admitted by
# their hashes; the line @ANSWERS@ is where the report's own answers go.
#
#   page.sh WEB AWK STYLE... -- SCRIPT... -- MODULE...   > report.html
#
# SPDX-License-Identifier: Apache-2.0
set -eu
web=$1 awk=$2
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Appends to $tmp/NAME the files up to --.
while [ "$1" != -- ]; do cat "$web/$1" >> "$tmp/style"; shift; done
shift
while [ "$1" != -- ]; do cat "$web/$1" >> "$tmp/script"; shift; done
shift
for module; do
	LC_ALL=C awk -f "$awk" "$web/$module" >> "$tmp/module"
done
if grep -q '</script' "$tmp/script" "$tmp/module"; then
	echo 'page.sh: a script would end early' >&2
	exit 1
fi

# Text of an element as a browser sees it: from the line break after its tag on.
hash_of() {
	{ echo; cat "$1"; } | sha256sum | cut -c1-64 | tr a-f A-F | basenc --base16 -d | base64
}

cat << END
<!doctype html>
<!-- SPDX-License-Identifier: Apache-2.0 -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-$(hash_of "$tmp/script")' 'sha256-$(hash_of "$tmp/module")'; style-src 'sha256-$(hash_of "$tmp/style")'; img-src data: blob:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'">
<title>Swarmscope report</title>
<style>
END
cat "$tmp/style"
cat << 'END'
</style>
</head>
<body>
<div id="app"><p class="notice">Loading. The page needs JavaScript.</p></div>
<script type="application/json" id="answers">
@ANSWERS@
</script>
<script>
END
cat "$tmp/script"
printf '</script>\n<script type="module">\n'
cat "$tmp/module"
printf '</script>\n</body>\n</html>\n'
