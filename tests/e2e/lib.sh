# Sourced by the end-to-end tests: runs the built swarmscope, counts what holds.
# Works in the build folder; srcdir leads to the checkout.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}" "${SWARMSCOPE:=$PWD/swarmscope}"
export LC_ALL=C TZ=UTC
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
held=0 broken=0
out=$tmp/stdout err=$tmp/stderr

skip() {
	echo "skipped: $*"
	exit 77
}

# Debian's own Python, for which bootstrap installs the modules.
python=/usr/bin/python3
[ -x $python ] || python=python3
for tool in $python jq zstd gzip; do
	command -v "$tool" > /dev/null || skip "no $tool"
done
[ -x "$SWARMSCOPE" ] || { echo "no program $SWARMSCOPE"; exit 99; }

mkcap() {
	$python "$srcdir/tests/lib/mkcap.py" "$@" || exit 99
}

# Runs a command; its exit status is in $status, what it wrote in $out and $err.
run() {
	status=0
	"$@" > "$out" 2> "$err" < /dev/null || status=$?
}

# One thing that must hold: a sentence, then a command that answers it.
holds() { # sentence, command...
	sentence=$1
	shift
	if "$@" > "$tmp/why" 2>&1; then
		held=$((held + 1))
		return 0
	fi
	broken=$((broken + 1))
	echo "FAIL: $sentence"
	echo "  not so: $*"
	[ ! -s "$tmp/why" ] || head -n 5 "$tmp/why" | sed 's/^/  /'
	echo "  exit status ${status-}, stderr:"
	head -n 5 "$err" | sed 's/^/  /'
	return 1
}

lines() { # file, how many
	[ "$(wc -l < "$1")" -eq "$2" ]
}

# The command fails as the manual says: this status, nothing on stdout and one
# line on stderr that begins with the program's name and says this.
refuses() { # sentence, status, pattern, command...
	what=$1 wanted=$2 pattern=$3
	shift 3
	run "$@"
	holds "$what: exit status $wanted" test "$status" -eq "$wanted"
	holds "$what: nothing on stdout" test ! -s "$out"
	holds "$what: one line on stderr" lines "$err" 1
	holds "$what: says '$pattern'" grep -qiE "^swarmscope: .*($pattern)" "$err"
}

# The command works, and says so by a report on stdout alone.
works() { # sentence, command...
	what=$1
	shift
	run "$@"
	holds "$what: exit status 0" test "$status" -eq 0
	holds "$what: nothing on stderr" test ! -s "$err"
	holds "$what: something on stdout" test -s "$out"
}

# The command works and warns once.
warns() { # sentence, pattern, command...
	what=$1 pattern=$2
	shift 2
	run "$@"
	holds "$what: exit status 0" test "$status" -eq 0
	holds "$what: something on stdout" test -s "$out"
	holds "$what: one line on stderr" lines "$err" 1
	holds "$what: warns '$pattern'" grep -qiE "^swarmscope: .*($pattern)" "$err"
}

# Is this document, or each line of it for ndjson, as schemas/NAME.schema.json says?
fits() { # name, file
	$python - "$srcdir/schemas/$1.schema.json" "$2" << 'PYTHON'
import json, sys
import jsonschema
schema, text = (open(path).read() for path in sys.argv[1:])
check = jsonschema.Draft202012Validator(json.loads(schema))
check.check_schema(check.schema)
try:
    documents = [json.loads(text)]
except ValueError:
    documents = [json.loads(line) for line in text.splitlines()]
for document in documents:
    check.validate(document)
PYTHON
}

fits_schema() { # file
	fits report "$1"
}

done_testing() {
	echo "$held held, $broken broken"
	[ $broken -eq 0 ] && [ $held -gt 0 ]
	exit
}
