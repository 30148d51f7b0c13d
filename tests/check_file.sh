#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check_file.sh FILE - one file of system tests, for check.sh.
#
# Prints its tail if it fails and a line of counts, and leaves the counts in
# BUILD/check.NAME.count: "passed failed skipped".  As root it runs in a
# namespace of its own (tests/lib/ns.py).
set -u
file=$1
name=$(basename "$file" .py)
log=$BUILD/check.$name.log
t=$(date +%s)

set -- /usr/bin/python3 -m pytest -q -x -rs -p no:cacheprovider "$file"
# the peers make namespaces of their own
if [ "$(id -u)" = 0 ] && [ "${file#tests/peers/}" = "$file" ]; then
	set -- tests/lib/in-namespace -n "$@"
fi
# A folder of its own: pytest closes that of all sessions to others whenever
# one begins, and what runs beside it as another user is shut out.
PYTEST_DEBUG_TEMPROOT=$(mktemp -d /tmp/pytest.XXXXXX) || exit 1
export PYTEST_DEBUG_TEMPROOT
chmod 755 "$PYTEST_DEBUG_TEMPROOT"
"$@" >"$log" 2>&1
code=$?
[ $code != 0 ] || rm -rf "$PYTEST_DEBUG_TEMPROOT"

sum=$(tail -n 1 "$log")
counted() { # word
	n=$(expr " $sum" : ".*[^0-9]\([0-9][0-9]*\) $1" || true)
	echo "${n:-0}"
}
wrong=$(($(counted failed) + $(counted error)))
if [ $code != 0 ] && [ $code != 5 ] && [ "$wrong" = 0 ]; then
	wrong=1
fi
if [ "$wrong" != 0 ]; then
	text=$(tail -n 80 "$log")
	printf '%s\n' "$text"
fi
echo "$(counted passed) $wrong $(counted skipped)" >"$BUILD/check.$name.count"
printf '%-28s %d passed, %d failed, %d skipped %4d s\n' "$name" \
    "$(counted passed)" "$wrong" "$(counted skipped)" $(($(date +%s) - t))
[ "$wrong" = 0 ]
