#!/bin/sh
# SPDX-License-Identifier: ISC
# mk/accounts.sh - makes the accounts that postern's programs run under, and
# the group of its operators.  What exists already is left alone.
set -eu

[ "$(id -u)" = 0 ] || {
	echo "accounts: to be made as root" >&2
	exit 77
}

group() {
	getent group "$1" >/dev/null 2>&1 && return
	if command -v groupadd >/dev/null 2>&1; then
		groupadd --system "$1"
	else
		pw groupadd "$1"
	fi
}

account() {
	getent passwd "$1" >/dev/null 2>&1 && return
	if command -v useradd >/dev/null 2>&1; then
		useradd --system --gid "$1" --no-create-home \
		    --home-dir /nonexistent --shell /usr/sbin/nologin \
		    --comment "postern" "$1"
	else
		pw useradd "$1" -g "$1" -d /nonexistent \
		    -s /usr/sbin/nologin -c postern
	fi
}

group postern
for name in _postern-smtpd _postern-smtpd-local _postern-queue \
    _postern-report _postern-history _postern-resolve _postern-deliver \
    _postern-deliver-login _postern-tls _postern-tls-client _postern-reader _postern-lookup \
    _postern-auth _postern-smtpd-login; do
	group "$name"
	account "$name"
done
