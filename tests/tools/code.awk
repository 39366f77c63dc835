# Prints "file<TAB>line<TAB>code" for C sources: comments become one blank and
# continued lines one line, so that no spelling hides a directive.
#
# SPDX-License-Identifier: Apache-2.0
function code(s,    out, i) {
	out = ""
	while (s != "") {
		if (comment) {
			i = index(s, "*/")
			if (!i)
				return out
			s = substr(s, i + 2)
			out = out " "
			comment = 0
		} else if (!match(s, /["'\/]/)) {
			return out s
		} else {
			out = out substr(s, 1, RSTART - 1)
			s = substr(s, RSTART)
			if (substr(s, 1, 2) == "/*") {
				comment = 1
				s = substr(s, 3)
			} else if (substr(s, 1, 2) == "//") {
				return out
			} else if (match(s, /^"([^"\\]|\\.)*"/) || match(s, /^'([^'\\]|\\.)*'/)) {
				out = out substr(s, 1, RLENGTH)
				s = substr(s, RLENGTH + 1)
			} else {
				out = out substr(s, 1, 1)
				s = substr(s, 2)
			}
		}
	}
	return out
}

FNR == 1 { comment = 0; held = "" }
{
	if (held == "")
		first = FNR
	line = held $0
	if (line ~ /\\$/) {
		held = substr(line, 1, length(line) - 1)
		next
	}
	held = ""
	printf "%s\t%d\t%s\n", FILENAME, first, code(line)
}
