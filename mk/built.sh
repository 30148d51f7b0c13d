#!/bin/sh
# SPDX-License-Identifier: ISC
# mk/built.sh WHAT [TARGET] - packages for WHAT (see mk/deps.sh), configure if
# that was not done yet, and TARGET built (all).  Quiet unless it fails.
set -eu
cd "$(dirname "$0")/.."
started=$(date +%s)
sh mk/deps.sh "$1"
mkdir -p build
say() { printf '%s\n' "$*"; }
if [ ! -e config.mk ] || [ -n "$(find configure -newer config.mk)" ]; then
	./configure >build/configure.log 2>&1 || {
		cat build/configure.log
		exit 69
	}
fi
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
log=build/make.log
if ! "${MAKE:-make}" -j "$jobs" "${2:-programs}" >"$log" 2>&1; then
	cat "$log" >&2
	exit 1
fi
say "built in $(($(date +%s) - started)) s"
