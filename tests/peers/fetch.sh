#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/peers/fetch.sh NAME... - unpacks Debian packages, never installs them.
# tests/peers/fetch.sh all - every peer of the tests.
#
# Each package and the libraries that it needs and the machine lacks go to
# build/peers/NAME/root; what is there already is left as it is.  No service
# starts, no account is made, no file outside build/ is written.  A library
# that the machine had when the package was fetched is taken from the machine.
set -eu

cd "$(dirname "$0")/../.."
peers=$PWD/build/peers
all='postfix nsd unbound ldnsutils dovecot-core dovecot-lmtpd dovecot-submissiond
opensmtpd exim4-daemon-light'

die() {
	printf 'fetch.sh: %s\n' "$*" >&2
	exit 1
}

# The package itself, and those of its missing dependencies that hold
# libraries: what else apt would install (cpio, tools, init scripts) only
# serves the package's own installation.
wanted() { # package
	printf '%s\n' "$1"
	apt-get -s install --no-install-recommends "$1" 2>/dev/null |
	    awk -v self="$1" '$1 == "Inst" && $2 ~ /^lib/ && $2 != self {
		print $2
	}'
}

unpack() { # package, folder
	rm -rf "$2/root" "$2/deb"
	mkdir -p "$2/root" "$2/deb"
	apt-cache show "$1" >/dev/null 2>&1 ||
	    { [ "$(id -u)" = 0 ] && apt-get -qq update >&2; } ||
	    die "no package '$1' known: run apt-get update"
	for package in $(wanted "$1"); do
		(cd "$2/deb" && apt-get -qq \
		    -o APT::Sandbox::User=root download "$package") ||
		    die "cannot download $package"
	done
	for deb in "$2"/deb/*.deb; do
		dpkg -x "$deb" "$2/root"
		basename "$deb"
	done >"$2/packages"
	rm -rf "$2/deb"
}

fetch() { # package
	dir=$peers/$1
	[ -e "$dir/packages.done" ] && return
	mkdir -p "$dir"
	(
		flock 9
		[ -e "$dir/packages.done" ] && exit 0
		unpack "$1" "$dir"
		mv "$dir/packages" "$dir/packages.done"
	) 9>"$dir/lock"
}

[ $# -gt 0 ] || die "usage: fetch.sh all | NAME..."
# shellcheck disable=SC2086
[ "$1" != all ] || set -- $all
for name; do
	case $name in
	*[!a-z0-9.+-]*) die "not a package name: '$name'" ;;
	esac
	fetch "$name"
done
