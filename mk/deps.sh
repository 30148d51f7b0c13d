#!/bin/sh
# SPDX-License-Identifier: ISC
# mk/deps.sh WHAT - installs the packages that are missing for WHAT:
#   build   compiler and libraries: enough for `make` and `make demo`
#   test    what `make check` needs besides
#   ci      what .ci/run needs besides
#
# Says nothing when all are there.  Installs as root; otherwise prints the one
# command to run and exits 69 (EX_UNAVAILABLE).  Only Debian's packages are
# known by name here; elsewhere ./configure says what is missing.
set -eu

build='gcc libc6-dev make pkg-config libbsd-dev libmd-dev libtls-dev
libssl-dev libldns-dev libsqlite3-dev libevent-dev libseccomp-dev libidn2-dev'
test='libcmocka-dev python3 python3-pytest openssl swaks s-nail msmtp mutt curl
sqlite3
libnet-ssleay-perl strace binutils procps mandoc iproute2 e2fsprogs xfsprogs
btrfs-progs nbdkit nbdkit-plugin-python libnbd-bin util-linux passwd
ca-certificates'
ci='bmake clang clang-tools clang-format shellcheck cppcheck
libclang-rt-14-dev'

case ${1-} in
build) wanted=$build ;;
test) wanted="$build $test" ;;
ci) wanted="$build $test $ci" ;;
*)
	sed -n '3,11s/^# \{0,1\}//p' "$0" >&2
	exit 64
	;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	exit 0 # not Debian: configure names what is missing
fi
missing=
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) ||
	    state=
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "postern needs packages that are missing. As root, run:" >&2
	echo "  apt-get install --no-install-recommends$missing" >&2
	exit 69
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if apt-get install -y --no-install-recommends $missing >"$log" 2>&1 ||
    { apt-get update >"$log" 2>&1 &&
	apt-get install -y --no-install-recommends $missing >"$log" 2>&1; }; then
	exit 0
fi
cat "$log" >&2
echo "deps: the packages could not be installed" >&2
exit 69
