#!/bin/sh
# The page of the format and the reader in another language against the program:
# same tables, same observations, and damage is told.
#
# SPDX-License-Identifier: Apache-2.0
schemas=${srcdir:-.}/schemas
unit=${srcdir:-.}/tests/unit
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
rc=0

fail() {
	echo "$*"
	rc=1
}

./tests/unit/sso_sample --layout > "$tmp/layout" || exit 99

awk -F ' *[|] *' '
/^# The container/ { exit }
/^#+ / { rows = table = "" }
/^## Kind / { sub(/^## Kind /, ""); sub(/:/, ""); print "kind " $0; table = "field" }
/^### Actions/ { table = "action" }
rows == "field" && NF > 3 { print $2 " " $3 }
rows == "action" && NF > 3 { print "action " $2 " " $3 }
/^[|]-/ { rows = table }
/^$/ { rows = "" }
' "$schemas/observation.md" > "$tmp/page"
diff "$tmp/layout" "$tmp/page" || fail "observation.md: not the codec's tables"

python=
for each in python3 /usr/bin/python3; do
	"$each" -c 'import zstandard' 2> /dev/null && { python=$each; break; }
done
if [ -z "$python" ]; then
	echo "no python3-zstandard"
	[ $rc -ne 0 ] || exit 77
	exit $rc
fi

PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$schemas "$python" - > "$tmp/reader" << 'END'
import sso_reader
kinds = {0: ('head', sso_reader.HEAD), **sso_reader.KINDS}
for kind, (name, fields) in kinds.items():
    print('kind', kind, name)
    for field in fields:
        print(*field)
    if kind == 0:
        for i, action in enumerate(sso_reader.ACTIONS):
            print('action', i, action)
END
diff "$tmp/layout" "$tmp/reader" || fail "sso_reader.py: not the codec's tables"

./tests/unit/sso_sample "$tmp/a.sso" || fail "sso_sample: status $?"
"$python" "$schemas/sso_reader.py" "$tmp/a.sso" > "$tmp/got" || fail "sso_reader.py: status $?"
diff "$unit/sso_sample.ndjson" "$tmp/got" || fail "sso_reader.py: other observations"

size=$(wc -c < "$tmp/a.sso")
head -c $((size - 1)) "$tmp/a.sso" > "$tmp/cut.sso"
{ head -c $((size - 9)) "$tmp/a.sso"; echo 'damaged!!'; } > "$tmp/damaged.sso"
echo 'something else' > "$tmp/other.sso"
for bad in cut:early damaged:checksum other:'not an .sso'; do
	"$python" "$schemas/sso_reader.py" "$tmp/${bad%%:*}.sso" > "$tmp/got" 2> "$tmp/err" &&
	    fail "${bad%%:*}: not told"
	grep -q "${bad#*:}" "$tmp/err" || { cat "$tmp/err"; fail "${bad%%:*}: other words"; }
done
exit $rc
