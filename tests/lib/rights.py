# SPDX-License-Identifier: ISC
"""tests/lib/rights.py - what the kernel says about each running process.

Reads /proc alone: accounts, root, filter, capabilities, and every descriptor
by kind.  As a program ("make rights") it starts postern on a spool of its
own, and prints a line for each process:

    rights.py [FOLDER]

FOLDER must be empty; it is left with the log in it.  The accounts are right
only as root; tests/lib/in-namespace provides them.
"""

import collections
import os
import pwd
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import Postern, read_proc  # noqa: E402

O_ACCMODE, O_WRONLY, O_RDWR, O_APPEND = 0o3, 0o1, 0o2, 0o2000
TCP_LISTEN, TCP_OPEN = "0A", "01"
UNIX_LISTENS = 0x10000  # __SO_ACCEPTCON in /proc/net/unix
UNIX_TYPES = {"0001": "stream", "0002": "datagram", "0005": "seqpacket"}

# capability(7), by number
CAPABILITIES = """chown dac_override dac_read_search fowner fsetid kill setgid
setuid setpcap linux_immutable net_bind_service net_broadcast net_admin net_raw
ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct
sys_admin sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease
audit_write audit_control setfcap mac_override mac_admin syslog wake_alarm
block_suspend audit_read perfmon bpf checkpoint_restore""".split()


def capabilities(mask):
    """The names in a mask of /proc/PID/status."""
    bits = int(mask, 16)
    return {CAPABILITIES[i] if i < len(CAPABILITIES) else str(i)
            for i in range(64) if bits >> i & 1}


def status(pid, thread=None):
    """/proc/PID/status, or that of a thread, as a dict of strings."""
    name = "status" if thread is None else f"task/{thread}/status"
    pairs = (line.partition(":") for line in read_proc(pid, name).splitlines())
    return {key: value.strip() for key, _, value in pairs}


def threads(pid):
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))


def account(uid):
    try:
        return pwd.getpwuid(int(uid)).pw_name
    except KeyError:
        return str(uid)


def net_table(pid, name):
    lines = read_proc(pid, f"net/{name}").splitlines()[1:]
    return [line.split() for line in lines]


class Sockets:
    """Every socket of the machine by inode, as a word for its kind."""

    def __init__(self, pid="self"):
        self.kinds = {}
        for name in ("tcp", "tcp6"):
            for words in net_table(pid, name):
                kind = {TCP_LISTEN: "listen tcp",
                        TCP_OPEN: "tcp"}.get(words[3], "tcp ending")
                self.kinds[words[9]] = kind
        for name in ("udp", "udp6"):
            for words in net_table(pid, name):
                self.kinds[words[9]] = "udp"
        for words in net_table(pid, "unix"):
            self.kinds[words[6]] = self.unix(words)

    @staticmethod
    def unix(words):
        if int(words[3], 16) & UNIX_LISTENS:
            return "listen " + os.path.basename(words[7])
        kind = UNIX_TYPES.get(words[4], "unix")
        if kind == "seqpacket" and len(words) == 7:
            return "channel"
        return f"unix {kind}" + (" named" if len(words) > 7 else "")

    def kind(self, inode):
        return self.kinds.get(inode, "socket of unknown kind")


def access_word(pid, number):
    text = read_proc(pid, f"fdinfo/{number}")
    found = re.search(r"^flags:\s*(\d+)", text, re.M)
    flags = int(found.group(1), 8) if found else 0
    word = {0: "read", O_WRONLY: "write",
            O_RDWR: "read write"}[flags & O_ACCMODE]
    return word + (" append" if flags & O_APPEND else "")


def file_kind(pid, number, link, spool):
    """A file of the spool by what it is, any other by its path."""
    access = access_word(pid, number)
    below = os.path.relpath(link.removesuffix(" (deleted)"), spool)
    if below.startswith(".."):
        return f"{link} {access}"
    if re.fullmatch(r"queue/mess/\d+/.+", below):
        return f"body {access}"
    if re.fullmatch(r"queue/mess/\d+", below):
        return "folder mess/N"
    return f"{below} {access}"


def same_file(path, log):
    try:
        return os.path.samestat(os.stat(path), os.stat(log))
    except OSError:
        return False


