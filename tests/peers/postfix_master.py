# SPDX-License-Identifier: ISC
"""tests/peers/postfix_master.py - prepares a Postfix and becomes its master.

Called by peers.Postfix inside tests/lib/in-namespace with one argument, a
plan in JSON.  The peer's directory is bound below $POSTERN_SCRATCH, so that
Postfix's own accounts reach it whatever the path above it forbids.
"""

import grp
import json
import os
import pwd
import subprocess
import sys
import tempfile

QUEUE_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush",
                 "hold", "incoming", "private", "saved", "trace")


def fill_in(template, words):
    """The template's text with @WORD@ replaced; no word may be left over."""
    with open(template) as f:
        text = f.read()
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    for line in text.splitlines():
        if "@" in line and not line.startswith("#"):
            raise SystemExit(f"{template}: unknown word in '{line}'")
    return text


def make_folder(path, mode, user="root", group="root"):
    os.makedirs(path, exist_ok=True)
    os.chmod(path, mode)
    os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)


def make_folders(directory):
    """The folders, owners and modes that postfix(1) would check."""
    spool = directory + "/spool"
    make_folder(directory, 0o755)
    make_folder(spool, 0o755)
    make_folder(spool + "/pid", 0o755)
    for name in QUEUE_FOLDERS:
        make_folder(f"{spool}/{name}", 0o700, "postfix")
    make_folder(spool + "/maildrop", 0o730, "postfix", "postdrop")
    make_folder(spool + "/public", 0o710, "postfix", "postdrop")
    make_folder(spool + "/mail", 0o700, "vmail", "vmail")
    make_folder(directory + "/data", 0o700, "postfix")


def write_configuration(plan, directory):
    vmail = pwd.getpwnam("vmail")
    words = {"DIR": directory, "ROOT": plan["root"], "PORT": plan["port"],
             "NEXT_PORT": plan["next_port"], "UID": vmail.pw_uid,
             "GID": vmail.pw_gid,
             "LIBRARY_PATH": os.environ["LD_LIBRARY_PATH"]}
    conf = directory + "/conf"
    os.makedirs(conf, exist_ok=True)
    with open(conf + "/main.cf", "w") as f:
        f.write(fill_in(plan["main"], words))
        for name, value in plan["settings"].items():
            f.write(f"{name} = {value}\n")
    with open(conf + "/master.cf", "w") as f:
        f.write(fill_in(plan["master"], words))
        for port, settings in plan["services"].items():
            f.write(f"\n0.0.0.0:{port} inet n - n - - smtpd\n")
            for name, value in settings.items():
                f.write(f"  -o {{ {name} = {value} }}\n")
    return conf


def main():
    plan = json.loads(sys.argv[1])
    directory = tempfile.mkdtemp("", "postfix-", os.environ["POSTERN_SCRATCH"])
    subprocess.run(["mount", "--bind", plan["directory"], directory],
                   check=True)
    make_folders(directory)
    conf = write_configuration(plan, directory)
    # master ends its process group with itself: it needs one of its own.
    if os.getpid() != os.getpgid(0):
        os.setsid()
    os.environ["MAIL_CONFIG"] = conf
    os.execv(plan["root"] + "/usr/lib/postfix/sbin/master",
             ["master", "-c", conf])


if __name__ == "__main__":
    main()
