# SPDX-License-Identifier: ISC
# tests/lib/powercut.py - disks whose power can be cut, and what is on them.
#
# The disk forgets what was not written, as a machine that loses its power
# does; processes are killed after that, for without a disk they are nobody.
# What is found is judged by reading the bare disk before any postern runs.
"""Cutting the power under a spool (root, in a mount namespace).

    with CutDisk(folder, "ext4") as disk, Sink(tmp_path) as sink:
        siege = CutSiege(tmp_path, sink, disk)
        ...
        disk.cut()
        siege.crash()           # all killed, unmounted, mounted
        siege.judge_disk()      # before a postern has touched it
        siege.start()
"""

import contextlib
import fcntl
import os
import shutil
import signal
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest
from harness import BUILD, check, children_of, is_alive, wait_for
from siege import PROOF, Siege, kill, wait_gone

CUT_CALL = 0x8004587d  # _IOR('X', 125, __u32)
CUT_NO_LOG_FLUSH = struct.pack("=I", 2)
MIB = 1 << 20
DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
FNV_START, FNV_PRIME = 0xcbf29ce484222325, 0x100000001b3
CONF = "limit space free 1M\nworkers smtpd 1\nworkers deliver 1"

# No clock of the file system may write what nobody asked it to.
KINDS = {  # size, command, options of mount
    "ext4": (256 * MIB, ["mkfs.ext4", "-q", "-F", "-m", "0", "-N", "65536"],
             "loop,commit=600"),
    "xfs": (512 * MIB, ["mkfs.xfs", "-q", "-f"], "loop"),
}


def progress(text):
    """To whoever waits at a terminal for the full counts."""
    if PROOF:
        with contextlib.suppress(OSError), open(
                "/dev/tty", "w", encoding="ascii") as terminal:
            terminal.write(f"\r\033[K{text}\r")


def need(program):
    """The package of the file system is not part of every system."""
    if shutil.which(program) is None:
        pytest.skip(f"skipped: there is no {program}")


