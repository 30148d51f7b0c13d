#!/bin/sh
# SPDX-License-Identifier: ISC
# mk/stamp.sh FILE TEXT - keeps TEXT (compiler and flags, or paths) in FILE,
# which changes only if TEXT does: what is built with them depends on it.
set -eu
mkdir -p "${1%/*}"
if [ "$(cat "$1" 2>/dev/null)" != "$2" ]; then
	printf '%s\n' "$2" >"$1"
fi
