#!/bin/sh
# SPDX-License-Identifier: ISC
# mk/stamp.sh BUILD TEXT - keeps TEXT (compiler, flags, paths) in
# BUILD/stamp, which changes only if TEXT does: every object depends on it.
set -eu
mkdir -p "$1"
if [ "$(cat "$1/stamp" 2>/dev/null)" != "$2" ]; then
	printf '%s\n' "$2" >"$1/stamp"
fi