def descriptor(pid, number, spool, log, sockets):
    """What one descriptor is, in words; None when it is gone by now."""
    path = f"/proc/{pid}/fd/{number}"
    try:
        link = os.readlink(path)
    except FileNotFoundError:
        return None
    found = re.fullmatch(r"socket:\[(\d+)\]", link)
    if found:
        return sockets.kind(found.group(1))
    if link.startswith("anon_inode:"):
        return link.removeprefix("anon_inode:").strip("[]")
    if link == "/dev/null":
        return "null"
    if same_file(path, log):
        return "log"
    if link.startswith("pipe:"):
        return "pipe"
    return file_kind(pid, number, link, spool)


def descriptors(pid, postern):
    """A Counter of kinds of descriptors of a process."""
    numbers = os.listdir(f"/proc/{pid}/fd")
    sockets = Sockets(pid)
    kinds = (descriptor(pid, number, postern.spool, postern.log, sockets)
             for number in numbers)
    return collections.Counter(kind for kind in kinds if kind)


def name_of(pid):
    """The program's name, with its class if it has one."""
    words = read_proc(pid, "cmdline").split("\0")
    name = os.path.basename(words[0])
    return f"{name} {words[1]}" if words[1:2] and words[1].isalpha() else name


def pids_by_name(postern):
    """{name: [pid, ...]}, posternd included."""
    found = {}
    for pid in postern.tree():
        found.setdefault(name_of(pid), []).append(pid)
    return found


# --- the printed table ----------------------------------------------------

def root_word(pid, postern):
    try:
        root = os.readlink(f"/proc/{pid}/root")
    except PermissionError:
        return "?"
    for word, folder in (("SPOOL", postern.spool),
                         ("RUNTIME", postern.runtime)):
        if root.startswith(str(folder)):
            return word + root.removeprefix(str(folder))
    return root


def descriptor_words(pid, postern):
    try:
        kinds = descriptors(pid, postern)
    except PermissionError:
        return ["(only root may see them)"]
    return [kind if n == 1 else f"{n} {kind}"
            for kind, n in sorted(kinds.items())]


def row(name, pid, postern):
    s = status(pid)
    modes = {status(pid, t)["Seccomp"] for t in threads(pid)}
    caps = sorted(capabilities(s["CapPrm"]))
    return [name, account(s["Uid"].split()[0]), s["Uid"].split()[0],
            str(len(threads(pid))), root_word(pid, postern),
            ",".join(sorted(modes)), s["NoNewPrivs"],
            " ".join(caps) or "none"], descriptor_words(pid, postern)


HEAD = ["program", "account", "uid", "threads", "root", "seccomp",
        "no_new_privs", "capabilities"]


def wrap(words, width=72):
    line = ""
    for word in words:
        if line and len(line) + len(word) + 2 > width:
            yield line + ","
            line = word
        else:
            line = f"{line}, {word}" if line else word
    yield line


def show(postern, out=sys.stdout):
    """The table, with the descriptors of each process below its line."""
    rows = [row(name, pid, postern)
            for name, pids in pids_by_name(postern).items() for pid in pids]
    lines = [HEAD] + [cells for cells, _ in rows]
    widths = [max(len(cells[i]) for cells in lines)
              for i in range(len(HEAD) - 1)] + [0]
    fds = [[]] + [words for _, words in rows]
    for cells, words in zip(lines, fds):
        print("  ".join(c.ljust(w) for c, w in zip(cells, widths)).rstrip(),
              file=out)
        for line in wrap(words) if words else ():
            print(f"    {line}", file=out)


def open_folder(path):
    """Accounts of the suite must be able to reach what is below."""
    os.chmod(path, 0o755)
    return path


def main():
    with tempfile.TemporaryDirectory(
            dir=os.environ.get("POSTERN_SCRATCH")) as made:
        folder = sys.argv[1] if len(sys.argv) > 1 else open_folder(made)
        with Postern(folder, "workers smtpd 1\nworkers deliver 1\n",
                     sandbox=True) as postern:
            time.sleep(0.2)  # the stock of body files comes after "ready"
            show(postern)
    return 0


if __name__ == "__main__":
    sys.exit(main())
