#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/fuzz.sh TARGET [SECONDS] - libFuzzer on one target (make fuzz).
#
# Begins with tests/corpus/TARGET and keeps what it finds beside the build; a
# finding stays in build/fuzz/found/TARGET-*.
set -eu
cd "$(dirname "$0")/.."
target=$1
seconds=${2:-60}
grown=build/fuzz/corpus/$target
mkdir -p "$grown" build/fuzz/found
set -- "$grown"
[ -d "tests/corpus/$target" ] && set -- "$@" "tests/corpus/$target"
[ -e "tests/fuzz/$target.dict" ] && set -- "-dict=tests/fuzz/$target.dict" "$@"
exec "build/fuzz/tests/fuzz/$target" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=1024 -max_len=8192 -print_final_stats=1 -verbosity=0 -print_funcs=0 \
    -artifact_prefix="build/fuzz/found/$target-" "$@"
