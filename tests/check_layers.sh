#!/bin/sh
# tests/check_layers.sh - an #include may stay at home or look down.
set -eu
cd "$(dirname "$0")/.."
find common master smtpd tls queue deliver resolve tools -name '*.[ch]' -print |
    xargs grep -n '^#include "' | tr '":' '  ' | awk '
function home(path,   part) {
	split(path, part, "/")
	return part[1] == "common" ? "common/" part[2] : part[1]
}
BEGIN {
	rank["common/base"] = 0
	rank["common/sys"] = rank["common/net"] = rank["common/mail"] = 1
	rank["common/ipc"] = rank["common/conf"] = 2
	rank["common/run"] = 3
	rank["master"] = rank["smtpd"] = rank["queue"] = rank["tls"] = 4
	rank["deliver"] = rank["resolve"] = rank["tools"] = 4
}
home($1) != home($4) && !(home($4) in rank && rank[home($4)] < rank[home($1)]) {
	print $1 ":" $2 ": may not include " $4
	bad = 1
}
END { exit bad }'
