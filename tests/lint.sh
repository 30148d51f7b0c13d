#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/lint.sh - cppcheck, mandoc and shellcheck over the tree; silent when
# there is nothing to say.
set -u
cd "$(dirname "$0")/.." || exit
bad=0

# sys/queue.h, as far as a checker must know it; its own idea of what is
# uninitialised does not follow these loops, the compilers' does.  Without -U it
# would look at every file four times, for switches of these headers
cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -I. \
    --enable=warning,portability --suppress=missingInclude \
    --suppress=missingIncludeSystem --suppress=uninitvar --suppress=nullPointerRedundantCheck \
    --suppress=arrayIndexOutOfBoundsCond --suppress=nullPointer:queue/report_door.c \
    --library=gnu -j "$(getconf _NPROCESSORS_ONLN)" \
    --include=/usr/include/bsd/sys/queue.h \
    --include=/usr/include/bsd/sys/tree.h \
    -U_KERNEL -UINVARIANTS -UQUEUE_MACRO_DEBUG -ULIBBSD_OVERLAY \
    common master smtpd queue deliver resolve tools || bad=1

for page in man/*.[158]; do
	out=$(mandoc -T lint -W warning "$page") || {
		printf '%s\n' "$out"
		bad=1
	}
done

# lists of files and flags are meant to be split into words
shellcheck -s sh -e SC2046,SC2086,SC2038,SC2016 mk/*.sh tests/*.sh configure ||
    bad=1
shellcheck .ci/run || bad=1
exit $bad
