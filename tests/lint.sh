#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/lint.sh - cppcheck, mandoc and shellcheck over the tree; silent when
# there is nothing to say.
set -u
cd "$(dirname "$0")/.."
bad=0

cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 -I. \
    --enable=warning,portability --suppress=missingInclude \
    --suppress=missingIncludeSystem --library=gnu -j 2 \
    common master smtpd queue deliver resolve tools || bad=1

for page in man/*.[158]; do
	out=$(mandoc -T lint -W warning "$page") || {
		printf '%s\n' "$out"
		bad=1
	}
done

shellcheck -s sh mk/*.sh tests/*.sh configure || bad=1
shellcheck .ci/run || bad=1
exit $bad
