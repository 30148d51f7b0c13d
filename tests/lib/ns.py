# SPDX-License-Identifier: ISC
"""tests/lib/ns.py - runs a command as root in a namespace of its own.

The command sees the machine as it is, but for

  /etc        a private copy with the accounts below added
  $POSTERN_SCRATCH   an empty tmpfs, root's, for spools and mounts
  its pids    a private pid namespace
  its folder  another path to this checkout, if others cannot reach it where it
              is (below /root): what runs as another user has to

Mounts made inside are seen by nobody outside.  When the command ends, or is
killed, or the caller is killed, every process inside is killed with it and
the mounts, loop devices included, are gone: nothing is left on the machine.

    python3 ns.py [-n] COMMAND ARGUMENT...

With -n it has a network of its own, too, that ends at its loopback: what runs
beside it can neither take its ports nor see its traffic.

Exit status: the command's (128 + signal if a signal ended it), 77 when not
root.  Inside, a second call only runs the command.
"""

import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys

POSTERN_ACCOUNTS = (
    "_postern-smtpd",
    "_postern-smtpd-local",
    "_postern-queue",
    "_postern-report",
    "_postern-history",
    "_postern-resolve",
    "_postern-deliver",
    "_postern-tls",
    "_postern-tls-client", "_postern-deliver-login",
    "_postern-auth",
    "_postern-smtpd-login",
    "_postern-reader",
    "_postern-lookup",
)
PEER_ACCOUNTS = ("postfix", "vmail", "nsd", "unbound", "opensmtpd",
                 "opensmtpq", "Debian-exim")
GROUPS = ("postern", "postdrop")  # without members
FIRST_ID = 63100  # below the range that useradd and adduser hand out

NO_ROOT = 77
MARK = "POSTERN_NAMESPACE"
SCRATCH = "POSTERN_SCRATCH"

CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)


def inside():
    return os.environ.get(MARK) == "1"


def unshare(flags):
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def mount(*args):
    subprocess.run(("mount",) + args, check=True)


def names_in(path):
    with open(path) as f:
        return {line.split(":", 1)[0] for line in f}


def add_accounts(etc):
    passwd, group = etc + "/passwd", etc + "/group"
    users, groups = names_in(passwd), names_in(group)
    accounts = POSTERN_ACCOUNTS + PEER_ACCOUNTS
    with open(passwd, "a") as p, open(group, "a") as g:
        for number, name in enumerate(accounts + GROUPS, FIRST_ID):
            if name not in groups:
                g.write(f"{name}:x:{number}:\n")
            if name in accounts and name not in users:
                p.write(f"{name}:x:{number}:{number}::/nonexistent:"
                        "/usr/sbin/nologin\n")


def own_etc(scratch):
    mount("-t", "tmpfs", "-o", "mode=755", "etc", scratch)
    subprocess.run(["cp", "-a", "/etc/.", scratch], check=True)
    add_accounts(scratch)
    mount("--move", scratch, "/etc")


def spare_folders():
    """Folders of the system to mount over, empty ones first; they stay as they
    are."""
    taken = (os.getcwd(), os.path.abspath(__file__))
    there = [p for p in ("/media", "/mnt", "/srv", "/opt") if os.path.isdir(p)
             and not any(t.startswith(p + "/") for t in taken)]
    if len(there) < 2:
        raise SystemExit("ns.py: of /media, /mnt, /srv and /opt two are needed "
                         "to mount over")
    return sorted(there, key=lambda p: len(os.listdir(p)) > 0)


def reachable(path):
    """By everybody?"""
    return all(p.stat().st_mode & 0o001 for p in (path, *path.parents))


def open_checkout(spare):
    """Where the way to this checkout is closed to others it has a second."""
    top = pathlib.Path(__file__).resolve().parents[2]
    here = pathlib.Path.cwd()
    if reachable(top) or not here.is_relative_to(top):
        return
    mount("--bind", str(top), spare)
    os.chdir(spare / here.relative_to(top))


def furnish():
    mount("--make-rprivate", "/")
    mount("-t", "proc", "-o", "nosuid,nodev,noexec", "proc", "/proc")
    scratch, spare = spare_folders()[:2]
    own_etc(scratch)
    open_checkout(spare)
    mount("-t", "tmpfs", "-o", "mode=755", "scratch", scratch)
    os.environ[MARK] = "1"
    os.environ[SCRATCH] = scratch


def forward_signals(pid):
    def pass_on(number, _frame):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, pass_on)


def default_signals():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP,
                   signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def wait_for(pid):
    """Reaps every child until pid has ended: gives its exit status."""
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == pid:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def first_process(command):
    """Process 1 of the namespace: its end kills all others in it."""
    furnish()
    pid = os.fork()
    if pid == 0:
        default_signals()
        try:
            os.execvp(command[0], command)
        except OSError as e:
            print(f"ns.py: {command[0]}: {e.strerror}", file=sys.stderr)
            os._exit(127)
    forward_signals(pid)
    return wait_for(pid)


def own_network():
    unshare(CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def run(command, network):
    """Runs the command in a new namespace; gives its exit status."""
    if network:
        own_network()
    unshare(CLONE_NEWNS | CLONE_NEWPID)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            die_with_parent()
            status = first_process(command)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    forward_signals(pid)
    return wait_for(pid)


def main():
    network = sys.argv[1:2] == ["-n"]
    command = sys.argv[2:] if network else sys.argv[1:]
    if not command:
        print("usage: in-namespace [-n] COMMAND ARGUMENT...", file=sys.stderr)
        return 2
    if inside():
        os.execvp(command[0], command)
    if os.geteuid() != 0:
        print("skipped: root", file=sys.stderr)
        return NO_ROOT
    if shutil.which("mount") is None:
        print("ns.py: no mount program (package mount)", file=sys.stderr)
        return 1
    return run(command, network)


if __name__ == "__main__":
    sys.exit(main())
