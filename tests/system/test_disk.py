# SPDX-License-Identifier: ISC
# tests/system/test_disk.py - a disk that is full, read-only, or not ours.
#
# Whatever the disk does, no 250 is given for what is not stored, and what
# was acknowledged arrives when the disk is well again.
#
# Starts early: it takes long.
"""Spools on small file systems of their own (root)."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from harness import Postern, Sink, wait_for  # noqa: E402
from siege import Siege, Talk, kill, needs_root, say, wait_gone  # noqa: E402

ROUTE = 'route any to host "[127.0.0.1]" port 9\n'
SPACE = "limit space free"
MIB = 1 << 20


class Disk:
    """A file system in a file, mounted below the test's folder."""

    def __init__(self, tmpdir, size, *options):
        self.image = Path(tmpdir) / "disk.img"
        self.path = Path(tmpdir) / "disk"
        self.path.mkdir()
        with open(self.image, "wb") as f:
            f.truncate(size)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", *options,
                        str(self.image)], check=True)
        self.mount()

    def mount(self):
        subprocess.run(["mount", "-o", "loop", str(self.image),
                        str(self.path)], check=True)

    def remount(self, how):
        """What was killed a moment ago may still be letting go of it."""
        wait_for(lambda: subprocess.run(
            ["mount", "-o", f"remount,{how}", str(self.path)], check=False,
            stderr=subprocess.DEVNULL).returncode == 0,
            what=f"a remount of {self.path}")

    def fill(self):
        """Until not a block is left."""
        with open(self.path / "filler", "wb", buffering=0) as f:
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(64 << 10))
            with contextlib.suppress(OSError):
                while True:
                    f.write(bytes(512))
            with contextlib.suppress(OSError):
                os.fsync(f.fileno())

    def empty(self):
        (self.path / "filler").unlink()
        os.sync()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.path)], check=True)


def on_disk(tmp_path, disk, conf, *, sink=None, start=True):
    """A postern whose spool is on that disk."""
    if sink is not None:
        p = Siege(tmp_path, sink, conf, start=False)
    else:
        p = Postern(tmp_path, conf, start=False)
    spool = disk.path / "spool"
    p.write_conf(p.conf.read_text().replace(f'"{p.spool}"', f'"{spool}"'))
    p.spool = spool
    if start:
        p.start()
    return p


