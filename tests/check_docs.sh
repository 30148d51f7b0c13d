#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check_docs.sh - what the documents say of the code must be so.
#
# The table of messages in ARCHITECTURE.md is what `make ipc` prints, and that
# holds every type; files that the documents name exist; every event that the
# code can log stands in a manual, and the other way round; every program,
# and every setting, has its manual.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
build=${BUILD:-build}
bad=0
fail() {
	echo "$*"
	bad=1
}

# The table of messages.
"$build/tests/ipc" >"$build/ipc.out"
sed -n '/^<!-- make ipc -->$/,/^<!-- end -->$/p' ARCHITECTURE.md |
    sed '1,2d;$d' | sed '$d' >"$build/ipc.doc"
diff -u "$build/ipc.doc" "$build/ipc.out" || {
	fail "ARCHITECTURE.md: put what \`make ipc\` prints between its marks"
}
for type in $(sed -n 's/^const struct ipc_type msg_\([a-z_]*\) = {$/\1/p' \
    common/ipc/msg_*.c); do
	grep -q "^[<>] *[0-9]* $type\( \|$\)" "$build/ipc.out" ||
	    fail "tests/lib/tool_ipc.c: lacks the message $type"
done

# Files that are named in backquotes.
for document in README.md ARCHITECTURE.md HACKING.md SECURITY.md; do
	lines=$(wc -l <"$document")
	[ "$document" != ARCHITECTURE.md ] || [ "$lines" -le 260 ] ||
	    fail "$document: $lines lines are more than four screens"
	grep -o '`[a-z_.]*/[A-Za-z0-9_./*-]*`' "$document" | tr -d '`' |
	    sort -u >"$build/named.out"
	while read -r name; do
		case $name in
		build/* | */NAME* | */X* | *_NAME* | *_X*) continue ;;
		esac
		# shellcheck disable=SC2086
		ls -d $name >/dev/null 2>&1 ||
		    fail "$document: there is no $name"
	done <"$build/named.out"
done

# Events: the code's and the manuals'.
sources=$(find common master smtpd queue deliver resolve -name '*.c')
# shellcheck disable=SC2086
cat $sources | tr '\n\t' '  ' >"$build/events.text"
{
	grep -o 'log_begin([^;]*;' "$build/events.text" | grep -o '"[a-z-]*"'
	grep -oE 'log_[a-z]+\( *"[a-z-]+"' "$build/events.text" |
	    grep -E '^log_(info|rcpt|child|resolver)' | grep -o '"[a-z-]*"'
} | tr -d '"' | sort -u >"$build/events.code"
cat man/*.[158] | awk '/^\.Sh / { on = /LOG EVENTS/ }
    on && /^\.It / { print $3 }' | sort -u >"$build/events.man"
for event in $(comm -23 "$build/events.code" "$build/events.man"); do
	fail "no manual tells of the log event $event"
done
# shellcheck disable=SC2013
for event in $(comm -13 "$build/events.code" "$build/events.man"); do
	grep -q "\"$event\"\|\"$event " "$build/events.text" ||
	    fail "a manual tells of $event, which nothing logs"
done

for program in $(sed -n 's/^PROGRAMS = //p' "$build/rules.mk"); do
	ls man/"${program##*/}".[158] >/dev/null 2>&1 ||
	    fail "no manual of ${program##*/}"
done
sed -n 's/^\t\t"\([a-z ]*\)", SETTING_.*/\1/p' common/conf/keys.c |
    while read -r words; do
	grep -q "$words" man/postern.conf.5 ||
	    echo "man/postern.conf.5: lacks $words"
done >"$build/settings.out"
if [ -s "$build/settings.out" ]; then
	cat "$build/settings.out"
	bad=1
fi
exit $bad
