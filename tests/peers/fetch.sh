#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/peers/fetch.sh NAME... - unpacks Debian packages, never installs them.
# tests/peers/fetch.sh all - every peer of the tests.
#
# Each package and the libraries that it needs and the machine lacks go to
# build/peers/NAME/root; what is there already is left as it is.  No service
# starts, no account is made, no file outside build/ is written.  A library
# that the machine had when the package was fetched is taken from the machine.
# A package of `newer` comes from the backports of the machine's release.
set -eu

cd "$(dirname "$0")/../.."
peers=$PWD/build/peers
all='postfix nsd unbound ldnsutils dovecot-core dovecot-lmtpd dovecot-submissiond
opensmtpd exim4-daemon-light'
# OpenSMTPD 6.8 cannot sign with OpenSSL 3: each of its handshakes fails.
newer='bookworm/opensmtpd'

die() {
	printf 'fetch.sh: %s\n' "$*" >&2
	exit 1
}

# apt reads all its lists anew at every call where it may keep no cache.
cached() { # folder: prints options
	printf '%s\n' "-o Dir::Cache::pkgcache=$1/pkgcache.bin" \
	    "-o Dir::Cache::srcpkgcache=$1/srcpkgcache.bin"
}

release() {
	# shellcheck disable=SC1091
	(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME-}")
}

# The name of the suite for a package that the release has too old; or none.
suite_of() { # package
	case " $newer " in
	*" $(release)/$1 "*) printf '%s-backports\n' "$(release)" ;;
	esac
}

# Backports, from where the release is from, or where Debian keeps what has left
# its mirrors, are known below build/ alone.  Sets options for apt that know.
know() { # suite, folder
	# shellcheck disable=SC2016
	site=$(apt-get indextargets --format '$(REPO_URI)' \
	    'Identifier: Packages' 'Label: Debian' "Codename: ${1%-backports}" |
	    head -n 1)
	[ -n "$site" ] || die "nobody has $1"
	apt=$2/apt
	rm -rf "$apt"
	mkdir -p "$apt/cache/archives/partial" "$apt/lists/partial"
	find /var/lib/apt/lists -maxdepth 1 -type f ! -name lock \
	    -exec ln -s {} "$apt/lists" \;
	options="-o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache
	    -o Dir::Etc::sourcelist=$apt/list $(cached "$apt")"
	for from in "$site" \
	    '[check-valid-until=no] http://archive.debian.org/debian'; do
		echo "deb $from $1 main" >"$apt/more"
		cat /etc/apt/sources.list "$apt/more" >"$apt/list" \
		    2>/dev/null || :
		read_lists && return
	done
	die "cannot read $1"
}

read_lists() { # of what is in the file "more"
	# shellcheck disable=SC2086
	apt-get -qq $options -o Dir::Etc::sourcelist="$apt/more" \
	    -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=false \
	    -o APT::Update::Error-Mode=any -o APT::Sandbox::User=root update >&2
}

# The package itself, and those of its missing dependencies that hold
# libraries: what else apt would install (cpio, tools, init scripts) only
# serves the package's own installation.
wanted() { # package, its suite
	printf '%s\n' "$1${2:+/$2}"
	# shellcheck disable=SC2086
	apt-get $options -s install --no-install-recommends "$1${2:+/$2}" \
	    2>/dev/null |
	    awk -v self="$1" '$1 == "Inst" && $2 ~ /^lib/ && $2 != self {
		print $2
	}'
}

unpack() { # package, its suite, folder
	rm -rf "$3/root" "$3/deb"
	mkdir -p "$3/root" "$3/deb"
	options=$(cached "$peers")
	# shellcheck disable=SC2086
	apt-cache $options show "$1" >/dev/null 2>&1 ||
	    { [ "$(id -u)" = 0 ] && apt-get -qq update >&2; } ||
	    die "no package '$1' known: run apt-get update"
	[ -z "$2" ] || know "$2" "$3"
	names=$(wanted "$1" "$2")
	# shellcheck disable=SC2086
	(cd "$3/deb" && apt-get -qq $options -o APT::Sandbox::User=root \
	    download $names) || die "cannot download" $names
	for deb in "$3"/deb/*.deb; do
		dpkg -x "$deb" "$3/root"
		basename "$deb"
	done >"$3/packages"
	rm -rf "$3/deb" "$3/apt"
}

fetch() { # package
	dir=$peers/$1
	suite=$(suite_of "$1")
	done=$dir/packages.${suite:-done}
	[ -e "$done" ] && return
	mkdir -p "$dir"
	(
		flock 9
		[ -e "$done" ] && exit 0
		unpack "$1" "$suite" "$dir"
		mv "$dir/packages" "$done"
	) 9>"$dir/lock"
}

[ $# -gt 0 ] || die "usage: fetch.sh all | NAME..."
# shellcheck disable=SC2086
[ "$1" != all ] || set -- $all
mkdir -p "$peers"
for name; do
	case $name in
	*[!a-z0-9.+-]*) die "not a package name: '$name'" ;;
	esac
	fetch "$name"
done
rm -f "$peers/pkgcache.bin" "$peers/srcpkgcache.bin"
