# Migrations as C: the files of schemas/sqlite in the order of their numbers.
# SPDX-License-Identifier: Apache-2.0
FNR == 1 {
	if (open)
		print "\t},"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.sql$/, "", name)
	printf "\t{ %d, \"%s\",\n", substr(name, 1, 4) + 0, name
	open = 1
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	gsub(/\t/, "\\t")
	print "\t  \"" $0 "\\n\""
}
END { if (open) print "\t}," }
