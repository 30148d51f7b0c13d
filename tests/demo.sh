#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/demo.sh - `make demo`: one message through every program of postern.
#
# Everything runs unprivileged on loopback, from a folder that is removed
# afterwards: a DNS answerer of the tests, postern with the configuration
# shown below, and a sink as the next server.  As root it runs as another
# account, from a copy.  STAY=1 keeps postern running in the foreground.
set -eu
cd "$(dirname "$0")/.."

if [ "${POSTERN_DEMO-}" != inside ]; then
	sh mk/built.sh build demo-built
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	trap 'exit 130' INT TERM
	mkdir "$dir/build" "$dir/build/tests"
	cp build/posternd build/postern build/postern-* build/sendmail "$dir/build/"
	cp build/tests/dns build/tests/sink "$dir/build/tests/"
	cp tests/demo.sh "$dir/"
	chmod 755 "$dir"
	if [ "$(id -u)" = 0 ]; then
		chown -R nobody "$dir"
		setpriv --reuid=nobody --regid="$(id -g nobody)" \
		    --clear-groups --no-new-privs \
		    env POSTERN_DEMO=inside STAY="${STAY-}" HOME="$dir" \
		    sh "$dir/demo.sh" "$dir"
	else
		POSTERN_DEMO=inside sh "$dir/demo.sh" "$dir"
	fi
	exit
fi

dir=$1
cd "$dir"
pids=
finish() {
	code=$?
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

waits=0
await() { # what, command...
	what=$1
	shift
	waits=0
	until "$@" 2>/dev/null; do
		waits=$((waits + 1))
		if [ $waits -gt 300 ]; then
			echo "demo: $what did not happen" >&2
			cat log >&2 || true
			exit 1
		fi
		sleep 0.05
	done
}

started_port() { # file
	sed -n 's/^port \([0-9]*\).*/\1/p' "$1" | grep . | head -n 1
}

start() { # name, command...
	out=$1.out
	shift
	"$@" >"$out" 2>&1 &
	pids="$! $pids"
	await "the start of $1" started_port "$out" >/dev/null
}

mkdir kept
start sink build/tests/sink -h 127.0.0.1 -p 0 -o arrived -S kept
sink=$(started_port sink.out)
start dns build/tests/dns -h 127.0.0.1 -p 0 \
    -r "example.org MX 10 mx.example.org" \
    -r "mx.example.org A 127.0.0.1"
dns=$(started_port dns.out)
smtp=$(((sink + dns) % 20000 + 20000))

cat >postern.conf <<EOF
hostname "relay.example"
spool "$dir/spool"
runtime "$dir/run"
listen on 127.0.0.1 port $smtp
accept from local
resolver 127.0.0.1 port $dns
mx addresses allow 127.0.0.0/8
route any to mx port $sink
EOF

echo
echo "configuration:"
sed 's/^/    /' postern.conf
: >log
build/posternd -d -d -f postern.conf -x build >>log 2>&1 &
postern=$!
pids="$postern $pids"
await "the start of postern" grep -q 'posternd\[[0-9]*\]: ready' log

printf 'Subject: a demonstration\n\nHello, next server.\n' |
    POSTERN_SUBMIT="$dir/run/submit" build/sendmail -f alice@relay.example \
        bob@example.org
await "the delivery" grep -q ': delivered ' log
await "an empty queue" sh -c \
    'build/postern -s run/control queue | grep -q "queue is empty"'

echo
echo "the way of the message:"
sort -s -k 1,1 log | awk '
function clock() { t = $1; sub(/.*T/, "", t); return t }
function who() { w = $2; sub(/\[.*/, "", w); return w }
function line(what) { printf "    %s  %-16s %s\n", clock(), who(), what }
function value(key,   v) {
	if (!match($0, key "=(\"[^\"]*\"|[^ ]*)")) return ""
	v = substr($0, RSTART + length(key) + 1, RLENGTH - length(key) - 1)
	gsub(/"/, "", v)
	return v
}
$3 == "connect" { line("a local program connects, uid " value("uid")) }
$3 == "queued" {
	line("durable on disk, then acknowledged: id " value("id") ", " \
	    value("size") " bytes, from " value("from"))
}
$3 == "question" { line("asked: " value("kind") " of " value("name")) }
$3 == "dial" {
	line("routed: connects to " value("addr") " port " value("port"))
}
$3 == "delivered" {
	line("delivered to " value("rcpt") " by " value("host") ": " \
	    value("smtp") " " value("text") ", " value("delay") \
	    " ms after its arrival")
}'
echo
echo "what the next server has:"
for f in kept/*.eml; do
	tr -d '\r' <"$f" | sed 's/^/    /'
done
echo
echo "the programs, each with its own rights:"
for status in /proc/[0-9]*/status; do
	[ -r "$status" ] || continue
	awk -v me="$postern" '
	/^Name:/ { n = $2 } /^Pid:/ { p = $2 } /^PPid:/ { pp = $2 }
	/^NoNewPrivs:/ { nnp = $2 } /^Seccomp:/ { s = $2 }
	END { if (pp == me || p == me)
		printf "    %-16s pid %-7d no_new_privs %d  seccomp %d\n",
		    n, p, nnp, s }' "$status" 2>/dev/null || true
done
echo
echo "it works: accepted, made durable, routed by MX, delivered."

if [ -n "${STAY-}" ]; then
	cat <<EOF

postern stays in the foreground; ^C ends it.  In another terminal, try:
    swaks -s 127.0.0.1:$smtp -f you@example.com -t bob@example.org
    $dir/build/postern -s $dir/run/control queue
    tail -f $dir/log
EOF
	wait "$postern"
else
	echo
	echo "next: STAY=1 make demo    to try it yourself"
	echo "      make check          to see every test pass"
	echo "      man ./man/postern.conf.5"
fi
