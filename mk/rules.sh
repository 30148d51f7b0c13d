#!/bin/sh
# mk/rules.sh - writes BUILD/rules.mk: one compile rule per source file, one
# link rule per program and unit test.
#
# Pattern rules differ between GNU and BSD make, so the rules are spelled out
# here, anew at every make (the file changes only if the tree did).  Programs:
#   FOLDER/main.c        -> BUILD/<its program>, linked with FOLDER's library
#   tests/lib/tool_X.c   -> BUILD/tests/X
#   tests/unit/test_X.c  -> BUILD/tests/unit/test_X
#   tests/sim/*.c        -> BUILD/tests/simulate
#   tests/fuzz/fuzz_X.c  -> BUILD/tests/fuzz/X, with $(FUZZ_MAIN) to call it
#   tests/mutants/mutant_X.c -> BUILD/tests/mutants/X/postern-queue, a wrong one
# shellcheck disable=SC2016,SC2086,SC2116
set -eu

# What configure looks for grows; an old answer would fail at a link.
if [ -e config.mk ] && [ -n "$(find configure -newer config.mk)" ]; then
	echo "configure is newer than config.mk: run ./configure again" >&2
fi

build=$1
sandbox=$2
out=$build/rules.mk
mkdir -p "$build"
new=$out.new.$$

