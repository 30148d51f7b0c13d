#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check.sh WHAT [PART] - runs the tests and counts them.
#
#   quick   unit tests, style, layers (everything is built already)
#   unit    unit tests
#   corpus  every fuzz target over the files of its corpus
#   check   packages, build, every test with counts that fit ten minutes
#   proof   the same with the full counts of the issues; parts that passed
#           are not run again until the sources change (build/proof.done)
#   asan    unit tests, corpora and system tests of BUILD, a sanitizer build
#
# PART: unit, corpus, style, or a word of a system test's name (test_crash, ...).
# As root the system tests run in a namespace of their own, with the accounts
# that postern needs; a test that lacks root says "skipped: root".
set -u
cd "$(dirname "$0")/.." || exit

what=${1:-check}
part=${2-}
BUILD=${BUILD:-build}
export BUILD
# Without root the tests share the machine's ports: one file at a time.  Files
# wait more than they work, but not so much with sanitizers.
jobs=1
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
if [ "$(id -u)" = 0 ]; then
	jobs=$((2 * cores))
	[ "$what" != check ] || jobs=$((2 * cores + cores / 2))
fi
passed=0
failed=0
skipped=0
started=$(date +%s)

say() { printf '%s\n' "$*"; }

count() { # name, passed, failed
	passed=$((passed + $2))
	failed=$((failed + $3))
}

step() { # name, command...
	name=$1
	shift
	t=$(date +%s)
	log=$BUILD/check.$name.log
	if "$@" >"$log" 2>&1; then
		count "$name" 1 0
		verdict=ok
	else
		count "$name" 0 1
		verdict=FAILED
		tail -n 60 "$log"
	fi
	printf '%-28s %-8s %4d s\n' "$name" "$verdict" $(($(date +%s) - t))
}

unit() {
	t=$(date +%s)
	good=0
	wrong=0
	for test in "$BUILD"/tests/unit/test_*; do
		case $test in *.o | *.d) continue ;; esac
		log=$BUILD/check.${test##*/}.log
		if "$test" >"$log" 2>&1; then
			n=$(grep -c '^\[       OK' "$log")
			good=$((good + n))
		else
			grep -E 'FAILED|ERROR|error|runtime' "$log" | head -n 40
			say "FAILED: $test"
			wrong=$((wrong + 1))
			good=$((good + $(grep -c '^\[       OK' "$log")))
		fi
	done
	count unit "$good" "$wrong"
	printf '%-28s %d passed, %d failed %4d s\n' "unit tests" "$good" \
	    "$wrong" $(($(date +%s) - t))
}

# Each fuzz target over its corpus: one test a target.
corpus() {
	t=$(date +%s)
	good=0
	wrong=0
	for source in tests/fuzz/fuzz_*.c; do
		name=${source#tests/fuzz/fuzz_}
		name=${name%.c}
		log=$BUILD/check.corpus.$name.log
		if "$BUILD/tests/fuzz/$name" tests/corpus/"$name"/* \
		    >"$log" 2>&1; then
			good=$((good + 1))
		else
			say "FAILED: corpus of $name"
			tail -n 40 "$log"
			wrong=$((wrong + 1))
		fi
	done
	count corpus "$good" "$wrong"
	printf '%-28s %d passed, %d failed %4d s\n' "corpora" "$good" \
	    "$wrong" $(($(date +%s) - t))
}

style() {
	step layers sh tests/check_layers.sh
	step style sh tests/check_style.sh
	step documents sh tests/check_docs.sh
	if command -v clang-format >/dev/null 2>&1; then
		step format "${MAKE:-make}" format-check
	fi
}

# What identifies the tree that a part of the proof passed on.
tree_name() {
	git ls-files -s 2>/dev/null | git hash-object --stdin 2>/dev/null ||
	    echo unknown
}

# The files of system tests that match: those that run alone, for they measure
# (and so does every proof); those that start early, for they take long and
# the last to end should have company; and the others.
files() { # pattern, alone, early or others
	for file in tests/unit/test_*.py tests/system/test_*.py \
	    tests/peers/test_*.py; do
		case $file in *"$1"*) ;; *) continue ;; esac
		kind=others
		grep -q '^# Starts early' "$file" && kind=early
		grep -q '^# Runs alone' "$file" && kind=alone
		[ "$kind" != "$2" ] || printf '%s\n' "$file"
	done
}

add_counts() { # files
	for file; do
		name=$(basename "$file" .py)
		# shellcheck disable=SC2046
		set -- $(cat "$BUILD/check.$name.count" 2>/dev/null || echo 0 1 0)
		count "$name" "$1" "$2"
		skipped=$((skipped + $3))
	done
}

proofs() { # files
	tree=$(tree_name)
	for file; do
		if [ -z "$part" ] &&
		    grep -qs "^$tree $file\$" "$BUILD/proof.done"; then
			printf '%-28s passed before\n' "$(basename "$file" .py)"
			continue
		fi
		if sh tests/check_file.sh "$file"; then
			echo "$tree $file" >>"$BUILD/proof.done"
		fi
		add_counts "$file"
	done
}

# The peers' packages are on their way while others work.
fetcher=
fetch() {
	[ "$(id -u)" = 0 ] || return
	sh tests/peers/fetch.sh all >"$BUILD/check.fetch.log" 2>&1 &
	fetcher=$!
}

fetched() {
	wait "$fetcher" && return
	cat "$BUILD/check.fetch.log"
	return 1
}

system() { # file name pattern
	rm -f "$BUILD"/check.*.count
	[ "$(id -u)" != 0 ] || step peers fetched
	alone=$(files "$1" alone)
	others="$(files "$1" early) $(files "$1" others)"
	# shellcheck disable=SC2086
	if [ "$what" = proof ]; then
		proofs $alone $others
		return
	fi
	for file in $alone; do
		sh tests/check_file.sh "$file"
	done
	# shellcheck disable=SC2086
	[ "$others" = " " ] || printf '%s\n' $others |
	    xargs -n 1 -P "$jobs" sh tests/check_file.sh
	# shellcheck disable=SC2086
	add_counts $alone $others
}

case $what in
quick)
	unit
	style
	;;
unit)
	unit
	;;
corpus)
	corpus
	;;
asan)
	export ASAN_OPTIONS="detect_leaks=0:abort_on_error=0:exitcode=99"
	fetch
	unit
	corpus
	system "${part:-test_}"
	;;
check | proof)
	[ "$what" = proof ] && export POSTERN_PROOF=1
	sh mk/built.sh test tests-built || exit 69
	say "tests run in $BUILD; logs are $BUILD/check.*.log"
	case $part in
	unit | corpus | style) ;;
	*) fetch ;;
	esac
	case $part in
	'' | unit) unit ;;
	esac
	case $part in
	'' | corpus) corpus ;;
	esac
	case $part in
	'' | style) style ;;
	esac
	case $part in
	unit | corpus | style) ;;
	*) system "${part:-test_}" ;;
	esac
	;;
*)
	sed -n '3,17s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac

say "took $(($(date +%s) - started)) s"
if [ "$skipped" -gt 0 ]; then
	say "$passed passed, $failed failed, $skipped skipped"
else
	say "$passed passed, $failed failed"
fi
[ "$failed" = 0 ]