class CutDisk:
    """An ext4 or XFS in a file, mounted below the folder."""

    def __init__(self, folder, kind, how=None):
        self.kind = kind
        size, make, self.options = how or KINDS[kind]
        need(make[0])
        self.image = Path(folder) / f"{kind}.img"
        self.path = Path(folder) / kind
        self.path.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(size)
        subprocess.run([*make, str(self.image)], check=True,
                       stdout=subprocess.DEVNULL)
        self.mount()

    def mount(self, image=None):
        done = subprocess.run(
            ["mount", "-t", self.kind, "-o", self.options,
             str(image or self.image), str(self.path)],
            capture_output=True, text=True, check=False)
        if "unknown filesystem type" in done.stderr:
            pytest.skip(f"skipped: the kernel has no {self.kind}")
        assert done.returncode == 0, done.stderr

    def umount(self):
        """What was killed a moment ago may still be letting go of it."""
        wait_for(lambda: subprocess.run(
            ["umount", str(self.path)], check=False,
            stderr=subprocess.DEVNULL).returncode == 0,
            what=f"{self.path} to be free")

    def remount(self):
        self.umount()
        self.mount()

    def flush(self):
        """Everything that was written so far is on the disk."""
        subprocess.run(["sync", "-f", str(self.path)], check=True)

    def dice(self, seed):
        """The next cut keeps what it likes of what was not synced."""

    def cut(self):
        fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, CUT_CALL, CUT_NO_LOG_FLUSH)
        finally:
            os.close(fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.umount()
        self.image.unlink()


class StrictDisk(CutDisk):
    """One that keeps what was synced, and nothing else (strictfs.py)."""

    def __init__(self, folder, kind="strict"):
        if not os.path.exists("/dev/fuse"):
            pytest.skip("skipped: the kernel has no fuse")
        self.kind = kind
        self.path = Path(folder) / kind
        self.path.mkdir()
        self.server = subprocess.Popen(
            ["/usr/bin/python3", Path(__file__).parent / "strictfs.py",
             self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        self.mount()

    def tell(self, command):
        self.server.stdin.write(command + "\n")
        self.server.stdin.flush()
        assert self.server.stdout.readline() == "ok\n", command

    def mount(self, image=None):
        self.tell("mount")

    def flush(self):
        super().flush()
        self.tell("keep")

    def dice(self, seed):
        self.tell(f"dice {seed}")

    def __exit__(self, *_):
        if os.path.ismount(self.path):
            self.umount()
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()


def make_disk(folder, kind):
    return (StrictDisk if kind == "strict" else CutDisk)(folder, kind)


# --- what is found on the bare disk -----------------------------------------

def id_text(number):
    """The name of a body file (common/base/id.h)."""
    text = ""
    while number:
        text = DIGITS[number & 31] + text
        number >>= 5
    return text


def fnv(data):
    total = FNV_START
    for byte in data:
        total = (total ^ byte) * FNV_PRIME & 0xffffffffffffffff
    return total


def field(head, name):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(name + b":"):
            return line.split(b":", 1)[1].strip().decode()
    return None


class Found:
    """Messages in a spool that nothing runs on, and all that is wrong."""

    def __init__(self, spool, scratch):
        self.spool = Path(spool) / "queue"
        self.wrong = []
        self.queued = []  # "ID RCPT" of the tests' messages
        copy = Path(scratch) / "found"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for name in ("queue.db", "queue.db-wal"):
            shutil.copy(self.spool / name, copy / name)
        db = sqlite3.connect(copy / "queue.db")
        try:
            self.read(db)
        except sqlite3.DatabaseError as error:
            self.wrong.append(f"queue.db: {error}")
        finally:
            db.close()

    def read(self, db):
        answer = [row[0] for row in db.execute("PRAGMA integrity_check")]
        if answer != ["ok"]:
            self.wrong.append(f"integrity_check: {answer[:3]}")
        for number, shard, size in db.execute(
                "SELECT id, shard, size FROM message"):
            rcpts = [row[0] for row in db.execute(
                "SELECT r.address FROM recipient r JOIN grp g"
                " ON g.message = r.message AND g.n = r.grp"
                " WHERE r.message = ?", (number,))]
            if not rcpts:
                self.wrong.append(f"{number}: a message to nobody")
            self.body(self.spool / "mess" / str(shard) / id_text(number),
                      size, rcpts)

    def body(self, path, size, rcpts):
        try:
            data = path.read_bytes()
        except OSError as error:
            self.wrong.append(f"row without body: {error}")
            return
        if len(data) != size:
            self.wrong.append(f"{path}: {len(data)} bytes of {size}")
            return
        head, _, body = data.partition(b"\r\n\r\n")
        ident, total = field(head, b"x-postern-id"), field(
            head, b"x-postern-sum")
        if ident is None or total != f"{fnv(body):016x}":
            self.wrong.append(f"{path}: altered")
            return
        self.queued += [f"{ident} {rcpt}" for rcpt in rcpts]


# --- a postern on such a disk -----------------------------------------------

class CutSiege(Siege):
    """Its spool is on the disk; its logs and the sink's are elsewhere."""

    def __init__(self, tmpdir, sink, disk, conf=CONF, **options):
        super().__init__(tmpdir, sink, conf, start=False, **options)
        self.disk = disk
        spool = disk.path / "spool"
        self.write_conf(self.conf.read_text().replace(
            f'"{self.spool}"', f'"{spool}"'))
        self.spool = spool

    def warm(self, messages=300):
        """The database has passed checkpoints, its log is overwritten."""
        self.start()
        self.send(messages, 20)
        self.drain()
        assert self.stop() == 0
        self.disk.flush()

    def mutate(self, name):
        """From the next start on, queue is the one of tests/mutants."""
        programs = self.dir / f"with-{name}"
        programs.mkdir()
        for path in BUILD.glob("postern-*"):
            os.symlink(path, programs / path.name)
        (programs / "postern-queue").unlink()
        os.symlink(BUILD / "tests/mutants" / name / "postern-queue",
                   programs / "postern-queue")
        self.programs = programs

    def crash(self):
        """After a cut: nothing of it runs, the disk is as it comes back."""
        self.process.send_signal(signal.SIGSTOP)  # else it starts others
        pids = [self.pid, *children_of(self.pid)]
        kill(*pids)
        self.process.wait()
        wait_gone(pids)
        for client in self.clients:
            if client.process.poll() is None:
                client.stop()
        self.disk.remount()

    def found(self):
        """(what is wrong, the verdict) of a disk that nobody has touched."""
        found = Found(self.spool, self.dir)
        verdict = check([c.log for c in self.clients], [self.sink.log],
                        found.queued)
        return found.wrong, verdict

    def judge_disk(self):
        wrong, verdict = self.found()
        assert not wrong, wrong
        assert verdict.ok, str(verdict)
        return verdict

    def cut_by_client(self, n, **options):
        """One session has the power cut with its nth 250."""
        client = self.begin(n, cut_at=n, cut=self.disk.path, **options)
        wait_for(lambda: client.acknowledged() == n or
                 client.process.poll() is not None, 60, f"{n} replies")
        return client

    def end(self):
        """Without a drain: whatever is left of it goes."""
        if self.process is not None and is_alive(self.pid):
            self.kill()
