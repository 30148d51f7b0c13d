#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check_style.sh - the mechanical part of the style (HACKING.md).
#
# Banned calls, #ifdef and third-party headers outside their fence, lines over
# 80 columns, functions over 60 lines, files over 600, missing opening
# comment, extern in a .c, shell scripts that do not parse.
set -eu
cd "$(dirname "$0")/.."
bad=0
fail() {
	echo "$*"
	bad=1
}
sources=$(find common master smtpd tls queue deliver resolve tools tests \
    -name '*.[ch]' | sort)

# shellcheck disable=SC2086
awk '
FNR == 1 { off = 0; infn = 0; if ($0 !~ /^\/\* SPDX-License-Identifier: ISC/) print FILENAME ":1: no SPDX line" }
FNR == 2 && $0 !~ ("^/\\* " FILENAME " - ") { print FILENAME ":2: opening comment must begin \"" FILENAME " - \"" }
/clang-format off/ { off = 1 }
/clang-format on/ { off = 0 }
{ line = $0; gsub(/\t/, "        ", line) }
!off && length(line) > 80 && line !~ /https?:/ { print FILENAME ":" FNR ": longer than 80" }
FNR > 600 && !long[FILENAME]++ { print FILENAME ": longer than 600 lines" }
/^{/ && FILENAME ~ /\.c$/ { infn = FNR }
/^}/ { if (infn && FNR - infn - 1 > 60) print FILENAME ":" infn ": function of " FNR - infn - 1 " lines"; infn = 0 }
/^extern / && FILENAME ~ /\.c$/ { print FILENAME ":" FNR ": extern in a .c" }
/[^_a-zA-Z](strcpy|strcat|sprintf|strtok|gets|atoi|alloca|system)\(/ && !/^ \*/ && !/\/\*.*(strcpy|system)/ { print FILENAME ":" FNR ": banned call" }
/[^_a-zA-Z](malloc|calloc|realloc|free)\(/ && FILENAME !~ /base\/alloc\.c$/ && FILENAME !~ /^tests\// && !/^ \*/ && !/\*\// { print FILENAME ":" FNR ": use common/base/alloc.h" }
/goto [a-z_]+;/ && !/goto out;/ { print FILENAME ":" FNR ": goto elsewhere than out" }
/TO[D]O|FIX[M]E/ { print FILENAME ":" FNR ": unfinished" }
' $sources >build/style.out || true
if [ -s build/style.out ]; then
	cat build/style.out
	bad=1
fi

fence() { # header pattern, allowed files pattern
	# shellcheck disable=SC2086
	found=$(grep -ln "#include <$1" $(echo "$sources" | grep -v '^tests/') |
	    grep -Ev "$2" || true)
	[ -z "$found" ] || fail "<$1> outside its fence: $found"
}
fence 'ldns' '^resolve/question[a-z_]*\.c$'
fence 'sqlite3' '^queue/(store|schema|report_|history_)[a-z_]*\.[ch]$'
fence 'tls\.h' '^tls/'
fence 'openssl/' '^tls/(keypair|dane)\.c$'
fence 'seccomp\.h' '^common/sys/sandbox_linux\.c$'
# shellcheck disable=SC2086
found=$(grep -lE '^#[[:space:]]*if(def|ndef)? ' $(echo "$sources" |
    grep '\.c$' | grep -v '^tests/') | grep -Ev '^common/sys/|^tools/|^master/|^queue/report_caller\.c' || true)
[ -z "$found" ] || fail "#if outside common/sys: $found"

for script in configure mk/*.sh tests/*.sh .ci/run; do
	sh -n "$script" 2>/dev/null || bash -n "$script" || bad=1
done
exit $bad
