#!/bin/sh
# Does a stranger's machine get along with this? Puts the commit that is checked
# out into a minimal Debian 12 and runs script/demo and script/test there. Needs
# root and debootstrap; takes the machine's own apt configuration, so mirrors and
# proxies apply. Logs stay in $FRESH_DIR (build-fresh in the checkout), where
# the bare system is kept for the next run.
#
#   tests/e2e/fresh.sh [demo|test]...
#
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # finish is called by the trap
set -eu
export LC_ALL=C
source=$(cd "$(dirname "$0")/../.." && pwd)
suite=bookworm
steps=${*:-demo test}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

[ "$(id -u)" -eq 0 ] || fail 'needs root, to make and enter another system'
command -v debootstrap > /dev/null || fail 'needs debootstrap (script/bootstrap dev)'

# In a mount and process namespace of its own: all of it goes when this ends.
if [ -z "${FRESH_INSIDE-}" ]; then
	FRESH_INSIDE=yes exec unshare --mount --pid --fork --kill-child \
	    "$source/tests/e2e/fresh.sh" "$@"
fi

dir=${FRESH_DIR:-$source/build-fresh}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
root=$dir/root
mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2> /dev/null | head -n 1)
[ -n "$mirror" ] ||
    mirror=$(sed -n 's/^deb  *\(\[[^]]*\] *\)*\([^ ]*\) .*/\2/p' /etc/apt/sources.list \
	/etc/apt/sources.list.d/*.list 2> /dev/null | head -n 1)
[ -n "$mirror" ] || fail "no mirror in /etc/apt"

finish() {
	status=$?
	umount -R -l "$root" 2> /dev/null || :
	rm -rf --one-file-system "$root"
	exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP INT TERM

# What this machine needs to reach its packages: sources, keys, proxies, names,
# certificates. Preferences are for other releases' packages: left out.
take_settings() { # root
	for path in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf \
	    /etc/apt/apt.conf.d /etc/apt/keyrings /etc/apt/trusted.gpg /etc/apt/trusted.gpg.d \
	    /etc/apt/auth.conf.d /usr/share/keyrings /etc/resolv.conf /etc/hosts \
	    /etc/ssl/certs /usr/local/share/ca-certificates; do
		[ -e "$path" ] || continue
		mkdir -p "$1${path%/*}"
		rm -rf "${1:?}$path"
		cp -RL "$path" "$1$path" 2> /dev/null || :
	done
}

if [ ! -f "$dir/$suite.tar" ]; then
	echo "fresh: making a minimal Debian ($suite)"
	rm -rf "$root"
	debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$dir/debootstrap.log" 2>&1 ||
	    fail "debootstrap: see $dir/debootstrap.log"
	tar -C "$root" -cf "$dir/$suite.tar.part" .
	mv "$dir/$suite.tar.part" "$dir/$suite.tar"
else
	rm -rf "$root"
	mkdir -p "$root"
	tar -C "$root" -xf "$dir/$suite.tar"
fi
take_settings "$root"
mount --bind "$root" "$root" # so that its root is a mount, as on a machine
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"

commit=$(git -C "$source" rev-parse --short HEAD)
[ -z "$(git -C "$source" status --porcelain)" ] ||
    echo "fresh: changes that are not committed are left out"
git clone -q --no-hardlinks "$source" "$root/root/swarmscope"
git -C "$root/root/swarmscope" checkout -q --detach "$(git -C "$source" rev-parse HEAD)"

rc=0
for step in $steps; do
	echo "fresh: script/$step of $commit in a minimal Debian"
	started=$(date +%s) status=0
	chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
	    sh -c "cd && cd swarmscope && exec script/$step" > "$dir/$step.log" 2>&1 \
	    < /dev/null || status=$?
	tail -n 1 "$dir/$step.log"
	if [ $status -eq 0 ]; then
		echo "PASS: script/$step ($(($(date +%s) - started)) s)"
	else
		echo "FAIL: script/$step, exit status $status: see $dir/$step.log"
		rc=1
	fi
done
exit $rc