def try_mail(postern, rcpt="a@example.org", size=1000):
    """One transaction; the reply that ended it, "" when the line is cut."""
    with Talk(postern) as talk:
        for line in ("MAIL FROM:<s@client.example>", f"RCPT TO:<{rcpt}>",
                     "DATA"):
            reply = talk.ask(line)
            if not reply[:1] in "23":
                return reply
        text = "x" * 70 + "\r\n"
        try:
            return talk.ask(text * (size // len(text)) + ".")
        except OSError:
            return ""


def wait_reply(postern, *begins, timeout=30):
    return wait_for(lambda: (lambda r: r if r.startswith(begins) else None)(
        try_mail(postern)), timeout, f"a reply {begins}", poll=0.1)


# --- too little of it -------------------------------------------------------

def test_space_limit(tmp_path):
    with Sink(tmp_path) as sink, Postern(
            tmp_path, f"{SPACE} 500G\n{sink.route()}") as p:
        small = p.conf.read_text().replace("500G", "1M")
        line = p.wait_event("overload")[0]
        assert "level=3 was=0 cause=space " in line
        with Talk(p) as talk:
            wait_for(lambda: talk.ask("MAIL FROM:<a@client.example>")
                     .startswith("452 4.3.1 "), what="452 4.3.1")
            assert talk.ask("NOOP").startswith("250 ")
        assert p.queue() == []
        p.reload(small)
        assert try_mail(p).startswith("250 ")
        sink.wait(1)


@needs_root
@pytest.mark.parametrize("limit", ["1M", "1k"], ids=["limit", "no-limit"])
def test_full(tmp_path, capsys, limit):
    """With a limit it is said at MAIL; without, at the dot."""
    with Disk(tmp_path, 48 * MIB) as disk, Sink(tmp_path) as sink, \
            on_disk(tmp_path, disk, f"{SPACE} {limit}\nworkers smtpd 1",
                    sink=sink) as p:
        p.send(20, 5)
        pids = p.workers()
        sink.hold()  # what is acknowledged now stays in the queue
        p.begin(20, 5).finish()
        disk.fill()
        result = p.begin(300, 10, body=200000).finish(120)
        assert result.acknowledged < 300
        assert (result.unknown, result.lost_connections) == (0, 0)
        reply = wait_reply(p, "452 4.3.1", "451 4.3.")
        after = p.workers()
        same = {place: pids[place] == after.get(place) for place in pids}
        say(capsys, f"full disk, limit {limit}: {result.acknowledged} taken, "
            f"{result.refused} refused, then {reply!r}; queue "
            + ("keeps its pid" if same["queue", 0] else "is started anew"))
        assert all(same.values()), same
        disk.empty()
        wait_reply(p, "250 ", timeout=60)
        sink.release()
        p.send(20, 5)
        p.drain()
        p.judge()


@needs_root
def test_filled_by_mail(tmp_path, capsys):
    """Mail itself takes the last block; all of it leaves the full disk."""
    with Disk(tmp_path, 48 * MIB) as disk, Sink(tmp_path) as sink, \
            on_disk(tmp_path, disk, f"{SPACE} 1k", sink=sink) as p:
        sink.hold()
        p.send(20, 5)
        pids = p.workers()
        disk.fill()
        with open(disk.path / "filler", "r+b") as f:
            f.truncate(os.fstat(f.fileno()).st_size - 3 * MIB)
        os.sync()
        result = p.begin(3000, 20, body=3000, rcpts=5).finish(120)
        assert 0 < result.acknowledged < 3000
        assert (result.unknown, result.lost_connections) == (0, 0)
        free = os.statvfs(disk.path).f_bavail
        sink.release()
        p.drain()
        verdict = p.judge()
        same = p.workers()["queue", 0] == pids["queue", 0]
        say(capsys, f"{result.acknowledged} messages to the last of "
            f"{free} blocks, {result.refused} refused, "
            f"{len(verdict.duplicates)} duplicates; queue "
            + ("keeps its pid" if same else "is started anew"))
        wait_reply(p, "250 ")  # once the space is measured again


@needs_root
def test_queue_starts_on_a_full_disk(tmp_path, capsys):
    """What it has leaves, which makes room for what is new."""
    with Disk(tmp_path, 48 * MIB) as disk, Sink(tmp_path) as sink, \
            on_disk(tmp_path, disk, f"{SPACE} 1k", sink=sink) as p:
        sink.hold()
        p.send(50, 10)
        disk.fill()
        before = p.workers()
        kill(before["queue", 0])
        wait_gone([before["queue", 0]])
        p.wait_back(before)
        reply = try_mail(p)
        assert reply.startswith("45"), reply
        sink.release()
        p.drain()
        p.judge()
        reply = wait_reply(p, "250 ", "452 ")
        deaths = len(p.events("child-exit"))
        say(capsys, f"queue comes back on a full disk after {deaths} deaths, "
            f"delivers, and then: {reply!r}")
        assert deaths == 1
        disk.empty()
        wait_reply(p, "250 ")


@needs_root
def test_inodes(tmp_path):
    """Names run out before bytes; the last 10,000 are not for new mail."""
    with Disk(tmp_path, 32 * MIB, "-N", "11000") as disk, \
            Sink(tmp_path) as sink, \
            on_disk(tmp_path, disk, f"{SPACE} 1M", sink=sink) as p:
        p.send(10, 2)
        pids = p.workers()
        folder = disk.path / "names"
        folder.mkdir()
        with contextlib.suppress(OSError):
            for n in range(11000):
                (folder / str(n)).touch()
        p.wait_event("overload")
        assert wait_reply(p, "45").startswith("452 4.3.1")
        assert p.workers() == pids
        for path in folder.iterdir():
            path.unlink()
        wait_reply(p, "250 ")
        p.drain()
        p.judge()


# --- read-only --------------------------------------------------------------

@needs_root
def test_read_only_while_running(tmp_path, capsys):
    """No system makes a disk read-only that is written to, so first queue
    and smtpd die; they cannot come back before the disk does."""
    with Disk(tmp_path, 48 * MIB) as disk, Sink(tmp_path) as sink, \
            on_disk(tmp_path, disk, f"{SPACE} 1M\nworkers smtpd 1",
                    sink=sink) as p:
        sink.hold()
        p.send(50, 10)
        before = p.workers()
        p.process.send_signal(signal.SIGSTOP)
        try:
            victims = [before[place] for place in before
                       if place[0] in ("queue", "smtpd", "smtpd-local",
                                       "report", "history", "deliver")]
            kill(*victims)
            wait_gone(victims)
            disk.remount("ro")
        finally:
            p.process.send_signal(signal.SIGCONT)
        reply = wait_reply(p, "452 ", "451 ", "421 ")
        assert p.wait_event("child-exit")
        say(capsys, f"read-only disk: {reply!r}; queue: " + next(
            (line.split("]: ")[1] for line in p.log_lines()
             if "postern-queue" in line and "ead-only" in line or
             "readonly" in line), "nothing said"))
        disk.remount("rw")
        wait_reply(p, "250 ", timeout=100)
        sink.release()
        p.drain()
        p.judge()


# --- not there, not ours, not now -------------------------------------------

def refuses(p, status, *words):
    """It ends with that status and says these words on standard error."""
    done = subprocess.run(p.argv("-d"), capture_output=True, text=True,
                          timeout=60, check=False, cwd=p.dir)
    assert done.returncode == status, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    return done.stderr


def test_parent_is_missing(tmp_path):
    p = Postern(tmp_path, ROUTE, start=False)
    p.runtime.mkdir()
    missing = tmp_path / "no" / "spool"
    p.write_conf(p.conf.read_text().replace(str(p.spool), str(missing)))
    refuses(p, os.EX_CANTCREAT, f"{missing} cannot be made",
            "does not exist")


@needs_root
def test_wrong_owner(tmp_path):
    with Postern(tmp_path, ROUTE) as p:
        p.stop()
        os.chown(p.spool / "queue", 12345, -1)
        refuses(p, os.EX_NOPERM, f"{p.spool}/queue belongs to uid 12345")


@needs_root
def test_start_on_a_read_only_disk(tmp_path):
    with Disk(tmp_path, 32 * MIB) as disk:
        p = on_disk(tmp_path, disk, ROUTE, start=False)
        p.runtime.mkdir()
        disk.remount("ro")
        refuses(p, os.EX_CANTCREAT, str(p.spool), "ead-only")
        disk.remount("rw")
        with p.start():
            p.stop()
        disk.remount("ro")
        refuses(p, os.EX_CANTCREAT,
                f"{p.spool} is on a read-only file system")


def test_newer_database(tmp_path):
    with Postern(tmp_path, ROUTE) as p:
        p.stop()
    db = sqlite3.connect(p.spool / "queue/queue.db")
    db.execute("PRAGMA user_version = 99")
    db.close()
    text = refuses(p, os.EX_CONFIG, "posternd: ", "does not start: exit 78")
    assert "queue.db has version 99, made by a newer postern" in text
    assert "ready children" not in text
