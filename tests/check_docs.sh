#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check_docs.sh - what the documents say of the code must be so.
#
# The table of messages in ARCHITECTURE.md is what `make ipc` prints, and that
# holds every type; files that the documents name exist; every event that the
# code can log stands in a manual, and the other way round; every program and
# every setting has its manual, with a default; a refusal has codes and words.
set -eu
cd "$(dirname "$0")/.."
export LC_ALL=C
build=${BUILD:-build}
wrong=$build/docs.out

messages() {
	"$build/tests/ipc" >"$build/ipc.out"
	sed -n '/^<!-- make ipc -->$/,/^<!-- end -->$/p' ARCHITECTURE.md |
	    sed '1,2d;$d' | sed '$d' >"$build/ipc.doc"
	diff -u "$build/ipc.doc" "$build/ipc.out" ||
	    echo "ARCHITECTURE.md: the messages are not what make ipc prints"
	sed -n 's/^const struct ipc_type msg_\([a-z_]*\) = {$/\1/p' \
	    common/ipc/msg_*.c | while read -r type; do
		grep -q "^[<>] *[0-9]* $type\( \|$\)" "$build/ipc.out" ||
		    echo "tests/lib/tool_ipc.c: lacks the message $type"
	done
	[ "$(sed '/^<!-- make ipc -->$/,/^<!-- end -->$/d' ARCHITECTURE.md |
	    wc -l)" -le 220 ] ||
	    echo "ARCHITECTURE.md: longer than 220 lines, messages aside"
}

# Files in backquotes; NAME and x stand for others.
files() {
	folders='common|master|smtpd|tls|queue|deliver|resolve|tools|tests|man|mk|\.ci'
	for document in README.md ARCHITECTURE.md HACKING.md SECURITY.md; do
		tr -c 'A-Za-z0-9_./*-' '\n' <"$document" |
		    grep -E "^($folders)/[^ ]*[a-z0-9]\$" | grep -v 'NAME\|_x\.c' |
		    sort -u | while read -r name; do
			# shellcheck disable=SC2086
			ls -d $name >/dev/null 2>&1 ||
			    echo "$document: there is no $name"
		done
	done
}

# Log events: those of the code, and those of the manuals.
events() {
	find common master smtpd tls queue deliver resolve -name '*.c' -exec cat {} + |
	    tr '\n\t' '  ' >"$build/events.text"
	{
		grep -o 'log_begin([^;]*;' "$build/events.text" | grep -o '"[a-z-]*"'
		grep -oE 'log_[a-z]+\( *"[a-z-]+"' "$build/events.text" |
		    grep -E '^log_(info|rcpt|child|resolver)' | grep -o '"[a-z-]*"'
	} | tr -d '"' | sort -u >"$build/events.code"
	cat man/*.[158] | awk '
/^\.Sh / { on = /LOG EVENTS/ }
on && /^\.It / { for (i = 2; i < NF; i++) if ($i == "Cm") print $(i + 1) }
' | sort -u >"$build/events.man"
	comm -23 "$build/events.code" "$build/events.man" |
	    sed 's/^/no manual tells of the log event /'
	comm -13 "$build/events.code" "$build/events.man" |
	    while read -r event; do
		grep -q "\"${event}[\" ]" "$build/events.text" ||
		    echo "nothing logs the event $event of a manual"
	done
}

manuals() {
	sed -n 's/^PROGRAMS = //p' "$build/rules.mk" | tr ' ' '\n' | grep . |
	    while read -r program; do
		ls man/"${program##*/}".[158] >/dev/null 2>&1 ||
		    echo "no manual of ${program##*/}"
	done
	sed -n 's/^[[:space:]]*"\([a-z ]*\)", SETTING_.*/\1/p' common/conf/keys.c |
	    while read -r words; do
		grep -qsw "$words" man/postern.conf.5 ||
		    echo "man/postern.conf.5: lacks $words"
	done
}

# Each setting has a paragraph that says what it does, and its default.
defaults() {
	sed -n 's/^[[:space:]]*"\([a-z ]*\)", SETTING_.*/\1/p' common/conf/keys.c |
	    while read -r words; do
		awk -v words="$words" '
/^\.(It|Sh|El)/ { on = index($0, ".It Ic " words " ") == 1 ||
    $0 == ".It Ic " words }
on && /^\.It/ { lines = 0; found = 1 }
on { lines++ }
on && /^Default:/ { good = lines > 2 }
END { exit !(found && good) }' man/postern.conf.5 ||
		    echo "man/postern.conf.5: no words or no default of $words"
	done
}

# A refusal has a code, an enhanced code of its class, and words to go by.
replies() {
	tr '\n\t' '  ' <smtpd/replies.c | grep -o '{ [0-9]*, "[^}]*}' |
	    sed 's/" *"//g' | awk -F '"' '
{ code = substr($1, 3, 1); words = split($4, word, " ")
  if ($1 !~ /^{ [2-5][0-9][0-9], $/ || substr($2, 1, 2) != code "." ||
      (code >= 4 && words < 5))
	print "smtpd/replies.c: says too little: " $0
  n++ }
END { if (n < 60) print "tests/check_docs.sh: sees " n " replies only" }'
}

{
	messages
	files
	events
	manuals
	defaults
	replies
} >"$wrong"
cat "$wrong"
[ ! -s "$wrong" ]
