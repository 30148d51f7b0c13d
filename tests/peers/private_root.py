# SPDX-License-Identifier: ISC
"""tests/peers/private_root.py - becomes a server that expects to be installed.

Called inside tests/lib/in-namespace with one argument, a plan in JSON:

  roots      unpacked packages, whose /usr lies over the machine's
  directory  of the peer; bound below $POSTERN_SCRATCH, as its "@DIR@", so that
             accounts without rights reach it whatever the path above forbids
  accounts   {"account": ["folder", ...]} that are made there for it
  files      {"path": "text"}; "@DIR@", "@UID@" and "@GID@" (of vmail) are
             put in
  command    the words

All in a mount namespace of its own: what it writes below /var, /run and the
paths of files is in memory, and nothing of it is on the machine.
"""

import json
import os
import pwd
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "lib"))
import ns  # noqa: E402


def mount(*words):
    subprocess.run(("mount",) + words, check=True)


def overlay(over, lower, scratch):
    """Writable in memory."""
    upper = tempfile.mkdtemp(dir=scratch)
    os.chmod(upper, 0o755)
    work = tempfile.mkdtemp(dir=scratch)
    mount("-t", "overlay", "overlay", "-o",
          f"lowerdir={':'.join(lower + [over])},upperdir={upper},"
          f"workdir={work}", over)


def make_system(roots):
    """The machine as if the packages were installed there."""
    ns.unshare(ns.CLONE_NEWNS)
    mount("--make-rprivate", "/")
    scratch = tempfile.mkdtemp("", "system-", os.environ[ns.SCRATCH])
    for over in ("/usr", "/var", "/etc"):
        overlay(over, [root + over for root in roots
                       if os.path.isdir(root + over)], scratch)
    mount("-t", "tmpfs", "-o", "mode=755", "run", "/run")


def make_folder(path, account):
    user = pwd.getpwnam(account)
    os.makedirs(path, exist_ok=True)
    os.chmod(path, 0o755 if account == "root" else 0o700)
    os.chown(path, user.pw_uid, user.pw_gid)


def main():
    plan = json.loads(sys.argv[1])
    make_system(plan["roots"])
    directory = tempfile.mkdtemp("", "peer-", os.environ[ns.SCRATCH])
    mount("--bind", plan["directory"], directory)
    os.chmod(directory, 0o755)
    vmail = pwd.getpwnam("vmail")
    words = {"@DIR@": directory, "@UID@": str(vmail.pw_uid),
             "@GID@": str(vmail.pw_gid)}

    def fill_in(text):
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    for account, folders in plan["accounts"].items():
        for folder in folders:
            make_folder(fill_in(folder), account)
    for path, text in plan["files"].items():
        path = fill_in(path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(fill_in(text))
    command = [fill_in(word) for word in plan["command"]]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
