#!/bin/sh
# Writes files as C: the bytes of each as they are and compressed, and the table of them.
#
#   embed.sh FOLDER ROOT FILE...   > assets.c
#
# FILE is read in FOLDER, or here if it was made; its path in the table is what follows
# ROOT, of another its name alone.
#
# SPDX-License-Identifier: Apache-2.0
set -eu
folder=$1 root=$2
shift 2

type_of() {
	case $1 in
	*.html) echo 'text/html; charset=utf-8' ;;
	*.css) echo 'text/css; charset=utf-8' ;;
	*.js) echo 'text/javascript; charset=utf-8' ;;
	*.svg) echo 'image/svg+xml' ;;
	*.json) echo 'application/json' ;;
	*) echo 'text/plain; charset=utf-8' ;;
	esac
}

bytes() {
	od -An -v -tu1 | sed 's/  */,/g; s/^,//; s/$/,/'
}

echo '#include "dashboard/asset.h"'
n=0
for file; do
	n=$((n + 1))
	echo "static const unsigned char file_$n[] = {"
	[ -f "$file" ] && from=$file || from=$folder/$file
	bytes < "$from"
	echo '};'
	echo "static const unsigned char gzip_$n[] = {"
	gzip -9nc "$from" | bytes
	echo '};'
done
echo 'const struct asset asset_table[] = {'
n=0
for file; do
	n=$((n + 1))
	case $file in
	"$root"/*) path=${file#"$root"} ;;
	*) path=${file##*/} ;;
	esac
	echo "	{ \"$path\", \"$(type_of "$file")\", file_$n, gzip_$n, sizeof file_$n, sizeof gzip_$n },"
done
echo '	{ NULL, NULL, NULL, NULL, 0, 0 },'
echo '};'
