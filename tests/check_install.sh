#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/check_install.sh [VARIABLE=VALUE...] - `make install` into a folder, with
# these settings of the build, and what is there.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${MAKE:-make}" install DESTDIR="$dir" PREFIX=/usr SYSCONFDIR=/etc \
    "$@" >/dev/null

bad=0
need() {
	[ -e "$dir$1" ] || {
		echo "not installed: $1"
		bad=1
	}
}
need /usr/sbin/posternd
need /usr/sbin/sendmail
need /usr/bin/postern
need /usr/bin/mailq
for program in smtpd queue report deliver resolve tls; do
	need /usr/libexec/postern/postern-$program
	need /usr/share/man/man8/postern-$program.8
done
need /usr/share/man/man5/postern.conf.5
need /usr/share/man/man8/posternd.8
need /etc/postern/postern.conf
if find "$dir" -perm /6000 | grep .; then
	echo "setuid or setgid files"
	bad=1
fi
"$dir/usr/sbin/posternd" -n -f "$dir/etc/postern/postern.conf" || bad=1
exit $bad
