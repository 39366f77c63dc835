#!/bin/sh
# What analyze and decode do with inputs that are not what they should be.
#
# SPDX-License-Identifier: Apache-2.0
. "${srcdir:-.}/tests/e2e/lib.sh"
cd "$tmp" || exit 99
case $srcdir in /*) ;; *) srcdir=$OLDPWD/$srcdir ;; esac

mkcap swarm swarm.pcap
size=$(wc -c < swarm.pcap)

# No captures at all.
echo 'Dear diary, today I captured nothing.' > text
: > empty
head -c 10 swarm.pcap > stub.pcap
mkdir folder
head -c 100000 /dev/zero > zeroes
gzip -c text > text.gz
printf '\n\r\r\n\034\0\0\0' > stub.pcapng
for command in analyze decode; do
	refuses "$command of a missing file" 1 'missing\.pcap.*no such file' \
	    "$SWARMSCOPE" $command missing.pcap
	refuses "$command of a folder" 1 'folder.*(is a directory|not a capture)' \
	    "$SWARMSCOPE" $command folder
	for file in text empty stub.pcap zeroes text.gz stub.pcapng; do
		refuses "$command of $file" 1 "$file.*(not a capture|empty|ends in|truncated)" \
		    "$SWARMSCOPE" $command $file
	done
	mkcap swarm wifi.pcap --linktype 105
	refuses "$command of an unsupported link type" 1 'wifi\.pcap.*link type.*(105|802.11)' \
	    "$SWARMSCOPE" $command wifi.pcap
	mkcap mixed mixed.pcapng
	refuses "$command of mixed link types" 1 'mixed\.pcapng.*(link|interface).*type' \
	    "$SWARMSCOPE" $command mixed.pcapng
	echo earlier > kept
	run "$SWARMSCOPE" $command -o kept mixed.pcapng
	holds "$command of what fails half-way leaves the earlier file" grep -qx earlier kept
done
refuses 'a bad file among good ones' 1 'text.*not a capture' \
    "$SWARMSCOPE" analyze swarm.pcap text

# Captures that end early are read as far as they go.
head -c $((size - 100)) swarm.pcap > cut.pcap
mkcap swarm whole.pcapng --format pcapng
head -c $((size / 2)) whole.pcapng > cut.pcapng
gzip -c swarm.pcap > whole.gz
zstd -qc swarm.pcap > whole.zst
for kind in gz zst; do
	head -c $(($(wc -c < whole.$kind) / 2)) whole.$kind > cut.pcap.$kind
done
for file in cut.pcap cut.pcapng cut.pcap.gz cut.pcap.zst; do
	warns "decode of $file" "$file.*(cut|end|truncated|short)" "$SWARMSCOPE" decode $file
	warns "analyze of $file" "$file.*(cut|end|truncated|short)" \
	    "$SWARMSCOPE" analyze --format json $file
	holds "$file: a report of what it holds" \
	    jq -e '.sessions | length > 0' "$out"
	holds "$file: the report has its form" fits report "$out"
done

# Sound captures without a swarm.
mkcap none none.pcap
mkcap strangers strangers.pcap
for file in none.pcap strangers.pcap; do
	run "$SWARMSCOPE" analyze --format json $file
	holds "$file: exit status 5" test "$status" -eq 5
	holds "$file: one line on stderr" lines "$err" 1
	holds "$file: says so" grep -qE "^swarmscope: .*no swarm" "$err"
	holds "$file: an empty report" jq -e '.channels == [] and .sessions == []' "$out"
	holds "$file: the report has its form" fits report "$out"
done
run "$SWARMSCOPE" decode strangers.pcap
holds 'decode finds nothing in strangers.pcap' test ! -s "$out"

# Times that jump by years, forward and back; links that are not what the file says.
mkcap later swarm.pcap years-later.pcap 157680000
{ cat swarm.pcap; tail -c +25 years-later.pcap; } > forward.pcap
{ cat years-later.pcap; tail -c +25 swarm.pcap; } > back.pcap
for file in forward.pcap back.pcap; do
	run "$SWARMSCOPE" analyze --format json $file
	holds "$file: exit status 0" test "$status" -eq 0
	holds "$file: says that times jump, once" \
	    jq -e '[.warnings[] | select(test("times jump .* 1 places"))] | length == 1' "$out"
	holds "$file: the report has its form" fits report "$out"
	holds "$file: no session lasts for years" \
	    jq -e '(.sessions | length > 0) and ([.sessions[] | .left.best - .joined.best] | max < 1000)' \
	    "$out"
done
for link in 0 9 101 104 113; do
	mkcap swarm mislabelled.pcap --linktype $link
	run "$SWARMSCOPE" analyze --format json mislabelled.pcap
	holds "link type $link is wrong: no swarm" test "$status" -eq 5
	holds "link type $link is wrong: a hint" \
	    jq -e '.warnings | length == 1 and (.[0] | test("wrong link type"))' "$out"
done

mkcap swarm mislabelled.pcap --linktype 228
run "$SWARMSCOPE" analyze mislabelled.pcap
holds 'bytes that cannot be read are in the text' grep -qx \
    'not looked into: 731740 bytes undecodable' "$out"

# Files that may not be read. Root may, so root asks as somebody else.
cp swarm.pcap secret.pcap
chmod 000 secret.pcap
chmod 755 "$tmp"
if [ "$(id -u)" -ne 0 ]; then
	refuses 'a file without permission' 4 'secret.*permission' \
	    "$SWARMSCOPE" analyze secret.pcap
elif setpriv --reuid 65534 --clear-groups "$SWARMSCOPE" version > "$tmp/who" 2>&1; then
	refuses 'a file without permission' 4 'secret.*permission' \
	    setpriv --reuid 65534 --clear-groups "$SWARMSCOPE" analyze secret.pcap
else
	echo 'left out: permissions (nobody cannot reach the program)'
fi
done_testing
