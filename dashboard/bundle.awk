# ES modules, leaf first, as one script: imports and exports go, since all names are in one
# scope then; the vendored module's list of exports becomes constants.
# SPDX-License-Identifier: Apache-2.0
FILENAME ~ /vendor\// {
	at = match($0, /export\{[^}]*\};?[ \t]*$/)
	if (at == 0) {
		print
		next
	}
	names = substr($0, at + 7)
	sub(/\};?[ \t]*$/, "", names)
	n = split(names, pair, ",")
	out = ""
	for (i = 1; i <= n; i++) {
		split(pair[i], word, " as ")
		out = out (i > 1 ? "," : "") word[2] ":" word[1]
	}
	print "const vendored=(()=>{" substr($0, 1, at - 1) ";return{" out "}})();"
	print "const {h,html,render,useState,useEffect,useMemo,useRef}=vendored;"
	next
}
/^import / { next }
{
	sub(/^export /, "")
	print
}
