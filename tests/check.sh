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
python=/usr/bin/python3
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

# One file of system tests; its pytest summary is counted.
system_file() {
	file=$1
	name=$(basename "$file" .py)
	log=$BUILD/check.$name.log
	t=$(date +%s)
	set -- "$python" -m pytest -q -x -rs -p no:cacheprovider "$file"
	# the peers make namespaces of their own
	if [ "$(id -u)" = 0 ] && [ "${file#tests/peers/}" = "$file" ]; then
		set -- tests/lib/in-namespace "$@"
	fi
	"$@" >"$log" 2>&1
	code=$?
	sum=$(tail -n 1 "$log")
	good=$(expr " $sum" : '.*[^0-9]\([0-9][0-9]*\) passed' || true)
	wrong=$(expr " $sum" : '.*[^0-9]\([0-9][0-9]*\) failed' || true)
	errors=$(expr " $sum" : '.*[^0-9]\([0-9][0-9]*\) error' || true)
	none=$(expr " $sum" : '.*[^0-9]\([0-9][0-9]*\) skipped' || true)
	wrong=$((${wrong:-0} + ${errors:-0}))
	if [ $code != 0 ] && [ $code != 5 ] && [ "$wrong" = 0 ]; then
		wrong=1
	fi
	if [ "$wrong" != 0 ]; then
		tail -n 80 "$log"
	fi
	count "$name" "${good:-0}" "$wrong"
	skipped=$((skipped + ${none:-0}))
	printf '%-28s %d passed, %d failed, %d skipped %4d s\n' "$name" \
	    "${good:-0}" "$wrong" "${none:-0}" $(($(date +%s) - t))
	[ "$wrong" = 0 ]
}

# What identifies the tree that a part of the proof passed on.
tree_name() {
	git ls-files -s 2>/dev/null | git hash-object --stdin 2>/dev/null ||
	    echo unknown
}

system() { # file name pattern
	tree=$(tree_name)
	for file in tests/unit/test_*.py tests/system/test_*.py \
	    tests/peers/test_*.py; do
		[ -e "$file" ] || continue
		case $file in *"$1"*) ;; *) continue ;; esac
		if [ "$what" = proof ] && [ -z "$part" ] &&
		    grep -qs "^$tree $file\$" "$BUILD/proof.done"; then
			printf '%-28s passed before\n' "$(basename "$file" .py)"
			continue
		fi
		if system_file "$file" && [ "$what" = proof ]; then
			echo "$tree $file" >>"$BUILD/proof.done"
		fi
	done
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
	unit
	corpus
	system "${part:-test_}"
	;;
check | proof)
	[ "$what" = proof ] && export POSTERN_PROOF=1
	sh mk/built.sh test tests-built || exit 69
	say "tests run in $BUILD; logs are $BUILD/check.*.log"
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
