#!/bin/sh
# What report/ writes fits the schemas, and the schemas refuse what is wrong.
#
# SPDX-License-Identifier: Apache-2.0
: "${srcdir:=.}"
sample=$PWD/tests/unit/report_sample
python3 -c 'import jsonschema' 2> /dev/null || { echo 'skipped: no jsonschema for python3'; exit 77; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT

cat > "$tmp/truth.ndjson" << 'TRUTH'
{"t":1795469681.8,"event":"join","peer":"10.77.0.5","run":"a"}
{"t":1795469681.9,"event":"first_packet","peer":"10.77.0.5","run":"a"}
{"t":1795469686.0,"event":"play","peer":"10.77.0.5","run":"a"}
{"t":1795469721.5,"event":"stall","peer":"10.77.0.5","run":"a"}
{"t":1795469741.5,"event":"resume","peer":"10.77.0.5","run":"a"}
{"t":1795469777.9,"event":"leave","peer":"10.77.0.5","run":"a"}
{"t":1795469700.0,"event":"play","peer":"10.77.0.99"}
TRUTH
"$sample" document > "$tmp/document.json" &&
    "$sample" empty > "$tmp/empty.json" &&
    "$sample" events > "$tmp/events.ndjson" &&
    "$sample" score "$tmp/truth.ndjson" "$tmp/document.json" > "$tmp/score.json" &&
    "$sample" score "$tmp/truth.ndjson" "$tmp/events.ndjson" > "$tmp/score2.json" &&
    "$sample" score "$tmp/truth.ndjson" "$tmp/empty.json" > "$tmp/none.json" || exit 1
python3 "$srcdir/tests/unit/report_schemas.py" "$srcdir/schemas" "$tmp" \
    "$srcdir/tests/pcap/peerstreamer-engine-a.truth.ndjson"