sources() { # folder
	for f in "$1"/*.c; do
		[ -e "$f" ] && printf '%s\n' "$f"
	done | grep -v "/sandbox_" || true
}

# The sources that name a path of the installation: they alone are told
# $(PATHS), and are compiled again when one changes.
named=$(grep -lE '\<POSTERN_(CONF|CA|PASSWORDS|LIBEXEC|SPOOL|RUN)\>' -- \
    */*.c */*/*.c | tr '\n' ' ')

compile() { # source
	o=$build/${1%.c}.o
	mkdir -p "${o%/*}"
	stamps=$build/stamp
	paths=
	case " $named" in
	*" $1 "*)
		stamps="$stamps $build/paths"
		paths=' $(PATHS)'
		;;
	esac
	printf '%s: %s %s\n\t@mkdir -p %s\n\t$(COMPILE)%s -c -o %s %s\n' \
	    "$o" "$1" "$stamps" "${o%/*}" "$paths" "$o" "$1"
	printf -- '-include %s\n' "${o%.o}.d"
}

objects() {
	for f; do
		printf ' %s' "$build/${f%.c}.o"
	done
}

archive() { # file, sources
	a=$1
	shift
	printf '%s:%s\n\t@rm -f %s\n\t$(ARCHIVE) %s%s\n' \
	    "$a" "$(objects "$@")" "$a" "$a" "$(objects "$@")"
}

link() { # program, main source, libraries (files), link flags
	printf '%s: %s %s\n\t@mkdir -p %s\n\t$(LINK) -o %s %s %s %s\n' "$1" \
	    "$(objects "$2")" "$3" "${1%/*}" "$1" "$(objects "$2")" "$3" "$4"
}

# folder, program, main file, extra libraries
programs='master posternd main.c
smtpd postern-smtpd main.c
smtpd postern-auth auth_main.c
queue postern-queue main.c $(SQLITE_LIBS)
queue postern-report report_main.c $(SQLITE_LIBS)
queue postern-reader reader_main.c $(SQLITE_LIBS)
queue postern-history history_main.c $(SQLITE_LIBS)
resolve postern-resolve main.c $(LDNS_LIBS)
resolve postern-lookup lookup_main.c $(LDNS_LIBS)
deliver postern-deliver main.c
tls postern-tls main.c $(TLS_LIBS) $(CRYPTO_LIBS)
tools postern postern.c
tools sendmail sendmail.c'

{
	echo "# made by mk/rules.sh"
	common="$(for d in base sys net mail ipc conf run; do
		sources common/$d
	done) common/sys/sandbox_$sandbox.c"
	for f in $common; do compile "$f"; done
	# shellcheck disable=SC2086
	archive "$build/libcommon.a" $common
	archives=
	all=
	for folder in master smtpd tls queue resolve deliver tools; do
		mains=$(echo "$programs" | awk -v d=$folder \
		    '$1 == d { print d "/" $3 }')
		rest=
		for f in $(sources $folder); do
			compile "$f"
			case " $(echo $mains) " in
			*" $f "*) ;;
			*) rest="$rest $f" ;;
			esac
		done
		[ -n "$rest" ] || continue
		# shellcheck disable=SC2086
		archive "$build/lib$folder.a" $rest
		archives="$archives $build/lib$folder.a"
	done
	while read -r folder program main libs; do
		[ -e "$folder/$main" ] || continue
		own=
		case $archives in *"$build/lib$folder.a"*) own=$build/lib$folder.a ;; esac
		link "$build/$program" "$folder/$main" \
		    "$own $build/libcommon.a" "$libs \$(IDN2_LIBS) \$(COMMON_LIBS)"
		all="$all $build/$program"
	done <<EOF
$programs
EOF
	echo "PROGRAMS = $all"

	testlib=
	tools=
	for f in $(sources tests/lib); do
		compile "$f"
		case $f in
		*/tool_*)
			name=${f##*/tool_}
			tools="$tools $build/tests/${name%.c}"
			;;
		*) testlib="$testlib $f" ;;
		esac
	done
	testarchive=
	if [ -n "$testlib" ]; then
		testarchive=$build/libtests.a
		# shellcheck disable=SC2086
		archive "$testarchive" $testlib
	fi
	for f in $(sources tests/lib); do
		case $f in
		*/tool_*)
			name=${f##*/tool_}
			link "$build/tests/${name%.c}" "$f" \
			    "$testarchive $archives $build/libcommon.a" \
			    '$(SQLITE_LIBS) $(LDNS_LIBS) $(TLS_LIBS) $(CRYPTO_LIBS) \
			    $(IDN2_LIBS) $(COMMON_LIBS)'
			;;
		esac
	done
	# a queue in a made-up world: one program of several files
	sim=
	for f in $(sources tests/sim); do
		compile "$f"
		sim="$sim $f"
	done
	if [ -n "$sim" ]; then
		libs="$build/libqueue.a $build/libcommon.a"
		printf '%s:%s %s\n\t@mkdir -p %s\n\t$(LINK) -o %s%s %s %s\n' \
		    "$build/tests/simulate" "$(objects $sim)" "$libs" \
		    "$build/tests" "$build/tests/simulate" \
		    "$(objects $sim)" "$libs" '$(SQLITE_LIBS) $(IDN2_LIBS) $(COMMON_LIBS)'
		tools="$tools $build/tests/simulate"
	fi
	echo "TEST_TOOLS = $tools"

	units=
	for f in $(sources tests/unit); do
		compile "$f"
		name=${f##*/}
		name=${name%.c}
		link "$build/tests/unit/$name" "$f" \
		    "$testarchive $archives $build/libcommon.a" \
		    '$(SQLITE_LIBS) $(LDNS_LIBS) $(TLS_LIBS) $(CRYPTO_LIBS) \
		    $(IDN2_LIBS) $(COMMON_LIBS) -lcmocka'
		units="$units $build/tests/unit/$name"
	done
	echo "UNIT_TESTS = $units"

	# queue with the functions wrapped that the file wraps
	mutants=
	for f in $(sources tests/mutants); do
		compile "$f"
		name=${f##*/mutant_}
		name=$build/tests/mutants/${name%.c}/postern-queue
		wraps=$(grep -o '__wrap_[a-z0-9_]*' "$f" | sort -u |
		    sed 's/__wrap_/-Wl,--wrap=/' | tr '\n' ' ')
		libs="$build/libqueue.a $build/libcommon.a"
		main=$(objects queue/main.c "$f")
		printf '%s:%s %s\n\t@mkdir -p %s\n\t$(LINK) %s-o %s%s %s %s\n' \
		    "$name" "$main" "$libs" "${name%/*}" "$wraps" "$name" \
		    "$main" "$libs" '$(SQLITE_LIBS) $(IDN2_LIBS) $(COMMON_LIBS)'
		mutants="$mutants $name"
	done
	echo "MUTANTS = $mutants"

	targets=
	for f in $(sources tests/fuzz); do
		compile "$f"
		case $f in
		*/fuzz_*)
			name=${f##*/fuzz_}
			name=$build/tests/fuzz/${name%.c}
			main=$(objects "$f" tests/fuzz/replay.c)
			libs="$testarchive $archives $build/libcommon.a"
			printf '%s:%s %s\n\t$(LINK) -o %s%s %s %s %s\n' \
			    "$name" "$main" "$libs" "$name" \
			    "$(objects "$f")" '$(FUZZ_MAIN)' "$libs" \
			    '$(SQLITE_LIBS) $(LDNS_LIBS) $(TLS_LIBS) $(CRYPTO_LIBS) \
			    $(IDN2_LIBS) $(COMMON_LIBS)'
			targets="$targets $name"
			;;
		esac
	done
	echo "FUZZ_TARGETS = $targets"
} >"$new"

if cmp -s "$new" "$out"; then
	rm -f "$new"
else
	mv "$new" "$out"
fi
