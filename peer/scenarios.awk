# Turns scenario files into a C table of their names and texts.
#
# SPDX-License-Identifier: Apache-2.0
BEGIN {
	print "/* Made by scenarios.awk from the scenarios' files. SPDX-License-Identifier: Apache-2.0 */"
	print "#include \"peer/scenarios.h\"\n"
	print "const struct scenario_text scenarios_builtin[] = {"
}
FNR == 1 {
	if (NR > 1)
		print "\t},"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.yaml$/, "", name)
	print "\t{ \"" name "\","
}
{
	gsub(/\\/, "\\\\")
	gsub(/"/, "\\\"")
	print "\t  \"" $0 "\\n\""
}
END {
	print "\t},\n\t{ 0, 0 },\n};"
}
