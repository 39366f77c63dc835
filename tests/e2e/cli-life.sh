#!/bin/sh
# Pipes, terminals and signals: a capture from a pipe, progress where somebody
# looks, an end when asked.
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # functions are called by holds and run
. "${srcdir:-.}/tests/e2e/lib.sh"
capture=$tmp/swarm.pcap
mkcap swarm "$capture"

# From a pipe.
"$SWARMSCOPE" analyze --format json "$capture" 2> "$err" | jq -S 'del(.input.files)' > "$tmp/one"
# shellcheck disable=SC2002 # a pipe is what is tested
cat "$capture" | "$SWARMSCOPE" analyze --format json - 2> "$err" |
    jq -S 'del(.input.files)' > "$tmp/two"
holds 'a capture from a pipe' cmp "$tmp/one" "$tmp/two"
holds 'a pipe: nothing on stderr' test ! -s "$err"

mkfifo "$tmp/named"
cat "$capture" > "$tmp/named" &
"$SWARMSCOPE" analyze --format json "$tmp/named" 2> "$err" |
    jq -S 'del(.input.files)' > "$tmp/two"
holds 'a capture from a named pipe' cmp "$tmp/one" "$tmp/two"

# On a terminal: progress on stderr, wiped at the end, unless it is not wanted.
on_terminal() { # command...
	$python - "$@" << 'PYTHON'
import os, pty, subprocess, sys
ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=theirs)
os.close(theirs)
seen = b""
while True:
    try:
        part = os.read(ours, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part
sys.stdout.buffer.write(seen)
sys.exit(child.wait())
PYTHON
}
run on_terminal "$SWARMSCOPE" analyze "$srcdir/tests/pcap/peerstreamer-engine-a.pcap.zst"
holds 'a terminal: exit status 0' test "$status" -eq 0
holds 'a terminal sees progress' grep -q '%' "$out"
holds 'progress is one line, drawn over' test "$(tr -dc '\n' < "$out" | wc -c)" -eq 0
for option in --no-progress --quiet; do
	run on_terminal "$SWARMSCOPE" analyze $option "$capture"
	holds "no progress with $option" test ! -s "$out"
done
NO_COLOR=1 run on_terminal "$SWARMSCOPE" analyze "$tmp/missing"
holds 'NO_COLOR: no colour on a terminal' test "$(tr -dc '\033' < "$out" | wc -c)" -eq 0

# An end when asked: the status that shells expect, earlier results as they were.
echo 'an earlier report' > "$tmp/report"
mkfifo "$tmp/pipe"
for signal in INT:130 TERM:143; do
	$python - "${signal%:*}" "$tmp/pipe" "$capture" "$SWARMSCOPE" analyze --output \
	    "$tmp/report" "$tmp/pipe" > "$out" 2> "$err" << 'PYTHON'
import signal, subprocess, sys
name, pipe, capture, *command = sys.argv[1:]
child = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT,
                                                                   signal.SIG_DFL))
with open(pipe, "wb") as end:
    end.write(open(capture, "rb").read(300000))
    end.flush()
    child.send_signal(getattr(signal, "SIG" + name))
    status = child.wait(timeout=20)
sys.exit(128 - status if status < 0 else status)
PYTHON
	status=$?
	holds "SIG${signal%:*}: exit status ${signal#*:}" test "$status" -eq "${signal#*:}"
	holds "SIG${signal%:*}: the earlier report" grep -qx 'an earlier report' "$tmp/report"
done
holds 'no litter' test "$(find "$tmp" -name '*report*' | wc -l)" -eq 1
done_testing
