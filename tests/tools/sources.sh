# Sourced by the checks: where the tree is, and which files belong to it.
#
# SPDX-License-Identifier: Apache-2.0

# The checks read the tree that holds LAYERS; automake sets srcdir.
cd "${srcdir:-.}" || exit 99
[ -r LAYERS ] || { echo "no LAYERS in $PWD" >&2; exit 99; }

# Files of the tree whose name matches one of the patterns, one a line; build
# folders, unpacked releases and captured bytes are not part of it.
tree_files() {
	names=
	for name; do names="$names -o -name $name"; done
	set -f
	# shellcheck disable=SC2086 # one word a pattern
	find . -type d ! -path . \( -name .git -o -path ./build-fresh -o -name _build -o -name _inst \
	    -o -name autom4te.cache -o -name build-aux -o -name corpus -o -name m4 \
	    -o -name __pycache__ -o -name node_modules \
	    -o -path ./dashboard/web/vendor -o -exec test -e '{}/config.status' \; \
	    -o -exec test -e '{}/LAYERS' \; -o -exec test -e '{}/config.log' \; \) -prune \
	    -o -type f \( ${names# -o} \) -print | sed 's,^\./,,' | LC_ALL=C sort
	set +f
}
