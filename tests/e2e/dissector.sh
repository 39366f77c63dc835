#!/bin/sh
# The Wireshark dissector of the mesh protocol reads every frame of a swarm, finds nothing
# wrong with any, and as many of each type as our own decoder; and says what is wrong with one
# that is broken.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
. "$srcdir/tests/e2e/lib.sh"
command -v tshark > /dev/null || skip 'no tshark'
lua=$srcdir/packaging/wireshark/swarmscope-mesh.lua

dissect() { # capture, filter, fields...
	capture=$1 filter=$2
	shift 2
	tshark -X "lua_script:$lua" -r "$capture" -Y "$filter" -T fields "$@" 2> "$tmp/tshark"
}

"$SWARMSCOPE" simulate zapping --seed 4 -o "$tmp/z.sso" --pcap "$tmp/all.pcap" \
    --truth "$tmp/z.truth" > /dev/null 2>&1 || exit 99
$python "$srcdir/tests/lib/mkcap.py" slice "$tmp/all.pcap" "$tmp/z.pcap" 0 12000 || exit 99
dissect "$tmp/z.pcap" swmesh -e swmesh.type > "$tmp/types"
holds 'every frame is read' lines "$tmp/types" 12000
holds 'none is found wrong' \
    [ -z "$(dissect "$tmp/z.pcap" 'swmesh.bad or _ws.malformed or _ws.lua.error' -e frame.number)" ]
holds 'the script says nothing' sh -c "! grep -qi lua '$tmp/tshark'"
"$SWARMSCOPE" decode --json "$tmp/z.pcap" > "$tmp/seen"
same_count() { # type, kind
	[ "$(grep -cx "$1" "$tmp/types")" -eq "$(grep -c "\"kind\":\"$2\"" "$tmp/seen")" ]
}
holds 'as many maps as we see' same_count 2 buffer_map
holds 'as many chunks' same_count 6 transfer

# A length that is not the body's.
$python - "$tmp/z.pcap" "$tmp/bad.pcap" << 'PYTHON'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
at = data.index(b'\xe7SWM')
data[at + 7] ^= 1
open(sys.argv[2], 'wb').write(data)
PYTHON
holds 'a broken one is' [ "$(dissect "$tmp/bad.pcap" swmesh.bad -e frame.number | wc -l)" -eq 1 ]
done_testing
